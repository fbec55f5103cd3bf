"""The pictures of a film of faces that part and touch again, with voltage and open share beside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from fem.errors import InputError
from fem.plot import canvas
from fem.plot.canvas import HAIR, INK, MUTED
from fem.plot.faces import (
    ELECTROLYTE,
    GAP_MAP,
    bed,
    draw_bands,
    draw_solids,
    enlargement,
    gap_range,
    typical_diameter,
)
from fem.plot.paint import ACTIVE, INACTIVE, LITHIUM
from fem.plot.runs import time_unit
from fem.plot.scale import Unit, axis_range, length_unit
from fem.plot.scene import Scene
from fem.results.history import Frame, History
from fem.results.quantities import declared
from fem.results.result import Result

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]

LINE = "#9c2f4b"
_DPI, _WIDTH = 150, 6.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 0.55, 0.15, 0.42, 0.45
_TALLEST, _BAR, _BESIDE, _LINES, _GAP = 3.2, 0.09, 0.75, 1.9, 0.2
"""Largest height of the map, the width of its bar, the room between bar and curves, the least width
of these, and the distance between them. All lengths in inches."""
_SHADES = {"gaps": 128, "grey": 32, "line": 8}
"""How colours of a palette are spent; with more shades of grey white turns into the palest."""


class GapFilm:
    """A figure of which only gaps, particles, two dots and a clock change from picture to picture.

    Colours and the enlargement of gaps are those of the largest gap of all states.

    Parameters
    ----------
    frames
        States in order of time, all with their fields.
    history
        For the curves beside the map; without it they go from state to state.

    Raises
    ------
    InputError
        If a state has no faces that may part.
    """

    def __init__(self, frames: Sequence[Frame], history: History | None = None) -> None:
        states = [frame.result for frame in frames]
        if not states or any(state is None or state.faces is None for state in states):
            raise InputError(
                "a film of gaps needs states with faces that may part",
                key="interfaces.particle_electrolyte.bond",
                allowed='"none" or "cohesive", with output.frames of at least 2',
            )
        tables = [state.faces for state in states if state is not None and state.faces is not None]
        largest = max(float(each.gap[each.open].max(initial=0.0)) for each in tables)
        assert states[0] is not None
        scene = Scene.of(states[0])
        self.factor = enlargement(tables, typical_diameter(scene))
        self.unit: Unit = length_unit(largest)
        self.limits = gap_range(largest).over(self.unit)
        self.norm = canvas.norm_of(self.limits)
        self.window = bed(scene)
        self.curves = _curves(frames, history)
        self.time = time_unit(float(frames[-1].time))
        self._lay_out()
        self.canvas.draw()
        self.background = self.canvas.copy_from_bbox(self.figure.bbox)

    @property
    def colours(self) -> Floats:
        """Red, green and blue (n, 3) of what pictures are made of, for a palette."""
        found = [to_rgba_array([ELECTROLYTE, ACTIVE, INACTIVE, LITHIUM])[:, :3]]
        found.append(GAP_MAP(np.linspace(0.0, 1.0, _SHADES["gaps"]))[:, :3])
        for ink, count in ((INK, _SHADES["grey"]), (LINE, _SHADES["line"])):
            white = np.linspace(0.0, 1.0, count)[:, None]
            found.append(white + (1.0 - white) * to_rgba_array(ink)[:, :3])
        return np.concatenate(found)

    def _lay_out(self) -> None:
        left, right, bottom, top = self.window
        aspect = (right - left) / (top - bottom)
        room = _WIDTH - _LEFT - _RIGHT
        width = min(room - _BAR - _BESIDE - 0.45 - _LINES, _TALLEST * aspect)
        beside = width / aspect > 1.3
        if not beside:  # a flat cell: curves go below
            width = room - _BAR - 0.6
        height = width / aspect
        lines = (room - width - _BAR - _BESIDE - 0.45) if beside else 0.5 * (room - 0.5)
        each = 0.5 * (height - _GAP) if beside else 1.0
        tall = _TOP + height + _BOTTOM + (0.0 if beside else each + 0.55)
        tall = 2.0 * np.ceil(0.5 * tall * _DPI) / _DPI  # films are encoded in blocks
        self.figure = Figure(figsize=(_WIDTH, tall), dpi=_DPI)
        self.canvas = FigureCanvasAgg(self.figure)
        self.map = self._axes(_LEFT, _TOP, width, height)
        canvas.frame(self.map, self.window, "")
        self.map.set_facecolor(ELECTROLYTE)
        words = "gaps" if self.factor == 1.0 else f"gaps, drawn × {self.factor:g}"
        self._say(_LEFT, words, "left")
        bar = self.figure.colorbar(
            ScalarMappable(self.norm, GAP_MAP),
            cax=self._axes(_LEFT + width + 0.07, _TOP, _BAR, height),
        )
        bar.outline.set_linewidth(HAIR)
        canvas.bar_ticks(bar, self.limits)
        bar.set_label(declared("gap_m").axis(self.unit.name))
        start = _WIDTH - _RIGHT - lines
        if beside:
            places = [(start, _TOP), (start, _TOP + each + _GAP)]
        else:
            below = _TOP + height + 0.55
            places = [(_LEFT, below), (start, below)]
        names = ("Voltage / V", "open_fraction")
        self.dots, self.plots = [], []
        for (x, y), name in zip(places, names, strict=True):
            axes = self._axes(x, y, lines, each)
            self.plots.append(axes)
            self.dots.append(self._curve(axes, name))
        if beside:
            self.plots[0].tick_params(labelbottom=False)
            self.figure.align_ylabels(self.plots)
        for axes in self.plots[1:] if beside else self.plots:
            axes.set_xlabel(declared("Test Time / s").axis(self.time.name))
        self.clock = self._say(_WIDTH - _RIGHT, "", "right")

    def _axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Axes by the distances of their upper left corner from that of the figure."""
        wide, tall = self.figure.get_size_inches()
        place = (left / wide, 1.0 - (top + height) / tall, width / wide, height / tall)
        return self.figure.add_axes(place)

    def _say(self, x: float, words: str, side: str) -> Any:
        wide, tall = self.figure.get_size_inches()
        return self.figure.text(
            x / wide, 1.0 - 0.45 * _TOP / tall, words, ha=side, va="center", fontsize="large",
            animated=not words,
        )  # fmt: skip

    def _curve(self, axes: Axes, name: str) -> Any:
        """A column of the history over time, and a dot to be moved along it."""
        time, values = self.curves["Test Time / s"] / self.time.size, self.curves[name]
        axes.plot(time, values, color=INK, linewidth=1.1)
        share = name == "open_fraction"
        least = 0.05 if share else declared(name).least
        drawn = np.append(values, 0.0) if share else values
        axes.set_ylim(*axis_range(drawn, least, below=0.1, above=0.1))
        axes.set_xlim(0.0, max(float(time[-1]), 1e-9))
        axes.set_ylabel("open surface" if share else declared(name).axis())
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        axes.spines[["top", "right"]].set_visible(False)
        if share:
            axes.axhline(0.0, color=MUTED, linewidth=HAIR, zorder=0.5)
        (dot,) = axes.plot([], [], "o", color=LINE, markersize=5.0, animated=True, clip_on=False)
        return dot

    def picture(self, frame: Frame) -> Pixels:
        """The state as pixels (height, width, 3)."""
        result = frame.result
        assert result is not None and result.faces is not None
        self.clock.set_text(
            f"{frame.time / self.time.size:.1f} {self.time.name}   {frame.voltage:.3f} V   "
            + f"{frame.current_density + 0.0:.3g} A/m²".replace("-", "−")
        )
        self.canvas.restore_region(self.background)
        self._draw_map(result)
        for axes, dot, y in zip(self.plots, self.dots, (frame.voltage, _open(result)), strict=True):
            dot.set_data([frame.time / self.time.size], [y])
            axes.draw_artist(dot)
        self.figure.draw_artist(self.clock)
        return np.asarray(self.canvas.buffer_rgba())[..., :3].copy()

    def _draw_map(self, result: Result) -> None:
        assert result.faces is not None
        scene, axes = Scene.of(result), self.map
        before = set(axes.get_children())
        draw_solids(scene, axes)
        draw_bands(scene, axes, result.faces, self.factor, self.norm, self.unit)
        drawn = [each for each in axes.get_children() if each not in before]
        for each in sorted(drawn, key=lambda artist: float(artist.get_zorder())):
            axes.draw_artist(each)
            each.remove()
        for spine in axes.spines.values():
            axes.draw_artist(spine)


def _open(result: Result) -> float:
    return float(result.metrics["open_fraction"])


def _curves(frames: Sequence[Frame], history: History | None) -> dict[str, Floats]:
    """Time in s, voltage in V and open share of a run."""
    names = ("Test Time / s", "Voltage / V", "open_fraction")
    if history is not None:
        return {name: history.columns[name] for name in names}
    rows = [(f.time, f.voltage, _open(f.result)) for f in frames if f.result is not None]
    return dict(zip(names, np.array(rows).T, strict=True))
