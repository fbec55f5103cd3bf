"""The description of a case: what a user writes in a case file, validated and frozen."""

from fem.case.cell import Isolated, ParticleCathode, PlaneCathode, Protrusion
from fem.case.model import Case
from fem.case.text import parse_overrides

__all__ = ["Case", "Isolated", "ParticleCathode", "PlaneCathode", "Protrusion", "parse_overrides"]
