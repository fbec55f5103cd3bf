"""A linear electrolyte condensed onto modes of current along its surfaces.

Unknown are the amplitudes q of modes psi of the current density out of the electrodes. In the
electrolyte they make the potentials ``N q`` along the surfaces, up to one constant for all, with

    N = B' K^-1 B,     B = integral of psi w ds,

and a law is read backwards, ``phi_s - phi_e = U + eta(i)``. What balances is the minimum of

    q' N q / 2 + integral of (U i + int_0^i eta) ds + (wires)  -  (given potentials) times currents

over all q with the currents that are given. Only N asks for the mesh; what differs between inactive
pieces, currents, kinetics, voltages and wires is a small dense problem each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, identity
from scipy.sparse.linalg import splu

from fem.laws.kinetics import Kinetics, overpotential_with_slope
from fem.mesh import Ints
from fem.physics.charge import ChargeProblem
from fem.physics.modes import Chain, Group, groups_of, nodal_loads, resolved
from fem.physics.responses import balanced, gathered
from fem.solve.many import Block, Minima, minimise_many

Floats = NDArray[np.float64]

COLUMNS = 64
"""Modes that are solved for together."""


@dataclass(frozen=True)
class Condensed:
    """The condensed operator of an electrolyte.

    Attributes
    ----------
    chains, counts
        Of the surfaces, and how many modes each has.
    matrix
        N (n, n) in V m^2/A times m: potentials tested with the modes. Currents that do not add up
        to 0 return uniformly through the first chain.
    totals
        Integrals of the modes (n,) in m.
    terminal, wire
        Terminal and node of its wires (-1 for none) of each mode (n,).
    wires
        What currents out of modes do to potentials of the wires, (n, n); `None` where ideal.
    """

    chains: tuple[Chain, ...]
    counts: tuple[int, ...]
    matrix: Floats
    totals: Floats
    terminal: Ints
    wires: Floats | None

    @classmethod
    def of(cls, problem: ChargeProblem, chains: Sequence[Chain], closed: int, open_: int) -> Self:
        """Condense a charge problem onto so many modes for closed chains and for open ones."""
        return cls.on(problem, chains, resolved(chains, closed, open_))

    @classmethod
    def on(cls, problem: ChargeProblem, chains: Sequence[Chain], counts: Sequence[int]) -> Self:
        """The same for chains with a number of modes each."""
        loads = nodal_loads([each.patches for each in problem.surfaces], chains, counts)
        totals = np.asarray(loads.sum(axis=0)).ravel()
        matrix = np.empty((len(totals), len(totals)))
        for part, potentials in traces(problem, loads):
            matrix[:, part] = loads.T @ potentials
        # What returns through the first chain meets potentials there too.
        matrix -= np.outer(totals / totals[0], matrix[0])
        owner = np.repeat(np.arange(len(chains)), counts)
        surface = [problem.surfaces[chain.surface] for chain in chains]
        terminal = np.array([s.terminal[c.piece] for s, c in zip(surface, chains, strict=True)])
        wire = np.array([s.wire[c.piece] for s, c in zip(surface, chains, strict=True)])
        wires = _wires(problem, terminal[owner], wire[owner], totals)
        return cls(
            tuple(chains), tuple(counts), 0.5 * (matrix + matrix.T), totals, terminal[owner], wires
        )

    @classmethod
    def of_arrays(cls, chains: Sequence[Chain], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The operator that has these `arrays`, bit by bit."""
        return cls(
            tuple(chains),
            tuple(arrays["counts"].tolist()),
            arrays["matrix"],
            arrays["totals"],
            arrays["terminal"],
            arrays.get("wires"),
        )

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that it is beside its chains, by name."""
        wires = {} if self.wires is None else {"wires": self.wires}
        return {
            "counts": np.array(self.counts), "matrix": self.matrix, "totals": self.totals,
            "terminal": self.terminal, **wires,
        }  # fmt: skip

    @property
    def size(self) -> int:
        """How many modes there are."""
        return len(self.totals)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Chains with the same table of modes."""
        return tuple(groups_of(self.chains, self.counts))

    @cached_property
    def owner(self) -> Ints:
        """The chain of each mode (n,)."""
        return np.repeat(np.arange(len(self.chains)), self.counts)

    @cached_property
    def quadratic(self) -> Floats:
        """N and what wires add to it."""
        return self.matrix if self.wires is None else self.matrix + self.wires

    def surface_of(self, group: Group) -> Ints:
        """The surface of each chain of a group (k,)."""
        return np.array([self.chains[k].surface for k in group.chains])

    def densities(self, q: Floats, chain: int) -> Floats:
        """Current density (M, ne, nq) in A/m^2 at the points of the mesh along a chain."""
        place = np.flatnonzero(self.owner == chain)
        return np.tensordot(q[:, place], self.chains[chain].modes(len(place)), axes=1)


@dataclass(frozen=True)
class Members:
    """What differs between M members that share a condensed electrolyte.

    Attributes
    ----------
    active
        Which pieces of each surface react, (M, pieces) a surface.
    kinetics
        Of each surface; exchange current density and area resistance are those of the members.
    exchange, resistance
        (M, surfaces) in A/m^2, infinite for a purely ohmic interface, and in ohm m^2.
    rest
        Equilibrium potential (M, surfaces) in V.
    currents
        What each terminal gives (M, terminals) in A per m of depth; nan where it has a potential.
    potentials
        (M, terminals) in V, nan where a current is given. All members are driven alike.
    """

    active: tuple[NDArray[np.bool_], ...]
    kinetics: tuple[Kinetics, ...]
    exchange: Floats
    resistance: Floats
    rest: Floats
    currents: Floats
    potentials: Floats

    def __len__(self) -> int:
        return len(self.rest)


@dataclass(frozen=True)
class Balanced:
    """Currents at which all potentials agree: of M members.

    Attributes
    ----------
    modes
        Amplitudes (M, n) in A/m^2.
    voltages
        Potential of each terminal (M, terminals) in V.
    constant
        What is added to the potential that the modes make (M,) in V.
    done, iterations
        Which members have converged (M,), and Newton iterations of each.
    """

    modes: Floats
    voltages: Floats
    constant: Floats
    done: NDArray[np.bool_]
    iterations: Ints


def balance(operator: Condensed, members: Members) -> Balanced:
    """Solve all members; those that need more care are told (`Balanced.done`)."""
    free = np.zeros((len(members), operator.size), dtype=bool)
    for number, chain in enumerate(operator.chains):
        alive = members.active[chain.surface][:, chain.piece]
        free[:, operator.owner == number] = alive[:, None]
    count = members.currents.shape[1]
    given = ~np.isnan(members.potentials[0])
    one_hot = operator.terminal == np.arange(count)[:, None]
    # Terminals of given potentials share what the others give; these keep their currents.
    rows = [one_hot[given].any(axis=0), *one_hot[~given]]
    conditions = np.where(np.array(rows), operator.totals, 0.0)
    start = _start(operator, members, free, given)
    potential = np.where(given, members.potentials, 0.0)[:, operator.terminal]

    def local(q: Floats, which: Ints) -> tuple[Floats, Callable[[], list[Block]]]:
        gradient, slopes = -potential[which] * operator.totals, []
        for group in operator.groups:
            surfaces = operator.surface_of(group)
            current = q[:, group.places] @ group.values
            eta, slope = np.empty_like(current), np.empty_like(current)
            for number in np.unique(surfaces).tolist():
                rows = surfaces == number
                eta[:, rows], slope[:, rows] = overpotential_with_slope(
                    current[:, rows],
                    members.kinetics[number],
                    members.exchange[which, number, None, None],
                    members.resistance[which, number, None, None],
                )
            eta += members.rest[np.ix_(which, surfaces)][..., None]
            gradient[:, group.places] += (eta * group.weights) @ group.values.T
            slopes.append(slope)
        return gradient, lambda: [
            (group.places, group.products(slope))
            for group, slope in zip(operator.groups, slopes, strict=True)
        ]

    found: Minima = minimise_many(operator.quadratic, local, free, conditions, start)
    # What balances is ``N q + integral of psi (U + eta) = (voltage - constant) totals``.
    constant = -found.multipliers[:, 0]
    voltages = np.where(given, members.potentials, 0.0)
    voltages[:, ~given] = constant[:, None] + found.multipliers[:, 1:]
    return Balanced(found.solution, voltages, constant, found.done, found.iterations)


def _start(
    operator: Condensed, members: Members, free: NDArray[np.bool_], given: NDArray[np.bool_]
) -> Floats:
    """Uniform currents that meet what is imposed."""
    means = np.zeros(operator.size, dtype=bool)
    means[np.cumsum([0, *operator.counts[:-1]])] = True
    lengths = np.where(free & means, operator.totals, 0.0)
    start = np.zeros(free.shape)
    wanted = np.where(given, 0.0, members.currents)
    wanted[:, np.argmax(given)] = -wanted.sum(axis=1)
    for number in range(len(given)):
        mine = lengths * (operator.terminal == number)
        length = np.maximum(mine.sum(axis=1), np.finfo(float).tiny)
        start += np.where(mine > 0.0, (wanted[:, number] / length)[:, None], 0.0)
    return start


def traces(problem: ChargeProblem, loads: csc_matrix) -> Iterator[tuple[slice, Floats]]:
    """Potentials (nodes, part of n) in V m^2/A that modes make at the nodes of all surfaces.

    `loads` (nodes, n) are those of `fem.physics.modes.nodal_loads`. Each mode's current returns
    through the first chain, so that a potential exists; the first unknown is held at 0.
    """
    totals = np.asarray(loads.sum(axis=0)).ravel()
    gather, solve = gathered(problem), balanced(problem)
    flows = (gather @ loads).tocsc()
    first, nodes = flows[:, [0]].toarray(), gather.indices
    for start in range(0, len(totals), COLUMNS):
        part = slice(start, start + COLUMNS)
        yield part, solve(flows[:, part].toarray() - first * (totals[part] / totals[0]))[nodes]


def _wires(problem: ChargeProblem, terminal: Ints, wire: Ints, totals: Floats) -> Floats | None:
    """What currents of modes (n, n) do to the potentials behind them, in wires."""
    found: Floats | None = None
    for number, each in enumerate(problem.terminals):
        if each.network is None:
            continue
        on = (terminal == number) & (wire >= 0)
        inverse = splu(each.network.matrix.tocsc()).solve(identity(len(each.network)).toarray())
        currents = np.zeros((len(each.network), len(totals)))
        currents[wire[on], np.flatnonzero(on)] = totals[on]
        part = currents.T @ (0.5 * (inverse + inverse.T)) @ currents
        found = part if found is None else found + part
    return found
