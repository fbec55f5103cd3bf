"""What must hold on every mesh: bounds from both sides, monotony, mixtures within their limits."""

from __future__ import annotations

import numpy as np
import pytest
from harness import family, geometry, laplace, polygon
from hypothesis import given, settings
from hypothesis import strategies as st
from test_verification_arrays import quarter
from test_verification_charge_conduction import strip, strip_resistance

from fem.geometry.curves import Line
from fem.geometry.types import OUTSIDE, Outline, Phase

fractions = st.floats(0.05, 0.95)
QUICK = settings(max_examples=12, deadline=None, derandomize=True)


@QUICK
@given(contact=fractions, height=st.floats(0.3, 3.0))
def test_strip_resistance_lies_between_both_energies(contact: float, height: float) -> None:
    """1/G_h <= R <= G*_h for every rectangle and contact, on a coarse mesh and the next finer.

    G_h minimises the energy over a subspace, so it exceeds G; the conjugate problem, electrodes
    and insulators exchanged, has G* = 1/G = R and its G*_h exceeds R. Refining enlarges both
    spaces, so the bracket can only close.
    """
    exact = strip_resistance(1.0, height, contact)
    width = np.inf
    for mesh in family(strip(1.0, height, contact), 0.2, 2):
        low = 1.0 / laplace(mesh, {(0,): 0.0, (3,): 1.0}).energy
        high = laplace(mesh, {(4,): 0.0, (1, 2): 1.0}).energy
        assert low <= exact <= high
        assert high - low < 0.7 * width
        width = high - low


@QUICK
@given(
    x=st.tuples(*[st.floats(-0.3, 0.3)] * 4),
    y=st.tuples(*[st.floats(-0.3, 0.3)] * 4),
    kappa=st.floats(1e-3, 1e3),
)
def test_quadrilateral_reciprocity(
    x: tuple[float, ...], y: tuple[float, ...], kappa: float
) -> None:
    """Opposite sides of any quadrilateral: G between one pair times G between the other is kappa^2.

    No closed form is needed: the product of the two energies exceeds kappa^2 on every mesh and
    falls towards it, as both spaces grow.
    """
    square = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    corners = [(float(p[0] + x[k]), float(p[1] + y[k])) for k, p in enumerate(square)]
    excess = [
        laplace(mesh, {(0,): 0.0, (2,): 1.0}, kappa).energy
        * laplace(mesh, {(1,): 0.0, (3,): 1.0}, kappa).energy
        / kappa**2
        - 1.0
        for mesh in family(geometry(polygon(*corners)), 0.3, 3)
    ]
    assert min(excess) > -1e-12
    assert excess[1] <= excess[0] + 1e-12
    assert excess[2] <= excess[1] + 1e-12
    assert excess[2] < 0.02


@QUICK
@given(share=fractions, contrast=st.floats(1e-3, 1e3))
def test_laminate(share: float, contrast: float) -> None:
    """Two layers: series and parallel resistances are Wiener's bounds, exactly.

    The potential is linear in each layer, so P2 holds the solution and only rounding is left.
    """
    layers = geometry(
        [
            Outline(Line((0.0, 0.0), (1.0, 0.0)), 0, OUTSIDE),
            Outline(Line((1.0, 0.0), (1.0, share)), 0, OUTSIDE),
            Outline(Line((1.0, share), (0.0, share)), 0, 1),
            Outline(Line((0.0, share), (0.0, 0.0)), 0, OUTSIDE),
            Outline(Line((1.0, share), (1.0, 1.0)), 1, OUTSIDE),
            Outline(Line((1.0, 1.0), (0.0, 1.0)), 1, OUTSIDE),
            Outline(Line((0.0, 1.0), (0.0, share)), 1, OUTSIDE),
        ],
        (Phase.ELECTROLYTE, Phase.ELECTROLYTE),
    )
    mesh = family(layers, 0.5, 1)[0]
    kappa = np.array([1.0, contrast])
    series = laplace(mesh, {(0,): 0.0, (5,): 1.0}, kappa).energy
    parallel = laplace(mesh, {(3, 6): 0.0, (1, 4): 1.0}, kappa).energy
    assert series == pytest.approx(1.0 / (share + (1.0 - share) / contrast), rel=1e-10)
    assert parallel == pytest.approx(share + (1.0 - share) * contrast, rel=1e-10)


@QUICK
@given(fraction=st.floats(0.05, 0.7), contrast=st.floats(1e-2, 1e2))
def test_arrays_obey_the_bounds_of_hashin_and_shtrikman(fraction: float, contrast: float) -> None:
    """In two dimensions s1 + f/(1/(s2 - s1) + (1 - f)/(2 s1)), s1 in the matrix, and vice versa.

    A square array is isotropic. With a matrix of 1 the first of the bounds, which is also
    Maxwell's formula, is met to second order in f: it may be approached but not crossed.
    """
    s, f = contrast, fraction
    if abs(s - 1.0) < 1e-3:
        return
    discs_in_matrix = 1.0 + f / (1.0 / (s - 1.0) + 0.5 * (1.0 - f))
    matrix_in_discs = s + (1.0 - f) / (1.0 / (1.0 - s) + 0.5 * f / s)
    mesh = family(quarter(f, disc=True), 0.12, 2)[-1]
    sigma = laplace(mesh, {(3, 5): 0.0, (1,): 1.0}, np.array([1.0, s])).energy
    low, high = sorted((discs_in_matrix, matrix_in_discs))
    slack = 1e-4 * sigma
    assert low - slack <= sigma <= high + slack
