"""Bounds of the effective conductivity of mixtures in two dimensions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def wiener(fraction: Floats, conductivity: Floats) -> tuple[float, float]:
    """Harmonic and arithmetic mean: layers across and along the current.

    No mixture of any shape conducts less or more (Wiener 1912).

    Parameters
    ----------
    fraction
        Area fractions of the phases (n,), which add up to 1.
    conductivity
        Their conductivities (n,) in S/m, 0 for insulators.
    """
    present, sigma = _present(fraction, conductivity)
    upper = float(present @ sigma)
    return (0.0 if sigma.min() <= 0.0 else float(1.0 / (present / sigma).sum())), upper


def hashin_shtrikman(fraction: Floats, conductivity: Floats) -> tuple[float, float]:
    """Bounds of isotropic mixtures in two dimensions, arguments as in `wiener`.

    They hold for the effective conductivity of an isotropic medium, not for one finite box cut out
    of it. With the least and the largest conductivity for c, the bounds are
    ``1/sum(f/(s + c)) - c`` (Hashin and Shtrikman, J. Appl. Phys. 33 (1962) 3125, in the form for
    any number of phases of Milton, The Theory of Composites (2002), with d - 1 = 1).
    """
    present, sigma = _present(fraction, conductivity)
    low, high = float(sigma.min()), float(sigma.max())
    if high == 0.0:
        return 0.0, 0.0
    lower = 0.0 if low <= 0.0 else 1.0 / float((present / (sigma + low)).sum()) - low
    return lower, 1.0 / float((present / (sigma + high)).sum()) - high


def _present(fraction: Floats, conductivity: Floats) -> tuple[Floats, Floats]:
    """Phases that there are: one of no area bounds nothing."""
    there = fraction > 0.0
    return fraction[there], conductivity[there]
