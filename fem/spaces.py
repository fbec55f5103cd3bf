"""P2 spaces on parts of a mesh: which nodes carry an unknown, and the map from P1 to P2."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from skfem import Basis, ElementTriP2

from fem.mesh import Ints, Mesh

QUADRATURE_ORDER = 4
"""Exact for the P2 stiffness of straight triangles, with room for the curved ones."""


@dataclass(frozen=True)
class Space:
    """Continuous P2 functions on the triangles `elements` of `mesh`.

    Unknowns are numbered 0 to n - 1 in the order of `nodes`, the mesh nodes that carry them.
    """

    mesh: Mesh
    elements: Ints

    @cached_property
    def basis(self) -> Basis:
        """scikit-fem's basis on these triangles, numbered by mesh nodes."""
        return Basis(
            self.mesh.skfem, ElementTriP2(), elements=self.elements, intorder=QUADRATURE_ORDER
        )

    @cached_property
    def nodes(self) -> Ints:
        """Mesh nodes with an unknown, ascending."""
        return np.unique(self.mesh.triangles[self.elements])

    def __len__(self) -> int:
        return len(self.nodes)

    @cached_property
    def number(self) -> Ints:
        """Unknown at each mesh node (N,), -1 where there is none."""
        number = np.full(self.mesh.nodes.shape[1], -1)
        number[self.nodes] = np.arange(len(self.nodes))
        return number

    @cached_property
    def triangles(self) -> Ints:
        """Unknowns of each triangle (nt, 6)."""
        return np.asarray(self.number[self.mesh.triangles[self.elements]])

    @cached_property
    def from_p1(self) -> csr_matrix:
        """P1 functions on the same triangles as P2 functions, (n, number of vertices).

        A vertex keeps its value and an edge's middle takes the mean of its ends, which holds on
        curved triangles too because both live on the reference element.
        """
        vertices = np.unique(self.triangles[:, :3])
        column = np.full(len(self), -1)
        column[vertices] = np.arange(len(vertices))
        t = self.triangles
        middle, first = np.unique(t[:, 3:], return_index=True)
        ends = t[:, [[0, 1], [1, 2], [0, 2]]].reshape(-1, 2)[first]
        rows = np.concatenate([vertices, middle, middle])
        columns = column[np.concatenate([vertices, ends[:, 0], ends[:, 1]])]
        values = np.r_[np.ones(len(vertices)), np.full(2 * len(middle), 0.5)]
        return coo_matrix((values, (rows, columns)), shape=(len(self), len(vertices))).tocsr()

    def spread(self, values: NDArray[np.float64], fill: float = np.nan) -> NDArray[np.float64]:
        """Values at the unknowns (..., n) as values at all mesh nodes (..., N)."""
        full = np.full((*values.shape[:-1], self.mesh.nodes.shape[1]), fill)
        full[..., self.nodes] = values
        return full
