"""Laws of solids: stress, tangent and new history from strain and history, at points.

A law knows arrays alone. Strain is (4, ...) in the order xx, yy, zz, 2xy (engineering shear),
stress (4, ...) in the order xx, yy, zz, xy in Pa; what swells is taken off the strain before the
law sees it. A history is a mapping of names to arrays whose last axes are those of the points; a
law that remembers nothing has an empty one. Laws never write into what they are given: the new
history is a trial, and the caller commits it once the step that asked for it is accepted.

Laws that yield or creep find their stress by radial return (`fem.laws.radial`). What they remember
has the units of `REMEMBERED`; `dissipation` is what a step turns into heat.

A further law is one more frozen dataclass here with an example in `SOLID_LAWS`.
`tests/laws/test_laws_solids.py` holds all of these to the contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from fem.laws import elasticity
from fem.laws.radial import Resistance, Returned, crept, hardened, radial_return, resisted

Floats = NDArray[np.float64]
History = Mapping[str, Floats]

NO_HISTORY: History = MappingProxyType({})

STRAIN = "inelastic_strain"
EQUIVALENT = "equivalent_inelastic_strain"
RESISTANCE = "flow_resistance"
REMEMBERED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        STRAIN: ("1", "strain that stays when a solid is unloaded: xx, yy, zz, 2xy"),
        EQUIVALENT: ("1", "equivalent inelastic strain of von Mises, added up along its path"),
        RESISTANCE: ("Pa", "stress that resists the flow of a solid at its reference rate"),
    }
)
"""Unit and meaning of every name in a history."""


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

    @classmethod
    def of(cls, youngs_modulus: float, poisson_ratio: float) -> Self:
        """From Young's modulus in Pa and Poisson's ratio."""
        lam, mu = elasticity.lame(np.asarray(youngs_modulus), np.asarray(poisson_ratio))
        return cls(float(lam), float(mu))

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


def dissipation(before: History, response: Response) -> Floats:
    """Energy (...) in J/m^3 that a step from `before` turns into heat, 0 or more.

    It is the stress at the end of the step times the inelastic strain that the step adds; what
    hardening stores is counted in.
    """
    if STRAIN not in before:
        return np.zeros(response.stress.shape[1:])
    added = response.history[STRAIN] - before[STRAIN]
    return np.asarray((response.stress * added).sum(axis=0))


@dataclass(frozen=True)
class _Flowing:
    """What laws of radial return share: Lame's constants in Pa and the energy of elastic strain."""

    lam: float
    mu: float

    @classmethod
    def of(cls, youngs_modulus: float, poisson_ratio: float, **law: Any) -> Self:
        """From Young's modulus in Pa and Poisson's ratio, and the law's own parameters by name."""
        lam, mu = elasticity.lame(np.asarray(youngs_modulus), np.asarray(poisson_ratio))
        return cls(float(lam), float(mu), **law)

    @property
    def symmetric(self) -> bool:
        """Radial return always has a symmetric tangent."""
        return True

    def start(self, shape: tuple[int, ...]) -> History:
        """Neither strained nor hardened."""
        return {STRAIN: np.zeros((4, *shape)), EQUIVALENT: np.zeros(shape)}

    def energy(self, strain: Floats, history: History) -> Floats:
        """That of the elastic strain alone: hardening gives nothing back."""
        return LinearElastic(self.lam, self.mu).energy(strain - history[STRAIN], NO_HISTORY)

    @staticmethod
    def _answer(found: Returned, history: History, **more: Floats) -> Response:
        new = {STRAIN: found.inelastic, EQUIVALENT: history[EQUIVALENT] + found.growth}
        return Response(found.stress, found.tangent, new | more)


@dataclass(frozen=True)
class Stressed(_Flowing):
    """Hooke's law of a solid whose reference may be under stress; Lame's constants in Pa.

    It neither yields nor creeps. What it remembers as inelastic strain is that of its reference
    with the sign turned, which `referred` sets.
    """

    def respond(self, strain: Floats, history: History, duration: float = 0.0) -> Response:
        """Hooke's law beyond the strain of the reference; nothing changes that."""
        law = LinearElastic(self.lam, self.mu)
        found = law.respond(strain - history[STRAIN], NO_HISTORY)
        return found._replace(history={name: values.copy() for name, values in history.items()})


def referred(history: History, strain: Floats, turn: Floats) -> History:
    """A history as it is told from the shape that a solid has at a `strain` (4, ...).

    There strain begins anew from zero. What the solid has of elastic strain turns with it by the
    angle `turn` (...) in rad and is kept as inelastic strain of the opposite sign; hardening stays.
    """
    if STRAIN not in history:
        return history
    xx, yy, zz, double = strain - history[STRAIN]
    mean, half = 0.5 * (xx + yy), 0.5 * (xx - yy)
    c, s = np.cos(2.0 * turn), np.sin(2.0 * turn)
    along, across = half * c - 0.5 * double * s, half * s + 0.5 * double * c
    elastic = np.stack([mean + along, mean - along, zz, 2.0 * across])
    return {**history, STRAIN: -elastic}


@dataclass(frozen=True)
class J2(_Flowing):
    """Plasticity of von Mises: perfect, or with isotropic hardening.

    Attributes
    ----------
    strength
        Uniaxial yield strength in Pa.
    modulus
        Slope dY/dp of the yield stress in Pa by the equivalent plastic strain, 0 or more; after
        the last point of `table`, if there is one.
    table
        Further points (plastic strain, yield stress in Pa), both ascending, between which the
        yield stress is linear from `strength` on.
    """

    strength: float
    modulus: float = 0.0
    table: tuple[tuple[float, float], ...] = ()

    def respond(self, strain: Floats, history: History, duration: float = 0.0) -> Response:
        """Yields at once; the duration does not matter."""
        strains, stresses = np.array([(0.0, self.strength), *self.table]).T
        before = history[EQUIVALENT]
        found = radial_return(
            strain, history[STRAIN], self.lam, self.mu,
            lambda trial: hardened(trial, before, self.mu, strains, stresses, self.modulus),
        )  # fmt: skip
        return self._answer(found, history)


@dataclass(frozen=True)
class Norton(_Flowing):
    """Creep by a power law, ``dp/dt = rate (q / reference)^exponent``, without hardening.

    Attributes
    ----------
    rate
        Equivalent strain rate in 1/s at the reference stress and the temperature of the solid.
    reference
        That stress in Pa.
    exponent
        At least 1.
    """

    rate: float
    reference: float
    exponent: float

    def respond(self, strain: Floats, history: History, duration: float = 0.0) -> Response:
        """Backward Euler; elastic where no time passes."""
        found = radial_return(
            strain, history[STRAIN], self.lam, self.mu,
            lambda trial: crept(
                trial, self.mu, self.rate * duration, self.reference, self.exponent
            ),
        )  # fmt: skip
        return self._answer(found, history)


@dataclass(frozen=True)
class Anand(_Flowing):
    """Creep by a power law against a resistance S that evolves, as of lithium.

    ``dp/dt = rate (q / S)^exponent`` and ``dS/dt = hardening |1 - S/S*|^power sign(1 - S/S*)
    dp/dt``, where S* is ``saturation (dp/dt / rate)^sensitivity``: after L. Anand, Int. J. Plast. 1
    (1985) 213, in the form that S. Narayan and L. Anand use for lithium.

    Attributes
    ----------
    rate
        In 1/s, at the temperature of the solid.
    exponent
        At least 1; theirs is called 1/m.
    resistance
        S of virgin material in Pa.
    hardening, saturation
        In Pa.
    power, sensitivity
        At least 1, and 0 or more.
    """

    rate: float
    exponent: float
    resistance: float
    hardening: float
    saturation: float
    power: float
    sensitivity: float

    def start(self, shape: tuple[int, ...]) -> History:
        """Neither strained nor hardened, with the resistance of virgin material."""
        return {**super().start(shape), RESISTANCE: np.full(shape, self.resistance)}

    def respond(self, strain: Floats, history: History, duration: float = 0.0) -> Response:
        """Backward Euler in strain and resistance; elastic where no time passes."""
        before = history[RESISTANCE]
        after = before.copy()
        law = Resistance(self.hardening, self.saturation, self.power, self.sensitivity)

        def flow(trial: Floats) -> tuple[Floats, Floats]:
            if duration <= 0.0:
                return trial, np.ones_like(trial)
            nonlocal after
            growth = self.rate * duration
            # So little stress moves nothing that a number could hold.
            felt = np.maximum(trial, 1e-12 * before)
            mises, slope, after = resisted(felt, before, self.mu, growth, self.exponent, law)
            return np.minimum(mises, trial), slope

        found = radial_return(strain, history[STRAIN], self.lam, self.mu, flow)
        return self._answer(found, history, **{RESISTANCE: after})


SOLID_LAWS: tuple[SolidLaw, ...] = (
    LinearElastic(lam=11e9, mu=9e9),
    Stressed(lam=11e9, mu=9e9),
    J2(lam=11e9, mu=9e9, strength=3e7),
    J2(lam=11e9, mu=9e9, strength=3e7, modulus=1e9),
    J2(lam=11e9, mu=9e9, strength=3e7, modulus=1e8, table=((1e-3, 4e7), (1e-2, 6e7))),
    Norton(lam=8e9, mu=2.8e9, rate=0.0139, reference=0.95e6, exponent=20 / 3),
    Norton(lam=8e9, mu=2.8e9, rate=1e-5, reference=1e7, exponent=1.0),
    Anand(8e9, 2.8e9, 0.0139, 1 / 0.15, 0.95e6, 10e6, 2e6, 2.0, 0.05),
)
"""Examples of every law of this file."""
