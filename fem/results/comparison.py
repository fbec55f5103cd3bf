"""What differs between finished runs: keys of their cases, and their numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fem.case.table import flat
from fem.results.numbers import all_numbers
from fem.results.quantities import find
from fem.results.result import Result

ABSENT = "-"
"""Stands where a run has no such key or number."""
EQUAL = 1e-6
"""Relative difference up to which numbers are equal: what solvers leave."""
_NOT_COMPARED = ("seconds_", "newton_residual")
"""What says how a run went, not what came out."""


@dataclass(frozen=True)
class Row:
    """A key or a number with what each run has.

    Attributes
    ----------
    name, label, unit
        The dotted key, or the name of the metric, its label in words and the unit for people; of a
        key both are empty.
    values
        As people read them, one a run; `ABSENT` where there is none.
    raw
        As they stand in files, in SI units; `None` where there is none.
    """

    name: str
    label: str
    unit: str
    values: tuple[str, ...]
    raw: tuple[Any, ...]


def keys_that_differ(results: Sequence[Result]) -> list[Row]:
    """Keys of the cases that do not say the same, in the order of the case file."""
    tables = [dict(flat(result.case.to_dict())) for result in results]
    found = dict.fromkeys(name for table in tables for name in table if name != "title")
    places: dict[str, int] = {}
    for name in found:
        places.setdefault(_place(name), len(places))
    names = sorted(found, key=lambda name: places[_place(name)])
    rows = []
    for name in names:
        values = tuple(table.get(name, ABSENT) for table in tables)
        if len(set(values)) > 1:
            rows.append(Row(name, "", "", values, tuple(table.get(name) for table in tables)))
    return rows


def _place(name: str) -> str:
    """The first two words of a key, by which keys that only some cases have find their place."""
    return ".".join(name.partition("[")[0].split(".")[:2])


def numbers_that_differ(results: Sequence[Result]) -> tuple[list[Row], int]:
    """Numbers that are not the same in all runs, in declared order, and how many are.

    Times on the clock of the machine are neither.
    """
    shown = [
        {
            number.name: number
            for section in all_numbers(result.metrics).values()
            for number in section
        }
        for result in results
    ]
    merged: dict[str, Any] = {}
    for result in results:
        merged = {**result.metrics, **merged}
    rows, equal = [], 0
    for section in all_numbers(merged).values():
        for number in section:
            if number.name.startswith(_NOT_COMPARED):
                continue
            raw = tuple(result.metrics.get(number.name) for result in results)
            if all(_same(number.name, raw[0], other) for other in raw[1:]):
                equal += 1
                continue
            found = [each.get(number.name) for each in shown]
            values = tuple(each.value if each is not None else ABSENT for each in found)
            quantity = find(number.name)
            label = quantity.label if quantity is not None else number.label
            rows.append(Row(number.name, label, number.unit, values, raw))
    return rows, equal


def _same(name: str, one: Any, other: Any) -> bool:
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(_same(name, a, b) for a, b in pairs)
    if isinstance(one, int | float) and isinstance(other, int | float):
        quantity = find(name)
        a, b = (value if quantity is None else quantity.cleared(value) for value in (one, other))
        return math.isclose(a, b, rel_tol=EQUAL)
    return bool(one == other)
