"""Laws of interfaces with layers: what they resist, and electrolyte that reacts and makes them.

Of the kind of `fem.laws.interfaces`; `fem.laws.interphase` has how layers grow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from fem.constants import FARADAY, GAS_CONSTANT
from fem.laws.interfaces import CONTACT, PRESSURE, Around, Evolving, InterfaceLaw, Plating, State
from fem.laws.interphase import Growth
from fem.laws.kinetics import exponential

Floats = NDArray[np.float64]

THICKNESS = "thickness"
"""Thickness of electrolyte in m that has become an interphase."""
RESISTANCE = "resistance"
"""Resistance of a layer on the electrode in ohm m^2."""

MOST_ITERATIONS = 200
"""Of Newton's method at a point; each takes off about 50 mV of an overpotential that is far off."""


@dataclass(frozen=True)
class Layered(Around):
    """A law behind a layer that lets the same current through: ``i = law(difference - R i)``."""

    @property
    def variables(self) -> tuple[str, ...]:
        """Those of the law behind the layer, and the resistance of the layer."""
        return (*self.law.variables, RESISTANCE)

    def __call__(self, difference: Floats, state: State) -> tuple[Floats, Floats, State]:
        resistance = state[RESISTANCE]
        # What is left to the law: from all of it, Newton's method goes down and never overshoots.
        left = np.asarray(difference, dtype=float)
        for _ in range(MOST_ITERATIONS):
            current, slope, by_state = self.law(left, state)
            step = (left + resistance * current - difference) / (1.0 + resistance * slope)
            left = left - step
            if np.all(np.abs(step) <= 4e-16 * np.maximum(np.abs(left), 1e-3)):
                break
        share = 1.0 / (1.0 + resistance * slope)
        slopes = {name: share * each for name, each in by_state.items()}
        return current, share * slope, slopes | {RESISTANCE: -share * slope * current}

    def resistance(self, state: State) -> Floats:
        return np.asarray(state[RESISTANCE] + self.law.resistance(state))


@dataclass(frozen=True)
class Oxidation:
    """Electrolyte that gives electrons to the electrode above an onset, and leaves a layer.

    The current density is ``i0 s(eta) g(w)`` with eta the potential of the electrode above the
    onset, g of `fem.laws.interphase`, and s = 0 below the onset: products do not turn back. Above
    it, with a transfer coefficient a,

    limited    ``s = 1 - exp(-a F eta / RT)``   what feeds the reaction gives out: i0 is the most
    Tafel      ``s = exp(a F eta / RT) - 1``

    The state has the thickness at the start of a stage ``w = start + c dw/dt``; the law looks ahead
    to its end (`within`), so that the current is that of the layer as it will be.

    Attributes
    ----------
    current_density
        i0 in A/m^2.
    onset
        In V against lithium.
    by_charge
        Electrolyte that a charge consumes, in m^3/C.
    limited
        Which of the two s holds.
    start
        Thickness at the start of a run in m.
    """

    variables: ClassVar[tuple[str, ...]] = (THICKNESS, CONTACT)
    current_density: float
    onset: float
    growth: Growth
    by_charge: float
    temperature: float
    transfer: float = 0.5
    limited: bool = True
    start: float = 0.0
    c: float = 0.0

    @property
    def evolving(self) -> tuple[Evolving, ...]:
        """The thickness; errors compare with a nanometre."""
        meaning = "thickness of electrolyte that has become an interphase"
        return (Evolving(THICKNESS, "m", meaning, self.start, 1e-9),)

    def within(self, c: float) -> Oxidation:
        """The law in a stage of length c in s."""
        return replace(self, c=c)

    def drive(self, difference: Floats) -> tuple[Floats, Floats]:
        """s and its derivative (1/V)."""
        slope = self.transfer * FARADAY / (GAS_CONSTANT * self.temperature)
        x = slope * np.maximum(difference - self.onset, 0.0)
        above = difference > self.onset
        if self.limited:
            return -np.expm1(-x), np.where(above, slope * np.exp(-x), 0.0)
        value, by_x = exponential(x)
        return value, np.where(above, slope * by_x, 0.0)

    def __call__(self, difference: Floats, state: State) -> tuple[Floats, Floats, State]:
        s, by_difference = self.drive(difference)
        share, before = state[CONTACT], state[THICKNESS]
        bare, rate = self.current_density * share * s, self.c * self.by_charge
        g, by_bare, by_before = self.growth.step(before, rate * bare)
        by_rate = g + bare * rate * by_bare  # of the current by `bare`
        i0 = self.current_density * by_rate
        return bare * g, i0 * share * by_difference, {CONTACT: i0 * s, THICKNESS: bare * by_before}

    def equilibrium(self, state: State) -> Floats:
        return np.full_like(state[THICKNESS], self.onset)

    def by_stress(self, state: State) -> Floats:
        return np.zeros_like(state[THICKNESS])

    def resistance(self, state: State) -> Floats:
        return np.zeros(())

    def evolved(self, before: State, c: float, current: Floats) -> State:
        return {THICKNESS: before[THICKNESS] + c * self.by_charge * current}


@dataclass(frozen=True)
class Reduced:
    """Lithium behind a layer of electrolyte that it has reduced.

    The layer grows in time, and with what is plated at a speed v and a current density i:
    ``dw/dt = rate g(w) + share v (i/reference)^(exponent - 1)``. Lithium that is plated meets fresh
    electrolyte, so that no layer slows the second part.

    Attributes
    ----------
    rate
        Of a bare surface in m/s.
    conductivity
        Of the layer in S/m; `None` if it resists nothing.
    start
        Thickness at the start of a run in m.
    """

    variables: ClassVar[tuple[str, ...]] = (PRESSURE, THICKNESS)

    law: Plating
    growth: Growth
    rate: float
    share: float = 0.0
    exponent: float = 1.0
    reference: float = 1.0
    conductivity: float | None = None
    start: float = 0.0

    @property
    def evolving(self) -> tuple[Evolving, ...]:
        """The thickness; errors compare with a nanometre."""
        meaning = "thickness of electrolyte that lithium has reduced"
        return (Evolving(THICKNESS, "m", meaning, self.start, 1e-9),)

    @property
    def molar_volume(self) -> float:
        """Of what is plated in m^3/mol."""
        return self.law.molar_volume

    def __call__(self, difference: Floats, state: State) -> tuple[Floats, Floats, State]:
        by_thickness = 0.0 if self.conductivity is None else 1.0 / self.conductivity
        resistance = by_thickness * state[THICKNESS]
        current, slope, by_state = Layered(self.law)(difference, {**state, RESISTANCE: resistance})
        by_layer = by_thickness * by_state[RESISTANCE]
        return current, slope, {PRESSURE: by_state[PRESSURE], THICKNESS: by_layer}

    def equilibrium(self, state: State) -> Floats:
        return self.law.equilibrium(state)

    def by_stress(self, state: State) -> Floats:
        return self.law.by_stress(state)

    def resistance(self, state: State) -> Floats:
        by_thickness = 0.0 if self.conductivity is None else 1.0 / self.conductivity
        return np.asarray(by_thickness * state[THICKNESS] + self.law.resistance(state))

    def evolved(self, before: State, c: float, current: Floats) -> State:
        plating = np.maximum(-current, 0.0)
        speed = self.molar_volume / FARADAY * plating
        fresh = self.share * speed * (plating / self.reference) ** (self.exponent - 1.0)
        return {THICKNESS: self.growth.end(before[THICKNESS] + c * fresh, np.array(c * self.rate))}


LAYER_LAWS: tuple[type[InterfaceLaw], ...] = (Layered, Oxidation, Reduced)
"""Every law of this module."""
