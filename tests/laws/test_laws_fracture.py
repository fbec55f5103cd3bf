"""Pressures that open a flaw, and that squeeze lithium out of a slot."""

from __future__ import annotations

import numpy as np
import pytest

from fem.laws.fracture import critical_pressure, extrusion_pressure, void_shape_factor


@pytest.mark.parametrize(("factor", "flaw"), [(1.0, 12.4e-6), (1.12, 9.9e-6)])
def test_forty_megapascal(factor: float, flaw: float) -> None:
    """Zheng et al. quote about 40 MPa for 0.25 MPa m^0.5: an inner flaw of 12.4 um, or an edge
    crack (f = 1.12) of 9.9 um."""
    assert critical_pressure(0.25e6, flaw, factor) == pytest.approx(40e6, rel=2e-3)


@pytest.mark.parametrize(("flaw", "pressure"), [(1e-6, 169.256875064e6), (1e-5, 53.5237234846e6)])
def test_filled_crack(flaw: float, pressure: float) -> None:
    """p = K / sqrt(pi a) with K = 0.3 MPa m^0.5."""
    assert critical_pressure(0.3e6, flaw) == pytest.approx(pressure, rel=1e-11)


@pytest.mark.parametrize(
    ("diameter", "flaw"), [(0.5e-6, 12.2e-6), (10e-6, 8.2e-6), (24e-6, 4.6e-6)]
)
def test_the_larger_the_void_the_shorter_the_flaw(diameter: float, flaw: float) -> None:
    """40 MPa open flaws of 12.2, 8.2 and 4.6 um at voids of 0.5, 10 and 24 um."""
    factor = void_shape_factor(flaw, 0.5 * diameter)
    assert critical_pressure(0.25e6, flaw, factor) == pytest.approx(40e6, rel=5e-3)


def test_a_flaw_at_a_void_is_between_an_edge_and_none() -> None:
    """Short flaws: twice 1.1215, for cracks at an edge under the hoop stress; long ones: 1."""
    assert void_shape_factor(1e-12, 1e-5) == pytest.approx(2 * 1.1215, rel=1e-3)
    assert void_shape_factor(1e-5, 0.0) == 1.0
    factors = [void_shape_factor(a, 1.0) for a in np.geomspace(1e-3, 1e3, 40)]
    assert (np.diff(factors) < 0.0).all()
    # Independent plane finite elements at a / r of 1/4, 1 and 3.
    for ratio, found in ((0.25, 1.748), (1.0, 1.366), (3.0, 1.168)):
        assert void_shape_factor(ratio, 1.0) == pytest.approx(found, rel=0.03)


def test_scaling_of_the_critical_pressure() -> None:
    """Proportional to K, to 1 / f, and to 1 / sqrt(a)."""
    one = critical_pressure(0.25e6, 1e-5, 1.0)
    assert critical_pressure(0.5e6, 4e-5, 1.0) == pytest.approx(one, rel=1e-14)
    assert critical_pressure(0.25e6, 1e-5, 2.0) == pytest.approx(0.5 * one, rel=1e-14)


def test_extrusion_pressure_balances_wall_shear() -> None:
    """A slice of half width w slides under dp w = k dx: p = k d / w with k = s_y / sqrt 3.

    30 x 12 um: 1.4434 s_y.
    """
    depth, half_width, strength = 30e-6, 12e-6, 0.8e6
    shear = strength / np.sqrt(3.0)
    slices = np.full(1000, depth / 1000)
    pressure = sum(shear * dx / half_width for dx in slices)
    assert extrusion_pressure(strength, depth, half_width) == pytest.approx(pressure, rel=1e-12)
    assert extrusion_pressure(1.0, 30.0, 12.0) == pytest.approx(1.443375673, rel=1e-9)
