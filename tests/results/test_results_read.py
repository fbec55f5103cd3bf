"""What is read off a result: at a point, along the lithium, inside triangles, along rims."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fem
from fem.results.result import Result

PLANE: dict[str, Any] = {
    "title": "A layered cell",
    "geometry": {
        "width": "12 um",
        "anode": {"thickness": "10 um"},
        "separator": {"material": "LPSCl", "thickness": "40 um"},
        "cathode": {"kind": "plane", "material": "NCM811", "thickness": "10 um"},
    },
    "kinetics": {
        "anode": {"area_resistance": "1e-4 ohm*m^2"},
        "cathode": {"exchange_current_density": "2 A/m^2"},
    },
    "operation": {"current_density": "100 A/m^2"},
    "mechanics": {"enabled": False},
    "mesh": {"size": "4 um"},
}
BED: dict[str, Any] = {
    "electrolyte": "LPSCl",
    "thickness": "40 um",
    "particles": {"rows": 2, "columns": 3, "diameter": "10 um", "material": "NCM811"},
}


@pytest.fixture(scope="module")
def plane() -> Result:
    return fem.run(fem.Case(**PLANE))


@pytest.fixture(scope="module")
def bed() -> Result:
    changes = {"geometry.width": "60 um", "geometry.cathode": BED, "inactive": {"ids": [3]}}
    return fem.run(fem.Case(**PLANE).replace(changes))


def test_a_layered_cell_has_the_applied_current_everywhere(plane: Result) -> None:
    size, x, y = plane.largest_current()
    assert size == pytest.approx(100.0, rel=1e-9)
    assert 0.0 < x < 12e-6
    assert 10e-6 < y < 50e-6
    along = plane.along_anode("current_density")
    assert along.shape == (len(plane.anode.s), 2)
    np.testing.assert_allclose(along, np.array([[0.0, 100.0]] * len(along)), atol=1e-6)


def test_potential_is_ohms_along_the_separator(plane: Result) -> None:
    """0.01 V lie across the lithium's layer, and 100 A/m^2 over kappa are the slope above it."""
    np.testing.assert_allclose(plane.along_anode("phi_e"), 0.01, rtol=1e-9)
    assert plane.at("phi_e", 6e-6, 50e-6) == pytest.approx(0.01, rel=1e-9)
    drop = plane.at("phi_e", 6e-6, 10e-6) - plane.at("phi_e", 6e-6, 50e-6)
    parts = plane.metrics
    assert drop == pytest.approx(parts["overpotential_electrolyte_V"], rel=1e-9)


def test_where_a_field_is_not_defined_the_nearest_point_that_has_it_counts(plane: Result) -> None:
    """The middle of the lithium foil has no electrolyte: the surface below it answers."""
    assert plane.at("phi_e", 6e-6, 55e-6) == pytest.approx(0.01, rel=1e-9)
    assert plane.at("current_density", 6e-6, 30e-6).shape == (2,)


def test_an_unknown_field_is_named(plane: Result) -> None:
    with pytest.raises(KeyError, match="von_mises"):
        plane.along_anode("von_mises")
    with pytest.raises(KeyError, match="von_mises"):
        plane.at("von_mises", 0.0, 0.0)


def test_rims_add_up_to_the_particles(bed: Result) -> None:
    """Lengths to the discs' outlines, length times current density to their currents."""
    rims, table = bed.rims, bed.particles
    assert rims is not None
    count = len(table.x)
    lengths = np.bincount(rims.particle, rims.length, minlength=count)
    currents = np.bincount(rims.particle, rims.length * rims.current_density, minlength=count)
    np.testing.assert_allclose(lengths, np.where(table.active, np.pi * 10e-6, 0.0), rtol=1e-4)
    np.testing.assert_allclose(currents, table.current, rtol=1e-9)


def test_the_largest_current_is_found_beside_a_particle(bed: Result) -> None:
    """It is no less than any mean at a point, up to what gradients differ there by."""
    size, x, y = bed.largest_current()
    nodal = np.nanmax(np.hypot(*bed.fields["current_density"].T))
    assert size == pytest.approx(nodal, rel=0.05)
    away = np.hypot(bed.particles.x - x, bed.particles.y - y).min()
    assert 5e-6 < away < 9e-6


def test_a_replaced_cell_gives_what_the_changed_case_gives() -> None:
    """Also back again: a cell keeps nothing of those that were made from it."""
    case = fem.Case(**PLANE)
    cell = fem.Cell.of(case)
    changes = {"operation.current_density": "30 A/m^2", "kinetics.anode.area_resistance": None,
               "kinetics.anode.exchange_current_density": "20 A/m^2"}  # fmt: skip
    other = fem.run(cell.replace(changes))
    fresh = fem.run(case.replace(changes))
    assert other.case.sha256 == fresh.case.sha256
    assert other.metrics["overpotential_V"] == pytest.approx(fresh.metrics["overpotential_V"])
    again = fem.run(cell)
    assert again.applied == pytest.approx(100.0)
    with pytest.raises(fem.InputError, match="another mesh"):
        cell.replace({"mesh.size": "2 um"})
