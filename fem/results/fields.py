"""A solved instant as fields with jumps and profiles; snapshots and runs in time alike."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import numpy as np
from numpy.typing import NDArray

from fem.case import Case
from fem.cell.interfaces import Interface
from fem.cell.reactions import Reactions
from fem.forms.mechanics import nodal_basis
from fem.geometry import Phase
from fem.laws.elasticity import von_mises
from fem.measures.anode import AnodeProfile, foil_nodes
from fem.measures.interlayer import deposits, lithium_in_layer
from fem.mesh import Mesh
from fem.physics.mechanics import MechanicsSolution
from fem.results.result import FieldMesh

Floats = NDArray[np.float64]


def package_version() -> str:
    """The installed version of this package."""
    try:
        return version("assb-fem")
    except PackageNotFoundError:  # running from a source tree
        return "not installed"


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
    field_mesh: FieldMesh, reactions: Reactions, stress: MechanicsSolution | None
) -> dict[str, Floats]:
    """Fields on the points of `field_mesh` at an instant, by name."""
    mesh, n = reactions.cell.mesh, len(field_mesh.points)
    phi_e, phi_s, x = (np.full(n, np.nan) for _ in range(3))
    electrolyte = field_mesh.phase == str(Phase.ELECTROLYTE)
    number = reactions.cell.charge.space.number
    phi_e[electrolyte] = reactions.potential[number[field_mesh.source[electrolyte]]]

    potential = _of_regions(reactions)
    solid = np.isfinite(potential[mesh.region])
    phi_s[field_mesh.triangles[solid]] = potential[mesh.region[solid], None]
    if reactions.cell.case.kinetics.cathode.stoichiometry is not None:
        for each in reactions.cell.particles:
            values = each.on_triangles(each.stoichiometry(reactions.state.content))
            x[field_mesh.triangles[each.members.elements.ravel()]] = values
    found = {
        "phi_e": phi_e,
        "phi_s": phi_s,
        "current_density": _nodal_current(field_mesh, reactions),
        "stoichiometry": x,
    }
    reacted = _interphase(field_mesh, reactions)
    if reacted is not None:
        found["interphase"] = reacted
    found |= _layer(field_mesh, reactions)
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
        if any(stress.inelastic):
            found["inelastic_strain"] = _inelastic_strain(field_mesh, stress)
    return found


def _interphase(field_mesh: FieldMesh, reactions: Reactions) -> Floats | None:
    """Thickness of reacted electrolyte at the points (n,) of electrodes on it, nan elsewhere.

    `None` where no electrolyte reacts.
    """
    cell, content = reactions.cell, reactions.state.content
    layers: list[tuple[Interface, Floats]] = [
        (each, each.at_nodes(each.thickness(content))) for each in cell.oxidation
    ]
    if cell.lithium.reduces:
        lithium = cell.lithium.at_nodes(cell.lithium.interphase(content))
        layers.append((cell.lithium, lithium[None]))
    if not layers:
        return None
    size, found = cell.mesh.nodes.shape[1], np.full(len(field_mesh.points), np.nan)
    bodies = np.array([r.body for r in cell.mesh.geometry.regions])
    body = np.empty(len(found), dtype=int)
    body[field_mesh.triangles] = bodies[field_mesh.region][:, None]
    for interface, values in layers:
        mine = np.flatnonzero(field_mesh.phase == str(interface.side))
        keys = body[mine] * size + field_mesh.source[mine]
        order = np.argsort(keys)
        patches = interface.patches
        wanted = interface.ids[patches.piece_of_node] * size + patches.nodes
        found[mine[order[np.searchsorted(keys[order], wanted)]]] = values
    return found


def _layer(field_mesh: FieldMesh, reactions: Reactions) -> dict[str, Floats]:
    """Lithium in an interlayer and beside it, at the points of electrolytes."""
    known = {
        "layer_lithium": lithium_in_layer(reactions.cell, reactions.state),
        "deposit": deposits(reactions.cell, reactions.state),
    }
    electrolyte = field_mesh.phase == str(Phase.ELECTROLYTE)
    return {
        name: np.where(electrolyte, values[field_mesh.source], np.nan)
        for name, values in known.items()
        if values is not None
    }


def _inelastic_strain(field_mesh: FieldMesh, stress: MechanicsSolution) -> Floats:
    """Equivalent inelastic strain at the points (n,), the mean over the triangles around each."""
    found = np.full(len(field_mesh.points), np.nan)
    for body, space in enumerate(stress.bodies):
        mine = np.unique(field_mesh.triangles[space.elements])
        weights = np.asarray(space.basis.dx).sum(axis=1)
        values = stress.inelastic_strain_at_nodes(body)[None]
        found[mine] = field_mesh.average(space.elements, values, weights)[0, mine]
    return found


def _of_regions(reactions: Reactions) -> Floats:
    """Electrode potential of each region in V, nan where nothing reacts."""
    cell = reactions.cell
    potentials: dict[tuple[str, int], float] = {}
    for number, interface in enumerate(cell.interfaces):
        values = reactions.electrode_potential(number)
        if interface is not cell.lithium:
            values = np.where(interface.active(reactions.state.held), values, np.nan)
        side = str(interface.side)
        potentials |= {(side, int(b)): float(v) for b, v in zip(interface.ids, values, strict=True)}
    regions = cell.mesh.geometry.regions
    keys = [(str(region.phase), region.body) for region in regions]
    return np.array([potentials.get(key, np.nan) for key in keys])


def _nodal_current(field_mesh: FieldMesh, reactions: Reactions) -> Floats:
    """Current density at the points (n, 2), the mean over the triangles around each."""
    ions = reactions.cell.charge.electrolyte
    full = ions.space.spread(reactions.potential, fill=0.0)
    basis = nodal_basis(ions.space)
    values = -ions.conductivity[:, None] * np.asarray(basis.interpolate(full).grad)
    weights = np.asarray(ions.space.basis.dx).sum(axis=1)
    return field_mesh.average(ions.space.elements, values, weights).T


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
