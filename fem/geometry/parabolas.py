"""Curves of quadratic pieces: sides of curved triangles, as meshes of second order have them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from fem.geometry.curves import Floats
from fem.geometry.polyline import Point

_NEWTON = 6
"""Iterations from the nearest place on chords of halves: nodes of a mesh are there to rounding."""
_FLAT = 1e-30


@dataclass(frozen=True)
class Parabolas:
    """Quadratic pieces through `points` (2 n + 1), each (x, y) in m: start, middle, end, middle ...

    A piece is ``(1 - u)(1 - 2 u) start + 4 u (1 - u) middle + u (2 u - 1) end`` with u from 0 to 1.
    Each has a share of the parameter that is proportional to its arc length.
    """

    points: tuple[Point, ...]

    @cached_property
    def _points(self) -> Floats:
        return np.array(self.points).T

    @cached_property
    def _bends(self) -> tuple[Floats, Floats, Floats]:
        """Coefficients (2, n) of 1, u and u^2 of each piece."""
        start, middle, end = self._points[:, :-1:2], self._points[:, 1::2], self._points[:, 2::2]
        return start, 4.0 * middle - 3.0 * start - end, 2.0 * (start + end) - 4.0 * middle

    @cached_property
    def _along(self) -> Floats:
        """Arc length at the ends of the pieces (n + 1,), in m."""
        nodes, weights = np.polynomial.legendre.leggauss(8)
        _, b, c = self._bends
        slope = b[:, :, None] + c[:, :, None] * (nodes + 1.0)
        return np.concatenate([[0.0], np.cumsum(0.5 * np.hypot(*slope) @ weights)])

    @cached_property
    def _chords(self) -> shapely.STRtree:
        halves = np.stack([self._points[:, :-1].T, self._points[:, 1:].T], axis=1)
        return shapely.STRtree(shapely.linestrings(halves))

    @property
    def length(self) -> float:
        return float(self._along[-1])

    @property
    def moment(self) -> float:
        (x, _), (bx, by), (cx, cy) = self._bends
        # The integral over u of (x + bx u + cx u^2)(by + 2 cy u).
        pieces = by * (x + bx / 2.0 + cx / 3.0) + 2.0 * cy * (x / 2.0 + bx / 3.0 + cx / 4.0)
        return float(pieces.sum())

    @cached_property
    def corners(self) -> Floats:
        """Parameters of the ends of pieces between the curve's ends."""
        return self._along[1:-1] / self.length

    def _place(self, t: Floats) -> tuple[NDArray[np.int64], Floats]:
        """Piece and u of each parameter."""
        s = np.clip(np.asarray(t, dtype=float), 0.0, 1.0) * self.length
        piece = np.clip(np.searchsorted(self._along, s, side="right") - 1, 0, len(self._along) - 2)
        return piece, (s - self._along[piece]) / np.diff(self._along)[piece]

    def point(self, t: Floats) -> Floats:
        piece, u = self._place(t)
        a, b, c = self._bends
        return np.asarray(a[:, piece] + u * (b[:, piece] + u * c[:, piece]))

    def parameter(self, xy: Floats) -> Floats:
        """Parameters (n,) of the points of the curve nearest to `xy` (2, n)."""
        places = shapely.points(np.asarray(xy).T)
        half = self._chords.nearest(places)
        share = shapely.line_locate_point(self._chords.geometries[half], places, normalized=True)
        piece, u = half // 2, 0.5 * (half % 2 + share)
        a, b, c = (each[:, piece] for each in self._bends)
        for _ in range(_NEWTON):
            off, slope = a + u * (b + u * c) - xy, b + 2.0 * u * c
            bend = (slope * slope).sum(axis=0) + 2.0 * (off * c).sum(axis=0)
            step = (off * slope).sum(axis=0) / np.where(np.abs(bend) > _FLAT, bend, np.inf)
            u = np.clip(u - step, 0.0, 1.0)
        return np.asarray((self._along[piece] + u * np.diff(self._along)[piece]) / self.length)

    def radius(self, t: Floats) -> Floats:
        piece, u = self._place(t)
        _, b, c = (each[:, piece] for each in self._bends)
        slope = b + 2.0 * u * c
        turn = 2.0 * np.abs(slope[0] * c[1] - slope[1] * c[0])
        with np.errstate(divide="ignore"):
            return np.asarray(np.hypot(*slope) ** 3 / turn)
