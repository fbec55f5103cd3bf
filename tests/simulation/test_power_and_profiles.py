"""Steps of constant power, and those that follow a current, power or voltage from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cells_in_time import bed, cell_of, ends, flat, history_of

import fem
from fem.cell.composition import CATHODE
from fem.results.history import History
from fem.runs.simulation import Accepted, simulate
from fem.runs.steps import step

OPEN, RESISTANCE = 3.88, 2e-3 + 3e-3 + 8e-6 / 0.05
"""Of `resistive`: 4.3 - 0.7 x at x = 0.6, and both surfaces and 8 um of electrolyte, in ohm m2."""


def resistive(*steps: dict[str, Any], **changes: Any) -> fem.Case:
    """V = OPEN + RESISTANCE i, whatever has passed."""
    ohmic = {
        "kinetics__anode": {"area_resistance": "2e-3 ohm*m^2"},
        "kinetics__cathode": {
            "area_resistance": "3e-3 ohm*m^2", "stoichiometry": 0.6, "diffusion": "fixed",
        },
    }  # fmt: skip
    return flat(*steps, **ohmic, **changes)


def energy(history: History) -> float:
    """Net energy taken up in Wh/m^2."""
    return float(history["energy_charged_Wh_m2"][-1] - history["energy_discharged_Wh_m2"][-1])


@pytest.mark.parametrize(("deed", "power"), [("charge", 900.0), ("discharge", -650.0)])
def test_power_on_a_resistance(deed: str, power: float) -> None:
    """i = (sqrt(U^2 + 4 R P) - U) / 2 R solves (U + R i) i = P; most is U^2 / 4 R = 733 W/m2."""
    deeds = {f"{deed}_power": f"{abs(power)} W/m^2", "until": {"time": "50 s"}}
    history = history_of(resistive(deeds))
    wanted = (np.sqrt(OPEN**2 + 4.0 * RESISTANCE * power) - OPEN) / (2.0 * RESISTANCE)
    current = history["current_density_A_m2"]
    assert current == pytest.approx(wanted, rel=1e-9)
    assert history["Voltage / V"] == pytest.approx(OPEN + RESISTANCE * wanted, rel=1e-9)
    assert history["Voltage / V"] * current == pytest.approx(power, rel=1e-12)
    assert energy(history) == pytest.approx(power * 50.0 / 3600.0, rel=1e-12)


@pytest.mark.parametrize("diffusion", ["resolved", "averaged"])
@pytest.mark.parametrize(("deed", "power"), [("charge", 80.0), ("discharge", -80.0)])
def test_power_is_kept_at_every_step_and_in_the_ledger(
    deed: str, power: float, diffusion: str
) -> None:
    """With kinetics and diffusion, where voltage and current both change."""
    until = {"time": "200 s"}
    history = history_of(
        bed(
            {f"{deed}_power": f"{abs(power)} W/m^2", "until": until},
            kinetics__cathode__diffusion=diffusion,
        )
    )
    current, voltage = history["current_density_A_m2"], history["Voltage / V"]
    assert np.ptp(voltage) > 5e-3
    assert voltage * current == pytest.approx(power, rel=1e-12)
    assert energy(history) == pytest.approx(power * 200.0 / 3600.0, rel=1e-12)
    assert max(history["charge_error"].max(), history["lithium_error"].max()) < 1e-10


@pytest.mark.parametrize("power", [300.0, -300.0])
@pytest.mark.parametrize("drawing", [flat, bed])
def test_a_power_is_the_current_that_it_amounts_to(drawing: Any, power: float) -> None:
    """At one instant, and after a step: the same potentials as under the current P / V."""
    cell = cell_of(drawing())
    width = cell.mesh.geometry.width
    start = cell.instant(cell.initial(), cell.drives(power=power * width))
    for state in (start, step(cell, start, 1.0, cell.drives(power=power * width)).state):
        voltage = state.solved.voltages[CATHODE]
        drives = cell.drives(current=power * width / voltage)
        at_current = cell.instant(state, drives)
        assert at_current.solved.voltages[CATHODE] == pytest.approx(voltage, abs=1e-9)
        assert at_current.solved.potential == pytest.approx(state.solved.potential, abs=1e-9)


def test_a_hold_takes_up_its_voltage_times_the_charge() -> None:
    history = history_of(flat({"hold": "4.1 V", "until": {"time": "100 s"}}))
    assert energy(history) == pytest.approx(4.1 * history["capacity_Ah_m2"][-1], rel=1e-10)


@pytest.mark.parametrize("first", [False, True])
def test_a_power_that_no_current_gives_is_out_of_reach(first: bool) -> None:
    """U^2 / 4 R is 733 W/m2: 740 are too many, with a named end and no failure."""
    before = [] if first else [{"charge": "1 A/m^2", "until": {"time": "1 s"}}]
    step = {"discharge_power": "740 W/m^2", "until": {"time": "1 s"}, "on_infeasible": "next"}
    history = history_of(resistive(*before, step, {"rest": "1 s"}))
    assert ends(history) == [*(["time"] * len(before)), "power out of reach", "time"]
    assert history["dt_s"][history.events[-2][0]] == 0.0


@pytest.mark.slow
def test_a_power_that_goes_out_of_reach_on_the_way() -> None:
    """The potential falls with x, and the power that it gives at most with its square."""
    case = resistive(
        {"discharge_power": "700 W/m^2", "until": {"time": "1000 h"}},
        kinetics__cathode__diffusion="averaged",
        materials__NCM811__chemical_diffusivity="1e-6 m^2/s",
        materials__NCM811__open_circuit_potential="5.5 - 3*x",
        kinetics__cathode__stoichiometry=0.5,
    )
    history = history_of(case)
    assert ends(history) == ["power out of reach"]
    open_circuit = history["open_circuit_V"][-1]
    assert open_circuit**2 / (4.0 * RESISTANCE) == pytest.approx(700.0, rel=1e-4)
    assert history["Voltage / V"][-1] == pytest.approx(0.5 * open_circuit, rel=1e-2)


# -- profiles -----------------------------------------------------------------------------------


def profile(folder: Path, rows: Any, **keys: str) -> dict[str, Any]:
    file = folder / "cycle.csv"
    file.write_text("time,value\n" + "\n".join(f"{t!r},{v!r}" for t, v in rows))
    return {"profile": {"file": str(file), **keys}}


def followed(history: History, name: str, rows: Any, size: float = 1.0) -> None:
    """Every row of a history is on the line through the rows of a file."""
    t, v = np.array(rows, dtype=float).T
    on_line = size * np.interp(history["Test Time / s"], t, v)
    assert history[name] == pytest.approx(on_line, rel=1e-12, abs=1e-9 * abs(size * v).max())


WAVE = [(0.0, 0.0), (10.0, 30.0), (25.0, -20.0), (40.0, -20.0), (55.0, 5.0)]


@pytest.mark.parametrize(
    ("gives", "one", "column"),
    [
        ("current", "0.2 mA/cm^2", "current_density_A_m2"),
        ("power", "-2 W/m^2", "power"),
        ("voltage", "10 mV", "Voltage / V"),
    ],
)
def test_a_line_is_followed_without_restarts(
    gives: str, one: str, column: str, tmp_path: Path
) -> None:
    """Charge and energy are those of the line; a step ends at every corner, and none begins anew.

    But for the first millisecond, whose step is of first order: half the rise in it is missed.

    A voltage of 10 mV a unit about the 3.88 V at rest.
    """
    rows = [(t, v + (388.0 if gives == "voltage" else 0.0)) for t, v in WAVE]
    result = fem.run(flat(profile(tmp_path, rows, **{gives: one})))
    history = result.history
    assert history is not None
    assert ends(history) == ["profile"]
    assert not [note for note in result.notes if note.startswith("Warning")]
    times, taken = history["Test Time / s"], history["dt_s"]
    size = {"current": 2.0, "power": -2.0, "voltage": 0.01}[gives]
    values = {"power": history["Voltage / V"] * history["current_density_A_m2"]}
    columns = {**history.columns, **values}
    followed(History(columns), column, rows, size)
    assert {10.0, 25.0, 40.0, 55.0} <= set(times.tolist())
    assert (taken[1:] > 0.0).all()
    t, v = np.array(rows).T
    zero = t[1] + 15.0 * 30.0 / 50.0
    if gives == "current":
        # Charge in and out of a polygon: trapezoids, with corners where it crosses 0.
        assert zero in times
        area = float(((v[1:] + v[:-1]) / 2.0 * np.diff(t)).sum()) * size / 3600.0
        assert history["capacity_Ah_m2"][-1] == pytest.approx(area, rel=1e-8)
        charged = 2.0 * (0.5 * 30.0 * zero + 0.5 * 5.0 * 3.0) / 3600.0
        assert history["charged_Ah_m2"][-1] == pytest.approx(charged, rel=1e-8)
    if gives == "power":
        area = float(((v[1:] + v[:-1]) / 2.0 * np.diff(t)).sum()) * size / 3600.0
        assert energy(history) == pytest.approx(area, rel=1e-8)


def test_values_that_are_held_jump_at_their_rows(tmp_path: Path) -> None:
    """A row of length 0 a jump, and none where the value stays; the last row only tells the end."""
    rows = [(5.0, 30.0), (15.0, 30.0), (25.0, -20.0), (40.0, 99.0)]
    step = profile(tmp_path, rows, current="1 A/m^2", between="held")
    history = history_of(flat({"rest": "2 s"}, step))
    times, current = history["Test Time / s"], history["current_density_A_m2"]
    jumps = times[1:][history["dt_s"][1:] == 0.0]
    assert jumps.tolist() == [2.0, 22.0]
    assert times[-1] == 37.0
    following = (times > 2.0) & (times < 22.0)
    assert current[following] == pytest.approx(30.0, rel=1e-12)
    assert current[times > 22.0] == pytest.approx(-20.0, rel=1e-12)
    passed = (20.0 * 30.0 - 15.0 * 20.0) / 3600.0
    assert history["capacity_Ah_m2"][-1] == pytest.approx(passed, rel=1e-12)


def test_a_jump_between_lines_is_one_restart(tmp_path: Path) -> None:
    rows = [(0.0, 0.0), (10.0, 30.0), (10.0, -10.0), (20.0, 0.0)]
    history = history_of(flat(profile(tmp_path, rows, current="1 A/m^2")))
    times, current = history["Test Time / s"], history["current_density_A_m2"]
    (before, after) = np.flatnonzero(times == 10.0)
    assert current[[before, after]] == pytest.approx([30.0, -10.0], rel=1e-12)
    assert int((history["dt_s"] == 0.0).sum()) == 2
    assert history["capacity_Ah_m2"][-1] == pytest.approx(100.0 / 3600.0, rel=1e-7)


@pytest.mark.parametrize(
    ("until", "end"),
    [
        ({"time": "30 s"}, "time"),
        ({"voltage": "3.75 V"}, "voltage"),
        ({"stoichiometry": 0.601}, "stoichiometry"),
    ],
)
def test_a_profile_may_end_before_its_file(until: Any, end: str, tmp_path: Path) -> None:
    """A voltage is met from the side of the cell at rest, though the first rows charge."""
    rows = [(0.0, 30.0), (10.0, 30.0), (20.0, -60.0), (400.0, -60.0)]
    step = {**profile(tmp_path, rows, current="1 A/m^2"), "until": until}
    history = history_of(flat(step))
    assert ends(history) == [end]
    value = {"time": history["Test Time / s"][-1], "voltage": history["Voltage / V"][-1],
             "stoichiometry": history["stoichiometry_mean"][-1]}[end]  # fmt: skip
    assert value == pytest.approx(float(str(next(iter(until.values()))).split()[0]), abs=2e-6)


def drive_cycle(count: int) -> list[tuple[float, float]]:
    """Values as of a vehicle, a row a second, many of them on one line."""
    draw = np.random.default_rng(3)
    knots = np.cumsum(draw.integers(1, 9, count))
    times = np.arange(knots[-1] + 1, dtype=float)
    line = np.interp(times, knots, np.round(draw.normal(-5.0, 20.0, count), 3))
    return list(zip(times.tolist(), line.tolist(), strict=True))


@pytest.mark.slow
def test_thousands_of_rows_take_about_a_step_a_corner(tmp_path: Path) -> None:
    rows = drive_cycle(800)
    assert len(rows) > 3000
    step = profile(tmp_path, rows, power="1 W/m^2")
    case = flat(step, stepping__tolerance=1e-2)
    history = history_of(case)
    assert ends(history) == ["profile"]
    assert len(history) < 2.5 * 800
    assert int((history["dt_s"][1:] == 0.0).sum()) == 0
    t, v = np.array(rows).T
    area = float(((v[1:] + v[:-1]) / 2.0 * np.diff(t)).sum()) / 3600.0
    assert energy(history) == pytest.approx(area, rel=1e-10)


def test_a_run_that_is_taken_up_again_follows_the_same_line(tmp_path: Path) -> None:
    """From every accepted step, before and after a jump alike: the same rows bit by bit."""
    rows = [(0.0, 10.0), (1.0, 30.0), (1.0, -10.0), (2.0, 0.0), (3.0, 25.0)]
    case = flat(
        {"charge_power": "20 W/m^2", "until": {"time": "1 s"}},
        profile(tmp_path, rows, power="1 W/m^2"),
    )
    kept: list[Accepted] = []
    whole = simulate(case, observers=[kept.append]).history
    assert whole is not None

    class Taken:
        def __init__(self, number: int) -> None:
            self.arrays, self.facts = kept[number].arrays(), kept[number].facts()
            self.rows = [each.row for each in kept[: number + 1]]

    (jump,) = (n for n, each in enumerate(kept) if each.row["Test Time / s"] == 2.0 and n > 9
               and each.row["dt_s"] == 0.0)  # fmt: skip
    for number in (4, jump - 1, jump, len(kept) - 3):
        again = simulate(case, resume=Taken(number)).history
        assert again is not None
        for name, values in whole.columns.items():
            np.testing.assert_array_equal(again[name], values)
        assert again.events == whole.events


# -- what is wrong in a file --------------------------------------------------------------------

FILES = [
    ("0,1\n1,2\n0.5,3\n", "line 3: 0.5 s after 1 s"),
    ("t,v\n0,1\n1,x\n", "line 3: not two numbers"),
    ("0,1\n1,nan\n", "line 2: a number that is not finite"),
    ("0,1,2\n1,2,3\n", "line 2: not two numbers"),
    ("0,1\n1,2\n1,3\n1,4\n", "line 4: a third row at 1 s"),
    ("t,v\n", "no two rows"),
    ("0,1\n", "no two rows"),
    ("", "no two rows"),
]


@pytest.mark.parametrize(("text", "words"), FILES)
def test_a_file_that_cannot_be_followed(text: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "cycle.csv"
    file.write_text(text)
    with pytest.raises(fem.InputError, match=words) as caught:
        flat({"profile": {"file": str(file), "power": "1 W/m^2"}})
    assert caught.value.file == str(file)
    assert caught.value.allowed


@pytest.mark.parametrize(
    "text",
    [
        "\ufefftime;power\n0;1,5\n10;-2,5\n",
        "# of a vehicle\n0\t1.5\n10\t-2.5\n",
        "0, 1.5\n10, -2.5",
    ],
)
def test_files_as_people_write_them(text: str, tmp_path: Path) -> None:
    file = tmp_path / "cycle.csv"
    file.write_text(text, encoding="utf-8")
    history = history_of(flat({"profile": {"file": str(file), "current": "1 A/m^2"}}))
    followed(history, "current_density_A_m2", [(0.0, 1.5), (10.0, -2.5)])


def test_a_voltage_out_of_range_in_a_file(tmp_path: Path) -> None:
    with pytest.raises(fem.InputError, match="a voltage of 3600 V"):
        flat(profile(tmp_path, [(0.0, 3600.0), (1.0, 3700.0)], voltage="1 V"))
