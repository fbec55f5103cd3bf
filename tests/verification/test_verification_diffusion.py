"""Diffusion in a disc and in a slab against the series of Crank's and Carslaw's books.

Time is tau = D t / R^2 on a disc of radius R = 1 with D = 1, and F c_max = 1, so that a current
density is a flux of stoichiometry. J_n is the Bessel function of order n.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from diffusion_harness import Particle, Run, discs, given, layers, surface_held, transfer
from harness import Floats, assert_order
from scipy.special import j0, j1, jn_zeros

from fem.constants import FARADAY
from fem.geometry.types import Phase
from fem.physics.particles import diffusion_model

CRANK = {
    0.01: (5.40e-13, 2.07374466e-5, 0.118140401558),
    0.05: (0.00119834413078, 0.0235894170834, 0.281042792979),
    0.1: (0.0269218591652, 0.0966134776226, 0.418326013268),
    0.2: (0.167937678068, 0.279894667336, 0.642770380014),
    0.5: (0.750219306014, 0.875059784746, 1.24991167244),
}
"""Constant inward flux: x at the centre, half-way and at the surface, by tau."""


def crank(radius: Floats, tau: float) -> Floats:
    """x = 2 tau + r^2/2 - 1/4 - 2 sum J0(a r) exp(-a^2 tau) / (a^2 J0(a)) over J1(a) = 0."""
    a = jn_zeros(1, 60)
    terms = j0(a * radius[..., None]) * np.exp(-(a**2) * tau) / (a**2 * j0(a))
    return np.asarray(2.0 * tau + 0.5 * radius**2 - 0.25 - 2.0 * terms.sum(axis=-1))


@cache
def disc() -> Particle:
    """About 700 unknowns."""
    return discs(0.3, 2)[-1]


# ---------------------------------------------------------------------------- constant flux


def test_constant_flux_table() -> None:
    """The series above, tabulated at three radii and five times, from a sudden start."""
    particle = disc()
    model = particle.model()
    run = Run(model, given(particle.loads(-1.0)), model.initial(0.0))
    for tau, _ in zip(CRANK, run.to(CRANK, steps=16), strict=True):
        surface = float(model.surface(run.state).mean())
        found = (particle.at_radius(run.state, 0.0), particle.at_radius(run.state, 0.5), surface)
        assert found == pytest.approx(CRANK[tau], abs=1.5e-4 if tau < 0.05 else 3e-5)
        # The mean is 2 tau for the exact circle; 1e-12 with the loads and the area of the mesh.
        taken = run.time * particle.loads(1.0).sum() / model.areas[0]
        assert model.mean(run.state) == pytest.approx(taken, rel=1e-12)
        assert taken == pytest.approx(2.0 * tau, rel=1e-6)


@pytest.mark.slow
def test_constant_flux_order_in_space() -> None:
    """The whole field at tau = 0.1 in the L2 norm, order 3."""
    errors = []
    for particle in discs(0.8, 3):
        model = particle.model()
        run = Run(model, given(particle.loads(-1.0)), model.initial(0.0))
        for _ in run.to([0.1], steps=48):
            errors.append(particle.l2_error(run.state, lambda x, y: crank(np.hypot(x, y), 0.1)))
    assert_order(errors, 3.0, ceiling=1e-4)


@pytest.mark.parametrize("load", ["flux", "held", "transfer"])
@pytest.mark.parametrize(("scheme", "order"), [("backward_euler", 1), ("tr_bdf2", 2)])
def test_order_in_time(scheme: str, order: int, load: str) -> None:
    """From a smooth start, against the same mesh with a hundredth of the step."""
    (particle,) = discs(0.4, 1)
    model = particle.model()
    loads = {
        "flux": given(particle.loads(-1.0)),
        "held": surface_held(0.0),
        "transfer": transfer(particle, 5.0, 1.0),
    }[load]
    warm = Run(model, loads, model.initial(0.5))
    list(warm.to([0.05], steps=16))

    def end(method: str, steps: int) -> Floats:
        run = Run(model, loads, warm.state, warm.time, warm.rate)
        for _ in range(steps):
            getattr(run, method)(0.1 / steps)
        return model.surface(run.state, run.last) if load != "held" else run.state

    exact = end("tr_bdf2", 1000)
    errors = [float(np.abs(end(scheme, n) - exact).max()) for n in (10, 20, 40, 80)]
    assert_order(errors, order, ceiling={1: 2e-3, 2: 1e-5}[order])


# ---------------------------------------------------------------------------- given surface


@pytest.mark.slow
def test_surface_held() -> None:
    """Uptake 1 - 4 sum exp(-a^2 tau) / a^2 over J0(a) = 0, and the centre at tau = 0.1.

    The loads that hold the surface at 1 follow from the response of each stage.
    """
    table = {
        0.01: 0.215473938179,
        0.05: 0.452120997997,
        0.1: 0.605824193967,
        0.2: 0.782147552543,
        0.5: 0.961621294949,
    }
    a = jn_zeros(0, 200)
    particle = disc()
    model = particle.model()
    run = Run(model, surface_held(1.0), model.initial(0.0))
    for tau, _ in zip(table, run.to(table, steps=16), strict=True):
        assert 1.0 - 4.0 * (np.exp(-(a**2) * tau) / a**2).sum() == pytest.approx(table[tau])
        assert model.surface(run.state) == pytest.approx(1.0, abs=1e-12)
        assert model.mean(run.state) == pytest.approx(table[tau], abs=3e-4 if tau < 0.05 else 5e-5)
        if tau == 0.1:
            assert particle.at_radius(run.state, 0.0) == pytest.approx(0.151644886675, abs=2e-4)


@pytest.mark.parametrize(
    ("biot", "root", "uptake", "surface"),
    [
        (0.5, 0.94077056395, 0.0880315436601, 0.180380272676),
        (5.0, 1.98981471472, 0.402602989838, 0.744251574872),
    ],
)
def test_surface_transfer(biot: float, root: float, uptake: float, surface: float) -> None:
    """dx/dr = Bi (1 - x) at the surface; values at tau = 0.1.

    With b J1(b) = Bi J0(b): uptake 1 - sum 4 Bi^2 exp(-b^2 tau) / (b^2 (b^2 + Bi^2)).
    """
    assert root * j1(root) == pytest.approx(biot * j0(root), rel=1e-9)
    particle = disc()
    model = particle.model()
    run = Run(model, transfer(particle, biot, 1.0), model.initial(0.0))
    for _ in run.to([0.1], steps=10):
        assert model.mean(run.state) == pytest.approx(uptake, abs=1e-5)
        assert model.surface(run.state).mean() == pytest.approx(surface, abs=5e-5)
        # What the law takes in is what the field says: the loads stood for it exactly.
        law = particle.surface_mass() @ (biot * (model.surface(run.state) - 1.0))[0]
        assert run.last == pytest.approx(law[None], abs=1e-12)


def test_eigenmode_decays() -> None:
    """x = J0(a r) with J0(a) = 0 and the surface at 0 decays as exp(-a^2 tau)."""
    a = float(jn_zeros(0, 1)[0])
    particle = disc()
    model = particle.model()
    mode = j0(a * np.hypot(*particle.places))[None]
    run = Run(model, surface_held(0.0), mode, rate=-(a**2) * mode)
    steps = 200
    for _ in range(steps):
        run.tr_bdf2(0.1 / steps)
    factor = particle.at_radius(run.state, 0.0)
    assert factor == pytest.approx(0.56084057364681, abs=6e-5)
    assert particle.l2_error(run.state, lambda x, y: factor * j0(a * np.hypot(x, y))) < 2e-4


# ---------------------------------------------------------------------------- half-space


def half_space(depth: float) -> Particle:
    """A slab with its surface on top, divided geometrically from depth / 4000 there."""
    thick = np.cumsum(1.2 ** np.arange(37))
    below = depth * (1.0 - np.r_[thick[::-1] / thick[-1], 0.0])
    phases = (Phase.ACTIVE, Phase.ELECTROLYTE)
    top = depth * 1.01
    return Particle.of(layers(np.r_[below, top], 1e-3 * depth, phases, (depth, top)))


DIFFUSIVITY, FULL = 1e-14, 1e4


def test_cottrell() -> None:
    """An emptied surface: i = F c0 sqrt(D / (pi t)), in SI."""
    particle = half_space(1e-5)
    model = diffusion_model("resolved", particle.mesh, particle.group, FULL, DIFFUSIVITY)
    run = Run(model, surface_held(0.0), model.initial(1.0))
    times = {1.0: 54.4360193472, 100.0: 5.44360193472}
    for time, _ in zip(times, run.to(times, steps=12), strict=True):
        assert run.last is not None
        current = run.last.sum() / 1e-8
        assert FARADAY * FULL * np.sqrt(DIFFUSIVITY / np.pi / time) == pytest.approx(times[time])
        assert current == pytest.approx(times[time], rel=1e-4)


def test_constant_flux_into_half_space() -> None:
    """The surface fills by 2 j sqrt(t / (pi D)); j = 1e-6 mol/(m^2 s)."""
    particle = half_space(1e-5)
    model = diffusion_model("resolved", particle.mesh, particle.group, FULL, DIFFUSIVITY)
    run = Run(model, given(particle.loads(-FARADAY * 1e-6)), model.initial(0.0))
    times = {1.0: 11.283791671, 100.0: 112.83791671}
    for time, _ in zip(times, run.to(times, steps=12), strict=True):
        assert FULL * model.surface(run.state) == pytest.approx(times[time], rel=1e-4)


def test_sand() -> None:
    """A constant outward flux empties the surface at pi D (c0 / (2 j))^2."""
    particle = half_space(1e-3)
    model = diffusion_model("resolved", particle.mesh, particle.group, FULL, DIFFUSIVITY)
    run = Run(model, given(particle.loads(FARADAY * 1e-6)), model.initial(1.0))
    end = 785398.163397
    assert np.pi * DIFFUSIVITY * (FULL / 2e-6) ** 2 == pytest.approx(end)
    for _ in run.to([end], steps=12):
        assert model.surface(run.state) == pytest.approx(0.0, abs=1e-4)


# ---------------------------------------------------------------------------- D(x)


def slab_between_electrolytes(n: int) -> Particle:
    """0.1 < y < 1.1 in n layers, with a surface on either side."""
    ticks = np.r_[0.0, 0.1 + np.arange(n + 1) / n, 1.2]
    phases = (Phase.ELECTROLYTE, Phase.ACTIVE, Phase.ELECTROLYTE)
    return Particle.of(layers(ticks, 0.2, phases, (0.1, 1.1, 1.2)))


def test_kirchhoff() -> None:
    """D = e^x with x from 1 to 0 through the slab: flux e - 1, and e^x is linear in the depth.

    Steady states by large steps with D at the state before. The field has order 3.
    """
    errors = []
    for n in (4, 8, 16):
        particle = slab_between_electrolytes(n)
        model = particle.model(diffusivity=np.exp)
        low = particle.surface_places[1] < 0.6
        held = surface_held(np.where(low, 1.0, 0.0)[None])
        state = model.initial(0.5)
        for _ in range(20):
            stage = model.condensed(1e3, state)
            loads = held(stage, state, 0.0)
            before, state = state, stage.state(state, loads)
        assert np.abs(state - before).max() < 1e-10
        errors.append(particle.l2_error(state, lambda x, y: np.log(1.0 + (np.e - 1.0) * (1.1 - y))))
    assert -loads[0, low].sum() / 0.2 == pytest.approx(1.71828182845905, abs=1e-8)
    assert loads[0, ~low].sum() / 0.2 == pytest.approx(1.71828182845905, abs=1e-8)
    middle = particle.probe(state, np.array([[0.1], [0.6]]))
    assert middle == pytest.approx(0.620114506958278, abs=1e-6)
    assert_order(errors, 3.0, ceiling=2e-6)


@pytest.mark.parametrize(("scheme", "order"), [("backward_euler", 1), ("tr_bdf2", 2)])
def test_order_in_time_with_variable_diffusivity(scheme: str, order: int) -> None:
    """D = e^x at an extrapolated state keeps the order of the method, and all lithium."""
    particle = slab_between_electrolytes(8)
    model = particle.model(diffusivity=np.exp)
    load = particle.loads(-0.5)
    warm = Run(model, given(load), model.initial(0.0))
    list(warm.to([0.05], steps=12))

    def end(method: str, steps: int) -> Floats:
        run = Run(model, given(load), warm.state, warm.time, warm.rate)
        for _ in range(steps):
            getattr(run, method)(0.4 / steps)
        assert model.mean(run.state) == pytest.approx(
            -load.sum() * 0.45 / model.areas[0], rel=1e-12
        )
        return run.state

    exact = end("tr_bdf2", 400)
    errors = [float(np.abs(end(scheme, n) - exact).max()) for n in (10, 20, 40)]
    assert_order(errors, order, ceiling={1: 2e-3, 2: 5e-5}[order])
