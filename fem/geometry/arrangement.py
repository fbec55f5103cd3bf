"""Discs that overlap, in a rectangle: the arcs and lines that part them. Lengths are in um here.

A point belongs to the disc whose power ``|p - c|^2 - r^2`` there is the least, if that is negative.
So two discs are parted by the line through the points where their rims meet, and what is left of
each is convex.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from fem.geometry.curves import Arc, Curve, Line
from fem.geometry.neighbours import close_pairs

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

TAU = 2.0 * np.pi
LEAST = 0.02
"""Overlap, gap or cut over a disc's radius below which it is made smaller, to leave this gap."""
SHOWN = 0.1
"""Share of a clipped disc below which it is left out: others hide the rest."""
PIECE = TAU / 18
"""Longest arc of one outline, so that gaps shorten edges where they are narrow only."""
SAME = 1e-6
"""Distance in um within which ends of curves are one."""
_ROUNDS = 50
_FINE = 8
"""Straight pieces of an arc where faces are told apart."""
_ASIDE = 1e-4
"""Distance from the middle of such a piece, over its length, at which a side is looked up."""


@dataclass(frozen=True)
class Bed:
    """Discs in a rectangle: centres (n, 2), radii (n,), and the rectangle's width and height."""

    xy: Floats
    radius: Floats
    width: float
    height: float

    def power(self, points: Floats) -> Floats:
        """Power of points (m, 2) towards all discs (m, n)."""
        away = points[:, None, :] - self.xy[None]
        return np.asarray((away**2).sum(axis=2) - self.radius**2)

    def owner(self, points: Floats) -> Ints:
        """The disc of each point (m,), -1 for none."""
        power = self.power(points)
        return np.where(power.min(axis=1) < 0.0, power.argmin(axis=1), -1)

    def inside(self, points: Floats) -> Bools:
        """Whether points (m, 2) are inside the rectangle."""
        return np.asarray(((points > 0.0) & (points < [self.width, self.height])).all(axis=1))

    @property
    def to_edges(self) -> Floats:
        """Distance of each centre (n, 4) from the lines of the edges, positive inside."""
        return np.hstack([self.xy, [self.width, self.height] - self.xy])


@dataclass(frozen=True)
class Piece:
    """A curve in um with an upper bound of edges on it; `points` (2, k) are on it."""

    curve: Curve
    points: Floats
    size: float = np.inf


def parted(bed: Bed) -> tuple[Bed, Ints, Ints]:
    """The bed without discs that do not show, and without slivers.

    Discs that overlap, miss each other, or cross an edge by less than `LEAST` of the smaller radius
    are told apart by making the smaller one smaller.

    Returns
    -------
    tuple
        The bed; which of the discs are left; which of them are smaller than they were.
    """
    kept, radius = np.arange(len(bed.radius)), bed.radius.copy()
    for _ in range(_ROUNDS):
        xy, r = bed.xy[kept], radius[kept]
        edges = Bed(xy, r, bed.width, bed.height).to_edges
        out = np.maximum(-edges, 0.0)
        gone = np.hypot(out[:, 0] + out[:, 2], out[:, 1] + out[:, 3]) >= (1.0 - LEAST) * r
        i, j, distance = _pairs(xy, r)
        small, large = np.where(r[i] <= r[j], i, j), np.where(r[i] <= r[j], j, i)
        hidden = distance + r[small] <= r[large] + LEAST * r[small]
        gone[small[hidden]] = True
        close = ~hidden & ~gone[i] & ~gone[j]
        close &= np.abs(distance - r[i] - r[j]) < (1.0 - 1e-9) * LEAST * r[small]
        new = r.copy()
        np.minimum.at(new, small[close], ((distance - r[large]) / (1.0 + LEAST))[close])
        touching = np.abs(edges - r[:, None]) < (1.0 - 1e-9) * LEAST * r[:, None]
        new = np.minimum(new, np.where(touching, edges / (1.0 + LEAST), np.inf).min(axis=1))
        radius[kept] = new
        if not gone.any() and (new == r).all():
            break
        kept = kept[~gone]
    left = Bed(bed.xy[kept], radius[kept], bed.width, bed.height)
    return left, kept, np.flatnonzero(radius[kept] < bed.radius[kept])


def apart(bed: Bed) -> bool:
    """Whether no two discs overlap and none crosses an edge."""
    i, j, distance = _pairs(bed.xy, bed.radius)
    return bool(
        (distance > bed.radius[i] + bed.radius[j]).all()
        and (bed.to_edges > bed.radius[:, None]).all()
    )


def _pairs(xy: Floats, radius: Floats) -> tuple[Ints, Ints, Floats]:
    if len(xy) < 2:
        return np.zeros(0, dtype=int), np.zeros(0, dtype=int), np.zeros(0)
    return close_pairs(xy, radius, reach=2.0 + 2.0 * LEAST)


def pieces(bed: Bed, merged: bool) -> list[Piece]:
    """All curves, each from one place where others meet to the next."""
    i, j, distance = _pairs(bed.xy, bed.radius)
    over = distance < bed.radius[i] + bed.radius[j]
    i, j, distance = i[over], j[over], distance[over]
    # Ends on edges are where the edges have them, to the last digit.
    found = [*_edges(bed, i, j, merged), *_arcs(bed, i, j)]
    chords = [] if merged else list(_chords(bed, i, j, distance))
    return _joined(found, chords, LEAST * float(bed.radius.min()))


def _arcs(bed: Bed, i: Ints, j: Ints) -> Iterator[Piece]:
    beside: list[list[int]] = [[] for _ in bed.radius]
    for a, b in zip(i.tolist(), j.tolist(), strict=True):
        beside[a].append(b)
        beside[b].append(a)
    tree, largest = cKDTree(bed.xy), float(bed.radius.max())
    for k, (centre, r) in enumerate(zip(bed.xy, bed.radius, strict=True)):
        others = np.array(beside[k], dtype=int)
        away = bed.xy[others] - centre
        d = np.hypot(*away.T)
        half = np.arccos(np.clip((d**2 + r**2 - bed.radius[others] ** 2) / (2.0 * d * r), -1, 1))
        towards = np.arctan2(away[:, 1], away[:, 0])
        angles = [*(towards - half), *(towards + half)]
        edges = bed.to_edges[k]
        for direction, reach in zip((np.pi, -0.5 * np.pi, 0.0, 0.5 * np.pi), edges, strict=True):
            if abs(reach) < r:
                turn = float(np.arccos(reach / r))
                angles += [direction - turn, direction + turn]
        ends = np.sort(np.mod(angles, TAU)) if angles else np.zeros(1)
        near = np.array(tree.query_ball_point(centre, 2.0 * r + largest), dtype=int)
        free = np.setdiff1d(near, [k, *others])
        for start, end in pairwise([*ends, ends[0] + TAU]):
            middle = centre + r * np.array(
                [np.cos(0.5 * (start + end)), np.sin(0.5 * (start + end))]
            )
            covered = np.hypot(*(bed.xy[others] - middle).T) < bed.radius[others]
            if end - start < 1e-12 or covered.any() or not bed.inside(middle[None])[0]:
                continue
            count = int(np.ceil((end - start) / PIECE * (1.0 - 1e-9)))
            for a, b in pairwise(np.linspace(start, end, count + 1).tolist()):
                t = np.linspace(a, b, _FINE + 1)
                rim = centre + r * np.c_[np.cos(t), np.sin(t)]
                gaps = np.hypot(*np.moveaxis(rim[:, None] - bed.xy[free], 2, 0)) - bed.radius[free]
                walls = 2.0 * np.hstack([rim, [bed.width, bed.height] - rim])[:, edges > r]
                narrow = min(gaps.min(initial=np.inf), walls.min(initial=np.inf))
                arc = Arc((float(centre[0]), float(centre[1])), (float(r), float(r)), (a, b))
                yield Piece(arc, rim.T, 2.0 * narrow if narrow < r else np.inf)


def _chords(bed: Bed, i: Ints, j: Ints, distance: Floats) -> Iterator[Piece]:
    for a, b, d in zip(i, j, distance, strict=True):
        along = (bed.xy[b] - bed.xy[a]) / d
        foot = (d**2 + bed.radius[a] ** 2 - bed.radius[b] ** 2) / (2.0 * d)
        half = float(np.sqrt(bed.radius[a] ** 2 - foot**2))
        start = bed.xy[a] + foot * along
        across = np.array([-along[1], along[0]])
        ends = _cuts(bed, int(a), start, across, -half, half)
        for low, high in pairwise(ends):
            middle = (start + 0.5 * (low + high) * across)[None]
            power = bed.power(middle)[0]
            if high - low < SAME or not bed.inside(middle)[0]:
                continue
            if power.min() >= power[a] - 1e-9 * bed.radius[a] ** 2:
                yield _line(start + low * across, start + high * across)


def _cuts(
    bed: Bed, own: int, start: Floats, across: Floats, low: float, high: float
) -> list[float]:
    """Where a line between two discs crosses an edge or comes to a third disc."""
    power = bed.power(np.stack([start, start + across]))
    power = power - power[:, [own]]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = [low, high, *(-power[0] / np.diff(power, axis=0)[0])]
        for axis, size in ((0, bed.width), (1, bed.height)):
            found += [-start[axis] / across[axis], (size - start[axis]) / across[axis]]
    return sorted({float(s) for s in found if low <= s <= high})


def _edges(bed: Bed, i: Ints, j: Ints, merged: bool) -> Iterator[Piece]:
    w, h = bed.width, bed.height
    corners = np.array([(0.0, 0.0), (w, 0.0), (w, h), (0.0, h), (0.0, 0.0)])
    for a, b in pairwise(corners):
        length = float(np.hypot(*(b - a)))
        along = (b - a) / length
        on, off = (bed.xy - a) @ along, (bed.xy - a) @ np.array([-along[1], along[0]])
        cuts = np.abs(off) < bed.radius
        half = np.sqrt(bed.radius[cuts] ** 2 - off[cuts] ** 2)
        ends = [0.0, length, *(on[cuts] - half), *(on[cuts] + half)]
        both = cuts[i] & cuts[j]
        for one, two in zip(i[both], j[both], strict=True):
            level = [bed.radius[k] ** 2 - off[k] ** 2 - on[k] ** 2 for k in (one, two)]
            if on[one] != on[two]:
                ends.append(0.5 * (level[0] - level[1]) / (on[two] - on[one]))
        ends = sorted(float(s) for s in ends if 0.0 <= s <= length)
        ends = [s for s, t in pairwise(ends) if t - s > SAME] + [length]
        middles = a + np.array([0.5 * (s + t) for s, t in pairwise(ends)])[:, None] * along
        owner = bed.owner(middles)
        if merged:
            owner = np.minimum(owner, 0)
        start = 0
        for k in range(1, len(owner) + 1):
            if k == len(owner) or owner[k] != owner[start]:
                yield _line(a + ends[start] * along, a + ends[k] * along)
                start = k


def _line(start: Floats, end: Floats) -> Piece:
    ends = [(float(start[0]), float(start[1])), (float(end[0]), float(end[1]))]
    return Piece(Line(*ends), np.array(ends).T)


def _joined(fixed: list[Piece], chords: list[Piece], short: float) -> list[Piece]:
    """The same with ends that are one at one place, and without chords that are `short`.

    Their ends become one: that on a rim or an edge, if one of them is.
    """
    found = [*fixed, *chords]
    ends = np.array([piece.points[:, k] for piece in found for k in (0, -1)])
    pairs = cKDTree(ends).query_pairs(SAME, output_type="ndarray")
    n = len(ends)
    graph = coo_matrix((np.ones(len(pairs)), tuple(pairs.T)), shape=(n, n))
    _, which = connected_components(graph, directed=False)
    for k in range(len(fixed), len(found)):
        start, end = which[2 * k], which[2 * k + 1]
        loose = [place for place in (start, end) if place not in which[: 2 * len(fixed)]]
        if np.hypot(*(ends[2 * k] - ends[2 * k + 1])) < short and loose:
            which[which == loose[0]] = end if loose[0] == start else start
    _, first, which = np.unique(which, return_index=True, return_inverse=True)
    places = ends[first][which]
    made = []
    for k, piece in enumerate(found):
        if k >= len(fixed) and which[2 * k] == which[2 * k + 1]:
            continue
        points = piece.points.copy()
        points[:, 0], points[:, -1] = places[2 * k], places[2 * k + 1]
        straight = isinstance(piece.curve, Line)
        made.append(_line(*points.T) if straight else replace(piece, points=points))
    return made


def faces(found: list[Piece]) -> tuple[list[shapely.Polygon], Ints]:
    """What the curves enclose, and the face (k, 2) left and right of each; -1 beyond them all."""
    segments = [shapely.linestrings(p) for piece in found for p in _segments(piece.points)]
    polygons = list(shapely.get_parts(shapely.polygonize(segments)))
    middles = []
    for piece in found:
        k = (piece.points.shape[1] - 1) // 2
        a, b = piece.points[:, k], piece.points[:, k + 1]
        aside = _ASIDE * np.array([a[1] - b[1], b[0] - a[0]])
        middles += [0.5 * (a + b) + aside, 0.5 * (a + b) - aside]
    place, face = shapely.STRtree(polygons).query(shapely.points(middles), predicate="within")
    sides = np.full(2 * len(found), -1)
    sides[place] = face
    return polygons, sides.reshape(-1, 2)


def scraps(bed: Bed, polygons: list[shapely.Polygon]) -> Ints:
    """Discs of which so little shows between others that nothing sound can be drawn."""
    owner = bed.owner(np.array([p.representative_point().coords[0] for p in polygons]))
    solid = owner >= 0
    area = np.bincount(owner[solid], shapely.area(polygons)[solid], len(bed.radius))
    hidden = area < SHOWN * 0.5 * TAU * bed.radius**2
    # What an edge cuts off is not hidden.
    return np.flatnonzero(hidden & (bed.to_edges > bed.radius[:, None]).all(axis=1))


def without(these: Ints, bed: Bed, kept: Ints, smaller: Ints) -> tuple[Bed, Ints, Ints]:
    """What `parted` returns, without some of the discs."""
    left = np.setdiff1d(np.arange(len(kept)), these)
    less = Bed(bed.xy[left], bed.radius[left], bed.width, bed.height)
    return less, kept[left], np.flatnonzero(np.isin(left, smaller))


def _segments(points: Floats) -> Iterator[Floats]:
    yield from np.stack([points[:, :-1].T, points[:, 1:].T], axis=1)
