"""Laws of bonds: every law keeps the contract; what a cohesive bond takes, keeps and gives back."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from fem.laws.bonds import BOND_LAWS, GAP, SLIP, BondLaw, Cohesive, History, Touching

Floats = NDArray[np.float64]
POINTS = 40
STIFF, RIGID, VISCOUS = (law for law in BOND_LAWS if isinstance(law, Cohesive))
COHESIVE = (STIFF, RIGID)

every_law = pytest.mark.parametrize("law", BOND_LAWS, ids=lambda law: type(law).__name__)
cohesive = pytest.mark.parametrize("law", COHESIVE, ids=("stiff", "rigid"))


def scale(law: BondLaw) -> float:
    return law.last if isinstance(law, Cohesive) else 1e-8


def openings(law: BondLaw, seed: int, count: int) -> list[Floats]:
    """Random openings (2, m), closed ones among them."""
    chance = np.random.default_rng(seed)
    found = chance.uniform(-0.3, 0.9, (count, 2, POINTS)) * scale(law)
    found[:, SLIP] *= chance.choice([-1.0, 1.0], (count, POINTS))
    return list(found)


def led(law: BondLaw, path: Iterable[Floats], duration: float = 0.7) -> History:
    history = law.start((POINTS,))
    for opening in path:
        history = law.respond(opening, history, duration).history
    return history


@every_law
@pytest.mark.parametrize("seed", range(4))
def test_tangent_is_the_slope_of_the_traction(law: BondLaw, seed: int) -> None:
    *path, opening = openings(law, seed, 1 + seed)
    history, size = led(law, path), 1e-7 * scale(law)
    tangent = law.respond(opening, history, 0.7).tangent
    scale_of = np.abs(tangent).max() + 1.0
    for j in (GAP, SLIP):
        up, down = opening.copy(), opening.copy()
        up[j] += size
        down[j] -= size
        tractions = [law.respond(each, history, 0.7).traction for each in (up, down)]
        slope = (tractions[0] - tractions[1]) / (2.0 * size)
        np.testing.assert_allclose(tangent[:, j], slope, rtol=1e-5, atol=1e-6 * scale_of)
    np.testing.assert_allclose(tangent[GAP, SLIP], tangent[SLIP, GAP], rtol=1e-12)


@every_law
def test_nothing_that_is_given_is_written_into(law: BondLaw) -> None:
    opening, *path = openings(law, 1, 3)
    history = led(law, path)
    before = {key: np.copy(values) for key, values in history.items()}
    for values in (opening, *history.values()):
        values.flags.writeable = False
    law.respond(opening, history, 0.7)
    law.energy(opening, history)
    law.apart(opening[GAP], history)
    for key, values in history.items():
        np.testing.assert_array_equal(values, before[key])


@every_law
def test_shapes_follow_the_points(law: BondLaw) -> None:
    history = law.start((3, 5))
    pull = law.respond(np.zeros((2, 3, 5)), history)
    assert pull.traction.shape == (2, 3, 5)
    assert pull.tangent.shape == (2, 2, 3, 5)
    assert law.energy(np.zeros((2, 3, 5)), history).shape == (3, 5)
    assert law.rigid(history, (3, 5)).shape == (3, 5)
    assert law.breaks(np.zeros((2, 3, 5))).shape == (3, 5)
    assert law.apart(np.zeros((3, 5)), history).shape == (3, 5)


@every_law
@pytest.mark.parametrize("seed", range(3))
def test_no_path_gives_more_than_it_took(law: BondLaw, seed: int) -> None:
    """Work on straight ways between random openings, less what could be had back, never falls."""
    history, at = law.start((POINTS,)), np.zeros((2, POINTS))
    work, spent = np.zeros(POINTS), np.zeros(POINTS)
    for goal in openings(law, seed, 6):
        before = at
        for share in np.linspace(0.0, 1.0, 401)[1:]:
            new = before + share * (goal - before)
            middle = law.respond(0.5 * (at + new), history, 0.01)
            pull = law.respond(new, history, 0.01)
            work = work + (middle.traction * (new - at)).sum(axis=0)
            history, at = pull.history, new
            now = work - law.energy(at, history)
            assert (now >= spent - 1e-4).all()
            spent = now
    if isinstance(law, Cohesive) and not law.viscosity:
        assert (spent <= law.toughness * (1.0 + 1e-4)).all()


@cohesive
@pytest.mark.parametrize("angle", [0.0, 0.4, 0.5 * np.pi])
def test_full_opening_takes_the_toughness(law: Cohesive, angle: float) -> None:
    """By Gauss's rule on the pieces of the law, in opening, in sliding and in both at once."""
    way = np.array([np.cos(angle), np.sin(angle)])
    floor = 1e-9 * law.last
    ends = [0.0, law.first or floor, law.last]
    x, w = np.polynomial.legendre.leggauss(4)
    history, work = law.start(()), 0.0
    for low, high in pairwise(ends):
        for place, weight in zip(0.5 * (x + 1.0), 0.5 * w, strict=True):
            opening = way * (low + (high - low) * place)
            pull = law.respond(opening, history)
            work += float(pull.traction @ way) * weight * (high - low)
            history = pull.history
    assert work == pytest.approx(law.toughness, rel=1e-8)
    last = law.respond(way * law.last * (1.0 + 1e-12), history)
    assert not last.traction.any()
    assert law.damage(last.history) == pytest.approx(1.0)
    assert not law.respond(0.3 * way * law.last, last.history).traction.any()


@cohesive
def test_damage_never_heals_and_unloading_goes_to_the_origin(law: Cohesive) -> None:
    damage, history = np.zeros(POINTS), law.start((POINTS,))
    for opening in openings(law, 5, 30):
        pull = law.respond(opening, history)
        assert (pull.history["opening"] >= history["opening"]).all()
        history = pull.history
        assert (law.damage(history) >= damage).all()
        damage = law.damage(history)
        half = law.respond(0.5 * opening, history)
        np.testing.assert_allclose(half.traction, 0.5 * pull.traction, rtol=1e-12)
        np.testing.assert_array_equal(half.history["opening"], history["opening"])


@cohesive
def test_pressing_faces_are_not_the_bonds_matter(law: Cohesive) -> None:
    pull = law.respond(np.array([-1e-9, 0.0]), law.start(()))
    assert not pull.traction.any()
    assert pull.tangent[GAP, GAP] == 0.0


def test_rigid_until_its_strength() -> None:
    start = RIGID.start((2,))
    assert RIGID.rigid(start, (2,)).all()
    assert not STIFF.rigid(STIFF.start((2,)), (2,)).any()
    s = RIGID.strength
    tractions = np.array([[0.999 * s, 1.001 * s, -9.0 * s, -9.0 * s, 0.8 * s], [0, 0, 0.999 * s,
                          1.001 * s, 0.61 * s]])  # fmt: skip
    np.testing.assert_array_equal(RIGID.breaks(tractions), [False, True, False, True, True])
    opened = RIGID.respond(np.array([[1e-6 * RIGID.last, 0.0], [0.0, 0.0]]), start)
    assert opened.traction[GAP, 0] == pytest.approx(s, rel=2e-6)
    np.testing.assert_array_equal(RIGID.rigid(opened.history, (2,)), [False, True])


def test_peak_is_the_strength() -> None:
    pull = STIFF.respond(np.array([STIFF.first, 0.0]), STIFF.start(()))
    assert pull.traction[GAP] == pytest.approx(STIFF.strength, rel=1e-12)
    assert STIFF.first * STIFF.stiffness == pytest.approx(STIFF.strength)


def test_a_slow_opening_is_that_without_viscosity() -> None:
    """And the lag is of the order of the time of the bond over that of the opening."""
    opening = np.array([0.5 * STIFF.last, 0.2 * STIFF.last])
    exact = STIFF.respond(opening, STIFF.start(()))
    errors = []
    for duration in (2e2, 2e4, 2e6):
        slow = VISCOUS.respond(opening, VISCOUS.start(()), duration)
        errors.append(float(np.abs(slow.traction - exact.traction).max()) / STIFF.strength)
    assert errors[0] / errors[1] == pytest.approx(100.0, rel=0.05)
    assert errors[2] < 1e-5
    # In no time nothing is damaged.
    sudden = VISCOUS.respond(opening, VISCOUS.start(()), 0.0)
    np.testing.assert_allclose(sudden.traction, STIFF.stiffness * opening, rtol=1e-12)


def test_a_stretched_bond_is_not_apart() -> None:
    gap = np.array([0.5 * STIFF.first, 0.5 * (STIFF.first + STIFF.last), 2.0 * STIFF.last])
    history = STIFF.respond(np.stack([gap, 0.0 * gap]), STIFF.start((3,))).history
    apart = STIFF.apart(gap, history)
    assert apart[0] == 0.0
    assert 0.0 < apart[1] < gap[1]
    assert apart[2] == gap[2]
    np.testing.assert_array_equal(Touching().apart(gap, {}), gap)


def test_a_bond_that_holds_more_than_its_toughness_is_refused() -> None:
    with pytest.raises(ValueError, match="more energy than its toughness"):
        Cohesive(50e6, 1.0, 50e6**2 / 2.0 * 0.99)
