"""``history.csv``: a row for every accepted step, added at the end and never written again."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fem.output.tables import cell
from fem.results.quantities import REGISTRY, Place, declared_columns

Floats = NDArray[np.float64]

NAME = "history.csv"
FIRST = tuple(
    entry.name for entry in REGISTRY if " / " in entry.name and Place.HISTORY in entry.places
)
"""Names and order of the first columns, as battery data are exchanged."""


@dataclass(frozen=True)
class Mark:
    """A part of the file from its beginning: its length and its SHA-256."""

    bytes: int
    sha256: str

    def facts(self) -> dict[str, Any]:
        """In the types of JSON."""
        return asdict(self)


class HistoryFile:
    """The file of a run, open for more rows.

    Raises
    ------
    OSError
        From every method, if the disk is full or the file is gone.
    """

    def __init__(self, path: Path, columns: Iterable[str], content: bytes) -> None:
        """Open `path`, which holds `content` at least; what is behind it is cut off."""
        self._columns = tuple(columns)
        self._sum = hashlib.sha256(content)
        self._size = len(content)
        self._stream = path.open("r+b", buffering=0)
        self._stream.truncate(self._size)
        self._stream.seek(self._size)

    @classmethod
    def create(cls, path: Path, columns: Iterable[str]) -> Self:
        """A new file with its header.

        Raises
        ------
        LookupError
            If a column is not declared.
        ValueError
            If the first columns are not those of `FIRST`, or others not in the order in which they
            are declared.
        """
        names = tuple(columns)
        if names[: len(FIRST)] != FIRST:
            raise ValueError(f"a history begins with {FIRST}, not with {names[: len(FIRST)]}")
        header = _line(declared_columns(names, Place.HISTORY))
        path.write_bytes(header)
        return cls(path, names, header)

    @classmethod
    def reopen(cls, path: Path, rows: int) -> Self:
        """The file with so many rows; those that were added later are cut off."""
        lines = path.read_bytes().splitlines(keepends=True)[: rows + 1]
        content = b"".join(lines)
        return cls(path, _rows(content)[0], content)

    @property
    def mark(self) -> Mark:
        """What is in the file."""
        return Mark(self._size, self._sum.hexdigest())

    def append(self, row: Mapping[str, float]) -> None:
        """Add a row; when this returns, it is on the disk.

        Raises
        ------
        ValueError
            If its names are not the columns of the file.
        """
        if tuple(row) != self._columns:
            raise ValueError(f"the columns are {self._columns}, not {tuple(row)}")
        line = _line(cell(float(value)) for value in row.values())
        rest = memoryview(line)
        while rest:
            rest = rest[self._stream.write(rest) :]
        os.fsync(self._stream.fileno())
        self._sum.update(line)
        self._size += len(line)

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()


def holds(path: Path, mark: Mark) -> bool:
    """Whether a file begins with what was in it at `mark`."""
    try:
        with path.open("rb") as stream:
            content = stream.read(mark.bytes)
    except FileNotFoundError:
        return False
    return len(content) == mark.bytes and hashlib.sha256(content).hexdigest() == mark.sha256


def read_history(path: Path, mark: Mark | None = None) -> tuple[dict[str, float], ...]:
    """The rows by the names of the columns, up to `mark` or the end; an empty cell is nan."""
    names, *rows = _rows(path.read_bytes()[: mark.bytes if mark else None])
    return tuple(
        {name: float(text) if text else math.nan for name, text in zip(names, row, strict=True)}
        for row in rows
    )


def write_history(columns: Mapping[str, Floats], path: Path) -> None:
    """A whole history at once."""
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    lines = [_line(columns), *(_line(cell(value) for value in row) for row in rows)]
    path.write_bytes(b"".join(lines))


def _line(values: Iterable[str]) -> bytes:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow(values)
    return stream.getvalue().encode()


def _rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))
