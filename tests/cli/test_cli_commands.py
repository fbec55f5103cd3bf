"""The commands as a user calls them: what they print, write and give back."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import meshio
import numpy as np
import pytest

import fem
from fem import geometry
from fem.cell.composition import Cell
from fem.cli import estimate, main
from fem.cli.estimate import cost
from fem.cli.progress import Progress
from fem.errors import SolveError
from fem.output import run as output
from fem.parameters import resolve

SMALL = Path(__file__).parents[1] / "output" / "small_case.toml"
PROTOCOL = SMALL.with_name("small_protocol.toml")
CASES = Path(__file__).parents[2] / "cases"
SHIPPED = [CASES / f"{name}.toml" for name in ("zheng2023_flat", "teaching_1d")]
QUICK = ("--set", "mechanics.enabled=false")


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing has its own tests; here it would only cost time."""
    monkeypatch.setattr(output, "_draw", lambda result, folder: None)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fem_process(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    root = str(Path(fem.__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-m", "fem", *arguments],
        cwd=cwd, env={**os.environ, "PYTHONPATH": root}, capture_output=True, encoding="utf-8",
    )  # fmt: skip


# ------------------------------------------------------------------------------------------ run


@pytest.mark.slow
def test_run_as_a_process_draws_everything_and_is_quiet_in_a_pipe(here: Path) -> None:
    done = fem_process("run", str(SMALL), "--out", "run", cwd=here)
    assert (done.returncode, done.stderr) == (0, "")
    assert {p.name for p in (here / "run").iterdir()} == set(output.FILES)
    assert "\r" not in done.stdout
    assert done.stdout.endswith("written to run\n")
    metrics = json.loads((here / "run" / "metrics.json").read_text())
    (overpotential,) = re.findall(r"^overpotential +(\S+) mV$", done.stdout, re.MULTILINE)
    assert float(overpotential) == pytest.approx(metrics["overpotential_V"] * 1e3, rel=1e-3)
    assert "Warning: with rigid lithium" in done.stdout


def test_default_folder_is_named_after_the_case(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(SMALL), *QUICK]) == 0
    assert (here / "out" / "small_case" / "metrics.json").is_file()
    assert f"written to {Path('out', 'small_case')}" in capsys.readouterr().out


def test_quiet_prints_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(SMALL), *QUICK, "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_without_mechanics_there_is_no_metric_of_it(here: Path) -> None:
    assert main(["run", str(SMALL), *QUICK, "--out", "run"]) == 0
    metrics = json.loads((here / "run" / "metrics.json").read_text())
    assert not [name for name in metrics if "stress" in name or "mises" in name]
    rows = (here / "run" / "anode.csv").read_text().splitlines()
    assert all(row.endswith(",") for row in rows[1:])


def test_an_earlier_run_is_replaced_and_other_files_stay(here: Path) -> None:
    assert main(["run", str(SMALL), *QUICK, "--out", "run"]) == 0
    (here / "run" / "notes.md").write_text("mine")
    change = 'operation.current_density="50 A/m^2"'
    assert main(["run", str(SMALL), *QUICK, "--out", "run", "--set", change]) == 0
    metrics = json.loads((here / "run" / "metrics.json").read_text())
    assert metrics["current_density_A_m2"] == pytest.approx(50.0)
    assert (here / "run" / "notes.md").read_text() == "mine"


@pytest.mark.parametrize(
    "sets",
    [
        ["--set", 'mesh.size="3 um"', "--set", "inactive.ids=[1, 2]"],
        ["--set", "mesh.size=3 um", "inactive.ids=[1, 2]"],  # several after one --set
        ["--set", "inactive.ids=[5]", "--set", "inactive.ids=[1,2]", "--set", " mesh.size = 3 um"],
    ],
)
@pytest.mark.parametrize("first", [False, True])
def test_set(here: Path, sets: list[str], first: bool) -> None:
    words = [*sets, str(SMALL)] if first else [str(SMALL), *sets]
    assert main(["run", *words, *QUICK, "--out", "run"]) == 0
    case = fem.Case.load(here / "run" / "case.toml")
    assert case.inactive.ids == (1, 2)
    assert case.mesh.size.text == "3 um"


def test_set_reaches_into_lists(here: Path) -> None:
    changes = [
        'geometry.anode.protrusions[0].depth="6 um"',
        'inactive={between=["0 um", "15 um"]}',
    ]
    assert main(["run", str(SMALL), *QUICK, "--out", "run", "--set", *changes]) == 0
    case = fem.Case.load(here / "run" / "case.toml")
    assert case.geometry.anode.protrusions[0].depth.text == "6 um"
    assert (case.inactive.ids, len(case.inactive.between)) == ((), 2)


def test_solve_error_is_status_1(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any) -> None:
        raise SolveError("no convergence", field="phi_e", residual=0.1, cures=["a finer mesh"])

    monkeypatch.setattr(fem, "run", fail)
    assert main(["run", str(SMALL)]) == 1
    assert capsys.readouterr().err == (
        "no convergence (field phi_e, relative residual 0.1)\n  try: a finer mesh\n"
    )
    assert not list(here.iterdir())


def test_unexpected_error_is_one_line_without_debug(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError("two\nlines")

    monkeypatch.setattr(fem, "run", fail)
    assert main(["run", str(SMALL)]) == 1
    text = capsys.readouterr().err
    assert text.count("\n") == 1
    assert "ZeroDivisionError: two lines" in text
    assert "--debug" in text
    assert main(["run", str(SMALL), "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err
    assert not list(here.iterdir())


def test_interrupt_is_status_130(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fem, "run", interrupt)
    assert main(["run", str(SMALL)]) == 130
    assert capsys.readouterr().err == "interrupted\n"
    assert not list(here.iterdir())


def test_full_disk_is_status_1(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(output, "write_particles", full)
    assert main(["run", str(SMALL), *QUICK]) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert not list(here.iterdir())


# ------------------------------------------------------------------------------------- progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_shows_stages_and_wipes_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fem.cli.progress.INTERVAL", 0.001)
    stream = Terminal()
    with Progress(stream=stream) as progress:
        for stage in ("mesh", "charge"):
            progress(stage)
            while stage not in stream.getvalue():
                pass
    shown = stream.getvalue()
    assert re.search(r"\r +\d+\.\d s  mesh", shown)
    assert "\n" not in shown
    assert shown.rsplit("\r", 2)[1].strip() == ""


@pytest.mark.parametrize(("quiet", "kind"), [(True, Terminal), (False, io.StringIO)])
def test_no_progress_if_quiet_or_in_a_pipe(quiet: bool, kind: type[io.StringIO]) -> None:
    stream = kind()
    with Progress(quiet, stream) as progress:
        progress("mesh")
    assert stream.getvalue() == ""


# ---------------------------------------------------------------------------------------- check


def test_check_tells_what_would_run_and_writes_nothing(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(SMALL)]) == 0
    text = capsys.readouterr().out
    for words in (
        "6 particles of NCM811 (5 active, 1 inactive)", "320 A/m^2", "ASSUMPTION  NCM811",
        "1 protrusion", "rigid, then elastic", "100 A/m^2", "particles", "471.239 um2",
    ):  # fmt: skip
        assert words in text
    assert not list(here.iterdir())


def test_check_of_a_plane_cathode_with_an_ohmic_layer(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = [
        'geometry.cathode={kind="plane", material="NCM811", thickness="10 um"}',
        "inactive={}", 'kinetics.anode={area_resistance="5 ohm*cm^2"}',
        'operation={cell_voltage="4 V"}', "kinetics.cathode.stoichiometry=0.5",
    ]  # fmt: skip
    assert main(["check", str(SMALL), *QUICK, "--set", *changes]) == 0
    text = capsys.readouterr().out
    for words in ("plane, NCM811", "lithium: 5 ohm*cm^2", "cell voltage 4 V", "mechanics    off"):
        assert words in text


IN_TIME = (
    'operation={kind="protocol", temperature="303.15 K", steps=['
    '{charge="1 mA/cm^2", until={voltage="4.2 V", stoichiometry=0.3}}, '
    '{hold="4.2 V", until={current="5 A/m^2", time="10 h"}}, {rest="10 min"}, '
    '{repeat=20, steps=[{discharge_rate=0.1, until={voltage="3 V"}}, {rest="1 s"}]}]}'
)


def test_check_of_a_protocol_lists_its_steps_and_the_charge_there_is(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With c_max = 50000 mol/m^3, five discs of 5 um radius below 60 um of width hold between
    x = 0.3 and 0.9 a charge of 96485.33 x 50000 x 0.6 x 5 pi 25e-12 / 60e-6 = 1.894484e4 A s/m^2,
    that is 0.5262 mA h/cm^2; at x = 0.6 half of it; a tenth an hour is 0.5262 A/m^2. Of lithium,
    4 um are 4e-6 x 96485.33 / 13e-6 = 2.968779e4 A s/m^2."""
    changes = [
        IN_TIME, "kinetics.cathode.stoichiometry=0.6", "geometry.anode.reserve=4 um",
        "materials.NCM811.stoichiometry_min=0.3", "materials.NCM811.stoichiometry_max=0.9",
        "materials.NCM811.max_concentration=50000 mol/m^3", "stepping.longest=1 min",
        "materials.lithium.molar_volume=13 cm^3/mol",
    ]  # fmt: skip
    assert main(["check", str(SMALL), "--set", *changes]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for words in (
        "operation protocol, 303.15 K, 43 steps",
        "step 1: charge at 1 mA/cm^2 until voltage 4.2 V or stoichiometry 0.3",
        "step 2: hold at 4.2 V until current 5 A/m^2 or time 10 h",
        "step 3: rest for 10 min cycle 1 of 20, step 1: discharge at 0.1 C (0.5262 A/m2) until",
        "... and 23 more",
        "4 um of 10 um can be stripped, 0.8247 mAh/cm2; surface kept",
        "x = 0.6 at the start; diffusion resolved; the window 0.3 to 0.9 holds 0.5262 mAh/cm2",
        "charge can take 0.2631 mAh/cm2, discharge can add 0.2631 mAh/cm2",
        "tolerance 0.001, first 1 ms, longest 1 min; at most 100000 steps; 24 states kept",
    ):
        assert words in text
    assert not list(here.iterdir())


def test_check_lists_steps_of_power_and_of_a_file(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "cycle.csv").write_text("0,1\n10,2\n20,-3\n")
    file = str(here / "cycle.csv")
    steps = [
        {"charge_power": "50 W/m^2", "until": {"time": "9 s"}},
        {"profile": {"file": file, "power": "1 W/m^2"}},
        {"profile": {"file": file, "current": "1 A/m^2"}, "until": {"voltage": "3.6 V"}},
    ]
    given = json.dumps(steps).replace('": ', '" = ')
    assert main(["check", str(PROTOCOL), "--set", f"operation.steps={given}"]) == 0
    text = capsys.readouterr().out
    for words in (
        "step 1: charge at 50 W/m^2 until time 9 s\n",
        "step 2: power of cycle.csv until the end of its file\n",
        "step 3: current of cycle.csv until the end of its file or voltage 3.6 V\n",
    ):
        assert words in text


def test_check_of_a_protocol_with_fixed_particles_on_an_alloy(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = [
        'operation={kind="protocol", steps=[{rest="1 s"}]}', "kinetics.cathode.stoichiometry=0.5",
        "kinetics.cathode.diffusion=fixed", "geometry.anode.material=InLi",
    ]  # fmt: skip
    assert main(["check", str(SMALL), *QUICK, "--set", *changes]) == 0
    text = capsys.readouterr().out
    for words in ("1 step\n", "x = 0.5 at the start; diffusion fixed\n", "does not follow"):
        assert words in text
    assert "mAh" not in text


def test_estimate_of_the_mesh_is_near(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(SMALL)]) == 0
    estimate = int(re.search(r"about (\d+) triangles", capsys.readouterr().out)[1])  # type: ignore[index]
    made = len(fem.run(fem.Case.load(SMALL, {"mechanics.enabled": False})).mesh.region)
    assert made / 1.5 < estimate < made * 1.5


@pytest.mark.parametrize(
    "path",
    [SMALL, PROTOCOL, *SHIPPED, pytest.param(CASES / "zhou2025_cell.toml", marks=pytest.mark.slow)],
    ids=lambda path: path.stem,
)
def test_unknowns_are_known_before_the_mesh_is(path: Path) -> None:
    """Within a factor of two, as `fem check` says; shipped cases on a coarse mesh."""
    size = {"mesh.size": "4 um"} if path in SHIPPED else {}
    case = fem.Case.load(path, {"mechanics.enabled": False, **size})
    cell = Cell.of(case)
    made = cell.charge.layout(cell.drives(current=1.0)).size
    expected = cost(case, cell.mesh.geometry, cell.parameters)
    assert made / 2.0 < expected.unknowns < made * 2.0


def test_steps_in_time_are_known_before_the_run_is() -> None:
    case = fem.Case.load(PROTOCOL)
    history = fem.run(case).history
    assert history is not None
    shape = geometry.build(case)
    steps = cost(case, shape, resolve(case, shape)).steps
    assert len(history) / 2.0 < steps < len(history) * 2.0


@pytest.mark.parametrize(
    ("changes", "memory", "words"),
    [
        ([], 1e-3, "the run will need about 0.2 GB, and this machine has 0.0 GB"),
        (["stepping.most_steps=10"], 64.0, "while stepping.most_steps is 10"),
        (["mesh.size=0.1 um", "stepping.stoichiometry=1e-5"], 64.0, "the run will take about"),
    ],
)
def test_a_cost_beyond_the_machine_or_an_hour_is_told(
    changes: list[str],
    memory: float,
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """By check in its warnings, by run before it begins to mesh."""

    def no_mesh(*_: object) -> None:
        raise fem.SolveError("stop here")

    monkeypatch.setattr(estimate, "_memory", lambda: memory)
    command = [str(PROTOCOL), *(word for change in changes for word in ("--set", change))]
    assert main(["check", *command]) == 0
    assert words in " ".join(capsys.readouterr().out.partition("warnings")[2].split())
    monkeypatch.setattr("fem.runs.simulation.simulate", no_mesh)
    assert main(["run", *command, "--out", str(tmp_path / "out")]) == 1
    warning, end = capsys.readouterr().err.splitlines()
    assert warning.startswith("warning: ")
    assert words in warning
    assert end == "stop here"


# ----------------------------------------------------------------------------------------- mesh


@pytest.mark.parametrize("name", ["cell.vtu", "cell.msh"])
def test_mesh(here: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main(["mesh", str(SMALL), "--out", name]) == 0
    text = capsys.readouterr().out
    grid = meshio.read(here / name)
    assert {cells.type for cells in grid.cells} == {"triangle6"}
    triangles = np.concatenate([cells.data for cells in grid.cells])
    assert f"triangles        {len(triangles)}\n" in text
    assert f"nodes            {len(grid.points)}\n" in text
    assert "6 particles" in text
    assert float(re.search(r"smallest angle +([\d.]+) deg", text)[1]) > 10  # type: ignore[index]
    assert [p.name for p in here.iterdir()] == [name]
    region = np.concatenate(grid.cell_data["region" if name.endswith("vtu") else "gmsh:physical"])
    assert len(np.unique(region)) == 9
    if name.endswith("msh"):
        assert list(grid.field_data["separator"]) == [1, 2]
    # The curved area follows from the six nodes by P2 shape functions; a wrong order would not fit.
    width, height = np.ptp(grid.points[:, 0]), np.ptp(grid.points[:, 1])
    x, y = (grid.points[triangles, k].T for k in range(2))
    assert curved_areas(x, y).sum() == pytest.approx(width * height, rel=1e-12)
    particle = region == (region.max())
    assert abs(curved_areas(x[:, particle], y[:, particle]).sum()) == pytest.approx(
        np.pi * 5e-6**2, rel=1e-4
    )


def curved_areas(x: Any, y: Any) -> Any:
    """Areas of P2 triangles: Simpson's rule for the integral of (x dy - y dx) / 2 along edges.

    Exact: on an edge x and y are quadratic, so x dy is cubic.
    """
    total = 0.0
    for a, m, b, sign in ((0, 3, 1, 1), (1, 4, 2, 1), (0, 5, 2, -1)):
        slopes = {}
        for name, v in (("x", x), ("y", y)):
            slopes[name] = (-3 * v[a] + 4 * v[m] - v[b], v[b] - v[a], v[a] - 4 * v[m] + 3 * v[b])
        values = [x[n] * slopes["y"][k] - y[n] * slopes["x"][k] for k, n in enumerate((a, m, b))]
        total = total + sign * (values[0] + 4 * values[1] + values[2]) / 12.0
    return np.abs(total)


# ------------------------------------------------------------------------- plot, materials, help


def test_plot_needs_no_solver(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(SMALL), *QUICK, "--out", "run", "--quiet"]) == 0

    def draw(result: Any, folder: Path, *how: Any) -> None:
        (folder / "flux.png").write_bytes(result.fields["phi_e"].tobytes())

    monkeypatch.setattr(output, "_draw", draw)
    monkeypatch.setattr(fem, "run", None)
    assert main(["plot", "run"]) == 0
    assert capsys.readouterr().out == "flux.png\n"
    assert (here / "run" / "flux.png").stat().st_size > 1000


def test_plot_draws_one_field_as_asked_for(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As text and vectors in SVG and PDF; beside the run, or where it is said."""
    assert main(["run", str(SMALL), *QUICK, "--out", "run", "--quiet"]) == 0
    before = {p.name for p in (here / "run").iterdir()}
    assert main(["plot", "run", "--field", "phi_e", "--range", "0 mV", "90 mV"]) == 0
    assert {p.name for p in (here / "run").iterdir()} - before == {"field_phi_e.png"}
    window = ["10 um", "50 um", "30 um", "70 um"]
    words = ["plot", "run", "--field", "current_density", "--scale", "log", "--window", *window]
    assert main([*words, "--out", "map.svg"]) == 0
    assert "<svg" in (here / "map.svg").read_text("utf-8")
    assert main([*words, "--format", "pdf"]) == 0
    made = here / "run" / "field_current_density.pdf"
    assert made.read_bytes().startswith(b"%PDF")
    assert capsys.readouterr().out.split("\n")[1:] == ["map.svg", str(made.relative_to(here)), ""]


def test_materials(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["materials"]) == 0
    assert "LPSCl" in capsys.readouterr().out
    assert main(["materials", "LPSCl"]) == 0
    text = capsys.readouterr().out
    assert "ionic_conductivity" in text
    assert "source:" in text


@pytest.mark.parametrize("name", ["teaching_1d", "teaching_1d.toml"])
def test_example_copies_a_case_that_is_valid(
    here: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main(["example"]) == 0
    assert "teaching_1d.toml" in capsys.readouterr().out
    assert main(["example", name, "--out", "a/b"]) == 0
    assert main(["check", "a/b/teaching_1d.toml"]) == 0
    assert [p.name for p in (here / "a" / "b").iterdir()] == ["teaching_1d.toml"]


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("assb-fem ")
    for words in ([], *([c] for c in ("run", "check", "mesh", "plot", "materials", "example"))):
        assert main([*words, "--help"]) == 0
        assert capsys.readouterr().out.startswith("usage: fem")


def loaded(*arguments: str, cwd: Path) -> set[str]:
    """Modules that a command imports."""
    code = "import sys; from fem.cli import main; main(sys.argv[1:]); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=cwd, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(fem.__file__).parents[1])},
    )  # fmt: skip
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.slow
def test_light_commands_import_little(here: Path) -> None:
    assert not loaded("--help", cwd=here) & {"numpy", "scipy", "pint", "pydantic", "matplotlib"}
    assert not loaded("check", str(SMALL), cwd=here) & {"matplotlib", "meshio", "fem.runs.snapshot"}
    assert not loaded("materials", cwd=here) & {"matplotlib", "skfem", "netgen"}


def test_a_reader_that_leaves_early_is_no_error(here: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "fem", "materials", "LPSCl"],
        env={**os.environ, "PYTHONPATH": str(Path(fem.__file__).parents[1])},
        cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 0


def test_letters_that_a_console_lacks_are_replaced(here: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fem", "check", str(SMALL), "--set", "title=Größe ⟂"], cwd=here,
        env={**os.environ, "PYTHONPATH": str(Path(fem.__file__).parents[1]),
             "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0
    assert b"Gr??e ?" in done.stdout
