"""Which discs lie close to each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def close_pairs(xy: Floats, radius: Floats, reach: float = 2.0) -> tuple[Ints, Ints, Floats]:
    """Pairs of discs with centres nearer than `reach` radii of the larger one.

    With a reach of 2 these are at least all pairs that overlap or touch.

    Parameters
    ----------
    xy
        Centres (n, 2).
    radius
        Radii (n,), in the same unit.

    Returns
    -------
    Numbers of the two discs of each pair (m,), each pair once, and the distance of their centres
    (m,); also some pairs that are farther apart, by up to a factor of two.
    """
    # Discs are searched in classes of like size: otherwise one large disc would make all small
    # ones look at neighbours as far away as it is wide.
    size = np.floor(np.log2(radius)).astype(int)
    found = [np.empty((0, 2), dtype=np.int64)]
    for k in np.unique(size):
        here, below = np.flatnonzero(size == k), np.flatnonzero(size < k)
        distance = reach * float(radius[here].max()) * (1.0 + 1e-9)
        tree = cKDTree(xy[here])
        found.append(here[tree.query_pairs(distance, output_type="ndarray")])
        if len(below):
            near = cKDTree(xy[below]).sparse_distance_matrix(tree, distance, output_type="ndarray")
            found.append(np.c_[below[near["i"]], here[near["j"]]])
    i, j = np.concatenate(found).T
    return i, j, np.hypot(*(xy[i] - xy[j]).T)
