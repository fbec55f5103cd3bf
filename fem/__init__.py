"""Finite-element electro-chemo-mechanics of all-solid-state batteries."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fem.errors import FemError, InputError, SolveError

if TYPE_CHECKING:
    from pathlib import Path

    from fem import plot
    from fem.case import Case
    from fem.cell.composition import Cell
    from fem.cell.state import State
    from fem.geometry.curves import Arc, Line
    from fem.laws.bonds import Cohesive, Touching
    from fem.laws.solids import J2, LinearElastic, Norton
    from fem.measures.spectra import Spectrum
    from fem.physics.assembly import Solids
    from fem.physics.borders import Support, Traction
    from fem.results.result import Result

__all__ = [
    "J2",
    "Arc",
    "Case",
    "Cell",
    "Cohesive",
    "FemError",
    "InputError",
    "Line",
    "LinearElastic",
    "Norton",
    "Solids",
    "SolveError",
    "Support",
    "Touching",
    "Traction",
    "impedance",
    "plot",
    "run",
    "save",
    "sweep",
]

_HOMES = {
    "Case": "fem.case",
    "Cell": "fem.cell.composition",
    "Line": "fem.geometry.curves",
    "Arc": "fem.geometry.curves",
    "Touching": "fem.laws.bonds",
    "Cohesive": "fem.laws.bonds",
    "LinearElastic": "fem.laws.solids",
    "J2": "fem.laws.solids",
    "Norton": "fem.laws.solids",
    "Solids": "fem.physics.assembly",
    "Support": "fem.physics.borders",
    "Traction": "fem.physics.borders",
}
"""Where names of the interface live that are imported when they are first asked for."""


def run(case: Case | Cell, progress: Callable[[str], None] = lambda stage: None) -> Result:
    """Solve `case` and give back its fields, profiles and metrics; writes nothing.

    A protocol runs to its end; the result is the final state with the history of the run. A cell
    that was made already, by ``fem.Cell.of(case)`` or `fem.Cell.replace`, spares drawing, meshing
    and assembly.

    Raises
    ------
    InputError
        If the case cannot be.
    SolveError
        If a solver does not converge.
    """
    described: Case = getattr(case, "case", case)  # type: ignore[arg-type]
    if described.operation.kind == "protocol":
        from fem.runs.simulation import simulate

        return simulate(case, progress)
    from fem.runs.snapshot import solve

    return solve(case, progress)


def save(result: Result, directory: str | Path) -> None:
    """Write everything of a run into `directory`: tables, fields, figures, report.

    All files are written, or none. Those of an earlier run are replaced, other files stay.

    Raises
    ------
    InputError
        If the directory holds other files but no earlier run, or cannot be written to.
    FemError
        If writing fails midway, as when the disk is full.
    """
    from fem.output import save as write

    write(result, directory)


def impedance(
    case: Case | Cell,
    frequencies: Sequence[float],
    state: State | None = None,
    processes: bool = False,
) -> Spectrum:
    """The impedance of a cell about a state, times its area; nothing moves.

    The cell is linearised as a stage of a step in time knows it: reactions, share in contact,
    wires, isolated lithium, diffusion, pressure on lithium, and what laws drive themselves; double
    layers (``kinetics.anode.double_layer_capacitance``, the same of the cathode) are charged
    beside the reactions. Open faces, the memory of solids and stress in particles stay as they are.

    Parameters
    ----------
    case
        The case, or its cell where that was made already. Diffusion takes part in a protocol.
    frequencies
        In Hz, in any order.
    state
        One that was solved, such as ``cell.instant(cell.initial(), cell.drives(current=1e-3))``;
        the cell at rest as it begins if left out.
    processes
        Whether to find the impedance also with each process left out.

    Returns
    -------
    Frequencies, and complex impedances in ohm m^2 in their order: negative imaginary parts are
    those of what stores charge. `fem.measures.spectra` tests it by the relations of Kramers and
    Kronig, and finds the distribution of its relaxation times.

    Raises
    ------
    InputError
        If the case cannot be, or frequencies are not above 0.
    SolveError
        If a solver does not converge.
    """
    from fem.runs.spectrum import impedance as found

    return found(case, frequencies, state, processes)


def sweep(
    path_or_table: str | Path | Mapping[str, Any],
    workers: int | None = None,
    scheduler: str | None = None,
) -> Any:
    """Solve many cases and give a row a member, with the columns of ``members.csv``.

    Nothing is written. `fem.runs.sweep.solved` gives what else there is to tell: intervals,
    maps of hot spots, sensitivities.

    Parameters
    ----------
    path_or_table
        A sweep file, or mappings of its form; the value of their key `case` may be a `Case`.
    workers
        Processes to solve in; `None` for this one alone. A script that is given some has to guard
        what it does by ``if __name__ == "__main__":``, as they import it anew.
    scheduler
        Address of a Dask scheduler, in place of processes.

    Returns
    -------
    A data frame if pandas is installed, else a structured array. A member that is not done is a
    row with its message.

    Raises
    ------
    InputError
        If the sweep or its case is wrong, or no member can be.
    """
    from fem.results.members import structured
    from fem.runs.sweep import solved

    columns = solved(path_or_table, workers, scheduler).table()
    try:
        from pandas import DataFrame
    except ImportError:
        return structured(columns)
    return DataFrame(columns)


def __getattr__(name: str) -> Any:
    # Units, validation and plotting cost most of a second, which `fem --help` need not pay.
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name == "plot":
        return importlib.import_module("fem.plot")
    raise AttributeError(f"module 'fem' has no attribute {name!r}")
