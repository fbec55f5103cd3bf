"""A current, power or voltage that follows a file: the table `profile` of a protocol's step.

See `fem.case.cell` for how tables are written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, model_validator

from fem.case.kinds import POSITIVE
from fem.case.rules import Bounds, Choice, Dimension, Text, refuse
from fem.case.table import Table
from fem.errors import InputError
from fem.text import read_text
from fem.units import Quantity

Floats = NDArray[np.float64]
Between = Literal["linear", "held"]

GIVES = ("current", "power", "voltage")
SHORTEST = 1e-6
"""Least time in s between rows, unless they stand at one time and make a jump."""
STRAIGHT = 1e-12
"""How far a row may be off the line between its neighbours, over the largest value, to be on it."""
_ONE = Bounds(nonzero="every row would be the same")


class Profile(Table):
    """A current, power or voltage against time from a CSV file.

    The file has two columns: seconds, and values that are positive on charge. Times count from
    its first row, and the step ends at the last. Exactly one of current, power, voltage is given.
    """

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [n]} for n in GIVES]})

    file: Annotated[str, Text("file path", "cycle.csv")] = Field(
        description="CSV file of seconds and values, relative to the case file; a first line of "
        "names is skipped. Two rows at one time make a jump."
    )
    current: Annotated[Quantity, Dimension("A/m^2", "current density", _ONE, "1 A/m^2")] | None = (
        Field(
            default=None,
            description="Current density that a 1 in the file stands for; negative where the file "
            "counts discharge as positive.",
        )
    )
    power: Annotated[Quantity, Dimension("W/m^2", "power density", _ONE, "1 W/m^2")] | None = Field(
        default=None, description="Power per cell width that a 1 in the file stands for; likewise."
    )
    voltage: Annotated[Quantity, Dimension("V", "voltage", POSITIVE, "1 V")] | None = Field(
        default=None, description="Cell voltage that a 1 in the file stands for."
    )
    between: Annotated[Between, Choice(Between)] = Field(
        default="linear",
        description="Between two rows: a straight line, or the value of the earlier row held.",
    )

    @property
    def gives(self) -> str:
        """The one of `GIVES` that the file gives."""
        return next(name for name in GIVES if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _gives_one_thing(self) -> Self:
        given = [name for name in GIVES if getattr(self, name) is not None]
        if len(given) != 1:
            raise refuse(
                "a file gives one of current, power, voltage"
                + (f", not {' and '.join(given)}" if given else ""),
                key=given[1] if given else "current",
                allowed=f"exactly one of {', '.join(GIVES)}",
                cure='say what a 1 in the file is, such as power = "1 W/m^2"',
            )
        return self


@dataclass(frozen=True)
class Waveform:
    """A line through points in time, with a jump where two stand at one time.

    Attributes
    ----------
    times, values
        (n,), from 0 s on, in order; values in SI units.
    corners
        Where the line bends, jumps or crosses 0 (k,): a step in time ends there.
    jumps
        Those of them at which it jumps.
    """

    times: Floats
    values: Floats
    corners: Floats
    jumps: Floats

    @classmethod
    def through(cls, times: Floats, values: Floats, between: str = "linear") -> Self:
        """Through rows; with `between` held the value of each goes on to the next."""
        if between == "held":
            times = np.repeat(times, 2)[1:-1]
            values = np.repeat(values[:-1], 2)
        size = float(np.abs(values).max()) or 1.0
        (crossing,) = np.nonzero(values[:-1] * values[1:] < 0.0)
        span, rise = np.diff(times)[crossing], np.diff(values)[crossing]
        zeros = times[crossing] - values[crossing] * span / rise
        before, after = np.diff(times)[:-1], np.diff(times)[1:]
        whole = before + after
        share = np.divide(before, whole, out=np.ones_like(whole), where=whole > 0.0)
        on_line = values[:-2] + share * (values[2:] - values[:-2])
        steady = (before > 0.0) & (after > 0.0)
        bends = ~steady | (np.abs(values[1:-1] - on_line) > STRAIGHT * size)
        at_jump = (np.diff(times) == 0.0) & (np.diff(values) != 0.0)
        jumps = np.unique(times[1:][at_jump])
        corners = np.unique(np.concatenate([times[1:-1][bends], zeros, times[-1:], jumps]))
        return cls(times, values, corners[corners > 0.0], jumps[jumps > 0.0])

    @property
    def duration(self) -> float:
        """Time of the last row in s."""
        return float(self.times[-1])

    def at(self, time: float, since: float) -> float:
        """The value at `time` on the piece of line that `since` begins or is on.

        `since` is no later than `time`, and no corner lies between them.
        """
        place = int(np.searchsorted(self.times, since, side="right")) - 1
        place = min(max(place, 0), len(self.times) - 2)
        t, v = self.times[place : place + 2], self.values[place : place + 2]
        if t[1] == t[0]:
            return float(v[1])
        return float(v[0] + (v[1] - v[0]) * (time - t[0]) / (t[1] - t[0]))


def read_profile(profile: Profile, path: Path) -> Waveform:
    """The waveform in the file of a profile, in SI units.

    Raises
    ------
    InputError
        With the line of the file that is wrong.
    """
    times, values = _rows(path)
    one = float(getattr(profile, profile.gives))
    values = one * values
    if profile.gives == "voltage" and not ((values > 0.0) & (values <= 10.0)).all():
        worst = values[(values <= 0.0) | (values > 10.0)][0]
        raise InputError(
            f"a voltage of {worst:g} V in the file",
            file=str(path),
            allowed="voltages above 0 V and at most 10 V",
            cure="the voltage that a 1 in the file stands for: profile.voltage",
        )
    return Waveform.through(times - times[0], values, profile.between)


def _rows(path: Path) -> tuple[Floats, Floats]:
    """The two columns of a file."""
    times, values, named = list[float](), list[float](), False
    for number, line in enumerate(read_text(path).splitlines(), 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        cells = [
            cell.strip() for cell in re.split(r";|\t" if re.search(r"[;\t]", text) else ",", text)
        ]
        try:
            time, value = (float(cell.replace(",", ".")) for cell in cells)
            fault = "" if np.isfinite([time, value]).all() else "a number that is not finite"
        except ValueError:
            if not times and not named:
                named = True
                continue
            fault = "not two numbers"
        if not fault and times and time != times[-1] and time - times[-1] < SHORTEST:
            fault = f"{time:g} s after {times[-1]:g} s: times rise by 1e-6 s at least, or stay"
        if not fault and times[-2:] == [time, time]:
            fault = f"a third row at {time:g} s"
        if fault:
            raise InputError(
                f"line {number}: {fault}",
                file=str(path),
                given=line.strip(),
                allowed="a time in seconds and a value in every row, such as 12.5, -3.1",
                cure="keep two columns, in order of time",
            )
        times.append(time)
        values.append(value)
    if len(times) < 2 or times[-1] == times[0]:
        raise InputError(
            "no two rows at different times",
            file=str(path),
            allowed="a time in seconds and a value in every row, two rows at the least",
        )
    return np.array(times), np.array(values)
