"""The contract of solid laws: every example in `SOLID_LAWS`, whatever it remembers.

Laws of the tests that yield and creep are held to it too, so that what history and time need is
tried as well.
"""

from __future__ import annotations

import sys
from dataclasses import is_dataclass
from pathlib import Path

import numpy as np
import pytest

from fem.laws import solids
from fem.laws.elasticity import energy_density, lame
from fem.laws.solids import SOLID_LAWS, LinearElastic, SolidLaw

sys.path.append(str(Path(__file__).parents[1] / "verification"))
from hardening import Hardening, Relaxing

LAWS = (*SOLID_LAWS, Hardening(11e9, 9e9, 3e7, 1e9), Relaxing(11e9, 9e9, 50.0))
every_law = pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
SHAPE = (5, 3)
DURATION = 20.0


def strains(seed: int, size: float = 3e-3) -> np.ndarray:
    """Strains (4, 5, 3) large enough for whatever may yield."""
    return size * np.random.default_rng(seed).standard_normal((4, *SHAPE))


def aged(law: SolidLaw):
    """The history after a first strain."""
    return law.respond(strains(1), law.start(SHAPE), DURATION).history


def test_every_law_has_an_example() -> None:
    named = [getattr(solids, name) for name in dir(solids)]
    laws = {each for each in named if is_dataclass(each) and hasattr(each, "respond")}
    assert laws == {type(law) for law in SOLID_LAWS}


@every_law
def test_shapes(law: SolidLaw) -> None:
    """Points keep their axes, for a single one as for many."""
    for shape in ((), (1,), SHAPE):
        strain = 1e-3 * np.ones((4, *shape))
        history = law.start(shape)
        stress, tangent, new = law.respond(strain, history, DURATION)
        assert stress.shape == (4, *shape)
        assert tangent.shape == (4, 4, *shape)
        assert set(new) == set(history)
        assert all(new[name].shape == array.shape for name, array in history.items())
        assert all(array.shape[array.ndim - len(shape) :] == shape for array in history.values())
        assert law.energy(strain, new).shape == shape
        assert np.isfinite(stress).all()
        assert np.isfinite(tangent).all()


@every_law
def test_virgin_material_is_free_of_stress(law: SolidLaw) -> None:
    nothing = np.zeros((4, *SHAPE))
    response = law.respond(nothing, law.start(SHAPE), DURATION)
    assert not response.stress.any()
    assert not law.energy(nothing, response.history).any()


@every_law
def test_tangent_is_the_derivative(law: SolidLaw) -> None:
    """Central differences at points that have been strained before."""
    history, strain = aged(law), strains(2)
    tangent = law.respond(strain, history, DURATION).tangent
    step = 1e-8
    for column in range(4):
        shift = np.zeros_like(strain)
        shift[column] = step
        ends = [
            law.respond(strain + sign * shift, history, DURATION).stress for sign in (1.0, -1.0)
        ]
        slope = (ends[0] - ends[1]) / (2.0 * step)
        scale = np.abs(tangent).max()
        np.testing.assert_allclose(tangent[:, column], slope, rtol=0.0, atol=1e-6 * scale)


@every_law
def test_tangent_is_symmetric_where_claimed(law: SolidLaw) -> None:
    tangent = law.respond(strains(3), aged(law), DURATION).tangent
    if law.symmetric:
        np.testing.assert_allclose(
            tangent, tangent.swapaxes(0, 1), rtol=0.0, atol=1e-12 * np.abs(tangent).max()
        )


@every_law
def test_nothing_that_is_given_changes(law: SolidLaw) -> None:
    """Read-only inputs are enough, and the same question has the same answer."""
    strain, history = strains(4), dict(aged(law))
    for array in (strain, *history.values()):
        array.flags.writeable = False
    before = {name: array.copy() for name, array in history.items()}
    first, second = law.respond(strain, history, DURATION), law.respond(strain, history, DURATION)
    assert np.array_equal(first.stress, second.stress)
    assert all(np.array_equal(before[name], history[name]) for name in before)
    assert all(first.history[name] is not history[name] for name in before)


@every_law
def test_points_do_not_see_each_other(law: SolidLaw) -> None:
    strain, history = strains(5), aged(law)
    whole = law.respond(strain, history, DURATION)
    alone = law.respond(
        strain[:, 2:3], {name: a[..., 2:3, :] for name, a in history.items()}, DURATION
    )
    np.testing.assert_array_equal(alone.stress, whole.stress[:, 2:3])
    np.testing.assert_array_equal(alone.tangent, whole.tangent[:, :, 2:3])


@every_law
def test_a_law_is_told_from_others_by_its_numbers(law: SolidLaw) -> None:
    """Regions of equal laws are evaluated together."""
    assert hash(law) == hash(law)
    assert law == law
    assert law != LinearElastic(1.0, 2.0)


def test_energy_of_linear_elasticity_is_that_of_its_stress() -> None:
    law, strain = SOLID_LAWS[0], strains(6)
    assert isinstance(law, LinearElastic)
    stress = law.respond(strain, law.start(SHAPE), DURATION).stress
    wanted = energy_density(stress, np.asarray(law.lam), np.asarray(law.mu))
    np.testing.assert_allclose(law.energy(strain, {}), wanted, rtol=1e-12)


def test_linear_elasticity_pulled_along_one_axis() -> None:
    """E = 28 GPa, nu = .27, strain (e, -nu e, -nu e): the stress is E e along it and no other."""
    lam, mu = lame(np.array(28e9), np.array(0.27))
    law = LinearElastic(float(lam), float(mu))
    strain = 1e-3 * np.array([1.0, -0.27, -0.27, 0.0])
    stress = law.respond(strain, law.start(())).stress
    np.testing.assert_allclose(stress, [28e6, 0.0, 0.0, 0.0], atol=1e-6)
