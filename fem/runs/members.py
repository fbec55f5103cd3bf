"""Snapshots that share a drawing, a mesh and conductivities, as an ensemble reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fem.case import Case, Snapshot
from fem.case.interphase import Interphase
from fem.cell.foresight import foreseen
from fem.errors import InputError
from fem.geometry import Geometry
from fem.geometry.particles import inactive
from fem.laws.intercalation import exchange_current_factor
from fem.laws.kinetics import Kinetics
from fem.parameters import Parameters, resolve
from fem.runs.snapshot import imposed

VARIES = ("inactive", "kinetics", "operation", "title", "output", "stepping")
"""Tables of a case in which members may differ."""


@dataclass(frozen=True)
class Member:
    """A member as its case has it.

    Attributes
    ----------
    active
        Which particles react (particles,).
    """

    case: Case
    parameters: Parameters
    active: NDArray[np.bool_]
    width: float

    @classmethod
    def of(cls, case: Case, geometry: Geometry) -> Self:
        """Look up what a case says of a cell as drawn.

        Raises
        ------
        InputError
            If it cannot be.
        """
        parameters, particles = resolve(case, geometry), geometry.particles
        foreseen(case, geometry, parameters)
        places = (particles.x, particles.y, particles.diameter)
        active = particles.active & ~inactive(case, *places, (geometry.width, geometry.bed))
        if len(active) and not active.any():
            raise InputError(
                "no active particle is left, so no current can flow",
                key="inactive",
                allowed="rules that leave at least one particle active",
                cure="narrow the rules of [inactive]",
            )
        return cls(case, parameters, active, geometry.width)

    def law(self, on_lithium: bool) -> Kinetics:
        """Kinetics of the lithium, or of the particles."""
        return self.parameters.anode if on_lithium else self.parameters.cathode

    def exchange(self, on_lithium: bool) -> float:
        """Exchange current density in A/m^2, infinite for a purely ohmic interface."""
        law, table = self.law(on_lithium), self.case.kinetics.cathode
        i0 = law.exchange_current_density
        if i0 is None:
            return np.inf
        if on_lithium or table.exchange_current_dependence != "stoichiometry":
            return i0
        assert table.stoichiometry is not None
        x = np.array(float(table.stoichiometry))
        return float(i0 * exchange_current_factor(x, law.anodic, law.cathodic)[0])

    def rest(self, on_lithium: bool) -> float:
        """Equilibrium potential in V; 0 where nothing is known of the particles."""
        active, x = self.parameters.active, self.case.kinetics.cathode.stoichiometry
        if on_lithium:
            return self.parameters.anode_potential
        if active is None or x is None:
            return 0.0
        return float(active.potential.extended(np.array(float(x)))[0])

    @property
    def open_circuit(self) -> float | None:
        """Voltage without current in V; `None` where the case gives no stoichiometry."""
        return None if self.parameters.active is None else self.rest(False) - self.rest(True)

    @cached_property
    def drive(self) -> tuple[float | None, float | None]:
        """Current out of the cathode (A per m of depth) or its potential (V)."""
        assert isinstance(self.case.operation, Snapshot)
        return imposed(self.case.operation, self.width, self.open_circuit)

    @property
    def kind(self) -> Any:
        """What members have to have in common to be solved together."""
        laws = [self.law(side) for side in (True, False)]
        shape = tuple((law.temperature, law.anodic, law.cathodic) for law in laws)
        return shape, self.drive[0] is None


def refusal(case: Case) -> str:
    """Why a case cannot be a member of an ensemble, in words; empty if it can."""
    if not isinstance(case.operation, Snapshot):
        return "only a snapshot is solved on a condensed electrolyte, not a protocol"
    if case.interphase != Interphase():
        return "electrolyte that reacts is not solved for on a condensed electrolyte"
    if case.mechanics.enabled:
        return "stress is not solved on a condensed electrolyte"
    return ""


def shared(case: Case) -> str:
    """What a case has in common with all members beside it, as a hash: drawing, mesh, materials."""
    return case.digest(VARIES)


def alike(members: Mapping[int, Member]) -> Iterator[list[int]]:
    """Numbers of members that can be solved together."""
    found: dict[Any, list[int]] = {}
    for number, member in members.items():
        found.setdefault(member.kind, []).append(number)
    yield from found.values()


def samples(case: Case, count: int) -> Sequence[Case]:
    """The case itself and random patterns of it, `count` in all; alone where nothing is to draw."""
    cathode = case.geometry.cathode
    if cathode is not None and cathode.kind == "plane":
        return [case]
    fractions = np.linspace(0.2, 0.6, count - 1)
    return [case] + [
        case.replace({"inactive": {"fraction": float(fraction), "seed": seed}})
        for seed, fraction in enumerate(fractions)
    ]


def scalars(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Metrics with one column an entry of a list."""
    found: dict[str, Any] = {}
    for name, value in metrics.items():
        if isinstance(value, list):
            found |= {f"{name}[{k}]": each for k, each in enumerate(value)}
        else:
            found[name] = value
    return found
