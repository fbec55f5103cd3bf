"""Where electrodes touch the electrolyte: from pairs of faces to shares of a reacting surface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from fem.cell.blocks import Content
from fem.cell.interfaces import Interface
from fem.forms.interface import shape
from fem.geometry import Inactivity
from fem.laws.bonds import GAP
from fem.laws.contact import Conduction
from fem.mesh import Ints
from fem.physics.bonds import SolidInterface
from fem.physics.faces import Faces, Parted

Floats = NDArray[np.float64]

CHANGE = 0.2
"""Part of its contact that a particle, or a body of lithium, may lose or gain in a step."""
FAINT = 0.05
"""Share of a surface in contact that is small: changes are compared with this at the least."""
MISJUDGED = 0.002
"""Part of the contact of a body that a step may guess wrongly."""
LATE = 0.02
"""How far the last faces may go beyond letting go in a step, over `conducts_below`."""
PARTS = 16
"""Pieces that the surroundings of a quadrature point are cut into: an edge may be open in part."""


@dataclass(frozen=True)
class Touch:
    """Which pair of faces is at each node of surfaces that react: particles', or lithium's.

    Attributes
    ----------
    surfaces
        Groups of particles, or all lithium.
    pairs
        Of each of them the pair at its nodes (k, m); -1 where there is none.
    faces, number
        All faces, and which of their interfaces is that of these surfaces and the electrolyte.
    conduction
        What crosses where they touch.
    """

    surfaces: tuple[Interface, ...]
    pairs: tuple[Ints, ...]
    faces: Faces
    number: int
    conduction: Conduction

    @classmethod
    def of(
        cls, faces: Faces, kind: str, surfaces: Sequence[Interface], conduction: Conduction
    ) -> Self | None:
        """Where surfaces may part from the electrolyte, faces of one kind; `None` if nowhere."""
        kinds = [each.kind for each in faces.interfaces]
        if kind not in kinds:
            return None
        number = kinds.index(kind)
        begin = int(faces.ends[number])
        pairs = facing(faces.interfaces[number], surfaces)
        found = tuple(np.where(each >= 0, begin + each, -1) for each in pairs)
        return cls(tuple(surfaces), found, faces, number, conduction)

    def shares(self, parted: Parted) -> list[Floats]:
        """Share of the surface that conducts at the quadrature points of each group (k, ne, nq).

        The mean over what each point stands for: gaps and pressures are interpolated between
        nodes, so that shares change continuously as an edge opens.
        """
        found, apart = [], self.faces.apart(parted)
        for each, pairs in zip(self.surfaces, self.pairs, strict=True):
            edges = each.patches.edges
            gap = np.where(pairs >= 0, apart[pairs], 0.0)[:, edges]
            pressure = np.where(pairs >= 0, parted.pressure[pairs], 0.0)[:, edges]
            share = self.conduction.share(gap @ _AROUND, pressure @ _AROUND)
            share = share.reshape(*share.shape[:2], -1, PARTS).mean(axis=3)
            alone = np.any(pairs[:, edges] < 0, axis=2)
            found.append(np.where(alone[..., None], 1.0, share))
        return found

    def largest_change(self, before: Content, after: Content) -> float:
        """How much of its contact any body has lost or gained, over the limit of a step."""
        largest = 0.0
        for each in self.surfaces:
            old, new = (by_piece(each, held[each.contact_name]) for held in (before, after))
            limit = CHANGE * np.maximum(old, FAINT)
            largest = max(largest, float((np.abs(new - old) / limit).max()))
        return largest

    def late(self, before: Content, after: Content, parted: Parted) -> float:
        """How far beyond letting go the last faces went in a step, over what may be; 0 if none did.

        Little contact is lost then, so that nothing else would say when it was.
        """
        first, last = (
            any(held[each.contact_name].any() for each in self.surfaces) for held in (before, after)
        )
        if last or not first:
            return 0.0
        apart = self.faces.apart(parted)
        gap = min(float(apart[pairs[pairs >= 0]].min(initial=np.inf)) for pairs in self.pairs)
        below = self.conduction.below
        start = below if self.conduction.pressure is None else 0.0
        return max(gap - start, 0.0) / (LATE * below)

    def largest_error(self, before: Content, after: Content) -> float:
        """How wrongly the contact of any body that reacts was guessed, over what may be.

        It was guessed to be as in `before`, and is as in `after`. What has let go all round is not
        asked for more.
        """
        largest = 0.0
        for each in self.surfaces:
            old, new = (held[each.contact_name] for held in (before, after))
            size = by_piece(each, new)
            wrong = by_piece(each, np.abs(new - old)) / np.maximum(size, FAINT)
            asked = each.active(after) & ((size > 0.0) | (by_piece(each, old) > 0.0))
            largest = max(largest, float(wrong[asked].max(initial=0.0)))
        return largest / MISJUDGED

    def touching(self, held: Content) -> bool:
        """Whether the first body of the first surface, which lithium's foil is, touches at all."""
        first = self.surfaces[0]
        return bool(by_piece(first, held[first.contact_name])[0] > 0.0)

    def switches(self, held: Content) -> dict[int, Inactivity | None]:
        """Particles, by id, that have come loose, and (`None`) those that touch again."""
        found: dict[int, Inactivity | None] = {}
        for each in self.surfaces:
            share = by_piece(each, held[each.contact_name])
            for body, part, why in zip(
                each.ids.tolist(), share.tolist(), each.inactivity(held).tolist(), strict=True
            ):
                if not why and part == 0.0:
                    found[body] = Inactivity.LOOSE
                elif why == Inactivity.LOOSE and part > 0.0:
                    found[body] = None
        return found

    def open_shares(self, parted: Parted, count: int) -> Floats:
        """Share of each particle's surface on the electrolyte that is open (count,), by length.

        nan for particles that have none.
        """
        bodies = self.faces.interfaces[self.number].body
        opened, length = self.faces.open_lengths(parted, self.number)
        total = np.bincount(bodies, length, count)
        share = np.full(count, np.nan)
        np.divide(np.bincount(bodies, opened, count), total, out=share, where=total > 0.0)
        return share

    def lengths(self, parted: Parted) -> tuple[float, float]:
        """Length of surface on the electrolyte that is open, and all of it, in m."""
        opened, length = self.faces.open_lengths(parted, self.number)
        return float(opened.sum()), float(length.sum())

    def gaps(self, parted: Parted) -> tuple[float, float]:
        """Mean and largest gap to the electrolyte in m."""
        mine = slice(*self.faces.ends[self.number : self.number + 2])
        gap, weights = parted.opening[GAP, mine], self.faces.weights[mine]
        return float(gap @ weights / weights.sum()), float(gap.max())


def facing(interface: SolidInterface, surfaces: Sequence[Interface]) -> list[Ints]:
    """Pair of an interface of solids at the nodes of each surface (k, m); -1 for none."""
    nodes, bodies = interface.nodes, interface.bodies
    stride = int(nodes.max()) + 1
    order = np.argsort(bodies * stride + nodes, kind="stable")
    keys = (bodies * stride + nodes)[order]
    found = []
    for each in surfaces:
        patches = each.patches
        wanted = each.ids[patches.piece_of_node] * stride + patches.nodes
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        found.append(np.where(keys[place] == wanted, order[place], -1))
    return found


def by_piece(each: Interface, share: Floats) -> Floats:
    """Mean of a share (k, ne, nq) over the surface of each body (pieces,)."""
    patches = each.patches
    weights = patches.weights
    piece = patches.piece.ravel()
    total = np.bincount(piece, (share * weights).sum(axis=2).ravel(), patches.count)
    return np.asarray(total / np.bincount(piece, weights.sum(axis=2).ravel(), patches.count))


def _around() -> Floats:
    """Shape functions (3, nq PARTS) at the middles of the parts around each quadrature point."""
    _, weights = np.polynomial.legendre.leggauss(4)
    ends = np.concatenate([[0.0], np.cumsum(0.5 * weights)])
    middles = (np.arange(PARTS) + 0.5) / PARTS
    places = ends[:-1, None] + np.diff(ends)[:, None] * middles
    return shape(places.ravel())


_AROUND = _around()
