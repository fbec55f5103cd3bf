"""Interfaces of a cell: an electrode on one side, the electrolyte on the other, one law between.

An interface knows where it is (its `Surface`), which pieces of it react, and what it remembers (its
blocks). In an implicit stage it answers with its law and the variables that the law reads, and then
says what the currents have made of its blocks. What it needs of the mechanics is handed in.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fem.cell.blocks import Block, Content, Floats, Place
from fem.cell.flaws import Flaws
from fem.geometry import Inactivity, Phase
from fem.laws.interfaces import (
    CONTACT,
    InterfaceLaw,
)
from fem.laws.layers import RESISTANCE
from fem.physics.charge import Inner, Response, Surface
from fem.physics.surfaces import Patches

REASONS = tuple(Inactivity)
"""Why a piece does not react; its number in a block counts from 1, and 0 means that it does."""


LEAST = 1e-9
"""In ohm m^2: the resistance that changes compare with at the least; a microvolt at 1 kA/m^2."""

Ends = tuple[Content, Content]
"""Content at the end of a stage, and rates; of a stage of no length those that currents alone tell.
"""


@dataclass(frozen=True)
class Answer:
    """What an interface does in a stage ``y = base + c dy/dt``.

    Attributes
    ----------
    response
        For the charge problem.
    advance
        From current densities at quadrature points (k, ne, nq) and nodal loads (k, m): the content
        of its blocks at the end of the stage, and their rates.
    """

    response: Response
    advance: Callable[[Floats, Floats], Ends]


@dataclass(frozen=True)
class Recall:
    """What one memory of an interface says of a stage.

    `inner` are the variables of the law that it decides, `points` those of them that no current
    changes, at the quadrature points (k, ne, nq); `advance` is as in `Answer`.
    """

    inner: Mapping[str, Inner]
    advance: Callable[[Floats, Floats], Ends]
    points: Mapping[str, Floats] = field(default_factory=dict)


class Interface(ABC):
    """A surface with a law and its blocks.

    Attributes
    ----------
    side
        The phase that is not the electrolyte.
    surface
        Pieces, terminals and wires.
    law
        What crosses it at a point.
    ids
        Numbers of the bodies that the pieces belong to (pieces,).
    blocks
        What it remembers: its own, the law's, and which pieces react.
    flaws
        Those of the electrolyte beside it that lithium may enter; `None` without.
    """

    side: ClassVar[Phase]
    stressed: ClassVar[str]
    """The mechanical variable of its law."""
    values: ClassVar[Place]
    """Where variables that the law drives sit."""
    law: InterfaceLaw

    def __init__(
        self,
        surface: Surface,
        ids: NDArray[np.int64],
        tolerance: float,
        *own: Block,
        flaws: Flaws | None = None,
    ) -> None:
        self.surface, self.ids, self.flaws = surface, ids, flaws
        if flaws is not None:
            own = (*own, flaws.entered)
        shares = [
            Block(
                self.contact_name,
                "1",
                "share of the surface that is in contact",
                self.values,
                np.ones(self.patches.weights.shape),
                evolves=False,
            )
        ]
        driven = [
            Block(
                f"{self.name}.{each.name}",
                each.unit,
                each.meaning,
                self.values,
                np.full(self.patches.weights.shape, each.start),
                1.0 / (each.scale * tolerance),
            )
            for each in self.law.evolving
        ]
        inactivity = Block(
            f"{self.name}.inactivity",
            "1",
            "why a piece does not react: 0 if it does, else the number of the reason",
            Place.PIECES,
            np.zeros(self.patches.count),
            evolves=False,
        )
        since = Block(
            f"{self.name}.since",
            "s",
            "time since which a piece does not react, of those that do not",
            Place.PIECES,
            np.zeros(self.patches.count),
            evolves=False,
        )
        touched = shares if CONTACT in self.law.variables else []
        self.blocks = (*own, *touched, *driven, inactivity, since)

    @property
    def name(self) -> str:
        """By which its blocks are known."""
        return self.surface.name

    @property
    def patches(self) -> Patches:
        """The pieces of surface."""
        return self.surface.patches

    @property
    def charge_name(self) -> str:
        """Name of the block that holds the charge that has crossed."""
        return f"{self.name}.charge"

    @property
    def contact_name(self) -> str:
        """Name of the block that holds the share in contact, where faces may part."""
        return f"{self.name}.contact"

    @property
    def inactivity_name(self) -> str:
        """Name of the block that says which pieces react."""
        return f"{self.name}.inactivity"

    @property
    def since_name(self) -> str:
        """Name of the block that says since when pieces do not react."""
        return f"{self.name}.since"

    def switched(self, held: Content, codes: Mapping[int, float], time: float) -> Content:
        """What is held of its pieces after some, by id, have got another number of a reason."""
        before = held[self.inactivity_name]
        now = zip(self.ids.tolist(), before.tolist(), strict=True)
        after = np.array([codes.get(body, code) for body, code in now])
        dies = (before == 0.0) & (after > 0.0)
        since = np.where(dies, time, held[self.since_name])
        return {self.inactivity_name: after, self.since_name: since}

    def active(self, held: Content) -> NDArray[np.bool_]:
        """Which pieces react (pieces,)."""
        return np.asarray(held[self.inactivity_name] == 0.0)

    def inactivity(self, held: Content) -> NDArray[np.str_]:
        """Why each piece does not react (pieces,), as `Inactivity` says; empty if it does."""
        words = np.array(["", *map(str, REASONS)])
        return np.asarray(words[held[self.inactivity_name].astype(int)])

    def driven(self, content: Content) -> dict[str, Floats]:
        """Variables that the law drives, at the quadrature points (k, ne, nq)."""
        return {each.name: content[f"{self.name}.{each.name}"] for each in self.law.evolving}

    def given(self, held: Content, content: Content) -> dict[str, Floats]:
        """Variables that the law reads and its current does not change, at points (k, ne, nq).

        `content` is what the cell holds then, as far as it is known.
        """
        return {CONTACT: held[self.contact_name]} if CONTACT in self.law.variables else {}

    def standing(self, content: Content) -> dict[str, Floats]:
        """Variables that stand at the beginning of a stage, at the points (k, ne, nq)."""
        return {}

    def following(self, c: complex) -> dict[str, complex]:
        """What a unit of current density makes of each of them in a stage of this c."""
        return {}

    def answering(self, c: complex, content: Content) -> Mapping[str, NDArray[Any]]:
        """How variables of the law follow the nodal loads in a stage of this c about a content.

        (m, m) for all rows or (k, m, m); complex where c is. What stress does is not among them.
        """
        return {}

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
        """What it does in a stage.

        Parameters
        ----------
        base, c
            The stage ``y = base + c dy/dt``, c in s.
        guess
            Content near the end of the stage.
        stress
            The mechanical variable of its law: pressure on lithium, mean normal stress in
            particles, in Pa.
        currents
            Current densities near the end of the stage (k, ne, nq), by which the law drives its
            variables; none if left out.
        held
            Blocks that do not evolve.
        beside
            Content at the end of the stage as it was found last, for what other interfaces do.
        """
        before, recall = self.driven(base), self.recall(base, c, guess)
        still = np.zeros(self.patches.weights.shape)
        here = self.law.evolved(before, c, still if currents is None else currents)

        def advance(found: Floats, loads: Floats) -> Ends:
            content, rate = recall.advance(found, loads)
            after = self.law.evolved(before, c, found)
            moved = {n: (v - before[n]) / c for n, v in after.items()} if c else {}
            return (
                dict(content) | {f"{self.name}.{n}": v for n, v in after.items()},
                dict(rate) | {f"{self.name}.{n}": v for n, v in moved.items()},
            )

        inner = {**recall.inner, self.stressed: stress}
        points = {**here, **recall.points, **self.given(held, beside)}
        return Answer(Response(self.law, inner, points), advance)

    @abstractmethod
    def recall(self, base: Content, c: float, guess: Content) -> Recall:
        """What its own blocks say of a stage; arguments as in `answer`."""


def written(inactivity: Mapping[int, Inactivity | None]) -> dict[int, float]:
    """Reasons by id as numbers of a block; `None` means that a piece reacts."""
    return {
        body: 0.0 if why is None else 1.0 + REASONS.index(why) for body, why in inactivity.items()
    }


def largest_move(
    interfaces: Sequence[Interface], before: Sequence[Answer], after: Sequence[Answer]
) -> float:
    """How far answers differ: what stress adds to a potential (V), what laws drive (of its scale),
    and the resistance of layers (of itself).

    0 without answers before.
    """
    largest = 0.0
    for interface, old, new in zip(interfaces, before, after, strict=bool(before)):
        law, patches = interface.law, interface.patches
        one, other = (
            each.response.state(patches, {n: v.rest for n, v in each.response.inner.items()})
            for each in (old, new)
        )
        shifts = [law.by_stress(other) - law.by_stress(one)]
        shifts += [(other[v.name] - one[v.name]) / v.scale for v in law.evolving]
        if RESISTANCE in law.variables:
            shifts.append(
                (other[RESISTANCE] - one[RESISTANCE]) / max(np.abs(one[RESISTANCE]).max(), LEAST)
            )
        largest = max(largest, *(float(np.abs(s).max(initial=0.0)) for s in shifts))
    return largest
