"""When a step of a protocol ends: what the user asked for, and what the cell can no longer do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fem.case.operation import Step
from fem.cell.composition import CATHODE, Cell
from fem.cell.state import State
from fem.physics.charge import Drive

VOLTAGE_TOLERANCE = 1e-6
STOICHIOMETRY_TOLERANCE = 1e-7
THICKNESS_TOLERANCE = 1e-13
RELATIVE_TOLERANCE = 1e-9

SURFACE_EMPTY, SURFACE_FULL = "particle surface empty", "particle surface full"
USED_UP = "lithium used up"
SHORT = "short circuit"
"""Lithium has reached the cathode: the run ends, whatever steps are left."""


@dataclass(frozen=True)
class Event:
    """Something that ends a step: `excess` over its threshold in units of the `tolerance`."""

    name: str
    excess: Callable[[State], float]


@dataclass(frozen=True)
class Task:
    """A step of the protocol as it is done: its drives, its end in time, its events.

    `end` is the time at which the step is over, infinite if it ends otherwise; `end_name` says why.
    """

    label: str
    drives: list[Drive]
    end: float
    end_name: str
    events: tuple[Event, ...]

    def reached(self, state: State) -> float:
        """The largest excess of all events; the step is over where it is 0 or more."""
        return max((event.excess(state) for event in self.events), default=-np.inf)

    def reason(self, state: State) -> str:
        """The event that ends the step at `state`."""
        return max(self.events, key=lambda event: event.excess(state)).name


def task(
    label: str,
    step: Step,
    cell: Cell,
    begun: float,
    given: float,
    beyond: float,
    mean: float,
) -> Task:
    """What to do in `step`.

    Parameters
    ----------
    begun, given
        Time in s, and the charge that the cathode had given (C per m of depth), when it began.
    beyond, mean
        What `beyond_window` said then, and the mean stoichiometry.
    """
    width = cell.mesh.geometry.width
    density = step.current(cell.capacity)
    if step.hold is not None:
        drives = cell.drives(voltage=float(step.hold))
    else:
        assert density is not None
        drives = cell.drives(current=density * width)
    ends = step.ends
    end, end_name = np.inf, ""
    if "time" in ends:
        end, end_name = begun + float(ends["time"]), "time"
    if "capacity" in ends and density:
        by_charge = begun + float(ends["capacity"]) / abs(density)
        if by_charge < end:
            end, end_name = by_charge, "capacity"
    return Task(
        label,
        drives,
        end,
        end_name,
        tuple(_events(step, cell, given, beyond, mean, density, width)),
    )


def _events(
    step: Step,
    cell: Cell,
    given: float,
    beyond: float,
    mean: float,
    density: float | None,
    width: float,
) -> list[Event]:
    ends = step.ends
    sign = 1.0 if density is None or density >= 0.0 else -1.0
    events = []

    def current(state: State) -> float:
        return cell.currents(state.solved)[CATHODE]

    if "voltage" in ends:
        limit = float(ends["voltage"])
        events.append(
            Event(
                "voltage", lambda s: sign * (s.solved.voltages[CATHODE] - limit) / VOLTAGE_TOLERANCE
            )
        )
    if "current" in ends:
        least = float(ends["current"]) * width
        events.append(
            Event("current", lambda s: (least - abs(current(s))) / (RELATIVE_TOLERANCE * least))
        )
    if "capacity" in ends and density is None:
        charge = float(ends["capacity"]) * width
        events.append(
            Event(
                "capacity",
                lambda s: (
                    (abs(cell.charge_given(s.content) - given) - charge)
                    / (RELATIVE_TOLERANCE * charge)
                ),
            )
        )
    if "stoichiometry" in ends:
        goal = float(ends["stoichiometry"])
        way = (sign if density is not None else float(np.sign(mean - goal))) / (
            STOICHIOMETRY_TOLERANCE
        )
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
    if step.rest is None:
        events += _limits(cell, current, beyond)
    return events


def _limits(cell: Cell, current: Callable[[State], float], beyond: float) -> list[Event]:
    """What the cell can no longer do; each counts only while the current goes that way.

    A surface that was `beyond` a limit when the step began counts once it goes further: a smaller
    current, or a voltage that is held, may let it recover.
    """
    active = cell.parameters.active
    assert active is not None
    lower, upper = active.potential.lower, active.potential.upper
    passed = beyond + 1.0 if beyond >= 0.0 else 0.0

    def empty(state: State) -> float:
        if current(state) <= 0.0:
            return -np.inf
        least = float(cell.reacting_surfaces(state).min())
        return (lower - least) / STOICHIOMETRY_TOLERANCE - passed

    def full(state: State) -> float:
        if current(state) >= 0.0:
            return -np.inf
        most = float(cell.reacting_surfaces(state).max())
        return (most - upper) / STOICHIOMETRY_TOLERANCE - passed

    def used_up(state: State) -> float:
        if current(state) >= 0.0:
            return -np.inf
        return -cell.lithium_left(state.content) / THICKNESS_TOLERANCE

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
