"""What a run will cost before it is made, and what no machine could solve."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from fem import geometry
from fem.case import Case, Protocol, Step
from fem.case.profile import read_profile
from fem.cell.foresight import most_passed
from fem.constants import FARADAY
from fem.errors import InputError
from fem.geometry import Geometry, Phase
from fem.mesh import expected
from fem.parameters import Parameters

LIMIT = 5e6
"""Triangles; ten million unknowns a field take tens of gigabytes."""
LONG = 3600.0
"""Seconds of computing beyond which a run is told to be long."""
MADE = 1.12
"""Triangles that are made over those that are estimated: 0.93 to 1.28 in shipped cases."""
LATTICE, FREE = 4.5e-5, 1.0e-4
"""Seconds a triangle to mesh and assemble, where one tile is copied or all is meshed at once."""
INSTANT, MOMENT, STEP = 2e-5, 0.012, 2.2e-5
"""Seconds a triangle of a snapshot's potentials; of a step in time, and the same a triangle."""
STRESS = 7e-5
"""Seconds a triangle for each elastic solution with what it prepares."""
COUPLED = 2e-4
"""Seconds a triangle to condense the stress onto the lithium, once."""
START, START_IN_TIME = 5.0, 10.0
"""Seconds to import, write files and draw; with the animation of a run in time."""
GIGABYTES, STATE, ELASTIC = 0.2, (4e-6, 1e-5), 1.2e-5
"""Memory of the program, a triangle of a snapshot or of a run in time, and with stress."""
WAVE, DIFFUSION = 6e-6, 0.012
"""Seconds of a frequency of a spectrum: a triangle, and a particle that is like no other."""
BEGINNING = 20
"""Steps in time that a step of the protocol takes to come to its pace, or a rest or hold in all."""
RESTART = 6
"""The same for a jump."""


@dataclass(frozen=True)
class Cost:
    """What a run takes, by a model that was fitted to shipped cases; within a factor of two.

    Attributes
    ----------
    unknowns
        Of the charge problem.
    steps
        Steps in time; 0 for a snapshot.
    seconds, gigabytes
        Of one processor core, and of memory.
    """

    unknowns: float
    steps: float
    seconds: float
    gigabytes: float

    def __str__(self) -> str:
        steps = f", {_round(self.steps)} steps in time" if self.steps else ""
        return (
            f"about {_round(self.unknowns)} unknowns{steps}, {_span(self.seconds)} of one core and "
            f"{self.gigabytes:.1f} GB, within a factor of two"
        )


def cost(case: Case, shape: Geometry, parameters: Parameters) -> Cost:
    """What a run of `case` will take."""
    count = MADE * triangles(case, shape)
    electrolyte = sum(r.area for r in shape.regions if r.phase == Phase.ELECTROLYTE)
    whole = sum(region.area for region in shape.regions)
    cathode, mechanics = case.geometry.cathode, case.mechanics
    layout = getattr(getattr(cathode, "particles", None), "layout", "")
    seconds = (LATTICE if layout == "lattice" else FREE) * count
    steps, in_time = 0.0, isinstance(case.operation, Protocol)
    if isinstance(case.operation, Protocol):
        steps = sum(
            times * _steps(case, step, shape, parameters)
            for step, times in _counted(case.operation.steps, 1)
        )
        seconds += START_IN_TIME + steps * (MOMENT + STEP * count)
        alike = layout == "lattice" or not len(shape.particles)
        waves = sum(times * len(s.frequencies) for s, times in _counted(case.operation.steps, 1))
        seconds += waves * (WAVE * count + DIFFUSION * (1 if alike else len(shape.particles)))
    else:
        seconds += START + INSTANT * count
    gigabytes = GIGABYTES + STATE[in_time] * count
    if mechanics.enabled:
        gigabytes += ELASTIC * count
        solutions = len(mechanics.lithium_models) + 0.5 * steps
        seconds += STRESS * count * solutions
        if mechanics.coupling in ("lithium", "both"):
            seconds += COUPLED * count
    return Cost(2.0 * count * electrolyte / whole, steps, seconds, gigabytes)


def too_much(case: Case, expected: Cost) -> list[str]:
    """Warnings where a cost is beyond an hour, this machine, or what the case allows."""
    told = []
    if expected.seconds > LONG:
        told.append(
            f"the run will take about {_span(expected.seconds)}: a larger mesh.size"
            + (", a larger stepping.tolerance or fewer steps" if expected.steps else "")
            + " would make it shorter."
        )
    here = _memory()
    if here and expected.gigabytes > here:
        told.append(
            f"the run will need about {expected.gigabytes:.1f} GB, and this machine has "
            f"{here:.1f} GB: a larger mesh.size needs less."
        )
    if expected.steps > case.stepping.most_steps:
        told.append(
            f"about {_round(expected.steps)} steps in time are expected, while "
            f"stepping.most_steps is {case.stepping.most_steps}: the run would be stopped there."
        )
    return told


def _counted(steps: tuple[Step, ...], times: int) -> Iterator[tuple[Step, int]]:
    """Steps that are no loops, with how often each is done."""
    for step in steps:
        if step.repeat is None:
            yield step, times
        else:
            yield from _counted(step.steps, times * step.repeat)


def _steps(case: Case, step: Step, shape: Geometry, parameters: Parameters) -> float:
    """About how many steps in time a step of the protocol takes."""
    stepping, active = case.stepping, parameters.active
    if step.profile is not None:
        followed = read_profile(step.profile, case.resolve(step.profile.file))
        return BEGINNING + len(followed.corners) + RESTART * len(followed.jumps)
    if step.frequencies or step.electronic_resistance is not None:
        return 1.0  # a row, of no time
    passed = most_passed(case, shape, parameters, step)
    if passed is None or active is None:
        return BEGINNING
    thickness = passed * parameters.molar_volume / FARADAY / float(stepping.thickness)
    window = active.window_charge * (
        sum(r.area for r in shape.regions if r.phase == Phase.ACTIVE) / shape.width
    )
    span = active.potential.upper - active.potential.lower
    change = span * passed / window / stepping.stoichiometry if window else 0.0
    longest = 0.0 if stepping.longest is None else step.ends.get("time", 0.0) / stepping.longest
    return float(BEGINNING + max(thickness, change, longest))


def _memory() -> float:
    """Memory of this machine in GB; 0 where it does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):
        return 0.0


def _round(number: float) -> str:
    """Two digits of a number that is no better known."""
    return f"{float(f'{number:.2g}'):.0f}"


def _span(seconds: float) -> str:
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.2g} {unit}"
    return f"{seconds:.2g} s"


def drawn(case: Case) -> Geometry:
    """The geometry of `case`.

    Raises
    ------
    InputError
        If it cannot be, or if its mesh would be too large.
    """
    shape = geometry.build(case)
    count = triangles(case, shape)
    if count > LIMIT:
        raise InputError(
            f"the mesh would have about {count:.1g} triangles",
            key="mesh.size",
            given=case.mesh.size.text,
            allowed=f"sizes that make at most {LIMIT:.0e} triangles",
            cure="a larger mesh.size; fem check tells how many triangles it makes",
        )
    return shape


def triangles(case: Case, shape: Geometry) -> float:
    """About how many."""
    largest = None if case.mesh.max_size is None else float(case.mesh.max_size)
    return expected(shape, float(case.mesh.size), largest)
