"""Cycles that are left out: exact where all are alike, computed where something happens."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from cells_in_time import bed, flat

import fem
from fem.results.history import History
from fem.results.result import Result
from fem.runs import jumping as jumps
from fem.runs.accepted import Accepted
from fem.runs.jumping import Jumping
from fem.runs.simulation import simulate

COARSE = {"first": "1 h", "tolerance": 0.1, "stoichiometry": 1.0, "thickness": "1 mm"}
CHARGE = {"charge": "2 A/m^2", "until": {"time": "1 h", "voltage": "4.1 V"}}
DISCHARGE = {"discharge": "1 A/m^2", "until": {"time": "1.7 h"}}
COUNT = 24


def uneven(count: int = COUNT, **stepping: Any) -> fem.Case:
    """A cell that gives back less than it takes up, until a voltage cuts the charge short."""
    return flat(
        {"repeat": count, "steps": [CHARGE, DISCHARGE]},
        stepping=COARSE | stepping,
        kinetics__cathode={
            "exchange_current_density": "2 A/m^2", "stoichiometry": 0.6, "diffusion": "averaged",
        },
    )  # fmt: skip


def run(case: fem.Case) -> tuple[Result, History]:
    result = fem.run(case)
    assert result.history is not None
    return result, result.history


@pytest.fixture(scope="module")
def computed() -> Any:
    return run(uneven())


@pytest.fixture(scope="module")
def kept() -> list[tuple[Any, ...]]:
    return []


@pytest.fixture(scope="module")
def left_out(kept: list[tuple[Any, ...]]) -> Any:
    def keep(accepted: Accepted) -> None:
        facts = json.loads(json.dumps(accepted.facts()))
        kept.append((accepted.arrays(), facts, dict(accepted.row)))

    result = simulate(uneven(jump=0.01), observers=[keep])
    assert result.history is not None
    return result, result.history


def test_cycles_that_drift_evenly_are_left_out_exactly(computed: Any, left_out: Any) -> None:
    """Each cycle adds the same charge, so the state after many is known without computing them."""
    (_, every), (result, some) = computed, left_out
    skipped = int(some["skipped_cycles"][-1])
    assert skipped >= 6
    assert len(result.cycles) == COUNT - skipped
    assert result.cycles[-1]["cycle"] == COUNT
    steps = np.unique(some["step"])
    for column in ("Test Time / s", "capacity_Ah_m2", "throughput_Ah_m2", "charged_Ah_m2"):
        ends = [[h[column][h["step"] == s][-1] for s in steps] for h in (every, some)]
        assert ends[1] == pytest.approx(ends[0], rel=1e-9), column


def test_a_cycle_that_ends_otherwise_is_found_where_it_is(computed: Any, left_out: Any) -> None:
    """The voltage cuts the charge in the same cycle, whether those before were computed or not."""
    firsts = []
    for _, history in (computed, left_out):
        cut = [step for _, step, _, why in history.events if why == "voltage"]
        firsts.append(min(cut))
    assert firsts[0] == firsts[1]
    assert firsts[0] >= 10


def test_balances_close_over_jumps(left_out: Any) -> None:
    _, history = left_out
    assert history["lithium_error"].max() < 1e-12
    assert history["charge_error"].max() < 1e-12
    assert (np.diff(history["Test Time / s"]) >= 0.0).all()


class Taken:
    """A checkpoint as it would come from a file."""

    def __init__(self, kept: list[tuple[Any, ...]], number: int) -> None:
        self.arrays, self.facts, _ = kept[number]
        self.rows = [row for *_, row in kept[: number + 1]]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.83])
def test_taken_up_it_goes_on_bit_by_bit(
    kept: list[tuple[Any, ...]], left_out: Any, share: float
) -> None:
    _, history = left_out
    again = simulate(uneven(jump=0.01), resume=Taken(kept, int(share * len(kept)))).history
    assert again is not None
    assert again.events == history.events
    for column in history.columns:
        assert again[column].tobytes() == history[column].tobytes(), column


def test_no_jump_goes_behind_the_longest() -> None:
    _, history = run(uneven(10, jump=0.2, longest_jump=3))
    assert 0.0 < np.diff(history["skipped_cycles"]).max() <= 3.0


def test_a_jump_that_is_wrong_is_shorter_the_next_time() -> None:
    known = Jumping(begin=None, passed=None, work=None, length=8)  # type: ignore[arg-type]
    assert jumps.rejected(known, 8, 4.0).length == 3  # 8 * 0.9 / 2
    assert jumps.rejected(known, 8, 1.01).length == 4
    assert jumps.rejected(known, 8, np.inf).length == 2
    once = jumps.rejected(known, 1, 1.5)
    assert (once.length, once.pause, once.patience) == (1, 1, 2)
    assert jumps.rejected(once, 1, 1.5).pause == 2
    assert jumps.accepted(known, 8, 0.25).length == 14  # 8 * 0.9 / 0.5
    assert jumps.accepted(once, 1, 1e-9).length == 3
    assert jumps.accepted(once, 1, 1e-9).patience == 1


@pytest.mark.slow
def test_bonds_that_creep_let_go_as_if_all_cycles_were_computed() -> None:
    """Damage that lags in time adds up from cycle to cycle; 2 % in what is asked of the jumps."""
    case = bed(
        {
            "repeat": 20,
            "steps": [
                {"charge": "5 A/m^2", "until": {"stoichiometry": 0.3}},
                {"discharge": "5 A/m^2", "until": {"voltage": "3.76 V"}},
            ],
        },
        kinetics__cathode__diffusion="averaged",
        kinetics__cathode__stoichiometry=0.75,
        mechanics={"swelling": True, "lithium": "elastic"},
        stack={"pressure": "5 MPa"},
        interfaces__particle_electrolyte={
            "bond": "cohesive", "strength": "50 MPa", "toughness": "4 J/m^2",
            "stiffness": "1e15 Pa/m", "viscosity": "2e5 s",
        },
        mesh={"size": "2.5 um", "growth": 0.6},
        stepping={"tolerance": 0.01, "first": "1 s", "stoichiometry": 0.1},
    )  # fmt: skip
    (one, every), (two, some) = run(case), run(case.replace({"stepping.jump": 0.02}))
    assert some["skipped_cycles"][-1] >= 8
    capacity = [r.cycles[-1]["discharge_capacity_Ah_m2"] for r in (one, two)]
    assert capacity[1] == pytest.approx(capacity[0], rel=2e-3)
    gaps = [h["gap_max_m"].max() for h in (every, some)]
    assert gaps[1] == pytest.approx(gaps[0], rel=0.02)
    assert some["work_error"].max() < 1e-6
    assert some["lithium_error"].max() < 1e-10
