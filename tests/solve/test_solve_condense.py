"""Condensation onto chosen unknowns against dense block elimination."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import bmat, coo_matrix, csr_matrix, diags

from fem.errors import SolveError
from fem.solve import condense


def grid(n: int, stretch: float = 1.0) -> tuple[csr_matrix, np.ndarray]:
    """Two unknowns a point on an n x n grid, coupled to each other and to eight neighbours.

    The matrix is B'B + I / 10 with random B along the links of the grid, so it is positive
    definite and its pattern that of finite elements.
    """
    rng = np.random.default_rng(n)
    x, y = (a.ravel() for a in np.meshgrid(np.arange(n), np.arange(n), indexing="ij"))
    i, j = np.nonzero((abs(x[:, None] - x) <= 1) & (abs(y[:, None] - y) <= 1) & (x[:, None] <= x))
    rows = np.repeat(np.arange(4 * len(i)), 4)
    columns = np.repeat(np.stack([2 * i, 2 * i + 1, 2 * j, 2 * j + 1], axis=1), 4, axis=0).ravel()
    factor = coo_matrix((rng.standard_normal(len(rows)), (rows, columns)))
    points = np.repeat(np.stack([stretch * x, y]), 2, axis=1)
    return (factor.T @ factor + diags(np.full(2 * n * n, 0.1))).tocsr(), points


def by_blocks(matrix: csr_matrix, kept: np.ndarray) -> np.ndarray:
    """A_kk - A_ki A_ii^-1 A_ik with dense matrices."""
    full = matrix.toarray()
    inner = np.setdiff1d(np.arange(len(full)), kept)
    return full[np.ix_(kept, kept)] - full[np.ix_(kept, inner)] @ np.linalg.solve(
        full[np.ix_(inner, inner)], full[np.ix_(inner, kept)]
    )


@pytest.fixture(params=[10**6, 300, 0], ids=["one piece", "pieces", "dense"])
def piece(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """All by one sparse factorisation, by several and dense separators, and all dense."""
    monkeypatch.setattr(condense, "PIECE", request.param)
    monkeypatch.setattr(condense, "SMALLEST", 20)
    return request.param


@pytest.mark.parametrize("stretch", [1.0, 0.01])
def test_complement_is_that_of_blocks(piece: int, stretch: float) -> None:
    """In any order of the kept unknowns, wherever they lie."""
    matrix, points = grid(14, stretch)
    kept = np.random.default_rng(3).permutation(matrix.shape[0])[:40]
    found = condense.schur_complement(matrix, points, kept)
    np.testing.assert_allclose(found, by_blocks(matrix, kept), rtol=0.0, atol=1e-10)
    np.testing.assert_allclose(found, found.T, rtol=0.0, atol=1e-12)


def test_what_is_left_of_the_kept_may_have_zeros_on_its_diagonal() -> None:
    """Of (1 1 1; 1 1 6; 1 6 1) the first unknown leaves (0 5; 5 0): rows change places there.

    As for a body that can move as a whole, of which rounding leaves such zeros.
    """
    matrix = csr_matrix([[1.0, 1.0, 1.0], [1.0, 1.0, 6.0], [1.0, 6.0, 1.0]])
    found = condense.schur_complement(matrix, np.zeros((2, 3)), np.array([1, 2]))
    np.testing.assert_allclose(found, [[0.0, 5.0], [5.0, 0.0]], atol=1e-15)


def test_bodies_that_do_not_touch(piece: int) -> None:
    """Two grids on top of each other share nothing but a global unknown, which is kept."""
    (one, points), (two, _) = grid(9), grid(10)
    points = np.hstack([points, np.zeros((2, two.shape[0] + 1))])
    points[:, one.shape[0] : -1] = grid(10)[1]
    border = np.linspace(-1.0, 1.0, one.shape[0] + two.shape[0])[:, None]
    matrix = bmat(
        [
            [one, None, border[: one.shape[0]]],
            [None, two, border[one.shape[0] :]],
            [border[: one.shape[0]].T, border[one.shape[0] :].T, [[1e3]]],
        ],
        format="csr",
    )
    n = one.shape[0]
    kept = np.array([4, n + 7, 90, n, n + 150, matrix.shape[0] - 1])
    found = condense.schur_complement(matrix, points, kept)
    np.testing.assert_allclose(found, by_blocks(matrix, kept), rtol=0.0, atol=1e-9)
    assert found[0, 1] == 0.0


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(1, 72))
def test_any_choice(seed: int, count: int) -> None:
    """All unknowns may be kept, and then nothing changes; points may coincide."""
    matrix, points = grid(6)
    points = np.where(seed % 2, points, 0.0)
    kept = np.random.default_rng(seed).permutation(72)[:count]
    found = condense.schur_complement(matrix, points, kept)
    np.testing.assert_allclose(found, by_blocks(matrix, kept), rtol=0.0, atol=1e-10)


def test_what_moves_freely_is_refused(piece: int) -> None:
    """A chain without support is singular; with less than none at one end it is indefinite."""
    chain = diags([[2.0] * 400, [-1.0] * 399, [-1.0] * 399], [0, 1, -1]).tolil()
    points = np.stack([np.arange(401.0), np.zeros(401)])
    for first in (1.0, -5.0):
        # The kept unknown stands apart: it holds nothing.
        matrix = bmat([[chain, None], [None, [[1.0]]]], format="lil")
        matrix[0, 0], matrix[399, 399] = first, 1.0
        with pytest.raises(SolveError, match="not positive definite"):
            condense.schur_complement(matrix.tocsr(), points, np.array([400]))


def test_zero_on_the_diagonal_is_refused(piece: int) -> None:
    """A factorisation would swap the two rows, and find nothing but positive pivots."""
    matrix = csr_matrix(np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]))
    with pytest.raises(SolveError, match="not positive definite"):
        condense.schur_complement(matrix, np.zeros((2, 3)), np.array([2]))
