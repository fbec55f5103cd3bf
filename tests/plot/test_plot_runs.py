"""Figures of a run in time: what is drawn is its history, its kept states and its particles."""

from __future__ import annotations

import dataclasses
import warnings
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, TriMesh
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from plot_results import illegible, save, solved
from plot_runs import CURRENTS, DURATIONS, EVENTS, FRAMES, ROWS, run

import fem.plot
from fem.errors import InputError
from fem.plot import canvas
from fem.plot.lithiation import Grains
from fem.plot.paint import INACTIVE
from fem.plot.runs import COLOURS, branches_of, steps_of, time_unit

UM = 1e-6
MAH_CM2 = 1.0 / 3.6e4
"""Of a charge in A s/m^2."""
IN_TIME = ("voltage", "anode_history", "stoichiometry")
CHARGING, DISCHARGING = ROWS // 2, 3 * ROWS + ROWS // 2


# ------------------------------------------------------------------------------- steps


def test_steps_are_what_the_charge_says():
    """A hold that goes on charging is a charge; each step starts from the row before it."""
    history = run("deposit").history
    steps = steps_of(history)
    assert [step.kind for step in steps] == ["charge", "charge", "rest", "discharge", "rest"]
    assert [(step.label, step.ended_by) for step in steps] == list(EVENTS)
    assert [step.rows for step in steps] == [(k * ROWS, (k + 1) * ROWS) for k in range(5)]


def test_branches_last_until_the_current_turns():
    branches = branches_of(steps_of(run("deposit", 2).history))
    assert [branch.kind for branch in branches] == ["charge", "discharge"] * 2
    ends = [0, 3 * ROWS, 5 * ROWS, 8 * ROWS, 10 * ROWS]
    assert [branch.rows for branch in branches] == list(pairwise(ends))


def test_a_run_that_broke_off_has_a_step_without_an_end():
    whole = run("deposit").history
    rows = ROWS + ROWS // 2
    cut = dataclasses.replace(
        whole, columns={k: v[:rows] for k, v in whole.columns.items()}, events=whole.events[:1]
    )
    assert [(s.label, s.ended_by) for s in steps_of(cut)] == [EVENTS[0], ("", "")]
    axes = fem.plot.voltage(dataclasses.replace(run("deposit"), history=cut))
    assert len(marks_of(axes.figure.axes[1])) == 1


def test_times_read_in_seconds_minutes_or_hours():
    assert [time_unit(t).name for t in (0.0, 100.0, 1000.0, 1e5)] == ["s", "s", "min", "h"]
    assert [time_unit(t).size for t in (100.0, 1000.0, 1e5)] == [1.0, 60.0, 3600.0]


# ------------------------------------------------------------------------------- voltage


def marks_of(axes):
    """Places of the vertical lines through axes, in data units."""
    lines = [line for line in axes.lines if len(line.get_xdata()) == 2]
    return [line.get_xdata()[0] for line in lines if line.get_xdata()[0] == line.get_xdata()[1]]


def test_branches_begin_at_no_capacity():
    result = run("deposit")
    axes = fem.plot.voltage(result)
    assert axes.get_xlabel() == "capacity per area (mAh/cm²)"
    assert axes.get_ylabel() == "cell voltage (V)"
    curves = [line for line in axes.lines if line.get_linestyle() == "-"]
    assert [line.get_color().tolist() for line in curves] == [
        pytest.approx(to_rgba(COLOURS[kind])[:3]) for kind in ("charge", "discharge")
    ]
    # A constant current and a hold that decays as exp(-4 u), summed at ends of steps.
    hold = np.exp(-4.0 * np.linspace(0.0, 1.0, ROWS)).mean()
    charged = (CURRENTS[0] * DURATIONS[0] + CURRENTS[1] * DURATIONS[1] * hold) * MAH_CM2
    discharged = -CURRENTS[3] * DURATIONS[3] * MAH_CM2
    for line, last in zip(curves, (charged, discharged), strict=True):
        x = line.get_xdata()
        assert x[0] == 0.0 and (np.diff(x) >= 0.0).all() and x[-1] == pytest.approx(last)
    volts = result.history.columns["Voltage / V"]
    assert np.array_equal(curves[0].get_ydata(), volts[: 3 * ROWS + 1])
    assert np.array_equal(curves[1].get_ydata(), volts[3 * ROWS :])
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    at = [line.get_ydata().tolist() for line in dots]
    assert at == [[volts[ROWS], volts[2 * ROWS]], [volts[4 * ROWS]]]


def test_charge_against_the_direction_of_its_branch_counts_as_less():
    """A run that gives 0.1 mAh/cm^2 before it takes 0.4: the curve goes left first, in sight."""
    result = run("deposit")
    rows = ROWS + 1
    columns = {name: values[:rows] for name, values in result.history.columns.items()}
    columns["capacity_Ah_m2"] = np.interp(np.arange(rows), [0, 10, ROWS], [0.0, -1.0, 3.0])
    history = dataclasses.replace(result.history, columns=columns, events=())
    axes = fem.plot.voltage(dataclasses.replace(result, history=history))
    (curve,) = [line for line in axes.lines if line.get_linestyle() == "-"]
    assert curve.get_xdata() == pytest.approx(0.1 * columns["capacity_Ah_m2"])
    assert axes.get_xlim()[0] == pytest.approx(-0.1)


def test_later_cycles_are_darker():
    axes = fem.plot.voltage(run("deposit", 3))
    curves = [line for line in axes.lines if line.get_linestyle() == "-"]
    for kind, mine in (("charge", curves[::2]), ("discharge", curves[1::2])):
        light = [float(np.sum(line.get_color())) for line in mine]
        assert light[0] > light[1] > light[2]
        assert mine[-1].get_color() == pytest.approx(to_rgba(COLOURS[kind])[:3])


def test_events_are_marked_and_named_over_time():
    figure = fem.plot.voltage(run("deposit")).figure
    _, upper, lower = figure.axes
    ends = np.cumsum(DURATIONS) / 60.0
    assert lower.get_xlabel() == "time (min)" and "A/m²" in lower.get_ylabel()
    assert marks_of(upper) == pytest.approx(ends) and marks_of(lower) == pytest.approx(ends)
    names = [t for t in upper.texts if t.get_rotation() == 90.0]
    assert [t.get_text() for t in names] == [ended_by for _, ended_by in EVENTS]
    assert [t.xy[0] for t in names] == pytest.approx(ends)
    strip = [p for p in upper.patches if isinstance(p, Rectangle)]
    assert [p.get_facecolor() for p in strip] == [
        to_rgba(COLOURS[kind]) for kind in ("charge", "charge", "rest", "discharge", "rest")
    ]
    assert [p.get_width() for p in strip] == pytest.approx(np.array(DURATIONS) / 60.0)
    # As much of a name as has room above its step.
    shown = [t.get_text() for t in upper.texts if t.get_rotation() == 0.0]
    assert shown == ["charge", "hold", "", "discharge at 50 A/m²", ""]


def test_many_events_leave_the_curves_alone():
    _, upper, lower = fem.plot.voltage(run("deposit", 3)).figure.axes
    assert marks_of(upper) == marks_of(lower) == []
    assert len([p for p in upper.patches if isinstance(p, Rectangle)]) == 15


def test_the_current_jumps_where_a_step_begins():
    """In A/m^2, from the old to the new value at one time."""
    lower = fem.plot.voltage(run("deposit")).figure.axes[2]
    line = max(lower.lines, key=lambda each: len(each.get_xdata()))
    time, density = line.get_data()
    at = np.flatnonzero(np.isclose(time, sum(DURATIONS[:3]) / 60.0))
    assert density[at].tolist() == pytest.approx([CURRENTS[2], CURRENTS[3]])
    assert density[:2] == pytest.approx([CURRENTS[0]] * 2)


# ------------------------------------------------------------------------------- next to nothing


def with_columns(result, **columns):
    """The run with other columns, by names without their units' brackets."""
    names = {"volts": "Voltage / V", "amperes": "Current / A", "passed": "capacity_Ah_m2"}
    found = {names.get(name, name): values for name, values in columns.items()}
    history = dataclasses.replace(result.history, columns={**result.history.columns, **found})
    return dataclasses.replace(result, history=history)


def span(ends):
    return ends[1] - ends[0]


def test_rounding_of_a_constant_voltage_is_drawn_flat():
    """A zigzag of 1e-14 V about 3.6 V stays below a thousandth of the height of the axes."""
    result = run("deposit")
    volts = 3.6 + 1e-14 * (-1.0) ** np.arange(len(result.history))
    axes = fem.plot.voltage(with_columns(result, volts=volts))
    for each in axes.figure.axes[:2]:
        assert span(each.get_ylim()) >= 1e-3
        assert each.get_ylim()[0] < 3.6 < each.get_ylim()[1]


def test_a_rest_has_neither_charge_nor_current():
    """1e-33 mAh/cm^2 are no discharge, and 1e-30 A/m^2 no curve."""
    result = run("deposit")
    noise = 1e-30 * np.sin(np.arange(len(result.history)))
    idle = with_columns(
        result, passed=np.cumsum(noise), amperes=noise * 1e-4, anode_plating_mean_A_m2=noise,
        thickness_mean_m=1e-20 * noise,
    )  # fmt: skip
    assert {step.kind for step in steps_of(idle.history)} == {"rest"}
    axes = fem.plot.voltage(idle)
    assert axes.get_legend() is None and [t.get_text() for t in axes.texts] == ["no charge passed"]
    assert span(axes.get_xlim()) >= 1e-7
    assert span(axes.figure.axes[2].get_ylim()) >= 1e-3
    lower = fem.plot.anode_history(idle).figure.axes[2]
    assert [t.get_text() for t in lower.texts] == ["next to nothing is plated"]
    assert lower.get_ylim()[0] < 1.0 < lower.get_ylim()[1]


def test_an_unevenness_that_is_flat_looks_flat():
    """1.444 to 1.452 fill less than a fifth of the axis."""
    result = run("deposit")
    ratio = np.linspace(1.444, 1.452, len(result.history))
    names = ("focusing_max_over_mean", "thickness_max_over_mean")
    lower = fem.plot.anode_history(with_columns(result, **dict.fromkeys(names, ratio))).figure.axes[
        2
    ]
    assert span(lower.get_ylim()) > 5 * 0.008
    assert lower.get_ylim()[0] < 1.444 < 1.452 < lower.get_ylim()[1]


# ------------------------------------------------------------------------------- anode history


def test_profiles_in_time_are_running_means_in_the_colour_of_their_time():
    result = run("deposit")
    upper = fem.plot.anode_history(result)
    _, middle, _, bar = upper.figure.axes
    assert upper.get_ylabel() == "plated thickness (µm)"
    assert middle.get_ylabel() == "plating (A/m²)" and middle.get_xlabel() == "x (µm)"
    assert bar.get_ylabel() == "time (min)"
    for axes, name, unit in ((upper, "thickness", UM), (middle, "plating", 1.0)):
        (lines,) = [c for c in axes.collections if isinstance(c, LineCollection)]
        segments = lines.get_segments()
        assert len(segments) == FRAMES
        for points, frame in zip(segments, result.frames, strict=True):
            wanted = frame.anode.running_mean(getattr(frame.anode, name))
            assert np.allclose(points[:, 0] * UM, frame.anode.x)
            assert np.allclose(points[:, 1] * unit, wanted)
        assert np.asarray(lines.get_array()) * 60.0 == pytest.approx(
            [frame.time for frame in result.frames]
        )
        assert lines.get_clim() == pytest.approx((0.0, sum(DURATIONS) / 60.0))
        low, high = axes.get_ylim()
        y = np.concatenate(segments)[:, 1]
        assert low < y.min() and y.max() < high
    assert bar.get_ylim() == pytest.approx((0.0, sum(DURATIONS) / 60.0))


def test_unevenness_is_drawn_over_the_charge_while_current_flows():
    result = run("deposit")
    columns = result.history.columns
    lower = fem.plot.anode_history(result).figure.axes[2]
    assert lower.get_xlabel() == "capacity per area since the start (mAh/cm²)"
    assert lower.get_ylabel() == "maximum / mean"
    plating = [line for line in lower.lines if line.get_linestyle() == "-"]
    assert [line.get_color() for line in plating] == [COLOURS["charge"], COLOURS["discharge"]]
    charge, discharge = plating
    x, y = discharge.get_data()
    assert x == pytest.approx(0.1 * columns["capacity_Ah_m2"][3 * ROWS + 1 :])
    assert np.allclose(y[:ROWS], columns["focusing_max_over_mean"][3 * ROWS + 1 : 4 * ROWS + 1])
    # The rests have no plating to compare, nor has the end of the hold less than a thousandth.
    assert np.isnan(y[ROWS:]).all() and np.isnan(charge.get_ydata()[2 * ROWS :]).all()
    assert np.isfinite(charge.get_ydata()[: 2 * ROWS]).all()


def test_ratios_to_next_to_nothing_are_left_out():
    result = run("deposit")
    columns = dict(result.history.columns)
    columns["anode_plating_mean_A_m2"] = np.where(
        columns["step"] == 0, 1e-4 * CURRENTS[0], columns["anode_plating_mean_A_m2"]
    )
    columns["focusing_max_over_mean"] = np.where(
        columns["step"] == 0, 1e6, columns["focusing_max_over_mean"]
    )
    history = dataclasses.replace(result.history, columns=columns)
    lower = fem.plot.anode_history(dataclasses.replace(result, history=history)).figure.axes[2]
    assert lower.get_ylim()[1] < 2.0


def test_many_states_are_thinned_out():
    result = run("deposit")
    frames = [dataclasses.replace(result.frames[3], time=float(t)) for t in range(1000)]
    axes = fem.plot.anode_history(dataclasses.replace(result, frames=tuple(frames)))
    (lines,) = [c for c in axes.collections if isinstance(c, LineCollection)]
    times = np.asarray(lines.get_array()) * 60.0
    assert len(times) == 40 and times[[0, -1]] == pytest.approx([0.0, 999.0])


# ------------------------------------------------------------------------------- stoichiometry


@pytest.mark.parametrize("row", [CHARGING, DISCHARGING])
def test_the_map_shows_the_stoichiometry_in_full(row):
    result = run("deposit", end=row)
    axes = fem.plot.stoichiometry(result)
    field = result.fields["stoichiometry"]
    (drawn,) = [c for c in axes.collections if isinstance(c, TriMesh)]
    known = np.isfinite(field)
    assert np.array_equal(np.sort(drawn.get_array()), np.sort(field[known]))
    assert drawn.get_clim() == pytest.approx((np.nanmin(field), np.nanmax(field)))
    assert axes.child_axes[0].get_ylabel() == "stoichiometry of lithium"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x (µm)", "y (µm)")
    assert axes.get_aspect() == 1.0


def test_lines_show_the_axes_of_crystals():
    """Of those that react, at their angle, and shorter the more they are tilted."""
    result = run("deposit", end=CHARGING)
    table = result.particles
    angle = np.linspace(0.0, 3.0, len(table.x))
    tilt = np.where(np.arange(len(table.x)) % 2, np.pi / 3.0, 0.0)
    crystals = dataclasses.replace(table, axis=angle, tilt=tilt)
    axes = fem.plot.stoichiometry(dataclasses.replace(result, particles=crystals))
    lines = np.array(
        [c.get_segments() for c in axes.collections if isinstance(c, LineCollection)][-1]
    )
    ends = np.diff(lines, axis=1)[:, 0]
    assert len(lines) == table.active.sum()
    expected = 0.6 * np.where(tilt > 0.0, 0.5, 1.0) * table.diameter / UM
    assert np.hypot(*ends.T) == pytest.approx(expected[table.active])
    assert np.arctan2(ends[:, 1], ends[:, 0]) == pytest.approx(angle[table.active])
    assert lines.mean(axis=1) == pytest.approx(np.c_[table.x, table.y][table.active] / UM)


def test_inactive_particles_are_grey_and_hatched():
    result = run("deposit", end=CHARGING)
    axes = fem.plot.stoichiometry(result)
    axes.figure.canvas.draw()
    pixels = np.asarray(axes.figure.canvas.buffer_rgba())
    grey = np.round(255 * np.array(to_rgba(INACTIVE)))
    for x, y, d, active in zip(
        result.particles.x, result.particles.y, result.particles.diameter, result.particles.active,
        strict=True,
    ):  # fmt: skip
        u, v = axes.transData.transform((x / UM + 0.2 * d / UM, y / UM))
        colour = pixels[pixels.shape[0] - 1 - int(v), int(u)]
        assert (np.abs(colour - grey).max() <= 2) == (not active)
    (strokes,) = [c for c in axes.collections if isinstance(c, LineCollection)]
    assert len(strokes.get_segments()) == 3 * (~result.particles.active).sum()


@pytest.mark.parametrize("row", [CHARGING, DISCHARGING])
def test_the_zoom_is_on_the_surface_furthest_from_its_mean(row):
    """The upper row leads most, by what the made-up field x = m - l (2 q^2 - 1)(1 + 0.3 u) has.

    q is the radius and u the height over the radius; the mean over a disc of 2 q^2 - 1 is zero,
    the surface leads by l (1 + 0.3 u), so at most by 1.3 l, with l = 0.04 there.
    """
    result = run("deposit", end=row)
    zoom = fem.plot.stoichiometry(result).figure.axes[1]
    particles = result.particles
    (left, right), (bottom, top) = zoom.get_xlim(), zoom.get_ylim()
    x, y = 0.5 * (left + right) * UM, 0.5 * (bottom + top) * UM
    body = int(np.argmin(np.hypot(particles.x - x, particles.y - y)))
    assert particles.active[body] and particles.y[body] == particles.y.max()
    assert (x, y) == pytest.approx((particles.x[body], particles.y[body]))
    title = zoom.get_title(loc="left").replace("−", "-")
    assert title.startswith(f"Particle {body}: surface")
    sign = -1.0 if row == CHARGING else 1.0
    assert float(title.split()[3]) == pytest.approx(sign * 1.3 * 0.04, abs=2e-3)
    # Colours of its own: the particle's range, not that of the bed.
    (drawn,) = [c for c in zoom.collections if isinstance(c, TriMesh)]
    points = result.field_mesh.points
    inside = np.hypot(*(points - [x, y]).T) <= 0.5 * particles.diameter[body] * (1.0 + 1e-9)
    field = result.fields["stoichiometry"][inside]
    assert drawn.get_clim() == pytest.approx((np.nanmin(field), np.nanmax(field)))


def test_means_and_surfaces_of_particles():
    """Means to the quadrature by quarter triangles, surface extremes m ± l (1 ± 0.3)."""
    result = run("deposit", end=CHARGING)
    grains = Grains.of(result)
    particles = result.particles
    assert grains.body.tolist() == np.flatnonzero(particles.active).tolist()
    assert np.allclose(grains.y * UM, particles.y[grains.body])
    columns = result.history.columns
    filled = columns["capacity_Ah_m2"][CHARGING] / np.abs(columns["capacity_Ah_m2"]).max()
    depth = particles.y[grains.body] / particles.y.max()
    mean, lead = 0.9 - filled * (0.3 + 0.3 * depth), 0.04 * depth
    assert grains.mean == pytest.approx(mean, abs=1e-3)
    assert grains.low == pytest.approx(mean - 1.3 * lead, abs=2e-4)
    assert grains.high == pytest.approx(mean - 0.7 * lead, abs=2e-4)
    below = fem.plot.stoichiometry(result).figure.axes[2]
    (dots,) = [line for line in below.lines if line.get_marker() == "o"]
    assert np.array_equal(dots.get_data(), [grains.mean, grains.y])
    low, high = below.get_xlim()
    assert low < grains.low.min() and grains.mean.max() < high


def test_a_plane_electrode_has_the_map_alone():
    axes = fem.plot.stoichiometry(run("plane", end=CHARGING))
    assert axes.figure.axes == [axes]
    (drawn,) = [c for c in axes.collections if isinstance(c, TriMesh)]
    low, high = drawn.get_clim()
    assert high - low == pytest.approx(0.01), "a uniform field is not its noise"


# ------------------------------------------------------------------------------- all of them


def check_legible(figures):
    for key, figure in figures.items():
        _, texts, size = save(figure, format="png", dpi=100)
        assert len(texts) > 8, key
        assert illegible(texts, size) == [], key


def test_a_run_that_ends_at_rest_has_all_figures_and_warns_of_nothing():
    """Without any current there is nothing to scale by."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = fem.plot.figures(run("deposit"))
        assert list(made)[:3] == list(IN_TIME)
        assert list(made)[3:] == list(fem.plot.figures(solved("deposit")))
        check_legible(made)


@pytest.mark.parametrize("name", ["wide", "tiny", "plane"])
def test_figures_in_time_are_legible(name):
    result = run(name, end=CHARGING)
    drawn = {key: getattr(fem.plot, key)(result).figure for key in IN_TIME}
    check_legible({key: canvas.settle(figure) for key, figure in drawn.items()})


def test_particles_in_equilibrium_are_not_said_to_lead():
    zoom = fem.plot.stoichiometry(run("deposit")).figure.axes[1]
    assert zoom.get_title(loc="left").endswith("surface as its mean")


@pytest.mark.slow
def test_cycles_are_legible():
    result = run("deposit", 6)
    drawn = {key: getattr(fem.plot, key)(result).figure for key in IN_TIME[:2]}
    check_legible({key: canvas.settle(figure) for key, figure in drawn.items()})


@pytest.mark.parametrize("draw", IN_TIME)
def test_axes_that_are_handed_in_are_used(draw):
    figure = Figure(layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    assert getattr(fem.plot, draw)(run("deposit"), ax=right) is right
    assert right.has_data() and not left.has_data()
    assert {t.get_fontsize() for t in right.get_xticklabels()} == {10.0}


@pytest.mark.parametrize("draw", [fem.plot.voltage, fem.plot.anode_history])
def test_a_snapshot_has_no_history(draw):
    with pytest.raises(InputError, match="snapshot") as caught:
        draw(solved("deposit"))
    assert caught.value.key == "operation.kind"


def test_what_was_not_kept_is_refused():
    with pytest.raises(InputError, match="kept no states"):
        fem.plot.anode_history(dataclasses.replace(run("deposit"), frames=()))
    with pytest.raises(InputError) as caught:
        fem.plot.stoichiometry(solved("deposit"))
    assert caught.value.key == "kinetics.cathode.stoichiometry"
