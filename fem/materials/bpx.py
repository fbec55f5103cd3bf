"""The positive electrode of a file in the Battery Parameter eXchange format (bpxstandard.com).

Such a JSON file describes a whole cell with a liquid electrolyte. What lithium does in the
particles of its positive electrode is one set of one source and holds here too: potential,
concentration scale, window and diffusivity, and how they change with temperature. The rest of the
file is not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fem.errors import InputError, closest
from fem.materials.material import Material, Property
from fem.materials.properties import (
    ACTIVATION,
    DIFFUSIVITY,
    ENTROPIC,
    POTENTIAL,
    PROPERTIES,
    REFERENCE,
)
from fem.materials.shapes import Constant, Shape
from fem.materials.values import formula, table
from fem.text import read_json, read_text

ELECTRODE = "Parameterisation.Positive electrode"
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        POTENTIAL: "OCP [V]",
        "max_concentration": "Maximum concentration [mol.m-3]",
        "stoichiometry_min": "Minimum stoichiometry",
        "stoichiometry_max": "Maximum stoichiometry",
        DIFFUSIVITY: "Diffusivity [m2.s-1]",
        ENTROPIC: "Entropic change coefficient [V.K-1]",
        ACTIVATION: "Diffusivity activation energy [J.mol-1]",
    }
)
"""What the format calls our properties."""
OPTIONAL = (ENTROPIC, ACTIVATION)
BRANCHES: Mapping[str, str] = MappingProxyType(
    {"delithiation": "OCP (delithiation) [V]", "lithiation": "OCP (lithiation) [V]"}
)
"""What the format calls the branches of a potential."""
BLEND = "Particle"
REFERENCE_FIELD = "Reference temperature [K]"
ROOM = 298.15
"""Reference temperature in K of a file that gives none, as the format has it."""


def active_materials(path: Path) -> list[tuple[Material, str]]:
    """The active materials of the positive electrode: one, or one a particle of a blend.

    The id is made from the file's name and, in a blend, that of the particle. Beside each, the
    table of the file in which it stands.

    Raises
    ------
    InputError
        If the file cannot be read, is not of the format, or a value is missing or not what it
        should be. The key is that of the file.
    """
    file = str(path)
    document = read_json(
        read_text(path),
        file,
        "a material file that ends in .json is a BPX file; all others are TOML",
    )
    if not isinstance(document, Mapping):
        raise _strange(file, None)
    header = _below(document, "Header", "", file)
    if "BPX" not in header:
        raise _strange(file, "Header.BPX")
    cell = _below(document, "Parameterisation", "", file)
    electrode = _below(cell, "Positive electrode", "Parameterisation.", file)
    title = " ".join(str(header.get("Title") or path.stem).split())
    source = "; ".join(
        " ".join(str(part).split())
        for part in (path.name, header.get("Title"), header.get("References"))
        if part
    )
    reference = _reference(cell, source, file)
    particles = electrode.get(BLEND, {})
    if not isinstance(particles, Mapping):
        raise _strange(file, f"{ELECTRODE}.{BLEND}")
    found = []
    for name in particles or [""]:
        place = f"{ELECTRODE}.{BLEND}.{name}" if name else ELECTRODE
        values = _below(particles, name, f"{ELECTRODE}.{BLEND}.", file) if name else electrode
        many = len(particles) > 1
        material = Material(
            material_id(path, name if many else ""),
            title=f"{title}, {name}" if many else title,
            kind="active material",
            summary=f"Positive electrode of the BPX file {path.name}"
            + (f", particle {name}." if name else "."),
            properties=_properties(values, reference, place, source, file),
            branches={
                branch: _property(POTENTIAL, values[field], f"{place}.{field}", source, file)
                for branch, field in BRANCHES.items()
                if values.get(field) is not None
            },
        )
        found.append((material, place))
    return found


def material_id(path: Path, particle: str = "") -> str:
    """The id of a material of a file: their names, with _ for what an id cannot hold."""
    name = re.sub(r"\W+", "_", path.stem, flags=re.ASCII).strip("_")
    name = name if name[:1].isalpha() else f"bpx_{name}".rstrip("_")
    part = re.sub(r"\W+", "_", particle, flags=re.ASCII).strip("_")
    return f"{name}_{part}" if part else name


def field_of(name: str) -> str:
    """What a file calls the property `name`."""
    return FIELDS.get(name, REFERENCE_FIELD if name == REFERENCE else name)


def _properties(
    values: Mapping[str, Any], reference: Property, place: str, source: str, file: str
) -> dict[str, Property]:
    """What a table of the format says of an active material."""
    branches = [field for field in BRANCHES.values() if values.get(field) is not None]
    properties = {}
    for name, field in FIELDS.items():
        if values.get(field) is None:
            if name in OPTIONAL or (name == POTENTIAL and branches):
                continue
            near = closest(field, values)
            raise InputError(
                f"the positive electrode has no {field!r}",
                key=f"{place}.{field}",
                cure=f"add it; the file has {near!r}" if near else "add it to the file",
                file=file,
            )
        note = f"The mean curve; not used: {', '.join(branches)}." if branches else ""
        properties[name] = _property(
            name,
            values[field],
            f"{place}.{field}",
            source,
            file,
            note if name == POTENTIAL else "",
        )
    if any(name in properties for name in OPTIONAL):
        properties[REFERENCE] = reference
    return properties


def _reference(cell: Mapping[str, Any], source: str, file: str) -> Property:
    """The temperature at which all of a file holds."""
    table = cell.get("Cell")
    value = table.get(REFERENCE_FIELD) if isinstance(table, Mapping) else None
    note = "" if value is not None else "Not in the file: the format's own."
    key = f"Parameterisation.Cell.{REFERENCE_FIELD}"
    return _property(REFERENCE, ROOM if value is None else value, key, source, file, note)


def _property(
    name: str, value: object, key: str, source: str, file: str, note: str = ""
) -> Property:
    quantity, text = _quantity(name, value, key, file)
    return Property(name, quantity, PROPERTIES[name].unit, text, source, note, "given", file)


def _below(table: Mapping[str, Any], name: str, above: str, file: str) -> Mapping[str, Any]:
    found = table.get(name)
    if not isinstance(found, Mapping):
        raise _strange(file, above + name)
    return found


def _strange(file: str, missing: str | None) -> InputError:
    return InputError(
        "not a file of the Battery Parameter eXchange (BPX) format",
        key=missing,
        allowed="the tables Header (with BPX, its version) and Parameterisation, with the table "
        "Positive electrode",
        cure="give a BPX file, or a material file in TOML",
        file=file,
    )


def _quantity(name: str, value: object, key: str, file: str) -> tuple[float | Shape, str]:
    """A value of the format: a number, and for functions of x also a formula or a table."""
    rule = PROPERTIES[name]
    if rule.formula is not None and isinstance(value, Mapping):
        return table(name, value, ("x", "y"), key, file)
    number = value
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            if rule.formula is not None:
                return formula(value, rule, key, file)
    if isinstance(number, bool) or not isinstance(number, int | float):
        problem = f"not a number{', a formula in x or a table' if rule.formula else ''}"
    elif rule.admits(number):
        text = f"{number:.12g}" if rule.dimensionless else f"{number:.12g} {rule.unit}"
        return Constant(float(number)) if name in (POTENTIAL, ENTROPIC) else float(number), text
    else:
        problem = "out of bounds"
    raise InputError(
        problem,
        key=key,
        given=value,
        allowed=rule.bounds,
        cure='write a number, "3.3e-14*exp(x)", or {"x": [..], "y": [..]}'
        if rule.formula
        else "write a number without quotes",
        file=file,
    )
