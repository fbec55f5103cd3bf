"""Where electrodes touch the electrolyte, and which particles no longer react."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fem.cell.composition import Cell
from fem.cell.solids import inactivity
from fem.cell.state import State
from fem.geometry import Phase
from fem.physics.mechanics import MechanicsSolution

Floats = NDArray[np.float64]


def open_fraction(cell: Cell, state: State) -> Floats:
    """Share of each particle's surface on the electrolyte that is open; nan if faces do not part.

    By id (particles,).
    """
    count = len(cell.mesh.geometry.particles)
    stress = cell.stress
    if stress is None or stress.memory is None or stress.touch is None:
        return np.full(count, np.nan)
    parted = stress.memory.parted(state.held)
    assert parted is not None
    return stress.touch.open_shares(parted, count)


def contact_metrics(cell: Cell, state: State, solution: MechanicsSolution) -> dict[str, float]:
    """How far faces have parted, what presses on the top, and which particles do not react."""
    found = dict[str, float]()
    stress = cell.stress
    assert stress is not None
    if stress.touch is not None and solution.parted is not None:
        mean, largest = stress.touch.gaps(solution.parted)
        opened, length = stress.touch.lengths(solution.parted)
        found |= {"open_fraction": opened / length, "gap_mean_m": mean, "gap_max_m": largest}
    if stress.lithium_touch is not None and solution.parted is not None:
        mean, largest = stress.lithium_touch.gaps(solution.parted)
        opened, length = stress.lithium_touch.lengths(solution.parted)
        found |= {
            "lithium_open_fraction": opened / length,
            "lithium_gap_mean_m": mean,
            "lithium_gap_max_m": largest,
        }
    if solution.conditions.top == "plate":
        top, give = solution.top, solution.conditions.stack_compliance
        found["stack_pressure_Pa"] = top.pressure
        found["stack_height_change_m"] = (top.rise or 0.0) - top.pressure * give
    return found | (dead(cell, state) if stress.touch is not None else {})


def wire_metrics(cell: Cell, state: State) -> dict[str, float]:
    """Resistance of the composite to electrons; nan where no path leads through it."""
    resistance = cell.wires.resistance(state.held)
    if resistance is None:
        return {}
    return {"electronic_resistance_ohm_m2": resistance if np.isfinite(resistance) else np.nan}


def released(solution: MechanicsSolution) -> float:
    """What bonds that let go in a jump have set free since the start, in J per m of depth."""
    return 0.0 if solution.parted is None else solution.parted.released


def dead(cell: Cell, state: State) -> dict[str, float]:
    """How many particles do not react, and their share of the active material."""
    geometry = cell.mesh.geometry
    alive = {body for body, why in inactivity(cell, state).items() if not why}
    areas = {r.body: 0.0 for r in geometry.regions if r.phase == Phase.ACTIVE}
    for region in geometry.regions:
        if region.phase == Phase.ACTIVE:
            areas[region.body] += region.area
    lost = sum(area for body, area in areas.items() if body not in alive)
    return {
        "dead_particles": float(len(areas) - len(alive)),
        "dead_fraction": lost / sum(areas.values()),
    }
