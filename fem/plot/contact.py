"""How faces part and touch again in a run: open share, gaps, dead particles and stack pressure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from fem.errors import InputError
from fem.plot import canvas
from fem.plot.canvas import HAIR, INK, MUTED
from fem.plot.curves import draw_strip
from fem.plot.runs import COLOURS, REST, Step, history_of, steps_of, time_unit, times_of
from fem.plot.scale import Unit, axis_range, length_unit, stress_unit
from fem.results.history import History
from fem.results.quantities import declared
from fem.results.result import Result

_WIDTH, _ROW, _AROUND = 170.0, 24.0, 24.0
_TITLE_PAD = 15.0
_STRIP = (1.04, 0.15)
"""Foot and height of the strip of steps, over the height of the axes below it."""
_SECOND = (0, (3.0, 1.2))
"""Line of the second curve of a row."""
_STATE = "stoichiometry_mean"

ROWS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("Voltage / V", ""),),
    (("open_fraction", "open surface"), ("dead_fraction", "dead material")),
    (("gap_max_m", "largest"), ("gap_mean_m", "mean")),
    (("lithium_open_fraction", ""),),
    (("lithium_gap_max_m", "largest"), ("lithium_gap_mean_m", "mean")),
    (("stack_pressure_Pa", ""),),
    (("plastic_area_fraction", ""),),
)
"""Columns of the history in the rows of the figure, with what each curve is called."""
SHARES = ("open_fraction", "lithium_open_fraction")
_LABELS = {
    "open_fraction": "share",
    "gap_max_m": "gap",
    "lithium_open_fraction": "share,\nlithium",
    "lithium_gap_max_m": "gap,\nlithium",
    "plastic_area_fraction": "yielded\nelectrolyte",
}
"""Of axes with more than one curve, or with a long name."""


def contact_history(result: Result, ax: Axes | None = None) -> Axes:
    """Open share of the particles' surface against time, or of lithium's if only that parts.

    In a figure of its own also the voltage, the share of the active material that does not react,
    the mean and the largest gap, the same of lithium, the pressure of the plate on top if there is
    one, and the share of the electrolyte that has yielded if it can; all of them against time, and
    against the mean stoichiometry, where colours tell charge from discharge.

    Returns
    -------
    The axes of the open share against time.

    Raises
    ------
    InputError
        If the result is a snapshot, or no faces may part.
    """
    history = history_of(result)
    shares = [row for row in ROWS if row[0][0] in SHARES and row[0][0] in history.columns]
    if not shares:
        raise InputError(
            "this run has no faces that may part",
            key="interfaces.particle_electrolyte.bond",
            given="perfect",
            allowed='"none" or "cohesive"',
        )
    unit = time_unit(float(times_of(history)[-1]))
    steps = steps_of(history)
    if ax is not None:
        _row(history, shares[0], ax, "Test Time / s", unit, None)
        ax.set_xlabel(declared("Test Time / s").axis(unit.name))
        return ax
    rows = [row for row in ROWS if row[0][0] in history.columns]
    with canvas.style():
        figure = canvas.new_figure(_WIDTH, _AROUND + _ROW * len(rows), len(rows), 2, between=0.04)
        grid = figure.subplots(
            len(rows), 2, sharex="col", sharey="row", squeeze=False,
            gridspec_kw={"width_ratios": (1.5, 1.0)},
        )  # fmt: skip
        canvas.footnote(figure, result.case.title)
        for row, (left, right) in zip(rows, grid, strict=True):
            _row(history, row, left, "Test Time / s", unit, None)
            _row(history, row, right, _STATE, Unit(1.0, ""), steps)
            right.set_ylabel("")
            right.tick_params(labelleft=False)
        time = times_of(history) / unit.size
        grid[0, 0].set_xlim(0.0, max(float(time[-1]), 1e-9))
        grid[0, 0].set_title("Faces that part, in time", loc="left", pad=_TITLE_PAD)
        draw_strip(steps, time, grid[0, 0], _STRIP)
        grid[0, 1].set_title("Over the stoichiometry", loc="left", pad=_TITLE_PAD)
        _key_of_steps(steps, grid[0, 1])
        grid[-1, 0].set_xlabel(declared("Test Time / s").axis(unit.name))
        grid[-1, 1].set_xlabel("mean stoichiometry")
        figure.align_ylabels(list(grid[:, 0]))
    drawn: Axes = grid[rows.index(shares[0]), 0]
    return drawn


def _row(
    history: History,
    curves: Sequence[tuple[str, str]],
    axes: Axes,
    along: str,
    unit: Unit,
    steps: Sequence[Step] | None,
) -> None:
    """Curves over a column of the history; with `steps` in the colours of these."""
    x = history.columns[along] / unit.size
    first = declared(curves[0][0])
    values = [history.columns[name] for name, _ in curves]
    shown = _unit(first.name, float(np.abs(np.concatenate(values)).max()))
    for number, y in enumerate(values):
        look: dict[str, Any] = {"linestyle": "-" if number == 0 else _SECOND, "linewidth": 1.2}
        if steps is None:
            axes.plot(x, y / shown.size, color=INK if number == 0 else MUTED, **look)
        for step in steps or ():
            rows = slice(step.rows[0], step.rows[1] + 1)
            axes.plot(x[rows], y[rows] / shown.size, color=COLOURS[step.kind], **look)
    least = 0.05 if first.unit == "" else first.least / shown.size
    drawn = np.concatenate(values) / shown.size
    from_zero = first.name != ROWS[0][0][0]
    axes.set_ylim(*axis_range(np.append(drawn, 0.0) if from_zero else drawn, least, above=0.25))
    label = _LABELS.get(first.name)
    text = f"{label} ({shown.name})".replace(" ()", "") if label else first.axis(shown.name, "\n")
    axes.set_ylabel(text)
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.spines[["top", "right"]].set_visible(False)
    if from_zero:
        axes.axhline(0.0, color=MUTED, linewidth=HAIR, zorder=0.5)
    if len(curves) > 1 and steps is None:
        handles = [
            Line2D([], [], color=INK if k == 0 else MUTED, linestyle="-" if k == 0 else _SECOND,
                   linewidth=1.2, label=name)
            for k, (_, name) in enumerate(curves)
        ]  # fmt: skip
        axes.legend(
            handles=handles, loc="upper left", frameon=False, handlelength=2.0, ncols=2,
            borderaxespad=0.1, bbox_to_anchor=(0.0, 1.1),
        )  # fmt: skip


def _unit(name: str, largest: float) -> Unit:
    unit = declared(name).unit
    if unit == "m":
        return length_unit(largest)
    if unit == "Pa":
        return stress_unit(largest)
    return Unit(1.0, declared(name).display)


def _key_of_steps(steps: Sequence[Step], axes: Axes) -> None:
    kinds = dict.fromkeys(step.kind for step in steps if step.kind != REST)
    handles = [Line2D([], [], color=COLOURS[k], linewidth=1.2, label=k) for k in kinds]
    if handles:
        axes.legend(handles=handles, loc="best", frameon=False, handlelength=1.4)
