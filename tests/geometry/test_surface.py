"""Lithium surfaces that are not flat: sines, points from a file, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fem
from fem.geometry import Phase, build
from fem.mesh import from_case, quality

UM = 1e-6


def case_of(surface: dict[str, Any], **changes: Any) -> fem.Case:
    """A cell 40 um wide with 20 um of separator and 10 um of lithium on a slab."""
    case = fem.Case.from_dict(
        {
            "geometry": {
                "width": "40 um",
                "anode": {"thickness": "10 um", "surface": surface},
                "separator": {"material": "LPSCl", "thickness": "20 um"},
                "cathode": {"kind": "plane", "material": "NCM811", "thickness": "5 um"},
            },
            "kinetics": {
                "anode": {"exchange_current_density": "10 A/m^2"},
                "cathode": {"exchange_current_density": "2 A/m^2"},
            },
            "operation": {"current_density": "10 A/m^2"},
            "mechanics": {"enabled": False},
            "mesh": {"size": "2 um"},
        }
    )
    return case.replace(changes)


def heights(case: fem.Case, places: np.ndarray) -> np.ndarray:
    """The surface over x in m, from the curve of the drawing."""
    shape = build(case)
    phases = shape.phases
    (curve,) = (
        o.curve for o in shape.outlines
        if o.right >= 0 and {phases[o.left], phases[o.right]} == {"lithium", "electrolyte"}
    )  # fmt: skip
    x, y = curve.point(np.linspace(0.0, 1.0, 20001))
    return np.interp(places, x, y)


@pytest.mark.parametrize("wavelength", [80.0, 40.0, 20.0])
def test_a_sine_is_one_to_a_millionth_of_its_amplitude(wavelength: float) -> None:
    """y = 25 um - 2 um cos(2 pi x / wavelength), and the lithium has the area that it leaves."""
    case = case_of({"amplitude": "2 um", "wavelength": f"{wavelength} um"})
    x = np.linspace(0.0, 40 * UM, 1001)
    exact = 25 * UM - 2 * UM * np.cos(2 * np.pi * x / (wavelength * UM))
    assert np.abs(heights(case, x) - exact).max() < 2e-6 * 2 * UM
    shape = build(case)
    (lithium,) = (r.area for r in shape.regions if r.phase == Phase.LITHIUM)
    assert lithium == pytest.approx(40 * UM * 10 * UM, rel=1e-6)
    assert sum(r.area for r in shape.regions) == pytest.approx(40 * UM * 35 * UM, rel=1e-12)
    assert quality(from_case(case, shape)).largest_area_error < 1e-4


def written(folder: Path, rows: list[tuple[float, float]], header: str = "x,y") -> str:
    text = "\n".join([header, *(f"{x},{y}" for x, y in rows)])
    (folder / "surface.csv").write_text(text + "\n", encoding="utf-8")
    return str(folder / "surface.csv")


def test_points_of_a_file_lie_on_the_surface(tmp_path: Path) -> None:
    """An overhang too: a mushroom's cap between two walls; lengths count in the unit given."""
    rows = [(0, 1), (10, 1), (17, 0), (16, -6), (13, -9), (20, -12), (27, -9), (24, -6), (23, 0),
            (30, 1), (40, 1)]  # fmt: skip
    file = written(tmp_path, [(1e3 * x, 1e3 * y) for x, y in rows])
    case = case_of({"file": file, "unit": "1 nm"})
    shape = build(case)
    phases = shape.phases
    (curve,) = (
        o.curve for o in shape.outlines
        if o.right >= 0 and {phases[o.left], phases[o.right]} == {"lithium", "electrolyte"}
    )  # fmt: skip
    points = np.array(rows).T * UM + [[0.0], [25 * UM]]
    assert np.abs(curve.point(curve.parameter(points)) - points).max() < 1e-12
    mesh = from_case(case, shape)
    assert quality(mesh).largest_area_error < 1e-3
    result = fem.run(case)
    assert result.metrics["plating_total_over_applied"] == pytest.approx(1.0, rel=1e-9)
    seen = case.to_toml(tmp_path / "elsewhere")
    assert "../surface.csv" in seen or file in seen


def test_a_surface_above_an_image_is_the_same(tmp_path: Path) -> None:
    sys.path.insert(0, str(Path(__file__).parent))
    from image_examples import pictured, saved

    labels = np.ones((20, 40), dtype=np.uint8)
    labels[8:14, 10:30] = 2
    case = pictured(saved(tmp_path, labels), labels={"electrolyte": 1, "active": 2}, specks=0)
    width = float(build(case).width)
    wave = {"amplitude": "1 um", "wavelength": f"{2 * width} m"}
    changed = case.replace({"geometry.anode.surface": wave})
    before, after = build(case), build(changed)
    assert sum(r.area for r in after.regions) == pytest.approx(
        sum(r.area for r in before.regions), rel=1e-12
    )
    x, level = np.array([0.0, width]), before.lithium_y
    assert heights(changed, x) == pytest.approx(level + np.array([-UM, UM]), abs=1e-12)


@pytest.mark.parametrize(
    ("surface", "key", "words"),
    [
        ({"amplitude": "2 um"}, "wavelength", "no wavelength"),
        ({"wavelength": "40 um"}, "amplitude", "no amplitude"),
        ({"amplitude": "2 um", "wavelength": "33 um"}, "wavelength", "kink"),
        ({"amplitude": "12 um", "wavelength": "40 um"}, "amplitude", "leaves the layers"),
        ({"amplitude": "2 um", "wavelength": "40 um", "file": "a.csv"}, "amplitude", "sine or"),
        ({"file": "nothing.csv"}, "file", "nothing.csv"),
    ],
)
def test_surfaces_that_cannot_be_are_refused(surface: dict[str, Any], key: str, words: str) -> None:
    with pytest.raises(fem.InputError, match=words) as caught:
        build(case_of(surface))
    assert f"geometry.anode.surface.{key}" in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(0, 0), (20, 1), (39, 0)], "do not lead from the left wall"),
        ([(0, 0), (40, 1)], "do not lead from the left wall"),
        ([(0, 0), (20, -21), (40, 0)], "leaves the layers"),
        ([(0, 0), (30, 0), (10, -3), (30, -6), (10, 3), (40, 0)], "crosses itself"),
        ([(0, 0), (20, 1), (20, 1), (40, 0)], "the same"),
        ([(0, 0), (20, "high"), (40, 0)], "row 3 does not hold a point"),
    ],
)
def test_points_that_cannot_be_are_refused(
    tmp_path: Path, rows: list[tuple[float, float]], words: str
) -> None:
    with pytest.raises(fem.InputError, match=words):
        build(case_of({"file": written(tmp_path, rows)}))


def test_protrusions_and_isolated_lithium_beside_a_surface() -> None:
    """Protrusions need a flat line; isolated lithium may not touch the wave above it."""
    wave = {"amplitude": "4 um", "wavelength": "80 um"}
    tip = {"x": "20 um", "depth": "5 um", "half_width": "2 um"}
    with pytest.raises(fem.InputError, match="flat surface"):
        case_of(wave, **{"geometry.anode.protrusions": [tip]})
    low, high = (
        {"x": f"{x} um", "y": "22 um", "half_width": "2 um", "half_height": "2 um"} for x in (4, 34)
    )
    build(case_of(wave, **{"geometry.anode.isolated": [high]}))
    with pytest.raises(fem.InputError, match="the lithium surface overlap or touch"):
        build(case_of(wave, **{"geometry.anode.isolated": [low]}))
