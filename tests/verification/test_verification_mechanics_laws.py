"""Solids that yield: Newton's method, history and condensed tangents against closed forms."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hardening import Disguised, Hardening, Relaxing
from mechanics_harness import (
    ELECTROLYTE,
    GPA,
    SOFT,
    UNIT,
    elastic_data,
    half_inclusion,
    layers,
    mean_pressure,
)

from fem.errors import SolveError
from fem.forms.mechanics import internal_forces
from fem.laws.elasticity import lame
from fem.laws.solids import History, Response
from fem.mesh import Mesh, generate
from fem.physics.kinematics import Conditions
from fem.physics.mechanics import MechanicsProblem, MechanicsSolution
from fem.physics.operator import InterfaceOperator

LAM, MU = (float(c) for c in lame(np.array(ELECTROLYTE[0]), np.array(ELECTROLYTE[1])))
STRENGTH, SLOPE = 0.3 * GPA, 2.0 * GPA
YIELDS = Hardening(LAM, MU, STRENGTH, SLOPE)
WIDTH, BELOW, ABOVE = 20.0, 12.0, 5.0


@pytest.fixture(scope="module")
def column() -> Mesh:
    return generate(layers(WIDTH, BELOW, ABOVE), 2.0 * UNIT, max_size=3.0 * UNIT)


def problem(mesh: Mesh, laws: dict, **conditions: str | float) -> MechanicsProblem:
    return MechanicsProblem(mesh, elastic_data(mesh.geometry), Conditions(**conditions), laws=laws)


def smooth(mesh: Mesh, size: float) -> np.ndarray:
    x, y = mesh.nodes / UNIT
    return size * (2.0 + np.cos(0.3 * x) + 0.2 * np.sin(0.4 * y + x)) * UNIT


# ------------------------------------------------------------------------------ disguised

EVERY = [
    ("rigid", "plane strain", "held"),
    ("rigid", "plane strain", "plate"),
    ("elastic", "generalised plane strain", "plate"),
    ("elastic", "plane strain", "held"),
    ("yielded", "generalised plane strain", "held"),
    ("yielded", "plane strain", "free"),
]


@pytest.mark.parametrize(("lithium", "kinematics", "top"), EVERY)
def test_newton_finds_what_the_linear_solve_finds(
    column: Mesh, lithium: str, kinematics: str, top: str
) -> None:
    """A step from rest, and what its linear solves leave; stress, pressure and work are equal."""
    conditions = {"lithium": lithium, "kinematics": kinematics, "top": top, "contact": "slide"}
    conditions["stack_pressure"] = 3e6 if top == "plate" else 0.0
    laws = {0: Disguised(LAM, MU)}
    linear = problem(column, {}, **conditions)
    newton = problem(column, laws, **conditions)
    h = smooth(column, 1e-3)
    swelling = np.full((len(linear.bodies[0].elements), 6), 1e-3) * np.arange(6)
    wanted, found = linear.solve(h, swelling), newton.solve(h, swelling)
    assert wanted.norms == ()
    assert len(found.norms) <= 5
    for a, b in (
        (found.stress(), wanted.stress()),
        (found.pressure, wanted.pressure),
        (found.plating_forces, wanted.plating_forces),
    ):
        np.testing.assert_allclose(a, b, rtol=0.0, atol=1e-7 * max(np.abs(b).max(), 1.0))
    assert found.out_of_plane == pytest.approx(wanted.out_of_plane, rel=1e-7, abs=1e-14)
    assert found.elastic_energy == pytest.approx(wanted.elastic_energy, rel=1e-8)
    assert found.load_work == pytest.approx(wanted.load_work, rel=1e-8, abs=1e-16)
    assert found.top.pressure == pytest.approx(wanted.top.pressure, rel=1e-7, abs=1e-3)


# ------------------------------------------------------------------------------ a column


def squeezed(strain: float) -> np.ndarray:
    """Stress of YIELDS at the strain -strain along y alone.

    q* = 2 mu strain, so p = (2 mu strain - strength) / (3 mu + H) once it yields and
    q = q* - 3 mu p; s_yy = -K strain - 2/3 q, and q / 3 more along x and z.
    """
    trial = 2.0 * MU * strain
    q = trial - 3.0 * MU * max(trial - STRENGTH, 0.0) / (3.0 * MU + SLOPE)
    mean = -(LAM + 2.0 / 3.0 * MU) * strain
    return np.array([mean + q / 3.0, mean - 2.0 / 3.0 * q, mean + q / 3.0, 0.0])


def test_column_that_yields(column: Mesh) -> None:
    """Plated h under a held top strains the column by h / H; both sides of the limit."""
    whole = problem(column, {0: YIELDS}, lithium="rigid", top="held")
    limit = STRENGTH / (2.0 * MU)
    for strain in (0.8 * limit, 3.0 * limit):
        solution = whole.solve(np.full(column.nodes.shape[1], strain * BELOW * UNIT))
        wanted = squeezed(strain)
        sigma = solution.stress()
        np.testing.assert_allclose(
            sigma, np.broadcast_to(wanted[:, None, None], sigma.shape), atol=1e-7 * GPA
        )
        np.testing.assert_allclose(solution.pressure, -wanted[1], rtol=1e-9)
        at_nodes = solution.stress_at_nodes()
        np.testing.assert_allclose(
            at_nodes, np.broadcast_to(wanted[:, None, None], at_nodes.shape), atol=1e-7 * GPA
        )


def test_history_is_the_callers_to_commit(column: Mesh) -> None:
    """Without it unloading finds no stress; with it, that of the elastic way back."""
    whole = problem(column, {0: YIELDS}, lithium="rigid", top="held")
    strain = 1.5 * STRENGTH / (2.0 * MU)
    loaded = whole.solve(np.full(column.nodes.shape[1], strain * BELOW * UNIT))
    nothing = np.zeros(column.nodes.shape[1])
    assert np.abs(whole.solve(nothing).pressure).max() == 0.0
    remembered = [a.copy() for a in loaded.history[0][0].values()]
    back = whole.solve(nothing, history=loaded.history, guess=loaded)
    wanted = squeezed(strain) + strain * np.array([LAM, LAM + 2.0 * MU, LAM, 0.0])
    sigma = back.stress()
    np.testing.assert_allclose(
        sigma, np.broadcast_to(wanted[:, None, None], sigma.shape), atol=1e-7 * GPA
    )
    # What balances where nothing has moved is found there, too.
    again = whole.solve(nothing, history=loaded.history).stress()
    np.testing.assert_allclose(again, sigma, atol=1e-7 * GPA)
    after = list(loaded.history[0][0].values())
    assert all(np.array_equal(a, b) for a, b in zip(remembered, after, strict=True))
    # What was stored when loaded, less what comes back, stays as that of the plastic strain.
    assert 0.0 < back.elastic_energy < loaded.elastic_energy


@pytest.mark.slow
def test_work_of_loading_is_stored_or_lost_to_flow(column: Mesh) -> None:
    """Plastic work is at hand for heat: (strength) p each volume, as hardening is stored."""
    whole = problem(column, {0: YIELDS}, lithium="rigid", top="held")
    steps = np.linspace(0.0, 2.0 * STRENGTH / (2.0 * MU), 41) * BELOW * UNIT
    ones, history, done = np.ones(column.nodes.shape[1]), None, 0.0
    old: MechanicsSolution | None = None
    for thickness in steps:
        new = whole.solve(thickness * ones, history=history, guess=old)
        if old is not None:
            mean = 0.5 * (old.plating_forces + new.plating_forces).sum()
            done += mean * (steps[1] - steps[0])
        old, history = new, new.history
    assert old is not None
    plastic = next(iter(h for h in old.history[0] if h))["hardened"]
    lost = STRENGTH * (plastic * old.bodies[0].basis.dx).sum()
    assert lost > 0.05 * done
    assert done == pytest.approx(old.elastic_energy + lost, rel=1e-3)


def test_column_that_creeps(column: Mesh) -> None:
    """Held at a strain, the deviator falls by 1 + dt / time each step and the pressure stays."""
    law = Relaxing(LAM, MU, 50.0)
    whole = problem(column, {0: law}, lithium="rigid", top="held")
    strain, bulk = 1e-3, LAM + 2.0 / 3.0 * MU
    h = np.full(column.nodes.shape[1], strain * BELOW * UNIT)
    state = whole.solve(h)
    shear = 2.0 * MU * strain * np.array([1.0, -2.0, 1.0, 0.0]) / 3.0
    mean = -bulk * strain * np.array([1.0, 1.0, 1.0, 0.0])
    for count, duration in enumerate((0.0, 25.0, 25.0, 25.0)):
        state = whole.solve(h, history=state.history, guess=state, duration=duration)
        wanted = (mean + shear / 1.5**count)[:, None, None]
        sigma = state.stress()
        np.testing.assert_allclose(sigma, np.broadcast_to(wanted, sigma.shape), atol=1.0)
    at_once = InterfaceOperator.of(whole).matrix
    slowly = InterfaceOperator.of(whole, state).matrix
    # A layer that is plated evenly meets K and what is left of the shear stiffness.
    ones = np.ones(len(at_once))
    np.testing.assert_allclose(at_once @ ones * BELOW * UNIT, LAM + 2.0 * MU, rtol=1e-8)
    np.testing.assert_allclose(slowly @ ones * BELOW * UNIT, bulk + 4.0 / 3.0 * MU / 1.5, rtol=1e-8)


# ------------------------------------------------------------------------------ a ring


@dataclass(frozen=True)
class Ring:
    """A rigid disc of radius a plated by h in an incompressible ring of outer radius b that yields.

    u_r = h a / r, the strain of von Mises is e = 2 h a / (sqrt3 r^2), loading is proportional, so
    q = 3 mu e, and (strength + H e) / (1 + H / 3 mu) where it yields, inside c. Equilibrium,
    d s_r / d r = 2 q / (sqrt3 r), gives the pressure at a.
    """

    a: float
    b: float
    mu: float
    strength: float
    modulus: float

    def pressure(self, h: float) -> float:
        root, hard = np.sqrt(3.0), self.modulus / (3.0 * self.mu)
        c = np.sqrt(2.0 / root * h * self.a * 3.0 * self.mu / self.strength)
        c = min(max(c, self.a), self.b)
        elastic = 2.0 * self.mu * h * self.a * (c**-2 - self.b**-2)
        flow = self.strength * np.log(c / self.a)
        flow += self.modulus / root * h * self.a * (self.a**-2 - c**-2)
        return elastic + 2.0 / root * flow / (1.0 + hard)


YOUNG, ALMOST = 28.0 * GPA, 0.499
RING = Ring(10.0, 30.0, YOUNG / (2.0 * (1.0 + ALMOST)), STRENGTH, SLOPE)


def ring(size: float) -> Mesh:
    """The plastic zone ends inside elements, so these are small enough to place it."""
    geometry = half_inclusion((RING.a, RING.a), (RING.b, RING.b))
    return generate(geometry, size * UNIT, max_size=size * UNIT)


def soft_ring(mesh: Mesh, known: Ring, poisson_ratio: float = ALMOST) -> MechanicsProblem:
    lam, mu = lame(np.array(YOUNG), np.array(poisson_ratio))
    law = Hardening(float(lam), float(mu), known.strength, known.modulus)
    return problem(mesh, {1: law}, lithium="rigid", top="held")


@pytest.mark.parametrize(("h", "slope"), [(0.05, SLOPE), (0.2, SLOPE), (0.5, SLOPE), (0.2, 0.0)])
def test_ring_that_yields_from_within(h: float, slope: float) -> None:
    """Elastic, and plastic to r = 14.7 and to 23.2, at last without hardening: the closed form.

    The ring is incompressible to 1 - 2 nu = .002, which is worth (a / b)^2 .002 = 2e-4.
    """
    mesh, known = ring(1.25), replace(RING, modulus=slope)
    solution = soft_ring(mesh, known).solve(np.full(mesh.nodes.shape[1], h * UNIT))
    assert mean_pressure(mesh, solution) == pytest.approx(known.pressure(h), rel=2e-4)


@pytest.mark.parametrize("h", [0.05, 0.2])
def test_newton_converges_quadratically(h: float) -> None:
    """From rest to a ring that flows in one step: each residual is at most some times the square
    of the one before it, down to rounding.
    """
    mesh = ring(2.5)
    solution = soft_ring(mesh, RING, ELECTROLYTE[1]).solve(np.full(mesh.nodes.shape[1], h * UNIT))
    norms = np.array(solution.norms)
    assert len(norms) <= 7
    assert norms[-1] < 1e-11
    last = norms[(norms < 0.05) & (norms > 1e-10)]
    assert len(last) >= 3
    assert (last[1:] < 20.0 * last[:-1] ** 2).all(), norms


def test_too_much_at_once_is_refused_not_returned() -> None:
    """A law without any answer beyond a strain ends in a named error."""

    @dataclass(frozen=True)
    class Breaks(Disguised):
        def respond(self, strain, history, duration=0.0):
            answer = super().respond(strain, history)
            return answer._replace(stress=np.where(np.abs(strain) > 1e-4, np.nan, answer.stress))

    mesh = ring(6.0)
    with pytest.raises(SolveError) as failed:
        problem(mesh, {1: Breaks(LAM, MU)}, top="held").solve(np.full(mesh.nodes.shape[1], UNIT))
    assert failed.value.field == "displacement"


@dataclass(frozen=True)
class Skewed(Disguised):
    """Stress along x that a strain along y makes, but not the other way round: no energy."""

    @property
    def symmetric(self) -> bool:
        return False

    def respond(self, strain: np.ndarray, history: History, duration: float = 0.0) -> Response:
        stress, tangent, _ = super().respond(strain, history)
        stress, tangent = stress.copy(), tangent.copy()
        stress[0] += 20.0 * GPA * strain[1]
        tangent[0, 1] += 20.0 * GPA
        stress[1] -= 20.0 * GPA * strain[0]
        tangent[1, 0] -= 20.0 * GPA
        return Response(stress, tangent, history)


def test_a_tangent_need_not_be_symmetric(column: Mesh) -> None:
    """Forces balance at all that is free; condensation is refused, since it relies on symmetry."""
    whole = problem(column, {0: Skewed(LAM, MU)}, lithium="elastic", top="held")
    solution = whole.solve(smooth(column, 1e-2))
    forces = [
        internal_forces(body.basis, body.triangles, solution.stress(k), len(body))
        for k, body in enumerate(solution.bodies)
    ]
    out = whole.map.matrix.T @ np.concatenate(forces)
    assert np.abs(out).max() < 1e-8 * np.abs(np.concatenate(forces)).max()
    assert len(solution.norms) <= 6
    with pytest.raises(ValueError, match="symmetric"):
        InterfaceOperator.of(whole, solution)


# ------------------------------------------------------------------------------ the operator


@pytest.mark.parametrize("lithium", ["rigid", "elastic"])
def test_operator_is_the_slope_of_the_pressure(column: Mesh, lithium: str) -> None:
    """At a state of plastic flow, against differences of whole nonlinear solves; and it is softer
    there than at rest.
    """
    whole = problem(column, {0: YIELDS}, lithium=lithium, top="held")
    h = smooth(column, 0.08 if lithium == "rigid" else 0.3)
    state = whole.solve(h)
    operator = InterfaceOperator.of(whole, state)
    at_state = operator.pressure(h[operator.nodes])
    np.testing.assert_allclose(at_state, state.pressure, atol=1e-9 * np.abs(at_state).max())
    change = 1e-4 * h * np.cos(column.nodes[0] / UNIT)
    ends = [whole.solve(h + sign * change, guess=state).pressure for sign in (1.0, -1.0)]
    slope = 0.5 * (ends[0] - ends[1])
    found = operator.matrix @ change[operator.nodes]
    np.testing.assert_allclose(found, slope, atol=2e-3 * np.abs(slope).max())
    at_rest = InterfaceOperator.of(whole).matrix @ change[operator.nodes]
    assert np.abs(found - at_rest).max() > 0.1 * np.abs(at_rest).max()


def test_operator_of_a_linear_law_is_one_and_the_same(column: Mesh) -> None:
    """At any state, at rest, and under another name."""
    conditions = {"lithium": "elastic", "top": "plate", "kinematics": "generalised plane strain"}
    linear = problem(column, {}, **conditions)
    h = smooth(column, 1e-2)
    rest = InterfaceOperator.of(linear)
    scale = 1e-9 * np.abs(rest.matrix).max()
    for other in (
        InterfaceOperator.of(linear, linear.solve(h)),
        InterfaceOperator.of(problem(column, {0: Disguised(LAM, MU)}, **conditions)),
    ):
        np.testing.assert_allclose(other.matrix, rest.matrix, rtol=0.0, atol=scale)
        np.testing.assert_allclose(other.offset, rest.offset, atol=1e-9 * SOFT[0] * 1e-3)
