"""Regions drawn freely by their outlines, apart from any cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fem.errors import InputError
from fem.geometry.curves import Curve
from fem.geometry.types import OUTSIDE, Geometry, Outline, Particles, Phase, Region

Drawn = tuple[Curve, str | None, str | None]
"""A curve and the names of the regions on its left and right; `None` for nothing."""


def drawn(outlines: Sequence[Drawn]) -> Geometry:
    """The regions that outlines enclose, in the order in which their names come first.

    Raises
    ------
    InputError
        If the outlines of a region do not enclose it on their inner side.
    """
    names = list(dict.fromkeys(name for _, *sides in outlines for name in sides if name))
    number = {name: k for k, name in enumerate(names)} | {None: OUTSIDE}
    areas = dict.fromkeys(names, 0.0)
    ends: dict[str, dict[tuple[int, int], int]] = {name: {} for name in names}
    extent = np.array([curve.point(np.linspace(0.0, 1.0, 9)) for curve, *_ in outlines])
    scale = float(np.ptp(extent, axis=(0, 2)).max())
    for curve, *sides in outlines:
        for name, way in zip(sides, (1, -1), strict=True):
            if name is None:
                continue
            areas[name] += way * curve.moment
            for end, sign in ((0.0, -way), (1.0, way)):
                x, y = (curve.point(np.array([end]))[:, 0] / scale * 1e9).tolist()
                key = (round(x), round(y))
                ends[name][key] = ends[name].get(key, 0) + sign
    for name in names:
        if any(ends[name].values()) or areas[name] <= 0.0:
            raise InputError(
                "the outlines of a region do not enclose it",
                given=repr(name),
                allowed="curves end to end, each with the region named on the side it lies on",
                cure="check that every curve begins where another ends, and its left and right",
            )
    regions = [Region(name, Phase.VOID, name, areas[name]) for name in names]
    width, height = extent.max(axis=(0, 2))
    return Geometry(
        width=float(width),
        height=float(height),
        depth=1.0,
        lithium_y=0.0,
        regions=tuple(regions),
        outlines=tuple(Outline(c, number[left], number[right]) for c, left, right in outlines),
        particles=Particles.none(),
    )
