"""A small cell that is quick to solve."""

from __future__ import annotations

from functools import cache

import fem
from fem.results.result import Result

CELL = """
title = "A small cell"
[geometry]
width = "60 um"
[geometry.anode]
thickness = "10 um"
[geometry.separator]
material = "LPSCl"
thickness = "30 um"
[geometry.cathode]
electrolyte = "LPSCl"
thickness = "40 um"
particles = { layout = "lattice", rows = 2, columns = 3, diameter = "14 um", material = "NCM811" }
[kinetics.anode]
exchange_current_density = "320 A/m^2"
[kinetics.cathode]
exchange_current_density = "2 A/m^2"
[operation]
current_density = "10 A/m^2"
[mechanics]
enabled = false
[mesh]
size = "2 um"
"""
CHARGED = {
    "kinetics.cathode.stoichiometry": 0.9,
    "kinetics.cathode.diffusion": "averaged",
    "operation": {
        "kind": "protocol",
        "steps": [{"charge": "10 A/m^2", "until": {"time": "20 min"}}],
    },
    "inactive": {"ids": [0, 1, 2]},
}
"""Changes to a run in time, in which the lower row of particles keeps its lithium."""


@cache
def drawn() -> Result:
    return fem.run(fem.Case.parse(CELL))


@cache
def charged() -> Result:
    return fem.run(fem.Case.parse(CELL).replace(CHARGED))
