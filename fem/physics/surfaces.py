"""Reacting surfaces: where current crosses between an electrode and the electrolyte.

The reaction depends on the potential difference and on one inner variable s of the surface, which
the current in turn changes: the stoichiometry at the surface of a particle, the pressure on
lithium. Surfaces come in groups of congruent pieces, so that all particles of a lattice are one
batch of arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

from fem.forms.interface import Edges
from fem.laws.intercalation import exchange_current_factor, surface_current
from fem.laws.kinetics import Kinetics
from fem.laws.plating import pressure_potential
from fem.mesh import Ints, Mesh

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Patches:
    """`k` congruent pieces of surface with `m` nodes and `ne` edges each.

    Attributes
    ----------
    nodes
        Mesh nodes (k, m), in the same local order in every piece.
    edges
        Local numbers (ne, 3) of the start, end and middle node of each edge.
    coordinates
        Of the nodes of the edges (2, k, ne, 3) in m.
    """

    nodes: Ints
    edges: Ints
    coordinates: Floats

    @classmethod
    def of(cls, mesh: Mesh, nodes: Ints, edges: Ints) -> Patches:
        """Pieces with the given nodes and local edges on `mesh`."""
        return cls(nodes, edges, mesh.nodes[:, nodes[:, edges]])

    @classmethod
    def line(cls, mesh: Mesh, which: Ints) -> Patches:
        """One piece that holds the outline edges `which` of `mesh`."""
        edges = Edges.of(mesh, which).nodes
        nodes = np.unique(edges)
        return cls.of(mesh, nodes[None], np.searchsorted(nodes, edges))

    @cached_property
    def all_edges(self) -> Edges:
        """The edges of all pieces, piece after piece."""
        flat = self.nodes[:, self.edges].reshape(-1, 3)
        return Edges(flat, self.coordinates.reshape(2, -1, 3))

    @cached_property
    def weights(self) -> Floats:
        """Quadrature weights (k, ne, nq) in m."""
        return self.all_edges.weights.reshape(len(self.nodes), len(self.edges), -1)

    @property
    def shapes(self) -> Floats:
        """Shape functions at the quadrature points (3, nq)."""
        return self.all_edges.shapes

    @cached_property
    def _gather(self) -> csr_matrix:
        """Sums the nodal loads of edges (3 ne) into those of a piece (m)."""
        size = self.edges.size
        entries = (np.ones(size), (self.edges.ravel(), np.arange(size)))
        return coo_matrix(entries, shape=(self.nodes.shape[1], size)).tocsr()

    @cached_property
    def _gather_pairs(self) -> csr_matrix:
        """Sums the matrices of edges (9 ne) into the matrix of a piece (m m)."""
        m, size = self.nodes.shape[1], 9 * len(self.edges)
        rows = (self.edges[:, :, None] * m + self.edges[:, None, :]).ravel()
        return coo_matrix((np.ones(size), (rows, np.arange(size))), shape=(m * m, size)).tocsr()

    @cached_property
    def _shape_pairs(self) -> Floats:
        pairs = np.einsum("aq,bq->qab", self.shapes, self.shapes)
        return np.asarray(pairs.reshape(self.shapes.shape[1], 9))

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


class Reaction(Protocol):
    """A pointwise law of a surface."""

    def __call__(self, difference: Floats, inner: Floats) -> tuple[Floats, Floats, Floats]:
        """Current density (A/m^2) at ``phi_s - phi_e`` (V) and s, and its two derivatives."""

    def equilibrium(self, inner: Floats) -> Floats:
        """``phi_s - phi_e`` (V) at which no current flows."""

    def without_stress(self, inner: Floats) -> Floats:
        """The same as `equilibrium` if there were no stress."""

    def prefactor(self, inner: Floats) -> Floats:
        """What multiplies the exchange current density."""


@dataclass(frozen=True)
class Intercalation:
    """Active material: s is the stoichiometry at the surface.

    `potential` gives the open-circuit potential (V) and its slope at any s; `shift` is what stress
    adds to it at the quadrature points, in V.
    """

    kinetics: Kinetics
    potential: Callable[[Floats], tuple[Floats, Floats]]
    depends_on_stoichiometry: bool = False
    shift: Floats | float = 0.0

    def __call__(self, difference: Floats, inner: Floats) -> tuple[Floats, Floats, Floats]:
        rest, rest_slope = self.potential(inner)
        eta = difference - rest - self.shift
        factor, factor_slope = self._factor(inner)
        current, by_eta, by_factor = surface_current(eta, self.kinetics, factor)
        return current, by_eta, by_factor * factor_slope - by_eta * rest_slope

    def equilibrium(self, inner: Floats) -> Floats:
        return np.asarray(self.potential(inner)[0] + self.shift)

    def without_stress(self, inner: Floats) -> Floats:
        return np.asarray(self.potential(inner)[0])

    def prefactor(self, inner: Floats) -> Floats:
        return self._factor(inner)[0]

    def _factor(self, inner: Floats) -> tuple[Floats, Floats]:
        if not self.depends_on_stoichiometry:
            return np.ones_like(inner), np.zeros_like(inner)
        return exchange_current_factor(inner, self.kinetics.anodic, self.kinetics.cathodic)


@dataclass(frozen=True)
class Plating:
    """Lithium: s is the pressure on it in Pa, which opposes plating by ``V p / F``."""

    kinetics: Kinetics
    molar_volume: float
    potential: float = 0.0
    """Open-circuit potential of the anode material against lithium in V."""

    def __call__(self, difference: Floats, inner: Floats) -> tuple[Floats, Floats, Floats]:
        eta = difference - self.equilibrium(inner)
        current, by_eta, _ = surface_current(eta, self.kinetics, np.ones_like(eta))
        return current, by_eta, by_eta * pressure_potential(np.array(1.0), self.molar_volume)

    def equilibrium(self, inner: Floats) -> Floats:
        return np.asarray(self.potential - pressure_potential(inner, self.molar_volume))

    def without_stress(self, inner: Floats) -> Floats:
        return np.full_like(inner, self.potential)

    def prefactor(self, inner: Floats) -> Floats:
        return np.ones_like(inner)
