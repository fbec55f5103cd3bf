"""Tables of numbers as people publish them: with or without names, commas or semicolons."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fem.errors import InputError
from fem.text.files import read_text

ENDINGS = (".csv", ".txt", ".tsv", ".dat")
"""How the names of files end that hold a table."""
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*|,\d+)?|\.\d+)(?:[eEdD][+-]?\d+)?", re.ASCII)
_COMMENT = re.compile(r"#.*|^\s*(?:%|//).*")


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    name
        As it stands above the numbers; empty if nothing does.
    cells
        What stands in each row.
    lines
        The line of each row, counted from 1.
    file
        Where they stand.
    """

    name: str
    cells: tuple[str, ...]
    lines: tuple[int, ...]
    file: str

    @property
    def numbers(self) -> tuple[float, ...]:
        """All of its cells as finite numbers.

        Raises
        ------
        InputError
            If one is none; it names the line.
        """
        return tuple(self._numbers())

    def _numbers(self) -> Iterator[float]:
        for line, cell in zip(self.lines, self.cells, strict=True):
            number = _number(cell)
            if number is None:
                raise InputError(
                    f"line {line}: not a number" + (f" in {self.name!r}" if self.name else ""),
                    file=self.file,
                    given=cell,
                    allowed="a finite number in every row",
                    cure="correct the line or remove it; a line that begins with # is a comment",
                )
            yield number


@dataclass(frozen=True)
class Sheet:
    """A table of a text file: its columns from left to right, of one length."""

    columns: tuple[Column, ...]
    file: str

    def __len__(self) -> int:
        return len(self.columns[0].lines) if self.columns else 0

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, empty ones if the file gives none."""
        return tuple(column.name for column in self.columns)


def names_table(value: object) -> bool:
    """Whether a value is the name of a file that holds a table."""
    return isinstance(value, str) and value.strip().lower().endswith(ENDINGS)


def read_table(path: Path, **where: Any) -> Sheet:
    """The table in a file.

    Cells are parted by semicolons, tabs, blanks or commas. Numbers have a decimal point, or a
    decimal comma unless commas part the cells. Lines above the first row of numbers name the
    columns; what follows a ``#`` is skipped, and so are lines that begin with ``%`` or ``//``.

    Parameters
    ----------
    where
        Key and value that name the file, for the error if it is not there.

    Raises
    ------
    InputError
        If the file is no text, or its rows are not of one length; it names the line.
    """
    file = str(path)
    lines = [
        (number, line)
        for number, text in enumerate(read_text(path, **where).split("\n"), 1)
        if (line := _COMMENT.sub("", text).strip())
    ]
    separator = _separator([line for _, line in lines])
    rows = [(number, _cells(line, separator)) for number, line in lines]
    first = next((k for k, (_, row) in enumerate(rows) if _is_data(row)), len(rows))
    head, body = [row for _, row in rows[:first]], rows[first:]
    width = len(body[0][1]) if body else max(map(len, head), default=0)
    for number, row in body:
        if len(row) != width:
            raise InputError(
                f"line {number}: {len(row)} columns, where there are {width} above",
                file=file,
                given="  ".join(row),
                allowed="the same columns in every row",
                cure="correct the line or remove it; with decimal commas, part the columns by "
                "semicolons",
            )
    _refuse_both(body, file)
    names = [" ".join(row[k] for row in head if len(row) == width) for k in range(width)]
    if width > 1 and not names[-1] and not any(row[-1] for _, row in body):
        names.pop()  # a separator ends every line
    numbers = tuple(number for number, _ in body)
    return Sheet(
        tuple(
            Column(name, tuple(row[k] for _, row in body), numbers, file)
            for k, name in enumerate(names)
        ),
        file,
    )


def _separator(lines: list[str]) -> str:
    """What parts the cells of a table; a blank stands for any white space.

    A comma comes last: it is a decimal comma wherever it can be.
    """
    if any(";" in line for line in lines):
        return ";"
    for separator in ("\t", " "):
        cells = _cells(lines[-1], separator) if lines else []
        if len(cells) > 1 and all(_NUMBER.fullmatch(cell) for cell in cells):
            return separator
    return "\t" if lines and "\t" in lines[-1] else ","


def _cells(line: str, separator: str) -> list[str]:
    if separator == " ":
        return line.split()
    cells = next(csv.reader([line], delimiter=separator, skipinitialspace=True))
    return [cell.strip() for cell in cells]


def _is_data(row: list[str]) -> bool:
    """Whether a row is one of numbers, at least every other cell."""
    return 2 * sum(_number(cell) is not None for cell in row) >= len(row)


def _number(cell: str) -> float | None:
    """A cell as a finite number, `None` if it is none."""
    text = cell.replace("\N{MINUS SIGN}", "-")
    if not _NUMBER.fullmatch(text):
        return None
    number = float(re.sub("[dD]", "e", text.replace(",", ".")))
    return number if math.isfinite(number) else None


def _refuse_both(body: list[tuple[int, list[str]]], file: str) -> None:
    """Points and commas in the numbers of one file: one of them would be between thousands."""
    numbers = [(line, cell) for line, row in body for cell in row if _NUMBER.fullmatch(cell)]
    commas = [(line, cell) for line, cell in numbers if "," in cell]
    if commas and any("." in cell for _, cell in numbers):
        line, cell = commas[0]
        raise InputError(
            f"line {line}: a comma in a number, where others have a decimal point",
            file=file,
            given=cell,
            allowed="decimal points in all numbers, or decimal commas in all",
            cure="leave out what stands between thousands",
        )
