"""Lithium and charge are kept, at every accepted step of any protocol and model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cells_in_time import SLAB, bed, cell_of, current, ends, flat, history_of, inventory

import fem
from fem.cell.composition import CATHODE
from fem.cell.ledger import Ledger, ledger
from fem.constants import FARADAY
from fem.runs.steps import step

CYCLE = (
    {"charge": "30 A/m^2", "until": {"voltage": "4.1 V", "time": "100 s"}},
    {"hold": "4.05 V", "until": {"current": "5 A/m^2", "time": "100 s"}},
    {"rest": "20 s"},
    {
        "repeat": 2,
        "steps": [
            {"discharge": "50 A/m^2", "until": {"capacity": "0.2 Ah/m^2", "voltage": "3.5 V"}},
            {"hold": "3.85 V", "until": {"time": "10 s"}},
            {"rest": "1 s"},
            {"charge": "50 A/m^2", "until": {"thickness": "0.3 um", "time": "60 s"}},
        ],
    },
)
NAMED = {
    "time", "voltage", "particle surface empty", "particle surface full", "lithium used up",
}  # fmt: skip
VARYING = "1e-13*exp(3*(x - 0.6))"
ISLAND = {"x": "5 um", "y": "14 um", "half_width": "2 um", "half_height": "1.5 um"}
CELLS: dict[str, fem.Case] = {
    "slab": flat(*CYCLE),
    "slab, D(x)": flat(*CYCLE, materials__NCM811__chemical_diffusivity=VARYING),
    "slab, averaged": flat(*CYCLE, kinetics__cathode__diffusion="averaged"),
    "slab, fixed": flat(*CYCLE, kinetics__cathode__diffusion="fixed"),
    "discs": bed(*CYCLE, rows=2),
    "discs, D(x), i0(x)": bed(
        *CYCLE,
        materials__NCM811__chemical_diffusivity=VARYING,
        kinetics__cathode__exchange_current_dependence="stoichiometry",
    ),
    "discs, averaged": bed(*CYCLE, columns=2, kinetics__cathode__diffusion="averaged"),
    "isolated lithium": bed(*CYCLE, geometry__anode__isolated=[ISLAND]),
}


def errors_hold(history: Any) -> None:
    """At most 1e-10 of what was moved, from the first step on."""
    for name in ("lithium_error", "charge_error"):
        assert history[name].max() <= 1e-10


@pytest.mark.parametrize("name", CELLS)
def test_every_row_balances(name: str) -> None:
    case = CELLS[name]
    history = history_of(case)
    assert len(history.events) == 11
    assert set(ends(history)) >= {"time"}
    errors_hold(history)
    # The same balances from numbers of the history alone: x by area against the charge passed.
    charge = 3600.0 * history["capacity_Ah_m2"]
    if case.kinetics.cathode.diffusion != "fixed":
        taken = inventory(case) * (0.6 - history["stoichiometry_mean"])
        # The triangles of a disc miss its area by some millionths.
        rel = 1e-9 if "slab" in name else 5e-5
        assert taken == pytest.approx(charge, rel=rel, abs=1e-12 * inventory(case))
    still = history["step"] == 2.0
    assert np.ptp(charge[still]) <= 1e-9 * np.abs(charge).max()


QUICK = (0, 2, 7, 8, 16, 24, 26, 28, 32, 37)
"""Random protocols of the default run: those that take least time, and 0, whose last hold is within
rounding of a cell that has rested for a month."""


def random_case(number: int) -> fem.Case:
    """A cell and a protocol drawn at random, the same for the same number.

    Rates from 0.01 to 20 C and voltages that are held, each with a rest of 1 s to 100 days after
    it; exchange current densities from 1e-3 to 1e4 A/m^2, D from 1e-18 to 1e-10 m^2/s.
    """
    random = np.random.default_rng([9, number])

    def between(low: float, high: float) -> float:
        return float(10.0 ** random.uniform(np.log10(low), np.log10(high)))

    steps: list[dict[str, Any]] = []
    for _ in range(random.integers(2, 5)):
        deed = str(random.choice(["charge_rate", "discharge_rate", "hold"]))
        if deed == "hold":
            done = {
                deed: f"{random.uniform(3.7, 4.2)} V",
                "until": {"time": f"{between(1, 1e5)} s"},
            }
        else:
            rate = between(0.01, 20.0)
            done = {deed: rate, "until": {"time": f"{between(1e-2, 1.0) / rate} h"}}
        steps += [done, {"rest": f"{between(1.0, 100.0 * 86400.0)} s"}]
    changes = {
        "materials__NCM811__chemical_diffusivity": f"{between(1e-18, 1e-10)} m^2/s",
        "kinetics__anode__exchange_current_density": f"{between(1e-3, 1e4)} A/m^2",
        "kinetics__cathode__exchange_current_density": f"{between(1e-3, 1e4)} A/m^2",
        "kinetics__cathode__stoichiometry": random.uniform(0.15, 0.85),
    }
    return (flat if random.random() < 0.5 else bed)(*steps, **changes)


@pytest.mark.parametrize(
    "number", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in range(200)]
)
def test_any_protocol_balances(number: int) -> None:
    """However fast, slow or long: it runs to a named end, and every row accounts to rounding."""
    history = history_of(random_case(number))
    assert set(ends(history)) <= NAMED
    errors_hold(history)


REST = {
    "57 d": (1e4, "10 A/m^2", "100 s"),
    "30 d": (1e3, "4 A/m^2", "1000 s"),
    "1 h": (1e4, "0.1 A/m^2", "10 s"),
}


@pytest.mark.parametrize("rest", REST)
@pytest.mark.parametrize("make", [flat, bed])
def test_a_cell_at_rest_comes_to_rest_and_stays(make: Any, rest: str) -> None:
    """Fast reactions and long rests: every row to rounding, and in the end nothing moves.

    Steps grow by most of what they may, the voltage is that of the mean, to what is left of
    diffusion, and to rounding where the rest is long.
    """
    i0, density, time = REST[rest]
    exchange = f"{i0} A/m^2"
    history = history_of(
        make(
            {"charge": density, "until": {"time": time}},
            {"rest": rest},
            kinetics__anode__exchange_current_density=exchange,
            kinetics__cathode__exchange_current_density=exchange,
        )
    )
    for name in ("lithium_error", "charge_error"):
        assert history[name].max() <= 1e-13
    still = 4.3 - 0.7 * history["stoichiometry_mean"][-1]
    assert history["Voltage / V"][-1] == pytest.approx(still, abs=1e-9 if "d" in rest else 1e-6)
    assert len(history) < 60
    assert history["dt_s"][-2:].sum() > 0.4 * history["Test Time / s"][-1]
    if "d" in rest:
        assert np.ptp(history["Voltage / V"][-3:]) < 1e-8


def test_a_ledger_sees_what_is_lost() -> None:
    """Of 8 C passed, 1 C of lithium is missing and 2 C more left the anode than came."""
    lost = Ledger(
        in_particles=-4.0 / FARADAY, plated=3.0 / FARADAY, cathode=4.0, anode=-6.0,
        throughput=8.0, least=1e-3,
    )  # fmt: skip
    assert (lost.lithium_error, lost.charge_error) == pytest.approx((1 / 8, 2 / 8), rel=1e-14)
    still = Ledger(0.0, 1.0 / FARADAY, 0.0, 1.0, throughput=0.0, least=100.0)
    assert (still.lithium_error, still.charge_error) == pytest.approx((0.01, 0.01), rel=1e-14)


def test_many_steps() -> None:
    """300 steps of charge and discharge: nothing accumulates; only rounding is lost."""
    cell = cell_of(flat())
    state = start = cell.initial()
    moved = 0.0
    for leg in range(10):
        density = 30.0 if leg % 2 == 0 else -29.0
        state = cell.instant(state, current(cell, density))
        for _ in range(30):
            before = state
            state = step(cell, state, 1.0, current(cell, density)).state
            moved += abs(cell.currents(state.solution)[CATHODE]) * (state.time - before.time)
    assert state.time == pytest.approx(300.0)
    found = ledger(cell, start.content, state.content, moved)
    assert moved == pytest.approx((150.0 * 30.0 + 150.0 * 29.0) * 4e-6, rel=1e-9)
    assert found.lithium_error <= 1e-10
    assert found.charge_error <= 1e-10
    assert found.plated * FARADAY == pytest.approx(150.0 * 4e-6, rel=1e-9)
    (slab,) = cell.particles
    lost = 150.0 / (FARADAY * 5e4 * SLAB)
    assert slab.model.mean(slab.stoichiometry(state.content))[0] == pytest.approx(
        0.6 - lost, rel=1e-10
    )


def test_isolated_lithium_moves_without_a_net_current() -> None:
    """It is stripped where the field enters it and plated where it leaves, as much as before."""
    case = CELLS["isolated lithium"]
    cell = cell_of(case)
    given = current(cell, 100.0)
    state = cell.instant(cell.initial(), given)
    for _ in range(5):
        state = step(cell, state, 1.0, given).state
    patches, charge = cell.lithium.patches, cell.lithium.charge(state.content)
    foil, island = (charge[patches.piece == k] for k in (0, 1))
    assert foil.sum() == pytest.approx(100.0 * 5.0 * 10e-6, rel=1e-10)
    assert abs(island.sum()) <= 1e-10 * np.abs(island).sum()
    assert island.max() > 0.0 > island.min()
