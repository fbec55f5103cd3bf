"""Solids with voids: free surfaces, pieces that hang on nothing, hinges, interrupted lithium."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import block_diag
from skfem import MeshTri

import fem
from fem.forms import mechanics as forms
from fem.geometry import Geometry, Phase, Region
from fem.mesh import Mesh, assemble, generate
from fem.physics.kinematics import Conditions
from fem.physics.mechanics import MechanicsProblem, MechanicsSolution
from fem.physics.operator import InterfaceOperator

sys.path.append(str(Path(__file__).parents[1] / "verification"))
sys.path.append(str(Path(__file__).parents[1] / "geometry"))
from image_examples import SAMPLES, disc, pictured, saved
from mechanics_harness import UNIT, arc, drawing, elastic_data, layers, line

WIDTH, BELOW, ABOVE = 8, 8, 2
MODELS = ("rigid", "elastic", "yielded")


def blocks(void: list[tuple[int, int, int, int]], idle: tuple[int, int, int, int] | None) -> Mesh:
    """Lithium of 8 x 2 on electrolyte of 8 x 8, in squares of 1 cut in two.

    `void` and `idle` are rectangles (left, right, bottom, top) of the electrolyte that are not.
    """
    shape = layers(WIDTH, BELOW, ABOVE)
    geometry = Geometry(
        shape.width, shape.height, 1.0, BELOW * UNIT,
        (*shape.regions, Region("void", Phase.VOID, "", 1.0), Region("idle", Phase.IDLE, "", 1.0)),
        (*shape.outlines, replace(shape.outlines[6], right=3)), shape.particles,
    )  # fmt: skip
    cells = MeshTri.init_tensor(np.arange(WIDTH + 1.0), np.arange(BELOW + ABOVE + 1.0))
    x, y = cells.p[:, cells.t].mean(axis=1)
    region = np.where(y > BELOW, 1, 0)

    def inside(box: tuple[int, int, int, int]) -> np.ndarray:
        return (x > box[0]) & (x < box[1]) & (y > box[2]) & (y < box[3])

    for box in void:
        region[inside(box)] = 2
    if idle is not None:
        region[inside(idle)] = 3
    inner = np.flatnonzero(cells.f2t[1] >= 0)
    pair = np.sort(region[cells.f2t[:, inner]], axis=0)
    edges, outline = [], []
    for number, beside in ((6, 0), (7, 3)):
        on = inner[(pair == np.sort([[1], [beside]], axis=0)).all(axis=0)]
        edges.append(cells.facets[:, on].T)
        outline.append(np.full(len(on), number))
    return assemble(
        cells.p * UNIT, cells.t.T, region, np.concatenate(edges), np.concatenate(outline), geometry
    )


def problem(mesh: Mesh, lithium: str = "elastic", **conditions: str | float) -> MechanicsProblem:
    return MechanicsProblem(mesh, elastic_data(mesh.geometry), Conditions(lithium, **conditions))


def smooth(mesh: Mesh) -> np.ndarray:
    x, y = mesh.nodes / UNIT
    return 1e-3 * UNIT * (2.0 + np.cos(0.9 * x) + 0.2 * np.sin(0.7 * y))


def stress_of(solution: MechanicsSolution, wanted: np.ndarray) -> np.ndarray:
    """Stress in triangles of the mesh (nt,) of the composite, in their order."""
    return solution.stress()[:, wanted[solution.bodies[0].elements]]


MOAT = [(3, 6, 2, 3), (3, 6, 4, 5), (3, 4, 3, 4), (5, 6, 3, 4)]
"""Void around the square (4, 5) x (3, 4)."""


@pytest.mark.parametrize("kind", ["electrolyte", "idle"])
@pytest.mark.parametrize("lithium", MODELS)
def test_a_piece_in_a_void_is_held_and_bears_nothing(lithium: str, kind: str) -> None:
    """All else is as without it, and a note says that it hangs on nothing."""
    square = (4, 5, 3, 4)
    mesh = blocks(MOAT, square if kind == "idle" else None)
    without = blocks([*MOAT, square], None)
    found = problem(mesh, lithium, top="held").solve(smooth(mesh))
    wanted = problem(without, lithium, top="held").solve(smooth(without))
    assert wanted.notes == ()
    assert "1 piece of solid hangs on nothing" in found.notes[0]
    scale = np.abs(wanted.stress()).max()
    rest = np.isin(np.arange(len(mesh.region)), wanted.bodies[0].elements)
    np.testing.assert_allclose(stress_of(found, rest), wanted.stress(), rtol=0.0, atol=1e-9 * scale)
    assert np.abs(stress_of(found, ~rest)).max() < 1e-9 * scale
    np.testing.assert_allclose(found.pressure, wanted.pressure, atol=1e-9 * scale)


def test_a_piece_on_one_node_is_no_part_of_the_rest() -> None:
    """It touches a corner of the moat's wall: a hinge would leave it free to turn."""
    box = (4, 6, 3, 5)
    moat = [(3, 7, 2, 3), (3, 7, 5, 6), (3, 4, 3, 5), (6, 7, 3, 5)]
    # One square of the moat's corner is solid, which touches the box at one node.
    corner = [(4, 7, 2, 3), (3, 7, 5, 6), (3, 4, 3, 5), (6, 7, 3, 5)]
    hinged, without = blocks(corner, None), blocks([*corner, box], None)
    assert len(blocks(moat, None).region) == len(hinged.region)
    whole = problem(hinged, top="held")
    assert "1 piece" in whole.notes[0]
    found, wanted = whole.solve(smooth(hinged)), problem(without, top="held").solve(smooth(hinged))
    rest = np.isin(np.arange(len(hinged.region)), wanted.bodies[0].elements)
    scale = np.abs(wanted.stress()).max()
    np.testing.assert_allclose(stress_of(found, rest), wanted.stress(), rtol=0.0, atol=1e-9 * scale)
    operator = InterfaceOperator.of(whole)
    h = smooth(hinged)
    np.testing.assert_allclose(
        operator.pressure(h[operator.nodes]), found.pressure, atol=1e-8 * scale
    )


@pytest.mark.parametrize(
    ("void", "pieces"),
    [
        ([(0, 8, 3, 4)], 0),  # the upper half hangs on the held lithium, the lower one stands
        ([(0, 1, 0, 8), (7, 8, 0, 8)], 0),  # no wall, but bottom and lithium
        ([(0, 3, 0, 8), (4, 8, 0, 8), (3, 4, 0, 1)], 0),  # a long post that hangs on lithium
        ([(0, 8, 0, 1), (0, 8, 4, 5), (0, 1, 0, 8)], 1),  # a slab at the right wall may slide
        ([(0, 1, 0, 3), (7, 8, 0, 3), (0, 8, 3, 5)], 1),  # one on the bottom may slide
        ([(0, 8, 0, 2), (1, 8, 2, 3), (0, 8, 3, 5)], 1),  # an edge at the wall alone
        ([(0, 7, 0, 2), (1, 8, 2, 3), (0, 8, 3, 5)], 1),  # beside one in the corner, which stands
    ],
)
def test_what_may_move_is_held_and_no_more(void: list, pieces: int) -> None:
    """The matrix is positive definite then, and forces balance at whatever is free."""
    mesh = blocks(void, None)
    whole = problem(mesh, top="held")
    assert bool(whole.notes) == (pieces > 0)
    assert not pieces or f"{pieces} piece" in whole.notes[0]
    p = whole.map.matrix
    full = block_diag([part.stiffness for part in whole.parts], format="csr")
    values = np.linalg.eigvalsh((p.T @ full @ p).toarray())
    assert values[0] > 1e-6 * values[-1]
    solution = whole.solve(smooth(mesh))
    assert_balanced(whole, solution)


def assert_balanced(whole: MechanicsProblem, solution: MechanicsSolution) -> None:
    """No force on any unknown but those of the top, and energy that is the work of plating."""
    forces = [
        forms.internal_forces(body.basis, body.triangles, solution.stress(k), len(body))
        for k, body in enumerate(solution.bodies)
    ]
    assert solution.thickness is not None
    out = whole.map.matrix.T @ np.concatenate(forces) - whole.load
    scale = np.abs(np.concatenate(forces)).max()
    assert np.abs(out).max() < 1e-8 * scale
    # What is held only because it hangs on nothing bears no force either.
    for body, force in zip(solution.bodies, forces, strict=True):
        x, y = whole.mesh.nodes[:, body.nodes] / UNIT
        ends = np.isclose(x, 0) | np.isclose(x, WIDTH) | np.isclose(y, 0)
        ends |= np.isclose(y, BELOW) | np.isclose(y, BELOW + ABOVE)
        assert np.abs(force.reshape(-1, 2)[~ends]).max() < 1e-8 * scale
    work = 0.5 * float(solution.plating_forces @ solution.thickness)
    assert solution.elastic_energy == pytest.approx(work + 0.5 * solution.load_work, rel=1e-8)


@pytest.mark.parametrize("contact", ["stick", "slide"])
@pytest.mark.parametrize("lithium", ["rigid", "elastic"])
def test_a_lithium_line_may_be_interrupted(lithium: str, contact: str) -> None:
    """Pores at the line: forces balance, the stack is carried by what touches, and A is that of
    the whole.
    """
    mesh = blocks([(2, 4, 7, 8), (6, 8, 6, 8)], None)
    whole = problem(mesh, lithium, contact=contact, top="held")
    solution = whole.solve(smooth(mesh))
    assert_balanced(whole, solution)
    operator, h = InterfaceOperator.of(whole), smooth(mesh)
    scale = np.abs(solution.pressure).max()
    np.testing.assert_allclose(
        operator.pressure(h[operator.nodes]), solution.pressure, atol=1e-8 * scale
    )
    loaded = problem(mesh, lithium, contact=contact, top="plate", stack_pressure=3e6)
    pressed = loaded.solve(np.zeros_like(h))
    edges, full = whole.surfaces[0].edges, np.zeros(len(h))
    full[pressed.nodes] = pressed.pressure
    carried = edges.total(edges.at_points(full, np.arange(len(h))))
    assert edges.length == pytest.approx(4 * UNIT)
    assert carried == pytest.approx(3e6 * WIDTH * UNIT, rel=1e-9)


def test_lithium_sticks_to_solids_without_plating_on_them() -> None:
    """A piece between foil and electrolyte on which nothing is plated carries the stack with it."""
    mesh = blocks([], (3, 5, 6, 8))
    whole = problem(mesh, "elastic", top="plate", stack_pressure=3e6)
    assert whole.notes == ()
    sigma = whole.solve(np.zeros(mesh.nodes.shape[1])).stress()
    np.testing.assert_allclose(sigma[1], -3e6, rtol=1e-6)


def test_a_small_hole_concentrates_stress_as_in_an_infinite_plate() -> None:
    """Kirsch: under s_y and s_x far away the rim has 3 s_y - s_x beside and 3 s_x - s_y above.

    A column under the stack has s_y = -p and s_x = lambda / (lambda + 2 mu) s_y. The hole is a
    thirtieth of the cell's width, whose walls are worth its square.
    """
    half, height = 30.0, 60.0
    turn = (0.0, 0.5 * np.pi)
    outlines = [
        (line((0.0, 0.0), (half, 0.0)), 0, -1),
        (line((half, 0.0), (half, height)), 0, -1),
        (line((0.0, height), (0.0, 31.0)), 0, -1),
        (line((0.0, 31.0), (0.0, 29.0)), 2, -1),
        (line((0.0, 29.0), (0.0, 0.0)), 0, -1),
        (arc((1.0, 1.0), (-turn[1], 0.0), (0.0, 30.0)), 2, 0, -1, 0.05 * UNIT),
        (arc((1.0, 1.0), turn, (0.0, 30.0)), 2, 0, -1, 0.05 * UNIT),
        (line((half, height), (half, height + 5.0)), 1, -1),
        (line((half, height + 5.0), (0.0, height + 5.0)), 1, -1),
        (line((0.0, height + 5.0), (0.0, height)), 1, -1),
        (line((0.0, height), (half, height)), 1, 0),
    ]
    phases = (Phase.ELECTROLYTE, Phase.LITHIUM, Phase.VOID)
    shape = drawing(outlines, phases, width=half, height=height + 5.0)
    mesh = generate(shape, 1.0 * UNIT, max_size=3.0 * UNIT)
    whole = problem(mesh, "rigid", top="plate", stack_pressure=1e6)
    solution = whole.solve(np.zeros(mesh.nodes.shape[1]))
    lam, mu = (c[0] for c in solution.lame[0])
    along, across = -1e6, -1e6 * lam / (lam + 2.0 * mu)
    space, sigma = solution.bodies[0], solution.stress_at_nodes()
    points = mesh.nodes[:, mesh.triangles[space.elements]] / UNIT
    for at, component, wanted in (
        ((1.0, 30.0), 1, 3 * along - across),
        ((0.0, 31.0), 0, 3 * across - along),
    ):
        here = np.hypot(points[0] - at[0], points[1] - at[1]) < 1e-9
        assert here.any()
        # The smaller of the two is the difference of large ones.
        assert sigma[component][here].mean() == pytest.approx(wanted, abs=0.01 * abs(3 * along))


# ------------------------------------------------------------------------------- images

VOIDS = {"electrolyte": 1, "active": 2, "void": 0}
SHOWN = VOIDS | {"lithium": 3}


def stressed(case: fem.Case, lithium: str) -> fem.Case:
    return case.replace(
        {
            "mechanics.enabled": True,
            "mechanics.lithium": lithium,
            "operation.plating_time": "30 s",
        }
    )


@pytest.mark.parametrize("lithium", MODELS)
@pytest.mark.parametrize(("name", "labels"), [("cathode", VOIDS), ("cell", SHOWN)])
def test_cells_of_images_have_stress_beside_voids(
    name: str, labels: dict[str, int], lithium: str
) -> None:
    """Stress stands in all solids, none in voids, and nothing moves by more than is plated."""
    result = fem.run(stressed(pictured(SAMPLES / f"{name}.png", labels=labels), lithium))
    phase = result.field_mesh.phase
    mises = result.fields["von_mises"]
    assert np.isfinite(mises[(phase != Phase.VOID) & (phase != Phase.LITHIUM)]).all()
    assert np.isnan(mises[phase == Phase.VOID]).all()
    assert (phase == Phase.VOID).any()
    moved = result.fields["displacement"]
    plated = np.nanmax(result.anode.thickness)
    assert np.isfinite(moved[(phase != Phase.VOID) & (phase != Phase.LITHIUM)]).all()
    most = np.nanmax(np.abs(moved))
    assert most < 10.0 * plated
    assert lithium == "yielded" or most > 0.01 * plated


@pytest.mark.parametrize("lithium", MODELS)
def test_a_disc_that_floats_in_a_void_is_told_of(tmp_path: Path, lithium: str) -> None:
    """An active disc in a round pore: it is dead, hangs on nothing and has no stress."""
    size, middle = 60, (30.0, 30.0)
    labels = disc(size, 16, (30, 30))
    labels[labels == 2] = 0
    labels[disc(size, 9, middle) == 2] = 2
    labels[disc(size, 6, (8, 50)) == 2] = 2
    case = stressed(pictured(saved(tmp_path, labels), labels=VOIDS), lithium)
    result = fem.run(case)
    assert any("1 piece of solid hangs on nothing" in note for note in result.notes)
    x, y = result.field_mesh.points.T
    inside = (result.field_mesh.phase == Phase.ACTIVE) & (np.hypot(x - 15e-6, y - 15e-6) < 5e-6)
    assert inside.any()
    assert np.nanmax(result.fields["von_mises"][inside]) < 1e-6 * max(
        np.nanmax(result.fields["von_mises"]), 1.0
    )
