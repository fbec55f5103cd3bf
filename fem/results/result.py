"""What a run gives back: fields on a mesh with jumps, profiles, tables and metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.case import Case
from fem.geometry import Geometry, Phase
from fem.measures.anode import AnodeProfile
from fem.measures.particles import ParticleTable
from fem.mesh import Ints, Mesh
from fem.results.history import Frame, History

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FieldMesh:
    """A mesh whose nodes are doubled between phases, so that fields can jump there.

    Attributes
    ----------
    points
        (n, 2) in m.
    triangles
        Nodes of each curved P2 triangle (nt, 6): the vertices, then the middles of 01, 12, 02.
    region
        Region of each triangle (nt,).
    phase
        Phase of each point (n,).
    source
        The node of the undoubled mesh that each point came from (n,).
    """

    points: Floats
    triangles: Ints
    region: Ints
    phase: NDArray[np.str_]
    source: Ints

    @classmethod
    def of(cls, mesh: Mesh) -> FieldMesh:
        """Double the nodes of `mesh` between electrolyte, active material and lithium."""
        names = [str(phase) for phase in Phase]
        of_triangle = np.searchsorted(np.sort(names), mesh.geometry.phases[mesh.region])
        total = mesh.nodes.shape[1]
        key = of_triangle[:, None] * total + mesh.triangles
        unique, flat = np.unique(key, return_inverse=True)
        source = unique % total
        return cls(
            points=np.ascontiguousarray(mesh.nodes[:, source].T),
            triangles=flat.reshape(mesh.triangles.shape),
            region=mesh.region,
            phase=np.sort(names)[unique // total],
            source=source,
        )

    def average(self, elements: Ints, values: Floats, weights: Floats) -> Floats:
        """Values at the nodes of triangles (k, ne, 6) as weighted means at the points (k, n).

        Points outside `elements` are nan: a field is masked where it is not defined.
        """
        place = self.triangles[elements].ravel()
        spread = np.repeat(weights, 6)
        n = len(self.points)
        norm = np.bincount(place, weights=spread, minlength=n)
        sums = np.stack(
            [np.bincount(place, weights=v.ravel() * spread, minlength=n) for v in values]
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(sums / norm)


@dataclass(frozen=True)
class Result:
    """A finished run. Arrays are read-only; all numbers are in SI units.

    Attributes
    ----------
    case, geometry, mesh
        What was solved.
    field_mesh, fields
        Fields by name on the points of `field_mesh`: ``phi_e`` (n,) in V, ``phi_s`` (n,) in V,
        ``current_density`` (n, 2) in A/m^2, ``stoichiometry`` (n,), ``displacement`` (n, 2) in m,
        ``stress`` (n, 4) in Pa (xx, yy, zz, xy), ``von_mises`` (n,) in Pa; nan where a field is
        not defined. Fields of mechanics are missing if it was switched off.
    anode
        The profile along the lithium foil.
    particles
        Currents of the particles.
    metrics
        Numbers by name, SI units in the names.
    references
        Sources of every parameter used, as text.
    notes
        What a reader must know to trust the numbers: assumptions, warnings.
    history, frames
        For a run in time: its rows, and states on the way.
    """

    case: Case
    geometry: Geometry
    mesh: Mesh
    field_mesh: FieldMesh
    fields: Mapping[str, Floats]
    anode: AnodeProfile
    particles: ParticleTable
    metrics: Mapping[str, Any]
    references: str
    notes: tuple[str, ...]
    history: History | None = None
    frames: tuple[Frame, ...] = ()

    @cached_property
    def applied(self) -> float:
        """Applied current density per cell width in A/m^2."""
        return float(self.metrics["current_density_A_m2"])
