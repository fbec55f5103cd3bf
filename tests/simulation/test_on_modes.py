"""Steps in time on modes of the electrolyte against the same steps in its field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from cells_in_time import bed, cell_of, current

import fem
from fem.cell import potentials
from fem.cell.composition import Cell
from fem.cell.reactions import Reactions
from fem.cell.state import State
from fem.errors import InputError
from fem.geometry import Inactivity
from fem.physics import reduced
from fem.physics.charge import ChargeSolution
from fem.runs.simulation import Accepted, simulate
from fem.runs.steps import step

WIRING = {"kind": "effective", "conductivity": "0.01 S/m"}
STEPS = [
    {"charge": "20 A/m^2", "until": {"time": "4 s"}},
    {"hold": "3.95 V", "until": {"time": "1 s"}},
    {"discharge_power": "50 W/m^2", "until": {"voltage": "3.9 V"}},
    {"rest": "1 s"},
]
"""Of every kind."""
DEAD = {"inactive": {"between": ["10 um", "20 um"]}}


def cells(**changes: Any) -> list[Cell]:
    """A bed of which the middle third is dead, once in the field and once on modes."""
    changes = {"mesh__size": "1.5 um", **DEAD, "rows": 2, "columns": 3, **changes}
    return [cell_of(bed(**changes, stepping__electrolyte=how)) for how in ("field", "modes")]


def on_modes(cell: Cell, solution: ChargeSolution) -> bool:
    return len(solution.potential) < len(cell.charge.space)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"geometry__cathode__wiring": WIRING},
        {"kinetics__cathode__diffusion": "averaged"},
        {"kinetics__cathode__diffusion": "fixed"},
        {"mechanics": {"enabled": True, "coupling": "both"}},
    ],
    ids=["resolved", "wires", "averaged", "fixed", "stress"],
)
def test_both_agree_three_times_in_a_run(changes: dict[str, Any]) -> None:
    """Particle currents, plating and voltage to 1e-5, and lithium is kept on modes too."""
    pair = cells(**changes)
    given = current(pair[0], 40.0)
    states: list[State] = [cell.instant(cell.initial(), given) for cell in pair]
    for dt in (0.1, 2.0, 10.0):
        states = [step(c, s, dt, given).state for c, s in zip(pair, states, strict=True)]
        assert [on_modes(c, s.solved) for c, s in zip(pair, states, strict=True)] == [False, True]
        field, modes = (Reactions(c, s) for c, s in zip(pair, states, strict=True))
        mean = np.abs(field.particle_currents()).mean()
        assert modes.particle_currents() == pytest.approx(
            field.particle_currents(), abs=1e-5 * mean
        )
        assert modes.plating() == pytest.approx(field.plating(), rel=1e-5, nan_ok=True)
        assert modes.solution.voltages == pytest.approx(field.solution.voltages, abs=1e-7)
        # The potential that the currents on modes make, everywhere.
        assert modes.potential == pytest.approx(field.potential, abs=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("diffusion", ["resolved", "averaged"])
def test_the_seed_cell_takes_modes_by_itself(diffusion: str) -> None:
    """105 particles, of which the central third is dead, at elements of 2 um."""
    case = fem.Case.load("cases/zheng2023_flat.toml").replace(
        {
            "kinetics.cathode.stoichiometry": 0.9,
            "kinetics.cathode.diffusion": diffusion,
            "operation": {"kind": "protocol", "steps": STEPS},
            "mechanics.enabled": False,
            "mesh.size": "2 um",
        }
    )
    pair = [cell_of(case.replace({"stepping.electrolyte": how})) for how in ("field", "automatic")]
    given = current(pair[0], 60.0)
    states = [cell.instant(cell.initial(), given) for cell in pair]
    for dt in (0.1, 1.0, 5.0):
        states = [step(c, s, dt, given).state for c, s in zip(pair, states, strict=True)]
        assert on_modes(pair[1], states[1].solved)
        field, modes = (
            Reactions(c, s).particle_currents() for c, s in zip(pair, states, strict=True)
        )
        assert modes == pytest.approx(field, abs=1e-5 * np.abs(field).mean())


def test_a_run_on_modes_may_go_on_in_the_field() -> None:
    """What was begun on modes has all that the field needs."""
    modes, field = (cells(rows=1)[k] for k in (1, 0))
    given = current(modes, 40.0)
    state = step(modes, modes.instant(modes.initial(), given), 0.5, given).state
    read = State.from_arrays(state.arrays())
    assert field.potentials.trace(read.solved, 0) == pytest.approx(
        modes.potentials.trace(read.solved, 0), abs=1e-8
    )
    ends = [step(cell, read, 0.5, given).state for cell in (modes, field)]
    assert [on_modes(modes, end.solved) for end in ends] == [True, False]
    assert ends[0].solved.voltages == pytest.approx(ends[1].solved.voltages, abs=1e-7)


@pytest.mark.slow
def test_steps_of_every_kind_go_on_modes() -> None:
    """Rows as in the field, and nothing lost to modes."""
    kept: list[list[Accepted]] = [[], []]
    for found, cell in zip(kept, cells(operation__steps=STEPS, rows=1), strict=True):
        simulate(cell, observers=[found.append])
    field, modes = kept
    assert [a.ended_by for a in field] == [a.ended_by for a in modes]
    cell = modes[0].view.cell
    taken = [a for a in modes if a.row["dt_s"] > 0.0]
    assert sum(on_modes(cell, a.state.solved) for a in taken) > 0.8 * len(taken)
    for one, other in zip(field, modes, strict=True):
        if one.ended_by:
            for name in ("Voltage / V", "Current / A", "capacity_Ah_m2", "stoichiometry_mean"):
                assert other.row[name] == pytest.approx(one.row[name], rel=1e-5), name
    for accepted in modes:
        assert accepted.row["lithium_error"] < 1e-12
        assert accepted.row["charge_error"] < 1e-12


def test_particles_may_stop_to_react_on_the_way() -> None:
    pair = cells(inactive={})
    given = current(pair[0], 40.0)
    for_good: list[np.ndarray] = []
    for cell in pair:
        state = cell.instant(cell.initial(), given)
        for dt in (0.1, 2.0):
            state = step(cell, state, dt, given).state
        state = cell.switched(state, {0: Inactivity.NO_IONS, 3: Inactivity.NO_IONS}, given)
        for dt in (0.1, 2.0):
            state = step(cell, state, dt, given).state
        for_good.append(Reactions(cell, state).particle_currents())
    assert on_modes(cell, state.solved)
    assert for_good[0][[0, 3]] == pytest.approx(0.0)
    mean = np.abs(for_good[0]).mean()
    assert for_good[1] == pytest.approx(for_good[0], abs=1e-5 * mean)


@pytest.mark.parametrize(
    ("exchange", "conductivity"),
    [("200 A/m^2", "0.05 S/m"), ("2e5 A/m^2", "1e-3 S/m")],
    ids=["by the estimate", "by Newton's method"],
)
def test_where_modes_do_not_do_the_field_is_solved_for(
    exchange: str, conductivity: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fast reactions follow the field around particles, which few modes do not have."""
    monkeypatch.setattr(reduced, "CLOSED", (3, 3))
    pair = cells(
        kinetics__cathode__exchange_current_density=exchange,
        materials__LPSCl__ionic_conductivity=conductivity,
    )
    given = current(pair[0], 40.0)
    found = []
    for cell in pair:
        state = step(cell, cell.instant(cell.initial(), given), 0.5, given).state
        assert not on_modes(cell, state.solved)
        found.append(Reactions(cell, state).particle_currents())
    assert found[1] == pytest.approx(found[0], rel=1e-9)


def test_a_field_is_the_same_on_modes_with_its_correction() -> None:
    """Of few modes, and without it not: along all surfaces, dead ones too, and back everywhere."""
    (_, cell) = cells(kinetics__cathode__exchange_current_density="200 A/m^2")
    reduction = cell.potentials.reduction
    assert reduction is not None
    field = cell.instant(cell.initial(), current(cell, 40.0)).solved
    modes = reduction.on_modes(field)
    uncorrected = replace(modes, correction=0.0 * modes.correction)
    for k in range(len(cell.interfaces)):
        known = cell.potentials.trace(field, k)
        assert reduction.trace(modes, k) == pytest.approx(known, abs=1e-11)
        assert np.abs(reduction.trace(uncorrected, k) - known).max() > 1e-9
    assert reduction.in_field(modes).potential == pytest.approx(field.potential, abs=1e-11)
    assert cell.charge.potential(modes) == pytest.approx(field.potential, abs=1e-11)


@pytest.mark.parametrize("closed", [3, 7])
def test_what_modes_leave_out_is_seen(closed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The estimate, a mean along each particle, is the largest error to a factor of three."""
    monkeypatch.setattr(reduced, "CLOSED", (closed, closed))
    monkeypatch.setattr(reduced, "ERROR", 1.0)
    told: list[float] = []
    error = reduced.Reduction.error
    monkeypatch.setattr(reduced.Reduction, "error", lambda *a: told.append(error(*a)) or told[-1])
    pair = cells()
    given = current(pair[0], 40.0)
    states = [cell.instant(cell.initial(), given) for cell in pair]
    for dt in (0.1, 2.0, 10.0):
        states = [step(c, s, dt, given).state for c, s in zip(pair, states, strict=True)]
        field, modes = (state.solved for state in states)
        worst = max(
            np.abs(one - other).max() * surface.patches.length / np.abs(loads).sum()
            for one, other, loads, surface in zip(
                field.currents, modes.currents, field.loads, pair[0].charge.surfaces, strict=True
            )
        )
        assert worst / 3.0 < told[-1] < 3.0 * worst


def test_potentials_are_conjugate_to_streams() -> None:
    """Around a disc that is small in its cell: their ratio is the resistivity, for any mode."""
    (_, cell) = cells(
        inactive={}, geometry__cathode__particles__diameter="4 um", mesh__size="0.3 um"
    )
    reduction = cell.potentials.reduction
    assert reduction is not None
    rims = [k for k, chain in enumerate(reduction.chains) if chain.kind == "closed"]
    assert {reduction.counts[k] for k in rims} == {15}
    conductivity = 0.05
    assert reduction.impedances[rims] == pytest.approx(1.0 / conductivity, rel=0.025)


def test_modes_are_refused_where_the_line_moves() -> None:
    case: fem.Case = bed(stepping__electrolyte="modes")
    with pytest.raises(InputError) as refusal:
        case.replace({"geometry.anode.motion": "moved"})
    assert refusal.value.key == "stepping.electrolyte"
    assert "geometry.anode.motion" in str(refusal.value)


def test_too_many_modes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they are asked for; else the field is solved for."""
    monkeypatch.setattr(reduced, "MOST_MODES", 10)
    monkeypatch.setattr(potentials, "ENOUGH", 1)
    with pytest.raises(InputError, match="too many pieces"):
        _ = cell_of(bed(stepping__electrolyte="modes")).potentials.reduction
    assert cell_of(bed()).potentials.reduction is None


def test_small_cells_step_in_the_field_unless_told() -> None:
    assert cell_of(bed()).potentials.reduction is None
    assert cell_of(bed(stepping__electrolyte="modes")).potentials.reduction is not None
