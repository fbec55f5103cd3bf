"""Lithium lines from pixels that move: areas, ends at pores and particles, hollows, new meshes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fem
from fem.forms.interface import Edges
from fem.geometry import Phase, build
from fem.geometry.curves import Line
from fem.geometry.polyline import Polyline
from fem.geometry.spline import Spline, rounded
from fem.mesh import Mesh, generate, quality
from fem.mesh.cell import smallest_quality
from fem.mesh.front import Front
from fem.mesh.motion import advanced, grown, moved
from fem.mesh.plain import describe, mesh_arrays, mesh_from
from fem.mesh.remesh import remeshed, same_nodes, touching
from fem.mesh.seams import uncut
from fem.mesh.transfer import transferred
from fem.mesh.triangulate import Chain, fill

sys.path.insert(0, str(Path(__file__).parents[1] / "geometry"))
from image_examples import pictured, saved

UM = 1e-6
SIZE = 1.5 * UM
LABELS = {"void": 0, "electrolyte": 1, "active": 2, "lithium": 3}


def drawing(height: float = 0.0) -> np.ndarray:
    """20 um x 18 um: lithium above 13 um with waves of a `height` in um, and a particle below."""
    row, column = np.mgrid[:36, :40]
    x, y = 0.5 * (column + 0.5), 0.5 * (36 - row - 0.5)
    labels = np.where(y > 13.0 + height * np.cos(np.pi * x / 5.0), 3, 1)
    labels[(x - 10.0) ** 2 + (y - 4.0) ** 2 < 9.0] = 2
    return labels.astype(np.uint8)


def block(labels: np.ndarray, label: int, x: tuple[int, int], y: tuple[int, int]) -> np.ndarray:
    """The drawing with a rectangle of another label; lengths in um."""
    labels = labels.copy()
    labels[36 - 2 * y[1] : 36 - 2 * y[0], 2 * x[0] : 2 * x[1]] = label
    return labels


PORE = block(drawing(), 0, (8, 12), (9, 16))
"""A pore with upright sides in a level line."""


def case_of(folder: Path, labels: np.ndarray, **image: Any) -> fem.Case:
    seen = {name: label for name, label in LABELS.items() if (labels == label).any()}
    return pictured(saved(folder, labels), labels=seen, specks=0, **image)


def mesh_of(folder: Path, labels: np.ndarray, **image: Any) -> Mesh:
    return generate(build(case_of(folder, labels, **image)), SIZE)


def lines(mesh: Mesh) -> tuple[list[Any], list[Any], list[float]]:
    """Nodes, normals and lengths of the line of each body."""
    edges = [Edges.of(mesh, rows) for rows in mesh.interface_by_body(Phase.LITHIUM).values()]
    nodes = [np.unique(each.nodes) for each in edges]
    normals = [each.nodal_normals(here) for each, here in zip(edges, nodes, strict=True)]
    return nodes, normals, [each.length for each in edges]


def evenly(mesh: Mesh, h: float, radius: float = 0.5 * SIZE) -> Mesh:
    """A layer of thickness `h` in m on every body, and a new mesh where this one has suffered."""
    nodes, normals, lengths = lines(mesh)
    thickness = [np.full(len(here), h) for here in nodes]
    new = advanced(mesh, nodes, normals, thickness, [h * length for length in lengths], radius)
    return new if smallest_quality(new, mesh) > 0.3 else remeshed(new, SIZE)


def area(mesh: Mesh, name: str) -> float:
    return next(r.area for r in mesh.geometry.regions if r.name.startswith(name))


def phase_area(mesh: Mesh, phase: Phase) -> float:
    return sum(r.area for r in mesh.geometry.regions if r.phase == phase)


def fills_the_cell(mesh: Mesh) -> None:
    """Areas add up, ends of outlines meet their vertices, vertices lie on their curves."""
    width, height = mesh.geometry.width, mesh.geometry.height
    whole = sum(r.area for r in mesh.geometry.regions) / (width * height)
    assert whole == pytest.approx(1.0, rel=1e-12)
    for k, outline in enumerate(mesh.geometry.outlines):
        along = mesh.vertices_along(k)
        ends = outline.curve.point(np.array([0.0, 1.0]))
        assert np.abs(ends - mesh.nodes[:, along[[0, -1]]]).max() < 1e-15
        on = mesh.nodes[:, along]
        assert np.abs(on - outline.curve.point(outline.curve.parameter(on))).max() < 1e-15


# ------------------------------------------------------------------------------ what is swept


def test_a_level_line_above_an_image_stays_level(tmp_path: Path) -> None:
    labels = drawing()
    labels[labels == 3] = 1
    mesh = mesh_of(tmp_path, labels)
    nodes, normals, _ = lines(mesh)
    new = moved(mesh, nodes[0], UM * normals[0])
    gained = area(new, "lithium") - area(mesh, "lithium")
    assert gained / (20 * UM**2) == pytest.approx(1.0, rel=1e-11)
    image = mesh.nodes[1] <= 18 * UM
    assert (new.nodes[:, image] == mesh.nodes[:, image]).all()
    fills_the_cell(new)


def test_the_area_swept_is_the_volume_plated(tmp_path: Path) -> None:
    """On pixels' waves the spline alone misses it by percents; each body gets its own."""
    labels = drawing(0.9)
    labels = block(labels, 3, (3, 6), (7, 9))
    mesh = mesh_of(tmp_path, labels)
    nodes, normals, lengths = lines(mesh)
    thickness = [np.full(len(nodes[0]), 0.1 * UM), np.full(len(nodes[1]), -0.05 * UM)]
    volumes = [0.1 * UM * lengths[0], -0.05 * UM * lengths[1]]
    simple = moved(
        mesh,
        np.concatenate(nodes),
        np.hstack([h * n for h, n in zip(thickness, normals, strict=True)]),
    )
    new = advanced(mesh, nodes, normals, thickness, volumes)
    for name, volume in (("lithium", volumes[0]), ("isolated", volumes[1])):
        gained = [area(m, name) - area(mesh, name) for m in (simple, new)]
        assert abs(gained[0] / volume - 1.0) > 5e-3
        assert gained[1] / volume == pytest.approx(1.0, rel=1e-9)
    curves = [o.curve for o in new.geometry.outlines]
    assert sum(isinstance(curve, Spline) for curve in curves) == 2
    fills_the_cell(new)


def test_an_outline_from_pixels_closes_smoothly(tmp_path: Path) -> None:
    """Wherever its first pixel is: no corner is kept there."""
    mesh = mesh_of(tmp_path, block(drawing(), 3, (3, 7), (6, 9)))
    (island,) = (
        o.curve
        for o in evenly(mesh, 0.1 * UM).geometry.outlines
        if isinstance(o.curve, Spline) and o.curve.points[0] == o.curve.points[-1]
    )
    first, last = np.array(island.slopes[0]), np.array(island.slopes[-1])
    assert first == pytest.approx(last, rel=1e-9)


def test_steps_of_pixels_become_a_line(tmp_path: Path) -> None:
    """Triangles between them fold; the drawing is good, and so is a new mesh of it."""
    mesh = mesh_of(tmp_path, drawing(0.9), smoothing=0.0)
    before = phase_area(mesh, Phase.LITHIUM)
    _, _, (length,) = lines(mesh)
    new = evenly(mesh, 0.1 * UM)
    gained = phase_area(new, Phase.LITHIUM) - before
    assert gained / (0.1 * UM * length) == pytest.approx(1.0, rel=1e-9)
    assert smallest_quality(new) > 0.1
    fills_the_cell(new)


# ------------------------------------------------------------------------------ ends of a line


def test_ends_slide_down_the_sides_of_a_pore(tmp_path: Path) -> None:
    """Sides are upright from 9 to 16 um: both ends go down by what is plated, and up again."""
    mesh = mesh_of(tmp_path, PORE, smoothing=0.0)
    ends = list(Front.of(mesh).ends)
    assert len(ends) == 2
    nodes, normals, _ = lines(mesh)
    new = mesh
    for h in (0.4 * UM, 0.3 * UM, -0.5 * UM):
        old = new
        new = moved(old, nodes[0], grown(old, nodes[0], normals[0], np.full(len(nodes[0]), h)))
        assert new.nodes[:, ends] - old.nodes[:, ends] == pytest.approx(
            np.array([[0.0, 0.0], [-h, -h]]), abs=1e-15
        )
        gained = phase_area(new, Phase.LITHIUM) - phase_area(old, Phase.LITHIUM)
        assert gained / (16 * UM * h) == pytest.approx(1.0, rel=1e-9)
        assert area(new, "void") / UM**2 == pytest.approx(28.0, rel=1e-12)
        fills_the_cell(new)
        assert smallest_quality(new, mesh) > 0.1
    (lithium,) = (
        o.curve
        for o, (a, b) in zip(new.geometry.outlines, phases_of(new), strict=True)
        if {a, b} == {"lithium", "void"}
    )
    # The pore's corners are all that is left of its edge: where ends have been is forgotten.
    assert isinstance(lithium, Polyline)
    assert len(lithium.points) == 4
    found = {name: value for name, value, _ in quality(remeshed(new, SIZE)).areas}
    pore = sum(v for k, v in found.items() if k.startswith("void"))
    assert pore / UM**2 == pytest.approx(28.0, rel=1e-12)


def phases_of(mesh: Mesh) -> list[tuple[str, str]]:
    names = np.append(mesh.geometry.phases, "")
    return [(names[o.left], names[o.right]) for o in mesh.geometry.outlines]


@pytest.mark.slow
def test_an_end_comes_around_a_corner(tmp_path: Path) -> None:
    """3.8 um down from 13 um, past the pore's lower corners at 11 um; the pore stays as it is."""
    mesh = mesh_of(tmp_path, block(drawing(), 0, (8, 12), (11, 16)), smoothing=0.0)
    before = area(mesh, "void")
    for _ in range(21):
        mesh = evenly(mesh, 0.1 * UM)
    assert area(mesh, "void") / before == pytest.approx(1.0, rel=1e-12)
    fills_the_cell(mesh)
    ends = mesh.nodes[:, list(Front.of(mesh).ends)]
    assert ends[1] == pytest.approx(11 * UM, abs=1e-12)
    assert ((ends[0] > 8.01 * UM) & (ends[0] < 11.99 * UM)).all()
    with pytest.raises(fem.SolveError, match="the lithium line closes around void"):
        for _ in range(60):
            mesh = evenly(mesh, 0.1 * UM)


def test_a_particle_that_the_line_ends_at_is_a_rail(tmp_path: Path) -> None:
    """It touches lithium and so does not react; the other one keeps its nodes in new meshes."""
    mesh = mesh_of(tmp_path, block(drawing(), 2, (14, 17), (10, 15)))
    for _ in range(8):
        old, mesh = mesh, evenly(mesh, 0.1 * UM)
    fills_the_cell(mesh)
    assert np.flatnonzero(touching(mesh) & (mesh.geometry.phases == Phase.ACTIVE)).size == 1
    again = remeshed(mesh, SIZE)
    before, after = same_nodes(mesh, again)
    assert len(before) == len(np.unique(old.triangles[old.region == particle(old, 0)]))
    assert np.abs(mesh.nodes[:, before] - again.nodes[:, after]).max() < 1e-18


def particle(mesh: Mesh, body: int) -> int:
    names = [region.name for region in mesh.geometry.regions]
    return names.index(f"particle {body}")


def test_an_end_on_the_collector_runs_along_it(tmp_path: Path) -> None:
    mesh = mesh_of(tmp_path, block(drawing(), 3, (2, 5), (0, 2)))
    before = mesh.nodes[:, list(Front.of(mesh).ends)]
    after = evenly(mesh, 0.1 * UM)
    new = after.nodes[:, list(Front.of(after).ends)]
    assert (new[1] == 0.0).all()
    assert np.sort(new[0]) == pytest.approx(
        np.sort(before[0]) + 0.1 * UM * np.array([-1, 1]), abs=3e-8
    )


def test_a_line_that_comes_to_the_next_thing_along_an_edge_names_it(tmp_path: Path) -> None:
    """Particle 0 stands at the pore's side, 1 um below the line."""
    labels = block(block(drawing(), 2, (4, 8), (8, 12)), 0, (8, 12), (6, 16))
    mesh = mesh_of(tmp_path, labels, smoothing=0.0)
    nodes, normals, _ = lines(mesh)
    step = grown(mesh, nodes[0], normals[0], np.full(len(nodes[0]), 1.1 * UM))
    with pytest.raises(fem.SolveError, match=r"touches particle \d, having slid along void"):
        moved(mesh, nodes[0], step)


def test_a_line_that_ends_where_four_pieces_meet_is_refused(tmp_path: Path) -> None:
    """Lithium, electrolyte, particle and pore: what is the edge that it would follow?"""
    labels = block(block(drawing(), 2, (8, 12), (10, 13)), 0, (8, 12), (13, 16))
    mesh = mesh_of(tmp_path, labels, smoothing=0.0)
    with pytest.raises(fem.SolveError, match="more than three pieces meet"):
        evenly(mesh, 0.1 * UM)


def test_electrolyte_that_is_used_up_is_named(tmp_path: Path) -> None:
    """A pocket of 1 um between the lithium and a particle: the drawing would turn inside out."""
    mesh = mesh_of(tmp_path, block(block(drawing(), 2, (8, 12), (10, 13)), 1, (9, 11), (12, 13)))
    with pytest.raises(fem.SolveError, match=r"nothing is left of|touches|closes around|shrunk"):
        for _ in range(12):
            mesh = remeshed(evenly(mesh, 0.1 * UM), SIZE)


# ------------------------------------------------------------------------------------- hollows


def test_points_are_drawn_in_until_no_bend_is_sharper() -> None:
    """A right angle of points 0.1 apart, to a radius of 1; ends stay, mirrors hold."""
    t = np.linspace(-2.0, 2.0, 41)
    points = np.stack([t, -np.abs(t)])

    def bends(p: np.ndarray) -> np.ndarray:
        u = np.diff(p)
        turn = np.diff(np.unwrap(np.arctan2(u[1], u[0])))
        length = np.hypot(*u)
        return np.abs(turn) / (0.5 * (length[1:] + length[:-1]))

    left, right = np.ones(41), -np.ones(41)
    new = rounded(points, 1.0, right)
    assert (rounded(points, 1.0, left) == points).all()
    assert bends(points).max() > 7.0
    assert bends(new).max() < 1.02
    assert (new[:, [0, -1]] == points[:, [0, -1]]).all()
    assert (rounded(points, 0.05, right) == points).all()
    half = rounded(points[:, 20:], 1.0, right[20:], mirrored=(True, False))
    assert half[0, 0] == pytest.approx(0.0, abs=1e-15)
    assert half == pytest.approx(new[:, 20:], abs=0.02)


def test_a_hollow_fills_without_closing_on_itself(tmp_path: Path) -> None:
    """A slit of electrolyte 2 um wide in the lithium: gone after 1.6 um, and no area is lost."""
    mesh = mesh_of(tmp_path, block(drawing(), 1, (9, 11), (13, 15)))
    start, plated = phase_area(mesh, Phase.LITHIUM), 0.0
    for _ in range(16):
        plated += 0.1 * UM * lines(mesh)[2][0]
        mesh = evenly(mesh, 0.1 * UM)
    assert (phase_area(mesh, Phase.LITHIUM) - start) / plated == pytest.approx(1.0, rel=1e-9)
    fills_the_cell(mesh)
    y = mesh.nodes[1, lines(mesh)[0][0]]
    assert np.ptp(y) < 0.8 * UM


# ---------------------------------------------------------------------------------- new meshes


def test_edges_that_were_cut_are_made_whole() -> None:
    """A square whose lower side has one long edge beside short ones, which the mesher cuts."""
    x = np.concatenate([[0.0], 0.5 + np.linspace(0.0, 0.1, 6), [1.0]])
    lower = np.stack([x, np.zeros_like(x)])
    rest = np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 1.0, 1.0, 0.0]])
    chains = [Chain(lower, 0, -1, 7), Chain(rest, 0, -1, 8, free=True)]
    mesh = fill(chains, 0.3, 10.0)
    assert (mesh.outline == 7).sum() > 7
    whole = uncut(mesh, 7, lower)
    assert whole is not None
    assert np.sort(whole.vertices[0, whole.on(7)]) == pytest.approx(x, abs=1e-12)
    assert (whole.outline == 7).sum() == 7
    a, b, c = (whole.vertices[:, k] for k in whole.triangles.T)
    areas = 0.5 * ((b - a)[0] * (c - a)[1] - (b - a)[1] * (c - a)[0])
    assert (areas > 0.0).all()
    assert areas.sum() == pytest.approx(1.0, rel=1e-12)
    assert (whole.outline == 8).sum() == (mesh.outline == 8).sum()


def test_charge_follows_lines_that_pores_interrupt(tmp_path: Path) -> None:
    """Each outline keeps its sum, around a closed piece too."""
    mesh = mesh_of(tmp_path, block(PORE, 3, (2, 5), (6, 9)))
    for _ in range(3):
        mesh = evenly(mesh, 0.1 * UM)
    new = remeshed(mesh, 0.7 * SIZE)
    (a, b) = (Edges.of(m, m.interface(Phase.LITHIUM)) for m in (mesh, new))

    def density(m: Mesh, edges: Edges) -> np.ndarray:
        x, y = m.nodes
        return edges.at_points(1.0 + (x / (20 * UM)) ** 2 + y / (9 * UM), np.arange(len(x)))

    amounts = density(mesh, a) * a.weights
    carried = transferred(amounts, mesh, a.weights, new, b.weights)
    assert carried / b.weights == pytest.approx(density(new, b), rel=5e-3)
    sums = [
        np.bincount(m.outline[m.interface(Phase.LITHIUM)], weights=each.sum(axis=1))
        for m, each in ((mesh, amounts), (new, carried))
    ]
    assert (sums[0] > 0.0).sum() == 3
    assert sums[1] == pytest.approx(sums[0], rel=1e-13, abs=0.0)


def test_every_curve_is_plain_data_and_back(tmp_path: Path) -> None:
    """Lines, polylines and splines through text, bit by bit."""
    mesh = evenly(mesh_of(tmp_path, block(PORE, 3, (2, 5), (6, 9))), 0.1 * UM)
    kinds = {type(outline.curve) for outline in mesh.geometry.outlines}
    assert kinds == {Line, Polyline, Spline}
    again = mesh_from(mesh_arrays(mesh), json.loads(json.dumps(describe(mesh.geometry))))
    assert again.geometry.outlines == mesh.geometry.outlines
    assert again.geometry.regions == mesh.geometry.regions
    first, second = (remeshed(m, SIZE) for m in (mesh, again))
    assert first.nodes.tobytes() == second.nodes.tobytes()
