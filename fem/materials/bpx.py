"""The positive electrode of a file in the Battery Parameter eXchange format (bpxstandard.com).

Such a JSON file describes a whole cell with a liquid electrolyte. What lithium does in the
particles of its positive electrode is one set of one source and holds here too: potential,
concentration scale, window and diffusivity. The rest of the file is not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fem.errors import InputError, closest
from fem.materials.material import Material, Property
from fem.materials.properties import DIFFUSIVITY, POTENTIAL, PROPERTIES
from fem.materials.shapes import Constant, Shape
from fem.materials.values import formula, table, text_of

ELECTRODE = "Parameterisation.Positive electrode"
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        POTENTIAL: "OCP [V]",
        "max_concentration": "Maximum concentration [mol.m-3]",
        "stoichiometry_min": "Minimum stoichiometry",
        "stoichiometry_max": "Maximum stoichiometry",
        DIFFUSIVITY: "Diffusivity [m2.s-1]",
    }
)
"""What the format calls our properties."""
BLEND = "Particle"
_BRANCHES = ("OCP (delithiation) [V]", "OCP (lithiation) [V]")
_ACTIVATION = "Diffusivity activation energy [J.mol-1]"


def key_of(name: str) -> str:
    """Where the property `name` stands in a file."""
    return f"{ELECTRODE}.{FIELDS[name]}"


def active_material(path: Path) -> Material:
    """The active material of the positive electrode; its id is made from the file's name.

    Raises
    ------
    InputError
        If the file cannot be read, is not of the format, blends several materials, or a value is
        missing or not what it should be. The key is that of the file.
    """
    file = str(path)
    document = _document(path)
    header = _below(document, "Header", "", file)
    if "BPX" not in header:
        raise _strange(file, "Header.BPX")
    cell = _below(document, "Parameterisation", "", file)
    electrode = _below(cell, "Positive electrode", "Parameterisation.", file)
    if BLEND in electrode:
        raise _blended(electrode[BLEND], file)
    title = header.get("Title") or path.stem
    source = "; ".join(
        " ".join(str(part).split())
        for part in (path.name, header.get("Title"), header.get("References"))
        if part
    )
    notes = {POTENTIAL: _on_potential(electrode), DIFFUSIVITY: _on_diffusivity(electrode)}
    properties = {}
    for name, field in FIELDS.items():
        if field not in electrode:
            near = closest(field, electrode)
            raise InputError(
                f"the positive electrode has no {field!r}",
                key=key_of(name),
                cure=f"add it; the file has {near!r}" if near else "add it to the file",
                file=file,
            )
        quantity, text = _quantity(name, electrode[field], key_of(name), file)
        note, unit = notes.get(name, ""), PROPERTIES[name].unit
        properties[name] = Property(name, quantity, unit, text, source, note, "given", file)
    return Material(
        material_id(path),
        title=" ".join(str(title).split()),
        kind="active material",
        summary=f"Positive electrode of the BPX file {path.name}.",
        properties=properties,
    )


def material_id(path: Path) -> str:
    """The id of the material of a file: its name, with _ for what an id cannot hold."""
    name = re.sub(r"\W+", "_", path.stem, flags=re.ASCII).strip("_")
    return name if name[:1].isalpha() else f"bpx_{name}".rstrip("_")


def _document(path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(text_of(path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(
            f"not valid JSON: {error}",
            file=str(path),
            cure="a material file that ends in .json is a BPX file; all others are TOML",
        ) from None
    if not isinstance(document, Mapping):
        raise _strange(str(path), None)
    return document


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


def _blended(particles: object, file: str) -> InputError:
    names = ", ".join(map(repr, particles)) if isinstance(particles, Mapping) else "several"
    return InputError(
        "the positive electrode is a blend; one active material is needed",
        key=f"{ELECTRODE}.{BLEND}",
        allowed=f"one of {names}",
        cure="copy the file, move the lines of one particle directly below 'Positive electrode' "
        f"and remove '{BLEND}'",
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
    if isinstance(number, bool) or not isinstance(number, int | float) or not rule.admits(number):
        raise InputError(
            f"not a number{', a formula in x or a table' if rule.formula else ''} that is allowed",
            key=key,
            given=value,
            allowed=rule.bounds,
            cure='write a number, "3.3e-14*exp(x)", or {"x": [..], "y": [..]}'
            if rule.formula
            else "write a number without quotes",
            file=file,
        )
    text = f"{number:.12g}" if rule.dimensionless else f"{number:.12g} {rule.unit}"
    return Constant(float(number)) if name == POTENTIAL else float(number), text


def _on_potential(electrode: Mapping[str, Any]) -> str:
    branches = [name for name in _BRANCHES if name in electrode]
    return f"The mean curve; not used: {', '.join(branches)}." if branches else ""


def _on_diffusivity(electrode: Mapping[str, Any]) -> str:
    if not electrode.get(_ACTIVATION):
        return ""
    return "At the reference temperature of the file; its activation energy is not applied."
