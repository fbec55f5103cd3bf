"""Steps in time that a task of the protocol tries: one of a length, or the one that ends it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fem.case.numerics import Stepping
from fem.cell.composition import CATHODE, Cell
from fem.cell.reactions import Reactions
from fem.cell.solids import all_loose, contact_lags
from fem.cell.state import State
from fem.errors import SolveError
from fem.runs.protocol import SAME_TIME, Task
from fem.runs.steps import Trial, step

MOST_LOCATIONS = 60
SECANTS = 20
"""After so many of these an end is on a cliff, where halves get closer sooner."""
HALF = 0.5
"""A voltage that falls below this share of itself at once is on the other branch of a power."""
JUMP, ALIKE = 25.0, 0.1
"""A change that is the same, to so much of itself, in a step so many times shorter is a jump."""


@dataclass
class Refused:
    """Changes beyond their limit, step by shorter step: what stays as it is, is a jump.

    A particle that loses its last hold moves at once, and no step shows less of that.
    """

    longest: float = 0.0
    change: float = 0.0

    def jumps(self, dt: float, trial: Trial) -> bool:
        """Whether the change of a trial of length `dt` in s is as large however short the step."""
        if abs(trial.change - self.change) > ALIKE * self.change:
            self.longest, self.change = dt, trial.change
            return False
        return JUMP * dt <= self.longest


def length(stepping: Stepping, todo: Task, time: float, dt: float) -> tuple[float, bool]:
    """Length of the step to try at a time, near `dt`, and whether it lands where it has to."""
    if stepping.longest is not None:
        dt = min(dt, float(stepping.longest))
    left = todo.landing(time) - time
    if dt >= left * (1.0 - 1e-12):
        return left, True
    # Two equal steps rather than a long and a tiny one.
    return (0.5 * left if 2.0 * dt > left else dt), False


def attempt(cell: Cell, todo: Task, state: State, dt: float, locating: bool = False) -> Trial:
    """A step of length `dt` in s under what `todo` imposes; its end is exact where it must land.

    Potentials in a step are those of the contact that it began with. At an end that potentials
    decide, or if `locating` looks for one, its state has those of the contact that it leaves: the
    last of it may go within a step, and with it the voltage.

    Raises
    ------
    SolveError
        If there is no solution, or only one that no cell comes to.
    """
    trial = step(cell, state, dt, lambda time: todo.drives(time, state.time))
    require_reachable(cell, todo, state, trial.state)
    landing = todo.landing(state.time)
    if abs(trial.state.time - landing) <= SAME_TIME * trial.state.time:
        trial = replace(trial, state=replace(trial.state, time=landing))
    if not (todo.by_potentials and contact_lags(cell)) or all_loose(cell, trial.state):
        return trial
    time = trial.state.time
    after = cell.instant(trial.state, todo.drives(time, state.time))
    if locating or max(todo.reached(trial.state), todo.reached(after)) >= 0.0:
        return replace(trial, state=after)
    return trial


def require_reachable(cell: Cell, todo: Task, before: State, after: State) -> None:
    """Refuse the other voltage at which a cell gives the same power, near its short circuit.

    Raises
    ------
    SolveError
        If `after` is there, while `before` is not.
    """
    if not todo.gives_power:
        return
    if before.solution is None:
        known = Reactions(cell, after).open_circuit_voltage or 0.0
    else:
        known = before.solution.voltages[CATHODE]
    if after.solved.voltages[CATHODE] < HALF * known:
        raise SolveError("the cell cannot give this power", field="phi_s")


def locate(cell: Cell, todo: Task, state: State, beyond: Trial) -> Trial | None:
    """The step that ends where the first event is reached, within its tolerance.

    The bracket shrinks by false position (the Illinois variant), each time with a new step. Where
    the event is jumped over at one instant, the step ends before the jump; `None` if that is where
    it began.
    """
    low, f_low = 0.0, min(todo.reached(state), -1e-300)
    high, f_high = beyond.state.time - state.time, todo.reached(beyond.state)
    excess, before = f_high, None
    side = 0
    for turn in range(MOST_LOCATIONS):
        if excess <= 1.0 or high - low <= 1e-14 * max(high, abs(state.time)):
            break
        share = f_high / (f_high - f_low) if f_low > -1e300 and turn < SECANTS else 0.5
        dt = high - min(max(share, 0.02), 0.98) * (high - low)
        trial = attempt(cell, todo, state, dt, locating=True)
        value = todo.reached(trial.state)
        if value >= 0.0:
            high, f_high, beyond, excess = dt, value, trial, value
            f_low *= 0.5 if side == 1 else 1.0
            side = 1
        elif value >= -1.0:
            return trial
        else:
            low, f_low, before = dt, value, trial
            f_high *= 0.5 if side == -1 else 1.0
            side = -1
    return beyond if excess <= 1.0 else before
