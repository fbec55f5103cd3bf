"""The cycles of a run: which are computed, which are left out, and what is gone back to.

A run asks `Cycles` between steps of its protocol. The answer is where it goes on from: where it is,
after cycles that are left out, or before a jump that was not accepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fem.case import Case
from fem.cell.composition import Cell
from fem.cell.state import State
from fem.results.history import Event
from fem.runs import jumping as jumps
from fem.runs.accepted import Checkpoint, Counters
from fem.runs.jumping import Jumping
from fem.runs.telling import Telling


@dataclass(frozen=True)
class Moment:
    """Where a run is between two steps of its protocol."""

    state: State
    counters: Counters
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Leap:
    """A jump that has been made and is not yet judged.

    Attributes
    ----------
    start, before
        The run before it, and what it knew of its cycles.
    cycles
        How many are left out.
    ends
        The step that comes after the cycle that judges it.
    """

    start: Moment
    before: Jumping
    cycles: int
    ends: int


class Cycles:
    """What a run knows of its cycles; without `stepping.jump` nothing.

    Attributes
    ----------
    known
        Of the cycle under way, for checkpoints.
    """

    def __init__(self, case: Case, tell: Telling, resume: Checkpoint | None) -> None:
        self._tell = tell
        self._turns = {} if case.stepping.jump is None else jumps.turns(case)
        self._leap: Leap | None = None
        self.known: Jumping | None = None
        if resume is not None and "jumping" in resume.facts:
            self.known = Jumping.taken_up(resume.arrays, resume.facts["jumping"])

    @property
    def column(self) -> dict[str, float]:
        """What a row of the history says of them."""
        if not self._turns:
            return {}
        return {"skipped_cycles": float(self.known.skipped if self.known else 0)}

    @property
    def judging(self) -> bool:
        """Whether the cycle under way judges a jump."""
        return self._leap is not None

    def turn(self, cell: Cell, now: Moment, over: bool) -> Moment:
        """Where the run goes on from; `over` says that it can do no further step.

        Raises
        ------
        SolveError
            If a state after a jump has no equilibrium; the jump can be gone back on.
        """
        at = now.counters.step
        if self._leap is not None and over and at < self._leap.ends:
            return self.back()
        turn = self._turns.get(at)
        if turn is None:
            return now
        endings = jumps.endings(now.events, turn)
        if self._leap is not None:
            assert self.known is not None
            error = self._judged(cell, self._leap, self.known, now, endings)
            if error > 1.0:
                return self.back(error)
            self.known = jumps.accepted(self.known, self._leap.cycles, error)
            self._leap = None
            self._tell.release(self.known)
        if self.known is not None and jumps.repeated(self.known, now.state, endings):
            cycles = jumps.length(cell.case, self.known, turn)
            if cycles:
                ends = at + (cycles + 1) * turn.steps
                self._leap = Leap(now, self.known, cycles, ends)
                self._tell.hold()
                state, counters, self.known = jumps.landed(
                    cell, self.known, (now.state, now.counters), cycles, turn
                )
                return Moment(state, counters, now.events)
        self.known = jumps.begun(self.known, now.state, now.counters, endings)
        return now

    def back(self, error: float = np.inf) -> Moment:
        """Forget a jump and all that was computed after it."""
        assert self._leap is not None
        leap, self._leap = self._leap, None
        self.known = jumps.rejected(leap.before, leap.cycles, error)
        self._tell.forget()
        return leap.start

    @staticmethod
    def _judged(
        cell: Cell, leap: Leap, trial: Jumping, now: Moment, endings: Sequence[str]
    ) -> float:
        """The error of a jump; infinite where its cycle did not go as the one before it."""
        if not jumps.repeated(trial, now.state, endings):
            return np.inf
        start = leap.start
        return jumps.error(
            cell,
            (leap.before, start.state, start.counters.passed),
            (trial, now.state, now.counters.passed),
            leap.cycles,
        )
