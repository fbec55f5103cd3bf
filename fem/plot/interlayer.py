"""Where lithium went in a cell with an interlayer: in time, and along the layer."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from fem.errors import InputError
from fem.geometry.types import INTERLAYER
from fem.plot import canvas
from fem.plot.canvas import INK, MUTED
from fem.plot.fields import field
from fem.plot.runs import history_of, time_unit, times_of
from fem.plot.scale import MICROMETRE
from fem.results.history import ON_THE_WAY
from fem.results.quantities import declared
from fem.results.result import Result

Floats = NDArray[np.float64]

PLACES = {
    "carbon": ("stored in the layer", "#4c5a66"),
    "pores": ("in its pores", "#8a6fae"),
    "electrolyte": ("electrolyte|interlayer", "#b5462f"),
    "collector": ("interlayer|collector", "#2b7a9b"),
}
"""Names and colours of the places, from the bottom of the stack up."""
_WIDTH, _HEIGHT = 120.0, 100.0
_MAP, _LEAST, _MOST, _PROFILE, _AROUND = 85.0, 22.0, 60.0, 18.0, 12.0
"""In mm: width of a map, its least and greatest height, height of a profile, room around each."""


def _require(result: Result) -> None:
    if result.case.geometry.anode.interlayer is None:
        raise InputError(
            "this cell has no interlayer",
            key="geometry.anode.interlayer",
            allowed="a case with [geometry.anode.interlayer]",
        )


def lithium_places(result: Result, ax: Axes | None = None) -> Axes:
    """Charge that each place has taken up, one above the other, against time.

    In a figure of its own the voltage follows below. Vertical lines are what lithium has opened.

    Returns
    -------
    The axes of the charges.

    Raises
    ------
    InputError
        If the result is a snapshot, or its cell has no interlayer.
    """
    _require(result)
    history = history_of(result)
    unit = time_unit(float(times_of(history)[-1]))
    time = times_of(history) / unit.size
    opened = [time[row] for row, _, _, why in history.events if why.startswith(ON_THE_WAY)]

    def draw(axes: Axes) -> None:
        names = [n for n in PLACES if f"lithium_{n}_Ah_m2" in history.columns]
        entry = declared(f"lithium_{names[0]}_Ah_m2")
        rows = [history[f"lithium_{n}_Ah_m2"] * entry.factor for n in names]
        axes.stackplot(
            time, rows, labels=[PLACES[n][0] for n in names],
            colors=[PLACES[n][1] for n in names], linewidth=0.0,
        )  # fmt: skip
        axes.set_ylabel(f"lithium taken up ({entry.display})")
        axes.legend(loc="upper left", frameon=False, reverse=True)
        for at in opened:
            axes.axvline(at, color=MUTED, linewidth=0.6, linestyle=(0, (2, 2)))

    with canvas.style_for(ax):
        if ax is not None:
            draw(ax)
            ax.set_xlabel(declared("Test Time / s").axis(unit.name))
            return ax
        figure = canvas.new_figure(_WIDTH, _HEIGHT, 2, 1, between=0.04)
        upper, lower = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (2, 1)})
        draw(upper)
        upper.set_title("Where the lithium went", loc="left")
        upper.set_xlim(0.0, max(float(time[-1]), 1e-9))
        voltage = history["Voltage / V"]
        lower.plot(time, voltage, color=INK, linewidth=1.0)
        middle, span = 0.5 * (voltage.max() + voltage.min()), max(float(np.ptp(voltage)), 2e-3)
        lower.set_ylim(middle - 0.55 * span, middle + 0.55 * span)
        for at in opened:
            lower.axvline(at, color=MUTED, linewidth=0.6, linestyle=(0, (2, 2)))
        lower.set_ylabel(declared("Voltage / V").axis())
        lower.set_xlabel(declared("Test Time / s").axis(unit.name))
        canvas.footnote(figure, result.case.title)
    drawn: Axes = upper
    return drawn


def interlayer(result: Result) -> Axes:
    """Lithium in the layer as a map, between the thickness of the deposits on its two sides.

    Returns
    -------
    The axes of the thickness at the collector.

    Raises
    ------
    InputError
        If the cell has no interlayer.
    """
    _require(result)
    left, right, bottom, top = _window(result)
    known = "layer_lithium" in result.fields
    with canvas.style():
        # The map has the width of the profiles, as long as that leaves it a reasonable height.
        tall = min(max(_MAP * (top - bottom) / (right - left), _LEAST), _MOST)
        heights = [_PROFILE, tall, _PROFILE] if known else [_PROFILE, _PROFILE]
        figure = canvas.new_figure(_WIDTH, sum(heights) + _AROUND * len(heights), len(heights), 1)
        grid = figure.subplots(
            len(heights), 1, squeeze=False, gridspec_kw={"height_ratios": heights}
        )
        rows = list(grid.ravel())
        for axes, height, name in ((rows[0], top, "collector"), (rows[-1], bottom, "electrolyte")):
            x, thick = _deposit(result, height)
            words, colour = PLACES[name]
            axes.fill_between(x / MICROMETRE, thick / MICROMETRE, color=colour, linewidth=0.0)
            axes.set_xlim(left / MICROMETRE, right / MICROMETRE)
            axes.set_ylim(0.0, max(1.08 * float(thick.max()) / MICROMETRE, 1e-3))
            axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
            axes.set_title(words, loc="left")
            axes.set_ylabel("lithium (µm)")
        if known:
            field(result, "layer_lithium", rows[1], window=(left, right, bottom, top))
            rows[1].set_xlabel("")
        rows[-1].set_xlabel(declared("x_m").axis("µm"))
        canvas.footnote(figure, result.case.title)
    drawn: Axes = rows[0]
    return drawn


def _window(result: Result) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of the layer in m."""
    mesh = result.field_mesh
    names = np.array([region.name for region in result.geometry.regions])
    points = mesh.points[mesh.triangles[names[mesh.region] == INTERLAYER]]
    low, high = points.min(axis=(0, 1)), points.max(axis=(0, 1))
    return float(low[0]), float(high[0]), float(low[1]), float(high[1])


def _deposit(result: Result, height: float) -> tuple[Floats, Floats]:
    """x and thickness in m at the points of one side of the layer, from left to right."""
    points, thick = result.field_mesh.points, result.fields["deposit"]
    size = float(np.ptp(points[:, 1]))
    on = np.flatnonzero(np.isfinite(thick) & (np.abs(points[:, 1] - height) < 1e-9 * size))
    order = on[np.argsort(points[on, 0])]
    return points[order, 0], np.maximum(thick[order], 0.0)
