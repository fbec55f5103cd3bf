"""Validation errors as one message that a user can act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from fem.case.keys import SELECTORS, Tables, fields, names, selector_of, tables_at, walk
from fem.case.rules import Rule, did_you_mean
from fem.case.text import split_key
from fem.errors import InputError, closest
from fem.units import Quantity


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a case."""

    key: str
    problem: str
    given: object = None
    allowed: str | None = None
    cure: str | None = None
    meant: str | None = None
    """For an unknown key: the key of the same table that was probably meant."""
    unknown: bool = False


def explain(error: ValidationError, model: type[BaseModel]) -> InputError:
    """All faults in one error: the first in full, the keys of the others named."""
    found = [_fault(item, model) for item in error.errors(include_url=False)]
    # A misspelt key is often also a missing one: say so once, and first.
    meant = {fault.meant for fault in found}
    found = [fault for fault in found if fault.unknown or fault.key not in meant]
    first, *others = sorted(found, key=lambda fault: not fault.unknown)
    also = list(dict.fromkeys(fault.key for fault in others if fault.key != first.key))
    return InputError(
        first.problem + (f" (also wrong: {', '.join(also)})" if also else ""),
        key=first.key or None,
        given=first.given.text if isinstance(first.given, Quantity) else first.given,
        allowed=first.allowed,
        cure=first.cure,
    )


def require_known(key: str, model: type[BaseModel]) -> None:
    """Refuse a dotted key that no case can have; what `materials` holds is free."""
    steps = split_key(key)
    for count, step in enumerate(steps):
        tables = tables_at(model, steps[:count])
        if not tables:
            return
        if isinstance(step, str) and not any(step in table.model_fields for table in tables):
            fault = _unknown(tuple(steps[: count + 1]), model)
            raise InputError(fault.problem, key=key, allowed=fault.allowed, cure=fault.cure)


def dotted(location: tuple[str | int, ...]) -> str:
    """``("a", "b", 0, "c")`` as ``a.b[0].c``; the tag of a kind of table is no key."""
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        elif not _is_tag(step):
            path = join(path, step)
    return path


def join(path: str, key: str) -> str:
    return path + ("." if path and key and not key.startswith("[") else "") + key


def _fault(item: Any, model: type[BaseModel]) -> Fault:
    location, given, kind = item["loc"], item["input"], item["type"]
    key = dotted(location)
    if kind == "case":
        facts = dict(item["ctx"])
        inner = facts.pop("key")
        shown = facts.pop("given")
        return Fault(key=join(key, inner), given=shown if inner else given, **facts)
    if kind == "missing":
        return _missing(key, model)
    if kind in ("extra_forbidden", "invalid_key"):
        return _unknown(location, model)
    if kind == "union_tag_invalid":
        known = [s for m in tables_at(model, names(key)) if (s := selector_of(m))]
        kinds = tuple(kind for _, kind in known)
        name = known[0][0]
        chosen = given.get(name) if isinstance(given, Mapping) else None
        return Fault(
            f"{key}.{name}",
            "not a choice of this key",
            chosen,
            " or ".join(f'"{k}"' for k in kinds),
            did_you_mean(chosen, kinds),
        )
    if kind == "tuple_type":
        return Fault(key, "not a list", given, "a list of tables [{ ... }]")
    keys = [name for table in tables_at(model, names(key)) for name in table.model_fields]
    allowed = f"a table with the keys {', '.join(dict.fromkeys(keys))}" if keys else None
    return Fault(key, "not a table", given, allowed)


def _missing(key: str, model: type[BaseModel]) -> Fault:
    *place, name = names(key)
    forms = [
        fields(table)[name][1] for table in tables_at(model, place) if name in table.model_fields
    ]
    form = forms[0] if forms else Tables(())
    if isinstance(form, Rule):
        return Fault(key, "this key is missing", None, form.allowed, f"add {name} = {form.example}")
    held = f"the keys {', '.join(form.models[0].model_fields)}" if form.models else "keys"
    if form.many:
        allowed, cure = f"a list of tables with {held}", f"add {name} = [{{ ... }}]"
        return Fault(key, "this list of tables is missing", None, allowed, cure)
    return Fault(key, "this table is missing", None, f"a table with {held}", f"add [{key}]")


def _unknown(location: tuple[str | int, ...], model: type[BaseModel]) -> Fault:
    key, name = dotted(location), str(location[-1])
    place = names(dotted(location[:-1])) if len(location) > 1 else ()
    tables = tables_at(model, place)
    tag = next((str(step) for step in reversed(location[:-1]) if _is_tag(step)), "")
    selector, _, chosen = tag.partition("=")
    fits = (None, (selector, chosen))
    here = [table for table in tables if not tag or len(tables) == 1 or selector_of(table) in fits]
    known = list(dict.fromkeys(known for table in here for known in table.model_fields))
    others = [table for table in tables if table not in here and name in table.model_fields]
    allowed = ", ".join(known)
    if others:
        _, kind = selector_of(others[0]) or ("", "")
        problem = f'a key of {selector} = "{kind}", where {selector} is "{chosen}"'
        cure = f'set {selector} = "{kind}", or remove this key'
        return Fault(key, problem, None, allowed, cure, unknown=True)
    # A key that stands elsewhere in full was meant rather than one that is merely spelt alike.
    elsewhere = [known.path for known in walk(model) if known.path.rpartition(".")[2] == name]
    if elsewhere:
        cure = f"did you mean {elsewhere[0]}?"
        return Fault(key, "unknown key", None, allowed, cure, unknown=True)
    match = closest(name, known)
    if match is None:
        return Fault(key, "unknown key", None, allowed, "remove it", unknown=True)
    meant = join(dotted(location[:-1]), match)
    return Fault(key, "unknown key", None, allowed, f"did you mean {meant}?", meant, unknown=True)


def _is_tag(step: str | int) -> bool:
    return isinstance(step, str) and step.partition("=")[0] in SELECTORS and "=" in step
