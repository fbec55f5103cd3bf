"""An open-circuit potential from a table in a file, in the forms in which people publish them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.errors import InputError
from fem.materials.properties import POTENTIAL, PROPERTIES, WINDOW
from fem.text import Column, Sheet

_ROLES: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        role: re.compile(pattern)
        for role, pattern in {
            "charge": r"soc\b|state of charge|dod\b|depth of discharge|.*capacity|q\b|.*charge"
            r"|.*delithiation",
            "stoichiometry": r"x\b|.*stoichiometr|sto\b|.*lithiation"
            r"|(lithium|li) (fraction|content)",
            "potential": r".*ocp|.*ocv|.*potential|.*voltage|[uve]\b|ewe|emf",
        }.items()
    }
)
"""What columns are called, in small letters and without their unit."""
HIGHEST = 10.0
"""In V: beyond it a number is no potential against lithium."""
_HEADS = "write the names of the columns into the first line: x, or SOC or capacity; and OCP / V"


def points(
    sheet: Sheet, window: tuple[float | None, float | None], key: str, file: str | None
) -> tuple[list[float], list[float], str]:
    """Lithium fractions and potentials in V of a table, and what was read as what, in words.

    The columns are told apart by their names or, of two without names, by their numbers: lithium
    fractions lie between 0 and 1. A capacity or a state of charge is laid linearly over the
    `window`, the lithium fraction rising as the potential falls.

    Raises
    ------
    InputError
        If it is not clear which column is which, or a window is missing.
    """
    if not len(sheet):
        raise _unclear(sheet, "there are no rows of numbers", key, file)
    abscissa, potential, role = _columns(sheet, key, file)
    values = np.array(potential.numbers) * (1e-3 if re.search(r"\bmV\b", potential.name) else 1.0)
    if (np.abs(values) > HIGHEST).any():
        line, cell = _first(potential, np.abs(values) > HIGHEST)
        raise InputError(
            f"line {line}: no potential against lithium in V",
            key=key,
            given=cell,
            allowed=f"at most {HIGHEST:g} V",
            cure="name the column with its unit: OCP / mV",
            file=sheet.file,
        )
    x = np.array(abscissa.numbers)
    name = f"{abscissa.name!r}" if abscissa.name else "the other column"
    rising = float((x - x.mean()) @ (values - values.mean())) > 0.0
    if role == "stoichiometry":
        x = x / 100.0 if "%" in abscissa.name else x
        rule = PROPERTIES[WINDOW[0]]
        wrong = ~np.array([rule.admits(each) for each in x])
        if wrong.any():
            line, cell = _first(abscissa, wrong)
            raise InputError(
                f"line {line}: a lithium fraction beyond {rule.lower:g} to {rule.upper:g}",
                key=key,
                given=cell,
                allowed=rule.bounds,
                cure="correct or remove the line; a capacity or a state of charge is named so in "
                "the first line",
                file=sheet.file,
            )
        if rising and not abscissa.name and values[x.argmax()] - values[x.argmin()] > 0.05:
            raise _unclear(
                sheet, "the potential rises with what would be the lithium fraction", key, file
            )
        return x.tolist(), values.tolist(), ""
    low, high = window
    if low is None or high is None:
        raise InputError(
            f"the file gives the potential over {name}, not over the lithium fraction",
            key=key,
            given=sheet.file,
            allowed=f"with {' and '.join(WINDOW)}, the fractions at its ends",
            cure=f"add them beside it, such as {WINDOW[0]} = 0.27 where the potential is highest "
            f"and {WINDOW[1]} = 0.91 where it is lowest",
            file=file,
        )
    share = (x - x.min()) / np.ptp(x) if np.ptp(x) else np.zeros_like(x)
    share = 1.0 - share if rising else share
    said = f"{name} laid over x from {low:g} to {high:g}"
    return (low + (high - low) * share).tolist(), values.tolist(), said


def _columns(sheet: Sheet, key: str, file: str | None) -> tuple[Column, Column, str]:
    """The column of x or of charge, that of the potential, and which of both the former is."""
    found: dict[str, list[Column]] = {role: [] for role in (*_ROLES, "")}
    for column in sheet.columns:
        base = re.split(r"[\[(/|,]", column.name)[0].strip().lower()
        found[next((r for r, pattern in _ROLES.items() if pattern.match(base)), "")].append(column)
    potentials = found["potential"]
    if len(potentials) > 1:
        raise _unclear(sheet, "several columns may hold the potential", key, file)
    rest = [column for column in sheet.columns if column not in potentials]
    for role in ("stoichiometry", "charge"):
        if len(found[role]) == 1:
            if not potentials and len(rest) == 2:
                potentials = [column for column in rest if column not in found[role]]
            if potentials:
                return found[role][0], potentials[0], role
    if len(sheet.columns) != 2:
        raise _unclear(sheet, "it is not clear which columns to take", key, file)
    one, two = sheet.columns
    if potentials:
        return rest[0], potentials[0], "stoichiometry" if _fractions(rest[0]) else "charge"
    if _fractions(one) != _fractions(two):
        return (one, two, "stoichiometry") if _fractions(one) else (two, one, "stoichiometry")
    volts = [max(map(abs, column.numbers)) <= 0.6 * HIGHEST for column in (one, two)]
    if volts[0] != volts[1]:
        return (two, one, "charge") if volts[0] else (one, two, "charge")
    raise _unclear(sheet, "it is not clear which column is the potential", key, file)


def _fractions(column: Column) -> bool:
    return all(0.0 <= number <= 1.0 for number in column.numbers)


def _first(column: Column, wrong: NDArray[Any]) -> tuple[int, str]:
    """Line and cell of the first wrong row of a column."""
    row = int(np.flatnonzero(wrong)[0])
    return column.lines[row], column.cells[row]


def _unclear(sheet: Sheet, problem: str, key: str, file: str | None) -> InputError:
    names = ", ".join(repr(name) for name in sheet.names)
    return InputError(
        f"{problem} in {sheet.file}",
        key=key,
        given=f"{len(sheet.columns)} columns" + (f": {names}" if any(sheet.names) else ""),
        allowed=f"two columns: lithium fraction or charge, and {POTENTIAL} in V",
        cure=_HEADS + "; with decimal commas, part the columns by semicolons",
        file=file,
    )
