"""What lithium opens on its way: sites in and around an interlayer, flaws of the electrolyte."""

from __future__ import annotations

from dataclasses import replace

from fem.cell.composition import Cell
from fem.cell.flaws import SOUND
from fem.cell.sites import flawed, opened, worst_flaw
from fem.cell.state import State
from fem.runs.protocol import Event, Task
from fem.runs.steps import Trial
from fem.runs.trials import locate

FLAW_TOLERANCE = 1e-6
"""Of K over the toughness."""


def at_flaw(cell: Cell, todo: Task, state: State, trial: Trial) -> Trial:
    """The trial, or the shorter one at whose end lithium enters a flaw for the first time."""
    where = flawed(cell)
    if where is None or where.flaws is None:
        return trial
    if (state.held[where.flaws.entered.name] != SOUND).any():
        return trial

    def excess(at: State) -> float:
        return (worst_flaw(cell, at)[0] - 1.0) / FLAW_TOLERANCE

    if excess(trial.state) < 1.0 or excess(state) >= 0.0:
        return trial
    event = Event("flaw", excess)
    return locate(cell, replace(todo, events=(event,)), state, trial) or trial


def opening(cell: Cell, todo: Task, state: State) -> tuple[State, list[str]]:
    """An accepted state with what its lithium has opened, and that in words; solved anew.

    Raises
    ------
    SolveError
        If the cell has no potentials after that.
    """
    after, told = opened(cell, state, FLAW_TOLERANCE)
    if after is not state:
        after = cell.instant(after, todo.drives(state.time, state.time))
    return after, told
