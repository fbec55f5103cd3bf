"""The size of a mesh before it is made, to refuse what no machine could solve."""

from __future__ import annotations

from fem import geometry
from fem.case import Case
from fem.errors import InputError
from fem.geometry import Geometry
from fem.mesh import expected

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
    """About how many."""
    largest = None if case.mesh.max_size is None else float(case.mesh.max_size)
    return expected(shape, float(case.mesh.size), largest)
