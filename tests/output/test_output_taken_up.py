"""Cells with all that interfaces do at once: a run that was cut short ends with the same digits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recorded_runs import quicken, stop

import fem
from fem.output import recording
from fem.runs.simulation import Accepted, simulate

HERE = Path(__file__).parent
SPECTRUM = {"impedance": ["1 kHz", "1 Hz"], "points_per_decade": 1}
REACTING: dict[str, Any] = {
    "geometry.width": "4 um",
    "geometry.cathode": {"kind": "plane", "material": "LCO", "thickness": "8 um"},
    "operation.steps": [
        {"charge": "5 A/m^2", "until": {"time": "50 ms"}},
        SPECTRUM,
        {"discharge": "5 A/m^2", "until": {"time": "20 ms"}},
    ],
}
"""A slab in place of discs."""
LAYERED: dict[str, Any] = {
    "geometry.width": "4 um",
    "geometry.cathode": {"kind": "plane", "material": "LCO", "thickness": "8 um"},
    "interphase.particle_electrolyte": None,
    "kinetics.interlayer.electrolyte": {"opening_pressure": "30 MPa"},
    "kinetics.interlayer.carbon.stoichiometry": 0.9,
    "operation.steps": [
        {"charge": "10 A/m^2", "until": {"time": "1 s"}},
        SPECTRUM,
        {"discharge": "10 A/m^2", "until": {"time": "50 ms"}},
    ],
}


@pytest.mark.parametrize(
    ("name", "changes"), [("small_reacting", REACTING), ("small_interlayer", LAYERED)]
)
def test_a_run_cut_short_ends_with_the_same_digits(
    name: str, changes: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right after the spectrum: rows, events, spectra, fields and all that the cell remembers."""
    quicken(monkeypatch)
    case = fem.Case.load(HERE / f"{name}.toml", changes)
    seen: list[Accepted] = []
    whole = simulate(case, observers=[seen.append])
    assert whole.history is not None and len(whole.spectra) == 1
    taken = next(k for k, each in enumerate(seen) if each.spectra)
    stop(tmp_path, case, seen[: taken + 1])
    last: list[Accepted] = []
    with recording(tmp_path, case, resume=True) as recorder:
        checkpoint = recorder.checkpoint
    assert checkpoint is not None and len(checkpoint.rows) == taken + 1
    again = simulate(case, observers=[last.append], resume=checkpoint)
    assert again.history is not None and again.history.events == whole.history.events
    for name, values in whole.history.columns.items():
        assert np.array_equal(again.history[name], values, equal_nan=True), name
    ends = seen[-1].arrays(), last[-1].arrays()
    assert ends[0].keys() == ends[1].keys()
    for name, kept in ends[0].items():
        assert np.array_equal(kept, ends[1][name]), name
    for name, field in whole.fields.items():
        assert np.array_equal(field, again.fields[name], equal_nan=True), name
    for name in ("lithium_error", "charge_error"):
        assert whole.history[name].max() < 1e-10
