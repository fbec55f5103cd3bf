"""Triangles at a surface cut into layers that become thin towards it.

After a jump of what flows through a surface, what has changed behind it is a layer thinner than any
element that the rest of a body needs. Every triangle that touches the surface is cut parallel to
it at depths that halve towards the surface, in its own coordinates: surface edges keep their nodes,
the other triangles stay, and curved triangles are covered exactly. So the P2 functions of the old
triangles are among those of the new ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, identity
from skfem import MeshTri1, MeshTri2

from fem.mesh.cell import Floats, Ints, Mesh

SIDES = ((0, 1), (1, 2), (0, 2))
"""Corners of the sides of a triangle, in the order of its middles."""
ALONG = np.array([np.cos(1.0), np.sin(1.0)])
"""A direction in which no two corners of a drawing lie level."""


@dataclass(frozen=True)
class Layered:
    """P2 triangles that were cut into layers.

    Attributes
    ----------
    triangles
        Nodes of each (nt, 6), corners and middles; the first nodes are those of before.
    prolongation
        P2 functions of before as P2 functions on `triangles`, (n after, n before).
    """

    triangles: Ints
    prolongation: csr_matrix

    def mesh(self, nodes: Floats, like: Mesh, copies: int = 1) -> tuple[Mesh, Ints]:
        """A mesh of `copies` that share nothing, all in one place, and where its nodes are.

        Parameters
        ----------
        nodes
            Coordinates of the nodes of before (2, n) in m.
        like
            What the regions are named by.

        Returns
        -------
        The mesh, and the mesh node of each node of each copy (copies, n after).
        """
        places = (self.prolongation @ nodes.T).T
        # As scikit-fem numbers: corners ascend, and come before the middles of its facets.
        triangles = _in_order(self.triangles, np.arange(places.shape[1]))
        corners = np.unique(triangles[:, :3])
        number = np.searchsorted(corners, triangles[:, :3])
        shift = len(corners) * np.arange(copies)[:, None, None]
        straight = MeshTri1(
            np.tile(places[:, corners], copies),
            np.ascontiguousarray((number + shift).reshape(-1, 3).T),
        )
        middles = len(corners) * copies + straight.t2f.T.reshape(copies, -1, 3)
        order = np.empty((copies, places.shape[1]), dtype=int)
        order[:, corners] = np.arange(len(corners)) + shift[:, 0]
        order[:, triangles[:, 3:]] = middles
        located = np.empty((2, order.size))
        located[:, order] = places[:, None]
        none = np.zeros((0, 3), dtype=int)
        region = np.zeros(straight.t.shape[1], dtype=int)
        skfem = MeshTri2(located, straight.t)
        return Mesh(skfem, region, none, none[:, 0], like.geometry), order


def layered(triangles: Ints, nodes: Floats, edges: Ints, levels: int) -> Layered:
    """Cut the triangles that touch a surface into layers.

    Parameters
    ----------
    triangles
        Nodes of each (nt, 6), corners and middles.
    nodes
        Coordinates (2, n). However nodes and triangles are numbered, the cuts are the same.
    edges
        Nodes (start, end, middle) of the edges of the surface (ne, 3).
    levels
        Depths are 1/2, 1/4, ... ``2**-levels`` of a triangle's; none where 0.
    """
    count = nodes.shape[1]
    if not levels:
        return Layered(triangles, identity(count, format="csr"))
    triangles = _in_order(triangles, ALONG @ nodes)
    parent, corners = _without_chords(triangles, edges)
    parent, corners = _cut(parent, corners, triangles, edges, levels)
    return _numbered(parent, corners, triangles, count)


def _in_order(triangles: Ints, rank: Floats | Ints) -> Ints:
    """Corners of every triangle in the order of the `rank` of each node (n,)."""
    order = np.argsort(rank[triangles[:, :3]], axis=1)
    corners = np.take_along_axis(triangles[:, :3], order, axis=1)
    # The middles by the corner that each lies across from.
    across = np.take_along_axis(triangles[:, [4, 5, 3]], order, axis=1)
    return np.concatenate([corners, across[:, [2, 0, 1]]], axis=1)


def _without_chords(triangles: Ints, edges: Ints) -> tuple[Ints, Floats]:
    """Triangles of which no side but those of the surface has both ends on it.

    Such a side is halved.

    Returns
    -------
    The parent (n,) of each, and its corners (n, 3, 3) in the barycentric coordinates of that.
    """
    on = np.isin(triangles[:, :3], edges[:, :2])
    chord = on[:, SIDES].all(axis=2) & ~np.isin(triangles[:, 3:], edges[:, 2])
    unit = np.eye(3)
    without = np.flatnonzero(~chord.any(axis=1))
    parents, found = without.tolist(), [unit] * len(without)
    for number in np.flatnonzero(chord.any(axis=1)).tolist():
        pieces = [unit]
        for a, b in (side for side, is_chord in zip(SIDES, chord[number], strict=True) if is_chord):
            pieces = [part for piece in pieces for part in _halved(piece, unit[a], unit[b])]
        parents += [number] * len(pieces)
        found += pieces
    return np.array(parents), np.array(found)


def _halved(piece: Floats, start: Floats, end: Floats) -> list[Floats]:
    """`piece` cut through the middle of a side, if it has that side."""
    ends = [np.flatnonzero((piece == each).all(axis=1)) for each in (start, end)]
    if not all(len(each) for each in ends):
        return [piece]
    first, second = piece.copy(), piece.copy()
    first[ends[1]] = second[ends[0]] = 0.5 * (start + end)
    return [first, second]


def _cut(
    parent: Ints, corners: Floats, triangles: Ints, edges: Ints, levels: int
) -> tuple[Ints, Floats]:
    """The same with all triangles that touch the surface cut into layers."""
    surface = np.isin(triangles[:, :3], edges[:, :2])[parent]
    # Corners that are a parent's are on the surface where that is; middles of chords are inside.
    whole = corners.max(axis=2) == 1.0
    on = whole & surface[np.arange(len(parent))[:, None], corners.argmax(axis=2)]
    touching = on.sum(axis=1)
    # All three: a body of one triangle.
    parents, cut = [parent[touching % 3 == 0]], [corners[touching % 3 == 0]]
    depth = np.concatenate([[0.0], 0.5 ** np.arange(levels, -1, -1.0)])
    for number in (1, 2):
        which = np.flatnonzero(touching == number)
        # Corners in order: those on the surface, then those inside.
        order = np.argsort(~on[which], axis=1, kind="stable")
        ordered = np.take_along_axis(corners[which], order[..., None], axis=1)
        first, last = ordered[:, 0], ordered[:, 2]
        second = ordered[:, number - 1]
        one = first[:, None] + depth[:, None] * (ordered[:, number] - first)[:, None]
        other = second[:, None] + depth[:, None] * (last - second)[:, None]
        below = [one[:, :-1], one[:, 1:], other[:, 1:]], [one[:, :-1], other[:, 1:], other[:, :-1]]
        for strip, meets in zip(below, ((), (0, -1)), strict=True):
            pieces = np.stack(strip, axis=2)
            # Where the two sides meet, half of the strip is nothing.
            keep = np.ones(levels + 1, dtype=bool)
            if number == 1 and meets:
                keep[0] = False
            if number == 2 and not meets:
                keep[-1] = False
            cut.append(pieces[:, keep].reshape(-1, 3, 3))
            parents.append(np.repeat(parent[which], int(keep.sum())))
    return np.concatenate(parents), np.concatenate(cut)


def _numbered(parent: Ints, corners: Floats, triangles: Ints, count: int) -> Layered:
    """Nodes of pieces numbered: those of the parents first."""
    middles = [0.5 * (corners[:, a] + corners[:, b]) for a, b in SIDES]
    weights = np.concatenate([corners, np.stack(middles, axis=1)], axis=1)
    # A node is known by its coordinates in the corners of its parent that matter. They are sums of
    # powers of a half, so that neighbours find the same to the last digit.
    known = np.where(weights > 0.0, triangles[parent, None, :3], -1)
    order = np.argsort(known, axis=2)
    keys = np.concatenate(
        [np.take_along_axis(a, order, axis=2) for a in (known, weights)], axis=2
    ).reshape(-1, 6)
    _, first, number = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    number = number.ravel()

    a, b, c = weights.reshape(-1, 3)[first].T
    shapes = np.stack(
        [a * (2 * a - 1), b * (2 * b - 1), c * (2 * c - 1), 4 * a * b, 4 * b * c, 4 * a * c]
    )
    columns = triangles[np.repeat(parent, 6)[first]].T
    # Where a parent has a node, one function is 1 and the others are 0.
    same = shapes.max(axis=0) == 1.0
    place = np.empty(len(first), dtype=int)
    place[same] = np.take_along_axis(columns, shapes.argmax(axis=0)[None], axis=0)[0][same]
    place[~same] = count + np.arange(int((~same).sum()))
    rows = np.broadcast_to(place, shapes.shape)
    there = shapes != 0.0
    prolongation = coo_matrix(
        (shapes[there], (rows[there], columns[there])), shape=(len(first), count)
    )
    return Layered(place[number].reshape(-1, 6), prolongation.tocsr())
