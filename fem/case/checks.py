"""What involves several tables of a case and needs no geometry engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fem.case.cell import ParticleCathode, PlaneCathode
from fem.case.checks_solids import check_carried, check_solids
from fem.case.inactive import Inactive
from fem.case.interlayer import check_interlayer
from fem.case.layouts import Layout
from fem.case.operation import Protocol, Snapshot
from fem.case.rules import refuse
from fem.case.steps import Step
from fem.units import Quantity

if TYPE_CHECKING:
    from fem.case.model import Case


def check(case: Case) -> None:
    """Raise `refuse(...)` for the first conflict between tables."""
    cathode, width = case.geometry.cathode, case.geometry.width
    if isinstance(cathode, ParticleCathode) and width is not None:
        _inactive(case.inactive, cathode.particles, width)
    elif isinstance(cathode, PlaneCathode) and case.inactive.given:
        raise refuse(
            'a cathode of geometry.cathode.kind = "plane" has no particles to switch off',
            key=f"inactive.{case.inactive.given[0]}",
            cure='remove [inactive], or use a cathode of kind = "particles"',
        )
    if case.geometry.source:
        _shown(case)
    if isinstance(case.operation, Snapshot):
        _snapshot(case, case.operation)
    else:
        _protocol(case, case.operation)
    check_solids(case)
    _interphase(case)
    _mesh(case)
    check_interlayer(case)


def _interphase(case: Case) -> None:
    """What a layer that grows needs to know, and what does not go with it yet."""
    if case.interphase.particle_electrolyte is None:
        return
    if case.kinetics.cathode.stoichiometry is None:
        raise refuse(
            "electrolyte is oxidised by the potential of the particles, which "
            "kinetics.cathode.stoichiometry fixes",
            key="interphase.particle_electrolyte",
            cure="add stoichiometry below [kinetics.cathode], or remove [interphase]",
        )
    if case.mechanics.enabled and case.geometry.anode.motion == "moved":
        raise refuse(
            "solids that move along with the lithium line do not know of volume that an interphase "
            "has lost",
            key="interphase.particle_electrolyte",
            allowed='mechanics.enabled = false, or geometry.anode.motion = "kept"',
            cure='set motion = "kept" below [geometry.anode]',
        )


def _inactive(inactive: Inactive, particles: Layout, width: Quantity) -> None:
    for name in ("between", "outside"):
        interval = getattr(inactive, name)
        if interval is not None and interval[1] > width:
            raise refuse(
                f"inactive.{name} reaches beyond geometry.width ({width.text})",
                key=f"inactive.{name}",
                given=[end.text for end in interval],
                allowed=f"coordinates from 0 to {width.text}",
            )
    count = particles.count
    if count is None:  # a packing: the geometry checks its ids
        return
    for index, number in enumerate(inactive.ids):
        if number >= count:
            raise refuse(
                f"there are only {count} particles (rows x columns)",
                key=f"inactive.ids[{index}]",
                given=number,
                allowed=f"ids from 0 to {count - 1}",
            )


def _shown(case: Case) -> None:
    """What a run needs to know of lithium that an image or a mesh shows."""
    anode = case.geometry.anode
    if isinstance(case.operation, Protocol) and anode.thickness is None and anode.reserve is None:
        raise refuse(
            "a protocol needs to know how much of the lithium in the "
            f"{case.geometry.source} can be stripped",
            key="geometry.anode.reserve",
            allowed='a length of at least 0, such as "10 um"',
            cure='add reserve = "10 um" below [geometry.anode]',
        )


def _snapshot(case: Case, operation: Snapshot) -> None:
    cathode, mechanics = case.kinetics.cathode, case.mechanics
    if operation.cell_voltage is not None and cathode.stoichiometry is None:
        raise refuse(
            "a cell voltage needs kinetics.cathode.stoichiometry, "
            "which fixes the open-circuit potential",
            key="operation.cell_voltage",
            given=operation.cell_voltage,
            cure="add stoichiometry below [kinetics.cathode], or impose operation.overpotential",
        )
    if cathode.exchange_current_dependence != "constant" and cathode.stoichiometry is None:
        raise refuse(
            "an exchange current density that follows the stoichiometry needs "
            "kinetics.cathode.stoichiometry",
            key="kinetics.cathode.exchange_current_dependence",
            given=cathode.exchange_current_dependence,
            allowed='"constant", or a stoichiometry',
            cure="add stoichiometry below [kinetics.cathode]",
        )
    if mechanics.enabled and operation.plating_time <= 0:
        raise refuse(
            "no time to plate, while mechanics.enabled asks for the stress of plated lithium",
            key="operation.plating_time",
            given=operation.plating_time,
            allowed='above 0, such as "30 s"',
            cure="set a plating_time, or enabled = false below [mechanics]",
        )
    if mechanics.swelling:
        raise refuse(
            "particles swell as their stoichiometry changes, while a snapshot keeps it",
            key="mechanics.swelling",
            given=True,
            cure='remove swelling, or set kind = "protocol" below [operation]',
        )
    if mechanics.coupling in ("particles", "both") and cathode.stoichiometry is None:
        raise refuse(
            "stress shifts the potential of particles, which kinetics.cathode.stoichiometry fixes",
            key="mechanics.coupling",
            given=mechanics.coupling,
            allowed='"none" or "lithium", or a stoichiometry',
            cure="add stoichiometry below [kinetics.cathode]",
        )


def _protocol(case: Case, operation: Protocol) -> None:
    cathode, mechanics = case.kinetics.cathode, case.mechanics
    if cathode.stoichiometry is None:
        raise refuse(
            "a protocol needs the stoichiometry that it starts from",
            key="kinetics.cathode.stoichiometry",
            allowed="a number above 0 and below 1, such as 0.9",
            cure="add stoichiometry = 0.9 below [kinetics.cathode]",
        )
    if mechanics.enabled and mechanics.inelastic is not None and mechanics.compare_lithium:
        raise refuse(
            "solids that yield or creep remember what they went through with one model of lithium, "
            "and cannot be compared with another at the end of a run in time",
            key="mechanics.compare_lithium",
            given=list(mechanics.compare_lithium),
            cure="remove compare_lithium, and run the case once with each model",
        )
    if case.geometry.anode.motion == "moved" and mechanics.enabled:
        check_carried(case)
    if case.geometry.anode.motion == "moved" and case.stepping.electrolyte == "modes":
        raise refuse(
            "a lithium surface that moves makes another electrolyte every few steps, "
            "and finding its modes takes longer than these",
            key="stepping.electrolyte",
            given="modes",
            allowed='"automatic" or "field", or "modes" with geometry.anode.motion = "kept"',
            cure="remove electrolyte from [stepping]",
        )
    if case.stepping.jump is not None:
        _jumps(case, operation)
    if cathode.diffusion == "fixed":
        if mechanics.swelling:
            raise refuse(
                "particles whose stoichiometry is fixed do not swell "
                '(kinetics.cathode.diffusion = "fixed")',
                key="mechanics.swelling",
                given=True,
                cure='remove swelling, or set diffusion = "averaged" below [kinetics.cathode]',
            )
        _fixed("operation.steps", operation.steps)
    if case.geometry.wiring.kind == "ideal":
        _unmeasured("operation.steps", operation.steps)


def _unmeasured(place: str, steps: tuple[Step, ...]) -> None:
    """Refuse to measure a resistance of wires that have none."""
    for index, step in enumerate(steps):
        if step.electronic_resistance is not None:
            raise refuse(
                "electrons reach all particles without loss, so that there is no resistance to "
                "measure",
                key=f"{place}[{index}].electronic_resistance",
                given=step.electronic_resistance,
                cure='set kind = "effective" or "resolved" below wiring of the composite, or '
                "remove the step",
            )
        _unmeasured(f"{place}[{index}].steps", step.steps)


def _jumps(case: Case, operation: Protocol) -> None:
    """Refuse to leave out cycles where there are none, or where their shapes differ."""
    if not any(step.repeat is not None for step in operation.steps):
        raise refuse(
            "no loop of the protocol has cycles that could be left out",
            key="stepping.jump",
            given=case.stepping.jump,
            allowed="with a step such as { repeat = 100, steps = [...] } in operation.steps",
            cure="remove jump, or make a loop of the steps that are repeated",
        )
    if case.geometry.anode.motion == "moved":
        raise refuse(
            "a lithium surface that moves has other triangles in every cycle, between which no "
            "change can be carried on",
            key="stepping.jump",
            given=case.stepping.jump,
            allowed='with geometry.anode.motion = "kept"',
            cure="remove jump from [stepping]",
        )


def _fixed(place: str, steps: tuple[Step, ...]) -> None:
    """Refuse what particles of fixed stoichiometry do not have: a capacity, and a change of x."""
    for index, step in enumerate(steps):
        key = f"{place}[{index}]"
        _fixed(f"{key}.steps", step.steps)
        if step.deed in ("charge_rate", "discharge_rate"):
            deed = step.deed.removesuffix("_rate")
            raise refuse(
                "particles whose stoichiometry is fixed have no capacity that a C-rate refers to "
                '(kinetics.cathode.diffusion = "fixed")',
                key=f"{key}.{step.deed}",
                given=getattr(step, step.deed),
                cure=f'write it as a current density, {deed} = "100 A/m^2", '
                'or set diffusion = "averaged" below [kinetics.cathode]',
            )
        if "stoichiometry" in step.ends:
            raise refuse(
                'a stoichiometry that is fixed ends no step (kinetics.cathode.diffusion = "fixed")',
                key=f"{key}.until.stoichiometry",
                given=step.ends["stoichiometry"],
                cure="end the step by its capacity, "
                'or set diffusion = "averaged" below [kinetics.cathode]',
            )


def _mesh(case: Case) -> None:
    size, cathode, separator = case.mesh.size, case.geometry.cathode, case.geometry.separator
    smallest = cathode.particles.smallest if isinstance(cathode, ParticleCathode) else None
    if smallest is not None and size > smallest / 2:
        given = getattr(cathode, "particles", None)
        name = "sizes" if getattr(given, "diameter", None) is None else "diameter"
        raise refuse(
            "elements are larger than a particle's radius (half of "
            f"geometry.cathode.particles.{name}, {smallest.text})",
            key="mesh.size",
            given=size,
            allowed="at most half of the particles' diameter",
        )
    if separator is not None and size > separator.thickness:
        thickness = separator.thickness.text
        raise refuse(
            f"elements are larger than geometry.separator.thickness ({thickness})",
            key="mesh.size",
            given=size,
            allowed=f"at most {thickness}",
        )
