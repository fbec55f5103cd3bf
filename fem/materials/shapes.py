"""The forms in which a property may depend on the lithium fraction x.

A shape knows its values and slopes and the range of x in which it holds, and checks nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

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
    """Interpolation between points (x, value), x increasing.

    Linear in the value or, for what spreads over powers of ten, in its logarithm.
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
        value: Array = np.interp(x, self.stoichiometry, self._interpolated)
        return np.exp(value) if self.logarithmic else value

    def slope(self, x: Array) -> Array:
        """The derivative by x: of the piece that holds x, of the right one at a point."""
        slopes = np.diff(self._interpolated) / np.diff(self.stoichiometry)
        piece = np.searchsorted(self.stoichiometry, x, side="right") - 1
        value: Array = slopes[np.clip(piece, 0, slopes.size - 1)]
        return value * self.function(x) if self.logarithmic else value

    @property
    def _interpolated(self) -> Array:
        values = np.array(self.values)
        return np.log(values) if self.logarithmic else values


Shape: TypeAlias = Fit | Constant | Table | Formula


@dataclass(frozen=True)
class Diffusivity:
    """A chemical diffusion coefficient of lithium that depends on its fraction in the particle.

    It holds from `lower` to `upper` and keeps its value at these ends beyond them, so that
    iterates of a solver, whatever their x, meet a finite and positive coefficient.
    """

    shape: Table | Formula
    lower: float
    upper: float

    def __call__(self, x: Array) -> Array:
        """The coefficient in m^2/s at the lithium fraction `x`, of its shape."""
        return self.shape.function(np.clip(x, self.lower, self.upper))

    def slope(self, x: Array) -> Array:
        """The derivative by x in m^2/s, of the shape of `x`; 0 beyond the ends."""
        inside = np.clip(x, self.lower, self.upper)
        return np.where(x == inside, self.shape.slope(inside), 0.0)
