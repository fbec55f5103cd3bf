"""The positive electrode of a file in the Battery Parameter eXchange format."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fem.errors import InputError
from fem.materials import Diffusivity, Reader, library
from fem.materials.bpx import material_id

SKETCH = Path(__file__).parent / "lgm50_sketch.json"
POSITIVE = "Parameterisation.Positive electrode"
Change = Callable[[dict[str, Any]], object]


def changed(folder: Path, change: Change, name: str = "cell.json") -> Path:
    """The sketch with its positive electrode changed."""
    document = json.loads(SKETCH.read_text("utf-8"))
    change(document["Parameterisation"]["Positive electrode"])
    path = folder / name
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_one_set_of_one_source() -> None:
    material = library([SKETCH])["lgm50_sketch"]
    assert material.kind == "active material"
    assert material.title == "Sketch of a nickel-rich cell, for tests"
    assert set(material.properties) == {
        "open_circuit_potential", "max_concentration", "stoichiometry_min", "stoichiometry_max",
        "chemical_diffusivity", "diffusivity_activation_energy", "reference_temperature",
    }  # fmt: skip
    for prop in material.properties.values():
        assert (prop.status, prop.file) == ("given", str(SKETCH))
        assert prop.source == (
            "lgm50_sketch.json; Sketch of a nickel-rich cell, for tests; nobody, 2025"
        )
    assert material["max_concentration"].value == 63000.0
    assert material["max_concentration"].text == "63000 mol/m^3"
    assert "OCP (delithiation) [V]" in material["open_circuit_potential"].note
    assert material["diffusivity_activation_energy"].value == 12000.0
    assert material["reference_temperature"].value == 298.15
    assert len(library([SKETCH])) == len(library()) + 1


def test_values_of_the_formulas() -> None:
    """U(0.55) = 4.4 - 0.44; dU/dx = -0.8 - 0.04 * 18.5; D(0.5) = 4e-15, dD/dx = -8e-15."""
    material = library([SKETCH])["lgm50_sketch"]
    curve = material.potential
    assert (curve.lower, curve.upper) == (0.27, 0.9)
    assert curve(0.55) == pytest.approx(3.96, rel=1e-14)
    assert curve.slope(0.55) == pytest.approx(-1.54, rel=1e-14)
    diffusivity = material.diffusivity
    assert isinstance(diffusivity, Diffusivity)
    assert diffusivity(np.array(0.5)) == pytest.approx(4e-15, rel=1e-14, abs=0.0)
    assert diffusivity.slope(np.array(0.5)) == pytest.approx(-8e-15, rel=1e-14, abs=0.0)
    assert diffusivity(np.array(2.0)) == pytest.approx(4e-15 * np.exp(-0.8), rel=1e-14, abs=0.0)


def test_numbers_and_tables(tmp_path: Path) -> None:
    """A number may stand in quotes; a table of D is interpolated in its logarithm."""
    plain = changed(
        tmp_path,
        lambda e: e.update(
            {
                "OCP [V]": {"x": [0.0, 0.5, 1.0], "y": [4.4, 3.9, 3.6]},
                "Diffusivity [m2.s-1]": "3.3e-14",
            }
        ),
    )
    material = library([plain])["cell"]
    assert material.diffusivity == 3.3e-14
    assert material["chemical_diffusivity"].text == "3.3e-14 m^2/s"
    # PCHIP: slopes -1 and -0.6, at 0.5 their harmonic mean -0.75, at 1 (-1.8 + 1)/2 = -0.4.
    assert material.potential([0.5, 0.75]) == pytest.approx([3.9, 3.75 + (0.4 - 0.75) / 16])
    curved = changed(
        tmp_path,
        lambda e: e.update(
            {"OCP [V]": 3.4, "Diffusivity [m2.s-1]": {"x": [0, 1], "y": [1e-16, 1e-14]}}
        ),
    )
    material = library([curved])["cell"]
    assert material.potential(0.5) == 3.4
    diffusivity = material.diffusivity
    assert isinstance(diffusivity, Diffusivity)
    assert diffusivity(np.array(0.5)) == pytest.approx(1e-15, rel=1e-12, abs=0.0)


def test_other_files_add_to_it_and_win_over_it(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[lgm50_sketch.youngs_modulus]\nvalue = "150 GPa"\nsource = "s"\n', "utf-8")
    moduli = {"poisson_ratio": 0.3, "chemical_diffusivity": "1e-14 m^2/s"}
    material = library([SKETCH, own], {"lgm50_sketch": moduli})["lgm50_sketch"]
    assert material["youngs_modulus"].value == 150e9
    assert material["poisson_ratio"].value == 0.3
    assert material.diffusivity == 1e-14
    assert material["max_concentration"].value == 63000.0


def test_the_name_of_a_built_in_material_keeps_what_the_file_lacks(tmp_path: Path) -> None:
    path = changed(tmp_path, lambda e: e.pop("OCP (delithiation) [V]"), "NCM811.json")
    material = library([path])["NCM811"]
    assert material["max_concentration"].value == 63000.0
    assert material.potential.lower == 0.27
    assert material["open_circuit_potential"].note == ""
    assert material["youngs_modulus"] == library()["NCM811"]["youngs_modulus"]
    lithium = changed(tmp_path, lambda e: None, "lithium.json")
    with pytest.raises(InputError, match="of another kind, lithium") as caught:
        library([lithium])
    assert caught.value.file == str(lithium)
    assert "rename" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lgm50.json", "lgm50"),
        ("nmc_pouch-cell BPX.json", "nmc_pouch_cell_BPX"),
        ("lgm50.bpx.json", "lgm50_bpx"),
        ("2170.json", "bpx_2170"),
        ("Zellé.json", "Zell"),
        ("---.json", "bpx"),
    ],
)
def test_id_from_the_name_of_the_file(name: str, expected: str) -> None:
    assert material_id(Path("some/where") / name) == expected


@pytest.mark.parametrize(
    ("change", "key", "part"),
    [
        (lambda e: (e.pop("OCP [V]"), e.pop("OCP (delithiation) [V]")), "OCP [V]",
         "has no 'OCP [V]'"),
        (lambda e: e.pop("Diffusivity [m2.s-1]"), "Diffusivity [m2.s-1]", "add it"),
        (lambda e: e.update({"OCP [V]": "4 - tan(x)"}), "OCP [V]", "no function 'tan'"),
        (lambda e: e.update({"OCP [V]": "4 + log(x - 0.5)"}), "OCP [V]", "at x = 0.27"),
        (lambda e: e.update({"OCP [V]": [4.0]}), "OCP [V]", "not a number, a formula in x"),
        (lambda e: e.update({"OCP [V]": {"x": [0.3, 1.0], "y": [4, 3]}}),
         "Minimum stoichiometry", "not known there"),
        (lambda e: e.update({"OCP [V]": {"x": [0, 1], "y": [4]}}), "OCP [V]", "same length"),
        (lambda e: e.update({"OCP [V]": {"x": [0, 1], "z": [4, 3]}}), "OCP [V]", "columns x and y"),
        (lambda e: e.update({"Diffusivity [m2.s-1]": 0}), "Diffusivity [m2.s-1]", "above 0"),
        (lambda e: e.update({"Diffusivity [m2.s-1]": "x - 0.5"}), "Diffusivity [m2.s-1]", "gives"),
        (lambda e: e.update({"Diffusivity [m2.s-1]": {"x": [0, 1], "y": [1e-14, -1]}}),
         "Diffusivity [m2.s-1].y", "above 0"),
        (lambda e: e.update({"Maximum concentration [mol.m-3]": "x"}),
         "Maximum concentration [mol.m-3]", "not a number"),
        (lambda e: e.update({"Maximum concentration [mol.m-3]": True}),
         "Maximum concentration [mol.m-3]", "not a number"),
        (lambda e: e.update({"Maximum concentration [mol.m-3]": float("nan")}),
         "Maximum concentration [mol.m-3]", "out of bounds"),
        (lambda e: e.update({"Minimum stoichiometry": 0.95}), "Minimum stoichiometry", "is empty"),
        (lambda e: e.update({"Maximum stoichiometry": 1.2}), "Maximum stoichiometry", "0 to 1"),
        (lambda e: e.update({"OCP [V]": {"x": [-0.001, 1], "y": [4, 3]}}), "OCP [V].x",
         "entry 1 of 2 is out of bounds"),
        (lambda e: e.update({"OCP [V]": {"x": [0, 1], "y": 4}}), "OCP [V].y", '{"x": [0.3'),
        (lambda e: e.update({"Particle": {"Large": {}, "Small": {}}}), "Particle.Large.OCP [V]",
         "has no 'OCP [V]'"),
        (lambda e: e.update({"Particle": {"Large": 1, "Small": {}}}), "Particle.Large",
         "not a file of"),
        (lambda e: e.update({"Particle": 1}), "Particle", "not a file of"),
        (lambda e: e.update({"Minimum stoichiometry": 0.95}), "Minimum stoichiometry",
         "below Maximum stoichiometry = 0.9"),
        (lambda e: e.update({"OCP [V]": "4 + log(x - 0.5)"}), "OCP [V]",
         "give Minimum stoichiometry and Maximum stoichiometry"),
        (lambda e: e.update({"Particle": {"A": {**e, "OCP [V]": "log(x - 0.5)"}, "B": {**e}}}),
         "Particle.A.OCP [V]", "at x = 0.27"),
    ],
)  # fmt: skip
def test_bad_electrode(tmp_path: Path, change: Change, key: str, part: str) -> None:
    path = changed(tmp_path, change)
    with pytest.raises(InputError) as caught:
        library([path])
    error = caught.value
    assert error.key == f"{POSITIVE}.{key}"
    assert error.file == str(path)
    assert part in str(error)
    assert error.cure or error.allowed


def test_written_as_other_programs_do(tmp_path: Path) -> None:
    """``^`` for powers, capitals, and a table of falling x: all give what the plain form gives."""
    plain = library([SKETCH])["lgm50_sketch"]
    path = changed(
        tmp_path,
        lambda e: e.update(
            {
                "OCP [V]": "-0.8 * x^1 + 4.4 - 0.04 * TANH(18.5 * (x - 0.55))",
                "Diffusivity [m2.s-1]": {"x": [0.9, 0.5, 0.2], "y": [1e-15, 4e-15, 8e-15]},
            }
        ),
    )
    material = library([path])["cell"]
    x = np.linspace(0.3, 0.9, 31)
    np.testing.assert_allclose(material.potential(x), plain.potential(x), rtol=1e-14)
    diffusivity = material.diffusivity
    assert isinstance(diffusivity, Diffusivity)
    assert diffusivity(np.array([0.2, 0.5, 0.9])) == pytest.approx(
        [8e-15, 4e-15, 1e-15], rel=1e-12, abs=0.0
    )


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "lgm50_sketch.json"
    path.write_text(SKETCH.read_text("utf-8"), encoding="utf-8-sig")
    assert library([path])["lgm50_sketch"].potential == library([SKETCH])["lgm50_sketch"].potential


def test_a_branch_is_chosen_by_key() -> None:
    """The sketch's delithiation is its mean and 10 mV more; window and the rest stay."""
    mean = library([SKETCH])["lgm50_sketch"]
    name = "lgm50_sketch"
    branch = library([SKETCH], {name: {"open_circuit_potential": "delithiation"}})[name]
    x = np.linspace(0.27, 0.9, 7)
    np.testing.assert_allclose(branch.potential(x), mean.potential(x) + 0.01, rtol=1e-14)
    assert branch["stoichiometry_max"].value == 0.9
    assert {**branch.properties, "open_circuit_potential": mean["open_circuit_potential"]} == dict(
        mean.properties
    )
    with pytest.raises(InputError, match="no such open-circuit potential"):
        library([SKETCH], {name: {"open_circuit_potential": "lithiation"}})


def test_a_file_of_branches_alone_asks_for_one(tmp_path: Path) -> None:
    path = changed(tmp_path, lambda e: e.pop("OCP [V]"))
    with pytest.raises(InputError) as caught:
        _ = library([path])["cell"].potential
    assert caught.value.key == "materials.cell.open_circuit_potential"
    assert caught.value.cure is not None
    assert caught.value.cure.endswith('[materials.cell] open_circuit_potential = "delithiation"')
    chosen = library([path], {"cell": {"open_circuit_potential": "delithiation"}})["cell"]
    assert chosen.potential(0.55) == pytest.approx(3.97, rel=1e-14)


def test_each_particle_of_a_blend_is_a_material(tmp_path: Path) -> None:
    """The particle is chosen by the name of its material, not by editing the file."""

    def blend(electrode: dict[str, Any]) -> None:
        table = {
            field: electrode.pop(field)
            for field in list(electrode)
            if field.startswith(("OCP", "M", "Diff"))
        }
        electrode["Particle"] = {"Large": table, "Fine grain": {**table, "OCP [V]": 3.5}}

    materials = library([changed(tmp_path, blend)])
    whole = library([SKETCH])["lgm50_sketch"]
    assert set(materials) - set(library()) == {"cell_Large", "cell_Fine_grain"}
    assert materials["cell_Large"].potential == whole.potential
    assert materials["cell_Fine_grain"].potential(0.5) == 3.5
    assert materials["cell_Large"].title.endswith("for tests, Large")


# D doubles roughly from 25 to 60 degC at 15 kJ/mol: exp(15000/R (1/298.15 - 1/333.15)).
@pytest.mark.parametrize(
    ("energy", "reference", "celsius", "factor"),
    [
        (15000.0, 298.15, 60.0, 1.888339),
        (15000.0, 298.15, 25.0, 1.0),
        (15000.0, None, 60.0, 1.888339),
        (25000.0, 313.15, 0.0, 0.245100),
        (0.0, 298.15, 60.0, 1.0),
    ],
)
def test_activation_energy_is_applied(
    tmp_path: Path, energy: float, reference: float | None, celsius: float, factor: float
) -> None:
    document = json.loads(SKETCH.read_text("utf-8"))
    cell = document["Parameterisation"]
    cell["Positive electrode"]["Diffusivity activation energy [J.mol-1]"] = energy
    if reference is None:
        del cell["Cell"]["Reference temperature [K]"]
    else:
        cell["Cell"]["Reference temperature [K]"] = reference
    path = tmp_path / "cell.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    temperature = 273.15 + celsius
    reader = Reader(library([path]))
    warm = reader.diffusivity("cell", temperature=temperature)
    assert isinstance(warm, Diffusivity)
    x = np.array([0.3, 0.5, 0.8, 2.0])
    cold = library([path])["cell"].diffusivity
    assert isinstance(cold, Diffusivity)
    np.testing.assert_allclose(warm(x), factor * cold(x), rtol=1e-5, atol=0.0)
    np.testing.assert_allclose(warm.slope(x), factor * cold.slope(x), rtol=1e-5, atol=0.0)
    read = [used.property.name for used in reader.used]
    assert read[1:] == ["diffusivity_activation_energy", "reference_temperature"]
    # A diffusivity that a case gives is meant for the temperature of the case.
    own = Reader(library([path], {"cell": {"chemical_diffusivity": "1e-14 m^2/s"}}))
    assert own.diffusivity("cell", temperature=temperature) == 1e-14


def test_entropic_change_is_applied(tmp_path: Path) -> None:
    """35 K above the reference, at 1e-4 (x - 0.7) V/K: -0.7 mV at x = 0.5."""
    path = changed(
        tmp_path, lambda e: e.update({"Entropic change coefficient [V.K-1]": "1e-4*(x - 0.7)"})
    )
    reader = Reader(library([path]))
    cold, warm = (reader.potential("cell", temperature=t) for t in (298.15, 333.15))
    x = np.linspace(0.27, 0.9, 8)
    np.testing.assert_allclose(warm(x) - cold(x), 3.5e-3 * (x - 0.7), atol=1e-15)
    np.testing.assert_allclose(warm.slope(x) - cold.slope(x), 3.5e-3, atol=1e-14)
    assert (warm.lower, warm.upper) == (0.27, 0.9)
    plain = library([path], {"cell": {"entropic_coefficient": "-0.1 mV/K"}})["cell"]
    assert plain.potential_at(308.15)(0.5) == pytest.approx(plain.potential(0.5) - 1e-3, rel=1e-12)


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    text = SKETCH.read_text("utf-8")
    path = tmp_path / "cell.json"
    line = '"Maximum concentration [mol.m-3]": 63000,'
    assert line in text
    path.write_text(text.replace(line, f"{line} {line.replace('63000', '51000')}"), "utf-8")
    with pytest.raises(InputError, match="stands twice") as caught:
        library([path])
    assert caught.value.key == f"{POSITIVE}.Maximum concentration [mol.m-3]"
    assert caught.value.given == [63000, 51000]


@pytest.mark.parametrize(
    ("text", "key", "part"),
    [
        ("{", None, "not valid JSON"),
        ("[LCO.density]", None, "all others are TOML"),
        ("[" * 100000, None, "not valid JSON"),
        ("[1]", None, "not a file of the Battery Parameter eXchange"),
        ("{}", "Header", "not a file of"),
        ('{"Header": {}}', "Header.BPX", "not a file of"),
        ('{"Header": {"BPX": "1.0.0"}}', "Parameterisation", "not a file of"),
        ('{"Header": {"BPX": 0.1}, "Parameterisation": {}}', POSITIVE, "not a file of"),
    ],
)
def test_bad_file(tmp_path: Path, text: str, key: str | None, part: str) -> None:
    path = tmp_path / "cell.JSON"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        library([path])
    assert (caught.value.file, caught.value.key) == (str(path), key)
    assert part in str(caught.value)


def test_absent_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        library([tmp_path / "absent.json"])
