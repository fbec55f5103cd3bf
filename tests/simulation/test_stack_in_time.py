"""Pressure and height of a stack in time, of which only a part is drawn: closed form, resumed."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from cells_in_time import CONCENTRATION, MATERIAL, SLAB, bed, flat

import fem
from fem.constants import FARADAY
from fem.results.history import History
from fem.runs.accepted import Accepted
from fem.runs.simulation import simulate

VOLUME, LITHIUM = 2e-6, 13e-6
"""Partial molar volume of lithium in the active material, molar volume of lithium, in m^3/mol."""
ACTIVE, ELECTROLYTE, COUNTER = (100e9, 0.3), (28e9, 0.27), (40e9, 0.25)
FIXTURE, PRESSURE = 5e12, 50e6
LAYERS = [{"material": "LPSCl", "thickness": "600 um"}, {"material": "LTO", "thickness": "45 um"}]
CHARGE = {"charge": "10 A/m^2", "until": {"time": "200 s"}}
REST = {"rest": "20 s"}


def solid(moduli: tuple[float, float]) -> dict[str, Any]:
    return {"youngs_modulus": f"{moduli[0]} Pa", "poisson_ratio": moduli[1]}


def cell(*steps: dict[str, Any], **changes: Any) -> fem.Case:
    """One-dimensional, with the rest of the separator and a counter electrode as layers."""
    materials = {
        "NCM811": MATERIAL | {"partial_molar_volume": f"{VOLUME} m^3/mol"} | solid(ACTIVE),
        "LPSCl": {"ionic_conductivity": "0.05 S/m"} | solid(ELECTROLYTE),
        "LTO": solid(COUNTER),
        "lithium": {"molar_volume": f"{LITHIUM} m^3/mol"},
    }
    stack = {"pressure": f"{PRESSURE} Pa", "stiffness": f"{FIXTURE} Pa/m", "layers": LAYERS}
    return flat(*steps, mechanics={"swelling": True}, stack=stack, materials=materials, **changes)


def give(moduli: tuple[float, float], thickness: float) -> float:
    """Compliance in m/Pa of a layer in a die, as textbooks write it."""
    youngs, nu = moduli
    return thickness * (1.0 + nu) * (1.0 - 2.0 * nu) / (youngs * (1.0 - nu))


NOT_DRAWN = give(ELECTROLYTE, 600e-6) + give(COUNTER, 45e-6)
DRAWN = give(ELECTROLYTE, 8e-6) + give(ACTIVE, SLAB)


def pressure_at(lithiation: float, plated: float) -> float:
    """Of a mean change of the stoichiometry, and a thickness in m of plated lithium."""
    nu = ACTIVE[1]
    swollen = VOLUME * CONCENTRATION * lithiation / 3.0 * (1.0 + nu) / (1.0 - nu) * SLAB
    return PRESSURE + (plated + swollen) / (DRAWN + NOT_DRAWN + 1.0 / FIXTURE)


class Taken:
    """A checkpoint as it would come from a file."""

    def __init__(self, kept: list[tuple[Any, ...]], number: int) -> None:
        self.arrays, self.facts, _ = kept[number]
        self.rows = [row for *_, row in kept[: number + 1]]


@pytest.fixture(scope="module")
def kept() -> list[tuple[Any, ...]]:
    return []


@pytest.fixture(scope="module")
def history(kept: list[tuple[Any, ...]]) -> History:
    def keep(step: Accepted) -> None:
        kept.append((step.arrays(), json.loads(json.dumps(step.facts())), dict(step.row)))

    found = simulate(cell(CHARGE, REST), observers=[keep]).history
    assert found is not None
    return found


def test_pressure_and_height_are_those_of_springs_in_series(history: History) -> None:
    """Lithium is plated above while the cathode shrinks; all faces hold together."""
    charge = np.minimum(history["Test Time / s"], 200.0) * 10.0 / FARADAY
    lithiation = -charge / (CONCENTRATION * SLAB)
    wanted = np.array(
        [pressure_at(x, h) for x, h in zip(lithiation, charge * LITHIUM, strict=True)]
    )
    rise = wanted - PRESSURE
    np.testing.assert_allclose(history["stack_pressure_Pa"] - PRESSURE, rise, rtol=0.0,
                               atol=1e-8 * rise.max())  # fmt: skip
    # The fixture gives way by the height that all layers together have gained.
    unloaded = -PRESSURE * (DRAWN + NOT_DRAWN)
    np.testing.assert_allclose(
        history["stack_height_change_m"], unloaded + rise / FIXTURE, rtol=1e-8
    )


def test_taken_up_it_goes_on_bit_by_bit(kept: list[tuple[Any, ...]], history: History) -> None:
    again = simulate(cell(CHARGE, REST), resume=Taken(kept, len(kept) // 2)).history
    assert again is not None
    for column in history.columns:
        assert again[column].tobytes() == history[column].tobytes(), column


def test_a_snapshot_knows_the_layers_too() -> None:
    """Of what is plated in a time; particles keep their lithium."""
    case = cell().replace(
        {"operation": {"current_density": "10 A/m^2", "plating_time": "200 s"},
         "mechanics": {"enabled": True}, "kinetics.cathode.stoichiometry": None}
    )  # fmt: skip
    found = fem.run(case).metrics["stack_pressure_Pa"]
    assert found == pytest.approx(pressure_at(0.0, 2000.0 / FARADAY * LITHIUM), rel=1e-9)


def test_layers_are_a_softer_fixture_where_faces_part_too() -> None:
    """Bit by bit what a fixture of the stiffness of both in series gives."""
    stiffness = 1.0 / (1.0 / 1e13 + give(COUNTER, 45e-6))

    def run(**stack: Any) -> History:
        case = bed(
            {"discharge": "10 A/m^2", "until": {"time": "20 s"}},
            kinetics__cathode__diffusion="averaged",
            mechanics={"swelling": True},
            stack={"pressure": "1 MPa"} | stack,
            interfaces__particle_electrolyte={"bond": "none"},
            materials={
                "NCM811": MATERIAL | {"partial_molar_volume": f"{VOLUME} m^3/mol"},
                "LTO": solid(COUNTER),
            },
        )
        found = fem.run(case).history
        assert found is not None
        return found

    layered = run(stiffness="1e13 Pa/m", layers=LAYERS[1:])
    soft = run(stiffness=f"{stiffness!r} Pa/m")
    change = soft["stack_pressure_Pa"] - 1e6
    assert np.abs(change).max() > 1e3
    np.testing.assert_allclose(
        layered["stack_pressure_Pa"] - 1e6, change, rtol=0.0, atol=1e-8 * np.abs(change).max()
    )
    np.testing.assert_allclose(layered["open_fraction"], soft["open_fraction"], atol=1e-12)
