"""The pictures of a film: lines, a map and a clock that change, on a figure that does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import PathPatch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from fem.plot import canvas
from fem.plot.canvas import HAIR, INK, MUTED
from fem.plot.lithiation import LABEL, LEAST_RANGE, LITHIATION_MAP
from fem.plot.outlines import Electrodes
from fem.plot.paint import (
    ACTIVE,
    FLUX_MAP,
    INACTIVE,
    LITHIUM,
    draw_strokes,
    draw_voids,
    key_of_particles,
    outline_width,
)
from fem.plot.raster import Cover
from fem.plot.runs import time_unit
from fem.plot.scale import MICROMETRE, Range, Unit, full_range, length_unit, robust_range
from fem.plot.scene import SMALLEST_CURRENT, Part, Scene
from fem.results.history import Frame
from fem.results.quantities import Declared, declared
from fem.results.result import FieldMesh, Result

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]

PLATING, THICKNESS = "#0b4f8a", "#b0561d"
_SHADES = {"flux": 112, "lithium": 80, "grey": 32, "line": 8}
"""How the 256 colours are spent that all pictures of a GIF share."""
_DPI = 150
_WIDTH = 6.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 0.62, 0.2, 0.3, 0.42
_LINES, _GAP = 0.95, 0.14
"""Height of axes of a profile and the distance between them."""
_TALLEST, _MAP_GAP, _BAR, _BAR_GAP = 3.1, 0.5, 0.09, 0.46
"""Largest height of the map, the gap above it, a colour bar's height, and the gap above that.
All lengths in inches."""
_MARGIN = 0.08


@dataclass(frozen=True)
class Stage:
    """What the map needs of a mesh; states with the same mesh and live particles share it."""

    field_mesh: FieldMesh
    inactivity: NDArray[np.str_]
    electrolyte: Part
    active: Part
    electrodes: Electrodes

    @classmethod
    def of(cls, result: Result, last: Stage | None) -> Stage:
        """The stage of `result`: the `last` one, if the mesh did not move since."""
        mesh = result.field_mesh
        if (
            last is not None
            and np.array_equal(mesh.points, last.field_mesh.points)
            and np.array_equal(mesh.triangles, last.field_mesh.triangles)
            and np.array_equal(result.particles.inactivity, last.inactivity)
        ):
            return last
        scene = Scene(result)
        why = result.particles.inactivity
        return cls(mesh, why, scene.electrolyte, scene.active, scene.electrodes)

    def flux(self, result: Result) -> Floats:
        """Magnitude of the current density in A/m^2 on the points of `electrolyte`."""
        return np.asarray(np.hypot(*result.fields["current_density"][self.electrolyte.source].T))

    def stoichiometry(self, result: Result) -> Floats:
        """Stoichiometry on the points of `active`."""
        return np.asarray(result.fields["stoichiometry"][self.active.source])


@dataclass(frozen=True)
class Limits:
    """Ends of all scales over all states, in SI units; those of fields only where there are any."""

    time: float
    plating: Range
    thickness: Range
    flux: Range | None
    stoichiometry: Range | None

    @classmethod
    def over(cls, frames: Sequence[Frame]) -> Limits:
        """Read every state once."""
        lines: list[tuple[Range, Range]] = []
        flux: list[Range] = []
        lithium: list[Range] = []
        top, last, stage = 0.0, 0.0, None
        for frame in frames:
            anode, result, last = frame.anode, frame.result, frame.time
            plating, thickness = (anode.running_mean(v) for v in (anode.plating, anode.thickness))
            lines.append((full_range(plating, 0.0), full_range(thickness, 0.0)))
            if result is None:
                continue
            stage = Stage.of(result, stage)
            values = stage.flux(result)
            top = max(top, float(values.max()))
            flux.append(
                robust_range(values, stage.electrolyte.areas, SMALLEST_CURRENT, may_be_log=True)
            )
            if len(stage.active.source):
                lithium.append(full_range(stage.stoichiometry(result), 0.0))
        plating_range, thickness_range = (
            _union(each, declared(name).least)
            for name, each in zip(
                ("plating_A_m2", "thickness_m"), zip(*lines, strict=True), strict=True
            )
        )
        largest = max(flux, key=lambda each: each.high, default=None)
        if largest is not None:
            beyond = "max" if top > largest.high * (1.0 + 1e-9) else "neither"
            extend = {"neither": "min", "max": "both"}[beyond] if largest.log else beyond
            largest = Range(largest.low, largest.high, largest.log, extend)
        return cls(
            last, plating_range, thickness_range, largest,
            _union(lithium, LEAST_RANGE) if lithium else None,
        )  # fmt: skip


class Film:
    """A figure of which only lines, a map and a clock change from picture to picture."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self.limits = Limits.over(frames)
        self.time = time_unit(self.limits.time)
        high = max(abs(self.limits.thickness.low), abs(self.limits.thickness.high))
        self.length = length_unit(high)
        full = [frame.result for frame in frames if frame.result is not None]
        scene = Scene(full[0]) if full else None
        map_size = (0.0, 0.0)
        below = 0.0
        if scene is not None:
            left, right, bottom, top = scene.window
            height = min((_WIDTH - _LEFT - _RIGHT) * (top - bottom) / (right - left), _TALLEST)
            map_size = (height * (right - left) / (top - bottom), height)
            below = _MAP_GAP + height + _BAR_GAP + _BAR
        tall = _TOP + 2.0 * _LINES + _GAP + below + _BOTTOM
        # Films are encoded in blocks: an even number of pixels.
        tall = 2.0 * np.ceil(0.5 * tall * _DPI) / _DPI
        self.figure = Figure(figsize=(_WIDTH, tall), dpi=_DPI)
        self.canvas = FigureCanvasAgg(self.figure)
        x = frames[0].anode.x / MICROMETRE
        ends = (float(x[0]), float(x[-1]))
        wide = _WIDTH - _LEFT - _RIGHT
        self.plating_axes = self._axes(_LEFT, _TOP, wide, _LINES)
        self.thickness_axes = self._axes(_LEFT, _TOP + _LINES + _GAP, wide, _LINES)
        plating, thickness = declared("plating_A_m2"), declared("thickness_m")
        self.plating = _profile(
            self.plating_axes, ends, self.limits.plating, Unit(1.0, plating.unit), plating, PLATING
        )
        self.thickness = _profile(
            self.thickness_axes, ends, self.limits.thickness, self.length, thickness, THICKNESS
        )
        self.plating_axes.tick_params(labelbottom=False)
        self.thickness_axes.set_xlabel(declared("x_m").axis("µm"))
        self.figure.align_ylabels([self.plating_axes, self.thickness_axes])
        self.clock = self.figure.text(
            1.0 - _RIGHT / _WIDTH, 1.0 - 0.5 * _TOP / tall, "", ha="right", va="center",
            fontsize="large", animated=True,
        )  # fmt: skip
        self.map: Map | None = None
        if scene is not None:
            foot = _TOP + 2.0 * _LINES + _GAP + _MAP_GAP
            self.map_axes = self._axes(_LEFT + 0.5 * (wide - map_size[0]), foot, *map_size)
            self.map = Map(self.map_axes, scene, self.limits)
            foot += map_size[1] + _BAR_GAP
            half = 0.5 * (wide - 0.3)
            self._bar(_LEFT, foot, half, self.map.flux, "current density (A/m²)")
            if self.map.lithium is not None:
                self._bar(_LEFT + half + 0.3, foot, half, self.map.lithium, LABEL)
            # Particles die as a run goes on: the last state has all that ever do.
            self.figure.legend(
                handles=key_of_particles(Scene(full[-1]), active=self.map.lithium is None),
                loc="center left", bbox_to_anchor=(_LEFT / _WIDTH, 1.0 - 0.5 * _TOP / tall),
                ncols=2, frameon=False, borderpad=0.0, borderaxespad=0.0, handletextpad=0.2,
            )  # fmt: skip
        self.canvas.draw()
        self.background = self.canvas.copy_from_bbox(self.figure.bbox)

    @property
    def colours(self) -> Floats:
        """Red, green and blue (n, 3) of maps, lines and text, and of these fading into white."""
        found = [to_rgba_array([LITHIUM, ACTIVE, INACTIVE])[:, :3]]
        found.append(colormaps[FLUX_MAP](np.linspace(0.0, 1.0, _SHADES["flux"]))[:, :3])
        found.append(LITHIATION_MAP(np.linspace(0.0, 1.0, _SHADES["lithium"]))[:, :3])
        for ink, count in (
            (INK, _SHADES["grey"]), (PLATING, _SHADES["line"]), (THICKNESS, _SHADES["line"])
        ):  # fmt: skip
            white = np.linspace(0.0, 1.0, count)[:, None]
            found.append(white + (1.0 - white) * to_rgba_array(ink)[:, :3])
        return np.concatenate(found)

    def _axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Axes by the distances of their upper left corner from that of the figure."""
        wide, tall = self.figure.get_size_inches()
        place = (left / wide, 1.0 - (top + height) / tall, width / wide, height / tall)
        return self.figure.add_axes(place)

    def _bar(self, left: float, top: float, width: float, shown: Any, label: str) -> None:
        colours, limits = shown
        bar = self.figure.colorbar(
            colours, cax=self._axes(left, top, width, _BAR), orientation="horizontal",
            extend=limits.extend, extendfrac=0.03,
        )  # fmt: skip
        bar.outline.set_linewidth(HAIR)
        canvas.bar_ticks(bar, limits)
        bar.set_label(label)

    def picture(self, frame: Frame) -> Pixels:
        """The state as pixels (height, width, 3)."""
        anode = frame.anode
        x = anode.x / MICROMETRE
        self.plating.set_data(x, anode.running_mean(anode.plating))
        self.thickness.set_data(x, anode.running_mean(anode.thickness) / self.length.size)
        self.clock.set_text(
            f"{frame.time / self.time.size:.1f} {self.time.name}   {frame.voltage:.3f} V   "
            + f"{frame.current_density + 0.0:.3g} A/m²".replace("-", "−")
        )
        self.canvas.restore_region(self.background)
        self.plating_axes.draw_artist(self.plating)
        self.thickness_axes.draw_artist(self.thickness)
        self.figure.draw_artist(self.clock)
        if self.map is not None and frame.result is not None:
            self.map.show(frame.result)
        return np.asarray(self.canvas.buffer_rgba())[..., :3].copy()


class Map:
    """Current density in the electrolyte and stoichiometry in the particles as one picture."""

    def __init__(self, axes: Axes, scene: Scene, limits: Limits) -> None:
        assert limits.flux is not None
        self.axes, self.window = axes, scene.window
        canvas.frame(axes, scene.window, "")
        axes.set_anchor("C")
        self.flux = (
            ScalarMappable(canvas.norm_of(limits.flux), colormaps[FLUX_MAP]), limits.flux,
        )  # fmt: skip
        self.lithium = None
        if limits.stoichiometry is not None:
            norm = canvas.norm_of(limits.stoichiometry)
            self.lithium = (ScalarMappable(norm, LITHIATION_MAP), limits.stoichiometry)
        box = axes.get_window_extent()
        self.count = int(box.width * box.height)
        self.image: AxesImage | None = None
        self.stage: Stage | None = None
        width = outline_width(scene, axes)
        parts = scene.electrodes
        # Particles without a stoichiometry to show are painted as in the other maps.
        active = ACTIVE if self.lithium is None else "none"
        self.patches = [
            PathPatch(path, facecolor=face, edgecolor=INK, linewidth=line, animated=True)
            for path, face, line in (
                (parts.lithium, LITHIUM, HAIR),
                (parts.inactive, INACTIVE, width),
                (parts.active, active, width),
            )
        ]
        for patch in self.patches:
            axes.add_artist(patch)
        before = set(axes.get_children())
        draw_voids(scene, axes)
        draw_strokes(axes, parts.strokes, width)
        self.strokes = [each for each in axes.get_children() if each not in before]
        for each in self.strokes:
            each.set_animated(True)

    def show(self, result: Result) -> None:
        """Draw the fields of `result` and the electrodes over them."""
        stage = Stage.of(result, self.stage)
        if stage is not self.stage:
            self._set(stage)
        assert self.image is not None
        pixels = np.zeros((*self.covers[0].shape, 4), dtype=np.uint8)
        fields = [(self.covers[0], stage.flux(result), self.flux)]
        if self.lithium is not None:
            fields.append((self.covers[1], stage.stoichiometry(result), self.lithium))
        for cover, values, (colours, limits) in fields:
            if limits.log:
                values = np.maximum(values, limits.low)
            inside = np.unravel_index(cover.place, cover.shape)
            pixels[inside] = colours.to_rgba(
                cover.values(values[:, None])[..., 0][inside], bytes=True
            )
        self.image.set_data(pixels)
        for artist in (self.image, *self.patches, *self.strokes, *self.axes.spines.values()):
            self.axes.draw_artist(artist)

    def _set(self, stage: Stage) -> None:
        self.stage = stage
        parts = (stage.electrolyte, stage.active)
        self.covers = [
            Cover.of(part.points, part.triangles, self.window, self.count)
            for part in parts[: 1 if self.lithium is None else 2]
        ]
        cover = self.covers[0]
        rows, columns = cover.shape
        low = np.array(cover.origin) - 0.5 * cover.spacing
        high = low + cover.spacing * np.array([columns, rows])
        if self.image is None:
            self.image = self.axes.imshow(
                np.zeros((rows, columns, 4), dtype=np.uint8), origin="lower", aspect="equal",
                extent=(low[0], high[0], low[1], high[1]), interpolation="nearest", animated=True,
            )  # fmt: skip
            left, right, bottom, top = self.window
            self.axes.set(xlim=(left, right), ylim=(bottom, top))
        electrodes = stage.electrodes
        paths = (electrodes.lithium, electrodes.inactive, electrodes.active)
        for patch, path in zip(self.patches, paths, strict=True):
            patch.set_path(path)


def _profile(
    axes: Axes,
    ends: tuple[float, float],
    limits: Range,
    unit: Unit,
    quantity: Declared,
    colour: str,
) -> Any:
    """A line to be moved, in axes that fit all its states."""
    limits = limits.over(unit)
    room = _MARGIN * (limits.high - limits.low)
    axes.set_xlim(*ends)
    axes.set_ylim(limits.low - room, limits.high + room)
    axes.set_ylabel(quantity.axis(unit.name, "\n"))
    axes.axhline(0.0, color=MUTED, linewidth=HAIR, zorder=0.5)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
    axes.spines[["top", "right"]].set_visible(False)
    (line,) = axes.plot([], [], color=colour, linewidth=1.6, animated=True)
    return line


def _union(ranges: Sequence[Range], smallest: float) -> Range:
    ends = np.array([(each.low, each.high) for each in ranges])
    return full_range(ends, smallest)
