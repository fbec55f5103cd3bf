"""Pieces that next to nothing holds: they are led to their place, a little at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fem.errors import SolveError

if TYPE_CHECKING:
    from fem.physics.parting import Parting

Floats = NDArray[np.float64]

FIRM, LOOSEST, LOOSER = 1e-3, 1e-10, 0.1
"""Stiffness of the springs at first and at least, over that of the solids, and what it is
multiplied by where pieces move on as fast as in the turn before."""
TURNS, DONE = 60, 1e-7
"""The most turns; force of the springs, over that of the solids, which may be left."""
CURES = (
    "a smaller step in time, or less swelling at once",
    "a stack pressure, or bonds, by which pieces are held",
)


def anchored(system: Parting, start: Floats) -> tuple[Parting, Floats]:
    """The same loads with springs that pull at next to nothing, and unknowns to start from.

    A disc in a hole that is wider than itself rolls far at the least force, and passes through the
    other side: sets of faces that touch change without end. So springs tie each opening to where it
    is (Rockafellar's proximal point method), are let go, and tie it anew, until they pull no more.
    Every turn is a problem with one solution, and energy falls from turn to turn.

    Raises
    ------
    SolveError
        If a turn has no equilibrium, or pieces go on moving.
    """
    x, scale, ties, last, force = start, system.gross(start), FIRM, np.inf, np.inf
    for _ in range(TURNS):
        before = system.opening(x).T.ravel()
        turn = replace(system, ties=ties, tied=before)
        try:
            x = turn.settled(x).solution
        except SolveError:
            if ties >= FIRM:
                raise
            ties = min(ties / LOOSER**0.5, FIRM)
            continue
        scale = max(scale, system.gross(x))
        moved = system.opening(x).T.ravel() - before
        force = ties * system.stiffness * float(np.linalg.norm(system.faces.openings.T @ moved))
        if force <= DONE * scale:
            return turn, x
        if force > 0.3 * last:
            ties = max(ties * LOOSER, LOOSEST)
        last = force
    raise SolveError(
        f"pieces that next to nothing holds still move after {TURNS} turns",
        field="displacement",
        residual=force / scale if scale else force,
        cures=CURES,
    )
