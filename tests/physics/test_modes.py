"""Chains of edges along surfaces and the smooth modes on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import fem
from fem.physics.modes import Chain, Kind, chains_of, groups_of, modes, resolved
from fem.physics.responses import _answer, chains_on, loads_of, responses


@pytest.fixture(scope="module")
def cell() -> fem.Cell:
    case = fem.Case.load("cases/zheng2023_protrusions.toml").replace(
        {
            "geometry.width": "60 um",
            "geometry.anode.protrusions": [{"x": "30 um", "depth": "10 um", "half_width": "6 um"}],
            "geometry.cathode.thickness": "40 um",
            "geometry.cathode.particles.columns": 3,
            "geometry.cathode.particles.rows": 2,
            "inactive": {},
            "mechanics": {"enabled": False},
            "mesh.size": "3 um",
        }
    )
    return fem.Cell.of(case)


NOWHERE = np.zeros(0, dtype=int)


@pytest.mark.parametrize("kind", ["closed", "mirrored", "open"])
def test_modes_are_orthogonal(kind: Kind) -> None:
    if kind != "open":
        s, weights = (np.arange(64) + 0.5) / 64.0, np.full(64, 1.0 / 64.0)
    else:
        nodes, gauss = np.polynomial.legendre.leggauss(32)
        s, weights = 0.5 * (nodes + 1.0), 0.5 * gauss
    table = modes(9, kind, s)
    products = (table * weights) @ table.T
    assert table[0] == pytest.approx(np.ones_like(s))
    assert products - np.diag(np.diag(products)) == pytest.approx(np.zeros((9, 9)), abs=1e-14)
    assert np.diag(products).min() > 0.05


def test_chains_follow_surfaces(cell: fem.Cell) -> None:
    lithium, particles = cell.charge.surfaces
    (whole,) = chains_of(0, lithium.patches, NOWHERE, NOWHERE)
    assert whole.kind == "open"
    walls = np.flatnonzero(np.isin(cell.mesh.nodes[0], [0.0, cell.mesh.geometry.width]))
    (mirrored,) = chains_of(0, lithium.patches, NOWHERE, walls)
    assert mirrored.kind == "mirrored"
    assert whole.length == pytest.approx(lithium.patches.length)
    rims = chains_of(1, particles.patches, NOWHERE, walls)
    assert [rim.piece for rim in rims] == list(range(6))
    for rim in rims:
        assert rim.kind == "closed"
        assert rim.length == pytest.approx(np.pi * 10e-6, rel=2e-5)
        # On a circle, arc length is the angle.
        patches = particles.patches
        points = (patches.coordinates[:, rim.row, rim.edges] @ patches.shapes).reshape(2, -1)
        away = points - points.mean(axis=1, keepdims=True)
        angle = np.unwrap(np.arctan2(away[1], away[0]))
        turned = (angle - angle[0]) / (2.0 * np.pi)
        s = rim.s.ravel() - rim.s.ravel()[0]
        assert np.abs(np.abs(turned) - s).max() < 1e-4


def test_a_piece_with_kinks_is_one_chain_of_modes_of_its_own(cell: fem.Cell) -> None:
    """The first is 1, and all others carry no current on the whole; they are independent."""
    lithium = cell.charge.surfaces[0].patches
    node = lithium.nodes[0, lithium.edges[5, 0]]
    chains = chains_on(cell.charge, np.array([node]))
    assert [chain.kind for chain in chains] == ["response"] + ["closed"] * 6
    assert chains[0].length == pytest.approx(lithium.length)
    tables = responses(cell.charge, chains)
    assert list(tables) == [0]
    chain = replace(chains[0], table=tables[0])
    assert chain.table.shape[1:] == chain.weights.shape
    assert (chain.table[0] == 1.0).all()
    assert np.abs(chain.table).max(axis=(1, 2)) == pytest.approx(np.ones(len(chain.table)))
    (group,) = groups_of([chain], [12])
    products = group.products(np.ones((1, 1, group.values.shape[1])))[0, 0]
    assert products - np.diag(np.diag(products)) == pytest.approx(
        np.zeros((12, 12)), abs=1e-12 * chain.length
    )


def test_responses_span_what_another_film_answers(cell: fem.Cell) -> None:
    """Of a resistance between those that made them; what is left over falls with their number."""
    lithium = cell.charge.surfaces[0].patches
    chains = chains_on(cell.charge, lithium.nodes[0, lithium.edges[5, :1]])
    table, weights = responses(cell.charge, chains)[0], chains[0].weights
    film = np.full(weights.shape, 0.3 / 11e-6)
    loads = loads_of(cell.charge, chains[1:], [1] * 6)
    (current,) = _answer(cell.charge, chains[:1], [film], loads.toarray())
    root = np.sqrt(weights.ravel())[:, None]
    for count, most in ((6, 1e-2), (12, 1e-4), (18, 1e-5)):
        basis, _ = np.linalg.qr(table[:count].reshape(count, -1).T * root)
        rest = current * root
        left = np.linalg.norm(rest - basis @ (basis.T @ rest)) / np.linalg.norm(rest)
        assert left < most, count


def test_points_of_laws_integrate_products_of_modes(cell: fem.Cell) -> None:
    chains = [
        chain
        for number, surface in enumerate(cell.charge.surfaces)
        for chain in chains_of(number, surface.patches, NOWHERE, NOWHERE)
    ]
    counts = [7 if chain.kind == "closed" else 12 for chain in chains]
    groups = groups_of(chains, counts)
    assert sorted(np.concatenate([g.places.ravel() for g in groups])) == list(range(sum(counts)))
    for group in groups:
        lengths = [chains[k].length for k in group.chains]
        assert group.weights.sum(axis=1) == pytest.approx(lengths)
        products = group.weights @ group.pairs
        size = len(group.values)
        for row, length in zip(products.reshape(-1, size, size), lengths, strict=True):
            assert row[0, 0] == pytest.approx(length)
            assert row - np.diag(np.diag(row)) == pytest.approx(np.zeros_like(row), abs=1e-18)


def test_no_chain_is_too_short_for_a_mode() -> None:
    for kind in ("closed", "mirrored", "open"):
        chain = Chain(0, 0, 0, np.arange(1), np.zeros((1, 4)), np.full((1, 4), 1e-6), kind)
        assert resolved([chain], 3, 24)[0] >= 1
