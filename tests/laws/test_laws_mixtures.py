"""Bounds of mixtures in two dimensions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fem.laws.mixtures import hashin_shtrikman, wiener

TWO_PHASES = {
    (0.3, 10.0): ((1.3698630137, 3.7), (1.65060240964, 2.71676300578)),
    (0.3, 0.1): ((0.2702702703, 0.73), (0.368085106383, 0.605839416058)),
    (0.5, 10.0): ((20.0 / 11.0, 5.5), (2.38461538462, 4.1935483871)),
    (0.3, 0.0): ((0.0, 0.7), (0.0, 0.538461538462)),
}
"""Inclusions of area fraction f and conductivity s in a matrix of 1: Wiener, Hashin-Shtrikman."""


@pytest.mark.parametrize("mixture", TWO_PHASES)
def test_two_phases(mixture: tuple[float, float]) -> None:
    """In two dimensions: s1 + f/(1/(s2 - s1) + (1 - f)/(2 s1)), and with 1 and 2 exchanged."""
    f, s = mixture
    phases = np.array([1.0 - f, f]), np.array([1.0, s])
    for law, expected in zip((wiener, hashin_shtrikman), TWO_PHASES[mixture], strict=True):
        assert law(*phases) == pytest.approx(expected, rel=1e-9, abs=0.0)


@given(
    area=st.lists(st.floats(0.01, 1.0), min_size=1, max_size=5),
    power=st.lists(st.floats(-3.0, 3.0), min_size=5, max_size=5),
)
def test_narrower_bounds_lie_within_the_wider(area: list[float], power: list[float]) -> None:
    fraction = np.array(area) / sum(area)
    sigma = 10.0 ** np.array(power[: len(area)])
    (a, d), (b, c) = wiener(fraction, sigma), hashin_shtrikman(fraction, sigma)
    slack = 1e-10 * d
    assert a <= b + slack
    assert b <= c + slack
    assert c <= d + slack


def test_what_is_not_there_bounds_nothing() -> None:
    """An insulator of no area does not bring the lower bounds to zero."""
    one = np.array([1.0, 0.0]), np.array([2.0, 0.0])
    assert wiener(*one) == hashin_shtrikman(*one) == pytest.approx((2.0, 2.0), rel=1e-12)
    assert hashin_shtrikman(np.array([0.4, 0.6]), np.zeros(2)) == (0.0, 0.0)
