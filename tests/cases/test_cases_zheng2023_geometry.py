"""The claims of Zheng 2023 in other geometries: how they are counted, and what few set-ups say."""

from __future__ import annotations

import csv
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import fem

SCRIPT = Path(__file__).parents[2] / "cases" / "zheng2023_geometry.py"
COARSE = {"mesh.growth": 0.5}
SHARES = {
    ("pitch 20", "30 x 12"): 47.0,
    ("pitch 12", "30 x 12"): 52.0,
    ("pitch 20", "50 x 12"): 60.0,
    ("pitch 20", "30 x 20"): 55.0,
    ("pitch 20", "60 x 20"): 70.0,
    ("pitch 20", "20 x 12"): 39.0,
}
"""Current on three deposits in %, in set-ups that are otherwise the shipped case; each was found
before by a script of its own, on another mesh."""


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("zheng2023_geometry", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["zheng2023_geometry"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["zheng2023_geometry"]


def run_of(script: ModuleType, changes: dict[str, Any]) -> Any:
    """One coarse cell with deposits, without stress."""
    case = fem.Case.load(script.DEPOSITS).replace(
        {"mesh.size": "5 um", **COARSE, "mechanics.enabled": False, **changes}
    )
    return fem.run(case)


# ------------------------------------------------------------------ what is counted, and how


def test_a_verdict_counts_all_and_by_group(script: ModuleType) -> None:
    setups = [
        script.Setup("pitch 20", dead, lithium, "equal flux")
        for dead in ("third", "half")
        for lithium in ("none", "i0 320")
    ]
    verdict = script.Verdict.of("so it is", zip(setups, (True, False, True, True), strict=True))
    assert verdict.counts == (3, 4)
    assert verdict.among("lithium", "none") == "2/2"
    assert verdict.among("dead", "third") == "1/2"
    assert verdict.among("bed", "pitch 12") == "-"


def test_middle_is_of_the_share_and_in_the_middle(script: ModuleType) -> None:
    low, high = (float(end.split()[0]) for end in script.middle(1 / 3))
    assert (low, high) == pytest.approx((140.0, 280.0))


def test_both_beds_are_as_high_as_the_papers(script: ModuleType) -> None:
    """250 um, five rows of 10 um."""
    base = fem.Case.load(script.DEPOSITS)
    for name, changes in script.BEDS.items():
        table = base.replace(changes).geometry
        parts = (table.anode.thickness, table.separator.thickness, table.cathode.thickness)
        assert sum(float(part) for part in parts) == pytest.approx(250e-6)
        columns = table.cathode.particles.columns
        assert script.WIDTH / columns == pytest.approx(float(name.split()[1]))


def test_equal_plating_gives_deposits_their_share_of_the_line(script: ModuleType) -> None:
    """In the limit of a slow reaction all of the lithium plates alike, whatever its shape."""
    slow = {"kinetics.anode": {"area_resistance": "1 ohm*m^2"}}
    focus = script.focus(run_of(script, slow))
    assert focus.share == pytest.approx(focus.extent, abs=1e-4)
    # A half-ellipse of 30 x 12 um is 69 um along (Ramanujan's formula), its base 24 um; fillets
    # put a little of the flat line below it.
    h = (18.0 / 42.0) ** 2
    half = 0.5 * np.pi * 42.0 * (1 + 3 * h / (10 + np.sqrt(4 - 3 * h)))
    assert focus.extent == pytest.approx(3 * half / (3 * half + 420.0 - 72.0), abs=0.02)


# ------------------------------------------------------------------ few set-ups


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("zheng2023_geometry")


@pytest.fixture(scope="module")
def numbers(script: ModuleType, folder: Path) -> dict[str, Any]:
    """The kinetics of the shipped case, and no resistance; all beds and shapes."""
    plan = script.Plan(
        lithium=("none", "i0 320"),
        particles=("one potential",),
        dead=("half", "two thirds"),
        currents=(1.0, 100.0, 1000.0),
        size="4 um",
        changes=COARSE,
    )
    found: dict[str, Any] = script.main(folder, plan, films=False)
    return found


def counts(numbers: dict[str, Any], words: str) -> tuple[int, int]:
    (verdict,) = (v for v in numbers["verdicts"] if words in v.claim)
    found: tuple[int, int] = verdict.counts
    return found


@pytest.mark.slow
def test_share_of_the_current_on_deposits(script: ModuleType, numbers: dict[str, Any]) -> None:
    """More than half of it in four of six set-ups whose lithium does resist."""
    for (bed, shape), percent in SHARES.items():
        setup = script.Setup(bed, "two thirds", "i0 320", "one potential", shape)
        share = 100 * numbers["deposits"][setup].share
        assert share == pytest.approx(percent, rel=0.02)
        assert (share > 50.0) == (shape not in ("30 x 12", "20 x 12") or bed == "pitch 12")


@pytest.mark.slow
def test_half_dead_nonuniformity_grows_with_current(
    script: ModuleType, numbers: dict[str, Any]
) -> None:
    half = numbers["flat"][script.Setup("pitch 20", "half", "i0 320", "one potential")]
    assert 100 * half.excess[[0, -1]] == pytest.approx([16.4, 18.8], rel=0.02)


@pytest.mark.slow
def test_what_holds_everywhere_and_what_does_not(numbers: dict[str, Any]) -> None:
    for words in (
        "preferentially", "the more are dead", "even within", "difference grows",
        "more than their share", "elastic lithium: pressure",
    ):  # fmt: skip
        k, n = counts(numbers, words)
        assert k == n > 0, words
    assert counts(numbers, "yielded lithium: pressure") == (0, 10)
    for words in ("over the mean grows", "most of the flux"):
        k, n = counts(numbers, words)
        assert 0 < k < n, words
    tips, _ = counts(numbers, "in all of the electrolyte")
    rows, n = counts(numbers, "front row")
    assert rows > n / 2 and tips + rows <= n


@pytest.mark.slow
def test_table_figure_and_rows_are_written(numbers: dict[str, Any], folder: Path) -> None:
    names = {"table.txt", "set_ups.csv", "shares.png", "shares.pdf"}
    assert {file.name for file in folder.iterdir()} == names
    with (folder / "set_ups.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(numbers["deposits"]) == 2 * 5 * 2 * 2
    first = next(iter(numbers["deposits"].values()))
    assert float(rows[0]["share"]) == first.share
    assert "nan" not in (folder / "table.txt").read_text("utf-8")


@pytest.mark.slow
def test_lithium_in_time_is_drawn(script: ModuleType) -> None:
    """Short runs: dead particles make it uneven, and no dead ones do not."""
    runs = script.grow("5 um", until="2 s")
    thickness = {name: frames[-1].anode.thickness for name, (_, frames) in runs.items()}
    assert np.ptp(thickness["all live"]) < 0.01 * thickness["all live"].mean()
    assert np.ptp(thickness["a third dead"]) > 0.15 * thickness["a third dead"].mean()
    figure = script.draw_accumulated(runs)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["active", "inactive"]
