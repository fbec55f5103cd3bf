"""The worked example of docs/design.md, made in a copy of the package and run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEADING = "## A new interface law in one sitting"
MOST_FILES = 4
EDIT = re.compile(r"^# (fem/\S+\.py), before: (.*)$")
SCRIPT = """
import numpy as np
import fem
from fem.laws.interfaces import Fading
from fem.results.quantities import Place, declared_columns

slab = {
    "geometry": {
        "width": "4 um",
        "anode": {"thickness": "20 um"},
        "separator": {"material": "LPSCl", "thickness": "8 um"},
        "cathode": {"kind": "plane", "material": "NCM811", "thickness": "10 um"},
    },
    "kinetics": {
        "anode": {"exchange_current_density": "10 A/m^2"},
        "cathode": {
            "exchange_current_density": "2 A/m^2", "stoichiometry": 0.6, "fading_time": "60 s",
        },
    },
    "operation": {
        "kind": "protocol", "steps": [{"charge": "5 A/m^2", "until": {"time": "90 s"}}],
    },
    "mechanics": {"enabled": False},
    "mesh": {"size": "4 um"},
}
case = fem.Case.from_dict(slab)
history = fem.run(case).history
declared_columns(history.columns, Place.HISTORY)
time, lost = history["Test Time / s"], history["lost_mean"]
assert np.abs(lost - (1.0 - np.exp(-time / 60.0))).max() < 1e-3, lost
assert history["lithium_error"].max() < 1e-12
kept = fem.run(case.replace({"kinetics.cathode.fading_time": None})).history
rise = history["Voltage / V"][-1] - kept["Voltage / V"][-1]
# The same current on exp(-1.5) of the surface: asinh of 2.5 i0 and of 11.2 i0, in V.
expected = 2.0 * 8.31446261815324 * 298.15 / 96485.33212 * (
    np.arcsinh(1.25 * np.exp(1.5)) - np.arcsinh(1.25)
)
assert abs(rise - expected) < 0.02 * expected, (rise, expected)
print("fades")
"""


def edits() -> list[tuple[str, str, str]]:
    """Files, the text before which to insert, and what to insert, as the page shows them."""
    page = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    section = page.partition(HEADING)[2].partition("\n## ")[0]
    found = []
    for block in re.findall(r"^```python\n(.*?)^```", section, re.M | re.S):
        first, _, text = block.partition("\n")
        match = EDIT.match(first)
        assert match, f"a block must begin with '# file, before: text', not {first!r}"
        found.append((match[1], match[2].replace("\\n", "\n"), text))
    return found


def test_the_example_touches_few_files() -> None:
    files = {file for file, _, _ in edits()}
    assert 2 <= len(files) <= MOST_FILES
    assert all((ROOT / file).is_file() for file in files)


@pytest.mark.parametrize("complete", [True, False])
def test_the_example_runs(tmp_path: Path, complete: bool) -> None:
    """Made as shown it gives the closed form; without its last block it is refused."""
    shutil.copytree(
        ROOT / "fem", tmp_path / "fem", ignore=shutil.ignore_patterns("__pycache__", "_cases")
    )
    chosen = edits() if complete else edits()[:-1]
    for file, anchor, text in chosen:
        path = tmp_path / file
        before = path.read_text(encoding="utf-8")
        assert before.count(anchor) == 1, f"{anchor!r} must be once in {file}"
        path.write_text(before.replace(anchor, text + anchor), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "MPLBACKEND": "Agg"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tmp_path, env=environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert (done.returncode == 0) == complete, done.stderr[-2000:]
    if complete:
        assert done.stdout.strip() == "fades"
    else:
        assert "lost_mean" in done.stderr
