"""The pixels of label images, read from files."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from fem.case.image import LARGEST_VALUE, Image
from fem.errors import InputError

KEY = "geometry.image"
MOST_PIXELS = 30_000_000
"""Six times the largest image that was tried; its mesh would not fit into memory."""
FORMATS = ("TIFF", "PNG")
MOST_CHANNELS = 4
SQUARE = 0.01
"""How far the resolutions of a file may differ for pixels that are square."""


def used(image: Image, path: Path) -> NDArray[Any]:
    """The pixels of `image` in the file `path` that its keys leave: of a slice, cropped, binned."""
    whole = pixels(path, image.slice)
    height, width = whole.shape
    if image.crop is not None:
        left, top, right, bottom = image.crop
        if not (0 <= left < right <= width and 0 <= top < bottom <= height):
            raise _refused(
                path,
                "what is to be left of the image does not lie in it",
                f"{list(image.crop)}",
                f"[left, top, right, bottom] within 0 to {width} and 0 to {height} pixels",
                "count from the upper left; right and bottom are the first pixels left out",
                "crop",
            )
        whole = whole[top:bottom, left:right]
    return _binned(whole, image.bin)


def pages(path: Path) -> int:
    """How many slices a file holds."""
    if path.suffix.lower() == ".npy":
        found = _array(path)
        return len(found) if _is_stack(found) else 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
        try:
            with Pillow.open(fp=path, formats=FORMATS) as opened:
                return int(getattr(opened, "n_frames", 1))
        except (OSError, SyntaxError, ValueError, Pillow.DecompressionBombError):
            return 1  # reading it says what is wrong


def _binned(labels: NDArray[Any], count: int) -> NDArray[Any]:
    """Squares of `count` by `count` pixels as one, of the label that most of them have.

    Of labels that are equally many the lowest. What is left over at the right and below is cut off.
    """
    if count == 1:
        return labels
    height, width = (n // count for n in labels.shape)
    squares = labels[: height * count, : width * count].reshape(height, count, width, count)
    flat = np.sort(squares.swapaxes(1, 2).reshape(height, width, count * count), axis=2)
    alike = np.stack([(flat == flat[..., k : k + 1]).sum(axis=2) for k in range(count**2)], axis=2)
    most = alike.argmax(axis=2)[..., None]
    return np.asarray(np.take_along_axis(flat, most, axis=2)[..., 0])


def pixels(path: Path, page: int | None = None) -> NDArray[Any]:
    """The pixels of a file as whole numbers (h, w); of a stack those of a `page`."""
    is_array = path.suffix.lower() == ".npy"
    pixels: NDArray[Any] = _numpy(path, page) if is_array else _pillow(path, page)
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
    if np.issubdtype(pixels.dtype, np.floating) and _whole(pixels):
        pixels = pixels.astype(np.int64)
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


def _whole(pixels: NDArray[Any]) -> bool:
    """Whether numbers with a decimal point are whole ones, as programs often save labels."""
    return bool((np.abs(pixels) <= LARGEST_VALUE).all() and (pixels == np.round(pixels)).all())


def _numpy(path: Path, page: int | None) -> NDArray[Any]:
    pixels = _array(path)
    if _is_stack(pixels):
        pixels = pixels[_page(path, page, len(pixels))]
    _refuse_huge(path, pixels.size)
    return np.array(pixels)


def _is_stack(pixels: NDArray[Any]) -> bool:
    """Slices one after another; three or four channels at the end are colours."""
    return pixels.ndim == 3 and pixels.shape[2] > MOST_CHANNELS


def _page(path: Path, page: int | None, count: int) -> int:
    """The slice that is asked for."""
    if page is not None and page < count:
        return page
    raise _refused(
        path,
        f"a stack of {count} images" + (" has no such slice" if page is not None else ""),
        None if page is None else str(page),
        f"one of them: slice = 0 to {count - 1}",
        "name a slice; fem transport takes all of them if none is named",
        "slice",
    )


def _array(path: Path) -> NDArray[Any]:
    try:
        pixels = np.load(path, allow_pickle=False, mmap_mode="r")
    except (ValueError, OSError, EOFError) as error:
        raise _unreadable(path, error) from None
    if not isinstance(pixels, np.ndarray):  # an archive of several arrays under a wrong name
        raise _unreadable(path, "it holds several arrays")
    return pixels


def _pillow(path: Path, page: int | None) -> NDArray[Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            with Pillow.open(fp=path, formats=FORMATS) as image:
                frames = getattr(image, "n_frames", 1)
                if frames > 1:
                    image.seek(_page(path, page, frames))
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
        "crop it, or bin its pixels: keys crop and bin of [geometry.image]",
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
