"""Interface kinetics: current density against overpotential, with its tangent.

Signs: a positive current density is anodic (lithium leaves the electrode into the electrolyte),
and is driven by a positive overpotential ``eta = phi_s - phi_e - U``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fem.constants import FARADAY, GAS_CONSTANT

Floats = NDArray[np.float64]

LARGEST_EXPONENT = 100.0
"""Beyond it exponentials go on as straight lines: no state of a cell gets there, trial steps do."""


@dataclass(frozen=True)
class Kinetics:
    """A charge-transfer law: Butler-Volmer, an area resistance, or the two in series.

    Attributes
    ----------
    temperature
        In K.
    exchange_current_density
        i0 in A/m^2; `None` for a purely ohmic interface.
    area_resistance
        Series resistance in ohm m^2; 0 for none.
    anodic, cathodic
        Transfer coefficients.
    double_layer
        Capacitance beside the reaction in F/m^2, which a spectrum charges; in time the double layer
        is taken to follow at once.
    """

    temperature: float
    exchange_current_density: float | None = None
    area_resistance: float = 0.0
    anodic: float = 0.5
    cathodic: float = 0.5
    double_layer: float = 0.0

    def __post_init__(self) -> None:
        if self.exchange_current_density is None and self.area_resistance <= 0.0:
            raise ValueError("an interface needs an exchange current density or an area resistance")

    @property
    def thermal_voltage(self) -> float:
        """RT/F in V."""
        return GAS_CONSTANT * self.temperature / FARADAY


def butler_volmer(
    eta: Floats, kinetics: Kinetics, factor: Floats | float = 1.0
) -> tuple[Floats, Floats]:
    """``i0 [exp(alpha_a F eta / RT) - exp(-alpha_c F eta / RT)]`` without series resistance.

    Parameters
    ----------
    eta
        Overpotential in V, any shape.
    factor
        Multiplies i0; positive, of the shape of `eta` or a number.

    Returns
    -------
    Current density in A/m^2 and its derivative in A/(m^2 V), of the shape of `eta`.
    """
    assert kinetics.exchange_current_density is not None
    i0, v = kinetics.exchange_current_density * factor, kinetics.thermal_voltage
    forward, forward_slope = exponential(kinetics.anodic * eta / v)
    backward, backward_slope = exponential(-kinetics.cathodic * eta / v)
    slope = (kinetics.anodic * forward_slope + kinetics.cathodic * backward_slope) / v
    return i0 * (forward - backward), i0 * slope


def current_density(
    eta: Floats, kinetics: Kinetics, factor: Floats | float = 1.0
) -> tuple[Floats, Floats]:
    """Current density (A/m^2) at the total overpotential `eta` (V), and its derivative.

    With a series resistance R the reaction sees ``eta - R i``, an implicit equation that is solved
    point by point to rounding. `factor` multiplies i0; without i0 it has no effect.
    """
    eta = np.asarray(eta, dtype=float)
    resistance = kinetics.area_resistance
    if kinetics.exchange_current_density is None:
        return eta / resistance, np.full_like(eta, 1.0 / resistance)
    current, slope = reaction(eta, kinetics, factor)
    return current, slope / (1.0 + resistance * slope)


def reaction(
    eta: Floats, kinetics: Kinetics, factor: Floats | float = 1.0
) -> tuple[Floats, Floats]:
    """Current density at the total overpotential `eta` (V), and the slope of the reaction alone.

    The slope is that of `butler_volmer` at the overpotential that the series resistance leaves.
    """
    if kinetics.area_resistance > 0.0:
        eta = _surface_overpotential(eta, kinetics, factor)
    return butler_volmer(eta, kinetics, factor)


def overpotential(current: Floats, kinetics: Kinetics, factor: Floats | float = 1.0) -> Floats:
    """The overpotential (V) that drives `current` (A/m^2): the inverse of `current_density`."""
    current = np.asarray(current, dtype=float)
    ohmic = kinetics.area_resistance * current
    i0, v = kinetics.exchange_current_density, kinetics.thermal_voltage
    if i0 is None:
        return ohmic
    mean = 0.5 * (kinetics.anodic + kinetics.cathodic)
    eta = np.arcsinh(current / (2.0 * i0 * factor)) * v / mean
    if kinetics.anodic != kinetics.cathodic:

        def difference(x: Floats) -> tuple[Floats, Floats]:
            value, slope = butler_volmer(x, kinetics, factor)
            return value - current, slope

        eta = _newton(eta, difference, v)
    return np.asarray(eta + ohmic)


def overpotential_with_slope(
    current: Floats, kinetics: Kinetics, exchange: Floats, resistance: Floats
) -> tuple[Floats, Floats]:
    """The overpotential (V) that drives `current` (A/m^2), and its derivative in ohm m^2.

    Parameters
    ----------
    kinetics
        Temperature and transfer coefficients.
    exchange, resistance
        Exchange current density in A/m^2, infinite for none, and series resistance in ohm m^2; of
        shapes that broadcast with `current`. They take the place of those of `kinetics`.
    """
    reaction = replace(kinetics, exchange_current_density=1.0, area_resistance=0.0)
    share = current / exchange
    eta = overpotential(share, reaction)
    if kinetics.anodic == kinetics.cathodic:  # a hyperbolic sine, and its slope a root
        by_eta = 2.0 * kinetics.anodic / kinetics.thermal_voltage * np.hypot(1.0, 0.5 * share)
    else:
        by_eta = butler_volmer(eta, reaction)[1]
    slope = 1.0 / (exchange * by_eta)
    return eta + resistance * current, slope + resistance


def _surface_overpotential(eta: Floats, kinetics: Kinetics, factor: Floats | float) -> Floats:
    """Solve ``x + R i(x) = eta`` for the overpotential x that is left to the reaction."""
    resistance, v = kinetics.area_resistance, kinetics.thermal_voltage
    assert kinetics.exchange_current_density is not None
    i0 = kinetics.exchange_current_density * factor
    # Beyond this the Tafel branch alone would take up all of eta: an upper bound of |x|.
    alpha = np.where(eta > 0.0, kinetics.anodic, kinetics.cathodic)
    bound = v / alpha * np.log1p(np.abs(eta) / (resistance * i0))
    start = np.sign(eta) * np.minimum(np.abs(eta), bound + v)

    def function(x: Floats) -> tuple[Floats, Floats]:
        value, slope = butler_volmer(x, kinetics, factor)
        return x + resistance * value - eta, 1.0 + resistance * slope

    return _newton(start, function, v)


def _newton(x: Floats, function: Callable[[Floats], tuple[Floats, Floats]], scale: float) -> Floats:
    """Newton's method, point by point, for a smooth increasing function; steps of 4 `scale`."""
    for _ in range(200):
        value, slope = function(x)
        step = np.clip(value / slope, -4.0 * scale, 4.0 * scale)
        x = x - step
        if np.all(np.abs(step) <= 4e-16 * np.maximum(np.abs(x), 1e-3 * scale)):
            break
    return x


def exponential(x: Floats) -> tuple[Floats, Floats]:
    """exp(x) - 1 with its slope, continued by its tangent beyond `LARGEST_EXPONENT`.

    Without the one, the difference of two branches keeps its digits near equilibrium.
    """
    inner, outer = np.minimum(x, LARGEST_EXPONENT), np.maximum(x - LARGEST_EXPONENT, 0.0)
    slope = np.exp(inner)
    return np.expm1(inner) + slope * outer, slope
