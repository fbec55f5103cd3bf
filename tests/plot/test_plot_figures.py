"""Every kind of cell gives its figures: legible, in physical units, without global state."""

from __future__ import annotations

import dataclasses
import io
import logging
import os
import subprocess
import sys
import warnings
from functools import cache

import matplotlib
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import TriMesh
from matplotlib.figure import Figure
from plot_results import CHANGES, STRESSED, illegible, save, solved

import fem
import fem.plot
from fem.errors import InputError

MAPS = ("potential", "flux", "von_mises", "von_mises_tip")


@cache
def figures_of(name: str) -> dict[str, Figure]:
    """The figures of a small cell, drawn once."""
    return fem.plot.figures(solved(name))


@pytest.mark.parametrize("name", [name for name in CHANGES if name != "charge only"])
def test_figures_are_legible_and_warn_of_nothing(name, caplog):
    """Each kind of cell has its figures; no two texts overlap, and none is cut off by the edge."""
    result = solved(name)
    before = dict(matplotlib.rcParams)
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        # What the plotting library asks of its own parser is not of our making.
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"matplotlib\.")
        made = figures_of(name)
        panel = fem.plot.panel(result)
        saved = {
            key: save(each, format="png", dpi=100) for key, each in {**made, "panel": panel}.items()
        }
    assert not caplog.records
    assert dict(matplotlib.rcParams) == before
    maps = MAPS if name in STRESSED else MAPS[:2]
    assert list(made) == [*maps, "anode_profile"]
    # A map and its colour bar, which is a child of the map's axes.
    assert [len(axes.child_axes) for axes in panel.axes] == [1] * len(maps)
    assert panel.get_figwidth() * 25.4 == pytest.approx(180.0)

    for key, (_, texts, size) in saved.items():
        assert len(texts) > 8, key
        assert illegible(texts, size) == [], key


@pytest.mark.parametrize("name", CHANGES)
def test_maps_have_units_and_equal_aspect(name):
    made = figures_of(name)
    units = {"potential": "(mV)", "flux": "(A/m²)", "von_mises": "Pa)", "von_mises_tip": "Pa)"}
    for key in MAPS if name in STRESSED else MAPS[:2]:
        axes = made[key].axes[0]
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("x (µm)", "y (µm)")
        assert axes.get_aspect() == 1.0
        axes.apply_aspect()
        (x0, x1), (y0, y1), box = axes.get_xlim(), axes.get_ylim(), axes.get_window_extent()
        assert box.width / box.height == pytest.approx((x1 - x0) / (y1 - y0), rel=1e-6)
        bar = axes.child_axes[0]
        bar.apply_aspect(bar.get_axes_locator()(bar, made[key].canvas.get_renderer()))
        beside = bar.get_window_extent()
        assert beside.x0 > box.x1 or beside.y1 < box.y0
        assert units[key] in bar.get_ylabel() + bar.get_xlabel()
        assert axes.get_title(loc="left")


def test_pyplot_and_the_backend_are_left_alone():
    """A fresh interpreter that draws and saves has not imported pyplot, nor chosen a backend."""
    code = (
        "import io, sys, matplotlib, fem\n"
        "from plot_results import solved\n"
        "r = solved('plane')\n"
        "for f in fem.plot.figures(r).values(): f.savefig(io.BytesIO())\n"
        "fem.plot.panel(r).savefig(io.BytesIO(), format='pdf')\n"
        "assert fem.plot.potential(r).figure.canvas.manager is None\n"
        "print('matplotlib.pyplot' in sys.modules,\n"
        "      matplotlib.get_backend(auto_select=False)\n"
        "      if matplotlib.__version_info__ >= (3, 10) else None)\n"
    )
    # A backend that the environment names would be reported as chosen.
    env = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    found = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", code],
        capture_output=True,
        text=True,
        env={**env, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.split()[0] == "False"
    assert found.stdout.split()[1] == "None"


@pytest.mark.parametrize("draw", [*MAPS, "anode_profile"])
def test_axes_that_are_handed_in_are_used(draw):
    figure = Figure(layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    assert getattr(fem.plot, draw)(solved("deposit"), ax=right) is right
    assert right.has_data() and not left.has_data()
    # One size of ticks: those of whoever made the axes.
    sizes = {t.get_fontsize() for t in right.get_xticklabels()}
    sizes |= {t.get_fontsize() for a in right.child_axes for t in a.get_yticklabels()}
    assert sizes == {10.0}
    figure.savefig(io.BytesIO())


def test_the_profile_fits_axes_without_a_grid():
    figure = Figure()
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.2, 0.2, 0.6, 0.6))
    assert fem.plot.anode_profile(solved("deposit"), ax=axes) is axes
    lower = next(other for other in figure.axes if other is not axes)
    assert lower.get_position().y1 < axes.get_position().y0
    assert lower.get_position().y0 == pytest.approx(0.2)
    assert axes.get_position().y1 == pytest.approx(0.8)


@pytest.mark.parametrize("draw", [fem.plot.von_mises, fem.plot.von_mises_tip])
def test_stress_that_was_not_solved_is_refused(draw):
    with pytest.raises(InputError, match="mechanics") as caught:
        draw(solved("charge only"))
    assert caught.value.key == "mechanics.enabled"


def test_a_title_the_font_lacks_is_left_out_and_signs_stay_plain():
    result = solved("plane")
    for title, shown in (("锂金属", False), ("cost $5_{ and $x", True)):
        other = dataclasses.replace(result, case=result.case.replace({"title": title}))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            _, texts, _ = save(fem.plot.flux(other).figure)
        assert (title in [text for text, _ in texts]) is shown


@pytest.mark.parametrize(("name", "said"), [("deposit", ["active", "inactive"]), ("plane", [])])
def test_the_panel_says_which_particles_do_not_react(name, said):
    """By a key below the maps, inside the figure; there is none where all react."""
    panel = fem.plot.panel(solved(name))
    assert [text.get_text() for each in panel.legends for text in each.get_texts()] == said
    renderer = panel.canvas.get_renderer()
    for key in panel.legends:
        place = key.get_window_extent(renderer)
        assert place.y0 >= 0.0
        assert all(place.y1 <= axes.get_tightbbox(renderer).y0 for axes in panel.axes)


def test_fields_of_the_panel_are_raster_and_its_text_is_not():
    panel = fem.plot.panel(solved("deposit"))
    for axes in panel.axes:
        fields = [c for c in axes.collections if isinstance(c, TriMesh)]
        assert [c.get_rasterized() for c in fields] == [True]
        others = [a for a in axes.get_children() if a not in fields]
        assert not any(a.get_rasterized() for a in others)
    letters = [axes.get_title(loc="left") for axes in panel.axes]
    assert letters == ["a", "b", "c", "d"]
    with fem.plot.style():
        pdf, texts, _ = save(panel, format="pdf", dpi=72)
    assert "Current density" in [text for text, _ in texts]
    # Text in an outline font, and an image for each field and each colour bar.
    assert b"/CIDFontType2" in pdf and pdf.count(b"/Subtype /Image") >= 8
