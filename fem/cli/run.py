"""``fem run``: solve a case and write everything into a folder."""

from __future__ import annotations

import argparse
import shlex
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import fem
from fem.case import Protocol
from fem.cli.cases import load, naming
from fem.cli.progress import Outlook, Progress
from fem.errors import InputError, SolveError
from fem.results.history import ON_THE_WAY
from fem.results.result import Result

if TYPE_CHECKING:
    from fem.case import Case
    from fem.geometry import Geometry
    from fem.output import Recorder

STEPPING = "stepping."
"""What cures name where other steps may help; a run may be taken up with others."""
WIDTH = 100
PLAIN = str.maketrans({"µ": "u", "²": "2"})
"""Letters of units that not every terminal can show."""
MOST_ENDS = 12
"""Ends of protocol steps that a summary lists; `events.csv` has all."""


def command(arguments: argparse.Namespace) -> None:
    """Run the case that the arguments name."""
    case = load(arguments)
    # Beside the folder where the command was given, not beside the case, which may be read-only.
    folder = Path("out", Path(arguments.case).stem) if arguments.out is None else arguments.out
    in_time = isinstance(case.operation, Protocol)
    result = (_in_time if in_time else _snapshot)(arguments, case, folder)
    if not arguments.quiet:
        print(summary(result))
        print(f"written to {folder}")


def _snapshot(arguments: argparse.Namespace, case: Case, folder: str | Path) -> Result:
    from fem.cli.estimate import drawn
    from fem.output import check_folder

    if arguments.resume:
        raise InputError(
            'operation.kind = "snapshot" is solved in one go: there is nothing to resume',
            file=arguments.case,
            given="--resume",
            cure="leave --resume out",
        )
    check_folder(folder, case)
    with Progress(arguments.quiet) as progress, naming(arguments):
        _tell_cost(case, drawn(case), arguments.quiet)
        result = fem.run(case, progress)
        progress("figures and files")
        fem.save(result, folder)
    return result


def _in_time(arguments: argparse.Namespace, case: Case, folder: str | Path) -> Result:
    from fem.cli.estimate import drawn
    from fem.output import check_folder, recording
    from fem.output.recorder import gone
    from fem.runs.simulation import simulate

    assert isinstance(case.operation, Protocol)
    check_folder(folder, case, arguments.resume)
    with Progress(arguments.quiet) as progress, naming(arguments):
        _tell_cost(case, drawn(case), arguments.quiet)
        with recording(folder, case, arguments.resume) as recorder:
            for problem in recorder.checkpoint.damaged if recorder.checkpoint else ():
                print(f"left out: {problem}", file=sys.stderr)
            if recorder.checkpoint and recorder.checkpoint.missing:
                print(f"left out: {gone(recorder.checkpoint.missing)}", file=sys.stderr)
            with _telling_how_to_go_on(arguments, folder, recorder):
                outlook = Outlook(progress, case.operation.unrolled)
                result = simulate(case, progress, (recorder, outlook), recorder.checkpoint)
                progress("figures and files")
                return recorder.finish(result)


def _tell_cost(case: Case, shape: Geometry, quiet: bool) -> None:
    """What `fem check` would warn of: a run that is long, or too large for this machine."""
    from fem.cli.estimate import cost, too_much
    from fem.parameters import resolve

    for warning in () if quiet else too_much(case, cost(case, shape, resolve(case, shape))):
        print(f"warning: {warning}", file=sys.stderr)


@contextmanager
def _telling_how_to_go_on(
    arguments: argparse.Namespace, folder: str | Path, recorder: Recorder
) -> Iterator[None]:
    """Errors and interrupts say what is on the disk, and how to get further.

    A step depends on the state before it alone, so that the same case fails again in the same
    place: only where other steps may help is there anything to go on with.
    """
    try:
        yield
    except (KeyboardInterrupt, SolveError) as stopped:
        if recorder.steps < 0:
            raise
        words = ["fem", "run", arguments.case, "--out", str(folder), "--resume"]
        for change in arguments.changes:
            words += ["--set", change]
        kept = f"t = {recorder.time:.6g} s, {recorder.steps} steps on disk"
        hint = f"continue with: {shlex.join(words)}"
        if isinstance(stopped, SolveError):
            if any(STEPPING in cure for cure in stopped.cures):
                what = f"change [stepping], which a run may be taken up with, and {hint}"
            else:
                what = "change the case and run it in another folder: as it is, it fails here again"
            stopped.cures = (*stopped.cures, f"{what}  ({kept})")
            raise
        raise KeyboardInterrupt(f"interrupted at {kept}; {hint}") from None


def summary(result: Result) -> str:
    """The main numbers, and the notes that a reader must not miss."""
    from fem.output.report import WARNING
    from fem.results.numbers import main_numbers

    rows = [
        (("  " if row.part else "") + row.label, row.value, row.unit)
        for row in main_numbers(result.metrics)
    ]
    width, digits = (max(len(row[k]) for row in rows) for k in (0, 1))
    lines = [
        f"{label:<{width}}  {value:>{digits}} {unit}".rstrip().translate(PLAIN)
        for label, value, unit in rows
    ]
    if result.history is not None:
        times = result.history["Test Time / s"]
        ends = [
            f"{times[row]:>12.6g} s  {why} {'in' if why.startswith(ON_THE_WAY) else 'ended'} "
            f"{label}"
            for row, _, label, why in result.history.events
        ]
        lines += [f"{'...':>14}"] * (len(ends) > MOST_ENDS) + ends[-MOST_ENDS:]
    for note in result.notes:
        if note.startswith(WARNING):
            lines += textwrap.wrap(note, WIDTH, subsequent_indent="  ")
    return "\n".join(lines)
