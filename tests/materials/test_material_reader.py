"""What was read is recorded, once, in order, and nothing else is."""

from __future__ import annotations

import re

import pytest

from fem.errors import InputError
from fem.materials import Reader, library, references


def test_values_and_record() -> None:
    reader = Reader(library())
    assert reader.used == ()
    assert reader.value("LPSCl", "youngs_modulus") == 28e9
    assert reader.value("lithium", "molar_volume") == 1.29962546816e-5
    assert reader.value("LPSCl", "youngs_modulus") == 28e9
    assert reader.optional("lithium", "hardness") is None
    assert reader.optional("LPSCl", "hardness") == 1e9
    read = [(used.material.id, used.property.name) for used in reader.used]
    assert read == [
        ("LPSCl", "youngs_modulus"),
        ("lithium", "molar_volume"),
        ("LPSCl", "hardness"),
    ]


def test_potential_records_its_window() -> None:
    reader = Reader(library())
    assert reader.potential("NCM811")(0.5) == pytest.approx(3.971958656403653)
    assert [used.property.name for used in reader.used] == [
        "open_circuit_potential",
        "stoichiometry_min",
        "stoichiometry_max",
    ]


def test_a_failed_read_is_not_recorded() -> None:
    reader = Reader(library())
    with pytest.raises(InputError, match=r"materials\.lithium\.hardness"):
        reader.value("lithium", "hardness")
    with pytest.raises(InputError, match=r"geometry\.anode\.material: there is no"):
        reader.value("litium", "density", key="geometry.anode.material")
    assert reader.used == ()


def test_references_list_exactly_what_was_read() -> None:
    reader = Reader(library(overrides={"LPSCl": {"density": "2 g/cm^3"}}))
    for name, prop in (
        ("LPSCl", "youngs_modulus"),
        ("lithium", "poisson_ratio"),
        ("LPSCl", "density"),
        ("lithium", "density"),
    ):
        reader.value(name, prop)
    text = references(
        reader.used, [("kinetics.anode.exchange_current_density", "320 A/m^2", "case file")]
    )
    rows = re.findall(r"^  (\w+) +(.+?)  +(sourced|ASSUMPTION|given)$", text, flags=re.M)
    assert rows == [
        ("youngs_modulus", "28 GPa", "sourced"),
        ("density", "2 g/cm^3", "given"),
        ("poisson_ratio", "0.381", "ASSUMPTION"),
        ("density", "0.534 g/cm^3", "sourced"),
    ]
    assert "2 sourced, 1 assumptions, 1 given" in text
    assert text.index("LPSCl: Li6PS5Cl") < text.index("lithium: Lithium metal")
    assert text.count("LPSCl: ") == 1
    assert "Sci. Bull. 68 (2023) 813-825" in text
    assert "  kinetics.anode.exchange_current_density  320 A/m^2  case file\n" in text
    assert "fracture_toughness" not in text
    assert max(map(len, text.splitlines())) <= 100
