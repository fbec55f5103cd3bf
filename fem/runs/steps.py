"""One step of a cell in time: implicit stages, and how good the step is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from fem.cell.blocks import Content, largest
from fem.cell.composition import CATHODE, Cell
from fem.cell.solids import acting, foreseen, late, misguessed, settled
from fem.cell.state import State, extrapolated
from fem.errors import SolveError
from fem.physics.charge import ChargeSolution, Drive
from fem.solve.stepping import DIAGONAL, WEIGHT, Stage, backward_euler, combine, tr_bdf2

SITES = 1e-6
"""How far beyond empty or full a stoichiometry is still rounding and error of a step."""
REJECTED = 1.1
"""A change so much beyond its limit is not accepted."""
INSTANT = 0.01
"""A change so far below its limit is that of an instant: what happens in it is a jump."""
MOST_TURNS = 4
"""How often a step is repeated to find the contact and stress that act back on its reactions."""


@dataclass(frozen=True)
class Trial:
    """A step that was solved and is not yet accepted.

    `error` is its local error over the tolerance, `change` its largest change over the limit;
    `energy` went into the cell, in J per m of depth.
    """

    state: State
    error: float
    change: float
    energy: float
    iterations: int
    linear_iterations: int


def step(
    cell: Cell,
    state: State,
    dt: float,
    drives: Sequence[Drive] | Callable[[float], Sequence[Drive]],
) -> Trial:
    """Try a step of length `dt` in s from `state`, which must have been solved.

    Where contact or stress at its end acts back on reactions but is found only then, the step is
    repeated with what was found, unless it is too long anyway; a `change` beyond its limit tells
    that this did not settle.

    Parameters
    ----------
    drives
        What is imposed, also as a function of time without a jump inside the step.

    Raises
    ------
    SolveError
        If a stage has no solution that Newton's method finds.
    """
    guess = foreseen(cell, state, dt)
    for _ in range(MOST_TURNS):
        trial = _turn(cell, state, dt, drives, guess)
        wrong = misguessed(cell, guess, trial.state)
        if wrong <= 1.0 or trial.error > 1.0 or trial.change > REJECTED:
            return trial
        guess = trial.state.held
    return replace(trial, change=max(trial.change, wrong))


def _turn(
    cell: Cell,
    state: State,
    dt: float,
    drives: Sequence[Drive] | Callable[[float], Sequence[Drive]],
    end_as: Content,
) -> Trial:
    """The step once, with contact and stress at its end that act on reactions as in `end_as`."""
    starts: list[tuple[float, ChargeSolution]] = []

    def implicit(base: Content, c: float, fraction: float) -> Stage:
        time = state.time + fraction * dt
        known = [*state.previous, (state.time, state.solved), *starts]
        guess = state.content
        if state.rate is not None:
            guess = combine(state.content, (fraction * dt, state.rate))
        imposed = drives(time) if callable(drives) else drives
        held = acting(cell, state, end_as, fraction)
        found = cell.stage(base, c, imposed, held, extrapolated(known, time), guess)
        assert isinstance(found.found, ChargeSolution)
        starts.append((time, found.found))
        return found

    if state.rate is None:
        result = backward_euler(state.content, dt, implicit)
    else:
        result = tr_bdf2(state.content, state.rate, dt, implicit)
    # A state keeps nothing that a checkpoint does not.
    starts = [(time, replace(each, tangent=None)) for time, each in starts]
    *middle, (_, solution) = starts
    powers = [_power(cell, each) for each in (state.solved, *(s for _, s in starts))]
    weights = (0.0, 1.0) if state.rate is None else (WEIGHT, WEIGHT, DIAGONAL)
    change = combine(result.end.value, (-1.0, state.content))
    end = State(
        time=state.time + dt,
        content=result.end.value,
        held=state.held,
        rate=result.end.rate,
        solution=solution,
        previous=((state.time, state.solved), *middle),
    )
    end, parted = settled(cell, state, end)
    moved = largest(cell.blocks, change, "change_weight")
    return Trial(
        state=end,
        error=largest(cell.blocks, result.error, "error_weight"),
        change=max(parted, moved, min(late(cell, state, end), moved / INSTANT)),
        energy=float(dt * sum(w * p for w, p in zip(weights, powers, strict=True))),
        iterations=sum(s.iterations for _, s in starts),
        linear_iterations=sum(s.linear_iterations for _, s in starts),
    )


def _power(cell: Cell, solution: ChargeSolution) -> float:
    """Power into the cell in W per m of depth."""
    return solution.voltages[CATHODE] * cell.currents(solution)[CATHODE]


def unstable(cell: Cell, state: State) -> SolveError | None:
    """What to say where a potential that rises with x has driven it out of 0 to 1; else nothing."""
    active = cell.parameters.active
    if active is None or not active.rising or cell.fixed:
        return None
    values = cell.reacting_surfaces(state)
    if values.min() >= -SITES and values.max() <= 1.0 + SITES:
        return None
    return SolveError(
        f"the lithium fraction x has left 0 to 1 ({values.min():.4g} to {values.max():.4g} at the "
        f"surface of particles): {active.rising}",
        cures=(
            f"materials.{active.material}.open_circuit_potential against the lithium fraction: "
            "against state of charge, write 1 - x in the place of x",
        ),
    )
