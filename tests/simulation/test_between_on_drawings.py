"""Interphases and spectra on packings, images and meshes: an instant, in time, taken up again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import fem
from fem.geometry import build
from fem.measures.spectra import kramers_kronig
from fem.mesh import from_case
from fem.output.vtk import write_mesh
from fem.runs.simulation import Accepted, simulate

DENSITY = 20.0
SPECTRUM: dict[str, Any] = {"impedance": ["1 kHz", "0.1 Hz"], "points_per_decade": 1}
CHARGE: dict[str, Any] = {"charge": f"{DENSITY} A/m^2", "until": {"time": "20 ms"}}
LAYERS: dict[str, Any] = {
    "particle_electrolyte": {
        "growth": "self-limiting", "current_density": "1 A/m^2", "passivation_thickness": "5 nm",
        "initial_thickness": "1 nm",
    },
    "lithium_electrolyte": {
        "growth": "self-limiting", "growth_rate": "1 um/h", "passivation_thickness": "5 nm",
        "plating_share": 0.1, "conductivity": "1e-6 S/m",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Kept:
    """A checkpoint in memory."""

    arrays: dict[str, NDArray[Any]]
    facts: dict[str, Any]
    rows: list[Any]


def packing(folder: Path) -> dict[str, Any]:
    particles = {
        "layout": "random", "fraction": 0.3, "diameter": "6 um", "gap": "0.5 um", "seed": 3,
        "material": "NCM811",
    }  # fmt: skip
    return {
        "width": "16 um",
        "anode": {"thickness": "4 um"},
        "separator": {"material": "LPSCl", "thickness": "6 um"},
        "cathode": {"electrolyte": "LPSCl", "thickness": "10 um", "particles": particles},
    }


def image(folder: Path) -> dict[str, Any]:
    """Two particles that touch, and a void."""
    row, column = np.mgrid[:20, :32]
    labels = np.ones((20, 32), dtype=np.uint8)
    for number, (x, y, r) in enumerate([(9, 11, 5.5), (20, 12, 6)]):
        labels[(column + 0.5 - x) ** 2 + (row + 0.5 - y) ** 2 < r**2] = 2 + number
    labels[(column - 28) ** 2 + (row - 5) ** 2 < 9] = 0
    np.save(folder / "labels.npy", labels)
    return {
        "anode": {"thickness": "4 um"},
        "separator": {"material": "LPSCl", "thickness": "6 um"},
        "image": {
            "file": str(folder / "labels.npy"), "pixel_size": "0.5 um",
            "labels": {"electrolyte": 1, "active": "2-3", "void": 0}, "specks": 0,
            "electrolyte": "LPSCl", "active": "NCM811",
        },
    }  # fmt: skip


def mesh(folder: Path) -> dict[str, Any]:
    """The packing, as a mesh of its own."""
    drawn = case(packing(folder))
    write_mesh(from_case(drawn, build(drawn)), folder / "cell.msh")
    return {
        "anode": {"reserve": "4 um"},
        "mesh": {
            "file": str(folder / "cell.msh"), "unit": "1 m",
            "labels": {
                "lithium": "lithium", "separator": "separator",
                "electrolyte": "cathode electrolyte", "active": "particle *",
            },
            "separator": "LPSCl", "electrolyte": "LPSCl", "active": "NCM811",
        },
    }  # fmt: skip


def case(geometry: dict[str, Any], **operation: Any) -> fem.Case:
    steps = [CHARGE, SPECTRUM, {"discharge": "10 A/m^2", "until": {"time": "20 ms"}}]
    return fem.Case.from_dict(
        {
            "geometry": geometry,
            "kinetics": {
                "anode": {"exchange_current_density": "320 A/m^2",
                          "double_layer_capacitance": "0.1 F/m^2"},
                "cathode": {"exchange_current_density": "2 A/m^2", "stoichiometry": 0.5,
                            "diffusion": "averaged", "double_layer_capacitance": "0.2 F/m^2"},
            },
            "materials": {"NCM811": {"chemical_diffusivity": "1e-12 m^2/s"}},
            "interphase": LAYERS,
            "operation": operation or {"kind": "protocol", "steps": steps},
            "mechanics": {"enabled": False},
            "stepping": {"tolerance": 1e-2, "first": "5 ms"},
            "mesh": {"size": "3 um"},
        }
    )  # fmt: skip


DRAWINGS = {"packing": packing, "image": image, "mesh": mesh}


@pytest.mark.parametrize("name", ["packing", "image", pytest.param("mesh", marks=pytest.mark.slow)])
def test_layers_grow_and_spectra_are_taken(name: str, tmp_path: Path) -> None:
    """Ledgers close, the spectrum is consistent, and a run that was cut short ends the same."""
    cell = fem.Cell.of(case(DRAWINGS[name](tmp_path)))
    seen: list[Accepted] = []
    whole = simulate(cell, observers=[seen.append])
    history = whole.history
    assert history is not None
    for each in ("lithium_error", "charge_error", "electrolyte_error"):
        assert history[each].max() < 1e-10
    (spectrum,) = whole.spectra
    taken = next(k for k, each in enumerate(seen) if each.spectra)
    for each in ("interphase_mean_m", "lithium_interphase_mean_m"):
        assert (np.diff(history[each][:taken]) > 0.0).all()
    assert np.abs(kramers_kronig(spectrum.frequency, spectrum.impedance)).max() < 1e-2
    assert (spectrum.impedance.real > 0.0).all() and (spectrum.impedance.imag < 0.0).all()
    kept = Kept(seen[taken].arrays(), seen[taken].facts(), [each.row for each in seen[: taken + 1]])
    again = simulate(cell, resume=kept)
    assert again.history is not None and again.history.events == history.events
    for each, values in history.columns.items():
        assert np.array_equal(again.history[each], values, equal_nan=True), each


@pytest.mark.parametrize(
    "name",
    ["image", *(pytest.param(n, marks=pytest.mark.slow) for n in ("packing", "mesh"))],
)
def test_an_instant_reads_layers_as_they_begin(name: str, tmp_path: Path) -> None:
    """A snapshot has a side current, and no spectrum, which is a step of a protocol."""
    result = fem.run(case(DRAWINGS[name](tmp_path), current_density=f"{DENSITY} A/m^2"))
    assert result.metrics["interphase_mean_m"] == pytest.approx(1e-9, rel=1e-9)
    assert result.metrics["side_current_density_A_m2"] > 0.1
    assert result.metrics["plating_total_over_applied"] == pytest.approx(1.0)
