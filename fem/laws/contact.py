"""What crosses between faces that touch, by their gap and pressure: pure functions of arrays.

Two rough faces touch on part of their area only, more of it the harder they press; where a gap
opens, nothing crosses. What is conducted falls off continuously over a small gap, so that currents
do not jump as faces part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Conduction:
    """Share of faces that conducts.

    Attributes
    ----------
    below
        Gap in m from which on nothing crosses.
    pressure
        From which on all of the faces conduct, in Pa; `None` where they do without any.
    exponent
        Of pressure below that: 1 is the plastic contact of asperities, whose real area is the load
        over the hardness (F. P. Bowden and D. Tabor, The Friction and Lubrication of Solids, 1950).
    """

    below: float
    pressure: float | None = None
    exponent: float = 1.0

    def share(self, gap: Floats, pressure: Floats) -> Floats:
        """From 0 to 1, of gaps in m and pressures in Pa, alike in shape; C1 in the gap."""
        way = np.clip(gap / self.below, 0.0, 1.0)
        found = (1.0 - way) ** 2 * (1.0 + 2.0 * way)
        if self.pressure is not None:
            found = found * np.clip(pressure / self.pressure, 0.0, 1.0) ** self.exponent
        return np.asarray(found)
