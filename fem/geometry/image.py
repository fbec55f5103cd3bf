"""Label images: read, checked and cleaned of what no mesh should follow."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from scipy.ndimage import distance_transform_edt
from skimage.measure import label

from fem.case.image import Image, intervals
from fem.errors import InputError
from fem.geometry.types import Phase

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

KEY = "geometry.image"
MOST_PIXELS = 30_000_000
"""Six times the largest image that was tried; its mesh would not fit into memory."""
FORMATS = ("TIFF", "PNG")
PHASES = {
    "electrolyte": Phase.ELECTROLYTE,
    "active": Phase.ACTIVE,
    "lithium": Phase.LITHIUM,
    "void": Phase.VOID,
}
"""Phases by their key, in the order in which one gives way to the next where corners touch."""
_SHOWN = 8
_ROUNDS = 50


@dataclass(frozen=True)
class Picture:
    """A clean label image.

    Attributes
    ----------
    piece
        Number of the connected piece of each pixel (h, w), counted from the upper left.
    phase
        Phase of each piece (n,).
    specks
        Pieces that were dissolved, and their pixels.
    corners
        Pixels that were changed since pieces touched at a corner only.
    fractions
        Share of each phase of the image as it was read.
    """

    piece: Ints
    phase: NDArray[np.str_]
    specks: tuple[int, int]
    corners: int
    fractions: dict[Phase, float]


def picture(image: Image, path: Path) -> Picture:
    """The image of a case, read from `path`.

    Raises
    ------
    InputError
        If it is not a label image, or if its electrolyte or active material cannot be resolved.
    """
    kinds, phases = _kinds(_read(path), image)
    names = np.array([str(p) for p in phases])
    shares = np.bincount(kinds.ravel(), minlength=len(phases)) / kinds.size
    fractions = {p: float(shares[names == p].sum()) for p in dict.fromkeys(phases)}
    piece, specks, corners = _clean(kinds, image.specks)
    first = np.unique(piece, return_index=True)[1]
    phase = names[kinds.ravel()[first]]
    _refuse_thin(names[kinds], fractions)
    return Picture(piece, phase, specks, corners, fractions)


def sides(image: Image, path: Path) -> int:
    """Sides of pixels between two phases in an image as it is read."""
    kinds, phases = _kinds(_read(path), image)
    phase = np.unique(phases, return_inverse=True)[1][kinds]
    return sum(int(np.count_nonzero(np.diff(phase, axis=axis))) for axis in (0, 1))


def _read(path: Path) -> NDArray[Any]:
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


def _kinds(pixels: NDArray[Any], image: Image) -> tuple[Ints, list[Phase]]:
    """Pixels as kinds 0, 1, ... (h, w) and the phase of each kind.

    A kind is a phase, or a particle with a label of its own. Where corners touch, a kind gives way
    to a later one.
    """
    values, which = np.unique(pixels, return_inverse=True)
    phase_of = np.full(len(values), -1)
    for number, name in enumerate(PHASES):
        given = getattr(image.labels, name)
        if given is None:
            continue
        for low, high in intervals(given):
            phase_of[(values >= low) & (values <= high)] = number
        if not (phase_of == number).any():
            raise InputError(
                f"no pixel of the image is {name}",
                key=f"{KEY}.labels.{name}",
                given=list(given),
                allowed=f"values that are in the image: {_listed(values)}",
                cure="correct the values, or remove the key" if name in ("void", "lithium")
                else "correct the values",
            )  # fmt: skip
    unknown = values[phase_of < 0]
    if len(unknown):
        grey = "; a grey-scale image has to be segmented first" if len(unknown) > _SHOWN else ""
        raise InputError(
            f"the image has pixel values without a phase: {_listed(unknown)}",
            key=f"{KEY}.labels",
            allowed="a phase for every value of the image",
            cure=f"add them to one of {', '.join(PHASES)}{grey}",
        )
    # Only particles are told apart by their values.
    own = np.where(phase_of == list(PHASES).index("active"), np.arange(len(values)), -1)
    order, kind = np.unique(np.stack([phase_of, own], axis=1), axis=0, return_inverse=True)
    phases = list(PHASES.values())
    kinds = kind.ravel()[which].reshape(pixels.shape)
    return kinds, [phases[k] for k in order[:, 0]]


def _listed(values: NDArray[Any]) -> str:
    text = ", ".join(map(str, values[:_SHOWN].tolist()))
    return text if len(values) <= _SHOWN else f"{text} and {len(values) - _SHOWN} more"


def _clean(kinds: Ints, specks: int) -> tuple[Ints, tuple[int, int], int]:
    """Dissolve specks and part pieces that touch at corners, in place.

    Returns the pieces (h, w), the number of specks and of their pixels, and of pixels at corners.
    """
    dissolved, pixels, corners = 0, 0, 0
    for _ in range(_ROUNDS):
        corners += _part_corners(kinds)
        piece = label(kinds, background=-1, connectivity=1) - 1
        size = np.bincount(piece.ravel())
        small = size < specks
        if not small.any():
            return piece, (dissolved, pixels), corners
        if small.all():
            break
        dissolved, pixels = dissolved + int(small.sum()), pixels + int(size[small].sum())
        mask = small[piece]
        nearest = distance_transform_edt(mask, return_distances=False, return_indices=True)
        kinds[mask] = kinds[tuple(axis[mask] for axis in nearest)]
    raise InputError(
        "nothing is left of the image: all of its pieces are specks",
        key=f"{KEY}.specks",
        given=specks,
        allowed=f"less than the {int(size.max())} pixels of its largest piece",
        cure="lower specks, or filter the noise out of the image",
    )


def _part_corners(kinds: Ints) -> int:
    """Change pixels until no two of one kind touch at a corner only, in place; returns how many.

    Pixels only ever change to a later kind, so this ends. Electrolyte is the first kind: it never
    gains a path this way, and a crack is never closed.
    """
    changed = 0
    while True:
        before = changed
        for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
            # Squares of two by two that do not overlap, as corners (a b / c d).
            height, width = ((n - k) // 2 * 2 + k for n, k in zip(kinds.shape, (i, j), strict=True))
            square = kinds[i:height, j:width]
            a, b, c, d = (square[y::2, x::2] for y in (0, 1) for x in (0, 1))
            cross = ((a == d) | (b == c)) & (a != b) & (a != c) & (d != b) & (d != c)
            if not cross.any():
                continue
            four = np.stack([corner[cross] for corner in (a, b, c, d)])
            last = four.max(axis=0)
            # The pair that is alike gives way, unless it is the last kind itself.
            falling = (four[0] == four[3]) & ~((four[1] == four[2]) & (four[1] < four[0]))
            pair = np.where(falling, 0, 1)
            lower = np.where(falling, np.where(four[1] <= four[2], 1, 2), 3 * (four[3] < four[0]))
            pixel = np.where(np.where(falling, four[0], four[1]) != last, pair, lower)
            for number, corner in enumerate((a, b, c, d)):
                corner[cross] = np.where(pixel == number, last, four[number])
            changed += len(last)
        if changed == before:
            return changed


def _refuse_thin(phase: NDArray[np.str_], fractions: dict[Phase, float]) -> None:
    """Electrolyte, active material and lithium need a place two pixels wide, if they are there."""
    for name, each in PHASES.items():
        if each == Phase.VOID or each not in fractions:
            continue
        here = phase == each
        if not here.any():
            raise InputError(
                f"all {name} is specks",
                key=f"{KEY}.specks",
                allowed="a number that leaves some of it",
                cure="lower specks, or filter the noise out of the image",
            )
        if not (here[1:, 1:] & here[1:, :-1] & here[:-1, 1:] & here[:-1, :-1]).any():
            raise InputError(
                f"{name} is nowhere more than one pixel wide",
                key=f"{KEY}.file",
                allowed="phases that are resolved by several pixels",
                cure="a finer image; lines between particles, as a watershed leaves them, belong "
                "to the particles",
            )
