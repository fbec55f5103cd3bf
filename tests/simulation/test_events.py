"""What ends a step of a protocol: found to its tolerance, never stepped over, never a crash."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cells_in_time import (
    CONCENTRATION,
    LOWER,
    SLAB,
    UPPER,
    bed,
    ends,
    flat,
    history_of,
)
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fem.constants import FARADAY
from fem.results.history import History

MOLAR_VOLUME = 6.94e-3 / 534.0
PER_CHARGE = MOLAR_VOLUME / FARADAY
CAPACITY = FARADAY * CONCENTRATION * SLAB

NAMED = {
    "voltage", "time", "capacity", "stoichiometry", "thickness", "current",
    "particle surface empty", "particle surface full", "lithium used up",
}  # fmt: skip

ENDS = [
    ({"charge": "20 A/m^2"}, {"voltage": "4.05 V"}, "Voltage / V", 4.05, 1e-6),
    ({"discharge": "20 A/m^2"}, {"voltage": "3.65 V"}, "Voltage / V", 3.65, 1e-6),
    ({"charge": "20 A/m^2"}, {"time": "97 s"}, "Test Time / s", 97.0, 0.0),
    ({"charge": "20 A/m^2"}, {"capacity": "0.5 Ah/m^2"}, "capacity_Ah_m2", 0.5, 1e-9),
    ({"hold": "4.1 V"}, {"capacity": "0.3 Ah/m^2"}, "capacity_Ah_m2", 0.3, 1e-9),
    ({"hold": "3.7 V"}, {"capacity": "0.3 Ah/m^2"}, "capacity_Ah_m2", -0.3, 1e-9),
    ({"charge": "20 A/m^2"}, {"stoichiometry": 0.55}, "stoichiometry_mean", 0.55, 1e-7),
    ({"discharge": "20 A/m^2"}, {"stoichiometry": 0.65}, "stoichiometry_mean", 0.65, 1e-7),
    ({"hold": "4.1 V"}, {"stoichiometry": 0.55}, "stoichiometry_mean", 0.55, 1e-7),
    ({"charge": "20 A/m^2"}, {"thickness": "0.2 um"}, "thickness_max_m", 2e-7, 1e-13),
    ({"discharge": "20 A/m^2"}, {"thickness": "0.2 um"}, "thickness_min_m", -2e-7, 1e-13),
    ({"hold": "4.1 V"}, {"current": "10 A/m^2"}, "current_density_A_m2", 10.0, 1e-8),
    ({"hold": "3.7 V"}, {"current": "10 A/m^2"}, "current_density_A_m2", -10.0, 1e-8),
]


@pytest.mark.parametrize(("deed", "until", "column", "value", "tolerance"), ENDS)
@pytest.mark.parametrize("longest", [None, "1 h"])
def test_end_is_met(
    deed: dict[str, str],
    until: dict[str, Any],
    column: str,
    value: float,
    tolerance: float,
    longest: str | None,
) -> None:
    """The last row is at the threshold and the only one there, however long steps may grow."""
    case = flat({**deed, "until": until})
    if longest is not None:
        # No limit but the end itself: the first step is an hour long.
        case = case.replace({"stepping": LAX})
    history = history_of(case)
    (name,) = until
    assert ends(history) == [name]
    assert history[column][-1] == pytest.approx(value, rel=0.0, abs=max(tolerance, 1e-13))
    before = np.abs(history[column][:-1] - value)
    assert (before > 10.0 * tolerance).all()
    assert np.isfinite(history["Test Time / s"]).all()


LAX = {
    "first": "1 h", "tolerance": 0.1, "stoichiometry": 1.0, "thickness": "1 mm",
}  # fmt: skip


@pytest.mark.slow
def test_the_first_of_several_ends_counts() -> None:
    """At 20 A/m^2 0.2 um are plated after 74 s, x falls to 0.55 after 121 s."""
    until = {"thickness": "0.2 um", "stoichiometry": 0.55, "time": "100 s", "capacity": "1 Ah/m^2"}
    history = history_of(flat({"charge": "20 A/m^2", "until": until}))
    assert ends(history) == ["thickness"]
    assert history["Test Time / s"][-1] == pytest.approx(2e-7 / (20.0 * PER_CHARGE), rel=1e-6)
    until["thickness"] = "1 um"
    history = history_of(flat({"charge": "20 A/m^2", "until": until}))
    assert ends(history) == ["time"]


@pytest.mark.parametrize(
    ("deed", "until"),
    [
        ({"charge": "20 A/m^2"}, {"voltage": "3.5 V"}),
        ({"discharge": "20 A/m^2"}, {"voltage": "4.2 V"}),
        ({"charge": "20 A/m^2"}, {"stoichiometry": 0.7}),
        ({"discharge": "20 A/m^2"}, {"stoichiometry": 0.5}),
        ({"hold": "3.881 V"}, {"current": "1000 A/m^2"}),
        ({"charge": "20 A/m^2"}, {"thickness": "0.01 um"}),
    ],
)
def test_an_end_that_is_already_reached(deed: dict[str, str], until: dict[str, Any]) -> None:
    """The step has one row, at the time and with the content of the row before it."""
    first = {"charge": "20 A/m^2", "until": {"time": "5 s"}}
    history = history_of(flat(first, {**deed, "until": until}, {"rest": "1 s"}))
    assert ends(history) == ["time", *until, "time"]
    (rows,) = np.nonzero(history["step"] == 1.0)
    assert len(rows) == 1
    assert history["dt_s"][rows[0]] == 0.0
    for name in ("Test Time / s", "capacity_Ah_m2", "thickness_max_m", "stoichiometry_mean"):
        assert history[name][rows[0]] == history[name][rows[0] - 1]


def limits_hold(history: History) -> None:
    """No surface is far outside its window, nothing is nan but spreads of nothing."""
    assert history["stoichiometry_surface_min"].min() >= LOWER - 1e-6
    assert history["stoichiometry_surface_max"].max() <= UPPER + 1e-6
    for name in ("Voltage / V", "current_density_A_m2", "thickness_max_m", "stoichiometry_mean"):
        assert np.isfinite(history[name]).all()


@pytest.mark.parametrize("cell", [flat, bed])
@pytest.mark.parametrize("lax", [False, True])
def test_surface_empties_and_fills(cell: Any, lax: bool) -> None:
    """Charged and discharged without end: the run goes on with the next step."""
    forever = {"time": "1000 h"}
    changes: dict[str, Any] = {"stepping": LAX} if lax else {}
    history = history_of(
        cell(
            {"charge": "40 A/m^2", "until": forever, "on_infeasible": "next"},
            {"rest": "10 s"},
            {"discharge": "40 A/m^2", "until": forever},
            **changes,
        )
    )
    assert ends(history) == ["particle surface empty", "time", "particle surface full"]
    limits_hold(history)
    row = history.events[0][0]
    assert history["stoichiometry_surface_min"][row] == pytest.approx(LOWER, abs=1e-7)
    assert history["stoichiometry_surface_max"][-1] == pytest.approx(UPPER, abs=1e-7)


def test_surface_empties_under_a_hold() -> None:
    """5 V would take more lithium than there is in the window (the potential ends at 4.23 V)."""
    history = history_of(flat({"hold": "5 V", "until": {"current": "0.1 A/m^2"}}))
    assert ends(history) == ["particle surface empty"]
    limits_hold(history)


@pytest.mark.parametrize("reserve", [None, "0 um", "0.3 um"])
def test_lithium_is_used_up(reserve: str | None) -> None:
    """What was plated and the reserve can be stripped, and no more; 20 um of layer are enough."""
    changes = {} if reserve is None else {"geometry__anode__reserve": reserve}
    history = history_of(
        flat(
            {"charge": "20 A/m^2", "until": {"capacity": "0.4 Ah/m^2"}},
            {"discharge": "20 A/m^2", "until": {"time": "100 h"}},
            **changes,
        )
    )
    if reserve is None:
        assert ends(history) == ["capacity", "particle surface full"]
        return
    left = -float(reserve.split()[0]) * 1e-6
    assert ends(history) == ["capacity", "lithium used up"]
    assert history["thickness_min_m"][-1] == pytest.approx(left, abs=2e-13)
    assert history["capacity_Ah_m2"][-1] * 3600.0 * PER_CHARGE == pytest.approx(left, abs=2e-13)


def test_anode_without_lithium_cannot_be_stripped() -> None:
    history = history_of(
        flat({"discharge": "20 A/m^2", "until": {"time": "1 h"}}, geometry__anode__reserve="0 um")
    )
    assert ends(history) == ["lithium used up"]
    assert history["Test Time / s"][-1] <= 1e-13 / (20.0 * PER_CHARGE)


def test_one_hour_at_one_c() -> None:
    """1 C passes in one hour the charge between the ends of the window, by definition.

    Diffusion is averaged and fast, so that the surface is empty when the mean is.
    """
    fast = {
        "kinetics__cathode__stoichiometry": UPPER,
        "kinetics__cathode__diffusion": "averaged",
        "materials__NCM811__chemical_diffusivity": "1e-6 m^2/s",
    }
    case = flat({"charge_rate": 1.0, "until": {"time": "2 h"}}, **fast)
    history = history_of(case)
    assert ends(history) == ["particle surface empty"]
    assert history["Test Time / s"][-1] == pytest.approx(3600.0, rel=1e-6)
    assert history["capacity_Ah_m2"][-1] * 3600.0 == pytest.approx(
        (UPPER - LOWER) * CAPACITY, rel=1e-6
    )
    twice = history_of(
        case.replace({"operation.steps": [{"charge_rate": 2, "until": {"time": "9 h"}}]})
    )
    assert twice["Test Time / s"][-1] == pytest.approx(1800.0, rel=1e-6)


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)
@given(
    size=st.floats(-1.0, 4.0),
    charging=st.booleans(),
    diffusivity=st.floats(-16.0, -12.0),
    start=st.floats(LOWER + 0.01, UPPER - 0.01),
    diffusion=st.sampled_from(["resolved", "averaged"]),
    round_ones=st.booleans(),
)
def test_no_current_crashes(
    size: float, charging: bool, diffusivity: float, start: float, diffusion: str, round_ones: bool
) -> None:
    """From 0.1 to 10,000 A/m^2 and whatever the diffusivity: a named end, a ledger that holds."""
    if diffusion == "averaged":
        # A surface thousands of fillings off its mean, as in steady diffusion, is beyond the model.
        diffusivity = max(diffusivity, -13.0)
    deed = {
        "charge" if charging else "discharge": f"{10.0**size} A/m^2",
        "until": {"time": "1 h"},
        "on_infeasible": "next",
    }
    case = (bed if round_ones else flat)(
        deed,
        {"rest": "1 s"},
        materials__NCM811__chemical_diffusivity=f"{10.0**diffusivity} m^2/s",
        kinetics__cathode__stoichiometry=start,
        kinetics__cathode__diffusion=diffusion,
    )
    history = history_of(case)
    assert set(ends(history)) <= NAMED
    assert len(history.events) == 2
    if diffusion == "resolved":
        limits_hold(history)
    for name in ("lithium_error", "charge_error"):
        assert history[name].max() <= 1e-10


def test_a_rest_after_a_current_beyond_the_model() -> None:
    """A mean with a steady profile hundreds of fillings deep: over at once, then far from rest."""
    history = history_of(
        flat(
            {"discharge": "1000 A/m^2", "until": {"time": "1 h"}, "on_infeasible": "next"},
            {"rest": "1 s"},
            materials__NCM811__chemical_diffusivity="1e-15 m^2/s",
            kinetics__cathode__stoichiometry=0.5,
            kinetics__cathode__diffusion="averaged",
        )
    )
    assert ends(history) == ["particle surface full", "time"]
    assert history["Test Time / s"][-1] == 1.0
    assert history["Voltage / V"][-1] == pytest.approx(4.3 - 0.7 * 0.5, abs=1e-9)


@pytest.mark.slow
def test_licoo2_is_held_at_4_3_volts() -> None:
    """The window of the library reaches beyond the 0.425 at which it is charged to that."""
    steps = (
        {"charge": "1.2 A/m^2", "until": {"voltage": "4.3 V"}},
        {"hold": "4.3 V", "until": {"current": "0.6 A/m^2"}},
    )
    slab = {"kind": "plane", "material": "LCO", "thickness": "5 um"}
    cathode = {
        "exchange_current_density": "2 A/m^2",
        "stoichiometry": 0.95,
        "diffusion": "averaged",
    }
    case = flat(*steps, geometry__cathode=slab, kinetics__cathode=cathode, materials={})
    history = history_of(case)
    assert [event[3] for event in history.events] == ["voltage", "current"]
    assert 0.425 < history["stoichiometry_mean"][-1] < 0.44
