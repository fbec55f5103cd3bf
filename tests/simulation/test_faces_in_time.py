"""Cells in time whose particles part from an electrolyte that yields: contact, currents, work."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from cells_in_time import MATERIAL, bed

import fem
from fem.results.history import ALL_LOOSE, History
from fem.results.result import Result
from fem.runs.accepted import Accepted
from fem.runs.simulation import simulate

SWELLS = MATERIAL | {"partial_molar_volume": "2e-6 m^3/mol"}
THERE = {"discharge": "10 A/m^2", "until": {"stoichiometry": 0.75}}
BACK = {"charge": "10 A/m^2", "until": {"stoichiometry": 0.6}}


def cell(*steps: dict[str, Any], bond: dict[str, Any] | str = "none", **changes: Any) -> fem.Case:
    """Two discs that swell as they take up lithium, in an electrolyte that yields early."""
    return bed(
        *steps,
        columns=2,
        kinetics__cathode__diffusion="averaged",
        mechanics={"swelling": True, "lithium": "elastic", "solids": "plastic"},
        stack={"pressure": "1 MPa", "stiffness": "1e12 Pa/m"},
        interfaces__particle_electrolyte={"bond": bond} if isinstance(bond, str) else bond,
        materials={
            "NCM811": SWELLS,
            "LPSCl": {"ionic_conductivity": "0.05 S/m", "youngs_modulus": "20 GPa",
                      "poisson_ratio": 0.27, "yield_strength": "60 MPa"},
        },
        **changes,
    )  # fmt: skip


class Taken:
    """A checkpoint as it would come from a file."""

    def __init__(self, kept: list[tuple[Any, ...]], number: int) -> None:
        self.arrays, self.facts, _ = kept[number]
        self.rows = [row for *_, row in kept[: number + 1]]


@pytest.fixture(scope="module")
def kept() -> list[tuple[Any, ...]]:
    return []


@pytest.fixture(scope="module")
def result(kept: list[tuple[Any, ...]]) -> Result:
    def keep(accepted: Accepted) -> None:
        kept.append(
            (accepted.arrays(), json.loads(json.dumps(accepted.facts())), dict(accepted.row))
        )

    return simulate(cell(THERE, BACK), observers=[keep])


@pytest.fixture(scope="module")
def history(result: Result) -> History:
    assert result.history is not None
    return result.history


@pytest.mark.slow
def test_an_electrolyte_that_yields_keeps_a_gap(result: Result, history: History) -> None:
    """What has flowed away as particles swell does not come back with them."""
    there = int(history.events[0][0])
    assert history["open_fraction"][0] == 0.0
    assert history["plastic_area_fraction"][there] > 0.05
    assert history["gap_max_m"][-1] > 1e-10
    assert 0.0 < history["open_fraction"][-1] <= 1.0
    assert result.metrics["open_fraction"] == history["open_fraction"][-1]
    assert np.ptp(result.particles.open_fraction) <= 1.0
    assert (history["stack_pressure_Pa"][1:] != history["stack_pressure_Pa"][0]).any()


@pytest.mark.slow
def test_work_is_found_again(history: History) -> None:
    assert history["work_error"].max() < 1e-8
    assert history["plastic_work_J_m"][-1] > 0.05 * np.abs(history["mechanical_work_J_m"]).max()
    assert np.diff(history["plastic_work_J_m"]).min() > -1e-12 * history["plastic_work_J_m"][-1]
    assert history["lithium_error"].max() < 1e-10
    assert history["charge_error"].max() < 1e-10


@pytest.mark.slow
def test_taken_up_it_goes_on_bit_by_bit(kept: list[tuple[Any, ...]], history: History) -> None:
    number = int(history.events[0][0]) + 3
    again = simulate(cell(THERE, BACK), resume=Taken(kept, number)).history
    assert again is not None
    assert again.events == history.events
    for column in history.columns:
        assert again[column].tobytes() == history[column].tobytes(), column


@pytest.mark.slow
def test_half_the_steps_change_nothing() -> None:
    """Flow and shares of contact are of first order in the step."""
    found = []
    for limit, tolerance in ((0.01, 2e-4), (0.005, 5e-5)):
        steps = {"stoichiometry": limit, "tolerance": tolerance}
        found.append(fem.run(cell(THERE, BACK, stepping=steps)).history)
    whole, half = found
    assert whole is not None and half is not None
    taken = [np.diff(each["Test Time / s"]).max() for each in (whole, half)]
    assert taken[1] < 0.6 * taken[0]
    for name in ("open_fraction", "gap_max_m", "gap_mean_m", "plastic_work_J_m"):
        assert half[name][-1] == pytest.approx(whole[name][-1], rel=1e-2), name


@pytest.mark.slow
def test_all_let_go_ends_the_run_by_name() -> None:
    """Particles that only shrink are loose all round: no current can flow any more."""
    history = fem.run(
        cell({"charge": "10 A/m^2", "until": {"stoichiometry": 0.3}}, mechanics__solids="elastic")
    ).history
    assert history is not None
    assert history.events[-1][3] in (ALL_LOOSE, "particle surface empty")
    assert history["open_fraction"][-1] == 1.0
    ended = history.events[-1][3] == ALL_LOOSE
    assert history["dead_particles"][-1] == (2.0 if ended else 0.0)


def test_pressure_that_conducts_lets_less_current_through() -> None:
    """With a tenth of the pressure that touches everywhere, the reaction has less to go by."""
    rest = {"rest": "1 s"}
    light = {"bond": "none", "conduction": "linear", "contact_pressure": "10 MPa"}
    step = {"discharge": "10 A/m^2", "until": {"time": "1 s"}}
    full = fem.run(cell(rest, step, mechanics__solids="elastic")).history
    less = fem.run(cell(rest, step, bond=light, mechanics__solids="elastic")).history
    assert full is not None and less is not None
    assert less["overpotential_V"][-1] < full["overpotential_V"][-1] - 1e-3
    assert less["open_fraction"].max() == 0.0
