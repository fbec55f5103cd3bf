"""Where a line of lithium is not smooth."""

from __future__ import annotations

import numpy as np

from fem.geometry import Phase
from fem.mesh import Ints, Mesh

NEAR = 1e-4
"""Share of a curve that its direction at an end is read from."""
ALIKE = 1e-2
"""Difference of directions, and of curvatures over the larger one, that is no kink."""


def kinks_of(mesh: Mesh) -> Ints:
    """Nodes of the lithium's surface at which direction or curvature jump, (n,)."""
    which = mesh.interface(Phase.LITHIUM)
    nodes, outline = mesh.edges[which][:, :2].ravel(), np.repeat(mesh.outline[which], 2)
    found = []
    for node in np.unique(nodes).tolist():
        curves = np.unique(outline[nodes == node])
        if len(curves) > 1 and not _smooth(mesh, node, curves):
            found.append(node)
    return np.array(found, dtype=np.int64)


def _smooth(mesh: Mesh, node: int, outlines: Ints) -> bool:
    """Whether outlines that meet at a node go on as one curve there."""
    directions, bends = [], []
    for number in outlines.tolist():
        curve = mesh.geometry.outlines[number].curve
        ends = curve.point(np.array([0.0, 1.0]))
        end = float(np.argmin(np.hypot(*(ends - mesh.nodes[:, [node]]))))
        along = np.diff(curve.point(np.array(sorted((end, abs(end - NEAR))))))[:, 0]
        directions.append(along / np.hypot(*along))
        bends.append(1.0 / curve.radius(np.array([end]))[0])
    turn = float(np.ptp(directions, axis=0).max())
    return turn < ALIKE and float(np.ptp(bends)) <= ALIKE * max(bends)
