"""Where a lithium line closes in on itself: gaps and necks that are about to vanish are closed.

A front sweeps all that is nearer to it than what was plated. So lithium that grows closes a gap
between its surfaces once that is narrow, a pore's edge and its own mirror image at a wall among
them; electrolyte that follows stripped lithium closes on it in the same way. In terms of shapes it
is a morphological closing: the gap goes into which no circle of a given radius fits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from scipy.spatial import cKDTree
from shapely import Geometry as Shape

from fem.geometry.curves import Line
from fem.geometry.polyline import Polyline
from fem.geometry.types import OUTSIDE, Geometry, Phase
from fem.mesh.cell import MICROMETRE, Floats, Mesh
from fem.mesh.ends import is_side
from fem.mesh.front import Front

NARROW = 0.3
"""Radius, as a share of the element size, of the circle that no longer fits into a gap."""
CLOSED = 0.5
"""The same to which a gap is closed then, so that it is not at the next move again."""
WIDER = 0.1
"""Width, over the element size, beyond that of a gap before a pore, to which it is closed."""
LEAST = 0.05
"""Area, over the square of the element size, below which a gap is not worth closing."""
SHORT = 0.2
"""Length of a piece of a smooth line, over the element size, at which pieces become one."""
SAMPLES = 4
"""Straight pieces of a curved edge."""
SAME = 1e-6
"""Distance in parameter within which places on an outline are one."""
TOUCHING = 1e-3
"""Distance over the element size at which shapes touch."""


@dataclass(frozen=True)
class Part:
    """A connected piece of lithium or electrolyte: its shape in um, and the old regions in it."""

    shape: Shape
    lithium: bool
    regions: tuple[int, ...]


@dataclass(frozen=True)
class Growing:
    """Places (2, n) in m on lines, and the thickness (n,) in m that comes or goes there."""

    places: Floats
    thickness: Floats


@dataclass(frozen=True)
class Change:
    """What becomes of lithium and electrolyte beside the lines.

    Attributes
    ----------
    parts
        All pieces of both.
    closed
        What has changed sides, in um.
    area
        How much that is, in m^2.
    chains
        Chains of outlines on lines that are drawn anew.
    """

    parts: tuple[Part, ...]
    closed: Shape
    area: float
    chains: tuple[tuple[int, ...], ...]


def change(mesh: Mesh, size: float, growing: Growing, wider: float = 1.0) -> Change | None:
    """What closes in on itself; `None` if nothing does.

    Parameters
    ----------
    size
        Element size on interfaces in m.
    growing
        Where lithium grows, and where it is stripped.
    wider
        Factor on the width of gaps that are closed.
    """
    shapes = Shapes(mesh)
    um = wider * size / MICROMETRE
    gone = {grows: _closing(shapes, growing, um, grows) for grows in (True, False)}
    closed = shapely.union_all([*gone[True], *gone[False]])
    chains = tuple(
        chain
        for chain in shapes.chains
        if _touched(shapes, chain, closed, um) or _short(mesh, chain, size)
    )
    if not chains:
        return None
    return Change(
        tuple(_parts(shapes, gone[True], gone[False], um)),
        closed,
        float(closed.area) * MICROMETRE**2,
        chains,
    )


class Shapes:
    """Lithium, the electrolyte beside it and what else is there, as polygons in um."""

    def __init__(self, mesh: Mesh) -> None:
        self.mesh, self.geometry = mesh, mesh.geometry
        self.front = Front.of(mesh)
        sides = [{o.left, o.right} - {OUTSIDE} for o in self.geometry.outlines]
        phases = self.geometry.phases
        on_line = [sides[k] for k in self.front.vertices]
        around = set().union(*on_line)
        self.lithium: set[int] = {r for r in around if phases[r] == Phase.LITHIUM}
        materials = {
            self.geometry.regions[r].material for r in around if phases[r] == Phase.ELECTROLYTE
        }
        enclosed = {
            r
            for pair in sides
            if pair & self.lithium
            for r in pair
            if phases[r] == Phase.IDLE and self.geometry.regions[r].material in materials
        }
        self.electrolyte: set[int] = (around - self.lithium) | enclosed
        """Regions beside lithium, cut-off ones among them."""

    @cached_property
    def lines(self) -> set[int]:
        """Outlines between lithium and electrolyte, whether current crosses them or not."""
        return {
            k
            for k, o in enumerate(self.geometry.outlines)
            if len({o.left, o.right} & self.lithium) == 1
            and len({o.left, o.right} & self.electrolyte) == 1
        }

    @property
    def chains(self) -> list[tuple[int, ...]]:
        """The same as smooth chains; those around electrolyte that is cut off are one by one."""
        cut_off = sorted(self.lines - self.front.vertices.keys())
        return [*self.front.chains, *((k,) for k in cut_off)]

    @cached_property
    def points(self) -> list[Floats]:
        """Points (n, 2) in um along each outline; ends are those of the mesh."""
        count = len(self.geometry.outlines)
        return [_points(self.mesh, k, k in self.lines) for k in range(count)]

    def region(self, *numbers: int) -> Shape:
        """Regions as one shape."""
        wanted = set(numbers)
        around = [
            shapely.LineString(self.points[k])
            for k, o in enumerate(self.geometry.outlines)
            if len({o.left, o.right} & wanted) == 1
        ]
        return shapely.build_area(shapely.GeometryCollection(around))

    @cached_property
    def obstacles(self) -> Shape:
        """What keeps its shape and has lithium beside it, pores and the like too."""
        touched = {
            r for o in self.geometry.outlines if {o.left, o.right} & self.lithium
            for r in (o.left, o.right)
        } - self.lithium - self.electrolyte - {OUTSIDE}  # fmt: skip
        mine = self.lithium | self.electrolyte
        pores = {
            r for o in self.geometry.outlines if {o.left, o.right} & mine for r in (o.left, o.right)
            if r != OUTSIDE and self.geometry.phases[r] in (Phase.VOID, Phase.IDLE)
        } - mine  # fmt: skip
        shape = self.region(*touched, *pores) if touched | pores else shapely.Polygon()
        if len(self.junctions) and self.junctions[:, 1].min() <= 0.0:
            width = self.geometry.width / MICROMETRE
            shape = shapely.union(shape, shapely.box(-width, -width, 2.0 * width, 0.0))
        return shape

    @cached_property
    def junctions(self) -> Floats:
        """Where lines end away from the side walls (n, 2) in um."""
        return np.asarray(self.mesh.nodes[:, list(self.front.ends)].T / MICROMETRE)


def _points(mesh: Mesh, number: int, moves: bool) -> Floats:
    """Points along an outline; those of a line that moves hold its vertices."""
    curve, vertices = mesh.geometry.outlines[number].curve, mesh.vertices_along(number)
    ends = mesh.nodes[:, vertices[[0, -1]]]
    straight = isinstance(curve, Line | Polyline)
    knots = np.union1d([0.0, 1.0], curve.corners)
    if moves or not straight:
        inner = curve.parameter(mesh.nodes[:, vertices[1:-1]])
        inner = inner[(np.abs(inner[:, None] - curve.corners) > SAME).all(axis=1)]
        knots = np.union1d(knots, inner)
    if not straight:
        share = np.arange(SAMPLES) / SAMPLES
        knots = np.append((knots[:-1, None] + np.diff(knots)[:, None] * share).ravel(), 1.0)
    places = curve.point(knots)
    places[:, [0, -1]] = ends
    return np.asarray(places.T / MICROMETRE)


# ---------------------------------------------------------------------------------- what closes


def _closing(shapes: Shapes, growing: Growing, size: float, grows: bool) -> list[Shape]:
    """Gaps of electrolyte that lithium fills where it `grows`, or necks of it that go (um)."""
    sign = growing.thickness if grows else -growing.thickness
    if not (sign > 0.0).any():
        return []
    mine, other = shapes.lithium, shapes.electrolyte
    if not grows:
        mine, other = other, mine
    front, room = shapes.region(*mine), shapes.region(*other)
    gone = _gaps(shapes, front, room, NARROW * size)
    tree = cKDTree(growing.places.T / MICROMETRE)

    def closes(gap: Shape) -> bool:
        near = tree.query(shapely.get_coordinates(gap))[1]
        ends = _ends_at(shapes, gap, size)
        least = LEAST * size**2 * (1.0 if ends < 2 else TOUCHING)
        return bool(sign[near].mean() > 0.0) and gap.area > least and _between(shapes, gap, size)

    gone = [gap for gap in gone if closes(gap)]
    if not gone:
        return []
    seeds = shapely.union_all(gone)
    wide = _gaps(shapes, front, room, CLOSED * size)
    wide = [gap for gap in wide if gap.intersects(seeds) and _between(shapes, gap, size)]
    return [_bridge(shapes, front, gap, size) for gap in wide or gone]


def _gaps(shapes: Shapes, front: Shape, room: Shape, radius: float) -> list[Shape]:
    """Pieces of `room` into which no circle fits that `front` and obstacles leave."""
    body = shapely.union_all([front, shapes.obstacles])
    body = shapely.union_all([body, *_mirrored(body, shapes.geometry, 4.0 * radius)])
    closed = body.buffer(radius, quad_segs=16).buffer(-radius, quad_segs=16)
    return [
        part
        for part in shapely.get_parts(shapely.intersection(closed, room)).tolist()
        if isinstance(part, shapely.Polygon)
    ]


def _mirrored(shape: Shape, geometry: Geometry, reach: float) -> list[Shape]:
    """The mirror images of what lies within `reach` (um) of the side walls."""
    width = geometry.width / MICROMETRE
    copies = []
    for wall in (0.0, width):
        strip = shapely.box(wall - reach, -1e9, wall + reach, 1e9)
        near = shapely.intersection(shape, strip)
        copies.append(shapely.transform(near, lambda xy, w=wall: xy * [-1.0, 1.0] + [2.0 * w, 0.0]))
    return copies


def _between(shapes: Shapes, gap: Shape, size: float) -> bool:
    """Whether a gap is one between lines, or beyond one end of it; not the wedge at an end."""
    return bool(
        gap.distance(shapes.obstacles) > TOUCHING * size or _ends_at(shapes, gap, size) != 1
    )


def _bridge(shapes: Shapes, front: Shape, gap: Shape, size: float) -> Shape:
    """A gap between a line and an obstacle that it has not met yet, cut off upright to both.

    In the wedges at both sides of it the line would end at no angle. Lines of equal sum of the
    distances to two edges cross both of them upright.
    """
    near, obstacles = TOUCHING * size, shapes.obstacles
    if not gap.distance(obstacles) <= near or _ends_at(shapes, gap, size):
        return gap
    room = gap.buffer(size)
    one, two = (shapely.intersection(shape, room) for shape in (front, obstacles))
    widest = one.distance(two) + WIDER * size
    parts = [
        shapely.intersection(one.buffer(share * widest), two.buffer((1.0 - share) * widest))
        for share in np.linspace(0.05, 0.95, 19).tolist()
    ]
    bridge = shapely.intersection(gap, shapely.union_all(parts))
    # Its corners on the line are rounded off.
    round_off = WIDER * size
    both = shapely.union(one, bridge.buffer(near)).buffer(round_off).buffer(-round_off)
    return max(_polygons(shapely.intersection(both, gap)), key=lambda p: p.area)


def _ends_at(shapes: Shapes, gap: Shape, size: float) -> int:
    """How many ends of lines a gap has at its rim, mirror images among them."""
    ends, width = shapes.junctions, shapes.geometry.width / MICROMETRE
    mirrored = [ends, ends * [-1.0, 1.0], [2.0 * width, 0.0] + ends * [-1.0, 1.0]]
    places = shapely.points(np.concatenate(mirrored))
    return int((shapely.distance(places, gap) <= TOUCHING * size).sum())


def _touched(shapes: Shapes, chain: tuple[int, ...], closed: Shape, size: float) -> bool:
    near = TOUCHING * size
    return any(shapely.LineString(shapes.points[k]).distance(closed) <= near for k in chain)


def _short(mesh: Mesh, chain: tuple[int, ...], size: float) -> bool:
    outlines = mesh.geometry.outlines
    return len(chain) > 1 and min(outlines[k].curve.length for k in chain) < SHORT * size


# --------------------------------------------------------------------------------- what is left


def _parts(shapes: Shapes, filled: list[Shape], stripped: list[Shape], size: float) -> list[Part]:
    """All pieces of lithium and electrolyte after gaps were filled and necks were stripped."""
    near = TOUCHING * size
    grown, gone = (
        shapely.union_all([gap.buffer(near) for gap in gaps]) for gaps in (filled, stripped)
    )
    parts = []
    lithium = shapes.region(*shapes.lithium)
    room = shapely.union(lithium, shapes.region(*shapes.electrolyte))
    lithium = shapely.difference(shapely.union(lithium, grown), gone)
    lithium = shapely.intersection(lithium, room)
    small = CLOSED**2 * size**2
    rest = [p for p in _polygons(shapely.difference(room, lithium)) if p.area < small]
    lithium = shapely.union_all([p for p in _polygons(lithium) if p.area >= small] + rest)
    electrolyte = shapely.difference(room, lithium)
    if walls := _inner_walls(shapes):
        pieces = shapely.union_all([shapely.boundary(electrolyte), *walls])
        cut = shapely.get_parts(shapely.polygonize([pieces])).tolist()
        electrolyte = shapely.MultiPolygon(
            [p for p in cut if electrolyte.covers(p.representative_point())]
        )
    for shape, numbers in ((lithium, shapes.lithium), (electrolyte, shapes.electrolyte)):
        old = {r: shapes.region(r) for r in sorted(numbers)}
        for polygon in _polygons(shape):
            shares = {r: polygon.intersection(region).area for r, region in old.items()}
            inside = sorted((r for r in shares if shares[r] > 0.0), key=lambda r: -shares[r])
            parts.append(Part(polygon, numbers is shapes.lithium, tuple(inside)))
    return parts


def _polygons(shape: Shape) -> list[shapely.Polygon]:
    return [p for p in shapely.get_parts(shape).tolist() if isinstance(p, shapely.Polygon)]


def _inner_walls(shapes: Shapes) -> list[Shape]:
    """Outlines between two electrolytes that both have lithium beside them."""
    return [
        shapely.LineString(shapes.points[k])
        for k, o in enumerate(shapes.geometry.outlines)
        if {o.left, o.right} <= shapes.electrolyte and not is_side(o)
    ]
