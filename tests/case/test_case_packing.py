"""Layouts of the particles: random packings beside the lattice."""

from __future__ import annotations

from typing import Any

import pytest
from case_examples import packed, particles

from fem.case import Case, Lattice, RandomPacking
from fem.errors import InputError

PLACE = "geometry.cathode.particles"


def refused(changes: dict[str, Any], *, sizes: bool = False) -> InputError:
    case = Case.from_dict(packed(sizes=sizes))
    with pytest.raises(InputError) as caught:
        case.replace({f"{PLACE}.{name}": value for name, value in changes.items()})
    return caught.value


@pytest.mark.parametrize("sizes", [False, True])
def test_text_of_a_packing_reads_back(sizes: bool) -> None:
    case = Case.from_dict(packed(sizes=sizes))
    layout = case.geometry.cathode.particles
    assert isinstance(layout, RandomPacking)
    again = Case.parse(case.to_toml())
    assert again == case
    assert again.sha256 == case.sha256
    given = case.to_dict()["geometry"]["cathode"]["particles"]
    assert ("sizes" in given) == ("diameter" not in given) == ("spread" not in given) == sizes
    assert [size.diameter.text for size in layout.sizes] == ["10 um", "6 um"] * sizes


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 2},
        {"fraction": 0.41},
        {"gap": "0.6 um"},
        {"grains.diameter": "9 um"},
        {"structure": {"kind": "clustered", "length": "30 um"}},
    ],
)
def test_hash_follows_the_packing(change: dict[str, Any]) -> None:
    case = Case.from_dict(packed())
    ((key, value),) = change.items()
    assert case.replace({f"{PLACE}.{key}": value}).sha256 != case.sha256


def test_the_structure_may_be_given_by_name() -> None:
    case = Case.from_dict(packed())
    assert case.geometry.cathode.particles.structure.kind == "equilibrium"
    assert case.replace({f"{PLACE}.structure": "equilibrium"}) == case
    error = refused({"structure": "clustered"})
    assert error.key == f"{PLACE}.structure.length"
    assert refused({"structure": {"kind": "lumpy"}}).allowed == '"equilibrium" or "clustered"'


def test_a_lattice_is_the_default() -> None:
    data = particles()
    del data["geometry"]["cathode"]["particles"]["layout"]
    assert isinstance(Case.from_dict(data).geometry.cathode.particles, Lattice)


def test_unknown_layout_names_the_choices() -> None:
    error = refused({"layout": "randon"})
    assert error.key == f"{PLACE}.layout"
    assert error.given == "randon"
    assert error.allowed == '"lattice" or "random" or "file"'
    assert error.cure == "did you mean random?"


def test_key_of_the_other_layout() -> None:
    error = refused({"rows": 5})
    assert error.key == f"{PLACE}.rows"
    assert error.problem == 'a key of layout = "lattice", where layout is "random"'
    assert error.cure == 'set layout = "lattice", or remove this key'
    case = Case.from_dict(particles())
    with pytest.raises(InputError, match='layout = "random", where layout is "lattice"'):
        case.replace({f"{PLACE}.fraction": 0.4})


@pytest.mark.parametrize(
    ("changes", "sizes", "key", "words"),
    [
        ({"diameter": None}, False, "diameter", "no size"),
        ({"diameter": "5 um"}, True, "sizes", "beside diameter"),
        ({"spread": 1.3}, True, "spread", "no spread"),
        ({"fraction": 0.8}, False, "grains.fraction", "more than the composite"),
    ],
)
def test_conflicts(changes: dict[str, Any], sizes: bool, key: str, words: str) -> None:
    error = refused(changes, sizes=sizes)
    assert error.key == f"{PLACE}.{key}"
    assert words in error.problem
    assert error.allowed
    assert error.cure


@pytest.mark.parametrize(("sizes", "name", "um"), [(False, "diameter", 8), (True, "sizes", 6)])
def test_elements_resolve_the_smallest_size(sizes: bool, name: str, um: int) -> None:
    case = Case.from_dict(packed(sizes=sizes))
    limit = um / 2
    case.replace({"mesh.size": f"{limit} um"})
    with pytest.raises(InputError, match=rf"{PLACE}.{name}, {um} um") as caught:
        case.replace({"mesh.size": f"{limit + 0.1} um"})
    assert caught.value.key == "mesh.size"


def test_clusters_need_a_draw() -> None:
    case = Case.from_dict(packed())
    with pytest.raises(InputError, match=r"without inactive\.fraction") as caught:
        case.replace({"inactive": {"ids": [1], "clusters": 2}})
    assert caught.value.key == "inactive.clusters"
    case.replace({"inactive.clusters": None})


def test_ids_of_a_packing_are_left_to_the_geometry() -> None:
    """How many particles there are is not known before they are packed."""
    Case.from_dict(packed()).replace({"inactive": {"ids": [5000]}})
