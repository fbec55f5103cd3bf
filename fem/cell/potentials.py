"""How a cell solves for its potentials: the field in the electrolyte, or its modes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fem.case import Case, Protocol
from fem.errors import InputError
from fem.mesh import Mesh
from fem.physics.charge import ChargeProblem, ChargeSolution, Drive, Response
from fem.physics.kinks import kinks_of
from fem.physics.reduced import CLOSED, MOST_MODES, Reduction
from fem.physics.wiring import Network

Floats = NDArray[np.float64]

ENOUGH = 20_000
"""Unknowns of the electrolyte from which on its modes are worth making for steps in time."""


class Potentials:
    """The charge problem of a cell, and how it is solved.

    An instant is solved for in the field. A step in time may be on modes, corrected by what they
    left out of the last field; how much they have left out since is estimated each time, and where
    it is too much, the field is solved for. All that is remembered is in the state.

    Parameters
    ----------
    fixed
        Whether particles keep their stoichiometry.
    """

    def __init__(self, case: Case, mesh: Mesh, charge: ChargeProblem) -> None:
        self._case, self._mesh, self._charge = case, mesh, charge

    def solve(
        self,
        drives: Sequence[Drive],
        responses: Sequence[Response],
        active: Sequence[NDArray[np.bool_]],
        start: ChargeSolution | None,
        moves: bool,
        network: Network | None = None,
    ) -> ChargeSolution:
        """Potentials at which all currents balance, as `ChargeProblem.solve` has them.

        `moves` says whether time passes.
        """
        reduction = self.reduction
        if reduction is None:
            return self._charge.solve(drives, responses, active, start, network)
        if moves and start is not None:
            layout = self._charge.layout(drives, active, network)
            found = reduction.solve(layout, drives, responses, start)
            if found is not None:
                return found
        start = None if start is None else reduction.in_field(start)
        return reduction.corrected(self._charge.solve(drives, responses, active, start, network))

    @cached_property
    def reduction(self) -> Reduction | None:
        """The electrolyte on modes, for steps in time; `None` where the field is solved for.

        Raises
        ------
        InputError
            If the case asks for modes and there would be too many.
        """
        case, wanted = self._case, self._case.stepping.electrolyte
        small = wanted == "automatic" and len(self._charge.space) < ENOUGH
        moved = case.geometry.anode.motion == "moved"
        in_time = isinstance(case.operation, Protocol) and case.operation.takes_time
        layered = case.geometry.anode.interlayer is not None
        if not in_time or moved or small or layered:
            return None
        found = None if wanted == "field" else Reduction.of(self._charge, kinks_of(self._mesh))
        if wanted == "modes" and found is None:
            raise InputError(
                "surfaces have too many pieces for modes to take less time than the field",
                key="stepping.electrolyte",
                given="modes",
                allowed=f"at most {MOST_MODES} modes, {CLOSED[0]} a particle",
                cure="remove electrolyte from [stepping]",
            )
        return found

    def trace(self, solution: ChargeSolution, number: int) -> Floats:
        """Potential of the electrolyte at the nodes of an interface (k, m) in V."""
        known = solution.potential
        if self.reduction is not None and len(known) == self.reduction.size:
            return self.reduction.trace(solution, number)
        nodes = self._charge.space.number[self._charge.surfaces[number].patches.nodes]
        return np.asarray(self._charge.potential(solution)[nodes])
