"""Faces that press on each other, against closed forms: patches, Hertz, waves, friction.

Faces meet node by node, as drawings are meshed once; there are no meshes that do not match. A round
face on a flat one is a clearance between faces drawn as one line, as in the theory of Hertz.
"""

from __future__ import annotations

import numpy as np
import pytest
from contact_harness import at, graded, grid
from numpy.typing import NDArray

from fem.errors import InputError, SolveError
from fem.laws.bonds import GAP, SLIP, Touching
from fem.laws.solids import LinearElastic
from fem.physics.assembly import Solids, SolidState
from fem.physics.borders import Support, Traction

Floats = NDArray[np.float64]
UM = 1e-6
E, NU = 1e9, 0.3
ELASTIC = LinearElastic.of(E, NU)
EFFECTIVE = 0.5 * E / (1.0 - NU**2)
"""Of two equal bodies in contact."""


def places(solids: Solids, interface: int = 0) -> Floats:
    """x of the pairs of an interface in m."""
    return solids.mesh.nodes[0, solids.faces.interfaces[interface].nodes]


# ---------------------------------------------------------------------------- patches


@pytest.mark.parametrize("friction", [0.0, 0.3])
def test_two_blocks_press_uniformly(friction: float) -> None:
    x, y = np.array([0, 0.3, 0.5, 1]) * UM, np.array([-1, -0.2, 0, 0.4, 1]) * UM
    mesh = grid(x, y, ("low", "high"), lambda x, y: y > 0)
    plate = Support(at(1, UM), 1, pressure=5e6)
    walls = [Support(at(0, 0), 0), Support(at(1, -UM), 1)]
    laws = {"low": ELASTIC, "high": LinearElastic.of(5 * E, NU)}
    # Without friction each block widens as it likes.
    solids = Solids(mesh, laws, [*walls, plate], {("low", "high"): Touching(friction)})
    state = solids.step(solids.start())
    if not friction:
        np.testing.assert_allclose(state.parted.pressure, 5e6, rtol=1e-9)
        np.testing.assert_allclose(state.stress[1], -5e6, rtol=1e-9)
        assert np.abs(state.stress[0]).max() < 1e-2
    assert state.parted.closed.all()
    total = state.parted.pressure @ solids.faces.weights
    assert total == pytest.approx(5e6 * UM, rel=1e-9)
    # Pulled, the plate takes the upper block along: nothing holds it.
    with pytest.raises(SolveError, match="nothing holds"):
        solids.step(state, loads={plate: -1e3})


def test_a_closed_slit_is_none() -> None:
    """A crack under compression across it: the field is uniform, as if it were not there."""
    ticks = np.linspace(-1.0, 1.0, 9) * UM

    def region(x: Floats, y: Floats) -> Floats:
        return np.where(y > 0, np.where(np.abs(x) < 0.5 * UM, 1, 2), 0)

    mesh = grid(ticks, ticks, ("below", "over the slit", "beside"), region)
    names = ("below", "over the slit", "beside")
    plate = Support(at(1, UM), 1, pressure=3e6)
    walls = [Support(at(0, -UM), 0), Support(at(1, -UM), 1)]
    slit = {("below", "over the slit"): Touching()}
    solids = Solids(mesh, dict.fromkeys(names, ELASTIC), [*walls, plate], slit)
    state = solids.step(solids.start())
    np.testing.assert_allclose(state.stress[1], -3e6, rtol=1e-8)
    assert np.abs(state.stress[[0, 3]]).max() < 3e6 * 1e-8
    assert np.abs(state.parted.opening).max() < 1e-18
    opened = solids.step(state, loads={plate: -3e6})
    inside = np.abs(places(solids)) < 0.499 * UM
    assert (opened.parted.opening[GAP, inside] > 0.0).all()
    assert not opened.parted.traction[:, inside].any()


# ---------------------------------------------------------------------------- Hertz, Westergaard


def hertz(n: int, far: float = 60.0) -> tuple[float, float]:
    """Errors of the pressure in the middle and of all of it (L2), of the largest each.

    Two equal blocks with a clearance x^2 / 2R, half of them, loaded such that the half width of
    contact is 1 um in n elements; the walls are far away.
    """
    x = np.concatenate(
        [np.linspace(0, 1.5, round(1.5 * n) + 1), 1.5 + graded(1 / n, far, 1.25)[1:]]
    )
    y = graded(1 / n, far, 1.25)
    mesh = grid(x * UM, np.concatenate([-y[:0:-1], y]) * UM, ("low", "high"), lambda x, y: y > 0)
    radius, load = 1e3 * UM, np.pi * EFFECTIVE * UM**2 / (4 * 1e3 * UM)
    plate = Support(at(1, far * UM), 1, pressure=0.5 * load / (x[-1] * UM))
    solids = Solids(
        mesh, {"low": ELASTIC, "high": ELASTIC},
        [Support(at(0, 0), 0), Support(at(1, -far * UM), 1), plate],
        {("low", "high"): Touching()},
        clearances={("low", "high"): lambda x, y: x**2 / (2 * radius)},
    )  # fmt: skip
    state = solids.step(solids.start())
    place, pressure, weights = places(solids), state.parted.pressure, solids.faces.weights
    assert place[state.parted.closed].max() == pytest.approx(UM, rel=1e-12)
    opened, length = solids.faces.open_lengths(state.parted, 0)
    assert (length - opened).sum() == pytest.approx(UM, rel=1e-9)
    assert pressure @ weights == pytest.approx(0.5 * load, rel=1e-8)
    peak = 2.0 * load / (np.pi * UM)
    exact = peak * np.sqrt(np.maximum(1.0 - (place / UM) ** 2, 0.0))
    l2 = np.sqrt(((pressure - exact) ** 2) @ weights / (exact**2 @ weights))
    return float(pressure[np.argmin(place)] / peak - 1.0), float(l2)


@pytest.mark.slow
def test_hertz() -> None:
    """Half width exact to the node, pressure of order 1 in L2: it ends as a square root."""
    errors = np.array([hertz(n) for n in (4, 8)])
    assert abs(errors[-1, 0]) < 2e-3
    assert np.log2(errors[0, 1] / errors[1, 1]) == pytest.approx(1.0, abs=0.15)
    assert errors[-1, 1] < 1e-2


@pytest.mark.slow
def test_hertz_order() -> None:
    errors = np.array([hertz(n) for n in (4, 8, 16, 32)])
    np.testing.assert_allclose(np.log2(errors[:-1, 1] / errors[1:, 1]), 1.0, atol=0.1)
    assert abs(errors[-1, 0]) < 2e-4


WAVE, HEIGHT = 10 * UM, 1e-9
P_STAR = np.pi * EFFECTIVE * HEIGHT / WAVE


def wavy(n: int, share: float) -> tuple[float, float]:
    """Contact half width over the wavelength, and the pressure at a crest over its reference.

    Half a wave of two equal blocks in n elements: a clearance D (1 - cos(2 pi x/wavelength)) under
    a mean pressure that makes the half width `share` of the wavelength (Westergaard 1939).
    """
    x = np.linspace(0.0, 0.5 * WAVE, n + 1)
    y = graded(0.5 * WAVE / n, 1.2 * WAVE, 1.3)
    mesh = grid(x, np.concatenate([-y[:0:-1], y]), ("low", "high"), lambda x, y: y > 0)
    plate = Support(at(1, y[-1]), 1, pressure=P_STAR * np.sin(np.pi * share) ** 2)
    walls = [Support(at(0, 0), 0), Support(at(0, x[-1]), 0), Support(at(1, -y[-1]), 1)]
    solids = Solids(
        mesh, {"low": ELASTIC, "high": ELASTIC}, [*walls, plate], {("low", "high"): Touching()},
        clearances={("low", "high"): lambda x, y: HEIGHT * (1 - np.cos(2 * np.pi * x / WAVE))},
    )  # fmt: skip
    state = solids.step(solids.start())
    opened, length = solids.faces.open_lengths(state.parted, 0)
    crest = state.parted.pressure[np.argmin(places(solids))]
    half = float((length - opened).sum()) / WAVE
    return half, float(crest / P_STAR / (2.0 * np.sin(np.pi * share)))


@pytest.mark.parametrize("share", [0.1, 0.25, 0.4])
def test_wavy_surfaces(share: float) -> None:
    """The edge of contact exactly where a node lies there, pressures of order 3/2."""
    found = np.array([wavy(n, share) for n in (10, 20, 40)])
    np.testing.assert_allclose(found[:, 0], share, rtol=1e-9)
    errors = np.abs(found[:, 1] - 1.0)
    np.testing.assert_allclose(np.log2(errors[:-1] / errors[1:]), 1.5, atol=0.25)
    assert errors[-1] < 2.5e-3


# ---------------------------------------------------------------------------- friction


def test_a_block_sticks_to_its_limit_and_then_slides() -> None:
    ticks = np.linspace(-1.0, 1.0, 5) * UM
    mesh = grid(ticks, ticks, ("low", "high"), lambda x, y: y > 0)
    plate = Support(at(1, UM), 1, pressure=2e6)
    base = [Support(at(1, -UM), 1), Support(lambda x, y: at(0, UM)(x, y) & (y < -0.1 * UM), 0)]

    def upper(x: Floats, y: Floats) -> NDArray[np.bool_]:
        return at(1, UM)(x, y)

    drag = Support(upper, 0)
    # So stiff that all of it slides at once, in blocks that do not tilt.
    stiff = LinearElastic.of(1e2 * E, 0.0)
    solids = Solids(
        mesh, {"low": stiff, "high": stiff}, [*base, plate, drag], {("low", "high"): Touching(0.3)}
    )
    state, shear = solids.step(solids.start()), []
    for moved in (1e-14, 1e-9, 2e-9, 1e-9, -1e-9):
        state = solids.step(state, loads={drag: moved})
        assert state.parted.closed.all()
        shear.append(float(state.parted.traction[SLIP] @ solids.faces.weights) / (2 * UM))
        limit = 0.3 * state.parted.pressure
        assert (np.abs(state.parted.traction[SLIP]) <= limit * (1 + 1e-9) + 1e-3).all()
    assert 0.0 < abs(shear[0]) < 0.5 * 0.6e6
    np.testing.assert_allclose(np.abs(shear[1:]), 0.6e6, rtol=1e-6)
    assert shear[1] * shear[3] < 0.0, "it pulls the other way on the way back"


def mindlin(n: int, shares: tuple[float, ...], far: float = 30.0) -> list[tuple[float, float]]:
    """Half width that sticks in um and error of the shear (L2), of two round bodies dragged by
    shares of what they bear, pressed such that their contact is 1 um wide to each side."""
    friction = 0.3
    x = np.concatenate([np.linspace(0, 1.5, round(1.5 * n) + 1), 1.5 + graded(1 / n, far, 1.3)[1:]])
    y = graded(1 / n, far, 1.3)
    x, y = np.concatenate([-x[:0:-1], x]), np.concatenate([-y[:0:-1], y])
    mesh = grid(x * UM, y * UM, ("low", "high"), lambda x, y: y > 0)
    radius, width = 1e3 * UM, np.ptp(x) * UM
    load = np.pi * EFFECTIVE * UM**2 / (4 * radius)
    press = Support(at(1, far * UM), 1, pressure=load / width)
    drag = Support(at(1, far * UM), 0, pressure=0.0)
    base = [Support(at(1, -far * UM), axis) for axis in (0, 1)]
    solids = Solids(
        mesh, {"low": ELASTIC, "high": ELASTIC}, [*base, press, drag],
        {("low", "high"): Touching(friction)},
        clearances={("low", "high"): lambda x, y: x**2 / (2 * radius)},
    )  # fmt: skip
    state, found = solids.step(solids.start()), []
    place, weights = places(solids) / UM, solids.faces.weights
    for share in shares:
        state = solids.step(state, loads={drag: share * friction * load / width})
        parted = state.parted
        shear = np.abs(parted.traction[SLIP])
        peak = friction * 2.0 * load / (np.pi * UM)
        assert shear @ weights == pytest.approx(share * friction * load, rel=1e-6)
        assert (shear <= friction * parted.pressure + 1e-9 * peak).all()
        sticks = parted.closed & (shear < friction * parted.pressure - 1e-9 * peak)
        inner = np.sqrt(np.maximum(1.0 - share - place**2, 0.0))
        exact = peak * (np.sqrt(np.maximum(1.0 - place**2, 0.0)) - inner)
        error = np.sqrt(((shear - exact) ** 2) @ weights / (exact**2 @ weights))
        found.append((float(np.abs(place[sticks]).max()), float(error)))
    return found


@pytest.mark.slow
def test_annulus_of_slip() -> None:
    """Cattaneo 1938, Mindlin 1949: what sticks is c = a sqrt(1 - Q / (mu P)) wide to each side."""
    for share, (width, error) in zip((0.5, 0.8), mindlin(4, (0.5, 0.8), 20.0), strict=True):
        assert width == pytest.approx(np.sqrt(1.0 - share), abs=1 / 8)
        assert error < 0.08


@pytest.mark.slow
def test_annulus_of_slip_with_finer_elements() -> None:
    coarse, fine = mindlin(8, (0.2, 0.5, 0.8)), mindlin(16, (0.2, 0.5, 0.8))
    for share, (_, before), (width, error) in zip((0.2, 0.5, 0.8), coarse, fine, strict=True):
        assert width == pytest.approx(np.sqrt(1.0 - share), abs=1 / 32)
        assert error < 0.6 * before


# ---------------------------------------------------------------------------- what is refused


def test_what_cannot_be_is_refused() -> None:
    mesh = grid(
        np.array([0, 1e-6]), np.array([-1e-6, 0, 1e-6]), ("low", "high"), lambda x, y: y > 0
    )
    laws = {"low": ELASTIC, "high": ELASTIC}
    with pytest.raises(InputError, match="no such region"):
        Solids(mesh, {"middle": ELASTIC}, [])
    with pytest.raises(InputError, match="share no outline"):
        Solids(mesh, laws, [], {("low", "low"): Touching()})
    with pytest.raises(InputError, match="holds no node"):
        Solids(mesh, laws, [Support(at(0, 5e-6), 0)])
    with pytest.raises(InputError, match="acts on no edge"):
        Solids(mesh, laws, [], tractions=[Traction(at(1, 0.0), lambda x, y: (x, y))])


def test_a_state_is_not_changed_by_a_step_from_it() -> None:
    mesh = grid(
        np.array([0, 1e-6]), np.array([-1e-6, 0, 1e-6]), ("low", "high"), lambda x, y: y > 0
    )
    laws = {"low": ELASTIC, "high": ELASTIC}
    walls = [Support(at(0, 0), 0), Support(at(1, -1e-6), 1), Support(at(1, 1e-6), 1, pressure=1e6)]
    solids = Solids(mesh, laws, walls, {("low", "high"): Touching()})
    first = solids.step(solids.start())
    again: list[SolidState] = [solids.step(first, {"low": 0.01}) for _ in range(2)]
    np.testing.assert_array_equal(again[0].stress, again[1].stress)
