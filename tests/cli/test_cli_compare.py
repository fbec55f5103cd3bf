"""``fem compare``: what differs between runs, whatever they are, as a table and a figure."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PIL import Image

import fem
from fem.cli import main
from fem.output import run as output

OUTPUT = Path(__file__).parents[1] / "output"
CHANGES = {"mechanics.enabled": False, "mesh.size": "5 um"}
STEPS = [{"charge": "50 A/m^2", "until": {"time": "1 s"}}]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two snapshots at other currents, and two runs in time; their figures are not drawn."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output, "_draw", lambda *_: None)
        for name, current in (("low", "10 A/m^2"), ("high", "20 A/m^2")):
            case = fem.Case.load(
                OUTPUT / "small_case.toml", CHANGES | {"operation.current_density": current}
            )
            fem.save(fem.run(case), folder / name / "run")
        for name, temperature in (("cool", "298.15 K"), ("warm", "313.15 K")):
            case = fem.Case.load(
                OUTPUT / "small_protocol.toml",
                {
                    "operation.steps": STEPS,
                    "operation.temperature": temperature,
                    "stepping.tolerance": 0.1,
                },
            )
            fem.save(fem.run(case), folder / name)
    return folder


def read(folder: Path) -> dict[str, list[str]]:
    """Rows of the table by name: the values of the runs."""
    with (folder / "comparison.csv").open(encoding="utf-8", newline="") as stream:
        return {row[1]: row[4:] for row in csv.reader(stream)}


def test_two_snapshots(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One key differs; all else differs by what the doubled current does: a linear electrolyte."""
    words = [str(runs / "low" / "run"), str(runs / "high" / "run")]
    assert main(["compare", *words, "--out", str(tmp_path / "c")]) == 0
    text = capsys.readouterr().out
    lines = {line.split("  ")[0]: line.split() for line in text.splitlines()}
    assert "low/run" in text and "high/run" in text, "as much of the path as tells them apart"
    assert lines["operation.current_density"][1:] == ["10", "A/m^2", "20", "A/m^2"]
    assert lines["current density"][2:] == ["A/m2", "10", "20", "2"]
    assert "geometry.width" not in text and "computing time" not in text
    assert "length of the lithium line" not in text, "equal numbers are counted, not listed"
    # Ohmic loss is linear in the current but for where it plates.
    assert float(lines["overpotential in the electrolyte"][-1]) == pytest.approx(2.0, abs=0.05)
    assert "numbers are equal" in text
    table = read(tmp_path / "c")
    assert table["name"] == ["low/run", "high/run"]
    metrics = fem.output.load(runs / "high" / "run").metrics  # type: ignore[attr-defined]
    assert float(table["overpotential_V"][1]) == metrics["overpotential_V"], "in SI units, exact"
    with Image.open(tmp_path / "c" / "comparison.png") as picture:
        assert picture.size[0] > 1000


def test_runs_in_time_and_snapshots_mix(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(runs / name) for name in ("cool", "warm", "low/run")]
    assert main(["compare", *words[:2], "--out", str(tmp_path / "c")]) == 0
    capsys.readouterr()
    # An earlier comparison is replaced.
    assert main(["compare", *words, "--out", str(tmp_path / "c")]) == 0
    text = capsys.readouterr().out
    assert "operation.temperature" in text and "second / first" not in text
    table = read(tmp_path / "c")
    assert table["operation.kind"] == ["protocol", "protocol", "snapshot"]
    assert table["operation.temperature"] == ["298.15 K", "313.15 K", "298.15 K"]
    assert table["capacity_Ah_m2"][2] == "" and float(table["capacity_Ah_m2"][0]) > 0.0
    assert table["name"] == ["cool", "warm", "run"]


def test_the_figure_of_a_comparison(runs: Path) -> None:
    """Voltage of the runs in time alone, bars and profiles of all, in the colours of the legend."""
    from fem.output.comparison import runs_in
    from fem.plot.comparison import COLOURS, comparison

    results = runs_in([runs / "cool", runs / "low" / "run"])
    figure = comparison(results)
    voltage, parts, plating = figure.axes
    assert [a.get_title(loc="left") for a in figure.axes] == [
        *("Voltage", "Where voltage is lost", "Plating along the lithium")
    ]
    (curve,) = [line for line in voltage.lines if line.get_marker() == "None"]
    history = results["cool"].history
    assert history is not None
    assert curve.get_ydata() == pytest.approx(history["Voltage / V"])
    assert [line.get_color() for line in plating.lines] == list(COLOURS[:2])
    # The bars of a run add up to its overpotential.
    for row, result in zip((1, 0), results.values(), strict=True):
        bars = [p for p in parts.patches if p.get_y() < row < p.get_y() + p.get_height()]
        total = 1e3 * result.metrics["overpotential_V"]
        assert sum(bar.get_width() for bar in bars) == pytest.approx(total, rel=1e-6)
    (key,) = figure.legends
    assert [t.get_text() for t in key.get_texts()] == ["cool", "run"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["low/run"], "fem compare low/run ANOTHER"),
        (["low/run", "low/../low/run"], "twice"),
        (["low/run", "low"], "no finished run"),
        (["low/run", "nowhere"], "no such folder"),
        (["low/run", "cool", "--out", "cool"], "one of the runs"),
        (["low/run", "cool", "--out", "low"], "other files"),
    ],
)
def test_what_cannot_be_compared(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    words: list[str], told: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(runs)
    before = sorted(runs.rglob("*"))
    assert main(["compare", *words]) == 2
    out, err = capsys.readouterr()
    assert out == "" and told in err
    assert sorted(runs.rglob("*")) == before
