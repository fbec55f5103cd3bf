"""Places in and around an interlayer that take lithium up.

Each is an interface of the cell, with its own surface: the face on the electrolyte is a line inside
the electrolyte, pores and carbon are surface per volume, and the collector's side is the lithium of
the foil, which has a barrier here. What a stage can give and take at the most is part of what its
law reads, so that no potential has to be searched for beyond what is there.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fem.cell.blocks import Block, Content, Floats, Place
from fem.cell.flaws import Flaws
from fem.cell.interfaces import Answer, Ends, Interface, Recall
from fem.cell.lithium import LithiumInterface
from fem.constants import FARADAY
from fem.geometry import Phase
from fem.geometry.interlayer import LAYER
from fem.laws.interfaces import PRESSURE, STOICHIOMETRY
from fem.laws.stores import BARRIER, GIVES, PER_CURRENT, TAKES, Deposition, Insertion
from fem.physics.charge import Inner, Response, Surface

LEAST = 1e-10
"""Thickness of lithium in m, an atom, above which there is some."""


@dataclass(frozen=True)
class Shut:
    """The barrier of a site at its points (k, ne, nq) in V, and the block of what is open."""

    barrier: Floats
    opened: Block

    @classmethod
    def of(cls, name: str, barrier: Floats, begins: float = 0.0) -> Shut:
        """That of the site of a name, open everywhere at the start if `begins` is 1."""
        block = Block(
            f"{name}.opened",
            "1",
            "1 where lithium has opened the site, else 0",
            Place.LAYER_POINTS,
            np.full(barrier.shape, begins),
            evolves=False,
        )
        return cls(barrier, block)

    def left(self, held: Content) -> Floats:
        """What of the barrier is left."""
        return self.barrier * (1.0 - held[self.opened.name])

    def after(self, held: Content, thickness: Floats) -> Content:
        """What is held once all points with lithium (thickness in m) have opened."""
        before = held[self.opened.name]
        return {self.opened.name: np.maximum(before, np.where(thickness > LEAST, 1.0, 0.0))}


def bounds(density: Floats, c: float, most: float = np.inf) -> dict[str, Floats]:
    """What a store of a charge per area (C/m^2) gives and takes at the most in a stage (A/m^2).

    The start of a stage is extrapolated, and may lie beyond: what is then negative brings it back.
    """
    room = most - density
    if c == 0.0:
        return {k: np.where(v > 0.0, np.inf, 0.0) for k, v in ((GIVES, density), (TAKES, room))}
    return {GIVES: density / c, TAKES: room / c}


class Store(Interface):
    """A place that takes lithium up, of which each point keeps the charge that it has taken.

    Attributes
    ----------
    kind
        "electrolyte", "pores" or "carbon".
    """

    side = Phase.ELECTROLYTE
    stressed = PRESSURE
    values = Place.LAYER_POINTS
    kind: str

    def __init__(
        self,
        kind: str,
        surface: Surface,
        change_limit: float,
        tolerance: float,
        *own: Block,
        flaws: Flaws | None = None,
    ) -> None:
        """`change_limit` is the charge per area of its surface (C/m^2) that a step may change."""
        self.kind = kind
        weight = 1.0 / surface.patches.weights / change_limit
        charge = Block(
            f"{surface.name}.charge",
            "C/m",
            "charge of the lithium taken up since the start, at the quadrature points",
            Place.LAYER_POINTS,
            np.zeros(surface.patches.weights.shape),
            weight / tolerance,
            weight,
        )
        super().__init__(surface, np.array([LAYER]), tolerance, charge, *own, flaws=flaws)

    def charge(self, content: Content) -> Floats:
        """Charge taken up since the start at the points (1, ne, nq), in C per m of depth."""
        return content[self.charge_name]

    def density(self, content: Content) -> Floats:
        """The same per area of its surface, in C/m^2."""
        return np.asarray(self.charge(content) / self.patches.weights)

    @abstractmethod
    def filled(self, content: Content, c: float) -> dict[str, Floats]:
        """What its law reads of how full it is, in a stage of length c from a content."""

    def standing(self, content: Content) -> dict[str, Floats]:
        # What the law reads that is not held: all that is there, at an instant.
        return self.filled(content, 0.0)

    def recall(self, base: Content, c: float, guess: Content) -> Recall:
        weights, before, name = self.patches.weights, self.charge(base), self.charge_name

        def advance(currents: Floats, loads: Floats) -> Ends:
            return {name: before - c * currents * weights}, {name: -currents * weights}

        return Recall({}, advance)

    def answer(
        self,
        base: Content,
        c: float,
        guess: Content,
        stress: Inner,
        currents: Floats | None,
        held: Content,
        beside: Content,
    ) -> Answer:
        points = {**self.given(held, base), **self.filled(base, c)}
        response = Response(self.law, {}, points)
        return Answer(response, self.recall(base, c, guess).advance)


class Deposits(Store):
    """Lithium on the face of the electrolyte, or in pores.

    Attributes
    ----------
    shut
        Its barrier.
    most
        The charge per area of its surface (C/m^2) that there is room for.
    """

    def __init__(
        self,
        kind: str,
        surface: Surface,
        law: Deposition,
        barrier: Floats,
        most: float,
        thickness_limit: float,
        tolerance: float,
        flaws: Flaws | None = None,
    ) -> None:
        self.law: Deposition = law
        self.shut, self.most = Shut.of(surface.name, barrier), most
        limit = min(thickness_limit * FARADAY / law.molar_volume, 0.1 * most)
        super().__init__(kind, surface, limit, tolerance, self.shut.opened, flaws=flaws)

    def thickness(self, content: Content) -> Floats:
        """Thickness of the deposit on its surface at the points (1, ne, nq), in m."""
        return self.density(content) * self.law.molar_volume / FARADAY

    def given(self, held: Content, content: Content) -> dict[str, Floats]:
        return {BARRIER: self.shut.left(held)}

    def filled(self, content: Content, c: float) -> dict[str, Floats]:
        return bounds(self.density(content), c, self.most)


class Dissolved(Store):
    """Lithium in the solid of the layer.

    Attributes
    ----------
    full
        The charge per area of its surface (C/m^2) at stoichiometry 1.
    start
        Its stoichiometry at the start.
    """

    def __init__(
        self,
        surface: Surface,
        law: Insertion,
        full: float,
        start: float,
        change_limit: float,
        tolerance: float,
    ) -> None:
        self.law: Insertion = law
        self.full, self.start = full, start
        super().__init__("carbon", surface, full * change_limit, tolerance)

    def stoichiometry(self, content: Content) -> Floats:
        """At the points (1, ne, nq)."""
        return np.asarray(self.start + self.density(content) / self.full)

    def filled(self, content: Content, c: float) -> dict[str, Floats]:
        x = self.stoichiometry(content)
        return {STOICHIOMETRY: x, PER_CURRENT: np.full_like(x, c / self.full)}

    def following(self, c: complex) -> dict[str, complex]:
        return {STOICHIOMETRY: -c / self.full}


class CollectorSide(LithiumInterface):
    """The lithium between an interlayer and the collector: open where there is some at the start.

    Attributes
    ----------
    shut
        Its barrier.
    reserve
        Thickness in m of the lithium that is there at the start.
    """

    def __init__(
        self,
        surface: Surface,
        ids: NDArray[np.int64],
        law: Deposition,
        barrier: Floats,
        reserve: float,
        thickness_limit: float,
        tolerance: float,
    ) -> None:
        self.shut = Shut.of(surface.name, barrier, 1.0 if reserve > 0.0 else 0.0)
        self.reserve = reserve
        super().__init__(
            surface, ids, law, law.molar_volume, thickness_limit, tolerance, self.shut.opened
        )

    def given(self, held: Content, content: Content) -> dict[str, Floats]:
        return {BARRIER: self.shut.left(held)}

    def standing(self, content: Content) -> dict[str, Floats]:
        return self._filled(content, 0.0)

    def _filled(self, content: Content, c: float) -> dict[str, Floats]:
        density = self.charge(content) / self.patches.weights + self.reserve / self.per_charge
        return bounds(density, c)

    def answer(
        self,
        base: Content,
        c: float,
        guess: Content,
        stress: Inner,
        currents: Floats | None,
        held: Content,
        beside: Content,
    ) -> Answer:
        points = {**self.given(held, base), **self._filled(base, c)}
        return Answer(Response(self.law, {}, points), self.recall(base, c, guess).advance)
