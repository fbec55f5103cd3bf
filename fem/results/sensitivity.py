"""Which of the varied keys a metric follows: rank correlations and shares of its variance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.case.sweep import Sweep, numbers_of
from fem.results.estimates import LEVEL
from fem.results.members import Row, at_points, text_of

Floats = NDArray[np.float64]

GRID, ROWS, SAMPLE = "grid", "rows of zip", "sample"
REPEATS = "repeats"
"""What `Influence.method` may say."""
LEAST_SAMPLES = 100
"""Points of `[zip]` from which on they are taken for a sample of a space."""
_SEED = 2023
_UNRANKED = (math.nan, math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Influence:
    """What a metric owes to a key; nan where it is not known.

    Attributes
    ----------
    count
        Members that have the metric.
    spearman, spearman_low, spearman_high, spearman_p
        Rank correlation over all members with its 95 % interval, and how probable one as far from
        0 is of a key that does nothing; nan of a key whose values are no numbers.
    first_order
        Share of the variance that the key has alone: of the means at its values.
    total
        The same with all that it has together with other keys. Of the repeated key: the share that
        is left within points.
    method
        `GRID`: exact shares of a full grid. `ROWS`: keys of `[zip]`, which cannot be told apart and
        have what their rows have. `SAMPLE`: rows of `[zip]` as a sample, by SALib; without `total`.
        `REPEATS`: the repeated key. Empty where there are no shares.
    """

    metric: str
    key: str
    count: int
    spearman: float
    spearman_low: float
    spearman_high: float
    spearman_p: float
    first_order: float
    total: float
    method: str

    @property
    def share(self) -> float:
        """The total share, or that of the first order where no more is known."""
        return self.first_order if math.isnan(self.total) else self.total


def influences(sweep: Sweep, rows: Sequence[Row], metric: str) -> list[Influence]:
    """What a metric owes to each key that varies; none where no key does.

    Shares are those of the law of total variance over the points, all of which count alike; what
    members at a point differ by is the share of the repeated key. Means of n members still have 1/n
    of that in them. Where a point has no member with the metric, there are no shares.
    """
    values = at_points(sweep, rows, metric)
    count = sum(len(each) for each in values)
    keys = [key for key in sweep.points[0] if len(_levels(sweep, key)) > 1]
    if not keys or count < 2:
        return []
    within, by_key = _shares(sweep, values)
    method = dict.fromkeys(sweep.vary, GRID) | dict.fromkeys(sweep.zip, ROWS)
    sampled = _sampled(sweep, keys, values)
    if sampled is not None:
        by_key, method = sampled, dict.fromkeys(keys, SAMPLE)
    found = []
    for key in keys:
        first, total = by_key.get(key, (math.nan, math.nan))
        how = "" if math.isnan(first) else method[key]
        found.append(Influence(metric, key, count, *_ranked(sweep, key, values), first, total, how))
    if sweep.repeat is not None and sweep.repeats > 1 and not math.isnan(within):
        found.append(
            Influence(metric, sweep.repeat.key, count, *_UNRANKED, math.nan, within, REPEATS)
        )
    return found


def shares(means: Floats) -> list[tuple[float, float]]:
    """First-order and total share of the variance of each axis of a full grid of means.

    They are exact for values that take the levels of the grid with equal weight: of the conditional
    means Var(E[y|k])/Var(y), and 1 - Var(E[y|all but k])/Var(y) (Saltelli et al., Global
    Sensitivity Analysis, 2008). Zero where nothing varies.
    """
    axes, whole = range(means.ndim), float(means.var())
    if whole <= (1e-12 * float(np.abs(means).max(initial=0.0))) ** 2:
        return [(0.0, 0.0) for _ in axes]
    return [
        (
            float(means.mean(axis=tuple(a for a in axes if a != axis)).var()) / whole,
            1.0 - float(means.mean(axis=axis).var()) / whole,
        )
        for axis in axes
    ]


def rank_interval(r: float, count: int) -> tuple[float, float]:
    """95 % interval of a Spearman correlation `r` of `count` pairs.

    Fisher's transformation with the variance (1 + r^2/2)/(n - 3) of Bonett and Wright,
    Psychometrika 65 (2000) 23.
    """
    from scipy.stats import norm

    if count < 4 or math.isnan(r):
        return math.nan, math.nan
    if abs(r) > 1.0 - 1e-12:
        return r, r
    half = float(norm.ppf(0.5 + 0.5 * LEVEL)) * math.sqrt((1.0 + 0.5 * r * r) / (count - 3))
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)


def _levels(sweep: Sweep, key: str) -> list[str]:
    """Different values of a key."""
    return list(dict.fromkeys(text_of(point[key]) for point in sweep.points))


def _shares(sweep: Sweep, values: Sequence[Floats]) -> tuple[float, dict[str, tuple[float, float]]]:
    """What is left within points, and the shares of each key; nothing of a grid with holes."""
    if not all(len(each) for each in values):
        return math.nan, {}
    means = np.array([each.mean() for each in values])
    within = float(np.mean([each.var() for each in values]))
    whole = float(means.var()) + within
    if whole <= (1e-12 * float(np.abs(means).max())) ** 2:
        return 0.0, dict.fromkeys(sweep.points[0], (0.0, 0.0))
    between = float(means.var()) / whole
    # The rows of [zip] go fastest, behind the keys of [vary]: they are the last axis.
    rows = len(next(iter(sweep.zip.values()))) if sweep.zip else 1
    grid = means.reshape(*(len(each) for each in sweep.vary.values()), rows)
    by_axis = [(first * between, total * between) for first, total in shares(grid)]
    found = dict(zip(sweep.vary, by_axis[:-1], strict=True))
    return 1.0 - between, found | dict.fromkeys(sweep.zip, by_axis[-1])


def _numbers(values: Sequence[Any]) -> list[float] | None:
    """Values of a key as numbers: its own, or the only entry that differs between tables."""
    if all(isinstance(value, Mapping) for value in values):
        names = dict.fromkeys(name for value in values for name in value)
        vary = [n for n in names if any(each.get(n) != values[0].get(n) for each in values)]
        if len(vary) != 1:
            return None
        values = [value.get(vary[0]) for value in values]
    found = numbers_of(values)
    return None if found is None else found[0]


def _ranked(sweep: Sweep, key: str, values: Sequence[Floats]) -> tuple[float, float, float, float]:
    """Spearman's correlation, its interval and its p value; nan of what cannot be ranked."""
    from scipy.stats import spearmanr

    numbers = _numbers([point[key] for point in sweep.points])
    if numbers is None:
        return _UNRANKED
    x = np.repeat(numbers, [len(each) for each in values])
    y = np.concatenate(values)
    if len(y) < 3 or np.ptp(x) == 0.0 or np.ptp(y) == 0.0:
        return _UNRANKED
    with np.errstate(divide="ignore", invalid="ignore"):  # the p value of a perfect correlation
        found = spearmanr(x, y)
    r = float(found.statistic)
    return (r, *rank_interval(r, len(y)), float(found.pvalue))


def _sampled(
    sweep: Sweep, keys: Sequence[str], values: Sequence[Floats]
) -> dict[str, tuple[float, float]] | None:
    """First-order shares of keys whose rows in ``[zip]`` are a sample of a space, by SALib.

    RBD-FAST needs no design of its own, but inputs that hardly ever repeat. `None` if the rows are
    no such sample, or SALib is not installed.
    """
    numbers = [_numbers([point[key] for point in sweep.points]) for key in keys]
    points = len(sweep.points)
    if not set(keys) <= set(sweep.zip) or len(keys) < 2 or points < LEAST_SAMPLES:
        return None
    if any(each is None or len(set(each)) < points // 2 for each in numbers):
        return None
    if not all(len(each) for each in values):
        return None
    means = np.array([each.mean() for each in values])
    if float(np.ptp(means)) <= 1e-12 * float(np.abs(means).max()):
        return dict.fromkeys(keys, (0.0, math.nan))
    try:
        from SALib.analyze import rbd_fast
    except ImportError:
        return None
    within = float(np.mean([each.var() for each in values]))
    between = float(means.var()) / (float(means.var()) + within)
    x = np.column_stack([each for each in numbers if each is not None])
    found = rbd_fast.analyze(
        {"num_vars": len(keys), "names": list(keys)}, x, means, num_resamples=2, seed=_SEED
    )
    return {
        key: (float(first) * between, math.nan)
        for key, first in zip(keys, found["S1"], strict=True)
    }
