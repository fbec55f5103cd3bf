"""Faraday's law for plated lithium."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fem.constants import FARADAY

Floats = NDArray[np.float64]


def thickness(plating: Floats, time: float, molar_volume: float) -> Floats:
    """Thickness (m) of dense lithium after `time` (s) at the plating current (A/m^2, positive).

    `molar_volume` in m^3/mol. 1 mAh/cm^2 gives 4.849 um.
    """
    return np.asarray(plating * time * molar_volume / FARADAY)


def pressure_potential(pressure: Floats, molar_volume: float) -> Floats:
    """The potential V p / F (V) by which a pressure (Pa) on lithium opposes plating."""
    return np.asarray(pressure * molar_volume / FARADAY)
