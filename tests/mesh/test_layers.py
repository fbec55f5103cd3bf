"""Triangles at a surface cut into layers: the same body, the same surface, richer functions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial import Delaunay, cKDTree
from skfem import MeshTri1

from fem.forms.diffusion import diffusion, mass
from fem.geometry.types import Geometry, Particles
from fem.mesh import Mesh
from fem.mesh.layers import layered
from fem.spaces import Space

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EMPTY = Geometry(1.0, 1.0, 1.0, 1.0, (), (), Particles(*(np.zeros(0) for _ in range(4))))
"""Layers have no names of their own to take from it."""


def drawing(corners: int, seed: int, bend: float) -> tuple[Floats, Ints, Ints]:
    """Nodes, triangles and rim edges of a random body, with sides that are bent."""
    random = np.random.default_rng(seed)
    points = random.random((corners, 2))
    straight = MeshTri1(points.T.copy(), Delaunay(points).simplices.T.copy())
    middles = straight.p[:, straight.facets].mean(axis=1)
    lengths = np.hypot(*np.diff(straight.p[:, straight.facets], axis=1)[:, 0])
    # Less than the height of any triangle over it would fold it.
    heights = np.full(len(lengths), np.inf)
    (ax, bx), (ay, by) = np.diff(straight.p[:, straight.t], axis=1)
    area = 0.5 * np.abs(ax * by - ay * bx)
    np.minimum.at(heights, straight.t2f, area / lengths[straight.t2f])
    middles += bend * heights * random.uniform(-1.0, 1.0, middles.shape)
    nodes = np.hstack([straight.p, middles])
    count = corners
    triangles = np.vstack([straight.t, count + straight.t2f]).T.astype(int)
    rim = straight.boundary_facets()
    return nodes, triangles, np.c_[straight.facets[:, rim].T, count + rim].astype(int)


def mesh_of(nodes: Floats, triangles: Ints, edges: Ints, levels: int) -> tuple[Mesh, Ints]:
    return layered(triangles, nodes, edges, levels).mesh(
        nodes,
        Mesh(None, np.zeros(0, int), np.zeros((0, 3), int), np.zeros(0, int), EMPTY),  # type: ignore[arg-type]
    )


@settings(max_examples=10)
@given(
    corners=st.integers(4, 40),
    seed=st.integers(0, 10**6),
    levels=st.integers(1, 12),
    share=st.floats(0.1, 1.0),
    bend=st.sampled_from([0.0, 0.05]),
)
def test_old_functions_are_among_the_new(
    corners: int, seed: int, levels: int, share: float, bend: float
) -> None:
    """Mass and stiffness of old functions are the same on the new triangles, which cover all.

    Surface edges stay whole, no gap opens inside, and numbering does not matter.
    """
    nodes, triangles, rim = drawing(corners, seed, bend)
    surface = rim[: max(1, int(share * len(rim)))]
    lay = layered(triangles, nodes, surface, levels)
    coarse, old = mesh_of(nodes, triangles, surface, 0)
    fine, new = mesh_of(nodes, triangles, surface, levels)
    known = lay.prolongation
    assert np.abs(known[: nodes.shape[1]] - np.eye(nodes.shape[1])).max() == 0.0
    assert fine.nodes[:, new[0]] == pytest.approx((known @ nodes.T).T, abs=1e-15)
    spaces = [Space(m, np.arange(len(m.region))) for m in (coarse, fine)]
    areas = [float(space.basis.dx.sum()) for space in spaces]
    assert areas[1] == pytest.approx(areas[0], rel=1e-12)
    if not bend:  # quadrature of a product is exact on straight sides
        for form in (mass, lambda space: diffusion(space, np.ones((len(space.elements), 1)))):
            one, other = (form(m)[o[0]][:, o[0]] for m, o in zip(spaces, (old, new), strict=True))
            miss = np.abs(known.T @ other @ known - one).max()
            assert miss <= 1e-9 * np.abs(one).max()
    # The same rim, and no gap inside.
    pairs = np.sort(fine.skfem.facets[:, fine.skfem.boundary_facets()].T, axis=1)
    place = np.argsort(new[0])
    pairs = {tuple(sorted(place[p].tolist())) for p in pairs}
    assert {tuple(sorted(e[:2].tolist())) for e in surface} <= pairs
    ends = (known @ nodes.T)[np.array(list(pairs))]
    straight = nodes[:, rim].T
    total = np.hypot(*(straight[1] - straight[0]).T).sum()
    assert np.hypot(*(ends[:, 1] - ends[:, 0]).T).sum() == pytest.approx(total, rel=2e-2)

    # Nodes, triangles and corners in any order: the same cuts.
    random = np.random.default_rng(seed)
    number = random.permutation(nodes.shape[1])
    turned = np.array([[0, 1, 2, 3, 4, 5], [1, 2, 0, 4, 5, 3], [1, 0, 2, 3, 5, 4]])
    mixed = np.take_along_axis(triangles, turned[random.integers(3, size=len(triangles))], axis=1)
    shuffled = np.empty_like(nodes)
    shuffled[:, number] = nodes
    again = layered(number[random.permutation(mixed)], shuffled, number[surface], levels)
    places, others = (known @ nodes.T), (again.prolongation @ shuffled.T)
    distance, match = cKDTree(places).query(others)
    assert distance.max() < 1e-14
    assert {frozenset(t) for t in match[again.triangles].tolist()} == {
        frozenset(t) for t in lay.triangles.tolist()
    }


def test_depths_halve_towards_the_surface() -> None:
    """A square of two triangles with its lower side as the surface, three levels.

    The triangle on the side is cut along its other two sides at 1/8, 1/4 and 1/2; the other touches
    the surface with one corner. Four strips, of which the last or the first is a triangle: 7 each.
    """
    nodes = np.array([[0, 1, 1, 0, 0.5, 1, 0.5, 0, 0.5], [0, 0, 1, 1, 0, 0.5, 1, 0.5, 0.5]])
    triangles = np.array([[0, 1, 3, 4, 8, 7], [1, 2, 3, 5, 6, 8]])
    nodes[:, 8] = 0.5
    lay = layered(triangles, nodes, np.array([[0, 1, 4]]), 3)
    assert len(lay.triangles) == 14
    places = lay.prolongation @ nodes.T
    left = np.sort(places[np.abs(places[:, 0]) < 1e-15, 1])
    assert left == pytest.approx(
        [0.0, 0.0625, 0.125, 0.1875, 0.25, 0.375, 0.5, 0.75, 1.0], abs=1e-15
    )


def test_a_body_of_chords_gets_an_inside() -> None:
    """Six corners on a circle, all of the rim its surface: no corner lies inside, layers must."""
    angle = np.pi / 3.0 * np.arange(6) + 0.1
    points = np.stack([np.cos(angle), np.sin(angle)])
    straight = MeshTri1(points, np.array([[0, 1, 2], [0, 2, 4], [2, 3, 4], [4, 5, 0]]).T.copy())
    nodes = np.hstack([points, points[:, straight.facets].mean(axis=1)])
    triangles = np.vstack([straight.t, 6 + straight.t2f]).T.astype(int)
    rim = straight.boundary_facets()
    edges = np.c_[straight.facets[:, rim].T, 6 + rim].astype(int)
    lay = layered(triangles, nodes, edges, 4)
    depth = np.cos(np.pi / 6.0) - np.abs(
        np.stack([np.cos(angle + np.pi / 6.0), np.sin(angle + np.pi / 6.0)]).T
        @ (lay.prolongation @ nodes.T).T
    ).max(axis=0)
    # The thinnest layer at every edge is a sixteenth of what is behind it.
    inside = depth[depth > 1e-12]
    assert inside.min() < 0.05
    assert (lay.triangles[:, :3].max(axis=1) >= nodes.shape[1]).sum() > 40
