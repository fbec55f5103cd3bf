"""A whole `Result` in one file, so that figures can be drawn again without solving."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from fem.case import Case
from fem.errors import InputError
from fem.frozen import FrozenMapping
from fem.geometry import Particles
from fem.measures.anode import AnodeProfile
from fem.measures.faces import FaceTable
from fem.measures.particles import ParticleTable
from fem.measures.spectra import packed, unpacked
from fem.mesh import Mesh
from fem.mesh.plain import describe, geometry_from
from fem.output.tables import plain_metrics
from fem.results.history import History
from fem.results.result import FieldMesh, Result
from fem.text import read_toml

NAME = "result.npz"
FORMAT = 5
_ANODE = ("s", "x", "y", "plating", "thickness", "normal_stress", "nodes", "interphase")
_PARTICLES = (
    "x",
    "y",
    "diameter",
    "inactivity",
    "current",
    "stoichiometry",
    "since",
    "open_fraction",
    "axis",
    "tilt",
    "interphase",
    "side_charge",
)
FACES = tuple(
    f"faces.{name}" for name in ("x", "y", "normal", "kind", "particle", "other", "edges")
)
"""Where faces are: the same in all states on a mesh."""
_STANDING = ("gap", "slip", "apart", "pressure", "shear", "damage", "closed")
"""How they stand to each other."""
_FIELD_MESH = ("points", "triangles", "region", "phase", "source")


def write_result(result: Result, folder: str | Path, path: Path) -> None:
    """Write `result` to `path`; relative paths in its case will start from `folder`."""
    facts = {
        "format": FORMAT,
        "case": result.case.to_toml(folder),
        "geometry": describe(result.geometry),
        "metrics": plain_metrics(result.metrics),
        "references": result.references,
        "notes": result.notes,
    }
    arrays = mesh_arrays(result) | state_arrays(result)
    if result.spectra:
        facts["spectra"] = [spectrum.facts() for spectrum in result.spectra]
        arrays |= packed(result.spectra)
    if result.history is not None:
        facts["events"] = result.history.events
        arrays |= {f"history.{name}": values for name, values in result.history.columns.items()}
    np.savez_compressed(path, **pack(facts, arrays))


def mesh_arrays(result: Result) -> dict[str, Any]:
    """What `mesh_of` makes a mesh from, by name."""
    return {
        **{f"mesh.{name}": values for name, values in result.mesh.arrays.items()},
        **_columns("field_mesh", result.field_mesh, _FIELD_MESH),
        **faces_of(result),
    }


def faces_of(result: Result) -> dict[str, Any]:
    """Where faces are that may part, by name; empty if none may."""
    faces = result.faces
    if faces is None:
        return {}
    return {name: getattr(faces, name.removeprefix("faces.")) for name in FACES}


def state_arrays(result: Result) -> dict[str, Any]:
    """Fields, profile, particles, and how faces stand to each other, by name."""
    return {
        **_columns("anode", result.anode, _ANODE),
        **_columns("particles", result.particles, _PARTICLES),
        **{f"fields.{name}": values for name, values in result.fields.items()},
        **({} if result.faces is None else _columns("faces", result.faces, _STANDING)),
    }


def pack(facts: Mapping[str, Any], arrays: Mapping[str, Any]) -> dict[str, Any]:
    """What one npz file holds of `facts` in the types of JSON and arrays."""
    return {"facts": np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8), **arrays}


def load(directory: str | Path) -> Result:
    """The result that `fem.save` wrote into `directory`, without frames; nothing is solved.

    Raises
    ------
    InputError
        If there is none, or if its file is damaged or of another version.
    """
    folder = Path(directory)
    path = folder / NAME
    if not path.is_file():
        if folder.is_dir():
            problem = f"no finished run in this folder: {NAME} is missing"
        else:
            problem = "not a folder" if folder.exists() else "no such folder"
        raise InputError(
            problem,
            file=str(folder),
            allowed="a folder that fem run has written",
        )
    with reading(path) as (facts, arrays):
        return _rebuild(facts, arrays, folder)


@contextmanager
def reading(path: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Facts and read-only arrays of a file that was made with `pack`.

    Raises
    ------
    InputError
        If the file is of another version, or damaged; also where what is made of it in the block
        fails for that reason.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        facts = json.loads(arrays.pop("facts").tobytes())
        if facts["format"] != FORMAT:
            raise InputError(
                "written by another version of this program",
                file=str(path),
                given=f"format {facts['format']}",
                allowed=f"format {FORMAT}",
                cure="run the case again",
            )
        for array in arrays.values():
            array.flags.writeable = False
        yield facts, arrays
    except (OSError, EOFError, ValueError, LookupError, TypeError) as error:
        raise _damaged(path, error) from error
    except (zipfile.BadZipFile, zlib.error) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> InputError:
    detail = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return InputError(
        f"the file is damaged or incomplete: {detail}", file=str(path), cure="run the case again"
    )


def _rebuild(facts: dict[str, Any], arrays: dict[str, Any], folder: Path) -> Result:
    history = None
    if "events" in facts:
        columns = FrozenMapping(group(arrays, "history"))
        history = History(columns, tuple(tuple(event) for event in facts["events"]))
    return Result(
        case=_case(facts["case"], folder),
        **mesh_of(facts["geometry"], arrays),
        **state_of(arrays),
        metrics=FrozenMapping(facts["metrics"]),
        references=facts["references"],
        notes=tuple(facts["notes"]),
        history=history,
        spectra=unpacked(arrays, facts.get("spectra", ())),
    )


def mesh_of(geometry: dict[str, Any], arrays: dict[str, Any]) -> dict[str, Any]:
    """Geometry and meshes of a `Result` by the names of its attributes."""
    particles = group(arrays, "particles")
    shape = geometry_from(geometry, Particles(*(particles[name] for name in _PARTICLES[:4])))
    mesh = Mesh.of_arrays(group(arrays, "mesh"), shape)
    field_mesh = FieldMesh(**group(arrays, "field_mesh"))
    return {"geometry": shape, "mesh": mesh, "field_mesh": field_mesh}


def state_of(arrays: dict[str, Any]) -> dict[str, Any]:
    """Fields, profile, particles and faces of a `Result` by the names of its attributes."""
    faces = group(arrays, "faces")
    return {
        "fields": FrozenMapping(group(arrays, "fields")),
        "anode": anode_of(arrays),
        "particles": ParticleTable(**group(arrays, "particles")),
        "faces": FaceTable(**faces) if faces else None,
    }


def anode_of(arrays: dict[str, Any]) -> AnodeProfile:
    """The profile along the lithium."""
    return AnodeProfile(**{"normal_stress": None, "interphase": None, **group(arrays, "anode")})


def group(arrays: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The arrays whose names begin with `name` and a dot, without these."""
    prefix = name + "."
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}


def _case(text: str, folder: Path) -> Case:
    file = folder / "case.toml"
    try:
        return Case.parse(text, file)
    except InputError:
        # Drawing needs none of the files that the case refers to; the folder may have been moved.
        return Case(**read_toml(text, str(file)))


def _columns(name: str, table: object, columns: tuple[str, ...]) -> dict[str, Any]:
    values = {f"{name}.{column}": getattr(table, column) for column in columns}
    return {key: value for key, value in values.items() if value is not None}
