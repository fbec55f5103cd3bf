"""Shapes of lithium: the foil's lower surface with its protrusions, and isolated ellipses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.optimize import brentq

from fem.errors import InputError
from fem.geometry.curves import Arc, Curve, Line
from fem.geometry.gaps import Shape, sizes_beside_gaps
from fem.geometry.types import Deposit

TAU = 2.0 * np.pi


@dataclass(frozen=True)
class Protrusion:
    """A half-ellipse below the lithium line, with optional circular fillets at its feet."""

    number: int
    x: float
    depth: float
    half_width: float
    fillet: float

    @property
    def key(self) -> str:
        return f"geometry.anode.protrusions[{self.number}]"

    def foot_angle(self) -> float:
        """Parametric angle below the lithium line at which the fillet touches the ellipse.

        The fillet's centre lies `fillet` below the line and `fillet` off the ellipse along its
        normal, which leaves one equation for the angle.
        """
        if self.fillet == 0.0:
            return 0.0
        a, b, r = self.depth, self.half_width, self.fillet

        def below(t: float) -> float:
            norm = np.hypot(np.cos(t) / b, np.sin(t) / a)
            return float(a * np.sin(t) + r * np.sin(t) / (a * norm) - r)

        return float(brentq(below, 0.0, 0.5 * np.pi, xtol=1e-15))

    def curves(self, y: float) -> list[Curve]:
        """From the left end to the right end; the lithium is on the left of the direction."""
        t = self.foot_angle()
        a, b, r = self.depth, self.half_width, self.fillet
        ellipse = ((self.x, y), (b, a))
        curves: list[Curve] = [
            Arc(*ellipse, (np.pi + t, 1.5 * np.pi)),
            Arc(*ellipse, (1.5 * np.pi, TAU - t)),
        ]
        if r > 0.0:
            offset = self.reach
            towards = float(np.arctan2(np.sin(t) / a, np.cos(t) / b))
            left = Arc((self.x - offset, y - r), (r, r), (0.5 * np.pi, towards))
            right = Arc((self.x + offset, y - r), (r, r), (np.pi - towards, 0.5 * np.pi))
            curves = [left, *curves, right]
        return curves

    @property
    def reach(self) -> float:
        """Half of the width at the lithium line, fillets included."""
        t, a, b = self.foot_angle(), self.depth, self.half_width
        norm = np.hypot(np.cos(t) / b, np.sin(t) / a)
        return float(b * np.cos(t) + self.fillet * np.cos(t) / (b * norm))

    def deposit(self, y: float) -> Deposit:
        feet = ((self.x - self.half_width, y), (self.x + self.half_width, y))
        return Deposit((self.x, y - self.depth), feet, self.depth, self.half_width)


def lithium_line(
    shapes: Sequence[Protrusion], width: float, y: float, surface: Curve | None = None
) -> Iterable[tuple[Curve, int]]:
    """The Li|SE interface from the left wall to the right, each curve with its protrusion."""
    if surface is not None:
        yield surface, -1
        return
    x = 0.0
    for shape in sorted(shapes, key=lambda shape: shape.x):
        yield Line((x, y), (shape.x - shape.reach, y)), -1
        for curve in shape.curves(y):
            yield curve, shape.number
        x = shape.x + shape.reach
    yield Line((x, y), (width, y)), -1


def refuse_protrusions(shapes: Sequence[Protrusion], width: float, separator: float) -> None:
    """Raise an `InputError` for a protrusion out of the layer or touching another one."""
    ordered = sorted(shapes, key=lambda shape: shape.x)
    for shape in ordered:
        if shape.depth >= separator:
            raise InputError(
                f"protrusion {shape.number} reaches through the separator",
                key=f"{shape.key}.depth",
                given=f"{shape.depth * 1e6:.4g} um",
                allowed=f"less than the separator's {separator * 1e6:.4g} um",
                cure="a shallower protrusion or a thicker separator",
            )
        if shape.fillet >= shape.depth:
            raise InputError(
                f"the fillet of protrusion {shape.number} is larger than the protrusion",
                key=f"{shape.key}.fillet",
                given=f"{shape.fillet * 1e6:.4g} um",
                allowed=f"less than its depth of {shape.depth * 1e6:.4g} um",
                cure="a smaller fillet",
            )
        if shape.x - shape.reach <= 0.0 or shape.x + shape.reach >= width:
            raise InputError(
                f"protrusion {shape.number} leaves the cell or touches its wall",
                key=f"{shape.key}.x",
                given=f"{shape.x * 1e6:.4g} um",
                allowed=f"from {shape.reach * 1e6:.4g} to {(width - shape.reach) * 1e6:.4g} um, "
                "ends excluded",
                cure="move it, narrow it, or widen the cell",
            )
    for left, right in pairwise(ordered):
        if left.x + left.reach >= right.x - right.reach:
            raise InputError(
                f"protrusions {left.number} and {right.number} overlap or touch",
                key=f"{right.key}.x",
                given=f"{right.x * 1e6:.4g} um",
                allowed="protrusions with flat lithium between their feet",
                cure="move them apart or narrow them",
            )


def refuse_islands(
    islands: Sequence[Arc],
    discs: Sequence[Arc],
    shapes: Sequence[Protrusion],
    width: float,
    t_cathode: float,
    y_lithium: float,
    surface: NDArray[np.float64] | None = None,
) -> None:
    """Raise an `InputError` for isolated lithium that is not all inside one electrolyte."""
    t = np.linspace(0.0, 1.0, 721)
    others = [(f"particle {i}", disc) for i, disc in enumerate(discs)]
    deposits = [
        (f"protrusion {s.number}", np.hstack([c.point(t) for c in s.curves(y_lithium)]))
        for s in shapes
    ]
    top = y_lithium
    if surface is not None:
        deposits.append(("the lithium surface", surface))
        top = float(surface[1].max())
    for number, island in enumerate(islands):
        key = f"geometry.anode.isolated[{number}]"
        x, y = island.point(t)
        across = y.min() <= t_cathode <= y.max()
        if x.min() <= 0 or x.max() >= width or y.min() <= 0 or y.max() >= top or across:
            raise InputError(
                f"isolated lithium {number} leaves its layer",
                key=key,
                allowed="an ellipse wholly inside the separator or the cathode's electrolyte",
                cure="move it or make it smaller",
            )
        before = [(f"isolated lithium {j}", islands[j]) for j in range(number)]
        touched = [name for name, other in [*others, *before] if _touch(island, other, t)]
        touched += [name for name, line in deposits if _reaches(x, y, line)]
        if touched:
            raise InputError(
                f"isolated lithium {number} and {touched[0]} overlap or touch",
                key=key,
                allowed="an ellipse with electrolyte all around it",
                cure="move it or make it smaller",
            )


def sizes_on_lithium(
    islands: Sequence[Arc],
    discs: Sequence[Arc],
    shapes: Sequence[Protrusion],
    line: Sequence[tuple[Curve, int]],
    around: Mapping[str, Line],
) -> dict[str, float]:
    """Sizes of outlines beside narrow gaps in m, by the name of what they bound.

    Parameters
    ----------
    line
        The curves of the Li|SE interface, each with its protrusion.
    around
        Walls and boundaries between layers, by name.

    Raises
    ------
    InputError
        If a gap cannot be meshed; the message names the pair.
    """
    of: dict[int, list[Curve]] = {-1: []}
    for curve, number in line:
        of.setdefault(number, []).append(curve)
    foil = "the lithium foil"
    named = [
        Shape(f"protrusion {s.number}", s.key, of[s.number], frozenset({foil})) for s in shapes
    ]
    named += [
        Shape(f"isolated lithium {i}", f"geometry.anode.isolated[{i}]", [island])
        for i, island in enumerate(islands)
    ]
    near = {
        f"particle {i}": [disc]
        for i, disc in enumerate(discs)
        if any(_near(disc, island) for island in islands)
    }
    walls = {name: [each] for name, each in around.items()}
    return sizes_beside_gaps(named, {foil: of[-1], **walls, **near})


def _near(disc: Arc, island: Arc) -> bool:
    """Whether the boxes of a disc and an ellipse are no farther apart than the disc's radius."""
    (r, _), centres = disc.semi_axes, zip(disc.centre, island.centre, strict=True)
    return all(
        abs(a - b) < 2.0 * r + half for (a, b), half in zip(centres, island.semi_axes, strict=True)
    )


def _reaches(x: NDArray[np.float64], y: NDArray[np.float64], line: NDArray[np.float64]) -> bool:
    """Whether a point lies on or above a line (2, n) that leads from left to right."""
    ring = np.c_[line, [[line[0, -1], line[0, 0]], 2 * [line[1].max() + np.ptp(y) + np.ptp(x)]]]
    above = shapely.Polygon(ring.T)
    return bool(shapely.intersects_xy(above, x, y).any())


def _touch(one: Arc, two: Arc, t: NDArray[np.float64]) -> bool:
    """Whether two full ellipses share a point (to the resolution of the samples `t`)."""

    def inside(points: NDArray[np.float64], arc: Arc) -> bool:
        (cx, cy), (a, b) = arc.centre, arc.semi_axes
        return bool((((points[0] - cx) / a) ** 2 + ((points[1] - cy) / b) ** 2 <= 1.0).any())

    return inside(one.point(t), two) or inside(two.point(t), one)
