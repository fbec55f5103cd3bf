"""Where solids meet: pieces that hold together, both sides of an interface, and what bonds them.

A composite is numbered by sheets (`fem.spaces.Space`): triangles of two sheets share no unknown.
Pieces are joined across edges of triangles, never at a point alone, since a hinge carries no
moment and would leave a mechanism. If bodies are separate, each particle has sheets of its own and
an interface has two displacements at each of its nodes, between which a bond acts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from fem.forms.interface import Edges
from fem.geometry import Phase
from fem.mesh import Ints, Mesh
from fem.spaces import Space

Floats = NDArray[np.float64]

LITHIUM = "lithium_electrolyte"
"""Kind of the interface where lithium that deforms lies on other solids."""


def sheets(mesh: Mesh, elements: Ints, separate: bool) -> Ints | None:
    """Sheet of each of the triangles `elements` (nt,), or `None` where all is one.

    Parameters
    ----------
    separate
        Whether each particle is a body of its own; otherwise all pieces that share an edge are
        one. Sheets of the electrolyte come first.
    """
    owner = _owner(mesh)[elements] if separate else np.zeros(len(elements), dtype=int)
    return sheets_of(mesh, elements, owner)


def sheets_of(mesh: Mesh, elements: Ints, owner: Ints) -> Ints | None:
    """Sheet of each of the triangles (nt,) that belong to `owner` (nt,); `None` where all is one.

    Those of the first owner come first, and a sheet is no more than a piece that hangs together.
    """
    place = _places(mesh, elements)
    beside = mesh.skfem.f2t
    first, second = place[beside[:, (beside >= 0).all(axis=0)]]
    inside = (first >= 0) & (second >= 0)
    first, second = first[inside], second[inside]
    joined = owner[first] == owner[second]
    count, piece = _components(first[joined], second[joined], len(elements))
    if count == 1:
        return None
    begin = np.unique(piece, return_index=True)[1]
    rank = np.empty(count, dtype=int)
    rank[np.lexsort((begin, owner[begin]))] = np.arange(count)
    return np.asarray(rank[piece])


def _owner(mesh: Mesh) -> Ints:
    """Body of each triangle of the mesh: 0, and from 1 the particles."""
    regions = mesh.geometry.regions
    owner = [1 + r.body if r.phase == Phase.ACTIVE else 0 for r in regions]
    return np.asarray(np.array(owner)[mesh.region])


def _places(mesh: Mesh, elements: Ints) -> Ints:
    """Where each triangle of the mesh stands in `elements`, -1 for nowhere."""
    place = np.full(len(mesh.region), -1)
    place[elements] = np.arange(len(elements))
    return place


def _components(first: Ints, second: Ints, size: int) -> tuple[int, Ints]:
    graph = coo_matrix((np.ones(len(first), dtype=bool), (first, second)), shape=(size, size))
    count, label = connected_components(graph, directed=False)
    return int(count), np.asarray(label, dtype=int)


def unknowns_beside(space: Space, edges: Ints) -> tuple[Ints, Ints]:
    """Unknowns of a space left and right of outline edges: (ne, 3) each, -1 where it is not."""
    mesh = space.mesh
    which, nodes = edges, mesh.edges[edges]
    place = _places(mesh, space.elements)
    sheet = np.zeros(len(place), dtype=int) if space.sheet is None else space.sheet
    # Nodes are vertices first, then one an edge of the triangulation.
    facet = nodes[:, 2] - (mesh.nodes.shape[1] - mesh.skfem.facets.shape[1])
    beside = mesh.skfem.f2t[:, facet]
    found = []
    for region in mesh.sides[which].T:
        right = (beside >= 0) & (mesh.region[beside] == region)
        triangle = place[np.where(right[0], beside[0], beside[1])]
        inside = (triangle >= 0) & right.any(axis=0)
        unknown = np.full(nodes.shape, -1)
        unknown[inside] = space.unknowns(nodes[inside], sheet[triangle[inside], None])
        found.append(unknown)
    return found[0], found[1]


@dataclass(frozen=True)
class SolidInterface:
    """All edges on which separate bodies of one kind face each other.

    Attributes
    ----------
    kind
        "particle_electrolyte", "particle_particle" or "lithium_electrolyte"; "faces" where
        regions are drawn freely.
    edges
        Turned such that the particle, the lithium, or the first of two regions is on their left:
        normals point out of it.
    particle, other
        Unknowns of the bodies on both sides of the edges' nodes, (ne, 3); those of lithium follow
        those of the composite.
    body, other_body
        Particle or body of lithium on the left of each edge (ne,), and particle on its right; -1
        for electrolyte.
    """

    kind: str
    edges: Edges
    particle: Ints
    other: Ints
    body: Ints
    other_body: Ints

    @property
    def between(self) -> Ints:
        """Particles on both sides of each edge (ne, 2)."""
        return np.stack([self.body, self.other_body], axis=1)

    @property
    def on_electrolyte(self) -> bool:
        """Whether the other side is electrolyte, on which particles react."""
        return self.kind == "particle_electrolyte"

    @cached_property
    def _number(self) -> tuple[Ints, Ints]:
        """First edge node of each pair (m,), as a flat index, and the pair of each (ne, 3)."""
        both = np.stack([self.particle.ravel(), self.other.ravel()], axis=1)
        _, first, number = np.unique(both, axis=0, return_index=True, return_inverse=True)
        return first, number.reshape(self.particle.shape)

    @property
    def pair_of(self) -> Ints:
        """Pair at the start, end and middle of each edge (ne, 3)."""
        return self._number[1]

    @property
    def nodes(self) -> Ints:
        """Mesh node of each pair (m,)."""
        return np.asarray(self.edges.nodes.ravel()[self._number[0]])

    @property
    def bodies(self) -> Ints:
        """Particle of each pair (m,)."""
        return np.asarray(np.repeat(self.body, 3)[self._number[0]])

    @cached_property
    def pairs(self) -> Ints:
        """Pairs of unknowns that face each other (m, 2): the particle's, and the other's."""
        both = np.stack([self.particle.ravel(), self.other.ravel()], axis=1)
        return np.unique(both, axis=0)

    @cached_property
    def normals(self) -> Floats:
        """Unit normals (2, m) at the pairs, out of the particle."""
        # Edges of one pair of bodies alone make the normal at a node where three bodies meet.
        alone = Edges(self._number[1], self.edges.coordinates)
        return alone.nodal_normals(np.arange(len(self.pairs)))

    @cached_property
    def weights(self) -> Floats:
        """Length in m that each pair stands for (m,): the integral of its shape function."""
        number = self._number[1]
        local = self.edges.weights @ self.edges.shapes.T
        return np.bincount(number.ravel(), local.ravel(), len(self.pairs)).astype(float)

    def jump(self, displacement: Floats) -> Floats:
        """Displacement (m, 2) of the other side less that of the particle at the pairs.

        Its component along `normals` is the gap that opens. `displacement` is (n, 2).
        """
        particle, other = self.pairs.T
        return np.asarray(displacement[other] - displacement[particle])


def interfaces(space: Space) -> list[SolidInterface]:
    """Where the sheets of a composite face each other: at the electrolyte, then at each other."""
    mesh = space.mesh
    apart, left, right = _apart(space)
    active = mesh.phase_sides[apart] == str(Phase.ACTIVE)
    regions = mesh.geometry.regions
    bodies = np.array([r.body if r.phase == Phase.ACTIVE else -1 for r in regions])
    found = []
    for kind, chosen in (
        ("particle_electrolyte", active.sum(axis=1) == 1),
        ("particle_particle", active.all(axis=1)),
    ):
        if chosen.any():
            sides = apart[chosen], left[chosen], right[chosen]
            found.append(_facing(mesh, kind, sides, ~active[chosen, 0], bodies))
    return found


def lithium_interface(composite: Space, lithium: Space, rows: Ints) -> SolidInterface:
    """Where lithium that deforms lies on other solids: at the mesh's outline edges `rows`."""
    mesh = composite.mesh
    solid, own = unknowns_beside(composite, rows), unknowns_beside(lithium, rows)
    left, right = (
        np.where(metal >= 0, len(composite) + metal, other)
        for metal, other in zip(own, solid, strict=True)
    )
    regions = mesh.geometry.regions
    bodied = (Phase.ACTIVE, Phase.LITHIUM)
    bodies = np.array([r.body if r.phase in bodied else -1 for r in regions])
    on_right = own[0][:, 0] < 0
    return _facing(mesh, LITHIUM, (rows, left, right), on_right, bodies)


def faces_between(space: Space) -> dict[tuple[int, int], SolidInterface]:
    """Where the sheets of a composite face each other, by the two regions, the lower one first."""
    mesh = space.mesh
    apart, left, right = _apart(space)
    regions = np.sort(mesh.sides[apart], axis=1)
    found = {}
    for first, second in np.unique(regions, axis=0).tolist():
        chosen = (regions == [first, second]).all(axis=1)
        sides = apart[chosen], left[chosen], right[chosen]
        turn = mesh.sides[apart[chosen], 0] != first
        numbers = np.arange(len(mesh.geometry.regions))
        found[first, second] = _facing(mesh, "faces", sides, turn, numbers)
    return found


def _apart(space: Space) -> tuple[Ints, Ints, Ints]:
    """Outline edges (ne,) between two sheets, and the unknowns left and right of them (ne, 3)."""
    mesh = space.mesh
    if space.sheet is None:
        nothing = np.zeros((0, 3), dtype=int)
        return np.zeros(0, dtype=int), nothing, nothing
    left, right = unknowns_beside(space, np.arange(len(mesh.edges)))
    rows = np.flatnonzero((left >= 0).all(axis=1) & (right >= 0).all(axis=1))
    rows = rows[(left[rows] != right[rows]).any(axis=1)]
    return rows, left[rows], right[rows]


def _facing(
    mesh: Mesh, kind: str, sides: tuple[Ints, Ints, Ints], turn: NDArray[np.bool_], body: Ints
) -> SolidInterface:
    """The interface of edges with unknowns left and right of them, some of which `turn` around."""
    rows, one, two = sides
    nodes, back = mesh.edges[rows], turn[:, None]
    one, two = np.where(back, two, one), np.where(back, one, two)
    nodes, one, two = (np.where(back, a[:, [1, 0, 2]], a) for a in (nodes, one, two))
    owner = body[np.where(back, mesh.sides[rows, ::-1], mesh.sides[rows])]
    return SolidInterface(kind, Edges(nodes, mesh.nodes[:, nodes]), one, two, *owner.T)


def merged(ties: list[Ints], size: int) -> Ints:
    """Numbers (size,) after the unknowns of each pair in `ties` (m, 2) have become one."""
    if not sum(len(pairs) for pairs in ties):
        return np.arange(size)
    first, second = np.concatenate(ties).T
    count, label = _components(first, second, size)
    begin = np.unique(label, return_index=True)[1]
    rank = np.empty(count, dtype=int)
    rank[np.argsort(begin)] = np.arange(count)
    return np.asarray(rank[label])


def on_line(space: Space, edges: Ints) -> tuple[Ints, Ints]:
    """Which unknown of a composite stands at each mesh node of its edges with lithium.

    Parameters
    ----------
    edges
        Rows of the mesh's edges with the composite on one side only.

    Returns
    -------
    The unknown at each mesh node (N,), -1 elsewhere; and pairs (m, 2) of unknowns that the
    lithium holds together where two pieces meet on its line.
    """
    left, right = unknowns_beside(space, edges)
    unknown = np.unique(np.where(left >= 0, left, right))
    node = space.nodes[unknown]
    number = np.full(space.mesh.nodes.shape[1], -1)
    number[node[::-1]] = unknown[::-1]
    again = number[node] != unknown
    return number, np.stack([number[node[again]], unknown[again]], axis=1)
