"""The table `wiring` of a composite: how electrons get from the collector to the particles.

See `fem.case.cell` for how tables are written.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from fem.case.kinds import POSITIVE, Depth, OnOff
from fem.case.rules import Choice, Dimension
from fem.case.table import ByName, Table, by_kind
from fem.units import Quantity

Conductivity = Annotated[Quantity, Dimension("S/m", "electronic conductivity", POSITIVE, "10 S/m")]
ContactResistance = Annotated[
    Quantity, Dimension("ohm*m", "resistance times depth", POSITIVE, "1 ohm*m")
]
ConductancePerDepth = Annotated[
    Quantity, Dimension("S/m", "conductance per depth", POSITIVE, "0.1 S/m")
]


class IdealWiring(Table):
    """Electrons reach all particles without loss: the active ones are at one potential."""

    kind: Annotated[Literal["ideal"], Choice(Literal["ideal"])] = Field(
        default="ideal", description="No resistance to electrons."
    )


class EffectiveWiring(Table):
    """A continuum fills the composite down to the collector and conducts electrons.

    It stands for carbon, and for what the active material itself conducts.
    """

    kind: Annotated[Literal["effective"], Choice(Literal["effective"])] = Field(
        description="An effective electron conductor."
    )
    conductivity: Conductivity = Field(
        description="Effective electronic conductivity of the composite."
    )


class ResolvedWiring(Table):
    """Electrons pass from particle to particle, and from particles to the collector, by contact.

    Particles that no path of contacts joins to the collector are inactive. Discs in a plane join
    far more seldom than spheres do, so that most are cut off unless `out_of_plane_conductance`
    stands for the paths that leave the plane.
    """

    kind: Annotated[Literal["resolved"], Choice(Literal["resolved"])] = Field(
        description="A network of contacts."
    )
    contact_gap: Depth = Field(
        description="Particles that are no farther apart than this are in contact, and so are a "
        "particle and the collector."
    )
    contact_resistance: ContactResistance = Field(
        description="Resistance of each contact times the depth out of plane."
    )
    out_of_plane_conductance: ConductancePerDepth | None = Field(
        default=None,
        description="Conductance from each particle to the collector by ways out of the plane, "
        "per depth; no such ways if left out.",
    )
    fading: OnOff = Field(
        default=False,
        description="Whether the resistance of contacts between particles that share faces is "
        "`contact_resistance` over the share of these that conducts, as "
        "`interfaces.particle_particle` says; else it stays the same until they let go.",
    )


Wiring = Annotated[
    Annotated[
        Annotated[IdealWiring, Tag("kind=ideal")]
        | Annotated[EffectiveWiring, Tag("kind=effective")]
        | Annotated[ResolvedWiring, Tag("kind=resolved")],
        Discriminator(by_kind("ideal")),
    ],
    ByName("ideal"),
]
