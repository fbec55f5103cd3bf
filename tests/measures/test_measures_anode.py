"""The profile along the foil: means and running means of cosines, in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from measures_examples import Floats

from fem.measures.anode import AnodeProfile

LENGTH = 40e-6


def profile(s: Floats) -> AnodeProfile:
    """A straight foil with nodes at arc lengths `s`, edge ends and middles in turn."""
    zero = np.zeros(len(s))
    return AnodeProfile(s, s, zero, zero, zero, None, np.arange(len(s)))


def uniform(edges: int) -> Floats:
    return np.linspace(0.0, LENGTH, 2 * edges + 1)


def graded(edges: int) -> Floats:
    """Ends graded towards both walls by a factor of about three, middles half-way."""
    t = np.linspace(0.0, 1.0, edges + 1)
    ends = LENGTH * (t - 0.25 * np.sin(2 * np.pi * t) / (2 * np.pi) * 2)
    return np.sort(np.r_[ends, 0.5 * (ends[1:] + ends[:-1])])


@pytest.mark.parametrize("nodes", [uniform(40), graded(60)], ids=["uniform", "graded"])
def test_mean_of_quadratics(nodes: Floats) -> None:
    """The mean of 1 + 3 q^2 with q = s / L is 2, exactly: edges are quadratic."""
    line = profile(nodes)
    assert line.mean(1.0 + 3.0 * (nodes / LENGTH) ** 2) == pytest.approx(2.0, rel=1e-12)
    assert line.length == LENGTH


@pytest.mark.parametrize("nodes", [uniform(40), graded(60)], ids=["uniform", "graded"])
@pytest.mark.parametrize("window", [1e-6, 2e-6, 7.3e-6])
@pytest.mark.parametrize("waves", [1, 2, 5])
def test_running_mean_of_cosines(nodes: Floats, window: float, waves: int) -> None:
    """cos(k s), k = waves pi / L, is its own mirror image at both walls.

    Its mean over a window w is sin(k w / 2) / (k w / 2) times itself, at the walls too.
    """
    k = waves * np.pi / LENGTH
    values = np.cos(k * nodes)
    seen = profile(nodes).running_mean(values, window)
    np.testing.assert_allclose(seen, np.sinc(k * window / (2 * np.pi)) * values, atol=4e-3)


def test_running_mean_of_odd_waves_shows_the_mirror() -> None:
    """sin(k s) is mirrored to |sin|: at the wall its mean over w is (1 - cos(k w/2)) / (k w/2)."""
    k, window = np.pi / LENGTH, 4e-6
    nodes = uniform(80)
    seen = profile(nodes).running_mean(np.sin(k * nodes), window)
    half = 0.5 * k * window
    assert seen[[0, -1]] == pytest.approx((1.0 - np.cos(half)) / half, rel=2e-3)
    assert seen[len(nodes) // 2] == pytest.approx(np.sin(half) / half, rel=1e-4)


def test_running_mean_converges() -> None:
    """Between nodes the running integral is a chord: second order in the element size."""
    k, window = 3 * np.pi / LENGTH, 2.7e-6
    errors = []
    for edges in (20, 40, 80, 160, 320):
        nodes = uniform(edges)
        exact = np.sinc(k * window / (2 * np.pi)) * np.cos(k * nodes)
        errors.append(np.abs(profile(nodes).running_mean(np.cos(k * nodes), window) - exact).max())
    assert errors[-1] < 4e-5
    assert np.log2(errors[0] / errors[-1]) / 4 > 1.9


@pytest.mark.parametrize("window", [1e-9, 2e-6, LENGTH])
def test_running_mean_of_a_constant(window: float) -> None:
    nodes = graded(30)
    seen = profile(nodes).running_mean(np.full(len(nodes), 3.5), window)
    assert seen == pytest.approx(3.5, rel=1e-6)


def test_running_mean_keeps_the_total() -> None:
    """Mirroring loses nothing: the mean of the running mean is the mean."""
    nodes = uniform(200)
    values = np.exp(-(((nodes - 3e-6) / 2e-6) ** 2))
    line = profile(nodes)
    assert line.mean(line.running_mean(values, 6e-6)) == pytest.approx(line.mean(values), rel=1e-4)


def test_value_at_a_point() -> None:
    line = profile(uniform(10))
    assert line.at(LENGTH * 0.26, 1e-6, np.arange(21.0)) == 5.0


def test_running_mean_over_a_window_longer_than_the_line():
    """Mirrored at both walls, as often as it takes, a constant stays what it is."""
    s = np.linspace(0.0, 0.8e-6, 9)
    flat = AnodeProfile(s, s, s, np.ones(9), np.ones(9), None, np.arange(9))
    assert flat.running_mean(np.full(9, 3.0), 2e-6) == pytest.approx(np.full(9, 3.0), rel=1e-12)
