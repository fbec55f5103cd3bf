"""How active material swells with the lithium it holds: alike in all directions, or by an axis.

Strains are relative to a stress-free state at another stoichiometry. A crystal with one axis, as
of a layered oxide, strains along it and across it; in the plane of the drawing that is a strain
(xx, yy, zz, 2xy). An axis that is tilted out of the plane also shears its crystal out of the plane
(xz, yz). That part is left out: in solids that are linear and isotropic it does not act on the
plane.

Stress acts back on the potential as F. Larche and J. W. Cahn, Acta Metall. 21 (1973) 1051, have it:
by ``sigma : d strain / d c / F``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from fem.laws.elasticity import hydrostatic

Floats = NDArray[np.float64]


class Strain(Protocol):
    """A strain as a function of the stoichiometry, with its derivative."""

    def __call__(self, x: Floats) -> Floats:
        """The strain at the stoichiometry x."""

    def slope(self, x: Floats) -> Floats:
        """Its derivative by x."""


class Swelling(Protocol):
    """What lithium does to the volume or the shape of active material.

    Attributes
    ----------
    directed
        Whether it strains along and across an axis.
    molar_volume
        In m^3/mol. Stress shifts the potential by it times what `working` gives, over F.
    """

    directed: ClassVar[bool]

    @property
    def molar_volume(self) -> float: ...

    def free(self, start: float, change: Floats, axis: Floats | None) -> Floats:
        """What is free of stress after the stoichiometry has changed by `change` from `start`.

        Parameters
        ----------
        axis
            Unit vectors (3, ...) along the axis of each crystal, to broadcast with `change`;
            read only where it is directed.

        Returns
        -------
        The relative change of volume, of the shape of `change`; directed, the strain (4, ...) in
        the order xx, yy, zz, 2xy.
        """

    def working(self, x: Floats, sigma: Floats, axis: Floats | None) -> Floats:
        """The stress in Pa that works when lithium enters at x, from the stress (4, ...) in Pa."""


@dataclass(frozen=True)
class Proportional:
    """The same in all directions, with a constant partial molar volume in m^3/mol.

    `concentration` is that of lithium at stoichiometry 1 in mol/m^3.
    """

    directed: ClassVar[bool] = False

    molar_volume: float
    concentration: float

    def free(self, start: float, change: Floats, axis: Floats | None) -> Floats:
        return np.asarray(self.molar_volume * self.concentration * change)

    def working(self, x: Floats, sigma: Floats, axis: Floats | None) -> Floats:
        return hydrostatic(sigma)


@dataclass(frozen=True)
class Volumetric:
    """The same in all directions: a relative change of volume that is a function of x."""

    directed: ClassVar[bool] = False

    volume: Strain
    concentration: float

    @property
    def molar_volume(self) -> float:
        return 1.0 / self.concentration

    def free(self, start: float, change: Floats, axis: Floats | None) -> Floats:
        return np.asarray(self.volume(start + change) - self.volume(np.asarray(start)))

    def working(self, x: Floats, sigma: Floats, axis: Floats | None) -> Floats:
        return np.asarray(self.volume.slope(x) * hydrostatic(sigma))


@dataclass(frozen=True)
class Directed:
    """Strains along and across the axis of a crystal, each a function of x."""

    directed: ClassVar[bool] = True

    along: Strain
    across: Strain
    concentration: float

    @property
    def molar_volume(self) -> float:
        return 1.0 / self.concentration

    def free(self, start: float, change: Floats, axis: Floats | None) -> Floats:
        assert axis is not None
        x, first = start + change, np.asarray(start)
        return by_axis(self.along(x) - self.along(first), self.across(x) - self.across(first), axis)

    def working(self, x: Floats, sigma: Floats, axis: Floats | None) -> Floats:
        assert axis is not None
        return np.asarray(
            (sigma * by_axis(self.along.slope(x), self.across.slope(x), axis)).sum(axis=0)
        )


def in_plane(angle: float) -> Floats:
    """The unit vector (3,) in the plane of the drawing at an angle in rad from the x axis."""
    return direction(np.asarray(angle), np.zeros(()))


def direction(angle: Floats, tilt: Floats) -> Floats:
    """Unit vectors (3, ...): at an angle in rad from the x axis, tilted out of the plane."""
    return np.stack([np.cos(tilt) * np.cos(angle), np.cos(tilt) * np.sin(angle), np.sin(tilt)])


def by_axis(along: Floats, across: Floats, axis: Floats) -> Floats:
    """Strain (4, ...) in the order xx, yy, zz, 2xy from those along and across unit vectors."""
    x, y, z = axis
    apart = along - across
    return np.stack(
        [
            across + apart * x * x,
            across + apart * y * y,
            across + apart * z * z,
            2.0 * apart * x * y,
        ]
    )
