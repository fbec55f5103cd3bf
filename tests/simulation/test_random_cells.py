"""Random cells whose particles part from what they lie in, through a cycle: each ends by a name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import fem
from fem.results.history import ALL_LOOSE

NAMED = {"voltage", "particle surface empty", "particle surface full", "lithium used up", ALL_LOOSE}
PATIENCE = 600
"""Seconds of the processor that a cycle may take."""


def limited() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, PATIENCE))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the time of the processor")
@pytest.mark.parametrize("number", range(200))
def test_any_cell_ends_by_a_name(number: int) -> None:
    """It does not hang, crash or tell what is no number, whatever its laws, pressure and current.

    In a process of its own, so that nothing can keep the others.
    """
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("random_cells.py")), str(number)],
        env={**os.environ, "PYTHONPATH": str(Path(fem.__file__).parents[1])},
        capture_output=True, encoding="utf-8", preexec_fn=limited, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert not found["wrong"]
    assert "ended" in found, found["error"]
    assert set(found["ended"]) <= NAMED
    assert found["work_error"] <= 1e-5
