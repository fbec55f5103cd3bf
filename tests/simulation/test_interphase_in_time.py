"""Electrolyte that reacts, in cells that do other things too: nothing is lost or forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cells_in_time import DISC, bed, cell_of, current, flat, history_of

import fem
from fem.cell.composition import Cell
from fem.cell.state import State
from fem.errors import InputError
from fem.geometry import Inactivity
from fem.output import recording
from fem.runs.accepted import Accepted
from fem.runs.simulation import simulate

LAYER = {
    "growth": "self-limiting",
    "current_density": "1 A/m^2",
    "passivation_thickness": "5 nm",
    "transfer_coefficient": 1.0,
}
ON_LITHIUM = {"growth": "self-limiting", "growth_rate": "1 um/h", "passivation_thickness": "5 nm",
              "plating_share": 0.1, "conductivity": "1e-6 S/m"}  # fmt: skip
STEPS = (
    {"charge": "20 A/m^2", "until": {"time": "40 s"}},
    {"rest": "20 s"},
    {"discharge": "10 A/m^2", "until": {"time": "20 s"}},
)
BOTH = {"interphase__particle_electrolyte": LAYER, "interphase__lithium_electrolyte": ON_LITHIUM}


def dead_moment(cell: Cell, state: State) -> Mapping[int, Inactivity | None]:
    """Particle 1 loses its electrons after 15 s and finds them again after 50 s."""
    return {1: Inactivity.NO_ELECTRONS if 15.0 <= state.time < 50.0 else None}


@pytest.mark.parametrize(
    "diffusion", [pytest.param("resolved", marks=pytest.mark.slow), "averaged"]
)
def test_ledgers_close_and_what_does_not_react_grows_no_layer(diffusion: str) -> None:
    """Lithium, charge and electrolyte to 1e-10 at every step, with a particle that pauses."""
    seen: list[Accepted] = []
    changes = {"kinetics__cathode__diffusion": diffusion, "stepping__tolerance": 1e-2}
    case = bed(*STEPS, columns=2, **BOTH, **changes)
    result = simulate(case, observers=[seen.append], switch=dead_moment)
    history = result.history
    assert history is not None
    for name in ("lithium_error", "charge_error", "electrolyte_error"):
        assert history[name].max() < 1e-10
    (side,) = seen[0].view.cell.oxidation
    layers = np.array([side.consumed(each.state.content) for each in seen])
    times = np.array([each.state.time for each in seen])
    paused = (times[:-1] >= 15.0) & (times[1:] < 50.0)
    assert paused.sum() >= 2
    grows = np.diff(layers, axis=0)
    assert (grows[paused, 1] == 0.0).all()
    assert (grows[paused & (np.diff(times) > 0.0), 0] > 0.0).all()
    assert result.particles.interphase[0] > result.particles.interphase[1] > 0.0
    lost = result.particles.side_charge
    assert lost.sum() == pytest.approx(
        3600.0 * history["side_charge_Ah_m2"][-1] * float(case.geometry.width), rel=1e-12
    )
    # The particles have given what the cell has passed less what electrolyte gave.
    given = float(case.geometry.width) * 3600.0 * history["capacity_Ah_m2"][-1] - lost.sum()
    assert -96485.33212 * history["lithium_in_particles_mol_m"][-1] == pytest.approx(given)


def test_a_cycle_gives_back_less_than_it_took() -> None:
    """Between two voltages: the coulombic efficiency falls by the charge of the side reaction."""
    cycle = {"repeat": 1, "steps": [
        {"charge": "20 A/m^2", "until": {"time": "60 s"}},
        {"discharge": "20 A/m^2", "until": {"stoichiometry": 0.5995}},
    ]}  # fmt: skip
    layers = {"interphase__particle_electrolyte": LAYER}
    runs = [
        fem.run(flat(cycle, kinetics__cathode__diffusion="averaged", **changes))
        for changes in ({}, layers)
    ]
    without, reacting = (run.cycles[0]["coulombic_efficiency"] for run in runs)
    history = runs[1].history
    assert history is not None
    share = history["side_charge_Ah_m2"][-1] / history["charged_Ah_m2"][-1]
    assert share > 0.01
    assert without - reacting == pytest.approx(share, rel=1e-3)


def test_a_reaction_that_never_starts_changes_nothing() -> None:
    """With an onset that is not reached, and a layer that resists nothing, nothing is different."""
    still = LAYER | {"onset": "5 V"}
    steps = STEPS[:1]
    there = history_of(
        bed(*steps, interphase__particle_electrolyte=still,
            materials__LPSCl__interphase_conductivity="1e9 S/m")
    )  # fmt: skip
    gone = history_of(bed(*steps))
    assert there["side_charge_Ah_m2"].max() == 0.0
    assert there["Voltage / V"] == pytest.approx(gone["Voltage / V"], abs=1e-11)
    assert "interphase_mean_m" not in gone.columns


@pytest.mark.slow
def test_volume_that_is_lost_opens_faces_until_nothing_crosses_them() -> None:
    """Faces without a bond, in a hole that does not follow: the gap is what was lost.

    The side reaction ends as the gap reaches the width beyond which no current crosses.
    """
    case = bed(
        {"rest": "10 min"},
        interphase__particle_electrolyte={"growth": "linear", "current_density": "0.1 A/m^2"},
        mechanics={"enabled": True, "lithium": "elastic"},
        interfaces__particle_electrolyte={"bond": "none", "conducts_below": "2 nm"},
        stepping__tolerance=1e-2,
    )
    history = history_of(case)
    for name in ("lithium_error", "charge_error", "electrolyte_error"):
        assert history[name].max() < 1e-10
    assert history["work_error"].max() < 1e-6
    around = np.pi * DISC / float(case.geometry.width)
    lost = history["volume_lost_m"] / around
    assert history["gap_mean_m"] == pytest.approx(lost, rel=1e-2, abs=1e-13)
    assert 1.7e-9 < history["gap_mean_m"][-1] < 2e-9
    side = history["side_current_density_A_m2"]
    assert side[-1] < 0.05 * side[0]


@pytest.mark.slow
def test_bonded_solids_are_pulled_and_the_line_goes_on_from_there(tmp_path: Path) -> None:
    """A run that is taken up again does the same to the last digit, with solids that shrink."""
    mechanics = {"enabled": True, "lithium": "elastic", "swelling": True}
    case = bed(*STEPS[:1], **BOTH, mechanics=mechanics, stepping__tolerance=1e-2)
    steps: list[Accepted] = []
    whole = simulate(case, observers=[steps.append]).history
    assert whole is not None
    with recording(tmp_path, case) as recorder:
        for each in steps[:4]:
            recorder(each)
    with recording(tmp_path, case, resume=True) as recorder:
        again = simulate(case, observers=[recorder], resume=recorder.checkpoint)
        history = recorder.finish(again).history
    assert history is not None
    for name, values in whole.columns.items():
        assert np.array_equal(history[name], values, equal_nan=True), name
    assert whole["electrolyte_error"].max() < 1e-10


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"geometry__anode__motion": "moved"}, marks=pytest.mark.slow),
        {"stepping__electrolyte": "modes"},
        pytest.param(
            {"geometry__cathode__wiring": {"kind": "effective", "conductivity": "10 S/m"}},
            marks=pytest.mark.slow,
        ),
    ],
    ids=["a line that moves", "modes", "wires"],
)
def test_it_goes_with_what_else_a_cell_does(changes: dict[str, Any]) -> None:
    plain = history_of(bed(*STEPS[:1], columns=2, **BOTH, stepping__tolerance=1e-2))
    other = history_of(bed(*STEPS[:1], columns=2, **BOTH, stepping__tolerance=1e-2, **changes))
    for name in ("lithium_error", "charge_error", "electrolyte_error"):
        assert other[name].max() < 1e-10
    for name in ("interphase_mean_m", "lithium_interphase_mean_m"):
        assert other[name][-1] == pytest.approx(plain[name][-1], rel=1e-3)


def test_an_instant_has_a_side_current() -> None:
    """A snapshot reads the layer as it begins; reactions add up to the current of the cell."""
    case = bed().replace(
        {
            "operation": {"kind": "snapshot", "current_density": "20 A/m^2"},
            "interphase.particle_electrolyte": LAYER | {"initial_thickness": "5 nm"},
        }
    )
    result = fem.run(case)
    around = np.pi * DISC / float(case.geometry.width)
    assert result.metrics["side_current_density_A_m2"] == pytest.approx(0.5 * around, rel=1e-5)
    assert result.metrics["plating_total_over_applied"] == pytest.approx(1.0)
    assert result.metrics["interphase_mean_m"] == pytest.approx(5e-9)


@pytest.mark.slow
def test_a_stable_halide_in_its_place_does_nothing() -> None:
    """Li3YCl6 for the sulfide, and nothing else: the very run that has no side reaction."""
    halide = {"geometry.cathode.electrolyte": "LYC"}
    steps = ({"charge": "20 A/m^2", "until": {"voltage": "4.2 V", "time": "60 s"}}, *STEPS[1:])
    plain = history_of(bed(*steps).replace(halide))
    other = history_of(bed(*steps, interphase__particle_electrolyte=LAYER).replace(halide))
    for name in ("interphase_max_m", "side_charge_Ah_m2", "electrolyte_consumed_m"):
        assert not other[name].any()
    assert other["Voltage / V"] == pytest.approx(plain["Voltage / V"], abs=1e-9)


@pytest.mark.parametrize("name", ["LGPS_WM", "LGPS_HM"])
def test_what_no_data_of_an_oxidation_is_known_of_is_refused(name: str) -> None:
    case = bed(*STEPS, interphase__particle_electrolyte=LAYER).replace(
        {"geometry.cathode.electrolyte": name}
    )
    with pytest.raises(InputError, match="oxidation"):
        cell_of(case)


def test_currents_of_an_instant_balance() -> None:
    """At rest the particles take up what electrolyte gives, and nothing crosses the lithium."""
    cell = cell_of(bed(interphase__particle_electrolyte=LAYER))
    state = cell.instant(cell.initial(), current(cell, 0.0))
    particles, side = (float(b.sum()) for b in state.solved.loads[1:])
    assert side > 0.0
    assert particles == pytest.approx(-side, rel=1e-9)
