"""Files as text, and what a file is that is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fem.errors import InputError, closest

_IMAGE = "fem transport reads an image; a case names one as file = .. below [geometry.image]"
_TABLE = "save the sheet itself as CSV"
_TEXT = "save it as UTF-8 text"
_KNOWN = (
    (b"\x89PNG", "a PNG image", _IMAGE),
    (b"II*\x00", "a TIFF image", _IMAGE),
    (b"MM\x00*", "a TIFF image", _IMAGE),
    (b"\xff\xd8\xff", "a JPEG image", "save the image without loss, as PNG or TIFF; " + _IMAGE),
    (b"GIF8", "a GIF image", "save the image as PNG or TIFF; " + _IMAGE),
    (b"\x93NUMPY", "an array of NumPy", _IMAGE),
    (b"%PDF", "a PDF document", _TEXT),
    (b"PK\x03\x04", "an archive, as of spreadsheets (.xlsx, .ods) and arrays (.npz)", _TABLE),
    (b"\xd0\xcf\x11\xe0", "a document of an office program", _TABLE),
    (b"\x89HDF", "an HDF5 file", _TEXT),
    (b"\x1f\x8b", "compressed by gzip", "unpack it"),
    (b"\xff\xfe", "text in UTF-16, not UTF-8", _TEXT),
    (b"\xfe\xff", "text in UTF-16, not UTF-8", _TEXT),
)
"""How files begin that are taken for text, what they are, and what to do with them."""


def read_text(path: Path, **where: Any) -> str:
    """The text of a user's file; a byte order mark, as some editors write it, is skipped.

    Parameters
    ----------
    where
        Key and value that name the file, for the error if it is not there.

    Raises
    ------
    InputError
        If there is no such file, it cannot be read, or it is not text; the message says what it is.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise missing_file(path, **({"file": str(path)} | where)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot be read: {reason}", file=str(path)) from None
    for start, kind, cure in _KNOWN:
        if content.startswith(start):
            raise InputError(f"{kind}, where text is needed", file=str(path), cure=cure)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"not UTF-8 text (byte {error.start})", file=str(path), cure="save it as UTF-8"
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def missing_file(path: Path, start: str = "the folder you are in", **where: Any) -> InputError:
    """The error for a file that is not there, with the closest name in its folder.

    A relative path counts from `start`.
    """
    folder = path.parent
    if not folder.is_dir():
        return InputError(f"no such folder: {folder}", **where)
    match = closest(path.name, (entry.name for entry in folder.iterdir()))
    return InputError(
        f"no such file: {path}",
        cure=f"did you mean {match}?" if match else f"give its path from {start}",
        **where,
    )
