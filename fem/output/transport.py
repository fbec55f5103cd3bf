"""Writing transport numbers into a folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from fem.effective.numbers import Transport
from fem.output.folder import replacing, require_free
from fem.output.tables import write_metrics
from fem.plot import RASTER_DPI, style
from fem.plot.transport import NAMES, figures

NUMBERS = "transport.json"
OWNED = (NUMBERS, *(f"{name}.png" for name in NAMES))
"""What is written; without pictures of what does not conduct."""


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
