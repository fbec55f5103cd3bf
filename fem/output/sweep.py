"""A sweep in a folder: a journal while it runs, then its tables and figures."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fem.errors import FemError, InputError
from fem.output.folder import replacing, require_free, settle, settle_all
from fem.output.lock import locked
from fem.output.tables import write_table
from fem.plot import RASTER_DPI, style
from fem.plot.distribution import distribution
from fem.results.members import STATISTICS, Row, reported, summary, table, text_of
from fem.runs.sweep import Finished, Plan, Task

JOURNAL, MEMBERS, SUMMARY = "journal.jsonl", "members.csv", "summary.csv"

Spread = Callable[[Iterable[Task]], Iterator[Finished]]


def check_folder(folder: Path, plan: Plan, resume: bool) -> None:
    """Refuse a folder that a sweep may not or cannot write into; leaves no trace.

    Raises
    ------
    InputError
        If it holds other files, or an unfinished sweep that is not to be resumed or is another
        one; or none, where one is to be resumed.
    """
    place, journal = str(folder), folder / JOURNAL
    if journal.is_file() and not resume:
        raise InputError(
            "this folder holds an unfinished sweep",
            file=place,
            cure="go on with it by --resume, or give another folder with --out",
        )
    if journal.is_file():
        _read(journal, plan)
        return
    if resume and (folder / MEMBERS).is_file():
        raise InputError(
            "the sweep in this folder is finished: there is nothing to resume",
            file=place,
            given="--resume",
            cure="leave --resume out to run it anew",
        )
    if resume:
        raise InputError(
            f"no sweep to resume: there is no {JOURNAL} in this folder",
            file=place,
            given="--resume",
            cure="leave --resume out, or give the folder of the unfinished sweep with --out",
        )
    require_free(folder, (MEMBERS, SUMMARY), also=MEMBERS)


class Journal:
    """The tasks of a sweep that are done, on the disk: a line each, below one of the sweep itself.

    Attributes
    ----------
    finished
        By number of the task.
    """

    def __init__(self, path: Path, plan: Plan) -> None:
        self.finished: dict[int, Finished] = {}
        if path.is_file():
            found, size = _read(path, plan)
            self.finished = {each.task: each for each in found}
            self._stream = path.open("r+b", buffering=0)
            self._stream.truncate(size)  # a line that was being written when the process ended
            self._stream.seek(size)
        else:
            size = 0
            self._stream = path.open("xb", buffering=0)
        if not size:
            self._write({"sweep": plan.identity})

    def add(self, finished: Finished) -> None:
        """Put a task on the disk.

        Raises
        ------
        FemError
            If it cannot be written; those before it can be resumed from.
        """
        try:
            self._write(asdict(finished))
        except OSError as error:
            raise FemError(
                f"{self._stream.name}: cannot be written: {error.strerror or error}\n"
                f"  {len(self.finished)} tasks are on the disk\n"
                "  cure:    make room, then go on with --resume"
            ) from error
        self.finished[finished.task] = finished

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()

    def _write(self, content: dict[str, Any]) -> None:
        rest = memoryview((json.dumps(content, allow_nan=False) + "\n").encode())
        while rest:
            rest = rest[self._stream.write(rest) :]
        os.fsync(self._stream.fileno())


def _read(path: Path, plan: Plan) -> tuple[list[Finished], int]:
    """Tasks in a journal of this sweep, and how many bytes of it are whole."""
    lines = [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    contents = []
    for line in lines:
        try:
            contents.append(json.loads(line))
        except ValueError:
            break
    if not contents:  # it was stopped before its first line was whole
        return [], 0
    if contents[0].get("sweep") != plan.identity:
        raise InputError(
            "the unfinished sweep in this folder is another one, or its files were changed since",
            file=str(path.parent),
            given="--resume",
            cure="put the sweep file and its case back as they were, or give another folder with "
            "--out",
        )
    found = [
        Finished(
            **each
            | {"rows": tuple(Row(**row) for row in each["rows"]), "left": tuple(each["left"])}
        )
        for each in contents[1:]
    ]
    return found, sum(map(len, lines[: len(contents)]))


@contextmanager
def journal(folder: Path, plan: Plan, resume: bool) -> Iterator[Journal]:
    """The journal of a sweep that alone writes into a folder; it is gone once that is finished.

    Raises
    ------
    InputError
        See `check_folder`; or if another process writes into the folder.
    """
    check_folder(folder, plan, resume)
    with locked(folder):
        check_folder(folder, plan, resume)  # another sweep may have ended meanwhile
        kept = Journal(folder / JOURNAL, plan)
        try:
            yield kept
        finally:
            kept.close()


def finish(plan: Plan, kept: Journal, folder: Path) -> list[Row]:
    """Write tables and figures of a sweep all of whose tasks are done; then the journal goes.

    Returns
    -------
    All rows in the order of the members.

    Raises
    ------
    FemError
        If they cannot be written; the sweep can be resumed, and finished without solving.
    """
    rows = plan.rows(kept.finished)
    kept.close()
    with replacing(folder, (MEMBERS, SUMMARY, *_figures(folder))) as new:
        write_members(plan, rows, new / MEMBERS)
        write_summary(plan, rows, new / SUMMARY)
        with style():
            for name in reported(plan.sweep, rows):
                figure = distribution(plan.sweep, rows, name)
                figure.savefig(new / _figure(name), dpi=RASTER_DPI)
        settle_all(new)
    settle(folder)
    (folder / JOURNAL).unlink()
    return rows


def write_members(plan: Plan, rows: Sequence[Row], path: Path) -> None:
    """``members.csv``: a row a member, in their order."""
    columns = table(plan.sweep, rows)
    write_table(path, columns, zip(*columns.values(), strict=True))


def write_summary(plan: Plan, rows: Sequence[Row], path: Path) -> None:
    """``summary.csv``: a row a point and reported metric; a number that is not known is empty."""
    keys = [key for key in plan.sweep.keys if key in plan.sweep.points[0]]
    lines = (
        [*(text_of(point[key]) for key in keys), name, count, *numbers.values()]
        for point, name, count, numbers in summary(plan.sweep, rows)
    )
    write_table(path, (*keys, "metric", "count", *STATISTICS), lines)


def _figure(name: str) -> str:
    return name.replace("[", "_").replace("]", "") + ".png"


def _figures(folder: Path) -> list[str]:
    """Names of the figures of an earlier sweep in a folder, as its summary tells."""
    with suppress(OSError, csv.Error, UnicodeDecodeError):
        with (folder / SUMMARY).open(encoding="utf-8", newline="") as stream:
            names = {row.get("metric") for row in csv.DictReader(stream)}
        return sorted(_figure(name) for name in names if name)
    return []
