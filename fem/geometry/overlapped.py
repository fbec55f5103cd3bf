"""The cell of discs that overlap or that edges cut: merged, or each clipped where they meet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fem.case import Case, Listed, ParticleCathode
from fem.errors import InputError
from fem.geometry.above import drawn
from fem.geometry.arrangement import (
    LEAST,
    Bed,
    Piece,
    apart,
    faces,
    parted,
    pieces,
    scraps,
    without,
)
from fem.geometry.curves import Arc, Curve, Line
from fem.geometry.discs import KEY, Discs, read_discs
from fem.geometry.particles import inactive
from fem.geometry.types import OUTSIDE, Geometry, Inactivity, Outline, Particles, Phase, Region

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MICROMETRE = 1e-6
FILLED = 1e-6
"""Share of the composite that faces may leave out by rounding."""


def build(case: Case) -> Geometry | None:
    """The geometry of a case with discs from a file; `None` if none overlap and none is cut.

    Then it is as drawn by `fem.geometry.layered`.

    Raises
    ------
    InputError
        If nothing of a disc shows, if what is drawn above cannot be, or if no particle takes part.
    """
    cathode = case.geometry.cathode
    assert isinstance(cathode, ParticleCathode) and isinstance(cathode.particles, Listed)
    assert case.geometry.width is not None
    layout, width, base = cathode.particles, float(case.geometry.width), float(cathode.thickness)
    discs = read_discs(case, layout)
    whole = Bed(
        np.c_[discs.x, discs.y] / MICROMETRE,
        discs.radius / MICROMETRE,
        width / MICROMETRE,
        base / MICROMETRE,
    )
    bed, kept, smaller = parted(whole)
    if len(kept) == len(discs.x) and not len(smaller) and apart(bed):
        return None
    if not len(kept):
        raise InputError(
            "no disc lies in the composite",
            file=discs.file,
            key=f"{KEY}.file",
            allowed=f"x from 0 to {width * 1e6:.4g} um, y from 0 to {base * 1e6:.4g} um",
            cure="check unit, and where the file counts from",
        )
    found = pieces(bed, layout.overlap == "merge")
    polygons, sides = faces(found)
    while layout.overlap == "clip" and len(few := scraps(bed, polygons)):
        bed, kept, smaller = without(few, bed, kept, smaller)
        found = pieces(bed, merged=False)
        polygons, sides = faces(found)
    areas = np.zeros(len(polygons) + 1)
    for piece, (left, right) in zip(found, sides, strict=True):
        areas[left] += piece.curve.moment
        areas[right] -= piece.curve.moment  # what lies beyond is the last
    areas = areas[:-1]
    gap = abs(float(areas.sum()) / (bed.width * bed.height) - 1.0)
    if (sides == sides[:, ::-1]).any() or areas.min() <= 0.0 or gap > FILLED:
        raise InputError(
            "the discs cannot be told apart: some of their rims meet at one place",
            file=discs.file,
            key=f"{KEY}.overlap",
            given=layout.overlap,
            cure="move a disc a little, or leave out discs that others hide",
        )

    owner = bed.owner(np.array([p.representative_point().coords[0] for p in polygons]))
    above = drawn(case, width, base)
    first, count = len(above.regions), len(polygons)
    solid = owner >= 0
    top = np.zeros(count, dtype=bool)
    level = [k for k, p in enumerate(found) if (p.points[1] == bed.height).all()]
    top[sides[level][sides[level] >= 0]] = True
    alive = ~solid & top
    inner = sides[(sides >= 0).all(axis=1)]
    reached = top.copy()
    for one, two in (inner.T, inner.T[::-1]):
        reached[one[alive[two]]] = True

    centre = np.array([p.centroid.coords[0] for p in polygons]).T * MICROMETRE
    order = np.flatnonzero(solid)
    # Merged discs are counted by height, clipped ones as in the file.
    by = np.lexsort(centre[:, order]) if layout.overlap == "merge" else np.argsort(owner[order])
    order = order[by]
    x, y = centre[:, order]
    areas = areas * MICROMETRE**2
    diameter = 2.0 * np.sqrt(areas[order] / np.pi)
    why = np.select(
        [inactive(case, x, y, diameter, (width, base)), ~reached[order]],
        [str(Inactivity.SET), str(Inactivity.NO_IONS)],
        default="",
    )
    if not (why == "").any():
        raise InputError(
            "no active particle is left, so no current can flow",
            key="inactive",
            allowed="rules that leave at least one particle active, with electrolyte beside it",
            cure="narrow the rules of [inactive]",
        )
    number = np.zeros(count, dtype=int)
    number[order] = np.arange(len(order))
    regions = [*above.regions, *_regions(cathode, areas, solid, alive, number)]
    outlines = [*above.outlines, *_outlines(found, sides, first, bed, width, base)]
    return Geometry(
        width=width,
        height=above.height,
        depth=float(case.geometry.depth),
        lithium_y=above.lithium_y,
        regions=tuple(regions),
        outlines=tuple(outlines),
        particles=Particles(x, y, diameter, why),
        deposits=above.deposits,
        notes=tuple(_notes(layout, discs, kept, smaller, areas, solid, alive, why, width * base)),
    )


def _regions(
    cathode: ParticleCathode, areas: Floats, solid: NDArray[np.bool_], alive: NDArray[np.bool_],
    number: Ints,
) -> Iterator[Region]:  # fmt: skip
    several = int(alive.sum()) > 1
    for k, area in enumerate(areas.tolist()):
        body = int(number[k])
        if solid[k]:
            name = f"particle {body}"
            yield Region(name, Phase.ACTIVE, cathode.particles.material, area, body)
        else:
            role = Phase.ELECTROLYTE if alive[k] else Phase.IDLE
            name = f"cathode electrolyte{f' {k}' if several else ''}"
            yield Region(
                name if alive[k] else f"cut-off electrolyte {k}",
                role,
                cathode.electrolyte,
                area,
                conductivity_factor=cathode.conductivity_factor,
            )


def _outlines(
    found: list[Piece], sides: Ints, first: int, bed: Bed, width: float, base: float
) -> Iterator[Outline]:
    """Outlines in m; faces are regions from `first` on, and region 0 lies on the composite."""

    def metres(curve: Curve) -> Curve:
        if isinstance(curve, Arc):
            (x, y), (a, b) = curve.centre, curve.semi_axes
            centre, axes = (MICROMETRE * x, MICROMETRE * y), (MICROMETRE * a, MICROMETRE * b)
            return replace(curve, centre=centre, semi_axes=axes)
        assert isinstance(curve, Line)

        def place(x: float, y: float) -> tuple[float, float]:
            # The edges lie where those of the separator do, to the last digit.
            return (
                width if x == bed.width else MICROMETRE * x,
                base if y == bed.height else MICROMETRE * y,
            )

        return Line(place(*curve.start), place(*curve.end))

    for piece, (left, right) in zip(found, sides.tolist(), strict=True):
        curve, size = metres(piece.curve), MICROMETRE * piece.size
        if right >= 0:
            yield Outline(curve, first + left, first + right, size=size)
        elif (piece.points[1] == bed.height).all():
            assert isinstance(curve, Line)
            yield Outline(Line(curve.end, curve.start), 0, first + left, size=size)
        else:
            yield Outline(curve, first + left, OUTSIDE, size=size)


def _notes(
    layout: Listed,
    discs: Discs,
    kept: Ints,
    smaller: Ints,
    areas: Floats,
    solid: NDArray[np.bool_],
    alive: NDArray[np.bool_],
    why: NDArray[np.str_],
    composite: float,
) -> Iterator[str]:
    """What became of the discs, in words."""
    done = "merged" if layout.overlap == "merge" else "clipped where rims meet"
    share = areas[solid].sum() / composite
    yield (
        f"{len(kept)} of {len(discs.x)} discs show, {done} and cut at the edges: "
        f"{int(solid.sum())} particles fill {share:.2%} of the composite."
    )
    if len(smaller):
        yield (
            f"Discs made smaller: {len(smaller)}. They overlapped, missed or crossed an edge or "
            f"another disc by less than {LEAST:.0%} of their radius, and now keep that much "
            "electrolyte between them."
        )
    idle = ~solid & ~alive
    if idle.any():
        share = float(areas[idle].sum() / areas[~solid].sum())
        much = "Warning: c" if share > 0.1 else "C"
        many = int(idle.sum())
        yield (
            f"{much}ut off and idle: {share:.2%} of the composite's electrolyte, in {many} "
            f"piece{'s' * (many != 1)}, as discs close in a plane what spheres leave open."
        )
    count = int((why == Inactivity.NO_IONS).sum())
    if count:
        yield (
            f"Inactive: {count} of {len(why)} particles, which touch no electrolyte that leads to "
            "the lithium."
        )
