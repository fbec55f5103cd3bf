"""What each pass of a loop of the protocol took up and gave: a pure function of the history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fem.case.operation import Cycle
from fem.results.history import LIMITS, History

COLUMNS = (
    *("loop", "cycle", "label", "complete", "begin_s", "end_s"),
    *("charge_capacity_Ah_m2", "discharge_capacity_Ah_m2", "coulombic_efficiency"),
    *("charge_energy_Wh_m2", "discharge_energy_Wh_m2", "energy_efficiency"),
    *("charge_voltage_mean_V", "discharge_voltage_mean_V"),
)
"""Names and order of what is known of a cycle."""


def cycle_rows(history: History, cycles: Sequence[Cycle]) -> list[dict[str, Any]]:
    """A row of `COLUMNS` for every cycle that was begun; nan for ratios of nothing.

    Parameters
    ----------
    cycles
        All of the protocol, in the order of the rows.
    """
    if "charged_Ah_m2" not in history.columns:
        return []  # a run that was stored before charge was told by direction
    step, times = history["step"], history["Test Time / s"]
    asked = {number: why not in LIMITS for _, number, _, why in history.events}
    first = np.searchsorted(step, [cycle.first for cycle in cycles], side="left")
    last = np.searchsorted(step, [cycle.last for cycle in cycles], side="right") - 1
    rows = []
    for cycle, begin, end in zip(cycles, first.tolist(), last.tolist(), strict=True):
        if begin > end:
            continue  # not reached, or left out
        charged, discharged, taken, given = (
            float(history[name][end] - history[name][begin])
            for name in (
                "charged_Ah_m2", "discharged_Ah_m2",
                "energy_charged_Wh_m2", "energy_discharged_Wh_m2",
            )
        )  # fmt: skip
        values = (
            *(cycle.loop, cycle.number, cycle.label),
            all(asked.get(number, False) for number in range(cycle.first, cycle.last + 1)),
            *(float(times[begin]), float(times[end])),
            *(charged, discharged, _ratio(discharged, charged)),
            *(taken, given, _ratio(given, taken)),
            *(_ratio(taken, charged), _ratio(given, discharged)),
        )
        rows.append(dict(zip(COLUMNS, values, strict=True)))
    return rows


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
