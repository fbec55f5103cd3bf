"""A plate that leans on a spring: springs in series, limits, energy, and the condensed pressure."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from fem.cell.ledger import Work
from fem.laws.elasticity import lame
from fem.mesh import Mesh, generate
from fem.physics.kinematics import Conditions
from fem.physics.mechanics import MechanicsProblem, MechanicsSolution
from fem.physics.operator import InterfaceOperator

sys.path.append(str(Path(__file__).parents[1] / "verification"))
from mechanics_harness import ELECTROLYTE, SOFT, UNIT, elastic_data, layers

WIDTH, BELOW, ABOVE = 20.0, 12.0, 5.0
PLATED = 0.01
SPRING = 1e15
"""In Pa/m: about as stiff as the layers themselves."""

MODELS = ("rigid", "elastic", "yielded")


@pytest.fixture(scope="module")
def mesh() -> Mesh:
    return generate(layers(WIDTH, BELOW, ABOVE), 2.0 * UNIT, max_size=3.0 * UNIT)


def problem(mesh: Mesh, lithium: str, **conditions: float | str) -> MechanicsProblem:
    settings = {"top": "plate"} | conditions
    return MechanicsProblem(mesh, elastic_data(mesh.geometry), Conditions(lithium, **settings))


def uniform(mesh: Mesh, plated: float = PLATED) -> np.ndarray:
    return np.full(mesh.nodes.shape[1], plated * UNIT)


def smooth(mesh: Mesh) -> np.ndarray:
    x, y = mesh.nodes / UNIT
    return PLATED * UNIT * (2.0 + np.cos(0.3 * x) + 0.2 * np.sin(0.4 * y))


def compliance(lithium: str) -> float:
    """Of electrolyte and lithium in m/Pa: thickness over lambda + 2 mu, or K of a fluid."""
    lam, mu = lame(*(np.array(c) for c in ELECTROLYTE))
    soft, shear = lame(*(np.array(c) for c in SOFT))
    above = {"rigid": np.inf, "elastic": soft + 2 * shear, "yielded": soft + 2 / 3 * shear}
    return float((BELOW / (lam + 2 * mu) + ABOVE / above[lithium]) * UNIT)


@pytest.mark.parametrize("stack", [0.0, 3e6])
@pytest.mark.parametrize("lithium", MODELS)
def test_layer_under_a_spring(mesh: Mesh, lithium: str, stack: float) -> None:
    """A layer h compresses cell and spring in series: p = stack + h / (1/k_cell + 1/k).

    The plate starts where the stack's pressure alone has put it.
    """
    whole = problem(mesh, lithium, stack_pressure=stack, stack_stiffness=SPRING)
    solution = whole.solve(uniform(mesh))
    squeeze = PLATED * UNIT / (compliance(lithium) + 1.0 / SPRING)
    np.testing.assert_allclose(solution.pressure, stack + squeeze, rtol=1e-7)
    assert solution.top.pressure == pytest.approx(stack + squeeze, rel=1e-7)
    rise = squeeze / SPRING - stack * compliance(lithium)
    assert solution.top.rise == pytest.approx(rise, rel=1e-6)
    energy = 0.5 * squeeze**2 / SPRING * WIDTH * UNIT
    assert solution.top.energy == pytest.approx(energy, rel=1e-6)


@pytest.mark.parametrize("lithium", MODELS)
def test_limits_are_dead_weight_and_a_held_top(mesh: Mesh, lithium: str) -> None:
    """A spring of a millionth of the cell, and one of a million cells."""
    h, scale = smooth(mesh), PLATED * UNIT / compliance(lithium)
    dead = problem(mesh, lithium, stack_pressure=2e6)
    soft = problem(mesh, lithium, stack_pressure=2e6, stack_stiffness=1e9)
    np.testing.assert_allclose(
        soft.solve(h).pressure, dead.solve(h).pressure, rtol=0.0, atol=5e-6 * scale
    )
    held = problem(mesh, lithium, top="held").solve(h)
    stiff = problem(mesh, lithium, stack_stiffness=1e22).solve(h)
    rigid = problem(mesh, lithium, stack_stiffness=np.inf).solve(h)
    np.testing.assert_allclose(stiff.pressure, held.pressure, rtol=0.0, atol=5e-6 * scale)
    np.testing.assert_allclose(rigid.pressure, held.pressure, rtol=0.0, atol=1e-9 * scale)
    assert rigid.top.pressure == pytest.approx(held.top.pressure, rel=1e-9)
    assert stiff.top.pressure == pytest.approx(held.top.pressure, rel=1e-5)


@pytest.mark.parametrize("lithium", MODELS)
def test_infinite_spring_keeps_the_pressure_of_the_start(mesh: Mesh, lithium: str) -> None:
    """The stack presses first and the plate stays there: stack + h / compliance of the cell."""
    whole = problem(mesh, lithium, stack_pressure=3e6, stack_stiffness=np.inf)
    wanted = 3e6 + PLATED * UNIT / compliance(lithium)
    solution = whole.solve(uniform(mesh))
    np.testing.assert_allclose(solution.pressure, wanted, rtol=1e-7)
    assert solution.top.pressure == pytest.approx(wanted, rel=1e-7)


@pytest.mark.parametrize("stiffness", [0.0, SPRING, np.inf])
@pytest.mark.parametrize("lithium", ["rigid", "elastic"])
def test_condensed_pressure_knows_the_spring(mesh: Mesh, lithium: str, stiffness: float) -> None:
    whole = problem(mesh, lithium, stack_pressure=3e6, stack_stiffness=stiffness)
    operator, h = InterfaceOperator.of(whole), smooth(mesh)
    wanted = whole.solve(h).pressure
    found = operator.pressure(h[operator.nodes])
    np.testing.assert_allclose(found, wanted, rtol=0.0, atol=1e-8 * np.abs(wanted).max())
    np.testing.assert_allclose(operator.offset, 3e6, rtol=1e-6)


@pytest.mark.parametrize("lithium", ["rigid", "elastic"])
def test_energy_is_that_of_plating_stack_and_spring(mesh: Mesh, lithium: str) -> None:
    """The work of plating raises the plate against weight and spring, and strains the solids."""
    whole = problem(mesh, lithium, stack_pressure=3e6, stack_stiffness=SPRING)
    states: list[MechanicsSolution] = [whole.solve(t * smooth(mesh)) for t in (0.0, 0.4, 1.0)]
    work = Work()
    for old, new, share in zip(states[:-1], states[1:], (0.4, 0.6), strict=True):
        work = work.after(old, new, share * smooth(mesh))
    gained = states[-1].elastic_energy - states[0].elastic_energy
    assert states[-1].top.energy > 0.02 * gained
    assert work.error(gained) < 1e-8
