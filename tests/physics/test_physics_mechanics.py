"""What the three lithium models press with, on a coarse cell with one protrusion."""

from pathlib import Path

import numpy as np
import pytest

import fem
from fem.geometry import build
from fem.laws.fracture import extrusion_pressure
from fem.mesh import from_case
from fem.parameters import resolve
from fem.physics.kinematics import Conditions
from fem.physics.mechanics import MechanicsProblem

CASES = Path(__file__).parents[2] / "cases"


@pytest.fixture(scope="module")
def cell():
    protrusion = {"x": "210 um", "depth": "30 um", "half_width": "12 um", "fillet": "2 um"}
    case = fem.Case.load(CASES / "zheng2023_protrusions.toml").replace(
        {"geometry.anode.protrusions": [protrusion], "mesh.size": "4 um"}
    )
    drawn = build(case)
    return from_case(case, drawn), resolve(case, drawn).elastic


def solve(cell, thickness, **conditions):
    mesh, elastic = cell
    problem = MechanicsProblem(mesh, elastic, Conditions(**conditions))
    return problem.solve(np.full(mesh.nodes.shape[1], thickness))


def test_yielded_lithium_presses_only_where_it_grows(cell):
    """The pressure that squeezes it out of its slot, or none where it is stripped."""
    slot = extrusion_pressure(cell[1].yield_strength, 30e-6, 12e-6)
    growing = solve(cell, 1e-9, lithium="yielded")
    assert set(np.unique(growing.pressure)) == {0.0, slot}
    shrinking = solve(cell, -1e-9, lithium="yielded")
    assert not shrinking.pressure.any()
    assert not shrinking.displacements[0].any()


@pytest.mark.parametrize("lithium", ["rigid", "elastic"])
def test_stripping_pulls_as_plating_pushes(cell, lithium):
    """Bonded and linear: the sign of the thickness is the sign of the pressure."""
    plated, stripped = (solve(cell, h, lithium=lithium).pressure for h in (1e-7, -1e-7))
    assert plated == pytest.approx(-stripped, rel=1e-6, abs=1e-6 * np.abs(plated).max())
