"""Laws of interfaces: what crosses between an electrode and the electrolyte at a point.

A law is a pure function of arrays at points of an interface:

    current, by_difference, by_state = law(difference, state)

with the difference of potentials ``phi_s - phi_e`` in V, the state of the interface by name, the
current density that leaves the electrode in A/m^2, and its derivatives by the difference and by
every variable of the state. A law owns nothing: `variables` are the names it reads, and those of
them that the law itself drives are `evolving`; the cell keeps them, and asks for their new values:

    after = law.evolved(before, c, current)

`INTERFACE_LAWS` lists these laws, as `fem.laws.layers` does those of layers, so that one test holds
their derivatives against differences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fem.constants import FARADAY
from fem.laws.intercalation import exchange_current_factor, surface_current
from fem.laws.kinetics import Kinetics

Floats = NDArray[np.float64]
State = Mapping[str, Floats]

STOICHIOMETRY = "stoichiometry"
"""Fraction of the sites at the surface that hold lithium."""
STRESS = "stress"
"""Mean normal stress in the electrode at the surface in Pa, positive in tension."""
CONTACT = "contact"
"""Share of the surface that is in contact with the electrolyte."""
LEFT = "left"
"""Thickness of the electrode in m that can still be stripped, as a stage begins."""
THINNING = "thinning"
"""Thickness in m that a current density of 1 A/m^2 strips in a stage."""
PRESSURE = "pressure"
"""Pressure on the electrode in Pa, positive in compression."""


@dataclass(frozen=True)
class Evolving:
    """A variable of the state that a law drives; it sits at the quadrature points.

    Attributes
    ----------
    name, unit, meaning
        The name that the law reads, the unit, and what it is, in words.
    start
        Its value at the start of a run, the same everywhere.
    scale
        A change that is large: errors in a step compare with it times the tolerance of the
        stepping.
    measure
        The column of the history that holds its mean along the interface; none if empty.
    """

    name: str
    unit: str
    meaning: str
    start: float = 0.0
    scale: float = 1.0
    measure: str = ""


class InterfaceLaw(Protocol):
    """Current density against the difference of potentials and the state of the interface."""

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the state that it reads."""

    @property
    def evolving(self) -> tuple[Evolving, ...]:
        """Those of them that it drives itself."""

    def __call__(self, difference: Floats, state: State) -> tuple[Floats, Floats, State]:
        """Current density (A/m^2), its derivative by the difference, and by each variable."""

    def equilibrium(self, state: State) -> Floats:
        """Difference of potentials (V) at which no current flows."""

    def by_stress(self, state: State) -> Floats:
        """The part of `equilibrium` (V) that mechanical stress makes; it need not be linear."""

    def resistance(self, state: State) -> Floats:
        """What of the interface is an ohmic film before the reaction and its double layer.

        In ohm m^2 of the interface, to broadcast.
        """

    def evolved(self, before: State, c: float, current: Floats) -> State:
        """Evolving variables y that solve ``y = before + c dy/dt(y, current)``, c in s."""


def no_potential(x: ArrayLike) -> tuple[Floats, Floats]:
    """The potential of an electrode whose material is not told: 0 V at any stoichiometry."""
    nothing = np.zeros_like(np.asarray(x, dtype=float))
    return nothing, nothing


@dataclass(frozen=True)
class Intercalation:
    """Active material that takes up lithium.

    Attributes
    ----------
    potential
        Equilibrium potential (V) and its slope at any stoichiometry.
    depends_on_stoichiometry
        Whether the exchange current density follows `exchange_current_factor`.
    partial_molar_volume
        Volume that a mole of lithium adds in m^3/mol; mean normal stress s shifts the potential by
        it times s / F (F. Larche and J. W. Cahn, Acta Metall. 21 (1973) 1051).
    """

    variables: ClassVar[tuple[str, ...]] = (STOICHIOMETRY, STRESS)
    evolving: ClassVar[tuple[Evolving, ...]] = ()

    kinetics: Kinetics
    potential: Callable[[Floats], tuple[Floats, Floats]] = no_potential
    depends_on_stoichiometry: bool = False
    partial_molar_volume: float = 0.0

    def __call__(self, difference: Floats, state: State) -> tuple[Floats, Floats, State]:
        x = state[STOICHIOMETRY]
        rest, rest_slope = self.potential(x)
        eta = difference - rest - self.by_stress(state)
        factor, factor_slope = np.ones_like(x), np.zeros_like(x)
        if self.depends_on_stoichiometry:
            factor, factor_slope = exchange_current_factor(
                x, self.kinetics.anodic, self.kinetics.cathodic
            )
        current, by_eta, by_factor = surface_current(eta, self.kinetics, factor)
        return current, by_eta, {
            STOICHIOMETRY: by_factor * factor_slope - by_eta * rest_slope,
            STRESS: -by_eta * self.partial_molar_volume / FARADAY,
        }  # fmt: skip

    def equilibrium(self, state: State) -> Floats:
        return np.asarray(self.potential(state[STOICHIOMETRY])[0] + self.by_stress(state))

    def by_stress(self, state: State) -> Floats:
        return np.asarray(self.partial_molar_volume / FARADAY * state[STRESS])

    def resistance(self, state: State) -> Floats:
        return np.asarray(self.kinetics.area_resistance)

    def evolved(self, before: State, c: float, current: Floats) -> State:
        return {}


@dataclass(frozen=True)
class Plating:
    """Lithium: pressure opposes plating by ``V p / F``.

    Attributes
    ----------
    molar_volume
        Of what is plated in m^3/mol.
    potential
        Equilibrium potential of the anode's material against lithium in V.
    """

    variables: ClassVar[tuple[str, ...]] = (PRESSURE,)
    evolving: ClassVar[tuple[Evolving, ...]] = ()

    kinetics: Kinetics
    molar_volume: float
    potential: float = 0.0

    def __call__(self, difference: Floats, state: State) -> tuple[Floats, Floats, State]:
        eta = difference - self.equilibrium(state)
        current, by_eta, _ = surface_current(eta, self.kinetics, np.ones_like(eta))
        return current, by_eta, {PRESSURE: by_eta * self.molar_volume / FARADAY}

    def equilibrium(self, state: State) -> Floats:
        return np.asarray(self.potential + self.by_stress(state))

    def by_stress(self, state: State) -> Floats:
        return np.asarray(-self.molar_volume / FARADAY * state[PRESSURE])

    def resistance(self, state: State) -> Floats:
        return np.asarray(self.kinetics.area_resistance)

    def evolved(self, before: State, c: float, current: Floats) -> State:
        return {}


@dataclass(frozen=True)
class Around:
    """What stands around a law: all but the current is that of the law."""

    law: InterfaceLaw

    @property
    def evolving(self) -> tuple[Evolving, ...]:
        """What the law drives."""
        return self.law.evolving

    def equilibrium(self, state: State) -> Floats:
        return self.law.equilibrium(state)

    def by_stress(self, state: State) -> Floats:
        return self.law.by_stress(state)

    def resistance(self, state: State) -> Floats:
        return self.law.resistance(state)

    def evolved(self, before: State, c: float, current: Floats) -> State:
        return self.law.evolved(before, c, current)


@dataclass(frozen=True)
class Touched(Around):
    """A law of which only the share of the surface that is in contact takes part.

    The share is set from outside: it is read as it is, and no current changes it.
    """

    @property
    def variables(self) -> tuple[str, ...]:
        """Those of the law, and the share."""
        return (*self.law.variables, CONTACT)

    def __call__(self, difference: Floats, state: State) -> tuple[Floats, Floats, State]:
        current, by_difference, by_state = self.law(difference, state)
        share = state[CONTACT]
        slopes = {name: share * slope for name, slope in by_state.items()}
        return share * current, share * by_difference, slopes | {CONTACT: current}

    def resistance(self, state: State) -> Floats:
        share = state[CONTACT]
        film = np.broadcast_to(self.law.resistance(state), share.shape)
        return np.divide(film, share, out=np.zeros(share.shape), where=share > 0.0)


@dataclass(frozen=True)
class Exhaustible(Around):
    """A law of an electrode that fades where it is used up.

    The current i that strips is the law's own, L, times ``l / (l + fading)``, l being what is left
    at the end of the stage, ``left - thinning i``. That is a quadratic equation for i, whose
    smaller root grows with L and never strips more than there is, however long the stage. Plating
    does not fade: a current that turns round finds a collector to plate on.

    Attributes
    ----------
    fading
        Thickness in m at which half of the surface still reacts.
    """

    fading: float

    @property
    def variables(self) -> tuple[str, ...]:
        """Those of the law, what is left, and how fast a current takes it."""
        return (*self.law.variables, LEFT, THINNING)

    def __call__(self, difference: Floats, state: State) -> tuple[Floats, Floats, State]:
        whole, by_difference, by_state = self.law(difference, state)
        left, thinning = np.maximum(state[LEFT], 0.0), state[THINNING]
        strips = whole > 0.0
        could = np.where(strips, whole, 0.0)
        width = left + self.fading + thinning * could
        root = np.sqrt(width**2 - 4.0 * thinning * could * left)
        faded = 2.0 * could * left / (width + root)
        slope = np.where(strips, (left - thinning * faded) / root, 1.0)
        slopes = {name: slope * each for name, each in by_state.items()}
        by_left = np.where(strips & (state[LEFT] > 0.0), (could - faded) / root, 0.0)
        by_thinning = np.where(strips, -faded * (could - faded) / root, 0.0)
        return np.where(strips, faded, whole), slope * by_difference, slopes | {
            LEFT: by_left,
            THINNING: by_thinning,
        }  # fmt: skip


INTERFACE_LAWS: tuple[type[InterfaceLaw], ...] = (
    Intercalation,
    Plating,
    Touched,
    Exhaustible,
)  # every law of this module
