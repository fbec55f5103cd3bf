"""Every case that is shipped: valid against the written schema, and solvable in seconds."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest
from shipped_runs import IN_TIME, SHIPPED, SWEEPS, TABLES, assert_sound, solved

import fem
from fem.case.sweep import Sweep

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs" / "reference" / "case.schema.json").read_text("utf-8"))


def names(file: Path) -> str:
    return file.stem


def test_the_cases_of_this_folder_are_found() -> None:
    assert {"teaching_1d", "zheng2023_flat", "zheng2023_protrusions"} <= {f.stem for f in SHIPPED}
    assert {"hot_spots"} <= {f.stem for f in SWEEPS}


@pytest.mark.parametrize("file", SHIPPED, ids=names)
def test_agrees_with_the_schema_on_disk(file: Path) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(tomllib.loads(file.read_text("utf-8")))


@pytest.mark.parametrize("file", SHIPPED, ids=names)
def test_loads_and_has_a_title(file: Path) -> None:
    assert fem.Case.load(file).title


@pytest.mark.parametrize("file", SWEEPS, ids=names)
def test_a_sweep_agrees_with_its_schema_and_its_case(file: Path) -> None:
    """It is told from a case by what it holds; the ends of its grid can be."""
    schema = json.loads((ROOT / "docs" / "reference" / "sweep.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(TABLES[file])
    sweep = Sweep.load(file)
    for changes in (sweep.members[0], sweep.members[-1]):
        assert sweep.base.replace(changes)
    with pytest.raises(fem.InputError, match="a sweep file, not a case") as told:
        fem.Case.load(file)
    assert f"fem sweep {file.name}" in str(told.value)


@pytest.mark.parametrize("name", sorted({file.stem for file in SHIPPED} - IN_TIME))
def test_runs_coarse(name: str) -> None:
    """Those that run in time are run in test_cases_time.py, which needs them for more."""
    assert_sound(solved(name))


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
