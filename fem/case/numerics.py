"""The tables of a case file that say how finely it is solved and what is kept.

`mesh`, `stepping` and `output`; see `fem.case.cell` for how tables are written.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from fem.case.kinds import Length, Period
from fem.case.rules import Bounds, Choice, Number, Whole, refuse
from fem.case.table import Table
from fem.units import Quantity

Electrolyte = Literal["automatic", "field", "modes"]


class Mesh(Table):
    """Element sizes."""

    size: Length = Field(default=Quantity(1e-6, "1 um"), description="Element size on interfaces.")
    growth: Annotated[float, Number(Bounds(ge=0.05, le=1), 0.3)] = Field(
        default=0.3, description="How fast elements grow away from interfaces."
    )
    max_size: Length | None = Field(
        default=None, description="Largest element size anywhere; ten times `size` if left out."
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max_size is not None and self.max_size < self.size:
            raise refuse(
                "mesh.max_size is below mesh.size",
                key="max_size",
                given=self.max_size,
                allowed=f"at least {self.size.text}",
            )
        return self


class Stepping(Table):
    """Steps in time of a protocol; their length follows from the tolerance and the limits."""

    tolerance: Annotated[float, Number(Bounds(ge=1e-6, le=1e-1), 1e-3)] = Field(
        default=1e-3,
        description="Local error allowed in a step: of the stoichiometry as it is, of the plated "
        "thickness as a fraction of the limit `thickness`.",
    )
    first: Period = Field(
        default=Quantity(1e-3, "1 ms"),
        description="First step after the start and after every change of what is imposed.",
    )
    longest: Period | None = Field(
        default=None, description="Longest step; no limit of its own if left out."
    )
    stoichiometry: Annotated[float, Number(Bounds(gt=0, le=1), 0.02)] = Field(
        default=0.02, description="Largest change of x at the surface of a particle in a step."
    )
    thickness: Length = Field(
        default=Quantity(2e-7, "0.2 um"),
        description="Largest change of the plated thickness anywhere in a step.",
    )
    electrolyte: Annotated[Electrolyte, Choice(Electrolyte)] = Field(
        default="automatic",
        description="What a step solves for: the potential all over the electrolyte (`field`), or "
        "smooth `modes` of the currents along its surfaces, where these leave no more than 1e-5 of "
        "a current density out. Left `automatic`, modes where they save time.",
    )
    jump: Annotated[float, Number(Bounds(gt=0, le=0.2), 0.01)] | None = Field(
        default=None,
        description="Error allowed where cycles of a loop are left out, in the stoichiometry and "
        "relative in what passes, is plated in a cycle, and is remembered; every cycle is computed "
        "if left out.",
    )
    longest_jump: Annotated[int, Whole(Bounds(ge=1, le=10_000), 20)] = Field(
        default=20, description="Cycles that are left out at once at the most."
    )
    most_steps: Annotated[int, Whole(Bounds(ge=1, le=100_000_000), 100_000)] = Field(
        default=100_000, description="Steps after which a run that has not ended is stopped."
    )

    def idle(self) -> frozenset[str]:
        return frozenset({"longest_jump"} if self.jump is None else ())

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.jump is None and "longest_jump" in self.model_fields_set:
            raise refuse(
                "longest_jump has no effect where every cycle is computed",
                key="longest_jump",
                given=self.longest_jump,
                cure="add jump = 0.01, the error allowed, or remove longest_jump",
            )
        if self.longest is not None and self.longest < self.first:
            raise refuse(
                "stepping.longest is below stepping.first",
                key="longest",
                given=self.longest,
                allowed=f"at least {self.first.text}",
                cure="raise longest, or lower first",
            )
        return self


class Output(Table):
    """What a run in time keeps beside its history."""

    frames: Annotated[int, Whole(Bounds(ge=2, le=10_000), 24)] = Field(
        default=24,
        description="At most so many states are kept in full, for the series and the animation.",
    )
