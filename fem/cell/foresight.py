"""What can be told of a case before it is meshed: what can never be, and what will disappoint.

`fem check` and every run ask here, so that they are of one mind. Bounds are those of one dimension:
a cell whose parts conduct and react evenly, which no real one does better.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fem.case import Case, Protocol, Snapshot, Step
from fem.errors import InputError
from fem.geometry import Geometry, Phase
from fem.laws.kinetics import Kinetics, overpotential
from fem.parameters import ActiveMaterial, Parameters

IMPOSSIBLE = 10.0
"""Volts that no cell of this kind stands: the most that a case may impose."""
LARGE = 1.0
"""Volts lost by an even current beyond which a run shows little but ohmic loss."""
LEAST_CHANGE = 1e-9
"""Change of the mean stoichiometry in a step, over the window, that nobody can see."""
SOLID = [str(Phase.ELECTROLYTE), str(Phase.ACTIVE)]
RESOLVED = 0.5
"""Size of elements over the length over which a bond parts, above which it lets go in jumps."""
LONGEST = 1e10
"""Steps in s beyond which nothing changes any more: three centuries."""
DOUBLE_LAYER = "double_layer_capacitance"
LEAST_OVERPOTENTIAL = 1e-9
"""Volts below which a given voltage counts as open circuit."""
MILLIAMPERE_HOUR_PER_CM2 = 36e3
"""In A s/m^2."""


def window_capacity(geometry: Geometry, active: ActiveMaterial | None) -> float:
    """Charge of the window of all active particles in A s/m^2 of cell width; 0 if x is fixed."""
    if active is None:
        return 0.0
    alive = geometry.particles.active
    area = sum(
        region.area
        for region in geometry.regions
        if region.phase == Phase.ACTIVE and (not len(alive) or alive[region.body])
    )
    return active.window_charge * area / geometry.width


def foreseen(case: Case, geometry: Geometry, parameters: Parameters) -> list[str]:
    """Warnings, each a sentence or two.

    Raises
    ------
    InputError
        If the case asks for what can never be.
    """
    return list(_Foresight(case, geometry, parameters).warnings())


def most_passed(case: Case, geometry: Geometry, parameters: Parameters, step: Step) -> float | None:
    """Charge in A s/m^2 that a step of given current passes at the most; `None` for others."""
    return _Foresight(case, geometry, parameters).most_passed(step)


@dataclass(frozen=True)
class _Foresight:
    case: Case
    geometry: Geometry
    parameters: Parameters

    def warnings(self) -> Iterator[str]:
        operation = self.case.operation
        if isinstance(operation, Snapshot):
            yield from self._snapshot(operation)
        else:
            yield from self._protocol(operation)
        yield from self._bonds()

    def _bonds(self) -> Iterator[str]:
        """Tell of bonds that part over a length that elements do not resolve."""
        elastic, size = self.parameters.elastic, float(self.case.mesh.size)
        if elastic is None:
            return
        phases = self.geometry.phases
        for name, bond in self.case.interfaces:
            if bond.bond != "cohesive":
                continue
            softest = elastic.youngs_modulus[np.isin(phases, SOLID)].min()
            length = float(softest) * float(bond.toughness) / float(bond.strength) ** 2
            if size > RESOLVED * length:
                yield (
                    f"interfaces.{name}: this bond parts over some {1e6 * length:.3g} um (modulus "
                    "x toughness / strength^2), which elements of "
                    f"{self.case.mesh.size.text} do not resolve: it lets go node by node, in jumps "
                    "that cost time and say little. Take a mesh.size of at most "
                    f"{1e6 * RESOLVED * length:.2g} um."
                )

    # ------------------------------------------------------------------------------- quantities

    @cached_property
    def capacity(self) -> float:
        return window_capacity(self.geometry, self.parameters.active)

    def potential(self, x: float) -> float:
        """Voltage of even particles at rest."""
        active = self.parameters.active
        assert active is not None
        return float(active.potential.extended(np.array(x))[0]) - self.parameters.anode_potential

    @cached_property
    def ends(self) -> tuple[float, float]:
        """Voltage at rest of full and of empty particles."""
        active = self.parameters.active
        assert active is not None
        return self.potential(active.potential.upper), self.potential(active.potential.lower)

    def lost(self, density: float) -> float:
        """Least voltage that an even current density of cell width costs, in V."""
        parameters, separator = self.parameters, self.case.geometry.separator
        ohmic = 0.0
        regions = [k for k, r in enumerate(self.geometry.regions) if r.name == "separator"]
        if separator is not None and regions:
            deepest = max((float(p.depth) for p in self.case.geometry.anode.protrusions), default=0)
            thickness = max(0.0, float(separator.thickness) - deepest)
            ohmic = thickness / float(parameters.conductivity[regions[0]])
        flat = not self.case.geometry.anode.protrusions and not self.case.geometry.source
        at_lithium = _overpotential(density, parameters.anode) if flat else 0.0
        return abs(density) * ohmic + at_lithium

    # -------------------------------------------------------------------------------- snapshots

    def _snapshot(self, operation: Snapshot) -> Iterator[str]:
        if operation.current_density is not None:
            yield from self._losses(
                float(operation.current_density),
                "operation.current_density",
                operation.current_density.text,
            )
        if operation.cell_voltage is not None and self.parameters.active is not None:
            x = self.case.kinetics.cathode.stoichiometry
            assert x is not None
            rest = self.potential(x)
            if abs(float(operation.cell_voltage) - rest) < LEAST_OVERPOTENTIAL:
                raise InputError(
                    "the cell is at rest at this voltage, so there is nothing to solve",
                    key="operation.cell_voltage",
                    given=operation.cell_voltage.text,
                    allowed=f"a voltage other than the open-circuit {rest:.6g} V",
                    cure="a higher voltage charges, a lower one discharges",
                )

    def _losses(self, density: float, key: str, given: object) -> Iterator[str]:
        """Refuse or tell a current that the electrolyte cannot carry."""
        lost = self.lost(density)
        told = (
            f"an even current of {abs(density):.4g} A/m2 loses {lost:.3g} V in the separator and "
            "at the lithium alone"
        )
        if lost > IMPOSSIBLE:
            raise InputError(
                told + ": no cell stands that",
                key=key,
                given=given,
                allowed=f"currents that lose less than {IMPOSSIBLE:g} V",
                cure="check the unit of the current, the conductivity and the kinetics",
            )
        if lost > LARGE:
            yield f"{key}: {told}."

    # -------------------------------------------------------------------------------- protocols

    def _protocol(self, operation: Protocol) -> Iterator[str]:
        for key, step in _steps("operation.steps", operation.steps):
            yield from self._step(key, step)
        yield from self._first(operation)
        yield from self._uncharged(operation)

    def _uncharged(self, operation: Protocol) -> Iterator[str]:
        """Tell of double layers that no spectrum charges."""
        kinetics = self.case.kinetics
        layered = {"anode": kinetics.anode, "cathode": kinetics.cathode}
        layer = kinetics.interlayer
        names = () if layer is None else ("electrolyte", "pores", "collector", "carbon")
        layered |= {f"interlayer.{name}": getattr(layer, name) for name in names}
        given = [n for n, table in layered.items() if getattr(table, DOUBLE_LAYER, None)]
        if given and not operation.highest_frequency:
            yield (
                f"kinetics.{given[0]}.{DOUBLE_LAYER}: double layers are charged in spectra alone, "
                "and no step of this protocol takes one: in time they follow at once."
            )

    def _current(self, step: Step) -> float | None:
        """Current density of a step; of a power that at rest, of a profile nothing."""
        if step.power is not None:
            x = self.case.kinetics.cathode.stoichiometry
            assert x is not None
            return step.power / self.potential(x) if self.potential(x) > 0.0 else None
        return step.current(self.capacity)

    def most_passed(self, step: Step) -> float | None:
        """Charge that ends the step, or all that the window of the particles holds."""
        density, ends = self._current(step), step.ends
        if not density:
            return density
        return min(
            abs(density) * float(ends.get("time", np.inf)),
            float(ends.get("capacity", np.inf)),
            self.capacity or np.inf,
        )

    def _step(self, key: str, step: Step) -> Iterator[str]:
        """What holds of a step wherever the cell is when it begins."""
        density, full, empty = self._current(step), *self.ends
        place, ends = f"{key}.{step.deed}", step.ends
        if density:
            yield from self._losses(density, place, _text(getattr(step, step.deed)))
            yield from self._passes(key, step, density)
        if self.case.kinetics.cathode.diffusion == "fixed":
            return
        held = None if step.hold is None else float(step.hold)
        if held is not None and not full <= held <= empty:
            yield (
                f"{place}: particles at rest have {full:.4g} V to {empty:.4g} V in the window of "
                f"their potential; at {held:.4g} V they end up "
                f"{'full' if held < full else 'empty'}, which ends the step."
            )
        active = self.parameters.active
        assert active is not None
        if "stoichiometry" in ends:
            goal = float(ends["stoichiometry"])
            if not active.potential.lower <= goal <= active.potential.upper:
                raise InputError(
                    "outside the window of the open-circuit potential, where the step ends before",
                    key=f"{key}.until.stoichiometry",
                    given=goal,
                    allowed=f"from {active.potential.lower:g} to {active.potential.upper:g}",
                )
        if "voltage" in ends and density and not self._ends_within(ends, density):
            goal, last = float(ends["voltage"]), full if density < 0.0 else empty
            beyond = (last - goal) if density < 0.0 else (goal - last)
            if beyond > 0.0:
                words = "full" if density < 0.0 else "empty"
                yield (
                    f"{key}.until.voltage: {goal:.4g} V is {beyond:.3g} V beyond the potential of "
                    f"{words} particles, {last:.4g} V, where its table ends. Unless that much is "
                    f'lost on the way, the step ends as "particle surface {words}" instead.'
                )

    def _ends_within(self, ends: Mapping[str, float], density: float) -> bool:
        """Whether a step passes less than the window before a time or a capacity ends it."""
        charges = [abs(density) * float(ends["time"])] if "time" in ends else []
        charges += [float(ends["capacity"])] if "capacity" in ends else []
        return min(charges, default=np.inf) < self.capacity

    def _passes(self, key: str, step: Step, density: float) -> Iterator[str]:
        """Refuse a step that takes centuries; tell one that does nothing."""
        passed = self.most_passed(step)
        if not self.capacity or passed is None:
            return
        longest = passed / abs(density)
        given = _text(getattr(step, step.deed))
        if longest > LONGEST:
            raise InputError(
                f"the step would take {longest / 3.156e7:.2g} years: the particles hold "
                f"{_areal(self.capacity)} in their window",
                key=f"{key}.{step.deed}",
                given=given,
                allowed=f"currents that pass that within {LONGEST:.0e} s, or a time in until",
                cure="check the unit of the current",
            )
        share = passed / self.capacity
        if share < LEAST_CHANGE:
            yield (
                f"{key}.{step.deed}: {given} passes {share:.1e} of what the particles hold in "
                "their window before the step ends. Nothing will be seen of it."
            )

    def _first(self, operation: Protocol) -> Iterator[str]:
        """What the first step with a current finds, when the cell is still as it was drawn."""
        steps = _steps("operation.steps", operation.steps)
        driven = (each for each in steps if self._current(each[1]) != 0.0)
        key, step = next(driven, ("", None))
        density = None if step is None else self._current(step)
        if step is None or not density:
            return
        x, ends = self.case.kinetics.cathode.stoichiometry, step.ends
        assert x is not None
        way = 1.0 if density > 0.0 else -1.0
        rest = self.potential(x)
        if "voltage" in ends and way * (rest - float(ends["voltage"])) >= 0.0:
            yield (
                f"{key}.until.voltage: at the start the cell rests at {rest:.4g} V, which is "
                f"{'above' if way > 0.0 else 'below'} {float(ends['voltage']):.4g} V already: the "
                "step is over as it begins."
            )
        if self.case.kinetics.cathode.diffusion == "fixed":
            return
        if "stoichiometry" in ends and way * (float(ends["stoichiometry"]) - x) >= 0.0:
            yield (
                f"{key}.until.stoichiometry: at the start x = {x:g}, and a "
                f"{'charge lowers' if way > 0.0 else 'discharge raises'} it: the step is over as "
                "it begins."
            )
        active = self.parameters.active
        assert active is not None
        window = active.potential
        left = (x - window.lower) if way > 0.0 else (window.upper - x)
        room = self.capacity * left / (window.upper - window.lower)
        asked = min(
            float(ends.get("time", np.inf)) * abs(density), float(ends.get("capacity", np.inf))
        )
        others = set(ends) - {"time", "capacity"}
        if not others and asked > room * (1.0 + 1e-9):
            words = "empty" if way > 0.0 else "full"
            yield (
                f"{key}.until: {_areal(asked)} are asked for, while particles at x = {x:g} can "
                f"{'give' if way > 0.0 else 'take'} {_areal(room)}: the step ends as "
                f'"particle surface {words}".'
            )


def _overpotential(density: float, law: Kinetics) -> float:
    return abs(float(overpotential(np.array(density), law)))


def _steps(place: str, steps: tuple[Step, ...]) -> Iterator[tuple[str, Step]]:
    """All steps that are no loops, once each, by their dotted key."""
    for index, step in enumerate(steps):
        key = f"{place}[{index}]"
        if step.repeat is None:
            yield key, step
        else:
            yield from _steps(f"{key}.steps", step.steps)


def _text(value: object) -> str:
    return str(getattr(value, "text", value))


def _areal(charge: float) -> str:
    """A charge per cell width in A s/m^2 in the unit of the field."""
    return f"{charge / MILLIAMPERE_HOUR_PER_CM2:.4g} mAh/cm2"
