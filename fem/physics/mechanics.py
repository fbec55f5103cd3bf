"""The mechanics problem: stress from a plated layer between lithium and electrolyte.

Electrolyte and particles form one bonded elastic body. New lithium of thickness h appears between
it and the lithium, so across Li|SE the displacement jumps, ``u_SE - u_Li = h n`` with n out of the
lithium, and the traction is continuous. Lithium is one of three limits:

rigid
    The jump moves the electrolyte; the foil may only rise or sink as a whole.
elastic
    Lithium deforms elastically as a second body.
yielded
    Lithium flows: each deposit presses with one uniform pressure, that of squeezing it out of its
    slot back to the foil. Lithium that cannot leave (an isolated body, or the foil under a held
    top) presses with the pressure that fits its volume.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_diag
from scipy.sparse.linalg import splu

from fem.forms import mechanics as forms
from fem.forms.interface import Edges
from fem.geometry import Phase
from fem.laws.elasticity import lame
from fem.laws.fracture import extrusion_pressure
from fem.mesh import Ints, Mesh
from fem.parameters import Elastic
from fem.physics.elastic import ElasticBody
from fem.physics.kinematics import Conditions, X, Y, kinematics
from fem.solve.linear import TwoLevel
from fem.spaces import Space

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MechanicsSolution:
    """Displacements in m, stresses in Pa.

    Attributes
    ----------
    bodies
        The spaces with a displacement: electrolyte and particles, then lithium if elastic.
    displacements
        Nodal displacement (n, 2) of each body.
    out_of_plane
        Out-of-plane strain.
    nodes, pressure
        Mesh nodes on Li|SE and the pressure there (compression positive).
    iterations
        Of the linear solver.
    """

    conditions: Conditions
    bodies: tuple[Space, ...]
    lame: tuple[tuple[Floats, Floats], ...]
    displacements: tuple[Floats, ...]
    out_of_plane: float
    nodes: Ints
    pressure: Floats
    iterations: int

    def stress(self, body: int = 0) -> Floats:
        """Stress (4, nt, nq) at the quadrature points of a body: xx, yy, zz, xy."""
        space = self.bodies[body]
        return forms.stress_at(
            space.basis, space.triangles, self.displacements[body], self.out_of_plane,
            *self.lame[body],
        )  # fmt: skip

    def stress_at_nodes(self, body: int = 0) -> Floats:
        """Stress (4, nt, 6) at the nodes of each triangle, one-sided."""
        space = self.bodies[body]
        return forms.stress_at(
            forms.nodal_basis(space), space.triangles, self.displacements[body],
            self.out_of_plane, *self.lame[body],
        )  # fmt: skip


@dataclass(frozen=True)
class _Slot:
    """A protrusion's surface, its area in m^2, and the pressure that squeezes it to the foil."""

    edges: Edges
    pressure: float
    area: float


class MechanicsProblem:
    """Assembled once a mesh and set of conditions; solved for any plated thickness.

    `composite` may be handed in where several problems share it.
    """

    def __init__(
        self,
        mesh: Mesh,
        elastic: Elastic,
        conditions: Conditions,
        composite: ElasticBody | None = None,
    ) -> None:
        self.mesh, self.conditions = mesh, conditions
        geometry = mesh.geometry
        self._parts = [composite or ElasticBody.composite(mesh, elastic)]
        if conditions.lithium == "elastic":
            self._parts.append(ElasticBody.of(mesh, elastic, mesh.elements(Phase.LITHIUM)))
        self.bodies = tuple(part.space for part in self._parts)
        self._starts = np.cumsum([0] + [2 * len(body) for body in self.bodies])

        self._edges = [
            Edges.of(mesh, which) for which in mesh.interface_by_body(Phase.LITHIUM).values()
        ]
        self._nodes = [np.unique(edges.nodes) for edges in self._edges]
        self._normals = [
            edges.nodal_normals(nodes)
            for edges, nodes in zip(self._edges, self._nodes, strict=True)
        ]
        self._areas = [r.area for r in geometry.regions if r.phase == Phase.LITHIUM]
        self._slots = _slots(mesh, elastic, conditions)
        self._bulk_modulus = _bulk_modulus(elastic, mesh) if self._closed_bodies else np.inf

        surfaces = list(zip(self._nodes, self._normals, strict=True))
        self._map, self._load = kinematics(mesh, self.bodies, surfaces, conditions)
        blocks = [part.stiffness for part in self._parts]
        self._stiffness = blocks[0] if len(blocks) == 1 else block_diag(blocks, format="csr")
        p = self._map.matrix
        self._solver = TwoLevel(
            (p.T @ self._stiffness @ p).tocsr(), self._map.coarse_to_fine, self._map.coarse_rigid
        )
        self.method = self._solver.method
        self._border, self._corner = self._bordering()
        self._border_solutions = [self._solver.solve(column, 1e-11) for column in self._border.T]

    @property
    def _generalised(self) -> bool:
        return self.conditions.kinematics == "generalised plane strain"

    @property
    def _closed_bodies(self) -> list[int]:
        """Lithium bodies whose pressure follows from their volume."""
        if self.conditions.lithium != "yielded":
            return []
        first = 0 if self.conditions.top == "held" else 1
        return list(range(first, len(self._edges)))

    def solve(self, thickness: Floats) -> MechanicsSolution:
        """The elastic state for a plated thickness.

        Parameters
        ----------
        thickness
            Plated thickness h at all mesh nodes (N,) in m; read on Li|SE only.
        """
        p = self._map.matrix
        jump = self._map.jump @ thickness
        slots = self._pressing_slots(thickness)
        rhs = self._load + p.T @ (self._pressing(slots) - self._stiffness @ jump)
        inner = self._solver.solve(rhs, 1e-11)
        z, iterations = inner.solution, inner.iterations
        border: Floats = np.zeros(0)
        if len(self._corner):
            # Eliminate z: two or three more solutions were prepared with the matrix.
            columns = np.stack([s.solution for s in self._border_solutions], axis=1)
            right = self._border_rhs(jump, thickness, slots) - self._border.T @ z
            schur = self._corner - self._border.T @ columns
            border = np.asarray(np.linalg.solve(schur, right), dtype=float)
            z = z - columns @ border
            iterations += sum(s.iterations for s in self._border_solutions)
        w = p @ z + jump
        displacements = tuple(
            w[a:b].reshape(-1, 2) for a, b in zip(self._starts[:-1], self._starts[1:], strict=True)
        )
        out_of_plane = float(border[-1]) if self._generalised else 0.0
        closed = border[: len(self._closed_bodies)]
        return MechanicsSolution(
            conditions=self.conditions,
            bodies=self.bodies,
            lame=tuple((part.lam, part.mu) for part in self._parts),
            displacements=displacements,
            out_of_plane=out_of_plane,
            nodes=np.concatenate(self._nodes),
            pressure=self._interface_pressure(displacements[0], out_of_plane, -closed, slots),
            iterations=iterations,
        )

    # ------------------------------------------------------------------ loads and borders

    def _pressing_slots(self, thickness: Floats) -> list[_Slot]:
        """Protrusions that grow: one that shrinks leaves room and does not press."""
        number = np.arange(len(thickness))
        return [
            slot
            for slot in self._slots
            if slot.edges.total(slot.edges.at_points(thickness, number)) > 0.0
        ]

    def _pressing(self, slots: list[_Slot]) -> Floats:
        """Forces of lithium that presses with a known pressure, on all displacements."""
        force = np.zeros(int(self._starts[-1]))
        if self.conditions.lithium == "yielded":
            if self.conditions.top != "held":
                force += self._pressure_load(self._edges[0], self.conditions.stack_pressure)
            for slot in slots:
                force += self._pressure_load(slot.edges, slot.pressure)
        return force

    def _pressure_load(self, edges: Edges, pressure: float) -> Floats:
        space = self.bodies[0]
        force = np.zeros(int(self._starts[-1]))
        for axis in (X, Y):
            part = edges.load(pressure * edges.normals[axis], space.number, len(space))
            force[axis : 2 * len(space) : 2] += part
        return force

    def _bordering(self) -> tuple[Floats, Floats]:
        """Columns and corner of the unknowns that a sparse matrix should not hold.

        These are pressures of closed lithium bodies, with the opposite sign, and the out-of-plane
        strain. With the room ``C' u`` that the electrolyte gives to a body of area A and bulk
        modulus K, ``C' u + A eps_z + A p / K`` is the plated volume.
        """
        p = self._map.matrix
        closed = self._closed_bodies
        columns = [p.T @ self._pressure_load(self._edges[body], 1.0) for body in closed]
        areas = np.array([self._areas[body] for body in closed])
        corner = np.diag(-areas / self._bulk_modulus)
        if self._generalised:
            columns.append(p.T @ self._dilation)
            modulus = sum(
                float(((b.lam + 2.0 * b.mu)[:, None] * b.space.basis.dx).sum()) for b in self._parts
            )
            # Out-of-plane strain gives room to closed lithium, whose pressure pulls on it.
            row = areas[:, None]
            corner = np.block([[corner, row], [row.T, np.array([[modulus]])]])
        size = p.shape[1]
        stacked = np.stack(columns, axis=1) if columns else np.zeros((size, 0))
        return stacked, corner

    @property
    def _dilation(self) -> Floats:
        return np.concatenate([part.dilation for part in self._parts])

    def _known_thrust(self, slots: list[_Slot]) -> float:
        """Out-of-plane force of lithium whose pressure is known, in N per m of depth."""
        if self.conditions.lithium != "yielded":
            return 0.0
        stack = self.conditions.stack_pressure if self.conditions.top != "held" else 0.0
        return stack * self._areas[0] + sum(slot.pressure * slot.area for slot in slots)

    def _border_rhs(self, jump: Floats, thickness: Floats, slots: list[_Slot]) -> Floats:
        """Plated volume that closed bodies must find room for; force out of the plane."""
        number = np.arange(len(thickness))
        values = [
            self._edges[body].total(self._edges[body].at_points(thickness, number))
            for body in self._closed_bodies
        ]
        if self._generalised:
            values.append(self._known_thrust(slots) - float(self._dilation @ jump))
        return np.array(values)

    def _interface_pressure(
        self, displacement: Floats, out_of_plane: float, closed: Floats, slots: list[_Slot]
    ) -> Floats:
        """Pressure of the lithium on the electrolyte at the nodes of Li|SE.

        For rigid and elastic lithium from the nodal forces on the electrolyte, which are accurate
        where differentiated displacements are not.
        """
        if self.conditions.lithium == "yielded":
            pressures = []
            known = dict(zip(self._closed_bodies, closed, strict=True))
            for body, nodes in enumerate(self._nodes):
                value = np.full(len(nodes), known.get(body, self.conditions.stack_pressure))
                if body == 0:
                    for slot in slots:
                        value[np.isin(nodes, slot.edges.nodes)] += slot.pressure
                pressures.append(value)
            return np.concatenate(pressures)
        space = self.bodies[0]
        force = self._parts[0].stiffness @ displacement.ravel()
        if out_of_plane:
            force = force + out_of_plane * self._parts[0].dilation
        pressures = []
        for edges, nodes, normals in zip(self._edges, self._nodes, self._normals, strict=True):
            local = np.full(self.mesh.nodes.shape[1], -1)
            local[nodes] = np.arange(len(nodes))
            mass = edges.mass(np.ones(edges.weights.shape), local, len(nodes))
            solve = splu(mass.tocsc()).solve
            traction = [solve(force[2 * space.number[nodes] + axis]) for axis in (X, Y)]
            pressures.append(traction[X] * normals[X] + traction[Y] * normals[Y])
        return np.concatenate(pressures)


def _slots(mesh: Mesh, elastic: Elastic, conditions: Conditions) -> list[_Slot]:
    """The protrusions of yielded lithium."""
    if conditions.lithium != "yielded" or elastic.yield_strength is None:
        return []
    outlines = mesh.geometry.outlines
    deposit = np.array([o.deposit for o in outlines])[mesh.outline]
    return [
        _Slot(
            Edges.of(mesh, np.flatnonzero(deposit == k)),
            extrusion_pressure(elastic.yield_strength, shape.depth, shape.half_width),
            # The horizontal line that closes a deposit adds nothing to the integral of x dy.
            sum(o.curve.moment for o in outlines if o.deposit == k),
        )
        for k, shape in enumerate(mesh.geometry.deposits)
    ]


def _bulk_modulus(elastic: Elastic, mesh: Mesh) -> float:
    """Bulk modulus of lithium in Pa, which is all the elasticity that flowing lithium has."""
    foil = int(np.flatnonzero(mesh.geometry.phases == Phase.LITHIUM)[0])
    lam, mu = lame(elastic.youngs_modulus[foil : foil + 1], elastic.poisson_ratio[foil : foil + 1])
    return float(lam[0] + 2.0 / 3.0 * mu[0])
