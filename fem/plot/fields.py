"""Any field of a run as a map: its range, scale and window as asked for, on the deformed shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from fem.errors import InputError, closest
from fem.plot import canvas
from fem.plot.canvas import HAIR, INK
from fem.plot.lithiation import LITHIATION_MAP
from fem.plot.maps import with_key
from fem.plot.paint import (
    AREA_END,
    FLUX_MAP,
    LITHIUM,
    POTENTIAL_MAP,
    STRESS_MAP,
    draw_electrodes,
    draw_field,
    draw_open,
    draw_patch,
    key_of_open,
    key_of_voids,
)
from fem.plot.scale import (
    MICROMETRE,
    TAIL,
    Range,
    Unit,
    full_range,
    length_unit,
    percentile,
    round_up,
    stress_unit,
)
from fem.plot.scene import Part, Scene
from fem.results.quantities import declared
from fem.results.result import Result

Floats = NDArray[np.float64]
Window = tuple[float, float, float, float]

SCALES = ("linear", "log", "symlog")
SIGNED_MAP = "RdBu_r"
"""White at zero, red above it."""
_DECADES, _LINEAR = 1e4, 1e-3
"""Range of a logarithmic scale, and the share of a symmetric one that is linear."""
_FLOOR = 0.2
"""Percent of the area that may lie below a logarithmic scale."""
_AS_DRAWN = "#b8b8b8"


@dataclass(frozen=True)
class Shown:
    """A scalar that is drawn of a field.

    Attributes
    ----------
    field
        Its name in `Result.fields`.
    words
        What is said of it after the label of the field; empty for the field itself.
    of
        The scalar (N,) of the values (N,) or (N, components) of the field.
    colours
        Its colour map, unless it has both signs.
    whole
        Whether its range is that of all values, from the least to the largest.
    """

    field: str
    words: str
    of: Callable[[Floats], Floats]
    colours: Any
    whole: bool = False

    @property
    def label(self) -> str:
        """In words, without the unit."""
        return " ".join(filter(None, (declared(self.field).label, self.words)))


def _itself(values: Floats) -> Floats:
    return values


def _size(values: Floats) -> Floats:
    return np.asarray(np.hypot(values[:, 0], values[:, 1]))


def _part(k: int) -> Callable[[Floats], Floats]:
    return lambda values: values[:, k]


def _principal(stress: Floats) -> Floats:
    x, y, z, shear = stress[:, :4].T
    return np.asarray(np.maximum(0.5 * (x + y) + np.hypot(0.5 * (x - y), shear), z))


SHOWN: dict[str, Shown] = {
    "phi_e": Shown("phi_e", "", _itself, POTENTIAL_MAP, whole=True),
    "phi_s": Shown("phi_s", "", _itself, POTENTIAL_MAP, whole=True),
    "current_density": Shown("current_density", "", _size, FLUX_MAP),
    "current_density_x": Shown("current_density", "along x", _part(0), FLUX_MAP),
    "current_density_y": Shown("current_density", "along y", _part(1), FLUX_MAP),
    "stoichiometry": Shown("stoichiometry", "", _itself, LITHIATION_MAP, whole=True),
    "displacement": Shown("displacement", "", _size, FLUX_MAP),
    "displacement_x": Shown("displacement", "along x", _part(0), FLUX_MAP),
    "displacement_y": Shown("displacement", "along y", _part(1), FLUX_MAP),
    "von_mises": Shown("von_mises", "", _itself, STRESS_MAP),
    "inelastic_strain": Shown("inelastic_strain", "", _itself, STRESS_MAP),
    "layer_lithium": Shown("layer_lithium", "", _itself, LITHIATION_MAP),
    "pressure": Shown("stress", "as pressure", lambda v: -v[:, :3].mean(axis=1), STRESS_MAP),
    "principal_stress": Shown("stress", ", largest principal", _principal, STRESS_MAP),
    "stress_xx": Shown("stress", "xx", _part(0), STRESS_MAP),
    "stress_yy": Shown("stress", "yy", _part(1), STRESS_MAP),
    "stress_zz": Shown("stress", "zz", _part(2), STRESS_MAP),
    "stress_xy": Shown("stress", "xy", _part(3), STRESS_MAP),
}
"""What `field` draws, by name."""


def field(
    result: Result,
    name: str,
    ax: Axes | None = None,
    *,
    limits: tuple[float, float] | None = None,
    scale: str = "linear",
    window: Window | None = None,
    deformed: float = 0.0,
) -> Axes:
    """A map of one field.

    Parameters
    ----------
    name
        A name of `SHOWN`: a field, its magnitude, or one of its components.
    limits
        Ends of the colour bar in SI units; by default the ends of potentials and of the
        stoichiometry, and of all else what half a percent of the area lies beyond.
    scale
        "linear", "log", or "symlog", which is linear up to a thousandth of the range and
        logarithmic beyond, for both signs.
    window
        Left, right, bottom and top in m; by default the cell.
    deformed
        By how much displacements are enlarged in the shape that is drawn; the shape without them
        is grey.

    Raises
    ------
    InputError
        If the run has no such field, or it cannot be drawn like that.
    """
    shown, raw = _named(result, name)
    scene = Scene.of(result)
    part = scene.known(raw)
    values = np.asarray(shown.of(raw))[part.source]
    if deformed and "displacement" not in result.fields:
        raise InputError(
            "this result has no deformed shape to draw: mechanics was switched off",
            key="mechanics.enabled",
            given=False,
            cure="run the case with mechanics.enabled = true",
        )
    seen = scene.window if window is None else _window(window, scene)
    found = _range(shown, values, part.areas, scale, limits)
    unit = _unit(shown, found)

    def draw(axes: Axes) -> None:
        words = shown.label[0].upper() + shown.label[1:]
        title = f"{words}, shape deformed {deformed:g} times" if deformed else words
        canvas.frame(axes, seen, title.replace(" ,", ","))
        moved = _moved(result, part, deformed) if deformed else part
        over, signed = found.over(unit), found.low < 0.0 < found.high and not shown.whole
        colours = SIGNED_MAP if signed else shown.colours
        drawn = draw_field(axes, moved, values / unit.size, over, colours)
        note = f"\n{AREA_END}" if limits is None and over.extend != "neither" else ""
        label = f"{shown.label} ({unit.name})" if unit.name else shown.label
        canvas.colour_bar(axes, drawn, over, label.replace(" ,", ",") + note)
        if deformed:
            draw_patch(axes, scene.electrodes.lithium, LITHIUM, "none", 0.0, 0.5)
            for path in (scene.electrodes.lithium, scene.electrodes.active):
                draw_patch(axes, path, "none", _AS_DRAWN, 0.6 * HAIR, 2.8)
            rim = LineCollection(list(moved.rim), colors=INK, linewidths=HAIR, zorder=3)
            axes.add_collection(rim, autolim=False)
        else:
            # Particles are filled where the field is not in them.
            inside = shown.field in (
                "von_mises",
                "inelastic_strain",
                "stress",
                "displacement",
                "stoichiometry",
                "phi_s",
            )
            # Dark lines are not seen on the dark end of the colours of stress.
            dark = inside and (signed or shown.colours is not STRESS_MAP)
            draw_electrodes(scene, axes, filled=not inside, edge=INK if dark else None)
            draw_open(scene, axes)

    # The deformed shape shows the gaps themselves.
    handles = [*([] if deformed else key_of_open(scene)), *key_of_voids(scene)]
    return with_key(result.case.title, seen, handles, draw, ax)


def _named(result: Result, name: str) -> tuple[Shown, Floats]:
    there = [each for each, shown in SHOWN.items() if shown.field in result.fields]
    if name not in SHOWN:
        close = closest(name, there)
        raise InputError(
            "there is no such field", given=name, allowed=", ".join(there),
            cure=f"did you mean {close}?" if close else None,
        )  # fmt: skip
    raw = result.fields.get(SHOWN[name].field)
    if raw is None or not np.isfinite(raw).any():
        raise InputError(
            "this run has no such field", given=name, allowed=", ".join(there),
            cure="stress and displacement need mechanics.enabled, stoichiometry needs "
            "kinetics.cathode.stoichiometry",
        )  # fmt: skip
    return SHOWN[name], raw


def _window(window: Window, scene: Scene) -> tuple[float, ...]:
    left, right, bottom, top = (value / MICROMETRE for value in window)
    x0, x1, y0, y1 = scene.geometry_window
    inside = left < min(right, x1) and bottom < min(top, y1) and right > x0 and top > y0
    if not (left < right and bottom < top and inside):
        raise InputError(
            "a window has to show some of the cell",
            given=", ".join(f"{value:g} um" for value in (left, right, bottom, top)),
            allowed=f"left < right within {x0:g} to {x1:g} um, bottom < top within {y0:g} to "
            f"{y1:g} um",
        )
    return left, right, bottom, top


def _moved(result: Result, part: Part, factor: float) -> Part:
    move = np.nan_to_num(result.fields["displacement"][part.source])
    return part.moved(factor * move / MICROMETRE)


def _unit(shown: Shown, limits: Range) -> Unit:
    quantity = declared(shown.field)
    top = max(abs(limits.low), abs(limits.high))
    if quantity.unit == "Pa":
        return stress_unit(top)
    if quantity.unit == "m":
        return length_unit(top)
    return Unit(1.0 / quantity.factor, quantity.display)


def _range(
    shown: Shown, values: Floats, areas: Floats, scale: str, limits: tuple[float, float] | None
) -> Range:
    """Ends and spacing of the colours, in SI units."""
    if scale not in SCALES:
        raise InputError("unknown scale", given=scale, allowed=", ".join(SCALES))
    least = declared(shown.field).least
    if limits is not None:
        low, high = limits
        if not (np.isfinite([low, high]).all() and low < high):
            raise InputError(
                "a range has to rise", given=f"{low:g} to {high:g}", allowed="a lower end below it"
            )
    elif shown.whole:
        found = full_range(values, least)
        low, high = found.low, found.high
    else:
        high = max(round_up(percentile(np.abs(values), areas, 100.0 - TAIL)), least)
        low = -high if values.min() < -least else 0.0
        if scale == "log":
            low = max(percentile(np.abs(values), areas, _FLOOR), high / _DECADES)
    if scale == "log" and (low <= 0.0 or values.max() <= 0.0 or values.min() < -least):
        raise InputError(
            "a logarithm needs values above 0",
            given=f"{shown.label} from {values.min():.3g} to {values.max():.3g}, "
            f"drawn from {low:.3g}",
            cure="take the scale symlog, or a range that begins above 0",
        )
    linear = _LINEAR * max(abs(low), abs(high)) if scale == "symlog" else 0.0
    below, above = values.min() < low - 1e-9 * abs(low), values.max() > high + 1e-9 * abs(high)
    return Range(low, high, scale == "log", linear=linear).extended(bool(below), bool(above))
