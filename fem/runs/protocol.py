"""What a step of a protocol imposes, and when it ends.

It ends by what the user asked for, or by what the cell can no longer do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fem.case.profile import Waveform
from fem.case.steps import Step
from fem.cell.composition import CATHODE, Cell
from fem.cell.sites import lithium_left
from fem.cell.state import State
from fem.physics.charge import Drive
from fem.results.history import SURFACE_EMPTY, SURFACE_FULL, USED_UP
from fem.runs.accepted import Counters

VOLTAGE_TOLERANCE = 1e-6
STOICHIOMETRY_TOLERANCE = 1e-7
THICKNESS_TOLERANCE = 1e-13
RELATIVE_TOLERANCE = 1e-9
MEASURED = "measured"
SAME_TIME = 1e-12
"""Times that differ by less than this share of themselves are one."""


@dataclass(frozen=True)
class Event:
    """Something that ends a step: `excess` over its threshold in units of the `tolerance`."""

    name: str
    excess: Callable[[State], float]


@dataclass(frozen=True)
class Task:
    """A step of the protocol as it is done: its drives, its end in time, its events.

    Attributes
    ----------
    begun
        When it began, in s.
    drives
        ``drives(time, since)``: what is imposed at a time of a step in time that began at `since`.
        At a jump the two sides differ.
    end, end_name
        When it is over at the latest, infinite if it ends otherwise; and why then.
    gives_power
        Whether the power that it asks of the cell may be more than there is.
    waveform
        What a profile follows, from `begun` on; `None` for what stays as it is.
    """

    label: str
    begun: float
    drives: Callable[[float, float], list[Drive]]
    end: float
    end_name: str
    gives_power: bool
    waveform: Waveform | None
    events: tuple[Event, ...]

    def landing(self, time: float) -> float:
        """The next time after `time` at which a step in time has to end; infinite if none."""
        if self.waveform is None:
            return self.end
        corners = self.begun + self.waveform.corners
        following = corners[corners > time * (1.0 + SAME_TIME)]
        return min(self.end, float(following[0])) if len(following) else self.end

    def jumps_at(self, time: float) -> bool:
        """Whether what is imposed jumps at a time on which a step in time has landed."""
        if self.waveform is None:
            return False
        return bool((self.begun + self.waveform.jumps == time).any())

    @property
    def by_potentials(self) -> bool:
        """Whether potentials, which jump with the contact, may end it."""
        return any(event.name in ("voltage", "current") for event in self.events)

    def reached(self, state: State) -> float:
        """The largest excess of all events; the step is over where it is 0 or more."""
        return max((event.excess(state) for event in self.events), default=-np.inf)

    def reason(self, state: State) -> str:
        """The event that ends the step at `state`."""
        return max(self.events, key=lambda event: event.excess(state)).name


def task(
    label: str, step: Step, cell: Cell, counters: Counters, waveform: Waveform | None = None
) -> Task:
    """What to do in `step`, which has begun.

    Parameters
    ----------
    counters
        What was true as it began.
    waveform
        What its profile follows, in SI units per cell width.
    """
    begun, width = counters.begun, cell.mesh.geometry.width
    assert begun is not None
    density, power = step.current(cell.capacity), step.power
    if waveform is not None:
        assert step.profile is not None
        gives, values = step.profile.gives, waveform.values
        size = 1.0 if gives == "voltage" else width

        def drives(time: float, since: float) -> list[Drive]:
            return cell.drives(**{gives: size * waveform.at(time - begun, since - begun)})

        # The sign of all values, or 0 where some charge and some discharge.
        ways = set() if gives == "voltage" else set(np.sign(values).tolist()) - {0.0}
        direction = ways.pop() if len(ways) == 1 else 0.0
        gives_power = gives == "power" and bool((values < 0.0).any())
        end, end_name = begun + waveform.duration, "profile"
    else:
        whole = [None if value is None else value * width for value in (density, power)]
        fixed = cell.drives(whole[0], None if step.hold is None else float(step.hold), whole[1])

        def drives(time: float, since: float) -> list[Drive]:
            return fixed

        direction = float(np.sign(next((v for v in (density, power) if v is not None), 0.0)))
        gives_power = (power or 0.0) < 0.0
        end, end_name = np.inf, ""
    ends = step.ends
    if "time" in ends and begun + float(ends["time"]) <= end:
        end, end_name = begun + float(ends["time"]), "time"
    if "capacity" in ends and density:
        by_charge = begun + float(ends["capacity"]) / abs(density)
        if by_charge < end:
            end, end_name = by_charge, "capacity"
    events = _events(step, cell, counters, direction, density)
    if step.electronic_resistance is not None:
        events.append(Event(MEASURED, lambda state: 0.0))  # at once
    elif step.rest is None:
        events += _limits(cell, counters.beyond)
    return Task(label, begun, drives, end, end_name, gives_power, waveform, tuple(events))


def _current(cell: Cell, state: State) -> float:
    return cell.currents(state.solved)[CATHODE]


def _events(
    step: Step, cell: Cell, counters: Counters, direction: float, density: float | None
) -> list[Event]:
    """What the user asked for.

    Where a current may turn, a voltage is met from the side on which the cell at rest began.
    """
    ends, width = step.ends, cell.mesh.geometry.width
    events = []
    if "voltage" in ends:
        limit = float(ends["voltage"])
        up = direction or (1.0 if _rest(cell, counters.mean) < limit else -1.0)
        events.append(
            Event(
                "voltage", lambda s: up * (s.solved.voltages[CATHODE] - limit) / VOLTAGE_TOLERANCE
            )
        )
    if "current" in ends:
        least = float(ends["current"]) * width
        events.append(
            Event(
                "current",
                lambda s: (least - abs(_current(cell, s))) / (RELATIVE_TOLERANCE * least),
            )
        )
    if "capacity" in ends and density is None:
        charge = float(ends["capacity"]) * width
        events.append(
            Event(
                "capacity",
                lambda s: (
                    (abs(cell.charge_given(s.content) - counters.given) - charge)
                    / (RELATIVE_TOLERANCE * charge)
                ),
            )
        )
    if "stoichiometry" in ends:
        goal = float(ends["stoichiometry"])
        way = (direction or float(np.sign(counters.mean - goal))) / STOICHIOMETRY_TOLERANCE
        events.append(Event("stoichiometry", lambda s: way * (goal - cell.mean_stoichiometry(s))))
    if "thickness" in ends:
        thick = float(ends["thickness"])
        events.append(
            Event(
                "thickness",
                lambda s: (
                    (float(np.abs(cell.lithium.thickness(s.content)).max()) - thick)
                    / THICKNESS_TOLERANCE
                ),
            )
        )
    return events


def _rest(cell: Cell, x: float) -> float:
    """Open-circuit voltage of even particles at the stoichiometry `x`."""
    active = cell.parameters.active
    assert active is not None
    return float(active.potential.extended(np.array(x))[0]) - cell.parameters.anode_potential


def _limits(cell: Cell, beyond: float) -> list[Event]:
    """What the cell can no longer do; each counts only while the current goes that way.

    A surface that was `beyond` a limit when the step began counts once it goes further: a smaller
    current, or a voltage that is held, may let it recover.
    """
    active = cell.parameters.active
    assert active is not None
    lower, upper = active.potential.lower, active.potential.upper
    passed = beyond + 1.0 if beyond >= 0.0 else 0.0

    def empty(state: State) -> float:
        if _current(cell, state) <= 0.0:
            return -np.inf
        least = float(cell.reacting_surfaces(state).min())
        return (lower - least) / STOICHIOMETRY_TOLERANCE - passed

    def full(state: State) -> float:
        if _current(cell, state) >= 0.0:
            return -np.inf
        most = float(cell.reacting_surfaces(state).max())
        return (most - upper) / STOICHIOMETRY_TOLERANCE - passed

    def used_up(state: State) -> float:
        if _current(cell, state) >= 0.0:
            return -np.inf
        return -lithium_left(cell, state.content) / THICKNESS_TOLERANCE

    limits = [Event(USED_UP, used_up)] if cell.parameters.molar_volume else []
    if not cell.fixed:
        limits += [Event(SURFACE_EMPTY, empty), Event(SURFACE_FULL, full)]
    return limits


def beyond_window(cell: Cell, state: State) -> float:
    """How far any surface is beyond its window, in units of the tolerance; negative if none is."""
    active = cell.parameters.active
    assert active is not None
    values = cell.reacting_surfaces(state)
    outside = max(active.potential.lower - values.min(), values.max() - active.potential.upper)
    return float(outside) / STOICHIOMETRY_TOLERANCE
