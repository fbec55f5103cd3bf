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
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, diags, identity
from scipy.sparse.linalg import LinearOperator, cg, splu

from fem.errors import SolveError
from fem.laws.bonds import GAP, SLIP, Pull
from fem.mesh import Ints
from fem.physics.equilibrium import Equilibrium
from fem.physics.faces import Bonding, Faces, Parted
from fem.solve.active import Held, Settings, Settled, settle
from fem.solve.linear import Factorised

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

Factors = tuple[Ints, Factorised]
"""Which unknowns were free, and the factors of their matrix."""

SETTINGS = Settings()
CURES = (
    "a smaller step in time, or less swelling at once",
    "a viscosity of the bond, where it snaps open",
)
SLIDES, FLOATS = 1e-9, 1e-10
"""Stiffness, relative to that of the solids, of springs across all slips, and across the gaps of
pieces that are loose all round: a disc that turns without friction, or lies in a hole, needs a
place. Their forces are too small to matter."""
ENOUGH = 25
"""Iterations of conjugate gradients after which factors are made anew."""
FIRST = 0.95
"""Of bonds that bear too much, those break together that bear this share of the most."""
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
    """

    faces: Faces = field(kw_only=True)
    parted: Parted = field(kw_only=True)
    _factors: Factors | None = None
    _rigid: Bools = field(init=False)
    _way: Floats = field(init=False)
    _pressing: float = field(init=False, default=0.0)
    _loose: Bools = field(init=False)

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
        faces, size = self.faces, self._size
        x = np.zeros(size) if start is None else np.array(start, dtype=float)
        touch = self.parted.closed
        rubs = touch & (faces.friction > 0.0)
        held = self._held(touch | self._rigid, self._rigid | rubs, np.zeros(size))
        scale = max(self._scale(np.zeros(size)), self._scale(x))
        found = settle(
            self.residual, self._move, self._rule, x, held,
            lambda _: max(scale, self._pressing), "displacement", SETTINGS, CURES,
        )  # fmt: skip
        self.require_bearing(found.solution)
        return found

    @property
    def _size(self) -> int:
        return int(self.map.matrix.shape[1]) + (self.length > 0.0)

    # ------------------------------------------------------------------- openings and tractions

    @cached_property
    def _offset(self) -> Floats:
        """Openings (2 m,) that known displacements make."""
        return np.asarray(self.faces.known @ self.loads.jump)

    @property
    def springs_across(self) -> Floats:
        """Stiffness (2 m,) in Pa of the weak springs across openings: gap and slip, in turn."""
        found = np.full((len(self.faces), 2), SLIDES)
        found[:, GAP] = np.where(self._loose, FLOATS, 0.0)
        return self._stiffness * found.ravel()

    @cached_property
    def _stiffness(self) -> float:
        """Of the solids in Pa, as it stands in their matrix."""
        virgin = [part.tangent(np.zeros((len(part.space), 2)), 0.0, None, part.start(), 0.0)
                  for part in self.parts]  # fmt: skip
        return float(np.median(np.concatenate([t.stiffness.diagonal() for t in virgin])))

    def opening(self, unknowns: Floats) -> Floats:
        """Gap and slip (2, m) in m."""
        z, _ = self._split(unknowns)
        return np.asarray((self.faces.openings @ z + self._offset).reshape(-1, 2).T)

    def pull(self, unknowns: Floats) -> tuple[Pull, Bonding]:
        """What the bonds answer."""
        return self.faces.pull(self.opening(unknowns), self.parted.bonding, self.duration)

    def residual(self, unknowns: Floats) -> Floats:
        """Forces out of balance; at held openings, minus what holds them."""
        r = super().residual(unknowns)
        forces = self.faces.forces(self.pull(unknowns)[0].traction)
        r[: len(forces)] += forces
        opening = self.opening(unknowns).T.ravel()
        r[: len(forces)] += self.faces.openings.T @ (self.springs_across * opening)
        slides = np.flatnonzero(self._way)
        gaps, slips = self.faces.gaps[slides], self.faces.slips[slides]
        rub = self.faces.friction[slides] * self._way[slides]
        r[slips] += rub * np.maximum(r[gaps], 0.0)
        return r

    def found(self, settled: Settled) -> Parted:
        """How the faces stand in a state that was found."""
        x, held = settled.solution, settled.held
        pull, bonding = self.pull(x)
        traction = pull.traction + self.traction(self.residual(x), held)
        opening, gaps = self.opening(x), self.faces.gaps
        closed = (gaps >= 0) & held.mask[gaps]
        opening[GAP, closed] = 0.0
        return Parted(opening, traction, closed, bonding)

    def traction(self, residual: Floats, held: Held) -> Floats:
        """Traction (2, m) in Pa by which the faces hold each other where openings are held."""
        faces, found = self.faces, np.zeros((2, len(self.faces)))
        for which, place in ((GAP, faces.gaps), (SLIP, faces.slips)):
            mine = np.flatnonzero((place >= 0) & held.mask[place])
            found[which, mine] = -residual[place[mine]] / faces.weights[mine]
        slides = np.flatnonzero(self._way)
        found[SLIP, slides] -= faces.friction[slides] * self._way[slides] * found[GAP, slides]
        return found

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
        return Held(mask, target, excess)

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
        over = self._rigid & faces.breaks(traction)
        out = float(np.linalg.norm(residual[~held.mask]))
        if over.any() and out <= 1e-4 * self._pressing:
            bears = np.hypot(np.maximum(traction[GAP], 0.0), traction[SLIP])
            breaks = over & (bears >= FIRST * bears[over].max())
            self._rigid = self._rigid & ~breaks
            closed = np.where(breaks, force > tiny, closed)
        sticks = self._rigid | self._sticks(closed & ~self._rigid & has_slip, touched, stuck,
                                            traction, opening[SLIP])  # fmt: skip
        excess = np.zeros(self._size)
        miss = np.where(touched, -force, -opening[GAP] * self._stiffness)
        excess[faces.gaps[has_gap]] = miss[has_gap]
        excess[faces.slips[has_slip]] = np.abs(traction[SLIP] * faces.weights)[has_slip]
        holds = closed | (self.pull(unknowns)[0].tangent[SLIP, SLIP] > 0.0)
        self._loose = faces.loose(holds)
        return self._held(closed & has_gap, sticks & has_slip, excess)

    def _sticks(
        self, touch: Bools, touched: Bools, stuck: Bools, traction: Floats, slip: Floats
    ) -> Bools:
        """Which pairs friction holds; of those that slide, `_way` is how."""
        friction = self.faces.friction
        if not friction.any():
            return np.zeros(len(friction), dtype=bool)
        rubs = touch & (friction > 0.0)
        bears = friction * np.maximum(-traction[GAP], 0.0)
        starts = rubs & stuck & touched & (np.abs(traction[SLIP]) > bears)
        turns = (slip - self.parted.opening[SLIP]) * self._way < 0.0
        goes_on = rubs & ~stuck & (self._way != 0.0) & ~turns
        self._way = np.where(starts, np.sign(traction[SLIP]), np.where(goes_on, self._way, 0.0))
        return np.asarray(rubs & ~starts & ~goes_on)

    # ---------------------------------------------------------------------------------- steps

    def _move(self, unknowns: Floats, residual: Floats, held: Held) -> Floats:
        """Newton's step that takes what is held to its target."""
        self.require_bearing(unknowns)
        matrix, columns, corner = self.tangent(self.states(unknowns))
        tangent = self.pull(unknowns)[0].tangent
        matrix = (matrix + self.faces.stiffness(tangent)).tocsr()
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
        softens = float(np.min([tangent[GAP, GAP], tangent[SLIP, SLIP]])) < 0.0
        solve = self._solver(inner, free) if symmetric and not softens else _factors(inner)
        z = solve(right[free])
        if len(corner):
            lower = columns[free]
            known = np.stack([solve(column) for column in lower.T], axis=1)
            border = np.linalg.solve(corner - lower.T @ known, below - lower.T @ z)
            z = z - known @ border
        found[free] = z
        return np.append(found, border[-1] * self.length) if self.length else found

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


def _factors(matrix: csr_matrix) -> Callable[[Floats], Floats]:
    try:
        factors = splu(matrix.tocsc())
    except RuntimeError as error:
        raise SolveError("the tangent of the solids is singular", cures=CURES) from error
    return lambda right: np.asarray(factors.solve(right))
