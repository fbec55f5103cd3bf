"""The charge problem at one instant: electrolyte potential and electrode potentials.

Every electrode surface belongs to a terminal: an equipotential with kinetics, whose potential is
either given (the lithium foil, the cathode under voltage control) or follows from the total
current it must carry (the wired cathode under current control; isolated lithium, which carries
none). Where electrons meet a resistance, a terminal is the collector, and its surface is parts of
their own potentials that a network of wires joins to it. Potentials of terminals are counted from
their open-circuit potential against lithium.

The equations are the gradient of a convex energy in (phi_e, terminal potentials, potentials of
parts against their collector), so the tangent is symmetric positive definite and Newton's method
finds the one solution from anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_diag, coo_matrix, csr_matrix, identity
from scipy.sparse.csgraph import connected_components

from fem.errors import InputError
from fem.forms import charge
from fem.forms.interface import Edges
from fem.geometry import Phase
from fem.laws.intercalation import surface_current
from fem.laws.kinetics import Kinetics, current_density, overpotential
from fem.mesh import Ints, Mesh
from fem.physics.wiring import Wires
from fem.solve.linear import LinearResult, TwoLevel
from fem.solve.newton import Newton, minimise
from fem.spaces import Space

Floats = NDArray[np.float64]

WORN_OUT = 12
"""Linear iterations after which the preconditioner is prepared anew."""


@dataclass(frozen=True)
class Terminal:
    """An electrode: where it meets the electrolyte, and how it reacts.

    Exactly one of `potential` (V, minus open-circuit potential) and `current` (A per m of depth,
    positive when lithium leaves the electrode into the electrolyte) is given. All of its surface is
    at one potential unless `wires` lead to its parts.
    """

    name: str
    edges: Edges
    kinetics: Kinetics
    potential: float | None = None
    current: float | None = None
    wires: Wires | None = None


@dataclass(frozen=True)
class ChargeSolution:
    """Potentials in V; one entry a terminal in the order they were given.

    `equilibrium` and `prefactor` are, at the quadrature points of each terminal (ne, nq), the
    potential difference at rest in V and what multiplies the exchange current density; empty where
    potentials are counted from rest. `rest` is that potential difference at the mesh nodes on
    lithium (N,). `drops` are, for each terminal, potentials of the nodes of its wires against its
    own (m,), empty for a terminal without wires.
    """

    space: Space
    terminals: tuple[Terminal, ...]
    potential: Floats
    terminal_potentials: tuple[float, ...]
    conductivity: Floats
    iterations: int
    linear_iterations: int
    residual: float
    method: str
    equilibrium: tuple[Floats, ...] = ()
    prefactor: tuple[Floats, ...] = ()
    rest: Floats | None = None
    drops: tuple[Floats, ...] = ()

    def electrode(self, terminal: int) -> Floats:
        """Potential of the electrode at each of a terminal's edges (ne, 1), or at all (1, 1)."""
        own, wires = self.terminal_potentials[terminal], self.terminals[terminal].wires
        drop = np.zeros(1) if wires is None else self.drops[terminal][wires.node]
        return np.asarray(own + drop[:, None])

    def overpotential(self, terminal: int) -> Floats:
        """At the quadrature points of a terminal's edges (ne, nq), in V."""
        edges = self.terminals[terminal].edges
        phi = edges.at_points(self.potential, self.space.number)
        rest = self.equilibrium[terminal] if self.equilibrium else 0.0
        return np.asarray(self.electrode(terminal) - phi - rest)

    def reaction(self, terminal: int) -> Floats:
        """Current density out of a terminal at its quadrature points (ne, nq), in A/m^2."""
        eta, kinetics = self.overpotential(terminal), self.terminals[terminal].kinetics
        if self.prefactor:
            return surface_current(eta, kinetics, self.prefactor[terminal])[0]
        return current_density(eta, kinetics)[0]

    def reaction_at_nodes(self, terminal: int, nodes: Ints) -> Floats:
        """Current density (A/m^2) out of a terminal without wires at mesh nodes on its surface."""
        phi = self.potential[self.space.number[nodes]]
        eta = self.terminal_potentials[terminal] - phi
        if self.rest is not None:
            eta = eta - self.rest[nodes]
        return current_density(eta, self.terminals[terminal].kinetics)[0]

    def total(self, terminal: int) -> float:
        """Current out of a terminal in A per m of depth."""
        return self.terminals[terminal].edges.total(self.reaction(terminal))

    def ohmic_power(self) -> float:
        """The integral of ``kappa |grad phi_e|^2`` in W per m of depth."""
        flux = charge.current(self.space, self.conductivity, self.potential)
        density = (flux**2).sum(axis=0) / self.conductivity[:, None]
        return float((density * self.space.basis.dx).sum())

    def wire_power(self, terminal: int) -> float:
        """What electrons lose in the wires of a terminal in W per m of depth."""
        wires = self.terminals[terminal].wires
        return 0.0 if wires is None else wires.network.power(self.drops[terminal])

    def reaction_power(self, terminal: int) -> float:
        """The integral of ``i_n eta`` over a terminal in W per m of depth."""
        edges = self.terminals[terminal].edges
        return edges.total(self.reaction(terminal) * self.overpotential(terminal))

    def rest_power(self, terminal: int) -> float:
        """The integral of ``i_n`` times the potential difference at rest in W per m of depth."""
        if not self.equilibrium:
            return 0.0
        edges = self.terminals[terminal].edges
        return edges.total(self.reaction(terminal) * self.equilibrium[terminal])


class ChargeProblem:
    """Assembled once a mesh; solved for any set of terminals.

    Parameters
    ----------
    mesh
        The cell.
    conductivity
        Ionic conductivity of each region in S/m.
    """

    def __init__(self, mesh: Mesh, conductivity: Floats) -> None:
        self.space = Space(mesh, mesh.elements(Phase.ELECTROLYTE))
        self.conductivity = conductivity[mesh.region[self.space.elements]]
        self._conductance = charge.conduction(self.space, self.conductivity)

    def solve(
        self, terminals: Sequence[Terminal], settings: Newton | None = None
    ) -> ChargeSolution:
        """Potential and terminal potentials at which all currents balance.

        Raises
        ------
        InputError
            If a terminal has no surface, or none with a given potential can be reached.
        SolveError
            If Newton's method does not converge.
        """
        self._refuse_unreachable(terminals)
        n = len(self.space)
        free = [k for k, terminal in enumerate(terminals) if terminal.potential is None]
        unknown = {k: n + j for j, k in enumerate(free)}
        networks = [
            csr_matrix((0, 0)) if t.wires is None else t.wires.network.matrix for t in terminals
        ]
        first = n + len(free) + np.cumsum([0, *(network.shape[0] for network in networks)])
        size = int(first[-1])
        conductance = block_diag(
            [self._conductance, csr_matrix((len(free), len(free))), *networks], format="csr"
        )
        up = block_diag([self.space.from_p1, identity(size - n)], format="csr")
        surfaces = [
            _Surface(t, self.space, unknown.get(k), int(first[k]), size)
            for k, t in enumerate(terminals)
        ]
        imposed = np.zeros(size)
        for k in free:
            imposed[unknown[k]] = terminals[k].current

        def residual(x: Floats) -> Floats:
            value = conductance @ x - imposed
            for surface in surfaces:
                value += surface.residual(x)
            return np.asarray(value)

        def tangent(x: Floats) -> csr_matrix:
            entries = [surface.tangent(x) for surface in surfaces]
            values = np.concatenate([e[0] for e in entries])
            rows, columns = (np.concatenate([e[k] for e in entries]) for k in (1, 2))
            reactions = coo_matrix((values, (rows, columns)), shape=(size, size))
            return (conductance + reactions.tocsr()).tocsr()

        solves: list[LinearResult] = []
        prepared: list[TwoLevel] = []

        def linear(matrix: csr_matrix, rhs: Floats, tolerance: float) -> Floats:
            # Only the reactions change between iterations: the last preparation usually serves.
            if not prepared or solves[-1].iterations > WORN_OUT:
                prepared[:] = [TwoLevel(matrix, up)]
            solves.append(prepared[0].solve(rhs, tolerance, matrix))
            return solves[-1].solution

        start, scale = self._start(terminals, unknown, size)
        rounding = sum(t.wires.network.rounding(scale) for t in terminals if t.wires is not None)
        settings = settings or Newton(tolerance=1e-13, rounding=rounding / scale)
        found = minimise(residual, tangent, linear, start, scale, "phi_e", settings)
        potentials = tuple(
            float(found.solution[unknown[k]]) if t.potential is None else t.potential
            for k, t in enumerate(terminals)
        )
        return ChargeSolution(
            space=self.space,
            terminals=tuple(terminals),
            potential=found.solution[:n],
            terminal_potentials=potentials,
            conductivity=self.conductivity,
            iterations=found.iterations,
            linear_iterations=sum(result.iterations for result in solves),
            residual=found.residual,
            method=solves[-1].method if solves else "none needed",
            drops=tuple(np.split(found.solution, first)[1:-1]),
        )

    def _start(
        self, terminals: Sequence[Terminal], unknown: dict[int, int], size: int
    ) -> tuple[Floats, float]:
        """A start from mean current densities, and the current that residuals compare with.

        Wires start without a drop.
        """
        given = [t for t in terminals if t.potential is not None]
        fed = [t for t in terminals if t.current is not None]
        reference = given[0]
        total = sum(t.current or 0.0 for t in fed)
        assert reference.potential is not None
        x = np.zeros(size)
        n = len(self.space)
        if len(given) > 1:
            x[:n] = np.mean([t.potential for t in given])
            span = max(t.potential or 0.0 for t in given) - min(t.potential or 0.0 for t in given)
            # No more current than the electrolyte or any one surface could take at this span.
            limits = [
                float(abs(current_density(np.array(sign * span), t.kinetics)[0])) * t.edges.length
                for t in given
                for sign in (-1.0, 1.0)
            ]
            scale = min(span * float(self.conductivity.max()), *limits)
        else:
            mean = np.asarray(-total / reference.edges.length)
            x[:n] = reference.potential - overpotential(mean, reference.kinetics)
            scale = sum(abs(t.current or 0.0) for t in fed)
        for k, terminal in enumerate(terminals):
            if k in unknown:
                mean = np.asarray((terminal.current or 0.0) / terminal.edges.length)
                x[unknown[k]] = x[0] + overpotential(mean, terminal.kinetics)
        return x, scale

    def _refuse_unreachable(self, terminals: Sequence[Terminal]) -> None:
        """Every terminal must share connected electrolyte with one of given potential."""
        for terminal in terminals:
            if len(terminal.edges.nodes) == 0:
                raise InputError(
                    f"{terminal.name} has no surface on the electrolyte, so no current can flow",
                    key="inactive" if "cathode" in terminal.name else "geometry.anode",
                    cure="leave at least one particle active and in contact with the electrolyte",
                )
        _, part = connected_components(self._conductance, directed=False)
        grounded = {
            int(p)
            for t in terminals
            if t.potential is not None
            for p in np.unique(part[self.space.number[t.edges.nodes]])
        }
        for terminal in terminals:
            parts = np.unique(part[self.space.number[terminal.edges.nodes]])
            if not grounded.issuperset(parts.tolist()):
                raise InputError(
                    f"{terminal.name} lies on electrolyte that is cut off from the lithium",
                    key="inactive",
                    cure="make the particles of the cut-off electrolyte inactive",
                )


class _Surface:
    """The reaction on one terminal as a function of all unknowns.

    ``eta = V + d - phi_e`` is a linear trace of the unknowns: minus the shape functions on an
    edge's nodes, plus one on the terminal's potential V (number `unknown`, unless it is given),
    plus one on the drop d in the wires that lead to the edge (numbers from `first` on). Residual
    and tangent follow from that trace.
    """

    def __init__(
        self, terminal: Terminal, space: Space, unknown: int | None, first: int, size: int
    ) -> None:
        self._edges, self._kinetics, self._size = terminal.edges, terminal.kinetics, size
        self._given = terminal.potential or 0.0
        self._dofs = space.number[self._edges.nodes]
        self._trace = -self._edges.shapes
        added = [] if unknown is None else [np.full(len(self._dofs), unknown)]
        if terminal.wires is not None:
            added.append(first + terminal.wires.node)
        self._dofs = np.column_stack([self._dofs, *added])
        ones = np.ones((len(added), self._trace.shape[1]))
        self._trace = np.vstack([self._trace, ones])
        shape = (*self._dofs.shape, self._dofs.shape[1])
        self._rows = np.broadcast_to(self._dofs[:, :, None], shape).ravel()
        self._columns = np.broadcast_to(self._dofs[:, None, :], shape).ravel()
        self._pairs = np.einsum("aq,bq->qab", self._trace, self._trace).reshape(
            self._trace.shape[1], -1
        )

    def _law(self, x: Floats) -> tuple[Floats, Floats]:
        eta = self._given + x[self._dofs] @ self._trace
        return current_density(eta, self._kinetics)

    def residual(self, x: Floats) -> Floats:
        local = (self._law(x)[0] * self._edges.weights) @ self._trace.T
        value = np.bincount(self._dofs.ravel(), weights=local.ravel(), minlength=self._size)
        return np.asarray(value, dtype=float)

    def tangent(self, x: Floats) -> tuple[Floats, Ints, Ints]:
        local = (self._law(x)[1] * self._edges.weights) @ self._pairs
        return local.ravel(), self._rows, self._columns
