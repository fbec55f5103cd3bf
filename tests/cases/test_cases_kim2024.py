"""The scripts on Kim 2024: which runs they make, and what they read off a history."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import fem
from fem.results.history import History

CASES = Path(__file__).parents[2] / "cases"


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, CASES / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pressure() -> Iterator[ModuleType]:
    yield loaded("kim2024_pressure")
    del sys.modules["kim2024_pressure"]


@pytest.fixture(scope="module")
def cell() -> Iterator[ModuleType]:
    yield loaded("kim2024_cell")
    del sys.modules["kim2024_cell"]


def test_the_runs_differ_by_what_they_say(pressure: ModuleType) -> None:
    runs = pressure.runs(False)
    bare, coated = runs["bare, bonded"], runs["coated, bonded"]
    key = "interphase.particle_electrolyte.coating_factor"
    assert coated == bare.replace({key: 0.67})
    assert runs["Li3YCl6, bonded"] == bare.replace({"geometry.cathode.electrolyte": "LYC"})
    assert runs["bare, parting"].interfaces.particle_electrolyte.parts
    assert runs["bare, chain"].geometry.wiring.fading
    assert set(pressure.runs(True)) == {name for name in runs if "bonded" in name}


def test_pieces_are_the_cell_of_the_paper(pressure: ModuleType) -> None:
    """Charge, compliance and mass of all pieces are those of the paper's cell."""
    case = fem.Case.load(pressure.CASE)
    pieces, cathode = pressure.PIECES, case.geometry.cathode
    assert pieces * float(cathode.thickness) == pytest.approx(45e-6)
    assert pieces * float(case.operation.steps[0].charge) == pytest.approx(1.2)
    assert float(case.stack.stiffness) == pytest.approx(pieces * 8e10)
    discs = 4 * np.pi * (0.625e-6) ** 2 / float(case.geometry.width)
    assert pieces * discs * 5050e3 == pytest.approx(pressure.MASS, rel=0.05)


def test_reads_pressures_and_charges_off_a_history(pressure: ModuleType) -> None:
    """A charge, a hold, a discharge of half of it; 0.0735 Ah/m2 of a tenth are 10 mAh/g."""
    columns = {
        "step": [0, 0, 0, 1, 2],
        "Voltage / V": [1.2, 2.3, 2.7, 2.75, 0.95],
        "stack_pressure_Pa": [50e6, 50e6 - 3e3, 50e6 - 1e3, 50e6 + 1e3, 50e6 - 9e3],
        "side_charge_Ah_m2": [0.0, 0.01, 0.05, 0.0735, 0.08],
        "discharged_Ah_m2": [0.0, 0.0, 0.0, 0.0, 0.735],
    }
    table = {name: np.array(values, dtype=float) for name, values in columns.items()}
    found = [float(word) for word in pressure.line("bare, bonded", table)[28:].split()]
    assert found[:5] == pytest.approx([-0.03, -0.03, 0.01, 0.1, -0.09])
    assert found[5] == pytest.approx(10.0)
    assert found[7] == pytest.approx(100.0)


def test_theoretical_charge_of_licoo2(cell: ModuleType) -> None:
    """137 mAh/g up to 4.2 V count from x = 1; the library's window begins at 0.97."""
    window, whole = cell.theory()
    assert window == pytest.approx(129.0, abs=0.2)
    assert whole == pytest.approx(137.0, rel=0.02)


def test_resistance_of_a_pulse_is_what_the_rest_takes_back(cell: ModuleType) -> None:
    rate = cell.RATE * cell.PIECES
    columns = {
        "step": np.array([0, 0, 1, 1, 2, 2, 3]),
        "Voltage / V": np.array([2.0, 2.4, 2.4, 2.4 - 0.01 * rate, 2.5, 2.6, 2.6 - 0.02 * rate]),
        "stoichiometry_mean": np.array([0.9, 0.8, 0.8, 0.8, 0.8, 0.7, 0.7]),
    }
    ends = ((1, 0, "charge at", "time"), (3, 1, "rest", "time"), (5, 2, "charge at", "time"),
            (6, 3, "rest", "time"))  # fmt: skip
    x, resistance = cell.resistances(History(columns, ends))
    assert x == pytest.approx([0.8, 0.7])
    assert resistance == pytest.approx([0.01, 0.02])
