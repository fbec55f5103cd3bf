"""Functions of the stoichiometry as users give them: formulas and tables."""

from __future__ import annotations

import copy
import math
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fem.errors import InputError
from fem.materials import Diffusivity, describe, library
from fem.materials.formula import FUNCTIONS, Formula
from fem.materials.potentials import ncm811_chen2020

CHEN = (
    "4.4875 - 0.8090*x - 0.0428*tanh(18.5138*(x - 0.5542)) - 17.7326*tanh(15.7890*(x - 0.3117))"
    " + 17.5842*tanh(15.9308*(x - 0.3120))"
)


@pytest.mark.parametrize(
    ("text", "at_two", "slope"),
    [
        ("x", 2.0, 1.0),
        ("-x**2", -4.0, -4.0),
        ("2**-x", 0.25, -0.25 * math.log(2.0)),
        ("x**3**2", 512.0, 9.0 * 256.0),
        ("1 - 2 - x", -3.0, -1.0),
        ("8/2/x", 2.0, -1.0),
        ("(1 + x)*(3 - x)", 3.0, -2.0),
        ("+1.5e-3*x", 3e-3, 1.5e-3),
        ("exp(x)", math.exp(2.0), math.exp(2.0)),
        ("log(x)", math.log(2.0), 0.5),
        ("log10(x)", math.log10(2.0), 0.5 / math.log(10.0)),
        ("sqrt(x)", math.sqrt(2.0), 0.5 / math.sqrt(2.0)),
        ("tanh(x)", math.tanh(2.0), 1.0 / math.cosh(2.0) ** 2),
        ("sinh(x)", math.sinh(2.0), math.cosh(2.0)),
        ("cosh(x)", math.cosh(2.0), math.sinh(2.0)),
        ("sin(x)", math.sin(2.0), math.cos(2.0)),
        ("cos(x)", math.cos(2.0), -math.sin(2.0)),
        ("atan(x)", math.atan(2.0), 0.2),
        ("0.7", 0.7, 0.0),
        ("  x\n + 1 ", 3.0, 1.0),
    ],
)
def test_value_and_slope(text: str, at_two: float, slope: float) -> None:
    """Precedence as in mathematics; derivatives by hand."""
    formula = Formula(" ".join(text.split()))
    x = np.full((3, 2), 2.0)
    assert formula.function(x) == pytest.approx(np.full((3, 2), at_two), rel=1e-14)
    assert formula.slope(x) == pytest.approx(np.full((3, 2), slope), rel=1e-14)
    assert (x == 2.0).all()


def test_powers_and_capitals_of_other_programs() -> None:
    """0.5^2 = 0.25 binds closer than the minus before it, and a name may be in capitals."""
    x = np.array([0.5, 0.25])
    assert Formula("1 - x^2").function(x) == pytest.approx(1.0 - x**2, rel=1e-15)
    assert Formula("-x^-2").function(x) == pytest.approx(-(x**-2.0), rel=1e-15)
    assert Formula("EXP(-x) + Tanh(x)").function(x) == pytest.approx(np.exp(-x) + np.tanh(x))
    assert Formula("2*x^3").slope(x) == pytest.approx(6.0 * x**2, rel=1e-14)


def test_every_function_is_tried() -> None:
    tried = test_value_and_slope.pytestmark[0].args[1]
    assert {name for name in FUNCTIONS if any(text == f"{name}(x)" for text, *_ in tried)} == set(
        FUNCTIONS
    )


def test_formula_is_the_built_in_function() -> None:
    """The fit of Chen 2020 as text gives the same numbers and slopes."""
    x = np.linspace(0.27, 0.9, 64)
    formula, built_in = Formula(CHEN), library()["NCM811"].potential
    assert formula.function(x) == pytest.approx(ncm811_chen2020(x), abs=2e-14)
    assert formula.slope(x) == pytest.approx(built_in.slope(x), rel=1e-12)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("4.2 - 0.8 x", "cannot be read near position"),
        ("4.2 - (x", "cannot be read"),
        ("", "cannot be read"),
        ("x = 2", "cannot be read"),
        ("x\x00", "cannot be read"),
        ("4 + y", "'y' is neither x nor a function"),
        ("tanh + x", "'tanh' is neither x nor"),
        ("Expo(x)", "no function 'Expo'"),
        ("abs(x)", "no function 'abs'"),
        ("exp(x, 2)", "takes one argument"),
        ("exp()", "takes one argument"),
        ("exp(x=x)", "takes one argument"),
        ("exp(*x)", "not allowed"),
        ("x if x else 1", "not allowed"),
        ("x > 0.5", "not allowed"),
        ("x % 2", "not allowed"),
        ("x // 2", "not allowed"),
        ("~x", "not allowed"),
        ("1j*x", "'1j' is not allowed"),
        ("True*x", "'True' is not allowed"),
        ("'x'", "not allowed"),
        ("[x]", "not allowed"),
        ("x.real", "not allowed"),
        ("x[0]", "not allowed"),
        ("(lambda: x)()", "not allowed"),
        ("__import__('os').system('true') + x", "not allowed"),
        ("open('x')", "no function 'open'"),
        ("+".join("x" * 300), "levels deep"),
        ("(" * 500 + "x" + ")" * 500, "cannot be read"),
        ("1" * 400 + "*x", "beyond 1e+300"),
        ("1e999*x", "beyond 1e+300"),
    ],
)
def test_what_is_no_formula(text: str, part: str) -> None:
    with pytest.raises(ValueError, match=re.escape(part)):
        Formula(text)


def test_signs_without_end_are_refused() -> None:
    """Which limit is met first, that of Python or ours, depends on the version of Python."""
    with pytest.raises(ValueError, match=r"not a formula|levels deep"):
        Formula("-" * 5000 + "x")


@given(st.text(alphabet="x0123456789.+-*/()e ^tanhlogqrs,='\"_[]{}:;@!<>&|~%\\\n", max_size=40))
def test_any_text_gives_numbers_or_a_plain_refusal(text: str) -> None:
    try:
        formula = Formula(text)
    except ValueError as error:
        assert str(error)
        return
    value = formula.function(np.array([0.2, 0.5]))
    assert value.shape == (2,)
    assert value.dtype == float


def test_frozen_hashed_copied() -> None:
    material = library(overrides={"LCO": {"open_circuit_potential": "4 - x"}})["LCO"]
    assert pickle.loads(pickle.dumps(material)) == material == copy.deepcopy(material)
    assert hash(pickle.loads(pickle.dumps(material))) == hash(material)
    assert material.potential(0.25) == 3.75


# ------------------------------------------------------------------------------ as a potential


def test_a_formula_as_potential() -> None:
    """Its window is all of x from 0 to 1, or what is given with it; the old one is gone."""
    text = "4.2 - 0.8*x + 0.02*tanh(15*(x - 0.5))"
    material = library(overrides={"NCM811": {"open_circuit_potential": f" {text} "}})["NCM811"]
    assert (material.potential.lower, material.potential.upper) == (0.0, 1.0)
    prop = material["open_circuit_potential"]
    assert (prop.text, prop.status, prop.source) == (text, "given", "case file")
    assert material.potential(0.5) == pytest.approx(3.8, abs=1e-15)
    assert material.potential.slope(0.5) == pytest.approx(-0.5, rel=1e-14)
    narrow = {"open_circuit_potential": "4 + log((1 - x)/x)", "stoichiometry_min": 0.1,
              "stoichiometry_max": 0.9}  # fmt: skip
    curve = library(overrides={"NCM811": narrow})["NCM811"].potential
    assert (curve.lower, curve.upper) == (0.1, 0.9)
    assert curve(0.5) == 4.0


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("4 + log((1 - x)/x)", "gives inf at x = 0"),
        ("4 - sqrt(x - 0.5)", "gives nan at x = 0"),
        ("4/(x - 0.5)", "at x = 0.5"),
        ("4.2 - 0.8*X*x", "'X' is neither x"),
        ("4.2 - 0.8 x", "cannot be read"),
        ("4.2 - 0.8*y", "is not a unit"),
    ],
)
def test_bad_formula_in_a_case(text: str, part: str) -> None:
    with pytest.raises(InputError) as caught:
        library(overrides={"LCO": {"open_circuit_potential": text}}, file="cell.toml")
    error = caught.value
    assert error.key == "materials.LCO.open_circuit_potential"
    assert error.file == "cell.toml"
    assert part in str(error)
    assert error.cure is not None and ("x" in error.cure or "formula" in error.cure)


def test_a_formula_only_where_x_matters() -> None:
    with pytest.raises(InputError, match="is not a unit"):
        library(overrides={"LCO": {"density": "5 - x"}})


def test_a_long_formula_is_shown_whole_within_100_columns() -> None:
    text = describe(library(overrides={"NCM811": {"open_circuit_potential": CHEN}})["NCM811"])
    assert max(map(len, text.splitlines())) <= 100
    assert " ".join(CHEN.split()) in " ".join(text.split())
    assert "open_circuit_potential  see below" in text


# ----------------------------------------------------------------------------- as a diffusivity


def material_with(tmp_path: Path, value: str) -> Any:
    path = tmp_path / "own.toml"
    path.write_text(f'[NCM811.chemical_diffusivity]\nvalue = {value}\nsource = "s"\n', "utf-8")
    return library([path])["NCM811"]


def test_a_number_stays_a_number() -> None:
    assert library()["NCM811"].diffusivity == 4e-15


def test_table_of_diffusivities(tmp_path: Path) -> None:
    """Its logarithm is interpolated by PCHIP, in whatever order the points stand.

    From x = 0.3 to 0.5 it grows by L = ln 100, then it is flat: slope 0 at 0.5, and at 0.3 by the
    one-sided formula ((2h + k) L/h)/(h + k) with h = 0.2, k = 0.4, that is 20 L/3. Half way the
    cubic is the mean plus h/8 of the difference of both: L/2 + L/6.
    """
    table = "{stoichiometry = [0.9, 0.3, 0.5], chemical_diffusivity = [1e-14, 1e-16, 1e-14]}"
    diffusivity = material_with(tmp_path, table).diffusivity
    assert isinstance(diffusivity, Diffusivity)
    x = np.array([[0.0, 0.3, 0.4], [0.5, 0.7, 1.5]])
    half = 1e-16 * 100.0 ** (2.0 / 3.0)
    assert diffusivity(x) == pytest.approx(
        np.array([[1e-16, 1e-16, half], [1e-14, 1e-14, 1e-14]]), rel=1e-12, abs=0.0
    )
    # Slopes of the logarithm: as given at the points, and 1.5 L/h - d/4 half way.
    rate = math.log(100.0) / 0.2
    steep, middle = 4.0 / 3.0 * rate, 1.5 * rate - rate / 3.0
    assert diffusivity.slope(x) == pytest.approx(
        np.array([[0.0, 1e-16 * steep, half * middle], [0.0, 0.0, 0.0]]), rel=1e-12, abs=1e-28
    )


def test_formula_of_diffusivity(tmp_path: Path) -> None:
    """Constant beyond the window of the material, 0.266 to 0.91."""
    diffusivity = material_with(tmp_path, '"1e-14*exp(-3*x)"').diffusivity
    x = np.array([-1e300, 0.266, 0.5, 0.91, 2.0])
    inside = np.array([0.266, 0.266, 0.5, 0.91, 0.91])
    assert diffusivity(x) == pytest.approx(1e-14 * np.exp(-3.0 * inside), rel=1e-14, abs=0.0)
    assert diffusivity.slope(x) == pytest.approx(
        -3e-14 * np.exp(-3.0 * inside) * [0, 1, 1, 1, 0], rel=1e-14, abs=0.0
    )


@pytest.mark.parametrize(
    ("value", "key", "part"),
    [
        ('"1e-14*(0.5 - x)"', "", "gives -4.16e-18 at x = 0.500416"),
        ('"1e-14/(x - 0.266)"', "", "gives inf at x = 0.266"),
        ('"ncm811_chen2020"', "", "number unit"),
        ('"4e-15 m/s"', "", "another dimension"),
        ("4e-15", "", "with a unit"),
        ("{stoichiometry = [0.3, 0.9], potential = [1, 2]}", "", "two columns"),
        ("{stoichiometry = [0.3, 0.9], chemical_diffusivity = [1e-14, 0.0]}",
         ".chemical_diffusivity", "above 0"),
        ("{stoichiometry = [0.9, 0.9], chemical_diffusivity = [1e-14, 1e-14]}",
         "", "at different stoichiometries"),
        ("{stoichiometry = [0.3, 0.9, 0.9], chemical_diffusivity = [1e-14, 1e-14, 2e-14]}",
         "", "two values at one stoichiometry, x = 0.9"),
        ("{stoichiometry = [0.9], chemical_diffusivity = [1e-14]}", "", "two points"),
    ],
)  # fmt: skip
def test_bad_diffusivity(tmp_path: Path, value: str, key: str, part: str) -> None:
    with pytest.raises(InputError) as caught:
        material_with(tmp_path, value)
    assert caught.value.key == f"NCM811.chemical_diffusivity{key}"
    assert caught.value.file == str(tmp_path / "own.toml")
    assert part in str(caught.value)


def test_a_new_volume_change_drops_the_molar_volume_that_says_otherwise() -> None:
    material = library(overrides={"LCO": {"volume_change": "3 %"}})["LCO"]
    assert "partial_molar_volume" not in material
    both = {"volume_change": "3 %", "partial_molar_volume": "-1e-6 m^3/mol"}
    assert library(overrides={"LCO": both})["LCO"]["partial_molar_volume"].value == -1e-6
    assert "partial_molar_volume" in library(overrides={"LCO": {"density": "5 g/cm^3"}})["LCO"]


# ------------------------------------------------------------------------------------- strains


def test_strains_are_functions_that_keep_their_ends(tmp_path: Path) -> None:
    """A formula holds over the window, a table over its points; beyond, the strain stays."""
    case = {"volume_strain": "0.05*x^2", "stoichiometry_min": 0.3, "stoichiometry_max": 0.9}
    strain = library(overrides={"NCM811": case})["NCM811"].strain("volume_strain")
    x = np.array([0.0, 0.3, 0.6, 0.9, 1.0])
    np.testing.assert_allclose(strain(x), 0.05 * np.clip(x, 0.3, 0.9) ** 2, rtol=1e-14)
    np.testing.assert_allclose(strain.slope(x), [0.0, 0.03, 0.06, 0.09, 0.0], rtol=1e-14)
    table = "{stoichiometry = [0.5, 1.0], strain_along_axis = [0.02, 0.0]}"
    path = tmp_path / "own.toml"
    path.write_text(f'[LCO.strain_along_axis]\nvalue = {table}\nsource = "own"\n')
    strain = library([path])["LCO"].strain("strain_along_axis")
    np.testing.assert_allclose(strain(np.array([0.4, 0.75])), [0.02, 0.01], rtol=1e-12)


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("-5 %", "write it as a function of x, or as the volume_change of the window"),
        ("0.1 m", "a bare number is needed"),
        ("1 - 3*x", "the formula gives -1.00164 at x = 0.667212"),
    ],
)
def test_bad_strain(value: str, part: str) -> None:
    with pytest.raises(InputError) as caught:
        library(overrides={"NCM811": {"volume_strain": value}})
    assert caught.value.key == "materials.NCM811.volume_strain"
    assert part in str(caught.value)


def test_a_material_says_its_volume_once(tmp_path: Path) -> None:
    """A volume strain, a molar volume, a volume change: a new one drops those that would win."""
    path = tmp_path / "own.toml"
    path.write_text('[LCO.volume_strain]\nvalue = "-0.04*x"\nsource = "own"\n')
    assert "partial_molar_volume" not in library([path])["LCO"]
    assert "volume_strain" in library([path], {"LCO": {"density": "5 g/cm^3"}})["LCO"]
    for new in ({"partial_molar_volume": "1e-6 m^3/mol"}, {"volume_change": "2 %"}):
        assert "volume_strain" not in library([path], {"LCO": new})["LCO"]


def test_lithium_cobalt_oxide_grows_along_c_as_its_source_has_it() -> None:
    """Bragg's law for (003) peaks at 19 and 18.5 degrees: 2.7 % to two digits; see the notes."""
    along, across = (library()["LCO"].strain(f"strain_{way}_axis") for way in ("along", "across"))
    bragg = np.sin(np.radians(9.5)) / np.sin(np.radians(9.25)) - 1.0
    assert float(along(np.array(0.5))) == pytest.approx(0.027, rel=1e-12)
    assert bragg == pytest.approx(0.027, abs=5e-4)
    volume = (1.0 + along(np.array(0.5))) * (1.0 + across(np.array(0.5))) ** 2 - 1.0
    assert float(volume) == pytest.approx(0.021, abs=5e-4)
    assert not library()["LTO"].strain("strain_along_axis")(np.array([0.1, 0.9])).any()
