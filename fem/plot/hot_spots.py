"""Where the cell carries more than the mean: probabilities along the lithium and by particle."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator

from fem.geometry import build
from fem.plot import canvas
from fem.plot.canvas import HAIR, INK, MUTED
from fem.plot.comparison import COLOURS
from fem.plot.distribution import cut, point_in_words
from fem.plot.outlines import Electrodes, particle_paths
from fem.plot.paint import LITHIUM, draw_patch
from fem.plot.scale import MICROMETRE, axis_range
from fem.results.places import Spread
from fem.results.quantities import declared
from fem.results.swept import Swept

MAP = "cividis"
"""Reads the same in grey, and for those who do not tell red from green."""
_WIDTH, _PROFILE, _TALLEST, _AROUND = 130.0, 24.0, 110.0, 12.0
"""Of the figure, of a profile, of the map at most, and what labels take, in mm."""
_DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (4, 1, 1, 1))) * 2
_SEEN = 0.05
"""Probability that some particle has to reach for a multiple to be the one that is drawn."""


def hot_spots(swept: Swept, point: int) -> Figure:
    """The cell at a point of a sweep with its particles in colours, the lithium line above it.

    Colours are the probability that a particle carries more than a multiple of the mean of those
    that react: the largest multiple that some particle exceeds in 5 % of the members, or else the
    least. Above it, along the lithium, are the same probability for all multiples, and plating over
    its mean. What differs between the members of the point (their lines, or their particles) is
    left out.
    """
    line, particles = swept.lithium.get(point), swept.particles.get(point)
    multiples = swept.sweep.report.hot
    with canvas.style(7.0):
        case = swept.sweep.base.replace(swept.sweep.members[point * swept.sweep.repeats])
        geometry = build(case)
        electrodes = Electrodes.of(geometry)
        corners = np.asarray(electrodes.lithium.vertices)
        width = geometry.width / MICROMETRE
        height = float(corners[:, 1].max()) if len(corners) else width
        heights = [_PROFILE] * (2 if line is not None else 0)
        if particles is not None:
            heights.append(min((_WIDTH - _AROUND) * height / width, _TALLEST))
        figure = canvas.new_figure(_WIDTH, sum(heights) + 8.0 * len(heights) + 20.0)
        axes = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[
            :, 0
        ]
        words = point_in_words(swept.sweep, point)
        figure.suptitle(
            cut(f"point {point}{': ' if words else ''}{words}", 90), x=0.01, ha="left", fontsize=8.0
        )
        if line is not None:
            _probability(line, multiples, axes[0])
            _ratio(line, axes[1])
        if particles is not None:
            _cell(electrodes, axes[-1])
            _particles(particles, multiples, particle_paths(geometry), axes[-1])
            canvas.frame(axes[-1], (0.0, width, 0.0, height), "")
        axes[-1].set_xlim(0.0, width)
        axes[-1].set_xlabel(declared("x_m").axis("µm"))
        return canvas.settle(figure)


def _probability(line: Spread, multiples: tuple[float, ...], axes: Axes) -> None:
    looks = zip(COLOURS, _DASHES, strict=True)
    for multiple, share, (colour, dashes) in zip(multiples, line.over, looks, strict=False):
        label = f"> {multiple:g} × mean"
        axes.plot(line.x / MICROMETRE, share, color=colour, linestyle=dashes, label=label)
    axes.set_ylim(-0.03, 1.03)
    axes.set_ylabel("probability")
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.set_title(
        f"plating over 2 µm, {line.members} members", loc="left", fontsize=6.0,
        color=MUTED,
    )  # fmt: skip
    if multiples:
        axes.legend(
            loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=len(multiples), frameon=False,
            borderaxespad=0.1, borderpad=0.1, handlelength=1.8, fontsize=6.0,
        )  # fmt: skip
    axes.spines[["top", "right"]].set_visible(False)


def _ratio(line: Spread, axes: Axes) -> None:
    x = line.x / MICROMETRE
    axes.fill_between(x, line.p05, line.p95, color=COLOURS[0], alpha=0.2, linewidth=0.0)
    axes.plot(x, line.p50, color=COLOURS[0])
    axes.set_ylim(*axis_range(np.concatenate([line.p05, line.p95]), 1e-3))
    axes.set_ylabel("plating / mean")
    axes.set_title("median, band from 5 to 95 %", loc="left", fontsize=6.0, color=MUTED)
    axes.spines[["top", "right"]].set_visible(False)


def _particles(
    particles: Spread, multiples: tuple[float, ...], paths: dict[int, Path], axes: Axes
) -> None:
    share, words = particles.dead, "probability that a particle does not react"
    if multiples:
        chosen = _chosen(particles, multiples)
        share, words = (
            particles.over[chosen],
            "probability that a particle carries more than "
            f"{multiples[chosen]:g} × the mean of those that react",
        )
    drawn = PathCollection(
        list(paths.values()), array=np.array([share[number] for number in paths]),
        cmap=colormaps[MAP], norm=Normalize(0.0, 1.0), edgecolors=INK, linewidths=0.3, zorder=3,
    )  # fmt: skip
    drawn.set_in_layout(False)
    axes.add_collection(drawn, autolim=False)
    bar: Any = axes.figure.colorbar(
        drawn, ax=axes, orientation="horizontal", aspect=45, pad=0.02, fraction=0.05
    )
    bar.outline.set_linewidth(HAIR)
    bar.set_label(words)


def _cell(electrodes: Electrodes, axes: Axes) -> None:
    draw_patch(axes, electrodes.lithium, LITHIUM, INK, HAIR, 2.0)
    draw_patch(axes, electrodes.void, "white", MUTED, HAIR, 1.5)
    draw_patch(axes, electrodes.idle, "#e3e6ee", "none", 0.0, 1.5)


def _chosen(particles: Spread, multiples: tuple[float, ...]) -> int:
    """The number of the multiple to draw."""
    seen = [k for k, share in enumerate(particles.over) if share.max(initial=0.0) >= _SEEN]
    return max(seen, key=lambda k: multiples[k]) if seen else int(np.argmin(multiples))
