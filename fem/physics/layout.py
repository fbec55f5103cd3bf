"""What a charge problem consists of, and where its unknowns lie.

Terminals carry a potential or a current, surfaces answer to the difference of potentials across
them, and a `Layout` numbers what is unknown for given drives and pieces that react.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_diag, coo_matrix, csr_matrix

from fem.laws.interfaces import InterfaceLaw
from fem.laws.kinetics import Kinetics
from fem.mesh import Ints
from fem.physics.surfaces import Part, Patches
from fem.physics.wiring import Network
from fem.spaces import Space

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Terminal:
    """An electrode: one potential, or a collector from which wires lead to its parts."""

    name: str
    network: Network | None = None


@dataclass(frozen=True)
class Drive:
    """What is imposed on a terminal: its potential (V), its current, or its power.

    Currents (A per m of depth) are positive where lithium leaves the electrode into the
    electrolyte. The power (W per m of depth) is potential times current.
    """

    potential: float | None = None
    current: float | None = None
    power: float | None = None

    def __post_init__(self) -> None:
        if [self.potential, self.current, self.power].count(None) != 2:
            raise ValueError("a terminal has either a potential, a current or a power")

    def current_at(self, potential: float) -> float:
        """The current that is imposed on a terminal at a potential; 0 where none is."""
        return self.power / potential if self.power is not None else self.current or 0.0


@dataclass(frozen=True)
class Surface:
    """Where terminals meet the electrolyte with one law.

    Attributes
    ----------
    name
        For messages, and by which solutions are kept.
    patches
        The pieces of surface.
    terminal
        Number of the terminal of each piece (pieces,).
    wire
        Node of the terminal's network that each piece hangs on (pieces,); -1 for none.
    kinetics
        What mean currents are estimated by; `None` for a side reaction, which is left out of them.
    """

    name: str
    patches: Patches
    terminal: Ints
    wire: Ints
    kinetics: Kinetics | None


@dataclass(frozen=True)
class Inner:
    """A state variable of a surface: at rest (k, m), and what nodal loads add to it.

    `matrix` is (m, m) for all rows or (k, m, m); without one the variable stays at rest.
    """

    rest: Floats
    matrix: Floats | None = None

    def at(self, loads: Floats) -> Floats:
        """The variable at nodal loads (k, m) in A per m of depth."""
        return self.rest if self.matrix is None else self.rest + apply(self.matrix, loads)


@dataclass(frozen=True)
class Response:
    """How a surface answers: its law, and each variable that the law reads.

    Attributes
    ----------
    inner
        Variables that live at nodes, and may follow the current.
    points
        Variables that stay as they are, at quadrature points (k, ne, nq).
    """

    law: InterfaceLaw
    inner: Mapping[str, Inner]
    points: Mapping[str, Floats] = field(default_factory=dict)

    @property
    def answering(self) -> tuple[str, ...]:
        """Variables that follow the current."""
        return tuple(name for name, each in self.inner.items() if each.matrix is not None)

    def held(self) -> Response:
        """The same with every variable at rest."""
        return replace(self, inner={name: Inner(each.rest) for name, each in self.inner.items()})

    def scaled(self, share: float) -> Response:
        """The same with a share of what loads do."""
        inner = {
            name: Inner(
                each.rest, share * each.matrix if share and each.matrix is not None else None
            )
            for name, each in self.inner.items()
        }
        return replace(self, inner=inner)

    def cut(self, part: Part) -> Response:
        """The same of some pieces alone."""
        inner = {
            name: Inner(
                part.nodal(each.rest), None if each.matrix is None else part.matrix(each.matrix)
            )
            for name, each in self.inner.items()
        }
        points = {name: part.points(values) for name, values in self.points.items()}
        return replace(self, inner=inner, points=points)

    def state(self, patches: Patches, nodal: Mapping[str, Floats]) -> dict[str, Floats]:
        """All variables at quadrature points (k, ne, nq), from nodal ones (k, m)."""
        return {name: patches.at_points(each) for name, each in nodal.items()} | dict(self.points)


@dataclass(frozen=True)
class ChargeSolution:
    """Potentials and reactions, all that a further solve can start from.

    Attributes
    ----------
    potential
        Unknowns of the electrolyte (n,): its potential in V; or, where it was solved for on modes,
        what `fem.physics.reduced` says. `ChargeProblem.potential` has the field of either.
    voltages
        Potential of each terminal in V.
    drops
        Potentials of the nodes of each terminal's wires against its own (m,); empty without.
    inner
        State variables of each surface by name, (k, m).
    loads
        Nodal loads of each surface (k, m) in A per m of depth; 0 where a piece does not react.
    currents
        Current density out of each surface at its quadrature points (k, ne, nq) in A/m^2.
    films
        Conductance per area of each surface that the linear solver is prepared with next.
    unknowns
        How many the potentials of the mesh are, state variables not counted.
    correction
        Where steps in time are on modes: potentials (V) and loads (A/m) along all surfaces that
        modes had not made when the field was solved for last, (2, nodes); else (2, 0).
    tangent
        What another solve of the same step in time may use again; nothing that a state keeps.
    """

    potential: Floats
    voltages: tuple[float, ...]
    drops: tuple[Floats, ...]
    inner: tuple[Mapping[str, Floats], ...]
    loads: tuple[Floats, ...]
    currents: tuple[Floats, ...]
    films: tuple[float, ...]
    unknowns: int
    iterations: int
    linear_iterations: int
    residual: float
    correction: Floats = field(default_factory=lambda: np.zeros((2, 0)))
    tangent: object = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Layout:
    """The unknowns of a charge problem for given drives and pieces that react.

    Attributes
    ----------
    key
        What this layout is known by: which pieces react, and `free`.
    conductance
        K (size, size) in S per m of depth: electrolyte and wires.
    ions
        How many unknowns the electrolyte has.
    free
        Terminals whose potentials are unknown.
    first
        Where the drops of each terminal begin, and the end of all.
    live
        Numbers of the surfaces of which any piece reacts.
    parts, terminal
        Of each of these the pieces that react, and the terminal at its nodes (k, m).
    trace, adjoint
        T of all of them, one below the other, (nodes, size); and T'.
    networks
        Of the terminals that have one.
    """

    key: tuple[bytes, tuple[int, ...]]
    surfaces: tuple[Surface, ...]
    ions: int
    conductance: csr_matrix
    free: tuple[int, ...]
    first: tuple[int, ...]
    live: tuple[int, ...]
    parts: tuple[Part, ...]
    terminal: tuple[Ints, ...]
    trace: csr_matrix | Floats
    adjoint: csr_matrix
    networks: tuple[Network, ...] = ()

    @classmethod
    def of(
        cls,
        key: tuple[bytes, tuple[int, ...]],
        terminals: Sequence[Terminal],
        surfaces: tuple[Surface, ...],
        space: Space,
        conductance: csr_matrix,
        active: Sequence[NDArray[np.bool_]],
    ) -> Layout:
        """Number the unknowns; `active` says of each surface which pieces react (pieces,)."""
        free, n = key[1], len(space)
        networks = [
            csr_matrix((0, 0)) if t.network is None else t.network.matrix for t in terminals
        ]
        first = n + len(free) + np.cumsum([0, *(network.shape[0] for network in networks)])
        size = int(first[-1])
        blocks = [conductance, csr_matrix((len(free), len(free))), *networks]
        unknown = np.full(len(terminals), -1)
        unknown[list(free)] = n + np.arange(len(free))
        live = tuple(k for k, which in enumerate(active) if which.any())
        parts = tuple(surfaces[k].patches.part(active[k]) for k in live)
        entries, owners, start = [], [], 0
        for k, part in zip(live, parts, strict=True):
            surface = surfaces[k]
            piece = surface.patches.piece_of_node[np.ix_(part.rows, part.nodes)]
            owners.append(surface.terminal[piece])
            terminal, wire = owners[-1].ravel(), surface.wire[piece.ravel()]
            row = start + np.arange(piece.size)
            entries.append((row, space.number[part.patches.nodes].ravel(), -np.ones(len(row))))
            for column in (unknown[terminal], np.where(wire < 0, -1, first[terminal] + wire)):
                there = column >= 0
                entries.append((row[there], column[there], np.ones(int(there.sum()))))
            start += piece.size
        rows, columns, values = (np.concatenate([e[i] for e in entries]) for i in range(3))
        trace = coo_matrix((values, (rows, columns)), shape=(start, size)).tocsr()
        return cls(
            key, surfaces, n, block_diag(blocks, format="csr"), free, tuple(first.tolist()),
            live, parts, tuple(owners), trace, trace.T.tocsr(),
            tuple(t.network for t in terminals if t.network is not None),
        )  # fmt: skip

    @property
    def size(self) -> int:
        """Number of unknowns besides state variables."""
        return self.first[-1]

    @cached_property
    def terminal_of_edges(self) -> tuple[Ints, ...]:
        """Terminal at each edge (k, ne) of each live surface."""
        return tuple(
            terminal[:, part.patches.edges[:, 2]]
            for terminal, part in zip(self.terminal, self.parts, strict=True)
        )

    @cached_property
    def kinetics(self) -> dict[int, Kinetics]:
        """Kinetics of each terminal that reacts, by which mean currents are estimated."""
        found: dict[int, Kinetics] = {}
        for k, terminal in zip(self.live, self.terminal, strict=True):
            kinetics = self.surfaces[k].kinetics
            if kinetics is not None:
                for number in np.unique(terminal).tolist():
                    found.setdefault(number, kinetics)
        return found

    @cached_property
    def main(self) -> tuple[float, ...]:
        """1 for each live surface that mean currents are estimated for, 0 for side reactions."""
        return tuple(float(self.surfaces[k].kinetics is not None) for k in self.live)

    def totals(self, densities: Sequence[Floats]) -> Floats:
        """Integrals over each terminal of densities at the quadrature points (k, ne, nq)."""
        count = 1 + max(int(surface.terminal.max()) for surface in self.surfaces)
        total = np.zeros(count)
        for part, terminal, density in zip(
            self.parts, self.terminal_of_edges, densities, strict=True
        ):
            edges = (density * part.patches.weights).sum(axis=2)
            total += np.bincount(terminal.ravel(), weights=edges.ravel(), minlength=count)
        return total

    @cached_property
    def lengths(self) -> Floats:
        """Length of each terminal that reacts in m."""
        parts = zip(self.parts, self.main, strict=True)
        return self.totals([np.full(part.patches.weights.shape, main) for part, main in parts])

    def across(self, u: Floats) -> list[Floats]:
        """Differences of potentials across each live surface (k, m), less those that are given."""
        ends = np.cumsum([part.patches.nodes.size for part in self.parts])[:-1]
        parts = np.split(self.trace @ u, ends)
        return [v.reshape(p.patches.nodes.shape) for v, p in zip(parts, self.parts, strict=True)]

    def gathered(self, loads: Sequence[Floats]) -> Floats:
        """``sum of T' b`` of nodal loads of each live surface (k, m)."""
        return np.asarray(self.adjoint @ np.concatenate([b.ravel() for b in loads]))

    def films(self, densities: Sequence[float]) -> csr_matrix:
        """``K + sum of T' M T`` with one conductance per area for each of all surfaces."""
        return self.tangent(
            [
                np.full(part.patches.weights.shape, densities[k])
                for k, part in zip(self.live, self.parts, strict=True)
            ]
        )

    def tangent(self, densities: Sequence[Floats]) -> csr_matrix:
        """The same with conductances at the quadrature points of each part (k, ne, nq)."""
        masses = [
            part.patches.sparse_mass(density)
            for part, density in zip(self.parts, densities, strict=True)
        ]
        inner = block_diag(masses, format="csr") @ self.trace
        return (self.conductance + self.adjoint @ inner).tocsr()


def apply(matrix: Floats | csr_matrix, values: Floats) -> Floats:
    """A matrix for all rows (m, m), one a row (k, m, m), or sparse, times values (k, m)."""
    if isinstance(matrix, csr_matrix):
        return np.asarray((matrix @ values.ravel()).reshape(values.shape))
    if matrix.ndim == 2:
        return np.asarray(values @ matrix.T)
    return np.asarray(np.matmul(matrix, values[..., None])[..., 0])
