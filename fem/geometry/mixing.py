"""Hard discs in equilibrium: moves of single discs until nothing is left of where they started.

Every arrangement of the discs without overlap is to be equally likely, or, in a random potential,
likely by Boltzmann's factor. The method is that of Metropolis et al. (J. Chem. Phys. 21, 1953,
1087): a disc is moved by a random step, which stands if it meets no other disc and no edge. Discs
that cannot meet each other are moved at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from fem.geometry.neighbours import close_pairs

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Complexes = NDArray[np.complex128]

ACCEPTED = 0.4
"""Share of the moves that stand, to which the step is fitted."""
MOST_SWEEPS = 1500
"""Moves of every disc after which a packing so dense that nothing gets by is left as it is."""
PATH = 2.0
"""Root mean square path, in mean diameters, after which discs count as mixed."""
WAVES = 48
"""Waves that make up a random potential."""
SQUARES = 32
"""Squares on a wave length in which it has one value each."""
CONTRAST = 0.5
"""Standard deviation of the local area fraction, over its mean, that a potential aims at."""

FREEZING = 0.70
"""Area fraction above which equal discs order themselves."""

_LONGEST_STEP = 0.5
"""Of a disc, in mean diameters."""
_STEPS_LISTED, _FARTHEST = 6.0, 1.0
"""Distance up to which discs are listed as neighbours, in steps, and at most in diameters."""


@dataclass(frozen=True)
class Potential:
    """A random landscape that gathers discs: waves of like length in all directions.

    `energy` (rows, columns) is that of a disc in each square of a grid over a box, from its lower
    left corner on, with mean 0 and standard deviation 1; `square` is the side of the squares, and
    `length` the mean wave length.
    """

    energy: Floats
    square: float
    length: float

    @classmethod
    def drawn(cls, length: float, size: tuple[float, float], rng: np.random.Generator) -> Self:
        """One under which discs gather in clusters about `length` apart."""
        square = length / SQUARES
        x, y = (square * (0.5 + np.arange(int(side / square) + 1)) for side in size)
        energy = np.zeros((len(y), len(x)))
        for _ in range(WAVES):
            number, angle, phase = rng.random(3)
            wave = 2.0 * np.pi / length * (0.75 + 0.5 * number) * np.exp(2j * np.pi * angle)
            along = np.add.outer(wave.imag * y, wave.real * x)
            energy += np.cos(along + 2.0 * np.pi * phase)
        return cls((energy - energy.mean()) / energy.std(), square, length)

    def __call__(self, z: Complexes) -> Floats:
        """The energy of discs at `z` (n,)."""
        return np.asarray(self.energy[self._places(z.imag), self._places(z.real)])

    def _places(self, along: Floats) -> Ints:
        return (along / self.square).astype(np.int64)


def strength(fraction: float) -> float:
    """Factor on a `Potential`, in thermal energies, under which discs of a `fraction` gather.

    To first order the density answers a potential by the compressibility S of the discs, which in
    scaled particle theory is ``S = (1 - eta)^3 / (1 + eta)``. Dense discs, which would answer less
    and less, get no more than those at freezing.
    """
    eta = min(fraction, FREEZING)
    return float(CONTRAST * (1.0 + eta) / (1.0 - eta) ** 3)


def mixed(
    xy: Floats,
    radius: Floats,
    size: tuple[float, float],
    rng: np.random.Generator,
    potential: Potential | None = None,
) -> Floats:
    """Centres (n, 2) of discs in equilibrium, from centres without overlap.

    Parameters
    ----------
    xy, radius
        Centres (n, 2) and radii (n,) in the box from the origin to `size`, in any unit.
    potential
        What gathers them; without one nothing but their hardness acts.
    """
    z = xy[:, 0] + 1j * xy[:, 1]
    begin, unit = z.copy(), 2.0 * float(radius.mean())
    reach = PATH * unit if potential is None else max(PATH * unit, 0.5 * potential.length)
    force = strength(np.pi * float((radius**2).sum()) / (size[0] * size[1]))
    step, sweeps = 0.1 * unit, 0
    while sweeps < MOST_SWEEPS and _mean_square(z - begin) < reach**2:
        listed = min(_STEPS_LISTED * step, _FARTHEST * unit)
        turns = _turns(z, radius, listed, rng)
        home, moved, left = z.copy(), 0, False
        first = sweeps
        while sweeps < MOST_SWEEPS and not left:
            for turn in turns:
                stood, out = _moved(
                    z, home, turn, radius, size, step, listed, rng, potential, force
                )
                moved, left = moved + stood, left or out
            sweeps += 1
        rate = moved / (len(z) * (sweeps - first))
        step = min(step * (1.0 + 0.5 * (rate - ACCEPTED)), _LONGEST_STEP * unit)
    return np.stack([z.real, z.imag], axis=1)


def _mean_square(path: Complexes) -> float:
    return float((path.real**2 + path.imag**2).mean())


Turn = tuple[Ints, Ints, Ints, Floats]
"""Discs that move at once, then of each of their neighbours: whose, which, squared contact."""


def _turns(z: Complexes, radius: Floats, listed: float, rng: np.random.Generator) -> list[Turn]:
    """Sets of discs of which no two are neighbours, all discs in one of them.

    Neighbours are closer than `listed` at their rims. A set takes the discs that come first in a
    random order among those neighbours that are left.
    """
    i, j, distance = close_pairs(np.c_[z.real, z.imag], radius, 2.0 + listed / radius.min())
    near = distance < radius[i] + radius[j] + listed
    i, j = np.r_[i[near], j[near]], np.r_[j[near], i[near]]
    rank = rng.permutation(len(z))
    squared = (radius[i] + radius[j]) ** 2
    turns, left = [], np.ones(len(z), dtype=bool)
    while left.any():
        highest = np.full(len(z), -1)
        np.maximum.at(highest, i, np.where(left, rank, -1)[j])
        chosen = left & (rank > highest)
        left &= ~chosen
        pairs = np.flatnonzero(chosen[i])
        place = np.cumsum(chosen) - 1
        turns.append((np.flatnonzero(chosen), place[i[pairs]], j[pairs], squared[pairs]))
    return turns


def _moved(
    z: Complexes,
    home: Complexes,
    turn: Turn,
    radius: Floats,
    size: tuple[float, float],
    step: float,
    listed: float,
    rng: np.random.Generator,
    potential: Potential | None,
    force: float,
) -> tuple[int, bool]:
    """Move the discs of a turn in `z`, in place.

    Returns how many moves stand, and whether one was refused only because it would have left the
    surroundings of its `home` in which neighbours are known.
    """
    discs, owner, neighbour, squared = turn
    dx, dy = rng.uniform(-step, step, (2, len(discs)))
    trial, r = z[discs] + (dx + 1j * dy), radius[discs]
    x, y = trial.real, trial.imag
    free = (x >= r) & (x <= size[0] - r) & (y >= r) & (y <= size[1] - r)
    between = trial[owner] - z[neighbour]
    free[owner[between.real**2 + between.imag**2 < squared]] = False
    if potential is not None:
        gain = force * (potential(z[discs]) - potential(trial))
        free &= rng.random(len(discs)) < np.exp(np.minimum(gain, 0.0))
    path = trial - home[discs]
    away = free & (path.real**2 + path.imag**2 > 0.25 * listed**2)
    stand = free & ~away
    z[discs[stand]] = trial[stand]
    return int(np.count_nonzero(stand)), bool(away.any())
