"""What a stack does in a run: how the pressure on it and its height change, beside the voltage."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from fem.errors import InputError
from fem.plot import canvas
from fem.plot.canvas import HAIR, INK, MUTED
from fem.plot.curves import draw_strip
from fem.plot.runs import history_of, steps_of, time_unit, times_of
from fem.plot.scale import Unit, axis_range, length_unit, stress_unit
from fem.results.quantities import declared
from fem.results.result import Result

PRESSURE, HEIGHT, VOLTAGE = "stack_pressure_Pa", "stack_height_change_m", "Voltage / V"
_WIDTH, _ROW, _AROUND = 120.0, 28.0, 22.0
_TITLE_PAD = 18.0
_STRIP = (1.04, 0.15)
"""Foot and height of the strip of steps, over the height of the axes below it."""


def stack_history(result: Result, ax: Axes | None = None) -> Axes:
    """By how much the pressure of the plate on top has changed since the start, against time.

    In a figure of its own also the voltage and the height of the stack, which would be lost beside
    a pressure drawn from zero.

    Returns
    -------
    The axes of the pressure.

    Raises
    ------
    InputError
        If the result is a snapshot, or no plate presses on the top.
    """
    history = history_of(result)
    if PRESSURE not in history.columns:
        raise InputError(
            "this run has no plate on top whose pressure could be drawn",
            key="stack",
            cure='add [stack] with pressure = "5 MPa" to the case, and mechanics.enabled = true',
        )
    unit = time_unit(float(times_of(history)[-1]))
    time = times_of(history) / unit.size
    if ax is not None:
        _change(ax, time, history.columns[PRESSURE], PRESSURE)
        ax.set_xlabel(declared("Test Time / s").axis(unit.name))
        return ax
    with canvas.style():
        figure = canvas.new_figure(_WIDTH, _AROUND + 3 * _ROW, 3, 1, between=0.04)
        grid = figure.subplots(3, 1, sharex="col")
        canvas.footnote(figure, result.case.title)
        voltage = history.columns[VOLTAGE]
        grid[0].plot(time, voltage, color=INK, linewidth=1.2)
        grid[0].set_ylim(*axis_range(voltage, declared(VOLTAGE).least, above=0.25))
        grid[0].set_ylabel(declared(VOLTAGE).axis("V", "\n"))
        _change(grid[1], time, history.columns[PRESSURE], PRESSURE)
        _change(grid[2], time, history.columns[HEIGHT], HEIGHT)
        for axes in grid:
            axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
            axes.spines[["top", "right"]].set_visible(False)
        grid[0].set_xlim(0.0, max(float(time[-1]), 1e-9))
        start = stress_unit(float(history.columns[PRESSURE][0]))
        begins = history.columns[PRESSURE][0] / start.size
        grid[0].set_title(f"Stack, from {begins:.4g} {start.name} on", loc="left", pad=_TITLE_PAD)
        draw_strip(steps_of(history), time, grid[0], _STRIP)
        grid[-1].set_xlabel(declared("Test Time / s").axis(unit.name))
        figure.align_ylabels(list(grid))
    drawn: Axes = grid[1]
    return drawn


def _change(axes: Axes, time: np.ndarray, values: np.ndarray, name: str) -> None:
    """A column less its first value, in a unit that fits."""
    change = values - values[0]
    largest = float(np.abs(change).max())
    shown: Unit = length_unit(largest) if name == HEIGHT else stress_unit(largest)
    axes.plot(time, change / shown.size, color=INK, linewidth=1.2)
    axes.set_ylim(*axis_range(change / shown.size, declared(name).least / shown.size, above=0.1))
    what = "height" if name == HEIGHT else "stack pressure"
    axes.set_ylabel(f"change of\n{what} ({shown.name})")
    axes.axhline(0.0, color=MUTED, linewidth=HAIR, zorder=0.5)
