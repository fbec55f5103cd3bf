"""A drawing whose lithium and electrolyte have changed their pieces: new lines, cut outlines."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import shapely
import shapely.ops

from fem.errors import SolveError
from fem.geometry.curves import Curve, Line
from fem.geometry.polyline import Polyline
from fem.geometry.spline import Spline, through
from fem.geometry.types import ENCLOSED, OUTSIDE, Deposit, Outline, Phase, Region
from fem.mesh.cell import MICROMETRE, Floats, Ints, Mesh
from fem.mesh.ends import joined_points
from fem.mesh.lines import ON, Beside, Run, from_the_top, new_lines
from fem.mesh.merge import Change, Part, Shapes
from fem.mesh.remesh import Drawing


@dataclass(frozen=True)
class _Piece:
    """An outline to be: its curve, its sides, and the old outline if it is still that."""

    outline: Outline
    old: int = -1


def redrawn(mesh: Mesh, change: Change, size: float) -> Drawing:
    """The drawing of `mesh` after a `change`; `size` is that of elements on interfaces in m.

    Raises
    ------
    SolveError
        If a line would end on a curved outline.
    """
    shapes = Shapes(mesh)
    regions, numbers, of_part = _regions(shapes, change.parts)
    beside = Beside(change.parts, of_part)
    anew = {k for chain in change.chains for k in chain}
    kept = [k for k in sorted(shapes.lines) if k not in anew]
    mine = shapes.lithium | shapes.electrolyte
    fixed = [
        k
        for k, o in enumerate(mesh.geometry.outlines)
        if k not in shapes.lines and {o.left, o.right} & mine
    ]
    runs = new_lines(shapes, change.parts, beside, [*fixed, *kept], size / MICROMETRE)
    pieces = [
        _Piece(replace(o, left=_new(numbers, o.left), right=_new(numbers, o.right)), k)
        for k, o in enumerate(mesh.geometry.outlines)
        if not {o.left, o.right} & mine
    ]
    junctions = {_key(p) for run in runs for p in (run.points[0], run.points[-1])}
    junctions |= {_key(p) for k in kept for p in shapes.points[k][[0, -1]]}
    cut = [p for k in fixed for p in _cut(shapes, k, runs, beside, numbers, mine)]
    pieces += _joined(cut, junctions)
    pieces += _lines(shapes, change.parts, runs, kept, beside)
    outlines = tuple(piece.outline for piece in pieces)
    areas = np.zeros(len(regions))
    for outline in outlines:
        areas[outline.left] += outline.curve.moment
        if outline.right != OUTSIDE:
            areas[outline.right] -= outline.curve.moment
    geometry = replace(
        mesh.geometry,
        outlines=outlines,
        regions=tuple(replace(r, area=float(a)) for r, a in zip(regions, areas, strict=True)),
        deposits=tuple(_deposit(d, outlines, regions) for d in mesh.geometry.deposits),
        lattice=None,
    )
    same = {new: piece.old for new, piece in enumerate(pieces) if piece.old >= 0}
    old = mesh.geometry.regions
    bodies = {
        (old[r].body, regions[number].body)
        for part, number in zip(change.parts, of_part, strict=True)
        if part.lithium
        for r in part.regions
        if old[r].phase == Phase.LITHIUM
    }
    return Drawing(geometry, same, numbers, np.array(sorted(bodies)))


# -------------------------------------------------------------------------------------- regions


def _regions(shapes: Shapes, parts: tuple[Part, ...]) -> tuple[list[Region], Ints, list[int]]:
    """All regions, the new number of each old one, and the region of each part."""
    old = shapes.geometry.regions
    mine = shapes.lithium | shapes.electrolyte
    regions: list[Region | None] = [None if k in mine else r for k, r in enumerate(old)]
    bodies = [r.body for r in old if r.phase == Phase.LITHIUM]
    following = max(bodies, default=0) + 1
    top = shapely.LineString(
        np.array([[0.0, 1.0], [shapes.geometry.width, 1.0]])
        * [1.0, shapes.geometry.height]
        / MICROMETRE
    )
    sources = _sources(shapes)
    of_part = [-1] * len(parts)
    for k in sorted(range(len(parts)), key=lambda k: -parts[k].shape.area):
        part = parts[k]
        origin = [old[r] for r in part.regions]
        if part.lithium:
            first = min(origin, key=lambda r: r.body)
            foil = part.shape.distance(top) <= ON
            taken = any(r and r.phase == Phase.LITHIUM and r.body == first.body for r in regions)
            if taken and not (foil and first.body == 0):
                first = replace(first, name=f"isolated lithium {following - 1}", body=following)
                following += 1
        else:
            living = [r for r in origin if r.phase == Phase.ELECTROLYTE] or origin
            first = living[0]
            if part.shape.distance(sources) > ON:
                first = replace(first, name=ENCLOSED + _bare(first.name), phase=Phase.IDLE)
            elif first.phase == Phase.IDLE:
                first = replace(first, name=_bare(first.name), phase=Phase.ELECTROLYTE)
        slot = next((r for r in part.regions if old[r].name == first.name), -1)
        if slot >= 0 and regions[slot] is None:
            regions[slot], of_part[k] = first, slot
        else:
            of_part[k] = len(regions)
            regions.append(first)
    place = np.cumsum([r is not None for r in regions]) - 1
    numbers = np.array([place[k] if r is not None else -1 for k, r in enumerate(regions)])
    left = [r for r in regions if r is not None]
    return left, numbers[: len(old)], [int(numbers[k]) for k in of_part]


def _bare(name: str) -> str:
    return name.removeprefix(ENCLOSED)


def _sources(shapes: Shapes) -> shapely.Geometry:
    """Outlines across which current comes to the electrolyte beside lithium."""
    geometry = shapes.geometry

    def comes(outline: Outline) -> bool:
        sides = {outline.left, outline.right} - {OUTSIDE}
        if len(sides) < 2 or not sides & shapes.electrolyte:
            return False
        phases = {geometry.regions[r].phase for r in sides - shapes.electrolyte}
        return sides <= shapes.electrolyte or bool(phases & {Phase.ELECTROLYTE, Phase.ACTIVE})

    return shapely.union_all(
        [shapely.LineString(shapes.points[k]) for k, o in enumerate(geometry.outlines) if comes(o)]
    )


def _new(numbers: Ints, region: int) -> int:
    return OUTSIDE if region == OUTSIDE else int(numbers[region])


# -------------------------------------------------------------------------------------- outlines


def _lines(
    shapes: Shapes, parts: tuple[Part, ...], runs: list[Run], kept: list[int], beside: Beside
) -> list[_Piece]:
    """Outlines between lithium and electrolyte, in the order in which the foil has them."""
    rings = {}
    for number, part in enumerate(parts):
        if part.lithium:
            oriented = shapely.orient_polygons(part.shape)
            for ring, loop in enumerate([oriented.exterior, *oriented.interiors]):
                rings[number, ring] = shapely.LineString(
                    from_the_top(shapely.get_coordinates(loop))
                )
    placed: list[tuple[tuple[int, int, float], _Piece]] = []
    walls = (0.0, shapes.geometry.width / MICROMETRE)
    for run in runs:
        at_wall = [bool(p[0] in walls) for p in run.points[[0, -1]]]
        (curve,) = through(
            run.points.T * MICROMETRE,
            [0, len(run.points) - 1],
            closed=run.closed,
            level=(at_wall[0], at_wall[1]),
            loose=(not at_wall[0], not at_wall[1]),
        )
        placed.append((run.place, _Piece(Outline(curve, *run.sides))))
    for k in kept:
        points, outline = shapes.points[k], shapes.geometry.outlines[k]
        left, right = beside.line(points)
        middle = shapely.line_interpolate_point(shapely.LineString(points), 0.5, normalized=True)
        where = min(rings, key=lambda ring: rings[ring].distance(middle))
        arc = shapely.line_locate_point(rings[where], middle)
        piece = _Piece(replace(outline, left=left, right=right), k)
        placed.append(((*where, float(arc)), piece))
    return [piece for _, piece in sorted(placed, key=lambda pair: pair[0])]


def _cut(
    shapes: Shapes,
    number: int,
    runs: list[Run],
    beside: Beside,
    numbers: Ints,
    mine: set[int],
) -> list[_Piece]:
    """An outline that stays, cut where new lines end on it, with what is beside each piece."""
    outline, points = shapes.geometry.outlines[number], shapes.points[number]
    line = shapely.LineString(points)
    ends = np.concatenate(
        [np.zeros((0, 2)), *(run.points[[0, -1]] for run in runs if not run.closed)]
    )
    on = ends[shapely.distance(shapely.points(ends), line) <= ON]
    arcs = np.unique(shapely.line_locate_point(line, shapely.points(on)))
    arcs = arcs[(arcs > ON) & (arcs < line.length - ON)]

    def along(xy: Floats, curve: Curve) -> Outline:
        left, right = beside.line(xy)
        return replace(
            outline,
            curve=curve,
            left=left if outline.left in mine else _new(numbers, outline.left),
            right=right if outline.right in mine else _new(numbers, outline.right),
        )

    if not len(arcs):
        found = along(points, outline.curve)
        as_it_was = (found.left, found.right) == (
            _new(numbers, outline.left), _new(numbers, outline.right)
        )  # fmt: skip
        return [_Piece(found, number if as_it_was else -1)]
    if not isinstance(outline.curve, Line | Polyline):
        x, y = on[0]
        raise SolveError(
            f"the lithium line would end on a curved outline near ({x:.4g}, {y:.4g}) um",
            cures=("end the run before that",),
        )
    pieces = []
    for first, last in pairwise([0.0, *arcs.tolist(), line.length]):
        part = shapely.get_coordinates(shapely.ops.substring(line, first, last))
        for k in (0, -1):
            near = np.hypot(*(on - part[k]).T)
            if near.min() <= ON:
                part[k] = on[near.argmin()]
        pieces.append(_Piece(along(part, _straight(part))))
    return pieces


def _straight(points: Floats) -> Curve:
    places = [(float(x), float(y)) for x, y in points * MICROMETRE]
    return Line(places[0], places[1]) if len(places) == 2 else Polyline(tuple(places))


def _joined(pieces: list[_Piece], junctions: set[tuple[int, int]]) -> list[_Piece]:
    """The same with straight pieces made one that have the same sides and follow one another."""

    def ends(piece: _Piece) -> list[tuple[int, int]]:
        return [_key(p / MICROMETRE) for p in piece.outline.curve.point(np.array([0.0, 1.0])).T]

    pieces = list(pieces)
    meeting = Counter(end for piece in pieces for end in ends(piece))
    k = 0
    while k < len(pieces):
        one = pieces[k]
        start, end = ends(one)
        for m, two in enumerate(pieces):
            same = (one.outline.left, one.outline.right) == (two.outline.left, two.outline.right)
            changed = one.old < 0 or two.old < 0
            if (
                m != k
                and same
                and changed
                and start != end
                and ends(two)[0] == end
                and end not in junctions
                and meeting[end] == 2
                and isinstance(one.outline.curve, Line | Polyline)
                and isinstance(two.outline.curve, Line | Polyline)
            ):
                chain = joined_points(_places(one.outline.curve), _places(two.outline.curve))
                points = np.array(chain) / MICROMETRE
                pieces[k] = _Piece(
                    replace(
                        one.outline,
                        curve=_straight(points),
                        size=min(one.outline.size, two.outline.size),
                    )
                )
                del pieces[m]
                k = -1
                break
        k += 1
    return pieces


def _places(curve: Line | Polyline) -> list[tuple[float, float]]:
    return [curve.start, curve.end] if isinstance(curve, Line) else list(curve.points)


def _key(point: Floats) -> tuple[int, int]:
    return round(float(point[0]) * 1e5), round(float(point[1]) * 1e5)


def _deposit(old: Deposit, outlines: tuple[Outline, ...], regions: list[Region]) -> Deposit:
    """A protrusion with the lowest place of the new lines between its feet."""
    (left, yl), (right, yr) = old.feet
    lowest = old.tip[0], 0.5 * (yl + yr)
    for outline in outlines:
        sides = [regions[k].phase for k in (outline.left, outline.right) if k != OUTSIDE]
        if isinstance(outline.curve, Spline) and Phase.LITHIUM in sides:
            x, y = outline.curve.point(np.array(outline.curve.knots))
            between = np.flatnonzero((x >= left) & (x <= right))
            if len(between) and y[between].min() < lowest[1]:
                k = between[np.argmin(y[between])]
                lowest = float(x[k]), float(y[k])
    return replace(old, tip=lowest, depth=0.5 * (yl + yr) - lowest[1])
