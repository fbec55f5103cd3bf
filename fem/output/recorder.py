"""Everything that a run in time accepts goes on the disk at once, so that nothing is lost.

After every accepted step a row of ``history.csv`` is on the disk, then, if it is due, a frame of
the series, then a checkpoint that says how much of the history belongs to it. Whatever stops the
program, the run goes on from the last checkpoint, and its files become those of a run that was
never stopped.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fem.case import Case
from fem.errors import FemError, InputError
from fem.measures.spectra import TAKEN
from fem.output.checkpoints import Checkpoint, last_checkpoint, write_checkpoint
from fem.output.folder import CHECKPOINTS, HIDDEN, replacing, settle, settle_all
from fem.output.history import FIRST, HistoryFile, Mark, holds, read_history
from fem.output.history import NAME as HISTORY
from fem.output.lock import locked
from fem.output.run import GROWING, OWNED, check_folder, write_all, write_spectra
from fem.output.series import FOLDER as SERIES
from fem.output.series import Series, kept
from fem.results.result import Result

if TYPE_CHECKING:
    from fem.runs.simulation import Accepted

_TIME = FIRST[0]


@contextmanager
def recording(directory: str | Path, case: Case, resume: bool = False) -> Iterator[Recorder]:
    """A `Recorder` of a run of `case` that alone writes into a folder.

    Parameters
    ----------
    resume
        Whether to go on with the unfinished run in the folder.

    Raises
    ------
    InputError
        If the folder holds other files; or an unfinished run and `resume` is false; or no
        unfinished run of this case and `resume` is true; or if another process writes into it.
    """
    folder = Path(directory)
    check_folder(folder, case, resume)
    with locked(folder):
        check_folder(folder, case, resume)  # another run may have ended meanwhile
        recorder = Recorder(folder, case, _start(folder, case) if resume else None)
        try:
            yield recorder
        finally:
            recorder.close()


class Recorder:
    """The observer that puts a run on the disk; made by `recording`.

    Attributes
    ----------
    checkpoint
        What the run goes on from; `None` if it begins.
    """

    def __init__(self, folder: Path, case: Case, checkpoint: Checkpoint | None) -> None:
        self.checkpoint = checkpoint
        self._folder = folder
        self._identity = _identity(case)
        self._frames = case.output.frames
        self._series = Series(folder)
        self._history: HistoryFile | None = None
        self._times: list[float] = []
        self._missing = checkpoint.missing if checkpoint else ()
        if checkpoint is not None:
            self._times = [row[_TIME] for row in checkpoint.rows]
            self._history = HistoryFile.reopen(folder / HISTORY, len(self._times))

    @property
    def steps(self) -> int:
        """Accepted steps on the disk, the initial state not counted; -1 if that is not there."""
        return len(self._times) - 1

    @property
    def time(self) -> float:
        """Time of the last state on the disk in s."""
        return self._times[-1] if self._times else 0.0

    def __call__(self, accepted: Accepted) -> None:
        """Put an accepted step on the disk.

        Raises
        ------
        FemError
            If it cannot be written. All earlier ones can be resumed from.
        """
        if accepted.number != self.steps + 1:
            raise ValueError(f"step {accepted.number} cannot follow step {self.steps}")
        times = [*self._times, float(accepted.row[_TIME])]
        if self._history is None:
            self._history = self._begun(accepted)
        else:
            with self._saying_how_to_go_on():
                self._add(self._folder, self._history, accepted, times)
        self._times = times

    def finish(self, result: Result) -> Result:
        """Write everything else of the run; then no checkpoint is needed any more.

        Returns
        -------
        The result with the frames that are on the disk.

        Raises
        ------
        FemError
            If it cannot be written; the run can be resumed, and finished without solving.
        """
        result = self._series.filled(result)
        if self._missing:
            note = f"Warning: {gone(self._missing)} when the run was resumed."
            result = dataclasses.replace(result, notes=(*result.notes, note))
        self.close()
        with self._saying_how_to_go_on():
            with replacing(self._folder, set(OWNED) - {*GROWING, CHECKPOINTS}) as new:
                write_all(result, self._folder, new)
                settle_all(new)
            settle(self._folder)
            shutil.rmtree(self._folder / CHECKPOINTS)
        return result

    def close(self) -> None:
        """Let go of the files."""
        if self._history is not None:
            self._history.close()

    def _begun(self, accepted: Accepted) -> HistoryFile:
        """The history of a new run whose initial state is on the disk.

        Only then the files of an earlier run are gone.
        """
        with replacing(self._folder, OWNED) as new:
            history = HistoryFile.create(new / HISTORY, accepted.row)
            try:
                self._add(new, history, accepted, [float(accepted.row[_TIME])])
            finally:
                history.close()
            settle_all(new)
        settle(self._folder)
        return HistoryFile.reopen(self._folder / HISTORY, 1)

    def _add(
        self, folder: Path, history: HistoryFile, accepted: Accepted, times: list[float]
    ) -> None:
        number = accepted.number
        history.append(accepted.row)
        if accepted.ended_by == TAKEN:
            write_spectra(accepted.spectra, folder)
        due = {number: times[number] for number in kept(number, self._frames)}
        if accepted.final:
            due[number] = times[number]
        if number in due:
            series = Series(folder)
            series.add(number, dataclasses.replace(accepted.frame(), result=accepted.result()))
            series.keep(due)
        missing = [each for each in self._missing if each in kept(number, self._frames)]
        facts = {
            "case": self._identity,
            "history": history.mark.facts(),
            "frames": sorted({*Series(folder).numbers, *missing}),
            "run": accepted.facts(),
        }
        write_checkpoint(folder, number, accepted.arrays(), facts)

    @contextmanager
    def _saying_how_to_go_on(self) -> Iterator[None]:
        """Turn a full disk into an error with a cure."""
        try:
            yield
        except (OSError, FemError) as error:
            cause = error if isinstance(error, OSError) else error.__cause__
            if not isinstance(cause, OSError):
                raise
            raise FemError(
                f"{self._folder}: cannot be written: {cause.strerror or cause}\n"
                f"  everything up to t = {self.time:.6g} s is on the disk\n"
                "  cure:    make room, then go on with --resume"
            ) from cause


def _start(folder: Path, case: Case) -> Checkpoint | None:
    """What an unfinished run goes on from; `None` if it got no further than its initial state.

    Raises
    ------
    InputError
        If no checkpoint is whole, of this case, and of the history that is there.
    """
    # A process that was killed could not take away its scratch folders.
    for place in (folder, folder / SERIES, folder / CHECKPOINTS):
        for left in place.glob(HIDDEN + "*/"):
            shutil.rmtree(left, ignore_errors=True)
    identity = _identity(case)

    def unfit(found: Checkpoint) -> str:
        if found.facts["case"] != identity:
            return "of another case, or the case was changed since"
        # The initial state needs none: it is made again.
        if found.number and not holds(folder / HISTORY, _mark(found)):
            return f"{HISTORY} is not as it was left"
        return ""

    found = last_checkpoint(folder, unfit)
    if found is None:
        raise InputError(
            f"the checkpoints of this run are gone: the folder {CHECKPOINTS} is empty",
            file=str(folder),
            given="--resume",
            cure="put its files back, or run the case anew in another folder",
        )
    if found.number == 0:
        return None
    rows = read_history(folder / HISTORY, _mark(found))
    return dataclasses.replace(
        found, facts=found.facts["run"], rows=rows, missing=_missing(folder, found)
    )


def _missing(folder: Path, found: Checkpoint) -> tuple[int, ...]:
    """Frames that belong to a checkpoint and are not there."""
    frames = found.facts.get("frames", [])
    if found.damaged and len(frames) > 1:
        # Steps that are lost may have thinned them.
        frames = [each for each in frames if each % (2 * (frames[1] - frames[0])) == 0]
    return tuple(sorted(set(frames) - set(Series(folder).numbers)))


def gone(frames: tuple[int, ...]) -> str:
    """That frames are missing, in words."""
    count = f"{len(frames)} frames" if len(frames) > 1 else "a frame"
    return f"{count} of the folder {SERIES} ({frames[0]:06d}.npz first) were no longer there"


def _identity(case: Case) -> str:
    """Hash of what a run is a run of: a resumed one may step otherwise."""
    return case.replace({"stepping": None, "output": None}).sha256


def _mark(checkpoint: Checkpoint) -> Mark:
    return Mark(**checkpoint.facts["history"])
