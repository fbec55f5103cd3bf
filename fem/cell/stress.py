"""Stress of a cell in time, and how it acts on the reactions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fem.case import Case
from fem.constants import FARADAY
from fem.errors import InputError
from fem.geometry import Phase
from fem.mesh import Mesh
from fem.parameters import Parameters
from fem.physics.elastic import ElasticBody
from fem.physics.kinematics import Conditions
from fem.physics.mechanics import MechanicsProblem, MechanicsSolution
from fem.physics.operator import InterfaceOperator

if TYPE_CHECKING:
    from fem.cell.coupling import Cell
    from fem.solve.stepping import Content

Floats = NDArray[np.float64]


class Stress:
    """The mechanics of a cell in time.

    With stress on lithium the interface operator ``p = offset + A h`` is formed once a mesh, so
    that every stage solves for pressure and current together.
    """

    def __init__(self, case: Case, mesh: Mesh, parameters: Parameters) -> None:
        assert parameters.elastic is not None
        self._case, self._mesh, self._parameters = case, mesh, parameters
        coupling = case.mechanics.coupling
        self.on_lithium = coupling in ("lithium", "both")
        self.in_particles = coupling in ("particles", "both")
        self._body = ElasticBody.composite(mesh, parameters.elastic)
        self._problem = MechanicsProblem(
            mesh, parameters.elastic, conditions(case, case.mechanics.lithium), self._body
        )
        self._operator = InterfaceOperator.of(self._problem) if self.on_lithium else None
        self._by_load: Floats | None = None
        self._known: list[tuple[Content, MechanicsSolution]] = []
        if self.on_lithium and len(mesh.interface_by_body(Phase.LITHIUM)) > 1:
            raise InputError(
                "stress on isolated lithium cannot act on its reaction",
                key="mechanics.coupling",
                given=coupling,
                allowed='"none" or "particles" where there is isolated lithium',
                cure="remove geometry.anode.isolated, or change the coupling",
            )

    @property
    def acts(self) -> bool:
        """Whether stress acts on any reaction."""
        return self.on_lithium or self.in_particles

    def solve(self, cell: Cell, content: Content) -> MechanicsSolution:
        """The elastic state of a cell's content; the last two are remembered."""
        for known, solution in self._known:
            if known is content:
                return solution
        solution = self._solve(self._problem, cell, content)
        self._known = [*self._known[-1:], (content, solution)]
        return solution

    def compared(self, lithium: str, cell: Cell, content: Content) -> MechanicsSolution:
        """The same with another model of lithium."""
        assert self._parameters.elastic is not None
        other = MechanicsProblem(
            self._mesh, self._parameters.elastic, conditions(self._case, lithium), self._body
        )
        return self._solve(other, cell, content)

    def _solve(self, problem: MechanicsProblem, cell: Cell, content: Content) -> MechanicsSolution:
        thickness = cell.all_nodes(cell.thickness(content))
        return problem.solve(thickness, self.swelling(cell, content))

    def swelling(self, cell: Cell, content: Content) -> Floats | None:
        """Relative change of volume at the nodes of the body's triangles (nt, 6)."""
        active = self._parameters.active
        if not self._case.mechanics.swelling or active is None:
            return None
        assert active.partial_molar_volume is not None
        change = np.zeros(self._mesh.nodes.shape[1])
        for nodes, values in zip(cell.particle_nodes(), cell.lithiation(content), strict=True):
            change[nodes] = values
        strain = active.partial_molar_volume * active.max_concentration * change
        elements = self._body.space.elements
        found = np.zeros((len(elements), 6))
        place = np.searchsorted(elements, np.concatenate([g.elements.ravel() for g in cell.groups]))
        found[place] = strain[self._mesh.triangles[elements[place]]]
        return found

    def lithium_response(
        self, cell: Cell, base: Content, c: float, guess: Content
    ) -> tuple[Floats, Floats]:
        """Pressure (m,) in Pa on the lithium line at `base`, and its change by the loads (m, m).

        Particles press as swollen as in `guess`.
        """
        assert self._operator is not None
        if self._by_load is None:
            # The thickness that loads make is their projection onto the nodes.
            line = cell.lines[0]
            mass = line.mass(np.ones_like(line.weights))[0]
            self._by_load = np.linalg.solve(mass.T, self._operator.matrix.T).T
        thickness = cell.thickness(base)[0]
        rest = self._operator.offset + self._operator.matrix @ thickness
        swelling = self.swelling(cell, guess)
        if swelling is not None:
            nothing = np.zeros(self._mesh.nodes.shape[1])
            rest = rest + self._problem.solve(nothing, swelling).pressure - self._operator.offset
        per_charge = self._parameters.molar_volume / FARADAY
        return rest, -c * per_charge * self._by_load

    def particle_shift(self, cell: Cell, content: Content) -> list[Floats]:
        """What stress adds to the potential of each group, at its quadrature points, in V."""
        active = self._parameters.active
        assert active is not None and active.partial_molar_volume is not None
        solution = self.solve(cell, content)
        factor = active.partial_molar_volume / FARADAY
        patches = cell.problem.layout.patches
        return [
            factor * patches[g].at_points(solution.hydrostatic(group.nodes, group.elements))
            for g, group in zip(cell.particle_groups, cell.groups, strict=True)
        ]


def conditions(case: Case, lithium: str) -> Conditions:
    table = case.mechanics
    return Conditions(
        lithium=lithium,
        contact=table.contact,
        kinematics=table.kinematics,
        top=table.top,
        stack_pressure=float(table.stack_pressure),
    )


def pressure_at_nodes(mesh: Mesh, stress: MechanicsSolution) -> Floats:
    """Pressure of the lithium at all mesh nodes (N,) in Pa, nan away from lithium."""
    pressure = np.full(mesh.nodes.shape[1], np.nan)
    pressure[stress.nodes] = stress.pressure
    return pressure
