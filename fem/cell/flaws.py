"""Flaws of the electrolyte that lithium enters, where the electrolyte meets what deposits lithium.

Lithium in a flaw comes to the pressure at which it is in equilibrium with the potentials beside it,

    p = F (phi_e - phi_s + U) / V,      K = f p sqrt(pi a),

and the flaw opens where K is the toughness. It must be wetted: only points with lithium count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fem.case.interlayer import Flaw
from fem.cell.blocks import Block, Content, Floats, Place
from fem.constants import FARADAY
from fem.laws.fracture import stress_intensity

SOUND = -1.0
"""Of a point whose flaw has not opened."""
LEAST = 1e-10
"""Thickness of lithium in m, an atom, above which there is some."""


@dataclass(frozen=True)
class Flaws:
    """Flaws along an interface.

    Attributes
    ----------
    entered
        Block of the charge (C per m of depth) at each point when its flaw opened; `SOUND` before.
    """

    flaw: Flaw
    toughness: float
    molar_volume: float
    potential: float
    entered: Block

    @classmethod
    def of(
        cls, name: str, shape: tuple[int, ...], flaw: Flaw, toughness: float, volume: float,
        potential: float,
    ) -> Flaws:  # fmt: skip
        """Those along the interface of a name; `shape` is that of its points."""
        block = Block(
            f"{name}.entered",
            "C/m",
            "charge at each point when lithium entered its flaw; -1 before",
            Place.LITHIUM_POINTS,
            np.full(shape, SOUND),
            evolves=False,
        )
        return cls(flaw, toughness, volume, potential, block)

    def pressure(self, difference: Floats) -> Floats:
        """Pressure (Pa) of lithium in flaws beside ``phi_s - phi_e`` (V)."""
        drive = np.maximum(self.potential - difference, 0.0)
        return np.asarray(drive * FARADAY / self.molar_volume)

    def intensity(self, difference: Floats, thickness: Floats) -> Floats:
        """K over the toughness at points, of lithium `thickness` in m; 0 where there is none."""
        flaw = self.flaw
        length = float(flaw.size) + flaw.growth * np.maximum(thickness, 0.0)
        found = stress_intensity(self.pressure(difference), length, flaw.shape_factor)
        return np.where(thickness > LEAST, found / self.toughness, 0.0)

    def within(self, charge: Floats, held: Content) -> Floats:
        """Charge taken up by points since their flaws opened, in C per m of depth."""
        entered = held[self.entered.name]
        return np.where(entered == SOUND, 0.0, charge - entered)
