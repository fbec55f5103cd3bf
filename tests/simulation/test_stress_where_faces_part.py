"""Stress that acts back on reactions where faces may part: a step is repeated until it is found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cells_in_time import MATERIAL, bed

import fem
from fem.results.history import History

SWELLS = MATERIAL | {"partial_molar_volume": "2e-6 m^3/mol"}
STRONG = {"bond": "cohesive", "strength": "100 GPa", "toughness": "1e9 J/m^2"}
THERE = {"discharge": "10 A/m^2", "until": {"stoichiometry": 0.63}}
AWAY = {"charge": "10 A/m^2", "until": {"stoichiometry": 0.594}}


def history_of(coupling: str, *steps: dict[str, Any], **changes: Any) -> History:
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
    found = fem.run(case).history
    assert found is not None
    return found


@pytest.mark.parametrize("kind", ["particle_electrolyte", "lithium_electrolyte"])
def test_faces_that_never_part_are_as_bonded(kind: str) -> None:
    """There the stress of a stage is solved with it, to 1e-9 V; here it is guessed and found."""
    step = {"discharge": "10 A/m^2", "until": {"time": "20 s"}}
    bonded = history_of("both", step)
    strong = history_of("both", step, **{f"interfaces__{kind}": STRONG})
    assert strong["Test Time / s"][-1] == bonded["Test Time / s"][-1]
    np.testing.assert_allclose(strong["Voltage / V"][-1], bonded["Voltage / V"][-1], atol=2e-5)
    one, other = (each["overpotential_stress_V"][-1] for each in (strong, bonded))
    assert abs(other) > 1e-4
    assert one == pytest.approx(other, rel=5e-3)
    assert strong["work_error"].max() < 1e-8


@pytest.mark.slow
def test_half_the_steps_change_nothing() -> None:
    """With a disc that lets go as it shrinks."""
    found = []
    for limit, tolerance in ((0.01, 2e-4), (0.005, 5e-5)):
        found.append(
            history_of(
                "both", THERE, AWAY,
                interfaces__particle_electrolyte={"bond": "none"},
                stepping={"stoichiometry": limit, "tolerance": tolerance},
            )
        )  # fmt: skip
    whole, half = found
    assert len(half) > 1.4 * len(whole)
    end = [int(each.events[0][0]) for each in found]
    for name in ("overpotential_stress_V", "overpotential_V", "lithium_pressure_Pa"):
        assert half[name][end[1]] == pytest.approx(whole[name][end[0]], rel=1e-2), name
    for name in ("overpotential_V", "open_fraction", "gap_max_m", "lithium_plated_mol_m"):
        assert half[name][-1] == pytest.approx(whole[name][-1], rel=1e-2), name
