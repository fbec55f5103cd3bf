"""What a mesh of one's own must be: a rectangle filled once, by triangles that share nodes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from fem.geometry.msh import Floats, Ints, refuse
from fem.geometry.sides import Sides
from fem.geometry.types import Phase

DOUBLE = 1e-3
"""Distance over the shortest side of a triangle within which two nodes are one."""


def refuse_unsound(
    vertices: Floats, triangles: Ints, sides: Sides, width: float, height: float, path: Path
) -> None:
    """Raise an `InputError` unless triangles fill the rectangle once and share their nodes."""
    corners = vertices[:, triangles]
    shortest = np.hypot(*(vertices[:, sides.pairs[:, 0]] - vertices[:, sides.pairs[:, 1]])).min()
    twins = cKDTree(vertices.T).query_pairs(DOUBLE * shortest, output_type="ndarray")
    if shortest <= 0.0 or len(twins):
        place = vertices[:, twins[0, 0]] if len(twins) else vertices[:, sides.pairs[0, 0]]
        raise refuse(
            f"{len(twins)} nodes are there twice, one of them near {near(place)}",
            path,
            "join them: Coherence; before meshing, or Coherence Mesh; after it",
            "one node a place, so that neighbouring groups share those between them",
        )
    if (sides.count > 2).any():
        place = vertices[:, sides.pairs[np.argmax(sides.count)]].mean(axis=1)
        raise refuse(
            f"more than two triangles share a side near {near(place)}",
            path,
            "put every surface into one physical group only",
            "triangles that lie beside each other",
        )
    outer = vertices[:, sides.pairs[sides.count == 1]]
    on_wall = np.zeros(outer.shape[1], dtype=bool)
    for axis, size in ((0, width), (1, height)):
        for end in (0.0, size):
            on_wall |= (outer[axis] == end).all(axis=1)
    if not on_wall.all():
        place = outer[:, ~on_wall][:, 0].mean(axis=1)
        raise refuse(
            f"the mesh has a gap or a bay near {near(place)}: {int((~on_wall).sum())} sides of "
            "triangles there belong to one triangle only",
            path,
            "mesh pores as well and name them in labels.void; let neighbouring surfaces share "
            "their lines",
            "a rectangle full of triangles",
        )
    (ax, ay), (bx, by), (cx, cy) = np.moveaxis(corners, 2, 0)
    area = 0.5 * float(np.abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)).sum())
    if abs(area - width * height) > 1e-6 * width * height:
        raise refuse(
            f"the triangles have {area / (width * height):.6g} of the area of their rectangle",
            path,
            "let surfaces not overlap: BooleanFragments makes them neighbours",
            "a rectangle that triangles fill once",
        )


def refuse_corners(
    vertices: Floats, triangles: Ints, sides: Sides, phase: NDArray[np.str_], path: Path
) -> None:
    """Raise an `InputError` if two wedges of one phase meet at a node only, which would join them.

    `phase` is that of each triangle (nt,).
    """
    n = len(triangles)
    first, second = sides.owners[sides.count == 2].T
    alike = phase[first] == phase[second]
    # Corners of neighbouring triangles are joined at both ends of the side that they share.
    here, there = [], []
    ends = sides.pairs[sides.count == 2]
    for k in range(2):
        at = ends[alike, k][:, None]
        here.append(3 * first[alike] + np.argmax(triangles[first[alike]] == at, axis=1))
        there.append(3 * second[alike] + np.argmax(triangles[second[alike]] == at, axis=1))
    joined = (np.concatenate(here), np.concatenate(there))
    graph = coo_matrix((np.ones(len(joined[0])), joined), shape=(3 * n, 3 * n))
    count, wedge = connected_components(graph, directed=False)
    vertex, kind = np.zeros(count, dtype=int), np.zeros(count, dtype=phase.dtype)
    vertex[wedge], kind[wedge] = triangles.ravel(), np.repeat(phase, 3)
    conducts = kind != str(Phase.VOID)
    both, times = np.unique(
        np.stack([vertex[conducts], np.unique(kind, return_inverse=True)[1][conducts]], axis=1),
        axis=0,
        return_counts=True,
    )
    if (times > 1).any():
        at = both[times > 1][0, 0]
        raise refuse(
            f"pieces of {np.unique(kind)[both[times > 1][0, 1]]} meet at one node only, near "
            f"{near(vertices[:, at])}, and at {int((times > 1).sum()) - 1} other places",
            path,
            "let them overlap a little, or keep a gap between them",
            "pieces that share a side, or nothing",
        )


def near(place: Floats) -> str:
    """A place in words."""
    return f"({place[0] * 1e6:.4g}, {place[1] * 1e6:.4g}) um"
