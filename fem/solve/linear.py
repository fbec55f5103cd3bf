"""Sparse symmetric positive definite systems of P2 problems, by two-level conjugate gradients.

Every linear system of this package is symmetric positive definite (the charge problem is the
Hessian of a convex energy, in the electrolyte potential and the electrode potentials together).
P1 on the same triangles is a coarse space for P2: conjugate gradients with a Chebyshev smoother
on the P2 level and a solve on the P1 level reach ten digits in about ten iterations, independent
of the mesh. The coarse solve is a sparse LU up to `LARGEST_DIRECT` unknowns and one cycle of
algebraic multigrid beyond.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import LinearOperator, cg, gmres, splu

from fem.errors import SolveError

Floats = NDArray[np.float64]
Solve = Callable[[Floats], Floats]

SINGULAR = "a matrix to be factorised is singular"
DIRECT = "two-level, direct coarse solve"
FACTORS = "sparse factors"
MULTIGRID = "two-level, multigrid coarse solve"
LARGEST_DIRECT = 300_000
"""Coarse unknowns above which multigrid replaces the sparse LU (measured: docs/performance.md)."""
DENSE_ROW = 200
"""Entries of a coarse row above which its unknown counts as global."""
MOST_GLOBAL = 16
"""Such unknowns that are eliminated before a factorisation, which bears the shorter rows well."""
SMOOTHER_DEGREE = 2
SMOOTHER_RANGE = 4.0
"""The smoother works on eigenvalues from largest / SMOOTHER_RANGE to the largest."""
RESTART = 15
"""Directions that GMRES keeps: a good preconditioner needs no more, and memory costs time."""
MAX_ITERATIONS = 400


@dataclass(frozen=True)
class LinearResult:
    """Solution, number of iterations, and which coarse solver was used."""

    solution: Floats
    iterations: int
    method: str


class Preconditioned(ABC):
    """A symmetric positive definite matrix (n, n) with what preconditions it."""

    matrix: csr_matrix
    method: str

    @abstractmethod
    def precondition(self, rhs: Floats) -> Floats:
        """An approximate solution, linear and symmetric in `rhs`."""

    def solve(
        self, rhs: Floats, tolerance: float = 1e-12, matrix: csr_matrix | None = None
    ) -> LinearResult:
        """Solve for `rhs` to a relative residual of `tolerance`.

        `matrix` may differ a little from the one that was prepared: then that one only
        preconditions.

        Raises
        ------
        SolveError
            If the tolerance is not reached.
        """
        matrix = self.matrix if matrix is None else matrix
        norm = float(np.linalg.norm(rhs))
        if norm == 0.0:
            return LinearResult(np.zeros_like(rhs), 0, self.method)
        count = [0]

        def step(_: Floats) -> None:
            count[0] += 1

        operator = LinearOperator(matrix.shape, self.precondition, dtype=float)
        solution, failed = cg(
            matrix, rhs, rtol=tolerance, maxiter=MAX_ITERATIONS, M=operator, callback=step
        )
        if failed:
            residual = float(np.linalg.norm(rhs - matrix @ solution)) / norm
            # Rounding ends the descent a little above the tolerance on very large systems.
            if not residual <= 1e3 * tolerance:
                raise SolveError(
                    f"the linear solver stalled after {count[0]} iterations",
                    residual=residual,
                    cures=(
                        "check the mesh for nearly flat elements (fem mesh)",
                        "check materials for ratios of stiffness beyond 1e6",
                    ),
                )
        return LinearResult(solution, count[0], self.method)

    def solve_near(self, operator: LinearOperator, rhs: Floats, tolerance: float) -> LinearResult:
        """Solve with an `operator` that is near the prepared matrix but need not be symmetric.

        Raises
        ------
        SolveError
            If the tolerance, relative to `rhs`, is not reached.
        """
        norm = float(np.linalg.norm(rhs))
        if norm == 0.0:
            return LinearResult(np.zeros_like(rhs), 0, self.method)
        count = [0]

        def step(_: float) -> None:
            count[0] += 1

        preconditioner = LinearOperator(operator.shape, self.precondition, dtype=float)
        solution, failed = gmres(
            operator, rhs, rtol=tolerance, restart=RESTART, maxiter=20, M=preconditioner,
            callback=step, callback_type="pr_norm",
        )  # fmt: skip
        if failed:
            residual = float(np.linalg.norm(rhs - operator @ solution)) / norm
            if not residual <= 1e2 * tolerance:
                raise SolveError(
                    f"the linear solver stalled after {count[0]} iterations",
                    residual=residual,
                    cures=("check the mesh for nearly flat elements (fem mesh)",),
                )
        return LinearResult(solution, count[0], self.method)


class TwoLevel(Preconditioned):
    """A symmetric positive definite matrix, prepared for repeated solves.

    Parameters
    ----------
    matrix
        (n, n), P2.
    coarse_to_fine
        (n, m): P1 functions (and any global unknowns) as P2 functions.
    near_nullspace
        (m, k): coarse vectors that the matrix nearly annihilates, such as rigid motions; they
        only serve multigrid. The constant vector if left out.
    """

    def __init__(
        self,
        matrix: csr_matrix,
        coarse_to_fine: csr_matrix,
        near_nullspace: Floats | None = None,
    ) -> None:
        self.matrix = matrix
        self._up = coarse_to_fine
        self._down = coarse_to_fine.T.tocsr()
        diagonal = matrix.diagonal()
        if not diagonal.all():
            raise SolveError(SINGULAR)
        self._inverse_diagonal = 1.0 / diagonal
        coarse = (self._down @ matrix @ self._up).tocsr()
        self._coarse, self.method = _coarse_solver(coarse, near_nullspace)
        self._largest = self._largest_eigenvalue()

    def _largest_eigenvalue(self) -> float:
        """Of the Jacobi-scaled matrix, by power iteration with a margin."""
        vector = np.random.default_rng(0).standard_normal(self.matrix.shape[0])
        value = 1.0
        for _ in range(12):
            vector = self._inverse_diagonal * (self.matrix @ vector)
            value = float(np.linalg.norm(vector))
            vector /= value
        return 1.05 * value

    def _smooth(self, rhs: Floats, start: Floats | None) -> Floats:
        """Chebyshev iteration on the upper part of the spectrum."""
        high, low = self._largest, self._largest / SMOOTHER_RANGE
        centre, half = 0.5 * (high + low), 0.5 * (high - low)
        residual = rhs if start is None else rhs - self.matrix @ start
        step = self._inverse_diagonal * residual / centre
        solution = step if start is None else start + step
        rho = half / centre
        for _ in range(SMOOTHER_DEGREE - 1):
            residual = residual - self.matrix @ step
            rho_next = 1.0 / (2.0 * centre / half - rho)
            step = rho_next * (rho * step + (2.0 / half) * self._inverse_diagonal * residual)
            solution = solution + step
            rho = rho_next
        return np.asarray(solution)

    def precondition(self, rhs: Floats) -> Floats:
        """One symmetric cycle: smooth, correct on the coarse level, smooth."""
        solution = self._smooth(rhs, None)
        solution = solution + self._up @ self._coarse(self._down @ (rhs - self.matrix @ solution))
        return self._smooth(rhs, solution)


class Factorised(Preconditioned):
    """A symmetric positive definite matrix (n, n) with its sparse factors.

    For what `TwoLevel` is slow at: P1 locks where a solid can hardly change its volume, as one that
    flows, and is no coarse space of its P2 then.

    Parameters
    ----------
    order
        In which unknowns are eliminated (n,); by minimum degree if left out.
    """

    def __init__(self, matrix: csr_matrix, order: NDArray[np.int64] | None = None) -> None:
        self.matrix, self.method, self._order = matrix, FACTORS, order
        ordered = matrix if order is None else matrix[order][:, order]
        try:
            self._factors = splu(
                ordered.tocsc(),
                permc_spec="MMD_AT_PLUS_A" if order is None else "NATURAL",
                options={"SymmetricMode": True},
            )
        except RuntimeError as error:
            raise SolveError(SINGULAR) from error

    def precondition(self, rhs: Floats) -> Floats:
        """The solution, to rounding; of several right-hand sides (n, k) likewise."""
        if self._order is None:
            return np.asarray(self._factors.solve(rhs))
        found = np.empty_like(rhs)
        found[self._order] = self._factors.solve(rhs[self._order])
        return found


def pivoted(matrix: csr_matrix) -> Solve:
    """Solutions with a matrix that need be neither definite nor quite symmetric, by its factors.

    Raises
    ------
    SolveError
        If it is singular.
    """
    try:
        factors = splu(
            matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.01,
            options={"SymmetricMode": True},
        )  # fmt: skip
    except RuntimeError as error:
        raise SolveError(SINGULAR) from error
    return lambda right: np.asarray(factors.solve(right))


def _coarse_solver(matrix: csr_matrix, near_nullspace: Floats | None) -> tuple[Solve, str]:
    """A solver for the coarse matrix, with dense rows (global unknowns) eliminated as a border.

    Such rows tie an electrode potential or a rigid body to thousands of nodes: they would fill a
    factorisation and mislead aggregation.
    """
    count = np.diff(matrix.indptr)
    dense = np.flatnonzero(count > max(DENSE_ROW, 10.0 * np.median(count)))
    if matrix.shape[0] <= LARGEST_DIRECT:
        dense = dense[np.argsort(count[dense], kind="stable")[-MOST_GLOBAL:]]
    if not len(dense):
        return _sparse_solver(matrix, near_nullspace)
    sparse = np.setdiff1d(np.arange(matrix.shape[0]), dense)
    inner = matrix[sparse]
    kept = None if near_nullspace is None else near_nullspace[sparse]
    solve, method = _sparse_solver(inner[:, sparse].tocsr(), kept)
    border = inner[:, dense].toarray()
    # Exact for the direct solver; for multigrid, solved well enough to keep the border's share.
    columns = np.stack([solve(column) for column in border.T], axis=1)
    if method == MULTIGRID:
        block = inner[:, sparse].tocsr()
        operator = LinearOperator(block.shape, solve, dtype=float)
        columns = np.stack([cg(block, c, rtol=1e-8, M=operator)[0] for c in border.T], axis=1)
    schur = np.linalg.inv(matrix[dense][:, dense].toarray() - border.T @ columns)

    def bordered(rhs: Floats) -> Floats:
        result = np.empty_like(rhs)
        below = schur @ (rhs[dense] - columns.T @ rhs[sparse])
        result[dense] = below
        result[sparse] = solve(rhs[sparse]) - columns @ below
        return result

    return bordered, method


def _sparse_solver(matrix: csr_matrix, near_nullspace: Floats | None) -> tuple[Solve, str]:
    if matrix.shape[0] <= LARGEST_DIRECT:
        try:
            return splu(matrix.tocsc(), permc_spec="COLAMD").solve, DIRECT
        except RuntimeError as error:
            raise SolveError(SINGULAR) from error
    import pyamg  # an import that small problems need not pay

    hierarchy = pyamg.smoothed_aggregation_solver(
        matrix, B=near_nullspace, strength=("symmetric", {"theta": 0.08}), max_coarse=1000
    )
    return hierarchy.aspreconditioner().matvec, MULTIGRID
