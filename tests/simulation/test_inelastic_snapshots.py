"""Snapshots with an electrolyte that yields and lithium that creeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fem
from fem.cell.composition import Cell
from fem.laws.elasticity import von_mises
from fem.laws.solids import J2, Norton
from fem.runs.snapshot import moment

SMALL = Path(__file__).parents[1] / "output" / "small_case.toml"


def case(**changes: Any) -> fem.Case:
    asked = {"mechanics.enabled": True, "mechanics.compare_lithium": []}
    return fem.Case.load(SMALL, asked | {k.replace("__", "."): v for k, v in changes.items()})


@pytest.mark.slow
def test_electrolyte_that_yields_bears_no_more_than_its_strength() -> None:
    """At every quadrature point, and where it has yielded just that; some of it has."""
    cell = Cell.of(
        case(mechanics__solids="plastic", materials={"LPSCl": {"yield_strength": "0.3 GPa"}})
    )
    assert cell.stress is not None
    solution = cell.stress.solve(moment(cell).content)
    mine = [k for k, r in enumerate(cell.mesh.geometry.regions) if r.material == "LPSCl"]
    q = von_mises(solution.stress())[np.isin(cell.mesh.region[solution.bodies[0].elements], mine)]
    assert q.max() == pytest.approx(0.3e9, rel=1e-9)
    result = fem.run(cell)
    assert 0.0 < result.metrics["plastic_area_fraction"] < 0.5
    assert result.metrics["dissipated_energy_J_m"] > 0.0
    strain = result.fields["inelastic_strain"]
    assert np.nanmin(strain) == 0.0
    assert 0.0 < np.nanmax(strain) < 1.0
    assert any("NCM811" in note and "Elastic at any stress" in note for note in result.notes)


def test_strength_out_of_reach_changes_nothing() -> None:
    """The law is another, by Newton's method; curved triangles differ a little in it."""
    elastic = fem.run(case()).metrics
    strong = {"LPSCl": {"yield_strength": "1000 GPa"}}
    plastic = fem.run(case(mechanics__solids="plastic", materials=strong)).metrics
    assert plastic["plastic_area_fraction"] == 0.0
    assert plastic["dissipated_energy_J_m"] == 0.0
    name = "lithium_pressure_rigid_Pa"
    assert plastic[name] == pytest.approx(elastic[name], rel=1e-3)


def test_a_strength_alone_switches_nothing_on() -> None:
    """Neither that of the library nor one of the case."""
    plain = fem.run(case())
    given = fem.run(
        case(materials={"LPSCl": {"yield_strength": "1 MPa", "hardening_modulus": "0 Pa"}})
    )
    assert np.array_equal(plain.fields["stress"], given.fields["stress"], equal_nan=True)
    assert "plastic_area_fraction" not in given.metrics
    assert "inelastic_strain" not in given.fields


@pytest.mark.slow
def test_lithium_that_creeps_is_between_elastic_and_yielded() -> None:
    """Its pressure after half a minute is that of lithium that yields, within a factor of two."""
    models = {
        "mechanics__lithium": "viscoplastic",
        "mechanics__compare_lithium": ["elastic", "yielded"],
    }
    result = fem.run(case(**models))
    creeps, elastic, yielded = (
        result.metrics[f"lithium_pressure_{model}_Pa"]
        for model in ("viscoplastic", "elastic", "yielded")
    )
    assert creeps < 0.01 * elastic
    assert 0.5 < creeps / yielded < 2.0
    assert any("creeps by a power law" in note for note in result.notes)


def test_a_cell_on_its_mesh_takes_other_laws() -> None:
    """Bodies are shared by conditions whose laws are equal, and by no others."""
    cell = Cell.of(case())
    other = cell.replace({"mechanics.solids": "plastic"})
    again = other.replace({"mechanics.top": "held"})
    assert cell.stress and other.stress and again.stress
    assert cell.stress.body.linear
    assert not other.stress.body.linear
    assert again.stress.body is other.stress.body


def laws(**changes: Any) -> tuple[Any, Any]:
    elastic = Cell.of(case(**changes)).parameters.elastic
    assert elastic is not None
    return elastic.yielding, elastic.creeping


def test_strength_is_a_third_of_the_hardness_where_none_is_known() -> None:
    """And is said to be; a yield strength comes first."""
    result = fem.run(case(mechanics__solids="plastic"))
    assert any("a third of its hardness" in note for note in result.notes)
    assert "hardness" in result.references
    for law in laws(mechanics__solids="plastic")[0].values():
        assert law.strength == pytest.approx(1e9 / 3.0)
    mine = {"LPSCl": {"yield_strength": "0.5 GPa", "hardening_modulus": "2 GPa"}}
    for law in laws(mechanics__solids="plastic", materials=mine)[0].values():
        assert isinstance(law, J2)
        assert (law.strength, law.modulus) == (0.5e9, 2e9)


def test_creep_follows_the_temperature() -> None:
    """37 kJ/mol between 298 and 318 K: a factor of 2.56."""
    rates = []
    for temperature in ("298 K", "318 K"):
        (law,) = set(
            laws(mechanics__lithium="viscoplastic", operation__temperature=temperature)[1].values()
        )
        assert isinstance(law, Norton)
        rates.append(law.rate)
    assert rates[0] == pytest.approx(0.0139)
    assert rates[1] / rates[0] == pytest.approx(
        np.exp(37e3 / 8.31446 * (1 / 298 - 1 / 318)), rel=1e-6
    )


def test_plastic_without_any_strength_is_refused() -> None:
    with pytest.raises(fem.InputError, match="no solid has a strength") as caught:
        fem.run(
            case(
                mechanics__solids="plastic",
                geometry__separator__material="LYC",
                geometry__cathode__electrolyte="LYC",
            )
        )
    assert caught.value.key == "mechanics.solids"
