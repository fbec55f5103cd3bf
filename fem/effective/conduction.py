"""Effective conductivity of a box: what it conducts along x and y, and bounds from both sides.

Three boundary-value problems of ``div(sigma grad phi) = 0`` on the conducting part of a box:

equipotential faces
    Two opposite faces at two potentials, the others insulated. This is the conductivity that a
    measurement between two electrodes finds, and exactly that of the endless medium which repeated
    reflection of the box at its faces makes.
linear potential
    ``phi = E . x`` on all four faces. Of all fields with the mean E it allows the fewest, so the
    tensor exceeds, or equals, that of the medium the box was cut from.
uniform current
    The current enters and leaves evenly over the conducting part of two opposite faces. Of all
    currents it allows the fewest, so this conductivity is never above the former two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from fem.effective.box import FACES, Box, Pieces
from fem.forms.charge import conduction
from fem.forms.interface import Edges
from fem.mesh import Ints
from fem.solve.linear import TwoLevel
from fem.spaces import Space

Floats = NDArray[np.float64]

ROUNDING = 1e-12
"""How far a tortuosity factor of 1 ends off it."""


@dataclass(frozen=True)
class Potential:
    """A field that drives 1 V/m through the box: potentials in V at the unknowns of `space`."""

    space: Space
    values: Floats
    conductivity: Floats
    """Of the triangles of `space` in S/m."""


@dataclass(frozen=True)
class Conduction:
    """How a box conducts; pairs are along x and along y, conductivities in S/m.

    Attributes
    ----------
    mean
        Area mean of the conductivity over the box, insulators included.
    percolating
        Fraction of the conductor's area in pieces that join the faces.
    effective
        Conductivity between equipotential faces, 0 where no piece joins them.
    lower, upper
        Conductivity under a uniform current and under a linear potential: ``lower <= effective
        <= upper``, on every mesh.
    tensor_lower, tensor_upper
        The same as tensors (2, 2). ``E . tensor_lower E <= E . tensor_upper E`` for every E.
    potentials
        Fields between equipotential faces, `None` where no piece joins them.
    """

    mean: float
    percolating: tuple[float, float]
    effective: tuple[float, float]
    lower: tuple[float, float]
    upper: tuple[float, float]
    tensor_lower: Floats
    tensor_upper: Floats
    potentials: tuple[Potential | None, Potential | None]

    @property
    def tortuosity_factor(self) -> tuple[float | None, float | None]:
        """``mean / effective``: conducting fraction times conductivity over effective conductivity.

        At least 1, since no shape conducts better than straight channels; `None` where nothing
        joins the faces.
        """
        return tortuosity_factor(self.mean, self.effective)


def tortuosity_factor(
    mean: float, effective: tuple[float, float]
) -> tuple[float | None, float | None]:
    """``mean / effective`` along x and y; `None` where nothing is conducted."""
    x, y = (mean / value if value > 0.0 else None for value in effective)
    # A straight channel has 1 exactly, and would end a rounding error off.
    x, y = (f if f is None or f > 1.0 + ROUNDING else 1.0 for f in (x, y))
    return x, y


def between_faces(
    box: Box, conductivity: Floats, resistance: float = 0.0
) -> tuple[tuple[float, float], tuple[Potential | None, Potential | None]]:
    """Conductivity in S/m between equipotential faces along x and along y, and the fields.

    Only pieces that join two faces carry a current between them.

    Parameters
    ----------
    conductivity
        Of each triangle of the box (nt,) in S/m, 0 for insulators.
    resistance
        Of boundaries between regions of electrolyte in ohm m^2.

    Raises
    ------
    SolveError
        If the linear solver stalls.
    """
    pieces = box.pieces(conductivity > 0.0)
    effective = [0.0, 0.0]
    potentials: list[Potential | None] = [None, None]
    for axis in (0, 1):
        joining = _Part(box, conductivity, pieces, pieces.joins[:, axis], resistance)
        if joining.empty:
            continue
        potential = joining.between_faces(axis)
        potentials[axis] = Potential(joining.space, potential, joining.conductivity)
        effective[axis] = joining.power(potential, potential) / (box.width * box.height)
    return (effective[0], effective[1]), (potentials[0], potentials[1])


def conduct(box: Box, conductivity: Floats, resistance: float = 0.0) -> Conduction:
    """Solve for the conduction of `box`.

    For the linear potential only pieces that touch the boundary are solved. All else, and what
    does not conduct, carries no current.

    Parameters
    ----------
    conductivity
        Of each triangle of the box (nt,) in S/m, 0 for insulators.
    resistance
        Of boundaries between regions of electrolyte in ohm m^2.

    Raises
    ------
    SolveError
        If the linear solver stalls.
    """
    area = box.width * box.height
    pieces = box.pieces(conductivity > 0.0)
    effective, potentials = between_faces(box, conductivity, resistance)
    lower = [0.0, 0.0]
    either = np.asarray(pieces.joins.any(axis=1))
    joining = _Part(box, conductivity, pieces, either, resistance)
    tensor_lower = np.zeros((2, 2))
    if not joining.empty:
        tensor_lower, lower = joining.under_uniform_current()
    fed = _Part(box, conductivity, pieces, np.asarray(pieces.touches.any(axis=1)), resistance)
    tensor_upper = np.zeros((2, 2))
    if not fed.empty:
        linear = fed.under_linear_potential()
        tensor_upper = np.array([[fed.power(a, b) for b in linear] for a in linear]) / area
    return Conduction(
        mean=float(conductivity @ box.area) / area,
        percolating=pieces.percolating,
        effective=effective,
        lower=(lower[0], lower[1]),
        upper=(float(tensor_upper[0, 0]), float(tensor_upper[1, 1])),
        tensor_lower=tensor_lower,
        tensor_upper=tensor_upper,
        potentials=potentials,
    )


class _Part:
    """Some pieces of a box, assembled to be solved together."""

    def __init__(
        self,
        box: Box,
        conductivity: Floats,
        pieces: Pieces,
        chosen: NDArray[np.bool_],
        resistance: float,
    ) -> None:
        self.box, self.joins = box, pieces.joins
        self._piece = np.where(np.append(chosen, False)[pieces.label], pieces.label, -1)
        members = np.flatnonzero(self._piece >= 0)
        self.empty = not len(members)
        self.conductivity = conductivity[members]
        apart = box.grain_boundaries if resistance else None
        # Grains share no unknown, so that the potential may jump between them.
        self._sheet = box.pieces(self._piece >= 0, apart).label if resistance else 0 * self._piece
        sheet = self._sheet[members] if resistance else None
        self.space = Space(box.mesh, box.elements[members], sheet)
        if not self.empty:
            self._matrix = conduction(self.space, self.conductivity)
        if resistance:
            self._matrix = self._matrix + self._across(resistance)

    def _across(self, resistance: float) -> csr_matrix:
        """The conductance of grain boundaries: ``(jump of u)(jump of w) / resistance``."""
        box, size = self.box, len(self.space)
        facets = box.grain_boundaries
        facets = facets[(self._piece[box.beside(facets)] >= 0).all(axis=0)]
        edges = box.edges_at(facets)
        sheets = self._sheet[box.beside(facets)]
        one, other = (self.space.unknowns(edges.nodes, sheet[:, None]) for sheet in sheets)
        weights = edges.weights / resistance
        local = np.einsum("eq,aq,bq->eab", weights, edges.shapes, edges.shapes)
        both = np.concatenate([one, other], axis=1)
        block = np.block([[local, -local], [-local, local]])
        rows = np.broadcast_to(both[:, :, None], block.shape)
        columns = np.broadcast_to(both[:, None, :], block.shape)
        entries = (block.ravel(), (rows.ravel(), columns.ravel()))
        return coo_matrix(entries, shape=(size, size)).tocsr()

    def power(self, first: Floats, second: Floats) -> float:
        """The integral of ``sigma grad(first) . grad(second)`` in W per m of depth."""
        return float(first @ (self._matrix @ second))

    def between_faces(self, axis: int) -> Floats:
        """Potentials of a mean field of 1 V/m between two faces, the others insulated."""
        faces = [self._unknowns(face) for face in FACES[axis]]
        values = np.repeat([0.0, self.box.lengths[axis]], [len(f) for f in faces])
        fixed = np.concatenate(faces)
        return np.asarray(self._solved(np.zeros((1, len(self.space))), fixed, values)[0])

    def under_linear_potential(self) -> Floats:
        """Potentials (2, n) if those on the whole boundary are x or y times 1 V/m."""
        fixed = np.unique(np.concatenate([self._unknowns(face) for face in range(4)]))
        values = self.box.mesh.nodes[:, self.space.nodes[fixed]]
        values = values - np.array(self.box.origin)[:, None]
        return self._solved(np.zeros((2, len(self.space))), fixed, values)

    def under_uniform_current(self) -> tuple[Floats, list[float]]:
        """The lower bounds: as a tensor (2, 2), and of the conductivity between faces.

        Each piece carries 1 A/m along each axis whose faces it joins. R are its resistances, M the
        mean current densities (the moments of the current at the boundary over the area A). With c
        currents the power is ``c . R c`` for the mean current density ``M c``, so a piece adds
        ``A M R^-1 M'`` to the tensor.
        """
        box, count = self.box, len(self.joins)
        area = box.width * box.height
        # Densities at boundary edges, positive where the current leaves.
        density = np.zeros((2, len(box.edges)))
        for axis, pair in enumerate(FACES):
            for sign, face in zip((-1.0, 1.0), pair, strict=True):
                rows = self._rows(face)
                piece = self._piece[box.owner[rows]]
                length = box.along(rows).weights.sum(axis=1)
                total = np.bincount(piece, weights=length, minlength=count)
                joined = self.joins[piece, axis]
                density[axis, rows[joined]] += sign / total[piece[joined]]
        rows = np.flatnonzero(density.any(axis=0))
        edges, piece = self._along(rows), self._piece[box.owner[rows]]
        density = density[:, rows]
        size = len(self.space)
        number = np.arange(size)
        ground = self._one_unknown_each()
        loads = [edges.load(d[:, None] + 0.0 * edges.weights, number, size) for d in density]
        fields = self._solved(np.array(loads), ground, 0.0)
        on_edges = np.stack([(edges.at_points(f, number) * edges.weights).sum(1) for f in fields])
        middles = np.einsum("xea,aq->xeq", edges.coordinates, edges.shapes)
        moments = (middles * edges.weights).sum(axis=2)

        def by_piece(weights: Floats) -> Floats:
            return np.asarray(np.bincount(piece, weights=weights, minlength=count), dtype=float)

        resistance = np.array([[by_piece(d * on) for on in on_edges] for d in density])
        mean = np.array([[by_piece(d * m) for d in density] for m in moments]) / area
        tensor, across = np.zeros((2, 2)), np.zeros(2)
        for k in np.unique(piece):
            axes = np.flatnonzero(self.joins[k])
            r, m = resistance[np.ix_(axes, axes)][..., k], mean[:, axes, k]
            tensor += area * m @ np.linalg.solve(r, m.T)
            across[axes] += 1.0 / np.diagonal(r)
        shape = np.array([box.width / box.height, box.height / box.width])
        return tensor, (across * shape).tolist()

    def _rows(self, face: int) -> Ints:
        """Boundary edges of the chosen pieces on a face."""
        rows = self.box.faces[face]
        return np.asarray(rows[self._piece[self.box.owner[rows]] >= 0])

    def _along(self, rows: Ints) -> Edges:
        """Boundary edges, with unknowns in place of mesh nodes."""
        sheet = self._sheet[self.box.owner[rows]][:, None]
        coordinates = self.box.along(rows).coordinates
        return Edges(self.space.unknowns(self.box.edges[rows], sheet), coordinates)

    def _unknowns(self, face: int) -> Ints:
        return np.unique(self._along(self._rows(face)).nodes)

    def _one_unknown_each(self) -> Ints:
        """One vertex of each connected part of the matrix: pieces may meet in a corner."""
        _, part = connected_components(self._matrix, directed=False)
        return np.asarray(np.unique(part, return_index=True)[1])

    def _solved(self, loads: Floats, fixed: Ints, values: Floats | float) -> Floats:
        """Solve ``matrix u = load`` with ``u[fixed] = values`` for each of `loads` (k, n)."""
        u: Floats = np.zeros(loads.shape)
        u[:, fixed] = values
        loose = np.ones(len(self.space), dtype=bool)
        loose[fixed] = False
        free = np.flatnonzero(loose)
        if not len(free):
            return u
        inner = self._matrix[free][:, free]
        right = (loads - (self._matrix @ u.T).T)[:, free]
        # The columns of P1 functions are the vertices in order, which are the first unknowns.
        up = self.space.from_p1
        up = up[free][:, np.flatnonzero(loose[: up.shape[1]])]
        if up.shape[1]:
            solver = TwoLevel(inner, up)
            u[:, free] = [solver.solve(rhs).solution for rhs in right]
        else:
            u[:, free] = splu(inner.tocsc()).solve(right.T).T
        return u
