"""Metrics of the charge problem: overpotentials, focusing, currents of particles."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.cell.composition import CATHODE, FOIL
from fem.cell.particles import ParticleInterface
from fem.cell.reactions import Reactions
from fem.geometry import Geometry, Phase
from fem.measures.anode import AT_REST, AnodeProfile, percentile_along
from fem.measures.contact import open_fraction
from fem.measures.interphase import by_particle
from fem.measures.particles import ParticleTable, Rims

EXCHANGED = 0.1
"""Net share of all that crosses the cathode below which particles mostly feed each other, and parts
of the overpotential, which are powers over the net current, mean nothing."""


def idle_electrolyte(geometry: Geometry) -> float:
    """Area of electrolyte that is cut off, over that of all electrolyte."""
    lithium = {r.material for r in geometry.regions if r.phase == Phase.LITHIUM}
    idle = sum(
        r.area for r in geometry.regions if r.phase == Phase.IDLE and r.material not in lithium
    )
    alive = sum(r.area for r in geometry.regions if r.phase == Phase.ELECTROLYTE)
    return idle / (idle + alive)


def charge_metrics(reactions: Reactions, anode: AnodeProfile) -> dict[str, Any]:
    """Overpotentials (V), plating (A/m^2) and focusing factors.

    The overpotential is the voltage less that at open circuit; without a stoichiometry the latter
    is not known, and potentials of the cathode count from it.

    The parts of the overpotential are current-weighted means: the power lost at lithium (isolated
    lithium included), in the electrolyte, at the cathode and, unless wiring is ideal, by electrons
    on their way to the particles, each over the current. Uneven particles add that of their
    equilibrium potentials, and stress what it adds to these. They add up to the overpotential,
    which is that of the collector.
    """
    geometry, solution = reactions.cell.mesh.geometry, reactions.solution
    idle = idle_electrolyte(geometry)
    current, rest = reactions.total(CATHODE), reactions.open_circuit_voltage
    metrics: dict[str, Any] = {
        "current_density_A_m2": current / geometry.width,
        "current_A": current * geometry.depth,
        "overpotential_V": solution.voltages[CATHODE] - (rest or 0.0),
        "anode_plating_mean_A_m2": reactions.plated_on_foil() / anode.length,
        "anode_plating_max_A_m2": float(anode.plating.max()),
        "anode_plating_min_A_m2": float(anode.plating.min()),
        "lithium_line_length_m": anode.length,
        "degrees_of_freedom": solution.unknowns,
        "newton_iterations": solution.iterations,
        "newton_residual": solution.residual,
    }
    if abs(current) > AT_REST * reactions.crossing(CATHODE):
        metrics |= _relative(reactions, anode, current)
    if idle:
        metrics["electrolyte_idle_fraction"] = idle
    if rest is not None:
        metrics["cell_voltage_V"] = solution.voltages[CATHODE]
    floating = solution.voltages[CATHODE + 1 :]
    if floating:
        metrics["isolated_lithium_potential_V"] = list(floating)
    return metrics


def _relative(reactions: Reactions, anode: AnodeProfile, current: float) -> dict[str, Any]:
    """What is told in shares of the current, and means nothing without one."""
    geometry = reactions.cell.mesh.geometry
    applied = current / geometry.width
    mean = reactions.plated_on_foil() / anode.length
    running = anode.running_mean(anode.plating)
    metrics: dict[str, Any] = {}
    if abs(mean) > AT_REST * abs(applied):  # an interlayer may let nothing come to the foil
        metrics = {
            "focusing_max_over_mean": float((running / mean).max()),
            "focusing_min_over_mean": float((running / mean).min()),
            "focusing_p95_over_mean": percentile_along(anode, running / mean, 95.0),
        }
    metrics |= {
        "focusing_max_over_applied": float((running / applied).max()),
        "plating_total_over_applied": -reactions.total(FOIL) / current,
    }
    if abs(current) > EXCHANGED * reactions.crossing(CATHODE):
        metrics |= _parts(reactions, current)
    if geometry.deposits:
        metrics["tip_over_applied"] = [
            anode.at(*deposit.tip, running) / applied for deposit in geometry.deposits
        ]
    return metrics


def _parts(reactions: Reactions, current: float) -> dict[str, Any]:
    """The parts of the overpotential in V."""
    cell = reactions.cell
    lithium = [k for k in reactions.terminals if k != CATHODE]
    parts = {
        "overpotential_anode_V": sum(reactions.reaction_power(k) for k in lithium) / current,
        "overpotential_electrolyte_V": reactions.ohmic_power() / current,
        "overpotential_cathode_V": reactions.reaction_power(CATHODE) / current,
    }
    if cell.charge.terminals[CATHODE].network is not None:
        parts["overpotential_electrons_V"] = reactions.wire_power() / current
    by_stress = reactions.stress_power()
    if cell.stress is not None and cell.stress.acts:
        parts["overpotential_stress_V"] = by_stress / current
    if cell.case.operation.kind == "protocol":
        rest = sum(reactions.rest_power(k) for k in reactions.terminals)
        even = reactions.open_circuit_voltage or 0.0
        parts["overpotential_concentration_V"] = (rest - by_stress) / current - even
    return parts


def particle_table(reactions: Reactions) -> ParticleTable:
    """What each particle gives to the electrolyte, what it holds, and why it does not react.

    The stoichiometry is nan for those that were inactive as drawn, and where the case gives none.
    """
    cell, state = reactions.cell, reactions.state
    bodies = cell.mesh.geometry.particles
    x, since = np.full(len(bodies), np.nan), np.full(len(bodies), np.nan)
    why = bodies.inactivity.astype("<U32")
    if len(bodies):
        for each in cell.particles:
            why[each.ids] = each.inactivity(state.held)
            dead = ~each.active(state.held)
            since[each.ids[dead]] = state.held[each.since_name][dead]
            if cell.case.kinetics.cathode.stoichiometry is not None:
                x[each.ids] = each.model.mean(each.stoichiometry(state.content))
    opened = open_fraction(cell, state)
    current = reactions.particle_currents()
    axes = cell.parameters.axes
    angle, tilt = np.full((2, len(bodies)), np.nan) if axes is None else axes[:, : len(bodies)]
    return ParticleTable(
        bodies.x, bodies.y, bodies.diameter, why, current, x, since, opened, angle, tilt,
        *by_particle(reactions),
    )  # fmt: skip


def rims(reactions: Reactions) -> Rims:
    """What the particles give along their rims, at the points where reactions are integrated."""
    found: list[tuple[NDArray[Any], ...]] = []
    for each in reactions.crossings:
        if isinstance(each.interface, ParticleInterface):
            patches = each.interface.patches
            particle = np.broadcast_to(
                each.interface.ids[patches.piece][..., None], patches.weights.shape
            )
            found.append((particle, patches.weights, each.current))
    empty = (np.empty(0, dtype=np.int64), np.empty(0), np.empty(0))
    return Rims(
        *(np.concatenate([a.ravel() for a in arrays]) for arrays in zip(empty, *found, strict=True))
    )
