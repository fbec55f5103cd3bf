"""Where electrolyte has reacted: thickness of the interphase along particles and lithium."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap

from fem.errors import InputError
from fem.plot import canvas
from fem.plot.canvas import norm_of
from fem.plot.paint import draw_electrodes
from fem.plot.scale import MICROMETRE, full_range, length_unit
from fem.plot.scene import Scene
from fem.results.result import Result

INTERPHASE_MAP = LinearSegmentedColormap.from_list(
    "interphase", colormaps["plasma_r"](np.linspace(0.15, 1.0, 128))
)
"""Without the yellow end, which would not be seen on paper."""
_EDGES = ((0, 3, 1), (1, 4, 2), (2, 5, 0))
_WIDTH = 2.6
_LEAST = 0.02
"""Range of the colours over the largest thickness, below which all is one colour."""


def interphase(result: Result, ax: Axes | None = None) -> Axes:
    """Thickness of electrolyte that has reacted, along particles and lithium.

    Raises
    ------
    InputError
        If the case has no electrolyte that reacts.
    """
    if "interphase" not in result.fields:
        raise InputError(
            "this result has no electrolyte that reacts",
            key="interphase",
            cure="run a case with [interphase.particle_electrolyte] or "
            "[interphase.lithium_electrolyte]",
        )
    scene = Scene.of(result)
    title = "Interphase"
    with canvas.style_for(ax):
        axes = canvas.map_figure(scene.window, result.case.title) if ax is None else ax
        canvas.frame(axes, scene.window, title)
        draw_electrodes(scene, axes)
        mesh, values = result.field_mesh, result.fields["interphase"]
        edges = np.concatenate([mesh.triangles[:, list(local)] for local in _EDGES])
        edges = edges[np.isfinite(values[edges]).all(axis=1)]
        points = mesh.points[edges] / MICROMETRE
        halves = np.concatenate([points[:, :2], points[:, 1:]])
        thickness = np.concatenate([values[edges[:, :2]].mean(axis=1),
                                    values[edges[:, 1:]].mean(axis=1)])  # fmt: skip
        unit = length_unit(float(np.nanmax(values)))
        limits = full_range(thickness / unit.size, _LEAST * float(thickness.max()) / unit.size)
        drawn = LineCollection(
            list(halves), cmap=INTERPHASE_MAP, norm=norm_of(limits), linewidths=_WIDTH, zorder=6,
            capstyle="round",
        )  # fmt: skip
        drawn.set_array(thickness / unit.size)
        axes.add_collection(drawn)
        canvas.colour_bar(axes, drawn, limits, f"thickness ({unit.name})")
    return axes
