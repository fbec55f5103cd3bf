"""From a geometry to a mesh of curved (isoparametric) P2 triangles with named regions."""

from __future__ import annotations

import numpy as np

from fem.case import Case
from fem.errors import InputError
from fem.geometry.types import Geometry, Triangles
from fem.mesh.cell import Floats, Ints, Mesh, Quality, assemble, quality
from fem.mesh.lattice import bed
from fem.mesh.triangulate import (
    EDGE_PER_GAP,
    EDGE_PER_RADIUS,
    MICROMETRE,
    Triangulation,
    chains_of,
    expected,
    joined,
    pictured,
    refined,
    sound,
)

__all__ = [
    "EDGE_PER_GAP",
    "EDGE_PER_RADIUS",
    "Floats",
    "Ints",
    "Mesh",
    "Quality",
    "assemble",
    "expected",
    "from_case",
    "generate",
    "quality",
]


def generate(
    geometry: Geometry, size: float, growth: float = 0.3, max_size: float | None = None
) -> Mesh:
    """Mesh `geometry`; the same input gives the same mesh, bit by bit.

    A geometry that came with triangles keeps them, whatever the sizes.

    Parameters
    ----------
    size
        Element size on interfaces in m.
    growth
        How fast elements may grow away from them (netgen's grading, 0 to 1).
    max_size
        Largest element size in m; by default ten times `size`.
    """
    if geometry.triangles is not None:
        return _as_given(geometry, geometry.triangles)
    largest = (10.0 * size if max_size is None else max_size) / MICROMETRE
    whole = _triangulate(geometry, size, growth, largest)
    return assemble(
        whole.vertices * MICROMETRE,
        whole.triangles,
        whole.region,
        whole.edges,
        whole.outline,
        geometry,
    )


def _as_given(geometry: Geometry, given: Triangles) -> Mesh:
    try:
        return assemble(
            given.vertices, given.triangles, given.region, given.edges, given.outline, geometry,
            given.middles,
        )  # fmt: skip
    except InputError as error:
        raise InputError(
            error.problem,
            key="geometry.mesh.file",
            allowed="triangles that do not fold",
            cure="Mesh.HighOrderOptimize = 2, or smaller triangles along curves",
        ) from None


def _triangulate(geometry: Geometry, size: float, growth: float, largest: float) -> Triangulation:
    chains = chains_of(geometry, size)
    copied = bed(geometry, chains, growth, largest)
    if copied is not None:
        below, remaining = copied
        line = remaining[0]
        above = sound(remaining, growth, largest, line.number)
        # Copies only fit if the mesher kept the edges of the line between.
        if (above.outline == line.number).sum() == line.points.shape[1] - 1:
            height = line.points[1, 0]
            seam = np.flatnonzero(np.abs(below.vertices[1] - height) < 1e-6)
            return joined([below, above], [seam, above.on(line.number)])
    if pictured(geometry):
        return refined(chains, growth, largest)
    return sound(chains, growth, largest)


def from_case(case: Case, geometry: Geometry) -> Mesh:
    """`generate` with the ``[mesh]`` table of a case."""
    largest = None if case.mesh.max_size is None else float(case.mesh.max_size)
    return generate(geometry, float(case.mesh.size), case.mesh.growth, largest)
