"""Writing a label image, and a case on which it can run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.case import Case
from fem.errors import InputError
from fem.images.cases import FILE
from fem.output.folder import FOLDERS, MARK, replacing, require_free
from fem.output.tables import write_metrics
from fem.plot import RASTER_DPI, style
from fem.plot.radiograph import grey_file, label_figure

NUMBERS = "segment.json"
CASE = "case.toml"
PICTURE = "segmentation.png"
OWNED = (NUMBERS, CASE, PICTURE, FILE)


def check_folder(folder: Path, inputs: Sequence[Path]) -> None:
    """Refuse a folder that a label image may not or cannot be written into."""
    if (folder / MARK).exists() or any((folder / name).is_dir() for name in FOLDERS):
        raise InputError(
            "this folder holds a run", file=str(folder), cure="give another folder with --out"
        )
    require_free(folder, OWNED, inputs, also=NUMBERS)


def save(
    labels: NDArray[np.uint8],
    tables: Mapping[str, Any],
    facts: Mapping[str, Any],
    pixel: float,
    greys: NDArray[np.generic],
    folder: Path,
) -> None:
    """Write a label image (first row on top), its picture, a case and numbers, all or nothing.

    Raises
    ------
    InputError
        If the tables are not a case.
    FemError
        If writing fails midway; what was there before is then untouched.
    """
    with replacing(folder, OWNED) as new:
        (new / FILE).write_bytes(grey_file(labels, "PNG"))
        try:
            case = Case.from_dict(tables, new / CASE)
        except InputError as error:
            error.file = str(folder / CASE)
            raise
        text = case.to_toml()
        (new / CASE).write_text(text, encoding="utf-8", newline="\n")
        write_metrics(facts, new / NUMBERS)
        with style():
            label_figure(greys, labels, pixel).savefig(new / PICTURE, dpi=RASTER_DPI)
