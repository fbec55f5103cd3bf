"""Small cells in time that the tests of this folder run, and how their numbers are read."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import fem
from fem.cell.composition import Cell
from fem.constants import FARADAY
from fem.physics.charge import Drive
from fem.results.history import History

Floats = NDArray[np.float64]

CONCENTRATION, LOWER, UPPER, START = 5e4, 0.1, 0.9, 0.6
SLAB = 10e-6
DISC = 8e-6
MATERIAL = {
    "open_circuit_potential": "4.3 - 0.7*x",
    "max_concentration": f"{CONCENTRATION} mol/m^3",
    "chemical_diffusivity": "1e-13 m^2/s",
    "stoichiometry_min": LOWER,
    "stoichiometry_max": UPPER,
}


def flat(*steps: dict[str, Any], **changes: Any) -> fem.Case:
    """10 um of active material under 8 um of electrolyte; the dots of keys are ``__``."""
    case = fem.Case.from_dict(
        {
            "geometry": {
                "width": "4 um",
                "anode": {"thickness": "20 um"},
                "separator": {"material": "LPSCl", "thickness": "8 um"},
                "cathode": {"kind": "plane", "material": "NCM811", "thickness": f"{SLAB} m"},
            },
            "materials": {"LPSCl": {"ionic_conductivity": "0.05 S/m"}, "NCM811": MATERIAL},
            "kinetics": {
                "anode": {"exchange_current_density": "10 A/m^2"},
                "cathode": {"exchange_current_density": "2 A/m^2", "stoichiometry": START},
            },
            "operation": {"kind": "protocol", "steps": list(steps) or [{"rest": "1 s"}]},
            "mechanics": {"enabled": False},
            "mesh": {"size": "4 um"},
        }
    )
    return _changed(case, changes)


def bed(*steps: dict[str, Any], rows: int = 1, columns: int = 1, **changes: Any) -> fem.Case:
    """Discs of 8 um, each in 10 um by 10 um of electrolyte."""
    case = flat(*steps).replace(
        {
            "geometry.width": f"{10 * columns} um",
            "geometry.cathode": {
                "electrolyte": "LPSCl",
                "thickness": f"{10 * rows} um",
                "particles": {
                    "rows": rows, "columns": columns, "diameter": f"{DISC} m", "material": "NCM811",
                },
            },
        }
    )  # fmt: skip
    return _changed(case, changes)


def _changed(case: fem.Case, changes: dict[str, Any]) -> fem.Case:
    return case.replace({name.replace("__", "."): value for name, value in changes.items()})


def history_of(case: fem.Case) -> History:
    """The history of a run of `case`."""
    history = fem.run(case).history
    assert history is not None
    return history


def ends(history: History) -> list[str]:
    """What ended the steps of the protocol."""
    return [event[3] for event in history.events]


def inventory(case: fem.Case) -> float:
    """Charge of full particles per width of the cell, in C/m^2."""
    cathode = case.geometry.cathode
    width = float(case.geometry.width)
    area = SLAB * width
    if cathode.kind == "particles":
        count = cathode.particles.rows * cathode.particles.columns
        area = count * 0.25 * np.pi * DISC**2
    return float(FARADAY * CONCENTRATION * area / width)


def cell_of(case: fem.Case) -> Cell:
    """The problems of a case, ready for steps of any length."""
    return Cell.of(case)


def current(cell: Cell, density: float) -> list[Drive]:
    """Drives of a current density in A/m^2 of cell width; isolated lithium floats."""
    return cell.drives(current=density * cell.mesh.geometry.width)
