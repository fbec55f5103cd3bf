"""The material library: built-in data, a user's own files, and the overrides of a case."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from fem.errors import InputError, closest
from fem.materials.material import Material, Property, Status, unknown_property
from fem.materials.potentials import FITS, Constant, Shape, Table
from fem.materials.properties import KINDS, POTENTIAL, PROPERTIES, Rule
from fem.units import Quantity, parse

FAMILIES = ("electrolytes", "active_materials", "lithium", "carbon")
"""The built-in files, in the order in which tables list them."""

_ID = re.compile(r"[A-Za-z]\w*", re.ASCII)
_HEADER = ("title", "kind", "summary")
_FIELDS = ("value", "source", "note", "status")


def library(
    files: Sequence[Path] = (),
    overrides: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    file: str | None = None,
) -> Mapping[str, Material]:
    """All materials by id.

    Parameters
    ----------
    files
        The user's own material files. A property there replaces that of the same material; later
        files win; new materials may be added.
    overrides
        Values of a case: ``{"LPSCl": {"youngs_modulus": "28 GPa"}}``. They win over all files.
    file
        Where the overrides stand, for error messages.

    Raises
    ------
    InputError
        If a file cannot be read or anything in it or in the overrides is not what it should be.
    """
    materials = dict(_built_in())
    for path in files:
        _merge(materials, _read(path), str(path))
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
        given = {
            prop: _property(prop, value, f"{key}.{prop}", file, "case file", "", "given")
            for prop, value in values.items()
        }
        materials[name] = _with(materials[name], given, key, file)
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


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            "there is no such material file",
            file=str(path),
            cure="check the path; a relative one starts at the case file",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"the material file cannot be read: {error}",
            file=str(path),
            cure="give the path of a text file (UTF-8) that you may read",
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"not valid TOML: {error}",
            file=str(path),
            cure='a material is [ID], with tables such as [ID.youngs_modulus] value = "28 GPa"',
        ) from None


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
        material = Material(name, **header, properties=before.properties if before else {})
        given = {
            prop: _entry(prop, entry, f"{name}.{prop}", file)
            for prop, entry in table.items()
            if prop not in _HEADER
        }
        materials[name] = _with(material, given, name, file)


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


def _entry(name: str, entry: object, key: str, file: str) -> Property:
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
    return _property(name, entry["value"], key, file, source, note, status)


def _property(
    name: str,
    value: object,
    key: str,
    file: str | None,
    source: str,
    note: str,
    status: Status,
) -> Property:
    """A checked property; `key` and `file` say where the value stands."""
    if name not in PROPERTIES:
        raise unknown_property(key, name, file)
    rule = PROPERTIES[name]
    if name == POTENTIAL and not _is_quantity(value):
        shape, text = _shape(value, key, file)
        return Property(name, shape, rule.unit, text, source, note, status)
    number, text = _number(value, rule, key, file)
    quantity = Constant(number) if name == POTENTIAL else number
    return Property(name, quantity, rule.unit, text, source, note, status)


def _is_quantity(value: object) -> bool:
    """Whether a potential is written as a voltage rather than a name or a table."""
    return not isinstance(value, Mapping | str) or (
        isinstance(value, str) and not _ID.fullmatch(value.strip())
    )


def _number(value: object, rule: Rule, key: str, file: str | None) -> tuple[float, str]:
    """The number in the SI unit and the text it was written as."""

    def wrong(problem: str) -> InputError:
        cure = f"write it like {rule.written}"
        return InputError(problem, key=key, given=value, allowed=rule.bounds, cure=cure, file=file)

    if isinstance(value, Quantity):
        value = value.text
    if isinstance(value, str):
        try:
            number = float(parse(value, rule.unit))
        except ValueError as error:
            problem = "a bare number is needed" if rule.dimensionless else str(error)
            raise wrong(problem) from None
        text = " ".join(value.split())
    elif rule.dimensionless and isinstance(value, int | float) and not isinstance(value, bool):
        number, text = float(value), f"{value}"
    else:
        raise wrong(
            "a number is needed" if rule.dimensionless else "a number with a unit is needed"
        )
    if not rule.admits(number):
        raise InputError("out of bounds", key=key, given=value, allowed=rule.bounds, file=file)
    return number, text


def _shape(value: object, key: str, file: str | None) -> tuple[Shape, str]:
    """An open-circuit potential from the name of a function or a table."""
    if isinstance(value, str):
        name = value.strip()
        if name not in FITS:
            near = closest(name, FITS)
            raise InputError(
                "there is no such open-circuit potential",
                key=key,
                given=value,
                allowed=f'{", ".join(FITS)}; or a voltage such as "0.622 V"; or a table '
                "{stoichiometry = [..], potential = [..]} in V",
                cure=near and f"did you mean {near!r}?",
                file=file,
            )
        return FITS[name], name
    assert isinstance(value, Mapping)
    cure = "write {stoichiometry = [0.3, 0.6, 0.9], potential = [4.2, 3.8, 3.5]}, in V"
    if set(value) != {"stoichiometry", "potential"}:
        raise InputError(
            "a table of the open-circuit potential has the two columns stoichiometry and potential",
            key=key,
            given=dict(value),
            cure=cure,
            file=file,
        )
    unit = PROPERTIES["stoichiometry_min"]
    columns = []
    for column, rule in (("stoichiometry", unit), ("potential", PROPERTIES[POTENTIAL])):
        points = value[column]
        if not isinstance(points, list | tuple) or not all(
            isinstance(point, int | float) and not isinstance(point, bool) and rule.admits(point)
            for point in points
        ):
            raise InputError(
                "not a list of numbers",
                key=f"{key}.{column}",
                given=points,
                allowed=rule.bounds,
                cure=cure,
                file=file,
            )
        columns.append(tuple(float(point) for point in points))
    x, potential = columns
    if len(x) != len(potential) or len(x) < 2:
        raise InputError(
            "the two columns need the same length, of two points or more",
            key=key,
            given=f"{len(x)} and {len(potential)} points",
            cure=cure,
            file=file,
        )
    if any(right <= left for left, right in pairwise(x)):
        raise InputError(
            "the stoichiometry must increase from point to point",
            key=f"{key}.stoichiometry",
            given=list(x),
            cure=cure,
            file=file,
        )
    return Table(x, potential), f"table of {len(x)} points, x from {x[0]:g} to {x[-1]:g}"


def _with(
    material: Material, given: Mapping[str, Property], key: str, file: str | None
) -> Material:
    """`material` with the properties `given`, which must still fit together."""
    if POTENTIAL in given:
        # A window belongs to the potential it was measured with: a new one brings its own.
        kept = {
            name: prop
            for name, prop in material.properties.items()
            if name not in ("stoichiometry_min", "stoichiometry_max")
        }
        material = replace(material, properties={**kept, **given})
    else:
        material = replace(material, properties={**material.properties, **given})
    if POTENTIAL in material:
        curve = material.potential
        shape = curve.shape
        for name, bound in (("stoichiometry_min", curve.lower), ("stoichiometry_max", curve.upper)):
            if not shape.lower <= bound <= shape.upper:
                raise InputError(
                    "the open-circuit potential is not known there",
                    key=f"{key}.{name}",
                    given=bound,
                    allowed=f"from {shape.lower:g} to {shape.upper:g}",
                    cure=f"keep the window inside, or give another {POTENTIAL}",
                    file=file,
                )
        if not curve.lower < curve.upper:
            raise InputError(
                "the window of the stoichiometry is empty",
                key=f"{key}.stoichiometry_min",
                given=curve.lower,
                allowed=f"below stoichiometry_max = {curve.upper:g}",
                file=file,
            )
    return material
