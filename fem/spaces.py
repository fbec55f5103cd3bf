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
    """P2 functions on the triangles `elements` of `mesh`, continuous on each of its sheets.

    Unknowns are numbered 0 to n - 1 in the order of `nodes`, the mesh nodes that carry them.
    `sheet` is the sheet of each triangle (nt,): triangles of two sheets share no unknown, so a
    node between them carries one for each. Without it all is one sheet.
    """

    mesh: Mesh
    elements: Ints
    sheet: Ints | None = None

    @cached_property
    def basis(self) -> Basis:
        """scikit-fem's basis on these triangles, numbered by mesh nodes."""
        return Basis(
            self.mesh.skfem, ElementTriP2(), elements=self.elements, intorder=QUADRATURE_ORDER
        )

    @cached_property
    def _keys(self) -> Ints:
        """Mesh node and sheet of each unknown as one number, ascending."""
        return np.unique(self._key_of(self.mesh.triangles[self.elements], self._sheets[:, None]))

    def _key_of(self, nodes: Ints, sheet: Ints) -> Ints:
        return np.asarray(nodes * self._sheet_count + sheet)

    @cached_property
    def _sheet_count(self) -> int:
        return int(self._sheets.max(initial=0)) + 1

    @property
    def _sheets(self) -> Ints:
        return np.zeros(len(self.elements), dtype=int) if self.sheet is None else self.sheet

    @cached_property
    def nodes(self) -> Ints:
        """Mesh node of each unknown (n,), ascending; at one node sheet after sheet."""
        return np.asarray(self._keys // self._sheet_count)

    @cached_property
    def sheet_of(self) -> Ints:
        """Sheet of each unknown (n,)."""
        return np.asarray(self._keys % self._sheet_count)

    def __len__(self) -> int:
        return len(self._keys)

    @cached_property
    def number(self) -> Ints:
        """Unknown at each mesh node (N,), of the lowest sheet there; -1 where there is none."""
        number = np.full(self.mesh.nodes.shape[1], -1)
        number[self.nodes[::-1]] = np.arange(len(self))[::-1]
        return number

    def unknowns(self, nodes: Ints, sheet: Ints) -> Ints:
        """Unknown at mesh nodes on given sheets, which must have one there."""
        return np.asarray(np.searchsorted(self._keys, self._key_of(nodes, sheet)))

    @cached_property
    def triangles(self) -> Ints:
        """Unknowns of each triangle (nt, 6)."""
        nodes = self.mesh.triangles[self.elements]
        if self.sheet is None:
            return np.asarray(self.number[nodes])
        return self.unknowns(nodes, self.sheet[:, None])

    @cached_property
    def from_p1(self) -> csr_matrix:
        """P1 functions on the same triangles as P2 functions, (n, number of vertices)."""
        return interpolation(self.triangles, len(self))

    def spread(self, values: NDArray[np.float64], fill: float = np.nan) -> NDArray[np.float64]:
        """Values at the unknowns (..., n) as values at all mesh nodes (..., N).

        Where sheets meet, those of the lowest.
        """
        full = np.full((*values.shape[:-1], self.mesh.nodes.shape[1]), fill)
        full[..., self.nodes[::-1]] = values[..., ::-1]
        return full


def interpolation(triangles: Ints, size: int) -> csr_matrix:
    """P1 functions on `triangles` (nt, 6) as P2 functions, (size, number of vertices).

    A vertex keeps its value and an edge's middle takes the mean of its ends, which holds on
    curved triangles too because both live on the reference element.
    """
    vertices = np.unique(triangles[:, :3])
    column = np.full(size, -1)
    column[vertices] = np.arange(len(vertices))
    middle, first = np.unique(triangles[:, 3:], return_index=True)
    ends = triangles[:, [[0, 1], [1, 2], [0, 2]]].reshape(-1, 2)[first]
    rows = np.concatenate([vertices, middle, middle])
    columns = column[np.concatenate([vertices, ends[:, 0], ends[:, 1]])]
    values = np.r_[np.ones(len(vertices)), np.full(2 * len(middle), 0.5)]
    return coo_matrix((values, (rows, columns)), shape=(size, len(vertices))).tocsr()
