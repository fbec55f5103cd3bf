"""What solids do to reactions where faces may part: guessed for a step, then found.

Faces are found once a step, at its end, so a stage cannot ask for the contact and the stress that
it leads to. It takes both to go in a straight line from what they are at the start of the step to
what they are guessed to be at its end: at first as they went in the last step, then, where that was
wrong, as they were found. So a step is of second order, and what was guessed is what is found, or
the step is shortened. Lithium is another matter: short waves of its pressure relax in hundredths of
a second, so that repeating a step would never settle. Its pressure follows what is plated within
the step as if all faces held, ``p = p_0 + A (h - h_0)``, which is at least as stiff as they are;
p_0 and h_0 are guessed and found as stress is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fem.cell.blocks import Block, Content, Place
from fem.cell.lithium import LithiumInterface
from fem.cell.memory import FACES, SolidMemory
from fem.cell.particles import ParticleInterface
from fem.cell.paths import Paths
from fem.cell.touch import Touch, by_piece
from fem.laws.interfaces import PRESSURE, STRESS
from fem.physics.charge import Inner
from fem.physics.operator import InterfaceOperator

Floats = NDArray[np.float64]
Operator = tuple[InterfaceOperator, Floats]
"""Pressure by thickness, and by nodal loads of charge."""

LARGEST = 2e-5
"""Error in V of what a step may guess stress to add to a potential: a thousandth of RT/F, which
is about that of a current."""
_FADED = (f"{FACES}.gap", f"{FACES}.tension")
"""What contacts that fade go by."""


@dataclass(frozen=True)
class Lag:
    """What contact and stress do to reactions.

    Attributes
    ----------
    lithium, particles
        On whose reactions stress acts; `None` or none where it does not.
    operator
        Of the lithium, with faces that all hold.
    touches
        Surfaces that react where they touch.
    paths, memory
        Contacts of particles that fade, `None` without; and how faces stand.
    """

    lithium: LithiumInterface | None
    particles: Sequence[ParticleInterface]
    operator: Callable[[], Operator]
    touches: Sequence[Touch]
    paths: Paths | None
    memory: SolidMemory

    @property
    def blocks(self) -> list[Block]:
        """The stress that acts, and the thickness of lithium at which it did."""
        found = [
            _block(f"{each.name}.{STRESS}", "Pa", "stress that shifts its potential", n, place)
            for each in self.particles
            for n, place in [(each.patches.nodes.shape, Place.PARTICLE_NODES)]
        ]
        if self.lithium is not None:
            n = (self.lithium.patches.nodes.shape[1],)
            at = Place.SOLID_POINTS
            name = self.lithium.name
            found += [
                _block(f"{name}.{PRESSURE}", "Pa", "pressure that shifts its potential", n, at),
                _block(f"{name}.pressed", "m", "plated thickness at that pressure", n, at),
            ]
        return found

    def kept(self, content: Content, pressure: Floats, working: Mapping[str, Floats]) -> Content:
        """These blocks for the state of solids at a content; `working` by name of particles."""
        found = {f"{name}.{STRESS}": values for name, values in working.items()}
        if self.lithium is not None:
            name = self.lithium.name
            found |= {
                f"{name}.{PRESSURE}": pressure,
                f"{name}.pressed": self.lithium.thickness(content),
            }
        return found

    def on_particles(self, particles: ParticleInterface, held: Content) -> Inner:
        """What acts on particles in a step."""
        return Inner(held[f"{particles.name}.{STRESS}"])

    def on_lithium(self, base: Content, c: float, held: Content) -> Inner:
        """What acts on lithium in a stage ``y = base + c dy/dt``."""
        assert self.lithium is not None
        return Inner(self._pressure(base, held)[None], -c * self.operator()[1] if c else None)

    def _pressure(self, content: Content, held: Content) -> Floats:
        """What a stage takes the pressure to be at a content, with nothing else that moves."""
        assert self.lithium is not None
        name, matrix = self.lithium.name, self.operator()[0].matrix
        added = self.lithium.thickness(content) - held[f"{name}.pressed"]
        return np.asarray(held[f"{name}.{PRESSURE}"] + matrix @ added)

    @property
    def _names(self) -> list[str]:
        """Of all that is guessed."""
        shares = [each.contact_name for touch in self.touches for each in touch.surfaces]
        faded = () if self.paths is None else _FADED
        return [*(block.name for block in self.blocks), *shares, *faded]

    def rate(self, start: Content, end: Content, dt: float) -> Content:
        """How fast what is guessed went in a step of `dt` in s."""
        return {name: (end[name] - start[name]) / dt for name in self._names}

    def further(self, start: Content, rate: Content, dt: float) -> Content:
        """What is guessed to be held after a step of `dt` in s: all goes on as in the last."""
        found = {name: start[name] + dt * rate[name] for name in self._names}
        for touch in self.touches:
            for each in touch.surfaces:
                found[each.contact_name] = np.clip(found[each.contact_name], 0.0, 1.0)
        return dict(start) | found

    def between(self, start: Content, end: Content, fraction: float) -> Content:
        """What is held at the start of a step, with what is guessed on its way to its end.

        Bodies that let go altogether keep the contact that they began with: without any they could
        not carry the current until then.
        """
        found = {n: start[n] + fraction * (end[n] - start[n]) for n in self._names}
        for touch in self.touches:
            for each in touch.surfaces:
                name = each.contact_name
                loose = (by_piece(each, end[name]) == 0.0)[each.patches.piece][..., None]
                found[name] = np.where(loose, start[name], found[name])
        if self.paths is not None:
            lost = self.paths.lost(self.memory.known(end))
            for name in _FADED:
                found[name] = np.where(lost, start[name], found[name])
        return dict(start) | found

    def error(self, content: Content, before: Content, after: Content) -> float:
        """How wrong a step to `content` took potentials and contact to be, over what is allowed.

        Its end was guessed to be as in `before`, and is as in `after`.
        """
        missed = [touch.largest_error(before, after) for touch in self.touches]
        if self.paths is not None:
            stands = (self.memory.known(held) for held in (before, after))
            missed.append(self.paths.largest_error(*stands))
        largest = 0.0
        for each in self.particles:
            name = f"{each.name}.{STRESS}"
            one, other = (each.law.by_stress({STRESS: held[name]}) for held in (before, after))
            largest = max(largest, float(np.abs(other - one).max(initial=0.0)))
        if self.lithium is not None:
            found = after[f"{self.lithium.name}.{PRESSURE}"]
            # Where lithium lies open nothing reacts, whatever was thought to press there.
            wrong = np.where(found != 0.0, found - self._pressure(content, before), 0.0)
            shift = self.lithium.law.by_stress({PRESSURE: wrong})
            largest = max(largest, float(np.abs(shift).max(initial=0.0)))
        return max(largest / LARGEST, *missed, 0.0)


def _block(name: str, unit: str, meaning: str, shape: tuple[int, ...], place: Place) -> Block:
    return Block(name, unit, meaning, place, np.zeros(shape), evolves=False)
