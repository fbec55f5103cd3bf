"""The stress around the tips of deposits, or where a flat foil plates fastest."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from fem.measures.stress import PROCESS_ZONE
from fem.plot.canvas import INK
from fem.plot.maps import draw_stress, require_stress, with_key
from fem.plot.paint import AREA_END, key_of_discs
from fem.plot.scale import MICROMETRE, round_up, three_digits
from fem.plot.scene import Scene
from fem.results.result import Result

Floats = NDArray[np.float64]
Window = tuple[float, float, float, float]

_BELOW, _BESIDE, _ABOVE = 0.8, 0.8, 0.25
"""Space around deposits, as fractions of the largest of their depths and widths."""
_ASPECTS = (1.2, 2.1)
"""Least and largest ratio of the window's width to its height."""
_LONGEST = 9.0
"""Longest window in the same measure: deposits further apart are not all shown."""
_FLAT = 0.3
"""Height of the window on a flat foil over the height of the electrolyte."""
_ROOM = 0.16
"""Least distance between labels over the width of the window."""


@dataclass(frozen=True)
class Focus:
    """Where to look closely.

    Attributes
    ----------
    window
        Left, right, bottom and top in um.
    zones
        Tips with a process zone around them (n, 2) in um.
    stress
        Mean von Mises stress over the electrolyte in each zone (n,) in Pa; nan if not known.
    """

    window: Window
    zones: Floats
    stress: Floats

    @classmethod
    def of(cls, result: Result, scene: Scene) -> Focus:
        """The deposits around the most loaded one; without any, the fastest plating."""
        if not scene.geometry.deposits:
            window = _flat_window(result, scene)
            return cls(window, np.empty((0, 2)), np.empty(0))
        deposits = scene.geometry.deposits
        tips = np.array([deposit.tip for deposit in deposits]) / MICROMETRE
        unknown = np.full(len(deposits), np.nan)
        stress = np.array(result.metrics.get("von_mises_tip_Pa", unknown), dtype=float)
        half = np.array([deposit.half_width for deposit in deposits]) / MICROMETRE
        size = max(max(d.depth, 2.0 * d.half_width) for d in deposits) / MICROMETRE
        # Deposits join the worst one, nearest first, as long as the window stays short.
        worst = int(np.argmax(np.nan_to_num(stress)))
        near = np.argsort(np.abs(tips[:, 0] - tips[worst, 0]), kind="stable")
        shown = [worst]
        for k in near[1:]:
            chosen = [*shown, int(k)]
            if (
                np.ptp([*(tips[chosen, 0] - half[chosen]), *(tips[chosen, 0] + half[chosen])])
                > (_LONGEST - 2.0 * _BESIDE) * size
            ):
                break
            shown = chosen
        level = scene.geometry.lithium_y / MICROMETRE
        wanted = (
            float((tips[shown, 0] - half[shown]).min() - _BESIDE * size),
            float((tips[shown, 0] + half[shown]).max() + _BESIDE * size),
            float(tips[shown, 1].min() - _BELOW * size),
            level + _ABOVE * size,
        )
        return cls(_clip(_shaped(wanted), scene), tips[shown], stress[shown])


def von_mises_tip(result: Result, ax: Axes | None = None) -> Axes:
    """Von Mises stress around the tips of deposits, or where a flat foil plates fastest.

    Circles are the process zones of 2 um around tips; their labels are the means of the stress
    over the electrolyte inside, as in the metrics. Dashed circles are the 4 um discs around feet.
    Colours end where all but half a percent of the area shown is covered, or at the largest of
    these means.

    Raises
    ------
    InputError
        If mechanics was switched off.
    """
    scene = Scene.of(result)
    require_stress(scene)
    focus = Focus.of(result, scene)
    zone = Line2D(
        [], [], linestyle="none", marker="o", markersize=4.5, markerfacecolor="none",
        markeredgecolor=INK, label=f"{PROCESS_ZONE * 1e6:g} µm around a tip: mean there",
    )  # fmt: skip
    return with_key(
        result.case.title, focus.window, [*[zone] * bool(len(focus.zones)), *key_of_discs(scene)],
        lambda axes: draw_von_mises_tip(scene, focus, axes), ax,
    )  # fmt: skip


def draw_von_mises_tip(scene: Scene, focus: Focus, axes: Axes, title: str | None = None) -> None:
    if title is None:
        flat = "where plating is fastest" if scene.applied > 0 else "where stripping is fastest"
        title = f"Von Mises stress {'at the tips' if len(focus.zones) else flat}"
    limits, end = scene.von_mises_range_in(focus.window), AREA_END
    if limits.high < (zones := round_up(float(np.nan_to_num(focus.stress).max(initial=0.0)))):
        # So that the labels can be found on the colour bar.
        limits, end = replace(limits, high=zones), "ends at the largest zone mean"
    unit = draw_stress(scene, axes, focus.window, limits, title, end)
    radius = PROCESS_ZONE / MICROMETRE
    left, right, bottom, _ = focus.window
    order = np.argsort(-focus.stress, kind="stable")
    labelled: list[float] = []
    for k in order:
        x, y = focus.zones[k]
        axes.add_artist(Circle((x, y), radius, fill=False, edgecolor=INK, linewidth=1.4, zorder=5))
        axes.add_artist(
            Circle((x, y), radius, fill=False, edgecolor="white", linewidth=0.7, zorder=5.1)
        )
        # The worst tip is labelled first; the others as far as there is room.
        if np.isnan(focus.stress[k]) or any(
            abs(x - other) < _ROOM * (right - left) for other in labelled
        ):
            continue
        labelled.append(x)
        end = y - radius if y - radius > bottom else y
        text = axes.annotate(
            f"{three_digits(focus.stress[k] / unit.size)} {unit.name}",
            xy=(x, end), xytext=(x, y - 0.45 * (y - bottom)), ha="center", va="center",
            color="white", zorder=6, annotation_clip=True,
            arrowprops={"arrowstyle": "-|>", "color": "white", "lw": 0.8, "mutation_scale": 7,
                        "shrinkA": 1, "shrinkB": 0.5},
        )  # fmt: skip
        text.set_path_effects([withStroke(linewidth=1.5, foreground="#00000090")])
        text.set_in_layout(False)


def _flat_window(result: Result, scene: Scene) -> Window:
    """A window at the interface around where the most lithium is plated or stripped."""
    anode = result.anode
    peak = int(np.argmax(np.abs(anode.running_mean(anode.plating))))
    x, y = anode.x[peak] / MICROMETRE, anode.y[peak] / MICROMETRE
    height = _FLAT * float(np.ptp(scene.electrolyte.points[:, 1]))
    return _clip((x - height, x + height, y - 0.85 * height, y + 0.15 * height), scene)


def _shaped(window: Window) -> Window:
    """The window made wider, or deeper, if it is too narrow or too flat."""
    left, right, bottom, top = window
    missing = 0.5 * max(_ASPECTS[0] * (top - bottom) - (right - left), 0.0)
    bottom = min(bottom, top - (right - left) / _ASPECTS[1])
    return left - missing, right + missing, bottom, top


def _clip(window: Window, scene: Scene) -> Window:
    """The window moved and cut so that it lies inside the cell."""
    left, right, bottom, top = window
    low_x, high_x, low_y, high_y = scene.geometry_window
    shift = max(low_x - left, 0.0) - max(right - high_x, 0.0)
    left, right = max(left + shift, low_x), min(right + shift, high_x)
    return left, right, max(bottom, low_y), min(top, high_y)
