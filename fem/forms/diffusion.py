"""Diffusion of lithium in a solid: the matrices of Fick's law.

Weak form, for all w, of ``dx/dt = div(D grad x)`` with the current density i_n that leaves the
solid through its surface:

    integral of dx/dt w dA + integral of D grad(x) . grad(w) dA = - integral of i_n w ds / (F c_max)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

from fem.forms.mechanics import gradients
from fem.spaces import Space

Floats = NDArray[np.float64]


def shapes(space: Space) -> Floats:
    """The six P2 shape functions at the quadrature points, (6, nq)."""
    return np.stack([np.asarray(space.basis.basis[a][0])[0] for a in range(6)])


def mass(space: Space) -> csr_matrix:
    """The matrix (n, n) with entries ``integral of w_a w_b dA`` in m^2."""
    functions = shapes(space)
    return _assemble(space, np.einsum("eq,aq,bq->eab", space.basis.dx, functions, functions))


def diffusion(space: Space, diffusivity: Floats) -> csr_matrix:
    """The matrix (n, n) with entries ``integral of D grad(w_a) . grad(w_b) dA`` in m^2/s.

    Parameters
    ----------
    diffusivity
        D at the quadrature points (nt, nq), or one value a triangle (nt, 1), in m^2/s.
    """
    slope = gradients(space.basis)
    weight = (diffusivity * space.basis.dx)[:, :, None]
    return _assemble(space, sum(np.matmul((weight * g).transpose(0, 2, 1), g) for g in slope))


def _assemble(space: Space, local: Floats) -> csr_matrix:
    """Sum element matrices (nt, 6, 6)."""
    rows = np.broadcast_to(space.triangles[:, :, None], local.shape).ravel()
    columns = np.broadcast_to(space.triangles[:, None, :], local.shape).ravel()
    return coo_matrix((local.ravel(), (rows, columns)), shape=(len(space), len(space))).tocsr()
