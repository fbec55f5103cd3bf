"""The loop of a run: what becomes of each trial, step after step of the protocol."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from fem.case import Case
from fem.case.operation import Protocol as ProtocolTable
from fem.case.profile import read_profile
from fem.case.steps import Step as ProtocolStep
from fem.cell.composition import Cell
from fem.cell.foresight import LONGEST
from fem.cell.solids import all_loose, changes, lithium_loose, marked, require_contact
from fem.cell.state import State
from fem.errors import SolveError
from fem.geometry import Inactivity
from fem.measures.spectra import TAKEN, Spectrum, unpacked
from fem.results.history import (
    ALL_LOOSE,
    ENDS,
    LIMITS,
    LITHIUM_LOOSE,
    OUT_OF_REACH,
    SHORT,
    Event,
)
from fem.results.notes import notes_of, outcome
from fem.results.result import Result
from fem.results.spectrum_tables import notes_on
from fem.results.view import View
from fem.runs.accepted import (
    Accepted,
    Checkpoint,
    Counters,
    Observer,
    refuse_other_blocks,
    worked,
)
from fem.runs.cycles import Cycles, Moment
from fem.runs.displaced import displace
from fem.runs.growth import Shape, due, follow
from fem.runs.openings import at_flaw, opening
from fem.runs.protocol import Task, beyond_window, task
from fem.runs.spectrum import taken
from fem.runs.steps import REJECTED, Trial, unstable
from fem.runs.telling import Telling
from fem.runs.trials import Refused, attempt, length, locate, require_reachable
from fem.solve.stepping import Controller

Switch = Callable[[Cell, State], Mapping[int, Inactivity | None]]
"""Which particles stop reacting, and why, or (`None`) react, at an accepted state; by id."""

CONTROLLER = Controller()
SHORTEST = 1e-9
"""Steps shorter than this share of `stepping.first` mean that the run cannot go on."""
RETREAT = 0.25
"""How much shorter a step is tried again after one that could not be solved."""
MOST_FAILURES = 6
"""Steps one after the other, each shorter, for which solids have no equilibrium that is found."""


class Run:
    """The loop with its bookkeeping; only accepted steps change it."""

    def __init__(
        self,
        case: Case | Cell,
        progress: Callable[[str], None],
        observers: Sequence[Observer],
        resume: Checkpoint | None,
        switch: Switch | None,
    ) -> None:
        began = time.perf_counter()
        cell = Cell.of(case, progress) if isinstance(case, Case) else case
        case = cell.case
        assert isinstance(case.operation, ProtocolTable)
        self._case, self._switch = case, switch
        self._view = View.of(cell, began)
        self._shape: Shape | None = None
        if case.geometry.anode.motion == "moved":
            self._shape = Shape.drawn(cell)
            if resume is not None:
                self._shape = shape = Shape.taken_up(resume.arrays, resume.facts["shape"])
                drawn = None if cell.stress is None else cell
                self._view = self._view.on(
                    shape.cell(case, drawn), shape.charge, shape.closed, shape.rebalanced
                )
        self._protocol = case.operation.unrolled
        self._waveforms = {
            profile: read_profile(profile, case.resolve(profile.file))
            for profile in set(case.operation.profiles.values())
        }
        self._tell = Telling(observers, case.output.frames, () if resume is None else resume.rows)
        self._cycles = Cycles(case, self._tell, resume)
        self._events: list[Event] = []
        self._spectra: tuple[Spectrum, ...] = ()
        self._counters = Counters(dt=float(case.stepping.first))
        self._state = cell.initial()
        require_contact(cell, self._state)
        self._progress, self._failures, self._refused = progress, 0, Refused()
        if resume is not None:
            refuse_other_blocks(self._cell, resume.facts["blocks"])
            self._state = State.from_arrays(resume.arrays)
            self._counters = Counters.of(resume.facts["counters"])
            events = resume.facts["events"]
            self._events = [(int(r), int(s), str(a), str(b)) for r, s, a, b in events]
            self._spectra = unpacked(resume.arrays, resume.facts["spectra"])

    @property
    def _cell(self) -> Cell:
        return self._view.cell

    def go(self) -> Result:
        """All steps of the protocol that are left."""
        while not self._over or self._cycles.judging:
            try:
                self._go_through_step()
            except SolveError:
                if not self._cycles.judging:
                    raise
                self._go_on_from(self._cycles.back())
        self._progress("measures")
        history = self._tell.rows.history(self._events)
        notes = [*notes_of(self._cell), *outcome(history, [step for _, step in self._protocol])]
        notes += notes_on(self._spectra)
        result = self._view.result(self._state, self._tell.rows.last, notes)
        last = self._counters.number - 1
        frames = [frame for number, frame in self._tell.frames.kept if number < last]
        frames.append(self._view.frame(self._state))
        return replace(result, history=history, frames=tuple(frames), spectra=self._spectra)

    @property
    def _over(self) -> bool:
        """Whether all steps are done, or the last one could not be and the run is to stop there."""
        if self._counters.step == len(self._protocol):
            return True
        if self._counters.begun is not None or not self._events:
            return False
        _, number, _, why = self._events[-1]
        return why in LIMITS and self._protocol[number][1].on_infeasible == "stop"

    def _go_through_step(self) -> None:
        if self._counters.begun is None:
            here = Moment(self._state, self._counters, tuple(self._events))
            self._go_on_from(self._cycles.turn(self._cell, here, self._over))
        if self._over:
            return
        label, step = self._protocol[self._counters.step]
        self._progress(label)
        if self._counters.begun is None:
            self._begin(label, step)
        if self._counters.begun is not None:
            self._continue(label, step)

    def _go_on_from(self, moment: Moment) -> None:
        self._state, self._counters = moment.state, moment.counters
        self._events = list(moment.events)
        self._spectra = tuple(s for s in self._spectra if s.step < moment.counters.step)

    def _task(self, label: str, step: ProtocolStep) -> Task:
        followed = None if step.profile is None else self._waveforms[step.profile]
        return task(label, step, self._cell, self._counters, followed)

    def _begin(self, label: str, step: ProtocolStep) -> None:
        """The potentials jump to those of the new current; the step may be over at once."""
        before = self._counters
        self._counters = replace(
            before,
            begun=self._state.time,
            given=self._cell.charge_given(self._state.content),
            beyond=beyond_window(self._cell, self._state),
            mean=self._cell.mean_stoichiometry(self._state),
            dt=float(self._case.stepping.first),
        )
        todo = self._task(label, step)
        try:
            (self._take_spectrum if step.frequencies else self._set_anew)(todo)
        except SolveError as error:
            self._counters = before
            raise self._lost(error, label) from None

    def _take_spectrum(self, todo: Task) -> None:
        """The impedance about the state as it is; nothing moves."""
        number = self._counters.step
        state, found = taken(self._cell, self._state, self._protocol[number][1].frequencies)
        self._spectra += (replace(found, step=number, label=todo.label),)
        self._accept(state, todo, TAKEN)

    def _set_anew(self, todo: Task) -> None:
        """Accept the instant at which something else is imposed; the step may be over there."""
        now = self._state.time
        try:
            state = self._cell.instant(self._state, todo.drives(now, now))
            require_reachable(self._cell, todo, self._state, state)
        except SolveError:
            if not todo.gives_power:
                raise
            state = self._cell.instant(self._state, self._cell.drives(current=0.0))
            self._accept(state, todo, OUT_OF_REACH)
        else:
            over = todo.reached(state) >= 0.0
            self._accept(state, todo, todo.reason(state) if over else "")

    def _continue(self, label: str, step: ProtocolStep) -> None:
        """Steps in time until the step of the protocol is over."""
        todo = self._task(label, step)
        number = self._counters.step
        most = self._case.stepping.most_steps
        while self._counters.step == number:
            if self._counters.number > most:
                raise self._lost(
                    SolveError(
                        f"the run has taken {most} steps in time",
                        cures=("a larger stepping.most_steps", "a larger stepping.tolerance"),
                    ),
                    label,
                )
            if self._shape is not None and due(self._case, self._cell, self._state):
                todo = self._follow(label, step)
                if self._shape.short:
                    self._accept(self._state, todo, SHORT, 0, 0.0)
                    break
            no_lithium = lithium_loose(self._cell, self._state)
            if no_lithium or all_loose(self._cell, self._state):
                why = LITHIUM_LOOSE if no_lithium else ALL_LOOSE
                self._accept(marked(self._cell, self._state), todo, why, 0, 0.0)
                break
            if self._switched(todo):
                todo = self._task(label, step)
            dt, last = length(self._case.stepping, todo, self._state.time, self._counters.dt)
            if not last and dt > LONGEST:
                raise self._lost(
                    SolveError(
                        "nothing changes any more, and what is to end the step is out of reach",
                        cures=("add a time to its until",),
                    ),
                    label,
                )
            if self._state.rate is not None and todo.jumps_at(self._state.time):
                self._counters = replace(self._counters, dt=float(self._case.stepping.first))
                try:
                    self._set_anew(todo)
                except SolveError as error:
                    raise self._lost(error, label) from None
                continue
            trial = self._try(todo, dt, label)
            if trial is None:
                continue
            if wrong := unstable(self._cell, trial.state):
                raise self._lost(wrong, label)
            ended_by = todo.end_name if last and trial.state.time == todo.end else ""
            if todo.reached(trial.state) >= 0.0:
                ended_by = todo.reason(trial.state)
                try:
                    found = locate(self._cell, todo, self._state, trial)
                except SolveError as error:
                    raise self._lost(error, label) from None
                if found is None:
                    self._accept(self._state, todo, ended_by, 0, 0.0)
                    break
                trial = found
                if todo.reached(trial.state) >= -1.0:
                    ended_by = todo.reason(trial.state)
            taken = trial.state.time - self._state.time
            following = CONTROLLER.next(taken, trial.error, trial.change)
            # A step cut short by its end says nothing about how long the next could be.
            if last or ended_by:
                following = max(following, self._counters.dt)
            self._counters = replace(self._counters, dt=following)
            self._accept(trial.state, todo, ended_by, trial.iterations, taken, trial.energy)

    def _follow(self, label: str, step: ProtocolStep) -> Task:
        """Move the lithium line by what was plated since it moved last; what is to do then."""
        assert self._shape is not None
        try:
            move = follow if self._cell.stress is None else displace
            shape, cell, state = move(self._case, self._cell, self._shape, self._state)
            self._view = self._view.on(cell, shape.charge, shape.closed, shape.rebalanced)
            todo = self._task(label, step)
            state = cell.reshaped(state, todo.drives(state.time, state.time))
        except SolveError as error:
            raise self._lost(error, label) from None
        self._shape, self._state = shape, state
        return todo

    def _switched(self, todo: Task) -> bool:
        """Let particles stop or start to react, if the state asks for it; whether any did."""
        cell, before = self._cell, self._state
        try:
            self._state, told = opening(cell, todo, before)
            asked = None if self._switch is None else self._switch(cell, self._state)
            if changed := changes(cell, self._state, asked or {}):
                drives = todo.drives(self._state.time, self._state.time)
                self._state = cell.switched(self._state, changed, drives)
        except SolveError as error:
            raise self._lost(error, todo.label) from None
        row, step = self._counters.number - 1, self._counters.step
        self._events += [(row, step, todo.label, each) for each in told]
        if self._state is not before:
            self._counters = replace(self._counters, dt=float(self._case.stepping.first))
        if changed:
            self._counters = replace(self._counters, beyond=beyond_window(cell, self._state))
        return bool(changed)

    def _try(self, todo: Task, dt: float, label: str) -> Trial | None:
        """A step that may be accepted, or `None` and a shorter step to try next."""
        failure: SolveError | None = None
        try:
            trial = attempt(self._cell, todo, self._state, dt)
            good = trial.error <= 1.0 and (
                trial.change <= REJECTED or self._refused.jumps(dt, trial)
            )
            if good:
                trial = at_flaw(self._cell, todo, self._state, trial)
                self._view.elastic(trial.state)  # its row asks for this, which may fail as well
        except SolveError as error:
            failure, shorter = error, RETREAT * dt
            self._failures += error.field == "displacement"
        else:
            self._failures = 0
            if good:
                return trial
            shorter = min(CONTROLLER.next(dt, trial.error, trial.change), 0.9 * dt)
        self._counters = replace(self._counters, dt=shorter, rejected=self._counters.rejected + 1)
        first = float(self._case.stepping.first)
        if failure is not None and todo.gives_power and shorter < first:
            self._accept(self._state, todo, OUT_OF_REACH)
            return None
        # However short a step, solids that snap do so.
        if shorter < SHORTEST * first or self._failures >= MOST_FAILURES:
            raise self._lost(failure or SolveError("the error of the step stays too large"), label)
        return None

    def _accept(
        self,
        state: State,
        todo: Task,
        ended_by: str,
        iterations: int = 0,
        taken: float = 0.0,
        energy: float = 0.0,
    ) -> None:
        """Make a state the one that the run goes on from, and tell the observers."""
        step = self._counters.step
        before, after = (self._cell.charge_given(s.content) for s in (self._state, state))
        self._counters = replace(
            self._counters,
            number=self._counters.number + 1,
            passed=self._counters.passed.after(after - before, energy),
            iterations=self._counters.iterations + iterations,
        )
        number = self._counters.number - 1
        self._refused = Refused()
        self._counters, work = worked(self._view, self._counters, self._state, state)
        self._state = state
        row = self._view.row(
            state, step, taken, self._counters.passed, iterations, work,
            self._counters.energy or 0.0,
        )  # fmt: skip
        if ended_by:
            self._events.append((number, step, todo.label, ended_by))
            following = len(self._protocol) if ended_by in ENDS else step + 1
            self._counters = replace(self._counters, step=following, begun=None)
        accepted = Accepted(
            number=number,
            row={**row, **self._cycles.column},
            step=step,
            label=todo.label,
            ended_by=ended_by,
            ends_at=todo.end,
            state=state,
            counters=self._counters,
            final=self._over,
            events=tuple(self._events),
            view=self._view,
            shape=self._shape,
            jumping=self._cycles.known,
            spectra=self._spectra,
        )
        self._tell(accepted)

    def _lost(self, error: SolveError, label: str) -> SolveError:
        """`error` with where in the run it happened."""
        error.step = error.step or label
        error.time = self._state.time
        return error
