"""Loads that are brought in by parts, where faces rub and no set of them is near."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fem.errors import SolveError
from fem.laws.bonds import GAP, SLIP
from fem.solve.active import Held, Settings, Settled

if TYPE_CHECKING:
    from fem.physics.parting import Parting

Floats = NDArray[np.float64]

WHOLE = Settings(tolerance=1e-11)
PART = Settings(tolerance=1e-9, max_iterations=25)
FIRST_SHARE, LEAST_SHARE, MOST_TRIALS = 0.25, 1.0 / 40.0, 4
"""Part of what has changed that is brought in first; the least; how often."""


def gradually(
    system: Parting, x: Floats, held: Held, found: Callable[[Floats, Held, Settings], Settled]
) -> Settled:
    """The state of a system of which `x` and `held` were the last, by parts of what has changed.

    Parameters
    ----------
    found
        ``found(x, held, settings)``: by Newton's method from there.

    Raises
    ------
    SolveError
        If a small part is too much.
    """
    ahead, done, step = changed(system, x), 0.0, FIRST_SHARE
    try:
        for _ in range(MOST_TRIALS):
            share, stood = min(1.0, done + step), system.standing
            system.ahead = (1.0 - share) * ahead if share < 1.0 else None
            try:
                settled = found(x, held, WHOLE if share == 1.0 else PART)
            except SolveError as error:
                system.standing, failure, step = stood, error, 0.5 * step
                if step < LEAST_SHARE:
                    break
                continue
            if share == 1.0:
                return settled
            x, held, done, step = settled.solution, settled.held, share, 1.5 * step
    finally:
        system.ahead = None
    raise failure


def changed(system: Parting, x: Floats) -> Floats:
    """Forces (n,) by which loads have changed since the state x with its faces."""
    faces, forces = system.faces, system.residual(x)
    for which, place in ((GAP, faces.gaps), (SLIP, faces.slips)):
        there = np.flatnonzero(place >= 0)
        forces[place[there]] += (system.parted.traction[which] * faces.weights)[there]
    bonds = faces.forces(system.pull(x)[0].traction)
    forces[: len(bonds)] -= bonds
    return forces
