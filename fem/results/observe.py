"""What is seen of a cell in time: a row of the history, a frame, a full result."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.case import Case
from fem.cell.balance import Work, ledger
from fem.cell.coupling import CATHODE, FOIL, Cell
from fem.cell.reactions import charge_solution, stress_power
from fem.cell.readings import charge_given, mean_stoichiometry, voltage
from fem.cell.state import State
from fem.cell.stress import Stress, pressure_at_nodes
from fem.constants import FARADAY
from fem.materials import references
from fem.measures.anode import AnodeProfile, lithium_area, spread
from fem.measures.charge import charge_metrics
from fem.measures.particles import ParticleTable
from fem.measures.stress import (
    fracture_metrics,
    lithium_pressure,
    mechanics_metrics,
    pressure_notes,
    process_zone_means,
)
from fem.mesh import Mesh
from fem.parameters import Parameters
from fem.physics.mechanics import MechanicsSolution
from fem.results.history import Frame
from fem.results.instant import (
    fields,
    inputs,
    package_version,
    plating_at_nodes,
    profile,
)
from fem.results.notes import protocol_notes
from fem.results.result import FieldMesh, Result

Floats = NDArray[np.float64]

HOUR = 3600.0
LEAST_PLATING = 1e-8
"""Plating in A/m^2 below which there is none to speak of."""
LEAST_THICKNESS = 1e-13
"""The same of thickness in m."""


class Observer:
    """A cell and everything that is read off its states.

    Parameters
    ----------
    seconds_mesh, began
        How long the mesh took, and when the run began (`time.perf_counter`).
    drawn
        Area of lithium as drawn, in m^2.
    cell
        The cell, if its mesh is not the first one.
    """

    def __init__(
        self,
        case: Case,
        mesh: Mesh,
        parameters: Parameters,
        seconds_mesh: float,
        began: float,
        drawn: float,
        cell: Cell | None = None,
    ) -> None:
        self.case, self.mesh, self.parameters = case, mesh, parameters
        self._seconds_mesh, self._began, self._drawn = seconds_mesh, began, drawn
        self._followed = 0.0
        self.stress = None if parameters.elastic is None else Stress(case, mesh, parameters)
        self.cell = Cell(case, mesh, parameters, self.stress) if cell is None else cell
        self.initial: State = self.cell.initial()

    def on(self, mesh: Mesh, cell: Cell, followed: float) -> Observer:
        """The same run after its lithium line has moved by all that was plated up to now.

        `followed` is the charge of that lithium in C per m of depth.
        """
        moved = Observer(
            self.case, mesh, self.parameters, self._seconds_mesh, self._began, self._drawn, cell
        )
        moved._followed = followed
        return moved

    @property
    def capacity(self) -> float:
        """Charge that the active particles hold in their window, in A s/m^2 of cell width."""
        active = self.parameters.active
        assert active is not None
        window = active.potential.upper - active.potential.lower
        area = sum(model.area * len(model.group) for model in self.cell.diffusion)
        return FARADAY * active.max_concentration * area * window / self.mesh.geometry.width

    # ------------------------------------------------------------------------------ one instant

    @cached_property
    def _foil(self) -> AnodeProfile:
        nothing = np.zeros(self.mesh.nodes.shape[1])
        return profile(self.mesh, nothing, nothing, None)

    def _profile(self, plating: Floats, thickness: Floats, pressure: Floats | None) -> AnodeProfile:
        foil = self._foil
        return AnodeProfile(
            foil.s,
            foil.x,
            foil.y,
            plating[foil.nodes],
            thickness[foil.nodes],
            None if pressure is None else -pressure[foil.nodes],
            foil.nodes,
        )

    def anode(self, state: State) -> AnodeProfile:
        """Plating current and plated thickness along the foil."""
        cell, solution = self.cell, state.solution
        assert solution is not None
        plating = np.zeros(self.mesh.nodes.shape[1])
        for g, e, line in zip(
            cell.lithium_groups, [FOIL, *range(2, 1 + len(cell.lines))], cell.lines, strict=True
        ):
            nodes = line.nodes[0]
            phi = solution.potential[cell.problem.space.number[nodes]]
            reaction = cell.reaction(g, state)
            plating[nodes] = -reaction(solution.voltages[e] - phi, solution.inner[g][0])[0]
        thickness = cell.all_nodes(cell.thickness(state.content))
        return self._profile(plating, thickness, None)

    def particles(self, state: State) -> ParticleTable:
        """Current and mean stoichiometry of each particle."""
        bodies, cell = self.mesh.geometry.particles, self.cell
        current, x = np.zeros(len(bodies)), np.full(len(bodies), np.nan)
        if len(bodies):
            assert state.solution is not None
            for group, model, values, g in zip(
                cell.groups,
                cell.diffusion,
                cell.stoichiometry(state.content),
                cell.particle_groups,
                strict=True,
            ):
                x[group.ids] = model.mean(values)
                current[group.ids] = state.solution.loads[g].sum(axis=1)
        return ParticleTable(bodies.x, bodies.y, bodies.diameter, bodies.inactivity, current, x)

    def frame(self, state: State) -> Frame:
        """Profile and particles of a state."""
        cell, solution = self.cell, state.solution
        assert solution is not None
        table = self.particles(state)
        surface = np.full((len(table.x), 2), np.nan)
        if len(table.x):
            for group, values in zip(cell.groups, cell.surface_stoichiometry(state), strict=True):
                surface[group.ids] = np.stack([values.min(axis=1), values.max(axis=1)], axis=1)
        total = cell.electrode_currents(solution)[CATHODE]
        return Frame(
            time=state.time,
            voltage=voltage(state),
            current_density=total / self.mesh.geometry.width,
            anode=self.anode(state),
            stoichiometry=table.stoichiometry,
            surface_stoichiometry=surface,
            particle_current=table.current,
        )

    # ----------------------------------------------------------------------------------- a row

    def elastic(self, state: State) -> MechanicsSolution | None:
        """The elastic state, if mechanics is switched on."""
        return None if self.stress is None else self.stress.solve(self.cell, state.content)

    def row(
        self,
        state: State,
        step: int,
        taken: float,
        throughput: float,
        iterations: int,
        work: Work | None = None,
        energy: float = 0.0,
    ) -> Mapping[str, float]:
        """The numbers of an accepted step.

        Parameters
        ----------
        step
            The step of the unrolled protocol.
        taken, throughput, iterations
            Length of the step in s, charge passed since the start of the run in C per m of depth,
            and Newton iterations.
        work, energy
            Mechanical work since the start, and the elastic energy then, in J per m of depth.
        """
        cell, geometry, solution = self.cell, self.mesh.geometry, state.solution
        assert solution is not None
        active = self.parameters.active
        assert active is not None
        current = cell.electrode_currents(solution)[CATHODE]
        anode = self.anode(state)
        mean = anode.mean(anode.plating)
        thick = anode.mean(anode.thickness)
        surfaces = cell.surface_stoichiometry(state)
        mean_x = mean_stoichiometry(cell, state)
        rest = (
            float(active.potential.extended(np.array(mean_x))[0]) - self.parameters.anode_potential
        )
        balance = ledger(cell, self.initial.content, state.content, throughput)
        per_width = HOUR * geometry.width
        row: dict[str, float] = {
            "Test Time / s": state.time,
            "Voltage / V": voltage(state),
            "Current / A": current * geometry.depth,
            "step": float(step),
            "dt_s": taken,
            "current_density_A_m2": current / geometry.width,
            "capacity_Ah_m2": charge_given(cell, state) / per_width,
            "throughput_Ah_m2": throughput / per_width,
            "open_circuit_V": rest,
            "overpotential_V": voltage(state) - rest,
            "anode_plating_mean_A_m2": mean,
            "anode_plating_max_A_m2": float(anode.plating.max()),
            "anode_plating_min_A_m2": float(anode.plating.min()),
            **spread("focusing", anode, anode.plating, mean, LEAST_PLATING),
            "thickness_mean_m": thick,
            "thickness_max_m": float(anode.thickness.max()),
            "thickness_min_m": float(anode.thickness.min()),
            **spread("thickness", anode, anode.thickness, thick, LEAST_THICKNESS),
            "stoichiometry_mean": mean_x,
            "stoichiometry_surface_min": min(float(x.min()) for x in surfaces),
            "stoichiometry_surface_max": max(float(x.max()) for x in surfaces),
            "lithium_in_particles_mol_m": balance.in_particles,
            "lithium_plated_mol_m": balance.plated,
            "lithium_error": balance.lithium_error,
            "charge_cathode_C_m": balance.cathode,
            "charge_anode_C_m": balance.anode,
            "charge_error": balance.charge_error,
            "newton_iterations": float(iterations),
        }
        elastic = self.elastic(state)
        if self.stress is not None and elastic is not None:
            row |= self._stress_row(anode, elastic)
        if work is not None:
            row["mechanical_work_J_m"] = work.done
            row["work_error"] = work.error(row["elastic_energy_J_m"] - energy)
        if self.case.geometry.anode.motion == "moved":
            row |= self._swept()
        return MappingProxyType(row)

    def _stress_row(self, anode: AnodeProfile, solution: MechanicsSolution) -> dict[str, float]:
        """Numbers of an elastic state for the history."""
        mesh = self.mesh
        pressure = pressure_at_nodes(mesh, solution)[anode.nodes]
        row = {
            "lithium_pressure_Pa": lithium_pressure(mesh, anode, pressure),
            "elastic_energy_J_m": solution.elastic_energy,
        }
        tips = [process_zone_means(mesh, solution, d.tip) for d in mesh.geometry.deposits]
        if tips:
            row["von_mises_tip_max_Pa"] = max(tip[0] for tip in tips)
            row["principal_stress_tip_max_Pa"] = max(tip[1] for tip in tips)
        return row

    def _swept(self) -> dict[str, float]:
        """Area that the lithium has gained, and how far it is from the volume that it followed.

        The line moves by a thickness along its normals, which on a curve is not the volume.
        """
        swept = lithium_area(self.mesh) - self._drawn
        volume = self._followed / FARADAY * self.parameters.molar_volume
        return {
            "swept_area_m2": swept,
            "swept_error": abs(swept - volume) / abs(volume) if volume else 0.0,
        }

    # -------------------------------------------------------------------------------- a result

    def result(self, state: State, row: Mapping[str, float], final: bool = False) -> Result:
        """Fields, profile, particles and metrics of a state.

        The final one is also solved for the lithium models that the case compares.
        """
        case, mesh, cell = self.case, self.mesh, self.cell
        solution = state.solution
        assert solution is not None
        charge = charge_solution(cell, state)
        plating = plating_at_nodes(mesh, charge)
        lithium = np.isfinite(plating)
        thickness = cell.all_nodes(cell.thickness(state.content))
        stress = self.elastic(state)
        pressure = None if stress is None else pressure_at_nodes(mesh, stress)
        anode = self._profile(plating, np.where(lithium, thickness, np.nan), pressure)
        metrics: dict[str, Any] = charge_metrics(mesh, charge, anode, self.parameters)
        metrics |= {
            "overpotential_V": row["overpotential_V"],
            "cell_voltage_V": row["Voltage / V"],
            "simulated_time_s": state.time,
        }
        if "overpotential_anode_V" in metrics:
            total = charge.total(CATHODE)
            by_stress = stress_power(cell, state)
            rest_power = sum(charge.rest_power(k) for k in range(len(charge.terminals)))
            metrics["overpotential_concentration_V"] = (rest_power - by_stress) / total - row[
                "open_circuit_V"
            ]
            if self.stress is not None and self.stress.acts:
                metrics["overpotential_stress_V"] = by_stress / total
        taken = (
            "capacity_Ah_m2", "throughput_Ah_m2", "thickness_mean_m", "thickness_max_m",
            "thickness_min_m", "thickness_max_over_mean", "thickness_min_over_mean",
            "stoichiometry_mean", "stoichiometry_surface_min", "stoichiometry_surface_max",
            "lithium_error", "charge_error",
        )  # fmt: skip
        metrics |= {name: row[name] for name in taken}
        notes = protocol_notes(case, self.parameters)
        if stress is not None:
            assert self.stress is not None and pressure is not None
            metrics |= mechanics_metrics(mesh, stress)
            notes += stress.notes
            at_foil = {str(case.mechanics.lithium): pressure[anode.nodes]}
            for model in case.mechanics.lithium_models[1:] if final else ():
                other = self.stress.compared(model, cell, state.content)
                at_foil[model] = pressure_at_nodes(mesh, other)[anode.nodes]
            metrics |= fracture_metrics(case, mesh, anode, at_foil, self.parameters)
            if not self.stress.on_lithium:
                notes += pressure_notes(anode, at_foil, charge, self.parameters)
        bodies = mesh.geometry.particles
        now = time.perf_counter()
        metrics |= {
            "active_particles": int(bodies.active.sum()),
            "inactive_particles": int((~bodies.active).sum()),
            "seconds_mesh": self._seconds_mesh,
            "seconds_solve": now - self._began - self._seconds_mesh,
            "seconds_total": now - self._began,
            "version": package_version(),
            "case_sha256": case.sha256,
        }
        x = np.full(mesh.nodes.shape[1], np.nan)
        for nodes, values in zip(
            cell.particle_nodes(), cell.stoichiometry(state.content), strict=True
        ):
            x[nodes] = values  # a value for all nodes where the particle is averaged
        field_mesh = self._field_mesh
        found = fields(mesh, field_mesh, charge, x, stress)
        for array in found.values():
            array.flags.writeable = False
        return Result(
            case=case,
            geometry=mesh.geometry,
            mesh=mesh,
            field_mesh=field_mesh,
            fields=MappingProxyType(found),
            anode=anode,
            particles=self.particles(state),
            metrics=MappingProxyType(metrics),
            references=references(self.parameters.used, inputs(case)),
            notes=tuple(notes),
        )

    @cached_property
    def _field_mesh(self) -> FieldMesh:
        found = FieldMesh.of(self.mesh)
        found.points.flags.writeable = False
        return found
