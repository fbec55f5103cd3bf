"""Where a step ends whose event is met on a cliff, or jumped over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_faces_in_time import cell

import fem
from fem.runs import trials
from fem.runs.trials import locate


class Fake(NamedTuple):
    """A state, of which only the time counts."""

    time: float


class Tried(NamedTuple):
    """A step to it."""

    state: Fake


class Excess:
    """A step of the protocol whose event is over its threshold by a function of time."""

    def __init__(self, excess: Callable[[float], float]) -> None:
        self.excess = excess

    def reached(self, state: Fake) -> float:
        return self.excess(state.time)


def found(excess: Callable[[float], float]) -> float | None:
    """Time at which a step from 0 s ends that would have gone on to 1 s."""
    todo: Any = Excess(excess)
    start: Any = Fake(0.0)
    beyond: Any = Tried(Fake(1.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            trials,
            "attempt",
            lambda cell, todo, state, dt, locating: Tried(Fake(state.time + dt)),
        )
        end: Any = locate(None, todo, start, beyond)  # type: ignore[arg-type]
    return None if end is None else float(end.state.time)


@given(st.floats(0.01, 0.99), st.floats(1e2, 1e9), st.floats(1e2, 1e9), st.sampled_from([1, 3, 9]))
def test_an_event_of_any_steepness_is_met(
    at: float, below: float, above: float, power: int
) -> None:
    """Within its tolerance, or just before where times that differ are too far apart for it."""

    def excess(time: float) -> float:
        away = (time - at) / (1.0 - at if time > at else at)
        return (above if away > 0.0 else below) * away**power

    end = found(excess)
    assert end is not None
    assert excess(end) <= 1.0
    assert excess(end) >= -1.0 or end == pytest.approx(at, abs=1e-11)


@given(st.floats(0.01, 0.99), st.floats(1e2, 1e9), st.floats(1e2, 1e9))
def test_a_jump_ends_the_step_before_it(at: float, below: float, above: float) -> None:
    end = found(lambda time: above if time > at else -below)
    assert end is not None
    assert end <= at
    assert end == pytest.approx(at, abs=1e-11)


def test_a_jump_at_once_leaves_no_step() -> None:
    assert found(lambda time: 1e7 if time > 0.0 else -1e6) is None


@pytest.mark.parametrize("volts", [4.0, pytest.param(4.1, marks=pytest.mark.slow)])
def test_a_voltage_is_met_while_contact_goes(volts: float) -> None:
    """A disc that shrinks lets go: the voltage rises at once by what the last step has opened."""
    step = {"charge": "10 A/m^2", "until": {"voltage": f"{volts} V"}}
    history = fem.run(
        cell(step, mechanics__solids="elastic").replace(
            {
                "geometry.width": "10 um",
                "geometry.cathode.particles.columns": 1,
                "mesh.size": "4 um",
            }
        )
    ).history
    assert history is not None
    assert [why for *_, why in history.events] == ["voltage"]
    assert history["open_fraction"][-1] == 1.0
    assert history["Voltage / V"][-1] == pytest.approx(volts, abs=2e-6)
