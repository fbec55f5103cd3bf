"""The script of hot spots: its closed form, and that it finds what it writes about."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "cases" / "hot_spots.py"
WIDTH = 420e-6
COLUMNS = (np.arange(21) + 0.5) * 20e-6
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


@pytest.mark.parametrize(
    ("resistance", "edge"), [(1e-12, 1.129), (2.61e-3, 1.011), (2.61e-4, 1.062), (2.61e-5, 1.117)]
)
def test_a_dead_central_third_focuses_as_a_solved_cell(
    script: ModuleType, resistance: float, edge: float
) -> None:
    """Finite elements with the same flux from all live particles, at currents far below i0."""
    found = script.expected(COLUMNS, ~CENTRE, resistance, WIDTH)
    assert found == pytest.approx(edge, abs=3e-3)


def test_what_is_short_beside_the_separator_does_not_get_through(script: ModuleType) -> None:
    k = 2.0 * np.pi / np.array([1e-2, 400e-6, 200e-6, 100e-6, 50e-6])
    passed = script.transfer(k, 0.0)
    assert passed[0] == pytest.approx(1.0, abs=1e-2)
    assert (np.diff(passed) < 0.0).all()
    assert passed[2] < 0.02  # twice as long as the separator is thick
    assert passed[-1] < 1e-5


@pytest.mark.slow
def test_clusters_focus_more_than_as_many_dead_alone(script: ModuleType, tmp_path: Path) -> None:
    (studied,) = script.main(tmp_path, count=30, size="5 um", names=["no resistance"]).values()
    assert {file.name for file in tmp_path.iterdir()} == {"hot_spots.png", "table.txt"}
    alone, clustered = (studied[length, 0.5].found for length in (None, 140.0))
    assert (clustered[1:] > alone[1:]).all()
    assert clustered[1] - 1.0 > 2.0 * (alone[1] - 1.0)
    for point in studied.values():
        # Live particles that share evenly are the upper limit of those at one potential.
        assert point.found[1] - 1.0 < 1.15 * (point.expected[1] - 1.0) + 0.01
