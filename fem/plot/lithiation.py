"""Where in the cathode the lithium is: a map of the stoichiometry, one particle, all particles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from fem.errors import InputError
from fem.geometry import Phase
from fem.plot import canvas
from fem.plot.canvas import HAIR, INK, MUTED
from fem.plot.maps import with_key
from fem.plot.paint import (
    IDLE,
    INACTIVE,
    LITHIUM,
    draw_field,
    draw_patch,
    draw_strokes,
    draw_voids,
    key_of_particles,
    key_of_voids,
    outline_width,
)
from fem.plot.scale import MICROMETRE, Range, full_range
from fem.plot.scene import Scene
from fem.results.quantities import declared
from fem.results.result import Result

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LITHIATION_MAP = LinearSegmentedColormap.from_list(
    "lithiation", colormaps["YlOrBr"](np.linspace(0.1, 1.0, 128))
)
"""From yellow to brown; the palest end of the map would look like electrolyte."""
LEAST_RANGE = declared("stoichiometry").least
_LEAST_LEAD = 5e-4
"""Difference between surface and mean below which there is none to speak of."""
_WIDTH, _BELOW = 165.0, 62.0
"""Width of a figure of its own, and the height of what stands below the map, in mm."""
_TALLEST = 110.0
_PAD = 0.04
"""Room around the bed, over its height."""
_ZOOM = 0.62
"""Half the side of the window on one particle, over its diameter."""
_AXIS = 0.3
"""Half the length of the line along a crystal's axis, over the particle's diameter."""
LABEL = declared("stoichiometry").axis()
_FOCUS, _SURFACE = "#1f5fa8", "#c7752b"


@dataclass(frozen=True)
class Grains:
    """Stoichiometry of the pieces of active material where it is known, arrays (n,).

    Attributes
    ----------
    body
        Numbers of the particles; 0 for a plane electrode.
    y
        Height of the centre in um.
    mean
        Mean over the area.
    low, high
        Least and largest at the interface with the electrolyte.
    """

    body: Ints
    y: Floats
    mean: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, result: Result) -> Grains:
        """Read off the fields of a result."""
        scene, mesh, field_mesh = Scene.of(result), result.mesh, result.field_mesh
        bodies = np.array([region.body for region in result.geometry.regions])
        part, values = scene.active, scene.stoichiometry
        owner = np.full(len(field_mesh.points), -1)
        owner[field_mesh.triangles] = bodies[field_mesh.region][:, None]
        owner = owner[part.source]
        body, place = np.unique(owner, return_inverse=True)
        area = np.bincount(place, part.areas)
        mean = np.bincount(place, part.areas * values) / area
        y = np.bincount(place, part.areas * part.points[:, 1]) / area
        touching = np.zeros(mesh.nodes.shape[1], dtype=bool)
        touching[mesh.edges[mesh.interface(Phase.ACTIVE)]] = True
        surface = touching[field_mesh.source[part.source]]
        low, high = np.full(len(body), np.inf), np.full(len(body), -np.inf)
        np.minimum.at(low, place[surface], values[surface])
        np.maximum.at(high, place[surface], values[surface])
        return cls(body, y, mean, low, high)

    @property
    def lead(self) -> Floats:
        """How far the surface is from the mean where it is furthest, with its sign (n,)."""
        above, below = self.high - self.mean, self.low - self.mean
        return np.where(above > -below, above, below)


def stoichiometry(result: Result, ax: Axes | None = None) -> Axes:
    """Lithium stoichiometry in the active material; inactive particles are grey and hatched.

    In a figure of its own, two axes stand below the map: the particle whose surface is furthest
    from its mean, in colours of its own; and all particles over the height, dots for means and
    bars from the least to the largest value at the surface. A plane electrode has the map alone.

    Returns
    -------
    The axes of the map.

    Raises
    ------
    InputError
        If the result knows no stoichiometry.
    """
    scene = Scene.of(result)
    if not len(scene.active.source):
        raise InputError(
            "this result has no stoichiometry to draw",
            key="kinetics.cathode.stoichiometry",
            allowed="a number between 0 and 1",
            cure="give the stoichiometry that the particles begin with",
        )
    window = _bed(scene)
    particles = len(scene.geometry.particles) > 0
    handles = [*key_of_particles(scene, active=False), *_key_of_axes(scene), *key_of_voids(scene)]
    limits = full_range(scene.stoichiometry, LEAST_RANGE)
    if ax is not None or not particles:
        return with_key(
            result.case.title, window, handles,
            lambda axes: draw_stoichiometry(scene, axes, window, limits), ax,
        )  # fmt: skip
    with canvas.style_for(ax):
        aspect = (window[1] - window[0]) / (window[3] - window[2])
        height = min((_WIDTH - 38.0) / aspect, _TALLEST)
        height += 39.0 if aspect > canvas.WIDE else 16.0
        figure = canvas.new_figure(_WIDTH, height + _BELOW, 2, 2, between=0.06)
        grid = figure.add_gridspec(2, 2, height_ratios=(height, _BELOW), width_ratios=(1.2, 1))
        axes = figure.add_subplot(grid[0, :])
        canvas.footnote(figure, result.case.title)
        draw_stoichiometry(scene, axes, window, limits)
        canvas.key(axes, handles, max(len(handles), 1))
        grains = Grains.of(result)
        _particle(scene, grains, axes, figure.add_subplot(grid[1, 0]))
        _depth(grains, window, figure.add_subplot(grid[1, 1]))
    return axes


def draw_stoichiometry(
    scene: Scene,
    axes: Axes,
    window: tuple[float, ...],
    limits: Range,
    title: str = "Stoichiometry of the active material",
) -> None:
    canvas.frame(axes, window, title)
    drawn = draw_field(axes, scene.active, scene.stoichiometry, limits, LITHIATION_MAP)
    canvas.colour_bar(axes, drawn, limits, LABEL)
    parts, width = scene.electrodes, outline_width(scene, axes)
    draw_patch(axes, parts.lithium, LITHIUM, INK, HAIR, 3.0)
    draw_patch(axes, parts.inactive, INACTIVE, INK, width, 3.0)
    draw_patch(axes, parts.active, "none", INK, width, 3.0)
    draw_patch(axes, parts.idle, IDLE, INK, width, 3.0)
    draw_voids(scene, axes)
    draw_strokes(axes, parts.strokes, width)
    draw_strokes(axes, _axes(scene), 2.0 * width)


def _axes(scene: Scene) -> Floats:
    """Lines (n, 2, 2) in um along the axes of crystals, as long as they lie in the plane."""
    table = scene.particles
    known = np.isfinite(table.axis) & table.active
    angle, half = table.axis[known], _AXIS * table.diameter[known] * np.cos(table.tilt[known])
    middle = np.stack([table.x[known], table.y[known]], axis=1)
    along = half[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.stack([middle - along, middle + along], axis=1) / MICROMETRE


def _key_of_axes(scene: Scene) -> list[Any]:
    """A handle for the lines along axes of crystals."""
    look: dict[str, Any] = {"color": INK, "linewidth": 1.0}
    return [Line2D([], [], label="axis of the crystal", **look)] if len(_axes(scene)) else []


def _bed(scene: Scene) -> tuple[float, ...]:
    """Left, right, bottom and top of the cathode in um."""
    particles = scene.geometry.particles
    left, right, bottom, ceiling = scene.geometry_window
    tops = (particles.y + 0.5 * particles.diameter) / MICROMETRE
    top = float(tops.max()) if len(tops) else float(scene.active.points[:, 1].max())
    return left, right, bottom, min(top + _PAD * (top - bottom), ceiling)


def _particle(scene: Scene, grains: Grains, whole: Axes, axes: Axes) -> None:
    """The particle with the largest difference between surface and mean, and where it is."""
    worst = int(np.argmax(np.abs(grains.lead)))
    body = int(grains.body[worst])
    particles = scene.geometry.particles
    x, y = particles.x[body] / MICROMETRE, particles.y[body] / MICROMETRE
    half = _ZOOM * particles.diameter[body] / MICROMETRE
    window = (x - half, x + half, y - half, y + half)
    inside = np.hypot(*(scene.active.points - [x, y]).T) < half / _ZOOM * 0.5 * (1.0 + 1e-6)
    limits = full_range(scene.stoichiometry[inside], LEAST_RANGE)
    lead = f"{grains.lead[worst]:+.3f} from mean".replace("-", "−")
    where = lead if abs(grains.lead[worst]) >= _LEAST_LEAD else "as its mean"
    draw_stoichiometry(scene, axes, window, limits, f"Particle {body}: surface {where}")
    frame = Rectangle(
        (x - half, y - half), 2.0 * half, 2.0 * half, fill=False, edgecolor=_FOCUS,
        linewidth=1.1, zorder=5,
    )  # fmt: skip
    whole.add_artist(frame)
    axes.spines[:].set(edgecolor=_FOCUS, linewidth=1.1)


def _depth(grains: Grains, window: tuple[float, ...], axes: Axes) -> None:
    """Means and ranges at the surface of all particles over their height."""
    low, high = np.minimum(grains.low, grains.mean), np.maximum(grains.high, grains.mean)
    axes.hlines(grains.y, low, high, color=MUTED, linewidth=HAIR, alpha=0.6)
    axes.hlines(grains.y, grains.low, grains.high, color=_SURFACE, linewidth=2.2, alpha=0.7)
    axes.plot(grains.mean, grains.y, "o", color=INK, markersize=2.8, alpha=0.7, markeredgewidth=0)
    limits = full_range(np.concatenate([low, high]), LEAST_RANGE)
    room = 0.06 * (limits.high - limits.low)
    axes.set_xlim(limits.low - room, limits.high + room)
    axes.set_ylim(window[2], window[3])
    axes.set_xlabel(LABEL)
    axes.set_ylabel(declared("y_m").axis("µm"))
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.set_title("Particles: mean (dot), surface (bar)", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
