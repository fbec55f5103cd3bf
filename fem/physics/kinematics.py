"""What holds the cell, and how lithium, electrolyte and particles move against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_diag, coo_matrix, csr_matrix, identity, kron
from scipy.sparse.csgraph import connected_components

from fem.forms.interface import Edges
from fem.laws.bonds import BondLaw
from fem.mesh import Ints, Mesh
from fem.physics.bonds import SolidInterface, merged
from fem.physics.constraints import AffineMap, Constraints
from fem.physics.mechanisms import Pieces, supports
from fem.spaces import Space, interpolation

Floats = NDArray[np.float64]

X, Y = 0, 1


@dataclass(frozen=True)
class Conditions:
    """What is assumed of lithium, contact and supports; the words are those of the case file.

    Attributes
    ----------
    stack_pressure
        Pressure of the plate in Pa; with a spring, that of the start.
    stack_stiffness
        Of the spring per area that the plate leans on, in Pa/m: 0 for dead weight, infinite for a
        plate that stays where the stack's pressure has put it.
    stack_compliance
        Of layers between plate and spring that are not drawn, in m/Pa: what they are compressed by
        for each unit of pressure.
    particle_electrolyte, particle_particle, lithium_electrolyte
        What holds faces of these kinds together; `None` for a bond that is perfect. Lithium parts
        from what it lies on only if it deforms; `contact` then says nothing.
    shrinks
        Whether electrolyte loses volume where it meets particles.
    """

    lithium: str = "rigid"
    contact: str = "stick"
    kinematics: str = "plane strain"
    top: str = "free"
    stack_pressure: float = 0.0
    stack_stiffness: float = 0.0
    stack_compliance: float = 0.0
    particle_electrolyte: BondLaw | None = None
    particle_particle: BondLaw | None = None
    lithium_electrolyte: BondLaw | None = None
    shrinks: bool = False

    @property
    def deforms(self) -> bool:
        """Whether lithium is a body with displacements of its own."""
        return self.lithium in ("elastic", "viscoplastic")

    @property
    def top_is_fixed(self) -> bool:
        """Whether the plate cannot move, however hard it is pressed."""
        return self.top == "held" or (self.top == "plate" and np.isinf(self._in_series))

    @property
    def spring(self) -> float:
        """Stiffness per area in Pa/m of what the plate leans on; 0 where it cannot give."""
        return self._in_series if self.top == "plate" and not self.top_is_fixed else 0.0

    @property
    def _in_series(self) -> float:
        """Stiffness per area of spring and layers, one after the other."""
        stiffness, give = self.stack_stiffness, self.stack_compliance
        if not give or not stiffness:
            return stiffness
        return 1.0 / (1.0 / stiffness + give)

    @property
    def _particles_part(self) -> bool:
        return self.particle_electrolyte is not None or self.particle_particle is not None

    @property
    def separate(self) -> bool:
        """Whether displacements jump around particles, which needs bodies that are apart."""
        return self._particles_part or self.shrinks

    @property
    def lithium_parts(self) -> bool:
        """Whether lithium may part from what it lies on."""
        return self.deforms and self.lithium_electrolyte is not None

    @property
    def part(self) -> bool:
        """Whether any faces may part."""
        return self._particles_part or self.lithium_parts


@dataclass(frozen=True)
class LithiumLine:
    """Where one lithium body touches the composite.

    Attributes
    ----------
    nodes, normals
        Mesh nodes (n,) and unit normals there (2, n), out of the lithium.
    plated
        Which of them lie on the electrolyte (n,), where lithium is plated.
    unknowns
        Of the composite at these nodes (n,).
    """

    nodes: Ints
    normals: Floats
    plated: NDArray[np.bool_]
    unknowns: Ints

    @classmethod
    def of(cls, contact: Edges, plated: Ints, number: Ints) -> Self:
        """Along edges where lithium touches a solid, plated or not, at nodes that are `plated`.

        `number` (N,) are the unknowns of the composite at the mesh nodes.
        """
        nodes = np.unique(contact.nodes)
        normals = contact.nodal_normals(nodes)
        return cls(nodes, normals, np.isin(nodes, plated), number[nodes])


@dataclass(frozen=True)
class Kinematics:
    """All kinematic conditions of a cell.

    Attributes
    ----------
    map
        From unknowns and plated thickness to displacements.
    plate
        The unknown that is the rise of the plate on top, `None` where it has none.
    prescribed
        Displacements (n,) that follow a fixed plate, 1 for each metre of it.
    together
        Number (n,) of each unknown of the composite: those that move as one have the same.
    loose
        How many pieces hang on nothing and were held where they are.
    """

    map: AffineMap
    plate: int | None
    prescribed: Floats
    together: Ints
    loose: int


def kinematics(
    mesh: Mesh,
    bodies: Sequence[Space],
    lines: Sequence[LithiumLine],
    conditions: Conditions,
    interfaces: Sequence[SolidInterface] = (),
    ties: Sequence[Ints] = (),
) -> Kinematics:
    """All kinematic conditions of a cell.

    Parameters
    ----------
    bodies
        Electrolyte with particles, then lithium if it deforms. Displacements are numbered body
        after body, node after node, (x, y).
    lines
        Of each lithium body, the foil first.
    interfaces
        Where bodies that are separate face each other.
    ties
        Further pairs of unknowns of the composite that move together, (m, 2) each.
    """
    composite = bodies[0]
    bonded = [i.pairs for i in interfaces if getattr(conditions, i.kind) is None]
    if conditions.lithium_parts:
        lines = ()  # its faces are pairs of `interfaces`
    place = merged([*bonded, *ties], len(composite))
    first = np.unique(place, return_index=True)[1]
    # Composite unknowns that move as one are one from here on.
    nodes = [composite.nodes[first], *(body.nodes for body in bodies[1:])]
    starts = np.cumsum([0] + [2 * len(each) for each in nodes])
    constraints = Constraints(int(starts[-1]), mesh.nodes.shape[1])
    elastic = conditions.deforms
    plate: int | None = None
    x, y = mesh.nodes
    at_wall = (np.abs(x) < 1e-12) | (np.abs(x - mesh.geometry.width) < 1e-12)
    prescribed = np.zeros(int(starts[-1]))

    for number, line in enumerate(lines):
        if conditions.lithium == "yielded":
            break
        # The lithium's displacement follows the electrolyte's less h n; rigid lithium has no
        # displacement of its own, so that the electrolyte's is h n.
        unknowns, on = place[line.unknowns], line.plated
        for axis in (X, Y):
            own = 2 * unknowns + axis
            if elastic:
                lithium = starts[1] + 2 * bodies[1].number[line.nodes] + axis
                constraints.follow(lithium, own)
                constraints.jump(lithium[on], line.nodes[on], -line.normals[axis, on])
            else:
                constraints.bind(own)
                constraints.jump(own[on], line.nodes[on], line.normals[axis, on])
        if not elastic:
            if number == 0 and conditions.top_is_fixed:
                prescribed[2 * unknowns + Y] = 1.0
            elif number == 0:
                plate = constraints.added
            for dofs, factors in _rigid_motions(mesh, unknowns, number, line.nodes, conditions):
                constraints.unknowns(dofs, np.zeros(len(dofs), dtype=int), factors, 1)
        if conditions.contact == "slide" and number == 0:
            inside = ~at_wall[line.nodes]
            sliding, start, sign = (
                (bodies[1].number[line.nodes], starts[1], -1.0) if elastic else (unknowns, 0, 1.0)
            )
            dofs = start + 2 * sliding[inside][:, None] + np.arange(2)
            tangents = np.stack([-line.normals[Y], line.normals[X]])[:, inside]
            count = int(inside.sum())
            constraints.unknowns(
                dofs.ravel(), np.repeat(np.arange(count), 2), sign * tangents.T.ravel(),
                count, line.nodes[inside],
            )  # fmt: skip
    for start, each in zip(starts, nodes, strict=False):
        constraints.hold(start + 2 * np.flatnonzero(at_wall[each]) + X)
        constraints.hold(start + 2 * np.flatnonzero(np.abs(y[each]) < 1e-12) + Y)
    if elastic and conditions.top != "free":
        high = np.flatnonzero(np.abs(y[nodes[1]] - mesh.geometry.height) < 1e-12)
        high = starts[1] + 2 * high + Y
        if conditions.top_is_fixed:
            constraints.hold(high)
            prescribed[high] = 1.0
        else:
            constraints.bind(high)
            plate = constraints.added
            constraints.unknowns(high, np.zeros(len(high), dtype=int), np.ones(len(high)), 1)

    triangles = [place[composite.triangles], *(body.triangles for body in bodies[1:])]
    ups = [interpolation(t, len(n)) for t, n in zip(triangles, nodes, strict=True)]
    from_p1 = block_diag([kron(up, identity(2), format="csr") for up in ups], format="csr")
    modes = np.concatenate([_rigid_modes(mesh.nodes[:, each]) for each in nodes])
    midpoints = _midpoints(mesh, nodes[0], ups[0])
    spread = _spread(place, sum(len(body) for body in bodies[1:]))
    affine = constraints.build(from_p1, midpoints, modes)
    matrix = affine.matrix if spread is None else (spread @ affine.matrix).tocsr()
    # Faces that touch hold pieces, too.
    loose = supports(matrix, _pieces(mesh, bodies, [i.pairs for i in interfaces]))
    if loose:
        of_merged = np.arange(int(starts[-1])) if spread is None else spread.indices
        for _, dofs in loose:
            constraints.hold(of_merged[dofs])
        affine = constraints.build(from_p1, midpoints, modes)
        matrix = affine.matrix if spread is None else (spread @ affine.matrix).tocsr()
    if spread is not None:
        jump = (spread @ affine.jump).tocsr()
        affine = replace(affine, matrix=matrix, jump=jump)
        prescribed = spread @ prescribed
    if plate is not None:
        plate += affine.matrix.shape[1] - affine.added
    return Kinematics(affine, plate, prescribed, place, sum(len(pieces) for pieces, _ in loose))


def moving_with(
    nodes: Ints, on_line: Ints, together: Ints, bodies: Sequence[Space]
) -> tuple[csr_matrix, ...]:
    """Of each body which unknowns move with mesh nodes `nodes` (m,) of a line, (n, m) of ones.

    Parameters
    ----------
    on_line
        Unknown of the composite at each mesh node (N,).
    together
        Number of each unknown of the composite (n,): those that move as one have the same.
    """
    count = len(nodes)
    column = np.full(int(together.max()) + 1, -1)
    column[together[on_line[nodes]]] = np.arange(count)
    rows = np.flatnonzero(column[together] >= 0)
    places = [(rows, column[together[rows]])]
    places += [(body.number[nodes], np.arange(count)) for body in bodies[1:]]
    return tuple(
        csr_matrix((np.ones(len(place[0])), place), shape=(len(body), count))
        for place, body in zip(places, bodies, strict=True)
    )


def _spread(place: Ints, others: int) -> csr_matrix | None:
    """Displacements of all bodies from those with merged unknowns; `None` if none are merged."""
    if place[-1] == len(place) - 1:
        return None
    unknown = np.concatenate([place, place.max() + 1 + np.arange(others)])
    columns = (2 * unknown[:, None] + np.arange(2)).ravel()
    rows = np.arange(len(columns))
    shape = (len(rows), int(columns.max()) + 1)
    return coo_matrix((np.ones(len(rows)), (rows, columns)), shape=shape).tocsr()


def _pieces(mesh: Mesh, bodies: Sequence[Space], bonded: Sequence[Ints]) -> Pieces:
    """What is rigid in itself: sheets, and those that a bond along an edge makes one."""
    nodes = np.concatenate([body.nodes for body in bodies])
    counts = np.cumsum([0] + [int(body.sheet_of.max()) + 1 for body in bodies])
    sheet = np.concatenate([c + b.sheet_of for c, b in zip(counts[:-1], bodies, strict=True)])
    pairs = np.concatenate([np.zeros((0, 2), dtype=int), *bonded])
    first, second = sheet[pairs].T
    size = int(counts[-1])
    graph = coo_matrix((np.ones(len(first), dtype=bool), (first, second)), shape=(size, size))
    label = np.asarray(connected_components(graph, directed=False)[1], dtype=int)
    return Pieces(mesh.nodes[:, nodes], nodes, label[sheet])


def _rigid_motions(
    mesh: Mesh, unknowns: Ints, number: int, nodes: Ints, conditions: Conditions
) -> list[tuple[Ints, Floats]]:
    """Free motions of a rigid lithium body: displacements and factors."""
    own = 2 * unknowns
    ones = np.ones(len(nodes))
    if number == 0:
        return [] if conditions.top_is_fixed else [(own + Y, ones)]
    position = mesh.nodes[:, nodes]
    lever = (position - position.mean(axis=1, keepdims=True)) / np.ptp(position[X])
    turn = np.concatenate([-lever[Y], lever[X]])
    return [(own + X, ones), (own + Y, ones), (np.concatenate([own + X, own + Y]), turn)]


def _midpoints(mesh: Mesh, nodes: Ints, from_p1: csr_matrix) -> csr_matrix:
    """P1 as P2 on the nodes of the electrolyte, with columns numbered by mesh nodes.

    `nodes` (n,) are the mesh nodes of its unknowns; of several at one node the first counts.
    """
    vertices = np.flatnonzero(np.diff(from_p1.indptr) == 1)
    of_column = np.empty(from_p1.shape[1], dtype=int)
    of_column[from_p1.indices[from_p1.indptr[vertices]]] = nodes[vertices]
    there, first = np.unique(nodes, return_index=True)
    local = from_p1[first]
    n = mesh.nodes.shape[1]
    counts = np.zeros(n + 1, dtype=int)
    counts[there + 1] = np.diff(local.indptr)
    return csr_matrix((local.data, of_column[local.indices], np.cumsum(counts)), shape=(n, n))


def _rigid_modes(points: Floats) -> Floats:
    """Translations and rotation of points (2, n), each scaled to order one: (2 n, 3)."""
    centred = (points - points.mean(axis=1, keepdims=True)) / np.ptp(points)
    modes = np.zeros((2 * points.shape[1], 3))
    modes[X::2, 0] = modes[Y::2, 1] = 1.0
    modes[X::2, 2], modes[Y::2, 2] = -centred[Y], centred[X]
    return modes
