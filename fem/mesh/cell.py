"""The mesh of a cell: curved (isoparametric) P2 triangles with named regions.

Nodes on outlines lie on the exact curves, edges' middles too, which is what gives P2 its full
order on round particles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from skfem import Basis, ElementTriP2, MeshTri1, MeshTri2
from skfem.assembly import Dofs
from skfem.quadrature import get_quadrature
from skfem.refdom import RefTri

from fem.errors import InputError
from fem.frozen import Frozen
from fem.geometry.curves import Curve
from fem.geometry.types import OUTSIDE, Geometry, Phase

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MICROMETRE = 1e-6


@dataclass(frozen=True, eq=False)
class Mesh(Frozen):
    """Curved triangles, their regions, and the edges on the outlines of a geometry.

    Nodes are numbered as scikit-fem numbers P2 unknowns: vertices first, then one node an edge.

    Attributes
    ----------
    skfem
        The triangles; ``skfem.doflocs`` are the nodes (2, N) in m.
    region
        Region of each triangle (nt,), an index into ``geometry.regions``.
    edges
        Nodes (start, end, middle) of the edges on outlines (ne, 3), in the outline's direction.
    outline
        Outline of each such edge (ne,), an index into ``geometry.outlines``.
    geometry
        What was meshed.
    """

    skfem: MeshTri2
    region: Ints
    edges: Ints
    outline: Ints
    geometry: Geometry

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]], geometry: Geometry) -> Self:
        """The mesh of `geometry` that has these `arrays`, bit by bit."""
        skfem = MeshTri2(arrays["nodes"], arrays["vertices"])
        return cls(skfem, arrays["region"], arrays["edges"], arrays["outline"], geometry)

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that a mesh is beside its geometry, by name."""
        vertices = np.asarray(self.skfem.t)
        return {
            "nodes": self.nodes, "vertices": vertices, "region": self.region, "edges": self.edges,
            "outline": self.outline,
        }  # fmt: skip

    @property
    def nodes(self) -> Floats:
        """Coordinates of all nodes (2, N) in m."""
        return np.asarray(self.skfem.doflocs)

    @cached_property
    def triangles(self) -> Ints:
        """Nodes of each triangle (nt, 6): the vertices, then the middles of 01, 12, 02."""
        # A basis would ask for sound triangles, which those of a line that moved far may not be.
        return np.asarray(Dofs(self.skfem, ElementTriP2()).element_dofs.T, dtype=int)

    @cached_property
    def sides(self) -> Ints:
        """Regions left and right of each outline edge (ne, 2); `OUTSIDE` beyond the cell."""
        pairs = np.array([(o.left, o.right) for o in self.geometry.outlines])
        return np.asarray(pairs[self.outline])

    @cached_property
    def phase_sides(self) -> NDArray[np.str_]:
        """Phases left and right of each outline edge (ne, 2); empty beyond the cell."""
        names = np.append(self.geometry.phases, "")
        return names[self.sides]

    def elements(self, phase: Phase) -> Ints:
        """Triangles of one phase."""
        return np.flatnonzero(self.geometry.phases[self.region] == phase)

    def interface(self, phase: Phase) -> Ints:
        """Outline edges between the electrolyte and `phase`, as row numbers of `edges`."""
        left, right = self.phase_sides.T
        electrolyte = Phase.ELECTROLYTE
        return np.flatnonzero(
            ((left == phase) & (right == electrolyte)) | ((right == phase) & (left == electrolyte))
        )

    def interface_by_body(self, phase: Phase) -> dict[int, Ints]:
        """`interface`, apart for each body of the phase, by the body's number in order."""
        which = self.interface(phase)
        number = np.array([region.body for region in self.geometry.regions])
        left, right = self.sides[which].T
        body = number[np.where(self.geometry.phases[left] == phase, left, right)]
        return {int(b): which[body == b] for b in np.unique(body)}

    def edges_along(self, outline: int) -> Ints:
        """Rows of `edges` on an outline, from its start to its end."""
        rows = np.flatnonzero(self.outline == outline)
        middles = self.nodes[:, self.edges[rows, 2]]
        return rows[np.argsort(self.geometry.outlines[outline].curve.parameter(middles))]

    def vertices_along(self, outline: int) -> Ints:
        """Vertices on an outline, from its start to its end."""
        rows = self.edges_along(outline)
        return np.append(self.edges[rows, 0], self.edges[rows[-1], 1])

    def refined(self) -> Mesh:
        """Every triangle cut in four, with the new nodes on the exact curves."""
        t = self.triangles
        quarters = np.concatenate(
            [t[:, [0, 3, 5]], t[:, [3, 1, 4]], t[:, [5, 4, 2]], t[:, [3, 4, 5]]]
        )
        start, end, middle = self.edges.T
        halves = np.concatenate([np.c_[start, middle], np.c_[middle, end]])
        return assemble(
            self.nodes, quarters, np.tile(self.region, 4), halves, np.tile(self.outline, 2),
            self.geometry,
        )  # fmt: skip


@dataclass(frozen=True)
class Quality:
    """Figures of a mesh: counts, the smallest angle in degrees, areas against exact ones (m^2)."""

    triangles: int
    nodes: int
    interface_edges: int
    smallest_angle: float
    areas: tuple[tuple[str, float, float], ...]

    @property
    def largest_area_error(self) -> float:
        """Largest relative error of a region's area."""
        return max(abs(mesh - exact) / exact for _, mesh, exact in self.areas)


def assemble(
    vertices: Floats,
    triangles: Ints,
    region: Ints,
    edges: Ints,
    outline: Ints,
    geometry: Geometry,
    middles: Floats | None = None,
) -> Mesh:
    """A curved mesh from straight triangles and the edges that lie on outlines.

    Parameters
    ----------
    vertices
        (2, nv) in m; those on outlines already lie on their curve, or near it.
    triangles, region
        Vertices (nt, 3) and region (nt,) of each triangle.
    edges, outline
        Vertex pairs (ne, 2), in any direction, and their outline (ne,).
    middles
        Middle nodes (2, nt, 3) in m of the sides 01, 12 and 02; straight sides, or those of the
        curves, if left out.
    """
    vertices = np.array(vertices, dtype=float)
    curves = [o.curve for o in geometry.outlines]
    _project(vertices, edges.T.ravel(), np.tile(outline, 2), curves)
    straight = MeshTri1(np.ascontiguousarray(vertices), np.ascontiguousarray(triangles.T))
    facets = straight.facets.astype(np.int64)  # products below exceed 32 bits
    count = vertices.shape[1]
    key = facets.min(axis=0) * count + facets.max(axis=0)
    order = np.argsort(key)
    wanted = edges.min(axis=1) * count + edges.max(axis=1)
    facet = order[np.searchsorted(key[order], wanted)]

    between = vertices[:, facets].mean(axis=1)
    if middles is None:
        _project(between, facet, outline, curves)
    else:
        pairs = triangles[:, [[0, 1], [1, 2], [0, 2]]]
        of = order[np.searchsorted(key[order], pairs.min(axis=2) * count + pairs.max(axis=2))]
        between[:, of] = middles
    nodes = np.ascontiguousarray(np.hstack([vertices, between]))
    mesh = MeshTri2(nodes, straight.t)

    left = np.array([o.left for o in geometry.outlines])[outline]
    first, second = straight.f2t[:, facet]
    on_left = np.where(region[first] == left, first, second)
    centroid = vertices[:, straight.t[:, on_left]].mean(axis=1)
    start, end = edges.T
    along, across = vertices[:, end] - vertices[:, start], centroid - vertices[:, start]
    backwards = along[0] * across[1] - along[1] * across[0] < 0.0
    start, end = np.where(backwards, end, start), np.where(backwards, start, end)
    result = Mesh(mesh, region, np.c_[start, end, count + facet], outline, geometry)
    _refuse_folded(result)
    return result


def quality(mesh: Mesh) -> Quality:
    """The figures that `fem mesh` reports."""
    corners = mesh.nodes[:, mesh.triangles[:, :3]]
    smallest = np.inf
    for k in range(3):
        u = corners[:, :, (k + 1) % 3] - corners[:, :, k]
        v = corners[:, :, (k + 2) % 3] - corners[:, :, k]
        cosine = (u * v).sum(0) / np.hypot(*u) / np.hypot(*v)
        smallest = min(smallest, float(np.degrees(np.arccos(cosine.max()))))
    # The Jacobian of a curved P2 triangle is quadratic: order 2 integrates the area exactly.
    dx = Basis(mesh.skfem, ElementTriP2(), intorder=2).dx.sum(axis=1)
    areas = np.bincount(mesh.region, weights=dx, minlength=len(mesh.geometry.regions))
    return Quality(
        triangles=len(mesh.region),
        nodes=mesh.nodes.shape[1],
        interface_edges=int((mesh.sides != OUTSIDE).all(axis=1).sum()),
        smallest_angle=smallest,
        areas=tuple(
            (region.name, float(area), region.area)
            for region, area in zip(mesh.geometry.regions, areas, strict=True)
        ),
    )


def shapes(mesh: Mesh, before: Mesh | None = None) -> Floats:
    """How near each triangle (nt,) is to an equilateral one, which has 1.

    It is the smallest Jacobian inside over the one of an equilateral triangle with the same sum of
    squared sides: positive means that the triangle, curved as it is, does not fold.

    Parameters
    ----------
    before
        A sound mesh of the same topology: triangles that have turned over since count as
        negative. A mesh alone shows only those that fold inside themselves.
    """
    p = mesh.nodes[:, mesh.triangles]
    a, b, c = (p[:, :, k] for k in range(3))
    # The Jacobian of a curved P2 triangle is quadratic; its smallest Bernstein coefficient is a
    # bound from below, and exact where sides are straight.
    points = np.array([[0, 0], [1, 0], [0, 1], [0.5, 0], [0.5, 0.5], [0, 0.5]])
    slopes = np.stack([_slopes(xi, eta) for xi, eta in points])
    d = np.einsum("xta,qak->xktq", p, slopes)
    jacobian = d[0, 0] * d[1, 1] - d[0, 1] * d[1, 0]
    ends = np.stack([jacobian[:, [0, 1]], jacobian[:, [1, 2]], jacobian[:, [0, 2]]])
    middle = 2.0 * jacobian[:, 3:] - 0.5 * ends.sum(axis=2).T
    bounds = np.hstack([jacobian[:, :3], middle])
    sound = p if before is None else before.nodes[:, mesh.triangles]
    u, v = sound[:, :, 1] - sound[:, :, 0], sound[:, :, 2] - sound[:, :, 0]
    orientation = np.sign(u[0] * v[1] - u[1] * v[0])
    squares = ((b - a) ** 2 + (c - b) ** 2 + (a - c) ** 2).sum(axis=0)
    return np.asarray(2.0 * np.sqrt(3.0) * (bounds * orientation[:, None]).min(axis=1) / squares)


def smallest_quality(mesh: Mesh, before: Mesh | None = None) -> float:
    """The worst of `shapes`: 1 if all triangles are equilateral, less than 0 if one folds."""
    return float(shapes(mesh, before).min())


def _slopes(xi: float, eta: float) -> Floats:
    """Derivatives (6, 2) of the P2 shape functions of a triangle, middles of 01, 12, 02 last."""
    rest = 1.0 - xi - eta
    return np.array(
        [
            [1.0 - 4.0 * rest, 1.0 - 4.0 * rest],
            [4.0 * xi - 1.0, 0.0],
            [0.0, 4.0 * eta - 1.0],
            [4.0 * (rest - xi), -4.0 * xi],
            [4.0 * eta, 4.0 * xi],
            [-4.0 * eta, 4.0 * (rest - eta)],
        ]
    )


def _project(points: Floats, which: Ints, outline: Ints, curves: list[Curve]) -> None:
    """Move the columns `which` of `points` onto the curves of their outlines, in place."""
    order = np.argsort(outline, kind="stable")
    which, outline = which[order], outline[order]
    starts = np.flatnonzero(np.r_[True, np.diff(outline) > 0])
    for begin, end in zip(starts, np.r_[starts[1:], len(outline)], strict=True):
        columns = which[begin:end]
        curve = curves[outline[begin]]
        points[:, columns] = curve.point(curve.parameter(points[:, columns]))


def _refuse_folded(mesh: Mesh) -> None:
    points, _ = get_quadrature(RefTri, 4)
    jacobian = np.asarray(mesh.skfem.mapping().detDF(points))
    # Either orientation is fine, but it must not change inside an element.
    folded = np.flatnonzero(jacobian.min(axis=1) * jacobian.max(axis=1) <= 0.0)
    if len(folded):
        x, y = mesh.nodes[:, mesh.triangles[folded[0]]].mean(axis=1) / MICROMETRE
        raise InputError(
            f"{len(folded)} curved elements fold over, the first near ({x:.4g}, {y:.4g}) um",
            key="mesh.size",
            cure="a smaller mesh.size, or wider gaps between the shapes there",
        )
