"""Meshes of images: conforming, exact in area, solvable; and whatever noise is drawn."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

import fem
from fem.effective.transport import of_case
from fem.geometry import Phase, build
from fem.geometry.types import OUTSIDE
from fem.mesh import from_case, quality
from fem.mesh.delaunay import SMALLEST_ANGLE
from fem.mesh.plain import describe, geometry_from
from fem.runs import snapshot

sys.path.append(str(Path(__file__).parents[1] / "geometry"))
from image_examples import SAMPLES, disc, pictured, porous, saved

SHOWN = {"electrolyte": 1, "active": 2, "void": 0, "lithium": 3}
WITH_VOID = {"electrolyte": 1, "active": 2, "void": 0}


def check(mesh):
    """Every side has two triangles, or one at a wall; the regions have their areas exactly."""
    geometry = mesh.geometry
    figures = quality(mesh)
    assert figures.smallest_angle > 15.0
    for _, area, exact in figures.areas:
        assert area == pytest.approx(exact, rel=1e-9, abs=0)
    total = sum(area for _, area, _ in figures.areas)
    assert total == pytest.approx(geometry.width * geometry.height, rel=1e-12, abs=0)
    alone = np.flatnonzero(mesh.skfem.f2t[1] < 0)
    x, y = mesh.skfem.p[:, mesh.skfem.facets[:, alone]]
    on_wall = [
        (z == z[0]).all(axis=0) & np.isclose(z[0], end, rtol=1e-12, atol=1e-18)
        for z, ends in ((x, (0.0, geometry.width)), (y, (0.0, geometry.height)))
        for end in ends
    ]
    assert np.logical_or.reduce(on_wall).all()
    # Triangles of two regions only meet at edges of outlines.
    sides = mesh.skfem.f2t
    both = sides[:, sides[1] >= 0]
    between = (mesh.region[both[0]] != mesh.region[both[1]]).sum()
    assert between == (mesh.sides != OUTSIDE).all(axis=1).sum()


@pytest.mark.parametrize(("name", "labels"), [("cathode", WITH_VOID), ("cell", SHOWN)])
def test_samples_are_meshed_conformingly(name, labels):
    case = pictured(SAMPLES / f"{name}.png", labels=labels)
    mesh = from_case(case, build(case))
    check(mesh)
    assert quality(mesh).smallest_angle >= SMALLEST_ANGLE


def test_edges_on_interfaces_have_at_most_the_size_of_the_case(tmp_path):
    """Straight pieces longer than that are cut, shorter ones are kept."""
    case = pictured(saved(tmp_path, np.kron(disc(6, 1.5), np.ones((20, 20))).astype(int)))
    case = case.replace({"geometry.image.smoothing": 0.0, "mesh.size": "1.5 um"})
    mesh = from_case(case, build(case))
    which = mesh.interface(Phase.ACTIVE)
    start, end = (mesh.nodes[:, mesh.edges[which, k]] for k in range(2))
    longest = np.hypot(*(end - start)).max()
    assert 1.0e-6 < longest <= 1.5e-6 * (1 + 1e-9)


def test_no_electrolyte_is_joined_across_a_corner(tmp_path):
    """Two cells side by side that touch at one corner: no node is shared, so nothing conducts."""
    labels = np.full((40, 40), 2)
    labels[:20, :20], labels[20:, 20:] = 1, 1
    case = pictured(saved(tmp_path, labels), smoothing=0.0)
    cell = build(case)
    mesh = from_case(case, cell)
    names = [region.name for region in cell.regions]
    idle = next(k for k, name in enumerate(names) if name.startswith("cut-off"))
    joined = [k for k, phase in enumerate(cell.phases) if phase == Phase.ELECTROLYTE]
    nodes = mesh.triangles[mesh.region == idle]
    assert not np.isin(nodes, mesh.triangles[np.isin(mesh.region, joined)]).any()


def test_a_geometry_of_an_image_can_be_stored():
    cell = build(pictured(SAMPLES / "cell.png", labels=SHOWN))
    again = geometry_from(describe(cell), cell.particles)
    assert again.regions == cell.regions
    assert again.outlines == cell.outlines


def test_a_cell_from_an_image_is_solved():
    """Charge balances; the enclosed and the cut off stay out of it."""
    case = pictured(SAMPLES / "cell.png", labels=SHOWN)
    result = snapshot.solve(case)
    assert result.metrics["plating_total_over_applied"] == pytest.approx(1.0, abs=1e-9)
    current = result.particles.current
    assert current.sum() == pytest.approx(10.0 * 60e-6, rel=1e-9)
    assert current[3] == 0.0
    assert current[0] == pytest.approx(current[2], rel=0.1)
    idle = np.isin(result.field_mesh.phase, [str(Phase.IDLE), str(Phase.VOID)])
    assert idle.any()
    assert np.isnan(result.fields["phi_e"][idle]).all()
    assert np.isnan(result.fields["phi_s"][idle]).all()
    assert any("Cut off and idle" in note for note in result.notes)
    assert result.metrics["electrolyte_idle_fraction"] == pytest.approx(0.0221, rel=0.01)


def test_a_porous_separator_above_a_flat_cathode(tmp_path):
    """A pore of 10 by 10 um in 30 by 20: with fast kinetics the resistance is that between plates.

    With slow ones the current leaves more evenly, and no more than that of the uniform current.
    """
    labels = np.ones((40, 60), dtype=np.uint8)
    labels[10:30, 20:40] = 0
    case = porous(saved(tmp_path, labels))
    kinetics = {f"kinetics.{e}.exchange_current_density": "1e9 A/m^2" for e in ("anode", "cathode")}
    found = of_case(case).conductors[0].conduction
    plates, even = (10.0 * 20e-6 / sigma[1] for sigma in (found.effective, found.lower))
    fast, slow = snapshot.solve(case.replace(kinetics)), snapshot.solve(case)
    ohmic = "overpotential_electrolyte_V"
    assert fast.metrics[ohmic] == pytest.approx(plates, rel=1e-3)
    assert plates < slow.metrics[ohmic] < even
    assert slow.metrics["plating_total_over_applied"] == pytest.approx(1.0, abs=1e-9)
    assert slow.geometry.height == pytest.approx((6 + 20 + 5) * 1e-6)


@pytest.mark.parametrize("rows", [slice(0, 2), slice(20, 22), slice(38, 40)])
def test_a_separator_that_is_cut_through_is_refused(tmp_path, rows):
    labels = np.ones((40, 60), dtype=np.uint8)
    labels[rows] = 0
    with pytest.raises(fem.InputError, match="no electrolyte leads"):
        build(porous(saved(tmp_path, labels)))


def test_the_surface_of_lithium_may_be_interrupted(tmp_path):
    """A pore under half of the foil: what reacts is half as long, and all current passes there."""
    labels = np.ones((60, 80), dtype=int)
    labels[40:55, 10:70] = 2
    labels[:5, 20:60] = 0
    case = pictured(saved(tmp_path, labels), labels=WITH_VOID, separator=False, smoothing=0.0)
    result = snapshot.solve(case)
    assert result.anode.length == pytest.approx(20e-6, rel=1e-12)
    assert result.anode.mean(result.anode.plating) == pytest.approx(2 * 10.0, rel=1e-9)
    assert result.metrics["plating_total_over_applied"] == pytest.approx(1.0, abs=1e-9)
    gap = np.flatnonzero(np.diff(result.anode.s) == 0.0)
    assert result.anode.x[gap] == pytest.approx([10e-6])
    assert result.anode.x[gap + 1] == pytest.approx([30e-6])


def test_the_surface_of_lithium_in_an_image_runs_from_left_to_right(tmp_path):
    """It bends around a protrusion and is interrupted by three pores."""
    labels = np.ones((60, 80), dtype=int)
    labels[:10], labels[:20, 30:40], labels[45:55, 10:70] = 3, 3, 2
    for left in (5, 33, 60):
        labels[10 + 10 * (left == 33) :, left : left + 5][:8] = 0
    result = snapshot.solve(pictured(saved(tmp_path, labels), labels=SHOWN, smoothing=0.0))
    steps = np.diff(result.anode.x)
    assert steps.min() > -1e-12
    assert (np.diff(result.anode.s) == 0.0).sum() == 3
    assert (result.anode.x[0], result.anode.x[-1]) == pytest.approx((0.0, 40e-6))
    # 80 pixels and twice 10 down the protrusion, less three pores of 5.
    assert result.anode.length == pytest.approx(85 * 0.5e-6, rel=1e-12)
    assert result.metrics["plating_total_over_applied"] == pytest.approx(1.0, abs=1e-9)


def drawn(seed: int, shape: tuple[int, int], grain: float, shown: bool) -> np.ndarray:
    """Four labels in equal parts, from noise that is smooth over `grain` pixels."""
    rough = np.random.default_rng(seed).normal(size=shape)
    smooth = gaussian_filter(rough, grain)
    labels = np.digitize(smooth, np.quantile(smooth, [0.25, 0.5, 0.75]))
    if shown:
        labels[:3] = 3
    return labels


@pytest.mark.slow
@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    shape=st.tuples(st.integers(8, 32), st.integers(8, 32)),
    grain=st.sampled_from([0.0, 0.7, 1.5, 3.0]),
    specks=st.sampled_from([0, 1, 4, 12]),
    smoothing=st.sampled_from([0.0, 0.3, 0.7]),
    shown=st.booleans(),
)
def test_any_image_is_solved_or_refused_with_a_reason(
    tmp_path_factory, seed, shape, grain, specks, smoothing, shown
):
    path = saved(tmp_path_factory.mktemp("any"), drawn(seed, shape, grain, shown))
    values = SHOWN if shown else {"electrolyte": 1, "active": [2, 3], "void": 0}
    case = pictured(path, labels=values, specks=specks, smoothing=smoothing, largest_change=1.0)
    try:
        cell = build(case)
    except fem.InputError as refused:
        event("refused")
        assert refused.problem
        assert refused.cure
        assert str(refused.key).startswith("geometry.image")
        return
    event("meshed")
    result = snapshot.solve(case)
    check(result.mesh)
    assert cell.regions == result.geometry.regions
    assert result.metrics["plating_total_over_applied"] == pytest.approx(1.0, abs=1e-9)
    assert np.isfinite(result.metrics["overpotential_V"])


def test_most_images_of_noise_are_accepted(tmp_path):
    """So that the test above is one of meshes, not of refusals."""
    accepted = 0
    for seed in range(12):
        path = saved(tmp_path, drawn(seed, (24, 24), 1.5, shown=False))
        values = {"electrolyte": 1, "active": [2, 3], "void": 0}
        case = pictured(path, labels=values, specks=4, largest_change=1.0)
        try:
            build(case)
            accepted += 1
        except fem.InputError:
            pass
    assert accepted >= 8
