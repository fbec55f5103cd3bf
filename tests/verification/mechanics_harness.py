"""Elastic bodies of exact shape and one direct solve, for the mechanics tests of this folder.

Coordinates of drawings are plain numbers; one unit is `UNIT` metres. With moduli and loads in the
same unit of stress, stresses and strains come out as in the reference solutions; displacements
come out in metres and are divided by `UNIT` to compare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import splu
from skfem import Basis, ElementTriP2, MeshTri

from fem.forms import mechanics as forms
from fem.forms.interface import Edges
from fem.geometry import Geometry, Outline, Particles, Phase, Region
from fem.geometry.curves import Arc, Curve, Line
from fem.geometry.types import OUTSIDE
from fem.laws.elasticity import lame
from fem.mesh import Mesh, assemble, generate
from fem.parameters import Elastic
from fem.physics.mechanics import Conditions, MechanicsProblem, MechanicsSolution
from fem.spaces import Space

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Field = Callable[[Floats, Floats], Sequence[Floats]]
"""A field of plain coordinates (x, y) that returns its components."""

UNIT = 1e-6
QUARTER = 0.5 * np.pi
X, Y = 0, 1


# ---------------------------------------------------------------------------- drawings


def line(start: tuple[float, float], end: tuple[float, float]) -> Line:
    """A straight line between plain coordinates."""
    return Line((start[0] * UNIT, start[1] * UNIT), (end[0] * UNIT, end[1] * UNIT))


def arc(
    semi_axes: tuple[float, float],
    angles: tuple[float, float] = (0.0, QUARTER),
    centre: tuple[float, float] = (0.0, 0.0),
) -> Arc:
    """An arc of an ellipse, in plain coordinates."""
    return Arc(
        (centre[0] * UNIT, centre[1] * UNIT), (semi_axes[0] * UNIT, semi_axes[1] * UNIT), angles
    )


def drawing(
    outlines: Iterable[tuple[Curve, int, int]],
    phases: Sequence[Phase] = (Phase.ELECTROLYTE,),
    bodies: Sequence[int] | None = None,
    width: float = 1e3,
    height: float = 1e3,
) -> Geometry:
    """A geometry of (curve, region on the left, region on the right).

    `width` and `height` say where `MechanicsProblem` looks for the right wall and the top; by
    default it finds neither, so that x = 0 and y = 0 are the only supports.
    """
    outlines = [Outline(*each) for each in outlines]
    areas = np.zeros(len(phases))
    for each in outlines:
        areas[each.left] += each.curve.moment
        if each.right != OUTSIDE:
            areas[each.right] -= each.curve.moment
    numbers = bodies if bodies is not None else [0] * len(phases)
    regions = [
        Region(f"{phase} {k}", phase, "", float(area), body=body)
        for k, (phase, area, body) in enumerate(zip(phases, areas, numbers, strict=True))
    ]
    return Geometry(
        width=width * UNIT,
        height=height * UNIT,
        depth=1.0,
        lithium_y=0.0,
        regions=tuple(regions),
        outlines=tuple(outlines),
        particles=Particles.none(),
    )


def quarter_ring(
    inner: tuple[float, float], outer: tuple[float, float]
) -> tuple[Geometry, dict[str, int]]:
    """The quarter of a ring between two ellipses, with the outline number of each side."""
    sides = [
        line((inner[0], 0.0), (outer[0], 0.0)),
        arc(outer),
        line((0.0, outer[1]), (0.0, inner[1])),
        arc(inner, (QUARTER, 0.0)),
    ]
    names = {"bottom": 0, "outer": 1, "left": 2, "inner": 3}
    return drawing([(side, 0, OUTSIDE) for side in sides]), names


def quarter_inclusion(
    inner: tuple[float, float],
    outer: tuple[float, float],
    phases: Sequence[Phase] = (Phase.ELECTROLYTE, Phase.ELECTROLYTE),
) -> tuple[Geometry, dict[str, int]]:
    """A quarter ellipse (region 0) in the quarter of a larger one (region 1)."""
    sides = [
        (line((0.0, 0.0), (inner[0], 0.0)), 0, OUTSIDE),
        (line((inner[0], 0.0), (outer[0], 0.0)), 1, OUTSIDE),
        (arc(outer), 1, OUTSIDE),
        (line((0.0, outer[1]), (0.0, inner[1])), 1, OUTSIDE),
        (line((0.0, inner[1]), (0.0, 0.0)), 0, OUTSIDE),
        (arc(inner), 0, 1),
    ]
    names = {"outer": 2, "interface": 5}
    return drawing(sides, phases), names


def square(side: float = 1.0) -> Geometry:
    """The square (0, side)^2; its sides are outlines 0 (bottom), 1 (right), 2 (top), 3 (left)."""
    corners = [(0.0, 0.0), (side, 0.0), (side, side), (0.0, side)]
    return drawing(
        [(line(a, b), 0, OUTSIDE) for a, b in zip(corners, corners[1:] + corners[:1], strict=True)]
    )


# ---------------------------------------------------------------------------- meshes


def family(geometry: Geometry, size: float, count: int, **options: float) -> list[Mesh]:
    """A mesh with elements of at most `size` (plain), and its nested refinements."""
    meshes = [generate(geometry, size * UNIT, max_size=size * UNIT, **options)]
    for _ in range(count - 1):
        meshes.append(meshes[-1].refined())
    return meshes


def structured_square(n: int) -> Mesh:
    """The unit square in n x n squares, each cut in two by the same diagonal."""
    ticks = np.linspace(0.0, 1.0, n + 1)
    cells = MeshTri.init_tensor(ticks, ticks)
    facets = cells.facets[:, cells.boundary_facets()]
    x, y = cells.p[:, facets].mean(axis=1)
    which = np.select([y == 0.0, x == 1.0, y == 1.0], [0, 1, 2], default=3)
    region = np.zeros(cells.t.shape[1], dtype=int)
    return assemble(cells.p * UNIT, cells.t.T, region, facets.T, which, square())


def structured_ring(inner: float, outer: float, across: int, along: int) -> Mesh:
    """The quarter of a circular ring in across x along cells, each cut in two."""
    geometry, side = quarter_ring((inner, inner), (outer, outer))
    cells = MeshTri.init_tensor(np.linspace(inner, outer, across + 1), np.linspace(0, 1, along + 1))
    facets = cells.facets[:, cells.boundary_facets()]
    r, s = cells.p[:, facets].mean(axis=1)
    which = np.select(
        [s == 0.0, r == outer, s == 1.0],
        [side["bottom"], side["outer"], side["left"]],
        default=side["inner"],
    )
    radius, angle = cells.p[0], QUARTER * cells.p[1]
    vertices = radius * np.stack([np.cos(angle), np.sin(angle)])
    region = np.zeros(cells.t.shape[1], dtype=int)
    return assemble(vertices * UNIT, cells.t.T, region, facets.T, which, geometry)


def edges_on(mesh: Mesh, outline: int) -> Edges:
    """The edges of one outline; they run with its left region on their left.

    Their normals therefore point out of that region.
    """
    nodes = mesh.edges[mesh.outline == outline]
    return Edges(nodes, mesh.nodes[:, nodes])


def nodes_on(mesh: Mesh, *outlines: int) -> Ints:
    """The nodes of some outlines, ascending."""
    return np.unique(mesh.edges[np.isin(mesh.outline, outlines)])


# ---------------------------------------------------------------------------- bodies


@dataclass(frozen=True)
class Body:
    """The whole of a mesh as one elastic body; moduli are given a region."""

    mesh: Mesh
    youngs_modulus: Sequence[float]
    poisson_ratio: Sequence[float]

    @cached_property
    def space(self) -> Space:
        return Space(self.mesh, np.arange(len(self.mesh.region)))

    @cached_property
    def lame(self) -> tuple[Floats, Floats]:
        """Lame's constants of each triangle."""
        constants = lame(np.array(self.youngs_modulus), np.array(self.poisson_ratio))
        return constants[0][self.mesh.region], constants[1][self.mesh.region]

    @cached_property
    def stiffness(self):
        return forms.stiffness(self.space, *self.lame).tocsr()

    @property
    def points(self) -> Floats:
        """Plain coordinates of the nodes (2, n)."""
        return self.mesh.nodes / UNIT

    def eigenstrain_load(self, eigenstrain: Sequence[float]) -> Floats:
        """Load of an isotropic eigenstrain, one number a region: 3 K times it, dilating."""
        lam, mu = self.lame
        density = (3.0 * lam + 2.0 * mu) * np.array(eigenstrain)[self.mesh.region]
        return forms.dilation(self.space, density)

    def traction_load(self, outline: int, traction: Field) -> Floats:
        """Load of a traction (tx, ty) on an outer outline."""
        edges = edges_on(self.mesh, outline)
        x, y = np.einsum("xea,aq->xeq", edges.coordinates, edges.shapes) / UNIT
        load = np.zeros(2 * len(self.space))
        for axis, component in enumerate(traction(x, y)):
            density = np.broadcast_to(component, x.shape)
            load[axis::2] = edges.load(density, self.space.number, len(self.space))
        return load

    def pressure_load(self, outline: int, pressure: float) -> Floats:
        """Load of a pressure from outside on an outer outline."""
        edges = edges_on(self.mesh, outline)
        load = np.zeros(2 * len(self.space))
        for axis in (X, Y):
            density = -pressure * edges.normals[axis]
            load[axis::2] = edges.load(density, self.space.number, len(self.space))
        return load

    def volume_load(self, force: Field, order: int = 8) -> Floats:
        """Load of a body force (fx, fy) a plain unit of volume."""
        basis = self.fine_basis(order)
        x = np.asarray(basis.global_coordinates()) / UNIT
        values = np.stack([np.broadcast_to(f, x[0].shape) for f in force(*x)]) / UNIT
        shapes = np.stack([np.asarray(basis.basis[a][0]) for a in range(6)], axis=-1)
        shapes = np.broadcast_to(shapes, (*x[0].shape, 6))
        local = np.einsum("xeq,eq,eqa->eax", values, np.asarray(basis.dx), shapes)
        return self._sum(local)

    def stress_load(self, stress: Field, order: int = 8) -> Floats:
        """Entries ``integral of stress : grad(w)`` for a field (xx, yy, xy)."""
        basis = self.fine_basis(order)
        x = np.asarray(basis.global_coordinates()) / UNIT
        xx, yy, xy = (np.broadcast_to(s, x[0].shape) for s in stress(*x))
        tensor = np.array([[xx, xy], [xy, yy]])
        local = np.einsum("ijeq,eq,jeqa->eai", tensor, np.asarray(basis.dx), forms.gradients(basis))
        return self._sum(local)

    def _sum(self, local: Floats) -> Floats:
        dofs = 2 * self.space.triangles[:, :, None] + np.arange(2)
        return np.bincount(dofs.ravel(), weights=local.ravel(), minlength=2 * len(self.space))

    def solve(self, load: Floats, *fixed: tuple[Ints, int, Floats | float]) -> Solution:
        """Displacement under `load`, with ``u[nodes, axis] = value`` (plain) for each `fixed`."""
        u = np.zeros(2 * len(self.space))
        known = np.zeros(len(u), dtype=bool)
        for nodes, axis, value in fixed:
            u[2 * nodes + axis] = np.asarray(value) * UNIT
            known[2 * nodes + axis] = True
        free = np.flatnonzero(~known)
        k = self.stiffness
        rhs = load[free] - k[free] @ u
        factors = splu(k[free][:, free].tocsc(), permc_spec="COLAMD")
        step = factors.solve(rhs)
        u[free] = step + factors.solve(rhs - k[free][:, free] @ step)
        return Solution(self, u.reshape(-1, 2), load)

    def solve_with(self, load: Floats, outlines: Sequence[int], exact: Field) -> Solution:
        """The same with the displacement `exact` (plain) on whole outlines."""
        nodes = nodes_on(self.mesh, *outlines)
        values = exact(*self.points[:, nodes])
        return self.solve(load, (nodes, X, values[X]), (nodes, Y, values[Y]))

    def solve_quarter(self, load: Floats, *fixed: tuple[Ints, int, Floats | float]) -> Solution:
        """The same with symmetry about x = 0 and y = 0."""
        x, y = self.points
        on_x0, on_y0 = np.flatnonzero(np.abs(x) < 1e-9), np.flatnonzero(np.abs(y) < 1e-9)
        return self.solve(load, (on_x0, X, 0.0), (on_y0, Y, 0.0), *fixed)

    def fine_basis(self, order: int = 8) -> Basis:
        """The basis with a higher quadrature order than the one under test."""
        return Basis(self.mesh.skfem, ElementTriP2(), intorder=order)


@dataclass(frozen=True)
class Solution:
    """A displacement (n, 2) in m and the load that made it."""

    body: Body
    displacement: Floats
    load: Floats

    @property
    def reactions(self) -> Floats:
        """Nodal forces of the supports (n, 2)."""
        return (self.body.stiffness @ self.displacement.ravel() - self.load).reshape(-1, 2)

    @property
    def work(self) -> float:
        """Load times displacement, in the unit of stress times plain area."""
        return float(self.load @ self.displacement.ravel()) / UNIT**2

    @property
    def energy(self) -> float:
        """Stiffness energy ``u K u / 2``, in the unit of stress times plain area."""
        u = self.displacement.ravel()
        return float(0.5 * u @ (self.body.stiffness @ u)) / UNIT**2

    def at(self, x: float, y: float) -> Floats:
        """Displacement (plain) at the node at (x, y)."""
        distance = np.hypot(*(self.body.points - np.array([[x], [y]])))
        node = int(np.argmin(distance))
        assert distance[node] < 1e-9, f"no node at ({x}, {y})"
        return self.displacement[node] / UNIT

    def stress(self) -> Floats:
        """Total stress lam tr(eps) + 2 mu eps (4, nt, nq): no eigenstrain taken off."""
        body = self.body
        return forms.stress_at(
            body.space.basis, body.space.triangles, self.displacement, 0.0, *body.lame
        )

    def nodal_stress(self, x: float, y: float) -> Floats:
        """Mean over the triangles around the node at (x, y) of that stress (4,)."""
        body = self.body
        node = int(np.argmin(np.hypot(*(body.points - np.array([[x], [y]])))))
        basis = forms.nodal_basis(body.space)
        sigma = forms.stress_at(basis, body.space.triangles, self.displacement, 0.0, *body.lame)
        return sigma[:, body.space.triangles == node].mean(axis=1)

    def mean_stress(self, region: int) -> Floats:
        """Area mean (4,) of that stress over one region."""
        mine = self.body.mesh.region == region
        dx = np.asarray(self.body.space.basis.dx)[mine]
        return (self.stress()[:, mine] * dx).sum(axis=(1, 2)) / dx.sum()

    def error(self, exact: Field, order: int = 8) -> float:
        """L2 norm of the error of the displacement, plain."""
        basis = self.body.fine_basis(order)
        x = np.asarray(basis.global_coordinates()) / UNIT
        total = 0.0
        for axis, component in enumerate(exact(*x)):
            value = np.asarray(basis.interpolate(self.displacement[:, axis])) / UNIT
            total += ((value - component) ** 2 * np.asarray(basis.dx) / UNIT**2).sum()
        return float(np.sqrt(total))


def orders(errors: Sequence[float]) -> Floats:
    """Observed orders between successive halvings."""
    sizes = np.abs(np.array(errors))
    return np.log2(sizes[:-1] / sizes[1:])


def assert_order(errors: Sequence[float], order: float, ceiling: float) -> None:
    """The finest two meshes show the order to 0.1, coarser ones approach it; and the last error."""
    seen = orders(errors)
    assert len(errors) >= 3
    assert abs(seen[-1] - order) <= 0.1, f"orders {seen}, errors {errors}"
    assert (np.abs(seen[:-1] - order) <= 0.4).all(), f"orders {seen}, errors {errors}"
    assert abs(errors[-1]) <= ceiling, f"errors {errors}"


# ---------------------------------------------------------------------------- lithium in a disc


def half_inclusion(
    inner: tuple[float, float], outer: tuple[float, float], pinned: bool = False
) -> Geometry:
    """Half an ellipse of lithium foil (region 0) in half an ellipse of electrolyte (region 1).

    x = 0 is a symmetry wall and the outer arc is free. If `pinned`, that arc just touches y = 0,
    where `MechanicsProblem` holds its lowest point up: with forces in balance, a support without
    reaction. Otherwise the electrolyte hangs on the lithium alone.
    """
    height = outer[1] if pinned else 2.0 * outer[1]
    centre, half_turn = (0.0, height), (-QUARTER, QUARTER)
    sides = [
        (line((0.0, height + inner[1]), (0.0, height - inner[1])), 0, OUTSIDE),
        (line((0.0, height - inner[1]), (0.0, height - outer[1])), 1, OUTSIDE),
        (line((0.0, height + outer[1]), (0.0, height + inner[1])), 1, OUTSIDE),
    ]
    for start, end in ((half_turn[0], 0.0), (0.0, half_turn[1])):
        sides.append((arc(outer, (start, end), centre), 1, OUTSIDE))
        sides.append((arc(inner, (start, end), centre), 0, 1))
    return drawing(sides, (Phase.LITHIUM, Phase.ELECTROLYTE), width=1e5, height=1e5)


def layers(width: float, electrolyte: float, lithium: float) -> Geometry:
    """A flat lithium foil (region 1) on a flat electrolyte (region 0), thicknesses plain."""
    height = electrolyte + lithium
    low, high = ((0.0, electrolyte), (width, electrolyte)), ((width, height), (0.0, height))
    sides = [
        (line((0.0, 0.0), (width, 0.0)), 0, OUTSIDE),
        (line((width, 0.0), low[1]), 0, OUTSIDE),
        (line(low[0], (0.0, 0.0)), 0, OUTSIDE),
        (line(low[1], high[0]), 1, OUTSIDE),
        (line(*high), 1, OUTSIDE),
        (line(high[1], low[0]), 1, OUTSIDE),
        (line(*low), 1, 0),
    ]
    return drawing(sides, (Phase.ELECTROLYTE, Phase.LITHIUM), width=width, height=height)


# ---------------------------------------------------------------------------- plated layers

GPA = 1e9
ELECTROLYTE = (28.0 * GPA, 0.27)
"""Young's modulus and Poisson's ratio of the electrolyte of the source paper."""
SHEAR = ELECTROLYTE[0] / (2.0 * (1.0 + ELECTROLYTE[1]))
SOFT, STIFF = (4.9 * GPA, 0.36), (7.8 * GPA, 0.36)
"""Lithium of the estimates this folder compares with."""


def elastic_data(
    geometry: Geometry, moduli: tuple[float, float] = SOFT, yield_strength: float = 0.8e6
) -> Elastic:
    """Data of a cell with lithium of these moduli, whose other parts are all electrolyte."""
    soft = geometry.phases == Phase.LITHIUM
    youngs, poisson = (np.where(soft, moduli[k], ELECTROLYTE[k]) for k in range(2))
    return Elastic(youngs, poisson, None, yield_strength)


def plate(
    mesh: Mesh,
    thickness: float | Floats,
    moduli: tuple[float, float] = SOFT,
    yield_strength: float = 0.8e6,
    **conditions: str | float,
) -> MechanicsSolution:
    """Solve for a plated thickness (plain), uniform or at all nodes, under `Conditions`."""
    data = elastic_data(mesh.geometry, moduli, yield_strength)
    problem = MechanicsProblem(mesh, data, Conditions(**conditions))
    return problem.solve(np.broadcast_to(thickness, mesh.nodes.shape[1]) * UNIT)


def mean_pressure(mesh: Mesh, solution: MechanicsSolution) -> float:
    """Mean pressure (Pa) along the whole of Li|SE."""
    edges = Edges.of(mesh, mesh.interface(Phase.LITHIUM))
    full = np.zeros(mesh.nodes.shape[1])
    full[solution.nodes] = solution.pressure
    return edges.total(edges.at_points(full, np.arange(len(full)))) / edges.length


def forces_on_composite(mesh: Mesh, solution: MechanicsSolution) -> Floats:
    """Nodal forces (N, 2) that keep the composite in its state, in N per m of depth."""
    space, (lam, mu) = solution.bodies[0], solution.lame[0]
    force = forms.stiffness(space, lam, mu) @ solution.displacements[0].ravel()
    force = force + solution.out_of_plane * forms.dilation(space, lam)
    spread = np.zeros((mesh.nodes.shape[1], 2))
    spread[space.nodes] = force.reshape(-1, 2)
    return spread
