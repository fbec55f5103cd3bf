"""``fem compare``: what differs between finished runs, as a table and a figure."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fem.cli.run import PLAIN

if TYPE_CHECKING:
    from fem.results.comparison import Row
    from fem.results.result import Result

LABEL, VALUE = 48, 22
"""Widest label and value; longer ones are cut at their beginning."""
_NOTHING = 1e-14
"""What is smaller in SI units is rounding, of which there is no ratio."""


def command(arguments: argparse.Namespace) -> None:
    """Compare the runs in the folders that the arguments name."""
    from fem.output.comparison import check_folder, runs_in, save

    folder = Path(arguments.out)
    check_folder(folder, arguments.folders)
    results = runs_in(arguments.folders)
    save(results, folder)
    print(table(results))
    print(f"written to {folder}")


def table(results: Mapping[str, Result]) -> str:
    """Keys and numbers that differ, a column a run; of two also what the second is of the first."""
    from fem.results.comparison import keys_that_differ, numbers_that_differ

    runs = list(results.values())
    lines = [f"{name}: {_what(result)}" for name, result in results.items()]
    numbers, equal = numbers_that_differ(runs)
    lines += _block("differs in the cases", list(results), keys_that_differ(runs))
    lines += _block("differs in the numbers", list(results), numbers)
    lines += ["", f"{equal} numbers are equal to six digits"]
    return "\n".join(lines).translate(PLAIN)


def _what(result: Result) -> str:
    kind = "snapshot" if result.history is None else f"{len(result.history)} rows in time"
    return f"{result.case.title or 'without title'} ({kind})"


def _block(heading: str, names: Sequence[str], rows: Sequence[Row]) -> list[str]:
    if not rows:
        return ["", f"nothing {heading}"]
    ratios = len(names) == 2 and any(row.label for row in rows)
    head = [heading, "", *names, *["second / first"] * ratios]
    cells = [head, *(_cells(row, ratios) for row in rows)]
    cells = [[_cut(row[0], LABEL), row[1], *(_cut(c, VALUE) for c in row[2:])] for row in cells]
    widths = [max(len(row[k]) for row in cells) for k in range(len(head))]
    return [
        "",
        *(
            "  ".join(
                [row[0].ljust(widths[0]), row[1].ljust(widths[1])]
                + [c.rjust(w) for c, w in zip(row[2:], widths[2:], strict=True)]
            ).rstrip()
            for row in cells
        ),
    ]


def _cells(row: Row, ratios: bool) -> list[str]:
    found = [row.label or row.name, row.unit, *row.values]
    if ratios:
        plain = all(isinstance(v, int | float) and abs(v) > _NOTHING for v in row.raw)
        nothing = {"0", "-0"} & set(row.values)
        found.append(f"{row.raw[1] / row.raw[0]:.4g}" if plain and not nothing else "")
    return found


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"...{text[3 - width :]}"
