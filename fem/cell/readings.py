"""Plain numbers that are read off a state."""

from __future__ import annotations

import numpy as np

from fem.cell.coupling import CATHODE, Cell
from fem.cell.state import State


def voltage(state: State) -> float:
    """Cell voltage in V."""
    assert state.solution is not None
    return state.solution.voltages[CATHODE]


def charge_given(cell: Cell, state: State) -> float:
    """Charge that the cathode has given since the start, in C per m of depth."""
    return float(sum(q.sum() for q in cell.given(state.content)))


def mean_stoichiometry(cell: Cell, state: State) -> float:
    """Mean lithium fraction of the active particles, by area."""
    total = area = 0.0
    for model, x in zip(cell.diffusion, cell.stoichiometry(state.content), strict=True):
        means = model.mean(x)
        total, area = total + model.area * float(means.sum()), area + model.area * len(means)
    return total / area


def largest_thickness(cell: Cell, state: State) -> float:
    """Largest thickness plated or stripped anywhere on lithium, in m."""
    return max(float(np.abs(h).max()) for h in cell.thickness(state.content))
