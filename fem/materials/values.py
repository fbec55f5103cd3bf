"""Reading values as users write them: numbers with units, formulas, tables, names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from fem.errors import InputError, closest
from fem.materials.formula import FUNCTIONS, Formula
from fem.materials.potentials import FITS
from fem.materials.properties import DIFFUSIVITY, POTENTIAL, PROPERTIES, WINDOW, Rule
from fem.materials.shapes import Constant, Shape, Table
from fem.units import Quantity, parse

_ID = re.compile(r"[A-Za-z]\w*", re.ASCII)
_X = re.compile(r"\bx\b")


def text_of(path: Path) -> str:
    """The text of a user's material file."""
    try:
        return path.read_text(encoding="utf-8")
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
    return Constant(number) if name == POTENTIAL else number, text


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
    """A function of x from points: two lists, x first, under the names `columns`."""
    rule = PROPERTIES[name]
    first, second = columns
    points = "[0.3, 0.6, 0.9]", "[4.2, 3.8, 3.5]" if name == POTENTIAL else "[5e-15, 2e-14, 1e-14]"
    cure = f"write {{{first} = {points[0]}, {second} = {points[1]}}}, in {rule.unit}"
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
    if len(x) != len(values) or len(x) < 2:
        raise InputError(
            "the two columns need the same length, of two points or more",
            key=key,
            given=f"{len(x)} and {len(values)} points",
            cure=cure,
            file=file,
        )
    if any(right <= left for left, right in pairwise(x)):
        raise InputError(
            "the stoichiometry must increase from point to point",
            key=f"{key}.{first}",
            given=list(x),
            cure=cure,
            file=file,
        )
    text = f"table of {len(x)} points, x from {x[0]:g} to {x[-1]:g}"
    return Table(x, values, logarithmic=name == DIFFUSIVITY), text


def _column(points: object, rule: Rule, key: str, cure: str, file: str | None) -> tuple[float, ...]:
    if isinstance(points, list | tuple) and all(
        isinstance(point, int | float) and not isinstance(point, bool) and rule.admits(point)
        for point in points
    ):
        return tuple(float(point) for point in points)
    raise InputError(
        "not a list of numbers", key=key, given=points, allowed=rule.bounds, cure=cure, file=file
    )


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
        '"4.2 - 0.8*x"; or a table {stoichiometry = [..], potential = [..]} in V',
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
