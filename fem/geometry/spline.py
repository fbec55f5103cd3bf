"""Smooth curves through points: what a lithium line becomes once it has moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.interpolate import CubicHermiteSpline, CubicSpline
from scipy.spatial import cKDTree

from fem.geometry.curves import NONE, Floats

Point = tuple[float, float]

_SAMPLES = 8
"""Samples of a segment from which the nearest point of a curve is sought."""
_ROUNDS = 500
"""Turns in which points are drawn in where a curve is too sharp."""
_NEARLY = 0.01
"""Relative excess of the curvature that is let pass."""
_STEPS = 12
"""Newton steps towards it: each at least divides the error by a hundred."""


@dataclass(frozen=True)
class Spline:
    """A piecewise cubic: `points` (x, y) in m and `slopes` d(x, y)/dt at `knots` from 0 to 1."""

    knots: tuple[float, ...]
    points: tuple[Point, ...]
    slopes: tuple[Point, ...]

    @cached_property
    def _curve(self) -> Any:
        return CubicHermiteSpline(np.array(self.knots), np.array(self.points), self.slopes)

    @cached_property
    def _velocity(self) -> Any:
        return self._curve.derivative()

    @cached_property
    def _acceleration(self) -> Any:
        return self._velocity.derivative()

    @cached_property
    def _samples(self) -> tuple[Floats, cKDTree]:
        knots, part = np.array(self.knots), np.arange(_SAMPLES) / _SAMPLES
        t = np.append((knots[:-1, None] + np.diff(knots)[:, None] * part).ravel(), 1.0)
        return t, cKDTree(self._curve(t))

    def _gauss(self, count: int) -> tuple[Floats, Floats]:
        """Gauss points of all segments and their weights in t."""
        points, weights = np.polynomial.legendre.leggauss(count)
        half = 0.5 * np.diff(self.knots)[:, None]
        t = np.array(self.knots[:-1])[:, None] + half * (points + 1.0)
        return t.ravel(), (half * weights).ravel()

    @cached_property
    def length(self) -> float:
        """Arc length in m, by Gauss's rule of order 16 on each segment."""
        t, weights = self._gauss(8)
        return float(np.hypot(*self._velocity(t).T) @ weights)

    @cached_property
    def moment(self) -> float:
        """The integral of x dy in m^2; exact, since x dy/dt has degree 5 on a segment."""
        t, weights = self._gauss(3)
        return float((self._curve(t)[:, 0] * self._velocity(t)[:, 1]) @ weights)

    @property
    def corners(self) -> Floats:
        return NONE

    def point(self, t: Floats) -> Floats:
        return np.asarray(self._curve(t).T)

    def parameter(self, xy: Floats) -> Floats:
        """Parameters (n,) of the points of the curve nearest to `xy` (2, n)."""
        samples, tree = self._samples
        nearest = tree.query(xy.T)[1]
        low = samples[np.maximum(nearest - 1, 0)]
        high = samples[np.minimum(nearest + 1, len(samples) - 1)]
        t = samples[nearest]
        for _ in range(_STEPS):
            velocity = self._velocity(t)
            distance = self._curve(t) - xy.T
            t = np.clip(t - (distance * velocity).sum(1) / (velocity**2).sum(1), low, high)
        return np.asarray(t)

    def radius(self, t: Floats) -> Floats:
        (u, v), (a, b) = self._velocity(t).T, self._acceleration(t).T
        bend = np.abs(u * b - v * a)
        straight = np.full_like(bend, np.inf)
        return np.asarray(np.divide(np.hypot(u, v) ** 3, bend, out=straight, where=bend > 0.0))

    @cached_property
    def lowest(self) -> Point:
        """The point of least y."""
        turns = np.concatenate([[0.0, 1.0], self._level()])
        x, y = self.point(turns)
        k = int(np.argmin(y))
        return float(x[k]), float(y[k])

    def _level(self) -> Floats:
        """Parameters at which the curve runs level."""
        roots = self._velocity.roots(discontinuity=False, extrapolate=False)[1]
        return np.asarray(roots[np.isfinite(roots)])


def through(
    points: Floats,
    cuts: Sequence[int],
    *,
    closed: bool,
    level: tuple[bool, bool],
    loose: tuple[bool, bool] = (False, False),
) -> list[Spline]:
    """The cubic spline (C2) through points, cut into pieces that keep its slopes.

    Parameters
    ----------
    points
        (2, n) in m, in order; the first is repeated as the last if the curve is `closed`.
    cuts
        Numbers of the points at which pieces begin and end: 0, ..., n - 1.
    closed
        Whether the curve passes through its first point smoothly.
    level
        Whether the curve's mirror image continues it at its first and last point, as on the
        symmetry planes at the side walls; elsewhere the end is free ("not a knot").
    loose
        Whether the curve runs straight into its first and last point.

    Returns
    -------
    list[Spline]
        One for each pair of neighbouring `cuts`. Parameters are proportional to chord length.
    """
    s = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points)))])
    if closed:
        slopes = CubicSpline(s, points, axis=1, bc_type="periodic")(s, 1)
    else:
        # x is odd and y is even about a mirror.
        ends = [
            [
                (order, 0.0) if flat else (2, 0.0) if straight else "not-a-knot"
                for flat, straight in zip(level, loose, strict=True)
            ]
            for order in (2, 1)
        ]
        along = [CubicSpline(s, z, bc_type=tuple(e)) for z, e in zip(points, ends, strict=True)]
        slopes = np.stack([component(s, 1) for component in along])
    return [
        Spline(
            (0.0, *map(float, (s[first + 1 : last] - s[first]) / (s[last] - s[first])), 1.0),
            _pairs(points[:, first : last + 1]),
            _pairs(slopes[:, first : last + 1] * (s[last] - s[first])),
        )
        for first, last in pairwise(cuts)
    ]


def rounded(
    points: Floats,
    radius: float,
    leftwards: Floats,
    closed: bool = False,
    mirrored: tuple[bool, bool] = (False, False),
) -> Floats:
    """Points (2, n) of a curve in order, those drawn in where it bends more sharply than `radius`.

    Each such point moves towards the middle between its neighbours until the angle there,
    over the mean length of the pieces beside it, is at most ``1 / radius``.

    Parameters
    ----------
    leftwards
        Above 0 at points (n,) where left turns count, below 0 where right turns do.
    closed
        Whether the last point is the first.
    mirrored
        Whether an upright mirror stands at the first and the last point; these move along it. Other
        ends stay.
    """
    points = points.copy()
    before, after = np.arange(points.shape[1]) - 1, np.arange(points.shape[1]) + 1
    if closed:
        before[0], after[-1] = -2, 1
    else:
        before[0], after[-1] = 1, -2
    first, last = (closed or at_wall for at_wall in mirrored)
    for _ in range(_ROUNDS):
        behind, ahead = points[:, before], points[:, after]
        if not closed:
            # About the mirror, x is odd.
            behind[0, 0] = 2.0 * points[0, 0] - behind[0, 0]
            ahead[0, -1] = 2.0 * points[0, -1] - ahead[0, -1]
        u, v = points - behind, ahead - points
        one, two = np.hypot(*u), np.hypot(*v)
        turn = np.arctan2(u[0] * v[1] - u[1] * v[0], (u * v).sum(axis=0))
        sharp = np.sign(leftwards) * turn * radius > 0.5 * (one + two) * (1.0 + _NEARLY)
        sharp[0] &= first
        sharp[-1] &= last
        if not sharp.any():
            break
        # Halfway between its neighbours: points that keep their spacing would gather at the tip.
        points[:, sharp] += 0.5 * (0.5 * (behind + ahead) - points)[:, sharp]
    return points


def _pairs(columns: Floats) -> tuple[Point, ...]:
    return tuple((float(x), float(y)) for x, y in columns.T)
