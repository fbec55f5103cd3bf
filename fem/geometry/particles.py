"""Where the particles of a cathode lie, and which of them are inactive."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fem.case import Case, Lattice, Listed, ParticleCathode, RandomPacking
from fem.errors import InputError
from fem.geometry.discs import read_discs
from fem.geometry.gaps import refuse_narrow
from fem.geometry.neighbours import close_pairs
from fem.geometry.packing import pack
from fem.geometry.patterns import drawn
from fem.geometry.types import Inactivity, Particles
from fem.text import read_table

Floats = NDArray[np.float64]

TAU = 2.0 * np.pi
_SAMPLES = 4
"""Points of a piece of a rim at which the width of the electrolyte is sampled, besides its end."""


def particles(case: Case) -> Particles:
    """The particles of a case in order of their id; none for a plane cathode.

    A lattice is counted row by row from the bottom left, a random packing by height, a table row
    by row.
    """
    cathode = case.geometry.cathode
    if not isinstance(cathode, ParticleCathode):
        return Particles.none()
    assert case.geometry.width is not None
    width, thickness = float(case.geometry.width), float(cathode.thickness)
    if isinstance(cathode.particles, RandomPacking):
        x, y, diameter = pack(cathode.particles, width, thickness)
    elif isinstance(cathode.particles, Listed):
        discs = read_discs(case, cathode.particles)
        discs.refuse_outside(width, thickness)
        x, y, diameter = discs.x, discs.y, 2.0 * discs.radius
    else:
        x, y, diameter = _lattice(cathode.particles, width, thickness)
    dead = inactive(case, x, y, diameter, (width, thickness))
    if dead.all():
        raise InputError(
            "no active particle is left, so no current can flow",
            key="inactive",
            allowed="rules that leave at least one particle active",
            cure="narrow the rules of [inactive]",
        )
    return Particles(x, y, diameter, np.where(dead, str(Inactivity.SET), ""))


def _lattice(lattice: Lattice, width: float, thickness: float) -> tuple[Floats, Floats, Floats]:
    """Centres and diameters in m."""
    pitch_x, pitch_y = width / lattice.columns, thickness / lattice.rows
    row, column = np.divmod(np.arange(lattice.rows * lattice.columns), lattice.columns)
    x, y = (column + 0.5) * pitch_x, (row + 0.5) * pitch_y
    if pitch_x <= lattice.diameter or pitch_y <= lattice.diameter:
        direction, pitch = (
            ("columns", pitch_x) if pitch_x <= lattice.diameter else ("rows", pitch_y)
        )
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
    gap = 0.5 * (min(pitch_x, pitch_y) - float(lattice.diameter))
    side = "rows" if pitch_y < pitch_x else "columns"
    refuse_narrow("particle 0", "the layer's edge", gap, f"geometry.cathode.particles.{side}")
    return x, y, np.full(len(x), float(lattice.diameter))


def inactive(
    case: Case, x: Floats, y: Floats, diameter: Floats, size: tuple[float, float]
) -> NDArray[np.bool_]:
    """The union of the rules of ``[inactive]``, for each particle (n,).

    Parameters
    ----------
    x, y, diameter
        Centres and diameters in m (n,); of particles that are not round those of equal area.
    size
        Width and height in m of the composite, or of the image in the case.

    Raises
    ------
    InputError
        If a rule names what is not there, or a draw is not possible.
    """
    rules = case.inactive
    width = size[0]
    dead = np.zeros(len(x), dtype=bool)
    # Centres that lie on the interval's end up to rounding belong to it: it is closed.
    slack = 1e-9 * width
    if rules.between is not None:
        low, high = map(float, rules.between)
        dead |= (x >= low - slack) & (x <= high + slack)
    if rules.outside is not None:
        low, high = map(float, rules.outside)
        dead |= (x <= low + slack) | (x >= high - slack)
    for index, number in enumerate(rules.ids):
        if number >= len(x):
            raise InputError(
                f"there are only {len(x)} particles",
                key=f"inactive.ids[{index}]",
                given=number,
                allowed=f"ids from 0 to {len(x) - 1}",
                cure="compare with the ids in particles.csv of a run of this case",
            )
        dead[number] = True
    if rules.file is not None:
        dead[_ids_from_file(case, len(x))] = True
    if rules.draws:
        dead[drawn(case, np.flatnonzero(~dead), x, y, diameter, size)] = True
    return dead


def _ids_from_file(case: Case, count: int) -> NDArray[np.intp]:
    """Particle ids from the column `id` of a CSV file, or its only column."""
    assert case.inactive.file is not None
    sheet = read_table(case.resolve(case.inactive.file))
    if not sheet.columns:
        return np.zeros(0, dtype=np.intp)
    if len(sheet.columns) > 1 and "id" not in sheet.names:
        raise InputError(
            "which column holds the ids of particles is not said",
            file=sheet.file,
            key="inactive.file",
            given=list(sheet.names) if any(sheet.names) else f"{len(sheet.columns)} columns",
            allowed="a column named id, or a single column",
            cure="write the names of the columns into the first line",
        )
    column = next((c for c in sheet.columns if c.name == "id"), sheet.columns[0])
    for line, cell, number in zip(column.lines, column.cells, column.numbers, strict=True):
        if number not in range(count):
            raise InputError(
                f"line {line} does not name a particle",
                file=sheet.file,
                key="inactive.file",
                given=cell,
                allowed=f"ids from 0 to {count - 1}",
                cure="compare with the ids in particles.csv of a run of this case",
            )
    return np.array(column.numbers, dtype=np.intp)


def refuse_overlap(particles: Particles) -> None:
    """Raise an `InputError` that names two particles without electrolyte between them."""
    radius = 0.5 * particles.diameter
    i, j, distance = close_pairs(np.c_[particles.x, particles.y], radius)
    touching = distance <= radius[i] + radius[j]
    if touching.any():
        first, second = sorted((int(i[touching][0]), int(j[touching][0])))
        raise InputError(
            f"particles {first} and {second} overlap or touch",
            key="geometry.cathode.particles",
            allowed="particles with electrolyte between them",
            cure="fewer or smaller particles, or a larger cell",
        )


def channels(particles: Particles, width: float, thickness: float, pieces: int) -> Floats:
    """Width of the electrolyte along equal pieces of every rim, from angle 0 on (n, pieces), in m.

    It is the distance to the nearest other particle, and to the mirror image of the piece in the
    nearest edge of the bed, which is `width` by `thickness`. Particles farther away than their own
    radius are left out: the curvature bounds the element size before they do.
    """
    xy, radius = np.c_[particles.x, particles.y], 0.5 * particles.diameter
    angle = TAU / (_SAMPLES * pieces) * np.arange(_SAMPLES * pieces)
    rim = xy[:, None] + radius[:, None, None] * np.c_[np.cos(angle), np.sin(angle)]
    wide = 2.0 * np.minimum(rim, [width, thickness] - rim).min(axis=2)
    i, j, distance = close_pairs(xy, radius, reach=3.0)
    between = np.tile(distance - radius[i] - radius[j], 2)
    i, j = np.r_[i, j], np.r_[j, i]
    near = np.flatnonzero(between < radius[i])
    near = near[np.argsort(i[near], kind="stable")]
    i, j = i[near], j[near]
    if len(i):
        across = np.hypot(*np.moveaxis(rim[i] - xy[j][:, None], 2, 0)) - radius[j][:, None]
        each, first = np.unique(i, return_index=True)
        wide[each] = np.minimum(wide[each], np.minimum.reduceat(across, first))
    # A piece holds the samples at both of its ends.
    wide = np.c_[wide, wide[:, :1]]
    ends = _SAMPLES * pieces
    samples = [wide[:, k : k + ends : _SAMPLES] for k in range(_SAMPLES + 1)]
    return np.asarray(np.min(samples, axis=0))
