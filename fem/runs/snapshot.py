"""One quasi-steady state: case, geometry, mesh, charge, plating, mechanics, measures."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem import geometry as geometries
from fem import mesh as meshes
from fem.case import Case, Snapshot
from fem.cell.stress import conditions, pressure_at_nodes
from fem.errors import InputError
from fem.forms.interface import Edges
from fem.geometry import Phase
from fem.geometry.contacts import Contacts
from fem.laws.plating import thickness as plated_thickness
from fem.materials import references
from fem.measures.charge import charge_metrics, particle_table
from fem.measures.stress import fracture_metrics, mechanics_metrics, pressure_notes
from fem.mesh import Ints, Mesh
from fem.parameters import Parameters, resolve
from fem.physics.charge import ChargeProblem, Terminal
from fem.physics.elastic import ElasticBody
from fem.physics.mechanics import MechanicsProblem, MechanicsSolution
from fem.physics.wiring import Wires, in_contact, in_medium
from fem.results.instant import (
    CATHODE,
    fields,
    inputs,
    package_version,
    plating_at_nodes,
    profile,
)
from fem.results.result import FieldMesh, Result

Floats = NDArray[np.float64]
Progress = Callable[[str], None]

LEAST_OVERPOTENTIAL = 1e-9
"""Volts below which a given voltage counts as open circuit."""


def solve(case: Case, progress: Progress = lambda stage: None) -> Result:
    """Solve a snapshot; writes nothing.

    Parameters
    ----------
    progress
        Called with the name of each stage as it begins.

    Raises
    ------
    InputError
        If the case cannot be: see `fem.geometry.build` and `fem.parameters.resolve`.
    SolveError
        If a solver does not converge.
    """
    began = time.perf_counter()
    progress("geometry")
    shape = geometries.build(case)
    parameters = resolve(case, shape)
    progress("mesh")
    mesh = meshes.from_case(case, shape)
    meshed = time.perf_counter()
    progress("charge")
    problem = ChargeProblem(mesh, parameters.conductivity)
    charge = problem.solve(terminals(case, mesh, parameters))
    plating = plating_at_nodes(mesh, charge)
    h = plated_thickness(plating, float(_operation(case).plating_time), parameters.molar_volume)
    stresses: dict[str, MechanicsSolution] = {}
    if parameters.elastic is not None:
        composite = ElasticBody.composite(mesh, parameters.elastic)
        for model in case.mechanics.lithium_models:
            progress(f"mechanics, {model} lithium")
            stress_problem = MechanicsProblem(
                mesh, parameters.elastic, conditions(case, model), composite
            )
            stresses[model] = stress_problem.solve(np.nan_to_num(h))
    solved = time.perf_counter()

    progress("measures")
    stress = stresses.get(case.mechanics.lithium)
    pressure = {model: pressure_at_nodes(mesh, each) for model, each in stresses.items()}
    anode = profile(mesh, plating, h, pressure.get(case.mechanics.lithium))
    particles = particle_table(case, mesh, charge, CATHODE)
    metrics: dict[str, Any] = charge_metrics(mesh, charge, anode, parameters)
    notes = [*shape.notes, *_assumptions(case)]
    if stress is not None:
        metrics |= mechanics_metrics(mesh, stress)
        notes += stress.notes
        pressures = {model: each[anode.nodes] for model, each in pressure.items()}
        metrics |= fracture_metrics(case, mesh, anode, pressures, parameters)
        notes += pressure_notes(anode, pressures, charge, parameters)
    metrics |= {
        "active_particles": int(particles.active.sum()),
        "inactive_particles": int((~particles.active).sum()),
        "seconds_mesh": meshed - began,
        "seconds_solve": solved - meshed,
        "seconds_total": time.perf_counter() - began,
        "version": package_version(),
        "case_sha256": case.sha256,
    }
    field_mesh = FieldMesh.of(mesh)
    lithiated = case.kinetics.cathode.stoichiometry
    x = np.full(mesh.nodes.shape[1], np.nan if lithiated is None else float(lithiated))
    found = fields(mesh, field_mesh, charge, x, stress)
    for array in (*found.values(), field_mesh.points):
        array.flags.writeable = False
    return Result(
        case=case,
        geometry=shape,
        mesh=mesh,
        field_mesh=field_mesh,
        fields=MappingProxyType(found),
        anode=anode,
        particles=particles,
        metrics=MappingProxyType(metrics),
        references=references(parameters.used, inputs(case)),
        notes=tuple(notes),
    )


def terminals(case: Case, mesh: Mesh, parameters: Parameters) -> list[Terminal]:
    """The electrodes of a snapshot: the foil, the wired particles, isolated lithium."""
    lithium = mesh.interface_by_body(Phase.LITHIUM)
    active = mesh.interface_by_body(Phase.ACTIVE)
    alive = np.flatnonzero(mesh.geometry.particles.active) if len(mesh.geometry.particles) else [0]
    wired = np.concatenate([active[int(body)] for body in alive])
    body = np.repeat(alive, [len(active[int(body)]) for body in alive])
    operation = _operation(case)
    cathode: dict[str, Any] = {"wires": _wires(case, mesh, body)}
    if operation.current_density is not None:
        cathode["current"] = float(operation.current_density) * mesh.geometry.width
    elif operation.overpotential is not None:
        cathode["potential"] = float(operation.overpotential)
    else:
        assert operation.cell_voltage is not None
        assert parameters.open_circuit_potential is not None
        rest = parameters.open_circuit_potential
        cathode["potential"] = float(operation.cell_voltage) - rest
        if abs(cathode["potential"]) < LEAST_OVERPOTENTIAL:
            raise InputError(
                "the cell is at rest at this voltage, so there is nothing to solve",
                key="operation.cell_voltage",
                given=operation.cell_voltage.text,
                allowed=f"a voltage other than the open-circuit {rest:.6g} V",
                cure="a higher voltage charges, a lower one discharges",
            )
    foil = Terminal("the lithium foil", Edges.of(mesh, lithium.pop(0)), parameters.anode, 0.0)
    wired_cathode = Terminal("the cathode", Edges.of(mesh, wired), parameters.cathode, **cathode)
    floating = [
        Terminal(f"isolated lithium {body - 1}", Edges.of(mesh, which), parameters.anode, None, 0.0)
        for body, which in lithium.items()
    ]
    return [foil, wired_cathode, *floating]


def _wires(case: Case, mesh: Mesh, body: Ints) -> Wires | None:
    """How edges of particles, given by id (ne,), are wired to the collector; `None` if ideally."""
    wiring, shape = case.geometry.wiring, mesh.geometry
    if wiring.kind == "ideal":
        return None
    if wiring.kind == "effective":
        cathode = case.geometry.cathode
        top = shape.top if cathode is None else float(cathode.thickness)
        particles = shape.particles
        network = in_medium(particles.x, particles.y, shape.width, top, float(wiring.conductivity))
    else:
        contacts = Contacts.of(case, shape)
        network = in_contact(
            contacts.pairs[contacts.joined[contacts.pairs[:, 0]]],
            contacts.collector,
            float(wiring.contact_resistance),
            float(wiring.out_of_plane_conductance or 0.0),
        )
    return Wires(network, network.number[body])


def _operation(case: Case) -> Snapshot:
    """What the snapshot imposes."""
    assert isinstance(case.operation, Snapshot)
    return case.operation


def _assumptions(case: Case) -> list[str]:
    """What the numbers of a snapshot rest on, in words."""
    operation = _operation(case)
    notes = [
        "The state is quasi-steady: geometry and stoichiometry stay as drawn while lithium plates."
    ]
    if case.mechanics.enabled:
        notes.append(
            f"The plated thickness is the plating current times {operation.plating_time.text}, "
            "imposed once on a linear-elastic electrolyte in small strain; stress does not act "
            "back on the current. Read stresses as linear-elastic indicators."
        )
        notes.append(
            {
                "rigid": "Lithium is rigid: an upper limit of the stress for this contact.",
                "elastic": "Lithium is elastic and does not yield: an upper limit of the stress "
                "for this contact.",
                "yielded": "Lithium flows at its yield strength: each deposit that grows presses "
                "with the pressure that squeezes it out of its slot, however little it grew.",
            }[case.mechanics.lithium]
        )
        if case.mechanics.lithium != "yielded":
            notes.append(
                "Lithium sticks to the electrolyte. Without friction the stress at tips would be "
                'several times smaller: compare mechanics.contact = "slide".'
                if case.mechanics.contact == "stick"
                else "Lithium slides on the electrolyte without friction. Sticking lithium loads "
                'tips several times more: compare mechanics.contact = "stick".'
            )
    return notes
