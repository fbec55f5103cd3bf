"""Laws of places that take lithium up: slopes against differences, bounds, and what is shut."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fem.constants import FARADAY
from fem.laws import stores
from fem.laws.fracture import critical_pressure, stress_intensity
from fem.laws.interfaces import STOICHIOMETRY
from fem.laws.kinetics import Kinetics, current_density
from fem.laws.stores import (
    BARRIER,
    FLAT,
    GIVES,
    PER_CURRENT,
    STORES,
    TAKES,
    Deposition,
    Insertion,
    barrier,
    bonded_share,
)

Floats = NDArray[np.float64]
VOLUME = 12.9962546816e-6  # of verification.md, m3/mol

kinetics = st.builds(
    Kinetics,
    temperature=st.floats(250.0, 350.0),
    exchange_current_density=st.one_of(st.none(), st.floats(0.1, 300.0)),
    area_resistance=st.sampled_from([1e-4, 1e-2]),
    anodic=st.floats(0.3, 0.7),
    cathodic=st.floats(0.3, 0.7),
)


def curve(x: Floats) -> tuple[Floats, Floats]:
    return 0.3 * (1.0 - x) ** 2, -0.6 * (1.0 - x)


LAWS: dict[type, st.SearchStrategy[Any]] = {
    Deposition: st.builds(
        Deposition, kinetics=kinetics, molar_volume=st.just(VOLUME), pressure=st.floats(0.0, 1e8)
    ),
    Insertion: st.builds(Insertion, kinetics=kinetics, potential=st.just(curve)),
}
RANGES = {
    BARRIER: (0.0, 0.05),
    GIVES: (0.0, 20.0),
    TAKES: (0.0, 20.0),
    STOICHIOMETRY: (0.02, 0.98),
    PER_CURRENT: (1e-6, 0.1),
}
differences = st.floats(-0.3, 0.3)


def drawn(data: st.DataObject, kind: type) -> tuple[Any, float, dict[str, Floats]]:
    law = data.draw(LAWS[kind])
    state = {name: np.array([data.draw(st.floats(*RANGES[name]))]) for name in law.variables}
    return law, data.draw(differences), state


def test_every_law_is_listed_and_drawn() -> None:
    found = {
        each for each in vars(stores).values()
        if isinstance(each, type) and isinstance(getattr(each, "variables", None), tuple)
    }  # fmt: skip
    assert found == set(STORES) == set(LAWS)


@pytest.mark.parametrize("kind", STORES, ids=lambda kind: kind.__name__)
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_slopes_against_differences(kind: type, data: st.DataObject) -> None:
    """Away from the kinks, where the slopes from both sides agree."""
    law, difference, state = drawn(data, kind)
    here, slope, by_state = law(np.array([difference]), state)
    flat = 1.01 * FLAT * float(current_density(np.zeros(1), law.kinetics)[1][0])

    def against(change: Any, value: float, size: float, found: Floats) -> None:
        step = 1e-6 * size
        up, down = (law(*change(value + sign * step))[0][0] for sign in (1.0, -1.0))
        left, right = (here[0] - down) / step, (up - here[0]) / step
        scale = max(abs(left), abs(right), 1e-3 * abs(here[0]) / size, 1e-6 / size)
        if abs(left - right) < 1e-3 * scale:
            miss = abs(0.5 * (left + right) - found[0])
            assert miss < 3e-3 * scale + 1e-6 * slope[0] + flat

    against(lambda v: (np.array([v]), state), difference, 0.03, slope)
    for name in law.variables:
        low, high = RANGES[name]
        if 2e-6 * (high - low) < state[name][0] - low < (1.0 - 2e-6) * (high - low):
            against(
                lambda v, n=name: (np.array([difference]), state | {n: np.array([v])}),
                float(state[name][0]), high - low, by_state[name],
            )  # fmt: skip


@pytest.mark.parametrize("kind", STORES, ids=lambda kind: kind.__name__)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_more_difference_never_takes_more_up(kind: type, data: st.DataObject) -> None:
    """So that the currents of a cell are the slope of a convex energy."""
    law, difference, state = drawn(data, kind)
    several = np.linspace(difference - 0.05, difference + 0.05, 41)
    wide = {name: np.full_like(several, values[0]) for name, values in state.items()}
    current, slope, _ = law(several, wide)
    assert (np.diff(current) >= -1e-12 * np.abs(current).max()).all()
    assert (slope > 0.0).all()


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_deposits_are_complementary(data: st.DataObject) -> None:
    """No current between equilibrium and barrier, and never more than there is, or room for."""
    law, difference, state = drawn(data, Deposition)
    current = float(law(np.array([difference]), state)[0][0])
    open_at, shut_at = law.open_equilibrium, float(law.equilibrium(state)[0])
    assert -state[TAKES][0] <= current <= state[GIVES][0]
    if shut_at <= difference <= open_at:
        assert current == 0.0
    assert current <= 0.0 or difference > open_at
    assert current >= 0.0 or difference < shut_at


@settings(max_examples=60, deadline=None)
@given(law=LAWS[Deposition], difference=differences)
def test_an_open_site_reacts_as_any_lithium(law: Deposition, difference: float) -> None:
    free = {BARRIER: np.zeros(1), GIVES: np.full(1, np.inf), TAKES: np.full(1, np.inf)}
    found = law(np.array([difference]), free)[0]
    known = current_density(np.array([difference - law.open_equilibrium]), law.kinetics)[0]
    assert found == pytest.approx(known, rel=1e-12)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_solid_is_neither_overfilled_nor_overdrawn(data: st.DataObject) -> None:
    """And between empty and full its current is that of its kinetics at the end of the stage."""
    law, difference, state = drawn(data, Insertion)
    before, q = state[STOICHIOMETRY], state[PER_CURRENT]
    current = law(np.array([difference]), state)[0]
    x = float((before - q * current)[0])
    assert -1e-9 <= x <= 1.0 + 1e-9
    if 1e-6 < x < 1.0 - 1e-6:
        rest = curve(np.array([x]))[0]
        direct, slope = current_density(difference - rest, law.kinetics)
        assert float(current[0]) == pytest.approx(float(direct[0]), abs=1e-12 * float(slope[0] + 1))


def test_a_megapascal_is_a_part_of_a_millivolt() -> None:
    """Verification D6: 1 MPa 134.696688 uV with 12.99625 cm3/mol; 100 mV 742.408751471 MPa."""
    assert barrier(1e6, 0.0, 0.0, VOLUME) == pytest.approx(134.696688e-6, rel=1e-8)
    assert pytest.approx(742.408751471e6, rel=1e-9) == 0.1 / (VOLUME / FARADAY)
    assert barrier(5e6, 2e6, 1e-3, VOLUME) == pytest.approx(1e-3 + 3 * 134.696688e-6, rel=1e-8)


@pytest.mark.parametrize(
    ("flaw", "pressure", "voltage"),
    [(1e-6, 169.256875064e6, 22.7983405e-3), (10e-6, 53.5237234846e6, 7.20946828527e-3)],
)
def test_lithium_in_a_crack(flaw: float, pressure: float, voltage: float) -> None:
    """Verification H11: p = K / sqrt(pi a) and V p / F at 0.3 MPa m^0.5."""
    assert critical_pressure(0.3e6, flaw) == pytest.approx(pressure, rel=1e-11)
    assert pressure * VOLUME / FARADAY == pytest.approx(voltage, rel=1e-8)
    assert stress_intensity(np.array([pressure]), flaw)[0] == pytest.approx(0.3e6, rel=1e-11)


def test_what_was_hardened_bonds_less() -> None:
    """400 MPa bond nothing more than half of what 400 MPa have hardened, and all of the soft."""
    assert bonded_share(400e6, 400e6, 0.4e9, 1.0) == pytest.approx(0.5)
    assert bonded_share(400e6, 100e6, 0.25e9, 1.0) == 1.0
    assert bonded_share(3e6, 400e6, 0.2e9, 1.0) == pytest.approx(0.005)
