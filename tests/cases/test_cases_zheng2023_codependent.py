"""The script on both electrodes together: its runs, and a cell in which all mechanisms meet."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import fem
from fem.cell.ledger import Passed, Work
from fem.cell.state import State
from fem.results.declaration import Place
from fem.results.quantities import declared_columns
from fem.runs.jumping import Jumping, repeated

SCRIPT = Path(__file__).parents[2] / "cases" / "zheng2023_codependent.py"

SMALL: dict[str, Any] = {
    "geometry.width": "14 um",
    "geometry.cathode.thickness": "14 um",
    "geometry.cathode.particles": {
        "layout": "lattice", "rows": 1, "columns": 1, "diameter": "10 um", "material": "NCM811",
    },
    "geometry.separator.thickness": "8 um",
    "mesh.size": "4 um",
    "kinetics.cathode.stoichiometry": 0.7,
    "operation.steps": [
        {"charge": "7.2 A/m^2", "until": {"time": "150 s"}},
        {"discharge": "7.2 A/m^2", "until": {"time": "50 s"}},
    ],
}  # fmt: skip
"""One disc, and a bond that has begun to give way."""


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("zheng2023_codependent", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def small(script: ModuleType, **changes: Any) -> fem.Case:
    return script.loop({}, 1, 1).replace({**SMALL, **changes})  # type: ignore[no-any-return]


def test_every_variant_is_a_case(script: ModuleType) -> None:
    cases = {name: script.loop(changes, 3, 2) for name, changes in script.VARIANTS.items()}
    bare = cases["bare"]
    assert bare.interphase.particle_electrolyte is not None
    assert cases["no interphase"].interphase.particle_electrolyte is None
    assert cases["ideal wiring"].geometry.wiring.kind == "ideal"
    assert cases["no fading foil"].geometry.anode.fading is None
    assert not cases["bonds that hold"].interfaces.part
    assert cases["coated"].interphase.particle_electrolyte.coating_factor == 0.33
    hold = cases["damage at once"].interfaces.particle_electrolyte
    assert float(hold.viscosity) == 0.0 < float(bare.interfaces.particle_electrolyte.viscosity)


def test_all_mechanisms_meet_and_all_balances_close(script: ModuleType) -> None:
    history = fem.run(small(script)).history
    assert history is not None
    # A file refuses columns in another order than they are declared in.
    assert declared_columns(history.columns, Place.HISTORY)
    assert [why for *_, why in history.events] == ["time", "time"]
    assert history["side_charge_Ah_m2"][-1] > 0.0
    assert history["gap_max_m"].max() > 0.0
    assert history["electronic_resistance_ohm_m2"][0] == pytest.approx(14e-6 / 1.0, rel=1e-9)
    assert 0.0 < history["flaw_intensity_over_toughness"].max() < 1.0
    for name in ("charge_error", "lithium_error", "electrolyte_error"):
        assert np.abs(history[name]).max() < 1e-10, name


def test_lithium_that_parts_beside_particles_that_part(script: ModuleType) -> None:
    case = small(
        script,
        **{
            "geometry.anode.fading": None,
            "interfaces.lithium_electrolyte.bond": "none",
            "operation.steps": [{"charge": "7.2 A/m^2", "until": {"time": "1 s"}}],
        },
    )
    history = fem.run(case).history
    assert history is not None
    assert {"gap_mean_m", "lithium_gap_mean_m"} <= set(history.columns)
    assert declared_columns(history.columns, Place.HISTORY)


def test_rows_are_read_off_a_run(script: ModuleType) -> None:
    """Of the loop without stress, which is quick."""
    changes = {
        **SMALL,
        "interfaces": {},
        "stack": None,
        "mechanics": {"enabled": False},
        "operation.steps": [
            {
                "repeat": 2,
                "steps": [
                    {"charge": "7.2 A/m^2", "until": {"time": "60 s"}},
                    {"discharge": "7.2 A/m^2", "until": {"time": "60 s"}},
                ],
            }
        ],
    }
    result = fem.run(fem.Case.load(script.LOOP).replace(changes))
    rows, history = script.rows_of(result), result.history
    assert history is not None
    assert [row.cycle for row in rows] == [1, 2]
    assert rows[0].capacity == pytest.approx(7.2 * 60.0 / 3600.0, rel=1e-9)
    assert np.isnan(rows[0].dead) and rows[0].focusing > 1.0
    assert rows[1].side > rows[0].side > 0.0
    assert rows[0].roughness > 0.0
    # As the first charge ends, not as the second begins.
    at = np.flatnonzero((history["step"] == 0) & (history["dt_s"] > 0.0))[-1]
    assert rows[0].side == history["side_charge_Ah_m2"][at]


@pytest.mark.slow
def test_cycles_beside_flaws_are_left_out_until_lithium_enters(script: ModuleType) -> None:
    """What is left out changes nothing where no flaw opens; where one does, none is left out.

    Without stress, which is quick.
    """
    loop = {
        "repeat": 8,
        "steps": [
            {"charge": "7.2 A/m^2", "until": {"time": "60 s"}},
            {"discharge": "7.2 A/m^2", "until": {"time": "60 s"}},
        ],
    }
    case = fem.Case.load(script.LOOP).replace(
        {
            **SMALL,
            "interfaces": {},
            "stack": None,
            "mechanics": {"enabled": False},
            "operation.steps": [loop],
        }
    )
    every, fewer = (fem.run(case.replace({"stepping.jump": jump})).history for jump in (None, 0.02))
    assert every is not None and fewer is not None
    assert fewer["skipped_cycles"][-1] >= 3.0
    assert len(fewer) < len(every)
    for name in ("side_charge_Ah_m2", "stoichiometry_mean"):
        assert fewer[name][-1] == pytest.approx(every[name][-1], rel=0.02), name
    for name in ("charge_error", "lithium_error", "electrolyte_error"):
        assert np.abs(fewer[name]).max() < 1e-10, name
    state = Jumping(State(0.0, {}, {"anode.entered": np.full(2, -1.0)}), Passed(), Work())
    after = State(1.0, {}, {"anode.entered": np.array([-1.0, 3.0])})
    assert repeated(state, state.begin, ())
    assert not repeated(state, after, ())


@pytest.mark.slow
def test_fixed_charge_passes_the_same_whatever_is_dead(script: ModuleType) -> None:
    """What part A measures, on a coarse mesh: depth hardly focuses, width does."""
    found = {
        pattern: script.amount(pattern, script.flat(inactive, script.BY_CHARGE, "5 um"))
        for pattern, inactive in (
            ("width", script.WIDTH_PATTERNS["1/3 by width"]),
            ("depth", script.DEPTH_PATTERNS["2/5 by depth"]),
        )
    }
    assert found["width"].share == pytest.approx(1.0 / 3.0)
    assert found["width"].rate == pytest.approx(1.10, abs=0.01)
    assert found["depth"].rate < 1.01
