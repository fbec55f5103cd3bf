"""Label images: checked, and cleaned of what no mesh should follow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from skimage.measure import label

from fem.case.image import Image, intervals
from fem.errors import InputError
from fem.geometry.pixels import KEY, of_the_file, pixels
from fem.geometry.types import Phase

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

PHASES = {
    "electrolyte": Phase.ELECTROLYTE,
    "active": Phase.ACTIVE,
    "lithium": Phase.LITHIUM,
    "void": Phase.VOID,
}
"""Phases by their key."""
CARRIED = {Phase.ELECTROLYTE: 1, Phase.ACTIVE: 2}
"""What phases of a composite conduct, a bit each: ions, electrons."""
GREY = 0.25
"""Share of neighbouring pixels of a phase that differ beyond which it is no phase with labels."""
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
        Pieces that were dissolved, and their pixels; a pixel counts each time it changes.
    corners
        Inner corners of pixels (h - 1, w - 1) at which pieces would touch; they are kept apart.
    read
        Share of each phase of the image as it was read.
    moved
        Share of the image that left each phase, or came to it, in specks.
    notes
        What the file says that its case does not.
    """

    piece: Ints
    phase: NDArray[np.str_]
    specks: tuple[int, int]
    corners: Bools
    read: dict[Phase, float]
    moved: dict[Phase, float]
    notes: tuple[str, ...] = ()


def picture(image: Image, path: Path, lines: bool = False) -> Picture:
    """The image of a case, read from `path`.

    Parameters
    ----------
    lines
        Whether phases may be no more than one pixel wide.

    Raises
    ------
    InputError
        If it is not a label image, or if its electrolyte or active material cannot be resolved.
    """
    kinds, phases = _kinds(pixels(path), image)
    there = list(dict.fromkeys(phases))
    phase_of = np.array([there.index(p) for p in phases], dtype=np.uint8)
    before = phase_of[kinds]
    piece, specks = _clean(kinds, image.specks)
    corners = _corners(kinds, np.array([CARRIED.get(p, 0) for p in phases]))
    after = phase_of[kinds]
    first = np.unique(piece, return_index=True)[1]
    names = np.array([str(p) for p in there])
    count = np.bincount(before.ravel(), minlength=len(there)) / kinds.size
    left = before != after
    ends = np.concatenate([before[left], after[left]])
    moved = np.bincount(ends, minlength=len(there)) / kinds.size
    if not lines:
        _refuse_thin({p: after == k for k, p in enumerate(there)}, piece)
    return Picture(
        piece,
        names[after.ravel()[first]],
        specks,
        corners,
        dict(zip(there, count.tolist(), strict=True)),
        dict(zip(there, moved.tolist(), strict=True)),
        tuple(of_the_file(image, path)),
    )


def _kinds(pixels: NDArray[Any], image: Image) -> tuple[Ints, list[Phase]]:
    """Pixels as kinds 0, 1, ... (h, w) and the phase of each kind.

    A kind is a phase, or a particle with a label of its own.
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
    _refuse_grey(pixels, phase_of, which.reshape(pixels.shape))
    # Only particles are told apart by their values.
    own = np.where(phase_of == list(PHASES).index("active"), np.arange(len(values)), -1)
    order, kind = np.unique(np.stack([phase_of, own], axis=1), axis=0, return_inverse=True)
    phases = list(PHASES.values())
    kinds = kind.ravel()[which].reshape(pixels.shape)
    return kinds, [phases[k] for k in order[:, 0]]


def _refuse_grey(pixels: NDArray[Any], phase_of: Ints, which: Ints) -> None:
    """Labels change at outlines; where they change from pixel to pixel they are grey values."""
    phase = phase_of[which]
    for number, name in enumerate(PHASES):
        if (phase_of == number).sum() <= _SHOWN:
            continue
        pairs = differing = 0
        for axis in (0, 1):
            one, other = (np.moveaxis(a, axis, 0) for a in (pixels, phase))
            inside = (other[1:] == number) & (other[:-1] == number)
            pairs += int(inside.sum())
            differing += int((one[1:] != one[:-1])[inside].sum())
        if differing > GREY * pairs:
            raise InputError(
                f"this is a grey-scale image: {differing / pairs:.0%} of neighbouring pixels of "
                f"the {name} differ, and labels differ at outlines only",
                key=f"{KEY}.labels.{name}",
                allowed="one value for all of a phase, or one a particle",
                cure="segment the image first: a range of grey values is no phase, since noise "
                "crosses every threshold",
            )


def _listed(values: NDArray[Any]) -> str:
    text = ", ".join(map(str, values[:_SHOWN].tolist()))
    return text if len(values) <= _SHOWN else f"{text} and {len(values) - _SHOWN} more"


def _clean(kinds: Ints, specks: int) -> tuple[Ints, tuple[int, int]]:
    """Dissolve specks, in place: the pieces (h, w), and the number of specks and of their pixels.

    Pieces are joined across the sides of pixels. Whether one is a speck is asked of what hangs
    together by corners too: a slanted crack is a row of single pixels, and no noise.
    """
    dissolved, pixels = 0, 0
    for _ in range(_ROUNDS):
        group = label(kinds, background=-1, connectivity=2) - 1
        size = np.bincount(group.ravel())
        small = size < specks
        if not small.any():
            return label(kinds, background=-1, connectivity=1) - 1, (dissolved, pixels)
        if small.all():
            break
        dissolved, pixels = dissolved + int(small.sum()), pixels + int(size[small].sum())
        mask = small[group]
        nearest = distance_transform_edt(mask, return_distances=False, return_indices=True)
        kinds[mask] = kinds[tuple(axis[mask] for axis in nearest)]
    raise InputError(
        "nothing is left of the image: all of its pieces are specks",
        key=f"{KEY}.specks",
        given=specks,
        allowed=f"less than the {int(size.max())} pixels of its largest piece",
        cure="lower specks, or filter the noise out of the image",
    )


def _corners(kinds: Ints, carriers: Ints) -> Bools:
    """Inner corners of pixels (h - 1, w - 1) at which pixels touch that touch nowhere else there.

    These are two of one kind, or two that conduct the same, across from each other, neither of the
    other two beside them joining them. They do not touch: a corner conducts nothing.
    """
    a, b, c, d = (kinds[i : i - 1 or None, j : j - 1 or None] for i in (0, 1) for j in (0, 1))
    cross = (a != b) & (a != c) & (b != d) & (c != d)
    found = np.zeros_like(cross)
    at = np.nonzero(cross)
    four = [corner[at] for corner in (a, b, c, d)]
    what = [carriers[kind] for kind in four]
    alike = [
        (four[p] == four[q]) | (what[p] & what[q] & ~what[r] & ~what[s] > 0)
        for (p, q), (r, s) in (((0, 3), (1, 2)), ((1, 2), (0, 3)))
    ]
    found[at] = alike[0] | alike[1]
    return np.asarray(found)


def _refuse_thin(places: dict[Phase, Bools], piece: Ints) -> None:
    """Electrolyte, active material and lithium need a place two pixels wide, if they are there."""
    for name, each in PHASES.items():
        if each == Phase.VOID or each not in places:
            continue
        here = places[each]
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
                cure="lines between particles, as a watershed leaves them, belong to the "
                "particles: give each pixel of a line to one beside it"
                if _is_watershed(here, piece)
                else "an image with finer pixels, or one that was not binned",
            )


def _is_watershed(here: Bools, piece: Ints) -> bool:
    """Whether pixels are lines that branch and have another piece on either side."""
    wide = np.pad(here, 1)
    beside = [wide[1 + i : wide.shape[0] - 1 + i, 1 + j : wide.shape[1] - 1 + j]
              for i, j in ((-1, 0), (1, 0), (0, -1), (0, 1))]  # fmt: skip
    branching = here & (sum(b.astype(int) for b in beside) > 2)
    padded = np.pad(piece, 1, mode="edge")
    apart = (padded[:-2, 1:-1] != padded[2:, 1:-1]) & ~beside[0] & ~beside[1]
    apart |= (padded[1:-1, :-2] != padded[1:-1, 2:]) & ~beside[2] & ~beside[3]
    return bool(branching.any() and (here & apart).sum() > 0.5 * here.sum())
