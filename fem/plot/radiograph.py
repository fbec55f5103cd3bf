"""Pictures of slices: grey values, their histograms by region, and profiles in depth."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray
from PIL import Image

from fem.images.seen import Seen, Series
from fem.images.segmentation import LABELS
from fem.plot import canvas
from fem.plot.scale import Range

MICROMETRE = 1e-6
HOUR = 3600.0
SHOWN = 4
"""States that a figure of curves compares."""
HISTOGRAMS = (
    *("cathode near electrolyte", "cathode middle", "cathode near collector"),
    "electrolyte near anode",
)
PHASE_COLOURS = {
    "void": "#000000", "electrolyte": "#d9d4c5", "active": "#3f4e63", "lithium": "#b9c7d6"
}  # fmt: skip
COLOURS = ("#1f6fb4", "#d1611c", "#2f8f4e", "#7d4fa3")


def slice_figure(series: Series, state: Seen, title: str = "") -> Figure:
    """The grey values of a state, in µm, with their attenuation beside the colour bar."""
    grid = state.slice.grid
    side = grid.pixel / MICROMETRE
    window = (0.0, grid.columns * side, 0.0, grid.rows * side)
    with canvas.style():
        axes = canvas.map_figure(window, _words(series, title))
        canvas.frame(axes, window, f"X-ray slice{_at(series, state)}")
        greys = series.greys(state)
        limits = Range(float(greys.min()), float(greys.max()))
        drawn = axes.imshow(
            greys, origin="lower", extent=window, cmap="gray", interpolation="nearest",
            vmin=limits.low, vmax=limits.high,
        )  # fmt: skip
        canvas.colour_bar(axes, drawn, limits, "grey value")
        figure = axes.figure
    assert isinstance(figure, Figure)
    return canvas.settle(figure)


def histogram_figure(series: Series, title: str = "") -> Figure:
    """Shares of pixels over grey values, a panel a region, each state a line."""
    names = [r.name for r in series.regions]
    regions = [series.regions[names.index(name)] for name in HISTOGRAMS if name in names]
    with canvas.style():
        rows = max(len(regions), 1)
        figure = canvas.new_figure(120.0, 14.0 + 27.0 * rows, rows=rows)
        panels = np.ravel(figure.subplots(rows, 1, sharex=True, squeeze=False))
        for axes, region in zip(panels, regions, strict=False):
            for state, colour in zip(_few(series), COLOURS, strict=False):
                part = series.greys(state)[region.first : region.last]
                low, high = part.min(), part.max() + 1.0
                count, edges = np.histogram(part, bins=np.arange(low, high + 200.0, 200.0))
                label = f"state {state.number}{_at(series, state)}"
                axes.stairs(count / part.size, edges, color=colour, label=label)
            axes.set_yscale("log")
            axes.minorticks_off()
            axes.set_title(region.name.capitalize(), loc="left")
            axes.set_ylabel("share of pixels")
            for level in (series.levels.electrolyte, series.levels.active):
                axes.axvline(level, color="0.7", linewidth=0.6, linestyle=":", zorder=0)
        panels[-1].set_xlabel("grey value (dotted: electrolyte and active material as made)")
        if len(series.states) > 1:
            panels[0].legend(frameon=False)
        canvas.footnote(figure, _words(series, title))
    return canvas.settle(figure)


def depth_figure(series: Series, title: str = "") -> Figure:
    """Mean grey value over the height above the collector, and the median of active material."""
    with canvas.style():
        figure = canvas.new_figure(120.0, 92.0, rows=2)
        upper, lower = figure.subplots(2, 1, sharex=True)
        for state, colour in zip(_few(series), COLOURS, strict=False):
            found = series.depths(state)
            y = found["y_m"] / MICROMETRE
            label = f"state {state.number}{_at(series, state)}"
            upper.plot(y, found["grey_mean"], color=colour, label=label)
            lower.plot(y, found["active_grey_median"], color=colour, marker=".", markersize=2.0,
                       linestyle="none", label=label)  # fmt: skip
        upper.set_ylabel("mean of a row, grey")
        lower.set_ylabel("median of its\nactive material, grey")
        lower.set_xlabel("height above the collector / µm")
        upper.set_title("Grey values in depth", loc="left")
        if len(series.states) > 1:
            upper.legend(frameon=False)
        canvas.footnote(figure, _words(series, title))
    return canvas.settle(figure)


def _few(series: Series) -> tuple[Seen, ...]:
    """The first, the last and some between them."""
    count = len(series.states)
    index = np.unique(np.linspace(0, count - 1, min(count, SHOWN)).round().astype(int))
    return tuple(series.states[k] for k in index)


def _at(series: Series, state: Seen) -> str:
    if len(series.states) == 1 and state.time == 0.0:
        return ""
    for least, size, unit in ((HOUR, HOUR, "h"), (600.0, 60.0, "min"), (0.0, 1.0, "s")):
        if state.time >= least:
            return f", {state.time / size:.3g} {unit}"
    return ""


def _words(series: Series, title: str) -> str:
    how = series.instrument
    parts = [title, f"{how.energy:g} keV, pixel {how.pixel / MICROMETRE:.3g} µm"]
    if how.blur:
        parts.append(f"blur {how.blur / MICROMETRE:.3g} µm")
    if how.noise:
        parts.append(f"noise {how.noise / 100.0:.3g} 1/cm")
    return "; ".join(part for part in parts if part)


def grey_file(greys: NDArray[np.uint16] | NDArray[np.uint8], kind: str = "TIFF") -> bytes:
    """Whole grey values or labels as a file without loss, the first row on top."""
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(greys)).save(stream, kind)
    return stream.getvalue()


def label_figure(
    greys: NDArray[np.generic], labels: NDArray[np.uint8], pixel: float, title: str = ""
) -> Figure:
    """An image above its phases, both (h, w) with the first row on top."""
    height, width = labels.shape
    side = pixel / MICROMETRE
    window = (0.0, width * side, 0.0, height * side)
    colours = ListedColormap([PHASE_COLOURS[name] for name in LABELS])
    with canvas.style():
        tall = 115.0 * height / width
        figure = canvas.new_figure(135.0, 2.0 * tall + 42.0, rows=2)
        upper, lower = figure.subplots(2, 1)
        for axes, image, how in (
            (upper, greys, {"cmap": "gray"}),
            (lower, labels, {"cmap": colours, "vmin": -0.5, "vmax": len(LABELS) - 0.5}),
        ):
            axes.imshow(image, extent=window, interpolation="nearest", **how)
        canvas.frame(upper, window, "Grey values")
        canvas.frame(lower, window, "Phases")
        share = {n: float((labels == v).mean()) for n, v in LABELS.items()}
        handles = [
            Patch(color=PHASE_COLOURS[n], label=f"{n} {share[n]:.1%}") for n in LABELS if share[n]
        ]
        canvas.key(lower, handles, 4)
        canvas.footnote(figure, title)
    return canvas.settle(figure)
