"""Electrodes on any edges of any mesh, solved by the charge problem; read by hand.

The tests say where electrodes are and what drives them. What is read off a solution (currents,
powers) is computed here from potentials and kinetics, not taken from the package's own readings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import fem
from fem.cell.composition import Cell
from fem.forms.charge import current
from fem.forms.interface import Edges
from fem.laws.interfaces import STOICHIOMETRY, STRESS, Intercalation
from fem.laws.kinetics import Kinetics, current_density
from fem.mesh import Mesh
from fem.parameters import Parameters
from fem.physics import charge
from fem.physics.charge import Drive, Electrolyte, Inner, Response, Surface
from fem.physics.surfaces import Patches
from fem.physics.wiring import Network
from fem.runs.snapshot import drives_of
from fem.spaces import Space

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Wires:
    """How the edges of a terminal hang on a network: the node of each (ne,)."""

    network: Network
    node: NDArray[np.int64]


@dataclass(frozen=True)
class Terminal:
    """An electrode: its edges, its kinetics, and a potential (V) or a current (A/m)."""

    name: str
    edges: Edges
    kinetics: Kinetics
    potential: float | None = None
    current: float | None = None
    wires: Wires | None = None


@dataclass(frozen=True)
class Solved:
    """A solution with its electrodes."""

    terminals: tuple[Terminal, ...]
    electrolyte: Electrolyte
    solution: charge.ChargeSolution

    @property
    def space(self) -> Space:
        return self.electrolyte.space

    @property
    def potential(self) -> Floats:
        return self.solution.potential

    @property
    def terminal_potentials(self) -> tuple[float, ...]:
        return self.solution.voltages

    @property
    def drops(self) -> tuple[Floats, ...]:
        return self.solution.drops

    @property
    def iterations(self) -> int:
        return self.solution.iterations

    def overpotential(self, k: int) -> Floats:
        """At the quadrature points of a terminal's edges (ne, nq), in V."""
        terminal = self.terminals[k]
        drop = 0.0
        if terminal.wires is not None:
            drop = self.drops[k][terminal.wires.node][:, None]
        phi = terminal.edges.at_points(self.potential, self.space.number)
        return np.asarray(self.terminal_potentials[k] + drop - phi)

    def reaction(self, k: int) -> Floats:
        """Current density by the law (ne, nq), in A/m^2."""
        return current_density(self.overpotential(k), self.terminals[k].kinetics)[0]

    def total(self, k: int) -> float:
        return self.terminals[k].edges.total(self.reaction(k))

    def reaction_power(self, k: int) -> float:
        return self.terminals[k].edges.total(self.reaction(k) * self.overpotential(k))

    def wire_power(self, k: int) -> float:
        wires = self.terminals[k].wires
        return 0.0 if wires is None else wires.network.power(self.drops[k])

    def ohmic_power(self) -> float:
        ions = self.electrolyte
        flux = current(ions.space, ions.conductivity, self.potential)
        return float(
            ((flux**2).sum(axis=0) / ions.conductivity[:, None] * ions.space.basis.dx).sum()
        )


class ChargeProblem:
    """The electrolyte of a mesh with conductivities by region in S/m."""

    def __init__(self, mesh: Mesh, conductivity: Floats) -> None:
        self.electrolyte = Electrolyte.of(mesh, conductivity)
        self.space = self.electrolyte.space

    def solve(self, terminals: Sequence[Terminal]) -> Solved:
        """One surface an electrode; its pieces are the nodes of its wires."""
        surfaces, responses = [], []
        for k, terminal in enumerate(terminals):
            wire = np.zeros(len(terminal.edges.nodes), dtype=int)
            if terminal.wires is not None:
                wire = terminal.wires.node
            known, piece = np.unique(wire, return_inverse=True)
            patches = _patches(terminal.edges, piece)
            wires = known if terminal.wires is not None else np.array([-1])
            owner = np.full(len(known), k)
            surfaces.append(Surface(terminal.name, patches, owner, wires, terminal.kinetics))
            rest = Inner(np.zeros(patches.nodes.shape))
            inner = {STOICHIOMETRY: rest, STRESS: rest}
            responses.append(Response(Intercalation(terminal.kinetics), inner))
        problem = charge.ChargeProblem(
            self.electrolyte,
            [
                charge.Terminal(t.name, None if t.wires is None else t.wires.network)
                for t in terminals
            ],
            surfaces,
        )
        drives = [Drive(t.potential, t.current) for t in terminals]
        return Solved(tuple(terminals), self.electrolyte, problem.solve(drives, responses))


def _patches(edges: Edges, piece: NDArray[np.int64]) -> Patches:
    """Edges in one row, the nodes of each piece apart from those of the others."""
    width = int(edges.nodes.max()) + 1
    keys, local = np.unique(piece[:, None] * width + edges.nodes, return_inverse=True)
    return Patches(
        (keys % width)[None], local.reshape(-1, 3), edges.coordinates[:, None], piece[None]
    )


def terminals(case: fem.Case, mesh: Mesh, parameters: Parameters) -> list[Terminal]:
    """The electrodes of a snapshot without a stoichiometry: the foil, the cathode, islands."""
    cell = Cell(case, mesh, parameters)
    drives = drives_of(cell, cell.initial())
    found = []
    for k, (named, drive) in enumerate(zip(cell.charge.terminals, drives, strict=True)):
        surface = next(s for s in cell.charge.surfaces if k in s.terminal)
        mine = (surface.terminal[surface.patches.piece] == k).ravel()
        whole = surface.patches.all_edges
        edges = Edges(whole.nodes[mine], whole.coordinates[:, mine])
        found.append(Terminal(named.name, edges, surface.kinetics, drive.potential, drive.current))
    return found
