"""Lithium that may part from what it lies on: what is plated fills a gap before it presses.

Between the faces as they were drawn lies the plated layer, so the gap is what is left of their
distance, ``(u_SE - u_Li) n - h``: plating closes gaps, and stripping opens them unless what presses
on the lithium makes it follow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

from fem.mesh import Ints
from fem.physics.bonds import LITHIUM
from fem.physics.faces import Faces, Parted
from fem.physics.kinematics import Conditions

Floats = NDArray[np.float64]


def supported(faces: Faces | None, conditions: Conditions) -> Faces | None:
    """The same faces; walls keep a foil from turning, a plate or its spring from coming loose."""
    if faces is None or not conditions.lithium_parts:
        return faces
    number = [each.kind for each in faces.interfaces].index(LITHIUM)
    bodies = faces.interfaces[number].bodies
    foil = faces.pieces[0][faces.ends[number] + np.flatnonzero(bodies == bodies.min())]
    pieces = tuple(np.unique(foil).tolist())
    hangs = conditions.top_is_fixed or conditions.spring > 0.0
    return replace(faces, upright=pieces, standing=pieces if hangs else ())


@dataclass(frozen=True)
class PlatedFaces:
    """Pairs of faces of lithium, k of the m of all faces.

    Attributes
    ----------
    pairs, nodes
        Which they are, and mesh node of each (k,).
    layer
        Plated thickness at all pairs of that at the mesh nodes, (m, N).
    """

    pairs: Ints
    nodes: Ints
    layer: csr_matrix

    @classmethod
    def of(cls, faces: Faces | None, plated: Ints, size: int) -> Self | None:
        """Those on which lithium lies, and plates at mesh nodes `plated` of all `size`."""
        if faces is None:
            return None
        kinds = [each.kind for each in faces.interfaces]
        if LITHIUM not in kinds:
            return None
        number = kinds.index(LITHIUM)
        pairs = np.arange(*faces.ends[number : number + 2])
        nodes = faces.interfaces[number].nodes
        on = np.isin(nodes, plated)
        ones = np.ones(int(on.sum()))
        layer = coo_matrix((ones, (pairs[on], nodes[on])), shape=(len(faces), size)).tocsr()
        return cls(pairs, nodes, layer)

    def filled(self, faces: Faces, thickness: Floats) -> Faces:
        """The same faces with so much plated between them, (N,) in m."""
        return replace(faces, clearance=faces.clearance - self.layer @ thickness)

    def forces(self, faces: Faces, parted: Parted) -> Floats:
        """Forces (N,) in N per m of depth that do the work of plating."""
        return np.asarray(self.layer.T @ (parted.pressure * faces.weights))

    def pressure(self, faces: Faces, parted: Parted, elsewhere: Floats, nodes: Ints) -> Floats:
        """Pressure (n,) in Pa with which lithium presses at mesh `nodes`.

        Where no pair is, or its gap follows from others, it is that `elsewhere` (n,).
        """
        own = faces.gaps[self.pairs] >= 0
        pairs, size = self.pairs[own], self.layer.shape[1]
        weights = np.bincount(self.nodes[own], faces.weights[pairs], size)[nodes]
        force = parted.pressure[pairs] * faces.weights[pairs]
        found = np.array(elsewhere)
        total = np.bincount(self.nodes[own], force, size)[nodes]
        return np.divide(total, weights, out=found, where=weights > 0.0)
