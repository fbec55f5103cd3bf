"""Stress that acts back on reactions where faces may part: a step is repeated until it is found."""

from __future__ import annotations

from typing import Any

import pytest
from cells_in_time import MATERIAL, bed

import fem
from fem.results.result import Result

SWELLS = MATERIAL | {"partial_molar_volume": "2e-6 m^3/mol"}
STRONG = {"bond": "cohesive", "strength": "100 GPa", "toughness": "1e9 J/m^2"}


def run(coupling: str, *steps: dict[str, Any], **changes: Any) -> Result:
    """A disc that swells as it takes up lithium, under a plate that leans on a spring."""
    case = bed(
        *steps,
        kinetics__cathode__diffusion="averaged",
        mechanics={"swelling": True, "lithium": "elastic", "coupling": coupling},
        stack={"pressure": "1 MPa", "stiffness": "1e12 Pa/m"},
        materials={
            "NCM811": SWELLS,
            "LPSCl": {
                "ionic_conductivity": "0.05 S/m",
                "youngs_modulus": "20 GPa",
                "poisson_ratio": 0.27,
            },
        },
        **changes,
    )
    return fem.run(case)


@pytest.mark.parametrize(
    "kind", ["particle_electrolyte", pytest.param("lithium_electrolyte", marks=pytest.mark.slow)]
)
def test_faces_that_never_part_are_as_bonded(kind: str) -> None:
    """There the stress of a stage is solved with it, to 1e-9 V; here it is guessed and found."""
    step = {"discharge": "10 A/m^2", "until": {"time": "20 s"}}
    bonded = run("both", step)
    strong = run("both", step, **{f"interfaces__{kind}": STRONG})
    for result in (strong, bonded):
        assert result.history is not None
        assert result.history["Test Time / s"][-1] == 20.0
        assert result.history["work_error"].max() < 1e-8
    one, other = (each.metrics["cell_voltage_V"] for each in (strong, bonded))
    assert one == pytest.approx(other, abs=2e-5)
    one, other = (each.metrics["overpotential_stress_V"] for each in (strong, bonded))
    assert abs(other) > 1e-4
    assert one == pytest.approx(other, rel=5e-3)
