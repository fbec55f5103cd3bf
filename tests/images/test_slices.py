"""Slices of a solved cell against areas, sums and numbers by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from xray_cells import charged, drawn

from fem.errors import InputError
from fem.geometry import Phase
from fem.images.seen import Instrument, series, states_of
from fem.images.slices import Scale, blurred, noisy, radiograph

FINE = 1e-6


def test_a_phase_alone_in_a_pixel_has_its_attenuation() -> None:
    found = radiograph(drawn(), FINE)
    for name, material in (("electrolyte", "LPSCl"), ("active", "NCM811"), ("lithium", "lithium")):
        pure = found.shares[name] > 1.0 - 1e-9
        assert pure.any()
        assert np.ptp(found.attenuation[pure]) < 1e-9 * found.materials["NCM811"].made
        assert found.attenuation[pure] == pytest.approx(found.materials[material].made, rel=1e-9)


@pytest.mark.parametrize("pixel", [1e-6, 2.5e-6, 20e-6])
def test_shares_and_attenuation_are_conserved(pixel: float) -> None:
    """The mean of an image is the mean of the drawing, whatever the pixels."""
    result = drawn()
    found = radiograph(result, pixel)
    mesh = result.mesh
    area = _areas(result)
    whole = area.sum()
    total = 0.0
    for name, phase in (("electrolyte", Phase.ELECTROLYTE), ("active", Phase.ACTIVE)):
        share = area[mesh.elements(phase)].sum() / whole
        assert found.shares[name].mean() == pytest.approx(share, rel=1e-10)
        total += share * found.materials["LPSCl" if name == "electrolyte" else "NCM811"].made
    total += area[mesh.elements(Phase.LITHIUM)].sum() / whole * found.materials["lithium"].made
    assert found.attenuation.mean() == pytest.approx(total, rel=1e-10)
    assert np.abs(found.void).max() < 1e-10


def _areas(result: object) -> np.ndarray:
    """Of the curved triangles, by their vertices and bows."""
    mesh = result.mesh  # type: ignore[attr-defined]
    p = mesh.nodes[:, mesh.triangles]
    found = np.zeros(len(mesh.triangles))
    for a, m, b in ((0, 3, 1), (1, 4, 2), (2, 5, 0)):
        chord, bow = p[:, :, b] - p[:, :, a], p[:, :, m] - 0.5 * (p[:, :, a] + p[:, :, b])
        found += 0.5 * (p[0, :, a] * p[1, :, b] - p[1, :, a] * p[0, :, b])
        found += 2.0 / 3.0 * (chord[1] * bow[0] - chord[0] * bow[1])
    return np.abs(found)


def test_particles_that_shrink_leave_gaps() -> None:
    """By 1 % in their radius: an area of 1 - 0.99^2 of theirs is void, whatever the pixels."""
    result = drawn()
    mesh, shift = result.field_mesh, np.zeros((len(result.field_mesh.points), 2))
    particles = result.particles
    mine = np.flatnonzero(mesh.phase == str(Phase.ACTIVE))
    centre = np.stack([particles.x, particles.y], axis=1)
    away = mesh.points[mine][:, None] - centre
    near = np.argmin(np.hypot(*away.transpose(2, 0, 1)), axis=1)
    shift[mine] = -0.01 * away[np.arange(len(mine)), near]
    moved = replace(result, fields={**result.fields, "displacement": shift})
    before, after = radiograph(result, FINE), radiograph(moved, FINE)
    lost = (1.0 - 0.99**2) * before.shares["active"].mean()
    assert after.void.mean() == pytest.approx(lost, rel=1e-9)
    assert after.void.max() > 0.05


def test_peaks_move_by_lithium_as_computed_by_hand() -> None:
    """Live particles by the charge that has passed, dead ones not at all."""
    (end, result), first, last = states_of(charged())[-1], 0, 1
    full = np.where(np.isfinite(result.fields["stoichiometry"]), 0.9, np.nan)
    start = replace(result, fields={**result.fields, "stoichiometry": full})
    picked = {first: (0.0, start), last: (end, result)}
    change = result.particles.stoichiometry - 0.9
    for fixed in (True, False):
        taken = series(picked, Instrument(FINE, fixed_volume=fixed))
        known = taken.states[0].slice.materials["NCM811"]
        rows = {(r["state"], r["region"]): r for r in taken.rows()}
        per = 40_000.0 / taken.scale.white
        live = float(change[4])
        assert live < -0.05
        by_hand = per * float(known(np.array(0.9 + live)) - known(np.array(0.9)))
        if fixed:
            assert by_hand == pytest.approx(per * known.lithium * live, rel=1e-9)
        # Grey values are whole numbers.
        upper = rows[last, "cathode near electrolyte"]["active_peak_shift"]
        lower = rows[last, "cathode near collector"]["active_peak_shift"]
        assert upper == pytest.approx(by_hand, abs=1.0)
        assert lower == pytest.approx(0.0, abs=1.0)
        assert (by_hand < 0.0) == fixed


def test_blur_keeps_the_sum_and_noise_has_its_deviation() -> None:
    found = radiograph(drawn(), FINE)
    soft = blurred(found.attenuation, 3e-6, found.grid)
    assert soft.mean() == pytest.approx(found.attenuation.mean(), rel=1e-9)
    assert soft.std() < found.attenuation.std()
    values = np.zeros((300, 400))
    one, again, other = (noisy(values, 50.0, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    # Five standard errors of a mean and of a deviation.
    assert abs(one.mean()) < 5.0 * 50.0 / np.sqrt(one.size)
    assert abs(one.std() / 50.0 - 1.0) < 5.0 / np.sqrt(2.0 * one.size)
    side_by_side = (one[:, 1:] * one[:, :-1]).mean() / 50.0**2
    assert abs(side_by_side) < 5.0 / np.sqrt(one.size)


def test_a_line_source_spreads_to_its_full_width() -> None:
    values = np.zeros((3, 401))
    values[:, 200] = 1.0
    grid = replace(radiograph(drawn(), FINE).grid, pixel=0.1e-6)
    spread = blurred(values, 4e-6, grid)[1]
    above = np.flatnonzero(spread >= 0.5 * spread.max())
    assert (above[-1] - above[0]) * 0.1 == pytest.approx(4.0, abs=0.2)


def test_grey_values_and_back() -> None:
    scale = Scale(5000.0)
    assert scale.greys(np.array([0.0, 5000.0, -1e5, 1e5])).tolist() == [10000, 50000, 0, 65535]
    values = np.linspace(0.0, 5000.0, 7)
    assert scale.attenuation(scale.exact(values)) == pytest.approx(values)


def test_pixels_that_do_not_fit_are_refused() -> None:
    for pixel, words in ((50e-6, "too large"), (1e-9, "too many")):
        with pytest.raises(InputError, match=words):
            radiograph(drawn(), pixel)
