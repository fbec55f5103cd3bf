"""The charge problem: its linearisation against differences, what its solution keeps."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import fem
from fem.cell.composition import CATHODE, Cell
from fem.laws.interfaces import PRESSURE
from fem.physics.charge import Drive, Inner, Response
from fem.physics.equations import ChargeEquations

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
    return Cell.of(case)


@pytest.fixture(scope="module")
def cell() -> Cell:
    return small_cell()


def responses(cell: Cell, c: float, pressure: bool) -> list[Response]:
    """Of all lithium and of the particle after a step of length c; lithium under pressure."""
    random = np.random.default_rng(2)
    shape = cell.lithium.patches.nodes.shape
    on_lithium = Inner(np.zeros(shape))
    if pressure:
        # 1 MPa a A/m: loads take the pressure away where lithium leaves, and pull at neighbours,
        # those of the island at the foil's too.
        m = shape[1]
        matrix = -1e6 * (np.eye(m) + 0.3 * random.random((m, m)))
        on_lithium = Inner(1e6 * random.random(shape), matrix)
    start = cell.initial().content
    (particle,) = cell.particles
    plating = replace(cell.lithium.law, molar_volume=1.3e-5)
    still = Inner(np.zeros(particle.patches.nodes.shape))
    answer = particle.answer(start, c, start, still, None, cell.initial().held, start)
    return [Response(plating, {PRESSURE: on_lithium}), answer.response]


DRIVES = {
    "current": [Drive(potential=0.0), Drive(current=1e-3), Drive(current=0.0)],
    "hold": [Drive(potential=0.0), Drive(potential=4.1), Drive(current=0.0)],
}


def equations(cell: Cell, drives: list[Drive], given: list[Response]) -> ChargeEquations:
    """The equations with everything reacting, from no start."""
    return ChargeEquations(cell.charge.layout(drives), drives, given, None)


def jacobian(stage: ChargeEquations, z: Floats, sizes: Floats) -> Floats:
    """Central differences of the residual, an unknown of size `sizes` moved by 1e-5 of it."""
    columns = []
    for k, size in enumerate(sizes):
        step = np.zeros_like(z)
        step[k] = 1e-5 * size
        columns.append((stage.residual(z + step) - stage.residual(z - step)) / (2e-5 * size))
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("drive", DRIVES)
@pytest.mark.parametrize("pressure", [pytest.param(False, marks=pytest.mark.slow), True])
def test_newton_step_against_differences(cell: Cell, drive: str, pressure: bool) -> None:
    """Where nothing is balanced: the step of potentials, voltages, surface x and pressures.

    The potentials' own matrix is the Schur complement of the whole one, and the step it gives,
    carried on to all unknowns, solves the whole system.
    """
    stage = equations(cell, DRIVES[drive], responses(cell, 50.0, pressure))
    random = np.random.default_rng(4)
    inner = [
        np.full(stage.responses[j].inner[name].rest.size, 1e6 if name == PRESSURE else 0.1)
        for j, name in stage.answering
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
    stage = equations(cell, DRIVES["current"], responses(cell, 50.0, True))
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
    """Charge is kept to rounding, the island takes none, and s is what the loads make of it."""
    given_responses = responses(cell, 50.0, True)
    solution = cell.charge.solve(DRIVES[drive], given_responses)
    totals = cell.currents(solution)
    passed = sum(float(np.abs(b).sum()) for b in solution.loads)
    assert abs(sum(totals)) <= 1e-14 * passed
    assert abs(totals[2]) <= 1e-14 * passed
    if drive == "current":
        assert totals[CATHODE] == pytest.approx(1e-3, rel=1e-13)
    else:
        assert solution.voltages[CATHODE] == 4.1
    for response, inner, b in zip(given_responses, solution.inner, solution.loads, strict=True):
        for name, each in response.inner.items():
            expected = each.rest if each.matrix is None else each.rest + b @ each.matrix.T
            assert inner[name] == pytest.approx(expected, rel=1e-9)


def test_without_an_answer_the_general_way_finds_what_the_convex_one_does(cell: Cell) -> None:
    """One charge problem: responses of no strength are solved by GMRES, none by a minimum."""
    held = responses(cell, 0.0, False)
    assert equations(cell, DRIVES["current"], held).convex
    weak = [
        replace(r, inner={
            name: Inner(each.rest, np.zeros((each.rest.shape[1],) * 2))
            for name, each in r.inner.items()
        })
        for r in held
    ]  # fmt: skip
    assert not equations(cell, DRIVES["current"], weak).convex
    for drives in DRIVES.values():
        one, other = (cell.charge.solve(drives, given) for given in (held, weak))
        assert other.voltages == pytest.approx(one.voltages, abs=1e-12)
        assert other.potential == pytest.approx(one.potential, abs=1e-11)


def test_pieces_that_do_not_react_are_not_there() -> None:
    """Two discs, one switched off: what the cell drawn with it inactive has, and no load on it."""
    two = {"geometry.width": "20 um", "geometry.cathode.particles.columns": 2}
    both, one = small_cell(**two), small_cell(**two, inactive={"ids": [1]})
    drives = DRIVES["current"]
    off = [np.ones(2, dtype=bool), np.array([True, False])]
    found = both.charge.solve(drives, responses(both, 50.0, True), off)
    expected = one.charge.solve(drives, responses(one, 50.0, True))
    assert found.voltages == pytest.approx(expected.voltages, rel=1e-9)
    assert found.potential == pytest.approx(expected.potential, abs=1e-10)
    assert not found.loads[1][1].any()
    assert found.loads[1][:1] == pytest.approx(expected.loads[1], rel=1e-7)


def test_a_start_without_work_can_be_gone_on_from(cell: Cell) -> None:
    """From rest, whatever solver it left prepared."""
    at_rest = [Drive(potential=0.0), Drive(current=0.0), Drive(current=0.0)]
    fresh = small_cell()
    given_responses = responses(fresh, 0.0, False)
    first = fresh.charge.solve(at_rest, given_responses)
    assert first.iterations <= 2
    second = fresh.charge.solve(DRIVES["current"], given_responses, None, replace(first, films=()))
    assert fresh.currents(second)[CATHODE] == pytest.approx(1e-3, rel=1e-10)


@pytest.mark.parametrize("voltage", [3.0, 3.7, 4.5, 6.0])
def test_a_hold_needs_no_current_to_compare_with(voltage: float) -> None:
    """From rest into a hold no current is known beforehand; the solution balances all the same."""
    fresh = small_cell()
    given_responses = responses(fresh, 0.0, False)
    at_rest = [Drive(potential=0.0), Drive(current=0.0), Drive(current=0.0)]
    hold = [Drive(potential=0.0), Drive(potential=voltage), Drive(current=0.0)]
    rest = fresh.charge.solve(at_rest, given_responses)
    for start in (None, rest):
        totals = fresh.currents(fresh.charge.solve(hold, given_responses, None, start))
        assert totals[0] == pytest.approx(-totals[CATHODE], rel=1e-10)
        assert np.sign(totals[CATHODE]) == np.sign(voltage - rest.voltages[CATHODE])


def test_a_solve_follows_from_its_start_alone(cell: Cell) -> None:
    """Whatever was solved in between, under other drives: the same start gives the same."""
    fresh = small_cell()
    given_responses = responses(fresh, 50.0, False)
    start = fresh.charge.solve(DRIVES["current"], given_responses)
    first = fresh.charge.solve(DRIVES["hold"], given_responses, None, start)
    for current in (1e-6, 1e-1):
        other = [Drive(potential=0.0), Drive(current=current), Drive(current=0.0)]
        fresh.charge.solve(other, given_responses)
    again = fresh.charge.solve(DRIVES["hold"], given_responses, None, start)
    assert np.array_equal(first.potential, again.potential)
    another = small_cell()
    elsewhere = another.charge.solve(DRIVES["hold"], given_responses, None, start)
    assert np.array_equal(first.potential, elsewhere.potential)
