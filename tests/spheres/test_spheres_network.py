"""Numbers of contact networks against arrangements whose contacts and resistances are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fem.errors import InputError
from fem.spheres import network
from fem.spheres.network import contacts

Floats = NDArray[np.float64]

UM = 1e-6
TOUCH = 1e-4
"""Relative overlap of arrangements whose spheres should just touch."""


def simple_cubic(count: int, height: int, overlap: float = TOUCH) -> tuple[Floats, Floats, Floats]:
    """`count` x `count` x `height` spheres of 1 um that overlap along the axes, and at the walls.

    The pitch is ``(1 - overlap)`` um, so that `overlap` is the relative overlap of all contacts;
    walls are half a pitch from the first and the last layer.
    """
    pitch = (1.0 - overlap) * UM
    i, j, k = np.meshgrid(*(np.arange(n) for n in (count, count, height)), indexing="ij")
    centres = (np.c_[i.ravel(), j.ravel(), k.ravel()] + 0.5) * pitch
    return centres, np.full(len(centres), 0.5 * UM), np.array([count, count, height]) * pitch


# ------------------------------------------------------------------------------ one contact


def test_hertz_force_of_one_contact() -> None:
    """Two spheres of 2 um with E = 1 GPa, nu = 0, pressed by 0.01 um.

    E* = 1/(1/E + 1/E) = 0.5 GPa and R = 0.5 um, so F = 4/3 * 0.5e9 * (0.5e-6)^0.5 * (1e-8)^1.5
    = 4.714e-7 N; and F/(pi a^2) is the mean pressure 4/(3 pi) E* a/R with a^2 = R d.
    """
    modulus = network.contact_modulus(1e9, 0.0, 1e9, 0.0)
    assert modulus == pytest.approx(0.5e9, rel=1e-14)
    overlap, radius = np.array([0.01 * UM, -0.01 * UM]), np.array([0.5 * UM, 0.5 * UM])
    force = network.hertz_force(overlap, radius, modulus)
    assert force[0] == pytest.approx(4.714045207910317e-7, rel=1e-12, abs=0)
    assert force[1] == 0.0
    a = network.hertz_contact_radius(overlap, radius)
    mean = 4.0 / (3.0 * np.pi) * modulus * a[0] / radius[0]
    assert force[0] / (np.pi * a[0] ** 2) == pytest.approx(mean, rel=1e-12)
    assert a[1] == 0.0


def test_contact_modulus_is_that_of_the_softer_body_at_a_rigid_one() -> None:
    soft = network.contact_modulus(28e9, 0.27, np.inf, 0.3)
    assert soft == pytest.approx(28e9 / (1 - 0.27**2), rel=1e-14)


# ------------------------------------------------------------------------------ all contacts


def test_simple_cubic_packing_has_six_contacts_a_sphere() -> None:
    """Each sphere owns one contact along x, y and z; the top layer has none above."""
    centres, radii, box = simple_cubic(5, 4)
    found = contacts(centres, radii, box)
    assert len(found.first) == 2 * 100 + 75
    assert found.relative == pytest.approx(TOUCH, rel=1e-9)
    assert found.distance == pytest.approx((1 - TOUCH) * UM, rel=1e-12, abs=0)
    assert found.radius == pytest.approx(0.25 * UM, rel=1e-12, abs=0)
    assert (found.bottom > 0).sum() == (found.top > 0).sum() == 25


def test_face_centred_cubic_packing_has_twelve() -> None:
    """Away from the walls; the diameter is the cube's side over the square root of two."""
    cell = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    shifts = np.stack(np.meshgrid(*[np.arange(4)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    centres = (cell[None] + shifts[:, None]).reshape(-1, 3) * UM
    radii = np.full(len(centres), 0.5 * UM / np.sqrt(2) * (1 + TOUCH))
    found = contacts(centres, radii, np.array([4.0, 4.0, 4.0]) * UM)
    number = np.bincount(np.r_[found.first, found.second], minlength=len(centres))
    inner = (centres[:, 2] > 0.4 * UM) & (centres[:, 2] < 3.1 * UM)
    assert inner.any() and (number[inner] == 12).all()
    assert (number[centres[:, 2] < 0.1 * UM] == 8).all()


def test_contacts_reach_through_periodic_sides_but_not_through_walls() -> None:
    centres = np.array([[0.1, 2.0, 0.1], [4.9, 2.0, 0.1], [0.1, 2.0, 4.9]]) * UM
    found = contacts(centres, np.full(3, 0.5 * UM), np.full(3, 5 * UM))
    assert sorted((int(found.first[0]), int(found.second[0]))) == [0, 1]
    assert len(found.first) == 1
    assert found.overlap[0] == pytest.approx(0.8 * UM, rel=1e-9, abs=0)


def test_a_centre_on_the_side_of_the_box_is_inside() -> None:
    centres = np.array([[-1e-30, 0.0, 1.0], [4.5, 5.0, 1.0]]) * UM
    assert len(contacts(centres, np.full(2, 0.5 * UM), np.full(3, 5 * UM)).first) == 1


def test_a_narrow_box_is_refused() -> None:
    centres, radii, box = simple_cubic(2, 2)
    with pytest.raises(InputError, match="touch on both sides"):
        contacts(centres, radii, box)


@st.composite
def random_spheres(draw: st.DrawFn) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """Up to sixty spheres that overlap at will, a share of them active."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(3, 60))
    radii = rng.uniform(0.5, draw(st.floats(0.5, 2.0)), n) * UM
    box = np.array([8.5, 9.0, draw(st.floats(3.0, 12.0))]) * UM
    active = rng.random(n) < draw(st.floats(0.0, 1.0))
    active[0], active[1] = True, False
    return rng.uniform(0, 1, (n, 3)) * box, radii, box, active


@given(random_spheres())
@settings(max_examples=50, deadline=None)
def test_contacts_are_those_of_all_pairs(
    spheres: tuple[Floats, Floats, Floats, NDArray[np.bool_]],
) -> None:
    centres, radii, box, _ = spheres
    step = centres[:, None] - centres[None]
    period = np.array([box[0], box[1], 1e9])
    distance = np.linalg.norm(step - period * np.round(step / period), axis=2)
    i, j = np.triu_indices(len(radii), 1)
    expected = {(a, b) for a, b in zip(i, j, strict=True) if distance[a, b] < radii[a] + radii[b]}
    found = contacts(centres, radii, box)
    pairs = {(min(p), max(p)) for p in zip(found.first, found.second, strict=True)}
    assert pairs == expected and len(found.first) == len(expected)
    assert found.distance == pytest.approx(distance[found.first, found.second], rel=1e-9, abs=0)


# ------------------------------------------------------------------------------ utilization


def pile() -> tuple[network.Contacts, Floats, Floats, Floats, NDArray[np.bool_]]:
    """Spheres of 2 um by name: separator above, chains of electrolyte, active ones beside them.

    0, 1, 2: electrolyte below the top wall, one on another with 0.1 um of overlap. 3: electrolyte
    alone. 4: active, overlaps 1 by 0.02 um (1 %) and 2 by more. 5: active, overlaps 3 by 0.2 um.
    6: active, touches nothing. 7: active, overlaps 0 by 0.12 um (6 %).
    """
    centres = np.array(
        [
            [2.0, 2.0, 9.1],
            [2.0, 2.0, 7.2],
            [2.0, 2.0, 5.3],
            [8.0, 8.0, 3.0],
            [2.0 + 1.98 * np.cos(0.5), 2.0, 7.2 - 1.98 * np.sin(0.5)],
            [8.0, 6.2, 3.0],
            [5.0, 8.0, 1.5],
            [2.0, 3.88, 9.1],
        ]
    )
    radii = np.ones(8) * UM
    box = np.array([10.0, 10.0, 10.0]) * UM
    active = np.array([False] * 4 + [True] * 4)
    return contacts(centres * UM, radii, box), centres * UM, radii, box, active


def test_utilization_counts_contacts_with_electrolyte_that_is_reached() -> None:
    touching, _, _, _, active = pile()
    electrolyte = network.reached(touching, ~active, ~active & (touching.top > 0))
    assert electrolyte.tolist() == [True] * 3 + [False] * 5
    largest = network.largest_overlap(touching, active, electrolyte)
    assert largest[1] == largest[2] == -1.0, "an island, and nothing"
    assert largest[3] == pytest.approx(0.06, rel=1e-9)
    levels = {0.0: 0.5, 0.02: 0.25, 0.05: 0.25, 0.07: 0.0}
    assert largest[0] == pytest.approx(0.01, rel=1e-9)
    for threshold, expected in levels.items():
        assert network.utilization(touching, active, electrolyte, threshold) == expected
    # With the island counted as well:
    assert network.utilization(touching, active, ~active, 0.07) == 0.25


def test_coverage_is_contact_area_over_surface() -> None:
    """In a cube of spheres of alternating kind all six contacts of one are with the other kind.

    Each has a^2 = R d = (r/2) (2 r t) = t r^2, so 6 pi t r^2/(4 pi r^2) = 1.5 t.
    """
    centres, radii, box = simple_cubic(4, 6)
    active = (np.round(centres / box * [4, 4, 6] - 0.5).sum(axis=1) % 2) == 0
    inner = (centres[:, 2] > UM) & (centres[:, 2] < 5 * (1 - TOUCH) * UM)
    touching = contacts(centres, radii, box)
    found = network.coverage(touching, radii, active & inner, ~active)
    assert found == pytest.approx(1.5 * TOUCH, rel=1e-9)


@given(random_spheres(), st.lists(st.floats(-0.5, 1.0), min_size=2, max_size=6))
@settings(max_examples=50, deadline=None)
def test_utilization_falls_with_the_threshold(
    spheres: tuple[Floats, Floats, Floats, NDArray[np.bool_]], thresholds: list[float]
) -> None:
    """And only rises if more electrolyte counts: all of it instead of what is reached."""
    centres, radii, box, active = spheres
    touching = contacts(centres, radii, box)
    some = network.reached(touching, ~active, ~active & (touching.top > 0))
    used = [network.utilization(touching, active, some, t) for t in sorted(thresholds)]
    most = [network.utilization(touching, active, ~active, t) for t in sorted(thresholds)]
    assert (np.diff(used) <= 0).all() and (np.diff(most) <= 0).all()
    assert all(0 <= a <= b <= 1 for a, b in zip(used, most, strict=True))


# ------------------------------------------------------------------------------ paths


def test_a_straight_chain_has_tortuosity_one() -> None:
    centres, radii, box = simple_cubic(5, 4)
    chain = (centres[:, :2] < UM).all(axis=1)
    touching = contacts(centres, radii, box)
    assert network.path_tortuosity(touching, centres, box, chain) == pytest.approx([1.0], rel=1e-12)


def test_a_staircase_is_as_long_as_its_steps() -> None:
    """Three floors up, half a pitch to the wall, and two steps aside; three from one start.

    Each floor holds two neighbours along x, the first through the periodic side; only one of each
    lies below one of the next floor.
    """
    centres, radii, box = simple_cubic(5, 4)
    x, y, z = (np.round(centres / box * [5, 5, 4] - 0.5).astype(int)).T
    # Floors hold x = (0, 4), (4, 3), (3, 2), (2).
    stair = (y == 0) & (((5 - z) % 5 == x) | ((4 - z == x) & (z < 3)))
    touching = contacts(centres, radii, box)
    ways = network.path_tortuosity(touching, centres, box, stair)
    # From x = 4 at the bottom, and from x = 0, a step further away.
    assert sorted(ways) == pytest.approx([5.5 / 3.5, 6.5 / 3.5], rel=1e-12)


def test_a_chain_that_is_cut_has_no_path() -> None:
    centres, radii, box = simple_cubic(5, 4)
    chain = (centres[:, :2] < UM).all(axis=1)
    touching = contacts(centres, radii, box)
    assert np.isinf(network.path_tortuosity(touching, centres, box, chain, 2 * TOUCH)).all()
    chain[np.flatnonzero(chain)[2]] = False
    assert np.isinf(network.path_tortuosity(touching, centres, box, chain)).all()


@given(random_spheres())
@settings(max_examples=50, deadline=None)
def test_no_path_is_shorter_than_the_straight_one(
    spheres: tuple[Floats, Floats, Floats, NDArray[np.bool_]],
) -> None:
    centres, radii, box, active = spheres
    touching = contacts(centres, radii, box)
    ways = network.path_tortuosity(touching, centres, box, ~active)
    assert (ways > 1 - 1e-12).all()
    joined = network.reached(touching, ~active, ~active & (touching.top > 0))
    assert np.isfinite(ways).tolist() == joined[~active & (touching.bottom > 0)].tolist()
    carries = network.relative_conductivity(touching, radii, box, ~active) > 0
    assert carries == bool(np.isfinite(ways).any())


# ------------------------------------------------------------------------------ resistors


def test_resistors_in_series() -> None:
    """1/2 + 1/3 + 1/4 + 1/5 ohm, with a dead end and an island beside them."""
    first, second = np.array([0, 1, 2, 4]), np.array([1, 2, 3, 5])
    inlet, outlet = np.zeros(6), np.zeros(6)
    inlet[0], outlet[2] = 2.0, 5.0
    found = network.network_conductance(
        first, second, np.array([3.0, 4.0, 7.0, 9.0]), inlet, outlet
    )
    assert found == pytest.approx(1 / (1 / 2 + 1 / 3 + 1 / 4 + 1 / 5), rel=1e-13)


def test_ladder_of_equal_resistors() -> None:
    """Rails and rungs of 1 ohm: n sections have the resistance F(2n+1)/F(2n) of Fibonacci numbers.

    Each section adds a rail in series with what has a rung in parallel: R -> 1 + R/(1 + R) from
    the R = 1 + 1 of a rail and a rung. The way back is the outlet: all rungs end there.
    """
    n = 8
    rail = np.arange(n - 1)
    inlet, outlet = np.zeros(n), np.ones(n)
    inlet[0] = 1.0
    found = network.network_conductance(rail, rail + 1, np.ones(n - 1), inlet, outlet)
    fibonacci = [0, 1]
    while len(fibonacci) < 2 * n + 2:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    assert 1 / found == pytest.approx(fibonacci[2 * n + 1] / fibonacci[2 * n], rel=1e-13)


def test_bridge_out_of_balance() -> None:
    """Arms of 1, 2 (left) and 3, 1 ohm (right) with a bridge of 1 ohm between them: 29/19 ohm.

    At 1 V, currents into the ends a and b of the bridge add up to nothing if 5a/2 - b = 1 and
    7b/3 - a = 1/3, hence a = 16/29, b = 11/29, and the inlet gives (1 - a) + (1 - b)/3 = 19/29 A.
    """
    found = network.network_conductance(
        np.array([0]), np.array([1]), np.array([1.0]), np.array([1.0, 1 / 3]), np.array([0.5, 1.0])
    )
    assert found == pytest.approx(19 / 29, rel=1e-13)


def test_nothing_flows_where_nothing_spans() -> None:
    none = np.zeros(0, dtype=np.intp)
    ends = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert network.network_conductance(none, none, np.zeros(0), *ends) == 0.0


def test_conductivity_of_straight_columns() -> None:
    """Columns of m spheres of radius r, pitch p: (m - 1)/(2 a) + 2/(4 a') per column and kappa.

    a^2 = (r/2) d between spheres that overlap by d = 2 r t, a'^2 = r d/2 at the walls: a = a'. So
    the resistance is (m/2)/a over an area p^2 and a length m p, and kappa_eff/kappa = 2 a/p.
    """
    centres, radii, box = simple_cubic(5, 4, overlap=0.05)
    columns = centres[:, 0] < 2 * UM
    touching = contacts(centres, radii, box)
    a = 0.5 * UM * np.sqrt(0.05)
    pitch = 0.95 * UM
    everywhere = network.relative_conductivity(touching, radii, box, np.full(len(radii), True))
    assert everywhere == pytest.approx(2 * a / pitch, rel=1e-12)
    some = network.relative_conductivity(touching, radii, box, columns)
    assert some == pytest.approx(2 / 5 * 2 * a / pitch, rel=1e-12)


def test_spheres_of_another_kind_carry_nothing_from_wall_to_wall() -> None:
    centres, radii, box = simple_cubic(5, 1, overlap=0.05)
    kind = centres[:, 0] < 2 * UM
    found = network.relative_conductivity(contacts(centres, radii, box), radii, box, kind)
    assert found == pytest.approx(2 / 5 * 2 * 0.5 * np.sqrt(0.05) / 0.95, rel=1e-12)


# ------------------------------------------------------------------------------ volume, slices


def test_volume_fraction_of_simple_cubic_packing() -> None:
    centres, radii, box = simple_cubic(5, 4, overlap=0.0)
    assert network.volume_fraction(radii, box) == pytest.approx(np.pi / 6, rel=1e-12)
    half = centres[:, 2] < 2 * UM
    assert network.volume_fraction(radii, box, half) == pytest.approx(np.pi / 12, rel=1e-12)


def test_section_through_and_beside_a_centre() -> None:
    """At 0.6 of the radius from the centre the disc has 0.8 of the diameter."""
    centres = np.array([[4.8, 2.0, 1.0], [1.0, 0.1, 2.0], [2.0, 3.5, 3.0]]) * UM
    active = np.array([True, False, True])
    box = np.array([4.5, 5.0, 4.0]) * UM
    found = network.section(centres, np.full(3, UM), active, box, at=2.6 / 5.0)
    assert found.x == pytest.approx(np.array([0.3, 2.0]) * UM, rel=1e-9, abs=0)
    assert found.y == pytest.approx(np.array([1.0, 3.0]) * UM, rel=1e-12, abs=0)
    chord = 2 * np.sqrt(1 - 0.9**2)
    assert found.diameter == pytest.approx(np.array([1.6, chord]) * UM, rel=1e-9, abs=0)
    assert found.active.tolist() == [True, True]
    through_side = network.section(centres, np.full(3, UM), active, box, at=0.9)
    assert 1.0 * UM in through_side.x, "0.6 um beyond the periodic side"
    lines = found.as_csv().splitlines()
    assert lines[0] == "x_m,y_m,diameter_m,kind" and lines[1] == "3e-07,1e-06,1.6e-06,active"
    assert len(lines) == 3


def test_sections_show_volume_as_area() -> None:
    """The mean area fraction of parallel sections is the volume fraction (Delesse)."""
    rng = np.random.default_rng(3)
    box = np.array([9.0, 10.0, 11.0]) * UM
    centres, radii = rng.uniform(0, 1, (12, 3)) * box, rng.uniform(0.5, 1.5, 12) * UM
    active = np.full(12, True)
    planes = (np.arange(400) + 0.5) / 400
    area = [
        (np.pi / 4 * network.section(centres, radii, active, box, p).diameter ** 2).sum()
        for p in planes
    ]
    expected = network.volume_fraction(radii, box)
    assert np.mean(area) / (box[0] * box[2]) == pytest.approx(expected, rel=1e-4)
