"""Cycles that are not computed: what one changes is taken to be what many change.

At the end of a cycle the change that it made is known. A jump adds it as often as cycles are left
out, and the cycle after it is computed in full. If that one changes the cell otherwise, or if
something happens in it that did not happen before, the jump is forgotten and a shorter one is
tried, down to none. What is added is a multiple of a computed change, so every balance that is
linear in the state (lithium, charge, volume of electrolyte) closes as it did.

Only what adds up from cycle to cycle is extrapolated: contents that evolve, and what laws of solids
and bonds remember. How faces stand is found anew from equilibrium.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fem.case import Case
from fem.case.operation import Protocol as ProtocolTable
from fem.cell.blocks import Content, Place
from fem.cell.composition import Cell
from fem.cell.ledger import Passed, Work
from fem.cell.state import State
from fem.errors import SolveError
from fem.results.history import Event
from fem.runs.accepted import Counters

Floats = NDArray[np.float64]

SAFETY = 0.9
GROWTH = 3.0
"""By how much a jump may be longer than the last one."""
SHRINK = 0.5
"""By how much it is shorter at least after one that was not accepted."""
MOST_PATIENCE = 8
SMALLEST = 1e-12
"""Sizes of what solids remember below which a relative error means nothing: of strains."""


@dataclass(frozen=True)
class Jumping:
    """What a run knows of its cycles besides its state.

    Attributes
    ----------
    begin
        The state in which the cycle under way began.
    passed, work
        What had passed, and been worked, until then.
    length
        Cycles that the next jump may leave out.
    endings
        How the steps of the last computed cycle ended; empty if there was none.
    skipped
        Cycles that were left out so far.
    pause, patience
        Cycles to compute before a jump is tried, and how many that would be after one more for
        which even a jump of one cycle was too long.
    """

    begin: State
    passed: Passed
    work: Work
    length: int = 1
    endings: tuple[str, ...] = ()
    skipped: int = 0
    pause: int = 0
    patience: int = 1

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All arrays by name, for a checkpoint."""
        found: dict[str, NDArray[Any]] = {"jump/time": np.array(self.begin.time)}
        for kind, content in (("content", self.begin.content), ("held", self.begin.held)):
            found |= {f"jump/{kind}/{name}": values for name, values in content.items()}
        return found

    def facts(self) -> dict[str, Any]:
        """All plain numbers."""
        facts = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "begin"}
        return facts | {"passed": asdict(self.passed), "work": asdict(self.work)}

    @classmethod
    def taken_up(cls, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> Self:
        """What `arrays` and `facts` gave."""
        content, held = (_below(f"jump/{kind}/", arrays) for kind in _KINDS)
        begin = State(float(arrays["jump/time"]), content, held)
        made = {"passed": Passed(**facts["passed"]), "work": Work(**facts["work"])}
        return cls(begin, **{**facts, **made, "endings": tuple(facts["endings"])})


_KINDS = ("content", "held")


def _below(place: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {n.removeprefix(place): a for n, a in arrays.items() if n.startswith(place)}


@dataclass(frozen=True)
class Turn:
    """The end of one pass of an outermost loop, or the begin of the next, or both.

    Attributes
    ----------
    ended
        First and last step of the pass that has ended; `None` before the first one.
    left
        Passes that are still to come.
    """

    ended: tuple[int, int] | None
    left: int

    @property
    def steps(self) -> int:
        """Steps of a pass."""
        return 0 if self.ended is None else self.ended[1] - self.ended[0] + 1


def turns(case: Case) -> Mapping[int, Turn]:
    """Where passes of outermost loops end and begin, by the step that comes next."""
    assert isinstance(case.operation, ProtocolTable)
    found: dict[int, Turn] = {}
    for cycle in (c for c in case.operation.cycles if c.outermost):
        left = cycle.of - cycle.number
        if cycle.number == 1 and cycle.first not in found:
            found[cycle.first] = Turn(None, cycle.of)
        found[cycle.last + 1] = Turn((cycle.first, cycle.last), left)
    return found


def endings(events: Sequence[Event], turn: Turn) -> tuple[str, ...]:
    """How the steps of the pass that has ended did end."""
    if turn.ended is None:
        return ()
    first, last = turn.ended
    return tuple(why for _, step, _, why in events if first <= step <= last)


def begun(
    known: Jumping | None, state: State, counters: Counters, endings: tuple[str, ...]
) -> Jumping:
    """What is known as a cycle begins that will be computed, by how the one before it ended."""
    if known is None:
        return Jumping(state, counters.passed, counters.work, endings=endings)
    pause = max(known.pause - 1, 0)
    return replace(
        known,
        begin=state,
        passed=counters.passed,
        work=counters.work,
        endings=endings,
        pause=pause,
    )


def repeated(jumping: Jumping, state: State, endings: Sequence[str]) -> bool:
    """Whether the cycle that ends in `state` went as the one before it did.

    Its steps have ended alike, the same particles reacted at both of its ends, and lithium entered
    no flaw.
    """
    return tuple(endings) == jumping.endings and all(
        np.array_equal(values, state.held[name])
        for name, values in jumping.begin.held.items()
        if name.endswith((".inactivity", ".entered"))
    )


def jumped(cell: Cell, jumping: Jumping, state: State, cycles: int) -> State:
    """`state` after so many more cycles that all change it as the last one did.

    Raises
    ------
    SolveError
        If lithium or a particle would be used up on the way, or solids find no equilibrium.
    """

    def further(name: str, before: Floats, after: Floats) -> Floats:
        if not cell.blocks[name].accumulates:
            return after
        return after + cycles * (after - before)

    begin = jumping.begin
    content = {n: further(n, begin.content[n], a) for n, a in state.content.items()}
    held: Content = {n: further(n, begin.held[n], a) for n, a in state.held.items()}
    if cell.stress is not None and cell.stress.memory is not None:
        held, _ = cell.stress.advanced(content, held, 0.0)
    time = state.time + cycles * (state.time - begin.time)
    found = State(time, content, held, None, state.solution)
    if cell.parameters.molar_volume and cell.lithium_left(content) < 0.0:
        raise SolveError("lithium would be used up in cycles that are left out")
    return found


def error(
    cell: Cell,
    assumed: tuple[Jumping, State, Passed],
    found: tuple[Jumping, State, Passed],
    cycles: int,
) -> float:
    """How far a jump may be off, over what is allowed.

    Parameters
    ----------
    assumed
        Begin of the cycle whose change was extrapolated, its end, and what had passed then.
    found
        The same of the cycle that was computed after the jump.
    cycles
        How many were left out.

    Notes
    -----
    If the change of a cycle drifts evenly, the mean over the jump differs from the one assumed by
    half of what the computed one does. Stoichiometries count as they are, lithium by the charge of
    a cycle, what passes and what laws remember relative to its size, and faces by how many touch.
    """
    assert cell.case.stepping.jump is not None
    (before, end, passed), (trial, last, since) = assumed, found
    half = 0.5 * cycles
    old = passed.throughput - before.passed.throughput
    new = since.throughput - trial.passed.throughput
    turned = max(old, new) or 1.0
    worst = 0.5 * abs(new - old) / turned
    for kind in _KINDS:
        ends = (getattr(s, kind) for s in (before.begin, end, trial.begin, last))
        one, two, three, four = ends
        for name, block in cell.blocks.items():
            if name not in four or not block.start.size:
                continue
            if name.endswith(".closed"):
                worst = max(worst, float((three[name] != two[name]).mean()))
            if not block.accumulates:
                continue
            if block.place is Place.PARTICLE_POINTS and block.unit == "C/m":
                continue  # the stoichiometry tells it
            missed = half * ((four[name] - three[name]) - (two[name] - one[name]))
            if block.place is Place.LITHIUM_POINTS:
                weights = cell.lithium.patches.weights
                charge = 0.5 * turned / float(weights.sum())
                relative = float(np.abs(missed / weights).max()) / charge
            elif block.evolves and block.unit == "1":
                relative = float(np.abs(missed).max())
            else:
                size = max(float(np.linalg.norm(four[name])), SMALLEST)
                relative = float(np.linalg.norm(missed)) / size
            worst = max(worst, relative)
    return worst / float(cell.case.stepping.jump)


def length(case: Case, jumping: Jumping, turn: Turn) -> int:
    """How many cycles to leave out where a pass has ended; the last one is always computed."""
    if jumping.pause:
        return 0
    return max(min(jumping.length, case.stepping.longest_jump, turn.left - 1), 0)


def landed(
    cell: Cell, before: Jumping, now: tuple[State, Counters], cycles: int, turn: Turn
) -> tuple[State, Counters, Jumping]:
    """Where a run is after a jump, and what it knows of its cycles there.

    Work is what the energy asks for: what cycles that are not computed did is known by no force.

    Raises
    ------
    SolveError
        If there is no such state.
    """
    old, counters = now
    state = jumped(cell, before, old, cycles)
    work = Work(**_further(counters.work, before.work, cycles))
    if cell.stress is not None:
        energies = (cell.stress.solve(s.content, s.held).elastic_energy for s in (state, old))
        gained = next(energies) - next(energies)
        done = counters.work.done + gained + work.spent - counters.work.spent
        work = replace(work, done=done)
    counters = replace(
        counters,
        step=counters.step + cycles * turn.steps,
        passed=Passed(**_further(counters.passed, before.passed, cycles)),
        work=work,
    )
    return (
        state,
        counters,
        replace(
            before,
            begin=state,
            passed=counters.passed,
            work=work,
            skipped=before.skipped + cycles,
        ),
    )


def _further(after: Passed | Work, before: Passed | Work, cycles: int) -> dict[str, float]:
    was = asdict(before)
    return {name: value + cycles * (value - was[name]) for name, value in asdict(after).items()}


def accepted(jumping: Jumping, cycles: int, error: float) -> Jumping:
    """What is known after a jump was accepted: its error grows as the square of its cycles."""
    factor = min(GROWTH, SAFETY / np.sqrt(max(error, 1e-12)))
    return replace(jumping, length=max(int(cycles * factor), 1), patience=1)


def rejected(jumping: Jumping, cycles: int, error: float) -> Jumping:
    """The same after one that was not: a shorter one is tried, or none for some cycles."""
    length = int(cycles * np.clip(SAFETY / np.sqrt(error), SHRINK**2, SHRINK))
    if length:
        return replace(jumping, length=length)
    patience = min(2 * jumping.patience, MOST_PATIENCE)
    return replace(jumping, length=1, pause=jumping.patience, patience=patience)
