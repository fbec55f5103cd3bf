"""Electrolyte that reacts: layers in closed form, their order in time, volume that is lost.

The flat cells are those of `time_harness`, at rest with particles at 3.8 V, so far above the onset
that the side reaction runs at its limit to rounding.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from time_harness import cell_of, drives, flat_case, march

import fem
from fem.cell.composition import Cell
from fem.constants import FARADAY
from fem.geometry import Phase

Floats = NDArray[np.float64]

SLOW = pytest.mark.slow
WHILE = 900.0
"""Seconds in which layers grow to about twice what they were."""
VOLUME, PRODUCTS, ELECTRONS = 163.64e-6, 114.55e-6, 5
"""Of Li6PS5Cl and of what is left of it in m^3/mol (Kim 2024), and the electrons it gives."""
SIDE, PASSIVATION, BEGIN = 0.02, 5e-9, 5e-9
HOUR = 3600.0
RATE = SIDE * VOLUME / (ELECTRONS * FARADAY)
CLOSED = {
    "linear": lambda t: BEGIN + RATE * t,
    "parabolic": lambda t: np.sqrt(BEGIN**2 + 2.0 * PASSIVATION * RATE * t),
    "self-limiting": lambda t: (
        np.sqrt((PASSIVATION + BEGIN) ** 2 + 2.0 * PASSIVATION * RATE * t) - PASSIVATION
    ),
    "logarithmic": lambda t: (
        PASSIVATION * np.log(np.exp(BEGIN / PASSIVATION) + RATE * t / PASSIVATION)
    ),
}


def table(growth: str, **changes: Any) -> dict[str, Any]:
    """The interphase on particles by a law of growth."""
    found = {
        "growth": growth,
        "current_density": f"{SIDE} A/m^2",
        "initial_thickness": f"{BEGIN} m",
        "transfer_coefficient": 1.0,
    }
    if growth != "linear":
        found["passivation_thickness"] = f"{PASSIVATION} m"
    return found | changes


def resting(growth: str, **changes: Any) -> Cell:
    """A flat cell at rest whose electrolyte oxidises."""
    oxidised = {"interphase__particle_electrolyte": table(growth)}
    return cell_of(flat_case(kinetics__cathode__diffusion="averaged", **oxidised, **changes))


@pytest.mark.parametrize("growth", [*[*CLOSED][:3], pytest.param("logarithmic", marks=SLOW)])
def test_thickness_in_closed_form_with_order_two(growth: str) -> None:
    """Thickness, charge and consumed volume, in 6, 12 and 24 steps."""
    cell, errors = resting(growth), []
    (side,) = cell.oxidation
    for count in (6, 12, 24):
        state = march(cell, drives(0.0), WHILE, count, cell.initial())[-1]
        thickness = side.thickness(state.content)
        assert np.ptp(thickness) < 1e-9 * thickness.max()
        errors.append(float(thickness.mean()) / CLOSED[growth](WHILE) - 1.0)
        charge = float(side.charge(state.content).sum()) / side.patches.length
        grown = float(thickness.mean()) - BEGIN
        assert charge == pytest.approx(ELECTRONS * FARADAY / VOLUME * grown, rel=1e-10)
        # Lithium and charge: what electrolyte gave went into the particles, as no current flows.
        (particles,) = cell.particles
        assert particles.charge(state.content).sum() + side.charge(
            state.content
        ).sum() == pytest.approx(0.0, abs=1e-12 * abs(charge))
    if growth == "linear":
        assert np.abs(errors).max() < 1e-10
    else:
        assert abs(errors[-1]) < 3e-3
        order = np.log2(np.abs(errors[:-1]) / np.abs(errors[1:]))
        assert order[-1] == pytest.approx(2.0, abs=0.25)


def test_the_side_reaction_follows_the_potential() -> None:
    """Nothing below the onset to the last digit; above it Tafel's law with its coefficient."""
    onsets = (2.5, 3.7, 3.75, 4.5)
    found = []
    for onset in onsets:
        changes = {
            "onset": f"{onset} V", "kinetics": "Tafel", "initial_thickness": "0 nm",
            "transfer_coefficient": 0.5, "current_density": "1e-9 A/m^2",
        }  # fmt: skip
        cell = cell_of(flat_case(interphase__particle_electrolyte=table("linear", **changes)))
        state = cell.instant(cell.initial(), drives(0.0))
        found.append(float(state.solved.currents[-1].mean()))
    assert found[-1] == 0.0
    thermal = 8.31446261815324 * 298.15 / FARADAY
    assert np.log(found[1] / found[2]) == pytest.approx(0.05 / (2.0 * thermal), rel=0.2)
    assert found[0] > found[1] > found[2] > 0.0


def test_a_layer_in_series() -> None:
    """R = w/sigma: at a given current it adds i R, to rounding of the solve."""
    steady = {"initial_thickness": "100 nm", "current_density": "1e-12 A/m^2"}
    volts = []
    for sigma in ("1e-6 S/m", "2e-6 S/m", "1e3 S/m"):
        case = flat_case(
            interphase__particle_electrolyte=table("linear", **steady),
            materials__LPSCl__interphase_conductivity=sigma,
        )
        cell = cell_of(case)
        volts.append(cell.instant(cell.initial(), drives(5.0)).solved.voltages[1])
    assert volts[0] - volts[2] == pytest.approx(5.0 * 0.1, rel=1e-8)
    assert volts[1] - volts[2] == pytest.approx(5.0 * 0.05, rel=1e-8)


# ----------------------------------------------------------------------------- lost volume

LAYERS = (("lithium", 45e-6, 40e9, 0.27), ("LPSCl", 690e-6, 28e9, 0.27), ("LCO", 45e-6, 60e9, 0.28))
"""The layered cell of the reference: material, thickness, modulus and Poisson's ratio."""
COMPLIANCE = 2.1208012068e-14
BONDS: dict[str, dict[str, Any]] = {
    "perfect": {},
    "none": {"bond": "none"},
    "cohesive": {"bond": "cohesive", "strength": "50 MPa", "toughness": "1 J/m^2"},
}


def layered(bond: str, stiffness: float) -> Cell:
    """Three layers in a die under a spring, whose faces hold by a kind of bond."""
    lithium, separator, cathode = (f"{1e6 * layer[1]} um" for layer in LAYERS)
    case = flat_case(kinetics__cathode__diffusion="averaged").replace(
        {
            "geometry.width": "100 um",
            "geometry.anode": {"thickness": lithium},
            "geometry.separator.thickness": separator,
            "geometry.cathode": {"kind": "plane", "material": "NCM811", "thickness": cathode},
            "interphase.particle_electrolyte": table("self-limiting"),
            "mechanics": {"enabled": True, "lithium": "elastic"},
            "stack": {"pressure": "10 MPa", "stiffness": f"{stiffness} Pa/m"},
            "interfaces.particle_electrolyte": BONDS[bond],
            "mesh": {"size": "20 um"},
        }
    )
    names = ("lithium", "LPSCl", "NCM811")
    for name, (_, _, modulus, ratio) in zip(names, LAYERS, strict=True):
        case = case.replace(
            {
                f"materials.{name}.youngs_modulus": f"{modulus} Pa",
                f"materials.{name}.poisson_ratio": ratio,
            }
        )
    return Cell.of(case)


@pytest.mark.parametrize("bond", list(BONDS))
def test_pressure_drop_of_a_layered_cell(bond: str) -> None:
    """A thickness q that is lost lowers the pressure by k q / (1 + k S), S of all layers.

    10 mAh/g of 7.35 mg/cm^2 at 9.818 cm^3 a mol of electrons are 0.269247 um, and 0.21e5 Pa at
    7.7995e10 Pa/m were these layers stiff.
    """
    uniaxial = [e * (1.0 - nu) / ((1.0 + nu) * (1.0 - 2.0 * nu)) for _, _, e, nu in LAYERS]
    compliance = sum(layer[1] / m for layer, m in zip(LAYERS, uniaxial, strict=True))
    assert compliance == pytest.approx(COMPLIANCE, rel=1e-9)
    q = (VOLUME - PRODUCTS) / (ELECTRONS * FARADAY) * 10.0 * 73.5 * 3.6
    assert q == pytest.approx(0.269247e-6, rel=2e-6)
    assert 7.7995e10 * q == pytest.approx(0.21e5, rel=2e-5)
    for stiffness in (8e10, 1e12, 1e13) if bond == "perfect" else (8e10,):
        problem = layered(bond, stiffness).stress.problem()
        (interface,) = (i for i in problem.interfaces if i.on_electrolyte)
        nothing, ones = np.zeros(problem.mesh.nodes.shape[1]), np.ones(len(interface.pairs))
        before, after = (problem.solve(nothing, lost=lost * ones) for lost in (0.0, q))
        drop = before.top.pressure - after.top.pressure
        assert drop == pytest.approx(stiffness * q / (1.0 + stiffness * COMPLIANCE), rel=1e-8)


@pytest.mark.slow
def test_pressure_drop_by_charge_of_a_run() -> None:
    """In time, at rest: 9.818e-6 m^3/mol / F times the stiffness, of every charge that passed."""
    stiffness = 1e9
    case = layered("perfect", stiffness).case.replace(
        {"operation.steps": [{"rest": "1 h"}], "stepping.tolerance": 1e-2}
    )
    history = fem.run(case).history
    assert history is not None
    charge = HOUR * history["side_charge_Ah_m2"]
    drop = history["stack_pressure_Pa"][0] - history["stack_pressure_Pa"]
    per_charge = (VOLUME - PRODUCTS) / (ELECTRONS * FARADAY)
    assert per_charge * FARADAY == pytest.approx(9.818e-6, rel=1e-12)
    wanted = per_charge * stiffness / (1.0 + stiffness * COMPLIANCE) * charge
    # Nothing is plated at rest; pressures of 10 MPa leave 1e-11 of that to rounding.
    assert drop == pytest.approx(wanted, rel=1e-6, abs=1e-3)
    assert drop[-1] > 1.0
    for name in ("lithium_error", "charge_error", "electrolyte_error"):
        assert history[name].max() < 1e-10
    assert history["work_error"].max() < 1e-8


@pytest.mark.parametrize(
    ("growth", "factor", "expected"),
    [("linear", 2.0 / 3.0, 1.5), pytest.param("self-limiting", 0.5, None, marks=SLOW)],
)
def test_ratio_of_two_pressure_drops_is_that_of_the_side_reactions(
    growth: str, factor: float, expected: float | None
) -> None:
    """1.5 from the ratio of side reactions, zero for Li3YCl6, without another change.

    A coating that lets 2/3 of the reaction through; of a layer that slows itself the two charges
    are as something else, and the pressures are as these. Nothing swells here, which in a cell of
    LiCoO2 lies over it.
    """
    steps = {
        "operation.steps": [{"rest": "10 min"}], "stepping.tolerance": 1e-1,
        "stepping.first": "20 s", "geometry.width": "20 um",
    }  # fmt: skip
    bare = layered("perfect", 1e9).case.replace(
        {**steps, "interphase.particle_electrolyte": table(growth, initial_thickness="0 m")}
    )
    drops, charges = [], []
    for changes in (
        {},
        {"interphase.particle_electrolyte.coating_factor": factor},
        {"geometry.separator.material": "LYC"},
    ):
        history = fem.run(bare.replace(changes)).history
        assert history is not None
        pressure = history["stack_pressure_Pa"]
        drops.append(float(pressure[0] - pressure[-1]))
        charges.append(float(history["side_charge_Ah_m2"][-1]))
    assert drops[0] / drops[1] == pytest.approx(charges[0] / charges[1], rel=1e-5)
    if expected is not None:
        assert drops[0] / drops[1] == pytest.approx(expected, rel=1e-5)
    assert (charges[2], drops[2]) == (0.0, pytest.approx(0.0, abs=1e-6))


@pytest.mark.parametrize("bond", ["perfect", "cohesive"])
def test_a_disc_that_loses_its_rim_has_shrunk(bond: str) -> None:
    """A jump -q n on a circle is that of a disc that has shrunk by q/R in its plane.

    So stress around it is the same as of a strain, which enters the solids by another door.
    """
    discs = {"rows": 1, "columns": 1, "diameter": "10 um", "material": "NCM811"}
    strong = {"strength": "1000 GPa"} if bond == "cohesive" else {}
    case = flat_case(kinetics__cathode__diffusion="averaged").replace(
        {
            "geometry.width": "20 um",
            "geometry.cathode": {"electrolyte": "LPSCl", "thickness": "20 um", "particles": discs},
            "interphase.particle_electrolyte": table("linear"),
            "mechanics": {"enabled": True, "lithium": "elastic", "top": "plate"},
            "interfaces.particle_electrolyte": BONDS[bond] | strong,
            "mesh": {"size": "2 um"},
        }
    )
    problem = Cell.of(case).stress.problem()
    (interface,) = (i for i in problem.interfaces if i.on_electrolyte)
    q, radius, space = 5e-9, 5e-6, problem.bodies[0]
    inside = np.isin(space.elements, problem.mesh.elements(Phase.ACTIVE))
    swelling = np.zeros((4, len(inside), 6))
    swelling[:2, inside] = -q / radius
    nothing = np.zeros(problem.mesh.nodes.shape[1])
    lost = problem.solve(nothing, lost=np.full(len(interface.pairs), q)).stress()[:, ~inside]
    shrunk = problem.solve(nothing, swelling).stress()[:, ~inside]
    assert np.abs(lost - shrunk).max() < 1e-9 * np.abs(shrunk).max()


# ---------------------------------------------------------------------------- on lithium


@pytest.mark.slow
def test_lithium_reduces_electrolyte_in_time_and_by_what_is_plated() -> None:
    """At a given current both parts are known: share v t, and parabolic growth without it."""
    base = {"growth": "linear", "plating_share": 0.05, "growth_rate": "2 nm/h"}
    cell = cell_of(flat_case(interphase__lithium_electrolyte=base))
    state = march(cell, drives(4.0), HOUR, 12, cell.initial())[-1]
    thickness = cell.lithium.interphase(state.content)
    plated = cell.lithium.law.molar_volume / FARADAY * 4.0 * HOUR
    assert thickness == pytest.approx(0.05 * plated + 2e-9, rel=1e-9)
    # A power of the current density is a factor at a given current.
    power = base | {"plating_exponent": 3.0, "reference_current_density": "2 A/m^2"}
    cell = cell_of(flat_case(interphase__lithium_electrolyte=power))
    state = march(cell, drives(4.0), HOUR, 12, cell.initial())[-1]
    thickness = cell.lithium.interphase(state.content)
    assert thickness == pytest.approx(4.0 * 0.05 * plated + 2e-9, rel=1e-9)
    state = march(cell, drives(-4.0), HOUR, 12, cell.initial())[-1]
    assert cell.lithium.interphase(state.content) == pytest.approx(2e-9, rel=1e-9)


@pytest.mark.slow
def test_parabolic_layer_on_lithium_with_order_two() -> None:
    """w^2 = w0^2 + 2 p r t, and its resistance w/sigma in the voltage."""
    layer = {
        "growth": "parabolic", "growth_rate": "20 nm/h", "passivation_thickness": "5 nm",
        "initial_thickness": "5 nm", "conductivity": "1e-6 S/m",
    }  # fmt: skip
    cell = cell_of(flat_case(interphase__lithium_electrolyte=layer))
    exact, errors = np.sqrt(25e-18 + 2.0 * 5e-9 * 20e-9 * WHILE / HOUR), []
    for count in (6, 12, 24):
        state = march(cell, drives(2.0), WHILE, count, cell.initial())[-1]
        thickness = cell.lithium.interphase(state.content)
        errors.append(abs(float(thickness.mean()) / exact - 1.0))
    assert errors[-1] < 2e-3
    assert np.log2(errors[-2] / errors[-1]) == pytest.approx(2.0, abs=0.25)
    bare = cell_of(flat_case())
    without = march(bare, drives(2.0), WHILE, 24, bare.initial())[-1].solved.voltages[1]
    expected = 2.0 * float(thickness.mean()) / 1e-6
    assert state.solved.voltages[1] - without == pytest.approx(expected, rel=1e-6)
