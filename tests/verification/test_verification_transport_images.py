"""Transport numbers of label images against exact solutions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label
from test_verification_arrays import CONTRAST_10, INSULATING
from transport_harness import assert_bracketed

from fem.case.alone import image_alone
from fem.effective.numbers import Transport
from fem.effective.transport import IONIC, measure, of_image
from fem.errors import InputError
from fem.geometry.rectangle import rectangle
from fem.laws.mixtures import wiener
from fem.mesh import generate

PIXEL = 1e-6


def measured(
    labels: np.ndarray, folder: Path, size: float | None = None, **keys: object
) -> Transport:
    """Transport numbers of an image: 0 is void, 1 electrolyte, 2 active material."""
    path = folder / "labels.npy"
    np.save(path, labels.astype(np.uint8))
    names = {"electrolyte": 1, "active": 2, "void": 0}
    present = {name: value for name, value in names.items() if (labels == value).any()}
    image = image_alone(file=str(path), pixel_size="1 um", labels=present, **keys)
    return of_image(image, path, size=size)


def test_array_of_cylinders_from_pixels(tmp_path: Path) -> None:
    """A disc of f = 1/2 in 64 to 1024 pixels a side converges to Rayleigh's 0.3246544724.

    The error is that of the area, which pixels meet within a small part of one along the rim. It
    stays below 0.6 pixels over the side, and falls by more than a hundred from end to end. The
    same holds for the tortuosity factor. The rim itself does not converge: simplified pixels leave
    it a percent too long.
    """
    fraction, exact = 0.5, INSULATING[0.5]
    errors = []
    for pixels in (64, 128, 256, 512, 1024):
        at = (np.arange(pixels) + 0.5) / pixels - 0.5
        inside = at[:, None] ** 2 + at**2 < fraction / np.pi
        numbers = measured(np.where(inside, 2, 1), tmp_path).metrics
        error = numbers["ionic_conductivity_x_relative"] / exact - 1.0
        assert abs(error) < 0.6 / pixels
        factor = numbers["ionic_tortuosity_factor_x"]
        assert factor == pytest.approx((1.0 - fraction) / exact, rel=0.6 / pixels)
        assert numbers["ionic_conductivity_y_relative"] == pytest.approx(
            numbers["ionic_conductivity_x_relative"], rel=1e-4
        )
        rim = numbers["interface_active_material_electrolyte_per_m"] * pixels * PIXEL
        assert rim == pytest.approx(2.0 * np.sqrt(np.pi * fraction), rel=0.02)
        errors.append(abs(error))
    assert errors[-1] < 1e-4
    assert errors[-1] < 0.01 * errors[0]


@pytest.mark.parametrize("turned", [False, True])
def test_layers_from_pixels(tmp_path: Path, turned: bool) -> None:
    """Layers of 5, 9, 3 and 7 pixels keep their outlines, so both means are exact to 1e-10."""
    widths, values = [5, 9, 3, 7], np.array([1, 2, 1, 2])
    labels = np.tile(np.repeat(values, widths), (10, 1))
    labels = labels.T if turned else labels
    path = tmp_path / "layers.npy"
    np.save(path, labels.astype(np.uint8))
    image = image_alone(
        file=str(path), pixel_size="1 um", labels={"electrolyte": 1, "active": 2}, specks=0
    )
    geometry = rectangle(image, path)
    sigma = np.where(geometry.phases == "electrolyte", 1.0, 40.0)
    mesh = generate(geometry, 2.0 * PIXEL)
    transport = measure(mesh, np.arange(len(mesh.region)), {IONIC: sigma})
    share = np.array([8.0, 16.0]) / 24.0
    across, along = wiener(share, np.array([1.0, 40.0]))
    expected = (along, across) if turned else (across, along)
    found = transport.conductors[0].conduction.effective
    assert found == pytest.approx(expected, rel=1e-10, abs=0.0)


def test_bars_of_three_phases(tmp_path: Path) -> None:
    """Bars along x of void, active material and electrolyte: each phase has its own numbers."""
    labels = np.full((30, 40), 1)
    labels[:10] = 0
    labels[10:20] = 2
    numbers = measured(labels, tmp_path).metrics
    for phase in ("void", "electrolyte", "active_material"):
        assert numbers[f"{phase}_fraction"] == pytest.approx(1.0 / 3.0, rel=1e-10)
        assert numbers[f"{phase}_percolating_fraction_x"] == 1.0
        assert numbers[f"{phase}_percolating_fraction_y"] == 0.0
    for carrier in ("ionic", "electronic"):
        assert numbers[f"{carrier}_conductivity_x_relative"] == pytest.approx(1 / 3, rel=1e-10)
        assert numbers[f"{carrier}_conductivity_y_relative"] == 0.0
        assert numbers[f"{carrier}_tortuosity_factor_x"] == pytest.approx(1.0, rel=1e-10)
        assert f"{carrier}_tortuosity_factor_y" not in numbers
    height = 30.0 * PIXEL
    for pair in ("active_material_electrolyte", "active_material_void"):
        assert numbers[f"interface_{pair}_per_m"] == pytest.approx(1.0 / height, rel=1e-10)
    assert "interface_electrolyte_void_per_m" not in numbers


@pytest.mark.parametrize(("value", "carrier"), [(1, "ionic"), (2, "electronic")])
def test_one_phase_alone(tmp_path: Path, value: int, carrier: str) -> None:
    """Nothing is in the way, so the factor is 1 and not nearly so; the other carrier is absent."""
    numbers = measured(np.full((37, 53), value), tmp_path).metrics
    assert [numbers[f"{carrier}_tortuosity_factor_{axis}"] for axis in "xy"] == [1.0, 1.0]
    assert not any(name.startswith("ionic" if value == 2 else "electronic") for name in numbers)


@pytest.mark.slow
def test_porous_separator(tmp_path: Path) -> None:
    """Electrolyte around a square pore of a quarter of the cell (Obnosov): sqrt(1/3), 3/4 sqrt(3).

    The corners of the pore leave an error of order 4/3.
    """
    errors = []
    for size in (2e-6, 0.25e-6):
        labels = np.ones((40, 40))
        labels[10:30, 10:30] = 0
        found = measured(labels, tmp_path, size, smoothing=0.0).metrics
        factor = found["ionic_tortuosity_factor_x"]
        assert factor == pytest.approx(found["ionic_tortuosity_factor_y"], rel=1e-3)
        errors.append(abs(factor / (0.75 * np.sqrt(3.0)) - 1.0))
    assert errors[1] < 5e-4
    assert errors[1] < 0.1 * errors[0]


def test_particles_that_touch_conduct_electrons(tmp_path: Path) -> None:
    """Two labels side by side are two particles with a contact, which electrons cross."""
    labels = np.full((20, 40), 1)
    labels[5:15, :20], labels[5:15, 20:] = 2, 3
    path = tmp_path / "labels.npy"
    np.save(path, labels.astype(np.uint8))
    image = image_alone(
        file=str(path), pixel_size="1 um", labels={"electrolyte": 1, "active": "2-3"}
    )
    numbers = of_image(image, path, {"electronic": 5.0}).metrics
    assert numbers["electronic_conductivity_x_S_m"] == pytest.approx(2.5, rel=1e-10)
    assert numbers["active_material_percolating_fraction_x"] == 1.0


def test_checkerboard_from_pixels(tmp_path: Path) -> None:
    """Squares that touch at corners only: neither phase conducts, and no bound from below does."""
    squares = np.indices((6, 6)).sum(axis=0) % 2 + 1
    transport = measured(np.kron(squares, np.ones((5, 5))), tmp_path)
    assert len(transport.conductors) == 2
    for conductor in transport.conductors:
        found = conductor.conduction
        assert found.effective == found.lower == (0.0, 0.0)
        assert not found.tensor_lower.any()
        assert found.percolating == (0.0, 0.0)
    # Notches at 25 corners: an eighth of a pixel each, of 900.
    assert transport.metrics["void_fraction"] == pytest.approx(25 / 8 / 900, rel=1e-9)


@pytest.mark.slow
@settings(max_examples=12, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), share=st.floats(0.3, 0.7))
def test_pixels_are_joined_across_sides(
    tmp_path_factory: pytest.TempPathFactory, seed: int, share: float
) -> None:
    """Whether and how far noise percolates is what its pixels that share sides say, either phase.

    Notches take an eighth of a pixel of four a corner, which is less than a tenth of any piece.
    """
    noise = np.random.default_rng(seed).random((7, 8)) < share
    labels = np.kron(1 + noise, np.ones((2, 2), dtype=int))
    if not (noise.any() and (~noise).any()):
        return
    folder = tmp_path_factory.mktemp("noise")
    numbers = measured(labels, folder, specks=0, smoothing=0.0).metrics
    for value, phase, carrier in (
        (1, "electrolyte", "ionic"),
        (2, "active_material", "electronic"),
    ):
        piece, _ = label(labels == value)
        for axis, name in ((1, "x"), (0, "y")):
            ends = [np.unique(piece.take(end, axis)) for end in (0, -1)]
            joining = np.setdiff1d(np.intersect1d(*ends), 0)
            expected = np.isin(piece, joining).sum() / (labels == value).sum()
            found = numbers[f"{phase}_percolating_fraction_{name}"]
            assert found == pytest.approx(expected, rel=0.1)
            assert (numbers[f"{carrier}_conductivity_{name}_relative"] > 0.0) == (expected > 0.0)
            assert (numbers[f"{carrier}_conductivity_lower_{name}_relative"] > 0.0) == (
                expected > 0.0
            )


def of_phases(
    labels: np.ndarray, folder: Path, sigma: dict[int, float], size: float | None = None
) -> Transport:
    """Transport numbers of an image of further phases: ionic conductivity in S/m by pixel value.

    Electrons have that of ions divided by ten.
    """
    path = folder / "labels.npy"
    np.save(path, labels.astype(np.uint8))
    phases = [
        {
            "name": f"phase {value}", "labels": value, "ionic_conductivity": f"{s:.17g} S/m",
            "electronic_conductivity": f"{0.1 * s:.17g} S/m",
        }
        for value, s in sigma.items()
    ]  # fmt: skip
    image = image_alone(file=str(path), pixel_size="1 um", labels={}, phases=phases, specks=0)
    return of_image(image, path, size=size)


@pytest.mark.slow
@settings(max_examples=6, deadline=None, derandomize=True)
@given(
    widths=st.lists(st.integers(2, 9), min_size=2, max_size=4),
    contrast=st.floats(-3.0, 3.0).map(lambda p: 10.0**p),
)
def test_laminates_of_phases_that_conduct_both(
    tmp_path_factory: pytest.TempPathFactory, widths: list[int], contrast: float
) -> None:
    """In series across layers, in parallel along them, for ions and for electrons at once."""
    sigma = {k + 1: contrast ** (k / 3.0) for k in range(len(widths))}
    labels = np.tile(np.repeat(list(sigma), widths), (6, 1))
    numbers = of_phases(labels, tmp_path_factory.mktemp("layers"), sigma).metrics
    harmonic, arithmetic = wiener(np.array(widths) / sum(widths), np.array(list(sigma.values())))
    for carrier, factor in (("ionic", 1.0), ("electronic", 0.1)):
        for axis, mean in (("x", harmonic), ("y", arithmetic)):
            found = numbers[f"{carrier}_conductivity_{axis}_S_m"]
            assert found == pytest.approx(factor * mean, rel=1e-9)
    assert numbers["phase 1_fraction".replace(" ", "_")] == pytest.approx(widths[0] / sum(widths))


def test_array_of_finite_contrast_from_pixels(tmp_path: Path) -> None:
    """A disc of f = 1/2 that conducts ten times better, as `test_array_of_cylinders_from_pixels`.

    Its error is that of the area met by pixels, times the slope of the conductivity with it.
    """
    pixels = 256
    at = (np.arange(pixels) + 0.5) / pixels - 0.5
    inside = at[:, None] ** 2 + at**2 < 0.5 / np.pi
    numbers = of_phases(np.where(inside, 2, 1), tmp_path, {1: 1.0, 2: 10.0}, 6e-6).metrics
    for axis in "xy":
        found = numbers[f"ionic_conductivity_{axis}_S_m"]
        assert found == pytest.approx(CONTRAST_10[0.5], rel=2.0 / pixels)


@pytest.mark.slow
def test_checkerboard_of_finite_contrast_from_pixels(tmp_path: Path) -> None:
    """Dykhne: the geometric mean, from above with order 0.78 as the corner has it.

    All four squares at the corner conduct, so that it is not cut.
    """
    squares = np.kron(np.indices((2, 2)).sum(axis=0) % 2 + 1, np.ones((20, 20)))
    errors = []
    for size in (4e-6, 0.5e-6):
        transport = of_phases(squares, tmp_path, {1: 1.0, 2: 10.0}, size)
        found = transport.conductors[0].conduction.effective
        assert "void_fraction" not in transport.metrics
        assert found[0] == pytest.approx(found[1], rel=1e-3)
        errors.append(found[0] / np.sqrt(10.0) - 1.0)
    assert 0.0 < errors[1] < 3e-2
    assert errors[1] == pytest.approx(errors[0] * 8.0**-0.7799, rel=0.2)


def of_grains(labels: np.ndarray, folder: Path, resistance: float) -> Transport:
    """Grains of electrolyte of 2 S/m, each with a label of its own; 0 is void."""
    path = folder / "labels.npy"
    np.save(path, labels.astype(np.uint16))
    names = {"electrolyte": "1-900", **({"void": 0} if (labels == 0).any() else {})}
    image = image_alone(
        file=str(path), pixel_size="1 um", labels=names, specks=0, smoothing=0.0,
        grain_boundary_resistance=f"{resistance:.17g} ohm*m^2",
    )  # fmt: skip
    return of_image(image, path, {"ionic": 2.0}, size=4e-6)


@pytest.mark.slow
@settings(max_examples=8, deadline=None, derandomize=True)
@given(
    widths=st.lists(st.integers(2, 9), min_size=2, max_size=6),
    resistance=st.floats(-9.0, -2.0).map(lambda p: 10.0**p),
)
def test_grains_are_layers_in_series(
    tmp_path_factory: pytest.TempPathFactory, widths: list[int], resistance: float
) -> None:
    """n grains in a row: ``L/(L/sigma + (n - 1) R)``; along their boundaries nothing is lost.

    A uniform current is the solution across, a linear potential that along, so bounds are exact.
    """
    labels = np.tile(np.repeat(np.arange(1, len(widths) + 1), widths), (6, 1))
    transport = of_grains(labels, tmp_path_factory.mktemp("grains"), resistance)
    found = transport.conductors[0].conduction
    length = sum(widths) * PIXEL
    across = length / (length / 2.0 + (len(widths) - 1) * resistance)
    assert found.effective == pytest.approx((across, 2.0), rel=1e-8)
    assert found.lower[0] == pytest.approx(across, rel=1e-8)
    assert found.upper[1] == pytest.approx(2.0, rel=1e-8)
    assert_bracketed(found, 1e-9)
    assert transport.conductors[0].wiener == (0.0, pytest.approx(2.0))


def test_grains_in_two_directions(tmp_path: Path) -> None:
    """A grid of m by n square grains is m, or n, layers in series, although four meet in points.

    With bricks instead, where every other row is shifted, current goes around: no less, and bounds
    hold. Without grains of their own labels have no boundaries.
    """
    grid = np.kron(np.arange(1, 13).reshape(3, 4), np.ones((10, 10), dtype=int))
    found = of_grains(grid, tmp_path, 1e-5).conductors[0].conduction
    for axis, count in enumerate((4, 3)):
        length = count * 10 * PIXEL
        exact = length / (length / 2.0 + (count - 1) * 1e-5)
        assert found.effective[axis] == pytest.approx(exact, rel=1e-8)
    bricks = grid.copy()
    bricks[10:20] = np.roll(bricks[10:20], 5, axis=1)
    bricks[10:20, :5] = 99
    bent = of_grains(bricks, tmp_path, 1e-5).conductors[0].conduction
    assert_bracketed(bent, 1e-9)
    assert bent.effective[1] == pytest.approx(found.effective[1], rel=1e-8)
    assert bent.lower[0] < bent.effective[0] < bent.upper[0] <= 2.0
    one = measured(np.ones((30, 40)), tmp_path, specks=0).conductors[0].conduction
    assert one.effective == pytest.approx((1.0, 1.0), rel=1e-12)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), grain=st.integers(1, 6), void=st.floats(0.0, 0.4))
def test_random_images(
    tmp_path_factory: pytest.TempPathFactory, seed: int, grain: int, void: float
) -> None:
    """Grains of three phases at random: within Wiener's bounds, or refused with a cure."""
    rng = np.random.default_rng(seed)
    shares = [void, 0.5 * (1.0 - void), 0.5 * (1.0 - void)]
    labels = np.kron(rng.choice(3, size=(6, 8), p=shares), np.ones((grain, grain), dtype=int))
    try:
        transport = measured(labels, tmp_path_factory.mktemp("image"))
    except InputError as error:
        assert error.cure
        return
    numbers = transport.metrics
    assert all(np.isfinite(value) for value in numbers.values())
    shape = transport.morphology
    assert sum(shape.fraction.values()) == pytest.approx(1.0, rel=1e-12)
    for conductor in transport.conductors:
        found = conductor.conduction
        low, high = conductor.wiener
        for axis in (0, 1):
            value, factor = found.effective[axis], found.tortuosity_factor[axis]
            assert low - 1e-10 <= value <= high + 1e-10
            assert found.lower[axis] <= value + 1e-10
            assert value <= found.upper[axis] + 1e-10
            assert (factor is None) == (value == 0.0)
            assert factor is None or factor >= 1.0
