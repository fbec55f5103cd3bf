"""Units a reader can take in, and colour ranges that a few hot spots cannot stretch."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MICROMETRE = 1e-6
TAIL = 0.5
"""Percent of the area that may lie beyond the end of a colour bar."""
DECADES = 30.0
"""Ratio of the upper end of a range to its median above which a logarithmic scale is used."""
_FLOOR = 0.2
"""Percent of the area that may lie below a logarithmic colour bar."""

_STRESS = ((1e9, "GPa"), (1e6, "MPa"), (1e3, "kPa"), (1.0, "Pa"))
_LENGTH = ((1e-6, "µm"), (1e-9, "nm"))
_CURRENT = ((1.0, "A"), (1e-3, "mA"), (1e-6, "µA"), (1e-9, "nA"))


@dataclass(frozen=True)
class Unit:
    """Values in SI units are divided by `size` to be shown in `name`."""

    size: float
    name: str


@dataclass(frozen=True)
class Range:
    """Ends of a colour bar in SI units, how it is spaced, and on which sides values lie beyond.

    Where `linear` is above 0 it is linear up to that magnitude and logarithmic beyond, for both
    signs.
    """

    low: float
    high: float
    log: bool = False
    extend: str = "neither"
    linear: float = 0.0

    def over(self, unit: Unit) -> Range:
        """The same range with its ends in `unit`."""
        low, high, linear = (value / unit.size for value in (self.low, self.high, self.linear))
        return Range(low, high, self.log, self.extend, linear)

    def extended(self, below: bool, above: bool) -> Range:
        """The same range where values lie below its low end or above its high end."""
        sides = {(0, 0): "neither", (1, 0): "min", (0, 1): "max", (1, 1): "both"}
        return replace(self, extend=sides[below, above])


def stress_unit(value: float) -> Unit:
    """The unit in which a stress of `value` Pa reads best."""
    return _pick(_STRESS, value, 0.3)


def length_unit(value: float) -> Unit:
    """Micrometres, or nanometres for less than 0.3 um; `value` in m."""
    return _pick(_LENGTH, value, 0.3)


def current_unit(value: float) -> Unit:
    """The unit in which a current of `value` A (or A per m of depth) reads best."""
    return _pick(_CURRENT, value, 0.3)


def percentile(values: Floats, weights: Floats, percent: float) -> float:
    """The value that `percent` of the total weight do not exceed."""
    order = np.argsort(values)
    share = np.cumsum(weights[order])
    place = np.searchsorted(share, percent / 100.0 * share[-1])
    return float(values[order[min(int(place), len(order) - 1)]])


def full_range(values: Floats, smallest: float) -> Range:
    """From the least to the largest value, at least `smallest` apart."""
    low, high = float(values.min()), float(values.max())
    middle, half = 0.5 * (low + high), 0.5 * smallest
    if high - low < smallest:
        low, high = middle - half, middle + half
    return Range(low, high)


def axis_range(
    values: Floats, least: float, *, share: float = 0.0, below: float = 0.07, above: float = 0.07
) -> tuple[float, float]:
    """Ends of an axis around the finite ones of `values`, with room beyond the curve.

    What varies by less than `least`, or than `share` of its largest magnitude, is drawn flat in
    the middle of an axis of that span.

    Parameters
    ----------
    below, above
        Room beyond the curve, over the span.
    """
    known = values[np.isfinite(values)]
    found = full_range(known if len(known) else np.zeros(1), 0.0)
    magnitude = max(abs(found.low), abs(found.high))
    found = full_range(np.array([found.low, found.high]), max(least, share * magnitude))
    span = found.high - found.low
    return found.low - below * span, found.high + above * span


def robust_range(
    values: Floats, weights: Floats, smallest: float, *, may_be_log: bool = False
) -> Range:
    """From zero to what all but `TAIL` percent of the area stay below.

    Parameters
    ----------
    values
        Magnitudes (n,), not negative.
    weights
        The area (n,) each value stands for.
    smallest
        The least upper end: a field of rounding errors stays dark.
    may_be_log
        Whether to turn logarithmic if half of the area would be dark, see `DECADES`.
    """
    top = float(values.max())
    high = max(round_up(percentile(values, weights, 100.0 - TAIL)), smallest)
    low, log = 0.0, False
    if may_be_log and high > DECADES * percentile(values, weights, 50.0) > smallest:
        low, log = percentile(values, weights, _FLOOR), True
        low = max(low, 1e-4 * high)
    below, above = log and float(values.min()) < low, top > high * (1.0 + 1e-9)
    return Range(low, high, log).extended(below, above)


def round_up(value: float) -> float:
    """The next number of two significant digits; rounding errors do not count."""
    if value <= 0.0:
        return 0.0
    step = 10.0 ** (np.floor(np.log10(value)) - 1.0)
    return float(np.ceil(value / step * (1.0 - 1e-6)) * step)


def three_digits(value: float) -> str:
    """A number with three significant digits, zeros at its end included."""
    size = int(np.floor(np.log10(abs(value)))) if value else 0
    return f"{value:.{max(0, 2 - size)}f}"


def _pick(units: tuple[tuple[float, str], ...], value: float, least: float) -> Unit:
    for size, name in units:
        if abs(value) >= least * size:
            return Unit(size, name)
    return Unit(*units[-1])
