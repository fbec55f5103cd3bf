"""Laws of solids: stress, tangent and new history from strain and history, at points.

A law knows arrays alone. Strain is (4, ...) in the order xx, yy, zz, 2xy (engineering shear),
stress (4, ...) in the order xx, yy, zz, xy in Pa; what swells is taken off the strain before the
law sees it. A history is a mapping of names to arrays whose last axes are those of the points; a
law that remembers nothing has an empty one. Laws never write into what they are given: the new
history is a trial, and the caller commits it once the step that asked for it is accepted.

A further law is one more frozen dataclass here with an example in `SOLID_LAWS`.
`tests/laws/test_laws_solids.py` holds all of these to the contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from fem.laws import elasticity

Floats = NDArray[np.float64]
History = Mapping[str, Floats]

NO_HISTORY: History = MappingProxyType({})


class Response(NamedTuple):
    """What a law answers: stress (4, ...) and tangent (4, 4, ...) in Pa, and the new history.

    The tangent is ``d stress[i] / d strain[j]`` with the history held, consistent with how the
    law integrates it.
    """

    stress: Floats
    tangent: Floats
    history: History


class SolidLaw(Protocol):
    """A law of one material; hashable, so that regions of one law are evaluated together."""

    @property
    def symmetric(self) -> bool:
        """Whether the tangent always is: the stress of a step is then the slope of an energy."""

    def start(self, shape: tuple[int, ...]) -> History:
        """The history of virgin material at points of this shape."""

    def respond(self, strain: Floats, history: History, duration: float = 0.0) -> Response:
        """The answer to a strain (4, ...) that is reached `duration` seconds after `history`.

        Laws that know no time ignore the duration; those that creep do not in none.
        """

    def energy(self, strain: Floats, history: History) -> Floats:
        """Energy (...) in J/m^3 that could be had back at `strain` once `history` is committed."""


@dataclass(frozen=True)
class LinearElastic:
    """Isotropic linear elasticity, with Lame's constants in Pa."""

    lam: float
    mu: float

    @property
    def symmetric(self) -> bool:
        """It always is."""
        return True

    def start(self, shape: tuple[int, ...]) -> History:
        """Nothing is remembered."""
        return NO_HISTORY

    def respond(self, strain: Floats, history: History, duration: float = 0.0) -> Response:
        """Hooke's law."""
        stiffness = np.zeros((4, 4))
        stiffness[:3, :3] = self.lam
        stiffness[range(4), range(4)] += (2 * self.mu, 2 * self.mu, 2 * self.mu, self.mu)
        points = strain.shape[1:]
        tangent = np.broadcast_to(stiffness.reshape(4, 4, *(1,) * len(points)), (4, 4, *points))
        stress = elasticity.stress(strain, np.asarray(self.lam), np.asarray(self.mu))
        return Response(stress, tangent, NO_HISTORY)

    def energy(self, strain: Floats, history: History) -> Floats:
        """Half of stress times strain."""
        stress = elasticity.stress(strain, np.asarray(self.lam), np.asarray(self.mu))
        return np.asarray(0.5 * (stress * strain).sum(axis=0))


SOLID_LAWS: tuple[SolidLaw, ...] = (LinearElastic(lam=11e9, mu=9e9),)
"""An example of every law of this file."""
