"""How mean, median and 95th percentile of a metric settle with the number of members."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from fem.plot import canvas
from fem.plot.canvas import SIGNIFICANT
from fem.plot.comparison import COLOURS
from fem.plot.distribution import axis_of, cut, point_in_words
from fem.plot.scale import axis_range
from fem.results.estimates import settling
from fem.results.swept import Swept

PANELS = {"mean": "mean", "p50": "median", "p95": "95th percentile"}
_WIDTH, _HEIGHT, _LINE = 178.0, 66.0, 3.6


def convergence(swept: Swept, metric: str) -> Figure:
    """Running estimates against the number of members, with their 95 % intervals as bands.

    Members count in their order. A colour is a point, of which the first eight are drawn; bands
    begin where there are members enough for an interval.
    """
    quantity, factor, label = axis_of(metric)
    values = swept.values(metric)
    points = [point for point, each in enumerate(values) if len(each) > 1]
    shown = points[: len(COLOURS)]
    with canvas.style(7.0):
        words = [cut(point_in_words(swept.sweep, point), 70) for point in shown]
        key = len(shown) if any(words) else 0
        figure = canvas.new_figure(_WIDTH, _HEIGHT + _LINE * (-(-key // 2)), 1, len(PANELS))
        panels = figure.subplots(1, len(PANELS), squeeze=False)[0]
        ways = {point: list(settling(values[point])) for point in shown}
        for axes, (name, title) in zip(panels, PANELS.items(), strict=True):
            drawn = [np.zeros(0)]
            for point, word, colour in zip(shown, words, COLOURS, strict=False):
                counts = np.array([count for count, _ in ways[point]])
                told = np.array(
                    [[e[name].value, e[name].low, e[name].high] for _, e in ways[point]]
                )
                middle, low, high = factor * told.T
                axes.fill_between(counts, low, high, color=colour, alpha=0.2, linewidth=0.0)
                axes.plot(counts, middle, color=colour, label=word if axes is panels[0] else None)
                settled = counts >= 0.2 * counts[-1]
                drawn += [middle, low[settled], high[settled]]
            least = quantity.least * factor if quantity is not None else 0.0
            axes.set_ylim(*axis_range(np.concatenate(drawn), max(least, 1e-12), share=1e-3))
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(SIGNIFICANT)
            axes.set_xlabel("members at a point")
            axes.set_title(title, loc="left")
            axes.spines[["top", "right"]].set_visible(False)
        panels[0].set_ylabel(label)
        if key:
            hidden = len(points) - len(shown)
            figure.legend(
                loc="outside upper left", ncols=2, frameon=False, handlelength=1.6,
                title=f"and {hidden} more points, not drawn" if hidden else None, alignment="left",
            )  # fmt: skip
        canvas.footnote(
            figure, "bands: 95 % intervals, Student's t of the mean, bootstrap of percentiles"
        )
        return canvas.settle(figure)
