"""Mechanisms: rigid motions of whole pieces that neither supports nor bonds resist.

A piece that hangs on nothing, or on a single point, makes the stiffness singular. What may move
without strain is found before anything is solved, and as many displacements are held as there are
such motions. Where the loads on a piece balance, as those of swelling do, these supports carry no
force: the stress is that of the free piece.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import splu

from fem.mesh import Ints

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

X, Y = 0, 1
_LOOSE = 1e-9
"""Resistance to a motion that is none, where holding one node of a piece resists with about 1."""
_TAKES_PART = 1e-6


@dataclass(frozen=True)
class Pieces:
    """What moves as a whole: position, mesh node and piece of each node of all bodies.

    `points` is (2, n) in m, `nodes` and `piece` are (n,); displacements are numbered by node,
    (x, y) of each.
    """

    points: Floats
    nodes: Ints
    piece: Ints

    @property
    def count(self) -> int:
        """How many pieces there are."""
        return int(self.piece.max()) + 1

    @cached_property
    def _arms(self) -> Floats:
        """Position of each node from the middle of its piece, relative to the piece's size."""
        number = np.bincount(self.piece, minlength=self.count)
        middle = [np.bincount(self.piece, weights=p, minlength=self.count) for p in self.points]
        arm = self.points - (np.stack(middle) / number)[:, self.piece]
        size = np.zeros(self.count)
        np.maximum.at(size, self.piece, np.hypot(*arm))
        return np.asarray(arm / size[self.piece])

    def motions(self, dofs: Ints) -> Floats:
        """Two translations and the rotation of their piece as displacements `dofs`, (k, 3)."""
        node, axis = np.divmod(dofs, 2)
        arm = self._arms[:, node]
        turn = np.where(axis == X, -arm[Y], arm[X])
        return np.stack([axis == X, axis == Y, turn], axis=1).astype(float)


def supports(matrix: csr_matrix, pieces: Pieces) -> list[tuple[Ints, Ints]]:
    """Displacements to hold, for each set of pieces that can move without strain.

    Parameters
    ----------
    matrix
        All displacements as a function of the unknowns, ``w = matrix @ z``.

    Returns
    -------
    For each set its pieces and the displacements to hold, one for each of its motions. Each is an
    unknown of its own.
    """
    free = _own(matrix, pieces)
    piece_of = pieces.piece.repeat(2)
    bound = np.flatnonzero(~free)
    touched = np.unique(piece_of[bound])
    found = []
    if len(touched):
        column = np.full(pieces.count, -1)
        column[touched] = 3 * np.arange(len(touched))
        rows = np.zeros((len(bound), 3 * len(touched)))
        place = column[piece_of[bound]][:, None] + np.arange(3)
        rows[np.arange(len(bound))[:, None], place] = pieces.motions(bound)
        loose = _loose(rows, matrix[bound])
        if loose.shape[1]:
            part = (np.abs(loose) > _TAKES_PART).any(axis=1).reshape(-1, 3).any(axis=1)
            dofs = np.flatnonzero(free & np.isin(piece_of, touched[part]))
            place = column[piece_of[dofs]][:, None] + np.arange(3)
            moving = (pieces.motions(dofs)[:, :, None] * loose[place]).sum(axis=1)
            found.append((touched[part], _chosen(moving, dofs)))
    order = np.argsort(piece_of, kind="stable")
    ends = np.cumsum(np.bincount(piece_of, minlength=pieces.count))
    for piece in np.setdiff1d(np.arange(pieces.count), touched):
        dofs = order[ends[piece - 1] if piece else 0 : ends[piece]]
        found.append((np.array([piece]), _chosen(pieces.motions(dofs), dofs)))
    return found


def _own(matrix: csr_matrix, pieces: Pieces) -> Bools:
    """Displacements that are an unknown of their own, shared at one node of one piece at most."""
    count = np.diff(matrix.indptr)
    row = np.repeat(np.arange(matrix.shape[0]), count)
    plain = (count[row] == 1) & (matrix.data == 1.0)
    total = int(pieces.nodes.max()) + 1
    key = 2 * (total * pieces.piece + pieces.nodes)[:, None] + np.arange(2)
    low = np.full(matrix.shape[1], np.iinfo(np.int64).max)
    high = np.full(matrix.shape[1], -1)
    np.minimum.at(low, matrix.indices, key.ravel()[row])
    np.maximum.at(high, matrix.indices, key.ravel()[row])
    shared = low != high
    shared[matrix.indices[~plain]] = True
    free = np.zeros(matrix.shape[0], dtype=bool)
    free[row] = plain & ~shared[matrix.indices]
    return free


def _loose(motions: Floats, matrix: csr_matrix) -> Floats:
    """Combinations (m, k) of `motions` (rows, m) that unknowns can follow exactly."""
    used = np.flatnonzero(np.diff(matrix.tocsc().indptr))
    resistance = motions.T @ motions
    if len(used):
        unknowns = matrix[:, used]
        across = unknowns.T @ motions
        resistance = resistance - across.T @ splu((unknowns.T @ unknowns).tocsc()).solve(across)
    values, vectors = np.linalg.eigh(0.5 * (resistance + resistance.T))
    return np.asarray(vectors[:, values < _LOOSE])


def _chosen(moving: Floats, dofs: Ints) -> Ints:
    """Those of `dofs` to hold so that no combination of motions (len(dofs), k) is left."""
    _, _, order = qr(moving.T, mode="economic", pivoting=True)
    return np.asarray(dofs[order[: moving.shape[1]]])


def notes(loose: int) -> tuple[str, ...]:
    """What to say of pieces that hang on nothing."""
    if not loose:
        return ()
    which = "1 piece of solid hangs" if loose == 1 else f"{loose} pieces of solid hang"
    return (
        f"Mechanics: {which} on nothing that resists every motion, and is held where it lies at "
        "no more points than that takes: a load that it cannot pass on stays there."
        if loose == 1
        else f"Mechanics: {which} on nothing that resists every motion, and are held where they "
        "lie at no more points than that takes: loads that they cannot pass on stay there.",
    )
