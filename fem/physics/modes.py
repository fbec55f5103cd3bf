"""Smooth modes of current along surfaces, in which a linear electrolyte is condensed.

A surface is cut into chains of edges. Along a closed one the modes are the trigonometric functions
of arc length; along one between walls, at which everything is mirrored, the cosines; along any
other the Legendre polynomials. All are orthogonal, and the first is 1. Chains of one kind with as
many modes share one table of values, whatever their lengths. A piece with kinks has a table of its
own (`fem.physics.responses`), for its mesh resolves no polynomials beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix

from fem.mesh import Ints
from fem.physics.surfaces import Patches

Floats = NDArray[np.float64]
Kind = Literal["closed", "mirrored", "open", "response"]

_XI = 0.5 * (np.polynomial.legendre.leggauss(4)[0] + 1.0)
"""Where the quadrature points of an edge lie in it."""
POINTS_PER_MODE = 4
"""Points a mode at which laws are integrated: their products with modes have higher harmonics."""
LEAST_POINTS = 16
MOST_PAIRS = 1_000_000
"""Entries of a table of products of modes up to which it is kept."""
RESOLVED = 3.0
"""Modes of an open chain, over the root of its number of edges, that its mesh resolves."""
KINKED = 5
"""Modes of a line with kinks, over those of an open chain."""


@dataclass(frozen=True)
class Chain:
    """Edges of one piece that follow on each other, or all edges of a piece with kinks.

    Attributes
    ----------
    surface, piece
        Numbers of the surface and of its piece.
    row, edges
        Row of the patches, and its edges in order (ne,).
    s
        Arc length at the quadrature points of these edges (ne, nq), as a share of `length`.
    weights
        Of these points (ne, nq) in m.
    kind
        What it is: closed, mirrored at both ends, open; or of modes of its own, a response.
    table
        Values of these (count, ne, nq); the first is 1. Empty for other kinds.
    """

    surface: int
    piece: int
    row: int
    edges: Ints
    s: Floats
    weights: Floats
    kind: Kind
    table: Floats = field(default_factory=lambda: np.zeros((0, 0, 0)))

    @property
    def length(self) -> float:
        """In m."""
        return float(self.weights.sum())

    def modes(self, count: int) -> Floats:
        """Values of the first modes at the quadrature points (count, ne, nq)."""
        if self.kind == "response":
            return self.table[:count]
        return modes(count, self.kind, self.s)


def chains_of(surface: int, patches: Patches, kinks: Ints, walls: Ints) -> list[Chain]:
    """The chains of all pieces of a surface, piece after piece.

    Parameters
    ----------
    kinks
        Mesh nodes at which direction or curvature jump. All edges of a piece with one are a chain
        of the kind `response`, whose table is left empty.
    walls
        Mesh nodes at which everything is mirrored.
    """
    found = []
    # Edges of a piece run such that the electrode is on the left: each node begins one at most.
    start, end = patches.edges[:, 0], patches.edges[:, 1]
    for row in range(len(patches.nodes)):
        follower = {int(node): k for k, node in enumerate(start)}
        has_former = np.isin(start, end)
        kinked = np.unique(patches.piece[row, np.isin(patches.nodes[row, start], kinks)])
        left = ~np.isin(patches.piece[row], kinked)
        for piece in kinked.tolist():
            edges = np.flatnonzero(patches.piece[row] == piece)
            weights = patches.weights[row, edges]
            found.append(
                Chain(surface, piece, row, edges, _arc_length(weights), weights, "response")
            )
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
            weights = patches.weights[row, edges]
            ends = patches.nodes[row, [start[edges[0]], end[edges[-1]]]]
            kind: Kind = "mirrored" if np.isin(ends, walls).all() else "open"
            if ends[0] == ends[1]:
                kind = "closed"
            piece = int(patches.piece[row, edges[0]])
            found.append(Chain(surface, piece, row, edges, _arc_length(weights), weights, kind))
    return sorted(found, key=lambda chain: chain.piece)


def _arc_length(weights: Floats) -> Floats:
    """Shares of the arc length at the quadrature points (ne, nq) of edges in order."""
    gauss = np.polynomial.legendre.leggauss(4)[1] / 2.0
    speed = weights / gauss  # ds/dxi at the points of each edge
    # The integral up to each point of the cubic through the speeds at all four.
    powers = np.arange(4)
    upto = _XI[:, None] ** (powers + 1) / (powers + 1) @ np.linalg.inv(_XI[:, None] ** powers)
    lengths = weights.sum(axis=1)
    before = np.cumsum(lengths) - lengths
    return np.asarray((before[:, None] + speed @ upto.T) / lengths.sum())


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
        local = (chain.modes(count) * chain.weights) @ patches.shapes.T
        before = start[chain.surface] + chain.row * patches.nodes.shape[1]
        rows.append(np.broadcast_to(before + patches.edges[chain.edges], local.shape).ravel())
        column = begin + np.arange(count)
        columns.append(np.broadcast_to(column[:, None, None], local.shape).ravel())
        values.append(local.ravel())
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return csc_matrix(entries, shape=(int(start[-1]), int(first[-1])))


def resolved(chains: Sequence[Chain], closed: int, open_: int) -> list[int]:
    """So many modes for closed chains and for open ones, but no more than their edges resolve.

    Near ends polynomials of degree m turn within some 1/m^2 of the length. Responses are not told
    apart by waves: a line with kinks has `KINKED` times as many.
    """
    return [_count(chain, closed, open_) for chain in chains]


def _count(chain: Chain, closed: int, open_: int) -> int:
    """How many modes a chain gets, where those of its kind get so many."""
    edges = len(chain.edges)
    if chain.kind == "response":
        return min(KINKED * open_, len(chain.table))
    if chain.kind == "closed":
        return min(closed, edges)
    return min(
        open_, max(1, edges // 2) if chain.kind == "mirrored" else int(RESOLVED * np.sqrt(edges))
    )


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

    def products(self, density: Floats) -> Floats:
        """Integrals of a density (M, k, q) times two modes (M, k, m, m)."""
        m, q = self.values.shape
        weighted = density * self.weights
        if q * m * m <= MOST_PAIRS:
            return (weighted @ self.pairs).reshape(*density.shape[:2], m, m)
        return np.stack(
            [np.stack([(self.values * row) @ self.values.T for row in rows]) for rows in weighted]
        )

    @cached_property
    def pairs(self) -> Floats:
        """Products of two modes at the points (q, m m)."""
        products = self.values[:, None, :] * self.values[None, :, :]
        return np.ascontiguousarray(products.reshape(-1, products.shape[-1]).T)


def groups_of(chains: Sequence[Chain], counts: Sequence[int]) -> list[Group]:
    """Chains of as many modes together; `counts` says how many each has."""
    first = np.cumsum([0, *counts])
    kinds: dict[tuple[Kind, int], list[int]] = {}
    found = []
    for k, (chain, count) in enumerate(zip(chains, counts, strict=True)):
        if chain.kind != "response":
            kinds.setdefault((chain.kind, count), []).append(k)
            continue
        # Of modes of the mesh nothing is known but at the points of the mesh.
        places = first[k] + np.arange(count)
        values = chain.modes(count).reshape(count, -1)
        found.append(Group(np.array([k]), places[None], values, chain.weights.reshape(1, -1)))
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
