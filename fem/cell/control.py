"""How good a step is: its local error and its largest change, against what the case allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fem.solve.stepping import Content, combine

if TYPE_CHECKING:
    from fem.cell.coupling import Cell


def local_error(cell: Cell, error: Content) -> float:
    """The estimated `error` of a step over its tolerance, the largest of all places."""
    table = cell.case.stepping
    largest = [
        float(np.abs(h).max()) / float(table.thickness) for h in cell.thickness_at_points(error)
    ]
    largest += [float(np.abs(x).max()) for x in cell.lithiation(error) if x.size]
    return max(largest) / table.tolerance


def largest_change(cell: Cell, old: Content, new: Content) -> float:
    """The largest change of thickness or surface stoichiometry over its limit."""
    table = cell.case.stepping
    difference = combine(new, (-1.0, old))
    thickness = max(float(np.abs(h).max()) for h in cell.thickness_at_points(difference))
    surfaces = [
        float(np.abs(model.surface(x)).max())
        for model, x in zip(cell.diffusion, cell.lithiation(difference), strict=True)
    ]
    return max(thickness / float(table.thickness), max(surfaces) / table.stoichiometry)
