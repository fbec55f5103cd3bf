"""Foil that is used up in places: the film fades, currents go elsewhere, and nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest
from cells_in_time import bed, flat, history_of

import fem
from fem.constants import FARADAY, GAS_CONSTANT
from fem.results.history import USED_UP

RESERVE, FADING, CURRENT, I0 = 3e-7, 1e-8, 10.0, 10.0
MOLAR_VOLUME = 6.94e-3 / 534.0
DISCHARGE = {
    "discharge": f"{CURRENT} A/m^2", "until": {"voltage": "2 V"}, "on_infeasible": "next",
}  # fmt: skip
EMPTY = {"exchange_current_density": "2 A/m^2", "stoichiometry": 0.3}


def test_a_flat_foil_fades_as_its_law_says() -> None:
    """With l left, i0 is i0 l / (l + fading); all else is as without."""
    foil = {"thickness": "20 um", "reserve": f"{RESERVE} m"}
    with_film = flat(
        DISCHARGE,
        geometry__anode=foil | {"fading": f"{FADING} m"},
        kinetics__cathode=EMPTY | {"diffusion": "averaged"},
    )
    history = history_of(with_film)
    assert history.events[-1][3] == USED_UP
    thermal = 2.0 * GAS_CONSTANT * 298.15 / FARADAY
    left = RESERVE + history["thickness_mean_m"]
    share = left / (left + FADING)
    fades = thermal * (np.arcsinh(CURRENT / (2.0 * I0 * share)) - np.arcsinh(CURRENT / (2.0 * I0)))
    assert fades[-1] > 0.1
    rest = history["Voltage / V"] - history["open_circuit_V"] + fades
    assert rest == pytest.approx(np.full(len(rest), rest[0]), abs=1e-9)
    assert history["thickness_min_m"].min() > -RESERVE


@pytest.fixture(scope="module")
def uneven() -> fem.results.result.Result:
    """Foil below a deposit is thicker than beside it, and a particle is dead."""
    return fem.run(
        bed(
            DISCHARGE,
            columns=3,
            geometry__anode={
                "thickness": "20 um", "reserve": f"{RESERVE} m", "fading": f"{FADING} m",
                "protrusions": [{"x": "8 um", "depth": "2 um", "half_width": "4 um"}],
            },
            kinetics__cathode=EMPTY | {"diffusion": "averaged"},
            inactive__ids=[2],
            mesh__size="2 um",
            stepping={"tolerance": 0.01},
        )
    )  # fmt: skip


@pytest.mark.slow
def test_foil_goes_place_by_place(uneven: fem.results.result.Result) -> None:
    """It is bare beside the deposit long before that is used up; no more goes than is there."""
    history, anode = uneven.history, uneven.anode
    assert history is not None and history.events[-1][3] == USED_UP
    deposit = anode.y < anode.y.max() - 1e-9
    assert anode.thickness[~deposit] == pytest.approx(-RESERVE, abs=0.05 * RESERVE)
    below = RESERVE + anode.y.max() - anode.y
    assert (anode.thickness >= -below - 0.01 * RESERVE).all()
    assert anode.thickness.min() < -5.0 * RESERVE


@pytest.mark.slow
def test_it_is_used_up_to_the_last_film(uneven: fem.results.result.Result) -> None:
    history, anode = uneven.history, uneven.anode
    assert history is not None
    given = -history["capacity_Ah_m2"][-1] * 3600.0 * 30e-6
    available = RESERVE + anode.y.max() - anode.y
    area = float(np.sum(0.5 * (available[1:] + available[:-1]) * np.diff(anode.s)))
    assert given * MOLAR_VOLUME / FARADAY == pytest.approx(area, rel=5e-3)
    assert history["lithium_error"].max() < 1e-12
    assert history["charge_error"].max() < 1e-12


def test_what_electrolyte_takes_up_cannot_be_stripped() -> None:
    """Lithium in the interphase is missing in the foil: it is used up by so much earlier."""
    growth = {"growth": "linear", "growth_rate": "0.1 nm/s"}
    case = flat(
        DISCHARGE,
        geometry__anode={
            "thickness": "20 um", "reserve": f"{RESERVE} m", "fading": f"{FADING} m",
        },
        kinetics__cathode=EMPTY | {"diffusion": "averaged"},
        interphase__lithium_electrolyte=growth,
    )  # fmt: skip
    history = history_of(case)
    assert history.events[-1][3] == USED_UP
    stripped = -history["capacity_Ah_m2"][-1] * 3600.0 * MOLAR_VOLUME / FARADAY
    width = 4e-6
    taken = history["lithium_in_interphase_mol_m"][-1] * MOLAR_VOLUME / width
    assert taken > 0.02 * RESERVE
    assert stripped + taken == pytest.approx(RESERVE, abs=0.02 * FADING)
    assert history["lithium_error"].max() < 1e-12
