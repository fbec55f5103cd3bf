"""What lithium presses with and particles feel, on a coarse cell with one protrusion."""

from pathlib import Path

import numpy as np
import pytest

import fem
from fem.geometry import Phase, build
from fem.laws.fracture import extrusion_pressure
from fem.mesh import from_case
from fem.parameters import resolve
from fem.physics.kinematics import Conditions
from fem.physics.mechanics import MechanicsProblem

CASES = Path(__file__).parents[2] / "cases"


@pytest.fixture(scope="module")
def cell():
    protrusion = {"x": "210 um", "depth": "30 um", "half_width": "12 um", "fillet": "2 um"}
    case = fem.Case.load(CASES / "zheng2023_protrusions.toml").replace(
        {"geometry.anode.protrusions": [protrusion], "mesh.size": "4 um"}
    )
    drawn = build(case)
    return from_case(case, drawn), resolve(case, drawn).elastic


def solve(cell, thickness, **conditions):
    mesh, elastic = cell
    problem = MechanicsProblem(mesh, elastic, Conditions(**conditions))
    return problem.solve(np.full(mesh.nodes.shape[1], thickness))


def test_yielded_lithium_presses_only_where_it_grows(cell):
    """The pressure that squeezes it out of its slot, or none where it is stripped."""
    slot = extrusion_pressure(cell[1].yield_strength, 30e-6, 12e-6)
    growing = solve(cell, 1e-9, lithium="yielded")
    assert set(np.unique(growing.pressure)) == {0.0, slot}
    shrinking = solve(cell, -1e-9, lithium="yielded")
    assert not shrinking.pressure.any()
    assert not shrinking.displacements[0].any()


@pytest.mark.parametrize("lithium", ["rigid", "elastic"])
def test_stripping_pulls_as_plating_pushes(cell, lithium):
    """Bonded and linear: the sign of the thickness is the sign of the pressure."""
    plated, stripped = (solve(cell, h, lithium=lithium).pressure for h in (1e-7, -1e-7))
    assert plated == pytest.approx(-stripped, rel=1e-6, abs=1e-6 * np.abs(plated).max())


def test_hydrostatic_stress_is_that_inside_the_particles(cell):
    """Node by node, the mean over the particle's own triangles there, weighted by their area."""
    mesh, elastic = cell
    problem = MechanicsProblem(mesh, elastic, Conditions("rigid"))
    regions = mesh.geometry.regions
    active = [k for k, region in enumerate(regions) if region.phase == Phase.ACTIVE][:2]
    elements = np.stack([np.flatnonzero(mesh.region == k) for k in active])
    space = problem.bodies[0]
    swelling = np.zeros((len(space.elements), 6))
    x, y = mesh.nodes[:, mesh.triangles[elements]] * 1e6
    swelling[np.searchsorted(space.elements, elements)] = -1e-3 * (2.0 + np.sin(x) + 0.1 * y)
    solution = problem.solve(np.full(mesh.nodes.shape[1], 1e-8), swelling)
    rims = np.stack([np.unique(mesh.edges[(mesh.sides[:, :2] == k).any(axis=1)]) for k in active])
    found = solution.hydrostatic(rims, elements)

    sigma = solution.stress_at_nodes()[:3].mean(axis=0)
    area = np.asarray(space.basis.dx).sum(axis=1)
    inside = np.isin(space.elements, elements)
    for rim, values in zip(rims, found, strict=True):
        for node, value in zip(rim[::7], values[::7], strict=True):
            which, corner = np.nonzero((mesh.triangles[space.elements] == node) & inside[:, None])
            wanted = np.average(sigma[which, corner], weights=area[which])
            assert value == pytest.approx(wanted, rel=1e-12)
    # Bonded particles that shrink are under tension.
    assert (found > 0.0).all()


def test_energy_is_half_the_work_of_nodal_forces(cell):
    """Energy comes from the stress field, and u' K u from the stiffness matrix."""
    mesh, _ = cell
    h = 1e-8 * (2.0 + np.cos(mesh.nodes[0] * 3e4))
    problem = MechanicsProblem(*cell, Conditions("rigid", top="held"))
    solution = problem.solve(h)
    u = solution.displacements[0].ravel()
    work = u @ (problem.parts[0].stiffness @ u)
    assert solution.elastic_energy == pytest.approx(0.5 * work, rel=1e-10)
