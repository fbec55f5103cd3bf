"""Time steps of ``dy/dt = f(y)``: the TR-BDF2 method and the choice of its step.

TR-BDF2 is of second order and L-stable, so that fast transients die out instead of ringing. It
needs nothing of earlier steps but the rate at the last one, and its two implicit stages share one
coefficient c = d dt: what was factorised for the first serves the second. The embedded formula of
third order estimates the local error (R. E. Bank et al., IEEE Trans. Electron Devices 32 (1985)
1992; M. E. Hosea and L. F. Shampine, Appl. Numer. Math. 20 (1996) 21).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Content = Mapping[str, Floats]
"""A state, or its rate: arrays of any shapes by name."""

GAMMA = 2.0 - np.sqrt(2.0)
"""Where in the step the first implicit stage ends."""
DIAGONAL = 0.5 * GAMMA
"""c = DIAGONAL dt of both stages."""
WEIGHT = np.sqrt(2.0) / 4.0
ERROR_WEIGHTS = (
    WEIGHT - (1.0 - WEIGHT) / 3.0,
    WEIGHT - (3.0 * WEIGHT + 1.0) / 3.0,
    DIAGONAL - DIAGONAL / 3.0,
)
"""Second-order less third-order weights of the three rates."""


def combine(y: Content, *terms: tuple[float, Content]) -> Content:
    """``y + sum of factor * rate``, array by array."""
    out = dict(y)
    for factor, rate in terms:
        out = {name: value + factor * rate[name] for name, value in out.items()}
    return out


@dataclass(frozen=True)
class Stage:
    """Value and rate at the end of an implicit stage, and whatever else its solver found."""

    value: Content
    rate: Content
    found: object


Implicit = Callable[[Content, float, float], Stage]
"""``implicit(base, c, fraction)`` solves ``y = base + c f(y)`` at this fraction of the step."""


@dataclass(frozen=True)
class Step:
    """The result of a step: its stages and the estimate of its local error, shaped like y."""

    stages: tuple[Stage, ...]
    error: Content

    @property
    def end(self) -> Stage:
        """The last stage, which ends the step."""
        return self.stages[-1]


def backward_euler(y: Content, dt: float, implicit: Implicit) -> Step:
    """One step of first order, for a start where no rate is known; estimates no error."""
    end = implicit(y, dt, 1.0)
    return Step((end,), {name: np.zeros_like(value) for name, value in y.items()})


def tr_bdf2(y: Content, rate: Content, dt: float, implicit: Implicit) -> Step:
    """One step of second order from `y` with its `rate`."""
    c = DIAGONAL * dt
    middle = implicit(combine(y, (c, rate)), c, GAMMA)
    end = implicit(combine(y, (WEIGHT * dt, rate), (WEIGHT * dt, middle.rate)), c, 1.0)
    zero = {name: np.zeros_like(value) for name, value in y.items()}
    rates = (rate, middle.rate, end.rate)
    terms = zip((dt * w for w in ERROR_WEIGHTS), rates, strict=True)
    return Step((middle, end), combine(zero, *terms))


@dataclass(frozen=True)
class Controller:
    """How long the next step may be.

    `most` and `least` bound the ratio of one step to the last, `safety` is the share of the longest
    step that the error would allow.
    """

    safety: float = 0.9
    most: float = 4.0
    least: float = 0.2

    def next(self, dt: float, error: float, change: float) -> float:
        """The step after one of length `dt`.

        Parameters
        ----------
        error
            The local error over its tolerance; the step is rejected above 1.
        change
            The largest change in the step over its limit; the step is rejected above 1.1.
        """
        by_error = self.safety * max(error, 1e-12) ** (-1.0 / 3.0)
        by_change = 0.95 / max(change, 1e-12)
        return dt * float(np.clip(min(by_error, by_change), self.least, self.most))
