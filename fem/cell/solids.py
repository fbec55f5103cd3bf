"""What solids make of a state of the cell: what they remember after a step, who has come loose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from fem.cell.composition import Cell
from fem.cell.interfaces import written
from fem.cell.state import State
from fem.geometry import Inactivity


def settled(cell: Cell, before: State, after: State) -> tuple[State, float]:
    """`after` with what solids remember, and the change of contact over its limit in a step.

    Raises
    ------
    SolveError
        If the solids have no equilibrium that is found.
    """
    if cell.stress is None or cell.stress.memory is None:
        return after, 0.0
    dt = after.time - before.time
    held, change = cell.stress.advanced(after.content, before.held, dt)
    return replace(after, held=held), change


def switches(cell: Cell, state: State) -> dict[int, Inactivity | None]:
    """Particles, by id, that the state makes stop reacting, and why, or (`None`) react."""
    return {} if cell.stress is None else cell.stress.switches(state.held)


def inactivity(cell: Cell, state: State) -> Mapping[int, str]:
    """Why each particle with an interface does not react, by id; empty for those that do."""
    return {
        body: why
        for each in cell.particles
        for body, why in zip(each.ids.tolist(), each.inactivity(state.held).tolist(), strict=True)
    }


def changes(
    cell: Cell, state: State, asked: Mapping[int, Inactivity | None]
) -> dict[int, Inactivity | None]:
    """Particles that stop or start to react, by the state or as `asked`, and do not do so yet."""
    wanted = {**switches(cell, state), **asked}
    now = inactivity(cell, state) if wanted else {}
    return {body: why for body, why in wanted.items() if (why or "") != now.get(body)}


def all_loose(cell: Cell, state: State) -> bool:
    """Whether the state leaves no particle that touches the electrolyte."""
    wanted = switches(cell, state)
    return bool(wanted) and all({**inactivity(cell, state), **wanted}.values())


def contact_lags(cell: Cell) -> bool:
    """Whether reactions or electrons of a step go by the contact that it began with."""
    stress = cell.stress
    if stress is None:
        return False
    return stress.touch is not None or (stress.paths is not None and stress.paths.fading)


def marked(cell: Cell, state: State) -> State:
    """`state` with particles that its solids make stop reacting; nothing is solved."""
    held, codes = dict(state.held), written(switches(cell, state))
    for each in cell.interfaces[1:]:
        held |= each.switched(held, codes, state.time)
    return replace(state, held=held)
