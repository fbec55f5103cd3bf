"""Discs from a table: a lattice as drawn, slices of packings merged and clipped exactly."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import fem
from fem.errors import InputError
from fem.geometry import Phase, build
from fem.geometry.arrangement import LEAST
from fem.geometry.contacts import Contacts
from fem.geometry.curves import Arc
from fem.mesh import from_case, quality


def table(folder: Path, rows: Any, head: str = "x, y, diameter") -> Path:
    file = folder / "discs.csv"
    file.write_text("\n".join([head, *(", ".join(map(str, row)) for row in rows), ""]))
    return file


def case_of(file: Path, overlap: str = "refuse", width: float = 40, **more: Any) -> fem.Case:
    """A composite of 40 um below a separator, with discs from a file."""
    return fem.Case.from_dict(
        {
            "geometry": {
                "width": f"{width} um",
                "anode": {"thickness": "5 um"},
                "separator": {"material": "LPSCl", "thickness": "10 um"},
                "cathode": {
                    "electrolyte": "LPSCl",
                    "thickness": "40 um",
                    "particles": {
                        "layout": "file",
                        "file": str(file),
                        "overlap": overlap,
                        "material": "NCM811",
                        **more,
                    },
                },
            },
            "kinetics": {
                "anode": {"exchange_current_density": "320 A/m^2"},
                "cathode": {"exchange_current_density": "2 A/m^2"},
            },
            "operation": {"current_density": "10 A/m^2"},
            "mechanics": {"enabled": False},
            "mesh": {"size": "1.5 um"},
        }
    )


LATTICE = [(10 + 20 * column, 10 + 20 * row, 10) for row in range(2) for column in range(2)]


@pytest.mark.parametrize("overlap", ["refuse", "merge", "clip"])
def test_a_lattice_in_a_table_has_the_numbers_of_the_lattice(tmp_path, overlap):
    """Another mesh of the same shapes: potentials agree to the error of elements."""
    listed = case_of(table(tmp_path, LATTICE), overlap)
    lattice = listed.replace(
        {
            "geometry.cathode.particles": {
                "rows": 2,
                "columns": 2,
                "diameter": "10 um",
                "material": "NCM811",
            }
        }
    )
    one, two = build(listed), build(lattice)
    for name in ("x", "y", "diameter"):
        assert getattr(one.particles, name) == pytest.approx(
            getattr(two.particles, name), rel=1e-12
        )
    assert [r.area for r in one.regions] == pytest.approx([r.area for r in two.regions], rel=1e-12)
    a, b = fem.run(listed).metrics, fem.run(lattice).metrics
    for name in ("overpotential_V", "overpotential_electrolyte_V", "anode_plating_max_A_m2"):
        assert a[name] == pytest.approx(b[name], rel=1e-4), name


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("diameter; y; x\n10,0; 10; 12,5\n", "1 um"),
        ("12.5 10 10\n", "1 um"),
        ("# a slice\nX (um), Y (um), Diameter (um), material\n12.5, 10, 10, NCM811\n", "1 um"),
        ("x,y,diameter\n0.0125,0.01,0.01\n", "1 mm"),
    ],
)
def test_tables_are_read_as_people_write_them(tmp_path, text, unit):
    (tmp_path / "discs.csv").write_text(text)
    found = build(case_of(tmp_path / "discs.csv", unit=unit)).particles
    assert (found.x[0], found.y[0], found.diameter[0]) == pytest.approx(
        (12.5e-6, 10e-6, 10e-6), rel=1e-9
    )


HEAD = "x, y, diameter, material"
WRONG = [
    ([(10, 10, 10), (18, 10, 10)], {}, "particles 0 and 1 overlap", ""),
    ([(10, 10, 10), (3, 30, 10)], {}, "line 3: particle 1 touches or crosses an edge", "overlap"),
    ([(10, 10, 10)], {"unit": "1 mm"}, "line 2: particle 0 touches or crosses an edge", "unit"),
    ([(10, 10, 10)], {"unit": "1 mm", "overlap": "clip"}, "no disc lies in the composite", "unit"),
    ([(10, 10, 0)], {}, "line 2: a disc needs a size", "remove"),
    ([(10, 10, 10, "LCO")], {"head": HEAD}, "line 2: .*one active material", "leave discs"),
    ([(10, 10)], {"head": "x, y"}, "no column diameter", "names"),
    ([], {}, "the table has no discs", "names"),
]


@pytest.mark.parametrize(("rows", "how", "problem", "cure"), WRONG)
def test_what_cannot_be_is_refused_by_line(tmp_path, rows, how, problem, cure):
    how = dict(how)
    file = table(tmp_path, rows, how.pop("head", "x, y, diameter"))
    with pytest.raises(InputError) as caught:
        build(case_of(file, how.pop("overlap", "refuse"), **how))
    assert re.search(problem, caught.value.problem)
    assert cure in str(caught.value.cure)


def lens(r: float, s: float, d: float) -> float:
    """Area that two circles of radii r and s at a distance d share."""
    a, b = (
        np.arccos((d * d + r * r - s * s) / (2 * d * r)),
        np.arccos((d * d + s * s - r * r) / (2 * d * s)),
    )
    return float(r * r * (a - np.sin(2 * a) / 2) + s * s * (b - np.sin(2 * b) / 2))


def test_two_discs_are_one_or_end_at_their_chord(tmp_path):
    """Radii 6 and 4 um, 8 um apart: both ways fill pi (36 + 16) less the lens, exactly."""
    file = table(tmp_path, [(12, 20, 12), (20, 20, 8)])
    whole = np.pi * (36 + 16) - lens(6, 4, 8)
    for overlap, count in (("merge", 1), ("clip", 2)):
        case = case_of(file, overlap)
        shape = build(case)
        solid = [r.area * 1e12 for r in shape.regions if r.phase == Phase.ACTIVE]
        assert len(solid) == count == len(shape.particles)
        assert sum(solid) == pytest.approx(whole, rel=1e-12)
        mesh = from_case(case, shape)
        assert quality(mesh).largest_area_error < 1e-4
        assert sum(area for _, area, _ in quality(mesh).areas) == pytest.approx(
            40e-6 * 55e-6, rel=1e-12
        )
    # The chord lies 5.25 um from the first centre.
    chord = [
        o for o in shape.outlines if not isinstance(o.curve, Arc) and o.left > 1 and o.right > 1
    ]
    assert len(chord) == 1
    assert chord[0].curve.start[0] == pytest.approx(17.25e-6, rel=1e-12)
    # The segment beyond the chord is the other's.
    t = np.arccos(5.25 / 6)
    first = 36 * (np.pi - t + np.sin(2 * t) / 2)
    assert solid[0] == pytest.approx(first, rel=1e-12)


def test_a_disc_at_an_edge_is_cut_there(tmp_path):
    shape = build(case_of(table(tmp_path, [(0, 20, 10), (20, 40, 10), (40, 0, 8)]), "clip"))
    assert 1e12 * np.sort([r.area for r in shape.regions if r.phase == Phase.ACTIVE]) == (
        pytest.approx([np.pi * 16 / 4, np.pi * 25 / 2, np.pi * 25 / 2], rel=1e-12)
    )


@pytest.mark.parametrize(
    ("gap", "shrinks"), [(1e-9, True), (-1e-3, True), (0.5, False), (-0.5, False)]
)
def test_what_hardly_touches_is_parted(tmp_path, gap, shrinks):
    file = table(tmp_path, [(12, 20, 10), (21 + gap, 20, 8)])
    shape = build(case_of(file, "clip"))
    assert any("Discs made smaller: 1" in note for note in shape.notes) == shrinks
    if shrinks:
        radius = 0.5e6 * shape.particles.diameter
        assert radius[0] == pytest.approx(5.0, rel=1e-12)
        assert 9 + gap - radius.sum() == pytest.approx(LEAST * radius[1], rel=1e-9)


def test_enclosed_electrolyte_is_idle(tmp_path):
    """Six discs in a ring close in what is between them."""
    ring = [(20 + 9 * np.cos(a), 20 + 9 * np.sin(a), 10) for a in np.arange(6) * np.pi / 3]
    for overlap in ("merge", "clip"):
        shape = build(case_of(table(tmp_path, ring), overlap))
        idle = [r for r in shape.regions if r.phase == Phase.IDLE]
        assert len(idle) == 1
        assert any("Cut off and idle" in note for note in shape.notes)
        assert shape.particles.active.all()


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(1, 40),
    overlap=st.sampled_from(["merge", "clip"]),
)
def test_any_discs_fill_what_their_union_does(tmp_path_factory, seed, count, overlap):
    """Areas are those of the union; a clipped disc holds only what is nearest to it by power."""
    rng = np.random.default_rng(seed)
    x, y, d = rng.uniform(-3, 43, count), rng.uniform(-3, 43, count), rng.uniform(3, 12, count)
    file = table(tmp_path_factory.mktemp("any"), np.c_[x, y, d])
    try:
        shape = build(case_of(file, overlap))
    except InputError as error:
        assert re.search("no disc lies|no active particle", error.problem)
        return
    solid = sum(r.area for r in shape.regions if r.phase == Phase.ACTIVE) * 1e12
    circles = shapely.points(np.c_[x, y]).tolist()
    circles = [c.buffer(r / 2, quad_segs=200) for c, r in zip(circles, d, strict=True)]
    union = shapely.union_all(circles).intersection(shapely.box(0, 0, 40, 40)).area
    # Parted discs lose at most two rims of LEAST of their radius.
    assert union * (1 - 1e-4) - 2 * LEAST * np.pi * (d**2).sum() / 2 <= solid <= union * (1 + 1e-4)
    total = sum(r.area for r in shape.regions)
    assert total == pytest.approx(40e-6 * 55e-6, rel=1e-9)
    assert not any(r.area <= 0 for r in shape.regions)


@pytest.mark.slow
@pytest.mark.parametrize("overlap", ["merge", "clip"])
def test_slices_are_meshed_and_solved(tmp_path, overlap):
    """Every slice of thirty that leaves the electrolyte open is meshed, without small angles."""
    worst = 90.0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        radius, height = rng.uniform(2, 5, 60), rng.uniform(-5, 5, 60)
        cut = np.abs(height) < 0.95 * radius
        d = 2 * np.sqrt(radius[cut] ** 2 - height[cut] ** 2)
        rows = np.c_[rng.uniform(0, 40, cut.sum()), rng.uniform(0, 40, cut.sum()), d][:20]
        case = case_of(table(tmp_path, rows), overlap)
        mesh = from_case(case, build(case))
        worst = min(worst, quality(mesh).smallest_angle)
        if seed < 3:
            assert fem.run(case).metrics["overpotential_V"] > 0.0
    assert worst > 12.0


def test_clipped_particles_that_share_a_chord_are_in_contact(tmp_path):
    file = table(tmp_path, [(12, 5, 12), (20, 5, 8), (32, 30, 8)])
    case = case_of(file, "clip").replace(
        {
            "geometry.cathode.wiring": {
                "kind": "resolved",
                "contact_gap": "0.1 um",
                "contact_resistance": "1 ohm*m",
            }
        }
    )
    shape = build(case)
    found = Contacts.of(case, shape)
    assert found.pairs.tolist() == [[0, 1]]
    assert found.collector.tolist() == [True, False, False]
    assert list(shape.particles.inactivity) == ["", "", "no electrons"]
