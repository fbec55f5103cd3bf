"""Curves: lengths, areas and parameters against quadrature and closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fem.geometry.curves import Arc, Line

lengths = st.floats(1.0, 20.0)


@given(a=lengths, b=lengths, start=st.floats(-6.0, 6.0), sweep=st.floats(0.05, 6.2))
def test_arc_length_and_moment_agree_with_quadrature(a, b, start, sweep):
    """Length is the integral of |x'|, the moment that of x y' (16-point Gauss on 256 pieces)."""
    arc = Arc((1.0, -2.0), (a, b), (start, start + sweep))
    points, weights = np.polynomial.legendre.leggauss(16)
    pieces = np.linspace(start, start + sweep, 257)
    half = 0.5 * np.diff(pieces)[:, None]
    angle = pieces[:-1, None] + half * (points + 1.0)
    speed = np.hypot(a * np.sin(angle), b * np.cos(angle))
    assert arc.length == pytest.approx((speed * weights * half).sum(), rel=1e-9)
    x, dy = 1.0 + a * np.cos(angle), b * np.cos(angle)
    assert arc.moment == pytest.approx((x * dy * weights * half).sum(), rel=1e-9, abs=1e-9 * a * b)


@given(a=lengths, b=lengths, start=st.floats(-6.0, 6.0), sweep=st.floats(-6.2, 6.2))
def test_parameter_inverts_point(a, b, start, sweep):
    """Also at the ends, for arcs that cross the cut of the arc tangent, in both directions."""
    if abs(sweep) < 0.05:
        sweep = 0.05
    arc = Arc((3.0, 1.0), (a, b), (start, start + sweep))
    t = np.linspace(0.0, 1.0, 23)
    assert arc.parameter(arc.point(t)) == pytest.approx(t, abs=1e-9)


def test_full_ellipse_has_its_area():
    """pi a b, by Green's theorem."""
    assert Arc((5.0, 7.0), (3.0, 2.0), (0.0, 2 * np.pi)).moment == pytest.approx(6.0 * np.pi)


def test_radius_of_curvature_at_a_tip():
    """b^2 / a at the end of the long axis of a 30 x 12 half-ellipse: 4.8."""
    arc = Arc((0.0, 0.0), (12.0, 30.0), (-0.5 * np.pi, 0.5 * np.pi))
    assert arc.radius(np.array([0.0, 1.0])) == pytest.approx([4.8, 4.8])


def test_line():
    line = Line((1.0, 1.0), (4.0, 5.0))
    assert line.length == pytest.approx(5.0)
    assert line.moment == pytest.approx(0.5 * (1 + 4) * 4)
    assert line.parameter(line.point(np.array([0.25]))) == pytest.approx([0.25])
