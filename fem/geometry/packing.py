"""Random packings: sizes are drawn, the discs grow and are pushed apart, then they are mixed.

The discs start evenly spread, at a size at which they find room easily, and grow in steps. After
each step a rigid-body engine pushes overlapping ones apart until none overlaps any more. Nothing
else moves them then: there is no gravity and no inertia. What they are grown to is the disc with
half of the least gap around it, so that touching hulls are discs at the least distance. Small, and
again full-grown, they are mixed (`fem.geometry.mixing`), so that their places are those of hard
discs in equilibrium and nothing is left of the start and of the growth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from fem.case import Clustered, RandomPacking
from fem.errors import InputError
from fem.geometry.gaps import refuse_narrow
from fem.geometry.mixing import Potential, mixed
from fem.geometry.neighbours import close_pairs

Floats = NDArray[np.float64]

KEY = "geometry.cathode.particles"
MOST_DISCS = 20_000
CUT = 2.5
"""Standard deviations at which log-normal sizes are cut off."""
LARGEST_CHANGE = 0.1
"""Relative change of the diameters that may serve to meet the area fraction exactly."""

_FIRST, _GROWTH = 0.3, 0.02
"""Area fraction of the hulls at the start, and by how much it grows in a step."""
_STEPS, _MOST_STEPS = 20, 600
"""Steps of the engine between two looks at the overlaps, and after which a packing has jammed."""
_OVERLAP = 1e-3
"""Overlap of hulls, relative to their radii, below which they count as apart."""


def pack(packing: RandomPacking, width: float, height: float) -> tuple[Floats, Floats, Floats]:
    """Discs in the rectangle from the origin to (`width`, `height`), in m.

    Returns
    -------
    Coordinates x and y of the centres and the diameters (n,), in m, ordered by y.

    Raises
    ------
    InputError
        If the sizes cannot make up the area fraction, a disc is larger than the rectangle, or the
        packing jams before the fraction is reached.
    """
    refuse_narrow("a particle", "its neighbour", float(packing.gap), f"{KEY}.gap")
    rng = np.random.default_rng(packing.seed)
    box = width * height
    diameter = _particles(packing, packing.fraction * box, rng)
    count, gap = len(diameter), float(packing.gap)
    hull = 0.5 * (diameter + gap)
    if packing.grains is not None:
        g = packing.grains
        grains = _log_normal(float(g.diameter), g.spread, g.fraction * box, rng)
        grains = _scaled(grains, g.fraction * box, f"{KEY}.grains.diameter")
        hull = np.append(hull, 0.5 * grains)  # grains may touch what they like
    _refuse_large(2.0 * float(hull.max()), width - gap, height - gap)

    size = (width - gap, height - gap)
    potential = None
    if isinstance(packing.structure, Clustered):
        length = float(packing.structure.length)
        _refuse_length(length, 4.0 * float(hull[:count].mean()), max(size))
        potential = Potential.drawn(length, size, rng)
    xy, scale = _grown(hull, size, potential, rng)
    if scale < 1.0:
        reached = np.maximum(scale * hull[:count] - 0.5 * gap, 0.0)
        least = np.pi * float((reached**2).sum()) / box
        beside = "" if packing.grains is None else " beside grains reduced alike"
        raise InputError(
            f"the packing jams: particles of these sizes fill {least:.3g} of the area{beside}, "
            "with this gap and seed",
            key=f"{KEY}.fraction",
            given=packing.fraction,
            allowed=f"at most {least:.3g}; more may fit with another seed or a larger cell",
            cure="a lower fraction, a smaller gap, a wider spread of sizes, or fewer grains",
        )
    xy = mixed(xy, hull, size, rng, potential)
    x, y = xy[:count].T + 0.5 * gap
    order = np.lexsort((x, y))
    return x[order], y[order], diameter[order]


def _particles(packing: RandomPacking, area: float, rng: np.random.Generator) -> Floats:
    """Diameters of the particles in m, with discs of the total `area` in m^2."""
    if packing.diameter is not None:
        drawn = _log_normal(float(packing.diameter), packing.spread, area, rng)
        return _scaled(drawn, area, f"{KEY}.diameter")
    total = sum(size.share for size in packing.sizes)
    parts = []
    for number, size in enumerate(packing.sizes):
        diameter = float(size.diameter)
        count = size.share / total * area / float(_disc(diameter))
        if round(count) == 0:
            raise InputError(
                f"the share of this size is {count:.2g} particles",
                key=f"{KEY}.sizes[{number}].share",
                given=size.share,
                allowed="shares of at least one particle",
                cure="a larger share, a larger cell, or without this size",
            )
        _refuse_many(count)
        parts.append(np.full(round(count), diameter))
    return _scaled(np.concatenate(parts), area, f"{KEY}.sizes")


def _log_normal(median: float, spread: float, area: float, rng: np.random.Generator) -> Floats:
    """Diameters whose discs come as near to the total `area` as they can.

    The logarithm of the diameter is normal, by area with the given median. By number it is then
    normal with the same deviation s, but with a median lower by the factor exp(-2 s^2).
    """
    s = np.log(spread)
    low, high = ndtr(np.array([-CUT, CUT]) + 2.0 * s)
    drawn = np.empty(0)
    while True:
        deviations = ndtri(rng.uniform(low, high, 1000)) - 2.0 * s
        drawn = np.append(drawn, median * np.exp(s * deviations))
        covered = np.cumsum(_disc(drawn))
        if covered[-1] >= area:
            return drawn[: 1 + int(np.argmin(np.abs(covered - area)))]
        _refuse_many(area / covered[-1] * len(drawn))


def _scaled(diameter: Floats, area: float, key: str) -> Floats:
    """Diameters times the factor that makes their discs cover `area` exactly."""
    factor = float(np.sqrt(area / _disc(diameter).sum()))
    _refuse_many(len(diameter))
    if abs(factor - 1.0) > LARGEST_CHANGE:
        raise InputError(
            f"{len(diameter)} of these discs come nearest to the area fraction, "
            f"but only with diameters {factor:.3g} times as large",
            key=key,
            allowed=f"sizes that a change by at most {100 * LARGEST_CHANGE:g} % makes fit",
            cure="smaller discs, a larger cell, or another fraction",
        )
    return factor * diameter


def _disc(diameter: Floats | float) -> Floats:
    return np.asarray(0.25 * np.pi * np.square(diameter))


def _refuse_many(count: float) -> None:
    if count > MOST_DISCS:
        raise InputError(
            f"the packing would have {count:.2g} discs",
            key=KEY,
            allowed=f"at most {MOST_DISCS}, grains included",
            cure="larger discs, or a smaller cell",
        )


def _refuse_large(diameter: float, width: float, height: float) -> None:
    if diameter >= min(width, height):
        raise InputError(
            f"a disc of {diameter * 1e6:.4g} um, with half of the gap around it, is larger than "
            f"the composite ({width * 1e6:.4g} um by {height * 1e6:.4g} um without such a rim)",
            key=KEY,
            allowed="discs that fit in, with the gap to its edges",
            cure="smaller discs, less spread, a smaller gap, or a larger cell",
        )


def _refuse_length(length: float, least: float, most: float) -> None:
    if not least <= length <= most:
        raise InputError(
            f"clusters {length * 1e6:.4g} um apart cannot be made of these particles in this cell",
            key=f"{KEY}.structure.length",
            given=f"{length * 1e6:.4g} um",
            allowed=f"{least * 1e6:.4g} to {most * 1e6:.4g} um: two mean diameters, gap included, "
            "to the longer side of the composite",
            cure='another length, or structure = "equilibrium"',
        )


def _grown(
    radius: Floats,
    size: tuple[float, float],
    potential: Potential | None,
    rng: np.random.Generator,
) -> tuple[Floats, float]:
    """Centres (n, 2) of discs in a box, and by which factor (at most 1) the radii had to shrink.

    With a factor of 1 no disc overlaps another one or an edge.
    """
    fraction = np.pi * float((radius**2).sum()) / (size[0] * size[1])
    stages = np.sqrt(np.append(np.arange(_FIRST, fraction, _GROWTH), fraction) / fraction)
    # Overlaps within the tolerance must not cost any of the gap.
    pushed = radius / (1.0 - _OVERLAP)
    crowd = Crowd(_spread(radius, size, rng), pushed, size)
    reached = 0.0
    for grown in stages.tolist():
        room = crowd.pushed_apart(grown)
        if room < 1.0 - _OVERLAP:
            return crowd.centres, max(reached, grown * room)
        if grown == stages[0] < 1.0:
            crowd.centres = mixed(crowd.centres, grown * radius, size, rng, potential)
        reached = grown
    return crowd.centres, 1.0


def _spread(radius: Floats, size: tuple[float, float], rng: np.random.Generator) -> Floats:
    """Centres (n, 2) that leave no large part of a box empty, nor those of any kind of disc.

    They are an additive recurrence (Roberts 2018) from a random point. Discs anywhere would leave
    lakes that mixing takes long to fill. Hard discs gather at a hard edge; spread up to half a
    radius from it, and then moved inside, they begin about as they will be.
    """
    plastic = 1.32471795724474602596
    steps = np.multiply.outer(np.arange(len(radius)), [1.0 / plastic, 1.0 / plastic**2])
    places = (rng.random(2) + steps) % 1.0
    r, box = radius[:, None], np.array(size)
    return np.clip(0.5 * r + (box - r) * places, r, box - r)


class Crowd:
    """Discs in a rigid-body engine that knows neither gravity nor inertia."""

    def __init__(self, xy: Floats, radius: Floats, size: tuple[float, float]) -> None:
        import pymunk  # the engine is loaded by those who pack

        self._unit = float(radius.mean())
        self._radius, self._size = radius, size
        self._space = pymunk.Space()
        self._space.damping = 0.0  # velocities die at once: only overlaps move a disc
        self._space.collision_slop = 0.1 * _OVERLAP
        # Walls so thick that no disc is pushed through them.
        d = 10.0 * float(radius.max()) / self._unit
        w, h = size[0] / self._unit, size[1] / self._unit
        corners = [(-d, -d), (w + d, -d), (w + d, h + d), (-d, h + d)]
        for start, end in zip(corners, corners[1:] + corners[:1], strict=True):
            self._space.add(pymunk.Segment(self._space.static_body, start, end, d))
        self._bodies = [pymunk.Body(r * r, float("inf")) for r in (radius / self._unit).tolist()]
        self._discs = [pymunk.Circle(body, 1.0) for body in self._bodies]
        self._space.add(*self._bodies, *self._discs)
        self.centres = xy

    @property
    def centres(self) -> Floats:
        """Of all discs (n, 2)."""
        return self._unit * np.array([body.position for body in self._bodies])

    @centres.setter
    def centres(self, xy: Floats) -> None:
        for body, place in zip(self._bodies, (xy / self._unit).tolist(), strict=True):
            body.position = tuple(place)

    def pushed_apart(self, grown: float) -> float:
        """Push the discs, `grown` times as large as they are, apart; returns the room they have.

        That is the factor on their radii at which the first one touches another one or an edge.
        It is less than ``1 - _OVERLAP`` if they jam.
        """
        for disc, r in zip(self._discs, (grown * self._radius / self._unit).tolist(), strict=True):
            disc.unsafe_set_radius(r)
        room = 0.0
        for _ in range(_MOST_STEPS // _STEPS):
            for _ in range(_STEPS):
                self._space.step(1.0)
            room = _room(self.centres, grown * self._radius, *self._size)
            if room >= 1.0 - _OVERLAP:
                break
        return room


def _room(xy: Floats, radius: Floats, width: float, height: float) -> float:
    """Factor on the radii at which the first disc touches another one or an edge."""
    i, j, distance = close_pairs(xy, radius)
    pairs = distance / (radius[i] + radius[j])
    edges = np.minimum(xy, np.array([width, height]) - xy).min(axis=1) / radius
    return float(min(pairs.min(initial=np.inf), edges.min()))
