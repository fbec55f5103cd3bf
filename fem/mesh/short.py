"""How far lithium is from what must not touch it: particles, the cathode, its collector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from fem.geometry.types import OUTSIDE, Outline, Phase
from fem.mesh.cell import MICROMETRE, Mesh
from fem.mesh.ends import is_side
from fem.mesh.remesh import touching


@dataclass(frozen=True)
class Gap:
    """The narrowest gap between a lithium line and the cathode: its width (m), what is beyond it,
    and the place on the line (m).
    """

    width: float
    beyond: str
    place: tuple[float, float]

    @property
    def words(self) -> str:
        x, y = (z / MICROMETRE for z in self.place)
        return f"lithium has reached {self.beyond} near ({x:.4g}, {y:.4g}) um"


def gap_to_cathode(mesh: Mesh) -> Gap | None:
    """The narrowest gap; `None` where nothing of the cathode is beside the same electrolyte.

    The cathode is every piece of active material that lithium does not touch as drawn, the lower
    edge of the cell, and the line where one electrolyte ends at that of the composite.
    """
    geometry = mesh.geometry
    phases, touched = geometry.phases, touching(mesh)
    line = mesh.interface(Phase.LITHIUM)
    ours = np.unique(mesh.edges[line])
    at_bottom = bool(mesh.nodes[1, ours].min() <= 0.0)

    def name(outline: Outline) -> str:
        sides = [k for k in (outline.left, outline.right) if k != OUTSIDE]
        if Phase.ELECTROLYTE not in phases[sides]:
            return ""
        if len(sides) == 1:
            return "" if at_bottom or is_side(outline) else "the cathode's collector"
        if (phases[sides] == Phase.ELECTROLYTE).all():
            return "the cathode"
        beyond = [k for k in sides if phases[k] == Phase.ACTIVE and not touched[k]]
        return geometry.regions[beyond[0]].name.replace("cathode", "the cathode") if beyond else ""

    names = np.array([name(outline) for outline in geometry.outlines], dtype=object)
    rows = np.flatnonzero(names[mesh.outline] != "")
    if not len(rows):
        return None
    start, end, middle = mesh.edges[rows].T
    halves = np.concatenate([np.c_[start, middle], np.c_[middle, end]])
    tree = shapely.STRtree(shapely.linestrings(np.moveaxis(mesh.nodes[:, halves], 0, -1)))
    (_, found), distance = tree.query_nearest(
        shapely.points(mesh.nodes[:, ours].T), return_distance=True, all_matches=False
    )
    k = int(np.argmin(distance))
    x, y = mesh.nodes[:, ours[k]]
    beyond = str(names[mesh.outline[rows[found[k] % len(rows)]]])
    return Gap(float(distance[k]), beyond, (float(x), float(y)))
