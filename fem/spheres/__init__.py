"""Spheres in three dimensions: a pressed powder of two kinds and what its contacts say."""

from fem.spheres.network import Contacts, Section, section
from fem.spheres.powder import Mixture, Powder, volume_share
from fem.spheres.press import Packing, press

__all__ = [
    "Contacts",
    "Mixture",
    "Packing",
    "Powder",
    "Section",
    "press",
    "section",
    "volume_share",
]
