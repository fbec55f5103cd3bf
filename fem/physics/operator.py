"""The pressure on Li|SE to first order in the plated thickness: ``p = offset + A h``.

A run in time asks for this pressure at every stage of every step, and for nothing else of the
mechanics. So all that lies away from the interface is condensed once a mesh: each body leaves a
dense stiffness on its displacements at the interface, and on these the conditions of
`physics.kinematics` act as they do on the whole (static condensation; A is the Steklov-Poincare
operator of the cell). Where laws are not linear, what is condensed is the tangent at a state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_diag, bmat, csr_matrix, hstack, identity, kron, vstack

from fem.errors import InputError
from fem.mesh import Ints
from fem.physics.elastic import Tangent
from fem.physics.mechanics import MechanicsProblem
from fem.physics.solution import MechanicsSolution
from fem.solve.condense import schur_complement

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class InterfaceOperator:
    """Pressure of rigid or elastic lithium on the electrolyte, ``offset + matrix @ h``.

    It holds for any thickness where all laws are linear, and near the state it was formed at
    otherwise.

    With M the mass matrix along Li|SE, ``M A`` is symmetric and positive semidefinite where the
    interface is straight, because h works against M p. On curves it is so up to the error of the
    discretisation, since a pressure is recovered from both components of the force.

    Swelling of particles is left out. What it adds is the pressure of ``MechanicsProblem.solve``
    for this swelling and no thickness, less `offset`.

    Attributes
    ----------
    nodes
        Mesh nodes on Li|SE (m,), in the order of ``MechanicsSolution.nodes``.
    matrix
        A (m, m) in Pa/m.
    offset
        Pressure (m,) in Pa without plating: that of the stack. At a state, what is left of its
        pressure after ``matrix @ h`` of its thickness.
    """

    nodes: Ints
    matrix: Floats
    offset: Floats

    @classmethod
    def of(
        cls, problem: MechanicsProblem, state: MechanicsSolution | None = None
    ) -> InterfaceOperator:
        """Condense the tangent of a mechanics problem.

        Parameters
        ----------
        state
            Where the tangent is taken: a solution of the problem, whose swelling and history hold
            on. Without it the problem is at rest.

        Raises
        ------
        InputError
            For yielded lithium, whose pressure does not grow with its thickness.
        ValueError
            Where a tangent is not symmetric: condensation relies on it.
        """
        if problem.conditions.lithium == "yielded":
            raise InputError(
                "the pressure of yielded lithium is not linear in the plated thickness",
                key="mechanics.lithium",
                given="yielded",
                allowed="rigid, elastic",
                cure='choose one of these, or mechanics.coupling = "none"',
            )
        if not all(part.symmetric for part in problem.parts):
            raise ValueError("only symmetric tangents can be condensed")
        tangents = problem.tangents(state)
        bodies = [_Condensed.of(problem, k, tangent) for k, tangent in enumerate(tangents)]
        load = np.append(problem.load, [0.0] * problem.generalised)
        moving = np.flatnonzero(sum(np.diff(body.motion.tocsc().indptr) for body in bodies))
        motions = [body.motion[:, moving] for body in bodies]
        # With w = Z z + Q h: (Z' S Z) z = load - (Z' S Q) h, a column for the load and each h.
        forces = [np.asarray(z.T @ body.stiffness) for z, body in zip(motions, bodies, strict=True)]
        stiffness = sum(f @ z for f, z in zip(forces, motions, strict=True))
        springs = np.append(problem.springs, [0.0] * problem.generalised)
        stiffness = stiffness + np.diag(springs[moving])
        right = -sum(f @ body.jump for f, body in zip(forces, bodies, strict=True))
        answer = np.linalg.solve(stiffness, np.column_stack([load[moving], right]))
        composite = bodies[0]
        force = forces[0].T @ answer
        force[:, 1:] += composite.stiffness @ composite.jump
        at_nodes = force[composite.interface].reshape(len(problem.touching), 2, -1)
        pressure = problem.pressure_of(at_nodes[np.searchsorted(problem.touching, problem.nodes)])
        matrix, offset = np.ascontiguousarray(pressure[:, 1:]), pressure[:, 0].copy()
        if state is None and problem.prestressed:
            state = problem.solve(np.zeros(problem.mesh.nodes.shape[1]))
        if state is not None:
            assert state.thickness is not None
            offset = state.pressure - matrix @ state.thickness[problem.nodes]
        return cls(problem.nodes, matrix, offset)

    def pressure(self, thickness: Floats) -> Floats:
        """Pressure (m,) in Pa for a plated thickness (m,) in m at `nodes`."""
        return np.asarray(self.offset + self.matrix @ thickness)


@dataclass(frozen=True)
class _Condensed:
    """What is left of a body: a stiffness on its displacements w at the interface and a few more.

    The others are unknowns that move it as a whole away from the interface, such as a plate, and
    the out-of-plane strain where that is free.

    Attributes
    ----------
    stiffness
        (n, n), symmetric.
    motion, jump
        ``w = motion @ z + jump @ h``, with all unknowns z of the cell and h at the nodes of the
        interface.
    interface
        Which of w are displacements at the interface: x and y, node after node.
    """

    stiffness: Floats
    motion: csr_matrix
    jump: csr_matrix
    interface: slice

    @classmethod
    def of(cls, problem: MechanicsProblem, number: int, tangent: Tangent) -> _Condensed:
        """Condense a body of a mechanics problem, given its tangent."""
        space, nodes = problem.bodies[number], problem.nodes
        size = 2 * len(space)
        start = sum(2 * len(each) for each in problem.bodies[:number])
        motion = problem.map.matrix[start : start + size]
        jump = problem.map.jump[start : start + size]
        line = problem.on_line[number]
        first = line.tocsc().indices[line.tocsc().indptr[:-1]]
        interface = (2 * first[:, None] + np.arange(2)).ravel()

        columns = motion.tocsc()
        entries = np.diff(columns.indptr)
        away = np.diff(motion[interface].tocsc().indptr) == 0
        # An unknown of its own moves one node, or what is bonded there to another body.
        own = np.arange(len(entries)) < len(entries) - problem.map.added
        inner = np.flatnonzero(away & own & (entries > 0))
        whole = np.flatnonzero(away & ~own & (entries > 0))
        # The interface may move at will here: conditions on it come after.
        free = kron(line, identity(2), format="csr")
        to_body = hstack([motion[:, inner], motion[:, whole], free], format="csr")
        reduced = (to_body.T @ tangent.stiffness @ to_body).tocsr()
        kept_motion = vstack(
            [identity(motion.shape[1], format="csr")[whole], motion[interface]], format="csr"
        )
        kept_jump = vstack(
            [csr_matrix((len(whole), len(nodes))), jump[interface][:, nodes]], format="csr"
        )
        if problem.generalised:
            border = csr_matrix(to_body.T @ tangent.dilation).T
            corner = csr_matrix([[tangent.confined]])
            reduced = bmat([[reduced, border], [border.T, corner]], format="csr")
            kept_motion = block_diag([kept_motion, corner / tangent.confined], format="csr")
            kept_jump = vstack([kept_jump, csr_matrix((1, len(nodes)))], format="csr")
        points = np.zeros((2, reduced.shape[0]))
        rows = columns.indices[columns.indptr[inner]]
        points[:, : len(inner)] = problem.mesh.nodes[:, space.nodes[rows // 2]]
        return cls(
            stiffness=schur_complement(reduced, points, np.arange(len(inner), reduced.shape[0])),
            motion=kept_motion,
            jump=kept_jump,
            interface=slice(len(whole), len(whole) + len(interface)),
        )
