"""Elastic bodies: a space with its moduli and what follows from them; the surface of lithium."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import splu

from fem.forms import mechanics as forms
from fem.forms.interface import Edges
from fem.geometry import Phase
from fem.laws.elasticity import bulk_modulus, lame
from fem.mesh import Ints, Mesh
from fem.parameters import Elastic
from fem.spaces import Space

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ElasticBody:
    """An elastic part of the cell: its space and Lame's constants of its triangles in Pa."""

    space: Space
    lam: Floats
    mu: Floats

    @classmethod
    def of(cls, mesh: Mesh, elastic: Elastic, elements: Ints) -> ElasticBody:
        """The body that `elements` of `mesh` make up."""
        lam, mu = lame(elastic.youngs_modulus, elastic.poisson_ratio)
        region = mesh.region[elements]
        return cls(Space(mesh, elements), lam[region], mu[region])

    @classmethod
    def composite(cls, mesh: Mesh, elastic: Elastic) -> ElasticBody:
        """Electrolyte and active material, bonded to each other."""
        lithium = mesh.geometry.phases[mesh.region] == Phase.LITHIUM
        return cls.of(mesh, elastic, np.flatnonzero(~lithium))

    @cached_property
    def stiffness(self) -> csr_matrix:
        """The stiffness matrix (2n, 2n) in Pa."""
        return forms.stiffness(self.space, self.lam, self.mu).tocsr()

    @cached_property
    def dilation(self) -> Floats:
        """Forces (2n,) of a unit out-of-plane strain, in N/m per m of depth."""
        return forms.dilation(self.space, self.lam)

    @cached_property
    def confined_modulus(self) -> float:
        """Force out of the plane in N per unit of strain there, all displacements held."""
        return float(((self.lam + 2.0 * self.mu)[:, None] * self.space.basis.dx).sum())

    def swelling_forces(self, swelling: Floats) -> tuple[Floats, float]:
        """What holds a body still that swells by the relative volume (nt, 6) at its nodes.

        Returns
        -------
        Forces (2n,) by which it presses on the nodes in N/m, and out of the plane in N.
        """
        basis = self.space.basis
        modulus = bulk_modulus(self.lam, self.mu)[:, None]
        pressure = modulus * forms.at_points(basis, swelling)
        thrust = float((pressure * np.asarray(basis.dx)).sum())
        return forms.dilation(self.space, pressure), thrust


@dataclass(frozen=True)
class LithiumSurface:
    """The line on which one lithium body meets the electrolyte.

    `nodes` (m,) are its mesh nodes, ascending; `normals` (2, m) the unit normals there, out of the
    lithium.
    """

    edges: Edges
    nodes: Ints
    normals: Floats

    @classmethod
    def of(cls, mesh: Mesh, which: Ints) -> LithiumSurface:
        """The surface that the outline edges `which` make up."""
        edges = Edges.of(mesh, which)
        nodes = np.unique(edges.nodes)
        return cls(edges, nodes, edges.nodal_normals(nodes))

    @classmethod
    def all(cls, mesh: Mesh) -> list[LithiumSurface]:
        """Those of all lithium bodies, the foil first."""
        return [cls.of(mesh, which) for which in mesh.interface_by_body(Phase.LITHIUM).values()]

    def pressure(self, force: Floats) -> Floats:
        """Pressure in Pa from forces on the nodes, through the mass matrix of the line.

        Parameters
        ----------
        force
            Forces on the electrolyte at `nodes` in N/m, x and y: (2, m), or (2, m, n) for n loads.
        """
        local = np.full(int(self.nodes.max()) + 1, -1)
        local[self.nodes] = np.arange(len(self.nodes))
        mass = self.edges.mass(np.ones(self.edges.weights.shape), local, len(self.nodes))
        solve = splu(mass.tocsc()).solve
        nx, ny = self.normals.reshape(2, -1, *(1,) * (force.ndim - 2))
        return np.asarray(solve(force[0]) * nx + solve(force[1]) * ny)
