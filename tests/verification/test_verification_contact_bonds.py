"""Bonds that fail, against closed forms: columns that snap, peeled beams, cracks, plastic zones."""

from __future__ import annotations

import numpy as np
import pytest
from contact_harness import at, graded, grid
from numpy.typing import NDArray

from fem.errors import SolveError
from fem.laws.bonds import GAP, BondLaw, Cohesive, Touching
from fem.laws.solids import LinearElastic
from fem.physics.assembly import Solids, SolidState
from fem.physics.borders import Support, Traction

Floats = NDArray[np.float64]
UM = 1e-6

# ---------------------------------------------------------------------------- a column

LENGTH, PEAK, TOUGHNESS = 10 * UM, 10e6, 2.0
BILINEAR, RIGID = Cohesive(PEAK, TOUGHNESS, 1e14), Cohesive(PEAK, TOUGHNESS)


def column(modulus: float, law: BondLaw) -> tuple[Solids, Support]:
    """A column with a bond across its middle, and the wall that pulls at it."""
    x, y = np.array([0, 2.5, 5]) * UM, np.array([0, 5, 10]) * UM
    mesh = grid(x, y, ("low", "high"), lambda x, y: y > 5 * UM)
    elastic, top = LinearElastic.of(modulus, 0.0), Support(at(1, LENGTH), 1)
    walls = [Support(at(0, 0), 0), Support(at(1, 0), 1), top]
    return Solids(mesh, {"low": elastic, "high": elastic}, walls, {("low", "high"): law}), top


def test_a_stiff_column_follows_its_bond() -> None:
    """Bilinear: peak at 0.12 um, half damaged at 0.26, 90 % of the way at 0.372, then nothing."""
    solids, top = column(5e9, BILINEAR)
    state, width, spent = solids.start(), 5 * UM, []
    for moved, stress in ((0.12, 10e6), (0.26, 5e6), (0.372, 1e6), (0.4, 0.0), (0.5, 0.0)):
        new = solids.step(state, loads={top: moved * UM})
        np.testing.assert_allclose(new.parted.traction[GAP], stress, rtol=1e-9, atol=1e-3)
        spent.append(solids.spent(state, new).bonds / width)
        assert new.released == 0.0
        assert not new.snapped
        state = new
    # 1.8 J/m^2 at 90 %, all of the toughness in the end.
    np.testing.assert_allclose(np.cumsum(spent)[2:4], [1.8, TOUGHNESS], rtol=1e-9)
    assert state.energy == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("law", "peak", "released"), [(BILINEAR, 1.1, 3.5), (RIGID, 1.0, 3.0)])
@pytest.mark.parametrize("steps", [1, 24, 60])
def test_a_soft_column_snaps_and_says_so(
    law: Cohesive, peak: float, released: float, steps: int
) -> None:
    """Softer than L/M = (last - first)/peak: at the peak it jumps, however long the step.

    What is set free is the elastic energy at the peak less what the bond still takes:
    3.5 J/m^2 with the bond's own stretch, 3 without.
    """
    solids, top = column(0.1e9, law)
    state, snaps = solids.start(), []
    for moved in np.linspace(0.0, 1.2, steps + 1)[1:]:
        state = solids.step(state, loads={top: moved * UM})
        if state.snapped:
            snaps.append((moved, state.released / (5 * UM)))
    ((moved, energy),) = snaps
    assert peak - 1e-9 <= moved <= peak + 1.2 / steps
    assert energy == pytest.approx(released, rel=0.03 if steps == 1 else 1e-2)
    np.testing.assert_allclose(state.parted.opening[GAP], 1.2 * UM, rtol=1e-6)
    assert np.abs(state.parted.traction).max() < 1e-3 * PEAK


# ---------------------------------------------------------------------------- peeled beams

THICK, G_C = 20 * UM, 2.0
STIFFNESS = 100e9 / (1.0 - 0.25**2)
LIMIT = float(np.sqrt(G_C * STIFFNESS * THICK**3 / 12.0))
"""Moment in N at which two beams part for good: the energy release rate is 12 M^2 / (E' h^3)."""


def beams(law: Cohesive, size: float) -> tuple[Solids, list[Traction]]:
    """Two beams, free over 60 um and bonded over 100 um, and the moments at their ends."""
    x = np.linspace(0, 160, round(160 / size) + 1) * UM
    y = np.linspace(-20, 20, 2 * round(10 / size) + 1) * UM

    def region(x: Floats, y: Floats) -> Floats:
        return np.where(y > 0, np.where(x < 60 * UM, 1, 2), 0)

    mesh = grid(x, y, ("low", "free", "bonded"), region)
    elastic = LinearElastic.of(100e9, 0.25)
    moments = [
        Traction(
            lambda x, y, side=side: (np.abs(x) < 1e-12) & (side * y > -1e-12),
            lambda x, y, side=side: (side * 12.0 / THICK**3 * (y - side * THICK / 2), 0.0 * x),
        )
        for side in (1, -1)
    ]
    point = Support(lambda x, y: at(0, 160 * UM)(x, y) & at(1, 0.0)(x, y), 1)
    laws = dict.fromkeys(("low", "free", "bonded"), elastic)
    bonds = {("low", "bonded"): law, ("low", "free"): Touching()}
    return Solids(mesh, laws, [Support(at(0, 160 * UM), 0), point], bonds, moments), moments


def taken(law: Cohesive, opening: float) -> float:
    """Energy in J/m^2 below the curve of traction up to an opening."""
    inside = min(max(opening, law.first), law.last)
    whole = law.last - law.first
    softens = (inside - law.first) * (1.0 - 0.5 * (inside - law.first) / whole)
    rises = 0.5 * min(opening, law.first) ** 2 * (law.stiffness or 0.0)
    return float(rises + law.strength * softens)


@pytest.mark.parametrize(
    ("law", "size"),
    [
        (Cohesive(50e6, G_C, 1e16), 4.0),
        pytest.param(Cohesive(50e6, G_C), 2.5, marks=pytest.mark.slow),
        pytest.param(Cohesive(50e6, G_C, 1e16), 2.5, marks=pytest.mark.slow),
    ],
)
def test_peeled_beams(law: Cohesive, size: float) -> None:
    """J = 12 M^2/(E' h^3) is the energy taken at the tip, for any law (Rice 1968): to 1 %."""
    solids, moments = beams(law, size)
    place = solids.mesh.nodes[0, solids.faces.interfaces[0].nodes]
    tip, state = int(np.argmin(place)), solids.start()
    for share in (0.6, 0.9, 0.98):
        state = solids.step(state, loads=dict.fromkeys(moments, share * LIMIT))
        opening = float(np.hypot(*state.parted.opening[:, tip]))
        assert taken(law, opening) == pytest.approx(share**2 * G_C, rel=1e-2)
        assert not state.snapped
    # Beyond the limit no equilibrium leads on: there is none, or all of it lets go at once.
    try:
        beyond = solids.step(state, loads=dict.fromkeys(moments, 1.03 * LIMIT))
    except SolveError:
        return
    assert beyond.snapped


# ---------------------------------------------------------------------------- cracks

MODULUS, POISSON, PULL = 1e9, 0.25, 1e6
PLANE = MODULUS / (1.0 - POISSON**2)


def cracked(
    half: float, width: float, height: float, size: float, ahead: BondLaw | None = None
) -> tuple[Solids, SolidState]:
    """Half of a crack in a strip with symmetric sides, pulled across it; lengths in um."""
    left, right = graded(size, half, 1.25), graded(size, width - half, 1.25)
    x = np.concatenate([half - left[::-1], half + right[1:]])
    y = graded(size, height, 1.25)
    y = np.concatenate([-y[:0:-1], y])

    def region(x: Floats, y: Floats) -> Floats:
        return np.where(y > 0, np.where(x < half * UM, 1, 2), 0)

    mesh = grid(x * UM, y * UM, ("below", "crack", "ahead"), region)
    elastic = LinearElastic.of(MODULUS, POISSON)
    pulls = [
        Traction(at(1, side * height * UM), lambda x, y, side=side: (0 * x, 0 * x + side * PULL))
        for side in (1, -1)
    ]
    point = Support(lambda x, y: at(0, 0.0)(x, y) & at(1, -height * UM)(x, y), 1)
    walls = [Support(at(0, 0), 0), Support(at(0, width * UM), 0), point]
    bonds: dict[tuple[str, str], BondLaw] = {("below", "crack"): Touching()}
    if ahead is not None:
        bonds["below", "ahead"] = ahead
    laws = dict.fromkeys(("below", "crack", "ahead"), elastic)
    solids = Solids(mesh, laws, walls, bonds, pulls)
    return solids, solids.step(solids.start())


def on_crack(solids: Solids, state: SolidState) -> tuple[Floats, Floats, Floats]:
    """Places in m, gaps in m and weights in m of the pairs of the crack."""
    first = solids.faces.interfaces[0]
    count = len(first.pairs)
    gap = state.parted.opening[GAP, :count]
    return solids.mesh.nodes[0, first.nodes], gap, solids.faces.weights[:count]


def far_displacement(solids: Solids, state: SolidState, height: float) -> float:
    """By how much the crack lets the ends of the strip move apart, in m."""
    space = solids.body.space
    y = space.mesh.nodes[1, space.nodes]
    ends = [state.displacement[at(1, s * height * UM)(y, y), 1].mean() for s in (1, -1)]
    confined = POISSON / (1.0 - POISSON)
    return float(ends[0] - ends[1] - PULL * (1.0 - confined**2) / PLANE * 2.0 * height * UM)


@pytest.mark.parametrize(
    ("share", "middle", "remote"),
    [
        pytest.param(0.1, 0.401655154142, 0.0315459758286, marks=pytest.mark.slow),
        (0.5, 2.24439940936, 0.882542400611),
        pytest.param(0.8, 4.69247350091, 2.99048065134, marks=pytest.mark.slow),
    ],
)
def test_rows_of_cracks(share: float, middle: float, remote: float) -> None:
    """Opening in the middle and far displacement (Tada), of order 1 as the tip is singular."""
    errors = []
    for size in (0.2, 0.1, 0.05):
        solids, state = cracked(10 * share, 10.0, 30.0, size)
        x, gap, _ = on_crack(solids, state)
        unit = PULL * 10 * UM / PLANE
        far = far_displacement(solids, state, 30.0)
        errors.append((gap[np.argmin(x)] / unit / middle - 1, far / unit / remote - 1))
    found = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    np.testing.assert_allclose(found, 1.0, atol=0.3)
    assert np.abs(errors[-1]).max() < 1e-2


@pytest.mark.slow
def test_griffith() -> None:
    """Opening (order 1/2 at the tip) and volume (order 1) of a crack in a wide plate."""
    errors = []
    for size in (0.1, 0.05, 0.025):
        solids, state = cracked(1.0, 40.0, 60.0, size)
        x, gap, weights = on_crack(solids, state)
        exact = 4.0 * PULL / PLANE * np.sqrt(np.maximum(UM**2 - x**2, 0.0))
        volume = np.pi * PULL * UM**2 / PLANE
        errors.append((np.abs(gap - exact).max() / exact.max(), gap @ weights / volume - 1.0))
    found = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    np.testing.assert_allclose(found[:, 0], 0.5, atol=0.05)
    np.testing.assert_allclose(found[:, 1], 1.0, atol=0.2)
    assert np.abs(errors[-1][1]) < 1e-2


def dugdale(share: float, size: float) -> tuple[float, float]:
    """Half length of crack and zone in um, and opening at the crack's tip, as in `test_dugdale`."""
    law = Cohesive(PULL / share, 1e3)
    solids, state = cracked(1.0, 60.0, 80.0, size, law)
    assert not state.snapped
    x, gap, _ = on_crack(solids, state)
    zone = float(solids.faces.open_lengths(state.parted, 1)[0].sum())
    return 1.0 + zone / UM, float(gap[np.argmax(x)] * PLANE / (PULL / share * UM))


@pytest.mark.parametrize(
    ("share", "length", "tip"),
    [
        (0.3, 1.12232623763, 0.293872674001),
        pytest.param(0.5, 1.41421356237, 0.882542400611, marks=pytest.mark.slow),
    ],
)
def test_dugdale(share: float, length: float, tip: float) -> None:
    """A bond of constant traction ahead of a crack: the zone to half an edge, its opening to 1 %.

    The bond is one that softens so slowly that its traction falls by less than 1e-4.
    """
    found = dugdale(share, 0.1)
    assert found[0] == pytest.approx(length, abs=0.1)
    assert found[1] == pytest.approx(tip, rel=1e-2)


@pytest.mark.slow
def test_dugdale_wide_zone() -> None:
    found = dugdale(0.8, 0.05)
    assert found[0] == pytest.approx(3.2360679775, rel=2e-2)
    assert found[1] == pytest.approx(2.99048065134, rel=5e-3)
