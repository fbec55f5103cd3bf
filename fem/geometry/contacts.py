"""Which particles are in contact, and which of them a chain of contacts joins to the collector."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from fem.case import Case, ResolvedWiring
from fem.errors import InputError
from fem.geometry.neighbours import close_pairs
from fem.geometry.types import Geometry, Inactivity, Particles, Phase

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_SLACK = 1e-9
"""Gaps that exceed the limit by this part of the cell's width, which is rounding, still count."""
_BENT = 8
"""Straight pieces that stand for a bent one: of an arc of 20 degrees they stray by 2e-4 radii."""


@dataclass(frozen=True)
class Contacts:
    """Pairs of particles in contact (m, 2), each once, and whether each particle (n,) is in contact
    with the collector, and with the plane on top of the composite."""

    pairs: Ints
    collector: Bools
    top: Bools

    @classmethod
    def of(cls, case: Case, shape: Geometry) -> Contacts:
        """Contacts that the resolved wiring of a case counts as such.

        A particle that touches lithium has none: it is part of the other electrode.
        """
        wiring = case.geometry.wiring
        assert isinstance(wiring, ResolvedWiring)
        gap = float(wiring.contact_gap) + _SLACK * shape.width
        cathode = case.geometry.cathode
        height = shape.top if cathode is None else float(cathode.thickness)
        layout = getattr(cathode, "particles", None)
        if layout is not None and getattr(layout, "overlap", "refuse") == "refuse":
            found = cls._of_discs(shape.particles, gap, height)
        else:
            found = cls._of_pieces(shape, gap, height)
        allowed = shape.particles.inactivity != str(Inactivity.SHORT)
        pairs = found.pairs[allowed[found.pairs].all(axis=1)]
        return cls(pairs, found.collector & allowed, found.top & allowed)

    @classmethod
    def _of_discs(cls, particles: Particles, gap: float, height: float) -> Contacts:
        xy, radius = np.c_[particles.x, particles.y], 0.5 * particles.diameter
        i, j, distance = close_pairs(xy, radius, reach=2.0 + gap / float(radius.min()))
        near = distance - radius[i] - radius[j] <= gap
        above = height - (particles.y + radius) <= gap
        return cls(np.c_[i, j][near], particles.y - radius <= gap, above)

    @classmethod
    def _of_pieces(cls, shape: Geometry, gap: float, height: float) -> Contacts:
        import shapely  # only shapes other than discs need it

        lines, owner = [], []
        for outline in shape.outlines:
            curve = outline.curve
            knots = np.concatenate([[0.0], curve.corners, [1.0]])
            if np.isfinite(curve.radius(np.zeros(1))).all():
                share = np.arange(_BENT) / _BENT
                knots = np.append((knots[:-1, None] + np.diff(knots)[:, None] * share).ravel(), 1.0)
            points = curve.point(knots).T
            for side in (outline.left, outline.right):
                # Beyond the cell (-1) stands the last region, which then has the other side too.
                region = shape.regions[side]
                if side >= 0 and region.phase == Phase.ACTIVE:
                    lines.append(shapely.LineString(points))
                    owner.append(region.body)
        of, count = np.array(owner), len(shape.particles)
        one, other = of[shapely.STRtree(lines).query(lines, predicate="dwithin", distance=gap)]
        key = np.unique((one * count + other)[one < other])
        lowest, highest = np.full(count, np.inf), np.full(count, -np.inf)
        bounds = shapely.bounds(lines)
        np.minimum.at(lowest, of, bounds[:, 1])
        np.maximum.at(highest, of, bounds[:, 3])
        pairs = np.stack(np.divmod(key, count), axis=1)
        return cls(pairs, lowest <= gap, height - highest <= gap)

    @property
    def joined(self) -> Bools:
        """Whether a chain of contacts leads from each particle (n,) to the collector."""
        n = len(self.collector)
        matrix = coo_matrix((np.ones(len(self.pairs)), tuple(self.pairs.T)), shape=(n, n))
        _, part = connected_components(matrix, directed=False)
        return np.asarray(np.isin(part, part[self.collector]))


def wired(case: Case, shape: Geometry) -> Geometry:
    """`shape` with particles inactive that electrons cannot reach, and a note of how many.

    Raises
    ------
    InputError
        If none is left.
    """
    wiring, particles = case.geometry.wiring, shape.particles
    if not isinstance(wiring, ResolvedWiring) or wiring.out_of_plane_conductance is not None:
        return shape
    contacts = Contacts.of(case, shape)
    cut_off = particles.active & ~contacts.joined
    active, lost = int(particles.active.sum()), int(cut_off.sum())
    composite = case.geometry.source or "cathode"
    cure = (
        "add out_of_plane_conductance, as discs in a plane join more seldom than spheres; "
        'or take kind = "effective", or a larger contact_gap'
    )
    text = (
        f"{lost} of {active} particles have no path for electrons: no chain of contacts with gaps "
        f"of at most {wiring.contact_gap.text} joins them to the collector"
    )
    if lost == active:
        raise InputError(
            f"{text}, so no current can flow",
            key=f"geometry.{composite}.wiring.contact_gap",
            given=wiring.contact_gap.text,
            cure=cure,
        )
    if not lost:
        return shape
    why = np.where(cut_off, str(Inactivity.NO_ELECTRONS), particles.inactivity)
    note = f"{text}. They are inactive."
    if 2 * lost > active:
        note = f"Warning: {note} If that is not meant, {cure}."
    return replace(
        shape,
        particles=Particles(particles.x, particles.y, particles.diameter, why),
        notes=(*shape.notes, note),
    )
