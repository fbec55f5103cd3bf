"""Which particles of a cathode are drawn as inactive: at random, in clusters, or by weights.

Each pattern gives every particle a key; those with the highest keys are drawn, so that a fraction
is met exactly. The keys of a Gaussian field at the centres draw clusters. Where particles have
weights, the key is their logarithm and a Gumbel variable: that is drawing one after another, each
time in proportion to the weights of those left (Efraimidis and Spirakis, Inf. Process. Lett. 97,
2006, 181).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from fem.case import Case, ClusteredPattern, DepthPattern, MapPattern, RandomPattern, SizePattern
from fem.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

FINE = 3
"""Noise a correlation length: enough for the correlation of the field to be exact to 1e-9."""
_REACH = 3 * FINE
"""Noise on each side that a place averages; what is beyond has a weight of 1e-8."""
_LEAST = 0.1
"""Least correlation length over the distance of particles: they are independent at less."""
_POINTS = 256
"""Of a disc, for the mean of a map over it."""


def drawn(
    case: Case, alive: Ints, x: Floats, y: Floats, diameter: Floats, size: tuple[float, float]
) -> Ints:
    """The particles that ``[inactive]`` draws from those that are `alive`, by number.

    Parameters
    ----------
    x, y, diameter
        Centres and diameters in m (n,).
    size
        Width and height in m of the composite, which a map covers.

    Raises
    ------
    InputError
        If fewer are left than are to be drawn, or if a map cannot be used.
    """
    rules, count = case.inactive, len(x)
    rng = np.random.default_rng(rules.seed)
    if rules.fraction is None:
        chance = _mapped(case, x, y, diameter, size)
        return alive[(rng.random(count) < chance)[alive]]
    wanted = round(rules.fraction * count)
    if wanted > len(alive):
        raise InputError(
            f"{wanted} of {count} particles should be drawn as inactive, "
            f"but the other rules leave only {len(alive)} active",
            key="inactive.fraction",
            given=rules.fraction,
            allowed=f"at most {len(alive) / count:.4g}",
            cure="lower the fraction: it counts all particles, drawn from those still active",
        )
    if isinstance(rules.pattern, RandomPattern):
        return _near(np.c_[x, y], alive, wanted, rules.clusters or wanted, rng)
    if isinstance(rules.pattern, ClusteredPattern):
        apart = np.sqrt(size[0] * size[1] / count)
        key = gaussian_field(x, y, max(float(rules.pattern.length), _LEAST * apart), rng)
    else:
        key = _logarithm_of_weights(case, x, y, diameter, size)
        possible = np.isfinite(key[alive]).sum()
        if wanted > possible:
            raise InputError(
                f"{wanted} of {count} particles should be drawn as inactive, but the map gives "
                f"only {possible} of those still active a probability above 0",
                key="inactive.fraction",
                given=rules.fraction,
                allowed=f"at most {possible / count:.4g}",
                cure="lower the fraction, or raise inactive.pattern.black above 0",
            )
        key += rng.gumbel(size=count)
    return alive[np.argsort(-key[alive], kind="stable")[:wanted]]


def _near(xy: Floats, alive: Ints, wanted: int, clusters: int, rng: np.random.Generator) -> Ints:
    """As many as `clusters` at random, and then those of the others that are nearest to them."""
    draw = rng.choice(alive, size=min(wanted, clusters), replace=False)
    if len(draw) == wanted:
        return draw
    away, _ = cKDTree(xy[draw]).query(xy[alive])
    return alive[np.argsort(away, kind="stable")[:wanted]]


def gaussian_field(x: Floats, y: Floats, length: float, rng: np.random.Generator) -> Floats:
    """A Gaussian random field of mean 0 and variance 1 at places (n,).

    Its correlation at a distance d is exp(-(d/length)^2): white noise on a square grid, averaged
    with the weights exp(-2 (d/length)^2).
    """
    step = length / FINE
    near = np.arange(-_REACH, _REACH + 1)
    weights, places = [], []
    for along in (x, y):
        place = (along - along.min()) / step
        middle = np.round(place).astype(np.intp)
        weight = np.exp(-2.0 * ((middle + near[:, None] - place) / FINE) ** 2)
        weights.append(weight / np.linalg.norm(weight, axis=0))
        places.append(middle + _REACH + near[:, None])
    noise = rng.standard_normal([place.max() + 1 for place in places])
    around = noise[places[0][:, None], places[1]]
    return np.asarray(np.einsum("an,bn,abn->n", *weights, around))


def _logarithm_of_weights(
    case: Case, x: Floats, y: Floats, diameter: Floats, size: tuple[float, float]
) -> Floats:
    """Of drawing each particle; only differences matter."""
    pattern = case.inactive.pattern
    if isinstance(pattern, DepthPattern):
        upwards = 1.0 if pattern.near == "separator" else -1.0
        return upwards * y / float(pattern.decay)
    if isinstance(pattern, SizePattern):
        return pattern.exponent * np.log(diameter)
    with np.errstate(divide="ignore"):
        return np.log(_mapped(case, x, y, diameter, size))


def _mapped(
    case: Case, x: Floats, y: Floats, diameter: Floats, size: tuple[float, float]
) -> Floats:
    """Mean of the map over discs (n,), each over points that stand for equal areas."""
    from fem.geometry.grey import grey  # only maps need the libraries that read images

    pattern = case.inactive.pattern
    assert isinstance(pattern, MapPattern)
    values = grey(case.resolve(pattern.file))
    number = np.arange(_POINTS)
    disc = np.sqrt((number + 0.5) / _POINTS) * np.exp(1j * np.pi * (3.0 - np.sqrt(5.0)) * number)
    points = (x + 1j * y)[:, None] + 0.5 * diameter[:, None] * disc
    rows, columns = values.shape
    column = np.clip(points.real / size[0] * columns, 0, columns - 1).astype(np.intp)
    row = np.clip((1.0 - points.imag / size[1]) * rows, 0, rows - 1).astype(np.intp)
    mean = values[row, column].mean(axis=1)
    return np.asarray(pattern.black + (pattern.white - pattern.black) * mean)
