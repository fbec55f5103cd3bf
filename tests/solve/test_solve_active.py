"""Active sets: what touches at next to no force neither has to be held nor to be let go."""

from __future__ import annotations

import numpy as np
import pytest

from fem.errors import SolveError
from fem.solve.active import Held, Settings, settle


def test_a_set_that_nothing_violates_stays_where_another_was_seen_before() -> None:
    """A rule that would let go at no force and hold again at no gap ends at the set in force."""
    target = np.zeros(1)

    def rule(x: np.ndarray, r: np.ndarray, held: Held) -> Held:
        return Held(~held.mask, target, np.array([-1e-12]), np.zeros(0))

    found = settle(
        lambda x: 0.0 * x, lambda x, r, held: 0.0 * x, rule, np.zeros(1),
        Held(np.ones(1, dtype=bool), target, np.zeros(1), np.zeros(0)),
        lambda x: 1.0, "displacement", Settings(), (),
    )  # fmt: skip
    assert found.iterations < 5


def test_a_set_that_is_violated_either_way_is_refused() -> None:
    def rule(x: np.ndarray, r: np.ndarray, held: Held) -> Held:
        return Held(~held.mask, np.zeros(1), np.ones(1), np.zeros(0))

    with pytest.raises(SolveError, match="no set of faces"):
        settle(
            lambda x: 0.0 * x, lambda x, r, held: 0.0 * x, rule, np.zeros(1),
            Held(np.ones(1, dtype=bool), np.zeros(1), np.zeros(1), np.zeros(0)),
            lambda x: 1.0, "displacement", Settings(), (),
        )  # fmt: skip
