"""Equilibrium of solids whose faces touch, part and slide.

The equations are those of `fem.physics.equilibrium` with gaps and slips among the unknowns
(`fem.physics.faces`), the tractions of bonds at these, and conditions at each pair of faces:

    gap >= 0,  pressure >= 0,  gap pressure = 0                      (exact, without a penalty)
    |shear| <= friction x pressure, and the faces slide only where it is equal, the way it points
    rigid bonds: neither gap nor slip until their strength is exceeded

An opening that is held at its target is no unknown, and minus its residual is what holds it. Which
openings are held is found with the rest by an active set (`fem.solve.active`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, diags, identity
from scipy.sparse.linalg import LinearOperator, cg

from fem.errors import SolveError
from fem.laws.bonds import GAP, SLIP, Pull, Touching
from fem.mesh import Ints
from fem.physics.anchoring import led
from fem.physics.equilibrium import Equilibrium
from fem.physics.faces import Bonding, Faces, Parted
from fem.physics.jumps import NO_JUMP, Jump, jump
from fem.solve.active import Held, Settings, Settled, settle
from fem.solve.linear import Factorised, pivoted

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

Factors = tuple[Ints, Factorised]
"""Which unknowns were free, and the factors of their matrix."""

SETTINGS = Settings(tolerance=1e-11)
CURES = (
    "a smaller step in time, or less swelling at once",
    "a viscosity of the bond, where it snaps open",
)
FALLS = (
    "a support or a bond for every piece that loads pull at",
    "a plate that is moved, not pulled, where bonds may fail all along it",
)
SLIDES, FLOATS, TURNS = 1e-11, 1e-10, 1e-8
"""Stiffness, over that of the solids, of springs across all slips, across gaps of pieces that are
loose all round, and across one slip of each piece without a bond: a disc that turns, or lies in a
hole, needs a place. Their forces are too small to matter."""
ENOUGH = 25
"""Iterations of conjugate gradients after which factors are made anew."""
OVER = 1e-6
"""By how much of its strength a rigid bond must bear too much to break: one that is broken at its
strength to rounding has no opening that could be told from none."""
NO_FORCE = 1e-10
"""Force of a pair, relative to that of all, that counts as none."""
NO_GAP = 1e-14
"""Gap, relative to the largest distance of pairs, that counts as none."""


@dataclass
class Parting(Equilibrium):
    """One set of loads on bodies with faces that may part.

    Attributes
    ----------
    faces, parted
        The faces, and how they stood in the last state.
    clock, relaxed
        Duration of the step for bonds in s, if another than `duration`; the same loads after bonds
        have let go, or pieces have gone to their place, in turns, if that was needed.
    ties
        Stiffness, over that of the solids, and rest (2 m,) in m of springs across openings.
    """

    faces: Faces = field(kw_only=True)
    parted: Parted = field(kw_only=True)
    clock: float | None = None
    relaxed: Parting | None = None
    ties: tuple[float, Floats | float] = (0.0, 0.0)
    _factors: Factors | None = None
    _rigid: Bools = field(init=False)
    _way: Floats = field(init=False)
    _pressing: float = 0.0
    _loose: Bools = field(init=False)
    _start: Floats = field(init=False)

    def __post_init__(self) -> None:
        self._rigid = self.faces.rigid(self.parted.bonding)
        self._way = np.zeros(len(self.faces))
        self._loose = np.zeros(len(self.faces), dtype=bool)

    def settle(self, start: Floats | None) -> Settled:
        """Unknowns and which of them are held, from those of another state or from rest.

        Raises
        ------
        LimitLoad
            If solids flow away.
        SolveError
            If nothing that holds is found for any other reason.
        """
        x = np.zeros(self._size) if start is None else np.array(start, dtype=float)
        try:
            found = self.settled(x)
        except SolveError:
            self.relaxed, x = led(self, x)
            found = self.relaxed.settled(x)
        self.require_bearing(found.solution)
        return found

    def settled(self, x: Floats) -> Settled:
        """The same by Newton's method alone."""
        self._start, touch = x, self.parted.closed
        rubs = touch & (self.faces.friction > 0.0)
        held = self._held(touch | self._rigid, self._rigid | rubs, np.zeros(self._size))
        scale = max(self._scale(np.zeros(self._size)), self._scale(x))
        return settle(
            self.residual, self._move, self._rule, x, held,
            lambda _: max(scale, self._pressing) or 1.0, "displacement", SETTINGS, CURES,
        )  # fmt: skip

    @property
    def _size(self) -> int:
        return int(self.map.matrix.shape[1]) + (self.length > 0.0)

    # ------------------------------------------------------------------- openings and tractions

    @cached_property
    def _offset(self) -> Floats:
        """Openings (2 m,) that clearances and known displacements make."""
        found = self.faces.known @ self.loads.jump
        found[0::2] += self.faces.clearance
        return np.asarray(found)

    @property
    def springs_across(self) -> Floats:
        """Stiffness (2 m,) in Pa of the weak springs across openings: gap and slip, in turn."""
        found = np.full((len(self.faces), 2), SLIDES)
        found[:, GAP] = np.where(self._loose, FLOATS, 0.0)
        free = np.repeat(
            [isinstance(w, Touching) for w in self.faces.laws], np.diff(self.faces.ends)
        )
        first = np.unique(self.faces.pieces[0][free], return_index=True)[1]
        found[np.flatnonzero(free)[first], SLIP] = TURNS
        return self._stiffness * (found.ravel() + self.ties[0])

    @cached_property
    def _stiffness(self) -> float:
        """Of the solids in Pa, as it stands in their matrix."""
        virgin = [part.tangent(np.zeros((len(part.space), 2)), 0.0, None, part.start(), 0.0)
                  for part in self.parts]  # fmt: skip
        return float(np.median(np.concatenate([t.stiffness.diagonal() for t in virgin])))

    @cached_property
    def _extent(self) -> float:
        """Of the solids in m."""
        return float(np.ptp(self.parts[0].space.mesh.nodes, axis=1).max())

    def opening(self, unknowns: Floats) -> Floats:
        """Gap and slip (2, m) in m."""
        z, _ = self._split(unknowns)
        return np.asarray((self.faces.openings @ z + self._offset).reshape(-1, 2).T)

    def pull(self, unknowns: Floats) -> tuple[Pull, Bonding]:
        """What the bonds answer."""
        taken = self.duration if self.clock is None else self.clock
        return self.faces.pull(self.opening(unknowns), self.parted.bonding, taken)

    def residual(self, unknowns: Floats) -> Floats:
        """Forces out of balance; at held openings, minus what holds them."""
        r = super().residual(unknowns)
        forces = self.faces.forces(self.pull(unknowns)[0].traction)
        r[: len(forces)] += forces
        opening = self.opening(unknowns).T.ravel() - self.ties[1]
        r[: len(forces)] += self.faces.openings.T @ (self.springs_across * opening)
        slides = np.flatnonzero(self._way)
        gaps, slips = self.faces.gaps[slides], self.faces.slips[slides]
        rub = self.faces.friction[slides] * self._way[slides]
        r[slips] += rub * np.maximum(r[gaps], 0.0)
        return r

    def found(self, settled: Settled, jumps: bool = True) -> Parted:
        """How the faces stand in a state that was found; `jumps` says whether to look for some."""
        if self.relaxed is not None:
            end = self.relaxed.found(settled, jumps=False)
            return self._told(end, jump(self, self._start, settled.solution))
        x, held = settled.solution, settled.held
        pull, bonding = self.pull(x)
        traction = pull.traction + self.traction(self.residual(x), held)
        opening, gaps = self.opening(x), self.faces.gaps
        closed = (gaps >= 0) & held.mask[gaps]
        opening[GAP, closed] = 0.0
        end = Parted(opening, traction, closed, bonding)
        return self._told(end, jump(self, self._start, x) if jumps else NO_JUMP)

    def _told(self, end: Parted, step: Jump) -> Parted:
        """How the faces stand, with what a jump has set free."""
        released = self.parted.released + (step.released if step.snapped else 0.0)
        return replace(end, jump=step, released=released)

    def traction(self, residual: Floats, held: Held) -> Floats:
        """Traction (2, m) in Pa by which the faces hold each other where openings are held."""
        faces, found = self.faces, np.zeros((2, len(self.faces)))
        for which, place in ((GAP, faces.gaps), (SLIP, faces.slips)):
            mine = np.flatnonzero((place >= 0) & held.mask[place])
            found[which, mine] = -residual[place[mine]] / faces.weights[mine]
        slides = np.flatnonzero(self._way)
        found[SLIP, slides] -= faces.friction[slides] * self._way[slides] * found[GAP, slides]
        return found

    def unparted(self, start: Floats) -> Floats:
        """The loads of the end, on faces that stand as at the start."""
        everywhere = np.ones(len(self.faces), dtype=bool)
        held = self._held(everywhere, everywhere, np.zeros(self._size))
        there = np.flatnonzero(self.faces.gaps >= 0)
        held.target[self.faces.gaps[there]] += self.parted.opening[GAP, there]
        nothing = np.zeros((2, 2, len(self.faces)))
        self._way[:] = 0.0
        tangents, residual = self.tangent(self.states(start)), self.residual(start)
        return start + self._newton(tangents, nothing, start, residual, held, True)[0]

    # -------------------------------------------------------------------------- which are held

    def _held(self, closed: Bools, sticks: Bools, excess: Floats) -> Held:
        mask, target = np.zeros(self._size, dtype=bool), np.zeros(self._size)
        known = self._offset.reshape(-1, 2).T
        for which, place, on, at in (
            (GAP, self.faces.gaps, closed, np.zeros(len(self.faces))),
            (SLIP, self.faces.slips, sticks, self.parted.opening[SLIP]),
        ):
            there = np.flatnonzero((place >= 0) & on)
            mask[place[there]] = True
            target[place[there]] = at[there] - known[which, there]
        return Held(mask, target, excess, np.copy(self._way))

    def _rule(self, unknowns: Floats, residual: Floats, held: Held) -> Held:
        """Faces that pull let go, faces that would pass through each other touch."""
        faces, opening = self.faces, self.opening(unknowns)
        traction = self.traction(residual, held)
        has_gap, has_slip = faces.gaps >= 0, faces.slips >= 0
        touched, stuck = has_gap & held.mask[faces.gaps], has_slip & held.mask[faces.slips]
        force = -traction[GAP] * faces.weights
        self._pressing = float(np.linalg.norm(force))
        tiny = NO_FORCE * max(self._pressing, np.finfo(float).tiny)
        tight = NO_GAP * float(faces.weights.max())
        # What touches without a force lets go: a loose piece need not lie where it touched last.
        closed = np.where(touched, force > tiny, opening[GAP] < -tight) | self._rigid
        over = self._rigid & faces.breaks(traction / (1.0 + OVER))
        out = float(np.linalg.norm(residual[~held.mask]))
        if over.any() and out <= 1e-4 * self._pressing:
            # Those that others relieve as they open hold on, at next to no opening.
            self._rigid = self._rigid & ~over
            closed = np.where(over, force > tiny, closed)
        sticks = self._rigid | self._sticks(closed & ~self._rigid & has_slip, touched, stuck,
                                            traction, opening[SLIP])  # fmt: skip
        excess = np.zeros(self._size)
        miss = np.where(touched, -force, -opening[GAP] * self._stiffness)
        excess[faces.gaps[has_gap]] = miss[has_gap]
        excess[faces.slips[has_slip]] = np.abs(traction[SLIP] * faces.weights)[has_slip]
        holds = closed | (self.pull(unknowns)[0].tangent[SLIP, SLIP] > 0.0)
        self._loose = faces.loose(holds)
        wanted = self._held(closed & has_gap, sticks & has_slip, excess)
        if wanted.same(held) and np.abs(opening).max(initial=0.0) > self._extent:
            raise SolveError("a piece that nothing holds is pulled away, farther than the solids "
                             "reach", field="displacement", cures=FALLS)  # fmt: skip
        return wanted

    def _sticks(
        self, touch: Bools, touched: Bools, stuck: Bools, traction: Floats, slip: Floats
    ) -> Bools:
        """Which pairs friction holds; of those that slide, `_way` is how."""
        friction = self.faces.friction
        if not friction.any():
            return np.zeros(len(friction), dtype=bool)
        rubs = touch & (friction > 0.0)
        bears = friction * np.maximum(-traction[GAP], 0.0)
        moved = slip - self.parted.opening[SLIP]
        starts = rubs & stuck & touched & (np.abs(traction[SLIP]) > bears)
        turns = moved * self._way < 0.0
        goes_on = rubs & ~stuck & (self._way != 0.0) & ~turns
        # What has slid freely as it touched would need about this to be brought back.
        back = np.abs(moved) * self._stiffness / self.faces.weights
        glides = rubs & ~stuck & touched & (self._way == 0.0) & (back > bears)
        way = np.where(starts, np.sign(traction[SLIP]), np.where(goes_on, self._way, 0.0))
        self._way = np.where(glides, np.sign(moved), way)
        return np.asarray(rubs & (self._way == 0.0))

    # ---------------------------------------------------------------------------------- steps

    def _move(self, unknowns: Floats, residual: Floats, held: Held) -> Floats:
        """Newton's step that takes what is held to its target.

        Where bonds soften such that the step leads uphill, they count as pulling as much however
        far they open: that bounds their energy from above, so that the whole falls.
        """
        self.require_bearing(unknowns)
        tangents = self.tangent(self.states(unknowns))
        bonds = self.pull(unknowns)[0].tangent
        softens = float(min(bonds[GAP, GAP].min(initial=0.0), bonds[SLIP, SLIP].min(initial=0.0)))
        found, curvature = self._newton(tangents, bonds, unknowns, residual, held, softens < 0.0)
        if softens < 0.0 and curvature <= 0.0:
            bonds = _convex(bonds)
            found, _ = self._newton(tangents, bonds, unknowns, residual, held, True)
        return found

    def _newton(
        self,
        tangents: tuple[csr_matrix, Floats, Floats],
        bonds: Floats,
        unknowns: Floats,
        residual: Floats,
        held: Held,
        factors: bool,
    ) -> tuple[Floats, float]:
        """The step with a tangent of solids and of bonds (2, 2, m), and the curvature along it."""
        matrix, columns, corner = tangents
        matrix = (matrix + self.faces.stiffness(bonds)).tocsr()
        n = matrix.shape[0]
        openings = self.faces.openings
        matrix = (matrix + openings.T @ diags(self.springs_across) @ openings).tocsr()
        mask = held.mask[:n]
        found = np.where(mask, held.target[:n] - unknowns[:n], 0.0)
        slides = np.flatnonzero(self._way)
        if len(slides):
            # Rows of slips get the force on their gaps, which makes the matrix unsymmetric.
            rub = self.faces.friction[slides] * self._way[slides]
            place = (self.faces.slips[slides], self.faces.gaps[slides])
            matrix = ((identity(n) + coo_matrix((rub, place), shape=(n, n))) @ matrix).tocsr()
        below = -columns.T @ found
        right = -residual[:n] - matrix @ found
        if self.length:
            below[-1] -= residual[-1] * self.length
        free = np.flatnonzero(~mask)
        inner = matrix[free][:, free].tocsr()
        symmetric = not len(slides) and all(part.symmetric for part in self.parts)
        # Bonds that soften leave no minimum for conjugate gradients to find.
        solve = pivoted(inner) if factors or not symmetric else self._solver(inner, free)
        z = solve(right[free])
        if len(corner):
            lower = columns[free]
            known = np.stack([solve(column) for column in lower.T], axis=1)
            border = np.linalg.solve(corner - lower.T @ known, below - lower.T @ z)
            z = z - known @ border
        found[free] = z
        curvature = float(z @ (inner @ z))
        return np.append(found, border[-1] * self.length) if self.length else found, curvature

    def _solver(self, matrix: csr_matrix, free: Ints) -> Callable[[Floats], Floats]:
        """Conjugate gradients with factors of an earlier tangent, as long as these serve."""

        def solve(right: Floats) -> Floats:
            # What is held by next to nothing needs factors.
            if self._factors is not None and not self._loose.any():
                found = self._near(matrix, free, right)
                if found is not None:
                    return found
            try:
                self._factors = (free, Factorised(matrix))
            except SolveError as error:
                raise SolveError(str(error), field="displacement", cures=CURES) from error
            return np.asarray(self._factors[1].precondition(right))

        return solve

    def _near(self, matrix: csr_matrix, free: Ints, right: Floats) -> Floats | None:
        """By the factors at hand; `None` if that takes too long."""
        assert self._factors is not None
        before, factors = self._factors
        number = np.full(self._size, -1)
        number[before] = np.arange(len(before))
        mine = np.flatnonzero(number[free] >= 0)
        theirs = number[free[mine]]
        diagonal, count = matrix.diagonal(), [0]

        def precondition(r: Floats) -> Floats:
            inner = np.zeros(len(before))
            inner[theirs] = r[mine]
            found = r / diagonal
            found[mine] = factors.precondition(inner)[theirs]
            return np.asarray(found)

        def step(_: Floats) -> None:
            count[0] += 1

        operator = LinearOperator(matrix.shape, precondition, dtype=float)
        found, failed = cg(matrix, right, rtol=1e-9, maxiter=ENOUGH, M=operator, callback=step)
        self.iterations += count[0]
        return None if failed else np.array(found, dtype=float)


def _convex(tangent: Floats) -> Floats:
    """The part of tangents (2, 2, m) that does not soften."""
    value, way = np.linalg.eigh(np.moveaxis(tangent, 2, 0))
    kept = (way * np.maximum(value, 0.0)[:, None, :]) @ way.transpose(0, 2, 1)
    return np.asarray(np.moveaxis(kept, 0, 2))
