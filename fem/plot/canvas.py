"""Figures of the right size, fonts, axes in um and colour bars; no global state is touched."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import matplotlib
import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Colormap, LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, ScalarFormatter
from matplotlib.transforms import ScaledTranslation, blended_transform_factory
from numpy.typing import NDArray

from fem.plot.scale import Range
from fem.results.quantities import declared

INCH = 25.4
"""Millimetres."""
SINGLE = (128.0, 100.0)
"""Largest width and height in mm of the axes of a map that has a figure of its own."""
WIDE = 2.6
"""Ratio of width to height of axes above which the colour bar goes below them."""
RASTER_DPI = 200.0
"""Resolution that suits the pictures of `figures`."""
_MARGINS = (12.0, 18.0, 10.0, 7.0)
"""About what labels take left, right, below and above axes, in mm."""

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


def new_figure(width: float, height: float, rows: int = 1, columns: int = 1) -> Figure:
    """An empty figure in mm, apart from any window system, for so many rows and columns of axes."""
    pad = 1.3 / INCH
    layout = ConstrainedLayoutEngine(w_pad=pad, h_pad=pad)
    figure = Figure(figsize=(width / INCH, height / INCH), layout=layout)
    # A first guess from which the layout of axes with an equal aspect settles at once.
    left, right, bottom, top = _MARGINS
    between = (left + right) * columns / (width - (left + right) * columns)
    above = (bottom + top) * rows / (height - (bottom + top) * rows)
    figure.subplotpars.update(
        left / width, bottom / height, 1.0 - right / width, 1.0 - top / height, between, above
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


def map_figure(window: tuple[float, ...], title: str) -> Axes:
    """Axes in a figure that fits a map of `window` (um), with the title of the case below."""
    left, right, bottom, top = window
    aspect = (right - left) / (top - bottom)
    width = min(SINGLE[0], SINGLE[1] * aspect)
    height = width / aspect
    below = aspect > WIDE
    figure = new_figure(
        max(width + (18.0 if below else 38.0), 80.0), height + (34.0 if below else 24.0)
    )
    axes = figure.add_subplot()
    footnote(figure, title)
    return axes


def footnote(figure: Figure, text: str) -> None:
    """Small grey text below a figure; left out if the font lacks its letters."""
    text = " ".join(text.split())
    font = get_font(findfont(FontProperties(family="DejaVu Sans")))
    if not text or not all(font.get_char_index(ord(letter)) for letter in text):
        return
    columns = int(figure.get_figwidth() * INCH / 1.35)
    figure.supxlabel(
        textwrap.fill(text, columns, max_lines=2, placeholder=" …"),
        x=0.01, ha="left", fontsize=6.0, color=MUTED, parse_math=False,
    )  # fmt: skip


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
    axes.set_title(title, loc="left")


def width_in_inches(axes: Axes) -> float:
    """About how wide axes are on paper, before they are laid out."""
    return float(
        axes.get_position(original=True).width
        * axes.figure.dpi_scale_trans.inverted().transform(axes.figure.bbox.size)[0]
    )


def norm_of(limits: Range) -> Normalize:
    """How values between the ends of a colour bar become colours."""
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


def bar_ticks(bar: Any, limits: Range) -> None:
    """Round numbers at a colour bar."""
    if limits.log:
        bar.locator = LogLocator(subs=(1.0, 2.0, 5.0))
        bar.formatter = ScalarFormatter()
        bar.minorformatter = NullFormatter()
    else:
        bar.locator = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10])
    bar.minorticks_off()
    bar.update_ticks()


def palette(colours: Colormap | str) -> NDArray[np.uint8]:
    """The 256 colours of a colour map as red, green and blue (256, 3)."""
    table = colormaps[colours] if isinstance(colours, str) else colours
    return np.asarray(np.round(255 * table(np.linspace(0.0, 1.0, 256))[:, :3]), dtype=np.uint8)
