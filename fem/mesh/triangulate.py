"""From a geometry to triangles: edges on outlines are placed here, netgen fills between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import netgen.meshing as netgen
import numpy as np
from netgen.geom2d import SplineGeometry
from numpy.typing import NDArray
from scipy.integrate import cumulative_trapezoid
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from fem.errors import InputError
from fem.geometry.curves import Curve
from fem.geometry.spline import Spline
from fem.geometry.types import OUTSIDE, Geometry, Outline
from fem.mesh.delaunay import Refinement, angles

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MICROMETRE = 1e-6
EDGE_PER_RADIUS = 0.35
"""Largest ratio of element size to radius of curvature: about 18 edges on a full circle."""
EDGE_PER_GAP = 0.5
"""Largest ratio of element size to the gap between particles."""
MOST_FRONT_EDGES = 10_000
"""Edges of images up to which netgen fills by an advancing front, whose time grows as their power
3/2. Delaunay's method, beyond that, makes half as many triangles in a time that grows as their
number; its smallest angles are two thirds as large. Round particles with narrow gaps are another
matter: at 24,000 edges Delaunay's method takes ten times as long as the front."""
SOUND_ANGLE = 15.0
"""Angle in degrees that no triangle should have less of."""
MOST_EDGES = 500_000
"""Edges on interfaces beyond which a mesh is refused: it would have tens of millions of nodes."""


@dataclass(frozen=True)
class Chain:
    """A polygon chain that bounds regions: `points` (2, k) in um, regions left and right.

    `number` is its outline. The mesher keeps its edges, unless `free`: then it may cut them.
    """

    points: Floats
    left: int
    right: int
    number: int
    free: bool = False


@dataclass(frozen=True)
class Triangulation:
    """Straight triangles: vertices (2, nv) in um, triangles (nt, 3) with their region (nt,), and
    the edges (ne, 2) on chains with their number (ne,).
    """

    vertices: Floats
    triangles: Ints
    region: Ints
    edges: Ints
    outline: Ints

    def on(self, number: int) -> Ints:
        """Vertices on the chain `number`."""
        return np.unique(self.edges[self.outline == number])


def fill(
    chains: Sequence[Chain], growth: float, largest: float, most_front: float = np.inf
) -> Triangulation:
    """Triangles between closed chains, at most `largest` um; netgen's work.

    With more than `most_front` edges Delaunay's method takes the place of the advancing front.
    """
    drawing = SplineGeometry()
    points: dict[tuple[int, int], int] = {}
    numbers: list[int] = []

    def point(x: float, y: float) -> int:
        # Ends of neighbouring chains agree to rounding: 1e-7 um makes them one point.
        key = (round(x * 1e7), round(y * 1e7))
        if key not in points:
            points[key] = drawing.AppendPoint(x, y)
        return points[key]

    # Netgen wants regions numbered from 1 without gaps; 0 is the outside.
    regions = sorted({r for c in chains for r in (c.left, c.right)} - {OUTSIDE})
    domain = {OUTSIDE: 0, **{region: k for k, region in enumerate(regions, start=1)}}
    edges: list[tuple[Chain, int, int, float]] = []
    for chain in chains:
        ids = [point(float(x), float(y)) for x, y in chain.points.T]
        lengths = np.hypot(*np.diff(chain.points)).tolist()
        edges += zip([chain] * len(lengths), ids, ids[1:], lengths, strict=False)
    many = len(edges) > most_front
    if many:
        # Netgen enters points in this order. Along chains it would take fifteen times as long.
        x = np.concatenate([chain.points[0, :-1] for chain in chains])
        edges = [edges[k] for k in np.argsort(x, kind="stable")]
    for chain, a, b, length in edges:
        drawing.Append(
            ["line", a, b],
            leftdomain=domain[chain.left],
            rightdomain=domain[chain.right],
            bc=1,
            maxh=largest if chain.free else length * 1.001,
        )
        numbers.append(chain.number)
    wanted = netgen.MeshingParameters(maxh=largest, grading=growth, optsteps2d=2, delaunay2d=many)
    try:
        raw = drawing.GenerateMesh(mp=wanted)
    except netgen.NgException as error:
        raise _not_filled(error) from error
    elements, segments = raw.Elements2D().NumPy(), raw.Elements1D().NumPy()
    return Triangulation(
        vertices=np.asarray(raw.Coordinates())[:, :2].T.copy(),
        triangles=elements["nodes"][:, :3].astype(np.int64) - 1,
        region=np.array(regions)[elements["index"] - 1],
        edges=segments["nodes"][:, :2].astype(np.int64) - 1,
        outline=np.array(numbers)[segments["index"] - 1],
    )


def refined(
    chains: Sequence[Chain], growth: float, largest: float, whole: int | None = None
) -> Triangulation:
    """Triangles of a rectangle without small angles, where chains may be cut.

    Parameters as for `fill`; the chain with the number `whole` keeps its edges. The time grows as
    the number of edges.
    """
    ends = np.cumsum([chain.points.shape[1] for chain in chains])
    points = np.hstack([chain.points for chain in chains]).T
    # As in `fill`, 1e-7 um make points one.
    _, first, number = np.unique(
        np.round(points * 1e7), axis=0, return_index=True, return_inverse=True
    )
    start = np.delete(np.arange(ends[-1]), ends - 1)
    chain_of = np.repeat(np.arange(len(chains)), np.diff(ends, prepend=0) - 1)
    segments = number.ravel()[np.stack([start, start + 1], axis=1)]
    kept = np.array([chain.number == whole for chain in chains])[chain_of]
    sides = np.array([(chain.left, chain.right) for chain in chains])
    try:
        mesh = Refinement(points[first], segments, kept)
        mesh.conform()
        mesh.seed(growth, largest)
        mesh.improve()
        piece, found = mesh.sides_of()
        region = np.full(piece.max() + 2, OUTSIDE)
        region[found] = sides[chain_of[mesh.parent]]
        if (region[found] != sides[chain_of[mesh.parent]]).any():
            raise RuntimeError("outlines do not close")
    except RuntimeError as error:
        raise _not_filled(error) from error
    return Triangulation(
        vertices=mesh.points.T.copy(),
        triangles=mesh.triangles,
        region=region[piece],
        edges=mesh.segments,
        outline=np.array([chain.number for chain in chains])[chain_of[mesh.parent]],
    )


def sound(
    chains: Sequence[Chain], growth: float, largest: float, whole: int | None = None
) -> Triangulation:
    """`fill` a rectangle, or `refined` where that has smaller angles than `SOUND_ANGLE`."""
    made = fill(chains, growth, largest)
    if _smallest_angle(made) >= SOUND_ANGLE:
        return made
    try:
        other = refined(chains, growth, largest, whole)
    except InputError:
        return made
    return max(made, other, key=_smallest_angle)


def _smallest_angle(made: Triangulation) -> float:
    return float(angles(made.vertices.T, made.triangles).min())


def expected(geometry: Geometry, size: float, largest: float | None = None) -> float:
    """About how many triangles a mesh will have, before it is made; parameters as of `generate`.

    So many an edge on interfaces, and the largest ones in the rest of the area; those that the
    geometry came with, if it did.
    """
    if geometry.triangles is not None:
        return float(len(geometry.triangles.region))
    largest = 10.0 * size if largest is None else largest
    edges = sum(
        _edges(outline, size) for outline in geometry.outlines if _is_interface(geometry, outline)
    )
    each = 8.0 if pictured(geometry) else 10.0
    return each * edges + 1.6 * geometry.width * geometry.height / largest**2


def _edges(outline: Outline, size: float) -> float:
    curve = outline.curve
    if len(curve.corners):
        return float(len(_partition(curve, size)) - 1)
    t = np.linspace(0.0, 1.0, 65)
    lengths = np.hypot(*np.diff(curve.point(t)))
    radius = curve.radius(0.5 * (t[1:] + t[:-1]))
    local = np.minimum(min(size, EDGE_PER_GAP * outline.size), EDGE_PER_RADIUS * radius)
    return max(1.0, float((lengths / local).sum()))


def _not_filled(error: Exception) -> InputError:
    return InputError(
        f"the mesher found no triangles between the outlines ({error})",
        key="mesh.size",
        cure="a smaller mesh.size, or wider gaps between the shapes",
    )


def pictured(geometry: Geometry) -> bool:
    """Whether outlines have corners, as those of an image have."""
    return any(len(outline.curve.corners) for outline in geometry.outlines)


def most_front(geometry: Geometry) -> float:
    """Edges up to which `fill` should use an advancing front: any number without an image."""
    return MOST_FRONT_EDGES if pictured(geometry) else np.inf


def joined(parts: Sequence[Triangulation], seams: Sequence[Ints]) -> Triangulation:
    """Several triangulations as one, with coinciding vertices of the `seams` made one.

    `seams` names for each part the vertices that may coincide with others, its own included.
    """
    starts = np.cumsum([0] + [p.vertices.shape[1] for p in parts])
    vertices = np.hstack([p.vertices for p in parts])
    seam = np.concatenate([s + start for s, start in zip(seams, starts, strict=False)])
    pairs = cKDTree(vertices[:, seam].T).query_pairs(1e-6, output_type="ndarray")
    first, second = seam[pairs].T
    n = vertices.shape[1]
    same = coo_matrix((np.ones(len(first)), (first, second)), shape=(n, n))
    count, label = connected_components(same, directed=False)
    _, representative = np.unique(label, return_index=True)
    assert len(representative) == count
    shifts = list(zip(parts, starts, strict=False))
    return Triangulation(
        vertices=vertices[:, representative],
        triangles=label[np.concatenate([p.triangles + s for p, s in shifts])].astype(np.int64),
        region=np.concatenate([p.region for p in parts]),
        edges=label[np.concatenate([p.edges + s for p, s in shifts])].astype(np.int64),
        outline=np.concatenate([p.outline for p in parts]),
    )


def chains_of(geometry: Geometry, size: float) -> list[Chain]:
    """Every outline as a chain of edges; walls and the like are left to the mesher."""
    return [
        Chain(
            outline.curve.point(knots) / MICROMETRE,
            outline.left,
            outline.right,
            number,
            free=not _is_interface(geometry, outline),
        )
        for number, (outline, knots) in enumerate(
            zip(geometry.outlines, _knots(geometry, size), strict=True)
        )
    ]


def _knots(geometry: Geometry, size: float) -> list[Floats]:
    """Parameters of the edges' ends on every outline; a straight wall is left to the mesher."""
    knots = []
    count = 0
    for outline in geometry.outlines:
        if not _is_interface(geometry, outline):
            knots.append(_partition(outline.curve, np.inf))
            continue
        target = min(size, EDGE_PER_GAP * outline.size)
        count += int(outline.curve.length / target)
        if count > MOST_EDGES:
            raise InputError(
                f"the interfaces would be cut into more than {MOST_EDGES} edges",
                key="mesh.size",
                given=f"{size / MICROMETRE:.4g} um",
                cure="a larger mesh.size, or wider gaps between particles",
            )
        knots.append(_partition(outline.curve, target))
    return knots


def _is_interface(geometry: Geometry, outline: Outline) -> bool:
    """Whether the phases differ on both sides, so that fields jump, bend or react there."""
    if OUTSIDE in (outline.left, outline.right):
        return False
    regions = geometry.regions
    return regions[outline.left].kind != regions[outline.right].kind


def _partition(curve: Curve, size: float) -> Floats:
    """Parameters of equally loaded edges: at most `size` long, short against the radius."""
    if len(curve.corners):
        ends = np.concatenate([[0.0], curve.corners, [1.0]])
        pieces = np.diff(ends)
        cuts = np.maximum(1, np.ceil(pieces * curve.length / size * (1.0 - 1e-9))).astype(int)
        # The k-th of n edges of a piece begins at k/n of it.
        k = np.arange(cuts.sum()) - np.repeat(np.cumsum(cuts) - cuts, cuts)
        return np.append(np.repeat(ends[:-1], cuts) + k * np.repeat(pieces / cuts, cuts), 1.0)
    # A line that has moved has a knot each edge that it had.
    knots = len(curve.knots) if isinstance(curve, Spline) else 0
    t = np.linspace(0.0, 1.0, max(512, 8 * knots) + 1)
    speed = np.hypot(*np.gradient(curve.point(t), t, axis=1))
    local = np.minimum(size, EDGE_PER_RADIUS * curve.radius(t))
    load = cumulative_trapezoid(speed / local, t, initial=0.0)
    count = max(1, int(np.ceil(load[-1] * (1.0 - 1e-9))))
    if count == 1:
        return np.array([0.0, 1.0])
    return np.interp(np.linspace(0.0, load[-1], count + 1), load, t)
