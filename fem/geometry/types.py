"""What every generator of a geometry returns: regions, their outlines, particles, deposits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from fem.frozen import Frozen
from fem.geometry.curves import Curve

OUTSIDE = -1
"""Region index of what lies beyond the cell."""


ENCLOSED = "enclosed "
"""How names of electrolytes begin that lithium has closed in."""


INTERLAYER = "interlayer"
"""Name of the region of a mixed conductor below the foil. Its phase is that of electrolytes."""


class Phase(StrEnum):
    """What a region is made of, as far as the physics distinguishes it."""

    ELECTROLYTE = "electrolyte"
    LITHIUM = "lithium"
    ACTIVE = "active material"
    VOID = "void"
    """Nothing, or what neither conducts nor reacts."""
    IDLE = "idle"
    """Electrolyte or lithium that no current can reach."""


@dataclass(frozen=True)
class Region:
    """A connected piece of one material.

    `body` tells bodies of one phase apart: 0 is the lithium foil and 1, 2, ... are isolated
    deposits; for active material it is the particle's id. `area` is exact, in m^2 (m^3 per m of
    depth). `conductivity_factor` scales the ionic conductivity of an electrolyte.
    The material of a void is the name of a further phase that an image shows, or empty.
    """

    name: str
    phase: Phase
    material: str
    area: float
    body: int = 0
    conductivity_factor: float = 1.0

    @property
    def kind(self) -> str:
        """What it is called: its phase, or the name of a further one that conducts or fills."""
        if self.name == INTERLAYER:
            return INTERLAYER
        return self.material if self.phase == Phase.VOID and self.material else str(self.phase)


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


class Inactivity(StrEnum):
    """Why a particle does not react; the first of these that holds."""

    SET = "set"
    """The case says so."""
    NO_IONS = "no ions"
    """No electrolyte that leads to the anode touches it."""
    NO_ELECTRONS = "no electrons"
    """It is not wired to the collector."""
    SHORT = "touches lithium"
    """It has the potential of the lithium."""
    LOOSE = "let go"
    """Nowhere does it touch the electrolyte any more, or so lightly that nothing crosses."""


@dataclass(frozen=True, eq=False)
class Particles(Frozen):
    """Active-material particles, in order of their id; arrays of shape (n,), lengths in m.

    `inactivity` says why one does not react, in the words of `Inactivity`; it is empty text for
    one that does.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    diameter: NDArray[np.float64]
    inactivity: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.x)

    @classmethod
    def none(cls) -> Self:
        """No particles."""
        nothing = np.zeros(0)
        return cls(nothing, nothing, nothing, np.zeros(0, dtype=str))

    @property
    def active(self) -> NDArray[np.bool_]:
        """Whether each particle reacts."""
        return np.asarray(self.inactivity == "")


@dataclass(frozen=True)
class Deposit:
    """A half-elliptic protrusion of the lithium foil: tip and the two feet, (x, y) in m."""

    tip: tuple[float, float]
    feet: tuple[tuple[float, float], tuple[float, float]]
    depth: float
    half_width: float


@dataclass(frozen=True)
class Cleaned:
    """What became of a phase between an image and its outlines, as shares of the image's area.

    Attributes
    ----------
    read, drawn
        Its area in the image and in the drawing.
    specks
        What left it or came to it as specks were dissolved.
    corners
        What notches took of it, or gave to it, where pieces would have touched at corners only.
    smoothing
        By how much smoothing made it larger, or smaller.
    """

    phase: str
    read: float
    drawn: float
    specks: float
    corners: float
    smoothing: float

    @property
    def total(self) -> float:
        """All of it, whether it adds or takes away, as a share of the image."""
        return self.specks + self.corners + abs(self.smoothing)

    @property
    def changed(self) -> float:
        """`total` relative to the phase; infinite for one that the image does not show."""
        return self.total / self.read if self.read else np.inf


@dataclass(frozen=True)
class Lattice:
    """Equal particles in the middle of equal tiles (pitches in m) that fill the bed from y = 0."""

    rows: int
    columns: int
    pitch_x: float
    pitch_y: float


@dataclass(frozen=True, eq=False)
class Triangles(Frozen):
    """Triangles that a geometry came with, in place of those that a mesher would make.

    Attributes
    ----------
    vertices
        (2, nv) in m.
    triangles, region
        Vertices (nt, 3) and region (nt,) of each triangle.
    middles
        Middle nodes (2, nt, 3) in m of the sides 01, 12 and 02 of each.
    edges, outline
        Vertex pairs (ne, 2) that lie on outlines, and their outline (ne,).
    """

    vertices: NDArray[np.float64]
    triangles: NDArray[np.int64]
    region: NDArray[np.int64]
    middles: NDArray[np.float64]
    edges: NDArray[np.int64]
    outline: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Geometry(Frozen):
    """The cell as drawn: everything the mesher and the metrics need to know of its shape.

    The cell fills ``0 <= x <= width`` and ``0 <= y <= height`` (m), with the cathode collector at
    y = 0 and the lithium foil on top. `lithium_y` is the height of the flat Li|SE interface, and
    `bed` that of the composite as drawn, or of the image; 0 where nothing asks for it.
    `lattice` is set where the bed holds nothing but a lattice of particles. `notes` tell what was
    done to the shapes of an image, and `cleaning` how much of each phase that changed. `triangles`
    are there if the geometry was read from a mesh.
    """

    width: float
    height: float
    depth: float
    lithium_y: float
    regions: tuple[Region, ...]
    outlines: tuple[Outline, ...]
    particles: Particles
    deposits: tuple[Deposit, ...] = ()
    bed: float = 0.0
    lattice: Lattice | None = None
    notes: tuple[str, ...] = ()
    cleaning: tuple[Cleaned, ...] = ()
    triangles: Triangles | None = None

    def __repr__(self) -> str:
        return (
            f"<Geometry: {self.width * 1e6:.4g} x {self.height * 1e6:.4g} um, {len(self.regions)} "
            f"regions, {len(self.particles)} particles, {len(self.deposits)} deposits>"
        )

    @property
    def top(self) -> float:
        """Height in m above which there is no active material."""
        ends = np.linspace(0.0, 1.0, 9)
        return max(
            float(outline.curve.point(np.union1d(ends, outline.curve.corners))[1].max())
            for outline in self.outlines
            for side in (outline.left, outline.right)
            if side != OUTSIDE and self.regions[side].phase == Phase.ACTIVE
        )

    @property
    def kinds(self) -> NDArray[np.str_]:
        """What each region is called, further phases of an image by their names."""
        return np.array([region.kind for region in self.regions])

    @property
    def phases(self) -> NDArray[np.str_]:
        """Phase of each region."""
        return np.array([str(region.phase) for region in self.regions])
