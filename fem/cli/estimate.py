"""The size of a mesh before it is made, to refuse what no machine could solve."""

from __future__ import annotations

import numpy as np

from fem import geometry
from fem.case import Case
from fem.errors import InputError
from fem.geometry import Geometry, Outline

LIMIT = 5e6
"""Triangles; ten million unknowns a field take tens of gigabytes."""


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
    """About how many: ten an edge on interfaces, and the largest ones in the rest of the area."""
    size = float(case.mesh.size)
    largest = 10.0 * size if case.mesh.max_size is None else float(case.mesh.max_size)
    edges = sum(_edges(outline, size) for outline in shape.outlines if _reacts(shape, outline))
    return 10.0 * edges + 1.6 * shape.width * shape.height / largest**2


def _edges(outline: Outline, size: float) -> float:
    from fem.mesh import EDGE_PER_GAP, EDGE_PER_RADIUS

    t = np.linspace(0.0, 1.0, 65)
    lengths = np.hypot(*np.diff(outline.curve.point(t)))
    radius = outline.curve.radius(0.5 * (t[1:] + t[:-1]))
    local = np.minimum(min(size, EDGE_PER_GAP * outline.size), EDGE_PER_RADIUS * radius)
    return max(1.0 + len(outline.curve.corners), float((lengths / local).sum()))


def _reacts(shape: Geometry, outline: Outline) -> bool:
    """Whether the phases on both sides differ."""
    sides = {shape.regions[i].phase if i >= 0 else None for i in (outline.left, outline.right)}
    return len(sides) == 2 and None not in sides
