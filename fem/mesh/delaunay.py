"""Triangles with no small angles between the outlines of an image: Delaunay refinement.

Vertices are added until every segment of an outline is an edge of the Delaunay triangulation, and
until every angle that no outline forces is at least `SMALLEST_ANGLE` (Ruppert, J. Algorithms 18,
1995, 548): a segment is halved if a vertex lies inside the circle around it, and a vertex is placed
near the centre of the circle around a bad triangle unless that would halve a segment. Around sharp
corners segments are cut on shells whose radii are powers of two, so that they do not cut each other
for ever. Where triangles get the apex at which they are just good, instead of their circle's
centre, fewer are needed (Ungor, Comput. Geom. 42, 2009, 109).

Vertices are added in batches. A Delaunay triangulation changes only where circles around triangles
hold new vertices, so only the vertices there are triangulated again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, cKDTree

from fem.geometry.polyline import sharpest

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SMALLEST_ANGLE = 20.0
"""Angle in degrees below which a triangle is divided; the method is proven to end up to 20.7."""
_SHARP = np.pi / 3.0
"""Angle between segments below which they are cut on shells."""
_WIDER = 1.5
"""Spacing of the first vertices over the size wanted there: their squares become triangles."""
_APART = 0.8
"""Distance of the first vertices from segments, over the lengths of these."""
_ROUNDS = 200
_FLAT = 1e-10


class Refinement:
    """A Delaunay triangulation of a rectangle that is refined until it conforms to segments.

    Parameters
    ----------
    points
        Vertices (n, 2), those of segments; their convex hull is the rectangle.
    segments
        Directed vertex pairs (ns, 2) that do not cross.
    whole
        Which of them must not be cut (ns,); angles beside these may stay small.

    Attributes
    ----------
    points, segments
        The same, with the vertices that were added.
    parent
        Which of the given segments each one is a part of (ns,).
    triangles
        Vertices of each triangle (nt, 3).
    """

    def __init__(self, points: Floats, segments: Ints, whole: Bools | None = None) -> None:
        self.points, self.segments = points, segments
        self._whole = np.zeros(len(segments), dtype=bool) if whole is None else whole
        self.parent = np.arange(len(segments))
        self._sharp = np.flatnonzero(sharpest(points, segments) < _SHARP)
        self._triangulate()

    def conform(self) -> None:
        """Halve segments until no vertex lies in the circle around any of them.

        Raises
        ------
        RuntimeError
            If that does not end, since segments cross, or if one must not be cut and has to be.
        """
        for _ in range(_ROUNDS):
            sides = self._sides()
            missing = sides[:, 0] < 0
            crowded = missing.copy()
            for side in sides.T:
                there = side >= 0
                k, triangle = np.divmod(side[there], len(self.triangles))
                apex = self.triangles[triangle, k]
                crowded[there] |= self._inside(np.flatnonzero(there), self.points[apex])
            whole = self._whole[self.parent]
            if (missing & whole).any():
                break
            which = np.flatnonzero(crowded & ~whole)
            if not len(which):
                return
            middles = self._middles(which)
            if missing.any():
                self._split(which)
                self.points = np.concatenate([self.points, middles])
                self._triangulate()
            else:
                _, cavity = self._cavities(middles, sides[which, 0] % len(self.triangles))
                self._split(which)
                self._insert(middles, cavity)
        raise RuntimeError("lines cross, or are too close to each other")

    def seed(self, growth: float, largest: float) -> None:
        """Place vertices away from segments, whose spacing grows by `growth` a unit of distance."""
        while True:
            middle, length = self._segments()
            tree = cKDTree(middle)
            near = min(6, len(middle))
            distance, k = tree.query(middle, k=[*range(1, near + 1)])
            wanted = np.minimum((length[k] + growth * distance).min(axis=1), largest)
            long = np.flatnonzero((length > 2.0 * wanted) & ~self._whole[self.parent])
            if not len(long):
                break
            middles = self._middles(long)
            self._split(long)
            self.points = np.concatenate([self.points, middles])
        low, high = self.points.min(axis=0), self.points.max(axis=0)
        count = np.maximum(1, np.round((high - low) / min(largest, *(high - low)))).astype(int)
        half = 0.5 * (high - low) / count
        cells = low + half * (2.0 * np.indices(count).reshape(2, -1).T + 1.0)
        found = [self.points]
        # Squares are quartered until they are small enough for their place.
        while len(cells):
            distance, k = tree.query(cells, k=[*range(1, near + 1)])
            wanted = np.minimum((length[k] + growth * distance).min(axis=1), largest / _WIDER)
            small = 2.0 * half.max() <= 1.01 * _WIDER * wanted
            there = cells[small & (distance > _APART * length[k]).all(axis=1)]
            # Every other column is half a square higher: triangles are almost equilateral.
            odd = np.round((there[:, 0] - low[0]) / (2.0 * half[0]) - 0.5) % 2.0 - 0.5
            found.append(there + np.c_[np.zeros(len(there)), odd * half[1]])
            half = 0.5 * half
            quarters = half * np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]])
            cells = (cells[~small][:, None] + quarters).reshape(-1, 2)
        self.points = np.concatenate(found)
        self._triangulate()

    def improve(self) -> None:
        """Add vertices until no angle but those between two segments is below `SMALLEST_ANGLE`."""
        for _ in range(_ROUNDS):
            self.conform()
            count = len(self.triangles)
            sides = self._sides()
            at = np.full(3 * count, -1)
            for side in sides.T:
                at[side[side >= 0]] = np.flatnonzero(side >= 0)
            segment = at.reshape(3, count).T  # opposite to each vertex
            angle = angles(self.points, self.triangles)
            worst, every = angle.argmin(axis=1), np.arange(count)
            one, two = (worst + 1) % 3, (worst + 2) % 3
            forced = (segment[every, one] >= 0) & (segment[every, two] >= 0)
            bad = np.flatnonzero((angle.min(axis=1) < SMALLEST_ANGLE) & ~forced)
            if not len(bad):
                return
            bad = bad[np.argsort(angle[bad].min(axis=1), kind="stable")]
            a, b = (self.points[self.triangles[bad, k[bad]]] for k in (one, two))
            new = _apices(a, b, self._centre[bad])
            who, cavity = self._cavities(new, bad)
            met, rows = segment[cavity].ravel(), np.repeat(who, 3)
            met, rows = met[met >= 0], rows[met >= 0]
            crowding = self._inside(met, new[rows])
            # Beside a segment that stays whole, centres may even lie outside.
            low, high = self.points.min(axis=0), self.points.max(axis=0)
            stuck = ((new < low) | (new > high)).any(axis=1)
            stuck[rows[crowding & self._whole[self.parent[met]]]] = True
            if stuck.all():
                return
            crowding &= ~stuck[rows]
            # The worst triangle goes first: it alone changes what is in its cavity.
            owner = np.full(count, len(new))
            np.minimum.at(owner, cavity[~stuck[who]], who[~stuck[who]])
            taken = ~stuck
            taken[who[owner[cavity] != who]] = False
            halved = np.unique(met[crowding & taken[rows]])
            taken[rows[crowding]] = False
            middles = self._middles(halved)
            _, around = self._cavities(middles, sides[halved, 0] % count)
            taken[who[np.isin(cavity, around)]] = False
            self._split(halved)
            self._insert(
                np.concatenate([middles, new[taken]]), np.concatenate([around, cavity[taken[who]]])
            )

    def sides_of(self) -> tuple[Ints, Ints]:
        """The piece of each triangle (nt,) and the pieces left and right of segments (ns, 2).

        Pieces are what segments part; -1 is what lies beyond the rectangle.
        """
        sides = self._sides()
        count = len(self.triangles)
        joined = self._neighbours.copy()
        for side in sides.T:
            k, triangle = np.divmod(side[side >= 0], count)
            joined[triangle, k] = -1
        triangle, k = np.nonzero(joined >= 0)
        pairs = (triangle, joined[triangle, k])
        graph = coo_matrix((np.ones(len(triangle), dtype=bool), pairs), shape=(count, count))
        piece = connected_components(graph, directed=False)[1].astype(np.int64)
        found = np.full((len(sides), 2), -1)
        start, end = (self.points[self.segments[:, k]] for k in (0, 1))
        for side in sides.T:
            there = np.flatnonzero(side >= 0)
            k, triangle = np.divmod(side[there], count)
            u, v = (end - start)[there], self.points[self.triangles[triangle, k]] - start[there]
            on_right = (u[:, 0] * v[:, 1] < u[:, 1] * v[:, 0]).astype(int)
            found[there, on_right] = piece[triangle]
        return piece, found

    def _segments(self) -> tuple[Floats, Floats]:
        """Middles (ns, 2) and lengths (ns,) of segments."""
        a, b = (self.points[self.segments[:, k]] for k in (0, 1))
        return 0.5 * (a + b), np.hypot(*(b - a).T)

    def _inside(self, segment: Ints, point: Floats) -> Bools:
        """Whether points (n, 2) lie inside the circles around segments (n,)."""
        a, b = (self.points[self.segments[segment, k]] for k in (0, 1))
        length = ((a - b) ** 2).sum(axis=1)
        return np.asarray(((a - point) * (b - point)).sum(axis=1) < -1e-9 * length)

    def _middles(self, which: Ints) -> Floats:
        """Where segments are cut: in the middle, or on a shell around their sharp end."""
        a, b = self.segments[which].T
        start, end = self.points[a], self.points[b]
        length = np.hypot(*(end - start).T)
        shell = np.exp2(np.round(np.log2(0.5 * length))) / length
        first, last = np.isin(a, self._sharp), np.isin(b, self._sharp)
        share = np.select([first & ~last, last & ~first], [shell, 1.0 - shell], 0.5)
        return np.asarray(start + share[:, None] * (end - start))

    def _split(self, which: Ints) -> None:
        """Cut segments at vertices that come next, in this order."""
        new = len(self.points) + np.arange(len(which))
        a, b = self.segments[which].T
        keep = np.ones(len(self.segments), dtype=bool)
        keep[which] = False
        halves = [np.c_[a, new], np.c_[new, b]]
        self.segments = np.concatenate([self.segments[keep], *halves])
        self.parent = np.concatenate([self.parent[keep], *2 * [self.parent[which]]])

    def _triangulate(self) -> None:
        self.triangles = _delaunay(self.points)
        self._link()

    def _insert(self, new: Floats, cavity: Ints) -> None:
        """Add vertices (n, 2) that lie in the circles around some triangles, which go."""
        first = len(self.points)
        self.points = np.concatenate([self.points, new])
        cavity = np.unique(cavity)
        near = np.append(np.unique(self.triangles[cavity]), first + np.arange(len(new)))
        if 3 * len(cavity) > len(self.triangles):
            return self._triangulate()
        around = near[_delaunay(self.points[near])]
        around = around[(around >= first).any(axis=1)]
        gone = _areas(self.points, self.triangles[cavity]).sum()
        if abs(_areas(self.points, around).sum() - gone) > 1e-9 * gone:
            return self._triangulate()  # four vertices on a circle may be joined in two ways
        self.triangles = np.concatenate([np.delete(self.triangles, cavity, axis=0), around])
        return self._link()

    def _link(self) -> None:
        """Neighbours, and circles around triangles."""
        t = self.triangles
        ends = np.concatenate([t[:, [1, 2]], t[:, [2, 0]], t[:, [0, 1]]])
        key = ends.min(axis=1) * len(self.points) + ends.max(axis=1)
        self._order = np.argsort(key, kind="stable")
        self._key = key[self._order]
        same = np.flatnonzero(self._key[1:] == self._key[:-1])
        one, two = self._order[same], self._order[same + 1]
        neighbours = np.full(3 * len(t), -1)
        neighbours[one], neighbours[two] = two % len(t), one % len(t)
        self._neighbours = neighbours.reshape(3, len(t)).T
        a, b, c = (self.points[t[:, k]] for k in range(3))
        u, v = b - a, c - a
        uu, vv = (u**2).sum(axis=1), (v**2).sum(axis=1)
        twice = 2.0 * (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
        from_a = np.stack([v[:, 1] * uu - u[:, 1] * vv, u[:, 0] * vv - v[:, 0] * uu]) / twice
        self._centre = a + from_a.T
        self._square = (from_a**2).sum(axis=0)

    def _sides(self) -> Ints:
        """Triangles at each segment (ns, 2) as ``k * nt + triangle``, k opposite; -1 for none."""
        low, high = self.segments.min(axis=1), self.segments.max(axis=1)
        key = low * len(self.points) + high
        at = np.searchsorted(self._key, key)[:, None] + np.arange(2)
        at = np.minimum(at, len(self._key) - 1)
        return np.where(self._key[at] == key[:, None], self._order[at], -1)

    def _cavities(self, point: Floats, start: Ints) -> tuple[Ints, Ints]:
        """Pairs of points (n, 2) and triangles whose circles hold them, from `start` (n,) on."""
        count = len(self.triangles)
        front = seen = np.unique(np.arange(len(point)) * count + start)
        while len(front):
            who, triangle = np.divmod(front, count)
            who, near = np.repeat(who, 3), self._neighbours[triangle].ravel()
            who, near = who[near >= 0], near[near >= 0]
            distance = ((self._centre[near] - point[who]) ** 2).sum(axis=1)
            held = distance < self._square[near] * (1.0 - 1e-10)
            front = np.setdiff1d(who[held] * count + near[held], seen)
            seen = np.union1d(seen, front)
        who, triangle = np.divmod(seen, count)
        return who, triangle


def angles(points: Floats, triangles: Ints) -> Floats:
    """Angles (nt, 3) of triangles in degrees."""
    corner = points[triangles]
    u = np.roll(corner, -1, axis=1) - corner
    v = np.roll(corner, 1, axis=1) - corner
    cross = np.abs(u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0])
    return np.asarray(np.degrees(np.arctan2(cross, (u * v).sum(axis=2))))


def _apices(a: Floats, b: Floats, centre: Floats) -> Floats:
    """Points towards `centre` from which the shortest sides a b (n, 2) are seen widely enough."""
    middle, side = 0.5 * (a + b), np.hypot(*(b - a).T)
    away = centre - middle
    distance = np.hypot(*away.T)
    reach = 0.5 * side / np.tan(0.5 * np.radians(1.05 * SMALLEST_ANGLE))
    return np.asarray(middle + away * (np.minimum(reach, distance) / distance)[:, None])


def _delaunay(points: Floats) -> Ints:
    triangles = Delaunay(points).simplices.astype(np.int64)
    corner = points[triangles]
    longest = ((corner - np.roll(corner, 1, axis=1)) ** 2).sum(axis=2).max(axis=1)
    # Between three vertices on one wall there may be a triangle of no area.
    return np.asarray(triangles[_areas(points, triangles) > _FLAT * longest])


def _areas(points: Floats, triangles: Ints) -> Floats:
    a, b, c = (points[triangles[:, k]] for k in range(3))
    u, v = b - a, c - a
    return np.asarray(0.5 * np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]))
