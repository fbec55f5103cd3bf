"""The charge problem of a cell in time, assembled once a mesh and solved stage by stage.

`fem.physics.stage` has the equations. The two-level solver for the electrolyte, with films of the
surfaces' mean conductance, preconditions their linear systems.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_diag, coo_matrix, csr_matrix, identity
from scipy.sparse.csgraph import connected_components

from fem.errors import InputError, SolveError
from fem.forms import charge
from fem.geometry import Phase
from fem.mesh import Mesh
from fem.physics.stage import CellSolution, Drive, Electrode, Layout, Response, StageEquations
from fem.solve.linear import TwoLevel
from fem.solve.newton import Newton, find
from fem.spaces import Space

Floats = NDArray[np.float64]

WORN_OUT = 3.0
"""The ratio of film conductances, new to prepared, beyond which the solver is prepared anew."""
LEAST_SHARE = 1e-3
"""Least step of a response that is brought in gradually."""
TIGHTEST = 1e-9
"""The least relative tolerance of a linear solve."""
STAGE = Newton(tolerance=1e-11, max_iterations=40)


class CellProblem:
    """Assembled once a mesh; solved for any drives and responses.

    Parameters
    ----------
    mesh
        The cell.
    conductivity
        Ionic conductivity of each region in S/m.
    electrodes
        The lithium foil, the cathode, isolated lithium.
    """

    def __init__(self, mesh: Mesh, conductivity: Floats, electrodes: Sequence[Electrode]) -> None:
        self.space = Space(mesh, mesh.elements(Phase.ELECTROLYTE))
        self.conductivity = conductivity[mesh.region[self.space.elements]]
        groups = [(e, p) for e, electrode in enumerate(electrodes) for p in electrode.patches]
        self.layout = Layout(
            charge.conduction(self.space, self.conductivity),
            tuple(electrodes),
            tuple(p for _, p in groups),
            tuple(e for e, _ in groups),
            tuple(self.space.number[p.nodes] for _, p in groups),
        )
        self._prepared: tuple[tuple[float, ...], tuple[int, ...], TwoLevel] | None = None
        self._refuse_unreachable()

    def solve(
        self,
        drives: Sequence[Drive],
        responses: Sequence[Response],
        start: CellSolution | None = None,
    ) -> CellSolution:
        """Potentials at which all currents balance.

        Parameters
        ----------
        drives
            One entry an electrode; at least one potential is given.
        responses
            One entry a group of surfaces, in the order of `patches`.
        start
            Where to begin; from mean currents if left out.

        Raises
        ------
        SolveError
            If Newton's method does not converge.
        """
        stage = StageEquations(self.layout, drives, responses, start)
        z = stage.start(start)
        # The solver a stage begins with follows from `start` alone, so that a run that was taken
        # up again, or had steps rejected, does the same arithmetic.
        if start is None or not start.films:
            self._prepared = None
        elif self._prepared is None or self._prepared[:2] != (start.films, stage.free):
            self._prepare(stage, start.films)
        linear = [0]

        def direction(z: Floats, residual: Floats, forcing: float) -> Floats:
            system = stage.linearise(z, residual)
            solver = self._solver(stage, system.films)
            # What the surfaces do not balance can be far larger once it is eliminated, and must
            # still be solved for to a share of the residual as it was.
            size = float(np.linalg.norm(system.rhs)) or 1.0
            share = min(1.0, stage.norm(residual) * stage.scale / size)
            tolerance = max(forcing * share, TIGHTEST)
            solution = solver.solve_near(system.operator, system.rhs, tolerance)
            linear[0] += solution.iterations
            return system.expand(solution.solution)

        found = find(stage.residual, direction, z, stage.norm, "phi_e", STAGE)
        return stage.solution(
            found.solution,
            found.iterations,
            linear[0],
            found.residual,
            self._prepared[0] if self._prepared else (),
        )

    def solve_gradually(
        self, drives: Sequence[Drive], responses: Sequence[Response]
    ) -> CellSolution:
        """`solve` where no start is near: the responses grow from none to what they are.

        That is the case where a current would empty or fill surfaces many times over: potentials
        are then far from those of any mean current.
        """
        found = self.solve(drives, [replace(r, matrix=None) for r in responses])
        share, step = 0.0, 0.1
        while share < 1.0:
            trial = min(1.0, share + step)
            scaled = [
                replace(r, matrix=None if r.matrix is None else trial * r.matrix) for r in responses
            ]
            try:
                found = self.solve(drives, scaled, found)
            except SolveError:
                step *= 0.5
                if step < LEAST_SHARE:
                    raise
            else:
                share, step = trial, 1.5 * step
        return found

    def _solver(self, stage: StageEquations, films: tuple[float, ...]) -> TwoLevel:
        """The prepared solver as long as it fits, else one for these films."""
        if self._prepared is not None:
            old, free, solver = self._prepared
            ratio = np.array(films) / np.array(old)
            if free == stage.free and ratio.max() < WORN_OUT and ratio.min() > 1.0 / WORN_OUT:
                return solver
        return self._prepare(stage, films)

    def _prepare(self, stage: StageEquations, films: tuple[float, ...]) -> TwoLevel:
        n, size = len(self.space), len(self.space) + len(stage.free)
        entries = []
        for group, film in enumerate(films):
            patches, dofs = self.layout.patches[group], self.layout.dofs[group]
            pairs = patches.pair_loads(np.full(patches.weights.shape, film)).reshape(-1, 3, 3)
            edges = dofs[:, patches.edges].reshape(-1, 3)
            rows = np.broadcast_to(edges[:, :, None], pairs.shape)
            entries.append((pairs.ravel(), rows.ravel(), rows.transpose(0, 2, 1).ravel()))
            unknown = stage.unknown(self.layout.owner[group])
            if unknown is not None:
                edge_loads = pairs.sum(axis=2).ravel()
                column = np.full(edge_loads.shape, unknown)
                entries.append((-edge_loads, edges.ravel(), column))
                entries.append((-edge_loads, column, edges.ravel()))
                entries.append((edge_loads, column, column))
        values, rows, columns = (np.concatenate([e[k] for e in entries]) for k in range(3))
        matrix = coo_matrix((values, (rows, columns)), shape=(size, size)).tocsr()
        matrix = (
            matrix + block_diag([self.layout.conductance, csr_matrix((size - n, size - n))])
        ).tocsr()
        up = block_diag([self.space.from_p1, identity(size - n)], format="csr")
        solver = TwoLevel(matrix, up)
        self._prepared = (films, stage.free, solver)
        return solver

    def _refuse_unreachable(self) -> None:
        """Every electrode must share connected electrolyte with the lithium foil."""
        for electrode in self.layout.electrodes:
            if not electrode.patches:
                raise InputError(
                    f"{electrode.name} has no surface on the electrolyte, so no current can flow",
                    key="inactive" if "cathode" in electrode.name else "geometry.anode",
                    cure="leave at least one particle active and in contact with the electrolyte",
                )
        _, part = connected_components(self.layout.conductance, directed=False)
        grounded = set(part[self.layout.dofs[0]].ravel().tolist())
        for dofs, owner in zip(self.layout.dofs, self.layout.owner, strict=True):
            name = self.layout.electrodes[owner].name
            if not grounded.issuperset(np.unique(part[dofs]).tolist()):
                raise InputError(
                    f"{name} lies on electrolyte that is cut off from the lithium",
                    key="inactive",
                    cure="make the particles of the cut-off electrolyte inactive",
                )
