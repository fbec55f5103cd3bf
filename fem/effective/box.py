"""A rectangle of a mesh: its four faces, and the connected pieces of what lies in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from fem.errors import InputError
from fem.forms.interface import Edges
from fem.geometry.types import Phase
from fem.mesh import Ints, Mesh
from fem.spaces import Space

Floats = NDArray[np.float64]

FACES = ((0, 1), (2, 3))
"""Numbers of the faces that a current along x or y enters and leaves: left, right; bottom, top."""
SLACK = 1e-6
"""How far off a face, of the shorter side, a node may lie by rounding."""


@dataclass(frozen=True)
class Pieces:
    """Connected pieces of a part of a box.

    Attributes
    ----------
    label
        Piece of each triangle of the box (nt,), -1 for those outside the part.
    area
        Area of each piece (n,) in m^2.
    touches
        Whether each piece has an edge on each face (n, 4).
    """

    label: Ints
    area: Floats
    touches: NDArray[np.bool_]

    @cached_property
    def joins(self) -> NDArray[np.bool_]:
        """Whether each piece joins the two faces along x, and along y (n, 2)."""
        return np.stack([self.touches[:, list(pair)].all(axis=1) for pair in FACES], axis=1)

    @cached_property
    def percolating(self) -> tuple[float, float]:
        """Fraction of the part's area in pieces that join the faces along x and along y."""
        total = float(self.area.sum())
        x, y = (float(self.area @ joins) / total if total else 0.0 for joins in self.joins.T)
        return x, y


class Box:
    """The triangles `elements` of a mesh, which together fill a rectangle.

    Attributes
    ----------
    width, height
        Lengths of its sides in m.
    faces
        Rows of `edges` on the left, right, bottom and top face.
    edges
        Nodes (start, end, middle) of the edges on the boundary (ne, 3).
    owner
        The triangle at each of these edges (ne,), a position in `elements`.
    area
        Area of each triangle (nt,) in m^2.

    Raises
    ------
    InputError
        If the triangles do not fill a rectangle.
    """

    def __init__(self, mesh: Mesh, elements: Ints) -> None:
        self.mesh, self.elements = mesh, elements
        # Triangles beyond the mesh have the number -1, which picks the last entry.
        place = np.full(len(mesh.region) + 1, -1)
        place[elements] = np.arange(len(elements))
        self._neighbours = place[mesh.skfem.f2t]
        alone = np.flatnonzero((self._neighbours >= 0).sum(axis=0) == 1)
        self.owner = self._neighbours[:, alone].max(axis=0)
        vertices = mesh.skfem.t.max() + 1
        self.edges = np.c_[mesh.skfem.facets[:, alone].T, vertices + alone]
        xy = mesh.nodes[:, self.edges]
        low, high = xy.min(axis=(1, 2)), xy.max(axis=(1, 2))
        self.origin = (float(low[0]), float(low[1]))
        self.width, self.height = map(float, high - low)
        slack = SLACK * min(self.width, self.height)
        on = [
            np.abs(xy[axis] - end[axis]).max(axis=1) < slack
            for axis in (0, 1)
            for end in (low, high)
        ]
        self.faces = tuple(np.flatnonzero(side) for side in on)
        self.area = np.asarray(Space(mesh, elements).basis.dx.sum(axis=1))
        if sum(map(len, self.faces)) != len(alone):
            raise InputError(
                "this part of the cell is no rectangle, so there is no direction to conduct along",
                key="geometry",
                allowed="a part bounded by two horizontal and two vertical lines",
                cure="give a geometry whose layers are apart from each other by straight lines",
            )

    @property
    def lengths(self) -> tuple[float, float]:
        """Width and height in m."""
        return self.width, self.height

    @property
    def region(self) -> Ints:
        """Region of each triangle (nt,)."""
        return np.asarray(self.mesh.region[self.elements])

    def along(self, rows: Ints) -> Edges:
        """Boundary edges, to integrate along them."""
        nodes = self.edges[rows]
        return Edges(nodes, self.mesh.nodes[:, nodes])

    @cached_property
    def grain_boundaries(self) -> Ints:
        """Facets of the mesh between two regions of electrolyte in the box."""
        region = np.append(self.region, -1)[self._neighbours]
        grain = np.append(self.mesh.geometry.phases == Phase.ELECTROLYTE, False)[region]
        return np.flatnonzero(grain.all(axis=0) & (region[0] != region[1]))

    def beside(self, facets: Ints) -> Ints:
        """The two triangles at facets of the mesh (2, n), as positions in `elements`."""
        return np.asarray(self._neighbours[:, facets])

    def edges_at(self, facets: Ints) -> Edges:
        """Facets of the mesh, to integrate along them."""
        vertices = int(self.mesh.skfem.t.max()) + 1
        nodes = np.c_[self.mesh.skfem.facets[:, facets].T, vertices + facets]
        return Edges(nodes, self.mesh.nodes[:, nodes])

    def pieces(self, part: NDArray[np.bool_], apart: Ints | None = None) -> Pieces:
        """Pieces of the triangles `part` (nt,), joined across edges; corners do not count.

        Nothing is joined across the facets `apart`.
        """
        count = len(self.elements)
        first, second = self._neighbours
        # Position -1, that of no triangle, picks the last entry.
        inside = np.append(part, False)
        both = inside[first] & inside[second]
        if apart is not None:
            both[apart] = False
        pairs = (first[both], second[both])
        graph = coo_matrix((np.ones(len(pairs[0]), dtype=bool), pairs), shape=(count, count))
        _, label = connected_components(graph, directed=False)
        members = np.flatnonzero(part)
        _, numbered = np.unique(label[members], return_inverse=True)
        result = np.full(count, -1)
        result[members] = numbered
        n = int(numbered.max()) + 1 if len(numbered) else 0
        touches = np.zeros((n, len(self.faces)), dtype=bool)
        for k, rows in enumerate(self.faces):
            at = result[self.owner[rows]]
            touches[at[at >= 0], k] = True
        area = np.bincount(numbered, weights=self.area[members], minlength=n)
        return Pieces(result, np.asarray(area, dtype=float), touches)
