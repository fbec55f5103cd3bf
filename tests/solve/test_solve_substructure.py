"""Solutions with some unknowns held, by a matrix that was condensed onto these once."""

from __future__ import annotations

import numpy as np
import pytest
from test_solve_condense import grid

from fem.errors import SolveError
from fem.solve.substructure import KEPT, Substructure


def test_any_of_the_kept_may_be_held() -> None:
    """With springs of their own, against a dense solution; one set of them comes again."""
    matrix, points = grid(14)
    size = matrix.shape[0]
    random = np.random.default_rng(7)
    kept = random.permutation(size)[:40]
    made = Substructure(matrix, points, kept)
    sets = [kept[:count] for count in (0, 10, 25, 40)]
    for held in (*sets, sets[1]):
        free = np.setdiff1d(np.arange(size), held)
        springs = np.zeros(size)
        springs[kept[-5:]] = 3.0
        right = random.standard_normal(len(free))
        full = matrix.toarray() + np.diag(springs)
        expected = np.linalg.solve(full[np.ix_(free, free)], right)
        assert made.serves(free)
        found = made.solver(free, springs)(right)
        np.testing.assert_allclose(found, expected, rtol=0.0, atol=1e-11 * abs(expected).max())
    assert len(made._known) == KEPT
    other = np.setdiff1d(np.arange(size), kept)[0]
    assert not made.serves(np.delete(np.arange(size), other))


def test_an_unknown_that_touches_all_is_not_eliminated() -> None:
    """A plate, say: it stays with the kept, and cannot be held."""
    matrix, points = grid(14)
    tied = matrix.tolil()
    tied[5, :], tied[:, 5] = 0.01, 0.01
    tied[5, 5] = 100.0
    made = Substructure(tied.tocsr(), points, np.array([20, 40]))
    free = np.delete(np.arange(matrix.shape[0]), 20)
    right = np.random.default_rng(1).standard_normal(len(free))
    expected = np.linalg.solve(tied.toarray()[np.ix_(free, free)], right)
    found = made.solver(free, np.zeros(matrix.shape[0]))(right)
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=1e-11 * abs(expected).max())
    assert 5 in made._border


def test_what_can_move_at_will_is_refused() -> None:
    """Free of all but one held unknown, without which nothing holds it."""
    matrix, points = grid(6)
    loose = matrix.tolil()
    loose[:, 3] = 0.0
    loose[3, :] = 0.0
    made = Substructure(loose.tocsr(), points, np.array([3, 10]))
    with pytest.raises(SolveError, match="singular"):
        made.solver(np.arange(matrix.shape[0]), np.zeros(matrix.shape[0]))
