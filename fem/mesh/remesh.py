"""New triangles around a lithium line that has moved far; those of the particles stay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from fem.errors import InputError, SolveError
from fem.geometry.polyline import crossing
from fem.geometry.types import OUTSIDE, Geometry, Phase
from fem.mesh.cell import MICROMETRE, Floats, Ints, Mesh, assemble
from fem.mesh.contact import contact, nearest
from fem.mesh.seams import uncut
from fem.mesh.triangulate import Chain, Triangulation, chains_of, fill, joined, most_front

SAME_PLACE = 1e-12
"""Distance in m within which nodes of two meshes are one: far below any edge."""


@dataclass(frozen=True)
class Drawing:
    """A geometry and what it has of the one that a mesh shows.

    Attributes
    ----------
    geometry
        What is to be meshed.
    outlines
        Old numbers of outlines that are as they were, by their new ones.
    regions
        New number of each old region (n,); -1 if nothing is left of it.
    bodies
        Pairs (n, 2) of an old and a new body of lithium that have something in common.
    """

    geometry: Geometry
    outlines: dict[int, int]
    regions: Ints
    bodies: Ints

    @classmethod
    def of(cls, mesh: Mesh) -> Drawing:
        """All as the mesh has it."""
        geometry = mesh.geometry
        outlines = {k: k for k in range(len(geometry.outlines))}
        bodies = np.unique([r.body for r in geometry.regions if r.phase == Phase.LITHIUM])
        return cls(geometry, outlines, np.arange(len(geometry.regions)), np.c_[bodies, bodies])

    def stays(self, mesh: Mesh) -> NDArray[np.bool_]:
        """Whether each old region (n,) is there with all its outlines."""
        stays = self.regions >= 0
        gone = set(range(len(mesh.geometry.outlines))) - set(self.outlines.values())
        for k in gone:
            outline = mesh.geometry.outlines[k]
            stays[[side for side in (outline.left, outline.right) if side != OUTSIDE]] = False
        return np.asarray(stays)


def remeshed(
    mesh: Mesh,
    size: float,
    growth: float = 0.3,
    max_size: float | None = None,
    drawing: Drawing | None = None,
) -> Mesh:
    """A new mesh of the geometry that `mesh` has now, or of another `drawing` made of it.

    Regions that touch no Li|SE line, not even its ends, keep their triangles, in the same order;
    the others are filled anew between them. Where the mesher cuts edges that both share and that
    cannot be mended, as when the line has come near to the bed, all electrolyte is filled anew and
    only such particles are kept.

    Parameters
    ----------
    size, growth, max_size
        As for `fem.mesh.generate`.

    Raises
    ------
    SolveError
        If the space between the line and the particles is too narrow to be meshed.
    """
    largest = (10.0 * size if max_size is None else max_size) / MICROMETRE
    drawing = Drawing.of(mesh) if drawing is None else drawing
    still = ~touching(mesh) & drawing.stays(mesh)
    particles = (mesh.geometry.phases == Phase.ACTIVE) & still
    for kept in (still, particles):
        try:
            whole = _refilled(mesh, drawing, kept, size, growth, largest)
        except InputError as error:
            raise SolveError(
                f"the moved lithium line cannot be meshed{nearest(mesh)}: {error.problem}",
                cures=("a smaller mesh.size", "end the run before lines and particles come close"),
            ) from error
        if whole is not None:
            return whole
    raise SolveError(
        f"the moved lithium line cannot be meshed{nearest(mesh)}, without new triangles in the "
        "particles",
        cures=("a smaller mesh.size", "end the run before lines and particles come close"),
    )


def touching(mesh: Mesh) -> NDArray[np.bool_]:
    """Whether each region (n,) has a vertex on a Li|SE line: it changes its shape or its rim."""
    on_line = np.zeros(mesh.skfem.nvertices, dtype=bool)
    on_line[mesh.edges[mesh.interface(Phase.LITHIUM), :2]] = True
    found = np.zeros(len(mesh.geometry.regions), dtype=bool)
    found[mesh.region[on_line[mesh.triangles[:, :3]].any(axis=1)]] = True
    return found


def same_nodes(old: Mesh, new: Mesh, phase: Phase = Phase.ACTIVE) -> tuple[Ints, Ints]:
    """Nodes of one phase in a mesh and in its `remeshed` successor.

    Pieces that a Li|SE line touches are left out: they have new triangles.

    Returns
    -------
    tuple[Ints, Ints]
        Node numbers in the old mesh, ascending, and in the new one, pair by pair.

    Raises
    ------
    SolveError
        If a node of the phase has moved, vanished or appeared.
    """
    alike = [(m.geometry.phases == phase) & ~touching(m) for m in (old, new)]
    bodies = [np.array([region.body for region in m.geometry.regions]) for m in (old, new)]
    both = np.intersect1d(bodies[0][alike[0]], bodies[1][alike[1]])
    before, after = (
        np.unique(m.triangles[(wanted & np.isin(body, both))[m.region]])
        for m, wanted, body in zip((old, new), alike, bodies, strict=True)
    )
    if len(before):
        distance, match = cKDTree(new.nodes[:, after].T).query(old.nodes[:, before].T)
        if len(before) == len(after) == len(np.unique(match)) and distance.max() < SAME_PLACE:
            return before, after[match]
    elif not len(after):
        return before, after
    raise SolveError(
        f"the nodes of the {phase} differ between two meshes, so fields there cannot be carried on",
        cures=("make new meshes of a run with remeshed",),
    )


def _refilled(
    mesh: Mesh,
    drawing: Drawing,
    kept: NDArray[np.bool_],
    size: float,
    growth: float,
    largest: float,
) -> Mesh | None:
    """The mesh with new triangles in regions not `kept`; `None` if kept edges would be cut."""
    geometry = drawing.geometry
    keeps = {int(k) for k in drawing.regions[kept]}
    chains: list[Chain] = []
    shared: dict[int, Floats] = {}
    for chain in chains_of(geometry, size):
        sides = {chain.left, chain.right}
        if sides <= keeps | {OUTSIDE}:
            continue
        if sides & keeps:
            along = mesh.vertices_along(drawing.outlines[chain.number])
            points = mesh.nodes[:, along] / MICROMETRE
            left, right = (OUTSIDE if k in keeps else k for k in (chain.left, chain.right))
            chain = Chain(points, left, right, chain.number)
            shared[chain.number] = points
        chains.append(chain)
    _refuse_crossing(mesh, geometry, chains)
    filled = fill(chains, growth, largest, most_front(geometry))
    for number, points in shared.items():
        if (filled.outline == number).sum() != points.shape[1] - 1:
            mended = uncut(filled, number, points)
            if mended is None:
                return None
            filled = mended
    old, seam = _part(mesh, drawing, kept)
    rim = np.unique(filled.edges[np.isin(filled.outline, list(shared))])
    both = joined([old, filled], [seam, rim])
    return assemble(
        both.vertices * MICROMETRE, both.triangles, both.region, both.edges, both.outline, geometry
    )


def _refuse_crossing(mesh: Mesh, geometry: Geometry, chains: list[Chain]) -> None:
    """Raise a `SolveError` if chains bound no regions: the mesher might not return.

    That is, if they meet other than at their ends, or if a region has turned inside out.
    """
    areas = np.zeros(len(geometry.regions) + 1)
    for chain in chains:
        x, y = chain.points
        moment = 0.5 * (x[1:] + x[:-1]) @ np.diff(y)
        areas[chain.left] += moment
        areas[chain.right] -= moment
    filled = np.unique([side for chain in chains for side in (chain.left, chain.right)])
    gone = filled[(areas[filled] <= 0.0) & (filled != OUTSIDE)]
    if len(gone):
        raise SolveError(
            f"nothing is left of {geometry.regions[gone[0]].name} as the lithium line moves",
            cures=("end the run before that",),
        )
    # Ends of neighbouring chains agree to rounding; to the mesher, within 1e-7 um.
    if crossing([np.round(chain.points, 7) for chain in chains]):
        raise contact(mesh) or SolveError(
            f"the moved lithium line crosses itself or what it ends at{nearest(mesh)}",
            cures=("end the run before that", "a smaller mesh.size"),
        )


def _part(mesh: Mesh, drawing: Drawing, kept: NDArray[np.bool_]) -> tuple[Triangulation, Ints]:
    """The triangles of kept regions, and those of their vertices that others share.

    Edges between kept and other regions are left out: they come with the others.
    """
    inside = kept[mesh.region]
    triangles = mesh.triangles[:, :3]
    vertices, local = np.unique(triangles[inside], return_inverse=True)
    own = ((mesh.sides == OUTSIDE) | kept[mesh.sides]).all(axis=1)
    number = np.full(len(mesh.geometry.outlines), -1)
    number[list(drawing.outlines.values())] = list(drawing.outlines)
    part = Triangulation(
        mesh.nodes[:, vertices] / MICROMETRE,
        local.reshape(-1, 3),
        drawing.regions[mesh.region[inside]],
        np.searchsorted(vertices, mesh.edges[own, :2]),
        number[mesh.outline[own]],
    )
    return part, np.flatnonzero(np.isin(vertices, triangles[~inside]))
