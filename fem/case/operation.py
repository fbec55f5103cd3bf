"""The table `operation` of a case file: a snapshot, or a protocol of steps in time.

See `fem.case.cell` for how tables are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from fem.case.kinds import (
    POSITIVE,
    ArealCharge,
    CurrentDensity,
    CurrentMagnitude,
    Duration,
    Length,
    Overpotential,
    Period,
    Temperature,
    Voltage,
)
from fem.case.rules import Bounds, Choice, Number, Whole, refuse
from fem.case.table import Table, by_kind
from fem.units import Quantity

ROOM_TEMPERATURE = Quantity(298.15, "298.15 K")
HOUR = 3600.0
MOST_STEPS = 100_000
"""Steps of a protocol once its loops are unrolled."""

DRIVES = ("current_density", "overpotential", "cell_voltage")
DEEDS = ("charge", "discharge", "charge_rate", "discharge_rate", "hold", "rest", "repeat")
"""What a step can do; each step does one of these."""


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


class Until(Table):
    """What ends a step: whichever of the given comes first."""

    voltage: Voltage | None = Field(
        default=None, description="Cell voltage; not in a step that holds it."
    )
    current: CurrentMagnitude | None = Field(
        default=None,
        description="Magnitude of the current per cell width, once it has fallen to this; "
        "only in a step that holds a voltage.",
    )
    time: Period | None = Field(default=None, description="Time since the step began.")
    capacity: ArealCharge | None = Field(
        default=None, description="Charge passed since the step began, per cell width."
    )
    stoichiometry: Annotated[float, Number(Bounds(gt=0, lt=1), 0.3)] | None = Field(
        default=None, description="Mean lithium fraction x of the active particles."
    )
    thickness: Length | None = Field(
        default=None,
        description="Largest thickness of lithium plated or stripped anywhere since the run began.",
    )

    @property
    def given(self) -> dict[str, float]:
        """The ends that are given, in SI units, by name."""
        return {name: value for name, value in self if value is not None}


class Step(Table):
    """One step, or a loop of steps.

    Exactly one of charge, discharge, charge_rate, discharge_rate, hold, rest, repeat is given. A
    rest and a loop end by themselves; the others need `until`.
    """

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [name]} for name in DEEDS]})

    charge: CurrentMagnitude | None = Field(
        default=None, description="Charge at this current density, per cell width."
    )
    discharge: CurrentMagnitude | None = Field(
        default=None, description="Discharge at this current density, per cell width."
    )
    charge_rate: Annotated[float, Number(POSITIVE, 0.1)] | None = Field(
        default=None,
        description="Charge at this C-rate; 1 passes the charge that the active particles hold "
        "in the window of their material in one hour.",
    )
    discharge_rate: Annotated[float, Number(POSITIVE, 0.1)] | None = Field(
        default=None, description="Discharge at this C-rate."
    )
    hold: Voltage | None = Field(default=None, description="Hold this cell voltage.")
    rest: Period | None = Field(default=None, description="Leave the cell without current.")
    repeat: Annotated[int, Whole(Bounds(ge=1, le=MOST_STEPS), 3)] | None = Field(
        default=None, description="Go through `steps` so many times."
    )
    steps: tuple[Step, ...] = Field(
        default=(), description="The steps of a loop; loops may hold loops."
    )
    until: Until | None = Field(default=None, description="What ends the step.")

    def idle(self) -> frozenset[str]:
        return frozenset() if self.repeat is not None else frozenset({"steps"})

    @property
    def deed(self) -> str:
        """The one of `DEEDS` that this step does."""
        return next(name for name in DEEDS if getattr(self, name) is not None)

    @property
    def label(self) -> str:
        """What the step does, in words."""
        match self.deed:
            case "charge" | "discharge" | "hold" as deed:
                return f"{deed} at {getattr(self, deed).text}"
            case "charge_rate" | "discharge_rate" as deed:
                return f"{deed.removesuffix('_rate')} at {getattr(self, deed):g} C"
            case "rest":
                return f"rest for {self.rest.text}" if self.rest is not None else ""
        return f"{self.repeat} x {len(self.steps)} step{'s' if len(self.steps) > 1 else ''}"

    @property
    def ends(self) -> dict[str, float]:
        """What ends the step, in SI units, by the names of `Until`; a rest ends after its time."""
        if self.rest is not None:
            return {"time": self.rest}
        return self.until.given if self.until is not None else {}

    def current(self, capacity: float) -> float | None:
        """The current density that the step imposes, per cell width.

        Parameters
        ----------
        capacity
            Charge that the active particles hold in their window, in A s/m^2 of cell width; only
            C-rates use it.

        Returns
        -------
        In A/m^2, positive on charge, 0 at rest; `None` if the step holds a voltage.
        """
        match self.deed:
            case "charge" | "discharge" as deed:
                size = float(getattr(self, deed))
            case "charge_rate" | "discharge_rate" as deed:
                size = getattr(self, deed) * capacity / HOUR
            case "rest":
                return 0.0
            case _:
                return None
        return -size if deed.startswith("discharge") else size

    @property
    def count(self) -> int:
        """How many steps it is once loops are unrolled."""
        return 1 if self.repeat is None else self.repeat * sum(step.count for step in self.steps)

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        given = [name for name in DEEDS if getattr(self, name) is not None]
        if not given:
            raise refuse(
                "the step does nothing",
                allowed=f"exactly one of {', '.join(DEEDS)}",
                cure='add one, such as charge = "100 A/m^2"'
                if not self.steps
                else "add repeat = 2, or however often its steps are to be done",
            )
        if len(given) > 1:
            raise refuse(
                f"{given[1]} cannot stand beside {given[0]} in one step",
                key=given[1],
                given=getattr(self, given[1]),
                allowed=f"exactly one of {', '.join(DEEDS)}",
                cure="make two steps of it, or keep one key",
            )
        _require_loop(self)
        _require_ends(self)
        return self


def _require_loop(step: Step) -> None:
    """Refuse a loop without steps, and steps without a loop."""
    if step.repeat is None and step.steps:
        raise refuse(
            f"{step.deed} has no steps of its own",
            key="steps",
            allowed="steps beside repeat",
            cure=f"put the {step.deed} among the steps, and repeat = 2 in its place",
        )
    if step.repeat is not None and not step.steps:
        raise refuse(
            "there is nothing to repeat",
            key="steps",
            allowed="a list of at least one step",
            cure='add steps = [{ rest = "10 min" }]',
        )


def _require_ends(step: Step) -> None:
    """Refuse a step that never ends, and ends that the step cannot have."""
    deed, until = step.deed, step.until
    if deed in ("rest", "repeat"):
        if until is not None:
            raise refuse(
                f"a {'rest' if deed == 'rest' else 'loop'} ends by itself",
                key="until",
                given=sorted(until.given),
                cure="remove until"
                + ("; to stop at a voltage, hold it or end the step before" * (deed == "rest")),
            )
        return
    refused = "voltage" if deed == "hold" else "current"
    allowed = [name for name in Until.model_fields if name != refused]
    if until is None or not until.given:
        sample = 'current = "5 A/m^2"' if deed == "hold" else 'time = "1 h"'
        raise refuse(
            "the step would never end",
            key="until",
            allowed=f"at least one of {', '.join(allowed)}",
            cure=f"add until = {{ {sample} }}",
        )
    if refused in until.given:
        raise refuse(
            f"{deed} keeps the {refused} as it is, so that it cannot end the step",
            key=f"until.{refused}",
            given=getattr(until, refused),
            allowed=f"at least one of {', '.join(allowed)}",
            cure=f"remove {refused}, or choose another end",
        )


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
