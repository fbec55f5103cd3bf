"""The lithium of a cell: charge on its line, and the thickness of what was plated there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import SuperLU, splu

from fem.cell.blocks import Block, Content, Floats, Place
from fem.cell.flaws import Flaws
from fem.cell.interfaces import Ends, Interface, Recall
from fem.constants import FARADAY
from fem.geometry import Phase
from fem.laws.interfaces import LEFT, PRESSURE, THINNING, Exhaustible, InterfaceLaw
from fem.laws.layers import THICKNESS
from fem.physics.charge import Surface

FILM = 0.01
"""Share of the thickness at which lithium fades that is as good as none."""


@dataclass(frozen=True)
class Followed:
    """What a line that moves shows already, at its quadrature points (1, ne, nq).

    `charge` is that on the lithium when the line was moved last, in C per m of depth, `thickness`
    what had been plated on each of its points until then, in m.
    """

    charge: Floats
    thickness: Floats


class LithiumInterface(Interface):
    """All lithium on electrolyte: the foil is piece 0, isolated bodies follow.

    Charge is kept at quadrature points, where the reaction is integrated, so that what is plated
    adds up to the charge of the electrode whatever the geometry does later.

    Parameters
    ----------
    parts
        Whether it may part from the electrolyte: only the share that touches reacts.

    Attributes
    ----------
    followed
        Set anew whenever the line moves.
    available
        Thickness that can be stripped besides what was plated since the line moved last, at the
        quadrature points (1, ne, nq) in m; only a law that fades needs it.
    taken_up
        Lithium that a volume of electrolyte takes up as it is reduced in mol/m^3; 0 where that is
        not known.
    """

    side = Phase.LITHIUM
    stressed = PRESSURE
    values = Place.LITHIUM_VALUES

    def __init__(
        self,
        surface: Surface,
        ids: NDArray[np.int64],
        law: InterfaceLaw,
        molar_volume: float,
        thickness_limit: float,
        tolerance: float,
        *own: Block,
        available: Floats | None = None,
        taken_up: float = 0.0,
        flaws: Flaws | None = None,
    ) -> None:
        self.law: InterfaceLaw = law
        self.available = available
        patches = surface.patches
        self.per_charge = molar_volume / FARADAY
        weight = self.per_charge / patches.weights / thickness_limit
        charge = Block(
            f"{surface.name}.charge",
            "C/m",
            "charge plated since the start, at the quadrature points of the line",
            Place.LITHIUM_POINTS,
            np.zeros(patches.weights.shape),
            weight / tolerance,
            weight,
        )
        super().__init__(surface, ids, tolerance, charge, *own, flaws=flaws)
        self.taken_up = taken_up
        self.followed = Followed(charge.start, charge.start)

    def charge(self, content: Content) -> Floats:
        """Charge of plated lithium at the quadrature points (1, ne, nq), in C per m of depth."""
        return content[self.charge_name]

    def recall(self, base: Content, c: float, guess: Content) -> Recall:
        weights, before = self.patches.weights, self.charge(base)

        def advance(currents: Floats, loads: Floats) -> Ends:
            name = self.charge_name
            return {name: before - c * currents * weights}, {name: -currents * weights}

        if self.available is None:
            return Recall({}, advance)
        left = self.left(base)
        return Recall({}, advance, {LEFT: left, THINNING: np.full(left.shape, c * self.per_charge)})

    def standing(self, content: Content) -> dict[str, Floats]:
        if self.available is None:
            return {}
        left = self.left(content)
        return {LEFT: left, THINNING: np.zeros_like(left)}

    def following(self, c: complex) -> dict[str, complex]:
        return {} if self.available is None else {LEFT: -c * self.per_charge}

    # ------------------------------------------------------------------------------ thickness

    @cached_property
    def _mass(self) -> SuperLU:
        return splu(self.patches.sparse_mass(np.ones(self.patches.weights.shape)).tocsc())

    def at_nodes(self, density: Floats) -> Floats:
        """A density at the quadrature points (1, ne, nq) at the nodes (m,).

        The projection keeps the integral over each body.
        """
        return np.asarray(self._mass.solve(self.patches.loads(density)[0]))

    def strippable(self, content: Content, drawn: Floats) -> float:
        """Foil in m that can be stripped yet, of that `drawn` at the mesh nodes (N,).

        The least anywhere; of foil that may be used up in places the most, beyond a film of it.
        Under a protrusion there is more, by how far that reaches below the flat surface.
        """
        foil = self.patches.piece == 0
        if isinstance(self.law, Exhaustible):
            return float(self.left(content)[foil].max()) - FILM * self.law.fading
        left = self.patches.at_points(drawn[self.patches.nodes]) + self.since(content)
        return float((left - self._gone(content))[foil].min())

    def left(self, content: Content) -> Floats:
        """Thickness that can still be stripped at the quadrature points (1, ne, nq), in m."""
        assert self.available is not None
        return np.asarray(self.available + self.since(content) - self._gone(content))

    def _gone(self, content: Content) -> Floats:
        """Lithium that electrolyte has taken up, at the quadrature points (1, ne, nq) in m."""
        return FARADAY * self.per_charge * self.taken_up * self.reduced(content)

    def since(self, content: Content) -> Floats:
        """Thickness plated at the quadrature points since the line moved last, in m."""
        charge = self.charge(content) - self.followed.charge
        return np.asarray(self.per_charge * charge / self.patches.weights)

    @property
    def reduces(self) -> bool:
        """Whether lithium reduces electrolyte."""
        return THICKNESS in self.law.variables

    def interphase(self, content: Content) -> Floats:
        """Thickness of electrolyte that lithium has reduced, at points (1, ne, nq) in m; or 0."""
        return content.get(f"{self.name}.{THICKNESS}", np.zeros(self.patches.weights.shape))

    def reduced(self, content: Content) -> Floats:
        """The same since the start of the run."""
        start = sum(each.start for each in self.law.evolving if each.name == THICKNESS)
        return self.interphase(content) - start

    def thickness_at_points(self, content: Content) -> Floats:
        """Thickness plated on each point of the line since the start, in m.

        It adds up in time what came per area there and then, so that a line that gets shorter or
        longer does not change it.
        """
        return np.asarray(self.followed.thickness + self.since(content))

    def thickness(self, content: Content) -> Floats:
        """Plated thickness at the nodes (m,), in m."""
        return self.at_nodes(self.thickness_at_points(content))

    def loads_to_thickness(self) -> Floats:
        """Thickness at the nodes (m, m) of a unit of each nodal load of charge, in m/(C/m)."""
        return np.asarray(self.per_charge * self._mass.solve(np.eye(self.patches.nodes.shape[1])))

    def on_mesh(self, values: Floats, size: int, elsewhere: float = 0.0) -> Floats:
        """Nodal values (m,) at all `size` mesh nodes."""
        full = np.full(size, elsewhere)
        full[self.patches.nodes[0]] = values
        return full
