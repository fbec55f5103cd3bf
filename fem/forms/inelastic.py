"""Mechanics of any law, without locking: the change of volume is linear in each triangle.

Solids that yield and creep hardly change their volume. P2 displacements on a straight triangle
have a change of volume that is linear there; on a curved one it is none of any order, so that each
quadrature point is a condition of its own, more than a triangle has displacements to meet. A ring
of 8 x 12 such triangles that creeps was too stiff by 4 %. So what enters a law is the projection of
the in-plane change of volume on linear functions, triangle by triangle:

    eps + 1/3 (Pi div u - div u) I.

Weighted with the quadrature Pi is its own adjoint, so the forces are those of the stress whose mean
normal part is projected likewise, and the tangent stays symmetric. On straight triangles nothing
changes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import bsr_matrix
from skfem import Basis

from fem.forms import mechanics
from fem.mesh import Ints

Floats = NDArray[np.float64]

_CHUNK = 20_000


def projection(basis: Basis) -> Floats:
    """From values at the quadrature points of a triangle to the nearest linear function there.

    (nt, nq, nq): orthogonal in the weights of the quadrature.
    """
    points = np.asarray(basis.X)
    linear = np.vstack([np.ones(points.shape[1]), points])
    weighted = linear * np.asarray(basis.dx)[:, None]
    fitted = np.linalg.solve(weighted @ linear.T, weighted)
    return np.asarray(linear.T @ fitted)


def strain(
    basis: Basis,
    triangles: Ints,
    displacement: Floats,
    out_of_plane: float,
    swelling: Floats | None = None,
) -> Floats:
    """As `fem.forms.mechanics.strain`, with a change of volume that is linear in each triangle."""
    eps = mechanics.strain(basis, triangles, displacement, out_of_plane)
    _straighten(basis, eps, eps[0] + eps[1])
    if swelling is not None:
        eps -= mechanics.free_strain(basis, swelling)
    return eps


def internal_forces(
    basis: Basis, dofs: Ints, sigma: Floats, size: int, gross: bool = False
) -> Floats:
    """As `fem.forms.mechanics.internal_forces`, of the stress that a law gives for this strain."""
    sigma = sigma.copy()
    _straighten(basis, sigma, sigma[:3].sum(axis=0))
    return mechanics.internal_forces(basis, dofs, sigma, size, gross)


def _straighten(basis: Basis, tensor: Floats, trace: Floats) -> None:
    """Shift the normal parts of a tensor (4, nt, nq) until a trace (nt, nq) is linear."""
    linear = (projection(basis) @ trace[:, :, None])[:, :, 0]
    tensor[:3] += (linear - trace) / 3.0


def tangent_stiffness(basis: Basis, dofs: Ints, tangent: Floats, size: int) -> bsr_matrix:
    """The derivative (2 size, 2 size) of `internal_forces` by nodal displacements, in Pa.

    `tangent` is ``d sigma / d strain`` (4, 4, nt, nq) at the quadrature points of the basis.
    """
    grad, dx, linear = mechanics.gradients(basis), np.asarray(basis.dx), projection(basis)
    blocks = np.empty((len(dofs), 6, 6, 2, 2))
    for start in range(0, len(dofs), _CHUNK):
        part = slice(start, start + _CHUNK)
        made = _strains(grad[:, part], linear[part])
        moduli = (tangent[:, :, part] * dx[part]).transpose(2, 3, 0, 1)
        right = np.matmul(moduli, made).reshape(len(made), -1, 12)
        left = made.reshape(len(made), -1, 12).transpose(0, 2, 1)
        blocks[part] = np.matmul(left, right).reshape(-1, 6, 2, 6, 2).transpose(0, 1, 3, 2, 4)
    return mechanics.block_matrix(dofs, blocks, size)


def _strains(grad: Floats, linear: Floats) -> Floats:
    """The strain (nt, nq, 4, 12) that each displacement of a triangle makes, x and y by node."""
    gx, gy = grad
    made = np.zeros((*gx.shape[:2], 4, 6, 2))
    made[:, :, 0, :, 0] = made[:, :, 3, :, 1] = gx
    made[:, :, 1, :, 1] = made[:, :, 3, :, 0] = gy
    made = made.reshape(*gx.shape[:2], 4, 12)
    trace = made[:, :, 0] + made[:, :, 1]
    made[:, :, :3] += ((np.matmul(linear, trace) - trace) / 3.0)[:, :, None]
    return made
