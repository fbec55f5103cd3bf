"""An image with pores in time: stress on lithium, swelling particles, a plate on top."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from cells_in_time import MATERIAL, START

import fem

sys.path.append(str(Path(__file__).parents[1] / "geometry"))
from image_examples import disc, pictured, saved


@pytest.mark.parametrize("lithium", ["rigid", "elastic"])
def test_work_balances_beside_pores(tmp_path: Path, lithium: str) -> None:
    """A pore at the lithium line, and one with a disc in it that hangs on nothing.

    The dead disc stays as it was; all work of plating, of the other particle that shrinks, and of
    the stack is found as elastic energy, and no lithium is lost.
    """
    labels = disc(28, 6, (8, 10))
    labels[disc(28, 5.6, (20, 12)) == 2] = 0
    labels[disc(28, 3, (20, 12)) == 2] = 2
    labels[0:3, 8:14] = 0
    shown = {"electrolyte": 1, "active": 2, "void": 0}
    case = pictured(saved(tmp_path, labels), labels=shown, separator=False).replace(
        {
            "materials.NCM811": MATERIAL | {"partial_molar_volume": "2e-6 m^3/mol"},
            "kinetics.cathode.stoichiometry": START,
            "operation": {
                "kind": "protocol",
                "steps": [{"charge": "5 A/m^2", "until": {"time": "60 s"}}],
            },
            "mechanics": {
                "enabled": True,
                "lithium": lithium,
                "coupling": "lithium",
                "swelling": True,
                "top": "plate",
                "stack_pressure": "1 MPa",
            },
        }
    )
    result = fem.run(case)
    assert sum("1 piece of solid hangs on nothing" in note for note in result.notes) == 1
    columns = result.history.columns
    assert columns["work_error"].max() < 1e-9
    assert columns["lithium_error"][-1] < 1e-11
    assert abs(columns["lithium_pressure_Pa"][-1]) > 1e5
