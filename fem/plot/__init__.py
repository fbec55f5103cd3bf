"""Figures of a result: maps of the cell, profiles, curves of a run in time, a panel for a paper.

Every function draws into the axes it is given, or into a figure of its own, and gives the axes
back. Figures belong to no window system and no global state. Nothing is written to disk but the
film that `animate` makes.
"""

from fem.plot.animation import animate
from fem.plot.canvas import RASTER_DPI, style
from fem.plot.contact import contact_history
from fem.plot.curves import voltage
from fem.plot.faces import contact_pressure, gaps
from fem.plot.fields import field
from fem.plot.growth import anode_history
from fem.plot.interlayer import interlayer, lithium_places
from fem.plot.interphase import interphase
from fem.plot.lithiation import stoichiometry
from fem.plot.maps import flux, potential, von_mises
from fem.plot.profile import anode_profile
from fem.plot.sheets import figures, panel
from fem.plot.spectra import bode, drt, nyquist
from fem.plot.stack import stack_history
from fem.plot.tip import von_mises_tip

__all__ = [
    "RASTER_DPI",
    "animate",
    "anode_history",
    "anode_profile",
    "bode",
    "contact_history",
    "contact_pressure",
    "drt",
    "field",
    "figures",
    "flux",
    "gaps",
    "interlayer",
    "interphase",
    "lithium_places",
    "nyquist",
    "panel",
    "potential",
    "stack_history",
    "stoichiometry",
    "style",
    "voltage",
    "von_mises",
    "von_mises_tip",
]
