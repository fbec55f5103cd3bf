"""Meshes and states whose stress is known everywhere, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fem.geometry import Deposit, Geometry, Outline, Particles, Phase, Region
from fem.geometry.curves import Arc, Line
from fem.geometry.types import OUTSIDE
from fem.laws.elasticity import lame
from fem.mesh import Mesh, generate
from fem.physics.mechanics import Conditions, MechanicsSolution
from fem.spaces import Space

Floats = NDArray[np.float64]

YOUNGS, NU = 28e9, 0.27


def plate_with_hole(
    radius: float, side: float, size: float, deposits: tuple[Deposit, ...] = ()
) -> Mesh:
    """Electrolyte in the square (0, side)^2 around a quarter disc of lithium; lengths in m."""
    corners = [(radius, 0.0), (side, 0.0), (side, side), (0.0, side), (0.0, radius)]
    quarter = 0.5 * np.pi
    outlines = [
        *(Outline(Line(a, b), 0, OUTSIDE) for a, b in pairwise(corners)),
        Outline(Line(corners[-1], (0.0, 0.0)), 1, OUTSIDE),
        Outline(Line((0.0, 0.0), corners[0]), 1, OUTSIDE),
        Outline(Arc((0.0, 0.0), (radius, radius), (0.0, quarter)), 1, 0),
    ]
    hole = 0.25 * np.pi * radius**2
    geometry = Geometry(
        width=side,
        height=side,
        depth=1.0,
        lithium_y=0.0,
        regions=(
            Region("plate", Phase.ELECTROLYTE, "", side**2 - hole),
            Region("hole", Phase.LITHIUM, "", hole),
        ),
        outlines=tuple(outlines),
        particles=Particles.none(),
        deposits=deposits,
    )
    return generate(geometry, size, max_size=size)


def state(
    mesh: Mesh, field: Callable[[Floats, Floats], tuple[Floats, Floats]]
) -> MechanicsSolution:
    """The exact displacement `field` (in m) at the nodes, as a solution in plane strain."""
    space = Space(mesh, mesh.elements(Phase.ELECTROLYTE))
    count = len(space.elements)
    lam, mu = lame(np.full(count, YOUNGS), np.full(count, NU))
    return MechanicsSolution(
        conditions=Conditions(),
        bodies=(space,),
        lame=((lam, mu),),
        displacements=(np.stack(field(*mesh.nodes[:, space.nodes]), axis=1),),
        out_of_plane=0.0,
        nodes=np.zeros(0, dtype=int),
        pressure=np.zeros(0),
        iterations=0,
        plating_forces=np.zeros(0),
        load_work=0.0,
    )
