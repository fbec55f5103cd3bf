"""What the tests of processes have them do; light, since each of them imports it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fem.runs.kept import Arrays


def fragile(number: int) -> int:
    """Takes its process along where the number is 2."""
    if number == 2:
        os._exit(3)
    return number * number


def lost(number: int, why: str) -> str:
    return f"{number}: {why}"


def threads(_: int) -> tuple[str | None, str | None]:
    return os.environ.get("OPENBLAS_NUM_THREADS"), os.environ.get("OMP_NUM_THREADS")


def endless(path: str) -> None:
    """Says which process this is, and stays."""
    Path(path).write_text(str(os.getpid()))
    time.sleep(600.0)


@dataclass(frozen=True)
class Noted:
    """A cache that writes the keys of what had to be made into a file."""

    folder: Path
    log: Path

    def kept(self, key: str, make: Callable[[], Arrays]) -> Arrays:
        from fem.output.cache import Cache

        def noted() -> Arrays:
            with self.log.open("a") as stream:
                stream.write(key + "\n")
            return make()

        return Cache(self.folder).kept(key, noted)
