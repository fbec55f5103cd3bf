"""The schema and the reference page: complete, up to date, and in agreement with validation."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from case_examples import PATTERNS, packed, particles, patterned, pictured, plane, protocol

from fem.case import Case
from fem.case.keys import walk
from fem.case.reference import files, json_schema, main, reference_markdown
from fem.case.text import is_sweep, set_key

ROOT = Path(__file__).parents[2]
TABLES = {f: tomllib.loads(f.read_text("utf-8")) for f in sorted((ROOT / "cases").glob("*.toml"))}
SHIPPED = [file for file, tables in TABLES.items() if not is_sweep(tables)]


def valid(data: dict[str, Any]) -> bool:
    return jsonschema.Draft202012Validator(json_schema()).is_valid(data)


def test_schema_is_a_schema() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["$defs"]["Geometry"]["properties"]["width"]["x-unit"] == "m"
    assert schema["$defs"]["Geometry"]["properties"]["depth"]["default"] == "1 m"


@pytest.mark.parametrize(
    "data",
    [
        *(particles(), packed(), packed(sizes=True), pictured(), plane(), protocol()),
        *map(patterned, PATTERNS),
    ],
    ids=["particles", "packed", "sizes", "pictured", "plane", "protocol", *PATTERNS],
)
def test_schema_accepts_what_validation_accepts(data: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(json_schema()).validate(data)
    jsonschema.Draft202012Validator(json_schema()).validate(Case.from_dict(data).to_dict())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("geometry.width", 1.0),
        ("geometry.width", "420"),
        ("geometry.widht", "420 um"),
        ("geometry.cathode.conductivity_factor", 1.5),
        ("geometry.cathode.particles.rows", 0),
        ("geometry.cathode.material", "LPSCl"),
        ("inactive.ids", [1, 1]),
        ("inactive.between", ["1 um"]),
        ("kinetics.anode", {}),
        ("materials.LPSCl.x", True),
        ("mechanics.lithium", "soft"),
        ("mechanics.enabled", "true"),
        ("operation.overpotential", "1 mV"),
        ("operation.current_density", None),
        ("mesh", 3),
    ],
)
def test_schema_refuses(key: str, value: object) -> None:
    data = particles()
    assert valid(data)
    set_key(data, key, value)
    assert not valid(data)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("operation.kind", "snapshot"),
        ("operation.plating_time", "1 s"),
        ("operation.steps", None),
        ("operation.steps[0].hold", "4 V"),
        ("operation.steps[0].charge", None),
        ("operation.steps[3].steps[0].discharge_rate", 0),
        ("operation.steps[3].steps[1].steps[0].rest", 1),
        ("operation.steps[0].until.time", "1"),
        ("output.frames", 1),
    ],
)
def test_schema_refuses_in_a_protocol(key: str, value: object) -> None:
    data = protocol()
    assert valid(data)
    set_key(data, key, value)
    assert not valid(data)


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.name)
def test_shipped_case_is_valid(file: Path) -> None:
    jsonschema.Draft202012Validator(json_schema()).validate(TABLES[file])
    Case.load(file)


def test_page_has_every_key() -> None:
    page = reference_markdown()
    for key in walk(Case):
        name = key.path.rpartition(".")[2]
        assert f"| `{name}` |" in page
        assert key.info.description
        assert key.info.description in page


@pytest.mark.parametrize("name", list(files()))
def test_committed_files_are_up_to_date(name: str) -> None:
    committed = (ROOT / "docs" / "reference" / name).read_text("utf-8")
    assert committed == files()[name], "run: python -m fem.case.reference docs/reference"


def test_main_writes_the_files(tmp_path: Path) -> None:
    main(str(tmp_path / "new"))
    assert {file.name for file in (tmp_path / "new").iterdir()} == set(files())
