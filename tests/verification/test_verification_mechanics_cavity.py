"""A hole that rigid lithium widens at finite strain, shape after shape, against its closed form."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from mechanics_harness import QUARTER, UNIT, quarter_inclusion

from fem.geometry import Phase
from fem.laws.elasticity import von_mises
from fem.laws.solids import J2
from fem.mesh import generate
from fem.mesh.displaced import displaced, on_top, stretched
from fem.parameters import Elastic
from fem.physics.kinematics import Conditions
from fem.physics.mechanics import MechanicsProblem
from fem.physics.reshaped import layer, referred

SHEAR, RATIO, NU, OUTER = 1e9, 50.0, 0.49, 40.0
"""Shear modulus in Pa, that over the shear strength k, outer over first inner radius."""
STRENGTH = SHEAR / RATIO


def widened(steps: int, size: float) -> tuple[list[float], list[float]]:
    """Mean pressure over k, and that of the closed form, as the radius goes from 1 to 2.

    Of an incompressible solid that yields up to the radius c, ``p / k = 1 + 2 ln(c/a) - (c/b)^2``
    and ``(c/a)^2 = G/k (1 - (a0/a)^2)`` (R. Hill, The Mathematical Theory of Plasticity, 1950):
    from no radius on that is ``1 + ln(G/k)``, however far it goes on.
    """
    geometry, _ = quarter_inclusion((1.0, 1.0), (OUTER, OUTER), (Phase.LITHIUM, Phase.ELECTROLYTE))
    mesh = generate(geometry, size * UNIT, growth=0.25, max_size=6.0 * UNIT)
    data = Elastic(np.full(2, 2.0 * SHEAR * (1.0 + NU)), np.full(2, NU), None, None)
    laws = {1: J2(2.0 * SHEAR * NU / (1.0 - 2.0 * NU), SHEAR, STRENGTH * np.sqrt(3.0))}

    def problem() -> MechanicsProblem:
        return MechanicsProblem(mesh, data, Conditions(lithium="rigid", top="held"), laws=laws)

    now, history = problem(), None
    found, wanted = [], []
    radii = np.linspace(1.0, 2.0, steps + 1)
    for before, after in pairwise(radii):
        plated = QUARTER / 2.0 * (after**2 - before**2) * UNIT**2
        thickness = np.zeros(mesh.nodes.shape[1])
        thickness[now.nodes] = (after - before) * UNIT
        state = now.solve(layer(now, thickness, [plated]), history=history)
        assert von_mises(state.stress()).max() < STRENGTH * np.sqrt(3.0) * (1.0 + 1e-9)
        pull = state.plating_forces[now.nodes].sum() / (QUARTER * before * UNIT)
        plastic = RATIO * (1.0 - after**-2)
        found.append(float(pull / STRENGTH))
        wanted.append(float(1.0 + np.log(plastic) - plastic * after**2 / OUTER**2))

        composite = state.bodies[0]
        line = np.sort(now.nodes)
        shift = np.zeros_like(mesh.nodes)
        shift[:, line] = state.displacements[0][composite.number[line]].T
        boundary = np.union1d(line, mesh.edges[on_top(mesh)])
        shift = stretched(mesh, boundary, shift[:, boundary])
        shift[:, composite.nodes] = state.displacements[0].T
        mesh = displaced(mesh, shift, 0.0)
        then = problem()
        history = referred(now, state, then, np.zeros(0, dtype=int), [plated])
        now = then
    area = sum(r.area for r in mesh.geometry.regions if r.phase == Phase.LITHIUM)
    assert area == pytest.approx(QUARTER / 2.0 * 4.0 * UNIT**2, rel=5e-6)
    return found, wanted


@pytest.mark.slow
def test_pressure_in_a_widened_hole_tends_to_its_limit() -> None:
    """In steps of 5 % of the first radius: within 3 % from 1.1 on, and 1.5 % at the end."""
    found, wanted = widened(20, 0.3)
    off = np.abs(np.array(found) / wanted - 1.0)
    assert off[1:].max() < 0.03
    assert off[-1] < 0.015
    assert (np.diff(found) > 0.0).all()
    assert found[-1] < 1.0 + np.log(RATIO)
    assert found[-1] - found[-5] < 0.15


@pytest.mark.slow
def test_its_error_goes_with_the_steps() -> None:
    coarse, fine = (widened(steps, 0.1) for steps in (20, 80))
    at = [[np.interp(r, np.linspace(1.0, 2.0, len(f) + 1)[1:], np.array(f) / w - 1.0)
           for r in (1.1, 1.2, 1.5)] for f, w in (coarse, fine)]  # fmt: skip
    assert (np.abs(at[1]) < 0.35 * np.abs(at[0])).all()
    assert np.abs(at[1]).max() < 0.006
