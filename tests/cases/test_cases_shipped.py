"""Every case that is shipped: valid against the written schema, and solvable in seconds."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import fem

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "reference" / "case.schema.json").read_text("utf-8"))
SHIPPED = [
    file
    for file in sorted((ROOT / "cases").glob("*.toml"))
    if "base" not in tomllib.loads(file.read_text("utf-8"))  # that would be a sweep
]

COARSER = {"mesh.size": "4 um"}
COARSE = {"zhou2025_cell": {"mesh.size": "1.5 um", "geometry.width": "30 um"}}
"""What makes a case quick: particles bound the size of elements."""


def names(file: Path) -> str:
    return file.stem


def test_the_cases_of_this_folder_are_found() -> None:
    assert {"teaching_1d", "zheng2023_flat", "zheng2023_protrusions"} <= {f.stem for f in SHIPPED}


@pytest.mark.parametrize("file", SHIPPED, ids=names)
def test_agrees_with_the_schema_on_disk(file: Path) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(tomllib.loads(file.read_text("utf-8")))


@pytest.mark.parametrize("file", SHIPPED, ids=names)
def test_loads_and_has_a_title(file: Path) -> None:
    assert fem.Case.load(file).title


@pytest.mark.parametrize("file", SHIPPED, ids=names)
def test_runs_coarse(file: Path) -> None:
    """All numbers are finite, and lithium receives what the cathode gives."""
    metrics = fem.run(fem.Case.load(file).replace(COARSE.get(file.stem, COARSER))).metrics
    numbers = [np.atleast_1d(v) for v in metrics.values() if not isinstance(v, str)]
    assert np.isfinite(np.concatenate(numbers)).all()
    assert metrics["plating_total_over_applied"] == pytest.approx(1.0, abs=1e-9)
    parts = ("anode", "electrolyte", "cathode", "concentration", "stress")
    losses = sum(metrics.get(f"overpotential_{part}_V", 0.0) for part in parts)
    assert losses == pytest.approx(metrics["overpotential_V"], rel=1e-9)


def test_the_two_scenarios_are_mirror_images_of_one_cell() -> None:
    """They may differ in what the paper says differs: deposits, dead particles, time, models."""
    flat, deposits = (
        fem.Case.load(ROOT / "cases" / f"zheng2023_{name}.toml").to_dict()
        for name in ("flat", "protrusions")
    )
    for case in (flat, deposits):
        for table, key in (
            ("geometry", "anode"),
            ("operation", "plating_time"),
            ("mechanics", "compare_lithium"),
        ):
            case[table].pop(key)
        case.pop("title")
    assert flat.pop("inactive")["between"] == deposits.pop("inactive")["outside"]
    assert flat == deposits
