"""Separate bodies: a perfect bond is the fused body, no bond leaves holes and free particles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import fem
from fem.geometry import Phase, build
from fem.laws.bonds import Touching
from fem.mesh import Mesh, from_case
from fem.parameters import Elastic, resolve
from fem.physics.elastic import SolidBody
from fem.physics.kinematics import Conditions
from fem.physics.mechanics import MechanicsProblem, MechanicsSolution
from fem.physics.operator import InterfaceOperator

CASES = Path(__file__).parents[2] / "cases"
SMALL = {
    "geometry.width": "40 um",
    "geometry.anode.thickness": "10 um",
    "geometry.anode.protrusions": [],
    "geometry.separator.thickness": "20 um",
    "geometry.cathode.thickness": "20 um",
    "geometry.cathode.particles.rows": 1,
    "geometry.cathode.particles.columns": 2,
    "inactive.outside": None,
    "mechanics.compare_lithium": ["elastic"],
    "mesh.size": "2 um",
}
Cell = tuple[Mesh, Elastic]


@pytest.fixture(scope="module")
def cell() -> Cell:
    """Two discs of 10 um in electrolyte, ten times as stiff as it."""
    case = fem.Case.load(CASES / "zheng2023_protrusions.toml").replace(SMALL)
    drawn = build(case)
    mesh, elastic = from_case(case, drawn), resolve(case, drawn).elastic
    assert elastic is not None
    stiff = np.where(drawn.phases == Phase.ACTIVE, 280e9, elastic.youngs_modulus)
    return mesh, replace(elastic, youngs_modulus=stiff)


def problem(
    cell: Cell, lithium: str = "elastic", separate: bool = False, **conditions: str | float
) -> MechanicsProblem:
    mesh, elastic = cell
    body = SolidBody.composite(mesh, elastic, separate=separate)
    return MechanicsProblem(mesh, elastic, Conditions(lithium, **conditions), body)


def smooth(mesh: Mesh) -> np.ndarray:
    x, y = mesh.nodes * 1e6
    return 1e-8 * (3.0 + np.cos(0.2 * x + 0.5) + 0.4 * np.sin(0.31 * y))


def swollen(cell: Cell, whole: MechanicsProblem, value: float) -> np.ndarray:
    mesh, elements = cell[0], whole.bodies[0].elements
    active = mesh.geometry.phases[mesh.region[elements]] == Phase.ACTIVE
    return np.where(active[:, None], value, np.zeros((1, 6)))


def phase(solution: MechanicsSolution, which: Phase) -> np.ndarray:
    space = solution.bodies[0]
    return np.asarray(space.mesh.geometry.phases[space.mesh.region[space.elements]] == which)


def assert_close(found: np.ndarray, wanted: np.ndarray, share: float) -> None:
    np.testing.assert_allclose(found, wanted, rtol=0.0, atol=share * np.abs(wanted).max())


@pytest.mark.parametrize("kinematics", ["plane strain", "generalised plane strain"])
def test_perfect_bond_is_the_fused_body(cell: Cell, kinematics: str) -> None:
    """Stress, displacements of both sides, pressure, energy and the condensed operator."""
    conditions = {"top": "plate", "stack_pressure": 3e6, "kinematics": kinematics}
    fused, apart = problem(cell, **conditions), problem(cell, separate=True, **conditions)
    assert len(apart.bodies[0]) > len(fused.bodies[0])
    assert not apart.notes
    h = smooth(cell[0])
    wanted, found = (each.solve(h, swollen(cell, each, 1e-3)) for each in (fused, apart))
    assert_close(found.stress(), wanted.stress(), 1e-9)
    assert_close(found.pressure, wanted.pressure, 1e-9)
    same = wanted.displacements[0][fused.bodies[0].number[apart.bodies[0].nodes]]
    assert_close(found.displacements[0], same, 1e-9)
    assert found.elastic_energy == pytest.approx(wanted.elastic_energy, rel=1e-10)
    one, two = InterfaceOperator.of(fused), InterfaceOperator.of(apart)
    assert_close(two.matrix, one.matrix, 1e-9)


def test_pairs_face_each_other(cell: Cell) -> None:
    """Two unknowns at each node of the two circles, with the normal of a circle between them."""
    mesh, whole = cell[0], problem(cell, separate=True)
    (interface,) = whole.interfaces
    space = whole.bodies[0]
    assert interface.kind == "particle_electrolyte"
    nodes = np.unique(mesh.edges[mesh.interface(Phase.ACTIVE)])
    particle, other = interface.pairs.T
    assert np.array_equal(np.sort(space.nodes[particle]), nodes)
    assert np.array_equal(space.nodes[particle], space.nodes[other])
    assert (particle != other).all()
    x, y = mesh.nodes[:, space.nodes[particle]]
    centre = np.where(x < 20e-6, 10e-6, 30e-6)
    radial = np.stack([x - centre, y - 10e-6]) / 5e-6
    np.testing.assert_allclose(interface.normals, radial, atol=1e-2)
    solution = whole.solve(smooth(mesh), swollen(cell, whole, 1e-3))
    assert not interface.jump(solution.displacements[0]).any()


def test_without_a_bond_a_particle_is_a_hole(cell: Cell) -> None:
    """However stiff it is: the electrolyte is that of the same mesh with voids for particles."""
    mesh, elastic = cell
    free = problem(cell, separate=True, particle_electrolyte=Touching(), top="held")
    regions = tuple(
        replace(region, phase=Phase.VOID) if region.phase == Phase.ACTIVE else region
        for region in mesh.geometry.regions
    )
    holes = replace(mesh, geometry=replace(mesh.geometry, regions=regions))
    without = problem((holes, elastic), top="held")
    h = smooth(mesh)
    found, wanted = free.solve(h, swollen(cell, free, -3e-2)), without.solve(h)
    assert not found.parted.closed.any()
    electrolyte = phase(found, Phase.ELECTROLYTE)
    # Weak springs keep the particles amidst their holes.
    assert_close(found.stress()[:, electrolyte], wanted.stress(), 1e-4)
    assert_close(found.pressure, wanted.pressure, 1e-4)
    scale = np.abs(wanted.stress()).max()
    # Out of the plane a particle that cannot shrink is pulled.
    assert np.abs(found.stress()[[0, 1, 3]][:, ~electrolyte]).max() < 1e-6 * scale
    bonded = problem(cell, top="held").solve(h).stress()[:, electrolyte]
    assert np.abs(bonded - wanted.stress()).max() > 0.1 * scale
    with pytest.raises(ValueError, match="may part"):
        InterfaceOperator.of(free)


def test_free_particles_shrink_without_pulling(cell: Cell) -> None:
    """In plane strain by (1 + nu) s/3 in the plane; what is left is E s/3 out of it.

    The other side stays, so that the gap is (1 + nu) s/3 times the radius.
    """
    whole = problem(cell, separate=True, particle_electrolyte=Touching(), top="held")
    solution = whole.solve(np.zeros(cell[0].nodes.shape[1]), swollen(cell, whole, -3e-3))
    active = phase(solution, Phase.ACTIVE)
    sigma = solution.stress()
    first = int(np.flatnonzero(cell[0].geometry.phases == Phase.ACTIVE)[0])
    young, nu = cell[1].youngs_modulus[first], cell[1].poisson_ratio[first]
    wanted = np.array([0.0, 0.0, young * 1e-3, 0.0])[:, None, None]
    np.testing.assert_allclose(
        sigma[:, active], np.broadcast_to(wanted, sigma[:, active].shape), atol=1e-8 * young * 1e-3
    )
    assert np.abs(sigma[:, ~active]).max() < 1e-9 * young * 1e-3
    (interface,) = whole.interfaces
    jump, normals = interface.jump(solution.displacements[0]), interface.normals.T
    # Where it is held, the particle may lie anywhere: its translation and turn are no gap.
    for side in (True, False):
        mine = (cell[0].nodes[0, whole.bodies[0].nodes[interface.pairs[:, 0]]] < 20e-6) == side
        rigid = np.column_stack([normals[mine], np.ones(mine.sum())])
        fit = np.linalg.lstsq(rigid, (jump[mine] * normals[mine]).sum(axis=1))[0]
        assert fit[2] == pytest.approx((1.0 + nu) * 1e-3 * 5e-6, rel=1e-3)


def test_a_bond_that_is_not_perfect_needs_bodies_apart(cell: Cell) -> None:
    with pytest.raises(ValueError, match="separate"):
        problem(cell, particle_electrolyte=Touching())
    mesh, elastic = cell
    alone = MechanicsProblem(mesh, elastic, Conditions("elastic", particle_electrolyte=Touching()))
    assert alone.interfaces


def test_touching_particles_have_a_bond_of_their_own(cell: Cell) -> None:
    """The lower half of a disc as another particle: a third interface, fused where it is bonded."""
    mesh, elastic = cell
    which = int(np.flatnonzero(mesh.geometry.phases == Phase.ACTIVE)[0])
    regions = mesh.geometry.regions
    half = replace(regions[which], name="half", body=7)
    # The cut runs along edges inside the disc: each becomes an outline of the two halves.
    y = mesh.nodes[1, mesh.triangles[:, :3]].mean(axis=1)
    region = np.where((mesh.region == which) & (y < 10e-6), len(regions), mesh.region)
    beside = mesh.skfem.f2t
    pair = region[beside]
    cut = np.flatnonzero(
        (beside[1] >= 0) & (np.sort(pair, axis=0) == [[which], [len(regions)]]).all(axis=0)
    )
    ends = mesh.skfem.facets[:, cut]
    middle = cut + mesh.nodes.shape[1] - mesh.skfem.facets.shape[1]
    outline = mesh.geometry.outlines[0]
    geometry = replace(mesh.geometry, regions=(*regions, half))
    # Outlines along the half must name it, too.
    outlines = [
        *mesh.geometry.outlines,
        replace(outline, left=which, right=len(regions)),
        *(
            replace(o, **{s: len(regions) for s in ("left", "right") if getattr(o, s) == which})
            for o in mesh.geometry.outlines
        ),
    ]
    geometry = replace(geometry, outlines=tuple(outlines))
    low = (mesh.sides == which).any(axis=1) & (mesh.nodes[1, mesh.edges[:, 2]] < 10e-6)
    number = np.where(low, mesh.outline + len(mesh.geometry.outlines) + 1, mesh.outline)
    cuts = Mesh(
        mesh.skfem,
        region,
        np.concatenate([mesh.edges, np.stack([*ends, middle], axis=1)]),
        np.concatenate([number, np.full(len(cut), len(mesh.geometry.outlines))]),
        geometry,
    )
    more = Elastic(
        np.append(elastic.youngs_modulus, elastic.youngs_modulus[which]),
        np.append(elastic.poisson_ratio, elastic.poisson_ratio[which]),
        None,
        elastic.yield_strength,
    )
    body = SolidBody.composite(cuts, more, separate=True)
    bonded = MechanicsProblem(cuts, more, Conditions("elastic", top="held"), body)
    assert {i.kind for i in bonded.interfaces} == {"particle_electrolyte", "particle_particle"}
    h = smooth(mesh)
    wanted = problem(cell, top="held").solve(h)
    assert_close(bonded.solve(h).stress(), wanted.stress(), 1e-9)
    loose = Conditions("elastic", top="held", particle_particle=Touching())
    opened = MechanicsProblem(cuts, more, loose, body).solve(h)
    (between,) = (i for i in bonded.interfaces if i.kind == "particle_particle")
    jump = between.jump(opened.displacements[0])
    assert np.abs(jump).max() > 1e-3 * np.abs(opened.displacements[0]).max()
