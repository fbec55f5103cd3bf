"""Intervals hold what they promise, and so does the number of members that is told."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import bootstrap

from fem.results import estimates as module
from fem.results.estimates import ESTIMATES, PERCENTILES, RESAMPLES, estimates, fewest, settling

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Floats]

SAMPLES: dict[str, tuple[Draw, dict[str, float]]] = {
    # Quantiles of the normal distribution at 5, 50 and 95 %; the mean of exp(z) is exp(1/2).
    "normal": (
        lambda draw, n: 10.0 + draw.standard_normal(n),
        {"mean": 10.0, "p05": 8.355146373, "p50": 10.0, "p95": 11.644853627},
    ),
    "lognormal": (
        lambda draw, n: np.exp(draw.standard_normal(n)),
        {"mean": math.exp(0.5), "p05": 0.193040806, "p50": 1.0, "p95": 5.180251602},
    ),
    # Lomax with exponent 3: quantiles (1 - q)^(-1/3) - 1, mean 1/2, an infinite third moment.
    "pareto": (
        lambda draw, n: draw.pareto(3.0, n),
        {"mean": 0.5, **{k: (1.0 - q) ** (-1.0 / 3.0) - 1.0 for k, q in PERCENTILES.items()}},
    ),
}


def test_ranks_that_are_drawn_once_give_the_bootstrap_of_scipy() -> None:
    """To the digit: resampling does not look at values."""
    values = np.random.default_rng(1).lognormal(size=150)
    found = estimates(values)
    exact = bootstrap(
        (np.sort(values),), lambda x, axis: np.quantile(x, list(PERCENTILES.values()), axis=axis),
        n_resamples=RESAMPLES, method="percentile", vectorized=True, batch=module._AT_ONCE // 150,
        random_state=np.random.default_rng(module._SEED),
    ).confidence_interval  # fmt: skip
    assert [found[name].low for name in PERCENTILES] == pytest.approx(exact.low, rel=1e-12)
    assert [found[name].high for name in PERCENTILES] == pytest.approx(exact.high, rel=1e-12)
    assert estimates(values) == found


def test_too_few_members_have_no_interval_of_a_percentile() -> None:
    """All of 71 lie below the 95th percentile with 2.6 %, all of 72 with 2.5 %."""
    assert [fewest(name) for name in ESTIMATES] == [2, 72, 6, 72]
    assert 0.95**72 < 0.025 < 0.95**71
    few = estimates(np.arange(71.0))
    assert math.isnan(few["p95"].low) and math.isnan(few["p95"].members(0.02))
    assert few["p50"].low < few["p50"].value < few["p50"].high
    enough = estimates(np.arange(72.0))
    assert enough["p95"].low < enough["p95"].value < enough["p95"].high


def coverage(name: str, count: int, samples: int) -> dict[str, float]:
    """Share of the samples whose interval holds what is exact."""
    draw, exact = SAMPLES[name]
    generator = np.random.default_rng(7)
    held = dict.fromkeys(exact, 0)
    for _ in range(samples):
        found = estimates(draw(generator, count))
        for key, value in exact.items():
            held[key] += found[key].low <= value <= found[key].high
    return {key: held[key] / samples for key in exact}


@pytest.mark.parametrize("name", ["normal", "pareto"])
def test_intervals_hold_what_they_are_of(name: str) -> None:
    """Of 100 members: 95 % of the median; less of what lies far out, as the page of sweeps says."""
    found = coverage(name, 100, 400)
    assert 0.92 < found["p50"] < 0.98
    assert 0.83 < found["p05"] < 0.95
    assert 0.83 < found["p95"] < 0.95
    assert found["mean"] > (0.92 if name == "normal" else 0.85)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(SAMPLES))
@pytest.mark.parametrize("count", [100, 300, 1000])
def test_intervals_hold_what_they_are_of_in_many_samples(name: str, count: int) -> None:
    found = coverage(name, count, 4000)
    far = 0.85 if count == 100 else 0.90
    assert 0.93 < found["p50"] < 0.97
    assert far < found["p05"] < 0.97
    assert far < found["p95"] < 0.97
    # Student's t knows no tail: the sum of 100 members with one is not normal yet.
    assert found["mean"] > {"normal": 0.94, "lognormal": 0.85, "pareto": 0.87}[name]


def delivered(name: str, key: str, count: int, wanted: float, trials: int) -> tuple[float, float]:
    """What the promised number of members reaches over what was wanted: median and 90th percentile.

    A first sample of `count` promises a number, of which a second one is drawn.
    """
    draw, _ = SAMPLES[name]
    generator = np.random.default_rng(11)
    reached = []
    for _ in range(trials):
        members = int(estimates(draw(generator, count))[key].members(wanted, fewest(key)))
        reached.append(estimates(draw(generator, members))[key].precision / wanted)
    return float(np.median(reached)), float(np.percentile(reached, 90.0))


def test_the_promised_number_of_members_delivers() -> None:
    """Means of normal values of 10 to 0.8 % take (1.96 * 0.1 / 0.008)^2 = 600 members."""
    promised = estimates(SAMPLES["normal"][0](np.random.default_rng(3), 200))["mean"]
    assert 0.8 < promised.members(0.008) / 600.0 < 1.25
    middle, most = delivered("normal", "mean", 200, 0.008, 8)
    assert 0.95 < middle < 1.05
    assert most < 1.12


@pytest.mark.slow
@pytest.mark.parametrize("name", list(SAMPLES))
@pytest.mark.parametrize("key", ["mean", "p50", "p95"])
def test_the_promised_number_delivers_of_any_values(name: str, key: str) -> None:
    wanted = 0.005 if name == "normal" else 0.06
    middle, most = delivered(name, key, 400, wanted, 40)
    assert 0.9 < middle < 1.2
    assert most < 1.75


def test_estimates_settle_on_that_of_all_members() -> None:
    values = np.random.default_rng(2).standard_normal(200)
    way = list(settling(values))
    assert way[0][0] == 5
    assert way[-1] == (200, estimates(values))
    assert [count for count, _ in way] == sorted({count for count, _ in way})
    assert way[3][1]["mean"].value == values[: way[3][0]].mean()
