"""The charge problem of a cell: potentials at which all currents balance.

Assembled once a mesh; solved for any drives of its terminals, responses of its surfaces, and pieces
that react, with nothing of time in it. `fem.physics.equations` has the equations.

Where no state variable answers to the current, the equations are the gradient of a convex energy:
the tangent is symmetric and positive definite, and Newton's method with a line search on the
energy's slope finds the one solution from anywhere, by conjugate gradients. Else the linear
systems are solved by GMRES. The two-level solver of the electrolyte preconditions both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_diag, csr_matrix, identity
from scipy.sparse.csgraph import connected_components

from fem.errors import InputError, SolveError
from fem.forms import charge
from fem.geometry import Phase
from fem.mesh import Mesh
from fem.physics.equations import ChargeEquations
from fem.physics.layout import (
    ChargeSolution,
    Drive,
    Inner,
    Layout,
    Response,
    Surface,
    Terminal,
)
from fem.physics.wiring import Network
from fem.solve.linear import Factorised, LinearResult, Preconditioned, TwoLevel
from fem.solve.newton import CURES, Newton, find, minimise
from fem.spaces import Space

Floats = NDArray[np.float64]
Active = Sequence[NDArray[np.bool_]]

__all__ = [
    "ChargeProblem",
    "ChargeSolution",
    "Drive",
    "Electrolyte",
    "Inner",
    "Response",
    "Surface",
    "Terminal",
]

WORN_OUT = 12
"""Iterations of conjugate gradients after which the preconditioner is prepared anew."""
WORN_FILMS = 3.0
"""The ratio of film conductances, new to prepared, beyond which GMRES needs a new one."""
SMALL = 2000
"""Unknowns up to which all is factorised; with more, two levels take less time and memory."""
LEAST_SHARE = 1e-3
"""Least step of a response that is brought in gradually."""
TIGHTEST = 1e-9
"""The least relative tolerance of a linear solve by GMRES."""
CONVEX = 1e-13
GENERAL = Newton(tolerance=1e-11, max_iterations=40)
"""How far Newton's method goes, relative to the current that flows."""
SINGULAR = "what a surface answers to its current has no inverse"
FIELD = 1e-13
"""Relative tolerance of the potential that belongs to known currents."""

Key = tuple[tuple[float, ...], tuple[bytes, tuple[int, ...]]]


@dataclass(frozen=True)
class Electrolyte:
    """What conducts ions.

    Attributes
    ----------
    conductivity
        Of each triangle of the space (nt,) in S/m.
    conductance
        The matrix (n, n) in S per m of depth.
    """

    space: Space
    conductivity: Floats
    conductance: csr_matrix

    @classmethod
    def of(cls, mesh: Mesh, conductivity: Floats) -> Electrolyte:
        """That of a mesh; `conductivity` is given by region, in S/m."""
        space = Space(mesh, mesh.elements(Phase.ELECTROLYTE))
        kappa = conductivity[mesh.region[space.elements]]
        return cls(space, kappa, charge.conduction(space, kappa))


class ChargeProblem:
    """Electrolyte, terminals, wires and surfaces of a cell.

    Parameters
    ----------
    terminals
        One of them at least is given a potential when the problem is solved.
    surfaces
        All surfaces; every terminal has a piece of one.

    Raises
    ------
    InputError
        If a terminal has no surface, or lies on electrolyte that is cut off from the first.
    """

    def __init__(
        self,
        electrolyte: Electrolyte,
        terminals: Sequence[Terminal],
        surfaces: Sequence[Surface],
    ) -> None:
        self.electrolyte, self.space = electrolyte, electrolyte.space
        self.terminals, self.surfaces = tuple(terminals), tuple(surfaces)
        self._layouts: dict[tuple[bytes, tuple[int, ...]], Layout] = {}
        self._prepared: tuple[Key, Preconditioned] | None = None
        self._refuse_unreachable()

    def all_active(self) -> list[NDArray[np.bool_]]:
        """Every piece of every surface reacts."""
        return [np.ones(surface.patches.count, dtype=bool) for surface in self.surfaces]

    def layout(
        self,
        drives: Sequence[Drive],
        active: Active | None = None,
        network: Network | None = None,
    ) -> Layout:
        """The unknowns for these drives and pieces that react.

        `network` is that of the terminal with wires as it is now; as it was made if left out.

        Raises
        ------
        SolveError
            If a terminal whose potential is unknown has no piece left that reacts.
        """
        free = tuple(k for k, drive in enumerate(drives) if drive.potential is None)
        active = self.all_active() if active is None else active
        key = (b"".join(each.tobytes() for each in active), free)
        terminals = self.terminals
        if network is not None:
            key = (key[0] + network.matrix.data.tobytes(), free)
            wired = [t if t.network is None else replace(t, network=network) for t in terminals]
            terminals = tuple(wired)
        if key not in self._layouts:
            self._refuse_dead(active)
            if len(self._layouts) > 3:
                self._layouts.clear()
            self._layouts[key] = Layout.of(
                key, terminals, self.surfaces, self.space, self.electrolyte.conductance, active
            )
        return self._layouts[key]

    def solve(
        self,
        drives: Sequence[Drive],
        responses: Sequence[Response],
        active: Active | None = None,
        start: ChargeSolution | None = None,
        network: Network | None = None,
    ) -> ChargeSolution:
        """Potentials at which all currents balance.

        Parameters
        ----------
        drives
            One entry a terminal; at least one potential is given.
        responses
            One entry a surface.
        active
            Which pieces of each surface react (pieces,); all if left out.
        start
            Where to begin; from mean currents if left out.
        network
            As for `layout`.

        Raises
        ------
        SolveError
            If Newton's method does not converge.
        """
        layout = self.layout(drives, active, network)
        if start is not None:
            start = replace(start, potential=self.potential(start))
        equations = ChargeEquations(layout, drives, responses, start)
        # The solver that a solve begins with follows from `start` alone, so that a run that was
        # taken up again, or had steps rejected, does the same arithmetic.
        if start is None or not start.films:
            self._prepared = None
        elif self._prepared is None or self._prepared[0] != (start.films, layout.key):
            self._prepare(layout, start.films)
        solve = self._minimised if equations.convex else self._found
        return solve(equations, equations.start(start))

    def solve_gradually(
        self,
        drives: Sequence[Drive],
        responses: Sequence[Response],
        active: Active | None = None,
        network: Network | None = None,
    ) -> ChargeSolution:
        """`solve` where no start is near: what the currents do to surfaces grows from nothing.

        That is the case where a current would empty or fill surfaces many times over: potentials
        are then far from those of any mean current.
        """
        found = self.solve(drives, [r.held() for r in responses], active, None, network)
        newton, linear = found.iterations, found.linear_iterations
        share, step = 0.0, 0.1
        while share < 1.0:
            trial = min(1.0, share + step)
            try:
                part = [r.scaled(trial) for r in responses]
                found = self.solve(drives, part, active, found, network)
            except SolveError:
                step *= 0.5
                if step < LEAST_SHARE:
                    raise
            else:
                share, step = trial, 1.5 * step
                newton, linear = newton + found.iterations, linear + found.linear_iterations
        return replace(found, iterations=newton, linear_iterations=linear)

    def potential(self, solution: ChargeSolution) -> Floats:
        """Potential of the electrolyte (n,) in V.

        Of a solution on modes it is the one that its currents make.
        """
        if len(solution.potential) == len(self.space):
            return solution.potential
        flows = np.zeros(len(self.space))
        for surface, loads in zip(self.surfaces, solution.loads, strict=True):
            np.add.at(flows, self.space.number[surface.patches.nodes], loads)
        constant = solution.potential[-1]
        below = self._field.solve(flows[1:], FIELD).solution
        return np.asarray(np.append(0.0, below) + constant)

    @cached_property
    def _field(self) -> TwoLevel:
        """The electrolyte alone, with its first unknown held at 0."""
        inner = self.electrolyte.conductance[1:, 1:].tocsr()
        return TwoLevel(inner, self.space.from_p1[1:])

    # --------------------------------------------------------------------------- the two ways

    def _minimised(self, equations: ChargeEquations, start: Floats) -> ChargeSolution:
        """The minimum of the energy, by conjugate gradients."""
        layout, solves = equations.layout, list[LinearResult]()
        cold: list[Preconditioned] = []

        def linear(matrix: csr_matrix, rhs: Floats, tolerance: float) -> Floats:
            # Only the reactions change between iterations: the last preparation usually serves.
            worn = bool(solves) and solves[-1].iterations > WORN_OUT
            if self._prepared is not None:
                solver = self._prepare(layout, equations.films()) if worn else self._prepared[1]
            else:
                if worn or not cold:
                    cold[:] = [self.prepared_for(matrix, layout)]
                solver = cold[0]
            solves.append(solver.solve(rhs, tolerance, matrix))
            return solves[-1].solution

        scale = equations.scale
        rounding = sum(network.rounding(scale) for network in layout.networks)
        settings = Newton(tolerance=CONVEX, rounding=rounding / scale)
        found = minimise(
            equations.residual,
            lambda z: equations.tangent(),
            linear,
            start,
            scale,
            "phi_e",
            settings,
            rounding=equations.rounding,
        )
        films = equations.films() if self._prepared is None else self._prepared[0][0]
        iterations = sum(result.iterations for result in solves)
        return equations.solution(
            found.solution, films, found.iterations, iterations, found.residual
        )

    def _found(self, equations: ChargeEquations, start: Floats) -> ChargeSolution:
        """The zero of the residual, by GMRES."""
        layout, count = equations.layout, 0

        def direction(z: Floats, residual: Floats, forcing: float) -> Floats:
            nonlocal count
            try:
                system = equations.linearise(z, residual)
            except np.linalg.LinAlgError as error:
                raise SolveError(SINGULAR, field="phi_e", cures=CURES) from error
            solver = self._solver(layout, system.films)
            # What the surfaces do not balance can be far larger once it is eliminated, and must
            # still be solved for to a share of the residual as it was.
            size = float(np.linalg.norm(system.rhs)) or 1.0
            share = min(1.0, equations.norm(residual) * equations.scale / size)
            tolerance = max(forcing * share, TIGHTEST)
            solution = solver.solve_near(system.operator, system.rhs, tolerance)
            count += solution.iterations
            return system.expand(solution.solution)

        found = find(
            equations.residual, direction, start, equations.norm, "phi_e", GENERAL,
            rounding=equations.rounding,
        )  # fmt: skip
        films = self._prepared[0][0] if self._prepared else ()
        return equations.solution(found.solution, films, found.iterations, count, found.residual)

    def prepared_for(self, matrix: csr_matrix, layout: Layout) -> Preconditioned:
        """A solver for matrices near this one; factors where they cost next to nothing."""
        if layout.size <= SMALL:
            return Factorised(matrix)
        rest = layout.size - len(self.space)
        up = block_diag([self.space.from_p1, identity(rest)], format="csr")
        return TwoLevel(matrix, up)

    def _solver(self, layout: Layout, films: tuple[float, ...]) -> Preconditioned:
        """The prepared solver as long as it fits, else one for these films."""
        if self._prepared is not None:
            (old, which), solver = self._prepared
            live = [k for k in layout.live if self.surfaces[k].kinetics is not None]
            new, known = np.array(films)[live], np.array(old)[live]
            fits = (new < WORN_FILMS * known) & (known < WORN_FILMS * new)
            if which == layout.key and fits.all():
                return solver
        return self._prepare(layout, films)

    def _prepare(self, layout: Layout, films: tuple[float, ...]) -> Preconditioned:
        solver = self.prepared_for(layout.films(films), layout)
        self._prepared = ((films, layout.key), solver)
        return solver

    # -------------------------------------------------------------------------------- refusals

    def _refuse_unreachable(self) -> None:
        """Every terminal must share connected electrolyte with the first."""
        _, part = connected_components(self.electrolyte.conductance, directed=False)
        reached: list[set[int]] = [set() for _ in self.terminals]
        for surface in self.surfaces:
            found = part[self.space.number[surface.patches.nodes]]
            terminal = surface.terminal[surface.patches.piece_of_node]
            for k in np.unique(terminal).tolist():
                reached[k] |= set(found[terminal == k].tolist())
        for electrode, parts in zip(self.terminals, reached, strict=True):
            if not parts:
                raise InputError(
                    f"{electrode.name} has no surface on the electrolyte, so no current can flow",
                    key="inactive" if "cathode" in electrode.name else "geometry.anode",
                    cure="leave at least one particle active and in contact with the electrolyte",
                )
            if not parts <= reached[0]:
                raise InputError(
                    f"{electrode.name} lies on electrolyte that is cut off from the lithium",
                    key="inactive",
                    cure="make the particles of the cut-off electrolyte inactive",
                )

    def _refuse_dead(self, active: Active) -> None:
        """Every terminal must have a piece that reacts."""
        alive = set()
        for surface, which in zip(self.surfaces, active, strict=True):
            alive |= set(surface.terminal[which].tolist())
        for k, terminal in enumerate(self.terminals):
            if k not in alive:
                raise SolveError(
                    f"nothing of {terminal.name} reacts any more, so no current can flow",
                    field="phi_s",
                )
