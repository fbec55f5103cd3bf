"""Means over pixels against areas in closed form, and against polygons of another library."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon, box

from fem.images.coverage import SIDES, Grid, means

ONE = np.array([[0, 1, 2, 3, 4, 5]])
CORNERS = np.array([[1.2, 0.7], [7.9, 1.4], [3.3, 6.2]])


def curved(bow: np.ndarray) -> np.ndarray:
    middles = 0.5 * (CORNERS + CORNERS[[1, 2, 0]])
    return np.vstack([CORNERS, middles + bow])


def area(points: np.ndarray) -> float:
    """Of a curved triangle: its straight one, and two thirds of each bow over its chord."""
    total = 0.0
    for a, m, b in SIDES:
        chord = points[b] - points[a]
        bow = points[m] - 0.5 * (points[a] + points[b])
        total += 0.5 * (points[a, 0] * points[b, 1] - points[a, 1] * points[b, 0])
        total += 2.0 / 3.0 * (chord[1] * bow[0] - chord[0] * bow[1])
    return total


bows = st.lists(st.floats(-0.7, 0.7), min_size=6, max_size=6).map(
    lambda v: np.array(v).reshape(3, 2)
)


@settings(max_examples=30, deadline=None)
@given(bow=bows, pixel=st.floats(0.2, 9.0), left=st.floats(-3.0, 0.0))
def test_pixels_add_up_to_the_area_of_a_curved_triangle(
    bow: np.ndarray, pixel: float, left: float
) -> None:
    points, side = curved(bow), int(15 / pixel) + 1
    found = means(points, ONE, np.ones((1, 1)), Grid(left, -3.0, pixel, side, side))
    assert found.sum() * pixel**2 == pytest.approx(area(points), rel=1e-11)


def test_each_pixel_holds_what_a_fine_polygon_leaves_in_it() -> None:
    points = curved(np.random.default_rng(1).normal(0.0, 0.4, (3, 2)))
    t = np.linspace(0.0, 1.0, 2000, endpoint=False)[:, None]
    rim = np.concatenate(
        [
            (2 * (p + r) - 4 * q) * t**2 + (4 * q - 3 * p - r) * t + p
            for p, q, r in ((points[a], points[m], points[b]) for a, m, b in SIDES)
        ]
    )
    polygon, grid = Polygon(rim), Grid(-1.0, -1.0, 0.9, 12, 9)
    found = means(points, ONE, np.full((1, 1), 3.0), grid)[0]
    for row, column in np.ndindex(found.shape):
        x, y = grid.left + column * grid.pixel, grid.bottom + row * grid.pixel
        share = polygon.intersection(box(x, y, x + grid.pixel, y + grid.pixel)).area / 0.81
        assert found[row, column] == pytest.approx(3.0 * share, abs=1e-5)


def test_triangles_that_share_sides_fill_pixels_to_rounding() -> None:
    # A square in two triangles with a bent diagonal, on lines between pixels and off them.
    points = np.array(
        [[0, 0], [4, 0], [4, 4], [0, 4], [2, 0], [4, 2], [2, 4], [0, 2], [2.4, 1.8]], dtype=float
    )
    triangles = np.array([[0, 1, 2, 4, 5, 8], [0, 3, 2, 7, 6, 8]])  # the second runs clockwise
    for pixel in (1.0, 0.37, 0.05):
        count = int(4.0 / pixel)
        found = means(points, triangles, np.ones((1, 2)), Grid(0.0, 0.0, pixel, count, count))
        assert np.abs(found - 1.0).max() < 1e-11


def test_what_lies_outside_of_the_image_is_left_out() -> None:
    found = means(curved(np.zeros((3, 2))), ONE, np.ones((1, 1)), Grid(2.0, 1.6, 1.0, 3, 2))
    inside = Polygon(CORNERS).intersection(box(2.0, 1.6, 5.0, 3.6)).area
    assert found.sum() == pytest.approx(inside, rel=1e-12)
