"""Writing transport numbers into a folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from fem.effective.numbers import Transport
from fem.effective.statistics import Scatter
from fem.output.folder import replacing, require_free
from fem.output.tables import write_metrics, write_table
from fem.plot import RASTER_DPI, style
from fem.plot.transport import NAMES, SCATTER, figures, scatter_figure

NUMBERS = "transport.json"
SAMPLES = "samples.csv"
OWNED = (NUMBERS, SAMPLES, *(f"{name}.png" for name in (*NAMES, SCATTER)))
"""What is written; without pictures of what does not conduct, and samples of one image."""


def check_folder(folder: Path, inputs: Iterable[Path]) -> None:
    """Refuse a folder that transport numbers may not or cannot be written into.

    It may be new or empty, hold transport numbers already, or a finished run.
    """
    require_free(folder, OWNED, inputs, also=NUMBERS)


def save(transport: Transport, folder: Path, title: str = "") -> None:
    """Write `NUMBERS` and the pictures, all or none.

    Raises
    ------
    FemError
        If writing fails midway; what was there before is then untouched.
    """
    with replacing(folder, OWNED) as new:
        write_metrics(transport.metrics, new / NUMBERS)
        with style():
            for name, figure in figures(transport, title).items():
                figure.savefig(new / f"{name}.png", dpi=RASTER_DPI)


def save_scatter(scatter: Scatter, folder: Path, title: str = "") -> None:
    """Write what `statistics` tells, the numbers of every sample and a picture, all or none.

    Raises
    ------
    FemError
        If writing fails midway; what was there before is then untouched.
    """
    names = list(dict.fromkeys(name for s in scatter.samples for name in s.numbers))
    with replacing(folder, OWNED) as new:
        write_metrics(statistics(scatter), new / NUMBERS)
        rows = (
            (*s.place, *(s.numbers.get(name, np.nan) for name in names)) for s in scatter.samples
        )
        write_table(new / SAMPLES, ("slice", "row", "column", *names), rows)
        figure = scatter_figure(scatter, title)
        if figure is not None:
            figure.savefig(new / f"{SCATTER}.png", dpi=RASTER_DPI)


def statistics(scatter: Scatter) -> dict[str, Any]:
    """Mean, deviation of one sample, half of the interval of the mean and count of every number."""
    numbers: dict[str, Any] = {"samples": len(scatter.samples)}
    for name, spread in scatter.spreads.items():
        numbers[f"{name}_mean"] = spread.mean
        numbers[f"{name}_deviation"] = spread.deviation
        if spread.half_width is not None:
            numbers[f"{name}_ci95"] = spread.half_width
        numbers[f"{name}_samples"] = spread.count
        side = scatter.representative(name) if "_conductivity_both_" in name else None
        if side is not None:
            numbers[f"{name}_representative_m"] = side
    return numbers
