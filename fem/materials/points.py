"""Measured points as one curve: sorted, and with one value at each lithium fraction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.errors import InputError

SAME = 0.05
"""How far values at one x may be apart to be averaged: V, or the share of a diffusivity."""
BRANCHES = 0.005
"""Mean distance in V from which points on the way up and down in x are two curves."""


def curve(
    x: Sequence[float],
    values: Sequence[float],
    *,
    logarithmic: bool,
    key: str,
    file: str | None,
) -> tuple[tuple[float, ...], tuple[float, ...], str]:
    """Points in any order as a curve: x rising, its values, and what was done to them in words.

    Points at one x are averaged (`logarithmic`: of the logarithms).

    Raises
    ------
    InputError
        If there are not two points at different x, values at one x differ by more than `SAME`, or
        the points run up and down in x on two curves, as of charge and discharge.
    """
    order = np.argsort(x, kind="stable")
    given = np.array(x, dtype=float)
    measure = np.log(values) if logarithmic else np.array(values, dtype=float)
    if not logarithmic:
        _refuse_branches(given, measure, key, file)
    places, first, count = np.unique(given[order], return_index=True, return_counts=True)
    if len(places) < 2:
        raise InputError(
            "a table needs two points or more, at different stoichiometries",
            key=key,
            given=f"{len(places)} different x of {len(given)} points",
            cure='add a point; what is the same at all x is written as one value, such as "1.55 V"',
            file=file,
        )
    low = np.minimum.reduceat(measure[order], first)
    high = np.maximum.reduceat(measure[order], first)
    worst = int(np.argmax(high - low))
    if high[worst] - low[worst] > SAME:
        ends = np.exp([low[worst], high[worst]]) if logarithmic else (low[worst], high[worst])
        raise InputError(
            f"two values at one stoichiometry, x = {places[worst]:g}",
            key=key,
            given=[float(end) for end in ends],
            allowed="one value at each stoichiometry",
            cure="keep one of them, or move one to a neighbouring x",
            file=file,
        )
    # A lone point keeps its number to the last digit.
    mean = np.add.reduceat(measure[order], first) / count
    if logarithmic:
        mean = np.where(count > 1, np.exp(mean), np.array(values, dtype=float)[order][first])
    averaged = int((count > 1).sum())
    said = f"table of {len(places)} points, x from {places[0]:g} to {places[-1]:g}"
    if averaged:
        said += f", {averaged} of them averaged from several at one x"
    said += "; PCHIP, " + ("constant beyond" if logarithmic else "not extrapolated")
    return tuple(places.tolist()), tuple(mean.tolist()), said


def _refuse_branches(x: NDArray[Any], values: NDArray[Any], key: str, file: str | None) -> None:
    """Refuse points that go over the same x twice on two curves."""
    step = np.diff(x)
    ways = [
        np.flatnonzero(np.append(sign * step > 0.0, False) | np.append(False, sign * step > 0.0))
        for sign in (1.0, -1.0)
    ]
    # A few points out of order are no branch.
    if min(map(len, ways)) < max(3, 0.2 * len(x)) or np.abs(step).sum() < 1.5 * np.ptp(x):
        return
    low, high = max(x[way].min() for way in ways), min(x[way].max() for way in ways)
    at = np.linspace(low, high, 101)
    up, down = (
        np.interp(at, x[way[order]], values[way[order]])
        for way in ways
        for order in [np.argsort(x[way], kind="stable")]
    )
    apart = float(np.abs(up - down).mean())
    if apart > BRANCHES and abs(float((up - down).mean())) > 0.5 * apart:
        raise InputError(
            "the points make two curves, as of charge and discharge: on the way up and down in x "
            f"they are {1e3 * apart:.3g} mV apart",
            key=key,
            allowed="one curve",
            cure="keep one of the two, or their mean",
            file=file,
        )
