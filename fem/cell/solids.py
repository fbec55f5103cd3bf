"""What solids make of a state of the cell: what they remember after a step, who has come loose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from fem.cell.blocks import Content
from fem.cell.composition import Cell
from fem.cell.interfaces import written
from fem.cell.state import State
from fem.errors import InputError
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
    rate = after.rate
    if cell.stress.lag is not None and rate is not None:
        rate = {**rate, **cell.stress.lag.rate(before.held, held, dt)}
    return replace(after, held=held, rate=rate), change


def foreseen(cell: Cell, before: State, dt: float) -> Content:
    """What is guessed to be held after a step of `dt` in s: as it is where rates are not known."""
    lag = None if cell.stress is None else cell.stress.lag
    if lag is None or before.rate is None:
        return before.held
    return lag.further(before.held, before.rate, dt)


def acting(cell: Cell, before: State, guess: Content, fraction: float) -> Content:
    """What is held in a step, with what acts on reactions on its way to what is guessed."""
    lag = None if cell.stress is None else cell.stress.lag
    return before.held if lag is None else lag.between(before.held, guess, fraction)


def misguessed(cell: Cell, guess: Content, after: State) -> float:
    """How wrong a step to `after` guessed what is held at its end, over what it may be."""
    lag = None if cell.stress is None else cell.stress.lag
    return 0.0 if lag is None else lag.error(after.content, guess, after.held)


def late(cell: Cell, before: State, after: State) -> float:
    """How far beyond letting go the last faces went in a step, over what they may."""
    return 0.0 if cell.stress is None else cell.stress.late(before.held, after.held)


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


def lithium_loose(cell: Cell, state: State) -> bool:
    """Whether the foil touches the electrolyte nowhere."""
    touch = None if cell.stress is None else cell.stress.lithium_touch
    return touch is not None and not touch.touching(state.held)


def require_contact(cell: Cell, start: State) -> None:
    """Refuse a cell through which no current can flow from its start on.

    Raises
    ------
    InputError
        If no particle touches the electrolyte such that anything crosses.
    """
    if all_loose(cell, start):
        raise InputError(
            "at the start no particle touches the electrolyte such that anything crosses: faces "
            "conduct as much as they press on each other, and nothing presses",
            key="interfaces.particle_electrolyte.conduction",
            given=cell.case.interfaces.particle_electrolyte.conduction,
            allowed='"full", or a [stack] whose pressure reaches the particles',
            cure='set pressure = "5 MPa" below [stack], or conduction = "full"',
        )


def contact_lags(cell: Cell) -> bool:
    """Whether reactions or electrons of a step go by the contact that it began with."""
    stress = cell.stress
    if stress is None:
        return False
    return stress.touch is not None or (stress.paths is not None and stress.paths.fading)


def marked(cell: Cell, state: State) -> State:
    """`state` with particles that its solids make stop reacting; nothing is solved."""
    held, codes = dict(state.held), written(switches(cell, state))
    for each in (*cell.particles, *cell.oxidation):
        held |= each.switched(held, codes, state.time)
    return replace(state, held=held)
