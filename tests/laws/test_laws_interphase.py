"""How a layer slows its own growth: the end of a step, its derivatives, and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fem.laws.interphase import GROWTHS, Growth

lengths = st.floats(1e-10, 1e-6)


@given(st.sampled_from(GROWTHS), lengths, lengths, st.floats(0.0, 1e-5))
def test_the_end_of_a_step_solves_its_equation(
    kind: str, passivation: float, before: float, bare: float
) -> None:
    """w = before + bare g(w), however long the step; nothing shrinks."""
    law = Growth(kind, passivation)
    w = law.end(np.array(before), np.array(bare))
    assert w >= before
    assert w == pytest.approx(before + bare * law.factor(w)[0], rel=1e-12)


@settings(max_examples=60)
@given(st.sampled_from(GROWTHS), lengths, lengths, st.floats(0.0, 1e-6))
def test_derivatives_against_differences(
    kind: str, passivation: float, before: float, bare: float
) -> None:
    law = Growth(kind, passivation)
    _, by_bare, by_before = law.step(np.array(before), np.array(bare))
    small = 1e-5 * min(passivation, before)

    def g(w0: float, b: float) -> float:
        return float(law.step(np.array(w0), np.array(b))[0])

    scale = g(before, bare)
    difference = (g(before, bare + small) - g(before, max(bare - small, 0.0))) / (
        small + min(bare, small)
    )
    if bare > small:
        assert float(by_bare) == pytest.approx(difference, rel=1e-6, abs=1e-9 * scale / small)
    difference = (g(before + small, bare) - g(before - small, bare)) / (2.0 * small)
    assert float(by_before) == pytest.approx(difference, rel=1e-6, abs=1e-9 * scale / small)


@pytest.mark.parametrize(
    ("kind", "start", "closed"),
    [
        ("linear", 0.0, lambda t, p: t),
        ("parabolic", 1e-9, lambda t, p: np.sqrt(1e-18 + 2.0 * p * t)),
        ("self-limiting", 0.0, lambda t, p: p * (np.sqrt(1.0 + 2.0 * t / p) - 1.0)),
        ("logarithmic", 0.0, lambda t, p: p * np.log1p(t / p)),
    ],
)
def test_closed_forms_satisfy_the_law(kind: str, start: float, closed: object) -> None:
    """What the page on theory says: dw/d(r t) = g(w), from the start on."""
    p, t = 5e-9, np.geomspace(1e-10, 1e-6, 30)
    assert callable(closed)
    assert closed(0.0, p) == pytest.approx(start, abs=1e-30)
    slope = (closed(t * (1 + 1e-5), p) - closed(t * (1 - 1e-5), p)) / (2e-5 * t)
    assert slope == pytest.approx(Growth(kind, p).factor(closed(t, p))[0], rel=1e-6)


def test_an_unknown_law_is_refused() -> None:
    with pytest.raises(ValueError, match="cubic"):
        Growth("cubic")
