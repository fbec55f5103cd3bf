"""The layered cell: areas, inactive rules, and what is refused."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import fem
from fem.geometry import Phase, build

CASES = Path(__file__).parents[2] / "cases"


@pytest.fixture(scope="module")
def case():
    return fem.Case.load(CASES / "zheng2023_protrusions.toml")


def with_protrusions(case, *protrusions):
    return case.replace({"geometry.anode.protrusions": list(protrusions)})


def protrusion(x="210 um", depth="30 um", half_width="12 um", **more):
    return {"x": x, "depth": depth, "half_width": half_width, **more}


def test_areas_are_exact(case):
    """Discs pi r^2, a sharp half-ellipse pi a b / 2, and the whole cell 420 x 250 um."""
    cell = build(with_protrusions(case, protrusion()))
    area = {region.name: region.area for region in cell.regions}
    assert sum(area.values()) == pytest.approx(420e-6 * 250e-6, rel=1e-14)
    assert area["particle 17"] == pytest.approx(np.pi * 25e-12, rel=1e-13)
    half_ellipse = 0.5 * np.pi * 30e-6 * 12e-6
    assert area["lithium"] == pytest.approx(420e-6 * 50e-6 + half_ellipse, rel=1e-13)


def test_outlines_close_around_every_region(case):
    """The integral of dx and dy around a region is zero: no gap, no wrong side."""
    cell = build(case)
    jump = np.zeros((len(cell.regions) + 1, 2))
    for outline in cell.outlines:
        ends = outline.curve.point(np.array([0.0, 1.0]))
        jump[outline.left] += ends[:, 1] - ends[:, 0]
        jump[outline.right] -= ends[:, 1] - ends[:, 0]
    assert np.abs(jump).max() < 1e-18


def test_fillet_is_tangent_to_the_foil_and_to_the_ellipse(case):
    """Directions agree where the arcs meet."""
    cell = build(case)
    curves = [o.curve for o in cell.outlines if o.deposit == 0]
    assert len(curves) == 4
    for first, second in pairwise(curves):
        before = np.diff(first.point(np.array([1 - 1e-6, 1.0])))[:, 0]
        after = np.diff(second.point(np.array([0.0, 1e-6])))[:, 0]
        cosine = before @ after / np.linalg.norm(before) / np.linalg.norm(after)
        assert cosine == pytest.approx(1.0, abs=1e-9)
    start = np.diff(curves[0].point(np.array([0.0, 1e-7])))[:, 0]
    assert abs(start[1]) < 1e-5 * abs(start[0])


def test_fillet_adds_lithium(case):
    """A 2 um fillet in a corner near 90 degrees adds a little less than (1 - pi/4) r^2 a foot."""
    sharp = build(with_protrusions(case, protrusion())).regions
    filleted = build(with_protrusions(case, protrusion(fillet="2 um"))).regions
    added = {r.name: r.area for r in filleted}["lithium"] - {r.name: r.area for r in sharp}[
        "lithium"
    ]
    assert 0.8 < added / (2 * (1 - np.pi / 4) * 4e-12) < 1.0


@pytest.mark.parametrize(
    ("rules", "dead"),
    [
        ({"between": ["140 um", "280 um"]}, {7, 8, 9, 10, 11, 12, 13}),
        ({"outside": ["140 um", "280 um"]}, set(range(7)) | set(range(14, 21))),
        ({"between": ["150 um", "170 um"]}, {7, 8}),
        ({"outside": ["10 um", "410 um"]}, {0, 20}),
    ],
)
def test_rules_by_position_are_closed_intervals(case, rules, dead):
    """Centres lie at 10, 30, ..., 410 um; a centre on the interval's end belongs to it."""
    particles = build(case.replace({"inactive": rules})).particles
    assert set(np.flatnonzero(~particles.active[:21])) == dead
    assert (particles.active.reshape(5, 21) == particles.active[:21]).all()


def test_rules_add_up(case, tmp_path):
    (tmp_path / "dead.csv").write_text("id,grey\n3,0.1\n104,0.2\n", encoding="utf-8")
    particles = build(
        case.replace({"inactive": {"ids": [0, 3], "file": str(tmp_path / "dead.csv")}})
    ).particles
    assert set(np.flatnonzero(~particles.active)) == {0, 3, 104}


def test_fraction_counts_all_and_draws_from_the_living(case):
    """Half of 105 drawn beside 35 dead ones: 52 more, the same for the same seed."""
    rules = {"between": ["140 um", "280 um"], "fraction": 0.5, "seed": 3}
    first, again = (build(case.replace({"inactive": rules})).particles for _ in range(2))
    other = build(case.replace({"inactive": rules | {"seed": 4}})).particles
    assert (~first.active).sum() == 35 + 52
    assert (first.active == again.active).all()
    assert (first.active != other.active).any()


REFUSED = [
    ([protrusion(depth="100 um")], "geometry.anode.protrusions[0].depth", "protrusion 0"),
    ([protrusion(x="12 um")], "geometry.anode.protrusions[0].x", "protrusion 0"),
    ([protrusion(x="415 um")], "geometry.anode.protrusions[0].x", "protrusion 0"),
    ([protrusion(), protrusion(x="230 um")], "geometry.anode.protrusions[1].x", "0 and 1"),
    (
        [protrusion(fillet="2 um"), protrusion(x="237 um", fillet="2 um")],
        "geometry.anode.protrusions[1].x",
        "0 and 1",
    ),
    ([protrusion(fillet="31 um")], "geometry.anode.protrusions[0].fillet", "protrusion 0"),
]


@pytest.mark.parametrize(("protrusions", "key", "name"), REFUSED)
def test_protrusions_that_cannot_be_are_refused(case, protrusions, key, name):
    with pytest.raises(fem.InputError) as caught:
        build(with_protrusions(case, *protrusions))
    assert caught.value.key == key
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("geometry.cathode.particles.columns", 42),
        ("geometry.cathode.particles.rows", 10),
        ("geometry.cathode.particles.rows", 12),
    ],
)
def test_overlapping_particles_are_refused(case, key, value):
    with pytest.raises(fem.InputError, match="overlap or touch") as caught:
        build(case.replace({key: value}))
    assert caught.value.key == key


@pytest.mark.parametrize(
    ("island", "name"),
    [
        ({"x": "10 um", "y": "10 um"}, "particle 0"),
        ({"x": "210 um", "y": "172 um"}, "protrusion 1"),
        ({"x": "210 um", "y": "100 um"}, "layer"),
        ({"x": "1 um", "y": "150 um"}, "layer"),
        ({"x": "210 um", "y": "199 um"}, "layer"),
    ],
)
def test_isolated_lithium_that_touches_is_refused(case, island, name):
    ellipse = {"half_width": "3 um", "half_height": "3 um", **island}
    with pytest.raises(fem.InputError, match=name):
        build(case.replace({"geometry.anode.isolated": [ellipse]}))


def test_isolated_lithium_in_a_fillet_is_refused(case):
    """It lies outside of the ellipse, but inside what the fillet adds to the deposit."""
    wide = protrusion(x="210 um", depth="20 um", half_width="12 um", fillet="8 um")
    island = {"x": "195.9 um", "y": "198.4 um", "half_width": "1 um", "half_height": "1 um"}
    changes = {"geometry.anode.protrusions": [wide], "geometry.anode.isolated": [island]}
    with pytest.raises(fem.InputError, match="protrusion 0"):
        build(case.replace(changes))


def test_no_active_particle_is_refused(case):
    with pytest.raises(fem.InputError, match="no active particle"):
        build(case.replace({"inactive": {"between": ["0 um", "420 um"]}}))


def test_plane_cathode_has_no_particles(case):
    plane = {"kind": "plane", "material": "NCM811", "thickness": "30 um"}
    cell = build(case.replace({"geometry.cathode": plane, "inactive": {}}))
    assert len(cell.particles) == 0
    assert [str(r.phase) for r in cell.regions] == [Phase.ELECTROLYTE, Phase.ACTIVE, Phase.LITHIUM]
