"""All numbers that a run leaves in its files, each declared once.

The report, the summary on the terminal, the axes of figures, the header of ``history.csv`` and the
page docs/reference/quantities.md read their names, units and words here. A new number takes one
entry in `SECTIONS`, at the place where readers shall find it (`fem.results.stresses` has those of
stress), and a run in tests/results/test_results_emitted.py that has it; then `python -m
fem.results.reference docs/reference` writes the page anew. Columns of a history stand in the order
of their entries.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType

from fem.results.declaration import Declared, Place
from fem.results.faces import FACES
from fem.results.interlayer import INTERLAYER, LAYER_FIELDS
from fem.results.interphases import INTERPHASES
from fem.results.spectra import SPECTRA
from fem.results.stresses import STRESS

__all__ = ["REGISTRY", "SECTIONS", "Declared", "Place", "declared", "declared_columns", "find"]

_METRICS, _HISTORY, _ANODE, _PARTICLES = Place.METRICS, Place.HISTORY, Place.ANODE, Place.PARTICLES
_FIELDS, _FACES = Place.FIELDS, Place.FACES
_CYCLES = Place.CYCLES
_SPECTRA = Place.SPECTRUM | Place.RELAXATION
_BOTH = _METRICS | _HISTORY

_MEAN = {"mean": "mean", "max": "largest", "min": "least"}
_ENDS = {"max": "largest", "min": "least"}
_RATIO = 0.05
"""Meshes and running means leave about a percent in a ratio of extremes to means."""
_FILLING = 0.01
"""Within this much of the stoichiometry a particle is uniform."""

# fmt: off
_SECTIONS: dict[str, tuple[Declared, ...]] = {
    "As battery data are exchanged": (
        Declared("Test Time / s", "s", "time", _HISTORY | _SPECTRA, meaning=
            "Time in the cell since the start of the run."),
        Declared("Voltage / V", "V", "cell voltage", _HISTORY, meaning=
            "Potential of the cathode collector against the lithium foil."),
        Declared("Current / A", "A", "current", _HISTORY, meaning=
            "Current of the cell for `geometry.depth`; positive on charge."),
    ),
    "Protocol": (
        Declared("step", "", "step of the protocol", _HISTORY | _SPECTRA, meaning=
            "Number of the step from 0, with all loops unrolled."),
        Declared("dt_s", "s", "length of the step in time", _HISTORY, meaning=
            "Time since the row before. A step of the protocol begins with a row of length 0 at "
            "the time at which the last one ended: the voltage jumps between the two."),
        Declared("simulated_time_s", "s", "time in the cell", _METRICS, meaning=
            "Time from the start of the run to its last state; only in a run in time."),
    ),
    "Current and charge": (
        Declared("current_density_A_m2", "A/m²", "current density", _BOTH, meaning=
            "Applied current per area of the cell as seen from above, width times depth; positive "
            "on charge."),
        Declared("current_A", "A", "current", _METRICS, meaning=
            "Current of the cell for `geometry.depth`; positive on charge."),
        Declared("capacity_Ah_m2", "Ah/m²", "capacity per area", _BOTH, shown="mAh/cm²", meaning=
            "Net charge since the start of the run per area of the cell; positive if more was "
            "charged than discharged. Only in a run in time."),
        Declared("throughput_Ah_m2", "Ah/m²", "throughput per area", _BOTH, shown="mAh/cm²",
            meaning="All charge passed since the start of the run per area of the cell, whatever "
            "its direction: never negative. Only in a run in time."),
        Declared("charged_Ah_m2", "Ah/m²", "charge taken up per area", _HISTORY, shown="mAh/cm²",
            meaning="Charge of all steps in time that charged since the start of the run, per area "
            "of the cell."),
        Declared("discharged_Ah_m2", "Ah/m²", "charge given per area", _HISTORY, shown="mAh/cm²",
            meaning="The same of those that discharged; both are positive, and add up to the "
            "throughput."),
        Declared("energy_charged_Wh_m2", "Wh/m²", "energy taken up per area", _HISTORY,
            shown="mWh/cm²", meaning="Integral of voltage times current over all steps in time "
            "that charged since the start of the run, per area of the cell."),
        Declared("energy_discharged_Wh_m2", "Wh/m²", "energy given per area", _HISTORY,
            shown="mWh/cm²", meaning="The same of those that discharged, positive."),
    ),
    "Voltage": (
        Declared("cell_voltage_V", "V", "cell voltage", _METRICS, main=True, meaning=
            "Potential of the cathode collector against the lithium foil. Absent from a snapshot "
            "whose case gives no stoichiometry, and so no open-circuit potential."),
        Declared("open_circuit_V", "V", "open-circuit voltage", _HISTORY, meaning=
            "Open-circuit voltage at the mean stoichiometry of the active particles."),
        Declared("overpotential_V", "V", "overpotential", _BOTH, shown="mV", main=True, meaning=
            "Cell voltage less the open-circuit voltage, in time that at the mean stoichiometry; "
            "positive on charge. The parts below add up to it; each is the power lost there over "
            "the current, and absent at rest."),
        Declared("overpotential_anode_V", "V", "overpotential at the lithium surface", _METRICS,
            shown="mV", main=True, part_of="overpotential_V", meaning=
            "Power of the reaction on all lithium, isolated lithium included, over the current."),
        Declared("overpotential_electrolyte_V", "V", "overpotential in the electrolyte", _METRICS,
            shown="mV", main=True, part_of="overpotential_V", meaning=
            "Power of the ionic current over the current."),
        Declared("overpotential_cathode_V", "V", "overpotential at the active material", _METRICS,
            shown="mV", main=True, part_of="overpotential_V", meaning=
            "Power of the reaction at the active material over the current."),
        Declared("overpotential_electrons_V", "V",
            "overpotential on the way of electrons to the particles", _METRICS,
            shown="mV", main=True, part_of="overpotential_V", meaning=
            "Power of the electrons between collector and particles over the current; only where "
            "wiring is not ideal."),
        Declared("overpotential_concentration_V", "V",
            "overpotential by surfaces off the mean of all particles", _METRICS,
            shown="mV", main=True, part_of="overpotential_V", meaning=
            "What open-circuit potentials at the surfaces differ from that at the mean "
            "stoichiometry, weighted by current; only in a run in time."),
        Declared("overpotential_stress_V", "V", "overpotential by stress on the reactions",
            _METRICS, shown="mV", main=True, part_of="overpotential_V", meaning=
            "What stress adds to the potentials at which the reactions rest, weighted by current; "
            "only where `mechanics.coupling` lets it act."),
        Declared("isolated_lithium_potential_V", "V", "potential of isolated lithium", _METRICS,
            meaning="Potential against the foil, a value for each body of isolated lithium; it "
            "carries no net current."),
    ),
    "Lithium surface": (
        Declared("anode_plating_{size}_A_m2", "A/m²", "plating current density, {size}", _BOTH,
            main=True, words=_MEAN, meaning=
            "Plating along the foil, {size}, per length of the lithium line; positive where "
            "lithium is plated, negative where it is stripped. Extremes are of nodes, by sign."),
        Declared("focusing_{size}_over_mean", "", "plating over 2 µm, {size} / mean", _BOTH,
            main=True, words=_ENDS, least=_RATIO, meaning=
            "Of the plating averaged over 2 µm of arc, the {size} along the foil over the mean "
            "along it. Empty or absent where there is next to no mean."),
        Declared("focusing_p95_over_mean", "", "plating over 2 µm, P95 / mean", _METRICS,
            least=_RATIO, meaning="What 95 % of the lithium line do not exceed, over the mean."),
        Declared("focusing_max_over_applied", "", "plating over 2 µm, largest / applied", _METRICS,
            meaning="Largest plating, averaged over 2 µm of arc, over the current density of the "
            "cell; absent at rest."),
        Declared("tip_over_applied", "", "plating at the tips / applied", _METRICS, main=True,
            meaning="Plating at the tip of each protrusion, averaged over 2 µm of arc, over the "
            "current density of the cell; absent at rest."),
        Declared("plating_total_over_applied", "", "lithium plated / charge passed", _METRICS,
            meaning="Current that plates on the foil over that of the cell: 1 as charge is kept. "
            "Absent at rest."),
        Declared("lithium_line_length_m", "m", "length of the lithium line", _METRICS, shown="µm",
            meaning="Arc length of the foil's surface; protrusions make it longer than the cell "
            "is wide."),
        Declared("thickness_{size}_m", "m", "plated thickness, {size}", _BOTH, shown="µm",
            words=_MEAN, meaning=
            "Lithium plated on the foil since the start, {size} along it; negative where drawn "
            "lithium was stripped. A line that moves counts on each of its points what was plated "
            "per area there and then, whatever its length becomes."),
        Declared("thickness_{size}_over_mean", "", "plated thickness over 2 µm, {size} / mean",
            _BOTH, words=_ENDS, least=_RATIO, meaning=
            "Of the thickness averaged over 2 µm of arc, the {size} along the foil over the mean "
            "along it. Empty or absent where there is next to no mean."),
    ),
    "Particles": (
        Declared("stoichiometry_mean", "", "stoichiometry, mean of all active particles", _BOTH,
            least=_FILLING, meaning=
            "Lithium in the active particles over what they hold when full of it; falls "
            "on charge. Only in a run in time."),
        Declared("stoichiometry_surface_{size}", "", "stoichiometry at surfaces, {size}", _BOTH,
            words={"min": "least", "max": "largest"}, least=_FILLING, meaning=
            "The {size} at the surface of any active particle. Only in a run in time."),
        Declared("active_particles", "", "active particles", _METRICS, meaning=
            "How many particles react."),
        Declared("inactive_particles", "", "inactive particles", _METRICS, meaning=
            "How many do not; `particles.csv` says why."),
        Declared("electrolyte_idle_fraction", "", "idle electrolyte / all electrolyte", _METRICS,
            main=True, meaning="By area: electrolyte that is cut off from the lithium, which no "
            "current reaches. Only for an image that shows some."),
    ),
    "Balances since the start": (
        Declared("lithium_in_particles_mol_m", "mol/m", "lithium gained by the particles",
            _HISTORY, meaning="Change of lithium in the particles per metre of depth; negative "
            "after a charge. Read off the concentrations."),
        Declared("lithium_plated_mol_m", "mol/m", "lithium plated", _HISTORY, meaning=
            "Lithium plated less lithium stripped, on all lithium, per metre of depth."),
        Declared("lithium_error", "", "lithium lost or made / moved", _BOTH, meaning=
            "Sum of both, less what electrolyte has given, over all lithium that was moved: "
            "rounding, as long as nothing is wrong. Only in a run in time."),
        Declared("charge_cathode_C_m", "C/m", "charge given at the active material", _HISTORY,
            meaning="Charge into the electrolyte per metre of depth, that of electrolyte that "
            "reacts there included; positive after a charge."),
        Declared("charge_anode_C_m", "C/m", "charge given by lithium", _HISTORY, meaning=
            "Charge into the electrolyte per metre of depth; negative after a charge."),
        Declared("charge_error", "", "charge lost or made / passed", _BOTH, meaning=
            "Sum of both over all charge that was passed: rounding, as long as nothing is wrong. "
            "Only in a run in time."),
    ),
    "Electrolyte that reacts": INTERPHASES,
    "Solution": (
        Declared("newton_iterations", "", "Newton iterations", _BOTH, meaning=
            "Iterations of the last solution; in a history, of the whole step."),
        Declared("newton_residual", "", "residual of Newton's method", _METRICS, meaning=
            "What is left of the last solution's balance of currents, over the current."),
        Declared("degrees_of_freedom", "", "unknowns of the charge problem", _METRICS, meaning=
            "Potentials in the electrolyte, of terminals whose current is given, and of wires."),
    ),
    "Stress": STRESS,
    "Faces that may part": FACES,
    "Cycles that are left out": (
        Declared("skipped_cycles", "", "cycles left out", _HISTORY, meaning=
            "Cycles that were not computed since the start: each was taken to change the cell as "
            "the computed one before it did. Only with `stepping.jump`."),
    ),
    "Impedance": SPECTRA,
    "Interlayer and flaws": INTERLAYER,
    "Moving line": (
        Declared("swept_area_m2", "m²", "area gained by lithium", _HISTORY, shown="µm²", meaning=
            "Area of all lithium less that drawn; only where `geometry.anode.motion` is moved."),
        Declared("swept_error", "", "area gained against volume plated", _HISTORY, meaning=
            "How far that area is from the volume of lithium that the line has followed, over the "
            "volume."),
        Declared("rebalanced_fraction", "", "moved for equilibrium", _HISTORY, meaning=
            "Where solids move along with the line: the largest displacement that equilibrium asks "
            "for on the new shape, over the way just moved; the largest so far. It goes to zero "
            "with that way."),
        Declared("closed_area_m2", "m²", "area of closed gaps", _HISTORY, shown="µm²", meaning=
            "Gaps of electrolyte that lithium has closed on itself, and necks of lithium that were "
            "stripped through, since the start."),
        Declared("enclosed_area_m2", "m²", "area of enclosed electrolyte", _HISTORY, shown="µm²",
            meaning="Pieces of electrolyte that lithium has closed in; no current reaches them."),
    ),
    "Run": (
        Declared("seconds_mesh", "s", "computing time of geometry and mesh", _METRICS, meaning=
            "Time on the clock of the machine."),
        Declared("seconds_solve", "s", "computing time of the solution", _METRICS, meaning=
            "Time on the clock of the machine."),
        Declared("seconds_total", "s", "computing time", _METRICS, main=True, meaning=
            "Time of the whole run on the clock of the machine, files and figures not counted."),
        Declared("version", "", "version", _METRICS, text=True, meaning=
            "Version of assb-fem that made the run."),
        Declared("case_sha256", "", "hash of the case", _METRICS, text=True, meaning=
            "Hash of what the case means: equal for files that say the same in other words."),
    ),
    "Along the lithium": (
        Declared("s_m", "m", "arc length along the lithium", _ANODE, shown="µm", meaning=
            "From the left wall; equal in two rows where a pore interrupts the line."),
        Declared("x_m", "m", "x", _ANODE | _PARTICLES | _FACES, shown="µm", meaning=
            "To the right from the left wall; of a node of the line, the centre of a particle, or "
            "a pair of faces."),
        Declared("y_m", "m", "y", _ANODE | _PARTICLES | _FACES, shown="µm", meaning=
            "Up from the cathode collector; of a node of the line, the centre of a particle, or a "
            "pair of faces."),
        Declared("plating_A_m2", "A/m²", "plating", _ANODE, meaning=
            "Plating current density; positive where lithium is plated, negative where it is "
            "stripped."),
        Declared("thickness_m", "m", "plated thickness", _ANODE, shown="µm", meaning=
            "Lithium plated since the start, in a snapshot in `operation.plating_time`; negative "
            "where drawn lithium was stripped."),
        Declared("normal_stress_Pa", "Pa", "normal stress", _ANODE, shown="MPa", meaning=
            "Of the lithium on the electrolyte; positive: tension. Empty without mechanics."),
    ),
    "A particle": (
        Declared("id", "", "number", _PARTICLES, meaning=
            "Counted row by row from the bottom left, from 0."),
        Declared("diameter_m", "m", "diameter", _PARTICLES, shown="µm", meaning=
            "That of the disc as drawn; for any other shape, of the disc of equal area."),
        Declared("active", "", "active", _PARTICLES, text=True, meaning=
            "Whether it reacts: true or false."),
        Declared("current_A_m", "A/m", "current into the electrolyte", _PARTICLES, meaning=
            "Per metre of depth; positive where lithium leaves the particle, as on charge."),
        Declared("stoichiometry", "", "stoichiometry of lithium", _PARTICLES | _FIELDS,
            least=_FILLING, meaning=
            "Mean of the particle, or at a point in it: 1 when full of lithium. Empty if it is "
            "inactive or the case gives none."),
        Declared("inactivity", "", "why it is inactive", _PARTICLES, text=True, meaning=
            "Empty if it is active."),
        Declared("axis_deg", "deg", "angle of the crystal's axis", _PARTICLES, meaning=
            "From the x axis, counterclockwise. Empty unless the case gives axes."),
        Declared("tilt_deg", "deg", "tilt of the crystal's axis", _PARTICLES, meaning=
            "Out of the plane of the drawing. Empty unless the case gives axes."),
    ),
    "Fields": (
        Declared("phi_e", "V", "electrolyte potential", _FIELDS, shown="mV", least=1e-5, meaning=
            "Potential of the electrolyte against the lithium foil."),
        Declared("phi_s", "V", "electrode potential", _FIELDS, least=1e-5, meaning=
            "Potential of the electrons in lithium and in particles that react, against the "
            "lithium foil."),
        Declared("current_density", "A/m²", "ionic current density", _FIELDS, meaning=
            "Vector in the electrolyte; along the motion of positive charge."),
        Declared("displacement", "m", "displacement", _FIELDS, shown="µm", meaning=
            "Vector where mechanics is solved."),
        Declared("stress", "Pa", "stress", _FIELDS, shown="MPa", meaning=
            "Cauchy stress where mechanics is solved, six components in the order xx, yy, zz, xy, "
            "yz, xz; positive: tension."),
        Declared("von_mises", "Pa", "von Mises stress", _FIELDS, shown="MPa", meaning=
            "Equivalent stress of shear where mechanics is solved."),
        Declared("interphase", "m", "thickness of the interphase", _FIELDS, shown="nm", meaning=
            "Thickness of electrolyte that has reacted, at the points of particles and lithium "
            "where these meet it; only where some reacts."),
        Declared("inelastic_strain", "", "equivalent inelastic strain", _FIELDS, least=1e-6,
            meaning=
            "Equivalent strain of von Mises that yielding and creep have left; only where some "
            "solid yields or creeps."),
        *LAYER_FIELDS,
    ),
    "A cycle": (
        Declared("loop", "", "loop of the protocol", _CYCLES, text=True, meaning=
            "Key of the loop in the case. Each pass of it is a cycle; loops in loops have their "
            "own rows, before that of the pass around them."),
        Declared("cycle", "", "number of the cycle", _CYCLES, meaning=
            "Counted from 1 in each loop."),
        Declared("label", "", "place of the cycle", _CYCLES, text=True, meaning=
            "In words, with the passes of the loops around it."),
        Declared("complete", "", "complete", _CYCLES, text=True, meaning=
            "Whether all its steps have ended as asked: true or false. False where the run stopped "
            "in it, or the cell could do one of them no longer."),
        Declared("begin_s", "s", "begin of the cycle", _CYCLES, meaning=
            "Time since the start of the run."),
        Declared("end_s", "s", "end of the cycle", _CYCLES, meaning=
            "Time since the start of the run; of a cycle that is not complete, its last state."),
        Declared("charge_capacity_Ah_m2", "Ah/m²", "capacity of charge", _CYCLES, shown="mAh/cm²",
            meaning="Charge taken up in the cycle per area of the cell, all its steps in time that "
            "charge together."),
        Declared("discharge_capacity_Ah_m2", "Ah/m²", "capacity of discharge", _CYCLES,
            shown="mAh/cm²", meaning="Charge given in the cycle per area of the cell; positive."),
        Declared("coulombic_efficiency", "", "coulombic efficiency", _CYCLES, meaning=
            "Capacity of discharge over that of charge of the same cycle, whichever came first; "
            "empty if nothing was charged."),
        Declared("charge_energy_Wh_m2", "Wh/m²", "energy of charge", _CYCLES, shown="mWh/cm²",
            meaning="Integral of voltage times current where the cycle charges, per area of the "
            "cell."),
        Declared("discharge_energy_Wh_m2", "Wh/m²", "energy of discharge", _CYCLES,
            shown="mWh/cm²", meaning="The same where it discharges; positive."),
        Declared("energy_efficiency", "", "energy efficiency", _CYCLES, meaning=
            "Energy of discharge over that of charge of the same cycle; empty if nothing was "
            "charged."),
        Declared("charge_voltage_mean_V", "V", "mean voltage of charge", _CYCLES, meaning=
            "Energy of charge over its capacity."),
        Declared("discharge_voltage_mean_V", "V", "mean voltage of discharge", _CYCLES, meaning=
            "Energy of discharge over its capacity."),
    ),
}
# fmt: on
SECTIONS: Mapping[str, tuple[Declared, ...]] = MappingProxyType(_SECTIONS)
"""All entries in the order of the report and of the reference page, by the heading above them."""

REGISTRY: tuple[Declared, ...] = tuple(each for section in SECTIONS.values() for each in section)
"""All entries in their order."""


@cache
def find(name: str) -> Declared | None:
    """What is declared under a name, the member of a family included; `None` if nothing is."""
    return next((found for entry in REGISTRY if (found := entry.named(name))), None)


def declared(name: str) -> Declared:
    """What is declared under a name.

    Raises
    ------
    LookupError
        If nothing is.
    """
    found = find(name)
    if found is None:
        known = [member.name for entry in REGISTRY for member in entry.members()]
        close = difflib.get_close_matches(name, known, 1)
        raise LookupError(
            f"{name!r} is not declared: give it an entry in fem/results/quantities.py"
            + (f", unless {close[0]!r} is meant" if close else "")
        )
    return found


def declared_columns(names: Iterable[str], place: Place) -> tuple[str, ...]:
    """Names of the columns of a file once it is certain that they are declared for it, in order.

    Raises
    ------
    LookupError
        If a name is not declared.
    ValueError
        If one is declared for other files, or stands before one that it is declared after.
    """
    found = tuple(names)
    order = -1
    for name in found:
        if place not in declared(name).places:
            raise ValueError(f"{name!r} is not declared for {place.name} in fem.results.quantities")
        here = next(k for k, entry in enumerate(REGISTRY) if entry.named(name))
        if here < order:
            raise ValueError(
                f"{name!r} is declared before {REGISTRY[order].name!r} in fem.results.quantities, "
                "and columns stand in that order"
            )
        order = here
    return found
