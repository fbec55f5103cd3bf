"""Maps of the cell: potential with current lines, current density, von Mises stress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.transforms import Affine2D

from fem.errors import InputError
from fem.plot import canvas
from fem.plot.canvas import HAIR, INK
from fem.plot.paint import (
    AREA_END,
    FLUX_MAP,
    POTENTIAL_MAP,
    STRESS_MAP,
    draw_discs,
    draw_electrodes,
    draw_field,
    draw_open,
    key_of_discs,
    key_of_lines,
    key_of_open,
    key_of_particles,
    key_of_voids,
)
from fem.plot.scale import Range, Unit, stress_unit
from fem.plot.scene import Scene
from fem.results.quantities import declared
from fem.results.result import Result

_LINE, _PALE = "white", "#8fb0e0"
_ARROW = np.array([[1.0, 0.0], [-0.8, 0.62], [-0.45, 0.0], [-0.8, -0.62]]) * 2.1
"""An arrow head to the right, in points."""


def with_key(
    title: str,
    window: tuple[float, ...],
    handles: list[Any],
    draw: Callable[[Axes], object],
    axes: Axes | None,
) -> Axes:
    """What `draw` draws, in `axes` or in a figure of its own, which also has a key of `handles`.

    `title` is that of the case, `window` what is shown in um.
    """
    with canvas.style_for(axes):
        if axes is not None:
            draw(axes)
            return axes
        columns, rows = canvas.key_shape(window, handles)
        axes = canvas.map_figure(window, title, rows)
        draw(axes)
        canvas.key(axes, handles, columns)
    return axes


def potential(result: Result, ax: Axes | None = None) -> Axes:
    """Electrolyte potential in mV with equipotential lines and current lines.

    Every current line carries the same current; arrows show its direction.

    Parameters
    ----------
    ax
        Where to draw; by default axes in a figure of their own.
    """
    scene = Scene.of(result)
    handles = [*key_of_particles(scene), *key_of_voids(scene), *key_of_lines(scene)]
    return with_key(
        result.case.title, scene.window, handles, lambda axes: draw_potential(scene, axes), ax
    )


def flux(result: Result, ax: Axes | None = None) -> Axes:
    """Magnitude of the current density in the electrolyte in A/m^2.

    The colours end where all but half a percent of the area is covered; they turn logarithmic
    if half of the area would be dark.
    """
    scene = Scene.of(result)
    handles = [*key_of_particles(scene), *key_of_voids(scene)]
    return with_key(
        result.case.title, scene.window, handles, lambda axes: draw_flux(scene, axes), ax
    )


def von_mises(result: Result, ax: Axes | None = None) -> Axes:
    """Von Mises stress in GPa or MPa where mechanics was solved.

    The colours end where all but half a percent of the area outside the discs of 4 um around the
    feet of deposits is covered; they turn logarithmic if half of the area would be dark. Dashed
    circles are these discs.

    Raises
    ------
    InputError
        If mechanics was switched off.
    """
    scene = Scene.of(result)
    require_stress(scene)
    handles = [*key_of_discs(scene), *key_of_open(scene), *key_of_voids(scene)]
    return with_key(
        result.case.title, scene.window, handles, lambda axes: draw_von_mises(scene, axes), ax
    )


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
    bar = canvas.colour_bar(axes, drawn, limits, declared("phi_e").axis(unit.name))
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
    draw_electrodes(scene, axes)


def draw_flux(scene: Scene, axes: Axes, title: str = "Current density") -> None:
    canvas.frame(axes, scene.window, title)
    limits = scene.flux_range
    drawn = draw_field(axes, scene.electrolyte, scene.flux, limits, FLUX_MAP)
    canvas.colour_bar(axes, drawn, limits, "current density (A/m²)")
    draw_electrodes(scene, axes)


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
    canvas.colour_bar(axes, drawn, limits, f"{declared('von_mises').axis(unit.name)}{note}")
    draw_electrodes(scene, axes, filled=False)
    draw_open(scene, axes)
    draw_discs(scene, axes)
    return unit


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
