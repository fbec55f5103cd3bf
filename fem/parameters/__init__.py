"""The numbers of a run: a case and the material library become arrays over regions."""

from fem.parameters.cell import ActiveMaterial, Parameters, reader, resolve
from fem.parameters.solids import Elastic

__all__ = ["ActiveMaterial", "Elastic", "Parameters", "reader", "resolve"]
