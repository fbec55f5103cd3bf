"""Solids on tensor grids whose regions are drawn cell by cell, for the tests of faces that part."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from skfem import MeshTri

from fem.geometry import Geometry, Outline, Particles, Phase, Region
from fem.geometry.curves import Line
from fem.geometry.types import OUTSIDE
from fem.mesh import Mesh, assemble

Floats = NDArray[np.float64]
Where = Callable[[Floats, Floats], NDArray[np.bool_]]


def grid(
    x: Floats, y: Floats, names: Sequence[str], region: Callable[[Floats, Floats], Floats]
) -> Mesh:
    """Rectangles between ticks, each cut in two; `region` is a number from the middles of cells."""
    plain = MeshTri.init_tensor(x, y)
    across = np.searchsorted(x, plain.p[0, plain.t].mean(axis=0)) - 1
    up = np.searchsorted(y, plain.p[1, plain.t].mean(axis=0)) - 1
    middle_x, middle_y = 0.5 * (x[1:] + x[:-1]), 0.5 * (y[1:] + y[:-1])
    number = np.asarray(region(middle_x[across], middle_y[up])).astype(int)
    first, second = plain.f2t
    beside = np.where(second >= 0, number[second], OUTSIDE)
    which = np.flatnonzero(number[first] != beside)
    outlines = []
    for facet in which.tolist():
        one, two = plain.p[:, plain.facets[:, facet]].T
        centre = plain.p[:, plain.t[:, first[facet]]].mean(axis=1)
        (dx, dy), (ax, ay) = two - one, centre - one
        if dx * ay - dy * ax < 0.0:
            one, two = two, one
        sides = int(number[first[facet]]), int(beside[facet])
        outlines.append(Outline(Line(tuple(one.tolist()), tuple(two.tolist())), *sides))
    regions = [Region(name, Phase.VOID, name, 1.0) for name in names]
    geometry = Geometry(
        float(x[-1]), float(y[-1]), 1.0, 0.0, tuple(regions), tuple(outlines), Particles.none()
    )
    edges = plain.facets[:, which].T.astype(np.int64)
    triangles = plain.t.T.astype(np.int64)
    return assemble(plain.p, triangles, number, edges, np.arange(len(which)), geometry)


def at(axis: int, value: float, within: float = 1e-12) -> Where:
    """Nodes with this coordinate."""
    return lambda *xy: np.abs(xy[axis] - value) < within


def graded(first: float, end: float, ratio: float) -> Floats:
    """Ticks from 0 to `end`, the first step about `first`, each `ratio` times the one before."""
    count = int(np.ceil(np.log1p(end / first * (ratio - 1.0)) / np.log(ratio)))
    ticks = np.concatenate([[0.0], np.cumsum(ratio ** np.arange(count))])
    return np.asarray(ticks / ticks[-1] * end)
