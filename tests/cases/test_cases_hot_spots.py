"""The script of hot spots: its closed form, and that it finds what it writes about."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "cases" / "hot_spots.py"
WIDTH = 420e-6
COLUMNS, ROWS = (np.arange(21) + 0.5) * 20e-6, (np.arange(5) + 0.5) * 20e-6
CENTRE = (COLUMNS > 140e-6) & (COLUMNS < 280e-6)


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("hot_spots", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["hot_spots"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["hot_spots"]


@pytest.fixture(scope="module")
def layers(script: ModuleType) -> Any:
    """Those of the seed cell."""
    share = 105 * np.pi * 5.0**2 / (420.0 * 100.0)
    return script.Layers(100e-6, 100e-6, WIDTH, (1.0 - share) / (1.0 + share))


@pytest.mark.parametrize(
    ("resistance", "edge"), [(1e-12, 1.129), (2.61e-3, 1.011), (2.61e-4, 1.062), (2.61e-5, 1.117)]
)
def test_a_dead_central_third_focuses_as_a_solved_cell(
    script: ModuleType, layers: Any, resistance: float, edge: float
) -> None:
    """Finite elements with the same flux from all live particles, at currents far below i0."""
    x, y = (each.ravel() for each in np.meshgrid(COLUMNS, ROWS))
    found = script.expected(layers, x, y, np.tile(~CENTRE, len(ROWS)), resistance)
    assert found == pytest.approx(edge, abs=3e-3)


def test_what_is_short_beside_the_separator_does_not_get_through(layers: Any) -> None:
    k = 2.0 * np.pi / np.array([1e-2, 400e-6, 200e-6, 100e-6, 50e-6])
    passed = layers.transfer(k, None, 0.0)
    assert passed[0] == pytest.approx(1.0, abs=1e-2)
    assert (np.diff(passed) < 0.0).all()
    assert passed[2] < 0.02  # twice as long as the separator is thick
    assert passed[-1] < 1e-5


def test_an_even_bed_is_the_mean_of_its_heights(layers: Any) -> None:
    k = np.array([1e3, 1e4, 5e4])
    points, weights = np.polynomial.legendre.leggauss(12)
    by_height = layers.transfer(k, 50e-6 * (points + 1.0), 1e-4)
    assert by_height @ weights / 2.0 == pytest.approx(layers.transfer(k, None, 1e-4), rel=1e-12)


def test_half_of_a_wave_arrives_where_the_script_says(script: ModuleType, layers: Any) -> None:
    """By the closed form, and solved with live particles that share evenly."""
    resistance = script.GAS_CONSTANT * 303.15 / script.FARADAY / 320.0
    length = layers.longest(0.5, resistance)
    assert length == pytest.approx(0.92e-3, abs=0.005e-3)
    solved = script.wave(100e-6, length, script.EVEN, "5 um")
    assert solved.given == pytest.approx(solved.closed, rel=1e-3)
    assert solved.drawn == pytest.approx(solved.given, rel=1e-3)


def test_points_are_written_and_drawn_whatever_there_is_of_a_cathode(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A packing has fewer kinds of clusters than the lattice."""
    some = np.array([1.01, 1.02, 1.05])
    points = [
        script.Point(cathode, lithium, length, fraction, 7, some, some + 0.001)
        for cathode, lithium, lengths in (
            ("lattice", script.LITHIUM[0], (None, 40.0, 80.0, 140.0)),
            ("lattice", script.LITHIUM[1], (None, 40.0, 80.0, 140.0)),
            ("packing", script.LITHIUM[1], (None, 140.0)),
        )
        for length in lengths
        for fraction in (0.2, 0.8)
    ]
    script.tell(points, tmp_path / "out")
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "hot_spots.png",
        "hot_spots.csv",
    }
    rows = (tmp_path / "out" / "hot_spots.csv").read_text("utf-8").splitlines()
    assert rows[0].split(",") == list(script.HEADS)
    assert len(rows) == 1 + len(points)
    printed = capsys.readouterr().out.splitlines()
    told = " ".join(printed[-1].split())
    assert told == "packing i0 = 320 A/m² 140 um 80% 1.010 1.020 1.050 1.021"


@pytest.mark.slow
def test_clusters_focus_more_than_as_many_dead_alone(script: ModuleType, tmp_path: Path) -> None:
    found = script.main(tmp_path, 30, "5 um", lithium=["i0 = 320 A/m²"])
    assert {file.name for file in tmp_path.iterdir()} == {"hot_spots.png", "hot_spots.csv"}
    assert len((tmp_path / "hot_spots.csv").read_text("utf-8").splitlines()) == 1 + len(found)
    for cathode in ("lattice", "packing"):
        alone, clustered = (
            next(p for p in found if (p.cathode, p.length, p.fraction) == (cathode, length, 0.6))
            for length in (None, 140.0)
        )
        assert (clustered.found[1:] > alone.found[1:]).all()
        assert clustered.found[1] - 1.0 > 2.0 * (alone.found[1] - 1.0)
