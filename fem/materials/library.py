"""The material library: built-in data, a user's own files, and the overrides of a case."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias, cast, get_args

from fem.errors import InputError, closest
from fem.materials import bpx, measured
from fem.materials.checks import Place, check
from fem.materials.material import Material, Property, Status, unknown_property
from fem.materials.properties import (
    ACTIVATION,
    DIFFUSIVITY,
    ENTROPIC,
    KINDS,
    POTENTIAL,
    PROPERTIES,
    VOLUME,
    WINDOW,
)
from fem.materials.shapes import Shape
from fem.materials.values import quantity, through
from fem.text import names_table, read_table, read_text, read_toml

FAMILIES = ("electrolytes", "active_materials", "lithium", "carbon")
"""The built-in files, in the order in which tables list them."""

_ID = re.compile(r"[A-Za-z]\w*", re.ASCII)
_HEADER = ("title", "kind", "summary")
_FIELDS = ("value", "source", "note", "status")
_DROPPED = MappingProxyType(
    {
        POTENTIAL: (*WINDOW, ENTROPIC),
        DIFFUSIVITY: (ACTIVATION,),
        "volume_change": ("partial_molar_volume", VOLUME),
        "partial_molar_volume": (VOLUME,),
        VOLUME: ("partial_molar_volume",),
    }
)
"""What goes with a property: a new one of these drops the old ones of those.

A window belongs to the potential it was measured with, an activation energy to the diffusivity at
its reference temperature; a volume strain, a partial molar volume and a volume change say the same,
and each would win over the next.
"""
Window: TypeAlias = tuple[float | None, float | None]


def library(
    files: Sequence[Path] = (),
    overrides: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    file: str | None = None,
    folder: Path = Path(),
) -> Mapping[str, Material]:
    """All materials by id.

    Parameters
    ----------
    files
        The user's own material files: TOML, or a cell in the Battery Parameter eXchange format
        if the name ends in ``.json``. A property there replaces that of the same material; later
        files win; new materials may be added.
    overrides
        Values of a case: ``{"LPSCl": {"youngs_modulus": "28 GPa"}}``. They win over all files.
    file, folder
        Where the overrides stand, for error messages, and where files that they name are found.

    Raises
    ------
    InputError
        If a file cannot be read or anything in it or in the overrides is not what it should be.
    """
    materials = dict(_built_in())
    for path in files:
        if path.suffix.lower() == ".json":
            for material, place in bpx.active_materials(path):
                _add(materials, material, Place(place, bpx.field_of), str(path))
        else:
            _merge(materials, read_toml(read_text(path), str(path)), str(path))
    for name, values in overrides.items():
        key = f"materials.{name}"
        if name not in materials:
            raise unknown_material(name, materials, key, file)
        if not isinstance(values, Mapping):
            raise InputError(
                "not a table of properties",
                key=key,
                given=values,
                cure=f'write [{key}] and below it lines such as youngs_modulus = "28 GPa"',
                file=file,
            )
        branches, chosen = materials[name].branches, values.get(POTENTIAL)
        if isinstance(chosen, str) and chosen in branches:
            # It counts lithium as the curve that it replaces: the window stays.
            properties = {**materials[name].properties, POTENTIAL: branches[chosen]}
            materials[name] = replace(materials[name], properties=properties)
            values = {prop: value for prop, value in values.items() if prop != POTENTIAL}
        window = _window(values, key, file)
        given = {
            prop: _property(
                prop, value, f"{key}.{prop}", file, "case file", "", "given", folder, window
            )
            for prop, value in values.items()
        }
        materials[name] = _with(materials[name], given, Place(key), file)
    return MappingProxyType(materials)


def unknown_material(
    name: str, names: Mapping[str, Material], key: str | None, file: str | None = None
) -> InputError:
    """The error for a material that is not in the library."""
    nearest = closest(name, names)
    cure = "add it in a material file of your own"
    return InputError(
        f"there is no material {name!r}",
        key=key,
        file=file,
        allowed=", ".join(names),
        cure=f"did you mean {nearest!r}? Otherwise {cure}" if nearest else cure,
    )


@cache
def _built_in() -> Mapping[str, Material]:
    materials: dict[str, Material] = {}
    for family in FAMILIES:
        name = f"{family}.toml"
        text = resources.files("fem.materials").joinpath(name).read_text(encoding="utf-8")
        _merge(materials, tomllib.loads(text), name)
    return MappingProxyType(materials)


def _add(materials: dict[str, Material], new: Material, place: Place, file: str) -> None:
    """Add a whole material to `materials`, or its properties to the one of its name."""
    before = materials.get(new.id)
    if before is not None and before.kind != new.kind:
        raise InputError(
            f"{new.id} is already the name of a material of another kind, {before.kind}",
            cure="rename the file: its name becomes that of the material",
            file=file,
        )
    material = replace(new, properties=before.properties if before else {})
    materials[new.id] = _with(material, new.properties, place, file)


def _merge(materials: dict[str, Material], document: Mapping[str, Any], file: str) -> None:
    """Add the materials of one file to `materials`, property by property."""
    for name, table in document.items():
        if not _ID.fullmatch(name):
            raise InputError(
                "not a material id",
                key=name,
                given=name,
                allowed="letters, digits and _, a letter first",
                file=file,
            )
        if not isinstance(table, Mapping):
            raise InputError(
                "not a material",
                key=name,
                given=table,
                cure=f'write [{name}] and below it title = "..", kind = ".."',
                file=file,
            )
        before = materials.get(name)
        header = {
            field: _text(table.get(field, before and getattr(before, field)), name, field, file)
            for field in _HEADER
        }
        if header["kind"] not in KINDS:
            raise InputError(
                "unknown kind of material",
                key=f"{name}.kind",
                given=header["kind"],
                allowed=", ".join(KINDS),
                file=file,
            )
        material = Material(
            name,
            header["title"],
            header["kind"],
            header["summary"],
            before.properties if before else {},
            before.branches if before else {},
        )
        entries = {prop: entry for prop, entry in table.items() if prop not in _HEADER}
        values = {
            prop: entry.get("value") for prop, entry in entries.items() if isinstance(entry, dict)
        }
        window = _window(values, name, file)
        given = {
            prop: _entry(prop, entry, f"{name}.{prop}", file, window)
            for prop, entry in entries.items()
        }
        materials[name] = _with(material, given, Place(name), file)


def _text(value: object, name: str, field: str, file: str) -> str:
    """A piece of text that every material must have."""
    if isinstance(value, str) and value.strip():
        return value
    raise InputError(
        f"a new material needs a {field}",
        key=f"{name}.{field}",
        given=value,
        allowed=", ".join(KINDS) if field == "kind" else "text",
        cure=f'write {field} = ".." below [{name}]',
        file=file,
    )


def _entry(name: str, entry: object, key: str, file: str, window: Window) -> Property:
    """A property from its table in a file."""
    if name not in PROPERTIES:
        raise unknown_property(key, name, file)
    example = f'[{key}] value = {PROPERTIES[name].written}, source = ".."'
    if not isinstance(entry, Mapping):
        raise InputError(
            "a property is a table with a value and a source",
            key=key,
            given=entry,
            cure=f"write {example}",
            file=file,
        )
    for field in entry:
        if field not in _FIELDS:
            raise InputError(
                f"a property has no {field!r}",
                key=f"{key}.{field}",
                allowed=", ".join(_FIELDS),
                cure=(near := closest(field, _FIELDS)) and f"did you mean {near!r}?",
                file=file,
            )
    if "value" not in entry:
        raise InputError("the value is missing", key=key, cure=f"write {example}", file=file)
    source, note = entry.get("source", ""), entry.get("note", "")
    if not isinstance(source, str) or not source.strip():
        raise InputError(
            "the source is missing",
            key=f"{key}.source",
            cure='say where the value comes from: source = "author, journal, year" or '
            'source = "own measurement, 2024"',
            file=file,
        )
    if not isinstance(note, str):
        raise InputError("not text", key=f"{key}.note", given=note, file=file)
    status = entry.get("status", "given")
    if status not in get_args(Status):
        raise InputError(
            "unknown status",
            key=f"{key}.status",
            given=status,
            allowed=", ".join(get_args(Status)),
            file=file,
        )
    folder = Path(file).parent
    return _property(name, entry["value"], key, file, source, note, status, folder, window)


def _property(
    name: str,
    value: object,
    key: str,
    file: str | None,
    source: str,
    note: str,
    status: Status,
    folder: Path,
    window: Window,
) -> Property:
    """A checked property; `key` and `file` say where the value stands.

    A table that the value names is sought from `folder` on; `window` is what the same table of
    properties says of the stoichiometry.
    """
    if name not in PROPERTIES:
        raise unknown_property(key, name, file)
    if name == POTENTIAL and names_table(value):
        sheet = read_table(folder / str(value).strip(), key=key, given=value, file=file)
        x, potential, said = measured.points(sheet, window, key, file)
        found: float | Shape
        found, text = through(name, x, potential, key, file)
        source = f"{source}; {Path(sheet.file).name}"
        text = f"{text}; {said}" if said else text
    else:
        found, text = quantity(name, value, key, file)
    return Property(name, found, PROPERTIES[name].unit, text, source, note, status, file)


def _window(values: Mapping[str, Any], key: str, file: str | None) -> Window:
    """The window of the stoichiometry that stands among values; `None` for ends that do not."""
    ends = [
        quantity(end, values[end], f"{key}.{end}", file)[0] if end in values else None
        for end in WINDOW
    ]
    low, high = (None if end is None else cast(float, end) for end in ends)
    return low, high


def _with(
    material: Material,
    given: Mapping[str, Property],
    place: Place,
    file: str | None,
) -> Material:
    """`material` with the properties `given`, which must still fit together."""
    dropped = {old for new, olds in _DROPPED.items() if new in given for old in olds}
    kept = {name: prop for name, prop in material.properties.items() if name not in dropped}
    material = replace(material, properties={**kept, **given})
    check(material, place, file)
    return material
