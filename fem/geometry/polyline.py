"""Curves of straight pieces: what outlines of an image are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from fem.geometry.curves import Floats

Point = tuple[float, float]


@dataclass(frozen=True)
class Polyline:
    """Straight pieces through `points`, each (x, y) in m; the last is the first if it is closed.

    The parameter is proportional to arc length.
    """

    points: tuple[Point, ...]

    @cached_property
    def _points(self) -> Floats:
        return np.array(self.points)

    @cached_property
    def _line(self) -> shapely.LineString:
        return shapely.LineString(self._points)

    @cached_property
    def _along(self) -> Floats:
        """Arc length at each point in m."""
        return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(self._points, axis=0).T))])

    @property
    def length(self) -> float:
        return float(self._along[-1])

    @property
    def moment(self) -> float:
        x, y = self._points.T
        return float((0.5 * (x[1:] + x[:-1])) @ np.diff(y))

    @cached_property
    def corners(self) -> Floats:
        """Parameters of the points between the ends."""
        return self._along[1:-1] / self.length

    def point(self, t: Floats) -> Floats:
        s = np.asarray(t) * self.length
        return np.stack([np.interp(s, self._along, z) for z in self._points.T])

    def parameter(self, xy: Floats) -> Floats:
        """Parameters (n,) of the points of the curve nearest to `xy` (2, n)."""
        return np.asarray(shapely.line_locate_point(self._line, shapely.points(xy.T)) / self.length)

    def radius(self, t: Floats) -> Floats:
        return np.full_like(t, np.inf)


def crossing(chains: Sequence[Floats]) -> bool:
    """Whether chains of straight pieces, points (2, k) each, meet other than at their ends."""
    return not shapely.is_simple(shapely.MultiLineString([chain.T for chain in chains]))


def sharpest(points: Floats, segments: NDArray[np.int64]) -> Floats:
    """The smallest angle between segments at each vertex (n,), in rad; 2 pi where there is one."""
    start, end = np.concatenate([segments, segments[:, ::-1]]).T
    direction = np.arctan2(*(points[end] - points[start]).T[::-1])
    order = np.lexsort((direction, start))
    start, direction = start[order], direction[order]
    first = np.flatnonzero(np.r_[True, start[1:] != start[:-1]])
    last = np.r_[first[1:], len(start)] - 1
    gap = np.append(np.diff(direction), 0.0)
    gap[last] = direction[first] + 2.0 * np.pi - direction[last]
    found = np.full(len(points), 2.0 * np.pi)
    np.minimum.at(found, start, gap)
    return found
