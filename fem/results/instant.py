"""A solved instant becomes a result: fields with jumps, profiles, particles, metrics.

Snapshots and states of a run in time are told in the same words.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import numpy as np
from numpy.typing import NDArray

from fem.case import Case
from fem.forms.mechanics import nodal_basis
from fem.geometry import Phase
from fem.laws.elasticity import von_mises
from fem.measures.anode import AnodeProfile, foil_nodes
from fem.mesh import Mesh
from fem.physics.charge import ChargeSolution
from fem.physics.mechanics import MechanicsSolution
from fem.results.result import FieldMesh

Floats = NDArray[np.float64]

FOIL, CATHODE = 0, 1
"""Terminals of the lithium foil and of the wired cathode; isolated lithium follows."""


def package_version() -> str:
    """The installed version of this package."""
    try:
        return version("assb-fem")
    except PackageNotFoundError:  # running from a source tree
        return "not installed"


def plating_at_nodes(mesh: Mesh, charge: ChargeSolution) -> Floats:
    """Plating current density at all mesh nodes (N,) in A/m^2, nan away from lithium."""
    plating = np.full(mesh.nodes.shape[1], np.nan)
    for k in range(len(charge.terminals)):
        if k != CATHODE:
            nodes = np.unique(charge.terminals[k].edges.nodes)
            plating[nodes] = -charge.reaction_at_nodes(k, nodes)
    return plating


def profile(
    mesh: Mesh, plating: Floats, thickness: Floats, pressure: Floats | None
) -> AnodeProfile:
    """The profile along the foil, of values at all mesh nodes (N,)."""
    nodes, s = foil_nodes(mesh)
    return AnodeProfile(
        s=s,
        x=mesh.nodes[0, nodes],
        y=mesh.nodes[1, nodes],
        plating=plating[nodes],
        thickness=thickness[nodes],
        normal_stress=None if pressure is None else -pressure[nodes],
        nodes=nodes,
    )


def fields(
    mesh: Mesh,
    field_mesh: FieldMesh,
    charge: ChargeSolution,
    stoichiometry: Floats,
    stress: MechanicsSolution | None,
) -> dict[str, Floats]:
    """Fields on the points of `field_mesh`; `stoichiometry` is given at all mesh nodes (N,)."""
    n = len(field_mesh.points)
    phi_e, phi_s, x = (np.full(n, np.nan) for _ in range(3))
    electrolyte = field_mesh.phase == str(Phase.ELECTROLYTE)
    phi_e[electrolyte] = charge.potential[charge.space.number[field_mesh.source[electrolyte]]]
    current = _nodal_current(mesh, field_mesh, charge)

    particles = mesh.geometry.particles
    floating = iter(charge.terminal_potentials[CATHODE + 1 :])
    potential = np.full(len(mesh.geometry.regions), np.nan)
    reacts = np.zeros(len(potential), dtype=bool)
    for index, region in enumerate(mesh.geometry.regions):
        if region.phase == Phase.LITHIUM:
            foil = charge.terminal_potentials[FOIL]
            potential[index] = foil if region.body == 0 else next(floating)
        elif region.phase == Phase.ACTIVE:
            reacts[index] = not len(particles) or particles.active[region.body]
    potential[reacts] = charge.terminal_potentials[CATHODE]
    wires = charge.terminals[CATHODE].wires
    if wires is not None:
        particle = np.array([region.body for region in mesh.geometry.regions])[reacts]
        potential[reacts] += charge.drops[CATHODE][wires.network.number[particle]]
    solid = np.isfinite(potential[mesh.region])
    phi_s[field_mesh.triangles[solid]] = potential[mesh.region[solid], None]
    points = np.unique(field_mesh.triangles[reacts[mesh.region]])
    x[points] = stoichiometry[field_mesh.source[points]]
    found = {"phi_e": phi_e, "phi_s": phi_s, "current_density": current, "stoichiometry": x}
    if stress is not None:
        displacement, sigma = np.full((n, 2), np.nan), np.full((n, 4), np.nan)
        for body, space in enumerate(stress.bodies):
            # By triangles: where bodies are apart, a node has a displacement for each.
            points = field_mesh.triangles[space.elements]
            displacement[points] = stress.displacements[body][space.triangles]
            mine = np.unique(points)
            weights = np.asarray(space.basis.dx).sum(axis=1)
            nodal = field_mesh.average(space.elements, stress.stress_at_nodes(body), weights)
            sigma[mine] = nodal.T[mine]
        found |= {"displacement": displacement, "stress": sigma, "von_mises": von_mises(sigma.T)}
    return found


def _nodal_current(mesh: Mesh, field_mesh: FieldMesh, charge: ChargeSolution) -> Floats:
    """Current density at the points (n, 2), the mean over the triangles around each."""
    space = charge.space
    full = space.spread(charge.potential, fill=0.0)
    basis = nodal_basis(space)
    values = -charge.conductivity[:, None] * np.asarray(basis.interpolate(full).grad)
    weights = np.asarray(space.basis.dx).sum(axis=1)
    return field_mesh.average(space.elements, values, weights).T


def inputs(case: Case) -> list[tuple[str, str, str]]:
    """Kinetics and operation with where they come from, for the list of sources."""
    rows = []
    for side in ("anode", "cathode"):
        table = getattr(case.kinetics, side)
        for name in ("exchange_current_density", "area_resistance"):
            value = getattr(table, name)
            if value is not None:
                rows.append((f"kinetics.{side}.{name}", value.text, "given by the case"))
    return rows
