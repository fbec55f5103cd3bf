"""A mesh whose nodes have all moved with what they are part of: the same triangles in a new shape.

Solids carry their nodes along. New lithium comes between the line and the lithium that was there;
the triangles of lithium stretch over it, so that those at the line do not alone. Through lithium
that flows far, triangles do not follow at all but for its boundary.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import splu
from skfem import MeshTri2

from fem.geometry.curves import Curve, Line
from fem.geometry.parabolas import Parabolas
from fem.geometry.types import OUTSIDE, Deposit, Phase
from fem.mesh.cell import Floats, Ints, Mesh
from fem.mesh.ends import is_side
from fem.mesh.front import on_side
from fem.mesh.motion import stiffening

FLAT = 1e-9
"""How far from straight an outline may be, relative to its length, and stay a line."""


def stretched(mesh: Mesh, nodes: Ints, displacement: Floats) -> Floats:
    """Displacements (2, N) of lithium whose boundary is displaced: smooth, and 0 elsewhere.

    Parameters
    ----------
    nodes
        Nodes (m,) at which lithium touches solids, and of its top, ascending.
    displacement
        Their displacements (2, m) in m. On the side walls lithium slides.
    """
    shift = np.zeros_like(mesh.nodes)
    shift[:, nodes] = displacement
    count = mesh.skfem.nvertices
    lithium = mesh.triangles[mesh.elements(Phase.LITHIUM)]
    inside = np.zeros(count, dtype=bool)
    inside[lithium[:, :3]] = True
    inside[nodes[nodes < count]] = False
    wall = np.zeros(count, dtype=bool)
    wall[mesh.edges[on_side(mesh), :2]] = True
    stiffness = stiffening(mesh.nodes, lithium[:, :3], count)
    for axis, free in enumerate((inside & ~wall, inside)):
        inner, outer = np.flatnonzero(free), np.flatnonzero(~free)
        if len(inner):
            load = -stiffness[inner][:, outer] @ shift[axis, outer]
            shift[axis, inner] = splu(stiffness[inner][:, inner].tocsc()).solve(load)
    middles, first = np.unique(lithium[:, 3:], return_index=True)
    ends = lithium[:, [[0, 1], [1, 2], [0, 2]]].reshape(-1, 2)[first]
    own = ~np.isin(middles, nodes)
    shift[:, middles[own]] = shift[:, ends[own]].mean(axis=2)
    return shift


def on_top(mesh: Mesh) -> NDArray[np.bool_]:
    """Which edges on outlines (ne,) are lithium's at the top, or the bottom, of the cell."""
    ends = (mesh.sides == OUTSIDE).any(axis=1) & (mesh.phase_sides == Phase.LITHIUM).any(axis=1)
    return np.asarray(ends & ~on_side(mesh))


def displaced(mesh: Mesh, shift: Floats, rise: float) -> Mesh:
    """The mesh after all of its nodes have moved; its outlines are then rows of its edges.

    Particles keep the places and diameters that they are listed with.

    Parameters
    ----------
    shift
        Displacements (2, N) in m; none across the side walls and the collector.
    rise
        By how much the top has risen on average, in m.
    """
    old = mesh.geometry
    nodes = np.ascontiguousarray(mesh.nodes + shift)
    curves = [_curve(mesh, nodes, k) for k in range(len(old.outlines))]
    outlines = tuple(replace(o, curve=c) for o, c in zip(old.outlines, curves, strict=True))
    areas = np.zeros(len(old.regions))
    for outline in outlines:
        areas[outline.left] += outline.curve.moment
        if outline.right != OUTSIDE:
            areas[outline.right] -= outline.curve.moment
    geometry = replace(
        old,
        height=old.height + rise,
        lithium_y=old.lithium_y + rise,
        regions=tuple(replace(r, area=float(a)) for r, a in zip(old.regions, areas, strict=True)),
        outlines=outlines,
        deposits=tuple(_deposit(mesh, shift, deposit) for deposit in old.deposits),
        lattice=None,
        triangles=None,
    )
    return replace(mesh, skfem=MeshTri2(nodes, mesh.skfem.t), geometry=geometry)


def _curve(mesh: Mesh, nodes: Floats, outline: int) -> Curve:
    """The curve through the nodes of an outline; walls and flat ends of the cell stay lines."""
    rows = mesh.edges[mesh.edges_along(outline)]
    points = nodes[:, np.append(rows[:, [0, 2]].ravel(), rows[-1, 1])]
    old = mesh.geometry.outlines[outline]
    if is_side(old) or OUTSIDE in (old.left, old.right):
        way = points[:, -1] - points[:, 0]
        away = way[0] * (points[1] - points[1, 0]) - way[1] * (points[0] - points[0, 0])
        if np.abs(away).max() <= FLAT * float(way @ way):
            (x0, y0), (x1, y1) = points[:, [0, -1]].T.tolist()
            return Line((x0, y0), (x1, y1))
    return Parabolas(tuple((float(x), float(y)) for x, y in points.T))


def _deposit(mesh: Mesh, shift: Floats, old: Deposit) -> Deposit:
    """A protrusion whose tip and feet go with the line."""
    line = np.unique(mesh.edges[mesh.interface(Phase.LITHIUM)])

    def gone(place: tuple[float, float]) -> tuple[float, float]:
        here = mesh.nodes[:, line]
        nearest = line[np.argmin(np.hypot(here[0] - place[0], here[1] - place[1]))]
        return (float(place[0] + shift[0, nearest]), float(place[1] + shift[1, nearest]))

    tip, left, right = gone(old.tip), gone(old.feet[0]), gone(old.feet[1])
    depth = 0.5 * (left[1] + right[1]) - tip[1]
    return Deposit(tip, (left, right), depth, 0.5 * (right[0] - left[0]))
