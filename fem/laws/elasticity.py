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


def bulk_modulus(lam: Floats, mu: Floats) -> Floats:
    """Bulk modulus in Pa: pressure over relative loss of volume."""
    return np.asarray(lam + 2.0 / 3.0 * mu)


def stress(strain: Floats, lam: Floats, mu: Floats) -> Floats:
    """Hooke's law: stress (4, ...) from strain (4, ...) in the order xx, yy, zz, 2xy."""
    trace = lam * (strain[0] + strain[1] + strain[2])
    return np.stack([trace + 2.0 * mu * strain[k] for k in range(3)] + [mu * strain[3]])


def hydrostatic(sigma: Floats) -> Floats:
    """Mean normal stress in Pa, out-of-plane stress included."""
    return np.asarray((sigma[0] + sigma[1] + sigma[2]) / 3.0)


def energy_density(sigma: Floats, lam: Floats, mu: Floats) -> Floats:
    """Elastic energy in J/m^3: half of stress times the strain that Hooke's law gives it."""
    xx, yy, zz, xy = sigma
    square = xx**2 + yy**2 + zz**2 + 2.0 * xy**2
    poisson = lam / (3.0 * lam + 2.0 * mu)
    return np.asarray((square - poisson * (xx + yy + zz) ** 2) / (4.0 * mu))


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
