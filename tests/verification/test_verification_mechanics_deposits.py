"""Stress at the tips of 30 x 12 um deposits in the cell of Zheng et al., Sci. Bull. 68 (2023) 813.

1 um is plated everywhere on Li|SE and von Mises stress is averaged over the electrolyte within
2 um of a tip. All parts but lithium have the electrolyte's 28 GPa and .27. The numbers are those of
other solvers of the same cell: a P2 prototype on graded meshes (sharp feet), and third-order
elements with a penalty for contact on meshes of their own (2 um fillets).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from mechanics_harness import (
    GPA,
    SOFT,
    STIFF,
    UNIT,
    forces_on_composite,
    plate,
)

from fem.case import Case
from fem.geometry import build
from fem.laws.fracture import extrusion_pressure
from fem.measures.stress import process_zone_means
from fem.mesh import Mesh, from_case

ONE, THREE = (210,), (150, 210, 270)


COARSE = {"size": "4 um", "growth": 1.0}
"""For what holds on any mesh."""


@cache
def cell(centres: tuple[int, ...], fillet: bool, coarse: bool = False) -> Mesh:
    """The cell at an element size of 2 um on interfaces."""
    deposit = {"depth": "30 um", "half_width": "12 um"} | ({"fillet": "2 um"} if fillet else {})
    lattice = {"layout": "lattice", "rows": 5, "columns": 21, "diameter": "10 um"}
    case = Case.from_dict(
        {
            "geometry": {
                "width": "420 um",
                "anode": {
                    "thickness": "50 um",
                    "protrusions": [{"x": f"{x} um"} | deposit for x in centres],
                },
                "separator": {"material": "LPSCl", "thickness": "100 um"},
                "cathode": {
                    "electrolyte": "LPSCl",
                    "thickness": "100 um",
                    "particles": lattice | {"material": "NCM811"},
                },
            },
            "kinetics": {
                "anode": {"exchange_current_density": "320 A/m^2"},
                "cathode": {"exchange_current_density": "2 A/m^2"},
            },
            "operation": {"current_density": "100 A/m^2", "plating_time": "30 s"},
            "mesh": COARSE if coarse else {"size": "2 um", "growth": 0.5},
        }
    )
    return from_case(case, build(case))


@cache
def tip_stresses(
    centres: tuple[int, ...], fillet: bool, moduli: tuple[float, float], **conditions: str
) -> list[float]:
    """GPa per um at each tip."""
    mesh = cell(centres, fillet)
    solution = plate(mesh, 1.0, moduli, **conditions)
    return [process_zone_means(mesh, solution, d.tip)[0] / GPA for d in mesh.geometry.deposits]


@pytest.mark.parametrize(
    ("moduli", "conditions", "wanted"),
    [
        (SOFT, {"lithium": "rigid", "top": "free"}, 4.27),
        (SOFT, {"lithium": "rigid", "top": "held"}, 4.52),
        (SOFT, {"lithium": "elastic", "top": "free"}, 1.31),
        (STIFF, {"lithium": "elastic", "top": "free"}, 1.70),
    ],
    ids=["rigid free", "rigid held", "E 4.9 GPa", "E 7.8 GPa"],
)
def test_one_deposit(
    moduli: tuple[float, float], conditions: dict[str, str], wanted: float
) -> None:
    """Sharp feet, to 2 %."""
    (seen,) = tip_stresses(ONE, False, moduli, **conditions)
    assert seen == pytest.approx(wanted, rel=0.02)


def test_middle_of_three_deposits() -> None:
    """Sharp feet, rigid lithium, free top: 4.11 GPa; the cell is a mirror image of itself."""
    left, middle, right = tip_stresses(THREE, False, SOFT, lithium="rigid", top="free")
    assert middle == pytest.approx(4.11, rel=0.02)
    assert left == pytest.approx(right, rel=0.01)


@pytest.mark.parametrize(
    ("contact", "top", "outer", "middle"),
    [
        ("stick", "free", 4.181, 4.097),
        ("stick", "held", 4.392, 4.299),
        ("slide", "free", 0.7181, 0.4779),
        ("slide", "held", 1.2398, 0.6651),
    ],
)
def test_bonded_and_sliding_lithium(contact: str, top: str, outer: float, middle: float) -> None:
    """Rigid lithium, 2 um fillets: without friction the tips carry a tenth of the stress.

    Found by cubic elements on the electrolyte alone, 0.5 um at Li|SE, with the exact normal and
    1e5 GPa/um times the missing displacement as contact force; a penalty of 1e4 moves the fourth
    digit. A foil that sticks drags the flanks of a deposit along, one that slides only parts them.
    """
    seen = tip_stresses(THREE, True, SOFT, lithium="rigid", contact=contact, top=top)
    assert seen == pytest.approx([outer, middle, outer], rel=0.02)


def test_fillets_leave_the_tip_alone() -> None:
    """A 2 um fillet at the feet moves the tip zone by less than 2 %."""
    sharp, round_ = (tip_stresses(ONE, f, SOFT, lithium="rigid", top="free") for f in (False, True))
    assert round_ == pytest.approx(sharp, rel=0.02)


@pytest.mark.parametrize("contact", ["stick", "slide"])
@pytest.mark.parametrize("lithium", ["rigid", "elastic"])
def test_a_free_top_carries_no_load(lithium: str, contact: str) -> None:
    """The forces of the lithium on the electrolyte add up to nothing along y."""
    mesh = cell(THREE, True, coarse=True)
    solution = plate(mesh, 1.0, SOFT, lithium=lithium, contact=contact, top="free")
    force = forces_on_composite(mesh, solution)
    bottom = np.abs(mesh.nodes[1]) < 1e-12
    scale = np.abs(force[solution.nodes, 1]).sum()
    assert abs(force[solution.nodes, 1].sum()) < 1e-8 * scale
    assert abs(force[bottom, 1].sum()) < 1e-8 * scale


def test_yielded_deposits_press_with_the_slot_pressure() -> None:
    """p = (s_y / sqrt 3) d / w, 1.4434 s_y for 30 x 12, on the deposits and nowhere else.

    The supports carry it over the deposits' width at the foil, the sum of p n ds along y, and the
    solution does not depend on the plated thickness.
    """
    mesh = cell(THREE, True, coarse=True)
    strength = 0.8e6
    pressure = extrusion_pressure(strength, 30.0, 12.0)
    assert pressure == pytest.approx(1.4433757 * strength, rel=1e-7)
    solution = plate(mesh, 1.0, SOFT, strength, lithium="yielded", top="free")
    own = np.array([o.deposit for o in mesh.geometry.outlines])[mesh.outline] >= 0
    on_deposit = np.isin(solution.nodes, mesh.edges[own])
    assert solution.pressure[on_deposit] == pytest.approx(pressure, rel=1e-12)
    assert solution.pressure[~on_deposit] == pytest.approx(0.0, abs=1e-9)
    width = np.ptp(mesh.nodes[0, np.unique(mesh.edges[own])])
    widths = sum(
        np.ptp(mesh.nodes[0, np.unique(mesh.edges[own & near])])
        for near in np.abs(mesh.nodes[0, mesh.edges[:, 2]] - np.array([[150], [210], [270]]) * UNIT)
        < 25 * UNIT
    )
    assert widths < 0.6 * width
    force = forces_on_composite(mesh, solution)
    bottom = np.abs(mesh.nodes[1]) < 1e-12
    assert force[bottom, 1].sum() == pytest.approx(pressure * widths, rel=1e-8)
    again = plate(mesh, 5.0, SOFT, strength, lithium="yielded", top="free")
    np.testing.assert_array_equal(again.displacements[0], solution.displacements[0])


@pytest.mark.slow
def test_one_deposit_on_a_fine_mesh() -> None:
    """The same to 1 % at 1 um: the coarse mesh of the other tests is fine enough."""
    mesh = cell(ONE, False).refined()
    solution = plate(mesh, 1.0, SOFT, lithium="rigid", top="free")
    seen = process_zone_means(mesh, solution, mesh.geometry.deposits[0].tip)[0] / GPA
    assert seen == pytest.approx(4.27, rel=0.01)
