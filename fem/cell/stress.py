"""Stress of a cell, and how it acts on the reactions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fem.case import Case, Snapshot
from fem.cell.blocks import Content
from fem.cell.interfaces import Interface, ParticleInterface
from fem.cell.lithium import LithiumInterface
from fem.laws.solids import SolidLaw
from fem.mesh import Mesh
from fem.parameters import Parameters
from fem.physics.charge import Inner
from fem.physics.elastic import SolidBody
from fem.physics.kinematics import Conditions
from fem.physics.mechanics import MechanicsProblem, MechanicsSolution
from fem.physics.operator import InterfaceOperator

Floats = NDArray[np.float64]


class Stress:
    """The mechanics of a cell.

    With stress on lithium the interface operator ``p = offset + A h`` is formed once a mesh, so
    that every stage solves for pressure and current together.

    Parameters
    ----------
    interfaces
        The lithium first; its patches hold the nodes that the operator does, in the same order.
    on
        The mechanics of this mesh under other kinetics or conditions, whose matrices serve again.
    """

    def __init__(
        self,
        case: Case,
        mesh: Mesh,
        parameters: Parameters,
        interfaces: Sequence[Interface],
        on: Stress | None = None,
    ) -> None:
        assert parameters.elastic is not None and isinstance(interfaces[0], LithiumInterface)
        self._case, self._mesh, self._parameters = case, mesh, parameters
        self._lithium = interfaces[0]
        self._particles = [i for i in interfaces if isinstance(i, ParticleInterface)]
        coupling = case.mechanics.coupling
        self.on_lithium = coupling in ("lithium", "both")
        self.in_particles = coupling in ("particles", "both")
        elastic = parameters.elastic
        if on is not None and on._laws != self._laws:
            on = None  # other laws at other conditions: nothing there serves again
        self.body: SolidBody = (
            SolidBody.composite(mesh, elastic, elastic.yielding) if on is None else on.body
        )
        self._problems: dict[Conditions, MechanicsProblem] = {} if on is None else on._problems
        self._operator: tuple[InterfaceOperator, Floats] | None = None
        self._known: list[tuple[Content, MechanicsSolution]] = []

    @property
    def _laws(self) -> tuple[dict[int, SolidLaw], dict[int, SolidLaw]]:
        """What yields and what creeps, by region."""
        assert self._parameters.elastic is not None
        elastic = self._parameters.elastic
        return dict(elastic.yielding), dict(elastic.creeping)

    @property
    def repeats(self) -> bool:
        """Whether what acts depends on how particles end up, which a stage finds by repeating."""
        return self.in_particles or (self.on_lithium and self._case.mechanics.swelling)

    @property
    def acts(self) -> bool:
        """Whether stress acts on any reaction."""
        return self.on_lithium or self.in_particles

    def problem(self, conditions: Conditions | None = None) -> MechanicsProblem:
        """The mechanics under `conditions`, those of the case if left out; made once each."""
        conditions = conditions or conditions_of(self._case)
        if conditions not in self._problems:
            assert self._parameters.elastic is not None
            self._problems[conditions] = MechanicsProblem(
                self._mesh,
                self._parameters.elastic,
                conditions,
                self.body,
                self._laws[conditions.lithium == "viscoplastic"],
            )
        return self._problems[conditions]

    def solve(self, content: Content) -> MechanicsSolution:
        """The elastic state for a cell's content; the last two are remembered."""
        for known, solution in self._known:
            if known is content:
                return solution
        solution = self.solve_as(conditions_of(self._case), content)
        self._known = [*self._known[-1:], (content, solution)]
        return solution

    def solve_as(self, conditions: Conditions, content: Content) -> MechanicsSolution:
        """The same under other conditions, such as another model of lithium."""
        thickness = self._lithium.on_mesh(
            self._lithium.thickness(content), self._mesh.nodes.shape[1]
        )
        operation = self._case.operation
        # A snapshot plates in one step from virgin solids.
        taken = float(operation.plating_time) if isinstance(operation, Snapshot) else 0.0
        return self.problem(conditions).solve(thickness, self.swelling(content), duration=taken)

    def swelling(self, content: Content) -> Floats | None:
        """Relative change of volume at the nodes of the body's triangles (nt, 6)."""
        active = self._parameters.active
        if not self._case.mechanics.swelling or active is None:
            return None
        assert active.partial_molar_volume is not None
        elements = self.body.space.elements
        found = np.zeros((len(elements), 6))
        for each in self._particles:
            # Triangle by triangle: particles that touch share nodes, where their lithium jumps.
            change = each.swelling(content)
            found[np.searchsorted(elements, each.members.elements.ravel())] = change
        return active.partial_molar_volume * active.max_concentration * found

    def on(self, interface: Interface, base: Content, c: float, guess: Content) -> Inner:
        """The mechanical variable of an interface in a stage ``y = base + c dy/dt``."""
        nodes = interface.patches.nodes
        if isinstance(interface, LithiumInterface) and self.on_lithium:
            return self._on_lithium(base, c, guess)
        if isinstance(interface, ParticleInterface) and self.in_particles:
            inside = interface.members.elements
            return Inner(self.solve(guess).hydrostatic(nodes, inside))
        return Inner(np.zeros(nodes.shape))

    def _on_lithium(self, base: Content, c: float, guess: Content) -> Inner:
        """Pressure on lithium at `base`, and its change by the loads.

        Particles press as swollen as in `guess`.
        """
        if self._operator is None:
            operator = InterfaceOperator.of(self.problem())
            self._operator = operator, operator.matrix @ self._lithium.loads_to_thickness()
        operator, by_charge = self._operator
        rest = operator.pressure(self._lithium.thickness(base))
        swelling = self.swelling(guess)
        if swelling is not None:
            nothing = np.zeros(self._mesh.nodes.shape[1])
            rest = rest + self.problem().solve(nothing, swelling).pressure - operator.offset
        return Inner(rest[None], -c * by_charge if c else None)


def conditions_of(case: Case, lithium: str | None = None) -> Conditions:
    """What the case assumes of the mechanics, or the same with another model of lithium."""
    table = case.mechanics
    return Conditions(
        lithium=lithium or table.lithium,
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
