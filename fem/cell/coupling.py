"""One step of a cell in time: the order in which its physics act on each other.

Within every implicit stage, potentials, reactions, diffusion in the particles and, if it is
switched on, the pressure on lithium are solved together. Stress in the particles is found by
repeating the stage with the stress of its last result until that no longer moves the potentials.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import SuperLU, splu

from fem.case import Case
from fem.cell.control import largest_change, local_error
from fem.cell.state import State, extrapolated
from fem.constants import FARADAY
from fem.errors import SolveError
from fem.geometry import Phase
from fem.mesh import Ints, Mesh
from fem.parameters import Parameters
from fem.physics.cell import CellProblem
from fem.physics.particles import Diffusion, ParticleGroup, diffusion_model, reacting
from fem.physics.stage import CellSolution, Drive, Electrode, Response
from fem.physics.surfaces import Intercalation, Patches, Plating, Reaction
from fem.solve.stepping import (
    Content,
    Stage,
    Step,
    backward_euler,
    combine,
    tr_bdf2,
)

if TYPE_CHECKING:
    from fem.cell.stress import Stress

Floats = NDArray[np.float64]

FOIL, CATHODE = 0, 1
"""Electrodes: the lithium foil and the wired cathode; isolated lithium follows."""
SHIFT_TOLERANCE = 1e-9
"""Change of the stress potential in V below which a stage counts as coupled."""
MOST_REPEATS = 25


@dataclass(frozen=True)
class Trial:
    """A step that was solved and is not yet accepted.

    `error` is its local error over the tolerance, `change` its largest change over the limit.
    """

    state: State
    error: float
    change: float
    iterations: int
    linear_iterations: int


class Cell:
    """The problems of a cell, assembled once a mesh, and how they make a step.

    Parameters
    ----------
    stress
        The mechanics, if stress acts on the kinetics.
    like
        A cell with the same particles on a mesh of the same triangles, whose models serve again.
    """

    def __init__(
        self,
        case: Case,
        mesh: Mesh,
        parameters: Parameters,
        stress: Stress | None = None,
        like: Cell | None = None,
    ) -> None:
        active = parameters.active
        assert active is not None
        self.case, self.mesh, self.parameters, self.stress = case, mesh, parameters, stress
        table = case.kinetics.cathode
        lithium = mesh.interface_by_body(Phase.LITHIUM)
        self.lines = tuple(Patches.line(mesh, which) for which in lithium.values())
        self.groups: list[ParticleGroup] = reacting(mesh) if like is None else like.groups
        self.diffusion: list[Diffusion] = (
            [
                diffusion_model(
                    table.diffusion, mesh, group, active.max_concentration, active.diffusivity
                )
                for group in self.groups
            ]
            if like is None
            else like.diffusion
        )
        particles = tuple(Patches.of(mesh, g.nodes, g.edges) for g in self.groups)
        names = ["the lithium foil", *(f"isolated lithium {k}" for k in range(len(self.lines) - 1))]
        floating = [
            Electrode(name, (line,), parameters.anode)
            for name, line in zip(names[1:], self.lines[1:], strict=True)
        ]
        self.problem = CellProblem(
            mesh,
            parameters.conductivity,
            [
                Electrode(names[0], self.lines[:1], parameters.anode),
                Electrode("the cathode", particles, parameters.cathode),
                *floating,
            ],
        )
        self.lithium_groups = [0, *range(1 + len(particles), 1 + len(particles) + len(floating))]
        """Groups of surfaces that are lithium lines."""
        self.particle_groups = list(range(1, 1 + len(particles)))
        self._plating = Plating(
            parameters.anode, parameters.molar_volume, parameters.anode_potential
        )
        assert table.stoichiometry is not None
        self.start = float(table.stoichiometry)
        """Stoichiometry of all particles at the start of the run."""
        self.fixed = table.diffusion == "fixed"
        """Whether the particles keep their stoichiometry."""
        anode = case.geometry.anode
        self.reserve = float(anode.strippable)
        """Thickness of lithium that can be stripped from the flat foil, in m."""
        self.included: Content = tuple(np.zeros_like(line.weights) for line in self.lines)
        """Charge on each line that the shape of the mesh already shows."""
        self._intercalation = Intercalation(
            parameters.cathode,
            active.potential.extended,
            table.exchange_current_dependence == "stoichiometry",
        )

    # ------------------------------------------------------------------------------- contents

    def initial(self) -> State:
        """Uniform particles, and nothing plated."""
        lines = [np.zeros_like(line.weights) for line in self.lines]
        particles = [model.initial(0.0) for model in self.diffusion]
        given = [np.zeros(len(group)) for group in self.groups]
        return State(0.0, self._content(lines, particles, given))

    def _content(
        self, lines: list[Floats], particles: list[Floats], given: list[Floats]
    ) -> Content:
        return (*lines, *particles, *given)

    def plated(self, content: Content) -> Content:
        """Charge of plated lithium at the quadrature points of each line, in C per m of depth."""
        return content[: len(self.lines)]

    def stoichiometry(self, content: Content) -> Content:
        """Stoichiometry in each group of particles (k, n)."""
        return tuple(self.start + x for x in self.lithiation(content))

    def lithiation(self, content: Content) -> Content:
        """Change of the stoichiometry since the start in each group (k, n).

        This is what a content holds: small changes keep all their digits in it.
        """
        return content[len(self.lines) : len(self.lines) + len(self.groups)]

    def given(self, content: Content) -> Content:
        """Charge that each particle has given since the start, by group (k,), in C/m."""
        return content[len(self.lines) + len(self.groups) :]

    @cached_property
    def _line_masses(self) -> list[SuperLU]:
        ones = [line.mass(np.ones_like(line.weights))[0] for line in self.lines]
        return [splu(csc_matrix(mass)) for mass in ones]

    def at_nodes(self, line: int, density: Floats) -> Floats:
        """A density at the quadrature points of a line (1, ne, nq) at its nodes (m,).

        The projection keeps the integral.
        """
        return np.asarray(self._line_masses[line].solve(self.lines[line].loads(density)[0]))

    def thickness(self, content: Content) -> list[Floats]:
        """Plated thickness at the nodes of each lithium line (m,), in m."""
        volume = self.parameters.molar_volume / FARADAY
        return [
            self.at_nodes(k, volume * charge / self.lines[k].weights)
            for k, charge in enumerate(self.plated(content))
        ]

    def thickness_at_points(self, content: Content) -> list[Floats]:
        """Plated thickness at the quadrature points of each lithium line (ne, nq), in m."""
        volume = self.parameters.molar_volume / FARADAY
        return [
            volume * (charge / line.weights)[0]
            for line, charge in zip(self.lines, self.plated(content), strict=True)
        ]

    def lithium_left(self, content: Content) -> float:
        """The least thickness of foil that can still be stripped anywhere, in m.

        Under a protrusion there is more of it, by how far that reaches below the flat surface.
        """
        line = self.lines[0]
        below = self.mesh.geometry.lithium_y - line.at_points(self.mesh.nodes[1, line.nodes])
        since = self.plated(content)[0] - self.included[0]
        grown = self.parameters.molar_volume / FARADAY * since / line.weights
        return float((self.reserve + below + grown).min())

    def all_nodes(self, values: list[Floats]) -> Floats:
        """Values at the nodes of the lithium lines as values at all mesh nodes, 0 elsewhere."""
        full = np.zeros(self.mesh.nodes.shape[1])
        for line, value in zip(self.lines, values, strict=True):
            full[line.nodes[0]] = value
        return full

    # --------------------------------------------------------------------------------- stages

    def instant(self, state: State, drives: list[Drive]) -> State:
        """`state` with the potentials that it has under `drives`; nothing moves."""
        here = state.content
        try:
            stage = self._stage(here, 0.0, drives, state.solution, here)
        except SolveError:
            # After a jump, mean currents can be a nearer start than the last potentials.
            try:
                stage = self._stage(here, 0.0, drives, None, here)
            except SolveError:
                stage = self._stage(here, 0.0, drives, None, here, gradually=True)
        solution = stage.found
        assert isinstance(solution, CellSolution)
        return replace(state, solution=solution, rate=None, previous=())

    def reshaped(self, state: State, drives: list[Drive]) -> State:
        """`state` on a line that has moved: potentials and reactions change, diffusion goes on."""
        stage = self._stage(state.content, 0.0, drives, state.solution, state.content)
        assert isinstance(stage.found, CellSolution)
        rate = None
        if state.rate is not None:
            particles = list(self.lithiation(state.rate))
            rate = (*self.plated(stage.rate), *particles, *self.given(stage.rate))
        return replace(state, rate=rate, solution=stage.found, previous=())

    def step(self, state: State, dt: float, drives: list[Drive]) -> Trial:
        """Try a step of length `dt` in s from `state`.

        Raises
        ------
        SolveError
            If a stage has no solution that Newton's method finds.
        """
        starts: list[tuple[float, CellSolution]] = []

        def implicit(base: Content, c: float, fraction: float) -> Stage:
            time = state.time + fraction * dt
            assert state.solution is not None
            known = [*state.previous, (state.time, state.solution), *starts]
            guess = state.content
            if state.rate is not None:
                guess = combine(state.content, (fraction * dt, state.rate))
            stage = self._stage(base, c, drives, extrapolated(known, time), guess)
            assert isinstance(stage.found, CellSolution)
            starts.append((time, stage.found))
            return stage

        if state.rate is None:
            step: Step = backward_euler(state.content, dt, implicit)
        else:
            step = tr_bdf2(state.content, state.rate, dt, implicit)
        solution = step.end.found
        assert isinstance(solution, CellSolution) and state.solution is not None
        middle = starts[:-1]
        return Trial(
            state=State(
                time=state.time + dt,
                content=step.end.value,
                rate=step.end.rate,
                solution=solution,
                previous=((state.time, state.solution), *middle),
            ),
            error=local_error(self, step.error),
            change=largest_change(self, state.content, step.end.value),
            iterations=sum(s.iterations for _, s in starts),
            linear_iterations=sum(s.linear_iterations for _, s in starts),
        )

    def _stage(
        self,
        base: Content,
        c: float,
        drives: list[Drive],
        start: CellSolution | None,
        guess: Content,
        gradually: bool = False,
    ) -> Stage:
        """Solve ``y = base + c rate``; with c = 0 the rates are those at `base`."""
        lines, particles, given = self.plated(base), self.lithiation(base), self.given(base)
        condensed = [
            model.condensed(c, x)
            for model, x in zip(self.diffusion, self.stoichiometry(guess), strict=True)
        ]
        responses = [self._lithium_response(base, c, k, guess) for k in range(len(self.lines))]
        particle_responses = [
            Response(self._intercalation, self.start + stage.surface(x), stage.response)
            for stage, x in zip(condensed, particles, strict=True)
        ]
        shifts = [np.zeros(1)] * len(self.groups)
        content = guess
        for repeat in range(MOST_REPEATS):
            if self.stress is not None and self.stress.in_particles:
                new = self.stress.particle_shift(self, content)
                moved = max(float(np.abs(a - b).max()) for a, b in zip(new, shifts, strict=True))
                if repeat and moved < SHIFT_TOLERANCE:
                    break
                shifts = new
                responses = [
                    self._lithium_response(base, c, k, content) for k in range(len(self.lines))
                ]
            shifted = [
                replace(r, reaction=replace(self._intercalation, shift=shift))
                for r, shift in zip(particle_responses, shifts, strict=True)
            ]
            every = [responses[0], *shifted, *responses[1:]]
            if gradually and start is None:
                solution = self.problem.solve_gradually(drives, every)
            else:
                solution = self.problem.solve(drives, every, start)
            currents = [
                solution.currents[g] * line.weights
                for g, line in zip(self.lithium_groups, self.lines, strict=True)
            ]
            loads = [solution.loads[g] for g in self.particle_groups]
            content = self._content(
                [a - c * b for a, b in zip(lines, currents, strict=True)],
                [s.state(x, b) for s, x, b in zip(condensed, particles, loads, strict=True)],
                [q + c * b.sum(axis=1) for q, b in zip(given, loads, strict=True)],
            )
            start = solution
            if self.stress is None or not self.stress.in_particles:
                break
        else:
            raise SolveError(
                f"stress and reaction of the particles did not agree after {MOST_REPEATS} turns",
                field="stress",
                residual=moved,
                cures=("a shorter stepping.longest", 'mechanics.coupling = "lithium" or "none"'),
            )
        scale = 1.0 / c if c else 0.0
        rate = self._content(
            [-b for b in currents],
            [scale * (x - a) for x, a in zip(self.lithiation(content), particles, strict=True)],
            [b.sum(axis=1) for b in loads],
        )
        return Stage(content, rate, solution)

    def _lithium_response(self, base: Content, c: float, line: int, guess: Content) -> Response:
        """Pressure on a lithium line: none, or an affine function of its loads."""
        if self.stress is None or not self.stress.on_lithium:
            return Response(self._plating, np.zeros(self.lines[line].nodes.shape))
        rest, matrix = self.stress.lithium_response(self, base, c, guess)
        return Response(self._plating, rest[None], matrix)

    def surface_stoichiometry(self, state: State) -> list[Floats]:
        """Stoichiometry at the surface nodes of each group (k, m)."""
        if state.solution is None:
            return [
                model.surface(x)
                for model, x in zip(self.diffusion, self.stoichiometry(state.content), strict=True)
            ]
        return [state.solution.inner[g] for g in self.particle_groups]

    def reaction(self, group: int, state: State) -> Reaction:
        """The law of a group of surfaces at an accepted state."""
        if group in self.lithium_groups:
            return self._plating
        number = self.particle_groups.index(group)
        if self.stress is None or not self.stress.in_particles:
            return self._intercalation
        shift = self.stress.particle_shift(self, state.content)[number]
        return replace(self._intercalation, shift=shift)

    def particle_nodes(self) -> list[Ints]:
        """Mesh nodes of the state of each group (k, n)."""
        return [group.state_nodes for group in self.groups]

    def electrode_currents(self, solution: CellSolution) -> list[float]:
        """Current out of each electrode in A per m of depth."""
        totals = [0.0] * len(self.problem.layout.electrodes)
        for owner, loads in zip(self.problem.layout.owner, solution.loads, strict=True):
            totals[owner] += float(loads.sum())
        return totals
