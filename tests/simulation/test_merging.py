"""Lithium that closes on itself, parts, encloses electrolyte, and reaches the cathode."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cells_in_time import flat

import fem
from fem.cell.composition import Cell
from fem.cell.state import State
from fem.cli.entry import main
from fem.constants import FARADAY
from fem.geometry import Phase
from fem.geometry.types import ENCLOSED
from fem.measures.anode import lithium_area
from fem.output.stored import load
from fem.runs import growth
from fem.runs.simulation import Accepted, simulate

UM = 1e-6
VOLUME = 1.3e-5
"""Of lithium in m^3/mol, to a per cent."""


def drawn(protrusions: Any = (), isolated: Any = (), *steps: Any, **changes: Any) -> fem.Case:
    """20 um of separator above a slab, 24 um wide."""
    return flat(*steps).replace(
        {
            "geometry.width": "24 um",
            "geometry.separator.thickness": "20 um",
            "geometry.anode.motion": "moved",
            "geometry.anode.protrusions": list(protrusions),
            "geometry.anode.isolated": list(isolated),
            "kinetics.cathode.diffusion": "fixed",
            "mesh.size": "2 um",
            **changes,
        }
    )


class Line:
    """A cell whose lithium is plated and stripped evenly, by hand."""

    def __init__(self, case: fem.Case) -> None:
        self.case, self.cell = case, Cell.of(case)
        self.state: State = self.cell.initial()
        self.shape = growth.Shape.drawn(self.cell)
        self.before = lithium_area(self.cell.mesh)

    def plate(self, h: float, times: int) -> None:
        """`times` layers of `h` in m everywhere; the ledger of each is checked."""
        for _ in range(times):
            lithium = self.cell.lithium
            charge = lithium.charge(self.state.content)
            more = h / lithium.per_charge * lithium.patches.weights
            content = {**self.state.content, lithium.charge_name: charge + more}
            self.shape, self.cell, self.state = growth.follow(
                self.case, self.cell, self.shape, replace(self.state, content=content)
            )
            now = self.cell.lithium.charge(self.state.content).sum()
            whole = (charge + more).sum()
            assert now == pytest.approx(whole, rel=1e-13)
            gained = lithium_area(self.cell.mesh) - self.before
            volume = lithium.per_charge * self.cell.lithium.followed.charge.sum()
            assert gained == pytest.approx(volume, rel=1e-9, abs=1e-22)

    @property
    def bodies(self) -> int:
        return len(self.cell.lithium.ids)

    @property
    def pockets(self) -> list[str]:
        regions = self.cell.mesh.geometry.regions
        return [r.name for r in regions if r.phase == Phase.IDLE]

    @property
    def height(self) -> float:
        """Lowest place of the lithium in m."""
        nodes = self.cell.mesh.edges[self.cell.mesh.interface(Phase.LITHIUM)]
        return float(self.cell.mesh.nodes[1, nodes].min())


CIRCLE = {"x": "12 um", "y": "24.8 um", "half_width": "3.5 um", "half_height": "3.5 um"}


def test_two_bodies_become_one_and_part_again() -> None:
    """A gap of 1 um between foil and circle closes, and lithium stripped again parts there.

    Nothing is lost or made, and the rest of the circle has what it got: it reaches as far down as
    the layers on it, but for what the closed gap took from all lines.
    """
    line = Line(drawn(isolated=[CIRCLE]))
    line.plate(0.1 * UM, 2)
    assert (line.bodies, line.shape.closed) == (2, 0.0)
    assert line.height == pytest.approx(21.1 * UM, abs=0.01 * UM)
    line.plate(0.1 * UM, 4)
    assert line.bodies == 1
    assert len(line.cell.charge.terminals) == 2
    assert 1e-12 < line.shape.closed < 12e-12
    retreat = line.shape.closed / (24 + 2 * np.pi * 4 - 4) / UM
    assert line.height == pytest.approx(20.7 * UM + retreat, abs=0.1 * UM)
    lowest = np.argmin(line.cell.mesh.nodes[1, line.cell.lithium.patches.nodes[0]])
    assert line.cell.lithium.thickness(line.state.content)[lowest] == pytest.approx(
        0.6 * UM, abs=0.01 * UM
    )


SLAB = {"x": "12 um", "y": "20 um", "half_width": "5.5 um", "half_height": "2 um"}
LEGS = [
    {"x": x, "depth": "10 um", "half_width": "3 um", "fillet": "0.5 um"} for x in ("5 um", "19 um")
]


def test_enclosed_electrolyte_takes_no_part_until_it_is_opened_again() -> None:
    """Two protrusions grow into the lithium between their tips: what is behind it is cut off."""
    line = Line(drawn(LEGS, [SLAB]))
    assert line.pockets == []
    line.plate(0.1 * UM, 5)
    assert line.pockets == [f"{ENCLOSED}separator"]
    assert line.bodies == 1
    (pocket,) = (r.area for r in line.cell.mesh.geometry.regions if r.name == line.pockets[0])
    assert 40e-12 < pocket < 80e-12
    solved = line.cell.instant(line.state, line.cell.drives(current=1e-3))
    assert np.isfinite(solved.solved.voltages).all()
    line.plate(-0.2 * UM, 9)
    assert line.pockets == []


def leg(fillet: str) -> Line:
    """A protrusion of 10 um by 3 um and elements of 0.5 um, fine against its feet."""
    one = {"x": "12 um", "depth": "10 um", "half_width": "3 um", "fillet": fillet}
    return Line(drawn([one], **{"mesh.size": "0.5 um"}))


def test_a_foot_fills_and_the_protrusion_grows_beyond_its_fillet() -> None:
    """1.6 um on a fillet of 1 um: the hollow is gone, the tip is where its layers put it.

    Tip and flat line pass all of it; in the foot lines have gone back by what was closed there.
    """
    line = leg("1 um")
    line.plate(0.2 * UM, 8)
    assert line.height == pytest.approx(18.4 * UM, abs=0.05 * UM)
    thickness = line.cell.lithium.thickness(line.state.content)
    assert np.abs(thickness - 1.6 * UM).max() < 0.05 * UM


@pytest.mark.slow
def test_a_stripped_tip_goes_on_beyond_its_radius() -> None:
    """4 um are stripped of a tip 3 um wide: less is left of it than the 10 um that it had."""
    line = leg("2 um")
    line.plate(-0.2 * UM, 20)
    left = 30 * UM + 4 * UM - line.height
    assert left < 5 * UM
    thickness = line.cell.lithium.thickness(line.state.content)
    assert np.abs(thickness + 4 * UM).max() < 0.2 * UM


THROUGH = {"charge": "100 A/m^2", "until": {"capacity": "9 mAh/cm^2"}}


def thin() -> fem.Case:
    """3 um of separator under flat lithium, and a protocol that would go on and on."""
    case = drawn((), (), THROUGH, {"rest": "1 h"}, **{"geometry.separator.thickness": "3 um"})
    return case.replace({"geometry.width": "4 um"})


def test_a_separator_is_plated_through() -> None:
    """A flat line crosses 3 um in 3 um / (100 A/m2 V / F) s less the last tenth of an element.

    The run ends there, whatever steps are left.
    """
    result = fem.run(thin())
    history = result.history
    assert history is not None
    assert [event[3] for event in history.events] == ["short circuit"]
    passed = history["swept_area_m2"][-1] / result.geometry.width
    assert 2.8 * UM < passed < 2.9 * UM
    speed = 100.0 * VOLUME / FARADAY
    assert history["Test Time / s"][-1] == pytest.approx(2.85 * UM / speed, rel=0.05)
    assert history["lithium_error"].max() < 1e-10
    assert any("lithium has reached the cathode near" in note for note in result.notes)


@pytest.mark.slow
def test_a_short_circuit_is_a_finished_run(tmp_path: Path) -> None:
    """Exit status 0, and a report that says so: nothing is left to go on with."""
    file, out = tmp_path / "case.toml", tmp_path / "out"
    file.write_text(thin().to_toml(), encoding="utf-8")
    assert main(["run", str(file), "--out", str(out), "--quiet"]) == 0
    history = load(out).history
    assert history is not None
    assert [event[3] for event in history.events] == ["short circuit"]
    assert "lithium has reached the cathode near" in (out / "report.html").read_text("utf-8")
    assert main(["run", str(file), "--out", str(out), "--quiet", "--resume"]) == 2


class Taken:
    """What `simulate` is taken up from."""

    def __init__(self, arrays: Any, facts: Any, rows: Any) -> None:
        self.arrays, self.facts, self.rows = arrays, facts, rows


@pytest.mark.slow
def test_a_protrusion_grows_through_and_the_run_is_taken_up() -> None:
    """Feet fill, protrusions and a body between them merge, a pocket stays, the tip gets through.

    Taken up before and after the merge the rest is the same, bit by bit.
    """
    case = drawn(LEGS, [SLAB], THROUGH, **{"kinetics.anode.exchange_current_density": "30 A/m^2"})
    kept: list[tuple[Any, ...]] = []

    def keep(accepted: Accepted) -> None:
        facts = json.loads(json.dumps(accepted.facts()))
        kept.append((accepted.arrays(), facts, accepted.row))

    history = simulate(case, observers=[keep]).history
    assert history is not None
    assert history.events[-1][3] == "short circuit"
    assert history["lithium_error"].max() < 1e-10
    assert history["charge_error"].max() < 1e-10
    assert history["swept_error"].max() < 1e-9
    assert history["closed_area_m2"][-1] > 0.0
    assert history["enclosed_area_m2"][-1] > 40e-12
    merged = int(np.flatnonzero(history["closed_area_m2"])[0])
    for k in (merged - 1, merged + 1, len(kept) - 3):
        arrays, facts, _ = kept[k]

        rows = [row for _, _, row in kept[: k + 1]]
        again = simulate(case, resume=Taken(arrays, facts, rows)).history
        assert again is not None
        assert again.events == history.events
        for column in history.columns:
            assert again[column].tobytes() == history[column].tobytes(), (k, column)
