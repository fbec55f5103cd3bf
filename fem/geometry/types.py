"""What every generator of a geometry returns: regions, their outlines, particles, deposits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from fem.geometry.curves import Curve

OUTSIDE = -1
"""Region index of what lies beyond the cell."""


class Phase(StrEnum):
    """What a region is made of, as far as the physics distinguishes it."""

    ELECTROLYTE = "electrolyte"
    LITHIUM = "lithium"
    ACTIVE = "active material"


@dataclass(frozen=True)
class Region:
    """A connected piece of one material.

    `body` tells bodies of one phase apart: 0 is the lithium foil and 1, 2, ... are isolated
    deposits; for active material it is the particle's id. `area` is exact, in m^2 (m^3 per m of
    depth). `conductivity_factor` scales the ionic conductivity of an electrolyte.
    """

    name: str
    phase: Phase
    material: str
    area: float
    body: int = 0
    conductivity_factor: float = 1.0


@dataclass(frozen=True)
class Outline:
    """A piece of boundary: its exact curve and the regions left and right of its direction.

    `deposit` is the number of the protrusion it belongs to, -1 for none. `size` is an upper bound
    of the element size on this piece in m, for narrow gaps; infinite where the case decides.
    """

    curve: Curve
    left: int
    right: int
    deposit: int = -1
    size: float = np.inf


@dataclass(frozen=True)
class Particles:
    """Active-material particles, in order of their id; arrays of shape (n,), lengths in m."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    diameter: NDArray[np.float64]
    active: NDArray[np.bool_]

    def __post_init__(self) -> None:
        for array in (self.x, self.y, self.diameter, self.active):
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Deposit:
    """A half-elliptic protrusion of the lithium foil: tip and the two feet, (x, y) in m."""

    tip: tuple[float, float]
    feet: tuple[tuple[float, float], tuple[float, float]]
    depth: float
    half_width: float


@dataclass(frozen=True)
class Lattice:
    """Equal particles in the middle of equal tiles (pitches in m) that fill the bed from y = 0."""

    rows: int
    columns: int
    pitch_x: float
    pitch_y: float


@dataclass(frozen=True)
class Geometry:
    """The cell as drawn: everything the mesher and the metrics need to know of its shape.

    The cell fills ``0 <= x <= width`` and ``0 <= y <= height`` (m), with the cathode collector at
    y = 0 and the lithium foil on top. `lithium_y` is the height of the flat Li|SE interface.
    `lattice` is set where the bed holds nothing but a lattice of particles.
    """

    width: float
    height: float
    depth: float
    lithium_y: float
    regions: tuple[Region, ...]
    outlines: tuple[Outline, ...]
    particles: Particles
    deposits: tuple[Deposit, ...] = ()
    lattice: Lattice | None = None

    @property
    def phases(self) -> NDArray[np.str_]:
        """Phase of each region."""
        return np.array([str(region.phase) for region in self.regions])
