"""Random packings: sizes, gaps, seeds, and the fractions that can be reached."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fem
from fem.case import RandomPacking
from fem.geometry.mixing import Potential, mixed, strength
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
@pytest.mark.parametrize("seed", [1, *(pytest.param(s, marks=pytest.mark.slow) for s in (2, 3))])
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


@pytest.mark.slow
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


# ------------------------------------------------------------------------------ structure

WIDE, HIGH, WINDOW = 200, 100, 20
"""Of the cells and windows in which the structure is measured, in um."""
EQUAL = {"diameter": "4 um", "gap": "0.2 um"}


def unevenness(window: int = WINDOW, **changes: Any) -> float:
    """Standard deviation of the area fraction in square windows, from points 0.2 um apart."""
    xy, diameter = discs(WIDE * UM, HIGH * UM, **EQUAL | changes)
    covered = np.zeros((5 * HIGH, 5 * WIDE), dtype=bool)
    for (x, y), d in zip(5 * xy / UM, 5 * diameter / UM, strict=True):
        i, j = (slice(int(c - 0.5 * d), int(c + 0.5 * d) + 1) for c in (y, x))
        row, column = np.ogrid[i, j]
        covered[i, j] |= (row + 0.5 - y) ** 2 + (column + 0.5 - x) ** 2 < 0.25 * d**2
    k = 5 * window
    return float(covered.reshape(5 * HIGH // k, k, 5 * WIDE // k, k).mean(axis=(1, 3)).std())


def contact(seeds: range, fraction: float) -> tuple[float, float]:
    """The pair correlation of hulls at contact, and that of hard discs as dense as in the middle.

    Henderson (Mol. Phys. 30, 1975, 971): ``g = (1 - 7 eta / 16) / (1 - eta)^2``.
    """
    rings, edge = np.linspace(1.0, 1.2, 11), 12.0
    count, inside = np.zeros(10), 0
    for seed in seeds:
        xy, diameter = discs(WIDE * UM, HIGH * UM, **EQUAL, fraction=fraction, seed=seed)
        xy, hull = xy / UM, diameter[0] / UM + 0.2
        middle = ((xy > edge) & (xy < [WIDE - edge, HIGH - edge])).all(axis=1)
        away = np.linalg.norm(xy[middle, None] - xy, axis=2) / hull
        count += np.histogram(away[away > 0.5], rings)[0]
        inside += int(middle.sum())
    density = inside / len(seeds) / ((WIDE - 2 * edge) * (HIGH - 2 * edge))
    found = count / (inside * density * np.pi * hull**2 * np.diff(rings**2))
    line = np.polyfit(0.5 * (rings[1:] + rings[:-1]) - 1.0, np.log(found), 2)
    eta = 0.25 * np.pi * density * hull**2
    return float(np.exp(line[2])), float((1.0 - 7.0 * eta / 16.0) / (1.0 - eta) ** 2)


@pytest.mark.parametrize(
    ("fraction", "wanted", "seeds"),
    [
        (0.4, 0.042, range(1, 3)),
        pytest.param(0.4, 0.042, range(1, 9), marks=pytest.mark.slow),
        pytest.param(0.6, 0.027, range(1, 9), marks=pytest.mark.slow),
    ],
)
def test_windows_differ_as_among_hard_discs(fraction: float, wanted: float, seeds: range) -> None:
    """Standard deviations of hard discs in equilibrium; those of discs pushed apart are .09."""
    found = np.mean([unevenness(fraction=fraction, seed=seed) for seed in seeds])
    assert found == pytest.approx(wanted, rel=0.2)


@pytest.mark.slow
@pytest.mark.parametrize("fraction", [0.4, 0.6])
def test_neighbours_are_as_near_as_among_hard_discs(fraction: float) -> None:
    found, wanted = contact(range(1, 9), fraction)
    assert found == pytest.approx(wanted, rel=0.08)


@pytest.mark.slow
@pytest.mark.parametrize("fraction", [0.4, 0.6])
def test_clusters_are_as_far_apart_as_asked_for(fraction: float) -> None:
    """Half as wide windows differ far more than by chance; windows as wide as that hardly do."""
    structure = {"kind": "clustered", "length": "20 um"}
    clustered = unevenness(10, fraction=fraction, structure=structure)
    assert 0.09 < clustered < 0.16
    assert clustered > 1.3 * unevenness(10, fraction=fraction)
    assert unevenness(20, fraction=fraction, structure=structure) < 0.6 * clustered


@pytest.mark.parametrize("length", ["8 um", "90 um"])
def test_clusters_that_cannot_be_are_refused(length: str) -> None:
    with pytest.raises(fem.InputError, match="clusters") as caught:
        discs(structure={"kind": "clustered", "length": length})
    assert caught.value.key == "geometry.cathode.particles.structure.length"
    assert "um: two mean diameters" in str(caught.value.allowed)
    assert caught.value.cure


@pytest.mark.slow
def test_a_landscape_gathers_by_boltzmanns_factor() -> None:
    """Discs so few that they hardly meet have the mean energy of an ideal gas in it."""
    rng = np.random.default_rng(1)
    size, radius = (18.0, 18.0), np.full(400, 0.05)
    landscape = Potential.drawn(2.0, size, rng)
    row = 0.4 + 0.9 * np.arange(20)
    found = mixed(np.stack(np.meshgrid(row, row), 2).reshape(-1, 2), radius, size, rng, landscape)
    inside = landscape.energy[:-1, :-1]
    weight = np.exp(-strength(400 * np.pi * 0.05**2 / 18.0**2) * inside)
    wanted = (weight * inside).sum() / weight.sum()
    assert wanted < -0.4
    energy = landscape(found[:, 0] + 1j * found[:, 1]).mean()
    assert energy == pytest.approx(wanted, abs=0.15)


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
    # Mixed discs are farther apart than those that are pushed until they just fit.
    assert near.any(axis=1).mean() > 0.8
    assert found[near] == pytest.approx(fine[near], rel=0.1)
    assert (found[~near] > 0.29 * np.broadcast_to(diameter[:, None], near.shape)[~near]).all()
