"""The impedance of a cell about a state, at many frequencies.

The electrolyte is the same at all of them: solutions at a few frequencies span the others
(`fem.solve.band`), which are then as good as what their residual says.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fem.case import Case
from fem.cell.composition import Cell
from fem.cell.small_signal import SmallSignal
from fem.cell.state import State
from fem.errors import InputError
from fem.frozen import FrozenMapping
from fem.measures.spectra import Spectrum


def impedance(
    case: Case | Cell,
    frequencies: Sequence[float],
    state: State | None = None,
    processes: bool = False,
) -> Spectrum:
    """The impedance of a cell about a state, times its area; see `fem.impedance`."""
    wanted = np.asarray(frequencies, dtype=float)
    if wanted.ndim != 1 or not len(wanted) or not (np.isfinite(wanted) & (wanted > 0.0)).all():
        raise InputError(
            "not a list of frequencies",
            key="frequencies",
            given=frequencies,
            allowed="one or more numbers above 0, in Hz",
        )
    cell = Cell.of(case) if isinstance(case, Case) else case
    return about(cell, resting(cell) if state is None else state, wanted.tolist(), processes)


def resting(cell: Cell) -> State:
    """The cell as it is at first, without current."""
    return cell.instant(cell.initial(), cell.drives(current=0.0))


def taken(cell: Cell, state: State, frequencies: Sequence[float]) -> tuple[State, Spectrum]:
    """A state, at rest if nothing was solved for, and the spectrum about it with its processes."""
    if state.solution is None:
        state = cell.instant(state, cell.drives(current=0.0))
    return state, about(cell, state, frequencies)


def about(
    cell: Cell, state: State, frequencies: Sequence[float], processes: bool = True
) -> Spectrum:
    """The spectrum about a state that was solved, at frequencies in Hz.

    Parameters
    ----------
    processes
        Whether also with each process left out.

    Raises
    ------
    SolveError
        If a linear solve does not converge.
    """
    signal = SmallSignal(cell, state)
    names = ("", *signal.processes) if processes else ("",)
    found = np.empty((len(names), len(frequencies)), dtype=complex)
    width = cell.mesh.geometry.width
    for k in _ends_first(len(frequencies)):
        answers = signal.impedance(frequencies[k], names)
        found[:, k] = [width * answer.value for answer in answers]
    found.flags.writeable = False
    return Spectrum(
        np.array(frequencies),
        found[0],
        FrozenMapping(dict(zip(names[1:], found[1:], strict=True))),
        state.time,
        full=signal.full,
    )


def _ends_first(count: int) -> list[int]:
    """An order of 0 to count - 1 in which each is soon between others: ends, then middles."""
    order, spans = list(dict.fromkeys([0, count - 1])), [(0, count - 1)]
    while spans:
        low, high = spans.pop(0)
        middle = (low + high) // 2
        if middle > low:
            order.append(middle)
            spans += [(low, middle), (middle, high)]
    return order
