"""Where members carry more than the mean: counted rightly, whoever solved them and on what mesh."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sweep_examples import SEED, cell, columns_but_seconds, seeds, tables

from fem.case.sweep import Sweep
from fem.cli import main
from fem.measures.anode import AnodeProfile
from fem.output.sweep import finish, journal, write
from fem.plot.hot_spots import hot_spots
from fem.results.places import Packed, along_lithium, by_particle, pack
from fem.results.swept import Swept
from fem.runs import sweep as runs
from fem.runs.sweep import perform, plan, solved

Floats = NDArray[np.float64]
ALL = slice(None)
DISCS = np.array([[1e-5, 2e-5, 3e-5], [1e-5] * 3, [8e-6] * 3])
HALF = 5e-4
"""What half precision differs by."""


def line(count: int, high: float = 1e-4) -> AnodeProfile:
    """A flat foil of 40 um with so many nodes."""
    x = np.linspace(0.0, 4e-5, count)
    return AnodeProfile(x, x, np.full(count, high), x, x, None, np.arange(count))


def packed(first: int, anode: AnodeProfile, discs: Floats = DISCS, **given: Any) -> Packed:
    """Four members; plating rises along the line, more so from one to the next."""
    numbers = first + np.arange(4)
    running = 1.0 + 0.1 * numbers[:, None] * (anode.x / anode.x[-1] - 0.5)
    currents = given.get("currents", np.ones((4, discs.shape[1])))
    active = given.get("active", np.ones(currents.shape, dtype=bool))
    return pack(numbers.tolist(), anode, 7.0 * running, np.full(4, 7.0), discs, currents, active)


def test_members_of_different_meshes_are_put_together() -> None:
    """The numbers are those of all members at once, at stations that both meshes are read at."""
    both = [(packed(0, line(21)), ALL), (packed(4, line(81)), ALL)]
    found = along_lithium(both, [1.1, 1.21])
    assert found.members == 8
    assert found.x == pytest.approx(np.linspace(0.0, 4e-5, 41), abs=1e-10)
    place = 36  # at nine tenths of the foil: 1 + 0.04 n
    exact = 1.0 + 0.04 * np.arange(8)
    assert found.mean[place] == pytest.approx(exact.mean(), abs=HALF)
    assert found.p05[place] == pytest.approx(np.percentile(exact, 5.0), abs=HALF)
    assert found.p95[place] == pytest.approx(np.percentile(exact, 95.0), abs=HALF)
    assert found.over[:, place].tolist() == [5 / 8, 2 / 8]
    assert found.over[:, 0].tolist() == [0.0, 0.0]


def test_members_of_other_drawings_are_not() -> None:
    with pytest.raises(ValueError, match="differ"):
        along_lithium([(packed(0, line(21)), ALL), (packed(4, line(21, 1.001e-4)), ALL)], [1.5])
    moved = DISCS + np.array([[0.0], [1e-7], [0.0]])
    both = [(packed(0, line(21)), ALL), (packed(4, line(21), moved), ALL)]
    assert along_lithium(both, [1.5]).members == 8
    with pytest.raises(ValueError, match="differ"):
        by_particle(both, [1.5])


def test_dead_particles_carry_nothing_and_are_no_part_of_the_mean() -> None:
    """Of currents 1, 2, 3 with the last one dead in two of four: 2/3 and 4/3, or 1/2, 1, 3/2."""
    active = np.ones((4, 3), dtype=bool)
    active[:2, 2] = False
    currents = np.tile([1.0, 2.0, 3.0], (4, 1))
    found = by_particle([(packed(0, line(21), currents=currents, active=active), ALL)], [1.2, 1.45])
    assert found.carrying.tolist() == [4, 4, 2]
    assert found.dead.tolist() == [0.0, 0.0, 0.5]
    assert found.mean == pytest.approx([7 / 12, 7 / 6, 1.5], rel=HALF)
    assert found.over.tolist() == [[0.0, 0.5, 0.5], [0.0, 0.0, 0.5]]
    dead = by_particle([(packed(0, line(21), active=np.zeros((4, 3), dtype=bool)), ALL)], [1.2])
    assert np.isnan(dead.mean).all()
    assert dead.over.tolist() == [[0.0, 0.0, 0.0]]


MEMBERS = 6
TABLES = {
    "vary": {"operation.current_density": ["10 A/m^2", "100 A/m^2"]},
    "repeat": seeds(MEMBERS),
    "report": {"metrics": ["overpotential_V"], "hot": [1.02, 1.2]},
}


@pytest.fixture(scope="module")
def together() -> Swept:
    """Few members, solved together."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "LEAST", 2)
        return solved(tables(cell(), **TABLES))


@pytest.mark.slow
def test_members_solved_one_by_one_say_the_same(
    together: Swept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "LEAST", 1000)
    alone = solved(tables(cell(), **TABLES))
    assert len(alone.packed) == 2 * MEMBERS
    assert len(together.packed) == 1
    for point in (0, 1):
        for one, other in (
            (together.lithium[point], alone.lithium[point]),
            (together.particles[point], alone.particles[point]),
        ):
            assert one.members == other.members == MEMBERS
            assert one.carrying.tolist() == other.carrying.tolist()
            for name in ("x", "y", "mean", "p05", "p50", "p95"):
                assert getattr(one, name) == pytest.approx(getattr(other, name), rel=2e-3), name


def test_maps_agree_with_the_table_of_members(together: Swept) -> None:
    """The hottest station is hotter than 1.02 in as many members as their maxima say at least."""
    spots = together.lithium[0]
    maxima = (
        together.sweep,
        [row.metrics["focusing_max_over_mean"] for row in together.rows[:MEMBERS]],
    )
    assert spots.over[0].max() <= np.mean(np.array(maxima[1]) > 1.02)
    assert spots.mean.mean() == pytest.approx(1.0, abs=2e-3)
    assert together.particles[0].carrying.sum() == sum(
        row.metrics["active_particles"] for row in together.rows[:MEMBERS]
    )
    weights = together.particles[0].mean * together.particles[0].carrying
    assert weights.sum() == pytest.approx(together.particles[0].carrying.sum(), rel=HALF)


@pytest.mark.slow
def test_a_sweep_that_was_stopped_gives_the_same_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "LEAST", 2)
    monkeypatch.setattr(runs, "CHUNK", 4)
    monkeypatch.setattr(Figure, "savefig", lambda _, path, **__: Path(path).write_bytes(b""))
    ready = plan(Sweep.from_dict(tables(cell(), **TABLES)))
    assert len(ready.tasks) == 3
    tasks = [perform(task) for task in ready.tasks]
    for name, cut in (("whole", [3]), ("stopped", [1, 2, 3])):
        done = 0
        for until in cut:
            with journal(tmp_path / name, ready, resume=done > 0) as kept:
                assert len(kept.finished) == done
                # Members that are done in another order are the same members.
                for task in tasks[done:until][::-1]:
                    kept.add(task)
                if until == 3:
                    finish(ready, kept, tmp_path / name)
            done = until
    names = {path.name for path in (tmp_path / "whole").iterdir()}
    assert names == {
        "members.csv", "summary.csv", "particles.csv", "hot_spots.csv", "sensitivity.csv",
        "sensitivity.png", "overpotential_V.png", "convergence_overpotential_V.png",
        "hot_spots_0.png", "hot_spots_1.png",
    }  # fmt: skip
    for name in sorted(name for name in names if name.endswith(".csv")):
        one, other = tmp_path / "whole" / name, tmp_path / "stopped" / name
        if name == "members.csv":
            assert columns_but_seconds(one) == columns_but_seconds(other)
        else:
            assert one.read_bytes() == other.read_bytes(), name
    with (tmp_path / "whole" / "hot_spots.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == [
        "point", "operation.current_density", "s_m", "x_m", "y_m", "members", "mean", "p05", "p50",
        "p95", "probability_over_1.02", "probability_over_1.2",
    ]  # fmt: skip
    assert len(rows) == 2 * 31


@pytest.mark.slow
def test_particles_that_are_drawn_anew_have_no_map_but_the_lithium_does(tmp_path: Path) -> None:
    case = cell(
        geometry__cathode__particles={
            "layout": "random", "fraction": 0.3, "diameter": "6 um", "material": "NCM811",
            "gap": "1 um", "seed": 0,
        },
        inactive={},
    )  # fmt: skip
    found = solved(tables(case, repeat={"key": "geometry.cathode.particles.seed", "count": 2}))
    assert list(found.lithium) == [0]
    assert not found.particles
    assert found.apart == ((), (0,))
    write(found, tmp_path)
    assert (tmp_path / "hot_spots_0.png").is_file()
    assert not (tmp_path / "particles.csv").exists()


def test_the_figure_has_all_particles_in_their_colours(together: Swept) -> None:
    figure = hot_spots(together, 1)
    drawn = next(c for c in figure.axes[2].collections if isinstance(c, PathCollection))
    spread = together.particles[1]
    chosen = 1 if spread.over[1].max() >= 0.05 else 0
    assert np.asarray(drawn.get_array()) == pytest.approx(spread.over[chosen])
    assert figure.axes[2].get_aspect() == 1.0
    centres = np.array([path.get_extents().get_points().mean(axis=0) for path in drawn.get_paths()])
    assert centres == pytest.approx(1e6 * np.c_[spread.x, spread.y], abs=1e-2)


@pytest.mark.slow
def test_the_command_tells_what_came_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], unspread: None
) -> None:
    (tmp_path / "cell.toml").write_text(cell().to_toml())
    file = tmp_path / "sweep.toml"
    file.write_text(
        f'case = "cell.toml"\n[vary]\n"operation.current_density" = ["10 A/m^2", "90 A/m^2"]\n'
        f'[repeat]\nkey = "{SEED}"\ncount = {MEMBERS}\n[report]\nhot = 1.1\nprecision = 0.05\n'
    )
    assert main(["sweep", str(file), "--out", str(tmp_path / "out")]) == 0
    told = capsys.readouterr().out
    for words in (
        "members a point for 5 %", "  overpotential_V: mean ", "p50 ", "p95 too few members",
        "variance of overpotential_V: operation.current_density ",
        "hottest place along the lithium", "hottest place of the particles", "more than 1.1 in ",
    ):  # fmt: skip
        assert words in told
