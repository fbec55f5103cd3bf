"""Steps that cannot end as asked, surfaces that recover, and lithium above a protrusion."""

from __future__ import annotations

from typing import Any

import pytest
from cells_in_time import UPPER, bed, cell_of, ends, flat, history_of

import fem


@pytest.mark.slow
def test_a_hold_that_falls_short_of_its_stoichiometry_says_so() -> None:
    """4.0 V is x = 0.43 at rest: x = 0.3 is never reached, and noise must not end the step."""
    case = flat({"hold": "4.0 V", "until": {"stoichiometry": 0.3}})
    with pytest.raises(fem.SolveError, match="nothing changes any more"):
        fem.run(case)


def test_a_hold_ends_at_a_stoichiometry_from_either_side() -> None:
    history = history_of(
        flat(
            {"hold": "4.1 V", "until": {"stoichiometry": 0.5}},
            {"hold": "3.8 V", "until": {"stoichiometry": 0.6}},
        )
    )
    assert ends(history) == ["stoichiometry", "stoichiometry"]
    rows = [event[0] for event in history.events]
    assert history["stoichiometry_mean"][rows] == pytest.approx([0.5, 0.6], abs=2e-7)


def test_a_surface_left_full_recovers_under_a_smaller_current() -> None:
    history = history_of(
        bed(
            {"discharge": "60 A/m^2", "until": {"time": "1 h"}, "on_infeasible": "next"},
            {"discharge": "1 A/m^2", "until": {"time": "5 s"}},
            kinetics__cathode__stoichiometry=0.8,
        )
    )
    assert ends(history) == ["particle surface full", "time"]
    assert history["stoichiometry_surface_max"][-1] < UPPER - 0.01


def test_lithium_above_a_protrusion_can_be_stripped_too() -> None:
    """The same flat reserve, and the depth of the protrusion on top of it at its tip."""
    tip = {"x": "5 um", "depth": "3 um", "half_width": "2 um", "fillet": "0.5 um"}
    case = bed(
        geometry__anode__protrusions=[tip], geometry__anode__reserve="1 um", mesh__size="1 um"
    )
    cell = cell_of(case)
    state = cell.initial()
    assert cell.lithium_left(state.content) == pytest.approx(1e-6, rel=1e-9)
    # Two um off the line at the tip alone: more than the reserve, less than what is there.
    line = cell.lithium.patches
    at_tip = line.at_points(cell.mesh.nodes[1, line.nodes]) < cell.mesh.geometry.lithium_y - 2e-6
    charge = cell.lithium.charge(state.content) - 2e-6 * line.weights * at_tip / (
        cell.lithium.per_charge
    )
    left = cell.lithium_left({**state.content, "lithium.charge": charge})
    assert left == pytest.approx(1e-6, rel=1e-9)


TOO_MUCH = {"discharge": "60 A/m^2", "until": {"time": "1 h"}}


def stopping(**keys: str) -> fem.Case:
    """Particles near full: 60 A/m^2 fills their surfaces within seconds, whatever is asked."""
    step = {**TOO_MUCH, **keys}
    loop = {"repeat": 2, "steps": [step, {"charge": "1 A/m^2", "until": {"time": "5 s"}}]}
    return bed(loop, {"rest": "1 s"}, kinetics__cathode__stoichiometry=0.8)


def test_a_run_stops_at_a_step_that_the_cell_can_no_longer_do_and_says_so() -> None:
    result = fem.run(stopping())
    assert result.history is not None
    assert ends(result.history) == ["particle surface full"]
    time = result.history["Test Time / s"][-1]
    assert result.metrics["simulated_time_s"] == time
    (note,) = [note for note in result.notes if note.startswith("Warning: the run stopped")]
    assert f"cycle 1 of 2, step 1: discharge at 60 A/m^2 (particle surface full, {time:.6g} s)" in (
        note
    )
    assert "4 further steps were not begun" in note
    assert 'on_infeasible = "next"' in note


def test_a_run_goes_on_where_the_step_says_so_and_tells_which_steps_were_cut_short() -> None:
    result = fem.run(stopping(on_infeasible="next"))
    assert result.history is not None
    assert ends(result.history) == ["particle surface full", "time"] * 2 + ["time"]
    (note,) = [note for note in result.notes if "the cell could do no more" in note]
    assert note.count("particle surface full") == 2
    assert not any("stopped" in note for note in result.notes)


def test_a_step_that_is_over_as_it_begins_is_told() -> None:
    """At x = 0.6 the cell rests at 3.88 V."""
    charge = {"charge": "20 A/m^2", "until": {"time": "5 s"}}
    result = fem.run(flat({"discharge": "20 A/m^2", "until": {"voltage": "4.2 V"}}, charge))
    assert result.history is not None
    assert ends(result.history) == ["voltage", "time"]
    (note,) = [note for note in result.notes if "over as they began" in note]
    assert "step 1: discharge at 20 A/m^2 (voltage)" in note
    assert not any(note.startswith("Warning: over") for note in fem.run(flat(charge)).notes)


CHARGED = ({"charge": "10 A/m^2", "until": {"time": "300 s"}}, {"rest": "1 h"})


def test_a_potential_that_rises_is_named_where_particles_leave_their_sites() -> None:
    """Given against state of charge: what holds more draws more, until sites are taken twice.

    Where the reaction is even, as on a slab, nothing runs away, and the warning remains.
    """
    rising = {"materials__NCM811__open_circuit_potential": "3.2 + 0.8*x"}
    with pytest.raises(fem.SolveError, match=r"x has left 0 to 1 .*potential of NCM811 rises") as e:
        fem.run(bed(*CHARGED, rows=2, **rising))
    assert "1 - x in the place of x" in str(e.value)
    assert 300.0 < e.value.time < 3900.0
    notes = fem.run(flat(*CHARGED, **rising)).notes
    assert any("NCM811 rises by 640 mV from x = 0.1 to 0.9" in note for note in notes)


@pytest.mark.parametrize("make", [flat, bed])
def test_a_plateau_with_noise_runs(make: Any) -> None:
    """Two millivolts that rise and fall with slopes of 0.8 V, as points of a measurement do."""
    noisy = {"materials__NCM811__open_circuit_potential": "3.4 + 0.002*sin(400*x)"}
    result = fem.run(make(*CHARGED, **noisy))
    history = result.history
    assert history is not None
    assert ends(history) == ["time", "time"]
    assert len(history) < 100
    assert abs(history["Voltage / V"][-1] - 3.4) < 0.0025
    assert not any("rises" in note for note in result.notes)


RESISTED = {"kinetics__cathode__area_resistance": "10 ohm*cm^2"}
WIRED = {"geometry__cathode__wiring": {"kind": "effective", "conductivity": "1 S/m"}}
FAR = [
    (flat, 1.0, (10.0, 10.0), {}),
    (bed, 1.0, (1e4, 1e-3), RESISTED),
    pytest.param(bed, 6.0, (1e-3, 1e4), {}, marks=pytest.mark.slow),
    pytest.param(bed, 0.1, (1e-3, 1e-3), WIRED, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("make", "voltage", "exchange", "changes"), FAR)
def test_holds_far_from_equilibrium(
    make: Any, voltage: float, exchange: tuple[float, float], changes: dict[str, Any]
) -> None:
    """From a cell at 3.7 V, at once and after a rest: thousands of amperes, then a named end."""
    hold = {"hold": f"{voltage} V", "until": {"time": "10 s"}}
    sides = {
        f"kinetics__{side}__exchange_current_density": f"{i0} A/m^2"
        for side, i0 in zip(("anode", "cathode"), exchange, strict=True)
    }
    case = make(hold, {"rest": "30 d"}, hold, kinetics__cathode__stoichiometry=0.85, **sides)
    case = case.replace({name.replace("__", "."): value for name, value in changes.items()})
    history = history_of(case)
    end = "particle surface full" if voltage < 3.7 else "particle surface empty"
    assert ends(history)[0] == end
    assert history["Voltage / V"][0] == pytest.approx(voltage, abs=1e-9)
    assert abs(history["current_density_A_m2"][0]) > 1000.0
    for name in ("lithium_error", "charge_error"):
        assert history[name].max() <= 1e-10


@pytest.mark.parametrize("above", [0.0, 1e-12, 1e-9, 1e-6])
def test_a_hold_at_the_voltage_of_a_rested_cell(above: float) -> None:
    """Nothing, or next to nothing, flows; reactions seven powers of ten apart lose its digits."""
    sides = {
        "kinetics__anode__exchange_current_density": "1e-3 A/m^2",
        "kinetics__cathode__exchange_current_density": "1e4 A/m^2",
    }
    first = {"discharge": "5 A/m^2", "until": {"time": "100 s"}}
    voltage = history_of(flat(first, {"rest": "30 d"}, **sides))["Voltage / V"][-1]
    hold = {"hold": f"{voltage + above!r} V".replace("np.float64(", "").replace(")", ""),
            "until": {"time": "100 s"}}  # fmt: skip
    history = history_of(flat(first, {"rest": "30 d"}, hold, {"rest": "1 d"}, **sides))
    assert ends(history) == ["time"] * 4
    assert history["charge_error"].max() <= 1e-10
