"""Where the particles of a cathode lie, and which of them are inactive."""

from __future__ import annotations

import csv

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from fem.case import Case, ParticleCathode
from fem.errors import InputError
from fem.geometry.types import Particles


def particles(case: Case) -> Particles:
    """The particles of a lattice, row by row from the bottom left; none for a plane cathode."""
    cathode = case.geometry.cathode
    if not isinstance(cathode, ParticleCathode):
        empty = np.zeros(0)
        return Particles(empty, empty.copy(), empty.copy(), np.zeros(0, dtype=bool))
    lattice = cathode.particles
    pitch_x = float(case.geometry.width) / lattice.columns
    pitch_y = float(cathode.thickness) / lattice.rows
    row, column = np.divmod(np.arange(lattice.rows * lattice.columns), lattice.columns)
    x, y = (column + 0.5) * pitch_x, (row + 0.5) * pitch_y
    diameter = np.full(len(x), float(lattice.diameter))
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


def refuse_overlap(particles: Particles) -> None:
    """Raise an `InputError` that names two particles without electrolyte between them."""
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


def gaps(particles: Particles) -> NDArray[np.float64]:
    """Width of the electrolyte between each particle and its nearest neighbour, in m."""
    if len(particles) < 2:
        return np.full(len(particles), np.inf)
    xy = np.c_[particles.x, particles.y]
    distance, index = cKDTree(xy).query(xy, k=min(7, len(xy)))
    gaps = distance - 0.5 * (particles.diameter[:, None] + particles.diameter[index])
    return np.asarray(gaps[:, 1:].min(axis=1))
