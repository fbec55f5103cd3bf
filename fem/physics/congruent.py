"""Particles together: those that have the same mesh in a group, or those of any shape in a bundle.

The particles of a lattice are copies of one another, and one matrix serves them all. Their nodes
are numbered anew in the mesh of the cell, so copies are recognised by where their nodes lie. Where
nothing is solved inside particles, a bundle needs no such search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from fem.errors import InputError
from fem.forms.interface import Edges
from fem.geometry import Phase
from fem.mesh import Ints, Mesh
from fem.physics.surfaces import Patches
from fem.spaces import Space

Floats = NDArray[np.float64]

COPY_TOLERANCE = 1e-7
"""Distance of the nodes of congruent particles relative to their extent: rounding, not shape."""


@dataclass(frozen=True)
class ParticleGroup:
    """`k` congruent particles with `n` mesh nodes, `m` of them on the electrolyte.

    Attributes
    ----------
    ids
        Numbers of the bodies (k,).
    elements
        Triangles (k, nt) of the mesh, in the same order for each particle.
    state_nodes
        Mesh nodes (k, n), in the same local order for each particle.
    surface
        Local numbers 0 to n - 1 of the nodes on the electrolyte (m,).
    edges
        Numbers 0 to m - 1 of the start, end and middle of each surface edge (ne, 3), with the
        particle on the left.
    """

    ids: Ints
    elements: Ints
    state_nodes: Ints
    surface: Ints
    edges: Ints

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def nodes(self) -> Ints:
        """Mesh nodes on the electrolyte (k, m)."""
        return self.state_nodes[:, self.surface]

    def patches(self, mesh: Mesh) -> Patches:
        """Their surfaces, a particle a row."""
        return Patches.of(mesh, self.nodes, self.edges)

    def areas(self, mesh: Mesh) -> Floats:
        """Area of each particle (k,) in m^2."""
        area = float(Space(mesh, self.elements[0]).basis.dx.sum())
        return np.full(len(self), area)

    def triangles(self, mesh: Mesh) -> Ints:
        """Local numbers 0 to n - 1 of the nodes of each triangle of a particle (nt, 6)."""
        known = self.state_nodes[0]
        order = np.argsort(known)
        wanted = mesh.triangles[self.elements[0]]
        return np.asarray(order[np.searchsorted(known, wanted, sorter=order)])

    def on_triangles(self, mesh: Mesh, values: Floats) -> Floats:
        """Values (k, n), or one each (k, 1), at the nodes of all triangles (k nt, 6)."""
        if values.shape[1] == 1:
            return np.repeat(np.repeat(values, self.elements.shape[1], axis=0), 6, axis=1)
        count = mesh.nodes.shape[1]
        particle = np.arange(len(self))[:, None]
        known = (particle * count + self.state_nodes).ravel()
        wanted = particle[..., None] * count + mesh.triangles[self.elements]
        order = np.argsort(known)
        place = order[np.searchsorted(known, wanted, sorter=order)]
        return np.asarray(values.ravel()[place].reshape(-1, 6))

    def spread(self, mesh: Mesh, values: Floats, out: Floats) -> None:
        """Put values at the nodes of each particle (k, n), or one each (k, 1), at mesh nodes."""
        out[self.state_nodes] = values


@dataclass(frozen=True)
class ParticleBundle:
    """Particles of any shape.

    Attributes
    ----------
    ids
        Numbers of the bodies (k,).
    outlines
        Outline edges of each on the electrolyte, as row numbers of the mesh's edges.
    elements, owner
        All their triangles (1, nt), and the position in `ids` of each (nt,).
    """

    ids: Ints
    outlines: tuple[Ints, ...]
    elements: Ints
    owner: Ints

    @classmethod
    def of(cls, mesh: Mesh, bodies: Sequence[int]) -> ParticleBundle:
        """The particles with these numbers."""
        surfaces = mesh.interface_by_body(Phase.ACTIVE)
        _refuse_without_surface(surfaces, bodies)
        number = np.array([region.body for region in mesh.geometry.regions])
        body = np.where(mesh.geometry.phases == Phase.ACTIVE, number, -1)[mesh.region]
        place = np.full(max(int(body.max()), max(bodies)) + 2, -1)
        place[list(bodies)] = np.arange(len(bodies))
        elements = np.flatnonzero(place[body] >= 0)
        outlines = tuple(surfaces[b] for b in bodies)
        return cls(np.array(bodies), outlines, elements[None], place[body[elements]])

    def __len__(self) -> int:
        return len(self.ids)

    def patches(self, mesh: Mesh) -> Patches:
        """Their surfaces in one row."""
        return Patches.bundle(mesh, self.outlines)

    def areas(self, mesh: Mesh) -> Floats:
        """Area of each particle (k,) in m^2."""
        dx = np.asarray(Space(mesh, self.elements[0]).basis.dx.sum(axis=1))
        return np.asarray(np.bincount(self.owner, weights=dx, minlength=len(self)), dtype=float)

    def on_triangles(self, mesh: Mesh, values: Floats) -> Floats:
        """One value each (k, 1) at the nodes of all triangles (nt, 6)."""
        return np.repeat(values[self.owner], 6, axis=1)

    def spread(self, mesh: Mesh, values: Floats, out: Floats) -> None:
        """Put one value each (k, 1) at all mesh nodes of the particles."""
        out[mesh.triangles[self.elements[0]]] = values[self.owner]


def groups(mesh: Mesh, bodies: Sequence[int]) -> list[ParticleGroup]:
    """The bodies of active material, in groups of equal meshes.

    Every body is in one group; groups and their members keep the order of `bodies`.

    Raises
    ------
    InputError
        If a body has no surface on the electrolyte.
    """
    surfaces = mesh.interface_by_body(Phase.ACTIVE)
    number = np.array([region.body for region in mesh.geometry.regions])
    body_of = np.where(mesh.geometry.phases == Phase.ACTIVE, number, -1)[mesh.region]
    families: list[tuple[_Body, list[_Body]]] = []
    _refuse_without_surface(surfaces, bodies)
    for body in bodies:
        edges = Edges.of(mesh, surfaces[body]).nodes
        one = _Body.of(mesh, body, np.flatnonzero(body_of == body), edges)
        for first, members in families:
            copy = one.ordered_as(first)
            if copy is not None:
                members.append(copy)
                break
        else:
            families.append((one, [one]))
    return [_group(members) for _, members in families]


def reacting(mesh: Mesh) -> list[int]:
    """Numbers of the particles that react as drawn; a plane cathode is number 0."""
    bodies = mesh.geometry.particles
    alive = np.flatnonzero(bodies.active) if len(bodies) else np.array([0])
    return [int(body) for body in alive]


def _refuse_without_surface(surfaces: Mapping[int, Ints], bodies: Sequence[int]) -> None:
    for body in bodies:
        if body not in surfaces:
            raise InputError(
                f"particle {body} has no surface on the electrolyte",
                given=body,
                allowed=f"one of {sorted(surfaces)}",
                cure="make it inactive",
            )


@dataclass(frozen=True)
class _Body:
    """One particle with local numbers: `triangles` (nt, 3) are its vertices, sorted by row."""

    id: int
    elements: Ints
    nodes: Ints
    places: Floats
    """Coordinates (n, 2) from their mean in m."""
    triangles: Ints
    edges: Ints

    @classmethod
    def of(cls, mesh: Mesh, body: int, elements: Ints, edges: Ints) -> _Body:
        nodes = np.unique(mesh.triangles[elements])
        places = mesh.nodes[:, nodes].T
        triangles = np.sort(np.searchsorted(nodes, mesh.triangles[elements, :3]), axis=1)
        local = np.searchsorted(nodes, edges)
        return cls(body, elements, nodes, places - places.mean(axis=0), triangles, local)

    @cached_property
    def spread(self) -> float:
        """Root mean square distance of the nodes from their mean in m."""
        return float(np.sqrt((self.places**2).sum(axis=1).mean()))

    @cached_property
    def tree(self) -> cKDTree:
        return cKDTree(self.places)

    def ordered_as(self, other: _Body) -> _Body | None:
        """This particle with nodes and triangles in the order of `other`; `None` if not alike."""
        tolerance = COPY_TOLERANCE * other.spread
        if (
            self.places.shape != other.places.shape
            or self.triangles.shape != other.triangles.shape
            or self.edges.shape != other.edges.shape
            or abs(self.spread - other.spread) > tolerance
        ):
            return None
        distance, place = other.tree.query(self.places)
        n = len(place)
        if distance.max() > tolerance or len(np.unique(place)) < n:
            return None
        mine, theirs = np.sort(place[self.triangles], axis=1), other.triangles
        order, as_theirs = np.lexsort(mine.T), np.lexsort(theirs.T)
        edges = place[self.edges]
        if not (
            np.array_equal(mine[order], theirs[as_theirs])
            and np.array_equal(edges[np.lexsort(edges.T)], other.edges[np.lexsort(other.edges.T)])
        ):
            return None
        elements, nodes = np.empty_like(self.elements), np.empty_like(self.nodes)
        places = np.empty_like(self.places)
        elements[as_theirs] = self.elements[order]
        nodes[place], places[place] = self.nodes, self.places
        return _Body(self.id, elements, nodes, places, other.triangles, other.edges)


def _group(members: Sequence[_Body]) -> ParticleGroup:
    surface = np.unique(members[0].edges)
    return ParticleGroup(
        ids=np.array([member.id for member in members]),
        elements=np.stack([member.elements for member in members]),
        state_nodes=np.stack([member.nodes for member in members]),
        surface=surface,
        edges=np.searchsorted(surface, members[0].edges),
    )
