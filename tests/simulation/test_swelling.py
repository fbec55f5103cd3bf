"""Particles that swell in a cell: by a molar volume, by functions of x, along axes of crystals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cells_in_time import CONCENTRATION, MATERIAL, bed

import fem
from fem.cell.composition import Cell
from fem.constants import FARADAY
from fem.forms.diffusion import shapes
from fem.laws.interfaces import STRESS, Intercalation
from fem.laws.swelling import direction

MOLAR_VOLUME = 2e-6
STRETCH = MOLAR_VOLUME * CONCENTRATION
"""Relative change of volume between x = 0 and 1."""
SAME: dict[str, tuple[dict[str, Any], dict[str, Any] | None]] = {
    "molar volume": ({"partial_molar_volume": f"{MOLAR_VOLUME} m^3/mol"}, None),
    "volume": ({"volume_strain": f"{STRETCH}*x"}, None),
    "axis": (
        {"strain_along_axis": f"{STRETCH}/3*x", "strain_across_axis": f"{STRETCH / 3}*(x - 1)"},
        {"angle": "33 deg", "tilt": "20 deg"},
    ),
}
"""Three ways to say the same."""
CURVED = {"strain_along_axis": "0.1*x^2", "strain_across_axis": "-0.01*x"}
DRAWN = {"kind": "drawn", "seed": 1}


def crystals(material: dict[str, Any], axis: dict[str, Any] | None) -> fem.Case:
    """Two discs charged for a while, their potential shifted by stress."""
    mechanics = {"lithium": "elastic", "swelling": True, "coupling": "particles"}
    mechanics |= {} if axis is None else {"axis": axis}
    case = bed({"charge": "2 A/m^2", "until": {"time": "1 s"}}, columns=2, mechanics=mechanics)
    moduli = {"youngs_modulus": "150 GPa", "poisson_ratio": 0.3}
    return case.replace({"materials.NCM811": MATERIAL | moduli | material, "mesh.size": "4 um"})


@pytest.mark.slow
def test_what_is_alike_in_all_directions_may_be_said_in_three_ways() -> None:
    one, *others = (fem.run(crystals(*said)).history for said in SAME.values())
    assert one is not None
    assert one["elastic_energy_J_m"][-1] > 0.0
    for other in others:
        assert other is not None
        for name in ("Voltage / V", "elastic_energy_J_m", "mechanical_work_J_m"):
            scale = np.abs(one[name]).max()
            np.testing.assert_allclose(other[name], one[name], atol=1e-10 * scale, err_msg=name)


def test_work_of_crystals_becomes_elastic_energy() -> None:
    """Whatever their directions, and however strain follows the stoichiometry: step by step."""
    history = fem.run(crystals(CURVED, DRAWN)).history
    assert history is not None
    assert history["elastic_energy_J_m"][-1] > 1e-10
    assert history["work_error"].max() < 1e-9


@pytest.mark.parametrize("within", ["plane", "space"])
def test_stress_acts_on_the_potential_as_energy_depends_on_lithium(within: str) -> None:
    """Lithium that enters a particle changes the elastic energy by -sigma : d eps*/dc a mole.

    That is -F times what stress adds to the potential: the same law is read by both. The energy's
    change is that of two whole solves, with a little more or less lithium in one particle.
    """
    cell = Cell.of(crystals(CURVED, DRAWN | {"within": within}))
    stress, (each,) = cell.stress, cell.particles
    assert stress is not None
    start = cell.initial().content
    x = start[each.lithiation_name] + np.array([[-0.2], [0.1]])
    step = np.array([[1e-5], [0.0]])

    def solved(change: float) -> Any:
        return stress.solve(start | {each.lithiation_name: x + change * step})

    wanted = (solved(1.0).elastic_energy - solved(-1.0).elastic_energy) / 2e-5

    active, axes = cell.parameters.active, cell.parameters.axes
    assert active is not None and active.swelling is not None and axes is not None
    space = stress.body.space
    mine = np.searchsorted(space.elements, each.members.elements[0])
    here = solved(0.0)
    at_nodes = each.on_triangles(each.start + x)[: len(mine)]
    working = active.swelling.working(
        at_nodes @ shapes(space), here.stress()[:, mine], direction(*axes[:, 0, None, None])
    )
    law = Intercalation(cell.parameters.cathode, partial_molar_volume=active.swelling.molar_volume)
    shift = law.by_stress({STRESS: working})
    weights = np.asarray(space.basis.dx)[mine]
    found = -FARADAY * CONCENTRATION * float((shift * weights).sum())
    assert found == pytest.approx(wanted, rel=1e-6)
    assert abs(wanted) > 1e-6
