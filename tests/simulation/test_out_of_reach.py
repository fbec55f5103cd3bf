"""Steps that cannot end as asked, surfaces that recover, and lithium above a protrusion."""

from __future__ import annotations

import pytest
from cells_in_time import UPPER, bed, cell_of, ends, flat, history_of

import fem


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
