"""Bonds that let go one after the other under loads that stay."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fem.laws.bonds import Cohesive

if TYPE_CHECKING:
    from fem.physics.parting import Parting

Floats = NDArray[np.float64]

SHARE, TURNS, DONE = 0.7, 200, 1e-3
"""Part of what exceeds the largest opening so far that damages a bond in a turn; the most turns;
what may be left for Newton's method, over the opening at which bonds fail."""


def relaxed(system: Parting, start: Floats) -> tuple[Parting, Floats]:
    """The same loads after bonds have come to rest, and unknowns to start from.

    Where many bonds soften at once Newton's method finds no way among them. So damage follows
    openings turn by turn, as with a viscosity in a time that does not count, until it has all but
    caught up. What a bond has opened to on that way is not healed.

    Raises
    ------
    SolveError
        If a turn has no equilibrium.
    """
    lag = (1.0 - SHARE) / SHARE
    laws = tuple(
        replace(law, viscosity=lag) if isinstance(law, Cohesive) else law
        for law in system.faces.laws
    )
    slow = replace(system.faces, laws=laws)
    parted, x = system.parted, start
    for _ in range(TURNS):
        turn = replace(system, faces=slow, parted=parted, clock=1.0)
        settled = turn.settled(x, patient=False)
        x, parted = settled.solution, turn.found(settled, jumps=False)
        left = [
            float(known["lag"].max(initial=0.0)) / law.last
            for law, known in zip(laws, parted.bonding, strict=True)
            if isinstance(law, Cohesive)
        ]
        if max(left) <= DONE:
            break
    return replace(system, parted=parted), x
