"""The charge-transfer law: tangent, inverse, limits, symmetry, and states no cell gets to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fem.constants import FARADAY, GAS_CONSTANT
from fem.laws.kinetics import Kinetics, butler_volmer, current_density, overpotential

ROOM = 298.15


def powers_of_ten(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high).map(lambda x: 10.0**x)


laws = st.builds(
    Kinetics,
    temperature=st.floats(200.0, 500.0),
    exchange_current_density=powers_of_ten(-4.0, 6.0),
    area_resistance=st.one_of(st.just(0.0), powers_of_ten(-8.0, 0.0)),
    anodic=st.floats(0.05, 1.95),
    cathodic=st.floats(0.05, 1.95),
)
currents = st.one_of(powers_of_ten(-6.0, 4.0), powers_of_ten(-6.0, 4.0).map(lambda x: -x))
MANY = settings(max_examples=150, deadline=None, derandomize=True)


def test_symmetric_law() -> None:
    """i = 2 i0 sinh(F eta / 2RT): at eta = 2RT/F it is 2 i0 sinh 1, its slope (F i0/RT) cosh 1."""
    law = Kinetics(ROOM, 10.0)
    assert law.thermal_voltage == pytest.approx(0.0256925791215, rel=1e-10)
    warm = Kinetics(350.0, 10.0).thermal_voltage
    assert warm == pytest.approx(0.0256925791215 * 350.0 / ROOM, rel=1e-10)
    value, slope = current_density(np.array([2.0 * law.thermal_voltage]), law)
    assert value[0] == pytest.approx(20.0 * np.sinh(1.0), rel=1e-14)
    assert slope[0] == pytest.approx(10.0 / law.thermal_voltage * np.cosh(1.0), rel=1e-14)


@pytest.mark.parametrize(
    ("current", "millivolts"), [(1.0, 11.6343276743), (10.0, 62.4521146616), (50.0, 118.510726425)]
)
def test_unequal_transfer_coefficients(current: float, millivolts: float) -> None:
    """exp(.7 x) - exp(-.3 x) = i / (2 A/m^2), x = F eta/RT, solved by bisection elsewhere."""
    law = Kinetics(ROOM, 2.0, anodic=0.7, cathodic=0.3)
    assert 1e3 * float(overpotential(np.array(current), law)) == pytest.approx(
        millivolts, rel=1e-10
    )


def test_series_resistance() -> None:
    """eta = R i + (2RT/F) asinh(i / 2 i0): 5 ohm cm^2 and 20 A/m^2 at 100 A/m^2."""
    law = Kinetics(ROOM, 20.0, 5e-4)
    expected = 0.05 + 2.0 * law.thermal_voltage * np.arcsinh(2.5)
    assert float(overpotential(np.array(100.0), law)) == pytest.approx(expected, rel=1e-14)
    value, slope = current_density(np.array([expected]), law)
    assert value[0] == pytest.approx(100.0, rel=1e-12)
    # Differential resistance: R + (RT/F) / sqrt((i/2)^2 + i0^2).
    assert 1.0 / slope[0] == pytest.approx(
        5e-4 + law.thermal_voltage / np.hypot(50.0, 20.0), rel=1e-12
    )


@MANY
@given(law=laws, current=currents)
def test_inverse(law: Kinetics, current: float) -> None:
    """`overpotential` and `current_density` undo each other.

    Backwards, errors of eta (rounding, relative 1e-15) are magnified by d ln i / d eta; what is
    compared is therefore the current to 1e-9, and eta against eta to 1e-12.
    """
    eta = overpotential(np.array([current]), law)
    assume(abs(eta[0]) < 20.0)
    assert current_density(eta, law)[0] == pytest.approx([current], rel=1e-9)
    again = overpotential(current_density(eta, law)[0], law)
    assert again == pytest.approx(eta, rel=1e-10)


@MANY
@given(law=laws, current=currents)
def test_tangent(law: Kinetics, current: float) -> None:
    """The slope against central differences of order 4, with a step of 1e-3 RT/F in x.

    The fourth differences of exponentials leave (2 * 1e-3)^4/30 of the slope, plus rounding.
    """
    eta = overpotential(np.array([current]), law)
    slope = current_density(eta, law)[1]
    step = 1e-3 * law.thermal_voltage
    f = [current_density(eta + k * step, law)[0] for k in (-2, -1, 1, 2)]
    difference = (f[0] - 8.0 * f[1] + 8.0 * f[2] - f[3]) / (12.0 * step)
    assert slope == pytest.approx(difference, rel=1e-7 + 1e-9 * abs(eta[0]) / step)
    assert slope[0] > 0.0


@MANY
@given(law=laws, current=currents)
def test_exchange_of_anode_and_cathode(law: Kinetics, current: float) -> None:
    """Swapped transfer coefficients and the opposite overpotential give the opposite current."""
    mirrored = Kinetics(
        law.temperature, law.exchange_current_density, law.area_resistance, law.cathodic, law.anodic
    )
    eta = overpotential(np.array([current]), law)
    assert overpotential(np.array([-current]), mirrored) == pytest.approx(-eta, rel=1e-12)
    assert current_density(-eta, mirrored)[0] == pytest.approx(
        -current_density(eta, law)[0], rel=1e-9
    )


@MANY
@given(law=laws)
def test_finite_and_monotone_everywhere(law: Kinetics) -> None:
    """Trial steps of a solver may ask for kilovolts: no overflow, no loss of monotony."""
    far = np.logspace(-6, 4, 201)
    eta = np.concatenate([-far[::-1], [0.0], far])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        value, slope = current_density(eta, law)
    assert np.all(np.isfinite(value))
    assert np.all(np.isfinite(slope))
    assert np.all(np.diff(value) > 0.0)
    assert np.all(slope > 0.0)
    assert value[201] == 0.0
    assert np.all(np.sign(value) == np.sign(eta))


@MANY
@given(law=laws, eta=st.floats(-1e3, 1e3))
def test_resistance_takes_up_the_rest(law: Kinetics, eta: float) -> None:
    """With R in series, the reaction sees eta - R i: its current there is the current."""
    assume(law.area_resistance > 0.0)
    current = current_density(np.array([eta]), law)[0]
    surface = eta - law.area_resistance * current
    assert abs(surface[0]) <= abs(eta)
    bare = Kinetics(law.temperature, law.exchange_current_density, 0.0, law.anodic, law.cathodic)
    # eta - R i loses digits where R takes up nearly all of eta; the inverse does not.
    expected = eta - overpotential(current, bare)
    assert law.area_resistance * current == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(resistance=powers_of_ten(-8.0, 2.0), eta=st.floats(-1e3, 1e3))
def test_resistance_only(resistance: float, eta: float) -> None:
    """Ohm's law in both directions."""
    law = Kinetics(ROOM, area_resistance=resistance)
    value, slope = current_density(np.array([eta]), law)
    assert value[0] == eta / resistance
    assert slope[0] == 1.0 / resistance
    assert overpotential(value, law)[0] == pytest.approx(eta, rel=1e-15)


def test_limits() -> None:
    """A vanishing resistance leaves the reaction; a vast exchange current density leaves Ohm."""
    eta = np.linspace(-0.4, 0.4, 33)
    bare = butler_volmer(eta, Kinetics(ROOM, 3.0))[0]
    assert current_density(eta, Kinetics(ROOM, 3.0, 1e-14))[0] == pytest.approx(bare, rel=1e-8)
    ohmic = eta / 1e-3
    assert current_density(eta, Kinetics(ROOM, 1e12, 1e-3))[0] == pytest.approx(ohmic, rel=1e-8)
    # Linear for small overpotentials: R_ct = RT / (F i0 (alpha_a + alpha_c)).
    small = np.array([1e-9])
    law = Kinetics(ROOM, 3.0, anodic=0.7, cathodic=0.5)
    expected = small * 3.0 * 1.2 * FARADAY / (GAS_CONSTANT * ROOM)
    assert current_density(small, law)[0] == pytest.approx(expected, rel=1e-6)


def test_tafel() -> None:
    """Far out one branch is left: eta = (RT/(alpha F)) ln(i/i0), 2.303 RT/(alpha F) a decade."""
    law = Kinetics(ROOM, 1.0, anodic=0.4, cathodic=0.6)
    anodic = np.diff(overpotential(np.array([1e8, 1e9]), law))[0]
    cathodic = np.diff(overpotential(np.array([-1e8, -1e9]), law))[0]
    assert anodic == pytest.approx(np.log(10.0) * law.thermal_voltage / 0.4, rel=1e-8)
    assert cathodic == pytest.approx(-np.log(10.0) * law.thermal_voltage / 0.6, rel=1e-8)


def test_shapes_are_kept() -> None:
    for law in (Kinetics(ROOM, 2.0), Kinetics(ROOM, 2.0, 1e-4), Kinetics(ROOM, None, 1e-4)):
        for shape in ((), (3,), (4, 3), (0,)):
            value, slope = current_density(np.full(shape, 0.1), law)
            assert np.shape(value) == np.shape(slope) == shape
            assert np.shape(overpotential(np.full(shape, 3.0), law)) == shape


def test_an_interface_without_any_law_is_refused() -> None:
    with pytest.raises(ValueError, match="exchange current density or an area resistance"):
        Kinetics(ROOM)
