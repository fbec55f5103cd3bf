"""Many snapshots of one cell at once, on its condensed electrolyte.

Cases that share drawing, mesh and conductivities differ in what sits on interfaces alone: which
particles react, kinetics, wires, currents and voltages. For these the electrolyte is condensed
once; each of them is then a small dense problem. How many modes that takes is found by comparing
with full solves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fem.case import Case, Snapshot
from fem.cell.build import CATHODE, FOIL
from fem.cell.composition import Cell
from fem.cell.reactions import Reactions
from fem.cell.state import State
from fem.errors import InputError, SolveError
from fem.geometry import Inactivity, Phase
from fem.geometry.particles import inactive
from fem.laws.intercalation import exchange_current_factor
from fem.laws.kinetics import Kinetics, overpotential_with_slope
from fem.measures.anode import AT_REST, AnodeProfile, percentile_along
from fem.measures.charge import EXCHANGED
from fem.mesh import Ints, Mesh
from fem.parameters import Parameters, resolve
from fem.physics.condensed import Balanced, Condensed, Members, balance
from fem.results.fields import profile
from fem.results.notes import notes_of
from fem.results.result import Result
from fem.results.view import View
from fem.runs.snapshot import imposed, moment

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
VARIES = ("inactive", "kinetics", "operation", "title", "output", "stepping")
"""Tables of a case in which members may differ."""


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


@dataclass(frozen=True)
class _Member:
    """A member as its case has it."""

    case: Case
    parameters: Parameters
    active: NDArray[np.bool_]
    drive: tuple[float, float]
    """Current out of the cathode in A per m of depth and its potential in V; one is nan."""
    stoichiometry: float | None


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
    ) -> Self:
        """Condense the cell of `case`, with as many modes as full solves ask for.

        Raises
        ------
        InputError
            If the case cannot be, or does not belong here: see `refusal`.
        """
        why = refusal(case)
        if why:
            raise InputError(why, key="operation" if "snapshot" in why else "mechanics")
        cell = Cell.of(case.replace({"inactive": {}}), progress)
        cuts = _kinks(cell.mesh)
        samples = _samples(case)
        closed, open_ = CLOSED, OPEN
        best: Self | None = None
        while True:
            progress(f"condensing onto {closed} and {open_} modes")
            found = cls(cell, Condensed.of(cell.charge, cuts, closed, open_))
            by_particle, by_line = found.compared(samples)
            found.error = max(by_particle, by_line)
            # A mesh does not resolve any number of modes: what is no better is not gone on from.
            if best is not None and found.error > ENOUGH * best.error:
                return best if best.error < found.error else found
            if found.error <= tolerance or found.operator.size > MOST_MODES:
                return found
            best = found
            closed += 2 * int(by_particle > tolerance)
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
        members: dict[int, _Member] = {}
        for number, case in enumerate(cases):
            try:
                members[number] = self._member(case)
            except (InputError, SolveError) as error:
                messages[number] = str(error)
        for together in _alike(members):
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
                    metrics[number] = _scalars(result.metrics)
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
        for each in cell.particles:
            reasons = [None if member.active[body] else Inactivity.SET for body in each.ids.tolist()]
            held[each.inactivity_name] = np.array(
                [0.0 if why is None else 1.0 + list(Inactivity).index(why) for why in reasons]
            )
        return cell, moment(cell, held)

    def _member(self, case: Case) -> _Member:
        if why := refusal(case):
            raise InputError(why)
        if shared(case, self.cell.case) != self._shared:
            raise InputError(
                "this member has another drawing, mesh or material than the others",
                allowed=f"changes below {', '.join(VARIES)}",
            )
        geometry = self.cell.mesh.geometry
        particles = geometry.particles
        dead = inactive(case, particles.x, particles.y, geometry.width)
        active = ~dead & particles.active
        if len(active) and not active.any():
            raise InputError(
                "no active particle is left, so no current can flow",
                key="inactive",
                allowed="rules that leave at least one particle active",
                cure="narrow the rules of [inactive]",
            )
        parameters = resolve(case, geometry)
        given = case.kinetics.cathode.stoichiometry
        member = _Member(
            case, parameters, active, (0.0, 0.0), None if given is None else float(given)
        )
        assert isinstance(case.operation, Snapshot)
        current, voltage = imposed(case.operation, geometry.width, _open_circuit(member))
        drive = tuple(np.nan if v is None else v for v in (current, voltage))
        return replace(member, drive=drive)

    def _together(self, some: Sequence[_Member]) -> Members:
        """Members that are driven alike, with kinetics of one kind."""
        surfaces = self.cell.interfaces
        count = len(some)
        active = []
        for interface in surfaces:
            if interface is self.cell.lithium:
                active.append(np.ones((count, interface.patches.count), dtype=bool))
            else:
                ids = interface.ids
                plane = not len(self.cell.mesh.geometry.particles)
                active.append(
                    np.ones((count, len(ids)), dtype=bool)
                    if plane
                    else np.stack([member.active[ids] for member in some])
                )
        lithium = [interface is self.cell.lithium for interface in surfaces]
        sides = [
            [m.parameters.anode if on else m.parameters.cathode for on in lithium] for m in some
        ]
        rest = [
            [m.parameters.anode_potential if on else _rest(m) for on in lithium] for m in some
        ]
        exchange = [
            [_exchange(law) * (1.0 if on else _factor(m)) for law, on in zip(row, lithium, strict=True)]
            for row, m in zip(sides, some, strict=True)
        ]
        terminals = len(self.cell.charge.terminals)
        currents = np.zeros((count, terminals))
        potentials = np.full((count, terminals), np.nan)
        currents[:, FOIL], potentials[:, FOIL] = np.nan, 0.0
        currents[:, CATHODE] = [m.drive[0] for m in some]
        potentials[:, CATHODE] = [m.drive[1] for m in some]
        return Members(
            tuple(active),
            tuple(sides[0]),
            np.array(exchange),
            np.array([[law.area_resistance for law in row] for row in sides]),
            np.array(rest),
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

    def _metrics(self, member: _Member, found: Balanced, row: int) -> Mapping[str, Any]:
        """As `fem.measures.charge.charge_metrics` has them, of what currents alone tell."""
        operator, geometry, anode = self.operator, self.cell.mesh.geometry, self.anode
        q = found.modes[row]
        flows = np.bincount(operator.terminal, q * operator.totals)
        current, plated = float(flows[CATHODE]), -float(flows[FOIL])
        profile, running = q[self._foil] @ self._plating, q[self._foil] @ self._running
        rest = _open_circuit(member)
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

    def _powers(self, member: _Member, q: Floats) -> tuple[float, dict[str, float]]:
        """All that crosses the cathode in A per m, and what is lost where in W per m of depth."""
        operator = self.operator
        crossing, lost = 0.0, {"overpotential_anode_V": 0.0, "overpotential_cathode_V": 0.0}
        for group in operator.groups:
            current = q[group.places] @ group.values
            for number in np.unique(operator.surface_of(group)).tolist():
                rows = operator.surface_of(group) == number
                on_lithium = self.cell.interfaces[number] is self.cell.lithium
                law = member.parameters.anode if on_lithium else member.parameters.cathode
                exchange = _exchange(law) * (1.0 if on_lithium else _factor(member))
                eta, _ = overpotential_with_slope(
                    current[rows], law, np.array(exchange), np.array(law.area_resistance)
                )
                name = "overpotential_anode_V" if on_lithium else "overpotential_cathode_V"
                lost[name] += float((current[rows] * eta * group.weights[rows]).sum())
                if not on_lithium:
                    crossing += float((np.abs(current[rows]) * group.weights[rows]).sum())
        lost["overpotential_electrolyte_V"] = float(q @ operator.matrix @ q)
        if operator.wires is not None:
            lost["overpotential_electrons_V"] = float(q @ operator.wires @ q)
        return crossing, lost


def refusal(case: Case) -> str:
    """Why a case cannot be a member of an ensemble, in words; empty if it can."""
    if not isinstance(case.operation, Snapshot):
        return "only a snapshot is solved on a condensed electrolyte, not a protocol"
    if case.mechanics.enabled:
        return "stress is not solved on a condensed electrolyte: mechanics.enabled = false"
    return ""


def shared(case: Case, base: Case) -> str:
    """What a case has in common with the other members of `base`, as a hash."""
    return case.replace({name: getattr(base, name) for name in VARIES}).sha256


def _open_circuit(member: _Member) -> float | None:
    """Voltage without current in V; `None` where the case gives no stoichiometry."""
    if member.parameters.active is None:
        return None
    return _rest(member) - member.parameters.anode_potential


def _rest(member: _Member) -> float:
    """Potential of the particles against lithium in V; 0 where nothing is known of them."""
    active = member.parameters.active
    if active is None or member.stoichiometry is None:
        return 0.0
    return float(active.potential.extended(np.array(member.stoichiometry))[0])


def _exchange(law: Kinetics) -> float:
    i0 = law.exchange_current_density
    return np.inf if i0 is None else i0


def _factor(member: _Member) -> float:
    """What the stoichiometry makes of the exchange current density of the cathode."""
    if member.case.kinetics.cathode.exchange_current_dependence != "stoichiometry":
        return 1.0
    law = member.parameters.cathode
    x = np.array(member.stoichiometry)
    return float(exchange_current_factor(x, law.anodic, law.cathodic)[0])


def _alike(members: Mapping[int, _Member]) -> list[list[int]]:
    """Numbers of members that can be solved together."""
    found: dict[Any, list[int]] = {}
    for number, member in members.items():
        laws = (member.parameters.anode, member.parameters.cathode)
        kind = tuple((law.temperature, law.anodic, law.cathodic) for law in laws)
        found.setdefault((kind, np.isnan(member.drive[0])), []).append(number)
    return list(found.values())


def _samples(case: Case) -> list[Case]:
    """The case, and random patterns of it."""
    draws = [
        {"inactive": {"fraction": fraction, "seed": seed}}
        for seed, fraction in enumerate(np.linspace(0.2, 0.6, CHECKED - 1))
    ]
    cathode = case.geometry.cathode
    plane = cathode is not None and cathode.kind == "plane"
    return [case, *([] if plane else (case.replace(draw) for draw in draws))]


def _kinks(mesh: Mesh) -> Ints:
    """Nodes of the lithium's surface at which one curve ends and another one begins."""
    which = mesh.interface(Phase.LITHIUM)
    ends, outline = mesh.edges[which][:, :2], mesh.outline[which]
    node = ends.ravel()
    curve = np.repeat(outline, 2)
    first = np.full(mesh.nodes.shape[1], -1)
    first[node] = curve
    return np.unique(node[curve != first[node]])


def _scalars(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Metrics with one column an entry of a list."""
    found: dict[str, Any] = {}
    for name, value in metrics.items():
        if isinstance(value, list):
            found |= {f"{name}[{k}]": each for k, each in enumerate(value)}
        else:
            found[name] = value
    return found
