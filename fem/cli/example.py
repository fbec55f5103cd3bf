"""``fem example``: the cases that come along, to start from."""

from __future__ import annotations

import argparse
import shutil
import tomllib
from pathlib import Path

import fem
from fem.case.text import is_sweep
from fem.errors import InputError, closest

SUFFIXES = (".toml", ".py")


def command(arguments: argparse.Namespace) -> None:
    """List the cases, or copy the one that the arguments name."""
    cases = {path.name: path for path in shipped()}
    if arguments.name is None:
        width = max((len(name) for name in cases), default=0)
        for name, path in cases.items():
            print(f"{name:<{width}}  {title(path)}".rstrip())
        print("\nfem example NAME copies one to the folder you are in.")
        return
    print(f"written to {copy(_choose(arguments.name, cases), Path(arguments.out))}")


def shipped() -> list[Path]:
    """The case files and case scripts of this installation."""
    package = Path(fem.__file__).parent
    packed = package / "_cases"
    folder = packed if packed.is_dir() else package.parent / "cases"  # the latter in a source tree
    return sorted(path for path in folder.glob("*") if path.suffix in SUFFIXES)


def title(path: Path) -> str:
    """What a case is, in a line: its title, the case of a sweep, or what a script says first."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".toml":
        tables = tomllib.loads(text)
        return f"a sweep of {tables['case']}" if is_sweep(tables) else str(tables.get("title", ""))
    return next((line.strip('#"r ') for line in text.splitlines() if line.strip('#"r ')), "")


def copy(case: Path, folder: Path) -> Path:
    """Copy `case` into `folder`, which is made if need be; gives the path of the copy."""
    from fem.output.folder import require_writable, whole

    goal = folder / case.name
    if goal.exists():
        raise InputError(
            "there is such a file already", file=str(goal), cure="give another folder with --out"
        )
    require_writable(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with whole(goal) as temporary:
        shutil.copyfile(case, temporary)
    return goal


def _choose(name: str, cases: dict[str, Path]) -> Path:
    """The case `name`, whose ending may be left out where that is clear."""
    found = [path for known, path in cases.items() if name in (known, path.stem)]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(
            "there are several", given=name, allowed=", ".join(path.name for path in found)
        )
    match = closest(name, {name for path in cases.values() for name in (path.name, path.stem)})
    raise InputError(
        "there is no such case",
        given=name,
        allowed=", ".join(cases) or "none: this installation came without cases",
        cure=f"did you mean {match}?" if match else None,
    )
