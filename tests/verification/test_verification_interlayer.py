"""An interlayer against closed forms: where lithium deposits, porous electrodes, potentials."""

from __future__ import annotations

import numpy as np
import pytest

import fem
from fem.cell.composition import Cell
from fem.constants import FARADAY
from tests.verification.interlayer_cells import (
    KAPPA,
    KAPPA_LAYER,
    LAYER,
    RT_F,
    SEPARATOR,
    THICK,
    VOLUME,
    at_rest,
    butler,
    case,
    currents,
    face_potential,
    line,
    metrics,
)

FAST = {"kinetics.anode.exchange_current_density": "1e7 A/m^2"}
SHUT = {
    "kinetics.interlayer.electrolyte": {"opening_pressure": f"{THICK} Pa"},
    "kinetics.interlayer.collector": {"opening_pressure": f"{THICK} Pa"},
}


def first_at_the_face(cell: Cell, low: float, high: float) -> float:
    """The current density (A/m2) from which on lithium deposits on the electrolyte too."""
    while high - low > 1e-4 * low:
        middle = 0.5 * (low + high)
        share = currents(cell, at_rest(cell, middle))["face"] / middle
        low, high = (middle, high) if share < 1e-6 else (low, middle)
    return 0.5 * (low + high)


@pytest.mark.parametrize(
    ("pressure", "nucleation", "expected"),
    [
        (100.0, 0.0, (100.0 - 3.0) * 1e6 * VOLUME / FARADAY),
        (20.0, 0.0, (20.0 - 3.0) * 1e6 * VOLUME / FARADAY),
        (3.0, 8.0, 8e-3),
        (50.0, 5.0, (50.0 - 3.0) * 1e6 * VOLUME / FARADAY + 5e-3),
    ],
)
def test_the_site_follows_the_threshold(
    pressure: float, nucleation: float, expected: float
) -> None:
    """``I L / kappa = V (p1 - p2) / F + difference of nucleation`` within 1 % (reactions fast).

    Found to 1e-3, so that what is left is the overpotential of the reaction at the collector.
    """
    site = {
        "opening_pressure": f"{pressure} MPa", "nucleation_overpotential": f"{nucleation} mV",
    }  # fmt: skip
    cell = Cell.of(case({**FAST, "kinetics.interlayer.electrolyte": site}))
    goal = expected * KAPPA_LAYER / LAYER
    assert first_at_the_face(cell, 0.5 * goal, 2.0 * goal) == pytest.approx(goal, rel=1e-3)


def test_the_reaction_at_the_collector_counts_too() -> None:
    """At 32 A/m2 of exchange current the face gives in earlier, by what that reaction needs."""
    site = {"opening_pressure": "100 MPa"}
    cell = Cell.of(
        case(
            {
                "kinetics.anode.exchange_current_density": "32 A/m^2",
                "kinetics.interlayer.electrolyte": site,
            }
        )
    )
    found = first_at_the_face(cell, 1.0, 20.0)
    drop = found * LAYER / KAPPA_LAYER + butler(found, 32.0)
    assert drop == pytest.approx(97e6 * VOLUME / FARADAY, rel=1e-3)
    assert found < 0.95 * 97e6 * VOLUME / FARADAY * KAPPA_LAYER / LAYER


def test_voltage_of_lithium_behind_the_layer() -> None:
    """0.622 V, ohmic drops, two reactions, and 3 MPa on the lithium: to rounding."""
    cell = Cell.of(case({"kinetics.interlayer.electrolyte": {"opening_pressure": "100 MPa"}}))
    state = at_rest(cell, 2.0)
    drops = 2.0 * (SEPARATOR / KAPPA + LAYER / KAPPA_LAYER)
    expected = 0.622 + drops + 2.0 * butler(2.0) + 3e6 * VOLUME / FARADAY
    assert state.solved.voltages[1] == pytest.approx(expected, abs=1e-12)
    assert metrics(cell, state)["interlayer_drop_V"] == pytest.approx(2e-3, rel=1e-9)


@pytest.mark.parametrize(
    ("thiele", "expected", "limit"),
    [(1.0, 1.3130352855, 1e-8), (3.0, 0.334989941105, 1e-6), (10.0, 0.100000000412, 1e-3)],
)
def test_newman_and_tobias(thiele: float, expected: float, limit: float) -> None:
    """Linear kinetics in pores: ``R kappa / L = coth(nu) / nu``, with order 4 in the mesh.

    The potential on the face is the slope of an energy, which converges twice as fast as a field.
    """
    resistance, errors = 1e-2, []
    surface = KAPPA_LAYER * resistance * (thiele / LAYER) ** 2
    pores = {
        "area_resistance": f"{resistance} ohm*m^2", "surface_area": f"{surface} 1/m",
        "porosity": 0.5, "opening_pressure": "0 Pa",
    }  # fmt: skip
    cell = Cell.of(
        case(
            {
                **SHUT,
                "kinetics.interlayer.pressure": "0 Pa",
                "kinetics.interlayer.pores": pores,
                "geometry.width": "5 um",
            }
        )
    )
    for _ in range(4):
        found = face_potential(cell, at_rest(cell, 2.0)) / 2.0 * KAPPA_LAYER / LAYER
        errors.append(abs(found / expected - 1.0))
        cell = Cell(cell.case, cell.mesh.refined(), cell.parameters)
    assert errors[-1] < limit, errors
    assert np.log2(errors[-2] / errors[-1]) == pytest.approx(4.0, abs=0.25), errors


@pytest.mark.slow
def test_pores_fill_and_then_lithium_goes_elsewhere() -> None:
    """What is in full pores is porosity times thickness; the rest is at the collector."""
    result = fem.run(
        case(
            {
                "kinetics.interlayer.electrolyte": {"opening_pressure": "500 MPa"},
                "kinetics.interlayer.collector": {"opening_pressure": "50 MPa"},
                "kinetics.interlayer.pores": {"surface_area": "1e5 1/m", "porosity": 0.1},
                # Ions pass easily, so that all pores fill alike and the run is short.
                "materials.carbon.ionic_conductivity": "1000 S/m",
            },
            [{"charge": "10 A/m^2", "until": {"time": "20 min"}}],
        )
    )
    history = result.history
    assert history is not None
    pores, collector = line(history, "deposit_pores_m"), line(history, "deposit_collector_m")
    assert pores[-1] == pytest.approx(0.1 * LAYER, rel=1e-9)
    total = 10.0 * 1200.0 * VOLUME / FARADAY
    assert pores[-1] + collector[-1] == pytest.approx(total, rel=1e-10)
    begins = np.flatnonzero(collector > 1e-9)[0]
    assert pores[begins] > 0.95 * 0.1 * LAYER
    assert line(history, "charge_error").max() < 1e-12


def test_a_flaw_opens_where_the_closed_form_says() -> None:
    """Constant pressure, a growing flaw: K is the toughness at a time that is known."""
    flaw = {"size": "1 um", "growth": 30.0, "shape_factor": 1.12}
    tables = case(
        {
            "geometry.anode.interlayer": None,
            "kinetics.interlayer": None,
            "geometry.anode.flaw": flaw,
            "kinetics.anode.exchange_current_density": "50 A/m^2",
            "materials.LPSBr.fracture_toughness": "0.3 MPa*m^0.5",
        },
        [{"charge": "10 A/m^2", "until": {"time": "30 min"}}],
    )
    history = fem.run(tables).history
    assert history is not None
    pressure = butler(10.0, 50.0) * FARADAY / VOLUME
    length = (0.3e6 / (1.12 * pressure)) ** 2 / np.pi
    thickness = (length - 1e-6) / 30.0
    time = thickness * FARADAY / VOLUME / 10.0
    row, _, _, why = history.events[0]
    assert why.startswith("lithium enters a crack at x = ")
    assert line(history, "Test Time / s")[row] == pytest.approx(time, rel=1e-5)
    assert line(history, "flaw_intensity_over_toughness")[row] == pytest.approx(1.0, abs=2e-6)
    since = (1800.0 - time) * 10.0 / 3600.0
    assert line(history, "lithium_in_flaws_Ah_m2")[-1] == pytest.approx(since, rel=1e-4)


def impedance_of_the_layer(omega: float, line: float, back: complex, face: float) -> complex:
    """A porous electrode as a line of resistances and admittances, in ohm m^2.

    R. de Levie, in: Advances in Electrochemistry and Electrochemical Engineering 6 (1967) 329. Its
    walls store and react, `back` stands at its end, and a double layer of `face` before it.
    """
    wall = 1.0 / (RT_F / 2.0 + 0.4 / (1j * omega * FULL)) + 1j * omega * 0.01
    rate = np.sqrt(line * wall / KAPPA_LAYER)
    own, depth = 1.0 / (KAPPA_LAYER * rate), np.tanh(rate * LAYER)
    seen = own / depth if np.isinf(back) else own * (back + own * depth) / (own + back * depth)
    return complex(1.0 / (1.0 / seen + 1j * omega * face))


WALLS = 1e5
"""Surface of carbon in 1/m."""
FULL = 500.0 * FARADAY / WALLS
"""Charge per area of it (C/m2) that fills it from x = 0 to 1."""


@pytest.mark.parametrize("lithium", [False, True], ids=["blocked", "lithium behind it"])
def test_spectrum_of_a_layer_is_that_of_a_porous_electrode(lithium: bool) -> None:
    """Storage, reaction and double layer of its walls, at 1e-5 from 10 mHz to 1 MHz."""
    carbon = {
        "exchange_current_density": "2 A/m^2", "double_layer_capacitance": "0.01 F/m^2",
        "surface_area": f"{WALLS} 1/m", "stoichiometry": 0.5,
    }  # fmt: skip
    tables = {
        **SHUT,
        "kinetics.interlayer.carbon": carbon,
        "kinetics.anode.double_layer_capacitance": "0.1 F/m^2",
        "materials.carbon.max_concentration": "500 mol/m^3",
        "materials.carbon.open_circuit_potential": "0.2 - 0.4*x",
        "materials.carbon.stoichiometry_min": 0.01,
        "materials.carbon.stoichiometry_max": 0.99,
        "mesh.size": "0.25 um",
        "geometry.width": "1 um",
    }
    if lithium:
        tables["geometry.anode.reserve"] = "1 um"
        del tables["kinetics.interlayer.collector"]
    frequencies = np.array([1e-2, 1.0, 1e2, 1e4, 1e6])
    found = fem.impedance(case(tables), frequencies, processes=True)
    for k, frequency in enumerate(frequencies):
        omega = 2.0 * np.pi * frequency
        slow = 320.0 / RT_F if lithium else 0.0
        back = 1.0 / (slow + 0.1j * omega)
        layer = impedance_of_the_layer(omega, WALLS, back, 0.1)
        known = SEPARATOR / KAPPA + RT_F / 320.0 + layer
        assert abs(found.impedance[k] - known) < 1e-5 * abs(known), frequency
    assert set(found.without) == {
        "lithium double layer", "face double layer", "carbon double layer", "carbon filling",
    }  # fmt: skip
