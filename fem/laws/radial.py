"""Radial return: the stress of isotropic solids whose inelastic flow keeps their volume.

The flow of von Mises is along the deviator s of the stress, ``d e_p = dp n`` with n = 3/2 s / q,
where q is the von Mises stress. Backward Euler in the strain: with the inelastic strain of the
start of the step the elastic answer would be the trial stress, with the deviator s* and the von
Mises stress q*. Flow along the new deviator only shortens the trial one, s = s* q/q*, and what is
left is one equation at a point,

    q + 3 mu dp(q) = q*.

A law is therefore all in the function ``q*-> (q, dq/dq*)``. With a = q/q* and t = dq/dq* the
derivative of the stress by the strain is, P the projector on deviators,

    K I (x) I + 2 mu a P + 4/3 mu (t - a) n (x) n,

which is symmetric for any law. Strain is (4, ...) in the order xx, yy, zz, 2xy, stress in the order
xx, yy, zz, xy; the strain out of the plane may have any value. See J. C. Simo and T. J. R. Hughes,
Computational Inelasticity (1998), chapter 3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fem.laws import elasticity

Floats = NDArray[np.float64]
Flow = Callable[[Floats], tuple[Floats, Floats]]
"""Von Mises stress q and its slope dq/dq* for a trial stress q* (...) in Pa."""

ENGINEERING = np.array([1.0, 1.0, 1.0, 2.0])
_TINY = 1e-200
_PROJECTOR = np.diag([1.0, 1.0, 1.0, 0.5])
_PROJECTOR[:3, :3] -= 1.0 / 3.0
_PROJECTOR.flags.writeable = False


class Returned(NamedTuple):
    """Stress (4, ...) and tangent (4, 4, ...) in Pa, inelastic strain (4, ...) and its growth.

    `growth` (...) is dp, the equivalent inelastic strain of the step; `mises` and `trial` (...) are
    q and q* in Pa.
    """

    stress: Floats
    tangent: Floats
    inelastic: Floats
    growth: Floats
    mises: Floats
    trial: Floats


def radial_return(strain: Floats, inelastic: Floats, lam: float, mu: float, flow: Flow) -> Returned:
    """The stress at a strain (4, ...) from the inelastic strain (4, ...) before the step."""
    axes = (1,) * (strain.ndim - 1)
    trial = elasticity.stress(strain - inelastic, np.asarray(lam), np.asarray(mu))
    mean = elasticity.hydrostatic(trial)
    deviator = trial.copy()
    deviator[:3] -= mean
    reached = elasticity.von_mises(trial)
    # Away from any stress nothing flows; the ratio there is that of the smallest one.
    safe = np.maximum(reached, _TINY)
    mises, slope = flow(safe)
    ratio = mises / safe
    normal = 1.5 * deviator / safe
    stress = ratio * deviator
    stress[:3] += mean
    growth = np.where(reached > 0.0, (safe - mises) / (3.0 * mu), 0.0)
    bulk = np.zeros((4, 4))
    bulk[:3, :3] = lam + 2.0 / 3.0 * mu
    tangent = (
        bulk.reshape(4, 4, *axes)
        + 2.0 * mu * ratio * _PROJECTOR.reshape(4, 4, *axes)
        + 4.0 / 3.0 * mu * (slope - ratio) * normal[:, None] * normal[None]
    )
    grown = inelastic + growth * normal * ENGINEERING.reshape(4, *axes)
    return Returned(stress, tangent, grown, growth, np.where(reached > 0.0, mises, 0.0), reached)


def hardened(trial: Floats, before: Floats, mu: float, strains: Floats, stresses: Floats,
             beyond: float) -> tuple[Floats, Floats]:  # fmt: skip
    """Flow at a yield stress Y(p) that is linear between points: q and dq/dq*.

    With p = p0 + dp the equation of radial return reads ``Y(p) + 3 mu p = q* + 3 mu p0``, whose
    left side rises and is linear between the same points: it is inverted exactly.

    Parameters
    ----------
    trial, before
        Trial stress q* (...) in Pa and the equivalent plastic strain p0 (...) before the step.
    strains, stresses
        The points (k,), strains ascending from 0 and stresses in Pa not falling.
    beyond
        Slope of the yield stress in Pa after the last of them.
    """
    stiff = 3.0 * mu
    slopes = np.append(np.diff(stresses) / np.diff(strains), beyond)
    ends = stresses + stiff * strains
    wanted = trial + stiff * before
    piece = np.clip(np.searchsorted(ends, wanted, side="right") - 1, 0, None)
    after = strains[piece] + (wanted - ends[piece]) / (stiff + slopes[piece])
    mises = stresses[piece] + slopes[piece] * (after - strains[piece])
    yields = after > before
    slope = slopes[piece] / (stiff + slopes[piece])
    return np.where(yields, mises, trial), np.where(yields, slope, 1.0)


def crept(trial: Floats, mu: float, growth: Floats | float, stress: float, exponent: float) -> (
    tuple[Floats, Floats]
):  # fmt: skip
    """Flow by a power law, dp = growth (q/stress)^exponent in the step: q and dq/dq*.

    With y = ln(q/q*) the equation of radial return is ``L(y) = ln(e^y + e^(b + n y)) = 0``. L is
    convex and rises with slopes from 1 to n, and y = min(0, -b/n) lies above its zero by at most
    ln 2: Newton's method falls to it from there without any safeguard, however stiff the power is.

    Parameters
    ----------
    trial
        q* (...) in Pa, above 0.
    growth
        Inelastic strain of the step under `stress` in Pa: rate times duration.
    exponent
        n, at least 1.
    """
    scaled = np.log(trial / stress)
    with np.errstate(divide="ignore"):
        b = np.log(3.0 * mu / stress * growth) + (exponent - 1.0) * scaled
    y = np.minimum(0.0, -b / exponent)
    moving = np.ones(y.shape, dtype=bool)
    for _ in range(100):
        elastic, creep = np.exp(y), np.exp(b + exponent * y)
        step = np.log(elastic + creep) * (elastic + creep) / (elastic + exponent * creep)
        y = np.where(moving, np.minimum(y - step, 0.0), y)
        # Each point stops by itself, so that no other changes its last digit.
        moving &= np.abs(step) > 1e-15 * (1.0 + np.abs(y))
        if not moving.any():
            break
    elastic, creep = np.exp(y), np.exp(b + exponent * y)
    return trial * elastic, elastic / (elastic + exponent * creep)


class Resistance(NamedTuple):
    """How a flow resistance S evolves: ``dS = hardening |1 - S/S*|^power sign(1 - S/S*) dp``.

    `hardening` and `saturation` in Pa; S* is ``saturation (rate / reference rate)^sensitivity``.
    """

    hardening: float
    saturation: float
    power: float
    sensitivity: float


def resisted(
    trial: Floats,
    before: Floats,
    mu: float,
    growth: Floats | float,
    exponent: float,
    law: Resistance,
) -> tuple[Floats, Floats, Floats]:
    """Flow by a power law ``dp = growth (q/S)^exponent`` whose resistance S evolves with it.

    The unknown is y, the logarithm of dp over `growth`: there S follows from a monotonous equation
    of its own, and ``ln(S e^(y/n) + 3 mu growth e^y) = ln q*`` is solved by Newton's method inside
    a bracket that shrinks with every step.

    Parameters
    ----------
    trial, before
        q* above 0 and S before the step (...), in Pa.
    growth
        Reference rate times duration, above 0.

    Returns
    -------
    q in Pa, dq/dq* and S in Pa after the step.
    """
    stiff = 3.0 * mu * growth
    wanted = np.log(trial)
    high = wanted - np.log(stiff)
    largest = np.maximum(before, law.saturation * np.exp(law.sensitivity * high))
    low = np.minimum(high, exponent * (wanted - np.log(largest))) - np.log(2.0) * exponent
    y = np.minimum(high, exponent * (wanted - np.log(before)))
    moving = np.ones(y.shape, dtype=bool)
    for _ in range(200):
        strength, change = _resistance(y, before, growth, law)
        flow, elastic = strength * np.exp(y / exponent), stiff * np.exp(y)
        out = np.log(flow + elastic) - wanted
        slope = (flow * (1.0 / exponent + change) + elastic) / (flow + elastic)
        high, low = np.where(out > 0.0, y, high), np.where(out > 0.0, low, y)
        after = y - out / slope
        inside = (after >= low) & (after <= high)
        after = np.where(inside, after, 0.5 * (low + high))
        step = np.abs(after - y)
        y = np.where(moving, after, y)
        moving &= step > 4e-16 * (1.0 + np.abs(y))
        if not moving.any():
            break
    strength, change = _resistance(y, before, growth, law)
    flow, elastic = strength * np.exp(y / exponent), stiff * np.exp(y)
    by_flow = flow * (1.0 / exponent + change)
    return flow, by_flow / (by_flow + elastic), strength


def _resistance(
    y: Floats, before: Floats, growth: Floats | float, law: Resistance
) -> tuple[Floats, Floats]:
    """S at the end of a step of growth e^y, and d ln S / dy.

    With w = |1 - S/S*| the equation is ``S* w + h w^a = |S* - S0|``, h the hardening times dp. Its
    left side is convex, and each of its terms alone gives a w above the solution.
    """
    limit = law.saturation * np.exp(law.sensitivity * y)
    gap, sign = np.abs(limit - before), np.sign(limit - before)
    h = law.hardening * growth * np.exp(y)
    w = gap / limit
    with np.errstate(divide="ignore", over="ignore"):
        w = np.minimum(w, (gap / h) ** (1.0 / law.power))
    moving = np.ones(w.shape, dtype=bool)
    for _ in range(100):
        steep = limit + law.power * h * w ** (law.power - 1.0)
        step = (limit * w + h * w**law.power - gap) / steep
        w = np.where(moving, np.maximum(w - step, 0.0), w)
        moving &= np.abs(step) > 1e-15 * (w + 1e-300)
        if not moving.any():
            break
    strength = limit * (1.0 - sign * w)
    bend = law.power * h * w ** (law.power - 1.0) / limit
    by_growth = (sign * h * w**law.power + bend * law.sensitivity * strength) / (1.0 + bend)
    return strength, by_growth / strength
