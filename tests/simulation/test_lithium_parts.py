"""Lithium that is stripped from beneath: gaps, what conducts, work, and runs that are taken up."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from cells_in_time import flat

import fem
from fem.constants import FARADAY
from fem.results.history import LITHIUM_LOOSE, History
from fem.results.result import Result
from fem.runs.accepted import Accepted
from fem.runs.simulation import simulate

STRIP = {"discharge": "10 A/m^2", "until": {"time": "20 s"}}
PLATE = {"charge": "10 A/m^2", "until": {"time": "20 s"}}


def cell(*steps: dict[str, Any], bond: dict[str, Any] | None = None, **changes: Any) -> fem.Case:
    """A flat cell of one element or two, unless `changes` say otherwise."""
    return flat(
        *steps or (STRIP, PLATE),
        kinetics__cathode__diffusion="fixed",
        mechanics={"lithium": "elastic", "enabled": True},
        interfaces__lithium_electrolyte={"bond": "none"} | (bond or {}),
        **changes,
    )


def waves(*steps: dict[str, Any], **changes: Any) -> fem.Case:
    """Half a wave of lithium, under a stack too light for it to follow."""
    surface = {"amplitude": "0.4 um", "wavelength": "8 um"}
    return cell(
        *steps or (STRIP | {"until": {"time": "3 s"}}, PLATE | {"until": {"time": "0.5 s"}}),
        geometry__anode={"thickness": "6 um", "surface": surface},
        stack={"pressure": "0.1 MPa"},
        mesh__size="1 um",
        bond={"conducts_below": "0.1 nm"},
        **changes,
    )


def history_of(case: fem.Case) -> History:
    found = fem.run(case).history
    assert found is not None
    return found


def test_a_gap_under_a_held_plate_is_what_was_stripped() -> None:
    """And plating back closes it: a gap that a micrometre conducts across."""
    wide = {"conducts_below": "1 um"}
    history = history_of(cell(bond=wide, stack={"pressure": "0 MPa", "stiffness": "held"}))
    end = int(history.events[0][0])
    gap, gone = history["lithium_gap_max_m"], -history["lithium_plated_mol_m"] / 4e-6
    assert gap[end] == pytest.approx(history["lithium_gap_mean_m"][end], rel=1e-6)
    # One molar volume explains every row.
    rows = gone > 1e-3 * gone.max()
    ratios = gap[rows] / gone[rows]
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-6)
    assert 1.2e-5 < ratios[0] < 1.4e-5
    assert history["lithium_open_fraction"][end] == 1.0
    assert gap[-1] < 1e-9 * gap[end]
    assert history["work_error"].max() < 1e-8


def test_under_dead_weight_no_gap_opens() -> None:
    history = history_of(cell(stack={"pressure": "1 MPa"}))
    assert not history["lithium_gap_max_m"].any()
    np.testing.assert_allclose(history["lithium_pressure_Pa"], 1e6, rtol=1e-6)


@pytest.mark.slow
def test_lithium_that_has_let_go_ends_the_run_by_name() -> None:
    history = history_of(cell(stack={"pressure": "0 MPa", "stiffness": "held"}))
    assert history.events[-1][3] == LITHIUM_LOOSE
    assert history["lithium_gap_max_m"][-1] == pytest.approx(2e-9, rel=0.1)
    charge = FARADAY * np.abs(history["lithium_plated_mol_m"][-1])
    assert charge < 20.0 * 10.0 * 4e-6


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

    return simulate(waves(), observers=[keep])


def test_flanks_are_left_behind(result: Result) -> None:
    """Lithium that sinks as a whole opens where its surface is steep."""
    history = result.history
    assert history is not None
    end = int(history.events[0][0])
    opened = history["lithium_open_fraction"]
    assert opened[0] == 0.0
    assert 0.1 < opened[end] < 1.0
    assert history["work_error"].max() < 1e-8
    assert history["lithium_error"].max() < 1e-10
    assert result.faces is not None
    assert set(result.faces.kind) == {"lithium_electrolyte"}
    assert set(result.faces.particle.tolist()) == {-2}


def test_current_goes_where_lithium_touches(kept: list[tuple[Any, ...]], result: Result) -> None:
    assert result.history is not None
    row = int(result.history.events[0][0])
    share = kept[row][0]["held/lithium.contact"]
    assert share.min() < 0.97
    # What is held at the end of a step holds for the next: here an instant with another current.
    later = kept[row + 1][0]
    assert (later["held/lithium.contact"] == share).all()
    current = later[max(name for name in later if name.endswith("currents/0"))]
    # The electrolyte is thin and conducts well, so that overpotentials are all but even.
    np.testing.assert_allclose(current / share, current.sum() / share.sum(), rtol=0.01)


@pytest.mark.slow
def test_taken_up_it_goes_on_bit_by_bit(kept: list[tuple[Any, ...]], result: Result) -> None:
    assert result.history is not None
    number = int(result.history.events[0][0]) + 2
    again = simulate(waves(), resume=Taken(kept, number)).history
    assert again is not None
    for column in result.history.columns:
        assert again[column].tobytes() == result.history[column].tobytes(), column
