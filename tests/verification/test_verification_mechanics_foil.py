"""A flat lithium foil: every model of lithium, contact, kinematics and top against one layer sum.

Electrolyte of thickness H below lithium of thickness t, between walls that hold u_x. Nothing
depends on x, so the stress is uniform in each layer and shear vanishes: sliding equals sticking.
With M = lambda + 2 mu, the out-of-plane strain e and s = s_yy common to both layers,

    eps_y = (s - lambda e) / M,   s_xx = lambda (eps_y + e),   s_zz = lambda eps_y + M e.

Plated h under a held top: the layers together are h too thick, H eps_y,S + t eps_y,L = -h. Rigid
lithium has eps_y,L = 0 and yielded lithium -s is its pressure K (h / t' - ...), which is a layer
with the modulus K. A free top has s = 0, a plate with the stack pressure p has s = -p.

Plane strain has e = 0; generalised plane strain has no force out of the plane,
H s_zz,S + t s_zz,L = 0.
"""

from __future__ import annotations

import numpy as np
import pytest
from mechanics_harness import (
    ELECTROLYTE,
    SOFT,
    UNIT,
    Floats,
    forces_on_composite,
    layers,
    plate,
)

from fem.laws.elasticity import lame
from fem.mesh import Mesh, generate
from fem.physics.mechanics import MechanicsSolution

WIDTH, BELOW, ABOVE = 20.0, 12.0, 5.0
PLATED, STACK = 0.01, 3e6
XX, YY, ZZ, XY = range(4)

MODELS = ("rigid", "elastic", "yielded")
CONTACTS = ("stick", "slide")
PLANE, GENERALISED = "plane strain", "generalised plane strain"
# Rigid lithium allows no out-of-plane strain.
KINEMATICS = [(m, PLANE) for m in MODELS] + [("elastic", GENERALISED)]


@pytest.fixture(scope="module")
def mesh() -> Mesh:
    """Unstructured, so that uniform stress is not a matter of symmetry."""
    return generate(layers(WIDTH, BELOW, ABOVE), 2.0 * UNIT, max_size=3.0 * UNIT)


def constants(youngs: float, nu: float) -> tuple[float, float]:
    lam, mu = lame(np.array(youngs), np.array(nu))
    return float(lam), float(lam + 2 * mu)


def lithium_layer(model: str) -> tuple[float, float]:
    """lambda and M of the lithium: fluid lithium has lambda = M = K, K = lambda + 2 mu / 3."""
    lam, m = constants(*SOFT)
    bulk = lam + (m - lam) / 3.0
    return {"elastic": (lam, m), "yielded": (bulk, bulk)}[model]


def closed_form(model: str, kinematics: str, top: str) -> tuple[Floats, float]:
    """Stress (4,) of the electrolyte and out-of-plane strain, as derived above."""
    lam, m = constants(*ELECTROLYTE)
    stacked = [(BELOW, lam, m)]
    if model != "rigid":
        stacked.append((ABOVE, *lithium_layer(model)))
    # Unknowns s, e. Rows: the top, then the force out of the plane.
    thick = sum(t / mod for t, _, mod in stacked)
    cross = sum(t * la / mod for t, la, mod in stacked)
    axial = sum(t * (mod**2 - la**2) / mod for t, la, mod in stacked)
    first = ([thick, -cross], -PLATED) if top == "held" else ([1.0, 0.0], 0.0)
    if top == "plate":
        first = ([1.0, 0.0], -STACK)
    second = [0.0, 1.0] if kinematics == PLANE else [cross, axial]
    s, e = np.linalg.solve(np.array([first[0], second]), np.array([first[1], 0.0]))
    strain = (s - lam * e) / m
    return np.array([lam * (strain + e), s, lam * strain + m * e, 0.0]), float(e)


def solve(mesh: Mesh, model: str, contact: str, kinematics: str, top: str) -> MechanicsSolution:
    stack = STACK if top == "plate" else 0.0
    return plate(
        mesh, PLATED, lithium=model, contact=contact, kinematics=kinematics, top=top,
        stack_pressure=stack,
    )  # fmt: skip


def assert_uniform(solution: MechanicsSolution, wanted: Floats, scale: float) -> None:
    sigma = solution.stress()
    wanted = np.broadcast_to(wanted[:, None, None], sigma.shape)
    np.testing.assert_allclose(sigma, wanted, rtol=0.0, atol=1e-7 * scale)
    np.testing.assert_allclose(solution.pressure, -wanted[YY, 0, 0], rtol=0.0, atol=1e-7 * scale)


@pytest.mark.parametrize("contact", CONTACTS)
@pytest.mark.parametrize(("model", "kinematics"), KINEMATICS)
@pytest.mark.parametrize("top", ["free", "plate", "held"])
def test_flat_foil(mesh: Mesh, model: str, contact: str, kinematics: str, top: str) -> None:
    """Uniform stress in the electrolyte, the pressure on it, and the out-of-plane strain."""
    solution = solve(mesh, model, contact, kinematics, top)
    wanted, out_of_plane = closed_form(model, kinematics, top)
    scale = abs(closed_form(model, kinematics, "held" if top == "free" else top)[0][YY])
    assert_uniform(solution, wanted, scale)
    assert solution.out_of_plane == pytest.approx(out_of_plane, rel=1e-7, abs=1e-10)


@pytest.mark.parametrize("top", ["free", "plate", "held"])
def test_yielded_foil_in_generalised_plane_strain(mesh: Mesh, top: str) -> None:
    """Lithium as a fluid: lambda = M = K in the layer sum, so s_zz,L = s_yy."""
    solution = solve(mesh, "yielded", "stick", GENERALISED, top)
    wanted, out_of_plane = closed_form("yielded", GENERALISED, top)
    scale = abs(closed_form("yielded", GENERALISED, "held" if top == "free" else top)[0][YY])
    assert_uniform(solution, wanted, scale)
    assert solution.out_of_plane == pytest.approx(out_of_plane, rel=1e-7, abs=1e-10)


def test_numbers_of_the_held_foil() -> None:
    """The closed form once more, spelled out: s_yy = -h / (t / M_L + H / M_S), s_xx = nu/(1-nu) s.

    M = E (1 - nu) / ((1 + nu)(1 - 2 nu)) is 34.99 GPa of the electrolyte and 8.235 of lithium.
    """
    moduli = [e * (1 - nu) / ((1 + nu) * (1 - 2 * nu)) for e, nu in (ELECTROLYTE, SOFT)]
    assert moduli == pytest.approx([34.990e9, 8.2353e9], rel=1e-4)
    expected = -PLATED / (ABOVE / moduli[1] + BELOW / moduli[0])
    sigma, _ = closed_form("elastic", PLANE, "held")
    assert sigma[YY] == pytest.approx(expected, rel=1e-12)
    assert sigma[XX] == pytest.approx(0.27 / 0.73 * expected, rel=1e-12)
    assert sigma[ZZ] == pytest.approx(sigma[XX], rel=1e-12)


@pytest.mark.parametrize("model", MODELS)
def test_a_plate_without_pressure_is_a_free_top(mesh: Mesh, model: str) -> None:
    """On a flat foil both leave no stress: 1e-6 of that under a held top."""
    held = abs(closed_form(model, PLANE, "held")[0][YY])
    solution = plate(mesh, PLATED, lithium=model, top="plate", stack_pressure=0.0)
    assert np.abs(solution.stress()).max() < 1e-6 * held
    assert np.abs(solution.pressure).max() < 1e-6 * held


@pytest.mark.parametrize("contact", CONTACTS)
@pytest.mark.parametrize("model", MODELS)
def test_stack_pressure_reaches_the_bottom(mesh: Mesh, model: str, contact: str) -> None:
    """With uneven plating too, the supports below carry p times the width."""
    x = mesh.nodes[0] / UNIT
    thickness = PLATED * (1.0 + np.cos(np.pi * x / WIDTH))
    solution = plate(
        mesh, thickness, lithium=model, contact=contact, top="plate", stack_pressure=STACK
    )
    force = forces_on_composite(mesh, solution)
    below = np.abs(mesh.nodes[1]) < 1e-12
    assert force[below, 1].sum() == pytest.approx(STACK * WIDTH * UNIT, rel=1e-8)
    if model != "yielded":
        assert np.ptp(solution.pressure) > 4 * STACK


@pytest.mark.parametrize("contact", CONTACTS)
def test_uneven_plating_makes_shear_only_where_lithium_sticks(mesh: Mesh, contact: str) -> None:
    """Rigid lithium that slides passes no shear force on; one that sticks does."""
    x = mesh.nodes[0] / UNIT
    thickness = PLATED * (1.0 + np.cos(np.pi * x / WIDTH))
    solution = plate(mesh, thickness, lithium="rigid", contact=contact, top="held")
    inside = solution.nodes[np.abs(x[solution.nodes] % WIDTH) > 1e-6]
    shear, normal = np.abs(forces_on_composite(mesh, solution)[inside]).sum(axis=0)
    if contact == "slide":
        assert shear < 1e-8 * normal
    else:
        assert shear > 0.02 * normal
