"""What a solved cell must keep: charge, power, signs, scales, superposition, monotony.

Everything is done on a small cell with all that a drawing can hold: a deposit, isolated lithium,
dead particles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from electrodes import ChargeProblem, Solved, Terminal, terminals
from harness import assert_balanced, assert_order, edges, family, geometry, polygon

import fem
from fem import geometry as geometries
from fem.forms.interface import Edges
from fem.laws.kinetics import Kinetics
from fem.mesh import Mesh, from_case
from fem.parameters import Parameters, resolve

CELL: dict[str, Any] = {
    "geometry": {
        "width": "80 um",
        "anode": {
            "thickness": "10 um",
            "protrusions": [
                {"x": "40 um", "depth": "15 um", "half_width": "6 um", "fillet": "1 um"}
            ],
            "isolated": [{"x": "60 um", "y": "55 um", "half_width": "4 um", "half_height": "3 um"}],
        },
        "separator": {"material": "LPSCl", "thickness": "40 um"},
        "cathode": {
            "electrolyte": "LPSCl",
            "conductivity_factor": 0.5,
            "thickness": "40 um",
            "particles": {"rows": 2, "columns": 4, "diameter": "10 um", "material": "NCM811"},
        },
    },
    "inactive": {"ids": [1, 6]},
    "materials": {"LPSCl": {"ionic_conductivity": "0.3 S/m"}},
    "kinetics": {
        "anode": {
            "exchange_current_density": "30 A/m^2",
            "anodic_transfer_coefficient": 0.6,
            "cathodic_transfer_coefficient": 0.4,
        },
        "cathode": {"exchange_current_density": "2 A/m^2", "area_resistance": "3 ohm*cm^2"},
    },
    "operation": {"current_density": "100 A/m^2"},
    "mechanics": {"enabled": False},
    "mesh": {"size": "3 um"},
}
OHMIC = {"anode": {"area_resistance": "9 ohm*cm^2"}, "cathode": {"area_resistance": "4 ohm*cm^2"}}


@cache
def small_cell() -> tuple[fem.Case, Mesh, Parameters, ChargeProblem]:
    case = fem.Case.from_dict(CELL)
    shape = geometries.build(case)
    parameters, mesh = resolve(case, shape), from_case(case, shape)
    return case, mesh, parameters, ChargeProblem(mesh, parameters.conductivity)


def solve(
    kinetics: Sequence[Kinetics] | None = None, **cathode: float
) -> tuple[ChargeProblem, Solved]:
    """The small cell with other kinetics (lithium, cathode) and another drive."""
    case, mesh, parameters, problem = small_cell()
    drawn = terminals(case, mesh, parameters)
    if kinetics is not None:
        drawn = [replace(t, kinetics=kinetics[1 if k == 1 else 0]) for k, t in enumerate(drawn)]
    if cathode:
        drawn[1] = Terminal("the cathode", drawn[1].edges, drawn[1].kinetics, **cathode)
    return problem, problem.solve(drawn)


def swapped(law: Kinetics) -> Kinetics:
    return replace(law, anodic=law.cathodic, cathodic=law.anodic)


@pytest.mark.parametrize("current", [1e-6, 1e-3, 8e-3, -8e-3, 1.0])
def test_charge_and_power(current: float) -> None:
    """No net charge, and power in equals power lost, to 1e-10, from the linear to the Tafel range.

    A current of 1 A/m is 12500 A/m^2 of cell. The isolated lithium carries none in total, but some
    through it.
    """
    _, solution = solve(current=current)
    assert_balanced(solution)
    through = solution.terminals[2].edges.total(np.abs(solution.reaction(2)))
    assert through > 1e-3 * abs(current)


def test_charge_mirrors_discharge() -> None:
    """Reversing the current and exchanging anodic and cathodic branches reverses all potentials."""
    _, _, parameters, _ = small_cell()
    laws = (parameters.anode, parameters.cathode)
    _, charge = solve(current=8e-3)
    _, discharge = solve([swapped(law) for law in laws], current=-8e-3)
    assert discharge.potential == pytest.approx(-charge.potential, rel=1e-9, abs=1e-11)
    assert discharge.terminal_potentials == pytest.approx(
        [-v for v in charge.terminal_potentials], rel=1e-10
    )
    _, same_laws = solve(current=-8e-3)
    assert abs(same_laws.terminal_potentials[1] + charge.terminal_potentials[1]) > 1e-3


def test_potential_control_finds_the_current_again() -> None:
    """The potential that a current needs drives that current."""
    _, by_current = solve(current=8e-3)
    _, by_potential = solve(potential=by_current.terminal_potentials[1])
    assert by_potential.total(1) == pytest.approx(8e-3, rel=1e-10)
    assert by_potential.potential == pytest.approx(by_current.potential, rel=1e-9, abs=1e-11)


def test_ohmic_interfaces_superpose() -> None:
    """With area resistances only, the potential is linear in the drives of all terminals."""
    _, mesh, parameters, problem = small_cell()
    laws = (Kinetics(298.15, area_resistance=9e-4), Kinetics(298.15, area_resistance=4e-4))
    foil, cathode, island = (t.edges for t in terminals(small_cell()[0], mesh, parameters))

    def driven(v: float, current: float, leak: float) -> Solved:
        return problem.solve(
            [
                Terminal("foil", foil, laws[0], potential=v),
                Terminal("cathode", cathode, laws[1], current=current),
                Terminal("island", island, laws[0], current=leak),
            ]
        )

    # In the last of these, all current runs from the cathode to the island: the sum is zero.
    parts = [driven(0.2, 8e-3, 0.0), driven(0.0, 8e-3, 0.0), driven(0.0, 4e-3, -4e-3)]
    a, b, c = -2.0, 1.5, 0.25
    whole = driven(0.2 * a, 8e-3 * (a + b) + 4e-3 * c, -4e-3 * c)
    expected = sum(f * p.potential for f, p in zip((a, b, c), parts, strict=True))
    assert whole.potential == pytest.approx(expected, rel=1e-9, abs=1e-11)
    assert_balanced(whole)


def test_small_currents_are_linear() -> None:
    """Far below RT/F the cell is a resistor: the potential per current tends to a limit.

    The first correction is odd only for equal transfer coefficients; for .6/.4 it is linear in
    the drive, so the resistance at half of the current lies half as far from the limit.
    """
    resistance = [solve(current=i)[1].terminal_potentials[1] / i for i in (4e-8, 2e-8, 1e-8, 1e-14)]
    deviation = np.abs(np.array(resistance[:3]) / resistance[3] - 1.0)
    assert np.all(deviation < 1e-5)
    assert deviation[:2] / deviation[1:] == pytest.approx(2.0, abs=0.02)


def test_unit_scaling() -> None:
    """Lengths and conductivity times 1e6 leave current densities and potentials as they are.

    kappa phi / L against i0: the current per depth grows with the lengths.
    """
    _, mesh, parameters, _ = small_cell()
    scale = 1e6
    case = small_cell()[0]
    drawn = terminals(case, mesh, parameters)
    big = replace(mesh, skfem=mesh.skfem.scaled(scale))
    ends = [Edges(t.edges.nodes, big.nodes[:, t.edges.nodes]) for t in drawn]
    large = [replace(t, edges=e) for t, e in zip(drawn, ends, strict=True)]
    large[1] = replace(large[1], current=scale * drawn[1].current)
    small_solution = solve()[1]
    large_solution = ChargeProblem(big, scale * parameters.conductivity).solve(large)
    assert_balanced(large_solution)
    assert large_solution.potential == pytest.approx(small_solution.potential, rel=1e-10, abs=1e-12)
    for k in range(3):
        assert large_solution.reaction(k) == pytest.approx(
            small_solution.reaction(k), rel=1e-9, abs=1e-8
        )


def test_unit_scaling_through_meshing() -> None:
    """The same through a case a million times as large, meshed anew.

    Netgen need not give the same triangles at another scale, so only the meshes' accuracy is asked.
    """
    changes = {
        "geometry.width": "80 m",
        "geometry.anode": {"thickness": "10 m"},
        "geometry.separator.thickness": "40 m",
        "geometry.cathode.thickness": "40 m",
        "geometry.cathode.particles.diameter": "10 m",
        "mesh.size": "3 m",
        "materials": {"LPSCl": {"ionic_conductivity": "0.3e6 S/m"}},
    }
    small = fem.Case.from_dict(CELL).replace({"geometry.anode": {"thickness": "10 um"}})
    large = fem.run(small.replace(changes))
    expected = fem.run(small).metrics["overpotential_V"]
    assert large.metrics["overpotential_V"] == pytest.approx(expected, rel=2e-5)


def test_thermal_scaling() -> None:
    """Potentials over RT/F depend on temperature only through kappa RT/(F L i0) and R F i0/RT."""
    _, _, parameters, problem = small_cell()
    cold, warm = solve(current=8e-3)[1], []
    factor = 350.0 / 298.15
    laws = [
        replace(law, temperature=350.0, area_resistance=factor * law.area_resistance)
        for law in (parameters.anode, parameters.cathode)
    ]
    case, mesh, *_ = small_cell()
    drawn = [
        replace(t, kinetics=laws[1 if k == 1 else 0])
        for k, t in enumerate(terminals(case, mesh, parameters))
    ]
    drawn[1] = replace(drawn[1], current=8e-3)
    warm = ChargeProblem(mesh, parameters.conductivity / factor).solve(drawn)
    assert warm.potential == pytest.approx(factor * cold.potential, rel=1e-10, abs=1e-12)
    assert len(problem.space) == len(warm.space)


def test_mirror_image() -> None:
    """A cell mirrored in x mirrors its plating; the mesh does not, so to its accuracy."""
    case = fem.Case.from_dict(CELL)
    mirrored = case.replace({"geometry.anode.isolated[0].x": "20 um", "inactive.ids": [2, 5]})
    result, other = fem.run(case), fem.run(mirrored)
    assert other.metrics["overpotential_V"] == pytest.approx(
        result.metrics["overpotential_V"], rel=1e-4
    )
    assert other.particles.current[[0, 3, 4, 7]] == pytest.approx(
        result.particles.current[[3, 0, 7, 4]], rel=1e-3
    )
    assert abs(result.particles.current[3] / result.particles.current[0] - 1.0) > 0.01


def test_more_surface_never_hurts() -> None:
    """Rayleigh: at a given current, adding what conducts can only lower the overpotential.

    The state minimises a convex energy over potentials; more conductance raises that energy
    everywhere, and with it the current at a given potential. So a live particle in place of a
    dead one, a larger kappa, a larger i0, a smaller resistance, each lower it.
    """
    case = fem.Case.from_dict(CELL)
    expected = fem.run(case).metrics["overpotential_V"]
    better = [
        {"inactive.ids": [1]},
        {"inactive.ids": []},
        {"materials": {"LPSCl": {"ionic_conductivity": "0.33 S/m"}}},
        {"geometry.cathode.conductivity_factor": 0.6},
        {"kinetics.anode.exchange_current_density": "31 A/m^2"},
        {"kinetics.cathode.exchange_current_density": "2.1 A/m^2"},
        {"kinetics.cathode.area_resistance": "2.9 ohm*cm^2"},
    ]
    for change in better:
        assert fem.run(case.replace(change)).metrics["overpotential_V"] < expected - 1e-5


def test_two_sided_terminals_in_a_box() -> None:
    """Two resistive electrodes, one half of the bottom and the other half of the top: order 2.

    Where a resistive electrode ends, the current density stays finite and the potential is
    r ln r: the energy, and with it the current, is of order 2. The balance holds on every mesh.
    """
    box = geometry(polygon((0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0), (0.0, 1.0)))
    law = Kinetics(298.15, area_resistance=0.1)
    totals = []
    for mesh in family(box, 0.1, 5):
        electrodes = [
            Terminal("bottom", edges(mesh, 0), law, potential=0.0),
            Terminal("top", edges(mesh, 3), law, potential=1.0),
        ]
        solution = ChargeProblem(mesh, np.array([1.0])).solve(electrodes)
        assert_balanced(solution)
        totals.append(solution.total(1))
    assert_order(np.diff(totals), 2.0, ceiling=2e-5, band=0.15)
