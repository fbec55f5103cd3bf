"""Rules for keys that hold several values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticCustomError

from fem.case.rules import Rule, finite, refuse
from fem.frozen import FrozenMapping
from fem.units import Quantity


@dataclass(frozen=True)
class Items(Rule):
    """A list whose entries all follow one rule."""

    of: Rule
    pair: bool = False
    """Exactly two entries, the first below the second."""
    either: bool = False
    """A pair may also stand the other way round."""
    unique: bool = False
    alone: bool = False
    """A single entry may stand without brackets."""

    @property
    def kind(self) -> str:
        return f"{'pair' if self.pair else 'list'} of {self.of.kind}s"

    @property
    def allowed(self) -> str:
        if self.pair:
            how = "that differ" if self.either else "with a < b"
            return f"two entries [a, b] {how}, each {self.of.allowed}"
        words = f"a list{' without repeats' if self.unique else ''}, each entry {self.of.allowed}"
        return f"{words}; one alone may do without brackets" if self.alone else words

    @property
    def example(self) -> str:
        return f"[{self.of.example}]"

    def read(self, value: object) -> tuple[Any, ...]:
        if self.alone and not isinstance(value, list | tuple):
            return (self.of.read(value),)
        if not isinstance(value, list | tuple):
            raise refuse("not a list", allowed=self.allowed, cure="write it in brackets [ ]")
        entries = []
        for index, entry in enumerate(value):
            try:
                entries.append(self.of.read(entry))
            except PydanticCustomError as error:
                facts = error.context or {}
                raise refuse(**{**facts, "key": f"[{index}]", "given": entry}) from None
        low_high = sorted(entries) if self.either else entries
        if self.pair and (len(entries) != 2 or low_high[0] >= low_high[1]):
            how = "that differ" if self.either else "in rising order"
            raise refuse(f"not two entries {how}", allowed=self.allowed)
        if self.unique and len(set(entries)) < len(entries):
            raise refuse("an entry stands twice", allowed=self.allowed)
        return tuple(entries)

    def schema(self) -> dict[str, Any]:
        several = {
            "type": "array",
            "items": self.of.schema(),
            **({"minItems": 2, "maxItems": 2} if self.pair else {}),
            **({"uniqueItems": True} if self.unique else {}),
        }
        return {"anyOf": [self.of.schema(), several]} if self.alone else several


class Materials(Rule):
    """Tables of properties by material name: text or finite numbers, without nesting.

    Only the form is checked; which properties exist and in which unit is known to the library.
    """

    @property
    def kind(self) -> str:
        return "tables of properties"

    @property
    def allowed(self) -> str:
        return "a table a material, each property a number or text such as " + self.example

    @property
    def example(self) -> str:
        return 'ionic_conductivity = "0.3 S/m"'

    def read(self, value: object) -> FrozenMapping:
        if not isinstance(value, Mapping):
            raise refuse("not a table", allowed=self.allowed)
        return FrozenMapping({name: self._table(name, value[name]) for name in value})

    def _table(self, name: str, table: object) -> FrozenMapping:
        if not isinstance(table, Mapping):
            raise refuse(
                "not a table",
                key=name,
                given=table,
                allowed=self.allowed,
                cure=f"write the properties below [materials.{name}]",
            )
        held: dict[str, str | float] = {}
        for prop, value in table.items():
            text = value.text if isinstance(value, Quantity) else value
            number = text if isinstance(text, str) else finite(text)
            if number is None:
                raise refuse(
                    "neither text nor a finite number",
                    key=f"{name}.{prop}",
                    given=value,
                    allowed='"number unit" for a property with a dimension, else a number or text',
                )
            held[prop] = number
        return FrozenMapping(held)

    def schema(self) -> dict[str, Any]:
        properties = {"type": "object", "additionalProperties": {"type": ["string", "number"]}}
        return {"type": "object", "additionalProperties": properties}
