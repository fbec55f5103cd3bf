"""Reacting surface inside a porous layer, per volume: what `Patches` are along a line."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fem.mesh import Ints, Mesh
from fem.physics.surfaces import Patches
from fem.spaces import Space

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Porous(Patches):
    """One piece of pores in the triangles of a layer; `edges` are these with six nodes each.

    Weights are areas of pores' walls per m of depth, so that densities are per area of wall and
    integrals in A per m of depth, as along a line.

    Attributes
    ----------
    volumes
        Quadrature weights (nt, nq) in m^3 per m of depth.
    values
        Shape functions (6, nq).
    surface
        Area of walls per volume in 1/m.
    """

    volumes: Floats
    values: Floats
    surface: float

    @classmethod
    def within(cls, mesh: Mesh, elements: Ints, surface: float) -> Porous:
        """The pores of some triangles of a mesh."""
        basis = Space(mesh, elements).basis
        corners = mesh.triangles[elements]
        nodes = np.unique(corners)
        local = np.searchsorted(nodes, corners)
        shapes = [np.asarray(each[0].value) for each in basis.basis]
        values = np.stack([np.broadcast_to(s, basis.dx.shape)[0] for s in shapes])
        piece = np.zeros((1, len(elements)), dtype=int)
        coordinates = mesh.nodes[:, corners][:, None]
        return cls(nodes[None], local, coordinates, piece, np.asarray(basis.dx), values, surface)

    @cached_property
    def weights(self) -> Floats:
        return self.surface * self.volumes[None]

    @property
    def shapes(self) -> Floats:
        return self.values

    @cached_property
    def points(self) -> Floats:
        """Coordinates of the quadrature points (2, nt, nq) in m."""
        return np.asarray(self.coordinates[:, 0] @ self.values)
