"""The forms in which a property may depend on the lithium fraction x.

A shape knows its values and slopes and the range of x in which it holds, and checks nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from fem.materials.formula import Formula, complex_step

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True)
class Fit:
    """A built-in function with the range of x in which its source supports it."""

    function: Callable[[Array], Array]
    lower: float
    upper: float

    def slope(self, x: Array) -> Array:
        """The derivative by x."""
        return complex_step(self.function, x)


@dataclass(frozen=True)
class Constant:
    """The same value whatever x, as of the potential of a two-phase plateau."""

    value: float
    lower: float = 0.0
    upper: float = 1.0

    def function(self, x: Array) -> Array:
        """The value at every x."""
        return np.full_like(x, self.value)

    def slope(self, x: Array) -> Array:
        """0 at every x."""
        return np.zeros_like(x)


@dataclass(frozen=True)
class Table:
    """Interpolation through points (x, value), x increasing; smooth, and monotone between points.

    Of the value or, for what spreads over powers of ten, of its logarithm: piecewise cubics whose
    slopes at the points keep the curve between its neighbours (PCHIP; F. N. Fritsch and J. Butland,
    SIAM J. Sci. Stat. Comput. 5 (1984) 300, doi:10.1137/0905021). Two points make a line.
    """

    stoichiometry: tuple[float, ...]
    values: tuple[float, ...]
    logarithmic: bool = False

    @property
    def lower(self) -> float:
        """The first x."""
        return self.stoichiometry[0]

    @property
    def upper(self) -> float:
        """The last x."""
        return self.stoichiometry[-1]

    def function(self, x: Array) -> Array:
        """The interpolated value; beyond the table that of its nearer end."""
        value: Array = self._through(np.clip(x, self.lower, self.upper))
        return np.exp(value) if self.logarithmic else value

    def slope(self, x: Array) -> Array:
        """The derivative by x; beyond the table that at its nearer end."""
        value: Array = self._through(np.clip(x, self.lower, self.upper), 1)
        return value * self.function(x) if self.logarithmic else value

    @cached_property
    def _through(self) -> PchipInterpolator:
        values = np.array(self.values)
        values = np.log(values) if self.logarithmic else values
        return PchipInterpolator(self.stoichiometry, values)


@dataclass(frozen=True)
class Shifted:
    """A potential `shape` at another temperature: `by` times `factor` is added to it."""

    shape: Fit | Constant | Table | Formula
    by: Constant | Table | Formula
    factor: float

    @property
    def lower(self) -> float:
        """Where both hold."""
        return max(self.shape.lower, self.by.lower)

    @property
    def upper(self) -> float:
        """Where both hold."""
        return min(self.shape.upper, self.by.upper)

    def function(self, x: Array) -> Array:
        """The sum of both."""
        value: Array = self.shape.function(x) + self.factor * self.by.function(x)
        return value

    def slope(self, x: Array) -> Array:
        """The derivative by x."""
        value: Array = self.shape.slope(x) + self.factor * self.by.slope(x)
        return value


Shape: TypeAlias = Fit | Constant | Table | Formula | Shifted


@dataclass(frozen=True)
class Kept:
    """A function of the lithium fraction in the particle that keeps its value beyond its ends.

    It holds from `lower` to `upper`. So iterates of a solver, whatever their x, meet a value that
    is allowed.
    """

    shape: Constant | Table | Formula
    lower: float
    upper: float
    factor: float = 1.0
    """What the shape is multiplied by, as at another temperature."""

    def __call__(self, x: Array) -> Array:
        """The value at the lithium fraction `x`, of its shape."""
        return self.factor * self.shape.function(np.clip(x, self.lower, self.upper))

    def slope(self, x: Array) -> Array:
        """The derivative by x, of the shape of `x`; 0 beyond the ends."""
        inside = np.clip(x, self.lower, self.upper)
        return np.where(x == inside, self.factor * self.shape.slope(inside), 0.0)


class Diffusivity(Kept):
    """A chemical diffusion coefficient of lithium in m^2/s."""


class Strain(Kept):
    """A strain that lithium makes, from whatever fraction on: only its differences count."""
