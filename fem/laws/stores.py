"""Laws of places that take lithium up: where it deposits, and what dissolves it.

They are interface laws as those of `fem.laws.interfaces`, of the current density per area of
reacting surface against the difference of potentials ``phi_s - phi_e``; a negative current takes
lithium up. Each knows how much it can give and take at the most, so that no deposit is stripped
below nothing and no store overfilled: in an implicit stage of length c that is what is there over
c, at an instant there is no such bound.

Lithium deposits where it finds or makes room. Where an interface has opened, it is at the pressure
p of the stack, and plates and strips at ``phi_s - phi_e = -V p / F`` as any lithium. Where it has
not, it must reach the opening pressure p* first, and form nuclei:

    phi_s - phi_e = -V p / F - barrier,      barrier = V (p* - p) / F + eta_nucleation

Between these two potentials nothing happens: no current below the barrier, not even a small one, is
what makes of two sites one that wins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from fem.constants import FARADAY
from fem.laws.interfaces import STOICHIOMETRY, Evolving, InterfaceLaw, State
from fem.laws.kinetics import Kinetics, current_density

Floats = NDArray[np.float64]

BARRIER = "barrier"
"""Voltage in V beyond equilibrium that lithium needs where it is not yet."""
GIVES, TAKES = "gives", "takes"
"""The largest current densities in A/m^2 out of and into a store; infinite where none is."""
PER_CURRENT = "per current"
"""Change of the stoichiometry with the current out of the surface in a stage, in m^2/A."""
FLAT = 1e-8
"""Slope, over that of the reaction at rest, that is kept where nothing changes: all places may
be shut at once, and a linear system needs to know in which direction they open."""
MOST_TURNS = 200
AT_BOUND = 1e-9
"""Stoichiometry within which a store is full or empty."""


def barrier(
    opening: Floats | float, pressure: float, nucleation: float, molar_volume: float
) -> Floats:
    """``V (p* - p) / F + eta_nucleation`` in V, of an opening pressure p* and that of the stack p.

    Pressures in Pa, the molar volume of lithium in m^3/mol. 1 MPa is 0.1347 mV.
    """
    above = np.asarray(opening, dtype=float) - pressure
    return np.asarray(above * molar_volume / FARADAY + nucleation)


def bonded_share(bonding: float, preparing: float, hardness: float, hardening: float) -> float:
    """Share of a pressed interface that is bonded, ``min(1, p / (H + c p_pre))``.

    Asperities yield at the hardness H, which the pressure of an earlier pressing p_pre has raised
    by work hardening, c of it (all in Pa, c a number). An assumption, in the form of Tabor's rule.
    """
    return min(1.0, bonding / (hardness + hardening * preparing))


@dataclass(frozen=True)
class Deposition:
    """Lithium at a site that may be shut.

    Attributes
    ----------
    molar_volume
        Of lithium in m^3/mol.
    pressure
        Of lithium where the site is open, in Pa.
    potential
        Equilibrium potential of the deposit against lithium in V.
    """

    variables: ClassVar[tuple[str, ...]] = (BARRIER, GIVES, TAKES)
    evolving: ClassVar[tuple[Evolving, ...]] = ()

    kinetics: Kinetics
    molar_volume: float
    pressure: float = 0.0
    potential: float = 0.0

    def __call__(self, difference: Floats, state: State) -> tuple[Floats, Floats, State]:
        out = difference - self.open_equilibrium
        into = out + state[BARRIER]
        given, given_slope = current_density(np.maximum(out, 0.0), self.kinetics)
        taken, taken_slope = current_density(np.minimum(into, 0.0), self.kinetics)
        least = FLAT * current_density(np.zeros(1), self.kinetics)[1][0]
        most, fewest = state[GIVES], -state[TAKES]
        raw = given + taken
        current = np.clip(raw, fewest, most)
        plates = (into <= 0.0) & (raw > fewest)
        strips = (out > 0.0) & (raw < most)
        slope = np.where(plates, taken_slope, 0.0) + np.where(strips, given_slope, 0.0)
        return current, np.maximum(slope, least), {
            BARRIER: np.where(plates, taken_slope, 0.0),
            GIVES: np.where(raw >= most, 1.0, 0.0),
            TAKES: np.where(raw <= fewest, -1.0, 0.0),
        }  # fmt: skip

    @property
    def open_equilibrium(self) -> float:
        """Difference of potentials in V at which an open site is at rest."""
        return self.potential - self.pressure * self.molar_volume / FARADAY

    def equilibrium(self, state: State) -> Floats:
        """That at which lithium begins to plate."""
        return np.asarray(self.open_equilibrium - state[BARRIER])

    def by_stress(self, state: State) -> Floats:
        """Nothing: pressures are those of the case."""
        return np.zeros_like(state[BARRIER])

    def resistance(self, state: State) -> Floats:
        return np.asarray(self.kinetics.area_resistance)

    def evolved(self, before: State, c: float, current: Floats) -> State:
        return {}


@dataclass(frozen=True)
class Insertion:
    """A solid that dissolves lithium up to stoichiometry 1, each point of it by itself.

    In a stage the stoichiometry is ``x = x0 - q i`` with the one before x0 and q of `PER_CURRENT`,
    so that i solves ``i = i(phi_s - phi_e - U(x0 - q i))``: an increasing function of the
    difference as long as U falls.

    Attributes
    ----------
    potential
        Equilibrium potential (V) and its slope at any stoichiometry; it falls.
    """

    variables: ClassVar[tuple[str, ...]] = (STOICHIOMETRY, PER_CURRENT)
    evolving: ClassVar[tuple[Evolving, ...]] = ()

    kinetics: Kinetics
    potential: Callable[[Floats], tuple[Floats, Floats]]

    def __call__(self, difference: Floats, state: State) -> tuple[Floats, Floats, State]:
        before, q = state[STOICHIOMETRY], state[PER_CURRENT]
        moves = q > 0.0
        safe = np.where(moves, q, 1.0)
        low = np.where(moves, -(1.0 - before) / safe, -np.inf)
        high = np.where(moves, before / safe, np.inf)
        current = self._current(difference, before, q, low, high)
        rest, fall = self.potential(before - q * current)
        direct, by_eta = current_density(difference - rest, self.kinetics)
        current = np.where(moves, current, direct)
        # A store that is full or empty no longer answers; its bound moves with what is there.
        x = before - q * current
        full = moves & (1.0 - x < AT_BOUND) & (direct < current)
        empty = moves & (x < AT_BOUND) & (direct > current)
        bounded = full | empty
        answer = np.where(bounded, 0.0, by_eta / (1.0 - by_eta * q * fall))
        least = FLAT * current_density(np.zeros(1), self.kinetics)[1][0]
        return current, np.maximum(answer, least), {
            STOICHIOMETRY: np.where(bounded, 1.0 / safe, -answer * fall),
            PER_CURRENT: np.where(bounded, -current / safe, answer * fall * current),
        }  # fmt: skip

    def _current(
        self, difference: Floats, before: Floats, q: Floats, low: Floats, high: Floats
    ) -> Floats:
        """The root i between its bounds, by Newton's method kept inside a bracket."""
        moves = q > 0.0
        low, high = np.where(moves, low, -1.0), np.where(moves, high, 1.0)
        current = np.clip(np.zeros_like(low), low, high)
        for _ in range(MOST_TURNS):
            rest, fall = self.potential(before - q * current)
            value, slope = current_density(difference - rest, self.kinetics)
            miss = value - current
            low, high = np.where(miss > 0.0, current, low), np.where(miss < 0.0, current, high)
            stiffness = 1.0 - slope * q * fall
            following = current + miss / stiffness
            # Half-way where Newton's method leaves the bracket.
            outside = (following < low) | (following > high)
            following = np.where(outside, 0.5 * (low + high), following)
            step, current = np.abs(following - current), following
            # Potentials are of the order of a volt: their last digit is a current.
            rounding = 4e-16 * (np.abs(current) + slope / stiffness)
            if np.all((step <= rounding) | ~moves):
                break
        return np.asarray(current)

    def equilibrium(self, state: State) -> Floats:
        return np.asarray(self.potential(state[STOICHIOMETRY])[0])

    def by_stress(self, state: State) -> Floats:
        """Nothing."""
        return np.zeros_like(state[STOICHIOMETRY])

    def resistance(self, state: State) -> Floats:
        return np.asarray(self.kinetics.area_resistance)

    def evolved(self, before: State, c: float, current: Floats) -> State:
        return {}


STORES: tuple[type[InterfaceLaw], ...] = (Deposition, Insertion)
"""Every law of this module."""
