"""The script of the two scenarios, run coarse: its numbers follow the trends it writes about."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

import fem

pytestmark = pytest.mark.slow
"""Its parts are run by tests/simulation/test_snapshots.py and the shipped cases."""
SCRIPT = Path(__file__).parents[2] / "cases" / "zheng2023.py"
CASE_FROM = fem.Case.load
QUICK = {"mesh.growth": 0.5}
CASE_LAW, POOR = "Butler-Volmer 320", "Butler-Volmer 30"


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("zheng2023", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["zheng2023"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["zheng2023"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("zheng2023")


@pytest.fixture(scope="module")
def numbers(script: ModuleType, folder: Path) -> dict[str, Any]:
    """What the script finds; a mesh that grows fast and figures of few pixels make it quick."""
    save = Figure.savefig

    def load(file: Path, changes: dict[str, Any] | None = None) -> fem.Case:
        return CASE_FROM(file, {**QUICK, **(changes or {})})

    def few_pixels(figure: Figure, file: Path, **how: Any) -> None:
        save(figure, file, **{**how, "dpi": 40})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fem.Case, "load", load)
        patch.setattr(Figure, "savefig", few_pixels)
        found: dict[str, Any] = script.main(folder, size="4 um")
    plt.close("all")
    return found


def test_writes_figures_and_table(numbers: dict[str, Any], folder: Path) -> None:
    figures = {"figure_4", "flat", "nonuniformity", "von_mises_against_thickness"}
    written = {file.name for file in folder.iterdir()}
    assert written == {f"{f}.{e}" for f in figures for e in ("png", "pdf")} | {"table.txt"}
    table = (folder / "table.txt").read_text("utf-8")
    assert "nan" not in table and "inf" not in table
    assert all(len(row) == 3 and all(row) for row in numbers["table"])


# ------------------------------------------------------------------ first scenario


@pytest.mark.parametrize("law", ["none", "ohmic 320", "ohmic 30"])
def test_ohmic_lithium_keeps_its_profile_at_all_currents(numbers: dict[str, Any], law: str) -> None:
    scan = numbers["nonuniformity"][law, "equal flux"]
    assert scan.excess[-1] == pytest.approx(scan.excess[0], rel=1e-6)
    assert scan.spread[-1] / scan.spread[0] == pytest.approx(1000.0, rel=1e-6)


@pytest.mark.parametrize("i0", [320, 30])
def test_butler_volmer_makes_it_grow_with_current(numbers: dict[str, Any], i0: int) -> None:
    """From the ohmic value at small currents towards that without resistance."""
    scans = numbers["nonuniformity"]
    scan = scans[f"Butler-Volmer {i0}", "equal flux"]
    assert (np.diff(scan.excess) > 0).all()
    assert scan.excess[0] == pytest.approx(scans[f"ohmic {i0}", "equal flux"].excess[0], rel=1e-3)
    assert 1.1 * scan.excess[0] < scan.excess[-1] < scans["none", "equal flux"].excess[0]


def test_profile_without_resistance_is_that_of_the_closed_form(numbers: dict[str, Any]) -> None:
    """A layered cell in Fourier modes, the bed as an effective medium (after Maxwell).

    Mode n of the plating is that of the source times ``(1/(k t)) / (s sinh + cosh coth(k t))``,
    with k = 2 pi n / width, arguments k H for the separator (H = t = 100 um), and s = (1 - phi) /
    (1 + phi) for discs of area fraction phi.
    """
    width, height, third = 420e-6, 100e-6, 1 / 3
    phi = 105 * np.pi * (5e-6) ** 2 / (width * height)
    n = np.arange(1, 200)
    k = 2 * np.pi * n / width
    bed = -2 / (np.pi * n) * np.sin(np.pi * n * third) / (1 - third)
    kh = np.minimum(k * height, 300.0)
    transfer = 1 / kh / ((1 - phi) / (1 + phi) * np.sinh(kh) + np.cosh(kh) / np.tanh(kh))
    # Modes count from the middle of the dead third: cos(n pi) at the wall.
    excess = (bed * transfer * (-1.0) ** n).sum()
    assert excess == pytest.approx(0.1295, abs=5e-4)
    scan = numbers["nonuniformity"]["none", "equal flux"]
    assert scan.excess[0] == pytest.approx(excess, rel=0.01)


def test_particles_at_one_potential_even_it_out_at_high_current(numbers: dict[str, Any]) -> None:
    scans = numbers["nonuniformity"]
    for law in ("none", "ohmic 320", "ohmic 30"):
        assert (np.diff(scans[law, "one potential"].excess) < 0).all()
    assert scans[POOR, "one potential"].excess[-1] > 2 * scans[POOR, "one potential"].excess[0]
    assert scans[CASE_LAW, "one potential"].excess[-1] < scans[CASE_LAW, "one potential"].excess[0]


def test_plates_above_live_particles(numbers: dict[str, Any]) -> None:
    flat = numbers["flat"]
    assert flat["focusing_max_over_mean"] == pytest.approx(1.092, abs=2e-3)
    assert flat["focusing_min_over_mean"] == pytest.approx(0.896, abs=2e-3)


# ------------------------------------------------------------------ second scenario


def test_current_focuses_at_the_tips(numbers: dict[str, Any]) -> None:
    none, clean, poor = (numbers["focusing"][law] for law in ("none", CASE_LAW, POOR))
    assert none.tip_over_applied > clean.tip_over_applied > 1.0 > poor.tip_over_applied
    assert none.share > clean.share > poor.share > 0.4
    for found in (none, clean, poor):
        assert found.maximum[1] == pytest.approx(170e-6, abs=0.5e-6)
        # In the electrolyte the largest current leaves a particle of the front row.
        assert 80e-6 < found.electrolyte_maximum[2] < 100e-6 or found is none
    assert clean.tip_over_applied == pytest.approx(1.587, rel=0.02)
    assert numbers["fields"]["deposit"] > 2 * numbers["fields"]["wall"]


def test_stiffer_lithium_presses_harder(numbers: dict[str, Any]) -> None:
    tip = {key: found.tip for key, found in numbers["stress"].items()}
    for law in ("none", CASE_LAW, POOR):
        assert tip["rigid", "stick", law] > 2 * tip["elastic", "stick", law]
    for lithium in ("rigid", "elastic"):
        assert tip[lithium, "stick", CASE_LAW] > 2 * tip[lithium, "slide", CASE_LAW]
    assert tip["elastic", "slide", CASE_LAW] > 100 * tip["yielded", "stick", CASE_LAW]


def test_sharper_focusing_gives_more_stress_in_less_time(numbers: dict[str, Any]) -> None:
    times = [
        numbers["stress"]["rigid", "stick", law].reaches(6e9)[0] for law in ("none", CASE_LAW, POOR)
    ]
    assert times == sorted(times)
    assert times == pytest.approx([23.0, 61.0, 109.0], rel=0.05)


def test_where_the_stress_is_largest(numbers: dict[str, Any]) -> None:
    """At a tip, but for rigid lithium that plates almost evenly: there the feet win."""
    for (lithium, contact, law), found in numbers["stress"].items():
        at_foot = (lithium, contact, law) == ("rigid", "stick", POOR)
        assert found.maximum[1] == pytest.approx(198e-6 if at_foot else 170e-6, abs=2e-6)


def test_verdict_on_fracture_depends_on_lithium(numbers: dict[str, Any]) -> None:
    critical = numbers["limits"]["fracture_pressure"]
    assert critical == pytest.approx(39.8e6, rel=1e-3)
    assert numbers["limits"]["flaw_for_40_MPa"] == pytest.approx(12.4e-6, rel=5e-3)
    rigid, elastic, yielded = (
        numbers["stress"][model, "stick", CASE_LAW].pressure / critical
        for model in ("rigid", "elastic", "yielded")
    )
    assert rigid > elastic > 10.0
    assert yielded == pytest.approx(0.8e6 / np.sqrt(3) * 30 / 12 / critical, rel=1e-9)


def test_stress_is_proportional_to_time_unless_lithium_yields(
    script: ModuleType, numbers: dict[str, Any]
) -> None:
    """What the script takes for granted: a run over twice the time."""
    case = fem.Case.load(SCRIPT.parent / script.DEPOSITS).replace({"mesh.size": "4 um", **QUICK})
    for lithium, factor in (("rigid", 2.0), ("elastic", 2.0), ("yielded", 1.0)):
        changes = {
            "operation.plating_time": "60 s",
            "mechanics.lithium": lithium,
            "mechanics.compare_lithium": [],
        }
        found = numbers["stress"][lithium, "stick", CASE_LAW]
        tips = fem.run(case.replace(changes)).metrics["von_mises_tip_Pa"]
        assert tips[script.MIDDLE] == pytest.approx(factor * found.tip, rel=1e-6)
        assert found.at(np.array([2 * found.thickness]))[0] == pytest.approx(factor * found.tip)
        assert (found.reaches(6e9) is None) == (lithium == "yielded")


def test_the_bed_in_c_rates(numbers: dict[str, Any]) -> None:
    """By hand: 105 discs of 10 um over 420 um, 63104 mol/m3, x from 0.266 to 0.91."""
    charge = 105 * np.pi * (5e-6) ** 2 / 420e-6 * 96485.33212 * 63104 * (0.91 - 0.266)
    assert numbers["capacity"]["c_rate"] == pytest.approx(100 * 3600 / charge, rel=1e-9)
    assert numbers["capacity"]["empty_time"] == pytest.approx(charge / 100 / 3, rel=1e-9)
    assert numbers["capacity"]["c_rate_paper"] == pytest.approx(5.34, abs=0.01)
