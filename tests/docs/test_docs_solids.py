"""The page on Python is run where it draws solids, and gives numbers that are known."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
SAID = "<!-- not run here: tests/docs/test_docs_solids.py runs it -->"
BLOCK = re.compile(re.escape(SAID) + r"\n\n```python\n(.*?)^```", re.M | re.S)
LONGEST = 40


@pytest.fixture(scope="module")
def ran() -> list[dict[str, Any]]:
    """What the blocks leave behind."""
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) == 2
    found: list[dict[str, Any]] = []
    for block in blocks:
        assert len(block.splitlines()) < LONGEST
        names: dict[str, Any] = {}
        exec(compile(block, str(PAGE), "exec"), names)
        found.append(names)
    return found


def test_disc_in_a_ring(ran: list[dict[str, Any]]) -> None:
    """The gap that stays is that of `test_verification_contact_rings`, as told on the page."""
    names = ran[0]
    weights = names["solids"].faces.weights
    gap = names["state"].parted.opening[0] @ weights / weights.sum() / names["radius"]
    assert gap == pytest.approx(0.00088383, abs=3e-6)


def test_disc_in_a_square_cell(ran: list[dict[str, Any]]) -> None:
    names = ran[1]
    unit = 10e6 / 28e9 * names["radius"]
    assert names["state"].rise[0] / unit == pytest.approx(-1.406475, rel=1e-3)
    share = names["opened"].sum() / names["length"].sum()
    assert share == pytest.approx(0.5114, abs=1e-2)
    assert names["pressed"].rise[0] < names["state"].rise[0]
