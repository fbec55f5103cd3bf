"""Results and cases in other processes: pickled, copied, and compared."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fem
from fem.frozen import FrozenMapping, same
from fem.results.result import Result

OUTPUT = Path(__file__).parents[1] / "output"
PROTOCOL = {"operation.steps": [{"charge": "50 A/m^2", "until": {"time": "0.1 s"}}]}


@pytest.fixture(scope="module", params=["small_case.toml", "small_protocol.toml"])
def result(request: pytest.FixtureRequest) -> Result:
    changes = PROTOCOL if "protocol" in request.param else {}
    return fem.run(fem.Case.load(OUTPUT / request.param, changes))


def pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


ways = pytest.mark.parametrize("way", [pickled, copy.copy, copy.deepcopy])


@ways
def test_a_copy_is_the_result(result: Result, way: Callable[[Any], Any]) -> None:
    again = way(result)
    assert again == result
    assert (again.history is None) == (result.history is None)
    for one, other in ((again.fields, result.fields), (again.metrics, result.metrics)):
        assert list(one) == list(other)
    np.testing.assert_array_equal(again.fields["phi_e"], result.fields["phi_e"])
    assert again.at("phi_e", 3e-5, 3e-5) == result.at("phi_e", 3e-5, 3e-5)


@ways
def test_arrays_of_a_copy_are_read_only(result: Result, way: Callable[[Any], Any]) -> None:
    again = way(result)
    assert not result.particles.current.flags.writeable
    arrays = [*again.fields.values(), again.anode.s, again.particles.current, again.mesh.region]
    if again.history is not None:
        arrays += again.history.columns.values()
        assert again.frames == result.frames
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0
    with pytest.raises(TypeError):
        again.fields["phi_e"] = 0


@ways
@pytest.mark.parametrize("name", ["case", "geometry", "mesh", "anode", "particles", "field_mesh"])
def test_so_are_its_parts(result: Result, way: Callable[[Any], Any], name: str) -> None:
    part = getattr(result, name)
    assert way(part) == part


def test_what_differs_is_not_equal(result: Result) -> None:
    """One entry of one array, one number, one word; how long it took does not count."""
    first = next(iter(result.fields))
    values = result.fields[first].copy()
    values[np.isfinite(values)] += 1e-12
    changes: list[dict[str, Any]] = [
        {"fields": result.fields | {first: values}},
        {"fields": {k: v for k, v in result.fields.items() if k != first}},
        {"metrics": result.metrics | {"current_density_A_m2": 7.0}},
        {"references": result.references + " "},
        {"notes": ("other",)},
        {"anode": dataclasses.replace(result.anode, s=result.anode.s[:-1])},
        {"case": result.case.replace({"title": "other"})},
        {"frames": (*result.frames, None)},
    ]
    for change in changes:
        assert dataclasses.replace(result, **change) != result, change.keys()
    later = {name: 1.0 for name in result.metrics if name.startswith("seconds_")}
    assert later
    assert dataclasses.replace(result, metrics=result.metrics | later) == result
    assert result != 3
    assert result.anode != result.particles


@pytest.mark.slow
def test_a_result_crosses_to_another_process() -> None:
    """As `concurrent.futures` and other schedulers send cases and results."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    case = fem.Case.load(OUTPUT / "small_case.toml")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(fem.run, case).result() == fem.run(case)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (np.array([1.0, np.nan]), np.array([1.0, np.nan]), True),
        (np.array([1.0, 2.0]), np.array([1.0]), False),
        (np.array(["a"]), np.array(["a"]), True),
        (np.array([1.0]), 1.0, False),
        ({"a": np.arange(2)}, FrozenMapping({"a": np.arange(2)}), True),
        ({"a": 1}, {"b": 1}, False),
        ([1, np.arange(3)], [1, np.arange(3)], True),
        ((1,), [1], False),
        (float("nan"), float("nan"), True),
        ("a", "a", True),
        (1, 1.0, True),
    ],
)
def test_same(one: object, other: object, equal: bool) -> None:
    assert same(one, other) is equal
    assert same(other, one) is equal


def test_a_frozen_mapping_is_a_mapping_without_change() -> None:
    mapping = FrozenMapping({"a": 1})
    assert mapping == {"a": 1} and hash(mapping) == hash(FrozenMapping({"a": 1}))
    assert mapping | {"b": 2} == {"a": 1, "b": 2}
    assert mapping != {"a": 2} and mapping != 1
    with pytest.raises(AttributeError, match="frozen"):
        mapping.a = 1  # type: ignore[attr-defined]
