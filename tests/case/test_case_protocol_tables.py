"""What goes with a run in time in the other tables of a case, and what does not."""

from __future__ import annotations

from typing import Any

import pytest
from case_examples import particles, protocol

from fem.case import Case
from fem.errors import InputError

CHARGE = {"charge": "100 A/m^2", "until": {"voltage": "4.2 V"}}


def test_strippable_lithium_is_the_layer_unless_a_reserve_is_given() -> None:
    case = Case.from_dict(protocol())
    assert case.geometry.anode.strippable == 50e-6
    anodeless = case.replace({"geometry.anode.reserve": "0 um"})
    assert anodeless.geometry.anode.strippable == 0.0
    assert case.replace({"geometry.anode.reserve": "50 um"}).geometry.anode.strippable == 50e-6


def test_tables_of_a_run_in_time_have_defaults() -> None:
    data = protocol()
    del data["stepping"], data["output"]
    case = Case.from_dict(data)
    stepping = case.stepping
    assert (stepping.tolerance, stepping.first, stepping.longest) == (1e-3, 1e-3, None)
    assert (stepping.stoichiometry, stepping.thickness) == (0.02, 0.2e-6)
    assert (stepping.most_steps, case.output.frames) == (100_000, 24)
    assert case.kinetics.cathode.diffusion == "resolved"
    assert case.kinetics.cathode.exchange_current_dependence == "constant"
    assert (case.mechanics.coupling, case.mechanics.swelling) == ("none", False)
    assert case.geometry.anode.motion == "kept"


FIXED = {"kinetics.cathode.diffusion": "fixed"}
STILL = {"operation.steps": [CHARGE]}

# changes to the protocol, the key that is blamed, words that the message has to hold
CONFLICTS: list[tuple[dict[str, Any], str, tuple[str, ...]]] = [
    (
        {"kinetics.cathode.stoichiometry": None},
        "kinetics.cathode.stoichiometry",
        ("starts from", "add stoichiometry = 0.9"),
    ),
    (
        {"geometry.anode.motion": "moved", "mechanics.lithium": "yielded"},
        "mechanics.lithium",
        ("does not move along", "viscoplastic", 'motion = "kept"'),
    ),
    (
        {"geometry.anode.reserve": "51 um"},
        "geometry.anode.reserve",
        ("geometry.anode.thickness", "at most 50 um"),
    ),
    (
        {"mechanics.coupling": "lithium", "mechanics.lithium": "yielded"},
        "mechanics.coupling",
        ("yielded", 'lithium = "elastic"'),
    ),
    ({"mechanics.coupling": "both", "mechanics.lithium": "yielded"}, "mechanics.coupling", ()),
    (
        {"mechanics.coupling": "particles", "mechanics.enabled": False},
        "mechanics.coupling",
        ("mechanics.enabled", "enabled = true"),
    ),
    (
        {"mechanics.swelling": True, "mechanics.enabled": False},
        "mechanics.swelling",
        ("mechanics.enabled", "enabled = true"),
    ),
    (
        FIXED | STILL | {"mechanics.swelling": True},
        "mechanics.swelling",
        ("kinetics.cathode.diffusion", 'diffusion = "averaged"'),
    ),
    (
        FIXED | STILL | {"operation.steps[0].until": {"stoichiometry": 0.3}},
        "operation.steps[0].until.stoichiometry",
        ("kinetics.cathode.diffusion", "by its capacity"),
    ),
    (
        FIXED | {"operation.steps[0].until": {"time": "1 h"}},
        "operation.steps[3].steps[0].discharge_rate",
        ("no capacity", 'discharge = "100 A/m^2"'),
    ),
    (
        {"kinetics.cathode.exchange_current_dependence": "stoichiometry"},
        "kinetics.cathode.exchange_current_dependence",
        ("without exchange_current_density",),
    ),
    (
        {"stepping.longest": "9 ms"},
        "stepping.longest",
        ("stepping.first", "at least 10 ms"),
    ),
    (
        {"operation.steps": [{"rest": "1 h"}], "stepping.jump": 0.01},
        "stepping.jump",
        ("no loop", "repeat = 100"),
    ),
    (
        {"geometry.anode.motion": "moved", "mechanics.enabled": False, "stepping.jump": 0.01},
        "stepping.jump",
        ("triangles", 'motion = "kept"'),
    ),
    ({"stepping.longest_jump": 10}, "stepping.longest_jump", ("no effect", "remove longest_jump")),
    ({"stepping.tolerance": 0.2}, "stepping.tolerance", ("at most 0.1",)),
    ({"stepping.tolerance": 1e-7}, "stepping.tolerance", ("at least 1e-06",)),
    ({"output.frames": 1}, "output.frames", ("at least 2",)),
]


@pytest.mark.parametrize(("changes", "key", "words"), CONFLICTS, ids=lambda value: str(value)[:60])
def test_conflict_names_both_keys(
    changes: dict[str, Any], key: str, words: tuple[str, ...]
) -> None:
    case = Case.from_dict(protocol())
    with pytest.raises(InputError) as caught:
        case.replace(changes)
    assert caught.value.key == key
    for word in words:
        assert word in str(caught.value)
    assert caught.value.allowed or caught.value.cure


GOOD: list[dict[str, Any]] = [
    {"geometry.anode.motion": "moved", "mechanics.enabled": False},
    {"stepping.jump": 0.01, "stepping.longest_jump": 10},
    {"mechanics.coupling": "lithium", "mechanics.lithium": "elastic"},
    {"mechanics.coupling": "particles", "mechanics.lithium": "yielded"},
    {"mechanics.coupling": "both", "mechanics.swelling": True},
    FIXED | STILL,
    FIXED | STILL | {"operation.steps[0].until": {"capacity": "3 mAh/cm^2"}},
    {"mechanics.swelling": True, "kinetics.cathode.diffusion": "averaged"},
    {
        "kinetics.cathode.exchange_current_density": "2 A/m^2",
        "kinetics.cathode.exchange_current_dependence": "stoichiometry",
    },
    {"stepping.longest": "10 ms"},
    {"geometry.anode.reserve": "0 um"},
    {"operation.temperature": None},
]


@pytest.mark.parametrize("changes", GOOD, ids=str)
def test_what_stands_close_to_a_conflict_is_accepted(changes: dict[str, Any]) -> None:
    case = Case.from_dict(protocol()).replace(changes)
    assert Case.parse(case.to_toml()) == case


SNAPSHOT_CONFLICTS: list[tuple[dict[str, Any], str, str]] = [
    (
        {"mechanics.coupling": "particles", "kinetics.cathode.stoichiometry": None},
        "mechanics.coupling",
        "add stoichiometry",
    ),
    ({"mechanics.swelling": True}, "mechanics.swelling", 'set kind = "protocol"'),
    (
        {
            "kinetics.cathode.exchange_current_density": "2 A/m^2",
            "kinetics.cathode.exchange_current_dependence": "stoichiometry",
            "kinetics.cathode.stoichiometry": None,
        },
        "kinetics.cathode.exchange_current_dependence",
        "add stoichiometry",
    ),
]


@pytest.mark.parametrize(("changes", "key", "cure"), SNAPSHOT_CONFLICTS, ids=str)
def test_what_a_snapshot_refuses(changes: dict[str, Any], key: str, cure: str) -> None:
    with pytest.raises(InputError) as caught:
        Case.from_dict(particles()).replace(changes)
    assert caught.value.key == key
    assert cure in str(caught.value.cure)


def test_a_protocol_becomes_a_snapshot_by_its_operation_alone() -> None:
    """What only a run in time reads may stay; kept as given, so that the way back is as short."""
    case = Case.from_dict(protocol()).replace(
        {"kinetics.cathode.diffusion": "averaged", "geometry.anode.motion": "moved"}
        | {"mechanics.enabled": False}
    )
    snapshot = case.replace({"operation": {"current_density": "1 A/m^2"}})
    assert snapshot.replace({"operation": case.operation}) == case


def test_snapshot_does_not_show_tables_of_time_that_were_not_given() -> None:
    snapshot = Case.from_dict(particles())
    assert not {"stepping", "output"} & set(snapshot.to_dict())
    assert "frames" in snapshot.replace({"output.frames": 30}).to_dict()["output"]
    assert snapshot.replace({"stepping": {"first": "0.001 s"}}).sha256 == snapshot.sha256
    data = protocol()
    del data["stepping"], data["output"]
    assert Case.from_dict(data).to_dict()["output"] == {"frames": 24}
