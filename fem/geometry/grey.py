"""Maps of values from 0 (black) to 1 (white), read from images and tables."""

from __future__ import annotations

import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from fem.errors import InputError
from fem.text import names_table, read_table

Floats = NDArray[np.float64]

KEY = "inactive.pattern.file"
FORMATS = ("PNG", "TIFF")
MODES = ("1", "L", "I;16", "I;16B", "I", "F")
"""Of images whose pixels are grey values."""
ALLOWED = "a grey image (PNG, TIFF or NPY), or CSV of rows of numbers from 0 to 1"
_WHITE = {"b": 1.0, "u1": 255.0, "u2": 65535.0, "i4": 65535.0, "f": 1.0}
"""What is white, by kind of number; readers of images give 16 bits also in 32."""


def grey(path: Path) -> Floats:
    """The values of a map (rows, columns), the first row on top.

    Raises
    ------
    InputError
        If the file is neither a grey image nor a table, or if a value is not from 0 to 1.
    """
    try:
        written = path.stat()
    except OSError:
        raise _refused(path, "cannot be read", path.name) from None
    return _values(path, written.st_mtime_ns, written.st_size)


@lru_cache(maxsize=1)
def _values(path: Path, *_written: int) -> Floats:
    """As `grey`; kept until the file changes, since members of an ensemble share a map."""
    if names_table(path.name):
        sheet = read_table(path)
        values = np.array([column.numbers for column in sheet.columns]).T
        first_line = sheet.columns[0].lines if sheet.columns else ()
    else:
        values, first_line = _image(path), ()
    if values.ndim != 2 or not values.size:
        raise _refused(path, "the map is no table of rows and columns", f"shape {values.shape}")
    kind = values.dtype.kind + (str(values.dtype.itemsize) if values.dtype.kind in "ui" else "")
    if kind not in _WHITE:
        raise _refused(path, "numbers of which none is known to mean white", values.dtype.name)
    values = np.asarray(values / _WHITE[kind], dtype=np.float64)
    wrong = np.argwhere(~((values >= 0.0) & (values <= 1.0)))
    if len(wrong):
        row, column = wrong[0].tolist()
        line = f"line {first_line[row]}" if first_line else f"row {row + 1}"
        raise _refused(
            path,
            f"{line}, column {column + 1} of the map is no value from 0 (black) to 1 (white)",
            f"{values[row, column]:g}",
        )
    values.setflags(write=False)
    return values


def _image(path: Path) -> NDArray[Any]:
    try:
        if path.suffix.lower() == ".npy":
            return np.asarray(np.load(path, allow_pickle=False))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            with Pillow.open(fp=path, formats=FORMATS) as image:
                if getattr(image, "n_frames", 1) > 1:
                    raise _refused(path, "a stack of images", f"{image.n_frames} images")
                if image.mode not in MODES:
                    raise _refused(
                        path, "an image in colours, with a palette or transparency", image.mode
                    )
                return np.array(image)
    except (OSError, SyntaxError, ValueError, EOFError, Pillow.DecompressionBombError):
        raise _refused(path, "cannot be read as an image", path.name) from None


def _refused(path: Path, problem: str, given: str) -> InputError:
    return InputError(
        problem,
        file=str(path),
        key=KEY,
        given=given,
        allowed=ALLOWED,
        cure="save one slice in grey values, without loss, as PNG",
    )
