"""The library: built-in values against their sources, merging, overrides, and errors."""

from __future__ import annotations

import copy
import dataclasses
import math
import pickle
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fem.errors import InputError
from fem.materials import PROPERTIES, Material, library
from fem.materials.library import FAMILIES
from fem.materials.properties import KINDS

IDS = {
    "LPSCl", "LPSBr", "LYC", "LGPS_WM", "LGPS_HM",
    "NCM811", "LCO", "LTO", "lithium", "InLi", "carbon",
}  # fmt: skip

# Values in SI units as the papers state them, with the sentence's place.
STATED = [
    # Zheng 2023, section 2.7: "28 GPa, 0.27, and 1.8 g/cm3"
    ("LPSCl", "youngs_modulus", 28e9),
    ("LPSCl", "poisson_ratio", 0.27),
    ("LPSCl", "density", 1800.0),
    # Zheng 2023, section 2.1: 3.0e-3 S/cm at 25 C
    ("LPSCl", "ionic_conductivity", 0.30),
    # Zheng 2023, section 3.4: "critical yield strength of SE (5 GPa)", "K = 0.25 MPa m^1/2"
    ("LPSCl", "critical_stress", 5e9),
    ("LPSCl", "fracture_toughness", 0.25e6),
    # Zheng 2023, section 2.7: circular cathode particles, 10 um in diameter
    ("NCM811", "particle_size", 10e-6),
    # Kim 2024, section 1: 163.64 mL/mol
    ("LPSCl", "molar_volume", 163.64e-6),
    # Kim 2024, section 3.1: D50 1.25 um; section 2.2: Li4Ti5O12 is a zero-strain material
    ("LCO", "particle_size", 1.25e-6),
    ("LTO", "volume_change", 0.0),
    # Kodama 2024, section 2.1: 4.0 mS/cm at 25 C
    ("LPSBr", "ionic_conductivity", 0.40),
    # Watanabe 2025, section 2: WM and HM
    ("LGPS_WM", "ionic_conductivity", 0.31),
    ("LGPS_HM", "ionic_conductivity", 1.0),
    ("LGPS_WM", "youngs_modulus", 15.0e9),
    ("LGPS_HM", "youngs_modulus", 21.7e9),
    ("LGPS_WM", "hardness", 0.51e9),
    ("LGPS_HM", "hardness", 0.41e9),
    ("LGPS_WM", "particle_size", 0.51e-6),
    ("LGPS_HM", "particle_size", 1.32e-6),
    # Kondrakov 2017, abstract: 5.1 % between 3.0 and 4.3 V
    ("NCM811", "volume_change", -0.051),
    # PyBaMM parameter sets Chen2020, Marquis2019, Ai2020
    ("NCM811", "max_concentration", 63104.0),
    ("NCM811", "chemical_diffusivity", 4e-15),
    ("LCO", "max_concentration", 51217.9257309275),
    ("LCO", "chemical_diffusivity", 1e-13),
    ("LCO", "partial_molar_volume", -7.28e-7),
]

NEEDED = {
    "electrolyte": (
        "ionic_conductivity",
        "youngs_modulus",
        "poisson_ratio",
        "fracture_toughness",
    ),
    "active material": ("youngs_modulus", "poisson_ratio", "open_circuit_potential"),
    "lithium": ("youngs_modulus", "poisson_ratio", "open_circuit_potential"),
    "conductor": ("electronic_conductivity", "youngs_modulus", "poisson_ratio"),
}


def write(folder: Path, text: str) -> Path:
    """A user's material file."""
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_ids() -> None:
    assert set(library()) == IDS


@pytest.mark.parametrize("name", sorted(IDS))
def test_every_value_carries_unit_source_and_status(name: str) -> None:
    material = library()[name]
    assert material.id == name
    assert material.kind in KINDS
    assert material.title and material.summary
    assert set(NEEDED[material.kind]) <= set(material.properties)
    for prop in material.properties.values():
        assert prop.unit == PROPERTIES[prop.name].unit
        assert prop.text
        assert prop.source.strip()
        assert prop.status in ("sourced", "assumption")
        if prop.status == "sourced":
            assert "not traced" not in prop.source
            assert "attributed" not in prop.source
            assert "analogy" not in prop.source


def test_every_built_in_entry_writes_its_status_and_note() -> None:
    for family in FAMILIES:
        text = resources.files("fem.materials").joinpath(f"{family}.toml").read_text("utf-8")
        for table in tomllib.loads(text).values():
            for entry in table.values():
                if isinstance(entry, dict):
                    assert set(entry) == {"value", "status", "source", "note"}


@pytest.mark.parametrize(("name", "prop", "value"), STATED)
def test_value_as_its_source_states_it(name: str, prop: str, value: float) -> None:
    found = library()[name][prop]
    assert found.value == pytest.approx(value, rel=1e-14, abs=0.0)
    assert found.status == "sourced"


def test_lithium_molar_volume_is_molar_mass_over_density() -> None:
    """6.94 / 0.534 = 12.9962546816479..., in cm3/mol; and 0.2 mA/cm2 over 4000 min is 64.65 um.

    2 A/m2 * 240000 s / 96485.33212 C/mol * 1.29962546816e-5 m3/mol = 6.46547e-5 m.
    """
    volume = library()["lithium"]["molar_volume"].value
    assert volume == 1.29962546816e-5
    assert volume == pytest.approx(0.00694 / 534.0, rel=1e-11)
    assert 2.0 * 240000.0 / 96485.33212331 * volume == pytest.approx(6.46547e-5, rel=1e-5)


def test_flat_potentials() -> None:
    """Kodama 2024, section 3.2: 0.622 V. Kim 2024, section 3.3: 2.5 - 0.95 = 3.9 - 2.35 V."""
    materials = library()
    assert materials["InLi"].potential(0.5) == 0.622
    assert materials["LTO"].potential(0.5) == pytest.approx(2.5 - 0.95)
    assert materials["lithium"].potential(0.5) == 0.0


def test_immutable_and_apart_from_the_next_library() -> None:
    materials = library()
    with pytest.raises(TypeError):
        materials["LPSCl"] = materials["LCO"]  # type: ignore[index]
    with pytest.raises(TypeError):
        materials["LPSCl"].properties["density"] = materials["LCO"]["density"]  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        materials["LPSCl"].title = "x"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        materials["LPSCl"]["density"].quantity = 1.0  # type: ignore[misc]
    library(overrides={"LPSCl": {"density": "2 g/cm^3"}})
    assert library()["LPSCl"]["density"].value == 1800.0


def test_pickle_and_copy() -> None:
    material = library()["NCM811"]
    assert pickle.loads(pickle.dumps(material)) == material
    assert copy.deepcopy(material) == material
    assert hash(copy.deepcopy(material)) == hash(material)


def test_missing_property_says_how_to_give_it() -> None:
    with pytest.raises(InputError) as caught:
        library()["lithium"]["fracture_toughness"]
    error = caught.value
    assert error.key == "materials.lithium.fracture_toughness"
    assert '[materials.lithium] fracture_toughness = "0.25 MPa*m^0.5"' in str(error)
    with pytest.raises(InputError, match="did you mean 'density'"):
        library()["lithium"]["densty"]


def test_override() -> None:
    given = {"LPSCl": {"youngs_modulus": "22.1 GPa", "poisson_ratio": 0.37, "volume_change": "5 %"}}
    material = library(overrides=given)["LPSCl"]
    prop = material["youngs_modulus"]
    assert (prop.value, prop.text) == (22.1e9, "22.1 GPa")
    assert (prop.source, prop.status) == ("case file", "given")
    assert material["poisson_ratio"].value == 0.37
    assert material["volume_change"].value == 0.05
    assert material["density"] == library()["LPSCl"]["density"]


@pytest.mark.parametrize(
    ("name", "prop", "value", "key", "part"),
    [
        ("LPSCI", "density", "1 g/cm^3", "materials.LPSCI", "did you mean 'LPSCl'"),
        ("LPSCl", "youngs_modulos", "1 Pa", "materials.LPSCl.youngs_modulos", "'youngs_modulus'"),
        ("LPSCl", "youngs_modulus", "28 g", "materials.LPSCl.youngs_modulus", "another dimension"),
        ("LPSCl", "youngs_modulus", 28e9, "materials.LPSCl.youngs_modulus", "with a unit"),
        ("LPSCl", "youngs_modulus", "28", "materials.LPSCl.youngs_modulus", "number unit"),
        ("LPSCl", "youngs_modulus", "nan GPa", "materials.LPSCl.youngs_modulus", "number unit"),
        ("LPSCl", "youngs_modulus", "0 GPa", "materials.LPSCl.youngs_modulus", "above 0 Pa"),
        ("LPSCl", "youngs_modulus", True, "materials.LPSCl.youngs_modulus", "with a unit"),
        ("LPSCl", "youngs_modulus", None, "materials.LPSCl.youngs_modulus", "with a unit"),
        ("LPSCl", "youngs_modulus", [1.0], "materials.LPSCl.youngs_modulus", "with a unit"),
        ("LPSCl", "poisson_ratio", math.nan, "materials.LPSCl.poisson_ratio", "below 0.5"),
        ("LPSCl", "poisson_ratio", math.inf, "materials.LPSCl.poisson_ratio", "below 0.5"),
        ("LPSCl", "poisson_ratio", 0.5, "materials.LPSCl.poisson_ratio", "below 0.5"),
        ("LPSCl", "poisson_ratio", -1, "materials.LPSCl.poisson_ratio", "above -1"),
        ("LPSCl", "poisson_ratio", True, "materials.LPSCl.poisson_ratio", "a number is needed"),
        ("LPSCl", "poisson_ratio", "0.3 Pa", "materials.LPSCl.poisson_ratio", "bare number"),
        ("NCM811", "stoichiometry_min", 0.1, "materials.NCM811.stoichiometry_min", "not known"),
        ("NCM811", "stoichiometry_max", 0.2, "materials.NCM811.stoichiometry_max", "not known"),
        ("NCM811", "stoichiometry_max", 0.26, "materials.NCM811.stoichiometry_min", "is empty"),
        ("NCM811", "open_circuit_potential", "ncm811", None, "no such open-circuit potential"),
        ("NCM811", "open_circuit_potential", "4 A", None, "another dimension"),
        ("NCM811", "open_circuit_potential", 4.0, None, "with a unit"),
    ],
)  # fmt: skip
def test_bad_override(name: str, prop: str, value: Any, key: str | None, part: str) -> None:
    with pytest.raises(InputError) as caught:
        library(overrides={name: {prop: value}}, file="case.toml")
    assert caught.value.key == (key or f"materials.{name}.{prop}")
    assert caught.value.file == "case.toml"
    assert part in str(caught.value)


def test_infinite_is_never_admitted() -> None:
    for rule in PROPERTIES.values():
        assert not any(rule.admits(value) for value in (math.nan, math.inf, -math.inf))


def test_override_that_is_not_a_table() -> None:
    with pytest.raises(InputError, match="not a table"):
        library(overrides={"LPSCl": "28 GPa"})  # type: ignore[dict-item]


TABLE = {"stoichiometry": [0.2, 0.6, 0.8], "potential": [4.2, 3.8, 3.4]}


def test_own_potential_brings_its_own_window() -> None:
    """PCHIP through x = 0.2, 0.6, 0.8 with slopes -1 and -2 between: h = 0.4, k = 0.2.

    At 0.6 the weighted harmonic mean of both: (w + v)/(w/1 + v/2), w = 2k + h = 0.8, v = k + 2h
    = 1, gives 18/13. At 0.2 ((2h + k) - 2h)/(h + k) = 1/3, half way 4.0 - h/8 (1/3 - 18/13).
    """
    curve = library(overrides={"NCM811": {"open_circuit_potential": TABLE}})["NCM811"].potential
    assert (curve.lower, curve.upper) == (0.2, 0.8)
    assert curve([0.2, 0.4, 0.6, 0.8]) == pytest.approx(
        [4.2, 4.0 + 0.05 * (18 / 13 - 1 / 3), 3.8, 3.4], rel=1e-14
    )
    assert curve.slope([0.2, 0.6]) == pytest.approx([-1 / 3, -18 / 13], rel=1e-13)
    window = {"open_circuit_potential": TABLE, "stoichiometry_max": 0.7}
    curve = library(overrides={"NCM811": window})["NCM811"].potential
    assert (curve.lower, curve.upper) == (0.2, 0.7)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"stoichiometry": [0.2, 0.2, 0.8]}, "two values at one stoichiometry, x = 0.2"),
        ({"stoichiometry": [0.2, 0.2, 0.2], "potential": [4, 4, 4]}, "at different"),
        ({"stoichiometry": [0.2, 0.6]}, "same length"),
        ({"stoichiometry": [0.2, 0.6, 1.2]}, "entry 3 of 3 is out of bounds"),
        ({"stoichiometry": [-0.001, 0.6, 0.8]}, "entry 1 of 3 is out of bounds"),
        ({"potential": [4.2, math.nan, 3.4]}, "entry 2 of 3 is not a finite number"),
        ({"potential": [4.2, "3.8 V", 3.4]}, "entry 2 of 3 is not a number"),
        ({"potential": [4.2, True, 3.4]}, "entry 2 of 3 is not a number"),
        ({"potential": 4.2}, "not a list"),
        ({"stoichiometry": [0.5], "potential": [4.0]}, "two points or more"),
        ({"voltage": [1, 2, 3]}, "two columns"),
    ],
)
def test_bad_table(change: dict[str, Any], part: str) -> None:
    with pytest.raises(InputError, match=part):
        library(overrides={"LCO": {"open_circuit_potential": {**TABLE, **change}}})


@given(order=st.permutations(range(3)))
def test_points_stand_in_any_order(order: list[int]) -> None:
    table = {name: [column[k] for k in order] for name, column in TABLE.items()}
    found, sorted_ = (
        library(overrides={"LCO": {"open_circuit_potential": each}})["LCO"].potential
        for each in (table, TABLE)
    )
    assert found == sorted_


OWN = """
[LPSCl.youngs_modulus]
value = "20 GPa"
source = "own measurement, 2024"

[MyGlass]
title = "A glass"
kind = "electrolyte"
summary = "For a test."
[MyGlass.ionic_conductivity]
value = "1 mS/cm"
source = "somebody, 2020"
note = "at 60 degC"
status = "sourced"
"""


def test_own_file_merges_by_property_and_adds(tmp_path: Path) -> None:
    path = write(tmp_path, OWN)
    materials = library([path], {"MyGlass": {"density": "2 g/cm^3"}})
    assert materials["LPSCl"]["youngs_modulus"].value == 20e9
    assert materials["LPSCl"]["youngs_modulus"].status == "given"
    assert materials["LPSCl"]["youngs_modulus"].note == ""
    assert materials["LPSCl"]["poisson_ratio"].value == 0.27
    assert materials["LPSCl"].title == "Li6PS5Cl"
    assert materials["MyGlass"]["ionic_conductivity"].value == 0.1
    assert materials["MyGlass"]["ionic_conductivity"].status == "sourced"
    assert materials["MyGlass"]["density"].value == 2000.0
    assert "MyGlass" not in library()


def test_later_files_win(tmp_path: Path) -> None:
    first = write(tmp_path, OWN)
    second = tmp_path / "second.toml"
    second.write_text('[LPSCl.youngs_modulus]\nvalue = "10 GPa"\nsource = "b"\n', encoding="utf-8")
    assert library([first, second])["LPSCl"]["youngs_modulus"].value == 10e9
    assert library([second, first])["LPSCl"]["youngs_modulus"].value == 20e9


@pytest.mark.parametrize(
    ("text", "key", "part"),
    [
        ("x = [", None, "not valid TOML"),
        ("x = 1", "x", "not a material"),
        ('["a.b"]\ntitle = "t"', "a.b", "not a material id"),
        ("[New]\nkind = 'lithium'\nsummary = 's'", "New.title", "needs a title"),
        ("[New]\ntitle = 't'\nkind = 'x'\nsummary = 's'", "New.kind", "active material"),
        ("[LCO]\ndensity = '5 g/cm^3'", "LCO.density", "a value and a source"),
        ("[LCO.density]\nvalue = '5 g/cm^3'", "LCO.density.source", "source is missing"),
        ("[LCO.density]\nvalue = '5 g/cm^3'\nsource = ' '", "LCO.density.source", "missing"),
        ("[LCO.density]\nsource = 's'", "LCO.density", "value is missing"),
        ("[LCO.density]\nvalue = '5 g'\nsource = 's'", "LCO.density", "another dimension"),
        ("[LCO.density]\nvalue = '5 kg/furz'\nsource = 's'", "LCO.density", "unknown unit"),
        ("[LCO.density]\nvalue = 5\nsource = 's'", "LCO.density", "with a unit"),
        ("[LCO.density]\nvalue = '5 g/cm^3'\nsource = 's'\nnote = 1", "LCO.density.note", "text"),
        ("[LCO.density]\nvalue = '5 g/cm^3'\nsource = 's'\nstatus = 'sure'",
         "LCO.density.status", "assumption"),
        ("[LCO.density]\nvalue = '5 g/cm^3'\nsorce = 's'", "LCO.density.sorce", "'source'"),
        ("[LCO.densty]\nvalue = '5 g/cm^3'\nsource = 's'", "LCO.densty", "'density'"),
        ("[LCO.poisson_ratio]\nvalue = nan\nsource = 's'", "LCO.poisson_ratio", "below 0.5"),
    ],
)  # fmt: skip
def test_bad_own_file(tmp_path: Path, text: str, key: str | None, part: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InputError) as caught:
        library([path])
    assert caught.value.file == str(path)
    assert caught.value.key == key
    assert part in str(caught.value)


def test_own_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        library([tmp_path / "absent.toml"])
    with pytest.raises(InputError, match="cannot be read"):
        library([tmp_path])
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'title = "\xe9"')
    with pytest.raises(InputError, match="not UTF-8"):
        library([latin])


def test_numbers_and_functions_are_not_confused() -> None:
    with pytest.raises(TypeError, match="not a number"):
        _ = library()["NCM811"]["open_circuit_potential"].value
    assert isinstance(library()["NCM811"], Material)
