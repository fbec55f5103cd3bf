"""Paths of electrons through contacts of particles that may let go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from fem.geometry.contacts import Contacts
from fem.mesh import Ints
from fem.physics.faces import Faces, Parted

Bools = NDArray[np.bool_]


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
    below
        Gap in m from which on nothing crosses.
    """

    contacts: Contacts
    faces: Faces
    number: int
    below: float

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

    def _apart(self, parted: Parted) -> Ints:
        """Keys of pairs of particles whose faces have all let go."""
        interface = self.faces.interfaces[self.number]
        mine = slice(*self.faces.ends[self.number : self.number + 2])
        gap = self.faces.apart(parted)[mine][interface.pair_of].min(axis=1)
        keys, which = np.unique(self._key(interface.between), return_inverse=True)
        least = np.full(len(keys), np.inf)
        np.minimum.at(least, which, gap)
        return np.asarray(keys[least >= self.below])

    def _key(self, pairs: Ints) -> Ints:
        return np.asarray(pairs.min(axis=1) * len(self.contacts.collector) + pairs.max(axis=1))
