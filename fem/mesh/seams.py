"""Edges that two triangulations share, where the mesher has cut them on one side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from fem.mesh.triangulate import Floats, Ints, Triangulation

SAME_POINT = 1e-6
"""Distance in um within which a vertex is a point of a chain."""


def uncut(mesh: Triangulation, number: int, points: Floats) -> Triangulation | None:
    """A triangulation without the vertices that a mesher added on a chain at its rim.

    The mesher cuts an edge beside shorter ones. Each vertex that it added is drawn into a neighbour
    on the chain, and the triangle between them goes.

    Parameters
    ----------
    number
        Of the chain, which has triangles on one side only.
    points
        (2, k) in um: the vertices that it shall have.

    Returns
    -------
    Triangulation or None
        `None` if triangles would turn over.
    """
    on_chain = mesh.on(number)
    distance = cKDTree(points.T).query(mesh.vertices[:, on_chain].T)[0]
    added = on_chain[distance > SAME_POINT]
    triangles, edges = mesh.triangles.copy(), mesh.edges.copy()
    alive, edge_alive = np.ones(len(triangles), dtype=bool), np.ones(len(edges), dtype=bool)
    left = [int(vertex) for vertex in added]
    while left:
        remaining = []
        for vertex in left:
            mine = np.flatnonzero(edge_alive & (edges == vertex).any(axis=1))
            around = np.flatnonzero(alive & (triangles == vertex).any(axis=1))
            best = 0.0
            for edge in map(int, mine):
                start, end = edges[edge]
                into = int(end if start == vertex else start)
                between = (triangles[around] == into).any(axis=1)
                rest = np.where(triangles[around] == vertex, into, triangles[around])[~between]
                worst = float(_shapes(mesh.vertices, rest).min(initial=1.0))
                if between.sum() == 1 and worst > best:
                    best, target, dead = worst, into, edge
                    gone, changed, instead = around[between], around[~between], rest
            if best <= 0.0:
                remaining.append(vertex)
                continue
            alive[gone] = edge_alive[dead] = False
            triangles[changed] = instead
            edges[mine] = np.where(edges[mine] == vertex, target, edges[mine])
        if len(remaining) == len(left):
            return None
        left = remaining
    used = np.zeros(mesh.vertices.shape[1], dtype=bool)
    used[triangles[alive]] = True
    place = np.cumsum(used) - 1
    return replace(
        mesh,
        vertices=mesh.vertices[:, used],
        triangles=place[triangles[alive]],
        region=mesh.region[alive],
        edges=place[edges[edge_alive]],
        outline=mesh.outline[edge_alive],
    )


def _shapes(vertices: Floats, triangles: Ints) -> Floats:
    """Area over the sum of squared sides, times that of a counter-clockwise equilateral one."""
    a, b, c = (vertices[:, k] for k in triangles.T)
    u, v = b - a, c - a
    squares = (u**2 + v**2 + (c - b) ** 2).sum(axis=0)
    return np.asarray(2.0 * np.sqrt(3.0) * (u[0] * v[1] - u[1] * v[0]) / squares)
