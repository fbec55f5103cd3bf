"""The condensed pressure ``offset + A h`` against the full mechanics, for all conditions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import fem
from fem.errors import InputError
from fem.geometry import Phase, build
from fem.mesh import Mesh, from_case
from fem.parameters import Elastic, resolve
from fem.physics.elastic import SolidBody
from fem.physics.kinematics import Conditions
from fem.physics.mechanics import MechanicsProblem
from fem.physics.operator import InterfaceOperator
from fem.solve import condense

CASES = Path(__file__).parents[2] / "cases"
Cell = tuple[Mesh, Elastic, SolidBody]

SMALL = {
    "geometry.width": "40 um",
    "geometry.anode.thickness": "10 um",
    "geometry.separator.thickness": "50 um",
    "geometry.cathode.thickness": "20 um",
    "geometry.cathode.particles.rows": 1,
    "geometry.cathode.particles.columns": 2,
    "inactive.outside": None,
    "mechanics.compare_lithium": ["elastic"],
    "mesh.size": "3 um",
}
PROTRUSION = {"x": "20 um", "depth": "15 um", "half_width": "6 um", "fillet": "2 um"}
ISLAND = {"x": "14 um", "y": "35 um", "half_width": "5 um", "half_height": "3 um"}


def cell(protrusions: list[dict[str, str]], islands: list[dict[str, str]]) -> Cell:
    shape = {"geometry.anode.protrusions": protrusions, "geometry.anode.isolated": islands}
    case = fem.Case.load(CASES / "zheng2023_protrusions.toml").replace(SMALL | shape)
    drawn = build(case)
    mesh, elastic = from_case(case, drawn), resolve(case, drawn).elastic
    assert elastic is not None
    return mesh, elastic, SolidBody.composite(mesh, elastic)


@pytest.fixture(scope="module")
def bodies() -> Cell:
    """A foil with a rounded protrusion, above an island of lithium that touches nothing."""
    return cell([PROTRUSION], [ISLAND])


@pytest.fixture(scope="module")
def foil() -> Cell:
    return cell([], [])


def problem(
    cell: Cell,
    lithium: str,
    contact: str = "stick",
    kinematics: str = "plane strain",
    top: str = "free",
    stack_pressure: float = 0.0,
) -> MechanicsProblem:
    mesh, elastic, composite = cell
    conditions = Conditions(lithium, contact, kinematics, top, stack_pressure)
    return MechanicsProblem(mesh, elastic, conditions, composite)


def smooth(mesh: Mesh) -> np.ndarray:
    """A thickness of some ten nanometres that varies over the cell."""
    x, y = mesh.nodes * 1e6
    return 1e-8 * (3.0 + np.cos(0.2 * x + 0.5) + 0.4 * np.sin(0.31 * y) + 0.02 * x)


KINEMATICS = [
    ("rigid", "plane strain"),
    ("elastic", "plane strain"),
    # Rigid lithium allows no out-of-plane strain.
    ("elastic", "generalised plane strain"),
]


@pytest.mark.parametrize("top", ["free", "plate", "held"])
@pytest.mark.parametrize("contact", ["stick", "slide"])
@pytest.mark.parametrize(("lithium", "kinematics"), KINEMATICS)
def test_pressure_is_that_of_the_mechanics(
    bodies: Cell, lithium: str, contact: str, kinematics: str, top: str
) -> None:
    """Under plating and the stack, and without plating: the offset alone."""
    stack = 3e6 if top == "plate" else 0.0
    whole = problem(bodies, lithium, contact, kinematics, top, stack_pressure=stack)
    operator = InterfaceOperator.of(whole)
    h = smooth(bodies[0])
    wanted = whole.solve(h)
    assert np.array_equal(operator.nodes, wanted.nodes)
    found = operator.pressure(h[operator.nodes])
    scale = np.abs(wanted.pressure).max()
    np.testing.assert_allclose(found, wanted.pressure, rtol=0.0, atol=1e-7 * scale)
    at_rest = whole.solve(np.zeros_like(h)).pressure
    np.testing.assert_allclose(operator.offset, at_rest, rtol=0.0, atol=1e-7 * max(stack, 1.0))
    assert np.abs(at_rest).max() >= 0.9 * stack


def test_swelling_adds_its_own_pressure(bodies: Cell) -> None:
    """The pressure of swollen particles without plating, less the offset, comes on top."""
    mesh, whole = bodies[0], problem(bodies, "elastic", "slide", top="held")
    operator, h = InterfaceOperator.of(whole), 0.1 * smooth(mesh)
    active = mesh.geometry.phases[mesh.region[whole.bodies[0].elements]] == Phase.ACTIVE
    swelling = np.where(active[:, None], 1e-2, np.zeros((1, 6)))
    swollen = whole.solve(np.zeros_like(h), swelling).pressure - operator.offset
    wanted = whole.solve(h, swelling).pressure
    scale = np.abs(wanted).max()
    assert np.abs(swollen).max() > 0.01 * scale
    found = operator.pressure(h[operator.nodes]) + swollen
    np.testing.assert_allclose(found, wanted, rtol=0.0, atol=1e-7 * scale)


def test_pieces_of_any_size_give_the_same(bodies: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real meshes are cut into many pieces, this small one would not be."""
    whole = problem(bodies, "elastic", "slide")
    once = InterfaceOperator.of(whole).matrix
    monkeypatch.setattr(condense, "PIECE", 400)
    cut = InterfaceOperator.of(whole).matrix
    np.testing.assert_allclose(cut, once, rtol=0.0, atol=1e-9 * np.abs(once).max())


def work(cell: Cell, whole: MechanicsProblem) -> np.ndarray:
    """M A: the force that works against each nodal thickness, per metre of every other."""
    operator = InterfaceOperator.of(whole)
    number = np.full(cell[0].nodes.shape[1], -1)
    number[operator.nodes] = np.arange(len(operator.nodes))
    mass = 0.0
    for surface in whole.surfaces:
        ones = np.ones(surface.edges.weights.shape)
        mass = mass + surface.edges.mass(ones, number, len(operator.nodes))
    return np.asarray(mass @ operator.matrix)


@pytest.mark.parametrize("top", ["free", "held"])
@pytest.mark.parametrize("contact", ["stick", "slide"])
@pytest.mark.parametrize("lithium", ["rigid", "elastic"])
def test_plating_a_flat_foil_stores_energy(
    foil: Cell, lithium: str, contact: str, top: str
) -> None:
    """M A is symmetric and positive semidefinite: h' M A h is twice the elastic energy.

    A free top has one motion without energy: uniform plating lifts the foil. Energy is measured
    from the stress field, the operator knows forces only.
    """
    whole = problem(foil, lithium, contact, "plane strain", top)
    matrix = work(foil, whole)
    scale = np.abs(matrix).max()
    np.testing.assert_allclose(matrix, matrix.T, rtol=0.0, atol=1e-12 * scale)
    values = np.linalg.eigvalsh(0.5 * (matrix + matrix.T))
    assert values[0] > -1e-12 * scale
    assert (values < 1e-6 * scale).sum() == (1 if top == "free" else 0)
    h = smooth(foil[0])
    solution = whole.solve(h)
    h = h[solution.nodes]
    # Quadrature of the energy is that of the stiffness, so the two agree to the solver's digits.
    assert 0.5 * h @ matrix @ h == pytest.approx(solution.elastic_energy, rel=1e-8)


def test_work_on_curves_is_symmetric_but_for_the_elements(bodies: Cell) -> None:
    """Pressure at a single node of a 2 um fillet errs by percents, but not the work of plating."""
    whole = problem(bodies, "rigid", "stick")
    matrix = work(bodies, whole)
    x, y = bodies[0].nodes[:, whole.nodes] * 1e6
    h, g = 1.0 + 0.5 * np.cos(0.2 * x), np.sin(0.15 * y + 0.1 * x)
    scale = np.sqrt((h @ matrix @ h) * (g @ matrix @ g))
    assert abs(h @ matrix @ g - g @ matrix @ h) < 2e-4 * scale


def test_yielded_lithium_is_refused(bodies: Cell) -> None:
    with pytest.raises(InputError) as refused:
        InterfaceOperator.of(problem(bodies, "yielded"))
    assert refused.value.key == "mechanics.lithium"
    assert "elastic" in str(refused.value.allowed)


def test_stack_carries_the_plate_and_uniform_plating_lifts_it(foil: Cell) -> None:
    """The mean of the offset along a flat foil is the stack pressure, particles below or not.

    The same thickness everywhere raises the plate and adds no pressure.
    """
    whole = problem(foil, "elastic", "stick", "plane strain", "plate", stack_pressure=5e6)
    operator = InterfaceOperator.of(whole)
    edges, number = whole.surfaces[0].edges, np.zeros(foil[0].nodes.shape[1], dtype=int)
    number[operator.nodes] = np.arange(len(operator.nodes))
    mean = edges.total(edges.at_points(operator.offset, number)) / edges.length
    assert mean == pytest.approx(5e6, rel=1e-10)
    uniform = operator.matrix @ np.full(len(operator.nodes), 1e-6)
    assert np.abs(uniform).max() < 1e-9 * np.abs(operator.matrix).max() * 1e-6
