"""The warning that stress would have stopped the reaction, in its sense for both directions."""

from pathlib import Path

import pytest

import fem

CASES = Path(__file__).parents[2] / "cases"


def warnings(current: str, **mechanics: str) -> list[str]:
    case = fem.Case.load(CASES / "zheng2023_protrusions.toml").replace(
        {
            "mesh": {"size": "4 um", "growth": 1.0},
            "operation.current_density": current,
            "mechanics": {"enabled": True, **mechanics},
        }
    )
    return [note for note in fem.run(case).notes if note.startswith("Warning")]


@pytest.mark.parametrize(
    ("current", "words"),
    [("100 A/m^2", "pressure of 2."), ("-100 A/m^2", "tension of 2.")],
)
def test_stress_of_rigid_lithium_opposes_what_made_it(current, words):
    """Plating presses, stripping pulls: 0.135 mV per MPa against 12.8 mV at a tip."""
    (note,) = warnings(current, lithium="rigid")
    reaction = "plating" if current[0] != "-" else "stripping"
    assert words in note
    assert f"opposes {reaction} by V p / F" in note


def test_pressure_helps_stripping():
    """5 MPa of stack pressure oppose plating at a small current, and nothing on discharge."""
    stack = {"lithium": "yielded", "top": "plate", "stack_pressure": "5 MPa"}
    (note,) = warnings("1e-3 A/m^2", **stack)
    assert "opposes plating" in note
    assert warnings("-1e-3 A/m^2", **stack) == []
