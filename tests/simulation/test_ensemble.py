"""Many snapshots on a condensed electrolyte against full solves of each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fem
from fem.runs.ensemble import Ensemble
from fem.runs.members import refusal

BED = {
    "geometry": {
        "width": "80 um",
        "anode": {"thickness": "10 um"},
        "separator": {"material": "LPSCl", "thickness": "20 um"},
        "cathode": {
            "electrolyte": "LPSCl",
            "thickness": "45 um",
            "particles": {"rows": 3, "columns": 4, "diameter": "10 um", "material": "NCM811"},
        },
    },
    "inactive": {"fraction": 0.3, "seed": 1},
    "kinetics": {
        "anode": {"exchange_current_density": "20 A/m^2"},
        "cathode": {"exchange_current_density": "2 A/m^2"},
    },
    "operation": {"current_density": "100 A/m^2"},
    "mechanics": {"enabled": False},
    "mesh": {"size": "3 um"},
}
EFFECTIVE = {"kind": "effective", "conductivity": "0.01 S/m"}
ISLAND = {"x": "40 um", "y": "55 um", "half_width": "5 um", "half_height": "3 um"}
PROTRUSION = {"x": "40 um", "depth": "8 um", "half_width": "6 um", "fillet": "1 um"}
VARIETY: list[dict[str, Any]] = [
    {"inactive.seed": 2},
    {"inactive": {}, "operation.current_density": "-1000 A/m^2"},
    {"inactive.fraction": 0.6, "kinetics.anode.exchange_current_density": "320 A/m^2"},
    {"kinetics.anode": {"area_resistance": "5 ohm*cm^2"}, "operation.current_density": "1 A/m^2"},
    {"kinetics.cathode.area_resistance": "20 ohm*cm^2", "operation.temperature": "60 degC"},
    {"kinetics.cathode.anodic_transfer_coefficient": 0.3},
    {"operation": {"overpotential": "0.2 V"}},
    {
        "kinetics.cathode.stoichiometry": 0.5,
        "kinetics.cathode.exchange_current_dependence": "stoichiometry",
        "operation": {"cell_voltage": "4.2 V"},
    },
]
DRAWINGS: dict[str, dict[str, Any]] = {
    "lattice": {},
    "electrons": {"geometry.cathode.wiring": EFFECTIVE},
    "protrusion": {"geometry.anode.protrusions": [PROTRUSION], "mesh.size": "1 um"},
    "isolated lithium": {"geometry.anode.isolated": [ISLAND], "mesh.size": "1 um"},
    "random packing": {
        "geometry.cathode.particles": {
            "layout": "random", "fraction": 0.4, "diameter": "10 um", "gap": "1 um", "seed": 1,
            "material": "NCM811",
        },
    },
}  # fmt: skip


def bed(changes: dict[str, Any] | None = None) -> fem.Case:
    return fem.Case.from_dict(BED).replace(changes or {})


def variety(case: fem.Case) -> list[fem.Case]:
    return [case.replace(change) for change in VARIETY]


@pytest.fixture(scope="module")
def lattice() -> Ensemble:
    return Ensemble.of(bed(), examples=variety(bed()))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in ("lattice", "electrons") else [pytest.mark.slow])
        for name in DRAWINGS
    ],
)
def test_members_are_as_full_solves_find_them(name: str, lattice: Ensemble) -> None:
    """All numbers, whatever differs between members; 1e-5 of what full solves have."""
    case = bed(DRAWINGS[name])
    cases = variety(case)
    ensemble = Ensemble.of(case, examples=cases) if DRAWINGS[name] else lattice
    assert ensemble.error <= 1e-5
    limit = 1.01 * ensemble.error
    found = ensemble.solve(cases)
    for member, (each, metrics) in enumerate(zip(cases, found.metrics, strict=True)):
        full = fem.run(each)
        assert metrics is not None, found.messages[member]
        mean = np.abs(full.particles.current).sum() / full.particles.active.sum()
        miss = np.abs(found.currents[member] - full.particles.current).max()
        assert miss < limit * mean, member
        running = full.anode.running_mean(full.anode.plating)
        miss = np.abs(found.plating[member] - running).max()
        assert miss < 1.1 * limit * np.abs(full.anode.mean(running)), member
        for key, value in metrics.items():
            exact = full.metrics
            exact = exact["tip_over_applied"][0] if key == "tip_over_applied[0]" else exact[key]
            # Extremes of nodal values, and parts of a sum, are less well known than their means.
            near = max(1e-4, 10.0 * limit)
            assert value == pytest.approx(exact, rel=near, abs=1e-9), (member, key)
        # Nothing is missing but what mechanics and solvers tell.
        assert {k for k in full.metrics if "focus" in k or "overpotential" in k} <= set(metrics)


def test_currents_add_up(lattice: Ensemble) -> None:
    cases = [bed({"inactive.seed": seed}) for seed in range(20)]
    found = lattice.solve(cases)
    applied = 100.0 * 80e-6
    assert found.currents.sum(axis=1) == pytest.approx(np.full(20, applied), rel=1e-12)
    for currents, case in zip(found.currents, cases, strict=True):
        assert (currents == 0.0).sum() == round(0.3 * 12), case.inactive


def test_a_member_that_cannot_be_is_told_and_stops_no_other(lattice: Ensemble) -> None:
    cases = [
        bed({"inactive.seed": 5}),
        bed({"inactive": {"ids": list(range(12))}}),
        bed({"geometry.width": "90 um"}),
        bed({"kinetics.cathode.exchange_current_density": "1e-9 A/m^2"}),
    ]
    found = lattice.solve(cases)
    assert found.messages[0] == ""
    assert "no active particle is left" in found.messages[1]
    assert "another drawing" in found.messages[2]
    assert found.metrics[1] is None
    assert found.metrics[2] is None
    full = fem.run(cases[3]).metrics["overpotential_V"]
    assert found.metrics[3] is not None
    assert found.metrics[3]["overpotential_V"] == pytest.approx(full, rel=1e-5)


def test_full_fields_are_given_back(lattice: Ensemble) -> None:
    case = bed({"inactive.seed": 9})
    result, full = lattice.result(case), fem.run(case)
    assert result.particles.current == pytest.approx(full.particles.current, rel=1e-6)
    assert np.nanmax(result.fields["phi_e"]) == pytest.approx(np.nanmax(full.fields["phi_e"]))
    assert (result.particles.inactivity == full.particles.inactivity).all()


@pytest.mark.slow
def test_order_follows_the_tolerance(lattice: Ensemble) -> None:
    assert lattice.error <= 1e-5
    coarse = Ensemble.of(bed(), tolerance=1.0)
    finer = Ensemble.of(bed(), tolerance=2e-6)
    assert finer.operator.size > coarse.operator.size
    assert finer.error < coarse.error


def test_what_does_not_belong_is_refused_in_words() -> None:
    stressed = bed({"mechanics.enabled": True, "operation.plating_time": "1 s"})
    assert "stress" in refusal(stressed)
    with pytest.raises(fem.InputError, match="stress is not solved"):
        Ensemble.of(stressed)
    assert refusal(bed()) == ""


@pytest.mark.slow
def test_the_hardest_of_many_examples_say_how_many_modes_it_takes() -> None:
    """A current that is seven times larger misses more than ten times as much."""
    easy = [bed({"inactive.seed": seed}) for seed in range(12)]
    hard = bed({"inactive.fraction": 0.6, "operation.current_density": "700 A/m^2"})
    some = [*easy[:10], hard, *easy[10:]]
    coarse = Ensemble.of(bed(), tolerance=1.0, examples=easy[:3])
    assert hard in coarse.hardest(some, 2)
    assert list(coarse.hardest(easy[:3])) == easy[:3]
    assert max(coarse.compared([hard])) > 10.0 * coarse.error
    found = Ensemble.of(bed(), examples=some)
    assert found.error <= 1e-5
    assert max(found.compared([hard])) <= 1.001 * found.error
