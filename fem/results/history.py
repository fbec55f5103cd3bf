"""What a run in time remembers: one row of numbers an accepted step, and light frames."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fem.frozen import Frozen, FrozenMapping
from fem.measures.anode import AnodeProfile

if TYPE_CHECKING:
    from fem.results.result import Result

Floats = NDArray[np.float64]

Event = tuple[int, int, str, str]
"""Row, number of the protocol step, its label, and what ended it."""


SURFACE_EMPTY, SURFACE_FULL = "particle surface empty", "particle surface full"
USED_UP, OUT_OF_REACH = "lithium used up", "power out of reach"
SHORT = "short circuit"
"""Lithium has reached the cathode: the run ends, whatever steps are left."""
ALL_LOOSE = "no particle touches the electrolyte"
LITHIUM_LOOSE = "no lithium touches the electrolyte"
"""So no current can flow, and none comes back: the run ends likewise."""
ON_THE_WAY = ("lithium opens", "lithium enters")
"""How events begin that end no step."""
ENDS = frozenset({SHORT, ALL_LOOSE, LITHIUM_LOOSE})
LIMITS = frozenset({SURFACE_EMPTY, SURFACE_FULL, USED_UP, OUT_OF_REACH})
"""What ends a step that the cell can no longer do, whatever the user asked for."""


@dataclass(frozen=True, eq=False)
class History(Frozen):
    """The rows of a run.

    Attributes
    ----------
    columns
        Arrays (rows,) by name: ``Test Time / s``, ``Voltage / V``, ``Current / A`` (positive on
        charge), then names with SI units.
    events
        Where each step of the protocol ended, and why.
    """

    columns: Mapping[str, Floats]
    events: tuple[Event, ...] = ()

    def __repr__(self) -> str:
        return (
            f"<History: {len(self)} rows of {len(self.columns)} columns, {len(self.events)} events>"
        )

    def __getitem__(self, name: str) -> Floats:
        return self.columns[name]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))


@dataclass(frozen=True, eq=False)
class Frame(Frozen):
    """A state on the way, light enough to keep a few dozen.

    Attributes
    ----------
    time, voltage, current_density
        In s, V and A/m^2 of cell width (positive on charge).
    anode
        The profile along the lithium foil.
    stoichiometry
        Mean of each particle (n,), nan where inactive.
    surface_stoichiometry
        Least and greatest at the surface of each particle (n, 2).
    particle_current
        What each particle gives in A per m of depth (n,).
    inactivity
        Why each particle does not react (n,), in the words of `fem.geometry.Inactivity`; empty if
        it does.
    result
        The full fields, where they were kept.
    """

    time: float
    voltage: float
    current_density: float
    anode: AnodeProfile
    stoichiometry: Floats
    surface_stoichiometry: Floats
    particle_current: Floats
    inactivity: NDArray[np.str_]
    result: Result | None = None

    def __repr__(self) -> str:
        what = "all fields" if self.result is not None else "profile and particles"
        return f"<Frame at {self.time:.6g} s, {self.voltage:.4f} V, with {what}>"


class Log:
    """Rows that are added one by one, eight bytes a number, so that long runs stay small."""

    def __init__(self, rows: Sequence[Mapping[str, float]] = ()) -> None:
        self._columns: dict[str, array[float]] = {}
        self.last: Mapping[str, float] = {}
        for row in rows:
            self.add(row)

    def add(self, row: Mapping[str, float]) -> None:
        """Add a row; all rows have the same names."""
        if not self._columns:
            self._columns = {name: array("d") for name in row}
        for name, column in self._columns.items():
            column.append(row[name])
        self.last = row

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()), ()))

    def history(self, events: Sequence[Event]) -> History:
        """What was added so far."""
        columns = {name: np.array(values) for name, values in self._columns.items()}
        for values in columns.values():
            values.flags.writeable = False
        return History(FrozenMapping(columns), tuple(events))


class Frames:
    """At most so many frames, evenly over the accepted steps: every other one goes when full."""

    def __init__(self, most: int) -> None:
        self._most, self._stride = max(2, most), 1
        self.kept: list[tuple[int, Frame]] = []

    def offer(self, number: int, frame: Callable[[], Frame]) -> None:
        """Keep the frame of the accepted step `number` if it is its turn."""
        if number % self._stride == 0 and len(self.kept) >= self._most:
            self._stride *= 2
            self.kept = [(n, kept) for n, kept in self.kept if n % self._stride == 0]
        if number % self._stride == 0:
            self.kept.append((number, frame()))
