"""The steps of a protocol in a case file: what each does, and what ends it.

See `fem.case.cell` for how tables are written.
"""

from __future__ import annotations

import math
from pathlib import PurePath
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from fem.case.kinds import (
    POSITIVE,
    ArealCharge,
    Band,
    CurrentMagnitude,
    Length,
    Period,
    PowerMagnitude,
    Voltage,
)
from fem.case.profile import Profile
from fem.case.rules import Bounds, Choice, Number, Whole, refuse
from fem.case.table import Table

HOUR = 3600.0
MOST_STEPS = 100_000
"""Steps of a protocol once its loops are unrolled."""

DEEDS = (
    *("charge", "discharge", "charge_rate", "discharge_rate", "charge_power", "discharge_power"),
    *("hold", "profile", "rest", "electronic_resistance", "impedance", "repeat"),
)
"""What a step can do; each step does one of these."""
OnInfeasible = Literal["stop", "next"]


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

    Exactly one of charge, discharge, charge_rate, discharge_rate, charge_power, discharge_power,
    hold, profile, rest, electronic_resistance, impedance, repeat is given. A rest, a measurement, a
    spectrum, a loop and a profile end by themselves, a profile also by `until`; the others need it.
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
    charge_power: PowerMagnitude | None = Field(
        default=None,
        description="Charge at this power per cell width, voltage times current at all times.",
    )
    discharge_power: PowerMagnitude | None = Field(
        default=None, description="Discharge at this power per cell width."
    )
    hold: Voltage | None = Field(default=None, description="Hold this cell voltage.")
    profile: Profile | None = Field(
        default=None, description="Follow a current, power or voltage from a file."
    )
    rest: Period | None = Field(default=None, description="Leave the cell without current.")
    electronic_resistance: Voltage | None = Field(
        default=None,
        description="Measure the resistance of the composite to electrons with this voltage "
        "between an electrode on top of it and the collector, without current through the cell; "
        "it takes no time.",
    )
    impedance: Band | None = Field(
        default=None,
        description="Take a spectrum between these frequencies, about the state that the step "
        "before has left, with the current that flows there; it takes no time.",
    )
    points_per_decade: Annotated[int, Whole(Bounds(ge=1, le=1000), 10)] = Field(
        default=10, description="Frequencies a decade of a spectrum, even in their logarithm."
    )
    repeat: Annotated[int, Whole(Bounds(ge=1, le=MOST_STEPS), 3)] | None = Field(
        default=None, description="Go through `steps` so many times."
    )
    steps: tuple[Step, ...] = Field(
        default=(), description="The steps of a loop; loops may hold loops."
    )
    until: Until | None = Field(default=None, description="What ends the step.")
    on_infeasible: Annotated[OnInfeasible, Choice(OnInfeasible)] = Field(
        default="stop",
        description="Where the cell can no longer do the step (a particle's surface is empty or "
        "full, the lithium used up, the power out of reach): the run stops there and is finished, "
        "or goes on with the next step.",
    )

    def idle(self) -> frozenset[str]:
        unused = {"steps"} if self.repeat is None else {"on_infeasible"}
        if self.impedance is None:
            unused.add("points_per_decade")
        return frozenset(unused | ({"on_infeasible"} if self.deed in WORDS else set()))

    @property
    def deed(self) -> str:
        """The one of `DEEDS` that this step does."""
        return next(name for name in DEEDS if getattr(self, name) is not None)

    @property
    def label(self) -> str:
        """What the step does, in words."""
        match self.deed:
            case "charge" | "discharge" | "hold" | "charge_power" | "discharge_power" as deed:
                return f"{deed.removesuffix('_power')} at {getattr(self, deed).text}"
            case "charge_rate" | "discharge_rate" as deed:
                return f"{deed.removesuffix('_rate')} at {getattr(self, deed):g} C"
            case "rest":
                return f"rest for {self.rest.text}" if self.rest is not None else ""
            case "electronic_resistance":
                assert self.electronic_resistance is not None
                return f"electronic resistance at {self.electronic_resistance.text}"
            case "impedance":
                assert self.impedance is not None
                return f"impedance from {' to '.join(f.text for f in self.impedance)}"
            case "profile":
                assert self.profile is not None
                return f"{self.profile.gives} of {PurePath(self.profile.file).name}"
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
        In A/m^2, positive on charge, 0 at rest; `None` if the step imposes none.
        """
        match self.deed:
            case "charge" | "discharge" as deed:
                size = float(getattr(self, deed))
            case "charge_rate" | "discharge_rate" as deed:
                size = getattr(self, deed) * capacity / HOUR
            case "rest" | "electronic_resistance" | "impedance":
                return 0.0
            case _:
                return None
        return -size if deed.startswith("discharge") else size

    @property
    def frequencies(self) -> tuple[float, ...]:
        """Of the spectrum that the step takes, in Hz and in the order given; none otherwise."""
        if self.impedance is None:
            return ()
        first, last = (math.log10(float(f)) for f in self.impedance)
        count = max(1, round(abs(last - first) * self.points_per_decade))
        return tuple(10.0 ** (first + (last - first) * k / count) for k in range(count + 1))

    @property
    def power(self) -> float | None:
        """The power that the step imposes, in W/m^2 of cell width, positive on charge; or none."""
        if self.charge_power is not None:
            return float(self.charge_power)
        return None if self.discharge_power is None else -float(self.discharge_power)

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
        if self.impedance is None and "points_per_decade" in self.model_fields_set:
            raise refuse(
                f"a step that does {given[0]} has no frequencies",
                key="points_per_decade",
                given=self.points_per_decade,
                cure="remove points_per_decade, or make a step of impedance = [...] of its own",
            )
        _require_loop(self)
        _require_ends(self)
        return self


WORDS = {
    "rest": "a rest",
    "electronic_resistance": "a measurement",
    "impedance": "a spectrum",
    "repeat": "a loop",
}
"""What ends by itself."""


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
    if deed in WORDS:
        what = WORDS[deed]
        if "on_infeasible" in step.model_fields_set:
            loop = deed == "repeat"
            raise refuse(
                "a loop is what its steps are" if loop else f"{what} can always be done",
                key="on_infeasible",
                given=step.on_infeasible,
                cure="remove on_infeasible" + (", or give it to its steps" * loop),
            )
        if until is not None:
            raise refuse(
                f"{what} ends by itself",
                key="until",
                given=sorted(until.given),
                cure="remove until"
                + ("; to stop at a voltage, hold it or end the step before" * (deed == "rest")),
            )
        return
    gives = "" if step.profile is None else step.profile.gives
    keeps_voltage = deed == "hold" or gives == "voltage"
    refused = "voltage" if keeps_voltage else "current"
    allowed = [name for name in Until.model_fields if name != refused]
    if gives and until is None:
        return
    if until is None or not until.given:
        sample = 'current = "5 A/m^2"' if deed == "hold" else 'time = "1 h"'
        raise refuse(
            "the step would never end" if not gives else "nothing in until",
            key="until",
            allowed=f"at least one of {', '.join(allowed)}",
            cure=f"add until = {{ {sample} }}",
        )
    if refused in until.given:
        imposed = "power" if step.power is not None else gives
        raise refuse(
            f"a {refused} ends no step of given {imposed}"
            if imposed
            else f"{deed} keeps the {refused} as it is, so that it cannot end the step",
            key=f"until.{refused}",
            given=getattr(until, refused),
            allowed=f"at least one of {', '.join(allowed)}",
            cure=f"remove {refused}, or choose another end",
        )
