"""Exact boundary curves: straight lines and arcs of axis-parallel ellipses.

A curve is traversed by a parameter t in [0, 1]. All lengths are in m. Areas of regions follow
from `moment`, the closed form of the integral of x dy (Green's theorem).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ellipeinc

Floats = NDArray[np.float64]

NONE: Floats = np.zeros(0)


class Curve(Protocol):
    """What the mesher needs of a curve."""

    @property
    def length(self) -> float:
        """Arc length in m."""

    @property
    def moment(self) -> float:
        """The integral of x dy along the curve, in m^2."""

    @property
    def corners(self) -> Floats:
        """Parameters (n,) inside (0, 1) where the direction jumps: an edge must end there."""

    def point(self, t: Floats) -> Floats:
        """Points at parameters `t` (n,), shape (2, n), in m."""

    def parameter(self, xy: Floats) -> Floats:
        """Parameters (n,) of points (2, n) on or near the curve."""

    def radius(self, t: Floats) -> Floats:
        """Radius of curvature at parameters `t` (n,), in m; infinite on a line."""


@dataclass(frozen=True)
class Line:
    """The straight line from `start` to `end`, each (x, y) in m."""

    start: tuple[float, float]
    end: tuple[float, float]

    @property
    def length(self) -> float:
        return float(np.hypot(self.end[0] - self.start[0], self.end[1] - self.start[1]))

    @property
    def moment(self) -> float:
        return 0.5 * (self.start[0] + self.end[0]) * (self.end[1] - self.start[1])

    @property
    def corners(self) -> Floats:
        return NONE

    def point(self, t: Floats) -> Floats:
        a, b = np.array(self.start)[:, None], np.array(self.end)[:, None]
        return np.asarray(a + (b - a) * t)

    def parameter(self, xy: Floats) -> Floats:
        a, b = np.array(self.start)[:, None], np.array(self.end)[:, None]
        return np.asarray(((xy - a) * (b - a)).sum(0) / ((b - a) ** 2).sum(0))

    def radius(self, t: Floats) -> Floats:
        return np.full_like(t, np.inf)


@dataclass(frozen=True)
class Arc:
    """An arc of the ellipse around `centre` with half axes `semi_axes` along x and y (m).

    It runs from the parametric angle ``angles[0]`` to ``angles[1]`` (rad); the point at angle a is
    ``centre + (semi_axes[0] cos a, semi_axes[1] sin a)``. Equal half axes make a circle.
    """

    centre: tuple[float, float]
    semi_axes: tuple[float, float]
    angles: tuple[float, float]

    @cached_property
    def length(self) -> float:
        a, b = self.semi_axes
        # |d point/d angle|^2 = a^2 sin^2 + b^2 cos^2 = b^2 (1 - (1 - a^2/b^2) sin^2).
        ends = ellipeinc(np.array(self.angles), 1.0 - (a / b) ** 2)
        return float(b * abs(ends[1] - ends[0]))

    @property
    def moment(self) -> float:
        (cx, _), (a, b), (s, e) = self.centre, self.semi_axes, self.angles
        sines = cx * b * (np.sin(e) - np.sin(s))
        return float(sines + 0.5 * a * b * (e - s + 0.5 * (np.sin(2 * e) - np.sin(2 * s))))

    @property
    def corners(self) -> Floats:
        return NONE

    def _angle(self, t: Floats) -> Floats:
        return self.angles[0] + (self.angles[1] - self.angles[0]) * t

    def point(self, t: Floats) -> Floats:
        (cx, cy), (a, b), angle = self.centre, self.semi_axes, self._angle(t)
        return np.stack([cx + a * np.cos(angle), cy + b * np.sin(angle)])

    def parameter(self, xy: Floats) -> Floats:
        (cx, cy), (a, b), (start, end) = self.centre, self.semi_axes, self.angles
        angle = np.arctan2((xy[1] - cy) / b, (xy[0] - cx) / a)
        # Count turns from the middle of the arc, so that neither end wraps around.
        middle = 0.5 * (start + end)
        off_middle = (angle - middle + np.pi) % (2.0 * np.pi) - np.pi
        return np.asarray(0.5 + off_middle / (end - start))

    def radius(self, t: Floats) -> Floats:
        (a, b), angle = self.semi_axes, self._angle(t)
        return np.asarray(((a * np.sin(angle)) ** 2 + (b * np.cos(angle)) ** 2) ** 1.5 / (a * b))
