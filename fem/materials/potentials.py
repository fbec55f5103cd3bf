"""Open-circuit potentials against lithium as functions of the lithium fraction x.

The functions are pure: an array of x in, an array of potentials in V out. They evaluate the fit
and check nothing; `Curve` holds the window and checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fem.errors import InputError
from fem.materials.formula import tanh
from fem.materials.shapes import Fit, Shape

Array: TypeAlias = NDArray[Any]
STOICHIOMETRY_KEY = "kinetics.cathode.stoichiometry"
SAMPLES = 2001
"""Points of a window at which a potential is looked at."""
NOISE = 0.02
"""Rise in V that is left to the noise of measured points: far more than a plateau's 2 mV, and less
than a thermal voltage."""
FARTHEST = 1e200
"""Distance up to which a tangent is followed: further out only products overflow."""


def ncm811_chen2020(x: Array) -> Array:
    """Potential of LiNi0.8Co0.1Mn0.1O2 in V, for 0.25 <= x <= 0.95.

    Fit to the positive electrode of the LG M50 cell: C.-H. Chen et al., J. Electrochem. Soc. 167
    (2020) 080534, doi:10.1149/1945-7111/ab9050. Its x counts lithium on the scale in which
    63104 mol/m3 is x = 1. The two large, nearly cancelling terms shape the rise below x = 0.4.
    """
    value: Array = (
        4.4875
        - 0.8090 * x
        - 0.0428 * tanh(18.5138 * (x - 0.5542))
        - 17.7326 * tanh(15.7890 * (x - 0.3117))
        + 17.5842 * tanh(15.9308 * (x - 0.3120))
    )
    return value


def lco_dualfoil(x: Array) -> Array:
    """Potential of LiCoO2 in V, for 0.4 <= x <= 0.99.

    Fit distributed with the Dualfoil program (J. Newman et al.) and used by S. G. Marquis et al.,
    J. Electrochem. Soc. 166 (2019) A3693, doi:10.1149/2.0341915jes, on the scale in which
    51217.9 mol/m3 is x = 1. The fit is written in the stretched fraction y = 1.062 x. Above
    x = 0.95 it falls steeply: 2.7 V at 0.97, 1.6 V at 0.98. Measured were 0.5 to 0.99 and less than
    0.4, between which it goes over.
    """
    y = 1.062 * x
    value: Array = (
        2.16216
        + 0.07645 * tanh(30.834 - 54.4806 * y)
        + 2.1581 * tanh(52.294 - 50.294 * y)
        - 0.14169 * tanh(11.0923 - 19.8543 * y)
        + 0.2051 * tanh(1.4684 - 5.4888 * y)
        + 0.2531 * tanh((0.56478 - y) / 0.1316)
        - 0.02167 * tanh((y - 0.525) / 0.006)
    )
    return value


@dataclass(frozen=True)
class Curve:
    """An open-circuit potential with the window of x in which it may be used.

    Calling it checks the window. `extended` does not: for iterates of a solver, whose converged
    state is checked afterwards.
    """

    shape: Shape
    lower: float
    upper: float

    def __call__(self, x: ArrayLike, key: str = STOICHIOMETRY_KEY) -> Array:
        """Potential against lithium in V at the lithium fraction `x`.

        Raises
        ------
        InputError
            If any x lies outside the window; `key` is the case key it names.
        """
        self.check(x, key)
        return self.unchecked(x)

    def unchecked(self, x: ArrayLike) -> Array:
        """Potential in V, extrapolated where x leaves the window."""
        return self.shape.function(np.asarray(x, dtype=float))

    def slope(self, x: ArrayLike) -> Array:
        """dU/dx in V at x, not checked."""
        return self.shape.slope(np.asarray(x, dtype=float))

    @cached_property
    def rise(self) -> tuple[float, float, float]:
        """The most by which the potential rises with x in the window in V, and from where to where.

        A stable electrode's falls: where it rises, a particle that holds more lithium draws more.
        """
        x = np.linspace(self.lower, self.upper, SAMPLES)
        value = self.unchecked(x)
        lowest = np.minimum.accumulate(value)
        end = int(np.argmax(value - lowest))
        start = int(np.argmin(value[: end + 1]))
        return float(value[end] - value[start]), float(x[start]), float(x[end])

    @property
    def rises(self) -> bool:
        """Whether the potential rises by more than the noise of a measured plateau."""
        return self.rise[0] > NOISE

    def extended(self, x: ArrayLike) -> tuple[Array, Array]:
        """Potential and slope in V for any finite `x`, each of its shape.

        Inside the window the curve, beyond it the tangent at the nearer end, or its value where
        that rises. So an iterate that overshoots is led back, where a fit continued past its data
        may turn round, and the last point of a noisy table lead away.
        """
        x = np.asarray(x, dtype=float)
        inside = np.clip(x, self.lower, self.upper)
        slope = self.shape.slope(inside)
        slope = np.where(x == inside, slope, np.minimum(slope, 0.0))
        beyond = np.clip(x - inside, -FARTHEST, FARTHEST)
        return self.shape.function(inside) + slope * beyond, slope

    def check(self, x: ArrayLike, key: str = STOICHIOMETRY_KEY) -> None:
        """Raise an `InputError` naming `key` unless every x lies in the window."""
        values = np.atleast_1d(np.asarray(x, dtype=float))
        outside = ~((values >= self.lower) & (values <= self.upper))
        if outside.any():
            raise InputError(
                "the stoichiometry lies outside the window of the open-circuit potential",
                key=key,
                given=float(values[outside][0]),
                allowed=f"from {self.lower:g} to {self.upper:g}",
                cure="take a stoichiometry in the window, or give the material another "
                "open_circuit_potential",
            )


FITS: Mapping[str, Fit] = MappingProxyType(
    {
        "ncm811_chen2020": Fit(ncm811_chen2020, 0.25, 0.95),
        "lco_dualfoil": Fit(lco_dualfoil, 0.4, 0.99),
    }
)
"""The built-in functions by the name that a TOML file uses."""
