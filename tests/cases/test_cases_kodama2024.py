"""`cases/kodama2024_interlayer.py`: bonding, sites, thresholds, and the flaw that is fitted."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

CASES = Path(__file__).parents[2] / "cases"


@pytest.fixture(scope="module")
def study() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "kodama2024_interlayer", CASES / "kodama2024_interlayer.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_what_bonds_opens_late(study: ModuleType) -> None:
    shares = [process.share for process in study.PROCESSES]
    assert shares == pytest.approx([3.0 / 800.0, 0.5, 0.8])
    assert study.PROCESSES[2].opening == pytest.approx(83e6)


def test_the_case_lies_where_the_processes_differ(study: ModuleType) -> None:
    """And the library's carbon does not, as the page says."""
    face = [p.opening < study.threshold(study.conductivity_of_case()) for p in study.PROCESSES]
    assert face == [p.site == "electrolyte" for p in study.PROCESSES]
    face = [p.opening < study.threshold(study.LIBRARY) for p in study.PROCESSES]
    assert face == [True, False, False]


def test_the_map_turns_at_the_closed_form(study: ModuleType) -> None:
    """0.3 % to either side: the reaction at the collector takes 1.6 % of 10 mV away."""
    kappa = 2e-3
    middle = study.threshold(kappa) + 1.2e6
    share = study.face_share(np.array([kappa]), np.array([0.9, 1.1]) * middle)
    assert share[0, 0] > 0.05
    assert share[1, 0] == pytest.approx(0.0, abs=1e-9)


def test_one_flaw_is_fitted_to_42_um(study: ModuleType) -> None:
    """0.2 mA/cm2 for 2,600 min; half as hard a drive needs a flaw four times as long."""
    table = study.flaw_table()
    assert study.FLAW + table["growth"] * study.JUMP == pytest.approx(
        study.critical_flaw(study.TOUCHING)
    )
    ratio = study.bare_pressure(study.TOUCHING) / study.bare_pressure(0.2)
    assert study.critical_flaw(0.2) == pytest.approx(ratio**2 * study.critical_flaw(study.TOUCHING))


@pytest.mark.slow
def test_three_processes_and_a_cell_without_carbon(study: ModuleType) -> None:
    for process in study.PROCESSES:
        result = study.charged(process)
        where, thick = study.site_of(result)
        assert where == process.site
        total = sum(
            result.metrics[f"lithium_{name}_Ah_m2"]
            for name in ("carbon", "electrolyte", "collector")
        )
        assert total == pytest.approx(2.0 * 240000.0 / 3600.0, rel=1e-9)
        assert 62e-6 < thick < 64e-6
        assert not [why for *_, why in result.history.events if "crack" in why]
    history = study.bare().history
    row = next(row for row, _, _, why in history.events if "crack" in why)
    assert history["Test Time / s"][row] / 60.0 == pytest.approx(2600.0, abs=5.0)
    assert history["thickness_mean_m"][-1] == pytest.approx(64.6544102624e-6, rel=1e-5)
