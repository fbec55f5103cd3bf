"""Mechanics: small strain in plane strain, of Hooke's law; other laws: `fem.forms.inelastic`.

Weak form, for all w:  integral of sigma(u) : grad(w) dA = loads, with
sigma = lambda tr(eps) I + 2 mu eps where a solid is linear.  Displacements are numbered by node:
(x0, y0, x1, y1, ...).

A body that swells by the relative volume s has sigma = C : (eps - s/3 I) instead, out of the plane
too: s loads it with the integral of K s div(w), K = lambda + 2 mu / 3. One that swells with
directions has sigma = C : (eps - eps*), and C : eps* loads it. What swells is given at the six
nodes of each triangle: s (nt, 6), or the strain eps* (4, nt, 6) in the order xx, yy, zz, 2xy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import bsr_matrix
from skfem import Basis, ElementTriP2

from fem.laws.elasticity import stress
from fem.mesh import Ints
from fem.spaces import Space

Floats = NDArray[np.float64]

_CHUNK = 50_000


def gradients(basis: Basis) -> Floats:
    """Gradients of the six P2 shape functions at the quadrature points, (2, nt, nq, 6) in 1/m."""
    return np.stack([np.asarray(basis.basis[a][0].grad) for a in range(6)], axis=-1)


def stiffness(space: Space, lam: Floats, mu: Floats) -> bsr_matrix:
    """The stiffness matrix (2n, 2n) in Pa (N/m per m of depth).

    Parameters
    ----------
    lam, mu
        Lame's constants of each triangle of the space (nt,) in Pa.

    Notes
    -----
    With S_ij = integral of d_i w d_j w, the blocks of an element are
    K_xx = (lambda + 2 mu) S_xx + mu S_yy, K_xy = lambda S_xy + mu S_xy^T, and so on.
    """
    grad = gradients(space.basis)
    dx = np.asarray(space.basis.dx)
    blocks = np.empty((len(lam), 6, 6, 2, 2))
    for start in range(0, len(lam), _CHUNK):
        part = slice(start, start + _CHUNK)
        gx, gy = grad[:, part]
        wx, wy = gx * dx[part, :, None], gy * dx[part, :, None]
        sxx = np.matmul(wx.transpose(0, 2, 1), gx)
        syy = np.matmul(wy.transpose(0, 2, 1), gy)
        sxy = np.matmul(wx.transpose(0, 2, 1), gy)
        la, m = lam[part, None, None], mu[part, None, None]
        kxy = la * sxy + m * sxy.transpose(0, 2, 1)
        blocks[part, :, :, 0, 0] = (la + 2 * m) * sxx + m * syy
        blocks[part, :, :, 1, 1] = (la + 2 * m) * syy + m * sxx
        blocks[part, :, :, 0, 1] = kxy
        blocks[part, :, :, 1, 0] = kxy.transpose(0, 2, 1)
    return block_matrix(space.triangles, blocks, len(space))


def dilation(space: Space, density: Floats) -> Floats:
    """The vector (2n,) with entries ``integral of density * div(w) dA``.

    `density` is given a triangle (nt,) or at the quadrature points (nt, nq).
    """
    grad = gradients(space.basis)
    sizes = "e" if density.ndim == 1 else "eq"
    local = np.einsum(f"xeqa,eq,{sizes}->eax", grad, space.basis.dx, density)
    dofs = 2 * space.triangles[:, :, None] + np.arange(2)
    force = np.bincount(dofs.ravel(), weights=local.ravel(), minlength=2 * len(space))
    return np.asarray(force, dtype=float)


def at_points(basis: Basis, values: Floats) -> Floats:
    """Values at the six nodes of each triangle (nt, 6) at its quadrature points (nt, nq)."""
    # Shape functions live on the reference triangle: those of the first are those of all.
    shapes = np.stack([np.asarray(basis.basis[a][0])[0] for a in range(6)])
    return np.asarray(values @ shapes)


def free_strain(basis: Basis, swelling: Floats) -> Floats:
    """The strain (4, nt, nq) that swelling makes of bodies that nothing holds.

    `swelling` is the relative change of volume at the six nodes of each triangle (nt, 6), or a
    strain (4, nt, 6).
    """
    if swelling.ndim == 3:
        return at_points(basis, swelling)
    third = at_points(basis, swelling) / 3.0
    return np.stack([third, third, third, np.zeros_like(third)])


def strain(
    basis: Basis,
    triangles: Ints,
    displacement: Floats,
    out_of_plane: float,
    swelling: Floats | None = None,
) -> Floats:
    """Strain (4, nt, nq) in the order xx, yy, zz, 2xy at the quadrature points of `basis`.

    That of swelling, given as in `free_strain`, is taken off.

    Parameters
    ----------
    triangles
        Unknowns of the triangles of the basis (nt, 6).
    displacement
        Nodal displacement (n, 2) in m.
    """
    # d u_i / d x_j at the quadrature points
    slope = np.einsum("jeqa,eai->ijeq", gradients(basis), displacement[triangles])
    zz = np.full(slope.shape[2:], out_of_plane)
    eps = np.stack([slope[0, 0], slope[1, 1], zz, slope[0, 1] + slope[1, 0]])
    if swelling is not None:
        eps -= free_strain(basis, swelling)
    return eps


def turn(basis: Basis, triangles: Ints, displacement: Floats) -> Floats:
    """Angle (nt, nq) in rad by which the surroundings of each quadrature point turn.

    It is that of the polar decomposition of ``I + grad u``; arguments as for `strain`.
    """
    slope = np.einsum("jeqa,eai->ijeq", gradients(basis), displacement[triangles])
    return np.asarray(np.arctan2(slope[1, 0] - slope[0, 1], 2.0 + slope[0, 0] + slope[1, 1]))


def stress_at(
    basis: Basis,
    triangles: Ints,
    displacement: Floats,
    out_of_plane: float,
    lam: Floats,
    mu: Floats,
    swelling: Floats | None = None,
) -> Floats:
    """Stress (4, nt, nq) in the order xx, yy, zz, xy, in Pa.

    `lam` and `mu` are (nt,); `swelling` is as in `free_strain`.
    """
    eps = strain(basis, triangles, displacement, out_of_plane, swelling)
    return stress(eps, lam[:, None], mu[:, None])


def internal_forces(
    basis: Basis, dofs: Ints, sigma: Floats, size: int, gross: bool = False
) -> Floats:
    """The vector (2 size,) with entries ``integral of sigma : grad(w) dA``, in N/m.

    With `gross` the shares of the triangles are added without their signs: that is what forces
    in balance compare with.

    Parameters
    ----------
    dofs
        Unknowns of the triangles of the basis (nt, 6), of `size` in all.
    sigma
        Stress (4, nt, nq) at its quadrature points in Pa.
    """
    gx, gy = gradients(basis)
    xx, yy, _, xy = sigma * np.asarray(basis.dx)
    local = np.stack(
        [
            np.einsum("eqa,eq->ea", gx, one) + np.einsum("eqa,eq->ea", gy, other)
            for one, other in ((xx, xy), (xy, yy))
        ],
        axis=-1,
    )
    if gross:
        local = np.abs(local)
    place = 2 * dofs[:, :, None] + np.arange(2)
    force = np.bincount(place.ravel(), weights=local.ravel(), minlength=2 * size)
    return np.asarray(force, dtype=float)


def nodal_basis(space: Space) -> Basis:
    """A basis of the space whose "quadrature points" are the six nodes of each triangle."""
    nodes = np.array([[0, 1, 0, 0.5, 0.5, 0], [0, 0, 1, 0, 0.5, 0.5]])
    return Basis(
        space.mesh.skfem,
        ElementTriP2(),
        elements=space.elements,
        quadrature=(nodes, np.full(6, 1 / 12)),
    )


def block_matrix(triangles: Ints, blocks: Floats, n: int) -> bsr_matrix:
    """Sum element blocks (nt, 6, 6, 2, 2) into a block-sparse matrix."""
    rows = np.repeat(triangles, 6, axis=1).ravel()
    columns = np.tile(triangles, (1, 6)).ravel()
    key, place = np.unique(rows * n + columns, return_inverse=True)
    flat = blocks.reshape(-1, 4)
    data = np.stack(
        [np.bincount(place, weights=flat[:, k], minlength=len(key)) for k in range(4)], axis=1
    )
    indptr = np.searchsorted(key, np.arange(n + 1) * n)
    return bsr_matrix((data.reshape(-1, 2, 2), key % n, indptr), shape=(2 * n, 2 * n))
