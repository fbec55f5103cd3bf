"""The figure of a metric: medians and bands where the members are, in the unit for people."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from sweep_examples import cell, seeds, tables

from fem.case.sweep import Sweep
from fem.plot.distribution import distribution
from fem.results.members import DONE, FAILED, Row

CURRENTS = {"operation.current_density": ["10 A/m^2", "1 mA/cm^2", "1000 A/m^2"]}


def drawn(value: Any, **given: Any) -> Figure:
    """The figure of overpotentials that are `value` of the number of the member."""
    sweep = Sweep.from_dict(tables(cell(), **given))
    rows = [
        Row(number, DONE, 0.0, {"overpotential_V": value(number)})
        for number in range(len(sweep.members))
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return distribution(
            sweep, [*rows[:-1], Row(len(rows) - 1, FAILED, 0.0, {})], "overpotential_V"
        )


def test_lines_go_through_medians_in_one_unit() -> None:
    """Squares of 0 to 4, 5 to 9 and 10 to 13, the last one failed; 1 mA/cm2 is 10 A/m2."""
    figure = drawn(lambda n: 1e-3 * n * n, vary=CURRENTS, repeat=seeds(5))
    axes = figure.axes[0]
    x, y = axes.lines[0].get_data()
    assert np.allclose(x, [10.0, 10.0, 1000.0])
    assert np.allclose(y, [4.0, 49.0, 132.5])
    assert axes.get_xlabel() == "operation current density (A/m²)"
    assert axes.get_ylabel() == "overpotential (mV)"
    assert axes.get_xscale() == "log"
    band = next(c for c in axes.collections if isinstance(c, PolyCollection))
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.max() == pytest.approx(np.percentile([100, 121, 144, 169], 95.0))
    assert heights.min() == pytest.approx(np.percentile([0, 1, 4, 9, 16], 5.0))


def test_other_keys_are_told_apart_and_those_that_do_not_vary_left_out() -> None:
    vary = {"mesh.size": ["3 um"], **CURRENTS, "inactive": [{"fraction": 0.2}, {"fraction": 0.4}]}
    figure = drawn(lambda n: float(n), vary=vary, repeat=seeds(2))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "inactive fraction 0.2", "inactive fraction 0.4",
    ]  # fmt: skip
    assert figure.axes[0].get_xlabel() == "operation current density (A/m²)"


def test_values_that_are_no_numbers_are_named() -> None:
    figure = drawn(lambda n: float(n), vary={"mechanics.contact": ["stick", "slide"]})
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["stick", "slide"]
    assert axes.lines[0].get_linestyle() == "None"


@pytest.mark.parametrize("value", [lambda n: 1e-3 * n, lambda n: 0.2, lambda n: 0.0])
def test_nothing_but_repeats_is_a_histogram(value: Any) -> None:
    """Of equal values, too; nothing warns."""
    axes = drawn(value, repeat=seeds(41)).axes[0]
    assert sum(patch.get_height() for patch in axes.patches) == 40
    assert axes.get_xlabel() == "overpotential (mV)"


def test_a_metric_that_does_not_vary_is_drawn_flat() -> None:
    low, high = drawn(lambda n: 0.2, vary=CURRENTS).axes[0].get_ylim()
    assert low < 200.0 < high
