"""A vector field on triangles, carried over to a regular grid where it can be looked up fast."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_INSIDE = 1e-9
"""Slack, in grid spacings, that puts grid points on a shared edge into a triangle."""


@dataclass(frozen=True)
class Grid:
    """Values at the points ``origin + spacing * (column, row)``, nan outside the triangles.

    `values` has shape (rows, columns, k); `origin` and `spacing` are in the unit of the triangles.
    """

    origin: tuple[float, float]
    spacing: float
    values: Floats

    @cached_property
    def _table(self) -> Floats:
        """Values and their weights (points, k + 1): unknown points drop out of a mean."""
        rows, columns, k = self.values.shape
        known = np.isfinite(self.values).all(axis=2, keepdims=True)
        table = np.concatenate([np.where(known, self.values, 0.0), known], axis=2)
        return table.reshape(rows * columns, k + 1)

    def at(self, xy: Floats) -> Floats:
        """Bilinear values (n, k) at points (n, 2); nan where most of the weight is unknown."""
        rows, columns, k = self.values.shape
        limit = np.array([columns - 1.0, rows - 1.0])
        place = (xy - self.origin) / self.spacing
        # Half a spacing beyond the outer points still belongs to them.
        outside = ((place < -0.5) | (place > limit + 0.5)).any(axis=1)
        place = np.clip(place, 0.0, limit)
        low = np.minimum(place.astype(np.int64), np.maximum(limit.astype(np.int64) - 1, 0))
        (u, v), first = (place - low).T, low[:, 1] * columns + low[:, 0]
        right, up = int(columns > 1), columns * int(rows > 1)
        table = self._table
        total = ((1 - u) * (1 - v))[:, None] * table[first]
        total += (u * (1 - v))[:, None] * table[first + right]
        total += ((1 - u) * v)[:, None] * table[first + up]
        total += (u * v)[:, None] * table[first + up + right]
        weight = np.where((total[:, k] < 0.5) | outside, np.nan, total[:, k])
        return np.asarray(total[:, :k] / weight[:, None])


@dataclass(frozen=True)
class Cover:
    """Which triangle covers which point of a regular grid: found once, used for many fields.

    Attributes
    ----------
    origin, spacing, shape
        The grid, see `Grid`: (rows, columns) points.
    place
        Flat numbers of the points inside triangles (m,).
    corners, weights
        (3, m): the corners of the triangle around each, and their shares in it.
    """

    origin: tuple[float, float]
    spacing: float
    shape: tuple[int, int]
    place: Ints
    corners: Ints
    weights: Floats

    @classmethod
    def of(cls, points: Floats, triangles: Ints, window: tuple[float, ...], count: int) -> Cover:
        """About `count` points of a regular grid over triangles.

        Parameters
        ----------
        points, triangles
            (n, 2) and (nt, 3); a point of the grid is looked up in the triangle that covers it,
            so nothing is carried across a gap between triangles.
        window
            Left, right, bottom and top of the grid; its points are centres of square cells.
        """
        left, right, bottom, top = window
        width, height = right - left, top - bottom
        columns = max(4, round(np.sqrt(count * width / height)))
        spacing = width / columns
        rows = max(4, round(height / spacing))
        origin = (left + 0.5 * spacing, bottom + 0.5 * (height - (rows - 1) * spacing))
        triangle, place, weights = _cover(((points - origin) / spacing)[triangles], rows, columns)
        return cls(origin, spacing, (rows, columns), place, triangles[triangle].T, weights)

    def values(self, values: Floats) -> Floats:
        """Linear interpolation of `values` (n, k) onto the grid (rows, columns, k)."""
        result = np.full((self.shape[0] * self.shape[1], values.shape[1]), np.nan)
        result[self.place] = sum(
            weight[:, None] * values[corner]
            for corner, weight in zip(self.corners, self.weights, strict=True)
        )
        return result.reshape(*self.shape, -1)


def to_grid(
    points: Floats, triangles: Ints, values: Floats, window: tuple[float, ...], count: int
) -> Grid:
    """`values` (n, k) at the points of triangles on about `count` points of a grid: `Cover.of`."""
    cover = Cover.of(points, triangles, window, count)
    return Grid(cover.origin, cover.spacing, cover.values(values))


def _cover(corners: Floats, rows: int, columns: int) -> tuple[Ints, Ints, Floats]:
    """Which triangle covers which grid point: triangles (m,), flat places (m,), weights (3, m).

    `corners` (nt, 3, 2) count in grid spacings. Every triangle is cut into its rows of the grid
    and every row into its points.
    """
    x, y = corners[..., 0], corners[..., 1]
    first = np.clip(np.ceil(y.min(axis=1) - _INSIDE), 0, rows).astype(np.int64)
    last = np.clip(np.floor(y.max(axis=1) + _INSIDE), -1, rows - 1).astype(np.int64)
    triangle, row = _expand(first, last)
    # The row's interval lies between where it crosses the three edges.
    low, high = np.full(len(row), np.inf), np.full(len(row), -np.inf)
    for a, b in ((0, 1), (1, 2), (2, 0)):
        ya, yb = y[triangle, a], y[triangle, b]
        rise = yb - ya
        flat = np.abs(rise) < 1e-12
        t = (row - ya) / np.where(flat, 1.0, rise)
        crossed = (t >= -_INSIDE) & (t <= 1.0 + _INSIDE) & ~flat
        cut = x[triangle, a] + t * (x[triangle, b] - x[triangle, a])
        low = np.where(crossed, np.minimum(low, cut), low)
        high = np.where(crossed, np.maximum(high, cut), high)
    low, high = np.where(np.isfinite(low), low, 1.0), np.where(np.isfinite(high), high, 0.0)
    first = np.clip(np.ceil(low - _INSIDE), 0, columns).astype(np.int64)
    last = np.clip(np.floor(high + _INSIDE), -1, columns - 1).astype(np.int64)
    span, column = _expand(first, last)
    triangle, row = triangle[span], row[span]

    (xa, xb, xc), (ya, yb, yc) = x[triangle].T, y[triangle].T
    area = (xb - xa) * (yc - ya) - (xc - xa) * (yb - ya)
    second = ((column - xa) * (yc - ya) - (xc - xa) * (row - ya)) / area
    third = ((xb - xa) * (row - ya) - (column - xa) * (yb - ya)) / area
    return triangle, row * columns + column, np.stack([1.0 - second - third, second, third])


def _expand(first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """All integers of the closed intervals, with the interval each belongs to."""
    count = np.maximum(last - first + 1, 0)
    owner = np.repeat(np.arange(len(count)), count)
    start = np.cumsum(count) - count
    return owner, np.arange(len(owner)) - start[owner] + first[owner]
