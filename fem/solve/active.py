"""Newton's method with some unknowns held: which of them are is part of what is found.

A primal-dual active set method, which for contact is a semismooth Newton method: a step is solved
with a set of unknowns held at their targets, then what presses on the held ones and where the
others have gone says which are held next. It ends where a set holds itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fem.errors import SolveError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


BOUNCE = 0.3
"""Slope at the end of a step, over that at its start, beyond which a shorter one is tried."""


@dataclass(frozen=True)
class Held:
    """Which unknowns are held (n,), at what (n,), and how much each of them violates its rule.

    `excess` (n,) is positive where an unknown should be held that is not, or the other way round:
    of several it is those with the largest that change first where sets would go round in circles.
    `kind` says which of several equations hold for what is free.
    """

    mask: Bools
    target: Floats
    excess: Floats
    kind: Floats

    def same(self, other: Held) -> bool:
        """Whether the same unknowns are held, and the same equations hold for the others."""
        return self.key == other.key

    @property
    def key(self) -> bytes:
        """What tells sets apart."""
        return self.mask.tobytes() + self.kind.tobytes()


@dataclass(frozen=True)
class Settings:
    """Largest residual relative to the scale, and after how many iterations to give up."""

    tolerance: float = 1e-10
    max_iterations: int = 60
    stalled: float = 1e-7
    """Relative residual that is accepted where it falls no more."""


@dataclass(frozen=True)
class Settled:
    """Solution, which unknowns are held, iterations, relative residuals of all of them."""

    solution: Floats
    held: Held
    iterations: int
    norms: tuple[float, ...]


def settle(
    residual: Callable[[Floats], Floats],
    step: Callable[[Floats, Floats, Held], Floats],
    rule: Callable[[Floats, Floats, Held], Held],
    start: Floats,
    held: Held,
    scale: Callable[[Floats], float],
    field: str,
    settings: Settings,
    cures: tuple[str, ...],
    narrow: bool = False,
) -> Settled:
    """Find x with residual 0 at all unknowns but those that are held at their targets.

    Parameters
    ----------
    residual
        ``residual(x)``: (n,); at held unknowns, minus what holds them.
    step
        ``step(x, residual, held)``: the step by the tangent, which takes held unknowns to their
        targets.
    rule
        ``rule(x, residual, held)``: what is to be held at that state.
    scale
        ``scale(x)``: what a residual norm compares with.
    narrow
        Whether it is the slope of a convex energy, which may have narrow valleys.

    Raises
    ------
    SolveError
        If no set holds itself, or Newton's method does not converge.
    """
    x = np.array(start, dtype=float)
    r = residual(x)
    seen: set[bytes] = set()
    norms: list[float] = []
    for iteration in range(settings.max_iterations + 1):
        whole = True
        if iteration:
            x, r, whole = _searched(residual, x, step(x, r, held), r, held, narrow)
        elif np.abs((x - held.target)[held.mask]).max(initial=0.0) > 0.0:
            continue  # what is held is not yet where it should be
        wanted = rule(x, r, held)
        size = scale(x)
        out = float(np.linalg.norm(r[~held.mask]))
        norm = out / size if size else out
        norms.append(norm)
        if not np.isfinite(norm):
            break
        stalls = len(norms) > 3 and norm <= settings.stalled and norm > 0.3 * min(norms[-4:-1])
        key = wanted.key
        # Forces out of balance say nothing yet of who lets go.
        for fewer in (_worst, _first) if iteration else ():
            if key in seen and not wanted.same(held):
                wanted = fewer(held, wanted)
                key = wanted.key
        if whole and wanted.same(held) and (norm <= settings.tolerance or stalls):
            return Settled(x, held, iteration, tuple(norms))
        if not iteration:
            continue
        seen.add(key)
        if not wanted.same(held):
            r = residual(x)  # which may depend on what is held
        held = wanted
    raise SolveError(
        f"no set of faces that touch was found in {settings.max_iterations} iterations",
        field=field,
        residual=norms[-1],
        cures=cures,
    )


def _worst(held: Held, wanted: Held) -> Held:
    """Only the unknowns that violate their rule most change: such sets do not come again.

    None does if none violates it: what may be held or let go, at next to no force, stays.
    """
    differs = held.mask != wanted.mask
    if not differs.any():
        return wanted
    limit = 0.5 * float(wanted.excess[differs].max())
    change = differs & (wanted.excess >= limit)
    return replace(wanted, mask=np.where(change, wanted.mask, held.mask))


def _first(held: Held, wanted: Held) -> Held:
    """Only the first of the unknowns that violate their rule changes.

    Murty's rule: where the matrix is positive definite it ends at the one set that holds itself.
    """
    change = np.zeros(len(held.mask), dtype=bool)
    change[np.flatnonzero(held.mask != wanted.mask)[:1]] = True
    return replace(wanted, mask=np.where(change, wanted.mask, held.mask))


def _searched(
    residual: Callable[[Floats], Floats],
    x: Floats,
    move: Floats,
    before: Floats,
    held: Held,
    narrow: bool,
) -> tuple[Floats, Floats, bool]:
    """A state along a step, halved while its end lies farther uphill than its start downhill.

    With its residual, and whether the step was not shortened. A step that all but bounces from one
    side of a valley to the other, as where solids creep, ends where a secant of the slope says that
    its bottom is, if forces are nearer to balance there.
    """
    free = ~held.mask
    slope = abs(float(before[free] @ move[free]))
    norm = float(np.linalg.norm(before[free]))
    length = 1.0
    for _ in range(12):
        trial = x + length * move
        r = residual(trial)
        uphill, out = float(r[free] @ move[free]), float(np.linalg.norm(r[free]))
        if np.isfinite(r).all() and (uphill <= 0.9 * slope or out <= norm):
            break
        length *= 0.5
    if narrow and uphill > BOUNCE * slope and np.isfinite(uphill):
        shorter = length * slope / (slope + uphill)
        between = residual(x + shorter * move)
        if np.linalg.norm(between[free]) < out:
            return x + shorter * move, between, False
    return trial, r, length == 1.0
