"""Manufactured and closed solutions with sources, fluxes and reactions on curved electrodes."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from electrodes import ChargeProblem, Terminal
from harness import (
    MICROMETRE,
    Floats,
    assert_balanced,
    assert_order,
    at_nodes,
    dirichlet,
    edges,
    electrolyte,
    family,
    geometry,
    half_ring,
    l2_error,
    polygon,
    trace,
)
from scipy.sparse import csr_matrix
from skfem import LinearForm, MeshTri

from fem.forms import charge
from fem.forms.charge import conduction
from fem.laws.kinetics import Kinetics, current_density, overpotential
from fem.mesh import Mesh, assemble
from fem.solve.linear import TwoLevel
from fem.solve.newton import Newton, minimise
from fem.spaces import Space

PI = np.pi
ROOM = 298.15

# ---------------------------------------------------------------------------- variable conductivity


def unit_square(n: int) -> Mesh:
    """The unit square in 2 n^2 right triangles; outlines 0 to 3 are bottom, right, top, left."""
    ticks = np.linspace(0.0, 1.0, n + 1)
    plain = MeshTri.init_tensor(ticks, ticks)
    sides = plain.facets[:, plain.boundary_facets()].T.astype(np.int64)
    x, y = plain.p[:, sides].mean(axis=2)
    outline = np.select([y < 1e-9, x > 1.0 - 1e-9, y > 1.0 - 1e-9], [0, 1, 2], 3)
    square = geometry(polygon((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))
    region = np.zeros(plain.t.shape[1], dtype=np.int64)
    return assemble(plain.p, plain.t.T.astype(np.int64), region, sides, outline, square)


def exact(x: Floats, y: Floats) -> Floats:
    return np.asarray(np.sin(PI * x) * np.exp(y))


def exact_gradient(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    return PI * np.cos(PI * x) * np.exp(y), exact(x, y)


def kappa_at(x: Floats, y: Floats) -> Floats:
    return 1.0 + x + y**2


@LinearForm
def source(v, w):  # type: ignore[no-untyped-def]
    """-div(kappa grad u) = -[u_x + kappa (1 - pi^2) u + 2 y u] for the solution above."""
    x, y = w.x
    u = exact(x, y)
    return -(exact_gradient(x, y)[0] + kappa_at(x, y) * (1.0 - PI**2) * u + 2.0 * y * u) * v


def variable_conduction(space: Space) -> csr_matrix:
    """The form behind `conduction`, with a conductivity that varies inside the triangles.

    The package itself gives every triangle one value.
    """
    kappa = kappa_at(*np.asarray(space.basis.global_coordinates()))
    matrix = charge._conduction.assemble(space.basis, kappa=kappa)
    return matrix[space.nodes][:, space.nodes].tocsr()


def test_manufactured_dirichlet() -> None:
    """u = sin(pi x) e^y with kappa = 1 + x + y^2: order 3 in L2, 9.51154e-7 with 64 x 64 squares.

    The number was measured with another assembly on the same triangles.
    """
    errors = []
    for n in (8, 16, 32, 64):
        mesh = unit_square(n)
        space = electrolyte(mesh)
        nodes, values = at_nodes(mesh, {(0, 1, 2, 3): exact})
        load = source.assemble(space.basis)[space.nodes]
        u = dirichlet(variable_conduction(space), load, space.number[nodes], values)
        errors.append(l2_error(space, u, exact))
    assert_order(errors, 3.0, ceiling=9.6e-7)
    assert errors[-1] == pytest.approx(9.51154e-7, rel=1e-3)


def test_manufactured_flux_and_resistance() -> None:
    """The same field with a given flux at the bottom and right, and a resistive layer on top.

    The flux kappa du/dn enters as a load of the edges and the layer 1/R (u - V) as their mass
    matrix with the load V/R, so that normals, weights and signs of edges are what is tested:
    V = u + R kappa du/dn. `Edges` point into the electrolyte, du/dn is along the outer normal.
    """
    resistance = 0.3
    errors = []
    for n in (4, 8, 16, 32):
        mesh = unit_square(n)
        space = electrolyte(mesh)
        size = len(space)
        matrix, load = variable_conduction(space), source.assemble(space.basis)[space.nodes]
        for side in (0, 1, 2):
            boundary = edges(mesh, side)
            x, y = np.einsum("xea,aq->xeq", boundary.coordinates, boundary.shapes)
            gx, gy = exact_gradient(x, y)
            flux = -kappa_at(x, y) * (gx * boundary.normals[0] + gy * boundary.normals[1])
            if side < 2:
                load += boundary.load(flux, space.number, size)
            else:
                layer = np.full_like(flux, 1.0 / resistance)
                matrix = matrix + boundary.mass(layer, space.number, size)
                load += boundary.load(layer * (exact(x, y) + resistance * flux), space.number, size)
        fixed, values = at_nodes(mesh, {(3,): exact})
        u = dirichlet(matrix.tocsr(), load, space.number[fixed], values)
        errors.append(l2_error(space, u, exact))
    assert_order(errors, 3.0, ceiling=1e-5)


def test_more_vertices_than_fit_a_product_in_32_bits() -> None:
    """The potential x on 48841 vertices: pairs of vertices are numbered by products near 2^31.5."""
    mesh = unit_square(220)
    assert mesh.triangles[:, :3].max() + 1 == 221**2
    assert len(trace(mesh, 1)) == 2 * 220 + 1
    left, right = trace(mesh, 3), trace(mesh, 1)
    assert np.all(mesh.nodes[0, left] == 0.0)
    assert np.all(mesh.nodes[0, right] == 1.0)


# ---------------------------------------------------------------------------- Butler-Volmer annulus

INNER, OUTER = 5.0 * MICROMETRE, 15.0 * MICROMETRE
KAPPA = 0.05
LAWS = (Kinetics(ROOM, 10.0), Kinetics(ROOM, 2.0))
"""At the inner and at the outer circle."""


@cache
def ring_meshes() -> list[Mesh]:
    """Nested meshes of the upper half; outline 0 is the outer circle, 2 the inner one."""
    return family(half_ring(INNER, OUTER), 4.0 * MICROMETRE, 5)[2:]


def ring(x: Floats, y: Floats) -> Floats:
    """phi = .02 + .03 ln(r/a) + (.004 r/a - .006 a/r) cos: harmonic, in V."""
    r, cosine = np.hypot(x, y), x / np.hypot(x, y)
    s = r / INNER
    return np.asarray(0.02 + 0.03 * np.log(s) + (0.004 * s - 0.006 / s) * cosine)


def ring_slope(x: Floats, y: Floats) -> Floats:
    """d phi/dr in V/m."""
    r, cosine = np.hypot(x, y), x / np.hypot(x, y)
    s = r / INNER
    return np.asarray((0.03 / s + (0.004 + 0.006 / s**2) * cosine) / INNER)


def electrode_potential(x: Floats, y: Floats, law: Kinetics, inner: bool) -> Floats:
    """V = phi + eta(i), with i = -kappa phi_r at the inner circle and +kappa phi_r at the outer."""
    current = (-1.0 if inner else 1.0) * KAPPA * ring_slope(x, y)
    return ring(x, y) + overpotential(current, law)


def test_electrode_potentials_of_the_ring() -> None:
    """V at angles 0 and pi, in V, from the formulas with symmetric transfer coefficients."""
    x, zero = np.array([1.0, -1.0]), np.zeros(2)
    inner = electrode_potential(INNER * x, zero, LAWS[0], inner=True)
    outer = electrode_potential(OUTER * x, zero, LAWS[1], inner=False)
    assert inner == pytest.approx([-0.17158574, -0.13206415], abs=2e-8)
    assert outer == pytest.approx([0.28366796, 0.21174924], abs=2e-8)


def test_nonlinear_ring() -> None:
    """Butler-Volmer on both circles, driven along them so that the potential above solves it.

    The net current that leaves the inner circle is -2 pi kappa .03 V, all of it from the logarithm
    (half of it here: y = 0 is a line of symmetry): order 4; the potential is of order 3 in L2.
    Newton starts from the constant .02 V.
    """
    assert pytest.approx(-9.42477796e-3, rel=1e-9) == -2.0 * PI * KAPPA * 0.03
    expected = -PI * KAPPA * 0.03
    currents, fields = [], []
    for mesh in ring_meshes():
        space = electrolyte(mesh)
        size = len(space)
        conductance = conduction(space, np.full(size, KAPPA)[: len(mesh.region)])
        surfaces = []
        for outline, law, inner in ((2, LAWS[0], True), (0, LAWS[1], False)):
            boundary = edges(mesh, outline)
            x, y = np.einsum("xea,aq->xeq", boundary.coordinates, boundary.shapes)
            surfaces.append((boundary, law, electrode_potential(x, y, law, inner)))

        def reaction(u, surface, space=space):  # type: ignore[no-untyped-def]
            boundary, law, drive = surface
            return current_density(drive - boundary.at_points(u, space.number), law)

        def residual(u, space=space, size=size, surfaces=surfaces, matrix=conductance):  # type: ignore[no-untyped-def]
            value = matrix @ u
            for surface in surfaces:
                value -= surface[0].load(reaction(u, surface)[0], space.number, size)
            return value

        def tangent(u, space=space, size=size, surfaces=surfaces, matrix=conductance):  # type: ignore[no-untyped-def]
            for surface in surfaces:
                slope = reaction(u, surface)[1]
                matrix = matrix + surface[0].mass(slope, space.number, size)
            return matrix.tocsr()

        def solve(matrix, rhs, tolerance, space=space):  # type: ignore[no-untyped-def]
            return TwoLevel(matrix, space.from_p1).solve(rhs, tolerance).solution

        start = np.full(size, 0.02)
        settings = Newton(tolerance=1e-12)
        found = minimise(residual, tangent, solve, start, abs(expected), "phi_e", settings)
        assert found.iterations <= 7
        inside, outside = (s[0].total(reaction(found.solution, s)[0]) for s in surfaces)
        assert abs(inside + outside) <= 1e-10 * abs(inside)
        currents.append(inside / expected - 1.0)
        fields.append(l2_error(space, found.solution, ring) / (0.03 * OUTER))
    assert_order(currents, 4.0, ceiling=5e-8)
    assert_order(fields, 3.0, ceiling=2e-6)


@pytest.mark.parametrize(
    ("current", "millivolts"), [(1e-4, 21.9691152787), (1e-3, 154.926516738), (1e-2, 416.918203516)]
)
def test_ring_at_a_given_current(current: float, millivolts: float) -> None:
    """Concentric equipotentials with Butler-Volmer kinetics at a given current per depth, order 4.

    V = I ln(b/a)/(2 pi kappa) + (2RT/F) [asinh(I/(4 pi a i0_a)) + asinh(I/(4 pi b i0_b))], the
    """
    densities = current / (2.0 * PI * np.array([INNER, OUTER]))
    expected = current * np.log(OUTER / INNER) / (2.0 * PI * KAPPA) + sum(
        float(overpotential(i, law)) for i, law in zip(densities, LAWS, strict=True)
    )
    assert 1e3 * expected == pytest.approx(millivolts, rel=1e-10)
    ohmic, length = [], []
    for mesh in ring_meshes():
        inner = Terminal("inner", edges(mesh, 2), LAWS[0], current=0.5 * current)
        outer = Terminal("outer", edges(mesh, 0), LAWS[1], potential=0.0)
        solution = ChargeProblem(mesh, np.array([KAPPA])).solve([outer, inner])
        assert_balanced(solution)
        resistance = np.log(OUTER / INNER) / (PI * KAPPA)
        ohmic.append(solution.ohmic_power() / (resistance * (0.5 * current) ** 2) - 1.0)
        length.append(outer.edges.length / (PI * OUTER) - 1.0)
    assert_order(ohmic, 4.0, ceiling=2e-8)
    assert_order(length, 4.0, ceiling=1e-9)
    assert solution.terminal_potentials[1] == pytest.approx(expected, rel=2e-9)


# ---------------------------------------------------------------------------- Wagner number


@pytest.mark.parametrize(
    ("kh", "wagner", "expected"),
    [
        (PI, 0.0, 0.08658953753),
        (PI, 0.1, 0.078690993053),
        (PI, 1.0, 0.0432139182638),
        (PI, 10.0, 0.00784508947542),
        (0.5 * PI, 1.0, 0.207879576351),
    ],
)
def test_wagner_number(kh: float, wagner: float, expected: float) -> None:
    """A potential V cos kx at y = H above a flat electrode of resistance rho at y = 0.

    phi = (A sinh ky + B cosh ky) cos kx with the current i = kappa k A = B/rho, so that
    i/(V kappa k) = 1/(sinh kH + Wa cosh kH), Wa = rho kappa k. The cosine coefficient of the
    current is a linear functional of a smooth solution: order 4.
    """
    k, kappa = PI, 0.05
    height = kh / k
    assert 1.0 / (np.sinh(kh) + wagner * np.cosh(kh)) == pytest.approx(expected, rel=1e-10)
    shape = geometry(polygon((0.0, 0.0), (1.0, 0.0), (1.0, height), (0.0, height)))
    errors = []
    for mesh in family(shape, 0.2, 4)[1:]:
        space = electrolyte(mesh)
        matrix = conduction(space, np.full(len(mesh.region), kappa))
        bottom = edges(mesh, 0)
        data = {(2,): lambda x, y: np.cos(k * x)}
        if wagner > 0.0:
            law = Kinetics(ROOM, area_resistance=wagner / (kappa * k))
            slope = current_density(np.zeros_like(bottom.weights), law)[1]
            layer = bottom.mass(slope, space.number, len(space))
            nodes, values = at_nodes(mesh, data)
            u = dirichlet(
                (matrix + layer).tocsr(), np.zeros(len(space)), space.number[nodes], values
            )
            reaction = layer @ u
        else:
            nodes, values = at_nodes(mesh, data | {(0,): 0.0})
            u = dirichlet(matrix, np.zeros(len(space)), space.number[nodes], values)
            reaction = -(matrix @ u)
        electrode = trace(mesh, 0)
        weight = np.cos(k * mesh.nodes[0, electrode])
        coefficient = 2.0 * weight @ reaction[space.number[electrode]]
        errors.append(coefficient / (kappa * k * expected) - 1.0)
    assert_order(errors, 4.0, ceiling=2e-6)
