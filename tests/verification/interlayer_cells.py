"""Cells with an interlayer in which all is known in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import fem
from fem.cell.composition import Cell
from fem.cell.state import State
from fem.constants import FARADAY
from fem.measures.interlayer import layer_metrics

THICK = 1e10
"""Pa: an interface that never opens."""
VOLUME = 12.9962546816e-6
"""Of lithium in m3/mol, as in verification.md."""
SEPARATOR, LAYER = 30e-6, 10e-6
KAPPA, KAPPA_LAYER = 0.4, 0.01
RT_F = 8.31446261815324 * 298.15 / FARADAY


def case(changes: dict[str, Any], steps: list[dict[str, Any]] | None = None) -> fem.Case:
    """A flat half cell of lithium-indium; `changes` are dotted keys."""
    tables: dict[str, Any] = {
        "geometry": {
            "width": "10 um",
            "anode": {
                "thickness": "5 um",
                "reserve": "0 um",
                "interlayer": {"material": "carbon", "thickness": "10 um"},
            },
            "separator": {"material": "LPSBr", "thickness": "30 um"},
            "cathode": {"kind": "plane", "material": "InLi", "thickness": "10 um"},
        },
        "kinetics": {
            "anode": {"exchange_current_density": "320 A/m^2"},
            "cathode": {
                "exchange_current_density": "320 A/m^2", "stoichiometry": 0.5, "diffusion": "fixed",
            },
            "interlayer": {"pressure": "3 MPa"},
        },
        "materials": {
            "LPSBr": {"ionic_conductivity": f"{KAPPA} S/m"},
            "carbon": {"ionic_conductivity": f"{KAPPA_LAYER} S/m"},
            "lithium": {"molar_volume": f"{VOLUME} m^3/mol"},
        },
        "operation": {
            "kind": "protocol",
            "steps": steps or [{"charge": "2 A/m^2", "until": {"time": "10 min"}}],
        },
        "mechanics": {"enabled": False},
        "stepping": {"first": "1 s", "tolerance": 1e-3, "thickness": "1 um"},
        "mesh": {"size": "5 um"},
    }  # fmt: skip
    return fem.Case.from_dict(tables).replace(changes)


def at_rest(cell: Cell, density: float) -> State:
    """The instant at which a current density (A/m2, positive charges) begins."""
    drives = cell.drives(current=density * cell.mesh.geometry.width)
    return cell.instant(cell.initial(), drives)


def currents(cell: Cell, state: State) -> dict[str, float]:
    """What each place takes up, in A/m2 of cell width."""
    found = {}
    for each, loads in zip(cell.interfaces, state.solved.loads, strict=True):
        found[each.name] = -float(loads.sum()) / cell.mesh.geometry.width
    return found


def metrics(cell: Cell, state: State) -> dict[str, float]:
    return layer_metrics(cell, state)


def butler(density: float, exchange: float = 320.0) -> float:
    """Overpotential in V of a symmetric reaction."""
    return 2.0 * RT_F * float(np.arcsinh(density / (2.0 * exchange)))


def face_potential(cell: Cell, state: State) -> float:
    """Mean potential of the ions along electrolyte|interlayer against the collector, in V."""
    number = next(k for k, each in enumerate(cell.interfaces) if each.name == "face")
    patches = cell.interfaces[number].patches
    trace = patches.at_points(cell.potentials.trace(state.solved, number))
    return float((trace * patches.weights).sum() / patches.length)


def line(history: Any, name: str) -> NDArray[np.float64]:
    return np.asarray(history[name])
