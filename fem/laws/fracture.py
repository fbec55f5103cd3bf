"""Linear elastic fracture: the pressure that opens a flaw filled with lithium."""

from __future__ import annotations

import numpy as np


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


def extrusion_pressure(yield_strength: float, depth: float, half_width: float) -> float:
    """Pressure (Pa) at which soft lithium is squeezed out of a slot back to the foil.

    A perfectly plastic strip of half width w that sticks to both walls of a slot of depth d flows
    at ``k d / w`` with the shear strength ``k = yield_strength / sqrt(3)`` (slab analysis).
    """
    return float(yield_strength / np.sqrt(3.0) * depth / half_width)
