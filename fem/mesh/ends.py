"""Ends of a lithium line away from the side walls: they slide along the edge of what stays.

Where lithium, electrolyte and a third piece meet (a pore, a particle that lithium touches, the
collector's side of the cell), the third one keeps its shape. Its edge is a rail: lithium that
grows takes over a part of what was electrolyte's, lithium that is stripped gives some back.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from fem.errors import SolveError
from fem.geometry.curves import Curve, Line
from fem.geometry.polyline import Point, Polyline
from fem.geometry.types import OUTSIDE, Outline
from fem.mesh.cell import MICROMETRE, Floats, Ints, Mesh

LEAST_CROSSING = 0.5
"""Sine of the angle between line and rail below which an end goes ahead of its line no more."""
STRAIGHT = 1e-9
"""Angle in rad below which two straight pieces are one."""
NEAR = 1e-3
"""Distance from a corner of a rail, relative to the way to it, at which an end stops there."""


@dataclass(frozen=True)
class End:
    """A vertex at which a Li|SE line ends, and the rail through it.

    Attributes
    ----------
    ahead, behind
        Outlines between the third piece and the electrolyte, and between it and the lithium;
        -1 where more than three pieces meet, so that there is no rail.
    ahead_first, behind_first
        Whether these outlines begin at the vertex.
    onward, inward
        Unit vectors (2,) of the rail's directions ahead of the vertex and behind it, both from the
        lithium towards the electrolyte.
    along
        Unit vector (2,) along the line, away from the vertex.
    """

    vertex: int
    ahead: int
    behind: int
    ahead_first: bool
    behind_first: bool
    onward: Floats
    inward: Floats
    along: Floats

    def displacement(self, normal: Floats, thickness: float) -> Floats:
        """The way (2,) in m along the rail that takes the line forward by `thickness` (m).

        Before a rail that leans towards the line, a straight line goes on straight, unless both are
        nearly parallel. Along one that leans away the end goes as far as lithium grows elsewhere.
        """
        rail, facing = self.onward, float(self.onward @ self.along)
        if thickness < 0.0:
            rail, facing = self.inward, -float(self.inward @ self.along)
        crossing = max(float(rail @ normal), LEAST_CROSSING) if facing > 0.0 else 1.0
        return np.asarray(thickness / crossing * rail)

    def way(self, displacement: Floats) -> float:
        """The way in m along the rail, positive into the electrolyte, of a displacement (2,)."""
        forth, back = float(displacement @ self.onward), float(displacement @ self.inward)
        off = [
            float(np.hypot(*(displacement - way * rail)))
            for way, rail in ((forth, self.onward), (back, self.inward))
        ]
        if forth > 0.0 and (back >= 0.0 or off[0] <= off[1]):
            return forth
        return min(back, 0.0)


def is_side(outline: Outline) -> bool:
    """Whether an outline is a piece of a side wall, which mirrors the cell."""
    curve = outline.curve
    return outline.right == OUTSIDE and isinstance(curve, Line) and curve.start[0] == curve.end[0]


def ends_of(mesh: Mesh, vertices: dict[int, Ints]) -> dict[int, End]:
    """Ends of lines away from the side walls, by their vertex.

    Parameters
    ----------
    vertices
        Vertices along each outline on Li|SE, from its start to its end.
    """
    outlines = mesh.geometry.outlines
    terminal = Counter(int(v) for along in vertices.values() for v in along[[0, -1]])
    found = {}
    for number, along in vertices.items():
        for vertex in map(int, along[[0, -1]]):
            if terminal[vertex] > 1:
                continue
            rows = (mesh.edges[:, :2] == vertex).any(axis=1)
            others = [int(k) for k in np.unique(mesh.outline[rows]) if k != number]
            if not all(is_side(outlines[k]) for k in others):
                found[vertex] = _end(mesh, number, vertex, others)
    return found


def _end(mesh: Mesh, line: int, vertex: int, others: list[int]) -> End:
    geometry = mesh.geometry
    sides = {k: {geometry.outlines[k].left, geometry.outlines[k].right} for k in (line, *others)}
    lithium, electrolyte = sorted(sides[line], key=lambda k: geometry.phases[k] != "lithium")
    ahead = [k for k in others if electrolyte in sides[k]]
    behind = [k for k in others if lithium in sides[k]]
    there, nowhere = mesh.nodes[:, vertex], np.zeros(2)

    def away(outline: int) -> tuple[bool, Floats]:
        """Whether an outline begins at the vertex, and its direction from there."""
        along = mesh.vertices_along(outline)
        first = bool(along[0] == vertex)
        vector = mesh.nodes[:, along[1] if first else along[-2]] - there
        return first, np.asarray(vector / np.hypot(*vector))

    if len(others) != 2 or len(ahead) != 1 or len(behind) != 1:
        return End(vertex, -1, -1, False, False, nowhere, nowhere, nowhere)
    ahead_first, onward = away(ahead[0])
    behind_first, outward = away(behind[0])
    return End(
        vertex, ahead[0], behind[0], ahead_first, behind_first, onward, -outward, away(line)[1]
    )


def slid(mesh: Mesh, ends: dict[int, End], displacement: Floats) -> dict[int, Curve]:
    """The rails' curves by outline, cut at new places of the ends; shapes stay.

    Parameters
    ----------
    displacement
        Of all nodes (2, N), in m; of an end the part along its rail counts.

    Raises
    ------
    SolveError
        If an end has come to the end of its rail, or has none.
    """
    curves: dict[int, Curve] = {}
    for vertex, end in ends.items():
        shift = displacement[:, vertex]
        if not shift.any():
            continue
        if end.ahead < 0:
            x, y = mesh.nodes[:, vertex] / MICROMETRE
            raise SolveError(
                f"the lithium line ends near ({x:.4g}, {y:.4g}) um, where more than three pieces "
                "meet, and cannot tell which of them to follow",
                cures=("change a pixel there, so that three pieces meet",),
            )
        way = end.way(shift)
        rails = [(end.ahead, end.ahead_first), (end.behind, end.behind_first)]
        (gives, gives_first), (takes, takes_first) = rails if way > 0.0 else rails[::-1]
        give, take = (
            _outwards(curves.get(k, mesh.geometry.outlines[k].curve), first)
            for k, first in ((gives, gives_first), (takes, takes_first))
        )
        passed, rest = _cut(give, abs(way))
        if len(rest) < 2:
            raise _arrived(mesh, ends, gives, vertex, rest[0])
        curves[gives] = _curve(rest, gives_first)
        curves[takes] = _curve(_joined(passed[::-1], take), takes_first)
    return curves


def _outwards(curve: Curve, first: bool) -> list[Point]:
    """Points of a rail, from the end that slides on it."""
    assert isinstance(curve, Line | Polyline)
    points = [curve.start, curve.end] if isinstance(curve, Line) else list(curve.points)
    return points if first else points[::-1]


def _curve(outwards: list[Point], first: bool) -> Curve:
    points = outwards if first else outwards[::-1]
    return Line(points[0], points[1]) if len(points) == 2 else Polyline(tuple(points))


def _cut(points: list[Point], way: float) -> tuple[list[Point], list[Point]]:
    """The first `way` (m) along points and what is left; the last point alone if nothing is."""
    for k in range(1, len(points)):
        (x, y), (u, v) = points[k - 1], points[k]
        length = float(np.hypot(u - x, v - y))
        if way < (1.0 - NEAR) * length:
            share = way / length
            place = (x + share * (u - x), y + share * (v - y))
            return [*points[:k], place], [place, *points[k:]]
        if way <= (1.0 + NEAR) * length:
            return points[: k + 1], points[k:]
        way -= length
    return points, points[-1:]


def _joined(one: list[Point], two: list[Point]) -> list[Point]:
    """Two chains of points, the last of which is the first of the other; it goes if straight."""
    (a, b), (c, d), (e, f) = one[-2], one[-1], two[1]
    turn = (c - a) * (f - d) - (d - b) * (e - c)
    straight = abs(turn) < STRAIGHT * np.hypot(c - a, d - b) * np.hypot(e - c, f - d)
    return [*one[:-1], *two[1:]] if straight else [*one, *two[1:]]


def _arrived(mesh: Mesh, ends: dict[int, End], rail: int, vertex: int, place: Point) -> SolveError:
    """An error that names what a line has come to along the edge of something."""
    geometry = mesh.geometry
    outline = geometry.outlines[rail]
    along = mesh.vertices_along(rail)
    last = int(along[-1] if along[0] == vertex else along[0])
    rows = (mesh.edges[:, :2] == last).any(axis=1)
    beside = {int(k) for k in mesh.sides[rows].ravel()} - {outline.left, outline.right}
    third = outline.right if geometry.phases[outline.left] in ("electrolyte", "lithium") else (
        outline.left
    )  # fmt: skip
    whose = "the rim of the cell" if third == OUTSIDE else geometry.regions[third].name
    if last in ends or not beside:
        met = f"closes around {whose}"
    else:
        other = min(beside)
        name = "the rim of the cell" if other == OUTSIDE else geometry.regions[other].name
        met = f"touches {name}, having slid along {whose},"
    x, y = (z / MICROMETRE for z in place)
    return SolveError(
        f"the lithium line {met} near ({x:.4g}, {y:.4g}) um",
        cures=("end the run before that",),
    )
