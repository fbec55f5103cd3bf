"""What becomes of electrolyte that reacts where it meets an electrode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from fem.constants import FARADAY
from fem.materials.properties import ELECTRONS, LAYER, LOSS, ONSET, REDUCTION
from fem.materials.reader import Reader

KEY = "interphase.particle_electrolyte"


@dataclass(frozen=True)
class Oxidised:
    """Electrolyte that is oxidised on particles.

    Attributes
    ----------
    onset
        Potential against lithium above which it is, in V.
    by_charge
        Electrolyte that a charge consumes, in m^3/C.
    loss
        Volume lost, as a share of what was consumed; 0 where nothing asks for it.
    conductivity
        Of the layer that it leaves for lithium ions in S/m; `None` if it resists nothing.
    """

    onset: float
    by_charge: float
    loss: float
    conductivity: float | None

    @classmethod
    def of(cls, read: Reader, material: str, onset: float | None, loses: bool) -> Self:
        """That of a material; `onset` takes the place of its own, `loses` asks for the loss.

        Raises
        ------
        InputError
            If the material lacks a property, as one that is not oxidised does.
        """
        electrons = read.value(material, ELECTRONS, KEY)
        return cls(
            onset=read.value(material, ONSET, KEY) if onset is None else onset,
            by_charge=read.value(material, "molar_volume", KEY) / (electrons * FARADAY),
            loss=read.value(material, LOSS, KEY) if loses else 0.0,
            conductivity=read.optional(material, LAYER, KEY),
        )


def lithium_taken_up(read: Reader, material: str) -> float | None:
    """Lithium that a volume of electrolyte takes up as it is reduced, in mol/m^3.

    `None` where the library does not say.
    """
    lithium, volume = read.optional(material, REDUCTION), read.optional(material, "molar_volume")
    return None if lithium is None or volume is None else lithium / volume
