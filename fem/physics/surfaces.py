"""Pieces of surface on which an electrode meets the electrolyte, and integrals along them.

Pieces of equal shape stand in rows, so that all particles of a lattice are one batch of arrays.
Pieces of any shape can be tied into a single row, a bundle, where nothing asks for a dense matrix a
piece.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

from fem.forms.interface import Edges
from fem.mesh import Ints, Mesh

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Patches:
    """`k` rows of surface with `m` nodes and `ne` edges each.

    Attributes
    ----------
    nodes
        Mesh nodes (k, m), in the same local order in every row. Two pieces of a bundle that touch
        hold their common node twice.
    edges
        Local numbers (ne, 3) of the start, end and middle node of each edge.
    coordinates
        Of the nodes of the edges (2, k, ne, 3) in m.
    piece
        Piece of each edge (k, ne), counted from 0.
    """

    nodes: Ints
    edges: Ints
    coordinates: Floats
    piece: Ints

    @classmethod
    def of(cls, mesh: Mesh, nodes: Ints, edges: Ints) -> Self:
        """Congruent pieces, one a row, with the given nodes and local edges on `mesh`."""
        piece = np.repeat(np.arange(len(nodes))[:, None], len(edges), axis=1)
        return cls(nodes, edges, mesh.nodes[:, nodes[:, edges]], piece)

    @classmethod
    def bundle(cls, mesh: Mesh, pieces: Sequence[Ints]) -> Self:
        """Pieces of any shape in one row; each entry holds the outline edges of one."""
        nodes, edges, count = [], [], 0
        for which in pieces:
            one = Edges.of(mesh, which).nodes
            own = np.unique(one)
            edges.append(count + np.searchsorted(own, one))
            nodes.append(own)
            count += len(own)
        row = np.concatenate(nodes)[None]
        local = np.concatenate(edges)
        piece = np.repeat(np.arange(len(pieces)), [len(which) for which in pieces])
        return cls(row, local, mesh.nodes[:, row[:, local]], piece[None])

    @property
    def count(self) -> int:
        """How many pieces there are."""
        return int(self.piece.max()) + 1

    @cached_property
    def piece_of_node(self) -> Ints:
        """Piece of each node (k, m)."""
        found = np.empty(self.nodes.shape, dtype=int)
        found[:, self.edges] = self.piece[:, :, None]
        return found

    def by_piece(self, loads: Floats) -> Floats:
        """Sums of nodal loads (k, m) over each piece (count,)."""
        total = np.bincount(self.piece_of_node.ravel(), weights=loads.ravel(), minlength=self.count)
        return np.asarray(total, dtype=float)

    def part(self, pieces: NDArray[np.bool_]) -> Part:
        """Those of the pieces (count,) alone, and where they stand among all."""
        if pieces.all():
            whole = [np.arange(n) for n in (*self.nodes.shape, len(self.edges))]
            return Part(self, whole[0], whole[1], whole[2])
        if len(self.nodes) > 1 or self.count == 1:  # a piece a row
            rows = np.flatnonzero(pieces)
            nodes, edges = np.arange(self.nodes.shape[1]), np.arange(len(self.edges))
        else:
            rows = np.arange(1)
            nodes = np.flatnonzero(pieces[self.piece_of_node[0]])
            edges = np.flatnonzero(pieces[self.piece[0]])
        local = np.searchsorted(nodes, self.edges[edges])
        _, number = np.unique(self.piece[np.ix_(rows, edges)], return_inverse=True)
        kept = Patches(
            self.nodes[np.ix_(rows, nodes)],
            local,
            self.coordinates[:, rows][:, :, edges],
            number.reshape(len(rows), len(edges)),
        )
        return Part(kept, rows, nodes, edges)

    @cached_property
    def all_edges(self) -> Edges:
        """The edges of all rows, row after row."""
        flat = self.nodes[:, self.edges].reshape(-1, 3)
        return Edges(flat, self.coordinates.reshape(2, -1, 3))

    @cached_property
    def weights(self) -> Floats:
        """Quadrature weights (k, ne, nq) in m."""
        return self.all_edges.weights.reshape(len(self.nodes), len(self.edges), -1)

    @property
    def length(self) -> float:
        """Total length in m."""
        return float(self.weights.sum())

    @property
    def shapes(self) -> Floats:
        """Shape functions at the quadrature points (3, nq)."""
        return self.all_edges.shapes

    @cached_property
    def _gather(self) -> csr_matrix:
        """Sums the nodal loads of edges (3 ne) into those of a row (m)."""
        size = self.edges.size
        entries = (np.ones(size), (self.edges.ravel(), np.arange(size)))
        return coo_matrix(entries, shape=(self.nodes.shape[1], size)).tocsr()

    @cached_property
    def _gather_pairs(self) -> csr_matrix:
        """Sums the matrices of edges (9 ne) into the matrix of a row (m m)."""
        m, size = self.nodes.shape[1], self.edges.size * self.edges.shape[1]
        rows = (self.edges[:, :, None] * m + self.edges[:, None, :]).ravel()
        return coo_matrix((np.ones(size), (rows, np.arange(size))), shape=(m * m, size)).tocsr()

    @cached_property
    def _shape_pairs(self) -> Floats:
        pairs = np.einsum("aq,bq->qab", self.shapes, self.shapes)
        return np.asarray(pairs.reshape(self.shapes.shape[1], -1))

    def at_points(self, values: Floats) -> Floats:
        """Nodal values (k, m) at the quadrature points (k, ne, nq)."""
        return np.asarray(values[:, self.edges] @ self.shapes)

    def loads(self, density: Floats) -> Floats:
        """``integral of density * w_a ds`` at the nodes (k, m); `density` is (k, ne, nq)."""
        local = (density * self.weights) @ self.shapes.T
        return np.asarray((self._gather @ local.reshape(len(local), -1).T).T)

    def pair_loads(self, density: Floats) -> Floats:
        """``integral of density * w_a w_b ds`` of every edge, (k, ne, 9)."""
        return np.asarray((density * self.weights) @ self._shape_pairs)

    def mass(self, density: Floats) -> Floats:
        """The matrices ``integral of density * w_a w_b ds`` (k, m, m)."""
        local = self.pair_loads(density).reshape(len(density), -1)
        m = self.nodes.shape[1]
        return np.ascontiguousarray((self._gather_pairs @ local.T).T).reshape(-1, m, m)

    def sparse_mass(self, density: Floats) -> csr_matrix:
        """The same as one sparse matrix of all rows, (k m, k m)."""
        k, m = self.nodes.shape
        each = self.edges.shape[1]
        edges = (np.arange(k)[:, None, None] * m + self.edges).reshape(-1, each)
        pairs = self.pair_loads(density).reshape(-1, each, each)
        rows = np.broadcast_to(edges[:, :, None], pairs.shape)
        entries = (pairs.ravel(), (rows.ravel(), rows.transpose(0, 2, 1).ravel()))
        return coo_matrix(entries, shape=(k * m, k * m)).tocsr()


@dataclass(frozen=True)
class Part:
    """Some pieces of `Patches`: what is left, and which rows, nodes and edges of all it is."""

    patches: Patches
    rows: Ints
    nodes: Ints
    edges: Ints

    def nodal(self, values: Floats) -> Floats:
        """The part's share of nodal values of all (k, m)."""
        return np.asarray(values[np.ix_(self.rows, self.nodes)])

    def points(self, values: NDArray[Any]) -> NDArray[Any]:
        """The same at quadrature points (k, ne, nq)."""
        return np.asarray(values[np.ix_(self.rows, self.edges)])

    def matrix(self, matrix: Floats) -> Floats:
        """The part's share of a matrix for every row (m, m), or of one a row (k, m, m)."""
        if self.patches.nodes.shape[1] < matrix.shape[-1]:
            matrix = matrix[..., self.nodes[:, None], self.nodes]
        return np.asarray(matrix if matrix.ndim == 2 else matrix[self.rows])

    def put_nodes(self, full: Floats, values: Floats) -> None:
        """Write nodal values of the part into those of all (k, m)."""
        full[np.ix_(self.rows, self.nodes)] = values

    def put_points(self, full: Floats, values: Floats) -> None:
        """The same at quadrature points (k, ne, nq)."""
        full[np.ix_(self.rows, self.edges)] = values
