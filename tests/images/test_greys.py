"""What is read off grey values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xray_cells import drawn

from fem.images.greys import Levels, depth, described, histogram, peak, regions
from fem.images.slices import grid_of

LEVELS = Levels(10_000.0, 14_000.0, 50_000.0)


@given(st.lists(st.floats(0, 65535), min_size=1, max_size=50))
def test_a_histogram_holds_every_pixel(values: list[float]) -> None:
    start, count = histogram(np.array(values))
    assert count.sum() == len(values)
    assert start[0] <= min(values)
    assert max(values) < start[-1] + 100.0


def test_the_peak_of_noisy_values_is_their_centre() -> None:
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(14_000, 300, 20_000), rng.normal(50_123, 300, 5_000)])
    assert peak(values, 32_000, np.inf, 300.0) == pytest.approx(50_123, abs=30)
    assert np.isnan(peak(values, 60_000, np.inf))


def test_a_tail_is_counted_below_half_of_the_electrolyte() -> None:
    values = np.full(1000, 14_000.0)
    values[:30] = 10_100.0
    found = described(values, LEVELS)
    assert found["tail_share"] == 0.03
    assert found["electrolyte_peak"] == pytest.approx(14_000)
    assert found["grey_p01"] == 10_100.0
    assert np.isnan(found["active_peak"])


def test_depth_tells_active_material_apart() -> None:
    image = np.full((3, 10), 14_000.0)
    image[1, :4] = [50_000.0, 50_000.0, 40_000.0, 52_000.0]
    found = depth(image, LEVELS)
    assert found["active_grey_median"][1] == 50_000.0
    assert np.isnan(found["active_grey_median"][[0, 2]]).all()
    assert found["grey_mean"][0] == 14_000.0


def test_regions_lie_between_the_collector_and_the_lithium() -> None:
    result = drawn()
    found = {r.name: r for r in regions(result, grid_of(result, 1e-6))}
    assert (found["cathode"].first, found["cathode"].last) == (0, 40)
    assert (found["electrolyte near anode"].first, found["electrolyte near anode"].last) == (55, 70)
    assert (found["anode"].first, found["anode"].last) == (70, 80)
    coarse = {r.name for r in regions(result, grid_of(result, 20e-6))}
    assert "cathode middle" not in coarse
