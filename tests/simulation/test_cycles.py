"""Cycles of a protocol with loops: their place, and what each took up and gave."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from cells_in_time import flat

import fem
from fem.case import Protocol
from fem.results.cycles import COLUMNS

U, R = 3.88, 5.16e-3
"""Volts at x = 0.6, and ohm m2 of two surfaces and 8 um of electrolyte: V = U + R i."""
CHARGE = {"charge": "2 A/m^2", "until": {"time": "3600 s"}}
DISCHARGE = {"discharge": "1 A/m^2", "until": {"time": "5400 s"}}
REST = {"rest": "10 s"}


def resistive(*steps: dict[str, Any]) -> fem.Case:
    return flat(
        *steps,
        stepping={"first": "1 h", "tolerance": 0.1, "stoichiometry": 1.0, "thickness": "1 mm"},
        kinetics__anode={"area_resistance": "2e-3 ohm*m^2"},
        kinetics__cathode={
            "area_resistance": "3e-3 ohm*m^2", "stoichiometry": 0.6, "diffusion": "fixed",
        },
    )  # fmt: skip


def repeat(count: int, *steps: dict[str, Any]) -> dict[str, Any]:
    return {"repeat": count, "steps": list(steps)}


def test_what_a_cycle_took_up_and_gave() -> None:
    """2 Ah/m2 in and 1.5 out: 0.75, times (U - R) / (U + 2 R) of the voltages for the energy."""
    result = fem.run(resistive(REST, repeat(2, CHARGE, REST, DISCHARGE)))
    assert [row["cycle"] for row in result.cycles] == [1, 2]
    high, low = U + 2.0 * R, U - R
    for row in result.cycles:
        assert list(row) == list(COLUMNS)
        assert row["loop"] == "operation.steps[1]"
        assert row["complete"]
        assert row["end_s"] - row["begin_s"] == 9010.0
        numbers = {
            "charge_capacity_Ah_m2": 2.0,
            "discharge_capacity_Ah_m2": 1.5,
            "coulombic_efficiency": 0.75,
            "charge_energy_Wh_m2": 2.0 * high,
            "discharge_energy_Wh_m2": 1.5 * low,
            "energy_efficiency": 0.75 * low / high,
            "charge_voltage_mean_V": high,
            "discharge_voltage_mean_V": low,
        }
        assert {name: row[name] for name in numbers} == pytest.approx(numbers, rel=1e-10)
    assert result.cycles[0]["begin_s"] == 10.0


def test_a_loop_that_never_charges_has_no_efficiency() -> None:
    (row,) = fem.run(resistive(repeat(1, DISCHARGE))).cycles
    assert math.isnan(row["coulombic_efficiency"])
    assert math.isnan(row["charge_voltage_mean_V"])
    assert row["discharge_capacity_Ah_m2"] == pytest.approx(1.5, rel=1e-12)


def test_loops_in_loops_have_their_own_rows_before_the_pass_around_them() -> None:
    case = resistive(repeat(2, CHARGE, repeat(2, REST, DISCHARGE)), repeat(1, REST))
    operation = case.operation
    assert isinstance(operation, Protocol)
    places = [(c.loop, c.label, c.first, c.last) for c in operation.cycles]
    inner, outer = "operation.steps[0].steps[1]", "operation.steps[0]"
    assert places == [
        (inner, "cycle 1 of 2, cycle 1 of 2", 1, 2),
        (inner, "cycle 1 of 2, cycle 2 of 2", 3, 4),
        (outer, "cycle 1 of 2", 0, 4),
        (inner, "cycle 2 of 2, cycle 1 of 2", 6, 7),
        (inner, "cycle 2 of 2, cycle 2 of 2", 8, 9),
        (outer, "cycle 2 of 2", 5, 9),
        ("operation.steps[1]", "cycle 1 of 1", 10, 10),
    ]
    for cycle in operation.cycles:
        for label, _ in operation.unrolled[cycle.first : cycle.last + 1]:
            assert label.startswith(cycle.label + ", ")
    rows = fem.run(case).cycles
    assert [row["label"] for row in rows] == [place[1] for place in places]
    assert [row["discharge_capacity_Ah_m2"] for row in rows] == pytest.approx(
        [1.5, 1.5, 3.0, 1.5, 1.5, 3.0, 0.0], rel=1e-12
    )


@pytest.mark.slow
def test_a_run_that_stops_in_a_cycle_says_that_it_is_not_complete() -> None:
    """From x = 0.6, 13.4 Ah/m2 in all: the second charge empties the surfaces."""
    charge = {"charge": "20 A/m^2", "until": {"capacity": "3.2 Ah/m^2"}}
    result = fem.run(
        flat(repeat(3, charge, REST), stepping={"tolerance": 0.1, "stoichiometry": 0.3})
    )
    assert result.history is not None
    assert result.history.events[-1][3] == "particle surface empty"
    assert [(row["cycle"], row["complete"]) for row in result.cycles] == [(1, True), (2, False)]
    assert result.cycles[1]["end_s"] == result.history["Test Time / s"][-1]
    total = sum(row["charge_capacity_Ah_m2"] for row in result.cycles)
    assert total == pytest.approx(result.history["charged_Ah_m2"][-1], rel=1e-12)


@pytest.mark.parametrize("on_infeasible", ["stop", "next"])
def test_a_cycle_that_the_cell_cut_short_is_not_complete(on_infeasible: str) -> None:
    """Also if it was its last step, and also if the run goes on."""
    drain = {"charge": "300 A/m^2", "until": {"time": "1 h"}, "on_infeasible": on_infeasible}
    result = fem.run(
        flat(repeat(1, REST, drain), REST, stepping={"tolerance": 0.1, "stoichiometry": 0.3})
    )
    (row,) = result.cycles
    assert not row["complete"]


def test_a_protocol_without_loops_has_no_cycles() -> None:
    assert fem.run(resistive(REST)).cycles == ()


def test_a_history_of_before_has_no_cycles() -> None:
    result = fem.run(resistive(repeat(1, REST)))
    assert result.history is not None
    columns = {n: v for n, v in result.history.columns.items() if not n.startswith("charged")}
    older = replace(result, history=replace(result.history, columns=columns))
    assert len(result.cycles) == 1
    assert older.cycles == ()
