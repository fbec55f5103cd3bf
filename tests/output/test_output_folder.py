"""A folder is written whole or not at all, and files of somebody else stay as they are."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fem
from fem.errors import FemError, InputError
from fem.output import folder as folders
from fem.output import run as output
from fem.output.folder import replacing, require_free, whole
from fem.results.result import Result

CASE = Path(__file__).with_name("small_case.toml")
OWNED = ("a.txt", "b.txt", "metrics.json")


def tree(path: Path) -> dict[str, bytes | None]:
    """Everything below `path` with its content."""
    return {
        str(p.relative_to(path)): p.read_bytes() if p.is_file() else None for p in path.rglob("*")
    }


def fill(folder: Path, text: str, names: tuple[str, ...] = OWNED) -> None:
    with replacing(folder, OWNED) as new:
        for name in names:
            (new / name).write_text(text)


@pytest.fixture(scope="module")
def result() -> Result:
    return fem.run(fem.Case.load(CASE, {"mechanics.enabled": False}))


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "_draw", lambda result, folder: None)


@pytest.mark.parametrize("exists", [False, True])
def test_files_appear_together(tmp_path: Path, exists: bool) -> None:
    folder = tmp_path / "x" / "y"
    if exists:
        folder.mkdir(parents=True)
    with replacing(folder, OWNED) as new:
        (new / "a.txt").write_text("one")
        assert not (folder / "a.txt").exists()
    assert tree(folder) == {"a.txt": b"one"}


def test_stale_files_go_and_other_files_stay(tmp_path: Path) -> None:
    fill(tmp_path, "one")
    (tmp_path / "notes.md").write_text("mine")
    fill(tmp_path, "two", ("metrics.json",))
    assert tree(tmp_path) == {"metrics.json": b"two", "notes.md": b"mine"}


@pytest.mark.parametrize("earlier", [False, True])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_failure_while_writing_changes_nothing(
    tmp_path: Path, earlier: bool, error: BaseException
) -> None:
    folder = tmp_path / "deep" / "run"
    if earlier:
        fill(folder, "one")
    before = tree(tmp_path)
    with (
        pytest.raises(FemError if isinstance(error, OSError) else KeyboardInterrupt) as caught,
        replacing(folder, OWNED) as new,
    ):
        (new / "a.txt").write_text("half")
        raise error
    assert tree(tmp_path) == before
    if isinstance(error, OSError):
        assert "No space left" in str(caught.value)
        assert str(folder) in str(caught.value)


@pytest.mark.parametrize("fails_at", range(1, 6))
def test_failure_while_moving_restores_the_earlier_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    """Five moves: a.txt away and in, b.txt away (it is not made again), metrics.json both ways."""
    fill(tmp_path, "one")
    before, count, move = tree(tmp_path), 0, os.replace

    def flaky(source: Path, goal: Path) -> None:
        nonlocal count
        count += 1
        if count == fails_at:
            raise PermissionError(errno.EACCES, "in use")
        move(source, goal)

    monkeypatch.setattr(folders.os, "replace", flaky)
    with pytest.raises(FemError, match="in use"):
        fill(tmp_path, "two", ("a.txt", "metrics.json"))
    monkeypatch.undo()
    assert tree(tmp_path) == before
    assert count >= fails_at


@pytest.mark.parametrize(
    ("made", "order"),
    [
        # A new run over a finished one: its checkpoint is in before the mark of the other goes.
        (("checkpoints", "a.txt"), ["checkpoints", "metrics.json", "a.txt", "a.txt"]),
        # The end of a run: the mark comes in when everything is there.
        (("z.txt", "metrics.json", "a.txt"),
         ["a.txt", "a.txt", "z.txt", "metrics.json", "metrics.json"]),
    ],
)  # fmt: skip
def test_files_move_in_an_order_that_may_stop_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: tuple[str, ...], order: list[str]
) -> None:
    fill(tmp_path, "one", ("a.txt", "metrics.json"))
    moved, move = [], os.replace

    def follow(source: Path, goal: Path) -> None:
        moved.append(source.name)
        move(source, goal)

    monkeypatch.setattr(folders.os, "replace", follow)
    fill(tmp_path, "two", made)
    assert moved == order


def test_one_file_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "mesh.vtu"
    path.write_text("old")
    with pytest.raises(FemError, match="full"), whole(path) as new:
        new.write_text("half")
        raise OSError(errno.ENOSPC, "full")
    assert tree(tmp_path) == {"mesh.vtu": b"old"}
    with whole(path) as new:
        assert new.suffix == ".vtu"
        new.write_text("new")
    assert tree(tmp_path) == {"mesh.vtu": b"new"}


def prepare_other_files(folder: Path) -> None:
    (folder / "thesis.tex").write_text("years of work")


def prepare_folder_in_the_way(folder: Path) -> None:
    (folder / "metrics.json").write_text("{}")
    (folder / "a.txt").mkdir()


@pytest.mark.parametrize(
    ("prepare", "words"),
    [(prepare_other_files, "thesis.tex"), (prepare_folder_in_the_way, "a.txt")],
)
def test_refused_folders(tmp_path: Path, prepare: Callable[[Path], Any], words: str) -> None:
    prepare(tmp_path)
    before = tree(tmp_path)
    with pytest.raises(InputError, match=words) as caught:
        require_free(tmp_path, OWNED)
    assert caught.value.file == str(tmp_path)
    assert caught.value.cure
    assert tree(tmp_path) == before


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(InputError, match="not a folder"):
        require_free(tmp_path / "x", OWNED)
    with pytest.raises(InputError, match="not a folder"):
        require_free(tmp_path / "x" / "y", OWNED)


def test_a_folder_that_cannot_be_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(folders.tempfile, "TemporaryDirectory", refuse)
    with pytest.raises(InputError, match="Permission denied"):
        require_free(tmp_path / "x", OWNED)


def test_hidden_files_do_not_count(tmp_path: Path) -> None:
    (tmp_path / ".gitkeep").write_text("")
    require_free(tmp_path, OWNED)


def test_input_of_the_run_is_never_overwritten(tmp_path: Path) -> None:
    fill(tmp_path, "one")
    require_free(tmp_path, OWNED, [tmp_path / "c.txt"])
    with pytest.raises(InputError, match=r"b\.txt"):
        require_free(tmp_path, OWNED, [tmp_path / ".." / tmp_path.name / "b.txt"])


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    "writer", ["write_metrics", "write_anode", "write_particles", "write_result", "_draw"]
)
def test_full_disk_at_any_file_leaves_the_earlier_run(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writer: str
) -> None:
    fem.save(result, tmp_path / "run")
    before = tree(tmp_path)

    def full(*arguments: Any) -> None:
        for path in arguments:
            if isinstance(path, Path) and path.suffix:
                path.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(output, writer, full)
    with pytest.raises(FemError, match="No space left"):
        fem.save(result, tmp_path / "run")
    with pytest.raises(FemError, match="No space left"):
        fem.save(result, tmp_path / "other" / "run")
    assert tree(tmp_path) == before


@pytest.mark.usefixtures("undrawn")
def test_save_takes_away_figures_of_an_earlier_run(result: Result, tmp_path: Path) -> None:
    fem.save(result, tmp_path)
    (tmp_path / "von_mises.png").write_bytes(b"of a run with mechanics")
    fem.save(result, tmp_path)
    assert not (tmp_path / "von_mises.png").exists()


@pytest.mark.usefixtures("undrawn")
def test_save_refuses_the_case_file_as_output(tmp_path: Path) -> None:
    case = tmp_path / "case.toml"
    case.write_text(CASE.read_text() + "\n# a comment that to_toml would lose\n")
    (tmp_path / "metrics.json").write_text("{}")
    before = tree(tmp_path)
    solved = fem.run(fem.Case.load(case, {"mechanics.enabled": False}))
    with pytest.raises(InputError, match="reads as input"):
        fem.save(solved, tmp_path)
    assert tree(tmp_path) == before
