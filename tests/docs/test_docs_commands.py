"""What the documentation prints runs as printed: commands, scripts, and tables of case files.

A comment above a block says what it is: ``write: FILE`` the start of a case file, ``tables into:
FILE`` tables that replace those of the same name in it, ``tables of a case`` some that fit into the
case of the page (``with FILE`` of two columns), ``not run here: REASON`` one that another test
runs. Shell and Python without a comment are run in their order, in a folder with ``cases/`` and
``meshes/`` beside.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tomli_w

import fem
from fem.cli.arguments import read
from fem.units import base

ROOT = Path(__file__).resolve().parents[2]
START = "getting_started.md"
ELSEWHERE = {"design.md": "tests/test_design.py makes and runs its example"}
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN = [page for page in PAGES if page.name not in ELSEWHERE]
FENCE = re.compile(
    r"(?:<!-- (?P<said>[^>]*?) -->\n\n)?^```(?P<kind>sh|bat|python|toml)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
INLINE = re.compile(r"(?<!`)`(fem [a-z]+ [^`]+)`(?!`)")
HEADER = re.compile(r"^\[([\w.]+)\]", re.MULTILINE)
MOST_SECONDS = 900


@dataclass(frozen=True)
class Block:
    """A block of a page: where it stands, its language, its text, and what is said of it."""

    place: str
    kind: str
    text: str
    said: str


def blocks(page: Path) -> list[Block]:
    content = page.read_text("utf-8")
    return [
        Block(f"{page.name}:{content.count(chr(10), 0, m.start('text'))}", m["kind"], m["text"],
              m["said"] or "")
        for m in FENCE.finditer(content)
    ]  # fmt: skip


def replaced(case: dict[str, Any], text: str) -> dict[str, Any]:
    """A case with the tables of `text` in place of those of the same name."""
    new = tomllib.loads(text)
    for header in HEADER.findall(text):
        at, source = case, new
        *above, last = header.split(".")
        for name in above:
            at, source = at.setdefault(name, {}), source[name]
        at[last] = source[last]
    if "image" in case.get("geometry", {}):
        # The page: it takes the place of these two.
        case["geometry"] = {
            k: v for k, v in case["geometry"].items() if k not in ("width", "cathode")
        }
        case.pop("inactive", None)
    return case


def started(folder: Path) -> None:
    """What the first page has left in the folder of a reader."""
    for block in blocks(ROOT / "docs" / START):
        _tables(block, folder)


def _tables(block: Block, folder: Path) -> None:
    word, _, name = block.said.partition(": ")
    if word == "write":
        (folder / name).write_text(block.text, encoding="utf-8")
    elif word == "tables into":
        old = tomllib.loads((folder / name).read_text("utf-8"))
        (folder / name).write_text(tomli_w.dumps(replaced(old, block.text)), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A reader's folder, in which ``fem`` and ``python`` are those of this tree."""
    for name in ("cases", "meshes"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "meshes" / "cathode.png", tmp_path)
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name, words in (("fem", "-m fem"), ("python", "")):
        script = bin_folder / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    return tmp_path


def run(block: Block, folder: Path) -> None:
    """Run a block as it is printed.

    Raises
    ------
    AssertionError
        If it ends with another status than 0.
    """
    environment = os.environ | {
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "MPLBACKEND": "Agg",
    }
    shell = block.kind == "sh"
    words = ["sh", "-e", "-c", block.text] if shell else [sys.executable, "-c", block.text]
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, timeout=MOST_SECONDS
    )
    assert done.returncode == 0, f"{block.place}\n{block.text}\n{done.stderr[-2000:]}"


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the commands are those of a POSIX shell")
@pytest.mark.parametrize("page", RUN, ids=lambda p: p.name)
def test_commands_run_as_printed(page: Path, folder: Path) -> None:
    if page.name != START:
        started(folder)
    for block in blocks(page):
        _tables(block, folder)
        if block.kind in ("sh", "python") and not block.said.startswith("not run here: "):
            run(block, folder)


@pytest.mark.parametrize("page", RUN, ids=lambda p: p.name)
def test_every_block_says_what_it_is(page: Path, folder: Path) -> None:
    """TOML is a file or fits into the case of the first page; all else runs or says why not."""
    started(folder)
    for block in blocks(page):
        said = block.said
        if block.kind == "toml" and said == "values with units":
            assert all(base(value) for value in tomllib.loads(block.text).values()), block.place
        elif block.kind == "toml":
            assert said.startswith(("write: ", "tables into: ", "tables of a case")), block.place
            if name := said.partition("tables of a case with ")[2]:
                (folder / name).write_text("seconds,values\n0,1\n10,2\n", encoding="utf-8")
            start = tomllib.loads((folder / "my_case.toml").read_text("utf-8"))
            if not said.startswith("write: "):
                fem.Case.from_dict(replaced(start, block.text), folder / "a.toml")
        elif block.kind == "bat":
            assert said.startswith("not run here: "), block.place
        else:
            assert not said or said.startswith("not run here: "), block.place


def test_commands_in_the_text_exist() -> None:
    """Commands between words name a command and options that there are."""
    found = [text for page in PAGES for text in INLINE.findall(page.read_text("utf-8"))]
    assert len(found) > 5
    for text in found:
        read(shlex.split(" ".join(text.split()))[1:])
