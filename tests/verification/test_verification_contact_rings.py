"""A disc that swells and shrinks in a ring or a square cell, against independent solutions.

The numbers of the ring are those of a one-dimensional code (quadratic elements, refined in space
and step until the digits given did not change); those of the square cell come from another contact
algorithm, with 256 pairs of nodes on the quarter of the disc. Lengths in the disc's radius.
"""

from __future__ import annotations

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
RADIUS = 5e-6
QUARTER = (0.0, 0.5 * np.pi)
DISC = LinearElastic.of(175e9, 0.3)
RINGS = {
    "WM": J2.of(15.0e9, 0.27, strength=170e6),
    "HM": J2.of(21.7e9, 0.27, strength=136.6667e6),
}
STICKS, LOOSE = Cohesive(50e6, 1.0, 1e16), Touching()


def line(*ends: tuple[float, float]) -> Line:
    (a, b), (c, d) = ends
    return Line((a * RADIUS, b * RADIUS), (c * RADIUS, d * RADIUS))


def arc(radius: float) -> Arc:
    return Arc((0.0, 0.0), (radius * RADIUS, radius * RADIUS), QUARTER)


def ring(outer: float, size: float, law: SolidLaw, bond: BondLaw, held: bool = False) -> Solids:
    outlines: list[Drawn] = [
        (line((0, 0), (1, 0)), "disc", None),
        (line((1, 0), (outer, 0)), "ring", None),
        (line((0, outer), (0, 1)), "ring", None),
        (line((0, 1), (0, 0)), "disc", None),
        (arc(1.0), "disc", "ring"),
        (arc(outer), "ring", None),
    ]
    supports = [Support(at(0, 0.0), 0), Support(at(1, 0.0), 1)]

    def rim(x: Floats, y: Floats) -> NDArray[np.bool_]:
        return np.abs(np.hypot(x, y) - outer * RADIUS) < 1e-12

    if held:
        supports += [Support(rim, 0), Support(rim, 1)]
    laws = {"disc": DISC, "ring": law}
    return Solids.of(outlines, size * RADIUS, laws, supports, {("disc", "ring"): bond})


def means(solids: Solids, state: SolidState) -> tuple[float, float, float]:
    """Means along the interface: gap over the radius, pressure in MPa, damage."""
    weights = solids.faces.weights / solids.faces.weights.sum()
    law = solids.faces.laws[0]
    damage = law.damage(state.parted.bonding[0]) if isinstance(law, Cohesive) else 0.0 * weights
    gap, pressure = state.parted.opening[GAP], state.parted.pressure
    return float(gap @ weights / RADIUS), float(pressure @ weights / 1e6), float(damage @ weights)


def cycled(solids: Solids, steps: int) -> list[tuple[float, float, float]]:
    """`means` at +1.9 %, back at 0, at -0.5 % and at 0 again."""
    state, found = solids.start(), []
    for start, end in ((0.0, 0.019), (0.019, 0.0), (0.0, -0.005), (-0.005, 0.0)):
        for beta in np.linspace(start, end, steps + 1)[1:]:
            state = solids.step(state, {"disc": float(beta)})
        found.append(means(solids, state))
    return found


CYCLES = [
    ("WM", False, LOOSE, 63.9023, (0, 0), (0.00216667, 0, 0), (0, 0)),
    ("WM", False, STICKS, 63.9023, (0, 0), (0.00029114, -14.5568, 0), (0, 0)),
    ("HM", False, LOOSE, 81.680, (0.00088383, 0), (0.0030505, 0, 0), (0.00088383, 0)),
    ("HM", False, STICKS, 81.680, (0.00016073, -8.036), (0.00055474, -27.737, 0),
     (0.00016073, -8.036)),
    ("WM", True, LOOSE, 182.044, (0.00020296, 0), (0.0023696, 0, 0), (0.00020296, 0)),
    ("WM", True, STICKS, 182.044, (0.0000633, -3.166), (0.00073921, -36.961, 0),
     (0.0000633, -3.166)),
    ("HM", True, LOOSE, 214.140, (0.00150725, 0), (0.0036739, 0, 0), (0.00150725, 0)),
    ("HM", True, STICKS, 214.140, (0.00058612, -29.306), (0.0023655, -40.246, 0.6597),
     (0.00095344, -16.222)),
]  # fmt: skip


IN_SHORT = (0, 3, 7)
"""Rows of the short run: one that closes, one that sticks, one whose bond fails in part."""


@pytest.mark.parametrize(
    ("name", "held", "bond", "peak", "back", "shrunk", "again"),
    [
        pytest.param(
            *row,
            id=f"{row[0]}-{'held' if row[1] else 'free'}-{type(row[2]).__name__}",
            marks=() if number in IN_SHORT else pytest.mark.slow,
        )
        for number, row in enumerate(CYCLES)
    ],
)  # fmt: skip
def test_a_cycle_in_a_yielding_ring(
    name: str, held: bool, bond: BondLaw, peak: float, back: tuple[float, float],
    shrunk: tuple[float, float, float], again: tuple[float, float],
) -> None:  # fmt: skip
    """All gaps and pressures to 1e-3 of the largest; after damage to 5e-3."""
    found = cycled(ring(2.0, 0.15, RINGS[name], bond, held), 6 if held else 4)
    share = 1e-3 if shrunk[2] == 0.0 else 5e-3
    gaps = np.array([0.0, back[0], shrunk[0], again[0]])
    pressures = np.array([peak, back[1], shrunk[1], again[1]])
    got = np.array(found)
    np.testing.assert_allclose(got[:, 0], gaps, rtol=0.0, atol=share * gaps.max())
    np.testing.assert_allclose(got[:, 1], pressures, rtol=0.0, atol=1e-3 * peak)
    assert got[2, 2] == pytest.approx(shrunk[2], abs=1e-2)


@pytest.mark.slow
def test_a_cycle_with_damage_resolved() -> None:
    *_, (name, held, bond, peak, back, shrunk, again) = CYCLES
    got = np.array(cycled(ring(2.0, 0.1, RINGS[name], bond, held), 25))
    gaps = np.array([0.0, back[0], shrunk[0], again[0]])
    np.testing.assert_allclose(got[:, 0], gaps, rtol=0.0, atol=1e-3 * gaps.max())
    np.testing.assert_allclose(got[:, 1], [peak, back[1], shrunk[1], again[1]], atol=1e-3 * peak)
    assert got[2, 2] == pytest.approx(shrunk[2], abs=1e-3)


@pytest.mark.parametrize(
    ("name", "held", "first"),
    [("WM", False, -0.0172), ("WM", True, -0.0074), ("HM", False, -0.0127), ("HM", True, -0.0059)],
)
def test_a_disc_that_only_shrinks(name: str, held: bool, first: float) -> None:
    """First damage, complete opening where the misfit is the last opening, and then no stress."""
    solids = ring(2.0, 0.25, RINGS[name], STICKS, held)
    state = solids.start()
    last = -STICKS.last / RADIUS * 3.0 / 1.3
    damage = {}
    for beta in (first + 3e-4, first - 3e-4, 1.01 * last, -0.07):
        state = solids.step(state, {"disc": beta})
        damage[beta] = means(solids, state)[2]
    assert damage[first + 3e-4] == 0.0
    assert damage[first - 3e-4] > 0.0
    assert last == pytest.approx(-0.0185, abs=5e-5)
    weights = solids.faces.weights
    assert (state.parted.opening[GAP] >= STICKS.last).all()
    assert state.parted.opening[GAP] @ weights / weights.sum() / RADIUS == pytest.approx(
        1.3 * 0.07 / 3.0, rel=1e-6
    )
    of_ring = solids.mesh.region[solids.body.space.elements] == solids.region("ring")
    assert np.abs(state.parted.traction).max() < 1.0
    if name == "WM" and not held:  # else what has yielded keeps some
        assert np.abs(state.stress[:, of_ring]).max() < 1e-5 * 170e6


@pytest.mark.slow
def test_a_disc_snaps_from_a_thin_ring() -> None:
    """With an outer radius of sqrt 2: a jump at beta = -.0266829 to a gap of .0115626 R."""
    solids = ring(2**0.5, 0.12, RINGS["WM"], STICKS)
    state, snaps = solids.start(), []
    for beta in (-0.02, -0.026, -0.0266, -0.0268, -0.03):
        state = solids.step(state, {"disc": beta})
        gap, _, damage = means(solids, state)
        if state.snapped:
            snaps.append((beta, gap, damage, state.released))
    assert len(snaps) == 1
    ((beta, gap, damage, released),) = snaps
    assert beta == -0.0268
    assert damage == pytest.approx(1.0)
    assert gap == pytest.approx(1.3 * 0.0268 / 3.0, rel=1e-3)
    assert released > 0.1 * STICKS.toughness * 0.5 * np.pi * RADIUS * 0.1
    assert gap * 0.0266829 / 0.0268 == pytest.approx(0.0115626, rel=1e-3)


# ---------------------------------------------------------------------------- a square cell

SIDE, CELL, PLATE = 1.2533141373, 28e9, 10e6
OPENED = {
    0.0: (0.0, 0.0, -0.559303),
    0.5: (0.2258, 0.06955, -0.793192),
    1.0: (0.3731, 0.263147, -1.007479),
    2.0: (0.5114, 0.666591, -1.406475),
    4.0: (0.6422, 1.487698, -2.150503),
    8.0: (0.8436, 3.144454, -3.515873),
}
"""By -beta E/p: opened share of the interface; largest gap and rise of the plate, times E/p."""


def square(size: float, pressure: float = PLATE) -> Solids:
    outlines: list[Drawn] = [
        (line((0, 0), (1, 0)), "disc", None),
        (line((1, 0), (SIDE, 0)), "cell", None),
        (line((SIDE, 0), (SIDE, SIDE)), "cell", None),
        (line((SIDE, SIDE), (0, SIDE)), "cell", None),
        (line((0, SIDE), (0, 1)), "cell", None),
        (line((0, 1), (0, 0)), "disc", None),
        (arc(1.0), "disc", "cell"),
    ]
    walls = [Support(at(0, 0.0), 0), Support(at(0, SIDE * RADIUS), 0), Support(at(1, 0.0), 1)]
    plate = Support(at(1, SIDE * RADIUS), 1, pressure=pressure)
    laws = {"disc": DISC, "cell": LinearElastic.of(CELL, 0.27)}
    bonds = {("disc", "cell"): LOOSE}
    return Solids.of(outlines, size * RADIUS, laws, [*walls, plate], bonds)


def measured(solids: Solids, state: SolidState, pressure: float) -> tuple[float, float, float]:
    opened, length = solids.faces.open_lengths(state.parted, 0)
    scale = CELL / pressure / RADIUS
    gap, rise = state.parted.opening[GAP].max(), state.rise[0]
    return float(opened.sum() / length.sum()), float(gap * scale), float(rise * scale)


@pytest.mark.parametrize(
    ("size", "of_share"), [(0.06, 1e-2), pytest.param(0.03, 5e-3, marks=pytest.mark.slow)]
)
def test_a_disc_under_a_plate(size: float, of_share: float) -> None:
    """Gap and rise to 1e-3 of themselves at the least; the share to an edge of the interface."""
    solids = square(size)
    state = solids.start()
    for s, (share, gap, rise) in OPENED.items():
        state = solids.step(state, {"disc": -s * PLATE / CELL})
        found = measured(solids, state, PLATE)
        assert found[0] == pytest.approx(share, abs=of_share)
        assert found[1] == pytest.approx(gap, rel=1e-3, abs=1e-12)
        assert found[2] == pytest.approx(rise, rel=1e-3)


@pytest.mark.parametrize("pressure", [2e6, 10e6, 30e6])
def test_contact_is_lost_where_the_pressure_says(pressure: float) -> None:
    """At beta = -8.7495 p/E all of it is open, and so it stays at -7 %."""
    solids = square(0.1, pressure)
    state = solids.start()
    for s, whole in ((8.70, False), (8.80, True)):
        state = solids.step(state, {"disc": -s * pressure / CELL})
        assert (measured(solids, state, pressure)[0] == 1.0) == whole
        assert state.parted.closed.any() != whole
    state = solids.step(state, {"disc": -0.07})
    assert measured(solids, state, pressure)[0] == 1.0
