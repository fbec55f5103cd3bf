"""A lithium interface that follows what is plated: mesh, cell and state move on together."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skfem import MeshTri2

from fem.case import Case
from fem.cell.coupling import Cell
from fem.cell.state import State
from fem.constants import FARADAY
from fem.geometry import Phase
from fem.mesh import Mesh
from fem.mesh.motion import advanced, largest_stretch, smallest_quality
from fem.mesh.plain import describe, mesh_arrays, mesh_from
from fem.mesh.remesh import remeshed, same_nodes
from fem.mesh.transfer import transferred
from fem.physics.surfaces import Patches
from fem.solve.stepping import Content, combine

Floats = NDArray[np.float64]

LAG = 0.05
"""The line moves once this share of the element size has been plated somewhere."""
SHARPEST_BEND = 0.5
"""Radius, as a share of the element size, below which bends of a line are rounded off."""
WORST_QUALITY = 0.3
MOST_STRETCH = 1.6
"""Elements flatter than this, or edges longer or shorter than new by this, call for a new mesh."""


@dataclass(frozen=True)
class Shape:
    """The present mesh, and what it is compared with.

    Attributes
    ----------
    fresh
        Nodes of the mesh when its triangles were new (2, N), in m.
    plated
        Charge on each lithium line when the line was moved last.
    """

    mesh: Mesh
    fresh: Floats
    plated: Content

    @classmethod
    def drawn(cls, mesh: Mesh, cell: Cell) -> Shape:
        """The mesh as drawn, with nothing plated."""
        return cls(mesh, mesh.nodes, tuple(np.zeros_like(line.weights) for line in cell.lines))

    @property
    def followed(self) -> float:
        """Charge of the lithium that the line has followed, in C per m of depth."""
        return float(sum(charge.sum() for charge in self.plated))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All arrays, for a file; `facts` has the rest."""
        plated = {f"shape.plated.{k}": charge for k, charge in enumerate(self.plated)}
        return mesh_arrays(self.mesh) | {"shape.fresh": self.fresh} | plated

    def facts(self) -> dict[str, Any]:
        """The geometry in the types of JSON."""
        return describe(self.mesh.geometry)

    @classmethod
    def taken_up(cls, arrays: Mapping[str, NDArray[Any]], facts: dict[str, Any]) -> Shape:
        """The shape that `arrays` and `facts` told of."""
        count = len([name for name in arrays if name.startswith("shape.plated.")])
        plated = tuple(arrays[f"shape.plated.{k}"] for k in range(count))
        return cls(mesh_from(arrays, facts), arrays["shape.fresh"], plated)


def growth(cell: Cell, shape: Shape, state: State) -> list[Floats]:
    """Thickness plated at the nodes of each line since it moved last (m,), in m."""
    since = combine(cell.plated(state.content), *((-1.0, shape.plated),))
    volume = cell.parameters.molar_volume / FARADAY
    return [
        cell.at_nodes(k, volume * charge / line.weights)
        for k, (line, charge) in enumerate(zip(cell.lines, since, strict=True))
    ]


def due(case: Case, cell: Cell, shape: Shape, state: State) -> bool:
    """Whether enough was plated for the line to move."""
    largest = max(float(np.abs(h).max()) for h in growth(cell, shape, state))
    return largest >= LAG * float(case.mesh.size)


def follow(case: Case, cell: Cell, shape: Shape, state: State) -> tuple[Shape, Cell, State]:
    """Move the line by what was plated; triangles that suffered too much are made anew.

    Raises
    ------
    SolveError
        If the line meets itself, a particle or the bed.
    """
    mesh = shape.mesh
    thickness = growth(cell, shape, state)
    nodes = [line.nodes[0] for line in cell.lines]
    normals = [line.all_edges.nodal_normals(line.nodes[0]) for line in cell.lines]
    volumes = [
        float((line.at_points(h[None]) * line.weights).sum())
        for line, h in zip(cell.lines, thickness, strict=True)
    ]
    radius = SHARPEST_BEND * float(case.mesh.size)
    mesh = advanced(mesh, nodes, normals, thickness, volumes, radius)
    worn = Mesh(
        MeshTri2(shape.fresh, mesh.skfem.t), mesh.region, mesh.edges, mesh.outline, mesh.geometry
    )
    if largest_stretch(mesh, worn) < MOST_STRETCH and smallest_quality(mesh, worn) > WORST_QUALITY:
        new = Cell(case, mesh, cell.parameters, like=cell)
        new.included = cell.plated(state.content)
        return Shape(mesh, shape.fresh, new.included), new, state
    return _renewed(case, cell, mesh, state)


def _renewed(case: Case, cell: Cell, old: Mesh, state: State) -> tuple[Shape, Cell, State]:
    """A new mesh of the same shape, and the state carried over to it."""
    largest = None if case.mesh.max_size is None else float(case.mesh.max_size)
    mesh = remeshed(old, float(case.mesh.size), case.mesh.growth, largest)
    # Nothing is solved for on the old triangles, which need not even be sound.
    before = copy(cell)
    before.mesh = old
    before.lines = tuple(
        Patches.line(old, which) for which in old.interface_by_body(Phase.LITHIUM).values()
    )
    new = Cell(case, mesh, cell.parameters)
    content = _carried(before, new, state.content)
    new.included = new.plated(content)
    rate = None if state.rate is None else _carried(before, new, state.rate)
    return (
        Shape(mesh, mesh.nodes, new.plated(content)),
        new,
        State(state.time, content, rate, None, ()),
    )


def _carried(old: Cell, new: Cell, content: Content) -> Content:
    """A content, or a rate, on the lines and particles of another mesh."""
    lines = _on_new_line(old, new, old.plated(content))
    values = np.zeros(old.mesh.nodes.shape[1])
    particles = list(old.lithiation(content))
    if old.diffusion[0].size > 1:
        for nodes, x in zip(old.particle_nodes(), particles, strict=True):
            values[nodes] = x
        before, after = same_nodes(old.mesh, new.mesh)
        renumbered = np.zeros(new.mesh.nodes.shape[1])
        renumbered[after] = values[before]
        particles = [renumbered[nodes] for nodes in new.particle_nodes()]
    return (*lines, *particles, *old.given(content))


def _on_new_line(old: Cell, new: Cell, plated: Content) -> Content:
    """Charge at the quadrature points of the new lines; none is lost."""

    def rows(cell: Cell) -> list[NDArray[np.int64]]:
        # Edges stand body after body in a cell, and in the order of outlines in a mesh.
        everything = cell.mesh.interface(Phase.LITHIUM)
        bodies = cell.mesh.interface_by_body(Phase.LITHIUM).values()
        return [np.searchsorted(everything, which) for which in bodies]

    def joined(cell: Cell, values: Content) -> Floats:
        out = np.empty((sum(len(v[0]) for v in values), values[0].shape[-1]))
        for place, value in zip(rows(cell), values, strict=True):
            out[place] = value[0]
        return out

    weights = [joined(cell, tuple(line.weights for line in cell.lines)) for cell in (old, new)]
    carried = transferred(joined(old, plated), old.mesh, weights[0], new.mesh, weights[1])
    return tuple(carried[place][None] for place in rows(new))
