"""The script on contact in spectra: what it says of a coarse mesh."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "cases" / "zhou2025_impedance.py"


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("zhou2025_impedance", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["zhou2025_impedance"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["zhou2025_impedance"]


@pytest.mark.slow
def test_resistance_goes_as_one_over_contact(script: ModuleType, tmp_path: Path) -> None:
    composite, found = script.study("1.5 um")
    for name, contact in script.CONTACTS.items():
        assert found.ratios[name] == pytest.approx(contact, rel=1e-2)
        assert found.times[name] == pytest.approx(1.0, rel=2e-2)
    assert found.left["coarse"] == pytest.approx(0.031, abs=2e-3)
    assert found.left["fine"] == pytest.approx(0.225, abs=5e-3)
    assert "17.3 over 9.9" in script.table(found)
    script.draw(composite).savefig(tmp_path / "impedance.png")
