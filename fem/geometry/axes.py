"""The axes along which the crystals of particles strain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fem.case import Case, DrawnAxes, ListedAxes
from fem.errors import InputError
from fem.geometry.types import Geometry, Phase
from fem.text import read_table

Floats = NDArray[np.float64]

KEY = "mechanics.axis"
NEEDED, TILT = ("id", "angle"), "tilt"


def angles(case: Case, geometry: Geometry) -> Floats | None:
    """Angle from the x axis and tilt out of the plane (2, n) in rad of the axis of each particle.

    Particles are in order of their id, whether they react or not; a plane cathode is number 0.
    `None` where the case gives no axis.

    Raises
    ------
    InputError
        If a file does not give each particle one axis.
    """
    given = case.mechanics.axis
    if given is None:
        return None
    bodies = [region.body for region in geometry.regions if region.phase == Phase.ACTIVE]
    count = max([len(geometry.particles), *(body + 1 for body in bodies)])
    if isinstance(given, ListedAxes):
        return _listed(case, given, count)
    if isinstance(given, DrawnAxes):
        rng = np.random.default_rng(given.seed)
        angle, height = np.pi * rng.random(count), 2.0 * rng.random(count) - 1.0
        return np.stack([angle, np.arcsin(height) if given.within == "space" else 0.0 * height])
    one = np.array([[float(given.angle)], [float(given.tilt)]])
    return np.repeat(one, count, axis=1)


def _listed(case: Case, given: ListedAxes, count: int) -> Floats:
    sheet = read_table(case.resolve(given.file))
    key = f"{KEY}.file"
    columns = {column.name.strip().lower(): column for column in sheet.columns}
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise InputError(
            f"the table has no column {missing[0]}",
            file=sheet.file,
            key=key,
            given=list(sheet.names),
            allowed="columns id, angle and perhaps tilt, angles in degrees",
            cure="write the names of the columns into the first line",
        )
    ids = columns["id"]
    found = np.full((2, count), np.nan)
    rows = [np.radians(columns[n].numbers) if n in columns else None for n in ("angle", TILT)]
    angle, tilt = rows[0], rows[1] if rows[1] is not None else np.zeros(len(ids.cells))
    assert angle is not None
    for row, (line, cell, number) in enumerate(zip(ids.lines, ids.cells, ids.numbers, strict=True)):
        known = number in range(count)
        if not known or not np.isnan(found[0, int(number)]):
            raise InputError(
                f"line {line} "
                + ("names a particle for the second time" if known else "does not name a particle"),
                file=sheet.file,
                key=key,
                given=cell,
                allowed=f"each of the ids from 0 to {count - 1} once",
                cure="compare with the ids in particles.csv of a run of this case",
            )
        found[:, int(number)] = angle[row], tilt[row]
    without = np.flatnonzero(np.isnan(found[0]))
    if len(without):
        raise InputError(
            f"{len(without)} of {count} particles have no axis, particle {without[0]} first",
            file=sheet.file,
            key=key,
            allowed=f"each of the ids from 0 to {count - 1} once",
            cure='add them, or draw all: axis = { kind = "drawn", seed = 1 } below [mechanics]; '
            "particles.csv of a run without axis has ids and places",
        )
    return found
