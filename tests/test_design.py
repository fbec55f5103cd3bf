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
from fem.laws.interfaces import INTERFACE_LAWS, Fading, Intercalation
from fem.laws.kinetics import Kinetics
from fem.results.quantities import Place, declared_columns

assert Fading in INTERFACE_LAWS
law = Fading(Intercalation(Kinetics(298.15, 2.0)), 60.0)
x, lost, size = np.array([0.5]), np.array([0.3]), 1e-5
at = {"stoichiometry": x, "stress": 0.0 * x, "lost": lost}
_, by_difference, by_state = law(np.array([0.05]), at)
up, down = (law(np.array([0.05 + k * size]), at)[0] for k in (1, -1))
assert abs((up - down) / (2.0 * size) / by_difference - 1.0) < 1e-6
up, down = (law(np.array([0.05]), at | {"lost": lost + k * size})[0] for k in (1, -1))
assert abs((up - down) / (2.0 * size) / by_state["lost"] - 1.0) < 1e-6

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
    """Made as shown it gives the closed form; with an undeclared measure it is refused."""
    shutil.copytree(
        ROOT / "fem", tmp_path / "fem", ignore=shutil.ignore_patterns("__pycache__", "_cases")
    )
    chosen = [e for e in edits() if complete or "quantities" not in e[0]]
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
