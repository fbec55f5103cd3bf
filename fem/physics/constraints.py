"""Kinematic conditions of the mechanics as one affine map ``w = P z + g``.

``w`` holds the displacements of all bodies, with nodes doubled where two bodies meet; ``z`` holds
what is left free: nodal displacements, slips along an interface, and motions of whole bodies.
Symmetric walls, a floating plate, rigid lithium, and a plated layer as a displacement jump are all
rows of this map, so the system to solve is always ``P' K P z = P' (f - K g)``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_diag, coo_matrix, csr_matrix, identity

from fem.mesh import Ints

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AffineMap:
    """``w = matrix @ z + offset``, with the coarse space that preconditions ``z``."""

    matrix: csr_matrix
    offset: Floats
    coarse_to_fine: csr_matrix


@dataclass
class Constraints:
    """Collects conditions on `size` displacements and turns them into an `AffineMap`.

    A displacement that no condition names stays a free unknown of its own.
    """

    size: int
    _fixed: NDArray[np.bool_] = field(init=False)
    _offset: Floats = field(init=False)
    _terms: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)
    _master_terms: list[tuple[Ints, Ints]] = field(default_factory=list)
    _extra: int = 0
    _groups: list[tuple[int, Ints | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._fixed = np.zeros(self.size, dtype=bool)
        self._offset = np.zeros(self.size)

    def fix(self, dofs: Ints) -> None:
        """``w = 0``."""
        self._fixed[dofs] = True
        self._offset[dofs] = 0.0

    def follow(self, dofs: Ints, masters: Ints, offset: Floats) -> None:
        """``w[dofs] = w[masters] + offset``, where masters are not constrained further."""
        self._fixed[dofs] = True
        self._offset[dofs] = offset
        self._master_terms.append((dofs, masters))

    def prescribe(self, dofs: Ints, offset: Floats) -> None:
        """``w[dofs] = offset`` plus whatever `unknowns` adds."""
        self._fixed[dofs] = True
        self._offset[dofs] = offset

    def unknowns(
        self, dofs: Ints, which: Ints, factors: Floats, count: int, nodes: Ints | None = None
    ) -> None:
        """``w[dofs] += factors * z_new[which]`` with `count` new unknowns.

        `nodes` are the mesh nodes the new unknowns sit on, `None` for motions of a whole body.
        """
        self._terms.append((dofs, which + self._extra, factors))
        self._groups.append((count, nodes))
        self._extra += count

    def build(self, from_p1: csr_matrix, midpoints: csr_matrix | None = None) -> AffineMap:
        """The map, and the P1 coarse space of its unknowns.

        Parameters
        ----------
        from_p1
            P1 displacements as P2 displacements of all bodies, (size, nc); a column belongs to a
            vertex, whose own row holds its single 1.
        midpoints
            P1 as P2 values on mesh nodes, for unknowns that sit on nodes of an interface:
            (N, N), with columns at vertices only.
        """
        free = np.flatnonzero(~self._fixed)
        column = np.full(self.size, -1)
        column[free] = np.arange(len(free))
        rows, columns, values = [free], [np.arange(len(free))], [np.ones(len(free))]
        for dofs, masters in self._master_terms:
            alive = column[masters] >= 0
            rows.append(dofs[alive])
            columns.append(column[masters[alive]])
            values.append(np.ones(int(alive.sum())))
        for dofs, which, factors in self._terms:
            # A wall may have fixed the displacement after all.
            rows.append(dofs)
            columns.append(len(free) + which)
            values.append(factors)
        shape = (self.size, len(free) + self._extra)
        entries = (np.concatenate(rows), np.concatenate(columns))
        matrix = coo_matrix((np.concatenate(values), entries), shape=shape).tocsr()

        # Coarse unknowns: those at vertices, and all motions of whole bodies.
        vertex_rows = np.flatnonzero(np.diff(from_p1.indptr) == 1)
        vertex_of_column = np.empty(from_p1.shape[1], dtype=int)
        vertex_of_column[from_p1.indices[from_p1.indptr[vertex_rows]]] = vertex_rows
        masters = column[vertex_rows]
        coarse_free = masters[masters >= 0]
        blocks, extra_up = [], []
        start = len(free)
        for count, nodes in self._groups:
            if nodes is None:
                blocks.append(start + np.arange(count))
                extra_up.append(identity(count, format="csr"))
            else:
                assert midpoints is not None
                up = midpoints[nodes]
                at_vertex = np.diff(up.indptr) == 1
                blocks.append(start + np.flatnonzero(at_vertex))
                extra_up.append(up[:, nodes[at_vertex]])
            start += count
        chosen = np.concatenate([coarse_free, *blocks]).astype(int)
        coarse_w = matrix[vertex_of_column][:, chosen]
        up_free = (from_p1 @ coarse_w)[free]
        if self._extra:
            lower = block_diag(extra_up, format="csr")
            lower = csr_matrix(
                (lower.data, lower.indices + len(coarse_free), lower.indptr),
                shape=(self._extra, len(chosen)),
            )
            from scipy.sparse import vstack

            up_free = vstack([up_free, lower])
        return AffineMap(matrix, self._offset.copy(), up_free.tocsr())
