"""Diffusion-induced stress of a free disc, and the pressure that stops plating.

A disc of radius R takes up ions at a constant rate. With tau = D t / R^2 and x = r / R its
concentration, less that at the start, is j R / D times (Crank, The Mathematics of Diffusion)

    C(x) = 2 tau + x^2 / 2 - 1/4 - 2 sum J0(a_n x) exp(-a_n^2 tau) / (a_n^2 J0(a_n)),  J1(a_n) = 0.

Swelling s = Omega (c - c0) strains a free body by s / 3 each way. In plane strain with a free rim
(the thermal problem of Timoshenko & Goodier), in units of S = Omega/3 E j R / ((1 - nu) D),

    s_r = mean(1) / 2 - mean(x) / 2,   s_t = mean(1) / 2 + mean(x) / 2 - C,   s_z = nu mean(1) - C,

where mean(x) = (2 / x^2) integral of C x dx is the mean of C within x. Stress comes out of the
displacement, so at a point it converges as h^2 and over an area as h^4.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from mechanics_harness import (
    ELECTROLYTE,
    QUARTER,
    SOFT,
    UNIT,
    Floats,
    Ints,
    arc,
    assert_order,
    drawing,
    edges_on,
    elastic_data,
    layers,
    line,
)
from scipy.special import j0, j1, jn_zeros

from fem.geometry import Geometry, Phase
from fem.geometry.types import OUTSIDE
from fem.laws.elasticity import bulk_modulus, energy_density, hydrostatic, lame, von_mises
from fem.laws.plating import pressure_potential
from fem.mesh import Mesh, generate
from fem.parameters import Elastic
from fem.physics.kinematics import Conditions
from fem.physics.mechanics import MechanicsProblem, MechanicsSolution
from fem.physics.operator import InterfaceOperator

XX, YY, ZZ, XY = range(4)
NU = 0.3
YOUNGS = 1e9
UNIT_OF_STRESS = 1e6
"""S in Pa: with this and E, swelling is 3 S (1 - nu) / E times C."""
ROOTS = jn_zeros(1, 60)

TABLE = {
    # tau: s_r at the centre, s_t at the rim, s_z at both, von Mises at both
    0.05: (
        0.0494008279346, -0.181042792979, 0.0288016558692, -0.251042792979,
        0.0205991720654, 0.224386916727,
    ),
    0.1: (
        0.0865390704174, -0.218326013268, 0.0330781408348, -0.358326013268,
        0.0534609295826, 0.312780897638,
    ),
    0.2: (
        0.116031160966, -0.242770380014, -0.0479376780676, -0.522770380014,
        0.163968839034, 0.453114956513,
    ),
}  # fmt: skip


def concentration(x: Floats, tau: float) -> Floats:
    """C at x = r / R."""
    decay = np.exp(-(ROOTS**2) * tau) / (ROOTS**2 * j0(ROOTS))
    return 2.0 * tau + 0.5 * x**2 - 0.25 - 2.0 * j0(np.multiply.outer(x, ROOTS)) @ decay


def mean_within(x: Floats, tau: float) -> Floats:
    """The mean of C within x > 0, from the integral x J1(a x) / a of x J0(a x)."""
    decay = np.exp(-(ROOTS**2) * tau) / (ROOTS**3 * j0(ROOTS))
    series = j1(np.multiply.outer(x, ROOTS)) @ decay
    return 2.0 * tau + 0.25 * x**2 - 0.25 - 4.0 * series / x


def exact(x: Floats, tau: float) -> tuple[Floats, Floats, Floats]:
    """s_r, s_t, s_z at x > 0, in units of S."""
    total, within, here = 2.0 * tau, mean_within(x, tau), concentration(x, tau)
    return 0.5 * (total - within), 0.5 * (total + within) - here, NU * total - here


@pytest.mark.parametrize("tau", TABLE)
def test_series_gives_the_table(tau: float) -> None:
    """Both limits of the formulae above, and the point x = 1/2 at tau = 0.1."""
    at_centre, at_rim = exact(np.array(1e-6), tau), exact(np.array(1.0), tau)
    radial, hoop, axial_centre, axial_rim, mises_centre, mises_rim = TABLE[tau]
    assert at_centre == pytest.approx((radial, radial, axial_centre), abs=1e-9)
    assert at_rim == pytest.approx((0.0, hoop, axial_rim), abs=1e-11)
    for (r, t, z), mises in ((at_centre, mises_centre), (at_rim, mises_rim)):
        assert von_mises(np.array([r, t, z, 0.0])) == pytest.approx(mises, abs=1e-9)
    if tau == 0.1:
        half = exact(np.array(0.5), tau)
        assert half[:2] == pytest.approx((0.0701734129196, 0.0332131094577), abs=1e-12)


def test_late_stress() -> None:
    """Once the start is forgotten, s_r is 1/8 at the centre and s_t is -1/4 at the rim."""
    assert exact(np.array(1e-6), 5.0)[0] == pytest.approx(0.125, abs=1e-9)
    assert exact(np.array(1.0), 5.0)[1] == pytest.approx(-0.25, abs=1e-12)


# ---------------------------------------------------------------------------- a free disc


def half_disc() -> Geometry:
    """The right half of a disc of radius 1 that touches y = 0, beside a speck of lithium.

    `MechanicsProblem` holds x = 0, a line of symmetry, and the lowest point; the rim is free. The
    speck of rigid lithium lies apart from the disc on a chip of its own, so that there is Li|SE.
    """
    sides = [
        (line((0.0, 2.0), (0.0, 0.0)), 0, OUTSIDE),
        (arc((1.0, 1.0), (-QUARTER, 0.0), (0.0, 1.0)), 0, OUTSIDE),
        (arc((1.0, 1.0), (0.0, QUARTER), (0.0, 1.0)), 0, OUTSIDE),
        (line((3.0, 0.0), (4.0, 0.0)), 1, OUTSIDE),
        (line((4.0, 0.0), (4.0, 1.0)), 1, OUTSIDE),
        (line((3.0, 1.0), (3.0, 0.0)), 1, OUTSIDE),
        (line((4.0, 1.0), (4.0, 2.0)), 2, OUTSIDE),
        (line((4.0, 2.0), (3.0, 2.0)), 2, OUTSIDE),
        (line((3.0, 2.0), (3.0, 1.0)), 2, OUTSIDE),
        (line((4.0, 1.0), (3.0, 1.0)), 1, 2),
    ]
    phases = (Phase.ACTIVE, Phase.ELECTROLYTE, Phase.LITHIUM)
    return drawing(sides, phases, width=4.0, height=2.0)


SIZES = (0.25, 0.125, 0.0625)


@cache
def disc(level: int) -> Mesh:
    if level:
        return disc(level - 1).refined()
    return generate(half_disc(), SIZES[0] * UNIT, max_size=SIZES[0] * UNIT)


def radius(mesh: Mesh) -> Floats:
    """r / R at the mesh nodes."""
    x, y = mesh.nodes / UNIT
    return np.hypot(x, y - 1.0)


def swell(mesh: Mesh, tau: float, kinematics: str = "plane strain") -> MechanicsSolution:
    """The disc at tau, with the exact concentration at the nodes of its triangles."""
    # The chip hardly takes part where the out-of-plane strain is free.
    data = Elastic(YOUNGS * np.array([1.0, 1e-6, 1.0]), np.full(3, NU), None, None)
    conditions = Conditions("rigid", "stick", kinematics)
    problem = MechanicsProblem(mesh, data, conditions)
    elements = problem.bodies[0].elements
    field = concentration(radius(mesh), tau)[mesh.triangles[elements]]
    active = mesh.geometry.phases[mesh.region[elements]] == Phase.ACTIVE
    swelling = 3.0 * UNIT_OF_STRESS * (1.0 - NU) / YOUNGS * np.where(active[:, None], field, 0.0)
    return problem.solve(np.zeros(mesh.nodes.shape[1]), swelling)


def particle(mesh: Mesh) -> tuple[Ints, Ints]:
    """Triangles of the disc and the nodes of its rim, one row each as for one particle."""
    elements = mesh.elements(Phase.ACTIVE)
    nodes = np.unique(mesh.triangles[elements])
    rim = nodes[np.abs(radius(mesh)[nodes] - 1.0) < 1e-9]
    return elements[None], rim[None]


def polar(mesh: Mesh, solution: MechanicsSolution) -> tuple[Floats, Floats, Floats]:
    """r / R, the weights, and s_r, s_t, s_z over S at the quadrature points of the disc."""
    space = solution.bodies[0]
    active = mesh.geometry.phases[mesh.region[space.elements]] == Phase.ACTIVE
    x, y = np.asarray(space.basis.global_coordinates())[:, active] / UNIT
    angle = np.arctan2(y - 1.0, x)
    c, s = np.cos(angle), np.sin(angle)
    xx, yy, zz, xy = solution.stress()[:, active] / UNIT_OF_STRESS
    radial = xx * c**2 + yy * s**2 + 2.0 * xy * s * c
    hoop = xx * s**2 + yy * c**2 - 2.0 * xy * s * c
    weights = np.asarray(space.basis.dx)[active] / UNIT**2
    return np.hypot(x, y - 1.0), weights, np.stack([radial, hoop, zz])


@pytest.mark.parametrize("tau", TABLE)
def test_stress_field(tau: float) -> None:
    """Root mean square of the error of s_r, s_t and s_z over the disc."""
    errors = []
    for level in range(3):
        r, weights, found = polar(disc(level), swell(disc(level), tau))
        wanted = np.stack(exact(r, tau))
        errors.append(float(np.sqrt((weights * (found - wanted) ** 2).sum() / weights.sum())))
    assert_order(errors, 2.0, 7e-4)


@pytest.mark.parametrize("tau", TABLE)
def test_stress_at_centre_and_rim(tau: float) -> None:
    """The six numbers of the table, from the stress at the nodes of the finest mesh."""
    mesh = disc(2)
    solution = swell(mesh, tau)
    nodes = mesh.triangles[solution.bodies[0].elements]
    sigma = solution.stress_at_nodes() / UNIT_OF_STRESS
    found = []
    for x, y in ((0.0, 1.0), (0.0, 0.0)):
        node = int(np.argmin(np.hypot(mesh.nodes[0] / UNIT - x, mesh.nodes[1] / UNIT - y)))
        found.append(sigma[:, nodes == node].mean(axis=1))
    (centre, rim), table = found, TABLE[tau]
    # At the lowest point of the rim x runs along it.
    assert (centre[YY], rim[XX]) == pytest.approx(table[:2], abs=2e-3)
    assert (centre[ZZ], rim[ZZ]) == pytest.approx(table[2:4], abs=2e-3)
    assert (von_mises(centre), von_mises(rim)) == pytest.approx(table[4:], abs=3e-3)


def test_hydrostatic_stress_at_the_rim() -> None:
    """What the kinetics of a particle see, node by node: (s_r + s_t + s_z) / 3 at x = 1."""
    wanted = float(hydrostatic(np.array([*exact(np.array(1.0), 0.1), 0.0])))
    errors = []
    for level in range(3):
        mesh = disc(level)
        elements, rim = particle(mesh)
        found = swell(mesh, 0.1).hydrostatic(rim, elements) / UNIT_OF_STRESS
        assert found.shape == rim.shape
        errors.append(float(np.sqrt(np.mean((found - wanted) ** 2))))
    assert_order(errors, 2.0, 1e-3)


def test_growth_of_the_radius() -> None:
    """u(R) = (1 + nu) Omega/3 mean(C) R: its mean along the rim is of fourth order.

    The lowest point is held, so the whole rises by u(R). That adds nothing to the mean of u.n over
    a half circle that is symmetric about the height of its centre.
    """
    wanted = (1.0 + NU) * UNIT_OF_STRESS * (1.0 - NU) / YOUNGS * 2.0 * 0.1
    errors = []
    for level in range(3):
        mesh = disc(level)
        solution = swell(mesh, 0.1)
        number, moved = solution.bodies[0].number, solution.displacements[0] / UNIT
        growth = length = 0.0
        for arc_number in (1, 2):
            edges = edges_on(mesh, arc_number)
            outward = sum(
                edges.at_points(moved[:, axis], number) * edges.normals[axis] for axis in (0, 1)
            )
            growth, length = growth + edges.total(outward), length + edges.length
        errors.append(growth / length / wanted - 1.0)
    assert_order(errors, 4.0, 1e-5)


def test_energy() -> None:
    """The elastic energy per area, against Gauss quadrature of the exact stress along r."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    r = 0.5 * (nodes + 1.0)
    lam, mu = lame(np.array(YOUNGS), np.array(NU))
    sigma = UNIT_OF_STRESS * np.stack([*exact(r, 0.1), np.zeros_like(r)])
    wanted = float((energy_density(sigma, lam, mu) * r * weights).sum()) * 0.5 * np.pi * UNIT**2
    found = [swell(disc(level), 0.1).elastic_energy for level in range(3)]
    assert_order([value / wanted - 1.0 for value in found], 4.0, 1.3e-5)


def test_out_of_plane_force_is_zero_where_the_strain_is_free() -> None:
    """Generalised plane strain: s_z = s_r + s_t, and the strain is that of the mean swelling."""
    mesh = disc(1)
    solution = swell(mesh, 0.1, "generalised plane strain")
    r, weights, found = polar(mesh, solution)
    radial, hoop, _ = exact(r, 0.1)
    error = np.sqrt((weights * (found - [radial, hoop, radial + hoop]) ** 2).sum() / weights.sum())
    assert error < 3e-3
    assert abs((weights * found[ZZ]).sum()) < 1e-5 * (weights * np.abs(found[ZZ])).sum()
    strain = UNIT_OF_STRESS * (1.0 - NU) / YOUNGS
    assert solution.out_of_plane == pytest.approx(strain * 2.0 * 0.1, rel=1e-4)


# ---------------------------------------------------------------------------- a swollen layer

SWOLLEN = 0.012
BELOW, ABOVE = 12.0, 5.0


@pytest.fixture(scope="module")
def foil() -> Mesh:
    return generate(layers(20.0, BELOW, ABOVE), 3.0 * UNIT, max_size=3.0 * UNIT)


def layer(foil: Mesh, **conditions: str) -> MechanicsSolution:
    """The electrolyte of a flat cell, all of which swells evenly."""
    problem = MechanicsProblem(foil, elastic_data(foil.geometry), Conditions(**conditions))
    swelling = np.full((len(problem.bodies[0].elements), 6), SWOLLEN)
    return problem.solve(np.zeros(foil.nodes.shape[1]), swelling)


@pytest.mark.parametrize("contact", ["stick", "slide"])
def test_layer_with_no_way_out(foil: Mesh, contact: str) -> None:
    """Below a rigid foil that is held nothing moves: pressure K s, energy K s^2 / 2 per area."""
    lam, mu = lame(*np.array(ELECTROLYTE))
    modulus = float(bulk_modulus(lam, mu))
    solution = layer(foil, lithium="rigid", contact=contact, top="held")
    pressure = modulus * SWOLLEN
    np.testing.assert_allclose(solution.stress()[:3], -pressure, rtol=1e-9)
    np.testing.assert_allclose(solution.stress_at_nodes()[:3], -pressure, rtol=1e-9)
    np.testing.assert_allclose(solution.pressure, pressure, rtol=1e-9)
    area = 20.0 * BELOW * UNIT**2
    assert solution.elastic_energy == pytest.approx(0.5 * pressure * SWOLLEN * area, rel=1e-9)


@pytest.mark.parametrize("kinematics", ["plane strain", "generalised plane strain"])
@pytest.mark.parametrize("lithium", ["elastic", "yielded"])
def test_layer_that_may_rise(foil: Mesh, lithium: str, kinematics: str) -> None:
    """Walls hold x and the top is free, so s_y = 0 and with E' = E / (1 - nu^2), a = s / 3

        s_x = -E' (a + nu (a - e)),   s_z = -E' (a - e + nu a).

    Out of the plane the strain e is 0, or free: then the layers carry no force together,
    H E'_S (e - (1 + nu_S) a) + t E'_L e = 0. Lithium that has yielded carries none.
    """
    plane = [youngs / (1.0 - nu**2) for youngs, nu in (ELECTROLYTE, SOFT)]
    nu, a = ELECTROLYTE[1], SWOLLEN / 3.0
    solid = ABOVE * plane[1] * (lithium == "elastic")
    strain = BELOW * plane[0] * (1.0 + nu) * a / (BELOW * plane[0] + solid)
    strain *= kinematics != "plane strain"
    solution = layer(foil, lithium=lithium, kinematics=kinematics)
    assert solution.out_of_plane == pytest.approx(strain, rel=1e-8)
    xx, yy, zz, xy = solution.stress()
    scale = plane[0] * a
    np.testing.assert_allclose(xx, -plane[0] * (a + nu * (a - strain)), rtol=1e-7)
    np.testing.assert_allclose(zz, -plane[0] * (a - strain + nu * a), atol=1e-7 * scale)
    assert max(np.abs(yy).max(), np.abs(xy).max(), np.abs(solution.pressure).max()) < 1e-7 * scale


# ---------------------------------------------------------------------------- stress and plating

MOLAR_VOLUME = 6.94e-3 / 534.0
"""Of lithium in m^3/mol: atomic mass over density."""


@pytest.mark.parametrize(
    ("pressure", "potential"),
    [(742.408751471e6, 0.1), (1e6, 134.696688e-6), (5e6, 0.673483440231e-3)],
)
def test_pressure_that_stops_plating(foil: Mesh, pressure: float, potential: float) -> None:
    """p = F eta / V: a held foil plated until it presses with p has lost eta.

    A rigid flat foil compresses the electrolyte below it by h: p = (lambda + 2 mu) h / H.
    """
    conditions = Conditions("rigid", "stick", top="held")
    problem = MechanicsProblem(foil, elastic_data(foil.geometry), conditions)
    operator = InterfaceOperator.of(problem)
    lam, mu = lame(*np.array(ELECTROLYTE))
    thickness = pressure * BELOW * UNIT / float(lam + 2.0 * mu)
    found = operator.pressure(np.full(len(operator.nodes), thickness))
    np.testing.assert_allclose(pressure_potential(found, MOLAR_VOLUME), potential, rtol=1e-8)
