"""The flat layer of a mixed conductor between the separator and the foil."""

from __future__ import annotations

from fem.case.interlayer import Interlayer
from fem.geometry.curves import Line
from fem.geometry.types import INTERLAYER, OUTSIDE, Outline, Phase, Region

LAYER = 1
"""Number of the body: electrolytes have 0."""


def interlayer_of(layer: Interlayer) -> Region:
    """The region, without its area."""
    return Region(INTERLAYER, Phase.ELECTROLYTE, layer.material, 0.0, body=LAYER)


def layer_outlines(
    width: float, face: float, top: float, layer: int, separator: int
) -> list[Outline]:
    """Both walls and the face on the separator, heights in m; the foil draws the rest."""
    return [
        Outline(Line((width, face), (width, top)), layer, OUTSIDE),
        Outline(Line((0.0, top), (0.0, face)), layer, OUTSIDE),
        Outline(Line((0.0, face), (width, face)), layer, separator),
    ]
