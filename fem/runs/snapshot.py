"""One quasi-steady state of a cell.

It is a single implicit stage as long as the plating time, in which particles keep their lithium:
the plating current times that time is the thickness, and where stress acts on a reaction it is the
stress of this thickness.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from fem.case import Case, Snapshot
from fem.cell.blocks import Content
from fem.cell.composition import Cell
from fem.cell.reactions import Reactions
from fem.cell.state import State
from fem.errors import SolveError
from fem.physics.charge import ChargeSolution, Drive
from fem.results.notes import notes_of
from fem.results.result import Result
from fem.results.view import View
from fem.solve.stepping import Stage


def solve(case: Case | Cell, progress: Callable[[str], None] = lambda stage: None) -> Result:
    """Solve a snapshot; writes nothing.

    Parameters
    ----------
    case
        The case, or its cell where that was made already.
    progress
        Called with the name of each stage as it begins.

    Raises
    ------
    InputError
        If the case cannot be: see `fem.geometry.build` and `fem.parameters.resolve`.
    SolveError
        If a solver does not converge.
    """
    began = time.perf_counter()
    cell = Cell.of(case, progress) if isinstance(case, Case) else case
    progress("charge")
    state = moment(cell)
    if cell.stress is not None:
        for model in cell.case.mechanics.lithium_models:
            progress(f"mechanics, {model} lithium")
    progress("measures")
    return View.of(cell, began).result(state, notes=notes_of(cell))


def moment(cell: Cell, held: Content | None = None) -> State:
    """The state of a snapshot: potentials, and what is plated in the plating time.

    `held` takes the place of blocks that do not evolve, such as which particles react.
    """
    start, c = cell.initial(), float(_operation(cell.case).plating_time)
    start = start if held is None else replace(start, held=held)
    drives = drives_of(cell, start)

    def solved(gradually: bool) -> Stage:
        here = start.content
        return cell.stage(here, c, drives, start.held, None, here, gradually)

    try:
        stage = solved(gradually=False)
    except SolveError:
        # A pressure of gigapascals turns the current away: it is brought in little by little.
        stage = solved(gradually=True)
    assert isinstance(stage.found, ChargeSolution)
    return replace(start, content=stage.value, rate=stage.rate, solution=stage.found)


def drives_of(cell: Cell, state: State) -> Sequence[Drive]:
    """What a snapshot imposes on the terminals of its cell."""
    rest = Reactions(cell, state).open_circuit_voltage
    current, voltage = imposed(_operation(cell.case), cell.mesh.geometry.width, rest)
    return cell.drives(current=current, voltage=voltage)


def imposed(
    operation: Snapshot, width: float, rest: float | None
) -> tuple[float | None, float | None]:
    """The current out of the cathode (A per m of depth) or its potential (V) that is imposed.

    Parameters
    ----------
    width
        Of the cell in m.
    rest
        Open-circuit voltage in V; `None` where it is not known.
    """
    if operation.current_density is not None:
        return float(operation.current_density) * width, None
    if operation.overpotential is not None:
        return None, float(operation.overpotential) + (rest or 0.0)
    assert operation.cell_voltage is not None and rest is not None
    return None, float(operation.cell_voltage)


def _operation(case: Case) -> Snapshot:
    """What the snapshot imposes."""
    assert isinstance(case.operation, Snapshot)
    return case.operation
