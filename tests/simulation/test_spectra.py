"""Spectra of whole cells: protocols that take them, compositions, states, processes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from cells_in_time import bed, flat
from numpy.typing import NDArray

import fem
from fem.cell.composition import CATHODE, Cell
from fem.cell.small_signal import SmallSignal, _Rates
from fem.cell.state import State
from fem.laws.interfaces import Evolving
from fem.measures.spectra import TAKEN, kramers_kronig
from fem.runs.spectrum import resting
from fem.solve import band

Floats = NDArray[np.float64]
MESHES = Path(__file__).parents[2] / "meshes"
SPECTRUM: dict[str, Any] = {"impedance": ["10 kHz", "10 mHz"], "points_per_decade": 2}
CHARGE: dict[str, Any] = {"charge": "20 A/m^2", "until": {"time": "20 s"}}
LAYERS: dict[str, Any] = {
    "kinetics__anode__double_layer_capacitance": "0.1 F/m^2",
    "kinetics__cathode__double_layer_capacitance": "0.2 F/m^2",
}
FREQUENCIES = [1e4, 10.0, 1e-2]


def differences(cell: Cell, state: State, frequency: float) -> complex:
    """The impedance without projection: one system, whose films are made column by column."""
    signal, omega = SmallSignal(cell, state), 2.0 * np.pi * frequency
    layout, found = signal._layout, []

    class Direct(band.Band):
        def solve(self, films: Any, preconditioner: Any) -> band.Answer:
            whole = films(np.eye(layout.trace.shape[0]))
            trace = layout.trace.toarray()
            matrix = layout.conductance.toarray() + trace.T @ whole @ trace
            found.append(np.linalg.solve(matrix, self._load) @ self._load)
            return band.Answer(found[-1], 0.0, full=True)

    signal._band = Direct(layout.conductance, layout.trace, signal._band._load)
    signal.impedance(omega / (2.0 * np.pi))
    return complex(cell.mesh.geometry.width * found[0])


def at_rest(cell: Cell) -> State:
    return resting(cell)


def test_projection_is_as_good_as_a_dense_solve() -> None:
    cell = Cell.of(bed(columns=2, mesh__size="4 um", **LAYERS))
    frequencies = np.logspace(5, -3, 17)
    found = fem.impedance(cell, frequencies.tolist())
    assert found.full < 17
    for frequency, z in list(zip(frequencies, found.impedance, strict=True))[::4]:
        assert z == pytest.approx(differences(cell, at_rest(cell), frequency), rel=1e-8)


@pytest.mark.slow
def test_a_spectrum_takes_no_time_and_changes_nothing() -> None:
    """The run after it is the same bit by bit, but for the steps' numbers."""
    rest, coarse = {"rest": "5 s"}, {"mesh__size": "4 um", **LAYERS}
    without = fem.run(bed(CHARGE, rest, SPECTRUM, **coarse))
    found = fem.run(bed(CHARGE, SPECTRUM, rest, SPECTRUM, **coarse))
    assert without.history is not None
    assert found.history is not None
    kept = found.history["step"] != 1.0
    for name, values in without.history.columns.items():
        if name != "step":
            assert np.array_equal(values, found.history[name][kept], equal_nan=True), name
    spectrum, last = found.spectra
    assert np.array_equal(last.impedance, without.spectra[0].impedance)
    assert (spectrum.time, spectrum.step, len(spectrum)) == (20.0, 1, 13)
    assert [why for *_, why in found.history.events] == ["time", TAKEN, "time", TAKEN]
    assert not any("over as they began" in note for note in found.notes)


def test_a_spectrum_alone_is_taken_at_rest() -> None:
    result = fem.run(bed(SPECTRUM, mesh__size="4 um", **LAYERS))
    (spectrum,) = result.spectra
    assert result.metrics["current_density_A_m2"] == pytest.approx(0.0, abs=1e-9)
    assert (spectrum.impedance.real > 0.0).all()
    assert (spectrum.impedance.imag < 0.0).all()
    assert np.abs(kramers_kronig(spectrum.frequency, spectrum.impedance)).max() < 1e-4


def test_reactions_under_current_resist_less() -> None:
    """The differential resistance of Butler and Volmer, at a frequency that diffusion misses."""
    cell = Cell.of(flat(kinetics__cathode__diffusion="fixed"))
    width = cell.mesh.geometry.width
    thermal = cell.parameters.anode.thermal_voltage
    for density in (0.0, 30.0):
        state = cell.instant(cell.initial(), cell.drives(current=density * width))
        found = fem.impedance(cell, [1.0], state).impedance[0]
        reactions = [thermal / np.hypot(i0, 0.5 * density) for i0 in (10.0, 2.0)]
        assert found == pytest.approx(sum(reactions) + 8e-6 / 0.05, rel=1e-9)


COMPOSITIONS: dict[str, dict[str, Any]] = {
    "wires": {"geometry__cathode__wiring": {"kind": "effective", "conductivity": "0.01 S/m"}},
    "isolated lithium": {
        "geometry__anode__isolated": [
            {"x": "10 um", "y": "14 um", "half_width": "2 um", "half_height": "1 um"}
        ]
    },
    "particles that do not react": {"inactive__ids": [1]},
    "diffusion that depends on x": {
        "materials__NCM811__chemical_diffusivity": "1e-13*exp(3*(x - 0.6))"
    },
    "pressure on lithium": {
        "mechanics": {"lithium": "elastic", "top": "held", "coupling": "lithium"}
    },
    "foil that fades": {"geometry__anode__fading": "1 um"},
    "faces that part": {
        "mechanics": {"enabled": True, "lithium": "elastic", "swelling": True},
        "stack__pressure": "2 MPa",
        "interfaces__particle_electrolyte": {"bond": "none", "conducts_below": "2 nm"},
        "materials__NCM811__partial_molar_volume": "3e-6 m^3/mol",
    },
}


FAST = ("wires", "foil that fades")
"""Compositions of the default run."""


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=() if n in FAST else pytest.mark.slow) for n in COMPOSITIONS],
)
def test_compositions_against_a_dense_solve_about_a_charging_state(name: str) -> None:
    steps = [{"charge": "20 A/m^2", "until": {"time": "2 s"}}, SPECTRUM]
    case = bed(*steps, columns=2, mesh__size="4 um", **LAYERS).replace(
        {key.replace("__", "."): value for key, value in COMPOSITIONS[name].items()}
    )
    seen: list[State] = []
    cell = Cell.of(case)
    from fem.runs.simulation import simulate

    result = simulate(cell, observers=[lambda accepted: seen.append(accepted.state)])
    (spectrum,) = result.spectra
    for k in (0, 6, 12):
        known = differences(cell, seen[-1], spectrum.frequency[k])
        assert spectrum.impedance[k] == pytest.approx(known, rel=1e-7)
    if name == "pressure on lithium":
        assert "lithium pressure" in spectrum.without
    if name == "foil that fades":
        assert "lithium thinning" in spectrum.without
    assert seen[-1].solved.voltages[CATHODE] > 3.0


@pytest.mark.slow
def test_images_have_spectra() -> None:
    case = fem.Case.from_dict(
        {
            "geometry": {
                "anode": {"reserve": "5 um"},
                "image": {
                    "file": str(MESHES / "cell.png"),
                    "pixel_size": "0.5 um",
                    "labels": {"void": 0, "electrolyte": 1, "active": 2, "lithium": 3},
                    "electrolyte": "LPSCl",
                    "active": "NCM811",
                },
            },
            "kinetics": {
                "anode": {"exchange_current_density": "30 A/m^2",
                          "double_layer_capacitance": "0.1 F/m^2"},
                "cathode": {"exchange_current_density": "2 A/m^2",
                            "double_layer_capacitance": "0.2 F/m^2", "stoichiometry": 0.5},
            },
            "operation": {"kind": "protocol", "steps": [SPECTRUM]},
            "mechanics": {"enabled": False},
            "mesh": {"size": "3 um"},
        }
    )  # fmt: skip
    found = fem.run(case).spectra[0]
    assert np.abs(kramers_kronig(found.frequency, found.impedance)).max() < 1e-3
    assert set(found.without) == {
        "lithium double layer", "particles double layer", "particles diffusion",
    }  # fmt: skip


def test_a_process_that_is_left_out_is_gone() -> None:
    """No capacitance, and no diffusion: the same cell without them gives the same impedance."""
    cell = Cell.of(bed(mesh__size="4 um", **LAYERS))
    found = fem.impedance(cell, FREQUENCIES, processes=True)
    fewer = {key: value for key, value in LAYERS.items() if "anode" not in key}
    bare = fem.impedance(bed(mesh__size="4 um", **fewer), FREQUENCIES)
    assert found.without["lithium double layer"] == pytest.approx(bare.impedance, rel=1e-7)
    kept = fem.impedance(
        bed(mesh__size="4 um", kinetics__cathode__diffusion="fixed", **LAYERS), FREQUENCIES
    )
    assert found.without["particles diffusion"] == pytest.approx(kept.impedance, rel=1e-7)


def test_contact_that_is_lost_raises_resistance_by_its_share() -> None:
    """Half of the surface in contact: twice the resistance of the reaction, half of its charge."""
    bond = {"bond": "none", "conducts_below": "2 nm"}
    case = flat(SPECTRUM, kinetics__cathode__diffusion="fixed", **LAYERS)
    case = case.replace(
        {
            "mechanics": {"enabled": True, "lithium": "elastic"},
            "stack": {"pressure": "2 MPa"},
            "interfaces.particle_electrolyte": bond,
        }
    )
    cell = Cell.of(case)
    state = cell.initial()
    name = cell.particles[0].contact_name
    thermal, omega = cell.parameters.anode.thermal_voltage, 2.0 * np.pi * 100.0
    for share in (1.0, 0.5):
        held = {**state.held, name: np.full_like(state.held[name], share)}
        here = cell.instant(replace(state, held=held), cell.drives(current=0.0))
        found = fem.impedance(cell, [100.0], here).impedance[0]
        arcs = [
            1.0 / (area * (i0 / thermal + 1j * omega * c))
            for area, i0, c in ((1.0, 10.0, 0.1), (share, 2.0, 0.2))
        ]
        assert found == pytest.approx(sum(arcs) + 8e-6 / 0.05, rel=1e-6)


def test_layers_of_reacted_electrolyte_stand_in_series() -> None:
    """What is left at each electrode adds its thickness over its conductivity, at any frequency."""
    layers = {
        "particle_electrolyte": {
            "growth": "self-limiting", "current_density": "10 mA/m^2",
            "passivation_thickness": "5 nm", "initial_thickness": "4 nm",
        },
        "lithium_electrolyte": {
            "growth": "linear", "growth_rate": "1 nm/h", "initial_thickness": "7 nm",
            "conductivity": "1e-6 S/m",
        },
    }  # fmt: skip
    case = flat(SPECTRUM, kinetics__cathode__diffusion="fixed", **LAYERS)
    with_layers = case.replace(
        {"interphase": layers, "materials.LPSCl.interphase_conductivity": "1e-6 S/m"}
    )
    found, bare = (fem.impedance(each, FREQUENCIES[:2]).impedance for each in (with_layers, case))
    assert found - bare == pytest.approx(np.full(2, (4e-9 + 7e-9) / 1e-6), rel=1e-5)


@dataclass(frozen=True)
class Driven:
    """Two variables that follow the current: ``a' = 2 i - a / 3 + b``, ``b' = -b / 5 + i^2``."""

    evolving: ClassVar[tuple[Evolving, ...]] = (
        Evolving("a", "1", "one"),
        Evolving("b", "1", "another"),
    )

    def evolved(self, before: Any, c: float, current: Floats) -> dict[str, Floats]:
        b = (before["b"] + c * current**2) / (1.0 + c / 5.0)
        return {"a": (before["a"] + c * (2.0 * current + b)) / (1.0 + c / 3.0), "b": b}


def test_what_a_law_drives_follows_as_its_rate_says() -> None:
    class Surface:
        kinetics = type("K", (), {"exchange_current_density": 1.0})

    class Side:
        law, surface = Driven(), Surface()

    current = np.array([[[0.7, -2.0]]])
    before = {"a": np.full(current.shape, 0.3), "b": np.full(current.shape, 0.1)}
    rates = _Rates(Side(), before, current)  # type: ignore[arg-type]
    wave = 2j * np.pi * 0.04
    found = rates.follow(1.0 / wave)
    b = 2.0 * current / (wave + 0.2)
    assert found["b"] == pytest.approx(b, rel=1e-3)
    assert found["a"] == pytest.approx((2.0 + b) / (wave + 1.0 / 3.0), rel=1e-3)
    alone = rates.follow(1.0 / wave, without="b")
    assert alone["a"] == pytest.approx(np.full(current.shape, 2.0 / (wave + 1.0 / 3.0)), rel=1e-3)


@pytest.mark.parametrize("wrong", [[], [0.0], [-1.0], [np.nan], [[1.0]], [np.inf]])
def test_what_is_no_list_of_frequencies_is_refused(wrong: Any) -> None:
    with pytest.raises(fem.InputError, match="not a list of frequencies"):
        fem.impedance(bed(mesh__size="4 um"), wrong)
