"""Sides of given triangles, and the outlines that those between pieces make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from fem.geometry.curves import Curve, Floats, Line
from fem.geometry.msh import Ints
from fem.geometry.parabolas import Parabolas
from fem.geometry.polyline import Polyline
from fem.geometry.types import OUTSIDE

STRAIGHT = 1e-9
"""Distance from a chord over its length within which a side, or a row of sides, is straight."""


@dataclass(frozen=True)
class Sides:
    """Every side once.

    Attributes
    ----------
    pairs
        Its vertices (n, 2), the smaller one first.
    count
        Triangles that have it (n,).
    owners, place
        The first and the last of these (n, 2), and which side of the first one it is (n,): 01, 12
        or 02.
    """

    pairs: Ints
    count: Ints
    owners: Ints
    place: Ints

    @classmethod
    def of(cls, triangles: Ints) -> Self:
        all_pairs = np.sort(triangles[:, [[0, 1], [1, 2], [0, 2]]].reshape(-1, 2), axis=1)
        pairs, of, count = np.unique(all_pairs, axis=0, return_inverse=True, return_counts=True)
        order = np.argsort(of.ravel(), kind="stable")
        last = np.cumsum(count) - 1
        first = order[last - count + 1]
        return cls(pairs, count, np.stack([first, order[last]], axis=1) // 3, first % 3)


def outlines_of(
    vertices: Floats, middles: Floats, triangles: Ints, sides: Sides, piece: Ints
) -> tuple[Ints, Ints, list[tuple[int, int]], list[Curve]]:
    """Outlines between pieces, from one place where three meet, or a corner, to the next.

    Parameters
    ----------
    vertices, middles
        (2, nv) and (2, nt, 3) in m, from the lower left corner of a rectangle.
    triangles, piece
        Counter-clockwise vertices (nt, 3) and piece (nt,) of each triangle.

    Returns
    -------
    tuple
        Vertex pairs (ne, 2) on outlines and the outline (ne,) of each; pieces left and right of
        each outline; its curve. Those of piece 0 come first, one after the other from the left
        wall on, with it on their left.
    """
    either = piece[sides.owners]
    which = np.flatnonzero((sides.count == 1) | (either[:, 0] != either[:, 1]))
    first, second = sides.owners[which].T
    place = sides.place[which]
    # Seen from the first triangle, which turns left, its own sides lead around it.
    begin, end = _directed(triangles, first, place)
    left, right = piece[first], np.where(sides.count[which] == 1, OUTSIDE, piece[second])
    swapped = (right != OUTSIDE) & (right < left)
    begin, end = np.where(swapped, end, begin), np.where(swapped, begin, end)
    left, right = np.where(swapped, right, left), np.where(swapped, left, right)
    middle = middles[:, first, place]

    size = vertices.max(axis=1)
    corner = ((vertices == 0.0) | (vertices == size[:, None])).all(axis=0)
    meeting = np.bincount(np.append(begin, end), minlength=vertices.shape[1])
    breaks = corner | (meeting != 2)
    chains = _chains(begin, end, breaks)
    ordered = _in_order(chains, begin, end, left, right, vertices)
    outline = np.empty(len(which), dtype=np.int64)
    pairs, curves = [], []
    for number, chain in enumerate(ordered):
        outline[chain] = number
        pairs.append((int(left[chain[0]]), int(right[chain[0]])))
        nodes = vertices[:, np.append(begin[chain], end[chain[-1]])]
        curves.append(_curve(nodes, middle[:, chain]))
    return np.stack([begin, end], axis=1), outline, pairs, curves


def _directed(triangles: Ints, which: Ints, place: Ints) -> tuple[Ints, Ints]:
    """Begin and end of a side of each triangle, in the triangle's direction."""
    begin, end = np.array([0, 1, 2]), np.array([1, 2, 0])
    return triangles[which, begin[place]], triangles[which, end[place]]


def _chains(begin: Ints, end: Ints, breaks: np.ndarray) -> list[Ints]:
    """Rows of sides that follow one another, up to where an outline breaks."""
    after = {int(v): k for k, v in enumerate(begin) if not breaks[v]}
    unused = dict.fromkeys(range(len(begin)))
    starts = [int(k) for k in np.flatnonzero(breaks[begin])]
    found = []
    # What no break begins is closed.
    for start in [*starts, *range(len(begin))]:
        if start not in unused:
            continue
        chain = [start]
        del unused[start]
        while (k := after.get(int(end[chain[-1]]), -1)) in unused:
            chain.append(k)
            del unused[k]
        found.append(np.array(chain))
    return found


def _in_order(
    chains: list[Ints], begin: Ints, end: Ints, left: Ints, right: Ints, vertices: Floats
) -> list[Ints]:
    """The foil's surface from the left wall on, then all others."""
    foil = [c for c in chains if left[c[0]] == 0 and right[c[0]] != OUTSIDE]
    rest = [c for c in chains if left[c[0]] != 0 or right[c[0]] == OUTSIDE]
    at_wall = [k for k, c in enumerate(foil) if vertices[0, begin[c[0]]] == 0.0]
    surface = [foil.pop(at_wall[0])] if at_wall else []
    while surface:
        onward = [k for k, c in enumerate(foil) if begin[c[0]] == end[surface[-1][-1]]]
        if not onward:
            break
        surface.append(foil.pop(onward[0]))
    return [*surface, *foil, *rest]


def _curve(nodes: Floats, middle: Floats) -> Curve:
    """The curve through the nodes (2, k + 1) of sides with these middles (2, k)."""
    chords = np.hypot(*np.diff(nodes))
    off = np.hypot(*(middle - 0.5 * (nodes[:, 1:] + nodes[:, :-1])))
    if (off > STRAIGHT * chords).any():
        woven = np.empty((2, 2 * nodes.shape[1] - 1))
        woven[:, ::2], woven[:, 1::2] = nodes, middle
        return Parabolas(tuple((float(x), float(y)) for x, y in woven.T))
    points = tuple((float(x), float(y)) for x, y in nodes.T)
    along = nodes[:, -1] - nodes[:, 0]
    length = float(np.hypot(*along))
    if length > 0.0:
        u, v = nodes - nodes[:, :1]
        ahead = (u * along[0] + v * along[1]) / length
        aside = np.abs(u * along[1] - v * along[0]).max() / length
        if aside < STRAIGHT * length and (np.diff(ahead) > 0.0).all():
            return Line(points[0], points[-1])
    return Polyline(points)
