"""The rectangle of an image alone: its pieces as regions, and nothing drawn around them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fem.case.image import Image
from fem.geometry.image import absent, picture
from fem.geometry.polyline import Polyline
from fem.geometry.shapes import shapes
from fem.geometry.types import Geometry, Outline, Particles, Phase, Region


def rectangle(image: Image, path: Path, as_read: bool = False) -> Geometry:
    """The geometry of an image, read from `path`, of which nothing is idle: it is no cell.

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
    shown = shapes(clean, image)
    pixel = np.array(image.pixel)
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
    width, height = (pixel * (shown.width, shown.height)).tolist()
    return Geometry(
        width=width,
        height=height,
        depth=1.0,
        lithium_y=height,
        regions=tuple(regions),
        outlines=tuple(outlines),
        particles=Particles.none(),
        notes=(*absent(image, clean.read), *clean.notes),
        cleaning=shown.cleaning,
    )


def _role(phase: str) -> Phase:
    """What a further phase is to the physics: nothing, as a void; its region names it."""
    return Phase(phase) if phase in tuple(Phase) else Phase.VOID
