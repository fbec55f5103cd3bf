"""A stored result comes back the same, and a damaged one is refused."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

import fem
from fem.errors import InputError
from fem.output import load
from fem.output.stored import NAME, write_result
from fem.results.result import Result

CASE = Path(__file__).with_name("small_case.toml")


@pytest.fixture(scope="module")
def result() -> Result:
    return fem.run(fem.Case.load(CASE))


@pytest.fixture
def folder(result: Result, tmp_path: Path) -> Path:
    write_result(result, tmp_path, tmp_path / NAME)
    return tmp_path


def same(one: object, two: object) -> None:
    """Every field of a dataclass of arrays is equal."""
    for field in fields(one):  # type: ignore[arg-type]
        a, b = getattr(one, field.name), getattr(two, field.name)
        equal = (
            np.array_equal(a, b, equal_nan=a.dtype.kind == "f") if hasattr(a, "dtype") else a == b
        )
        assert equal, field.name


def test_everything_comes_back(folder: Path, result: Result) -> None:
    again = load(folder)
    assert again.case == result.case
    assert again.metrics == result.metrics
    assert (again.references, again.notes) == (result.references, result.notes)
    for name in ("field_mesh", "anode", "particles"):
        same(getattr(again, name), getattr(result, name))
    assert set(again.fields) == set(result.fields)
    for name, values in result.fields.items():
        assert np.array_equal(again.fields[name], values, equal_nan=True)
        assert not again.fields[name].flags.writeable
    one, two = again.mesh, result.mesh
    assert np.array_equal(one.nodes, two.nodes)
    for name in ("triangles", "region", "edges", "outline", "sides", "phase_sides"):
        assert np.array_equal(getattr(one, name), getattr(two, name)), name
    shape = again.geometry
    same(shape.particles, result.geometry.particles)
    for name in ("width", "height", "depth", "lithium_y", "regions", "outlines", "deposits"):
        assert getattr(shape, name) == getattr(result.geometry, name), name


def test_without_mechanics(tmp_path: Path) -> None:
    result = fem.run(fem.Case.load(CASE, {"mechanics.enabled": False}))
    write_result(result, tmp_path, tmp_path / NAME)
    again = load(tmp_path)
    assert again.anode.normal_stress is None
    assert set(again.fields) == set(result.fields)


def test_a_plane_cathode_and_isolated_lithium(tmp_path: Path) -> None:
    changes = {
        "geometry.cathode": {"kind": "plane", "material": "NCM811", "thickness": "10 um"},
        "geometry.anode.isolated": [
            {"x": "10 um", "y": "20 um", "half_width": "3 um", "half_height": "2 um"}
        ],
        "inactive": None,
        "mechanics.enabled": False,
    }
    result = fem.run(fem.Case.load(CASE, changes))
    write_result(result, tmp_path, tmp_path / NAME)
    again = load(tmp_path)
    assert again.geometry.outlines == result.geometry.outlines
    assert len(again.particles.x) == 0


def test_a_moved_folder_needs_none_of_the_files_of_the_case(tmp_path: Path) -> None:
    (tmp_path / "dead.csv").write_text("id\n1\n")
    case = tmp_path / "case.toml"
    case.write_text(CASE.read_text().replace("ids = [0]", 'file = "dead.csv"'))
    result = fem.run(fem.Case.load(case, {"mechanics.enabled": False}))
    write_result(result, tmp_path, tmp_path / NAME)
    (tmp_path / "dead.csv").unlink()
    again = load(tmp_path)
    assert again.case.inactive.file == "dead.csv"
    assert np.array_equal(again.particles.active, result.particles.active)


@pytest.mark.parametrize("part", [0.0, 0.01, 0.5, 0.9, 0.99])
def test_a_truncated_file_is_refused(folder: Path, part: float) -> None:
    data = (folder / NAME).read_bytes()
    (folder / NAME).write_bytes(data[: int(part * len(data))])
    with pytest.raises(InputError, match="damaged") as caught:
        load(folder)
    assert caught.value.file == str(folder / NAME)
    assert caught.value.cure


@pytest.mark.parametrize("part", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_flipped_byte_is_refused(folder: Path, part: float) -> None:
    data = bytearray((folder / NAME).read_bytes())
    for k in range(20):
        data[int(part * len(data)) + k] ^= 0xFF
    (folder / NAME).write_bytes(data)
    with pytest.raises(InputError, match="damaged"):
        load(folder)


@pytest.mark.parametrize(
    "missing", ["facts", "mesh.nodes", "anode.s", "particles.x", "mesh.region"]
)
def test_a_missing_array_is_refused(folder: Path, missing: str) -> None:
    with np.load(folder / NAME) as file:
        arrays = {name: file[name] for name in file.files if name != missing}
    np.savez(folder / NAME, **arrays)
    with pytest.raises(InputError, match="damaged"):
        load(folder)


def test_another_version_is_refused(folder: Path) -> None:
    facts = np.frombuffer(json.dumps({"format": 99}).encode(), dtype=np.uint8)
    np.savez(folder / NAME, facts=facts)
    with pytest.raises(InputError, match="another version"):
        load(folder)


def test_no_run_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no finished run"):
        load(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        load(tmp_path / "nowhere")
