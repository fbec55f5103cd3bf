"""The reference page of all numbers: ``python -m fem.results.reference DIRECTORY``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from fem.results.quantities import SECTIONS, Declared, Place

PAGE = "quantities.md"

INTRODUCTION = """\
# Quantities

<!-- Written by `python -m fem.results.reference docs/reference`: edit
fem/results/quantities.py instead. -->

Every number that a run leaves in its files, by the name that it has there. Files hold SI units and
charge in Ah, as the end of each name says; the report, the terminal and the axes of figures may
show another unit, and have the words under *what it is*.

`metrics.json` describes a snapshot, or the last state of a run in time; a list has one value for
each protrusion or body of isolated lithium, in the order of the case. `history.csv` has a row for
every accepted step, `cycles.csv` one for every pass of a loop of the protocol, `faces.csv` one for
every pair of faces that may part, `impedance.csv` one for every frequency of a spectrum and
`drt.csv` one for every relaxation time that was found in it. Numbers that need mechanics, a
protocol, a moving line or such faces are absent without it.
How means are taken, and why, stands in [Measures](../theory.md#measures); signs of everything else
in [Units and signs](../units_and_signs.md).
"""

FILES = {
    Place.METRICS: "metrics.json",
    Place.HISTORY: "history.csv",
    Place.ANODE: "anode.csv",
    Place.PARTICLES: "particles.csv",
    Place.FIELDS: "fields.vtu",
    Place.FACES: "faces.csv",
    Place.CYCLES: "cycles.csv",
    Place.SPECTRUM: "impedance.csv",
    Place.RELAXATION: "drt.csv",
}


def markdown() -> str:
    """The page: a table a section."""
    return "\n".join([INTRODUCTION, *_sections()])


def _sections() -> Iterator[str]:
    for heading, section in SECTIONS.items():
        yield f"## {heading}\n"
        yield "| name | unit | shown in | file | what it is | meaning |"
        yield "|---|---|---|---|---|---|"
        for entry in section:
            # All names in full, so that a search finds them; an open family has but its pattern.
            yield from map(_row, entry.members() or (entry,))
        yield ""


def _row(entry: Declared) -> str:
    files = ", ".join(f"`{file}`" for place, file in FILES.items() if place in entry.places)
    unit = "text" if entry.text else entry.unit or "-"
    cells = (f"`{entry.name}`", unit, entry.shown, files, entry.label, entry.meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main(arguments: list[str]) -> int:
    """Write ``quantities.md`` into the directory given."""
    if len(arguments) != 1:
        print("usage: python -m fem.results.reference DIRECTORY", file=sys.stderr)
        return 2
    (Path(arguments[0]) / PAGE).write_text(markdown(), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
