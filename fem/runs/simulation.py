"""A cell in time: the protocol's steps one after the other, and what is told of each.

The loop knows no files and no terminal. Whoever wants to write, or to show progress, hands in an
observer, which is called with every accepted step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fem.case import Case
from fem.cell.composition import Cell
from fem.results.result import Result
from fem.runs.accepted import (
    Accepted,
    Checkpoint,
    Observer,
)
from fem.runs.loop import Run, Switch

__all__ = ["Accepted", "Checkpoint", "Observer", "Switch", "simulate"]


def simulate(
    case: Case | Cell,
    progress: Callable[[str], None] = lambda stage: None,
    observers: Sequence[Observer] = (),
    resume: Checkpoint | None = None,
    switch: Switch | None = None,
) -> Result:
    """Run the protocol of `case`; writes nothing.

    Parameters
    ----------
    case
        The case, or its cell where that was made already.
    progress
        Called with the name of each stage as it begins.
    observers
        Called with every accepted step, in this order.
    resume
        Where to go on; from the start if left out.
    switch
        Asked at every accepted state; it must depend on that alone, so that a run that is taken up
        again does the same.

    Raises
    ------
    InputError
        If the case cannot be.
    SolveError
        If a step has no solution however short it is.
    """
    return Run(case, progress, observers, resume, switch).go()
