"""JSON as text: a key that stands twice is an error, as it is in TOML."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fem.errors import InputError


def read_json(text: str, file: str | None = None, cure: str | None = None) -> Any:
    """What a JSON text says.

    Raises
    ------
    InputError
        If it is not valid, with the line; or if a table holds a key twice, with its dotted path.
        `cure` says what else the file might be meant to be.
    """
    try:
        document = json.loads(text, object_pairs_hook=_table)
    except json.JSONDecodeError as error:
        line = (text.splitlines() or [""])[min(error.lineno, text.count("\n") + 1) - 1 :]
        raise InputError(
            f"not valid JSON: {error}",
            file=file,
            given=line[0].strip() or None if line else None,
            cure=cure,
        ) from None
    except (RecursionError, ValueError) as error:
        # An integer of more digits than Python reads is a ValueError.
        reason = "nested too deeply" if isinstance(error, RecursionError) else error
        raise InputError(f"not valid JSON: {reason}", file=file, cure=cure) from None
    for key, values in _twice(document, ""):
        raise InputError(
            "this key stands twice in its table",
            key=key,
            given=values,
            cure="remove all but one",
            file=file,
        )
    return document


class _Doubled(dict[str, Any]):
    """A table some keys of which stood more than once, with all of their values."""

    values_of: dict[str, list[Any]]


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) == len(pairs):
        return table
    doubled = _Doubled(table)
    doubled.values_of = {}
    for key in table:
        values = [value for name, value in pairs if name == key]
        if len(values) > 1:
            doubled.values_of[key] = values
    return doubled


def _twice(document: Any, path: str) -> Iterator[tuple[str, list[Any]]]:
    """Keys that stand twice, with their values; the outermost first."""
    if isinstance(document, _Doubled):
        yield from ((path + key, values) for key, values in document.values_of.items())
    if isinstance(document, dict):
        for key, value in document.items():
            yield from _twice(value, f"{path}{key}.")
    elif isinstance(document, list):
        for number, value in enumerate(document):
            yield from _twice(value, f"{path.removesuffix('.')}[{number}].")
