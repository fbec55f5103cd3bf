"""The cell of an image: its pieces as regions, between what the case draws above and below it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fem.case import Case, PlaneCathode
from fem.case.image import Image
from fem.errors import InputError
from fem.geometry.above import Above, drawn
from fem.geometry.coverage import Arc
from fem.geometry.curves import Curve, Line
from fem.geometry.idle import idle_particles, idle_pieces
from fem.geometry.image import Picture, absent, picture
from fem.geometry.particles import inactive
from fem.geometry.pixels import KEY
from fem.geometry.polyline import Polyline
from fem.geometry.shapes import Shapes, shapes, told
from fem.geometry.types import OUTSIDE, Geometry, Inactivity, Outline, Particles, Phase, Region

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Strings = NDArray[np.str_]


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
    grains = image.grain_boundary_resistance is not None
    image = image.model_copy(update={"grain_boundary_resistance": None})
    clean = picture(image, case.resolve(image.file))
    pixel = np.array(image.pixel)
    shown = shapes(clean, image, float(case.mesh.size) / pixel.min())
    base = 0.0 if cell.cathode is None else float(cell.cathode.thickness)
    width, shown_height = (pixel * (shown.width, shown.height)).tolist()
    height = base + shown_height
    if image.labels.lithium is not None:
        _refuse_foil(clean, shown)
        above = Above((), (), height, height - float(shown.area[0] * pixel.prod()) / width, ())
    else:
        above = drawn(case, width, height)

    roles = Roles.of(shown, cell.separator is not None)
    order = _in_order(shown)
    x, y = pixel[:, None] * shown.centre[:, order]
    y += base
    diameter = 2.0 * np.sqrt(shown.area[order] * pixel.prod() / np.pi)
    why = np.select(
        [
            inactive(case, x, y, diameter, (width, height)),
            ~roles.reached[order],
            roles.shorted[order],
        ],
        [str(Inactivity.SET), str(Inactivity.NO_IONS), str(Inactivity.SHORT)],
        default="",
    )
    if image.islands == "refuse":
        _refuse_islands(shown, roles, order[why != ""], pixel)
    regions = [*above.regions, *_regions(image, case, shown, roles, order, above)]
    outlines = [*above.outlines, *_outlines(shown, pixel, len(above.regions), base)]
    if isinstance(cell.cathode, PlaneCathode):
        _refuse_without_way(shown, roles)
        outlines = _on_plane(outlines, width, base, len(regions))
        regions.append(Region("cathode", Phase.ACTIVE, cell.cathode.material, width * base))
    elif not (why == "").any():
        raise InputError(
            "no particle is active, so no current can flow: each is set inactive, touches lithium, "
            "or touches no electrolyte that leads to the lithium",
            key=KEY,
            cure="check labels, and which edge of the image is up: the lithium is above it",
        )
    return Geometry(
        width=width,
        height=above.height,
        depth=float(cell.depth),
        lithium_y=above.lithium_y,
        regions=tuple(regions),
        outlines=tuple(outlines),
        particles=Particles(x, y, diameter, why),
        deposits=above.deposits,
        bed=height,
        notes=(*_notes(image, clean, shown, roles, why), *_left_out(image, grains)),
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
    area = shown.area * np.prod(image.pixel)
    lithium = case.geometry.anode.material
    others = [each.name for each in image.phases]
    bodies = sum(region.phase == Phase.LITHIUM for region in above.regions)
    for k, phase in enumerate(shown.phase):
        body, size = int(number[k]), float(area[k])
        if phase == Phase.ACTIVE:
            yield Region(f"particle {body}", Phase.ACTIVE, image.active or "", size, body)
        elif phase in others:
            yield Region(f"{phase} {k}", Phase.VOID, str(phase), size)
        elif phase == Phase.VOID:
            yield Region(f"void {k}", Phase.VOID, "", size)
        elif phase == Phase.ELECTROLYTE:
            alive = bool(roles.electrolyte[k])
            name = f"electrolyte {k}" if alive else f"cut-off electrolyte {k}"
            role = Phase.ELECTROLYTE if alive else Phase.IDLE
            yield Region(name, role, image.electrolyte or "", size)
        elif roles.lithium[k]:
            name = f"isolated lithium {bodies - 1}" if bodies else "lithium"
            yield Region(name, Phase.LITHIUM, lithium, size, bodies)
            bodies += 1
        else:
            yield Region(f"cut-off lithium {k}", Phase.IDLE, lithium, size)


def _outlines(shown: Shapes, pixel: Floats, first: int, base: float) -> list[Outline]:
    """Outlines in m above `base`; the image's regions are numbered from `first`, what is drawn
    above has 0.
    """
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
        *(Outline(_curve(a.points[::-1], pixel, base), 0, first + a.left) for a in upper),
        *(
            Outline(
                _curve(a.points, pixel, base),
                first + a.left,
                OUTSIDE if a.right == OUTSIDE else first + a.right,
            )
            for a in (*foil[begin:], *foil[:begin], *rest)
        ),
    ]


def _curve(points: Floats, pixel: Floats, base: float) -> Curve:
    corners = tuple((float(x), base + float(y)) for x, y in pixel * points)
    return Line(*corners) if len(corners) == 2 else Polyline(corners)


def _on_plane(outlines: Iterable[Outline], width: float, base: float, region: int) -> list[Outline]:
    """The outlines of an image that lies on a flat electrode, `region`, and those around that."""
    found = []
    for outline in outlines:
        beyond = outline.right == OUTSIDE
        if beyond and (outline.curve.point(np.linspace(0.0, 1.0, 9))[1] == base).all():
            outline = replace(outline, right=region)
        found.append(outline)
    corners = [(0.0, base), (0.0, 0.0), (width, 0.0), (width, base)]
    return found + [Outline(Line(a, b), region, OUTSIDE) for a, b in pairwise(corners)]


def _refuse_without_way(shown: Shapes, roles: Roles) -> None:
    """Electrolyte must lead from the lithium to the lower edge, and no lithium may lie there."""
    below = np.unique(
        [a.left for a in shown.arcs if a.right == OUTSIDE and not a.points[:, 1].any()]
    )
    if not roles.electrolyte[below].any():
        raise InputError(
            "no electrolyte leads from the lithium to the lower edge of the image, so no current "
            "can flow",
            key=KEY,
            cure="check labels, and which edge of the image is up: the lithium is above it",
        )
    if roles.lithium[below].any():
        raise InputError(
            "lithium lies on the lower edge of the image, where the cathode is",
            key=f"{KEY}.labels.lithium",
            cure="crop the image above it, or call it void",
        )


def _left_out(image: Image, grains: bool) -> Iterator[str]:
    """What an image says that only `fem transport` takes into account."""
    if image.phases:
        names = ", ".join(phase.name for phase in image.phases)
        yield (
            f"Warning: {names}: drawn as voids, which block ions, react with nothing and carry no "
            "stress; what they conduct is for fem transport."
        )
    if grains:
        yield (
            "Warning: boundaries between grains of electrolyte have no resistance in a cell; that "
            "is for fem transport."
        )


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


def _refuse_islands(shown: Shapes, roles: Roles, dead: Ints, pixel: Floats) -> None:
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
    yield from absent(image, clean.read)
    tall = "" if image.pixel_height is None else f" x {image.pixel_height.text}"
    yield f"The image has {shown.width} x {shown.height} pixels of {image.pixel_size.text}{tall}."
    yield from clean.notes
    yield told(clean, shown, image.specks)
    if shown.tolerance:
        yield shown.coarsening
    for word, phase, alive in (
        ("electrolyte", Phase.ELECTROLYTE, roles.electrolyte),
        ("lithium", Phase.LITHIUM, roles.lithium),
    ):
        mine = shown.phase == phase
        yield from idle_pieces(word, shown.area[mine], ~alive[mine])
    yield from idle_particles(why)
