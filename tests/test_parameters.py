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


@pytest.mark.slow
def test_cell_voltage_counts_from_the_anode(case):
    """Against In-Li the same cell shows 0.622 V less (Kodama et al. 2024), with equal kinetics."""
    lithium, alloy = (
        fem.run(case.replace({"geometry.anode.material": name})).metrics
        for name in ("lithium", "InLi")
    )
    assert lithium["overpotential_V"] == pytest.approx(alloy["overpotential_V"], abs=1e-12)
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


# ------------------------------------------------------------------------------- runs in time

PROTOCOL = {
    "mesh.size": "4 um",
    "kinetics.cathode.stoichiometry": 0.7,
    "operation": {
        "kind": "protocol",
        "temperature": "303.15 K",
        "steps": [{"charge": "10 A/m^2", "until": {"time": "1 h"}}],
    },
    "mechanics": {"enabled": False},
}
SWELLING = {"mechanics": {"enabled": True, "lithium": "elastic", "swelling": True}}


@pytest.fixture(scope="module")
def protocol():
    return fem.Case.load(CASES / "zheng2023_flat.toml").replace(PROTOCOL)


def parameters(case):
    return resolve(case, build(case))


def read_of(parameters, material):
    return {u.property.name for u in parameters.used if u.material.id == material}


def test_active_material_of_a_protocol(protocol):
    """The set of Chen 2020: 4e-15 m2/s, 63104 mol/m3, window 0.266 to 0.91."""
    result = parameters(protocol)
    active = result.active
    assert (active.max_concentration, active.diffusivity) == (63104.0, 4e-15)
    assert (active.potential.lower, active.potential.upper) == (0.266, 0.91)
    assert active.swelling is None
    assert not active.mixed
    assert result.anode_potential == 0.0
    start = protocol.kinetics.cathode.stoichiometry
    assert float(active.potential(start)) == pytest.approx(3.73040272435022, abs=1e-13)
    assert result.molar_volume == 1.29962546816e-5
    assert read_of(result, "NCM811") == {
        "open_circuit_potential", "stoichiometry_min", "stoichiometry_max", "max_concentration",
        "chemical_diffusivity",
    }  # fmt: skip


def test_a_snapshot_reads_no_more_than_a_potential(case):
    """Neither concentration nor diffusivity; and nothing at all where no stoichiometry is given."""
    result = parameters(case)
    assert (result.active.max_concentration, result.active.diffusivity) == (0.0, 0.0)
    assert not read_of(result, "NCM811") & {"max_concentration", "chemical_diffusivity"}
    assert result.molar_volume == 0.0
    assert parameters(case.replace({"kinetics.cathode.stoichiometry": None})).active is None


def test_a_fixed_stoichiometry_needs_no_particle_data(protocol):
    result = parameters(protocol.replace({"kinetics.cathode.diffusion": "fixed"}))
    assert (result.active.max_concentration, result.active.diffusivity) == (0.0, 0.0)
    assert read_of(result, "NCM811") == {
        "open_circuit_potential", "stoichiometry_min", "stoichiometry_max",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("material", "start", "concentration", "diffusivity", "molar_volume"),
    [
        # 5.1 % over 63104 mol/m3 and a window of 0.644; swells on uptake.
        ("NCM811", 0.7, 63104.0, 4e-15, 0.051 / (63104.0 * 0.644)),
        # Given, and negative: it shrinks on uptake.
        ("LCO", 0.9, 51217.9257309275, 1e-13, -7.28e-7),
        # Three lithium in 459.1 g at 3.5 g/cm3; neither swells nor shrinks.
        ("LTO", 0.5, 22870.0, 1e-15, 0.0),
    ],
)
def test_every_active_material_of_the_library_works(
    protocol, material, start, concentration, diffusivity, molar_volume
):
    case = protocol.replace(
        {"geometry.cathode.particles.material": material, "kinetics.cathode.stoichiometry": start}
        | SWELLING
    )
    active = parameters(case).active
    assert active.max_concentration == concentration
    assert active.diffusivity == diffusivity
    assert active.swelling.molar_volume == pytest.approx(molar_volume, rel=1e-12, abs=0.0)
    assert not active.mixed


def test_indium_as_active_material(protocol):
    """The library knows its potential alone: enough for a fixed stoichiometry, else it asks."""
    case = protocol.replace({"geometry.cathode.particles.material": "InLi"})
    with pytest.raises(fem.InputError) as caught:
        parameters(case)
    assert caught.value.key == "materials.InLi.max_concentration"
    fixed = parameters(case.replace({"kinetics.cathode.diffusion": "fixed"}))
    assert fixed.active.potential(0.5) == 0.622
    given = {"max_concentration": "42000 mol/m^3", "chemical_diffusivity": "1e-13 m^2/s"}
    active = parameters(case.replace({"materials.InLi": given})).active
    assert (active.max_concentration, active.diffusivity) == (42000.0, 1e-13)


def test_lithium_that_dissolves_has_no_thickness(protocol):
    """In-Li stands at 0.622 V and needs no molar volume unless something depends on a thickness."""
    alloy = protocol.replace({"geometry.anode.material": "InLi"})
    result = parameters(alloy)
    assert result.anode_potential == 0.622
    assert result.molar_volume == 0.0
    assert parameters(alloy.replace(SWELLING)).molar_volume == 0.0
    asking = (
        {"geometry.anode.motion": "moved"},
        {"operation.steps": [{"charge": "10 A/m^2", "until": {"thickness": "1 um"}}]},
        {"mechanics": {"enabled": True, "lithium": "elastic"}},
        SWELLING | {"mechanics.coupling": "lithium"},
    )
    for change in asking:
        with pytest.raises(fem.InputError) as caught:
            parameters(alloy.replace(change))
        assert caught.value.key == "materials.InLi.molar_volume"


@pytest.mark.parametrize("coupling", ["particles", "both"])
def test_stress_in_the_particles_needs_a_molar_volume(protocol, coupling):
    change = {"mechanics": {"enabled": True, "lithium": "elastic", "coupling": coupling}}
    assert parameters(protocol.replace(change)).active.swelling.molar_volume > 0.0
    alone = {"mechanics": {"enabled": True, "lithium": "elastic", "coupling": "lithium"}}
    assert parameters(protocol.replace(alone)).active.swelling is None


@pytest.mark.parametrize(
    ("given", "mixed"),
    [
        ({"youngs_modulus": "150 GPa", "chemical_diffusivity": "1e-14 m^2/s"}, False),
        ({"open_circuit_potential": "4.3 - 0.8*x"}, True),
        ({"max_concentration": "49000 mol/m^3"}, True),
        ({"stoichiometry_min": 0.3}, True),
        ({"open_circuit_potential": "4.3 - 0.8*x", "max_concentration": "49000 mol/m^3"}, False),
    ],
)
def test_sets_of_two_sources_are_marked(protocol, given, mixed):
    """A new potential drops the old window, so that the last of these is one whole set."""
    active = parameters(protocol.replace({"materials.NCM811": given})).active
    assert active.mixed is mixed


def test_a_concentration_that_is_not_read_mixes_nothing(protocol):
    change = {
        "materials.NCM811": {"max_concentration": "49000 mol/m^3"},
        "kinetics.cathode.diffusion": "fixed",
    }
    assert not parameters(protocol.replace(change)).active.mixed


def test_a_file_of_the_exchange_format(protocol):
    """It gives one set; diffusivity at x = 1/2 as written, for 298.15 K, and here at 303.15 K.

    From 298.15 K on, 12 kJ/mol make exp(12000/R (1/298.15 - 1/303.15)) = 1.0831.
    """
    sketch = Path(__file__).parent / "materials" / "lgm50_sketch.json"
    case = protocol.replace(
        {"material_files": [str(sketch)], "geometry.cathode.particles.material": "lgm50_sketch"}
    )
    result = parameters(case)
    assert not result.active.mixed
    assert result.active.max_concentration == 63000.0
    assert result.active.diffusivity_factor == pytest.approx(1.083115, rel=1e-6)
    assert result.active.diffusivity(0.5) == pytest.approx(1.083115 * 4e-15, rel=1e-6, abs=0.0)
    assert {u.property.status for u in result.used if u.material.id == "lgm50_sketch"} == {"given"}
    assert parameters(case.replace({"materials.lgm50_sketch.stoichiometry_max": 0.85})).active.mixed


@pytest.mark.parametrize(
    ("key", "name", "close"),
    [
        ("geometry.anode.material", "litium", "lithium"),
        ("geometry.separator.material", "LPSCI", "LPSCl"),
        ("geometry.cathode.electrolyte", "LPSCL", "LPSCl"),
        ("geometry.cathode.particles.material", "NMC811", "NCM811"),
    ],
)
def test_a_material_that_is_not_there_is_named_with_its_key(key, name, close):
    case = fem.Case.load(CASES / "zheng2023_flat.toml").replace({key: name})
    with pytest.raises(fem.InputError, match="there is no material") as caught:
        parameters(case)
    assert (caught.value.key, caught.value.file) == (key, str(CASES / "zheng2023_flat.toml"))
    assert f"did you mean {close!r}?" in caught.value.cure


def test_start_outside_the_window(protocol):
    with pytest.raises(fem.InputError, match=r"0\.266 to 0\.91") as caught:
        parameters(protocol.replace({"kinetics.cathode.stoichiometry": 0.2}))
    assert caught.value.key == "kinetics.cathode.stoichiometry"
