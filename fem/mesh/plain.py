"""A mesh with its geometry as plain arrays and JSON types, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from numpy.typing import NDArray
from skfem import MeshTri2

from fem.geometry.curves import Arc, Line
from fem.geometry.parabolas import Parabolas
from fem.geometry.polyline import Polyline
from fem.geometry.spline import Spline
from fem.geometry.types import Deposit, Geometry, Outline, Particles, Phase, Region
from fem.mesh.cell import Mesh

CURVES = {curve.__name__: curve for curve in (Line, Arc, Spline, Polyline, Parabolas)}
_PARTICLES = ("x", "y", "diameter", "inactivity")


def mesh_arrays(mesh: Mesh) -> dict[str, NDArray[Any]]:
    """The arrays of a mesh by name, particles included."""
    return {
        "mesh.nodes": mesh.nodes,
        "mesh.vertices": mesh.skfem.t,
        "mesh.region": mesh.region,
        "mesh.edges": mesh.edges,
        "mesh.outline": mesh.outline,
        **{f"mesh.particles.{name}": getattr(mesh.geometry.particles, name) for name in _PARTICLES},
    }


def mesh_from(arrays: Mapping[str, NDArray[Any]], geometry: dict[str, Any]) -> Mesh:
    """The mesh of `mesh_arrays` and `describe`."""
    particles = Particles(*(arrays[f"mesh.particles.{name}"] for name in _PARTICLES))
    skfem = MeshTri2(arrays["mesh.nodes"], arrays["mesh.vertices"])
    return Mesh(
        skfem,
        arrays["mesh.region"],
        arrays["mesh.edges"],
        arrays["mesh.outline"],
        geometry_from(geometry, particles),
    )


def describe(geometry: Geometry) -> dict[str, Any]:
    """A geometry without its particles in the types of JSON."""
    outlines = [asdict(outline) for outline in geometry.outlines]
    for outline, facts in zip(geometry.outlines, outlines, strict=True):
        facts["curve"] = [type(outline.curve).__name__, facts["curve"]]
    return {
        "size": [geometry.width, geometry.height, geometry.depth, geometry.lithium_y],
        "regions": [asdict(region) for region in geometry.regions],
        "outlines": outlines,
        "deposits": [asdict(deposit) for deposit in geometry.deposits],
        "notes": list(geometry.notes),
    }


def geometry_from(facts: dict[str, Any], particles: Particles) -> Geometry:
    """The geometry that `describe` told of; its lattice is not kept."""
    facts = _tuples(facts)
    regions = tuple(Region(**{**r, "phase": Phase(r["phase"])}) for r in facts["regions"])
    outlines = tuple(
        Outline(**{**o, "curve": CURVES[o["curve"][0]](**o["curve"][1])}) for o in facts["outlines"]
    )
    deposits = tuple(Deposit(**deposit) for deposit in facts["deposits"])
    width, height, depth, lithium_y = facts["size"]
    return Geometry(
        width,
        height,
        depth,
        lithium_y,
        regions,
        outlines,
        particles,
        deposits,
        notes=facts["notes"],
    )


def _tuples(value: Any) -> Any:
    """`value` with tuples in place of lists."""
    if isinstance(value, dict):
        return {name: _tuples(item) for name, item in value.items()}
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
