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

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fem.errors import SolveError
from fem.laws.bonds import GAP, RIGID, SLIP, Cohesive, Pull
from fem.mesh import Ints
from fem.physics.anchoring import anchors, led
from fem.physics.equilibrium import Equilibrium
from fem.physics.faces import Bonding, Faces, Parted
from fem.physics.gradual import changed, gradually
from fem.physics.jumps import NO_JUMP, Jump, jump
from fem.physics.tangents import CURES, Factors, Tangents, Virgin, convex, newton
from fem.solve.active import Held, Settings, Settled, settle

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SETTINGS = Settings(tolerance=1e-11)
LOOSE = replace(SETTINGS, max_iterations=12)
"""What is tried before pieces are led that hang on nothing from the start."""
FALLS = (
    "a support or a bond for every piece that loads pull at",
    "a plate that is moved, not pulled, where bonds may fail all along it",
)
OVER = 1e-6
"""By how much of its strength a rigid bond must bear too much to break: one that is broken at its
strength to rounding has no opening that could be told from none."""
INDECISIVE = 0.02
"""By how much more of its strength a rigid bond must bear to break each time it has let go and come
back in a step: whether it holds hangs on how others share what it bore."""
AGAIN = 1e-6
"""Force out of balance, relative to the solids', that a state found before may have left."""
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
    clock, again, still
        Duration of the step for bonds in s, if another than `duration`; whether there are many such
        sets of loads on these faces, so that it pays to condense solids onto them; and whether they
        may be those of the last state, which is then found as it was.
    relaxed
        The same loads after bonds have let go, or pieces have gone to their place, in turns, if
        that was needed.
    ties
        Stiffness, over that of the solids, and rest (2 m,) in m of springs across openings.
    """

    faces: Faces = field(kw_only=True)
    parted: Parted = field(kw_only=True)
    virgin: Virgin = field(kw_only=True)
    clock: float | None = None
    again: bool = False
    still: bool = False
    relaxed: Parting | None = None
    ties: tuple[float, Floats | float] = (0.0, 0.0)
    factors: Factors | None = None
    _rigid: Bools = field(init=False)
    _toward: Floats = field(init=False)
    _turns: Ints = field(init=False)
    way: Floats = field(init=False)
    forcing: float = 1e-9
    misses: int = 0
    _pressing: float = 0.0
    _gross: float = 0.0
    loose: Bools = field(init=False)
    ahead: Floats | None = None
    _start: Floats = field(init=False)

    def __post_init__(self) -> None:
        self._rigid = self.faces.rigid(self.parted.bonding)
        self._toward = np.zeros((2, len(self.faces)))
        self._turns = np.zeros(len(self.faces), dtype=int)
        self.way = np.zeros(len(self.faces))
        self.loose = np.zeros(len(self.faces), dtype=bool)

    def settle(self, start: Floats | None) -> Settled:
        """Unknowns and which of them are held, from those of another state or from rest.

        Raises
        ------
        LimitLoad
            If solids flow away.
        SolveError
            If nothing that holds is found for any other reason.
        """
        x = np.zeros(self.size) if start is None else np.array(start, dtype=float)
        try:
            bare = not any(isinstance(law, Cohesive) for law in self.faces.laws)
            loose = bare and self.faces.loose(self.parted.closed).any()
            found = self.settled(x, settings=LOOSE if loose else SETTINGS)
        except SolveError:
            self.relaxed, x = led(self, x)
            found = self.relaxed.settled(x)
        self.require_bearing(found.solution)
        return found

    def settled(self, x: Floats, patient: bool = True, settings: Settings = SETTINGS) -> Settled:
        """The same by Newton's method alone; `patient` says whether loads may come by parts."""
        self._start, touch = x, self.parted.closed
        rubs = touch & (self.faces.friction > 0.0)
        held = self._held(touch | self._rigid, self._rigid | rubs, np.zeros(self.size))
        self._gross = scale = max(self._scale(np.zeros(self.size)), self._scale(x))
        if self.still:
            aside = self._stiffness * np.linalg.norm((x - held.target)[held.mask])
            left = float(np.linalg.norm(changed(self, x)) + aside) / (scale or 1.0)
            if left <= AGAIN:
                return Settled(x, held, 0, (left,))

        bare = not any(isinstance(law, Cohesive) for law in self.faces.laws)

        def found(x: Floats, held: Held, settings: Settings) -> Settled:
            return settle(
                self.residual, self._move, self._rule, x, held,
                lambda _: max(scale, self._pressing) or 1.0, "displacement", settings, CURES,
                narrow=bare and not self.faces.friction.any(),
            )  # fmt: skip

        stood = self.standing
        try:
            return found(x, held, settings)
        except SolveError:
            if not (patient and self.faces.friction.any()):
                raise
            self.standing = stood
            return gradually(self, x, held, found)

    @property
    def standing(self) -> tuple[Bools, Floats, Ints, Floats, Bools]:
        """What is known of faces beside which openings are held."""
        rigid, toward, turns = self._rigid.copy(), self._toward.copy(), self._turns.copy()
        return rigid, toward, turns, self.way.copy(), self.loose.copy()

    @standing.setter
    def standing(self, known: tuple[Bools, Floats, Ints, Floats, Bools]) -> None:
        rigid, toward, turns, way, loose = known
        self._rigid, self._toward, self._turns = rigid.copy(), toward.copy(), turns.copy()
        self.way, self.loose = way.copy(), loose.copy()

    @property
    def size(self) -> int:
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
        return self._stiffness * (anchors(self.faces, self.loose) + self.ties[0])

    @property
    def anchored(self) -> Floats:
        """Those of them (2 m,) that are there whatever is loose."""
        return self._stiffness * anchors(self.faces, False)

    @cached_property
    def _stiffness(self) -> float:
        """Of the solids in Pa, as it stands in their matrix."""
        return self.virgin.scale(self)

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
        opening = self.opening(unknowns) + self._least * self._toward
        return self.faces.pull(opening, self.parted.bonding, taken)

    @cached_property
    def _least(self) -> Floats:
        """Openings (m,) in m at which rigid bonds that let go count as opened."""
        each = [RIGID * law.last if isinstance(law, Cohesive) and law.stiffness is None else 0.0
                for law in self.faces.laws]  # fmt: skip
        return 2.0 * np.repeat(each, np.diff(self.faces.ends))

    def residual(self, unknowns: Floats) -> Floats:
        """Forces out of balance; at held openings, minus what holds them."""
        r = super().residual(unknowns)
        if self.ahead is not None:
            r = r - self.ahead
        forces = self.faces.forces(self.pull(unknowns)[0].traction)
        r[: len(forces)] += forces
        opening = self.opening(unknowns).T.ravel() - self.ties[1]
        r[: len(forces)] += self.faces.openings.T @ (self.springs_across * opening)
        slides = np.flatnonzero(self.way)
        gaps, slips = self.faces.gaps[slides], self.faces.slips[slides]
        rub = self.faces.friction[slides] * self.way[slides]
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
        slides = np.flatnonzero(self.way)
        found[SLIP, slides] -= faces.friction[slides] * self.way[slides] * found[GAP, slides]
        return found

    def unparted(self, start: Floats) -> Floats:
        """The loads of the end, on faces that stand as at the start."""
        everywhere = np.ones(len(self.faces), dtype=bool)
        held = self._held(everywhere, everywhere, np.zeros(self.size))
        there = np.flatnonzero(self.faces.gaps >= 0)
        held.target[self.faces.gaps[there]] += self.parted.opening[GAP, there]
        nothing = np.zeros((2, 2, len(self.faces)))
        self.way[:] = 0.0
        tangents, residual = self._tangents(start), self.residual(start)
        return start + newton(self, tangents, nothing, start, residual, held, True)[0]

    # -------------------------------------------------------------------------- which are held

    def _held(self, closed: Bools, sticks: Bools, excess: Floats) -> Held:
        mask, target = np.zeros(self.size, dtype=bool), np.zeros(self.size)
        known = self._offset.reshape(-1, 2).T
        for which, place, on, at in (
            (GAP, self.faces.gaps, closed, np.zeros(len(self.faces))),
            (SLIP, self.faces.slips, sticks, self.parted.opening[SLIP]),
        ):
            there = np.flatnonzero((place >= 0) & on)
            mask[place[there]] = True
            target[place[there]] = at[there] - known[which, there]
        return Held(mask, target, excess, np.copy(self.way))

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
        # A bond that has let go the other way than it was pulled has not let go.
        back = (self._toward * opening).sum(axis=0) < -0.5 * self._least
        self._rigid = self._rigid | back
        self._toward[:, back] = 0.0
        self._turns += back
        closed = np.where(touched, force > tiny, opening[GAP] < -tight) | self._rigid
        bears = 1.0 + OVER + INDECISIVE * np.maximum(self._turns - 1, 0)
        # Friction goes on bearing what it can as the bond breaks.
        rubs = faces.friction * np.maximum(-traction[GAP], 0.0)
        shear = np.sign(traction[SLIP]) * np.maximum(np.abs(traction[SLIP]) - rubs, 0.0)
        over = self._rigid & faces.breaks(np.stack([traction[GAP], shear]) / bears)
        out = float(np.linalg.norm(residual[~held.mask]))
        if over.any() and out <= 1e-2 * self._pressing:
            # Those that others relieve as they open hold on, at next to no opening.
            self._rigid = self._rigid & ~over
            pulled = np.stack([np.maximum(traction[GAP], 0.0), shear])[:, over]
            self._toward[:, over] = pulled / np.hypot(*pulled)
            closed = np.where(over, force > tiny, closed)
        sticks = self._rigid | self._sticks(closed & ~self._rigid & has_slip, touched, stuck,
                                            traction, opening[SLIP])  # fmt: skip
        excess = np.zeros(self.size)
        miss = np.where(touched, -force, -opening[GAP] * self._stiffness)
        excess[faces.gaps[has_gap]] = miss[has_gap]
        excess[faces.slips[has_slip]] = np.abs(traction[SLIP] * faces.weights)[has_slip]
        holds = closed | (self.pull(unknowns)[0].tangent[SLIP, SLIP] > 0.0)
        self.loose = faces.loose(holds)
        wanted = self._held(closed & has_gap, sticks & has_slip, excess)
        if wanted.same(held) and np.abs(opening).max(initial=0.0) > self._extent:
            raise SolveError("a piece that nothing holds is pulled away, farther than the solids "
                             "reach", field="displacement", cures=FALLS)  # fmt: skip
        return wanted

    def _sticks(
        self, touch: Bools, touched: Bools, stuck: Bools, traction: Floats, slip: Floats
    ) -> Bools:
        """Which pairs friction holds; of those that slide, `way` is how."""
        friction = self.faces.friction
        if not friction.any():
            return np.zeros(len(friction), dtype=bool)
        rubs = touch & (friction > 0.0)
        bears = friction * np.maximum(-traction[GAP], 0.0)
        moved = slip - self.parted.opening[SLIP]
        starts = rubs & stuck & touched & (np.abs(traction[SLIP]) > bears)
        turns = moved * self.way < 0.0
        goes_on = rubs & ~stuck & (self.way != 0.0) & ~turns
        # What has slid freely as it touched would need about this to be brought back.
        back = np.abs(moved) * self._stiffness / self.faces.weights
        glides = rubs & ~stuck & touched & (self.way == 0.0) & (back > bears)
        way = np.where(starts, np.sign(traction[SLIP]), np.where(goes_on, self.way, 0.0))
        self.way = np.where(glides, np.sign(moved), way)
        return np.asarray(rubs & (self.way == 0.0))

    # ---------------------------------------------------------------------------------- steps

    def _tangents(self, unknowns: Floats) -> Tangents:
        """Of the solids: the same everywhere if they are linear."""
        if all(part.linear for part in self.parts):
            return self.virgin.tangents(self)
        return self.tangent(self.states(unknowns))

    def _move(self, unknowns: Floats, residual: Floats, held: Held) -> Floats:
        """Newton's step that takes what is held to its target.

        Where bonds soften such that the step leads uphill, they count as pulling as much however
        far they open: that bounds their energy from above, so that the whole falls.
        """
        self.require_bearing(unknowns)
        tangents = self._tangents(unknowns)
        if not all(part.linear for part in self.parts):
            out = float(np.linalg.norm(residual[~held.mask]))
            self.forcing = float(np.clip(1e-2 * out / (self._gross or 1.0), 1e-9, 1e-3))
        bonds = self.pull(unknowns)[0].tangent
        softens = float(min(bonds[GAP, GAP].min(initial=0.0), bonds[SLIP, SLIP].min(initial=0.0)))
        found, curvature = newton(self, tangents, bonds, unknowns, residual, held, softens < 0.0)
        if softens < 0.0 and curvature <= 0.0:
            bonds = convex(bonds)
            found, _ = newton(self, tangents, bonds, unknowns, residual, held, True)
        return found
