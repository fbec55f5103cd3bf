"""Open-circuit potentials from files of numbers, in the forms in which people publish them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from fem.errors import InputError
from fem.materials import Curve, library
from fem.materials.shapes import Table

Floats = NDArray[np.float64]
X = np.linspace(0.25, 0.95, 29)
"""Lithium fractions of the points; 0.25 and 0.95 are the window where a capacity is given."""


def potential(x: Floats) -> Floats:
    """A potential that falls: 0.9 V a unit of x, and a step of 0.2 V at x = 0.5."""
    return np.asarray(4.4 - 0.9 * x - 0.1 * np.tanh(10.0 * (x - 0.5)))


def rows(one: Floats, two: Floats, separator: str = ",", comma: bool = False) -> str:
    """Two columns of six decimals."""
    text = "\n".join(f"{a:.6f}\t{b:.6f}" for a, b in zip(one, two, strict=True)) + "\n"
    return (text.replace(".", ",") if comma else text).replace("\t", separator)


def read(folder: Path, text: str | bytes, name: str = "ocp.csv", **window: float) -> Curve:
    """The potential of a case that names a file."""
    data = text if isinstance(text, bytes) else text.encode()
    (folder / name).write_bytes(data)
    given = {"open_circuit_potential": name, **window}
    return library((), {"NCM811": given}, "case.toml", folder)["NCM811"].potential


U = potential(X)
PUBLISHED: dict[str, str | bytes] = {
    "no names": rows(X, U),
    "names": "x,OCP [V]\n" + rows(X, U),
    "two lines of names": "Stoichiometrie;Spannung\n-;V\n" + rows(X, U, ";", comma=True),
    "descending": "x, U\n" + rows(X[::-1], U[::-1], ", "),
    "shuffled": "sto,ocv\n" + rows(X[::2], U[::2]) + rows(X[1::2], U[1::2]),
    "the other order": rows(U, X),
    "tabs, named": "OCV (V)\tx in LixCoO2\n" + rows(U, X, "\t"),
    "blanks": rows(X, U, "   "),
    "blanks and decimal commas": rows(X, U, " ", comma=True),
    "byte order mark": b"\xef\xbb\xbf" + ("x;U\r\n" + rows(X, U, ";", comma=True)).encode(),
    "line ends of Windows": rows(X, U).replace("\n", "\r\n"),
    "comments": "# GITT at C/50\n% points\nx,U\n\n" + rows(X, U).replace("\n", " # rest\n", 1),
    "a separator at every end": rows(X, U).replace("\n", ",\n"),
    "quotes": '"x","U"\n' + rows(X, U),
    "mV": "U / mV; x\n" + rows(1e3 * U, X, ";", comma=True),
    "percent": "x [%],U\n" + rows(100.0 * X, U),
    "more columns": "no,x,temperature,voltage\n"
    + "".join(f"{k},{a:.6f},25.0,{b:.6f}\n" for k, (a, b) in enumerate(zip(X, U, strict=True))),
    "duplicates": rows(np.append(X, X[[3, 20]]), np.append(U, U[[3, 20]])),
    "powers of ten": "x,U\n" + "".join(f"{a:.7e},{b:.7E}\n" for a, b in zip(X, U, strict=True)),
}


@pytest.mark.parametrize("form", PUBLISHED)
def test_published_forms_are_one_curve(tmp_path: Path, form: str) -> None:
    """Rounded to six decimals, all give the points, and between them the curve to 0.1 mV."""
    curve = read(tmp_path, PUBLISHED[form])
    assert (curve.lower, curve.upper) == (0.25, 0.95)
    np.testing.assert_allclose(curve(X), U, atol=1e-6)
    between = np.linspace(0.25, 0.95, 301)
    np.testing.assert_allclose(curve(between), potential(between), atol=1e-4)


CHARGE = 190.0 * (X - 0.25) / 0.7
OVER_CHARGE = {
    "discharge capacity": "Specific capacity (mAh/g), Voltage (V)\n" + rows(CHARGE, U),
    "charge capacity": "Q,U\n" + rows(190.0 - CHARGE, U),
    "without names": rows(U, 190.0 - CHARGE, " ", comma=True),
    "state of charge": "SOC [%];OCV\n" + rows(100.0 * (0.95 - X) / 0.7, U, ";"),
    "depth of discharge": "DoD;OCV\n" + rows((X - 0.25) / 0.7, U, ";"),
}


@pytest.mark.parametrize("form", OVER_CHARGE)
def test_charge_is_laid_over_the_window(tmp_path: Path, form: str) -> None:
    """More lithium where the potential is lower, whichever way the charge counts."""
    curve = read(tmp_path, OVER_CHARGE[form], stoichiometry_min=0.25, stoichiometry_max=0.95)
    np.testing.assert_allclose(curve(np.linspace(0.25, 0.95, 29)), U, atol=1e-5)
    with pytest.raises(InputError, match="not over the lithium fraction") as caught:
        read(tmp_path, OVER_CHARGE[form])
    assert caught.value.key == "materials.NCM811.open_circuit_potential"
    assert "stoichiometry_min = 0.27 where the potential is highest" in str(caught.value)


LOOP = "x,U\n" + rows(np.append(X, X[::-1]), np.append(U, U[::-1] + 0.02))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (rows(X, U, ",", comma=True), "decimal commas, part the columns by semicolons"),
        (rows(X, U[::-1]), "rises with what would be the lithium fraction"),
        (rows(X, 0.5 * (X + 0.1)), "not clear which column is the potential"),
        ("x,U\n" + rows(np.append(-0.001, X), np.append(4.4, U)), "line 2: a lithium fraction"),
        ("x,U\n" + rows(X, 1e3 * U), "line 2: no potential against lithium"),
        ("x,U\n0.2,4.2\n0.3,nan\n", "line 3: not a number in 'U'"),
        ("x,U\n0.2,4.2\n0.3\n", "line 3: 1 columns, where there are 2"),
        ("x;U\n0,2;4.2\n", "line 2: a comma in a number, where others have a decimal point"),
        ("x,U charge (V),U discharge (V)\n0.2,4.2,4.1\n0.3,4.1,4.0\n", "not clear which columns"),
        ("x,OCP 1,OCP 2\n0.2,4.2,4.1\n0.3,4.1,4.0\n", "several columns may hold the potential"),
        ("x,U\n0.2,4.2\n", "two points or more"),
        ("x,U\n0.2,4.2\n0.2,4.1\n0.3,4.0\n", "two values at one stoichiometry, x = 0.2"),
        (
            LOOP,
            "two curves, as of charge and discharge: on the way up and down in x they are 20 mV",
        ),
        ("", "no rows of numbers"),
        ("nothing\nbut words\n", "no rows of numbers"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image, where text is needed"),
        (b"PK\x03\x04", "save the sheet itself as CSV"),
        ("x\tU\n0.1\t4\n".encode("utf-16"), "UTF-16"),
        (b"x,U [\xb5V]\n0.1,4\n", "not UTF-8"),
    ],
)
def test_what_is_no_curve_is_refused(tmp_path: Path, text: str | bytes, part: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert part in str(caught.value)
    assert "ocp.csv" in str(caught.value) or caught.value.key
    assert caught.value.cure


def test_a_plateau_with_noise_is_no_pair_of_branches(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0.0, 2e-3, 200)
    x = np.linspace(0.05, 0.95, 200)
    curve = read(tmp_path, "x,U\n" + rows(x, 1.55 + noise))
    np.testing.assert_allclose(curve(x), 1.55 + noise, atol=1e-6)


def test_points_at_one_x_are_averaged_and_told(tmp_path: Path) -> None:
    (tmp_path / "ocp.csv").write_text("x,U\n0.2,4.20\n0.6,3.82\n0.6,3.80\n0.9,3.5\n", "utf-8")
    given = {"open_circuit_potential": "ocp.csv"}
    material = library((), {"LCO": given}, None, tmp_path)["LCO"]
    assert material.potential(0.6) == pytest.approx(3.81, rel=1e-14)
    prop = material["open_circuit_potential"]
    assert (
        prop.text
        == "table of 3 points, x from 0.2 to 0.9, 1 of them averaged from several at one x; "
        "PCHIP, not extrapolated"
    )
    assert prop.source == "case file; ocp.csv"


def test_a_material_file_names_one_beside_it(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "ocp.txt").write_text(rows(X, U), encoding="utf-8")
    own = tmp_path / "own.toml"
    text = '[NCM811.open_circuit_potential]\nvalue = "{}"\nsource = "s"\n'
    own.write_text(text.format("deep/ocp.txt"), encoding="utf-8")
    material = library([own])["NCM811"]
    assert material.potential(0.5) == pytest.approx(float(potential(np.array(0.5))), abs=1e-4)
    assert material["open_circuit_potential"].source == "s; ocp.txt"
    own.write_text(text.format("deep/opc.txt"), encoding="utf-8")
    with pytest.raises(InputError, match=r"no such file: .*opc\.txt") as caught:
        library([own])
    assert caught.value.cure == "did you mean ocp.txt?"
    assert (caught.value.file, caught.value.key) == (str(own), "NCM811.open_circuit_potential")


# ------------------------------------------------------------------------- between the points

points = st.lists(st.floats(0.0, 1.0), min_size=4, max_size=9, unique_by=lambda x: round(x, 2))


@given(x=points, falls=st.lists(st.floats(1e-3, 1.0), min_size=9, max_size=9))
def test_monotone_points_make_a_monotone_curve_without_kinks(
    x: list[float], falls: list[float]
) -> None:
    """Through every point, never rising, and with one slope on both sides of every point."""
    x = sorted(x)
    values = 4.5 - np.cumsum(falls[: len(x)])
    shape = Table(tuple(x), tuple(values.tolist()))
    fine = np.linspace(x[0], x[-1], 501)
    np.testing.assert_allclose(shape.function(np.array(x)), values, atol=1e-12)
    assert (np.diff(shape.function(fine)) <= 1e-12).all()
    assert (shape.slope(fine) <= 1e-9).all()
    inner = np.array(x[1:-1])
    step = 1e-9
    left, right = shape.slope(inner - step), shape.slope(inner + step)
    # The second derivative is at most about 12 dU/dx^2 of the steepest, narrowest piece.
    bound = 100.0 * step * float(np.abs(np.diff(values)).max()) / float(np.diff(x).min()) ** 2
    assert (np.abs(left - right) <= bound + 1e-9).all()


def _numbers(shape: Callable[[Floats], Any], x: Floats, step: float) -> Floats:
    return np.asarray((shape(x + step) - shape(x - step)) / (2.0 * step))


def test_slope_is_that_of_the_curve() -> None:
    shape = Table((0.1, 0.4, 0.5, 0.9), (4.3, 3.9, 3.85, 3.2))
    x = np.linspace(0.13, 0.87, 23)
    np.testing.assert_allclose(shape.slope(x), _numbers(shape.function, x, 1e-6), rtol=1e-5)
