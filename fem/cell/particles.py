"""The particles of a cell: what a group of them, or a bundle, remembers and answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.cell.blocks import Block, Content, Floats, Place
from fem.cell.interfaces import Ends, Interface, Recall
from fem.geometry import Phase
from fem.laws.interfaces import (
    STOICHIOMETRY,
    STRESS,
    InterfaceLaw,
)
from fem.laws.layers import RESISTANCE
from fem.mesh import Mesh
from fem.physics.charge import Inner, Surface
from fem.physics.congruent import ParticleBundle, ParticleGroup
from fem.physics.particles import Diffusion


class ParticleInterface(Interface):
    """Particles of active material: in congruent groups, or a bundle of any shape.

    What a content holds is the change of the stoichiometry since the start, in which small changes
    keep all their digits. `layer` makes of it the resistance of what covers the surface, at the
    points (k, ne, nq) in ohm m^2; `None` where the law reads none.
    """

    side = Phase.ACTIVE
    stressed = STRESS
    values = Place.PARTICLE_POINTS

    def __init__(
        self,
        mesh: Mesh,
        surface: Surface,
        members: ParticleGroup | ParticleBundle,
        model: Diffusion,
        law: InterfaceLaw,
        start: float,
        change_limit: float,
        tolerance: float,
        layer: Callable[[Content], Floats] | None = None,
    ) -> None:
        self.members, self.model, self.start, self._mesh = members, model, start, mesh
        self.law: InterfaceLaw = law
        self.layer = layer
        lithiation = Block(
            f"{surface.name}.lithiation",
            "1",
            "change of the stoichiometry since the start, at the nodes of each particle",
            Place.PARTICLE_NODES,
            np.zeros((len(members), model.size)),
            1.0 / tolerance,
            model.at_surface() / change_limit,
        )
        charge = Block(
            f"{surface.name}.charge",
            "C/m",
            "charge that each particle has given since the start",
            Place.PIECES,
            np.zeros(len(members)),
        )
        super().__init__(surface, members.ids, tolerance, lithiation, charge)

    def given(self, held: Content, content: Content) -> dict[str, Floats]:
        found = super().given(held, content)
        return found if self.layer is None else found | {RESISTANCE: self.layer(content)}

    @property
    def lithiation_name(self) -> str:
        """Name of the block that holds the change of the stoichiometry."""
        return f"{self.name}.lithiation"

    def lithiation(self, content: Content) -> Floats:
        """Change of the stoichiometry since the start (k, n)."""
        return content[self.lithiation_name]

    def stoichiometry(self, content: Content) -> Floats:
        """Stoichiometry (k, n)."""
        return self.start + self.lithiation(content)

    def charge(self, content: Content) -> Floats:
        """Charge that each particle has given since the start (k,), in C per m of depth."""
        return content[self.charge_name]

    def amounts(self, content: Content) -> Floats:
        """Change of the lithium in each particle since the start (k,), in mol per m of depth."""
        return self.model.amount(self.lithiation(content))

    def on_mesh(self, values: Floats, out: Floats) -> None:
        """Put values of particles (k, n) at the mesh nodes of each into `out` (N,)."""
        self.members.spread(self._mesh, self.model.at_nodes(values), out)

    def on_triangles(self, values: Floats) -> Floats:
        """Values of particles (k, n) at the six nodes of their triangles, one after the other."""
        return self.members.on_triangles(self._mesh, self.model.at_nodes(values))

    def swelling(self, content: Content) -> Floats:
        """Change of the stoichiometry since the start, likewise, with no lithium lost.

        A layer thinner than the triangles is spread over them.
        """
        change = self.model.projected(self.lithiation(content))
        return self.members.on_triangles(self._mesh, change)

    def answering(self, c: complex, content: Content) -> Mapping[str, NDArray[Any]]:
        response = self.model.following(c, self.stoichiometry(content))
        return {} if response is None else {STOICHIOMETRY: response}

    def recall(self, base: Content, c: float, guess: Content) -> Recall:
        stage = self.model.condensed(c, self.stoichiometry(guess))
        before, given = self.lithiation(base), self.charge(base)
        unloaded = stage.unloaded(before)
        inner = {STOICHIOMETRY: Inner(self.start + stage.at_surface(unloaded), stage.response)}

        def advance(currents: Floats, loads: Floats) -> Ends:
            flow = self.patches.by_piece(loads)
            x = stage.loaded(unloaded, loads)
            rate = {self.lithiation_name: (x - before) / c} if c else {}
            return (
                {self.lithiation_name: x, self.charge_name: given + c * flow},
                {**rate, self.charge_name: flow},
            )

        return Recall(inner, advance)


def reacting(particles: Sequence[ParticleInterface], held: Content) -> list[NDArray[np.bool_]]:
    """Which pieces of each group react; all of them where none does any more."""
    found = [each.active(held) for each in particles]
    return found if any(mask.any() for mask in found) else [~mask for mask in found]
