"""The script of faces that open under stack pressure: what it reads off a run, and small runs."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fem.errors import SolveError
from fem.results.history import History

SCRIPT = Path(__file__).parents[2] / "cases" / "zhou2025_pressure.py"
COLUMNS = (
    *("step", "charged_Ah_m2", "discharged_Ah_m2", "open_fraction", "dead_fraction"),
    *("dead_particles", "gap_max_m", "stack_pressure_Pa", "plastic_area_fraction"),
)


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("zhou2025_pressure", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["zhou2025_pressure"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["zhou2025_pressure"]


def history() -> History:
    """2.2896 Ah/m2 are 100 mAh/g of 0.3 x 16 um x 4770 kg/m3: charged, then half given back."""
    mass = 0.3 * 16e-6 * 4770.0
    rows = [
        (0, 0.0, 0.0, 0.0, 0.0, 0, 0.0, 1e7, 0.0),
        (0, 50.0 * mass, 0.0, 0.6, 0.0, 0, 2e-9, 2e7, 0.0),
        (0, 100.0 * mass, 0.0, 0.9, 0.25, 2, 9e-9, 1e7, 0.1),
        (1, 100.0 * mass, 50.0 * mass, 0.7, 0.25, 2, 5e-9, 1e7, 0.1),
    ]
    ends = (2, 0, "charge", "voltage"), (3, 1, "discharge", "particle surface full")
    return History(dict(zip(COLUMNS, np.array(rows).T, strict=True)), ends)


def test_reads_capacities_and_contact_off_a_history(script: ModuleType) -> None:
    """The window of 0.644 x 63104 mol/m3 holds 228.3 mAh/g, over which it shrinks by 5.1 %."""
    found = script.outcome(script.GRID[0].case({}), history())
    theory = 0.644 * 63104 * 96485.33 / 3600.0 / 4770.0
    assert found.theory == pytest.approx(theory, rel=1e-6)
    assert found.charge == pytest.approx(100.0)
    assert found.discharge == found.last == pytest.approx(50.0)
    assert found.utilization == pytest.approx(50.0 / theory)
    assert found.opened == pytest.approx(-0.051 * 50.0 / theory)
    assert np.isnan(found.parted)
    assert found.lost == pytest.approx(-0.051 * 100.0 / theory)
    assert (found.open_share, found.dead_share, found.gap) == (0.9, 0.25, 9e-9)
    assert found.pressure == (1e7, 2e7)
    assert found.ended == ("voltage", "particle surface full")
    seven = script.Run("coarse", "none", 10, "-7 %").case({})
    assert script.outcome(seven, history()).lost == pytest.approx(-0.07 * 100.0 / theory)


def test_every_run_is_a_case_of_its_own(script: ModuleType) -> None:
    runs = script.GRID + script.OTHERS + script.SEEDS
    assert len({run.case({}).sha256 for run in runs}) == len(runs)
    assert len({run.name for run in runs}) == len(runs)
    for run in runs:
        case = run.case({})
        assert case.interfaces.particle_electrolyte.bond == run.bond
        assert float(case.stack.pressure) == run.pressure * 1e6


def test_keeps_what_was_solved_and_tells_what_was_not(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run without an equilibrium is a row with its message."""
    solved = []

    def simulate(case: Any, observers: Any) -> None:
        solved.append(case)
        if case.stack.pressure > 20e6:
            raise SolveError("no equilibrium is found\nmore")
        told = history()
        for k in range(3 if case.stack.pressure > 5e6 else 4):
            row = {name: values[k] for name, values in told.columns.items()}
            events = tuple(event for event in told.events if event[0] <= k)
            for observer in observers:
                observer(SimpleNamespace(row=row, events=events))
        if case.stack.pressure > 5e6:
            raise SolveError("no set of closed faces is found")

    monkeypatch.setattr(script, "simulate", simulate)
    runs = [script.Run(kind, "none", p) for p in (2, 10, 30) for kind in script.KINDS]
    for _ in range(2):
        found = script.main(tmp_path, runs)
    assert len(solved) == len(runs)
    lines = (tmp_path / "table.txt").read_text("utf-8").splitlines()
    some, none = "no set of closed faces is found", "no equilibrium is found"
    assert [each.failed for each in found.values()] == ["", "", some, some, none, none]
    # What ended in the discharge has its charge, and a discharge that may go on.
    assert any("50.0, >0.0, -" in line for line in lines)
    assert any("100.0, 100.0, -" in line for line in lines)
    assert any(">100.0, >100.0, -" in line for line in lines)
    assert sum("no equilibrium is found" in line for line in lines) == 2
    assert any(line.startswith("fine - coarse") and "+0.0" in line for line in lines)
    assert len(list(tmp_path.glob("*.csv"))) == 5
    assert (tmp_path / "pressure.png").stat().st_size > 0


def test_stops_when_all_is_open_or_time_is_up(script: ModuleType) -> None:
    told = SimpleNamespace(row={"open_fraction": 0.995}, events=())
    script.Rows()(told)
    with pytest.raises(script.Stopped, match="all faces are open"):
        script.Rows(when_open=True)(told)
    with pytest.raises(script.Stopped, match="its time was up"):
        script.Rows(seconds=-1.0)(told)


def test_packings_have_a_mean_and_an_error(script: ModuleType) -> None:
    """4 and 6 have the mean 5 and the standard error 1; what never opens is left out."""
    names = ("as in the case file", "packing 2", "packing 3")
    values = (4.0, 6.0, float("nan"))
    found = {
        script.Run("fine", "none", 10, name): script.Outcome(touching=value)
        for name, value in zip(names, values, strict=True)
    }
    assert "5.0 +- 1.0 (2)" in script.packings(found)[2]


@pytest.mark.slow
def test_more_pressure_keeps_contact_longer(script: ModuleType, tmp_path: Path) -> None:
    """Without adhesion, of a cell of two particles."""
    runs = [script.Run("coarse", "none", p) for p in (2, 30)]
    low, high = script.main(tmp_path, runs, script.SMALL).values()
    assert not low.failed and not high.failed
    # While the electrolyte is elastic, strains at loss of contact go as the pressure.
    assert high.parted == pytest.approx(15.0 * low.parted, rel=0.1)
    assert low.charge < 0.5 * high.charge
    for each in (low, high):
        assert each.open_share > 0.99
        assert each.charge < 0.3 * each.theory
        assert each.yielded == 0.0
        assert each.ended[0] == "no particle touches the electrolyte"
