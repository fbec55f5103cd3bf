"""The mechanics problem: stress from a plated layer between lithium and electrolyte, and from
particles that swell.

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

Particles swell by a relative volume s, equally in all directions: sigma = C : (eps - s/3 I).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_diag
from skfem import Basis

from fem.forms import mechanics as forms
from fem.forms.interface import Edges
from fem.geometry import Phase
from fem.laws.elasticity import bulk_modulus, energy_density, hydrostatic, lame
from fem.mesh import Ints, Mesh
from fem.parameters import Elastic
from fem.physics.elastic import ElasticBody, LithiumSurface
from fem.physics.kinematics import Conditions, X, Y, kinematics
from fem.physics.slots import Slot, slots_of
from fem.solve.linear import TwoLevel
from fem.spaces import Space

Floats = NDArray[np.float64]

_ALL = slice(None)


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
    swelling
        Relative change of volume at the six nodes of each triangle of the first body, (nt, 6);
        `None` for none.
    plating_forces
        Forces (N,) in N per m of depth that do the work of plating on a change of thickness.
    load_work
        Product of constant loads and the displacements they act on, in J per m of depth.
    """

    conditions: Conditions
    bodies: tuple[Space, ...]
    lame: tuple[tuple[Floats, Floats], ...]
    displacements: tuple[Floats, ...]
    out_of_plane: float
    nodes: Ints
    pressure: Floats
    iterations: int
    plating_forces: Floats
    load_work: float
    swelling: Floats | None = None

    def stress(self, body: int = 0) -> Floats:
        """Stress (4, nt, nq) at the quadrature points of a body: xx, yy, zz, xy."""
        return self._stress(self.bodies[body].basis, body)

    def stress_at_nodes(self, body: int = 0) -> Floats:
        """Stress (4, nt, 6) at the nodes of each triangle, one-sided."""
        return self._stress(forms.nodal_basis(self.bodies[body]), body)

    def hydrostatic(self, nodes: Ints, elements: Ints) -> Floats:
        """Mean normal stress tr(sigma)/3 in Pa at nodes of particles, from inside the particles.

        Parameters
        ----------
        nodes
            Mesh nodes of each particle, (k, m).
        elements
            Triangles of the mesh that make up each particle, (k, nt). No two particles share a
            node.

        Returns
        -------
        (k, m): means over the triangles of the particle around each node, weighted by area.
        """
        space = self.bodies[0]
        inside = Space(space.mesh, elements.ravel())
        which = np.searchsorted(space.elements, inside.elements)
        values = hydrostatic(self._stress(forms.nodal_basis(inside), 0, which))
        weights = np.asarray(space.basis.dx)[which].sum(axis=1, keepdims=True)
        number = space.triangles[which].ravel()
        total, weight = (
            np.bincount(number, weights=each.ravel(), minlength=len(space))
            for each in (weights * values, np.broadcast_to(weights, values.shape))
        )
        return np.asarray(total[space.number[nodes]] / weight[space.number[nodes]])

    @property
    def elastic_energy(self) -> float:
        """Energy of the elastic strain of all bodies, in J per m of depth."""
        return sum(
            float((energy_density(self.stress(k), *self._moduli(k)) * space.basis.dx).sum())
            for k, space in enumerate(self.bodies)
        )

    def _moduli(self, body: int) -> tuple[Floats, Floats]:
        lam, mu = self.lame[body]
        return lam[:, None], mu[:, None]

    def _stress(self, basis: Basis, body: int, which: Ints | slice = _ALL) -> Floats:
        """Stress at the quadrature points of `basis`, which holds the triangles `which`."""
        lam, mu = self.lame[body]
        swelling = self.swelling if body == 0 else None
        return forms.stress_at(
            basis, self.bodies[body].triangles[which], self.displacements[body],
            self.out_of_plane, lam[which], mu[which],
            None if swelling is None else swelling[which],
        )  # fmt: skip


class MechanicsProblem:
    """Assembled once a mesh and set of conditions; solved for any plated thickness and swelling.

    `composite` may be handed in where several problems share it.

    Attributes
    ----------
    parts
        The elastic bodies: electrolyte and particles, then lithium if elastic.
    surfaces
        Where each lithium body meets the electrolyte, the foil first.
    map, load
        The kinematic conditions, and the forces on their unknowns that they add.
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
        self.parts = [composite or ElasticBody.composite(mesh, elastic)]
        if conditions.lithium == "elastic":
            self.parts.append(ElasticBody.of(mesh, elastic, mesh.elements(Phase.LITHIUM)))
        self.bodies = tuple(part.space for part in self.parts)
        self._starts = np.cumsum([0] + [2 * len(body) for body in self.bodies])

        self.surfaces = LithiumSurface.all(mesh)
        self._areas = [r.area for r in geometry.regions if r.phase == Phase.LITHIUM]
        self._slots = slots_of(mesh, elastic, conditions)
        self._bulk_modulus = _bulk_modulus(elastic, mesh) if self._closed_bodies else np.inf

        lines = [(surface.nodes, surface.normals) for surface in self.surfaces]
        self.map, self.load = kinematics(mesh, self.bodies, lines, conditions)
        blocks = [part.stiffness for part in self.parts]
        self._stiffness = blocks[0] if len(blocks) == 1 else block_diag(blocks, format="csr")
        p = self.map.matrix
        self._solver = TwoLevel(
            (p.T @ self._stiffness @ p).tocsr(), self.map.coarse_to_fine, self.map.coarse_rigid
        )
        self.method = self._solver.method
        self._border, self._corner = self._bordering()
        self._border_solutions = [self._solver.solve(column, 1e-11) for column in self._border.T]

    @property
    def generalised(self) -> bool:
        """Whether the out-of-plane strain is an unknown."""
        return self.conditions.kinematics == "generalised plane strain"

    @property
    def nodes(self) -> Ints:
        """Mesh nodes on Li|SE, surface after surface (m,)."""
        return np.concatenate([surface.nodes for surface in self.surfaces])

    @property
    def _closed_bodies(self) -> list[int]:
        """Lithium bodies whose pressure follows from their volume."""
        if self.conditions.lithium != "yielded":
            return []
        first = 0 if self.conditions.top == "held" else 1
        return list(range(first, len(self.surfaces)))

    def solve(self, thickness: Floats, swelling: Floats | None = None) -> MechanicsSolution:
        """The elastic state for a plated thickness and swollen particles.

        Parameters
        ----------
        thickness
            Plated thickness h at all mesh nodes (N,) in m; read on Li|SE only.
        swelling
            Relative change of volume at the six nodes of each triangle of electrolyte and
            particles (nt, 6), in the order of ``bodies[0].elements``; none if left out.
        """
        p = self.map.matrix
        jump = self.map.jump @ thickness
        slots = self._pressing_slots(thickness)
        pressing = self._pressing(slots)
        swelled, thrust = np.zeros(2 * len(self.bodies[0])), 0.0
        if swelling is not None:
            swelled, thrust = self.parts[0].swelling_forces(swelling)
            pressing[: len(swelled)] += swelled
        rhs = self.load + p.T @ (pressing - self._stiffness @ jump)
        inner = self._solver.solve(rhs, 1e-11)
        z, iterations = inner.solution, inner.iterations
        border: Floats = np.zeros(0)
        if len(self._corner):
            # Eliminate z: two or three more solutions were prepared with the matrix.
            columns = np.stack([s.solution for s in self._border_solutions], axis=1)
            right = self._border_rhs(jump, thickness, slots, thrust) - self._border.T @ z
            schur = self._corner - self._border.T @ columns
            border = np.asarray(np.linalg.solve(schur, right), dtype=float)
            z = z - columns @ border
            iterations += sum(s.iterations for s in self._border_solutions)
        w = p @ z + jump
        forces = self._stiffness @ w
        forces[: len(swelled)] -= swelled
        if self.generalised:
            forces += float(border[-1]) * self._dilation
        displacements = tuple(
            w[a:b].reshape(-1, 2) for a, b in zip(self._starts[:-1], self._starts[1:], strict=True)
        )
        out_of_plane = float(border[-1]) if self.generalised else 0.0
        closed = border[: len(self._closed_bodies)]
        return MechanicsSolution(
            conditions=self.conditions,
            bodies=self.bodies,
            lame=tuple((part.lam, part.mu) for part in self.parts),
            displacements=displacements,
            out_of_plane=out_of_plane,
            nodes=self.nodes,
            pressure=(
                self._lithium_pressure(-closed, slots)
                if self.conditions.lithium == "yielded"
                else self._interface_pressure(displacements[0], out_of_plane, swelled)
            ),
            iterations=iterations,
            plating_forces=np.asarray(self.map.jump.T @ forces),
            load_work=float(self.load @ z),
            swelling=swelling,
        )

    def _pressing_slots(self, thickness: Floats) -> list[Slot]:
        """Protrusions that grow: one that shrinks leaves room and does not press."""
        number = np.arange(len(thickness))
        return [
            slot
            for slot in self._slots
            if slot.edges.total(slot.edges.at_points(thickness, number)) > 0.0
        ]

    def _pressing(self, slots: list[Slot]) -> Floats:
        """Forces of lithium that presses with a known pressure, on all displacements."""
        force = np.zeros(int(self._starts[-1]))
        if self.conditions.lithium == "yielded":
            if self.conditions.top != "held":
                force += self._pressure_load(self.surfaces[0].edges, self.conditions.stack_pressure)
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
        p = self.map.matrix
        closed = self._closed_bodies
        columns = [p.T @ self._pressure_load(self.surfaces[body].edges, 1.0) for body in closed]
        areas = np.array([self._areas[body] for body in closed])
        corner = np.diag(-areas / self._bulk_modulus)
        if self.generalised:
            columns.append(p.T @ self._dilation)
            modulus = sum(part.confined_modulus for part in self.parts)
            # Out-of-plane strain gives room to closed lithium, whose pressure pulls on it.
            row = areas[:, None]
            corner = np.block([[corner, row], [row.T, np.array([[modulus]])]])
        size = p.shape[1]
        stacked = np.stack(columns, axis=1) if columns else np.zeros((size, 0))
        return stacked, corner

    @property
    def _dilation(self) -> Floats:
        return np.concatenate([part.dilation for part in self.parts])

    def _known_thrust(self, slots: list[Slot]) -> float:
        """Out-of-plane force of lithium whose pressure is known, in N per m of depth."""
        if self.conditions.lithium != "yielded":
            return 0.0
        stack = self.conditions.stack_pressure if self.conditions.top != "held" else 0.0
        return stack * self._areas[0] + sum(slot.pressure * slot.area for slot in slots)

    def _border_rhs(
        self, jump: Floats, thickness: Floats, slots: list[Slot], thrust: float
    ) -> Floats:
        """Plated volume that closed bodies must find room for; force out of the plane.

        `thrust` is the force in N by which swelling presses out of the plane.
        """
        number = np.arange(len(thickness))
        closed = [self.surfaces[body].edges for body in self._closed_bodies]
        values = [edges.total(edges.at_points(thickness, number)) for edges in closed]
        if self.generalised:
            values.append(self._known_thrust(slots) - float(self._dilation @ jump) + thrust)
        return np.array(values)

    def _interface_pressure(
        self, displacement: Floats, out_of_plane: float, swelled: Floats
    ) -> Floats:
        """Pressure of rigid or elastic lithium on the electrolyte at the nodes of Li|SE.

        From the nodal forces on the electrolyte, which are accurate where differentiated
        displacements are not.
        """
        space = self.bodies[0]
        force = self.parts[0].stiffness @ displacement.ravel() - swelled
        if out_of_plane:
            force = force + out_of_plane * self.parts[0].dilation
        return np.concatenate(
            [
                surface.pressure(force.reshape(-1, 2)[space.number[surface.nodes]].T)
                for surface in self.surfaces
            ]
        )

    def _lithium_pressure(self, closed: Floats, slots: list[Slot]) -> Floats:
        """Pressure of yielded lithium at the nodes of Li|SE, one in each body and slot."""
        known = dict(zip(self._closed_bodies, closed, strict=True))
        pressures = []
        for body, surface in enumerate(self.surfaces):
            value = np.full(len(surface.nodes), known.get(body, self.conditions.stack_pressure))
            if body == 0:
                for slot in slots:
                    value[np.isin(surface.nodes, slot.edges.nodes)] += slot.pressure
            pressures.append(value)
        return np.concatenate(pressures)


def _bulk_modulus(elastic: Elastic, mesh: Mesh) -> float:
    """Bulk modulus of lithium in Pa, which is all the elasticity that flowing lithium has."""
    foil = int(np.flatnonzero(mesh.geometry.phases == Phase.LITHIUM)[0])
    lam, mu = lame(elastic.youngs_modulus[foil : foil + 1], elastic.poisson_ratio[foil : foil + 1])
    return float(bulk_modulus(lam, mu)[0])
