"""Every law of an interface: its derivatives against differences, its equilibrium, its signs.

One test walks over all laws that `fem.laws.interfaces` and `fem.laws.layers` list. A new law needs
an entry in `LAWS`, which says how to draw one, and the range of each of its variables.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fem.laws import interfaces, layers
from fem.laws.interfaces import (
    CONTACT,
    INTERFACE_LAWS,
    LEFT,
    PRESSURE,
    STOICHIOMETRY,
    STRESS,
    THINNING,
    Exhaustible,
    Intercalation,
    Plating,
    Touched,
)
from fem.laws.interphase import GROWTHS, Growth
from fem.laws.kinetics import Kinetics
from fem.laws.layers import LAYER_LAWS, RESISTANCE, THICKNESS, Layered, Oxidation, Reduced

Floats = NDArray[np.float64]

RANGES = {
    STOICHIOMETRY: (0.05, 0.95),
    STRESS: (-3e8, 3e8),
    PRESSURE: (-1e8, 1e8),
    CONTACT: (0.1, 1.0),
    LEFT: (1e-9, 1e-7),
    THINNING: (1e-12, 1e-9),
    THICKNESS: (1e-9, 1e-7),
    RESISTANCE: (0.0, 1e-2),
}
"""Of each variable; its width is the size that differences are a part of."""

coefficients = st.floats(0.2, 0.8)
kinetics = st.builds(
    Kinetics,
    temperature=st.floats(250.0, 350.0),
    exchange_current_density=st.one_of(st.none(), st.floats(0.1, 100.0)),
    area_resistance=st.sampled_from([1e-4, 1e-2]),
    anodic=coefficients,
    cathodic=coefficients,
)


def curve(x: Floats) -> tuple[Floats, Floats]:
    """A potential in V with its slope."""
    bend = np.cosh(8.0 * (x - 0.5)) ** -2
    return 4.2 - 0.6 * x - 0.1 * np.tanh(8.0 * (x - 0.5)), -0.6 - 0.8 * bend


LAWS: dict[type, st.SearchStrategy[Any]] = {
    Intercalation: st.builds(
        Intercalation,
        kinetics=kinetics,
        potential=st.just(curve),
        depends_on_stoichiometry=st.booleans(),
        partial_molar_volume=st.floats(-1e-5, 1e-5),
    ),
    Plating: st.builds(
        Plating, kinetics=kinetics, molar_volume=st.just(1.3e-5), potential=st.floats(0.0, 1.0)
    ),
    Exhaustible: st.builds(
        Exhaustible,
        law=st.builds(Plating, kinetics=kinetics, molar_volume=st.just(1.3e-5)),
        fading=st.floats(1e-9, 1e-7),
    ),
    Touched: st.builds(
        Touched, law=st.builds(Intercalation, kinetics=kinetics, potential=st.just(curve))
    ),
    Layered: st.builds(
        Layered, law=st.builds(Intercalation, kinetics=kinetics, potential=st.just(curve))
    ),
    Oxidation: st.builds(
        Oxidation,
        current_density=st.floats(1e-3, 1.0),
        onset=st.just(2.5),
        growth=st.builds(Growth, kind=st.sampled_from(GROWTHS), passivation=st.floats(1e-9, 1e-7)),
        by_charge=st.just(3.4e-10),
        temperature=st.floats(250.0, 350.0),
        limited=st.booleans(),
        c=st.sampled_from([0.0, 1.0, 1e4]),
    ),
}

LAWS[Reduced] = st.builds(
    Reduced,
    law=LAWS[Plating],
    growth=st.just(Growth("linear")),
    rate=st.just(1e-12),
    conductivity=st.sampled_from([None, 1e-6, 1e-5]),
)

ALL = (*INTERFACE_LAWS, *LAYER_LAWS)
IRREVERSIBLE = (Oxidation,)
"""Laws by which no current flows below the equilibrium."""


def test_every_law_is_listed_and_drawn() -> None:
    """A class with `variables` in the module is a law, and none is left out of this test."""
    found = {
        each for module in (interfaces, layers) for each in vars(module).values()
        if isinstance(each, type) and hasattr(each, "variables") and hasattr(each, "equilibrium")
    } - {interfaces.InterfaceLaw}  # fmt: skip
    assert found == set(ALL) == set(LAWS)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_derivatives_against_differences(kind: type, data: st.DataObject) -> None:
    law = data.draw(LAWS[kind])
    eta = data.draw(st.floats(-0.3, 0.3).filter(lambda e: abs(e) > 2e-5))
    state = {name: np.array([data.draw(st.floats(*RANGES[name]))]) for name in law.variables}
    before = {name: values.copy() for name, values in state.items()}
    difference = law.equilibrium(state) + eta
    current, by_difference, by_state = law(difference, state)
    assert set(by_state) == set(law.variables)
    for name in ("difference", *law.variables):
        size = 1e-5 * (1.0 if name == "difference" else np.ptp(RANGES[name]))
        up, down = (
            law(difference + sign * size, state)[0]
            if name == "difference"
            else law(difference, {**state, name: state[name] + sign * size})[0]
            for sign in (1, -1)
        )
        slope = by_difference if name == "difference" else by_state[name]
        # What a step of this size changes beside the current itself, which rounds.
        assert abs(2.0 * size * slope - (up - down)) <= 2e-6 * (
            abs(up - current) + abs(current - down)
        ) + 1e-13 * (1.0 + abs(current))
    if kind in IRREVERSIBLE and eta < 0.0:
        assert current == 0.0 and by_difference == 0.0
    else:
        assert np.sign(current) == np.sign(eta)
        assert by_difference > 0.0
    assert law(law.equilibrium(state), state)[0] == pytest.approx(0.0, abs=1e-9)
    assert all(np.array_equal(state[name], before[name]) for name in state)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_stress_shifts_the_equilibrium_by_what_it_says(kind: type, data: st.DataObject) -> None:
    """Without mechanical variables nothing of the equilibrium is stress."""
    law = data.draw(LAWS[kind])
    state = {name: np.array([data.draw(st.floats(*RANGES[name]))]) for name in law.variables}
    unloaded = {name: 0.0 * v if name in (STRESS, PRESSURE) else v for name, v in state.items()}
    shift = law.equilibrium(state) - law.equilibrium(unloaded)
    assert shift == pytest.approx(law.by_stress(state), abs=1e-15)
    assert law.by_stress(unloaded) == 0.0


def test_pressure_opposes_plating() -> None:
    """1 MPa on lithium of 12.9962546816 cm^3/mol lowers its potential by 134.696688 uV."""
    law = Plating(Kinetics(298.15, 10.0), 6.94 / 0.534 * 1e-6)
    assert law.equilibrium({PRESSURE: np.array(1e6)}) == pytest.approx(-134.696688e-6, rel=1e-8)
    current = law(np.array(-0.01), {PRESSURE: np.array([0.0, 1e7])})[0]
    assert current[0] < current[1] < 0.0


def test_tension_raises_the_potential_of_what_swells() -> None:
    """100 MPa on 2.5 cm^3/mol are 2.59107 mV."""
    law = Intercalation(Kinetics(298.15, 2.0), curve, partial_molar_volume=2.5e-6)
    x = np.array(0.4)
    shift = law.equilibrium({STOICHIOMETRY: x, STRESS: np.array(1e8)}) - curve(x)[0]
    assert shift == pytest.approx(2.5e-6 * 1e8 / 96485.33212, rel=1e-12)


@settings(max_examples=200, deadline=None)
@given(
    strength=st.floats(1e-3, 1e6),
    left=st.floats(-1e-7, 1e-5),
    thinning=st.floats(0.0, 1e-6),
    eta=st.floats(-0.5, 2.0),
)
def test_no_more_is_stripped_than_there_is(
    strength: float, left: float, thinning: float, eta: float
) -> None:
    """However long the stage and however large the current, and it solves its own equation."""
    kinetics = Kinetics(298.15, strength, 0.0, 0.5, 0.5)
    law = Exhaustible(Plating(kinetics, 1.3e-5), 1e-8)
    state = {PRESSURE: np.zeros(1), LEFT: np.array([left]), THINNING: np.array([thinning])}
    (current,), _, _ = law(np.array([eta]), state)
    (whole,), _, _ = law.law(np.array([eta]), state)
    assert thinning * current <= max(left, 0.0) * (1.0 + 1e-12)
    if whole <= 0.0:
        assert current == whole
    else:
        after = max(left, 0.0) - thinning * current
        rest = max(after, 0.0)
        scale = abs(whole) * (1e-9 + 1e-15 * max(left, 0.0) / (rest + 1e-8))
        assert current == pytest.approx(whole * rest / (rest + 1e-8), rel=1e-6, abs=scale)
