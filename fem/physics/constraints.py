"""Kinematic conditions of the mechanics as one affine map ``w = P z + Q h``.

``w`` holds the displacements of all bodies, with nodes doubled where two bodies meet; ``z`` holds
what is left free: nodal displacements, slips along an interface, and motions of whole bodies; ``h``
is the plated thickness at the mesh nodes. Symmetric walls, a floating plate, rigid lithium, and a
plated layer as a displacement jump are all rows of this map, so the system to solve is always
``P' K P z = P' (f - K Q h)``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_diag, coo_matrix, csr_matrix, hstack, identity, vstack

from fem.mesh import Ints

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AffineMap:
    """``w = matrix @ z + jump @ h``, with the coarse space that preconditions ``z``.

    `coarse_rigid` are the rigid motions of the whole cell in the coarse unknowns, (nc, 3). The last
    `added` of ``z`` are no displacements of single nodes but slips and motions of whole bodies.
    """

    matrix: csr_matrix
    jump: csr_matrix
    coarse_to_fine: csr_matrix
    coarse_rigid: Floats
    added: int


@dataclass
class Constraints:
    """Collects conditions on `size` displacements of a mesh with `nodes` nodes.

    A displacement that no condition names stays a free unknown of its own.
    """

    size: int
    nodes: int
    _held: NDArray[np.bool_] = field(init=False)
    _bound: NDArray[np.bool_] = field(init=False)
    _followers: list[tuple[Ints, Ints]] = field(default_factory=list)
    _terms: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)
    _jumps: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)
    _groups: list[tuple[int, Ints | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._held = np.zeros(self.size, dtype=bool)
        self._bound = np.zeros(self.size, dtype=bool)

    def hold(self, dofs: Ints) -> None:
        """``w[dofs] = 0``, whatever else is said of them."""
        self._held[dofs] = True

    def bind(self, dofs: Ints) -> None:
        """``w[dofs]`` is no unknown of its own: only the sum of what the other calls add to it."""
        self._bound[dofs] = True

    def follow(self, dofs: Ints, masters: Ints) -> None:
        """``w[dofs] = w[masters]`` plus what `jump` and `unknowns` add."""
        self.bind(dofs)
        self._followers.append((dofs, masters))

    def jump(self, dofs: Ints, nodes: Ints, factors: Floats) -> None:
        """``w[dofs] += factors * h[nodes]``."""
        self._jumps.append((dofs, nodes, factors))

    def unknowns(
        self, dofs: Ints, which: Ints, factors: Floats, count: int, nodes: Ints | None = None
    ) -> None:
        """``w[dofs] += factors * z_new[which]`` with `count` new unknowns.

        `nodes` are the mesh nodes the new unknowns sit on, `None` for motions of a whole body.
        """
        self._terms.append((dofs, which + self.added, factors))
        self._groups.append((count, nodes))

    @property
    def added(self) -> int:
        """How many unknowns were added to the free displacements."""
        return sum(count for count, _ in self._groups)

    def build(self, from_p1: csr_matrix, midpoints: csr_matrix, rigid: Floats) -> AffineMap:
        """The map, and the P1 coarse space of its unknowns.

        Parameters
        ----------
        from_p1
            P1 displacements as P2 displacements of all bodies, (size, nc); a column belongs to a
            vertex, whose own row holds its single 1.
        midpoints
            P1 as P2 values on mesh nodes, for unknowns that sit on nodes of an interface:
            (nodes, nodes), with columns at vertices only.
        rigid
            Rigid motions of the whole cell as displacements (size, 3).
        """
        free = np.flatnonzero(~(self._held | self._bound))
        column = np.full(self.size, -1)
        column[free] = np.arange(len(free))
        followers = [
            (dofs[column[masters] >= 0], column[masters[column[masters] >= 0]])
            for dofs, masters in self._followers
        ]
        entries = [
            (free, np.arange(len(free)), np.ones(len(free))),
            *((dofs, masters, np.ones(len(dofs))) for dofs, masters in followers),
            *((dofs, len(free) + which, factors) for dofs, which, factors in self._terms),
        ]
        matrix = self._sparse(entries, len(free) + self.added)
        jump = self._sparse(self._jumps, self.nodes)

        # Coarse unknowns: those that sit on vertices, and the motions of whole bodies.
        vertex = np.flatnonzero(np.diff(from_p1.indptr) == 1)
        row_of_column = np.empty(from_p1.shape[1], dtype=int)
        row_of_column[from_p1.indices[from_p1.indptr[vertex]]] = vertex
        on_vertex = column[vertex]
        chosen, up_added, start = [on_vertex[on_vertex >= 0]], [], len(free)
        for count, nodes in self._groups:
            if nodes is None:
                chosen.append(start + np.arange(count))
                up_added.append(identity(count, format="csr"))
            else:
                rows = midpoints[nodes]
                vertices = np.diff(rows.indptr) == 1
                chosen.append(start + np.flatnonzero(vertices))
                up_added.append(rows[:, nodes[vertices]])
            start += count
        picked = np.concatenate(chosen).astype(int)
        up = (from_p1 @ matrix[row_of_column][:, picked])[free]
        if up_added:
            # An added unknown is interpolated from its own kind, never from displacements.
            lower = block_diag(up_added)
            left = csr_matrix((lower.shape[0], len(picked) - lower.shape[1]))
            up = vstack([up, hstack([left, lower])])
        # In a rigid motion nothing slips; whole bodies take their part in it.
        squares = np.asarray(matrix.multiply(matrix).sum(axis=0)).ravel()
        motion = (matrix.T @ rigid) / squares[:, None]
        start = len(free)
        for count, nodes in self._groups:
            if nodes is not None:
                motion[start : start + count] = 0.0
            start += count
        return AffineMap(matrix, jump, up.tocsr(), motion[picked], self.added)

    def _sparse(self, entries: list[tuple[Ints, Ints, Floats]], columns: int) -> csr_matrix:
        """Rows of w; held displacements keep none."""
        if not entries:
            return csr_matrix((self.size, columns))
        rows, cols, values = (np.concatenate([entry[k] for entry in entries]) for k in range(3))
        keep = ~self._held[rows]
        place = (rows[keep], cols[keep])
        return coo_matrix((values[keep], place), shape=(self.size, columns)).tocsr()
