"""Process-zone means and area percentiles of stress fields that are known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from measures_examples import NU, YOUNGS, Floats, plate_with_hole, state

from fem.geometry import Deposit
from fem.laws.elasticity import largest_principal, von_mises
from fem.measures.stress import FOOT_DISC, electrolyte_percentiles, process_zone_means

INNER, SIDE = 5e-6, 20e-6
SHEAR = YOUNGS / (2.0 * (1.0 + NU))
PRESSURE = 1e9


def lame_field(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """A ring of outer radius 20 um under inner pressure: s_r, s_t = A -+ B / r^2, s_z = 2 nu A."""
    a, b = lame_constants()
    radial = ((1.0 - 2.0 * NU) * a + b / (x**2 + y**2)) / (2.0 * SHEAR)
    return radial * x, radial * y


def lame_constants() -> tuple[float, float]:
    a = PRESSURE * INNER**2 / (SIDE**2 - INNER**2)
    return a, a * SIDE**2


def lame_mises(r: Floats) -> Floats:
    """von Mises^2 = 3 B^2 / r^4 + (1 - 2 nu)^2 A^2."""
    a, b = lame_constants()
    return np.sqrt(3.0 * b**2 / r**4 + ((1.0 - 2.0 * NU) * a) ** 2)


def kirsch_field(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Around a hole of radius a under s_yy = S far away: the usual one, turned by 90 degrees."""
    kappa, a = 3.0 - 4.0 * NU, INNER
    r, t = np.hypot(x, y), np.arctan2(-x, y)
    c, s = np.cos(2 * t), np.sin(2 * t)
    radial = r * (0.5 * (kappa - 1) + c) + a**2 * (1 + (1 + kappa) * c) / r - a**4 * c / r**3
    along = ((1 - kappa) * a**2 / r - r - a**4 / r**3) * s
    u, v = radial * np.cos(t) - along * np.sin(t), radial * np.sin(t) + along * np.cos(t)
    return -v * PRESSURE / (4 * SHEAR), u * PRESSURE / (4 * SHEAR)


def kirsch_stress(x: Floats, y: Floats) -> Floats:
    """s_xx, s_yy, s_zz, s_xy of the same field."""
    r, t = np.hypot(x, y), np.arctan2(-x, y)
    q, c, s = (INNER / r) ** 2, np.cos(2 * t), np.sin(2 * t)
    rr = 0.5 * PRESSURE * (1 - q + (1 - 4 * q + 3 * q**2) * c)
    tt = 0.5 * PRESSURE * (1 + q - (1 + 3 * q**2) * c)
    rt = -0.5 * PRESSURE * (1 + 2 * q - 3 * q**2) * s
    n = np.stack([x, y]) / r
    xx = rr * n[0] ** 2 + tt * n[1] ** 2 - 2 * rt * n[0] * n[1]
    yy = rr * n[1] ** 2 + tt * n[0] ** 2 + 2 * rt * n[0] * n[1]
    xy = (rr - tt) * n[0] * n[1] + rt * (n[0] ** 2 - n[1] ** 2)
    return np.stack([xx, yy, NU * (xx + yy), xy])


def exact_zone_means(radius: float) -> tuple[float, float]:
    """Gauss sums over the part of the disc around (a, 0) outside the hole, above y = 0.

    A circle of radius r around (a, 0) enters the hole at the angle with cos = -r / (2 a).
    """
    nodes, weights = np.polynomial.legendre.leggauss(40)
    r, dr = 0.5 * radius * (nodes + 1), 0.5 * radius * weights
    reach = np.arccos(-r / (2 * INNER))
    angle = 0.5 * reach[:, None] * (nodes + 1)
    weight = (r * dr * reach)[:, None] * weights
    sigma = kirsch_stress(INNER + r[:, None] * np.cos(angle), r[:, None] * np.sin(angle))
    return tuple(
        float((measure(sigma) * weight).sum() / weight.sum())
        for measure in (von_mises, largest_principal)
    )


@pytest.mark.parametrize("size", [0.2e-6, 0.5e-6, 1e-6])
def test_zone_means_do_not_depend_on_the_mesh(size: float) -> None:
    """Beside a hole under tension, where the peak is 3 S: to 0.2 % at 2 to 10 elements a zone."""
    mesh = plate_with_hole(INNER, SIDE, size)
    seen = process_zone_means(mesh, state(mesh, kirsch_field), (INNER, 0.0))
    assert seen == pytest.approx(exact_zone_means(2e-6), rel=2e-3)


@pytest.mark.parametrize("radius", [1e-6, 4e-6])
def test_zone_of_another_radius(radius: float) -> None:
    mesh = plate_with_hole(INNER, SIDE, 0.3e-6)
    seen = process_zone_means(mesh, state(mesh, kirsch_field), (INNER, 0.0), radius)
    assert seen == pytest.approx(exact_zone_means(radius), rel=2e-3)
    assert seen != pytest.approx(exact_zone_means(2e-6), rel=2e-2)


def test_zone_inside_one_triangle() -> None:
    """A zone smaller than an element sees the stress at its place."""
    mesh = plate_with_hole(INNER, SIDE, 5e-6)
    sigma = np.array([3.0, 5.0])

    def field(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        # Uniform strain: s_xx = 3, s_yy = 5 Pa.
        s = (1.0 - NU) * sigma - NU * sigma[::-1]
        return s[0] * x / (2 * SHEAR), s[1] * y / (2 * SHEAR)

    mises, principal = process_zone_means(mesh, state(mesh, field), (8e-6, 8e-6), 1e-6)
    assert mises == pytest.approx(float(von_mises(np.array([3.0, 5.0, 8.0 * NU, 0.0]))), rel=1e-9)
    assert principal == pytest.approx(5.0, rel=1e-9)


@pytest.mark.parametrize("percent", [30.0, 50.0, 90.0, 99.0, 99.9])
def test_percentiles_around_a_hole(percent: float) -> None:
    """von Mises falls with r, so the p-th percentile sits at the r that leaves 1 - p inside.

    pi (r^2 - a^2) / 4 = (1 - p) (b^2 - pi a^2 / 4), as long as r < b = 20 um.
    """
    mesh = plate_with_hole(INNER, SIDE, 0.4e-6)
    (seen,) = electrolyte_percentiles(mesh, state(mesh, lame_field), (percent,))
    area = SIDE**2 - 0.25 * np.pi * INNER**2
    r = np.sqrt(INNER**2 + (1.0 - percent / 100.0) * area * 4.0 / np.pi)
    assert r < SIDE
    assert seen == pytest.approx(float(lame_mises(r)), rel=6e-3)


def test_percentiles_leave_out_discs_around_feet() -> None:
    """A disc of 4 um around a foot on the hole's edge takes part of the high stress away.

    What is left below r is counted on a fine polar grid.
    """
    foot = (INNER * np.cos(np.pi / 4), INNER * np.sin(np.pi / 4))
    deposit = Deposit((0.0, 0.0), (foot, (-1.0, -1.0)), 1e-6, 1e-6)
    mesh = plate_with_hole(INNER, SIDE, 0.3e-6, (deposit,))
    (seen,) = electrolyte_percentiles(mesh, state(mesh, lame_field), (99.0,))
    r = np.linspace(INNER, 2 * INNER, 4001)
    dr, r = r[1] - r[0], 0.5 * (r[1:] + r[:-1])
    t = (np.arange(2000) + 0.5) * 0.5 * np.pi / 2000
    x, y = r[:, None] * np.cos(t), r[:, None] * np.sin(t)
    left = np.hypot(x - foot[0], y - foot[1]) > FOOT_DISC
    inside = np.cumsum(r * dr * left.mean(axis=1)) * 0.5 * np.pi
    # The disc lies within 2 a of the centre: the rest of the plate is whole.
    assert FOOT_DISC < INNER
    area = inside[-1] + SIDE**2 - np.pi * INNER**2
    wanted = lame_mises(np.interp(0.01 * area, inside, r))
    assert seen == pytest.approx(float(wanted), rel=5e-3)
    mesh = plate_with_hole(INNER, SIDE, 0.3e-6)
    (whole,) = electrolyte_percentiles(mesh, state(mesh, lame_field), (99.0,))
    assert seen < 0.97 * whole
