"""A lithium line that moves: the same triangles in a new shape.

Plated lithium pushes Li|SE into the electrolyte. Vertices of the line are displaced and its
outlines become splines through them; the triangles on both sides follow by a Laplace equation
that stiffens small ones. Particles, the bed below the separator, and the cell's rim stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.linalg import splu
from skfem import MeshTri2

from fem.geometry.curves import Line
from fem.geometry.spline import Spline
from fem.geometry.types import OUTSIDE, Deposit, Geometry, Phase
from fem.mesh.cell import Floats, Ints, Mesh, shapes, smallest_quality
from fem.mesh.contact import contact, fold
from fem.mesh.ends import is_side
from fem.mesh.front import SHARPEST, Draft, Front, on_side

__all__ = ["advanced", "grown", "largest_stretch", "moved", "smallest_quality"]

MOST_CORRECTIONS = 20
"""Turns in which the area that a line sweeps is made the volume that was plated."""
SAME_AREA = 1e-12
"""Relative error of that area at which it is the volume."""


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
        vertical part is taken; at other ends of a line the part along the edge of what is there.

    Raises
    ------
    SolveError
        If the line meets itself, another one, a particle or the bed, if its end has come to the
        end of the edge that it slides along, or if triangles fold.
    """
    front = Front.of(mesh)
    new, folded = _made(front, front.drawn(_at_all_nodes(mesh, [nodes], [displacement])))
    if len(folded):
        raise fold(new, folded)
    return new


def advanced(
    mesh: Mesh,
    nodes: Sequence[Ints],
    normals: Sequence[Floats],
    thickness: Sequence[Floats],
    volumes: Sequence[float],
    radius: float = 0.0,
    checked: bool = True,
) -> Mesh:
    """The mesh after lithium of given thickness and volume was plated on every body.

    Lines move by the thickness along their normals. On a curve that is not quite the volume, nor
    is the spline quite the line from pixels that it takes the place of. So the thickness on each
    body gets a constant added, small against it, with which the area gained is the volume.

    Triangles may fold where nothing is in the line's way, as when it was drawn in steps of pixels:
    their quality is then below 0, and the drawing is good for a new mesh.

    Parameters
    ----------
    nodes, normals, thickness
        For each body, in the order of their numbers, the nodes (m,) on its lines, ascending, the
        unit normals (2, m) there, out of the lithium, and the thickness (m,) in m.
    volumes
        Volume that was plated on each body, in m^2 (m^3 per m of depth).
    radius
        Radius in m below which bends of a line are rounded off, corners apart.
    checked
        Whether what lines have met is an error here; else it is left to the new mesh.

    Raises
    ------
    SolveError
        If the line meets itself, another one, a particle or the bed, or if its end has come to the
        end of the edge that it slides along.
    """
    front = Front.of(mesh)
    bodies = list(mesh.interface_by_body(Phase.LITHIUM).items())
    lengths = [_length(mesh, rows) for _, rows in bodies]
    extra = np.zeros(len(bodies))
    steps = [_grown(front, *line) for line in zip(nodes, normals, thickness, strict=True)]
    shift = _at_all_nodes(mesh, nodes, steps)
    inwards = front.rounded(shift, radius) - shift
    for _ in range(MOST_CORRECTIONS):
        steps = [
            _grown(front, here, away, h + more)
            for here, away, h, more in zip(nodes, normals, thickness, extra, strict=True)
        ]
        draft = front.drawn(_at_all_nodes(mesh, nodes, steps) + inwards)
        gained = front.gained(draft)
        missing = np.array(volumes) - [gained[body] for body, _ in bodies]
        if (np.abs(missing) <= SAME_AREA * np.abs(volumes)).all():
            break
        extra += missing / lengths
    return _made(front, draft, checked)[0]


def _at_all_nodes(mesh: Mesh, nodes: Sequence[Ints], displacement: Sequence[Floats]) -> Floats:
    """Displacements (2, N) in m of all nodes; walls are not left."""
    shift = np.zeros_like(mesh.nodes)
    for here, values in zip(nodes, displacement, strict=True):
        shift[:, here] = values
    shift[0, mesh.edges[on_side(mesh)]] = 0.0
    return shift


def _length(mesh: Mesh, rows: Ints) -> float:
    """Length in m of edges."""
    start, end, _ = mesh.edges[rows].T
    return float(np.hypot(*(mesh.nodes[:, end] - mesh.nodes[:, start])).sum())


def _made(front: Front, draft: Draft, checked: bool = True) -> tuple[Mesh, Ints]:
    """The mesh on new lines, and its triangles that fold; what lines have met is an error."""
    mesh, vertices = front.mesh, draft.vertices
    _follow(mesh, vertices, np.unique(mesh.sides[np.isin(mesh.outline, list(draft.curves))]))
    new = _curved(front, draft)
    # The rim stays and triangles fill the cell: lines that cross fold triangles between them.
    folded = np.flatnonzero(shapes(new, mesh) <= 0.0)
    if checked and len(folded) and (error := contact(new)) is not None:
        raise error
    return new, folded


def grown(mesh: Mesh, nodes: Ints, normals: Floats, thickness: Floats) -> Floats:
    """Displacements (2, m) in m of a line on which lithium of a given thickness grows.

    They are thickness times normal, except at corners, such as the foot of a protrusion without
    fillet: there the two sides move apart or together, and the corner goes to where they meet. Ends
    of the line at a pore or the like go along its edge, to where the line meets it.

    Parameters
    ----------
    nodes, normals
        Nodes (m,) on Li|SE lines, ascending, and the unit normals (2, m) there, out of the
        lithium; at a corner the mean of both sides.
    thickness
        Thickness (m,) in m.
    """
    return _grown(Front.of(mesh), nodes, normals, thickness)


def _grown(front: Front, nodes: Ints, normals: Floats, thickness: Floats) -> Floats:
    stride = np.ones(len(nodes))
    for corner, turn in front.corners.items():
        place = np.searchsorted(nodes, corner)
        if place < len(nodes) and nodes[place] == corner:
            stride[place] = 1.0 / np.cos(0.5 * min(turn, SHARPEST))
    result = np.asarray(thickness * stride * normals)
    for vertex, end in front.ends.items():
        place = np.searchsorted(nodes, vertex)
        if place < len(nodes) and nodes[place] == vertex:
            h = float(thickness[place])
            result[:, place] = end.displacement(normals[:, place], h)
    return result


def largest_stretch(mesh: Mesh, reference: Mesh) -> float:
    """Largest ratio, either way, of an inner edge's lengths in two meshes of one topology.

    Those on Li|SE stretch, and those along which the ends of lines slide.
    """
    which = np.flatnonzero((mesh.sides != OUTSIDE).all(axis=1))
    start, end, _ = mesh.edges[which].T
    now, before = (np.hypot(*(m.nodes[:, end] - m.nodes[:, start])) for m in (mesh, reference))
    return float(np.maximum(now / before, before / now).max())


# -------------------------------------------------------------------------------- what follows


def _follow(mesh: Mesh, vertices: Floats, regions: Ints) -> None:
    """Move the vertices inside `regions`, in place, by a Laplace equation.

    Vertices on the side walls slide along them; those on other outlines, which are all that other
    regions share, keep the places they have in `vertices`.
    """
    triangles = mesh.triangles[np.isin(mesh.region, regions), :3]
    count = vertices.shape[1]
    walls = on_side(mesh)
    free = np.zeros(count, dtype=bool)
    free[triangles] = True
    free[mesh.edges[~walls, :2]] = False  # corners of the walls among them
    sliding = np.zeros(count, dtype=bool)
    sliding[mesh.edges[walls, :2]] = True

    stiffness = stiffening(mesh.nodes, triangles, count)
    shift = vertices - mesh.nodes[:, :count]
    for axis, loose in enumerate((free & ~sliding, free)):
        inner, outer = np.flatnonzero(loose), np.flatnonzero(~loose)
        if len(inner) and shift[axis, outer].any():
            rows = stiffness[inner]
            load = -rows[:, outer] @ shift[axis, outer]
            vertices[axis, inner] += splu(rows[:, inner].tocsc()).solve(load)


def stiffening(nodes: Floats, triangles: Ints, count: int) -> csr_matrix:
    """Linear elements with a conductivity of one over the triangle's area: small ones are stiff."""
    corners = nodes[:, triangles]
    sides = np.roll(corners, -1, axis=2) - np.roll(corners, 1, axis=2)
    double = sides[0, :, 0] * sides[1, :, 1] - sides[1, :, 0] * sides[0, :, 1]
    local = np.einsum("xta,xtb->tab", sides, sides) / (double**2)[:, None, None]
    rows = np.broadcast_to(triangles[:, :, None], local.shape)
    columns = np.broadcast_to(triangles[:, None, :], local.shape)
    entries = (local.ravel(), (rows.ravel(), columns.ravel()))
    return coo_matrix(entries, shape=(count, count)).tocsr()


# --------------------------------------------------------------------------------- what it makes


def _curved(front: Front, draft: Draft) -> Mesh:
    """The mesh with new vertices, edges' middles on the splines, and a geometry that fits."""
    mesh, vertices = front.mesh, draft.vertices
    count = vertices.shape[1]
    shift = vertices - mesh.nodes[:, :count]
    # Middles keep their offset from the chord: none inside, that of the curve on what stays.
    # Edges on rails are straight: those that slide around a corner cut it until the next mesh.
    middles = mesh.nodes[:, count:] + shift[:, mesh.skfem.facets].mean(axis=1)
    nodes = np.ascontiguousarray(np.hstack([vertices, middles]))
    for k, piece in draft.pieces.items():
        knots = np.array(piece.knots)
        nodes[:, mesh.edges[mesh.edges_along(k), 2]] = piece.point(0.5 * (knots[1:] + knots[:-1]))
    geometry = _geometry(front, nodes, draft)
    return replace(mesh, skfem=MeshTri2(nodes, mesh.skfem.t), geometry=geometry)


def _geometry(front: Front, nodes: Floats, draft: Draft) -> Geometry:
    mesh, old = front.mesh, front.mesh.geometry
    curves = draft.curves
    for k, outline in enumerate(old.outlines):
        if is_side(outline) and isinstance(wall := outline.curve, Line):
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
        deposits=tuple(_deposit(front, nodes, draft.pieces, k) for k in range(len(old.deposits))),
    )


def _deposit(front: Front, nodes: Floats, pieces: dict[int, Spline], k: int) -> Deposit:
    """A protrusion with the lowest point of its new outlines; its feet go with the line there.

    Once lines were drawn anew in one piece, all outlines of the foil between its feet are its own.
    """
    mesh, old = front.mesh, front.mesh.geometry.deposits[k]
    outlines = mesh.geometry.outlines
    own = [n for n in pieces if outlines[n].deposit == k]
    shared = not own and not any(outline.deposit == k for outline in outlines)
    if shared:
        foil = [r.phase == Phase.LITHIUM and r.body == 0 for r in mesh.geometry.regions]
        own = [n for n in pieces if foil[outlines[n].left] or foil[outlines[n].right]]
    if not own:
        return old
    along = front.vertices_of(own)
    feet = []
    for x, y in old.feet:
        nearest = along[np.argmin(np.hypot(mesh.nodes[0, along] - x, mesh.nodes[1, along] - y))]
        dx, dy = nodes[:, nearest] - mesh.nodes[:, nearest]
        feet.append((float(x + dx), float(y + dy)))
    (xl, yl), (xr, yr) = feet
    if shared:
        between = along[(nodes[0, along] >= xl) & (nodes[0, along] <= xr)]
        if not len(between):
            return old
        lowest = between[np.argmin(nodes[1, between])]
        tip = float(nodes[0, lowest]), float(nodes[1, lowest])
    else:
        tip = min((pieces[n].lowest for n in own), key=lambda point: point[1])
    return Deposit(tip, ((xl, yl), (xr, yr)), 0.5 * (yl + yr) - tip[1], 0.5 * (xr - xl))
