"""What a cell remembers, carried over to a cell with other triangles or other lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from fem.cell.blocks import Content, Place
from fem.cell.composition import Cell
from fem.cell.lithium import LithiumInterface
from fem.geometry import Phase
from fem.mesh import Mesh
from fem.mesh.remesh import same_nodes
from fem.mesh.transfer import between, gathered, transferred
from fem.physics.particles import Resolved

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Before:
    """A cell whose line has moved, on triangles that are about to be replaced."""

    cell: Cell
    mesh: Mesh
    lithium: LithiumInterface
    pieces: bool = True
    """Whether lines have kept their pieces, so that each outline goes on as the same."""

    @property
    def places(self) -> Floats:
        """The quadrature points of its lines (2, n) in m."""
        return _places(self.lithium)


def carried(old: Before, new: Cell, content: Content) -> Content:
    """A content, or a rate, on another mesh, each block by where it sits."""
    carry = {
        Place.LITHIUM_POINTS: on_new_line,
        Place.LITHIUM_VALUES: values_on_new_line,
        Place.PARTICLE_NODES: _at_new_nodes,
    }
    return {
        name: carry[place](old, new, name, values)
        if (place := old.cell.blocks[name].place) in carry
        else values
        for name, values in content.items()
    }


def _at_new_nodes(old: Before, new: Cell, name: str, values: Floats) -> Floats:
    """Values at the nodes of particles whose triangles stay as they are."""
    before, after = (
        next(p for p in cell.particles if p.lithiation_name == name) for cell in (old.cell, new)
    )
    if not (isinstance(before.model, Resolved) and isinstance(after.model, Resolved)):
        return values
    same_nodes(old.mesh, new.mesh)  # refuses what has moved
    # Each particle on its own: two that touch have nodes in one place.
    found = np.empty_like(values)
    places = before.model.places(old.mesh), after.model.places(new.mesh)
    for row, (here, there) in enumerate(zip(*places, strict=True)):
        found[row] = values[row, cKDTree(here).query(there)[1]]
    return found


def on_new_line(old: Before, new: Cell, name: str, values: Floats) -> Floats:
    """Charge at the quadrature points of the new lines; none is lost."""
    if not old.pieces:
        amounts = gathered(values.ravel(), old.places, _places(new.lithium))
        return amounts.reshape(new.lithium.patches.weights.shape)

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


def values_on_new_line(old: Before, new: Cell, name: str, values: Floats) -> Floats:
    """Values at the quadrature points of the new lines, with the same integral.

    Where lines have changed their pieces there is no such integral, and values are those of the
    nearest points.
    """
    if not old.pieces:
        found = between(values.ravel(), old.places, _places(new.lithium))
        return found.reshape(new.lithium.patches.weights.shape)
    carried = on_new_line(old, new, name, values * old.lithium.patches.weights)
    return carried / new.lithium.patches.weights


def _places(lithium: LithiumInterface) -> Floats:
    patches = lithium.patches
    return np.asarray((patches.coordinates @ patches.shapes).reshape(2, -1))
