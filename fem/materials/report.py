"""Text about materials: for the terminal and for a run's references."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

from fem.materials.material import Material, Property
from fem.materials.reader import Used

WIDTH = 100
LONGEST_VALUE = 40
"""Characters of a value that go into its column; longer ones stand below."""
_MARK = {"sourced": "sourced", "assumption": "ASSUMPTION", "given": "given"}


def overview(library: Mapping[str, Material]) -> str:
    """All materials, one a line: id, kind, title; then how to see one."""
    rows = [(m.id, m.kind, m.title) for m in library.values()]
    widths = [max(len(row[i]) for row in rows) for i in range(2)]
    lines = [f"{i:<{widths[0]}}  {kind:<{widths[1]}}  {title}" for i, kind, title in rows]
    return "\n".join([*lines, "", "fem materials NAME shows every value with its source."]) + "\n"


def describe(material: Material) -> str:
    """One material: every property with value, status, source and note, 100 columns wide."""
    lines = [
        f"{material.id}: {material.title} ({material.kind})",
        *textwrap.wrap(material.summary, WIDTH),
        "",
        *_table(material.properties.values()),
    ]
    return "\n".join(lines) + "\n"


def references(used: Iterable[Used], extra: Iterable[tuple[str, str, str]] = ()) -> str:
    """The sources of everything that entered a run.

    Parameters
    ----------
    used
        Properties that were read, as `Reader.used` gives them.
    extra
        Further inputs: what it is, its value as text, its source.
    """
    materials: dict[str, tuple[Material, list[Property]]] = {}
    count = dict.fromkeys(_MARK, 0)
    for item in used:
        materials.setdefault(item.material.id, (item.material, []))[1].append(item.property)
        count[item.property.status] += 1
    lines = [
        "Sources of every parameter used",
        "",
        f"Material values: {count['sourced']} sourced, {count['assumption']} assumptions, "
        f"{count['given']} given by the user.",
    ]
    for material, properties in materials.values():
        lines += ["", f"{material.id}: {material.title}", *_table(properties)]
    others = list(extra)
    if others:
        name = max(len(what) for what, _, _ in others)
        value = max(len(text) for _, text, _ in others)
        lines += ["", "Other inputs"]
        for what, text, source in others:
            lines += _wrapped(f"  {what:<{name}}  {text:<{value}}  ", source)
    return "\n".join(lines) + "\n"


def _table(properties: Iterable[Property]) -> list[str]:
    """A head line a property (name, value, status), its source and note indented below.

    So is a value that is too long for its column, such as a formula.
    """
    rows = list(properties)
    if not rows:
        return []
    name = max(len(row.name) for row in rows)
    short = [row.text if len(row.text) <= LONGEST_VALUE else "see below" for row in rows]
    value = max(map(len, short))
    lines = []
    for row, text in zip(rows, short, strict=True):
        lines.append(f"  {row.name:<{name}}  {text:<{value}}  {_MARK[row.status]}")
        if text != row.text:
            lines += _wrapped("      value:  ", row.text)
        lines += _wrapped("      source: ", row.source)
        if row.note:
            lines += _wrapped("      note:   ", row.note)
    return lines


def _wrapped(head: str, text: str) -> list[str]:
    """`text` after `head`, wrapped to the width and hanging under its own start."""
    indent = " " * min(len(head), WIDTH // 2)
    return textwrap.wrap(
        text, WIDTH, initial_indent=head, subsequent_indent=indent, break_on_hyphens=False
    )
