"""An accepted step: what the loop keeps of it, and what it tells its observers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, Self

from numpy.typing import NDArray

from fem.cell.composition import Cell
from fem.cell.ledger import Passed, Work
from fem.cell.state import State
from fem.errors import InputError
from fem.measures.spectra import Spectrum, packed
from fem.results.history import Event, Frame
from fem.results.notes import notes_of
from fem.results.result import Result
from fem.results.view import View
from fem.runs.growth import Shape

if TYPE_CHECKING:
    from fem.runs.jumping import Jumping


@dataclass(frozen=True)
class Counters:
    """Where a run is: everything besides the state that the next step depends on.

    Attributes
    ----------
    number
        Accepted states so far.
    step
        The step of the unrolled protocol that is under way, or comes next.
    begun, given, beyond, mean
        Time in s, charge given by the cathode in C per m of depth, how far surfaces were beyond
        their window, and the mean stoichiometry, when it began; `begun` is `None` if it has not.
    dt
        Length of the next step in time.
    passed
        Charge and energy so far, by direction.
    rejected, iterations
        Steps that were not accepted; Newton iterations of those that were.
    work, energy
        Mechanical work so far, and the elastic energy at the start, in J per m of depth.
    """

    number: int = 0
    step: int = 0
    begun: float | None = None
    given: float = 0.0
    beyond: float = -1.0
    mean: float = 0.0
    dt: float = 0.0
    passed: Passed = field(default_factory=Passed)
    rejected: int = 0
    iterations: int = 0
    work: Work = field(default_factory=Work)
    energy: float | None = None

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        """Those that ``asdict`` made plain."""
        parts = {"passed": Passed(**facts["passed"]), "work": Work(**facts["work"])}
        return cls(**{**facts, **parts})


class Checkpoint(Protocol):
    """What a run is taken up from: what `Accepted` gave, and the rows up to there."""

    @property
    def arrays(self) -> dict[str, NDArray[Any]]: ...
    @property
    def facts(self) -> Mapping[str, Any]: ...
    @property
    def rows(self) -> Sequence[Mapping[str, float]]: ...


@dataclass(frozen=True)
class Accepted:
    """One accepted step, for observers.

    Attributes
    ----------
    number
        0 is the initial state under its first current; counts on through the run.
    row
        The row of the history.
    step, label
        The step of the unrolled protocol.
    ended_by
        Why that step ended here; empty if it goes on.
    ends_at
        When it will end at the latest, in s; infinite if unknown.
    final
        Whether the run ends here.
    spectra
        All that were taken so far.
    """

    number: int
    row: Mapping[str, float]
    step: int
    label: str
    ended_by: str
    ends_at: float
    state: State
    counters: Counters
    final: bool
    events: tuple[Event, ...]
    view: View
    shape: Shape | None
    jumping: Jumping | None = None
    spectra: tuple[Spectrum, ...] = ()

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All arrays that the run can be taken up from."""
        known = [each for each in (self.shape, self.jumping) if each is not None]
        found = self.state.arrays() | packed(self.spectra)
        return found | {n: a for each in known for n, a in each.arrays().items()}

    def facts(self) -> dict[str, Any]:
        """All plain numbers that the run can be taken up from."""
        facts = {
            "blocks": [block.declaration for block in self.view.cell.blocks.values()],
            "counters": asdict(self.counters),
            "events": [list(e) for e in self.events],
            "spectra": [spectrum.facts() for spectrum in self.spectra],
        }
        known = {"shape": self.shape, "jumping": self.jumping}
        return facts | {name: each.facts() for name, each in known.items() if each is not None}

    def result(self) -> Result:
        """The fields and numbers of this state."""
        return self.view.result(self.state, self.row, notes_of(self.view.cell), final=False)

    def frame(self) -> Frame:
        """Profile and particles of this state."""
        return self.view.frame(self.state)


Observer = Callable[[Accepted], None]


def worked(view: View, counters: Counters, old: State, new: State) -> tuple[Counters, Work | None]:
    """Mechanical work up to `new`; `None` where no forces belong to a thickness."""
    before, after = view.elastic(old), view.elastic(new)
    if before is None or after is None or view.cell.case.mechanics.lithium == "yielded":
        return counters, None
    assert before.thickness is not None and after.thickness is not None
    work = counters.work.after(before, after, after.thickness - before.thickness)
    energy = before.elastic_energy if counters.energy is None else counters.energy
    return replace(counters, work=work, energy=energy), work


def refuse_other_blocks(cell: Cell, declared: Sequence[Sequence[object]]) -> None:
    """Refuse a checkpoint of a cell that remembers other things.

    Raises
    ------
    InputError
        With the names of the blocks that differ.
    """
    mine = {str(d[0]): list(d) for d in (block.declaration for block in cell.blocks.values())}
    theirs = {str(d[0]): list(d) for d in declared}
    differing = sorted(
        name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name)
    )
    if differing:
        raise InputError(
            f"the checkpoint holds other state blocks than this cell: {', '.join(differing[:4])}",
            key="--resume",
            cure="run the case anew in another folder",
        )
