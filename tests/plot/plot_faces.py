"""Faces made up along the rims of particles, for tests of what is drawn of them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from plot_results import solved
from plot_runs import FRAMES, frame_of, history_of

from fem.measures.faces import FaceTable
from fem.results.result import Result

Floats = NDArray[np.float64]

EDGES = 12
"""Edges around a particle."""
GAP, PRESSURE = 40e-9, 80e6


def faces_of(result: Result, gap: float = GAP, bonds: bool = False) -> FaceTable:
    """Particles open on their right half, where gaps rise to `gap` times their number, from 1."""
    particles = result.particles
    count = len(particles.x)
    angle = np.tile(np.arange(2 * EDGES) * np.pi / EDGES, (count, 1))
    number = np.arange(count)[:, None] + np.zeros_like(angle)
    right = np.maximum(np.cos(angle), 0.0) * (np.cos(angle) > 1e-9)
    opened = right * gap * (1.0 + number)
    radius = 0.5 * particles.diameter[:, None]
    m = angle.size
    start = 2 * np.arange(EDGES)
    ring = np.stack([start, (start + 2) % (2 * EDGES), start + 1], axis=1)
    damage = np.clip(1.5 * right - 0.2, 0.0, 1.0) if bonds else np.full_like(angle, np.nan)
    return FaceTable(
        x=(particles.x[:, None] + radius * np.cos(angle)).ravel(),
        y=(particles.y[:, None] + radius * np.sin(angle)).ravel(),
        normal=np.stack([np.cos(angle), np.sin(angle)], axis=-1).reshape(-1, 2),
        kind=np.full(m, "particle_electrolyte"),
        particle=number.ravel().astype(np.int64),
        other=np.full(m, -1),
        gap=opened.ravel(),
        slip=np.zeros(m),
        apart=opened.ravel(),
        pressure=(PRESSURE * np.maximum(-np.cos(angle), 0.0)).ravel(),
        shear=np.zeros(m),
        damage=damage.ravel(),
        closed=opened.ravel() <= 0.0,
        edges=np.concatenate([ring + 2 * EDGES * k for k in range(count)]),
    )


@cache
def parted(name: str = "elastic", gap: float = GAP, bonds: bool = False) -> Result:
    """The cell `name` of `plot_results` with faces."""
    result = solved(name)
    return replace(result, faces=faces_of(result, gap, bonds))


@cache
def parted_run(name: str = "elastic") -> Result:
    """A run in time whose gaps open until half of its time and are closed at its end."""
    base = solved(name)
    history = history_of(base)
    t = history.columns["Test Time / s"]
    share = np.maximum(np.sin(np.pi * t / t[-1]), 0.0)
    share[-1] = 0.0
    columns = dict(history.columns) | {
        "open_fraction": 0.5 * share,
        "gap_max_m": GAP * share,
        "gap_mean_m": 0.2 * GAP * share,
        "stack_pressure_Pa": 2e6 + 1e6 * share,
        "stack_height_change_m": -1e-7 + 2e-8 * share,
        "dead_fraction": 0.1 * (share > 0.9),
        "stoichiometry_mean": 0.9 - 0.4 * share,
    }
    history = replace(history, columns=columns)
    frames = []
    for row in np.unique(np.round(np.linspace(0, len(t) - 1, FRAMES)).astype(int)):
        frame = frame_of(base, history, int(row))
        assert frame.result is not None
        state = replace(
            frame.result,
            faces=faces_of(base, GAP * float(share[row])),
            metrics={**frame.result.metrics, "open_fraction": 0.5 * float(share[row])},
        )
        frames.append(replace(frame, result=state))
    final = frames[-1].result
    assert final is not None
    return replace(final, history=history, frames=tuple(frames))
