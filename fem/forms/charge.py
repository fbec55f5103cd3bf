"""Charge: ionic Ohm's law in the electrolyte, reactions on its interfaces.

Weak form, for all w, with the current density i_n that leaves the electrode into the electrolyte:

    integral of kappa grad(phi_e) . grad(w) dA  -  integral of i_n w ds = 0
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from skfem import BilinearForm
from skfem.helpers import dot, grad

from fem.spaces import Space

Floats = NDArray[np.float64]


@BilinearForm
def _conduction(u, v, w):  # type: ignore[no-untyped-def]
    return w.kappa * dot(grad(u), grad(v))


def conduction(space: Space, kappa: Floats) -> csr_matrix:
    """The conductance matrix (n, n) in S/m per m of depth.

    Parameters
    ----------
    kappa
        Conductivity of each triangle of the space (nt,) in S/m.
    """
    field = np.broadcast_to(kappa[:, None], space.basis.dx.shape)
    entries = _conduction.coo_data(space.basis, kappa=field)
    if space.sheet is None:
        place = space.number[entries.indices]
    else:
        # Entries run over pairs of a triangle's nodes, and over triangles within a pair.
        count = len(space.elements)
        nodes = entries.indices.reshape(2, -1, count)
        place = space.unknowns(nodes, space.sheet).reshape(2, -1)
    return coo_matrix((entries.data, place), shape=(len(space), len(space))).tocsr()


def current(space: Space, kappa: Floats, potential: Floats) -> Floats:
    """Current density ``-kappa grad(phi_e)`` at the quadrature points, (2, nt, nq) in A/m^2."""
    full = space.spread(potential, fill=0.0)
    return np.asarray(-kappa[:, None] * space.basis.interpolate(full).grad)
