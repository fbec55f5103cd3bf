"""What maps are painted of: fields in colours, electrodes and voids over them, and their key."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Patch, PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from fem.measures.stress import FOOT_DISC
from fem.plot import canvas
from fem.plot.canvas import HAIR, INK
from fem.plot.scale import MICROMETRE, TAIL, Range, current_unit
from fem.plot.scene import Part, Scene

Floats = NDArray[np.float64]

POTENTIAL_MAP, FLUX_MAP, STRESS_MAP = "cividis", "viridis", "magma"
LITHIUM, ACTIVE, INACTIVE, IDLE = "#c4c4c4", "#f7f3ea", "#8d8d8d", "#e3e6ee"
AREA_END = f"ends at {100.0 - TAIL:g} % of the area"
"""Said of a colour bar with a robust range."""
_VOID: dict[str, Any] = {"facecolor": "white", "edgecolor": "#8c8c8c", "hatch": "xxxx"}
"""White and cross-hatched, unlike anything that is there."""
DISC, OPEN = "#7fd6ff", "#35e0d0"
"""Neither is among the colours of stress."""
_DASHES = (0, (2.5, 1.5))
_FAINT = "#d8d8d8"


def draw_field(axes: Axes, part: Part, values: Floats, limits: Range, colours: Any) -> Any:
    """A field on the points of a part, in colours of its own."""
    if limits.log:
        values = np.where(values > 0.0, values, limits.low)
    window = (*sorted(axes.get_xlim()), *sorted(axes.get_ylim()))
    triangulation, values = part.enlarged(values, window)
    drawn = axes.tripcolor(
        triangulation, values, shading="gouraud", cmap=colours, norm=canvas.norm_of(limits),
        rasterized=True, zorder=1,
    )  # fmt: skip
    drawn.set_in_layout(False)
    return drawn


def draw_electrodes(scene: Scene, axes: Axes, filled: bool = True, edge: str | None = None) -> None:
    """Lithium, particles and voids; not filled, solids are outlines over the field in them."""
    parts = scene.electrodes
    width = outline_width(scene, axes)
    edge = edge or (INK if filled else _FAINT)
    # Lithium lies below the stress: it shows where lithium carries none.
    for path, colour, level in (
        (parts.lithium, LITHIUM, 3.0 if filled else 0.5),
        (parts.active, ACTIVE, 3.0),
        (parts.inactive, INACTIVE, 3.0),
        (parts.idle, IDLE, 3.0),
    ):
        if filled or path is parts.lithium:
            draw_patch(axes, path, colour, "none", 0.0, level)
        line = HAIR if path is parts.lithium else width
        draw_patch(axes, path, "none", edge, line if filled else 0.7 * line, 3.0)
    draw_voids(scene, axes)
    if filled:
        draw_strokes(axes, parts.strokes, width)


def draw_voids(scene: Scene, axes: Axes) -> None:
    """Where nothing is."""
    if len(scene.electrodes.void):
        patch = PathPatch(scene.electrodes.void, linewidth=HAIR, zorder=2.9, **_VOID)
        patch.set_in_layout(False)
        axes.add_artist(patch)


def draw_discs(scene: Scene, axes: Axes) -> None:
    """The discs around feet that ranges and percentiles of the stress leave out."""
    for x, y in scene.feet if scene.discs_fit else ():
        disc = Circle(
            (x, y), FOOT_DISC / MICROMETRE, fill=False, edgecolor=DISC, linewidth=0.6,
            linestyle=_DASHES, zorder=4,
        )  # fmt: skip
        axes.add_artist(disc)


def draw_open(scene: Scene, axes: Axes) -> None:
    """Open faces over a field in the solids."""
    width = 1.6 * outline_width(scene, axes)
    for colour, wide in ((INK, 1.8 * width), (OPEN, width)) if len(scene.open_faces) else ():
        drawn = LineCollection(
            list(scene.open_faces), colors=colour, linewidths=wide, capstyle="round", zorder=3.5
        )
        drawn.set_in_layout(False)
        axes.add_collection(drawn, autolim=False)


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


# --------------------------------------------------------------------------------------- the key


def key_of_particles(scene: Scene, active: bool = True) -> list[Any]:
    """Handles for particles that react and that do not, if there are some that do not."""
    look: dict[str, Any] = {
        "linestyle": "none",
        "markersize": 5.5,
        "markeredgecolor": INK,
        "markeredgewidth": HAIR,
    }
    if not len(scene.electrodes.inactive):
        return []
    circle = Path.unit_circle()
    ends = np.array([[-1.0, -1.0], [1.0, 1.0]]) / np.sqrt(2.0)
    marker = Path(
        np.concatenate([circle.vertices, ends]),
        np.concatenate([circle.codes, [Path.MOVETO, Path.LINETO]]),
    )
    handles = [
        Line2D([], [], marker="o", markerfacecolor=ACTIVE, label="active", **look),
        Line2D([], [], marker=marker, markerfacecolor=INACTIVE, label="inactive", **look),
    ]
    return handles[0 if active else 1 :]


def key_of_voids(scene: Scene) -> list[Any]:
    """Handles for voids and for material that no current reaches."""
    parts, handles = scene.electrodes, []
    if len(parts.void):
        handles.append(Patch(linewidth=HAIR, label="void", **_VOID))
    if len(parts.idle):
        handles.append(Patch(facecolor=IDLE, edgecolor=INK, linewidth=HAIR, label="idle"))
    return handles


def key_of_open(scene: Scene) -> list[Any]:
    """A handle for open faces over a field."""
    if not len(scene.open_faces):
        return []
    drawn = Line2D([], [], color=OPEN, linewidth=1.3, label="open face")
    drawn.set_path_effects([withStroke(linewidth=2.2, foreground=INK)])
    return [drawn]


def key_of_lines(scene: Scene) -> list[Any]:
    """A handle for the current lines, with what each carries."""
    if not scene.lines.lines:
        return []
    unit = current_unit(scene.lines.share)
    share = float(f"{scene.lines.share / unit.size:.2g}")
    look: dict[str, Any] = {"color": "#9a9a9a", "linewidth": 0.9, "marker": ">", "markersize": 3.0}
    return [Line2D([], [], label=f"{share:g} {unit.name}/m each", **look)]


def key_of_discs(scene: Scene) -> list[Any]:
    """A handle for the discs around feet."""
    if not len(scene.feet) or not scene.discs_fit:
        return []
    return [
        Line2D(
            [], [], linestyle="none", marker="o", markersize=6.5, markerfacecolor="none",
            markeredgecolor="#2f93c4", markeredgewidth=0.7,
            label=f"{FOOT_DISC * 1e6:g} µm around a foot: not counted in the range",
        )
    ]  # fmt: skip
