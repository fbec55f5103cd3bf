"""The numbers of a run as JSON and CSV; every value reads back exactly."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fem.measures.anode import AnodeProfile
from fem.measures.faces import FaceTable
from fem.measures.particles import ParticleTable
from fem.results.cycles import COLUMNS
from fem.results.history import History

ANODE_COLUMNS = (
    *("s_m", "x_m", "y_m", "plating_A_m2", "thickness_m", "normal_stress_Pa", "interphase_m"),
)
PARTICLE_COLUMNS = (
    *("id", "x_m", "y_m", "diameter_m", "active", "current_A_m", "stoichiometry", "inactivity"),
    *("open_fraction", "dead_since_s", "why", "axis_deg", "tilt_deg"),
    *("interphase_m", "side_charge_C_m"),
)

FACE_COLUMNS = (
    *("kind", "x_m", "y_m", "normal_x", "normal_y", "particle", "other"),
    *("gap_m", "slip_m", "apart_m", "pressure_Pa", "shear_Pa", "damage", "closed"),
)

EVENT_COLUMNS = ("Test Time / s", "step", "label", "ended_by")


def plain_metrics(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The metrics as plain numbers, texts and lists, in their order.

    One that is not finite, or a list with such an entry, is left out.
    """
    plain = {name: _plain(value) for name, value in metrics.items()}
    return {name: value for name, value in plain.items() if _finite(value)}


def write_metrics(metrics: Mapping[str, Any], path: Path) -> None:
    """``metrics.json``: flat, without NaN or infinity."""
    text = json.dumps(plain_metrics(metrics), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def write_anode(anode: AnodeProfile, path: Path) -> None:
    """``anode.csv``: one row a node of the lithium line; what was not solved for is empty."""
    columns = [anode.s, anode.x, anode.y, anode.plating, anode.thickness]
    for each in (anode.normal_stress, anode.interphase):
        columns.append(np.full(len(anode.s), np.nan) if each is None else each)
    write_table(path, ANODE_COLUMNS, zip(*(c.tolist() for c in columns), strict=True))


def write_particles(particles: ParticleTable, path: Path) -> None:
    """``particles.csv``: one row a particle; `active` is true or false, an unknown value empty.

    `inactivity` says why one is not active, and is empty for those that are.
    """
    p = particles
    columns = (
        p.x, p.y, p.diameter, p.active, p.current, p.stoichiometry, p.inactivity,
        p.open_fraction, p.since, p.inactivity, np.degrees(p.axis), np.degrees(p.tilt),
        p.interphase, p.side_charge,
    )  # fmt: skip
    rows = zip(range(len(p.x)), *(column.tolist() for column in columns), strict=True)
    write_table(path, PARTICLE_COLUMNS, rows)


def write_faces(faces: FaceTable, path: Path) -> None:
    """``faces.csv``: one row a pair of faces; `damage` is empty where there is no bond."""
    f = faces
    columns = (
        f.kind, f.x, f.y, *f.normal.T, f.particle, f.other,
        f.gap, f.slip, f.apart, f.pressure, f.shear, f.damage, f.closed,
    )  # fmt: skip
    write_table(path, FACE_COLUMNS, zip(*(column.tolist() for column in columns), strict=True))


def write_events(history: History, path: Path) -> None:
    """``events.csv``: one row a step of the protocol, with when and why it ended."""
    times = history["Test Time / s"]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(EVENT_COLUMNS)
        for row, number, label, why in history.events:
            writer.writerow([repr(float(times[row])), number, label, why])


def write_cycles(cycles: Sequence[Mapping[str, Any]], path: Path) -> None:
    """``cycles.csv``: one row a pass of a loop of the protocol; a ratio of nothing is empty."""
    write_table(path, COLUMNS, (cycle.values() for cycle in cycles))


def write_columns(columns: Mapping[str, Any], path: Path) -> None:
    """Arrays of one length by their heads; empty where a value is not finite."""
    write_table(path, columns, zip(*(each.tolist() for each in columns.values()), strict=True))


def write_table(path: Path, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([cell(value) for value in row] for row in rows)


def cell(value: float | bool | str) -> str:
    """A value as it stands in a table: it reads back exactly; empty if it is not finite."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if math.isfinite(value) else ""


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _finite(value: Any) -> bool:
    if isinstance(value, list):
        return all(_finite(item) for item in value)
    return value is not None and (not isinstance(value, float) or math.isfinite(value))
