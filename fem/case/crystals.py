"""The table `mechanics.axis`: along which axis the crystal of each particle strains.

See `fem.case.cell` for how tables are written.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from fem.case.kinds import FilePath, Seed
from fem.case.rules import Bounds, Choice, Dimension
from fem.case.table import Table, by_kind
from fem.units import Quantity

Angle = Annotated[Quantity, Dimension("rad", "angle", Bounds(), "30 deg")]
Within = Literal["plane", "space"]


class SameAxis(Table):
    """One direction for all particles."""

    kind: Annotated[Literal["same"], Choice(Literal["same"])] = Field(
        default="same", description="The same for all."
    )
    angle: Angle = Field(description="From the x axis, counterclockwise; 90 deg is upwards.")
    tilt: Angle = Field(
        default=Quantity(0.0, "0 deg"),
        description="Out of the plane of the drawing; 90 deg is normal to it, whatever the angle.",
    )


class ListedAxes(Table):
    """A direction for each particle, from a table."""

    kind: Annotated[Literal["file"], Choice(Literal["file"])] = Field(
        description="From a table by id."
    )
    file: FilePath = Field(
        description="CSV file with columns `id, angle` and perhaps `tilt` in degrees, one row a "
        "particle, relative to the case file; `particles.csv` of a run has the ids."
    )


class DrawnAxes(Table):
    """A direction for each particle, at random and each as likely as any other."""

    kind: Annotated[Literal["drawn"], Choice(Literal["drawn"])] = Field(description="At random.")
    within: Annotated[Within, Choice(Within)] = Field(
        default="space",
        description="Among all directions of space, as of crystals that the drawing cuts, or among "
        "those in the plane of the drawing.",
    )
    seed: Seed = Field(description="Seed of that draw; another seed is another sample.")


Axis = Annotated[
    Annotated[SameAxis, Tag("kind=same")]
    | Annotated[ListedAxes, Tag("kind=file")]
    | Annotated[DrawnAxes, Tag("kind=drawn")],
    Discriminator(by_kind("same")),
]
