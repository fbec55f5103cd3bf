"""What is told of a case before it is run: refused by check and run alike, and true where told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cells_in_time import LOWER, START, UPPER, ends, flat, inventory
from hypothesis import given, settings
from hypothesis import strategies as st

import fem
from fem import geometry, parameters
from fem.cell.foresight import LONGEST, foreseen
from fem.results.result import Result

HOUR = {"time": "1 h"}


def told(case: fem.Case) -> list[str]:
    """The warnings, as `fem check` prints them."""
    shape = geometry.build(case)
    return foreseen(case, shape, parameters.resolve(case, shape))


def of_a_run(result: Result) -> list[str]:
    """Those warnings of a run that are known before it."""
    return [
        note.removeprefix("Warning: ")
        for note in result.notes
        if note.startswith("Warning: operation.steps")
    ]


WARNED = [
    # 4.3 - 0.7 x from 3.67 V (x = 0.9) to 4.23 V (x = 0.1): the last volts are not on the table.
    (
        {"discharge": "20 A/m^2", "until": {"voltage": "2.5 V"}},
        "2.5 V is 1.17 V beyond the potential of full particles, 3.67 V",
        "particle surface full",
    ),
    (
        {"charge": "20 A/m^2", "until": {"voltage": "4.8 V"}},
        "4.8 V is 0.57 V beyond the potential of empty particles, 4.23 V",
        "particle surface empty",
    ),
    ({"hold": "5 V", "until": {"current": "0.1 A/m^2"}}, "at 5 V they end up empty",
     "particle surface empty"),
    ({"hold": "3.5 V", "until": {"current": "0.1 A/m^2"}}, "at 3.5 V they end up full",
     "particle surface full"),
    # At x = 0.6 the cell rests at 3.88 V.
    ({"discharge": "20 A/m^2", "until": {"voltage": "4.2 V"}}, "rests at 3.88 V, which is below",
     "voltage"),
    ({"discharge_power": "50 W/m^2", "until": {"voltage": "4.2 V"}}, "rests at 3.88 V", "voltage"),
    ({"charge": "20 A/m^2", "until": {"voltage": "3.5 V"}}, "above 3.5 V already", "voltage"),
    ({"charge": "20 A/m^2", "until": {"stoichiometry": 0.7}}, "a charge lowers it",
     "stoichiometry"),
    # 0.3 of 13.4 Ah/m2 fit in, 0.5 can be taken out.
    ({"discharge": "20 A/m^2", "until": {"capacity": "5 Ah/m^2"}},
     "0.5 mAh/cm2 are asked for, while particles at x = 0.6 can take 0.402 mAh/cm2",
     "particle surface full"),
    ({"charge": "40 A/m^2", "until": {"time": "20 min"}}, "particle surface empty",
     "particle surface empty"),
    ({"charge": "1e-7 A/m^2", "until": {"time": "1 s"}}, "Nothing will be seen of it", "time"),
]  # fmt: skip


@pytest.mark.parametrize(("step", "words", "end"), WARNED, ids=map(str, range(len(WARNED))))
def test_what_is_told_comes_true(step: dict[str, Any], words: str, end: str) -> None:
    """The run says the same as the check, and its step ends as was foretold."""
    case = flat(step, stepping={"tolerance": 0.02, "stoichiometry": 0.1, "thickness": "1 um"})
    (warning,) = told(case)
    assert words in warning
    result = fem.run(case)
    assert of_a_run(result) == [warning]
    assert result.history is not None
    assert ends(result.history) == [end]
    if "over as it begins" in warning:
        assert len(result.history) == 1


@pytest.mark.parametrize(
    "step",
    [
        {"charge": "20 A/m^2", "until": {"voltage": "4.1 V"}},
        {"discharge": "20 A/m^2", "until": {"voltage": "3.7 V"}},
        {"discharge": "20 A/m^2", "until": {"voltage": "2.5 V", "time": "10 s"}},
        {"hold": "4.1 V", "until": {"current": "1 A/m^2"}},
        {"charge_rate": 1.0, "until": {"stoichiometry": 0.3}},
        {"charge_power": "50 W/m^2", "until": {"voltage": "4.1 V"}},
        {"rest": "1000 h"},
    ],
    ids=str,
)
def test_nothing_is_told_of_what_is_in_order(step: dict[str, Any]) -> None:
    assert told(flat(step)) == []


REFUSED = [
    ({"charge": "20 A/cm^2", "until": HOUR}, "charge", "no cell stands that"),
    ({"discharge_power": "1 GW/m^2", "until": HOUR}, "discharge_power", "no cell stands that"),
    ({"charge": "1e-9 A/m^2", "until": {"voltage": "4.2 V"}}, "charge", "would take"),
    ({"charge_rate": 1e-12, "until": {"voltage": "4.2 V"}}, "charge_rate", "years"),
    ({"charge": "1 A/m^2", "until": {"stoichiometry": 0.05}}, "until.stoichiometry", "window"),
]


@pytest.mark.parametrize(("step", "key", "words"), REFUSED, ids=lambda v: str(v)[:50])
def test_what_can_never_be_is_refused_by_check_and_run(
    step: dict[str, Any], key: str, words: str
) -> None:
    case = flat({"rest": "1 s"}, {"repeat": 2, "steps": [step]})
    for refuse in (told, fem.run):
        with pytest.raises(fem.InputError, match=words) as caught:
            refuse(case)
        assert caught.value.key == f"operation.steps[1].steps[0].{key}"
        assert caught.value.allowed


def test_loss_of_an_even_current() -> None:
    """i H / kappa + 2 RT/F asinh(i / 2 i0): 8000 A/m2 lose 1.28 V and 0.343 V, 1e5 all too much."""
    (warning,) = (w for w in told(flat({"charge": "8000 A/m^2", "until": {"time": "1 ms"}})))
    volts = 8000.0 * 8e-6 / 0.05 + 2.0 * 8.314462618 * 298.15 / 96485.33212 * np.arcsinh(400.0)
    assert f"loses {volts:.3g} V" in warning


def test_a_snapshot_at_rest_is_refused_before_it_is_meshed() -> None:
    case = flat().replace({"operation": {"cell_voltage": f"{4.3 - 0.7 * START} V"}})
    for refuse in (told, fem.run):
        with pytest.raises(fem.InputError, match="at rest at this voltage") as caught:
            refuse(case)
        assert caught.value.key == "operation.cell_voltage"


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(
    size=st.floats(-12.0, 6.0),
    hours=st.floats(-6.0, 6.0),
    charging=st.booleans(),
    start=st.floats(LOWER, UPPER),
)
def test_a_refusal_for_its_length_is_right(
    size: float, hours: float, charging: bool, start: float
) -> None:
    """Whatever the current and the time: refused only what takes more than three centuries."""
    current, seconds = 10.0**size, 3600.0 * 10.0**hours
    deed = "charge" if charging else "discharge"
    step = {deed: f"{current} A/m^2", "until": {"time": f"{seconds} s"}}
    case = flat(step, kinetics__cathode__stoichiometry=start)
    try:
        told(case)
    except fem.InputError as error:
        window = (UPPER - LOWER) * inventory(case)
        if "would take" in error.problem:
            assert min(seconds, window / current) > LONGEST
        else:
            assert current * 8e-6 / 0.05 > 5.0
