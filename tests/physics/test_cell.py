"""One implicit stage of a cell: its linearisation against differences, what its solution keeps."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import fem
from fem import geometry, mesh
from fem.cell.coupling import CATHODE, Cell
from fem.laws.kinetics import Kinetics
from fem.parameters import resolve
from fem.physics.stage import Drive, Response, StageEquations
from fem.physics.surfaces import Intercalation, Plating

Floats = NDArray[np.float64]

CASES = Path(__file__).parents[2] / "cases"
WIDTH = 10e-6
ISOLATED = {"x": "4 um", "y": "15 um", "half_width": "2 um", "half_height": "1.5 um"}


def small_cell(**changes: Any) -> Cell:
    """One particle of 8 um, an island of lithium above it, resolved diffusion, i0(x)."""
    case = fem.Case.load(CASES / "zheng2023_flat.toml").replace(
        {
            "geometry.width": f"{WIDTH} m",
            "geometry.anode": {"thickness": "5 um", "isolated": [ISOLATED]},
            "geometry.separator.thickness": "10 um",
            "geometry.cathode.thickness": "10 um",
            "geometry.cathode.particles": {
                "rows": 1, "columns": 1, "diameter": "8 um", "material": "NCM811",
            },
            "inactive": {},
            "kinetics.cathode": {
                "exchange_current_density": "2 A/m^2",
                "area_resistance": "5 ohm*cm^2",
                "anodic_transfer_coefficient": 0.4,
                "exchange_current_dependence": "stoichiometry",
                "stoichiometry": 0.6,
            },
            "operation": {"kind": "protocol", "steps": [{"rest": "1 s"}]},
            "mechanics": {"enabled": False},
            "mesh": {"size": "4 um", "max_size": "8 um"},
            **changes,
        }
    )  # fmt: skip
    shape = geometry.build(case)
    return Cell(case, mesh.from_case(case, shape), resolve(case, shape))


@pytest.fixture(scope="module")
def cell() -> Cell:
    return small_cell()


def responses(cell: Cell, c: float, pressure: bool) -> list[Response]:
    """Of the foil, the particle and the island after a step of length c; lithium under pressure."""
    random = np.random.default_rng(2)
    active = cell.parameters.active
    assert active is not None
    particle = Intercalation(cell.parameters.cathode, active.potential.extended, True)
    plating = Plating(cell.parameters.anode, 1.3e-5)
    found = []
    for line in cell.lines:
        k, m = line.nodes.shape
        if not pressure:
            found.append(Response(plating, np.zeros((k, m))))
            continue
        # 1 MPa a A/m: loads take the pressure away where lithium leaves, and pull at neighbours.
        matrix = -1e6 * (np.eye(m) + 0.3 * random.random((m, m)))
        found.append(Response(plating, 1e6 * random.random((k, m)), matrix))
    (model,) = cell.diffusion
    (x,) = cell.stoichiometry(cell.initial().content)
    stage = model.condensed(c, x)
    return [found[0], Response(particle, stage.surface(x), stage.response), *found[1:]]


DRIVES = {
    "current": [Drive(potential=0.0), Drive(current=1e-3), Drive(current=0.0)],
    "hold": [Drive(potential=0.0), Drive(potential=4.1), Drive(current=0.0)],
}


def jacobian(stage: StageEquations, z: Floats, sizes: Floats) -> Floats:
    """Central differences of the residual, an unknown of size `sizes` moved by 1e-5 of it."""
    columns = []
    for k, size in enumerate(sizes):
        step = np.zeros_like(z)
        step[k] = 1e-5 * size
        columns.append((stage.residual(z + step) - stage.residual(z - step)) / (2e-5 * size))
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("drive", DRIVES)
@pytest.mark.parametrize("pressure", [False, True])
def test_newton_step_against_differences(cell: Cell, drive: str, pressure: bool) -> None:
    """Where nothing is balanced: the step of potentials, voltages, surface x and pressures.

    The potentials' own matrix is the Schur complement of the whole one, and the step it gives,
    carried on to all unknowns, solves the whole system.
    """
    stage = StageEquations(
        cell.problem.layout, DRIVES[drive], responses(cell, 50.0, pressure), None
    )
    random = np.random.default_rng(4)
    inner = [
        np.full(r.rest.size, 1e6 if isinstance(r.reaction, Plating) else 0.1)
        for r in stage.responses
        if r.matrix is not None
    ]
    sizes = np.concatenate([np.full(stage.size, 0.05), *inner])
    z = stage.start(None)
    z = z + 0.3 * sizes * random.standard_normal(z.shape)
    whole = jacobian(stage, z, sizes) * sizes
    residual = stage.residual(z)
    system = stage.linearise(z, residual)
    n = stage.size
    own = np.stack([system.operator.matvec(e) for e in np.eye(n)], axis=1)
    schur = whole[:n, :n] - whole[:n, n:] @ np.linalg.solve(whole[n:, n:], whole[n:, :n])
    assert own * sizes[:n] == pytest.approx(schur, abs=1e-6 * np.abs(schur).max())
    step = system.expand(np.linalg.solve(own, system.rhs)) / sizes
    expected = np.linalg.solve(whole, -residual)
    assert step == pytest.approx(expected, abs=1e-6 * np.abs(expected).max())


def test_newton_ends_quadratically(cell: Cell) -> None:
    """The last steps square the residual: a tangent that is a little wrong would not."""
    stage = StageEquations(
        cell.problem.layout, DRIVES["current"], responses(cell, 50.0, True), None
    )
    z = stage.start(None)
    sizes = []
    for _ in range(12):
        residual = stage.residual(z)
        sizes.append(stage.norm(residual))
        system = stage.linearise(z, residual)
        matrix = np.stack([system.operator.matvec(e) for e in np.eye(stage.size)], axis=1)
        z = z + system.expand(np.linalg.solve(matrix, system.rhs))
    small = [(a, b) for a, b in pairwise(sizes) if 1e-5 < a < 1e-2]
    assert small
    assert all(b <= max(100.0 * a**2, 1e-9) for a, b in small)


@pytest.mark.parametrize("drive", DRIVES)
def test_solution_balances(cell: Cell, drive: str) -> None:
    """No charge is lost, the island takes none, and s is what the loads make of it."""
    given_responses = responses(cell, 50.0, True)
    solution = cell.problem.solve(DRIVES[drive], given_responses)
    totals = cell.electrode_currents(solution)
    passed = sum(float(np.abs(b).sum()) for b in solution.loads)
    assert abs(sum(totals)) <= 1e-10 * passed
    assert abs(totals[2]) <= 1e-10 * passed
    if drive == "current":
        assert totals[CATHODE] == pytest.approx(1e-3, rel=1e-10)
    else:
        assert solution.voltages[CATHODE] == 4.1
    for response, s, b in zip(given_responses, solution.inner, solution.loads, strict=True):
        assert response.matrix is not None
        expected = response.rest + np.einsum("ab,kb->ka", response.matrix, b)
        assert s == pytest.approx(expected, rel=1e-9)


def test_a_start_without_work_can_be_gone_on_from(cell: Cell) -> None:
    """A guess that is the solution: no system is solved, and none was prepared."""
    at_rest = [Drive(potential=0.0), Drive(current=0.0), Drive(current=0.0)]
    fresh = small_cell()
    given_responses = responses(fresh, 0.0, False)
    first = fresh.problem.solve(at_rest, given_responses)
    assert first.iterations <= 1
    second = fresh.problem.solve(DRIVES["current"], given_responses, replace(first, films=()))
    assert fresh.electrode_currents(second)[CATHODE] == pytest.approx(1e-3, rel=1e-10)


@pytest.mark.parametrize("voltage", [3.0, 3.7, 4.5, 6.0])
def test_a_hold_needs_no_current_to_compare_with(voltage: float) -> None:
    """From rest into a hold no current is known beforehand; the solution balances all the same."""
    fresh = small_cell()
    given_responses = responses(fresh, 0.0, False)
    at_rest = [Drive(potential=0.0), Drive(current=0.0), Drive(current=0.0)]
    hold = [Drive(potential=0.0), Drive(potential=voltage), Drive(current=0.0)]
    rest = fresh.problem.solve(at_rest, given_responses)
    for start in (None, rest):
        totals = fresh.electrode_currents(fresh.problem.solve(hold, given_responses, start))
        assert totals[0] == pytest.approx(-totals[CATHODE], rel=1e-10)
        assert np.sign(totals[CATHODE]) == np.sign(voltage - rest.voltages[CATHODE])


def test_a_solve_follows_from_its_start_alone(cell: Cell) -> None:
    """Whatever was solved in between, under other drives: the same start gives the same."""
    fresh = small_cell()
    given_responses = responses(fresh, 50.0, False)
    start = fresh.problem.solve(DRIVES["current"], given_responses)
    first = fresh.problem.solve(DRIVES["hold"], given_responses, start)
    for current in (1e-6, 1e-1):
        other = [Drive(potential=0.0), Drive(current=current), Drive(current=0.0)]
        fresh.problem.solve(other, given_responses)
    again = fresh.problem.solve(DRIVES["hold"], given_responses, start)
    assert np.array_equal(first.potential, again.potential)
    another = small_cell()
    elsewhere = another.problem.solve(DRIVES["hold"], given_responses, start)
    assert np.array_equal(first.potential, elsewhere.potential)


# --------------------------------------------------------------------------------- the two laws

coefficients = st.floats(0.2, 0.8)
kinetics = st.builds(
    Kinetics,
    temperature=st.floats(250.0, 350.0),
    exchange_current_density=st.floats(0.1, 100.0),
    area_resistance=st.sampled_from([0.0, 1e-4, 1e-2]),
    anodic=coefficients,
    cathodic=coefficients,
)


def curve(x: Floats) -> tuple[Floats, Floats]:
    """A potential in V with its slope."""
    return 4.2 - 0.6 * x - 0.1 * np.tanh(8.0 * (x - 0.5)), -0.6 - 0.8 / np.cosh(
        8.0 * (x - 0.5)
    ) ** 2


def check_slopes(law: Intercalation | Plating, difference: float, s: float, size: float) -> None:
    """Both derivatives against central differences, relative to what the steps change."""
    at, inner = np.array([difference]), np.array([s])
    current, by_difference, by_inner = law(at, inner)
    for slope, steps in ((by_difference, (1e-5, 0.0)), (by_inner, (0.0, 1e-5 * size))):
        up, down = (law(at + k * steps[0], inner + k * steps[1])[0] for k in (1, -1))
        by_steps = (up - down) / (2.0 * sum(steps))
        scale = np.abs(current) / sum(steps) * 1e-5 + np.abs(slope)
        assert np.abs(slope - by_steps) <= 1e-6 * scale + 1e-9
    rest = law.equilibrium(inner)
    assert law(rest, inner)[0] == pytest.approx(0.0, abs=1e-9)
    assert np.sign(current) == np.sign(at - rest)
    assert by_difference > 0.0


@settings(max_examples=60, deadline=None)
@given(
    law=st.builds(
        Intercalation,
        kinetics=kinetics,
        potential=st.just(curve),
        depends_on_stoichiometry=st.booleans(),
        shift=st.floats(-0.01, 0.01),
    ),
    s=st.floats(0.05, 0.95),
    eta=st.floats(-0.3, 0.3).filter(lambda e: abs(e) > 1e-6),
)
def test_slopes_of_intercalation(law: Intercalation, s: float, eta: float) -> None:
    check_slopes(law, float(law.equilibrium(np.array(s))) + eta, s, 1.0)


@settings(max_examples=60, deadline=None)
@given(
    law=st.builds(
        Plating, kinetics=kinetics, molar_volume=st.just(1.3e-5), potential=st.floats(0.0, 1.0)
    ),
    s=st.floats(-1e8, 1e8),
    eta=st.floats(-0.3, 0.3).filter(lambda e: abs(e) > 1e-6),
)
def test_slopes_of_plating(law: Plating, s: float, eta: float) -> None:
    """Pressure in Pa; 100 MPa shift the potential by 13 mV."""
    check_slopes(law, float(law.equilibrium(np.array(s))) + eta, s, 1e8)


def test_pressure_opposes_plating() -> None:
    """1 MPa on lithium of 12.9962546816 cm^3/mol lowers its potential by 134.696688 uV."""
    law = Plating(Kinetics(298.15, 10.0), 6.94 / 0.534 * 1e-6)
    assert law.equilibrium(np.array(1e6)) == pytest.approx(-134.696688e-6, rel=1e-8)
    current = law(np.array(-0.01), np.array([0.0, 1e7]))[0]
    assert current[0] < current[1] < 0.0


def test_stress_shifts_intercalation() -> None:
    law = Intercalation(Kinetics(298.15, 2.0), curve)
    shifted = replace(law, shift=0.02)
    s = np.array(0.4)
    assert shifted.equilibrium(s) - law.equilibrium(s) == pytest.approx(0.02, rel=1e-12)
    moved = shifted(shifted.equilibrium(s) + 0.05, s)
    assert moved == pytest.approx(law(law.equilibrium(s) + 0.05, s))
