"""A sweep in a folder: a journal while it runs, then its tables and figures."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from fem.errors import FemError, InputError
from fem.output.folder import replacing, require_free, settle, settle_all
from fem.output.lock import locked
from fem.output.tables import write_table
from fem.plot import RASTER_DPI, style
from fem.plot.convergence import convergence
from fem.plot.distribution import distribution
from fem.plot.hot_spots import hot_spots
from fem.plot.sensitivity import sensitivity
from fem.results.members import Row
from fem.results.places import Packed
from fem.results.swept import Swept
from fem.runs.sweep import Finished, Plan, Task

JOURNAL, MEMBERS, SUMMARY = "journal.jsonl", "members.csv", "summary.csv"
PARTICLES, HOT_SPOTS, SENSITIVITY = "particles.csv", "hot_spots.csv", "sensitivity.csv"
TABLES = (MEMBERS, SUMMARY, PARTICLES, HOT_SPOTS, SENSITIVITY)

_SETTLING, _SPOTS, _SHARES = "convergence_", "hot_spots_", "sensitivity.png"

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
    require_free(folder, TABLES, also=MEMBERS)


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
            | {"packed": _unpacked(each["packed"])}
        )
        for each in contents[1:]
    ]
    return found, sum(map(len, lines[: len(contents)]))


def _unpacked(found: dict[str, Any] | None) -> Packed | None:
    return None if found is None else Packed(**found | {"members": tuple(found["members"])})


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


def finish(plan: Plan, kept: Journal, folder: Path) -> Swept:
    """Write tables and figures of a sweep all of whose tasks are done; then the journal goes.

    Returns
    -------
    The sweep with all its members.

    Raises
    ------
    FemError
        If they cannot be written; the sweep can be resumed, and finished without solving.
    """
    swept = plan.swept(kept.finished)
    kept.close()
    with replacing(folder, (*TABLES, *_figures(folder))) as new:
        write(swept, new)
        settle_all(new)
    settle(folder)
    (folder / JOURNAL).unlink()
    return swept


def write(swept: Swept, folder: Path) -> None:
    """Write tables and figures of a sweep into a folder that is there.

    A table without rows is left out, as is a figure that would show nothing.
    """
    tables = {
        MEMBERS: swept.table(),
        SUMMARY: swept.summary() or {"metric": [], "count": []},
        PARTICLES: swept.particle_table(),
        HOT_SPOTS: swept.hot_spots(),
        SENSITIVITY: swept.sensitivity(),
    }
    for name, columns in tables.items():
        if name in (MEMBERS, SUMMARY) or any(columns.values()):
            write_table(folder / name, list(columns), zip(*columns.values(), strict=True))
    with style():
        for name, draw in _drawings(swept):
            draw().savefig(folder / name, dpi=RASTER_DPI)


def _drawings(swept: Swept) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Names of the figures, and what draws them."""
    for name in swept.metrics:
        yield _figure(name), partial(distribution, swept.sweep, swept.rows, name)
        if any(len(values) > 2 for values in swept.values(name)):
            yield f"{_SETTLING}{_figure(name)}", partial(convergence, swept, name)
    for point in sorted({*swept.lithium, *swept.particles}):
        yield f"{_SPOTS}{point}.png", partial(hot_spots, swept, point)
    if any(not math.isnan(each.share) for each in swept.influences):
        yield _SHARES, partial(sensitivity, swept)


def _figure(name: str) -> str:
    return name.replace("[", "_").replace("]", "") + ".png"


def _figures(folder: Path) -> list[str]:
    """Names of the figures of an earlier sweep in a folder, as its tables tell."""
    names = [_figure(name) for name in _told(folder / SUMMARY, "metric")]
    points = {*_told(folder / HOT_SPOTS, "point"), *_told(folder / PARTICLES, "point")}
    spots = [f"{_SPOTS}{point}.png" for point in points]
    return sorted([*names, *(_SETTLING + name for name in names), *spots, _SHARES])


def _told(table: Path, column: str) -> set[str]:
    """What stands in a column of a table of an earlier sweep."""
    with (
        suppress(OSError, csv.Error, UnicodeDecodeError),
        table.open(encoding="utf-8", newline="") as stream,
    ):
        return {row.get(column) or "" for row in csv.DictReader(stream)} - {""}
    return set()
