"""The teaching cell against the algebra in its comments."""

from __future__ import annotations

from math import asinh
from pathlib import Path

import numpy as np
import pytest

import fem
from fem.constants import FARADAY, GAS_CONSTANT
from fem.results.result import Result

FILE = Path(__file__).parents[2] / "cases" / "teaching_1d.toml"

CURRENT, TIME = 100.0, 10.0
THERMAL = GAS_CONSTANT * 303.15 / FARADAY
LITHIUM = 2 * THERMAL * asinh(CURRENT / (2 * 30.0))
LAYER = CURRENT * 5e-4
ELECTROLYTE = CURRENT * 100e-6 / 0.3
CATHODE = 2 * THERMAL * asinh(CURRENT / (2 * 10.0))
TOTAL = LITHIUM + LAYER + ELECTROLYTE + CATHODE
THICKNESS = CURRENT * TIME * 12.9962546816e-6 / FARADAY


def confined(youngs: float, poisson: float) -> float:
    """Modulus at zero lateral strain."""
    return youngs * (1 - poisson) / ((1 + poisson) * (1 - 2 * poisson))


PRESSURE = THICKNESS / (
    50e-6 / confined(7.82e9, 0.381) + 100e-6 / confined(28e9, 0.27) + 50e-6 / confined(175e9, 0.3)
)
VON_MISES = PRESSURE * (1 - 2 * 0.27) / (1 - 0.27)


@pytest.fixture(scope="module")
def result() -> Result:
    return fem.run(fem.Case.load(FILE))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("overpotential_V", TOTAL),
        ("overpotential_anode_V", LITHIUM + LAYER),
        ("overpotential_electrolyte_V", ELECTROLYTE),
        ("overpotential_cathode_V", CATHODE),
        ("anode_plating_max_A_m2", CURRENT),
        ("anode_plating_min_A_m2", CURRENT),
        ("focusing_max_over_mean", 1.0),
        ("focusing_max_over_applied", 1.0),
        ("lithium_pressure_elastic_Pa", PRESSURE),
        ("von_mises_se_p99_Pa", VON_MISES),
        ("von_mises_se_p999_Pa", VON_MISES),
    ],
)
def test_metric(result: Result, name: str, value: float) -> None:
    assert result.metrics[name] == pytest.approx(value, rel=1e-9)


def test_thickness_and_stress_along_the_lithium(result: Result) -> None:
    np.testing.assert_allclose(result.anode.thickness, THICKNESS, rtol=1e-9)
    assert result.anode.normal_stress is not None
    np.testing.assert_allclose(result.anode.normal_stress, -PRESSURE, rtol=1e-9)


def test_potential_is_linear_across_the_separator(result: Result) -> None:
    """From i H / kappa above the lithium's overpotential, at the cathode, down to it."""
    phi, y = result.fields["phi_e"], result.field_mesh.points[:, 1]
    inside = np.isfinite(phi)
    expected = LITHIUM + LAYER + CURRENT * (150e-6 - y[inside]) / 0.3
    np.testing.assert_allclose(phi[inside], expected, rtol=1e-9)


def test_cell_voltage_lies_above_the_open_circuit_potential(result: Result) -> None:
    from fem.materials import library

    potential = float(library()["NCM811"].potential(0.5))
    assert result.metrics["cell_voltage_V"] == pytest.approx(potential + TOTAL, rel=1e-9)


@pytest.mark.parametrize("change", [{"mesh.size": "17 um"}, {"geometry.width": "90 um"}])
def test_neither_mesh_nor_width_matters(change: dict[str, str]) -> None:
    metrics = fem.run(fem.Case.load(FILE).replace(change)).metrics
    assert metrics["overpotential_V"] == pytest.approx(TOTAL, rel=1e-9)
    assert metrics["lithium_pressure_elastic_Pa"] == pytest.approx(PRESSURE, rel=1e-9)


def test_comments_say_these_numbers() -> None:
    text = FILE.read_text("utf-8")
    for value in (
        f"{THERMAL * 1e3:.5f} mV",
        f"{LITHIUM * 1e3:.5f} mV + {LAYER * 1e3:g} mV",
        f"{ELECTROLYTE * 1e3:.5f} mV",
        f"{CATHODE * 1e3:.5f} mV",
        f"{TOTAL:.8f} V",
        f"{THICKNESS * 1e9:.5f} nm",
        f"{PRESSURE / 1e6:.6f} MPa",
        f"{VON_MISES / 1e6:.6f} MPa",
    ):
        assert value in text, value
