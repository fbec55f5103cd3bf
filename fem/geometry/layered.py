"""The layered cell: cathode below, separator, lithium on top with protrusions into it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.spatial import cKDTree

from fem.case import Case
from fem.errors import InputError
from fem.geometry.curves import Arc, Curve, Line
from fem.geometry.types import (
    OUTSIDE,
    Deposit,
    Geometry,
    Outline,
    Particles,
    Phase,
    Region,
)

TAU = 2.0 * np.pi


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
    width, t_cathode = float(cell.width), float(cell.cathode.thickness)
    y_lithium = t_cathode + float(cell.separator.thickness)
    height = y_lithium + float(cell.anode.thickness)

    particles = _particles(case)
    _refuse_overlap(particles)
    shapes = [
        _Protrusion(i, float(p.x), float(p.depth), float(p.half_width), float(p.fillet or 0.0))
        for i, p in enumerate(cell.anode.protrusions)
    ]
    _refuse_protrusions(shapes, width, float(cell.separator.thickness))
    islands = [
        Arc((float(p.x), float(p.y)), (float(p.half_width), float(p.half_height)), (0.0, TAU))
        for p in cell.anode.isolated
    ]
    discs = [
        Arc((x, y), (0.5 * d, 0.5 * d), (0.0, TAU))
        for x, y, d in zip(particles.x, particles.y, particles.diameter, strict=True)
    ]
    _refuse_islands(islands, discs, shapes, width, t_cathode, y_lithium)

    plane = cell.cathode.kind == "plane"
    electrolytes = [(cell.separator.material, 1.0, "separator")]
    if not plane:
        electrolytes.append(
            (cell.cathode.electrolyte, cell.cathode.conductivity_factor, "cathode electrolyte")
        )
    lithium = cell.anode.material
    # Names, phases and bodies first; the areas follow from the outlines.
    regions = [
        Region(name, Phase.ELECTROLYTE, material, 0.0, conductivity_factor=factor)
        for material, factor, name in electrolytes
    ]
    separator, below = 0, len(regions) - 1
    if plane:
        regions.append(Region("cathode", Phase.ACTIVE, cell.cathode.material, 0.0))
        below = len(regions) - 1
    foil = len(regions)
    regions.append(Region("lithium", Phase.LITHIUM, lithium, 0.0))
    outlines = [
        Outline(Line((0.0, 0.0), (width, 0.0)), below, OUTSIDE),
        Outline(Line((width, 0.0), (width, t_cathode)), below, OUTSIDE),
        Outline(Line((width, t_cathode), (width, y_lithium)), separator, OUTSIDE),
        Outline(Line((width, y_lithium), (width, height)), foil, OUTSIDE),
        Outline(Line((width, height), (0.0, height)), foil, OUTSIDE),
        Outline(Line((0.0, height), (0.0, y_lithium)), foil, OUTSIDE),
        Outline(Line((0.0, y_lithium), (0.0, t_cathode)), separator, OUTSIDE),
        Outline(Line((0.0, t_cathode), (0.0, 0.0)), below, OUTSIDE),
        Outline(Line((0.0, t_cathode), (width, t_cathode)), separator, below),
    ]
    outlines += [
        Outline(curve, foil, separator, deposit)
        for curve, deposit in _lithium_line(shapes, width, y_lithium)
    ]
    for number, island in enumerate(islands, start=1):
        around = separator if island.centre[1] > t_cathode else below
        outlines += _closed(island, len(regions), around)
        name = f"isolated lithium {number - 1}"
        regions.append(Region(name, Phase.LITHIUM, lithium, 0.0, body=number))
    gaps = _gaps(particles)
    for number, disc in enumerate(discs):
        outlines += _closed(disc, len(regions), below, size=float(gaps[number]))
        material = cell.cathode.particles.material
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
            Region(r.name, r.phase, r.material, float(area), r.body, r.conductivity_factor)
            for r, area in zip(regions, areas, strict=True)
        ),
        outlines=tuple(outlines),
        particles=particles,
        deposits=tuple(shape.deposit(y_lithium) for shape in shapes),
    )


# ---------------------------------------------------------------------------- particles


def _particles(case: Case) -> Particles:
    cathode = case.geometry.cathode
    if cathode.kind == "plane":
        empty = np.zeros(0)
        return Particles(empty, empty.copy(), empty.copy(), np.zeros(0, dtype=bool))
    lattice = cathode.particles
    pitch_x = float(case.geometry.width) / lattice.columns
    pitch_y = float(cathode.thickness) / lattice.rows
    row, column = np.divmod(np.arange(lattice.rows * lattice.columns), lattice.columns)
    x, y = (column + 0.5) * pitch_x, (row + 0.5) * pitch_y
    diameter = np.full(len(x), float(lattice.diameter))
    if pitch_x <= lattice.diameter or pitch_y <= lattice.diameter:
        direction, pitch = ("columns", pitch_x) if pitch_x <= lattice.diameter else ("rows", pitch_y)
        other = 1 if direction == "columns" else lattice.columns
        names = f"particles 0 and {other}" if len(x) > other else "particle 0 and the layer's edge"
        raise InputError(
            f"{names} overlap or touch: the pitch of {pitch * 1e6:.4g} um leaves no electrolyte "
            f"between particles of {float(lattice.diameter) * 1e6:.4g} um",
            key=f"geometry.cathode.particles.{direction}",
            given=getattr(lattice, direction),
            allowed="a pitch larger than the diameter",
            cure=f"fewer {direction}, a smaller diameter, or a larger cell",
        )
    active = ~_inactive(case, x)
    if not active.any():
        raise InputError(
            "no active particle is left, so no current can flow",
            key="inactive",
            allowed="rules that leave at least one particle active",
            cure="narrow the rules of [inactive]",
        )
    return Particles(x, y, diameter, active)


def _inactive(case: Case, x: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The union of the rules of ``[inactive]``; `x` are the particle centres in m."""
    rules = case.inactive
    dead = np.zeros(len(x), dtype=bool)
    # Centres that lie on the interval's end up to rounding belong to it: it is closed.
    slack = 1e-9 * float(case.geometry.width)
    if rules.between is not None:
        low, high = map(float, rules.between)
        dead |= (x >= low - slack) & (x <= high + slack)
    if rules.outside is not None:
        low, high = map(float, rules.outside)
        dead |= (x <= low + slack) | (x >= high - slack)
    if rules.ids:
        dead[list(rules.ids)] = True
    if rules.file is not None:
        dead[_ids_from_file(case, len(x))] = True
    if rules.fraction is not None:
        alive = np.flatnonzero(~dead)
        wanted = round(rules.fraction * len(x))
        if wanted > len(alive):
            raise InputError(
                f"{wanted} of {len(x)} particles should be drawn as inactive, "
                f"but the other rules leave only {len(alive)} active",
                key="inactive.fraction",
                given=rules.fraction,
                allowed=f"at most {len(alive) / len(x):.4g}",
                cure="lower the fraction: it counts all particles, drawn from those still active",
            )
        draw = np.random.default_rng(rules.seed).choice(alive, size=wanted, replace=False)
        dead[draw] = True
    return dead


def _ids_from_file(case: Case, count: int) -> NDArray[np.intp]:
    """Particle ids from the column `id` of a CSV file, or its only column."""
    assert case.inactive.file is not None
    path = case.resolve(case.inactive.file)
    with open(path, newline="", encoding="utf-8-sig") as stream:
        rows = [row for row in csv.reader(stream) if row and row[0].strip()]
    header = [cell.strip() for cell in rows[0]] if rows else []
    column = header.index("id") if "id" in header else 0
    body = rows[1:] if rows and not header[column].lstrip("-").isdigit() else rows
    ids = []
    for number, row in enumerate(body, start=1 + len(rows) - len(body)):
        cell = row[column].strip() if column < len(row) else ""
        if not cell.isdigit() or int(cell) >= count:
            raise InputError(
                f"row {number} does not name a particle",
                file=str(path),
                key="inactive.file",
                given=cell,
                allowed=f"ids from 0 to {count - 1} in the column 'id' or the first column",
                cure="compare with the ids in particles.csv of a run of this case",
            )
        ids.append(int(cell))
    return np.array(ids, dtype=np.intp)


def _refuse_overlap(particles: Particles) -> None:
    if len(particles) < 2:
        return
    xy = np.c_[particles.x, particles.y]
    for i, j in cKDTree(xy).query_pairs(float(particles.diameter.max()) * (1 + 1e-9)):
        gap = np.hypot(*(xy[i] - xy[j])) - 0.5 * (particles.diameter[i] + particles.diameter[j])
        if gap <= 0.0:
            raise InputError(
                f"particles {i} and {j} overlap or touch",
                key="geometry.cathode.particles",
                allowed="particles with electrolyte between them",
                cure="fewer or smaller particles, or a larger cell",
            )


def _gaps(particles: Particles) -> NDArray[np.float64]:
    """Width of the electrolyte between each particle and its nearest neighbour, in m."""
    if len(particles) < 2:
        return np.full(len(particles), np.inf)
    xy = np.c_[particles.x, particles.y]
    distance, index = cKDTree(xy).query(xy, k=min(7, len(xy)))
    gaps = distance - 0.5 * (particles.diameter[:, None] + particles.diameter[index])
    return np.asarray(gaps[:, 1:].min(axis=1))


# ---------------------------------------------------------------------------- lithium


@dataclass(frozen=True)
class _Protrusion:
    """A half-ellipse below the lithium line, with optional circular fillets at its feet."""

    number: int
    x: float
    depth: float
    half_width: float
    fillet: float

    @property
    def key(self) -> str:
        return f"geometry.anode.protrusions[{self.number}]"

    def foot_angle(self) -> float:
        """Parametric angle below the lithium line at which the fillet touches the ellipse.

        The fillet's centre lies `fillet` below the line and `fillet` off the ellipse along its
        normal, which leaves one equation for the angle.
        """
        if self.fillet == 0.0:
            return 0.0
        a, b, r = self.depth, self.half_width, self.fillet

        def below(t: float) -> float:
            norm = np.hypot(np.cos(t) / b, np.sin(t) / a)
            return float(a * np.sin(t) + r * np.sin(t) / (a * norm) - r)

        return float(brentq(below, 0.0, 0.5 * np.pi, xtol=1e-15))

    def curves(self, y: float) -> list[Curve]:
        """From the left end to the right end; the lithium is on the left of the direction."""
        t = self.foot_angle()
        a, b, r = self.depth, self.half_width, self.fillet
        ellipse = ((self.x, y), (b, a))
        curves: list[Curve] = [
            Arc(*ellipse, (np.pi + t, 1.5 * np.pi)),
            Arc(*ellipse, (1.5 * np.pi, TAU - t)),
        ]
        if r > 0.0:
            offset = self.reach
            towards = float(np.arctan2(np.sin(t) / a, np.cos(t) / b))
            left = Arc((self.x - offset, y - r), (r, r), (0.5 * np.pi, towards))
            right = Arc((self.x + offset, y - r), (r, r), (np.pi - towards, 0.5 * np.pi))
            curves = [left, *curves, right]
        return curves

    @property
    def reach(self) -> float:
        """Half of the width at the lithium line, fillets included."""
        t, a, b = self.foot_angle(), self.depth, self.half_width
        norm = np.hypot(np.cos(t) / b, np.sin(t) / a)
        return float(b * np.cos(t) + self.fillet * np.cos(t) / (b * norm))

    def deposit(self, y: float) -> Deposit:
        feet = ((self.x - self.half_width, y), (self.x + self.half_width, y))
        return Deposit((self.x, y - self.depth), feet, self.depth, self.half_width)


def _lithium_line(
    shapes: Sequence[_Protrusion], width: float, y: float
) -> Iterable[tuple[Curve, int]]:
    """The Li|SE interface from the left wall to the right, each curve with its protrusion."""
    x = 0.0
    for shape in sorted(shapes, key=lambda shape: shape.x):
        yield Line((x, y), (shape.x - shape.reach, y)), -1
        for curve in shape.curves(y):
            yield curve, shape.number
        x = shape.x + shape.reach
    yield Line((x, y), (width, y)), -1


def _refuse_protrusions(shapes: Sequence[_Protrusion], width: float, separator: float) -> None:
    ordered = sorted(shapes, key=lambda shape: shape.x)
    for shape in ordered:
        if shape.depth >= separator:
            raise InputError(
                f"protrusion {shape.number} reaches through the separator",
                key=f"{shape.key}.depth",
                given=f"{shape.depth * 1e6:.4g} um",
                allowed=f"less than the separator's {separator * 1e6:.4g} um",
                cure="a shallower protrusion or a thicker separator",
            )
        if shape.fillet >= shape.depth:
            raise InputError(
                f"the fillet of protrusion {shape.number} is larger than the protrusion",
                key=f"{shape.key}.fillet",
                given=f"{shape.fillet * 1e6:.4g} um",
                allowed=f"less than its depth of {shape.depth * 1e6:.4g} um",
                cure="a smaller fillet",
            )
        if shape.x - shape.reach <= 0.0 or shape.x + shape.reach >= width:
            raise InputError(
                f"protrusion {shape.number} leaves the cell or touches its wall",
                key=f"{shape.key}.x",
                given=f"{shape.x * 1e6:.4g} um",
                allowed=f"from {shape.reach * 1e6:.4g} to {(width - shape.reach) * 1e6:.4g} um, "
                "ends excluded",
                cure="move it, narrow it, or widen the cell",
            )
    for left, right in zip(ordered, ordered[1:], strict=False):
        if left.x + left.reach >= right.x - right.reach:
            raise InputError(
                f"protrusions {left.number} and {right.number} overlap or touch",
                key=f"{right.key}.x",
                given=f"{right.x * 1e6:.4g} um",
                allowed="protrusions with flat lithium between their feet",
                cure="move them apart or narrow them",
            )


def _refuse_islands(
    islands: Sequence[Arc],
    discs: Sequence[Arc],
    shapes: Sequence[_Protrusion],
    width: float,
    t_cathode: float,
    y_lithium: float,
) -> None:
    t = np.linspace(0.0, 1.0, 721)
    deposits = [
        (f"protrusion {s.number}", Arc((s.x, y_lithium), (s.half_width, s.depth), (0.0, TAU)))
        for s in shapes
    ]
    others = [(f"particle {i}", disc) for i, disc in enumerate(discs)] + deposits
    for number, island in enumerate(islands):
        key = f"geometry.anode.isolated[{number}]"
        x, y = island.point(t)
        across = y.min() <= t_cathode <= y.max()
        if x.min() <= 0 or x.max() >= width or y.min() <= 0 or y.max() >= y_lithium or across:
            raise InputError(
                f"isolated lithium {number} leaves its layer",
                key=key,
                allowed="an ellipse wholly inside the separator or the cathode's electrolyte",
                cure="move it or make it smaller",
            )
        for name, other in [*others, *((f"isolated lithium {j}", islands[j]) for j in range(number))]:
            if _touch(island, other, t):
                raise InputError(
                    f"isolated lithium {number} and {name} overlap or touch",
                    key=key,
                    allowed="an ellipse with electrolyte all around it",
                    cure="move it or make it smaller",
                )


def _touch(one: Arc, two: Arc, t: NDArray[np.float64]) -> bool:
    """Whether two full ellipses share a point (to the resolution of the samples `t`)."""

    def inside(points: NDArray[np.float64], arc: Arc) -> bool:
        (cx, cy), (a, b) = arc.centre, arc.semi_axes
        return bool((((points[0] - cx) / a) ** 2 + ((points[1] - cy) / b) ** 2 <= 1.0).any())

    return inside(one.point(t), two) or inside(two.point(t), one)


def _closed(arc: Arc, inner: int, outer: int, size: float = np.inf) -> list[Outline]:
    """A full ellipse as four quarters, counter-clockwise around `inner`."""
    start = arc.angles[0]
    return [
        Outline(
            Arc(arc.centre, arc.semi_axes, (start + 0.25 * TAU * q, start + 0.25 * TAU * (q + 1))),
            inner,
            outer,
            size=size,
        )
        for q in range(4)
    ]
