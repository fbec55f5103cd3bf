"""The metrics of a run in words and in units that a person reads, as they are declared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fem.results.quantities import SECTIONS, Declared, declared, find

KEY_NUMBERS = (
    *("cell_voltage_V", "overpotential_V", "current_density_A_m2", "simulated_time_s"),
    *("capacity_Ah_m2", "anode_plating_mean_A_m2", "focusing_max_over_mean", "thickness_max_m"),
    *("thickness_max_over_mean", "von_mises_tip_Pa", "pressure_over_fracture_pressure"),
    *("von_mises_se_p99_Pa", "tip_over_applied", "stoichiometry_mean", "active_particles"),
    *("focusing_min_over_mean", "overpotential_electrolyte_V", "overpotential_anode_V"),
    *("overpotential_cathode_V", "lithium_line_length_m", "inactive_particles", "seconds_total"),
)
"""Those that say most of a run, the most telling first."""
KEYS = 10
"""How many of them a reader is shown first."""
_ENDINGS = {"A_m2": "A/m²", "Ah_m2": "Ah/m²", "V": "V", "Pa": "Pa", "m": "m", "s": "s"}
OTHERS = "Others"
"""Heading above what somebody has added to the metrics without a declaration."""


@dataclass(frozen=True)
class Number:
    """One metric for a reader: its name, what it is, its value with few digits, the unit.

    `part` is true for a share of the number above, whose label goes on where that one's ends.
    `meaning` is plain text, empty if nothing is declared.
    """

    name: str
    label: str
    value: str
    unit: str
    part: bool = False
    meaning: str = ""


def key_numbers(metrics: Mapping[str, Any]) -> list[Number]:
    """The ten at most that say most, with their labels in full."""
    found = [name for name in KEY_NUMBERS if name in metrics][:KEYS]
    return [replace(_number(declared(n), metrics[n]), label=declared(n).label) for n in found]


def main_numbers(metrics: Mapping[str, Any]) -> list[Number]:
    """The few that a terminal shows."""
    return [
        _number(quantity, metrics[quantity.name])
        for section in _known(metrics).values()
        for quantity in section
        if quantity.main
    ]


def all_numbers(metrics: Mapping[str, Any]) -> dict[str, list[Number]]:
    """All metrics that are numbers, by the headings that they are declared below.

    One that is not declared stands at the end under its bare name: a finished run is not refused
    a report for it.
    """
    numbers = {
        heading: [_number(quantity, metrics[quantity.name]) for quantity in section]
        for heading, section in _known(metrics).items()
    }
    others = [
        Number(name, *_undeclared(name, _values(metrics[name], 1.0, float)))
        for name in metrics
        if find(name) is None
    ]
    return numbers | ({OTHERS: others} if others else {})


def _undeclared(name: str, value: str) -> tuple[str, str, str]:
    """Label, value and unit of a number, as its name alone tells them."""
    for ending, unit in _ENDINGS.items():
        if name.endswith(f"_{ending}"):
            return name.removesuffix(f"_{ending}").replace("_", " "), value, unit
    return name.replace("_", " "), value, ""


def _known(metrics: Mapping[str, Any]) -> dict[str, list[Declared]]:
    """Declarations of what the metrics hold, without texts, in order; no heading without any."""

    def held(section: tuple[Declared, ...]) -> Iterator[Declared]:
        for entry in section:
            # A family that takes any word is listed by what the metrics hold of it.
            for member in entry.members() or filter(None, map(entry.named, metrics)):
                if member.name in metrics and not member.text:
                    yield member

    sections = {heading: list(held(section)) for heading, section in SECTIONS.items()}
    return {heading: found for heading, found in sections.items() if found}


def _number(quantity: Declared, value: Any) -> Number:
    label = quantity.label
    if quantity.part_of:
        label = label.removeprefix(declared(quantity.part_of).label).strip()
    text = _values(value, quantity.factor, quantity.cleared)
    meaning = quantity.meaning.replace("`", "")
    return Number(quantity.name, label, text, quantity.display, bool(quantity.part_of), meaning)


def _values(value: Any, factor: float, cleared: Callable[[float], float]) -> str:
    items = value if isinstance(value, list | tuple) else [value]
    return ", ".join(_digits(item, factor, cleared) for item in items)


def _digits(value: Any, factor: float, cleared: Callable[[float], float]) -> str:
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int) and factor == 1.0:
        return str(value)
    return f"{cleared(value) * factor:.4g}"
