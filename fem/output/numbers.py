"""The metrics of a run in words and in units that a person reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SCALE = {"mV": 1e3, "V": 1.0, "A/m2": 1.0, "MPa": 1e-6, "um": 1e6, "s": 1.0, "": 1.0}
"""Display units with their size against the SI unit."""

_SUFFIX = (("_A_m2", "A/m2"), ("_V", "V"), ("_Pa", "MPa"), ("_m", "um"), ("_s", "s"))

_LABELS = {
    "current_density_A_m2": "applied current density, per cell width",
    "cell_voltage_V": "cell voltage",
    "overpotential_V": "overpotential",
    "overpotential_anode_V": "  at the lithium surface",
    "overpotential_electrolyte_V": "  in the electrolyte",
    "overpotential_cathode_V": "  at the active material",
    "overpotential_electrons_V": "  on the way of electrons to the particles",
    "overpotential_concentration_V": "  by surfaces off the mean of all particles",
    "overpotential_stress_V": "  by stress on the reactions",
    "isolated_lithium_potential_V": "potential of isolated lithium",
    "anode_plating_mean_A_m2": "plating current density, mean",
    "anode_plating_max_A_m2": "plating current density, largest",
    "anode_plating_min_A_m2": "plating current density, least",
    "focusing_max_over_mean": "plating over 2 um, largest / mean",
    "focusing_min_over_mean": "plating over 2 um, least / mean",
    "focusing_max_over_applied": "plating over 2 um, largest / applied",
    "tip_over_applied": "plating at the tips / applied",
    "plating_total_over_applied": "lithium plated / charge passed",
    "lithium_line_length_m": "length of the lithium line",
    "von_mises_se_p99_Pa": "von Mises stress in the electrolyte, 99 %",
    "von_mises_se_p999_Pa": "von Mises stress in the electrolyte, 99.9 %",
    "von_mises_tip_Pa": "von Mises stress at the tips",
    "principal_stress_tip_Pa": "largest principal stress at the tips",
    "fracture_pressure_Pa": "pressure that opens the flaw",
    "pressure_over_fracture_pressure": "lithium pressure / pressure that opens the flaw",
    "active_particles": "active particles",
    "inactive_particles": "inactive particles",
    "degrees_of_freedom": "unknowns of the charge problem",
    "newton_iterations": "Newton iterations",
    "seconds_total": "time",
}
_MILLIVOLT = "overpotential"
_MAIN = (
    "cell_voltage_V",
    "overpotential_V",
    "overpotential_anode_V",
    "overpotential_electrolyte_V",
    "overpotential_cathode_V",
    "overpotential_electrons_V",
    "overpotential_concentration_V",
    "overpotential_stress_V",
    "anode_plating_mean_A_m2",
    "anode_plating_max_A_m2",
    "anode_plating_min_A_m2",
    "focusing_max_over_mean",
    "focusing_min_over_mean",
    "tip_over_applied",
    "von_mises_se_p99_Pa",
    "von_mises_tip_Pa",
    "principal_stress_tip_Pa",
    "pressure_over_fracture_pressure",
    "seconds_total",
)
_NOT_NUMBERS = frozenset({"version", "case_sha256"})


@dataclass(frozen=True)
class Number:
    """One metric for a reader: its name, what it is, its value with few digits, the unit."""

    name: str
    label: str
    value: str
    unit: str


def main_numbers(metrics: Mapping[str, Any]) -> list[Number]:
    """The few that a terminal shows."""
    return [_number(name, metrics[name]) for name in _MAIN if name in metrics]


def all_numbers(metrics: Mapping[str, Any]) -> list[Number]:
    """All metrics that are numbers; those with a label first, in their order."""
    known = [name for name in _LABELS if name in metrics]
    others = [name for name in metrics if name not in _LABELS and name not in _NOT_NUMBERS]
    return [_number(name, metrics[name]) for name in (*known, *others)]


def _number(name: str, value: Any) -> Number:
    suffix, unit = next((pair for pair in _SUFFIX if name.endswith(pair[0])), ("", ""))
    if name.startswith("seconds_"):
        unit = "s"
    if name.startswith(_MILLIVOLT):
        unit = "mV"
    label = _LABELS.get(name, name.removesuffix(suffix).replace("_", " "))
    items = value if isinstance(value, list | tuple) else [value]
    text = ", ".join(_digits(item, SCALE[unit]) for item in items)
    return Number(name, label, text, unit)


def _digits(value: Any, scale: float) -> str:
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int) and scale == 1.0:
        return str(value)
    return f"{value * scale:.4g}"
