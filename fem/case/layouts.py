"""The table `particles` of a composite cathode: where the particles lie, and how large they are.

See `fem.case.cell` for how tables are written.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from fem.case.kinds import POSITIVE, Count, FilePath, Length, MaterialName, Seed
from fem.case.rules import Bounds, Choice, Number, refuse
from fem.case.table import ByName, Table, by_kind
from fem.units import Quantity

AreaFraction = Annotated[float, Number(Bounds(gt=0, lt=1), 0.5)]
Overlap = Literal["refuse", "merge", "clip"]
Spread = Annotated[float, Number(Bounds(ge=1, le=2), 1.4)]


class Lattice(Table):
    """Round particles on a rectangular lattice: width/columns by thickness/rows."""

    layout: Annotated[Literal["lattice"], Choice(Literal["lattice"])] = Field(
        default="lattice", description="How the particles are placed."
    )
    rows: Count = Field(description="Number of particles on top of each other.")
    columns: Count = Field(description="Number of particles side by side.")
    diameter: Length = Field(description="Diameter of every particle.")
    material: MaterialName = Field(description="Active material of the particles.")

    @property
    def count(self) -> int | None:
        """Number of particles."""
        return self.rows * self.columns

    @property
    def smallest(self) -> Quantity:
        """The smallest diameter that is given, in m."""
        return self.diameter


class Size(Table):
    """One of several sizes."""

    diameter: Length = Field(description="Diameter of these particles.")
    share: Annotated[float, Number(POSITIVE, 0.7)] = Field(
        description="Their share of the area of all particles; only ratios of shares matter."
    )


class Grains(Table):
    """Round grains of electrolyte, packed among the particles; then they merge with the rest.

    They take room while the packing is made: coarse grains leave the particles to crowd between
    them, fine ones keep the particles apart.
    """

    fraction: AreaFraction = Field(description="Area of the grains over that of the composite.")
    diameter: Length = Field(description="Their diameter; the median by area if they differ.")
    spread: Spread = Field(
        default=1.0, description="Geometric standard deviation of their diameters (log-normal)."
    )


class Equilibrium(Table):
    """Hard discs in equilibrium: all places that keep the gap are equally likely.

    There are no lakes without particles and no clusters beyond those of chance. Equal particles
    order themselves where they, with half of the gap around them, fill more than 0.70.
    """

    kind: Annotated[Literal["equilibrium"], Choice(Literal["equilibrium"])] = Field(
        default="equilibrium", description="As even as hard discs are in equilibrium."
    )


class Clustered(Table):
    """Hard discs in a random landscape that gathers them, as badly mixed powders are."""

    kind: Annotated[Literal["clustered"], Choice(Literal["clustered"])] = Field(
        description="Gathered in clusters with lakes between them."
    )
    length: Length = Field(
        description="Distance between clusters, on average. In windows half as wide, the local "
        "area fraction has a standard deviation of about 0.12."
    )


Structure = Annotated[
    Annotated[
        Annotated[Equilibrium, Tag("kind=equilibrium")]
        | Annotated[Clustered, Tag("kind=clustered")],
        Discriminator(by_kind("equilibrium")),
    ],
    ByName("equilibrium"),
]


class RandomPacking(Table):
    """Round particles at random, none nearer to another one or to an edge than `gap`.

    Either `diameter`, with a log-normal `spread`, or a table of `sizes` is given. All diameters are
    scaled by one factor (0.9 to 1.1), so that `fraction` is met exactly.
    """

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": [name]} for name in ("diameter", "sizes")]}
    )

    layout: Annotated[Literal["random"], Choice(Literal["random"])] = Field(
        description="How the particles are placed."
    )
    fraction: AreaFraction = Field(description="Area of the particles over that of the composite.")
    diameter: Length | None = Field(
        default=None, description="Diameter of the particles; the median by area if they differ."
    )
    spread: Spread = Field(
        default=1.0,
        description="Geometric standard deviation of the diameters (log-normal by area, cut at "
        "2.5 deviations); 1 for equal particles.",
    )
    sizes: tuple[Size, ...] = Field(default=(), description="Sizes and their shares.")
    gap: Length = Field(
        description="Least width of the electrolyte between particles, and between a particle and "
        "the edges of the composite."
    )
    grains: Grains | None = Field(
        default=None, description="Electrolyte grains that the particles are packed with."
    )
    structure: Structure = Field(
        default=Equilibrium(),
        description='How evenly they are spread; structure = "equilibrium" is short for that kind.',
    )
    seed: Seed = Field(description="Seed of sizes and places; another seed is another sample.")
    material: MaterialName = Field(description="Active material of the particles.")

    def idle(self) -> frozenset[str]:
        return frozenset({"spread"}) if self.sizes else frozenset({"sizes"})

    @property
    def count(self) -> int | None:
        """Number of particles: known once they are packed."""
        return None

    @property
    def smallest(self) -> Quantity:
        """The smallest diameter that is given, in m."""
        given = [size.diameter for size in self.sizes]
        return min(given) if self.diameter is None else self.diameter

    @model_validator(mode="after")
    def _sizes_are_given_once(self) -> Self:
        if self.diameter is None and not self.sizes:
            raise refuse(
                "the particles have no size",
                key="diameter",
                allowed="exactly one of diameter, sizes",
                cure='add one, such as diameter = "5 um"',
            )
        if self.sizes and self.diameter is not None:
            raise refuse(
                "sizes cannot stand beside diameter",
                key="sizes",
                allowed="exactly one of diameter, sizes",
                cure="keep one",
            )
        if self.sizes and self.spread != 1.0:
            raise refuse(
                "particles of the table sizes have no spread",
                key="spread",
                given=self.spread,
                allowed="spread beside diameter",
                cure="remove spread, or give a diameter in place of sizes",
            )
        if self.grains is not None and self.fraction + self.grains.fraction >= 1.0:
            raise refuse(
                "particles and grains together fill more than the composite",
                key="grains.fraction",
                given=self.grains.fraction,
                allowed=f"less than {1.0 - self.fraction:.4g}; about 0.75 - fraction can be packed",
                cure="a lower fraction of grains or of particles",
            )
        return self


class Listed(Table):
    """Round particles with places and sizes of their own, from a table of discs.

    They may come from a slice of a packing of spheres: then `overlap` says what becomes of discs
    that overlap, or that an edge of the composite cuts.
    """

    layout: Annotated[Literal["file"], Choice(Literal["file"])] = Field(
        description="How the particles are placed."
    )
    file: FilePath = Field(
        description="CSV file with columns `x, y, diameter` and perhaps `material`, one row a "
        "disc, relative to the case file; x from the left wall, y from the cathode's collector."
    )
    unit: Length = Field(
        default=Quantity(1e-6, "1 um"), description="Length that a 1 in the file stands for."
    )
    overlap: Annotated[Overlap, Choice(Overlap)] = Field(
        default="refuse",
        description="Discs that overlap, or that an edge cuts, are refused; or overlapping ones "
        "are one particle (merge); or each ends at the line through the two points where their "
        "rims meet (clip). Merged or clipped discs end at the edges.",
    )
    material: MaterialName = Field(
        description="Active material of the particles; a column `material` must say the same."
    )

    @property
    def count(self) -> int | None:
        """Number of particles: known once the file is read."""
        return None

    @property
    def smallest(self) -> Quantity | None:
        """The smallest diameter: known once the file is read."""
        return None


Layout = Annotated[
    Annotated[Lattice, Tag("layout=lattice")]
    | Annotated[RandomPacking, Tag("layout=random")]
    | Annotated[Listed, Tag("layout=file")],
    Discriminator(by_kind("lattice", key="layout")),
]
