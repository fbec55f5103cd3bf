"""A step that was tried leaves nothing behind, and arrays are all that a run goes on from."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from cells_in_time import bed, cell_of, current, flat

import fem
from fem.cell.composition import Cell
from fem.cell.state import State
from fem.errors import SolveError
from fem.physics.charge import Drive
from fem.physics.solution import MechanicsSolution
from fem.results.view import View
from fem.runs.simulation import Accepted, simulate
from fem.runs.steps import step

CASES = {
    "slab": flat(),
    "discs": bed(rows=2, materials__NCM811__chemical_diffusivity="1e-13*exp(3*(x - 0.6))"),
}
ALL = CASES | {
    "modes": bed(rows=2, mesh__size="2 um", stepping__electrolyte="modes"),
}
"""The same, and one that steps on modes."""


def on_the_way(cell: Cell) -> State:
    """A state a few steps after the start."""
    given = current(cell, 20.0)
    state = cell.instant(cell.initial(), given)
    for dt in (0.1, 1.0, 5.0):
        state = step(cell, state, dt, given).state
    return state


def same(a: State, b: State) -> bool:
    """Whether two states are equal to the last bit."""
    first, second = a.arrays(), b.arrays()
    return first.keys() == second.keys() and all(
        first[name].tobytes() == second[name].tobytes() for name in first
    )


@pytest.mark.parametrize("name", ALL)
def test_a_forgotten_trial_changes_nothing(name: str) -> None:
    cell = cell_of(ALL[name])
    state = on_the_way(cell)
    before = copy.deepcopy(state)
    expected = step(cell, state, 2.0, current(cell, 20.0)).state
    for dt, density in ((50.0, 20.0), (0.01, -300.0), (3.0, 1000.0)):
        step(cell, state, dt, current(cell, density))
    assert same(state, before)
    assert same(step(cell, state, 2.0, current(cell, 20.0)).state, expected)


@pytest.mark.parametrize("name", CASES)
def test_a_failed_step_changes_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its second stage has no solution, after the first had one."""
    cell = cell_of(CASES[name])
    state = on_the_way(cell)
    before = copy.deepcopy(state)
    expected = step(cell, state, 2.0, current(cell, 20.0)).state
    solve, calls = cell.charge.solve, []

    def failing(*given: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise SolveError("no solution")
        return solve(*given)

    monkeypatch.setattr(cell.charge, "solve", failing)
    with pytest.raises(SolveError):
        step(cell, state, 40.0, [Drive(potential=0.0), Drive(potential=4.2)])
    monkeypatch.undo()
    assert len(calls) == 2
    assert same(state, before)
    assert same(step(cell, state, 2.0, current(cell, 20.0)).state, expected)


@pytest.mark.parametrize("name", ALL)
def test_arrays_are_enough(name: str) -> None:
    """A new cell goes on from them to the last bit, also where what drives the cell changes."""
    cell, another = cell_of(ALL[name]), cell_of(ALL[name])
    state = on_the_way(cell)
    read = State.from_arrays({k: np.array(v) for k, v in state.arrays().items()})
    assert same(state, read)
    hold = [Drive(potential=0.0), Drive(potential=4.0)]
    for given in (current(cell, 20.0), hold, current(cell, -20.0)):
        if given is not hold:
            state = step(cell, state, 3.0, given).state
            read = step(another, read, 3.0, given).state
        state, read = cell.instant(state, given), another.instant(read, given)
        assert same(state, read)
        for dt in (0.5, 2.0):
            state, read = step(cell, state, dt, given).state, step(another, read, dt, given).state
            assert same(state, read)


@pytest.mark.parametrize("name", ALL)
def test_a_run_taken_up_anywhere_ends_the_same(name: str) -> None:
    """From each of its accepted states: the same rows, but for the time on the clock."""
    case = ALL[name].replace(
        {
            "operation.steps": [
                {"charge": "60 A/m^2", "until": {"voltage": "4.1 V", "time": "30 s"}},
                {"hold": "4.0 V", "until": {"time": "5 s"}},
                {"rest": "2 s"},
                {"discharge": "60 A/m^2", "until": {"thickness": "0.2 um", "time": "20 s"}},
            ]
        }
    )
    kept: list[tuple[Any, ...]] = []

    def keep(accepted: Accepted) -> None:
        kept.append((accepted.arrays(), accepted.facts(), accepted.row))

    whole = simulate(case, observers=[keep])
    assert whole.history is not None
    for k in range(3, len(kept) - 1, 20):
        arrays, facts, _ = kept[k]
        rows = [row for _, _, row in kept[: k + 1]]
        again = simulate(case, resume=Taken(arrays, facts, rows))
        assert again.history is not None
        assert again.history.events == whole.history.events
        for column in whole.history.columns:
            assert again.history[column].tobytes() == whole.history[column].tobytes(), (k, column)


class Taken:
    """What `simulate` is taken up from."""

    def __init__(self, arrays: Any, facts: Any, rows: Any) -> None:
        self.arrays, self.facts, self.rows = arrays, facts, rows


def test_states_of_a_run_are_not_shared_with_later_ones() -> None:
    """An observer's arrays are the same after the run as when it got them."""
    seen: list[tuple[Any, Any]] = []

    def keep(accepted: Accepted) -> None:
        seen.append((accepted.state, copy.deepcopy(accepted.state)))

    case = CASES["slab"].replace(
        {"operation.steps": [{"charge": "60 A/m^2", "until": {"time": "30 s"}}]}
    )
    fem.runs.simulation.simulate(case, observers=[keep])
    assert all(same(state, copied) for state, copied in seen)


def test_a_rest_is_crossed_in_long_steps() -> None:
    """Currents fade while surfaces still move: no stage may fail for want of a current."""
    steps = [
        {"charge": "20 A/m^2", "until": {"time": "60 s"}},
        {"rest": "2000 s"},
        {"discharge": "20 A/m^2", "until": {"time": "60 s"}},
        {"rest": "2000 s"},
    ]
    kept: list[Accepted] = []
    case = CASES["slab"].replace({"operation.steps": steps})
    simulate(case, observers=[kept.append])
    assert kept[-1].counters.rejected <= 2
    assert sum(accepted.step in (1, 3) for accepted in kept) < 60


def test_a_step_whose_solids_are_not_found_at_rest_is_made_shorter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They are asked for once more as a row is written, at no duration; the run does not end."""
    case = flat({"charge": "10 A/m^2", "until": {"time": "0.1 s"}}, mechanics__enabled=True)
    elastic, failed = View.elastic, []

    def failing(self: View, state: State) -> MechanicsSolution | None:
        if state.time > 0.0 and not failed:
            failed.append(state.time)
            raise SolveError("no equilibrium", field="displacement")
        return elastic(self, state)

    monkeypatch.setattr(View, "elastic", failing)
    history = fem.run(case).history
    assert history is not None
    times = history["Test Time / s"]
    assert 0.0 < times[1] < failed[0]
    assert times[-1] == 0.1
