"""Voltage and current of a run in time."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from fem.plot import canvas
from fem.plot.canvas import HAIR, INK, MUTED
from fem.plot.runs import (
    CHARGE,
    COLOURS,
    DISCHARGE,
    REST,
    Step,
    branches_of,
    history_of,
    steps_of,
    time_unit,
    times_of,
)
from fem.plot.scale import axis_range
from fem.results.history import History
from fem.results.quantities import declared
from fem.results.result import Result

Floats = NDArray[np.float64]

_WIDTH, _HEIGHT = 175.0, 84.0
_TITLE_PAD = 14.0
_PALEST = 0.62
"""Share of white in the colour of a run's first cycle, where there are several."""
_STRIP = (1.03, 0.075)
"""Foot and height of the strip of steps, over the height of the axes below it."""
_LETTER = 0.62
"""About the width of a letter over the size of its font."""
_LINE_SPACING = 1.6
"""Least distance of names of events, over the size of their font."""
_MOST_EVENTS = 12
"""More are not marked by lines, which would hide the curves; the strip still shows the steps."""
_LONGEST_NAME = 22
"""Letters of the name of an event that fit beside its line."""


def voltage(result: Result, ax: Axes | None = None) -> Axes:
    """Cell voltage against capacity; in a figure of its own also both against time.

    Capacity counts from the beginning of each branch, which is all steps between two changes of
    the current's direction; rests belong to what they follow. Dots are the ends of protocol
    steps. Over time, a strip tells the steps apart; lines mark their ends with what ended them,
    as long as these are few.

    Returns
    -------
    The axes of voltage against capacity.

    Raises
    ------
    InputError
        If the result is a snapshot.
    """
    history = history_of(result)
    steps = steps_of(history)
    with canvas.style_for(ax):
        if ax is not None:
            _against_capacity(history, steps, ax)
            return ax
        figure = canvas.new_figure(_WIDTH, _HEIGHT, 1, 2)
        grid = figure.add_gridspec(2, 2, width_ratios=(1.0, 1.35), height_ratios=(1.6, 1.0))
        axes = figure.add_subplot(grid[:, 0])
        upper = figure.add_subplot(grid[0, 1])
        lower = figure.add_subplot(grid[1, 1], sharex=upper)
        canvas.footnote(figure, result.case.title)
        _against_capacity(history, steps, axes)
        area = result.geometry.width * result.geometry.depth
        _against_time(history, steps, area, upper, lower)
    return axes


def _against_capacity(history: History, steps: Sequence[Step], axes: Axes) -> None:
    capacity = declared("capacity_Ah_m2")
    passed = history.columns[capacity.name] * capacity.factor
    voltage = declared("Voltage / V")
    volts = history.columns[voltage.name]
    branches = branches_of(steps)
    ends = np.array([step.rows[1] for step in steps if step.kind != REST], dtype=np.int64)
    counts = {kind: sum(b.kind == kind for b in branches) for kind in (CHARGE, DISCHARGE)}
    drawn = dict.fromkeys(counts, 0)
    drawn_x: list[Floats] = []
    for branch in branches:
        first, last = branch.rows
        sign = 1.0 if branch.kind == CHARGE else -1.0
        x = sign * (passed[first : last + 1] - passed[first])
        drawn_x.append(x)
        drawn[branch.kind] += 1
        pale = _PALEST * (1.0 - drawn[branch.kind] / counts[branch.kind])
        colour = pale + (1.0 - pale) * np.array(to_rgb(COLOURS[branch.kind]))
        axes.plot(x, volts[first : last + 1], color=colour, linewidth=1.2)
        marks = ends[(ends > first) & (ends <= last)] - first
        axes.plot(
            x[marks], volts[marks + first], "o", color=colour, markersize=2.6, zorder=3,
            clip_on=False,
        )  # fmt: skip
    # A hold may begin against the direction of its branch.
    left = min((float(np.min(x, initial=0.0)) for x in drawn_x), default=0.0)
    right = max((float(np.max(x, initial=0.0)) for x in drawn_x), default=0.0)
    axes.set_xlim(left, max(right + 0.05 * (right - left), left + capacity.least * capacity.factor))
    axes.set_xlabel(capacity.axis())
    axes.set_ylabel(voltage.axis())
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]))
    axes.set_ylim(*axis_range(volts, voltage.least))
    axes.set_title("Voltage and capacity", loc="left", pad=_TITLE_PAD)
    axes.spines[["top", "right"]].set_visible(False)
    handles = [
        Line2D([], [], color=COLOURS[kind], linewidth=1.2, label=kind)
        for kind, count in counts.items()
        if count
    ]
    if not handles:
        axes.text(
            0.5, 0.5, "no charge passed", ha="center", va="center", color=MUTED,
            transform=axes.transAxes,
        )  # fmt: skip
    else:
        several = max(counts.values()) > 1
        axes.legend(
            handles=handles, loc="best", frameon=False, handlelength=1.4, borderaxespad=0.6,
            title="pale: first, dark: last" if several else None, title_fontsize="x-small",
        )  # fmt: skip


def _against_time(
    history: History, steps: Sequence[Step], area: float, upper: Axes, lower: Axes
) -> None:
    seconds = times_of(history)
    unit = time_unit(float(seconds[-1]))
    time = seconds / unit.size
    volts, density = history.columns["Voltage / V"], history.columns["Current / A"] / area
    upper.plot(time, volts, color=INK, linewidth=1.1)
    lower.axhline(0.0, color=MUTED, linewidth=HAIR, zorder=1)
    # A current holds from the beginning of its step, where it jumps.
    x, y = [time[:0]], [density[:0]]
    for step in steps:
        first, last = step.rows
        x.append(time[first : last + 1])
        y.append(np.append(density[min(first + 1, last)], density[first + 1 : last + 1]))
    lower.plot(np.concatenate(x), np.concatenate(y), color=INK, linewidth=1.1)
    for axes, name, values in (
        (upper, "Voltage / V", volts),
        (lower, "current_density_A_m2", np.append(density, 0.0)),
    ):
        axes.set_ylabel(declared(name).axis(between="\n" if axes is lower else " "))
        axes.set_ylim(*axis_range(values, declared(name).least, below=0.1, above=0.1))
    lower.set_xlabel(declared("Test Time / s").axis(unit.name))
    upper.tick_params(labelbottom=False)
    span = max(float(time[-1]), 1e-9)
    upper.set_xlim(0.0, span)
    lower.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]))
    upper.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    lower.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
    upper.set_title("Protocol", loc="left", pad=_TITLE_PAD)
    draw_strip(steps, time, upper)
    _events(history, time, upper, lower)


def draw_strip(
    steps: Sequence[Step], time: Floats, axes: Axes, strip: tuple[float, float] = _STRIP
) -> None:
    """Steps as coloured pieces of a strip above the axes, with their names where these fit."""
    foot, height = strip
    place = axes.get_xaxis_transform()
    size = 0.75 * float(rcParams["font.size"])
    width = 72.0 * canvas.width_in_inches(axes)
    for step in steps:
        start, end = (float(time[row]) for row in step.rows)
        piece = Rectangle(
            (start, foot), end - start, height, transform=place, clip_on=False,
            facecolor=COLOURS[step.kind], edgecolor="white", linewidth=0.4,
        )  # fmt: skip
        axes.add_artist(piece)
        room = 0.9 * width * (end - start) / max(float(time[-1]), 1e-9)
        name = next((n for n in _names(step.label) if len(n) * _LETTER * size < room), "")
        text = axes.text(
            0.5 * (start + end), foot + 0.46 * height, name, transform=place, ha="center",
            va="center", fontsize=size, color=INK if step.kind == REST else "white",
            parse_math=False,
        )  # fmt: skip
        text.set_in_layout(False)


def _names(label: str) -> tuple[str, str]:
    """A step's name without its number, and the first word of it where there is less room."""
    name = (label.partition(": ")[2] or label).replace("^2", "²")
    return name, name.partition(" ")[0]


def _events(history: History, time: Floats, upper: Axes, lower: Axes) -> None:
    """Ends of steps as lines through both axes, and what ended them where there is room."""
    volts = history.columns["Voltage / V"]
    middle = 0.5 * (float(volts.min()) + float(volts.max()))
    size = 0.75 * float(rcParams["font.size"])
    width = 72.0 * canvas.width_in_inches(upper)
    room = _LINE_SPACING * size / width * max(float(time[-1]), 1e-9)
    named = 0.0
    if len(history.events) > _MOST_EVENTS:
        return
    for row, _, _, ended_by in history.events:
        x = float(time[row])
        for axes in (upper, lower):
            axes.axvline(x, color=MUTED, linewidth=HAIR, linestyle=(0, (3, 2)), zorder=0.5)
        if not ended_by or x - named < room:
            continue
        named = x
        # Where the voltage is not.
        low = volts[row] > middle
        name = textwrap.shorten(ended_by, _LONGEST_NAME, placeholder=" …")
        text = upper.annotate(
            name, (x, 0.03 if low else 0.97), xycoords=upper.get_xaxis_transform(),
            xytext=(-1.5, 0.0), textcoords="offset points", rotation=90, ha="right",
            va="bottom" if low else "top", fontsize=size, color=MUTED, parse_math=False,
        )  # fmt: skip
        text.set_path_effects([withStroke(linewidth=1.5, foreground="white")])
        text.set_in_layout(False)
