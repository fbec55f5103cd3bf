"""Figures of the right size, fonts, axes in um and colour bars; no global state is touched."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import matplotlib
import numpy as np
from matplotlib import colormaps, rcParams
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Colormap, LogNorm, Normalize, SymLogNorm
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    ScalarFormatter,
)
from matplotlib.transforms import ScaledTranslation, blended_transform_factory
from numpy.typing import NDArray

from fem.plot.scale import Range
from fem.results.quantities import declared

INCH = 25.4
"""Millimetres."""
SINGLE = (128.0, 100.0)
"""Largest width and height in mm of the axes of a map that has a figure of its own."""
_FLAT = 40.0
"""The same above which there is room for one tick on the side."""
WIDE = 2.6
"""Ratio of width to height of axes above which the colour bar goes below them."""
RASTER_DPI = 200.0
"""Resolution that suits the pictures of `figures`."""
_MARGINS = (12.0, 18.0, 10.0, 7.0)
"""About what labels take left, right, below and above axes, in mm."""

_NOTE, _ROW = 2.7, 3.8
"""What a line of a footnote or of a key takes, in mm."""
SIGNIFICANT = FuncFormatter(lambda value, _: f"{value:g}".replace("-", "−"))

INK, MUTED, HAIR = "#202020", "#5a5a5a", 0.5
_SIZE = 8.0
_STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": _SIZE,
    "axes.titlesize": _SIZE + 1.0,
    "axes.titlepad": 5.0,
    "axes.labelsize": _SIZE,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.6,
    "axes.facecolor": "white",
    "axes.unicode_minus": True,
    "axes.grid": False,
    "axes.labelpad": 2.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "legend.fontsize": _SIZE - 1.0,
    "lines.linewidth": 1.0,
    "xtick.labelsize": _SIZE - 0.5,
    "ytick.labelsize": _SIZE - 0.5,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.direction": "out",
    "ytick.direction": "out",
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "text.color": INK,
    "text.usetex": False,
    "pdf.fonttype": 42,
    "path.simplify": True,
}


@contextmanager
def style(size: float = _SIZE) -> Iterator[None]:
    """Within this context new text and axes look as these figures do, at a font `size` in pt.

    Saving within it also embeds fonts in PDF files as outlines that other programs can edit.
    """
    change = size - _SIZE
    sized = {
        key: value + change
        for key, value in _STYLE.items()
        if key.endswith("size") and ".major." not in key
    }
    with matplotlib.rc_context({**_STYLE, **sized}):
        yield


def style_for(axes: Axes | None) -> AbstractContextManager[None]:
    """`style` for a figure of our own; axes that are handed in keep the fonts of their owner."""
    return style() if axes is None else nullcontext()


def new_figure(
    width: float, height: float, rows: int = 1, columns: int = 1, between: float = 0.02
) -> Figure:
    """An empty figure in mm, apart from any window system, for so many rows and columns of axes.

    `between` is the room between rows over their height.
    """
    pad = 1.3 / INCH
    layout = ConstrainedLayoutEngine(w_pad=pad, h_pad=pad, hspace=between)
    figure = Figure(figsize=(width / INCH, height / INCH), layout=layout)
    # A first guess from which the layout of axes with an equal aspect settles at once.
    left, right, bottom, top = _MARGINS
    across = (left + right) * columns / (width - (left + right) * columns)
    above = (bottom + top) * rows / (height - (bottom + top) * rows)
    figure.subplotpars.update(
        left / width, bottom / height, 1.0 - right / width, 1.0 - top / height, across, above
    )
    FigureCanvasAgg(figure)
    return figure


def settle(figure: Figure) -> Figure:
    """Lay a finished figure out once and for all, which halves the time to save it."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        # Without any engine, saving does not draw everything twice.
        with matplotlib.rc_context(
            {"figure.autolayout": False, "figure.constrained_layout.use": False}
        ):
            figure.set_layout_engine(None)
    return figure


def map_figure(window: tuple[float, ...], title: str, rows: int = 0) -> Axes:
    """Axes in a figure that fits a map of `window` (um), with the title of the case below.

    `rows` is how many lines a `key` will have.
    """
    left, right, bottom, top = window
    aspect = (right - left) / (top - bottom)
    width = min(SINGLE[0], SINGLE[1] * aspect)
    height = width / aspect
    below = aspect > WIDE
    wide = max(width + (18.0 if below else 38.0), 80.0)
    # What stands below axes of an equal aspect is not seen by the layout.
    note = _NOTE * len(_wrapped(title, wide))
    figure = new_figure(wide, height + (32.0 if below else 21.0) + note + _ROW * rows)
    axes = figure.add_subplot()
    footnote(figure, title)
    return axes


def key_shape(window: tuple[float, ...], handles: Sequence[Artist]) -> tuple[int, int]:
    """Columns and rows of a `key` above a map of `window` in a figure of its own."""
    left, right, bottom, top = window
    width = max(min(SINGLE[0], SINGLE[1] * (right - left) / (top - bottom)), 60.0)
    longest = max((len(str(handle.get_label())) for handle in handles), default=0)
    columns = min(max(int(width / (7.0 + 1.4 * longest)), 1), max(len(handles), 1))
    return columns, -(-len(handles) // columns)


def key(axes: Axes, handles: Sequence[Artist], columns: int) -> None:
    """A legend between the axes and their title, which moves up by its rows."""
    if not handles:
        return
    rows = -(-len(handles) // columns)
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=columns,
        frameon=False, borderaxespad=0.1, borderpad=0.2, handletextpad=0.5, columnspacing=1.2,
        labelspacing=0.25, handlelength=1.4,
    )  # fmt: skip
    title = axes.get_title(loc="left")
    axes.set_title(title, loc="left", pad=4.0 + rows * 1.5 * float(rcParams["legend.fontsize"]))


def footnote(figure: Figure, text: str) -> None:
    """Small grey text below a figure; left out if the font lacks its letters."""
    lines = _wrapped(text, figure.get_figwidth() * INCH)
    if lines:
        figure.supxlabel(
            "\n".join(lines), x=0.01, ha="left", fontsize=6.0, color=MUTED, parse_math=False
        )


def _wrapped(text: str, width: float) -> list[str]:
    """The lines of a footnote in a figure of `width` mm."""
    text = " ".join(text.split())
    font = get_font(findfont(FontProperties(family="DejaVu Sans")))
    if not all(font.get_char_index(ord(letter)) for letter in text):
        return []
    return textwrap.wrap(text, int(width / 1.35), max_lines=2, placeholder=" …")


def frame(axes: Axes, window: tuple[float, ...], title: str) -> None:
    """Equal aspect, the window in um, labels and a title."""
    left, right, bottom, top = window
    axes.set_aspect("equal", anchor="N")
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    axes.set_xlabel(declared("x_m").axis("µm"))
    axes.set_ylabel(declared("y_m").axis("µm"))
    aspect = (right - left) / (top - bottom)
    axes.xaxis.set_major_locator(
        MaxNLocator(nbins=min(max(int(6 * aspect), 1), 7), steps=[1, 2, 5, 10])
    )
    axes.yaxis.set_major_locator(
        MaxNLocator(nbins=min(max(int(6 / aspect), 2), 6), steps=[1, 2, 5, 10])
    )
    if aspect > _FLAT:
        # There is room for one number.
        axes.yaxis.set_major_locator(FixedLocator([float(f"{top:.1g}") if top < 1.0 else top // 1]))
    axes.set_title(title, loc="left")


def width_in_inches(axes: Axes) -> float:
    """About how wide axes are on paper, before they are laid out."""
    return float(
        axes.get_position(original=True).width
        * axes.figure.dpi_scale_trans.inverted().transform(axes.figure.bbox.size)[0]
    )


def norm_of(limits: Range) -> Normalize:
    """How values between the ends of a colour bar become colours."""
    if limits.linear > 0.0:
        return SymLogNorm(limits.linear, vmin=limits.low, vmax=limits.high, base=10)
    return (LogNorm if limits.log else Normalize)(limits.low, limits.high)


def colour_bar(axes: Axes, drawn: Any, limits: Range, label: str) -> Any:
    """A colour bar as long as the axes, right of them or, if these are wide, below."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    below = (right - left) / (top - bottom) > WIDE
    # Lengths in inches, counted from a corner of the axes wherever their aspect puts it.
    inches: Any = axes.figure.dpi_scale_trans
    corner: Any = axes.transAxes
    if below:
        offset = inches + ScaledTranslation(0.0, 0.0, corner)
        transform = blended_transform_factory(axes.transAxes, offset)
        place = (0.0, -13.0 / INCH, 1.0, 2.2 / INCH)
    else:
        offset = inches + ScaledTranslation(1.0, 0.0, corner)
        transform = blended_transform_factory(offset, axes.transAxes)
        place = (1.8 / INCH, 0.0, 2.2 / INCH, 1.0)
    inset = axes.inset_axes(place, transform=transform)
    bar = axes.figure.colorbar(
        drawn, cax=inset, extend=limits.extend, extendfrac=0.04,
        orientation="horizontal" if below else "vertical",
    )  # fmt: skip
    if bar.solids is not None:
        bar.solids.set_rasterized(True)
    bar.set_label(label)
    bar.outline.set_linewidth(HAIR)
    bar_ticks(bar, limits)
    return bar


def _decades(limits: Range) -> list[float]:
    """Powers of ten of both signs beyond the linear part of a range, and zero."""
    first = int(np.floor(np.log10(limits.linear))) + 1
    last = int(np.floor(np.log10(max(-limits.low, limits.high)) + 1e-9))
    powers = [10.0**k for k in range(first, last + 1)]
    ticks = [-value for value in reversed(powers)] + [0.0] + powers
    return [value for value in ticks if limits.low <= value <= limits.high]


def bar_ticks(bar: Any, limits: Range) -> None:
    """Round numbers at a colour bar."""
    if limits.linear > 0.0:
        bar.locator = FixedLocator(_decades(limits))
        bar.formatter = SIGNIFICANT
    elif limits.log:
        decades = limits.high / limits.low
        bar.locator = LogLocator(subs=(1.0, 2.0, 5.0) if decades < 300.0 else (1.0,))
        bar.formatter = ScalarFormatter() if decades < 300.0 else SIGNIFICANT
        bar.minorformatter = NullFormatter()
    else:
        bar.locator = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10])
    bar.minorticks_off()
    bar.update_ticks()


def palette(colours: Colormap | str) -> NDArray[np.uint8]:
    """The 256 colours of a colour map as red, green and blue (256, 3)."""
    table = colormaps[colours] if isinstance(colours, str) else colours
    return np.asarray(np.round(255 * table(np.linspace(0.0, 1.0, 256))[:, :3]), dtype=np.uint8)
