"""Faces that may part come back from files as they were; a run without any writes none."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import meshio
import numpy as np
import pytest
from recorded_runs import SNAPSHOT, quicken

import fem
from fem.measures.faces import FaceTable
from fem.output import load
from fem.output.series import Series, write_series
from fem.output.tables import FACE_COLUMNS
from fem.output.vtk import write_fields
from fem.results.history import Frame
from fem.results.result import Result

M = 9


def table(seed: int) -> FaceTable:
    """Numbers without a meaning on one set of places, the last pairs of which have no bond."""
    places, draw = np.random.default_rng(0), np.random.default_rng(seed)
    gap = np.maximum(draw.normal(size=M), 0.0) * 1e-8
    return FaceTable(
        x=places.uniform(size=M) * 1e-5,
        y=places.uniform(size=M) * 1e-5,
        normal=places.normal(size=(M, 2)),
        kind=np.repeat(["particle_electrolyte", "particle_particle"], [M - 3, 3]),
        particle=places.integers(0, 5, M),
        other=places.integers(-1, 5, M),
        gap=gap,
        slip=draw.normal(size=M) * 1e-9,
        apart=0.5 * gap,
        pressure=draw.normal(size=M) * 1e7,
        shear=draw.normal(size=M) * 1e7,
        damage=np.append(draw.uniform(size=M - 3), [np.nan] * 3),
        closed=gap <= 0.0,
        edges=places.integers(0, M, (4, 3)),
    )


@pytest.fixture(scope="module")
def plain() -> Result:
    return fem.run(fem.Case.load(SNAPSHOT, {"mechanics.enabled": False}))


@pytest.fixture
def folder(plain: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    quicken(monkeypatch)
    fem.save(replace(plain, faces=table(1)), tmp_path / "run")
    return tmp_path / "run"


def test_faces_come_back_exactly(folder: Path) -> None:
    assert load(folder).faces == table(1)


def test_rows_of_the_table_are_the_numbers_of_the_pairs(folder: Path) -> None:
    faces = table(1)
    with (folder / "faces.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == FACE_COLUMNS
    assert [float(row["gap_m"]) for row in rows] == faces.gap.tolist()
    assert [float(row["normal_y"]) for row in rows] == faces.normal[:, 1].tolist()
    assert [row["kind"] for row in rows] == faces.kind.tolist()
    assert [row["closed"] == "true" for row in rows] == faces.closed.tolist()
    assert [row["damage"] == "" for row in rows] == np.isnan(faces.damage).tolist()


def test_without_faces_there_is_no_such_file(
    plain: Result, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also not one of the run that was in the folder before."""
    fem.save(plain, folder)
    assert not (folder / "faces.csv").exists()
    assert load(folder).faces is None
    with np.load(folder / "result.npz") as file:
        assert not [name for name in file.files if name.startswith("faces")]


def frame(result: Result, time: float) -> Frame:
    nothing = np.zeros(len(result.particles.x))
    return Frame(
        time=time,
        voltage=3.7,
        current_density=1.0,
        anode=result.anode,
        stoichiometry=nothing,
        surface_stoichiometry=np.stack([nothing, nothing], axis=1),
        particle_current=nothing,
        inactivity=result.particles.inactivity,
        result=result,
    )


def test_frames_keep_how_faces_stand_and_share_where_they_are(
    plain: Result, tmp_path: Path
) -> None:
    states = [replace(plain, faces=table(seed)) for seed in (1, 2, 3)]
    write_series([frame(state, float(k)) for k, state in enumerate(states)], tmp_path)
    with np.load(tmp_path / "series" / "000001.npz") as file:
        assert "faces.gap" in file.files
        assert "faces.kind" not in file.files
    for final in (states[-1], replace(plain, faces=None)):
        again = Series(tmp_path).filled(final).frames
        for state, found in zip(states, again, strict=True):
            assert state.faces is not None and found.result is not None
            faces = found.result.faces
            assert faces is not None
            assert faces.gap == pytest.approx(state.faces.gap, rel=1e-6)
            assert faces.pressure == pytest.approx(state.faces.pressure, rel=1e-6)
            assert (faces.closed == state.faces.closed).all()
            assert (faces.edges == state.faces.edges).all()
            assert (faces.x == state.faces.x).all()
            assert faces.gap.dtype == float


def test_displacements_of_doubled_points_are_in_the_file(plain: Result, tmp_path: Path) -> None:
    """Points of both sides stay apart there, so that what is warped by them shows gaps."""
    mesh = plain.field_mesh
    moved = np.where((mesh.phase == "active material")[:, None], [1e-9, 2e-9], np.zeros(2))
    write_fields(replace(plain, fields={"displacement": moved}), tmp_path / "fields.vtu")
    again = meshio.read(tmp_path / "fields.vtu")
    warped = again.points + 1e3 * again.point_data["displacement"]
    assert warped[:, :2] == pytest.approx(mesh.points + 1e3 * moved, abs=1e-15)
    assert not again.point_data["displacement"][:, 2].any()
    _, count = np.unique(np.round(again.points, 12), axis=0, return_counts=True)
    assert (count > 1).any()
