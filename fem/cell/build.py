"""From a case to the terminals and interfaces of its cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fem.case import Case
from fem.case.interphase import Layer
from fem.case.operation import Protocol
from fem.cell.interfaces import Interface
from fem.cell.layered import collector_side, flaws_of, stores_of
from fem.cell.lithium import LithiumInterface
from fem.cell.oxidation import OxidationInterface, layer_on
from fem.cell.particles import ParticleInterface
from fem.constants import FARADAY
from fem.geometry import Phase
from fem.geometry.contacts import Contacts
from fem.laws.interfaces import (
    Exhaustible,
    Intercalation,
    InterfaceLaw,
    Plating,
    Touched,
    no_potential,
)
from fem.laws.interphase import Growth
from fem.laws.layers import Layered, Oxidation, Reduced
from fem.mesh import Mesh
from fem.parameters import Parameters
from fem.physics.charge import Surface, Terminal
from fem.physics.congruent import ParticleBundle, ParticleGroup, groups, reacting
from fem.physics.particles import Diffusion, Diffusivity, Fixed, diffusion_model
from fem.physics.surfaces import Patches
from fem.physics.wiring import Network, Web, contacts_web, medium_web

Floats = NDArray[np.float64]

FOIL, CATHODE = 0, 1
"""Terminals of the lithium foil and of the cathode's collector; isolated lithium follows."""
RESOLVED = 1.0
"""Time in s after a jump of the current from which on the surface is resolved in space."""
THINNEST = 1.0
"""Thickness of the layer at the surface, as a share of how far lithium diffuses in that time."""
ENDLESS = 1.0
"""Thickness in m of isolated lithium, which is never used up: as much comes as goes."""
FELT = 1e-3
"""Impedance of diffusion, over the resistance before it, from which on a spectrum resolves it."""
UNKNOWN = 0.5
"""Stoichiometry of particles that the case says nothing of; no law then reads it."""


def terminals_of(case: Case, mesh: Mesh) -> list[Terminal]:
    """The foil, the cathode with its wires, and each isolated body of lithium."""
    isolated = list(mesh.interface_by_body(Phase.LITHIUM))[1:]
    return [
        Terminal("the lithium foil"),
        Terminal("the cathode", network_of(case, mesh)),
        *(Terminal(f"isolated lithium {body - 1}") for body in isolated),
    ]


def network_of(case: Case, mesh: Mesh) -> Network | None:
    """How particles are wired to the collector as drawn; `None` if ideally."""
    web = web_of(case, mesh)
    return None if web is None else web.network()


def web_of(case: Case, mesh: Mesh) -> Web | None:
    """What joins particles, collector, and an electrode on top of them; `None` if they are one."""
    wiring, shape = case.geometry.wiring, mesh.geometry
    if wiring.kind == "ideal":
        return None
    if wiring.kind == "effective":
        cathode, particles = case.geometry.cathode, shape.particles
        top = shape.top if cathode is None else float(cathode.thickness)
        return medium_web(particles.x, particles.y, shape.width, top, float(wiring.conductivity))
    contacts = Contacts.of(case, shape)
    return contacts_web(
        contacts.pairs[contacts.joined[contacts.pairs[:, 0]]],
        contacts.collector,
        contacts.top & contacts.joined,
        float(wiring.contact_resistance),
        float(wiring.out_of_plane_conductance or 0.0),
    )


def interfaces_of(
    case: Case,
    mesh: Mesh,
    parameters: Parameters,
    particles: Sequence[ParticleInterface] | None = None,
) -> tuple[Interface, ...]:
    """The lithium, stores of an interlayer, the particles, and electrolyte that oxidises on these.

    Particles that are given serve again.
    """
    if particles is None:
        particles = _particles(case, mesh, parameters)
    law, tolerance = oxidation_of(case, parameters), case.stepping.tolerance
    side = () if law is None else tuple(OxidationInterface(p, law, tolerance) for p in particles)
    lithium = lithium_of(case, mesh, parameters)
    return (lithium, *stores_of(case, mesh, parameters), *particles, *side)


def oxidation_of(case: Case, parameters: Parameters) -> Oxidation | None:
    """How electrolyte is oxidised on particles; `None` if it is not."""
    table, material = case.interphase.particle_electrolyte, parameters.oxidation
    if table is None or material is None:
        return None
    return Oxidation(
        current_density=table.coating_factor * float(table.current_density),
        onset=material.onset,
        growth=_growth(table),
        by_charge=material.by_charge,
        temperature=parameters.cathode.temperature,
        transfer=table.transfer_coefficient,
        limited=table.kinetics == "limited",
        start=float(table.initial_thickness),
    )


def lithium_of(case: Case, mesh: Mesh, parameters: Parameters) -> LithiumInterface:
    """All lithium on electrolyte: the foil, then isolated bodies."""
    bodies = mesh.interface_by_body(Phase.LITHIUM)
    patches = Patches.bundle(mesh, list(bodies.values()))
    terminal = np.array([FOIL, *range(CATHODE + 1, CATHODE + len(bodies))])
    none = np.full(len(bodies), -1)
    surface = Surface("lithium", patches, terminal, none, parameters.anode)
    if case.geometry.anode.interlayer is not None:
        return collector_side(case, surface, np.array(list(bodies)), parameters)
    law: InterfaceLaw = _plating(case, parameters)
    if case.interfaces.lithium_electrolyte.parts:
        law = Touched(law)
    available, fading = None, case.geometry.anode.fading
    if fading is not None and isinstance(case.operation, Protocol) and parameters.molar_volume:
        law = Exhaustible(law, float(fading))
        below = mesh.geometry.lithium_y - mesh.nodes[1]
        drawn = patches.at_points(float(case.geometry.anode.strippable) + below[patches.nodes])
        available = np.where(
            np.broadcast_to(patches.piece == 0, drawn.shape[:2])[..., None], drawn, ENDLESS
        )
    return LithiumInterface(
        surface,
        np.array(list(bodies)),
        law,
        parameters.molar_volume,
        float(case.stepping.thickness),
        case.stepping.tolerance,
        available=available,
        taken_up=parameters.taken_up or 0.0,
        flaws=flaws_of(case, surface, parameters),
    )


def _plating(case: Case, parameters: Parameters) -> Plating | Reduced:
    """How lithium is plated, and how it reduces electrolyte."""
    law = Plating(parameters.anode, parameters.molar_volume, parameters.anode_potential)
    table = case.interphase.lithium_electrolyte
    if table is None:
        return law
    return Reduced(
        law,
        _growth(table),
        rate=float(table.growth_rate or 0.0),
        share=table.plating_share,
        exponent=table.plating_exponent,
        reference=float(table.reference_current_density or 1.0),
        conductivity=None if table.conductivity is None else float(table.conductivity),
        start=float(table.initial_thickness),
    )


def _growth(table: Layer) -> Growth:
    """How a layer slows its own growth."""
    return Growth(table.growth, float(table.passivation_thickness or 1.0))


def _particles(case: Case, mesh: Mesh, parameters: Parameters) -> list[ParticleInterface]:
    table, active = case.kinetics.cathode, parameters.active
    bodies = reacting(mesh)
    resting = not isinstance(case.operation, Protocol) or table.diffusion == "fixed"
    together: list[ParticleGroup | ParticleBundle] = (
        [ParticleBundle.of(mesh, bodies)] if resting else [*groups(mesh, bodies)]
    )
    network = network_of(case, mesh)
    scale = 0.0 if active is None else active.max_concentration
    law: InterfaceLaw = Intercalation(
        parameters.cathode,
        no_potential if active is None else active.potential.extended,
        table.exchange_current_dependence == "stoichiometry",
        0.0 if active is None or active.swelling is None else active.swelling.molar_volume,
    )
    interphase, coating, conductivity = case.interphase.particle_electrolyte, 0.0, None
    if interphase is not None and parameters.oxidation is not None:
        coating = float(interphase.coating_resistance or 0.0)
        conductivity = parameters.oxidation.conductivity
    covered = coating > 0.0 or conductivity is not None
    if covered:
        law = Layered(law)
    if case.interfaces.particle_electrolyte.parts:
        law = Touched(law)
    found = []
    for number, members in enumerate(together):
        patches = members.patches(mesh)
        terminal = np.full(patches.count, CATHODE)
        wire = np.full(patches.count, -1) if network is None else network.number[members.ids]
        name = "particles" if len(together) == 1 else f"particles {number}"
        model: Diffusion
        if isinstance(members, ParticleBundle):
            model = Fixed(mesh, members, scale)
        else:
            assert active is not None and table.diffusion != "fixed"
            assert table.stoichiometry is not None
            time = min(RESOLVED, shortest(case, parameters))
            layers = layers_at(mesh, members, active.diffusivity, float(table.stoichiometry), time)
            model = diffusion_model(
                table.diffusion, mesh, members, scale, active.diffusivity, layers
            )
        found.append(
            ParticleInterface(
                mesh,
                Surface(name, patches, terminal, wire, parameters.cathode),
                members,
                model,
                law,
                UNKNOWN if table.stoichiometry is None else float(table.stoichiometry),
                case.stepping.stoichiometry,
                case.stepping.tolerance,
                layer_on(name, coating, conductivity) if covered else None,
            )
        )
    return found


def shortest(case: Case, parameters: Parameters) -> float:
    """Time in s in which lithium diffuses as far as it does in the fastest wave that feels it.

    Infinite where no spectrum is taken. Far above its highest frequency, and where the impedance of
    diffusion falls below a share of the resistance of the surface, nothing need be resolved.
    """
    table, active, kinetics = case.kinetics.cathode, parameters.active, parameters.cathode
    highest = case.operation.highest_frequency if isinstance(case.operation, Protocol) else 0.0
    if not highest or active is None or table.stoichiometry is None:
        return np.inf
    x = np.array(float(table.stoichiometry))
    d = active.diffusivity
    diffusivity = float(d(x)) if callable(d) else d
    i0 = kinetics.exchange_current_density
    resistance = kinetics.area_resistance + (kinetics.thermal_voltage / i0 if i0 else 0.0)
    # Behind a plane |Z| = dU/dx / (F c_max sqrt(omega D)).
    slope = abs(float(active.potential.extended(x)[1])) / (FARADAY * active.max_concentration)
    felt = (slope / (FELT * resistance)) ** 2 / diffusivity
    return 1.0 / max(min(2.0 * np.pi * highest, felt), np.finfo(float).tiny)


def layers_at(
    mesh: Mesh,
    group: ParticleGroup,
    diffusivity: Diffusivity,
    stoichiometry: float,
    time: float = RESOLVED,
) -> int:
    """How often triangles must be halved towards the surface to resolve a time in s after a jump.

    The diffusivity in m^2/s is that at `stoichiometry`, where the run starts.
    """
    if callable(diffusivity):
        diffusivity = float(diffusivity(np.array([stoichiometry]))[0])
    nodes = mesh.nodes[:, group.nodes[0][group.edges[:, :2]]]
    size = float(np.hypot(*(nodes[..., 1] - nodes[..., 0])).max())
    thin = THINNEST * np.sqrt(diffusivity * time)
    return max(0, int(np.ceil(np.log2(size / thin))))
