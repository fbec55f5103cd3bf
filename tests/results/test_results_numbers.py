"""Metrics as people read them: in declared order, words and units, with few digits."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from fem.cli.run import summary
from fem.results.numbers import OTHERS, Number, all_numbers, main_numbers

METRICS: dict[str, Any] = {
    "version": "1.2.3",
    "own_number": 2.0,
    "newton_iterations": 7,
    "tip_over_applied": [1.23456, 2.0],
    "lithium_line_length_m": 5.5e-4,
    "focusing_min_over_mean": 0.5,
    "focusing_max_over_mean": 1.5,
    "overpotential_electrolyte_V": 0.0123456,
    "overpotential_V": 0.1,
    "anode_plating_mean_A_m2": 12.0,
    "lithium_pressure_elastic_Pa": 2.5e7,
    "capacity_Ah_m2": 10.0,
}


def shown(numbers: list[Number]) -> list[tuple[str, str, str]]:
    return [(number.label, number.value, number.unit) for number in numbers]


def test_the_rounding_of_zero_is_zero() -> None:
    """A cell at rest plates -3.5e-17 A/m^2; what is small but meant stays."""
    metrics = {"anode_plating_min_A_m2": -3.5e-17, "anode_plating_max_A_m2": 2e-7,
               "overpotential_V": 4e-15, "charge_error": 3e-16}  # fmt: skip
    values = {n.name: n.value for each in all_numbers(metrics).values() for n in each}
    assert values == {"anode_plating_min_A_m2": "0", "anode_plating_max_A_m2": "2e-07",
                      "overpotential_V": "0", "charge_error": "3e-16"}  # fmt: skip


def test_all_numbers_stand_below_their_headings_in_declared_order() -> None:
    numbers = all_numbers(METRICS)
    assert list(numbers) == [
        *("Current and charge", "Voltage", "Lithium surface", "Solution", "Stress", OTHERS),
    ]
    assert shown(numbers["Current and charge"]) == [("capacity per area", "1", "mAh/cm²")]
    assert shown(numbers["Voltage"]) == [
        ("overpotential", "100", "mV"),
        ("in the electrolyte", "12.35", "mV"),
    ]
    assert [number.part for number in numbers["Voltage"]] == [False, True]
    assert shown(numbers["Lithium surface"]) == [
        ("plating current density, mean", "12", "A/m²"),
        ("plating over 2 µm, largest / mean", "1.5", ""),
        ("plating over 2 µm, least / mean", "0.5", ""),
        ("plating at the tips / applied", "1.235, 2", ""),
        ("length of the lithium line", "550", "µm"),
    ]
    assert shown(numbers["Solution"]) == [("Newton iterations", "7", "")]
    (pressure,) = numbers["Stress"]
    assert pressure.meaning.endswith(
        "for mechanics.lithium and each model in mechanics.compare_lithium."
    )
    assert shown([pressure]) == [("pressure of elastic lithium", "25", "MPa")]
    assert numbers[OTHERS] == [Number("own_number", "own number", "2", "")]


def test_the_terminal_shows_the_main_ones() -> None:
    assert [number.name for number in main_numbers(METRICS)] == [
        "overpotential_V",
        "overpotential_electrolyte_V",
        "anode_plating_mean_A_m2",
        "focusing_max_over_mean",
        "focusing_min_over_mean",
        "tip_over_applied",
    ]


def test_summary_is_aligned_and_fit_for_any_terminal() -> None:
    result: Any = SimpleNamespace(metrics=METRICS, history=None, notes=())
    text = summary(result)
    assert text.isascii()
    assert text.splitlines() == [
        "overpotential                           100 mV",
        "  in the electrolyte                  12.35 mV",
        "plating current density, mean            12 A/m2",
        "plating over 2 um, largest / mean       1.5",
        "plating over 2 um, least / mean         0.5",
        "plating at the tips / applied      1.235, 2",
    ]
