"""The table `operation` of a case file: a snapshot, or a protocol of steps in time.

See `fem.case.cell` for how tables are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from fem.case.kinds import (
    CurrentDensity,
    Duration,
    Overpotential,
    Temperature,
    Voltage,
)
from fem.case.profile import Profile
from fem.case.rules import Choice, refuse
from fem.case.steps import MOST_STEPS, Step
from fem.case.table import Table, by_kind
from fem.units import Quantity

ROOM_TEMPERATURE = Quantity(298.15, "298.15 K")

DRIVES = ("current_density", "overpotential", "cell_voltage")


class Snapshot(Table):
    """What is imposed. Exactly one of current_density, overpotential, cell_voltage is given."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": [name]} for name in DRIVES]}
    )

    kind: Annotated[Literal["snapshot"], Choice(Literal["snapshot"])] = Field(
        default="snapshot", description="One quasi-steady state."
    )
    current_density: CurrentDensity | None = Field(
        default=None, description="Per cell width; positive charges, negative discharges."
    )
    overpotential: Overpotential | None = Field(
        default=None,
        description="Cathode electrode potential minus open-circuit potential, versus lithium.",
    )
    cell_voltage: Voltage | None = Field(
        default=None,
        description="Voltage between the collectors; needs `kinetics.cathode.stoichiometry`.",
    )
    temperature: Temperature = Field(
        default=ROOM_TEMPERATURE, description="Temperature of the whole cell."
    )
    plating_time: Duration = Field(
        default=Quantity(0.0, "0 s"),
        description="Thickness imposed on the mechanics = plating rate x this time; "
        "above 0 if `mechanics.enabled`.",
    )

    @model_validator(mode="after")
    def _one_drive(self) -> Self:
        given = [name for name in DRIVES if getattr(self, name) is not None]
        if not given:
            raise refuse(
                "nothing drives the cell",
                key=DRIVES[0],
                allowed=f"exactly one of {', '.join(DRIVES)}",
                cure='add one, such as current_density = "100 A/m^2"',
            )
        if len(given) > 1:
            raise refuse(
                f"operation.{given[1]} cannot stand beside operation.{given[0]}",
                key=given[1],
                given=getattr(self, given[1]),
                allowed=f"exactly one of {', '.join(DRIVES)}",
                cure="keep one; to change over, replace the table `operation` whole "
                "or, in Python, set the other key to None",
            )
        return self


@dataclass(frozen=True)
class Cycle:
    """One pass of a loop.

    Attributes
    ----------
    loop
        Dotted key of the loop in the case.
    number
        Counted from 1.
    label
        Its place in words, ``cycle 2 of 3``, after that of the loops around it.
    of
        How many there are.
    first, last
        Its steps in the unrolled protocol.
    """

    loop: str
    number: int
    of: int
    label: str
    first: int
    last: int

    @property
    def outermost(self) -> bool:
        """Whether its loop stands in no other."""
        return ".steps[" not in self.loop.removeprefix("operation.steps[")


class Protocol(Table):
    """A run in time: steps one after the other, each until one of its ends is reached."""

    kind: Annotated[Literal["protocol"], Choice(Literal["protocol"])] = Field(
        description="Steps in time."
    )
    temperature: Temperature = Field(
        default=ROOM_TEMPERATURE, description="Temperature of the whole cell."
    )
    steps: tuple[Step, ...] = Field(description="What is done, in this order.")

    @property
    def count(self) -> int:
        """How many steps there are once loops are unrolled."""
        return sum(step.count for step in self.steps)

    @property
    def unrolled(self) -> tuple[tuple[str, Step], ...]:
        """Every step in the order it is done, with its place and deed in words.

        None of them is a loop; ``("cycle 2 of 3, step 1: charge at 100 A/m^2", step)``.
        """
        return tuple(_unroll(self.steps))

    @property
    def cycles(self) -> tuple[Cycle, ...]:
        """Every pass of every loop in the order in which they end, inner ones first."""
        return tuple(_cycles("operation.steps", self.steps, 0, ""))

    @property
    def takes_time(self) -> bool:
        """Whether any step does more than to take a spectrum."""
        return any(not step.frequencies for _, step in self.unrolled)

    @property
    def highest_frequency(self) -> float:
        """Of all spectra that are taken, in Hz; 0 without."""
        return max((max(s.frequencies, default=0.0) for _, s in self.unrolled), default=0.0)

    @property
    def profiles(self) -> dict[str, Profile]:
        """The profiles of all steps by their dotted key below the case."""
        return dict(_profiles("operation.steps", self.steps))

    @model_validator(mode="after")
    def _has_steps(self) -> Self:
        if not self.steps:
            raise refuse(
                "there is nothing to do",
                key="steps",
                allowed="a list of at least one step",
                cure='add steps = [{ charge = "100 A/m^2", until = { time = "1 h" } }]',
            )
        if self.count > MOST_STEPS:
            raise refuse(
                f"the protocol has {self.count} steps once its loops are unrolled",
                key="steps",
                allowed=f"at most {MOST_STEPS}",
                cure="repeat less often",
            )
        return self


def _cycles(place: str, steps: tuple[Step, ...], at: int, label: str) -> Iterator[Cycle]:
    """The passes of loops among steps, of which the first is number `at` of the unrolled ones."""
    for index, step in enumerate(steps):
        key = f"{place}[{index}]"
        if step.repeat is not None:
            each = step.count // step.repeat
            for number in range(1, step.repeat + 1):
                begin = at + (number - 1) * each
                here = f"{label}cycle {number} of {step.repeat}"
                yield from _cycles(f"{key}.steps", step.steps, begin, f"{here}, ")
                yield Cycle(key, number, step.repeat, here, begin, begin + each - 1)
        at += step.count


def _profiles(place: str, steps: tuple[Step, ...]) -> Iterator[tuple[str, Profile]]:
    for index, step in enumerate(steps):
        key = f"{place}[{index}]"
        if step.profile is not None:
            yield f"{key}.profile", step.profile
        yield from _profiles(f"{key}.steps", step.steps)


def _unroll(steps: tuple[Step, ...], place: str = "") -> Iterator[tuple[str, Step]]:
    for number, step in enumerate(steps, 1):
        if step.repeat is None:
            yield f"{place}step {number}: {step.label}", step
            continue
        for cycle in range(1, step.repeat + 1):
            yield from _unroll(step.steps, f"{place}cycle {cycle} of {step.repeat}, ")


Operation = Annotated[
    Annotated[Snapshot, Tag("kind=snapshot")] | Annotated[Protocol, Tag("kind=protocol")],
    Discriminator(by_kind("snapshot")),
]
