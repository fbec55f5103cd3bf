"""The reactions of an instant, terminal by terminal: currents, powers, and where they are lost."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fem.cell.composition import CATHODE, FOIL, Cell
from fem.cell.interfaces import Interface
from fem.cell.interlayer import CollectorSide
from fem.cell.oxidation import OxidationInterface
from fem.cell.particles import ParticleInterface
from fem.cell.state import State
from fem.forms import charge
from fem.laws.interfaces import CONTACT
from fem.physics.charge import ChargeSolution

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Crossing:
    """One interface at an instant; arrays at quadrature points (k, ne, nq).

    Attributes
    ----------
    terminal
        Terminal of each edge (k, ne).
    current
        Current density out of the electrode in A/m^2.
    difference, equilibrium, by_stress
        ``phi_s - phi_e``, its value at which no current flows, and the part of that which stress
        makes, in V.
    """

    interface: Interface
    terminal: NDArray[np.int64]
    current: Floats
    difference: Floats
    equilibrium: Floats
    by_stress: Floats


class Reactions:
    """What crosses the interfaces of `cell` at `state`, which must have been solved.

    Powers are in W per m of depth, currents in A per m of depth and positive where lithium leaves
    an electrode.
    """

    def __init__(self, cell: Cell, state: State) -> None:
        self.cell, self.state = cell, state

    @property
    def solution(self) -> ChargeSolution:
        """Potentials and reactions as solved."""
        return self.state.solved

    @property
    def terminals(self) -> range:
        """Numbers of all terminals."""
        return range(len(self.cell.charge.terminals))

    @property
    def open_circuit_voltage(self) -> float | None:
        """Voltage (V) of even particles of the same mean stoichiometry without current.

        `None` where the case gives no stoichiometry.
        """
        parameters = self.cell.parameters
        if parameters.active is None:
            return None
        x = np.array(self.cell.mean_stoichiometry(self.state))
        return float(parameters.active.potential.extended(x)[0]) - parameters.anode_potential

    @cached_property
    def potential(self) -> Floats:
        """Potential of the electrolyte (n,) in V."""
        return self.cell.charge.potential(self.solution)

    def electrode_potential(self, number: int) -> Floats:
        """Potential of each piece of an interface (pieces,) in V: its terminal and its wire."""
        surface, solution = self.cell.interfaces[number].surface, self.solution
        potential = np.array(solution.voltages)[surface.terminal]
        for place in np.flatnonzero(surface.wire >= 0):
            potential[place] += solution.drops[surface.terminal[place]][surface.wire[place]]
        return np.asarray(potential)

    def difference_at_nodes(self, number: int) -> Floats:
        """``phi_s - phi_e`` at the nodes of an interface (k, m) in V."""
        patches = self.cell.interfaces[number].patches
        phi = self.cell.potentials.trace(self.solution, number)
        return np.asarray(self.electrode_potential(number)[patches.piece_of_node] - phi)

    def law_state(self, number: int) -> dict[str, Floats]:
        """What the law of an interface reads, at its quadrature points (k, ne, nq)."""
        interface = self.cell.interfaces[number]
        nodal = self.solution.inner[number].items()
        inner = {name: interface.patches.at_points(values) for name, values in nodal}
        content = self.state.content
        inner |= interface.driven(content) | interface.standing(content)
        return inner | interface.given(self.state.held, content)

    @cached_property
    def crossings(self) -> tuple[Crossing, ...]:
        """Every interface."""
        found = []
        for number, interface in enumerate(self.cell.interfaces):
            patches, law = interface.patches, interface.law
            inner, shape = self.law_state(number), patches.weights.shape
            found.append(
                Crossing(
                    interface,
                    interface.surface.terminal[patches.piece],
                    self.solution.currents[number],
                    patches.at_points(self.difference_at_nodes(number)),
                    np.broadcast_to(law.equilibrium(inner), shape),
                    np.broadcast_to(law.by_stress(inner), shape),
                )
            )
        return tuple(found)

    def _sum(self, terminal: int, what: str = "", size: bool = False) -> float:
        """Integral over a terminal of the current, or its size, times a potential."""
        total = 0.0
        for each in self.crossings:
            density = np.abs(each.current) if size else each.current
            if what:
                density = density * getattr(each, what)
            weighted = (density * each.interface.patches.weights).sum(axis=2)
            total += float(weighted[each.terminal == terminal].sum())
        return total

    def total(self, terminal: int) -> float:
        """Current out of a terminal."""
        return self._sum(terminal)

    def plated_on_foil(self) -> float:
        """Current that plates on the foil, without what an interlayer takes up, in A/m."""
        foil = self.crossings[0]
        weighted = (foil.current * foil.interface.patches.weights).sum(axis=2)
        return -float(weighted[foil.terminal == FOIL].sum())

    def crossing(self, terminal: int) -> float:
        """What crosses the surface of a terminal, in whatever direction."""
        return self._sum(terminal, size=True)

    def reaction_power(self, terminal: int) -> float:
        """The integral of ``i_n eta``, the overpotential eta less what stress makes of it."""
        return self._sum(terminal, "difference") - self.rest_power(terminal)

    def rest_power(self, terminal: int) -> float:
        """The integral of ``i_n`` times the potential difference at equilibrium."""
        return self._sum(terminal, "equilibrium")

    def stress_power(self) -> float:
        """The integral over all terminals of ``i_n`` times what stress adds at equilibrium."""
        return sum(self._sum(k, "by_stress") for k in self.terminals)

    def ohmic_power(self) -> float:
        """The integral of ``kappa |grad phi_e|^2``."""
        ions = self.cell.charge.electrolyte
        flux = charge.current(ions.space, ions.conductivity, self.potential)
        density = (flux**2).sum(axis=0) / ions.conductivity[:, None]
        return float((density * ions.space.basis.dx).sum())

    def wire_power(self, terminal: int = CATHODE) -> float:
        """What electrons lose in the wires of a terminal."""
        network, drops = self.cell.charge.terminals[terminal].network, self.solution.drops[terminal]
        if network is None:
            return 0.0
        if self.cell.wires.network(self.state.held) is None:
            return network.power(drops)
        # Contacts have gone on to fade since the currents were solved for.
        lost = 0.0
        for surface, loads in zip(self.cell.charge.surfaces, self.solution.loads, strict=True):
            wired = (surface.terminal == terminal) & (surface.wire >= 0)
            given = surface.patches.by_piece(loads)[wired]
            lost -= float(given @ drops[surface.wire[wired]])
        return lost

    def lithium_state(self) -> dict[str, Floats]:
        """What the law of lithium reads at the nodes of the line (m,), by name."""
        lithium = self.cell.lithium
        content = self.state.content
        driven = lithium.driven(content) | {
            name: values
            for name, values in lithium.standing(content).items()
            if np.isfinite(values).all()  # a bound that there is not is no field
        }
        found = {name: values[0] for name, values in self.solution.inner[0].items()} | {
            name: lithium.at_nodes(values) for name, values in driven.items()
        }
        found |= {
            name: lithium.at_nodes(values)
            for name, values in lithium.given(self.state.held, content).items()
        }
        if CONTACT in found:
            found[CONTACT] = np.clip(found[CONTACT], 0.0, 1.0)
        return found

    def driven_means(self) -> dict[str, float]:
        """Means along the interfaces of what their laws drive, by the names of the measures."""
        sums: dict[str, list[float]] = {}
        for each in self.cell.interfaces:
            weights, driven = each.patches.weights, each.driven(self.state.content)
            for variable in each.law.evolving:
                if variable.measure:
                    total = sums.setdefault(variable.measure, [0.0, 0.0])
                    total[0] += float((driven[variable.name] * weights).sum())
                    total[1] += float(weights.sum())
        return {name: total / length for name, (total, length) in sums.items()}

    def plating(self) -> Floats:
        """Plating current density at all mesh nodes (N,) in A/m^2, nan away from lithium.

        It is the law at the nodes, which at the tip of a deposit is more accurate than a projection
        of what crosses at quadrature points.
        """
        lithium = self.cell.lithium
        if isinstance(lithium, CollectorSide):
            # Whether a site is open is told at points.
            current = lithium.at_nodes(self.solution.currents[0])
            size = self.cell.mesh.nodes.shape[1]
            return lithium.on_mesh(-current, size, elsewhere=np.nan)
        current = lithium.law(self.difference_at_nodes(0)[0], self.lithium_state())[0]
        reacts = lithium.active(self.state.held)[lithium.patches.piece_of_node[0]]
        size = self.cell.mesh.nodes.shape[1]
        return lithium.on_mesh(np.where(reacts, -current, 0.0), size, elsewhere=np.nan)

    def particle_currents(self) -> Floats:
        """What each particle of the drawing gives (n,); 0 where it does not react."""
        current = np.zeros(len(self.cell.mesh.geometry.particles))
        if len(current):
            for each, loads in zip(self.cell.interfaces, self.solution.loads, strict=True):
                if isinstance(each, ParticleInterface):
                    current[each.ids] = each.patches.by_piece(loads)
        return current

    def side_current(self) -> float:
        """What electrolyte gives that is oxidised on particles."""
        pairs = zip(self.cell.interfaces, self.solution.loads, strict=True)
        return sum(float(b.sum()) for each, b in pairs if isinstance(each, OxidationInterface))
