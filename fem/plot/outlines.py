"""Electrodes as closed paths, from the exact curves of a geometry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from matplotlib.path import Path
from numpy.typing import NDArray

from fem.geometry import Geometry, Outline, Phase
from fem.geometry.types import OUTSIDE, Inactivity
from fem.plot.scale import MICROMETRE

Floats = NDArray[np.float64]

_ARC = 0.04
"""Largest angle in rad between neighbouring points on a curve."""
_CHORDS = (-0.55, 0.0, 0.55)
"""Offsets, in radii, of the diagonal lines across an inactive particle."""


@dataclass(frozen=True)
class Electrodes:
    """Compound paths in um: lithium, active material that reacts or does not, and what is neither.

    `idle` is electrolyte and lithium that no current reaches. `strokes` are the diagonal lines
    (n, 2, 2) in um that tell inactive particles apart.
    """

    lithium: Path
    active: Path
    inactive: Path
    void: Path
    idle: Path
    strokes: Floats

    @classmethod
    def of(cls, geometry: Geometry) -> Electrodes:
        """Paths of all regions but the electrolyte that carries current."""
        alive = geometry.particles.active
        names = {Phase.LITHIUM: "lithium", Phase.VOID: "void", Phase.IDLE: "idle"}
        rings: dict[str, list[Floats]] = {
            kind: [] for kind in ("lithium", "active", "inactive", "void", "idle")
        }
        for number, parts in _pieces(geometry).items():
            region = geometry.regions[number]
            kind = names.get(region.phase, "active")
            if kind == "active" and len(alive) and not alive[region.body]:
                kind = "inactive"
            rings[kind] += _rings(parts)
        return cls(
            **{kind: _compound(each) for kind, each in rings.items()}, strokes=_strokes(geometry)
        )


_DIRECTIONS = {
    Inactivity.SET: (45.0,),
    Inactivity.NO_IONS: (135.0,),
    Inactivity.NO_ELECTRONS: (45.0, 135.0),
    Inactivity.SHORT: (0.0,),
    Inactivity.LOOSE: (90.0,),
}
"""Angles in degrees of the strokes across a particle that does not react, by the reason."""


def particle_paths(geometry: Geometry) -> dict[int, Path]:
    """The path of each particle in um, by its id."""
    rings: dict[int, list[Floats]] = {}
    for number, parts in _pieces(geometry).items():
        region = geometry.regions[number]
        if region.phase == Phase.ACTIVE:
            rings.setdefault(region.body, []).extend(_rings(parts))
    return {number: _compound(each) for number, each in sorted(rings.items())}


def _pieces(geometry: Geometry) -> dict[int, list[Floats]]:
    """Pieces of the outline of each region but electrolyte, counterclockwise, in um."""
    pieces: dict[int, list[Floats]] = {}
    for outline in geometry.outlines:
        solid = [
            side
            for side in (outline.left, outline.right)
            if side != OUTSIDE and geometry.regions[side].phase != Phase.ELECTROLYTE
        ]
        if solid:
            points = _points(outline)
            for side in solid:
                forward = side == outline.left
                pieces.setdefault(side, []).append(points if forward else points[::-1])
    return pieces


def _points(outline: Outline) -> Floats:
    """Points (n, 2) in um on the curve of an outline."""
    curve = outline.curve
    tightest = float(curve.radius(np.linspace(0.0, 1.0, 9)).min())
    count = 2 if np.isinf(tightest) else 2 + int(np.ceil(curve.length / (_ARC * tightest)))
    t = np.union1d(np.linspace(0.0, 1.0, min(count, 400)), curve.corners)
    return np.asarray(curve.point(t).T / MICROMETRE)


def _rings(parts: list[Floats]) -> list[Floats]:
    """Closed rings (n, 2) from directed pieces that meet end to end."""

    def key(point: Floats) -> tuple[float, float]:
        return round(float(point[0]), 6), round(float(point[1]), 6)

    begins = {key(part[0]): part for part in parts}
    rings = []
    while begins:
        first, part = next(iter(begins.items()))
        del begins[first]
        ring = [part]
        while (place := key(ring[-1][-1])) in begins:
            ring.append(begins.pop(place))
        rings.append(np.concatenate([piece[:-1] for piece in ring]))
    return rings


def _compound(rings: Iterable[Floats]) -> Path:
    vertices, codes = [np.empty((0, 2))], [np.empty(0, dtype=np.uint8)]
    for ring in rings:
        vertices += [ring, ring[:1]]
        code = np.full(len(ring) + 1, Path.LINETO, dtype=np.uint8)
        code[0], code[-1] = Path.MOVETO, Path.CLOSEPOLY
        codes.append(code)
    return Path(np.concatenate(vertices), np.concatenate(codes))


def _strokes(geometry: Geometry) -> Floats:
    """Chords (n, 2, 2) in um across particles that do not react; their direction says why."""
    particles = geometry.particles
    strokes = [np.empty((0, 2, 2))]
    for reason, angles in _DIRECTIONS.items():
        dead = particles.inactivity == str(reason)
        centre = np.stack([particles.x[dead], particles.y[dead]], axis=1) / MICROMETRE
        radius = 0.5 * particles.diameter[dead] / MICROMETRE
        for angle in np.radians(angles):
            along = np.array([np.cos(angle), np.sin(angle)])
            across = np.array([-along[1], along[0]])
            for offset in _CHORDS:
                half = np.sqrt(1.0 - offset**2)
                ends = [offset * across - half * along, offset * across + half * along]
                strokes.append(np.stack([centre + radius[:, None] * end for end in ends], axis=1))
    return np.concatenate(strokes)
