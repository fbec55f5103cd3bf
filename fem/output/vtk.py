"""Fields and meshes for ParaView and other programs, through meshio.

Triangles are quadratic and curved (``triangle6``: the vertices, then the middles of 01, 12, 02).
In a VTU the cells carry `region`, an index into ``geometry.regions``, and `phase`: 0 electrolyte,
1 lithium, 2 active material, 3 void, 4 idle. Field data name the regions: ParaView lists them under
*Information*.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import meshio
import numpy as np
from numpy.typing import NDArray

from fem.geometry import Geometry, Phase
from fem.mesh import Ints, Mesh
from fem.results.result import Result

Floats = NDArray[np.float64]

FORMATS = {".vtu": "vtu", ".msh": "gmsh"}
"""What meshio calls the format of a file."""
PHASES = tuple(Phase)
"""Phases in the order of their numbers in a file."""


def write_fields(result: Result, path: Path) -> None:
    """``fields.vtu``: all fields on points that are doubled between phases, NaN where undefined.

    Vectors have three components and `stress` has six (xx, yy, zz, xy, yz, xz), which ParaView
    knows as a symmetric tensor and labels so.
    """
    grid = result.field_mesh
    data = {name: _three_dimensional(name, values) for name, values in result.fields.items()}
    cell_data = _cell_data(result.geometry, grid.region)
    cells = [("triangle6", grid.triangles)]
    _write(path, grid.points, cells, point_data=data, cell_data=cell_data)
    _name_regions(path, result.geometry)


def write_mesh(mesh: Mesh, path: Path) -> None:
    """The mesh alone, as .vtu or as Gmsh's .msh 4.1, whose physical groups are the regions."""
    if path.suffix.lower() == ".vtu":
        cell_data = _cell_data(mesh.geometry, mesh.region)
        _write(path, mesh.nodes.T, [("triangle6", mesh.triangles)], cell_data=cell_data)
        _name_regions(path, mesh.geometry)
        return
    # This format has one block of cells a region, and a node belongs to one of its regions.
    blocks, tags, owner = [], [], np.ones(mesh.nodes.shape[1], dtype=int)
    for index in range(len(mesh.geometry.regions)):
        triangles = mesh.triangles[mesh.region == index]
        blocks.append(("triangle6", triangles))
        tags.append(np.full(len(triangles), index + 1, dtype=np.int32))  # tags start at 1
        owner[triangles] = index + 1
    _write(
        path,
        mesh.nodes.T,
        blocks,
        point_data={"gmsh:dim_tags": np.column_stack([np.full_like(owner, 2), owner])},
        cell_data={"gmsh:physical": tags, "gmsh:geometrical": tags},
        field_data={r.name: np.array([k, 2]) for k, r in enumerate(mesh.geometry.regions, 1)},
    )


def _name_regions(path: Path, geometry: Geometry) -> None:
    """Enter the names of regions into a VTU, which meshio reads as field data but does not write.

    A field of the data set a region: its name, and the number that it has in `region`.
    """
    entries = (
        f'<DataArray type="Int32" Name={quoteattr(region.name)} '
        f'NumberOfTuples="1" format="ascii">{number}</DataArray>\n'
        for number, region in enumerate(geometry.regions)
    )
    content, opening = path.read_bytes(), b"<UnstructuredGrid>"
    named = f"<FieldData>\n{''.join(entries)}</FieldData>\n".encode()
    path.write_bytes(content.replace(opening, opening + b"\n" + named, 1))


def _cell_data(geometry: Geometry, region: Ints) -> dict[str, list[Any]]:
    phase = np.array([PHASES.index(r.phase) for r in geometry.regions], dtype=np.int32)
    return {"region": [region.astype(np.int32)], "phase": [phase[region]]}


def _three_dimensional(name: str, values: Floats) -> Floats:
    width = {"stress": 6}.get(name, 3)
    if values.ndim == 1 or values.shape[1] == width:
        return values
    undefined = np.isnan(values).any(axis=1)
    padded = np.zeros((len(values), width))
    padded[:, : values.shape[1]] = values
    padded[undefined] = np.nan
    return padded


def _write(path: Path, points: Floats, cells: list[tuple[str, Ints]], **data: Any) -> None:
    flat = np.column_stack([points, np.zeros(len(points))])
    meshio.Mesh(flat, cells, **data).write(path, file_format=FORMATS[path.suffix.lower()])
