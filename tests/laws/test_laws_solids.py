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
from fem.laws.elasticity import energy_density, lame, von_mises
from fem.laws.solids import (
    EQUIVALENT,
    J2,
    REMEMBERED,
    RESISTANCE,
    SOLID_LAWS,
    STRAIN,
    Anand,
    LinearElastic,
    Norton,
    SolidLaw,
    Stressed,
    dissipation,
    referred,
)

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


# --------------------------------------------------------------------- laws that yield and creep

FLOWING = [law for law in SOLID_LAWS if not isinstance(law, LinearElastic | Stressed)]
every_flow = pytest.mark.parametrize("law", FLOWING, ids=str)


@every_flow
def test_what_is_remembered_has_a_unit(law: SolidLaw) -> None:
    assert set(law.start(())) <= set(REMEMBERED)


@every_flow
def test_flow_keeps_the_volume_and_makes_heat(law: SolidLaw) -> None:
    """Along a path of ten steps that turns; the equivalent strain is that of the steps added up."""
    history, total = law.start(SHAPE), np.zeros(SHAPE)
    for seed in range(10):
        response = law.respond(strains(seed), history, DURATION)
        assert (dissipation(history, response) >= 0.0).all()
        added = response.history[STRAIN] - history[STRAIN]
        trace = added[:3].sum(axis=0)
        assert np.abs(trace).max() < 1e-14
        total += np.sqrt(2.0 / 3.0 * ((added[:3] ** 2).sum(axis=0) + 0.5 * added[3] ** 2))
        history = response.history
    np.testing.assert_allclose(history[EQUIVALENT], total, rtol=1e-10, atol=1e-16)
    assert (total > 0.0).all()


@every_flow
def test_a_history_told_from_another_shape_keeps_its_stress(law: SolidLaw) -> None:
    """Without a turn stress stays; with one it is that stress turned, xx as yy after a quarter."""
    strain = strains(3)
    response = law.respond(strain, aged(law), DURATION)
    for turn in (0.0, 0.5 * np.pi, 0.3):
        history = referred(response.history, strain, np.full(SHAPE, turn))
        found = law.respond(np.zeros((4, *SHAPE)), history, 0.0).stress
        c, s = np.cos(turn), np.sin(turn)
        xx, yy, zz, xy = response.stress
        wanted = np.stack(
            [
                c * c * xx + s * s * yy - 2 * c * s * xy,
                s * s * xx + c * c * yy + 2 * c * s * xy,
                zz,
                c * s * (xx - yy) + (c * c - s * s) * xy,
            ]
        )
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9 * np.abs(wanted).max())
        assert set(history) == set(response.history)


@every_flow
def test_slope_of_the_deviator_is_the_derivative(law: SolidLaw) -> None:
    """Of the von Mises stress alone: the bulk modulus would hide a soft tangent."""
    history, strain = aged(law), strains(2)
    response = law.respond(strain, history, DURATION)
    deviator = response.stress.copy()
    deviator[:3] -= deviator[:3].mean(axis=0)
    step, way = 1e-9, np.random.default_rng(0).standard_normal((4, *SHAPE))
    ends = [
        von_mises(law.respond(strain + sign * step * way, history, DURATION).stress)
        for sign in (1.0, -1.0)
    ]
    weights = np.array([1.0, 1.0, 1.0, 2.0])[:, None, None]
    change = np.einsum("ij...,j...->i...", response.tangent, way)
    wanted = 1.5 * (weights * deviator * change).sum(axis=0) / von_mises(response.stress)
    found = (ends[0] - ends[1]) / (2.0 * step)
    np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=1e-6 * law.mu)


@every_flow
def test_energy_is_that_of_the_stress(law: SolidLaw) -> None:
    """Only what the elastic strain stores can be had back."""
    strain = strains(2)
    response = law.respond(strain, aged(law), DURATION)
    wanted = energy_density(response.stress, np.asarray(law.lam), np.asarray(law.mu))
    np.testing.assert_allclose(law.energy(strain, response.history), wanted, rtol=1e-6)


def test_stress_stays_within_the_yield_surface() -> None:
    """On it where a step has yielded, below where not; a table between its points."""
    law = J2(11e9, 9e9, 3e7, modulus=1e8, table=((1e-3, 4e7), (1e-2, 6e7)))
    history = aged(law)
    response = law.respond(strains(2), history, DURATION)
    p = response.history[EQUIVALENT]
    strength = np.interp(p, [0.0, 1e-3, 1e-2], [3e7, 4e7, 6e7]) + 1e8 * np.maximum(p - 1e-2, 0.0)
    yields = p > history[EQUIVALENT]
    assert yields.any()
    assert (von_mises(response.stress) <= strength * (1.0 + 1e-12)).all()
    np.testing.assert_allclose(von_mises(response.stress)[yields], strength[yields], rtol=1e-12)


def test_plasticity_is_that_of_another_hand() -> None:
    """Stress, tangent and history of `hardening.Hardening`, written apart, after two steps."""
    law, other = J2(11e9, 9e9, 3e7, 1e9), Hardening(11e9, 9e9, 3e7, 1e9)
    found, wanted = (
        each.respond(strains(2), each.respond(strains(1), each.start(SHAPE)).history)
        for each in (law, other)
    )
    np.testing.assert_allclose(found.stress, wanted.stress, rtol=0.0, atol=1e-6)
    np.testing.assert_allclose(found.tangent, wanted.tangent, rtol=0.0, atol=1e-2)
    np.testing.assert_allclose(found.history[EQUIVALENT], wanted.history["hardened"], atol=1e-15)


def test_creep_needs_time() -> None:
    """In none the answer is elastic and nothing is remembered anew."""
    for law in FLOWING:
        if isinstance(law, J2):
            continue
        history = aged(law)
        response = law.respond(strains(2), history, 0.0)
        wanted = LinearElastic(law.lam, law.mu).respond(strains(2) - history[STRAIN], {})
        np.testing.assert_allclose(response.stress, wanted.stress, rtol=0.0, atol=1e-6)
        assert all(np.array_equal(response.history[name], history[name]) for name in history)


@pytest.mark.parametrize("duration", [1e-12, 1.0, 1e4, 1e12])
@pytest.mark.parametrize("exponent", [1.0, 20 / 3, 40.0])
def test_creep_meets_its_power_law(exponent: float, duration: float) -> None:
    """dp = dt rate (q/reference)^n with the stress at the end, from stress none to huge."""
    law = Norton(8e9, 2.8e9, 0.0139, 0.95e6, exponent)
    strain = strains(2) * np.logspace(-9.0, 2.0, SHAPE[0])[:, None]
    strain[:3] -= strain[:3].mean(axis=0)
    response = law.respond(strain, law.start(SHAPE), duration)
    wanted = np.log(duration * 0.0139) + exponent * np.log(von_mises(response.stress) / 0.95e6)
    grown = response.history[EQUIVALENT]
    elastic = 2.0 / 3.0 * np.linalg.norm(strain, axis=0)
    seen = grown > 1e-6 * elastic  # less is a difference of what rounding leaves
    np.testing.assert_allclose(np.log(grown[seen]), wanted[seen], rtol=0.0, atol=2e-8 * exponent)


@pytest.mark.parametrize("duration", [1e-6, 1.0, 1e4, 1e8])
def test_resistance_meets_both_its_equations(duration: float) -> None:
    """Backward Euler of flow and resistance, from a resistance below its limit and one above."""
    law = next(each for each in SOLID_LAWS if isinstance(each, Anand))
    strain = strains(2)
    for start in (0.3e6, 3e6):
        history = {**law.start(SHAPE), RESISTANCE: np.full(SHAPE, start)}
        response = law.respond(strain, history, duration)
        grown, s = response.history[EQUIVALENT], response.history[RESISTANCE]
        power = (von_mises(response.stress) / s) ** law.exponent
        np.testing.assert_allclose(grown, duration * law.rate * power, rtol=1e-8, atol=1e-12)
        gap = 1.0 - s / (law.saturation * (grown / duration / law.rate) ** law.sensitivity)
        change = law.hardening * np.abs(gap) ** law.power * np.sign(gap) * grown
        np.testing.assert_allclose(s - start, change, rtol=1e-6, atol=1e-3)


def test_creep_of_lithium_at_a_given_rate() -> None:
    """1e-3 1/s needs 0.6401 MPa of .0139 (q / .95 MPa)^(20/3) 1/s, however long it lasts."""
    law = Norton(8e9, 2.8e9, 0.0139, 0.95e6, 20 / 3)
    strain = 0.05 * np.array([1.0, -0.5, -0.5, 0.0])
    q = von_mises(law.respond(strain, law.start(()), 50.0).stress)
    assert q == pytest.approx(0.95e6 * (1e-3 / 0.0139) ** 0.15, rel=2e-3)
    assert q == pytest.approx(0.6401e6, rel=2e-3)
