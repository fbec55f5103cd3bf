"""What is told of the members of a sweep: a row each, and their distributions at each point."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.case.sweep import Sweep
from fem.results.estimates import PERCENTILES, Estimate, estimates

Floats = NDArray[np.float64]

DONE, FAILED, REFUSED = "done", "failed", "refused"
STATISTICS = ("mean", "std", "ci95_low", "ci95_high", "p05", "p50", "p95")
"""What a summary tells of the values of a metric, before how well that is known."""


@dataclass(frozen=True)
class Row:
    """A member of a sweep.

    Attributes
    ----------
    member
        Its number from 0.
    status
        `DONE`; `FAILED` where a solver did not converge; `REFUSED` where its case cannot be.
    seconds
        Time it took, of members that were solved together their share.
    metrics
        Scalar ones by name, one entry of a list each; empty unless it is done.
    message
        Why not; empty if it is.
    """

    member: int
    status: str
    seconds: float
    metrics: Mapping[str, Any]
    message: str = ""


def metric_names(rows: Sequence[Row]) -> tuple[str, ...]:
    """Names of all metrics of some row, in the order in which they are first met."""
    return tuple(dict.fromkeys(name for row in rows for name in row.metrics))


def reported(sweep: Sweep, rows: Sequence[Row]) -> tuple[str, ...]:
    """Names of the metrics to sum up, of which some member has a number; lists by entry."""
    names = dict.fromkeys(
        name for row in rows for name, value in row.metrics.items() if is_number(value)
    )
    return tuple(
        name
        for asked in sweep.report.metrics
        for name in names
        if name == asked or name.startswith(f"{asked}[")
    )


def text_of(value: Any) -> str:
    """A value of a varied key as it stands in a table."""
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, bool | Mapping | list | tuple) else repr(value)


def table(sweep: Sweep, rows: Sequence[Row]) -> dict[str, list[Any]]:
    """Columns of ``members.csv``; nan, or empty text, where a member has no such metric."""
    members, names = sweep.members, metric_names(rows)
    columns: dict[str, list[Any]] = {
        "member": [row.member for row in rows],
        "status": [row.status for row in rows],
        "seconds": [row.seconds for row in rows],
    }
    for key in sweep.keys:
        values = [members[row.member][key] for row in rows]
        columns[key] = [v if is_number(v) else text_of(v) for v in values]
    for name in names:
        columns[name] = [row.metrics.get(name, np.nan) for row in rows]
    columns["message"] = [row.message for row in rows]
    return columns


def structured(columns: Mapping[str, Sequence[Any]]) -> NDArray[Any]:
    """Columns as an array of records: whole numbers, numbers and text."""
    arrays = {name: np.array(values) for name, values in columns.items()}
    dtype = [(name, array.dtype) for name, array in arrays.items()]
    found = np.empty(len(next(iter(arrays.values()))), dtype=dtype)
    for name, array in arrays.items():
        found[name] = array
    return found


def at_points(sweep: Sweep, rows: Sequence[Row], name: str) -> list[Floats]:
    """The values of a metric at each point of a sweep, in the order of the members."""
    values: list[list[float]] = [[] for _ in sweep.points]
    for row in rows:
        value = row.metrics.get(name)
        if value is not None and is_number(value):
            values[row.member // sweep.repeats].append(float(value))
    return [np.array(each) for each in values]


def statistics(values: Floats) -> dict[str, float]:
    """The `STATISTICS` of the values (n,) of a metric at a point; nan where there are too few.

    The interval of the mean is that of Student's t; the standard deviation has n - 1 below.
    Percentiles go along straight lines between sorted values.
    """
    return told(values, estimates(values))


def told(values: Floats, known: Mapping[str, Estimate]) -> dict[str, float]:
    """The `STATISTICS` of values (n,) whose `estimates` are known."""
    mean = known["mean"]
    return {
        "mean": mean.value,
        "std": float(values.std(ddof=1)) if len(values) > 1 else float("nan"),
        "ci95_low": mean.low,
        "ci95_high": mean.high,
        **{name: known[name].value for name in PERCENTILES},
    }


def is_number(value: Any) -> bool:
    """Whether a value is a number, and not merely true or false."""
    return isinstance(value, int | float) and not isinstance(value, bool)
