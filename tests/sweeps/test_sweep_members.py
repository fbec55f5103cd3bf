"""Members of a sweep: alike whoever solves them, told when they fail, and summed up rightly."""

from __future__ import annotations

import csv
import json
import math
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweep_examples import cell, columns_but_seconds, seeds, tables
from worker_tasks import Noted

import fem
from fem.case.sweep import Sweep
from fem.cli import main
from fem.errors import FemError, InputError, SolveError
from fem.output.cache import OFF, VARIABLE
from fem.output.sweep import JOURNAL, check_folder, finish, journal
from fem.physics.condensed import Condensed
from fem.results.members import DONE, FAILED, Row, at_points, statistics
from fem.results.swept import Swept
from fem.runs import sweep as runs
from fem.runs.sweep import LEAST, perform, plan, solve_all, solved
from fem.runs.workers import spread

TABLES = {
    "vary": {"operation.current_density": ["10 A/m^2", "100 A/m^2"]},
    "repeat": seeds(LEAST),
}


def write(folder: Path, text: str, **changes: Any) -> Path:
    """A sweep file and its case."""
    (folder / "cell.toml").write_text(cell(**changes).to_toml())
    file = folder / "sweep.toml"
    file.write_text('case = "cell.toml"\n' + text)
    return file


# ------------------------------------------------------------------------------------ members


@pytest.fixture(scope="module")
def swept() -> Swept:
    return solved(tables(cell(), **TABLES))


@pytest.fixture(scope="module")
def together(swept: Swept) -> list[Row]:
    return list(swept.rows)


def test_members_solved_together_are_those_solved_alone(together: list[Row]) -> None:
    """On the condensed electrolyte: to the error that was found for it, whatever the member."""
    asked = Sweep.from_dict(tables(cell(), **TABLES))
    assert all(task.cell is not None for task in plan(asked).tasks)
    assert [row.member for row in together] == list(range(2 * LEAST))
    for number in (1, 5, LEAST, 2 * LEAST - 1):
        row, exact = together[number], fem.run(asked.base.replace(asked.members[number])).metrics
        assert row.status == DONE
        for name in ("overpotential_V", "focusing_max_over_mean", "anode_plating_max_A_m2"):
            assert row.metrics[name] == pytest.approx(exact[name], rel=1e-3), name
        assert row.metrics["active_particles"] == exact["active_particles"]


@pytest.mark.slow
def test_other_processes_give_the_same_digits(swept: Swept) -> None:
    found = solved(tables(cell(), **TABLES), workers=2)
    assert [(r.member, r.status, r.metrics) for r in found.rows] == [
        (r.member, r.status, r.metrics) for r in swept.rows
    ]
    assert found.packed == swept.packed


@pytest.mark.slow
def test_a_later_sweep_of_the_cell_does_not_condense_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unspread: None
) -> None:
    """With what an earlier one has kept, and with the same digits."""
    file = write(tmp_path, f'[repeat]\nkey = "inactive.seed"\ncount = {LEAST}\n')

    def members(cache: str, out: str) -> list[list[str]]:
        runs._condensed.cache_clear()
        monkeypatch.setenv(VARIABLE, cache)
        assert main(["sweep", str(file), "--out", str(tmp_path / out), "--quiet"]) == 0
        runs._condensed.cache_clear()
        return columns_but_seconds(tmp_path / out / "members.csv")

    without = members(OFF, "without")
    assert members(str(tmp_path / "cache"), "first") == without
    assert list((tmp_path / "cache").iterdir())

    def fails(*_: Any) -> None:
        raise SolveError("condensed again")

    monkeypatch.setattr(Condensed, "on", fails)
    assert members(str(tmp_path / "cache"), "second") == without


@pytest.mark.slow
def test_processes_of_one_machine_condense_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "CHUNK", LEAST)
    asked = Sweep.from_dict(tables(cell(), repeat=seeds(2 * LEAST)))
    tasks = plan(asked).tasks
    assert len(tasks) == 2
    noted = partial(perform, store=Noted(tmp_path / "cache", tmp_path / "log"))
    with spread(noted, runs.lost, workers=2) as solve:
        found = sorted(solve(tasks), key=lambda each: each.task)
    made = (tmp_path / "log").read_text().splitlines()
    assert len(made) == len(set(made)) >= 3
    alone = solve_all(asked)
    rows = [row for each in found for row in each.rows]
    assert [(r.member, r.metrics) for r in rows] == [(r.member, r.metrics) for r in alone]


@pytest.mark.slow
def test_a_cell_that_cannot_be_condensed_is_solved_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise SolveError("no")

    runs._condensed.cache_clear()
    monkeypatch.setattr(runs.Ensemble, "of", fails)
    found = solve_all(Sweep.from_dict(tables(cell(), repeat=seeds(LEAST))))
    runs._condensed.cache_clear()
    assert [(row.member, row.status) for row in found] == [(n, DONE) for n in range(LEAST)]
    assert all("newton_iterations" in row.metrics for row in found)


@pytest.mark.slow
def test_a_cell_that_is_condensed_too_coarsely_is_solved_one_by_one(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    unspread: None,
) -> None:
    """Each member as a task of its own, so that a kill loses one; and the terminal says so."""
    monkeypatch.setattr(runs, "COARSEST", 1e-12)
    runs._condensed.cache_clear()
    file = write(tmp_path, f'[repeat]\nkey = "inactive.seed"\ncount = {LEAST}\n')
    assert main(["sweep", str(file), "--out", str(tmp_path / "out")]) == 0
    runs._condensed.cache_clear()
    assert f"{LEAST} were solved one by one" in capsys.readouterr().out
    rows = columns_but_seconds(tmp_path / "out" / "members.csv")
    assert "newton_iterations" in rows[0]
    assert len(rows) == LEAST + 1
    ready = plan(Sweep.load(file))
    assert len(ready.tasks) == 1
    finished = {0: runs.Finished(0, (), tuple(range(LEAST)), 1.0)}
    alone = ready.remaining(finished)
    assert [[n for n, _ in task.members] for task in alone] == [[n] for n in range(LEAST)]
    finished[alone[3].number] = runs.Finished(alone[3].number, ())
    assert [task.members[0][0] for task in ready.remaining(finished)] == [0, 1, 2, *range(4, LEAST)]


def test_protocols_are_members_too() -> None:
    protocol = {"kind": "protocol", "steps": [{"charge": "5 A/m^2", "until": {"time": "2 s"}}]}
    case = cell(kinetics__cathode__stoichiometry=0.6, operation=protocol)
    found = solve_all(
        Sweep.from_dict(tables(case, vary={"kinetics.cathode.stoichiometry": [0.5, 0.7]}))
    )
    assert [row.status for row in found] == [DONE, DONE]
    assert found[0].metrics["simulated_time_s"] == pytest.approx(2.0)
    assert found[0].metrics["cell_voltage_V"] > found[1].metrics["cell_voltage_V"]


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (SolveError("it does not converge", cures=["rest"]), "failed", "it does not converge; try"),
        (InputError("cannot be", cure="rest"), "refused", "cannot be; cure: rest"),
        (ZeroDivisionError("1/0"), "failed", "internal error: ZeroDivisionError: 1/0"),
    ],
)
def test_a_member_that_fails_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, error: Exception, status: str, words: str
) -> None:
    solve = runs.solve

    def sometimes(case: fem.Case) -> Any:
        if case.mesh.size > 3.5e-6:
            raise error
        return solve(case)

    monkeypatch.setattr(runs, "solve", sometimes)
    vary = {"mesh.size": ["3 um", "4 um", "3.4 um"]}
    found = solve_all(Sweep.from_dict(tables(cell(), vary=vary)))
    assert [row.status for row in found] == [DONE, status, DONE]
    assert found[1].message.startswith(words)
    assert not found[1].metrics


# --------------------------------------------------------------------------------- statistics


def test_statistics_of_five_numbers() -> None:
    """Of 1 to 5: the variance is 2.5, t of 4 degrees of freedom 2.776445."""
    found = statistics(np.array([4.0, 1.0, 5.0, 2.0, 3.0]))
    half = 2.7764451052 * math.sqrt(2.5 / 5.0)
    assert found == pytest.approx(
        {"mean": 3.0, "std": math.sqrt(2.5), "ci95_low": 3.0 - half, "ci95_high": 3.0 + half,
         "p05": 1.2, "p50": 3.0, "p95": 4.8}
    )  # fmt: skip


@pytest.mark.slow
def test_the_interval_holds_the_mean_of_normal_numbers_in_95_percent() -> None:
    """Of 4,000 samples of 5: 95 % within three standard errors, which are 1.03 %."""
    draw = np.random.default_rng(5).normal(2.0, 3.0, (4000, 5))
    found = [statistics(values) for values in draw]
    share = np.mean([each["ci95_low"] <= 2.0 <= each["ci95_high"] for each in found])
    assert abs(share - 0.95) < 0.0104


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_statistics_are_in_order(values: list[float]) -> None:
    found = statistics(np.array(values))
    assert found["ci95_low"] <= found["mean"] <= found["ci95_high"]
    assert min(values) <= found["p05"] <= found["p50"] <= found["p95"] <= max(values)


def test_too_few_members_have_no_spread() -> None:
    one, none = statistics(np.array([2.0])), statistics(np.array([]))
    assert (one["mean"], one["p50"]) == (2.0, 2.0)
    assert all(math.isnan(one[name]) for name in ("std", "ci95_low", "ci95_high"))
    assert all(math.isnan(value) for value in none.values())


def test_values_are_counted_at_their_point() -> None:
    asked = Sweep.from_dict(tables(cell(), vary={"inactive.fraction": [0.1, 0.2]}, repeat=seeds(2)))
    rows = [
        Row(0, DONE, 0.0, {"a": 1.0}), Row(1, FAILED, 0.0, {}, "no"),
        Row(2, DONE, 0.0, {"a": 3}), Row(3, DONE, 0.0, {"a": 4.0, "b": "text"}),
    ]  # fmt: skip
    assert [values.tolist() for values in at_points(asked, rows, "a")] == [[1.0], [3.0, 4.0]]
    assert [values.tolist() for values in at_points(asked, rows, "b")] == [[], []]


# -------------------------------------------------------------------------------------- files

SMALL = """
[vary]
"operation.current_density" = ["10 A/m^2", "1e9 A/m^2"]
"mesh.size" = ["3 um", "4 um", "no size"]
[report]
metrics = ["overpotential_V", "tip_over_applied", "von_mises_tip_Pa"]
"""
DEPOSIT = {"geometry__anode__protrusions": [{"x": "15 um", "depth": "3 um", "half_width": "3 um"}]}


def test_what_is_written_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], unspread: None
) -> None:
    file, out = write(tmp_path, SMALL, **DEPOSIT), tmp_path / "out"
    assert main(["sweep", str(file), "--out", str(out)]) == 1
    told = capsys.readouterr()
    assert "6 members: 2 done, 4 refused" in told.out
    assert "no member has a number von_mises_tip_Pa" in told.out
    assert told.err.startswith("4 of 6 members were not done; ")
    assert "no size" in told.err
    assert sorted(path.name for path in out.iterdir()) == [
        "members.csv", "overpotential_V.png", "sensitivity.csv", "summary.csv",
        "tip_over_applied_0.png",
    ]  # fmt: skip
    with (out / "members.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0])[:5] == [
        "member", "status", "seconds", "operation.current_density", "mesh.size",
    ]  # fmt: skip
    assert list(rows[0])[-1] == "message"
    assert [row["status"] for row in rows] == ["done", "done", *["refused"] * 4]
    exact = fem.run(cell(**DEPOSIT)).metrics
    assert float(rows[0]["overpotential_V"]) == exact["overpotential_V"]
    assert float(rows[0]["tip_over_applied[0]"]) == exact["tip_over_applied"][0]
    assert rows[2]["overpotential_V"] == ""
    with (out / "summary.csv").open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert list(lines[0]) == [
        "operation.current_density", "mesh.size", "metric", "count", "mean", "std", "ci95_low",
        "ci95_high", "p05", "p50", "p95", "p05_low", "p05_high", "p50_low", "p50_high", "p95_low",
        "p95_high", "members_mean", "members_p05", "members_p50", "members_p95",
    ]  # fmt: skip
    assert [line["count"] for line in lines] == ["1", "1", "0", "0", "0", "0"] * 2
    assert lines[0]["p50"] == rows[0]["overpotential_V"]


def test_a_sweep_without_fault_ends_with_status_0_and_quietly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], unspread: None
) -> None:
    file = write(tmp_path, '[vary]\n"mesh.size" = ["3 um", "4 um"]\n')
    words = ["sweep", str(file), "--out", str(tmp_path / "out"), "--quiet"]
    assert main(words) == 0
    assert capsys.readouterr() == ("", "")
    assert main([*words, "--resume"]) == 2
    assert "nothing to resume" in capsys.readouterr().err
    # Figures that are asked for no more are taken away.
    assert (tmp_path / "out" / "overpotential_V.png").is_file()
    file.write_text(file.read_text() + '[report]\nmetrics = ["focusing_max_over_mean"]\n')
    assert main(words) == 0
    assert sorted(path.name for path in (tmp_path / "out").glob("*.png")) == [
        "focusing_max_over_mean.png", "sensitivity.png",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--workers", "0"], "at least 1"),
        (["--workers", "many"], "at least 1"),
        (["--workers", "2", "--scheduler", "tcp://127.0.0.1:1"], "one of the two"),
        (["--resume"], "no sweep to resume"),
    ],
)
def test_wrong_options_write_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    file = write(tmp_path, '[vary]\n"mesh.size" = ["3 um"]\n')
    assert main(["sweep", str(file), "--out", str(tmp_path / "out"), *words]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_python_gives_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pandas: records."""
    import sys

    monkeypatch.setitem(sys.modules, "pandas", None)
    found = fem.sweep(tables(cell(), vary={"mesh.size": ["3 um", "bad", "4 um"]}))
    assert found.dtype.names[:4] == ("member", "status", "seconds", "mesh.size")
    assert found["status"].tolist() == ["done", "refused", "done"]
    assert found["mesh.size"].tolist() == ["3 um", "bad", "4 um"]
    exact = fem.run(cell()).metrics
    assert found["overpotential_V"][0] == exact["overpotential_V"]
    assert np.isnan(found["overpotential_V"][1])
    assert "bad" in found["message"][1]


def test_python_gives_a_data_frame() -> None:
    pandas = pytest.importorskip("pandas")
    found = fem.sweep(tables(cell(), vary={"mesh.size": ["3 um", "4 um"]}))
    assert isinstance(found, pandas.DataFrame)
    assert found["status"].tolist() == ["done", "done"]


# ------------------------------------------------------------------------------------ journal


@pytest.fixture
def ready() -> runs.Plan:
    return plan(Sweep.from_dict(tables(cell(), vary={"mesh.size": ["3 um", "4 um", "3.5 um"]})))


def started(folder: Path, ready: runs.Plan, count: int, resume: bool = False) -> list[int]:
    """Do so many tasks of those that are left, and stop; numbers of those done before."""
    with journal(folder, ready, resume) as kept:
        before = sorted(kept.finished)
        left = ready.remaining(kept.finished)
        for task in left[:count]:
            kept.add(perform(task))
        if count >= len(left):
            finish(ready, kept, folder)
    return before


@pytest.mark.parametrize("torn", [b"", b'{"task": 1, "ro'])
def test_a_stopped_sweep_goes_on(tmp_path: Path, ready: runs.Plan, torn: bytes) -> None:
    """What is done is not done again, a line that was being written is."""
    whole, folder = tmp_path / "whole", tmp_path / "stopped"
    started(whole, ready, 3)
    started(folder, ready, 1)
    with (folder / JOURNAL).open("ab") as stream:
        stream.write(torn)
    assert started(folder, ready, 1, resume=True) == [0]
    assert started(folder, ready, 0, resume=True) == [0, 1]
    assert started(folder, ready, 9, resume=True) == [0, 1]
    for name in ("members.csv", "summary.csv"):
        one, other = (
            columns_but_seconds(f / name) if name == "members.csv" else (f / name).read_text()
            for f in (whole, folder)
        )
        assert one == other
    assert not (folder / JOURNAL).exists()


def test_a_sweep_that_was_stopped_before_its_first_line_begins(
    tmp_path: Path, ready: runs.Plan
) -> None:
    tmp_path.joinpath(JOURNAL).write_bytes(b'{"swe')
    assert started(tmp_path, ready, 9, resume=True) == []
    assert (tmp_path / "members.csv").is_file()


def test_an_unfinished_sweep_is_not_written_over(tmp_path: Path, ready: runs.Plan) -> None:
    started(tmp_path, ready, 1)
    before = (tmp_path / JOURNAL).read_bytes()
    with pytest.raises(InputError, match="unfinished sweep") as raised:
        check_folder(tmp_path, ready, resume=False)
    assert "--resume" in str(raised.value)
    other = plan(Sweep.from_dict(tables(cell(), vary={"mesh.size": ["3 um", "4 um"]})))
    with pytest.raises(InputError, match="another one"):
        check_folder(tmp_path, other, resume=True)
    assert (tmp_path / JOURNAL).read_bytes() == before


def test_files_of_somebody_else_are_left_alone(tmp_path: Path, ready: runs.Plan) -> None:
    (tmp_path / "thesis.tex").write_text("all of it")
    with pytest.raises(InputError, match="holds other files"):
        check_folder(tmp_path, ready, resume=False)


def test_a_full_disk_says_how_to_go_on(
    tmp_path: Path, ready: runs.Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import os

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with journal(tmp_path, ready, False) as kept:
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(FemError, match="--resume"):
            kept.add(perform(ready.tasks[0]))
    monkeypatch.undo()
    assert started(tmp_path, ready, 9, resume=True) in ([], [0])


def test_every_number_of_the_journal_reads_back_exactly(tmp_path: Path, ready: runs.Plan) -> None:
    found = perform(ready.tasks[0])
    with journal(tmp_path, ready, False) as kept:
        kept.add(found)
    line = json.loads((tmp_path / JOURNAL).read_text().splitlines()[1])
    assert line["rows"][0]["metrics"] == found.rows[0].metrics
