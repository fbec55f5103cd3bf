"""What a run in time leaves in its folder when it ends: history, series, frames."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from xml.etree import ElementTree

import meshio
import numpy as np
import pytest
from recorded_runs import SNAPSHOT, Run, finish, quicken, short_case, short_run, tree

import fem
from fem.output import load, redraw
from fem.output import run as output
from fem.output.history import read_history
from fem.output.run import FILES
from fem.output.series import Series, kept
from fem.results.result import Result


@pytest.fixture(scope="module")
def case() -> fem.Case:
    return short_case()


@pytest.fixture(scope="module")
def run(case: fem.Case) -> Run:
    return short_run(case)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quicken(monkeypatch)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "run"


def test_files_of_a_run(folder: Path, case: fem.Case, run: Run) -> None:
    steps, _ = run
    finish(folder, case, run)
    files = {name.partition(os.sep)[0] for name in tree(folder)}
    assert files == {*FILES, "history.csv", "events.csv", "series", "fields.pvd"} - {
        name for name in FILES if name.endswith((".png", ".pdf", ".html"))
    }
    rows = read_history(folder / "history.csv")
    assert repr(rows) == repr(tuple(dict(step.row) for step in steps))
    assert [p.name for p in folder.parent.iterdir()] == ["run"]
    assert not list(folder.rglob(".*"))
    assert json.loads((folder / "metrics.json").read_text())["case_sha256"] == case.sha256


def test_the_result_comes_back_with_its_history(folder: Path, case: fem.Case, run: Run) -> None:
    finish(folder, case, run)
    history, again = run[1].history, load(folder).history
    assert history is not None
    assert again is not None
    assert again.columns.keys() == history.columns.keys()
    for name, values in history.columns.items():
        assert np.array_equal(again[name], values, equal_nan=True), name
    assert again.events == history.events
    assert len(again.events) == 2
    assert again.events[0][1:] == (0, "step 1: charge at 50 A/m^2", "time")


def test_python_saves_the_same_history(
    folder: Path, tmp_path: Path, case: fem.Case, run: Run
) -> None:
    finish(folder, case, run)
    fem.save(run[1], tmp_path / "saved")
    for name in ("history.csv", "anode.csv", "metrics.json"):
        assert (tmp_path / "saved" / name).read_bytes() == (folder / name).read_bytes()


def test_series_lists_its_states_at_their_times(folder: Path, case: fem.Case, run: Run) -> None:
    finish(folder, case, run)
    time = {f"series/{s.number:06d}.vtu": s.row["Test Time / s"] for s in run[0]}
    sets = ElementTree.parse(folder / "fields.pvd").findall(".//DataSet")
    listed = {each.get("file"): float(each.get("timestep", "")) for each in sets}
    assert listed == {name: time[str(name)] for name in listed}
    assert sorted(listed) == sorted(f"series/{p.name}" for p in folder.glob("series/*.vtu"))
    assert 2 <= len(listed) <= case.output.frames
    assert list(listed)[-1] == f"series/{run[0][-1].number:06d}.vtu"
    grid = meshio.read(folder / list(listed)[-1])
    assert np.array_equal(
        grid.point_data["phi_e"], run[1].fields["phi_e"], equal_nan=True
    )  # the final state


def test_frames_come_back(folder: Path, case: fem.Case, run: Run) -> None:
    finish(folder, case, run)
    result = Series(folder).filled(load(folder))
    assert result.notes == run[1].notes
    assert len(result.frames) == len(Series(folder).numbers)
    for number, again in zip(Series(folder).numbers, result.frames, strict=True):
        step = run[0][number]
        frame, full = step.frame(), step.result()
        assert (again.time, again.voltage) == (frame.time, frame.voltage)
        assert again.current_density == frame.current_density
        for name in ("stoichiometry", "surface_stoichiometry", "particle_current"):
            assert np.array_equal(getattr(again, name), getattr(frame, name), equal_nan=True), name
        assert np.array_equal(again.anode.thickness, frame.anode.thickness)
        assert again.result is not None
        assert again.result.mesh is result.mesh  # meshes are shared: they need not be stored again
        assert again.result.fields.keys() == full.fields.keys()
        for name, values in full.fields.items():
            near = np.float32(values).astype(float)
            assert np.array_equal(again.result.fields[name], near, equal_nan=True), name


def test_a_frame_on_another_mesh_keeps_it(folder: Path, run: Run) -> None:
    folder.mkdir(parents=True)
    result, frame = run[1], run[0][0].frame()
    other, third = (
        fem.run(fem.Case.load(SNAPSHOT, {"mechanics.enabled": False, "mesh.size": size}))
        for size in ("4 um", "3.5 um")
    )
    made = (other, result, other, third)
    series = Series(folder)
    for number, each in enumerate(made):
        series.add(number, dataclasses.replace(frame, result=each))
    sizes = [(folder / "series" / f"00000{k}.npz").stat().st_size for k in range(3)]
    assert sizes[2] < 0.5 * sizes[0]
    frames = series.filled(result).frames
    for again, each in zip(frames, made, strict=True):
        assert again.result is not None
        assert np.array_equal(again.result.mesh.nodes, each.mesh.nodes)
        assert np.array_equal(again.result.field_mesh.triangles, each.field_mesh.triangles)
    (folder / "series" / "000000.npz").write_bytes(b"")
    left = series.filled(result)
    sizes = [len(f.result.mesh.region) for f in left.frames if f.result is not None]
    assert sizes == [len(result.mesh.region), len(third.mesh.region)]
    warnings = [note for note in left.notes if "left out" in note]
    assert [note.startswith("Warning") for note in warnings] == [True, True]


def test_a_light_frame_comes_back(folder: Path, run: Run) -> None:
    folder.mkdir(parents=True)
    frame = run[0][3].frame()
    series = Series(folder)
    series.add(0, frame)
    series.keep({0: 0.0})
    (again,) = series.filled(run[1]).frames
    assert again.result is None
    assert np.array_equal(again.anode.plating, frame.anode.plating)
    assert not (folder / "fields.pvd").exists()


@pytest.mark.parametrize("limit", [2, 3, 4, 5, 24])
def test_states_kept_are_few_even_and_depend_on_how_far_it_is(limit: int) -> None:
    there: set[int] = set()
    for number in range(300):
        due = kept(number, limit)
        there = {n for n in there | {number} if n in due}
        assert there == set(due), "none that is due was dropped before"
        assert 0 in there
        assert len(there | {number}) <= limit
        assert number < limit - 1 or len(there) >= (limit - 1) // 2


def test_redraw_takes_the_frames_from_the_series(
    folder: Path, case: fem.Case, run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    finish(folder, case, run)
    seen: list[Result] = []
    monkeypatch.setattr(output, "_draw", lambda result, *_: seen.append(result))
    redraw(folder)
    assert len(seen[0].frames) == len(Series(folder).numbers) >= 2
