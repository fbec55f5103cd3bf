"""How well the members at a point tell a mean and percentiles, and how many members that takes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEVEL = 0.95
"""Of all intervals."""
RESAMPLES = 999
PERCENTILES = {"p05": 0.05, "p50": 0.50, "p95": 0.95}
ESTIMATES = ("mean", *PERCENTILES)
INTERVALS = tuple(f"{name}_{end}" for name in PERCENTILES for end in ("low", "high"))
"""Ends of the intervals of percentiles, as they are named in tables."""
NEEDED = tuple(f"members_{name}" for name in ESTIMATES)
"""How many members a wanted precision takes, as they are named in tables."""
_SEED = 2023
_AT_ONCE = 2_000_000
"""Numbers of resamples that are held at once."""
_STEPS = 16
"""Numbers of members at which the way of an estimate is looked at."""


@dataclass(frozen=True)
class Estimate:
    """A number that was estimated of some members; nan where they are too few.

    Attributes
    ----------
    low, high
        Ends of its 95 % interval.
    """

    count: int
    value: float
    low: float
    high: float

    @property
    def precision(self) -> float:
        """Half of the interval over the value; nan where one of them is not known or 0."""
        half = 0.5 * (self.high - self.low)
        return half / abs(self.value) if self.value else math.nan

    def members(self, precision: float, least: int = 2) -> float:
        """How many members take the interval to `precision`, as it goes with their root.

        It is what these members promise: of values with a heavy tail, others may say another
        number. `least` is how many there have to be at all.
        """
        now = self.precision
        if math.isnan(now):
            return math.nan
        return max(least, math.ceil(self.count * (now / precision) ** 2))


def fewest(name: str) -> int:
    """Members from which on an estimate has an interval.

    The largest of n values lies below a percentile p with probability p^n, and no resample goes
    beyond it: an interval of 95 % needs that to be below 2.5 %. These are 72 members for the 5th
    and the 95th percentile, 6 for the median.
    """
    if name == "mean":
        return 2
    far = max(PERCENTILES[name], 1.0 - PERCENTILES[name])
    return math.ceil(math.log(0.5 * (1.0 - LEVEL)) / math.log(far))


def estimates(values: Floats) -> dict[str, Estimate]:
    """Mean and percentiles of values (n,) with 95 % intervals, by the names `ESTIMATES`.

    The interval of the mean is that of Student's t. Those of percentiles are bootstrap intervals of
    the percentile kind (`scipy.stats.bootstrap`, 999 seeded resamples). BCa would correct them by a
    jackknife, which does not hold for percentiles.
    """
    from scipy.stats import t

    count, nothing = len(values), math.nan
    if not count:
        return dict.fromkeys(ESTIMATES, Estimate(0, nothing, nothing, nothing))
    mean, half = float(values.mean()), nothing
    if count > 1:
        error = float(values.std(ddof=1)) / math.sqrt(count)
        half = float(t.ppf(0.5 + 0.5 * LEVEL, count - 1)) * error
    found = {"mean": Estimate(count, mean, mean - half, mean + half)}
    ordered = np.sort(values)
    again = _resampled(ordered) if count >= fewest("p50") else None
    for row, (name, share) in enumerate(PERCENTILES.items()):
        low = high = nothing
        if again is not None and count >= fewest(name):
            ends = [0.5 * (1.0 - LEVEL), 0.5 * (1.0 + LEVEL)]
            low, high = np.quantile(again[row], ends).tolist()
        found[name] = Estimate(count, float(np.quantile(ordered, share)), low, high)
    return found


def settling(values: Floats) -> Iterator[tuple[int, dict[str, Estimate]]]:
    """The estimates of the first 5, ... and of all values, in the order in which they stand."""
    if len(values) < 2:
        return
    sizes = np.geomspace(min(5, len(values)), len(values), _STEPS)
    for size in np.unique(np.round(sizes).astype(int)).tolist():
        yield size, estimates(values[:size])


def _resampled(ordered: Floats) -> Floats:
    """The percentiles of all resamples of sorted values, (percentiles, resamples)."""
    count = len(ordered)
    below, above = _ranks(count)
    weight = np.array([share * (count - 1) % 1.0 for share in PERCENTILES.values()])[:, None]
    found: Floats = ordered[below] * (1.0 - weight) + ordered[above] * weight
    return found


@lru_cache(maxsize=64)
def _ranks(count: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Between which of `count` sorted values the percentiles of resamples lie.

    A resample is drawn without a look at the values: what holds for ranks holds for any metric, and
    ten thousand members are resampled once for all metrics and points.
    """
    from scipy.stats import bootstrap

    shares = list(PERCENTILES.values())

    def ends(ranks: Floats, axis: int) -> Floats:
        return np.concatenate(
            [np.quantile(ranks, shares, axis=axis, method=side) for side in ("lower", "higher")]
        )

    found = bootstrap(
        (np.arange(float(count)),), ends, n_resamples=RESAMPLES, method="percentile",
        vectorized=True, batch=max(1, _AT_ONCE // count), random_state=np.random.default_rng(_SEED),
    ).bootstrap_distribution.astype(np.int32)  # fmt: skip
    return found[: len(shares)], found[len(shares) :]
