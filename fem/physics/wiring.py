"""Electrons between particles and collector: networks of conductances per depth.

A particle is an equipotential node; the collector is the ground. Either contacts join the nodes, or
an effective medium does, discretised by finite volumes with one cell a particle. Contacts may fade:
each then conducts a share of what it did as drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, diags
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu
from scipy.spatial import Voronoi

from fem.errors import InputError
from fem.mesh import Ints

Floats = NDArray[np.float64]

EPSILON = float(np.finfo(float).eps)
COINCIDENT = 1e-6
"""Centres nearer to each other than this part of the rectangle's longer side are one point."""
FAINT = 1e-9
"""Share of its conductance that a contact keeps in a network at the least: what hangs on nothing
else then has a potential, and hardly a current."""


@dataclass(frozen=True)
class Network:
    """Nodes joined by conductances, and to the ground, which is the collector.

    Attributes
    ----------
    number
        Row of each particle (n,) in `matrix`; -1 for one that does not belong to the network.
    matrix
        What flows out of each node at given potentials against the collector: (m, m) in S per m of
        depth, symmetric and positive definite.
    """

    number: Ints
    matrix: csr_matrix

    def __len__(self) -> int:
        return int(self.matrix.shape[0])

    @classmethod
    def of(
        cls, pairs: Ints, conductance: Floats, ground: Floats, members: NDArray[np.bool_]
    ) -> Self:
        """The network of conductances between particles.

        Parameters
        ----------
        pairs, conductance
            Two particles (k, 2) and what joins them (k,) in S/m; parallel ones add up.
        ground
            What joins each particle to the collector (n,) in S/m; it may be 0.
        members
            Particles (n,) that belong to the network. Each needs a way to the collector; pairs with
            others are left out.
        """
        number = np.where(members, np.cumsum(members) - 1, -1)
        inside = members[pairs].all(axis=1)
        i, j = number[pairs[inside]].T
        g = conductance[inside]
        size = int(members.sum())
        own = np.arange(size)
        rows, columns = np.concatenate([i, j, i, j, own]), np.concatenate([i, j, j, i, own])
        values = np.concatenate([g, g, -g, -g, ground[members]])
        return cls(number, coo_matrix((values, (rows, columns)), shape=(size, size)).tocsr())

    def rounding(self, current: float) -> float:
        """What rounding leaves of balances at the nodes if they share a current, both in A per m.

        Good conductors behind a poor one have nearly equal potentials, whose differences have lost
        digits; the sum over all nodes has not.
        """
        return current * self._rounding

    @cached_property
    def _rounding(self) -> float:
        """The same for a current of 1 A per m."""
        potentials = splu(self.matrix.tocsc()).solve(np.full(len(self), 1.0 / len(self)))
        return float(EPSILON * np.linalg.norm(abs(self.matrix) @ np.abs(potentials)))

    def power(self, potentials: Floats) -> float:
        """What is lost at potentials of the nodes against the collector (m,), in W per m."""
        return float(potentials @ (self.matrix @ potentials))


@dataclass(frozen=True)
class Web:
    """What joins particles, the collector below them, and an electrode on top of them.

    Attributes
    ----------
    pairs, conductance
        Two particles (k, 2) and what joins them (k,) in S per m of depth.
    ground, top
        What joins each particle to the collector, and to the electrode on top, (n,) in S/m.
    members
        Particles (n,) that belong to the network.
    """

    pairs: Ints
    conductance: Floats
    ground: Floats
    top: Floats
    members: NDArray[np.bool_]

    def network(self, share: Floats | float = 1.0) -> Network:
        """The network of the particles, with a share of what each pair (k,) conducts as drawn."""
        faded = np.maximum(share, FAINT) * self.conductance
        return Network.of(self.pairs, faded, self.ground, self.members)

    def across(self, share: Floats | float = 1.0) -> float:
        """Conductance from the electrode on top to the collector in S per m of depth.

        0 where no path leads from one to the other.
        """
        g = np.broadcast_to(share, self.conductance.shape) * self.conductance
        joined = g > 0.0
        (i, j), g, n = self.pairs[joined].T, g[joined], len(self.ground)
        between = coo_matrix((g, (i, j)), shape=(n, n)).tocsr()
        between = between + between.T
        part = connected_components(between, directed=False)[1]
        ends = [np.isin(part, part[side > 0.0]) for side in (self.ground, self.top)]
        path = np.flatnonzero(ends[0] & ends[1])
        if not len(path):
            return 0.0
        own = np.asarray(between.sum(axis=1)).ravel() + self.ground + self.top
        matrix = (diags(own) - between).tocsc()[path][:, path]
        potentials = splu(matrix).solve(self.top[path])
        return float(self.ground[path] @ potentials)


def contacts_web(
    pairs: Ints,
    collector: NDArray[np.bool_],
    top: NDArray[np.bool_],
    resistance: float,
    out_of_plane: float,
) -> Web:
    """Particles joined by contacts.

    Parameters
    ----------
    pairs
        Particles in contact (k, 2), each pair once.
    collector, top
        Whether each particle (n,) is in contact with the collector, and with an electrode on top.
    resistance
        Of each contact, times the depth, in ohm m.
    out_of_plane
        Conductance from every particle to the collector in S per m of depth.

    Notes
    -----
    Without `out_of_plane` every particle in `pairs` needs a chain of contacts to the collector.
    """
    ground = collector / resistance + out_of_plane
    members = ground > 0.0
    members[pairs.ravel()] = True
    each = np.full(len(pairs), 1.0 / resistance)
    return Web(pairs, each, ground, top / resistance, members)


def in_contact(
    pairs: Ints, collector: NDArray[np.bool_], resistance: float, out_of_plane: float
) -> Network:
    """The network of particles joined by contacts; see `contacts_web`."""
    nothing = np.zeros(len(collector), dtype=bool)
    return contacts_web(pairs, collector, nothing, resistance, out_of_plane).network()


def in_medium(x: Floats, y: Floats, width: float, height: float, conductivity: float) -> Network:
    """The network of particles in a medium that conducts; see `medium_web`."""
    return medium_web(x, y, width, height, conductivity).network()


def medium_web(x: Floats, y: Floats, width: float, height: float, conductivity: float) -> Web:
    """Particles in a rectangle that conducts electrons, with the collector along y = 0.

    ``-div(sigma grad phi_s) = source`` by finite volumes: the cell of a particle is what lies
    nearer to its centre than to any other. Its current enters spread over the cell, and its
    potential is that at the centre. Between two neighbours flows sigma times the length of the
    common side over the distance of the centres, times the difference of potentials; between a
    cell at the bottom and the collector likewise, over the height of the centre. Top and walls are
    insulated, but that an electrode may stand on top to measure what the medium conducts.

    Parameters
    ----------
    x, y
        Centres (n,) in m, inside the rectangle.
    width, height
        Of the rectangle in m.
    conductivity
        In S/m.

    Raises
    ------
    InputError
        If two centres coincide.

    References
    ----------
    Eymard, Gallouet and Herbin, Finite volume methods, Handbook of Numerical Analysis 7 (2000) 713.
    """
    n, size = len(x), max(width, height)
    # Reflections in all four sides make the sides of the rectangle sides of cells.
    xs = np.concatenate([x, x, x, -x, 2.0 * width - x]) / size
    ys = np.concatenate([y, -y, 2.0 * height - y, y, y]) / size
    cells = Voronoi(np.c_[xs, ys])
    pairs = np.asarray(cells.ridge_points)
    ends = np.array([ridge if len(ridge) == 2 else (-1, -1) for ridge in cells.ridge_vertices])
    inner = (ends >= 0).all(axis=1) & (pairs.min(axis=1) < n)
    pairs, ends = np.sort(pairs[inner], axis=1), ends[inner]
    side = np.hypot(*(cells.vertices[ends[:, 0]] - cells.vertices[ends[:, 1]]).T)
    apart = np.hypot(*(cells.points[pairs[:, 0]] - cells.points[pairs[:, 1]]).T)
    between = pairs[:, 1] < n
    if len(np.unique(pairs[pairs < n])) < n or apart[between].min(initial=1.0) < COINCIDENT:
        raise InputError(
            "two particles have their centre at the same place, where an effective electron "
            "conductor cannot tell them apart",
            key="geometry.image.wiring.kind",
            given="effective",
            allowed='"ideal" or "resolved"',
            cure='set kind = "ideal"',
        )
    bottom = pairs[:, 1] - n == pairs[:, 0]
    above = pairs[:, 1] - 2 * n == pairs[:, 0]
    ends_of = []
    for touches in (bottom, above):
        g = np.zeros(n)
        # A reflection is twice as far away as the collector.
        g[pairs[touches, 0]] = conductivity * side[touches] / (0.5 * apart[touches])
        ends_of.append(g)
    real = between & (side > COINCIDENT * apart)
    g = conductivity * side[real] / apart[real]
    return Web(pairs[real], g, ends_of[0], ends_of[1], np.ones(n, dtype=bool))
