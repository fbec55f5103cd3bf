"""Walls, plates and tractions on solids of any drawing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, identity, kron

from fem.errors import InputError
from fem.forms.interface import Edges
from fem.mesh import Ints
from fem.physics.bonds import unknowns_beside
from fem.physics.constraints import AffineMap, Constraints
from fem.spaces import Space, interpolation

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Where = Callable[[Floats, Floats], Bools]
"""Which nodes, from their coordinates x and y in m."""

X, Y = 0, 1


@dataclass(frozen=True)
class Support:
    """Nodes whose displacement along an axis is given, or that of a rigid plate.

    Attributes
    ----------
    where
        Which nodes.
    axis
        0 for x, 1 for y.
    pressure
        Of a plate in Pa, positive where it presses against the axis; `None` for a wall, which
        stays where it is unless a step moves it.
    stiffness
        Of what the plate leans on, per area in Pa/m.
    """

    where: Where
    axis: int
    pressure: float | None = None
    stiffness: float = 0.0


@dataclass(frozen=True)
class Traction:
    """A force per area on edges at the border of the drawing.

    Attributes
    ----------
    where
        Which nodes: edges are loaded that have all of theirs among them.
    of
        Components along x and y in Pa from the coordinates in m, arrays of the same shape.
    """

    where: Where
    of: Callable[[Floats, Floats], tuple[Floats, Floats]]


def nodes_of(space: Space, support: Support) -> Ints:
    """Unknowns at the nodes of a support."""
    found = np.flatnonzero(support.where(*space.mesh.nodes[:, space.nodes]))
    if not len(found):
        raise InputError(
            "a support holds no node",
            given=f"axis {support.axis}",
            cure="let `where` be true at nodes of the border, within a tolerance",
        )
    return found


def edges_of(space: Space, traction: Traction) -> Edges:
    """Edges of the border that a traction acts on, numbered by unknowns."""
    mesh = space.mesh
    left, right = unknowns_beside(space, np.arange(len(mesh.edges)))
    outer = (left < 0).any(axis=1) != (right < 0).any(axis=1)
    rows = np.flatnonzero(outer & traction.where(*mesh.nodes)[mesh.edges].all(axis=1))
    if not len(rows):
        raise InputError(
            "a traction acts on no edge",
            given="no edge of the border has all its nodes there",
            cure="let `where` be true at nodes of the border, within a tolerance",
        )
    unknown = np.where(left[rows] >= 0, left[rows], right[rows])
    return Edges(unknown, mesh.nodes[:, mesh.edges[rows]])


Plates = list[tuple[int, Support, float]]
"""Of each plate its unknown, support and length in m."""


def map_of(
    space: Space, supports: Sequence[Support], nodes: Sequence[Ints], place: Ints
) -> tuple[AffineMap, Plates]:
    """Unknowns of the solids, of which those with one number in `place` move together."""
    size, count = space.mesh.nodes.shape[1], int(place.max()) + 1
    constraints = Constraints(2 * count, size)
    plates = []
    for support, unknowns in zip(supports, nodes, strict=True):
        dofs = 2 * np.unique(place[unknowns]) + support.axis
        if support.pressure is None:
            constraints.hold(dofs)
            continue
        constraints.bind(dofs)
        extent = np.ptp(space.mesh.nodes[:, space.nodes[unknowns]], axis=1)
        plates.append((constraints.added, support, float(np.hypot(*extent))))
        constraints.unknowns(dofs, np.zeros(len(dofs), dtype=int), np.ones(len(dofs)), 1)
    up = interpolation(place[space.triangles], count)
    from_p1 = kron(up, identity(2), format="csr")
    rigid = np.zeros((2 * count, 3))
    rigid[X::2, 0] = rigid[Y::2, 1] = 1.0
    affine = constraints.build(from_p1, csr_matrix((size, size)), rigid)
    unknown = (2 * place[:, None] + np.arange(2)).ravel()
    rows = np.arange(len(unknown))
    spread = coo_matrix((np.ones(len(rows)), (rows, unknown)), shape=(len(rows), 2 * count)).tocsr()
    matrix = (spread @ affine.matrix).tocsr()
    start = matrix.shape[1] - affine.added
    map_ = replace(affine, matrix=matrix, jump=csr_matrix((matrix.shape[0], size)))
    return map_, [(start + number, support, length) for number, support, length in plates]
