"""Stress of a cell, and how it acts on the reactions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fem.case import Case, Protocol, ResolvedWiring, Snapshot
from fem.cell.blocks import Block, Content
from fem.cell.conditions import conditions_of, conduction_of
from fem.cell.interfaces import Interface
from fem.cell.lag import Lag, Operator
from fem.cell.lithium import LithiumInterface
from fem.cell.memory import SOLIDS, SolidMemory
from fem.cell.oxidation import OxidationInterface
from fem.cell.particles import ParticleInterface
from fem.cell.paths import Paths
from fem.cell.touch import Touch, facing
from fem.geometry import Inactivity
from fem.geometry.contacts import Contacts
from fem.laws.solids import SolidLaw
from fem.laws.swelling import Swelling, direction
from fem.mesh import Mesh
from fem.parameters import Parameters
from fem.physics.bonds import LITHIUM
from fem.physics.charge import Inner
from fem.physics.elastic import SolidBody
from fem.physics.kinematics import Conditions
from fem.physics.mechanics import MechanicsProblem, MechanicsSolution
from fem.physics.operator import InterfaceOperator
from fem.physics.reshaped import layer

Floats = NDArray[np.float64]


class Stress:
    """The mechanics of a cell.

    With stress on lithium the interface operator ``p = offset + A h`` is formed once a mesh, so
    that every stage solves for pressure and current together. Where faces may part, the
    stress and the contact of a step are guessed (`fem.cell.lag`).

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
        self._oxidation = [i for i in interfaces if isinstance(i, OxidationInterface)]
        coupling = case.mechanics.coupling
        protocol = isinstance(case.operation, Protocol)
        self.moves = protocol and case.geometry.anode.motion == "moved"
        self.on_lithium = coupling in ("lithium", "both")
        self.in_particles = coupling in ("particles", "both")
        conditions = conditions_of(case, parameters)
        elastic, apart = parameters.elastic, conditions.separate
        if on is not None and (on._laws != self._laws or on.apart != apart):
            on = None  # other laws at other conditions: nothing there serves again
        self.apart: bool = apart
        self.body: SolidBody = (
            SolidBody.composite(mesh, elastic, elastic.yielding, apart) if on is None else on.body
        )
        self._problems: dict[Conditions, MechanicsProblem] = {} if on is None else on._problems
        self._known: list[tuple[Content, Content | None, MechanicsSolution]] = []
        in_time = protocol and any(self._laws)
        part = conditions.part
        self.memory = SolidMemory(self.problem()) if part or in_time else None
        self.paths = None if self.memory is None else paths_of(case, mesh, self.memory.problem)
        self.touch, self.lithium_touch = (
            self._touch("particle_electrolyte", self._particles),
            self._touch(LITHIUM, [self._lithium]),
        )

        self.lag: Lag | None = None
        if part and self.memory is not None:
            self.lag = Lag(
                self._lithium if self.on_lithium else None,
                self._particles if self.in_particles else [],
                self.operator,
                self._touches,
                self.paths if self.paths is not None and self.paths.fading else None,
                self.memory,
            )

    def _touch(self, kind: str, surfaces: Sequence[Interface]) -> Touch | None:
        """Where surfaces may part from the electrolyte; `None` if nowhere."""
        faces = None if self.memory is None else self.memory.problem.faces
        if faces is None:
            return None
        conduction = conduction_of(getattr(self._case.interfaces, kind))
        return Touch.of(faces, kind, surfaces, conduction)

    @property
    def _touches(self) -> list[Touch]:
        return [each for each in (self.touch, self.lithium_touch) if each is not None]

    @property
    def _laws(self) -> tuple[dict[int, SolidLaw], dict[int, SolidLaw]]:
        """What yields and what creeps, by region."""
        assert self._parameters.elastic is not None
        elastic = self._parameters.elastic
        return dict(elastic.yielding), dict(elastic.creeping)

    @property
    def repeats(self) -> bool:
        """Whether what acts depends on how particles end up, which a stage finds by repeating."""
        moves = self._case.mechanics.swelling or bool(self._oxidation)
        needed = self.in_particles or (self.on_lithium and moves)
        return needed and self.lag is None

    @property
    def acts(self) -> bool:
        """Whether stress acts on any reaction."""
        return self.on_lithium or self.in_particles

    def conditions(self, lithium: str | None = None) -> Conditions:
        """What the case assumes of the mechanics, or the same with another model of lithium."""
        return conditions_of(self._case, self._parameters, lithium)

    def problem(self, conditions: Conditions | None = None) -> MechanicsProblem:
        """The mechanics under `conditions`, those of the case if left out; made once each."""
        conditions = conditions or self.conditions()
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

    @property
    def blocks(self) -> tuple[Block, ...]:
        """What the solids remember."""
        acting = [] if self.lag is None else self.lag.blocks
        return () if self.memory is None else (*self.memory.blocks, *acting)

    def advanced(self, content: Content, held: Content, dt: float) -> tuple[Content, float]:
        """What is held after a step of `dt` in s to `content` from what was `held`.

        With it the largest change of a body's contact, over what a step may change.

        Raises
        ------
        SolveError
            If the solids have no equilibrium that is found.
        """
        assert self.memory is not None
        solution = self.solve_as(self.conditions(), content, held, dt)
        after = dict(held) | self.memory.packed(solution)
        change = 0.0
        for touch in self._touches:
            assert solution.parted is not None
            shares = touch.shares(solution.parted)
            after |= {e.contact_name: s for e, s in zip(touch.surfaces, shares, strict=True)}
            change = max(change, touch.largest_change(held, after))
        if self.paths is not None:
            stood = self.memory.parted(held)
            assert stood is not None and solution.parted is not None
            change = max(change, self.paths.largest_change(stood, solution.parted))
        if solution.parted is not None and solution.parted.jump.snapped:
            change = min(change, 1.0)  # no shorter step makes it smaller
        if self.lag is not None:
            acts = {e.name: self._working(e, content, solution) for e in self.lag.particles}
            after |= self.lag.kept(content, solution.pressure, acts)
        return after, change

    def late(self, before: Content, after: Content) -> float:
        """How far beyond letting go the last faces went in a step, over what they may be."""
        if self.memory is None or not self._touches:
            return 0.0
        parted = self.memory.known(after)
        return max(touch.late(before, after, parted) for touch in self._touches)

    def switches(self, held: Content) -> dict[int, Inactivity | None]:
        """Particles, by id, that have come loose, and (`None`) those that touch again."""
        found = {} if self.touch is None else self.touch.switches(held)
        if self.paths is not None and self.memory is not None:
            parted = self.memory.parted(held)
            assert parted is not None
            cut = self.paths.cut_off(parted)
            for each in self._particles:
                for body, why in zip(
                    each.ids.tolist(), each.inactivity(held).tolist(), strict=True
                ):
                    if cut[body] and found.get(body, why) in ("", None):
                        found[body] = Inactivity.NO_ELECTRONS
                    elif not cut[body] and why == Inactivity.NO_ELECTRONS:
                        found.setdefault(body, None)
        return found

    def solve(self, content: Content, held: Content | None = None) -> MechanicsSolution:
        """The state of the solids for a cell's content; the last two are remembered.

        What solids remember of that state is its start, so that a run that is taken up again sees
        the same.
        """
        for known, beside, solution in self._known:
            if known is content and (self.memory is None or beside is held):
                return solution
        solution = self.solve_as(self.conditions(), content, held)
        self._known = [*self._known[-1:], (content, held, solution)]
        return solution

    def solve_as(
        self,
        conditions: Conditions,
        content: Content,
        held: Content | None = None,
        duration: float = 0.0,
    ) -> MechanicsSolution:
        """The same under other conditions, such as another model of lithium."""
        thickness = self._layer(content)
        operation = self._case.operation
        if isinstance(operation, Snapshot):  # plates in one step from virgin solids
            duration = float(operation.plating_time)
        problem, swelling = self.problem(conditions), self.swelling(content)
        lost = self.lost(content, problem)
        if self.memory is None or held is None or problem is not self.memory.problem:
            return problem.solve(thickness, swelling, duration=duration, lost=lost)
        return problem.solve(
            thickness,
            swelling,
            self.memory.history(held),
            held[f"{SOLIDS}.unknowns"],
            duration,
            self.memory.parted(held),
            lost,
        )

    def lost(self, content: Content, problem: MechanicsProblem) -> Floats | None:
        """Thickness in m that electrolyte has lost since the start at its pairs with particles.

        `None` where none reacts. Nodes share what is lost along edges, so that no volume is lost on
        the way.
        """
        oxidised = self._parameters.oxidation
        if oxidised is None or not self._oxidation:
            return None
        (interface,) = (i for i in problem.interfaces if i.on_electrolyte)
        found = np.zeros(len(interface.pairs))
        pairs = facing(interface, [each.particles for each in self._oxidation])
        for each, place in zip(self._oxidation, pairs, strict=True):
            lost = each.at_nodes(oxidised.loss * each.grown(content))
            found[place[place >= 0]] = lost[place >= 0]
        return found

    def _layer(self, content: Content) -> Floats:
        """Thickness (N,) in m of what has been plated on the present shape of the solids."""
        lithium = self._lithium
        since = lithium.since(content)
        nodes = lithium.on_mesh(lithium.at_nodes(since), self._mesh.nodes.shape[1])
        if not self.moves:
            return nodes
        volumes = lithium.patches.by_piece(lithium.patches.loads(since))
        return layer(self.problem(), nodes, volumes.tolist())

    def swelling(self, content: Content) -> Floats | None:
        """What is free of stress at the nodes of the body's triangles.

        The relative change of volume (nt, 6); of crystals with an axis the strain (4, nt, 6).
        """
        if not self._case.mechanics.swelling or self._law is None:
            return None
        elements = self.body.space.elements
        shape = (4, len(elements), 6) if self._law.directed else (len(elements), 6)
        found = np.zeros(shape)
        for each in self._particles:
            # Triangle by triangle: particles that touch share nodes, where their lithium jumps.
            place = np.searchsorted(elements, each.members.elements)
            axis = self._axes(each)
            if axis is not None:
                axis = np.repeat(axis, place.shape[1], axis=1)
            found[..., place.ravel(), :] = self._law.free(each.start, each.swelling(content), axis)
        return found

    @property
    def _law(self) -> Swelling | None:
        """How the active material swells; `None` where nothing asks for it."""
        active = self._parameters.active
        return None if active is None else active.swelling

    def _axes(self, particles: ParticleInterface) -> Floats | None:
        """Unit vectors (3, k, 1) along the axes of crystals; `None` if they have none."""
        axes = self._parameters.axes
        return None if axes is None else direction(*axes[:, particles.members.ids, None])

    def _working(
        self, particles: ParticleInterface, content: Content, solution: MechanicsSolution
    ) -> Floats:
        """The stress (k, m) in Pa that shifts the potential of particles at their surface."""
        assert self._law is not None
        inside = particles.members.elements
        sigma = solution.stress_inside(particles.patches.nodes, inside)
        x = particles.model.surface(particles.stoichiometry(content))
        return self._law.working(x, sigma, self._axes(particles))

    def on(
        self, interface: Interface, base: Content, c: float, guess: Content, held: Content
    ) -> Inner:
        """The mechanical variable of an interface in a stage ``y = base + c dy/dt``."""
        nodes, lag = interface.patches.nodes, self.lag
        if isinstance(interface, LithiumInterface) and self.on_lithium:
            return (
                self._on_lithium(base, c, guess) if lag is None else lag.on_lithium(base, c, held)
            )
        if isinstance(interface, ParticleInterface) and self.in_particles:
            if lag is not None:
                return lag.on_particles(interface, held)
            return Inner(self._working(interface, guess, self.solve(guess)))
        return Inner(np.zeros(nodes.shape))

    @property
    def pressure_by_charge(self) -> Floats:
        """Pressure (m, m) on lithium of a unit of each nodal load of charge, in Pa/(C/m)."""
        return self.operator()[1]

    def operator(self) -> Operator:
        """Pressure by thickness, and by loads of charge, with faces that all hold."""
        return self._pressing

    @cached_property
    def _pressing(self) -> Operator:
        whole = replace(
            self.conditions(),
            particle_electrolyte=None,
            particle_particle=None,
            lithium_electrolyte=None,
        )
        operator = InterfaceOperator.of(self.problem(whole))
        return operator, operator.matrix @ self._lithium.loads_to_thickness()

    def _on_lithium(self, base: Content, c: float, guess: Content) -> Inner:
        """Pressure on lithium at `base`, and its change by the loads.

        Particles press as swollen as in `guess`.
        """
        operator, by_charge = self._pressing
        rest = operator.pressure(self._lithium.thickness(base))
        swelling, lost = self.swelling(guess), self.lost(guess, self.problem())
        if swelling is not None or lost is not None:
            nothing = np.zeros(self._mesh.nodes.shape[1])
            pressed = self.problem().solve(nothing, swelling, lost=lost).pressure
            rest = rest + pressed - operator.offset
        return Inner(rest[None], -c * by_charge if c else None)


def paths_of(case: Case, mesh: Mesh, problem: MechanicsProblem) -> Paths | None:
    """Paths of electrons that may be cut; `None` where wiring does not ask for contacts."""
    faces = problem.faces
    if faces is None or not isinstance(case.geometry.wiring, ResolvedWiring):
        return None
    kinds = [each.kind for each in faces.interfaces]
    numbers = [k for k, kind in enumerate(kinds) if kind == "particle_particle"]
    if not numbers:
        return None
    contacts = Contacts.of(case, mesh.geometry)
    conduction = conduction_of(case.interfaces.particle_particle)
    return Paths(contacts, faces, numbers[0], conduction, case.geometry.wiring.fading)


def pressure_at_nodes(mesh: Mesh, stress: MechanicsSolution) -> Floats:
    """Pressure of the lithium at all mesh nodes (N,) in Pa, nan away from lithium."""
    pressure = np.full(mesh.nodes.shape[1], np.nan)
    pressure[stress.nodes] = stress.pressure
    return pressure
