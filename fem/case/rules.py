"""What a single key accepts.

A rule stands in the annotation of a field (``Annotated[Quantity, Dimension(...)]``) and is the one
definition from which validation, error text, the JSON schema and the reference page all follow.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, get_args

from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from fem.errors import closest
from fem.units import NOTHING_OF_IT, NUMBER, Quantity, parse

NUMBER_UNIT = rf"^\s*{NUMBER}{NOTHING_OF_IT}\s*\S.*$"


def refuse(
    problem: str,
    *,
    key: str = "",
    given: object = None,
    allowed: str | None = None,
    cure: str | None = None,
) -> PydanticCustomError:
    """The error to raise from a validator; `key` is relative to the place that is validated."""
    facts = {"problem": problem, "key": key, "given": given, "allowed": allowed, "cure": cure}
    return PydanticCustomError("case", "{problem}", facts)


class Rule(ABC):
    """What one key accepts."""

    @property
    @abstractmethod
    def kind(self) -> str:
        """Type of the value in a word or two, such as ``length`` or ``whole number``."""

    @property
    @abstractmethod
    def allowed(self) -> str:
        """Everything that is accepted, as a phrase."""

    @property
    @abstractmethod
    def example(self) -> str:
        """An accepted value as TOML text."""

    @abstractmethod
    def read(self, value: object) -> Any:
        """`value` in the form a case holds it; raises `refuse(...)`."""

    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """The rule as JSON schema."""

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, core: object, handler: object) -> dict[str, Any]:
        return self.schema()


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Limits of a number, in SI units where it has a dimension."""

    gt: float | None = None
    ge: float | None = None
    lt: float | None = None
    le: float | None = None
    nonzero: str = ""
    """Why 0 is refused; empty if it is not."""

    def broken(self, value: float, unit: str = "") -> str | None:
        """The first limit that `value` breaks, as a phrase; `None` if it keeps all."""
        checks = (
            (self.gt is None or value > self.gt, "above", self.gt),
            (self.ge is None or value >= self.ge, "at least", self.ge),
            (self.lt is None or value < self.lt, "below", self.lt),
            (self.le is None or value <= self.le, "at most", self.le),
        )
        for kept, word, limit in checks:
            if not kept and limit is not None:
                return _limit(word, limit, unit)
        return "other than 0" if self.nonzero and value == 0 else None

    def phrase(self, unit: str = "") -> str:
        limits = (
            ("above", self.gt),
            ("at least", self.ge),
            ("below", self.lt),
            ("at most", self.le),
        )
        parts = [_limit(word, limit, unit) for word, limit in limits if limit is not None]
        if self.nonzero:
            parts.append("other than 0")
        return " and ".join(parts)

    def schema(self, prefix: str = "") -> dict[str, Any]:
        limits = {
            "exclusiveMinimum": self.gt,
            "minimum": self.ge,
            "exclusiveMaximum": self.lt,
            "maximum": self.le,
        }
        return {prefix + name: limit for name, limit in limits.items() if limit is not None}


def _limit(word: str, limit: float, unit: str) -> str:
    return f"{word} {limit:g}" + (f" {unit}" if unit and limit else "")


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _with_bounds(noun: str, phrase: str) -> str:
    of = "of " if phrase.startswith("at ") else ""
    return f"{_article(noun)} {of}{phrase}" if phrase else _article(noun)


@dataclass(frozen=True)
class Dimension(Rule):
    """A value with a unit, written as text; held as a `Quantity` in the SI unit `si`."""

    si: str
    name: str
    bounds: Bounds
    sample: str

    @property
    def kind(self) -> str:
        return self.name

    @property
    def allowed(self) -> str:
        return f"{_with_bounds(self.name, self.bounds.phrase(self.si))}, such as {self.example}"

    @property
    def example(self) -> str:
        return f'"{self.sample}"'

    def read(self, value: object) -> Quantity:
        # A quantity carries the text of its unit, so that its dimension is checked again here.
        text = value.text if isinstance(value, Quantity) else value
        if isinstance(text, Real) and not isinstance(text, bool):
            raise refuse(
                f"a bare number where {_article(self.name)} is needed",
                allowed=self.allowed,
                cure=f"write it with a unit, such as {self.example}",
            )
        if not isinstance(text, str):
            raise refuse(f"not {_article(self.name)}", allowed=self.allowed)
        try:
            quantity = parse(text, self.si)
        except ValueError as error:
            raise refuse(str(error), allowed=self.allowed) from None
        if limit := self.bounds.broken(quantity, self.si):
            cure = self.bounds.nonzero if not quantity else None
            raise refuse(f"the {self.name} has to be {limit}", allowed=self.allowed, cure=cure)
        return quantity

    def schema(self) -> dict[str, Any]:
        nonzero = {"x-nonzero": True} if self.bounds.nonzero else {}
        return {
            "type": "string",
            "pattern": NUMBER_UNIT,
            "x-unit": self.si,
            **self.bounds.schema("x-"),
            **nonzero,
            "examples": [self.sample],
        }


@dataclass(frozen=True)
class DimensionOr(Dimension):
    """The same, or a word that stands for an infinite value."""

    word: str

    @property
    def allowed(self) -> str:
        return f'{super().allowed}, or "{self.word}"'

    def read(self, value: object) -> Quantity:
        text = value.text if isinstance(value, Quantity) else value
        return Quantity(math.inf, self.word) if text == self.word else super().read(value)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [super().schema(), {"const": self.word}], "examples": [self.sample]}


@dataclass(frozen=True)
class _Plain(Rule):
    """A number without dimension, of either kind."""

    bounds: Bounds
    sample: float

    @property
    def allowed(self) -> str:
        return f"{_with_bounds(self.kind, self.bounds.phrase())}, such as {self.example}"

    @property
    def example(self) -> str:
        return repr(self.sample)


@dataclass(frozen=True)
class Number(_Plain):
    """A number without dimension."""

    @property
    def kind(self) -> str:
        return "number"

    def read(self, value: object) -> float:
        if isinstance(value, str):
            raise refuse(
                "text where a number is needed",
                allowed=self.allowed,
                cure="write a plain number, without quotes or a unit",
            )
        number = finite(value)
        if number is None:
            raise refuse("not a finite number", allowed=self.allowed)
        if limit := self.bounds.broken(number):
            raise refuse(f"the number has to be {limit}", allowed=self.allowed)
        return number

    def schema(self) -> dict[str, Any]:
        return {"type": "number", **self.bounds.schema()}


@dataclass(frozen=True)
class Whole(_Plain):
    """A whole number."""

    @property
    def kind(self) -> str:
        return "whole number"

    def read(self, value: object) -> int:
        number = whole(value)
        if number is None:
            raise refuse(
                "not a whole number",
                allowed=self.allowed,
                cure="write it without quotes, unit or decimals",
            )
        if limit := self.bounds.broken(number):
            raise refuse(f"the number has to be {limit}", allowed=self.allowed)
        return number

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", **self.bounds.schema()}


@dataclass(frozen=True)
class Text(Rule):
    """Text; `noun` says what it stands for."""

    noun: str = "text"
    sample: str = "a title"
    empty: bool = False

    @property
    def kind(self) -> str:
        return self.noun

    @property
    def allowed(self) -> str:
        return f"text in quotes, such as {self.example}"

    @property
    def example(self) -> str:
        return f'"{self.sample}"'

    def read(self, value: object) -> str:
        if not isinstance(value, str):
            raise refuse("not text", allowed=self.allowed, cure="write it in quotes")
        if not value.strip() and not self.empty:
            raise refuse(f"an empty {self.noun}", allowed=self.allowed)
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "string"} | ({} if self.empty else {"pattern": r"\S"})


@dataclass(frozen=True)
class Flag(Rule):
    """True or false."""

    @property
    def kind(self) -> str:
        return "true or false"

    @property
    def allowed(self) -> str:
        return "true or false, without quotes"

    @property
    def example(self) -> str:
        return "true"

    def read(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise refuse("neither true nor false", allowed=self.allowed)
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


class Choice(Rule):
    """One of the words of a `Literal` type."""

    def __init__(self, literal: object) -> None:
        self.options: tuple[str, ...] = get_args(literal)

    @property
    def kind(self) -> str:
        return "choice"

    @property
    def allowed(self) -> str:
        return " or ".join(f'"{option}"' for option in self.options)

    @property
    def example(self) -> str:
        return f'"{self.options[0]}"'

    def read(self, value: object) -> str:
        if not isinstance(value, str) or value not in self.options:
            raise refuse(
                "not a choice of this key",
                allowed=self.allowed,
                cure=did_you_mean(value, self.options),
            )
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.options)}


def finite(value: object) -> float | None:
    """`value` as a float if it is a finite number (no bool, no text), else `None`."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:  # an integer beyond the range of floats
        return None
    return number + 0.0 if math.isfinite(number) else None  # minus zero becomes zero


def whole(value: object) -> int | None:
    """`value` as an integer if it is a whole number, also one stored as 3.0; else `None`."""
    if isinstance(value, Integral) and not isinstance(value, bool):
        return int(value)
    number = finite(value)
    return int(number) if number is not None and number.is_integer() else None


def did_you_mean(name: object, names: tuple[str, ...]) -> str | None:
    """A cure that names the closest of `names`, if one is close."""
    match = closest(str(name), names)
    return f"did you mean {match}?" if match else None
