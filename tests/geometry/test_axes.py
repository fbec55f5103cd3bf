"""Axes of crystals: one for all, from a table, drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fem
from fem.geometry import build
from fem.geometry.axes import angles
from fem.parameters import resolve

CASES = Path(__file__).parents[2] / "cases"
PROTOCOL = {
    "mesh.size": "4 um",
    "kinetics.cathode.stoichiometry": 0.7,
    "operation": {
        "kind": "protocol",
        "steps": [{"charge": "10 A/m^2", "until": {"time": "1 h"}}],
    },
    "geometry.width": "60 um",
    "geometry.cathode.particles.rows": 2,
    "geometry.cathode.particles.columns": 3,
    "inactive": {"ids": [4]},
}


def case(axis: dict[str, Any], **changes: Any) -> fem.Case:
    """Six particles, one of which does not react: it may later, and has its axis."""
    mechanics = {"lithium": "elastic", "swelling": True, "axis": axis}
    flat = fem.Case.load(CASES / "zheng2023_flat.toml")
    return flat.replace(PROTOCOL | {"mechanics": mechanics} | changes)


def found(case: fem.Case) -> np.ndarray:
    axes = angles(case, build(case))
    assert axes is not None
    return np.degrees(axes)


def test_one_axis_for_all() -> None:
    axes = found(case({"angle": "30 deg", "tilt": "10 deg"}))
    np.testing.assert_allclose(axes, [[30.0] * 6, [10.0] * 6])


def test_axes_from_a_table(tmp_path: Path) -> None:
    """In any order, with columns in any order; without a tilt they lie in the plane."""
    (tmp_path / "axes.csv").write_text("angle,id\n10,1\n0,0\n50,5\n20,2\n30,3\n40,4\n")
    axes = found(case({"kind": "file", "file": str(tmp_path / "axes.csv")}))
    np.testing.assert_allclose(axes, [[0.0, 10.0, 20.0, 30.0, 40.0, 50.0], [0.0] * 6])


@pytest.mark.parametrize(
    ("table", "part"),
    [
        ("id,direction\n0,10\n", "no column angle"),
        ("10\n20\n", "no column id"),
        ("id,angle\n0,10\n7,20\n", "line 3 does not name a particle"),
        ("id,angle\n0,10\n1.5,20\n", "line 3 does not name a particle"),
        ("id,angle\n0,10\n0,20\n", "line 3 names a particle for the second time"),
        ("id,angle\n0,10\n2,20\n", "4 of 6 particles have no axis, particle 1 first"),
        ("id,angle\n0,north\n", "line 2: not a number"),
    ],
)
def test_tables_that_do_not_give_each_particle_one_axis(
    tmp_path: Path, table: str, part: str
) -> None:
    (tmp_path / "axes.csv").write_text(table)
    with pytest.raises(fem.InputError) as caught:
        found(case({"kind": "file", "file": str(tmp_path / "axes.csv")}))
    assert part in str(caught.value)
    assert str(tmp_path / "axes.csv") in str(caught.value)


def test_drawn_axes_favour_no_direction() -> None:
    """In space the heights of the axes' ends are uniform (Archimedes), in the plane the angles."""
    many = {
        "geometry.width": "600 um",
        "geometry.cathode.thickness": "600 um",
        "geometry.cathode.particles.rows": 40,
        "geometry.cathode.particles.columns": 40,
        "inactive": {},
    }
    space = case({"kind": "drawn", "seed": 1}, **many)
    angle, tilt = found(space)
    for uniform in (angle / 180.0, 0.5 * (1.0 + np.sin(np.radians(tilt)))):
        share = np.arange(1, 1601) / 1600
        # Kolmogorov's distance, which is exceeded in one of a thousand draws.
        assert np.abs(np.sort(uniform) - share).max() < 1.95 / np.sqrt(1600)
    assert np.array_equal(found(space), found(space))
    assert not np.array_equal(angle, found(space.replace({"mechanics.axis.seed": 2}))[0])
    flat = found(space.replace({"mechanics.axis.within": "plane"}))
    np.testing.assert_array_equal(flat, [angle, np.zeros(1600)])


def test_an_axis_needs_swelling_and_strains_of_the_material() -> None:
    with pytest.raises(fem.InputError) as caught:
        case({"angle": "0 deg"}).replace({"mechanics.swelling": False})
    assert caught.value.key == "mechanics.axis"
    assert "set swelling = true" in str(caught.value)
    crystals = case({"angle": "0 deg"})
    with pytest.raises(fem.InputError) as caught:
        resolve(crystals, build(crystals))
    assert caught.value.key == "materials.NCM811.strain_along_axis"
    assert 'strain_along_axis = "0.054*(1 - x)"' in str(caught.value)
