"""Lithium lines that solids carry along: volumes, ledgers, limits, and runs taken up again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from cells_in_time import flat
from numpy.typing import NDArray

import fem
from fem.geometry import Phase
from fem.runs import growth
from fem.runs.simulation import Accepted, simulate

TIP = {"x": "10 um", "depth": "6 um", "half_width": "4 um", "fillet": "1 um"}


@dataclass(frozen=True)
class Taken:
    """A checkpoint."""

    arrays: dict[str, NDArray[Any]]
    facts: Mapping[str, Any]
    rows: Sequence[Mapping[str, float]]


def carried(time: str = "12 s", tip: bool = True, **mechanics: Any) -> fem.Case:
    """20 um of electrolyte that may yield at 0.33 GPa, below lithium with or without a tip."""
    return flat({"charge": "100 A/m^2", "until": {"time": time}}).replace(
        {
            "geometry.width": "20 um",
            "geometry.separator.thickness": "20 um",
            "geometry.anode.motion": "moved",
            "geometry.anode.protrusions": [TIP] if tip else [],
            "materials.LPSCl.hardness": "1 GPa",
            "mechanics": {"enabled": True, **mechanics},
            "mesh.size": "2 um",
            "stepping.tolerance": 0.01,
            "stepping.first": "0.5 s",
        }
    )


def run(case: fem.Case) -> tuple[fem.Result, list[tuple[Any, ...]]]:
    kept: list[tuple[Any, ...]] = []

    def keep(accepted: Accepted) -> None:
        facts = json.loads(json.dumps(accepted.facts()))
        kept.append((accepted.arrays(), facts, accepted.row))

    return simulate(case, observers=[keep]), kept


@pytest.mark.parametrize(
    ("lithium", "solids", "energy"),
    [
        ("rigid", "plastic", 0.02),
        pytest.param("elastic", "elastic", 0.02, marks=pytest.mark.slow),
        pytest.param("elastic", "plastic", 0.02, marks=pytest.mark.slow),
        pytest.param("viscoplastic", "plastic", 0.02, marks=pytest.mark.slow),
    ],
)
def test_volume_and_ledgers_close_and_runs_are_taken_up(
    lithium: str, solids: str, energy: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lithium gains what was plated, whatever pressure makes of it; who goes on comes to the same.

    Energy is only as good as steps are short, since every one is solved on the shape at its start.
    """
    monkeypatch.setattr(growth, "LAG", 0.01)
    case = carried(lithium=lithium, solids=solids).replace({"stepping.longest": "3 s"})
    result, kept = run(case)
    history = result.history
    assert history is not None
    moves = np.flatnonzero(np.diff(history["swept_area_m2"]) != 0.0)
    assert len(moves) >= 3
    assert history["swept_error"].max() < 1e-11
    assert max(history[f"{what}_error"].max() for what in ("lithium", "charge")) < 1e-10
    assert history["work_error"][-1] < energy
    assert history["rebalanced_fraction"][-1] < 0.05

    k = int(moves[1]) + 1
    rows = [row for _, _, row in kept[: k + 1]]
    last: list[Accepted] = []
    again = simulate(case, observers=[last.append], resume=Taken(*kept[k][:2], rows))
    assert again.history is not None
    for column in history.columns:
        assert again.history[column].tobytes() == history[column].tobytes(), column
    end, found = kept[-1][0], last[-1].arrays()
    assert end.keys() == found.keys()
    assert all(end[key].tobytes() == found[key].tobytes() for key in end)


@pytest.mark.parametrize("lithium", ["rigid", pytest.param("elastic", marks=pytest.mark.slow)])
def test_little_growth_is_that_of_small_strain(
    lithium: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Growth of 2e-4 of the tip's radius in several moves differs by as little."""
    monkeypatch.setattr(growth, "LAG", 5e-5)
    case = carried("0.04 s", lithium=lithium).replace(
        {"stepping.first": "0.01 s", "stepping.longest": "0.01 s"}
    )
    moved, kept = (
        fem.run(case.replace({"geometry.anode.motion": motion})).history
        for motion in ("moved", "kept")
    )
    assert moved is not None
    assert kept is not None
    assert len(np.unique(moved["swept_area_m2"])) >= 4
    for name in ("lithium_pressure_Pa", "von_mises_tip_max_Pa", "elastic_energy_J_m"):
        assert moved[name][-1] == pytest.approx(kept[name][-1], rel=2e-3), name
    assert moved["lithium_pressure_Pa"][-1] > 1e5


@pytest.mark.parametrize(
    "lithium",
    [
        "viscoplastic",
        pytest.param("rigid", marks=pytest.mark.slow),
        pytest.param("elastic", marks=pytest.mark.slow),
    ],
)
def test_a_flat_foil_lifts_its_plate_and_stays_free_of_stress(lithium: str) -> None:
    """All that is plated makes the cell thicker, and the electrolyte stays where it was."""
    case = carried("40 s", tip=False, lithium=lithium, top="plate").replace(
        {"stepping.first": "2 s", "geometry.width": "4 um"}
    )
    drawn = fem.Cell.of(case).mesh
    result, _ = run(case)
    history = result.history
    assert history is not None
    grown = history["swept_area_m2"][-1] / drawn.geometry.width
    assert 0.3e-6 < grown <= history["thickness_mean_m"][-1]
    assert history["swept_error"][-1] < 1e-12
    new = result.geometry
    assert new.height - drawn.geometry.height == pytest.approx(grown, rel=1e-6)
    line = np.unique(drawn.edges[drawn.interface(Phase.LITHIUM)])
    below = result.mesh.nodes[1, line] - drawn.nodes[1, line]
    assert np.abs(below).max() < 1e-5 * grown
    # The plate's kilopascals are those of current that is not quite even.
    assert np.abs(history["lithium_pressure_Pa"]).max() < 1e3


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("mechanics.lithium", {"mechanics.lithium": "yielded"}),
        ("mechanics.compare_lithium", {"mechanics.compare_lithium": ["elastic"]}),
        ("mechanics.coupling", {"mechanics.coupling": "lithium"}),
        ("mechanics.swelling", {"mechanics.swelling": True}),
        ("interfaces", {"interfaces.particle_electrolyte": {"bond": "none"}}),
        ("stack.stiffness", {"stack": {"pressure": "1 MPa", "stiffness": "1 MPa/um"}}),
        (
            "mechanics.kinematics",
            {"mechanics.lithium": "elastic", "mechanics.kinematics": "generalised plane strain"},
        ),
    ],
)
def test_what_does_not_move_along_is_refused(key: str, changes: dict[str, Any]) -> None:
    with pytest.raises(fem.InputError, match="does not move along") as caught:
        carried().replace(changes)
    assert caught.value.key == key
    assert "motion" in str(caught.value.cure)
