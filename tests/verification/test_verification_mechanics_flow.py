"""Solids that yield and creep: closed forms, and values of independent computations.

A point under prescribed strain, a thick ring under inner pressure, a film of lithium between
walls, a void in lithium, and a disc that swells in a ring. Strengths, moduli and radii of rings are
plain numbers.
"""

from __future__ import annotations

import numpy as np
import pytest
from mechanics_harness import (
    GPA,
    OUTSIDE,
    QUARTER,
    UNIT,
    X,
    Y,
    assert_order,
    drawing,
    generate,
    line,
    orders,
    quarter_inclusion,
    structured_ring,
)
from skfem import MeshTri
from specimen import Moment, Specimen

from fem.errors import LimitLoad
from fem.forms.mechanics import stress_at
from fem.laws.elasticity import lame
from fem.laws.solids import EQUIVALENT, J2, LinearElastic, Norton
from fem.mesh import assemble

K = 1.0 / np.sqrt(3.0)
"""Shear strength of a solid of strength 1."""


def moduli(youngs: float, poisson: float) -> tuple[float, float]:
    lam, mu = lame(np.array(youngs), np.array(poisson))
    return float(lam), float(mu)


# ------------------------------------------------------------------------------ a point


def test_shear_of_a_solid_that_hardens() -> None:
    """dtau/dgamma = G up to 1/sqrt3 and 1/(1/G + 3/H) beyond, however large the steps."""
    lam, mu = moduli(1.0, 0.3)
    law = J2(lam, mu, 1.0, 0.1)
    history = law.start(())
    for gamma in np.array([0.5, 1.5, 2.5, 4.0]) * K / mu:
        response = law.respond(np.array([0.0, 0.0, 0.0, gamma]), history)
        history = response.history
        flow = max(gamma - K / mu, 0.0)
        wanted = min(gamma * mu, K) + flow / (1.0 / mu + 3.0 / 0.1)
        assert response.stress[3] == pytest.approx(wanted, rel=1e-13)


TENSION = ((1.2, 1.13413180259, 0.379159566199), (1.5, 1.14382262602, 0.434972092332),
           (2.0, 1.15106142854, 0.496201080511), (4.0, 1.15466207688, 0.56916916641))  # fmt: skip
"""Strain times Young's modulus, stress along the pull and out of the plane: quadrature of the rate
equations of perfect plasticity in plane strain, Poisson's ratio .3, strength 1."""


def pulled(count: int) -> np.ndarray:
    """Stress at these strains after `count` steps to each, free along y."""
    law, across, before, found = J2(*moduli(1.0, 0.3), 1.0), 0.0, 0.0, []
    history = law.start(())
    for strain, _, _ in ((1.02382998984, 0, 0), *TENSION):
        for each in np.linspace(before, strain, count + 1)[1:]:
            for _ in range(30):
                response = law.respond(np.array([each, across, 0.0, 0.0]), history)
                across -= response.stress[1] / response.tangent[1, 1]
            assert abs(response.stress[1]) < 1e-12
            history = response.history
        before = strain
        found.append(response.stress)
    return np.array(found)


@pytest.mark.slow
def test_tension_in_plane_strain() -> None:
    """First yield exactly; then order 1 in the step, towards 2/sqrt3 of the strength."""
    found = [pulled(count) for count in (10, 20, 40)]
    assert found[0][0, 0] == pytest.approx(1.12508790093, rel=1e-10)
    for number, (_, along, out) in enumerate(TENSION, 1):
        for part, wanted, ceiling in ((0, along, 5e-5), (2, out, 7e-4)):
            errors = [each[number, part] - wanted for each in found]
            assert np.abs(orders(errors) - 1.0).max() < 0.15, errors
            assert abs(errors[-1]) < ceiling
    assert found[0][-1, 0] < 2.0 * K


RELAXED = {3.0: (0.9205746179, 0.5976143047, 0.2294157339),
           5.0: (0.8326915667, 0.5395472684, 0.3094876872),
           6.6: (0.7602532423, 0.5237263818, 0.3486755153)}  # fmt: skip


@pytest.mark.parametrize("exponent", RELAXED)
def test_relaxation_in_shear(exponent: float) -> None:
    """tau = (1 + (n - 1) 3^((n + 1)/2) t)^(-1/(n - 1)) with G A = tau0 = 1: order 1 in the step."""
    lam, mu = moduli(1.0, 0.3)
    law, strain = Norton(lam, mu, 1.0 / mu, 1.0, exponent), np.array([0.0, 0.0, 0.0, 1.0 / mu])
    errors = []
    for count in (50, 100, 200):
        history, now, found = law.respond(strain, law.start(())).history, 0.0, []
        for time in (0.01, 0.1, 1.0):
            for _ in range(count):
                response = law.respond(strain, history, (time - now) / count)
                history = response.history
            now = time
            found.append(response.stress[3])
        errors.append(np.array(found) - RELAXED[exponent])
    for each in np.array(errors).T:
        assert np.abs(orders(each) - 1.0).max() < 0.1, each
        assert abs(each[-1]) < 1e-3


# ------------------------------------------------------------------------------ a ring

INNER = 3
"""Outline of the hole of `structured_ring`."""


def ring(n: int, law: J2 | Norton) -> Specimen:
    """The quarter of a ring from 1 to 2."""
    return Specimen(structured_ring(1.0, 2.0, n, n + n // 2), {0: law})


def widened(specimen: Specimen, moved: float, before: Moment | None) -> tuple[float, Moment]:
    """Mean pressure in the hole that is widened by `moved`, and the state."""
    inner = specimen.wall(INNER)
    x, y = specimen.points[:, inner]
    walls = [(np.setdiff1d(nodes, inner), axis, 0.0) for nodes, axis, _ in specimen.symmetry]
    held = ((inner, X, moved * x), (inner, Y, moved * y), *walls)
    moment = specimen.solve(held=tuple(held), before=before)
    forces = moment.answer.forces.reshape(-1, 2)[inner]
    return float((forces * np.stack([x, y], axis=1)).sum()) / QUARTER / UNIT, moment


def hill(c: float) -> tuple[float, float]:
    """Pressure and widening of the hole as the ring is plastic up to c, incompressible."""
    return K * (2.0 * np.log(c) + 1.0 - c**2 / 4.0), 1.5 * K * c**2


@pytest.mark.slow
def test_ring_that_yields_up_to_a_radius() -> None:
    """Hill's solution for radii 1 to 2 (all of it), with Poisson's ratio .4999: no locking.

    8 x 12 triangles are off by at most 3e-3; the ring is incompressible to 2e-4.
    """
    assert hill(1.5)[0] == pytest.approx(0.7207815214, rel=1e-9)
    worst = []
    for n in (4, 8):
        specimen, moment, errors = ring(n, J2(*moduli(1.0, 0.4999), 1.0)), None, []
        for c in (1.0, 1.2, 1.5, 1.8, 2.0):
            wanted, moved = hill(c)
            pressure, moment = widened(specimen, moved, moment)
            errors.append(abs(pressure / wanted - 1.0))
        worst.append(max(errors))
    assert worst[1] < 4e-3
    assert worst[1] < 0.3 * worst[0]


def pressed(n: int, count: int) -> tuple[np.ndarray, float]:
    """Widening of hole and rim at pressures .6 and .7 after steps of .7/count, and the radius."""
    specimen = ring(n, J2(*moduli(1.0, 0.3), 1.0))
    unit, moment, found = specimen.loads.pressure_load(INNER, 1.0), None, []
    for number in range(1, count + 1):
        moment = specimen.solve(unit * 0.7 * number / count, before=moment)
        if number in (6 * count // 7, count):
            found += [specimen.at(moment, 1.0, 0.0)[0], specimen.at(moment, 2.0, 0.0)[0]]
    plastic = moment.history[0][EQUIVALENT] > 0.0
    return np.array(found), float(specimen.radius()[plastic].max())


COMPRESSIBLE = np.array([1.286462, 0.7997467, 1.823371, 1.0951713])
"""Of an independent one-dimensional computation, uncertain in the last digit."""


@pytest.mark.slow
def test_compressible_ring_under_pressure() -> None:
    """Poisson's ratio .3: 1e-3 on 8 x 12 triangles and 5e-4 on 16 x 24; steps matter less."""
    steps = [pressed(8, count)[0] for count in (14, 28, 56)]
    changes = np.abs(np.diff(steps, axis=0))
    assert (changes[1] < changes[0]).all()
    assert (changes[1] < 2e-4 * COMPRESSIBLE).all()
    np.testing.assert_allclose(steps[2], COMPRESSIBLE, rtol=1e-3)
    fine, radius = pressed(16, 56)
    np.testing.assert_allclose(fine, COMPRESSIBLE, rtol=5e-4)
    assert radius == pytest.approx(1.448, abs=0.03)


def test_load_beyond_the_limit_is_refused_by_name() -> None:
    """2/sqrt3 ln 2 = .80038 is the most that a ring without hardening bears, for any elasticity."""
    specimen = ring(4, J2(*moduli(1.0, 0.3), 1.0))
    unit = specimen.loads.pressure_load(INNER, 1.0)
    assert specimen.solve(unit * 0.799).iterations < 20
    for load in (0.802, 2.0):
        with pytest.raises(LimitLoad, match="limit load"):
            specimen.solve(unit * load)
    hard = ring(4, J2(*moduli(1.0, 0.3), 1.0, 0.05))
    assert np.isfinite(hard.solve(unit * 1.0).displacement).all()


WIDENING = {3.0: 3.289308301, 6.6: 7.439565055}
"""Rate of a hole under pressure 1 at its steady state, in units of its radius and the rate."""


def steady(specimen: Specimen, load: np.ndarray, time: float) -> np.ndarray:
    """Displacement (2n,) of one `time` more after many, when stress has settled; plain."""
    moment = None
    for share in (0.0, 1e-5, 1e-3, 0.1, 10.0):
        moment = specimen.solve(load, before=moment, duration=share * time)
    after = specimen.solve(load, before=moment, duration=time)
    assert moment is not None
    return (after.displacement - moment.displacement).ravel()


def hole(specimen: Specimen, moved: np.ndarray) -> float:
    """Mean motion of the hole's rim outwards."""
    return float(specimen.loads.pressure_load(INNER, 1.0) @ moved) / UNIT / QUARTER


def creeps(n: int, exponent: float) -> float:
    """Error of the rate of widening."""
    specimen = ring(n, Norton(*moduli(1e5, 0.3), 1.0, 1.0, exponent))
    moved = steady(specimen, specimen.loads.pressure_load(INNER, 1.0), 1.0)
    return hole(specimen, moved) / WIDENING[exponent] - 1.0


def test_ring_that_creeps_does_not_lock() -> None:
    """4 x 6 triangles are off by 0.4 %; with all six points as conditions it was 14 %."""
    assert abs(creeps(4, 6.6)) < 6e-3


@pytest.mark.slow
@pytest.mark.parametrize("exponent", WIDENING)
def test_ring_that_creeps(exponent: float) -> None:
    """Steady, incompressible: order 2 in the mesh and 3e-4 on the finest one."""
    assert_order([creeps(n, exponent) for n in (4, 8, 16)], 2.0, 3e-4)


# ------------------------------------------------------------------------------ lithium

RATE, STRESS, POWER = 0.0139, 0.95e6, 20.0 / 3.0
LITHIUM = Norton(*moduli(7.82 * GPA, 0.381), RATE, STRESS, POWER)


@pytest.mark.slow
@pytest.mark.parametrize(("pressure", "rate"), [(2e6, 2.15576100e-4), (5e6, 0.0969469168)])
def test_void_in_lithium(pressure: float, rate: float) -> None:
    """It closes at sqrt3/2 A (sqrt3 p/n)^n a: the stress of the unbounded solid acts at 3 a."""
    remote, far = 1, 3.0
    known = 0.5 * np.sqrt(3.0) * RATE * (np.sqrt(3.0) * pressure / STRESS / POWER) ** POWER
    assert known == pytest.approx(rate, rel=1e-8)
    errors = []
    for n in (2, 4, 8):
        specimen = Specimen(structured_ring(1.0, far, 2 * n, n), {0: LITHIUM})
        load = specimen.loads.pressure_load(remote, pressure * (1.0 - far ** (-2.0 / POWER)))
        moved = steady(specimen, load, 1.0 / rate)
        errors.append(-hole(specimen, moved) - 1.0)
    assert_order(errors, 2.0, 6e-3)


def film(half: float, thickness: float, n: int) -> Specimen:
    """A quarter of a film, finer at the wall and at the free edge."""
    height = 0.5 * thickness
    corners = [(0.0, 0.0), (half, 0.0), (half, height), (0.0, height)]
    shape = drawing(
        [(line(a, b), 0, OUTSIDE) for a, b in zip(corners, corners[1:] + corners[:1], strict=True)]
    )
    along, up = np.linspace(0.0, 1.0, int(half / height * n / 2) + 1), np.linspace(0.0, 1.0, n + 1)
    cells = MeshTri.init_tensor(
        half * (1.0 - (1.0 - along) ** 1.5), height * (1.0 - (1.0 - up) ** 1.7)
    )
    facets = cells.facets[:, cells.boundary_facets()]
    x, y = cells.p[:, facets].mean(axis=1)
    which = np.select([y == 0.0, x == half, y == height], [0, 1, 2], default=3)
    region = np.zeros(cells.t.shape[1], dtype=int)
    return Specimen(
        assemble(cells.p * UNIT, cells.t.T, region, facets.T, which, shape), {0: LITHIUM}
    )


def thin_film(half: float, thickness: float, speed: float) -> tuple[float, float]:
    """Pressure in the middle and its mean, from the flow of a power law between two plates."""
    slope = (POWER + 2.0) * speed / (2.0 * np.sqrt(3.0) * RATE) * (0.5 * thickness) ** -(POWER + 2)
    slope = STRESS / np.sqrt(3.0) * slope ** (1.0 / POWER)
    middle = slope * half ** (1.0 / POWER + 1.0) / (1.0 / POWER + 1.0)
    return middle, middle * (1.0 - 1.0 / (1.0 / POWER + 2.0))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("thickness", "speed", "middle", "mean", "above", "n"),
    [(10.0, 1e-9, 9.08011047e6, 4.85680328e6, 0.06, 6),
     (5.0, 1e-8, 31.58130899e6, 16.89232807e6, 0.025, 4)],
)  # fmt: skip
def test_film_squeezed_between_walls(
    thickness: float, speed: float, middle: float, mean: float, above: float, n: int
) -> None:
    """It resists by 6 % and 2.5 % more than the theory of thin films says, at 10 and 20 : 1.

    To 1 %; on coarser meshes by more.
    """
    half = 100.0
    assert thin_film(half * UNIT, thickness * UNIT, speed) == pytest.approx((middle, mean))
    excess = []
    for each in (n // 2, n):
        specimen = film(half, thickness, each)
        x, y = specimen.points
        wall = specimen.wall(2)
        left, below = (np.flatnonzero(np.abs(c) < 1e-9) for c in (x, y))
        moment, time = None, 0.1 * thickness * UNIT / speed
        for share in (1e-2, 1.0, 100.0):
            down = 0.5 * share * time * speed / UNIT
            held = ((wall, X, 0.0), (wall, Y, -down), (np.setdiff1d(left, wall), X, 0.0),
                    (below, Y, 0.0))  # fmt: skip
            moment = specimen.solve(held=held, before=moment, duration=share * time)
        force = -moment.answer.forces.reshape(-1, 2)[wall, Y].sum() / (half * UNIT)
        excess.append(force / mean - 1.0)
    assert excess[1] < excess[0]
    assert excess[1] == pytest.approx(above, abs=0.01)


# ------------------------------------------------------------------------------ a disc

RINGS = {"WM": (15.0e9, 0.27, 170e6), "HM": (21.7e9, 0.27, 136.6667e6)}
DISC = LinearElastic(*moduli(175e9, 0.3))
OUTER = 2


def swollen(name: str, held: bool, size: float) -> tuple[float, float]:
    """Pressure on a disc in a ring of twice its radius that has swollen by 1.9 %, and the radius
    up to which the ring has yielded."""
    shape, side = quarter_inclusion((1.0, 1.0), (OUTER, OUTER))
    mesh = generate(shape, size * UNIT, max_size=size * UNIT)
    youngs, poisson, strength = RINGS[name]
    law = J2(*moduli(youngs, poisson), strength)
    specimen = Specimen(mesh, {0: DISC, 1: law})
    rim = specimen.wall(side["outer"])
    walls = specimen.symmetry
    if held:
        walls = (*((np.setdiff1d(n, rim), a, v) for n, a, v in walls), (rim, X, 0.0), (rim, Y, 0.0))
    inside, moment = mesh.region == 0, None
    for share in np.linspace(0.0, 0.019, 20)[1:]:
        swelling = np.where(inside, share, 0.0)[:, None] * np.ones(6)
        moment = specimen.solve(held=walls, before=moment, swelling=swelling)
    body = specimen.body
    sigma = stress_at(
        body.space.basis, body.space.triangles, moment.displacement * UNIT, 0.0, body.lam, body.mu,
        swelling,
    )[:, inside]  # fmt: skip
    dx = np.asarray(body.space.basis.dx)[inside]
    pressure = -0.5 * float(((sigma[0] + sigma[1]) * dx).sum() / dx.sum())
    yielded = moment.history[body.laws.index(law)][EQUIVALENT] > 0.0
    radius = specimen.radius()[body.law_of == body.laws.index(law)][yielded].max(initial=1.0)
    return pressure, float(radius)


SWOLLEN = [("WM", False, 63.9023, 1.0), ("HM", False, 81.680, 1.232), ("WM", True, 182.044, 1.110),
           ("HM", True, 214.140, 1.427)]  # fmt: skip


@pytest.mark.parametrize(("name", "held", "pressure", "radius"), SWOLLEN[:2])
def test_disc_that_swells_in_a_ring(name: str, held: bool, pressure: float, radius: float) -> None:
    """Elastic, or plastic from within: pressure to 1e-3, the radius to an element."""
    found, plastic = swollen(name, held, 0.2)
    assert found / 1e6 == pytest.approx(pressure, rel=1e-3)
    assert plastic == pytest.approx(radius, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "held", "pressure", "radius"), SWOLLEN)
def test_disc_that_swells_on_a_fine_mesh(
    name: str, held: bool, pressure: float, radius: float
) -> None:
    """The same with half the elements, and with a rim that is held: 2e-4."""
    found, plastic = swollen(name, held, 0.1)
    assert found / 1e6 == pytest.approx(pressure, rel=2e-4)
    assert plastic == pytest.approx(radius, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "held", "pressure", "gap"),
    [("WM", False, 63.9023, 0.0), ("HM", False, 81.680, 0.00088383),
     ("WM", True, 182.044, 0.00020296), ("HM", True, 214.140, 0.00150725)],
)  # fmt: skip
def test_gap_that_a_ring_keeps(name: str, held: bool, pressure: float, gap: float) -> None:
    """Pressed as by the disc at its largest, and left alone: where it has yielded, it stays open.

    What has stayed elastic closes; the others keep the gap of the independent computation to 1 %.
    """
    youngs, poisson, strength = RINGS[name]
    specimen = Specimen(
        structured_ring(1.0, 2.0, 12, 6), {0: J2(*moduli(youngs, poisson), strength)}
    )
    walls = specimen.symmetry
    if held:
        rim = specimen.wall(1)
        walls = (*((np.setdiff1d(n, rim), a, v) for n, a, v in walls), (rim, X, 0.0), (rim, Y, 0.0))
    unit, moment = specimen.loads.pressure_load(INNER, 1e6), None
    for share in (*np.linspace(0.0, 1.0, 21)[1:], 0.5, 0.0):
        moment = specimen.solve(unit * pressure * share, held=walls, before=moment)
    assert hole(specimen, moment.displacement.ravel()) == pytest.approx(gap, rel=0.01, abs=1e-9)
