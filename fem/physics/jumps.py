"""Bonds that let go faster than solids follow: whether a step was a jump, and what it set free."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fem.physics.equilibrium import Equilibrium

if TYPE_CHECKING:
    from fem.physics.parting import Parting

Floats = NDArray[np.float64]

SNAPS = 1e-2
"""Share of what bonds took in a step that they must have set free for it to be a jump."""
PLACES, PARTS = 8, 16
"""Places along a step at which solids that are not linear are asked what force drives it, and into
how many parts bonds divide what lies between."""


class Jump(NamedTuple):
    """What bonds set free in a step that nothing took up, and what they took, in J per m."""

    released: float = 0.0
    taken: float = 0.0

    @property
    def snapped(self) -> bool:
        """Whether bonds set more free than a hundredth of what they took."""
        return self.released > SNAPS * self.taken


NO_JUMP = Jump()


def jump(system: Parting, start: Floats, end: Floats) -> Jump:
    """What bonds set free from `start`, the unknowns before a step, to `end`, those it found.

    Under the loads at the end, let faces part from how they stood at the start to how they stand at
    the end. The force that drives this falls all the way if solids and bonds resist more and more.
    Where it rises, bonds let go faster than the stress of the solids falls: the solids jump, and
    what is set free becomes motion that is not solved for. Where many bonds part one after the
    other in one step some may seem so; that vanishes with shorter steps.
    """
    if not any(
        (new[key] != old[key]).any()
        for old, new in zip(system.parted.bonding, system.pull(end)[1], strict=True)
        for key in new
    ):
        return NO_JUMP
    before = system.unparted(start)
    move = end - before
    one, two = system.opening(before), system.opening(end)
    few = np.linspace(0.0, 1.0, 2 if all(part.linear for part in system.parts) else PLACES + 1)
    # A rigid bond resists as soon as it opens at all.
    ways = np.union1d(np.linspace(0.0, 1.0, PLACES * PARTS + 1), 1e-6)
    solids = [float(Equilibrium.residual(system, before + s * move) @ move) for s in few]
    bonds = np.zeros(len(ways))
    for k, s in enumerate(ways):
        opening = one + s * (two - one)
        pull, _ = system.faces.pull(opening, system.parted.bonding, system.duration)
        bonds[k] = (pull.traction * (two - one)).sum(axis=0) @ system.faces.weights
    force = np.interp(ways, few, solids) + bonds
    rises = np.maximum.accumulate(force) - force
    return Jump(float(np.trapezoid(rises, ways)), float(np.trapezoid(bonds, ways)))
