"""Reading values as users write them: numbers with units, formulas, tables, names."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from fem.errors import InputError, closest
from fem.materials import points
from fem.materials.formula import FUNCTIONS, Formula
from fem.materials.potentials import FITS
from fem.materials.properties import (
    DIFFUSIVITY,
    ENTROPIC,
    POTENTIAL,
    PROPERTIES,
    STRAINS,
    VOLUME,
    WINDOW,
    Rule,
)
from fem.materials.shapes import Constant, Shape, Table
from fem.units import Quantity, parse

_ID = re.compile(r"[A-Za-z]\w*", re.ASCII)
_X = re.compile(r"\bx\b")


def quantity(name: str, value: object, key: str, file: str | None) -> tuple[float | Shape, str]:
    """The value of the property `name`, checked, and the text it was written as.

    Parameters
    ----------
    name
        A key of `PROPERTIES`.
    value
        What stands in the file or the case.
    key, file
        Where it stands, for error messages.
    """
    rule = PROPERTIES[name]
    if rule.formula is not None:
        if isinstance(value, Mapping):
            return table(name, value, ("stoichiometry", rule.column), key, file)
        if isinstance(value, str) and _X.search(value):
            return formula(value, rule, key, file)
        if name == POTENTIAL and isinstance(value, str) and _ID.fullmatch(value.strip()):
            return _built_in(value.strip(), key, file)
    number, text = _number(value, rule, key, file)
    if name in STRAINS and number:
        raise InputError(
            "a strain that is the same whatever the lithium fraction swells nothing",
            key=key,
            given=value,
            allowed=f'a function of the lithium fraction such as "{rule.formula}", or 0',
            cure="write it as a function of x"
            + (", or as the volume_change of the window" if name == VOLUME else ""),
            file=file,
        )
    return Constant(number) if name in (POTENTIAL, ENTROPIC, *STRAINS) else number, text


def formula(value: str, rule: Rule, key: str, file: str | None) -> tuple[Formula, str]:
    """A function of x from its text."""
    text = " ".join(value.split())
    try:
        return Formula(text), text
    except ValueError as error:
        raise InputError(
            str(error),
            key=key,
            given=value,
            allowed=f"numbers, x, + - * / **, parentheses, {', '.join(FUNCTIONS)}",
            cure=f'write a formula in x like "{rule.formula}", in {rule.unit}; x is the lithium '
            "fraction",
            file=file,
        ) from None


def table(
    name: str, value: Mapping[str, object], columns: tuple[str, str], key: str, file: str | None
) -> tuple[Table, str]:
    """A function of x from points in any order: two lists, x first, under the names `columns`."""
    rule = PROPERTIES[name]
    first, second = columns
    like = {POTENTIAL: "[4.2, 3.8, 3.5]", ENTROPIC: "[1e-4, 0.0, -1e-4]"}
    like |= dict.fromkeys(STRAINS, "[0.03, 0.02, 0.0]")
    lists = "[0.3, 0.6, 0.9]", like.get(name, "[5e-15, 2e-14, 1e-14]")
    form = '{{"{}": {}, "{}": {}}}' if first == "x" else "{{{} = {}, {} = {}}}"  # JSON, or TOML
    cure = f"write {form.format(first, lists[0], second, lists[1])}, in {rule.unit}"
    if set(value) != set(columns):
        raise InputError(
            f"a table of the {name} has the two columns {first} and {second}",
            key=key,
            given=dict(value),
            cure=cure,
            file=file,
        )
    x = _column(value[first], PROPERTIES[WINDOW[0]], f"{key}.{first}", cure, file)
    values = _column(value[second], rule, f"{key}.{second}", cure, file)
    if len(x) != len(values):
        raise InputError(
            "the two columns need the same length",
            key=key,
            given=f"{len(x)} and {len(values)} points",
            cure=cure,
            file=file,
        )
    return through(name, x, values, key, file)


def through(
    name: str, x: Sequence[float], values: Sequence[float], key: str, file: str | None
) -> tuple[Table, str]:
    """The curve of the property `name` through points in any order, and what they are in words."""
    logarithmic = name == DIFFUSIVITY
    x, values, text = points.curve(x, values, logarithmic=logarithmic, key=key, file=file)
    return Table(x, values, logarithmic=logarithmic), text


def _column(
    entries: object, rule: Rule, key: str, cure: str, file: str | None
) -> tuple[float, ...]:
    if not isinstance(entries, list | tuple):
        raise InputError("not a list", key=key, given=entries, cure=cure, file=file)
    for number, point in enumerate(entries, 1):
        if isinstance(point, bool) or not isinstance(point, int | float):
            problem = "not a number"
        elif not math.isfinite(point):
            problem = "not a finite number"
        elif rule.admits(point):
            continue
        else:
            problem = "out of bounds"
        raise InputError(
            f"entry {number} of {len(entries)} is {problem}",
            key=key,
            given=point,
            allowed=f"numbers, {rule.bounds}",
            cure="correct it, or remove the point" if problem == "out of bounds" else cure,
            file=file,
        )
    return tuple(float(point) for point in entries)


def _built_in(name: str, key: str, file: str | None) -> tuple[Shape, str]:
    """An open-circuit potential from the name of a function."""
    if name in FITS:
        return FITS[name], name
    near = closest(name, FITS)
    raise InputError(
        "there is no such open-circuit potential",
        key=key,
        given=name,
        allowed=f'{", ".join(FITS)}; or a voltage such as "0.622 V"; or a formula in x such as '
        '"4.2 - 0.8*x"; or a file such as "ocp.csv"; or, in a material file, a table '
        "{stoichiometry = [..], potential = [..]} in V",
        cure=near and f"did you mean {near!r}?",
        file=file,
    )


def _number(value: object, rule: Rule, key: str, file: str | None) -> tuple[float, str]:
    """The number in the SI unit and the text it was written as."""

    def wrong(problem: str) -> InputError:
        cure = f"write it like {rule.written}"
        if rule.formula is not None:
            cure += f', or as a formula in x like "{rule.formula}"'
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
