"""What never changes once made: mappings and tables of arrays, compared by what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


class FrozenMapping(Mapping[str, Any]):
    """A mapping that cannot be changed, and that can be hashed, copied, pickled and compared."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, Any] | None = None) -> None:
        object.__setattr__(self, "_items", dict(items or {}))

    def __getitem__(self, key: str) -> Any:
        return self._items[key]  # type: ignore[attr-defined]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)  # type: ignore[attr-defined]

    def __len__(self) -> int:
        return len(self._items)  # type: ignore[attr-defined]

    def __eq__(self, other: object) -> bool:
        return same(self, other) if isinstance(other, Mapping) else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(self.items()))

    def __or__(self, other: Mapping[str, Any]) -> dict[str, Any]:
        return {**self, **other}

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("this mapping is frozen")

    def __reduce__(self) -> tuple[Any, ...]:
        return _mapping, (dict(self),)

    def __repr__(self) -> str:
        return f"FrozenMapping({dict(self)!r})"


class Frozen:
    """Base of frozen dataclasses that hold arrays: equal if all that they hold is.

    Their arrays are read-only, also in a copy and in one from a pickle. Derive with
    ``@dataclass(frozen=True, eq=False)``.
    """

    __hash__ = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        _freeze(vars(self))

    def __eq__(self, other: object) -> bool:
        return _alike(self, other) if type(other) is type(self) else NotImplemented

    def __getstate__(self) -> dict[str, Any]:
        # Without what was computed from the fields and kept.
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    def __setstate__(self, state: dict[str, Any]) -> None:
        _freeze(state)
        self.__dict__.update(state)


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal: arrays by all their entries, nan like nan, tables by fields."""
    if one is other:
        return True
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
            return False
        numbers = one.dtype.kind in "fc" and other.dtype.kind in "fc"
        return bool(np.array_equal(one, other, equal_nan=numbers))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and type(one) is type(other):
        return len(one) == len(other) and all(map(same, one, other))
    if is_dataclass(one) and type(one) is type(other) and not isinstance(one, Frozen):
        return _alike(one, other)
    return bool(one == other) or bool(one != one and other != other)


def _alike(one: Any, other: Any) -> bool:
    """Whether two tables of one class hold the same in all fields that count."""
    names = [field.name for field in fields(one) if field.compare]
    return all(same(getattr(one, name), getattr(other, name)) for name in names)


def _mapping(items: dict[str, Any]) -> FrozenMapping:
    """A mapping from its pickle or its copy."""
    _freeze(items)
    return FrozenMapping(items)


def _freeze(items: Mapping[str, Any]) -> None:
    """Make the arrays among values read-only, and those of mappings among them."""
    for value in items.values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
        elif isinstance(value, Mapping):
            _freeze(value)
