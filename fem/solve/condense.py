"""Condensation of a sparse symmetric system onto a few of its unknowns.

The Schur complement ``A_kk - A_ki A_ii^-1 A_ik`` by nested dissection: the plane is halved again
and again by coordinates; the unknowns of one half that touch the other separate the two. Pieces
are eliminated by a sparse factorisation, each of which passes what it means to its boundary on as
a dense matrix (a substructure). Then the separators follow, from the smallest to the largest, until
the chosen unknowns remain. Only one branch of this tree is held at a time, and no factors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import dsyrk, dtrsm
from scipy.linalg.lapack import dpotrf
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import splu

from fem.errors import SolveError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PIECE = 8000
"""Unknowns up to which a piece is factorised as a sparse matrix."""
SMALLEST = 100
"""Unknowns up to which a piece is not halved any more to order it."""
LEAST_PIVOT = 1e-12
"""Share of its diagonal entry that elimination must leave of an unknown's stiffness."""


def schur_complement(matrix: csr_matrix, coordinates: Floats, kept: Ints) -> Floats:
    """The matrix (m, m) that is left of a symmetric matrix when all but `kept` are eliminated.

    Parameters
    ----------
    matrix
        (n, n), symmetric and positive definite. It may be semidefinite as a whole if it is
        definite without `kept`.
    coordinates
        Where the unknowns lie (2, n). They decide no more than the order of elimination, and do
        not matter for `kept`.
    kept
        Unknowns that stay (m,), which is the order of the result.

    Raises
    ------
    SolveError
        If what is eliminated is not positive definite: something can move without resistance.

    Notes
    -----
    Global unknowns, which touch all others, belong to `kept`. A load can be condensed as one: it
    borders the matrix.
    """
    inner = np.ones(matrix.shape[0], dtype=bool)
    inner[kept] = False
    result = np.asarray(matrix[kept][:, kept].toarray())
    if not inner.any():
        return result
    boundary, passed = _Elimination(matrix.tocsr(), coordinates).eliminate(np.flatnonzero(inner))
    place = np.empty(matrix.shape[0], dtype=int)
    place[kept] = np.arange(len(kept))
    result[np.ix_(place[boundary], place[boundary])] += passed
    return result


def dissected(matrix: csr_matrix, coordinates: Floats) -> Ints:
    """An order (n,) of the unknowns of a symmetric matrix for sparse factors: nested dissection.

    `coordinates` (2, n) are as in `schur_complement`.
    """
    elimination = _Elimination(matrix.tocsr(), coordinates)
    return np.concatenate(elimination.ordered(np.arange(matrix.shape[0])))


class _Elimination:
    """Eliminates unknowns of one matrix piece by piece."""

    def __init__(self, matrix: csr_matrix, coordinates: Floats) -> None:
        self._matrix, self._coordinates = matrix, coordinates
        self._diagonal = matrix.diagonal()
        size = matrix.shape[0]
        self._gone = np.zeros(size, dtype=bool)
        self._beyond = np.zeros(size, dtype=bool)
        self._place = np.full(size, -1)

    def eliminate(self, unknowns: Ints) -> tuple[Ints, Floats]:
        """Eliminate `unknowns`; their neighbours (b,) and what is added to these, (b, b)."""
        if len(unknowns) <= PIECE:
            return self._eliminate_piece(unknowns)
        parts, separator = self._halves(unknowns)
        below = [self.eliminate(part) for part in parts]
        return self._eliminate_separator(separator, below)

    def _eliminate_piece(self, unknowns: Ints) -> tuple[Ints, Floats]:
        """The same by a sparse factorisation of the piece and its neighbours, these last."""
        self._gone[unknowns] = True
        touched = np.unique(self._matrix[unknowns].indices)
        boundary = touched[~self._gone[touched]]
        order = np.concatenate([*self.ordered(unknowns), boundary])
        block = self._matrix[order][:, order].tocsc()
        try:
            factors = splu(
                block, permc_spec="NATURAL", diag_pivot_thresh=0.0,
                options={"SymmetricMode": True},
            )  # fmt: skip
        except RuntimeError as error:  # an exact zero
            raise _indefinite() from error
        count, rows = len(unknowns), factors.perm_r
        # Rows change places only where a pivot on the diagonal is zero. Among the neighbours it may
        # be, to rounding: what is left of a piece that can move as a whole is semidefinite.
        if (rows[:count] != np.arange(count)).any():
            raise _indefinite()
        self._check(factors.U.diagonal()[:count], order[:count])
        # The product of the last blocks of both factors is what elimination has left of the
        # neighbours' own entries.
        left = (factors.L[count:, count:] @ factors.U[count:, count:]).toarray()
        left = left[rows[count:] - count]
        return boundary, left - block[count:, count:].toarray()

    def _eliminate_separator(
        self, separator: Ints, below: list[tuple[Ints, Floats]]
    ) -> tuple[Ints, Floats]:
        """The same for unknowns between parts that are eliminated already, by dense matrices."""
        rows = self._matrix[separator]
        self._gone[separator] = True
        touched = np.unique(np.concatenate([rows.indices, *(each for each, _ in below)]))
        boundary = touched[~self._gone[touched]]
        front = np.concatenate([separator, boundary])
        place, count = self._place, len(separator)
        place[front] = np.arange(len(front))
        dense = np.zeros((len(front), len(front)), order="F")
        row, column = np.repeat(np.arange(count), np.diff(rows.indptr)), place[rows.indices]
        # Neighbours that went before have passed this entry on already.
        later = column >= 0
        dense[row[later], column[later]] = rows.data[later]
        for neighbours, passed in below:
            dense[np.ix_(place[neighbours], place[neighbours])] += passed
        place[front] = -1
        if not count:
            return boundary, dense

        # One library for all three steps: thread pools of two would wait for each other.
        factor, failed = dpotrf(dense[:count, :count])
        if failed:
            raise _indefinite()
        self._check(np.diag(factor) ** 2, separator)
        if not len(boundary):
            return boundary, dense[count:, count:]
        across = dtrsm(1.0, factor, dense[:count, count:], trans_a=1)
        upper = np.triu(dsyrk(-1.0, across, trans=1, beta=1.0, c=dense[count:, count:]))
        return boundary, upper + np.triu(upper, 1).T

    def _check(self, pivots: Floats, unknowns: Ints) -> None:
        if not (pivots > LEAST_PIVOT * self._diagonal[unknowns]).all():
            raise _indefinite()

    def ordered(self, unknowns: Ints) -> list[Ints]:
        """`unknowns` in pieces, each separator after what it separates."""
        if len(unknowns) <= SMALLEST:
            return [unknowns]
        parts, separator = self._halves(unknowns)
        return [*(piece for part in parts for piece in self.ordered(part)), separator]

    def _halves(self, unknowns: Ints) -> tuple[list[Ints], Ints]:
        """Two parts of `unknowns` that do not touch each other, and those between them."""
        points = self._coordinates[:, unknowns]
        along = points[int(np.argmax(np.ptp(points, axis=1)))]
        # Unknowns at one point stay together.
        first = along <= np.median(along)
        one, other = unknowns[first], unknowns[~first]
        if not len(other):
            return [], unknowns
        self._beyond[other] = True
        rows = self._matrix[one]
        reach = np.add.reduceat(self._beyond[rows.indices], rows.indptr[:-1], dtype=int) > 0
        self._beyond[other] = False
        return [part for part in (one[~reach], other) if len(part)], one[reach]


def _indefinite() -> SolveError:
    return SolveError(
        "a stiffness that is to be condensed is not positive definite",
        cures=("check the mesh for nearly flat elements (fem mesh)",),
    )
