"""Effective conductivity of square arrays of cylinders (Rayleigh 1892, multipoles to high order).

The cell is 1 by 1 with a disc of area fraction f in its corner and a matrix of conductivity 1.
Mirror symmetry leaves a quarter of it: a square of side 1/2 whose conductance across is the
effective conductivity.
"""

from __future__ import annotations

import numpy as np
import pytest
from harness import assert_order, family, geometry, laplace

from fem.geometry.curves import Arc, Line
from fem.geometry.types import OUTSIDE, Geometry, Outline, Phase

HALF = 0.5
HALF_PI = 0.5 * np.pi

CONDUCTING = {
    0.1: 1.2222297738,
    0.2: 1.5003060375,
    0.3: 1.8601883065,
    0.4: 2.3509982748,
    0.5: 3.0801978262,
    0.6: 4.3418240689,
    0.7: 7.4327093287,
}
INSULATING = {
    0.1: 0.8181767630,
    0.2: 0.6665306777,
    0.3: 0.5375799840,
    0.4: 0.4253512266,
    0.5: 0.3246544724,
    0.6: 0.2303179457,
    0.7: 0.1345404422,
}
CONTRAST_10 = {0.1: 1.1782217956, 0.3: 1.6520360111, 0.5: 2.4154673802, 0.7: 4.0617073986}
CONTRAST_2 = {0.1: 1.0689657597, 0.5: 1.4010254828}


def quarter(fraction: float, disc: bool) -> Geometry:
    """A quarter of the cell; the disc around (0, 0) is region 1, or left out.

    Outlines: 0 the axis y = 0, 1 the side x = 1/2, 2 the side y = 1/2, 3 the axis x = 0, 4 the
    circle, 5 and 6 the disc's axes x = 0 and y = 0.
    """
    r = float(np.sqrt(fraction / np.pi))
    inside = 1 if disc else OUTSIDE
    outlines = [
        Outline(Line((r, 0.0), (HALF, 0.0)), 0, OUTSIDE),
        Outline(Line((HALF, 0.0), (HALF, HALF)), 0, OUTSIDE),
        Outline(Line((HALF, HALF), (0.0, HALF)), 0, OUTSIDE),
        Outline(Line((0.0, HALF), (0.0, r)), 0, OUTSIDE),
        Outline(Arc((0.0, 0.0), (r, r), (HALF_PI, 0.0)), 0, inside),
    ]
    if not disc:
        return geometry(outlines)
    outlines += [
        Outline(Line((0.0, r), (0.0, 0.0)), 1, OUTSIDE),
        Outline(Line((0.0, 0.0), (r, 0.0)), 1, OUTSIDE),
    ]
    return geometry(outlines, (Phase.ELECTROLYTE, Phase.ELECTROLYTE))


@pytest.mark.parametrize("fraction", CONDUCTING)
def test_conducting_and_insulating_discs(fraction: float) -> None:
    """Discs as equipotentials (wired particles) and as holes (dead particles), both of order 4.

    Keller: turning the field by a right angle exchanges the two, so sigma_c sigma_i = 1. Either
    conductance is a minimum over a larger space, so on every mesh 1/sigma_i <= sigma <= sigma_c
    but for what the curved edges are off the circle.
    """
    expected = CONDUCTING[fraction]
    assert INSULATING[fraction] == pytest.approx(1.0 / expected, rel=1e-9)
    meshes = family(quarter(fraction, disc=False), 0.12, 5)[2:]
    conducting = np.array([laplace(m, {(3, 4): 0.0, (1,): 1.0}).energy for m in meshes])
    insulating = np.array([laplace(m, {(3,): 0.0, (1,): 1.0}).energy for m in meshes])
    assert_order(conducting / expected - 1.0, 4.0, ceiling=3e-8)
    assert_order(insulating / INSULATING[fraction] - 1.0, 4.0, ceiling=3e-8)
    assert np.all(1.0 / insulating < expected)
    assert np.all(expected < conducting)


def test_tortuosity() -> None:
    """(1 - f)/sigma_i of insulating discs, as a fraction of conduction lost to detours."""
    expected = {0.1: 1.1, 0.3: 1.3021, 0.5: 1.5401, 0.7: 2.2298}
    for fraction, tortuosity in expected.items():
        mesh = family(quarter(fraction, disc=False), 0.12, 3)[-1]
        conductance = laplace(mesh, {(3,): 0.0, (1,): 1.0}).energy
        assert (1.0 - fraction) / conductance == pytest.approx(tortuosity, abs=6e-5)


@pytest.mark.parametrize(
    ("contrast", "fraction", "expected"),
    [(10.0, f, value) for f, value in CONTRAST_10.items()]
    + [(2.0, f, value) for f, value in CONTRAST_2.items()]
    + [(0.1, f, 1.0 / value) for f, value in CONTRAST_10.items()],
)
def test_finite_contrast(contrast: float, fraction: float, expected: float) -> None:
    """Discs of another conductivity, the potential continuous across the circle: order 4.

    Keller: sigma(1/s) = 1/sigma(s).
    """
    meshes = family(quarter(fraction, disc=True), 0.12, 5)[2:]
    kappa = np.array([1.0, contrast])
    errors = [laplace(m, {(3, 5): 0.0, (1,): 1.0}, kappa).energy / expected - 1.0 for m in meshes]
    assert_order(errors, 4.0, ceiling=2e-7)
