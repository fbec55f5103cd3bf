"""The layered cell: cathode below, separator, lithium on top with protrusions into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from fem.case import Case, Clustered, ParticleCathode, PlaneCathode, RandomPacking
from fem.case import Lattice as LatticeLayout
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
from fem.geometry.particles import channels, particles, refuse_overlap
from fem.geometry.surface import sampled, surface_of
from fem.geometry.types import OUTSIDE, Geometry, Lattice, Outline, Phase, Region

PIECES = 18
"""Pieces of the rim of a particle that lies anywhere: as many as a rim has edges at least."""


def build(case: Case) -> Geometry:
    """The geometry that `case` describes.

    Raises
    ------
    InputError
        If the drawing cannot be: overlapping particles, a protrusion that leaves the separator or
        touches another one, isolated lithium outside the electrolyte, no active particle. The
        message names the offenders.
    """
    cell = case.geometry
    assert cell.width is not None and cell.separator is not None and cell.cathode is not None
    assert cell.anode.thickness is not None
    width, t_cathode = float(cell.width), float(cell.cathode.thickness)
    y_face = t_cathode + float(cell.separator.thickness)
    y_lithium = y_face + (float(cell.anode.interlayer.thickness) if cell.anode.interlayer else 0.0)
    height = y_lithium + float(cell.anode.thickness)

    bed = particles(case)
    refuse_overlap(bed)
    shapes = [
        Protrusion(i, float(p.x), float(p.depth), float(p.half_width), float(p.fillet or 0.0))
        for i, p in enumerate(cell.anode.protrusions)
    ]
    refuse_protrusions(shapes, width, float(cell.separator.thickness))
    islands = [
        Arc((float(p.x), float(p.y)), (float(p.half_width), float(p.half_height)), (0.0, TAU))
        for p in cell.anode.isolated
    ]
    discs = [
        Arc((x, y), (0.5 * d, 0.5 * d), (0.0, TAU))
        for x, y, d in zip(bed.x, bed.y, bed.diameter, strict=True)
    ]
    curve = surface_of(case, width, y_lithium)
    places = None if curve is None else sampled(curve)
    refuse_islands(islands, discs, shapes, width, t_cathode, y_lithium, places)
    left, right = (y_lithium, y_lithium) if places is None else places[1, [0, -1]].tolist()
    surface = list(lithium_line(shapes, width, y_lithium, curve))
    around = {
        "the left wall": Line((0.0, 0.0), (0.0, left)),
        "the right wall": Line((width, 0.0), (width, right)),
        "the collector": Line((0.0, 0.0), (width, 0.0)),
        "the lower edge of the separator": Line((0.0, t_cathode), (width, t_cathode)),
    }
    sizes = sizes_on_lithium(islands, discs, shapes, surface, around)

    cathode = cell.cathode
    electrolytes = [(cell.separator.material, 1.0, "separator")]
    if isinstance(cathode, ParticleCathode):
        electrolytes.append(
            (cathode.electrolyte, cathode.conductivity_factor, "cathode electrolyte")
        )
    lithium = cell.anode.material
    # Names, phases and bodies first; the areas follow from the outlines.
    regions = [
        Region(name, Phase.ELECTROLYTE, material, 0.0, conductivity_factor=factor)
        for material, factor, name in electrolytes
    ]
    separator, below = 0, len(regions) - 1
    if isinstance(cathode, ParticleCathode):
        material = cathode.particles.material
    else:
        material = cathode.material
        regions.append(Region("cathode", Phase.ACTIVE, material, 0.0))
        below = len(regions) - 1
    foil = len(regions)
    regions.append(Region("lithium", Phase.LITHIUM, lithium, 0.0))
    below_foil = separator
    if cell.anode.interlayer is not None:
        below_foil = len(regions)
        regions.append(interlayer_of(cell.anode.interlayer))
    outlines = [
        Outline(Line((0.0, 0.0), (width, 0.0)), below, OUTSIDE),
        Outline(Line((width, 0.0), (width, t_cathode)), below, OUTSIDE),
        Outline(Line((width, t_cathode), (width, right)), separator, OUTSIDE),
        Outline(Line((width, right), (width, height)), foil, OUTSIDE),
        Outline(Line((width, height), (0.0, height)), foil, OUTSIDE),
        Outline(Line((0.0, height), (0.0, left)), foil, OUTSIDE),
        Outline(Line((0.0, left), (0.0, t_cathode)), separator, OUTSIDE),
        Outline(Line((0.0, t_cathode), (0.0, 0.0)), below, OUTSIDE),
        Outline(Line((0.0, t_cathode), (width, t_cathode)), separator, below),
    ]
    outlines += [
        Outline(curve, foil, below_foil, deposit, sizes.get(f"protrusion {deposit}", np.inf))
        for curve, deposit in surface
    ]
    if below_foil != separator:
        # A layer is flat on both sides, so that its walls end where the foil begins.
        outlines[2] = Outline(Line((width, t_cathode), (width, y_face)), separator, OUTSIDE)
        outlines[6] = Outline(Line((0.0, y_face), (0.0, t_cathode)), separator, OUTSIDE)
        outlines += layer_outlines(width, y_face, y_lithium, below_foil, separator)
    for number, island in enumerate(islands, start=1):
        among = separator if island.centre[1] > t_cathode else below
        name = f"isolated lithium {number - 1}"
        outlines += _closed(island, len(regions), among, 4 * [sizes.get(name, np.inf)])
        regions.append(Region(name, Phase.LITHIUM, lithium, 0.0, body=number))
    lattice = _lattice(case, islands)
    # Tiles of a lattice are told by the quarters of their discs. Elsewhere the electrolyte is
    # narrow along a part of a rim only. There, edges as long as it is wide suffice: half as long
    # ones moved particle currents by 2e-5, and took twice the triangles.
    pieces, per_gap = (4, 1.0) if lattice else (PIECES, 2.0)
    narrow = per_gap * channels(bed, width, t_cathode, pieces)
    for number, disc in enumerate(discs):
        short = np.minimum(narrow[number], sizes.get(f"particle {number}", np.inf))
        outlines += _closed(disc, len(regions), below, short.tolist())
        regions.append(Region(f"particle {number}", Phase.ACTIVE, material, 0.0, body=number))

    areas = np.zeros(len(regions))
    for outline in outlines:
        areas[outline.left] += outline.curve.moment
        if outline.right != OUTSIDE:
            areas[outline.right] -= outline.curve.moment
    return Geometry(
        width=width,
        height=height,
        depth=float(cell.depth),
        lithium_y=y_lithium,
        regions=tuple(
            replace(region, area=float(area)) for region, area in zip(regions, areas, strict=True)
        ),
        outlines=tuple(outlines),
        particles=bed,
        deposits=tuple(shape.deposit(y_lithium) for shape in shapes),
        bed=t_cathode,
        lattice=lattice,
        notes=tuple(_notes(cathode)),
    )


def _notes(cathode: ParticleCathode | PlaneCathode) -> Iterator[str]:
    """What the structure of a random packing is, in words."""
    if not isinstance(cathode, ParticleCathode):
        return
    if not isinstance(cathode.particles, RandomPacking):
        return
    structure = cathode.particles.structure
    if isinstance(structure, Clustered):
        yield (
            "The particles are hard discs in equilibrium in a random landscape, which gathers them "
            f"about {structure.length.text} apart."
        )
    else:
        yield "The particles are spread as hard discs are in equilibrium: without clusters."


def _lattice(case: Case, islands: Sequence[Arc]) -> Lattice | None:
    """The bed's tiles, if it has a lattice without isolated lithium among the particles."""
    cathode = case.geometry.cathode
    if not isinstance(cathode, ParticleCathode):
        return None
    if not isinstance(cathode.particles, LatticeLayout):
        return None
    if any(island.centre[1] < cathode.thickness for island in islands):
        return None
    rows, columns = cathode.particles.rows, cathode.particles.columns
    assert case.geometry.width is not None
    width, thickness = float(case.geometry.width), float(cathode.thickness)
    return Lattice(rows, columns, width / columns, thickness / rows)


def _closed(
    arc: Arc, inner: int, outer: int, sizes: Sequence[float] = 4 * (np.inf,)
) -> list[Outline]:
    """A full ellipse in as many pieces as `sizes`, counter-clockwise around `inner`."""
    angles = (arc.angles[0] + TAU / len(sizes) * np.arange(len(sizes) + 1)).tolist()
    return [
        Outline(Arc(arc.centre, arc.semi_axes, ends), inner, outer, size=size)
        for ends, size in zip(pairwise(angles), sizes, strict=True)
    ]
