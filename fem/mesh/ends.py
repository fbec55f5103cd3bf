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
_SAMPLES = 32
"""Places on a rail among which the one is sought that a line comes to."""
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
    onward, back
        Their curves, both from the vertex on.
    along
        Unit vector (2,) along the line, away from the vertex.
    """

    vertex: int
    ahead: int
    behind: int
    ahead_first: bool
    behind_first: bool
    onward: Curve
    back: Curve
    along: Floats

    def displacement(self, normal: Floats, thickness: float) -> Floats:
        """The way (2,) in m along the rail that takes the line forward by `thickness` (m).

        Before a rail that leans towards the line, a straight line goes on straight, unless both are
        nearly parallel. Along one that leans away the end goes as far as lithium grows elsewhere.
        """
        if self.ahead < 0:
            return np.asarray(thickness * normal)
        rail, far = self.onward if thickness >= 0.0 else self.back, abs(thickness)
        arc = np.linspace(0.0, far / LEAST_CROSSING, _SAMPLES + 1)
        points = rail.point(np.minimum(arc / rail.length, 1.0))
        ways = points - points[:, :1]
        progress = np.sign(thickness) * (normal @ ways)
        k = int(np.argmax(progress >= far)) or _SAMPLES
        crossing = arc[k]
        if progress[k] > far > progress[k - 1]:
            share = (far - progress[k - 1]) / (progress[k] - progress[k - 1])
            crossing = arc[k - 1] + share * (arc[k] - arc[k - 1])
        if ways[:, k] @ self.along < 0.0:
            crossing = far
        place = rail.point(np.array([0.0, min(crossing / rail.length, 1.0)]))
        return np.asarray(place[:, 1] - place[:, 0])

    def way(self, displacement: Floats) -> float:
        """Arc in m to the place on the rail that is nearest to where a displacement (2,) leads.

        It is positive ahead, on the electrolyte's side.
        """
        found = []
        for rail in (self.onward, self.back):
            goal = rail.point(np.zeros(1)) + displacement[:, None]
            place = np.clip(rail.parameter(goal), 0.0, 1.0)
            off = float(np.hypot(*(rail.point(place) - goal))[0])
            found.append((off, float(place[0]) * rail.length))
        (ahead, forth), (behind, back) = found
        return forth if ahead <= behind else -back


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
    nowhere = Line((0.0, 0.0), (0.0, 0.0))
    along = mesh.vertices_along(line)
    begin, beside = along[[0, 1]] if along[0] == vertex else along[[-1, -2]]
    direction = mesh.nodes[:, beside] - mesh.nodes[:, begin]
    direction /= np.hypot(*direction)
    if len(others) != 2 or len(ahead) != 1 or len(behind) != 1:
        return End(vertex, -1, -1, False, False, nowhere, nowhere, direction)
    first = [bool(mesh.vertices_along(k)[0] == vertex) for k in (ahead[0], behind[0])]
    onward, back = (
        _curve(_outwards(geometry.outlines[k].curve, begins), True)
        for k, begins in zip((ahead[0], behind[0]), first, strict=True)
    )
    return End(vertex, ahead[0], behind[0], first[0], first[1], onward, back, direction)


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
        curves[takes] = _curve(joined_points(passed[::-1], take), takes_first)
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


def joined_points(one: list[Point], two: list[Point]) -> list[Point]:
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
