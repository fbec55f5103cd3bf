"""A lattice is meshed as one tile and copied: the copies fit, and nothing else changes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import fem
from fem.cell.composition import CATHODE, Cell
from fem.geometry import Phase, build
from fem.mesh import generate, quality
from fem.mesh.lattice import bed
from fem.mesh.triangulate import chains_of
from fem.parameters import resolve
from fem.runs.snapshot import moment

CASES = Path(__file__).parents[2] / "cases"


@pytest.fixture(scope="module")
def case():
    return fem.Case.load(CASES / "zheng2023_flat.toml")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"geometry.cathode.particles": {"rows": 3, "columns": 2, "diameter": "8 um"}},
        # Short tiles: all of their sides have elements as short as the gap is wide.
        {
            "geometry.width": "13 um",
            "geometry.cathode.particles": {"rows": 9, "columns": 1, "diameter": "10.9 um"},
        },
        {
            "geometry.width": "105 um",
            "geometry.cathode.thickness": "14 um",
            "geometry.cathode.particles": {"rows": 1, "columns": 10, "diameter": "10 um"},
        },
    ],
)
def test_copies_leave_no_crack(case, changes):
    """Every edge with one triangle lies on the rim of the cell, and areas are exact to P2."""
    material = {"geometry.cathode.particles.material": "NCM811"} if changes else {}
    cell = build(case.replace({**changes, **material, "inactive": {}}))
    assert bed(cell, chains_of(cell, 3e-6), 0.3, 30.0) is not None
    mesh = generate(cell, 3e-6)
    facets = mesh.skfem.facets[:, mesh.skfem.f2t[1] == -1]
    x, y = mesh.nodes[:, facets]
    tiny = 1e-12
    on_rim = (
        (np.abs(x) < tiny).all(0) | (np.abs(x - cell.width) < tiny).all(0)
        | (np.abs(y) < tiny).all(0) | (np.abs(y - cell.height) < tiny).all(0)
    )  # fmt: skip
    assert on_rim.all()
    rim = np.hypot(*np.diff(mesh.nodes[:, facets], axis=1)[:, 0]).sum()
    assert rim == pytest.approx(2 * (cell.width + cell.height), rel=1e-12)
    assert quality(mesh).largest_area_error < 1e-4


def test_particles_are_alike_and_in_order(case):
    """Particle k lies where the geometry has it, with the nodes of particle 0 shifted."""
    mesh = generate(build(case), 2e-6)
    particles = mesh.geometry.particles
    rims = mesh.interface_by_body(Phase.ACTIVE)
    for k in (0, 20, 52, 104):
        nodes = np.unique(mesh.edges[rims[k]])
        centre = np.array([particles.x[k], particles.y[k]])
        radius = np.hypot(*(mesh.nodes[:, nodes] - centre[:, None]))
        assert radius == pytest.approx(np.full(len(nodes), 5e-6), rel=1e-9)
        region = next(i for i, r in enumerate(mesh.geometry.regions) if r.name == f"particle {k}")
        inside = mesh.nodes[:, mesh.triangles[mesh.region == region]].reshape(2, -1)
        assert np.hypot(*(inside - centre[:, None])).max() < 5.0001e-6


TWO_ROWS = {"geometry.cathode.particles.rows": 2, "geometry.cathode.thickness": "40 um"}


def test_the_solution_is_that_of_a_mesh_made_at_once(case):
    """Two meshes of one cell differ by their discretisation error, 1e-5 of the overpotential."""
    case = case.replace(TWO_ROWS)
    cell = build(case)
    values = []
    for drawn in (cell, replace(cell, lattice=None)):
        mesh = generate(drawn, 2e-6)
        found = moment(Cell(case, mesh, resolve(case, drawn)))
        values.append(found.solved.voltages[CATHODE])
    assert values[0] != values[1]
    assert values[0] == pytest.approx(values[1], rel=5e-5)


def test_isolated_lithium_in_the_bed_is_meshed_at_once(case):
    island = {"x": "200 um", "y": "20 um", "half_width": "2 um", "half_height": "2 um"}
    cell = build(case.replace({"geometry.anode.isolated": [island], **TWO_ROWS}))
    assert cell.lattice is None
    assert quality(generate(cell, 4e-6)).largest_area_error < 1e-3
