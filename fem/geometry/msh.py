"""Triangles of a Gmsh file as they stand in it: nodes, corners and names of groups."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import meshio
import meshio.gmsh
import numpy as np
from numpy.typing import NDArray

from fem.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

KEY = "geometry.mesh.file"
_SURFACES = ("triangle", "triangle6")
_PASSED = ("vertex", "line", "line3")
"""Elements that say nothing that triangles do not."""


@dataclass(frozen=True)
class Read:
    """Corners (nt, 3) and middles of sides 01, 12, 02 (nt, 3; -1 on straight ones) of triangles,
    as rows of `points` (n, 2) in the file's unit; `group` (nt,) is an index into `names`."""

    points: Floats
    triangles: Ints
    middles: Ints
    group: Ints
    names: tuple[str, ...]


def refuse(problem: str, path: Path, cure: str, allowed: str | None = None) -> InputError:
    """The error of a mesh file that cannot be used."""
    return InputError(problem, file=str(path), key=KEY, allowed=allowed, cure=cure)


def read(path: Path) -> Read:
    """The triangles in a file of Gmsh.

    Raises
    ------
    InputError
        If it is none, holds no triangles or others than these, lies not in the plane of x and y,
        or has triangles in no group.
    """
    try:
        raw = meshio.gmsh.read(path)
    except Exception as error:  # the reader raises what its parsing stumbles over
        if "cell data" in str(error):
            raise _ungrouped(path, "some elements") from error
        raise refuse(
            f"cannot be read as a mesh of Gmsh{f' ({error})' if str(error) else ''}",
            path,
            "save it with gmsh -2 -format msh41 (or msh22)",
            "a file .msh of format 2.2 or 4.1, text or binary",
        ) from error
    tags = raw.cell_data.get("gmsh:physical")
    others = {b.type for b in raw.cells} - {*_SURFACES, *_PASSED}
    if others:
        raise refuse(
            f"the mesh has elements of kind {', '.join(sorted(others))}",
            path,
            "Mesh.RecombineAll = 0, Mesh.ElementOrder = 1 or 2 and gmsh -2 make triangles",
            "triangles of first or second order",
        )
    which = [k for k, b in enumerate(raw.cells) if b.type in _SURFACES and len(b.data)]
    if not which:
        raise refuse(
            "the mesh has no triangles", path, "mesh the surfaces with gmsh -2, and save these"
        )
    if tags is None:
        raise _ungrouped(path, "triangles")
    triangles, middles, group = [], [], []
    for k in which:
        nodes = np.asarray(raw.cells[k].data, dtype=np.int64)
        triangles.append(nodes[:, :3])
        # The file's order is that of sides 01, 12, 20, as here.
        middles.append(nodes[:, 3:] if nodes.shape[1] == 6 else np.full((len(nodes), 3), -1))
        tag = np.abs(np.asarray(tags[k], dtype=np.int64))
        if len(tag) != len(nodes) or not tag.all():
            raise _ungrouped(path, f"{int((tag == 0).sum()) or len(nodes)} triangles")
        group.append(tag)
    found, index = np.unique(np.concatenate(group), return_inverse=True)
    named = {abs(int(tag)): str(name) for name, (tag, dim) in raw.field_data.items() if dim == 2}
    flat = _in_plane(np.asarray(raw.points, dtype=float), np.concatenate(triangles), path)
    return Read(
        flat,
        np.concatenate(triangles),
        np.concatenate(middles),
        index,
        tuple(named.get(int(tag), str(tag)) for tag in found),
    )


def _in_plane(points: Floats, triangles: Ints, path: Path) -> Floats:
    """The first two coordinates, if the third is the same for all triangles."""
    used = points[np.unique(triangles)]
    if not np.isfinite(used).all():
        raise refuse("the mesh has nodes without a place", path, "mesh it anew")
    if points.shape[1] > 2 and np.ptp(used[:, 2]) > 1e-9 * np.ptp(used, axis=0).max():
        raise refuse(
            "the mesh does not lie in the plane of x and y",
            path,
            "turn it: x along the collector, y from the cathode to the lithium",
        )
    return points[:, :2]


def _ungrouped(path: Path, what: str) -> InputError:
    return refuse(
        f"{what} are in no physical group",
        path,
        'name every surface, as by Physical Surface("SE") = {1, 2}; and save only elements of '
        "groups (Mesh.SaveAll = 0)",
        "triangles in one physical group each",
    )
