"""A case and the library become numbers: what is read, what is not, and what it means."""

from pathlib import Path

import pytest

import fem
from fem.geometry import build
from fem.parameters import resolve

CASES = Path(__file__).parents[1] / "cases"
QUICK = {
    "mesh.size": "4 um",
    "kinetics.cathode.stoichiometry": 0.5,
    "operation": {"current_density": "10 A/m^2", "temperature": "303.15 K"},
    "mechanics": {"enabled": False},
}


@pytest.fixture(scope="module")
def case():
    return fem.Case.load(CASES / "zheng2023_flat.toml").replace(QUICK)


def test_cell_voltage_counts_from_the_anode(case):
    """Against In-Li the same cell shows 0.622 V less (Kodama et al. 2024), with equal kinetics."""
    lithium, alloy = (
        fem.run(case.replace({"geometry.anode.material": name})).metrics
        for name in ("lithium", "InLi")
    )
    assert lithium["overpotential_V"] == alloy["overpotential_V"]
    assert lithium["cell_voltage_V"] - alloy["cell_voltage_V"] == pytest.approx(0.622, abs=1e-12)


def test_a_voltage_at_rest_is_refused(case):
    """At the open-circuit voltage every ratio would be a ratio of rounding errors."""
    rest = fem.run(case).metrics
    voltage = rest["cell_voltage_V"] - rest["overpotential_V"]
    control = {"cell_voltage": f"{voltage!r} V", "temperature": "303.15 K"}
    with pytest.raises(fem.InputError, match="at rest") as caught:
        fem.run(case.replace({"operation": control}))
    assert caught.value.key == "operation.cell_voltage"


def test_balance_holds_behind_a_large_resistance(case):
    """Under voltage control residuals are measured against what the interfaces let through."""
    slow = {"kinetics.cathode.exchange_current_density": "1e-9 A/m^2"}
    control = {"operation": {"overpotential": "0.1 V", "temperature": "303.15 K"}}
    metrics = fem.run(case.replace(slow | control)).metrics
    assert abs(metrics["plating_total_over_applied"] - 1.0) < 1e-10


def test_stoichiometry_and_current_are_those_of_active_particles(case):
    result = fem.run(case.replace({"geometry.depth": "2 m"}))
    table = result.particles
    assert (table.stoichiometry[table.active] == 0.5).all()
    assert (table.stoichiometry[~table.active] != 0.5).all()
    assert result.metrics["current_A"] == pytest.approx(10.0 * 420e-6 * 2.0, rel=1e-12)


def test_a_thickness_needs_a_molar_volume(case):
    """The library has none for In-Li: lithium does not plate on it, it dissolves."""
    changes = {"geometry.anode.material": "InLi", "operation.plating_time": "10 s"}
    with pytest.raises(fem.InputError) as caught:
        fem.run(case.replace(changes))
    assert caught.value.key == "materials.InLi.molar_volume"


def test_only_what_is_used_is_listed(case):
    """No moduli without mechanics, no lithium moduli for rigid lithium, no potential without x."""
    plain = case.replace({"kinetics.cathode": {"exchange_current_density": "2 A/m^2"}})
    rigid = plain.replace(
        {"operation.plating_time": "10 s", "mechanics": {"enabled": True, "lithium": "rigid"}}
    )
    used = {
        name: {(u.material.id, u.property.name) for u in resolve(each, build(each)).used}
        for name, each in (("plain", plain), ("rigid", rigid))
    }
    assert used["plain"] == {("LPSCl", "ionic_conductivity")}
    assert ("NCM811", "youngs_modulus") in used["rigid"]
    assert ("lithium", "youngs_modulus") not in used["rigid"]
