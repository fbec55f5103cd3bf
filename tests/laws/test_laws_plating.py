"""Faraday's law of plating and the voltage of a pressure, to the digits of a table."""

from __future__ import annotations

import numpy as np
import pytest

from fem.laws.plating import pressure_potential, thickness

MOLAR_VOLUME = 6.94e-3 / 534.0
"""Of lithium: 6.94 g/mol at 0.534 g/cm^3, 12.9962546816 cm^3/mol."""


def test_one_milliampere_hour() -> None:
    """1 mAh/cm^2 = 10 A/m^2 for an hour plates 4.84908 um of dense lithium."""
    np.testing.assert_allclose(MOLAR_VOLUME, 12.9962546816e-6, rtol=1e-11)
    assert float(thickness(np.array(10.0), 3600.0, MOLAR_VOLUME)) == pytest.approx(
        4.84908e-6, rel=1e-6, abs=0.0
    )


def test_long_plating() -> None:
    """0.2 mA/cm^2 for 4000 min: 64.6544102624 um; with 6.941 g/mol 64.6637264599 um."""
    current, time = np.array([2.0, 2.0]), 4000 * 60.0
    assert thickness(current[0], time, MOLAR_VOLUME) == pytest.approx(
        64.6544102624e-6, rel=1e-10, abs=0.0
    )
    assert thickness(current[1], time, MOLAR_VOLUME * 6.941 / 6.94) == pytest.approx(
        64.6637264599e-6, rel=1e-10, abs=0.0
    )


def test_rate() -> None:
    """2 A/m^2 at 13.02 cm^3/mol grows 2.69885581858e-10 m a second; stripping is negative."""
    growth = thickness(np.array([2.0, -2.0]), 1.0, 13.02e-6)
    assert growth == pytest.approx([2.69885581858e-10, -2.69885581858e-10], rel=1e-10, abs=0.0)


def test_pressure_against_potential() -> None:
    """1 MPa is 134.696688 uV and 5 MPa .673483440231 mV; 742.408751471 MPa make 100 mV."""
    volts = pressure_potential(np.array([1e6, 5e6, 742.408751471e6]), MOLAR_VOLUME)
    assert volts == pytest.approx([134.696688e-6, 0.673483440231e-3, 0.1], rel=2e-9, abs=0.0)
