"""Outlines of an image with no more detail than asked for, or than elements can show.

They are simplified by the method of Visvalingam and Whyatt (Cartogr. J. 30, 1993, 46), that of GEOS
for coverages, which keeps shared edges shared. Details come back where it makes sharp angles.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from fem.geometry.coverage import Arc, Floats, Polygons, arcs, areas, moment
from fem.geometry.polyline import crossing, sharpest
from fem.geometry.types import OUTSIDE

TOLERANCE_PER_SIZE = 0.35
"""Tolerance of the simplification over the element size: two pixels go with the 0.7 of images."""
MOST_DRIFT = 0.01
"""Change of a phase's area by coarsening, relative to it, that is accepted ..."""
LITTLE_DRIFT = 0.001
"""... unless it is less than this share of the image."""
LEAST_LEFT = 0.25
"""Share of its area that is left of every piece."""
_FINER = 0.8
_SHARPEST = np.radians(30.0)
_ROUNDS = 20
_FARTHEST = 1.0
"""Distance in pixels by which an outline may be moved sideways."""


def simplified(faces: Polygons, tolerance: float) -> tuple[Polygons, list[Arc]]:
    """The pieces of an image, simplified, and what separates them where details have come back.

    Parameters
    ----------
    faces
        The pieces (n,) as a coverage, in pixels.
    tolerance
        In pixels; it is lowered while details that come back make outlines cross.
    """
    fine = arcs(faces)
    while True:
        simple = _simple(faces, tolerance)
        found = _blunted(arcs(simple), fine)
        if not crossing([arc.points.T for arc in found]):
            return simple, found
        tolerance *= _FINER


def coarsened(
    simple: Polygons, fine: list[Arc], phase: NDArray[np.str_], size: float
) -> tuple[list[Arc], float]:
    """What separates the pieces of an image, simplified for elements of a size in pixels.

    The tolerance is the largest one in proportion to the size, or below, that changes no phase by
    more than `MOST_DRIFT`. Each outline is moved sideways until the areas beside it are what they
    were.

    Parameters
    ----------
    simple, fine
        The pieces (n,) and what separates them, from `simplified`.
    phase
        What the pieces are (n,).

    Returns
    -------
    Outlines, and the tolerance in pixels, 0 for none.
    """
    area = areas(fine, len(simple))
    names, kind = np.unique(phase, return_inverse=True)
    total = np.bincount(kind, area, len(names))
    allowed = np.maximum(MOST_DRIFT * total, LITTLE_DRIFT * area.sum())
    tolerance = TOLERANCE_PER_SIZE * size
    while tolerance > 0.5:
        found = _restored(_blunted(arcs(_simple(simple, tolerance)), fine), fine)
        now = areas(found, len(simple))
        drift = np.abs(np.bincount(kind, now - area, len(names)))
        kept = (drift <= allowed).all() and (now > LEAST_LEFT * area).all()
        if kept and not crossing([arc.points.T for arc in found]):
            return found, tolerance
        tolerance *= _FINER
    return fine, 0.0


def _simple(faces: Polygons, tolerance: float) -> Polygons:
    return np.asarray(shapely.coverage_simplify(faces, tolerance, simplify_boundary=False))


def _blunted(coarse: Sequence[Arc], fine: Sequence[Arc]) -> list[Arc]:
    """Coarse arcs with points of the fine ones where they would have sharp angles."""
    matching = {_key(arc): arc.points for arc in fine}
    points = [_from(matching[_key(arc)], arc.points[0]) for arc in coarse]
    xy = np.concatenate(points)
    arc_of = np.repeat(np.arange(len(points)), [len(p) for p in points])
    kept = np.concatenate(
        [np.isin(_complex(p), _complex(arc.points)) for p, arc in zip(points, coarse, strict=True)]
    )
    for _ in range(_ROUNDS):
        at = np.flatnonzero(kept)
        start, end = at[:-1], at[1:]
        start, end = (z[arc_of[start] == arc_of[end]] for z in (start, end))
        _, first, number = np.unique(_complex(xy), return_index=True, return_inverse=True)
        ends = number.ravel()[np.stack([start, end], axis=1)]
        sharp = sharpest(xy[first], ends) < _SHARPEST
        coming = [
            k for a, b in np.stack([start, end], axis=1)[sharp[ends].any(axis=1)].tolist()
            for k in _farthest(xy, a, b)
        ]  # fmt: skip
        if not coming:
            break
        kept[coming] = True
    bounds = np.searchsorted(arc_of, np.arange(len(points) + 1))
    return [
        Arc(xy[a:b][kept[a:b]], arc.left, arc.right)
        for (a, b), arc in zip(pairwise(bounds), coarse, strict=True)
    ]


def _restored(found: Sequence[Arc], fine: Sequence[Arc]) -> list[Arc]:
    """Arcs moved sideways so that the areas beside them are those of the fine ones.

    Those that would then cross others stay.
    """
    wanted = {_key(arc): moment(arc.points) for arc in fine}
    moved = [
        arc if arc.right == OUTSIDE else _sideways(arc, wanted[_key(arc)] - moment(arc.points))
        for arc in found
    ]
    for _ in range(_ROUNDS):
        lines = shapely.linestrings(
            np.concatenate([arc.points for arc in moved]),
            indices=np.repeat(np.arange(len(moved)), [len(arc.points) for arc in moved]),
        )
        wrong = ~shapely.is_simple(lines)
        wrong[shapely.STRtree(lines).query(lines, predicate="crosses").ravel()] = True
        if not wrong.any():
            return moved
        moved = [old if bad else new for old, new, bad in zip(found, moved, wrong, strict=True)]
    return list(found)


def _sideways(arc: Arc, gain: float) -> Arc:
    """An arc with all points but its ends moved by one distance, so that its left side gains."""
    closed = bool((arc.points[0] == arc.points[-1]).all())
    points = arc.points[:-1] if closed else arc.points
    chord = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    if not closed:
        chord[[0, -1]] = 0.0
    length = np.hypot(*chord.T)
    if not length.any():
        return arc
    normal = np.stack([chord[:, 1], -chord[:, 0]], axis=1) / np.maximum(length, 1e-9)[:, None]
    distance = np.clip(2.0 * gain / length.sum(), -_FARTHEST, _FARTHEST)
    points = points + distance * normal
    return Arc(np.concatenate([points, points[:1]]) if closed else points, arc.left, arc.right)


def _key(arc: Arc) -> tuple[int, int, float, float]:
    """What tells arcs apart that have the same ends, or are closed and may start anywhere."""
    closed = bool((arc.points[0] == arc.points[-1]).all())
    x, y = (np.nan_to_num(np.inf), 0.0) if closed else arc.points[0].tolist()
    return arc.left, arc.right, x, y


def _from(points: Floats, start: Floats) -> Floats:
    """The same points, from `start` on if they are closed."""
    if (points[0] == start).all():
        return points
    k = int(np.flatnonzero((points == start).all(axis=1))[0])
    return np.concatenate([points[k:-1], points[: k + 1]])


def _farthest(xy: Floats, first: int, last: int) -> list[int]:
    """The point between two others that is farthest from their chord, if there is one."""
    if last - first < 2:
        return []
    chord, inner = xy[last] - xy[first], xy[first + 1 : last] - xy[first]
    return [first + 1 + int(np.abs(chord[0] * inner[:, 1] - chord[1] * inner[:, 0]).argmax())]


def _complex(points: Floats) -> NDArray[np.complex128]:
    return np.asarray(points[:, 0] + 1j * points[:, 1])
