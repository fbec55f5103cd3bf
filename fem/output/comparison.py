"""Finished runs side by side: their results by name, a table, a figure."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from fem.errors import InputError
from fem.output.folder import replacing, require_free
from fem.output.stored import load
from fem.output.tables import cell
from fem.plot import RASTER_DPI, style
from fem.plot.comparison import comparison
from fem.results.comparison import Row, keys_that_differ, numbers_that_differ
from fem.results.result import Result

TABLE, FIGURE = "comparison.csv", "comparison.png"
COLUMNS = ("what", "name", "unit", "label")
"""Of the table, before one column a run."""


def runs_in(folders: Sequence[str | Path]) -> dict[str, Result]:
    """The results of finished runs, by as much of their folders as tells them apart.

    Raises
    ------
    InputError
        If there are fewer than two, one is named twice, or one holds no finished run.
    """
    paths = [Path(folder).resolve() for folder in folders]
    twice = next((f for k, f in enumerate(folders) if paths[k] in paths[:k]), None)
    if twice is not None:
        raise InputError("the same folder twice", given=str(twice), allowed="different runs")
    if len(paths) < 2:
        raise InputError(
            "there is nothing to compare this run with",
            given=str(folders[0]),
            allowed="two folders or more",
            cure=f"fem compare {folders[0]} ANOTHER",
        )
    parts = 1
    while len({path.parts[-parts:] for path in paths}) < len(paths):
        parts += 1
    names = [Path(*path.parts[-parts:]).as_posix() for path in paths]
    return {name: load(folder) for name, folder in zip(names, folders, strict=True)}


def check_folder(folder: Path, runs: Sequence[str | Path]) -> None:
    """Refuse a folder that a comparison may not or cannot be written into, as that of a run."""
    for run in runs:
        if Path(run).resolve() == folder.resolve():
            raise InputError(
                "the folder of one of the runs", given=f"--out {folder}", allowed="another one"
            )
    require_free(folder, (TABLE, FIGURE), also=TABLE)


def save(results: Mapping[str, Result], folder: Path) -> None:
    """Write the table and the figure, both or none.

    Raises
    ------
    FemError
        If writing fails midway; what was there before is then untouched.
    """
    runs = list(results.values())
    rows = [("case", row) for row in keys_that_differ(runs)]
    rows += [("number", row) for row in numbers_that_differ(runs)[0]]
    with replacing(folder, (TABLE, FIGURE)) as new:
        with (new / TABLE).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow([*COLUMNS, *results])
            writer.writerows(_line(what, row) for what, row in rows)
        with style():
            comparison(results).savefig(new / FIGURE, dpi=RASTER_DPI)


def _line(what: str, row: Row) -> list[str]:
    """Numbers as they stand in the files of the runs, in the SI units of their names."""
    values = [
        ", ".join(cell(v) for v in value) if isinstance(value, list | tuple)
        else "" if value is None else cell(value)
        for value in row.raw
    ]  # fmt: skip
    return [what, row.name, "" if what == "case" else row.unit, row.label, *values]
