"""What took long to make, on the disk of a user, for other processes and for later.

A folder of files that are named by the hash of a key. All of it may be taken away at any time: what
is not there, damaged or foreign is made again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fem.output.folder import HIDDEN, safely
from fem.output.lock import held
from fem.output.sealed import opened, sealed
from fem.runs.kept import Arrays

VARIABLE = "ASSB_FEM_CACHE"
"""Environment variable with the folder, or `OFF`."""
OFF = "off"
FORMAT = b"assb-fem cache 1\n"
SUFFIX = ".kept"
MOST_BYTES = 2 * 1024**3
PATIENCE = 600.0
"""Seconds for which another process that makes the same is waited for."""
STALE = 86_400.0
"""Age in s of what a process that was killed may have left behind."""
_KEY = "key"
_ARRAY = "array."


def folder_of_user() -> Path | None:
    """Where entries are kept, by the environment and the custom of the system; `None` for nowhere.

    A relative path in `VARIABLE` counts from the current folder.
    """
    named = os.environ.get(VARIABLE, "").strip()
    if named:
        return None if named.lower() == OFF else Path(named).absolute()
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        base, usual = os.environ.get("LOCALAPPDATA", ""), home / "AppData" / "Local"
    elif sys.platform == "darwin":
        base, usual = "", home / "Library" / "Caches"
    else:
        base, usual = os.environ.get("XDG_CACHE_HOME", ""), home / ".cache"
    # By its standard, a path there that is not absolute does not count.
    return (Path(base) if os.path.isabs(base) else usual) / "assb-fem"


@dataclass(frozen=True)
class Cache:
    """A `fem.runs.kept.Store` in a folder.

    It never fails: where the folder cannot be used, all is made.

    Attributes
    ----------
    folder
        `None` for that of the user, as the process that uses it finds it.
    most_bytes
        Size beyond which the entries go that were not used for longest.
    """

    folder: Path | None = None
    most_bytes: int = MOST_BYTES

    def kept(self, key: str, make: Callable[[], Arrays]) -> Arrays:
        """The arrays of a key, made unless they are there; by one process at a time."""
        folder = folder_of_user() if self.folder is None else self.folder
        if folder is None:
            return make()
        path = folder / (hashlib.sha256(key.encode()).hexdigest() + SUFFIX)
        found = _read(path, key)
        if found is not None:
            return found
        with ExitStack() as stack:
            # Whoever cannot wait, or cannot write, still finds what he asked for.
            with suppress(OSError):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                stack.enter_context(held(path.with_suffix(".lock"), PATIENCE))
            found = _read(path, key)  # another process may have made it meanwhile
            if found is None:
                found = make()
                with suppress(OSError):
                    _write(path, key, found)
                    _bound(folder, self.most_bytes, path)
        return found


def _write(path: Path, key: str, arrays: Arrays) -> None:
    members = {_ARRAY + name: np.asarray(values) for name, values in arrays.items()}
    members[_KEY] = np.frombuffer(key.encode(), dtype=np.uint8)
    with safely(path) as new:
        new.write_bytes(sealed(FORMAT, members))


def _read(path: Path, key: str) -> Arrays | None:
    """The arrays of an entry; `None` if there is none that is whole and of this key."""
    try:
        members = opened(FORMAT, path.read_bytes())
    except (OSError, ValueError):
        return None
    if _KEY not in members or members.pop(_KEY).tobytes() != key.encode():
        return None
    with suppress(OSError):
        os.utime(path)
    return {name.removeprefix(_ARRAY): values for name, values in members.items()}


def _bound(folder: Path, most: int, newest: Path) -> None:
    """Take away the entries that were not used for longest, and what killed processes left."""
    entries = []
    for path in folder.iterdir():
        with suppress(OSError):  # other processes take away as well
            facts = path.stat()
            if path.suffix == SUFFIX:
                entries.append((facts.st_mtime, facts.st_size, path))
            elif path.name.startswith(HIDDEN) and facts.st_mtime < time.time() - STALE:
                shutil.rmtree(path, ignore_errors=True)
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if total <= most:
            break
        if path != newest:
            with suppress(OSError):
                path.unlink()
            total -= size
