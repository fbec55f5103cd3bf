"""A tiny cell that the tests of this folder vary: solved in a tenth of a second."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import fem

SEED = "inactive.seed"


def cell(**changes: Any) -> fem.Case:
    """Six particles below a flat foil, a third of them dead; the dots of keys are ``__``."""
    case = fem.Case.from_dict(
        {
            "geometry": {
                "width": "30 um",
                "anode": {"thickness": "5 um"},
                "separator": {"material": "LPSCl", "thickness": "10 um"},
                "cathode": {
                    "electrolyte": "LPSCl",
                    "thickness": "20 um",
                    "particles": {
                        "rows": 2, "columns": 3, "diameter": "8 um", "material": "NCM811",
                    },
                },
            },
            "inactive": {"fraction": 0.34, "seed": 0},
            "kinetics": {
                "anode": {"exchange_current_density": "100 A/m^2"},
                "cathode": {"exchange_current_density": "2 A/m^2"},
            },
            "operation": {"current_density": "10 A/m^2"},
            "mechanics": {"enabled": False},
            "mesh": {"size": "3 um"},
        }
    )  # fmt: skip
    return case.replace({name.replace("__", "."): value for name, value in changes.items()})


def tables(case: fem.Case | str, **given: Any) -> dict[str, Any]:
    """A sweep of `case` with the tables that are given."""
    return {"case": case, "report": {"metrics": ["overpotential_V"]}, **given}


def seeds(count: int) -> dict[str, Any]:
    return {"key": SEED, "count": count}


def columns_but_seconds(path: Path) -> list[list[str]]:
    """``members.csv`` without the column that depends on the machine."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    place = rows[0].index("seconds")
    return [[*row[:place], *row[place + 1 :]] for row in rows]
