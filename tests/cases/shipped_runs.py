"""Coarse runs of the shipped cases, each made once, and what holds for all of them."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fem
from fem.case.text import is_sweep
from fem.results.result import Result

CASES = Path(__file__).parents[2] / "cases"
TABLES = {file: tomllib.loads(file.read_text("utf-8")) for file in sorted(CASES.glob("*.toml"))}
SWEEPS = [file for file, table in TABLES.items() if is_sweep(table)]
SHIPPED = [file for file in TABLES if file not in SWEEPS]
IN_TIME = {f.stem for f in SHIPPED if TABLES[f].get("operation", {}).get("kind") == "protocol"}

COARSER = {"mesh.size": "4 um", "mesh.growth": 1.0}
LONG_STEPS = {
    "stepping.first": "0.1 s",
    "stepping.tolerance": 0.01,
    "stepping.stoichiometry": 0.1,
    "stepping.thickness": "0.5 um",
}
COARSE: dict[str, dict[str, Any]] = {
    # Particles bound the size of elements, so a narrower cell is what is quick.
    "zhou2025_cell": {"mesh.size": "1.5 um", "geometry.width": "30 um"},
    # Two particles: as one comes loose, steps follow it whatever the mesh.
    "zhou2025_pressure": {
        "geometry.width": "12 um",
        "geometry.cathode.thickness": "14 um",
        "geometry.cathode.particles.fraction": 0.23,
        "geometry.cathode.particles.grains": None,
    },
    # One disc, and the part of the charge in which most of the electrolyte is oxidised.
    "kim2024_pressure": {
        "geometry.width": "1.74 um",
        "geometry.cathode.particles.columns": 1,
        "mesh.size": "0.6 um",
        "operation.steps": [{"charge": "0.12 A/m^2", "until": {"time": "2 h"}}],
    },
    # One disc whose bond begins to give way, charged and discharged.
    "zheng2023_codependent": {
        "geometry.width": "14 um",
        "geometry.cathode.thickness": "14 um",
        "geometry.cathode.particles": {
            "layout": "lattice",
            "rows": 1,
            "columns": 1,
            "diameter": "10 um",
            "material": "NCM811",
        },
        "mesh.size": "4 um",
        "operation.steps": [{"charge": "7.2 A/m^2", "until": {"time": "100 s"}}],
    },
    # A third of the steps; the end of the run moves by 0.1 %.
    "zheng2023_growth": {"mesh.size": "4 um", "mesh.growth": 0.5, **LONG_STEPS},
    # Three moves of the line; creeping lithium takes most of the time of the whole case.
    "zheng2023_yielding": {
        **COARSER,
        **LONG_STEPS,
        "mechanics.lithium": "rigid",
        "operation.steps": [{"charge": "100 A/m^2", "until": {"thickness": "0.5 um"}}],
    },
    # Lithium follows its pressure at once, so that a step may plate more than it is allowed to.
    "zheng2023_screening": {
        **COARSER,
        "stepping.first": "5 s",
        "stepping.tolerance": 0.1,
        "stepping.thickness": "2 um",
    },
    # Nothing varies along x; its elements are as large as its layer.
    "kodama2024_interlayer": {"mesh.growth": 1.0},
    # Facets between particles are 2 um wide.
    "watanabe2025_cracks": {"mesh.size": "2 um", "mesh.growth": 1.0, "stepping.tolerance": 0.1},
}
"""What makes a case quick."""


def coarse(name: str) -> fem.Case:
    """The shipped case `name`, made quick."""
    return fem.Case.load(CASES / f"{name}.toml").replace(COARSE.get(name, COARSER))


@cache
def solved(name: str) -> Result:
    """The coarse run of a shipped case."""
    return fem.run(coarse(name))


def assert_sound(result: Result) -> None:
    """All numbers are finite, and lithium receives what the cathode gives."""
    metrics = result.metrics
    # A counter electrode that stores lithium has no thickness that could be uneven.
    flat = [f"thickness_{end}_over_mean" for end in ("max", "min")] * (
        not metrics.get("thickness_mean_m")
    )
    numbers = [
        np.atleast_1d(value)
        for name, value in metrics.items()
        if not isinstance(value, str) and name not in flat
    ]
    assert np.isfinite(np.concatenate(numbers)).all()
    assert metrics["plating_total_over_applied"] == pytest.approx(1.0, abs=1e-9)
    parts = ("anode", "electrolyte", "cathode", "concentration", "stress")
    losses = sum(metrics.get(f"overpotential_{part}_V", 0.0) for part in parts)
    assert losses == pytest.approx(metrics["overpotential_V"], rel=1e-9)
