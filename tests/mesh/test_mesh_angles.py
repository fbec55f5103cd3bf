"""Triangles between outlines of images: no small angles, coarse where asked for, in linear time."""

from __future__ import annotations

import sys
from pathlib import Path
from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

import fem
from fem.case.alone import image_alone
from fem.effective.transport import of_image
from fem.geometry import build
from fem.geometry.rectangle import MOST_EDGES, element_size, rectangle
from fem.geometry.types import OUTSIDE
from fem.mesh import delaunay, expected, from_case, generate, quality, triangulate
from fem.mesh.delaunay import SMALLEST_ANGLE, Refinement, angles

sys.path.append(str(Path(__file__).parents[1] / "geometry"))
from image_examples import saved

CASES = Path(__file__).parents[2] / "cases"
PIXEL = 1e-7
LABELS = {"electrolyte": 0, "active": 1}


def discs(width: int, height: int, count: int, seed: int) -> np.ndarray:
    """Discs of a fifth to the double of their mean size, which overlap and meet walls at will."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((height, width), dtype=np.uint8)
    for radius in np.sqrt(0.55 * width * height / np.pi / count) * rng.uniform(0.4, 1.5, count):
        x, y = rng.uniform(0.0, width), rng.uniform(0.0, height)
        left, top = max(0, int(x - radius)), max(0, int(y - radius))
        row, column = np.mgrid[top : int(y + radius) + 1, left : int(x + radius) + 1]
        inside = (column + 0.5 - x) ** 2 + (row + 0.5 - y) ** 2 < radius**2
        labels[top : int(y + radius) + 1, left : int(x + radius) + 1][
            inside[: height - top, : width - left]
        ] = 1
    return labels


def three_phases(shape: tuple[int, int], grain: float, seed: int) -> np.ndarray:
    """Two phases that percolate and pores, from smooth noise."""
    rng = np.random.default_rng(seed)
    one, two = (gaussian_filter(rng.normal(size=shape), grain) for _ in range(2))
    labels = (one > np.median(one)).astype(np.uint8)
    labels[two > np.quantile(two, 0.8)] = 2
    return labels


def image_of(folder: Path, labels: np.ndarray) -> tuple[fem.case.image.Image, Path]:
    path = saved(folder, labels)
    seen = LABELS | ({"void": 2} if (labels == 2).any() else {})
    return image_alone(file=str(path), pixel_size="0.1 um", labels=seen), path


@pytest.mark.slow
@settings(max_examples=10, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    grain=st.sampled_from([3.0, 4.0, 5.0]),
    size=st.sampled_from([1.0, 2.0, 5.0, 12.0]),
)
def test_no_angle_is_small_at_any_size(tmp_path_factory, seed, grain, size):
    """Whatever is drawn: triangles that conform, and areas as the outlines have them."""
    labels = three_phases((50, 70), grain, seed)
    geometry = rectangle(*image_of(tmp_path_factory.mktemp("any"), labels), size * PIXEL)
    mesh = generate(geometry, size * PIXEL)
    figures = quality(mesh)
    assert figures.smallest_angle >= SMALLEST_ANGLE
    assert figures.largest_area_error < 1e-9
    both = mesh.skfem.f2t[:, mesh.skfem.f2t[1] >= 0]
    between = int((mesh.region[both[0]] != mesh.region[both[1]]).sum())
    assert between == (mesh.sides != OUTSIDE).all(axis=1).sum()


@pytest.mark.parametrize("size", [4.0, 8.0, 16.0])
def test_a_coarser_size_coarsens_outlines_within_the_drift(tmp_path, size):
    """Edges become fewer about as their length grows; no phase changes by more than 1 %."""
    image, path = image_of(tmp_path, discs(400, 200, 15, 1))
    fine = rectangle(image, path, 2.0 * PIXEL)
    coarse = rectangle(image, path, size * PIXEL)
    assert not fine.notes
    assert "coarsened" in coarse.notes[0]
    count = [generate(g, s * PIXEL) for g, s in ((fine, 2.0), (coarse, size))]
    edges = [int((m.sides != OUTSIDE).all(axis=1).sum()) for m in count]
    assert edges[1] < 1.3 * edges[0] / min(size / 2.0, 4.0)
    assert len(count[1].region) < 0.5 * len(count[0].region)
    for phase in ("electrolyte", "active material"):
        before, after = (sum(r.area for r in g.regions if r.phase == phase) for g in (fine, coarse))
        assert after == pytest.approx(before, rel=0.01)
    assert [r.name for r in coarse.regions] == [r.name for r in fine.regions]


def test_sides_of_pixels_stay_what_they_are(tmp_path):
    """Without smoothing nothing is coarsened."""
    image, path = image_of(tmp_path, discs(100, 80, 4, 2))
    image = image.model_copy(update={"smoothing": 0.0})
    assert rectangle(image, path, 20 * PIXEL).outlines == rectangle(image, path).outlines


@pytest.mark.parametrize("size", [2.0, 6.0])
def test_the_size_of_a_mesh_is_known_before(tmp_path, size):
    geometry = rectangle(*image_of(tmp_path, discs(400, 200, 15, 3)), size * PIXEL)
    count = len(generate(geometry, size * PIXEL).region)
    assert expected(geometry, size * PIXEL) == pytest.approx(count, rel=0.35)


def test_a_mesh_that_is_too_large_is_refused_before(tmp_path, monkeypatch):
    monkeypatch.setattr("fem.effective.transport.MOST_TRIANGLES", 1000.0)
    with pytest.raises(fem.InputError, match="would have about"):
        of_image(*image_of(tmp_path, discs(200, 100, 5, 4)))


def test_long_outlines_call_for_a_larger_size(tmp_path, monkeypatch):
    """Stripes of 10 pixels: 9 outlines of 100 pixels, each side of a pixel counted as pi / 4."""
    labels = np.kron(np.arange(10) % 2, np.ones((100, 10))).astype(np.uint8)
    image, path = image_of(tmp_path, labels)
    assert MOST_EDGES == 30_000
    assert element_size(image, path) == pytest.approx(2.0 * PIXEL)
    monkeypatch.setattr("fem.geometry.rectangle.MOST_EDGES", 100)
    assert element_size(image, path) == pytest.approx(0.25 * np.pi * 9.0 * PIXEL)


def test_what_changes_around_new_vertices_is_what_changes_anywhere(monkeypatch):
    """Triangulated in part or as a whole, a set of vertices has one Delaunay triangulation."""
    corners = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 7.0], [0.0, 7.0]])
    line = np.array([[2.0, 1.1], [4.3, 3.2], [4.9, 3.0], [8.2, 5.9]])
    points = np.concatenate([corners, line])
    segments = np.array([[0, 1], [1, 2], [2, 3], [3, 0], [4, 5], [5, 6], [6, 7]])
    found = []
    for whole in (False, True):
        if whole:
            monkeypatch.setattr(Refinement, "_insert", _insert_anew)
        mesh = Refinement(points, segments)
        mesh.conform()
        mesh.seed(0.3, 2.0)
        mesh.improve()
        found.append((mesh.points, np.unique(np.sort(mesh.triangles, axis=1), axis=0)))
        assert angles(mesh.points, mesh.triangles).min() >= SMALLEST_ANGLE
    assert np.array_equal(found[0][0], found[1][0])
    assert np.array_equal(found[0][1], found[1][1])


def _insert_anew(self: Refinement, new: np.ndarray, cavity: np.ndarray) -> None:
    self.points = np.concatenate([self.points, new])
    self._triangulate()


def test_lines_that_cross_end(monkeypatch):
    monkeypatch.setattr(delaunay, "_ROUNDS", 20)
    points = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]])
    segments = np.array([[0, 1], [1, 2], [2, 3], [3, 0], [0, 2], [1, 3]])
    with pytest.raises(RuntimeError, match="cross"):
        Refinement(points, segments).conform()


def test_what_must_not_be_cut_stays_whole():
    """A long edge beside short ones: cut if it may be, and kept if not."""
    base = np.array([[0.0, 0.0], [1.0, 0.0], [5.0, 0.0]])
    top = np.array([[5.0, 1.0], [2.6, 0.2], [2.4, 0.2], [0.0, 1.0]])
    points = np.concatenate([base, [[5.0, 4.0], [0.0, 4.0]], top[1:3]])
    segments = np.array([[0, 1], [1, 2], [2, 3], [3, 4], [4, 0], [5, 6]])
    for keep in (False, True):
        mesh = Refinement(points, segments, np.array([False, keep, *4 * [False]]))
        mesh.conform()
        mesh.seed(0.3, 2.0)
        mesh.improve()
        assert ((mesh.parent == 1).sum() == 1) == keep
        assert (angles(mesh.points, mesh.triangles).min() >= SMALLEST_ANGLE) == (not keep)


def test_a_bed_of_particles_has_no_small_angles():
    """Above the copied tiles of this case the mesher alone leaves an angle of 11.7 degrees."""
    case = fem.Case.load(CASES / "zheng2023_flat.toml")
    mesh = from_case(case, build(case))
    assert quality(mesh).smallest_angle >= triangulate.SOUND_ANGLE


@pytest.mark.slow
def test_the_time_of_large_images_grows_as_their_edges(tmp_path):
    """3,200 x 1,600 pixels with 954 discs, which took more than 500 s, and a fourth of that."""
    seconds = []
    for width, height, count in ((1600, 800, 238), (3200, 1600, 954)):
        geometry = rectangle(*image_of(tmp_path, discs(width, height, count, 1)), 4.0 * PIXEL)
        began = process_time()
        mesh = generate(geometry, 4.0 * PIXEL)
        seconds.append(process_time() - began)
        assert quality(mesh).smallest_angle >= SMALLEST_ANGLE
    assert seconds[1] < 8.0 * seconds[0]
