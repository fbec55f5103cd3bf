"""Outlines of images: areas and lengths against known shapes, coverage, islands, roles."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from image_examples import SAMPLES, disc, pictured, saved

import fem
from fem.geometry import Inactivity, Phase, build
from fem.geometry.coarse import simplified
from fem.geometry.coverage import arcs, areas, polygons
from fem.geometry.curves import Line
from fem.geometry.image import _corners
from fem.geometry.polyline import Polyline, crossing, sharpest
from fem.geometry.types import OUTSIDE

SHOWN = {"electrolyte": 1, "active": 2, "void": 0, "lithium": 3}


def pieces(labels):
    from skimage.measure import label

    return label(labels, background=-1, connectivity=1) - 1


def drawn(piece, smoothing, corners=None):
    """What separates the pieces, the area of each piece, and the polygons that lines make."""
    faces = polygons(piece, smoothing > 0.0, corners)
    found = simplified(faces, smoothing)[1] if smoothing > 0.0 else arcs(faces)
    lines = [shapely.LineString(arc.points) for arc in found]
    return found, areas(found, len(faces)), shapely.get_parts(shapely.polygonize(lines))


def noise(seed, shape=(30, 41)):
    """Pieces of three labels in single pixels, and the corners at which they touch."""
    labels = np.random.default_rng(seed).integers(0, 3, shape)
    return pieces(labels), _corners(pieces(labels), 1 << labels)


@pytest.mark.parametrize("smoothing", [0.0, 0.5, 0.7, 2.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_polygons_are_a_coverage(seed, smoothing):
    """No gap and no overlap, one polygon a piece; exact pixels without smoothing."""
    piece, corners = noise(seed)
    found, area, made = drawn(piece, smoothing, corners)
    count = piece.max() + 1
    assert corners.sum() > 100
    assert shapely.coverage_is_valid(polygons(piece, smoothing > 0.0, corners))
    assert not crossing([arc.points.T for arc in found])
    assert len(area) == len(made) == count + corners.sum()
    assert np.sort(shapely.area(made)) == pytest.approx(np.sort(area), rel=1e-9)
    assert area[count:] == pytest.approx(0.125)
    assert area.min() > 0.0
    assert area.sum() == pytest.approx(piece.size, rel=1e-12)
    if smoothing == 0.0:
        lost = np.zeros(count)
        for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
            beside = piece[i : piece.shape[0] - 1 + i, j : piece.shape[1] - 1 + j]
            np.add.at(lost, beside[corners], 0.03125)
        assert area[:count] == pytest.approx(np.bincount(piece.ravel()) - lost)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_smoothed_outlines_meet_bluntly(seed):
    """Beside a notch an outline that turns back would meet its sides at a few degrees."""
    piece, corners = noise(seed)
    found, _, _ = drawn(piece, 0.7, corners)
    points = np.concatenate([arc.points for arc in found])
    last = np.cumsum([len(arc.points) for arc in found]) - 1
    start = np.delete(np.arange(len(points)), last)
    xy, number = np.unique(points, axis=0, return_inverse=True)
    ends = number.ravel()[np.stack([start, start + 1], axis=1)]
    assert np.degrees(sharpest(xy, ends).min()) >= 30.0


@pytest.mark.parametrize("smoothing", [0.0, 0.7])
def test_arcs_bound_their_pieces(smoothing):
    """The integral of x dy around a piece is its area, and that of dx and dy is zero."""
    piece, corners = noise(4)
    faces = polygons(piece, smoothing > 0.0, corners)
    jump, found = np.zeros((len(faces), 2)), arcs(faces)
    for arc in found:
        for side, sign in ((arc.left, 1.0), (arc.right, -1.0)):
            if side != OUTSIDE:
                jump[side] += sign * (arc.points[-1] - arc.points[0])
    assert areas(found, len(faces)) == pytest.approx(shapely.area(faces), rel=1e-12)
    assert np.abs(jump).max() == 0.0
    assert all(arc.left < arc.right or arc.right == OUTSIDE for arc in found)


def test_points_where_three_pieces_meet_stay():
    labels = np.ones((20, 20), dtype=int)
    labels[:, 11:], labels[8:, 11:] = 2, 3
    ends = {tuple(end) for arc in drawn(pieces(labels), 2.0)[0] for end in arc.points[[0, -1]]}
    assert (11.0, 12.0) in ends


@pytest.mark.parametrize(
    ("radius", "area", "length"), [(8.0, 0.03, 0.02), (20.0, 0.01, 0.02), (100.0, 0.001, 0.02)]
)
def test_discs_keep_their_area_and_circumference(radius, area, length):
    """A staircase would be 4/pi = 1.27 times as long as the circle, at any resolution."""
    rng = np.random.default_rng(2)
    for _ in range(3):
        pixels = int(2 * radius + 10)
        centre = tuple(pixels / 2 + rng.uniform(-0.5, 0.5, 2))
        faces = drawn(pieces(disc(pixels, radius, centre)), 0.7)[2]
        round_one = faces[shapely.get_num_interior_rings(faces) == 0][0]
        assert round_one.area == pytest.approx(np.pi * radius**2, rel=area)
        assert round_one.length == pytest.approx(2 * np.pi * radius, rel=length)


def test_a_slanted_border_is_smooth():
    """A line of slope 1/3 gets its length within 2 %, where the staircase has 26 % too much."""
    row, column = np.mgrid[:60, :90]
    faces = drawn(pieces(np.where(3 * row + 0.1 < column + 45, 1, 2)), 0.7)[2]
    border = shapely.intersection(faces[0], faces[1])
    assert border.length == pytest.approx(90 * np.sqrt(10) / 3, rel=0.02)


def test_area_fractions_are_told_and_their_drift_is_bounded(tmp_path):
    """Discs of 3 pixels lose more than a twentieth of their area, and much more than told."""
    small = np.tile(disc(10, 3.0), (12, 12))
    with pytest.raises(fem.InputError) as caught:
        build(pictured(saved(tmp_path, small), smoothing=1.5))
    assert caught.value.key == "geometry.image.largest_change"
    assert "smaller smoothing" in caught.value.cure
    cell = build(pictured(saved(tmp_path, small), smoothing=0.0))
    share = (small == 2).mean()
    assert f"active material by 0.00% (area fraction {share:.4g} to {share:.4g})" in cell.notes[1]


def test_further_phases_are_voids_in_a_cell(tmp_path):
    """With their names, and a word on what they would conduct; so are grains that are one."""
    labels = disc(40, 8).astype(int)
    labels[:6, :6], labels[30:] = 7, 1
    labels[:, 20:][labels[:, 20:] == 1] = 3
    carbon = {"name": "carbon", "labels": 7, "electronic_conductivity": "100 S/m"}
    case = pictured(
        saved(tmp_path, labels), labels={"electrolyte": [1, 3], "active": 2},
        phases=[carbon], grain_boundary_resistance="1 ohm*cm^2",
    )  # fmt: skip
    cell = build(case)
    named = [region for region in cell.regions if region.kind == "carbon"]
    assert [region.phase for region in named] == [Phase.VOID]
    assert named[0].area == pytest.approx(36 * 0.25e-12, rel=0.05)
    assert sum(region.name.startswith("electrolyte") for region in cell.regions) == 1
    warnings = [note for note in cell.notes if note.startswith("Warning")]
    assert any("carbon: drawn as voids" in note for note in warnings)
    assert any("boundaries between grains" in note for note in warnings)


def freckled(folder, every):
    """A square of 20 by 20 in 40 by 40 pixels; specks of 2 by 2, `every` so many pixels, in it."""
    labels = np.ones((40, 40), dtype=int)
    labels[10:30, 10:30] = 2
    for i in range(12, 28, every):
        for j in range(12, 28, every):
            labels[i : i + 2, j : j + 2] = 1
    return saved(folder, labels)


def test_all_cleaning_is_one_number_a_phase(tmp_path):
    """Specks leave one phase and come to the other; corners and smoothing add up with them."""
    from fem.geometry.rectangle import rectangle

    case = pictured(freckled(tmp_path, 8), separator=False)
    shape = rectangle(case.geometry.image, tmp_path / "labels.npy")
    electrolyte, active = shape.cleaning
    assert (electrolyte.phase, active.phase) == ("electrolyte", "active material")
    # Four specks of four pixels; smoothing takes an eighth of each of the square's corners and a
    # little more as the outline is simplified.
    for found, pixels in ((electrolyte, 1216), (active, 384)):
        assert found.read == pytest.approx(pixels / 1600, rel=1e-12)
        assert found.specks == pytest.approx(16 / 1600, rel=1e-12)
        assert found.corners == 0.0
        assert found.changed == pytest.approx(found.total / found.read, rel=1e-12)
        area = sum(r.area for r in shape.regions if r.phase == found.phase)
        assert area == pytest.approx(found.drawn * 400e-12, rel=1e-12)
    assert electrolyte.drawn - electrolyte.read + 16 / 1600 == pytest.approx(electrolyte.smoothing)
    assert active.drawn - active.read - 16 / 1600 == pytest.approx(active.smoothing)
    assert active.smoothing == pytest.approx(-electrolyte.smoothing, rel=1e-9)
    assert -4e-3 < active.smoothing < 0.0
    kept = rectangle(case.geometry.image, tmp_path / "labels.npy", as_read=True)
    assert [found.total for found in kept.cleaning] == [0.0, 0.0]


def test_specks_count_in_what_is_refused(tmp_path):
    """Sixteen specks are 19 % of the square around them, which was cleaned without a word."""
    case = pictured(freckled(tmp_path, 4))
    with pytest.raises(fem.InputError, match=r"of the active material \(specks 19") as caught:
        build(case)
    assert caught.value.key == "geometry.image.largest_change"
    assert "specks = 0" in caught.value.cure
    accepted = build(case.replace({"geometry.image.largest_change": 0.25}))
    assert accepted.notes[1].startswith("Warning: cleaning changed electrolyte by")
    assert "16 specks of fewer than 9 pixels (64 in all)" in accepted.notes[1]
    kept = build(case.replace({"geometry.image.specks": 0, "geometry.image.smoothing": 0.0}))
    assert kept.notes[1].startswith("Cleaning changed")


def test_regions_fill_the_cell_and_outlines_close():
    cell = build(pictured(SAMPLES / "cell.png", labels=SHOWN))
    assert sum(r.area for r in cell.regions) == pytest.approx(60e-6 * 80e-6, rel=1e-12)
    area = np.zeros(len(cell.regions) + 1)
    for outline in cell.outlines:
        area[outline.left] += outline.curve.moment
        area[outline.right] -= outline.curve.moment
    assert area[:-1] == pytest.approx([r.area for r in cell.regions], rel=1e-9, abs=0)


def test_lithium_is_left_of_its_surface_which_runs_from_wall_to_wall():
    cell = build(pictured(SAMPLES / "cell.png", labels=SHOWN))
    assert cell.regions[0].name == "lithium"
    surface = [
        o.curve
        for o in cell.outlines
        if o.left == 0 and o.right != OUTSIDE and cell.phases[o.right] == Phase.ELECTROLYTE
    ]
    ends = np.array([curve.point(np.array([0.0, 1.0])) for curve in surface])
    assert ends[0, 0, 0] == 0.0
    assert ends[-1, 0, 1] == pytest.approx(60e-6, rel=1e-12)


def layers(top=3):
    """Lithium (or what `top` says), 12 pixels of electrolyte, and a particle below."""
    labels = np.ones((32, 24), dtype=np.uint8)
    labels[:6] = top
    labels[18:28, 6:18] = 2
    return labels


def test_a_particle_that_touches_lithium_is_inactive_and_why(tmp_path):
    labels = layers()
    labels[3:12, 10:14] = 2
    labels[:3] = 3
    cell = build(pictured(saved(tmp_path, labels), labels=SHOWN | {"void": None}))
    assert sorted(cell.particles.inactivity.tolist()) == ["", str(Inactivity.SHORT)]
    assert "1 of 2 particles, which touch lithium" in " ".join(cell.notes)


def test_a_particle_at_the_edge_touches_what_is_drawn_above(tmp_path):
    labels = np.ones((24, 24), dtype=np.uint8)
    labels[:8, 4:20], labels[14:22, 4:20] = 2, 2
    path = saved(tmp_path, labels)
    assert build(pictured(path)).particles.active.all()
    below_lithium = build(pictured(path, separator=False))
    assert below_lithium.particles.inactivity.tolist() == ["", str(Inactivity.SHORT)]


def test_a_particle_below_a_pore_may_still_touch_the_separator(tmp_path):
    labels = np.ones((40, 40), dtype=np.uint8)
    labels[:20, 8:30], labels[:12, 12:26], labels[26:36, 8:30] = 0, 2, 2
    case = pictured(saved(tmp_path, labels), labels={"electrolyte": 1, "active": 2, "void": 0})
    assert build(case).particles.inactivity.tolist() == ["", ""]
    labels[:3, 8:30] = 0
    saved(tmp_path, labels)
    assert build(case).particles.inactivity.tolist() == ["", "no ions"]


@pytest.mark.parametrize("islands", ["inactive", "refuse"])
def test_islands_are_inactive_or_refused(tmp_path, islands):
    """An island of electrolyte in a particle, and a particle in a pore."""
    labels = np.ones((60, 60), dtype=np.uint8)
    labels[30:55, 5:30], labels[38:46, 14:22] = 2, 1
    labels[30:50, 36:56], labels[36:44, 42:50] = 0, 2
    case = pictured(
        saved(tmp_path, labels), labels={"electrolyte": 1, "active": 2, "void": 0}, islands=islands
    )
    if islands == "refuse":
        with pytest.raises(fem.InputError, match=r"1 pieces of electrolyte .* and 1 particles"):
            build(case)
        return
    cell = build(case)
    assert sorted(cell.particles.inactivity.tolist()) == ["", "no ions"]
    idle = [r for r in cell.regions if r.phase == Phase.IDLE]
    assert [r.material for r in idle] == ["LPSCl"]
    assert idle[0].area == pytest.approx(64 * 0.25e-12, rel=0.05)


def test_rules_for_particles_hold_in_images(tmp_path):
    labels = np.concatenate([disc(30, 9), disc(30, 9)], axis=1)
    case = pictured(saved(tmp_path, labels))
    cell = build(case.replace({"inactive.between": ["0 um", "15 um"]}))
    assert cell.particles.inactivity.tolist() == ["set", ""]
    for ids, problem in ([0, 1], "no particle is active"), ([2], "only 2 particles"):
        with pytest.raises(fem.InputError, match=problem):
            build(case.replace({"inactive.ids": ids}))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda labels: labels[::-1], "upper edge"),
        (lambda labels: np.where(labels == 1, 3, labels), "no pixel of the image is electrolyte"),
        (lambda labels: np.where(np.arange(24) < 4, 3, labels), "collector"),
    ],
)
def test_lithium_in_an_image_lies_on_top(tmp_path, change, problem):
    path = saved(tmp_path, change(layers()))
    with pytest.raises(fem.InputError, match=problem):
        build(pictured(path, labels=SHOWN | {"void": None}))


def test_protrusions_are_drawn_into_the_separator_only(tmp_path):
    case = pictured(saved(tmp_path, disc(80, 20)))
    deep = [{"x": "20 um", "depth": "10 um", "half_width": "4 um"}]
    cell = build(case.replace({"geometry.anode.protrusions": deep}))
    assert cell.deposits[0].tip == pytest.approx((20e-6, 50e-6))
    inside = [{"x": "20 um", "y": "5 um", "half_width": "1 um", "half_height": "1 um"}]
    with pytest.raises(fem.InputError, match="lies in the image"):
        build(case.replace({"geometry.anode.isolated": inside}))


def test_polyline_is_a_curve():
    """Through (0, 0), (3, 0), (3, 4): length 7; the integral of x dy is 12."""
    curve = Polyline(((0.0, 0.0), (3.0, 0.0), (3.0, 4.0)))
    assert (curve.length, curve.moment) == (7.0, 12.0)
    assert curve.corners.tolist() == [3 / 7]
    t = np.array([0.0, 3 / 14, 3 / 7, 5 / 7, 1.0])
    points = np.array([[0.0, 0.0], [1.5, 0.0], [3.0, 0.0], [3.0, 2.0], [3.0, 4.0]])
    assert np.allclose(curve.point(t).T, points, rtol=0.0, atol=1e-15)
    assert curve.parameter(curve.point(t)) == pytest.approx(t)
    assert curve.parameter(np.array([[4.0], [2.0]])) == pytest.approx([5 / 7])
    assert np.isinf(curve.radius(t)).all()
    assert Line((0.0, 0.0), (1.0, 0.0)).corners.size == 0
