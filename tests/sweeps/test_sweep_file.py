"""What a sweep file says: which members there are, in which order, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweep_examples import cell, seeds, tables

from fem.case.reference import sweep_schema
from fem.case.sweep import Sweep, numbers_of
from fem.errors import InputError
from fem.results.members import REFUSED
from fem.runs import sweep as runs
from fem.runs.sweep import CHUNK, EXAMPLES, LEAST, plan

GRID = {"operation.current_density": ["1 A/m^2", "2 A/m^2"], "inactive.fraction": [0.2, 0.5, 0.6]}


def sweep(**given: Any) -> Sweep:
    return Sweep.from_dict(tables(cell(), **given))


def test_the_last_key_goes_fastest_and_repeats_faster_still() -> None:
    found = sweep(
        vary=GRID,
        zip={"mesh.size": ["3 um", "4 um"], "mesh.growth": [0.3, 0.4]},
        repeat={**seeds(2), "first": 7},
    )
    assert found.keys == (*GRID, "mesh.size", "mesh.growth", "inactive.seed")
    rows = [tuple(member.values()) for member in found.members]
    assert rows == [
        (current, fraction, size, growth, seed)
        for current in ("1 A/m^2", "2 A/m^2")
        for fraction in (0.2, 0.5, 0.6)
        for size, growth in (("3 um", 0.3), ("4 um", 0.4))
        for seed in (7, 8)
    ]
    assert len(found.points) == len(rows) // found.repeats


def test_keys_need_no_quotes() -> None:
    """TOML reads ``inactive.fraction = [..]`` as tables in tables."""
    assert sweep(vary={"inactive": {"fraction": [0.1, 0.2]}}).keys == ("inactive.fraction",)


def test_a_table_may_be_varied_whole_and_a_key_in_it_repeated() -> None:
    found = sweep(vary={"inactive": [{"fraction": 0.2}, {"fraction": 0.5}]}, repeat=seeds(2))
    cases = [found.base.replace(changes) for changes in found.members]
    assert [(c.inactive.fraction, c.inactive.seed) for c in cases] == [
        (0.2, 0), (0.2, 1), (0.5, 0), (0.5, 1),
    ]  # fmt: skip


def test_a_case_may_leave_out_what_is_varied(tmp_path: Path) -> None:
    """Even if it is no case without that, as a fraction without a seed; the first may be wrong."""
    text = cell().to_toml()
    assert "seed = 0\n" in text
    (tmp_path / "cell.toml").write_text(text.replace("seed = 0\n", ""))
    file = tmp_path / "sweep.toml"
    file.write_text(
        'case = "cell.toml"\nvary.mesh.size = ["nonsense", "3 um"]\n'
        '[repeat]\nkey = "inactive.seed"\ncount = 2\n'
    )
    found = Sweep.load(file)
    cases = [found.base.replace(changes) for changes in found.members[2:]]
    assert [case.inactive.seed for case in cases] == [0, 1]
    assert cases[1] == cell(inactive__seed=1)
    assert [row.member for row in plan(found).refused] == [0, 1]


@pytest.mark.parametrize(
    ("given", "key", "words"),
    [
        ({"vary": {"mesh.sise": ["1 um"]}}, "mesh.sise", "did you mean mesh.size?"),
        ({"vary": {"mesh.size": "1 um"}}, "vary.mesh.size", "brackets"),
        ({"vary": {"mesh.size": []}}, "vary.mesh.size", "an empty list"),
        ({"vary": 3}, "vary", "not a table"),
        ({}, "", "nothing is varied"),
        ({"vary": {"mesh.size": ["1 um"]}, "zip": {"mesh.size": ["1 um"]}}, "", "two places"),
        ({"vary": GRID, "repeat": {"key": "inactive.fraction", "count": 2}}, "", "two places"),
        ({"zip": {"mesh.size": ["1 um"], "mesh.growth": [0.2, 0.3]}}, "zip", "different lengths"),
        ({"repeat": seeds(0)}, "repeat.count", "at least 1"),
        ({"repeat": {"key": "inactive.sed", "count": 1}}, "inactive.sed", "inactive.seed"),
        ({"vary": GRID, "reports": {}}, "reports", "did you mean report?"),
        ({"vary": GRID, "report": {"metrics": [1]}}, "report.metrics[0]", "not text"),
        ({"vary": GRID, "report": {"metrics": ["overpotental_V"]}}, "report.metrics",
         "did you mean overpotential_V?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(given: dict[str, Any], key: str, words: str) -> None:
    with pytest.raises(InputError) as raised:
        plan(sweep(**given))
    assert (raised.value.key or "") == key
    assert words in str(raised.value)


def test_a_case_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "cell.toml").write_text("")
    with pytest.raises(InputError, match=r"cell\.toml"):
        Sweep.from_dict(tables("cel.toml", vary=GRID), tmp_path / "sweep.toml")


def test_a_wrong_key_stands_in_the_sweep_file(tmp_path: Path) -> None:
    (tmp_path / "cell.toml").write_text(cell().to_toml())
    with pytest.raises(InputError, match=r"sweep\.toml: mesh\.sise: unknown key"):
        Sweep.from_dict(tables("cell.toml", vary={"mesh.sise": ["1 um"]}), tmp_path / "sweep.toml")


def test_schema_knows_what_validation_knows() -> None:
    validator = jsonschema.Draft202012Validator(sweep_schema())
    jsonschema.Draft202012Validator.check_schema(sweep_schema())
    assert validator.is_valid(tables("a.toml", vary=GRID, repeat=seeds(2)))
    assert not validator.is_valid(tables("a.toml", vary={"mesh.size": "1 um"}))
    assert not validator.is_valid(tables("a.toml", vary=GRID, repeat=seeds(0)))


# ----------------------------------------------------------------------------------- the plan


def tasks_of(**given: Any) -> list[tuple[bool, list[int]]]:
    """Whether the members of each task are solved together, and their numbers."""
    ready = plan(sweep(**given))
    return [(task.cell is not None, [n for n, _ in task.members]) for task in ready.tasks]


def test_members_of_one_cell_are_solved_together() -> None:
    """By cell, whatever the order of the members; in chunks that do not depend on the rest."""
    count = CHUNK + LEAST
    found = tasks_of(vary={"mesh.size": ["3 um", "4 um"]}, repeat=seeds(count))
    assert found == [
        (True, list(range(CHUNK))),
        (True, list(range(CHUNK, count))),
        (True, list(range(count, count + CHUNK))),
        (True, list(range(count + CHUNK, 2 * count))),
    ]


def test_examples_are_from_all_over_a_cell() -> None:
    """The same for all tasks of the cell, so that nothing depends on which is done first."""
    currents = ["1 A/m^2", "10 A/m^2", "1000 A/m^2"]
    ready = plan(sweep(vary={"operation.current_density": currents}, repeat=seeds(2 * EXAMPLES)))
    members = ready.sweep.members
    for task in ready.tasks:
        assert len(task.examples) == EXAMPLES
        assert (task.examples[0], task.examples[-1]) == (members[0], members[-1])
        found = [each["operation.current_density"] for each in task.examples]
        assert all(abs(found.count(current) - EXAMPLES / 3) < 1.0 for current in currents)


def test_sizes_that_go_fastest_are_sorted_by_cell() -> None:
    currents = [f"{k} A/m^2" for k in range(1, LEAST + 1)]
    found = tasks_of(vary={"operation.current_density": currents, "mesh.size": ["3 um", "4 um"]})
    assert found == [
        (True, list(range(0, 2 * LEAST, 2))),
        (True, list(range(1, 2 * LEAST, 2))),
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"repeat": seeds(LEAST - 1)},
        {
            "vary": {"mechanics.enabled": [True], "operation.plating_time": ["1 s"]},
            "repeat": seeds(LEAST),
        },
        {"repeat": seeds(LEAST), "report": {"metrics": ["newton_iterations"]}},
        {
            "vary": {"operation": [{"kind": "protocol", "steps": [{"rest": "1 s"}]}],
                     "kinetics.cathode.stoichiometry": [0.5]},
            "repeat": seeds(LEAST),
        },
    ],
    ids=["few", "mechanics", "metric", "protocol"],
)  # fmt: skip
def test_others_are_solved_one_by_one(given: dict[str, Any]) -> None:
    count = given["repeat"]["count"]
    assert tasks_of(**given) == [(False, [number]) for number in range(count)]


def test_members_that_cannot_be_are_refused_before_anything_is_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runs, "perform", None)
    ready = plan(sweep(vary={"inactive.fraction": [0.2, 1.5, -1.0]}))
    assert [(row.member, row.status) for row in ready.refused] == [(1, REFUSED), (2, REFUSED)]
    assert "inactive.fraction" in ready.refused[0].message
    assert "\n" not in ready.refused[0].message
    assert [number for task in ready.tasks for number, _ in task.members] == [0]


def test_a_sweep_of_which_nothing_can_be_is_wrong_input() -> None:
    with pytest.raises(InputError, match=r"inactive\.fraction"):
        plan(sweep(vary={"inactive.fraction": [1.5, -1.0]}))


def test_identity_is_that_of_what_is_solved() -> None:
    one = plan(sweep(vary=GRID)).identity
    assert plan(sweep(vary=GRID)).identity == one
    assert plan(sweep(vary=dict(reversed(GRID.items())))).identity != one
    assert plan(Sweep.from_dict(tables(cell(mesh__size="4 um"), vary=GRID))).identity != one


# --------------------------------------------------------------------------- values as numbers


@given(st.lists(st.floats(1e-3, 1e3).map(lambda v: float(f"{v:.6g}")), min_size=1))
def test_values_with_units_become_numbers_in_the_unit_of_the_first(values: list[float]) -> None:
    texts = [f"{values[0]} um", *(f"{value * 1e-3} mm" for value in values[1:])]
    found = numbers_of(texts)
    assert found is not None
    assert found[1] == "um"
    assert found[0] == pytest.approx(values, rel=1e-12)


@pytest.mark.parametrize("values", [["1 um", "1 V"], ["rigid", "elastic"], [True, False], [[1]]])
def test_other_values_are_no_numbers(values: list[Any]) -> None:
    assert numbers_of(values) is None
