"""Volume that electrolyte loses where it meets particles, as a jump of the displacement.

What has reacted leaves a layer that is thinner by q. The rest of the electrolyte and the particle,
whose displacements are told up to the layer, come nearer by that,

    (u_SE - u_particle) n = gap - q

with n out of the particle. Where the faces are bonded there is no gap, and electrolyte moves by
``-q n`` against the particle: the jump of a plated layer with its sign turned. Where they may part,
q opens a gap unless what is around closes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

from fem.laws.bonds import GAP
from fem.mesh import Mesh
from fem.physics.bonds import SolidInterface
from fem.physics.faces import Faces, Parted

Floats = NDArray[np.float64]

KIND = "particle_electrolyte"


@dataclass(frozen=True)
class Shrinkage:
    """Where electrolyte can lose volume: at m pairs of particles and electrolyte.

    Attributes
    ----------
    jump
        Displacements (n, m) that a unit of lost thickness at each pair makes of bonded faces; 0 of
        faces that may part. No pairs where bodies are one.
    parting
        Rows of these pairs among all that may part; `None` where they are bonded.
    """

    jump: csr_matrix
    parting: slice | None

    @classmethod
    def of(
        cls, mesh: Mesh, interfaces: Sequence[SolidInterface], faces: Faces | None, size: int
    ) -> Self:
        """That of a composite with `size` displacements, whose bodies face each other there."""
        found = [each for each in interfaces if each.kind == KIND]
        if not found:
            return cls(csr_matrix((size, 0)), None)
        (interface,) = found
        count = len(interface.pairs)
        if faces is not None and interface in faces.interfaces:
            begin = int(faces.ends[faces.interfaces.index(interface)])
            return cls(csr_matrix((size, count)), slice(begin, begin + count))
        other, normals = interface.pairs[:, 1], interface.normals
        # Where electrolyte lies in a wedge between two particles it cannot follow both.
        share = 1.0 / np.bincount(other)[other]
        x, y = mesh.nodes[:, interface.nodes]
        held = np.stack([(np.abs(x) < 1e-12) | (np.abs(x - mesh.geometry.width) < 1e-12),
                         np.abs(y) < 1e-12])  # fmt: skip
        values = np.where(held, 0.0, -normals * share)
        rows = 2 * other + np.arange(2)[:, None]
        columns = np.broadcast_to(np.arange(count), rows.shape)
        entries = (values.ravel(), (rows.ravel(), columns.ravel()))
        return cls(coo_matrix(entries, shape=(size, count)).tocsr(), None)

    def displacement(self, lost: Floats | None) -> Floats | float:
        """What a lost thickness (m,) does to all displacements (n,); 0 for none."""
        return 0.0 if lost is None else np.asarray(self.jump @ lost)

    def cleared(self, faces: Faces | None, lost: Floats | None) -> Faces | None:
        """Faces with what they have lost (m,) as a clearance."""
        if faces is None or lost is None or self.parting is None:
            return faces
        clearance = faces.clearance.copy()
        clearance[self.parting] += lost
        return replace(faces, clearance=clearance)

    def forces(self, forces: Floats, faces: Faces | None, parted: Parted | None) -> Floats:
        """Forces (m,) in N/m that do work as more is lost, from those on all displacements (n,)."""
        if self.parting is None:
            return np.asarray(self.jump.T @ forces)
        assert faces is not None and parted is not None
        return np.asarray((parted.traction[GAP] * faces.weights)[self.parting])
