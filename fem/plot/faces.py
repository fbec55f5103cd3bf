"""Faces that may part on paper: where they are open and how far, and how those press that touch."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from fem.errors import InputError
from fem.measures.faces import METAL, FaceTable
from fem.plot import canvas
from fem.plot.canvas import HAIR, INK
from fem.plot.maps import with_key
from fem.plot.paint import draw_electrodes, key_of_particles, key_of_voids
from fem.plot.pieces import LEAST_GAP, UNHARMED, Pieces
from fem.plot.runs import time_unit, times_of
from fem.plot.scale import (
    MICROMETRE,
    Range,
    Unit,
    length_unit,
    robust_range,
    round_up,
    stress_unit,
)
from fem.plot.scene import Scene
from fem.results.quantities import declared
from fem.results.result import Result

Floats = NDArray[np.float64]
Window = tuple[float, ...]

GAP_MAP = LinearSegmentedColormap.from_list(
    "gaps", colormaps["inferno_r"](np.linspace(0.22, 0.92, 128))
)
"""From orange to nearly black: the yellow end would not be seen on paper, nor in grey."""
PRESSURE_MAP = LinearSegmentedColormap.from_list(
    "contact pressure", colormaps["viridis_r"](np.linspace(0.12, 1.0, 128))
)
SIGNED_MAP = LinearSegmentedColormap.from_list(
    "tension and pressure", ["#a50f15", "#d6604d", "#a8a8a8", "#4393c3", "#08306b"]
)
"""Red where a bond is in tension; grey between, since white would not be seen."""
ELECTROLYTE, CLOSED, DAMAGED, BROKEN, FOCUS = "#e9eef4", "#8a8a8a", "#6fb3e0", "#0a4f8f", "#1f5fa8"
_BESIDE_BAND = 2.0
"""Distance in points of what marks bonds from the face, away from the particle."""
_DRAWN = 0.12
"""About how wide the largest gap is drawn, over the diameter of a particle."""
_WIDTH, _TALLEST, _BESIDE, _FONT = 88.0, 100.0, 31.0, 7.0
"""In mm: a single column of a journal, the height of a map at most, the room beside it."""
_ZOOM = 0.62
"""Half the side of the window on one particle, over its diameter."""
_PAD = 0.06
_DASHES = (0, (1.0, 1.0))


def faces_of(result: Result) -> FaceTable:
    """The faces of a result.

    Raises
    ------
    InputError
        If none may part.
    """
    if result.faces is None or not len(result.faces):
        raise InputError(
            "this result has no faces that may part",
            key="interfaces.particle_electrolyte.bond",
            given="perfect",
            allowed='"none" or "cohesive"',
            cure='run the case with interfaces.particle_electrolyte.bond = "none" and mechanics',
        )
    return result.faces


def enlargement(faces: FaceTable | list[FaceTable], diameter: float) -> float:
    """By how much gaps are enlarged, so that they are seen beside particles of `diameter` in m.

    A round number, at least 1.
    """
    tables = faces if isinstance(faces, list) else [faces]
    largest = max(float(each.gap.max(initial=0.0)) for each in tables)
    wanted = _DRAWN * diameter / max(largest, LEAST_GAP)
    size = 10.0 ** np.floor(np.log10(max(wanted, 1.0)))
    return float(size * max(k for k in (1.0, 2.0, 5.0) if k * size <= max(wanted, 1.0)))


def gap_range(largest: float) -> Range:
    """Ends of the colours of gaps up to `largest` in m."""
    return Range(0.0, max(round_up(largest), LEAST_GAP))


def typical_diameter(scene: Scene) -> float:
    """That of the particles in m; of a cell without any, its height."""
    diameters = scene.geometry.particles.diameter
    return float(np.median(diameters)) if len(diameters) else scene.geometry.height


def widest(result: Result) -> tuple[Result, float | None]:
    """The kept state of a run in time whose gap is the largest, and its time in s.

    The last state and `None` if none is wider, or the result is a snapshot.
    """
    found, when = result, None
    for frame in result.frames:
        state = frame.result
        if state is None or state.faces is None:
            continue
        if _largest(state) > max(_largest(found) * (1.0 + 1e-6), LEAST_GAP):
            found, when = state, frame.time
    return found, when


def _largest(result: Result) -> float:
    faces = result.faces
    return 0.0 if faces is None else float(faces.gap[faces.open].max(initial=0.0))


def gaps(result: Result, ax: Axes | None = None, *, factor: float | None = None) -> Axes:
    """Gaps between particles and what they were in touch with, drawn wider than they are.

    Colours say how wide a gap is; faces that touch are grey. In a figure of its own, of a run in
    time the kept state is drawn whose gap is the largest, and the particle with that gap follows
    below; there a line runs along bonds that are damaged or gone.

    Parameters
    ----------
    factor
        How many times wider gaps are drawn; by default such that the largest is an eighth of a
        particle at most.

    Raises
    ------
    InputError
        If no faces may part.
    """
    faces_of(result)
    state, when = (result, None) if ax is not None else widest(result)
    faces, scene = faces_of(state), Scene.of(state)
    wider = factor or enlargement(faces, typical_diameter(scene))
    whole = bed(scene)
    if ax is not None:
        draw_gaps(scene, ax, whole, faces, wider)
        return ax
    some = _largest(state) > LEAST_GAP
    windows = [whole, closeup(scene, faces)] if some else [whole]
    with canvas.style(_FONT):
        bonds = _key_of_bonds(faces)
        handles = [*key_of_particles(scene), *key_of_voids(scene)]
        axes, *zooms = _column(result, windows, len(handles) + len(bonds))
        title = _gap_title(_largest(state), wider)
        if when is not None and result.history is not None:
            unit = time_unit(float(times_of(result.history)[-1]))
            title += f", after {when / unit.size:.3g} {unit.name}"
        draw_gaps(scene, axes, whole, faces, wider, title)
        canvas.key(axes, handles if some else [*bonds, *handles], 3)
        for zoom in zooms:
            particle = int(faces.particle[np.argmax(faces.gap)])
            around = "the lithium" if particle == METAL else f"particle {particle}"
            draw_gaps(scene, zoom, windows[1], faces, wider, f"Around {around}")
            _focus(axes, zoom, windows[1])
        _mark_bonds([axes, *zooms][-1], faces)
        if zooms:
            canvas.key(zooms[0], bonds, 2)
    return axes


def contact_pressure(result: Result, ax: Axes | None = None) -> Axes:
    """Pressure with which faces press on each other where they touch; open ones are dotted.

    Where bonds are in tension, colours have two signs. The colours end where all but half a
    percent of the length that touches is covered.

    Raises
    ------
    InputError
        If no faces may part.
    """
    faces, scene = faces_of(result), Scene.of(result)
    whole = bed(scene)
    handles = [*_key_of_open(scene), *key_of_particles(scene), *key_of_voids(scene)]
    if ax is not None:
        return with_key(
            result.case.title, whole, handles,
            lambda axes: draw_contact_pressure(scene, axes, whole, faces), ax,
        )  # fmt: skip
    with canvas.style(_FONT):
        (axes,) = _column(result, [whole], len(handles))
        draw_contact_pressure(scene, axes, whole, faces)
        canvas.key(axes, handles, 3)
    return axes


def _column(result: Result, windows: list[Window], handles: int) -> list[Axes]:
    """Axes for maps of windows below each other, in a figure as wide as a journal's column."""
    heights = []
    for left, right, bottom, top in windows:
        aspect = (right - left) / (top - bottom)
        beside = 15.0 if aspect > canvas.WIDE else _BESIDE
        height = min((_WIDTH - beside) / aspect, _TALLEST)
        # Room for the words along a short colour bar.
        heights.append(height + 28.0 if aspect > canvas.WIDE else max(height + 13.0, 42.0))
    figure = canvas.new_figure(_WIDTH, sum(heights) + 4.0 + 2.0 * min(handles, 4), len(windows), 1)
    grid = figure.add_gridspec(len(windows), 1, height_ratios=heights)
    canvas.footnote(figure, result.case.title)
    return [figure.add_subplot(grid[k]) for k in range(len(windows))]


def bed(scene: Scene) -> Window:
    """Left, right, bottom and top in um of the cathode up to the last face."""
    assert scene.faces is not None
    left, right, bottom, top = scene.geometry_window
    highest = float(scene.faces.y.max()) / MICROMETRE
    return left, right, bottom, min(highest + _PAD * (highest - bottom), top)


def closeup(scene: Scene, faces: FaceTable) -> Window:
    """A window in um on the particle with the largest gap; at lithium around that gap."""
    worst = int(np.argmax(faces.gap))
    body = int(faces.particle[worst])
    particles = scene.geometry.particles
    if body >= 0 and len(particles):
        x, y = particles.x[body] / MICROMETRE, particles.y[body] / MICROMETRE
        half = _ZOOM * particles.diameter[body] / MICROMETRE
    else:
        x, y = faces.x[worst] / MICROMETRE, faces.y[worst] / MICROMETRE
        half = 0.1 * scene.geometry.height / MICROMETRE
    return x - half, x + half, y - half, y + half


def _focus(whole: Axes, zoom: Axes, window: Window) -> None:
    """The frame of a window in the map of all."""
    left, right, bottom, top = window
    frame = Rectangle(
        (left, bottom), right - left, top - bottom, fill=False, edgecolor=FOCUS, linewidth=1.0,
        zorder=5,
    )  # fmt: skip
    whole.add_artist(frame)
    zoom.spines[:].set(edgecolor=FOCUS, linewidth=1.0, zorder=5.0)


# ------------------------------------------------------------------------------------- on the axes


def draw_solids(scene: Scene, axes: Axes) -> None:
    """Electrolyte, particles and lithium in pale colours that say nothing."""
    axes.set_facecolor(ELECTROLYTE)
    draw_electrodes(scene, axes, edge=CLOSED)


def draw_gaps(
    scene: Scene, axes: Axes, window: Window, faces: FaceTable, factor: float, title: str = ""
) -> None:
    largest = float(faces.gap[faces.open].max(initial=0.0))
    canvas.frame(axes, window, title or _gap_title(largest, factor))
    draw_solids(scene, axes)
    unit = length_unit(largest)
    limits = gap_range(largest).over(unit)
    norm = canvas.norm_of(limits)
    draw_bands(scene, axes, faces, factor, norm, unit)
    if largest > LEAST_GAP:
        label = declared("gap_m").axis(unit.name)
        canvas.colour_bar(axes, ScalarMappable(norm, GAP_MAP), limits, label)


def draw_bands(
    scene: Scene, axes: Axes, faces: FaceTable, factor: float, norm: Normalize, unit: Unit
) -> None:
    """Gaps in the colours of `norm`, whose values are in `unit`."""
    pieces, width = Pieces.of(faces), _line(scene, axes)
    values = pieces.gap[pieces.open].mean(axis=1) / unit.size
    for drawn in (
        LineCollection(list(pieces.points[pieces.open]), linewidths=width, capstyle="round"),
        PolyCollection(list(pieces.bands(factor)), linewidths=0.4),
    ):
        drawn.set(array=values, cmap=GAP_MAP, norm=norm, zorder=3.4)
        if isinstance(drawn, PolyCollection):
            drawn.set_edgecolor("face")  # no seams between neighbours
        _add(axes, drawn)


def _mark_bonds(axes: Axes, faces: FaceTable) -> None:
    """Lines beside faces whose bond is damaged or gone."""
    pieces = Pieces.of(faces)
    left, right = axes.get_xlim()
    aside = _BESIDE_BAND * (right - left) / (72.0 * canvas.width_in_inches(axes))
    points = pieces.points + aside * pieces.normals
    for which, colour in ((pieces.damaged & ~pieces.broken, DAMAGED), (pieces.broken, BROKEN)):
        marks = LineCollection(
            list(points[which]), colors=colour, linewidths=1.1, capstyle="round", zorder=3.6
        )
        _add(axes, marks)


def _gap_title(largest: float, factor: float) -> str:
    if largest <= LEAST_GAP:
        return "No gap is open"
    return "Gaps" if factor == 1.0 else f"Gaps, drawn × {factor:g}"


def draw_contact_pressure(
    scene: Scene, axes: Axes, window: Window, faces: FaceTable, title: str = "Contact pressure"
) -> None:
    pieces = Pieces.of(faces)
    canvas.frame(axes, window, title)
    draw_solids(scene, axes)
    shut = pieces.closed & ~pieces.open
    values = pieces.pressure[shut].mean(axis=1)
    lengths = np.linalg.norm(np.diff(pieces.points[shut], axis=1)[:, 0], axis=1)
    least = declared("pressure_Pa").least
    limits = Range(0.0, least)
    if len(values):
        limits = robust_range(np.abs(values), lengths, least)
    signed = bool(len(values)) and float(values.min()) < -0.05 * limits.high
    if signed:
        limits = Range(-limits.high, limits.high).extended(
            bool(values.min() < -limits.high), bool(values.max() > limits.high)
        )
    unit = stress_unit(limits.high)
    limits = limits.over(unit)
    norm, colours = canvas.norm_of(limits), SIGNED_MAP if signed else PRESSURE_MAP
    drawn = LineCollection(
        list(pieces.points[shut]), linewidths=2.0 * _line(scene, axes), capstyle="round",
        zorder=3.4,
    )  # fmt: skip
    drawn.set(array=values / unit.size, cmap=colours, norm=norm)
    _add(axes, drawn)
    apart = LineCollection(
        list(pieces.points[pieces.open]), colors=INK, linewidths=HAIR, linestyles=[_DASHES],
        zorder=3.4,
    )  # fmt: skip
    _add(axes, apart)
    label = declared("pressure_Pa").axis(unit.name)
    note = "\nnegative: tension" if signed else ""
    canvas.colour_bar(axes, drawn, limits, label + note)


def _add(axes: Axes, drawn: Any) -> None:
    drawn.set_in_layout(False)
    axes.add_collection(drawn, autolim=False)


def _line(scene: Scene, axes: Axes) -> float:
    """Width in points of a line along a face: thinner where particles are small on paper."""
    left, right = axes.get_xlim()
    points = 72.0 * canvas.width_in_inches(axes) / (right - left)
    return float(np.clip(0.03 * typical_diameter(scene) / MICROMETRE * points, 0.5, 1.4))


# --------------------------------------------------------------------------------------- the key


def _key_of_bonds(faces: FaceTable) -> list[Any]:
    damage = np.nan_to_num(faces.damage)
    gone = damage > 1.0 - UNHARMED
    return [
        Line2D([], [], color=colour, linewidth=1.2, label=label)
        for there, colour, label in (
            ((damage > UNHARMED) & ~gone, DAMAGED, "bond damaged"),
            (gone, BROKEN, "bond gone"),
        )
        if there.any()
    ]


def _key_of_open(scene: Scene) -> list[Any]:
    assert scene.faces is not None
    if not scene.faces.open.any():
        return []
    return [Line2D([], [], color=INK, linestyle=_DASHES, linewidth=HAIR, label="open")]
