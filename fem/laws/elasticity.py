"""Isotropic linear elasticity in plane strain, and invariants of the stress.

Stresses are arrays (4, ...) in the order xx, yy, zz, xy, in Pa, positive in tension.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def lame(youngs_modulus: Floats, poisson_ratio: Floats) -> tuple[Floats, Floats]:
    """Lame's constants (lambda, mu) in Pa."""
    mu = youngs_modulus / (2.0 * (1.0 + poisson_ratio))
    return 2.0 * mu * poisson_ratio / (1.0 - 2.0 * poisson_ratio), mu


def stress(strain: Floats, lam: Floats, mu: Floats) -> Floats:
    """Hooke's law: stress (4, ...) from strain (4, ...) in the order xx, yy, zz, 2xy."""
    trace = lam * (strain[0] + strain[1] + strain[2])
    return np.stack([trace + 2.0 * mu * strain[k] for k in range(3)] + [mu * strain[3]])


def von_mises(sigma: Floats) -> Floats:
    """Von Mises stress in Pa, out-of-plane stress included."""
    xx, yy, zz, xy = sigma
    return np.asarray(
        np.sqrt(0.5 * ((xx - yy) ** 2 + (yy - zz) ** 2 + (zz - xx) ** 2) + 3.0 * xy**2)
    )


def largest_principal(sigma: Floats) -> Floats:
    """Largest of the three principal stresses in Pa (tension positive)."""
    xx, yy, zz, xy = sigma
    in_plane = 0.5 * (xx + yy) + np.hypot(0.5 * (xx - yy), xy)
    return np.asarray(np.maximum(in_plane, zz))
