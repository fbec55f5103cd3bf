"""The description of a case: what a user writes in a case file, validated and frozen."""

from fem.case.cell import Isolated, ParticleCathode, PlaneCathode, Protrusion
from fem.case.model import Case
from fem.case.operation import Protocol, Snapshot, Step, Until
from fem.case.text import parse_overrides

__all__ = [
    "Case",
    "Isolated",
    "ParticleCathode",
    "PlaneCathode",
    "Protocol",
    "Protrusion",
    "Snapshot",
    "Step",
    "Until",
    "parse_overrides",
]
