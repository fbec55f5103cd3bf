"""The profile along the lithium: means, the second scale, shading and names."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from plot_results import solved

import fem.plot
from fem.errors import InputError
from fem.plot.profile import active_ranges

UM = 1e-6


def thick_line(axes):
    return max(axes.lines, key=lambda line: line.get_linewidth())


def lower_of(axes):
    (found,) = [other for other in axes.figure.axes if other is not axes]
    return found


@pytest.mark.parametrize("along", ["x", "s"])
def test_the_thick_line_is_the_running_mean(along):
    result = solved("deposit")
    anode = result.anode
    axes = fem.plot.anode_profile(result, along=along)
    x, y = thick_line(axes).get_data()
    assert np.allclose(x * UM, getattr(anode, along))
    assert np.allclose(y, anode.running_mean(anode.plating))
    assert "A/m²" in axes.get_ylabel()
    lower = lower_of(axes)
    x, y = thick_line(lower).get_data()
    unit = {"GPa": 1e9, "MPa": 1e6}[lower.get_ylabel().split("(")[1].split(",")[0]]
    assert np.allclose(x * UM, getattr(anode, along))
    assert np.allclose(y * unit, anode.running_mean(anode.normal_stress))
    assert "µm" in lower.get_xlabel() and ("arc" in lower.get_xlabel()) == (along == "s")
    low, high = lower.get_ylim()
    assert low < y.min() and y.max() < high


def test_the_second_scale_reads_the_thickness():
    """On the scale of the plating, the place of 0.3 um is where the thickness is 0.3 um."""
    result = solved("deposit")
    axes = fem.plot.anode_profile(result)
    axes.figure.canvas.draw()
    (scale,) = axes.child_axes
    assert "plated thickness (µm)" in scale.get_ylabel()
    ratio = result.anode.thickness[0] / result.anode.plating[0] / UM
    assert np.allclose(scale.get_ylim(), ratio * np.array(axes.get_ylim()))


def test_a_thickness_of_its_own_gets_a_line_of_its_own():
    result = solved("deposit")
    thickness = np.linspace(1e-7, 2e-7, len(result.anode.s))
    other = dataclasses.replace(
        result, anode=dataclasses.replace(result.anode, thickness=thickness)
    )
    axes = fem.plot.anode_profile(other)
    (twin,) = [a for a in axes.figure.axes if "thickness (nm)" in a.get_ylabel()]
    assert np.allclose(twin.lines[0].get_ydata(), thickness * 1e9)


def test_without_mechanics_there_is_one_panel():
    for name in ("charge only", "discharge"):
        axes = fem.plot.anode_profile(solved(name))
        assert axes.figure.axes == [axes] and not axes.child_axes
        assert axes.get_xlabel() == "x (µm)"
    assert "stripping" in axes.get_title(loc="left")


def test_shading_faces_the_active_particles():
    """Three columns of 20 um, of which the first is inactive."""
    result = solved("deposit")
    assert np.allclose(active_ranges(result) / UM, [[20.0, 60.0]])
    axes = fem.plot.anode_profile(result)
    (shade,) = [p for p in axes.patches if p.get_zorder() == 0]
    box = shade.get_extents().transformed(axes.transData.inverted())
    assert (box.x0, box.x1) == pytest.approx((20.0, 60.0))
    assert not list(fem.plot.anode_profile(solved("plane")).patches)


def test_deposits_are_named_above_their_tips():
    result = solved("deposit")
    anode = result.anode
    for along, place in (("x", 20.0), ("s", float(np.interp(20e-6, anode.x, anode.s)) / UM)):
        axes = fem.plot.anode_profile(result, along=along)
        (name,) = [t for t in axes.texts if t.get_text() == "deposit 0"]
        assert name.get_position()[0] == pytest.approx(place)


def test_an_unknown_abscissa_is_refused():
    with pytest.raises(InputError, match="abscissa"):
        fem.plot.anode_profile(solved("plane"), along="y")


def test_rounding_errors_of_a_flat_cell_stay_flat():
    lower = lower_of(fem.plot.anode_profile(solved("plane")))
    low, high = lower.get_ylim()
    noise = np.ptp(thick_line(lower).get_ydata())
    assert "kPa" in lower.get_ylabel() and noise < 0.05 * (high - low)


@pytest.mark.parametrize("name", ["deposit", "discharge"])
def test_names_of_deposits_stand_above_both_curves(name):
    """Neither the means of plating nor a dotted thickness of its own reach the names."""
    result = solved(name)
    anode = result.anode
    bump = 1e-7 * (1.0 + 4.0 * np.exp(-(((anode.x - 20e-6) / 4e-6) ** 2)))
    other = dataclasses.replace(result, anode=dataclasses.replace(anode, thickness=bump))
    axes = fem.plot.anode_profile(other)
    axes.figure.canvas.draw()
    (text,) = [t for t in axes.texts if t.get_text() == "deposit 0"]
    foot = text.get_window_extent().y0
    (twin,) = [a for a in axes.figure.axes if "dotted" in a.get_ylabel()]
    for each, line in ((axes, thick_line(axes)), (twin, twin.lines[0])):
        top = each.transData.transform((0.0, float(np.max(line.get_ydata()))))[1]
        assert top < foot
