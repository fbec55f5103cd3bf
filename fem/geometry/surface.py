"""A lithium surface that is not flat: a sine, or a smooth curve through points of one's own."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import shapely

from fem.case import Case
from fem.errors import InputError
from fem.geometry.curves import Floats
from fem.geometry.spline import Spline, through

KEY = "geometry.anode.surface"
KNOTS = 64
"""Knots of a wave. Between them a cubic is off by the fourth power of their distance: 2.4e-7."""
AT_WALL = 1e-6
"""Distance from a side wall, over the width, within which a point lies on it."""
SAMPLES = 8
"""Places between two points at which a curve is compared with what is around it."""


def surface_of(case: Case, width: float, level: float) -> Spline | None:
    """The lithium's surface from the left wall to the right; `None` where it is flat.

    Parameters
    ----------
    width
        Of the cell in m.
    level
        Height of the flat surface in m, from which waves and points count.

    Raises
    ------
    InputError
        If the surface does not lead from one wall to the other, crosses itself, or leaves the
        space between the cathode and the top of the lithium.
    """
    anode = case.geometry.anode
    table = anode.surface
    if table is None:
        return None
    if table.file is not None:
        points = _points(case.resolve(table.file), float(table.unit), width)
        points[1] += level
        mirrored = (True, True)
        (curve,) = through(points, [0, points.shape[1] - 1], closed=False, level=mirrored)
        given = table.file
    else:
        assert table.amplitude is not None and table.wavelength is not None
        given = table.wavelength.text
        curve = _wave(float(table.amplitude), float(table.wavelength), width, level)
    _refuse(case, curve, level, given)
    return curve


def _wave(amplitude: float, wavelength: float, width: float, level: float) -> Spline:
    """``y = level - amplitude cos(2 pi x / wavelength)``, lowest at the left wall."""
    halves = 2.0 * width / wavelength
    if abs(halves - round(halves)) > AT_WALL * max(halves, 1.0) or round(halves) < 1:
        near = [2e6 * width / n for n in (np.floor(halves), np.ceil(halves)) if n >= 1]
        raise InputError(
            "the wave meets a side wall at a slope, where its mirror image would make a kink",
            key=f"{KEY}.wavelength",
            given=f"{wavelength * 1e6:.6g} um",
            allowed="twice the width over a whole number, such as "
            + " or ".join(f"{value:.6g} um" for value in near),
            cure="change the wavelength or geometry.width",
        )
    k = np.pi * round(halves) / width
    t = np.linspace(0.0, 1.0, KNOTS * int(np.ceil(0.5 * round(halves))) + 1)
    x = width * t
    y, slope = level - amplitude * np.cos(k * x), amplitude * k * width * np.sin(k * x)
    return Spline(
        tuple(t.tolist()),
        tuple(zip(x.tolist(), y.tolist(), strict=True)),
        tuple(zip(np.full_like(t, width).tolist(), slope.tolist(), strict=True)),
    )


def _points(path: Path, unit: float, width: float) -> Floats:
    """Points (2, n) in m from a CSV file: x from the left wall, y up from the flat surface."""
    with open(path, newline="", encoding="utf-8-sig") as stream:
        rows = [row for row in csv.reader(stream) if row and row[0].strip()]
    found = []
    for number, row in enumerate(rows, start=1):
        try:
            x, y = (float(cell) for cell in row[:2])
        except ValueError:
            if number == 1:
                continue
            raise InputError(
                f"row {number} does not hold a point",
                file=str(path),
                key=f"{KEY}.file",
                given=",".join(row),
                allowed="two numbers, x and y, with a point as decimal mark, separated by a comma",
                cure="a first row of names is fine; lengths count in surface.unit",
            ) from None
        found.append((x * unit, y * unit))
    points = np.array(found, dtype=float).reshape(-1, 2).T
    ends = points[0, [0, -1]] if points.shape[1] > 2 else np.array([np.nan, np.nan])
    if not np.allclose(ends, [0.0, width], rtol=0.0, atol=AT_WALL * width):
        raise InputError(
            "the points do not lead from the left wall to the right one",
            file=str(path),
            key=f"{KEY}.file",
            given=f"{points.shape[1]} points with x from {ends[0] * 1e6:.6g} to "
            f"{ends[1] * 1e6:.6g} um",
            allowed=f"three points or more, the first at x = 0, the last at {width * 1e6:.6g} um",
            cure="compare surface.unit and geometry.width",
        )
    points[0, [0, -1]] = 0.0, width
    if not np.hypot(*np.diff(points)).all():
        raise InputError(
            "two points in a row are the same", file=str(path), key=f"{KEY}.file",
            allowed="points that differ", cure="remove one of them",
        )  # fmt: skip
    return points


def sampled(curve: Spline) -> Floats:
    """Places along a surface (2, n) in m."""
    knots = np.array(curve.knots)
    share = np.arange(SAMPLES) / SAMPLES
    between = knots[:-1, None] + np.diff(knots)[:, None] * share
    return curve.point(np.append(between.ravel(), 1.0))


def _refuse(case: Case, curve: Spline, level: float, given: str) -> None:
    cell = case.geometry
    assert (cell.anode.thickness is not None and cell.width is not None) or cell.image is not None
    places = sampled(curve)
    above = float(cell.anode.thickness or 0.0)
    below = 0.0 if cell.separator is None else float(cell.separator.thickness)
    low, high = float(places[1].min()) - level, float(places[1].max()) - level
    key = f"{KEY}.file" if cell.anode.surface and cell.anode.surface.file else f"{KEY}.amplitude"
    if low <= -below or high >= above:
        raise InputError(
            "the lithium's surface leaves the layers between cathode and collector",
            key=key,
            given=f"from {low * 1e6:.4g} to {high * 1e6:.4g} um about the flat surface",
            allowed=f"above {-below * 1e6:.4g} um, where the separator ends, and below "
            f"{above * 1e6:.4g} um, where the lithium ends",
            cure="a smaller surface, a thicker separator or thicker lithium",
        )
    width = curve.points[-1][0]
    beyond = max(-float(places[0].min()), float(places[0].max()) - width)
    if beyond > AT_WALL * width or not shapely.is_simple(shapely.LineString(places.T)):
        raise InputError(
            "the lithium's surface crosses itself or a side wall",
            key=key,
            given=given,
            allowed="a curve between the walls that meets itself nowhere",
            cure="points in their order along the surface, closer where it bends",
        )
