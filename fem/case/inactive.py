"""The table `inactive`: which particles do not react, and by which pattern they are drawn.

See `fem.case.cell` for how tables are written.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from fem.case.containers import Items
from fem.case.kinds import FilePath, Fraction, Interval, Length, Seed
from fem.case.rules import Bounds, Choice, Number, Whole, refuse
from fem.case.table import ByName, Table, by_kind

Side = Literal["collector", "separator"]
Probability = Annotated[float, Number(Bounds(ge=0, le=1), 1.0)]


class RandomPattern(Table):
    """Every particle is as likely to be drawn as any other."""

    kind: Annotated[Literal["random"], Choice(Literal["random"])] = Field(
        default="random", description="At random, without regard to place or size."
    )


class ClusteredPattern(Table):
    """Particles where a smooth random field is highest, so that neighbours are often drawn alike.

    The field is Gaussian, with the correlation exp(-(d/length)^2) between centres a distance d
    apart. Of half of the particles, two a distance d apart are drawn alike with the probability
    1/2 + arcsin(exp(-(d/length)^2))/pi.
    """

    kind: Annotated[Literal["clustered"], Choice(Literal["clustered"])] = Field(
        description="In clusters of a correlation length."
    )
    length: Length = Field(
        description="Correlation length: distance at which the correlation of the field is 1/e. "
        "Far below the distance of particles the draw is random."
    )


class DepthPattern(Table):
    """Particles near one side of the composite are drawn more often.

    In every draw the chances of two particles differ by exp(h/decay), with h the height of one
    centre above the other.
    """

    kind: Annotated[Literal["depth"], Choice(Literal["depth"])] = Field(
        description="By distance from the collector or the separator."
    )
    near: Annotated[Side, Choice(Side)] = Field(
        description="Side near which particles are drawn more often."
    )
    decay: Length = Field(description="Distance over which the chance falls by the factor e.")


class SizePattern(Table):
    """Particles are drawn by size: in every draw with chances in proportion to diameter^exponent.

    The diameter of a particle that is not round is that of a disc of its area.
    """

    kind: Annotated[Literal["size"], Choice(Literal["size"])] = Field(description="By size.")
    exponent: Annotated[float, Number(Bounds(ge=-6, le=6), 2.0)] = Field(
        description="Power of the diameter: large particles are drawn more often above 0, small "
        "ones below."
    )


class MapPattern(Table):
    """Particles are drawn by a map of values from 0 (black) to 1 (white).

    The map covers the composite from wall to wall and from the collector to the separator, its
    first row on top; with an image in the case, all of the image that is used. A particle has the
    mean of the map over a disc of its area at its centre. Without `fraction` that is the
    probability that it is inactive, each particle for itself; with it, in every draw the chances
    are in proportion to it.
    """

    kind: Annotated[Literal["map"], Choice(Literal["map"])] = Field(
        description="By a map from a file, as an analysis of grey values gives."
    )
    file: FilePath = Field(
        description="Grey image (PNG, TIFF or NPY, of 8 or 16 bits or with numbers from 0 to 1), "
        "or CSV of rows of numbers from 0 to 1; relative to the case file."
    )
    black: Probability = Field(default=0.0, description="Probability where the map is black (0).")
    white: Probability = Field(
        default=1.0, description="Probability where the map is white (1); linear in between."
    )

    @model_validator(mode="after")
    def _shows_something(self) -> Self:
        if self.black == self.white:
            raise refuse(
                "black and white mean the same probability, so that the map shows nothing",
                key="white",
                given=self.white,
                allowed="another probability than black",
                cure="black = 0 and white = 1, or the other way round if dark means inactive",
            )
        return self


Pattern = Annotated[
    Annotated[
        Annotated[RandomPattern, Tag("kind=random")]
        | Annotated[ClusteredPattern, Tag("kind=clustered")]
        | Annotated[DepthPattern, Tag("kind=depth")]
        | Annotated[SizePattern, Tag("kind=size")]
        | Annotated[MapPattern, Tag("kind=map")],
        Discriminator(by_kind("random")),
    ],
    ByName("random"),
]


class Inactive(Table):
    """Particles that do not react: the union of all rules given."""

    between: Interval | None = Field(
        default=None, description="Particles whose centre has an x in this closed interval."
    )
    outside: Interval | None = Field(
        default=None, description="Particles whose centre has an x outside this closed interval."
    )
    ids: Annotated[tuple[int, ...], Items(Whole(Bounds(ge=0), 7), unique=True)] = Field(
        default=(), description="Particles by id, counted from 0 from the bottom left."
    )
    file: FilePath | None = Field(
        default=None, description="CSV file of ids, relative to the case file."
    )
    fraction: Fraction | None = Field(
        default=None,
        description="Fraction of all particles, drawn from those still active.",
    )
    seed: Seed | None = Field(
        default=None, description="Seed of that draw; needed with `fraction` or a map."
    )
    pattern: Pattern = Field(
        default=RandomPattern(),
        description='How they are drawn; pattern = "random" is short for that kind.',
    )
    clusters: Annotated[int, Whole(Bounds(ge=1), 3)] | None = Field(
        default=None,
        description="Draw this many particles at random and then those nearest to them, so that "
        "the inactive ones of `fraction` lie in so many clusters; one by one if left out.",
    )

    def idle(self) -> frozenset[str]:
        return frozenset() if self.draws else frozenset({"pattern"})

    @property
    def draws(self) -> bool:
        """Whether particles are drawn."""
        return self.fraction is not None or isinstance(self.pattern, MapPattern)

    @property
    def given(self) -> tuple[str, ...]:
        """Names of the rules that are given."""
        nothing = (None, (), RandomPattern())
        return tuple(name for name, value in self if value not in nothing)

    @model_validator(mode="after")
    def _a_draw_is_complete(self) -> Self:
        what = "inactive.pattern" if self.fraction is None else "inactive.fraction"
        if self.draws and self.seed is None:
            raise refuse(
                f"{what} needs a seed, so that the draw can be repeated",
                key="seed",
                allowed="a whole number at least 0",
                cure="add seed = 1 below [inactive]",
            )
        if self.clusters is not None and not isinstance(self.pattern, RandomPattern):
            raise refuse(
                f"clusters are of particles drawn at random, not by {self.pattern.kind}",
                key="clusters",
                given=self.clusters,
                allowed='clusters beside pattern = "random"',
                cure="remove clusters, or pattern",
            )
        parts = {"pattern": self.pattern.kind, "seed": self.seed, "clusters": self.clusters}
        for name, value in parts.items():
            if name in self.given and not self.draws:
                raise refuse(
                    f"{name} without inactive.fraction has nothing to draw",
                    key=name,
                    given=value,
                    cure=f"remove {name}, or add fraction",
                )
        return self
