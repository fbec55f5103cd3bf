"""Narrow gaps beside lithium: which are refused, and which need short edges.

Below `LEAST` nothing can be told apart any more: the mesher makes one of points that close, and an
electrolyte that thin is no continuum. Above it, edges on a curve must not bow through the gap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from fem.errors import InputError
from fem.geometry.curves import Curve, Line

LEAST = 1e-9
"""Narrowest gap in m that is accepted."""
BOW = 0.125
"""Largest height of the bow above an edge, over the gap in front of it."""

_SAMPLES = 1025
"""Points of a curve; on a full ellipse they stray from it by 5e-6 of its half axes."""
_UNIT = 1e-6
"""Unit of polylines in m."""


@dataclass(frozen=True)
class Shape:
    """What has a name and a key in the case, and curves; `attached` names what it may touch."""

    name: str
    key: str
    curves: Sequence[Curve]
    attached: frozenset[str] = frozenset()


def sizes_beside_gaps(
    shapes: Sequence[Shape], others: Mapping[str, Sequence[Curve]]
) -> dict[str, float]:
    """`Outline.size` in m of each shape and each of the others, by name, that leaves gaps open.

    Gaps are those between two shapes, and between a shape and one of the others. Sizes are twice
    the longest edge, as those of gaps are; infinite where there is no curve to bow.

    Raises
    ------
    InputError
        If a gap is narrower than `LEAST`; the message names the pair.
    """
    curves = {**others, **{shape.name: shape.curves for shape in shapes}}
    lines = {name: [_polyline(curve) for curve in each] for name, each in curves.items()}
    whole = {name: shapely.MultiLineString(each) for name, each in lines.items()}
    found = dict.fromkeys(curves, np.inf)
    known = list(others)
    for shape in shapes:
        for other in known:
            if other in shape.attached:
                continue
            gap = _UNIT * float(shapely.distance(whole[shape.name], whole[other]))
            refuse_narrow(shape.name, other, gap, shape.key)
            ends = shapely.shortest_line(whole[shape.name], whole[other]).coords
            for name, end in zip((shape.name, other), ends, strict=True):
                away = shapely.distance(lines[name], shapely.Point(end))
                curve = curves[name][int(np.argmin(away))]
                at = np.clip(curve.parameter(_UNIT * np.array(end)[:, None]), 0.0, 1.0)
                # An edge of length h bows by h^2 / (8 radius).
                edge = np.sqrt(8.0 * BOW * gap * float(curve.radius(at)[0]))
                found[name] = min(found[name], 2.0 * float(edge))
        known.append(shape.name)
    return found


def refuse_narrow(one: str, other: str, gap: float, key: str) -> None:
    """Raise an `InputError` if the `gap` in m between two shapes is narrower than `LEAST`."""
    if gap < LEAST:
        raise InputError(
            f"{one} and {other} are only {gap * 1e9:.3g} nm apart, too little to be meshed",
            key=key,
            allowed=f"gaps of at least {LEAST * 1e9:g} nm",
            cure="move them apart, or make one of them smaller",
        )


def _polyline(curve: Curve) -> shapely.LineString:
    """A curve in um."""
    count = 2 if isinstance(curve, Line) else _SAMPLES
    return shapely.LineString(curve.point(np.linspace(0.0, 1.0, count)).T / _UNIT)
