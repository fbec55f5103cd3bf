"""Edges of interfaces in short straight pieces, as they are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fem.forms.interface import shape
from fem.measures.faces import FaceTable
from fem.plot.scale import MICROMETRE
from fem.results.quantities import declared

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LEAST_GAP = declared("gap_m").least
"""Gaps in m that are no larger are not drawn: an atom."""
UNHARMED = 1e-6
"""Damage of a bond that is none, and what is missing to all of it where it is gone."""
_PIECES = 8
"""Pieces that an edge of an interface is drawn in."""


@dataclass(frozen=True)
class Pieces:
    """Edges of interfaces in short straight pieces; arrays (n, 2) hold both ends of each.

    Attributes
    ----------
    points, normals
        (n, 2, 2): both ends in um, and the unit normals there, out of the particle.
    gap, apart, pressure
        As in a `FaceTable`.
    closed, damaged, broken
        (n,): whether the faces touch there, and whether their bond is damaged or gone.
    both
        Whether both sides are particles (n,).
    """

    points: Floats
    normals: Floats
    gap: Floats
    apart: Floats
    pressure: Floats
    closed: Bools
    damaged: Bools
    broken: Bools
    both: Bools

    @classmethod
    def of(cls, faces: FaceTable) -> Pieces:
        """Of all faces."""
        at = shape(np.linspace(0.0, 1.0, _PIECES + 1))

        def along(values: Floats) -> Floats:
            """Values at the pairs (m,) at both ends of all pieces (n, 2)."""
            curve = values[faces.edges] @ at
            return np.stack([curve[:, :-1], curve[:, 1:]], axis=-1).reshape(-1, 2)

        def vectors(x: Floats, y: Floats) -> Floats:
            return np.stack([along(x), along(y)], axis=-1)

        damage = along(np.nan_to_num(faces.damage)).mean(axis=1)
        normals = vectors(*faces.normal.T)
        return cls(
            points=vectors(faces.x, faces.y) / MICROMETRE,
            normals=normals / np.linalg.norm(normals, axis=-1, keepdims=True),
            gap=np.maximum(along(faces.gap), 0.0),
            apart=along(faces.apart),
            pressure=along(faces.pressure),
            closed=along(faces.closed.astype(float)).mean(axis=1) > 0.5,
            damaged=damage > UNHARMED,
            broken=damage > 1.0 - UNHARMED,
            both=np.repeat(faces.other[faces.edges[:, 0]] >= 0, _PIECES),
        )

    @property
    def open(self) -> Bools:
        """Where a gap is open (n,)."""
        return np.asarray(self.apart.mean(axis=1) > LEAST_GAP)

    def bands(self, factor: float) -> Floats:
        """Open gaps as quadrilaterals (k, 4, 2) in um, `factor` times as wide as they are.

        The particle is drawn back from where it was; of two particles, both by half of it.
        """
        which = self.open
        points, normals = self.points[which], self.normals[which]
        width = factor * self.gap[which][..., None] / MICROMETRE * normals
        outer = points + np.where(self.both[which], 0.5, 0.0)[:, None, None] * width
        inner = outer - width
        return np.concatenate([outer, inner[:, ::-1]], axis=1)
