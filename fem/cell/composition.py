"""One composed cell: the physics of a mesh together, with no time in it.

A cell holds the charge problem, its interfaces with their blocks, and the mechanics. `stage` solves
``y = base + c dy/dt`` for all of them: with c = 0 that is an instant at which nothing moves, with
the coefficient of an implicit method a part of a step, and with the time of plating a snapshot that
knows the pressure of what it plates.

Within a stage, potentials, reactions, diffusion in the particles and, if it is switched on, the
pressure on lithium are solved together. Stress in the particles, and what laws drive by the current
that they let through, are found by repeating the stage until they no longer move.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from fem import geometry as geometries
from fem import mesh as meshes
from fem.case import Case
from fem.cell.blocks import Block, Content
from fem.cell.build import CATHODE, FOIL, interfaces_of, terminals_of
from fem.cell.foresight import foreseen
from fem.cell.interfaces import Answer, Interface, largest_move, written
from fem.cell.lithium import LithiumInterface
from fem.cell.oxidation import OxidationInterface
from fem.cell.particles import ParticleInterface, reacting
from fem.cell.potentials import Potentials
from fem.cell.state import State
from fem.cell.stress import Stress
from fem.cell.wires import Wires
from fem.errors import InputError, SolveError
from fem.geometry import Geometry, Inactivity
from fem.mesh import Mesh
from fem.parameters import Parameters, resolve
from fem.physics.charge import ChargeProblem, ChargeSolution, Drive, Electrolyte, Inner
from fem.solve.stepping import Stage

Floats = NDArray[np.float64]

__all__ = ["CATHODE", "FOIL", "Cell"]

MOVE_TOLERANCE = 1e-9
"""Change of a stress potential in V, or of what a law drives, at which a stage has settled."""
MOST_REPEATS = 25
ON_A_MESH = ("kinetics", "interphase", "operation", "stepping", "output", "mechanics", "title")
"""Tables of a case that leave its mesh as it is."""


class Cell:
    """The problems of a cell, assembled once a mesh.

    Parameters
    ----------
    like
        A cell of the same case with the same particles on a mesh of the same triangles, whose
        models of particles serve again.
    on
        A cell on this very mesh, whose electrolyte and elastic bodies serve again.

    Attributes
    ----------
    interfaces
        The lithium, the particles in one or more groups, then electrolyte that oxidises on these.
    blocks
        All that the cell remembers, by name.
    charge
        Electrolyte, terminals (the foil, the cathode, isolated lithium), wires.
    potentials
        How they are solved for.
    stress
        The mechanics; `None` where it is switched off.
    """

    def __repr__(self) -> str:
        return f"<Cell of {self.case!r}, {len(self.mesh.region)} triangles>"

    def __init__(
        self,
        case: Case,
        mesh: Mesh,
        parameters: Parameters,
        like: Cell | None = None,
        on: Cell | None = None,
    ) -> None:
        self.case, self.mesh, self.parameters = case, mesh, parameters
        self.interfaces: tuple[Interface, ...] = interfaces_of(
            case, mesh, parameters, None if like is None else like.particles
        )
        self.charge: ChargeProblem = ChargeProblem(
            Electrolyte.of(mesh, parameters.conductivity) if on is None else on.charge.electrolyte,
            terminals_of(case, mesh),
            [interface.surface for interface in self.interfaces],
        )
        self.blocks: dict[str, Block] = {
            block.name: block for interface in self.interfaces for block in interface.blocks
        }
        self.potentials = Potentials(case, mesh, self.charge)
        self.stress: Stress | None = None
        if parameters.elastic is not None:
            known = None if on is None else on.stress
            self.stress = Stress(case, mesh, parameters, self.interfaces, known)
            self.blocks |= {block.name: block for block in self.stress.blocks}
        self.wires = Wires.of(case, mesh, self.stress)
        self.meshed = 0.0
        """When the mesh was ready (`time.perf_counter`); 0 for a mesh that was there before."""

    @classmethod
    def of(
        cls,
        case: Case,
        progress: Callable[[str], None] = lambda stage: None,
        mesher: Callable[[Case, Geometry], Mesh] = meshes.from_case,
    ) -> Self:
        """Draw, look up, mesh and assemble the cell of `case`; `progress` is told each stage.

        Raises
        ------
        InputError
            If the case cannot be: see `fem.geometry`, `fem.parameters`, `fem.cell.foresight`.
        """
        progress("geometry")
        shape = geometries.build(case)
        parameters = resolve(case, shape)
        foreseen(case, shape, parameters)
        progress("mesh")
        mesh = mesher(case, shape)
        meshed = time.perf_counter()
        progress("assembly")
        cell = cls(case, mesh, parameters)
        cell.meshed = meshed
        return cell

    def replace(self, changes: Mapping[str, object]) -> Cell:
        """The same mesh with other kinetics, operation or mechanics, as for `fem.Case.replace`.

        Raises
        ------
        InputError
            If a change is not valid, or asks for another drawing, mesh or material.
        """
        for key in changes:
            if key.partition(".")[0] not in ON_A_MESH:
                raise InputError(
                    "another mesh or material would be needed",
                    key=key,
                    allowed=f"keys below {', '.join(ON_A_MESH)}",
                    cure="make a new cell by fem.Cell.of(case.replace(...))",
                )
        case = self.case.replace(dict(changes))
        parameters = resolve(case, self.mesh.geometry)
        foreseen(case, self.mesh.geometry, parameters)
        return type(self)(case, self.mesh, parameters, on=self)

    # ------------------------------------------------------------------------------ its parts

    @property
    def lithium(self) -> LithiumInterface:
        """All lithium on electrolyte."""
        first = self.interfaces[0]
        assert isinstance(first, LithiumInterface)
        return first

    @cached_property
    def particles(self) -> tuple[ParticleInterface, ...]:
        """The active material in its groups."""
        return tuple(i for i in self.interfaces if isinstance(i, ParticleInterface))

    @cached_property
    def oxidation(self) -> tuple[OxidationInterface, ...]:
        """Electrolyte that oxidises on each of these groups; none where none does."""
        return tuple(i for i in self.interfaces if isinstance(i, OxidationInterface))

    def initial(self) -> State:
        """Uniform particles, nothing plated, and solids under the pressure of the stack."""
        evolving = {n: b.start for n, b in self.blocks.items() if b.evolves}
        held: Content = {n: b.start for n, b in self.blocks.items() if not b.evolves}
        if self.stress is not None and self.stress.memory is not None:
            held, _ = self.stress.advanced(evolving, held, 0.0)
        return State(0.0, evolving, held)

    def drives(
        self, current: float | None = None, voltage: float | None = None, power: float | None = None
    ) -> list[Drive]:
        """A current out of the cathode (A per m of depth), a cell voltage (V), or a power (W/m).

        The foil is at 0 V and isolated lithium carries no net current.
        """
        floating = [Drive(current=0.0) for _ in self.charge.terminals[CATHODE + 1 :]]
        return [Drive(potential=0.0), Drive(voltage, current, power), *floating]

    # --------------------------------------------------------------------------------- stages

    def instant(self, state: State, drives: Sequence[Drive]) -> State:
        """`state` with the potentials that it has under `drives`; nothing moves.

        Raises
        ------
        SolveError
            If Newton's method finds no solution.
        """
        here = state.content
        try:
            stage = self.stage(here, 0.0, drives, state.held, state.solution, here)
        except SolveError:
            # After a jump, mean currents can be a nearer start than the last potentials.
            try:
                stage = self.stage(here, 0.0, drives, state.held, None, here)
            except SolveError:
                stage = self.stage(here, 0.0, drives, state.held, None, here, gradually=True)
        return replace(state, solution=_solution(stage), rate=None, previous=())

    def switched(
        self, state: State, inactivity: Mapping[int, Inactivity | None], drives: Sequence[Drive]
    ) -> State:
        """`state` with particles, by id, that stop reacting for a reason or (`None`) react again.

        They keep their lithium; potentials and reactions become those of the new set.

        Raises
        ------
        InputError
            If an id is that of no particle with an interface.
        SolveError
            If nothing that reacts is left.
        """
        known = np.concatenate([interface.ids for interface in self.particles])
        unknown = sorted(inactivity.keys() - set(known.tolist()))
        if unknown:
            raise InputError(
                "no such particle, or one that was inactive as drawn",
                given=unknown[0],
                allowed=f"{len(known)} ids from {known.min()} to {known.max()}",
            )
        held, codes = dict(state.held), written(inactivity)
        for each in (*self.particles, *self.oxidation):
            held |= each.switched(held, codes, state.time)
        return self.instant(replace(state, held=held), drives)

    def reshaped(self, state: State, drives: Sequence[Drive]) -> State:
        """`state` on a line that has moved: potentials and reactions change, diffusion goes on."""
        here = state.content
        stage = self.stage(here, 0.0, drives, state.held, state.solution, here)
        rate = None if state.rate is None else dict(state.rate) | dict(stage.rate)
        return replace(state, rate=rate, solution=_solution(stage), previous=())

    def stage(
        self,
        base: Content,
        c: float,
        drives: Sequence[Drive],
        held: Content,
        start: ChargeSolution | None,
        guess: Content,
        gradually: bool = False,
    ) -> Stage:
        """Solve ``y = base + c dy/dt``; with c = 0 rates are those that currents alone tell.

        Parameters
        ----------
        held
            Blocks that do not evolve.
        start
            Potentials to begin with; from mean currents if left out.
        guess
            Content near the end of the stage.
        gradually
            Whether to bring in what the currents do to surfaces little by little.

        Raises
        ------
        SolveError
            If Newton's method finds no solution, or stress and reaction do not agree.
        """
        active = [interface.active(held) for interface in self.interfaces]
        wires = self.wires.network(held)
        content, before, taken = guess, list[Answer](), np.zeros(2, dtype=int)
        currents: Sequence[Floats | None] = [None] * len(active)
        currents = currents if start is None else start.currents
        for _ in range(MOST_REPEATS):
            acts = self._stresses(base, c, content, held)
            answers = [
                each.answer(base, c, guess, stress, current, held, content)
                for each, stress, current in zip(self.interfaces, acts, currents, strict=True)
            ]
            moved = largest_move(self.interfaces, before, answers)
            if before and moved < MOVE_TOLERANCE:
                break
            responses = [answer.response for answer in answers]
            if gradually and start is None:
                solution = self.charge.solve_gradually(drives, responses, active, wires)
            else:
                solution = self.potentials.solve(drives, responses, active, start, c > 0.0, wires)
            found = zip(answers, solution.currents, solution.loads, strict=True)
            ends = [answer.advance(density, loads) for answer, density, loads in found]
            content = {name: each for after, _ in ends for name, each in after.items()}
            rate = {name: each for _, by_time in ends for name, each in by_time.items()}
            before, start, currents = answers, solution, solution.currents
            taken += np.array([solution.iterations, solution.linear_iterations])
            if not self._repeats:
                break
        else:
            raise SolveError(
                f"what stress and laws do to the reactions did not settle in {MOST_REPEATS} turns",
                field="stress",
                residual=moved,
                cures=("a shorter stepping.longest", 'mechanics.coupling = "lithium" or "none"'),
            )
        newton, linear = taken.tolist()
        solution = replace(solution, iterations=newton, linear_iterations=linear)
        return Stage(content, rate, solution)

    @property
    def _repeats(self) -> bool:
        """Whether anything that reactions depend on is found by repeating a stage."""
        stressed = self.stress is not None and self.stress.repeats
        return stressed or any(interface.law.evolving for interface in self.interfaces)

    def _stresses(self, base: Content, c: float, guess: Content, held: Content) -> list[Inner]:
        if self.stress is not None:
            return [self.stress.on(each, base, c, guess, held) for each in self.interfaces]
        return [Inner(np.zeros(each.patches.nodes.shape)) for each in self.interfaces]

    # ------------------------------------------------------------------------------- readings

    def thickness(self, content: Content) -> Floats:
        """Plated thickness at all mesh nodes (N,) in m, 0 away from lithium."""
        return self.lithium.on_mesh(self.lithium.thickness(content), self.mesh.nodes.shape[1])

    def lithium_left(self, content: Content) -> float:
        """Foil in m that can be stripped yet: the least anywhere, or the most if it may fade."""
        drawn = float(self.case.geometry.anode.strippable) + self.mesh.geometry.lithium_y
        return self.lithium.strippable(content, drawn - self.mesh.nodes[1])

    def currents(self, solution: ChargeSolution) -> list[float]:
        """Current out of each terminal in A per m of depth."""
        totals = np.zeros(len(self.charge.terminals))
        for surface, loads in zip(self.charge.surfaces, solution.loads, strict=True):
            np.add.at(totals, surface.terminal, surface.patches.by_piece(loads))
        return totals.tolist()

    def charge_given(self, content: Content) -> float:
        """Charge that the cathode has given since the start, in C per m of depth."""
        given = (*self.particles, *self.oxidation)
        return float(sum(content[each.charge_name].sum() for each in given))

    def mean_stoichiometry(self, state: State) -> float:
        """Mean lithium fraction of the particles that react, by area."""
        total = area = 0.0
        for each, active in zip(self.particles, reacting(self.particles, state.held), strict=True):
            means = each.model.mean(each.stoichiometry(state.content))
            total += float((each.model.areas * means)[active].sum())
            area += float(each.model.areas[active].sum())
        return total / area

    def surface_stoichiometry(self, state: State) -> list[Floats]:
        """Stoichiometry at the surface nodes of each group (k, m)."""
        if state.solution is not None:
            found = zip(self.interfaces, state.solution.inner, strict=True)
            return [x["stoichiometry"] for i, x in found if isinstance(i, ParticleInterface)]
        return [p.model.surface(p.stoichiometry(state.content)) for p in self.particles]

    def reacting_surfaces(self, state: State) -> Floats:
        """The same of all particles that react, in one row; of all if none does any more."""
        masks, surfaces = reacting(self.particles, state.held), self.surface_stoichiometry(state)
        found = zip(self.particles, masks, surfaces, strict=True)
        return np.concatenate([x[active[p.patches.piece_of_node]] for p, active, x in found])

    @property
    def capacity(self) -> float:
        """Charge that the particles hold in their window, in A s/m^2 of cell width."""
        active = self.parameters.active
        assert active is not None
        area = sum(float(each.model.areas.sum()) for each in self.particles)
        return active.window_charge * area / self.mesh.geometry.width

    @property
    def fixed(self) -> bool:
        """Whether particles keep their stoichiometry, as if they were a store without end."""
        return not any(each.model.moves for each in self.particles)


def _solution(stage: Stage) -> ChargeSolution:
    assert isinstance(stage.found, ChargeSolution)
    return stage.found
