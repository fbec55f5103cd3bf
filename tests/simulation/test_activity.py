"""Whether a particle reacts is state: it may change between accepted steps, and nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from cells_in_time import bed, cell_of, current

import fem
from fem.cell.composition import CATHODE, Cell
from fem.cell.reactions import Reactions
from fem.cell.state import State
from fem.geometry import Inactivity
from fem.runs.accepted import Accepted
from fem.runs.simulation import simulate
from fem.runs.steps import step

STEPS = (
    {"charge": "20 A/m^2", "until": {"time": "40 s"}},
    {"rest": "20 s"},
    {"discharge": "10 A/m^2", "until": {"time": "20 s"}},
)
MODELS = {
    "resolved": {},
    "D(x)": {"materials__NCM811__chemical_diffusivity": "1e-13*exp(3*(x - 0.6))"},
    "averaged": {"kinetics__cathode__diffusion": "averaged"},
    "fixed": {"kinetics__cathode__diffusion": "fixed"},
}


def dead_moment(cell: Cell, state: State) -> Mapping[int, Inactivity | None]:
    """Particle 1 loses its electrons after 15 s and finds them again after 50 s."""
    return {1: Inactivity.NO_ELECTRONS if 15.0 <= state.time < 50.0 else None}


@pytest.mark.parametrize("model", MODELS)
def test_a_dead_moment_keeps_lithium_and_charge(model: str) -> None:
    """Lithium and charge close to 1e-10; who is dead gives nothing and holds what it held."""
    seen: list[Accepted] = []
    case = bed(*STEPS, columns=2, **MODELS[model])
    result = simulate(case, observers=[seen.append], switch=dead_moment)
    assert result.history is not None
    for name in ("lithium_error", "charge_error"):
        assert result.history[name].max() <= 1e-10
    dead = [a for a in seen if 15.0 < a.state.time < 50.0 and a.frame().inactivity[1]]
    assert len(dead) >= 3
    held = {float(a.frame().stoichiometry[1]) for a in dead}
    assert max(held) - min(held) <= 1e-13
    for accepted in dead:
        frame = accepted.frame()
        assert frame.inactivity.tolist() == ["", "no electrons"]
        assert frame.particle_current[1] == 0.0
        assert frame.particle_current[0] == pytest.approx(
            frame.current_density * accepted.view.cell.mesh.geometry.width, rel=1e-12, abs=1e-18
        )
    # Alive again, it takes its share of the discharge and more: it was left behind.
    assert result.particles.inactivity.tolist() == ["", ""]
    assert result.particles.current[1] < 0.0
    before = next(a for a in seen if a.state.time > 10.0).frame()
    assert before.particle_current[1] == pytest.approx(before.particle_current[0], rel=1e-4)


def test_gradients_in_a_dead_particle_relax() -> None:
    """Its surface comes back to its mean, which stays."""
    cell = cell_of(bed(columns=2))
    state = cell.instant(cell.initial(), current(cell, 50.0))
    for _ in range(4):
        state = step(cell, state, 2.0, current(cell, 50.0)).state
    state = cell.switched(state, {0: Inactivity.NO_IONS}, current(cell, 50.0))
    (group,) = cell.particles

    def spread(at: State) -> tuple[float, float]:
        x = group.stoichiometry(at.content)[:1]
        mean = float(group.model.mean(x)[0])
        return mean - float(group.model.surface(x).min()), mean

    bent, mean = spread(state)
    for _ in range(6):
        state = step(cell, state, 60.0, current(cell, 5.0)).state
    flat, still = spread(state)
    assert bent > 1e-2
    assert flat < 1e-3 * bent
    assert still == pytest.approx(mean, abs=1e-14)


def test_a_switched_cell_is_the_one_drawn_without() -> None:
    """The instant after is that of a cell in which the case says that the particle is inactive."""
    both, one = cell_of(bed(columns=3)), cell_of(bed(columns=3, inactive={"ids": [1]}))
    drives = current(both, 30.0)
    switched = both.switched(both.initial(), {1: Inactivity.SET}, drives)
    drawn = one.instant(one.initial(), drives)
    assert switched.solved.voltages == pytest.approx(drawn.solved.voltages, rel=1e-9)
    plating = [Reactions(c, s).plating() for c, s in ((both, switched), (one, drawn))]
    assert plating[0] == pytest.approx(plating[1], rel=1e-7, nan_ok=True)


def test_wires_of_a_dead_particle_carry_on() -> None:
    """A particle without ions still joins others to the collector, and has its own potential."""
    wiring = {"kind": "effective", "conductivity": "0.01 S/m"}
    cell = cell_of(bed(columns=2, geometry__cathode__wiring=wiring))
    state = cell.switched(cell.initial(), {0: Inactivity.NO_IONS}, current(cell, 20.0))
    (drops,) = [d for d in state.solved.drops if len(d)]
    network = cell.charge.terminals[CATHODE].network
    assert network is not None
    given = Reactions(cell, state).particle_currents()
    assert given[0] == 0.0
    assert network.matrix @ drops == pytest.approx(-given, abs=1e-12 * abs(given[1]))
    assert drops[1] < drops[0] < 0.0


@pytest.mark.slow
def test_a_run_with_a_dead_moment_is_taken_up_bit_by_bit() -> None:
    case = bed(*STEPS, columns=2)
    kept: list[tuple[object, object, object]] = []
    whole = simulate(
        case,
        observers=[lambda a: kept.append((a.arrays(), a.facts(), a.row))],
        switch=dead_moment,
    )
    assert whole.history is not None

    class Taken:
        def __init__(self, k: int) -> None:
            self.arrays, self.facts = kept[k][:2]
            self.rows = [row for _, _, row in kept[: k + 1]]

    for k in range(4, len(kept) - 1, 20):
        again = simulate(case, resume=Taken(k), switch=dead_moment)  # type: ignore[arg-type]
        assert again.history is not None
        for column in whole.history.columns:
            assert again.history[column].tobytes() == whole.history[column].tobytes(), (k, column)


def test_the_last_particle_cannot_die_unnoticed() -> None:
    cell = cell_of(bed())
    with pytest.raises(fem.SolveError, match="nothing of the cathode reacts any more"):
        cell.switched(cell.initial(), {0: Inactivity.SET}, current(cell, 1.0))
    with pytest.raises(fem.InputError, match="no such particle"):
        cell.switched(cell.initial(), {7: Inactivity.SET}, current(cell, 1.0))


def test_only_those_that_react_count() -> None:
    """Mean, extremes and events are those of the particles that react."""
    cell = cell_of(bed(columns=2))
    state = cell.instant(cell.initial(), current(cell, 50.0))
    state = step(cell, state, 5.0, current(cell, 50.0)).state
    state = cell.switched(state, {0: Inactivity.SET}, current(cell, 50.0))
    state = step(cell, state, 5.0, current(cell, 50.0)).state
    (group,) = cell.particles
    means = group.model.mean(group.stoichiometry(state.content))
    assert means[0] > means[1] + 0.005
    assert cell.mean_stoichiometry(state) == pytest.approx(means[1], rel=1e-14)
    assert np.ptp(cell.reacting_surfaces(state)) < 0.05
    assert len(cell.reacting_surfaces(state)) == group.patches.nodes.shape[1]


@pytest.mark.slow
def test_a_hold_knows_where_it_began_whoever_has_come_back_since() -> None:
    """Particle 1 comes back fuller than the rest; the hold still ends at its stoichiometry."""
    case = bed(
        {"charge": "30 A/m^2", "until": {"time": "30 s"}},
        {"hold": "3.85 V", "until": {"stoichiometry": 0.56, "time": "2000 s"}},
        columns=2,
        materials__NCM811__chemical_diffusivity="1e-11 m^2/s",
    )

    def switch(cell: Cell, state: State) -> Mapping[int, Inactivity | None]:
        return {1: Inactivity.SET if state.time < 31.0 else None}

    history = simulate(case, switch=switch).history
    assert history is not None
    assert [event[3] for event in history.events] == ["time", "stoichiometry"]
    # The mean of those that react jumps beyond the goal as the fuller one comes back.
    assert 0.56 - 1e-6 <= history["stoichiometry_mean"][-1] < 0.575
    assert history["Test Time / s"][-1] < 40.0


def test_a_rest_of_fixed_particles_accounts_too() -> None:
    """Rounding is not compared with rounding where nothing was moved."""
    history = simulate(bed({"rest": "100 s"}, kinetics__cathode__diffusion="fixed")).history
    assert history is not None
    for name in ("lithium_error", "charge_error"):
        assert history[name].max() <= 1e-10
