"""Arrays in one file: whole, or known not to be.

A file is a line that names its format, the arrays as an uncompressed npz, and the SHA-256 of both.
A change of any byte, a missing or an added one, is found by the sum.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def sealed(form: bytes, arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The content of a file of the format whose first line is `form`."""
    objects = [name for name, array in arrays.items() if array.dtype.hasobject]
    if objects:
        raise TypeError(f"such a file holds numbers, not objects: {objects}")
    stream = io.BytesIO()
    stream.write(form)
    np.savez(stream, **arrays)  # type: ignore[arg-type]
    stream.seek(0, io.SEEK_END)
    stream.write(hashlib.sha256(stream.getbuffer()).digest())
    return stream.getvalue()


def opened(form: bytes, content: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of such a file.

    Raises
    ------
    ValueError
        If it is damaged, or of another format.
    """
    data = memoryview(content)
    size = hashlib.sha256().digest_size
    inner, digest = data[:-size], data[-size:]
    if hashlib.sha256(inner).digest() != digest:
        raise ValueError("damaged")
    if bytes(inner[: len(form)]) != form:
        raise ValueError("written by another version of this program")
    try:
        with np.load(io.BytesIO(inner[len(form) :]), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"damaged: {error}") from error
