"""Metrics of the charge problem: overpotentials, focusing, currents of particles."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.case import Case
from fem.geometry import Phase
from fem.measures.anode import AT_REST, AnodeProfile
from fem.measures.particles import ParticleTable
from fem.mesh import Mesh
from fem.parameters import Parameters
from fem.physics.charge import ChargeSolution

Floats = NDArray[np.float64]

EXCHANGED = 0.1
"""Net share of all that crosses the cathode below which particles mostly feed each other, and parts
of the overpotential, which are powers over the net current, mean nothing."""


def charge_metrics(
    mesh: Mesh, charge: ChargeSolution, anode: AnodeProfile, parameters: Parameters
) -> dict[str, Any]:
    """Overpotentials (V), plating (A/m^2) and focusing factors.

    The parts of the overpotential are current-weighted means: the power lost at lithium (isolated
    lithium included), in the electrolyte, at the cathode and, unless wiring is ideal, by electrons
    on their way to the particles, each over the current. They add up to the overpotential, which
    is that of the collector.
    """
    foil, cathode = 0, 1
    current = charge.total(cathode)
    metrics: dict[str, Any] = {
        "current_density_A_m2": current / mesh.geometry.width,
        "current_A": current * mesh.geometry.depth,
        "overpotential_V": charge.terminal_potentials[cathode],
        "anode_plating_mean_A_m2": -charge.total(foil) / anode.length,
        "anode_plating_max_A_m2": float(anode.plating.max()),
        "anode_plating_min_A_m2": float(anode.plating.min()),
        "lithium_line_length_m": anode.length,
        "degrees_of_freedom": len(charge.space)
        + sum(t.current is not None for t in charge.terminals)
        + sum(len(drops) for drops in charge.drops),
        "newton_iterations": charge.iterations,
        "newton_residual": charge.residual,
    }
    edges = charge.terminals[cathode].edges
    if abs(current) > AT_REST * edges.total(np.abs(charge.reaction(cathode))):
        metrics |= _relative(mesh, charge, anode, current)
    if parameters.open_circuit_potential is not None:
        metrics["cell_voltage_V"] = (
            charge.terminal_potentials[cathode] + parameters.open_circuit_potential
        )
    floating = charge.terminal_potentials[cathode + 1 :]
    if floating:
        metrics["isolated_lithium_potential_V"] = list(floating)
    return metrics


def _relative(
    mesh: Mesh, charge: ChargeSolution, anode: AnodeProfile, current: float
) -> dict[str, Any]:
    """What is told in shares of the current, and means nothing without one."""
    foil, cathode = 0, 1
    lithium = [k for k in range(len(charge.terminals)) if k != cathode]
    applied = current / mesh.geometry.width
    mean = -charge.total(foil) / anode.length
    running = anode.running_mean(anode.plating)
    metrics: dict[str, Any] = {
        "focusing_max_over_mean": float((running / mean).max()),
        "focusing_min_over_mean": float((running / mean).min()),
        "focusing_max_over_applied": float((running / applied).max()),
        "plating_total_over_applied": -charge.total(foil) / current,
    }
    crossing = charge.terminals[cathode].edges.total(np.abs(charge.reaction(cathode)))
    if abs(current) > EXCHANGED * crossing:
        metrics |= {
            "overpotential_anode_V": sum(charge.reaction_power(k) for k in lithium) / current,
            "overpotential_electrolyte_V": charge.ohmic_power() / current,
            "overpotential_cathode_V": charge.reaction_power(cathode) / current,
        }
        if charge.terminals[cathode].wires is not None:
            metrics["overpotential_electrons_V"] = charge.wire_power(cathode) / current
    if mesh.geometry.deposits:
        metrics["tip_over_applied"] = [
            anode.at(*deposit.tip, running) / applied for deposit in mesh.geometry.deposits
        ]
    return metrics


def particle_table(case: Case, mesh: Mesh, charge: ChargeSolution, cathode: int) -> ParticleTable:
    """What each particle gives to the electrolyte."""
    particles = mesh.geometry.particles
    current = np.zeros(len(particles))
    if len(particles):
        current = _current_by_particle(mesh, charge, cathode)
    x = case.kinetics.cathode.stoichiometry
    stoichiometry = np.where(particles.active, np.nan if x is None else float(x), np.nan)
    return ParticleTable(
        particles.x, particles.y, particles.diameter, particles.inactivity, current, stoichiometry
    )


def _current_by_particle(mesh: Mesh, charge: ChargeSolution, cathode: int) -> Floats:
    edges = charge.terminals[cathode].edges
    per_edge = (charge.reaction(cathode) * edges.weights).sum(axis=1)
    # The middle node of an edge lies on one particle only.
    left, right = mesh.sides.T
    phases = mesh.geometry.phases
    body = np.array([r.body for r in mesh.geometry.regions])
    owner = np.full(mesh.nodes.shape[1], -1)
    inside = (left >= 0) & (right >= 0)
    on_left = inside & (phases[left] == Phase.ACTIVE)
    on_right = inside & (phases[right] == Phase.ACTIVE)
    owner[mesh.edges[on_left, 2]] = body[left[on_left]]
    owner[mesh.edges[on_right, 2]] = body[right[on_right]]
    totals = np.bincount(
        owner[edges.nodes[:, 2]], weights=per_edge, minlength=len(mesh.geometry.particles)
    )
    return np.asarray(totals, dtype=float)
