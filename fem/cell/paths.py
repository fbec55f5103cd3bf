"""Paths of electrons through contacts of particles that may let go, and what these conduct."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from fem.cell.touch import CHANGE, FAINT, MISJUDGED
from fem.geometry.contacts import Contacts
from fem.laws.contact import Conduction
from fem.mesh import Ints
from fem.physics.faces import Faces, Parted

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

FAINTLY = 1e-9
"""Weight of a pair whose pressure is not known beside one whose pressure is."""


@dataclass(frozen=True)
class Paths:
    """Which particles a chain of contacts joins to the collector.

    Two particles that share faces let electrons through where these touch; those that are only near
    each other, and the collector, keep their contacts.

    Attributes
    ----------
    contacts
        As drawn.
    faces, number
        All faces, and which of their interfaces is that between particles.
    conduction
        What crosses where faces touch.
    fading
        Whether contacts conduct less before they let go.
    """

    contacts: Contacts
    faces: Faces
    number: int
    conduction: Conduction
    fading: bool

    def cut_off(self, parted: Parted) -> Bools:
        """Particles (n,) that no chain of contacts joins to the collector."""
        count = len(self.contacts.collector)
        pairs = self.contacts.pairs
        pairs = pairs[~np.isin(self._key(pairs), self._apart(parted))]
        bottom = np.flatnonzero(self.contacts.collector)
        first = np.concatenate([pairs[:, 0], bottom])
        second = np.concatenate([pairs[:, 1], np.full(len(bottom), count)])
        graph = coo_matrix((np.ones(len(first)), (first, second)), (count + 1, count + 1))
        label = connected_components(graph, directed=False)[1]
        return np.asarray(label[:-1] != label[-1])

    def shares(self, parted: Parted, pairs: Ints) -> Floats:
        """Share of what contacts between particles (k, 2) conduct as drawn (k,).

        Of faces that fade the mean over the length that two particles share, else 1 until they have
        let go.
        """
        found = np.ones(len(pairs))
        if not self.fading:
            found[np.isin(self._key(pairs), self._apart(parted))] = 0.0
            return found
        interface = self.faces.interfaces[self.number]
        mine = slice(*self.faces.ends[self.number : self.number + 2])
        share = self.conduction.share(self.faces.apart(parted)[mine], parted.pressure[mine])
        between = np.empty((len(share), 2), dtype=np.int64)
        between[interface.pair_of] = interface.between[:, None]
        keys, which = np.unique(self._key(between), return_inverse=True)
        # Where an opening follows from those of a bonded neighbour nothing tells a pressure.
        weights = self.faces.weights[mine] * np.where(self.faces.gaps[mine] < 0, FAINTLY, 1.0)
        mean = np.bincount(which, share * weights) / np.bincount(which, weights)
        place = np.minimum(np.searchsorted(keys, self._key(pairs)), len(keys) - 1)
        faced = keys[place] == self._key(pairs)
        return np.where(faced, mean[place], found)

    def largest_change(self, before: Parted, after: Parted) -> float:
        """How much any contact has lost or gained in a step, over what a step may change."""
        return self._difference(before, after) / CHANGE

    def largest_error(self, guessed: Parted, found: Parted) -> float:
        """How wrongly any contact was guessed, over what may be."""
        return self._difference(found, guessed) / MISJUDGED

    def lost(self, parted: Parted) -> Bools:
        """Pairs of faces (m,) of all that are between particles that have let go of each other."""
        interface = self.faces.interfaces[self.number]
        apart = np.isin(self._key(interface.between), self._apart(parted))
        found = np.zeros(int(self.faces.ends[-1]), dtype=bool)
        found[self.faces.ends[self.number] + interface.pair_of[apart]] = True
        return found

    def _difference(self, one: Parted, other: Parted) -> float:
        """Largest difference of what a contact conducts, relative to what it does in `one`."""
        if not self.fading:
            return 0.0
        old, new = (self.shares(each, self.contacts.pairs) for each in (one, other))
        return float((np.abs(new - old) / np.maximum(old, FAINT)).max(initial=0.0))

    def _apart(self, parted: Parted) -> Ints:
        """Keys of pairs of particles whose faces have all let go."""
        interface = self.faces.interfaces[self.number]
        mine = slice(*self.faces.ends[self.number : self.number + 2])
        gap = self.faces.apart(parted)[mine][interface.pair_of].min(axis=1)
        keys, which = np.unique(self._key(interface.between), return_inverse=True)
        least = np.full(len(keys), np.inf)
        np.minimum.at(least, which, gap)
        return np.asarray(keys[least >= self.conduction.below])

    def _key(self, pairs: Ints) -> Ints:
        return np.asarray(pairs.min(axis=1) * len(self.contacts.collector) + pairs.max(axis=1))
