"""However a run in time ends, it goes on from there; and which folders it takes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recorded_runs import SNAPSHOT, Run, finish, full, quicken, short_case, short_run, stop, tree

import fem
from fem.errors import FemError, InputError
from fem.output import recorder as recorder_module
from fem.output import recording
from fem.output.history import read_history
from fem.output.run import FILES, OWNED, check_folder
from fem.runs.simulation import simulate


@pytest.fixture(scope="module")
def case() -> fem.Case:
    return short_case()


@pytest.fixture(scope="module")
def run(case: fem.Case) -> Run:
    return short_run(case)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quicken(monkeypatch)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "run"


@pytest.fixture(scope="module")
def whole(case: fem.Case, run: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a run that was never interrupted."""
    place = tmp_path_factory.mktemp("whole") / "run"
    with pytest.MonkeyPatch.context() as patch:
        quicken(patch)
        finish(place, case, run)
    return tree(place)


# -------------------------------------------------------------------------------- interrupted


@pytest.mark.parametrize("count", [1, 2, 7, -1])
def test_resumed_it_leaves_the_same_files(
    folder: Path,
    whole: dict[str, bytes],
    case: fem.Case,
    run: Run,
    count: int,
) -> None:
    steps = run[0][: count if count > 0 else len(run[0])]
    stop(folder, case, steps)
    before = (folder / "history.csv").read_bytes()
    finish(folder, case, run)
    assert tree(folder) == whole
    assert (folder / "history.csv").read_bytes().startswith(before)


def test_simulation_goes_on_bit_by_bit(folder: Path, case: fem.Case, run: Run) -> None:
    steps, result = run
    stop(folder, case, steps[:9])
    with recording(folder, case, resume=True) as recorder:
        assert recorder.checkpoint is not None
        assert recorder.checkpoint.number == recorder.steps == 8
        assert recorder.time == steps[8].row["Test Time / s"]
        again = simulate(case, observers=[recorder], resume=recorder.checkpoint)
        again = recorder.finish(again)
    assert again.history is not None
    assert result.history is not None
    for name, values in result.history.columns.items():
        assert np.array_equal(again.history[name], values, equal_nan=True), name
    for name, values in result.fields.items():
        assert np.array_equal(again.fields[name], values, equal_nan=True), name
    assert again.history.events == result.history.events


def test_damaged_checkpoints_fall_back(
    folder: Path, whole: dict[str, bytes], case: fem.Case, run: Run
) -> None:
    stop(folder, case, run[0][:10])
    for number in (8, 9):
        (folder / "checkpoints" / f"{number:06d}.ckpt").write_bytes(b"nothing")
    with recording(folder, case, resume=True) as recorder:
        assert recorder.steps == 7
        assert recorder.checkpoint is not None
        assert len(recorder.checkpoint.damaged) == 2
        assert len(read_history(folder / "history.csv")) == 8
    finish(folder, case, run)
    assert tree(folder) == whole


def test_half_a_row_and_what_a_kill_leaves_are_taken_away(
    folder: Path, whole: dict[str, bytes], case: fem.Case, run: Run
) -> None:
    stop(folder, case, run[0][:6])
    with (folder / "history.csv").open("ab") as stream:
        stream.write(b"0.123,3.")
    for place in ("", "series", "checkpoints"):
        left = folder / place / ".fem-abc"
        left.mkdir()
        (left / "x.npz").write_bytes(b"half")
    (folder / ".fem-lock").write_bytes(b"")
    (folder / "series" / "000099.npz").write_bytes(b"of a step that is forgotten")
    finish(folder, case, run)
    assert tree(folder) == whole


@pytest.mark.parametrize("how", ["changed", "gone"])
def test_a_history_that_does_not_belong_is_refused(
    folder: Path, case: fem.Case, run: Run, how: str
) -> None:
    stop(folder, case, run[0][:6])
    history = folder / "history.csv"
    if how == "gone":
        history.unlink()
    else:
        history.write_bytes(history.read_bytes().replace(b"3.", b"4.", 1))
    before = tree(folder)
    with pytest.raises(InputError, match=r"history\.csv is not as it was left") as caught:
        finish(folder, case, run)
    assert caught.value.cure
    assert tree(folder) == before


def test_checkpoints_that_were_emptied_are_refused(folder: Path, case: fem.Case, run: Run) -> None:
    """The run was begun, so that to begin again in its folder would lose what it had."""
    stop(folder, case, run[0][:6])
    for path in (folder / "checkpoints").iterdir():
        path.unlink()
    before = tree(folder)
    with pytest.raises(InputError, match="checkpoints of this run are gone") as caught:
        finish(folder, case, run)
    assert caught.value.cure
    assert tree(folder) == before


@pytest.mark.parametrize("what", ["series", "a frame"])
def test_frames_that_are_gone_are_told(folder: Path, case: fem.Case, run: Run, what: str) -> None:
    """Also when it is resumed again; the run itself goes on."""
    stop(folder, case, run[0][:6])
    frames = sorted(int(path.stem) for path in (folder / "series").glob("*.npz"))
    for path in list((folder / "series").glob("*" if what == "series" else f"{frames[0]:06d}.*")):
        path.unlink()
    if what == "series":
        (folder / "series").rmdir()
    lost = tuple(frames if what == "series" else frames[:1])
    with recording(folder, case, resume=True) as recorder:
        assert recorder.checkpoint is not None
        assert recorder.checkpoint.missing == lost
        recorder(run[0][6])
    result = finish(folder, case, run)
    (note,) = (note for note in result.notes if "no longer there" in note)
    assert note.startswith("Warning: ") and "000000.npz first" in note
    assert len(result.history) == len(run[0])


def test_another_case_is_refused(folder: Path, case: fem.Case, run: Run) -> None:
    stop(folder, case, run[0][:6])
    before = tree(folder)
    other = case.replace({"kinetics.cathode.exchange_current_density": "3 A/m^2"})
    with (
        pytest.raises(InputError, match="of another case"),
        recording(folder, other, resume=True),
    ):
        pass
    assert tree(folder) == before


# -------------------------------------------------------------------------- which folders it takes


def test_an_earlier_run_goes_when_the_new_one_is_safe(
    folder: Path, case: fem.Case, run: Run
) -> None:
    snapshot = fem.run(fem.Case.load(SNAPSHOT, {"mechanics.enabled": False}))
    fem.save(snapshot, folder)
    (folder / "flux.png").write_bytes(b"of the earlier run")
    (folder / "notes.md").write_text("mine")
    before = tree(folder)
    with recording(folder, case) as recorder:
        assert tree(folder) == before
        recorder(run[0][0])
        names = {name.partition(os.sep)[0] for name in tree(folder)}
        assert names == {"notes.md", "history.csv", "fields.pvd", "series", "checkpoints"}
    finish(folder, case, run)
    fem.save(snapshot, folder)
    assert {*tree(folder)} == {"notes.md", *(n for n in FILES if n in before and "png" not in n)}


def test_an_earlier_run_stays_if_the_new_one_cannot_begin(
    folder: Path, case: fem.Case, run: Run, monkeypatch: Any
) -> None:
    finish(folder, case, run)
    before = tree(folder)
    monkeypatch.setattr("fem.output.recorder.write_checkpoint", full)
    with recording(folder, case) as recorder, pytest.raises(FemError, match="No space left"):
        recorder(run[0][0])
    assert tree(folder) == before
    with recording(folder, case):
        pass
    assert tree(folder) == before


def test_nothing_is_left_of_a_run_that_did_not_begin(folder: Path, case: fem.Case) -> None:
    with recording(folder, case):
        assert folder.is_dir()
    assert not folder.parent.exists()


def test_an_unfinished_run_is_only_resumed(folder: Path, case: fem.Case, run: Run) -> None:
    stop(folder, case, run[0][:4])
    before = tree(folder)
    with pytest.raises(InputError, match="unfinished") as caught, recording(folder, case):
        pass
    assert "--resume" in str(caught.value.cure)
    with pytest.raises(InputError, match="unfinished"):
        fem.save(run[1], folder)
    assert tree(folder) == before


@pytest.mark.parametrize(
    ("what", "words"),
    [("nothing", "no run to resume"), ("empty", "no run to resume"), ("finished", "is finished"),
     ("other", "no run to resume")],
)  # fmt: skip
def test_nothing_to_resume(folder: Path, case: fem.Case, run: Run, what: str, words: str) -> None:
    if what == "finished":
        finish(folder, case, run)
    elif what != "nothing":
        folder.mkdir(parents=True)
    if what == "other":
        (folder / "thesis.tex").write_text("years of work")
    before = tree(folder)
    with pytest.raises(InputError, match=words) as caught:
        check_folder(folder, case, resume=True)
    assert caught.value.given == "--resume"
    assert caught.value.cure
    assert tree(folder) == before


def test_a_kill_between_the_files_and_the_end_of_the_checkpoints_is_no_harm(
    folder: Path, case: fem.Case, run: Run
) -> None:
    finish(folder, case, run)
    (folder / "checkpoints").mkdir()
    with pytest.raises(InputError, match="is finished"):
        check_folder(folder, case, resume=True)
    stop(folder, case, run[0][:2])
    assert not (folder / "metrics.json").exists()


def test_a_kill_while_the_first_state_moves_in_begins_anew(
    folder: Path, case: fem.Case, run: Run
) -> None:
    """Only its checkpoint came in, beside the history of the run before."""
    finish(folder, case, run)
    before = tree(folder)
    stop(folder.with_name("other"), case, run[0][:1])
    os.replace(folder.with_name("other") / "checkpoints", folder / "checkpoints")
    (folder / "metrics.json").unlink()
    (folder / "history.csv").write_bytes(b"of the run before")
    finish(folder, case, run)
    assert tree(folder) == before


def test_steps_have_to_follow(folder: Path, case: fem.Case, run: Run) -> None:
    with recording(folder, case) as recorder:
        recorder(run[0][0])
        with pytest.raises(ValueError, match="step 2 cannot follow step 0"):
            recorder(run[0][2])


# ------------------------------------------------------------------------------------- two runs


@pytest.fixture
def holder(folder: Path, case: fem.Case) -> Iterator[subprocess.Popen[str]]:
    """Another process that has begun a run in the folder."""
    code = (
        "import sys; from pathlib import Path; from fem.output.lock import locked\n"
        "with locked(Path(sys.argv[1])):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        env={**os.environ, "PYTHONPATH": str(Path(fem.__file__).parents[1])},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_two_runs_in_one_folder(
    folder: Path, case: fem.Case, holder: subprocess.Popen[str]
) -> None:
    with pytest.raises(InputError, match="another run") as caught, recording(folder, case):
        pass
    assert caught.value.cure
    assert (folder / ".fem-lock").exists()
    holder.kill()
    holder.wait()
    assert (folder / ".fem-lock").exists()  # what a kill leaves behind blocks nobody
    with recording(folder, case):
        pass


def test_a_run_that_began_while_waiting_for_the_folder(
    folder: Path, case: fem.Case, run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    locked = recorder_module.locked

    @contextmanager
    def late(place: Path) -> Iterator[None]:
        monkeypatch.undo()
        quicken(monkeypatch)
        stop(folder, case, run[0][:2])
        with locked(place):
            yield

    monkeypatch.setattr(recorder_module, "locked", late)
    with pytest.raises(InputError, match="unfinished"), recording(folder, case):
        pass


# ------------------------------------------------------------------------------------- full disk


@pytest.mark.parametrize(
    "place",
    ["fem.output.recorder.write_checkpoint", "fem.output.history.os.fsync",
     "fem.output.vtk.write_fields", "fem.output.recorder.write_all"],
)  # fmt: skip
def test_a_full_disk_at_any_file_can_be_resumed(
    folder: Path, whole: dict[str, bytes], case: fem.Case, run: Run,
    monkeypatch: pytest.MonkeyPatch, place: str,
) -> None:  # fmt: skip
    stop(folder, case, run[0][:5])
    with monkeypatch.context() as patch:
        patch.setattr(place, full)
        with pytest.raises(FemError, match="No space left on device") as caught:
            finish(folder, case, run)
    text = str(caught.value)
    assert "--resume" in text
    assert "is on the disk" in text
    assert str(folder) in text
    finish(folder, case, run)
    assert tree(folder) == whole


def test_owned_names_are_all_that_is_ever_written(folder: Path, case: fem.Case, run: Run) -> None:
    stop(folder, case, run[0][:5])
    during = {p.name for p in folder.iterdir()}
    finish(folder, case, run)
    assert during | {p.name for p in folder.iterdir()} <= set(OWNED)
