"""Loading the case that the arguments of a command name."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fem.case import Case, parse_overrides
from fem.errors import InputError


def load(arguments: argparse.Namespace) -> Case:
    """The case file with the changes of ``--set``."""
    path = Path(arguments.case)
    if path.suffix == ".py":
        raise InputError(
            "a case script, not a case file",
            file=str(path),
            allowed="a TOML file",
            cure=f"run it with python {path}",
        )
    with naming(arguments):
        return Case.load(path, parse_overrides(arguments.changes))


@contextmanager
def naming(arguments: argparse.Namespace) -> Iterator[None]:
    """Errors about a key say where it stands: in the case file, or on the command line."""
    try:
        yield
    except InputError as error:
        changed = [text.partition("=")[0].strip() for text in arguments.changes]
        if error.key and any(key and error.key.startswith(key) for key in changed):
            error.file = f"{arguments.case} with --set"
        elif error.key and error.file is None:
            error.file = str(arguments.case)
        raise
