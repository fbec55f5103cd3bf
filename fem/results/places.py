"""Where members of a sweep carry more than the mean: along the lithium, and by particle.

What a member carries is kept in half precision (to 5e-4 of each value), packed, some hundred bytes
a member, so that ten thousand of them fit into a journal and into memory.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fem.measures.anode import AnodeProfile

Floats = NDArray[np.float64]

STEP = 1e-6
"""Distance of stations across the cell in m, half of the arc over which plating is averaged."""
MOST_STATIONS = 1000
SAME = 2e-8
"""Distance in m of stations, or of particles' centres, below which drawings are the same."""
_FAR = 6e4
"""What half precision holds."""
_COORDINATE = 10
"""Decimals of a coordinate in m: a tenth of a nanometre."""


@dataclass(frozen=True)
class Packed:
    """What some members carry, for a journal: arrays as text.

    Attributes
    ----------
    members
        Their numbers.
    line
        Plating at the stations over its mean along the lithium, (members, stations).
    stations
        Arc length and coordinates in m, (3, stations).
    currents
        Of the particles over the mean of those that react, (members, particles); nan where one
        does not react.
    discs
        Coordinates and diameters in m, (3, particles).
    """

    members: tuple[int, ...]
    line: str
    stations: str
    currents: str
    discs: str


@dataclass(frozen=True)
class Spread:
    """How the members differ at each of n places: arrays (n,), over the mean of each member.

    Attributes
    ----------
    x, y
        Coordinates in m.
    size
        Arc length from the left wall of a station, or diameter of a particle, in m.
    members
        How many are known.
    carrying
        In how many of them it reacts.
    mean, p05, p50, p95
        Over those in which it reacts; nan where there are none.
    over
        Share of all members in which it carries more than each multiple, (multiples, n).
    """

    x: Floats
    y: Floats
    size: Floats
    members: int
    carrying: NDArray[np.int64]
    mean: Floats
    p05: Floats
    p50: Floats
    p95: Floats
    over: Floats

    @property
    def dead(self) -> Floats:
        """Share of the members in which it does not react (n,)."""
        found: Floats = (self.members - self.carrying) / self.members
        return found


def pack(
    members: Sequence[int],
    anode: AnodeProfile,
    running: Floats,
    means: Floats,
    discs: Floats,
    currents: Floats,
    active: NDArray[np.bool_],
) -> Packed:
    """Pack members of one cell.

    Parameters
    ----------
    running
        Plating, averaged over 2 um of arc, at the nodes of `anode`, (members, nodes) in A/m^2.
    means
        Means of plating along the lithium (members,) in A/m^2, not 0.
    discs
        Coordinates and diameters of the particles in m, (3, particles).
    currents, active
        What each particle gives in A per m, and whether it reacts, (members, particles).
    """
    width = float(anode.x.max() - anode.x.min())
    # A hair more, so that rounding of a width does not decide.
    count = int(np.clip(round(width / STEP + 1e-6), 1, MOST_STATIONS)) + 1
    share, here = anode.s / anode.length, np.linspace(0.0, 1.0, count)
    line = [np.interp(here, share, row) / mean for row, mean in zip(running, means, strict=True)]
    stations = [np.interp(here, share, each) for each in (anode.s, anode.x, anode.y)]
    living = np.where(active, currents, 0.0)
    per_particle = living.sum(axis=1) / np.maximum(active.sum(axis=1), 1)
    ratio = np.full(currents.shape, np.nan)
    some = per_particle != 0.0
    ratio[some] = living[some] / per_particle[some, None]
    ratio[~active] = np.nan
    return Packed(
        tuple(members),
        _text(np.clip(line, -_FAR, _FAR), np.float16),
        _text(np.array(stations), np.float32),
        _text(np.clip(ratio, -_FAR, _FAR), np.float16),
        _text(discs, np.float32),
    )


def along_lithium(packed: Sequence[tuple[Packed, slice]], multiples: Sequence[float]) -> Spread:
    """How plating along the lithium differs between members, which have one drawing.

    Each of `packed` comes with the members of it that count.

    Raises
    ------
    ValueError
        If their lines differ.
    """
    places = _common([_coordinates(each.stations) for each, _ in packed])
    values = [_members(each.line, each, places)[rows] for each, rows in packed]
    s, x, y = places
    return _spread(np.concatenate(values), np.stack([x, y, s]), multiples)


def by_particle(packed: Sequence[tuple[Packed, slice]], multiples: Sequence[float]) -> Spread:
    """How currents of the particles differ between members, as `along_lithium`.

    Raises
    ------
    ValueError
        If their particles differ.
    """
    places = _common([_coordinates(each.discs) for each, _ in packed])
    values = [_members(each.currents, each, places)[rows] for each, rows in packed]
    return _spread(np.concatenate(values), places, multiples)


def _spread(values: NDArray[np.float16], places: Floats, multiples: Sequence[float]) -> Spread:
    """Of values (members, n), nan where there are none; a place after the other."""
    members, count = values.shape
    told = np.full((4, count), np.nan)
    over = np.zeros((len(multiples), count))
    carrying = np.zeros(count, dtype=np.int64)
    for place in range(count):
        column = values[:, place].astype(float)
        known = column[~np.isnan(column)]
        carrying[place] = len(known)
        if len(known):
            told[:, place] = known.mean(), *np.percentile(known, [5.0, 50.0, 95.0])
        over[:, place] = [(known > multiple).sum() / members for multiple in multiples]
    x, y, size = places
    mean, p05, p50, p95 = told
    return Spread(x, y, size, members, carrying, mean, p05, p50, p95, over)


def _common(places: Sequence[Floats]) -> Floats:
    """The first of several (3, n) that are all the same."""
    first = places[0]
    for other in places[1:]:
        if other.shape != first.shape or (np.abs(other - first) > SAME).any():
            raise ValueError("drawings differ")
    return first


def _coordinates(text: str) -> Floats:
    return np.round(_array(text, np.float32).astype(float).reshape(3, -1), _COORDINATE)


def _members(text: str, packed: Packed, places: Floats) -> NDArray[np.float16]:
    found: NDArray[np.float16] = _array(text, np.float16).reshape(
        len(packed.members), places.shape[1]
    )
    return found


def _text(values: Floats, dtype: type) -> str:
    """Numbers as text: bytes of one kind side by side compress better."""
    content = np.ascontiguousarray(values, dtype=np.dtype(dtype).newbyteorder("<"))
    planes = content.reshape(-1).view(np.uint8).reshape(-1, content.itemsize).T
    return base64.b64encode(zlib.compress(planes.tobytes(), 6)).decode("ascii")


def _array(text: str, dtype: type) -> NDArray[np.floating]:
    kind = np.dtype(dtype).newbyteorder("<")
    planes = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=np.uint8)
    return np.ascontiguousarray(planes.reshape(kind.itemsize, -1).T).view(kind).reshape(-1)
