"""From one shape of the solids to the next: layers that have their volume, histories told anew."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fem.mesh import Ints
from fem.physics.equilibrium import History
from fem.physics.mechanics import MechanicsProblem
from fem.physics.solution import MechanicsSolution

Floats = NDArray[np.float64]

MOST_CORRECTIONS = 30
"""Turns in which the area of a plated layer is made its volume."""
SAME_VOLUME = 1e-13
"""Relative error of that area at which it is the volume."""


def layer(problem: MechanicsProblem, thickness: Floats, volumes: Sequence[float]) -> Floats:
    """A thickness (N,) plus a constant on each body with which the jump has its volume.

    On a curve a layer of thickness h is not quite h times the length.

    Parameters
    ----------
    thickness
        At all mesh nodes (N,) in m.
    volumes
        That of each body in m^2 (m^3 per m of depth), the foil's first.
    """
    mesh, thickness = problem.mesh, thickness.copy()
    for surface, volume in zip(problem.surfaces, volumes, strict=True):
        touching = np.unique(surface.contact.nodes)
        normals = surface.contact.nodal_normals(touching)
        normals = normals[:, np.searchsorted(touching, surface.nodes)]
        # Nothing crosses the side walls.
        normals[0, np.isin(mesh.nodes[0, surface.nodes], (0.0, mesh.geometry.width))] = 0.0
        for _ in range(MOST_CORRECTIONS):
            missing = volume - surface.swept(thickness[surface.nodes] * normals)
            if abs(missing) <= SAME_VOLUME * abs(volume):
                break
            thickness[surface.nodes] += missing / surface.edges.length
    return thickness


def referred(
    before: MechanicsProblem,
    state: MechanicsSolution,
    after: MechanicsProblem,
    lithium: Ints,
    plated: Sequence[float],
) -> History:
    """What the laws remember at the end of a state, told from the shape that solids have there.

    Small strain tells the change of an area to first order, and areas have to add up from shape to
    shape: what stands at a point of electrolyte and particles is what stood there, and its pressure
    is set by that. Lithium flows far in one step, where first order is not much at a point; so its
    bodies are as a whole what they were and what was plated, and what is missing is spread evenly.

    Parameters
    ----------
    before, after
        The problems of the old shape and of the new one.
    lithium
        Number of the body of each triangle (nt,) of lithium that deforms.
    plated
        Volume that was plated on each body in m^2 (m^3 per m of depth), by its number.
    """
    found = []
    for number, (old, new) in enumerate(zip(before.parts, after.parts, strict=True)):
        history = old.referred(
            state.displacements[number], state.out_of_plane, state.history[number]
        )
        areas = old.unstressed(state.before[number])
        if number > 0:
            own = new.unstressed(history)
            count = len(plated)
            had, has = (
                np.bincount(lithium, each.sum(axis=1), minlength=count) for each in (areas, own)
            )
            areas = own * ((had + np.asarray(plated)) / has)[lithium][:, None]
        found.append(new.filled(history, areas))
    return tuple(found)
