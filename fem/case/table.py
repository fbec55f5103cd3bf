"""The base of all tables of a case file, and their plain form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from fem.units import Quantity


class Table(BaseModel):
    """A table of the case file: frozen, and closed to keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("_"):
            raise AttributeError("a case never changes; case.replace({...}) returns another one")
        super().__setattr__(name, value)

    def idle(self) -> frozenset[str]:
        """Names of keys that have no effect beside the others: left out of text and hash."""
        return frozenset()


def by_kind(default: str, key: str = "kind") -> Callable[[object], str | None]:
    """What tells kinds of a table apart: the tag ``key=...``; `None` for what is no table."""

    def tag(value: object) -> str | None:
        if isinstance(value, Mapping):
            return f"{key}={value.get(key, default)}"
        return f"{key}={getattr(value, key, default)}" if isinstance(value, Table) else None

    return tag


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Dotted keys and values as text of nested dicts and lists; lists of scalars stay together."""
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from flat(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for index, item in enumerate(value):
            yield from flat(item, f"{path}[{index}]")
    elif isinstance(value, list):
        yield path, ", ".join(str(item) for item in value) or "none"
    elif isinstance(value, bool):
        yield path, str(value).lower()
    else:
        yield path, "none" if value in ({}, "") else str(value)


@dataclass(frozen=True)
class ByName:
    """The `name` of a kind is short for a table of that kind with nothing else in it."""

    name: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(
            lambda value: {"kind": value} if isinstance(value, str) else value, handler(source)
        )

    def __get_pydantic_json_schema__(
        self, core: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [handler(core), {"type": "string", "enum": [self.name]}]}


def plain(value: Any, quantity: Any = lambda q: q.text, *, explicit: bool = False) -> Any:
    """`value` as dicts, lists and scalars, without keys that are `None` or idle.

    Parameters
    ----------
    quantity
        What to write for a `Quantity`: by default the text the user wrote.
    explicit
        Leave out what was not given but filled in by default.
    """
    if isinstance(value, Table):
        names = value.model_fields_set if explicit else type(value).model_fields.keys()
        kept = [n for n in type(value).model_fields if n in names and n not in value.idle()]
        items = {name: getattr(value, name) for name in kept}
        return {
            name: plain(item, quantity, explicit=explicit)
            for name, item in items.items()
            if item is not None
        }
    if isinstance(value, Mapping):
        return {str(name): plain(item, quantity, explicit=explicit) for name, item in value.items()}
    if isinstance(value, PurePath):
        return value.as_posix()
    if isinstance(value, tuple | list):
        return [plain(item, quantity, explicit=explicit) for item in value]
    return quantity(value) if isinstance(value, Quantity) else value
