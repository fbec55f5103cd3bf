"""The mesh of a cell: exact curves, named regions, refinement, determinism."""

from pathlib import Path

import numpy as np
import pytest

import fem
from fem.geometry import Phase, build
from fem.mesh import generate, quality

CASES = Path(__file__).parents[2] / "cases"


@pytest.fixture(scope="module")
def cell():
    return build(fem.Case.load(CASES / "zheng2023_protrusions.toml"))


@pytest.fixture(scope="module")
def coarse(cell):
    return generate(cell, 3e-6)


def test_areas_converge_with_fourth_order_to_the_exact_ones():
    """Curved P2 edges: the area's error falls sixteenfold with each halving."""
    case = fem.Case.load(CASES / "zheng2023_protrusions.toml")
    one_row = {"geometry.cathode.particles.rows": 1, "geometry.cathode.thickness": "20 um"}
    first = generate(build(case.replace(one_row)), 3e-6)
    once = first.refined()
    errors = [quality(mesh).largest_area_error for mesh in (first, once, once.refined())]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders == pytest.approx([4.0, 4.0], abs=0.1)
    assert errors[0] < 5e-4


def test_regions_fill_the_cell(coarse):
    """Curved edges are shared, so what one region loses its neighbour gains."""
    total = sum(area for _, area, _ in quality(coarse).areas)
    assert total == pytest.approx(420e-6 * 250e-6, rel=1e-12)


def test_all_nodes_of_interfaces_lie_on_their_curves(coarse):
    for mesh in (coarse, coarse.refined()):
        for k, outline in enumerate(mesh.geometry.outlines):
            nodes = np.unique(mesh.edges[mesh.outline == k])
            points = mesh.nodes[:, nodes]
            exact = outline.curve.point(outline.curve.parameter(points))
            assert np.abs(points - exact).max() < 1e-15


def test_edges_have_their_regions_on_either_side(coarse):
    """Of the two triangles at an edge, the one on its left has the left region."""
    start, end = (coarse.nodes[:, coarse.edges[:, k]] for k in range(2))
    centroids = coarse.nodes[:, coarse.triangles[:, :3]].mean(axis=2)
    for k in range(0, len(coarse.edges), 7):
        at_edge = np.isin(coarse.triangles[:, :3], coarse.edges[k, :2]).sum(axis=1) == 2
        along, away = (end - start)[:, k], centroids[:, at_edge] - start[:, [k]]
        left = along[0] * away[1] - along[1] * away[0] > 0.0
        assert coarse.region[at_edge][left].tolist() == [coarse.sides[k, 0]]


def test_interfaces_have_their_lengths(coarse, cell):
    """Every particle has its circumference, the lithium line the length of its curves."""
    particles = coarse.interface_by_body(Phase.ACTIVE)
    assert sorted(particles) == list(range(105))
    line = coarse.interface(Phase.LITHIUM)
    start, end = (coarse.nodes[:, coarse.edges[line, k]] for k in range(2))
    exact = sum(
        o.curve.length for o in cell.outlines if "lithium" in cell.phases[[o.left]] and o.right == 0
    )
    assert np.hypot(*(end - start)).sum() == pytest.approx(exact, rel=5e-3)


@pytest.mark.slow
def test_the_same_case_gives_the_same_mesh(cell, coarse):
    again = generate(cell, 3e-6)
    assert (again.nodes == coarse.nodes).all()
    assert (again.triangles == coarse.triangles).all()


def test_angles_are_usable(cell):
    """No needle: the smallest angle of the shipped mesh size stays above 12 degrees."""
    assert quality(generate(cell, 2e-6)).smallest_angle > 12.0


def test_a_mesh_that_would_never_end_is_refused(cell):
    with pytest.raises(fem.InputError, match="500000 edges") as caught:
        generate(cell, 1e-10)
    assert caught.value.key == "mesh.size"
