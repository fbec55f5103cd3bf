"""A snapshot is one implicit stage as long as its plating time, with stress on the reactions."""

from __future__ import annotations

from typing import Any

import pytest
from cells_in_time import bed, flat

import fem
from fem.constants import FARADAY
from fem.materials import library

TIME = 4.0
ISLAND = {"x": "5 um", "y": "14 um", "half_width": "2 um", "half_height": "1.5 um"}
TIP = {"x": "2 um", "depth": "2 um", "half_width": "1.5 um", "fillet": "0.4 um"}


def snapshot(case: fem.Case) -> fem.Case:
    return case.replace({"operation": {"current_density": "40 A/m^2", "plating_time": f"{TIME} s"}})


@pytest.mark.parametrize("coupling", ["none", "lithium", "particles", "both"])
def test_it_is_a_step_of_a_run_with_fixed_particles(coupling: str) -> None:
    """Backward Euler over the plating time, with a deposit and isolated lithium."""
    stress = {"enabled": True, "lithium": "elastic", "coupling": coupling}
    changes: dict[str, Any] = {
        "mechanics": stress,
        "kinetics__cathode__diffusion": "fixed",
        "materials__NCM811__volume_change": -0.05,
        "geometry__anode__isolated": [ISLAND],
        "geometry__anode__protrusions": [TIP],
        "mesh__size": "2 um",
        "stepping": {"first": f"{TIME} s", "thickness": "10 um"},
    }
    case = bed({"charge": "40 A/m^2", "until": {"time": f"{TIME} s"}}, columns=2, **changes)
    run, moment = fem.run(case), fem.run(snapshot(case))
    assert run.history is not None
    assert len(run.history) == 2
    for name in ("cell_voltage_V", "focusing_max_over_mean", "lithium_pressure_elastic_Pa"):
        assert moment.metrics[name] == pytest.approx(run.metrics[name], rel=1e-9), name
    assert moment.anode.thickness == pytest.approx(run.anode.thickness, rel=1e-8)
    assert moment.anode.plating == pytest.approx(run.anode.plating, rel=1e-8)
    island = [m.metrics["isolated_lithium_potential_V"][0] for m in (moment, run)]
    assert island[0] == pytest.approx(island[1], rel=1e-9)


def test_pressure_costs_what_a_column_of_springs_says() -> None:
    """A held column of three layers: h = p sum of t/M with confined moduli M, and V p / F."""
    case = snapshot(
        flat(mechanics={"enabled": True, "lithium": "elastic", "coupling": "lithium",
                        "top": "held"})
    )  # fmt: skip
    free = case.replace({"mechanics.coupling": "none"})
    coupled, uncoupled = fem.run(case), fem.run(free)
    materials = library()
    compliance = 0.0
    for name, thickness in (("lithium", 20e-6), ("LPSCl", 8e-6), ("NCM811", 10e-6)):
        e, nu = (materials[name][p].value for p in ("youngs_modulus", "poisson_ratio"))
        compliance += thickness * (1.0 + nu) * (1.0 - 2.0 * nu) / (e * (1.0 - nu))
    volume = materials["lithium"]["molar_volume"].value
    pressure = 40.0 * TIME * volume / FARADAY / compliance
    assert coupled.metrics["lithium_pressure_elastic_Pa"] == pytest.approx(pressure, rel=1e-8)
    assert coupled.metrics["overpotential_stress_V"] == pytest.approx(
        volume * pressure / FARADAY, rel=1e-8
    )
    rise = coupled.metrics["overpotential_V"] - uncoupled.metrics["overpotential_V"]
    assert rise == pytest.approx(volume * pressure / FARADAY, rel=1e-8)


def test_a_pressure_of_gigapascals_turns_the_current_away() -> None:
    """Rigid lithium and a long plating time: solved, and less focused than without."""
    rigid = {"enabled": True, "lithium": "rigid", "coupling": "lithium"}
    case = bed(columns=2, mechanics=rigid, geometry__anode__protrusions=[TIP], mesh__size="2 um")
    case = case.replace({"operation": {"current_density": "100 A/m^2", "plating_time": "60 s"}})
    coupled, free = fem.run(case), fem.run(case.replace({"mechanics.coupling": "none"}))
    pressure = [m.metrics["lithium_pressure_rigid_Pa"] for m in (coupled, free)]
    assert 0.0 < pressure[0] < 0.5 * pressure[1]
    assert coupled.metrics["tip_over_applied"][0] < 0.9 * free.metrics["tip_over_applied"][0]
    assert coupled.metrics["plating_total_over_applied"] == pytest.approx(1.0, rel=1e-12)


def test_a_cell_is_replaced_and_solved_as_a_new_one() -> None:
    """`fem.Cell.replace` shares mesh and matrices, and gives what `fem.run` gives."""
    case = snapshot(bed(columns=2, mechanics={"enabled": True, "lithium": "elastic"}))
    cell = fem.Cell.of(case)
    changes = {
        "kinetics.anode.exchange_current_density": "3 A/m^2",
        "operation.current_density": "7 A/m^2",
        "mechanics.contact": "slide",
    }
    other = cell.replace(changes)
    assert other.mesh is cell.mesh
    assert other.charge.electrolyte is cell.charge.electrolyte
    result, expected = fem.run(other), fem.run(case.replace(changes))
    for name in ("overpotential_V", "von_mises_se_p99_Pa", "focusing_max_over_mean"):
        assert result.metrics[name] == pytest.approx(expected.metrics[name], rel=1e-12)
    again = fem.run(cell)
    assert again.metrics["overpotential_V"] == pytest.approx(
        fem.run(case).metrics["overpotential_V"], rel=1e-12
    )
    with pytest.raises(fem.InputError, match="another mesh or material") as caught:
        cell.replace({"mesh.size": "1 um"})
    assert caught.value.key == "mesh.size"
