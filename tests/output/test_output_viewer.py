"""The interactive page: what it holds, how large it is, and what a browser shows of it."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import shutil
import subprocess
import zlib
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from recorded_runs import CASE, STEPS, quicken

import fem
from fem.output import recording, viewer
from fem.results.result import Result
from fem.runs.simulation import simulate

CASES = Path(__file__).parents[2] / "cases"
BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
needs_browser = pytest.mark.skipif(
    BROWSER is None, reason="no Chromium on this machine: the page is not opened"
)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A run with the states that stand in its folder; nothing else is drawn of it."""
    changes = {"title": "A </script> & more", "operation.steps": STEPS}
    case = fem.Case.load(CASE).replace(changes)
    place = tmp_path_factory.mktemp("runs") / "run"
    with pytest.MonkeyPatch.context() as patch:
        quicken(patch)
        with recording(place, case) as recorder:
            return recorder.finish(simulate(case, observers=(recorder,)))


@pytest.fixture(scope="module")
def page(result: Result) -> str:
    return viewer.viewer(result)


def unpacked(page: str, number: int, shape: tuple[int, int], kind: str) -> np.ndarray:
    """What was packed, by sums where the page has differences."""
    match = re.search(rf'id="chunk{number}">([^<]*)<', page)
    assert match is not None
    return opened(match[1], shape, kind)


def opened(text: str, shape: tuple[int, int], kind: str) -> np.ndarray:
    raw = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=np.uint8)
    width = np.dtype(kind).itemsize
    less = np.ascontiguousarray(raw.reshape(width, -1).T).view(kind).reshape(shape).copy()
    less[0] = np.cumsum(less[0], dtype=kind)
    return np.cumsum(less, axis=0, dtype=kind)


@given(
    st.sampled_from(["<u2", "<u4"]).flatmap(
        lambda kind: arrays(kind, array_shapes(min_dims=2, max_dims=2, max_side=9))
    )
)
def test_packing_loses_nothing(values: np.ndarray) -> None:
    assert np.array_equal(opened(viewer._packed(values), values.shape, values.dtype.str), values)


def facts_of(page: str) -> dict[str, Any]:
    match = re.search(r'id="facts">(.*?)</script>', page)
    assert match is not None
    found: dict[str, Any] = json.loads(match[1])
    return found


def test_the_page_needs_nothing_else(page: str) -> None:
    assert "A &lt;/script&gt; &amp; more" in page
    assert page.count("<script") == page.count("</script>")
    assert not re.search(r"\b(src|href)\s*=|https?:|@import|url\(|import\(|fetch\(", page)


def test_values_are_those_of_the_fields(page: str, result: Result) -> None:
    facts = facts_of(page)
    (group,) = facts["groups"]
    assert len(facts["frames"]) == len(result.frames) == group["states"]
    size = (1, group["points"])
    x = group["step"] * unpacked(page, group["x"], size, "<u4")[0]
    y = group["step"] * unpacked(page, group["y"], size, "<u4")[0]
    assert 1e6 * result.field_mesh.points == pytest.approx(np.stack([x, y], axis=1), abs=1e-5)
    nodes = unpacked(page, group["nodes"], (6, group["triangles"]), "<u4").T
    assert np.array_equal(nodes, result.field_mesh.triangles)
    for field in facts["fields"]:
        packed = group["fields"][field["name"]]
        where = unpacked(page, packed["where"], (1, packed["count"]), "<u4")[0]
        level = unpacked(page, packed["values"], (group["states"], packed["count"]), "<u2")
        span = field["high"] - field["low"]
        shown = np.where(
            level == facts["unknown"], np.nan, field["low"] + level * span / facts["steps"]
        )
        factor = {"phi_e": 1e3}.get(field["name"], 1.0)
        for frame, values in zip(result.frames, shown, strict=True):
            assert frame.result is not None
            exact = frame.result.fields[field["name"]]
            exact = np.hypot(*exact.T) if exact.ndim == 2 else exact
            assert np.isnan(np.delete(exact, where)).all()
            assert values == pytest.approx(
                factor * exact[where], abs=1e-5 * span + 1e-9, nan_ok=True
            )


def test_a_gap_is_told_in_the_triangles_beside_it() -> None:
    """Of a square of two triangles, a side of which is a face: its gap there and beyond."""
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=float)
    middles = [(corners[a] + corners[b]) / 2 for a, b in ((0, 1), (1, 2), (0, 2), (2, 3), (3, 0))]
    triangles = np.array([[0, 1, 2, 4, 5, 6], [0, 2, 3, 6, 7, 8]])
    mesh = SimpleNamespace(points=np.concatenate([corners, middles]), triangles=triangles)
    gap = np.array([1e-9, -1e-10, 3e-9])
    faces = Faced(np.ones(3), np.array([0.0, 0.5, 1.0]), gap)
    found = viewer._gap(SimpleNamespace(faces=faces, field_mesh=mesh))  # type: ignore[arg-type]
    assert 1e9 * found[[1, 5, 2]] == pytest.approx([1.0, 0.0, 3.0], abs=1e-6)
    assert np.isfinite(found).all()
    alone = Faced(np.ones(1), np.zeros(1), gap[:1])
    found = viewer._gap(SimpleNamespace(faces=alone, field_mesh=mesh))  # type: ignore[arg-type]
    assert np.flatnonzero(np.isnan(found)).tolist() == [3, 7, 8]
    assert np.nanmax(found) == np.nanmin(found) == 1e-9


@dataclasses.dataclass
class Faced:
    """What the page asks of a table of faces."""

    x: np.ndarray
    y: np.ndarray
    gap: np.ndarray

    def __len__(self) -> int:
        return len(self.gap)


def test_outlines_are_where_fields_can_jump(page: str, result: Result) -> None:
    (group,) = facts_of(page)["groups"]
    edges = unpacked(page, group["edges"], (3, group["rim"]), "<u4")
    ends = result.field_mesh.points[edges]
    length = np.hypot(*(ends[2] - ends[0]).T).sum()
    geometry = result.geometry
    # The outside once, every interface from both sides; chords are shorter than curves.
    inner = sum(o.curve.length for o in geometry.outlines if min(o.left, o.right) >= 0)
    flat = geometry.width  # separator and composite are one electrolyte
    expected = 2.0 * (geometry.width + geometry.height) + 2.0 * (inner - flat)
    assert length == pytest.approx(expected, rel=0.02)


def test_a_large_run_keeps_every_other_state(
    result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = viewer.viewer(result)
    monkeypatch.setattr(viewer, "LARGEST", len(whole) - 1)
    page = viewer.viewer(result)
    assert len(page) < len(whole)
    times = [frame["time"] for frame in facts_of(page)["frames"]]
    every = [frame.time for frame in result.frames]
    assert times == [*every[:-1][::2], every[-1]]
    assert f"{len(times)} of {len(every)} states" in page
    monkeypatch.setattr(viewer, "LARGEST", 1)  # not to be had: the first and the last remain
    assert len(facts_of(viewer.viewer(result))["frames"]) == 2


@pytest.mark.slow
def test_size_of_a_large_run(result: Result) -> None:
    """100,000 nodes and 50 states stay below 30 MB, all of them."""
    case = fem.Case.load(CASES / "zheng2023_protrusions.toml")
    large = fem.run(case.replace({"mesh.size": "0.95 um"}))
    assert len(large.field_mesh.points) > 100_000
    frames = []
    for k in range(50):
        # Smooth changes in time with noise of the size of what steps leave.
        noise = np.random.default_rng(k).normal(1.0, 1e-4, len(large.field_mesh.points))
        fields = {
            name: (values.T * noise * (1.0 + 0.02 * k)).T for name, values in large.fields.items()
        }
        state = dataclasses.replace(large, fields=MappingProxyType(fields), frames=())
        frames.append(dataclasses.replace(result.frames[0], time=float(k), result=state))
    page = viewer.viewer(dataclasses.replace(large, frames=tuple(frames)))
    assert len(facts_of(page)["frames"]) == 50
    assert len(page.encode()) < 30_000_000


SCRIPT = """
{
const said = {};
const canvas = document.getElementById("map");
function at(x, y) {  // um to pixels of the window
  const box = canvas.getBoundingClientRect();
  return { clientX: box.left + box.width / 2 + (x - view.x) / view.size,
    clientY: box.top + box.height / 2 - (y - view.y) / view.size, bubbles: true };
}
const act = (kind, x, y, more) =>
  canvas.dispatchEvent(new PointerEvent("pointer" + kind, { ...at(x, y), ...more }));
const rows = () => Object.fromEntries([...document.getElementById("reading").rows].map(
  (row) => [row.cells[0].textContent, row.cells[1].textContent]));
function choose(name, value) {
  const control = document.getElementById(name);
  control.value = value;
  control.dispatchEvent(new Event(name === "time" ? "input" : "change"));
}
function colourAt(x, y) {
  const { clientX, clientY } = at(x, y), box = canvas.getBoundingClientRect();
  const gl = canvas.getContext("webgl2"), pixel = new Uint8Array(4);
  gl.readPixels(Math.round(clientX - box.left), Math.round(box.bottom - clientY), 1, 1, gl.RGBA,
    gl.UNSIGNED_BYTE, pixel);
  return [...pixel.slice(0, 3)];
}
async function played() {
  while (!document.body.dataset.ready) await new Promise((go) => setTimeout(go, 20));
  PLAY
  const told = document.createElement("pre");
  told.id = "said";
  told.textContent = JSON.stringify(said);
  document.body.append(told);
}
played().catch((error) => {
  document.body.append(Object.assign(document.createElement("pre"),
    { id: "said", textContent: JSON.stringify({ error: String(error) }) }));
});
}
"""


def played(page: str, play: str, tmp_path: Path) -> dict[str, Any]:
    """What a script says that runs in the page."""
    assert BROWSER is not None
    place = tmp_path / "played.html"
    script = SCRIPT.replace("PLAY", play)
    place.write_text(page.replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8")
    command = [
        BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--disable-quic", "--no-first-run", f"--user-data-dir={tmp_path / 'browser'}",
        "--window-size=1200,900", "--virtual-time-budget=60000", "--dump-dom", place.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    match = re.search(r'<pre id="said">(.*?)</pre>', done.stdout, re.DOTALL)
    assert match is not None, done.stderr[-2000:]
    said: dict[str, Any] = json.loads(match[1].replace("&amp;", "&").replace("&gt;", ">"))
    assert "error" not in said, said
    return said


@needs_browser
def test_values_under_the_mouse_along_a_line_and_of_a_particle(
    page: str, result: Result, tmp_path: Path
) -> None:
    number = int(np.argmax([frame.current_density for frame in result.frames]))
    frame = result.frames[number]
    assert frame.result is not None
    mesh, phi = result.field_mesh, frame.result.fields["phi_e"]
    # At a node what is read is exact, however coarse the mesh.
    node = np.argmin(np.hypot(*(mesh.points.T - np.array([[20e-6], [45e-6]]))))
    x, y = 1e6 * mesh.points[node]
    play = (
        f"""
      choose("time", {number});
      act("move", {x}, {y});"""
        + """
      said.electrolyte = rows();
      act("move", 30, 10);
      said.inside = rows();
      said.fields = facts.fields.map((f) => f.name);
      said.clock = document.getElementById("clock").textContent;
      choose("field", said.fields.indexOf("phi_e"));
      act("down", 2, 50, { shiftKey: true }); act("move", 58, 50); act("up", 58, 50);
      said.along = spots.found.map((spot) => valueAt(spot, facts.fields[chosen.field]));
      act("down", 10, 30); act("up", 10, 30);
      said.particle = document.querySelector("#particle figcaption").textContent;
      act("down", 10, 10); act("up", 10, 10);
      said.dead = document.querySelector("#particle figcaption").textContent;
      said.tone = colourAt(10, 13);
      const before = view.size;
      canvas.dispatchEvent(new WheelEvent("wheel", { ...at(30, 30), deltaY: -300 }));
      said.zoom = view.size / before;
      act("down", 30, 30); act("move", 35, 30); act("up", 35, 30);
      said.moved = view.x;
      said.address = JSON.parse(decodeURIComponent(location.hash.slice(1)));
    """
    )
    said = played(page, play, tmp_path)
    assert said["inside"]["particle"] == "1"
    lithium = float(frame.result.at("stoichiometry", 30e-6, 10e-6))
    assert float(said["inside"]["stoichiometry"]) == pytest.approx(lithium, abs=2e-3)
    potential = said["electrolyte"]["potential of the electrolyte"]
    span = 1e3 * (np.nanmax(phi) - np.nanmin(phi))
    exact = pytest.approx(1e3 * phi[node], abs=1e-4 * span)
    assert float(potential.removesuffix(" mV")) == exact
    assert said["clock"].startswith(f"{frame.time:.5g} s, {frame.voltage:.4f} V")
    values = [v for v in said["along"] if v is not None]
    assert len(values) == 301
    ends = [1e3 * float(frame.result.at("phi_e", place, 50e-6)) for place in (2e-6, 58e-6)]
    assert (values[0], values[-1]) == pytest.approx(ends, abs=0.02 * span)
    assert said["particle"].startswith("Particle 3: current ")
    assert f"{frame.stoichiometry[3]:.4g}"[:5] in said["particle"]
    assert said["dead"].startswith("Particle 0, inactive: set")
    assert said["tone"] == [0x8D, 0x8D, 0x8D]
    assert said["zoom"] == pytest.approx(np.exp(-0.45))
    assert said["moved"] < 30.0
    assert said["address"]["frame"] == number
    assert said["address"]["particle"] == 0


@needs_browser
def test_what_the_address_says_is_shown(page: str, tmp_path: Path) -> None:
    play = """
      location.hash = encodeURIComponent(JSON.stringify({ field: 1, frame: 0, particle: 2,
        place: [30, 10], line: null, view: { x: 20, y: 30, size: 0.02 } }));
      recall(); show(true);
      said.chosen = { ...chosen, size: view.size };
      said.told = rows();
      location.hash = encodeURIComponent('{"field": 99, "frame": "x", "particle": -7}');
      recall(); show(true);
      said.mended = [chosen.field, chosen.frame, chosen.particle, facts.frames.length];
      location.hash = "nonsense";
      recall(); show(true);
    """
    said = played(page, play, tmp_path)
    assert said["chosen"]["frame"] == 0
    assert said["chosen"]["size"] == 0.02
    assert said["told"]["particle"] == "1"
    assert said["mended"] == [0, said["mended"][3] - 1, -1, said["mended"][3]]
