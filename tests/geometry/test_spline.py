"""Splines: orders against circles and waves, cuts that leave no trace, plain data."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fem.geometry.spline import Spline, through


def circle(count, radius=3.0):
    """A closed spline through `count` unequally spaced points, in four pieces."""
    turn = np.linspace(0.0, 1.0, count + 1)
    angle = 2.0 * np.pi * (turn + 0.05 * np.sin(2.0 * np.pi * turn))
    points = np.stack([5.0 + radius * np.cos(angle), -2.0 + radius * np.sin(angle)])
    points[:, -1] = points[:, 0]
    cuts = [0, count // 4, count // 2, 3 * count // 4, count]
    return through(points, cuts, closed=True, level=(False, False))


def orders(errors):
    return np.log2(np.array(errors[:-1]) / errors[1:])


def test_a_circle_is_met_with_fourth_order():
    """Length 2 pi r and area pi r^2, by Green's theorem over the four pieces."""
    lengths, areas = [], []
    for count in (16, 32, 64):
        pieces = circle(count)
        lengths.append(abs(sum(p.length for p in pieces) - 6.0 * np.pi))
        areas.append(abs(sum(p.moment for p in pieces) - 9.0 * np.pi))
    assert orders(lengths) == pytest.approx([4.0, 4.0], abs=0.25)
    assert orders(areas) == pytest.approx([4.0, 4.0], abs=0.25)
    assert areas[-1] < 1e-4


def test_the_radius_of_curvature_of_a_circle():
    """Second derivatives of a cubic spline are of second order."""
    t = np.linspace(0.0, 1.0, 101)
    errors = [max(np.abs(p.radius(t) - 3.0).max() for p in circle(count)) for count in (16, 32, 64)]
    assert orders(errors) == pytest.approx([2.0, 2.0], abs=0.3)


def test_pieces_of_one_spline_meet_smoothly():
    """Ends, directions and curvatures agree across cuts, and where the circle closes."""
    pieces = circle(24)
    for one, two in zip(pieces, pieces[1:] + pieces[:1], strict=True):
        assert one.points[-1] == two.points[0]
        u, v = np.array(one.slopes[-1]), np.array(two.slopes[0])
        assert u / np.hypot(*u) == pytest.approx(v / np.hypot(*v), abs=1e-12)
        assert one.radius(np.ones(1)) == pytest.approx(two.radius(np.zeros(1)), rel=1e-9)


def test_a_spline_runs_level_into_a_wall():
    """Half a period of a cosine between two mirrors: fourth order up to the walls."""
    errors = []
    for count in (16, 32, 64):
        x = np.linspace(0.0, 1.0, count + 1)
        points = np.stack([x, 0.2 * np.cos(np.pi * x)])
        (wave,) = through(points, [0, count], closed=False, level=(True, True))
        assert [wave.slopes[k][1] for k in (0, -1)] == pytest.approx([0.0, 0.0], abs=1e-15)
        along = wave.point(np.linspace(0.0, 1.0, 257))
        errors.append(np.abs(along[1] - 0.2 * np.cos(np.pi * along[0])).max())
    assert orders(errors) == pytest.approx([4.0, 4.0], abs=0.2)


def test_points_on_a_line_give_the_line():
    x = np.array([0.0, 0.3, 1.0, 1.1, 2.0])
    low, high = through(np.stack([x, 1.0 + 2.0 * x]), [0, 2, 4], closed=False, level=(False,) * 2)
    assert low.length + high.length == pytest.approx(2.0 * np.sqrt(5.0), rel=1e-14)
    assert low.moment + high.moment == pytest.approx(2.0 * 2.0, rel=1e-14)  # of x d(2 x)
    assert low.radius(np.linspace(0.0, 1.0, 9)).min() > 1e10


@pytest.mark.parametrize("count", [2, 3, 4])
def test_few_points_suffice(count):
    points = np.stack([np.arange(count) / 1.0, np.zeros(count)])
    for level in ((False, False), (True, False), (True, True)):
        (piece,) = through(points, [0, count - 1], closed=False, level=level)
        assert piece.length == pytest.approx(count - 1.0, rel=1e-12)


@given(at=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=9))
def test_parameter_inverts_point(at):
    for piece in circle(16):
        assert piece.parameter(piece.point(np.array(at))) == pytest.approx(at, abs=1e-10)


def test_parameter_finds_the_nearest_point():
    """From a point off the curve the foot of the perpendicular."""
    piece = circle(64)[0]
    t = np.linspace(0.1, 0.9, 7)
    step = piece.point(t + 1e-6) - piece.point(t - 1e-6)
    normal = np.stack([step[1], -step[0]]) / np.hypot(*step)
    assert piece.parameter(piece.point(t) + 0.05 * normal) == pytest.approx(t, abs=1e-8)


def test_the_lowest_point_may_lie_between_points_or_at_an_end():
    x = np.array([-1.0, -0.4, 0.5, 1.0])
    (valley,) = through(np.stack([x, x**2]), [0, 3], closed=False, level=(False, False))
    t = np.linspace(0.0, 1.0, 100001)
    sampled = valley.point(t)[:, np.argmin(valley.point(t)[1])]
    assert valley.lowest == pytest.approx(tuple(sampled), abs=2e-5)
    assert valley.lowest[1] <= sampled[1]
    (slope,) = through(np.stack([x, -x]), [0, 3], closed=False, level=(False, False))
    assert slope.lowest == (1.0, -1.0)


def test_a_spline_survives_json():
    piece = circle(12)[1]
    stored = json.loads(json.dumps(asdict(piece)))
    again = Spline(
        tuple(stored["knots"]), *(tuple(map(tuple, stored[k])) for k in ("points", "slopes"))
    )
    assert again == piece
    assert again.moment == piece.moment
