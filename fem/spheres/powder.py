"""What a composite is mixed from: two powders of spheres, and how much of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fem.errors import InputError

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Powder:
    """Elastic spheres with diameters between two limits, evenly distributed in number; SI units.

    Raises
    ------
    InputError
        If a number has no physical meaning.
    """

    smallest: float
    largest: float
    youngs_modulus: float
    poisson_ratio: float
    density: float

    def __post_init__(self) -> None:
        if not 0.0 < self.smallest <= self.largest < np.inf:
            raise InputError(
                "diameters of a powder run from a smallest to a largest",
                key="smallest, largest",
                given=(self.smallest, self.largest),
                allowed="0 < smallest <= largest, in m",
            )
        for key in ("youngs_modulus", "density"):
            if not 0.0 < getattr(self, key) < np.inf:
                raise InputError(
                    "not a property of a solid",
                    key=key,
                    given=getattr(self, key),
                    allowed="a positive number in SI units",
                )
        if not -1.0 < self.poisson_ratio <= 0.5:
            raise InputError(
                "no elastic solid has this Poisson's ratio",
                key="poisson_ratio",
                given=self.poisson_ratio,
                allowed="-1 < ratio <= 0.5",
            )

    @property
    def mean_volume(self) -> float:
        """Expected volume of one sphere in m^3: pi/6 times the third moment of the diameter."""
        low, high = self.smallest, self.largest
        return np.pi / 24.0 * (low + high) * (low**2 + high**2)


@dataclass(frozen=True)
class Mixture:
    """Active material and electrolyte.

    Parameters
    ----------
    active, electrolyte
        The two powders.
    active_share
        Volume of the active material over the volume of both solids; `volume_share` gets it from
        a recipe by mass.
    active_count
        Number of active spheres.

    Raises
    ------
    InputError
        If a kind would be missing.
    """

    active: Powder
    electrolyte: Powder
    active_share: float
    active_count: int

    def __post_init__(self) -> None:
        if not 0.0 < self.active_share < 1.0:
            raise InputError(
                "a mixture holds both kinds",
                key="active_share",
                given=self.active_share,
                allowed="a share by volume between 0 and 1",
            )
        if self.active_count < 1 or self._electrolyte_count() < 1:
            raise InputError(
                f"{self.active_count} active spheres and {self._electrolyte_count()} of "
                "electrolyte are not a mixture",
                key="active_count",
                given=self.active_count,
                allowed="at least one sphere of each kind",
                cure="more active spheres",
            )

    def _electrolyte_count(self) -> int:
        volume = self.active_count * self.active.mean_volume * (1.0 / self.active_share - 1.0)
        return round(volume / self.electrolyte.mean_volume)

    def draw(self, rng: np.random.Generator) -> tuple[Floats, Mask]:
        """Radii in m (n,) and which spheres are active (n,), the active ones first.

        The number of electrolyte spheres follows from expected volumes. Diameters are stratified,
        one from each of as many equal intervals as there are spheres: so the volume of a kind
        hardly depends on the draw even where a few large spheres make it up.
        """
        radii = []
        counts = (self.active_count, self._electrolyte_count())
        for powder, count in zip((self.active, self.electrolyte), counts, strict=True):
            even = (rng.permutation(count) + rng.random(count)) / count
            radii.append(0.5 * (powder.smallest + (powder.largest - powder.smallest) * even))
        return np.concatenate(radii), np.repeat([True, False], counts)


def volume_share(mass_share: float, density: float, other_density: float) -> float:
    """Share by volume of a kind with `mass_share` and `density` in a mixture of two."""
    own, other = mass_share / density, (1.0 - mass_share) / other_density
    return own / (own + other)
