"""Material properties with unit, source and note; see `library`."""

from fem.materials.library import library, unknown_material
from fem.materials.material import Material, Property
from fem.materials.potentials import Curve
from fem.materials.properties import ACROSS, ALONG, PROPERTIES, VOLUME, Rule
from fem.materials.reader import Reader, Used
from fem.materials.report import describe, overview, references
from fem.materials.shapes import Diffusivity, Strain

__all__ = [
    "ACROSS",
    "ALONG",
    "PROPERTIES",
    "VOLUME",
    "Curve",
    "Diffusivity",
    "Material",
    "Property",
    "Reader",
    "Rule",
    "Strain",
    "Used",
    "describe",
    "library",
    "overview",
    "references",
    "unknown_material",
]
