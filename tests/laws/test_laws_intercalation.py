"""Kinetics that follow the filling: closed forms, tangents, series resistance, states beyond."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fem.laws.intercalation import EDGE, exchange_current_factor, surface_current
from fem.laws.kinetics import Kinetics, butler_volmer, current_density, overpotential

ROOM = 298.15
MANY = settings(max_examples=150, deadline=None, derandomize=True)
coefficients = st.floats(0.05, 1.95)
laws = st.builds(
    Kinetics,
    temperature=st.floats(200.0, 500.0),
    exchange_current_density=st.floats(-3.0, 4.0).map(lambda x: 10.0**x),
    area_resistance=st.one_of(st.just(0.0), st.floats(-8.0, 0.0).map(lambda x: 10.0**x)),
    anodic=coefficients,
    cathodic=coefficients,
)
factors = st.floats(-3.0, 1.0).map(lambda x: 10.0**x)


def test_half_and_half() -> None:
    """For a = c = 1/2 it is 2 sqrt(x (1-x)): 0.6 at x = 0.1 and 0.9; slope (1-2x)/sqrt(x (1-x))."""
    factor, slope = exchange_current_factor([0.1, 0.5, 0.9], 0.5, 0.5)
    assert factor == pytest.approx([0.6, 1.0, 0.6], rel=1e-14)
    assert slope == pytest.approx([0.8 / 0.3, 0.0, -0.8 / 0.3], rel=1e-13, abs=1e-13)


def test_power_belongs_to_the_right_end() -> None:
    """F k0 c_max x^(1-a) (1-x)^a with the anodic a = 0.3, over its value at 1/2.

    An anodic reaction empties sites, so a small a leaves it fast where few are empty.
    """
    x = np.array([0.2, 0.5, 0.8])
    k = 7.0
    expected = k * x**0.7 * (1.0 - x) ** 0.3
    factor, _ = exchange_current_factor(x, 0.3, 0.7)
    assert factor == pytest.approx(expected / (k * 0.5), rel=1e-14)
    assert factor[2] > factor[0]


@MANY
@given(x=st.floats(EDGE, 1.0 - EDGE), anodic=coefficients, cathodic=coefficients)
def test_detailed_balance(x: float, anodic: float, cathodic: float) -> None:
    """Both rates are of first order in the sites they need, whatever the coefficients.

    Take forward ``x exp(a F E/RT)`` and backward ``(1-x) exp(-c F E/RT)``: at the E at which they
    are equal, either is the exchange rate; it is 1/2 for x = 1/2.
    """
    equilibrium = np.log((1.0 - x) / x) / (anodic + cathodic)
    forward = x * np.exp(anodic * equilibrium)
    assert forward == pytest.approx((1.0 - x) * np.exp(-cathodic * equilibrium), rel=1e-10)
    assert exchange_current_factor(x, anodic, cathodic)[0] == pytest.approx(
        forward / 0.5, rel=1e-10
    )


@MANY
@given(x=st.floats(EDGE, 1.0 - EDGE), anodic=coefficients, cathodic=coefficients)
def test_slope_of_the_power_law(x: float, anodic: float, cathodic: float) -> None:
    """Against the complex step of the power law."""
    empty = anodic / (anodic + cathodic)
    z = x + 1e-30j
    expected = (2.0 * z ** (1.0 - empty) * (1.0 - z) ** empty).imag / 1e-30
    slope = exchange_current_factor(x, anodic, cathodic)[1]
    assert slope == pytest.approx(expected, rel=1e-9, abs=1e-11)


@MANY
@given(
    x=st.one_of(st.floats(-5 * EDGE, EDGE), st.floats(1.0 - EDGE, 1.0 + 5 * EDGE)),
    anodic=coefficients,
    cathodic=coefficients,
)
def test_slope_beyond_the_ends(x: float, anodic: float, cathodic: float) -> None:
    """Central differences over EDGE/1000; the third derivative is below (2/EDGE)^2 of the slope."""
    step = 1e-3 * EDGE
    value, slope = exchange_current_factor(np.array([x - step, x, x + step]), anodic, cathodic)
    difference = (value[2] - value[0]) / (2.0 * step)
    largest = np.abs(slope).max()
    # Where the difference straddles the edge it sees the kink of the slope.
    edge = min(abs(x - EDGE), abs(x - 1.0 + EDGE)) <= step
    allowed = (5e-3 if edge else 5e-5) * largest + 1e-13 / step
    assert slope[1] == pytest.approx(difference, abs=allowed)


@MANY
@given(
    x=st.floats(allow_nan=False, allow_infinity=False), anodic=coefficients, cathodic=coefficients
)
def test_positive_and_finite_everywhere(x: float, anodic: float, cathodic: float) -> None:
    """Never below half of the value at the nearer edge, and without a warning."""
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        factor, slope = exchange_current_factor(x, anodic, cathodic)
        edges, _ = exchange_current_factor([EDGE, 1.0 - EDGE], anodic, cathodic)
    assert np.isfinite(slope)
    assert 2.0 >= factor >= 0.5 * (1.0 - 1e-12) * edges.min() > 0.0


def test_continuous_at_the_edges() -> None:
    """Value and slope on both sides of an edge agree to the distance between them."""
    for edge in (EDGE, 1.0 - EDGE):
        pair = np.nextafter(edge, [0.0, 1.0])
        factor, slope = exchange_current_factor(pair, 0.4, 0.6)
        assert factor[0] == pytest.approx(factor[1], rel=1e-11)
        assert slope[0] == pytest.approx(slope[1], rel=1e-8)


@MANY
@given(law=laws, factor=factors, current=st.floats(-1e3, 1e3))
def test_factor_is_another_exchange_current_density(
    law: Kinetics, factor: float, current: float
) -> None:
    """With i0 times the factor in the law the current and the overpotential are the same."""
    assert law.exchange_current_density is not None
    scaled = Kinetics(
        law.temperature,
        law.exchange_current_density * factor,
        law.area_resistance,
        law.anodic,
        law.cathodic,
    )
    eta = overpotential(np.array(current), law, factor)
    assert eta == pytest.approx(overpotential(np.array(current), scaled), rel=1e-12, abs=1e-15)
    value, slope, _ = surface_current(eta, law, factor)
    assert (value, slope) == pytest.approx(current_density(eta, scaled), rel=1e-11, abs=1e-12)
    assert (value, slope) == pytest.approx(current_density(eta, law, factor), rel=1e-13)


@MANY
@given(law=laws, factor=factors, current=st.floats(-1e3, 1e3))
def test_derivatives(law: Kinetics, factor: float, current: float) -> None:
    """Both derivatives against central differences of fourth order, series resistance included."""
    eta = overpotential(np.array(current), law, factor)
    _, by_eta, by_factor = surface_current(eta, law, factor)

    def difference(step: float, de: float, df: float) -> float:
        i = [surface_current(eta + k * de, law, factor + k * df)[0] for k in (-2, -1, 1, 2)]
        return float((i[0] - 8.0 * i[1] + 8.0 * i[2] - i[3]) / (12.0 * step))

    step = 1e-3 * law.thermal_voltage
    # Of a current below 1e-20 A/m^2 a difference has no digits.
    rounding = 1e-13 * (abs(current) + float(by_eta) * abs(float(eta))) + 1e-20
    assert by_eta == pytest.approx(
        difference(step, step, 0.0), rel=1e-6, abs=100.0 * rounding / step
    )
    step = 1e-3 * factor
    assert by_factor == pytest.approx(
        difference(step, 0.0, step), rel=1e-6, abs=100.0 * rounding / step
    )
    assert by_eta > 0.0


def test_without_resistance_the_current_is_proportional_to_the_factor() -> None:
    """di/dfactor is the law's own current; at equilibrium nothing depends on the factor."""
    law = Kinetics(ROOM, 3.0, anodic=0.6, cathodic=0.4)
    eta = np.array([-0.1, 0.0, 0.2])
    plain = butler_volmer(eta, law)[0]
    current, _, by_factor = surface_current(eta, law, np.array([0.5, 2.0, 0.1]))
    assert current == pytest.approx(plain * [0.5, 2.0, 0.1], rel=1e-14)
    assert by_factor == pytest.approx(plain, rel=1e-14)


def test_a_large_resistance_hides_the_factor() -> None:
    """i R -> eta - (RT/F)/alpha ln(..), so di/dfactor = -(2RT/F)/(R factor) i/sqrt(i^2 + 4 i0^2).

    That is the closed form for a = c = 1/2: eta = R i + (2RT/F) asinh(i / (2 i0 factor)).
    """
    law = Kinetics(ROOM, 10.0, 1.0)
    factor = 0.3
    current, by_eta, by_factor = (float(v) for v in surface_current(2.0, law, factor))
    i0, v = 10.0 * factor, law.thermal_voltage
    root = np.hypot(current, 2.0 * i0)
    assert current + 2.0 * v * np.arcsinh(current / (2.0 * i0)) == pytest.approx(2.0, rel=1e-12)
    assert by_eta == pytest.approx(1.0 / (1.0 + 2.0 * v / root), rel=1e-12)
    assert by_factor == pytest.approx(by_eta * 2.0 * v / factor * current / root, rel=1e-12)


def test_ohmic_surface_does_not_see_the_filling() -> None:
    current, by_eta, by_factor = surface_current([0.1, -0.2], Kinetics(ROOM, None, 1e-3), 0.4)
    assert current == pytest.approx([100.0, -200.0])
    assert by_eta == pytest.approx([1e3, 1e3])
    assert (by_factor == 0.0).all()


@MANY
@given(law=laws, factor=factors, eta=st.floats(-1e4, 1e4))
def test_no_state_overflows(law: Kinetics, factor: float, eta: float) -> None:
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        values = surface_current(eta, law, factor)
    assert np.isfinite(values).all()
    assert np.sign(values[0]) == np.sign(values[2]) == np.sign(eta)


def test_shapes_are_kept() -> None:
    for law in (Kinetics(ROOM, 2.0), Kinetics(ROOM, 2.0, 1e-4), Kinetics(ROOM, None, 1e-4)):
        for shape in ((), (3,), (4, 3), (0,)):
            values = surface_current(np.full(shape, 0.1), law, np.full(shape, 0.5))
            assert [v.shape for v in values] == [shape] * 3
            assert [
                np.shape(v) for v in exchange_current_factor(np.full(shape, 0.5), 0.5, 0.5)
            ] == [shape] * 2
