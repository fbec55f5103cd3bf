"""What a reader must know to trust a run: assumptions and warnings, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fem.case import Case, Snapshot, Step
from fem.cell.composition import Cell
from fem.cell.foresight import foreseen
from fem.geometry import Phase
from fem.geometry.types import INTERLAYER
from fem.measures.anode import enclosed
from fem.measures.spectra import TAKEN
from fem.results.history import LIMITS, History

MOST_TOLD = 3
"""Steps of one kind that a note lists."""

SENSE = "A potential against state of charge has 1 - x in the place of x"
COUPLINGS = {
    "none": "Stress does not act back on the reactions.",
    "lithium": "The normal pressure p on lithium shifts its potential by V p / F.",
    "particles": "The mean normal stress at the surface of particles shifts their potential by "
    "their partial molar volume times it, over F.",
    "both": "Stress shifts the potentials of lithium, by its normal pressure, and of particles, by "
    "the mean normal stress at their surface.",
}
"""What stress does to reactions, by `mechanics.coupling`."""


def notes_of(cell: Cell) -> list[str]:
    """What was done to the drawing, and what the numbers of a snapshot or a run rest on."""
    case, shape = cell.case, cell.mesh.geometry
    notes = (
        _snapshot(case, case.operation) if isinstance(case.operation, Snapshot) else _protocol(cell)
    )
    notes += _strengths(cell)
    notes += _interlayer(cell)
    warnings = foreseen(case, shape, cell.parameters)
    return [*shape.notes, *notes, *(f"Warning: {warning}" for warning in warnings)]


def _interlayer(cell: Cell) -> list[str]:
    """What is taken for granted of an interlayer."""
    layer = cell.case.geometry.anode.interlayer
    if layer is None:
        return []
    told = [
        "Lithium deposits beside and in the interlayer where it overcomes the pressures of the "
        "case; no stress is solved for, and the layer keeps its place and its shape."
    ]
    if (electrons := cell.parameters.electrons) is not None:
        area = float(layer.thickness) / electrons
        told.append(
            "Electrons have one potential throughout the interlayer: they would lose "
            f"{100 * area * _conductivity(cell) / float(layer.thickness):.2g} % of what ions lose "
            "on the same way."
        )
    return told


def _conductivity(cell: Cell) -> float:
    """Of ions in the interlayer in S/m."""
    regions = [region.name for region in cell.mesh.geometry.regions]
    return float(cell.parameters.conductivity[regions.index(INTERLAYER)])


def _strengths(cell: Cell) -> list[str]:
    """Which solids yield only by a rule, and which not at all."""
    elastic = cell.parameters.elastic
    if elastic is None or cell.case.mechanics.solids == "elastic":
        return []
    notes = [
        f"{name} yields at {strength / 1e6:.4g} MPa, a third of its hardness (Tabor's rule): no "
        "yield strength is known."
        for name, strength in elastic.rough.items()
    ]
    regions = cell.mesh.geometry.regions
    solid = (Phase.ELECTROLYTE, Phase.ACTIVE, Phase.IDLE)
    hard = {r.material for k, r in enumerate(regions)
            if r.phase in solid and k not in elastic.yielding}  # fmt: skip
    if hard:
        notes.append(
            f"Elastic at any stress, without a strength to yield at: {', '.join(sorted(hard))}."
        )
    return notes


def _protocol(cell: Cell) -> list[str]:
    """The assumptions behind a run; those that are likely to mislead begin with "Warning"."""
    case, parameters = cell.case, cell.parameters
    table, mechanics = case.kinetics.cathode, case.mechanics
    notes = [
        {
            "resolved": "Lithium diffuses in every particle by Fick's law on its own mesh.",
            "averaged": "Each particle has one mean stoichiometry; its surface differs from it as "
            "in steady diffusion.",
            "fixed": "Particles keep their stoichiometry, as if they were a store without end.",
        }[table.diffusion]
    ]
    if (modes := cell.potentials.reduction) is not None:
        notes.append(
            f"Steps in time solve for {modes.size - 1} modes of current along the surfaces of the "
            "electrolyte, wherever these leave no more than an estimated 1e-5 of a current density "
            'out; stepping.electrolyte = "field" does without.'
        )
    if case.geometry.anode.motion == "kept":
        notes.append("The geometry stays as drawn while lithium plates: its thickness is small.")
    elif mechanics.enabled:
        notes.append(
            "Solids carry the Li|SE interface along: stress follows from the plated layer on the "
            "shape that they have by then, step after step of small strain. Particles react on the "
            "surface that they were drawn with."
        )
    else:
        notes.append(
            "The Li|SE interface moves with the plated lithium. The electrolyte gives way without "
            "stress, and the volume it loses leaves the cell. Thickness is what was "
            "plated per area on each point of the moving surface, added up in time: in hollows and "
            "on tips that is not the volume over the present area."
        )
    if pockets := enclosed(cell.mesh):
        area = sum(region.area for region in pockets) * 1e12
        notes.append(
            f"Lithium has closed in {len(pockets)} pieces of electrolyte ({area:.3g} um2), which "
            "no current reaches: they keep their shape."
        )
    if mechanics.enabled and case.geometry.anode.motion == "kept":
        notes.append(
            "Stress follows from the plated thickness on linear-elastic solids in small strain."
        )
    if mechanics.enabled:
        notes.append(COUPLINGS[mechanics.coupling])
    if mechanics.coupling != "none" and case.interfaces.part:
        notes.append(
            "Faces may part, so the stress that acts back is guessed for a step and the step "
            "repeated until it is what was found, to 0.02 mV; a step that does not settle is "
            "shortened."
        )
    if case.interfaces.lithium_electrolyte.parts:
        notes.append(
            "Lithium may part from the electrolyte: what is plated fills a gap before it presses, "
            "and no current crosses where faces do not touch. Gaps stand beside faces as they were "
            "drawn, so they must stay small beside what is drawn."
        )
    if mechanics.swelling:
        loose = case.interfaces.particle_electrolyte.parts
        notes.append(
            "Particles swell and shrink with their stoichiometry and may come loose from the "
            "electrolyte: in the plane, one that touches nowhere is dead, where in space it would "
            "rest on something."
            if loose
            else "Particles swell and shrink with their stoichiometry and stay bonded to the "
            "electrolyte, whatever the tension: real ones would come loose."
        )
    if mechanics.axis is not None:
        notes.append(
            "Each particle is one crystal that strains along and across its own axis. Its elastic "
            "constants are those of an isotropic solid, and what a tilted axis shears out of the "
            "plane is left out."
        )
    active = parameters.active
    if active is not None and active.diffusivity_factor != 1.0:
        notes.append(
            f"Lithium diffuses in the particles {active.diffusivity_factor:.3g} times as fast as "
            "at the reference temperature of the material, by its activation energy."
        )
    if active is not None and active.rising:
        notes.append(f"Warning: {active.rising}. {SENSE}.")
    if active is not None and active.mixed:
        notes.append(
            "Warning: potential, window and concentration of the active material come from "
            "different sources. Stoichiometry of one is read as that of another, which shifts "
            "voltages and capacities."
        )
    return notes


def outcome(history: History, steps: Sequence[Step]) -> list[str]:
    """What a reader must know of how the steps of an unrolled protocol ended."""
    times, taken = history["Test Time / s"], history["dt_s"]
    told, notes, at_once = list[str](), list[str](), list[str]()
    for row, number, label, why in history.events:
        first = row == 0 or history["step"][row - 1] != number
        if why in LIMITS:
            told.append(f"{label} ({why}, {times[row]:.6g} s)")
        elif first and taken[row] == 0.0 and why != TAKEN:
            at_once.append(f"{label} ({why})")
    notes += _jumps(history)
    if told:
        _, number, _, why = history.events[-1]
        left = len(steps) - number - 1
        stopped = why in LIMITS and steps[number].on_infeasible == "stop"
        if stopped:
            notes.append(
                f"Warning: the run stopped at {told.pop()}: the cell can do this step no longer. "
                + (
                    f"{left} further step{'s were' if left > 1 else ' was'} not begun. "
                    if left
                    else ""
                )
                + "A smaller current or an end that comes earlier lets it end as asked; "
                'on_infeasible = "next" in the step lets the run go on.'
            )
        if told:
            notes.append(f"Warning: ended because the cell could do no more: {_first(told)}.")
    if at_once:
        notes.append(
            "Warning: over as they began, since what ends them was reached already: "
            f"{_first(at_once)}."
        )
    return notes


def _jumps(history: History) -> list[str]:
    """When bonds let go in a jump."""
    if "jump_energy_J_m" not in history.columns:
        return []
    free, times = history["jump_energy_J_m"], history["Test Time / s"]
    when = [f"{times[row]:.6g} s" for row in (np.flatnonzero(np.diff(free) > 0.0) + 1).tolist()]
    if not when:
        return []
    return [
        f"Warning: bonds let go in a jump at {_first(when)}: they weakened faster than the stress "
        f"of the solids fell, which set {free[-1]:.3g} J/m free. States between were not in "
        "equilibrium. A viscosity of the bond resolves the jump in time."
    ]


def _first(items: Sequence[str]) -> str:
    """The first few of many, and how many more there are."""
    more = f"; and {len(items) - MOST_TOLD} more" if len(items) > MOST_TOLD else ""
    return "; ".join(items[:MOST_TOLD]) + more


def _snapshot(case: Case, operation: Snapshot) -> list[str]:
    """What the numbers of a snapshot rest on."""
    notes = [
        "The state is quasi-steady: geometry and stoichiometry stay as drawn while lithium plates."
    ]
    if case.mechanics.enabled:
        notes.append(
            f"The plated thickness is the plating current times {operation.plating_time.text}, "
            + (
                "imposed once on a linear-elastic electrolyte in small strain. Read stresses as "
                "linear-elastic indicators."
                if case.mechanics.solids == "elastic"
                else "imposed in one step on solids in small strain that yield at once where their "
                "strength is reached."
            )
        )
        notes.append(COUPLINGS[case.mechanics.coupling])
        notes.append(
            {
                "rigid": "Lithium is rigid: an upper limit of the stress for this contact.",
                "elastic": "Lithium is elastic and does not yield: an upper limit of the stress "
                "for this contact.",
                "yielded": "Lithium flows at its yield strength: each deposit that grows presses "
                "with the pressure that squeezes it out of its slot, however little it grew.",
                "viscoplastic": "Lithium creeps by a power law while it is plated, in one step and "
                "in small strain; it does not harden.",
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
