"""The keys of case files and of sweep files, as JSON schemas and as pages of the documentation.

``python -m fem.case.reference docs/reference`` writes all; they follow from the same definition
as the validation.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from fem.case.keys import Tables, fields, selector_of
from fem.case.model import Case
from fem.case.rules import Dimension, Rule
from fem.case.sweep import Sweep
from fem.case.table import plain

PAGE = "case.md"
SCHEMA = "case.schema.json"

INTRO = """\
# Case file

<!-- Written by `python -m fem.case.reference docs/reference`: edit fem/case/ instead. -->

A case file is TOML. A value with a dimension is text of a number and a unit (`"420 um"`,
`"5 ohm*cm^2"`, `"30 degC"`); a bare number there is an error. Numbers without dimension are plain
numbers. Keys that are not listed here are errors. Limits are given in SI units; units of the same
dimension are all accepted. Relative paths start from the folder of the case file. Editors that
read JSON schemas can use [case.schema.json](case.schema.json).

`--set KEY=VALUE` on the command line and `Case.replace` in Python change single keys. They reach
into lists (`geometry.anode.protrusions[0].depth`) and replace a table or list whole.
"""

SWEEP_PAGE = "sweep.md"
SWEEP_SCHEMA = "sweep.schema.json"

SWEEP_INTRO = """\
# Sweep file

<!-- Written by `python -m fem.case.reference docs/reference`: edit fem/case/ instead. -->

`fem sweep SWEEP.toml --out DIR` solves many cases that differ in some keys of one
[case file](case.md). A sweep file is TOML; keys that are varied are those that `--set` takes, in
quotes because of their dots. Members are numbered from 0: the last key of `[vary]` goes faster
than those before it, the rows of `[zip]` faster than that, and `[repeat]` fastest. Each member is
the case with all varied keys changed, in the order `[vary]`, `[zip]`, `[repeat]`, so that a table
may be varied whole and a key in it repeated; the case may lack what is varied. Editors that read
JSON schemas can use [sweep.schema.json](sweep.schema.json).

DIR then holds

- `members.csv`, a row a member: `member`, `status` (`done`; `failed`, where a solver did not
  converge; `refused`, where such a case cannot be), `seconds`, the varied keys, all scalar
  [metrics](quantities.md) (one that is a list has a column an entry), and `message`.
- `summary.csv`, a row a point and reported metric: the varied keys, `metric`, `count` of the
  members that have it, `mean`, `std` (over `count` - 1), `ci95_low` and `ci95_high`, the interval
  of the mean by Student's t, and the percentiles `p05`, `p50` and `p95`. What too few members leave
  open is empty.
- a figure a reported metric: medians, and 5 to 95 %, over the first key that varies.
- while it runs, `journal.jsonl`, from which `--resume` goes on.
"""


class _Generator(GenerateJsonSchema):
    def encode_default(self, dft: Any) -> Any:
        return plain(dft)

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        # TOML has no null: an optional key is one that may be left out.
        return self.generate_inner(schema["schema"])


def json_schema() -> dict[str, Any]:
    """The keys of a case file as JSON schema (draft 2020-12).

    Values with a dimension are strings; ``x-unit`` names their SI unit and ``x-minimum`` and the
    like their limits in it. Conflicts between keys are left to the validation.
    """
    schema = Case.model_json_schema(schema_generator=_Generator)
    _tidy(schema)
    about = {"title": "assb-fem case file", "description": "A cell and what is done with it."}
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema, **about}


def sweep_schema() -> dict[str, Any]:
    """The keys of a sweep file as JSON schema (draft 2020-12)."""
    schema = Sweep.model_json_schema(schema_generator=_Generator)
    _tidy(schema)
    about = {"title": "assb-fem sweep file", "description": "A case, and what to vary in it."}
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema, **about}


def _tidy(node: Any) -> None:
    """Drop generated titles, and defaults that say no more than that a key may be left out."""
    if isinstance(node, list):
        for item in node:
            _tidy(item)
    if isinstance(node, dict):
        if isinstance(node.get("title"), str):
            del node["title"]
        if "default" in node and node["default"] in (None, [], {}):
            del node["default"]
        for item in node.values():
            _tidy(item)


def reference_markdown() -> str:
    """All keys as a page of Markdown, a section a table."""
    return "\n".join([INTRO, *_sections(Case, "")])


def sweep_markdown() -> str:
    """The keys of a sweep file as a page of Markdown."""
    return "\n".join([SWEEP_INTRO, *_sections(Sweep, "")])


def _sections(
    model: type[BaseModel], path: str, above: tuple[type[BaseModel], ...] = ()
) -> Iterator[str]:
    yield "| key | type, unit | default | allowed | meaning |"
    yield "|---|---|---|---|---|"
    for name, (info, form) in fields(model).items():
        yield _row(name, info, form)
    yield ""
    for name, (_, form) in fields(model).items():
        if isinstance(form, Tables):
            below = f"{path}.{name}" if path else name
            for table in form.models:
                if table in (*above, model):
                    continue
                selector = selector_of(table) if len(form.models) > 1 else None
                kind = f' with `{selector[0]} = "{selector[1]}"`' if selector else ""
                yield f"## `{f'[[{below}]]' if form.many else f'[{below}]'}`{kind}\n"
                yield " ".join((table.__doc__ or "").split()) + "\n"
                yield from _sections(table, below, (*above, model))


def _row(name: str, info: FieldInfo, form: Rule | Tables) -> str:
    if isinstance(form, Tables):
        type_, allowed = ("list of tables" if form.many else "table"), "see below"
    else:
        type_ = f"{form.kind}, {form.si}" if isinstance(form, Dimension) else form.kind
        allowed = form.allowed
    cells = (f"`{name}`", type_, _default(info, form), allowed, info.description or "")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(info: FieldInfo, form: Rule | Tables) -> str:
    if info.is_required():
        return "required"
    default = plain(info.default)
    if default is None or default in ([], {}, ""):
        return "none"
    if isinstance(default, dict):
        return "see below"
    return f"`{json.dumps(default)}`"


def files() -> dict[str, str]:
    """Name and content of the files that `main` writes."""
    return {
        PAGE: reference_markdown(),
        SCHEMA: json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n",
        SWEEP_PAGE: sweep_markdown(),
        SWEEP_SCHEMA: json.dumps(sweep_schema(), indent=2, ensure_ascii=False) + "\n",
    }


def main(folder: str) -> None:
    """Write the pages and the schemas into `folder`."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, content in files().items():
        (Path(folder) / name).write_text(content, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m fem.case.reference FOLDER")
    main(sys.argv[1])
