"""``fem check``: validate a case and print what would run, without solving or writing."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fem.cell.foresight import foreseen, window_capacity
from fem.cli.cases import load, naming
from fem.cli.estimate import cost, drawn, too_much, triangles
from fem.cli.image import check as check_image
from fem.cli.image import is_image, refuse_options
from fem.constants import FARADAY
from fem.units import Quantity

if TYPE_CHECKING:
    from fem.case import Case, Protocol
    from fem.geometry import Geometry
    from fem.materials import Used
    from fem.parameters import Parameters

WIDTH = 100
MILLIAMPERE_HOUR_PER_CM2 = 36e3
"""In A s/m^2."""
_HEAD = 13
SHOWN = 20
"""Steps of a protocol that are listed."""


def command(arguments: argparse.Namespace) -> None:
    """Check the case, or the image, that the arguments name."""
    path = Path(arguments.case)
    if is_image(path):
        check_image(arguments, path)
        return
    refuse_options(arguments)
    case = load(arguments)

    from fem.parameters import resolve

    with naming(arguments):
        shape = drawn(case)
        parameters = resolve(case, shape)
    print(describe(case, shape, parameters))


def describe(case: Case, shape: Geometry, parameters: Parameters) -> str:
    """What a run of `case` would solve."""
    expected = cost(case, shape, parameters)
    rows = [
        ("case", case.title or "without title"),
        *_cell(case, shape),
        ("areas", ", ".join(f"{name} {area * 1e12:.6g} um2" for name, area in _areas(shape))),
        ("kinetics", f"lithium: {_interface(case.kinetics.anode)}"),
        ("", f"active material: {_interface(case.kinetics.cathode)}"),
        *_operation(case, shape, parameters),
        ("mechanics", _mechanics(case)),
        *((("interfaces", _interfaces(case)),) if case.interfaces.part else ()),
        ("mesh", _mesh(case, shape)),
        ("cost", str(expected)),
        *_sources(parameters.used),
        *_warnings([*foreseen(case, shape, parameters), *too_much(case, expected)]),
    ]
    if parameters.active is not None and parameters.active.rising:
        rows.append(("warning", parameters.active.rising))
    lines = []
    for head, text in rows:
        lines += textwrap.wrap(
            text, WIDTH, initial_indent=f"{head:<{_HEAD}}", subsequent_indent=" " * _HEAD
        )
    return "\n".join([*lines, "", "The case is valid. Nothing was solved or written."])


def _cell(case: Case, shape: Geometry) -> Iterator[tuple[str, str]]:
    cell = case.geometry
    anode, cathode = cell.anode, cell.cathode
    yield (
        "cell",
        f"{shape.width * 1e6:.4g} um wide, {shape.height * 1e6:.4g} um high, "
        f"{cell.depth.text} deep",
    )
    shown = f"as in the {cell.source}" if anode.thickness is None else anode.thickness.text
    surface = _count(len(anode.protrusions), "protrusion")
    if anode.surface is not None:
        wave = anode.surface.amplitude
        surface = f"points of {anode.surface.file}" if wave is None else f"a sine of {wave.text}"
    yield "lithium", f"{anode.material}, {shown}, {surface}, {len(anode.isolated)} isolated"
    if cell.separator is not None:
        yield "separator", f"{cell.separator.material}, {cell.separator.thickness.text}"
    if cell.source:
        yield from ((cell.source, note) for note in shape.notes)
    if cathode is None:
        return
    if cathode.kind == "plane":
        yield "cathode", f"plane, {cathode.material}, {cathode.thickness.text}"
        return
    active = int(shape.particles.active.sum())
    yield (
        "cathode",
        f"{cathode.thickness.text}, {_count(len(shape.particles), 'particle')} of "
        f"{cathode.particles.material} ({active} active, {len(shape.particles) - active} inactive) "
        f"in {cathode.electrolyte}",
    )
    yield from (("", note) for note in shape.notes)


def _areas(shape: Geometry) -> Iterator[tuple[str, float]]:
    """Exact areas of the regions in m^2, those of all particles and of pieces alike as one."""
    from fem.geometry import Phase

    areas: dict[str, float] = {}
    for region in shape.regions:
        name = region.name
        if region.phase == Phase.ACTIVE and len(shape.particles):
            name = "particles"
        elif not name.startswith("isolated"):  # pieces of an image are numbered
            name = re.sub(r" \d+$", "", name)
        areas[name] = areas.get(name, 0.0) + region.area
    particles = areas.pop("particles", None)
    yield from areas.items()
    if particles is not None:
        yield "particles", particles


def _interface(table: Any) -> str:
    i0, resistance = table.exchange_current_density, table.area_resistance
    parts = []
    if i0 is not None:
        alphas = (table.anodic_transfer_coefficient, table.cathodic_transfer_coefficient)
        parts.append(
            f"Butler-Volmer, i0 = {i0.text}, transfer coefficients {alphas[0]}, {alphas[1]}"
        )
    if resistance is not None:
        parts.append(f"{resistance.text} in series" if i0 is not None else f"{resistance.text}")
    return ", ".join(parts)


def _operation(case: Case, shape: Geometry, parameters: Parameters) -> Iterator[tuple[str, str]]:
    operation = case.operation
    if operation.kind == "protocol":
        capacity = window_capacity(shape, parameters.active)
        yield from _protocol(operation, capacity)
        yield "reserve", _reserve(case, parameters)
        yield "particles", _window(case, parameters, capacity)
        yield "stepping", _stepping(case)
        return
    for name in ("current_density", "overpotential", "cell_voltage"):
        value: Quantity | None = getattr(operation, name)
        if value is not None:
            drive = f"{name.replace('_', ' ')} {value.text}"
            break
    yield (
        "operation",
        f"{operation.kind}, {drive}, {operation.temperature.text}, "
        f"plating for {operation.plating_time.text}",
    )


def _protocol(operation: Protocol, capacity: float) -> Iterator[tuple[str, str]]:
    """The steps in order; of a long protocol the first ones."""
    yield (
        "operation",
        f"{operation.kind}, {operation.temperature.text}, {_count(operation.count, 'step')}",
    )
    for label, step in operation.unrolled[:SHOWN]:
        rate = step.charge_rate or step.discharge_rate
        current = "" if rate is None else f" ({abs(step.current(capacity) or 0.0):.4g} A/m2)"
        ends = " or ".join(
            ["the end of its file"] * (step.profile is not None)
            + [f"{name} {_text(value)}" for name, value in step.ends.items()]
        )
        yield "", label + current + (f" until {ends}" if ends and step.rest is None else "")
    if operation.count > SHOWN:
        yield "", f"... and {operation.count - SHOWN} more"


def _text(value: float) -> str:
    return value.text if isinstance(value, Quantity) else f"{value:g}"


def _reserve(case: Case, parameters: Parameters) -> str:
    """How much lithium the anode can give before it has taken any."""
    anode = case.geometry.anode
    if not parameters.molar_volume:
        return f"{anode.material}: its thickness does not follow the charge"
    charge = anode.strippable * FARADAY / parameters.molar_volume
    layer = "the lithium in the image" if anode.thickness is None else anode.thickness.text
    return (
        f"{anode.strippable.text} of {layer} can be stripped, {_areal(charge)}; "
        f"surface {anode.motion}"
    )


def _window(case: Case, parameters: Parameters, capacity: float) -> str:
    """Where the particles start, and what they can give and take in the window of their source."""
    table, active = case.kinetics.cathode, parameters.active
    assert table.stoichiometry is not None
    start = f"x = {table.stoichiometry:g} at the start; diffusion {table.diffusion}"
    if active is None or not capacity:
        return start
    lower, upper = active.potential.lower, active.potential.upper
    charge = capacity * (table.stoichiometry - lower) / (upper - lower)
    return (
        f"{start}; the window {lower:g} to {upper:g} holds {_areal(capacity)}: charge can take "
        f"{_areal(charge)}, discharge can add {_areal(capacity - charge)}"
    )


def _areal(charge: float) -> str:
    """A charge per cell width in A s/m^2 in the unit of the field."""
    return f"{charge / MILLIAMPERE_HOUR_PER_CM2:.4g} mAh/cm2"


def _stepping(case: Case) -> str:
    table = case.stepping
    longest = "" if table.longest is None else f", longest {table.longest.text}"
    return (
        f"tolerance {table.tolerance:g}, first {table.first.text}{longest}; at most "
        f"{table.most_steps} steps; {case.output.frames} states kept"
    )


def _mechanics(case: Case) -> str:
    table = case.mechanics
    if not table.enabled:
        return "off"
    pressure = f" with {table.stack_pressure.text}" if table.top == "plate" else ""
    top = f"{table.top}{pressure}"
    if stack := case.stack:
        top = f"plate with {stack.pressure.text} on a fixture of {stack.stiffness.text}"
        if stack.layers:
            names = ", ".join(f"{each.thickness.text} of {each.material}" for each in stack.layers)
            top += f" behind {names}"
    models = ", then ".join(table.lithium_models)
    return (
        f"solids {table.solids}; lithium {models}; contact: {table.contact}; {table.kinematics}; "
        f"top: {top}"
    )


def _interfaces(case: Case) -> str:
    """What holds faces that may part."""
    said = []
    for name, bond in case.interfaces:
        if bond.parts:
            holds = bond.bond
            if bond.bond == "cohesive":
                stiff = (
                    "rigid before" if bond.stiffness is None else f"{bond.stiffness.text} before"
                )
                holds = f"cohesive up to {bond.strength.text}, {bond.toughness.text}, {stiff}"
            friction = f", friction {bond.friction:g}" if bond.friction else ""
            conducts = f"; conducts below {bond.conducts_below.text} ({bond.conduction})"
            said.append(f"{name.replace('_', '|')}: {holds}{friction}{conducts}")
    return "; ".join(said)


def _mesh(case: Case, shape: Geometry) -> str:
    if shape.triangles is not None and case.geometry.mesh is not None:
        from fem.mesh import from_case, quality

        made = quality(from_case(case, shape))
        return (
            f"as in {case.geometry.mesh.file}: {made.triangles} triangles, {made.nodes} nodes, "
            f"smallest angle {made.smallest_angle:.1f} deg"
        )
    count = float(f"{triangles(case, shape):.2g}")
    return f"{case.mesh.size.text} on interfaces, about {count:.0f} triangles"


def _warnings(warnings: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What a run of the case would tell as well."""
    for number, warning in enumerate(warnings):
        yield "" if number else "warnings", warning


def _sources(used: tuple[Used, ...]) -> Iterator[tuple[str, str]]:
    by_status: dict[str, list[str]] = {"sourced": [], "assumption": [], "given": []}
    for item in used:
        by_status[item.property.status].append(
            f"{item.material.id}.{item.property.name} = {item.property.text}"
        )
    counts = ", ".join(
        _count(len(names), status) if status == "assumption" else f"{len(names)} {status}"
        for status, names in by_status.items()
    )
    yield "materials", f"{counts}; fem materials NAME shows the sources"
    for name in by_status["assumption"]:
        yield "", f"ASSUMPTION  {name}"
    for name in by_status["given"]:
        yield "", f"given       {name}"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")
