"""What is drawn above an image: the separator and the lithium."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fem.case import Case
from fem.errors import InputError
from fem.geometry.curves import Arc, Line
from fem.geometry.interlayer import interlayer_of, layer_outlines
from fem.geometry.lithium import (
    TAU,
    Protrusion,
    lithium_line,
    refuse_islands,
    refuse_protrusions,
    sizes_on_lithium,
)
from fem.geometry.surface import sampled, surface_of
from fem.geometry.types import OUTSIDE, Deposit, Outline, Phase, Region


@dataclass(frozen=True)
class Above:
    """Regions and outlines above an image; region 0 lies on it. Heights are in m."""

    regions: tuple[Region, ...]
    outlines: tuple[Outline, ...]
    height: float
    lithium_y: float
    deposits: tuple[Deposit, ...]


def drawn(case: Case, width: float, base: float) -> Above:
    """Separator, lithium, protrusions and isolated lithium above an image that ends at `base` (m).

    Raises
    ------
    InputError
        If protrusions or isolated lithium do not fit into the separator.
    """
    anode, separator = case.geometry.anode, case.geometry.separator
    assert anode.thickness is not None
    thickness = 0.0 if separator is None else float(separator.thickness)
    face = base + thickness
    level = face + (float(anode.interlayer.thickness) if anode.interlayer else 0.0)
    height = level + float(anode.thickness)
    shapes = [
        Protrusion(i, float(p.x), float(p.depth), float(p.half_width), float(p.fillet or 0.0))
        for i, p in enumerate(anode.protrusions)
    ]
    refuse_protrusions(shapes, width, thickness)
    islands = [
        Arc((float(p.x), float(p.y)), (float(p.half_width), float(p.half_height)), (0.0, TAU))
        for p in anode.isolated
    ]
    for number, island in enumerate(islands):
        if island.centre[1] <= base:
            raise InputError(
                f"isolated lithium {number} lies in the image",
                key=f"geometry.anode.isolated[{number}].y",
                given=anode.isolated[number].y,
                allowed=f"above the image, which ends at {base * 1e6:.4g} um",
                cure="draw it into the separator, or into the image",
            )
    curve = surface_of(case, width, level)
    places = None if curve is None else sampled(curve)
    refuse_islands(islands, [], shapes, width, base, level, places)
    left, right = (level, level) if places is None else places[1, [0, -1]].tolist()
    drawn_line = lithium_line(shapes, width, level, curve) if separator is not None else ()
    surface = list(drawn_line)
    around = {
        "the left wall": Line((0.0, base), (0.0, left)),
        "the right wall": Line((width, base), (width, right)),
        "the upper edge of the image": Line((0.0, base), (width, base)),
    }
    sizes = sizes_on_lithium(islands, [], shapes, surface, around)

    regions = [Region("lithium", Phase.LITHIUM, anode.material, 0.0)]
    foil = 0
    if separator is not None:
        regions.insert(0, Region("separator", Phase.ELECTROLYTE, separator.material, 0.0))
        foil = 1
    under = 0
    if anode.interlayer is not None:
        under = len(regions)
        regions.append(interlayer_of(anode.interlayer))
    outlines = [
        Outline(Line((width, right), (width, height)), foil, OUTSIDE),
        Outline(Line((width, height), (0.0, height)), foil, OUTSIDE),
        Outline(Line((0.0, height), (0.0, left)), foil, OUTSIDE),
    ]
    if separator is not None:
        outlines += [
            Outline(Line((width, base), (width, right if not under else face)), 0, OUTSIDE),
            Outline(Line((0.0, left if not under else face), (0.0, base)), 0, OUTSIDE),
        ]
        outlines += [
            Outline(curve, foil, under, deposit, sizes.get(f"protrusion {deposit}", np.inf))
            for curve, deposit in surface
        ]
        if under:
            outlines += layer_outlines(width, face, level, under, 0)
    for number, island in enumerate(islands, start=1):
        name = f"isolated lithium {number - 1}"
        for q in range(4):
            quarter = (0.25 * TAU * q, 0.25 * TAU * (q + 1))
            arc, size = replace(island, angles=quarter), sizes.get(name, np.inf)
            outlines.append(Outline(arc, len(regions), 0, size=size))
        regions.append(Region(name, Phase.LITHIUM, anode.material, 0.0, number))
    # The line on the image is level, so that it adds nothing to the integrals of x dy.
    areas = np.zeros(len(regions))
    for outline in outlines:
        areas[outline.left] += outline.curve.moment
        if outline.right != OUTSIDE:
            areas[outline.right] -= outline.curve.moment
    return Above(
        tuple(replace(r, area=float(a)) for r, a in zip(regions, areas, strict=True)),
        tuple(outlines),
        height,
        level,
        tuple(shape.deposit(level) for shape in shapes),
    )
