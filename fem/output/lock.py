"""One run at a time in a folder."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fem.errors import InputError
from fem.output.folder import HIDDEN

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

NAME = HIDDEN + "lock"
"""The file that is locked; hidden files do not count as content of a folder."""
PAUSE = 0.05
"""Seconds between two looks at a file that another process holds."""
_TAKEN = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder, which is made if need be; if nothing was put into it, it goes again.

    The system lets go of the lock when the process ends, however it ends: a file that was left
    behind blocks nobody. On file systems that know no locks nothing is held.

    Raises
    ------
    InputError
        If another process holds the folder.
    """
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with _let_go(folder / NAME, _taken(folder / NAME)):
            yield
    finally:
        with suppress(OSError):
            for each in made:
                each.rmdir()


@contextmanager
def held(path: Path, patience: float) -> Iterator[None]:
    """Hold the file `path` alone: wait for whoever does, `patience` seconds at most.

    As for `locked`, a process that ends lets go of it. The file is gone afterwards.

    Raises
    ------
    OSError
        If the file cannot be made, or was not had in time.
    """
    until = time.monotonic() + patience
    while True:
        try:
            place = _taken(path)
            break
        except InputError:
            if time.monotonic() > until:
                raise TimeoutError(errno.ETIMEDOUT, "held by another process", str(path)) from None
            time.sleep(PAUSE)
    with _let_go(path, place):
        yield


@contextmanager
def _let_go(path: Path, place: int) -> Iterator[None]:
    """Let go of a file that was taken, and take it away."""
    try:
        yield
    finally:
        if os.name == "nt":  # which does not take away the name of an open file
            os.close(place)
        with suppress(OSError):
            path.unlink(missing_ok=True)
        if os.name != "nt":
            os.close(place)


def _taken(path: Path) -> int:
    """The open and locked file `path`."""
    while True:
        place = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(place)
            # Whoever held it before may have taken the file away between the two calls.
            if path.exists() and os.path.samestat(os.fstat(place), path.stat()):
                return place
        except OSError as error:
            os.close(place)
            if error.errno not in _TAKEN:
                raise
            raise InputError(
                "another run is writing into this folder",
                file=str(path.parent),
                cure="wait for it, or give another folder with --out",
            ) from None
        os.close(place)


def _lock(place: int) -> None:
    if sys.platform == "win32":
        msvcrt.locking(place, msvcrt.LK_NBLCK, 1)
        return
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _TAKEN:
            raise
