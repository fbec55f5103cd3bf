"""``fem run`` of a protocol: interrupted, resumed, and what it shows meanwhile."""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import fem
from fem.case import Step
from fem.cli import main
from fem.cli.progress import Outlook, span
from fem.errors import SolveError
from fem.output import run as output
from fem.output.history import read_history
from fem.runs import simulation

CASE = Path(__file__).parents[1] / "output" / "small_protocol.toml"
SHORT = [
    "--set", 'operation.steps=[{charge="50 A/m^2", until={time="1 s"}}, {rest="1 s"}]',
]  # fmt: skip
simulate = simulation.simulate


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory; nothing is drawn, and nobody waits for the disk."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(output, "_draw", lambda result, folder: None)
    monkeypatch.setattr(os, "fsync", lambda file: None)
    return tmp_path


def stopping(error: BaseException, number: int) -> Callable[..., Any]:
    """A simulation that comes to an accepted step and then stops."""

    def stop(accepted: simulation.Accepted) -> None:
        if accepted.number == number:
            raise error

    def run(case: Any, progress: Any, observers: Any, resume: Any) -> Any:
        return simulate(case, progress, (*observers, stop), resume)

    return run


def test_a_protocol_runs_to_its_end(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(CASE), *SHORT]) == 0
    folder = here / "out" / "small_protocol"
    assert (folder / "metrics.json").is_file()
    assert read_history(folder / "history.csv")[-1]["Test Time / s"] == 2.0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "\r" not in captured.out
    assert captured.out.endswith(f"written to {Path('out', 'small_protocol')}\n")


def test_an_interrupt_tells_how_to_go_on(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from fem.cli import run
    from fem.cli.arguments import read

    monkeypatch.setattr(simulation, "simulate", stopping(KeyboardInterrupt(), 5))
    words = ["run", str(CASE), *SHORT, "--out", "a run"]
    with pytest.raises(KeyboardInterrupt) as caught:
        run.command(read(words))
    rows = read_history(here / "a run" / "history.csv")
    assert len(rows) == 6
    text = str(caught.value)
    assert text.startswith(f"interrupted at t = {rows[-1]['Test Time / s']:.6g} s, 5 steps on disk")
    command = shlex.split(text.partition("continue with: ")[2])
    assert command[0] == "fem"
    monkeypatch.undo()
    monkeypatch.chdir(here)
    monkeypatch.setattr(output, "_draw", lambda result, folder: None)
    assert main(words) == 2
    assert "unfinished" in capsys.readouterr().err
    assert main(command[1:]) == 0
    assert (here / "a run" / "metrics.json").is_file()
    assert main(command[1:]) == 2
    assert "is finished" in capsys.readouterr().err


def test_status_of_an_interrupt(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "simulate", stopping(KeyboardInterrupt(), 0))
    assert main(["run", str(CASE), *SHORT]) == 130


@pytest.mark.parametrize("cure", ["a finer mesh", "a larger stepping.most_steps"])
def test_a_failed_step_is_status_1_and_says_what_to_change(
    cure: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Going on is offered only with other steps: all else fails again for certain."""
    error = SolveError("no convergence", field="phi_e", cures=[cure])
    monkeypatch.setattr(simulation, "simulate", stopping(error, 4))
    assert main(["run", str(CASE), *SHORT, "--out", "run"]) == 1
    text = capsys.readouterr().err
    assert text.startswith(f"no convergence (field phi_e)\n  try: {cure}\n  try: change ")
    assert "4 steps on disk" in text
    assert ("continue with: fem run" in text) == ("stepping" in cure)
    assert ("it fails here again" in text) == ("stepping" not in cure)
    assert (here / "run" / "checkpoints").is_dir()


def test_nothing_is_written_before_the_first_state(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any) -> None:
        raise SolveError("no start")

    monkeypatch.setattr(simulation, "simulate", fail)
    assert main(["run", str(CASE), *SHORT, "--out", "run"]) == 1
    assert capsys.readouterr().err == "no start\n"
    assert not list(here.iterdir())


@pytest.mark.parametrize("words", [["--resume"], ["--resume", "--out", "nowhere"]])
def test_nothing_to_resume(
    here: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert main(["run", str(CASE), *words]) == 2
    assert "no run to resume" in capsys.readouterr().err
    assert not list(here.iterdir())


def test_a_changed_case_is_not_gone_on_with(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(simulation, "simulate", stopping(KeyboardInterrupt(), 3))
    assert main(["run", str(CASE), *SHORT, "--out", "run"]) == 130
    capsys.readouterr()
    assert main(["run", str(CASE), "--out", "run", "--resume"]) == 2
    assert "of another case" in capsys.readouterr().err


def test_damaged_checkpoints_are_told(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(simulation, "simulate", stopping(KeyboardInterrupt(), 3))
    assert main(["run", str(CASE), *SHORT, "--out", "run"]) == 130
    (here / "run" / "checkpoints" / "000003.ckpt").write_bytes(b"")
    monkeypatch.setattr(simulation, "simulate", simulate)
    capsys.readouterr()
    assert main(["run", str(CASE), *SHORT, "--out", "run", "--resume", "--quiet"]) == 0
    assert capsys.readouterr().err == "left out: 000003.ckpt: damaged\n"


# ------------------------------------------------------------------------------------- progress


def shown(step: Step, rows: list[tuple[float, ...]], ends_at: float = math.inf) -> list[str]:
    """What is shown of (clock, time, voltage, current, stoichiometry, thickness)."""
    texts: list[str] = []
    now = iter(row[0] for row in rows)
    outlook = Outlook(texts.append, (("step 1: it", step),), lambda: next(now))
    for number, row in enumerate(rows):
        names = (
            "Test Time / s", "Voltage / V", "current_density_A_m2", "stoichiometry_mean",
            "thickness_max_m",
        )  # fmt: skip
        accepted: Any = SimpleNamespace(
            number=number, row=dict(zip(names, row[1:], strict=True)), step=0, label="step 1: it",
            ends_at=ends_at, counters=SimpleNamespace(rejected=2),
        )  # fmt: skip
        outlook(accepted)
    return texts


def step(until: dict[str, Any], **deed: Any) -> Step:
    table = {"operation.steps": [{**(deed or {"charge": "1 A/m^2"}), "until": until}]}
    operation = fem.Case.load(CASE, table).operation
    assert isinstance(operation, fem.case.Protocol)
    return operation.steps[0]


def test_what_is_shown_of_a_step() -> None:
    texts = shown(step({"time": "100 s"}), [(0, 0, 3.5, 1, 0.5, 0), (3, 25, 3.6, 1, 0.5, 0)], 100.0)
    assert texts == [
        "0 s  3.5000 V  step 1: it  0 steps (2 rejected)",
        "25 s  3.6000 V  step 1: it  25%, 9 s left  1 steps (2 rejected)",
    ]


@pytest.mark.parametrize(
    ("until", "deed", "before", "after"),
    [
        ({"voltage": "4 V"}, {}, (3.5, 1, 0.5, 0), (3.6, 1, 0.5, 0)),  # 0.1 of 0.5 V in 10 s
        ({"stoichiometry": 0.3}, {}, (3.5, 1, 0.5, 0), (3.5, 1, 0.46, 0)),
        ({"thickness": "5 um"}, {}, (3.5, 1, 0.5, 0), (3.5, 1, 0.5, 1e-6)),
        # from e^0 to e^-1 in 10 s, so to e^-5 in 50 s
        ({"current": f"{math.exp(-5.0)} A/m^2"}, {"hold": "4 V"}, (4, -1, 0.5, 0),
         (4, -math.exp(-1.0), 0.5, 0)),
    ],
)  # fmt: skip
def test_the_end_of_a_step_is_foreseen(
    until: dict[str, Any], deed: dict[str, Any], before: tuple[float, ...], after: tuple[float, ...]
) -> None:
    _, text = shown(step(until, **deed), [(0, 0, *before), (2, 10, *after)])
    assert "20%, 8 s left" in text


def test_an_end_that_recedes_is_not_foreseen() -> None:
    rows = [(0, 0, 3.5, 1, 0.5, 0), (2, 10, 3.4, 1, 0.5, 0)]
    assert "left" not in shown(step({"voltage": "4 V"}), rows)[1]


def test_spans() -> None:
    assert [span(t) for t in (0.4, 80, 100, 5000, 6000)] == [
        "0 s",
        "80 s",
        "1.7 min",
        "83.3 min",
        "1.7 h",
    ]


def test_a_run_that_stops_where_the_cell_can_do_no_more_is_finished(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 0 and a word; killed at the very end, --resume finishes it with the same files."""
    much = '{discharge="900 A/m^2", until={time="1 h"}}'
    steps = f'[{{repeat=2, steps=[{{rest="1 s"}}, {much}]}}]'
    words = ["run", str(CASE), "--set", f"operation.steps={steps}", "--out"]
    assert main([*words, "whole"]) == 0
    text = capsys.readouterr().out
    assert "the run stopped at cycle 1 of 2, step 2: discharge at 900 A/m^2 (particle" in text
    assert "2 further steps were not begun" in text.replace("\n  ", " ")
    rows = read_history(here / "whole" / "history.csv")
    assert (here / "whole" / "events.csv").read_text().count("\n") == 3

    monkeypatch.setattr(simulation, "simulate", stopping(KeyboardInterrupt(), len(rows) - 1))
    assert main([*words, "killed"]) == 130
    monkeypatch.setattr(simulation, "simulate", simulate)
    assert main([*words, "killed", "--resume"]) == 0
    for name in ("history.csv", "events.csv", "cycles.csv", "anode.csv", "fields.pvd"):
        files = [(here / folder / name).read_bytes() for folder in ("whole", "killed")]
        assert files[0] == files[1]
