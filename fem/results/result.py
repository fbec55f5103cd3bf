"""What a run gives back: fields on a mesh with jumps, profiles, tables and metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.case import Case, Protocol
from fem.forms import charge
from fem.frozen import Frozen, same
from fem.geometry import Geometry, Phase
from fem.measures.anode import AnodeProfile
from fem.measures.faces import FaceTable
from fem.measures.particles import ParticleTable, Rims
from fem.measures.spectra import Spectrum
from fem.mesh import Ints, Mesh
from fem.parameters import resolve
from fem.results.cycles import cycle_rows
from fem.results.history import Frame, History
from fem.results.numbers import key_numbers
from fem.spaces import Space

Floats = NDArray[np.float64]

_TOLD = 4
"""Numbers that a `Result` tells of itself on a terminal."""


@dataclass(frozen=True, eq=False)
class FieldMesh(Frozen):
    """A mesh whose nodes are doubled between phases and particles, so that fields can jump there.

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
        """Double the nodes of `mesh` between phases, and between particles that touch."""
        names = np.sort([str(phase) for phase in Phase])
        regions, total = mesh.geometry.regions, mesh.nodes.shape[1]
        # Particles come after all phases, one by one.
        sheet = np.array(
            [
                len(names) + region.body
                if region.phase == Phase.ACTIVE
                else int(np.searchsorted(names, str(region.phase)))
                for region in regions
            ]
        )
        key = sheet[mesh.region][:, None] * total + mesh.triangles
        unique, flat = np.unique(key, return_inverse=True)
        source, of_point = unique % total, unique // total
        phase = np.append(names, str(Phase.ACTIVE))[np.minimum(of_point, len(names))]
        return cls(
            points=np.ascontiguousarray(mesh.nodes[:, source].T),
            triangles=flat.reshape(mesh.triangles.shape),
            region=mesh.region,
            phase=phase,
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


@dataclass(frozen=True, eq=False)
class Result(Frozen):
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
    spectra
        Impedance spectra that steps of the protocol took.
    faces
        Pairs of faces and how they stand to each other; `None` where none may part.
    rims
        Current density along the rims of the particles; `None` if read back from a file.
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
    rims: Rims | None = None
    faces: FaceTable | None = None
    spectra: tuple[Spectrum, ...] = ()

    def __repr__(self) -> str:
        """What it is of and what it holds, in a few lines."""
        numbers = ", ".join(
            f"{number.label} {number.value} {number.unit}".rstrip()
            for number in key_numbers(self.metrics)[:_TOLD]
        )
        rows = f", {len(self.history)} rows of history" if self.history is not None else ""
        return (
            f"<Result of {self.case.title!r}: {numbers};\n"
            f" {len(self.metrics)} metrics, {len(self.field_mesh.points)} points with "
            f"{', '.join(self.fields)}, {len(self.particles.x)} particles{rows}>"
        )

    def _repr_html_(self) -> str:
        """For notebooks: a table of the key numbers."""
        rows = "".join(
            f'<tr title="{escape(number.meaning)}"><td>{escape(number.label)}</td>'
            f"<td>{escape(number.value)} {escape(number.unit)}</td></tr>"
            for number in key_numbers(self.metrics)
        )
        return f"<b>{escape(self.case.title or 'Result')}</b><table>{rows}</table>"

    def __eq__(self, other: object) -> bool:
        """Equal if all is but how long it took (metrics ``seconds_...``)."""
        if not isinstance(other, Result):
            return NotImplemented
        names = [field.name for field in fields(self) if field.name != "metrics"]
        return same(_timeless(self.metrics), _timeless(other.metrics)) and all(
            same(getattr(self, name), getattr(other, name)) for name in names
        )

    __hash__ = None

    @cached_property
    def applied(self) -> float:
        """Applied current density per cell width in A/m^2."""
        return float(self.metrics["current_density_A_m2"])

    @cached_property
    def cycles(self) -> tuple[dict[str, Any], ...]:
        """A row for every pass of a loop of the protocol: `fem.results.cycles.COLUMNS`."""
        operation = self.case.operation
        if self.history is None or not isinstance(operation, Protocol):
            return ()
        return tuple(cycle_rows(self.history, operation.cycles))

    def at(self, name: str, x: float, y: float) -> Floats:
        """A field at the point nearest to (x, y) in m of those where it is defined.

        Where it jumps, either side may be met. Shape () or, for vectors and stress, (components,).

        Raises
        ------
        KeyError
            If the run has no such field.
        """
        values, points = self.fields[name], self.field_mesh.points
        known = np.isfinite(values if values.ndim == 1 else values[:, 0])
        distance = np.hypot(points[known, 0] - x, points[known, 1] - y)
        return np.asarray(values[known][np.argmin(distance)])

    def along_anode(self, name: str) -> Floats:
        """A field in the electrolyte along the lithium, at the nodes of `anode`.

        Shape (n,) or, for vectors and stress, (n, components), in the unit of the field.

        Raises
        ------
        KeyError
            If the run has no such field.
        """
        values, mesh = self.fields[name], self.field_mesh
        electrolyte = np.flatnonzero(mesh.phase == str(Phase.ELECTROLYTE))
        place = np.zeros(self.mesh.nodes.shape[1], dtype=int)
        place[mesh.source[electrolyte]] = electrolyte
        return np.asarray(values[place[self.anode.nodes]])

    def largest_current(self) -> tuple[float, float, float]:
        """The largest ionic current density in A/m^2, and where: x and y in m.

        It is sought inside the triangles of the electrolyte, at the points where they are
        integrated: there gradients are better known than at their nodes.
        """
        space = Space(self.mesh, self.mesh.elements(Phase.ELECTROLYTE))
        kappa = resolve(self.case, self.geometry).conductivity[self.mesh.region[space.elements]]
        electrolyte = self.field_mesh.phase == str(Phase.ELECTROLYTE)
        potential = np.zeros(len(space))
        potential[space.number[self.field_mesh.source[electrolyte]]] = self.fields["phi_e"][
            electrolyte
        ]
        size = np.hypot(*charge.current(space, kappa, potential))
        x, y = np.asarray(space.basis.global_coordinates())
        top = np.unravel_index(int(np.argmax(size)), size.shape)
        return float(size[top]), float(x[top]), float(y[top])


def _timeless(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Metrics without how long it took."""
    return {name: value for name, value in metrics.items() if not name.startswith("seconds_")}
