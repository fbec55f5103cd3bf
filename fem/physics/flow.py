"""Lithium that has yielded: it has no displacement, only pressures, and each body finds its room.

The foil presses with the stack's pressure, and a protrusion that grows with what squeezes its
lithium out besides. Lithium that cannot leave is closed: an isolated body, and the foil if a held
top or a spring resists its rise. With the room ``C' u`` that the electrolyte gives to a body of
area A and bulk modulus K, ``C' u + A e + A p / K`` is the plated volume, less the rise of the top.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fem.forms.interface import Edges
from fem.geometry import Phase
from fem.laws.elasticity import bulk_modulus, lame
from fem.mesh import Ints, Mesh
from fem.parameters import Elastic
from fem.physics.elastic import LithiumSurface
from fem.physics.kinematics import Conditions, X, Y
from fem.physics.slots import Slot, slots_of

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FlowingLithium:
    """What yielded lithium does; nothing at all for other models of lithium.

    Attributes
    ----------
    surfaces, areas
        Of each lithium body, the foil first; areas (k,) in m^2.
    slots
        Protrusions of the foil.
    modulus
        Bulk modulus of lithium in Pa, which is all the elasticity that it has here.
    number
        Unknown of the composite at mesh nodes on lithium (N,).
    size
        How many displacements there are in all.
    """

    conditions: Conditions
    width: float
    surfaces: list[LithiumSurface]
    areas: Floats
    slots: list[Slot]
    modulus: float
    number: Ints
    size: int

    @classmethod
    def of(
        cls,
        mesh: Mesh,
        elastic: Elastic,
        conditions: Conditions,
        surfaces: list[LithiumSurface],
        number: Ints,
        size: int,
    ) -> FlowingLithium:
        """That of a cell."""
        lithium = np.flatnonzero(mesh.geometry.phases == Phase.LITHIUM)
        areas = np.array([mesh.geometry.regions[k].area for k in lithium])
        modulus = np.inf
        if conditions.lithium == "yielded":
            foil = slice(int(lithium[0]), int(lithium[0]) + 1)
            constants = lame(elastic.youngs_modulus[foil], elastic.poisson_ratio[foil])
            modulus = float(bulk_modulus(*constants)[0])
        slots = slots_of(mesh, elastic, conditions)
        width = mesh.geometry.width
        return cls(conditions, width, surfaces, areas, slots, modulus, number, size)

    @property
    def flows(self) -> bool:
        """Whether this is the model of lithium."""
        return self.conditions.lithium == "yielded"

    @property
    def foil_is_closed(self) -> bool:
        """Whether a held top or a spring resists the rise of the foil."""
        return self.conditions.top_is_fixed or self.conditions.spring > 0.0

    @property
    def closed(self) -> list[int]:
        """Lithium bodies whose pressure follows from their volume."""
        if not self.flows:
            return []
        return list(range(0 if self.foil_is_closed else 1, len(self.surfaces)))

    def load(self, edges: Edges, pressure: float) -> Floats:
        """Forces of a pressure along some edges on all displacements (size,)."""
        count = int(self.number.max()) + 1
        force = np.zeros(self.size)
        for axis in (X, Y):
            part = edges.load(pressure * edges.normals[axis], self.number, count)
            force[axis : 2 * count : 2] += part
        return force

    def pressing(self, thickness: Floats) -> list[Slot]:
        """Protrusions that grow: one that shrinks leaves room and does not press."""
        number = np.arange(len(thickness))
        return [
            slot
            for slot in self.slots
            if slot.edges.total(slot.edges.at_points(thickness, number)) > 0.0
        ]

    def known_forces(self, slots: list[Slot]) -> Floats:
        """Forces of lithium that presses with a known pressure, on all displacements (size,)."""
        force = np.zeros(self.size)
        if self.flows:
            if not self.foil_is_closed:
                force += self.load(self.surfaces[0].contact, self.conditions.stack_pressure)
            for slot in slots:
                force += self.load(slot.edges, slot.pressure)
        return force

    def known_thrust(self, slots: list[Slot]) -> float:
        """Out-of-plane force of lithium whose pressure is known, in N per m of depth."""
        if not self.flows:
            return 0.0
        stack = 0.0 if self.foil_is_closed else self.conditions.stack_pressure
        return stack * float(self.areas[0]) + sum(slot.pressure * slot.area for slot in slots)

    @property
    def columns(self) -> Floats:
        """Forces of a unit pressure of each closed body on all displacements (size, k)."""
        columns = [self.load(self.surfaces[body].contact, 1.0) for body in self.closed]
        return np.stack(columns, axis=1) if columns else np.zeros((self.size, 0))

    @property
    def compliance(self) -> Floats:
        """Volume (k,) that a unit pressure takes from each closed body, and from a spring above."""
        found = self.areas[self.closed] / self.modulus
        if self.closed[:1] == [0] and self.conditions.spring:
            found[0] += self.width / self.conditions.spring
        return np.asarray(found)

    def volumes(self, thickness: Floats, rest: float) -> Floats:
        """Volume (k,) that each closed body must find room for, in m^3 per m of depth.

        `rest` is how far the plate stood above its place before anything was plated.
        """
        number = np.arange(len(thickness))
        closed = [self.surfaces[body].edges for body in self.closed]
        found = np.array([edges.total(edges.at_points(thickness, number)) for edges in closed])
        if self.closed[:1] == [0]:
            start = self.conditions.stack_pressure / self.conditions.spring if (
                self.conditions.spring) else 0.0  # fmt: skip
            found[0] += self.width * (start - rest)
        return found

    def rise(self, displacement: Floats, strain: float, thickness: Floats) -> float:
        """Rise of the plate in m above a foil under dead weight, from displacements (size,)."""
        surface, area = self.surfaces[0], float(self.areas[0])
        number = np.arange(len(thickness))
        plated = surface.edges.total(surface.edges.at_points(thickness, number))
        room = float(self.load(surface.contact, 1.0) @ displacement) + area * strain
        squeezed = area * self.conditions.stack_pressure / self.modulus
        return (plated - room - squeezed) / self.width

    def pressures(self, closed: Floats, slots: list[Slot]) -> Floats:
        """Pressure at the nodes of Li|SE, one in each body and slot."""
        known = dict(zip(self.closed, closed, strict=True))
        pressures = []
        for body, surface in enumerate(self.surfaces):
            value = np.full(len(surface.nodes), known.get(body, self.conditions.stack_pressure))
            if body == 0:
                for slot in slots:
                    value[np.isin(surface.nodes, slot.edges.nodes)] += slot.pressure
            pressures.append(value)
        return np.concatenate(pressures)
