"""Effective conductivity of boxes: exact arrays, laminates, checkerboards, bounds, dead ends."""

from __future__ import annotations

import numpy as np
import pytest
from harness import assert_order, family, geometry
from hypothesis import given, settings
from hypothesis import strategies as st
from test_verification_arrays import CONTRAST_10, INSULATING, quarter
from transport_harness import assert_bracketed, blocks, box_of, conducted, discs

from fem.effective.morphology import morphology
from fem.geometry.curves import Arc, Line
from fem.geometry.types import OUTSIDE, Geometry, Outline, Phase
from fem.laws.mixtures import hashin_shtrikman, wiener

QUICK = settings(max_examples=12, deadline=None, derandomize=True)
HALF_PI = 0.5 * np.pi
shares = st.floats(0.05, 0.95)
contrasts = st.floats(-3.0, 3.0).map(lambda p: 10.0**p)

CLOSE = {0.74: 0.0908578178, 0.76: 0.0647617485, 0.77: 0.0489394430, 0.78: 0.0278288309}
"""Insulating cylinders that nearly touch (they do at pi/4 = 0.785): Rayleigh's multipoles."""
HEXAGONAL = {
    0.1: 1.2222222408,
    0.5: 3.0047263256,
    0.7: 5.8111332385,
}
"""Perfectly conducting cylinders on a hexagonal lattice, by multipoles."""


# -------------------------------------------------------------------------------------- arrays


@pytest.mark.parametrize("fraction", [0.1, 0.7])
def test_square_array(fraction: float) -> None:
    """Cylinders that insulate or conduct ten times better, of order 4 in both directions."""
    meshes = family(quarter(fraction, disc=True), 0.17, 5)[2:]
    for contrast, exact in ((0.0, INSULATING[fraction]), (10.0, CONTRAST_10[fraction])):
        found = [conducted(mesh, [1.0, contrast]) for mesh in meshes]
        for axis in (0, 1):
            errors = [each.effective[axis] / exact - 1.0 for each in found]
            assert_order(errors, 4.0, ceiling=2e-7)
        for each in found:
            assert_bracketed(each)
        tortuosity = found[-1].mean / exact
        assert found[-1].tortuosity_factor == pytest.approx((tortuosity, tortuosity), rel=2e-7)


@pytest.mark.parametrize("fraction", CLOSE)
def test_cylinders_that_nearly_touch(fraction: float) -> None:
    """The gap is 0.3 to 3 % of the pitch; elements of half its width resolve it to 1e-4."""
    r = float(np.sqrt(fraction / np.pi))
    shape = quarter(fraction, disc=True)
    narrow = [
        Outline(o.curve, o.left, o.right, size=1.0 - 2.0 * r) if k == 4 else o
        for k, o in enumerate(shape.outlines)
    ]
    mesh = family(geometry(narrow, (Phase.ELECTROLYTE, Phase.ACTIVE)), 0.05, 1)[0]
    found = conducted(mesh, [1.0, 0.0])
    assert found.effective == pytest.approx((CLOSE[fraction],) * 2, rel=1e-4)


def hexagonal(fraction: float) -> Geometry:
    """A quarter of the cell 1 by sqrt(3): quarters of two discs in opposite corners.

    Region 0 is the matrix; outlines 7 and 8 are the circles.
    """
    w, h = 0.5, 0.5 * np.sqrt(3.0)
    r = float(np.sqrt(fraction * h / np.pi))
    lines = [
        ((r, 0.0), (w, 0.0), 0), ((w, 0.0), (w, h - r), 0), ((w - r, h), (0.0, h), 0),
        ((0.0, h), (0.0, r), 0), ((0.0, r), (0.0, 0.0), 1), ((0.0, 0.0), (r, 0.0), 1),
        ((w, h - r), (w, h), 2), ((w, h), (w - r, h), 2),
    ]  # fmt: skip
    outlines = [Outline(Line(a, b), region, OUTSIDE) for a, b, region in lines]
    outlines += [
        Outline(Arc((0.0, 0.0), (r, r), (0.0, HALF_PI)), 1, 0),
        Outline(Arc((w, h), (r, r), (2 * HALF_PI, 3 * HALF_PI)), 2, 0),
    ]
    return geometry(outlines, (Phase.ELECTROLYTE, Phase.ACTIVE, Phase.ACTIVE))


@pytest.mark.parametrize("fraction", HEXAGONAL)
def test_hexagonal_array(fraction: float) -> None:
    """A hexagonal lattice is isotropic: insulating cylinders, of order 4 along x and along y.

    Perfect conductors are the limit of large contrast, which 1e6 comes within 1e-5 of.
    """
    exact = 1.0 / HEXAGONAL[fraction]
    # Where discs come close the rim asks for no fewer elements.
    meshes = family(hexagonal(fraction), 0.17 if fraction < 0.6 else 0.12, 5)[2:]
    found = [conducted(mesh, [1.0, 0.0, 0.0]) for mesh in meshes]
    for axis in (0, 1):
        assert_order([f.effective[axis] / exact - 1.0 for f in found], 4.0, ceiling=1e-6)
    conducting = conducted(meshes[-1], [1.0, 1e6, 1e6])
    assert conducting.effective == pytest.approx((HEXAGONAL[fraction],) * 2, rel=1e-5)


def test_square_array_of_squares() -> None:
    """Obnosov (1999): sqrt((1 + 3 s)/(3 + s)) for squares of contrast s that fill a quarter.

    At a corner the potential goes as r^lambda, and conductances as h^(2 lambda): lambda is
    0.73169 for s = 10, and 2/3 around a corner of an insulator.
    """
    meshes = family(blocks([0.25, 0.25], [0.25, 0.25]), 0.125, 5)[1:]
    for contrast, order, ceiling in ((10.0, 1.4634, 2e-4), (0.0, 4.0 / 3.0, 2e-3)):
        exact = np.sqrt((1.0 + 3.0 * contrast) / (3.0 + contrast))
        found = [conducted(mesh, [contrast, 1.0, 1.0, 1.0]) for mesh in meshes]
        for axis in (0, 1):
            errors = [each.effective[axis] / exact - 1.0 for each in found]
            assert_order(errors, order, ceiling, band=0.15)


@pytest.mark.slow
def test_checkerboard() -> None:
    """Dykhne (1970): the geometric mean, approached from above as h^0.78 for a contrast of 10.

    Where insulators fill the other squares nothing conducts: conductors meet in corners only.
    """
    meshes = family(blocks([0.5, 0.5], [0.5, 0.5]), 0.25, 5)[1:]
    errors = [
        conducted(mesh, [1.0, 10.0, 10.0, 1.0]).effective[0] / np.sqrt(10.0) - 1.0
        for mesh in meshes
    ]
    assert_order(errors, 0.7799, ceiling=2e-2, band=0.15)
    cut = conducted(meshes[0], [1.0, 0.0, 0.0, 1.0])
    assert cut.effective == cut.lower == (0.0, 0.0)
    assert cut.tortuosity_factor == (None, None)
    assert cut.percolating == (0.0, 0.0)


# -------------------------------------------------------------------------------------- layers


@QUICK
@given(thickness=st.lists(shares, min_size=2, max_size=4), contrast=contrasts)
def test_layers(thickness: list[float], contrast: float) -> None:
    """Along layers the arithmetic mean, across them the harmonic one, exactly.

    A linear potential is the solution along layers and an even current that across them, so that
    one of the bounds is exact in each direction.
    """
    sigma = contrast ** np.linspace(0.0, 1.0, len(thickness))
    fraction = np.array(thickness) / sum(thickness)
    harmonic, arithmetic = wiener(fraction, sigma)
    found = conducted(family(blocks([1.0], thickness), 0.5, 1)[0], sigma)
    assert found.effective == pytest.approx((arithmetic, harmonic), rel=1e-10, abs=0.0)
    assert found.upper[0] == pytest.approx(arithmetic, rel=1e-10, abs=0.0)
    assert found.lower[1] == pytest.approx(harmonic, rel=1e-10, abs=0.0)
    assert_bracketed(found)
    factors = (1.0, arithmetic / harmonic)
    assert found.tortuosity_factor == pytest.approx(factors, rel=1e-10, abs=0.0)


def test_tensor_of_slanted_layers() -> None:
    """A cell of layers at 45 degrees: off-diagonals are half of what the means differ by.

    Both tensors bound the one of the endless layers, ``(a + h)/2`` on and ``(a - h)/2`` off the
    diagonal with the means a and h: the upper one meets it along the layers, the lower one across.
    """
    outlines = [
        Outline(Line((0.0, 0.0), (0.5, 0.0)), 1, OUTSIDE),
        Outline(Line((0.5, 0.0), (1.0, 0.0)), 2, OUTSIDE),
        Outline(Line((1.0, 0.0), (1.0, 0.5)), 2, OUTSIDE),
        Outline(Line((1.0, 0.5), (1.0, 1.0)), 1, OUTSIDE),
        Outline(Line((1.0, 1.0), (0.5, 1.0)), 0, OUTSIDE),
        Outline(Line((0.5, 1.0), (0.0, 1.0)), 3, OUTSIDE),
        Outline(Line((0.0, 1.0), (0.0, 0.5)), 3, OUTSIDE),
        Outline(Line((0.0, 0.5), (0.0, 0.0)), 0, OUTSIDE),
        Outline(Line((0.0, 0.0), (1.0, 1.0)), 0, 1),
        Outline(Line((0.5, 0.0), (1.0, 0.5)), 1, 2),
        Outline(Line((0.0, 0.5), (0.5, 1.0)), 3, 0),
    ]
    shape = geometry(outlines, (Phase.ELECTROLYTE,) * 4)
    first, second = 1.0, 10.0
    found = conducted(family(shape, 0.1, 1)[0], [first, second, first, second])
    harmonic, arithmetic = 2.0 / (1.0 / first + 1.0 / second), 0.5 * (first + second)
    on, off = 0.5 * (arithmetic + harmonic), 0.5 * (arithmetic - harmonic)
    exact = np.array([[on, off], [off, on]])
    assert_bracketed(found)
    assert np.linalg.eigvalsh(found.tensor_upper - exact).min() > -1e-10
    assert np.linalg.eigvalsh(exact - found.tensor_lower).min() > -1e-10
    along, across = np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2.0)
    assert along @ found.tensor_upper @ along == pytest.approx(arithmetic, rel=1e-10)
    assert across @ found.tensor_lower @ across == pytest.approx(harmonic, rel=1e-10)
    for tensor in (found.tensor_lower, found.tensor_upper):
        assert tensor[0, 1] == pytest.approx(tensor[1, 0], rel=1e-10)
        assert tensor[0, 1] == pytest.approx(off, rel=0.5)


# -------------------------------------------------------------------------- what does not conduct


def test_channels_and_islands() -> None:
    """Of two channels along x, an island and what insulates, the channels alone conduct, exactly.

    The island touches the upper face, so a linear potential drives a current through it: the upper
    bound counts it, the others do not.
    """
    width, height = [0.3, 0.4, 0.3], [0.2, 0.1, 0.3, 0.15, 0.25]
    conducts = np.array([[1, 1, 1], [0, 0, 0], [1, 1, 1], [0, 0, 0], [0, 1, 0]], dtype=float)
    mesh = family(blocks(width, height, conducts > 0.0), 0.1, 1)[0]
    found = conducted(mesh, 2.0 * conducts.ravel())
    channels, island = 0.2 + 0.3, 0.4 * 0.25
    assert found.effective == pytest.approx((2.0 * channels, 0.0), rel=1e-12)
    assert found.lower == pytest.approx((2.0 * channels, 0.0), rel=1e-12)
    assert found.upper[0] > 2.0 * channels
    assert found.upper[1] > 0.0
    assert_bracketed(found)
    assert found.percolating == pytest.approx((channels / (channels + island), 0.0), rel=1e-12)
    assert found.tortuosity_factor[0] == pytest.approx((channels + island) / channels, rel=1e-12)
    assert found.tortuosity_factor[1] is None
    assert found.potentials[1] is None

    shape = morphology(box_of(mesh))
    insulator = {"electrolyte": channels + island, "active material": 0.4}
    assert shape.fraction == pytest.approx(insulator, rel=1e-12)
    # The insulator's two strips join left and right; the blocks beside the island hang on one.
    assert shape.percolating["active material"] == pytest.approx((1.0, 0.0), rel=1e-12)
    # Both sides of the lower strip, the lower side of the upper one, and around the island.
    length = 1.0 + 1.0 + 1.0 + 0.4 + 2.0 * 0.25
    assert shape.interface == pytest.approx({("active material", "electrolyte"): length})


def test_channel_with_a_side_arm() -> None:
    """A dead end carries no current along the channel but for what its mouth lets in.

    The conductivity lies between that of the channel alone and that of the channel with the arm
    spread along it, and the tortuosity factor counts the arm as conductor.
    """
    conducts = np.array([[1, 1, 1], [0, 1, 0]], dtype=float)
    mesh = family(blocks([0.45, 0.1, 0.45], [0.4, 0.6]), 0.05, 1)[0]
    found = conducted(mesh, conducts.ravel())
    assert 0.4 < found.effective[0] < 0.46
    assert found.effective[1] > 0.0
    assert found.percolating == (1.0, 1.0)
    assert found.tortuosity_factor[0] > 1.0
    assert_bracketed(found)


# -------------------------------------------------------------------------------- random boxes


@st.composite
def grids(draw: st.DrawFn) -> tuple[list[float], list[float], np.ndarray]:
    """Widths, heights and conductivities (0 among them) of a grid of blocks."""
    nx, ny = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    sides = [draw(st.lists(st.floats(0.3, 1.0), min_size=n, max_size=n)) for n in (nx, ny)]
    values = st.sampled_from([0.0, 0.1, 1.0, 30.0])
    sigma = draw(st.lists(values, min_size=nx * ny, max_size=nx * ny))
    return sides[0], sides[1], np.array(sigma)


@settings(QUICK, max_examples=40)
@given(grids())
def test_random_blocks(grid: tuple[list[float], list[float], np.ndarray]) -> None:
    """Any box lies within Wiener's bounds; pieces that join no faces give 0 and no tortuosity."""
    width, height, sigma = grid
    mesh = family(blocks(width, height), 0.4, 1)[0]
    found = conducted(mesh, sigma)
    area = np.outer(height, width).ravel()
    low, high = wiener(area / area.sum(), sigma)
    assert found.mean == pytest.approx(high, rel=1e-12, abs=0.0)
    assert_bracketed(found)
    for axis in (0, 1):
        value = found.effective[axis]
        assert low * (1.0 - 1e-10) <= value <= high * (1.0 + 1e-10)
        factor = found.tortuosity_factor[axis]
        assert (factor is None) == (value == 0.0) == (found.percolating[axis] == 0.0)
        assert factor is None or factor >= 1.0


@st.composite
def random_discs(draw: st.DrawFn) -> Geometry:
    """Up to five discs, apart from each other and from the walls of a box."""
    width, height = draw(st.floats(0.6, 1.6)), 1.0
    centres: list[tuple[float, float]] = []
    radii: list[float] = []
    for _ in range(draw(st.integers(1, 5))):
        r = draw(st.floats(0.05, 0.25))
        x = draw(st.floats(r + 0.03, width - r - 0.03))
        y = draw(st.floats(r + 0.03, height - r - 0.03))
        gaps = [np.hypot(x - a, y - b) - r - s for (a, b), s in zip(centres, radii, strict=True)]
        if min(gaps, default=1.0) > 0.03:
            centres.append((x, y))
            radii.append(r)
    return discs(width, height, centres, radii)


@settings(QUICK, max_examples=8)
@given(shape=random_discs(), contrast=contrasts)
def test_reciprocity_of_random_discs(shape: Geometry, contrast: float) -> None:
    """Keller (1964): sigma_x of conductivities s times sigma_y of 1/s is 1, for any box.

    Both are minima over too small a space, so the product exceeds 1 and falls towards it.
    """
    values = np.where(np.arange(len(shape.regions)) == 0, 1.0, contrast)
    excess = []
    for mesh in family(shape, 0.1, 2):
        found, inverse = conducted(mesh, values), conducted(mesh, 1.0 / values)
        assert_bracketed(found)
        excess.append([found.effective[a] * inverse.effective[1 - a] - 1.0 for a in (0, 1)])
    assert np.min(excess) > -1e-5
    assert np.max(np.abs(excess[1])) < 1e-3


@pytest.mark.slow
@QUICK
@given(fraction=st.floats(0.05, 0.7), contrast=contrasts)
def test_arrays_lie_within_hashin_and_shtrikman(fraction: float, contrast: float) -> None:
    """Square and hexagonal arrays are isotropic, which makes the narrower bounds hold."""
    for shape in (quarter(fraction, disc=True), hexagonal(fraction)):
        mesh = family(shape, 0.12, 2)[-1]
        sigma = np.where(np.arange(len(shape.regions)) == 0, 1.0, contrast)
        low, high = hashin_shtrikman(
            np.array([1.0 - fraction, fraction]), np.array([1.0, contrast])
        )
        for value in conducted(mesh, sigma).effective:
            assert low * (1.0 - 1e-4) <= value <= high * (1.0 + 1e-4)
