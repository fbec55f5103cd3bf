"""Many small minimisations at once against each of them alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy.optimize import minimize

from fem.solve.many import Block, minimise_many

RNG = np.random.default_rng(3)
SIZE, MEMBERS = 12, 9
ROOT = RNG.normal(size=(SIZE, SIZE))
QUADRATIC = ROOT @ ROOT.T / SIZE
CONDITIONS = RNG.uniform(0.5, 1.5, (2, SIZE))
CONDITIONS[0, SIZE // 2 :] = CONDITIONS[1, : SIZE // 2] = 0.0
STIFFNESS = 10.0 ** RNG.uniform(-2.0, 2.0, (MEMBERS, SIZE))
FREE = RNG.uniform(size=(MEMBERS, SIZE)) < 0.8
FREE[:, [0, SIZE - 1]] = True
START = np.where(FREE, RNG.normal(size=FREE.shape), 0.0)


def local(x: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, Callable[[], Sequence[Block]]]:
    """Of ``w = sum of s (x arcsinh x - sqrt(1 + x^2))``, whose slope is that of kinetics."""
    s = STIFFNESS[which]
    places = np.arange(SIZE)[:, None]
    return s * np.arcsinh(x), lambda: [(places, (s / np.hypot(1.0, x))[:, :, None, None])]


def energy(x: np.ndarray, member: int) -> float:
    w = STIFFNESS[member] * (x * np.arcsinh(x) - np.hypot(1.0, x))
    return float(0.5 * x @ QUADRATIC @ x + w.sum())


def test_each_member_is_at_its_minimum() -> None:
    found = minimise_many(QUADRATIC, local, FREE, CONDITIONS, START)
    assert found.done.all()
    assert found.iterations.max() < 20
    assert (found.solution[~FREE] == 0.0).all()
    assert found.solution @ CONDITIONS.T == pytest.approx(START @ CONDITIONS.T, abs=1e-12)
    for member, x in enumerate(found.solution):
        own = np.flatnonzero(FREE[member])
        gradient = QUADRATIC @ x + STIFFNESS[member] * np.arcsinh(x)
        pulled = found.multipliers[member] @ CONDITIONS
        assert gradient[own] == pytest.approx(pulled[own], abs=1e-10)
        # From elsewhere along the conditions the energy only grows.
        null = np.linalg.svd(CONDITIONS[:, own])[2][2:]
        for step in RNG.normal(size=(5, len(null))) @ null:
            away = x.copy()
            away[own] += 0.1 * step
            assert energy(away, member) > energy(x, member)


def test_a_general_minimiser_finds_the_same() -> None:
    member = 0
    found = minimise_many(QUADRATIC, local, FREE, CONDITIONS, START).solution[member]
    own = np.flatnonzero(FREE[member])

    def full(y: np.ndarray) -> np.ndarray:
        x = np.zeros(SIZE)
        x[own] = y
        return x

    goal = CONDITIONS @ START[member]
    ties = {"type": "eq", "fun": lambda y: CONDITIONS @ full(y) - goal}
    other = minimize(
        lambda y: energy(full(y), member), START[member, own], constraints=ties, tol=1e-13
    )
    assert full(other.x) == pytest.approx(found, abs=1e-5)


def test_a_member_does_not_depend_on_its_company() -> None:
    together = minimise_many(QUADRATIC, local, FREE, CONDITIONS, START)
    for member in range(MEMBERS):
        which = np.array([member])

        def alone(x: np.ndarray, _: np.ndarray, which: np.ndarray = which):  # type: ignore[no-untyped-def]
            return local(x, which)

        one = minimise_many(QUADRATIC, alone, FREE[which], CONDITIONS, START[which])
        assert one.solution[0] == pytest.approx(together.solution[member], abs=1e-12)


def test_a_member_that_cannot_be_is_told_and_stops_no_other() -> None:
    def broken(x: np.ndarray, which: np.ndarray):  # type: ignore[no-untyped-def]
        gradient, hessian = local(x, which)
        gradient[which == 4] = np.nan
        return gradient, hessian

    found = minimise_many(QUADRATIC, broken, FREE, CONDITIONS, START)
    assert np.flatnonzero(~found.done).tolist() == [4]
    fine = np.arange(MEMBERS) != 4
    exact = minimise_many(QUADRATIC, local, FREE, CONDITIONS, START).solution
    assert found.solution[fine] == pytest.approx(exact[fine], abs=1e-12)
