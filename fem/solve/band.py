"""One symmetric system with films that depend on a number, solved for many values of that number.

    (K + T' Y T) u = f

K is sparse, real and always the same; Y are complex films on the traces T u, cheap to apply and
different each time, as the admittances of surfaces are over frequency. The solutions of a band vary
smoothly, so that a few of them span all others: each is sought first in the space of those that are
known (Galerkin's method), and only where its residual is too large the system is solved in full,
which adds two vectors to the space. That is the reduced basis method, with a residual that is
computed and not estimated (A. Quarteroni, A. Manzoni, F. Negri, Reduced Basis Methods for Partial
Differential Equations, 2016). What is asked is f' u, whose error is of second order in that of u
where Y is symmetric, and nearly so where it nearly is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import LinearOperator, gmres

from fem.errors import SolveError
from fem.solve.linear import Solve

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
Films = Callable[[Any], Complexes]
"""``Y v`` of traces v (m, r)."""


TOLERANCE = 1e-5
"""Residual, over the load, up to which a projected solution is taken."""
EXACT = 1e-9
"""The same of a solution in full."""
RESTART, CYCLES = 40, 10
DEPENDENT = 1e-9
"""What a vector must keep of itself beside the others to widen the space."""


@dataclass(frozen=True)
class Answer:
    """A solution: ``f' u``, its relative residual, and whether it was solved for in full."""

    value: complex
    residual: float
    full: bool


class Band:
    """Systems that differ in their films alone.

    Parameters
    ----------
    matrix, trace
        K (n, n), symmetric; T (m, n).
    load
        f (n,).

    Attributes
    ----------
    full
        How many systems were solved in full.
    """

    def __init__(self, matrix: csr_matrix, trace: csr_matrix, load: Floats) -> None:
        self._matrix, self._trace, self._load = matrix, trace, load
        self._adjoint = trace.T.tocsr()
        self._size = float(np.linalg.norm(load))
        n, m = matrix.shape[0], trace.shape[0]
        self._space = np.zeros((n, 0))
        self._images, self._traces = np.zeros((n, 0)), np.zeros((m, 0))
        self._reduced, self._loads = np.zeros((0, 0)), np.zeros(0)
        self.full = 0

    def solve(self, films: Films, preconditioner: Callable[[], Solve]) -> Answer:
        """The system with these films.

        Parameters
        ----------
        preconditioner
            Makes an approximate inverse for real right sides; asked where the system is solved in
            full.

        Raises
        ------
        SolveError
            If a full solution is not found.
        """
        found = np.zeros(len(self._load), dtype=complex)
        if self._space.shape[1]:
            crossing = films(self._traces)
            y = np.linalg.solve(self._reduced + _times(self._traces.T, crossing), self._loads)
            miss = _times(self._images, y) + self._adjoint @ (crossing @ y) - self._load
            residual = float(np.linalg.norm(miss)) / self._size
            if residual <= TOLERANCE:
                return Answer(complex(self._loads @ y), residual, full=False)
            found = _times(self._space, y)
        found, residual = self._in_full(films, preconditioner(), found)
        self._widen(found.real)
        self._widen(found.imag)
        self.full += 1
        return Answer(complex(self._load @ found), residual, full=True)

    def _in_full(self, films: Films, solve: Solve, start: Complexes) -> tuple[Complexes, float]:
        def multiply(u: Complexes) -> Complexes:
            u = np.asarray(u).ravel()
            crossing = films((self._trace @ u)[:, None])[:, 0]
            return np.asarray(self._matrix @ u + self._adjoint @ crossing)

        def precondition(b: Complexes) -> Complexes:
            b = np.asarray(b).ravel()
            return solve(np.ascontiguousarray(b.real)) + 1j * solve(np.ascontiguousarray(b.imag))

        shape = self._matrix.shape
        found, _ = gmres(
            LinearOperator(shape, multiply, dtype=complex),
            self._load.astype(complex),
            x0=start,
            rtol=EXACT,
            restart=RESTART,
            maxiter=CYCLES,
            M=LinearOperator(shape, precondition, dtype=complex),
        )
        residual = float(np.linalg.norm(multiply(found) - self._load)) / self._size
        if not residual <= TOLERANCE:  # rounding may end the descent above what was asked
            raise SolveError(
                "the linear solver of a spectrum stalled",
                residual=residual,
                cures=("check the mesh for nearly flat elements (fem mesh)",),
            )
        return found, residual

    def _widen(self, vector: Floats) -> None:
        """Add a vector to the space, unless it is there."""
        size = float(np.linalg.norm(vector))
        new = vector.copy()
        for _ in range(2):  # twice is enough for rounding
            new -= self._space @ (self._space.T @ new)
        left = float(np.linalg.norm(new))
        if left <= DEPENDENT * size:
            return
        new = (new / left)[:, None]
        self._space = np.concatenate([self._space, new], axis=1)
        self._images = np.concatenate([self._images, self._matrix @ new], axis=1)
        self._traces = np.concatenate([self._traces, self._trace @ new], axis=1)
        self._reduced = self._space.T @ self._images
        self._loads = self._space.T @ self._load


def _times(real: Floats, values: NDArray[Any]) -> Complexes:
    """A real matrix times a complex one, without a complex copy of the large one."""
    return np.asarray(real @ values.real + 1j * (real @ values.imag))
