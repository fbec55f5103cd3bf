"""Integrals along outline edges: one assembly for every law that acts between two regions.

An edge carries three nodes (start, end, middle) and its own quadratic geometry, so traces and
normals are those of the curved P2 triangles on either side.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

from fem.mesh import Ints, Mesh

Floats = NDArray[np.float64]

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(4)
_XI = 0.5 * (_POINTS + 1.0)


def shape(xi: Floats) -> Floats:
    """P2 shape functions of (start, end, middle) at local coordinates xi in [0, 1]: (3, ...)."""
    return np.stack([(1 - xi) * (1 - 2 * xi), xi * (2 * xi - 1), 4 * xi * (1 - xi)])


def shape_slope(xi: Floats) -> Floats:
    """Derivatives of `shape` with respect to xi."""
    return np.stack([4 * xi - 3, 4 * xi - 1, 4 - 8 * xi])


@dataclass(frozen=True)
class Edges:
    """Outline edges with quadrature: `nodes` (ne, 3) are mesh nodes, `xyz` their coordinates.

    The edges run such that the electrode is on the left.
    """

    nodes: Ints
    coordinates: Floats

    @classmethod
    def of(cls, mesh: Mesh, which: Ints) -> Edges:
        """The outline edges `which`, turned so that the electrolyte is on their right."""
        nodes = mesh.edges[which]
        backwards = mesh.phase_sides[which, 0] == "electrolyte"
        nodes = np.where(backwards[:, None], nodes[:, [1, 0, 2]], nodes)
        return cls(nodes, mesh.nodes[:, nodes])

    @cached_property
    def shapes(self) -> Floats:
        """Shape functions at the quadrature points (3, nq)."""
        return np.asarray(shape(_XI))

    @cached_property
    def _tangents(self) -> Floats:
        return np.asarray(np.einsum("xea,aq->xeq", self.coordinates, shape_slope(_XI)))

    @cached_property
    def weights(self) -> Floats:
        """Quadrature weights (ne, nq) in m: they sum to the length of the edges."""
        return np.asarray(np.hypot(*self._tangents) * 0.5 * _WEIGHTS)

    @cached_property
    def normals(self) -> Floats:
        """Unit normals at the quadrature points (2, ne, nq), out of the electrode."""
        tangents = self._tangents / np.hypot(*self._tangents)
        return np.stack([tangents[1], -tangents[0]])

    @property
    def length(self) -> float:
        """Total length in m."""
        return float(self.weights.sum())

    def nodal_normals(self, nodes: Ints) -> Floats:
        """Unit normals (2, n) at mesh nodes, out of the electrode: the mean of adjacent edges."""
        tangents = np.einsum(
            "xea,ab->xeb", self.coordinates, shape_slope(np.array([0.0, 1.0, 0.5]))
        )
        tangents /= np.hypot(*tangents)
        place = np.searchsorted(nodes, self.nodes).ravel()
        normals = np.stack(
            [
                np.bincount(place, weights=component.ravel(), minlength=len(nodes))
                for component in (tangents[1], -tangents[0])
            ]
        )
        return np.asarray(normals / np.hypot(*normals))

    def at_points(self, values: Floats, number: Ints) -> Floats:
        """Nodal values (n,) of a space, numbered by `number`, at the quadrature points (ne, nq)."""
        return np.asarray(values[number[self.nodes]] @ self.shapes)

    def load(self, density: Floats, number: Ints, size: int) -> Floats:
        """The vector with entries ``integral of density * w_a ds``; `density` is (ne, nq)."""
        local = (density * self.weights) @ self.shapes.T
        load = np.bincount(number[self.nodes].ravel(), weights=local.ravel(), minlength=size)
        return np.asarray(load, dtype=float)

    def mass(self, density: Floats, number: Ints, size: int) -> csr_matrix:
        """The matrix with entries ``integral of density * w_a w_b ds``."""
        local = np.einsum("eq,aq,bq->eab", density * self.weights, self.shapes, self.shapes)
        rows = np.broadcast_to(number[self.nodes][:, :, None], local.shape)
        columns = np.broadcast_to(number[self.nodes][:, None, :], local.shape)
        entries = (local.ravel(), (rows.ravel(), columns.ravel()))
        return coo_matrix(entries, shape=(size, size)).tocsr()

    def total(self, density: Floats) -> float:
        """The integral of `density` (ne, nq) over all edges."""
        return float((density * self.weights).sum())
