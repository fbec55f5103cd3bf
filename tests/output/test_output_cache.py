"""What is kept on the disk of a user: found again bit by bit, or made anew."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from fem.output.cache import OFF, SUFFIX, VARIABLE, Cache, folder_of_user
from fem.runs.kept import Arrays

ARRAYS: Arrays = {
    "": np.array([0.1, np.nan, -0.0]),
    "whole numbers": np.arange(6).reshape(2, 3),
    "by columns": np.asfortranarray(np.linspace(0.0, 1.0, 6).reshape(2, 3)),
}


class Made:
    """Makes arrays, and counts how often."""

    def __init__(self, arrays: Arrays = ARRAYS, seconds: float = 0.0) -> None:
        self.arrays, self.seconds, self.count = arrays, seconds, 0

    def __call__(self) -> Arrays:
        self.count += 1
        time.sleep(self.seconds)
        return self.arrays


def alike(one: Arrays, other: Arrays) -> bool:
    return one.keys() == other.keys() and all(
        one[n].dtype == other[n].dtype
        and one[n].flags.f_contiguous == other[n].flags.f_contiguous
        and one[n].tobytes() == other[n].tobytes()
        for n in one
    )


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("*" + SUFFIX))


def test_what_was_made_is_found_bit_by_bit(tmp_path: Path) -> None:
    make, folder = Made(), tmp_path / "not yet" / "there"
    for _ in range(3):
        assert alike(Cache(folder).kept("a key", make), ARRAYS)
    assert make.count == 1
    Cache(folder).kept("another key", make)
    assert make.count == 2
    assert len(list(folder.iterdir())) == 2, "locks and scratch files are gone"


@pytest.mark.parametrize("harm", ["changed", "cut", "emptied", "foreign", "of another key"])
def test_an_entry_that_is_not_what_it_should_be_is_made_anew(tmp_path: Path, harm: str) -> None:
    cache, make = Cache(tmp_path), Made()
    cache.kept("a key", make)
    (path,) = entries(tmp_path)
    content = bytearray(path.read_bytes())
    if harm == "of another key":
        cache.kept("another key", Made({"": np.zeros(3)}))
        (other,) = set(entries(tmp_path)) - {path}
        other.replace(path)
    else:
        content[len(content) // 2] ^= 1
        harmed = {
            "changed": content, "cut": content[:-1], "emptied": b"", "foreign": b"not ours" * 99,
        }  # fmt: skip
        path.write_bytes(harmed[harm])
    assert alike(cache.kept("a key", make), ARRAYS)
    assert make.count == 2
    assert alike(cache.kept("a key", make), ARRAYS)
    assert make.count == 2


def test_several_that_ask_at_once_make_it_once(tmp_path: Path) -> None:
    make, found = Made(seconds=0.2), list[Arrays]()
    ask = [
        threading.Thread(target=lambda: found.append(Cache(tmp_path).kept("a key", make)))
        for _ in range(4)
    ]
    for each in ask:
        each.start()
    for each in ask:
        each.join()
    assert make.count == 1
    assert len(found) == 4
    assert all(alike(each, ARRAYS) for each in found)


def test_what_fails_is_told_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    def fails() -> Arrays:
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            Cache(tmp_path).kept("a key", fails)
    assert alike(Cache(tmp_path).kept("a key", Made()), ARRAYS)


def test_what_a_killed_process_left_blocks_nobody_and_goes(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.kept("a key", Made())
    (path,) = entries(tmp_path)
    path.unlink()
    path.with_suffix(".lock").touch()
    left = tmp_path / ".fem-left"
    left.mkdir()
    (left / path.name).write_bytes(b"half of it")
    os.utime(left, (0.0, 0.0))
    assert alike(cache.kept("a key", Made()), ARRAYS)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_those_not_used_for_longest_go(tmp_path: Path) -> None:
    cache = Cache(tmp_path, most_bytes=30_000)
    big = {"": np.zeros(1000)}
    names, paths = ["first", "second", "third"], {}
    for age, name in enumerate(names):
        before = set(entries(tmp_path))
        cache.kept(name, Made(big))
        (paths[name],) = set(entries(tmp_path)) - before
        os.utime(paths[name], (1e9 + age, 1e9 + age))
    cache.kept("first", Made(big))  # it was used, so the second goes
    cache.kept("fourth", Made(big))
    assert [name for name in names if paths[name].exists()] == ["first", "third"]
    assert sum(path.stat().st_size for path in entries(tmp_path)) <= 30_000
    cache.kept("larger than all", Made({"": np.zeros(10_000)}))
    assert len(entries(tmp_path)) == 1


def test_where_nothing_can_be_kept_all_is_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    make = Made()
    for count in (1, 2):
        assert alike(Cache(tmp_path / "file").kept("a key", make), ARRAYS)
        assert make.count == count


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, "HOME/.cache/assb-fem"),
        ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/assb-fem"),
        ("linux", {"XDG_CACHE_HOME": "not absolute"}, "HOME/.cache/assb-fem"),
        ("darwin", {"XDG_CACHE_HOME": "/x"}, "HOME/Library/Caches/assb-fem"),
        ("win32", {}, "HOME/AppData/Local/assb-fem"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/assb-fem"),
        ("linux", {VARIABLE: "/mine", "XDG_CACHE_HOME": "/x"}, "/mine"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
def test_the_folder_is_where_the_system_has_such(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], expected: str
) -> None:
    for name in (VARIABLE, "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert folder_of_user() == Path(expected.replace("HOME", str(Path.home())))


def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv(VARIABLE, OFF)
    make = Made()
    for _ in range(2):
        Cache().kept("a key", make)
    assert make.count == 2
    assert not list(tmp_path.iterdir())
    monkeypatch.setenv(VARIABLE, str(tmp_path / "here"))
    for _ in range(2):
        Cache().kept("a key", make)
    assert make.count == 3
    assert len(entries(tmp_path / "here")) == 1
