"""Lithium plated on round and elliptic inclusions: the displacement jump against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from mechanics_harness import (
    ELECTROLYTE,
    GPA,
    SHEAR,
    UNIT,
    Body,
    assert_order,
    elastic_data,
    family,
    forces_on_composite,
    half_inclusion,
    mean_pressure,
    plate,
)
from mechanics_series import ConfocalSeries, Fitted

from fem.case import Case
from fem.forms.interface import Edges
from fem.forms.mechanics import dilation
from fem.geometry import Phase, build
from fem.laws.elasticity import lame, von_mises
from fem.measures.stress import process_zone_means
from fem.mesh import Mesh, from_case, generate

X, Y = 0, 1
RADIUS = 10.0
LITHIUM = [None, (4.9 * GPA, 0.36), (4.9 * GPA, 0.42), (7.8 * GPA, 0.36), (7.8 * GPA, 0.42)]
"""Rigid, and the four pairs (E, nu) of the estimate."""


def bulk(lithium: tuple[float, float] | None) -> float:
    """K2 = E / (2 (1 + nu)(1 - 2 nu)): pressure over twice the radial strain in plane strain."""
    if lithium is None:
        return np.inf
    youngs, nu = lithium
    return youngs / (2.0 * (1.0 + nu) * (1.0 - 2.0 * nu))


def disc_pressure(lithium: tuple[float, float] | None, outer: float = np.inf) -> float:
    """Pressure of h = 1 plated on a disc of radius a = 10 in a free ring of radius b.

    The ring opens by p a ((1 - 2 nu) a^2 + b^2) / (2 G (b^2 - a^2)), the disc shrinks by
    p a / (2 K2), and both make room for h. For b = inf, p = (2 h / a) / (1/G + 1/K2).
    """
    nu = ELECTROLYTE[1]
    ring = 1.0
    if np.isfinite(outer):
        ring = ((1 - 2 * nu) * RADIUS**2 + outer**2) / (outer**2 - RADIUS**2)
    return (2.0 / RADIUS) / (ring / SHEAR + 1.0 / bulk(lithium))


def conditions(lithium: tuple[float, float] | None, contact: str = "stick") -> dict:
    """Rigid lithium is held where it is; elastic lithium floats and the outside is pinned."""
    if lithium is None:
        return {"lithium": "rigid", "contact": contact, "top": "held"}
    return {"lithium": "elastic", "contact": contact, "top": "free", "moduli": lithium}


@pytest.mark.parametrize("contact", ["stick", "slide"])
@pytest.mark.parametrize("lithium", LITHIUM, ids=str)
def test_disc_in_a_ring(lithium: tuple[float, float] | None, contact: str) -> None:
    """Interface pressure, fourth order; sliding changes nothing, since h n has no shear.

    At the wall s_r = -p, s_t = p (b^2 + a^2) / (b^2 - a^2), s_z = nu (s_r + s_t).
    """
    outer = 3.0 * RADIUS
    p = disc_pressure(lithium, outer)
    geometry = half_inclusion((RADIUS, RADIUS), (outer, outer), pinned=lithium is not None)
    errors, walls = [], []
    hoop = p * (outer**2 + RADIUS**2) / (outer**2 - RADIUS**2)
    mises = von_mises(np.array([-p, hoop, ELECTROLYTE[1] * (hoop - p), 0.0]))
    for mesh in family(geometry, 5.0, 4):
        solution = plate(mesh, 1.0, **conditions(lithium, contact))
        errors.append(mean_pressure(mesh, solution) / p - 1.0)
        space = solution.bodies[0]
        at_wall = np.isin(mesh.triangles[space.elements], solution.nodes)
        walls.append(von_mises(solution.stress_at_nodes())[at_wall].mean() / mises - 1.0)
    assert_order(errors, 4.0, 5e-7)
    assert_order(walls, 2.0, 1e-3)


@pytest.mark.parametrize(
    ("lithium", "quoted"),
    list(zip(LITHIUM, (2.2047, 0.8125, 1.0902, 1.0618, 1.3425), strict=True)),
    ids=str,
)
def test_disc_in_a_wide_body(lithium: tuple[float, float] | None, quoted: float) -> None:
    """p = (2 h / R) / (1/G + 1/K2) to 0.1 % and, at the wall, von Mises sqrt(3) p.

    With s_r = -p and s_t = p, s_z = nu (s_r + s_t) vanishes and von Mises is sqrt(3) p. The body
    ends at 100 R, where it takes 2 (1 - nu) 1e-4 / (1 + G / K2) off the pressure: 1.5e-4 at most.
    """
    p = disc_pressure(lithium)
    assert p / GPA == pytest.approx(quoted, abs=6e-5)
    geometry = half_inclusion((RADIUS, RADIUS), (1e3, 1e3), pinned=lithium is not None)
    mesh = generate(geometry, 0.7 * UNIT, max_size=300.0 * UNIT, growth=0.2)
    solution = plate(mesh, 1.0, **conditions(lithium))
    assert mean_pressure(mesh, solution) == pytest.approx(p, rel=1e-3)
    assert mean_pressure(mesh, solution) == pytest.approx(disc_pressure(lithium, 1e3), rel=2e-4)
    at_wall = np.isin(mesh.triangles[solution.bodies[0].elements], solution.nodes)
    sigma = solution.stress_at_nodes()[:, at_wall]
    assert von_mises(sigma).mean() == pytest.approx(np.sqrt(3.0) * p, rel=5e-3)
    assert np.abs(sigma[2]).mean() < 0.01 * p


# ---------------------------------------------------------------------------- ellipse


def ellipse_oracle(contact: str) -> Fitted:
    """Complex potentials around the 30 x 12 ellipse with u = n (stick), or u.n = 1 and no shear.

    Lengths in um, stresses in GPa; the body ends free at the confocal ellipse with half axis 150.
    """
    series = ConfocalSeries((30.0, 12.0), SHEAR / GPA, ELECTROLYTE[1], 30)
    scale = 400.0  # displacement rows weigh as much as stress rows

    def wall(on):
        if contact == "slide":
            return [(scale * on.opening, scale), (on.shearing, 0.0)]
        u, n = on.displacements, on.normals
        return [(scale * u.real, scale * n.real), (scale * u.imag, scale * n.imag)]

    return series.fit((30.0, wall), (150.0, lambda on: [(on.pressing, 0.0), (on.shearing, 0.0)]))


@pytest.mark.parametrize(("contact", "tip_zone"), [("slide", 3.8231197), ("stick", 4.9858384)])
def test_rigid_ellipse(contact: str, tip_zone: float) -> None:
    """1 um plated on a rigid 30 x 12 um ellipse that cannot move, bonded or free to slide.

    The oracle has no elements, no nodal normals and no constraints. Mean von Mises stress within
    2 um of the tip, and the pressure along the wall away from the symmetry wall.
    """
    oracle = ellipse_oracle(contact)
    assert oracle.misfit < 1e-11
    wanted = oracle.mean_near_tip(2.0, von_mises)
    assert wanted == pytest.approx(tip_zone, rel=1e-7)
    short = oracle.series.short_axis(150.0)
    geometry = half_inclusion((30.0, 12.0), (150.0, short))
    centre = 2.0 * short
    pressures = []
    for mesh in family(geometry, 20.0, 4):
        solution = plate(mesh, 1.0, lithium="rigid", contact=contact, top="held")
        x, y = mesh.nodes[:, solution.nodes] / UNIT
        angle = np.arctan2((y - centre) / 12.0, x / 30.0)
        exact = -oracle.on(30.0, angle).pressing @ oracle.coefficients
        away = x > 3.0
        error = (solution.pressure / GPA - exact)[away]
        pressures.append(np.sqrt((error**2).mean()) / np.abs(exact).mean())
    zone, _ = process_zone_means(mesh, solution, (30.0 * UNIT, centre * UNIT))
    assert zone / GPA == pytest.approx(wanted, rel=1e-3)
    assert pressures[-1] < 4e-3
    assert (np.diff(pressures) < 0.0).all()


# ---------------------------------------------------------------------------- isolated lithium


def cell_with_island(width: int, x: int, half_width: int, half_height: int, size: str) -> Case:
    """An ellipse of lithium at mid-height of a square separator between flat electrodes."""
    return Case.from_dict(
        {
            "geometry": {
                "width": f"{width} um",
                "anode": {
                    "thickness": f"{width // 4} um",
                    "isolated": [
                        {
                            "x": f"{x} um",
                            "y": f"{width // 4 + width // 2} um",
                            "half_width": f"{half_width} um",
                            "half_height": f"{half_height} um",
                        }
                    ],
                },
                "separator": {"material": "LPSCl", "thickness": f"{width} um"},
                "cathode": {
                    "kind": "plane",
                    "material": "NCM811",
                    "thickness": f"{width // 4} um",
                },
            },
            "kinetics": {
                "anode": {"exchange_current_density": "20 A/m^2"},
                "cathode": {"exchange_current_density": "2 A/m^2"},
            },
            "operation": {"current_density": "10 A/m^2", "plating_time": "1 s"},
            "mesh": {"size": size, "growth": 0.2},
        }
    )


def on_island(mesh: Mesh) -> tuple[Edges, np.ndarray]:
    """The edges of the isolated body, and a mask of its nodes."""
    body = np.array([r.body for r in mesh.geometry.regions])
    which = mesh.interface(Phase.LITHIUM)
    which = which[(body[mesh.sides[which]] == 1).any(axis=1)]
    edges, mask = Edges.of(mesh, which), np.zeros(mesh.nodes.shape[1], dtype=bool)
    mask[edges.nodes] = True
    return edges, mask


def test_isolated_elastic_disc_is_an_eigenstrain() -> None:
    """Plating h on a disc of radius R is an eigenstrain h / R of the disc, in the plane only.

    With u + h x / R as the disc's displacement the jump is gone and the stress C : (eps - h / R I2)
    takes its place. The second problem is solved directly, on one body, in the same cell.
    """
    case = cell_with_island(80, 28, 8, 8, "2 um")
    mesh = from_case(case, build(case))
    _, island = on_island(mesh)
    solution = plate(mesh, island.astype(float), lithium="elastic")
    data = elastic_data(mesh.geometry)
    body = Body(mesh, data.youngs_modulus, data.poisson_ratio)
    lam, mu = body.lame
    disc = np.array([r.body == 1 for r in mesh.geometry.regions])[mesh.region]
    load = dilation(body.space, np.where(disc, 2.0 * (lam + mu) / 8.0, 0.0))
    x, y = body.points
    walls = np.flatnonzero((np.abs(x) < 1e-9) | (np.abs(x - 80.0) < 1e-9))
    direct = body.solve(load, (walls, X, 0.0), (np.flatnonzero(np.abs(y) < 1e-9), Y, 0.0))
    ours, wanted = solution.displacements[0], direct.displacement[solution.bodies[0].nodes]
    assert np.abs(ours - wanted).max() < 3e-4 * np.abs(wanted).max()
    assert np.abs(wanted).max() > 0.1 * UNIT


def test_isolated_stiff_lithium_is_rigid() -> None:
    """Elastic lithium 1e5 times stiffer than the electrolyte moves like rigid lithium.

    It may shift and turn: the ellipse is off centre, its plating uneven, and the foil is free.
    """
    case = cell_with_island(80, 28, 8, 5, "2 um")
    mesh = from_case(case, build(case))
    _, island = on_island(mesh)
    x, y = mesh.nodes / UNIT
    thickness = np.where(island, 1.0 + 0.03 * (x - 28.0) - 0.04 * (y - 60.0), 0.3)
    rigid = plate(mesh, thickness, lithium="rigid")
    stiff = plate(mesh, thickness, (1e5 * ELECTROLYTE[0], 0.3), lithium="elastic")
    difference = rigid.displacements[0] - stiff.displacements[0]
    assert np.abs(difference).max() < 1e-4 * np.abs(rigid.displacements[0]).max()


@pytest.mark.parametrize("model", ["rigid", "elastic", "yielded"])
def test_isolated_lithium_is_free_of_force_and_moment(model: str) -> None:
    """An off-centre ellipse with uneven plating passes neither force nor moment on.

    Nodal forces on the electrolyte around it sum to zero, and so do their moments.
    """
    case = cell_with_island(80, 28, 8, 5, "2 um")
    mesh = from_case(case, build(case))
    _, island = on_island(mesh)
    x, y = mesh.nodes / UNIT
    thickness = np.where(island, 1.0 + 0.03 * (x - 28.0) - 0.04 * (y - 60.0), 0.3)
    solution = plate(mesh, thickness, lithium=model, top="held")
    force = forces_on_composite(mesh, solution)[island]
    scale = np.abs(force).sum()
    assert np.abs(force.sum(axis=0)).max() < 1e-8 * scale
    moment = x[island] * force[:, Y] - y[island] * force[:, X]
    assert abs(moment.sum()) < 1e-8 * np.abs(moment).sum()
    assert scale > 1e3


def test_yielded_pocket_finds_its_volume() -> None:
    """Growth of the pocket plus p A / K is the plated volume, whatever the shape.

    K = lambda + 2 mu / 3 is the bulk modulus: lithium that flows has no other stiffness.
    """
    case = cell_with_island(80, 28, 8, 5, "2 um")
    mesh = from_case(case, build(case))
    edges, island = on_island(mesh)
    lithium = (4.9 * GPA, 0.36)
    x = mesh.nodes[X] / UNIT
    thickness = np.where(island, 1.0 + 0.03 * (x - 28.0), 0.0)
    solution = plate(mesh, thickness, moduli=lithium, lithium="yielded")
    pressure = solution.pressure[np.isin(solution.nodes, np.flatnonzero(island))]
    assert np.ptp(pressure) == 0.0
    number, u = solution.bodies[0].number, solution.displacements[0]
    growth = edges.total(sum(edges.at_points(u[:, k], number) * edges.normals[k] for k in (X, Y)))
    plated = edges.total(edges.at_points(thickness, np.arange(len(x)))) * UNIT
    lam, mu = lame(np.array([lithium[0]]), np.array([lithium[1]]))
    squeezed = pressure[0] * np.pi * 8.0 * 5.0 * UNIT**2 / (lam[0] + 2.0 / 3.0 * mu[0])
    assert growth + squeezed == pytest.approx(plated, rel=1e-9)
    assert 0.2 < growth / plated < 0.8
