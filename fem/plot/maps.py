"""Maps of the cell: potential with current lines, current density, von Mises stress."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, PathPatch
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from fem.errors import InputError
from fem.measures.stress import FOOT_DISC
from fem.plot import canvas
from fem.plot.canvas import HAIR, INK
from fem.plot.scale import MICROMETRE, TAIL, Range, Unit, current_unit, stress_unit
from fem.plot.scene import Part, Scene
from fem.results.result import Result

Floats = NDArray[np.float64]

POTENTIAL_MAP, FLUX_MAP, STRESS_MAP = "cividis", "viridis", "magma"
LITHIUM, ACTIVE, INACTIVE = "#c4c4c4", "#f7f3ea", "#8d8d8d"
AREA_END = f"ends at {100.0 - TAIL:g} % of the area"
"""Said of a colour bar with a robust range."""
_LINE, _PALE, _DISC = "white", "#8fb0e0", "#7fd6ff"
_FAINT = "#d8d8d8"
_ARROW = np.array([[1.0, 0.0], [-0.8, 0.62], [-0.45, 0.0], [-0.8, -0.62]]) * 2.1
"""An arrow head to the right, in points."""


def potential(result: Result, ax: Axes | None = None) -> Axes:
    """Electrolyte potential in mV with equipotential lines and current lines.

    Every current line carries the same current; arrows show its direction.

    Parameters
    ----------
    ax
        Where to draw; by default axes in a figure of their own.
    """
    scene = Scene.of(result)
    with canvas.style_for(ax):
        axes = ax if ax is not None else canvas.map_figure(scene.window, result.case.title)
        draw_potential(scene, axes)
        if ax is None:
            _legend(scene, axes)
    return axes


def flux(result: Result, ax: Axes | None = None) -> Axes:
    """Magnitude of the current density in the electrolyte in A/m^2.

    The colours end where all but half a percent of the area is covered; they turn logarithmic
    if half of the area would be dark.
    """
    scene = Scene.of(result)
    with canvas.style_for(ax):
        axes = ax if ax is not None else canvas.map_figure(scene.window, result.case.title)
        draw_flux(scene, axes)
    return axes


def von_mises(result: Result, ax: Axes | None = None) -> Axes:
    """Von Mises stress in GPa or MPa where mechanics was solved.

    The colours end where all but half a percent of the area outside the discs of 4 um around the
    feet of deposits is covered; dashed circles are these discs.

    Raises
    ------
    InputError
        If mechanics was switched off.
    """
    scene = Scene.of(result)
    require_stress(scene)
    with canvas.style_for(ax):
        axes = ax if ax is not None else canvas.map_figure(scene.window, result.case.title)
        draw_von_mises(scene, axes)
    return axes


def require_stress(scene: Scene) -> None:
    """Refuse to draw stress that was not solved for."""
    if not scene.has_stress:
        raise InputError(
            "this result has no stress to draw: mechanics was switched off",
            key="mechanics.enabled",
            given=False,
            allowed="true",
            cure="run the case with mechanics.enabled = true and a plating_time",
        )


def draw_potential(scene: Scene, axes: Axes, title: str = "Potential and current lines") -> None:
    canvas.frame(axes, scene.window, title)
    unit = Unit(1e-3, "mV")
    part, values = scene.electrolyte, scene.potential / unit.size
    limits = scene.potential_range.over(unit)
    drawn = draw_field(axes, part, values, limits, POTENTIAL_MAP)
    bar = canvas.colour_bar(axes, drawn, limits, f"electrolyte potential ({unit.name})")
    levels, segments = scene.contours
    if len(levels):
        # Light on the dark half of the colours, dark on the light half.
        light = levels < 0.5 * (scene.potential_range.low + scene.potential_range.high)
        colours = np.where(light, _PALE, INK).tolist()
        lines = LineCollection(
            [line for each in segments for line in each], linewidths=HAIR, alpha=0.8, zorder=1.5,
            colors=[c for c, each in zip(colours, segments, strict=True) for _ in each],
        )  # fmt: skip
        lines.set_in_layout(False)
        axes.add_collection(lines, autolim=False)
        bar.add_lines(levels / unit.size, colours, HAIR)
    _current_lines(scene, axes)
    _electrodes(scene, axes)


def draw_flux(scene: Scene, axes: Axes, title: str = "Current density") -> None:
    canvas.frame(axes, scene.window, title)
    limits = scene.flux_range
    drawn = draw_field(axes, scene.electrolyte, scene.flux, limits, FLUX_MAP)
    canvas.colour_bar(axes, drawn, limits, "current density (A/m²)")
    _electrodes(scene, axes)


def draw_von_mises(scene: Scene, axes: Axes, title: str = "Von Mises stress") -> None:
    draw_stress(scene, axes, scene.window, scene.von_mises_range, title)


def draw_stress(
    scene: Scene,
    axes: Axes,
    window: tuple[float, ...],
    limits: Range,
    title: str,
    end: str = AREA_END,
) -> Unit:
    """Von Mises stress in a window (um) within `limits` (Pa); gives back the unit of the bar.

    `end` says where the colours end, if values lie beyond.
    """
    canvas.frame(axes, window, title)
    unit = stress_unit(limits.high)
    limits = limits.over(unit)
    drawn = draw_field(axes, scene.solids, scene.von_mises / unit.size, limits, STRESS_MAP)
    note = f"\n{end}" if limits.extend != "neither" else ""
    canvas.colour_bar(axes, drawn, limits, f"von Mises stress ({unit.name}){note}")
    _electrodes(scene, axes, filled=False)
    for x, y in scene.feet if scene.discs_fit else ():
        disc = Circle(
            (x, y), FOOT_DISC / MICROMETRE, fill=False, edgecolor=_DISC, linewidth=0.6,
            linestyle=(0, (2.5, 1.5)), zorder=4,
        )  # fmt: skip
        axes.add_artist(disc)
    return unit


def draw_field(axes: Axes, part: Part, values: Floats, limits: Range, colours: Any) -> Any:
    """A field on the points of a part, in colours of its own."""
    drawn = axes.tripcolor(
        part.triangulation, values, shading="gouraud", cmap=colours, norm=canvas.norm_of(limits),
        rasterized=True, zorder=1,
    )  # fmt: skip
    drawn.set_in_layout(False)
    return drawn


def _electrodes(scene: Scene, axes: Axes, filled: bool = True) -> None:
    """Lithium and particles; not filled, these are outlines over the stress inside them."""
    parts = scene.electrodes
    width = outline_width(scene, axes)
    edge = INK if filled else _FAINT
    # Lithium lies below the stress: it shows where lithium carries none.
    for path, colour, level in (
        (parts.lithium, LITHIUM, 3.0 if filled else 0.5),
        (parts.active, ACTIVE, 3.0),
        (parts.inactive, INACTIVE, 3.0),
    ):
        if filled or path is parts.lithium:
            draw_patch(axes, path, colour, "none", 0.0, level)
        line = HAIR if path is parts.lithium else width
        draw_patch(axes, path, "none", edge, line if filled else 0.7 * line, 3.0)
    if filled:
        draw_strokes(axes, parts.strokes, width)


def draw_strokes(axes: Axes, strokes: Floats, width: float) -> None:
    """Hatching of inactive particles."""
    if len(strokes):
        drawn = LineCollection(list(strokes), colors=INK, linewidths=width, zorder=3.1)
        drawn.set_in_layout(False)
        axes.add_collection(drawn, autolim=False)


def draw_patch(axes: Axes, path: Path, face: str, edge: str, width: float, level: float) -> None:
    """A filled path that takes no part in the layout; none if it is empty."""
    if len(path):
        patch = PathPatch(path, facecolor=face, edgecolor=edge, linewidth=width, zorder=level)
        patch.set_in_layout(False)
        axes.add_artist(patch)


def outline_width(scene: Scene, axes: Axes) -> float:
    """Width of outlines in points, thin on particles that are small on paper."""
    diameter = scene.geometry.particles.diameter
    if not len(diameter):
        return HAIR
    left, right = axes.get_xlim()
    points = 72.0 * canvas.width_in_inches(axes) / (right - left)
    return float(np.clip(0.06 * np.median(diameter) / MICROMETRE * points, 0.15, HAIR))


def _current_lines(scene: Scene, axes: Axes) -> None:
    found = scene.lines
    if not found.lines:
        return
    # Full width on a page of its own, finer in a panel.
    scale = float(np.clip(canvas.width_in_inches(axes) * canvas.INCH / canvas.SINGLE[0], 0.7, 1.0))
    # A faint dark seam keeps white lines readable on light colours.
    for colour, width, alpha in ((INK, 1.4, 0.3), (_LINE, 0.75, 1.0)):
        lines = LineCollection(
            found.lines, colors=colour, linewidths=width * scale, alpha=alpha, zorder=2
        )
        lines.set_in_layout(False)
        axes.add_collection(lines, autolim=False)
    cosine, sine = np.cos(found.angles), np.sin(found.angles)
    turn = np.moveaxis(np.array([[cosine, -sine], [sine, cosine]]), 2, 0)
    heads = PolyCollection(
        np.einsum("nij,kj->nki", turn, scale * _ARROW), offsets=found.arrows,
        offset_transform=axes.transData, facecolors=_LINE, edgecolors="none", zorder=2.1,
    )  # fmt: skip
    heads.set_transform(Affine2D().scale(1.0 / 72.0) + axes.figure.dpi_scale_trans)
    heads.set_in_layout(False)
    axes.add_collection(heads, autolim=False)


def _legend(scene: Scene, axes: Axes) -> None:
    """What the signs of the potential map mean, above the right end of wide enough axes."""
    left, right, bottom, top = scene.window
    if (right - left) / (top - bottom) < 1.2:
        return
    look: dict[str, Any] = {
        "linestyle": "none",
        "markersize": 5.5,
        "markeredgecolor": INK,
        "markeredgewidth": HAIR,
    }
    handles = []
    if len(scene.electrodes.inactive):
        circle = Path.unit_circle()
        ends = np.array([[-1.0, -1.0], [1.0, 1.0]]) / np.sqrt(2.0)
        marker = Path(
            np.concatenate([circle.vertices, ends]),
            np.concatenate([circle.codes, [Path.MOVETO, Path.LINETO]]),
        )
        handles += [
            Line2D([], [], marker="o", markerfacecolor=ACTIVE, label="active", **look),
            Line2D([], [], marker=marker, markerfacecolor=INACTIVE, label="inactive", **look),
        ]
    if scene.lines.lines:
        unit = current_unit(scene.lines.share)
        text = f"{scene.lines.share / unit.size:.2g} {unit.name}/m each"
        handles.append(
            Line2D([], [], color="#9a9a9a", linewidth=0.9, marker=">", markersize=3.0, label=text)
        )
    if handles:
        axes.legend(
            handles=handles, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=len(handles),
            frameon=False, borderaxespad=0.1, handletextpad=0.3, columnspacing=1.0,
            handlelength=1.4,
        )  # fmt: skip
