"""Any random packing either runs, or is refused with a reason.

``pytest -m slow tests/geometry/test_packing_cells.py`` goes through 500 cells.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fem
from fem.effective.transport import IONIC, of_case
from fem.geometry import Phase, build
from fem.mesh import from_case, quality
from fem.mesh.cell import smallest_quality

SLOW_CELLS = 500


def case(packing: dict[str, Any], **changes: Any) -> fem.Case:
    """A cell of random particles under 100 A/m2."""
    geometry = {
        "width": changes.pop("width", "40 um"),
        "anode": {"thickness": "5 um"},
        "separator": {"material": "LPSCl", "thickness": "10 um"},
        "cathode": {
            "electrolyte": "LPSCl",
            "thickness": changes.pop("thickness", "25 um"),
            "particles": {"layout": "random", "material": "NCM811", "seed": 1} | packing,
        },
    }
    return fem.Case.from_dict(
        {
            "geometry": geometry,
            "kinetics": {
                "anode": {"exchange_current_density": "320 A/m^2"},
                "cathode": {"exchange_current_density": "2 A/m^2"},
            },
            "operation": {"current_density": "100 A/m^2"},
            "mechanics": {"enabled": False},
        }
        | changes
    )


def lengths(low: float, high: float) -> Any:
    """Lengths as text, evenly spread in their logarithm."""
    powers = st.floats(np.log(low), np.log(high))
    return powers.map(lambda power: f"{np.exp(power):.4g} um")


@st.composite
def cells(draw: Any) -> dict[str, Any]:
    """The arguments of `case`: mostly cells that can be, and some that cannot."""
    packing: dict[str, Any] = {
        "fraction": draw(st.floats(0.15, 0.75)),
        "gap": draw(lengths(0.2, 1.0)),
        "seed": draw(st.integers(0, 1000)),
    }
    if draw(st.booleans()):
        packing |= {"diameter": draw(lengths(3.0, 8.0)), "spread": draw(st.floats(1.0, 1.6))}
    else:
        size = st.fixed_dictionaries({"diameter": lengths(3.0, 8.0), "share": st.floats(0.4, 1.0)})
        packing["sizes"] = draw(st.lists(size, min_size=1, max_size=3))
    if draw(st.booleans()):
        packing["fraction"] = 0.6 * packing["fraction"]
        packing["grains"] = {
            "fraction": draw(st.floats(0.1, 0.3)),
            "diameter": draw(lengths(2.0, 8.0)),
        }
    inactive = {}
    if draw(st.booleans()):
        inactive = {"fraction": draw(st.floats(0.0, 1.0)), "seed": draw(st.integers(0, 9))}
        if draw(st.booleans()):
            inactive["clusters"] = draw(st.integers(1, 4))
    return {
        "packing": packing,
        "width": draw(lengths(15.0, 60.0)),
        "thickness": draw(lengths(12.0, 40.0)),
        "inactive": inactive,
        "mesh": {"size": draw(lengths(0.7, 1.6))},
    }


def outcome(arguments: dict[str, Any]) -> str:
    """``solved`` after everything that must hold was seen to hold, or the key that was refused."""
    try:
        cell = case(**arguments)
        result = fem.run(cell)
    except fem.InputError as error:
        assert error.problem
        assert error.key
        assert error.allowed or error.cure
        return error.key
    metrics, particles = result.metrics, result.particles
    numbers = [np.atleast_1d(v) for v in metrics.values() if not isinstance(v, str)]
    assert np.isfinite(np.concatenate(numbers)).all()
    assert metrics["plating_total_over_applied"] == pytest.approx(1.0, abs=1e-9)
    assert particles.current.sum() == pytest.approx(100.0 * result.geometry.width, rel=1e-9)
    assert (particles.current[particles.active] > 0.0).all()
    assert (particles.current[~particles.active] == 0.0).all()
    assert smallest_quality(result.mesh) > 0.02
    assert quality(result.mesh).largest_area_error < 1e-3
    composite = cell.geometry.cathode
    covered = 0.25 * np.pi * (particles.diameter**2).sum()
    box = float(cell.geometry.width) * float(composite.thickness)
    assert covered == pytest.approx(composite.particles.fraction * box, rel=1e-9)

    (ionic,) = (c for c in of_case(cell).conductors if c.carrier == IONIC)
    low, high = ionic.wiener
    for bounds in (ionic.conduction.lower, ionic.conduction.effective, ionic.conduction.upper):
        assert all(low <= value <= high * (1.0 + 1e-9) for value in bounds)
    # Discs with electrolyte around them leave it in one piece.
    assert ionic.conduction.percolating == pytest.approx((1.0, 1.0), rel=1e-12)
    assert min(ionic.conduction.lower) > 0.0
    return "solved"


@given(cells())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_random_cell_runs_or_says_why_not(arguments: dict[str, Any]) -> None:
    outcome(arguments)


@pytest.mark.slow
def test_hundreds_of_random_cells() -> None:
    """None crashes or returns what is not a number; most of them run."""
    seen: Counter[str] = Counter()

    @given(cells())
    @settings(
        max_examples=SLOW_CELLS,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def each(arguments: dict[str, Any]) -> None:
        seen[outcome(arguments)] += 1

    each()
    print(seen)
    assert seen.total() >= SLOW_CELLS
    assert seen["solved"] > 0.3 * SLOW_CELLS


PLAIN = {"fraction": 0.5, "diameter": "5 um", "gap": "0.5 um"}


def test_outlines_close_around_every_region() -> None:
    """The integral of dx and dy around a region is zero, and areas are exact."""
    shape = build(case(PLAIN))
    jump = np.zeros((len(shape.regions) + 1, 2))
    for outline in shape.outlines:
        ends = outline.curve.point(np.array([0.0, 1.0]))
        jump[outline.left] += ends[:, 1] - ends[:, 0]
        jump[outline.right] -= ends[:, 1] - ends[:, 0]
    assert np.abs(jump).max() < 1e-18
    discs = [r for r in shape.regions if r.phase == Phase.ACTIVE]
    assert [r.body for r in discs] == list(range(len(shape.particles)))
    assert sum(r.area for r in discs) == pytest.approx(0.5 * 40e-6 * 25e-6, rel=1e-12)
    assert sum(r.area for r in shape.regions) == pytest.approx(40e-12 * 40, rel=1e-12)


@pytest.mark.slow
def test_edges_are_short_where_the_electrolyte_is_narrow_only() -> None:
    """In narrow gaps edges are no longer than these; on one rim others are thrice as long."""
    cell = case(PLAIN | {"gap": "0.2 um"}, mesh={"size": "1 um"})
    mesh = from_case(cell, build(cell))
    lengths = []
    for rows in mesh.interface_by_body(Phase.ACTIVE).values():
        start, end = mesh.nodes[:, mesh.edges[rows, 0]], mesh.nodes[:, mesh.edges[rows, 1]]
        lengths.append(np.hypot(*(end - start)))
    shortest = np.array([each.min() for each in lengths])
    longest = np.array([each.max() for each in lengths])
    assert np.percentile(shortest, 20) < 1.2 * 0.2e-6
    assert np.median(longest / shortest) > 2.0
    assert (longest / shortest).max() > 3.0


# ------------------------------------------------------------------------------ inactive ones


def bed(inactive: dict[str, Any]) -> Any:
    return build(case(PLAIN, inactive=inactive)).particles


@pytest.mark.slow
def test_rules_by_place_and_id(tmp_path: Any) -> None:
    x = bed({}).x
    between = bed({"between": ["10 um", "20 um"]})
    assert (between.active == ((x < 10e-6) | (x > 20e-6))).all()
    assert 0 < between.active.sum() < len(x)
    (tmp_path / "dead.csv").write_text("id\n3\n", encoding="utf-8")
    marked = bed({"ids": [0, 5], "file": str(tmp_path / "dead.csv")})
    assert np.flatnonzero(marked.inactivity == "set").tolist() == [0, 3, 5]
    assert np.flatnonzero(~marked.active).tolist() == [0, 3, 5]


def test_an_id_beyond_the_last_is_refused() -> None:
    count = len(bed({}).x)
    with pytest.raises(fem.InputError, match=f"only {count} particles") as caught:
        bed({"ids": [1, count]})
    assert caught.value.key == "inactive.ids[1]"
    assert caught.value.allowed == f"ids from 0 to {count - 1}"


@pytest.mark.parametrize("clusters", [1, 2, 3])
def test_clusters_are_those_nearest_to_so_many(clusters: int) -> None:
    """Some of the inactive ones exist from which every inactive one is nearer than any other."""
    from itertools import combinations

    particles = bed({"fraction": 0.4, "seed": 2, "clusters": clusters})
    dead = np.flatnonzero(~particles.active)
    assert len(dead) == round(0.4 * len(particles))
    xy = np.c_[particles.x, particles.y]
    away = np.linalg.norm(xy[:, None] - xy[dead], axis=2)
    assert any(
        (near := away[:, list(chosen)].min(axis=1))[dead].max() < near[particles.active].min()
        for chosen in combinations(range(len(dead)), clusters)
    )
    scattered = bed({"fraction": 0.4, "seed": 2})
    assert (scattered.active != particles.active).any()


def test_few_inactive_ones_need_not_fill_their_clusters() -> None:
    assert (~bed({"fraction": 0.1, "seed": 2, "clusters": 9}).active).sum() == 2
