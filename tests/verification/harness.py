"""What the verification tests of charge share: shapes, nested meshes, direct solves, orders.

Shapes are drawn by hand from exact curves. Every outline has its region on the left, so an outer
boundary runs counterclockwise and a hole clockwise. Dirichlet problems are solved here with a
sparse LU, so that what is measured is the package's mesh, spaces and forms and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from electrodes import Solved
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import splu
from skfem import Basis, ElementTriP2

from fem.forms.charge import conduction
from fem.forms.interface import Edges
from fem.geometry.curves import Arc, Curve, Line
from fem.geometry.types import OUTSIDE, Geometry, Outline, Particles, Phase, Region
from fem.mesh import Ints, Mesh, generate
from fem.spaces import Space

Floats = NDArray[np.float64]
Field = Callable[[Floats, Floats], Floats]

MICROMETRE = 1e-6


# ---------------------------------------------------------------------------- shapes and meshes


def geometry(
    outlines: Iterable[Curve | Outline], phases: Sequence[Phase] = (Phase.ELECTROLYTE,)
) -> Geometry:
    """A geometry of regions of the given phases; bare curves bound region 0."""
    drawn = tuple(o if isinstance(o, Outline) else Outline(o, 0, OUTSIDE) for o in outlines)
    areas = np.zeros(len(phases))
    for o in drawn:
        areas[o.left] += o.curve.moment
        if o.right != OUTSIDE:
            areas[o.right] -= o.curve.moment
    nothing = Particles.none()
    regions = tuple(
        Region(f"region {k}", phase, "none", float(area))
        for k, (phase, area) in enumerate(zip(phases, areas, strict=True))
    )
    corners = np.hstack([o.curve.point(np.linspace(0.0, 1.0, 33)) for o in drawn])
    width, height = corners.max(axis=1)
    return Geometry(float(width), float(height), 1.0, float(height), regions, drawn, nothing)


def polygon(*corners: tuple[float, float]) -> list[Curve]:
    """The closed polygon through `corners`; side k starts at corner k."""
    return [Line(a, b) for a, b in zip(corners, (*corners[1:], corners[0]), strict=True)]


def half_ring(inner: float, outer: float, offset: float = 0.0) -> Geometry:
    """The upper half between circles around (offset, 0) and (0, 0).

    Outlines: 0 the outer circle, 2 the inner circle, 1 and 3 the symmetry line y = 0.
    """
    return geometry(
        [
            Arc((0.0, 0.0), (outer, outer), (0.0, np.pi)),
            Line((-outer, 0.0), (offset - inner, 0.0)),
            Arc((offset, 0.0), (inner, inner), (np.pi, 0.0)),
            Line((offset + inner, 0.0), (outer, 0.0)),
        ]
    )


def family(shape: Geometry, size: float, count: int, growth: float = 0.5) -> list[Mesh]:
    """`count` nested meshes, each with every triangle of the one before cut in four."""
    meshes = [generate(shape, size, growth, max_size=size)]
    while len(meshes) < count:
        meshes.append(meshes[-1].refined())
    return meshes


def which(mesh: Mesh, *outlines: int) -> Ints:
    """Edges on the given outlines, as row numbers of ``mesh.edges``."""
    return np.flatnonzero(np.isin(mesh.outline, outlines))


def edges(mesh: Mesh, *outlines: int) -> Edges:
    """Edges on the given outlines; normals point into the electrolyte."""
    return Edges.of(mesh, which(mesh, *outlines))


def trace(mesh: Mesh, *outlines: int) -> Ints:
    """Mesh nodes on the given outlines."""
    return np.unique(mesh.edges[which(mesh, *outlines)])


# ---------------------------------------------------------------------------- Dirichlet problems


@dataclass(frozen=True)
class Potential:
    """A solved Dirichlet problem."""

    space: Space
    matrix: csr_matrix
    values: Floats

    @property
    def energy(self) -> float:
        """The integral of kappa |grad u|^2: the conductance, if the drive is 1 V."""
        return float(self.values @ (self.matrix @ self.values))

    def flux_through(self, nodes: Ints) -> float:
        """What the mesh nodes feed into the field: the sum of their reactions."""
        return float((self.matrix @ self.values)[self.space.number[nodes]].sum())


def electrolyte(mesh: Mesh) -> Space:
    """The space on all triangles."""
    return Space(mesh, np.arange(len(mesh.region)))


def dirichlet(matrix: csr_matrix, load: Floats, fixed: Ints, values: Floats) -> Floats:
    """Solve ``matrix u = load`` with ``u[fixed] = values`` by a sparse LU."""
    u = np.zeros(matrix.shape[0])
    u[fixed] = values
    free = np.setdiff1d(np.arange(len(u)), fixed)
    rhs = (load - matrix @ u)[free]
    inner = matrix[free][:, free].tocsc()
    symmetric = {"SymmetricMode": True}
    u[free] = splu(inner, "MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=symmetric).solve(rhs)
    return u


def at_nodes(mesh: Mesh, data: Mapping[tuple[int, ...], float | Field]) -> tuple[Ints, Floats]:
    """Mesh nodes with Dirichlet data, by outlines, and the data; later entries win."""
    values = np.full(mesh.nodes.shape[1], np.nan)
    for outlines, given in data.items():
        nodes = trace(mesh, *outlines)
        values[nodes] = given(*mesh.nodes[:, nodes]) if callable(given) else given
    nodes = np.flatnonzero(np.isfinite(values))
    return nodes, values[nodes]


def laplace(
    mesh: Mesh, data: Mapping[tuple[int, ...], float | Field], kappa: Floats | float = 1.0
) -> Potential:
    """Solve ``div(kappa grad u) = 0``, `kappa` by region, insulated where no `data` is given."""
    space = electrolyte(mesh)
    by_region = np.broadcast_to(np.asarray(kappa, dtype=float), len(mesh.geometry.regions))
    matrix = conduction(space, by_region[mesh.region])
    nodes, values = at_nodes(mesh, data)
    return Potential(
        space, matrix, dirichlet(matrix, np.zeros(len(space)), space.number[nodes], values)
    )


# ---------------------------------------------------------------------------- errors and orders


def l2_error(space: Space, values: Floats, exact: Field) -> float:
    """The L2 norm of the error with a rule far richer than the one that assembles."""
    basis = Basis(space.mesh.skfem, ElementTriP2(), elements=space.elements, intorder=10)
    x, y = np.asarray(basis.global_coordinates())
    difference = np.asarray(basis.interpolate(space.spread(values, fill=0.0))) - exact(x, y)
    return float(np.sqrt((difference**2 * basis.dx).sum()))


def orders(errors: Sequence[float]) -> Floats:
    """Observed orders between successive meshes whose size halves."""
    return np.log2(np.abs(np.asarray(errors[:-1], dtype=float) / np.asarray(errors[1:])))


def assert_order(errors: Sequence[float], order: float, ceiling: float, band: float = 0.1) -> None:
    """The order between the meshes, and the error on the finest one.

    At least three meshes; every observed order lies within `band` of `order`.
    """
    assert len(errors) >= 3
    observed = orders(errors)
    message = f"orders {np.round(observed, 3)}, errors {[f'{e:.3g}' for e in errors]}"
    assert np.all(np.abs(observed - order) <= band), f"{message}; expected {order} +- {band}"
    assert abs(errors[-1]) <= ceiling, f"{message}; ceiling {ceiling:g}"


# ---------------------------------------------------------------------------- identities


def assert_balanced(solution: Solved, tolerance: float = 1e-10) -> None:
    """No net charge, and the power fed in is lost in the electrolyte and the reactions.

    Both follow from the discrete equations, with the test functions 1 and phi_e, on any mesh.
    """
    terminals = range(len(solution.terminals))
    currents = [solution.total(k) for k in terminals]
    assert abs(sum(currents)) <= tolerance * max(map(abs, currents))
    fed = sum(v * i for v, i in zip(solution.terminal_potentials, currents, strict=True))
    lost = solution.ohmic_power() + sum(
        solution.reaction_power(k) + solution.wire_power(k) for k in terminals
    )
    assert abs(fed - lost) <= tolerance * lost
    for terminal, current in zip(solution.terminals, currents, strict=True):
        if terminal.current is not None:
            assert abs(current - terminal.current) <= tolerance * max(map(abs, currents))
