"""States of a run in time that are kept in full: ``series/`` and the ``fields.pvd`` that lists it.

Of a long run only every second, fourth, eighth, ... state is kept, so that there are never more
than the case asks for. Which ones depends on how far the run has come and on nothing else: a run
that was interrupted and resumed leaves the same files.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fem.errors import InputError
from fem.frozen import FrozenMapping
from fem.measures.anode import AnodeProfile
from fem.mesh.plain import describe
from fem.output.folder import safely
from fem.output.stored import (
    FACES,
    FORMAT,
    anode_of,
    faces_of,
    mesh_arrays,
    mesh_of,
    pack,
    reading,
    state_arrays,
    state_of,
)
from fem.output.tables import plain_metrics
from fem.results.history import Frame
from fem.results.result import Result

FOLDER = "series"
COLLECTION = "fields.pvd"
_MESHES = ("geometry", "mesh", "field_mesh")
_NUMBERS = ("time", "voltage", "current_density")
_LARGE = ("fields.", "faces.")
_ARRAYS = ("stoichiometry", "surface_stoichiometry", "particle_current", "inactivity")


def kept(number: int, limit: int) -> range:
    """The states to keep once a run has come to `number`.

    Together with the last state of the run there are never more than `limit`.
    """
    stride = 1
    while number // stride + 1 > max(limit - 1, 1):
        stride *= 2
    return range(0, number + 1, stride)


class Series:
    """The series in the folder of a run.

    A frame holds its own mesh only if it is not that of the first frame, which is always kept.

    Parameters
    ----------
    folder
        Of the run.
    """

    def __init__(self, folder: Path) -> None:
        self._place = folder / FOLDER
        self._collection = folder / COLLECTION

    @property
    def numbers(self) -> list[int]:
        """Of the frames that are there, in order."""
        return sorted(int(p.stem) for p in self._place.glob("*.npz") if p.stem.isdecimal())

    def add(self, number: int, frame: Frame) -> None:
        """Write a frame; one of the same number is replaced.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        from fem.output.vtk import write_fields  # meshio takes a third of a second

        self._place.mkdir(exist_ok=True)
        if frame.result is not None:
            with safely(self._path(number, "vtu")) as new:
                write_fields(frame.result, new)
        with safely(self._path(number, "npz")) as new:
            np.savez(new, **pack(*self._content(number, frame)))

    def keep(self, times: Mapping[int, float]) -> None:
        """List the frames of `times` (number to s) in the collection, then drop all others.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        there = {n: time for n, time in times.items() if self._path(n, "vtu").exists()}
        if there:
            with safely(self._collection) as new:
                new.write_text(_listed(there), encoding="utf-8", newline="\n")
        for path in self._place.glob("*.*"):
            if path.stem.isdecimal() and int(path.stem) not in times:
                path.unlink()

    def filled(self, result: Result) -> Result:
        """`result` with all frames, in order of time; a frame on its mesh shares the mesh.

        Frames that cannot be read are left out, with a warning among the notes.
        """
        meshes = {_digest(result): {name: getattr(result, name) for name in _MESHES}}
        faces = {_digest(result): faces_of(result)}
        frames, notes = [], list(result.notes)
        for number in self.numbers:
            try:
                with reading(self._path(number, "npz")) as (facts, arrays):
                    if "geometry" in facts:
                        meshes.setdefault(facts["mesh"], mesh_of(facts["geometry"], arrays))
                        faces[facts["mesh"]] = {k: v for k, v in arrays.items() if k in FACES}
                    arrays = faces.get(facts.get("mesh", ""), {}) | arrays
                    frames.append(_frame(facts, arrays, meshes, result))
            except InputError as error:
                notes.append(f"Warning: a frame of the series was left out. {error}")
        return dataclasses.replace(result, frames=tuple(frames), notes=tuple(notes))

    def _content(self, number: int, frame: Frame) -> tuple[dict[str, Any], dict[str, Any]]:
        facts: dict[str, Any] = {"format": FORMAT}
        facts |= {name: float(getattr(frame, name)) for name in _NUMBERS}
        arrays = {name: getattr(frame, name) for name in _ARRAYS}
        result = frame.result
        if result is None:
            return facts, arrays | _columns(frame.anode)
        # How long it took is no part of a state, and would differ after an interruption.
        metrics = plain_metrics(result.metrics)
        metrics = {name: v for name, v in metrics.items() if not name.startswith("seconds_")}
        facts |= {"metrics": metrics, "mesh": _digest(result)}
        # Pictures need no more digits than these; the last state is kept in full elsewhere.
        arrays |= {
            name: values.astype(np.float32)
            if name.startswith(_LARGE) and values.dtype == float
            else values
            for name, values in state_arrays(result).items()
        }
        if number == 0 or facts["mesh"] != self._first_mesh:
            facts["geometry"] = describe(result.geometry)
            arrays |= mesh_arrays(result)
        return facts, arrays

    @property
    def _first_mesh(self) -> str:
        """The mesh of the first frame; empty if that cannot be read."""
        try:
            with reading(self._path(0, "npz")) as (facts, _):
                return str(facts["mesh"])
        except InputError:
            return ""

    def _path(self, number: int, ending: str) -> Path:
        return self._place / f"{number:06d}.{ending}"


def write_series(frames: Sequence[Frame], folder: Path) -> None:
    """The frames that a result holds, in the folder of a run."""
    if frames:
        series = Series(folder)
        for number, frame in enumerate(frames):
            series.add(number, frame)
        series.keep({number: frame.time for number, frame in enumerate(frames)})


def _columns(anode: AnodeProfile) -> dict[str, Any]:
    columns = {f"anode.{f.name}": getattr(anode, f.name) for f in dataclasses.fields(anode)}
    return {name: values for name, values in columns.items() if values is not None}


def _digest(result: Result) -> str:
    """What tells a mesh from others of the run."""
    mesh = result.mesh
    return hashlib.sha256(mesh.nodes.tobytes() + mesh.region.tobytes()).hexdigest()


def _frame(
    facts: dict[str, Any],
    arrays: dict[str, Any],
    meshes: Mapping[str, dict[str, Any]],
    final: Result,
) -> Frame:
    result = None
    if "metrics" in facts:
        state = state_of(
            {k: v.astype(float) if v.dtype == np.float32 else v for k, v in arrays.items()}
        )
        result = dataclasses.replace(
            final,
            **meshes[facts["mesh"]],
            **state,
            metrics=FrozenMapping(facts["metrics"]),
            history=None,
            frames=(),
        )
    return Frame(
        **{name: facts[name] for name in _NUMBERS},
        **{name: arrays[name] for name in _ARRAYS},
        anode=anode_of(arrays),
        result=result,
    )


def _listed(times: Mapping[int, float]) -> str:
    """The collection as ParaView reads it."""
    rows = (
        f'    <DataSet timestep="{float(time)!r}" part="0" file="{FOLDER}/{number:06d}.vtu"/>'
        for number, time in sorted(times.items())
    )
    return "\n".join(
        [
            '<?xml version="1.0"?>',
            '<VTKFile type="Collection" version="0.1">',
            "  <Collection>",
            *rows,
            "  </Collection>",
            "</VTKFile>",
            "",
        ]
    )
