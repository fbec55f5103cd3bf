"""What a lithium line that moved too far has met, in words."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from fem.errors import SolveError
from fem.geometry.types import OUTSIDE, Geometry, Outline, Phase
from fem.mesh.cell import MICROMETRE, Floats, Ints, Mesh


def contact(mesh: Mesh) -> SolveError | None:
    """An error that names what a lithium line crosses, if it does."""
    lithium = np.zeros(len(mesh.edges), dtype=bool)
    lithium[mesh.interface(Phase.LITHIUM)] = True
    start, end, middle = mesh.edges.T
    nodes = np.concatenate([np.c_[start, middle], np.c_[middle, end]])
    lithium, outline = np.tile(lithium, 2), np.tile(mesh.outline, 2)
    a, b = mesh.nodes[:, nodes[:, 0]], mesh.nodes[:, nodes[:, 1]]
    centre, length = 0.5 * (a + b), np.hypot(*(b - a))

    own = np.flatnonzero(lithium)
    reach = 0.5 * (length[own].max() + length.max())
    near = cKDTree(centre.T).query_ball_point(centre[:, own].T, reach)
    one = np.repeat(own, [len(found) for found in near])
    two = np.concatenate(near).astype(int)
    apart = (nodes[one][:, :, None] != nodes[two][:, None, :]).all(axis=(1, 2))
    one, two = one[apart], two[apart]

    def side(p: Floats, q: Floats, r: Floats) -> Floats:
        return np.asarray(np.sign((q - p)[0] * (r - p)[1] - (q - p)[1] * (r - p)[0]))

    p, q, r, s = a[:, one], b[:, one], a[:, two], b[:, two]
    crossed = np.flatnonzero((side(p, q, r) != side(p, q, s)) & (side(r, s, p) != side(r, s, q)))
    if not len(crossed):
        return None
    first = crossed[0]
    line, other = (mesh.geometry.outlines[outline[k[first]]] for k in (one, two))
    x, y = centre[:, one[first]] / MICROMETRE
    return SolveError(
        f"the lithium line touches {_named(mesh.geometry, line, other)} near ({x:.4g}, {y:.4g}) um",
        cures=("end the run before that", "a larger fillet where a hollow closes on itself"),
    )


def _named(geometry: Geometry, line: Outline, other: Outline) -> str:
    """What an outline is to a lithium line that meets it."""
    if OUTSIDE in (other.left, other.right):
        return "the rim of the cell"
    regions = [geometry.regions[k] for k in (other.left, other.right)]
    solids = [region for region in regions if region.phase != Phase.ELECTROLYTE]
    if not solids:
        return "the cathode"
    bodies = [
        {k for k in (o.left, o.right) if geometry.regions[k].phase == Phase.LITHIUM}
        for o in (line, other)
    ]
    return "itself" if bodies[0] == bodies[1] else solids[0].name


def nearest(mesh: Mesh) -> str:
    """What is nearest to a lithium line, in words: its distance, its name and the place."""
    which = mesh.interface(Phase.LITHIUM)
    ours, others = np.unique(mesh.edges[which]), np.ones(len(mesh.edges), dtype=bool)
    others[which] = False
    # What touches the line is as near as can be; what both sides of are electrolyte is no obstacle.
    touched = np.unique(mesh.outline[np.isin(mesh.edges[:, :2], ours).any(axis=1)])
    others &= ~np.isin(mesh.outline, touched)
    others &= mesh.phase_sides[:, 0] != mesh.phase_sides[:, 1]
    rows = np.flatnonzero(others)
    if not len(rows):
        return ""
    distance, found = cKDTree(mesh.nodes[:, mesh.edges[rows, 2]].T).query(mesh.nodes[:, ours].T)
    k = int(np.argmin(distance))
    geometry = mesh.geometry
    other = geometry.outlines[mesh.outline[rows[found[k]]]]
    x, y = mesh.nodes[:, ours[k]] / MICROMETRE
    name = _named(geometry, geometry.outlines[mesh.outline[which[0]]], other)
    return f", {distance[k] / MICROMETRE:.3g} um from {name} near ({x:.4g}, {y:.4g}) um"


def fold(mesh: Mesh, folded: Ints) -> SolveError:
    x, y = mesh.nodes[:, mesh.triangles[folded[0]]].mean(axis=1) / MICROMETRE
    return SolveError(
        f"{len(folded)} triangles fold as the lithium line moves, "
        f"the first near ({x:.4g}, {y:.4g}) um",
        cures=("a new mesh before the step", "a shorter step", "a smaller mesh.size"),
    )
