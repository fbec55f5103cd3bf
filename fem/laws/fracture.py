"""Linear elastic fracture: the pressure that opens a flaw filled with lithium."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def critical_pressure(toughness: float, flaw: float, shape_factor: float = 1.0) -> float:
    """``K / (f sqrt(pi a))`` in Pa.

    Parameters
    ----------
    toughness
        Fracture toughness K in Pa m^0.5.
    flaw
        Flaw size a in m.
    shape_factor
        Geometric factor f: 1 for an inner crack, 1.12 for one at an edge.

    Source: Zheng et al., Sci. Bull. 68 (2023) 813, section 3.4.
    """
    return float(toughness / (shape_factor * np.sqrt(np.pi * flaw)))


def stress_intensity(pressure: Floats, flaw: Floats | float, shape_factor: float = 1.0) -> Floats:
    """``f p sqrt(pi a)`` in Pa m^0.5 of flaws of length a (m), filled at a pressure p (Pa).

    It reaches the toughness where the pressure is that of `critical_pressure`.
    """
    return np.asarray(shape_factor * pressure * np.sqrt(np.pi * np.asarray(flaw)))


def void_shape_factor(flaw: float, radius: float) -> float:
    """``1 + (1 - s) (0.5 + 0.743 (1 - s)^2)`` with ``s = a / (r + a)``: cracks at a round void.

    Two cracks that face each other start from a void, and lithium fills all three with one
    pressure. Short ones are cracks at an edge under twice the pressure (2.243); to long ones the
    void is nothing (1).

    Parameters
    ----------
    flaw
        Length a of each crack beyond the void in m.
    radius
        Of the void, r, in m; 0 for a crack without one.

    Source: a fit attributed to H. Tada, P. Paris and G. Irwin, The Stress Analysis of Cracks
    Handbook, which was not at hand. Plane finite elements (energy release, not extrapolated) gave
    1.75, 1.37 and 1.17 for a / r = 1/4, 1 and 3, where it is 1.78, 1.34 and 1.14.
    """
    rest = 1.0 - flaw / (radius + flaw)
    return float(1.0 + rest * (0.5 + 0.743 * rest**2))


def extrusion_pressure(yield_strength: float, depth: float, half_width: float) -> float:
    """Pressure (Pa) at which soft lithium is squeezed out of a slot back to the foil.

    A perfectly plastic strip of half width w that sticks to both walls of a slot of depth d flows
    at ``k d / w`` with the shear strength ``k = yield_strength / sqrt(3)`` (slab analysis).
    """
    return float(yield_strength / np.sqrt(3.0) * depth / half_width)
