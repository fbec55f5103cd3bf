"""Shares of variance and rank correlations against closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sweep_examples import cell, seeds, tables

from fem.case.sweep import Sweep
from fem.plot.sensitivity import sensitivity
from fem.results import sensitivity as module
from fem.results.members import DONE, FAILED, Row
from fem.results.sensitivity import GRID, REPEATS, ROWS, SAMPLE, Influence, rank_interval
from fem.results.swept import Swept

A, B, C = "stepping.tolerance", "kinetics.cathode.exchange_current_density", "mesh.size"
METRIC = "overpotential_V"


def swept(metric: Callable[..., float], **given: Any) -> Swept:
    """A sweep whose members have a made-up metric of the numbers of their keys."""
    sweep = Sweep.from_dict(tables(cell(), **given))
    rows = []
    for number, member in enumerate(sweep.members):
        values = [float(str(value).split()[0]) for value in member.values()]
        rows.append(Row(number, DONE, 0.0, {METRIC: float(metric(*values))}))
    return Swept(sweep, tuple(rows))


def by_key(found: Swept) -> dict[str, Influence]:
    return {each.key: each for each in found.influences}


def test_shares_of_a_sum_are_those_of_its_terms() -> None:
    """Of 3 x + y with x and y of 1, 2, 3: 9 to 1, and nothing together."""
    found = by_key(
        swept(lambda x, y: 3.0 * x + y, vary={A: [1, 2, 3], C: ["1 um", "2 um", "3 um"]})
    )
    assert found[A].first_order == pytest.approx(0.9)
    assert found[A].total == pytest.approx(0.9)
    assert found[C].first_order == pytest.approx(0.1)
    assert found[C].total == pytest.approx(0.1)
    assert {each.method for each in found.values()} == {GRID}


def test_shares_of_a_product_are_those_of_both_together() -> None:
    """Of (x - 2)(y - 2): each key does nothing alone, and everything with the other."""
    found = by_key(
        swept(lambda x, y: (x - 2) * (y - 2), vary={A: [1, 2, 3], C: ["1 um", "2 um", "3 um"]})
    )
    for key in (A, C):
        assert found[key].first_order == pytest.approx(0.0, abs=1e-12)
        assert found[key].total == pytest.approx(1.0)


def ishigami(x: Any, y: Any, z: Any) -> Any:
    """Ishigami and Homma (1990) with 7 and 0.1, of numbers from 0 to 1."""
    x, y, z = (np.pi * (2.0 * each - 1.0) for each in (x, y, z))
    return np.sin(x) + 7.0 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x)


_V1, _V2, _V13 = (
    0.5 * (1.0 + 0.1 * np.pi**4 / 5.0) ** 2,
    49.0 / 8.0,
    0.01 * np.pi**8 * (1.0 / 18.0 - 1.0 / 50.0),
)
FIRST = np.array([_V1, _V2, 0.0]) / (_V1 + _V2 + _V13)
TOTAL = np.array([_V1 + _V13, _V2, _V13]) / (_V1 + _V2 + _V13)


def test_shares_of_the_function_of_ishigami_are_exact_ones_to_the_second_order() -> None:
    """0.3139, 0.4424 and 0 alone, 0.5576, 0.4424 and 0.2437 in all, on finer and finer grids."""
    errors = []
    for count in (8, 16, 32):
        middle = (np.arange(count) + 0.5) / count
        grid = ishigami(*np.meshgrid(middle, middle, middle, indexing="ij"))
        found = np.array(module.shares(grid))
        errors.append(np.abs(found - np.stack([FIRST, TOTAL], axis=1)).max())
    assert errors[2] < 3e-3
    assert 1.9 < math.log2(errors[0] / errors[1]) < 2.2
    assert 1.9 < math.log2(errors[1] / errors[2]) < 2.2


def test_what_members_at_a_point_differ_by_is_what_is_left() -> None:
    """Of x + 2 (n mod 2) with x of 1 and 3: a variance of 1 between points, of 1 within."""
    found = by_key(swept(lambda x, n: x + 2.0 * (n % 2.0), vary={A: [1, 3]}, repeat=seeds(10)))
    assert found[A].total == pytest.approx(0.5)
    assert found["inactive.seed"].total == pytest.approx(0.5)
    assert found["inactive.seed"].method == REPEATS
    assert math.isnan(found["inactive.seed"].spearman)


def test_keys_of_rows_cannot_be_told_apart() -> None:
    found = by_key(
        swept(
            lambda x, y, z: x + 2.0 * y,
            vary={A: [1, 2]},
            zip={B: ["1 A/m^2", "2 A/m^2"], C: ["1 um", "2 um"]},
        )
    )
    assert found[B].first_order == found[C].first_order == pytest.approx(0.8)
    assert found[A].first_order == pytest.approx(0.2)
    assert (found[A].method, found[B].method, found[C].method) == (GRID, ROWS, ROWS)


def test_ranks_of_a_rising_key_of_texts_and_of_tables() -> None:
    """Texts have shares and no ranks; tables that differ in one number have its ranks."""
    vary: dict[str, list[Any]] = {
        "inactive": [{"fraction": f} for f in (0.1, 0.2, 0.3)],
        "mechanics.contact": ["stick", "slide"],
    }
    sweep = Sweep.from_dict(tables(cell(), vary=vary))
    rows = tuple(
        Row(n, DONE, 0.0, {METRIC: v}) for n, v in enumerate((1.0, 2.0, 3.0, 4.0, 5.0, 6.0))
    )
    found = by_key(Swept(sweep, rows))
    # Ranks of x: 1.5, 1.5, 3.5, 3.5, 5.5, 5.5. Correlation with 1 to 6: 16 / sqrt(16 * 17.5).
    assert found["inactive"].spearman == pytest.approx(16.0 / math.sqrt(16.0 * 17.5))
    assert found["inactive"].spearman_low < found["inactive"].spearman
    assert math.isnan(found["mechanics.contact"].spearman)
    assert found["mechanics.contact"].first_order == pytest.approx(0.25 / (17.5 / 6.0))
    holes = by_key(Swept(sweep, (*rows[:-1], Row(5, FAILED, 0.0, {}))))
    assert math.isnan(holes["inactive"].total)
    assert holes["inactive"].spearman > 0.9


@pytest.mark.slow
def test_the_interval_of_a_rank_correlation_holds_it_in_95_percent() -> None:
    """Of normal pairs with a correlation of 0.9, whose ranks correlate by 6/pi asin(0.45)."""
    from scipy.stats import spearmanr

    draw, exact, held = np.random.default_rng(4), 6.0 / np.pi * math.asin(0.45), 0
    for _ in range(800):
        x, y = draw.standard_normal((2, 60))
        low, high = rank_interval(float(spearmanr(x, 0.9 * x + math.sqrt(0.19) * y).statistic), 60)
        held += low <= exact <= high
    assert 0.93 < held / 800 < 0.97


def test_rows_that_are_a_sample_have_shares_by_salib() -> None:
    """Of 1000 draws: to 0.07, three times the scatter that RBD-FAST was found to have."""
    pytest.importorskip("SALib")
    draw = np.random.default_rng(6).uniform(size=(1000, 3))
    rows = {
        A: draw[:, 0].tolist(),
        B: [f"{v!r} A/m^2" for v in draw[:, 1].tolist()],
        C: [f"{v!r} um" for v in draw[:, 2].tolist()],
    }
    found = by_key(swept(ishigami, zip=rows))
    assert {each.method for each in found.values()} == {SAMPLE}
    assert [found[key].first_order for key in (A, B, C)] == pytest.approx(FIRST, abs=0.07)
    assert math.isnan(found[A].total)


def test_the_figure_has_a_bar_a_key() -> None:
    found = swept(lambda x, y: 3.0 * x + y, vary={A: [1, 2, 3], C: ["1 um", "2 um", "3 um"]})
    axes = sensitivity(found).axes[0]
    assert [patch.get_width() for patch in axes.patches] == pytest.approx([0.9, 0.9, 0.1, 0.1])
    assert [text.get_text() for text in axes.get_yticklabels()] == [
        "stepping tolerance",
        "mesh size",
    ]
