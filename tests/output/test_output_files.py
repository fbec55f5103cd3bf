"""Every file of a run exists, parses, and says what the result says."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
import re
import shutil
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import meshio
import numpy as np
import pytest

import fem
from fem.output import load, redraw
from fem.output import run as output
from fem.output.report import (
    CAPTIONS,
    CAPTIONS_IN_TIME,
    CAPTIONS_OF_FACES,
    CAPTIONS_OF_FACES_IN_TIME,
    CAPTIONS_OF_FLOW,
    CAPTIONS_OF_REACTIONS,
    CAPTIONS_OF_STACK,
)
from fem.output.run import FIGURES, FILES
from fem.output.stored import write_result
from fem.output.tables import plain_metrics, write_anode, write_metrics, write_particles
from fem.results.result import Result

CASE = Path(__file__).with_name("small_case.toml")
CONTRACT = {
    "overpotential_V", "anode_plating_mean_A_m2", "anode_plating_max_A_m2",
    "anode_plating_min_A_m2", "focusing_max_over_mean", "focusing_min_over_mean",
    "focusing_max_over_applied", "overpotential_anode_V", "overpotential_electrolyte_V",
    "overpotential_cathode_V", "plating_total_over_applied", "tip_over_applied",
    "von_mises_se_p99_Pa", "von_mises_se_p999_Pa", "von_mises_tip_Pa", "principal_stress_tip_Pa",
    "pressure_over_fracture_pressure", "active_particles", "inactive_particles",
    "degrees_of_freedom", "newton_iterations", "seconds_mesh", "seconds_solve", "seconds_total",
    "version", "case_sha256",
}  # fmt: skip


@pytest.fixture(scope="module")
def result() -> Result:
    return fem.run(fem.Case.load(CASE))


@pytest.fixture(scope="module")
def folder(result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "one" / "two"
    fem.save(result, path)
    return path


def table(path: Path) -> dict[str, list[str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return {name: [row[name] for row in rows] for name in rows[0]}


def test_all_files_and_no_other(folder: Path) -> None:
    assert {entry.name for entry in folder.iterdir()} == set(FILES)
    assert {entry.name for entry in folder.parent.iterdir()} == {folder.name}


def test_the_folder_can_be_read_by_those_who_may_read_its_parent(folder: Path) -> None:
    assert folder.stat().st_mode == folder.parent.stat().st_mode


def test_metrics(folder: Path, result: Result) -> None:
    def no_constant(name: str) -> None:
        raise AssertionError(name)

    text = (folder / "metrics.json").read_text(encoding="utf-8")
    read = json.loads(text, parse_constant=no_constant)
    assert set(read) >= CONTRACT
    assert read == dict(result.metrics)
    flat = [
        item for value in read.values() for item in (value if isinstance(value, list) else [value])
    ]
    assert all(isinstance(item, str | int | float) for item in flat)


def test_a_metric_that_is_not_finite_is_left_out(tmp_path: Path) -> None:
    metrics = {
        "a": np.float64(0.1), "b": math.nan, "c": [1.0, math.inf], "d": [np.int64(2), 3.5],
        "e": -math.inf, "f": np.array([1.0, 2.0]), "g": "text", "h": None, "i": np.bool_(True),
    }  # fmt: skip
    write_metrics(metrics, tmp_path / "m.json")
    read = json.loads((tmp_path / "m.json").read_text())
    assert read == {"a": 0.1, "d": [2, 3.5], "f": [1.0, 2.0], "g": "text", "i": True}


def test_anode_reads_back_exactly(folder: Path, result: Result) -> None:
    columns = table(folder / "anode.csv")
    assert list(columns) == [
        "s_m", "x_m", "y_m", "plating_A_m2", "thickness_m", "normal_stress_Pa", "interphase_m",
    ]  # fmt: skip
    assert set(columns.pop("interphase_m")) == {""}
    anode = result.anode
    expected = (anode.s, anode.x, anode.y, anode.plating, anode.thickness, anode.normal_stress)
    for texts, values in zip(columns.values(), expected, strict=True):
        assert np.array_equal([float(text) for text in texts], values)
    assert np.all(np.diff([float(s) for s in columns["s_m"]]) > 0)


def test_particles_read_back_exactly(folder: Path, result: Result) -> None:
    columns = table(folder / "particles.csv")
    assert list(columns) == [
        "id", "x_m", "y_m", "diameter_m", "active", "current_A_m", "stoichiometry", "inactivity",
        "open_fraction", "dead_since_s", "why", "axis_deg", "tilt_deg",
        "interphase_m", "side_charge_C_m",
    ]  # fmt: skip
    assert columns["id"] == [str(i) for i in range(6)]
    assert columns["active"] == ["false"] + ["true"] * 5
    assert columns["inactivity"] == ["set"] + [""] * 5
    assert columns["stoichiometry"] == [""] * 6  # the case gives none
    for name, values in (("x_m", result.particles.x), ("current_A_m", result.particles.current)):
        assert np.array_equal([float(text) for text in columns[name]], values)


def test_without_mechanics_the_stress_column_is_empty(result: Result, tmp_path: Path) -> None:
    write_anode(dataclasses.replace(result.anode, normal_stress=None), tmp_path / "a.csv")
    assert set(table(tmp_path / "a.csv")["normal_stress_Pa"]) == {""}


def test_known_stoichiometry_is_written(result: Result, tmp_path: Path) -> None:
    known = dataclasses.replace(result.particles, stoichiometry=np.full(6, 0.1 + 0.2))
    write_particles(known, tmp_path / "p.csv")
    assert set(table(tmp_path / "p.csv")["stoichiometry"]) == {"0.30000000000000004"}


def test_fields_read_back_exactly(folder: Path, result: Result) -> None:
    grid, expected = meshio.read(folder / "fields.vtu"), result.field_mesh
    assert np.array_equal(grid.points[:, :2], expected.points)
    assert not grid.points[:, 2].any()
    (cells,) = grid.cells
    assert cells.type == "triangle6"
    assert np.array_equal(cells.data, expected.triangles)
    assert np.array_equal(grid.cell_data["region"][0], expected.region)
    assert set(grid.point_data) == set(result.fields)
    for name, values in result.fields.items():
        read = grid.point_data[name]
        width = 1 if values.ndim == 1 else values.shape[1]
        shape = (len(values), *{1: (), 2: (3,), 4: (6,)}[width])
        assert read.shape == shape, name
        first = read[:, :width] if read.ndim == 2 else read
        assert np.array_equal(first, values, equal_nan=True), name
        if read.ndim == 2:
            undefined = np.isnan(values).any(axis=1)
            assert np.isnan(read[undefined]).all()
            assert not read[~undefined, width:].any()


def test_regions_have_their_names(folder: Path, result: Result) -> None:
    """Field data name the numbers in `region`; the area of each is that drawn."""
    grid = meshio.read(folder / "fields.vtu")
    numbers = {name: int(value[0]) for name, value in grid.field_data.items()}
    assert numbers == {r.name: k for k, r in enumerate(result.geometry.regions)}
    assert set(np.unique(grid.cell_data["region"][0])) == set(numbers.values())


def test_phase_of_a_cell_is_where_its_field_lives(folder: Path) -> None:
    grid = meshio.read(folder / "fields.vtu")
    phase, triangles = grid.cell_data["phase"][0], grid.cells[0].data
    assert set(phase) == {0, 1, 2}
    assert not np.isnan(grid.point_data["phi_e"][triangles[phase == 0]]).any()
    assert (grid.point_data["phi_s"][triangles[phase == 1]] == 0.0).all()
    assert np.isnan(grid.point_data["phi_e"][triangles[phase == 2]]).all()


def test_mid_nodes_of_the_file_lie_between_their_vertices(folder: Path) -> None:
    """VTK wants the middles of 01, 12, 02; a wrong order would be off by half an edge."""
    grid = meshio.read(folder / "fields.vtu")
    corner = grid.points[grid.cells[0].data]
    for middle, (a, b) in zip((3, 4, 5), ((0, 1), (1, 2), (0, 2)), strict=True):
        chord = corner[:, b] - corner[:, a]
        off = corner[:, middle] - 0.5 * (corner[:, a] + corner[:, b])
        assert (np.linalg.norm(off, axis=1) < 0.15 * np.linalg.norm(chord, axis=1)).all()


def test_case_reads_back_as_the_same_case(folder: Path, result: Result) -> None:
    again = fem.Case.load(folder / "case.toml")
    assert again == result.case
    assert again.sha256 == result.metrics["case_sha256"]


def test_case_leads_to_its_files_from_the_new_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dead.csv").write_text("id\n1\n")
    case = tmp_path / "case.toml"
    case.write_text(CASE.read_text().replace("ids = [0]", 'file = "dead.csv"'))
    monkeypatch.setattr(output, "_draw", lambda result, folder: None)
    result = fem.run(fem.Case.load(case, {"mechanics.enabled": False}))
    folder = tmp_path / "a" / "b" / "c"  # deeper than the scratch folder it is written in
    fem.save(result, folder)
    text = tomllib.loads((folder / "case.toml").read_text())
    assert text["inactive"]["file"] == "../../../dead.csv"
    assert fem.Case.load(folder / "case.toml").sha256 == result.case.sha256
    assert load(folder).case.sha256 == result.case.sha256


def test_references_are_those_of_the_result(folder: Path, result: Result) -> None:
    assert (folder / "references.txt").read_text(encoding="utf-8") == result.references


def test_figures_are_pictures(folder: Path) -> None:
    for name in ("potential", "flux", "von_mises", "von_mises_tip", "anode_profile"):
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG\r\n")
    assert (folder / "panel.pdf").read_bytes().startswith(b"%PDF-")


def test_redrawn_figures_are_identical(folder: Path, tmp_path: Path) -> None:
    again = shutil.copytree(folder, tmp_path / "again")
    for name in FIGURES:
        (again / name).unlink()
    assert set(redraw(again)) == set(FIGURES)
    for name in FILES:
        assert (folder / name).read_bytes() == (again / name).read_bytes(), name


class Page(HTMLParser):
    """Collects text, and checks that elements are closed in order."""

    VOID = frozenset({"meta", "img", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Any]]) -> None:
        self.links += [value for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_report_is_whole_and_needs_no_other_file(folder: Path, result: Result) -> None:
    page = Page()
    text = (folder / "report.html").read_text(encoding="utf-8")
    page.feed(text)
    assert '<td class="inner">at the lithium surface</td>' in text
    assert 'title="Power of the ionic current over the current."' in text
    assert not page.open
    assert len(page.links) == 6 and page.links.pop(0) == "viewer.html"
    assert all(link.startswith("data:image/png;base64,") for link in page.links)
    assert "Small cell" in page.text
    assert "geometry.cathode.particles.rows" in page.text
    for note in result.notes:
        assert note in page.text
    pressure = (
        f"pressure of rigid lithium{result.metrics['lithium_pressure_rigid_Pa'] / 1e6:.4g}MPa"
    )
    for words in ("at the lithium surface", "A/m²", "2 µm,", "Lithium surface", pressure):
        assert words in page.text
    for line in result.references.splitlines():
        assert line in page.text
    # 170.66 mV and 2343.8 MPa to four digits
    numbers = {name: plain_metrics(result.metrics)[name] for name in CONTRACT}
    assert f"{numbers['overpotential_V'] * 1e3:.4g}" in page.text
    assert f"{numbers['von_mises_tip_Pa'][0] * 1e-6:.4g}" in page.text


def test_report_begins_with_ten_numbers_and_folds_what_is_long(
    folder: Path, result: Result
) -> None:
    """Ten key numbers with labels in full and units, then pictures, then the rest folded."""
    text = (folder / "report.html").read_text(encoding="utf-8")
    before, _, after = text.partition("<h2>Pictures</h2>")
    cards = re.findall(
        r"<div title=\"[^\"]*\"><strong>([^<]*)</strong> ([^<]*)<br>([^<]*)</div>", before
    )
    assert len(cards) == 10 and "<code>" not in before
    assert (f"{result.metrics['overpotential_V'] * 1e3:.4g}", "mV", "overpotential") in cards
    for _, _, label in cards:
        assert "_" not in label and not re.search(r"\bm2\b", label)
    rest = after.partition("<h2>Everything else</h2>")[2]
    assert re.findall("<summary>([^<]*)</summary>", rest) == [
        *("All numbers", "Assumptions", "Parameters of the case", "Sources", "Files of this run"),
    ]
    assert rest.count("<details>") == rest.count("</details>") == 5
    assert "<pre>" not in before + after.partition("<h2>Everything else</h2>")[0]


def test_captions_say_what_to_look_at() -> None:
    every = (
        CAPTIONS, CAPTIONS_IN_TIME, CAPTIONS_OF_FACES, CAPTIONS_OF_FACES_IN_TIME,
        CAPTIONS_OF_FLOW, CAPTIONS_OF_REACTIONS, CAPTIONS_OF_STACK,
    )  # fmt: skip
    for caption in (text for captions in every for text in captions.values()):
        assert len(caption.split()) > 15
        assert re.search(r"\b(look|compare|says?|says|bright|long bars)\b", caption, re.I)


def test_results_and_cases_are_told_in_a_few_words(result: Result) -> None:
    """On a terminal a few lines, in notebooks a table; a title is text there, not markup."""
    for each in (result, result.case, result.geometry, fem.Cell.of(result.case)):
        assert 20 < len(repr(each)) < 500, type(each)
    assert "Small cell" in repr(result) and f"{len(result.field_mesh.points)} points" in repr(
        result
    )
    assert "Small cell" in repr(result.case) and repr(result.case) == str(result.case)
    odd = result.case.replace({"title": "<b>a & b</b>"})
    for each in (odd, dataclasses.replace(result, case=odd)):
        page = each._repr_html_()
        assert "&lt;b&gt;a &amp; b&lt;/b&gt;" in page
        assert page.count("<tr") == page.count("</tr>") >= 10


def test_report_shows_what_somebody_added_to_the_metrics(result: Result) -> None:
    """Under its bare name: a run is not lost for want of a declaration."""
    from fem.output.report import report

    metrics = {**result.metrics, "own_number_m": 2.5}
    page = report(dataclasses.replace(result, metrics=metrics), {})
    assert "<td>own number</td>" in page and "<td>m</td>" in page
    assert "own number" not in report(result, {})


def test_report_highlights_warnings_and_assumptions(folder: Path, result: Result) -> None:
    text = (folder / "report.html").read_text(encoding="utf-8")
    warnings = [note for note in result.notes if note.startswith("Warning")]
    assert warnings
    assert text.count('class="warning"') == len(warnings)
    assert text.count("<mark>ASSUMPTION</mark>") == result.references.count("ASSUMPTION")


def test_report_escapes_what_a_user_wrote(result: Result, tmp_path: Path) -> None:
    from fem.output.report import report

    case = result.case.replace({"title": "<b>a & b</b>"})
    text = report(dataclasses.replace(result, case=case), {})
    assert "<b>" not in text
    assert "&lt;b&gt;a &amp; b&lt;/b&gt;" in text


def test_no_file_says_where_it_was_made(folder: Path, result: Result, tmp_path: Path) -> None:
    write_result(result, tmp_path, tmp_path / "r.npz")
    texts = [p.read_text(encoding="utf-8") for p in folder.iterdir()
             if p.suffix in (".json", ".csv", ".toml", ".txt", ".html")]  # fmt: skip
    here = re.compile(re.escape(str(folder.parent)))
    assert not any(here.search(text) for text in texts)
