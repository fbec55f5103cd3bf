"""The history grows row by row, reads back exactly, and is cut where a checkpoint ends."""

from __future__ import annotations

import errno
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fem.output import history
from fem.output.history import FIRST, HistoryFile, holds, read_history, write_history

COLUMNS = (*FIRST, "step", "dt_s")


def row(number: int) -> dict[str, float]:
    values = (0.1 * number, math.pi**number, -1e-300, float(number), math.nan)
    return dict(zip(COLUMNS, values, strict=True))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "history.csv"


def filled(file: Path, rows: int) -> HistoryFile:
    writer = HistoryFile.create(file, COLUMNS)
    for number in range(rows):
        writer.append(row(number))
    return writer


def same(rows: Any, count: int) -> bool:
    return repr(list(rows)) == repr([row(number) for number in range(count)])


def test_rows_read_back_exactly(file: Path) -> None:
    filled(file, 20).close()
    assert same(read_history(file), 20)
    assert file.read_bytes().startswith(
        b"Test Time / s,Voltage / V,Current / A,step,dt_s\n0.0,1.0,"
    )


def test_rows_are_there_at_once(file: Path) -> None:
    writer = filled(file, 3)
    assert same(read_history(file), 3)
    writer.append(row(3))
    assert same(read_history(file), 4)
    writer.close()


def test_written_rows_are_never_changed(file: Path) -> None:
    writer = filled(file, 3)
    before = file.read_bytes()
    writer.append(row(3))
    assert file.read_bytes().startswith(before)
    writer.close()


def test_whole_history_is_the_same_file(file: Path) -> None:
    filled(file, 5).close()
    again = file.with_name("again.csv")
    write_history({name: np.array([row(k)[name] for k in range(5)]) for name in COLUMNS}, again)
    assert again.read_bytes() == file.read_bytes()


@pytest.mark.parametrize("lost", [b"", b"0.7,23", b"0.7,2.3,1.0,7.0,\n", b"\xff\x00"])
def test_reopened_it_is_cut_and_goes_on(file: Path, lost: bytes) -> None:
    writer = filled(file, 4)
    mark = writer.mark
    writer.append(row(4))
    writer.close()
    file.write_bytes(file.read_bytes() + lost)
    assert holds(file, mark)
    assert same(read_history(file, mark), 4)
    before = file.read_bytes()
    again = HistoryFile.reopen(file, 4)
    assert file.read_bytes() == before[: mark.bytes]
    assert again.mark == mark
    again.append(row(4))
    again.append(row(5))
    again.close()
    assert same(read_history(file), 6)
    assert holds(file, again.mark)


def test_a_changed_or_shorter_beginning_is_seen(file: Path) -> None:
    writer = filled(file, 4)
    writer.close()
    data = file.read_bytes()
    for k in range(len(data)):
        file.write_bytes(data[:k] + bytes([data[k] ^ 1]) + data[k + 1 :])
        assert not holds(file, writer.mark)
    file.write_bytes(data[:-1])
    assert not holds(file, writer.mark)
    file.unlink()
    assert not holds(file, writer.mark)


def test_other_columns_are_refused(file: Path) -> None:
    with pytest.raises(ValueError, match="begins with"):
        HistoryFile.create(file, ("Voltage / V", *COLUMNS))
    with pytest.raises(LookupError, match="'own' is not declared"):
        HistoryFile.create(file, (*COLUMNS, "own"))
    with pytest.raises(ValueError, match="'step' is declared before 'dt_s'"):
        HistoryFile.create(file, (*FIRST, "dt_s", "step"))
    assert not file.exists()
    writer = filled(file, 1)
    before = file.read_bytes()
    with pytest.raises(ValueError, match="columns"):
        writer.append(dict.fromkeys(COLUMNS[:-1], 0.0))
    assert file.read_bytes() == before
    writer.close()


def test_a_row_is_whole_even_if_the_system_takes_it_in_parts(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = filled(file, 1)

    class Slow:
        def __init__(self, stream: Any) -> None:
            self.stream = stream

        def write(self, data: Any) -> int:
            return int(self.stream.write(data[:3]))

        def __getattr__(self, name: str) -> Any:
            return getattr(self.stream, name)

    writer._stream = Slow(writer._stream)  # type: ignore[assignment]
    writer.append(row(1))
    assert same(read_history(file), 2)
    writer.close()


def test_a_full_disk_adds_nothing_to_the_mark(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = filled(file, 2)
    mark = writer.mark

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(history.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        writer.append(row(2))
    assert writer.mark == mark
    assert holds(file, mark)
    writer.close()
