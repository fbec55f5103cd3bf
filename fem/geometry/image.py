"""Label images: checked, and cleaned of what no mesh should follow."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from skimage.measure import label

from fem.case.image import Image, OtherPhase, intervals
from fem.errors import InputError
from fem.geometry.pixels import KEY, of_the_file, used
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
CARRIED = {Phase.ELECTROLYTE: 1, Phase.ACTIVE: 2, Phase.LITHIUM: 4}
"""What phases conduct, a bit each: ions, electrons, electrons of the other electrode."""
NEEDED = ("electrolyte", "active", "lithium")
"""Phases without which a cell is another one."""
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
    read: dict[str, float]
    moved: dict[str, float]
    notes: tuple[str, ...] = ()


def picture(
    image: Image, path: Path, needed: Collection[str] = NEEDED, lines: bool = False
) -> Picture:
    """The image of a case, read from `path`.

    Parameters
    ----------
    needed
        Names of phases that must be in the image if its labels name them.
    lines
        Whether phases may be no more than one pixel wide.

    Raises
    ------
    InputError
        If it is not a label image, or if its electrolyte or active material cannot be resolved.
    """
    kinds, phases = _kinds(used(image, path), image, needed)
    there = list(dict.fromkeys(phases))
    phase_of = np.array([there.index(p) for p in phases], dtype=np.uint8)
    before = phase_of[kinds]
    piece, specks = _clean(kinds, image.specks)
    carried: dict[str, int] = {str(phase): bits for phase, bits in CARRIED.items()}
    carried |= {phase.name: _carried(phase) for phase in image.phases}
    corners = _corners(piece, np.array([carried.get(p, 0) for p in phases])[kinds])
    after = phase_of[kinds]
    first = np.unique(piece, return_index=True)[1]
    names = np.array(there)
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


def sides(image: Image, path: Path) -> int:
    """Sides of pixels between two phases in an image as it is read."""
    kinds, phases = _kinds(used(image, path), image, ())
    phase = np.unique(phases, return_inverse=True)[1][kinds]
    return sum(int(np.count_nonzero(np.diff(phase, axis=axis))) for axis in (0, 1))


def _carried(phase: OtherPhase) -> int:
    given = (phase.ionic_conductivity, phase.electronic_conductivity)
    return sum(1 << bit for bit, value in enumerate(given) if value is not None)


def absent(image: Image, found: Collection[str]) -> Iterator[str]:
    """What to say of phases that are named and that an image does not show."""
    for name, key, values in image.named:
        if str(PHASES.get(name, name)) not in found:
            shown = ", ".join(map(str, values))
            yield f"No pixel of the image is {name} ({key} = {shown})."


def _kinds(pixels: NDArray[Any], image: Image, needed: Collection[str]) -> tuple[Ints, list[str]]:
    """Pixels as kinds 0, 1, ... (h, w) and the phase of each kind.

    A phase that is named must be there if it is `needed`; one set of labels may serve many images.

    A kind is a phase, or a particle with a label of its own.
    """
    values, which = np.unique(pixels, return_inverse=True)
    phase_of = np.full(len(values), -1)
    for number, (name, key, given) in enumerate(image.named):
        for low, high in intervals(given):
            phase_of[(values >= low) & (values <= high)] = number
        if not (phase_of == number).any() and name in needed:
            raise InputError(
                f"no pixel of the image is {name}",
                key=f"{KEY}.{key}",
                given=list(given),
                allowed=f"values that are in the image: {_listed(values)}",
                cure="correct the values, or remove the key",
            )
    unknown = values[phase_of < 0]
    if len(unknown):
        grey = "; a grey-scale image has to be segmented first" if len(unknown) > _SHOWN else ""
        raise InputError(
            f"the image has pixel values without a phase: {_listed(unknown)}",
            key=f"{KEY}.labels",
            allowed="a phase for every value of the image",
            cure=f"add them to one of {', '.join(PHASES)}, or to further phases{grey}",
        )
    _refuse_grey(pixels, phase_of, which.reshape(pixels.shape), image)
    # Only particles, and grains with boundaries between them, are told apart by their values.
    apart = {"active"} | ({"electrolyte"} if image.grain_boundary_resistance else set())
    own = np.isin(phase_of, [k for k, (name, _, _) in enumerate(image.named) if name in apart])
    pairs = np.stack([phase_of, np.where(own, np.arange(len(values)), -1)], axis=1)
    order, kind = np.unique(pairs, axis=0, return_inverse=True)
    names = [str(PHASES.get(name, name)) for name, _, _ in image.named]
    kinds = kind.ravel()[which].reshape(pixels.shape)
    return kinds, [names[k] for k in order[:, 0]]


def _refuse_grey(pixels: NDArray[Any], phase_of: Ints, which: Ints, image: Image) -> None:
    """Labels change at outlines; where they change from pixel to pixel they are grey values."""
    phase = phase_of[which]
    for number, (name, key, _) in enumerate(image.named):
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
                key=f"{KEY}.{key}",
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


def _corners(piece: Ints, carriers: Ints) -> Bools:
    """Inner corners of pixels (h - 1, w - 1) at which pixels touch that touch nowhere else there.

    These are two that conduct the same, or two of one piece, across from each other, neither of
    the other two beside them joining them. They do not touch: a corner conducts nothing.

    Parameters
    ----------
    carriers
        What each pixel conducts (h, w), a bit each.
    """
    square = [(slice(i, i - 1 or None), slice(j, j - 1 or None)) for i in (0, 1) for j in (0, 1)]
    a, b, c, d = (piece[place] for place in square)
    cross = (a != b) & (a != c) & (b != d) & (c != d)
    found = np.zeros_like(cross)
    at = np.nonzero(cross)
    four = [corner[at] for corner in (a, b, c, d)]
    what = [carriers[place][at] for place in square]
    alike = [
        (four[p] == four[q]) | (what[p] & what[q] & ~what[r] & ~what[s] > 0)
        for (p, q), (r, s) in (((0, 3), (1, 2)), ((1, 2), (0, 3)))
    ]
    found[at] = alike[0] | alike[1]
    return np.asarray(found)


def _refuse_thin(places: dict[str, Bools], piece: Ints) -> None:
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
