"""What is drawn is the field: where it is defined, within robust limits, along the current."""

from __future__ import annotations

import dataclasses
import gc
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import LineCollection, TriMesh
from matplotlib.colors import LogNorm, Normalize, to_rgba
from matplotlib.patches import Circle
from matplotlib.tri import LinearTriInterpolator, Triangulation
from plot_results import CHANGES, STRESSED, solved

import fem.plot
from fem.geometry import Phase
from fem.plot.paint import ACTIVE, INACTIVE
from fem.plot.raster import Grid, to_grid
from fem.plot.scale import (
    Range,
    axis_range,
    full_range,
    percentile,
    robust_range,
    round_up,
    stress_unit,
)
from fem.plot.scene import Scene
from fem.plot.streamlines import Walls, trace

UM = 1e-6


def field_of(axes):
    (found,) = [c for c in axes.collections if isinstance(c, TriMesh)]
    return found


def corners_of(part):
    """Corners (3, nt, 2) and areas (nt,) of a part's triangles in um."""
    a, b, c = part.points[part.triangles].transpose(1, 0, 2)
    area = 0.5 * np.abs(np.cross(np.c_[b - a, np.zeros(len(a))], np.c_[c - a, np.zeros(len(a))]))
    return (a, b, c), area[:, 2]


# ------------------------------------------------------------------------------- masks


@pytest.mark.parametrize("name", CHANGES)
def test_only_the_electrolyte_carries_potential_and_current(name):
    """Its triangles fill the exact area of the electrolyte, and no particle or lithium.

    Chords cut circles short: an edge that spans the angle a loses a^2/6 of the disc; quarters of
    edges of 0.35 rad lose 0.5 %.
    """
    result = solved(name)
    scene = Scene.of(result)
    _, areas = corners_of(scene.electrolyte)
    exact = sum(r.area for r in result.geometry.regions if r.phase == Phase.ELECTROLYTE) / UM**2
    assert areas.sum() == pytest.approx(exact, rel=5e-3)
    assert np.isfinite(scene.potential).all() and np.isfinite(scene.flux).all()

    find = scene.electrolyte.triangulation.get_trifinder()
    particles, shape = result.particles, result.geometry
    solid = list(zip(particles.x, particles.y, strict=True))
    solid += [(0.5 * shape.width, 0.5 * (shape.lithium_y + shape.height))]
    solid += [(d.tip[0], d.tip[1] + 0.5 * d.depth) for d in shape.deposits]
    solid += [(float(p.x), float(p.y)) for p in result.case.geometry.anode.isolated]
    x, y = np.array(solid).T / UM
    assert (find(x, y) == -1).all()
    assert find(0.01 * shape.width / UM, (shape.lithium_y - 0.02 * shape.height) / UM) >= 0


@pytest.mark.parametrize("name", STRESSED)
def test_stress_is_drawn_where_it_was_solved(name):
    """Electrolyte and active material; lithium too if it is elastic."""
    result = solved(name)
    _, areas = corners_of(Scene.of(result).solids)
    exact = sum(
        r.area
        for r in result.geometry.regions
        if r.phase != Phase.LITHIUM or result.case.mechanics.lithium == "elastic"
    )
    assert areas.sum() == pytest.approx(exact / UM**2, rel=5e-3)
    assert np.isfinite(Scene.of(result).von_mises).all()


def test_values_are_those_of_the_result():
    result = solved("deposit")
    for draw, name, unit in (
        (fem.plot.potential, "phi_e", 1e-3),
        (fem.plot.von_mises, "von_mises", 1e9),
    ):
        drawn = field_of(draw(result))
        scene = Scene.of(result)
        part = scene.electrolyte if name == "phi_e" else scene.solids
        values = result.fields[name][part.source]
        if name == "von_mises":
            unit = stress_unit(drawn.norm.vmax * 1e9).size if drawn.norm.vmax < 10 else 1e6
            unit = unit if np.allclose(drawn.get_array() * unit, values) else 1e6
        assert np.allclose(drawn.get_array() * unit, values)
        assert np.allclose(result.field_mesh.points[part.source] / UM, part.points)


def test_particles_are_painted_over_as_what_they_are():
    """The pixel beside the middle of a particle (its middle carries a stroke if inactive)."""
    result = solved("deposit")
    axes = fem.plot.flux(result)
    figure = axes.figure
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())
    for x, y, d, active in zip(
        result.particles.x, result.particles.y, result.particles.diameter, result.particles.active,
        strict=True,
    ):  # fmt: skip
        u, v = axes.transData.transform((x / UM + 0.2 * d / UM, y / UM))
        colour = pixels[pixels.shape[0] - 1 - int(v), int(u)]
        expected = np.round(255 * np.array(to_rgba(ACTIVE if active else INACTIVE)))
        assert np.abs(colour - expected).max() <= 2


# ------------------------------------------------------------------------------- limits


def share_above(part, values, level, keep=None):
    """Share of the area of `part` that stands for values above a level; thirds at corners."""
    _, areas = corners_of(part)
    keep = np.ones(len(values), dtype=bool) if keep is None else keep
    above = ((values > level) & keep)[part.triangles].sum(axis=1) / 3.0
    return (areas * above).sum() / (areas * keep[part.triangles].sum(axis=1) / 3.0).sum()


@pytest.mark.parametrize("name", ["deposit", "isolated", "elastic", "wide"])
def test_colour_bars_end_where_half_a_percent_of_the_area_lies_beyond(name):
    result = solved(name)
    scene = Scene.of(result)
    shown = field_of(fem.plot.flux(result))
    low, high = shown.get_clim()
    assert low == 0.0
    assert share_above(scene.electrolyte, scene.flux, high) <= 0.005
    # Two digits: the end is at most a tenth beyond the percentile.
    assert share_above(scene.electrolyte, scene.flux, 0.9 * high) > 0.005
    assert shown.norm.__class__ is Normalize

    x, y = scene.solids.points.T
    keep = np.ones(len(x), dtype=bool)
    for deposit in result.geometry.deposits:
        for foot in deposit.feet:
            keep &= np.hypot(x - foot[0] / UM, y - foot[1] / UM) > 4.0
    axes = fem.plot.von_mises(result)
    low, high = field_of(axes).get_clim()
    label = axes.child_axes[0].get_ylabel() + axes.child_axes[0].get_xlabel()
    high *= 1e9 if "GPa" in label else 1e6
    assert low == 0.0 or isinstance(field_of(axes).norm, LogNorm)
    assert share_above(scene.solids, scene.von_mises, high, keep) <= 0.005
    assert share_above(scene.solids, scene.von_mises, 0.9 * high, keep) > 0.005
    beyond = scene.von_mises.max() > high
    assert beyond == ("ends at 99.5 % of the area" in label)


def test_the_potential_spans_its_whole_range():
    result = solved("deposit")
    phi = result.fields["phi_e"]
    assert field_of(fem.plot.potential(result)).get_clim() == pytest.approx(
        (1e3 * np.nanmin(phi), 1e3 * np.nanmax(phi))
    )


def test_a_few_hot_spots_neither_stretch_nor_hide():
    values, areas = np.r_[np.linspace(0.0, 100.0, 1000), 1e6], np.ones(1001)
    assert robust_range(values, areas, 1e-6) == Range(0.0, 100.0, False, "max")
    assert robust_range(values[:-1], areas[:-1], 1e-6).extend == "neither" or values.max() > 100
    # Half of the area a thousand times below the end: logarithmic, within four decades.
    spread = np.geomspace(1e-9, 1e3, 1000)
    found = robust_range(spread, np.ones(1000), 1e-6, may_be_log=True)
    assert found.log and found.extend == "both"
    assert 1e-5 * found.high < found.low <= 1e-3 * found.high
    assert not robust_range(spread, np.ones(1000), 1e-6).log


def test_uniform_fields_get_a_range():
    assert full_range(np.full(3, 2.0), 1e-6) == Range(2.0 - 5e-7, 2.0 + 5e-7)
    assert robust_range(np.zeros(3), np.ones(3), 1e3) == Range(0.0, 1e3)
    assert robust_range(np.full(3, 100.0000000001), np.ones(3), 1e-6) == Range(0.0, 100.0)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9), st.floats(1e-9, 10.0), st.floats(0, 0.2)
)
def test_an_axis_holds_its_values_and_spans_no_less_than_what_is_meant(values, least, share):
    low, high = axis_range(np.array([*values, np.nan]), least, share=share)
    assert low <= min(values) and max(values) <= high
    most = max(abs(min(values)), abs(max(values)))
    assert high - low >= max(least, share * most) * (1.0 - 1e-9) - 1e-9 * most
    assert high - low <= 1.15 * max(least, share * most, max(values) - min(values)) + 1e-9 * most


def test_percentile_and_rounding():
    assert percentile(np.array([3.0, 1.0, 2.0]), np.array([1.0, 8.0, 1.0]), 85.0) == 2.0
    assert [round_up(v) for v in (0.0, 1743.0, 0.0961, 100.0)] == pytest.approx(
        [0.0, 1800.0, 0.097, 100.0]
    )


# ------------------------------------------------------------------------------- current lines


def test_the_grid_agrees_with_the_field():
    """Against an interpolation on the triangles by other code, at random points away from walls.

    The grid is bilinear over its spacing, the field smooth over the mesh size: a few percent.
    """
    result = solved("deposit")
    scene = Scene.of(result)
    part, rng = scene.electrolyte, np.random.default_rng(4)
    current = result.fields["current_density"][part.source]
    triangles = Triangulation(*part.points.T, part.triangles)
    xy = rng.uniform((0.0, 0.0), (60.0, 80.0), (2000, 2))
    exact = np.stack([LinearTriInterpolator(triangles, c)(*xy.T).filled(np.nan) for c in current.T])
    found = scene.grid.at(xy)
    # The two masks differ by at most a grid spacing along the interfaces.
    differ = np.isnan(exact[0]) != np.isnan(found[:, 0])
    assert differ.mean() < 0.02
    both = np.isfinite(exact[0]) & np.isfinite(found[:, 0])
    assert 1000 < both.sum() < 1950
    error = np.hypot(*(exact.T - found)[both].T)
    assert np.median(error) < 0.005 * 100.0 and np.quantile(error, 0.99) < 0.05 * 100.0


def test_a_linear_field_survives_the_grid_and_gaps_do_not():
    """Two unit squares with a gap between them: exact inside, nothing in the gap."""
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    points = np.concatenate([square, square + np.array([1.5, 0.0])])
    triangles = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]])
    values = np.c_[1.0 + 2.0 * points[:, 0] - points[:, 1], points[:, 1]]
    grid = to_grid(points, triangles, values, (0.0, 2.5, 0.0, 1.0), 4000)
    xy = np.random.default_rng(0).uniform((0.05, 0.05), (0.95, 0.95), (100, 2))
    xy[50:, 0] += 1.5
    assert np.allclose(grid.at(xy), np.c_[1.0 + 2.0 * xy[:, 0] - xy[:, 1], xy[:, 1]])
    assert np.isnan(grid.at(np.array([[1.25, 0.5], [-0.1, 0.5], [1.0, 1.2]]))).all()
    x = grid.origin[0] + grid.spacing * np.arange(grid.values.shape[1])
    gap = (x > 1.0 + 1e-9) & (x < 1.5 - 1e-9)
    assert np.isnan(grid.values[:, gap]).all()
    assert np.isfinite(grid.values[:, ~gap]).all()


def lithium_distance(result, point):
    nodes = result.mesh.nodes[:, result.mesh.edges[result.mesh.interface(Phase.LITHIUM)].ravel()]
    return np.hypot(*(nodes / UM - np.asarray(point)[:, None])).min()


def particle_gap(result, point):
    p = result.particles
    gaps = np.hypot(p.x / UM - point[0], p.y / UM - point[1]) - 0.5 * p.diameter / UM
    return gaps.min(), bool(p.active[np.argmin(gaps)])


@pytest.mark.parametrize("name", ["deposit", "flat", "discharge"])
def test_lines_run_along_the_current_between_active_particles_and_lithium(name):
    result = solved(name)
    scene = Scene.of(result)
    lines = scene.lines
    assert len(lines.lines) == round(abs(result.applied) * 60e-6 / lines.share) >= 10
    reach = 3.0 * scene.grid.spacing
    for line, head, angle in zip(lines.lines, lines.arrows, lines.angles, strict=True):
        cathode, lithium = (line[0], line[-1]) if result.applied > 0 else (line[-1], line[0])
        assert lithium_distance(result, lithium) < 1.3
        gap, active = particle_gap(result, cathode)
        assert gap < reach and active
        # No line enters a particle by more than the raster, inactive ones included.
        assert min(particle_gap(result, p)[0] for p in line) > -scene.grid.spacing
        current = scene.grid.at(head[None])[0]
        direction = current / np.hypot(*current)
        assert direction @ (np.cos(angle), np.sin(angle)) > 0.98


def test_each_line_carries_the_same_current():
    """Lines that end on the left of x number as the plating there over the share of a line."""
    result = solved("deposit")
    lines, anode = Scene.of(result).lines, result.anode
    ends = np.array([line[-1] for line in lines.lines])
    s = np.array(
        [anode.s[np.argmin(np.hypot(anode.x / UM - x, anode.y / UM - y))] for x, y in ends]
    )
    carried = np.concatenate(
        [[0.0], np.cumsum(np.diff(anode.s) * 0.5 * (anode.plating[1:] + anode.plating[:-1]))]
    )
    expected = np.interp(np.sort(s), anode.s, carried) / lines.share
    assert expected == pytest.approx(np.arange(len(s)) + 0.5, abs=0.3)


@pytest.mark.slow
def test_what_enters_isolated_lithium_leaves_it():
    result = solved("isolated")
    lines = Scene.of(result).lines.lines

    def touches(point):
        return ((point[0] - 40.0) / 8.0) ** 2 + ((point[1] - 60.0) / 4.0) ** 2 < 1.5

    entering, leaving = (sum(touches(line[k]) for line in lines) for k in (-1, 0))
    assert entering == leaving >= 1


@pytest.mark.slow
def test_lines_of_a_plane_cell_are_straight_and_evenly_spaced():
    result = solved("plane")
    lines = Scene.of(result).lines
    x = [line[:, 0] for line in lines.lines]
    assert max(np.ptp(each) for each in x) < 1e-6
    assert [each[0] for each in x] == pytest.approx([1.5, 4.5, 7.5, 10.5], abs=1e-3)
    assert lines.angles == pytest.approx(np.full(4, 0.5 * np.pi))


def test_lines_are_found_again_on_the_map():
    result = solved("deposit")
    axes = fem.plot.potential(result)
    sets = [c.get_segments() for c in axes.collections if isinstance(c, LineCollection)]
    lines = Scene.of(result).lines.lines
    assert any(
        len(each) == len(lines) and all(np.allclose(a, b) for a, b in zip(each, lines, strict=True))
        for each in sets
    )


def test_equipotential_lines_lie_at_their_levels():
    result = solved("deposit")
    scene = Scene.of(result)
    levels, segments = scene.contours
    assert 5 <= len(levels) <= 13
    # Round numbers of millivolts, as many as fit.
    step = 1e3 * (levels[1] - levels[0])
    leading = float(f"{step:.9e}".split("e")[0])
    assert min(abs(leading - digits) for digits in (1.0, 2.0, 2.5, 5.0)) < 1e-6
    assert 1e3 * levels / step == pytest.approx(np.round(1e3 * levels / step), abs=1e-6)
    phi = LinearTriInterpolator(scene.electrolyte.triangulation, scene.potential)
    for level, lines in zip(levels, segments, strict=True):
        for line in lines:
            values = phi(*(0.5 * (line[1:] + line[:-1])).T).compressed()
            assert values == pytest.approx(level, abs=1e-6)


def test_lines_slide_along_inactive_particles():
    """A uniform current down onto a disc it may not enter: lines go around it and on below."""
    x, y = np.meshgrid(np.arange(100) + 0.5, np.arange(100) + 0.5)
    down = np.stack([0.0 * x, -1.0 + 0.0 * y], axis=2)
    down[np.hypot(x - 50.0, y - 50.0) < 20.0] = np.nan
    grid = Grid((0.5, 0.5), 1.0, down)
    walls = Walls(np.array([[50.0, 50.0]]), np.array([20.0]), (0.0, 0.0), (100.0, np.inf))
    seeds = np.array([[20.0, 99.0], [45.0, 99.0], [58.0, 99.0]])
    lines = trace(grid, seeds, np.tile([0.0, -1.0], (3, 1)), -1.0, walls)
    assert [line[0].tolist() for line in lines] == seeds.tolist()
    assert [line[-1, 1] < 2.0 for line in lines] == [True] * 3
    assert np.ptp(lines[0][:, 0]) == 0.0
    assert [line[-1, 0] for line in lines[1:]] == pytest.approx([29.0, 71.0], abs=1.0)
    assert min(np.hypot(*(line - 50.0).T).min() for line in lines) > 20.5


def test_the_mean_at_a_tip_can_be_found_on_the_colour_bar():
    result = solved("deposit")
    metrics = {**result.metrics, "von_mises_tip_Pa": [5e10]}
    axes = fem.plot.von_mises_tip(dataclasses.replace(result, metrics=metrics))
    assert field_of(axes).get_clim()[1] == pytest.approx(50.0)
    assert axes.texts[0].get_text() == "50.0 GPa"


def test_a_tip_without_a_metric_is_drawn_without_a_label():
    result = solved("deposit")
    metrics = {k: v for k, v in result.metrics.items() if k != "von_mises_tip_Pa"}
    axes = fem.plot.von_mises_tip(dataclasses.replace(result, metrics=metrics))
    assert not axes.texts and np.allclose(circles(axes, 2.0), [(20.0, 70.0)])


def test_no_current_has_no_lines():
    grid = Scene.of(solved("flat")).grid
    nothing = type(grid)(grid.origin, grid.spacing, 0.0 * grid.values)
    walls = Scene.of(solved("flat"))._walls
    seeds, normals = np.array([[30.0, 80.0]]), np.array([[0.0, -1.0]])
    assert trace(nothing, seeds, normals, 1.0, walls) == []
    assert len(trace(grid, seeds, normals, 1.0, walls)) == 1


# ------------------------------------------------------------------------------- marks


def circles(axes, radius):
    found = [p for p in axes.patches + axes.artists if isinstance(p, Circle)]
    return sorted({p.center for p in found if p.radius == pytest.approx(radius)})


def test_feet_and_process_zones_are_marked():
    result = solved("deposit")
    feet = [(15.0, 80.0), (25.0, 80.0)]
    assert np.allclose(circles(fem.plot.von_mises(result), 4.0), feet)
    axes = fem.plot.von_mises_tip(result)
    assert np.allclose(circles(axes, 4.0), feet)
    assert np.allclose(circles(axes, 2.0), [(20.0, 70.0)])
    (label,) = [t.get_text() for t in axes.texts]
    number, unit = label.split()
    expected = result.metrics["von_mises_tip_Pa"][0] / {"GPa": 1e9, "MPa": 1e6}[unit]
    assert float(number) == pytest.approx(expected, rel=5e-3)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert left < 15.0 and right > 25.0 and bottom < 65.0 and top > 80.0


def test_discs_as_large_as_the_cell_are_neither_drawn_nor_left_out():
    result = solved("tiny")
    scene = Scene.of(result)
    assert circles(fem.plot.von_mises(result), 4.0) == []
    everything = robust_range(scene.von_mises, scene.solids.areas, 1e3)
    assert scene.von_mises_range.high == everything.high


def test_without_deposits_the_zoom_shows_the_fastest_plating():
    result = solved("flat")
    axes = fem.plot.von_mises_tip(result)
    peak = result.anode.x[np.argmax(result.anode.running_mean(result.anode.plating))] / UM
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert left <= peak <= right and bottom < 80.0 < top
    assert (right - left) * (top - bottom) < 0.5 * 60.0 * 90.0
    assert not axes.texts and "fastest" in axes.get_title(loc="left")


# ------------------------------------------------------------------------------- sharing


def test_a_scene_is_made_once_and_does_not_keep_its_result():
    result = dataclasses.replace(solved("plane"))
    scene = Scene.of(result)
    assert Scene.of(result) is scene is not Scene.of(solved("plane"))
    fem.plot.potential(result)
    gone = weakref.ref(result)
    del result
    gc.collect()
    assert gone() is None and scene not in Scene._known.values()
