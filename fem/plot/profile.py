"""The profile along the lithium foil: plating, plated thickness and normal stress."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.gridspec import GridSpecFromSubplotSpec
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from fem.errors import InputError
from fem.measures.anode import AnodeProfile
from fem.plot import canvas
from fem.plot.canvas import INK, MUTED
from fem.plot.scale import MICROMETRE, axis_range, length_unit, stress_unit
from fem.results.quantities import declared
from fem.results.result import Result

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_PLATING, _STRESS, _SHADE = "#0b4f8a", "#9c2f4b", "#fbe9c3"
_FLAT = 0.1
"""A profile that varies by a smaller share of its largest value is drawn as flat."""
_NAMES = 0.24
"""Room above curves for the names of deposits, over their span."""


def anode_profile(result: Result, ax: Axes | None = None, *, along: str = "x") -> Axes:
    """Plating along the lithium foil, with the plated thickness and the normal stress.

    Thin lines are nodal values and thick ones means over 2 um of arc; axes fit the means, so that
    a value at a sharp foot may leave them. The range of x that faces active particles is shaded.
    The stress stands in axes below, which share the room of `ax`.

    Parameters
    ----------
    along
        "x", or "s" for the arc length; both are drawn in um.

    Returns
    -------
    The axes of the plating.
    """
    if along not in ("x", "s"):
        raise InputError("unknown abscissa", given=along, allowed='"x" or "s"')
    anode = result.anode
    stressed = anode.normal_stress is not None
    with canvas.style_for(ax):
        if ax is None:
            figure = canvas.new_figure(165.0, 105.0 if stressed else 68.0)
            upper = figure.add_subplot()
            canvas.footnote(figure, result.case.title)
        else:
            upper = ax
        lower = _split(upper) if stressed else None
        abscissa = (anode.x if along == "x" else anode.s) / MICROMETRE
        _shade_active(result, along, [upper, *([lower] if lower is not None else [])])
        _plating(result, upper, abscissa)
        if lower is not None:
            _stress(anode, lower, abscissa)
            upper.tick_params(labelbottom=False)
        last = lower if lower is not None else upper
        last.set_xlabel(declared("x_m" if along == "x" else "s_m").axis("µm"))
        _name_deposits(result, along, upper)
        for axes in (upper, lower):
            if axes is not None:
                axes.set_xlim(abscissa[0], abscissa[-1])
                axes.spines[["top", "right"]].set_visible(False)
    return upper


def active_ranges(result: Result) -> Floats:
    """Ranges (n, 2) of x in m that face active particles: their columns, joined if they touch."""
    particles = result.particles
    columns = np.unique(np.round(particles.x, 12))
    if not particles.active.any():
        return np.empty((0, 2))
    half = 0.5 * particles.diameter[particles.active]
    if len(columns) > 1:
        half = np.maximum(half, 0.5 * float(np.median(np.diff(columns))))
    x = particles.x[particles.active]
    order = np.argsort(x - half)
    ranges: list[list[float]] = []
    for low, high in zip((x - half)[order], (x + half)[order], strict=True):
        if ranges and low <= ranges[-1][1] + 1e-9 * result.geometry.width:
            ranges[-1][1] = max(ranges[-1][1], high)
        else:
            ranges.append([low, high])
    return np.asarray(np.clip(np.array(ranges), 0.0, result.geometry.width))


def _plating(result: Result, axes: Axes, abscissa: Floats) -> None:
    anode = result.anode
    running = anode.running_mean(anode.plating)
    axes.plot(abscissa, anode.plating, color=_PLATING, linewidth=0.5, alpha=0.45)
    axes.plot(abscissa, running, color=_PLATING, linewidth=1.4)
    axes.axhline(result.applied, color=MUTED, linewidth=0.7, linestyle=(0, (4, 2)), zorder=1)
    plating, named = declared("plating_A_m2"), bool(result.geometry.deposits)
    axes.set_ylabel(plating.axis(plating.unit))
    axes.set_ylim(*_limits(running, result.applied, plating.least, named))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.text(
        0.0, result.applied, " applied", transform=axes.get_yaxis_transform(), ha="left",
        va="bottom", fontsize="small", color=MUTED,
    )  # fmt: skip
    sign = " (negative: stripping)" if result.applied < 0 else ""
    axes.set_title(f"Plating along the lithium{sign}", loc="left")
    _thickness(anode, axes, abscissa, named)


def _thickness(anode: AnodeProfile, axes: Axes, abscissa: Floats, named: bool) -> None:
    """A second scale for the thickness: that of the plating if both are proportional."""
    thickest = float(np.abs(anode.thickness).max())
    if thickest < declared("thickness_m").least:
        return
    unit = length_unit(thickest)
    label = declared("thickness_m").axis(unit.name)
    square = float(anode.plating @ anode.plating)
    ratio = float(anode.thickness @ anode.plating) / square if square > 0.0 else 0.0
    if ratio > 0.0 and np.allclose(
        anode.thickness, ratio * anode.plating, rtol=1e-6, atol=1e-9 * thickest
    ):

        def to_thickness(plating: Any) -> Any:
            return plating * ratio / unit.size

        def to_plating(thickness: Any) -> Any:
            return thickness * unit.size / ratio

        axes.secondary_yaxis("right", functions=(to_thickness, to_plating)).set_ylabel(label)
    else:
        twin = axes.twinx()
        twin.plot(abscissa, anode.thickness / unit.size, color=INK, linewidth=0.9, linestyle=":")
        twin.set_ylabel(f"{label}, dotted")
        least = declared("thickness_m").least / unit.size
        thickness = anode.thickness / unit.size
        twin.set_ylim(*_limits(thickness, thickness[0], least, named))


def _stress(anode: AnodeProfile, axes: Axes, abscissa: Floats) -> None:
    assert anode.normal_stress is not None
    running = anode.running_mean(anode.normal_stress)
    stress = declared("normal_stress_Pa")
    unit = stress_unit(max(float(np.abs(running).max()), stress.least))
    axes.plot(abscissa, anode.normal_stress / unit.size, color=_STRESS, linewidth=0.5, alpha=0.45)
    axes.plot(abscissa, running / unit.size, color=_STRESS, linewidth=1.4)
    axes.axhline(0.0, color=MUTED, linewidth=0.5, zorder=1)
    axes.set_ylabel(stress.axis(f"{unit.name}, tension > 0", "\n"))
    axes.set_ylim(*_limits(running / unit.size, 0.0, stress.least / unit.size))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))


def _limits(
    values: Floats, other: float, smallest: float, named: bool = False
) -> tuple[float, float]:
    """Axis limits around values and one more, with room above for the names of deposits."""
    above = _NAMES if named else 0.1
    return axis_range(np.append(values, other), smallest, share=_FLAT, above=above)


def _shade_active(result: Result, along: str, panels: list[Axes]) -> None:
    anode = result.anode
    ranges = active_ranges(result)
    if not len(ranges) or bool(result.particles.active.all()):
        return
    if along == "s":
        ranges = np.interp(ranges, anode.x, anode.s)
    for axes in panels:
        for low, high in ranges / MICROMETRE:
            axes.axvspan(low, high, color=_SHADE, linewidth=0.0, zorder=0)
    panels[0].legend(
        handles=[Patch(color=_SHADE, linewidth=0.0, label="facing active particles")],
        loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False, borderaxespad=0.1,
        fontsize="small",
    )  # fmt: skip


def _name_deposits(result: Result, along: str, axes: Axes) -> None:
    """Numbers of the deposits, in the order of the case, above their tips."""
    anode = result.anode
    for number, deposit in enumerate(result.geometry.deposits):
        x = deposit.tip[0] if along == "x" else float(np.interp(deposit.tip[0], anode.x, anode.s))
        axes.text(
            x / MICROMETRE, 0.985, f"deposit {number}", ha="center", va="top",
            fontsize="small", color=INK, transform=axes.get_xaxis_transform(), zorder=4,
        ).set_path_effects([withStroke(linewidth=2.0, foreground="white")])  # fmt: skip


def _split(axes: Axes) -> Any:
    """Shrink axes to the upper part of their room; new axes with the same x in the lower part."""
    figure, place = axes.figure, axes.get_subplotspec()
    if place is not None:
        parts = GridSpecFromSubplotSpec(2, 1, place, height_ratios=(3, 2))
        axes.set_subplotspec(parts[0])
        return figure.add_subplot(parts[1], sharex=axes)
    box = axes.get_position(original=True)
    axes.set_position((box.x0, box.y0 + 0.45 * box.height, box.width, 0.55 * box.height))
    return figure.add_axes((box.x0, box.y0, box.width, 0.36 * box.height), sharex=axes)
