"""What is seen of a cell: a row of the history, a frame, a full result."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.cell.blocks import Content
from fem.cell.composition import CATHODE, Cell
from fem.cell.ledger import Passed, Work, ledger
from fem.cell.reactions import Reactions
from fem.cell.state import State
from fem.cell.stress import pressure_at_nodes
from fem.constants import FARADAY
from fem.frozen import FrozenMapping
from fem.materials import references
from fem.measures.anode import (
    AnodeProfile,
    enclosed,
    lithium_area,
    spread,
    unstressed_area,
)
from fem.measures.charge import charge_metrics, particle_table, rims
from fem.measures.contact import contact_metrics, released, wire_metrics
from fem.measures.faces import FaceTable
from fem.measures.interlayer import layer_metrics
from fem.measures.interphase import interphase_metrics, on_foil
from fem.measures.stress import (
    fracture_metrics,
    lithium_pressure,
    mechanics_metrics,
    plastic_metrics,
    pressure_notes,
    process_zone_means,
)
from fem.physics.mechanics import MechanicsSolution
from fem.results.fields import fields, inputs, package_version, profile
from fem.results.history import Frame
from fem.results.result import FieldMesh, Result

Floats = NDArray[np.float64]

HOUR = 3600.0
LEAST_PLATING = 1e-8
"""Plating in A/m^2 below which there is none to speak of."""
LEAST_THICKNESS = 1e-13
"""The same of thickness in m."""
FROM_THE_ROW = (
    "capacity_Ah_m2", "throughput_Ah_m2", "thickness_mean_m", "thickness_max_m",
    "thickness_min_m", "thickness_max_over_mean", "thickness_min_over_mean",
    "stoichiometry_mean", "stoichiometry_surface_min", "stoichiometry_surface_max",
    "lithium_error", "charge_error",
)  # fmt: skip
"""What the metrics of a state in time take over from its row."""
PLASTIC = ("plastic_area_fraction",)
"""What a row takes over from the metrics of solids that yield."""


@dataclass(frozen=True)
class View:
    """A cell and everything that is read off its states.

    Attributes
    ----------
    began
        When the run began (`time.perf_counter`).
    drawn
        Area of lithium as drawn, in m^2; that of triangles where solids carry its line along.
    followed
        Charge of the lithium that the line has followed, in C per m of depth.
    closed
        Area of gaps and necks that lithium lines have closed, in m^2.
    rebalanced
        What had to move for equilibrium after solids moved along, over the way moved; the largest.
    """

    cell: Cell
    began: float = field(default_factory=time.perf_counter)
    drawn: float = 0.0
    followed: float = 0.0
    closed: float = 0.0
    rebalanced: float = 0.0

    @classmethod
    def of(cls, cell: Cell, began: float) -> View:
        """The view of a run that began with this cell."""
        if cell.stress is None:
            return cls(cell, began, lithium_area(cell.mesh))
        return cls(cell, began, unstressed_area(cell, {n: b.start for n, b in cell.blocks.items()}))

    def on(self, cell: Cell, followed: float, closed: float, rebalanced: float) -> View:
        """The same run after its lithium line has moved by all that was plated up to now."""
        return replace(self, cell=cell, followed=followed, closed=closed, rebalanced=rebalanced)

    # ------------------------------------------------------------------------------ one instant

    @cached_property
    def _foil(self) -> AnodeProfile:
        nothing = np.zeros(self.cell.mesh.nodes.shape[1])
        return profile(self.cell.mesh, nothing, nothing, None)

    def anode(self, reactions: Reactions, pressure: Floats | None = None) -> AnodeProfile:
        """Plating current, plated thickness and stress along the foil.

        `pressure` is that of the lithium at all mesh nodes (N,) in Pa.
        """
        foil = self._foil
        return replace(
            foil,
            plating=reactions.plating()[foil.nodes],
            thickness=self.cell.thickness(reactions.state.content)[foil.nodes],
            normal_stress=None if pressure is None else -pressure[foil.nodes],
            interphase=on_foil(reactions, foil.nodes),
        )

    def frame(self, state: State) -> Frame:
        """Profile and particles of a state."""
        cell, reactions = self.cell, Reactions(self.cell, state)
        table = particle_table(reactions)
        surface = np.full((len(table.x), 2), np.nan)
        if len(table.x):
            values = cell.surface_stoichiometry(state)
            for each, x in zip(cell.particles, values, strict=True):
                piece = each.patches.piece_of_node.ravel()
                least, most = np.full(len(each.ids), np.inf), np.full(len(each.ids), -np.inf)
                np.minimum.at(least, piece, x.ravel())
                np.maximum.at(most, piece, x.ravel())
                surface[each.ids] = np.stack([least, most], axis=1)
        return Frame(
            time=state.time,
            voltage=state.solved.voltages[CATHODE],
            current_density=cell.currents(state.solved)[CATHODE] / cell.mesh.geometry.width,
            anode=self.anode(reactions),
            stoichiometry=table.stoichiometry,
            surface_stoichiometry=surface,
            particle_current=table.current,
            inactivity=table.inactivity,
        )

    @property
    def _fresh(self) -> Content:
        """What evolves, as it is at the start."""
        return {name: b.start for name, b in self.cell.blocks.items() if b.evolves}

    def elastic(self, state: State) -> MechanicsSolution | None:
        """The elastic state, if mechanics is switched on."""
        return (
            None if self.cell.stress is None else self.cell.stress.solve(state.content, state.held)
        )

    # ----------------------------------------------------------------------------------- a row

    def row(
        self,
        state: State,
        step: int,
        taken: float,
        passed: Passed,
        iterations: int,
        work: Work | None = None,
        energy: float = 0.0,
    ) -> Mapping[str, float]:
        """The numbers of an accepted step.

        Parameters
        ----------
        step
            The step of the unrolled protocol.
        taken, passed, iterations
            Length of the step in s, what has passed since the start of the run, and Newton
            iterations.
        work, energy
            Mechanical work since the start, and the elastic energy then, in J per m of depth.
        """
        cell, geometry, reactions = self.cell, self.cell.mesh.geometry, Reactions(self.cell, state)
        voltage, rest = state.solved.voltages[CATHODE], reactions.open_circuit_voltage
        assert rest is not None
        current = cell.currents(state.solved)[CATHODE]
        anode = self.anode(reactions)
        mean = anode.mean(anode.plating)
        thick = anode.mean(anode.thickness)
        surfaces = cell.reacting_surfaces(state)
        balance = ledger(cell, self._fresh, state.content, passed.throughput)
        per_width = HOUR * geometry.width
        row: dict[str, float] = {
            "Test Time / s": state.time,
            "Voltage / V": voltage,
            "Current / A": current * geometry.depth,
            "step": float(step),
            "dt_s": taken,
            "current_density_A_m2": current / geometry.width,
            "capacity_Ah_m2": cell.charge_given(state.content) / per_width,
            "throughput_Ah_m2": passed.throughput / per_width,
            "charged_Ah_m2": passed.charged / per_width,
            "discharged_Ah_m2": passed.discharged / per_width,
            "energy_charged_Wh_m2": passed.energy_charged / per_width,
            "energy_discharged_Wh_m2": passed.energy_discharged / per_width,
            "open_circuit_V": rest,
            "overpotential_V": voltage - rest,
            "anode_plating_mean_A_m2": mean,
            "anode_plating_max_A_m2": float(anode.plating.max()),
            "anode_plating_min_A_m2": float(anode.plating.min()),
            **spread("focusing", anode, anode.plating, mean, LEAST_PLATING),
            "thickness_mean_m": thick,
            "thickness_max_m": float(anode.thickness.max()),
            "thickness_min_m": float(anode.thickness.min()),
            **spread("thickness", anode, anode.thickness, thick, LEAST_THICKNESS),
            "stoichiometry_mean": cell.mean_stoichiometry(state),
            "stoichiometry_surface_min": float(surfaces.min()),
            "stoichiometry_surface_max": float(surfaces.max()),
            "lithium_in_particles_mol_m": balance.in_particles,
            "lithium_plated_mol_m": balance.plated,
            "lithium_error": balance.lithium_error,
            "charge_cathode_C_m": balance.cathode,
            "charge_anode_C_m": balance.anode,
            "charge_error": balance.charge_error,
            **reactions.driven_means(),
            **interphase_metrics(reactions),
            "newton_iterations": float(iterations),
        }
        elastic = self.elastic(state)
        if elastic is not None:
            row |= self._stress_row(anode, elastic)
        if work is not None:
            row["mechanical_work_J_m"] = work.done
            if elastic is not None and cell.stress is not None and cell.stress.memory is not None:
                row |= {
                    "plastic_work_J_m": work.plastic,
                    "bond_work_J_m": work.bonds,
                    "jump_energy_J_m": released(elastic),
                    "contact_work_J_m": work.contact,
                }
            row["work_error"] = work.error(row["elastic_energy_J_m"] - energy)
        if elastic is not None:
            flowed = plastic_metrics(cell.mesh, elastic)
            row |= {name: flowed[name] for name in PLASTIC if name in flowed}
            row |= contact_metrics(cell, state, elastic)
        row |= wire_metrics(cell, state)
        row |= layer_metrics(cell, state)
        if cell.case.geometry.anode.motion == "moved":
            row |= self._swept(state)
        return FrozenMapping(row)

    def _stress_row(self, anode: AnodeProfile, solution: MechanicsSolution) -> dict[str, float]:
        """Numbers of an elastic state for the history."""
        mesh = self.cell.mesh
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

    def _swept(self, state: State) -> dict[str, float]:
        """Area that the lithium has gained, and how far it is from the volume that it followed.

        The line moves by a thickness along its normals, which on a curve is not the volume. Where
        solids carry it along, lithium also gives way to stress, which is taken off.
        """
        swept, carried = lithium_area(self.cell.mesh) - self.drawn, dict[str, float]()
        if self.cell.stress is not None:
            swept = unstressed_area(self.cell, state.held) - self.drawn
            carried = {"rebalanced_fraction": self.rebalanced}
        volume = self.followed / FARADAY * self.cell.parameters.molar_volume
        return {
            "swept_area_m2": swept,
            "swept_error": abs(swept - volume) / abs(volume) if volume else 0.0,
            **carried,
            "closed_area_m2": self.closed,
            "enclosed_area_m2": sum(r.area for r in enclosed(self.cell.mesh)),
        }

    # -------------------------------------------------------------------------------- a result

    def result(
        self,
        state: State,
        row: Mapping[str, float] | None = None,
        notes: Sequence[str] = (),
        final: bool = True,
    ) -> Result:
        """Fields, profile, particles and metrics of a state.

        Parameters
        ----------
        row
            Of the history, for a state in time.
        notes
            What a reader must know of the run.
        final
            Whether the lithium models that the case compares are solved too.
        """
        cell, case, mesh = self.cell, self.cell.case, self.cell.mesh
        reactions = Reactions(cell, state)
        stresses = self._stresses(state, final)
        pressures = {model: pressure_at_nodes(mesh, each) for model, each in stresses.items()}
        anode = self.anode(reactions, pressures.get(case.mechanics.lithium))
        metrics: dict[str, Any] = charge_metrics(reactions, anode) | interphase_metrics(reactions)
        metrics |= wire_metrics(cell, state)
        told = list(notes)
        if row is not None:
            metrics |= {"simulated_time_s": state.time} | {name: row[name] for name in FROM_THE_ROW}
        metrics |= layer_metrics(cell, state)
        if cell.stress is not None:
            metrics |= mechanics_metrics(mesh, stresses[case.mechanics.lithium])
            metrics |= contact_metrics(cell, state, stresses[case.mechanics.lithium])
            flowed = plastic_metrics(mesh, stresses[case.mechanics.lithium])
            # In time the history tells what flow has spent; the last state alone does not know.
            kept = flowed if row is None else PLASTIC
            metrics |= {name: flowed[name] for name in flowed if name in kept}
            told += stresses[case.mechanics.lithium].notes
            at_foil = {model: each[anode.nodes] for model, each in pressures.items()}
            metrics |= fracture_metrics(case, mesh, anode, at_foil, cell.parameters)
            if not cell.stress.on_lithium:
                volume = cell.parameters.molar_volume
                told += pressure_notes(anode, at_foil, self._driving(reactions, anode), volume)
        particles = particle_table(reactions)
        now, seconds_mesh = time.perf_counter(), max(0.0, cell.meshed - self.began)
        metrics |= {
            "active_particles": int(particles.active.sum()),
            "inactive_particles": int((~particles.active).sum()),
            "seconds_mesh": seconds_mesh,
            "seconds_solve": now - self.began - seconds_mesh,
            "seconds_total": now - self.began,
            "version": package_version(),
            "case_sha256": case.sha256,
        }
        solved = stresses.get(case.mechanics.lithium)
        found = fields(self._field_mesh, reactions, solved)
        for array in found.values():
            array.flags.writeable = False
        return Result(
            case=case,
            geometry=mesh.geometry,
            mesh=mesh,
            field_mesh=self._field_mesh,
            fields=FrozenMapping(found),
            anode=anode,
            particles=particles,
            metrics=FrozenMapping(metrics),
            references=references(cell.parameters.used, inputs(case)),
            notes=tuple(told),
            rims=rims(reactions),
            faces=None if solved is None else FaceTable.of(solved),
        )

    def _stresses(self, state: State, every: bool) -> dict[str, MechanicsSolution]:
        """Elastic states by model of lithium, that of the case first."""
        stress, case = self.cell.stress, self.cell.case
        if stress is None:
            return {}
        found = {str(case.mechanics.lithium): stress.solve(state.content, state.held)}
        for model in case.mechanics.lithium_models[1:] if every else ():
            found[model] = stress.solve_as(stress.conditions(model), state.content, state.held)
        return found

    def _driving(self, reactions: Reactions, anode: AnodeProfile) -> Floats:
        """Overpotential at the nodes of the foil in V, positive where it plates."""
        lithium = self.cell.lithium
        equilibrium = lithium.law.equilibrium(reactions.lithium_state())
        eta = equilibrium - reactions.difference_at_nodes(0)[0]
        return lithium.on_mesh(eta, self.cell.mesh.nodes.shape[1])[anode.nodes]

    @cached_property
    def _field_mesh(self) -> FieldMesh:
        found = FieldMesh.of(self.cell.mesh)
        found.points.flags.writeable = False
        return found
