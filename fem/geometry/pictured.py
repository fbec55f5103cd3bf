"""The cell of an image: its pieces as regions, below what the case draws above it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from fem.case import Case
from fem.case.image import Image
from fem.errors import InputError
from fem.geometry.above import Above, drawn
from fem.geometry.coarse import MOST_DRIFT as MOST_COARSENING
from fem.geometry.coarse import TOLERANCE_PER_SIZE, coarsened
from fem.geometry.coverage import Arc, arcs, polygons
from fem.geometry.curves import Curve, Line
from fem.geometry.image import KEY, Picture, picture
from fem.geometry.particles import inactive
from fem.geometry.polyline import Polyline
from fem.geometry.types import OUTSIDE, Geometry, Inactivity, Outline, Particles, Phase, Region

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Strings = NDArray[np.str_]

MOST_DRIFT = 0.05
"""Change of a phase's area by smoothing, relative to it, that is accepted ..."""
LITTLE_DRIFT = 0.005
"""... unless it is less than this share of the image."""

MUCH_CHANGE = 0.02
"""Change of an area fraction from the image to the cell beyond which the note is a warning."""


@dataclass(frozen=True)
class Shapes:
    """Pieces of an image with their outlines, in pixels from its lower left corner.

    Attributes
    ----------
    width, height
        Of the image.
    phase, area, pixels
        Of each piece (n,): what it is, its area as smoothed, and as it was in the image.
    centre
        Centroid of the pixels of each piece (2, n).
    arcs
        All that separates pieces; the lithium foil, if the image shows one, is piece 0.
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


def shapes(clean: Picture, smoothing: float, size: float) -> Shapes:
    """The outlines of a clean image, smoothed within a tolerance in pixels.

    Those that are smoothed at all are coarsened for elements of a `size` in pixels.

    Raises
    ------
    InputError
        If smoothing would change the area of a phase too much.
    """
    height, width = clean.piece.shape
    # Pieces are counted from the upper left: a foil is piece 0 and on the left of its outlines.
    faces = polygons(clean.piece, smoothing)
    area, pixels = shapely.area(faces), np.bincount(clean.piece.ravel())
    for phase in np.unique(clean.phase):
        mine = clean.phase == phase
        change, before = float((area - pixels)[mine].sum()), float(pixels[mine].sum())
        if (area[mine] <= 0.0).any() or abs(change) > max(
            MOST_DRIFT * before, LITTLE_DRIFT * clean.piece.size
        ):
            raise InputError(
                f"smoothing would change the area of the {phase} by {change / before:.1%}, as its "
                "pieces are only a few pixels wide",
                key=f"{KEY}.smoothing",
                given=smoothing,
                allowed=f"a tolerance that changes no phase by more than {MOST_DRIFT:.0%}",
                cure="a finer image, a smaller smoothing, or a larger number of specks",
            )
    row, column = np.indices(clean.piece.shape)
    centre = [
        np.bincount(clean.piece.ravel(), weights=z.ravel() + 0.5) / pixels
        for z in (column, height - 1 - row)
    ]
    found, tolerance = arcs(faces), 0.0
    if smoothing > 0.0 and TOLERANCE_PER_SIZE * size > smoothing:
        found, area, tolerance = coarsened(faces, clean.phase, size)
    return Shapes(
        width, height, clean.phase, area, pixels, np.stack(centre), tuple(found), tolerance
    )


@dataclass(frozen=True)
class Roles:
    """Which pieces take part (n,): electrolyte that the lithium reaches, lithium beside it.

    `reached` and `shorted` hold for any piece: it touches such electrolyte, it touches lithium.
    """

    electrolyte: Bools
    lithium: Bools
    reached: Bools
    shorted: Bools

    @classmethod
    def of(cls, shown: Shapes, separator: bool) -> Roles:
        """Of the pieces below a drawn separator, below drawn lithium, or with the foil shown."""
        electrolyte = shown.phase == Phase.ELECTROLYTE
        lithium = shown.phase == Phase.LITHIUM
        foil = np.zeros_like(lithium)
        foil[0] = lithium[0]
        top = shown.on_top if not foil.any() else foil
        source = top if not foil.any() else shown.beside(foil)
        electrolyte = electrolyte & source
        reached, shorted = shown.beside(electrolyte), shown.beside(lithium)
        if separator:
            reached |= top
        elif not foil.any():
            shorted |= top
        return cls(electrolyte, foil | (lithium & reached), reached, shorted)


def build(case: Case) -> Geometry:
    """The geometry of a case with an image.

    Raises
    ------
    InputError
        If the image cannot be used, if what is drawn above it cannot be, if lithium shorts the
        cell, or if no particle takes part.
    """
    cell, image = case.geometry, case.geometry.image
    assert image is not None
    clean = picture(image, case.resolve(image.file))
    pixel = float(image.pixel_size)
    shown = shapes(clean, image.smoothing, float(case.mesh.size) / pixel)
    width, height = pixel * shown.width, pixel * shown.height
    if image.labels.lithium is not None:
        _refuse_foil(clean, shown)
        above = Above((), (), height, height - float(shown.area[0]) * pixel**2 / width, ())
    else:
        above = drawn(cell, width, height)

    roles = Roles.of(shown, cell.separator is not None)
    order = _in_order(shown)
    x, y = pixel * shown.centre[:, order]
    diameter = 2.0 * pixel * np.sqrt(shown.area[order] / np.pi)
    why = np.select(
        [inactive(case, x, y, width), ~roles.reached[order], roles.shorted[order]],
        [str(Inactivity.SET), str(Inactivity.NO_IONS), str(Inactivity.SHORT)],
        default="",
    )
    if image.islands == "refuse":
        _refuse_islands(shown, roles, order[why != ""], pixel)
    regions = (*above.regions, *_regions(image, case, shown, roles, order, above))
    if not (why == "").any():
        raise InputError(
            "no particle is active, so no current can flow: each is set inactive, touches lithium, "
            "or touches no electrolyte that leads to the lithium",
            key=KEY,
            cure="check labels, and which edge of the image is up: the lithium is above it",
        )
    first = len(above.regions)
    return Geometry(
        width=width,
        height=above.height,
        depth=float(cell.depth),
        lithium_y=above.lithium_y,
        regions=regions,
        outlines=(*above.outlines, *_outlines(shown, pixel, first)),
        particles=Particles(x, y, diameter, why),
        deposits=above.deposits,
        notes=tuple(_notes(image, clean, shown, roles, why)),
    )


def _in_order(shown: Shapes) -> Ints:
    """Pieces of active material in the order of their ids: by height, then from the left."""
    active = np.flatnonzero(shown.phase == Phase.ACTIVE)
    x, y = shown.centre[:, active]
    return np.asarray(active[np.lexsort((x, y))])


def _regions(
    image: Image, case: Case, shown: Shapes, roles: Roles, order: Ints, above: Above
) -> Iterator[Region]:
    number = np.zeros(len(shown.phase), dtype=int)
    number[order] = np.arange(len(order))
    area = shown.area * float(image.pixel_size) ** 2
    lithium = case.geometry.anode.material
    bodies = sum(region.phase == Phase.LITHIUM for region in above.regions)
    for k, phase in enumerate(shown.phase):
        body, size = int(number[k]), float(area[k])
        if phase == Phase.ACTIVE:
            yield Region(f"particle {body}", Phase.ACTIVE, image.active, size, body)
        elif phase == Phase.VOID:
            yield Region(f"void {k}", Phase.VOID, "", size)
        elif phase == Phase.ELECTROLYTE:
            alive = bool(roles.electrolyte[k])
            name = f"electrolyte {k}" if alive else f"cut-off electrolyte {k}"
            yield Region(name, Phase.ELECTROLYTE if alive else Phase.IDLE, image.electrolyte, size)
        elif roles.lithium[k]:
            name = f"isolated lithium {bodies - 1}" if bodies else "lithium"
            yield Region(name, Phase.LITHIUM, lithium, size, bodies)
            bodies += 1
        else:
            yield Region(f"cut-off lithium {k}", Phase.IDLE, lithium, size)


def _outlines(shown: Shapes, pixel: float, first: int) -> list[Outline]:
    """Outlines in m; the image's regions are numbered from `first`, what is drawn above has 0."""
    foil: list[Arc] = []
    rest: list[Arc] = []
    upper: list[Arc] = []
    for arc in shown.arcs:
        if first and shown.is_top(arc):
            upper.append(arc)
        else:
            (foil if not first and arc.left == 0 else rest).append(arc)
    # The surface of the foil is told from the left wall to the right.
    at_wall = [arc.points[0, 1] if arc.points[0, 0] == 0.0 else np.inf for arc in foil]
    begin = int(np.argmin(at_wall)) if foil else 0
    upper.sort(key=lambda arc: float(arc.points[-1, 0]))
    return [
        *(Outline(_curve(a.points[::-1], pixel), 0, first + a.left) for a in upper),
        *(
            Outline(
                _curve(a.points, pixel),
                first + a.left,
                OUTSIDE if a.right == OUTSIDE else first + a.right,
            )
            for a in (*foil[begin:], *foil[:begin], *rest)
        ),
    ]


def _curve(points: Floats, pixel: float) -> Curve:
    corners = tuple((float(x), float(y)) for x, y in pixel * points)
    return Line(*corners) if len(corners) == 2 else Polyline(corners)


def _refuse_foil(clean: Picture, shown: Shapes) -> None:
    """The lithium must lie along the whole upper edge, and not reach the lower one."""
    if (clean.phase[clean.piece[0]] != Phase.LITHIUM).any():
        raise InputError(
            "the upper edge of the image is not all lithium",
            key=f"{KEY}.labels.lithium",
            allowed="an image with lithium all along its upper edge, or one without lithium",
            cure="crop or turn the image, or leave labels.lithium out and draw the anode above it",
        )
    if any(a.left == 0 and a.right == OUTSIDE and not a.points[:, 1].any() for a in shown.arcs):
        raise InputError(
            "the lithium reaches the cathode's collector, which shorts the cell",
            key=f"{KEY}.labels.lithium",
            cure="crop or turn the image: its lower edge is the collector",
        )


def _refuse_islands(shown: Shapes, roles: Roles, dead: Ints, pixel: float) -> None:
    idle = np.flatnonzero(
        ((shown.phase == Phase.ELECTROLYTE) & ~roles.electrolyte)
        | ((shown.phase == Phase.LITHIUM) & ~roles.lithium)
    )
    dead = dead[~roles.reached[dead] | roles.shorted[dead]]
    if len(idle) or len(dead):
        x, y = 1e6 * pixel * shown.centre[:, np.append(idle, dead)[0]]
        raise InputError(
            f"{len(idle)} pieces of electrolyte or lithium are cut off, and {len(dead)} particles "
            f"touch no connected electrolyte or touch lithium; one lies near ({x:.4g}, {y:.4g}) um",
            key=f"{KEY}.islands",
            given="refuse",
            cure='islands = "inactive" lets them take no part; see also specks',
        )


def _notes(
    image: Image, clean: Picture, shown: Shapes, roles: Roles, why: Strings
) -> Iterator[str]:
    """What was done to the image, in words."""
    pieces, pixels = clean.specks
    yield (
        f"The image has {shown.width} x {shown.height} pixels of {image.pixel_size.text}. "
        f"{pieces} specks of fewer than {image.specks} pixels ({pixels} in all) were dissolved; "
        f"{clean.corners} pixels were changed where pieces touched at corners only."
    )
    total = shown.pixels.sum()
    now = {p: float(shown.area[shown.phase == p].sum() / total) for p in clean.fractions}
    change = max(abs(now[phase] - before) for phase, before in clean.fractions.items())
    shares = [f"{p} {before:.4%} to {now[p]:.4%}" for p, before in clean.fractions.items()]
    yield (
        f"{'Warning: c' if change > MUCH_CHANGE else 'C'}leaning and smoothing changed area "
        f"fractions: {', '.join(shares)}."
    )
    if shown.tolerance:
        yield shown.coarsening
    for word, phase, alive in (
        ("electrolyte", Phase.ELECTROLYTE, roles.electrolyte),
        ("lithium", Phase.LITHIUM, roles.lithium),
    ):
        idle = (shown.phase == phase) & ~alive
        if idle.any():
            share = shown.area[idle].sum() / shown.area[shown.phase == phase].sum()
            yield f"Cut off and idle: {share:.2%} of the {word}, in {int(idle.sum())} pieces."
    for reason, text in (
        (Inactivity.NO_IONS, "touch no electrolyte that leads to the lithium"),
        (Inactivity.SHORT, "touch lithium"),
    ):
        count = int((why == reason).sum())
        if count:
            yield f"Inactive: {count} of {len(why)} particles, which {text}."
