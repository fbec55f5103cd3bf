"""Figures of a result: maps of the cell, the profile along the lithium, a panel for a paper.

Every function draws into the axes it is given, or into a figure of its own, and gives the axes
back. Figures belong to no window system and no global state; nothing is written to disk.
"""

from fem.plot.canvas import RASTER_DPI, style
from fem.plot.maps import flux, potential, von_mises
from fem.plot.profile import anode_profile
from fem.plot.sheets import figures, panel
from fem.plot.tip import von_mises_tip

__all__ = [
    "RASTER_DPI",
    "anode_profile",
    "figures",
    "flux",
    "panel",
    "potential",
    "style",
    "von_mises",
    "von_mises_tip",
]
