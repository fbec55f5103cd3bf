"""The pixels of label images, read from files."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from fem.case.image import Image
from fem.errors import InputError

KEY = "geometry.image"
MOST_PIXELS = 30_000_000
"""Six times the largest image that was tried; its mesh would not fit into memory."""
FORMATS = ("TIFF", "PNG")
SQUARE = 0.01
"""How far the resolutions of a file may differ for pixels that are square."""


def pixels(path: Path) -> NDArray[Any]:
    """The pixels of a file as whole numbers (h, w)."""
    pixels: NDArray[Any] = _numpy(path) if path.suffix.lower() == ".npy" else _pillow(path)
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8)
    if pixels.ndim != 2:
        raise _refused(
            path,
            f"not a flat image: its array has {pixels.ndim} dimensions",
            f"shape {pixels.shape}",
            "one whole number a pixel, as an array of two dimensions",
            "save one slice, without colour channels",
        )
    if not np.issubdtype(pixels.dtype, np.integer):
        raise _refused(
            path,
            "not a label image: its pixels are not whole numbers",
            str(pixels.dtype),
            "whole numbers, each of them a label",
            "segment the image, or convert its labels to 8 or 16 bits",
        )
    if min(pixels.shape) < 2:
        raise _refused(
            path,
            "the image is empty or one pixel thin",
            f"{pixels.shape[1]} x {pixels.shape[0]} pixels",
            "at least 2 x 2 pixels",
            "check what wrote it",
        )
    return pixels


def _numpy(path: Path) -> NDArray[Any]:
    try:
        pixels = np.load(path, allow_pickle=False, mmap_mode="r")
    except (ValueError, OSError, EOFError) as error:
        raise _unreadable(path, error) from None
    if not isinstance(pixels, np.ndarray):  # an archive of several arrays under a wrong name
        raise _unreadable(path, "it holds several arrays")
    _refuse_huge(path, pixels.size)
    return np.array(pixels)


def _pillow(path: Path) -> NDArray[Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            with Pillow.open(fp=path, formats=FORMATS) as image:
                frames = getattr(image, "n_frames", 1)
                if frames > 1:
                    raise _refused(
                        path,
                        f"a stack of {frames} images",
                        None,
                        "one image",
                        "save one of its slices as a file of its own",
                    )
                _refuse_huge(path, image.width * image.height)
                if len(image.getbands()) > 1:
                    raise _refused(
                        path,
                        "an image in colours",
                        image.mode,
                        "one whole number a pixel, grey or with a palette",
                        "save the labels themselves, not a picture of them",
                    )
                return np.array(image)
    except Pillow.DecompressionBombError:
        raise _huge(path, "") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise _unreadable(path, error) from None


def of_the_file(image: Image, path: Path) -> Iterator[str]:
    """A warning if the file says that its pixels are not square, and the case does not."""
    if image.pixel_height is not None or path.suffix.lower() == ".npy":
        return
    with Pillow.open(fp=path, formats=FORMATS) as opened:
        names = ("dpi", "resolution", "aspect")
        given = next((opened.info[n] for n in names if n in opened.info), (1, 1))
    across, along = map(float, given)
    if across and along and abs(across / along - 1.0) > SQUARE:
        yield (
            f"Warning: the file says that its pixels are {across / along:.3g} times as high "
            "as wide; they are taken as square. If it is right, give pixel_height beside "
            "pixel_size."
        )


def _refuse_huge(path: Path, count: int) -> None:
    if count > MOST_PIXELS:
        raise _huge(path, f"{count:,} pixels")


def _huge(path: Path, given: str) -> InputError:
    return _refused(
        path,
        "the image is too large to be meshed",
        given or None,
        f"at most {MOST_PIXELS:,} pixels",
        "crop it, or bin its pixels",
    )


def _unreadable(path: Path, error: object) -> InputError:
    reason = f" ({error})" if isinstance(error, str) else ""
    return _refused(
        path,
        f"cannot be read as an image{reason}",
        path.name,
        "TIFF, PNG or NPY",
        "open it in the program that wrote it, and save it without loss as PNG",
    )


def _refused(
    path: Path, problem: str, given: str | None, allowed: str, cure: str, key: str = "file"
) -> InputError:
    return InputError(
        problem, file=str(path), key=f"{KEY}.{key}", given=given, allowed=allowed, cure=cure
    )
