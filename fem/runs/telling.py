"""What a run has told so far: rows, frames, and the observers' knowledge of accepted states.

States after a jump over cycles are held back until the jump is judged: whoever is told of a state
may rely on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fem.results.history import Frames, Log
from fem.runs.accepted import Accepted, Observer
from fem.runs.jumping import Jumping


class Telling:
    """Tells observers of accepted states, and keeps rows and frames.

    Parameters
    ----------
    observers
        Called with every accepted state, in this order.
    frames
        As many are kept at the most.
    rows
        Of the history so far.
    """

    def __init__(
        self, observers: Sequence[Observer], frames: int, rows: Sequence[Mapping[str, float]]
    ) -> None:
        self.rows, self.frames = Log(rows), Frames(frames)
        self._observers = observers
        self._held: list[Accepted] | None = None

    def __call__(self, accepted: Accepted) -> None:
        """Tell of a state, or hold it back."""
        if self._held is not None:
            self._held.append(accepted)
            return
        self.rows.add(accepted.row)
        self.frames.offer(accepted.number, accepted.frame)
        for observer in self._observers:
            observer(accepted)

    def hold(self) -> None:
        """Hold back what comes."""
        self._held = []

    def release(self, jumping: Jumping) -> None:
        """Tell of what was held back, with what is known of cycles by now."""
        held, self._held = self._held or [], None
        for each in held:
            self(replace(each, jumping=jumping))

    def forget(self) -> None:
        """Never tell of what was held back."""
        self._held = None
