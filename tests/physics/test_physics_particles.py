"""Groups of equal particles, and the three models of diffusion as the reactions see them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import fem
from fem.constants import FARADAY
from fem.forms.diffusion import diffusion, mass
from fem.geometry import build
from fem.mesh import Mesh, assemble, from_case
from fem.physics.congruent import ParticleBundle, ParticleGroup, groups
from fem.physics.particles import Diffusion, Fixed, diffusion_model
from fem.spaces import Space

CASES = Path(__file__).parents[2] / "cases"
CONCENTRATION = 5e4
DIFFUSIVITY = 1e-14
KINDS = ("resolved", "averaged", "fixed")


def variable(x):
    """A diffusivity that doubles with every tenth of stoichiometry."""
    return DIFFUSIVITY * 2.0 ** (10.0 * (x - 0.8))


def bed(**changes: object) -> Mesh:
    """Six discs of 10 um in two rows, on a coarse mesh."""
    case = fem.Case.load(CASES / "zheng2023_flat.toml").replace(
        {
            "geometry.width": "60 um",
            "geometry.cathode.thickness": "40 um",
            "geometry.cathode.particles.rows": 2,
            "geometry.cathode.particles.columns": 3,
            "inactive": {},
            "mesh.size": "2.5 um",
            **changes,
        }
    )
    return from_case(case, build(case))


@pytest.fixture(scope="module")
def lattice() -> Mesh:
    return bed()


@pytest.fixture(scope="module")
def group(lattice: Mesh) -> ParticleGroup:
    (found,) = groups(lattice, [4, 0, 5])
    return found


def plane() -> Mesh:
    """A flat cathode of 10 um."""
    case = fem.Case.load(CASES / "teaching_1d.toml").replace(
        {"geometry.cathode.thickness": "10 um", "mesh.size": "2 um"}
    )
    return from_case(case, build(case))


def shuffled(mesh: Mesh, moved: int = -1) -> Mesh:
    """The same mesh with vertices and triangles in another order; vertex `moved` is shifted."""
    random = np.random.default_rng(5)
    count = int(mesh.triangles[:, :3].max()) + 1
    vertices = mesh.nodes[:, :count].copy()
    if moved >= 0:
        vertices[:, moved] += 0.01e-6
    number = random.permutation(count)
    order = random.permutation(len(mesh.region))
    return assemble(
        vertices[:, np.argsort(number)],
        number[mesh.triangles[order, :3]],
        mesh.region[order],
        number[mesh.edges[:, :2]],
        mesh.outline,
        mesh.geometry,
    )


def loads_on(group: ParticleGroup, scale: float = 1e-6) -> np.ndarray:
    """Uneven loads in A/m, mostly outwards."""
    return scale * (np.random.default_rng(1).random(group.nodes.shape) - 0.2)


# ---------------------------------------------------------------------------- groups


@pytest.mark.parametrize("turn", [lambda mesh: mesh, shuffled])
def test_copies_are_in_the_same_order(lattice: Mesh, turn) -> None:
    """A copy's nodes and triangles lie where those of the first do, whatever their numbers."""
    mesh = turn(lattice)
    (group,) = groups(mesh, [4, 0, 5])
    assert group.ids.tolist() == [4, 0, 5]
    places = mesh.nodes[:, group.state_nodes]
    places = places - places.mean(axis=2, keepdims=True)
    assert np.abs(places - places[:, :1]).max() < 1e-15
    middles = mesh.nodes[:, mesh.triangles[group.elements]].mean(axis=3)
    middles = middles - middles.mean(axis=2, keepdims=True)
    assert np.abs(middles - middles[:, :1]).max() < 1e-15
    for k, body in enumerate(group.ids):
        assert {mesh.geometry.regions[r].body for r in mesh.region[group.elements[k]]} == {body}
        assert np.array_equal(
            np.unique(mesh.triangles[group.elements[k]]), np.sort(group.state_nodes[k])
        )


def test_surface_has_the_particle_on_its_left(lattice: Mesh, group: ParticleGroup) -> None:
    """Normals point away from the middle, and every node of the surface lies on the circle."""
    edges = group.patches(lattice).all_edges
    assert edges.length == pytest.approx(3 * np.pi * 10e-6, rel=1e-4)
    discs = lattice.geometry.particles
    centre = np.stack([discs.x[group.ids], discs.y[group.ids]])
    away = lattice.nodes[:, group.nodes] - centre[:, :, None]
    assert np.hypot(*away) == pytest.approx(5e-6, rel=1e-9)
    points = np.einsum("xea,aq->xeq", edges.coordinates, edges.shapes).reshape(2, 3, -1)
    outwards = (points - centre[:, :, None]) * edges.normals.reshape(2, 3, -1)
    assert outwards.sum(axis=0) == pytest.approx(5e-6, rel=1e-2)
    interface = lattice.interface_by_body("active material")
    assert len(edges.nodes) == sum(len(interface[body]) for body in group.ids)


def test_another_mesh_makes_another_group(lattice: Mesh) -> None:
    """A vertex inside particle 0 that is 10 nm off."""
    inside = lattice.triangles[lattice.elements("active material")]
    body = np.array([lattice.geometry.regions[r].body for r in lattice.region])
    mine = inside[body[lattice.elements("active material")] == 0, :3]
    vertex = np.setdiff1d(mine, lattice.edges)[0]
    found = groups(shuffled(lattice, moved=int(vertex)), range(6))
    assert [g.ids.tolist() for g in found] == [[0], [1, 2, 3, 4, 5]]


def test_a_body_without_surface_is_refused(lattice: Mesh) -> None:
    with pytest.raises(fem.InputError, match="particle 6 has no surface") as caught:
        groups(lattice, [0, 6])
    assert caught.value.given == 6


# ---------------------------------------------------------------------------- forms


def test_matrices_integrate_polynomials(lattice: Mesh, group: ParticleGroup) -> None:
    """Exact on triangles with straight edges: masses of x and x^2, and D = y with grad = (1, 0)."""
    x, y = lattice.nodes
    elements = group.elements[0]
    curved = np.isin(lattice.triangles[elements, 3:], lattice.edges[:, 2]).any(axis=1)
    space = Space(lattice, elements[~curved])
    weight = np.asarray(space.basis.dx)
    px, py = np.asarray(space.basis.global_coordinates())
    x, y = x[space.nodes], y[space.nodes]
    m = mass(space)
    assert m.sum() == pytest.approx(weight.sum(), rel=1e-13)
    assert x**2 @ m @ x == pytest.approx(float((px**3 * weight).sum()), rel=1e-13)
    k = diffusion(space, py)
    assert x @ k @ x == pytest.approx(float((py * weight).sum()), rel=1e-13)
    assert np.abs(k @ np.ones(len(space))).max() < 1e-13 * np.abs(k.diagonal()).max()
    flat = diffusion(space, np.full((len(space.elements), 1), 2.0))
    assert y @ flat @ y == pytest.approx(2.0 * weight.sum(), rel=1e-13)


# ---------------------------------------------------------------------------- models


def model_of(kind: str, mesh: Mesh, group: ParticleGroup, diffusivity) -> Diffusion:
    """The model of a group, or, where nothing moves, of the same particles in a bundle."""
    if kind == "fixed":
        return Fixed(mesh, ParticleBundle.of(mesh, group.ids.tolist()), CONCENTRATION)
    return diffusion_model(kind, mesh, group, CONCENTRATION, diffusivity)


@pytest.mark.parametrize("diffusivity", [DIFFUSIVITY, variable])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("c", [0.0, 0.3, 1e6])
def test_stage(lattice: Mesh, group: ParticleGroup, kind, diffusivity, c: float) -> None:
    """The surface is affine in the loads, and what leaves is what the loads say, at any c."""
    model = model_of(kind, lattice, group, diffusivity)
    base = model.initial(0.8) * np.array([[1.0], [0.9], [0.95]])
    base += 0.01 * np.random.default_rng(2).random(base.shape)
    loads = loads_on(group) / max(1.0, c)
    stage = model.condensed(c, base)
    state = stage.state(base, loads)
    assert state.shape == base.shape == (3, model.size)
    change = np.zeros_like(loads) if kind != "fixed" else 0.0
    if stage.response is not None:
        response = np.broadcast_to(stage.response, (3, *stage.response.shape[-2:]))
        change = np.einsum("kab,kb->ka", response, loads)
    # Where D depends on x, the averaged surface bends with D at the guess.
    at_guess = model.surface(base, loads) - model.surface(base) if kind == "averaged" else 0.0
    assert stage.surface(base) + change == pytest.approx(
        model.surface(state) + at_guess, rel=0.0, abs=1e-12
    )
    taken = 0.0 if kind == "fixed" else c * loads.sum(axis=1) / FARADAY
    lost = model.amount(base) - model.amount(state)
    assert lost == pytest.approx(taken, rel=0.0, abs=1e-13 * model.amount(base).max())
    if c == 0.0 or kind == "fixed":
        assert np.array_equal(state, base)


def test_amount_and_mean(lattice: Mesh, group: ParticleGroup) -> None:
    """Lithium of a disc: c_max pi R^2 x; the mean of a plane through the middle is its height."""
    for kind in KINDS:
        model = model_of(kind, lattice, group, DIFFUSIVITY)
        full = CONCENTRATION * np.pi * 25e-12
        assert model.amount(model.initial(0.6)) == pytest.approx(0.6 * full, rel=1e-4)
    resolved = diffusion_model("resolved", lattice, group, CONCENTRATION, DIFFUSIVITY)
    slope = 1e4 * lattice.nodes[0, group.state_nodes]
    middle = 1e4 * lattice.geometry.particles.x[group.ids]
    assert resolved.mean(slope) == pytest.approx(middle, rel=1e-6)
    assert np.array_equal(resolved.surface(slope), 1e4 * lattice.nodes[0, group.nodes])


@pytest.mark.parametrize("diffusivity", [DIFFUSIVITY, variable])
def test_response_is_symmetric_and_negative(lattice: Mesh, group, diffusivity) -> None:
    """Taking lithium out lowers every surface value: nothing rises anywhere."""
    resolved = diffusion_model("resolved", lattice, group, CONCENTRATION, diffusivity)
    for c in (0.1, 10.0):
        response = resolved.condensed(c, resolved.initial(0.8)).response
        matrices = response if response.ndim == 3 else response[None]
        assert len(matrices) == (3 if callable(diffusivity) else 1)
        for matrix in matrices:
            assert matrix == pytest.approx(matrix.T, rel=1e-9)
            assert np.linalg.eigvalsh(matrix).max() < 0.0
    averaged = diffusion_model("averaged", lattice, group, CONCENTRATION, diffusivity)
    response = averaged.condensed(1.0, averaged.initial(0.8)).response
    assert np.ptp(response) <= 1e-12 * np.abs(response).max()
    assert response.max() < 0.0


@pytest.mark.parametrize("shape", ["disc", "slab"])
def test_averaged_is_the_steady_limit(lattice: Mesh, group: ParticleGroup, shape: str) -> None:
    """Mean less surface: i R / (4 F D c_max) for a disc and i L / (3 F D c_max) for a slab.

    The resolved model reaches it after R^2 / D, here in large implicit steps under a uniform
    current.
    """
    mesh = lattice if shape == "disc" else plane()
    found = group if shape == "disc" else groups(mesh, [0])[0]
    length, number = (5e-6, 4.0) if shape == "disc" else (10e-6, 3.0)
    edges = found.patches(mesh).all_edges
    count = mesh.nodes.shape[1]
    density = 1e-3
    load = edges.load(np.full(edges.weights.shape, density), np.arange(count), count)[found.nodes]
    exact = density * length / (number * FARADAY * DIFFUSIVITY * CONCENTRATION)

    averaged = diffusion_model("averaged", mesh, found, CONCENTRATION, DIFFUSIVITY)
    state = averaged.initial(0.8)
    assert averaged.mean(state)[:, None] - averaged.surface(state, load) == pytest.approx(
        exact, rel=1e-4
    )
    assert np.array_equal(averaged.surface(state)[:, 0], state[:, 0])
    resolved = diffusion_model("resolved", mesh, found, CONCENTRATION, DIFFUSIVITY)
    state = resolved.initial(0.8)
    for _ in range(4):
        state = resolved.condensed(1e6, state).state(state, load)
    assert resolved.mean(state)[:, None] - resolved.surface(state) == pytest.approx(exact, rel=5e-3)


def test_variable_diffusivity_is_that_of_the_guess(lattice: Mesh, group: ParticleGroup) -> None:
    """Where x is uniform, D(x) is the constant; it doubles from 0.8 to 0.9, also for each alone."""
    base = np.full((3, group.state_nodes.shape[1]), 0.5)
    loads = loads_on(group)
    for kind in ("resolved", "averaged"):
        model = diffusion_model(kind, lattice, group, CONCENTRATION, variable)
        mixed = model.initial(0.8)
        mixed[1] = 0.9
        response = model.condensed(20.0, mixed).response
        for k, factor in enumerate((1.0, 2.0, 1.0)):
            same = diffusion_model(kind, lattice, group, CONCENTRATION, factor * DIFFUSIVITY)
            stage = same.condensed(20.0, mixed)
            assert response[k] == pytest.approx(stage.response, rel=1e-9)
            if kind == "resolved":
                state = model.condensed(20.0, mixed).state(base, loads)[k]
                assert state == pytest.approx(stage.state(base, loads)[k], rel=1e-12)


@pytest.mark.parametrize("diffusivity", [DIFFUSIVITY, variable])
def test_a_group_is_its_members(lattice: Mesh, group: ParticleGroup, diffusivity) -> None:
    """Each particle alone ends as it does among its copies."""
    base = 0.8 - 0.1 * np.random.default_rng(3).random(group.state_nodes.shape)
    loads = loads_on(group)
    together = diffusion_model("resolved", lattice, group, CONCENTRATION, diffusivity)
    expected = together.condensed(20.0, base).state(base, loads)
    for k in range(3):
        part = slice(k, k + 1)
        one = replace(
            group,
            ids=group.ids[part],
            elements=group.elements[part],
            state_nodes=group.state_nodes[part],
        )
        alone = diffusion_model("resolved", lattice, one, CONCENTRATION, diffusivity)
        state = alone.condensed(20.0, base[part]).state(base[part], loads[part])
        assert state[0] == pytest.approx(expected[k], rel=1e-11)


def test_stages_are_kept(lattice: Mesh, group: ParticleGroup) -> None:
    """A matrix is factored once for each c, and what is kept is for that c."""
    model = diffusion_model("resolved", lattice, group, CONCENTRATION, DIFFUSIVITY)
    state = model.initial(0.8)
    first = model.condensed(1.0, state)
    assert model.condensed(1.0, state) is first
    others = [model.condensed(float(c), state) for c in range(2, 12)]
    again = model.condensed(1.0, state)
    assert again is not first
    assert np.array_equal(again.response, first.response)
    assert others[0].response[0, 0] < first.response[0, 0]
