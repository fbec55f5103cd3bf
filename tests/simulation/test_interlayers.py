"""Cells with an interlayer in time: where lithium goes and comes back from, and what is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import fem
from fem.runs.simulation import Accepted, simulate
from tests.verification.interlayer_cells import VOLUME, case, line

STORES = {
    "kinetics.interlayer.electrolyte": {
        "opening_pressure": "100 MPa", "nucleation_overpotential": "5 mV",
    },
    "kinetics.interlayer.collector": {"nucleation_overpotential": "5 mV"},
    "kinetics.interlayer.carbon": {
        "exchange_current_density": "1 A/m^2", "surface_area": "1e6 1/m",
    },
    "materials.carbon.max_concentration": "500 mol/m^3",
    "stepping.stoichiometry": 0.1,
    "stepping.first": "5 s",
    "mesh.size": "10 um",
}  # fmt: skip
PLACES = ("electrolyte", "collector", "carbon")


@dataclass(frozen=True)
class Kept:
    """A checkpoint in memory."""

    arrays: dict[str, NDArray[Any]]
    facts: dict[str, Any]
    rows: list[Any]


CHARGE = {"charge": "10 A/m^2", "until": {"time": "1 min"}}
DISCHARGE = {"discharge": "10 A/m^2", "until": {"time": "3 min"}}


def charge() -> fem.Case:
    return case(STORES, [CHARGE])


@pytest.fixture(scope="module")
def run() -> tuple[list[Accepted], Any]:
    steps: list[Accepted] = []
    return steps, simulate(charge(), observers=[steps.append])


def test_places_have_the_charge_that_was_passed(run: Any) -> None:
    history = run[1].history
    total = sum(line(history, f"lithium_{name}_Ah_m2") for name in PLACES)
    assert total == pytest.approx(line(history, "capacity_Ah_m2"), rel=1e-10, abs=1e-12)
    for name in ("lithium_error", "charge_error"):
        assert line(history, name).max() < 1e-10


def test_carbon_fills_first_then_lithium_deposits_at_the_collector(run: Any) -> None:
    history = run[1].history
    times, x = line(history, "Test Time / s"), line(history, "carbon_stoichiometry_mean")
    collector, voltage = line(history, "deposit_collector_m"), line(history, "Voltage / V")
    opens = next(row for row, _, _, why in history.events if "interlayer|collector" in why)
    assert x[opens] > 0.75
    assert collector[opens] < 1e-8 < collector[np.searchsorted(times, 59.0)]
    # 5 mV of nuclei: the voltage falls as they are there.
    assert voltage[opens] - voltage[opens + 1] > 2e-3
    assert line(history, "deposit_electrolyte_m").max() == pytest.approx(0.0, abs=1e-15)


@pytest.mark.slow
def test_a_discharge_empties_every_place_and_then_ends() -> None:
    history = fem.run(case(STORES, [CHARGE, DISCHARGE])).history
    assert history is not None
    _, _, label, why = history.events[-1]
    assert label.startswith("step 2") and why == "lithium used up"
    left = line(history, "capacity_Ah_m2")[-1] * 3600.0 * VOLUME / 96485.33212
    start = 0.01 * 500.0 * 10e-6 * VOLUME
    assert left + start == pytest.approx(1e-9, abs=2e-12)
    assert line(history, "deposit_collector_m")[-1] == pytest.approx(0.0, abs=1e-12)
    assert line(history, "carbon_stoichiometry_mean")[-1] < 0.05


def test_a_run_that_is_taken_up_is_the_same_bit_by_bit(run: Any) -> None:
    """From just before the site opens, and from after it."""
    steps, result = run
    opens = next(row for row, _, _, why in result.history.events if "opens" in why)
    for number in (opens, opens + 2):
        at = steps[number]
        kept = Kept(at.arrays(), at.facts(), [each.row for each in steps[: number + 1]])
        again = simulate(charge(), resume=kept)
        assert again.history is not None and again.history.events == result.history.events
        for name, values in result.history.columns.items():
            assert np.array_equal(again.history[name], values, equal_nan=True), name


def test_lithium_prefers_the_face_where_nothing_bonds() -> None:
    """An unbonded half of the face takes the most; what it cannot reach goes to the collector."""
    width, share = 40.0, 0.5
    tables = case(
        {
            "geometry.width": f"{width} um",
            "kinetics.interlayer.electrolyte": {
                "opening_pressure": "100 MPa", "unbonded": ["0 um", f"{share * width} um"],
            },
        },
        [{"charge": "2 A/m^2", "until": {"time": "5 min"}}],
    )  # fmt: skip
    result = fem.run(tables)
    history = result.history
    assert history is not None
    assert line(history, "opened_electrolyte_fraction")[-1] == pytest.approx(share, abs=1e-9)
    face, all_of_it = (
        line(history, f"deposit_{name}_m")[-1] for name in ("electrolyte", "collector")
    )
    assert face > all_of_it
    points, deposit = result.field_mesh.points, result.fields["deposit"]
    bonded = np.isfinite(deposit) & (points[:, 0] > 21e-6) & (points[:, 1] < 40.5e-6)
    assert np.abs(deposit[bonded]).max() < 0.2 * deposit[np.isfinite(deposit)].max()
    total = 2.0 * 300.0 * VOLUME / 96485.33212
    assert face + all_of_it == pytest.approx(total, rel=1e-10)


def test_a_snapshot_has_its_places_too() -> None:
    result = fem.run(
        case(
            {
                **STORES,
                "operation": {"current_density": "2 A/m^2"},
                "kinetics.interlayer.carbon.stoichiometry": 0.9,
            }
        )
    )
    assert result.metrics["interlayer_drop_V"] > 0.0
    assert result.metrics["carbon_stoichiometry_mean"] == pytest.approx(0.9)
