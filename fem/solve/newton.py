"""Damped Newton's method for the minimum of a smooth convex energy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from fem.errors import SolveError

Floats = NDArray[np.float64]
Residual = Callable[[Floats], Floats]
Matrix = TypeVar("Matrix")

ROUNDING = 1e-13
"""A full step of this size, relative to the unknowns, moves nothing any more."""
CURES = (
    "a smaller current or voltage",
    "a larger exchange current density or a smaller area resistance",
)
"""What helps where kinetics are the reason."""


@dataclass(frozen=True)
class Newton:
    """How to iterate.

    Attributes
    ----------
    tolerance
        Largest residual norm, relative to the `scale` of the problem.
    max_iterations
        Give up after so many.
    rounding
        Residual norm, relative likewise, that rounding may leave: what does not fall below it is
        accepted. A thousand tolerances are accepted in any case.
    """

    tolerance: float = 1e-12
    max_iterations: int = 200
    rounding: float = 0.0


@dataclass(frozen=True)
class NewtonResult:
    """Solution, iterations taken and the final relative residual norm; `norms` are all of them."""

    solution: Floats
    iterations: int
    residual: float
    norms: tuple[float, ...] = ()


def minimise(
    residual: Residual,
    tangent: Callable[[Floats], Matrix],
    solve: Callable[[Matrix, Floats, float], Floats],
    start: Floats,
    scale: float,
    field: str,
    settings: Newton,
    cures: tuple[str, ...] = (*CURES, "check the units of kinetics and conductivity (fem check)"),
    rounding: Callable[[Floats], float] = lambda x: 0.0,
) -> NewtonResult:
    """Find the zero of `residual`, the gradient of a convex energy.

    Parameters
    ----------
    residual, tangent
        Gradient and Hessian of the energy at a state.
    solve
        ``solve(matrix, rhs, tolerance)``; the tolerance is loose while far from the solution.
    scale
        What a residual norm is compared with.
    field, cures
        Name of the unknown and what may help, for messages.
    rounding
        What rounding of the unknowns x may leave of the relative residual norm there: what does not
        fall below it any more is accepted.

    Raises
    ------
    SolveError
        If the iteration does not converge; never returns anything but finite numbers.

    Notes
    -----
    A step is halved while the energy's slope at its end is steeper uphill than it was downhill at
    its start. For a convex energy that is what it takes to converge from anywhere, and it leaves
    steps alone that overshoot a little; no limit on their size is needed.
    """
    x = np.array(start, dtype=float)
    r = residual(x)
    norm = float(np.linalg.norm(r)) / scale
    norms = [norm]
    best, moved = np.inf, True
    floor = max(1e3 * settings.tolerance, settings.rounding)
    for iteration in range(settings.max_iterations):
        if not np.isfinite(norm):
            break
        # Done, or as far down as rounding lets the residual go.
        stalls = norm > 0.3 * best and (norm <= floor or not moved or norm <= rounding(x))
        if norm <= settings.tolerance or stalls:
            return NewtonResult(x, iteration, norm, tuple(norms))
        best = min(best, norm)
        forcing = float(np.clip(norm, 1e-8, 1e-2))
        step = solve(tangent(x), -r, forcing)
        moved = bool(np.abs(step).max() > ROUNDING * np.abs(x).max())
        slope = float(r @ step)
        length = 1.0
        for _ in range(40):
            with np.errstate(over="ignore", invalid="ignore"):  # then it is halved
                trial = residual(x + length * step)
                trial_slope = float(trial @ step)
            if np.isfinite(trial_slope) and trial_slope <= 0.9 * abs(slope):
                break
            length *= 0.5
        x = x + length * step
        r = trial
        norm = float(np.linalg.norm(r)) / scale
        norms.append(norm)
    raise SolveError(
        f"Newton's method did not converge in {settings.max_iterations} iterations",
        field=field,
        residual=norm,
        cures=cures,
    )


def find(
    residual: Residual,
    direction: Callable[[Floats, Floats, float], Floats],
    start: Floats,
    norm: Callable[[Floats], float],
    field: str,
    settings: Newton,
    cures: tuple[str, ...] = (
        *CURES,
        "a window of stoichiometry farther from empty and full particles",
    ),
    rounding: Callable[[Floats], float] = lambda x: 0.0,
) -> NewtonResult:
    """Find a zero of `residual`, which need not be the gradient of anything.

    Parameters
    ----------
    direction
        ``direction(x, residual, tolerance)``, the Newton step; the tolerance of its linear solve
        is loose while far from the solution. Called right after `residual` at the same point.
    norm
        Size of a residual; compared with the tolerance.
    rounding
        As in `minimise`.

    Raises
    ------
    SolveError
        If the iteration does not converge; never returns anything but finite numbers.

    Notes
    -----
    A step is halved until it makes the residual smaller. Exponentials of kinetics make the residual
    of a full step larger than before where the step is right in direction and a little too long.
    """
    x = np.array(start, dtype=float)
    r = residual(x)
    size = norm(r)
    norms = [size]
    best = reach = np.inf
    for iteration in range(settings.max_iterations):
        if not np.isfinite(size):
            break
        # Done, or as far down as rounding lets the residual go.
        floor = 1e3 * settings.tolerance
        stalls = size > 0.3 * best and (size <= floor or reach <= ROUNDING or size <= rounding(x))
        if size <= settings.tolerance or stalls:
            return NewtonResult(x, iteration, size, tuple(norms))
        best = min(best, size)
        step = direction(x, r, float(np.clip(size, 1e-7, 1e-3)))
        reach = float((np.abs(step) / np.maximum(np.abs(x), 1.0)).max())
        length = 1.0
        for _ in range(30):
            with np.errstate(over="ignore", invalid="ignore"):  # then it is halved
                trial = residual(x + length * step)
                trial_size = norm(trial)
            if np.isfinite(trial_size) and trial_size <= (1.0 - 0.1 * length) * size:
                break
            if length * float(np.abs(step).max()) < 1e-14:
                break
            length *= 0.5
        x = x + length * step
        r, size = trial, trial_size
        norms.append(size)
    raise SolveError(
        f"Newton's method did not converge in {settings.max_iterations} iterations",
        field=field,
        residual=size,
        cures=cures,
    )
