"""Finished runs side by side: voltage, where voltage is lost, and plating along the lithium."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from fem.plot import canvas
from fem.plot.canvas import HAIR, MUTED
from fem.plot.scale import MICROMETRE, axis_range
from fem.results.quantities import REGISTRY, declared
from fem.results.result import Result

COLOURS = ("#0b4f8a", "#c7752b", "#3a7d44", "#9c2f4b", "#6b5b95", "#7a7a7a", "#1b9aaa", "#b8860b")
"""Of the runs in turn."""
_DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (4, 1, 1, 1)))
"""Lines of the first eight runs, of the next, and so on: colours begin anew."""
_PARTS = tuple(each for each in REGISTRY if each.part_of == "overpotential_V")
_SHADES = ("#0b4f8a", "#8fb0e0", "#c7752b", "#7a7a7a", "#e0c068", "#9c2f4b")
_WIDTH, _HEIGHT, _ROW = 178.0, 78.0, 5.0
_LONGEST = 28
_OPEN = "open_fraction"


def comparison(results: Mapping[str, Result]) -> Figure:
    """One figure of several runs, by the names that tell them apart.

    Voltage against the net capacity of the runs in time, if there are any, and below it the open
    share of the particles' surface where faces may part; the parts of the overpotential of each
    run; plating along the lithium, as means over 2 um of arc, in the last state. The same colour is
    the same run in the first and the last.
    """
    in_time = {name: each for name, each in results.items() if each.history is not None}
    panels = [_plating] if not _has_parts(results) else [_parts, _plating]
    rows = -(-len(results) // 3)
    with canvas.style(7.0):
        count = len(panels) + bool(in_time)
        height = max(_HEIGHT, 40.0 + 2.0 * _ROW * len(results)) + _ROW * rows
        figure = canvas.new_figure(_WIDTH, height, 1, count)
        look = {name: _look(k) for k, name in enumerate(results)}
        parted = {n: each for n, each in in_time.items() if _OPEN in _columns(each)}
        heights = (1.5, 1.0) if parted else (1.0,)
        grid = figure.add_gridspec(len(heights), count, height_ratios=heights)
        axes = [figure.add_subplot(grid[:, k]) for k in range(int(bool(parted)), count)]
        if parted:
            axes = [figure.add_subplot(grid[0, 0]), *axes]
            below = figure.add_subplot(grid[1, 0], sharex=axes[0])
            _open_share(parted, look, below)
        if in_time:
            _voltage(in_time, look, axes[0])
        if parted:
            axes[0].set_xlabel("")
            axes[0].tick_params(labelbottom=False)
        for draw, each in zip(panels, axes[bool(in_time) :], strict=True):
            draw(results, look, each)
        handles = [Line2D([], [], label=_short(name), **look[name]) for name in results]
        figure.legend(
            handles=handles, loc="outside upper left", ncols=min(len(handles), 3), frameon=False,
            handlelength=2.2, fontsize="medium",
        )  # fmt: skip
        return canvas.settle(figure)


def _look(number: int) -> dict[str, Any]:
    turn, colour = divmod(number, len(COLOURS))
    return {
        "color": COLOURS[colour],
        "linestyle": _DASHES[turn % len(_DASHES)],
        "linewidth": 1.3,
    }


def _columns(result: Result) -> Mapping[str, Any]:
    return {} if result.history is None else result.history.columns


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"… {name[2 - _LONGEST :]}"


def _has_parts(results: Mapping[str, Result]) -> bool:
    return any(part.name in each.metrics for part in _PARTS for each in results.values())


def _voltage(results: Mapping[str, Result], look: Mapping[str, dict[str, Any]], axes: Axes) -> None:
    capacity, voltage = declared("capacity_Ah_m2"), declared("Voltage / V")
    passed, volts = [], []
    for name, each in results.items():
        assert each.history is not None
        passed.append(each.history[capacity.name] * capacity.factor)
        volts.append(each.history[voltage.name])
        axes.plot(passed[-1], volts[-1], **look[name])
        axes.plot(passed[-1][-1:], volts[-1][-1:], "o", color=look[name]["color"], markersize=3.0)
    least = capacity.least * capacity.factor
    axes.set_xlim(*axis_range(np.concatenate(passed), least, below=0.03, above=0.03))
    axes.set_ylim(*axis_range(np.concatenate(volts), voltage.least))
    axes.set_xlabel(capacity.axis())
    axes.set_ylabel(voltage.axis())
    _plain(axes, "Voltage")


def _open_share(
    results: Mapping[str, Result], look: Mapping[str, dict[str, Any]], axes: Axes
) -> None:
    capacity = declared("capacity_Ah_m2")
    values = [np.zeros(1)]
    for name, each in results.items():
        assert each.history is not None
        values.append(each.history[_OPEN])
        axes.plot(each.history[capacity.name] * capacity.factor, values[-1], **look[name])
    axes.set_ylim(*axis_range(np.concatenate(values), 0.05, above=0.1))
    axes.set_xlabel(capacity.axis())
    axes.set_ylabel("open surface")
    _plain(axes, "")


def _parts(results: Mapping[str, Result], look: Mapping[str, dict[str, Any]], axes: Axes) -> None:
    """Stacked bars, the first run on top; parts of the other sign go the other way."""
    whole = declared("overpotential_V")
    rows = np.arange(len(results))[::-1]
    ends = {1: np.zeros(len(results)), -1: np.zeros(len(results))}
    for part, colour in zip(_PARTS, _SHADES, strict=True):
        values = np.array(
            [float(each.metrics.get(part.name, 0.0)) * part.factor for each in results.values()]
        )
        if not values.any():
            continue
        label = part.label.removeprefix(whole.label).strip()
        for sign, end in ends.items():
            mine = np.where(sign * values > 0.0, values, 0.0)
            axes.barh(
                rows, mine, 0.62, left=end, color=colour, label=label if sign > 0 else None,
                linewidth=0.0,
            )  # fmt: skip
            end += mine
    axes.plot([0.0, 0.0], [-0.5, len(results) - 0.5], color=MUTED, linewidth=HAIR)
    reach = np.concatenate([*ends.values(), np.zeros(1)])
    axes.set_xlim(*axis_range(reach, whole.least * whole.factor, below=0.04, above=0.04))
    axes.set_yticks(rows, [_short(name) for name in results])
    axes.tick_params(axis="y", length=0.0)
    for text, name in zip(axes.get_yticklabels(), results, strict=True):
        text.set_color(look[name]["color"])
    # Room for what the colours mean below the bars.
    axes.set_ylim(-0.75 - 0.22 * len(results) - 0.4, len(results) - 0.4)
    axes.legend(loc="lower left", frameon=False, handlelength=1.0, fontsize="small", ncols=1)
    axes.set_xlabel(whole.axis())
    _plain(axes, "Where voltage is lost")


def _plating(results: Mapping[str, Result], look: Mapping[str, dict[str, Any]], axes: Axes) -> None:
    plating = declared("plating_A_m2")
    drawn = [np.zeros(1)]
    for name, each in results.items():
        anode = each.anode
        drawn.append(anode.running_mean(anode.plating))
        axes.plot(anode.x / MICROMETRE, drawn[-1], **look[name])
    values = np.concatenate(drawn[1:])
    axes.set_ylim(*axis_range(values, plating.least, share=0.1))
    axes.set_xlim(0.0, max(float(each.anode.x[-1]) for each in results.values()) / MICROMETRE)
    axes.set_xlabel(declared("x_m").axis())
    axes.set_ylabel(plating.axis())
    _plain(axes, "Plating along the lithium")


def _plain(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
