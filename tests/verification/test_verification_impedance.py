"""Impedance: closed forms of circuits, slabs and cylinders; limits; the run in time.

Numbers in ohm m^2. R5 is a flat cell: lithium, 50 um of electrolyte, a slab of 5 um that is blocked
at its back; its values are those of the closed form, which stands beside them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import iv

import fem
from fem.cell.composition import Cell
from fem.constants import FARADAY, GAS_CONSTANT
from fem.runs.spectrum import resting
from fem.runs.steps import step

THERMAL = GAS_CONSTANT * 298.15 / FARADAY
SLAB, CONCENTRATION, DIFFUSIVITY, SLOPE = 5e-6, 5e4, 1e-14, -2e-5
R5 = {
    1e-4: 0.0395809222882 - 0.0695154649927j,
    1.0: 0.00613815269411 - 0.000625422682193j,
    1e4: 0.000239146740169 - 0.000194575886794j,
}
ELASTIC = {"NCM811": 175e9, "LPSCl": 28e9, "lithium": 7.82e9}


def flat(size: float, width: float = 2.0, separator: float = 50.0, **changes: Any) -> fem.Case:
    """The cell of R5 on elements of a size in um; the separator's resistance stays."""
    case = fem.Case.from_dict(
        {
            "geometry": {
                "width": f"{width} um",
                "anode": {"thickness": "4 um"},
                "separator": {"material": "LPSCl", "thickness": f"{separator} um"},
                "cathode": {"kind": "plane", "material": "NCM811", "thickness": f"{SLAB} m"},
            },
            "materials": {
                "LPSCl": {"ionic_conductivity": f"{0.3 * separator / 50.0} S/m"},
                "NCM811": {
                    "open_circuit_potential": f"4.3 + {SLOPE * CONCENTRATION}*x",
                    "max_concentration": f"{CONCENTRATION} mol/m^3",
                    "chemical_diffusivity": f"{DIFFUSIVITY} m^2/s",
                    "stoichiometry_min": 0.1,
                    "stoichiometry_max": 0.9,
                },
            },
            "kinetics": {
                "anode": {
                    "exchange_current_density": "100 A/m^2",
                    "double_layer_capacitance": "0.1 F/m^2",
                },
                "cathode": {
                    "exchange_current_density": "5 A/m^2",
                    "double_layer_capacitance": "0.2 F/m^2",
                    "stoichiometry": 0.5,
                },
            },
            "operation": {"kind": "protocol", "steps": [{"impedance": ["10 kHz", "0.1 mHz"]}]},
            "mechanics": {"enabled": False},
            "mesh": {"size": f"{size} um", "max_size": f"{size} um"},
        }
    )
    return case.replace({key.replace("__", "."): value for key, value in changes.items()})


def warburg(omega: float, length: float = SLAB) -> complex:
    """Of a slab that is blocked at its back."""
    s = np.sqrt(1j * omega * length**2 / DIFFUSIVITY)
    return complex(-SLOPE * length / (FARADAY * DIFFUSIVITY) / (np.tanh(s) * s))


def closed(frequency: float) -> complex:
    """R5."""
    omega = 2.0 * np.pi * frequency
    lithium = 1.0 / (100.0 / THERMAL + 1j * omega * 0.1)
    slab = 1.0 / (1.0 / (THERMAL / 5.0 + warburg(omega)) + 1j * omega * 0.2)
    return lithium + 50e-6 / 0.3 + slab


def test_the_closed_form_of_the_flat_cell_gives_its_numbers() -> None:
    for frequency, known in R5.items():
        assert closed(frequency) == pytest.approx(known, rel=1e-10)


def test_flat_cell_at_all_frequencies() -> None:
    """R5 to 1e-5, at 1 Hz where the layer of diffusion is 40 nm thin."""
    found = fem.impedance(flat(0.025, width=0.1, separator=1.0), list(R5))
    for z, known in zip(found.impedance, R5.values(), strict=True):
        assert abs(z - known) < 1e-5 * abs(known)


def test_flat_cell_converges_with_its_mesh() -> None:
    """In fourth order where the mesh resolves diffusion: quadratic elements, an energy."""
    errors = []
    for size in (1.0, 0.5, 0.25):
        found = fem.impedance(flat(size, width=1.0, separator=5.0), [1e-4])
        errors.append(abs(found.impedance[0] - R5[1e-4]) / abs(R5[1e-4]))
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert errors[0] < 2e-6
    assert orders.min() > 3.5, (errors, orders)


def test_low_frequencies_are_a_resistance_and_a_capacitance() -> None:
    frequency = 1e-6
    z = complex(fem.impedance(flat(1.0), [frequency]).impedance[0])
    assert z == pytest.approx(closed(frequency), rel=1e-8)
    assert z.real == pytest.approx(0.0401096738, rel=2e-5)  # less what the double layer takes
    assert -1.0 / (2.0 * np.pi * frequency * z.imag) == pytest.approx(24121.333, rel=1e-5)


def test_randles_circuit() -> None:
    """I1, in ohm m^2: 4 of a film on lithium and 6 of electrolyte, then 50 beside 10 uF/m^2."""
    known = {
        1.0: 59.9995065247 - 0.157078082381j,
        100.0: 55.5084918823 - 14.2969143773j,
        1e3: 14.5999834175 - 14.4512741111j,
        1e5: 10.0005066 - 0.159153331j,
    }
    case = flat(
        2.0,
        separator=6.0,
        materials__LPSCl={"ionic_conductivity": "1e-6 S/m"},
        kinetics__anode={"area_resistance": "4 ohm*m^2"},
        kinetics__cathode={
            "exchange_current_density": f"{THERMAL / 50.0!r} A/m^2",
            "double_layer_capacitance": "1e-5 F/m^2",
            "stoichiometry": 0.5,
            "diffusion": "fixed",
        },
    )
    found = fem.impedance(case, list(known))
    for z, value in zip(found.impedance, known.values(), strict=True):
        assert z == pytest.approx(value, rel=1e-8)


def test_a_film_lies_before_the_reaction_and_its_double_layer() -> None:
    omega = 2.0 * np.pi * 300.0
    table = {
        "exchange_current_density": "10 A/m^2",
        "area_resistance": "20 ohm*cm^2",
        "double_layer_capacitance": "0.3 F/m^2",
    }
    z = fem.impedance(flat(2.0, kinetics__anode=table), [300.0]).impedance[0]
    without = closed(300.0) - 1.0 / (100.0 / THERMAL + 1j * omega * 0.1)
    arc = 1.0 / (10.0 / THERMAL + 1j * omega * 0.3)
    assert z - without == pytest.approx(2e-3 + arc, rel=1e-4)


def test_a_film_before_a_reaction_with_diffusion() -> None:
    """What the double layer takes does not move lithium, and all of it crosses the film."""
    frequency, film, capacitance = 1.0, 2e-3, 20.0
    omega = 2.0 * np.pi * frequency
    table = {
        "exchange_current_density": "5 A/m^2",
        "area_resistance": f"{film} ohm*m^2",
        "double_layer_capacitance": f"{capacitance} F/m^2",
        "stoichiometry": 0.5,
    }
    case = flat(0.1, width=0.2, separator=2.0, kinetics__cathode=table)
    z = fem.impedance(case, [frequency]).impedance[0]
    lithium = 1.0 / (100.0 / THERMAL + 1j * omega * 0.1)
    arc = 1.0 / (1.0 / (THERMAL / 5.0 + warburg(omega)) + 1j * omega * capacitance)
    assert z == pytest.approx(lithium + 50e-6 / 0.3 + film + arc, rel=1e-4)


@pytest.mark.parametrize(
    ("number", "known"),
    [
        (1.0, 0.331238091985 - 1.02201272443j),
        (10.0, 0.227274222001 - 0.217405665129j),
        (100.0, 0.0707105755981 - 0.0707107796253j),
    ],
)
def test_slab_blocked_at_its_back(number: float, known: complex) -> None:
    """I2, ``coth(s) / s``: what is left of the cell once its resistances are gone."""
    omega = number * DIFFUSIVITY / SLAB**2
    case = flat(
        0.1,
        width=0.2,
        separator=2.0,
        kinetics__anode={"area_resistance": "1 ohm*cm^2"},
        kinetics__cathode={"area_resistance": "1 ohm*cm^2", "stoichiometry": 0.5},
    )
    z = fem.impedance(case, [omega / (2.0 * np.pi)]).impedance[0] - 2e-4 - 50e-6 / 0.3
    scale = -SLOPE * SLAB / (FARADAY * DIFFUSIVITY)
    assert abs(z / scale - known) < 1e-5 * abs(known)


def cylinder(size: float, number: float) -> complex:
    """The surface of a disc of radius 1 under an even unit wave, by the model of a particle."""
    radius = 4e-6
    case = flat(1.0).replace(
        {
            "geometry.width": "10 um",
            "geometry.separator.thickness": "5 um",
            "geometry.cathode": {
                "electrolyte": "LPSCl",
                "thickness": "10 um",
                "particles": {
                    "rows": 1, "columns": 1, "diameter": f"{2 * radius} m", "material": "NCM811",
                },
            },
            "mesh": {"size": f"{size} um", "max_size": f"{size} um"},
        }
    )  # fmt: skip
    particle = Cell.of(case).particles[0]
    omega = number * DIFFUSIVITY / radius**2
    even = particle.patches.loads(np.ones(particle.patches.weights.shape))
    stage = particle.model.condensed(1.0 / (1j * omega), np.full((1, particle.model.size), 0.5))
    assert stage.response is not None
    change = even @ stage.response.T
    mean = (even * change).sum() / even.sum()
    return complex(-mean * FARADAY * CONCENTRATION * DIFFUSIVITY / radius)


CYLINDER = {
    0.1: 0.249993489877 - 20.0010416233j,
    1.0: 0.249351883523 - 2.01037346278j,
    10.0: 0.204990151123 - 0.274417439862j,
    100.0: 0.0704048235041 - 0.0759715210436j,
}


@pytest.mark.parametrize(
    ("number", "size"),
    [(0.1, 0.8), (1.0, 0.8), (10.0, 0.4), pytest.param(100.0, 0.15, marks=pytest.mark.slow)],
)
def test_cylinder(number: float, size: float) -> None:
    """I3, ``I0(s) / (s I1(s))``, to 1e-5."""
    s, known = np.sqrt(1j * number), CYLINDER[number]
    assert iv(0, s) / (s * iv(1, s)) == pytest.approx(known, rel=1e-10)
    assert abs(cylinder(size, number) - known) < 1e-5 * abs(known)


@pytest.mark.slow
def test_cylinder_converges_with_its_mesh() -> None:
    errors = [abs(cylinder(size, 10.0) - CYLINDER[10.0]) for size in (1.6, 0.8, 0.4)]
    assert np.log2(errors[0] / errors[-1]) / 2.0 > 2.5, errors


def test_pressure_on_lithium_is_a_capacitance() -> None:
    """A held stack resists what is plated: ``Z = V^2 K / (F^2 j omega)`` in series."""
    stiffness = {name: (1 - nu) / ((1 + nu) * (1 - 2 * nu)) for name, nu in
                 (("NCM811", 0.3), ("LPSCl", 0.27), ("lithium", 0.381))}  # fmt: skip
    thickness = {"NCM811": SLAB, "LPSCl": 50e-6, "lithium": 4e-6}
    compliance = sum(thickness[n] / (ELASTIC[n] * stiffness[n]) for n in ELASTIC)
    names = ("materials__lithium", "materials__LPSCl", "materials__NCM811")
    moduli = {
        f"{name}__{key}": value
        for name, pair in zip(
            names, (("7.82 GPa", 0.381), ("28 GPa", 0.27), ("175 GPa", 0.3)), strict=True
        )
        for key, value in zip(("youngs_modulus", "poisson_ratio"), pair, strict=True)
    }
    case = flat(
        4.0,
        width=8.0,
        mechanics={"lithium": "elastic", "top": "held", "coupling": "lithium"},
        materials__lithium={"molar_volume": "13 cm^3/mol"},
        **moduli,
    )
    frequency = 1e-3
    found = fem.impedance(case, [frequency], processes=True)
    added = found.impedance[0] - found.without["lithium pressure"][0]
    known = (13e-6 / FARADAY) ** 2 / compliance / (2j * np.pi * frequency)
    assert added == pytest.approx(known, rel=1e-5)


@pytest.mark.parametrize(
    "frequency",
    [3e-2, *(pytest.param(f, marks=pytest.mark.slow) for f in (3e-3, 3e-1))],
)
def test_impedance_is_what_a_small_sine_does_in_time(frequency: float) -> None:
    """At rest and without double layers; steps of a twentieth of a period."""
    kinetics = {
        "anode": {"exchange_current_density": "100 A/m^2"},
        "cathode": {"exchange_current_density": "5 A/m^2", "stoichiometry": 0.5},
    }
    cell = Cell.of(
        flat(2.0, width=2.0, separator=4.0, kinetics=kinetics, operation__steps=[{"rest": "1 s"}])
    )
    width, size, many, periods = cell.mesh.geometry.width, 1e-2, 20, 2
    known = complex(fem.impedance(cell, [frequency]).impedance[0])
    omega, dt = 2.0 * np.pi * frequency, 1.0 / (frequency * many)

    def drives(time: float) -> Any:
        return cell.drives(current=size * width * np.cos(omega * time))

    state = replace(cell.instant(resting(cell), drives(0.0)), time=0.0)
    times, volts = [], []
    for _ in range(periods * many):
        state = step(cell, state, dt, drives).state
        times.append(state.time)
        volts.append(state.solved.voltages[1])
    t, v = np.array(times[-many:]), np.array(volts[-many:])
    columns = np.stack([np.cos(omega * t), np.sin(omega * t), np.ones(many), t], axis=1)
    a, b, *_ = np.linalg.lstsq(columns, v, rcond=None)[0]
    assert abs((a - 1j * b) / size - known) < 1e-2 * abs(known)
