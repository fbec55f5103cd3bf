"""A checkpoint comes back bit by bit, and one that is not whole is never taken for whole."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fem
from fem.errors import InputError
from fem.output import checkpoints, folder
from fem.output.checkpoints import Checkpoint, last_checkpoint, write_checkpoint

ARRAYS = {
    "x": np.linspace(0.1, 0.9, 2000).reshape(20, 100),
    "content.0": np.array([np.nan, -0.0, 1e-300]),
    "number": np.array(3),
    "a name / s": np.arange(3),
    "file": np.array([True]),
}
FACTS = {"time": 0.1 + 0.2, "label": "Größe", "events": [[1, 2, "a", "b"]], "ends": float("inf")}


def write(place: Path, *numbers: int, case: str = "mine") -> None:
    for number in numbers:
        write_checkpoint(place, number, ARRAYS, {**FACTS, "case": case})


def path(place: Path, number: int) -> Path:
    return place / "checkpoints" / f"{number:06d}.ckpt"


def names(place: Path) -> list[str]:
    return sorted(p.name for p in (place / "checkpoints").iterdir())


def not_mine(found: Checkpoint) -> str:
    return "" if found.facts["case"] == "mine" else "of another case"


def test_everything_comes_back(tmp_path: Path) -> None:
    write(tmp_path, 7)
    found = last_checkpoint(tmp_path)
    assert found is not None
    assert (found.number, found.path, found.damaged) == (7, path(tmp_path, 7), ())
    assert found.facts == {**FACTS, "case": "mine"}
    assert found.arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        again = found.arrays[name]
        assert (again.dtype, again.shape) == (array.dtype, array.shape)
        assert again.tobytes() == array.tobytes()
        assert not again.flags.writeable


def test_none_was_written(tmp_path: Path) -> None:
    assert last_checkpoint(tmp_path) is None
    (tmp_path / "checkpoints").mkdir()
    assert last_checkpoint(tmp_path) is None


def test_the_last_three_are_kept(tmp_path: Path) -> None:
    write(tmp_path, *range(8), 1_234_567)
    assert names(tmp_path) == ["000006.ckpt", "000007.ckpt", "1234567.ckpt"]


def test_those_beyond_the_one_gone_on_from_are_taken_away(tmp_path: Path) -> None:
    write(tmp_path, 1, 2, 3)
    write(tmp_path, 2)
    assert names(tmp_path) == ["000001.ckpt", "000002.ckpt"]


def flip(data: bytearray, draw: random.Random) -> None:
    data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)


def change(data: bytearray, draw: random.Random) -> None:
    data[draw.randrange(len(data))] ^= draw.randrange(1, 256)


def blank(data: bytearray, draw: random.Random) -> None:
    start = draw.randrange(len(data) - 512)
    data[start : start + 512] = bytes(512) if any(data[start : start + 512]) else b"\1" * 512


def cut(data: bytearray, draw: random.Random) -> None:
    del data[draw.randrange(len(data)) :]


def extend(data: bytearray, draw: random.Random) -> None:
    data += draw.randbytes(draw.randrange(1, 100))


DAMAGES: list[Callable[[bytearray, random.Random], None]] = [flip, change, blank, cut, extend]


@pytest.mark.parametrize("damage", [*DAMAGES, None], ids=lambda d: d.__name__ if d else "swap")
def test_every_damage_is_found_and_the_last_good_one_used(
    tmp_path: Path, damage: Callable[[bytearray, random.Random], None] | None
) -> None:
    """200 files: flips, changes, blanks, cuts, extensions, and one of another case swapped in."""
    write(tmp_path, 1, 2, 3)
    other = tmp_path / "other"
    other.mkdir()
    write(other, 3, case="other")
    whole = path(tmp_path, 3).read_bytes()
    draw = random.Random(11)
    for _ in range(35 if damage else 25):
        data = bytearray(whole)
        if damage:
            damage(data, draw)
        else:
            data = bytearray(path(other, 3).read_bytes())
        path(tmp_path, 3).write_bytes(data)
        found = last_checkpoint(tmp_path, not_mine)
        assert found is not None
        assert found.number == 2
        assert len(found.damaged) == 1
        assert found.damaged[0].startswith("000003.ckpt: ")


def test_no_byte_can_change_unseen(tmp_path: Path) -> None:
    """Header, names, padding, directory and sum alike."""
    write_checkpoint(tmp_path, 0, {"x": np.arange(4)}, {})
    whole = path(tmp_path, 0).read_bytes()
    for place in range(len(whole)):
        data = bytearray(whole)
        data[place] ^= 0x10
        path(tmp_path, 0).write_bytes(data)
        with pytest.raises(InputError, match="damaged"):
            last_checkpoint(tmp_path)


def test_a_file_under_another_number_is_found(tmp_path: Path) -> None:
    write(tmp_path, 1, 2)
    shutil.copy(path(tmp_path, 2), path(tmp_path, 3))
    found = last_checkpoint(tmp_path)
    assert found is not None
    assert found.number == 2
    assert found.damaged == ("000003.ckpt: holds step 2",)


def test_all_damaged_is_an_error_with_a_cure(tmp_path: Path) -> None:
    write(tmp_path, 1, 2, 3)
    for number in (1, 2, 3):
        path(tmp_path, number).write_bytes(b"")
    with pytest.raises(InputError, match=r"000003\.ckpt: damaged; 000002.*000001") as caught:
        last_checkpoint(tmp_path)
    assert caught.value.file == str(tmp_path / "checkpoints")
    assert caught.value.cure


def test_another_format_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, 1)
    monkeypatch.setattr(checkpoints, "FORMAT", b"assb-fem checkpoint 9\n")
    with pytest.raises(InputError, match="another version"):
        last_checkpoint(tmp_path)


def test_objects_are_refused_when_written(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="objects"):
        write_checkpoint(tmp_path, 0, {"x": np.array([{}])}, {})
    assert names(tmp_path) == []


@pytest.mark.parametrize("fails", ["write_bytes", "fsync", "replace"])
def test_a_full_disk_leaves_the_earlier_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    write(tmp_path, 1, 2, 3)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    owner: Any = Path if fails == "write_bytes" else folder.os
    monkeypatch.setattr(owner, fails, full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path, 4)
    monkeypatch.undo()
    assert names(tmp_path) == ["000001.ckpt", "000002.ckpt", "000003.ckpt"]
    found = last_checkpoint(tmp_path)
    assert found is not None
    assert (found.number, found.damaged) == (3, ())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process")
def test_a_file_that_cannot_grow_leaves_the_earlier_ones(tmp_path: Path) -> None:
    """The system itself stops writing midway."""
    write(tmp_path, 1)
    code = (
        "import resource, sys; import numpy as np; from pathlib import Path\n"
        "from fem.output.checkpoints import write_checkpoint\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "write_checkpoint(Path(sys.argv[1]), 2, {'x': np.zeros(5000)}, {})\n"
    )
    root = str(Path(fem.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": root}, capture_output=True, text=True,
    )  # fmt: skip
    assert "OSError: [Errno 27]" in done.stderr
    assert names(tmp_path) == ["000001.ckpt"]
    assert last_checkpoint(tmp_path) is not None


def test_two_megabytes_take_little_time(tmp_path: Path) -> None:
    """Apart from the disk some 10 ms; ten times as long would be felt in every step."""
    arrays = {"x": np.random.default_rng(0).random(250_000)}
    times = []
    for _ in range(5):
        began = time.process_time()
        write_checkpoint(tmp_path, 0, arrays, {})
        times.append(time.process_time() - began)
    assert min(times) < 0.1
