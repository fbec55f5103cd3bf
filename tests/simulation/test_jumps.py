"""Runs in which bonds weaken faster than the stress of the solids falls: a jump that is told."""

from __future__ import annotations

import pytest
from cells_in_time import MATERIAL, bed

import fem


@pytest.mark.slow
@pytest.mark.parametrize(("toughness", "jumps"), [("1 mJ/m^2", True), ("20 J/m^2", False)])
def test_bonds_that_let_go_in_a_jump_are_told_of(toughness: str, jumps: bool) -> None:
    result = fem.run(
        bed(
            {"charge": "30 A/m^2", "until": {"time": "30 min"}},
            mechanics__enabled=True,
            mechanics__lithium="elastic",
            mechanics__swelling=True,
            materials__NCM811=MATERIAL | {"partial_molar_volume": "2e-6 m^3/mol"},
            interfaces__particle_electrolyte={
                "bond": "cohesive",
                "strength": "20 MPa",
                "toughness": toughness,
            },
        )
    )
    history = result.history
    assert history is not None
    free = history["jump_energy_J_m"]
    assert (free[-1] > 0.0) == jumps
    assert any("let go in a jump" in note for note in result.notes) == jumps
    assert history["work_error"].max() < 1e-6
