"""Protrusions of yielded lithium: slots that press with what squeezes their lithium out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fem.forms.interface import Edges
from fem.laws.fracture import extrusion_pressure
from fem.mesh import Mesh
from fem.parameters import Elastic
from fem.physics.kinematics import Conditions


@dataclass(frozen=True)
class Slot:
    """A protrusion's surface, its area in m^2, and the pressure that squeezes it to the foil."""

    edges: Edges
    pressure: float
    area: float


def slots_of(mesh: Mesh, elastic: Elastic, conditions: Conditions) -> list[Slot]:
    """The protrusions of yielded lithium."""
    if conditions.lithium != "yielded" or elastic.yield_strength is None:
        return []
    outlines = mesh.geometry.outlines
    deposit = np.array([o.deposit for o in outlines])[mesh.outline]
    return [
        Slot(
            Edges.of(mesh, np.flatnonzero(deposit == k)),
            extrusion_pressure(elastic.yield_strength, shape.depth, shape.half_width),
            # The horizontal line that closes a deposit adds nothing to the integral of x dy.
            sum(o.curve.moment for o in outlines if o.deposit == k),
        )
        for k, shape in enumerate(mesh.geometry.deposits)
    ]
