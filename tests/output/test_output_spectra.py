"""Spectra of a run on the disk: at once, whole, and the same if the run was cut short."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from recorded_runs import CASE, quicken, short_run

import fem
from fem.output import load, recording
from fem.output.run import FIGURES_OF_SPECTRA
from fem.runs.simulation import simulate

SPECTRUM = {"impedance": ["10 kHz", "1 Hz"], "points_per_decade": 1}
BAND = ("impedance.csv", "drt.csv")


def case() -> fem.Case:
    steps = [SPECTRUM, {"charge": "50 A/m^2", "until": {"time": "0.1 s"}}, SPECTRUM]
    changes = {"operation.steps": steps, "kinetics.cathode.double_layer_capacitance": "0.2 F/m^2"}
    return fem.Case.load(CASE, changes)


@pytest.mark.slow
def test_a_run_cut_short_anywhere_ends_with_the_same_spectra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quicken(monkeypatch)
    steps, result = short_run(case())
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    fem.save(result, whole)
    with recording(cut, case()) as recorder:
        for step in steps[:2]:  # the first spectrum, and the current after it
            recorder(step)
    assert len(table(cut / BAND[0])) == 5, "on the disk at once"
    with recording(cut, case(), resume=True) as recorder:
        again = simulate(case(), observers=[recorder], resume=recorder.checkpoint)
        recorder.finish(again)
    for name in (*BAND, "history.csv", "events.csv"):
        assert (cut / name).read_bytes() == (whole / name).read_bytes(), name
    for one, other in zip(again.spectra, result.spectra, strict=True):
        assert np.array_equal(one.impedance, other.impedance)
        assert one.facts() | {"full": 0} == other.facts() | {"full": 0}
    stored = load(whole).spectra
    assert [spectrum.facts() for spectrum in stored] == [s.facts() for s in result.spectra]
    assert np.array_equal(stored[1].impedance, result.spectra[1].impedance)


def test_tables_hold_what_the_contract_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quicken(monkeypatch)
    result = fem.run(case())
    fem.save(result, tmp_path)
    rows = table(tmp_path / "impedance.csv")
    first = result.spectra[0]
    assert [float(row["Frequency / Hz"]) for row in rows[:5]] == first.frequency.tolist()
    found = [complex(float(r["Z real / ohm.m2"]), float(r["Z imag / ohm.m2"])) for r in rows[:5]]
    assert found == first.impedance.tolist()
    assert [float(row["Test Time / s"]) for row in rows] == [0.0] * 5 + [0.1] * 5
    assert {row["step"] for row in rows} == {"0.0", "2.0"}
    assert "Z imag without particles double layer / ohm.m2" in rows[0]
    assert {row["step"] for row in table(tmp_path / "drt.csv")} == {"0.0", "2.0"}


@pytest.mark.slow
def test_figures_are_drawn_and_taken_away(tmp_path: Path) -> None:
    fem.save(fem.run(case().replace({"operation.steps": [SPECTRUM]})), tmp_path)
    assert all((tmp_path / name).is_file() for name in FIGURES_OF_SPECTRA)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "Relaxation times of the last spectrum" in page
    assert "impedance.csv" in page


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
