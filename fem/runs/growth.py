"""A lithium interface that follows what is plated: mesh, cell and state move on together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skfem import MeshTri2

from fem.case import Case
from fem.cell.blocks import Content, Place
from fem.cell.build import lithium_of
from fem.cell.composition import Cell
from fem.cell.lithium import Followed, LithiumInterface
from fem.cell.state import State
from fem.geometry import Phase
from fem.mesh import Mesh
from fem.mesh.motion import advanced, largest_stretch, smallest_quality
from fem.mesh.plain import describe, mesh_arrays, mesh_from
from fem.mesh.remesh import remeshed, same_nodes
from fem.mesh.transfer import transferred
from fem.physics.congruent import ParticleGroup

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
    followed
        What the line shows of the plated lithium.
    """

    mesh: Mesh
    fresh: Floats
    followed: Followed

    @classmethod
    def drawn(cls, cell: Cell) -> Shape:
        """The mesh as drawn, with nothing plated."""
        return cls(cell.mesh, cell.mesh.nodes, cell.lithium.followed)

    @property
    def charge(self) -> float:
        """Charge of the lithium that the line has followed, in C per m of depth."""
        return float(self.followed.charge.sum())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All arrays, for a file; `facts` has the rest."""
        return mesh_arrays(self.mesh) | {
            "shape.fresh": self.fresh,
            "shape.plated": self.followed.charge,
            "shape.thickness": self.followed.thickness,
        }

    def facts(self) -> dict[str, Any]:
        """The geometry in the types of JSON."""
        return describe(self.mesh.geometry)

    @classmethod
    def taken_up(cls, arrays: Mapping[str, NDArray[Any]], facts: dict[str, Any]) -> Shape:
        """The shape that `arrays` and `facts` told of."""
        followed = Followed(arrays["shape.plated"], arrays["shape.thickness"])
        return cls(mesh_from(arrays, facts), arrays["shape.fresh"], followed)


def growth(cell: Cell, state: State) -> Floats:
    """Thickness plated at the nodes of the lithium since it moved last (m,), in m."""
    return cell.lithium.at_nodes(cell.lithium.since(state.content))


def due(case: Case, cell: Cell, state: State) -> bool:
    """Whether enough was plated for the line to move."""
    return float(np.abs(growth(cell, state)).max()) >= LAG * float(case.mesh.size)


def follow(case: Case, cell: Cell, shape: Shape, state: State) -> tuple[Shape, Cell, State]:
    """Move the line by what was plated; triangles that suffered too much are made anew.

    Raises
    ------
    SolveError
        If the line meets itself, a particle or the bed.
    """
    mesh, patches = shape.mesh, cell.lithium.patches
    thickness = growth(cell, state)
    volume = patches.by_piece(patches.loads(patches.at_points(thickness[None])))
    bodies = [patches.part(np.arange(patches.count) == k) for k in range(patches.count)]
    nodes = [body.patches.nodes[0] for body in bodies]
    mesh = advanced(
        mesh,
        nodes,
        [b.patches.all_edges.nodal_normals(own) for b, own in zip(bodies, nodes, strict=True)],
        [thickness[body.nodes] for body in bodies],
        volume.tolist(),
        SHARPEST_BEND * float(case.mesh.size),
    )
    worn = Mesh(
        MeshTri2(shape.fresh, mesh.skfem.t), mesh.region, mesh.edges, mesh.outline, mesh.geometry
    )
    if largest_stretch(mesh, worn) < MOST_STRETCH and smallest_quality(mesh, worn) > WORST_QUALITY:
        new = Cell(case, mesh, cell.parameters, like=cell)
        lithium = cell.lithium
        followed = Followed(
            lithium.charge(state.content), lithium.thickness_at_points(state.content)
        )
        new.lithium.followed = followed
        return Shape(mesh, shape.fresh, followed), new, state
    return _renewed(case, cell, mesh, state)


def _renewed(case: Case, cell: Cell, old: Mesh, state: State) -> tuple[Shape, Cell, State]:
    """A new mesh of the same shape, and the state carried over to it."""
    largest = None if case.mesh.max_size is None else float(case.mesh.max_size)
    mesh = remeshed(old, float(case.mesh.size), case.mesh.growth, largest)
    # Nothing is solved for on the old triangles, which need not even be sound.
    before = _Before(cell, old, lithium_of(case, old, cell.parameters))
    new = Cell(case, mesh, cell.parameters)
    content = _carried(before, new, state.content)
    thickness = cell.lithium.thickness_at_points(state.content)
    new.lithium.followed = Followed(
        new.lithium.charge(content), _values_on_new_line(before, new, "", thickness)
    )
    rate = None if state.rate is None else _carried(before, new, state.rate)
    return (
        Shape(mesh, mesh.nodes, new.lithium.followed),
        new,
        State(state.time, content, state.held, rate),
    )


@dataclass(frozen=True)
class _Before:
    """A cell whose line has moved, on triangles that are about to be replaced."""

    cell: Cell
    mesh: Mesh
    lithium: LithiumInterface


def _carried(old: _Before, new: Cell, content: Content) -> Content:
    """A content, or a rate, on another mesh, each block by where it sits."""
    carry = {
        Place.LITHIUM_POINTS: _on_new_line,
        Place.LITHIUM_VALUES: _values_on_new_line,
        Place.PARTICLE_NODES: _at_new_nodes,
    }
    return {
        name: carry[place](old, new, name, values)
        if (place := old.cell.blocks[name].place) in carry
        else values
        for name, values in content.items()
    }


def _at_new_nodes(old: _Before, new: Cell, name: str, values: Floats) -> Floats:
    """Values at the nodes of particles whose triangles stay as they are."""
    before, after = (
        next(p for p in cell.particles if p.lithiation_name == name) for cell in (old.cell, new)
    )
    if not isinstance(after.members, ParticleGroup) or values.shape[1] == 1:
        return values
    everywhere, renumbered = (np.zeros(mesh.nodes.shape[1]) for mesh in (old.mesh, new.mesh))
    before.on_mesh(values, everywhere)
    here, there = same_nodes(old.mesh, new.mesh)
    renumbered[there] = everywhere[here]
    return after.members.gathered(renumbered)


def _on_new_line(old: _Before, new: Cell, name: str, values: Floats) -> Floats:
    """Charge at the quadrature points of the new lines; none is lost."""

    def rows(mesh: Mesh) -> NDArray[np.int64]:
        # Edges stand body after body in a cell, and in the order of outlines in a mesh.
        bodies = mesh.interface_by_body(Phase.LITHIUM).values()
        return np.searchsorted(mesh.interface(Phase.LITHIUM), np.concatenate(list(bodies)))

    def in_order(mesh: Mesh, points: Floats) -> Floats:
        out = np.empty(points.shape[1:])
        out[rows(mesh)] = points[0]
        return out

    before, after = (in_order(c.mesh, c.lithium.patches.weights) for c in (old, new))
    carried = transferred(in_order(old.mesh, values), old.mesh, before, new.mesh, after)
    return carried[rows(new.mesh)][None]


def _values_on_new_line(old: _Before, new: Cell, name: str, values: Floats) -> Floats:
    """Values at the quadrature points of the new lines, with the same integral."""
    carried = _on_new_line(old, new, name, values * old.lithium.patches.weights)
    return carried / new.lithium.patches.weights
