"""Openings as unknowns: gaps and slips in place of displacements, where they are independent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components

from fem.mesh import Ints

Floats = NDArray[np.float64]

INDEPENDENT = 1e-3
"""Part of an opening that must not follow from others, for it to be an unknown."""


def coordinates(openings: csr_matrix, nodal: int) -> tuple[csr_matrix, Ints]:
    """Unknowns z from others of which as many as can be are openings; and which those are.

    `openings` (2 m, n) are what openings are of z, whose first `nodal` are displacements of single
    nodes: only these may give way. Returns T (n, n) with z = T y, and of each opening its place in
    y, -1 where it follows from others.
    """
    count, n = openings.shape
    rows = openings.tocoo()
    shared = np.arange(n) >= nodal
    own = ~shared[rows.col] & (np.abs(rows.data) > 1e-12)
    graph = coo_matrix(
        (np.ones(int(own.sum())), (rows.row[own], count + rows.col[own])), (count + n, count + n)
    )
    label = connected_components(graph, directed=False)[1][:count]
    place = np.full(count, -1)
    left = np.ones(n, dtype=bool)
    entries: list[tuple[Ints, Ints, Floats]] = []
    order = np.argsort(label, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(label[order])) + 1):
        block = openings[group]
        columns = np.unique(block.indices)
        local = columns[~shared[columns]]
        table = block[:, local].toarray()
        # Gaps first: that faces do not pass through each other matters more than how they slide.
        chosen = _independent(table, np.argsort(group % 2, kind="stable"))
        if not len(chosen):
            continue
        kept = table[chosen]
        pivot = qr(kept, pivoting=True, mode="r")[1][: len(chosen)]
        place[group[chosen]] = local[pivot]
        left[local[pivot]] = False
        inverse = np.linalg.inv(kept[:, pivot])
        others = np.setdiff1d(columns, local[pivot])
        rest = inverse @ block[chosen][:, others].toarray()
        entries.append((np.repeat(local[pivot], len(chosen)), np.tile(local[pivot], len(chosen)),
                        inverse.ravel()))  # fmt: skip
        entries.append((np.repeat(local[pivot], len(others)), np.tile(others, len(chosen)),
                        -rest.ravel()))  # fmt: skip
    same = np.flatnonzero(left)
    entries.append((same, same, np.ones(len(same))))
    rows_, columns_, values = (np.concatenate([e[k] for e in entries]) for k in range(3))
    keep = values != 0.0
    shape = (n, n)
    return coo_matrix((values[keep], (rows_[keep], columns_[keep])), shape=shape).tocsr(), place


def _independent(table: Floats, order: Ints) -> Ints:
    """Rows of a small table that do not follow from those before them in `order`."""
    basis: list[Floats] = []
    found = []
    for row in order.tolist():
        rest = table[row]
        for direction in basis:
            rest = rest - (rest @ direction) * direction
        size = float(np.linalg.norm(rest))
        if size > INDEPENDENT * max(float(np.linalg.norm(table[row])), 1.0):
            basis.append(rest / size)
            found.append(row)
    return np.array(found, dtype=np.int64)


def backwards(openings: csr_matrix, place: Ints) -> csr_matrix:
    """What all unknowns y are of z, (n, n): openings at their places, else the same."""
    n = openings.shape[1]
    which = np.flatnonzero(place >= 0)
    block = openings[which].tocoo()
    same = np.setdiff1d(np.arange(n), place[which])
    rows = np.concatenate([place[which][block.row], same])
    columns = np.concatenate([block.col, same])
    values = np.concatenate([block.data, np.ones(len(same))])
    return coo_matrix((values, (rows, columns)), shape=(n, n)).tocsr()


def vertices_of(coarse_to_fine: csr_matrix) -> Ints:
    """Fine unknown of each coarse one (m,): the row that holds its single 1."""
    single = np.flatnonzero(np.diff(coarse_to_fine.indptr) == 1)
    ones = coarse_to_fine.data[coarse_to_fine.indptr[single]] == 1.0
    single = single[ones]
    found = np.empty(coarse_to_fine.shape[1], dtype=int)
    found[coarse_to_fine.indices[coarse_to_fine.indptr[single]]] = single
    return found
