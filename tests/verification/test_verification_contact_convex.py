"""Two discs that touch in electrolyte: one answer from any start, no penetration, work found again.

Cut along a flat facet, the discs and the electrolyte meet at a point, where gaps and slips of three
pairs of faces follow from four displacements.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from contact_harness import at
from numpy.typing import NDArray

from fem.geometry.curves import Arc, Line
from fem.geometry.drawn import Drawn
from fem.laws.bonds import GAP, BondLaw, Cohesive, Touching
from fem.laws.solids import J2, LinearElastic, SolidLaw
from fem.physics.assembly import Solids, SolidState
from fem.physics.borders import Support

Floats = NDArray[np.float64]
RADIUS, FACET, TOP, PRESS = 5e-6, 0.25, 1.41, 50e6
HALF = float(np.sqrt(1.0 - FACET**2))
WIDTH = 2.0 * HALF


def line(*ends: tuple[float, float]) -> Line:
    (a, b), (c, d) = ends
    return Line((a * RADIUS, b * RADIUS), (c * RADIUS, d * RADIUS))


def discs(
    size: float, electrolyte: SolidLaw, on_electrolyte: BondLaw, on_facet: BondLaw,
    generalised: bool = False,
) -> Solids:  # fmt: skip
    """Upper halves of two discs with a facet between them, under a plate."""
    turn = float(np.arcsin(FACET))
    outlines: list[Drawn] = [
        (line((0, 0), (HALF, 0)), "left", None),
        (line((HALF, 0), (WIDTH, 0)), "right", None),
        (line((WIDTH, 0), (WIDTH, 1)), "right", None),
        (line((WIDTH, 1), (WIDTH, TOP)), "electrolyte", None),
        (line((WIDTH, TOP), (0, TOP)), "electrolyte", None),
        (line((0, TOP), (0, 1)), "electrolyte", None),
        (line((0, 1), (0, 0)), "left", None),
        (line((HALF, 0), (HALF, FACET)), "left", "right"),
    ]
    for x, name, angles in (
        (0.0, "left", (turn, 0.5 * np.pi)),
        (WIDTH, "right", (0.5 * np.pi, np.pi - turn)),
    ):
        arc = Arc((x * RADIUS, 0.0), (RADIUS, RADIUS), angles)
        outlines.append((arc, name, "electrolyte"))
    disc = LinearElastic.of(175e9, 0.3)
    walls = [Support(at(0, 0.0), 0), Support(at(0, WIDTH * RADIUS), 0), Support(at(1, 0.0), 1)]
    plate = Support(at(1, TOP * RADIUS), 1, pressure=PRESS)
    return Solids.of(
        outlines, size * RADIUS, {"left": disc, "right": disc, "electrolyte": electrolyte},
        [*walls, plate],
        {
            ("left", "electrolyte"): on_electrolyte,
            ("right", "electrolyte"): on_electrolyte,
            ("left", "right"): on_facet,
        },
        generalised=generalised,
    )  # fmt: skip


def assert_complementary(solids: Solids, state: SolidState, size: float) -> None:
    gap, pressure = state.parted.opening[GAP], state.parted.pressure
    assert gap.min() >= -1e-6 * size * RADIUS
    assert pressure.min() >= -1e-6 * pressure.max()
    assert np.abs(gap * pressure).max() <= 1e-9 * max(gap.max(), 1e-9) * pressure.max()


SWELLINGS = [
    {"left": -0.004, "right": 0.002},
    {"left": -0.02, "right": -0.02},
    {"left": 0.01, "right": -0.003},
]


@pytest.mark.parametrize("swelling", SWELLINGS)
def test_one_answer_from_any_start(swelling: dict[str, float]) -> None:
    """Without friction and damage the energy is convex: ten random starts, one state."""
    electrolyte = LinearElastic.of(28e9, 0.27)
    solids = discs(0.25, electrolyte, Touching(), Touching())
    # Openings that follow from others are there, but every gap is an unknown of its own.
    assert (solids.faces.place < 0).any()
    start = solids.step(solids.start())
    wanted = solids.step(start, swelling)
    assert_complementary(solids, wanted, 0.25)
    chance = np.random.default_rng(3)
    for _ in range(10):
        mess = replace(
            start,
            unknowns=start.unknowns + chance.normal(size=start.unknowns.shape) * 1e-8,
            parted=replace(start.parted, closed=chance.random(len(solids.faces)) < chance.random()),
        )
        found = solids.step(mess, swelling)
        error = np.abs(found.stress - wanted.stress).max() / np.abs(wanted.stress).max()
        assert error < 2e-9
        np.testing.assert_array_equal(found.parted.closed, wanted.parted.closed)


@pytest.mark.parametrize("generalised", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_work_is_found_again(generalised: bool) -> None:
    """Discs swell and shrink unequally beside an electrolyte that yields, with bonds that fail and
    friction: what loads did is elastic energy, flow, bonds and friction, to 1e-8."""
    solids = discs(
        0.25, J2.of(15e9, 0.27, strength=170e6), Cohesive(50e6, 1.0, 1e16, friction=0.2),
        Touching(0.3), generalised,
    )  # fmt: skip
    basis = solids.body.space.basis
    region = solids.mesh.region[solids.body.space.elements]
    path: list[dict[str, float]] = [{}]
    path += [{"left": 0.019 * s, "right": 0.012 * s} for s in np.linspace(0, 1, 5)[1:]]
    path += [{"left": 0.029 * s - 0.01, "right": 0.012 * s} for s in np.linspace(1, 0, 6)[1:]]
    state, before, done, turned_over, spent = solids.start(), path[0], 0.0, 0.0, np.zeros(3)
    for number, swelling in enumerate(path):
        new = solids.step(state, swelling)
        mean = 0.5 * (old_pressure(state) + old_pressure(new)) * np.asarray(basis.dx)
        # The plate presses with half of its pressure, in the mean, while it is put on.
        press = PRESS * (0.5 if number == 0 else 1.0) * WIDTH * RADIUS
        parts = [-press * (new.rise[0] - state.rise[0])]
        for name, value in swelling.items():
            of_region = region == solids.region(name)
            parts.append(float(mean[of_region].sum()) * (value - before.get(name, 0.0)))
        done += sum(parts)
        turned_over += sum(abs(part) for part in parts)
        step = solids.spent(state, new)
        assert step.flow > -1e-9 * turned_over
        assert step.bonds > -1e-9 * turned_over
        spent += step
        state, before = new, swelling
    assert (spent > 1e-4 * turned_over).all(), "all of them take part"
    assert abs(done - state.energy - spent.sum()) < 1e-8 * turned_over


def old_pressure(state: SolidState) -> Floats:
    """Pressure of the solids in Pa at quadrature points (nt, nq)."""
    return -state.stress[:3].mean(axis=0)


@pytest.mark.slow
def test_random_packings_keep_the_conditions() -> None:
    """Swelling of random size in random order: no penetration, no tension, in every state."""
    solids = discs(0.12, LinearElastic.of(28e9, 0.27), Touching(), Touching())
    chance, state = np.random.default_rng(7), solids.step(solids.start())
    for _ in range(12):
        left, right = chance.uniform(-0.03, 0.02, 2).tolist()
        state = solids.step(state, {"left": left, "right": right})
        assert_complementary(solids, state, 0.12)
