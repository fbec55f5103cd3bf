"""Random packings: sizes, gaps, seeds, and the fractions that can be reached."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fem
from fem.case import RandomPacking
from fem.geometry.neighbours import close_pairs
from fem.geometry.packing import pack
from fem.geometry.particles import channels
from fem.geometry.types import Particles

UM = 1e-6
WIDTH, HEIGHT = 80 * UM, 40 * UM
PLAIN: dict[str, Any] = {
    "layout": "random",
    "fraction": 0.5,
    "diameter": "5 um",
    "gap": "0.4 um",
    "seed": 1,
    "material": "NCM811",
}
SIZES = {
    "diameter": None,
    "sizes": [{"diameter": "3 um", "share": 1}, {"diameter": "6 um", "share": 3}],
}
COARSE = {"fraction": 0.38, "grains": {"fraction": 0.28, "diameter": "12 um"}}
FINE = {"fraction": 0.38, "grains": {"fraction": 0.28, "diameter": "2.5 um"}}
KINDS = {"equal": {}, "log-normal": {"spread": 1.5}, "table": SIZES, "coarse": COARSE, "fine": FINE}


def packing(**changes: Any) -> RandomPacking:
    given = {name: value for name, value in (PLAIN | changes).items() if value is not None}
    return RandomPacking.model_validate(given)


def discs(width: float = WIDTH, height: float = HEIGHT, **changes: Any) -> Any:
    x, y, diameter = pack(packing(**changes), width, height)
    return np.c_[x, y], diameter


def separations(xy: Any, diameter: Any) -> Any:
    """Electrolyte between all pairs, by brute force (n, n); infinite on the diagonal."""
    away = np.linalg.norm(xy[:, None] - xy[None], axis=2)
    between = away - 0.5 * (diameter[:, None] + diameter)
    np.fill_diagonal(between, np.inf)
    return between


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_fraction_is_exact_and_gaps_are_kept(kind: str, seed: int) -> None:
    wanted = packing(**KINDS[kind], seed=seed)
    xy, diameter = discs(**KINDS[kind], seed=seed)
    covered = 0.25 * np.pi * (diameter**2).sum() / (WIDTH * HEIGHT)
    assert covered == pytest.approx(wanted.fraction, rel=1e-12)
    gap = float(wanted.gap) * (1.0 - 1e-9)
    assert separations(xy, diameter).min() >= gap
    edges = np.minimum(xy, np.array([WIDTH, HEIGHT]) - xy).min(axis=1) - 0.5 * diameter
    assert edges.min() >= gap
    assert (np.diff(xy[:, 1]) >= 0.0).all()


def test_seed_makes_the_sample() -> None:
    """Bit by bit the same for the same seed; another one moves the discs."""
    first, again, other = (discs(spread=1.3, seed=seed) for seed in (4, 4, 5))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0][:10], other[0][:10])


def test_equal_particles_stay_equal() -> None:
    """3200 um2 at one half make 81.5 discs of 5 um: 81 of sqrt(1600 / 81 * 4 / pi) um."""
    _, diameter = discs()
    assert len(diameter) == 81
    assert diameter == pytest.approx(np.full(81, np.sqrt(1600 / 81 * 4 / np.pi) * UM), rel=1e-12)


def test_log_normal_by_area() -> None:
    """Weighted by area, ln d has mean ln(median) and the deviation of a normal cut at 2.5.

    That is ln(spread) sqrt(1 - 2 c phi(c) / (2 Phi(c) - 1)) with c = 2.5: 0.9546 ln(spread).
    """
    _, diameter = discs(400 * UM, 400 * UM, fraction=0.25, diameter="4 um", spread=1.4)
    assert len(diameter) > 3000
    area, logs = diameter**2, np.log(diameter / (4 * UM))
    mean = np.average(logs, weights=area)
    assert mean == pytest.approx(0.0, abs=0.02)
    deviation = np.sqrt(np.average((logs - mean) ** 2, weights=area))
    assert deviation == pytest.approx(0.9546 * np.log(1.4), rel=0.03)
    assert np.abs(logs).max() < 2.5 * np.log(1.4) + 0.01


def test_table_of_sizes_by_area() -> None:
    """Shares of 1 to 3 in area are 4 small discs of 3 um to 3 of 6 um."""
    _, diameter = discs(**SIZES)
    small = diameter < 4 * UM
    assert small.sum() / (~small).sum() == pytest.approx(4 / 3, rel=0.03)
    assert diameter[~small] == pytest.approx(2 * diameter[small][0], rel=1e-12)
    # Another unit of the shares is the same packing.
    scaled = [{**size, "share": 25 * size["share"]} for size in SIZES["sizes"]]
    assert np.array_equal(discs(**SIZES | {"sizes": scaled})[0], discs(**SIZES)[0])


@pytest.mark.parametrize("kind", ["equal", "log-normal"])
def test_three_quarters_can_be_reached(kind: str) -> None:
    """Of thin-gapped discs in a bed that is wide against them."""
    xy, diameter = discs(150 * UM, 75 * UM, fraction=0.75, gap="0.02 um", **KINDS[kind])
    assert separations(xy, diameter).min() >= 0.02 * UM * (1.0 - 1e-9)


@pytest.mark.parametrize("changes", [{}, {"grains": {"fraction": 0.1, "diameter": "3 um"}}])
def test_a_jam_says_what_was_reached(changes: dict[str, Any]) -> None:
    with pytest.raises(fem.InputError, match="the packing jams") as caught:
        discs(fraction=0.8, **changes)
    assert caught.value.key == "geometry.cathode.particles.fraction"
    reached = float(str(caught.value.allowed).removeprefix("at most ").partition(";")[0])
    assert 0.5 < reached < 0.8
    assert f"{reached:.3g}" in caught.value.problem
    discs(fraction=0.97 * reached, **changes)


TIGHT = {"fraction": 0.97, "diameter": "4 um", "gap": "0.01 um"}


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"diameter": "44 um"}, "", "larger than the composite"),
        ({"gap": "20 um"}, "", "larger than the composite"),
        ({"diameter": "60 um"}, ".diameter", "times as large"),
        (COARSE | {"grains": {"fraction": 0.3, "diameter": "50 um"}}, ".grains.diameter", "times"),
        (
            {"diameter": None, "sizes": [*SIZES["sizes"], {"diameter": "20 um", "share": 0.2}]},
            ".sizes[2].share",
            "0.24 particles",
        ),
        ({"diameter": "10 nm"}, "", "discs"),
        ({"diameter": "10 nm", "spread": 1.5}, "", "discs"),
        ({"diameter": None, "sizes": [{"diameter": "10 nm", "share": 1}]}, "", "discs"),
        (TIGHT, ".fraction", "jams"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], key: str, words: str) -> None:
    with pytest.raises(fem.InputError, match=words) as caught:
        discs(**changes)
    assert caught.value.key == "geometry.cathode.particles" + key
    assert caught.value.allowed
    assert caught.value.cure


@pytest.mark.slow
def test_coarse_grains_gather_the_particles() -> None:
    """Windows of 10 um differ more in how much of them is covered than beside fine grains."""

    def unevenness(changes: dict[str, Any], seed: int) -> float:
        xy, diameter = discs(120 * UM, 60 * UM, seed=seed, diameter="3 um", **changes)
        side = np.array([12, 6])
        cells = np.ravel_multi_index((xy / (10 * UM)).astype(int).T, side)
        return float(np.bincount(cells, weights=diameter**2, minlength=72).std())

    coarse, fine = (
        np.array([unevenness(changes, seed) for seed in range(4)]) for changes in (COARSE, FINE)
    )
    assert coarse.min() > 1.2 * fine.max()


# ------------------------------------------------------------------------------ neighbours


@st.composite
def anywhere(draw: Any) -> tuple[Any, Any]:
    """Centres in the unit square and radii over two decades."""
    count = draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    return rng.random((count, 2)), 10.0 ** rng.uniform(-2.5, -0.5, count)


@given(anywhere(), st.sampled_from([2.0, 3.0]))
@settings(max_examples=60, deadline=None)
def test_close_pairs_miss_none(found: tuple[Any, Any], reach: float) -> None:
    xy, radius = found
    i, j, distance = close_pairs(xy, radius, reach)
    assert distance == pytest.approx(np.linalg.norm(xy[i] - xy[j], axis=1), abs=0.0, rel=1e-12)
    pairs = {frozenset(pair) for pair in zip(i.tolist(), j.tolist(), strict=True)}
    assert len(pairs) == len(i) and all(len(pair) == 2 for pair in pairs)
    away = np.linalg.norm(xy[:, None] - xy[None], axis=2)
    larger = np.maximum(radius[:, None], radius)
    wanted = {frozenset(pair) for pair in np.argwhere(np.triu(away < reach * larger, 1)).tolist()}
    assert wanted <= pairs
    assert all(away[a, b] <= 2.0 * reach * larger[a, b] for a, b in map(sorted, pairs))


@pytest.mark.parametrize("kind", KINDS)
def test_channels_are_what_a_fine_rim_sees(kind: str) -> None:
    """Against brute force on 640 points a rim, everywhere that is nearer than a radius."""
    pieces = 16
    xy, diameter = discs(**KINDS[kind])
    particles = Particles(*xy.T.copy(), diameter, np.full(len(xy), ""))
    angle = np.linspace(0.0, 2.0 * np.pi, 641)[:-1]
    rim = xy[:, None] + 0.5 * diameter[:, None, None] * np.c_[np.cos(angle), np.sin(angle)]
    away = np.linalg.norm(rim[:, None] - xy[None, :, None], axis=3) - 0.5 * diameter[:, None]
    away[np.arange(len(xy)), np.arange(len(xy))] = np.inf
    edges = 2.0 * np.minimum(rim, np.array([WIDTH, HEIGHT]) - rim).min(axis=2)
    fine = np.minimum(away.min(axis=1), edges).reshape(len(xy), pieces, -1).min(axis=2)
    found = channels(particles, WIDTH, HEIGHT, pieces)
    near = fine < 0.3 * diameter[:, None]
    assert near.any(axis=1).mean() > 0.9
    assert found[near] == pytest.approx(fine[near], rel=0.1)
    assert (found[~near] > 0.29 * np.broadcast_to(diameter[:, None], near.shape)[~near]).all()
