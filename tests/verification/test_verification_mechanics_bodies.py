"""Patch tests, rings, plates with holes, and equilibrium: reference solutions without jumps."""

from __future__ import annotations

import numpy as np
import pytest
from mechanics_harness import (
    QUARTER,
    UNIT,
    Body,
    Field,
    Floats,
    arc,
    assert_order,
    drawing,
    edges_on,
    family,
    line,
    nodes_on,
    quarter_inclusion,
    quarter_ring,
    square,
    structured_ring,
)
from mechanics_series import ConfocalSeries

from fem.geometry.types import OUTSIDE
from fem.mesh import generate

X, Y = 0, 1


# ---------------------------------------------------------------------------- patches


@pytest.mark.parametrize("nu", [0.0, 0.3, 0.4999])
@pytest.mark.parametrize("shape", ["square", "ring"])
def test_linear_displacement_is_exact(shape: str, nu: float) -> None:
    """u = (1 + 2x + 3y, -2 + x/2 - y) has constant stress, on curved elements too.

    An isoparametric element holds linear fields, and the terms to integrate are polynomials of
    degree 2 on the reference element, so only rounding is left.
    """
    geometry = square() if shape == "square" else quarter_ring((1.0, 1.0), (2.0, 3.0))[0]
    body = Body(generate(geometry, 0.3 * UNIT, max_size=0.3 * UNIT), [1.0], [nu])

    def exact(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        return 1.0 + 2.0 * x + 3.0 * y, -2.0 + 0.5 * x - y

    solution = body.solve_with(np.zeros(2 * len(body.space)), range(4), exact)
    lam, mu = (constants[0] for constants in body.lame)
    wanted = np.array([lam + 4 * mu, lam - 2 * mu, lam, 3.5 * mu])
    sigma = solution.stress()
    np.testing.assert_allclose(
        sigma, np.broadcast_to(wanted[:, None, None], sigma.shape), atol=1e-12 * lam + 1e-11 * mu
    )


@pytest.mark.parametrize("nu", [0.0, 0.3, 0.4999])
def test_uniform_eigenstrain(nu: float) -> None:
    """A fully held body has s = -E eps* / (1 - 2 nu) I: for nu = .3 and E = 1, -2.5.

    With u_y left free the stress that is left in the plane is -E eps* / (1 - nu): -1.428571.
    """
    body = Body(generate(square(), 0.3 * UNIT, max_size=0.3 * UNIT), [1.0], [nu])
    load = body.eigenstrain_load([1.0])
    bulk = 1.0 / (1.0 - 2.0 * nu)
    own = np.array([bulk, bulk, bulk, 0.0])[:, None, None]

    every = np.arange(len(body.space))
    held = body.solve(load, (every, X, 0.0), (every, Y, 0.0)).stress() - own
    np.testing.assert_allclose(held, np.broadcast_to(-own, held.shape), atol=1e-12 * bulk)

    sides, bottom = nodes_on(body.mesh, 1, 3), nodes_on(body.mesh, 0)
    free = body.solve(load, (sides, X, 0.0), (bottom, Y, 0.0)).stress() - own
    wanted = np.array([-1.0 / (1.0 - nu), 0.0, -1.0 / (1.0 - nu), 0.0])[:, None, None]
    np.testing.assert_allclose(free, np.broadcast_to(wanted, free.shape), atol=1e-12 * bulk)


def test_self_equilibrium() -> None:
    """Without tractions, int s_ij dA = 0 for the in-plane ij: take w linear in the weak form."""
    geometry, _ = quarter_inclusion((2.0, 1.0), (4.0, 3.0))
    body = Body(generate(geometry, 0.4 * UNIT, max_size=0.4 * UNIT), [1.0, 5.0], [0.3, 0.2])
    load = body.eigenstrain_load([1.0, -0.3])
    corner = np.flatnonzero(np.hypot(*body.points) < 1e-9)
    right = np.flatnonzero(np.hypot(body.points[X] - 4.0, body.points[Y]) < 1e-9)
    solution = body.solve(load, (corner, X, 0.0), (corner, Y, 0.0), (right, Y, 0.0))
    lam, mu = body.lame
    own = (3.0 * lam + 2.0 * mu) * np.array([1.0, -0.3])[body.mesh.region]
    sigma = solution.stress()
    sigma[:3] -= own[:, None]
    dx = np.asarray(body.space.basis.dx)
    total, scale = (sigma * dx).sum(axis=(1, 2)), (np.abs(sigma) * dx).sum(axis=(1, 2))
    assert scale[:2].min() > 0.1 * dx.sum()
    assert np.abs(total[[0, 1, 3]]).max() <= 1e-11 * scale.max()
    assert np.abs(solution.reactions).max() <= 1e-11 * np.abs(load).max()


def test_reactions_balance_the_load() -> None:
    """A pressure p on the arc of a quarter disc pushes with p R along x and along y."""
    geometry, side = quarter_ring((1.0, 1.0), (3.0, 2.0))
    body = Body(generate(geometry, 0.3 * UNIT, max_size=0.3 * UNIT), [1.0], [0.3])
    solution = body.solve_quarter(body.pressure_load(side["inner"], 1.0))
    held_x, held_y = nodes_on(body.mesh, side["left"]), nodes_on(body.mesh, side["bottom"])
    assert solution.reactions[held_x, X].sum() == pytest.approx(-1.0 * UNIT, rel=1e-11)
    assert solution.reactions[held_y, Y].sum() == pytest.approx(-1.0 * UNIT, rel=1e-11)
    assert solution.reactions.sum(axis=0) == pytest.approx(-solution.load.reshape(-1, 2).sum(0))
    # Twice the energy is the work of the load.
    assert 2.0 * solution.energy == pytest.approx(solution.work, rel=1e-12)


# ---------------------------------------------------------------------------- thick ring


def lame_ring(nu: float) -> tuple[float, float]:
    """u_r = A r + B / r for a = 1, b = 2, inner pressure 1, E = 1, plane strain.

    s_r = (a^2 - a^2 b^2 / r^2) / (b^2 - a^2) gives A = (1 + nu)(1 - 2 nu) / 3, B = 4 (1 + nu) / 3.
    """
    return (1.0 + nu) * (1.0 - 2.0 * nu) / 3.0, 4.0 * (1.0 + nu) / 3.0


def ring_fields(nu: float) -> Field:
    a, b = lame_ring(nu)
    return lambda x, y: (a * x + b * x / (x**2 + y**2), a * y + b * y / (x**2 + y**2))


def test_lame_ring() -> None:
    """u(1) = 1.90666666667 and u(2) = 1.21333333333; hoop stress 1.6666667 and .6666667; s_z = .2.

    The mean of u(1) is the work of the pressure over its resultant: fourth order, as an energy.
    """
    a, b = lame_ring(0.3)
    means, errors, mesh = [], [], structured_ring(1.0, 2.0, 4, 8)
    for _ in range(4):
        body = Body(mesh, [1.0], [0.3])
        solution = body.solve_quarter(body.pressure_load(3, 1.0))
        means.append(solution.work / QUARTER / (a + b) - 1.0)
        errors.append(solution.error(ring_fields(0.3)))
        mesh = mesh.refined()
    assert_order(means, 4.0, 1e-7)
    assert_order(errors, 3.0, 3e-6)
    assert solution.at(1.0, 0.0)[X] == pytest.approx(1.90666666667, rel=1e-6)
    assert solution.at(0.0, 2.0)[Y] == pytest.approx(1.21333333333, rel=1e-6)
    inner, outer = solution.nodal_stress(1.0, 0.0), solution.nodal_stress(2.0, 0.0)
    assert inner[[Y, 2]] == pytest.approx([1.66666666667, 0.2], abs=5e-3)
    assert outer[[Y, 2]] == pytest.approx([0.66666666667, 0.2], abs=5e-3)


@pytest.mark.slow
def test_lame_ring_nearly_incompressible() -> None:
    """nu = .4999: u(1) = 1.99996666, u(2) = 1.00013332; to 1e-3 on 16 x 32, where P1 locks by 19 %.

    Between a mesh and its first refinement the energy gains at least the order 2.4 of A2.
    """
    a, b = lame_ring(0.4999)
    means, mesh = [], structured_ring(1.0, 2.0, 4, 8)
    for _ in range(4):
        body = Body(mesh, [1.0], [0.4999])
        solution = body.solve_quarter(body.pressure_load(3, 1.0))
        means.append(solution.work / QUARTER / (a + b) - 1.0)
        mesh = mesh.refined()
    assert (np.log2(np.abs(means[:-1]) / np.abs(means[1:])) >= 2.4).all(), means
    body = Body(structured_ring(1.0, 2.0, 16, 32), [1.0], [0.4999])
    solution = body.solve_quarter(body.pressure_load(3, 1.0))
    assert solution.at(1.0, 0.0)[X] == pytest.approx(1.99996666, rel=2e-4)
    assert solution.at(2.0, 0.0)[X] == pytest.approx(1.00013332, rel=2e-4)
    assert solution.work / QUARTER == pytest.approx(1.99996666, rel=1e-4)


# ---------------------------------------------------------------------------- hole in a plate


def kirsch(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Displacement around a hole of radius 1 under s_xx = 1 far away; E = 1, nu = .3.

    With kappa = 3 - 4 nu, 4 G u_r = r ((kappa - 1)/2 + cos 2t) + (1 + (1 + kappa) cos 2t) / r
    - cos 2t / r^3 and 4 G u_t = ((1 - kappa) / r - r - 1 / r^3) sin 2t.
    """
    shear, kappa = 1.0 / 2.6, 1.8
    r, t = np.hypot(x, y), np.arctan2(y, x)
    c, s = np.cos(2 * t), np.sin(2 * t)
    radial = r * (0.5 * (kappa - 1) + c) + (1 + (1 + kappa) * c) / r - c / r**3
    along = ((1 - kappa) / r - r - 1 / r**3) * s
    return (
        (radial * np.cos(t) - along * np.sin(t)) / (4 * shear),
        (radial * np.sin(t) + along * np.cos(t)) / (4 * shear),
    )


@pytest.mark.slow
def test_kirsch() -> None:
    """u_r(1, 0) = 2.73, u_r(1, 90) = -.91, u_r(2, 0) = 2.97375; peak 3 above the hole, -1 beside.

    The exact displacement is prescribed on the outer sides of a square of side 4.
    """
    assert kirsch(np.array([1.0, 0.0, 2.0]), np.array([0.0, 1.0, 0.0]))[X][[0, 2]] == pytest.approx(
        [2.73, 2.97375], rel=1e-12
    )
    geometry = drawing(
        [
            (line((1.0, 0.0), (4.0, 0.0)), 0, OUTSIDE),
            (line((4.0, 0.0), (4.0, 4.0)), 0, OUTSIDE),
            (line((4.0, 4.0), (0.0, 4.0)), 0, OUTSIDE),
            (line((0.0, 4.0), (0.0, 1.0)), 0, OUTSIDE),
            (arc((1.0, 1.0), (QUARTER, 0.0)), 0, OUTSIDE),
        ]
    )
    errors = []
    for mesh in family(geometry, 1.0, 4):
        body = Body(mesh, [1.0], [0.3])
        outer = nodes_on(mesh, 1, 2)
        exact = kirsch(*body.points[:, outer])
        solution = body.solve_quarter(
            np.zeros(2 * len(body.space)), (outer, X, exact[X]), (outer, Y, exact[Y])
        )
        errors.append(solution.error(kirsch))
    assert_order(errors, 3.0, 5e-5)
    assert solution.at(1.0, 0.0)[X] == pytest.approx(2.73, abs=1e-4)
    assert solution.at(0.0, 1.0)[Y] == pytest.approx(-0.91, abs=1e-4)
    assert solution.nodal_stress(0.0, 1.0)[X] == pytest.approx(3.0, rel=5e-3)
    assert solution.nodal_stress(1.0, 0.0)[Y] == pytest.approx(-1.0, rel=5e-3)
    assert solution.nodal_stress(0.0, 4.0)[X] == pytest.approx(1.037109375, rel=5e-4)


# ---------------------------------------------------------------------------- NAFEMS LE1


def test_nafems_le1() -> None:
    """The elliptic membrane: s_yy = 92.7 MPa at (2, 0) (NAFEMS R0015, 1990, three digits).

    Its ellipses are confocal, so a Laurent series solves it exactly: 92.6581801 MPa. Plane stress
    with E = 210 GPa, nu = .3 is plane strain with E' = E (1 + 2 nu) / (1 + nu)^2 = 198.816568 GPa
    and nu' = nu / (1 + nu). The work of the 10 MPa on the outer arc is of fourth order.
    """
    youngs, nu = 210e3, 0.3
    youngs, nu = youngs * (1 + 2 * nu) / (1 + nu) ** 2, nu / (1 + nu)
    assert (youngs, nu) == pytest.approx((198816.568047, 0.230769230769), rel=1e-11)
    series = ConfocalSeries((2.0, 1.0), youngs / (2 * (1 + nu)), nu, 22)
    exact = series.fit(
        (2.0, lambda on: [(on.pressing, 0.0), (on.shearing, 0.0)]),
        (3.25, lambda on: [(on.pressing, 10.0), (on.shearing, 0.0)]),
    )
    assert exact.misfit < 1e-9
    peak = exact.stress(np.array([2.0]), np.array([0.0]))[Y, 0]
    assert peak == pytest.approx(92.6581801, rel=1e-8)
    assert round(peak, 1) == 92.7
    angle = (np.arange(200) + 0.5) * QUARTER / 200
    outer = exact.on(3.25, angle)
    work = 10.0 * float((outer.opening @ exact.coefficients * outer.speeds).mean()) * QUARTER

    geometry, side = quarter_ring((2.0, 1.0), (3.25, 2.75))
    errors, peaks = [], []
    for mesh in family(geometry, 0.5, 5):
        body = Body(mesh, [youngs], [nu])
        solution = body.solve_quarter(body.pressure_load(side["outer"], -10.0))
        errors.append(solution.work / work - 1.0)
        peaks.append(solution.nodal_stress(2.0, 0.0)[Y] / peak - 1.0)
    assert_order(errors[1:], 4.0, 6e-8)
    # The stress at a node is a derivative: second order.
    assert_order(peaks[1:], 2.0, 1e-3)


def test_arc_length_and_area_of_the_outline() -> None:
    """The harness itself: a quarter circle of radius 2 is pi long, with its normals outwards."""
    geometry, side = quarter_ring((1.0, 1.0), (2.0, 2.0))
    errors = []
    for mesh in family(geometry, 1.0, 3):
        edges = edges_on(mesh, side["outer"])
        errors.append(edges.length / UNIT / np.pi - 1.0)
        points = np.einsum("xea,aq->xeq", edges.coordinates, edges.shapes)
        assert (points * edges.normals).sum(axis=0).min() > 0.0
    assert_order(errors, 4.0, 1e-6)
