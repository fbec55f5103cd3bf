"""A lithium line that moves: true geometry, unfolded triangles, what stays and what is carried."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skfem import MeshTri1, MeshTri2

import fem
from fem.forms.interface import Edges
from fem.geometry import Phase, build
from fem.geometry.spline import Spline
from fem.measures.anode import foil_nodes
from fem.mesh import Mesh, generate, quality
from fem.mesh.cell import shapes
from fem.mesh.motion import grown, largest_stretch, moved, smallest_quality
from fem.mesh.remesh import remeshed, same_nodes
from fem.mesh.transfer import line_transfer, transferred

CASES = Path(__file__).parents[2] / "cases"
SIZE = 2e-6
UM = 1e-6
TIP = {"x": "30 um", "depth": "18 um", "half_width": "9 um", "fillet": "2 um"}
ISLAND = {"x": "14 um", "y": "52 um", "half_width": "5 um", "half_height": "5 um"}


def cell(protrusions=(), isolated=(), size=SIZE):
    """A cell 60 um wide: 40 um of bed with 3 x 2 particles, 50 um of separator, lithium."""
    case = fem.Case.load(CASES / "zheng2023_flat.toml")
    particles = {"rows": 2, "columns": 3, "diameter": "10 um", "material": "NCM811"}
    changes = {
        "geometry.width": "60 um",
        "geometry.separator.thickness": "50 um",
        "geometry.cathode.thickness": "40 um",
        "geometry.cathode.particles": particles,
        "geometry.anode.protrusions": list(protrusions),
        "geometry.anode.isolated": list(isolated),
        "inactive": {},
    }
    return generate(build(case.replace(changes)), size)


@pytest.fixture(scope="module")
def flat():
    return cell()


@pytest.fixture(scope="module")
def protrusion():
    return cell([TIP], [ISLAND])


def line(mesh):
    """Edges of all Li|SE lines, their nodes, and the normals there, out of the lithium."""
    edges = Edges.of(mesh, mesh.interface(Phase.LITHIUM))
    nodes = np.unique(edges.nodes)
    return edges, nodes, edges.nodal_normals(nodes)


def area(mesh, name="lithium"):
    return next(r.area for r in mesh.geometry.regions if r.name == name)


def towards_the_tip(mesh, nodes):
    """A growth that is largest at the tip and fades towards the feet."""
    depth = (mesh.geometry.lithium_y - mesh.nodes[1, nodes]) / (18 * UM)
    return np.clip(0.05 + depth, 0.0, 1.5)


# ----------------------------------------------------------------------------- a true geometry


def test_a_flat_line_stays_flat(flat):
    """3 um down: lithium gains width times 3 um, to rounding, and nothing below the line moves."""
    _, nodes, normals = line(flat)
    new = moved(flat, nodes, 3 * UM * normals)
    assert area(new) - area(flat) == pytest.approx(60 * UM * 3 * UM, rel=1e-12, abs=0.0)
    mesh_areas = {name: value for name, value, _ in quality(new).areas}
    for name in ("lithium", "separator"):
        assert mesh_areas[name] == pytest.approx(area(new, name), rel=1e-12, abs=0.0)
    assert new.nodes[1, nodes] == pytest.approx(87 * UM, rel=1e-12, abs=0.0)
    assert new.geometry.lithium_y == flat.geometry.lithium_y
    assert (new.triangles == flat.triangles).all()


def test_an_isolated_circle_grows_to_a_circle(flat):
    """From 5 to 7 um: pi r^2 with fourth order, the drawing's area and that of the triangles."""
    mesh = cell(isolated=[ISLAND])
    drawn, meshed = [], []
    for _ in range(3):
        edges = Edges.of(mesh, mesh.interface_by_body(Phase.LITHIUM)[1])
        nodes = np.unique(edges.nodes)
        away = mesh.nodes[:, nodes] - np.array([[14 * UM], [52 * UM]])
        new = moved(mesh, nodes, 2 * UM * away / np.hypot(*away))
        exact = np.pi * (7 * UM) ** 2
        found = {name: value for name, value, _ in quality(new).areas}
        drawn.append(abs(area(new, "isolated lithium 0") - exact))
        meshed.append(abs(found["isolated lithium 0"] - exact))
        assert area(new) == area(mesh)
        mesh = mesh.refined()
    for errors in (drawn, meshed):
        assert np.log2(np.array(errors[:-1]) / errors[1:]) == pytest.approx([4.0, 4.0], abs=0.2)
    assert max(meshed[0], drawn[0]) < 1e-3 * exact


def test_the_swept_area_is_the_displacement_and_half_its_square_times_the_turn(protrusion):
    """Offset by d a line gains d L + d^2 / 2 times its total turn: 2 pi around an island."""
    edges = Edges.of(protrusion, protrusion.interface_by_body(Phase.LITHIUM)[1])
    nodes = np.unique(edges.nodes)
    normals = edges.nodal_normals(nodes)
    d = 0.5 * UM
    gained = area(moved(protrusion, nodes, d * normals), "isolated lithium 0") - area(
        protrusion, "isolated lithium 0"
    )
    assert gained == pytest.approx(d * edges.length + np.pi * d**2, rel=1e-3, abs=0.0)
    # Nothing turns in all along the foil, which enters and leaves level.
    edges = Edges.of(protrusion, protrusion.interface_by_body(Phase.LITHIUM)[0])
    nodes = np.unique(edges.nodes)
    normals = edges.nodal_normals(nodes)
    gained = area(moved(protrusion, nodes, d * normals)) - area(protrusion)
    assert gained == pytest.approx(d * edges.length, rel=1e-3, abs=0.0)


def test_nodes_lie_on_the_drawing_which_fills_the_cell(protrusion):
    """Ends of outlines meet, areas add up, refinement finds the curves, the foil is walked."""
    _, nodes, normals = line(protrusion)
    new = moved(protrusion, nodes, UM * normals * towards_the_tip(protrusion, nodes))
    for k, outline in enumerate(new.geometry.outlines):
        on = new.nodes[:, np.unique(new.edges[new.outline == k])]
        assert np.abs(on - outline.curve.point(outline.curve.parameter(on))).max() < 1e-15
        ends = outline.curve.point(np.array([0.0, 1.0]))
        along = new.vertices_along(k)
        assert np.abs(ends - new.nodes[:, along[[0, -1]]]).max() < 1e-15
    exact = sum(region.area for region in new.geometry.regions)
    assert exact == pytest.approx(new.geometry.width * new.geometry.height, rel=1e-12, abs=0.0)
    coarse, fine = quality(new), quality(new.refined())
    assert coarse.largest_area_error > 10.0 * fine.largest_area_error
    walked, s = foil_nodes(new)
    assert (np.diff(s) > 0.0).all()
    assert set(walked) == set(foil_nodes(protrusion)[0])
    assert new.nodes[0, walked[[0, -1]]] == pytest.approx([0.0, 60 * UM], abs=1e-18)


def test_the_tip_and_the_feet_go_with_the_deposit(protrusion):
    """All moves 1 um down, so the tip does, and feet 18 um above it stay there."""
    foil = np.unique(protrusion.edges[protrusion.interface_by_body(Phase.LITHIUM)[0]])
    down = np.stack([np.zeros(len(foil)), np.full(len(foil), -UM)])
    (old,), (new,) = (m.geometry.deposits for m in (protrusion, moved(protrusion, foil, down)))
    assert new.tip == pytest.approx((30 * UM, 71 * UM), rel=1e-6, abs=0.0)
    assert np.array(new.feet) == pytest.approx(np.array(old.feet) - [[0, UM]], rel=1e-12, abs=0.0)
    assert (new.depth, new.half_width) == pytest.approx(
        (old.depth, old.half_width), rel=1e-6, abs=0.0
    )


def test_a_sharp_foot_stays_sharp_and_a_fillet_smooth():
    def turns(mesh):
        """Angles between neighbouring pieces of the foil's line."""
        curves = [o.curve for o in mesh.geometry.outlines if isinstance(o.curve, Spline)]
        out = [np.arctan2(*curve.slopes[-1][::-1]) for curve in curves[:-1]]
        into = [np.arctan2(*curve.slopes[0][::-1]) for curve in curves[1:]]
        return np.abs((np.array(into) - out + np.pi) % (2 * np.pi) - np.pi)

    for fillet, corners in (("2 um", 0), (None, 2)):
        mesh = cell([{**TIP, "fillet": fillet}])
        _, nodes, normals = line(mesh)
        new = moved(mesh, nodes, 0.3 * UM * normals)
        angles = turns(new)
        assert (angles > 1.0).sum() == corners
        assert (angles < 1e-9).sum() == len(angles) - corners


def test_lines_left_out_stay(protrusion):
    """Only the island moves: the foil keeps its arcs, the deposit its tip."""
    edges = protrusion.interface_by_body(Phase.LITHIUM)[1]
    nodes = np.unique(protrusion.edges[edges])
    new = moved(protrusion, nodes, np.full((2, len(nodes)), 0.2 * UM))
    for old, now in zip(protrusion.geometry.outlines, new.geometry.outlines, strict=True):
        island = protrusion.geometry.regions[old.left].name == "isolated lithium 0"
        assert isinstance(now.curve, Spline) == island
        assert island or now == old
    assert new.geometry.deposits == protrusion.geometry.deposits


def test_sharp_feet_go_where_their_sides_meet():
    """Level lithium and the upright foot of a half-ellipse, both grown by d: the foot goes (d, d).

    Were it moved by d along the mean normal, it would lag behind and leave a crevice.
    """
    mesh = cell([{**TIP, "fillet": None}])
    _, nodes, normals = line(mesh)
    d = 0.2 * UM
    displacement = grown(mesh, nodes, normals, np.full(len(nodes), d))
    for x, y in mesh.geometry.deposits[0].feet:
        foot = np.argmin(np.hypot(*(mesh.nodes[:, nodes] - [[x], [y]])))
        away = np.sign(x - 30 * UM)
        assert displacement[:, foot] == pytest.approx([away * d, -d], rel=0.02)
    lengths = np.hypot(*displacement)
    assert (np.abs(lengths - d) < 1e-9 * d).sum() == len(nodes) - 2
    new = moved(mesh, nodes, displacement).geometry
    assert new.deposits[0].half_width == pytest.approx(9 * UM + d, rel=1e-3, abs=0.0)


# --------------------------------------------------------------------------- what stays in place


def test_the_bed_and_the_rim_stay_and_walls_slide(protrusion):
    """Even where the line is told to leave its wall: the mirror image would come to meet it."""
    _, nodes, normals = line(protrusion)
    new = moved(protrusion, nodes, UM * normals + np.array([[0.1 * UM], [0.0]]))
    shift = new.nodes - protrusion.nodes
    x, y = protrusion.nodes
    assert (shift[:, y <= 40 * UM] == 0.0).all()
    assert (shift[:, y == y.max()] == 0.0).all()
    sides = (x < 1e-12) | (x > 60 * UM - 1e-12)
    assert (shift[0, sides] == 0.0).all()
    right = sides & (x > 30 * UM) & (y > 41 * UM) & (y < y.max())
    assert (shift[1, right] < 0.0).all()


def test_lithium_in_the_bed_grows_between_the_particles():
    """Particles stay to the last digit, and so does the line between bed and separator."""
    island = {"x": "20 um", "y": "20 um", "half_width": "2 um", "half_height": "2 um"}
    mesh = cell(isolated=[island], size=3 * UM)
    nodes = np.unique(mesh.edges[mesh.interface_by_body(Phase.LITHIUM)[1]])
    away = mesh.nodes[:, nodes] - 20 * UM
    new = moved(mesh, nodes, 0.2 * away)
    particles = np.unique(mesh.triangles[mesh.elements(Phase.ACTIVE)])
    assert (new.nodes[:, particles] == mesh.nodes[:, particles]).all()
    assert (new.nodes[:, mesh.nodes[1] > 40 * UM] == mesh.nodes[:, mesh.nodes[1] > 40 * UM]).all()
    assert area(new, "isolated lithium 0") == pytest.approx(np.pi * (2.4 * UM) ** 2, rel=2e-3)
    before, after = same_nodes(new, remeshed(new, 3 * UM))
    assert len(before) == len(particles)
    assert (np.diff(after) > 0).all()


# ---------------------------------------------------------------------------- shapes of triangles


def triangle(*corners):
    """The shape measure of a mesh of one triangle, through a cell that has it as a part."""
    straight = MeshTri1(np.array(corners, dtype=float).T, np.array([[0], [1], [2]]))
    middles = straight.p[:, straight.facets].mean(axis=1)
    mesh = MeshTri2(np.hstack([straight.p, middles]), straight.t)
    none = np.zeros(0, dtype=int)
    return Mesh(mesh, np.zeros(1, dtype=int), none.reshape(0, 3), none, None)  # type: ignore[arg-type]


def test_an_equilateral_triangle_has_shape_one_and_a_right_one_less():
    """Right with equal legs: area 1/2, squared sides 1 + 1 + 2, so 4 sqrt(3) / 2 / 4."""
    assert shapes(triangle((0, 0), (1, 0), (0.5, 0.75**0.5))) == pytest.approx([1.0])
    assert shapes(triangle((0, 0), (1, 0), (0, 1))) == pytest.approx([0.5 * 3.0**0.5])
    assert shapes(triangle((0, 0), (0, 1), (1, 0))) == pytest.approx([0.5 * 3.0**0.5])


@given(bend=st.floats(-0.24, 0.24))
def test_a_bent_side_counts_with_its_smallest_jacobian(bend):
    """A middle drawn in by b of a right triangle's leg: the Jacobian is 1 - 4 b xi."""
    mesh = triangle((0, 0), (1, 0), (0, 1))
    middle = np.flatnonzero((mesh.nodes == [[0.5], [0.0]]).all(axis=0))
    mesh.skfem.doflocs[1, middle] = bend
    fine = np.stack(np.meshgrid(*[np.linspace(0, 1, 41)] * 2)).reshape(2, -1)
    fine = fine[:, fine.sum(axis=0) <= 1.0]
    jacobian = mesh.skfem.mapping().detDF(fine).ravel()
    found = shapes(mesh)[0] / (0.5 * 3.0**0.5)
    assert found == pytest.approx(jacobian.min(), abs=1e-9)
    assert found == pytest.approx(1.0 - 4.0 * max(bend, 0.0), abs=1e-9)


@given(seed=st.integers(0, 10**6))
def test_no_jacobian_inside_is_smaller_than_the_measure(seed):
    """Middles anywhere near theirs: the bound holds for Jacobians that bend along sides too."""
    mesh = triangle((0, 0), (1, 0), (0, 1))
    mesh.skfem.doflocs[:, 3:] += np.random.default_rng(seed).uniform(-0.12, 0.12, (2, 3))
    p = mesh.nodes[:, mesh.triangles[0]]
    xi, eta = np.stack(np.meshgrid(*[np.linspace(0, 1, 41)] * 2)).reshape(2, -1)
    xi, eta = xi[xi + eta <= 1.0], eta[xi + eta <= 1.0]
    rest = 1.0 - xi - eta
    along = [1 - 4 * rest, 4 * xi - 1, 0 * xi, 4 * (rest - xi), 4 * eta, -4 * eta]
    across = [1 - 4 * rest, 0 * xi, 4 * eta - 1, -4 * xi, 4 * xi, 4 * (rest - eta)]
    (a, b), (c, d) = (p @ np.array(slopes) for slopes in (along, across))
    assert shapes(mesh)[0] / (0.5 * 3.0**0.5) <= np.abs(a * d - b * c).min() + 1e-12


# -------------------------------------------------------------------------------- far and too far


@pytest.mark.slow
def test_a_protrusion_grows_by_steps(protrusion):
    """40 steps of 0.1 um at the tip, with new meshes where edges stretch: 4 um without a fold."""
    mesh = reference = protrusion
    remeshes = 0
    for _ in range(40):
        _, nodes, normals = line(mesh)
        mesh = moved(mesh, nodes, 0.1 * UM * normals * towards_the_tip(mesh, nodes))
        if largest_stretch(mesh, reference) > 1.6 or smallest_quality(mesh) < 0.3:
            mesh = reference = remeshed(mesh, SIZE)
            remeshes += 1
        assert smallest_quality(mesh) > 0.2
    assert 1 <= remeshes <= 8
    tip = mesh.geometry.deposits[0].tip
    assert 72 * UM - tip[1] > 4 * UM
    assert tip[0] == pytest.approx(30 * UM, abs=0.01 * UM)


@settings(max_examples=15, deadline=None)
@given(waves=st.lists(st.floats(-1.0, 1.0), min_size=4, max_size=4))
def test_smooth_displacements_below_half_an_edge_never_fold(protrusion, waves):
    _, nodes, normals = line(protrusion)
    x = protrusion.nodes[0, nodes] / (60 * UM)
    wave = sum(a * np.cos(k * np.pi * x) for k, a in enumerate(waves)) / max(1.0, len(waves))
    which = protrusion.interface(Phase.LITHIUM)
    start, end, _ = protrusion.edges[which].T
    shortest = np.hypot(*(protrusion.nodes[:, end] - protrusion.nodes[:, start])).min()
    assert smallest_quality(moved(protrusion, nodes, 0.5 * shortest * wave * normals)) > 0.1


@pytest.mark.parametrize(
    ("jump", "name"),
    [((0, -8), "the cathode"), ((8, 22), "isolated lithium 0"), ((-10, 0), "the rim")],
)
def test_what_the_line_touches_is_named(protrusion, jump, name):
    """The island's circle of 5 um around (14, 52) um is pushed where something else is."""
    nodes = np.unique(protrusion.edges[protrusion.interface_by_body(Phase.LITHIUM)[1]])
    shift = np.repeat(np.array(jump, dtype=float)[:, None] * UM, len(nodes), axis=1)
    with pytest.raises(fem.SolveError, match=f"the lithium line touches {name}"):
        moved(protrusion, nodes, shift)


def test_a_particle_that_lithium_touches_is_named():
    island = {"x": "20 um", "y": "20 um", "half_width": "2 um", "half_height": "2 um"}
    mesh = cell(isolated=[island], size=3 * UM)
    nodes = np.unique(mesh.edges[mesh.interface_by_body(Phase.LITHIUM)[1]])
    # Particle 3 is the first of the second row, with 5 um around (10, 30) um.
    with pytest.raises(fem.SolveError, match="the lithium line touches particle 3 near"):
        moved(mesh, nodes, np.repeat([[-6 * UM], [6 * UM]], len(nodes), axis=1))


def test_a_line_that_closes_on_itself_is_refused(protrusion):
    """The fillets' 2 um of radius are gone once 2.5 um have grown on both sides."""
    mesh = protrusion
    with pytest.raises(fem.SolveError, match=r"touches itself|triangles fold"):
        for _ in range(5):
            _, nodes, normals = line(mesh)
            mesh = moved(mesh, nodes, 0.5 * UM * normals)


# ------------------------------------------------------------------------------ a mesh made anew


@pytest.fixture(scope="module")
def before_and_after(protrusion):
    mesh = protrusion
    for _ in range(10):
        _, nodes, normals = line(mesh)
        mesh = moved(mesh, nodes, 0.2 * UM * normals * towards_the_tip(mesh, nodes))
    return mesh, remeshed(mesh, SIZE)


def test_a_new_mesh_has_the_same_drawing_and_better_edges(before_and_after):
    old, new = before_and_after
    assert new.geometry == old.geometry
    assert quality(new).largest_area_error < 1e-4
    assert len(new.edges) > len(old.edges)
    total = sum(value for _, value, _ in quality(new).areas)
    assert total == pytest.approx(60e-6 * 140e-6, rel=1e-12, abs=0.0)
    assert smallest_quality(new) > 0.3
    cracks = new.skfem.facets[:, new.skfem.f2t[1] == -1]
    rim = np.hypot(*np.diff(new.nodes[:, cracks], axis=1)[:, 0]).sum()
    assert rim == pytest.approx(2 * (60e-6 + 140e-6), rel=1e-12, abs=0.0)


def test_a_new_mesh_keeps_the_bed(before_and_after):
    """Nodes of particles are the same in the same order; so are their triangles and rims."""
    old, new = before_and_after
    before, after = same_nodes(old, new)
    assert len(before) == len(np.unique(old.triangles[old.elements(Phase.ACTIVE)]))
    assert np.abs(old.nodes[:, before] - new.nodes[:, after]).max() < 1e-18
    assert (np.diff(after) > 0).all()
    number = np.zeros(old.nodes.shape[1], dtype=int)
    number[before] = after
    triangles = [mesh.triangles[mesh.elements(Phase.ACTIVE)] for mesh in (old, new)]
    assert (number[triangles[0]] == triangles[1]).all()
    rims = [mesh.edges[mesh.interface(Phase.ACTIVE)] for mesh in (old, new)]
    assert sorted(map(tuple, number[rims[0]])) == sorted(map(tuple, rims[1]))


def test_nodes_that_differ_are_not_passed_for_the_same(before_and_after):
    """Neither more nodes nor as many a nanometre away."""
    old, new = before_and_after
    aside = replace(new, skfem=MeshTri2(new.nodes + 1e-9, new.skfem.t))
    for other in (new.refined(), aside):
        with pytest.raises(fem.SolveError, match="active material differ"):
            same_nodes(old, other)


# --------------------------------------------------------------------------- what is carried over


def division(count, seed):
    """Uneven edges of a line from 0 to 1 with four points each: places and weights (ne, 4).

    Middles lie off the middle by a fraction of the edge that falls with its length, as on curves.
    """
    random = np.random.default_rng(seed)
    ends = np.linspace(0.0, 1.0, count + 1)
    ends[1:-1] += random.uniform(-0.2, 0.2, count - 1) / count
    points, weights = np.polynomial.legendre.leggauss(4)
    xi = 0.5 * (points + 1.0)
    length, bent = np.diff(ends)[:, None], random.uniform(-1.0, 1.0, (count, 1)) / count
    places = ends[:-1, None] + length * (xi + bent * xi * (1.0 - xi))
    return places, 0.5 * weights * length * (1.0 + bent * (1.0 - 2.0 * xi))


def test_a_smooth_density_is_carried_with_fourth_order_and_its_sum_exactly():
    errors = []
    for count in (16, 32, 64, 128):
        (s, old), (t, new) = division(count, 1), division(int(1.3 * count), 2)
        amounts = (1.0 + 0.9 * np.sin(7.0 * s)) * old
        carried = line_transfer(amounts, old, new)
        assert carried.sum() == pytest.approx(amounts.sum(), rel=1e-14, abs=0.0)
        errors.append(np.sqrt(((carried / new - 1.0 - 0.9 * np.sin(7.0 * t)) ** 2 * new).sum()))
    assert np.polyfit(np.arange(4), np.log2(errors), 1)[0] == pytest.approx(-4.0, abs=0.3)


def test_a_uniform_density_stays_uniform():
    (_, old), (_, new) = division(10, 3), division(17, 4)
    assert line_transfer(3.0 * old, old, new) == pytest.approx(3.0 * new, rel=1e-8)


@given(seed=st.integers(0, 10**6), sign=st.sampled_from([-1.0, 1.0]))
@settings(max_examples=30, deadline=None)
def test_amounts_of_one_sign_keep_it(seed, sign):
    """Rough densities with gaps: nothing changes sign, and the sum stays."""
    (_, old), (_, new) = division(12, seed), division(31, seed + 1)
    random = np.random.default_rng(seed)
    amounts = sign * random.uniform(size=old.shape) * (random.uniform(size=old.shape) < 0.5) * old
    carried = line_transfer(amounts, old, new)
    assert (sign * carried).min() > -1e-15
    assert carried.sum() == pytest.approx(amounts.sum(), rel=1e-14, abs=0.0)


def test_amounts_of_both_signs_are_not_flattened():
    (s, old), (t, new) = division(64, 5), division(80, 6)
    carried = line_transfer(np.sin(20.0 * s) * old, old, new) / new
    assert carried == pytest.approx(np.sin(20.0 * t), abs=1e-4)


def test_amounts_follow_their_outlines_to_a_new_mesh(before_and_after):
    """A density that differs by body: each line keeps its sum, and the new points its values."""
    old, new = before_and_after
    (lines, _, _), (fresh, _, _) = line(old), line(new)

    def density(mesh, edges):
        x, y = mesh.nodes
        return edges.at_points(1.0 + (x / (40 * UM)) ** 2 + y / (20 * UM), np.arange(len(x)))

    amounts = density(old, lines) * lines.weights
    carried = transferred(amounts, old, lines.weights, new, fresh.weights)
    assert carried / fresh.weights == pytest.approx(density(new, fresh), rel=2e-4)
    rows = [mesh.outline[mesh.interface(Phase.LITHIUM)] for mesh in (old, new)]
    sums = [
        np.bincount(row, weights=each.sum(axis=1))
        for row, each in zip(rows, (amounts, carried), strict=True)
    ]
    assert sums[1] == pytest.approx(sums[0], rel=1e-13, abs=0.0)
