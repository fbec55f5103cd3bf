"""Lithium that moves in images and above packings: ledgers, areas, and runs taken up again."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cells_in_time import MATERIAL, flat

import fem
from fem.cell.composition import Cell
from fem.cell.state import State
from fem.mesh.remesh import remeshed
from fem.runs import growth
from fem.runs.simulation import Accepted, simulate

sys.path.insert(0, str(Path(__file__).parents[1] / "geometry"))
from image_examples import pictured, saved

STEPS = [
    {"charge": "60 A/m^2", "until": {"capacity": "0.10 mAh/cm^2"}},
    {"discharge": "60 A/m^2", "until": {"capacity": "0.03 mAh/cm^2"}},
]
LABELS = {"void": 0, "electrolyte": 1, "active": 2, "lithium": 3}


def image(lithium: bool) -> np.ndarray:
    """16 um x 16 um with two particles, a pore with electrolyte shut in, and perhaps lithium.

    The lithium is wavy, a pore and a particle interrupt it, and two islands lie before it, one of
    them at the wall.
    """
    row, column = np.mgrid[:32, :32]
    x, y = 0.5 * (column + 0.5), 0.5 * (32 - row - 0.5)

    def disc(at_x: float, at_y: float, radius: float) -> np.ndarray:
        return np.asarray((x - at_x) ** 2 + (y - at_y) ** 2 < radius**2)

    labels = np.full((32, 32), 1)
    labels[disc(4.0, 3.5, 2.2)] = 2
    labels[disc(12.0, 4.0, 2.4)] = 2
    labels[disc(8.0, 5.0, 1.8)] = 0
    labels[disc(8.0, 5.0, 1.0)] = 1
    if lithium:
        labels[y > 12.0 + 0.6 * np.cos(np.pi * x / 4.0)] = 3
        labels[disc(4.0, 12.0, 1.3)] = 0
        labels[disc(11.0, 12.5, 1.3)] = 2
        labels[disc(7.0, 8.7, 1.1)] = 3
        labels[disc(16.0, 8.5, 1.2)] = 3
    return labels


def shown(folder: Path, lithium: bool, **changes: Any) -> fem.Case:
    labels = {k: v for k, v in LABELS.items() if k != "lithium" or lithium}
    case = pictured(saved(folder, image(lithium)), labels=labels, specks=0)
    more = {"geometry.anode.reserve": "4 um"} if lithium else {}
    return case.replace(
        {
            "stepping.first": "1 s",
            "materials": {"LPSCl": {"ionic_conductivity": "0.05 S/m"}, "NCM811": MATERIAL},
            "kinetics.cathode.stoichiometry": 0.6,
            "kinetics.cathode.exchange_current_density": "20 A/m^2",
            "geometry.anode.motion": "moved",
            "operation": {"kind": "protocol", "steps": STEPS},
            "mesh": {"size": "2 um"},
            **more,
            **changes,
        }
    )


def packed() -> fem.Case:
    particles = {
        "layout": "random", "material": "NCM811", "seed": 1, "fraction": 0.4, "diameter": "5 um",
        "gap": "0.5 um",
    }  # fmt: skip
    return flat(*STEPS).replace(
        {
            "geometry.width": "14 um",
            "stepping.first": "1 s",
            "geometry.anode.motion": "moved",
            "geometry.cathode": {
                "electrolyte": "LPSCl", "thickness": "12 um", "particles": particles,
            },
            "kinetics.cathode.exchange_current_density": "20 A/m^2",
            "mesh.size": "2 um",
        }
    )  # fmt: skip


def case_of(name: str, folder: Path) -> fem.Case:
    """A case by the name of its geometry."""
    if name == "packing":
        return packed()
    if name == "lithium in the image":
        return shown(folder, lithium=True)
    if name == "lithium above the image":
        return shown(folder, lithium=False)
    ellipse = {"x": "6 um", "y": "24 um", "half_width": "2 um", "half_height": "1.5 um"}
    tip = {"x": "11 um", "depth": "4 um", "half_width": "2 um", "fillet": "1 um"}
    drawn = {"geometry.anode.isolated": [ellipse], "geometry.anode.protrusions": [tip]}
    return shown(folder, lithium=False, **drawn)


QUICK = "lithium in the image"
"""The one of the default run: lines that end at a pore, an island, new meshes."""
NAMES = ["packing", "lithium above the image", "deposits above the image", "lithium in the image"]


class Taken:
    """What `simulate` is taken up from."""

    def __init__(self, arrays: Any, facts: Any, rows: Any) -> None:
        self.arrays, self.facts, self.rows = arrays, facts, rows


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[] if n == QUICK else pytest.mark.slow) for n in NAMES],
)
def test_lines_move_and_runs_are_taken_up(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plated and stripped again, with new meshes on the way: nothing is lost, whoever goes on."""
    # A level line stretches nothing: there every move is followed by a new mesh.
    level = name in ("packing", "lithium above the image")
    monkeypatch.setattr(growth, "MOST_STRETCH", 1.0 if level else 1.4)
    made = []

    def counted(*given: Any) -> Any:
        made.append(given[0])
        return remeshed(*given)

    monkeypatch.setattr(growth, "remeshed", counted)
    case = case_of(name, tmp_path)
    kept: list[tuple[Any, ...]] = []

    def keep(accepted: Accepted) -> None:
        facts = json.loads(json.dumps(accepted.facts()))
        kept.append((accepted.arrays(), facts, accepted.row))

    whole = simulate(case, observers=[keep])
    history = whole.history
    assert history is not None
    assert [event[3] for event in history.events] == ["capacity", "capacity"]
    assert made
    assert history["lithium_error"].max() < 1e-10
    assert history["charge_error"].max() < 1e-10
    assert history["swept_error"].max() < 1e-9
    # 0.07 mAh/cm2 are 0.34 um of lithium; the line lags behind by a twentieth of an element.
    swept = history["swept_area_m2"][-1] / whole.geometry.width
    assert swept == pytest.approx(0.339e-6, abs=0.15e-6)

    for k in (len(kept) // 2,) if "image" in name else (len(kept) // 3, len(kept) - 4):
        arrays, facts, _ = kept[k]
        rows = [row for _, _, row in kept[: k + 1]]
        last: list[Accepted] = []
        again = simulate(case, observers=[last.append], resume=Taken(arrays, facts, rows))
        assert again.history is not None
        assert again.history.events == history.events
        for column in history.columns:
            assert again.history[column].tobytes() == history[column].tobytes(), (k, column)
        end, found = kept[-1][0], last[-1].arrays()
        assert end.keys() == found.keys()
        assert all(end[key].tobytes() == found[key].tobytes() for key in end)
        assert json.loads(json.dumps(last[-1].facts())) == kept[-1][1]


@pytest.mark.slow
def test_lithium_in_an_image_closes_around_what_it_meets_until_it_shorts(tmp_path: Path) -> None:
    """The line closes around a particle and a pore, an island meets another pore, one a particle.

    Nothing is lost on the way, and the area is that of the lithium.
    """
    case = shown(tmp_path, lithium=True).replace(
        {
            "operation.steps": [{"charge": "60 A/m^2", "until": {"capacity": "4 mAh/cm^2"}}],
            "kinetics.cathode.diffusion": "fixed",
            "mesh.size": "1 um",
        }
    )
    result = fem.run(case)
    history = result.history
    assert history is not None
    assert history.events[-1][3] == "short circuit"
    assert history["lithium_error"].max() < 1e-10
    assert history["swept_error"].max() < 1e-9
    changes = np.count_nonzero(np.diff(history["closed_area_m2"]))
    assert changes >= 3
    assert any("lithium has reached particle" in note for note in result.notes)


# ---------------------------------------------------------------------- what a thickness counts


def circle_cell() -> Cell:
    """Isolated lithium with a radius of 5 um below a flat foil."""
    disc = {"x": "10 um", "y": "25 um", "half_width": "5 um", "half_height": "5 um"}
    case = flat().replace(
        {
            "geometry.width": "20 um",
            "geometry.separator.thickness": "24 um",
            "geometry.anode.isolated": [disc],
            "geometry.anode.motion": "moved",
            "mesh.size": "2 um",
        }
    )
    return Cell.of(case)


def plated_evenly(cell: Cell, state: State, body: int, h: float) -> State:
    """`state` after `h` in m has come everywhere on a body, as little as it may be."""
    lithium = cell.lithium
    here = lithium.patches.piece == body
    charge = lithium.charge(state.content)
    more = here[..., None] * h / lithium.per_charge * lithium.patches.weights
    return replace(state, content={**state.content, lithium.charge_name: charge + more})


@pytest.mark.parametrize(
    "stretch", [growth.MOST_STRETCH, pytest.param(1.0, marks=pytest.mark.slow)]
)
def test_thickness_is_what_each_point_of_a_line_has_passed(
    stretch: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A circle stripped from 5 to 4 um has lost 1 um all around, whatever its length is then.

    Volume over the present length says (25 - 16) / (2 * 4) = 1.125 um. Plated back again it has
    passed nothing in all. With and without new meshes, whose projection keeps what is uniform.
    """
    monkeypatch.setattr(growth, "MOST_STRETCH", stretch)
    cell = circle_cell()
    case, state, shape = cell.case, cell.initial(), growth.Shape.drawn(cell)
    for turn, passed in ((-1.0, -1e-6), (1.0, 0.0)):
        for _ in range(3):
            state = plated_evenly(cell, state, 1, turn * 1e-6 / 3)
            shape, cell, state = growth.follow(case, cell, shape, state)
        body = cell.lithium.patches.piece_of_node[0]
        thickness = cell.lithium.thickness(state.content)
        assert np.abs(thickness[body == 1] - passed).max() < 2e-10
        assert np.abs(thickness[body == 0]).max() < 1e-15
        assert cell.lithium_left(state.content) == pytest.approx(20e-6, rel=1e-12)
    again = growth.Shape.taken_up(shape.arrays(), json.loads(json.dumps(shape.facts())))
    assert again.followed.thickness.tobytes() == cell.lithium.followed.thickness.tobytes()


def test_a_stripped_tip_does_not_report_more_than_was_stripped_there() -> None:
    """A protrusion of 6 um by 3 um under an even current, until 0.8 um are gone from the foil.

    The line gets shorter from 24.4 um; its volume over its length would pass 1.2 um at the tip.
    """
    tip = {"x": "8 um", "depth": "6 um", "half_width": "3 um", "fillet": "1 um"}
    case = flat({"discharge": "10 A/m^2", "until": {"thickness": "0.8 um"}}).replace(
        {
            "geometry.width": "16 um",
            "geometry.separator.thickness": "12 um",
            "geometry.anode.protrusions": [tip],
            "geometry.anode.motion": "moved",
            "kinetics.anode.exchange_current_density": "1 A/m^2",
            "kinetics.cathode.diffusion": "fixed",
            "mesh.size": "1 um",
        }
    )
    history = fem.run(case).history
    assert history is not None
    assert history.events[-1][3] == "thickness"
    assert history["thickness_min_m"][-1] == pytest.approx(-0.8e-6, abs=1e-12)
    assert history["thickness_max_m"][-1] < -0.7e-6
