"""The rectangle of an image alone: its pieces as regions, and nothing drawn around them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fem.case.image import Image
from fem.geometry.image import absent, picture, sides
from fem.geometry.polyline import Polyline
from fem.geometry.shapes import shapes
from fem.geometry.types import Geometry, Outline, Particles, Phase, Region

PIXELS = 2.0
"""Element size on the interfaces of an image, in pixels, unless another one is asked for ..."""
MOST_EDGES = 30_000
"""... or this many edges on its interfaces call for a larger one."""


def element_size(image: Image, path: Path) -> float:
    """The size of elements on interfaces in m that goes with an image, unless a user gives one.

    Raises
    ------
    InputError
        If it is not a label image.
    """
    # A straight line in any direction is shorter than the sides of pixels along it by pi / 4.
    length = 0.25 * np.pi * sides(image, path)
    return min(image.pixel) * max(PIXELS, length / MOST_EDGES)


def rectangle(image: Image, path: Path, size: float = 0.0, as_read: bool = False) -> Geometry:
    """The geometry of an image, read from `path`, of which nothing is idle: it is no cell.

    Outlines show no more detail than elements of a `size` in m can; 0 keeps all of it.

    Parameters
    ----------
    as_read
        Keep its specks and the sides of its pixels.

    Raises
    ------
    InputError
        If it is not a label image, or if its phases cannot be resolved.
    """
    if as_read:
        image = image.model_copy(update={"specks": 0, "smoothing": 0.0, "largest_change": 1.0})
    clean = picture(image, path, needed=(), lines=as_read)
    pixel = np.array(image.pixel)
    shown = shapes(clean, image, size / pixel.min())
    material = {str(Phase.ELECTROLYTE): image.electrolyte, str(Phase.ACTIVE): image.active}
    material |= {phase.name: phase.name for phase in image.phases}
    regions = [
        Region(f"{phase} {k}", _role(phase), material.get(phase) or "", float(a * pixel.prod()), k)
        for k, (phase, a) in enumerate(zip(shown.phase, shown.area, strict=True))
    ]
    outlines = [
        Outline(Polyline(tuple((x, y) for x, y in points)), arc.left, arc.right)
        for arc in shown.arcs
        for points in [(pixel * arc.points).tolist()]
    ]
    coarsening = (shown.coarsening,) if shown.tolerance else ()
    width, height = (pixel * (shown.width, shown.height)).tolist()
    return Geometry(
        width=width,
        height=height,
        depth=1.0,
        lithium_y=height,
        regions=tuple(regions),
        outlines=tuple(outlines),
        particles=Particles.none(),
        notes=(*absent(image, clean.read), *clean.notes, *coarsening),
        cleaning=shown.cleaning,
    )


def _role(phase: str) -> Phase:
    """What a further phase is to the physics: nothing, as a void; its region names it."""
    return Phase(phase) if phase in tuple(Phase) else Phase.VOID
