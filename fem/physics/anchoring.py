"""Pieces that next to nothing holds: they are led to their place, a little at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fem.errors import SolveError
from fem.laws.bonds import SLIP, Cohesive, Touching
from fem.physics.faces import Faces
from fem.physics.relaxing import relaxed

if TYPE_CHECKING:
    from fem.physics.parting import Parting

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SLIDES, FLOATS, ROLLS = 1e-11, 1e-10, 1e-8
"""Stiffness, over that of the solids, of springs across all slips, across gaps of pieces that are
loose all round, and across one slip of each piece without a bond: a disc that turns, or lies in a
hole, needs a place; a foil between walls does not. Their forces are too small to matter."""
FIRM, FIRMEST, LOOSEST = 1e-5, 1e-3, 1e-10
"""Stiffness of the springs over that of the solids: at first, at most where no set of faces is
found otherwise, and at least where pieces move on as fast as in the turn before."""
TURNS, DONE = 60, 1e-7
"""The most turns; force of the springs, over that of the solids, which may be left."""
CURES = (
    "a smaller step in time, or less swelling at once",
    "a stack pressure, or bonds, by which pieces are held",
)


def anchors(faces: Faces, loose: Bools | bool) -> Floats:
    """Stiffness (2 m,), over that of the solids, of springs across openings: gap, slip, in turn.

    They hold pieces that nothing else does, while pairs `loose` (m,) belong to those.
    """
    placed = np.isin(faces.pieces[0], faces.upright) & (faces.pieces[1] == 0)
    floats = np.where(loose, FLOATS, np.zeros(len(faces)))
    found = np.stack([floats, np.where(placed, 0.0, SLIDES)], axis=1)
    bare = [isinstance(w, Touching) for w in faces.laws]
    free = np.repeat(bare, np.diff(faces.ends)) & ~placed
    first = np.unique(faces.pieces[0][free], return_index=True)[1]
    found[np.flatnonzero(free)[first], SLIP] = ROLLS
    return np.asarray(found.ravel())


def led(system: Parting, start: Floats) -> tuple[Parting, Floats]:
    """The same loads where Newton's method finds no way, and unknowns to start from.

    Raises
    ------
    SolveError
        If that has no equilibrium either.
    """
    bonded = any(isinstance(law, Cohesive) for law in system.faces.laws)
    return (relaxed if bonded else anchored)(system, start)


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
        turn = replace(system, ties=(ties, before))
        try:
            x = turn.settled(x).solution
        except SolveError:
            if ties >= FIRMEST:
                raise
            ties *= 10.0
            continue
        scale = max(scale, system.gross(x))
        moved = system.opening(x).T.ravel() - before
        force = float(np.linalg.norm(system.faces.openings.T @ (turn.springs_across * moved)))
        if force <= DONE * scale:
            return turn, x
        if force > 0.3 * last:
            ties = max(0.1 * ties, LOOSEST)
        last = force
    raise SolveError(
        f"pieces that next to nothing holds still move after {TURNS} turns",
        field="displacement",
        residual=force / scale if scale else force,
        cures=CURES,
    )
