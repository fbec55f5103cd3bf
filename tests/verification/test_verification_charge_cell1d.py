"""A cell of flat layers through the public `fem.run`: one dimension, so exact on any mesh."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fem
from fem.constants import FARADAY, GAS_CONSTANT

SEPARATOR, KAPPA = 30e-6, 0.05
THERMAL = GAS_CONSTANT * 298.15 / FARADAY
UNEQUAL = {
    "exchange_current_density": "2 A/m^2",
    "anodic_transfer_coefficient": 0.7,
    "cathodic_transfer_coefficient": 0.3,
}


def cell(operation: dict[str, Any], **cathode: Any) -> fem.Case:
    """Lithium, 30 um of electrolyte and a slab whose upper face reacts; 298.15 K."""
    return fem.Case.from_dict(
        {
            "geometry": {
                "width": "20 um",
                "anode": {"thickness": "5 um"},
                "separator": {"material": "LPSCl", "thickness": "30 um"},
                "cathode": {"kind": "plane", "material": "NCM811", "thickness": "10 um"},
            },
            "materials": {"LPSCl": {"ionic_conductivity": "0.05 S/m"}},
            "kinetics": {
                "anode": {"exchange_current_density": "10 A/m^2"},
                "cathode": cathode or {"exchange_current_density": "2 A/m^2"},
            },
            "operation": operation,
            "mechanics": {"enabled": False},
            "mesh": {"size": "4 um"},
        }
    )


def symmetric_overpotential(i: float) -> float:
    """i L/kappa + (2RT/F) [asinh(i/2 i01) + asinh(i/2 i02)], in V."""
    reactions = np.arcsinh(i / 20.0) + np.arcsinh(i / 4.0)
    return float(i * SEPARATOR / KAPPA + 2.0 * THERMAL * reactions)


CURVE = [
    (1.0, 15.884291877),
    (2.0, 31.0571357214),
    (10.0, 115.370378898),
    (50.0, 280.127696377),
    (200.0, 510.706697237),
]


@pytest.mark.parametrize(("current", "millivolts"), CURVE)
def test_current_control(current: float, millivolts: float) -> None:
    """The sum of ohmic drop and both reactions, and each of its parts; charging and discharging."""
    expected = symmetric_overpotential(current)
    assert 1e3 * expected == pytest.approx(millivolts, rel=1e-10)
    for sign in (1.0, -1.0):
        result = fem.run(cell({"current_density": f"{sign * current} A/m^2"}))
        metrics = result.metrics
        assert metrics["overpotential_V"] == pytest.approx(sign * expected, rel=1e-10)
        parts = [metrics[f"overpotential_{part}_V"] for part in ("anode", "electrolyte", "cathode")]
        asinh = 2.0 * THERMAL * np.arcsinh(current / np.array([20.0, 4.0]))
        exact = sign * np.array([asinh[0], current * SEPARATOR / KAPPA, asinh[1]])
        assert parts == pytest.approx(exact, rel=1e-10)
        assert result.anode.plating == pytest.approx(sign * current, rel=1e-10)
        assert metrics["plating_total_over_applied"] == pytest.approx(1.0, abs=1e-10)


@pytest.mark.parametrize(
    ("current", "reaction"), [(1.0, 11.6343276743), (10.0, 62.4521146616), (50.0, 118.510726425)]
)
def test_unequal_transfer_coefficients(current: float, reaction: float) -> None:
    """alpha = .7/.3 and i0 = 2 A/m^2 at the cathode; `reaction` is its overpotential in mV.

    On discharge the branches change places: -i = 2 [exp(.7 x) - exp(-.3 x)] for x < 0. The
    reference values take the constants to ten digits, so 1e-10 is their own accuracy.
    """
    linear = current * SEPARATOR / KAPPA + 2.0 * THERMAL * np.arcsinh(current / 20.0)
    charge = fem.run(cell({"current_density": f"{current} A/m^2"}, **UNEQUAL)).metrics
    assert charge["overpotential_V"] == pytest.approx(linear + 1e-3 * reaction, rel=1e-10)
    discharge = fem.run(cell({"current_density": f"{-current} A/m^2"}, **UNEQUAL)).metrics
    x = discharge["overpotential_cathode_V"] / THERMAL
    assert 2.0 * (np.exp(0.7 * x) - np.exp(-0.3 * x)) == pytest.approx(-current, rel=1e-10)


def test_potential_control() -> None:
    """100 mV drive 8.11229497077 A/m^2, the root of the curve above."""
    metrics = fem.run(cell({"overpotential": "100 mV"})).metrics
    assert metrics["current_density_A_m2"] == pytest.approx(8.11229497077, rel=1e-10)
    assert metrics["overpotential_V"] == 0.1
    assert symmetric_overpotential(8.11229497077) == pytest.approx(0.1, rel=1e-10)
    opposite = fem.run(cell({"overpotential": "-100 mV"})).metrics
    assert opposite["current_density_A_m2"] == pytest.approx(-8.11229497077, rel=1e-10)


def test_controls_agree() -> None:
    """Current, overpotential and cell voltage are three ways to drive the same state."""
    kinetics = UNEQUAL | {"stoichiometry": 0.5}
    by_current = fem.run(cell({"current_density": "37 A/m^2"}, **kinetics)).metrics
    eta, voltage = by_current["overpotential_V"], by_current["cell_voltage_V"]
    assert voltage > eta + 3.0
    by_potential = fem.run(cell({"overpotential": f"{eta!r} V"}, **kinetics)).metrics
    by_voltage = fem.run(cell({"cell_voltage": f"{voltage!r} V"}, **kinetics)).metrics
    for other in (by_potential, by_voltage):
        assert other["current_density_A_m2"] == pytest.approx(37.0, rel=1e-10)
        assert other["cell_voltage_V"] == pytest.approx(voltage, rel=1e-12)
        for part in ("anode", "electrolyte", "cathode"):
            key = f"overpotential_{part}_V"
            assert other[key] == pytest.approx(by_current[key], rel=1e-9)


def test_resistances_in_series() -> None:
    """Ohmic layers on both electrodes add up: 5 and 2 ohm cm^2 and 30 um / .05 S/m to 13e-4."""
    case = cell({"current_density": "20 A/m^2"}, area_resistance="2 ohm*cm^2").replace(
        {"kinetics.anode": {"area_resistance": "5 ohm*cm^2"}}
    )
    assert fem.run(case).metrics["overpotential_V"] == pytest.approx(20.0 * 13e-4, rel=1e-10)
