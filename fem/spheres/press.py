"""Pressing of a random mixture of spheres, and what comes out of the die.

The spheres are moved by LAMMPS (`fem.spheres.die`); what is read off them is in
`fem.spheres.network`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fem.errors import InputError
from fem.spheres.die import DENSE, GIGAPASCAL, MICROMETRE, Die, solid_volume
from fem.spheres.powder import Mixture

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Packing:
    """Spheres at rest between two walls, in SI units.

    The box (3,) is periodic in x and y; the walls are at z = 0 and z = ``box[2]``. `pressure` is
    the mean of both walls in Pa. `unbalanced` is the mean net force on a sphere over the pressure
    times the mean square of the diameters, `kinetic` the kinetic energy over the pressure times
    the volume: both small where the spheres are at rest.
    """

    centres: Floats
    radii: Floats
    active: Mask
    box: Floats
    pressure: float
    unbalanced: float
    kinetic: float


def press(
    mixture: Mixture,
    *,
    pressures: Sequence[float] = (),
    porosities: Sequence[float] = (),
    seed: int = 0,
    friction: float = 0.0,
    aspect: float = 1.0,
) -> Iterator[Packing]:
    """Press a random mixture by a moving wall, one packing a target.

    Spheres are placed at random without overlap and pressed together by the upper wall: smooth
    rigid walls, periodic sides, Hertzian contacts, no gravity, no adhesion. The same seed gives
    the same packings on the same machine.

    Parameters
    ----------
    mixture
        The two powders and how much of each.
    pressures
        What the walls carry in Pa, one after the other.
    porosities
        Instead: how far the wall moves, as one minus the volume of the spheres over the box.
    friction
        Coefficient of sliding friction between spheres (Mindlin).
    aspect
        Height over width of the pressed box, at three quarters of solid.

    Raises
    ------
    InputError
        If LAMMPS is missing, or a target is impossible.
    SolveError
        If the spheres do not come to rest.
    """
    if bool(pressures) == bool(porosities):
        raise InputError(
            "spheres are pressed either to pressures or to porosities",
            key="pressures, porosities",
            given=(list(pressures), list(porosities)),
            allowed="one of the two",
        )
    if any(not 0.0 < p < np.inf for p in pressures):
        raise InputError(
            "a wall can only press",
            key="pressures",
            given=list(pressures),
            allowed="positive numbers in Pa",
        )
    if any(not 0.0 < e < 1.0 - DENSE for e in porosities):
        raise InputError(
            "loose spheres are not pressed",
            key="porosities",
            given=list(porosities),
            allowed=f"numbers between 0 and {1.0 - DENSE:g}",
        )
    if not 0.0 <= friction < np.inf:
        raise InputError(
            "not a coefficient of friction", key="friction", given=friction, allowed="0 or more"
        )
    if not 0.0 < aspect < np.inf:
        raise InputError("not an aspect ratio", key="aspect", given=aspect, allowed="more than 0")
    rng = np.random.default_rng(seed)
    radii, active = mixture.draw(rng)
    radii = radii / MICROMETRE
    volume = solid_volume(radii)
    width = (volume / (0.75 * aspect)) ** (1.0 / 3.0)
    if width <= 4.0 * radii.max():
        raise InputError(
            f"a box {width:.3g} um wide is too narrow for spheres of {2.0 * radii.max():.3g} um",
            key="active_count",
            given=mixture.active_count,
            allowed="a width of more than two diameters",
            cure="more spheres",
        )
    die = Die(mixture, radii, active, width, friction, rng)
    try:
        die.approach()
        for pressure in pressures:
            die.press_to(pressure / GIGAPASCAL)
            yield _packing(die)
        for porosity in porosities:
            die.move_to(volume / (width**2 * (1.0 - porosity)))
            yield _packing(die)
    finally:
        die.close()


def _packing(die: Die) -> Packing:
    pressure = float(die.walls().mean())
    box = np.array([die.width, die.width, die.height])
    return Packing(
        die.centres() * MICROMETRE,
        die.radii * MICROMETRE,
        die.active,
        box * MICROMETRE,
        pressure * GIGAPASCAL,
        die.unbalanced(),
        die.kinetic_energy() / (pressure * float(np.prod(box))),
    )
