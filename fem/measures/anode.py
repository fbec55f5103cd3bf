"""The profile along the lithium foil, and what is read off it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import cumulative_simpson

from fem.cell.blocks import Content
from fem.cell.composition import Cell
from fem.forms.interface import shape_slope
from fem.frozen import Frozen
from fem.geometry import Phase
from fem.geometry.types import ENCLOSED, Region
from fem.mesh import Ints, Mesh
from fem.spaces import Space

Floats = NDArray[np.float64]

AT_REST = 1e-6
"""Net current, as a share of all that crosses surfaces, below which there is none."""
SMALL_MEAN = 1e-3
"""A mean that is less of the largest value is one of parts that cancel: no ratio to it."""
RUNNING_WINDOW = 2e-6
"""Arc in m over which profiles are averaged before extremes are taken."""


@dataclass(frozen=True, eq=False)
class AnodeProfile(Frozen):
    """Nodes along the lithium foil from the left wall to the right, arrays of shape (n,).

    Attributes
    ----------
    s, x, y
        Arc length and coordinates in m.
    plating
        Plating current density in A/m^2, positive when lithium is plated.
    thickness
        Plated thickness in m.
    normal_stress
        Normal stress of the lithium on the electrolyte in Pa (tension positive); `None` where
        mechanics was not solved.
    nodes
        The mesh nodes.
    interphase
        Thickness in m of electrolyte that lithium has reduced; `None` where it reduces none.
    """

    s: Floats
    x: Floats
    y: Floats
    plating: Floats
    thickness: Floats
    normal_stress: Floats | None
    nodes: Ints
    interphase: Floats | None = None

    @property
    def length(self) -> float:
        """Arc length of the lithium line in m."""
        return float(self.s[-1])

    def mean(self, values: Floats) -> float:
        """Mean of nodal values along the line (each edge is a quadratic: Simpson is exact)."""
        return float(_simpson(values, self.s)[-1] / self.length)

    def running_mean(self, values: Floats, window: float = RUNNING_WINDOW) -> Floats:
        """Centred mean over an arc `window` (m) at every node, mirrored at the walls."""
        length = self.length
        total = _simpson(values, self.s)

        def integral(s: Floats) -> Floats:
            # Mirrored at both walls the profile has the period 2 L.
            periods = np.floor(s / (2.0 * length))
            r = s - 2.0 * length * periods
            up = np.interp(np.minimum(r, length), self.s, total)
            down = 2.0 * total[-1] - np.interp(2.0 * length - np.maximum(r, length), self.s, total)
            return np.asarray(2.0 * periods * total[-1] + np.where(r <= length, up, down))

        half = 0.5 * window
        return (integral(self.s + half) - integral(self.s - half)) / window

    def at(self, x: float, y: float, values: Floats) -> float:
        """The value at the node nearest to (x, y)."""
        return float(values[np.argmin(np.hypot(self.x - x, self.y - y))])


def percentile_along(anode: AnodeProfile, values: Floats, percent: float) -> float:
    """The value (of nodal ones) that `percent` of the arc length do not exceed."""
    half = 0.5 * np.diff(anode.s)
    arc = np.append(half, 0.0) + np.append(0.0, half)
    order = np.argsort(values)
    share = np.cumsum(arc[order])
    return float(np.interp(percent / 100.0 * share[-1], share - 0.5 * arc[order], values[order]))


def foil_nodes(mesh: Mesh) -> tuple[Ints, Floats]:
    """Mesh nodes along the foil from the left wall to the right, with their arc lengths (m)."""
    which = mesh.interface(Phase.LITHIUM)
    bodies = np.array([r.body for r in mesh.geometry.regions])
    foil = (mesh.geometry.phases == Phase.LITHIUM) & (bodies == 0)
    left, right = mesh.sides[which].T
    which = which[foil[left] | foil[right]]
    # Outlines of the foil are drawn from left to right with the foil on their left.
    edges, outline = mesh.edges[which], mesh.outline[which]
    middle = mesh.nodes[:, edges[:, 2]]
    parameter = np.empty(len(which))
    for k in np.unique(outline):
        mask = outline == k
        parameter[mask] = mesh.geometry.outlines[k].curve.parameter(middle[:, mask])
    edges = edges[np.lexsort((parameter, outline))]
    points, weights = np.polynomial.legendre.leggauss(5)
    lengths = []
    for low in (0.0, 0.5):
        slope = shape_slope(low + 0.25 * (points + 1.0))
        tangent = np.einsum("xea,aq->xeq", mesh.nodes[:, edges], slope)
        lengths.append(np.hypot(*tangent) @ weights * 0.25)
    s = np.cumsum(np.stack(lengths, axis=1).ravel())
    # Pores and the like interrupt the line: where a piece ends, its end and the next start have
    # the same arc length.
    ends = np.append(np.flatnonzero(edges[1:, 0] != edges[:-1, 1]), len(edges) - 1)
    nodes = np.insert(edges[:, [0, 2]].ravel(), 2 * (ends + 1), edges[ends, 1])
    at_starts = np.concatenate([[0.0], s])[:-1]
    return nodes, np.insert(at_starts, 2 * (ends + 1), s[2 * ends + 1])


def lithium_area(mesh: Mesh) -> float:
    """Area of all lithium in m^2."""
    return sum(r.area for r in mesh.geometry.regions if r.phase == Phase.LITHIUM)


def unstressed_area(cell: Cell, held: Content) -> float:
    """Area in m^2 that all lithium of the mesh's triangles would have without stress.

    That is what closes with the volume plated where lithium gives way to stress.
    """
    memory = None if cell.stress is None else cell.stress.memory
    if memory is None or len(memory.problem.parts) == 1:
        lithium = Space(cell.mesh, cell.mesh.elements(Phase.LITHIUM))
        return float(np.asarray(lithium.basis.dx).sum())
    return float(memory.problem.parts[1].unstressed(memory.history(held)[1]).sum())


def enclosed(mesh: Mesh) -> list[Region]:
    """Pieces of electrolyte that lithium has closed in, which no current reaches any more."""
    return [r for r in mesh.geometry.regions if r.name.startswith(ENCLOSED)]


def spread(
    name: str, anode: AnodeProfile, values: Floats, mean: float, least: float
) -> dict[str, float]:
    """Greatest and least of a profile, averaged over 2 um of arc, over its mean.

    They are nan where the mean is below `least`, or next to nothing beside the profile.
    """
    running = anode.running_mean(values)
    if abs(mean) <= max(least, SMALL_MEAN * float(np.abs(running).max())):
        return {f"{name}_max_over_mean": np.nan, f"{name}_min_over_mean": np.nan}
    return {
        f"{name}_max_over_mean": float((running / mean).max()),
        f"{name}_min_over_mean": float((running / mean).min()),
    }


def _simpson(values: Floats, s: Floats) -> Floats:
    """Running integral from the left wall (n,); pairs of intervals form the quadratic edges."""
    cuts = np.flatnonzero(np.diff(s) == 0.0) + 1
    running, total = [], 0.0
    for piece, along in zip(np.split(values, cuts), np.split(s, cuts), strict=True):
        running.append(total + cumulative_simpson(piece, x=along, initial=0.0))
        total = running[-1][-1]
    return np.concatenate(running)
