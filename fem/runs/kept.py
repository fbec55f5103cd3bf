"""What takes long to make and is the same each time: where it is kept is not known here."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]

DIGITS = (
    "netgen-mesher", "numpy", "pyamg", "pymunk", "scikit-fem", "scikit-image", "scipy", "shapely",
)  # fmt: skip
"""Packages that digits may depend on."""
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class Store(Protocol):
    """Where arrays are kept by a key."""

    def __hash__(self) -> int: ...

    def kept(self, key: str, make: Callable[[], Arrays]) -> Arrays:
        """The arrays of a key, made unless they are there: the same bit by bit."""


@dataclass(frozen=True)
class Memory:
    """Keeps nothing beyond the memory of whoever asked."""

    def kept(self, key: str, make: Callable[[], Arrays]) -> Arrays:
        """What is made."""
        return make()


MEMORY = Memory()


@dataclass(frozen=True)
class Entries:
    """What is kept of one thing: `of` says of which."""

    store: Store
    of: str

    def get(self, name: str, make: Callable[[], Arrays]) -> Arrays:
        """The arrays of this name, made unless they are there."""
        return self.store.kept(f"{program()} {self.of} {name}", make)


def program() -> str:
    """Hash of what makes digits beside the case: this program, those below it, and threads."""
    threads = [os.environ.get(name, "") for name in THREADS]
    return hashlib.sha256(repr((_sources(), threads)).encode()).hexdigest()


@cache
def _sources() -> str:
    """Hash of the files of this package, and of versions."""
    root = Path(__file__).parents[1]
    found = hashlib.sha256(repr([platform.machine(), *map(_version, DIGITS)]).encode())
    for path in sorted((*root.rglob("*.py"), *root.rglob("*.toml"))):
        found.update(path.relative_to(root).as_posix().encode())
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
