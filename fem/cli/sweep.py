"""``fem sweep``: many cases, their table, and how their numbers are distributed."""

from __future__ import annotations

import argparse
import math
import os
import shlex
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fem.cli.progress import Progress, span
from fem.errors import FemError, InputError

if TYPE_CHECKING:
    from fem.results.members import Row
    from fem.results.swept import Swept
    from fem.runs.sweep import Finished, Plan

Floats = NDArray[np.float64]

MOST_MESSAGES = 3
"""Messages of members that were not done which are printed; the table has all."""


def command(arguments: argparse.Namespace) -> None:
    """Run the sweep that the arguments name."""
    from fem.case.sweep import Sweep
    from fem.output.cache import Cache
    from fem.output.sweep import check_folder, finish, journal
    from fem.runs.sweep import lost, perform, plan
    from fem.runs.workers import spread

    workers = _workers(arguments)
    folder = Path(arguments.out)
    with Progress(arguments.quiet) as progress:
        progress("validating members")
        ready = plan(Sweep.load(arguments.sweep))
        check_folder(folder, ready, arguments.resume)
        with (
            spread(partial(perform, store=Cache()), lost, workers, arguments.scheduler) as solve,
            journal(folder, ready, arguments.resume) as kept,
        ):
            outlook = _Outlook(progress, ready)
            try:
                for each in kept.finished.values():
                    outlook.count(each.rows)
                outlook.begin()
                while tasks := ready.remaining(kept.finished):
                    for each in solve(tasks):
                        kept.add(each)
                        outlook.count(each.rows)
                        outlook.show()
            except KeyboardInterrupt:
                words = shlex.join(_again(arguments))
                raise KeyboardInterrupt(
                    f"interrupted: {outlook.done} of {outlook.all} members are on disk; "
                    f"continue with: {words}"
                ) from None
            progress("tables and figures")
            swept = finish(ready, kept, folder)
    _tell(arguments, swept, kept.finished.values())


def _condensed(tasks: Collection[Finished]) -> Iterator[str]:
    """How well electrolytes could be condensed, in words."""
    together = [task for task in tasks if task.error and task.rows]
    count = sum(len(task.rows) for task in together)
    if count:
        worst = max(task.error for task in together)
        yield (
            f"{count} were solved together on a condensed electrolyte: in those compared with full "
            f"solves, currents differ by {worst:.1g} of their mean at most"
        )
    apart = [task for task in tasks if task.error and not task.rows]
    if apart:
        count, worst = sum(len(task.left) for task in apart), max(task.error for task in apart)
        yield (
            f"{count} were solved one by one, since a condensed electrolyte would differ from full "
            f"solves by {worst:.1g}"
        )


def _workers(arguments: argparse.Namespace) -> int:
    if arguments.workers is not None and arguments.scheduler is not None:
        raise InputError(
            "both processes of this machine and a scheduler",
            given="--workers and --scheduler",
            allowed="one of the two",
        )
    if arguments.workers is None:
        return os.cpu_count() or 1
    try:
        count = int(arguments.workers)
    except ValueError:
        count = 0
    if count < 1:
        raise InputError(
            "not a number of processes",
            given=f"--workers {arguments.workers}",
            allowed="a whole number of at least 1",
        )
    return count


def _again(arguments: argparse.Namespace) -> list[str]:
    words = ["fem", "sweep", arguments.sweep, "--out", arguments.out, "--resume"]
    for option in ("workers", "scheduler"):
        if getattr(arguments, option) is not None:
            words += [f"--{option}", getattr(arguments, option)]
    return words


class _Outlook:
    """How far a sweep is, and how long it will take at the pace so far."""

    def __init__(self, show: Progress, plan: Plan) -> None:
        self._show = show
        self.all = len(plan.sweep.members)
        self.done = len(plan.refused)
        self._failed = len(plan.refused)
        self._start = (0.0, 0)

    def begin(self) -> None:
        """Time runs from here on."""
        self._start = (time.perf_counter(), self.done)
        self.show()

    def count(self, rows: Sequence[Row]) -> None:
        """These members are done."""
        self.done += len(rows)
        self._failed += sum(row.status != "done" for row in rows)

    def show(self) -> None:
        """Tell it."""
        words = [f"{self.done} of {self.all} members"]
        if self._failed:
            words.append(f"{self._failed} not done")
        began, before = self._start
        if self.done > before:
            pace = (time.perf_counter() - began) / (self.done - before)
            words.append(f"{span(pace * (self.all - self.done))} left")
        self._show(", ".join(words))


def _known(swept: Swept) -> Iterator[str]:
    """How well each reported metric is known, and how many members that takes, in words."""
    from fem.results.estimates import ESTIMATES

    precision = 100.0 * swept.sweep.report.precision
    if swept.metrics and swept.sweep.repeats > 1:
        words = "half of a 95 % interval over the value, at the point where it is widest"
        yield f"{words}; and members a point for {precision:g} %:"
    for metric in swept.metrics if swept.sweep.repeats > 1 else ():
        told = []
        for name in ESTIMATES:
            half, members = swept.needed(metric, name)
            known = "too few members" if math.isnan(half) else f"{100.0 * half:.2g} %"
            count = "" if math.isnan(members) else f" ({members:.0f})"
            told.append(f"{name} {known}{count}")
        yield f"  {metric}: {', '.join(told)}"


def _highest(values: Floats) -> float:
    return float(np.nanmax(values, initial=-np.inf))


def _owed(swept: Swept) -> Iterator[str]:
    """What each reported metric owes to the varied keys, in words."""
    for metric in swept.metrics:
        found = [each for each in swept.influences if each.metric == metric]
        known = [each for each in found if not math.isnan(each.share)]
        if known:
            told = ", ".join(f"{each.key} {100.0 * each.share:.2g} %" for each in known)
            yield f"variance of {metric}: {told}"


def _hottest(swept: Swept) -> Iterator[str]:
    """Where hot spots are most probable, in words, and where there is no map."""
    for what, found in (
        ("along the lithium", swept.lithium),
        ("of the particles", swept.particles),
    ):
        known = {k: each for k, each in found.items() if each.carrying.any()}
        if not known:
            continue
        point, each = max(known.items(), key=lambda item: _highest(item[1].p95))
        place = int(np.nanargmax(each.p95))
        x, y = 1e6 * each.x[place], 1e6 * each.y[place]
        shares = [
            f"more than {multiple:g} in {100.0 * float(share[place]):.3g} %"
            for multiple, share in zip(swept.sweep.report.hot, each.over, strict=True)
        ]
        yield (
            f"hottest place {what}: point {point}, x = {x:.4g} um, y = {y:.4g} um, "
            f"{each.mean[place]:.3g} of the mean, P95 {each.p95[place]:.3g}; "
            f"{', '.join(shares)}{' of ' if shares else ''}{each.members} members"
        )
    for what, apart in zip(("along the lithium", "of the particles"), swept.apart, strict=True):
        if apart:
            points = ", ".join(map(str, apart[:8])) + (", ..." if len(apart) > 8 else "")
            yield f"no map {what} at point {points}: the drawings of its members differ"


def _tell(arguments: argparse.Namespace, swept: Swept, tasks: Collection[Finished]) -> None:
    """What became of the members.

    Raises
    ------
    FemError
        If some were not done.
    """
    from fem.output.sweep import MEMBERS
    from fem.results.members import DONE

    rows = swept.rows
    counts = Counter(row.status for row in rows)
    if not arguments.quiet:
        print(f"{len(rows)} members: " + ", ".join(f"{n} {name}" for name, n in counts.items()))
        for line in _condensed(tasks):
            print(line)
        for asked in swept.sweep.report.metrics:
            if not any(name == asked or name.startswith(f"{asked}[") for name in swept.metrics):
                print(f"no member has a number {asked}: it is not in the summary")
        for line in (*_known(swept), *_owed(swept), *_hottest(swept)):
            print(line)
        print(f"written to {arguments.out}")
    failed = [row for row in rows if row.status != DONE]
    if failed:
        first: dict[tuple[str, str], list[int]] = {}
        for row in failed:
            first.setdefault((row.status, row.message), []).append(row.member)
        why = [
            f"  {len(members)} {status}, the first is member {members[0]}: {message}"
            for (status, message), members in first.items()
        ]
        more = ["  and others for other reasons"] * (len(why) > MOST_MESSAGES)
        raise FemError(
            "\n".join(
                [
                    f"{len(failed)} of {len(rows)} members were not done; "
                    f"{Path(arguments.out) / MEMBERS} says why",
                    *why[:MOST_MESSAGES],
                    *more,
                ]
            )
        )
