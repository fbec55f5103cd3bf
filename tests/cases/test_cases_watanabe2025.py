"""The scripts of cracks around particles, coarse: their drawings, what closes, what they write."""

from __future__ import annotations

import csv
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from shipped_runs import CASES

import fem
from fem.errors import LimitLoad


def script(name: str) -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location(name, CASES / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[name]


@pytest.fixture(scope="module")
def solids() -> Iterator[ModuleType]:
    yield from script("watanabe2025_solids")


@pytest.fixture(scope="module")
def cracks() -> Iterator[ModuleType]:
    yield from script("watanabe2025_cracks")


@pytest.fixture(scope="module")
def states() -> Iterator[ModuleType]:
    yield from script("stranded_state")


def test_discs_of_a_packing_touch_or_keep_their_distance(solids: ModuleType) -> None:
    discs = solids.packing(1)
    pairs = solids.facets(discs)
    assert len(discs) == 4 and len(pairs) >= 1
    for i in range(4):
        for j in range(i):
            far = np.hypot(*np.subtract(discs[i], discs[j]))
            assert (j, i) in pairs or far >= 2.12
    assert solids.packing(1) == discs != solids.packing(2)


def test_discs_are_drawn_with_their_facets(solids: ModuleType) -> None:
    """The area of a mesh is that of discs less the segments that facets cut off."""
    setup = solids.SetUp("pair", 0, solids.CLAMPS[0], "none")
    made, _ = solids.solids(setup, "WM", 0.3)
    space = made.body.space
    discs = made.mesh.region[space.elements] != made.region("electrolyte")
    area = np.asarray(space.basis.dx)[discs].sum() / solids.RADIUS**2
    half = np.arcsin(solids.FACET)
    cut = half - solids.FACET * np.cos(half)
    assert area == pytest.approx(2.0 * (np.pi - cut), rel=1e-4)


def test_wet_milled_closes_around_one_disc_and_hand_milled_does_not(solids: ModuleType) -> None:
    setup = solids.SetUp("disc", 0, solids.CLAMPS[0], "none")
    wet, hand = (solids.cycle(setup, name, 0.4, 3, 1) for name in ("WM", "HM"))
    assert solids.verdict(wet, hand) == "HM > 3 WM"
    assert wet.void[1] < 1e-8
    # Of 1.9 % of the area a hundredth to a fifth stays.
    assert 2e-4 < hand.void[1] < 4e-3


@pytest.mark.parametrize(
    ("wet", "hand", "said"),
    [(2e-4, 7e-4, "HM > 3 WM"), (2e-4, 3e-4, "HM > WM"), (3e-4, 2e-4, "reversed"),
     (0.0, 1e-6, "both close"), (0.0, 1e-3, "HM > 3 WM")],
)  # fmt: skip
def test_verdicts(solids: ModuleType, wet: float, hand: float, said: str) -> None:
    found = [of(solids, void) for void in (wet, hand)]
    assert solids.verdict(*found) == said
    assert solids.verdict(fem.SolveError("none"), found[0]) == "not solved"
    assert solids.verdict(found[0], LimitLoad("flows")) == "limit load"


def of(solids: ModuleType, void: float) -> Any:
    """What a set-up with a void on return would have measured."""
    values = np.array([0.0, void])
    return solids.Found(values, values, 1e-6 * values, np.zeros((3, 3)), False)


def test_ten_seeds_of_every_way_to_hold_them(solids: ModuleType) -> None:
    """Set-ups of a seed differ in plates and bonds alone; some have no axes."""
    made = list(solids.setups(10, solids.SHAPES))
    assert len(set(made)) == len(made) == 8 + (8 + 40) + 80
    for shape in ("pair", "packing"):
        drawn = [s for s in made if s.shape == shape and s.seed == 3 and s.angles]
        assert len(drawn) == 4 and len({s.angles for s in drawn}) == 1


def test_tally_counts_verdicts_and_says_how_far_gaps_fall_short(solids: ModuleType) -> None:
    """Ratios 2 and 8 have the median 5; 0.8 nm of 300 nm are 0.003."""
    kinds = [solids.SetUp("pair", k, solids.CLAMPS[0], "none", (0.0, 0.0)) for k in (1, 2)]
    found = {
        setup: {"WM": of(solids, 1e-4), "HM": of(solids, void)}
        for setup, void in zip(kinds, (2e-4, 8e-4), strict=True)
    }
    (line,) = solids.tally(found)
    assert "HM/WM    5.00 (2.00 to 8.00)" in line and "1 HM > 3 WM, 1 HM > WM" in line
    assert "widest    0.8 nm, 0.003 of 300 nm" in line


def test_what_a_table_has_is_not_solved_again(
    solids: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of two runs that are new fails; taken up, no run is made and the table is the same."""
    made: list[str] = []

    def cycle(setup: Any, name: str, *_: Any) -> Any:
        made.append(name)
        if name == "HM" and setup.bond == "none":
            raise LimitLoad("flows\nmore")
        return of(solids, 2e-4 if name == "WM" else 7e-4)

    monkeypatch.setattr(solids, "cycle", cycle)
    found = solids.main(tmp_path, quick=True, shapes=["packing"])
    table = (tmp_path / "voids.csv").read_text("utf-8")
    again = solids.main(tmp_path, quick=True, shapes=["packing"])
    assert len(made) == 2 * len(found) == 16
    assert (tmp_path / "voids.csv").read_text("utf-8") == table
    for setup, pair in found.items():
        said = "limit load" if setup.bond == "none" else "HM > 3 WM"
        assert solids.verdict(*pair.values()) == solids.verdict(*again[setup].values()) == said


def test_losses_of_known_charges(cracks: ModuleType) -> None:
    none = np.zeros(4)
    passed = np.array([10.0, 8.0, 8.0, 8.0])
    gap = np.array([4.0, 1.0, 4.0, 1.0])
    found = cracks.Found(none, none, none, gap, none, none, none, passed, (), none, ())
    assert found.lost == pytest.approx([0.2, 0.0])
    assert found.kept == 0.25


def test_widths_are_weighed_by_length_and_facets_cut_where_all_is_open(cracks: ModuleType) -> None:
    """Two straight edges of 1 and 3: Simpson's weights; a facet with one closed pair is not cut."""
    table = SimpleNamespace(
        x=np.array([0.0, 1.0, 0.5, 1.0, 4.0, 2.5]), y=np.zeros(6),
        edges=np.array([[0, 1, 2], [3, 4, 5]]),
        apart=np.array([-1e-12, 5e-9, 5e-9, 3e-9, 9e-9, 4e-9]),
        kind=np.array(["particle_particle"] * 6),
        particle=np.array([0, 0, 0, 1, 1, 1]), other=np.array([1, 1, 1, 2, 2, 2]),
    )  # fmt: skip
    bond = SimpleNamespace(conducts_below=2e-9)
    case = SimpleNamespace(interfaces=SimpleNamespace(particle_particle=bond))
    result = SimpleNamespace(faces=table, case=case)
    gap, length = cracks._widths(result)
    assert gap[0] == 0.0
    assert length == pytest.approx([1 / 6, 1 / 6, 2 / 3, 0.5, 0.5, 2.0])
    assert cracks._cut(result) == 0.5


def test_a_chain_loses_more_the_longer_it_is(cracks: ModuleType) -> None:
    assert cracks.joined(0.5, 2) == 0.75
    assert cracks.joined(0.0, 40) == 1.0
    assert cracks.joined(0.1, 40) < cracks.joined(0.1, 4)


@pytest.mark.parametrize("thickness", [40, 400])
def test_a_column_stands_for_a_cathode(cracks: ModuleType, thickness: int) -> None:
    """Half of its area is LiCoO2; the current is the same for both."""
    case = cracks.column("HM", thickness, 0.3)
    cathode = case.geometry.cathode
    assert float(cathode.thickness) == pytest.approx(thickness * 1e-6)
    assert cathode.electrolyte == "LGPS_HM" and not case.mechanics.enabled
    assert cathode.particles.rows * 10 == thickness


@pytest.mark.slow
def test_study_of_solids_writes_table_and_figure(solids: ModuleType, tmp_path: Path) -> None:
    found = solids.main(tmp_path, quick=True)
    assert {file.name for file in tmp_path.iterdir()} == {"voids.csv", "voids.png", "returned.png"}
    with (tmp_path / "voids.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 2 * len(found)
    assert {row["verdict"] for row in rows if row["shape"] == "disc"} == {"HM > 3 WM"}
    assert not any(row["verdict"] == "not solved" for row in rows)


@pytest.mark.slow
def test_cells_in_time_write_table_and_figures(cracks: ModuleType, tmp_path: Path) -> None:
    (found,) = cracks.main(tmp_path, quick=True).values()
    names = {file.name for file in tmp_path.iterdir()}
    assert {"cracks.csv", "gaps_as_in_the_case_file_WM_charged.png"} < names
    for each in found.values():
        assert each is not None
        assert each.gap[0] > 1e-9


@pytest.mark.slow
def test_states_of_particles_that_died_are_told(states: ModuleType, tmp_path: Path) -> None:
    found = states.main(tmp_path, quick=True)
    assert list(found) == list(states.MATERIALS)
    for name, each in found.items():
        assert each is not None, name
        assert (np.isfinite(each.x) == (each.why != "")).all()
