"""What the electrolyte does on the surface of particles: it oxidises, and leaves a layer.

The reaction of the particles and that of the electrolyte share a surface and nothing else: each is
an interface with a law, a current and blocks of its own. So the current of a cell is that of both,
the particles lose what their own reaction takes, and how much the other took is a sum as any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from fem.cell.blocks import Block, Content, Floats, Place
from fem.cell.interfaces import Answer, Ends, Interface, Recall
from fem.cell.particles import ParticleInterface
from fem.constants import FARADAY
from fem.geometry import Phase
from fem.laws.interfaces import CONTACT, STRESS
from fem.laws.layers import THICKNESS, Oxidation
from fem.physics.charge import Inner, Response

SUFFIX = " oxidation"


class OxidationInterface(Interface):
    """Electrolyte that is oxidised on particles, at the same points as they react.

    Attributes
    ----------
    particles
        The interface that it shares a surface with.
    """

    side = Phase.ACTIVE
    stressed = STRESS
    values = Place.PARTICLE_POINTS

    def __init__(self, particles: ParticleInterface, law: Oxidation, tolerance: float) -> None:
        self.law: Oxidation = law
        self.particles = particles
        surface = replace(particles.surface, name=particles.name + SUFFIX, kinetics=None)
        charge = Block(
            f"{surface.name}.charge",
            "C/m",
            "charge that electrolyte has given at each particle since the start",
            Place.PIECES,
            np.zeros(surface.patches.count),
        )
        super().__init__(surface, particles.ids, tolerance, charge)

    @property
    def thickness_name(self) -> str:
        """Name of the block that holds the thickness of the layer."""
        return f"{self.name}.{THICKNESS}"

    def thickness(self, content: Content) -> Floats:
        """Electrolyte that has become a layer, at the quadrature points (k, ne, nq) in m."""
        return content[self.thickness_name]

    def at_nodes(self, density: Floats) -> Floats:
        """A density at the points (k, ne, nq) at the nodes (k, m), with the same integral."""
        ones = np.ones(self.patches.weights.shape)
        return np.asarray(self.patches.loads(density) / self.patches.loads(ones))

    def grown(self, content: Content) -> Floats:
        """The same less what was there at the start."""
        return self.thickness(content) - self.law.start

    def charge(self, content: Content) -> Floats:
        """Charge that electrolyte has given at each particle (k,), in C per m of depth."""
        return content[self.charge_name]

    def lithium(self, content: Content) -> float:
        """Lithium that electrolyte has set free, a mole for each of electrons, in mol per m."""
        return float(self.charge(content).sum()) / FARADAY

    def consumed(self, content: Content) -> Floats:
        """Electrolyte in the layer of each particle (k,), in m^3 per m of depth."""
        return self.patches.by_piece(self.patches.loads(self.thickness(content)))

    def given(self, held: Content, content: Content) -> dict[str, Floats]:
        name = self.particles.contact_name
        return {CONTACT: held.get(name, np.ones(self.patches.weights.shape))}

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
        """As of any interface; its law looks ahead by itself, so that nothing is repeated."""
        advance = super().answer(base, c, guess, stress, currents, held, beside).advance
        points = {THICKNESS: self.thickness(base), **self.given(held, beside)}
        return Answer(Response(self.law.within(c), {}, points), advance)

    def recall(self, base: Content, c: float, guess: Content) -> Recall:
        given = self.charge(base)

        def advance(currents: Floats, loads: Floats) -> Ends:
            flow = self.patches.by_piece(loads)
            return {self.charge_name: given + c * flow}, {self.charge_name: flow}

        return Recall({}, advance)


def layer_on(
    surface: str, coating: float, conductivity: float | None
) -> Callable[[Content], Floats]:
    """Resistance in ohm m^2 of what covers particles of a surface, from what a cell holds.

    Parameters
    ----------
    surface
        Name of the surface of the particles.
    coating
        What is there from the start, in ohm m^2.
    conductivity
        Of the layer that grows, in S/m; `None` if it resists nothing.
    """
    name = f"{surface}{SUFFIX}.{THICKNESS}"

    def resistance(content: Content) -> Floats:
        thickness = content[name]
        grown = 0.0 * thickness if conductivity is None else thickness / conductivity
        return np.asarray(coating + grown)

    return resistance
