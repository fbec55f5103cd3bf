"""A metric of the members of a sweep over its first varied key: medians, and 5 to 95 %."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from fem.case.sweep import Sweep, numbers_of
from fem.case.table import flat
from fem.plot import canvas
from fem.plot.canvas import HAIR, INK, MUTED, SIGNIFICANT
from fem.plot.comparison import COLOURS
from fem.plot.scale import axis_range
from fem.results.declaration import Declared
from fem.results.members import Row, at_points, text_of
from fem.results.quantities import find

Floats = NDArray[np.float64]

_WIDTH, _HEIGHT, _LINE = 85.0, 62.0, 3.6
_DECADES = 20.0
"""Ratio of the largest to the least value of a key from which on its axis is logarithmic."""
_NOTHING, _FLAT = 1e-12, 1e-3
"""Span of an axis at least, and as a share of what is drawn: what varies by less looks flat."""
_MOST_LINES = len(COLOURS)
_LONGEST = 40
_LABELS = 54
"""Letters below the axis, in one line."""


def distribution(sweep: Sweep, rows: Sequence[Row], name: str) -> Figure:
    """A metric against the first varied key, a colour for each choice of the other keys.

    Lines go through the medians of the members at each point, bands from their 5th to their 95th
    percentile. A sweep of nothing but repeats is drawn as a histogram.
    """
    quantity, factor, label = axis_of(name)
    values = [each * factor for each in at_points(sweep, rows, name)]
    with canvas.style(7.0):
        keys = _varying(sweep)
        lines = _lines(sweep, keys)
        shown = dict(list(lines.items())[:_MOST_LINES])
        key = len(shown) if len(shown) > 1 else 0
        figure = canvas.new_figure(_WIDTH, _HEIGHT + _LINE * key)
        axes = figure.add_subplot()
        if lines:
            _against(sweep, keys[0], values, shown, axes)
            known = np.concatenate(values)
            least = quantity.least * factor if quantity is not None else 0.0
            axes.set_ylim(*axis_range(known, max(least, _NOTHING), share=_FLAT))
            axes.set_ylabel(label)
        else:
            _histogram(values[0], axes)
            axes.set_xlabel(label)
            axes.set_ylabel("members")
        if key:
            hidden = len(lines) - len(shown)
            figure.legend(
                loc="outside upper left", ncols=1, frameon=False, handlelength=1.6,
                title=f"and {hidden} more, not drawn" if hidden else None, alignment="left",
            )  # fmt: skip
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        return canvas.settle(figure)


def axis_of(name: str) -> tuple[Declared | None, float, str]:
    """How a metric is declared, what its values are multiplied by for people, and its axis."""
    base, _, index = name.partition("[")
    quantity = find(base)
    if quantity is None:
        return None, 1.0, name
    number = index.removesuffix("]")
    label = quantity.axis()
    if number:
        label = label.replace(quantity.label, f"{quantity.label} [{number}]", 1)
    # An axis is shorter than some labels.
    label = label if len(label) <= _LONGEST else label.replace(" (", "\n(", 1)
    return quantity, quantity.factor, label


def point_in_words(sweep: Sweep, point: int) -> str:
    """What is varied at a point, in words; empty where nothing but repeats is."""
    values = sweep.points[point]
    return ", ".join(f"{short_key(key)} {words_of(values[key])}" for key in _varying(sweep))


def _varying(sweep: Sweep) -> list[str]:
    """Keys that are not the same at all points."""
    first = sweep.points[0]
    return [key for key in first if any(point[key] != first[key] for point in sweep.points)]


def _lines(sweep: Sweep, keys: Sequence[str]) -> dict[str, list[int]]:
    """Numbers of the points of each line, by what the keys other than the first say."""
    if not keys:
        return {}
    # Keys that go together with the first one are told by it already.
    others = [key for key in keys[1:] if not {key, keys[0]} <= set(sweep.zip)]
    found: dict[str, list[int]] = {}
    for number, point in enumerate(sweep.points):
        words = ", ".join(f"{short_key(key)} {words_of(point[key])}" for key in others)
        found.setdefault(words, []).append(number)
    return found


def short_key(key: str) -> str:
    """As much of a key as tells what it is."""
    return " ".join(key.split(".")[-2:]).replace("_", " ")


def words_of(value: Any) -> str:
    """A value for people."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {text}" for name, text in flat(value))
    return text_of(value).replace("^2", "²").replace("^3", "³")


def _against(
    sweep: Sweep, first: str, values: Sequence[Floats], lines: dict[str, list[int]], axes: Axes
) -> None:
    given = [point[first] for point in sweep.points]
    numbers = numbers_of(given)
    places, unit = numbers if numbers is not None else (_categories(given, axes), "")
    x = np.array(places)
    for (words, points), colour in zip(lines.items(), COLOURS, strict=False):
        here = [point for point in points if len(values[point])]
        here.sort(key=lambda point: x[point])
        style: dict[str, Any] = {"color": colour, "linewidth": 1.1, "markersize": 3.0}
        style |= {"marker": "o", "linestyle": "-" if numbers is not None else "none"}
        middle = [float(np.median(values[point])) for point in here]
        axes.plot(x[here], middle, label=cut(words), **style)
        spread = [point for point in here if len(values[point]) > 1]
        if spread:
            low, high = (
                np.array([np.percentile(values[p], q) for p in spread]) for q in (5.0, 95.0)
            )
            if numbers is not None and len(spread) > 1:
                axes.fill_between(x[spread], low, high, color=colour, alpha=0.2, linewidth=0.0)
            else:
                axes.vlines(x[spread], low, high, color=colour, alpha=0.5, linewidth=3.0)
    if numbers is not None and x.min() > 0.0 and x.max() >= _DECADES * x.min():
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(SIGNIFICANT)
    elif numbers is not None:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    label = short_key(first)
    axes.set_xlabel(f"{label} ({words_of(unit)})" if unit else label)
    if sweep.repeats > 1:
        note = f"line: median; band: 5 to 95 % of up to {sweep.repeats} members"
        axes.set_title(note, loc="left", fontsize=6.0, color=MUTED)


def _categories(given: Sequence[Any], axes: Axes) -> list[float]:
    """Places of values that are no numbers, in the order in which they stand."""
    names = list(dict.fromkeys(words_of(value) for value in given))
    width = max(_LABELS // len(names), 6)
    axes.set_xticks(range(len(names)), [_wrapped(name, width) for name in names])
    axes.set_xlim(-0.5, len(names) - 0.5)
    return [float(names.index(words_of(value))) for value in given]


def _wrapped(text: str, width: int) -> str:
    words = text.replace("_", " ")
    return "\n".join(wrap(words, width, max_lines=3, placeholder=" …"))


def _histogram(values: Floats, axes: Axes) -> None:
    span = float(np.ptp(values)) if len(values) else 0.0
    flat = span <= 1e-12 * float(np.abs(values).max(initial=0.0))
    bins = 1 if flat else min(40, max(5, round(2.0 * len(values) ** (1.0 / 3.0))))
    axes.hist(values, bins=bins, color=COLOURS[0], alpha=0.6, edgecolor="white", linewidth=HAIR)
    for percent, line in ((5.0, ":"), (50.0, "-"), (95.0, ":")):
        axes.axvline(
            float(np.percentile(values, percent)), color=INK, linestyle=line, linewidth=0.8
        )
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.set_title(
        f"lines: median, 5 and 95 % of {len(values)} members", loc="left", fontsize=6.0, color=MUTED
    )


def cut(text: str, longest: int = 46) -> str:
    """Text that is no longer than that."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
