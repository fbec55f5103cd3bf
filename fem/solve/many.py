"""Many small convex minimisations at once that share one dense quadratic form.

Members differ in which unknowns they have, in what stands beside the quadratic form, and in what
they are tied to. What is alike is done for all of them by products of matrices; each member has a
factorisation of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Block = tuple[Ints, Floats]
"""Unknowns (k, m), and a block of the Hessian for each member and row of them (members, k, m, m).
"""
Local = Callable[[Floats, Ints], tuple[Floats, Callable[[], Sequence[Block]]]]

TOLERANCE = 1e-8
"""Largest step, as a share of the largest unknown, of a member that is done: what is left after it
is the square of that."""
SMALL = 1e-6
"""The same below which steps are taken whole."""
MOST = 40
MOST_HALVINGS = 30


@dataclass(frozen=True)
class Minima:
    """What was found for each of M members with n unknowns and b conditions.

    Attributes
    ----------
    solution
        (M, n), 0 where a member has no unknown.
    multipliers
        Of the conditions (M, b): the gradient of the energy is their sum times `conditions`.
    done
        Which members have converged (M,).
    iterations
        Of Newton's method (M,).
    """

    solution: Floats
    multipliers: Floats
    done: NDArray[np.bool_]
    iterations: Ints


def minimise_many(
    quadratic: Floats, local: Local, free: NDArray[np.bool_], conditions: Floats, start: Floats
) -> Minima:
    """Minimise ``x' Q x / 2 + w(x)`` over the free unknowns of each member, along conditions.

    Parameters
    ----------
    quadratic
        Q (n, n), symmetric and positive semidefinite.
    local
        Of unknowns (k, n) of the members that are numbered (k,): the gradient of the convex w
        (k, n), and a function that gives the blocks of its Hessian.
    free
        Which unknowns each member has (M, n); the others stay 0.
    conditions
        What stays as it is at the start, (b, n): ``conditions @ x``.
    start
        (M, n).

    Notes
    -----
    Newton's method. A step is shortened where the energy's slope at its end is steeper uphill than
    it was downhill at its start, as in `fem.solve.newton.minimise`. A member that does not converge
    is told, for its caller to solve alone; the others do not wait for it longer than `MOST`
    iterations.
    """
    x = np.where(free, start, 0.0)
    members = len(x)
    multipliers = np.zeros((members, len(conditions)))
    done, lost = np.zeros(members, dtype=bool), np.zeros(members, dtype=bool)
    taken = np.zeros(members, dtype=np.int64)
    forms = [np.ix_(own, own) for own in map(np.flatnonzero, free)]
    for _ in range(MOST):
        which = np.flatnonzero(~done & ~lost)
        if not len(which):
            break
        here, alive = x[which], free[which]
        gradient, hessian = local(here, which)
        gradient = gradient + here @ quadratic
        blocks = hessian()
        steps = np.zeros_like(here)
        for row, member in enumerate(which.tolist()):
            try:
                steps[row], multipliers[member] = _step(
                    quadratic, blocks, row, forms[member], gradient[row], conditions
                )
            except (LinAlgError, ValueError):
                lost[member] = True
        size = np.abs(steps).max(axis=1)
        # A member that starts from nothing has no other size than that of its step.
        known = np.maximum(np.abs(here).max(axis=1), size)
        size = np.divide(size, known, out=np.zeros_like(size), where=known != 0.0)
        slope = (gradient * alive * steps).sum(axis=1)
        length = np.ones(len(which))
        for _ in range(MOST_HALVINGS):
            trial = here + length[:, None] * steps
            ahead = (local(trial, which)[0] + trial @ quadratic) * alive
            uphill = (ahead * steps).sum(axis=1)
            # Of a step that hardly moves anything the slopes are rounding.
            too_long = ~(uphill <= 0.9 * np.abs(slope)) & (size > SMALL)
            if not too_long.any():
                break
            length[too_long] *= 0.5
        x[which] = here + length[:, None] * steps
        taken[which] += 1
        done[which] = (size <= TOLERANCE) & ~lost[which]
    return Minima(x, multipliers, done, taken)


def _step(
    quadratic: Floats,
    blocks: Sequence[Block],
    row: int,
    form: tuple[NDArray[Any], ...],
    gradient: Floats,
    conditions: Floats,
) -> tuple[Floats, Floats]:
    """Newton's step of one member, and the multipliers at its end."""
    hessian = quadratic.copy()
    for places, values in blocks:
        hessian[places[:, :, None], places[:, None, :]] += values[row]
    free = form[1][0]
    factors = cho_factor(hessian[form], lower=True, overwrite_a=True)
    border = conditions[:, free]
    solved = cho_solve(factors, np.column_stack([gradient[free], border.T]), check_finite=False)
    multipliers = np.linalg.solve(border @ solved[:, 1:], border @ solved[:, 0])
    step = np.zeros_like(gradient)
    step[free] = solved[:, 1:] @ multipliers - solved[:, 0]
    return step, multipliers
