"""A matrix condensed once onto a few of its unknowns, any of which may then be held.

Where all that changes from one linear system to the next is which of a few unknowns are held, the
others are eliminated once. Each system then costs dense factors of those that are free, and two
solutions with sparse factors that stay.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve
from scipy.linalg.lapack import dpotrf
from scipy.sparse import csr_matrix

from fem.errors import SolveError
from fem.solve.condense import schur_complement
from fem.solve.linear import SINGULAR, Factorised, Solve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

KEPT = 2
"""Sets of free unknowns of which dense factors are kept, in case they come again."""
DENSE_ROW = 200
"""Entries of a row above which its unknown is not eliminated: it would fill the factors."""


class Substructure:
    """A symmetric positive definite matrix (n, n) whose unknowns `kept` (m,) may be held.

    Parameters
    ----------
    points
        Where the unknowns lie (2, n), as for `schur_complement`.

    Raises
    ------
    SolveError
        If it is not positive definite where all of `kept` are held.
    """

    def __init__(self, matrix: csr_matrix, points: Floats, kept: Ints) -> None:
        size = matrix.shape[0]
        self._may = np.zeros(size, dtype=bool)
        self._may[kept] = True
        border = self._may | (np.diff(matrix.indptr) > DENSE_ROW)
        self._border, self._inner = np.flatnonzero(border), np.flatnonzero(~border)
        self._schur = schur_complement(matrix, points, self._border)
        inner = matrix[self._inner]
        self._across = inner[:, self._border].tocsr()
        self._factors = Factorised(inner[:, self._inner].tocsr())
        self._known: list[tuple[bytes, Floats]] = []

    def serves(self, free: Ints) -> bool:
        """Whether all but the unknowns `free` may be held."""
        held = np.ones(len(self._may), dtype=bool)
        held[free] = False
        return not (held & ~self._may).any()

    def solver(self, free: Ints, springs: Floats) -> Solve:
        """Solutions at unknowns `free` (k,), the others held, with `springs` (n,) added to `kept`.

        Raises
        ------
        SolveError
            If the matrix is not positive definite there.
        """
        number = np.full(len(self._may), -1)
        number[free] = np.arange(len(free))
        inner, border = number[self._inner], number[self._border]
        rows = np.flatnonzero(border >= 0)
        factor = self._factor(rows, springs[self._border[rows]])
        across = self._across[:, rows]

        def solve(right: Floats) -> Floats:
            found = np.empty(len(free))
            z = self._factors.precondition(right[inner])
            y = cho_solve((factor, True), right[border[rows]] - across.T @ z, check_finite=False)
            found[border[rows]] = y
            found[inner] = z - self._factors.precondition(across @ y)
            return found

        return solve

    def _factor(self, rows: Ints, springs: Floats) -> Floats:
        """Dense factor of what is left at some of the border."""
        key = rows.tobytes() + springs.tobytes()
        for known, factor in self._known:
            if known == key:
                return factor
        left = self._schur[np.ix_(rows, rows)].T  # symmetric; in the order that LAPACK wants
        left[np.diag_indices(len(rows))] += springs
        factor, failed = dpotrf(left, lower=1, overwrite_a=1, clean=0)
        if failed:
            raise SolveError(SINGULAR)
        self._known = [*self._known[1 - KEPT :], (key, factor)]
        return np.asarray(factor)
