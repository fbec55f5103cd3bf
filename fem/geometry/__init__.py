"""Shapes of cells: generators that all return a `Geometry`."""

from fem.geometry.layered import build
from fem.geometry.types import Deposit, Geometry, Outline, Particles, Phase, Region

__all__ = ["Deposit", "Geometry", "Outline", "Particles", "Phase", "Region", "build"]
