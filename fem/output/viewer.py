"""``viewer.html``: one page, without a network, to choose a field and a time and to read values.

The page holds the mesh and the fields as packed whole numbers. A value is kept to one part in
65,534 of the range that its field takes in the whole run; what is written in other files is exact.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from fem.geometry import Geometry, Phase
from fem.plot.canvas import palette
from fem.plot.faces import GAP_MAP
from fem.plot.lithiation import LEAST_RANGE, LITHIATION_MAP
from fem.plot.paint import ACTIVE, FLUX_MAP, INACTIVE, LITHIUM, POTENTIAL_MAP, STRESS_MAP
from fem.plot.pieces import LEAST_GAP
from fem.plot.scale import MICROMETRE, round_up, stress_unit
from fem.plot.scene import SMALLEST_CURRENT, SMALLEST_POTENTIAL, SMALLEST_STRESS
from fem.results.quantities import declared
from fem.results.result import FieldMesh, Result

Floats = NDArray[np.float64]
Whole = NDArray[np.unsignedinteger[Any]]

NAME = "viewer.html"
LARGEST = 28_000_000
"""Bytes of the page beyond which every other state is left out, again and again."""
UNKNOWN = 65_535
"""Stands for a value where a field is not defined."""
_STEPS = UNKNOWN - 1
_FINEST = 2**24
"""Steps into which the larger side of the cell is cut for the places of points."""
_TAIL = 0.5
"""Percent of the points on each side that may lie beyond the first ends of the colours."""
_TOUCH = 1e-9
"""Distance of a point from a face, over the cell, that is none."""
_VOID = "#ffffff"
_ELECTROLYTE = "#e9eef4"
_BASE = {
    Phase.ELECTROLYTE: _ELECTROLYTE,
    Phase.LITHIUM: LITHIUM,
    Phase.ACTIVE: ACTIVE,
    Phase.VOID: _VOID,
    Phase.IDLE: _ELECTROLYTE,
}
_ROWS = 2_000
"""Most points of the curve of the voltage."""


@dataclass(frozen=True)
class _Field:
    """A scalar that is shown: from which field it is made, in which unit, in which colours."""

    label: str
    unit: str
    factor: float
    colours: Any
    smallest: float
    robust: bool = False


@dataclass(frozen=True)
class _State:
    """A state of a run: its result, and what is told of it beside the fields."""

    result: Result
    time: float
    voltage: float | None
    current: float
    surface: Floats


def viewer(result: Result) -> str:
    """The page of a result, with all states that are kept of a run in time.

    If it would be larger than `LARGEST` bytes, it holds every other state, or every fourth, ...,
    and says so.
    """
    states = _states(result)
    for stride in (2**k for k in range(len(states).bit_length() + 1)):
        # The last state always stays: it is what the other files tell of.
        chosen = [*states[:-1][::stride], states[-1]]
        page = _page(result, chosen, len(states))
        if len(page) <= LARGEST:
            break
    return page


def _states(result: Result) -> list[_State]:
    frames = [frame for frame in result.frames if frame.result is not None]
    if not frames:
        nothing = np.full((len(result.particles.x), 2), np.nan)
        voltage = result.metrics.get("cell_voltage_V")
        time = float(result.metrics.get("simulated_time_s", 0.0))
        return [_State(result, time, voltage, result.applied, nothing)]
    return [
        _State(f.result, f.time, f.voltage, f.current_density, f.surface_stoichiometry)
        for f in frames
        if f.result is not None
    ]


def _page(result: Result, states: Sequence[_State], total: int) -> str:
    chunks: list[str] = []

    def store(values: Whole) -> int:
        chunks.append(_packed(values))
        return len(chunks) - 1

    fields = _fields(states)
    groups = _groups(states)
    ranges = {name: _range(name, field, states) for name, field in fields.items()}
    facts: dict[str, Any] = {
        "width": result.geometry.width / MICROMETRE,
        "height": result.geometry.height / MICROMETRE,
        "unknown": UNKNOWN,
        "steps": _STEPS,
        "fields": [
            {
                "name": name,
                "label": field.label,
                "unit": field.unit,
                "map": palette(field.colours).tobytes().hex(),
            }
            | ranges[name]
            for name, field in fields.items()
        ],
        "frames": [_frame(state) for state in states],
        "groups": [_group(group, fields, ranges, store) for group in groups],
        "history": _history(result),
        "inactive": INACTIVE,
        "particles": {
            "x": _short(result.particles.x / MICROMETRE),
            "y": _short(result.particles.y / MICROMETRE),
            "diameter": _short(result.particles.diameter / MICROMETRE),
        },
    }
    note = ""
    if len(states) < total:
        note = f"{len(states)} of {total} states, so that this page stays small."
    title = escape(result.case.title or "Run of a solid-state cell")
    room = files("fem.output")
    parts = {
        "@TITLE@": title,
        "@NOTE@": note,
        # A text that ended the element would end the page's data.
        "@FACTS@": json.dumps(facts, allow_nan=False, separators=(",", ":")).replace(
            "<", "\\u003c"
        ),
        "@CHUNKS@": "\n".join(
            f'<script type="text/plain" id="chunk{k}">{chunk}</script>'
            for k, chunk in enumerate(chunks)
        ),
        "@SCRIPT@": room.joinpath("viewer.js").read_text(encoding="utf-8"),
    }
    page = room.joinpath("viewer.html").read_text(encoding="utf-8")
    for mark, text in parts.items():
        page = page.replace(mark, text)
    return page


# ------------------------------------------------------------------------------------- quantities


def _fields(states: Sequence[_State]) -> dict[str, _Field]:
    """The scalars to choose from; only those that are known somewhere."""
    known: dict[str, _Field] = {
        "phi_e": _Field("potential of the electrolyte", "mV", 1e3, POTENTIAL_MAP,
                        SMALLEST_POTENTIAL),
        "current_density": _Field("current density", "A/m²", 1.0, FLUX_MAP, SMALLEST_CURRENT, True),
        "stoichiometry": _Field("stoichiometry", "", 1.0, LITHIATION_MAP, LEAST_RANGE),
        "phi_s": _Field("potential of the electrodes", "V", 1.0, POTENTIAL_MAP, SMALLEST_POTENTIAL),
        "displacement": _Field("displacement", "nm", 1e9, FLUX_MAP, declared("displacement").least),
    }  # fmt: skip
    most = max((_largest(s.result, "von_mises") for s in states), default=0.0)
    unit = stress_unit(most)
    for name, label in (("von_mises", "von Mises stress"), ("stress", "mean stress")):
        known[name] = _Field(label, unit.name, 1.0 / unit.size, STRESS_MAP, SMALLEST_STRESS,
                             name == "von_mises")  # fmt: skip
    strain = declared("inelastic_strain")
    known[strain.name] = _Field(strain.label, "", 1.0, STRESS_MAP, strain.least, True)
    known["gap"] = _Field("gap, told beside the faces", "nm", 1e9, GAP_MAP, LEAST_GAP, True)
    return {
        name: field
        for name, field in known.items()
        if any(_has(s.result, name) and np.isfinite(_scalar(s.result, name)).any() for s in states)
    }


def _has(result: Result, name: str) -> bool:
    return name in result.fields or (name == "gap" and result.faces is not None)


def _largest(result: Result, name: str) -> float:
    values = result.fields.get(name)
    known = values is not None and np.isfinite(values).any()
    return float(np.nanmax(np.abs(values))) if known and values is not None else 0.0


def _scalar(result: Result, name: str) -> Floats:
    """A field as one number a point (n,): the length of a vector, the mean of normal stresses."""
    if name == "gap":
        return _gap(result)
    values = result.fields[name]
    if name == "stress":
        return np.asarray(values[:, :3].mean(axis=1))
    return values if values.ndim == 1 else np.asarray(np.hypot(*values.T))


def _gap(result: Result) -> Floats:
    """Gaps in m at the points of all triangles beside faces that may part (n,), nan elsewhere.

    A gap is a number of a line. So that it can be pointed at, a triangle takes that of the nearest
    pair of faces.
    """
    faces, mesh = result.faces, result.field_mesh
    found = np.full(len(mesh.points), np.nan)
    if faces is None or not len(faces):
        return found
    distance, row = cKDTree(np.stack([faces.x, faces.y], axis=1)).query(mesh.points)
    on = distance <= _TOUCH * float(np.ptp(mesh.points, axis=0).max())
    near = np.unique(mesh.triangles[on[mesh.triangles[:, :3]].any(axis=1)])
    found[near] = np.maximum(faces.gap[row[near]], 0.0)
    return found


def _range(name: str, field: _Field, states: Sequence[_State]) -> dict[str, float]:
    """Ends of what a field takes in the whole run, and of its colours at first; in its unit."""
    found = []
    for state in states:
        values = field.factor * _scalar(state.result, name)
        values = values[np.isfinite(values)]
        if len(values):
            found.append(np.percentile(values, [0.0, _TAIL, 100.0 - _TAIL, 100.0]))
    low, start, _, _ = (float(v) for v in np.min(found, axis=0))
    _, _, end, high = (float(v) for v in np.max(found, axis=0))
    least = field.smallest * field.factor
    if high - low < least:  # a field of rounding errors is one colour
        middle = 0.5 * (low + high)
        first, last = middle - 0.5 * least, middle + 0.5 * least
    elif field.robust:
        first, last = 0.0, round_up(end)
    elif name == "stress":
        first, last = start, end
    else:
        first, last = low, high
    return {"low": low, "high": high, "first": first, "last": last}


# ------------------------------------------------------------------------------- states and meshes


def _groups(states: Sequence[_State]) -> list[list[_State]]:
    """States in order, together as long as they are on one mesh."""
    groups: list[list[_State]] = []
    for state in states:
        if groups and _same(groups[-1][0].result.field_mesh, state.result.field_mesh):
            groups[-1].append(state)
        else:
            groups.append([state])
    return groups


def _same(one: FieldMesh, other: FieldMesh) -> bool:
    return one is other or (
        np.array_equal(one.points, other.points) and np.array_equal(one.triangles, other.triangles)
    )


def _group(
    group: Sequence[_State],
    fields: Mapping[str, _Field],
    ranges: Mapping[str, Mapping[str, float]],
    store: Any,
) -> dict[str, Any]:
    """A mesh and the fields of all states on it."""
    mesh, geometry = group[0].result.field_mesh, group[0].result.geometry
    step = max(geometry.width, geometry.height) / MICROMETRE / _FINEST
    places = np.round(mesh.points.T / MICROMETRE / step).clip(0, None).astype(np.uint32)
    found: dict[str, Any] = {
        "points": len(mesh.points),
        "triangles": len(mesh.triangles),
        "step": step,
        "states": len(group),
        "x": store(places[:1]),
        "y": store(places[1:]),
        "nodes": store(np.ascontiguousarray(mesh.triangles.T).astype(np.uint32)),
        "rim": len(rim := _rim(mesh)),
        "edges": store(np.ascontiguousarray(rim.T).astype(np.uint32)),
        "region": store(mesh.region[None].astype(np.uint32)),
        "regions": _regions(geometry),
        "fields": {},
    }
    for name, field in fields.items():
        if not _has(group[0].result, name):
            continue
        values = np.stack([_scalar(state.result, name) for state in group])
        where = np.flatnonzero(np.isfinite(values).any(axis=0))
        low, high = ranges[name]["low"], ranges[name]["high"]
        span = (high - low) or 1.0
        share = (field.factor * values[:, where] - low) / span
        level = np.where(np.isfinite(share), np.round(_STEPS * np.nan_to_num(share)), UNKNOWN)
        found["fields"][name] = {
            "where": store(where[None].astype(np.uint32)),
            "count": len(where),
            "values": store(level.astype(np.uint16)),
        }
    return found


def _rim(mesh: FieldMesh) -> NDArray[np.int64]:
    """Edges of one triangle only (n, 3): first vertex, middle, last vertex.

    Points are doubled wherever a field can jump, so these are all outlines.
    """
    edges = mesh.triangles[:, [[0, 3, 1], [1, 4, 2], [0, 5, 2]]].reshape(-1, 3)
    _, place, count = np.unique(edges[:, 1], return_index=True, return_counts=True)
    return np.asarray(edges[place[count == 1]])


def _regions(geometry: Geometry) -> list[dict[str, Any]]:
    return [
        {
            "name": region.name,
            "material": region.material,
            "colour": _BASE[region.phase],
            "particle": region.body if region.phase == Phase.ACTIVE else -1,
        }
        for region in geometry.regions
    ]


def _frame(state: _State) -> dict[str, Any]:
    particles = state.result.particles
    # Particles of a plane electrode are none; numbers are short, for there are many.
    return {
        "time": state.time,
        "voltage": state.voltage,
        # What is left of a current at rest is rounding.
        "current": state.current if abs(state.current) > SMALLEST_CURRENT else 0.0,
        "inactivity": [str(why) for why in particles.inactivity],
        "particles": {
            "stoichiometry": _short(particles.stoichiometry),
            "surface_low": _short(state.surface[:, 0]),
            "surface_high": _short(state.surface[:, 1]),
            "current": _short(particles.current),
        },
    }


def _history(result: Result) -> dict[str, list[float | None]]:
    if result.history is None:
        return {}
    columns = {"time": "Test Time / s", "voltage": "Voltage / V", "current": "current_density_A_m2"}
    rows = np.unique(np.linspace(0, len(result.history) - 1, _ROWS).astype(int))
    return {name: _short(result.history[column][rows]) for name, column in columns.items()}


def _short(values: Floats) -> list[float | None]:
    """Six digits each, and nothing for nan."""
    return [float(f"{v:.6g}") if np.isfinite(v) else None for v in np.asarray(values, dtype=float)]


def _packed(values: Whole) -> str:
    """Rows (m, n) of unsigned numbers as text: differences, byte by byte, deflated.

    Each row is stored less the one before it and the first less its own left neighbours, modulo
    the size of the type: states of a run and numbers of nodes hardly differ from the last ones.
    """
    less = values.copy()
    less[1:] -= values[:-1]
    less[0, 1:] -= values[0, :-1]
    width = less.dtype.itemsize
    planes = less.astype(f"<u{width}").reshape(-1, 1).view(np.uint8).T
    return base64.b64encode(zlib.compress(np.ascontiguousarray(planes).tobytes(), 6)).decode()
