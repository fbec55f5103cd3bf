"""A run in time that is killed again and again leaves the files of one that never was."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import fem

HERE = Path(__file__).parent
CASE = HERE / "small_protocol.toml"
BETWEEN = ("small_reacting", "small_interlayer")
"""Cases of what grows between and presses around: interphases, a stack, an interlayer, spectra."""
CODE = """\
import sys
from fem.cli import main
from fem.output import run
if "--undrawn" in sys.argv:  # drawing has its own tests, and would be most of the time here
    sys.argv.remove("--undrawn")
    run._draw = lambda result, folder: None
sys.exit(main())
"""


def start(folder: Path, *options: str, case: Path = CASE) -> subprocess.Popen[str]:
    words = ["run", str(case), "--out", str(folder), "--quiet", *options]
    return subprocess.Popen(
        [sys.executable, "-c", CODE, *words],
        env={**os.environ, "PYTHONPATH": str(Path(fem.__file__).parents[1])},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip


def wait(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=300)
    assert (process.returncode, errors) == (0, "")


def resumable(folder: Path) -> bool:
    return (folder / "checkpoints").is_dir() and not (folder / "metrics.json").exists()


def rows_in(folder: Path) -> int:
    history = folder / "history.csv"
    return history.read_bytes().count(b"\n") if history.exists() else 0


def kill_once(
    folder: Path, draw: random.Random, last: int, *options: str, case: Path = CASE
) -> bool:
    """Start or resume, and kill after some more rows and a moment; false if it was too late.

    Parameters
    ----------
    last
        Rows of the whole run. After the last one the moment is longer: the rest is being written,
        perhaps by a process that has yet to start.
    """
    resume = resumable(folder)
    goal = min((rows_in(folder) if resume else 0) + draw.randrange(1, 15), last)
    process = start(folder, *options, *(["--resume"] if resume else []), case=case)
    try:
        while process.poll() is None and rows_in(folder) < goal:
            time.sleep(0.002)
        time.sleep(draw.uniform(0.0, 0.05 if goal < last else 4.0))
    finally:
        process.send_signal(signal.SIGKILL)
        _, errors = process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), errors
    return process.returncode != 0


def compare(one: Path, two: Path) -> None:
    """The same files with the same numbers."""
    names = [sorted(str(p.relative_to(f)) for p in f.rglob("*") if p.is_file()) for f in (one, two)]
    assert names[0] == names[1]
    tables = ("history.csv", "fields.pvd", "anode.csv", "particles.csv", "case.toml")
    others = {"events.csv", "impedance.csv", "drt.csv"} & set(names[0])
    for name in (*tables, *sorted(others)):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name
    for path in one.rglob("*.npz"):
        with np.load(path) as a, np.load(two / path.relative_to(one)) as b:
            assert a.files == b.files
            for name in set(a.files) - {"facts"}:
                numbers = a[name].dtype.kind == "f"
                assert np.array_equal(a[name], b[name], equal_nan=numbers), (path.name, name)
    metrics = [json.loads((f / "metrics.json").read_text()) for f in (one, two)]
    assert metrics[0].keys() == metrics[1].keys()
    for name, value in metrics[0].items():
        if not name.startswith("seconds_"):
            assert value == metrics[1][name], name


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "run"
    wait(start(folder, "--undrawn"))
    return folder


@pytest.mark.slow
def test_a_run_that_was_killed_is_the_same(tmp_path: Path, untouched: Path) -> None:
    draw, folder, last = random.Random(3), tmp_path / "run", rows_in(untouched)
    assert kill_once(folder, draw, last, "--undrawn")
    assert resumable(folder)
    wait(start(folder, "--undrawn", "--resume"))
    compare(untouched, folder)


@pytest.mark.slow
def test_two_hundred_kills_lose_nothing(tmp_path: Path, untouched: Path) -> None:
    """Runs one after the other until 200 processes were killed, each at a random moment."""
    draw, last, killed, whole = random.Random(7), rows_in(untouched), 0, 0
    while killed < 200:
        folder = tmp_path / str(whole)
        killed += kill_once(folder, draw, last, "--undrawn")
        if (folder / "metrics.json").exists():
            shutil.rmtree(folder / "checkpoints", ignore_errors=True)  # the last thing it does
            compare(untouched, folder)
            whole += 1
    assert whole >= 5


@pytest.mark.slow
@pytest.mark.parametrize("name", BETWEEN)
def test_what_grows_between_and_presses_around_is_killed_too(tmp_path: Path, name: str) -> None:
    """Until five processes were killed: before, among and after spectra, openings and cracks."""
    case = HERE / f"{name}.toml"
    untouched = tmp_path / "whole"
    wait(start(untouched, "--undrawn", case=case))
    draw, last, killed, whole = random.Random(11), rows_in(untouched), 0, 0
    while killed < 5 or not whole:
        folder = tmp_path / str(whole)
        killed += kill_once(folder, draw, last, "--undrawn", case=case)
        if killed >= 5 and resumable(folder):
            wait(start(folder, "--undrawn", "--resume", case=case))
        if (folder / "metrics.json").exists():
            shutil.rmtree(folder / "checkpoints", ignore_errors=True)
            compare(untouched, folder)
            whole += 1
