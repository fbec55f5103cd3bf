"""Kinetics of intercalation: the exchange current density follows the filling of the surface.

A reaction of first order in occupied and in empty sites has, with x the fraction of sites that
hold lithium and anodic and cathodic transfer coefficients a and c,

    i0(x) = F k0 c_max x^(c/(a+c)) (1-x)^(a/(a+c)),

for a + c = 1 the customary ``x^(1-a) (1-x)^a`` (M. Doyle, T. F. Fuller, J. Newman, J. Electrochem.
Soc. 140 (1993) 1526). The factor of the electrolyte's salt there is 1 in a solid that conducts
lithium ions alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fem.laws.kinetics import Kinetics, reaction

Floats = NDArray[np.float64]

EDGE = 1e-4
"""Within this distance of x = 0 and x = 1, and beyond, the power law is left: see `_continued`."""


def exchange_current_factor(x: ArrayLike, anodic: float, cathodic: float) -> tuple[Floats, Floats]:
    """``i0(x)/i0(1/2)``, a pure number that is 1 at x = 1/2, and its derivative.

    The power law vanishes at x = 0 and x = 1 with an infinite slope and ends there. Iterates of a
    solver and full or empty surfaces need more: from `EDGE` outwards it is continued with the same
    value and slope, positive for all x and never below half its value at the edge.

    Parameters
    ----------
    x
        Fraction of sites that hold lithium at the surface, any shape, any finite value.
    anodic, cathodic
        Transfer coefficients.
    """
    x = np.asarray(x, dtype=float)
    empty = anodic / (anodic + cathodic)
    inside = np.clip(x, EDGE, 1.0 - EDGE)
    factor = 2.0 * inside ** (1.0 - empty) * (1.0 - inside) ** empty
    slope = factor * ((1.0 - empty) / inside - empty / (1.0 - inside))
    return _continued(x - inside, factor, slope)


def surface_current(
    eta: ArrayLike, kinetics: Kinetics, factor: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Current density at an intercalating surface with its two derivatives.

    Parameters
    ----------
    eta
        Total overpotential in V, any shape: the series resistance takes up its part.
    kinetics
        The law; its exchange current density is the one at x = 1/2.
    factor
        What multiplies it, such as `exchange_current_factor`; positive, of the shape of `eta`.

    Returns
    -------
    Current density in A/m^2, its derivative by `eta` in A/(m^2 V) and by `factor` in A/m^2.
    """
    eta, factor = np.broadcast_arrays(np.asarray(eta, dtype=float), np.asarray(factor, dtype=float))
    resistance = kinetics.area_resistance
    if kinetics.exchange_current_density is None:
        return eta / resistance, np.full_like(eta, 1.0 / resistance), np.zeros_like(eta)
    current, slope = reaction(eta, kinetics, factor)
    # What the resistance leaves of a change of the reaction.
    share = 1.0 / (1.0 + resistance * slope)
    return current, share * slope, share * current / factor


def _continued(beyond: Floats, value: Floats, slope: Floats) -> tuple[Floats, Floats]:
    """`value` and `slope` at an edge, carried `beyond` it: a decay to half the value.

    ``value (1 + exp(2 beyond slope / value)) / 2`` joins with value and slope; the exponent is not
    positive, since the factor falls towards both ends.
    """
    # One unit of x away nothing is left of the decay; further out only products overflow.
    decay = np.exp(2.0 * np.clip(beyond, -1.0, 1.0) * slope / value)
    return 0.5 * value * (1.0 + decay), slope * decay
