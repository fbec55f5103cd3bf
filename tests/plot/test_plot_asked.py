"""One field as asked for: its range, scale and window, the deformed shape, round edges; voids."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, TriMesh
from matplotlib.colors import LogNorm, Normalize, SymLogNorm
from plot_results import illegible, save, solved

import fem.plot
from fem.errors import InputError
from fem.plot import canvas
from fem.plot.fields import SHOWN
from fem.plot.scene import Scene

sys.path.append(str(Path(__file__).parents[1] / "geometry"))
from image_examples import disc, pictured, saved

UM = 1e-6


def field_of(axes):
    (found,) = [c for c in axes.collections if isinstance(c, TriMesh)]
    return found


def label_of(axes):
    bar = axes.child_axes[0]
    return bar.get_ylabel() + bar.get_xlabel()


@cache
def with_a_void():
    """A cell of an image: a disc of active material, and a round pore."""
    import tempfile

    labels = disc(28, 6, (8, 8))
    labels[disc(28, 5, (20, 20)) == 2] = 0
    shown = {"electrolyte": 1, "active": 2, "void": 0}
    with tempfile.TemporaryDirectory() as folder:
        return fem.run(pictured(saved(Path(folder), labels), labels=shown))


# ------------------------------------------------------------------------------- what is drawn


@pytest.mark.parametrize("name", [n for n in SHOWN if n not in ("stoichiometry", "layer_lithium")])
def test_any_field_can_be_drawn_in_its_unit(name):
    """The array drawn, times its unit, is the scalar of the field where that is defined."""
    result = solved("deposit")
    if name == "inelastic_strain":  # no solid of this cell yields
        strain = result.fields["von_mises"] * 1e-11
        result = replace(result, fields={**result.fields, name: strain})
    axes = fem.plot.field(result, name)
    shown = SHOWN[name]
    raw = result.fields[shown.field]
    values = np.asarray(shown.of(raw))
    values = values[np.isfinite(values)]
    label = label_of(axes)
    unit = label.rpartition("(")[2].partition(")")[0] if "(" in label else ""
    size = {
        "mV": 1e-3, "V": 1.0, "A/m²": 1.0, "nm": 1e-9, "µm": UM, "MPa": 1e6, "GPa": 1e9, "": 1.0,
    }[unit]  # fmt: skip
    drawn = np.asarray(field_of(axes).get_array()) * size
    assert np.allclose(np.sort(drawn), np.sort(values), atol=1e-9 * np.abs(values).max())
    low, high = field_of(axes).get_clim()
    assert low < high and (low == -high or low == 0.0 or shown.whole)


def test_components_and_invariants_of_a_uniform_stress():
    """Uniaxial 3 MPa with a shear of 2 MPa: pressure -1, principal 1.5 + 2.5 = 4 MPa."""
    stress = np.array([[3e6, 0.0, 0.0, 2e6]])
    found = {name: SHOWN[name].of(stress)[0] for name in SHOWN if SHOWN[name].field == "stress"}
    assert found == pytest.approx(
        {"pressure": -1e6, "principal_stress": 4e6, "stress_xx": 3e6, "stress_yy": 0.0,
         "stress_zz": 0.0, "stress_xy": 2e6}
    )  # fmt: skip


def test_range_scale_and_window_are_those_asked_for():
    result = solved("deposit")
    window = (10e-6, 30e-6, 60e-6, 90e-6)
    axes = fem.plot.field(result, "von_mises", limits=(1e6, 1e9), scale="log", window=window)
    drawn = field_of(axes)
    assert isinstance(drawn.norm, LogNorm)
    assert drawn.get_clim() == pytest.approx((1e-3, 1.0)) and "(GPa)" in label_of(axes)
    assert (*axes.get_xlim(), *axes.get_ylim()) == pytest.approx((10.0, 30.0, 60.0, 90.0))
    axes = fem.plot.field(result, "stress_yy", scale="symlog")
    norm = field_of(axes).norm
    assert isinstance(norm, SymLogNorm) and norm.vmin == -norm.vmax
    assert norm.linthresh == pytest.approx(1e-3 * norm.vmax)
    assert norm.__class__ is not Normalize


def test_a_symmetric_scale_tells_the_cathode_from_nothing():
    """Colours of the least stressed half take over a tenth of the bar, linear ones hardly any."""
    result = solved("deposit")
    spread = {}
    for scale in ("linear", "symlog", "log"):
        drawn = field_of(fem.plot.field(result, "von_mises", scale=scale))
        place = np.asarray(drawn.norm(drawn.get_array())).clip(0.0, 1.0)
        spread[scale] = float(np.ptp(np.quantile(place, [0.05, 0.5])))
    assert spread["linear"] < 0.05
    assert spread["symlog"] > 0.1 and spread["log"] > 0.1


def test_the_map_of_all_stress_turns_logarithmic_where_half_of_it_would_be_dark():
    assert isinstance(field_of(fem.plot.von_mises(solved("deposit"))).norm, LogNorm)
    assert field_of(fem.plot.von_mises_tip(solved("deposit"))).norm.__class__ is Normalize


@pytest.mark.parametrize(
    ("how", "word"),
    [
        ({"name": "von_mieses"}, "did you mean von_mises"),
        ({"name": "stoichiometry"}, "stoichiometry needs"),
        ({"name": "von_mises", "scale": "cubic"}, "symlog"),
        ({"name": "stress_xx", "scale": "log"}, "above 0"),
        ({"name": "phi_e", "limits": (1.0, 1.0)}, "rise"),
        ({"name": "phi_e", "window": (1e-6, 2e-6, 1.0, 2.0)}, "some of the cell"),
    ],
)
def test_what_cannot_be_drawn_is_refused(how, word):
    with pytest.raises(InputError) as caught:
        fem.plot.field(solved("deposit"), **how)
    assert word in str(caught.value)


def test_no_deformed_shape_without_mechanics():
    with pytest.raises(InputError, match="mechanics was switched off"):
        fem.plot.field(solved("charge only"), "phi_e", deformed=10.0)


def test_the_deformed_shape_is_that_of_the_displacements():
    result = solved("deposit")
    axes = fem.plot.field(result, "von_mises", deformed=20.0)
    assert "deformed 20 times" in axes.get_title(loc="left")
    scene = Scene.of(result)
    part = scene.solids
    moved = result.fields["displacement"][part.source] / UM
    mesh = field_of(axes)
    found = np.column_stack([mesh._triangulation.x, mesh._triangulation.y])
    assert np.allclose(found, part.points + 20.0 * moved)
    (rim,) = [c for c in axes.collections if isinstance(c, LineCollection)]
    # The left wall does not move sideways, and its edges are still on it.
    ends = np.array([segment[[0, -1], 0] for segment in rim.get_segments()])
    assert (np.abs(ends).max(axis=1) < 1e-9).sum() > 5


def test_edges_are_round_when_enlarged():
    """In a window on a particle no triangle leaves its disc by more than 1e-4 of the radius.

    Quarters of P2 triangles leave r (1 - cos(a/4)) between chord and arc for an edge of angle a.
    """
    result = solved("deposit")
    k = int(np.flatnonzero(result.particles.active)[0])
    x, y, r = (
        float(v[k]) for v in (result.particles.x, result.particles.y, result.particles.diameter)
    )
    r *= 0.5
    window = (x - 1.2 * r, x + 1.2 * r, y - 1.2 * r, y + 1.2 * r)
    off = {}
    for name, window_shown in (("whole", None), ("enlarged", window)):
        shape = field_of(fem.plot.field(result, "phi_s", window=window_shown))._triangulation
        row, side = np.nonzero(shape.neighbors < 0)
        edges = np.stack([shape.triangles[row, side], shape.triangles[row, (side + 1) % 3]])
        points = np.stack([shape.x, shape.y]) * UM - [[x], [y]]
        ends, middle = points[:, edges], points[:, edges].mean(axis=1)
        on = (np.abs(np.hypot(*ends) / r - 1.0) < 1e-3).all(axis=0)
        off[name] = float((1.0 - np.hypot(*middle[:, on]) / r).max())
    assert off["whole"] > 1e-3
    assert off["enlarged"] < 1e-3 and off["enlarged"] < 0.2 * off["whole"]


# ------------------------------------------------------------------------------- voids and keys


@pytest.mark.slow
def test_voids_look_like_nothing_else():
    """The pore is hatched, which nothing else is but in strokes; a key says so."""
    result = with_a_void()
    axes = fem.plot.flux(result)
    figure = canvas.settle(axes.figure)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(float)
    u, v = axes.transData.transform((10.0, 10.0)).astype(int)
    patch = pixels[pixels.shape[0] - 1 - v - 8 : pixels.shape[0] - 1 - v + 8, u - 8 : u + 8]
    assert np.ptp(patch.mean(axis=2)) > 60.0, "hatched"
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["void"]


def keys(axes):
    return [t.get_text() for t in axes.get_legend().get_texts()]


def test_circles_are_explained():
    result = solved("deposit")
    assert keys(fem.plot.von_mises(result)) == ["4 µm around a foot: not counted in the range"]
    assert keys(fem.plot.von_mises_tip(result))[0] == "2 µm around a tip: mean there"
    assert fem.plot.von_mises(solved("flat")).get_legend() is None


@pytest.mark.parametrize("name", ["deposit", "tiny"])
def test_a_key_is_there_however_narrow_the_map(name):
    axes = fem.plot.potential(solved(name))
    assert keys(axes)[:2] == ["active", "inactive"]


@pytest.mark.parametrize("height", [12.0, 48.0, 100.0, 200.0, 300.0])
def test_a_long_title_stays_below_the_colour_bar_of_a_flat_map(height):
    """Texts of a map 800 um wide, with a footnote of two lines."""
    with fem.plot.style():
        axes = canvas.map_figure((0.0, 800.0, 0.0, height), "A title of many words " * 8)
        canvas.frame(axes, (0.0, 800.0, 0.0, height), "A map")
        drawn = axes.tripcolor([0.0, 800.0, 0.0], [0.0, 0.0, height], [0.0, 1.0, 2.0])
        canvas.colour_bar(axes, drawn, canvas.Range(0.0, 2.0), "of something")
        FigureCanvasAgg(axes.figure)
        _, texts, size = save(canvas.settle(axes.figure), format="png", dpi=100)
    assert illegible(texts, size) == []
