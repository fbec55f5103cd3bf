"""The positive electrode of a file in the Battery Parameter eXchange format."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fem.errors import InputError
from fem.materials import Diffusivity, library
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
        "chemical_diffusivity",
    }  # fmt: skip
    for prop in material.properties.values():
        assert (prop.status, prop.file) == ("given", str(SKETCH))
        assert prop.source == (
            "lgm50_sketch.json; Sketch of a nickel-rich cell, for tests; nobody, 2025"
        )
    assert material["max_concentration"].value == 63000.0
    assert material["max_concentration"].text == "63000 mol/m^3"
    assert "OCP (delithiation) [V]" in material["open_circuit_potential"].note
    assert "activation energy is not applied" in material["chemical_diffusivity"].note
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
    assert material.potential([0.3, 0.75]) == pytest.approx([4.1, 3.75])
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
        (lambda e: e.pop("OCP [V]"), "OCP [V]", "has no 'OCP [V]'"),
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
         "Maximum concentration [mol.m-3]", "not a number"),
        (lambda e: e.update({"Minimum stoichiometry": 0.95}), "Minimum stoichiometry", "is empty"),
        (lambda e: e.update({"Maximum stoichiometry": 1.2}), "Maximum stoichiometry", "0 to 1"),
        (lambda e: e.update({"Particle": {"Large": {}, "Small": {}}}), "Particle",
         "'Large', 'Small'"),
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
    with pytest.raises(InputError, match="no such material file"):
        library([tmp_path / "absent.json"])
