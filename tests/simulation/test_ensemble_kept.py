"""Condensed electrolytes that were kept: the same digits, and never those of another cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_ensemble import DRAWINGS, EFFECTIVE, ISLAND, PROTRUSION, VARIETY, bed, variety

import fem
from fem.output.cache import Cache
from fem.runs import kept
from fem.runs.ensemble import Ensemble, Outcome
from fem.runs.kept import Arrays
from fem.runs.members import VARIES, shared


@dataclass(eq=False)
class Watched:
    """A cache that notes what was asked for, and what of it had to be made."""

    folder: Path
    asked: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)

    def kept(self, key: str, make: Callable[[], Arrays]) -> Arrays:
        self.asked.append(key)

        def noted() -> Arrays:
            self.made.append(key)
            return make()

        return Cache(self.folder).kept(key, noted)


def same(one: Outcome, other: Outcome) -> bool:
    """Whether all digits are."""
    return (
        one.metrics == other.metrics
        and one.currents.tobytes() == other.currents.tobytes()
        and one.plating.tobytes() == other.plating.tobytes()
    )


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[] if n == "electrons" else [pytest.mark.slow]) for n in DRAWINGS],
)
def test_all_digits_are_the_same_with_and_without(name: str, tmp_path: Path) -> None:
    case = bed(DRAWINGS[name])
    cases, first, second = variety(case), Watched(tmp_path), Watched(tmp_path)
    without = Ensemble.of(case)
    found = without.solve(cases)
    for store in (first, second):
        ensemble = Ensemble.of(case, store=store)
        assert ensemble.error == without.error
        assert same(ensemble.solve(cases), found)
    assert first.made == first.asked
    assert second.asked == first.asked
    assert second.made == []


def test_other_kinetics_and_patterns_find_the_same_operator(tmp_path: Path) -> None:
    """Only what it is compared with is solved anew, so that digits do not hang on the past."""
    first, second = Watched(tmp_path), Watched(tmp_path)
    Ensemble.of(bed(), store=first)
    other = bed({"kinetics.anode.exchange_current_density": "30 A/m^2", "inactive.seed": 7})
    found = Ensemble.of(other, store=second)
    assert second.made
    assert all(" against " in key for key in second.made)
    assert same(found.solve([other]), Ensemble.of(other).solve([other]))


# ------------------------------------------------------------------------------------- the key

CASES = {
    "lithium of all kinds": bed(
        {"geometry.anode.protrusions": [PROTRUSION], "geometry.anode.isolated": [ISLAND]}
    ),
    "electrons": bed({"geometry.cathode.wiring": EFFECTIVE, **VARIETY[-1]}),
    "random packing": bed(DRAWINGS["random packing"]),
    "gradients": bed({"mesh.max_size": "9 um", "materials": {}}),
}
WORDS = ("LGPS", "LLZO", "Li6PS5Cl", "NCM523", "LCO", "LFP", "NMC532", "effective", "ideal")


def leaves(table: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Keys of a case and their values; lists of tables as a whole."""
    for name, value in table.items():
        key = f"{path}.{name}" if path else name
        if isinstance(value, dict):
            yield from leaves(value, key)
        else:
            yield key, value


def others(value: Any) -> Iterator[Any]:
    """Values that may stand where `value` does."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (value + 1, value + 0.01, value - 1)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for name, inner in value[0].items():
            for other in others(inner):
                yield [{**value[0], name: other}, *value[1:]]
    elif isinstance(value, str):
        number, _, unit = value.partition(" ")
        try:
            yield from (f"{float(number) * factor:.12g} {unit}" for factor in (1.01, 0.99))
        except ValueError:
            yield from WORDS


def changed(case: fem.Case) -> Iterator[tuple[str, fem.Case]]:
    """All cases in which one key differs, as far as they can be."""
    for key, value in leaves(case.to_dict()):
        for other in others(value):
            try:
                found = case.replace({key: other})
            except fem.InputError:
                continue
            if found.sha256 != case.sha256:  # else the key has no effect here
                yield key, found


@pytest.mark.parametrize("name", CASES)
def test_key_changes_with_all_but_what_may_vary(name: str) -> None:
    case = CASES[name]
    known = shared(case)
    tables = set()
    for key, other in changed(case):
        table = key.partition(".")[0]
        tables.add(table)
        assert (shared(other) == known) == (table in VARIES), key
    assert {"geometry", "mesh", "kinetics", "operation", "inactive"} <= tables


@pytest.mark.parametrize("change", [*VARIETY, {"title": "another"}], ids=str)
def test_key_stays_with_what_may_vary(change: dict[str, Any]) -> None:
    assert shared(bed(change)) == shared(bed())


@pytest.mark.parametrize(
    "change",
    [
        {"geometry.width": "81 um"},
        {"geometry.cathode.wiring": EFFECTIVE},
        {"geometry.cathode.particles.material": "LCO"},
        {"mesh.size": "2.9 um"},
        {"mesh.max_size": "9 um"},
        {"mesh.growth": 0.25},
        {"geometry.separator.thickness": "21 um"},
    ],
    ids=str,
)
def test_key_changes_with_drawing_mesh_and_wiring(change: dict[str, Any]) -> None:
    assert shared(bed(change)) != shared(bed())


def test_key_changes_with_a_material_of_ones_own(tmp_path: Path) -> None:
    """With what its file says, not with where the file is."""

    def using(conductivity: str, folder: str) -> str:
        (tmp_path / folder).mkdir()
        file = tmp_path / folder / "mine.toml"
        entry = f'value = "{conductivity}"\nstatus = "assumption"\nsource = "none"\nnote = "none"\n'
        head = '[Mine]\ntitle = "mine"\nkind = "electrolyte"\nsummary = "mine"\n'
        file.write_text(f"{head}[Mine.ionic_conductivity]\n{entry}")
        own = {"material_files": [str(file)], "geometry.separator.material": "Mine"}
        return shared(bed(own))

    assert using("0.1 S/m", "a") == using("0.1 S/m", "b") != using("0.2 S/m", "c")
    table = {"materials": {"LPSCl": {"ionic_conductivity": "0.2 S/m"}}}
    assert shared(bed(table)) != shared(bed())


def test_key_changes_with_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own files, versions of what it stands on, and threads."""
    known = kept.program()
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    assert kept.program() != known
    monkeypatch.undo()
    assert kept.program() == known
    with monkeypatch.context() as patch:
        patch.setattr(kept, "_version", lambda name: "0.0")
        assert kept._sources.__wrapped__() != kept._sources()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", lambda path: b"")
        assert kept._sources.__wrapped__() != kept._sources()


@pytest.mark.slow
def test_an_entry_of_another_number_of_modes_is_another(tmp_path: Path) -> None:
    store = Watched(tmp_path)
    Ensemble.of(bed(), tolerance=2e-6, store=store)
    operators = [key for key in store.asked if "operator" in key and " against " not in key]
    assert len(operators) == len(set(operators)) > 1
    assert np.unique([key.split()[1] for key in store.asked]).tolist() == [shared(bed())]
