"""From labelled pixels to polygons that share their edges, and from these to arcs.

Pieces of an image fill it without gaps. Every step here keeps that: neighbouring polygons have the
same points along what they share, and points where three pieces meet stay where they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from fem.geometry.types import OUTSIDE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Polygons = NDArray[Any]
"""Of shapely: a polygon each piece."""


NOTCH = 0.25
"""How far the void between pixels that touch at a corner reaches along their sides, in pixels."""


@dataclass(frozen=True)
class Arc:
    """What separates two pieces: `points` (n, 2), with the piece `left` on its left.

    It ends where a third piece begins or at the image's edge; otherwise it is closed.
    """

    points: Floats
    left: int
    right: int


def polygons(piece: Ints, smooth: bool, corners: Bools | None = None) -> Polygons:
    """The pieces of an image as polygons in pixels, x to the right and y up from the lower edge.

    Behind the pieces stand the notches at corners, from the upper left on.

    Parameters
    ----------
    piece
        Number of the connected piece of each pixel (h, w), from 0 on.
    smooth
        Whether staircases are smoothed; if not, outlines are the sides of the pixels.
    corners
        Inner corners of pixels (h - 1, w - 1) at which nothing is to touch: a square notch takes
        `NOTCH` of each of the four sides there. Needed wherever one piece meets itself.

    Notes
    -----
    Each pixel side on an outline becomes its middle, moved by a quarter towards both neighbouring
    ones. It stays inside the rhombus of its side and the two pixels' centres. These rhombi do not
    overlap, so outlines cannot cross.
    """
    height, width = piece.shape
    notched = np.zeros((height + 1, width + 1), dtype=bool)
    if corners is not None:
        notched[1:-1, 1:-1] = corners[::-1]
    notched = notched.ravel()
    start, end, owner, pixel, on_wall = _sides(piece)
    # Around a notch each pixel follows its own sides.
    own = int(owner.max()) + 1 + pixel
    following = _following(start, end, *(np.where(notched[v], own, owner) for v in (start, end)))
    preceding = np.empty_like(following)
    preceding[following] = np.arange(len(following))
    at = np.stack([start % (width + 1), start // (width + 1)], axis=1).astype(float)
    to, node = at[following], _nodes(start, at, width, height)
    bent = _bends(to - at, preceding)
    middle, cut = 0.5 * (at + to), NOTCH * (to - at)
    at, to = at + notched[start][:, None] * cut, to - notched[end][:, None] * cut
    # A side may leave three points: its start, what its middle becomes, and its end at a notch.
    if not smooth:
        moved = middle
        kept = np.stack([node | bent, np.zeros_like(node), notched[end]], axis=1)
    else:
        before = np.where(node[:, None], at, middle[preceding])
        after = np.where(node[following][:, None], to, middle[following])
        moved = 0.5 * middle + 0.25 * (before + after)
        # Straight walls need their ends only.
        kept = np.stack([node, ~on_wall, notched[end]], axis=1)

    ring, order = _rings(following)
    kept = kept[order].ravel()
    points = np.stack([at, moved, to], axis=1)[order].reshape(-1, 2)[kept]
    _, heads, number = np.unique(ring[order], return_index=True, return_inverse=True)
    rings = shapely.linearrings(points, indices=np.repeat(number, 3)[kept])
    inside = owner[order[heads]]
    # The outer ring of each piece first, then its holes.
    rank = np.lexsort((~shapely.is_ccw(rings), inside))
    faces = shapely.polygons(rings[rank], indices=inside[rank])
    return np.append(faces, _notches(np.zeros((0, 0), bool) if corners is None else corners))


def _notches(corners: Bools) -> Polygons:
    """A square at each of the corners, its own ones on the sides of the pixels."""
    row, column = np.nonzero(corners)
    centre = np.stack([column + 1.0, len(corners) - row], axis=1)
    around = NOTCH * np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    return np.asarray(shapely.polygons(centre[:, None] + around))


def _nodes(start: Ints, at: Floats, width: int, height: int) -> Bools:
    """Whether three pieces meet where a side starts, or two at the edge, or two edges."""
    meetings = np.bincount(start)[start]
    x, y = at.T
    sides, ends = (x == 0) | (x == width), (y == 0) | (y == height)
    return np.where(sides | ends, (meetings > 1) | (sides & ends), meetings > 2)


def _bends(step: Floats, preceding: Ints) -> Bools:
    """Whether a side runs in another direction than the one before it."""
    return np.asarray((step != step[preceding]).any(axis=1))


def _sides(piece: Ints) -> tuple[Ints, Ints, Ints, Ints, Bools]:
    """Directed pixel sides on outlines, with their piece on the left.

    Returns
    -------
    Vertices at their start and end, their piece and pixel, and whether they lie on the image's
    edge (n,). Vertex (x, y) has the number ``y * (w + 1) + x``.
    """
    height, width = piece.shape
    padded = np.pad(piece, 1, constant_values=OUTSIDE)
    inner = padded[1:-1, 1:-1]
    found = []
    # The neighbour's offset (row, column), then the side's start and end from the lower left.
    for (i, j), (x0, y0), (x1, y1) in (
        ((1, 0), (0, 0), (1, 0)),
        ((0, 1), (1, 0), (1, 1)),
        ((-1, 0), (1, 1), (0, 1)),
        ((0, -1), (0, 1), (0, 0)),
    ):
        other = padded[1 + i : height + 1 + i, 1 + j : width + 1 + j]
        row, x = np.nonzero(inner != other)
        y = height - 1 - row
        found.append(
            np.stack(
                [
                    (y + y0) * (width + 1) + x + x0,
                    (y + y1) * (width + 1) + x + x1,
                    inner[row, x],
                    row * width + x,
                    other[row, x] == OUTSIDE,
                ]
            )
        )
    start, end, owner, pixel, on_wall = np.concatenate(found, axis=1).astype(np.int64)
    return start, end, owner, pixel, on_wall.astype(bool)


def _following(start: Ints, end: Ints, at_start: Ints, at_end: Ints) -> Ints:
    """The side of the same owner that begins where each one ends; there is just one."""
    vertices = int(start.max()) + 1
    begins = at_start * vertices + start
    order = np.argsort(begins)
    return np.asarray(order[np.searchsorted(begins[order], at_end * vertices + end)])


def _rings(following: Ints) -> tuple[Ints, Ints]:
    """The smallest member of each one's ring (n,), and all members, ring by ring in order.

    Doubling the stride of a walk along all rings at once takes as many steps as the longest ring
    has binary digits.
    """
    n = len(following)
    ring, stride = np.arange(n), following
    while ((smaller := np.minimum(ring, ring[stride])) != ring).any():
        ring, stride = smaller, stride[stride]
    # Steps that are left to the ring's smallest member.
    stride = np.where(ring == np.arange(n), np.arange(n), following)
    left = (stride != np.arange(n)).astype(np.int64)
    while (further := left[stride]).any():
        left, stride = left + further, stride[stride]
    left[ring == np.arange(n)] = n
    return ring, np.lexsort((-left, ring))


def arcs(faces: Polygons) -> list[Arc]:
    """Everything that bounds polygons of a coverage, once each, in the order of its left piece.

    Of two pieces the one with the lower number is on the left; what lies beyond the coverage is on
    the right. Arcs around one ring follow each other.
    """
    rings, owner = shapely.get_rings(shapely.orient_polygons(faces), return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    vertex = np.unique(xy[:, 0] + 1j * xy[:, 1], return_inverse=True)[1].ravel()
    first = np.flatnonzero(ring[1:] == ring[:-1])
    start, end, ring = vertex[first], vertex[first + 1], ring[first]
    n = int(vertex.max()) + 1
    key, back = start * n + end, end * n + start
    order = np.argsort(key)
    place = order[np.minimum(np.searchsorted(key[order], back), len(key) - 1)]
    right = np.where(key[place] == back, owner[ring[place]], OUTSIDE)

    wall = right == OUTSIDE
    degree = np.bincount(start, minlength=n)
    degree[start[wall]] = degree[end[wall]] = n
    node = degree[start] > 2
    # Every ring that has nodes begins at its first one.
    number = np.arange(len(start))
    begin = np.searchsorted(ring, np.arange(len(rings)))
    with_nodes, one = np.unique(ring[node], return_index=True)
    begin[with_nodes] = number[node][one]
    order = np.lexsort((number < begin[ring], ring))
    heads = np.flatnonzero(node[order] | (order == begin[ring[order]]))
    tails = np.append(heads[1:], len(order)) - 1
    left, other = owner[ring[order[heads]]], right[order[heads]]
    wanted = (other == OUTSIDE) | (left < other)
    ends = zip(heads[wanted], tails[wanted], left[wanted], other[wanted], strict=True)
    return [
        Arc(np.vstack([xy[first[order[h : t + 1]]], xy[first[order[t]] + 1]]), int(a), int(b))
        for h, t, a, b in ends
    ]


def areas(found: Sequence[Arc], count: int) -> Floats:
    """The area of each of `count` pieces within all arcs that bound them."""
    assert OUTSIDE == -1
    area = np.zeros(count + 1)
    for arc in found:
        gain = moment(arc.points)
        area[arc.left] += gain
        area[arc.right] -= gain
    return area[:-1]


def moment(points: Floats) -> float:
    """The integral of x dy along straight pieces."""
    x, y = points.T
    return float(0.5 * (x[1:] + x[:-1]) @ np.diff(y))
