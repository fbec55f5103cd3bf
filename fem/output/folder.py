"""A folder of results: written whole or not at all, and never over files of somebody else."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fem.errors import FemError, InputError

MARK = "metrics.json"
"""The file by which a folder is known to hold a finished run."""
CHECKPOINTS = "checkpoints"
"""The folder by which a folder is known to hold an unfinished run in time."""
FOLDERS = frozenset({CHECKPOINTS, "series"})
"""What a run writes that is a folder; all else are files."""
HIDDEN = ".fem-"
"""How the names of scratch folders begin."""


def unfinished(folder: Path) -> bool:
    """Whether a folder holds a run in time that did not come to its end."""
    return (folder / CHECKPOINTS).is_dir() and not (folder / MARK).exists()


def require_free(
    folder: Path,
    owned: Iterable[str],
    inputs: Iterable[Path] = (),
    resume: bool = False,
    also: str = MARK,
) -> None:
    """Refuse a folder that a run may not or cannot write into; leaves no trace.

    A new run may write into a folder that does not exist, is empty, or holds a finished run; a
    run that is resumed needs one that holds an unfinished run.

    Parameters
    ----------
    owned
        Names of what a run writes, or takes away if it no longer makes it.
    inputs
        Files that must not be overwritten.
    resume
        Whether an unfinished run is to go on.
    also
        A file by which a folder may be known as one to write into, besides `MARK`.
    """
    require_writable(folder)
    try:
        if resume:
            _require_unfinished(folder)
        _require_ours(folder, set(owned), inputs, resume, {MARK, also})
    except OSError as error:
        raise _closed(folder, error) from None


def require_writable(folder: Path) -> None:
    """Refuse a folder, which need not exist yet, in which no file can be made; leaves no trace."""
    try:
        with tempfile.TemporaryDirectory(prefix=HIDDEN, dir=_base(folder)):
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


def _require_unfinished(folder: Path) -> None:
    if unfinished(folder):
        return
    if (folder / MARK).exists():
        raise InputError(
            "the run in this folder is finished: there is nothing to resume",
            file=str(folder),
            given="--resume",
            cure="leave --resume out to run it anew",
        )
    raise InputError(
        "no run to resume: there are no checkpoints in this folder",
        file=str(folder),
        given="--resume",
        cure="leave --resume out, or give the folder of the unfinished run with --out",
    )


def _require_ours(
    folder: Path, owned: set[str], inputs: Iterable[Path], resume: bool, marks: set[str]
) -> None:
    place = str(folder)
    if folder.is_dir() and unfinished(folder):
        if not resume:
            raise InputError(
                "this folder holds an unfinished run",
                file=place,
                cure="go on with it by --resume, or give another folder with --out",
            )
    elif folder.is_dir():
        names = {entry.name for entry in folder.iterdir() if not entry.name.startswith(".")}
        if names and not marks & names:
            raise InputError(
                f"this folder holds other files ({_some(names)}) and no earlier run",
                file=place,
                allowed="a new folder, an empty one, or that of an earlier run",
                cure="give another folder with --out",
            )
        blocked = {n for n in owned & names if (folder / n).is_dir() != (n in FOLDERS)}
        if blocked:
            raise InputError(
                f"folders stand where a run writes files, or the reverse ({_some(blocked)})",
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
        with tempfile.TemporaryDirectory(prefix=HIDDEN, dir=_base(folder)) as hidden:
            new = Path(hidden) / "new"  # the hidden folder itself is private to its owner
            new.mkdir()
            yield new
            if folder.exists():
                names = {*owned, *(entry.name for entry in new.iterdir())}
                _exchange(new, folder, Path(hidden) / "old", _ordered(names, new))
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
        with safely(path) as new:
            yield new
    except OSError as error:
        raise _unwritten(path, error) from error


@contextmanager
def safely(path: Path) -> Iterator[Path]:
    """As `whole`, for a caller who sees to errors himself: they stay as they are.

    The file is on the disk before it gets its name. If the machine stops at any moment, `path`
    holds all that is new or all that was there before.
    """
    with tempfile.TemporaryDirectory(prefix=HIDDEN, dir=path.parent) as hidden:
        new = Path(hidden) / path.name
        yield new
        settle(new)
        os.replace(new, path)
    settle(path.parent)


def settle(path: Path) -> None:
    """Have a file, or the names in a folder, reach the disk and not merely its cache."""
    if not path.is_dir():
        with path.open("rb+") as stream:
            os.fsync(stream.fileno())
    elif os.name != "nt":  # where folders cannot be opened, and renaming waits by itself
        place = os.open(path, os.O_RDONLY)
        try:
            with suppress(OSError):  # some network file systems know no such thing
                os.fsync(place)
        finally:
            os.close(place)


def settle_all(folder: Path) -> None:
    """Have everything below a folder reach the disk."""
    for path in (*folder.rglob("*"), folder):
        settle(path)


def _unwritten(place: Path, error: OSError) -> FemError:
    return FemError(
        f"{place}: cannot be written: {error.strerror or error}\n"
        "  nothing there was changed\n"
        "  cure:    make room, or give another place with --out"
    )


def _ordered(names: Iterable[str], new: Path) -> list[str]:
    """The order in which an exchange that stops midway leaves a folder that is understood.

    The mark of a finished run comes last. Before that of an earlier run goes, the checkpoints of
    the new one are there.
    """
    mark = 3 if (new / MARK).exists() else 1
    return sorted(names, key=lambda name: ({CHECKPOINTS: 0, MARK: mark}.get(name, 2), name))


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
