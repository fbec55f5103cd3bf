"""A film of a run: as many pictures as states, that move, within fixed limits."""

from __future__ import annotations

import dataclasses
import sys
from functools import cache
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import LogNorm
from PIL import Image
from plot_results import solved
from plot_runs import FRAMES, run

import fem.plot
from fem.errors import FemError, InputError
from fem.plot import canvas
from fem.plot.animation import lasting
from fem.plot.film import Film, Limits, Stage
from fem.plot.lithiation import LITHIATION_MAP
from fem.plot.scene import Scene

UM = 1e-6
CHARGED, RESTING, DISCHARGED = 2, 5, 7
"""States on charge, at rest, on discharge."""


@cache
def film(name="deposit"):
    with canvas.style(7.0):
        return Film(run(name).frames)


def pictures(path):
    """All pictures of a GIF (n, height, width, 3) and how long each stands in ms."""
    with Image.open(path) as image:
        shown, lasts = [], []
        for k in range(image.n_frames):
            image.seek(k)
            shown.append(np.asarray(image.convert("RGB")).astype(int))
            lasts.append(image.info["duration"])
    return np.array(shown), lasts


def pixel(made, shown, x, y):
    """The colour of a picture at (x, y) in m on the map."""
    u, v = made.map_axes.transData.transform((x / UM, y / UM))
    return shown[shown.shape[0] - 1 - int(v), int(u)]


def test_a_gif_has_a_picture_for_each_state_and_moves(tmp_path):
    path = tmp_path / "run.gif"
    fem.plot.animate(run("deposit").frames, path, seconds=3.0)
    shown, lasts = pictures(path)
    frames = run("deposit").frames
    # Each as long as it is nearest: half of the times to its neighbours.
    times = np.array([frame.time for frame in frames])
    ends = np.r_[times[0], 0.5 * (times[1:] + times[:-1]), times[-1]]
    assert len(shown) == FRAMES and sum(lasts) == 3000
    assert lasts == pytest.approx(3000.0 * np.diff(ends) / np.ptp(times), abs=10.0)
    assert shown.shape[2] == 900 and path.stat().st_size < 1e6
    changed = [(np.abs(b - a).max(axis=2) > 40).sum() for a, b in pairwise(shown)]
    assert min(changed) > 40, "at the least the clock"
    assert max(changed) > 20_000, "the map"
    # The GIF's own 256 colours are close to those drawn, and white is white.
    drawn = film().picture(run("deposit").frames[CHARGED]).astype(int)
    assert np.abs(shown[CHARGED] - drawn).mean() < 1.5
    assert shown[CHARGED][0, 0].tolist() == [255, 255, 255]
    particles = run("deposit").particles
    for x, y in zip(particles.x, particles.y, strict=True):
        at = [pixel(film(), each, x + 2.0 * UM, y) for each in (shown[CHARGED], drawn)]
        assert np.abs(at[0] - at[1]).max() < 12


def test_particles_have_the_colour_of_their_stoichiometry():
    """Off the middle, where inactive particles have a stroke; the scale is that of all states."""
    made, frames = film(), run("deposit").frames
    values = [np.nan_to_num(f.result.fields["stoichiometry"], nan=0.9) for f in frames]
    limits = made.limits.stoichiometry
    assert (limits.low, limits.high) == pytest.approx((np.min(values), np.max(values)))
    particles = run("deposit").particles
    for frame in (frames[CHARGED], frames[RESTING]):
        shown = made.picture(frame)
        mesh, field = frame.result.field_mesh, frame.result.fields["stoichiometry"]
        for k in np.flatnonzero(particles.active):
            x, y = particles.x[k] + 0.2 * particles.diameter[k], particles.y[k]
            inside = np.flatnonzero(mesh.phase == "active material")
            near = inside[np.argmin(np.hypot(*(mesh.points[inside] - [x, y]).T))]
            share = (field[near] - limits.low) / (limits.high - limits.low)
            wanted = 255.0 * np.array(LITHIATION_MAP(share))[:3]
            assert np.abs(pixel(made, shown, x, y) - wanted).max() < 12.0


def test_the_flux_keeps_one_scale():
    """That of the state with the most current; a resting cell is dark."""
    made, frames = film(), run("deposit").frames
    assert made.limits.flux.low == 0.0 and not made.limits.flux.log
    strongest = Scene(frames[CHARGED].result).flux_range
    assert made.limits.flux.high == strongest.high and made.limits.flux.extend == "max"
    width, level = run("deposit").geometry.width, run("deposit").geometry.lithium_y
    dark = pixel(made, made.picture(frames[RESTING]), 0.9 * width, 0.8 * level)
    light = pixel(made, made.picture(frames[CHARGED]), 0.9 * width, 0.8 * level)
    assert dark.tolist() == [68, 1, 84]
    assert light.astype(int).sum() > dark.astype(int).sum() + 50


def test_lines_and_clock_follow_the_state():
    made, frames = film(), run("deposit").frames
    top = max(float(f.anode.running_mean(f.anode.thickness).max()) for f in frames)
    for frame in (frames[CHARGED], frames[DISCHARGED]):
        made.picture(frame)
        x, y = made.plating.get_data()
        assert np.allclose(x * UM, frame.anode.x)
        assert np.allclose(y, frame.anode.running_mean(frame.anode.plating))
        y = made.thickness.get_ydata()
        assert np.allclose(y * UM, frame.anode.running_mean(frame.anode.thickness))
        assert made.clock.get_text().startswith(
            f"{frame.time / 60.0:.1f} min   {frame.voltage:.3f} V"
        )
    assert made.clock.get_text().endswith("−50 A/m²")
    low, high = made.thickness_axes.get_ylim()
    assert low < 0.0 and top / UM < high < 1.2 * top / UM


def test_a_picture_does_not_depend_on_the_one_before():
    made, frames = film(), run("deposit").frames
    first = made.picture(frames[CHARGED])
    made.picture(frames[RESTING])
    assert np.array_equal(made.picture(frames[CHARGED]), first)


@pytest.mark.slow
def test_without_fields_there_are_only_lines(tmp_path):
    frames = [dataclasses.replace(frame, result=None) for frame in run("deposit").frames]
    path = tmp_path / "lines.gif"
    fem.plot.animate(frames, path)
    shown, _ = pictures(path)
    assert len(shown) == FRAMES and shown.shape[1] < 500
    assert (np.abs(shown[CHARGED] - shown[RESTING]).max(axis=2) > 40).sum() > 1000


def test_a_state_without_fields_leaves_the_map_empty():
    made, frame = film(), run("deposit").frames[CHARGED]
    made.picture(frame)
    shown = made.picture(dataclasses.replace(frame, result=None))
    particles = run("deposit").particles
    for x, y in zip(particles.x, particles.y, strict=True):
        assert pixel(made, shown, x, y).tolist() == [255, 255, 255]


@pytest.mark.slow
def test_a_mesh_that_moves_is_drawn_where_it_is():
    """All moved up by 5 um: the lowest micrometres of the map are then empty."""
    frame = run("deposit").frames[CHARGED]
    mesh = frame.result.field_mesh
    points = mesh.points + np.array([0.0, 5.0 * UM])
    moved = dataclasses.replace(
        frame,
        result=dataclasses.replace(
            frame.result, field_mesh=dataclasses.replace(mesh, points=points)
        ),
    )
    with canvas.style(7.0):
        made = Film([frame, moved])
    empty = [pixel(made, made.picture(each), 1.0 * UM, 2.0 * UM).min() for each in (frame, moved)]
    assert empty[0] < 200 and empty[1] == 255
    stage = Stage.of(frame.result, None)
    assert Stage.of(run("deposit").frames[RESTING].result, stage) is stage
    assert Stage.of(moved.result, stage) is not stage


def test_outlines_move_with_the_geometry():
    """Where there was a deposit of lithium there is none once the geometry says so."""
    frame = run("deposit").frames[CHARGED]
    mesh = frame.result.field_mesh
    other = dataclasses.replace(
        frame.result,
        geometry=solved("flat").geometry,
        field_mesh=dataclasses.replace(mesh, points=mesh.points * (1.0 + 1e-9)),
    )
    with canvas.style(7.0):
        made = Film([frame, frame])
    tip = run("deposit").geometry.deposits[0].tip
    inside = (tip[0], tip[1] + 0.5 * run("deposit").geometry.deposits[0].depth)
    before = pixel(made, made.picture(frame), *inside)
    after = pixel(made, made.picture(dataclasses.replace(frame, result=other)), *inside)
    assert before.tolist() == [196, 196, 196] and after.tolist() == [255, 255, 255]


@pytest.mark.slow
def test_a_plane_electrode_and_a_snapshot_without_stoichiometry():
    assert film("plane").map.lithium is not None
    frame = dataclasses.replace(run("deposit").frames[CHARGED], result=solved("deposit"))
    with canvas.style(7.0):
        made = Film([frame])
    assert made.limits.stoichiometry is None
    particles = run("deposit").particles
    k = int(np.flatnonzero(particles.active)[0])
    shown = pixel(made, made.picture(frame), particles.x[k], particles.y[k])
    assert shown.tolist() == [247, 243, 234]


@pytest.mark.slow
def test_a_logarithmic_scale_is_kept_for_states_without_current(tmp_path):
    frames = run("deposit").frames[CHARGED : RESTING + 1]
    bright = []
    for frame in frames:
        fields = dict(frame.result.fields)
        current = fields["current_density"].copy()
        far = frame.result.field_mesh.points[:, 1] < 60.0 * UM
        current[far] *= 1e-3
        result = dataclasses.replace(frame.result, fields={**fields, "current_density": current})
        bright.append(dataclasses.replace(frame, result=result))
    limits = Limits.over(bright)
    assert limits.flux.log and limits.flux.low > 0.0 and limits.flux.extend == "both"
    with canvas.style(7.0):
        made = Film(bright)
    assert isinstance(made.map.flux[0].norm, LogNorm)
    width = run("deposit").geometry.width
    assert pixel(made, made.picture(bright[-1]), 0.9 * width, 65.0 * UM).tolist() == [68, 1, 84]


# ------------------------------------------------------------------------------- files


@pytest.mark.parametrize(
    ("frames", "name", "seconds", "problem"),
    [(0, "a.gif", 6.0, "at least one"), (1, "a.avi", 6.0, "kind"), (1, "a.gif", 0.0, "last")],
)
def test_what_makes_no_film_is_refused(frames, name, seconds, problem, tmp_path):
    with pytest.raises(InputError, match=problem):
        fem.plot.animate(run("deposit").frames[:frames], tmp_path / name, seconds)
    assert not list(tmp_path.iterdir())


def test_mp4_needs_a_package(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(InputError, match="imageio-ffmpeg") as caught:
        fem.plot.animate(run("deposit").frames, tmp_path / "run.mp4")
    assert "video" in caught.value.cure


def encoder(taken, fails=False):
    """What `imageio_ffmpeg` offers: pictures are sent as bytes."""

    def write_frames(path, size, **options):
        taken.append((path, size, options))
        while True:
            data = yield
            if fails:
                raise OSError("no space left")
            taken.append(data)

    return SimpleNamespace(write_frames=write_frames)


@pytest.mark.slow
def test_mp4_gets_all_pictures_at_their_pace(monkeypatch, tmp_path):
    taken = []
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", encoder(taken))
    path = tmp_path / "run.mp4"
    fem.plot.animate(run("deposit").frames, path, seconds=4.0)
    (name, (width, height), options), *sent = taken
    assert name == str(path) and options["fps"] == 50
    assert width % 2 == height % 2 == 0
    assert {len(data) for data in sent} == {3 * width * height}
    assert len(sent) == pytest.approx(4 * 50, abs=FRAMES)
    # At half of the time the state is shown that is nearest to it.
    times = np.array([frame.time for frame in run("deposit").frames])
    middle = int(np.argmin(np.abs(times - 0.5 * times[-1])))
    assert sent[len(sent) // 2] == film().picture(run("deposit").frames[middle]).tobytes()


@given(st.lists(st.floats(0.0, 1e6), min_size=1, max_size=40), st.floats(0.5, 20.0))
def test_states_last_as_long_as_they_are_nearest(times, seconds):
    """In order, the first and the last among them, none below 20 ms, and as long as the film."""
    shown = lasting(sorted(times), seconds)
    numbers, lasts = zip(*shown, strict=True)
    assert list(numbers) == sorted(set(numbers))
    assert numbers[0] == 0 and numbers[-1] == len(times) - 1
    assert min(lasts) >= 20
    assert sum(lasts) == pytest.approx(1000.0 * seconds, abs=60.0) or len(times) == 1


def test_early_steps_of_milliseconds_do_not_fill_the_film():
    """Ten states in the first second of an hour, then one every ten minutes."""
    times = [*np.linspace(0.0, 1.0, 10), *np.linspace(600.0, 3600.0, 6)]
    shown = lasting(times, 6.0)
    assert [number for number, _ in shown] == [0, 9, 10, 11, 12, 13, 14, 15]
    assert dict(shown)[12] == 1000 and dict(shown)[0] <= 20


def test_an_encoder_that_fails_is_told(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", encoder([], fails=True))
    with pytest.raises(FemError, match=r"cannot encode run\.mp4: no space left"):
        fem.plot.animate(run("deposit").frames, tmp_path / "run.mp4")


def test_mp4_can_be_read_back(tmp_path):
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    path = tmp_path / "run.mp4"
    fem.plot.animate(run("deposit").frames, path, seconds=3.0)
    count, seconds = imageio_ffmpeg.count_frames_and_secs(str(path))
    assert count == pytest.approx(150, abs=FRAMES) and seconds == pytest.approx(3.0, abs=0.2)


def test_a_particle_that_dies_in_the_run_is_drawn_so():
    """Scenes and film stages follow the state, not the drawing."""
    result = solved("flat")
    why = result.particles.inactivity.astype("<U12")
    alive = int(np.flatnonzero(why == "")[0])
    why[alive] = "no electrons"
    particles = dataclasses.replace(result.particles, inactivity=why)
    dead = dataclasses.replace(result, particles=particles)
    before, after = Scene(result), Scene(dead)
    assert len(after.electrodes.inactive.vertices) > len(before.electrodes.inactive.vertices)
    assert len(after.electrodes.strokes) > len(before.electrodes.strokes)
    stage = Stage.of(result, None)
    assert Stage.of(result, stage) is stage
    assert Stage.of(dead, stage) is not stage


def test_a_film_says_which_particles_are_inactive():
    """Live ones have the colours of their stoichiometry, which a bar explains."""
    (key,) = film("deposit").figure.legends
    assert [text.get_text() for text in key.get_texts()] == ["inactive"]
