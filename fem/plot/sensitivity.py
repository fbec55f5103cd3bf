"""Shares of the variance of each reported metric that belong to each varied key."""

from __future__ import annotations

import math

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from fem.plot import canvas
from fem.plot.canvas import MUTED
from fem.plot.comparison import COLOURS
from fem.plot.distribution import axis_of, cut, short_key
from fem.results.sensitivity import REPEATS
from fem.results.swept import Swept

_WIDTH, _ROW, _AROUND = 120.0, 5.2, 26.0
_WITHIN = "#9a9a9a"


def sensitivity(swept: Swept) -> Figure:
    """Bars of first-order shares within bars of total ones, a group for each metric.

    What members at a point differ by stands below the keys, in grey. Numbers at the ends are rank
    correlations.
    """
    known = [each for each in swept.influences if not math.isnan(each.share)]
    metrics = list(dict.fromkeys(each.metric for each in known))
    keys = list(dict.fromkeys(each.key for each in known if each.method != REPEATS))
    with canvas.style(7.0):
        height = _ROW * (len(known) + len(metrics)) + _AROUND
        figure = canvas.new_figure(_WIDTH, height)
        axes = figure.add_subplot()
        place, ticks, labels = 0.0, [], []
        for metric in metrics:
            quantity, _, _ = axis_of(metric)
            title = metric if quantity is None else metric.replace(quantity.name, quantity.label)
            axes.text(0.0, place, cut(title, 60), va="center", ha="left", fontweight="bold")
            for each in (each for each in known if each.metric == metric):
                place += 1.0
                within = each.method == REPEATS
                colour = _WITHIN if within else COLOURS[keys.index(each.key) % len(COLOURS)]
                axes.barh(place, each.share, 0.72, color=colour, alpha=0.35, linewidth=0.0)
                axes.barh(
                    place, each.share if within else each.first_order, 0.72, color=colour,
                    linewidth=0.0,
                )  # fmt: skip
                ticks.append(place)
                labels.append(cut(short_key(each.key), 34))
                if not math.isnan(each.spearman):
                    axes.text(
                        min(each.share, 1.0) + 0.01, place,
                        f"ρ {each.spearman:+.2f}".replace("-", "−"),
                        va="center", fontsize=6.0, color=MUTED,
                    )  # fmt: skip
            place += 1.4
        axes.set_yticks(ticks, labels)
        axes.tick_params(axis="y", length=0.0)
        axes.set_ylim(place - 0.4, -0.8)
        axes.set_xlim(0.0, 1.15)
        axes.set_xlabel("share of the variance")
        axes.spines[["top", "right"]].set_visible(False)
        handles = [
            Patch(color="#404040", label="alone (first order)"),
            Patch(color="#404040", alpha=0.35, label="with other keys (total)"),
            Patch(color=_WITHIN, label="members at a point"),
        ]
        figure.legend(handles=handles, loc="outside upper left", ncols=3, frameon=False)
        canvas.footnote(figure, "ρ: Spearman's rank correlation over all members")
        return canvas.settle(figure)
