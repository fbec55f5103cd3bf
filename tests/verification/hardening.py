"""Laws for the tests of what takes any law: one that yields, one that creeps, Hooke's disguised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fem.laws.elasticity import stress, von_mises
from fem.laws.solids import History, LinearElastic, Response


@dataclass(frozen=True)
class Hardening:
    """Yield stress ``strength + modulus * p`` in Pa, with the plastic strain p of von Mises.

    Radial return: the trial deviator s* of the elastic step shrinks by 1 - 3 mu dp / q*, with
    dp = (q* - strength - H p) / (3 mu + H) from the yield condition at the end of the step.
    """

    lam: float
    mu: float
    strength: float
    modulus: float

    @property
    def symmetric(self) -> bool:
        return True

    def start(self, shape: tuple[int, ...]) -> History:
        return {"plastic": np.zeros((4, *shape)), "hardened": np.zeros(shape)}

    def respond(self, strain: np.ndarray, history: History, duration: float = 0.0) -> Response:
        lam, mu, h = np.asarray(self.lam), np.asarray(self.mu), self.modulus
        trial = stress(strain - history["plastic"], lam, mu)
        mean = trial[:3].mean(axis=0)
        deviator = trial.copy()
        deviator[:3] -= mean
        q = von_mises(trial)
        over = q - self.strength - h * history["hardened"]
        step = np.where(over > 0.0, over / (3 * mu + h), 0.0)
        safe = np.where(q > 0.0, q, 1.0)
        normal = 1.5 * deviator / safe
        flow = step * normal * np.array([1, 1, 1, 2]).reshape(4, *(1,) * step.ndim)
        sigma = trial - 2 * mu * step * normal
        elastic = LinearElastic(self.lam, self.mu).respond(strain, {}).tangent
        project = np.diag([1.0, 1.0, 1.0, 0.5])
        project[:3, :3] -= 1 / 3
        project = project.reshape(4, 4, *(1,) * step.ndim)
        yields = over > 0.0
        shrink = np.where(yields, 3 * mu * step / safe, 0.0)
        direction = np.where(yields, 4 * mu**2 * (1 / (3 * mu + h) - step / safe), 0.0)
        tangent = elastic - 2 * mu * shrink * project - direction * normal[:, None] * normal[None]
        new = {"plastic": history["plastic"] + flow, "hardened": history["hardened"] + step}
        return Response(sigma, tangent, new)

    def energy(self, strain: np.ndarray, history: History) -> np.ndarray:
        elastic = strain - history["plastic"]
        stored = 0.5 * (stress(elastic, np.asarray(self.lam), np.asarray(self.mu)) * elastic)
        return stored.sum(axis=0) + 0.5 * self.modulus * history["hardened"] ** 2


@dataclass(frozen=True)
class Relaxing:
    """A Maxwell solid: its deviator relaxes with a time constant in s, its pressure does not.

    Backward Euler: d(creep)/dt = dev(strain - creep) / time at the end of the step.
    """

    lam: float
    mu: float
    time: float

    @property
    def symmetric(self) -> bool:
        return True

    def start(self, shape: tuple[int, ...]) -> History:
        return {"creep": np.zeros((4, *shape))}

    def respond(self, strain: np.ndarray, history: History, duration: float = 0.0) -> Response:
        share = duration / (self.time + duration)
        elastic = strain - history["creep"]
        deviator = elastic.copy()
        deviator[:3] -= elastic[:3].mean(axis=0)
        hooke = LinearElastic(self.lam, self.mu).respond(elastic - share * deviator, {})
        project = np.eye(4)
        project[:3, :3] -= 1 / 3
        factor = np.eye(4) - share * project
        tangent = np.einsum("ij...,jk->ik...", hooke.tangent, factor)
        return Response(hooke.stress, tangent, {"creep": history["creep"] + share * deviator})

    def energy(self, strain: np.ndarray, history: History) -> np.ndarray:
        return LinearElastic(self.lam, self.mu).energy(strain - history["creep"], {})


@dataclass(frozen=True)
class Disguised:
    """Hooke's law under another name, so that nothing knows that it is linear."""

    lam: float
    mu: float

    @property
    def symmetric(self) -> bool:
        return True

    def start(self, shape: tuple[int, ...]) -> History:
        return {}

    def respond(self, strain: np.ndarray, history: History, duration: float = 0.0) -> Response:
        return LinearElastic(self.lam, self.mu).respond(strain, history)

    def energy(self, strain: np.ndarray, history: History) -> np.ndarray:
        return LinearElastic(self.lam, self.mu).energy(strain, history)
