"""Runs leave the numbers that are declared, and no others.

A new number needs an entry in fem/results/quantities.py, and a run in `RUNS` that has it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

import fem
from fem.case.kinds import LithiumModel
from fem.cli.progress import WATCHED
from fem.output.tables import ANODE_COLUMNS, FACE_COLUMNS, PARTICLE_COLUMNS
from fem.results.quantities import REGISTRY, Place, declared, declared_columns, find
from fem.results.result import Result
from fem.results.spectrum_tables import impedance_columns, relaxation_columns

MESHES = Path(__file__).parents[2] / "meshes"
OUTPUT = Path(__file__).parents[1] / "output"
ISLAND = {"x": "12 um", "y": "50 um", "half_width": "4 um", "half_height": "2 um"}
CYCLE = [
    {"charge": "50 A/m^2", "until": {"time": "1 s"}},
    {"discharge": "50 A/m^2", "until": {"time": "1 s"}},
]


def snapshot(**changes: Any) -> fem.Case:
    """Particles and a protrusion, without mechanics; the dots of keys are ``__``."""
    return _changed("small_case.toml", {"mechanics__enabled": False} | changes)


def protocol(**changes: Any) -> fem.Case:
    """The same for two seconds, in few steps: only names are looked at, and sums of parts."""
    few = {"operation__steps": CYCLE, "stepping__first": "0.5 s", "stepping__tolerance": 0.1}
    return _changed("small_protocol.toml", few | changes)


def _changed(name: str, changes: dict[str, Any]) -> fem.Case:
    return fem.Case.load(
        OUTPUT / name, {key.replace("__", "."): value for key, value in changes.items()}
    )


RUNS: dict[str, Callable[[], fem.Case]] = {
    "all models of lithium": lambda: snapshot(
        mechanics__enabled=True,
        mechanics__compare_lithium=["elastic", "yielded"],
        kinetics__cathode__stoichiometry=0.5,
    ),
    "solids that yield and creep": lambda: snapshot(
        mechanics__enabled=True,
        mechanics__solids="plastic",
        mechanics__lithium="viscoplastic",
        mesh__size="5 um",
    ),
    "isolated lithium": lambda: snapshot(geometry__anode__isolated=[ISLAND]),
    "effective wiring": lambda: snapshot(
        geometry__cathode__wiring={"kind": "effective", "conductivity": "10 S/m"}
    ),
    "an image with electrolyte that is cut off": lambda: snapshot(
        geometry={
            "anode": {},
            "image": {
                "file": str(MESHES / "cell.png"),
                "pixel_size": "0.5 um",
                "labels": {"void": 0, "electrolyte": 1, "active": 2, "lithium": 3},
                "electrolyte": "LPSCl",
                "active": "NCM811",
            },
        },
        inactive={},
    ),
    "in time": lambda: protocol(
        operation__steps=[{"repeat": 1, "steps": CYCLE}], stepping__jump=0.01
    ),
    "in time, with stress": lambda: protocol(
        mechanics__enabled=True,
        mechanics__lithium="elastic",
        mechanics__coupling="both",
        mechanics__swelling=True,
        operation__steps=CYCLE[:1],
    ),
    "in time, with faces that may part": lambda: protocol(
        mechanics__enabled=True,
        mechanics__lithium="elastic",
        mechanics__swelling=True,
        stack__pressure="2 MPa",
        mechanics__solids="plastic",
        materials__LPSCl={"yield_strength": "0.1 GPa"},
        interfaces__particle_electrolyte__bond="none",
        operation__steps=CYCLE[:1],
    ),
    "in time, with electrolyte that reacts": lambda: protocol(
        mechanics__enabled=True,
        mechanics__lithium="elastic",
        interphase__particle_electrolyte={
            "growth": "self-limiting",
            "current_density": "10 mA/m^2",
            "passivation_thickness": "5 nm",
        },
        interphase__lithium_electrolyte={"growth": "linear", "growth_rate": "1 nm/h"},
        operation__steps=CYCLE[:1],
    ),
    "in time, with wires": lambda: protocol(
        geometry__cathode__wiring={"kind": "effective", "conductivity": "10 S/m"},
        operation__steps=[{"electronic_resistance": "10 mV"}, *CYCLE[:1]],
    ),
    "in time, with lithium that may part": lambda: protocol(
        mechanics__enabled=True,
        mechanics__lithium="elastic",
        mechanics__coupling="lithium",
        stack__pressure="2 MPa",
        interfaces__lithium_electrolyte__bond="none",
        operation__steps=CYCLE[:1],
    ),
    "in time, with a spectrum": lambda: protocol(
        kinetics__cathode__double_layer_capacitance="0.2 F/m^2",
        operation__steps=[CYCLE[0], {"impedance": ["1 kHz", "1 Hz"], "points_per_decade": 1}],
    ),
    "in time, with an interlayer and flaws": lambda: fem.Case.load(
        OUTPUT.parents[1] / "cases" / "kodama2024_interlayer.toml",
        {
            "geometry.anode.flaw": {"size": "1 um"},
            "kinetics.interlayer.pores": {"surface_area": "1e5 1/m", "porosity": 0.2},
            "operation.steps": [{"charge": "2 A/m^2", "until": {"time": "20 s"}}],
        },
    ),
    "in time, on a moving line": lambda: protocol(geometry__anode__motion="moved"),
    "in time, on a line that solids carry along": lambda: protocol(
        geometry__anode__motion="moved", mechanics__enabled=True, operation__steps=CYCLE[:1]
    ),
}


FEW = (
    "all models of lithium",
    "effective wiring",
    "in time, with wires",
    "in time, with a spectrum",
)
ALL = pytest.param(tuple(RUNS), id="all", marks=pytest.mark.slow)


@pytest.fixture(scope="module", params=[pytest.param(FEW, id="few"), ALL])
def results(request: pytest.FixtureRequest) -> dict[str, Result]:
    return {name: fem.run(RUNS[name]()) for name in request.param}


def emitted(results: dict[str, Result]) -> dict[Place, set[str]]:
    """Names of the metrics and of the columns of all runs."""
    histories = [result.history for result in results.values() if result.history is not None]
    return {
        Place.METRICS: set().union(*(result.metrics for result in results.values())),
        Place.HISTORY: set().union(*(history.columns for history in histories)),
        Place.ANODE: set(ANODE_COLUMNS),
        Place.PARTICLES: set(PARTICLE_COLUMNS),
        Place.FACES: set(FACE_COLUMNS),
        Place.FIELDS: set().union(*(result.fields for result in results.values())),
        Place.SPECTRUM: set().union(*(impedance_columns(r.spectra) for r in results.values())),
        Place.RELAXATION: set().union(*(relaxation_columns(r.spectra) for r in results.values())),
        Place.CYCLES: set().union(*(row for result in results.values() for row in result.cycles)),
    }


@pytest.mark.parametrize("place", list(Place), ids=lambda place: str(place.name))
def test_what_runs_emit_is_declared_for_its_file(results: dict[str, Result], place: Place) -> None:
    names = emitted(results)[place]
    undeclared = {name for name in names if find(name) is None}
    assert not undeclared, "give them entries in fem/results/quantities.py"
    elsewhere = {name for name in names if place not in declared(name).places}
    assert not elsewhere, f"add {place} to their places"


@pytest.mark.parametrize("results", [ALL], indirect=True)
@pytest.mark.parametrize("place", list(Place), ids=lambda place: str(place.name))
def test_what_is_declared_is_emitted(results: dict[str, Result], place: Place) -> None:
    """Every member of a family; of one that takes any word, at least one."""
    names = emitted(results)[place]
    for entry in REGISTRY:
        if place in entry.places:
            for member in entry.members():
                assert member.name in names, "dead, or a run that has it is missing in RUNS"
            assert any(entry.named(name) for name in names), entry.name


def test_columns_stand_in_the_order_of_their_entries(results: dict[str, Result]) -> None:
    for name, result in results.items():
        if result.history is not None:
            columns = tuple(result.history.columns)
            assert declared_columns(columns, Place.HISTORY) == columns, name


def test_texts_are_texts_and_parts_have_their_whole(results: dict[str, Result]) -> None:
    for result in results.values():
        for name, value in result.metrics.items():
            assert declared(name).text == isinstance(value, str), name
            assert not declared(name).part_of or declared(name).part_of in result.metrics


def test_parts_of_the_overpotential_add_up(results: dict[str, Result]) -> None:
    """What the page says of them, in a snapshot and in time, with wires and with stress."""
    for name, result in results.items():
        parts = [n for n in result.metrics if declared(n).part_of == "overpotential_V"]
        total = sum(result.metrics[part] for part in parts)
        assert len(parts) >= 3, name
        assert total == pytest.approx(result.metrics["overpotential_V"], rel=1e-6), name


def test_families_know_all_models_of_lithium() -> None:
    families = [entry for entry in REGISTRY if entry.placeholder == "model"]
    assert families
    for family in families:
        assert set(family.words) == set(get_args(LithiumModel))


def test_progress_watches_columns() -> None:
    for column in WATCHED.values():
        assert Place.HISTORY in declared(column).places
