"""What holds the cell, and how lithium and electrolyte move against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_diag, csr_matrix, identity, kron

from fem.mesh import Ints, Mesh
from fem.physics.constraints import AffineMap, Constraints
from fem.spaces import Space

Floats = NDArray[np.float64]

X, Y = 0, 1


@dataclass(frozen=True)
class Conditions:
    """What is assumed of lithium, contact and supports; the words are those of the case file."""

    lithium: str = "rigid"
    contact: str = "stick"
    kinematics: str = "plane strain"
    top: str = "free"
    stack_pressure: float = 0.0


def kinematics(
    mesh: Mesh,
    bodies: Sequence[Space],
    surfaces: Sequence[tuple[Ints, Floats]],
    conditions: Conditions,
) -> tuple[AffineMap, Floats]:
    """All kinematic conditions of a cell, and the loads on the unknowns that they add.

    Parameters
    ----------
    bodies
        Electrolyte with particles, then lithium if it is elastic. Displacements are numbered body
        after body, node after node, (x, y).
    surfaces
        For each lithium body (the foil first) its mesh nodes on the electrolyte (n,) and the unit
        normals there (2, n), out of the lithium.

    Returns
    -------
    The map from unknowns and plated thickness to displacements; forces (N per m of depth) on the
    unknowns.
    """
    geometry = mesh.geometry
    starts = np.cumsum([0] + [2 * len(body) for body in bodies])
    constraints = Constraints(int(starts[-1]), mesh.nodes.shape[1])
    loads: list[Floats] = []
    composite = bodies[0]
    elastic = conditions.lithium == "elastic"
    x, y = mesh.nodes
    at_wall = (np.abs(x) < 1e-12) | (np.abs(x - geometry.width) < 1e-12)
    bottom = np.abs(y) < 1e-12
    top = np.abs(y - geometry.height) < 1e-12
    weight = -conditions.stack_pressure * geometry.width

    for number, (nodes, normals) in enumerate(surfaces):
        if conditions.lithium == "yielded":
            break
        # The lithium's displacement follows the electrolyte's less h n; rigid lithium has no
        # displacement of its own, so that the electrolyte's is h n.
        for axis in (X, Y):
            own = 2 * composite.number[nodes] + axis
            if elastic:
                lithium = starts[1] + 2 * bodies[1].number[nodes] + axis
                constraints.follow(lithium, own)
                constraints.jump(lithium, nodes, -normals[axis])
            else:
                constraints.bind(own)
                constraints.jump(own, nodes, normals[axis])
        if not elastic:
            for dofs, factors, force in _rigid_motions(mesh, composite, number, nodes, conditions):
                constraints.unknowns(dofs, np.zeros(len(dofs), dtype=int), factors, 1)
                loads.append(np.array([force]))
        if conditions.contact == "slide" and number == 0:
            inside = ~at_wall[nodes]
            space, start, sign = (bodies[1], starts[1], -1.0) if elastic else (composite, 0, 1.0)
            dofs = start + 2 * space.number[nodes[inside]][:, None] + np.arange(2)
            tangents = np.stack([-normals[Y], normals[X]])[:, inside]
            count = int(inside.sum())
            constraints.unknowns(
                dofs.ravel(), np.repeat(np.arange(count), 2), sign * tangents.T.ravel(),
                count, nodes[inside],
            )  # fmt: skip
            loads.append(np.zeros(count))
    for start, body in zip(starts, bodies, strict=False):
        wall = body.number[np.flatnonzero(at_wall & (body.number >= 0))]
        constraints.hold(start + 2 * wall + X)
        low = body.number[np.flatnonzero(bottom & (body.number >= 0))]
        constraints.hold(start + 2 * low + Y)
    if elastic and conditions.top != "free":
        high = starts[1] + 2 * bodies[1].number[np.flatnonzero(top)] + Y
        if conditions.top == "held":
            constraints.hold(high)
        else:
            constraints.bind(high)
            constraints.unknowns(high, np.zeros(len(high), dtype=int), np.ones(len(high)), 1)
            loads.append(np.array([weight]))
    affine = constraints.build(
        block_diag([kron(b.from_p1, identity(2), format="csr") for b in bodies], format="csr"),
        _midpoints(mesh, composite),
        np.concatenate([_rigid_modes(mesh.nodes[:, body.nodes]) for body in bodies]),
    )
    load = np.zeros(affine.matrix.shape[1])
    if loads:
        load[-constraints.added :] = np.concatenate(loads)
    return affine, load


def _rigid_motions(
    mesh: Mesh, composite: Space, number: int, nodes: Ints, conditions: Conditions
) -> list[tuple[Ints, Floats, float]]:
    """Free motions of a rigid lithium body: displacements, factors, force in N per m."""
    own = 2 * composite.number[nodes]
    ones = np.ones(len(nodes))
    if number == 0:
        if conditions.top == "held":
            return []
        return [(own + Y, ones, -conditions.stack_pressure * mesh.geometry.width)]
    position = mesh.nodes[:, nodes]
    lever = (position - position.mean(axis=1, keepdims=True)) / np.ptp(position[X])
    turn = np.concatenate([-lever[Y], lever[X]])
    return [
        (own + X, ones, 0.0),
        (own + Y, ones, 0.0),
        (np.concatenate([own + X, own + Y]), turn, 0.0),
    ]


def _midpoints(mesh: Mesh, space: Space) -> csr_matrix:
    """P1 as P2 on the nodes of the electrolyte, with columns numbered by mesh nodes."""
    local = space.from_p1
    vertices = np.flatnonzero(np.diff(local.indptr) == 1)
    of_column = np.empty(local.shape[1], dtype=int)
    of_column[local.indices[local.indptr[vertices]]] = space.nodes[vertices]
    n = mesh.nodes.shape[1]
    counts = np.zeros(n + 1, dtype=int)
    counts[space.nodes + 1] = np.diff(local.indptr)
    return csr_matrix((local.data, of_column[local.indices], np.cumsum(counts)), shape=(n, n))


def _rigid_modes(points: Floats) -> Floats:
    """Translations and rotation of points (2, n), each scaled to order one: (2 n, 3)."""
    centred = (points - points.mean(axis=1, keepdims=True)) / np.ptp(points)
    modes = np.zeros((2 * points.shape[1], 3))
    modes[X::2, 0] = modes[Y::2, 1] = 1.0
    modes[X::2, 2], modes[Y::2, 2] = -centred[Y], centred[X]
    return modes
