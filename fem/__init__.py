"""Finite-element electro-chemo-mechanics of all-solid-state batteries."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fem.case import Case
from fem.errors import FemError, InputError, SolveError

if TYPE_CHECKING:
    from pathlib import Path

    from fem import plot
    from fem.result import Result

__all__ = ["Case", "FemError", "InputError", "SolveError", "plot", "run", "save"]


def run(case: Case, progress: Callable[[str], None] = lambda stage: None) -> Result:
    """Solve `case` and give back its fields, profiles and metrics; writes nothing.

    Raises
    ------
    InputError
        If the case cannot be.
    SolveError
        If a solver does not converge.
    """
    from fem.snapshot import solve

    return solve(case, progress)


def save(result: Result, directory: str | Path) -> None:
    """Write everything of a run into `directory`: tables, fields, figures, report.

    Raises
    ------
    InputError
        If the directory cannot be written to.
    """
    from fem.output import save as write

    write(result, directory)


def __getattr__(name: str) -> Any:
    # Plotting costs a second of imports, which a check or a sweep need not pay.
    if name == "plot":
        import importlib

        return importlib.import_module("fem.plot")
    raise AttributeError(f"module 'fem' has no attribute {name!r}")
