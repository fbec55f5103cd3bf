"""Current lines that each carry the same current, so that they crowd where the current does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from fem.geometry import Phase
from fem.mesh import Mesh
from fem.plot.raster import Grid
from fem.results.result import FieldMesh

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_STEP = 0.7
"""Length of a step along a line, in grid spacings."""
_LIFT = 1.0
"""How far from the lithium lines begin, in grid spacings."""


def equal_current_seeds(
    mesh: Mesh, field_mesh: FieldMesh, current: Floats, sign: float, share: float
) -> tuple[Floats, Floats]:
    """Points on lithium, each at the middle of a piece of interface that takes up `share`.

    On every body the pieces follow each other where the current enters lithium on charge.

    Parameters
    ----------
    current
        Current density on the points of `field_mesh` (n, 2) in A/m^2.
    sign
        1 on charge, -1 on discharge.
    share
        Current of a line in A per m of depth.

    Returns
    -------
    points, normals
        (m, 2) in m, and unit normals into the electrolyte.
    """
    of_node = np.full(mesh.nodes.shape[1], -1)
    inside = np.flatnonzero(field_mesh.phase == str(Phase.ELECTROLYTE))
    of_node[field_mesh.source[inside]] = inside
    which = mesh.interface(Phase.LITHIUM)
    regions = mesh.sides[which]
    lithium = mesh.geometry.phases[regions] == str(Phase.LITHIUM)
    body = np.where(lithium[:, 0], regions[:, 0], regions[:, 1])
    start, end, middle = mesh.edges[which].T
    tangent = mesh.nodes[:, end] - mesh.nodes[:, start]
    # With the lithium on the left of the direction the electrolyte is on the right.
    side = np.where(lithium[:, 0], 1.0, -1.0)
    normal = np.stack([tangent[1], -tangent[0]]) * side
    entering = np.maximum(-sign * (current[of_node[middle]].T * normal).sum(axis=0), 0.0)
    points, normals = [np.empty((0, 2))], [np.empty((0, 2))]
    for number in np.unique(body):
        mine = np.flatnonzero(body == number)
        mine = mine[_in_order(start[mine], end[mine])]
        total = np.cumsum(entering[mine])
        count = round(float(total[-1] / share)) if share > 0.0 else 0
        wanted = (np.arange(count) + 0.5) * total[-1] / max(count, 1)
        edge = mine[place := np.searchsorted(total, wanted)]
        along = 1.0 - (total[place] - wanted) / entering[edge]
        points.append((mesh.nodes[:, start[edge]] + along * tangent[:, edge]).T)
        normals.append((normal / np.hypot(*normal))[:, edge].T)
    return np.concatenate(points), np.concatenate(normals)


@dataclass(frozen=True)
class Walls:
    """What no current crosses, so that a line which meets it by rounding slides along.

    Inactive particles (`centres` (n, 2) and `radii` (n,)), and the sides `low` and `high` (x, y)
    of the cell; infinite where there is none.
    """

    centres: Floats
    radii: Floats
    low: tuple[float, float]
    high: tuple[float, float]

    def keep_off(self, place: Floats, distance: float) -> Floats:
        """Points (n, 2) moved to the sides, and to `distance` from particles."""
        place = np.clip(place, self.low, self.high)
        if not len(self.radii):
            return place
        gap, nearest = self._tree.query(place)
        least = self.radii[nearest] + distance
        out = (place - self.centres[nearest]) / np.maximum(gap, 1e-12)[:, None]
        pushed = self.centres[nearest] + least[:, None] * out
        return np.where((gap < least)[:, None], pushed, place)

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.centres)


def trace(grid: Grid, seeds: Floats, normals: Floats, sign: float, walls: Walls) -> list[Floats]:
    """Lines (m, 2) through `seeds`, followed away from the lithium until they leave the grid.

    Points run along the current; `sign` is 1 if the current flows towards the seeds. Lengths in
    the unit of the grid.
    """
    step = _STEP * grid.spacing
    place = seeds + _LIFT * grid.spacing * normals
    alive = np.arange(len(seeds))
    track, ids = [seeds, place], [alive, alive]
    rows, columns = grid.values.shape[:2]
    for _ in range(int(4 * (rows + columns) / _STEP)):
        half = place - 0.5 * sign * step * _direction(grid, place)
        going = np.isfinite(half[:, 0])
        place, alive, half = place[going], alive[going], half[going]
        new = place - sign * step * _direction(grid, half)
        going = np.isfinite(new[:, 0])
        place, alive = walls.keep_off(new[going], grid.spacing), alive[going]
        if not len(alive):
            break
        track.append(place)
        ids.append(alive)
    points, owner = np.concatenate(track), np.concatenate(ids)
    order = np.argsort(owner, kind="stable")
    lines = np.split(points[order], np.cumsum(np.bincount(owner, minlength=len(seeds)))[:-1])
    return [line[:: -int(sign)] for line in lines if len(line) > 3]


def arrow_places(lines: list[Floats]) -> tuple[Floats, Floats]:
    """Points (m, 2) near the middle of each line, and the angles (m,) of the current there."""
    points, angles = [], []
    for line in lines:
        length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
        k = min(max(int(np.searchsorted(length, 0.5 * length[-1])), 1), len(line) - 2)
        along = line[k + 1] - line[k - 1]
        points.append(line[k])
        angles.append(np.arctan2(along[1], along[0]))
    return np.array(points).reshape(-1, 2), np.array(angles)


def _direction(grid: Grid, place: Floats) -> Floats:
    """Unit vectors of the field at points (n, 2); nan where there is none."""
    value = grid.at(place)
    size = np.hypot(*value.T)
    return np.asarray(value / np.where(size > 0.0, size, np.nan)[:, None])


def _in_order(start: Ints, end: Ints) -> Ints:
    """Edges of one line or loop, each followed by the one that begins where it ends."""
    after = dict(zip(start.tolist(), range(len(start)), strict=True))
    heads = set(start.tolist()) - set(end.tolist())
    node = min(heads) if heads else int(start.min())
    order: list[int] = []
    while node in after:
        edge = after.pop(node)
        order.append(edge)
        node = int(end[edge])
    # Edges that hang on to nothing come last, so that no current is lost.
    return np.array(order + sorted(after.values()), dtype=np.int64)
