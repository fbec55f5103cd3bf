"""A run in time as a case file says it: steps, loops, ends, and what goes with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from case_examples import particles, plane, protocol
from hypothesis import given, settings
from hypothesis import strategies as st

from fem.case import Case, Protocol, Snapshot, Step, parse_overrides
from fem.case.steps import DEEDS, MOST_STEPS
from fem.case.table import plain
from fem.errors import InputError

REST = {"rest": "10 min"}
CYCLE = str(Path(__file__).with_name("cycle.csv"))
SPECTRUM: dict[str, Any] = {"impedance": ["1 kHz", "1 Hz"]}
CHARGE = {"charge": "100 A/m^2", "until": {"voltage": "4.2 V"}}


def steps_of(*steps: dict[str, Any]) -> Protocol:
    data = protocol()
    data["operation"]["steps"] = list(steps)
    return operation(data)


def operation(data: dict[str, Any]) -> Protocol:
    case = Case.from_dict(data)
    assert isinstance(case.operation, Protocol)
    return case.operation


def refused(data: dict[str, Any]) -> InputError:
    with pytest.raises(InputError) as caught:
        Case.from_dict(data)
    return caught.value


# -- what a protocol says ---------------------------------------------------------------------


def test_kind_chooses_the_table_and_a_snapshot_is_the_default() -> None:
    assert operation(protocol()).kind == "protocol"
    data = particles()
    del data["operation"]["kind"]
    assert isinstance(Case.from_dict(data).operation, Snapshot)
    assert Case.from_dict(data) == Case.from_dict(particles())


def test_loops_are_unrolled_in_order_with_their_place_in_words() -> None:
    assert [label for label, _ in operation(protocol()).unrolled] == [
        "step 1: charge at 100 A/m^2",
        "step 2: hold at 4.2 V",
        "step 3: rest for 10 min",
        *(
            f"cycle {cycle} of 3, {what}"
            for cycle in (1, 2, 3)
            for what in (
                "step 1: discharge at 0.1 C",
                "cycle 1 of 2, step 1: rest for 1 s",
                "cycle 2 of 2, step 1: rest for 1 s",
                "step 3: charge at 0.2 C",
            )
        ),
        "step 5: discharge at 1 mA/cm^2",
    ]


def test_unrolled_steps_are_the_steps_of_the_file() -> None:
    protocol_ = operation(protocol())
    unrolled = [step for _, step in protocol_.unrolled]
    assert len(unrolled) == protocol_.count == 3 + 3 * 4 + 1
    assert all(step.repeat is None for step in unrolled)
    assert unrolled[0] is protocol_.steps[0]
    assert unrolled[3] is unrolled[7] is protocol_.steps[3].steps[0]


def test_ends_are_in_si_units() -> None:
    first, hold, rest, *_ = operation(protocol()).steps
    assert first.ends == {
        "voltage": 4.2,
        "time": 3600.0,
        "capacity": 36000.0,  # 1 mA h = 3.6 A s on 1e-4 m^2
        "stoichiometry": 0.3,
        "thickness": 5e-6,
    }
    assert hold.ends == {"current": 5.0, "time": 36000.0}
    assert rest.ends == {"time": 600.0}
    assert rest.until is None


@pytest.mark.parametrize(
    ("step", "current"),
    [
        ({"charge": "1 mA/cm^2"}, 10.0),
        ({"discharge": "1 mA/cm^2"}, -10.0),
        ({"charge_rate": 0.5}, 15.0),  # 30 A h/m^2 in two hours
        ({"discharge_rate": 2}, -60.0),
        ({"hold": "4 V"}, None),
    ],
    ids=str,
)
def test_current_of_a_step(step: dict[str, Any], current: float | None) -> None:
    (only,) = steps_of(step | {"until": {"time": "1 h"}}).steps
    assert only.current(30 * 3600.0) == current


def test_no_current_at_rest() -> None:
    (rest,) = steps_of(REST).steps
    assert rest.current(1.0) == 0.0


def test_label_of_a_loop() -> None:
    loop, single = steps_of(
        {"repeat": 3, "steps": [CHARGE, REST]}, {"repeat": 2, "steps": [REST]}
    ).steps
    assert (loop.label, loop.deed) == ("3 x 2 steps", "repeat")
    assert single.label == "2 x 1 step"


# -- single steps that cannot be --------------------------------------------------------------

STEPS: list[tuple[dict[str, Any], str, str]] = [
    ({}, "", "does nothing"),
    ({"until": {"time": "1 s"}}, "", "does nothing"),
    ({"steps": [REST]}, "", "add repeat"),
    ({**CHARGE, "hold": "4 V"}, ".hold", "cannot stand beside charge"),
    ({**CHARGE, "discharge": "1 A/m^2"}, ".discharge", "exactly one of"),
    ({"rest": "1 s", "repeat": 2, "steps": [REST]}, ".repeat", "cannot stand beside rest"),
    ({"charge": "100 A/m^2"}, ".until", 'add until = { time = "1 h" }'),
    ({"hold": "4.2 V"}, ".until", 'add until = { current = "5 A/m^2" }'),
    ({"discharge_rate": 1, "until": {}}, ".until", "would never end"),
    ({"hold": "4.2 V", "until": {"voltage": "4 V"}}, ".until.voltage", "hold keeps the voltage"),
    ({"charge": "1 A/m^2", "until": {"current": "1 A/m^2"}}, ".until.current", "keeps the current"),
    (
        {"discharge_rate": 1, "until": {"current": "1 A/m^2", "time": "1 s"}},
        ".until.current",
        "discharge_rate keeps the current",
    ),
    ({"rest": "1 s", "until": {"time": "1 s"}}, ".until", "rest ends by itself"),
    ({"repeat": 2, "steps": [REST], "until": {"time": "1 s"}}, ".until", "loop ends by itself"),
    (SPECTRUM | {"until": {"time": "1 s"}}, ".until", "spectrum ends by itself"),
    (SPECTRUM | {"on_infeasible": "next"}, ".on_infeasible", "can always be done"),
    ({"impedance": ["1 Hz", "1 Hz"]}, ".impedance", "not two entries that differ"),
    ({"impedance": ["1 kHz"]}, ".impedance", "not two entries that differ"),
    ({"impedance": ["1 kHz", "0 Hz"]}, ".impedance[1]", "at least 1e-09 Hz"),
    ({"impedance": ["1 kHz", "1 s"]}, ".impedance[1]", "dimension"),
    ({"impedance": "1 kHz"}, ".impedance", "not a list"),
    (SPECTRUM | {"points_per_decade": 0}, ".points_per_decade", "at least 1"),
    ({"rest": "1 s", "points_per_decade": 5}, ".points_per_decade", "no frequencies"),
    ({"repeat": 2}, ".steps", "nothing to repeat"),
    ({"repeat": 2, "steps": []}, ".steps", "nothing to repeat"),
    ({**CHARGE, "steps": [REST]}, ".steps", "no steps of its own"),
    ({"charge": "-1 A/m^2", "until": {"time": "1 s"}}, ".charge", "above 0"),
    ({"discharge": "0 A/m^2", "until": {"time": "1 s"}}, ".discharge", "above 0"),
    ({"charge_rate": 0, "until": {"time": "1 s"}}, ".charge_rate", "above 0"),
    ({"charge_rate": "1 C", "until": {"time": "1 s"}}, ".charge_rate", "without quotes"),
    ({"hold": "11 V", "until": {"time": "1 s"}}, ".hold", "at most 10 V"),
    ({"rest": "0 s"}, ".rest", "above 0"),
    ({"repeat": 0, "steps": [REST]}, ".repeat", "at least 1"),
    ({"charge": "1 A/m^2", "until": {"capacity": "1 mAh"}}, ".until.capacity", "dimension"),
    ({"charge": "1 A/m^2", "until": {"stoichiometry": 1}}, ".until.stoichiometry", "below 1"),
    ({"charge": "1 A/m^2", "until": {"thickness": "0 um"}}, ".until.thickness", "above 0"),
    ({"charge": "1 A/m^2", "until": {"volts": "4 V"}}, ".until.volts", "unknown key"),
    ({"charge_power": "0 W/m^2", "until": {"time": "1 s"}}, ".charge_power", "above 0"),
    ({"discharge_power": "1 W/m^2"}, ".until", "would never end"),
    (
        {"discharge_power": "1 W/m^2", "until": {"current": "1 A/m^2"}},
        ".until.current",
        "a current ends no step of given power",
    ),
    ({"electronic_resistance": "10 mV", "until": {"time": "1 s"}}, ".until", "ends by itself"),
    ({"electronic_resistance": "0 V"}, ".electronic_resistance", "above 0"),
    ({"rest": "1 s", "on_infeasible": "next"}, ".on_infeasible", "can always be done"),
    (
        {"repeat": 2, "steps": [REST], "on_infeasible": "next"},
        ".on_infeasible",
        "give it to its steps",
    ),
    ({**CHARGE, "on_infeasible": "go on"}, ".on_infeasible", '"stop" or "next"'),
    ({"profile": {"file": CYCLE}}, ".profile.current", "one of current, power, voltage"),
    (
        {"profile": {"file": CYCLE, "power": "1 W/m^2", "voltage": "1 V"}},
        ".profile.voltage",
        "not power and voltage",
    ),
    ({"profile": {"file": CYCLE, "power": "0 W/m^2"}}, ".profile.power", "other than 0"),
    ({"profile": {"file": CYCLE, "power": "1 A/m^2"}}, ".profile.power", "dimension"),
    (
        {"profile": {"file": CYCLE, "power": "1 W/m^2"}, "until": {"current": "1 A/m^2"}},
        ".until.current",
        "a current ends no step of given power",
    ),
    (
        {"profile": {"file": CYCLE, "voltage": "1 V"}, "until": {"voltage": "1 V"}},
        ".until.voltage",
        "a voltage ends no step of given voltage",
    ),
    ({"profile": {"file": CYCLE, "power": "1 W/m^2"}, "until": {}}, ".until", "nothing in until"),
    ({"profile": {"file": "no.csv", "power": "1 W/m^2"}}, ".profile.file", "no such file"),
    ({"chrage": "1 A/m^2", "until": {"time": "1 s"}}, ".chrage", "did you mean"),
]


@pytest.mark.parametrize("inner", [False, True], ids=["outer", "in a loop"])
@pytest.mark.parametrize(("step", "key", "words"), STEPS, ids=lambda value: str(value)[:60])
def test_step_that_cannot_be_is_named(
    step: dict[str, Any], key: str, words: str, inner: bool
) -> None:
    data = protocol()
    place = "operation.steps[2]"
    if inner:
        step, place = {"repeat": 2, "steps": [REST, step]}, f"{place}.steps[1]"
    data["operation"]["steps"][2] = step
    error = refused(data)
    assert error.key == place + key
    assert words in str(error)
    assert error.allowed or error.cure


def test_solids_that_remember_are_compared_with_none_in_time() -> None:
    """What they went through with one model of lithium tells nothing of another."""
    data = protocol()
    data["mechanics"] = {"lithium": "viscoplastic"}
    Case.from_dict(data)
    data["mechanics"]["compare_lithium"] = ["elastic"]
    error = refused(data)
    assert error.key == "mechanics.compare_lithium"
    assert "once with each model" in str(error.cure)


def test_protocol_without_steps() -> None:
    data = protocol()
    data["operation"]["steps"] = []
    error = refused(data)
    assert (error.key, error.problem) == ("operation.steps", "there is nothing to do")
    assert error.cure
    del data["operation"]["steps"]
    error = refused(data)
    assert (error.key, error.cure) == ("operation.steps", "add steps = [{ ... }]")
    assert "charge, discharge" in str(error.allowed)


def test_most_steps_are_counted_without_unrolling() -> None:
    ten_thousand: dict[str, Any] = {"repeat": 10_000, "steps": [REST] * 10}
    assert steps_of(ten_thousand).count == MOST_STEPS
    for more in ([ten_thousand, REST], [{"repeat": 10**5, "steps": [ten_thousand] * 9}]):
        data = protocol()
        data["operation"]["steps"] = more
        error = refused(data)
        assert error.key == "operation.steps"
        assert error.allowed == "at most 100000"
        assert error.cure == "repeat less often"


def test_key_of_the_other_kind_of_operation() -> None:
    data = protocol()
    data["operation"]["plating_time"] = "30 s"
    error = refused(data)
    assert error.key == "operation.plating_time"
    assert error.cure == 'set kind = "snapshot", or remove this key'
    data = particles()
    data["operation"]["steps"] = [REST]
    error = refused(data)
    assert error.key == "operation.steps"
    assert error.cure == 'set kind = "protocol", or remove this key'


@pytest.mark.parametrize("kind", ["protocl", "", 3, None, ["protocol"]])
def test_unknown_kind_of_operation(kind: object) -> None:
    data = protocol()
    data["operation"]["kind"] = kind
    error = refused(data)
    assert error.key == "operation.kind"
    assert error.allowed == '"snapshot" or "protocol"'


# -- text, hash and single keys -----------------------------------------------------------------


def test_step_shows_no_steps_where_it_is_no_loop() -> None:
    steps = Case.from_dict(protocol()).to_dict()["operation"]["steps"]
    assert ["steps" in step for step in steps] == [False, False, False, True, False]


def test_single_keys_reach_into_steps_and_loops() -> None:
    case = Case.from_dict(protocol())
    changed = case.replace(
        parse_overrides(
            [
                "operation.steps[0].charge=50 A/m^2",
                "operation.steps[3].steps[1].repeat=5",
                "operation.steps[3].steps[1].steps[0].rest=2 s",
                "operation.steps[1].until.time=1 h",
            ]
        )
    ).operation
    assert isinstance(changed, Protocol)
    assert changed.steps[0].label == "charge at 50 A/m^2"
    assert changed.steps[3].steps[1].label == "5 x 1 step"
    assert changed.steps[3].steps[1].steps[0].rest == 2.0
    assert changed.steps[1].ends == {"current": 5.0, "time": 3600.0}
    removed = case.replace({"operation.steps[3]": None}).operation
    assert isinstance(removed, Protocol)
    assert len(removed.steps) == 4


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("operation.steps[0].chrage", "did you mean operation.steps[0].charge?"),
        ("operation.steps[3].steps[0].until.volts", "unknown key"),
        ("operation.steps[9].charge", "index 9 is out of range"),
        ("operation.steps.charge", "give an index"),
        ("discharge", "did you mean operation.steps[].discharge?"),
        ("until", "did you mean operation.steps[].until?"),
        ("steps[0].charge", "did you mean operation.steps?"),
        ("operation.charge", "unknown key"),
    ],
)
def test_key_that_is_not_there(key: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        Case.from_dict(protocol()).replace({key: "1 A/m^2"})
    assert caught.value.key == key
    assert words in str(caught.value)


SAME = [
    {"operation.steps[0].charge": "10 mA/cm^2"},
    {"operation.steps[0].until.capacity": "3.6 C/cm^2"},
    {"operation.steps[2].rest": "600 s"},
    {"kinetics.cathode.diffusion": "resolved"},
]
DIFFERENT = [
    {"operation.steps[0].charge": "101 A/m^2"},
    {"operation.steps[0].until.voltage": None},
    {"operation.steps[3].repeat": 4},
    {"operation.steps[3].steps[1].steps[0].rest": "2 s"},
    {"operation.steps[2]": None},
    {"kinetics.cathode.diffusion": "averaged"},
    {"geometry.anode.reserve": "50 um"},
    {"mechanics.swelling": True},
    {"stepping.first": "1 ms"},
    {"output.frames": 13},
]


@pytest.mark.parametrize("changes", SAME, ids=str)
def test_hash_stays(changes: dict[str, Any]) -> None:
    case = Case.from_dict(protocol())
    assert case.replace(changes).sha256 == case.sha256


@pytest.mark.parametrize("changes", DIFFERENT, ids=str)
def test_hash_changes(changes: dict[str, Any]) -> None:
    case = Case.from_dict(protocol())
    assert case.replace(changes).sha256 != case.sha256


def values(low: float, high: float, *units: str) -> st.SearchStrategy[str]:
    number = st.floats(low, high).map(lambda value: f"{value:.6g}")
    return st.tuples(number, st.sampled_from(units)).map(" ".join)


currents = values(1e-2, 1e3, "A/m^2", "mA/cm^2")
powers = values(1e-2, 1e3, "W/m^2", "mW/cm^2")
times = values(1e-2, 1e4, "s", "min", "h")
volts = values(1, 5, "V")
rates = st.floats(1e-3, 10)
ends = {
    "time": times,
    "capacity": values(1e-2, 10, "mAh/cm^2", "C/m^2"),
    "stoichiometry": st.floats(0.01, 0.99),
    "thickness": values(1e-2, 50, "um"),
}


def driven(name: str, value: st.SearchStrategy[Any], **own: Any) -> st.SearchStrategy[Any]:
    until = st.fixed_dictionaries({}, optional=ends | own).filter(bool)
    return st.fixed_dictionaries({name: value, "until": until})


leaves = (
    driven("charge", currents, voltage=volts)
    | driven("discharge", currents, voltage=volts)
    | driven("charge_rate", rates, voltage=volts)
    | driven("discharge_rate", rates, voltage=volts)
    | driven("charge_power", powers, voltage=volts)
    | driven("discharge_power", powers, voltage=volts)
    | driven("hold", volts, current=currents)
    | st.fixed_dictionaries({"rest": times})
    | st.fixed_dictionaries(
        {"impedance": st.tuples(values(1, 9, "Hz"), values(1, 9, "kHz")).map(list)},
        optional={"points_per_decade": st.integers(1, 20)},
    )
)
any_step = st.recursive(
    leaves,
    lambda inner: st.fixed_dictionaries(
        {"repeat": st.integers(1, 4), "steps": st.lists(inner, min_size=1, max_size=3)}
    ),
    max_leaves=6,
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(any_step, min_size=1, max_size=4))
def test_any_protocol_survives_its_text(steps: list[dict[str, Any]]) -> None:
    data = plane() | {"operation": {"kind": "protocol", "steps": steps}}
    data["kinetics"]["cathode"]["stoichiometry"] = 0.5
    case = Case.from_dict(data)
    text = case.to_toml()
    again = Case.parse(text)
    assert again == case
    assert again.sha256 == case.sha256
    assert hash(again) == hash(case)
    assert again.to_toml() == text
    assert plain(case, explicit=True)["operation"]["steps"] == steps
    protocol_ = operation(data)
    unrolled = protocol_.unrolled
    assert len(unrolled) == protocol_.count == sum(map(leaf_count, steps))
    assert all((step.ends or step.frequencies) and not step.repeat for _, step in unrolled)
    assert all(label.endswith(step.label) for label, step in unrolled)


def leaf_count(step: dict[str, Any]) -> int:
    return int(step.get("repeat", 1)) * sum(
        map(leaf_count, step.get("steps", [])), "steps" not in step
    )


def test_each_deed_is_one_key_of_a_step() -> None:
    others = {"steps", "until", "on_infeasible", "points_per_decade"}
    assert set(DEEDS) | others == set(Step.model_fields)


def test_frequencies_are_even_in_their_logarithm_in_the_order_given() -> None:
    (step,) = steps_of({"impedance": ["1 MHz", "1 mHz"], "points_per_decade": 10}).steps
    assert len(step.frequencies) == 91
    assert step.frequencies[0] == 1e6
    assert step.frequencies[-1] == pytest.approx(1e-3, rel=1e-12)
    assert step.label == "impedance from 1 MHz to 1 mHz"
    (up,) = steps_of({"impedance": ["1 Hz", "2 Hz"], "points_per_decade": 3}).steps
    assert up.frequencies == pytest.approx((1.0, 2.0))
