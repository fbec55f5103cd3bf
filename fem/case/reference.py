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
  of the mean by Student's t, and the percentiles `p05`, `p50` and `p95`. Then how well these are
  known: `p05_low`, `p05_high` and so on are 95 % intervals of the percentiles by bootstrap
  (percentile kind, 999 seeded resamples), and `members_mean`, `members_p05`, `members_p50`,
  `members_p95` the members a point that take half of an interval to `report.precision` of the
  value, as it goes with their root. What too few members leave open is empty: an interval of the
  median takes 6, those of `p05` and `p95` 72, since all of fewer lie on one side of a percentile
  with more than 2.5 %. Intervals of percentiles are short of their 95 % where members are few: of
  3000 samples of normal, lognormal and heavy-tailed (Lomax, exponent 3) values they held `p05` and
  `p95` in 87 to 89 % with 100 members, in 92 to 94 % with 300 and in 93 to 95 % with 1000, the
  median in 94 to 96 %; the interval of the mean held it in 94, 91 and 90 % with 100, and in 95, 95
  and 94 % with 1000. The numbers that 400 such members promised gave second samples 0.97 to 1.14 of
  the wanted half interval in the median, and up to 1.6 of it in nine of ten.
- a figure a reported metric: medians, and 5 to 95 %, over the first key that varies; and
  `convergence_METRIC.png`: how mean, median and 95th percentile settle with the number of members.
- where a point has several members, what they carry in their last state, over the mean of each
  member. `particles.csv`, a row a point and particle: the number of the point from 0, the varied
  keys, `id`, `x_m`, `y_m`, `diameter_m`, `members`, in how many of them it reacts (`alive`),
  `probability_dead`; over those in which it reacts `mean`, `p05`, `p50`, `p95` of its current over
  the mean of the particles that react; and for each multiple of `report.hot` the share of all
  members in which it carries more than that (`probability_over_1.5`). `hot_spots.csv` has the same
  of plating, averaged over 2 um of arc, along the lithium: at stations 1 um apart (at most 1001),
  at equal shares of the arc, which plating is interpolated to. `hot_spots_POINT.png` shows both.
  Members are put together as long as their lines, or their particles, are the same to 20 nm; else
  that part is left out for the point. Values are kept to 5e-4.
- where keys vary, `sensitivity.csv`, a row a reported metric and key: `count` of members;
  Spearman's rank correlation `spearman` over all of them with its 95 % interval and its p value
  (empty of values that are no numbers; tables that differ in one number count as that number); the
  share of the variance that the key has alone (`first_order`) and with all other keys (`total`);
  and where these come from (`method`). `grid`: conditional means of the full grid of `[vary]`,
  exact for its values with equal weights. `rows of zip`: keys that go together, which cannot be
  told apart. `sample`: 100 or more rows of `[zip]` with numbers that hardly repeat, as drawn by a
  sampler: RBD-FAST of SALib (the extra `sensitivity`), first order alone. `repeats`: what members
  at a point differ by. `sensitivity.png` shows them.
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
