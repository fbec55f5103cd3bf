"""Lithium that may part from electrolyte: a flat foil by hand, a wavy layer after Westergaard.

The foil is that of `test_verification_mechanics_foil`. Between walls its two layers give by
C = H / M_S + t / M_L for each unit of pressure. What is plated stands between the faces, so that
under a held top a pressure p and a gap g share it: h = C p - g, and g p = 0.
"""

from __future__ import annotations

import numpy as np
import pytest
from mechanics_harness import ELECTROLYTE, SOFT, UNIT, Floats, elastic_data, layers

from fem.cell.ledger import Work
from fem.laws.bonds import GAP, SLIP, BondLaw, Cohesive, Touching
from fem.laws.solids import Norton, SolidLaw
from fem.mesh import Mesh, generate
from fem.physics.mechanics import Conditions, MechanicsProblem, MechanicsSolution

WIDTH, BELOW, ABOVE = 20.0, 12.0, 5.0
STACK, STRIPPED = 3e6, 5e-9
HELD = {"top": "plate", "stack_pressure": STACK, "stack_stiffness": np.inf}


@pytest.fixture(scope="module")
def mesh() -> Mesh:
    return generate(layers(WIDTH, BELOW, ABOVE), 2.0 * UNIT, max_size=3.0 * UNIT)


def confined(moduli: tuple[float, float]) -> float:
    e, nu = moduli
    return e * (1.0 - nu) / ((1.0 + nu) * (1.0 - 2.0 * nu))


FLOWS: dict[int, SolidLaw] = {1: Norton.of(*SOFT, rate=1e-4, reference=1e6, exponent=6.6)}
GIVES = (BELOW / confined(ELECTROLYTE) + ABOVE / confined(SOFT)) * UNIT
"""C in m/Pa."""


def foil(
    mesh: Mesh, bond: BondLaw | None, laws: dict[int, SolidLaw] | None = None, **given: float | str
) -> MechanicsProblem:
    """The foil with a bond, elastic unless `laws` say otherwise."""
    lithium = "viscoplastic" if laws else "elastic"
    conditions = Conditions(lithium, lithium_electrolyte=bond, **given)
    return MechanicsProblem(mesh, elastic_data(mesh.geometry), conditions, laws=laws or {})


def after(
    problem: MechanicsProblem, thickness: float | Floats, before: MechanicsSolution | None = None
) -> MechanicsSolution:
    """The state at a thickness in m, uniform or at all nodes, after another."""
    h = np.broadcast_to(thickness, problem.mesh.nodes.shape[1]).astype(float)
    if before is None:
        return problem.solve(h)
    return problem.solve(h, None, before.history, before, 1.0, before.parted)


def gap(state: MechanicsSolution) -> Floats:
    assert state.parted is not None
    return state.parted.opening[GAP]


# --------------------------------------------------------------------------------- flat, by hand


@pytest.mark.parametrize("kinematics", ["plane strain", "generalised plane strain"])
def test_without_a_stack_a_gap_is_what_was_stripped(mesh: Mesh, kinematics: str) -> None:
    state = after(foil(mesh, Touching(), top="held", kinematics=kinematics), -STRIPPED)
    np.testing.assert_allclose(gap(state), STRIPPED, rtol=1e-9)
    assert np.abs(state.pressure).max() == 0.0
    assert abs(state.stress()).max() < 10.0


@pytest.mark.parametrize("thickness", [-STRIPPED, STRIPPED])
def test_under_dead_weight_lithium_follows(mesh: Mesh, thickness: float) -> None:
    """No gap, the pressure of the stack, and all else as if it were bonded and slid."""
    given = {"top": "plate", "stack_pressure": STACK}
    state = after(foil(mesh, Touching(), **given), thickness)
    bonded = after(foil(mesh, None, contact="slide", **given), thickness)
    assert not gap(state).any()
    np.testing.assert_allclose(state.pressure, STACK, rtol=1e-8)
    np.testing.assert_allclose(state.stress(), bonded.stress(), atol=1e-8 * STACK)
    assert state.top.rise == pytest.approx(bonded.top.rise, rel=1e-9)
    np.testing.assert_allclose(state.plating_forces.sum(), bonded.plating_forces.sum(), rtol=1e-9)


def test_a_held_stack_is_used_up_then_a_gap_opens_and_plating_fills_it(mesh: Mesh) -> None:
    """Down from the stack's pressure at 1/C, then a gap; back, first the gap and then pressure."""
    problem = foil(mesh, Touching(), **HELD)
    opens = STACK * GIVES
    state = after(problem, 0.0)
    np.testing.assert_allclose(state.pressure, STACK, rtol=1e-8)
    for share in (-0.4, -1.5, -3.0, -1.2, -0.7, 0.5):
        state = after(problem, share * opens, state)
        np.testing.assert_allclose(gap(state), max(-1.0 - share, 0.0) * opens, atol=1e-9 * opens)
        wanted = max(1.0 + share, 0.0) * STACK
        np.testing.assert_allclose(state.pressure, wanted, atol=1e-7 * STACK)
        assert state.top.pressure == pytest.approx(wanted, abs=1e-6 * STACK)


@pytest.mark.parametrize("stiffness", [None, 1e16])
def test_a_bond_opens_at_its_strength(mesh: Mesh, stiffness: float | None) -> None:
    """Tension (-h - d)/C of the solids equals that of the bond at d; at the end nothing holds."""
    law = Cohesive(50e6, 2.5, stiffness)
    problem, state = foil(mesh, law, top="held"), None
    first, last = law.first, law.last
    slope = law.strength / (last - first)
    for h in (0.9 * law.strength * GIVES, 1.2 * law.strength * GIVES, 0.9 * last, 1.5 * last):
        state = after(problem, -h, state)
        whole = h / (GIVES * stiffness + 1.0) if stiffness else 0.0
        soft = (h - GIVES * slope * last) / (1.0 - GIVES * slope)
        wanted = whole if whole <= first and h <= law.strength * GIVES + first else min(soft, h)
        wanted = h if h > last else wanted
        np.testing.assert_allclose(gap(state), wanted, rtol=1e-6, atol=1e-14)
        np.testing.assert_allclose(-state.pressure, (h - wanted) / GIVES, rtol=1e-5, atol=1.0)


# -------------------------------------------------------------------- in waves, after Westergaard

WAVE, DEEP, CREST = 10.0, 12.0, 1e-9
EFFECTIVE = 1.0 / sum((1.0 - nu**2) / e for e, nu in (ELECTROLYTE, SOFT))
P_STAR = np.pi * EFFECTIVE * CREST / (WAVE * UNIT)


def stripped_in_waves(size: float, share: float) -> tuple[float, float, float]:
    """Errors of the half width of contact over the wavelength, of the force, and of the peak.

    Half a wave of ``h = -D (1 - cos(2 pi x / wavelength))`` under a dead weight that makes the half
    width `share` of the wavelength: sin^2(pi a / wavelength) = p / (pi E* D / wavelength).
    """
    drawn = layers(0.5 * WAVE, DEEP, DEEP)
    mesh = generate(drawn, size * UNIT, max_size=1.5 * UNIT)
    s = np.sin(np.pi * share)
    mean = P_STAR * s**2
    problem = foil(mesh, Touching(), top="plate", stack_pressure=mean)
    x = mesh.nodes[0] / (WAVE * UNIT)
    state = after(problem, -CREST * (1.0 - np.cos(2.0 * np.pi * x)))
    assert state.faces is not None and state.parted is not None
    opened, length = state.faces.open_lengths(state.parted, 0)
    half = float((length - opened).sum()) / (WAVE * UNIT)
    pressure = state.parted.pressure
    force = float(pressure @ state.faces.weights) / (0.5 * WAVE * UNIT)
    assert gap(state).min() == 0.0 and pressure.min() >= 0.0
    assert not (gap(state) * pressure).any()
    return half - share, force / mean - 1.0, float(pressure.max()) / (2.0 * mean / s) - 1.0


def test_stripped_in_waves() -> None:
    """Where it stays in touch is known; errors fall with the element."""
    errors = np.array([stripped_in_waves(size, 0.23) for size in (1.0, 0.5, 0.25)])
    assert np.abs(errors[:, 1]).max() < 1e-8
    assert (np.abs(errors[:, 0]) < 0.25 * np.array([1.0, 0.5, 0.25]) / WAVE).all()
    assert abs(errors[-1, 2]) < 6e-3


# ------------------------------------------------------------------ one answer, work found again


def wave(mesh: Mesh, height: float) -> Floats:
    return np.asarray(-height * (1.0 + np.cos(2.0 * np.pi * mesh.nodes[0] / (WIDTH * UNIT))))


def test_one_answer_from_ten_starts(mesh: Mesh) -> None:
    problem = foil(mesh, Touching(), top="plate", stack_pressure=STACK)
    h = wave(mesh, STRIPPED)
    first = problem.solve(h)
    assert 0 < (gap(first) > 0.0).sum() < len(gap(first))
    assert first.unknowns is not None
    draw = np.random.default_rng(1)
    for _ in range(10):
        start = 1e-8 * draw.standard_normal(len(first.unknowns))
        again = problem.solve(h, guess=start)
        np.testing.assert_allclose(gap(again), gap(first), atol=1e-9 * gap(first).max())
        np.testing.assert_allclose(again.pressure, first.pressure, atol=1e-8 * STACK)


@pytest.mark.parametrize("bond", [Touching(), Touching(0.3), Cohesive(20e6, 0.02, friction=0.2)])
@pytest.mark.parametrize("creeps", [False, True])
def test_work_is_found_again(mesh: Mesh, bond: BondLaw, creeps: bool) -> None:
    """Strip in waves and plate them back: work done is in solids, bonds, flow and friction."""
    problem = foil(mesh, bond, FLOWS if creeps else {}, top="plate", stack_pressure=STACK)
    old, work = after(problem, 0.0), Work()
    begun = old.elastic_energy
    for share in (0.2, 0.6, 1.0, 0.5, 0.0):
        new = after(problem, wave(mesh, 20 * share * STRIPPED), old)
        assert new.thickness is not None and old.thickness is not None
        work = work.after(old, new, new.thickness - old.thickness)
        assert work.error(new.elastic_energy - begun) < 1e-8
        old = new
    assert new.parted is not None
    if creeps:
        assert work.plastic > 0.0
    if bond.friction and isinstance(bond, Touching):
        assert np.abs(new.parted.opening[SLIP]).max() > 0.0


@pytest.mark.slow
def test_creep_keeps_closed_what_stays_open_without(mesh: Mesh) -> None:
    """The same waves at the same pressure: lithium that flows follows them."""
    found = []
    for laws in (None, FLOWS):
        problem = foil(mesh, Touching(), laws, top="plate", stack_pressure=STACK)
        state = after(problem, 0.0)
        for share in (0.5, 1.0):
            h = wave(mesh, share * 2.0 * STRIPPED)
            state = problem.solve(h, None, state.history, state, 1e4, state.parted)
        found.append(gap(state).max())
    assert found[0] > 5e-10
    assert found[1] < 0.1 * found[0]
