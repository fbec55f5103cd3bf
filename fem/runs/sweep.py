"""The members of a sweep as tasks: many at once where they share a cell, else one by one.

What a task gives depends on the task alone, and tasks depend on the sweep alone: not on how many
processes there are, nor on what was done before.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from fem.case import Case, Protocol
from fem.case.sweep import Sweep
from fem.errors import FemError, InputError, closest
from fem.results.members import DONE, FAILED, REFUSED, Row
from fem.results.places import Packed, pack
from fem.results.quantities import REGISTRY, find
from fem.results.result import Result
from fem.results.swept import Swept
from fem.runs.ensemble import Ensemble, Outcome
from fem.runs.kept import MEMORY, Store
from fem.runs.members import VARIES, refusal, scalars
from fem.runs.simulation import simulate
from fem.runs.snapshot import solve
from fem.runs.workers import spread

CHUNK = 100
"""Members that are solved at once, at most."""
LEAST = 12
"""Members of one cell from which on they are solved together. Condensing its electrolyte was
measured to cost as much as two to ten snapshots (15 where small elements meet kinks of
lithium), and a member next to nothing after that."""
EXAMPLES = 100
"""Members of one cell, evenly among all, of which the hardest say how many modes it takes."""
COARSEST = 1e-4
"""Largest error of a condensed electrolyte, as `Ensemble.error`, that is taken; beyond it, members
are solved one by one."""
TOLD_APART = ("newton_iterations", "newton_residual", "degrees_of_freedom")
"""What a snapshot tells of its own solve; members that are solved together have none."""
_NOT_KEPT = ("version", "case_sha256")
_CLOCK = "seconds_"
_MEAN = "anode_plating_mean_A_m2"

Changes = Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    """Some members to be solved, to be sent to another process.

    Attributes
    ----------
    number
        From 0, in the order in which tasks are best begun.
    base
        The case that is varied.
    members
        Number of each and what is changed in it.
    cell
        What is changed in the case whose electrolyte is condensed for all; `None` where members are
        solved one by one.
    places
        Whether to keep what members carry where.
    examples
        What is changed in some members of that cell, from all over it.
    """

    number: int
    base: Case
    members: tuple[tuple[int, Changes], ...]
    cell: Changes | None = None
    places: bool = False
    examples: tuple[Changes, ...] = ()


@dataclass(frozen=True)
class Finished:
    """What became of a task.

    Attributes
    ----------
    rows
        One a member.
    left
        Numbers of members that could not be solved together, and are left to be solved alone.
    error
        Largest error of particles' currents and plating that the condensed electrolyte was found to
        have against full solves, over their means; 0 where there is none.
    packed
        What the members carry where; `None` where that is not kept, or nothing flows.
    """

    task: int
    rows: tuple[Row, ...]
    left: tuple[int, ...] = ()
    error: float = 0.0
    packed: Packed | None = None


@dataclass(frozen=True)
class Plan:
    """A sweep that is ready: its tasks, and the members that cannot be."""

    sweep: Sweep
    tasks: tuple[Task, ...]
    refused: tuple[Row, ...]

    @property
    def identity(self) -> str:
        """Hash of what is solved, and of how it is cut into tasks."""
        cut = [([number for number, _ in task.members], task.cell) for task in self.tasks]
        content = json.dumps([self.sweep.sha256, cut], default=repr)
        return hashlib.sha256(content.encode()).hexdigest()

    def remaining(self, finished: Mapping[int, Finished]) -> list[Task]:
        """Tasks that are to be done once some are finished, by their number; at the end none."""
        first = [task for task in self.tasks if task.number not in finished]
        if first:
            return first
        # Members that could not be solved together are tasks of their own, behind all others.
        members, base = self.sweep.members, self.sweep.base
        alone = {len(self.tasks) + n: n for each in finished.values() for n in each.left}
        return [
            Task(number, base, ((member, members[member]),), places=self.sweep.repeats > 1)
            for number, member in sorted(alone.items())
            if number not in finished
        ]

    def rows(self, finished: Mapping[int, Finished]) -> list[Row]:
        """Rows of all members that are known, in their order."""
        rows = [*self.refused, *(row for each in finished.values() for row in each.rows)]
        return sorted(rows, key=lambda row: row.member)

    def swept(self, finished: Mapping[int, Finished]) -> Swept:
        """The sweep with all members that are known."""
        tasks = [finished[number] for number in sorted(finished)]
        packed = tuple(each.packed for each in tasks if each.packed is not None)
        return Swept(self.sweep, tuple(self.rows(finished)), packed)


def plan(sweep: Sweep) -> Plan:
    """Validate all members, and cut them into tasks.

    Raises
    ------
    InputError
        If no member can be, or a metric is asked for that is not known.
    """
    _require_metrics(sweep)
    refused: list[Row] = []
    cells: dict[str, list[tuple[int, Changes]]] = {}
    alone: list[tuple[int, Changes]] = []
    first_error: InputError | None = None
    batched = not set(sweep.report.metrics) & set(TOLD_APART)
    for number, changes in enumerate(sweep.members):
        try:
            case = sweep.base.replace(changes)
        except InputError as error:
            first_error = first_error or error
            refused.append(Row(number, REFUSED, 0.0, {}, one_line(error)))
            continue
        if batched and not refusal(case):
            cells.setdefault(_cell(changes), []).append((number, changes))
        else:
            alone.append((number, changes))
    if first_error is not None and len(refused) == len(sweep.members):
        raise first_error
    groups: list[tuple[Changes | None, Sequence[tuple[int, Changes]], tuple[Changes, ...]]] = []
    for members in cells.values():
        if len(members) < LEAST:
            alone += members
            continue
        some = np.linspace(0, len(members) - 1, min(EXAMPLES, len(members))).round().astype(int)
        examples = tuple(members[k][1] for k in some.tolist())
        for start in range(0, len(members), CHUNK):
            groups.append((members[0][1], members[start : start + CHUNK], examples))
    groups += [(None, [member], ()) for member in sorted(alone, key=lambda member: member[0])]
    tasks = tuple(
        Task(number, sweep.base, tuple(members), cell, sweep.repeats > 1, examples)
        for number, (cell, members, examples) in enumerate(groups)
    )
    return Plan(sweep, tasks, tuple(refused))


def solve_all(sweep: Sweep, workers: int | None = None, scheduler: str | None = None) -> list[Row]:
    """All members of a sweep in their order; arguments as those of `solved`."""
    return list(solved(sweep, workers, scheduler).rows)


def solved(
    sweep: Sweep | str | os.PathLike[str] | Mapping[str, Any],
    workers: int | None = None,
    scheduler: str | None = None,
) -> Swept:
    """Solve a sweep, and give all that can be told of its members.

    Nothing is written.

    Parameters
    ----------
    sweep
        A sweep, a sweep file, or mappings of its form.
    workers, scheduler
        As for `fem.sweep`.

    Raises
    ------
    InputError
        If the sweep or its case is wrong, or no member can be.
    """
    if not isinstance(sweep, Sweep):
        sweep = Sweep.from_dict(sweep) if isinstance(sweep, Mapping) else Sweep.load(sweep)
    ready = plan(sweep)
    with spread(perform, lost, workers, scheduler) as solve_each:
        finished: dict[int, Finished] = {}
        while tasks := ready.remaining(finished):
            finished |= {each.task: each for each in solve_each(tasks)}
    return ready.swept(finished)


def perform(task: Task, store: Store = MEMORY) -> Finished:
    """Solve the members of a task; one that fails does not stop the others.

    What is found does not depend on the store in which condensed electrolytes are kept.
    """
    cases = {number: task.base.replace(changes) for number, changes in task.members}
    if task.cell is None:
        ((number, case),) = cases.items()
        row, result = _alone(number, case)
        packed = _packed_alone(number, result) if task.places and result is not None else None
        return Finished(task.number, (row,), packed=packed)
    case = task.base.replace(task.cell)
    examples = tuple(task.base.replace(changes) for changes in task.examples)
    ensemble, error = _condensed(case, examples, case.sha256, store)
    found = _together(ensemble, cases) if ensemble is not None else None
    if ensemble is None or found is None:
        return Finished(task.number, (), tuple(cases), error)
    rows, outcome = found
    left = tuple(number for number in cases if number not in rows)
    packed = _packed_together(ensemble, list(cases), outcome) if task.places else None
    return Finished(task.number, tuple(rows.values()), left, error, packed)


def lost(task: Task, why: str) -> Finished:
    """What became of a task whose process came to an end before it did."""
    if task.cell is not None:
        return Finished(task.number, (), tuple(number for number, _ in task.members))
    rows = (Row(number, FAILED, 0.0, {}, why) for number, _ in task.members)
    return Finished(task.number, tuple(rows))


def one_line(error: Exception) -> str:
    """What an error says, in one line."""
    return "; ".join(" ".join(line.split()) for line in str(error).splitlines())


def _cell(changes: Changes) -> str:
    """What members of one cell have in common: all that is changed but what may vary on it."""
    drawn = {key: value for key, value in changes.items() if key.partition(".")[0] not in VARIES}
    return json.dumps(drawn, sort_keys=True, default=repr)


@lru_cache(maxsize=1)
def _condensed(
    case: Case, examples: tuple[Case, ...], sha256: str, store: Store
) -> tuple[Ensemble | None, float]:
    """The cell of a case and its error; `None` where that cannot be condensed, or not well enough.

    The last one is kept, as long as files that the case names stay as they are (`sha256`): tasks of
    one cell follow one another.
    """
    try:
        found = Ensemble.of(case, examples=examples, store=store)
    except Exception:
        return None, 0.0  # each member then says for itself what is wrong with it
    return (found if found.error <= COARSEST else None), found.error


def _together(
    ensemble: Ensemble, cases: Mapping[int, Case]
) -> tuple[dict[int, Row], Outcome] | None:
    """Rows of those members that were found; `None` where nothing was."""
    began = time.perf_counter()
    try:
        outcome = ensemble.solve(list(cases.values()))
    except Exception:
        return None
    seconds = (time.perf_counter() - began) / len(cases)
    rows = {
        number: Row(number, DONE, seconds, _kept(metrics))
        for number, metrics in zip(cases, outcome.metrics, strict=True)
        if metrics is not None
    }
    return rows, outcome


def _packed_together(ensemble: Ensemble, numbers: Sequence[int], outcome: Outcome) -> Packed | None:
    """What members that were solved together carry where."""
    rows = [k for k, metrics in enumerate(outcome.metrics) if metrics and _flows(metrics)]
    if not rows:
        return None
    drawn = ensemble.cell.mesh.geometry.particles
    means = np.array([outcome.metrics[k][_MEAN] for k in rows])  # type: ignore[index]
    return pack(
        [numbers[k] for k in rows],
        ensemble.anode,
        outcome.plating[rows],
        means,
        np.stack([drawn.x, drawn.y, drawn.diameter]),
        outcome.currents[rows],
        outcome.active[rows],
    )


def _packed_alone(number: int, result: Result) -> Packed | None:
    """What a member carries where, in its last state."""
    if not _flows(result.metrics):
        return None
    anode, particles = result.anode, result.particles
    return pack(
        [number],
        anode,
        anode.running_mean(anode.plating)[None],
        np.array([result.metrics[_MEAN]]),
        np.stack([particles.x, particles.y, particles.diameter]),
        particles.current[None],
        particles.active[None],
    )


def _flows(metrics: Mapping[str, Any]) -> bool:
    """Whether there is a mean along the lithium to speak of."""
    return math.isfinite(metrics.get("focusing_max_over_mean", math.nan))


def _alone(number: int, case: Case) -> tuple[Row, Result | None]:
    began = time.perf_counter()
    status, metrics, message = FAILED, {}, ""
    result = None
    try:
        in_time = isinstance(case.operation, Protocol)
        result = (simulate if in_time else solve)(case)
        metrics = _kept(result.metrics)
        status = DONE
    except InputError as error:
        status, message = REFUSED, one_line(error)
    except FemError as error:
        message = one_line(error)
    except Exception as error:
        message = f"internal error: {type(error).__name__}: {one_line(error)}"
    return Row(number, status, time.perf_counter() - began, metrics, message), result


def _kept(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Scalar metrics as plain finite numbers and texts, without times on the clock."""
    found = {}
    for name, value in scalars(
        {n: v.tolist() if isinstance(v, np.ndarray | np.generic) else v for n, v in metrics.items()}
    ).items():
        value = value.item() if isinstance(value, np.generic) else value
        number = isinstance(value, float) and not math.isfinite(value)
        if value is None or number or name.startswith(_CLOCK) or name in _NOT_KEPT:
            continue
        found[name] = value
    return found


def _require_metrics(sweep: Sweep) -> None:
    """Refuse metrics that no run has."""
    for name in sweep.report.metrics:
        if find(name.partition("[")[0]) is None:
            known = [member.name for entry in REGISTRY for member in entry.members()]
            match = closest(name, known)
            raise InputError(
                "no metric of this name",
                key="report.metrics",
                given=name,
                allowed="names of metrics.json, as the page Quantities lists them",
                cure=f"did you mean {match}?" if match else None,
            )
