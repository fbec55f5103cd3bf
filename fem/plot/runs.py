"""What figures of a run in time read off its history: protocol steps, and branches of a cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fem.errors import InputError
from fem.plot.scale import Unit
from fem.results.history import History
from fem.results.quantities import declared
from fem.results.result import Result

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CHARGE, DISCHARGE, REST = "charge", "discharge", "rest"
COLOURS = {CHARGE: "#0b4f8a", DISCHARGE: "#9c2f4b", REST: "#a8a8a8"}
"""Of the lines and marks of steps in which the cell is charged, discharged, or left alone."""

_NOTHING = 1e-6
"""Charge passed in a step, over that of the run, below which the cell rests."""
_TIMES = ((7200.0, 3600.0, "h"), (180.0, 60.0, "min"), (0.0, 1.0, "s"))


@dataclass(frozen=True)
class Step:
    """A protocol step that was run.

    Attributes
    ----------
    rows
        First and last row of the history, counting the one before it from which it starts.
    kind
        `CHARGE`, `DISCHARGE` or `REST`, by the charge passed.
    label
        The protocol's name for it.
    ended_by
        Why it ended, empty if the run broke off.
    """

    rows: tuple[int, int]
    kind: str
    label: str
    ended_by: str


def history_of(result: Result) -> History:
    """The history of a run in time.

    Raises
    ------
    InputError
        If `result` is a snapshot.
    """
    if result.history is None:
        raise InputError(
            "this result has no history to draw: it is a snapshot",
            key="operation.kind",
            given="snapshot",
            allowed='"protocol"',
            cure='run the case with operation.kind = "protocol"',
        )
    return result.history


def times_of(history: History) -> Floats:
    """Times of the rows in s."""
    return history.columns["Test Time / s"]


def time_unit(longest: float) -> Unit:
    """The unit in which times up to `longest` s read best."""
    return next(Unit(size, name) for least, size, name in _TIMES if longest >= least)


def steps_of(history: History) -> list[Step]:
    """The protocol steps of a history in the order they were run."""
    number = history.columns["step"].astype(np.int64)
    capacity = declared("capacity_Ah_m2")
    passed = history.columns[capacity.name]
    least = max(_NOTHING * float(np.abs(passed).max(initial=0.0)), capacity.least)
    ends = {step: (label, ended_by) for _, step, label, ended_by in history.events}
    bounds = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), len(number)]
    steps = []
    for first, end in pairwise(bounds):
        rows = (max(first - 1, 0), end - 1)
        change = float(passed[rows[1]] - passed[rows[0]])
        kind = REST if abs(change) <= least else CHARGE if change > 0.0 else DISCHARGE
        steps.append(Step(rows, kind, *ends.get(int(number[first]), ("", ""))))
    return steps


def branches_of(steps: Sequence[Step]) -> list[Step]:
    """Steps joined until the current turns; a rest belongs to what it follows.

    Rests before any current are left out.
    """
    branches: list[Step] = []
    for step in steps:
        last = branches[-1] if branches else None
        if last is not None and step.kind in (last.kind, REST):
            branches[-1] = Step((last.rows[0], step.rows[1]), last.kind, last.label, step.ended_by)
        elif step.kind != REST:
            branches.append(step)
    return branches
