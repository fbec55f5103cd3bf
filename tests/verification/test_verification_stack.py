"""Stack pressure of a cell of layers in a die, in closed form.

Layers that walls keep from spreading are springs in series, of compliance t / M with
M = E (1 - nu) / ((1 + nu) (1 - 2 nu)), whether they are drawn or not. A cathode whose free volume
changes by beta, alike in all directions, would make the stack higher by
U = t (beta / 3) (1 + nu) / (1 - nu) under dead weight; against a fixture of stiffness k the
pressure changes by U / (sum t / M + 1 / k). The numbers are those of a stack of Li4Ti5O12
composite, Li6PS5Cl and cathode with the pressures of K. Kim et al. (2024).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from mechanics_harness import UNIT, drawing, line

from fem.geometry import Phase
from fem.geometry.types import OUTSIDE
from fem.laws.elasticity import lame
from fem.mesh import Mesh, generate
from fem.parameters import Elastic
from fem.physics.mechanics import Conditions, MechanicsProblem, MechanicsSolution

GPA = 1e9
COUNTER, SEPARATOR = (45.0, 40.0 * GPA, 0.27), (690.0, 28.0 * GPA, 0.27)
CATHODE = (45.0, 60.0 * GPA, 0.28)
"""Thickness in um, Young's modulus, Poisson's ratio."""
DRAWN, WIDTH, FOIL = 50.0, 45.0, 10.0
"""Thickness of the separator that is drawn, width of the drawing, lithium on top, in um."""
SWELLING = -5.98327629e-3
COMPLIANCE, FREE = 2.1208012068e-14, -1.59554034e-7
DROPS = {8e10: -1.274270e4, 1e12: -1.562405e5, 1e13: -1.316365e6, np.inf: -7.523290e6}
DIGITS = 5e-7
"""Half of the seventh digit, relative: so many are given."""


def compliance(thickness: float, youngs: float, poisson: float) -> float:
    lam, mu = lame(np.array(youngs), np.array(poisson))
    return float(thickness * UNIT / (lam + 2.0 * mu))


def free_height() -> float:
    thickness, _, nu = CATHODE
    return thickness * UNIT * SWELLING / 3.0 * (1.0 + nu) / (1.0 - nu)


@pytest.fixture(scope="module")
def mesh() -> Mesh:
    """Cathode (region 0), part of the separator (1), lithium on top (2)."""
    heights = np.cumsum([0.0, CATHODE[0], DRAWN, FOIL]).tolist()
    sides = [(line((0.0, 0.0), (WIDTH, 0.0)), 0, OUTSIDE)]
    for number, (low, high) in enumerate(pairwise(heights)):
        beyond = OUTSIDE if number == 2 else number + 1
        sides += [
            (line((WIDTH, low), (WIDTH, high)), number, OUTSIDE),
            (line((WIDTH, high), (0.0, high)), number, beyond),
            (line((0.0, high), (0.0, low)), number, OUTSIDE),
        ]
    phases = (Phase.ACTIVE, Phase.ELECTROLYTE, Phase.LITHIUM)
    shape = drawing(sides, phases, width=WIDTH, height=heights[-1])
    return generate(shape, 15.0 * UNIT, max_size=20.0 * UNIT)


def solved(mesh: Mesh, stiffness: float, pressure: float = 0.0) -> MechanicsSolution:
    """The cathode swollen under a fixture, with what is not drawn of the stack above it."""
    rest = compliance(*COUNTER) + compliance(SEPARATOR[0] - DRAWN, *SEPARATOR[1:])
    youngs, poisson = (np.array([CATHODE[k], SEPARATOR[k], np.nan]) for k in (1, 2))
    conditions = Conditions(
        top="plate", stack_pressure=pressure, stack_stiffness=stiffness, stack_compliance=rest
    )
    problem = MechanicsProblem(mesh, Elastic(youngs, poisson, None, None), conditions)
    elements = problem.bodies[0].elements
    swollen = np.where(mesh.region[elements] == 0, SWELLING, 0.0)
    return problem.solve(np.zeros(mesh.nodes.shape[1]), np.repeat(swollen[:, None], 6, axis=1))


def test_series_and_free_height_are_the_reference() -> None:
    total = sum(compliance(*layer) for layer in (COUNTER, SEPARATOR, CATHODE))
    assert total == pytest.approx(COMPLIANCE, rel=1e-10)
    assert free_height() == pytest.approx(FREE, rel=1e-8)


@pytest.mark.parametrize("stiffness", DROPS)
def test_pressure_of_a_swelling_layer(mesh: Mesh, stiffness: float) -> None:
    """To 1e-8 of the closed form, and to the digits of the reference."""
    top = solved(mesh, stiffness).top
    wanted = free_height() / (COMPLIANCE + 1.0 / stiffness)
    assert top.pressure == pytest.approx(wanted, rel=1e-8)
    assert top.pressure == pytest.approx(DROPS[stiffness], rel=DIGITS)


def test_dead_weight_lets_the_layer_sink(mesh: Mesh) -> None:
    top = solved(mesh, 0.0).top
    assert top.pressure == 0.0
    assert top.rise == pytest.approx(free_height(), rel=1e-8)


@pytest.mark.parametrize("stiffness", [8e10, 1e13, np.inf])
def test_a_pressure_at_the_start_adds_up(mesh: Mesh, stiffness: float) -> None:
    """The stack is linear: it starts where that pressure has put it."""
    alone, pressed = solved(mesh, stiffness).top, solved(mesh, stiffness, 50e6).top
    scale = abs(alone.pressure)
    assert pressed.pressure - 50e6 == pytest.approx(alone.pressure, abs=1e-6 * scale + 1e-2)
