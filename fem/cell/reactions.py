"""Reactions of a state of a cell in time, in the form that measures and fields read."""

from __future__ import annotations

import numpy as np

from fem.cell.coupling import Cell
from fem.cell.state import State
from fem.forms.interface import Edges
from fem.physics.charge import ChargeSolution, Terminal


def charge_solution(cell: Cell, state: State) -> ChargeSolution:
    """Potentials and reactions at `state`, in the form that measures and fields read."""
    solution = state.solution
    assert solution is not None
    terminals, equilibrium, prefactor = [], [], []
    for e, electrode in enumerate(cell.problem.layout.electrodes):
        groups = [g for g, owner in enumerate(cell.problem.layout.owner) if owner == e]
        patches = [cell.problem.layout.patches[g] for g in groups]
        edges = Edges(
            np.concatenate([p.all_edges.nodes for p in patches]),
            np.concatenate([p.all_edges.coordinates for p in patches], axis=1),
        )
        terminals.append(Terminal(electrode.name, edges, electrode.kinetics, solution.voltages[e]))
        rest, factor = [], []
        for g, p in zip(groups, patches, strict=True):
            reaction = cell.reaction(g, state)
            inner = p.at_points(solution.inner[g])
            shape = (-1, inner.shape[-1])
            rest.append(np.broadcast_to(reaction.equilibrium(inner), inner.shape).reshape(shape))
            factor.append(reaction.prefactor(inner).reshape(shape))
        equilibrium.append(np.concatenate(rest))
        prefactor.append(np.concatenate(factor))
    at_nodes = np.zeros(cell.mesh.nodes.shape[1])
    for g, line in zip(cell.lithium_groups, cell.lines, strict=True):
        at_nodes[line.nodes[0]] = cell.reaction(g, state).equilibrium(solution.inner[g])[0]
    return ChargeSolution(
        space=cell.problem.space,
        terminals=tuple(terminals),
        potential=solution.potential,
        terminal_potentials=solution.voltages,
        conductivity=cell.problem.conductivity,
        iterations=solution.iterations,
        linear_iterations=solution.linear_iterations,
        residual=solution.residual,
        method="two-level",
        equilibrium=tuple(equilibrium),
        prefactor=tuple(prefactor),
        rest=at_nodes,
    )


def stress_power(cell: Cell, state: State) -> float:
    """The integral of ``i_n`` times what stress adds at rest, in W per m of depth."""
    solution = state.solution
    assert solution is not None
    if cell.stress is None or not cell.stress.acts:
        return 0.0
    power = 0.0
    for g, patches in enumerate(cell.problem.layout.patches):
        inner = patches.at_points(solution.inner[g])
        reaction = cell.reaction(g, state)
        shift = reaction.equilibrium(inner) - reaction.without_stress(inner)
        power += float((solution.currents[g] * shift * patches.weights).sum())
    return power
