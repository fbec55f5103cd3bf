"""A run in time made up from a solved cell, for tests of what is drawn of a run.

One cycle: charge, hold, rest, discharge, rest. Lithium grows where the cell plates and ever less
evenly; particles near the separator lead and their surfaces lead their means.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from plot_results import solved

from fem.results.history import Frame, History
from fem.results.result import Result

Floats = NDArray[np.float64]

EVENTS = (
    ("step 1: charge at 100 A/m^2", "voltage"),
    ("hold", "current"),
    ("rest", "time"),
    ("step 4: discharge at 50 A/m^2", "voltage"),
    ("rest", "time"),
)
CURRENTS = (100.0, 100.0, 0.0, -50.0, 0.0)
DURATIONS = (600.0, 300.0, 200.0, 1300.0, 200.0)
ROWS = 40
FRAMES = 12
MOLAR_VOLUME, FARADAY = 13.0e-6, 96485.0


def history_of(result: Result, cycles: int = 1) -> History:
    """Rows of `cycles` made-up cycles; the first row is the state before any current."""
    time, current, step = [0.0], [0.0], [0]
    events = []
    for k in range(5 * cycles):
        t = time[-1] + np.linspace(0.0, DURATIONS[k % 5], ROWS + 1)[1:]
        fading = np.exp(-4.0 * np.linspace(0.0, 1.0, ROWS)) if EVENTS[k % 5][0] == "hold" else 1.0
        time += t.tolist()
        current += (CURRENTS[k % 5] * fading * np.ones(ROWS)).tolist()
        step += [k] * ROWS
        events.append((len(time) - 1, k, *EVENTS[k % 5]))
    t, j = np.array(time), np.array(current)
    passed = np.concatenate([[0.0], np.cumsum(np.diff(t) * j[1:])]) / 3600.0
    filled = passed / np.abs(passed).max()
    thickness = passed * 3600.0 * MOLAR_VOLUME / FARADAY
    with np.errstate(invalid="ignore", divide="ignore"):
        focusing = np.where(j == 0.0, np.nan, 1.1 + 0.2 * filled - 0.05 * (j < 0.0))
        uneven = np.where(thickness <= 0.0, np.nan, 1.08 + 0.15 * filled + 0.002 * t / t[-1])
    columns = {
        "Test Time / s": t,
        "Voltage / V": 3.5 + 0.6 * filled + 0.08 * np.tanh(8.0 * filled) + 1.2e-3 * j,
        "Current / A": j * result.geometry.width * result.geometry.depth,
        "step": np.array(step, dtype=float),
        "capacity_Ah_m2": passed,
        "anode_plating_mean_A_m2": j,
        "thickness_mean_m": thickness,
        "focusing_max_over_mean": focusing,
        "thickness_max_over_mean": uneven,
    }
    return History(columns, tuple(events))


def frame_of(base: Result, history: History, row: int, full: bool = True) -> Frame:
    """The state of a row: fields of the solved cell `base` scaled to the current of that row."""
    columns = history.columns
    current = float(columns["anode_plating_mean_A_m2"][row])
    passed = float(columns["capacity_Ah_m2"][row])
    filled = passed / float(np.abs(columns["capacity_Ah_m2"]).max())
    scale = current / base.applied
    shape = base.anode.plating / base.anode.mean(base.anode.plating)
    anode = replace(
        base.anode,
        plating=base.anode.plating * scale,
        thickness=float(columns["thickness_mean_m"][row]) * (1.0 + (0.5 + filled) * (shape - 1.0)),
    )
    particles, geometry = base.particles, base.geometry
    x = np.full(len(base.field_mesh.points), np.nan)
    means = np.full(len(particles.x), np.nan)
    spread = np.full((len(particles.x), 2), np.nan)
    for number, region in enumerate(geometry.regions):
        if str(region.phase) != "active material":
            continue
        points = np.unique(base.field_mesh.triangles[base.mesh.region == number])
        if not len(particles.x):
            x[points] = 0.9 - 0.5 * filled
        elif particles.active[region.body]:
            k = region.body
            depth = particles.y[k] / particles.y.max()
            mean = 0.9 - filled * (0.3 + 0.3 * depth)
            lead = 0.04 * np.sign(current) * depth
            offset = base.field_mesh.points[points] - [particles.x[k], particles.y[k]]
            r, up = np.hypot(*offset.T), offset[:, 1] / (0.5 * particles.diameter[k])
            relative = r / (0.5 * particles.diameter[k])
            x[points] = mean - lead * (2.0 * relative**2 - 1.0) * (1.0 + 0.3 * up)
            means[k] = mean
            spread[k] = np.sort([mean - 0.7 * lead, mean - 1.3 * lead])
    result = None
    if full:
        kept = {**base.fields, "stoichiometry": x}
        for name in ("phi_e", "current_density"):
            kept[name] = kept[name] * scale
        metrics = {**base.metrics, "current_density_A_m2": current}
        result = replace(base, fields=kept, anode=anode, metrics=metrics)
    return Frame(
        time=float(columns["Test Time / s"][row]),
        voltage=float(columns["Voltage / V"][row]),
        current_density=current,
        anode=anode,
        stoichiometry=means,
        surface_stoichiometry=spread,
        particle_current=particles.current * scale,
        inactivity=particles.inactivity,
        result=result,
    )


def run_of(base: Result, cycles: int = 1, frames: int = FRAMES, end: int | None = None) -> Result:
    """A run whose final state is row `end` (by default the last)."""
    history = history_of(base, cycles)
    last = len(history.columns["step"]) - 1
    rows = np.unique(np.round(np.linspace(0, last, frames)).astype(int))
    final = frame_of(base, history, last if end is None else end).result
    assert final is not None
    taken = tuple(frame_of(base, history, int(row)) for row in rows)
    return replace(final, history=history, frames=taken)


@cache
def run(name: str, cycles: int = 1, end: int | None = None) -> Result:
    """A run of the cell `name` of `plot_results`."""
    return run_of(solved(name), cycles, end=end)
