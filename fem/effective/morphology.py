"""What a box is made of: area fractions, percolation, and interfaces between phases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fem.effective.box import Box
from fem.forms.interface import Edges
from fem.geometry.types import OUTSIDE

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Morphology:
    """The shape of a box's phases, by the names of phases.

    Attributes
    ----------
    fraction
        Area of each phase over that of the box.
    percolating
        Fraction of each phase's area in pieces that join the faces along x and along y.
    interface
        Length of the interface of each pair of phases over the area of the box in 1/m: the
        specific interface area of the body that has this section everywhere.
    """

    fraction: dict[str, float]
    percolating: dict[str, tuple[float, float]]
    interface: dict[tuple[str, str], float]


def morphology(box: Box) -> Morphology:
    """Measure the phases of `box`."""
    phases = box.mesh.geometry.kinds
    of_triangles = phases[box.region]
    area = box.width * box.height
    names = [str(name) for name in np.unique(of_triangles)]
    return Morphology(
        fraction={name: float(box.area[of_triangles == name].sum()) / area for name in names},
        percolating={name: box.pieces(of_triangles == name).percolating for name in names},
        interface=_interfaces(box),
    )


def _interfaces(box: Box) -> dict[tuple[str, str], float]:
    mesh = box.mesh
    # One entry more: what lies beyond the cell has the number -1, and is not in the box.
    inside = np.zeros(len(mesh.geometry.regions) + 1, dtype=bool)
    inside[np.unique(box.region)] = True
    inside[OUTSIDE] = False
    pairs = np.sort(np.append(mesh.geometry.kinds, "")[mesh.sides], axis=1)
    rows = np.flatnonzero(inside[mesh.sides].all(axis=1) & (pairs[:, 0] != pairs[:, 1]))
    if not len(rows):
        return {}
    edges = Edges(mesh.edges[rows], mesh.nodes[:, mesh.edges[rows]])
    found, number = np.unique(pairs[rows], axis=0, return_inverse=True)
    length = np.bincount(number.ravel(), weights=edges.weights.sum(axis=1))
    area = box.width * box.height
    return {
        (str(a), str(b)): float(value) / area for (a, b), value in zip(found, length, strict=True)
    }
