"""Grey values become phases: by thresholds, and by what touches the upper edge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, median_filter
from skimage.filters import sobel, threshold_multiotsu, threshold_otsu
from skimage.measure import label

from fem.errors import InputError

LABELS = {"void": 0, "electrolyte": 1, "active": 2, "lithium": 3}
"""Pixel values of the phases in a label image."""
MOST_CLASSES = 4
Dark = Literal["both", "lithium", "void"]


def thresholds(greys: NDArray[np.generic], classes: int = 3, median: int = 1) -> tuple[float, ...]:
    """Grey values half of the way between the means of neighbouring classes.

    Classes are those that make the variance within them least (N. Otsu, IEEE Trans. Syst. Man
    Cybern. 9 (1979) 62, for several thresholds), among pixels that do not lie on edges: there two
    phases share a pixel, and where one phase is ten times as bright as the others such pixels would
    pass for a class of their own. Edges are where the slope (Sobel) is in the upper one of two
    classes. Half of the way, a pixel goes to the phase that fills more of it.

    Parameters
    ----------
    median
        As for `segment`.

    Raises
    ------
    InputError
        If there are fewer grey values than classes.
    """
    if not 2 <= classes <= MOST_CLASSES:
        raise InputError("not a number of classes", given=classes, allowed="2, 3 or 4")
    values = _filtered(greys, median)
    slope = sobel(values)
    flat = values[slope <= threshold_otsu(slope)] if np.ptp(slope) > 0.0 else values.ravel()
    try:
        ends = threshold_multiotsu(flat, classes=classes, nbins=256)
    except ValueError:
        raise InputError(
            f"the image has fewer than {classes} grey values, or nearly so",
            cure="fewer --classes, or --thresholds",
        ) from None
    kind = np.digitize(flat, ends)
    means = np.bincount(kind, flat) / np.bincount(kind)
    return tuple((0.5 * (means[1:] + means[:-1])).tolist())


def segment(
    greys: NDArray[np.generic],
    between: Sequence[float],
    median: int = 1,
    dark: Dark = "both",
    specks: int = 1,
) -> NDArray[np.uint8]:
    """Labels of the pixels (h, w), as in `LABELS`; the first row is the upper one.

    By thresholds in `between`, from dark to bright: one parts electrolyte and active material; two
    part dark pixels from these; three part voids from lithium first.

    Parameters
    ----------
    median
        Each pixel becomes the median of so many by so many before; 1 changes nothing.
    dark
        What pixels below the first of two thresholds are: lithium where they hang together with the
        upper edge and else void, or all lithium, or all void.
    specks
        Pieces of fewer pixels than this become electrolyte, those of electrolyte what lies
        nearest; noise makes many of one pixel.

    Raises
    ------
    InputError
        If the thresholds do not rise, or leave no pixel of electrolyte or active material.
    """
    if not 1 <= len(between) <= MOST_CLASSES - 1 or list(between) != sorted(set(between)):
        raise InputError(
            "not thresholds from dark to bright",
            given=list(between),
            allowed="one, two or three grey values that rise",
        )
    level = np.digitize(_filtered(greys, median), between) + MOST_CLASSES - 1 - len(between)
    phases = np.array([LABELS["void"], LABELS["lithium"], LABELS["electrolyte"], LABELS["active"]])
    found = phases[level].astype(np.uint8)
    if len(between) == 2:
        found[level == 1] = LABELS["lithium" if dark == "lithium" else "void"]
        if dark == "both":
            piece = label(level == 1, connectivity=1)
            found[(piece > 0) & np.isin(piece, piece[0])] = LABELS["lithium"]
    if specks > 1:
        found = _without_specks(found, specks)
    for name in ("electrolyte", "active"):
        if not (found == LABELS[name]).any():
            raise InputError(
                f"no pixel is {name}",
                given=[float(f"{value:.6g}") for value in between],
                cure="give --thresholds by the histogram of the image",
            )
    return found


def _without_specks(labels: NDArray[np.uint8], least: int) -> NDArray[np.uint8]:
    piece = label(labels, connectivity=1, background=-1)
    small = np.bincount(piece.ravel())[piece] < least
    loose = small & (labels == LABELS["electrolyte"])
    found = np.where(small & ~loose, LABELS["electrolyte"], labels)
    _, (row, column) = distance_transform_edt(loose, return_indices=True)
    return np.asarray(found[row, column].astype(np.uint8))


def _filtered(greys: NDArray[np.generic], median: int) -> NDArray[np.float64]:
    values = np.asarray(greys, dtype=float)
    return np.asarray(median_filter(values, median, mode="reflect") if median > 1 else values)


def shares(labels: NDArray[np.uint8]) -> dict[str, float]:
    """Share of each phase of a label image, by name."""
    return {name: float((labels == value).mean()) for name, value in LABELS.items()}
