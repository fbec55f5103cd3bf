"""What all figures of a result share, computed once: parts, outlines, ranges, current lines."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.tri import Triangulation
from numpy.typing import NDArray

from fem.geometry import Geometry, Phase
from fem.measures.anode import AT_REST
from fem.measures.stress import FOOT_DISC
from fem.mesh import Mesh
from fem.plot.outlines import Electrodes
from fem.plot.pieces import Pieces
from fem.plot.raster import Grid, to_grid
from fem.plot.scale import MICROMETRE, Range, full_range, robust_range
from fem.plot.streamlines import Walls, arrow_places, equal_current_seeds, trace
from fem.results.quantities import declared
from fem.results.result import FieldMesh, Result

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_QUARTERS = np.array([[0, 3, 5], [3, 1, 4], [5, 4, 2], [3, 4, 5]])
"""Nodes of the four triangles that a P2 triangle is drawn as."""
_EDGES = np.array([[0, 1, 3], [1, 2, 4], [0, 2, 5]])
"""Ends and middle of the edges of a P2 triangle."""
_SMALL_TRIANGLES = 40_000
"""About how many triangles a window is cut into."""
_GRID_POINTS = 250_000
_LEVELS = 12
"""Largest number of equipotential lines."""
_LINES_PER_ASPECT, _LINES = 15.0, (3, 40)
"""Current lines: so many for a cell as wide as its electrolyte is high, within these bounds."""
_PAD = 0.25
"""How much of the electrodes' backs is shown, as a fraction of the electrolyte's height."""
SMALLEST_POTENTIAL, SMALLEST_CURRENT, SMALLEST_STRESS = (
    declared(name).least for name in ("phi_e", "current_density", "von_mises")
)


@dataclass(frozen=True)
class Part:
    """Straight triangles over some of a field's mesh: quarters of its P2 triangles.

    Attributes
    ----------
    points, triangles
        (n, 2) in um and (nt, 3); only points in use.
    source
        The point of the result's `field_mesh` that each point is (n,).
    elements
        Points of the P2 triangles (ne, 6) that are drawn as quarters.
    """

    points: Floats
    triangles: Ints
    source: Ints
    elements: Ints

    @classmethod
    def of(cls, mesh: FieldMesh, elements: NDArray[np.bool_]) -> Part:
        """The part that covers the triangles `elements` (nt,)."""
        curved = mesh.triangles[elements]
        used = np.zeros(len(mesh.points), dtype=bool)
        used[curved] = True
        source = np.flatnonzero(used)
        number = np.empty(len(mesh.points), dtype=np.int64)
        number[source] = np.arange(len(source))
        curved = number[curved]
        quarters = curved[:, _QUARTERS].reshape(-1, 3)
        return cls(mesh.points[source] / MICROMETRE, quarters, source, curved)

    def moved(self, displacement: Floats) -> Part:
        """The part with its points moved by a displacement (n, 2) in um."""
        return replace(self, points=self.points + displacement)

    def enlarged(self, values: Floats, window: tuple[float, ...]) -> tuple[Triangulation, Floats]:
        """What lies in a window (um), in triangles so small that curved edges look round there.

        A window on most of the part gets the quarters.
        """
        left, right, bottom, top = window
        size = np.ptp(self.points, axis=0)
        corners = self.points[self.elements]
        low, high = corners.min(axis=1), corners.max(axis=1)
        seen = ((high >= (left, bottom)) & (low <= (right, top))).all(axis=1)
        if not seen.any() or (right - left) * (top - bottom) > 0.5 * size[0] * size[1]:
            return self.triangulation, values
        pieces = int(np.clip(np.sqrt(_SMALL_TRIANGLES / seen.sum()), 2, 8))
        weights, triangles = _lattice(pieces)
        elements = self.elements[seen]
        points = np.einsum("kj,njd->nkd", weights, self.points[elements]).reshape(-1, 2)
        fine = np.einsum("kj,nj->nk", weights, values[elements]).ravel()
        start = len(weights) * np.arange(len(elements))[:, None, None]
        return Triangulation(*points.T, (start + triangles).reshape(-1, 3)), fine

    @cached_property
    def rim(self) -> Floats:
        """Edges that only one P2 triangle has, as pieces of a curve (m, 5, 2) in um."""
        edges = self.elements[:, _EDGES].reshape(-1, 3)
        _, first, count = np.unique(
            np.sort(edges[:, :2], axis=1), axis=0, return_index=True, return_counts=True
        )
        start, end, middle = self.points[edges[first[count == 1]]].transpose(1, 0, 2)
        t = np.linspace(0.0, 1.0, 5)[:, None, None]
        curve = (1 - t) * (1 - 2 * t) * start + t * (2 * t - 1) * end + 4 * t * (1 - t) * middle
        return np.asarray(curve.transpose(1, 0, 2))

    @cached_property
    def triangulation(self) -> Triangulation:
        return Triangulation(*self.points.T, self.triangles)

    @cached_property
    def areas(self) -> Floats:
        """The area that each point stands for (n,) in um^2."""
        a, b, c = (self.points[self.triangles[:, k]].T for k in range(3))
        twice = np.abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]))
        share = np.repeat(twice / 6.0, 3)
        return np.bincount(self.triangles.ravel(), share, len(self.points)).astype(float)


def _lattice(pieces: int) -> tuple[Floats, Ints]:
    """A triangle cut into `pieces`^2: shape functions of P2 (n, 6) at its points, triangles."""
    rows, columns = np.meshgrid(np.arange(pieces + 1), np.arange(pieces + 1), indexing="ij")
    inside = rows + columns <= pieces
    number = np.full(inside.shape, -1)
    number[inside] = np.arange(inside.sum())
    b, c = columns[inside] / pieces, rows[inside] / pieces
    a = 1.0 - b - c
    weights = np.stack(
        [a * (2 * a - 1), b * (2 * b - 1), c * (2 * c - 1), 4 * a * b, 4 * b * c, 4 * a * c], axis=1
    )
    up = np.stack([number[:-1, :-1], number[:-1, 1:], number[1:, :-1]], axis=-1)
    down = np.stack([number[:-1, 1:], number[1:, 1:], number[1:, :-1]], axis=-1)
    triangles = np.concatenate([up.reshape(-1, 3), down.reshape(-1, 3)])
    return weights, triangles[(triangles >= 0).all(axis=1)]


@dataclass(frozen=True)
class Lines:
    """Current lines in um, each along the current, and what every one carries (A per m)."""

    lines: list[Floats]
    arrows: Floats
    angles: Floats
    share: float


class Scene:
    """Everything drawn of one result that does not depend on where it is drawn.

    Use `Scene.of`, which keeps one scene for as long as its result lives.
    """

    _known: ClassVar[dict[int, Scene]] = {}

    def __init__(self, result: Result) -> None:
        # The parts of the result, not the result: a scene must not keep it alive.
        # Whether a particle reacts is told by the state, which may not be as drawn.
        drawn = result.geometry
        self.geometry: Geometry = replace(
            drawn, particles=replace(drawn.particles, inactivity=result.particles.inactivity)
        )
        self.applied = result.applied
        self._mesh: Mesh = result.mesh
        self._field_mesh: FieldMesh = result.field_mesh
        self.fields, self.particles, self.faces = result.fields, result.particles, result.faces

    @classmethod
    def of(cls, result: Result) -> Scene:
        """The scene of `result`."""
        key = id(result)
        if key not in cls._known:
            cls._known[key] = cls(result)
            weakref.finalize(result, cls._known.pop, key, None)
        return cls._known[key]

    @cached_property
    def electrodes(self) -> Electrodes:
        return Electrodes.of(self.geometry)

    @cached_property
    def electrolyte(self) -> Part:
        """The electrolyte, where `phi_e` and the current density are defined."""
        numbers = np.flatnonzero([r.phase == Phase.ELECTROLYTE for r in self.geometry.regions])
        return Part.of(self._field_mesh, np.isin(self._field_mesh.region, numbers))

    @cached_property
    def solids(self) -> Part:
        """Where mechanics was solved: triangles with a stress at all six nodes."""
        return self.known(self.fields["von_mises"])

    @cached_property
    def active(self) -> Part:
        """Active material of known stoichiometry."""
        return self.known(self.fields["stoichiometry"])

    def known(self, values: Floats) -> Part:
        """Where a field (N,) or (N, components) is defined, and nowhere nan."""
        known = np.asarray(np.isfinite(values.reshape(len(values), -1)).all(axis=1))
        return Part.of(self._field_mesh, np.asarray(known[self._field_mesh.triangles].all(axis=1)))

    @cached_property
    def open_faces(self) -> Floats:
        """Faces that are open, as pieces (n, 2, 2) in um; none where none may part."""
        if self.faces is None:
            return np.empty((0, 2, 2))
        pieces = Pieces.of(self.faces)
        return np.asarray(pieces.points[pieces.open])

    @property
    def has_stress(self) -> bool:
        return "von_mises" in self.fields

    @cached_property
    def potential(self) -> Floats:
        """Electrolyte potential in V on the points of `electrolyte`."""
        return np.asarray(self.fields["phi_e"][self.electrolyte.source])

    @cached_property
    def flux(self) -> Floats:
        """Magnitude of the current density in A/m^2 on the points of `electrolyte`."""
        return np.asarray(np.hypot(*self.fields["current_density"][self.electrolyte.source].T))

    @cached_property
    def von_mises(self) -> Floats:
        """Von Mises stress in Pa on the points of `solids`."""
        return np.asarray(self.fields["von_mises"][self.solids.source])

    @cached_property
    def stoichiometry(self) -> Floats:
        """Lithium stoichiometry on the points of `active`."""
        return np.asarray(self.fields["stoichiometry"][self.active.source])

    @cached_property
    def potential_range(self) -> Range:
        return full_range(self.potential, SMALLEST_POTENTIAL)

    @cached_property
    def contours(self) -> tuple[Floats, list[list[Floats]]]:
        """Levels (m,) of the potential in V, and the lines in um (n, 2) at each."""
        low, high = float(self.potential.min()), float(self.potential.max())
        if high - low < SMALLEST_POTENTIAL:
            return np.empty(0), []
        # Levels are round in mV.
        ticks = MaxNLocator(_LEVELS, steps=[1, 2, 2.5, 5, 10]).tick_values(1e3 * low, 1e3 * high)
        levels = 1e-3 * np.asarray(ticks)
        levels = levels[(levels > low) & (levels < high)]
        found = (
            Figure()
            .add_subplot()
            .tricontour(self.electrolyte.triangulation, self.potential, levels=levels)
        )
        return levels, [[line for line in each if len(line) > 1] for each in found.allsegs]

    @cached_property
    def flux_range(self) -> Range:
        return robust_range(self.flux, self.electrolyte.areas, SMALLEST_CURRENT, may_be_log=True)

    @cached_property
    def von_mises_range(self) -> Range:
        """Robust range over all solids outside the discs around feet, logarithmic if need be."""
        return self.von_mises_range_in(self.geometry_window, may_be_log=True)

    def von_mises_range_in(self, window: tuple[float, ...], may_be_log: bool = False) -> Range:
        """Robust range over the solids in a window (um) outside the discs around feet."""
        x, y = self.solids.points.T
        inside = (x >= window[0]) & (x <= window[1]) & (y >= window[2]) & (y <= window[3])
        inside = inside if inside.any() else np.ones(len(x), dtype=bool)
        keep = inside & ~self._near_feet if self.discs_fit else inside
        found = robust_range(
            self.von_mises[keep], self.solids.areas[keep], SMALLEST_STRESS, may_be_log=may_be_log
        )
        values = self.von_mises[inside]
        beyond = bool(values.max(initial=0.0) > found.high * (1.0 + 1e-9))
        return found.extended(found.log and bool(values.min() < found.low), beyond)

    @cached_property
    def feet(self) -> Floats:
        """Feet of the deposits (n, 2) in um."""
        feet = [foot for deposit in self.geometry.deposits for foot in deposit.feet]
        return np.array(feet).reshape(-1, 2) / MICROMETRE

    @cached_property
    def discs_fit(self) -> bool:
        """Whether the discs around feet leave most of the solids; in a tiny cell they do not."""
        areas = self.solids.areas
        return bool(areas[self._near_feet].sum() < 0.25 * areas.sum())

    @cached_property
    def _near_feet(self) -> NDArray[np.bool_]:
        near = np.zeros(len(self.solids.points), dtype=bool)
        for foot in self.feet:
            near |= np.hypot(*(self.solids.points - foot).T) <= FOOT_DISC / MICROMETRE
        return near

    @property
    def geometry_window(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top of the cell in um."""
        return 0.0, self.geometry.width / MICROMETRE, 0.0, self.geometry.height / MICROMETRE

    @cached_property
    def window(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top of what maps show, in um: thick electrodes are cut off."""
        y = self.electrolyte.points[:, 1]
        pad = _PAD * float(np.ptp(y))
        left, right, bottom, top = self.geometry_window
        return left, right, max(bottom, float(y.min()) - pad), min(top, float(y.max()) + pad)

    @cached_property
    def grid(self) -> Grid:
        """Current density in A/m^2 on a regular grid in um over the electrolyte."""
        part = self.electrolyte
        x, y = part.points.T
        window = (float(x.min()), float(x.max()), float(y.min()), float(y.max()))
        values = self.fields["current_density"][part.source]
        return to_grid(part.points, part.triangles, values, window, _GRID_POINTS)

    @property
    def _walls(self) -> Walls:
        particles = self.geometry.particles
        dead = ~particles.active
        left, right, bottom, _ = self.geometry_window
        return Walls(
            centres=np.stack([particles.x[dead], particles.y[dead]], axis=1) / MICROMETRE,
            radii=0.5 * particles.diameter[dead] / MICROMETRE,
            low=(left, bottom),
            high=(right, np.inf),
        )

    @cached_property
    def lines(self) -> Lines:
        """Current lines from the lithium to the cathode, evenly spaced in current."""
        x, y = self.electrolyte.points.T
        wanted = round(_LINES_PER_ASPECT * float(np.ptp(x) / np.ptp(y)))
        count = min(max(wanted, _LINES[0]), _LINES[1])
        total = abs(self.applied) * self.geometry.width
        share, sign = total / count, float(np.sign(self.applied))
        # At rest currents only run between particles: lines of the net current say nothing.
        if self.flux.max() < SMALLEST_CURRENT or abs(self.applied) < AT_REST * self.flux.max():
            return Lines([], np.empty((0, 2)), np.empty(0), 0.0)
        seeds, normals = equal_current_seeds(
            self._mesh, self._field_mesh, self.fields["current_density"], sign, share
        )
        lines = trace(self.grid, seeds / MICROMETRE, normals, sign, self._walls)
        return Lines(lines, *arrow_places(lines), share)
