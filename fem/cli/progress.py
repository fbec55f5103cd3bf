"""Progress on a terminal: one line that shows the stage and the seconds so far."""

from __future__ import annotations

import math
import shutil
import sys
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from fem.case import Step
    from fem.runs.simulation import Accepted

INTERVAL = 0.1

TIME = "Test Time / s"
WATCHED = {
    "voltage": "Voltage / V",
    "current": "current_density_A_m2",
    "stoichiometry": "stoichiometry_mean",
    "thickness": "thickness_max_m",
}
"""The column of the history whose value ends a step of a protocol, by the name of the end."""


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


class Outlook:
    """An observer of a run in time that shows where the run is and how long its step will take.

    Parameters
    ----------
    show
        Called with the text of each accepted step.
    steps
        The unrolled protocol.
    clock
        Seconds of the one who waits.
    """

    def __init__(
        self,
        show: Callable[[str], None],
        steps: tuple[tuple[str, Step], ...],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._show, self._steps, self._clock = show, steps, clock
        self._step = -1
        self._began = self._seen = (0.0, 0.0)
        self._last: Mapping[str, float] = {}

    def __call__(self, accepted: Accepted) -> None:
        """Show an accepted step."""
        row, now = accepted.row, self._clock()
        here = (row[TIME], now)
        if accepted.step != self._step:
            self._step, self._began, self._last = accepted.step, here, {}
        words = [f"{row[TIME]:.4g} s", f"{row['Voltage / V']:.4f} V", accepted.label]
        end = min(accepted.ends_at, self._foreseen(row))
        done, waited = (a - b for a, b in zip(here, self._began, strict=True))
        if done > 0.0 and math.isfinite(end):
            left = max(end - row[TIME], 0.0)
            words.append(f"{done / (done + left):.0%}, {span(waited * left / done)} left")
        counters = accepted.counters
        words.append(f"{accepted.number} steps ({counters.rejected} rejected)")
        self._last = row
        self._show("  ".join(words))

    def _foreseen(self, row: Mapping[str, float]) -> float:
        """When the step will end if all goes on as in the last step in time; in s."""
        ends = self._steps[self._step][1].ends
        taken = row[TIME] - self._last.get(TIME, math.inf)
        times = [math.inf]
        for name, column in WATCHED.items():
            if name in ends and taken > 0.0:
                goal, value, before = (
                    float(v) for v in (ends[name], row[column], self._last[column])
                )
                if name == "current":  # it decays: its logarithm falls evenly
                    goal, value, before = (
                        math.log(max(abs(v), sys.float_info.min)) for v in (goal, value, before)
                    )
                if (goal - value) * (value - before) > 0.0:
                    times.append(row[TIME] + (goal - value) / (value - before) * taken)
        return min(times)


def span(seconds: float) -> str:
    """A time to wait in words."""
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
