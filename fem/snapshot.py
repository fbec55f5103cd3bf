"""One quasi-steady state: case, geometry, mesh, charge, plating, mechanics, measures."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem import geometry as geometries
from fem import mesh as meshes
from fem.case import Case
from fem.errors import InputError
from fem.forms.interface import Edges
from fem.forms.mechanics import nodal_basis
from fem.geometry import Phase
from fem.laws.elasticity import von_mises
from fem.laws.plating import thickness as plated_thickness
from fem.materials import references
from fem.measures.anode import AnodeProfile, foil_nodes
from fem.measures.charge import charge_metrics, particle_table
from fem.measures.stress import fracture_metrics, mechanics_metrics, pressure_notes
from fem.mesh import Mesh
from fem.parameters import Parameters, resolve
from fem.physics.charge import ChargeProblem, ChargeSolution, Terminal
from fem.physics.elastic import ElasticBody
from fem.physics.kinematics import Conditions
from fem.physics.mechanics import MechanicsProblem, MechanicsSolution
from fem.result import FieldMesh, Result

Floats = NDArray[np.float64]
Progress = Callable[[str], None]

LEAST_OVERPOTENTIAL = 1e-9
"""Volts below which a given voltage counts as open circuit."""
FOIL, CATHODE = 0, 1
"""Terminals of the lithium foil and of the wired cathode; isolated lithium follows."""


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
    plating = _plating_at_nodes(mesh, charge)
    h = plated_thickness(plating, float(case.operation.plating_time), parameters.molar_volume)
    stresses: dict[str, MechanicsSolution] = {}
    if parameters.elastic is not None:
        composite = ElasticBody.composite(mesh, parameters.elastic)
        for model in case.mechanics.lithium_models:
            progress(f"mechanics, {model} lithium")
            conditions = _conditions(case, model)
            stress_problem = MechanicsProblem(mesh, parameters.elastic, conditions, composite)
            stresses[model] = stress_problem.solve(np.nan_to_num(h))
    solved = time.perf_counter()

    progress("measures")
    stress = stresses.get(case.mechanics.lithium)
    nodes, s = foil_nodes(mesh)
    anode = AnodeProfile(
        s=s,
        x=mesh.nodes[0, nodes],
        y=mesh.nodes[1, nodes],
        plating=plating[nodes],
        thickness=h[nodes],
        normal_stress=None if stress is None else -_at_nodes(mesh, stress)[nodes],
        nodes=nodes,
    )
    particles = particle_table(case, mesh, charge, CATHODE)
    metrics: dict[str, Any] = charge_metrics(mesh, charge, anode, parameters)
    notes = list(_assumptions(case))
    if stress is not None:
        metrics |= mechanics_metrics(mesh, stress)
        pressures = {model: _at_nodes(mesh, each)[nodes] for model, each in stresses.items()}
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
    fields = _fields(case, mesh, field_mesh, charge, stress)
    for array in (*fields.values(), field_mesh.points):
        array.flags.writeable = False
    return Result(
        case=case,
        geometry=shape,
        mesh=mesh,
        field_mesh=field_mesh,
        fields=MappingProxyType(fields),
        anode=anode,
        particles=particles,
        metrics=MappingProxyType(metrics),
        references=references(parameters.used, _inputs(case)),
        notes=tuple(notes),
    )


def terminals(case: Case, mesh: Mesh, parameters: Parameters) -> list[Terminal]:
    """The electrodes of a snapshot: the foil, the wired particles, isolated lithium."""
    lithium = mesh.interface_by_body(Phase.LITHIUM)
    active = mesh.interface_by_body(Phase.ACTIVE)
    alive = np.flatnonzero(mesh.geometry.particles.active) if len(mesh.geometry.particles) else [0]
    wired = np.concatenate([active[int(body)] for body in alive])
    operation = case.operation
    cathode: dict[str, float] = {}
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


def package_version() -> str:
    """The installed version of this package."""
    try:
        return version("assb-fem")
    except PackageNotFoundError:  # running from a source tree
        return "not installed"


def _plating_at_nodes(mesh: Mesh, charge: ChargeSolution) -> Floats:
    """Plating current density at all mesh nodes (N,) in A/m^2, nan away from lithium."""
    plating = np.full(mesh.nodes.shape[1], np.nan)
    for k in range(len(charge.terminals)):
        if k != CATHODE:
            nodes = np.unique(charge.terminals[k].edges.nodes)
            plating[nodes] = -charge.reaction_at_nodes(k, nodes)
    return plating


def _at_nodes(mesh: Mesh, stress: MechanicsSolution) -> Floats:
    """Pressure of the lithium at all mesh nodes (N,) in Pa, nan away from lithium."""
    pressure = np.full(mesh.nodes.shape[1], np.nan)
    pressure[stress.nodes] = stress.pressure
    return pressure


def _conditions(case: Case, lithium: str) -> Conditions:
    table = case.mechanics
    return Conditions(
        lithium=lithium,
        contact=table.contact,
        kinematics=table.kinematics,
        top=table.top,
        stack_pressure=float(table.stack_pressure),
    )


def _fields(
    case: Case,
    mesh: Mesh,
    field_mesh: FieldMesh,
    charge: ChargeSolution,
    stress: MechanicsSolution | None,
) -> dict[str, Floats]:
    n = len(field_mesh.points)
    phi_e, phi_s, x = (np.full(n, np.nan) for _ in range(3))
    electrolyte = field_mesh.phase == str(Phase.ELECTROLYTE)
    phi_e[electrolyte] = charge.potential[charge.space.number[field_mesh.source[electrolyte]]]
    current = _nodal_current(mesh, field_mesh, charge)

    particles = mesh.geometry.particles
    lithiated = case.kinetics.cathode.stoichiometry
    floating = iter(charge.terminal_potentials[CATHODE + 1 :])
    for index, region in enumerate(mesh.geometry.regions):
        if region.phase == Phase.ELECTROLYTE:
            continue
        points = np.unique(field_mesh.triangles[mesh.region == index])
        if region.phase == Phase.LITHIUM:
            phi_s[points] = 0.0 if region.body == 0 else next(floating)
            continue
        if not len(particles) or particles.active[region.body]:
            phi_s[points] = charge.terminal_potentials[CATHODE]
            if lithiated is not None:
                x[points] = lithiated
    fields = {"phi_e": phi_e, "phi_s": phi_s, "current_density": current, "stoichiometry": x}
    if stress is not None:
        displacement, sigma = np.full((n, 2), np.nan), np.full((n, 4), np.nan)
        for body, space in enumerate(stress.bodies):
            mine = np.unique(field_mesh.triangles[space.elements])
            displacement[mine] = stress.displacements[body][space.number[field_mesh.source[mine]]]
            weights = np.asarray(space.basis.dx).sum(axis=1)
            nodal = field_mesh.average(space.elements, stress.stress_at_nodes(body), weights)
            sigma[mine] = nodal.T[mine]
        fields |= {"displacement": displacement, "stress": sigma, "von_mises": von_mises(sigma.T)}
    return fields


def _nodal_current(mesh: Mesh, field_mesh: FieldMesh, charge: ChargeSolution) -> Floats:
    """Current density at the points (n, 2), the mean over the triangles around each."""
    space = charge.space
    full = space.spread(charge.potential, fill=0.0)
    basis = nodal_basis(space)
    values = -charge.conductivity[:, None] * np.asarray(basis.interpolate(full).grad)
    weights = np.asarray(space.basis.dx).sum(axis=1)
    return field_mesh.average(space.elements, values, weights).T


def _assumptions(case: Case) -> list[str]:
    """What the numbers of a snapshot rest on, in words."""
    operation = case.operation
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


def _inputs(case: Case) -> list[tuple[str, str, str]]:
    """Kinetics and operation with where they come from, for the list of sources."""
    rows = []
    for side in ("anode", "cathode"):
        table = getattr(case.kinetics, side)
        for name in ("exchange_current_density", "area_resistance"):
            value = getattr(table, name)
            if value is not None:
                rows.append((f"kinetics.{side}.{name}", value.text, "given by the case"))
    return rows
