"""The keys of a case file, found by walking the tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from fem.case.rules import Choice, Rule

SELECTORS = ("kind", "layout")
"""Keys that tell kinds of a table apart."""


@dataclass(frozen=True)
class Tables:
    """The form of a key that holds a table, one of several kinds of table, or a list of tables."""

    models: tuple[type[BaseModel], ...]
    many: bool = False


@dataclass(frozen=True)
class Key:
    """One key: its dotted path (``[]`` after a list of tables), its field and what it accepts."""

    path: str
    info: FieldInfo
    form: Rule | Tables
    owner: type[BaseModel]


def form_of(annotation: Any, metadata: Iterable[object] = ()) -> Rule | Tables:
    """What a field accepts, from its annotation."""
    for item in metadata:
        if isinstance(item, Rule):
            return item
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return form_of(args[0], args[1:])
    if origin in (Union, UnionType):
        forms = [form_of(arg) for arg in args if arg is not type(None)]
        if len(forms) == 1:
            return forms[0]
        return Tables(tuple(m for form in forms if isinstance(form, Tables) for m in form.models))
    if origin is tuple:
        entry = form_of(args[0])
        assert isinstance(entry, Tables), "a list of values needs the rule Items"
        return Tables(entry.models, many=True)
    assert isinstance(annotation, type) and issubclass(annotation, BaseModel), annotation
    return Tables((annotation,))


def fields(model: type[BaseModel]) -> dict[str, tuple[FieldInfo, Rule | Tables]]:
    return {
        name: (info, form_of(info.annotation, info.metadata))
        for name, info in model.model_fields.items()
    }


def walk(
    model: type[BaseModel], prefix: str = "", above: tuple[type[BaseModel], ...] = ()
) -> Iterator[Key]:
    """All keys of `model` in the order of the file; tables before what they hold.

    A table that may hold its own kind again is entered once.
    """
    for name, (info, form) in fields(model).items():
        path = prefix + name
        yield Key(path, info, form, model)
        if isinstance(form, Tables):
            for table in form.models:
                if table not in (*above, model):
                    inner = path + ("[]." if form.many else ".")
                    yield from walk(table, inner, (*above, model))


def selector_of(model: type[BaseModel]) -> tuple[str, str] | None:
    """The key and its value that select `model` among several kinds of table."""
    for key in SELECTORS:
        rule = fields(model).get(key, (None, None))[1]
        if isinstance(rule, Choice) and len(rule.options) == 1:
            return key, rule.options[0]
    return None


def tables_at(model: type[BaseModel], place: Iterable[str | int]) -> tuple[type[BaseModel], ...]:
    """The kinds of table that may stand at `place`; list indices do not matter."""
    models: tuple[type[BaseModel], ...] = (model,)
    for name in place:
        if isinstance(name, int):
            continue
        forms = [fields(m)[name][1] for m in models if name in m.model_fields]
        models = tuple(m for form in forms if isinstance(form, Tables) for m in form.models)
    return models


def names(path: str) -> tuple[str, ...]:
    """The names in a dotted path, without list indices."""
    return tuple(re.sub(r"\[\d*\]", "", path).split("."))
