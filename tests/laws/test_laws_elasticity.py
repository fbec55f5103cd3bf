"""Hooke's law in plane strain and the invariants of the stress."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fem.laws.elasticity import (
    bulk_modulus,
    energy_density,
    hydrostatic,
    lame,
    largest_principal,
    stress,
    von_mises,
)

components = st.tuples(*[st.floats(-1e3, 1e3)] * 4).map(np.array)


def matrix(sigma: np.ndarray) -> np.ndarray:
    xx, yy, zz, xy = sigma
    return np.array([[xx, xy, 0.0], [xy, yy, 0.0], [0.0, 0.0, zz]])


def test_lame_of_the_electrolyte() -> None:
    """E = 28 GPa, nu = .27: mu = E / 2.54 = 11.0236 GPa, lambda = .54 mu / .46 = 12.9408 GPa."""
    lam, mu = lame(np.array(28e9), np.array(0.27))
    assert float(mu) == pytest.approx(11.0236220e9, rel=1e-8)
    assert float(lam) == pytest.approx(12.9407737e9, rel=1e-8)


@given(nu=st.floats(-0.9, 0.49))
def test_uniaxial_stress_gives_the_moduli_back(nu: float) -> None:
    """eps = (1, -nu, -nu) / E is the strain of s_xx = 1 and nothing else."""
    lam, mu = lame(np.array(28.0), np.array(nu))
    sigma = stress(np.array([1.0, -nu, -nu, 0.0]) / 28.0, lam, mu)
    assert sigma == pytest.approx([1.0, 0.0, 0.0, 0.0], abs=1e-12)


def test_shear_is_engineering_shear() -> None:
    """The fourth strain is 2 eps_xy, so s_xy = mu times it; the trace is untouched."""
    assert stress(np.array([0.0, 0.0, 0.0, 0.5]), 7.0, 3.0) == pytest.approx([0, 0, 0, 1.5])


def test_confined_strain() -> None:
    """eps_yy alone: s_yy = lambda + 2 mu and s_xx = s_zz = lambda = nu / (1 - nu) s_yy."""
    lam, mu = lame(np.array(28.0), np.array(0.27))
    xx, yy, zz, _ = stress(np.array([0.0, 1.0, 0.0, 0.0]), lam, mu)
    assert xx == zz
    assert xx / yy == pytest.approx(0.27 / 0.73, rel=1e-12)


def test_bulk_modulus() -> None:
    """Equal strain a each way has the pressure K 3a, and K = E / (3 (1 - 2 nu))."""
    lam, mu = lame(np.array(28.0), np.array(0.27))
    assert float(bulk_modulus(lam, mu)) == pytest.approx(28.0 / (3.0 * 0.46), rel=1e-14)
    sigma = stress(np.array([0.01, 0.01, 0.01, 0.0]), lam, mu)
    assert float(hydrostatic(sigma)) == pytest.approx(28.0 / 0.46 * 0.01, rel=1e-14)


@given(strain=components, nu=st.floats(-0.9, 0.49))
def test_energy_is_half_of_stress_times_strain(strain: np.ndarray, nu: float) -> None:
    """The fourth strain is 2 eps_xy, which makes up for xy and yx in the product."""
    lam, mu = lame(np.array(28.0), np.array(nu))
    sigma = stress(strain, lam, mu)
    wanted = 0.5 * float(sigma @ strain)
    # Squares of the smallest strains have no digits left.
    scale = 28.0 * float(strain @ strain) / (1.0 - 2.0 * nu) + 1e-290
    found = float(energy_density(sigma, lam, mu))
    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-9 * scale)


def test_hydrostatic_is_the_mean_of_three() -> None:
    assert float(hydrostatic(np.array([1.0, 2.0, 6.0, 5.0]))) == 3.0


@pytest.mark.parametrize(
    ("sigma", "mises", "principal"),
    [
        ((1.0, 0.0, 0.0, 0.0), 1.0, 1.0),
        ((-2.0, -2.0, -2.0, 0.0), 0.0, -2.0),
        ((0.0, 0.0, 0.0, 1.0), np.sqrt(3.0), 1.0),
        # Wall of a pressurised hole: radial -p, hoop p, no axial stress.
        ((-1.0, 1.0, 0.0, 0.0), np.sqrt(3.0), 1.0),
        ((1.0, 2.0, 5.0, 0.0), np.sqrt(13.0), 5.0),
        # In the plane 2 +- hypot(1, 1).
        ((3.0, 1.0, -1.0, 1.0), np.sqrt(0.5 * (4 + 4 + 16) + 3), 2.0 + np.sqrt(2.0)),
    ],
)
def test_invariants(sigma: tuple[float, ...], mises: float, principal: float) -> None:
    assert von_mises(np.array(sigma)) == pytest.approx(mises, abs=1e-15)
    assert largest_principal(np.array(sigma)) == pytest.approx(principal, rel=1e-15)


@given(sigma=components)
def test_invariants_are_those_of_the_matrix(sigma: np.ndarray) -> None:
    """The largest eigenvalue, and sqrt(3/2 s : s) of the deviator s."""
    full = matrix(sigma)
    deviator = full - np.trace(full) / 3.0 * np.eye(3)
    scale = np.abs(full).max() + 1e-300
    assert largest_principal(sigma) == pytest.approx(
        np.linalg.eigvalsh(full)[-1], abs=1e-12 * scale
    )
    assert von_mises(sigma) == pytest.approx(
        np.sqrt(1.5 * (deviator**2).sum()), rel=1e-12, abs=1e-6 * scale
    )


@given(sigma=components, angle=st.floats(0.0, 6.3))
def test_invariants_do_not_turn(sigma: np.ndarray, angle: float) -> None:
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    full = turn @ matrix(sigma) @ turn.T
    turned = np.array([full[0, 0], full[1, 1], full[2, 2], full[0, 1]])
    scale = np.abs(sigma).max() + 1e-300
    assert von_mises(turned) == pytest.approx(float(von_mises(sigma)), abs=1e-6 * scale)
    assert largest_principal(turned) == pytest.approx(
        float(largest_principal(sigma)), abs=1e-10 * scale
    )
