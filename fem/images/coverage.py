"""Means over pixels of what is constant on each curved triangle, exact but for rounding.

The share of a pixel that a triangle covers is a line integral along what its sides leave in the
pixel (Green), ``area = -\\int y dx``. A side is a parabola of its parameter. It is cut where it
crosses lines between pixels, which are roots of quadratics, and the integral of each piece is a
cubic, which two points of Gauss integrate exactly. So nothing is sampled: triangles that share
their sides fill pixels to rounding, and what is lost of an integral over the drawing is rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SIDES = ((0, 3, 1), (1, 4, 2), (2, 5, 0))
"""Start, middle and end of the sides of a triangle, by its six nodes (middles of 01, 12, 02)."""
_GAUSS = 0.5 + np.array([-0.5, 0.5]) / np.sqrt(3.0)


@dataclass(frozen=True)
class Grid:
    """Square pixels.

    Attributes
    ----------
    left, bottom
        Of the lower left corner, in m.
    pixel
        Side of a pixel in m.
    columns, rows
        How many there are.
    """

    left: float
    bottom: float
    pixel: float
    columns: int
    rows: int

    @property
    def heights(self) -> Floats:
        """Of the middles of the rows (rows,) in m, from below."""
        return np.asarray(self.bottom + self.pixel * (np.arange(self.rows) + 0.5))


def means(points: Floats, triangles: Ints, values: Floats, grid: Grid) -> Floats:
    """Means over pixels (k, rows, columns) of values that are constant on triangles.

    Parameters
    ----------
    points
        (n, 2) in m.
    triangles
        Nodes of the curved triangles (nt, 6): vertices, counterclockwise or not, then the middles
        of 01, 12, 02.
    values
        (k, nt); nothing, that is 0, lies where no triangle does. Where triangles overlap, they add.
    grid
        The pixels; the first row is the lowest.
    """
    place = (points - [grid.left, grid.bottom]) / grid.pixel
    values = values * _orientation(place, triangles)
    ends = place[triangles]
    sides = np.concatenate([ends[:, list(side)] for side in SIDES])
    owner = np.tile(np.arange(len(triangles)), 3)
    side, begin, end = _cut(sides)
    return _summed(sides[side], begin, end, values[:, owner[side]], grid)


def _orientation(place: Floats, triangles: Ints) -> Floats:
    """1 where the vertices of triangles run counterclockwise, else -1."""
    a, b, c = (place[triangles[:, k]] for k in range(3))
    u, v = b - a, c - a
    return np.sign(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])


def _parabola(sides: Floats) -> tuple[Floats, Floats, Floats]:
    """Coefficients (n, 2) of ``p(t) = a t^2 + b t + c`` with 0 <= t <= 1."""
    start, middle, end = sides[:, 0], sides[:, 1], sides[:, 2]
    return 2.0 * (start + end) - 4.0 * middle, 4.0 * middle - 3.0 * start - end, start


def _cut(sides: Floats) -> tuple[Ints, Floats, Floats]:
    """Pieces of sides (n, 3, 2) within one pixel each: side, and parameters of begin and end."""
    a, b, c = _parabola(sides)
    number, at = [np.arange(len(sides))] * 2, [np.zeros(len(sides)), np.ones(len(sides))]
    with np.errstate(divide="ignore", invalid="ignore"):
        turn = np.clip(np.nan_to_num(-b / (2.0 * a)), 0.0, 1.0)
        # Least and greatest coordinates: at the ends or where the parabola turns.
        reach = np.stack([sides[:, 0], sides[:, 2], (a * turn + b) * turn + c])
        low, high = reach.min(axis=0), reach.max(axis=0)
        for axis in (0, 1):
            first, last = np.ceil(low[:, axis]), np.floor(high[:, axis])
            count = np.maximum(last - first + 1, 0).astype(int)
            mine = np.repeat(np.arange(len(sides)), count)
            before = np.repeat(np.cumsum(count) - count, count)
            line = first[mine] + np.arange(len(mine)) - before
            for root in _roots(a[mine, axis], b[mine, axis], c[mine, axis] - line):
                inside = (root > 0.0) & (root < 1.0)
                number.append(mine[inside])
                at.append(root[inside])
    side, t = np.concatenate(number), np.concatenate(at)
    order = np.lexsort((t, side))
    side, t = side[order], t[order]
    same = side[1:] == side[:-1]
    return side[:-1][same], t[:-1][same], t[1:][same]


def _roots(a: Floats, b: Floats, c: Floats) -> tuple[Floats, Floats]:
    """Real roots of ``a t^2 + b t + c`` without cancellation; nan where there is none."""
    q = -0.5 * (b + np.where(b < 0.0, -1.0, 1.0) * np.sqrt(b * b - 4.0 * a * c))
    return c / q, q / a


def _summed(sides: Floats, begin: Floats, end: Floats, values: Floats, grid: Grid) -> Floats:
    a, b, c = _parabola(sides)
    t = begin + (end - begin) * _GAUSS[:, None]
    width = (end - begin)[:, None] * ((end + begin)[:, None] * a + b)
    middle = (0.5 * (begin + end))[:, None]
    column, row = np.floor((a * middle + b) * middle + c).astype(int).T
    height = ((a * t[..., None] + b) * t[..., None] + c)[..., 1]
    slope = (2.0 * a * t[..., None] + b)[..., 0]
    row = np.clip(row, -1, grid.rows)
    partly = -0.5 * ((height - row) * slope).sum(axis=0) * (end - begin)
    there = (column >= 0) & (column < grid.columns)
    inside = there & (row >= 0) & (row < grid.rows)
    below = there & (row >= 1)
    found = np.empty((len(values), grid.rows, grid.columns))
    shape = (grid.rows, grid.columns)
    size = grid.rows * grid.columns
    own = row[inside] * grid.columns + column[inside]
    under = (row[below] - 1) * grid.columns + column[below]
    for k, value in enumerate(values):
        image = np.bincount(own, (value * partly)[inside], size).reshape(shape)
        # A piece covers whole pixels in all rows below its own.
        full = np.bincount(under, (-value * width[:, 0])[below], size).reshape(shape)
        found[k] = image + np.cumsum(full[::-1], axis=0)[::-1]
    return found
