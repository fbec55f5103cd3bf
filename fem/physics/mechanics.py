"""The mechanics problem: stress from a plated layer between lithium and electrolyte, and from
particles that swell.

Electrolyte and particles form one bonded body, or bodies that bonds hold together. Each solid obeys
a law of `fem.laws.solids`: where all are linear, one linear solve finds the state, and Newton's
method does otherwise (`fem.physics.equilibrium`). New lithium of thickness h appears between
it and the lithium, so across Li|SE the displacement jumps, ``u_SE - u_Li = h n`` with n out of the
lithium, and the traction is continuous; where lithium may part, the layer is what fills a gap first
(`fem.physics.plated`). Lithium is one of three limits, or in between:

rigid
    The jump moves the electrolyte; the foil may only rise or sink as a whole.
elastic
    Lithium deforms elastically as a second body.
yielded
    Lithium flows: each deposit presses with one uniform pressure, that of squeezing it out of its
    slot back to the foil. Lithium that cannot leave (an isolated body, or the foil under a held
    top) presses with the pressure that fits its volume.
viscoplastic
    A second body as if elastic, with a law that creeps among the `laws` of its regions.

Particles swell by a relative volume s, equally in all directions, or by a strain along and across
their crystals' axes: s/3 or that strain is taken off before the law sees it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_diag, csr_matrix, diags

from fem.geometry import Phase
from fem.mesh import Ints, Mesh
from fem.parameters import Elastic
from fem.physics.bonds import interfaces, lithium_interface, on_line
from fem.physics.elastic import NO_LAWS, Laws, LithiumSurface, SolidBody, Tangent
from fem.physics.equilibrium import Border, Equilibrium, History, Loads
from fem.physics.faces import Faces, Parted
from fem.physics.flow import FlowingLithium
from fem.physics.kinematics import Conditions, LithiumLine, kinematics, moving_with
from fem.physics.mechanisms import notes
from fem.physics.parting import Parting
from fem.physics.plated import PlatedFaces, supported
from fem.physics.shrinkage import Shrinkage
from fem.physics.solution import Inelastic, MechanicsSolution
from fem.physics.tangents import Virgin
from fem.physics.top import Top
from fem.solve.linear import TwoLevel

__all__ = ["Conditions", "MechanicsProblem", "MechanicsSolution"]

Floats = NDArray[np.float64]


class MechanicsProblem:
    """Assembled once a mesh and set of conditions; solved for any plated thickness and swelling.

    `composite` may be handed in where several problems share it. `laws` are those of regions that
    do not obey Hooke's law, of lithium alone with a composite.

    Attributes
    ----------
    parts
        The solid bodies: electrolyte and particles, then lithium if elastic.
    surfaces
        Where each lithium body meets the electrolyte, the foil first.
    interfaces, faces
        Where separate bodies face each other, last lithium if it may part; none if all are one.
        The pairs of these that may part; `None` if none may.
    map, load, springs
        The kinematic conditions, and the forces (N/m) and stiffnesses (Pa) of supports on their
        unknowns.
    notes
        What was done to pieces that hang on nothing, in words.
    """

    def __init__(
        self,
        mesh: Mesh,
        elastic: Elastic,
        conditions: Conditions,
        composite: SolidBody | None = None,
        laws: Laws = NO_LAWS,
    ) -> None:
        self.mesh, self.conditions = mesh, conditions
        self._elastic, self._laws = elastic, laws
        geometry = mesh.geometry
        if composite is None:
            composite = SolidBody.composite(mesh, elastic, laws, conditions.separate)
        self.parts = [composite]
        if conditions.deforms:
            self.parts.append(SolidBody.of(mesh, elastic, mesh.elements(Phase.LITHIUM), laws))
        self.bodies = tuple(part.space for part in self.parts)
        self._starts = np.cumsum([0] + [2 * len(body) for body in self.bodies])
        self.interfaces = interfaces(composite.space)
        if conditions.separate and not self.interfaces and (geometry.phases == Phase.ACTIVE).any():
            raise ValueError("a bond of bodies needs a composite whose bodies are separate")

        self.surfaces = LithiumSurface.all(mesh)
        beside = [on_line(composite.space, surface.rows) for surface in self.surfaces]
        self._on_line = np.max([number for number, _ in beside], axis=0)
        ties = [pairs for _, pairs in beside]
        if conditions.lithium_parts:
            rows, ties = np.concatenate([s.rows for s in self.surfaces]), []
            self.interfaces.append(lithium_interface(self.bodies[0], self.bodies[1], rows))
        self._flow = FlowingLithium.of(
            mesh, elastic, conditions, self.surfaces, self._on_line, int(self._starts[-1])
        )
        lines = [LithiumLine.of(s.contact, s.nodes, self._on_line) for s in self.surfaces]
        kinematic = kinematics(mesh, self.bodies, lines, conditions, self.interfaces, ties)
        bonds = [(each, getattr(conditions, each.kind)) for each in self.interfaces]
        meeting = self.bodies if conditions.lithium_parts else self.bodies[:1]
        self.map, faces = Faces.of(kinematic.map, meeting, bonds)
        self.faces = supported(faces, conditions)
        self._plated = PlatedFaces.of(self.faces, self.nodes, mesh.nodes.shape[1])
        self._shrinkage = Shrinkage.of(mesh, self.interfaces, self.faces, len(kinematic.prescribed))
        self._plate, self._virgin = kinematic.plate, Virgin()
        self._prescribed, self._together = kinematic.prescribed, kinematic.together
        self.notes = notes(kinematic.loose)
        self.load, self.springs = (np.zeros(self.map.matrix.shape[1]) for _ in range(2))
        if self._plate is not None:
            self.springs[self._plate] = spring = conditions.spring * geometry.width
            weight = conditions.stack_pressure * geometry.width
            self.load[self._plate] = spring * self._rest - weight
        blocks = [part.stiffness for part in self.parts]
        self._stiffness = blocks[0] if len(blocks) == 1 else block_diag(blocks, format="csr")
        self._closed = np.asarray(self.map.matrix.T @ self._flow.columns)
        self.linear = self.faces is None and all(part.linear for part in self.parts)
        if self.linear:
            p = self.map.matrix
            reduced = (p.T @ self._stiffness @ p).tocsr()
            if self.springs.any():
                reduced = (reduced + diags(self.springs)).tocsr()
            self._solver = TwoLevel(reduced, self.map.coarse_to_fine, self.map.coarse_rigid)
            self.method = self._solver.method
            self._border, self._corner = self._bordering()
            self._border_solutions = [self._solver.solve(c, 1e-11) for c in self._border.T]

    @property
    def generalised(self) -> bool:
        """Whether the out-of-plane strain is an unknown."""
        return self.conditions.kinematics == "generalised plane strain"

    @property
    def nodes(self) -> Ints:
        """Mesh nodes on Li|SE, surface after surface (m,)."""
        return np.concatenate([surface.nodes for surface in self.surfaces])

    @cached_property
    def _rest(self) -> float:
        """Rise of the plate in m under its dead weight, before anything is plated."""
        conditions = self.conditions
        leans = conditions.top == "plate" and conditions.stack_stiffness > 0.0
        if not leans or not conditions.stack_pressure:
            return 0.0
        dead = replace(conditions, stack_stiffness=0.0)
        alone = MechanicsProblem(self.mesh, self._elastic, dead, self.parts[0], self._laws)
        return alone.solve(np.zeros(self.mesh.nodes.shape[1])).top.rise or 0.0

    @property
    def prestressed(self) -> bool:
        """Whether a plate that cannot move presses before anything is plated."""
        return self.conditions.top_is_fixed and self._rest != 0.0

    @cached_property
    def _top(self) -> Top:
        at = (self.mesh.geometry.width, self._rest, self._plate, self._prescribed)
        return Top(self.conditions, *at, self._flow)

    def start(self) -> History:
        """What the laws of all bodies remember of virgin material."""
        return tuple(part.start() for part in self.parts)

    def tangents(self, state: MechanicsSolution | None = None) -> list[Tangent]:
        """The tangent of each body at a solved state, or at rest with virgin material."""
        if self.faces is not None:
            raise ValueError("solids whose faces may part have no tangent that holds for all loads")
        if state is None or self.linear:
            return [
                part.tangent(np.zeros((len(part.space), 2)), 0.0, None, part.start(), 0.0)
                for part in self.parts
            ]
        swelling = [state.swelling, None]
        return [
            part.tangent(u, state.out_of_plane, s, history, state.duration)
            for part, u, s, history in zip(
                self.parts, state.displacements, swelling, state.before, strict=False
            )
        ]

    def solve(
        self,
        thickness: Floats,
        swelling: Floats | None = None,
        history: History | None = None,
        guess: MechanicsSolution | Floats | None = None,
        duration: float = 0.0,
        parted: Parted | None = None,
        lost: Floats | None = None,
    ) -> MechanicsSolution:
        """The state of equilibrium for a plated thickness and swollen particles.

        Parameters
        ----------
        thickness
            Plated thickness h at all mesh nodes (N,) in m; read on Li|SE only.
        swelling
            At the six nodes of each triangle of ``bodies[0].elements``: relative change of volume
            (nt, 6), or strain (4, nt, 6) in the order xx, yy, zz, 2xy; none if left out.
        history
            What the laws remember, that of virgin material if left out. It is not changed: the
            solution has a new one.
        guess
            A state, or its unknowns, to start Newton's method from.
        duration
            Seconds since `history`, for laws that creep.
        parted
            How faces stood at `history`, as if never parted if left out.
        lost
            Thickness in m that electrolyte has lost at its pairs with particles (m,), if any.

        Raises
        ------
        SolveError
            If a solver does not converge.
        """
        history = self.start() if history is None else history
        flow, slots = self._flow, self._flow.pressing(thickness)
        jump = self.map.jump @ thickness + self._shrinkage.displacement(lost)
        if self.prestressed:
            jump = jump + self._prescribed * self._rest
        faces, plated = self.faces, self._plated
        if faces is not None and plated is not None:
            faces = plated.filled(faces, thickness)
        faces = self._shrinkage.cleared(faces, lost)
        volumes = flow.volumes(thickness, self._rest)
        swelled = None if swelling is None else self.parts[0].swelling_forces(swelling)
        loads = Loads(jump, flow.known_forces(slots), flow.known_thrust(slots), swelling, swelled)
        unknowns: Floats | None = None
        norms: tuple[float, ...] = ()
        if self.linear:
            z, strain, closed, iterations = self._solve_linear(loads, volumes)
        else:
            border = Border(self._closed, flow.compliance, flow.areas[flow.closed], volumes)
            system = self._system(loads, border, history, duration, faces, parted)
            start = guess.unknowns if isinstance(guess, MechanicsSolution) else guess
            if isinstance(system, Parting):
                settled = system.settle(start)
                unknowns, norms, parted = settled.solution, settled.norms, system.found(settled)
            else:
                found = system.solve(start)
                unknowns, norms = found.solution, found.norms
            z, iterations = unknowns[: len(self.load)], system.iterations
            strain, closed = system.out_of_plane(unknowns), system.closed(unknowns)
        w = self.map.matrix @ z + jump
        displacements = tuple(
            w[a:b].reshape(-1, 2) for a, b in zip(self._starts[:-1], self._starts[1:], strict=True)
        )
        known = ((swelling, swelled), (None, None))
        answers = [
            part.answer(u, strain, s, h, duration, f)
            for part, u, (s, f), h in zip(self.parts, displacements, known, history, strict=False)
        ]
        forces = np.concatenate([answer.forces for answer in answers])
        top = self._top.support(z, w, forces, closed, strain, thickness)
        by_forces = self._interface_pressure
        pressure = flow.pressures(-closed, slots) if flow.flows else by_forces(answers[0].forces)
        plating = np.asarray(self.map.jump.T @ forces)
        if plated is not None:
            assert faces is not None and parted is not None
            plating = plating + plated.forces(faces, parted)
            pressure = plated.pressure(faces, parted, pressure, self.nodes)
        weight = self.conditions.stack_pressure * self.mesh.geometry.width
        return MechanicsSolution(
            conditions=self.conditions,
            bodies=self.bodies,
            lame=tuple((part.lam, part.mu) for part in self.parts),
            displacements=displacements,
            out_of_plane=strain,
            nodes=self.nodes,
            pressure=pressure,
            iterations=iterations,
            plating_forces=plating,
            lost=lost,
            shrinking_forces=self._shrinkage.forces(forces, self.faces, parted),
            load_work=0.0 if self._plate is None else -weight * float(z[self._plate]) - top.energy,
            swelling=swelling,
            top=top,
            thickness=thickness,
            before=history,
            history=tuple(answer.history for answer in answers),
            duration=duration,
            unknowns=unknowns,
            norms=norms,
            notes=self.notes,
            parted=parted,
            faces=self.faces,
            law_of=tuple(part.law_of for part in self.parts),
            inelastic=tuple(
                None
                if part.linear
                else Inelastic(
                    answer.stress, answer.energy, part.flowed(answer.history), answer.dissipated
                )
                for part, answer in zip(self.parts, answers, strict=True)
            ),
        )

    def _system(
        self,
        loads: Loads,
        border: Border,
        history: History,
        duration: float,
        faces: Faces | None,
        parted: Parted | None,
    ) -> Equilibrium:
        """What Newton's method is to solve."""
        length = float(np.sqrt(self.bodies[0].basis.dx.sum())) if self.generalised else 0.0
        given = (self.parts, self.map, self.springs, self.load, loads, border, history, length)
        if faces is None or self.faces is None:
            return Equilibrium(*given, duration)
        stood = parted or self.faces.start()
        known = Parting(*given, duration, faces=faces, parted=stood, virgin=self._virgin)
        again = parted is not None
        return replace(known, again=again, still=again and duration == 0.0)

    def _solve_linear(self, loads: Loads, volumes: Floats) -> tuple[Floats, float, Floats, int]:
        """Unknowns, out-of-plane strain, pressures of closed lithium with their sign turned."""
        p, jump, thrust = self.map.matrix, loads.jump, loads.thrust
        pressing = loads.pressing
        if loads.swelled is not None:
            swelled, known = loads.swelled
            pressing, thrust = pressing.copy(), thrust + known
            pressing[: len(swelled)] += swelled
        inner = self._solver.solve(self.load + p.T @ (pressing - self._stiffness @ jump), 1e-11)
        z, iterations = inner.solution, inner.iterations
        border: Floats = np.zeros(0)
        if len(self._corner):
            # Eliminate z: two or three more solutions were prepared with the matrix.
            columns = np.stack([s.solution for s in self._border_solutions], axis=1)
            right = volumes
            if self.generalised:
                right = np.append(right, thrust - float(self._dilation @ jump))
            right = right - self._border.T @ z
            schur = self._corner - self._border.T @ columns
            border = np.asarray(np.linalg.solve(schur, right), dtype=float)
            z = z - columns @ border
            iterations += sum(s.iterations for s in self._border_solutions)
        strain = float(border[-1]) if self.generalised else 0.0
        return z, strain, border[: len(volumes)], iterations

    def _bordering(self) -> tuple[Floats, Floats]:
        """Columns and corner of the unknowns that a sparse matrix should not hold.

        These are pressures of closed lithium bodies, with the opposite sign, and the out-of-plane
        strain.
        """
        columns, corner = self._closed, np.diag(-self._flow.compliance)
        if self.generalised:
            columns = np.column_stack([columns, self.map.matrix.T @ self._dilation])
            modulus = sum(part.confined_modulus for part in self.parts)
            # Out-of-plane strain gives room to closed lithium, whose pressure pulls on it.
            row = self._flow.areas[self._flow.closed][:, None]
            corner = np.block([[corner, row], [row.T, np.array([[modulus]])]])
        return columns, corner

    @property
    def _dilation(self) -> Floats:
        return np.concatenate([part.dilation for part in self.parts])

    @cached_property
    def touching(self) -> Ints:
        """Mesh nodes at which lithium touches the composite, plated or not (m,), ascending."""
        return np.unique(np.concatenate([s.contact.nodes.ravel() for s in self.surfaces]))

    @cached_property
    def on_line(self) -> tuple[csr_matrix, ...]:
        """Of each body which unknowns move with its nodes in `touching`, (n, m) of ones."""
        return moving_with(self.touching, self._on_line, self._together, self.bodies)

    def _interface_pressure(self, forces: Floats) -> Floats:
        """Pressure of rigid or elastic lithium on the electrolyte at the nodes of Li|SE.

        From the nodal forces on the electrolyte, which are accurate where differentiated
        displacements are not.
        """
        at_nodes = self.on_line[0].T @ forces.reshape(-1, 2)
        return self.pressure_of(at_nodes[np.searchsorted(self.touching, self.nodes)])

    def pressure_of(self, forces: Floats) -> Floats:
        """Pressure (m, ...) in Pa from forces on the electrolyte at `nodes` (m, 2, ...)."""
        ends = np.cumsum([len(surface.nodes) for surface in self.surfaces])
        parts = np.split(forces.swapaxes(0, 1), ends[:-1], axis=1)
        return np.concatenate(
            [surface.pressure(part) for surface, part in zip(self.surfaces, parts, strict=True)]
        )
