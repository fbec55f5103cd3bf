"""The description of a case: what a user writes in a case file, validated and frozen."""

from fem.case.cell import Isolated, ParticleCathode, PlaneCathode, Protrusion
from fem.case.crystals import DrawnAxes, ListedAxes, SameAxis
from fem.case.inactive import ClusteredPattern, DepthPattern, MapPattern, RandomPattern, SizePattern
from fem.case.layouts import Clustered, Equilibrium, Grains, Lattice, Listed, RandomPacking
from fem.case.model import Case
from fem.case.operation import Protocol, Snapshot
from fem.case.profile import Profile
from fem.case.steps import Step, Until
from fem.case.text import parse_overrides
from fem.case.wiring import EffectiveWiring, IdealWiring, ResolvedWiring

__all__ = [
    "Case",
    "Clustered",
    "ClusteredPattern",
    "DepthPattern",
    "DrawnAxes",
    "EffectiveWiring",
    "Equilibrium",
    "Grains",
    "IdealWiring",
    "Isolated",
    "Lattice",
    "Listed",
    "ListedAxes",
    "MapPattern",
    "ParticleCathode",
    "PlaneCathode",
    "Profile",
    "Protocol",
    "Protrusion",
    "RandomPacking",
    "RandomPattern",
    "ResolvedWiring",
    "SameAxis",
    "SizePattern",
    "Snapshot",
    "Step",
    "Until",
    "parse_overrides",
]
