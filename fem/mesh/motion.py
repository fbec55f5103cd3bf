"""A lithium line that moves: the same triangles in a new shape.

Plated lithium pushes Li|SE into the electrolyte. Vertices of the line are displaced and its
outlines become splines through them; the triangles on both sides follow by a Laplace equation
that stiffens small ones. Particles, the bed below the separator, and the cell's rim stay.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree
from skfem import MeshTri2

from fem.errors import SolveError
from fem.geometry.curves import Curve, Line
from fem.geometry.spline import Spline, through
from fem.geometry.types import OUTSIDE, Deposit, Geometry, Outline, Phase
from fem.mesh.cell import MICROMETRE, Floats, Ints, Mesh, shapes, smallest_quality

__all__ = ["grown", "largest_stretch", "moved", "smallest_quality"]

CORNER = 0.2
"""Angle in rad between two pieces of a line beyond which their joint is a corner and stays one."""
SHARPEST = 2.0
"""Angle in rad beyond which a corner is not carried further ahead of its sides."""


def moved(mesh: Mesh, nodes: Ints, displacement: Floats) -> Mesh:
    """The mesh after nodes of Li|SE lines were displaced; triangles and numbering stay.

    The line's pieces become cubic splines through its vertices, smooth where they met smoothly;
    the edges' middles follow on the splines. Electrolyte and lithium next to a displaced line
    deform, everything else stays in place.

    Parameters
    ----------
    nodes
        Nodes (m,) on Li|SE lines. Those of the lines left out stay. Only vertices count: a
        middle may be among them, but it moves with the spline.
    displacement
        Their displacements (2, m) in m. At the side walls, which mirror the cell, only the
        vertical part is taken.

    Raises
    ------
    SolveError
        If the line meets itself, another one, a particle or the bed, or if triangles fold.
    """
    line = _Line.of(mesh)
    shift = np.zeros_like(mesh.nodes)
    shift[:, nodes] = displacement
    shift[0, mesh.edges[_on_side(mesh)]] = 0.0
    chains = [chain for chain in line.chains if shift[:, line.vertices_of(chain)].any()]
    on_line = np.unique([v for chain in line.chains for v in line.vertices_of(chain)])

    count = mesh.skfem.nvertices
    vertices = mesh.nodes[:, :count].copy()
    vertices[:, on_line] += shift[:, on_line]
    pieces: dict[int, Spline] = {}
    for chain in chains:
        pieces |= line.redrawn(chain, vertices)
    _follow(mesh, vertices, np.unique(mesh.sides[np.isin(mesh.outline, list(pieces))]))
    new = _curved(mesh, vertices, line, pieces)
    # The rim stays and triangles fill the cell: lines that cross fold triangles between them.
    folded = np.flatnonzero(shapes(new, mesh) <= 0.0)
    if len(folded):
        raise _contact(new) or _fold(new, folded)
    return new


def grown(mesh: Mesh, nodes: Ints, normals: Floats, thickness: Floats) -> Floats:
    """Displacements (2, m) in m of a line on which lithium of a given thickness grows.

    They are thickness times normal, except at corners, such as the foot of a protrusion without
    fillet: there the two sides move apart or together, and the corner goes to where they meet.

    Parameters
    ----------
    nodes, normals
        Nodes (m,) on Li|SE lines, ascending, and the unit normals (2, m) there, out of the
        lithium; at a corner the mean of both sides.
    thickness
        Thickness (m,) in m.
    """
    stride = np.ones(len(nodes))
    for corner, turn in _Line.of(mesh).corners.items():
        place = np.searchsorted(nodes, corner)
        if place < len(nodes) and nodes[place] == corner:
            stride[place] = 1.0 / np.cos(0.5 * min(turn, SHARPEST))
    return np.asarray(thickness * stride * normals)


def largest_stretch(mesh: Mesh, reference: Mesh) -> float:
    """Largest ratio, either way, of an edge's lengths on Li|SE in two meshes of one topology."""
    which = mesh.interface(Phase.LITHIUM)
    start, end, _ = mesh.edges[which].T
    now, before = (np.hypot(*(m.nodes[:, end] - m.nodes[:, start])) for m in (mesh, reference))
    return float(np.maximum(now / before, before / now).max())


# ----------------------------------------------------------------------------------- the line


@dataclass(frozen=True)
class _Line:
    """All Li|SE lines: vertices along each outline, and the outlines of each smooth chain."""

    mesh: Mesh
    vertices: dict[int, Ints]
    chains: tuple[tuple[int, ...], ...]
    corners: dict[int, float]
    """The angle in rad by which the line turns at vertices where it has a corner."""

    @classmethod
    def of(cls, mesh: Mesh) -> _Line:
        outlines = np.unique(mesh.outline[mesh.interface(Phase.LITHIUM)])
        vertices = {int(k): mesh.vertices_along(int(k)) for k in outlines}
        ends = {k: _end_directions(mesh.geometry.outlines[k].curve) for k in vertices}
        starting = {int(along[0]): k for k, along in vertices.items()}
        corners: dict[int, float] = {}
        next_piece: dict[int, int] = {}
        for k, along in vertices.items():
            if (joint := int(along[-1])) in starting:
                (_, u), (v, _) = ends[k], ends[starting[joint]]
                turn = abs(float(np.arctan2(u[0] * v[1] - u[1] * v[0], u @ v)))
                if turn < CORNER:
                    next_piece[k] = starting[joint]
                else:
                    corners[joint] = turn

        # Chains begin at what is nobody's next piece; what is left then is closed and smooth.
        chains: list[tuple[int, ...]] = []
        unused = dict.fromkeys(vertices)
        for first in [k for k in vertices if k not in next_piece.values()] + list(vertices):
            if first in unused:
                chain = [first]
                del unused[first]
                while (k := next_piece.get(chain[-1], -1)) in unused:
                    chain.append(k)
                    del unused[k]
                chains.append(tuple(chain))
        return cls(mesh, vertices, tuple(chains), corners)

    def vertices_of(self, chain: Iterable[int]) -> Ints:
        return np.concatenate([self.vertices[k] for k in chain])

    def redrawn(self, chain: tuple[int, ...], vertices: Floats) -> dict[int, Spline]:
        """Splines of a chain's outlines through the vertices' new places."""
        nodes = np.concatenate(
            [self.vertices[chain[0]][:1], *(self.vertices[k][1:] for k in chain)]
        )
        cuts = np.cumsum([0] + [len(self.vertices[k]) - 1 for k in chain])
        closed = bool(nodes[0] == nodes[-1]) and int(nodes[0]) not in self.corners
        at_wall = np.isin(nodes[[0, -1]], self.mesh.edges[_on_side(self.mesh)]).tolist()
        splines = through(
            vertices[:, nodes], cuts.tolist(), closed=closed, level=(at_wall[0], at_wall[1])
        )
        return dict(zip(chain, splines, strict=True))


def _end_directions(curve: Curve) -> tuple[Floats, Floats]:
    """Unit tangents at the start and the end of a curve."""
    points = curve.point(np.array([0.0, 1e-4, 1.0 - 1e-4, 1.0]))
    first, last = points[:, 1] - points[:, 0], points[:, 3] - points[:, 2]
    return first / np.hypot(*first), last / np.hypot(*last)


# -------------------------------------------------------------------------------- what follows


def _follow(mesh: Mesh, vertices: Floats, regions: Ints) -> None:
    """Move the vertices inside `regions`, in place, by a Laplace equation.

    Vertices on the side walls slide along them; those on other outlines, which are all that other
    regions share, keep the places they have in `vertices`.
    """
    triangles = mesh.triangles[np.isin(mesh.region, regions), :3]
    count = vertices.shape[1]
    on_side = _on_side(mesh)
    free = np.zeros(count, dtype=bool)
    free[triangles] = True
    free[mesh.edges[~on_side, :2]] = False  # corners of the walls among them
    sliding = np.zeros(count, dtype=bool)
    sliding[mesh.edges[on_side, :2]] = True

    stiffness = _stiffness(mesh.nodes, triangles, count)
    shift = vertices - mesh.nodes[:, :count]
    for axis, loose in enumerate((free & ~sliding, free)):
        inner, outer = np.flatnonzero(loose), np.flatnonzero(~loose)
        if len(inner) and shift[axis, outer].any():
            rows = stiffness[inner]
            load = -rows[:, outer] @ shift[axis, outer]
            vertices[axis, inner] += splu(rows[:, inner].tocsc()).solve(load)


def _stiffness(nodes: Floats, triangles: Ints, count: int) -> csr_matrix:
    """Linear elements with a conductivity of one over the triangle's area: small ones are stiff."""
    corners = nodes[:, triangles]
    sides = np.roll(corners, -1, axis=2) - np.roll(corners, 1, axis=2)
    double = sides[0, :, 0] * sides[1, :, 1] - sides[1, :, 0] * sides[0, :, 1]
    local = np.einsum("xta,xtb->tab", sides, sides) / (double**2)[:, None, None]
    rows = np.broadcast_to(triangles[:, :, None], local.shape)
    columns = np.broadcast_to(triangles[:, None, :], local.shape)
    entries = (local.ravel(), (rows.ravel(), columns.ravel()))
    return coo_matrix(entries, shape=(count, count)).tocsr()


def _on_side(mesh: Mesh) -> NDArray[np.bool_]:
    """Which of the edges on outlines (ne,) lie on a side wall."""
    sides = np.array([_is_side(outline) for outline in mesh.geometry.outlines])
    return np.asarray(sides[mesh.outline])


def _is_side(outline: Outline) -> bool:
    """Whether an outline is a piece of a side wall."""
    curve = outline.curve
    return outline.right == OUTSIDE and isinstance(curve, Line) and curve.start[0] == curve.end[0]


# --------------------------------------------------------------------------------- what it makes


def _curved(mesh: Mesh, vertices: Floats, line: _Line, pieces: dict[int, Spline]) -> Mesh:
    """The mesh with new vertices, edges' middles on the `pieces`, and a geometry that fits."""
    count = vertices.shape[1]
    shift = vertices - mesh.nodes[:, :count]
    # Middles keep their offset from the chord: none inside, that of the curve on what stays.
    middles = mesh.nodes[:, count:] + shift[:, mesh.skfem.facets].mean(axis=1)
    nodes = np.ascontiguousarray(np.hstack([vertices, middles]))
    for k, piece in pieces.items():
        knots = np.array(piece.knots)
        nodes[:, mesh.edges[mesh.edges_along(k), 2]] = piece.point(0.5 * (knots[1:] + knots[:-1]))
    geometry = _geometry(mesh, nodes, line, pieces)
    return replace(mesh, skfem=MeshTri2(nodes, mesh.skfem.t), geometry=geometry)


def _geometry(mesh: Mesh, nodes: Floats, line: _Line, pieces: dict[int, Spline]) -> Geometry:
    old = mesh.geometry
    curves: dict[int, Curve] = dict(pieces)
    for k, outline in enumerate(old.outlines):
        if _is_side(outline) and isinstance(wall := outline.curve, Line):
            start, end = nodes[1, mesh.vertices_along(k)[[0, -1]]].tolist()
            curves[k] = Line((wall.start[0], start), (wall.end[0], end))
    outlines = tuple(
        replace(outline, curve=curves[k]) if k in curves else outline
        for k, outline in enumerate(old.outlines)
    )
    areas = np.zeros(len(old.regions))
    for outline in outlines:
        areas[outline.left] += outline.curve.moment
        if outline.right != OUTSIDE:
            areas[outline.right] -= outline.curve.moment
    return replace(
        old,
        outlines=outlines,
        regions=tuple(
            replace(region, area=float(area))
            for region, area in zip(old.regions, areas, strict=True)
        ),
        deposits=tuple(_deposit(mesh, nodes, line, pieces, k) for k in range(len(old.deposits))),
    )


def _deposit(mesh: Mesh, nodes: Floats, line: _Line, pieces: dict[int, Spline], k: int) -> Deposit:
    """A protrusion with the lowest point of its new outlines; its feet go with the line there."""
    old = mesh.geometry.deposits[k]
    own = [n for n in pieces if mesh.geometry.outlines[n].deposit == k]
    if not own:
        return old
    along = line.vertices_of(own)
    feet = []
    for x, y in old.feet:
        nearest = along[np.argmin(np.hypot(mesh.nodes[0, along] - x, mesh.nodes[1, along] - y))]
        dx, dy = nodes[:, nearest] - mesh.nodes[:, nearest]
        feet.append((float(x + dx), float(y + dy)))
    (xl, yl), (xr, yr) = feet
    tip = min((pieces[n].lowest for n in own), key=lambda point: point[1])
    return Deposit(tip, ((xl, yl), (xr, yr)), 0.5 * (yl + yr) - tip[1], 0.5 * (xr - xl))


# ------------------------------------------------------------------------------------- contact


def _contact(mesh: Mesh) -> SolveError | None:
    """An error that names what a lithium line crosses, if it does."""
    lithium = np.zeros(len(mesh.edges), dtype=bool)
    lithium[mesh.interface(Phase.LITHIUM)] = True
    start, end, middle = mesh.edges.T
    nodes = np.concatenate([np.c_[start, middle], np.c_[middle, end]])
    lithium, outline = np.tile(lithium, 2), np.tile(mesh.outline, 2)
    a, b = mesh.nodes[:, nodes[:, 0]], mesh.nodes[:, nodes[:, 1]]
    centre, length = 0.5 * (a + b), np.hypot(*(b - a))

    own = np.flatnonzero(lithium)
    reach = 0.5 * (length[own].max() + length.max())
    near = cKDTree(centre.T).query_ball_point(centre[:, own].T, reach)
    one = np.repeat(own, [len(found) for found in near])
    two = np.concatenate(near).astype(int)
    apart = (nodes[one][:, :, None] != nodes[two][:, None, :]).all(axis=(1, 2))
    one, two = one[apart], two[apart]

    def side(p: Floats, q: Floats, r: Floats) -> Floats:
        return np.asarray(np.sign((q - p)[0] * (r - p)[1] - (q - p)[1] * (r - p)[0]))

    p, q, r, s = a[:, one], b[:, one], a[:, two], b[:, two]
    crossed = np.flatnonzero((side(p, q, r) != side(p, q, s)) & (side(r, s, p) != side(r, s, q)))
    if not len(crossed):
        return None
    first = crossed[0]
    line, other = (mesh.geometry.outlines[outline[k[first]]] for k in (one, two))
    x, y = centre[:, one[first]] / MICROMETRE
    return SolveError(
        f"the lithium line touches {_name(mesh.geometry, line, other)} near ({x:.4g}, {y:.4g}) um",
        cures=("end the run before that", "a larger fillet where a hollow closes on itself"),
    )


def _name(geometry: Geometry, line: Outline, other: Outline) -> str:
    """What an outline is to a lithium line that meets it."""
    if OUTSIDE in (other.left, other.right):
        return "the rim of the cell"
    regions = [geometry.regions[k] for k in (other.left, other.right)]
    solids = [region for region in regions if region.phase != Phase.ELECTROLYTE]
    if not solids:
        return "the cathode"
    bodies = [
        {k for k in (o.left, o.right) if geometry.regions[k].phase == Phase.LITHIUM}
        for o in (line, other)
    ]
    return "itself" if bodies[0] == bodies[1] else solids[0].name


def _fold(mesh: Mesh, folded: Ints) -> SolveError:
    x, y = mesh.nodes[:, mesh.triangles[folded[0]]].mean(axis=1) / MICROMETRE
    return SolveError(
        f"{len(folded)} triangles fold as the lithium line moves, "
        f"the first near ({x:.4g}, {y:.4g}) um",
        cures=("a new mesh before the step", "a shorter step", "a smaller mesh.size"),
    )
