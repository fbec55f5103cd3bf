"""Tables of a file as read: what they are of, and changing keys by their dotted names."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from fem.errors import InputError

_STEP = re.compile(r"([A-Za-z0-9_-]+)((?:\[\d+\])*)")


def parse_overrides(texts: Iterable[str]) -> dict[str, Any]:
    """``["mesh.size=2 um", ...]`` as changes for `Case.replace`.

    A value is read as TOML, or else as a string. Of two changes to one key the last one wins.
    """
    changes: dict[str, Any] = {}
    for text in texts:
        key, equals, value = (part.strip() for part in text.partition("="))
        # Bytes that a terminal could not decode arrive as lone surrogates, which no file can hold.
        if not equals or not key or any("\ud800" <= letter <= "\udfff" for letter in text):
            raise InputError(
                "not an override",
                given=text,
                allowed='KEY=VALUE, such as mesh.size="2 um"',
            )
        split_key(key)
        changes.pop(key, None)  # so that the order is that of the last mention
        changes[key] = _value(value)
    return changes


def is_sweep(tables: Mapping[str, Any]) -> bool:
    """Whether the tables of a file are those of a sweep: it names a case and draws no cell."""
    return "case" in tables and "geometry" not in tables


def _value(text: str) -> Any:
    try:
        read = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return read["value"] if set(read) == {"value"} else text


def split_key(key: str) -> list[str | int]:
    """``a.b[0].c`` as ``["a", "b", 0, "c"]``."""
    steps: list[str | int] = []
    for part in key.split("."):
        match = _STEP.fullmatch(part)
        if match is None:
            raise InputError(
                "not a key",
                key=key,
                allowed="names joined by dots, such as geometry.anode.protrusions[0].depth",
            )
        steps.append(match[1])
        steps += [int(index) for index in re.findall(r"\d+", match[2])]
    return steps


def set_key(data: dict[str, Any], key: str, value: Any) -> None:
    """Set `key` in nested dicts and lists; `None` removes it.

    Tables on the way are made as needed: whether a key exists is for validation to say. Lists are
    never made or made longer.
    """
    steps: list[Any] = split_key(key)
    place: Any = data
    for step, following in pairwise(steps):
        _require(place, step, key)
        if isinstance(step, str):
            # An index needs a list that is there; a name may need a new table.
            place = place.setdefault(step, [] if isinstance(following, int) else {})
        else:
            place = place[step]
    last = steps[-1]
    _require(place, last, key)
    if value is not None:
        place[last] = value
    elif isinstance(last, int) or last in place:
        del place[last]


def _require(place: Any, step: str | int, key: str) -> None:
    """Refuse a name in something that is no table, and an index that is not in a list."""
    if isinstance(step, str) and not isinstance(place, dict):
        what = "a list: give an index, such as [0]" if isinstance(place, list) else "a value"
        raise InputError(f"{step!r} cannot be set, as what holds it is {what}", key=key)
    if isinstance(step, int):
        if not isinstance(place, list):
            raise InputError(f"[{step}] cannot be set, as there is no list", key=key)
        if step >= len(place):
            raise InputError(
                f"index {step} is out of range",
                key=key,
                allowed=f"0 to {len(place) - 1}" if place else "no index: the list is empty",
                cure="replace the list whole to make it longer",
            )
