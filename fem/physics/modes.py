"""Smooth modes of current along surfaces, in which a linear electrolyte is condensed.

A surface is cut into chains of edges. Along a closed one the modes are the trigonometric functions
of arc length; along one between walls, at which everything is mirrored, the cosines; along any
other the Legendre polynomials. All are orthogonal, and the first is 1. Chains of one kind with as
many modes share one table of values, whatever their lengths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix

from fem.geometry import Phase
from fem.mesh import Ints, Mesh
from fem.physics.surfaces import Patches

Floats = NDArray[np.float64]
Kind = Literal["closed", "mirrored", "open"]

_XI = 0.5 * (np.polynomial.legendre.leggauss(4)[0] + 1.0)
"""Where the quadrature points of an edge lie in it."""
POINTS_PER_MODE = 4
"""Points a mode at which laws are integrated: their products with modes have higher harmonics."""
LEAST_POINTS = 16
NEAR = 1e-4
"""Share of a curve that its direction at an end is read from."""
ALIKE = 1e-2
"""Difference of directions, and of curvatures over the larger one, that is no kink."""
RESOLVED = 3.0
"""Modes of an open chain, over the root of its number of edges, that its mesh resolves."""


@dataclass(frozen=True)
class Chain:
    """Edges of one piece that follow on each other.

    Attributes
    ----------
    surface, piece
        Numbers of the surface and of its piece.
    row, edges
        Row of the patches, and its edges in order (ne,).
    s
        Arc length at the quadrature points of these edges (ne, nq), as a share of `length`.
    length
        In m.
    kind
        What it is: closed, mirrored at both ends, or open.
    """

    surface: int
    piece: int
    row: int
    edges: Ints
    s: Floats
    length: float
    kind: Kind


def chains_of(surface: int, patches: Patches, cuts: Ints, walls: Ints) -> list[Chain]:
    """The chains of all pieces of a surface, piece after piece.

    Parameters
    ----------
    cuts
        Mesh nodes at which chains end in any case: where a smooth mode would cross a kink.
    walls
        Mesh nodes at which everything is mirrored.
    """
    found = []
    # Edges of a piece run such that the electrode is on the left: each node begins one at most.
    start, end = patches.edges[:, 0], patches.edges[:, 1]
    for row in range(len(patches.nodes)):
        kink = np.isin(patches.nodes[row, start], cuts)
        follower = {int(node): k for k, node in enumerate(start) if not kink[k]}
        has_former = np.isin(start, end) & ~kink
        left = np.ones(len(patches.edges), dtype=bool)
        # Open chains first, from their beginnings; what is left over is closed.
        for k in [*np.flatnonzero(~has_former), *range(len(left))]:
            if not left[k]:
                continue
            order = [int(k)]
            left[k] = False
            while (after := follower.get(int(end[order[-1]]), -1)) >= 0 and left[after]:
                order.append(after)
                left[after] = False
            edges = np.array(order)
            s, length = _arc_length(patches.weights[row, edges])
            ends = patches.nodes[row, [start[edges[0]], end[edges[-1]]]]
            kind: Kind = "mirrored" if np.isin(ends, walls).all() else "open"
            if ends[0] == ends[1]:
                kind = "closed"
            piece = int(patches.piece[row, edges[0]])
            found.append(Chain(surface, piece, row, edges, s, length, kind))
    return sorted(found, key=lambda chain: chain.piece)


def _arc_length(weights: Floats) -> tuple[Floats, float]:
    """Shares of the arc length at the quadrature points (ne, nq) of edges in order; its length."""
    gauss = np.polynomial.legendre.leggauss(4)[1] / 2.0
    speed = weights / gauss  # ds/dxi at the points of each edge
    # The integral up to each point of the cubic through the speeds at all four.
    powers = np.arange(4)
    upto = _XI[:, None] ** (powers + 1) / (powers + 1) @ np.linalg.inv(_XI[:, None] ** powers)
    lengths = weights.sum(axis=1)
    before = np.cumsum(lengths) - lengths
    total = float(lengths.sum())
    return np.asarray((before[:, None] + speed @ upto.T) / total), total


def modes(count: int, kind: Kind, s: Floats) -> Floats:
    """Values of the first `count` modes at shares of the arc length `s`: (count, *s.shape)."""
    if kind == "mirrored":
        return np.asarray(np.cos(np.pi * np.multiply.outer(np.arange(count), s)))
    if kind == "open":
        table = np.polynomial.legendre.legvander(2.0 * s - 1.0, count - 1)
        return np.moveaxis(np.asarray(table, dtype=float), -1, 0)
    waves = np.arange(1, count // 2 + 1)
    angles = 2.0 * np.pi * np.multiply.outer(waves, s)
    table = np.ones((count, *s.shape))
    table[1::2] = np.cos(angles)[: len(table[1::2])]
    table[2::2] = np.sin(angles)[: len(table[2::2])]
    return np.asarray(table, dtype=float)


def nodal_loads(
    surfaces: Sequence[Patches], chains: Sequence[Chain], counts: Sequence[int]
) -> csc_matrix:
    """Loads of all modes at the nodes of all surfaces, row after row, (nodes, n) in m."""
    start = np.cumsum([0, *(patches.nodes.size for patches in surfaces)])
    first = np.cumsum([0, *counts])
    rows, columns, values = [], [], []
    for chain, begin, count in zip(chains, first, counts, strict=False):
        patches = surfaces[chain.surface]
        table = modes(count, chain.kind, chain.s)
        local = (table * patches.weights[chain.row, chain.edges]) @ patches.shapes.T
        before = start[chain.surface] + chain.row * patches.nodes.shape[1]
        rows.append(np.broadcast_to(before + patches.edges[chain.edges], local.shape).ravel())
        column = begin + np.arange(count)
        columns.append(np.broadcast_to(column[:, None, None], local.shape).ravel())
        values.append(local.ravel())
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return csc_matrix(entries, shape=(int(start[-1]), int(first[-1])))


def resolved(chains: Sequence[Chain], closed: int, open_: int) -> list[int]:
    """So many modes for closed chains and for open ones, but no more than their edges resolve.

    Near ends polynomials of degree m turn within some 1/m^2 of the length.
    """
    return [
        min(closed, len(chain.edges))
        if chain.kind == "closed"
        else min(open_, max(1, len(chain.edges) // 2))
        if chain.kind == "mirrored"
        else min(open_, int(RESOLVED * np.sqrt(len(chain.edges))))
        for chain in chains
    ]


@dataclass(frozen=True)
class Group:
    """Chains with the same modes, at the same points in shares of their lengths.

    Attributes
    ----------
    chains
        Numbers among all chains (k,).
    places
        Numbers of their modes among all (k, m).
    values
        Of the modes at the points (m, q).
    weights
        Of the points (k, q) in m.
    """

    chains: Ints
    places: Ints
    values: Floats
    weights: Floats

    @cached_property
    def pairs(self) -> Floats:
        """Products of two modes at the points (q, m m)."""
        products = self.values[:, None, :] * self.values[None, :, :]
        return np.ascontiguousarray(products.reshape(-1, products.shape[-1]).T)


def groups_of(chains: Sequence[Chain], counts: Sequence[int]) -> list[Group]:
    """Chains of as many modes together; `counts` says how many each has."""
    first = np.cumsum([0, *counts])
    kinds: dict[tuple[Kind, int], list[int]] = {}
    for k, (chain, count) in enumerate(zip(chains, counts, strict=True)):
        kinds.setdefault((chain.kind, count), []).append(k)
    found = []
    for (kind, count), members in kinds.items():
        many = max(LEAST_POINTS, POINTS_PER_MODE * count)
        if kind != "open":
            # Equal distances are as good as Gauss's for what is periodic, or mirrored, in s.
            first_point = 0.0 if kind == "closed" else 0.5
            s, weights = (np.arange(many) + first_point) / many, np.full(many, 1.0 / many)
        else:
            nodes, gauss = np.polynomial.legendre.leggauss(many)
            s, weights = 0.5 * (nodes + 1.0), 0.5 * gauss
        lengths = np.array([chains[k].length for k in members])
        which = np.array(members)
        found.append(
            Group(
                which,
                first[which][:, None] + np.arange(count),
                modes(count, kind, s),
                lengths[:, None] * weights,
            )
        )
    return found


def kinks(mesh: Mesh) -> Ints:
    """Nodes of the lithium's surface at which direction or curvature jump, (n,)."""
    which = mesh.interface(Phase.LITHIUM)
    nodes, outline = mesh.edges[which][:, :2].ravel(), np.repeat(mesh.outline[which], 2)
    found = []
    for node in np.unique(nodes).tolist():
        curves = np.unique(outline[nodes == node])
        if len(curves) > 1 and not _smooth(mesh, node, curves):
            found.append(node)
    return np.array(found, dtype=np.int64)


def _smooth(mesh: Mesh, node: int, outlines: Ints) -> bool:
    """Whether outlines that meet at a node go on as one curve there."""
    directions, bends = [], []
    for number in outlines.tolist():
        curve = mesh.geometry.outlines[number].curve
        ends = curve.point(np.array([0.0, 1.0]))
        end = float(np.argmin(np.hypot(*(ends - mesh.nodes[:, [node]]))))
        along = np.diff(curve.point(np.array(sorted((end, abs(end - NEAR))))))[:, 0]
        directions.append(along / np.hypot(*along))
        bends.append(1.0 / curve.radius(np.array([end]))[0])
    turn = float(np.ptp(directions, axis=0).max())
    return turn < ALIKE and float(np.ptp(bends)) <= ALIKE * max(bends)
