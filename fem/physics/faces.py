"""Faces that may part: what opens between separate bodies as unknowns of its own.

Nodes of both faces coincide and strains are small, so faces meet pair by pair: no search, no
master and slave. Gap and slip of a pair take the place of two displacements among the unknowns,
``w = P T y + jump``. That the faces of a pair touch is then that one unknown is held at zero, and
what holds it is the force with which they press. Tractions of bonds act at the pairs, with the
weights of Simpson's rule along the edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components

from fem.laws.bonds import GAP, BondLaw, History, Pull
from fem.mesh import Ints
from fem.physics.bonds import SolidInterface
from fem.physics.constraints import AffineMap
from fem.physics.jumps import NO_JUMP, Jump
from fem.physics.openings import backwards, coordinates, vertices_of
from fem.spaces import Space

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Bonding = tuple[History, ...]
"""The history of each kind of interface, at its pairs."""

NONE = np.zeros(0)


@dataclass(frozen=True)
class Parted:
    """How pairs of faces stand to each other in a state, m of them.

    Attributes
    ----------
    opening
        Gap and slip (2, m) in m.
    traction
        With which the faces hold each other (2, m) in Pa: tension, and shear.
    closed
        Whether they touch (m,).
    bonding
        What their bonds remember.
    jump
        What bonds set free in the step that led here, as they let go faster than solids followed.
    released
        What jumps have set free since the start, in J per m of depth.
    """

    opening: Floats
    traction: Floats
    closed: Bools
    bonding: Bonding
    jump: Jump = NO_JUMP
    released: float = 0.0

    @property
    def pressure(self) -> Floats:
        """With which the faces press on each other (m,) in Pa; tension is negative."""
        return np.asarray(-self.traction[GAP])


@dataclass(frozen=True)
class Faces:
    """All pairs of faces of a composite that may part, m of them.

    Attributes
    ----------
    interfaces, laws
        Where they are, and what holds them.
    ends
        Rows of the first pair of each interface, and m.
    weights
        Length in m that each pair stands for (m,).
    openings
        What gap and slip of pairs are of all unknowns y, (2 m, n): row 2 k is the gap of pair k.
    known
        What gap and slip are of displacements that are known, (2 m, size).
    place
        Which unknown is a gap or slip (2 m,); -1 where it follows from others.
    pieces
        Piece of solid on both sides of each pair (2, m), the largest of them 0.
    clearance
        Gap in m (m,) of faces that are not drawn apart although they are.
    standing, upright
        Pieces other than the largest that supports hold, whatever touches them; and those that they
        keep from turning.
    """

    interfaces: tuple[SolidInterface, ...]
    laws: tuple[BondLaw, ...]
    ends: Ints
    weights: Floats
    openings: csr_matrix
    known: csr_matrix
    place: Ints
    pieces: Ints
    clearance: Floats
    standing: tuple[int, ...] = ()
    upright: tuple[int, ...] = ()

    @classmethod
    def of(
        cls,
        map_: AffineMap,
        spaces: Sequence[Space],
        bonds: Sequence[tuple[SolidInterface, BondLaw | None]],
    ) -> tuple[AffineMap, Faces | None]:
        """The same map with gaps and slips among its unknowns, and the faces; none if none part.

        Parameters
        ----------
        spaces
            Of the composite, whose displacements come first in the map, and of lithium if it may
            part from that.
        bonds
            What holds bodies together where they meet; `None` if they move as one.
        """
        interfaces = [each for each, law in bonds if law is not None]
        if not interfaces:
            return map_, None
        laws = [law for _, law in bonds if law is not None]
        bonded = [each.pairs for each, law in bonds if law is None]
        rows = _jump(interfaces, map_.matrix.shape[0])
        openings = (rows @ map_.matrix).tocsr()
        to_z, place = coordinates(openings, openings.shape[1] - map_.added)
        back = backwards(openings, place)
        vertices = vertices_of(map_.coarse_to_fine)
        among = to_z[vertices][:, vertices]
        changed = replace(
            map_,
            matrix=(map_.matrix @ to_z).tocsr(),
            coarse_to_fine=(back @ map_.coarse_to_fine @ among).tocsr(),
            coarse_rigid=(back @ map_.coarse_to_fine @ map_.coarse_rigid)[vertices],
        )
        ends = np.cumsum([0] + [len(each.pairs) for each in interfaces])
        weights = np.concatenate([NONE, *(each.weights for each in interfaces)])
        faces = cls(
            tuple(interfaces), tuple(laws), ends, weights,
            (openings @ to_z).tocsr(), rows, place,
            _pieces(spaces, bonded)[_pairs(interfaces)].T, np.zeros(len(weights)),
        )  # fmt: skip
        return changed, faces

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def gaps(self) -> Ints:
        """Unknown that is the gap of each pair (m,), -1 where it follows from others."""
        return self.place[0::2]

    @property
    def slips(self) -> Ints:
        """Unknown that is the slip of each pair (m,), -1 where it follows from others."""
        return self.place[1::2]

    def start(self) -> Parted:
        """Faces that were never parted, and touch without a force where they have no clearance."""
        m = len(self)
        bonding = tuple(
            law.start((len(each.pairs),))
            for law, each in zip(self.laws, self.interfaces, strict=True)
        )
        opening = np.stack([self.clearance, np.zeros(m)])
        return Parted(opening, np.zeros((2, m)), self.clearance <= 0.0, bonding)

    def pull(self, opening: Floats, history: Bonding, duration: float) -> tuple[Pull, Bonding]:
        """What the bonds answer at all pairs, and their new history."""
        parts = [slice(a, b) for a, b in zip(self.ends[:-1], self.ends[1:], strict=True)]
        found = [
            law.respond(opening[:, part], known, duration)
            for law, part, known in zip(self.laws, parts, history, strict=True)
        ]
        traction = np.concatenate([each.traction for each in found], axis=1)
        tangent = np.concatenate([each.tangent for each in found], axis=2)
        new = tuple(each.history for each in found)
        return Pull(traction, tangent, {}), new

    def forces(self, traction: Floats) -> Floats:
        """Forces (n,) in N/m of tractions (2, m) on the unknowns."""
        return np.asarray(self.openings.T @ (traction * self.weights).T.ravel())

    def stiffness(self, tangent: Floats) -> csr_matrix:
        """Their derivative (n, n) in Pa."""
        m = len(self)
        rows = (2 * np.arange(m) + np.arange(2)[:, None, None]) + np.zeros((2, 2, m), dtype=int)
        columns = rows.transpose(1, 0, 2)
        values = tangent * self.weights
        inner = coo_matrix((values.ravel(), (rows.ravel(), columns.ravel())), (2 * m, 2 * m))
        return (self.openings.T @ inner.tocsr() @ self.openings).tocsr()

    def rigid(self, history: Bonding) -> Bools:
        """Pairs (m,) whose bond does not give."""
        return np.concatenate(
            [
                law.rigid(known, (len(each.pairs),))
                for law, known, each in zip(self.laws, history, self.interfaces, strict=True)
            ]
        )

    def breaks(self, traction: Floats) -> Bools:
        """Pairs (m,) at which a traction (2, m) is more than a rigid bond bears."""
        parts = [slice(a, b) for a, b in zip(self.ends[:-1], self.ends[1:], strict=True)]
        return np.concatenate(
            [law.breaks(traction[:, part]) for law, part in zip(self.laws, parts, strict=True)]
        )

    def apart(self, parted: Parted) -> Floats:
        """Gap of each pair (m,) in m but for what bonds that still hold have stretched."""
        parts = [slice(a, b) for a, b in zip(self.ends[:-1], self.ends[1:], strict=True)]
        return np.concatenate(
            [
                law.apart(parted.opening[GAP, part], known)
                for law, part, known in zip(self.laws, parts, parted.bonding, strict=True)
            ]
        )

    def open_lengths(self, parted: Parted, number: int) -> tuple[Floats, Floats]:
        """Of each edge (ne,) of an interface the length that is open, and all of it, in m.

        Where one end of half an edge is open, the gap ends where its power 2/3, which is linear
        beside the end of a contact, goes to zero.
        """
        interface = self.interfaces[number]
        gap = np.maximum(self.apart(parted)[self.ends[number] + interface.pair_of], 0.0)
        start, end, middle = (gap ** (2.0 / 3.0)).T
        halves = [_open_share(start, middle, end), _open_share(end, middle, start)]
        length = interface.edges.weights.sum(axis=1)
        return 0.5 * sum(halves) * length, length

    def loose(self, holds: Bools) -> Bools:
        """Pairs (m,) of pieces that hang on nothing while pairs `holds` (m,) hold together."""
        first, second = self.pieces
        size = int(self.pieces.max()) + 1
        ground = np.zeros(len(self.standing), dtype=int)
        place = (np.append(first[holds], ground), np.append(second[holds], self.standing))
        edges = (np.ones(len(place[0])), tuple(each.astype(int) for each in place))
        label = connected_components(coo_matrix(edges, (size, size)), directed=False)[1]
        return np.asarray(label[first] != label[second])

    @property
    def friction(self) -> Floats:
        """Coefficient of friction of each pair (m,)."""
        return np.repeat([law.friction for law in self.laws], np.diff(self.ends))

    def energy(self, opening: Floats, history: Bonding) -> float:
        """What bonds could give back, in J per m of depth."""
        parts = [slice(a, b) for a, b in zip(self.ends[:-1], self.ends[1:], strict=True)]
        found = [
            law.energy(opening[:, part], known)
            for law, part, known in zip(self.laws, parts, history, strict=True)
        ]
        return float(np.concatenate(found) @ self.weights)


def _open_share(one: Floats, middle: Floats, other: Floats) -> Floats:
    """Open share of the half of an edge between an end and its middle; gaps to the power 2/3.

    `other` is the gap beyond the middle.
    """
    opens = np.clip(np.divide(middle, other - middle, out=np.full(len(one), 0.5),
                              where=(other > middle) & (middle > 0.0)), 0.0, 1.0)  # fmt: skip
    return np.where(
        (one > 0.0) & (middle > 0.0), 1.0,
        np.where(middle > 0.0, opens, np.where(one > 0.0, 0.5, 0.0)),
    )  # fmt: skip


def _pieces(spaces: Sequence[Space], bonded: Sequence[Ints]) -> Ints:
    """Piece of each unknown of spaces (n,): sheets, and those that are bonded to each other."""
    counts = np.cumsum([0] + [int(space.sheet_of.max()) + 1 for space in spaces])
    sheet = np.concatenate([c + s.sheet_of for c, s in zip(counts[:-1], spaces, strict=True)])
    first, second = sheet[np.concatenate([np.zeros((0, 2), dtype=int), *bonded])].T
    size = int(sheet.max()) + 1
    graph = coo_matrix((np.ones(len(first)), (first, second)), (size, size))
    label = connected_components(graph, directed=False)[1]
    rank = np.argsort(np.argsort(-np.bincount(label[sheet]), kind="stable"), kind="stable")
    return np.asarray(rank[label][sheet])


def _pairs(interfaces: Sequence[SolidInterface]) -> Ints:
    """Pairs of unknowns of all interfaces (m, 2)."""
    return np.concatenate([np.zeros((0, 2), dtype=int), *(each.pairs for each in interfaces)])


def _jump(interfaces: Sequence[SolidInterface], size: int) -> csr_matrix:
    """Gap and slip of all pairs of displacements, (2 m, size)."""
    pairs = _pairs(interfaces)
    normals = np.concatenate([np.zeros((2, 0)), *(each.normals for each in interfaces)], axis=1)
    tangents = np.stack([-normals[1], normals[0]])
    row = 2 * np.arange(len(pairs))
    entries = [
        (row + which, 2 * pairs[:, side] + axis, sign * direction[axis])
        for which, direction in enumerate((normals, tangents))
        for side, sign in ((0, -1.0), (1, 1.0))
        for axis in (0, 1)
    ]
    rows, columns, values = (np.concatenate([e[k] for e in entries]) for k in range(3))
    return coo_matrix((values, (rows, columns)), shape=(2 * len(pairs), size)).tocsr()
