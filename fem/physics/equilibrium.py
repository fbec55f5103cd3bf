"""Equilibrium of solids whose laws are not all linear, by Newton's method.

With displacements ``w = P z + jump`` and the out-of-plane strain e, the unknowns z and e hold

    P' (F(w, e) - pressing) + k z - load + C y = 0
    N(w, e) + A' y - thrust = 0,   y = (C' z + A e - V) / c

where F and N are what the stress does in and out of the plane, k are springs, and y, less its sign,
are pressures of closed lithium bodies: each follows from the volume V that must find room, through
the compliance c. Laws with symmetric tangents make this the slope of a convex energy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_diag, csr_matrix, diags
from scipy.sparse.linalg import aslinearoperator

from fem.errors import LimitLoad, SolveError
from fem.laws.solids import EQUIVALENT, J2, Anand, Norton
from fem.physics.constraints import AffineMap
from fem.physics.elastic import Answer, BodyHistory, SolidBody
from fem.solve.linear import Factorised, LinearResult, TwoLevel
from fem.solve.newton import Newton, NewtonResult, find, minimise

Floats = NDArray[np.float64]
History = tuple[BodyHistory, ...]
"""The history of all bodies: of the composite, then of lithium if it deforms."""
State = tuple[Floats, float, Floats | None, BodyHistory, float]

SETTINGS = Newton(tolerance=1e-11, max_iterations=60)
MANY_ITERATIONS = 40
"""Of the linear solver, after which its preconditioner is made anew."""
FEW_ITERATIONS = 12
"""The same where sparse factors precondition: new ones cost about as much."""
CURES = (
    "a smaller step in time, or less plated and swollen at once",
    "check strengths and stiffnesses for their units: a solid that only flows bears no more load",
)
FLOWING = 1e4
"""Plastic strain of one step above which a solid flows away instead of finding its balance: far
above what a corner of plated lithium makes, and soon passed where there is no balance."""
BEYOND = (
    "a smaller stack pressure or load, or a top that is held",
    "a higher yield_strength, or a hardening_modulus above 0, for the solid that flows",
)


class Border(NamedTuple):
    """Closed lithium bodies: what their pressures do, (nz, k), compliance, area and volume (k,)."""

    columns: Floats
    compliance: Floats
    areas: Floats
    volumes: Floats


class Loads(NamedTuple):
    """What acts on the bodies: known displacements and forces, and the force out of the plane.

    `jump` and `pressing` (n,) are of all displacements, `swelling` is that of the composite and
    `swelled` its `SolidBody.swelling_forces`.
    """

    jump: Floats
    pressing: Floats
    thrust: float
    swelling: Floats | None
    swelled: tuple[Floats, float] | None


@dataclass
class Equilibrium:
    """One set of loads on bodies with their history; see the equations above.

    `duration` is that of the step in s. `length` makes the out-of-plane strain a displacement, so
    that residuals compare; 0 where that strain is no unknown.
    """

    parts: list[SolidBody]
    map: AffineMap
    springs: Floats
    load: Floats
    loads: Loads
    border: Border
    history: History
    length: float
    duration: float = 0.0
    iterations: int = 0
    _known: tuple[Floats, tuple[Answer, ...]] | None = None
    _prepared: TwoLevel | Factorised | None = None
    _locks: bool = False

    def __post_init__(self) -> None:
        # What creeps through a step has next to no stiffness but against a change of volume.
        laws = [law for part in self.parts for law in part.laws]
        self._locks = self.duration > 0.0 and any(isinstance(law, Norton | Anand) for law in laws)

    def solve(self, start: Floats | None) -> NewtonResult:
        """The unknowns (z, e times `length`), from those of another state or from rest.

        Raises
        ------
        LimitLoad
            If it does not because solids flow away.
        SolveError
            If Newton's method does not converge for any other reason.
        """
        rest = np.zeros(self.map.matrix.shape[1] + (self.length > 0.0))
        first = rest if start is None else start
        scale = max(self._scale(rest), self._scale(first))
        if scale == 0.0:
            return NewtonResult(rest, 0, 0.0)
        if all(part.symmetric for part in self.parts):
            found = minimise(
                self.residual, np.copy, self.step, first, scale, "displacement", SETTINGS, CURES
            )
        else:
            found = find(
                self.residual, lambda x, r, tolerance: self.step(x, -r, tolerance), first,
                lambda r: float(np.linalg.norm(r)) / scale,
                "displacement", SETTINGS, CURES,
            )  # fmt: skip
        self.require_bearing(found.solution)
        return found

    def require_bearing(self, unknowns: Floats) -> None:
        """Refuse a state in which solids that yield without hardening flow away.

        Beyond a limit load Newton's method runs off to displacements without end, and what rounding
        leaves there may even look like balance.
        """
        flow = 0.0
        answers = zip(self.parts, self.answers(unknowns), self.history, strict=True)
        for part, answer, history in answers:
            for law, old, new in zip(part.laws, history, answer.history, strict=True):
                if isinstance(law, J2) and law.modulus == 0.0:
                    added = new[EQUIVALENT] - old[EQUIVALENT]
                    flow = max(flow, float(added.max(initial=0.0)))
        if flow > FLOWING:
            raise LimitLoad(
                "the load is beyond the limit load of the solids that yield: without hardening "
                "they flow on without end, and there is no equilibrium",
                field="displacement",
                cures=BEYOND,
            )

    def gross(self, unknowns: Floats) -> float:
        """What forces out of balance compare with, at a state or at rest, in N per m of depth."""
        return max(self._scale(np.zeros_like(unknowns)), self._scale(unknowns))

    def _scale(self, unknowns: Floats) -> float:
        """What forces out of balance compare with: stress that history has left may balance."""
        out = float(np.linalg.norm(self.residual(unknowns)))
        answers = zip(self.parts, self.answers(unknowns), strict=True)
        return max(out, *(part.gross(answer.stress) for part, answer in answers))

    def displacements(self, unknowns: Floats) -> Floats:
        """All displacements (n,)."""
        z, _ = self._split(unknowns)
        return np.asarray(self.map.matrix @ z + self.loads.jump)

    def out_of_plane(self, unknowns: Floats) -> float:
        """The out-of-plane strain."""
        return self._split(unknowns)[1]

    def closed(self, unknowns: Floats) -> Floats:
        """Pressures of closed lithium bodies with the opposite sign (k,)."""
        z, strain = self._split(unknowns)
        columns, compliance, areas, volumes = self.border
        return np.asarray((columns.T @ z + areas * strain - volumes) / compliance)

    def _split(self, unknowns: Floats) -> tuple[Floats, float]:
        if self.length == 0.0:
            return unknowns, 0.0
        return unknowns[:-1], float(unknowns[-1]) / self.length

    def states(self, unknowns: Floats) -> list[State]:
        """What each body is asked, in the order of `SolidBody.answer`."""
        w, strain = self.displacements(unknowns), self.out_of_plane(unknowns)
        ends = np.cumsum([2 * len(part.space) for part in self.parts])
        pieces = np.split(w, ends[:-1])
        swelling = [self.loads.swelling, None]
        return [
            (piece.reshape(-1, 2), strain, s, h, self.duration)
            for piece, s, h in zip(pieces, swelling[: len(pieces)], self.history, strict=True)
        ]

    def answers(self, unknowns: Floats) -> tuple[Answer, ...]:
        """Those of the bodies; the last ones are remembered."""
        if self._known is None or not np.array_equal(self._known[0], unknowns):
            answers = [
                part.answer(*state, self.loads.swelled if k == 0 else None)
                for k, (part, state) in enumerate(
                    zip(self.parts, self.states(unknowns), strict=True)
                )
            ]
            self._known = (unknowns.copy(), tuple(answers))
        return self._known[1]

    def residual(self, unknowns: Floats) -> Floats:
        """Forces out of balance on z, and out of the plane over `length`."""
        z, _ = self._split(unknowns)
        answers = self.answers(unknowns)
        forces = np.concatenate([answer.forces for answer in answers])
        closed = self.closed(unknowns)
        result = self.map.matrix.T @ (forces - self.loads.pressing) - self.load
        result = result + self.springs * z + self.border.columns @ closed
        if self.length:
            thrust = sum(answer.thrust for answer in answers) - self.loads.thrust
            result = np.append(result, (thrust + self.border.areas @ closed) / self.length)
        return np.asarray(result)

    def step(self, unknowns: Floats, right: Floats, tolerance: float) -> Floats:
        """Newton's step from `unknowns` for a right-hand side, the residual with its sign turned.

        Where the tangent cannot be solved with, as where a law softens, the stiffness of virgin
        material takes its place: that is slower but leads downhill.

        Raises
        ------
        LimitLoad
            If solids have begun to flow away.
        """
        self.require_bearing(unknowns)
        states = self.states(unknowns)
        try:
            return self._step(states, right, tolerance)
        except SolveError:
            self._prepared = None
            virgin: list[State] = [
                (np.zeros_like(u), 0.0, None, part.start(), 0.0)
                for (u, *_), part in zip(states, self.parts, strict=True)
            ]
            return self._step(virgin, right, tolerance)

    def _step(self, states: list[State], right: Floats, tolerance: float) -> Floats:
        """The step by the tangents at given states."""
        matrix, columns, corner = self.tangent(states)
        below = np.zeros(len(corner))
        if self.length:
            right, below[-1] = right[:-1], right[-1] * self.length
        z = self._linear(matrix, right, tolerance)
        if not len(corner):
            return z
        known = np.stack([self._linear(matrix, c, min(tolerance, 1e-6)) for c in columns.T], axis=1)
        border = np.linalg.solve(corner - columns.T @ known, below - columns.T @ z)
        z = z - known @ border
        return np.append(z, border[-1] * self.length) if self.length else z

    def tangent(self, states: list[State]) -> tuple[csr_matrix, Floats, Floats]:
        """The matrix of the unknowns z, and columns and corner of those that border it."""
        tangents = [p.tangent(*state) for p, state in zip(self.parts, states, strict=True)]
        p = self.map.matrix
        matrix = p.T @ block_diag([t.stiffness for t in tangents], format="csr") @ p
        matrix = (matrix + diags(self.springs)).tocsr()
        columns, compliance, areas, _ = self.border
        corner = np.diag(-compliance)
        if self.length:
            dilation = p.T @ np.concatenate([t.dilation for t in tangents])
            columns = np.column_stack([columns, dilation])
            row, confined = areas[:, None], sum(t.confined for t in tangents)
            corner = np.block([[corner, row], [row.T, np.array([[confined]])]])
        return matrix, columns, corner

    def _linear(self, matrix: csr_matrix, right: Floats, tolerance: float) -> Floats:
        """Solve with a tangent, preconditioned by an earlier one as long as that serves.

        Then by two levels, or by factors once these have been too slow for a tangent.
        """
        if self._prepared is not None:
            try:
                found = self._solved(self._prepared, matrix, right, tolerance)
            except SolveError:
                found = None
            direct = isinstance(self._prepared, Factorised)
            if found is not None and found.iterations <= MANY_ITERATIONS:
                if direct and found.iterations > FEW_ITERATIONS:
                    self._prepared = None
                return found.solution
        if not self._locks:
            two = TwoLevel(matrix, self.map.coarse_to_fine, self.map.coarse_rigid)
            try:
                found = self._solved(two, matrix, right, tolerance)
            except SolveError:
                found = None
            self._prepared, self._locks = two, found is None or found.iterations > MANY_ITERATIONS
            if found is not None:
                return found.solution
        self._prepared = Factorised(matrix)
        return self._solved(self._prepared, matrix, right, tolerance).solution

    def _solved(
        self, solver: TwoLevel | Factorised, matrix: csr_matrix, right: Floats, tolerance: float
    ) -> LinearResult:
        if all(part.symmetric for part in self.parts):
            found = solver.solve(right, tolerance, matrix)
        else:
            found = solver.solve_near(aslinearoperator(matrix), right, tolerance)
        self.iterations += found.iterations
        return found
