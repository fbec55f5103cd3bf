"""Many snapshots of one cell at once, on its condensed electrolyte.

Cases that share drawing, mesh and conductivities differ in what sits on interfaces alone: which
particles react, kinetics, wires, currents and voltages. For these the electrolyte is condensed
once; each of them is then a small dense problem. How many modes that takes is found by comparing
with full solves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fem.case import Case
from fem.cell.build import CATHODE, FOIL
from fem.cell.composition import Cell
from fem.cell.interfaces import written
from fem.cell.reactions import Reactions
from fem.cell.state import State
from fem.errors import InputError, SolveError
from fem.geometry import Inactivity
from fem.laws.kinetics import overpotential_with_slope
from fem.measures.anode import AT_REST, AnodeProfile, percentile_along
from fem.measures.charge import EXCHANGED
from fem.physics.condensed import Balanced, Condensed, Members, balance
from fem.physics.modes import kinks
from fem.results.fields import profile
from fem.results.notes import notes_of
from fem.results.result import Result
from fem.results.view import View
from fem.runs.members import VARIES, Member, alike, refusal, samples, scalars, shared
from fem.runs.snapshot import moment

Floats = NDArray[np.float64]

TOLERANCE = 1e-5
"""Largest error of any particle's current, over the mean, and of plating averaged over 2 um of arc,
over its mean."""
CLOSED, OPEN = 3, 24
"""Modes to begin with, of closed outlines and of lines."""
MOST_MODES = 6_000
ENOUGH = 0.7
"""More modes have to make the error this much smaller to be worth it."""
CHECKED = 3
"""Members that are compared with full solves."""


@dataclass(frozen=True)
class Outcome:
    """What is known of M members.

    Attributes
    ----------
    metrics
        Of each, by name; `None` where it was not found.
    messages
        Why not; empty text where it was.
    currents
        Of the particles (M, particles) in A per m of depth.
    plating
        Along the foil, averaged over 2 um of arc, (M, nodes) in A/m^2.
    """

    metrics: tuple[Mapping[str, Any] | None, ...]
    messages: tuple[str, ...]
    currents: Floats
    plating: Floats


class Ensemble:
    """A cell whose electrolyte is condensed.

    Attributes
    ----------
    cell
        With all particles of the drawing that can react.
    operator
        The condensed electrolyte.
    error
        Largest difference from full solves that was found, relative as `TOLERANCE` says.
    anode
        Places along the foil.
    """

    def __init__(self, cell: Cell, operator: Condensed, error: float = np.nan) -> None:
        self.cell, self.operator, self.error = cell, operator, error
        lithium, mesh = cell.lithium, cell.mesh
        nothing = np.zeros(mesh.nodes.shape[1])
        self.anode: AnodeProfile = profile(mesh, nothing, nothing, None)
        foil = np.flatnonzero(operator.terminal == FOIL)
        self._foil = foil
        table = np.zeros((operator.size, len(self.anode.nodes)))
        for number in np.unique(operator.owner[foil]).tolist():
            chain = operator.chains[number]
            place = np.flatnonzero(operator.owner == number)
            density = np.zeros((1, *lithium.patches.weights.shape[1:]))
            for mode in place.tolist():
                one = np.zeros((1, operator.size))
                one[0, mode] = 1.0
                density[0, chain.edges] = operator.densities(one, number)[0]
                nodal = lithium.on_mesh(-lithium.at_nodes(density), mesh.nodes.shape[1])
                table[mode] = nodal[self.anode.nodes]
        self._plating = table[foil]
        self._running = np.stack([self.anode.running_mean(row) for row in table[foil]])
        particle = np.array([self._particle(k) for k in range(len(operator.chains))])
        self._particle_of_mode = particle[operator.owner]
        self._shared = shared(cell.case, cell.case)

    @classmethod
    def of(
        cls,
        case: Case,
        tolerance: float = TOLERANCE,
        progress: Callable[[str], None] = lambda stage: None,
        examples: Sequence[Case] = (),
    ) -> Self:
        """Condense the cell of `case`, with as many modes as full solves ask for.

        Parameters
        ----------
        tolerance
            Largest error of currents and of plating, relative as `TOLERANCE` says. A mesh does not
            resolve any number of modes: `error` is what was reached.
        examples
            Members that are compared with full solves, those that are hardest among them: a large
            current over a small exchange current makes profiles uneven. The case itself and random
            patterns of it if left out.

        Raises
        ------
        InputError
            If the case cannot be, or does not belong here: see `refusal`.
        """
        if why := refusal(case):
            raise InputError(why, cure='operation.kind = "snapshot" and mechanics.enabled = false')
        cell = Cell.of(case.replace({"inactive": {}}), progress)
        cuts = kinks(cell.mesh)
        some = examples or samples(case, CHECKED)
        closed, open_ = CLOSED, OPEN
        best: Self | None = None
        while True:
            progress(f"condensing onto {closed} and {open_} modes")
            found = cls(cell, Condensed.of(cell.charge, cuts, closed, open_))
            by_particle, by_line = found.compared(some)
            found.error = max(by_particle, by_line)
            # A mesh does not resolve any number of modes: what is no better is not gone on from.
            if best is not None and found.error > ENOUGH * best.error:
                return best if best.error < found.error else found
            if found.error <= tolerance or found.operator.size > MOST_MODES:
                return found
            best = found
            closed += 2  # isolated lithium is closed, and what it misses shows along the foil
            open_ += open_ // 2 * int(by_line > tolerance)

    # -------------------------------------------------------------------------------- members

    def solve(self, cases: Sequence[Case]) -> Outcome:
        """Solve snapshots of this cell; a member that fails does not stop the others.

        Raises
        ------
        InputError
            If a case does not share drawing, mesh and materials with this cell.
        """
        metrics: list[Mapping[str, Any] | None] = [None] * len(cases)
        messages = [""] * len(cases)
        currents = np.full((len(cases), len(self.cell.mesh.geometry.particles)), np.nan)
        plating = np.full((len(cases), len(self.anode.nodes)), np.nan)
        members: dict[int, Member] = {}
        for number, case in enumerate(cases):
            try:
                members[number] = self._member(case)
            except (InputError, SolveError) as error:
                messages[number] = str(error)
        for together in alike(members):
            some = [members[number] for number in together]
            found = balance(self.operator, self._together(some))
            for row, number in enumerate(together):
                if not found.done[row]:
                    # Steep kinetics and the like: this one is solved in full.
                    try:
                        result = self.result(cases[number])
                    except (InputError, SolveError) as error:
                        messages[number] = str(error)
                        continue
                    metrics[number] = scalars(result.metrics)
                    currents[number] = result.particles.current
                    plating[number] = result.anode.running_mean(result.anode.plating)
                    continue
                metrics[number] = self._metrics(members[number], found, row)
                currents[number] = self.particle_currents(found.modes[row])
                plating[number] = found.modes[row, self._foil] @ self._running
        return Outcome(tuple(metrics), tuple(messages), currents, plating)

    def result(self, case: Case) -> Result:
        """All fields of a member, by a full solve on the same mesh."""
        cell, state = self._full(case)
        return View.of(cell, cell.meshed).result(state, notes=notes_of(cell))

    def compared(self, cases: Sequence[Case]) -> tuple[float, float]:
        """Largest differences from full solves: particles' currents and plating, over the means."""
        found = self.solve(cases)
        particles = line = 0.0
        for case, mine, along in zip(cases, found.currents, found.plating, strict=True):
            cell, state = self._full(case)
            reactions = Reactions(cell, state)
            exact = reactions.particle_currents()
            mean = np.abs(exact).sum() / max(1, int((exact != 0.0).sum()))
            if len(exact):
                particles = max(particles, float(np.abs(mine - exact).max()) / mean)
            full = self.anode.running_mean(reactions.plating()[self.anode.nodes])
            line = max(line, float(np.abs(along - full).max() / abs(self.anode.mean(full))))
        return particles, line

    def particle_currents(self, modes: Floats) -> Floats:
        """What each particle gives (particles,) in A per m of depth."""
        mine = self._particle_of_mode >= 0
        return np.bincount(
            self._particle_of_mode[mine],
            (modes * self.operator.totals)[mine],
            len(self.cell.mesh.geometry.particles),
        ).astype(float)

    # ------------------------------------------------------------------------------- one member

    def _full(self, case: Case) -> tuple[Cell, State]:
        member = self._member(case)
        cell = self.cell.replace({name: getattr(case, name) for name in ("kinetics", "operation")})
        held = dict(cell.initial().held)
        if len(member.active):
            dead = written({0: Inactivity.SET})[0]
            for each in cell.particles:
                held[each.inactivity_name] = np.where(member.active[each.ids], 0.0, dead)
        return cell, moment(cell, held)

    def _member(self, case: Case) -> Member:
        if shared(case, self.cell.case) != self._shared:
            raise InputError(
                "this member has another drawing, mesh or material than the others",
                allowed=f"changes below {', '.join(VARIES)}",
            )
        return Member.of(case, self.cell.mesh.geometry)

    def _together(self, some: Sequence[Member]) -> Members:
        """Members that are driven alike, with kinetics of one kind."""
        surfaces, count = self.cell.interfaces, len(some)
        lithium = [interface is self.cell.lithium for interface in surfaces]
        active = [
            np.ones((count, interface.patches.count), dtype=bool)
            if interface is self.cell.lithium or not len(some[0].active)
            else np.stack([member.active[interface.ids] for member in some])
            for interface in surfaces
        ]
        terminals = len(self.cell.charge.terminals)
        currents = np.zeros((count, terminals))
        potentials = np.full((count, terminals), np.nan)
        currents[:, FOIL], potentials[:, FOIL] = np.nan, 0.0
        for row, member in enumerate(some):
            current, voltage = member.drive
            currents[row, CATHODE] = np.nan if current is None else current
            potentials[row, CATHODE] = np.nan if voltage is None else voltage
        return Members(
            tuple(active),
            tuple(some[0].law(on) for on in lithium),
            np.array([[m.exchange(on) for on in lithium] for m in some]),
            np.array([[m.law(on).area_resistance for on in lithium] for m in some]),
            np.array([[m.rest(on) for on in lithium] for m in some]),
            currents,
            potentials,
        )

    def _particle(self, number: int) -> int:
        """The particle of a chain; -1 for lithium and a plane electrode."""
        chain = self.operator.chains[number]
        interface = self.cell.interfaces[chain.surface]
        if interface is self.cell.lithium or not len(self.cell.mesh.geometry.particles):
            return -1
        return int(interface.ids[chain.piece])

    def _metrics(self, member: Member, found: Balanced, row: int) -> Mapping[str, Any]:
        """As `fem.measures.charge.charge_metrics` has them, of what currents alone tell."""
        operator, geometry, anode = self.operator, self.cell.mesh.geometry, self.anode
        q = found.modes[row]
        flows = np.bincount(operator.terminal, q * operator.totals)
        current, plated = float(flows[CATHODE]), -float(flows[FOIL])
        profile, running = q[self._foil] @ self._plating, q[self._foil] @ self._running
        rest = member.open_circuit
        mean = plated / anode.length
        voltage = float(found.voltages[row, CATHODE])
        metrics: dict[str, Any] = {
            "current_density_A_m2": current / geometry.width,
            "current_A": current * geometry.depth,
            "overpotential_V": voltage - (rest or 0.0),
            "anode_plating_mean_A_m2": mean,
            "anode_plating_max_A_m2": float(profile.max()),
            "anode_plating_min_A_m2": float(profile.min()),
            "lithium_line_length_m": anode.length,
        }
        crossing, power = self._powers(member, q)
        if abs(current) > AT_REST * crossing:
            applied = current / geometry.width
            metrics |= {
                "focusing_max_over_mean": float((running / mean).max()),
                "focusing_min_over_mean": float((running / mean).min()),
                "focusing_p95_over_mean": percentile_along(anode, running / mean, 95.0),
                "focusing_max_over_applied": float((running / applied).max()),
                "plating_total_over_applied": plated / current,
            }
            if abs(current) > EXCHANGED * crossing:
                metrics |= {name: value / current for name, value in power.items()}
            metrics |= {
                f"tip_over_applied[{k}]": anode.at(*deposit.tip, running) / applied
                for k, deposit in enumerate(geometry.deposits)
            }
        if rest is not None:
            metrics["cell_voltage_V"] = voltage
        metrics["active_particles"] = int(member.active.sum())
        metrics["inactive_particles"] = int((~member.active).sum())
        return metrics

    def _powers(self, member: Member, q: Floats) -> tuple[float, dict[str, float]]:
        """All that crosses the cathode in A per m, and what is lost where in W per m of depth."""
        operator = self.operator
        crossing, lost = 0.0, {"overpotential_anode_V": 0.0, "overpotential_cathode_V": 0.0}
        for group in operator.groups:
            current = q[group.places] @ group.values
            for number in np.unique(operator.surface_of(group)).tolist():
                rows = operator.surface_of(group) == number
                on_lithium = self.cell.interfaces[number] is self.cell.lithium
                law = member.law(on_lithium)
                eta, _ = overpotential_with_slope(
                    current[rows],
                    law,
                    np.array(member.exchange(on_lithium)),
                    np.array(law.area_resistance),
                )
                name = "overpotential_anode_V" if on_lithium else "overpotential_cathode_V"
                lost[name] += float((current[rows] * eta * group.weights[rows]).sum())
                if not on_lithium:
                    crossing += float((np.abs(current[rows]) * group.weights[rows]).sum())
        lost["overpotential_electrolyte_V"] = float(q @ operator.matrix @ q)
        if operator.wires is not None:
            lost["overpotential_electrons_V"] = float(q @ operator.wires @ q)
        return crossing, lost
