"""A folder of results: written whole or not at all, and never over files of somebody else."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fem.errors import FemError, InputError

MARK = "metrics.json"
"""The file by which a folder is known to hold an earlier run."""


def require_free(folder: Path, owned: Iterable[str], inputs: Iterable[Path] = ()) -> None:
    """Refuse a folder that a run may not or cannot write into; leaves no trace.

    A run may write into a folder that does not exist, is empty, or holds an earlier run.

    Parameters
    ----------
    owned
        Names of the files that a run writes, or takes away if it no longer makes them.
    inputs
        Files that must not be overwritten.
    """
    require_writable(folder)
    try:
        _require_ours(folder, set(owned), inputs)
    except OSError as error:
        raise _closed(folder, error) from None


def require_writable(folder: Path) -> None:
    """Refuse a folder, which need not exist yet, in which no file can be made; leaves no trace."""
    try:
        with tempfile.TemporaryDirectory(prefix=".fem-", dir=_base(folder)):
            pass
    except OSError as error:
        raise _closed(folder, error) from None


def _closed(folder: Path, error: OSError) -> InputError:
    if isinstance(error, NotADirectoryError):
        return InputError("a file, not a folder", file=str(folder), cure="give a folder with --out")
    return InputError(
        f"cannot be written to: {error.strerror or error}",
        file=str(folder),
        cure="give another folder with --out, or change its permissions",
    )


def _require_ours(folder: Path, owned: set[str], inputs: Iterable[Path]) -> None:
    place = str(folder)
    if folder.is_dir():
        names = {entry.name for entry in folder.iterdir() if not entry.name.startswith(".")}
        if names and MARK not in names:
            raise InputError(
                f"this folder holds other files ({_some(names)}) and no earlier run",
                file=place,
                allowed="a new folder, an empty one, or that of an earlier run",
                cure="give another folder with --out",
            )
        blocked = {name for name in owned & names if (folder / name).is_dir()}
        if blocked:
            raise InputError(
                f"folders stand where a run writes files ({_some(blocked)})",
                file=place,
                cure="rename them, or give another folder with --out",
            )
    written = {os.path.realpath(folder / name) for name in owned}
    for path in inputs:
        if os.path.realpath(path) in written:
            raise InputError(
                f"the run would overwrite {path.name}, which it reads as input",
                file=place,
                cure="give another folder with --out",
            )


@contextmanager
def replacing(folder: Path, owned: Iterable[str]) -> Iterator[Path]:
    """A scratch folder whose files, once the block has ended well, move into `folder` together.

    Files of `owned` that were not made anew are taken away. If anything fails, `folder` is as it
    was, and the scratch folder is gone.

    Raises
    ------
    FemError
        If the files cannot be written: the disk is full, a file is in use.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".fem-", dir=_base(folder)) as hidden:
            new = Path(hidden) / "new"  # the hidden folder itself is private to its owner
            new.mkdir()
            yield new
            if folder.exists():
                names = {*owned, *(entry.name for entry in new.iterdir())}
                _exchange(new, folder, Path(hidden) / "old", sorted(names))
            else:
                folder.parent.mkdir(parents=True, exist_ok=True)
                new.rename(folder)
    except OSError as error:
        raise _unwritten(folder, error) from error


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path beside `path`, of the same ending, whose file becomes `path` if the block ends well.

    Raises
    ------
    FemError
        If the file cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".fem-", dir=path.parent) as hidden:
            new = Path(hidden) / path.name
            yield new
            os.replace(new, path)
    except OSError as error:
        raise _unwritten(path, error) from error


def _unwritten(place: Path, error: OSError) -> FemError:
    return FemError(
        f"{place}: cannot be written: {error.strerror or error}\n"
        "  nothing there was changed\n"
        "  cure:    make room, or give another place with --out"
    )


def _exchange(new: Path, folder: Path, old: Path, names: list[str]) -> None:
    """Move the files `names` of `folder` to `old`, and those of `new` to `folder`."""
    old.mkdir()
    moved: list[tuple[Path, Path]] = []
    try:
        for name in names:
            for source, goal in ((folder / name, old / name), (new / name, folder / name)):
                if source.exists():
                    os.replace(source, goal)
                    moved.append((source, goal))
    except BaseException:
        for source, goal in reversed(moved):
            os.replace(goal, source)
        raise


def _base(folder: Path) -> Path:
    """The folder itself or, until it is made, the nearest one above it: the same file system."""
    return next(place for place in (folder, *folder.absolute().parents) if os.path.lexists(place))


def _some(names: Iterable[str]) -> str:
    first, *rest = sorted(names)
    return first + (f" and {len(rest)} more" if rest else "")
