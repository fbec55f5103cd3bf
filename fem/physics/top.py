"""What is on top of a cell: a plate, what it leans on, and with how much it presses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fem.physics.flow import FlowingLithium
from fem.physics.kinematics import Conditions
from fem.physics.solution import Support

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Top:
    """The top of a cell.

    Attributes
    ----------
    width, rest
        Of the cell, and rise of the plate before anything is plated, in m.
    plate, prescribed
        The unknown that is its rise, `None` where it has none; displacements (n,) that follow a
        plate that cannot move.
    """

    conditions: Conditions
    width: float
    rest: float
    plate: int | None
    prescribed: Floats
    flow: FlowingLithium

    def support(
        self, z: Floats, w: Floats, forces: Floats, closed: Floats, strain: float, thickness: Floats
    ) -> Support:
        """What the plate does, from unknowns, all displacements and the forces on them (n,).

        `closed` are pressures of closed lithium with their sign turned, `strain` is that out of the
        plane and `thickness` (N,) what was plated.
        """
        conditions, rest, flow = self.conditions, self.rest, self.flow
        stack, spring = conditions.stack_pressure, conditions.spring
        if conditions.top == "free":
            return Support(rise=None if self.plate is None else float(z[self.plate]))
        if conditions.top_is_fixed:
            push = float(self.prescribed @ forces) / self.width
            return Support(-float(closed[0]) if flow.flows else -push, rest)
        if self.plate is not None:
            rise = float(z[self.plate])
        elif spring:
            rise = rest - (float(closed[0]) + stack) / spring
        else:
            rise = flow.rise(w, strain, thickness)
        energy = 0.5 * spring * self.width * (rise - rest) ** 2
        return Support(stack + spring * (rise - rest), rise, energy)
