"""The cell of a mesh of one's own: its groups as regions, sides of its triangles as outlines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from fem.case import Case
from fem.case.triangles import MeshFile
from fem.errors import InputError, closest
from fem.geometry.idle import idle_particles, idle_pieces
from fem.geometry.msh import Floats, Ints, Read, read
from fem.geometry.particles import inactive
from fem.geometry.sides import Sides, outlines_of
from fem.geometry.sound import near, refuse_corners, refuse_unsound
from fem.geometry.types import (
    OUTSIDE,
    Geometry,
    Inactivity,
    Outline,
    Particles,
    Phase,
    Region,
    Triangles,
)

Bools = NDArray[np.bool_]

PHASES = {
    "lithium": Phase.LITHIUM,
    "electrolyte": Phase.ELECTROLYTE,
    "separator": Phase.ELECTROLYTE,
    "active": Phase.ACTIVE,
    "void": Phase.VOID,
}
"""Phase of each key of ``labels``."""
SMALLEST, LARGEST = 1e-8, 0.1
"""Sizes of a cell in m beyond which the unit is wrong."""
ON_WALL = 1e-6
"""Distance from a wall, over the size of the cell, within which a node lies on it."""


def build(case: Case) -> Geometry:
    """The geometry of a case with a mesh, which keeps its triangles.

    Raises
    ------
    InputError
        If the mesh cannot be used: its groups, its nodes or its shape; if lithium does not lie
        along its upper edge or shorts the cell; or if no particle takes part.
    """
    cell, table = case.geometry, case.geometry.mesh
    assert table is not None
    path = case.resolve(table.file)
    raw = read(path)
    keys = _keys(table, raw, path)
    vertices, middles, raw = _placed(raw, float(table.unit), path)
    width, height = vertices.max(axis=1).tolist()
    sides = Sides.of(raw.triangles)
    refuse_unsound(vertices, raw.triangles, sides, width, height, path)
    piece, group = _pieces(vertices, raw, sides, height, path, keys)
    key = np.array(keys)[group]
    phase = np.array([str(PHASES[k]) for k in keys])[group]
    refuse_corners(vertices, raw.triangles, sides, phase[piece], path)
    edges, outline, pairs, curves = outlines_of(vertices, middles, raw.triangles, sides, piece)

    areas = np.zeros(len(group) + 1)
    for (left, right), curve in zip(pairs, curves, strict=True):
        areas[left] += curve.moment
        areas[right] -= curve.moment  # what lies outside is the last
    left, right = np.array([pair for pair in pairs if OUTSIDE not in pair]).T
    reached, shorted, electrolyte, lithium = _roles(phase, left, right)

    centre = _centres(vertices, raw.triangles, piece, len(group))
    order = np.flatnonzero(phase == Phase.ACTIVE)
    rounded = np.round(centre[:, order] / (1e-9 * max(width, height)))
    order = order[np.lexsort(rounded)]
    x, y = centre[:, order]
    diameter = 2.0 * np.sqrt(areas[order] / np.pi)
    why = np.select(
        [inactive(case, x, y, diameter, (width, height)), ~reached[order], shorted[order]],
        [str(Inactivity.SET), str(Inactivity.NO_IONS), str(Inactivity.SHORT)],
        default="",
    )
    if not (why == "").any():
        raise InputError(
            "no particle is active, so no current can flow: each is set inactive, touches lithium, "
            "or touches no electrolyte that leads to the lithium",
            file=str(path),
            key="geometry.mesh.labels",
            cure="check labels, and which edge of the mesh is up: the lithium is above",
        )
    body = np.zeros(len(group), dtype=int)
    body[order] = np.arange(len(order))
    bodies = np.flatnonzero(lithium)
    body[bodies] = np.arange(len(bodies))
    alive = np.where(phase == Phase.LITHIUM, lithium, electrolyte)
    regions = tuple(
        replace(region, area=float(area))
        for region, area in zip(
            _regions(table, cell.anode.material, key, alive, body, raw.names, group),
            areas,
            strict=False,
        )
    )
    outlines = tuple(Outline(c, *pair) for c, pair in zip(curves, pairs, strict=True))
    if cell.anode.motion == "moved":
        _refuse_curved_rails(outlines, phase)
    return Geometry(
        width=width,
        height=height,
        depth=float(cell.depth),
        lithium_y=height - float(areas[0]) / width,
        regions=regions,
        outlines=outlines,
        particles=Particles(x, y, diameter, why),
        notes=tuple(_notes(table, raw, middles, vertices, phase, alive, areas, why)),
        triangles=Triangles(vertices, raw.triangles, piece, middles, edges, outline),
    )


def _keys(table: MeshFile, raw: Read, path: Path) -> list[str]:
    """Key of ``labels`` of each group of the file."""
    found = []
    for name in raw.names:
        keys = list(table.labels.phase_of(name))
        if len(keys) != 1:
            raise InputError(
                f"group {name!r} of the mesh is {' and '.join(keys)}"
                if keys
                else f"no label names group {name!r} of the mesh",
                file=str(path),
                key="geometry.mesh.labels",
                allowed="each group in one of lithium, electrolyte, separator, active, void; the "
                f"mesh has {', '.join(map(repr, raw.names[:12]))}",
                cure="remove it from one of them" if keys else f'add it, such as void = ["{name}"]',
            )
        found += keys
    for key, labels in table.labels:
        for label in labels or ():
            # A pattern may fit none, so that one table serves many meshes.
            if "*" not in label and not any(fnmatchcase(name, label) for name in raw.names):
                match = closest(label, raw.names)
                raise InputError(
                    f"the mesh has no group {label!r}",
                    file=str(path),
                    key=f"geometry.mesh.labels.{key}",
                    given=label,
                    allowed=", ".join(map(repr, raw.names[:12])),
                    cure=f'"{match}"' if match else "one of the names of the mesh",
                )
    return found


def _placed(raw: Read, unit: float, path: Path) -> tuple[Floats, Floats, Read]:
    """Vertices (2, nv) and middles (2, nt, 3) in m from the lower left corner.

    The triangles returned are counter-clockwise, and of these vertices.
    """
    used, triangles = np.unique(raw.triangles, return_inverse=True)
    triangles = triangles.reshape(-1, 3)
    vertices = unit * (raw.points[used] - raw.points[used].min(axis=0)).T
    size = vertices.max(axis=1)
    if size.min() < SMALLEST or size.max() > LARGEST:
        raise InputError(
            f"the mesh would be {size[0]:.3g} m wide and {size[1]:.3g} m high",
            file=str(path),
            key="geometry.mesh.unit",
            given=f"{unit:g} m",
            allowed=f"sizes from {SMALLEST:g} to {LARGEST:g} m",
            cure='the length that a 1 in the file stands for, such as "1 um"',
        )
    ends = vertices[:, triangles[:, [[0, 1], [1, 2], [0, 2]]]]
    middles = ends.mean(axis=3)
    curved = raw.middles >= 0
    given = unit * (raw.points[raw.middles] - raw.points[used].min(axis=0))
    middles = np.where(curved, np.moveaxis(given, 2, 0), middles)
    tolerance = ON_WALL * size.max()
    for axis in range(2):
        for end in (0.0, float(size[axis])):
            # Walls are straight to the last digit.
            vertices[axis, np.abs(vertices[axis] - end) < tolerance] = end
            flat = (vertices[axis][triangles[:, [[0, 1], [1, 2], [0, 2]]]] == end).all(axis=2)
            middles[axis][flat & (np.abs(middles[axis] - end) < tolerance)] = end
    (ax, ay), (bx, by), (cx, cy) = (vertices[:, triangles[:, k]] for k in range(3))
    turned = (bx - ax) * (cy - ay) < (cx - ax) * (by - ay)
    triangles[turned] = triangles[turned][:, [0, 2, 1]]
    middles[:, turned] = middles[:, turned][:, :, [2, 1, 0]]
    return vertices, middles, replace(raw, triangles=triangles)


def _pieces(
    vertices: Floats, raw: Read, sides: Sides, height: float, path: Path, keys: list[str]
) -> tuple[Ints, Ints]:
    """Piece (nt,) of each triangle and group of each piece; the foil of lithium is piece 0."""
    first, second = sides.owners[sides.count == 2].T
    same = raw.group[first] == raw.group[second]
    n = len(raw.triangles)
    graph = coo_matrix((np.ones(same.sum()), (first[same], second[same])), shape=(n, n))
    count, piece = connected_components(graph, directed=False)
    outer = sides.count == 1
    high = outer & (vertices[1, sides.pairs] == height).all(axis=1)
    top = sides.owners[high, 0]
    bare = np.flatnonzero(np.array(keys)[raw.group[top]] != "lithium")
    if len(bare) or len(np.unique(piece[top])) > 1:
        where = "" if not len(bare) else f", where {raw.names[raw.group[top[bare[0]]]]!r} lies"
        raise InputError(
            f"the upper edge of the mesh is not all one piece of lithium{where}",
            file=str(path),
            key="geometry.mesh.labels.lithium",
            allowed="lithium all along the upper edge",
            cure="check labels, and turn the mesh so that the lithium is above",
        )
    low = outer & (vertices[1, sides.pairs] == 0.0).all(axis=1)
    foil = piece[top[0]]
    if (piece[sides.owners[low, 0]] == foil).any():
        raise InputError(
            "the lithium reaches the cathode's collector, which shorts the cell",
            file=str(path),
            key="geometry.mesh.labels.lithium",
            cure="check labels, and which edge of the mesh is up: its lower edge is the collector",
        )
    number = np.arange(count)
    number[: foil + 1] = np.roll(number[: foil + 1], -1)  # the foil is 0, those before it move up
    piece = number[piece]
    group = np.zeros(count, dtype=np.int64)
    group[piece] = raw.group
    return piece.astype(np.int64), group


def _roles(phase: NDArray[np.str_], left: Ints, right: Ints) -> tuple[Bools, Bools, Bools, Bools]:
    """Of each piece (n,): it touches live electrolyte, touches lithium; it is live electrolyte, is
    lithium that takes part.
    """

    def beside(these: Bools) -> Bools:
        found = np.zeros(len(phase), dtype=bool)
        found[left[these[right]]] = True
        found[right[these[left]]] = True
        return found

    foil = np.arange(len(phase)) == 0
    conducts = phase == Phase.ELECTROLYTE
    both = conducts[left] & conducts[right]
    n = len(phase)
    graph = coo_matrix((np.ones(both.sum()), (left[both], right[both])), shape=(n, n))
    _, network = connected_components(graph, directed=False)
    electrolyte = conducts & np.isin(network, network[conducts & beside(foil)])
    lithium = phase == Phase.LITHIUM
    reached = beside(electrolyte)
    return reached, beside(lithium), electrolyte, foil | (lithium & reached)


def _centres(vertices: Floats, triangles: Ints, piece: Ints, count: int) -> Floats:
    (ax, ay), (bx, by), (cx, cy) = np.moveaxis(vertices[:, triangles], 2, 0)
    area = np.abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay))
    whole = np.bincount(piece, area, count)
    return np.stack(
        [np.bincount(piece, area * z, count) / whole / 3.0 for z in (ax + bx + cx, ay + by + cy)]
    )


def _regions(
    table: MeshFile,
    lithium: str,
    key: NDArray[np.str_],
    alive: Bools,
    body: Ints,
    names: tuple[str, ...],
    group: Ints,
) -> Iterator[Region]:
    for k, kind in enumerate(key):
        name, number = names[group[k]], int(body[k])
        several = f" {k}" if (group == group[k]).sum() > 1 else ""
        if kind == "active":
            yield Region(f"particle {number}", Phase.ACTIVE, table.active, 0.0, number)
        elif kind == "void":
            yield Region(f"void {k}", Phase.VOID, "", 0.0)
        elif kind == "lithium" and alive[k]:
            name = f"isolated lithium {number - 1}" if number else "lithium"
            yield Region(name, Phase.LITHIUM, lithium, 0.0, number)
        elif kind == "lithium":
            yield Region(f"cut-off lithium {k}", Phase.IDLE, lithium, 0.0)
        else:
            material = table.separator if kind == "separator" else table.electrolyte
            factor = 1.0 if kind == "separator" else table.conductivity_factor
            role = Phase.ELECTROLYTE if alive[k] else Phase.IDLE
            name = f"{name}{several}" if alive[k] else f"cut-off electrolyte {k}"
            yield Region(name, role, material or "", 0.0, conductivity_factor=factor)


def _refuse_curved_rails(outlines: tuple[Outline, ...], phase: NDArray[np.str_]) -> None:
    """Lithium that moves slides on straight outlines only where its line ends at other pieces."""

    def ends(outline: Outline) -> set[tuple[float, float]]:
        return {(float(x), float(y)) for x, y in outline.curve.point(np.array([0.0, 1.0])).T}

    def is_line(outline: Outline) -> bool:
        sides = {str(phase[k]) for k in (outline.left, outline.right) if k != OUTSIDE}
        return sides == {str(Phase.LITHIUM), str(Phase.ELECTROLYTE)}

    places = {place for outline in outlines if is_line(outline) for place in ends(outline)}
    for outline in outlines:
        curved = np.isfinite(outline.curve.radius(np.linspace(0.0, 1.0, 9))).any()
        if curved and not is_line(outline) and places & ends(outline):
            place = np.array((places & ends(outline)).pop())
            raise InputError(
                f"the lithium surface ends at a curved outline near {near(place)}, on which it "
                "cannot slide",
                key="geometry.anode.motion",
                given="moved",
                allowed='"kept", or a mesh whose outlines are straight there',
                cure="save the mesh with Mesh.ElementOrder = 1",
            )


def _notes(
    table: MeshFile,
    raw: Read,
    middles: Floats,
    vertices: Floats,
    phase: NDArray[np.str_],
    alive: Bools,
    areas: Floats,
    why: NDArray[np.str_],
) -> Iterator[str]:
    order = "second" if (raw.middles >= 0).any() else "first"
    yield (
        f"The mesh has {len(raw.triangles)} triangles of {order} order in {len(raw.names)} groups; "
        f"a 1 in it is {table.unit.text}. mesh.size does not change them."
    )
    for word in ("electrolyte", "lithium"):
        mine = phase == word
        yield from idle_pieces(word, areas[:-1][mine], ~alive[mine])
    yield from idle_particles(why)
