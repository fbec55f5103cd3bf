"""The script of coarse and fine electrolyte, in smaller cells: it finds what it writes about."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow
"""Random cells and their rims have tests in tests/geometry and tests/results."""
SCRIPT = Path(__file__).parents[2] / "cases" / "zhou2025_cell.py"
SMALL = {
    "geometry.width": "24 um",
    "geometry.cathode.thickness": "30 um",
    "mesh": {"size": "1.5 um", "growth": 1.0},
}
BASE = "as in the case file"


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("zhou2025_cell", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["zhou2025_cell"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["zhou2025_cell"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("zhou2025_cell")


@pytest.fixture(scope="module")
def found(script: ModuleType, folder: Path) -> Any:
    return script.main(folder, seeds=3, changes=SMALL, variants=[BASE, "contacts of Table 1"])


def test_writes_table_and_figure(found: Any, folder: Path) -> None:
    assert {file.name for file in folder.iterdir()} == {"table.txt", "currents.png"}
    lines = (folder / "table.txt").read_text("utf-8").splitlines()
    assert len(lines) == 6
    assert "nan" not in "".join(lines)


def test_both_kinds_hold_the_same_particles_and_carry_the_same_current(found: Any) -> None:
    for coarse, fine in zip(found[BASE]["coarse"], found[BASE]["fine"], strict=True):
        sizes = [np.sort(s.particles.diameter) for s in (coarse, fine)]
        assert np.array_equal(*sizes)
        assert not np.array_equal(coarse.particles.x, fine.particles.x)
        for sample in (coarse, fine):
            current = sample.density @ (np.pi * sample.particles.diameter)
            assert current == pytest.approx(10.0 * 24e-6, rel=1e-9)


def test_fine_grains_make_the_current_more_even(found: Any) -> None:
    """On the mean of three samples, by every measure."""
    for name in ("high", "range", "scatter", "hot_spots", "overpotential"):
        coarse, fine = (
            np.mean([getattr(s, name) for s in found[BASE][kind]]) for kind in ("coarse", "fine")
        )
        assert fine < coarse, name


def test_lost_contacts_add_to_it(found: Any) -> None:
    """17 % of the particles carry nothing, so that the others carry more."""
    for lost, all_there in zip(
        found["contacts of Table 1"]["coarse"], found[BASE]["coarse"], strict=True
    ):
        count = len(lost.density)
        assert (lost.density == 0.0).sum() == round(0.17 * count)
        assert lost.high > all_there.high


def test_measures_of_known_samples(script: ModuleType) -> None:
    """An exponential decay with height is no scatter; P95 of 0 ... 100 is 95."""
    y = np.linspace(1.0, 2.0, 101)
    shape = script.Particles(y, y, y, np.full(101, ""))
    decay = script.Sample(shape, np.exp(-3.0 * y), 1.0, 0.0)
    assert decay.scatter < 1e-12
    ramp = script.Sample(shape, np.arange(101.0), 1.0, 0.0)
    assert ramp.high == pytest.approx(95 / 50)
    assert ramp.range == pytest.approx(90 / 50)
    rough = script.Sample(shape, np.exp(-3.0 * y + 0.1 * (-1.0) ** np.arange(101)), 1.0, 0.0)
    assert rough.scatter == pytest.approx(0.1, rel=0.01)
