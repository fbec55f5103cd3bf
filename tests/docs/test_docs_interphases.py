"""The page on interphases is run, and gives the numbers that it prints of small cells."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "interphases.md"


def test_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    exec(compile(block, str(PAGE), "exec"), {})
    thickness, lost = (float(line.split()[0]) for line in capsys.readouterr().out.splitlines())
    # w + w^2/2p = r t after ten minutes, all of it far above the onset.
    rate = 0.01 * 163.64e-6 / (5 * 96485.33212)
    assert 1e-9 * thickness == pytest.approx(
        5e-9 * ((1 + 2 * rate * 600 / 5e-9) ** 0.5 - 1), rel=5e-3
    )
    assert 0.0 < lost < 5.0
