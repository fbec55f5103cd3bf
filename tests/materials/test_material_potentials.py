"""Open-circuit potentials against values worked out in 30 digits from the published fits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fem.errors import InputError
from fem.materials import Curve, library

# x, U in V, dU/dx in V: from the coefficients of the publications, 30-digit arithmetic, the
# slope by numerical differentiation there.
NCM811 = [
    (0.27, 4.272957605316417, -3.0144060445),
    (0.3, 4.205394408383515, -1.31087942018),
    (0.35, 4.17502050636557, -0.84390378093),
    (0.5, 3.971958656403653, -1.26293109084),
    (0.7, 3.73040272435022, -0.823710638346),
    (0.9, 3.568200281643515, -0.809010103382),
]
LCO = [
    (0.5, 4.186035763178007, -1.89784388158),
    (0.55, 4.077063544724505, -1.69028031779),
    (0.6, 4.027013847342062, -1.13270988961),
    (0.75, 3.92136743538038, -0.241129433433),
    (0.9, 3.906243163314692, -0.122812321724),
]


@pytest.mark.parametrize(("name", "points"), [("NCM811", NCM811), ("LCO", LCO)])
def test_fit(name: str, points: list[tuple[float, float, float]]) -> None:
    curve = library()[name].potential
    x, potential, slope = (np.array(column) for column in zip(*points, strict=True))
    assert curve(x) == pytest.approx(potential, abs=2e-14)
    assert curve.slope(x) == pytest.approx(slope, rel=1e-10)


def test_ncm811_passes_through_the_measured_points() -> None:
    """Four points of the measurement behind the fit (Chen 2020); it stays within 10 mV of all."""
    x = [0.266145163492257, 0.271590113475307, 0.897758683022040, 0.905926128940627]
    measured = [4.2935653, 4.2647018, 3.5721002, 3.5672133]
    assert library()["NCM811"].potential(x) == pytest.approx(measured, abs=0.01)


def test_lco_is_near_another_measurement_down_to_4_3_volts() -> None:
    """Points of an Enertech cell (Ai 2020, as distributed with PyBaMM), on their own scale of x."""
    x = [0.436639784, 0.450569732, 0.478429627, 0.499957728, 0.550612081, 0.601266436,
         0.651920791, 0.700042439, 0.750696795, 0.800084791, 0.839341917]  # fmt: skip
    measured = [4.279907753, 4.251282059, 4.199374133, 4.161588217, 4.07990957, 4.015788015,
                3.965597631, 3.930292608, 3.905865349, 3.895178424, 3.890598313]  # fmt: skip
    curve = library()["LCO"].potential
    assert curve(x) == pytest.approx(measured, abs=0.036)
    assert curve(x[0]) == pytest.approx(measured[0], abs=0.005)
    assert curve(0.425) == pytest.approx(4.3, abs=0.001)


@pytest.mark.parametrize("name", ["NCM811", "LCO"])
@given(a=st.floats(0.0, 1.0), b=st.floats(0.0, 1.0))
def test_falls_in_the_window(name: str, a: float, b: float) -> None:
    """Taking up lithium lowers the potential; it stays between 2.5 and 4.4 V."""
    curve = library()[name].potential
    low, high = (curve.lower + (curve.upper - curve.lower) * t for t in sorted((a, b)))
    left, right = curve([min(low, curve.upper), min(high, curve.upper)])
    # Two nearly cancelling terms of 17 V leave rounding of a few 1e-15 V.
    assert 4.4 > left >= right - 1e-13 > 2.5
    if high - low > 1e-6:
        assert left > right


@pytest.mark.parametrize("name", ["NCM811", "LCO"])
@pytest.mark.parametrize("x", [-1.0, 0.1, 0.99, 1.0, float("nan"), float("inf")])
def test_outside_the_window(name: str, x: float) -> None:
    curve = library()[name].potential
    with pytest.raises(InputError) as caught:
        curve([0.6, x])
    assert caught.value.key == "kinetics.cathode.stoichiometry"
    assert f"from {curve.lower:g} to {curve.upper:g}" in str(caught.value)
    with pytest.raises(InputError, match=r"kinetics\.anode\.stoichiometry"):
        curve(x, key="kinetics.anode.stoichiometry")


def test_ends_of_the_window_belong_to_it() -> None:
    curve = library()["NCM811"].potential
    assert np.isfinite(curve([curve.lower, curve.upper])).all()


def test_shapes_are_kept_and_input_is_not_changed() -> None:
    x = np.full((2, 3), 0.5)
    for name in ("NCM811", "LCO", "InLi"):
        curve = library()[name].potential
        assert curve(x).shape == curve.slope(x).shape == (2, 3)
        assert curve(0.5).shape == curve.slope(0.5).shape == ()
    assert (x == 0.5).all()


def test_far_outside_nothing_overflows() -> None:
    """A solver's iterate may leave the window; the unchecked value must stay finite."""
    for name in ("NCM811", "LCO", "LTO"):
        curve = library()[name].potential
        x = np.array([-10.0, 0.0, 1.0, 10.0])
        assert np.isfinite(curve.unchecked(x)).all()
        assert np.isfinite(curve.slope(x)).all()


# ------------------------------------------------------------------------- beyond the window

SHAPES = {
    "NCM811": {},
    "LCO": {},
    "LTO": {},
    "table": {
        "open_circuit_potential": {"stoichiometry": [0.1, 0.5, 0.95], "potential": [4.3, 3.9, 3.5]}
    },
    "formula": {
        "open_circuit_potential": "4 + 0.05*log((1 - x)/x) - 0.5*x",
        "stoichiometry_min": 0.05,
        "stoichiometry_max": 0.95,
    },
}
shapes = pytest.mark.parametrize("name", SHAPES)


def curve_of(name: str) -> Curve:
    if SHAPES[name]:
        return library(overrides={"NCM811": SHAPES[name]})["NCM811"].potential
    return library()[name].potential


@shapes
def test_extended_is_the_curve_inside_and_its_tangent_beyond(name: str) -> None:
    curve = curve_of(name)
    inside = np.linspace(curve.lower, curve.upper, 97)
    value, slope = curve.extended(inside)
    np.testing.assert_array_equal(value, curve(inside))
    np.testing.assert_array_equal(slope, curve.slope(inside))
    for end, beyond in ((0, curve.lower - 0.3), (-1, curve.upper + 2.0)):
        far, far_slope = curve.extended(beyond)
        assert far_slope == slope[end]
        assert far == pytest.approx(value[end] + slope[end] * (beyond - inside[end]), rel=1e-14)


@shapes
@given(x=st.floats(allow_nan=False, allow_infinity=False))
def test_extended_is_finite_everywhere(name: str, x: float) -> None:
    """For any iterate, without a warning (which is an error here), and of its shape."""
    value, slope = curve_of(name).extended(np.full((2, 2), x))
    assert np.isfinite(value).all() and np.isfinite(slope).all()
    assert value.shape == slope.shape == (2, 2)


@pytest.mark.parametrize("name", ["NCM811", "LCO", "table", "formula"])
@given(a=st.floats(-3.0, 3.0), b=st.floats(-3.0, 3.0))
def test_extended_falls_everywhere(name: str, a: float, b: float) -> None:
    """Where the curve falls at both ends, more lithium means less potential, however much."""
    curve = curve_of(name)
    (left, right), slope = curve.extended(sorted((a, b)))
    assert (slope < 0.0).all()
    assert left >= right - 1e-13
    if abs(a - b) > 1e-6:
        assert left > right


@pytest.mark.parametrize("name", ["NCM811", "LCO", "formula"])
@given(t=st.floats(-0.5, 1.5))
def test_slope_of_the_extended_curve(name: str, t: float) -> None:
    """Against central differences of fourth order over 4e-4, which see kinks of dU/dx at the ends.

    The step of LCO near x = 0.494 is 0.006/1.062 wide; there the differences err most.
    """
    curve = curve_of(name)
    x = curve.lower + t * (curve.upper - curve.lower)
    h = 1e-4
    u = [float(curve.extended(x + k * h)[0]) for k in (-2, -1, 1, 2)]
    difference = (u[0] - 8.0 * u[1] + 8.0 * u[2] - u[3]) / (12.0 * h)
    slope = float(curve.extended(x)[1])
    straddles = min(abs(x - curve.lower), abs(x - curve.upper)) <= 2.0 * h
    assert slope == pytest.approx(difference, rel=0.05 if straddles else 1e-4, abs=1e-9)


# -------------------------------------------------------------------------- potentials that rise


@pytest.mark.parametrize(
    ("formula", "rise"),
    [("3.2 + 0.8*x", (0.64, 0.1, 0.9)), ("4.3 - 0.7*x", (0.0, 0.1, 0.1)),
     ("4 - 0.5*x + 0.1*exp(-((x - 0.5)/0.05)**2)", (0.0769, 0.3787, 0.4937))],
)  # fmt: skip
def test_the_largest_rise(formula: str, rise: tuple[float, float, float]) -> None:
    """Of a line over its window; of a bump on a falling line, from where its slope turns.

    With u = (x - 1/2)/0.05 the slope is 0 where ``4 u exp(-u^2) = -1/2``: at u = -1.4 and -0.126.
    """
    window = {"stoichiometry_min": 0.1, "stoichiometry_max": 0.9}
    own = {"NCM811": {"open_circuit_potential": formula, **window}}
    curve = library(overrides=own)["NCM811"].potential
    if rise[0] == 0.0:
        assert curve.rise[0] == 0.0
    elif rise[0] < 0.1:
        u = np.array([-2.0, -0.1])
        for _ in range(50):
            f, slope = 4 * u * np.exp(-(u**2)) + 0.5, 4 * (1 - 2 * u**2) * np.exp(-(u**2))
            u = u - f / slope
        ends = 0.5 + 0.05 * u
        heights = 4 - 0.5 * ends + 0.1 * np.exp(-(u**2))
        assert curve.rise == pytest.approx([np.diff(heights)[0], *ends], abs=5e-4)
    else:
        assert curve.rise == pytest.approx(rise, abs=1e-12)
    assert curve.rises == (rise[0] > 0.02)


@pytest.mark.parametrize("name", ["NCM811", "LCO", "LTO", "InLi"])
def test_potentials_of_the_library_fall(name: str) -> None:
    assert not library()[name].potential.rises


def test_beyond_a_rising_end_the_potential_stays() -> None:
    """The last two points of a noisy plateau must not lead away what overshoots."""
    table = {"stoichiometry": [0.1, 0.5, 0.9], "potential": [3.402, 3.398, 3.401]}
    own = {"NCM811": {"open_circuit_potential": table}}
    curve = library(overrides=own)["NCM811"].potential
    value, slope = curve.extended(np.array([0.0, 0.9, 1.5]))
    # At ends of a PCHIP the slope is that of a parabola: (3 d_1 - d_2) / 2 of even intervals.
    first, last = -0.01, 0.0075
    falling, rising = (3.0 * first - last) / 2.0, (3.0 * last - first) / 2.0
    assert value == pytest.approx([3.402 - 0.1 * falling, 3.401, 3.401], abs=1e-12)
    assert slope == pytest.approx([falling, rising, 0.0], abs=1e-12)
