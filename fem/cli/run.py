"""``fem run``: solve a case and write everything into a folder."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path

import fem
from fem.cli.cases import load, naming
from fem.cli.progress import Progress
from fem.errors import InputError
from fem.result import Result

WIDTH = 100


def command(arguments: argparse.Namespace) -> None:
    """Run the case that the arguments name."""
    from fem.cli.estimate import drawn
    from fem.output import check_folder

    case = load(arguments)
    if arguments.resume:
        raise InputError(
            'operation.kind = "snapshot" is solved in one go: there is nothing to resume',
            file=arguments.case,
            given="--resume",
            cure="leave --resume out",
        )
    # Beside the folder where the command was given, not beside the case, which may be read-only.
    folder = Path("out", Path(arguments.case).stem) if arguments.out is None else arguments.out
    check_folder(folder, case)
    with Progress(arguments.quiet) as progress, naming(arguments):
        drawn(case)
        result = fem.run(case, progress)
        progress("figures and files")
        fem.save(result, folder)
    if not arguments.quiet:
        print(summary(result))
        print(f"written to {folder}")


def summary(result: Result) -> str:
    """The main numbers, and the notes that a reader must not miss."""
    from fem.output.numbers import main_numbers
    from fem.output.report import WARNING

    rows = main_numbers(result.metrics)
    label = max(len(row.label) for row in rows)
    value = max(len(row.value) for row in rows)
    lines = [f"{row.label:<{label}}  {row.value:>{value}} {row.unit}".rstrip() for row in rows]
    for note in result.notes:
        if note.startswith(WARNING):
            lines += textwrap.wrap(note, WIDTH, subsequent_indent="  ")
    return "\n".join(lines)
