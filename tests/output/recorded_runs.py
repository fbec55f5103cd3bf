"""Runs in time, recorded step by step as `fem run` does, for the tests of this folder."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

import fem
from fem.output import recording
from fem.output import run as output
from fem.results.result import Result
from fem.runs.simulation import Accepted, simulate

CASE = Path(__file__).with_name("small_protocol.toml")
SNAPSHOT = Path(__file__).with_name("small_case.toml")
STEPS = [
    {"charge": "50 A/m^2", "until": {"time": "1 s"}},
    {"rest": "1 s"},
]

Run = tuple[list[Accepted], Result]
"""All accepted steps of an uninterrupted run, and its result."""


def short_case() -> fem.Case:
    """A protocol of some fifteen steps in time."""
    return fem.Case.load(CASE, {"operation.steps": STEPS})


def short_run(case: fem.Case) -> Run:
    """Run it once; its steps can be recorded as often as needed."""
    steps: list[Accepted] = []
    return steps, simulate(case, observers=[steps.append])


def quicken(patch: pytest.MonkeyPatch) -> None:
    """Draw nothing, and do not wait for the disk."""
    patch.setattr(output, "_draw", lambda result, folder, *_: None)
    patch.setattr(os, "fsync", lambda file: None)


def tree(folder: Path) -> dict[str, bytes]:
    files = (p for p in folder.rglob("*") if p.is_file() and p.name != ".fem-lock")
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


def stop(folder: Path, case: fem.Case, steps: list[Accepted]) -> None:
    """Record some steps and come to no end."""
    with recording(folder, case) as recorder:
        for step in steps:
            recorder(step)


def finish(folder: Path, case: fem.Case, run: Run) -> Result:
    """Record the steps that a folder does not have yet, and end."""
    steps, result = run
    resume = (folder / "checkpoints").is_dir()
    with recording(folder, case, resume) as recorder:
        for step in steps[recorder.steps + 1 :]:
            recorder(step)
        return recorder.finish(result)


def full(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")
