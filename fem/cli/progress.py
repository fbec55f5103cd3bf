"""Progress on a terminal: one line that shows the stage and the seconds so far."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from types import TracebackType
from typing import Self, TextIO

INTERVAL = 0.1


class Progress:
    """A context in which calling the object with a stage shows it.

    Nothing is written if `quiet`, or if `stream` is not a terminal.
    """

    def __init__(self, quiet: bool = False, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._shown = not quiet and self._stream.isatty()
        self._stage = "reading"
        self._began = time.perf_counter()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __call__(self, stage: str) -> None:
        """Begin a stage."""
        self._stage = stage

    def __enter__(self) -> Self:
        if self._shown:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        if self._shown:
            self._thread.join()
            self._write("")

    def _tick(self) -> None:
        while not self._end.wait(INTERVAL):
            self._write(f"{time.perf_counter() - self._began:6.1f} s  {self._stage}")

    def _write(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        # Blanks rather than escape codes wipe the line: every console understands them.
        self._stream.write("\r" + text[:width].ljust(width) + ("" if text else "\r"))
        self._stream.flush()
