"""What pictures of faces that part show, and that those of a run without any are as before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image
from plot_faces import GAP, PRESSURE, faces_of, parted, parted_run
from plot_results import illegible, save, solved
from plot_runs import run

import fem
from fem.errors import InputError
from fem.plot import canvas
from fem.plot.faces import BROKEN, DAMAGED, GAP_MAP, widest
from fem.plot.gap_film import GapFilm
from fem.plot.paint import OPEN
from fem.plot.pieces import Pieces
from fem.results.result import Result

Floats = NDArray[np.float64]


def bands(axes: Any) -> PolyCollection:
    """The gaps that axes show."""
    (found,) = (c for c in axes.collections if isinstance(c, PolyCollection) and c.cmap is GAP_MAP)
    return found


def corners(axes: Any) -> Floats:
    return np.array([path.vertices[:4] for path in bands(axes).get_paths()])


def keys_of(figure: Any) -> set[str]:
    legends = [axes.get_legend() for axes in figure.axes if axes.get_legend() is not None]
    return {text.get_text() for legend in legends for text in legend.get_texts()}


def test_gaps_are_drawn_so_many_times_wider() -> None:
    result = parted()
    axes = fem.plot.gaps(result, Figure().add_subplot(), factor=10.0)
    outer, inner = corners(axes)[:, :2], corners(axes)[:, 3:1:-1]
    width = np.linalg.norm(inner - outer, axis=2)
    particles = len(result.particles.x)
    assert width.max() == pytest.approx(10.0 * GAP * particles * 1e6, rel=1e-3)
    assert "× 10" in axes.get_title(loc="left")
    # Particles are drawn back into themselves, on their right half alone.
    faces = result.faces
    assert faces is not None
    centres = 1e6 * np.stack([result.particles.x, result.particles.y], axis=1)
    radius = 0.5e6 * result.particles.diameter[0]
    distance = np.linalg.norm(outer[:, None, 0] - centres, axis=2)
    nearest = centres[np.argmin(distance, axis=1)]
    assert distance.min(axis=1) == pytest.approx(radius, rel=2e-3)
    assert (outer[:, 0, 0] >= nearest[:, 0] - 1e-6).all()
    assert (np.linalg.norm(inner[:, 0] - nearest, axis=1) <= radius * 1.001).all()


def test_colours_of_gaps_are_their_widths_in_nanometres() -> None:
    result = parted()
    axes = fem.plot.gaps(result, Figure().add_subplot())
    pieces = Pieces.of(result.faces)  # type: ignore[arg-type]
    shown = np.asarray(bands(axes).get_array())
    assert shown == pytest.approx(1e9 * pieces.gap[pieces.open].mean(axis=1), rel=1e-9)
    assert bands(axes).get_clim()[1] >= shown.max()
    (label,) = {a.get_ylabel() for a in axes.child_axes}
    assert label == "gap (nm)"


def test_of_two_particles_both_are_drawn_back() -> None:
    faces = faces_of(solved("elastic"))
    both = replace(faces, other=np.zeros(len(faces.x), dtype=np.int64))
    alone, shared = (Pieces.of(each) for each in (faces, both))
    assert shared.bands(5.0).mean(axis=1) != pytest.approx(alone.bands(5.0).mean(axis=1))
    middle = shared.bands(5.0).mean(axis=1)
    assert middle == pytest.approx(shared.points[shared.open].mean(axis=1), abs=1e-2)


def test_damaged_and_broken_bonds_are_marked_and_named() -> None:
    bonds = {"bond damaged", "bond gone"}
    figure = fem.plot.gaps(parted(bonds=True)).figure
    assert bonds <= keys_of(figure)
    assert not bonds & keys_of(fem.plot.gaps(parted()).figure)
    colours = {
        to_hex(c.get_colors()[0])
        for axes in figure.axes
        for c in axes.collections
        if isinstance(c, LineCollection) and len(c.get_segments()) and c.get_array() is None
    }
    assert {DAMAGED, BROKEN} <= colours


def test_where_no_gap_is_open_that_is_said() -> None:
    axes = fem.plot.gaps(parted(gap=0.0))
    assert axes.get_title(loc="left") == "No gap is open"
    assert not corners(axes).size
    assert len(axes.figure.axes) == 1  # no particle to look at
    assert not axes.child_axes  # no colour bar


def test_closed_faces_show_their_pressure_and_open_ones_none() -> None:
    result = parted()
    axes = fem.plot.contact_pressure(result, Figure().add_subplot())
    (drawn,) = (
        c for c in axes.collections if isinstance(c, LineCollection) and c.get_array() is not None
    )
    values = np.asarray(drawn.get_array())
    middles = np.array([piece.mean(axis=0) for piece in drawn.get_segments()])
    centres = 1e6 * np.stack([result.particles.x, result.particles.y], axis=1)
    nearest = np.argmin(np.linalg.norm(middles[:, None] - centres, axis=2), axis=1)
    radius = 0.5e6 * result.particles.diameter[nearest]
    cosine = (middles[:, 0] - centres[nearest, 0]) / radius
    assert (cosine < 0.1).all()
    wanted = 1e-6 * PRESSURE * np.maximum(-cosine, 0.0)
    assert values == pytest.approx(wanted, abs=0.03e-6 * PRESSURE)


def test_bonds_in_tension_get_colours_of_two_signs() -> None:
    result = parted()
    assert result.faces is not None
    pulled = replace(result.faces, pressure=-result.faces.pressure)
    axes = fem.plot.contact_pressure(replace(result, faces=pulled), Figure().add_subplot())
    (drawn,) = (
        c for c in axes.collections if isinstance(c, LineCollection) and c.get_array() is not None
    )
    low, high = drawn.get_clim()
    assert low == -high < 0.0


def test_maps_of_stress_show_open_faces() -> None:
    def lines(axes: Any) -> int:
        return sum(
            len(c.get_segments())
            for c in axes.collections
            if isinstance(c, LineCollection) and len(c.get_colors()) and _is(c.get_colors()[0])
        )

    def _is(colour: Any) -> bool:
        from matplotlib.colors import to_rgba

        return bool(np.allclose(colour, to_rgba(OPEN)))

    pieces = Pieces.of(parted().faces)  # type: ignore[arg-type]
    for draw in (fem.plot.von_mises, lambda r, ax: fem.plot.field(r, "stress_xx", ax)):
        assert lines(draw(parted(), Figure().add_subplot())) == pieces.open.sum()
        assert lines(draw(solved("elastic"), Figure().add_subplot())) == 0


@pytest.mark.slow
def test_of_a_run_the_state_with_the_largest_gap_is_drawn() -> None:
    result = parted_run()
    state, when = widest(result)
    assert state.faces is not None and when is not None
    assert state.faces.gap.max() == max(f.result.faces.gap.max() for f in result.frames)  # type: ignore[union-attr]
    axes = fem.plot.gaps(result)
    assert "after" in axes.get_title(loc="left")
    assert corners(axes).size


def test_history_of_contact_shows_the_columns_it_says() -> None:
    result = parted_run()
    axes = fem.plot.contact_history(result)
    history = result.history
    assert history is not None
    curve = axes.lines[0]
    assert curve.get_ydata() == pytest.approx(history["open_fraction"])
    labels = [a.get_ylabel().replace("\n", " ") for a in axes.figure.axes]
    for label in ("cell voltage (V)", "share", "gap (nm)", "stack pressure (MPa)"):
        assert label in labels
    gap = next(a for a in axes.figure.axes if a.get_ylabel() == "gap (nm)")
    assert gap.lines[0].get_ydata() == pytest.approx(1e9 * history["gap_max_m"])


def test_history_of_a_stack_is_drawn_from_its_start() -> None:
    result = parted_run()
    axes = fem.plot.stack_history(result)
    assert result.history is not None
    pressure = result.history["stack_pressure_Pa"]
    assert axes.lines[0].get_ydata() == pytest.approx((pressure - pressure[0]) / 1e6)
    labels = [a.get_ylabel().replace("\n", " ") for a in axes.figure.axes]
    for label in ("cell voltage (V)", "change of stack pressure (MPa)", "change of height (nm)"):
        assert label in labels
    assert "from 2 MPa" in axes.figure.axes[0].get_title(loc="left")
    with pytest.raises(InputError, match="no plate on top"):
        fem.plot.stack_history(run("elastic"))


HISTORIES = ("contact_history", "stack_history")


@pytest.mark.parametrize("draw", ["gaps", "contact_pressure", *HISTORIES])
def test_pictures_of_faces_are_legible(draw: str) -> None:
    result = parted_run() if draw in HISTORIES else parted(bonds=True)
    figure = canvas.settle(getattr(fem.plot, draw)(result).figure)
    with fem.plot.style():
        _, texts, size = save(figure, format="png", dpi=100)
    assert not illegible(texts, size)


@pytest.mark.slow
def test_without_faces_there_are_no_such_pictures() -> None:
    assert {"gaps", "contact_pressure"} < set(fem.plot.figures(parted("charge only")))
    for draw in (fem.plot.gaps, fem.plot.contact_pressure):
        with pytest.raises(InputError, match="no faces that may part"):
            draw(solved("elastic"))
    with pytest.raises(InputError, match="no faces that may part"):
        fem.plot.contact_history(run("elastic"))


@pytest.mark.slow
def test_solids_that_yielded_have_a_picture() -> None:
    result = solved("elastic")
    strain = np.where(np.isfinite(result.fields["von_mises"]), 0.01, np.nan)
    yielded = replace(result, fields={**result.fields, "inelastic_strain": strain})
    axes = fem.plot.figures(yielded)["inelastic_strain"].axes[0]
    assert "inelastic strain" in axes.get_title(loc="left")


@pytest.mark.slow
def test_film_of_gaps_keeps_its_scale(tmp_path: Path) -> None:
    result = parted_run()
    film = GapFilm(result.frames, result.history)
    artists = len(film.map.get_children())
    pictures = [film.picture(frame) for frame in result.frames]
    assert len(film.map.get_children()) == artists
    largest = max(f.result.faces.gap.max() for f in result.frames)  # type: ignore[union-attr]
    assert film.limits.high * film.unit.size == pytest.approx(largest, rel=0.1)
    shapes = {picture.shape for picture in pictures}
    assert len(shapes) == 1
    # A state looks the same whatever was shown before it.
    assert (film.picture(result.frames[0]) == pictures[0]).all()
    half = len(pictures) // 2
    assert (pictures[half] != pictures[0]).any(axis=2).sum() > 500
    path = tmp_path / "gaps.gif"
    fem.plot.animate(result.frames, path, seconds=2.0, of="gaps", history=result.history)
    with Image.open(path) as image:
        assert image.n_frames == len(pictures)  # type: ignore[attr-defined]
        assert image.convert("RGB").getpixel((2, 2)) == (255, 255, 255)


def test_films_need_what_they_show(tmp_path: Path) -> None:
    plain: Result = parted_run()
    bare = [replace(frame, result=None) for frame in plain.frames]
    with pytest.raises(InputError, match="faces that may part"):
        fem.plot.animate(bare, tmp_path / "a.gif", of="gaps")
    with pytest.raises(InputError, match="unknown subject"):
        fem.plot.animate(plain.frames, tmp_path / "a.gif", of="stress")
