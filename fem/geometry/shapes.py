"""The pieces of a clean image with their outlines, and what became of each phase on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fem.case.image import Image
from fem.errors import InputError
from fem.geometry.coarse import MOST_DRIFT as MOST_COARSENING
from fem.geometry.coarse import TOLERANCE_PER_SIZE, coarsened, simplified
from fem.geometry.coverage import NOTCH, Arc, arcs, areas, polygons
from fem.geometry.image import Picture
from fem.geometry.pixels import KEY
from fem.geometry.types import OUTSIDE, Cleaned, Phase

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Strings = NDArray[np.str_]

LITTLE_CHANGE = 0.005
"""Change of a phase by cleaning, as a share of the image, that is accepted anyway."""
MUCH_CHANGE = 0.02
"""Change of a phase by cleaning, relative to it, beyond which the note is a warning."""


@dataclass(frozen=True)
class Shapes:
    """Pieces of an image with their outlines, in pixels from its lower left corner.

    Attributes
    ----------
    width, height
        Of the image.
    phase, area, pixels
        Of each piece (n,): what it is, its area as smoothed, and as it was in the image. Behind the
        pieces of the image stand the notches at corners, which are voids.
    centre
        Centroid of the pixels of each piece (2, n).
    arcs
        All that separates pieces; the lithium foil, if the image shows one, is piece 0.
    cleaning
        What became of each phase between the image and these outlines.
    tolerance
        In pixels, with which outlines were coarsened for the size of elements; 0 for not at all.
    """

    width: int
    height: int
    phase: Strings
    area: Floats
    pixels: Ints
    centre: Floats
    arcs: tuple[Arc, ...]
    cleaning: tuple[Cleaned, ...]
    tolerance: float

    @property
    def coarsening(self) -> str:
        """What the size of elements made of outlines, in words."""
        count = sum(len(arc.points) - 1 for arc in self.arcs)
        return (
            f"Outlines were coarsened to {count} straight pieces for the size of elements, with a "
            f"tolerance of {self.tolerance:.3g} pixels that changes no phase by more than "
            f"{MOST_COARSENING:.0%} of its area."
        )

    def is_top(self, arc: Arc) -> bool:
        """Whether an arc lies on the upper edge."""
        return arc.right == OUTSIDE and bool((arc.points[:, 1] == self.height).all())

    @property
    def on_top(self) -> Bools:
        """Whether each piece reaches the upper edge (n,)."""
        found = np.zeros(len(self.phase), dtype=bool)
        found[[arc.left for arc in self.arcs if self.is_top(arc)]] = True
        return found

    def beside(self, these: Bools) -> Bools:
        """Whether each piece has an edge in common with one of `these` (n,)."""
        found = np.zeros(len(these), dtype=bool)
        left, right = np.array([(a.left, a.right) for a in self.arcs if a.right != OUTSIDE]).T
        found[left[these[right]]] = True
        found[right[these[left]]] = True
        return found


def shapes(clean: Picture, image: Image, size: float = 0.0) -> Shapes:
    """The outlines of a clean image, smoothed within the tolerance of `image`.

    Those that are smoothed at all are coarsened for elements of a `size` in pixels.

    Raises
    ------
    InputError
        If cleaning changes a phase by more than `image` accepts.
    """
    height, width = clean.piece.shape
    # Pieces are counted from the upper left: a foil is piece 0 and on the left of its outlines.
    faces = polygons(clean.piece, image.smoothing > 0.0, clean.corners)
    row, column = np.nonzero(clean.corners)
    pixels = np.append(np.bincount(clean.piece.ravel()), np.zeros(len(row), dtype=int))
    phase = np.append(clean.phase, [str(Phase.VOID)] * len(row))
    tolerance = 0.0
    if image.smoothing > 0.0:
        simple, found = simplified(faces, image.smoothing)
        if TOLERANCE_PER_SIZE * size > image.smoothing:
            found, tolerance = coarsened(simple, found, phase, size)
    else:
        found = arcs(faces)
    area = areas(found, len(faces))
    cleaning = tuple(_cleaned(clean, phase, pixels, area))
    _refuse_much(cleaning, image)
    if (area <= 0.0).any():
        raise InputError(
            "smoothing would leave nothing of a piece",
            key=f"{KEY}.smoothing",
            given=image.smoothing,
            allowed="a tolerance below the width of every piece",
            cure="a smaller smoothing, or a larger number of specks",
        )
    y, x = np.indices(clean.piece.shape)
    count = len(clean.phase)
    centre = [
        np.append(np.bincount(clean.piece.ravel(), z.ravel() + 0.5) / pixels[:count], at)
        for z, at in ((x, column + 1.0), (height - 1 - y, height - 1.0 - row))
    ]
    return Shapes(
        width, height, phase, area, pixels, np.stack(centre), tuple(found), cleaning, tolerance
    )


def _cleaned(clean: Picture, phase: Strings, pixels: Ints, area: Floats) -> Iterator[Cleaned]:
    """What became of the phases of an image, and of voids that only notches make."""
    size = clean.piece.size
    row, column = np.nonzero(clean.corners)
    # Each of the four pixels at a corner gives a quarter of the notch.
    beside = [clean.phase[clean.piece[row + i, column + j]] for i in (0, 1) for j in (0, 1)]
    notch = 0.5 * NOTCH**2
    for each in dict.fromkeys([*clean.read, *phase.tolist()]):
        mine = phase == each
        taken = notch * sum(int((name == each).sum()) for name in beside)
        gained = 4.0 * notch * len(row) if each == Phase.VOID else 0.0
        drawn = float(area[mine].sum())
        yield Cleaned(
            phase=str(each),
            read=clean.read.get(each, 0.0),
            drawn=drawn / size,
            specks=clean.moved.get(each, 0.0),
            corners=(taken + gained) / size,
            smoothing=(drawn - float(pixels[mine].sum()) + taken - gained) / size,
        )


def _refuse_much(cleaning: tuple[Cleaned, ...], image: Image) -> None:
    much = [c for c in cleaning if c.total > max(image.largest_change * c.read, LITTLE_CHANGE)]
    # Voids that notches alone make are counted where they were taken.
    found = max(much, key=lambda c: c.changed if c.read else 0.0, default=None)
    if found is None or not found.read:
        return
    parts = {
        "specks": (found.specks, "specks = 0 keeps them all; or filter the noise out of the image"),
        "corners": (found.corners, "a finer image, or one whose pixels do not meet crosswise"),
        "smoothing": (abs(found.smoothing), "a finer image, or a smaller smoothing"),
    }
    worst = max(parts, key=lambda name: parts[name][0])
    shares = ", ".join(f"{name} {part / found.read:.1%}" for name, (part, _) in parts.items())
    raise InputError(
        f"cleaning would change {found.changed:.1%} of the {found.phase} ({shares})",
        key=f"{KEY}.largest_change",
        given=image.largest_change,
        allowed=f"a phase may change by {image.largest_change:.0%} of its area",
        cure=f"{parts[worst][1]}; or largest_change = {np.ceil(100 * found.changed) / 100:g} "
        "takes it as it is",
    )


def told(clean: Picture, shown: Shapes, specks: int) -> str:
    """What was done to an image, as a note."""
    pieces, pixels = clean.specks
    much = any(c.total > max(MUCH_CHANGE * c.read, LITTLE_CHANGE) for c in shown.cleaning)
    changes = ", ".join(
        f"{c.phase} by {c.changed:.2%} (area fraction {c.read:.4g} to {c.drawn:.4g})"
        for c in shown.cleaning
        if c.read
    )
    return (
        f"{'Warning: c' if much else 'C'}leaning changed {changes}. {pieces} specks of fewer than "
        f"{specks} pixels ({pixels} in all) were dissolved, {int(clean.corners.sum())} corners at "
        "which pieces would only have touched were cut off, and outlines were smoothed."
    )
