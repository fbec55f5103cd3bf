"""Inclusions that want to grow: Eshelby's ellipse and the misfit disc."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from mechanics_harness import (
    QUARTER,
    Body,
    Floats,
    assert_order,
    family,
    nodes_on,
    quarter_inclusion,
)

from fem.laws.elasticity import von_mises

X, Y = 0, 1
NU = 0.3


def eshelby(a: float, b: float) -> Callable[[Floats, Floats], tuple[Floats, Floats]]:
    """Displacement of an ellipse with eps* = 1 and its surroundings of the same moduli.

    A dilatational eigenstrain has u = grad(psi) with lap(psi) = beta inside the ellipse and 0
    outside, beta = (1 + nu) / (1 - nu): the field of a uniformly charged elliptic cylinder. With
    c^2 = a^2 - b^2 that is u = beta (b x, a y) / (a + b) inside, and outside
    u_x - i u_y = beta a b (z - sqrt(z^2 - c^2)) / c^2, or beta a^2 / (2 z) for a circle.
    """
    beta, c = (1 + NU) / (1 - NU), np.sqrt(a**2 - b**2)

    def displacement(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        inside = (x / a) ** 2 + (y / b) ** 2 <= 1.0
        z = np.where(inside, a, x + 1j * y)
        field = 0.5 / z if c == 0.0 else (z - np.sqrt(z - c) * np.sqrt(z + c)) / c**2
        return (
            np.where(inside, beta * b * x / (a + b), beta * a * b * field.real),
            np.where(inside, beta * a * y / (a + b), -beta * a * b * field.imag),
        )

    return displacement


@pytest.mark.parametrize(
    ("a", "b", "inside", "mises", "size", "count"),
    [
        (1.0, 1.0, (-0.714285714286, -0.714285714286, -1.42857142857), 0.714285714286, 0.5, 5),
        (2.0, 1.0, (-0.952380952381, -0.47619047619, -1.42857142857), 0.824786098842, 1.0, 5),
        (5.0, 1.0, (-1.19047619048, -0.238095238095, -1.42857142857), 1.08910945118, 1.2, 4),
    ],
)
def test_eshelby_ellipse(
    a: float, b: float, inside: tuple[float, ...], mises: float, size: float, count: int
) -> None:
    """Stress is uniform inside: -eps* E / (1 - nu) times a / (a + b), b / (a + b) and 1.

    The exact displacement is prescribed at 2 a. The work of the eigenstress, 3 K eps* times the
    inclusion's growth 3 K beta pi a b / 4, is an energy: fourth order.
    """
    geometry, side = quarter_inclusion((a, b), (2.0 * a, 2.0 * a))
    bulk, exact = 1.0 / (1.0 - 2.0 * NU), eshelby(a, b)
    work = bulk * (1 + NU) / (1 - NU) * QUARTER * a * b / 2.0
    works, errors = [], []
    for mesh in family(geometry, size, count):
        body = Body(mesh, [1.0, 1.0], [NU, NU])
        outer = nodes_on(mesh, side["outer"])
        ux, uy = exact(*body.points[:, outer])
        solution = body.solve_quarter(
            body.eigenstrain_load([1.0, 0.0]), (outer, X, ux), (outer, Y, uy)
        )
        works.append(solution.work / work - 1.0)
        errors.append(solution.error(exact))
    assert_order(works, 4.0, 3e-7)
    assert_order(errors, 3.0, 2e-5)
    own = bulk * np.array([1.0, 1.0, 1.0, 0.0])
    np.testing.assert_allclose(solution.mean_stress(0) - own, (*inside, 0.0), atol=1e-6)
    sigma = solution.stress()[:, mesh.region == 0] - own[:, None, None]
    deviation = sigma - np.array([*inside, 0.0])[:, None, None]
    assert np.sqrt((deviation**2).mean()) < 1e-4
    assert von_mises(sigma) == pytest.approx(mises, rel=3e-3)
    if a == b:
        # u(R) / R = beta / 2; outside at R the hoop stress is +.714285714286.
        assert solution.at(1.0, 0.0)[X] == pytest.approx(0.928571428571, rel=1e-5)
        outside = mesh.region == 1
        points = np.asarray(body.space.basis.global_coordinates())[:, outside] * 1e6
        nearest = np.unravel_index(np.argmin(np.hypot(*points)), points.shape[1:])
        r = np.hypot(*points[:, *nearest])
        xx, yy, zz, xy = solution.stress()[:, outside][:, *nearest]
        assert xx + yy == pytest.approx(0.0, abs=5e-3)
        assert np.hypot(0.5 * (xx - yy), xy) == pytest.approx(0.714285714286 / r**2, rel=5e-3)
        assert von_mises(np.array([xx, yy, zz, xy])) == pytest.approx(
            1.23717914826 / r**2, rel=5e-3
        )


@pytest.mark.parametrize(
    ("disc", "matrix", "radius", "pressure", "growth", "axial"),
    [
        ((10.0, 0.25), (1.0, 0.3), np.inf, 0.917431192661, 1.19266055046, -10.4587155963),
        ((10.0, 0.25), (1.0, 0.3), 2.0, 0.634786288616, 1.21032585696, -10.3173931443),
        ((1.0, 0.3), (10.0, 0.25), 2.0, 1.83745583039, 0.344522968198, -2.10247349823),
    ],
)
def test_misfit_disc(
    disc: tuple[float, float],
    matrix: tuple[float, float],
    radius: float,
    pressure: float,
    growth: float,
    axial: float,
) -> None:
    """A disc of radius 1 with eps* = 1 in a ring of other moduli, free at `radius`.

    P = (1 + n1) / ((1 + n1)(1 - 2 n1) / E1 + k2) with the ring's compliance u(1) / P
    k2 = (1 + n2)((1 - 2 n2) + b^2) / (E2 (b^2 - 1)); s_z = -2 n1 P - E1 inside. The endless matrix
    is cut at 2 where its displacement is u(1) / r. u(1) is the work of 3 K1 eps* over pi / 2:
    fourth order.
    """
    (e1, n1), (e2, n2) = disc, matrix
    compliance = (1 + n2) / e2
    if np.isfinite(radius):
        compliance *= ((1 - 2 * n2) + radius**2) / (radius**2 - 1)
    p = (1 + n1) / ((1 + n1) * (1 - 2 * n1) / e1 + compliance)
    assert (p, compliance * p) == pytest.approx((pressure, growth), rel=1e-11)
    assert -2 * n1 * p - e1 == pytest.approx(axial, rel=1e-11)

    geometry, side = quarter_inclusion((1.0, 1.0), (2.0, 2.0))
    bulk = e1 / (1.0 - 2.0 * n1)
    errors = []
    for mesh in family(geometry, 0.5, 4):
        body = Body(mesh, [e1, e2], [n1, n2])
        fixed = []
        if np.isinf(radius):
            outer = nodes_on(mesh, side["outer"])
            x, y = body.points[:, outer]
            fixed = [(outer, X, growth * x / 4.0), (outer, Y, growth * y / 4.0)]
        solution = body.solve_quarter(body.eigenstrain_load([1.0, 0.0]), *fixed)
        errors.append(solution.work / (bulk * QUARTER * growth) - 1.0)
    assert_order(errors, 4.0, 1e-6)
    inside = solution.mean_stress(0) - bulk * np.array([1.0, 1.0, 1.0, 0.0])
    np.testing.assert_allclose(inside, [-p, -p, axial, 0.0], atol=2e-6 * e1)
