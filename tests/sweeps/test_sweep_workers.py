"""Processes that do tasks: lost ones are told, and none stays behind, however a sweep ends."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sweep_examples import cell, columns_but_seconds
from worker_tasks import fragile, lost, threads

import fem
from fem.errors import InputError
from fem.runs.workers import spread

FOLDER = Path(__file__).parent
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join(
        [str(Path(fem.__file__).parents[1]), str(FOLDER), os.environ.get("PYTHONPATH", "")]
    ),
    "MPLBACKEND": "Agg",
}


def test_a_process_that_dies_is_told_and_stops_no_other() -> None:
    with spread(fragile, lost, workers=2) as done:
        found = list(done(range(5)))
    assert sorted(map(str, found)) == sorted(
        ["0", "1", "9", "16", "2: the process came to an end; it may have run out of memory"]
    )


def test_processes_have_one_thread_of_blas_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    with spread(threads, lost, workers=1) as done:
        assert list(done([0])) == [("1", "1")]
    assert os.environ["OMP_NUM_THREADS"] == "7"


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_no_process_outlives_the_sweep(tmp_path: Path, stop: signal.Signals) -> None:
    mark = tmp_path / "pid"
    code = (
        # A shell that starts tests in the background has them ignore interrupts.
        "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from fem.runs.workers import spread\nfrom worker_tasks import endless, lost\n"
        "if __name__ == '__main__':\n"
        f"    with spread(endless, lost, workers=1) as done:\n        list(done([{str(mark)!r}]))\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code)
    process = subprocess.Popen(
        [sys.executable, str(script)], env=ENVIRONMENT, stderr=subprocess.DEVNULL
    )
    worker = 0
    try:
        while process.poll() is None and not (mark.exists() and mark.read_text()):
            time.sleep(0.02)
        worker = int(mark.read_text())
        process.send_signal(stop)
        assert process.wait(timeout=60) != 0
        for _ in range(500):
            if not _runs(worker):
                break
            time.sleep(0.02)
        assert not _runs(worker)
    finally:
        process.kill()
        process.wait()
        if worker and _runs(worker):
            os.kill(worker, signal.SIGKILL)


def _runs(pid: int) -> bool:
    """Whether there is such a process; one that ended and was not fetched does not count."""
    status = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            return status.read_text().rpartition(")")[2].split()[0] != "Z"
        except FileNotFoundError:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_without_dask_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(InputError, match="Dask is not installed") as raised,
        spread(fragile, lost, scheduler="tcp://127.0.0.1:1"),
    ):
        pass
    assert "'.[cluster]'" in str(raised.value)


# ----------------------------------------------------------------------- killed, and elsewhere

SWEEP = """
case = "cell.toml"
[vary]
"mesh.size" = ["3 um", "4 um"]
"operation.current_density" = ["10 A/m^2", "40 A/m^2", "1e9 A/m^2"]
"kinetics.cathode.stoichiometry" = [0.6]
[repeat]
key = "inactive.seed"
count = 50
[report]
metrics = ["overpotential_V"]
"""
ALONE = '[report]\nmetrics = ["overpotential_V", "newton_iterations"]\n'


def start(file: Path, folder: Path, *options: str) -> subprocess.Popen[str]:
    words = ["-m", "fem", "sweep", str(file), "--out", str(folder), "--quiet", *options]
    return subprocess.Popen(
        [sys.executable, *words], env=ENVIRONMENT, stderr=subprocess.PIPE, encoding="utf-8"
    )


@pytest.fixture(params=["together", "alone"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / "cell.toml").write_text(cell().to_toml())
    path = tmp_path / "sweep.toml"
    text = SWEEP
    if request.param == "alone":
        text = text.partition("[report]")[0].replace("count = 50", "count = 10") + ALONE
    path.write_text(text)
    return path


def ended(process: subprocess.Popen[str]) -> None:
    """With the status of a sweep some members of which were refused."""
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 1, errors
    assert re.match(r"(100 of 300|20 of 60) members were not done", errors)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_kills_and_workers_change_no_digit(tmp_path: Path, file: Path) -> None:
    """One process; two; and two that are killed three times, each time after some more tasks."""
    one, two, killed = (tmp_path / name for name in ("one", "two", "killed"))
    ended(start(file, one, "--workers", "1"))
    ended(start(file, two, "--workers", "2"))
    draw, journal = random.Random(11), killed / "journal.jsonl"
    for turn in range(3):
        process = start(file, killed, "--workers", "2", *["--resume"] * (turn > 0))
        begun = journal.read_bytes().count(b"\n") if journal.exists() else 0
        while process.poll() is None and (
            not journal.exists() or journal.read_bytes().count(b"\n") <= begun
        ):
            time.sleep(0.002)
        time.sleep(draw.uniform(0.0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    ended(start(file, killed, "--workers", "2", "--resume"))
    rows = columns_but_seconds(one / "members.csv")
    assert len(rows) in (61, 301)
    for other in (two, killed):
        assert columns_but_seconds(other / "members.csv") == rows
        assert (other / "summary.csv").read_bytes() == (one / "summary.csv").read_bytes()


@pytest.mark.slow
def test_a_dask_cluster_changes_no_digit(tmp_path: Path, file: Path) -> None:
    distributed = pytest.importorskip("distributed")
    ended(start(file, tmp_path / "here", "--workers", "1"))
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        ended(start(file, tmp_path / "there", "--scheduler", cluster.scheduler_address))
    assert columns_but_seconds(tmp_path / "there" / "members.csv") == columns_but_seconds(
        tmp_path / "here" / "members.csv"
    )
