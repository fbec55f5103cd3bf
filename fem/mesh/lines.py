"""New lines between lithium and electrolyte, read off polygons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from fem.mesh.cell import MICROMETRE, Floats
from fem.mesh.merge import TOUCHING, Part, Shapes

ON = 1e-5
"""Distance in um within which a point lies on an outline."""
ASIDE = 1e-3
"""Distance in um from a line to the places by which the pieces beside it are told."""
SPACING = 0.25
"""Distance of points where a line is drawn through a closed gap, over the element size."""


class Beside:
    """Which region is at a place."""

    def __init__(self, parts: tuple[Part, ...], of_part: list[int]) -> None:
        self._tree, self._of_part = shapely.STRtree([part.shape for part in parts]), of_part

    def __call__(self, x: float, y: float) -> int:
        return self._of_part[int(self._tree.nearest(shapely.Point(x, y)))]

    def line(self, points: Floats) -> tuple[int, int]:
        """The regions left and right of straight pieces through points (n, 2)."""
        ways = np.diff(points, axis=0)
        longest = int(np.argmax(np.hypot(*ways.T)))
        (x, y), (dx, dy) = 0.5 * (points[longest] + points[longest + 1]), ways[longest]
        aside = ASIDE / np.hypot(dx, dy)
        u, v = -dy * aside, dx * aside
        return self(x + u, y + v), self(x - u, y - v)


@dataclass(frozen=True)
class Run:
    """A new line: points (n, 2) in um with the lithium on their left."""

    points: Floats
    sides: tuple[int, int]
    place: tuple[int, int, float]
    """Part, ring, and arc along it, which order lines."""

    @property
    def closed(self) -> bool:
        return bool((self.points[0] == self.points[-1]).all())


def new_lines(
    shapes: Shapes, parts: tuple[Part, ...], beside: Beside, others: list[int], size: float
) -> list[Run]:
    """Those parts of the lithium's boundary that lie on no outline that stays."""
    known = [shapely.LineString(shapes.points[k]) for k in others]
    segments = np.concatenate([np.stack([p[:-1], p[1:]], axis=1) for p in (
        shapes.points[k] for k in others)])  # fmt: skip
    tree = shapely.STRtree(shapely.linestrings(segments))
    ends = np.concatenate([shapes.points[k][[0, -1]] for k in others])
    corners = shapely.STRtree(shapely.points(ends))
    vertices = shapes.mesh.nodes[:, : shapes.mesh.skfem.nvertices].T / MICROMETRE
    knots = shapely.STRtree(shapely.points(vertices))
    lines = [shapes.points[k] for k in shapes.lines]
    samples = shapely.STRtree(shapely.points(np.concatenate(lines)))
    found = []
    for number, part in enumerate(parts):
        if not part.lithium:
            continue
        oriented = shapely.orient_polygons(part.shape)
        for ring, loop in enumerate([oriented.exterior, *oriented.interiors]):
            xy = from_the_top(shapely.get_coordinates(loop))
            middles = 0.5 * (xy[1:] + xy[:-1])
            free = ~_near(tree, middles)
            along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
            for first, last in _stretches(free):
                places = np.arange(first, last + 1) % (len(xy) - 1)
                points = xy[places]
                sides = beside.line(points)
                closed = last - first == len(xy) - 1
                points = _thinned(points, _near(knots, points), _near(samples, points), size)
                if closed:
                    points[-1] = points[0]
                else:
                    points[[0, -1]] = _snapped(points[[0, -1]], known, corners, ends)
                if len(points) > 1 and (len(points) > 3 or not closed):
                    found.append(Run(points, sides, (number, ring, float(along[first]))))
    return found


def from_the_top(ring: Floats) -> Floats:
    """A closed ring that begins at its vertex farthest to the upper left."""
    begin = int(np.lexsort((ring[:-1, 0], -ring[:-1, 1]))[0])
    return np.concatenate([ring[begin:-1], ring[: begin + 1]])


def _near(tree: shapely.STRtree, points: Floats) -> NDArray[np.bool_]:
    """Which points (n, 2) have something of a tree within `ON`."""
    found = np.zeros(len(points), dtype=bool)
    found[tree.query(shapely.points(points), predicate="dwithin", distance=ON)[0]] = True
    return found


def _stretches(free: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Runs of free segments of a closed ring as numbers of their first and last point."""
    count = len(free)
    if free.all():
        return [(0, count)]
    starts = np.flatnonzero(free & ~np.roll(free, 1))
    found = []
    for start in starts.tolist():
        end = start
        while free[end % count]:
            end += 1
        found.append((start, end))
    return found


def _thinned(
    points: Floats, knots: NDArray[np.bool_], samples: NDArray[np.bool_], size: float
) -> Floats:
    """Points (n, 2) of the old mesh's vertices, and others as far apart as a spline needs them."""
    kept = [0]
    last = len(points) - 1
    following = [*np.flatnonzero(knots[1:last]) + 1, last]
    for k in range(1, last):
        behind = float(np.hypot(*(points[k] - points[kept[-1]])))
        ahead = points[following[np.searchsorted(following, k, side="right")]] - points[k]
        # On gaps that were closed, and where lines meet, there are no vertices.
        free = not samples[k] and float(np.hypot(*ahead)) > SPACING * size
        if (knots[k] and behind > TOUCHING * size) or (free and behind > SPACING * size):
            kept.append(k)
    return points[[*kept, last]].copy()


def _snapped(
    pair: Floats, known: list[shapely.Geometry], corners: shapely.STRtree, ends: Floats
) -> Floats:
    """Two ends of a line, put onto what they end at."""
    result = pair.copy()
    for k, end in enumerate(pair):
        place = shapely.Point(end)
        corner = int(corners.nearest(place))
        if np.hypot(*(ends[corner] - end)) <= 10.0 * ON:
            result[k] = ends[corner]
            continue
        nearest = min(known, key=lambda line: line.distance(place))
        on = shapely.line_interpolate_point(nearest, shapely.line_locate_point(nearest, place))
        result[k] = shapely.get_coordinates(on)[0]
    return result
