"""Open-circuit potentials against values worked out in 30 digits from the published fits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fem.errors import InputError
from fem.materials import library

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
