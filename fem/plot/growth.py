"""The lithium line in time: plated thickness, plating current, and how uneven they become."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from fem.errors import InputError
from fem.plot import canvas
from fem.plot.canvas import HAIR, INK, MUTED
from fem.plot.runs import (
    COLOURS,
    branches_of,
    history_of,
    steps_of,
    time_unit,
)
from fem.plot.scale import MICROMETRE, axis_range, length_unit
from fem.results.history import Frame, History
from fem.results.quantities import declared
from fem.results.result import Result

Floats = NDArray[np.float64]

_WIDTH, _HEIGHT = 165.0, 135.0
_MOST_LINES = 40
"""More states are thinned out evenly, the first and the last one kept."""
_COLOURS = LinearSegmentedColormap.from_list(
    "time", colormaps["viridis"](np.linspace(0.0, 0.88, 64))
)
"""Colours of time; the pale end of the map would not be seen as a line on white."""
_LEAST = 1e-3
"""Mean over its largest in the run below which ratios to it say little."""
_RATIOS = (
    ("focusing_max_over_mean", "anode_plating_mean_A_m2", "plating current", "-"),
    ("thickness_max_over_mean", "thickness_mean_m", "plated thickness", (0, (4, 1.5))),
)
"""Columns of a ratio and of the mean it is over, its name and its line."""
_FLAT = 0.1
"""Profiles that vary by a smaller share of the largest value are drawn as flat."""


def anode_history(result: Result, ax: Axes | None = None) -> Axes:
    """Plated thickness along the lithium foil at the times of the kept states.

    In a figure of its own, the plating current follows below, and below that the largest value
    over the mean, of both, against the capacity since the start. Profiles are means over
    2 um of arc. Ratios are left out while the cell rests, and while their mean is less than a
    thousandth of its largest.

    Returns
    -------
    The axes of the thickness.

    Raises
    ------
    InputError
        If the result is a snapshot, or kept no states.
    """
    history, frames = history_of(result), _thinned(result.frames)
    with canvas.style_for(ax):
        if ax is not None:
            times = _thickness(frames, ax)
            ax.set_xlabel(declared("x_m").axis("µm"))
            _time_bar(times, [ax], frames)
            return ax
        figure = canvas.new_figure(_WIDTH, _HEIGHT, 3, 1)
        grid = figure.add_gridspec(3, 1, height_ratios=(1.0, 1.0, 0.9))
        upper = figure.add_subplot(grid[0])
        middle = figure.add_subplot(grid[1], sharex=upper)
        lower = figure.add_subplot(grid[2])
        canvas.footnote(figure, result.case.title)
        times = _thickness(frames, upper)
        _plating(frames, middle)
        _time_bar(times, [upper, middle], frames)
        _unevenness(history, lower)
        upper.tick_params(labelbottom=False)
        upper.set_title("Along the lithium", loc="left")
        middle.set_xlabel(declared("x_m").axis("µm"))
        lower.set_title("Unevenness", loc="left")
    return upper


def _thinned(frames: Sequence[Frame]) -> list[Frame]:
    if not len(frames):
        raise InputError(
            "this run kept no states to draw",
            key="output.frames",
            given=0,
            allowed="1 or more",
            cure="run the case again with output.frames above zero",
        )
    count = min(len(frames), _MOST_LINES)
    return [frames[k] for k in np.unique(np.linspace(0, len(frames) - 1, count).astype(int))]


def _thickness(frames: Sequence[Frame], axes: Axes) -> LineCollection:
    profiles = [frame.anode.running_mean(frame.anode.thickness) for frame in frames]
    unit = length_unit(max(float(np.abs(profile).max()) for profile in profiles))
    axes.set_ylabel(declared("thickness_m").axis(unit.name))
    least = declared("thickness_m").least / unit.size
    return _lines(frames, [profile / unit.size for profile in profiles], least, axes)


def _plating(frames: Sequence[Frame], axes: Axes) -> LineCollection:
    plating = declared("plating_A_m2")
    axes.set_ylabel(plating.axis(plating.unit))
    axes.axhline(0.0, color=MUTED, linewidth=HAIR, zorder=1)
    profiles = [frame.anode.running_mean(frame.anode.plating) for frame in frames]
    return _lines(frames, profiles, plating.least, axes)


def _lines(
    frames: Sequence[Frame], profiles: Sequence[Floats], smallest: float, axes: Axes
) -> LineCollection:
    """Profiles in the colours of their times; `smallest` is the least height of the axes."""
    unit = time_unit(frames[-1].time)
    times = np.array([frame.time for frame in frames]) / unit.size
    x = [frame.anode.x / MICROMETRE for frame in frames]
    lines = LineCollection(
        [np.stack(pair, axis=1) for pair in zip(x, profiles, strict=True)], array=times,
        cmap=_COLOURS, norm=Normalize(0.0, float(times[-1]) or 1.0), linewidths=1.1,
    )  # fmt: skip
    axes.add_collection(lines)
    axes.set_ylim(*axis_range(np.concatenate(profiles), smallest, share=_FLAT))
    axes.set_xlim(float(x[-1][0]), float(x[-1][-1]))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.spines[["top", "right"]].set_visible(False)
    return lines


def _time_bar(lines: LineCollection, beside: list[Axes], frames: Sequence[Frame]) -> Any:
    """Colours of time, with a mark at the time of every state drawn."""
    shown = ScalarMappable(lines.norm, lines.cmap)
    bar = beside[0].figure.colorbar(shown, ax=beside, pad=0.02, aspect=28.0)
    unit = time_unit(frames[-1].time)
    bar.set_label(declared("Test Time / s").axis(unit.name))
    bar.outline.set_linewidth(HAIR)
    if bar.solids is not None:
        bar.solids.set_rasterized(True)
    marks = [frame.time / unit.size for frame in frames]
    bar.ax.hlines(marks, 0.0, 1.0, color="white", linewidth=HAIR)
    return bar


def _unevenness(history: History, axes: Axes) -> None:
    columns = history.columns
    capacity = declared("capacity_Ah_m2")
    passed = columns[capacity.name] * capacity.factor
    branches = branches_of(steps_of(history))
    handles, drawn = [], [np.empty(0)]
    for ratio, mean, name, dashes in _RATIOS:
        if ratio not in columns:
            continue
        size = np.abs(columns[mean])
        enough = max(_LEAST * float(size.max(initial=0.0)), declared(mean).least)
        values = np.where(size > enough, columns[ratio], np.nan)
        for branch in branches:
            rows = slice(branch.rows[0] + 1, branch.rows[1] + 1)
            drawn.append(values[rows])
            axes.plot(
                passed[rows], values[rows], color=COLOURS[branch.kind], linewidth=1.2,
                linestyle=dashes,
            )  # fmt: skip
        handles.append(Line2D([], [], color=INK, linewidth=1.2, linestyle=dashes, label=name))
    kinds = dict.fromkeys(branch.kind for branch in branches)
    handles += [Line2D([], [], color=COLOURS[kind], linewidth=1.2, label=kind) for kind in kinds]
    axes.set_xlabel(f"{capacity.label} since the start ({capacity.display})")
    axes.set_ylabel("maximum / mean")
    axes.set_xlim(*axis_range(passed, capacity.least * capacity.factor, below=0.02, above=0.02))
    known = np.concatenate(drawn)
    known = known[np.isfinite(known)]
    axes.set_ylim(*axis_range(known if len(known) else np.ones(1), declared(_RATIOS[0][0]).least))
    if not len(known):
        axes.text(
            0.5, 0.5, "next to nothing is plated", ha="center", va="center", color=MUTED,
            transform=axes.transAxes,
        )  # fmt: skip
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 2.5, 5, 10]))
    axes.ticklabel_format(axis="y", useOffset=False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(
        handles=handles, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=4, frameon=False,
        borderaxespad=0.1, handlelength=2.0, columnspacing=1.2,
    )  # fmt: skip
