"""TOML as text: what people write instead of it is shown with its line and the way to write it."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from fem.errors import InputError

_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
_LEFT_OUT = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'|#[^\n]*")
"""Text in quotes, and comments: brackets in them open nothing."""
_NAME = r"""[\w.'"µ-]+"""
_VALUES = (
    (r"[“”„‘’]", "quotes are straight", lambda value: re.sub("[“”„‘’]", '"', value)),
    (r"[Tt]rue|TRUE|[Ff]alse|FALSE", "it is written in small letters", str.lower),
    (r"[+-]?\d+,\d+$", "decimals are written with a point", lambda value: value.replace(",", ".")),
    (r"[+-]?\.\d", "a number begins with a digit", lambda value: value.replace(".", "0.", 1)),
    (r"[+-]?[\d.]+(?:[eE][+-]?\d+)?\s*[^\W\d]", "a value with a unit stands in quotes", '"{}"'),
    (r"[^\W\d][\w./\\:-]*$", "text stands in quotes", '"{}"'),
)
"""Values as people write them, what is wrong, and how to write them."""


def read_toml(text: str, file: str | None = None) -> dict[str, Any]:
    """The tables of a TOML text.

    Raises
    ------
    InputError
        If it is not valid; with line and column, the line itself, and how to write it if it is
        known what was meant.
    """
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise InputError("not valid TOML: nested too deeply", file=file) from None
    except ValueError as error:
        place = _PLACE.search(str(error))
        problem = f"not valid TOML: {error}"
        if place is None:
            raise InputError(problem, file=file) from None
        number, column = int(place[1]), int(place[2])
        lines = text.split("\n")
        shown = lines[number - 1].strip() if number <= len(lines) else ""
        raise InputError(
            problem,
            file=file,
            given=shown or None,
            cure=_cure(str(error), lines, number, column),
        ) from None


def _cure(error: str, lines: list[str], number: int, column: int) -> str | None:
    """How to write what stands at a place of a TOML text; `None` if that is not known."""
    line = lines[number - 1] if number <= len(lines) else ""
    before = "\n".join([*lines[: number - 1], line[: column - 1]])
    if match := re.search(r"Duplicate inline table key '(.+?)'", error):
        return f"{match[1]} stands twice between {{ and }}: remove one of the two"
    if "overwrite" in error or "twice" in error or "mutate" in error:
        return _first(lines, number)
    open_ = _LEFT_OUT.sub("", before)
    if open_.count("{") > open_.count("}"):
        return _inline(lines, number, open_, line[column - 1 :])
    if "Unescaped" in error or "escape" in error.lower():
        return "write / for \\ in a path, or single quotes: 'C:\\data\\cell.csv'"
    if match := re.match(rf"\s*({_NAME})\s*:\s*(.+)", line):
        return f"a key and its value are joined by =: {match[1]} = {match[2]}"
    if match := re.match(rf"\s*({_NAME})\s*=\s*(.+?)\s*(?:#.*)?$", line):
        name, value = match[1], match[2]
        for pattern, rule, write in _VALUES:
            if re.match(pattern, value):
                right = write.format(value) if isinstance(write, str) else write(value)
                return f"{rule}: {name} = {right}"
    return None


def _inline(lines: list[str], number: int, before: str, after: str) -> str:
    """The cure for an inline table that is not closed on its line."""
    if re.search(r",\s*$", before) and after.lstrip().startswith("}"):
        return "no comma stands before the } of an inline table"
    headers = (re.match(r"\s*\[\[?\s*([^\[\]]+?)\s*\]", line) for line in lines[:number])
    above = [header[1] for header in headers if header]
    opened = re.search(
        rf"({_NAME})\s*=\s*(\[?)[^=\n]*(?:\{{[^{{}}]*\}}\s*,\s*)*\{{[^{{}}]*$", before
    )
    if opened is None:
        return "an inline table { .. } stands on one line"
    name, many = ".".join([*above[-1:], opened[1]]), bool(opened[2])
    return (
        "an inline table { .. } stands on one line"
        + (", of which a list [ .. ] may have many" if many else "")
        + f"; or write {f'[[{name}]]' if many else f'[{name}]'} and its keys below, a line each"
    )


def _first(lines: list[str], number: int) -> str:
    """The cure for what stands twice: where it stood first."""
    line = lines[number - 1].split("#")[0].strip()
    if line.startswith("["):
        name = line.strip("[] ")
        for above, text in enumerate(lines[: number - 1], 1):
            if text.split("#")[0].strip() == line or re.match(rf"\s*{re.escape(name)}\s*=", text):
                return (
                    f"it is already given on line {above} ({text.strip()}): "
                    f"move the keys of line {number} on there, and remove this line"
                )
        return f"{name} is already given above: keep one of the two"
    name = line.partition("=")[0].strip()
    for above in range(number - 1, 0, -1):
        text = lines[above - 1]
        if re.match(rf"\s*{re.escape(name)}\s*[=.]", text):
            return (
                f"{name} is already given on line {above} ({text.strip()}): remove one of the two"
            )
        if text.lstrip().startswith("["):
            break
    return f"{name} is already given above: remove one of the two"
