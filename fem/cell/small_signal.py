"""A cell about a state, at small sine waves: ``y = base + c dy/dt`` at ``c = 1 / (j omega)``.

All that a stage knows takes part as it is at the state: the laws' slopes, the share in contact, the
wires, isolated lithium, diffusion condensed onto surfaces and the pressure operator at complex c,
and what laws drive themselves. Double layers are charged beside the reactions. What does not evolve
within a step is held: which pieces react, how faces stand to each other, and what solids remember.
The stress in particles, which a stage finds by repeating itself, is held too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.cell.composition import CATHODE, Cell
from fem.cell.interfaces import Interface
from fem.cell.interlayer import Store
from fem.cell.lithium import LithiumInterface
from fem.cell.particles import ParticleInterface
from fem.cell.reactions import Reactions
from fem.cell.state import State
from fem.laws.interfaces import CONTACT, LEFT, PRESSURE, STOICHIOMETRY, Evolving
from fem.physics.admittance import Film, Linear
from fem.solve.band import Answer, Band
from fem.solve.linear import Solve

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

DOUBLE_LAYER = "double layer"
WORDS = {STOICHIOMETRY: "diffusion", PRESSURE: "pressure", LEFT: "thinning"}
"""What is said of a variable that follows the current."""
FILLING = "filling"
"""What is said of the stoichiometry where nothing diffuses."""
SHORT = 1e-4
"""Time in s over which the rate of what a law drives is read off the law."""
NUDGE = 1e-3
"""Differences by which a rate is differentiated, over the scale of a variable or a current."""


class SmallSignal:
    """The impedance of a cell about a state that was solved.

    Attributes
    ----------
    processes
        What stores charge or lithium, so that it makes the impedance depend on frequency: ``role
        process`` with the role ``lithium``, ``particles``, ``side reaction``, or the place in an
        interlayer.
    """

    def __init__(self, cell: Cell, state: State) -> None:
        self._cell, self._state = cell, state
        active = [interface.active(state.held) for interface in cell.interfaces]
        layout = cell.charge.layout(cell.drives(current=0.0), active)
        self._layout = layout
        load = np.zeros(layout.size)
        load[layout.ions + layout.free.index(CATHODE)] = 1.0
        self._band = Band(layout.conductance, layout.trace, load)
        self._interfaces = [cell.interfaces[k] for k in layout.live]
        reactions = Reactions(cell, state)
        self._laws = [self._linear(reactions, k) for k in layout.live]
        self._rates = [_rates(cell, state, k) for k in layout.live]
        self.processes = self._processes()

    @property
    def full(self) -> int:
        """How many systems of the electrolyte were solved in full."""
        return self._band.full

    def impedance(self, frequency: float, without: Sequence[str] = ("",)) -> list[Answer]:
        """Answers in ohm m at a frequency in Hz, one for each process that is left out.

        Nothing is left out where the name is empty. A double layer that is left out takes no
        charge; what follows the current stays as it is at the state.

        Raises
        ------
        SolveError
            If a linear solve does not converge.
        """
        omega = 2.0 * np.pi * frequency
        answers = [self._answering(i, 1.0 / (1j * omega)) for i in self._interfaces]
        return [self._solved(omega, answers, name) for name in without]

    def _solved(self, omega: float, answers: Sequence[Mapping[str, Any]], without: str) -> Answer:
        films = []
        for number, interface in enumerate(self._interfaces):
            left = without.removeprefix(f"{_role(interface)} ") if without else ""
            mine = left != without
            law, part = self._laws[number], self._layout.parts[number]
            if mine and left == DOUBLE_LAYER:
                law = Linear(law.slope, law.by_state, law.resistance, 0.0 * law.capacitance)
            follows = {
                name: part.matrix(matrix)
                for name, matrix in answers[number].items()
                if not (mine and left == _word(interface, name))
            }
            c, rates = 1.0 / (1j * omega), self._rates[number]
            driven: dict[str, Any] = {
                name: values
                for name, values in interface.following(c).items()
                if not (mine and left == _word(interface, name))
            }
            if rates is not None:
                found = rates.follow(c, left if mine else "")
                driven |= {name: part.points(values) for name, values in found.items()}
            law = law.driving(driven)
            films.append(Film(part.patches, law, omega, follows))

        ends = np.cumsum([film.patches.nodes.size for film in films])[:-1]

        def loads(traces: Any) -> Complexes:
            parts = zip(films, np.split(traces, ends), strict=True)
            return np.concatenate([film.loads(part) for film, part in parts])

        return self._band.solve(loads, lambda: self._prepared(films))

    def _prepared(self, films: Sequence[Film]) -> Solve:
        densities = [0.0] * len(self._layout.surfaces)
        for k, film in zip(self._layout.live, films, strict=True):
            densities[k] = film.mean
        matrix = self._layout.films(densities)
        return self._cell.charge.prepared_for(matrix, self._layout).precondition

    def _linear(self, reactions: Reactions, number: int) -> Linear:
        """The law of an interface about the state, on its pieces that react."""
        interface = self._cell.interfaces[number]
        part = self._layout.parts[self._layout.live.index(number)]
        state = reactions.law_state(number)
        difference = interface.patches.at_points(reactions.difference_at_nodes(number))
        _, slope, by_state = interface.law(difference, state)
        shape = difference.shape
        resistance = np.broadcast_to(interface.law.resistance(state), shape)
        kinetics = interface.surface.kinetics
        double_layer = 0.0 if kinetics is None else kinetics.double_layer
        capacitance = double_layer * state.get(CONTACT, np.ones(shape))
        return Linear(
            part.points(slope),
            {name: part.points(np.broadcast_to(q, shape)) for name, q in by_state.items()},
            part.points(resistance),
            part.points(capacitance),
        )

    def _answering(self, interface: Interface, c: complex) -> Mapping[str, Any]:
        """How the variables of a law follow the loads of what reacts."""
        found = dict(interface.answering(c, self._state.content))
        stress = self._cell.stress
        if stress is not None and stress.on_lithium and isinstance(interface, LithiumInterface):
            found[PRESSURE] = -c * stress.pressure_by_charge
        return found

    def _processes(self) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for number, interface in enumerate(self._interfaces):
            follow = (*self._answering(interface, 1j), *interface.following(1j))
            names = [_word(interface, name) for name in follow]
            names += [each.name for each in interface.law.evolving]
            if self._laws[number].capacitance.any():
                names.insert(0, DOUBLE_LAYER)
            found |= dict.fromkeys(f"{_role(interface)} {name}" for name in names)
        return tuple(found)


def _role(interface: Interface) -> str:
    if isinstance(interface, LithiumInterface):
        return "lithium"
    if isinstance(interface, Store):
        return interface.name
    return "particles" if isinstance(interface, ParticleInterface) else "side reaction"


def _word(interface: Interface, variable: str) -> str:
    """What is said of a variable of an interface that follows the current."""
    return FILLING if isinstance(interface, Store) else WORDS[variable]


class _Rates:
    """How what a law drives follows the current at each point, ``dy/dt = f(y, i)`` to first order.

    Attributes
    ----------
    by_current
        Derivatives of the rates by the current density (n, k, ne, nq).
    by_variable
        By the variables (n, n, k, ne, nq): of the first, by the second.
    """

    def __init__(self, interface: Interface, before: Mapping[str, Floats], current: Floats) -> None:
        self._names = [each.name for each in interface.law.evolving]
        evolved = interface.law.evolved

        def rates(y: Mapping[str, Floats], i: Floats) -> Floats:
            after = evolved(y, SHORT, i)
            return np.stack([(after[name] - y[name]) / SHORT for name in self._names])

        def slope(way: Callable[[float], Floats], step: float) -> Floats:
            return (way(step) - way(-step)) / (2.0 * step)

        kinetics = interface.surface.kinetics
        size = 1.0 if kinetics is None else kinetics.exchange_current_density or 1.0
        size = max(size, float(np.abs(current).max(initial=0.0)))
        self.by_current = slope(lambda h: rates(before, current + h), NUDGE * size)

        def by(each: Evolving) -> Floats:
            name, step = each.name, NUDGE * each.scale
            return slope(lambda h: rates({**before, name: before[name] + h}, current), step)

        self.by_variable = np.stack([by(each) for each in interface.law.evolving], axis=1)

    def follow(self, c: complex, without: str = "") -> dict[str, Complexes]:
        """What a unit of current density makes of each variable (k, ne, nq) in a wave."""
        kept = [k for k, name in enumerate(self._names) if name != without]
        if not kept:
            return {}
        matrix = np.moveaxis(-self.by_variable[np.ix_(kept, kept)], (0, 1), (-2, -1)).astype(
            complex
        )
        matrix += np.eye(len(kept)) / c
        right = np.moveaxis(self.by_current[kept], 0, -1)[..., None]
        found = np.linalg.solve(matrix, right)[..., 0]
        return {self._names[k]: found[..., place] for place, k in enumerate(kept)}


def _rates(cell: Cell, state: State, number: int) -> _Rates | None:
    """Those of an interface; `None` where its law drives nothing."""
    interface = cell.interfaces[number]
    if not interface.law.evolving:
        return None
    return _Rates(interface, interface.driven(state.content), state.solved.currents[number])
