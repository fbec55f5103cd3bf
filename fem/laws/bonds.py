"""Laws of what holds two faces together: traction, tangent and new history from their opening.

Two faces that touch cannot pass through each other, whatever holds them: that is exact, and
`fem.physics.faces` sees to it. A law here says what resists when they part or slide. An opening is
(2, ...) in m, the gap along the normal and the slip along the tangent; a traction (2, ...) in Pa
is what pulls the faces back, that of the gap being tension. A history is a mapping of names to
arrays of the points' shape; a law never writes into what it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
History = Mapping[str, Floats]

NO_HISTORY: History = MappingProxyType({})
GAP, SLIP = 0, 1
RIGID = 1e-9
"""Opening of a rigid bond, as a share of that at failure, up to which it counts as never opened."""


class Pull(NamedTuple):
    """What a law answers: traction (2, ...) in Pa, tangent (2, 2, ...) in Pa/m, new history."""

    traction: Floats
    tangent: Floats
    history: History


class BondLaw(Protocol):
    """What holds two faces together; hashable, so that equal ones are evaluated together."""

    @property
    def friction(self) -> float:
        """Coefficient of Coulomb's friction where the faces press on each other."""

    def start(self, shape: tuple[int, ...]) -> History:
        """The history of faces that were never parted."""

    def rigid(self, history: History, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """Where the bond does not give at all (...), up to its strength."""

    def breaks(self, traction: Floats) -> NDArray[np.bool_]:
        """Whether tractions (2, ...) exceed what rigid bonds bear; the gap's is tension."""

    def respond(self, opening: Floats, history: History, duration: float = 0.0) -> Pull:
        """The answer to an opening (2, ...) reached `duration` seconds after `history`."""

    def energy(self, opening: Floats, history: History) -> Floats:
        """Energy (...) in J/m^2 that could be had back once `history` is committed."""

    def apart(self, gap: Floats, history: History) -> Floats:
        """The part of gaps (...) in m that is no stretch of what still holds."""


@dataclass(frozen=True)
class Touching:
    """No bond: faces that only press on each other, with Coulomb's friction if any."""

    friction: float = 0.0

    def start(self, shape: tuple[int, ...]) -> History:
        """Nothing is remembered."""
        return NO_HISTORY

    def rigid(self, history: History, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """Nowhere."""
        return np.zeros(shape, dtype=bool)

    def breaks(self, traction: Floats) -> NDArray[np.bool_]:
        """There is nothing to break."""
        return np.ones(traction.shape[1:], dtype=bool)

    def respond(self, opening: Floats, history: History, duration: float = 0.0) -> Pull:
        """No traction."""
        return Pull(np.zeros_like(opening), np.zeros((2, *opening.shape)), history)

    def energy(self, opening: Floats, history: History) -> Floats:
        """None."""
        return np.zeros(opening.shape[1:])

    def apart(self, gap: Floats, history: History) -> Floats:
        """All of it."""
        return gap


@dataclass(frozen=True)
class Cohesive:
    """A bilinear cohesive bond, alike in opening and in sliding, whose damage is irreversible.

    The traction follows the opening ``d = sqrt(max(gap, 0)^2 + slip^2)``: it rises with `stiffness`
    to `strength`, then falls to nothing at ``2 toughness / strength``. On the way back it falls
    straight to the origin. Without a stiffness faces stay together until `strength` is exceeded.

    Parameters
    ----------
    strength
        Largest traction in Pa.
    toughness
        Energy in J/m^2 that it takes to part the faces.
    stiffness
        In Pa/m before damage; `None` for rigid.
    friction
        Coefficient of Coulomb's friction once the bond has failed.
    viscosity
        Time in s by which damage lags behind (Duvaut and Lions); 0 for none.

    Notes
    -----
    The law of Camacho and Ortiz 1996 where it is rigid, of Mi et al. 1998 where it is not.
    """

    strength: float
    toughness: float
    stiffness: float | None = None
    friction: float = 0.0
    viscosity: float = 0.0

    def __post_init__(self) -> None:
        if self.stiffness is not None and not self.first < self.last:
            raise ValueError(
                "a bond of this strength and stiffness holds more energy than its toughness: "
                "stiffness must exceed strength^2 / (2 toughness)"
            )

    @property
    def first(self) -> float:
        """Opening in m at which damage begins."""
        return 0.0 if self.stiffness is None else self.strength / self.stiffness

    @property
    def last(self) -> float:
        """Opening in m at which nothing holds any more."""
        return 2.0 * self.toughness / self.strength

    def start(self, shape: tuple[int, ...]) -> History:
        """`opening`, the largest so far in m, from which damage begins where less."""
        return {"opening": np.full(shape, self.first), "lag": np.zeros(shape)}

    def rigid(self, history: History, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """Where it was never opened, if it has no stiffness."""
        return np.asarray((history["opening"] <= RIGID * self.last) & (self.stiffness is None))

    def breaks(self, traction: Floats) -> NDArray[np.bool_]:
        """Where tension and shear together exceed the strength."""
        return np.asarray(np.hypot(np.maximum(traction[GAP], 0.0), traction[SLIP]) > self.strength)

    def damage(self, history: History) -> Floats:
        """Share (...) of its stiffness that the bond has lost; of its toughness, if it is rigid."""
        reached = np.clip(history["opening"], self.first, self.last)
        spent = (reached - self.first) / (self.last - self.first)
        if self.stiffness is not None:
            spent = spent * self.last / reached
        return np.asarray(spent)

    def respond(self, opening: Floats, history: History, duration: float = 0.0) -> Pull:
        """Secant stiffness times opening, with what has opened most so far."""
        gap = np.maximum(opening[GAP], 0.0)
        parted = np.stack([gap, opening[SLIP]])
        reach = np.hypot(*parted)
        before = history["opening"]
        share = 1.0
        if self.viscosity:
            share = duration / (duration + self.viscosity)
        grows = reach > before
        most = np.where(grows, before + share * (reach - before), before)
        floor = RIGID * self.last
        secant, slope = self._secant(np.maximum(most, floor if self.first == 0.0 else 0.0))
        tangent = np.zeros((2, *opening.shape))
        open_ = (opening[GAP] >= 0.0).astype(float)
        tangent[GAP, GAP], tangent[SLIP, SLIP] = secant * open_, secant
        change = np.where(
            grows & (reach > 0.0), share * slope / np.where(reach > 0, reach, 1.0), 0.0
        )
        for i in (GAP, SLIP):
            for j in (GAP, SLIP):
                tangent[i, j] += change * parted[i] * parted[j]
        new = {"opening": most, "lag": np.where(grows, reach - most, 0.0)}
        return Pull(secant * parted, tangent, new)

    def _secant(self, most: Floats) -> tuple[Floats, Floats]:
        """Traction over opening in Pa/m, and its slope by the largest opening."""
        inside = np.clip(most, np.finfo(float).tiny, self.last)
        falling = self.strength * (self.last - inside) / (self.last - self.first)
        secant = falling / inside
        slope = -self.strength * self.last / (self.last - self.first) / inside**2
        if self.stiffness is not None:
            intact = most <= self.first
            secant, slope = np.where(intact, self.stiffness, secant), np.where(intact, 0.0, slope)
        failed = most >= self.last
        return np.where(failed, 0.0, secant), np.where(failed, 0.0, slope)

    def energy(self, opening: Floats, history: History) -> Floats:
        """Half of traction times opening."""
        parted = np.hypot(np.maximum(opening[GAP], 0.0), opening[SLIP])
        floor = RIGID * self.last if self.first == 0.0 else 0.0
        secant, _ = self._secant(np.maximum(history["opening"], floor))
        return np.asarray(0.5 * secant * parted**2)

    def apart(self, gap: Floats, history: History) -> Floats:
        """What exceeds the stretch of the bond as it was before damage under the same traction."""
        return gap if self.stiffness is None else np.asarray(gap * self.damage(history))


BOND_LAWS: tuple[BondLaw, ...] = (
    Touching(friction=0.3),
    Cohesive(50e6, 1.0, 1e16),
    Cohesive(50e6, 1.0),
    Cohesive(50e6, 1.0, 1e16, viscosity=2.0),
)
"""An example of every law of this file."""
