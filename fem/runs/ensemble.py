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

from fem import mesh as meshes
from fem.case import Case
from fem.cell.build import CATHODE, FOIL
from fem.cell.composition import Cell
from fem.cell.interfaces import written
from fem.cell.reactions import Reactions
from fem.cell.state import State
from fem.errors import InputError, SolveError
from fem.geometry import Geometry, Inactivity
from fem.measures.anode import AnodeProfile
from fem.mesh import Mesh
from fem.physics.condensed import Condensed, Members, balance
from fem.physics.kinks import kinks_of
from fem.physics.responses import chains_on, responses
from fem.results.fields import profile
from fem.results.notes import notes_of
from fem.results.result import Result
from fem.results.view import View
from fem.runs.kept import MEMORY, Entries, Store
from fem.runs.members import VARIES, Member, alike, refusal, samples, scalars, shared
from fem.runs.snapshot import moment
from fem.runs.told import member_metrics

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
"""Members that are made up where no examples are given."""
MOST_CHECKED = 8
"""Examples that are compared with full solves, at most."""


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
    active
        Which particles react (M, particles).
    """

    metrics: tuple[Mapping[str, Any] | None, ...]
    messages: tuple[str, ...]
    currents: Floats
    plating: Floats
    active: NDArray[np.bool_]


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
        self._shared = shared(cell.case)

    @classmethod
    def of(
        cls,
        case: Case,
        tolerance: float = TOLERANCE,
        progress: Callable[[str], None] = lambda stage: None,
        examples: Sequence[Case] = (),
        store: Store = MEMORY,
    ) -> Self:
        """Condense the cell of `case`, with as many modes as full solves ask for.

        Parameters
        ----------
        tolerance
            Largest error of currents and of plating, relative as `TOLERANCE` says. A mesh does not
            resolve any number of modes: `error` is what was reached.
        examples
            Members, as many as you like, of which those with the least even profiles are compared
            with full solves. A large current over a small exchange current makes profiles uneven,
            and `error` holds for no member that is harder than the examples. The case itself and
            random patterns of it, at its own current, if left out.
        store
            Where mesh, modes, operator and errors are kept, and looked for. What is found does not
            depend on it.

        Raises
        ------
        InputError
            If the case cannot be, or does not belong here: see `refusal`.
        """
        if why := refusal(case):
            raise InputError(why, cure='operation.kind = "snapshot" and mechanics.enabled = false')
        kept = Entries(store, shared(case))

        def mesher(case: Case, shape: Geometry) -> Mesh:
            found = kept.get("mesh", lambda: meshes.from_case(case, shape).arrays)
            return Mesh.of_arrays(found, shape)

        cell = Cell.of(case.replace({"inactive": {}}), progress, mesher)
        chains = chains_on(cell.charge, kinks_of(cell.mesh))
        if any(chain.kind == "response" for chain in chains):
            progress("modes of lithium")
            tables = kept.get("modes", lambda: _named(responses(cell.charge, chains)))
            for place, table in tables.items():
                chains[int(place)] = replace(chains[int(place)], table=table)
        some = examples or samples(case, CHECKED)
        compared = ",".join(example.sha256 for example in some)
        isolated = any(chain.kind == "closed" and chain.surface == 0 for chain in chains)
        closed, open_ = CLOSED, OPEN
        hard: Sequence[Case] = ()
        exact: list[tuple[Floats, Floats]] = []

        def missed(found: Self) -> dict[str, Floats]:
            if not exact:
                exact.extend(found._exact(each) for each in hard)
            return {"": np.array(found._missed(hard, exact))}

        def condensed(closed: int, open_: int) -> tuple[Self, float, float]:
            nonlocal hard
            progress(f"condensing onto {closed} and {open_} modes")
            name = f"operator {closed} {open_}"
            arrays = kept.get(name, lambda: Condensed.of(cell.charge, chains, closed, open_).arrays)
            found: Self = cls(cell, Condensed.of_arrays(chains, arrays))
            hard = hard or found.hardest(some)
            errors = kept.get(f"{name} against {compared}", lambda: missed(found))
            by_particle, by_line = errors[""].tolist()
            found.error = max(by_particle, by_line)
            return found, by_particle, by_line

        best: Self | None = None
        found: Self
        while True:
            found, by_particle, by_line = condensed(closed, open_)
            # A mesh does not resolve any number of modes: what is no better is not gone on from.
            if best is not None and found.error > ENOUGH * best.error:
                return best if best.error < found.error else found
            if found.error <= tolerance or found.operator.size > MOST_MODES:
                return found
            best = found
            # Isolated lithium is closed, and what it misses shows along the foil.
            closed += 2 * int(by_particle > tolerance or isolated)
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
        active = np.zeros(currents.shape, dtype=bool)
        members: dict[int, Member] = {}
        for number, case in enumerate(cases):
            try:
                members[number] = self._member(case)
                active[number] = members[number].active
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
                q, voltage = found.modes[row], float(found.voltages[row, CATHODE])
                plating[number] = q[self._foil] @ self._running
                currents[number] = self.particle_currents(q)
                anode = replace(self.anode, plating=q[self._foil] @ self._plating)
                metrics[number] = member_metrics(
                    self.cell, self.operator, members[number], q, voltage, anode, plating[number]
                )
        return Outcome(tuple(metrics), tuple(messages), currents, plating, active)

    def result(self, case: Case) -> Result:
        """All fields of a member, by a full solve on the same mesh."""
        cell, state = self._full(case)
        return View.of(cell, cell.meshed).result(state, notes=notes_of(cell))

    def compared(self, cases: Sequence[Case]) -> tuple[float, float]:
        """Largest differences from full solves: particles' currents and plating, over the means."""
        return self._missed(cases, [self._exact(case) for case in cases])

    def hardest(self, cases: Sequence[Case], count: int = MOST_CHECKED) -> Sequence[Case]:
        """Those of many members whose profiles are least even, `count` of them at most.

        Half of them along a particle, half along the foil: what modes miss grows with either.
        """
        if len(cases) <= count:
            return cases
        members = {number: self._member(case) for number, case in enumerate(cases)}
        uneven = np.zeros((2, len(cases)))
        for together in alike(members):
            found = balance(self.operator, self._together([members[n] for n in together]))
            # One that has not converged is solved in full, so that modes miss nothing of it.
            for row in np.flatnonzero(found.done).tolist():
                uneven[:, together[row]] = self._unevenness(found.modes[row])
        by_particle, by_line = np.argsort(-uneven, axis=1, kind="stable")
        first = list(dict.fromkeys(np.stack([by_particle, by_line], axis=1).ravel().tolist()))
        return [cases[number] for number in sorted(first[:count])]

    def particle_currents(self, modes: Floats) -> Floats:
        """What each particle gives (particles,) in A per m of depth."""
        mine = self._particle_of_mode >= 0
        return np.bincount(
            self._particle_of_mode[mine],
            (modes * self.operator.totals)[mine],
            len(self.cell.mesh.geometry.particles),
        ).astype(float)

    # ------------------------------------------------------------------------------- one member

    def _exact(self, case: Case) -> tuple[Floats, Floats]:
        """Particles' currents and plating of a full solve, as those of an `Outcome`."""
        reactions = Reactions(*self._full(case))
        plating = self.anode.running_mean(reactions.plating()[self.anode.nodes])
        return reactions.particle_currents(), plating

    def _missed(
        self, cases: Sequence[Case], exact: Sequence[tuple[Floats, Floats]]
    ) -> tuple[float, float]:
        """Largest differences from what is exact: currents and plating, over the means."""
        found = self.solve(cases)
        particles = line = 0.0
        for (currents, plating), mine, along in zip(
            exact, found.currents, found.plating, strict=True
        ):
            if len(currents):
                mean = np.abs(currents).sum() / max(1, int((currents != 0.0).sum()))
                particles = max(particles, float(np.abs(mine - currents).max()) / mean)
            miss = float(np.abs(along - plating).max() / abs(self.anode.mean(plating)))
            line = max(line, miss)
        return particles, line

    def _unevenness(self, q: Floats) -> tuple[float, float]:
        """Largest amplitude that is no mean: of particles and of the foil, over what is usual."""
        means = np.isin(np.arange(len(q)), np.cumsum([0, *self.operator.counts[:-1]]))
        foil = self.operator.terminal == FOIL
        sizes = []
        for side in (~foil, foil):
            even = np.abs(q[side & means])
            usual = even.sum() / max(1, int((even > 0.0).sum()))
            sizes.append(float(np.abs(q[side & ~means]).max(initial=0.0) / usual))
        return sizes[0], sizes[1]

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
        if shared(case) != self._shared:
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


def _named(tables: Mapping[int, Floats]) -> dict[str, Floats]:
    return {str(place): table for place, table in tables.items()}
